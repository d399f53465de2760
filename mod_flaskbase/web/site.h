/* A site: everything that is fixed after start and shared by all requests. */
#ifndef FB_WEB_SITE_H
#define FB_WEB_SITE_H

#include "web/request.h"
#include "web/route.h"

struct fb_keyring;
struct fb_settings;
struct fb_env;
struct fb_assets;
struct fb_throttle;
struct fb_page_cache;

typedef enum fb_profile { FB_PROFILE_PRODUCTION, FB_PROFILE_DEVELOPMENT, FB_PROFILE_TESTING } fb_profile;
typedef enum fb_protection { FB_PROTECTION_STRONG, FB_PROTECTION_BASIC, FB_PROTECTION_NONE } fb_protection;

/* The site's settings as web/ uses them. fb_site_config_defaults fills every field; a test sets
 * what it needs, the module and the CLI fill it from base/settings. Seconds, bytes, counts. */
typedef struct fb_site_config {
    fb_profile profile;
    fb_str app_name;
    fb_str base_url;         /* "https://example.org/prefix" without slash at the end; never the Host */
    fb_str mount;            /* "" or "/prefix" */
    const fb_str *hosts;     /* allowed names without port, lower case (421 for others) */
    apr_size_t host_count;
    bool ssl_disable;        /* true: no redirect to https, no HSTS (X9) */
    bool home;               /* `/` is ours */
    bool trailing_404;       /* FlaskbaseUnknown own: every path of the location is ours */
    unsigned int hsts_seconds;
    fb_protection protection;
    unsigned int session_idle, session_absolute, session_remember, fresh_seconds;
    unsigned int csrf_seconds;
    apr_size_t body_max;     /* of a form without a limit of its own */
    unsigned int fields_max; /* parameters of a query or body */
    unsigned int scrypt_n;   /* power of two; r = 8, p = 1 */
    unsigned int hash_slots; /* 0: max(1, processors / 2) */
    unsigned int hash_queue; /* waiting for a slot beyond them; more are refused with 503 */
    unsigned int password_score; /* zxcvbn 0 … 4 */
    unsigned int login_per_account, login_per_network, login_global; /* attempts per minute */
    fb_str static_dir;       /* folders of assets, the site's own one first */
    fb_str static_dir_packaged;
    fb_str asset_url;        /* "" or another origin for assets (ASSET_URL) */
    fb_str state_dir;        /* the counters' file; empty: counters in this process only */
    apr_size_t page_max;     /* bytes of one rendered page */
} fb_site_config;

void fb_site_config_defaults(fb_site_config *config);

/* Immutable after fb_site_create, except the counters behind `throttle` (shared, atomic) and the
 * page cache (write once, atomic). Lives in the configuration's pool; holds no pointer into a
 * request. */
typedef struct fb_site {
    apr_pool_t *pool;
    fb_site_config config;
    const struct fb_settings *settings; /* for `config` in templates; may be NULL in tests */
    const struct fb_keyring *keyring;
    const struct fb_env *templates; /* may be NULL: pages are then minimal text */
    fb_router *router;
    struct fb_assets *assets;
    struct fb_throttle *throttle;
    struct fb_page_cache *pages;
    const char *id;             /* 8 hex digits derived from the keys: in cookie names and AAD */
    const char *cookie_plain;   /* session cookie's name without https */
    const char *cookie_secure;  /* with: __Host-… */
    const char *csp;            /* Content-Security-Policy of every page */
    unsigned char page_key[16]; /* for ETags: random at start */
    unsigned char page_key_pad[16];
} fb_site;

typedef struct fb_site_parts {
    const fb_site_config *config;
    const struct fb_settings *settings;
    const struct fb_keyring *keyring;
    const struct fb_env *templates;
    const fb_blueprint *const *blueprints;
    apr_size_t blueprint_count;
} fb_site_parts;

/* Compiles routes, hashes assets, maps the counters' file. Everything that can be wrong with a
 * site's configuration is found here, not while serving. */
apr_status_t fb_site_create(fb_site **out, const fb_site_parts *parts, apr_pool_t *pool,
                            fb_error *error) FB_MUST_CHECK;

typedef enum fb_url_kind { FB_URL_PATH, FB_URL_ABSOLUTE } fb_url_kind;
/* url_for: path with the mount prefix, or with the base URL in front. */
apr_status_t fb_url_for(fb_str *out, const fb_site *site, const char *endpoint,
                        const fb_url_arg *args, apr_size_t count, fb_url_kind kind,
                        apr_pool_t *pool, fb_error *error) FB_MUST_CHECK;

#endif
