/* From settings to a site that can serve: what httpd and the command line do alike at start. */
#ifndef FB_APP_SETUP_H
#define FB_APP_SETUP_H

#include "web/site.h"

/* A template's text, kept by a caller for a later start. */
typedef struct fb_app_source {
    fb_str name;
    fb_str text;
} fb_app_source;

/* Where templates come from: the folders of the settings (the site's own ones first, then the
 * packaged one), or texts that were read before. */
typedef struct fb_app_templates {
    const fb_app_source *sources; /* NULL: the folders */
    apr_size_t source_count;
    fb_env_report *report; /* told every problem; may be NULL */
    void *baton;
} fb_app_templates;

/* All templates compiled, with the functions and names of SPEC T6. FB_ETEMPLATE after every problem
 * was reported. `env` is set even then, so that its sources can be looked at. */
apr_status_t fb_app_env_create(fb_env **env, const fb_settings *settings,
                               const fb_app_templates *templates, apr_pool_t *pool,
                               fb_error *error) FB_MUST_CHECK;

/* Keys and routes on top of compiled templates. `hosts` are httpd's names of the server.
 * `counters`: to whom the shared file of counters belongs; NULL leaves it alone (configtest,
 * CLI). */
apr_status_t fb_app_site_create(fb_site **out, const fb_settings *settings, const fb_env *env,
                                const char *const *hosts, apr_size_t host_count,
                                const fb_file_owner *counters, apr_pool_t *pool,
                                fb_error *error) FB_MUST_CHECK;

#endif
