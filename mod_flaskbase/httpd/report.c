/* Leaves what is in force in each site's state folder, for `flaskbase config check`. */
#include "httpd/module.h"

#include "base/log.h"
#include "base/settings_report.h"

#include "base/banned.h"

static bool seen_before(const server_rec *first, const server_rec *server, const fb_http_site *site)
{
    for (; first != server; first = first->next) {
        const fb_server_conf *conf = ap_get_module_config(first->module_config, &flaskbase_module);
        if (conf->site == site) {
            return true;
        }
    }
    return false;
}

/* In a child, because it runs as the user to whom the state folder belongs. */
void fb_httpd_report_settings(apr_pool_t *pool, server_rec *main_server)
{
    for (server_rec *server = main_server; server != NULL; server = server->next) {
        const fb_server_conf *conf = ap_get_module_config(server->module_config, &flaskbase_module);
        const fb_http_site *site = conf->site;
        fb_error error;

        if (site == NULL || site->settings == NULL || seen_before(main_server, server, site)) {
            continue;
        }
        fb_error_init(&error, pool);
        if (fb_settings_report_write(site->settings, apr_time_now(), pool, &error) != APR_SUCCESS) {
            fb_log_error(NULL, FB_LOG_INFO, &error);
        }
    }
}
