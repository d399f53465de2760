/* A site: everything that is fixed after start and shared by all requests. */
#ifndef FB_WEB_SITE_H
#define FB_WEB_SITE_H

#include "base/keyring.h"
#include "base/settings.h"
#include "store/session.h"
#include "template/template.h"
#include "web/counters.h"
#include "web/password.h"
#include "web/reply.h"
#include "web/request.h"
#include "web/route.h"

struct fb_assets;
struct fb_page;

typedef enum fb_protection {
    FB_PROTECTION_NONE,
    FB_PROTECTION_BASIC,
    FB_PROTECTION_STRONG
} fb_protection;

/* The site's settings as web/ uses them. A test starts from fb_site_config_defaults, module and
 * CLI from fb_site_config_load. Times in microseconds, sizes in bytes. */
typedef struct fb_site_config {
    bool development; /* development and testing profiles: what helps developing is on */
    const char *app_name;
    const char *base_url; /* "https://example.org/prefix" without slash at the end; may be NULL */
    const char *mount;    /* "" or "/prefix" */
    const char *const
        *hosts; /* names that are answered, without port, lower case (421 for others) */
    apr_size_t host_count;
    bool any_host;
    bool ssl_disable; /* no redirect to https, no HSTS (X9) */
    bool home;        /* `/` is ours */
    bool own_unknown; /* FlaskbaseUnknown own: unknown URLs are answered with our 404 */
    apr_interval_time_t hsts;
    const char *cookie_name; /* without __Host- */
    fb_protection protection;
    fb_login_limits login; /* idle, absolute, remember */
    apr_interval_time_t fresh;
    apr_interval_time_t csrf_lifetime;
    apr_size_t body_max;     /* of a form without a limit of its own */
    apr_size_t params_max;   /* parameters of a query or body */
    apr_size_t page_max;     /* bytes of one rendered page */
    fb_password_cost cost;   /* of new hashes */
    unsigned int hash_slots; /* 0: max(1, processors / 2) */
    unsigned int hash_queue;
    apr_interval_time_t hash_wait;
    unsigned int password_score; /* least zxcvbn score of a new password */
    fb_rate login_account, login_network, login_global;
    const char *const *static_dirs; /* folders of assets, the site's own ones first */
    apr_size_t static_dir_count;
    const char *asset_url;     /* "" or another origin in front of asset URLs */
    const char *counters_file; /* mmap'd, shared by all processes; NULL: this process alone */
    fb_file_owner counters_owner;
} fb_site_config;

void fb_site_config_defaults(fb_site_config *config);
/* From the settings in force; `hosts` are httpd's ServerName and aliases. In `pool`. */
void fb_site_config_load(fb_site_config *config, const fb_settings *settings,
                         const char *const *hosts, apr_size_t host_count, apr_pool_t *pool);

/* Immutable after fb_site_create and fb_site_warm, except the counters (shared memory, atomic).
 * Lives in the configuration's pool; holds no pointer into a request. */
typedef struct fb_site {
    apr_pool_t *pool;
    fb_site_config config;
    const fb_settings *settings; /* for `config` in templates; may be NULL in tests */
    const fb_crypto *crypto;
    const fb_keyring *keyring;
    const fb_env *templates; /* NULL: no pages; error pages are then minimal */
    fb_router *router;
    struct fb_assets *assets;
    struct fb_counters *counters;
    struct fb_page *const *pages; /* by row of the router: a pure page made at start, or NULL */
    /* Session cookies' names by generation of the key (0 is the newest), without and with https
     * (__Host-…). They hold 8 hex digits made from the key: sites of one host do not mix. */
    const char *cookie_names[1 + FB_KEYRING_RETIRED_MAX][2];
    apr_size_t cookie_name_count;
    const fb_reply_header *headers[2]; /* security headers of every reply, without and with https */
    apr_size_t header_count[2];
    unsigned char etag_key[16]; /* derived: ETags are the same on every node */
} fb_site;

typedef struct fb_site_parts {
    const fb_site_config *config;
    const fb_settings *settings;
    const fb_crypto *crypto;
    const fb_keyring *keyring;
    const fb_env *templates;
    const fb_blueprint *const *blueprints;
    apr_size_t blueprint_count;
} fb_site_parts;

/* Compiles routes, hashes assets, maps the counters' file. Everything that can be wrong with a
 * site's configuration is found here, not while serving. */
apr_status_t fb_site_create(fb_site **out, const fb_site_parts *parts, apr_pool_t *pool,
                            fb_error *error) FB_MUST_CHECK;
/* Renders the pages of rows flagged FB_ROUTE_PURE once, so that a request for one only copies
 * pointers. Not called where templates reload. A page that turns out not to be pure (it set a
 * cookie, looked at the request) is left out. */
void fb_site_warm(fb_site *site, apr_pool_t *scratch);

/* What the environment must have before fb_env_compile: functions, tests and declared names of
 * SPEC T6. */
apr_status_t fb_site_prepare_env(fb_env *env) FB_MUST_CHECK;

typedef enum fb_url_kind { FB_URL_PATH, FB_URL_ABSOLUTE } fb_url_kind;
/* url_for: path with the mount prefix, or with the base URL in front. */
apr_status_t fb_url_for(fb_str *out, const fb_site *site, const char *endpoint,
                        const fb_url_arg *args, apr_size_t count, fb_url_kind kind,
                        apr_pool_t *pool, fb_error *error) FB_MUST_CHECK;

#endif
