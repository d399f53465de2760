/* Where the library's messages go: httpd's error log. */
#include "httpd/module.h"

#include <http_log.h>
#include <http_main.h>

#include "base/banned.h"

APLOG_USE_MODULE(flaskbase);

static int level_of(fb_log_level level)
{
    static const int levels[] = {
        [FB_LOG_ERROR] = APLOG_ERR,     [FB_LOG_WARNING] = APLOG_WARNING,
        [FB_LOG_NOTICE] = APLOG_NOTICE, [FB_LOG_INFO] = APLOG_INFO,
        [FB_LOG_DEBUG] = APLOG_DEBUG,
    };

    return (unsigned)level < sizeof levels / sizeof levels[0] ? levels[level] : APLOG_ERR;
}

void fb_httpd_log(void *context, fb_log_level level, apr_status_t status, const char *line)
{
    /* Our own codes have no text in APR; the line says it all. */
    apr_status_t shown = status >= FB_ESYNTAX && status <= FB_ETEMPLATE ? APR_SUCCESS : status;

    if (context != NULL) {
        request_rec *r = context;

        ap_log_rerror(APLOG_MARK, level_of(level), shown, r, "%s", line);
    } else {
        ap_log_error(APLOG_MARK, level_of(level), shown, ap_server_conf, "%s", line);
    }
}
