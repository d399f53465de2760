/* The list of the application's blueprints. */
#include "app/app.h"

#include "base/banned.h"

const fb_blueprint *const fb_app_blueprints[] = { &fb_app_main, &fb_app_account, &fb_app_admin };
const apr_size_t fb_app_blueprint_count = sizeof fb_app_blueprints / sizeof fb_app_blueprints[0];
