/* The module's entry in httpd's table of modules. */
#include <httpd.h>
#include <http_config.h>

#include "base/banned.h"

extern module AP_MODULE_DECLARE_DATA flaskbase_module;

/* Everything is hidden (-fvisibility=hidden) but this symbol, which LoadModule looks up. */
module AP_MODULE_DECLARE_DATA flaskbase_module __attribute__((visibility("default"))) = {
    STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, NULL, 0
};
