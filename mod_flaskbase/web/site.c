/* Making a site from its configuration. */
#include "web/site.h"

#include "web/assets.h"
#include "web/counters.h"
#include "web/headers.h"
#include "web/static_route.h"

#include <apr_strings.h>
#include <string.h>

#include "base/banned.h"

void fb_site_config_defaults(fb_site_config *config)
{
    *config = (fb_site_config){
        .app_name = "Flask-Base",
        .mount = "",
        .any_host = true,
        .home = true,
        .hsts = 365 * FB_DAY,
        .cookie_name = "fb_site",
        .protection = FB_PROTECTION_STRONG,
        .login = { .idle = 30 * FB_MINUTE, .absolute = 12 * FB_HOUR, .remember = 365 * FB_DAY },
        .fresh = 10 * FB_MINUTE,
        .csrf_lifetime = FB_HOUR,
        .body_max = 64 * 1024,
        .params_max = 100,
        .page_max = 8 * 1024 * 1024,
        .cost = { .format = FB_PASSWORD_SCRYPT,
                  .scrypt_n = 32768,
                  .scrypt_r = 8,
                  .scrypt_p = 1,
                  .pbkdf2_rounds = 600000,
                  .max_memory = 64 * 1024 * 1024 },
        .hash_queue = 8,
        .hash_wait = 2 * FB_SEC,
        .password_score = 2,
        .login_account = { 10, 15 * FB_MINUTE },
        .login_network = { 100, 15 * FB_MINUTE },
        .login_global = { 1200, FB_MINUTE },
        .asset_url = "",
    };
}

static const char *const *strings(const apr_array_header_t *list)
{
    return (const char *const *)(const void *)list->elts;
}

/* Host of "https://host:port/path", lower case, without port. */
static const char *host_of_url(const char *url, apr_pool_t *pool)
{
    fb_str rest = fb_str_from(url);
    apr_ssize_t scheme = fb_str_find(rest, FB_STR("://"));
    rest = fb_str_sub(rest, scheme < 0 ? 0 : (apr_size_t)scheme + 3, rest.len);
    fb_str authority = fb_str_split(&rest, '/');
    if (authority.len > 0 && authority.ptr[0] == '[') {
        apr_ssize_t end = fb_str_find_char(authority, ']');
        authority = end < 0 ? authority : fb_str_sub(authority, 0, (apr_size_t)end + 1);
    } else {
        authority = fb_str_split(&authority, ':');
    }
    return fb_str_to_z(pool, fb_str_lower_ascii(pool, authority));
}

static void load_hosts(fb_site_config *config, const fb_settings *settings,
                       const char *const *hosts, apr_size_t host_count, apr_pool_t *pool)
{
    const apr_array_header_t *more = fb_settings_list(settings, FB_SET_ALLOWED_HOSTS);
    apr_array_header_t *all = apr_array_make(pool, 8, sizeof(const char *));
    for (apr_size_t i = 0; i < host_count; i++) {
        *(const char **)apr_array_push(all) = host_of_url(hosts[i], pool);
    }
    for (int i = 0; i < more->nelts; i++) {
        const char *host = APR_ARRAY_IDX(more, i, const char *);
        config->any_host = config->any_host || strcmp(host, "*") == 0;
        *(const char **)apr_array_push(all) = host_of_url(host, pool);
    }
    if (config->base_url != NULL) {
        *(const char **)apr_array_push(all) = host_of_url(config->base_url, pool);
    }
    if (config->development) {
        *(const char **)apr_array_push(all) = "localhost";
        *(const char **)apr_array_push(all) = "127.0.0.1";
        *(const char **)apr_array_push(all) = "[::1]";
    }
    config->hosts = strings(all);
    config->host_count = (apr_size_t)all->nelts;
}

static void load_sessions(fb_site_config *config, const fb_settings *s)
{
    config->cookie_name = fb_settings_cookie_name(s);
    config->protection = fb_settings_is(s, FB_SET_SESSION_PROTECTION, "none") ? FB_PROTECTION_NONE
                         : fb_settings_is(s, FB_SET_SESSION_PROTECTION, "basic")
                             ? FB_PROTECTION_BASIC
                             : FB_PROTECTION_STRONG;
    config->login.idle = fb_settings_duration(s, FB_SET_SESSION_IDLE);
    config->login.absolute = fb_settings_duration(s, FB_SET_SESSION_ABSOLUTE);
    config->login.remember = fb_settings_duration(s, FB_SET_REMEMBER);
    config->fresh = fb_settings_duration(s, FB_SET_SESSION_FRESH);
    config->csrf_lifetime = fb_settings_duration(s, FB_SET_CSRF_LIFETIME);
    config->login_account = fb_settings_rate(s, FB_SET_LOGIN_LIMIT_ACCOUNT);
    config->login_network = fb_settings_rate(s, FB_SET_LOGIN_LIMIT_NETWORK);
    config->login_global = fb_settings_rate(s, FB_SET_LOGIN_LIMIT_GLOBAL);
}

static void load_passwords(fb_site_config *config, const fb_settings *s)
{
    config->cost.format =
        fb_settings_is(s, FB_SET_PASSWORD_HASH, "scrypt") ? FB_PASSWORD_SCRYPT : FB_PASSWORD_PBKDF2;
    config->cost.scrypt_n = (unsigned int)fb_settings_int(s, FB_SET_SCRYPT_N);
    config->cost.scrypt_r = (unsigned int)fb_settings_int(s, FB_SET_SCRYPT_R);
    config->cost.scrypt_p = (unsigned int)fb_settings_int(s, FB_SET_SCRYPT_P);
    config->cost.pbkdf2_rounds = (unsigned int)fb_settings_int(s, FB_SET_PBKDF2_ITERATIONS);
    config->cost.max_memory = (apr_uint64_t)fb_settings_int(s, FB_SET_HASH_MEMORY);
    config->hash_slots = (unsigned int)fb_settings_int(s, FB_SET_HASH_SLOTS);
    config->hash_queue = (unsigned int)fb_settings_int(s, FB_SET_HASH_QUEUE);
    config->hash_wait = fb_settings_duration(s, FB_SET_HASH_WAIT);
    config->password_score = (unsigned int)fb_settings_int(s, FB_SET_PASSWORD_MIN_SCORE);
}

void fb_site_config_load(fb_site_config *config, const fb_settings *settings,
                         const char *const *hosts, apr_size_t host_count, apr_pool_t *pool)
{
    const fb_paths *paths = fb_settings_paths(settings);
    const char *mount = fb_settings_text(settings, FB_SET_MOUNT);

    fb_site_config_defaults(config);
    config->any_host = false;
    config->development = !fb_settings_in_production(settings);
    config->app_name = fb_settings_text(settings, FB_SET_APP_NAME);
    config->base_url = fb_settings_text(settings, FB_SET_BASE_URL);
    config->mount = mount != NULL && strcmp(mount, "/") != 0 ? mount : "";
    config->ssl_disable = fb_settings_flag(settings, FB_SET_SSL_DISABLE);
    config->home = fb_settings_flag(settings, FB_SET_SERVE_HOME);
    config->own_unknown = fb_settings_is(settings, FB_SET_UNKNOWN, "own");
    config->hsts = fb_settings_duration(settings, FB_SET_HSTS);
    config->body_max = (apr_size_t)fb_settings_int(settings, FB_SET_BODY_LIMIT);
    config->page_max = (apr_size_t)fb_settings_int(settings, FB_SET_TEMPLATE_OUTPUT);
    load_hosts(config, settings, hosts, host_count, pool);
    load_sessions(config, settings);
    load_passwords(config, settings);
    const char **dirs = apr_palloc(pool, sizeof *dirs);
    dirs[0] = paths->static_dir;
    config->static_dirs = dirs;
    config->static_dir_count = 1;
    config->counters_file = paths->limits;
}

static apr_status_t name_cookies(fb_site *site, fb_error *error)
{
    unsigned char mac[FB_SHA256_LEN];
    apr_size_t generations = fb_keyring_generations(site->keyring);

    for (apr_size_t g = 0; g < generations && g <= FB_KEYRING_RETIRED_MAX; g++) {
        if (fb_keyring_mac(mac, site->keyring, FB_KEY_SITE_ID, g, FB_STR("cookie")) !=
            APR_SUCCESS) {
            return fb_error_set(error, FB_EINTERNAL, "the site's id could not be made");
        }
        const char *plain = apr_psprintf(site->pool, "%s_%02x%02x%02x%02x",
                                         site->config.cookie_name, mac[0], mac[1], mac[2], mac[3]);
        site->cookie_names[g][0] = plain;
        site->cookie_names[g][1] = apr_pstrcat(site->pool, "__Host-", plain, NULL);
        site->cookie_name_count = g + 1;
    }
    if (fb_keyring_mac(mac, site->keyring, FB_KEY_SITE_ID, 0, FB_STR("etag")) != APR_SUCCESS) {
        return fb_error_set(error, FB_EINTERNAL, "the site's id could not be made");
    }
    memcpy(site->etag_key, mac, sizeof site->etag_key);
    return APR_SUCCESS;
}

/* The application's routes, and the static files'. */
static apr_status_t make_router(fb_site *site, const fb_site_parts *parts, fb_error *error)
{
    apr_size_t count = parts->blueprint_count;
    const fb_blueprint **all = apr_palloc(site->pool, (count + 1) * sizeof(*all));
    if (count > 0) {
        memcpy(all, parts->blueprints, count * sizeof *all);
    }
    all[count] = &fb_web_static;
    return fb_router_create(&site->router, all, count + 1, site->pool, error);
}

apr_status_t fb_site_create(fb_site **out, const fb_site_parts *parts, apr_pool_t *pool,
                            fb_error *error)
{
    fb_site *site = apr_pcalloc(pool, sizeof *site);
    fb_assets_mode mode = parts->config->development ? FB_ASSETS_EDITED : FB_ASSETS_FIXED;

    site->pool = pool;
    site->config = *parts->config;
    site->settings = parts->settings;
    site->crypto = parts->crypto;
    site->keyring = parts->keyring;
    site->templates = parts->templates;
    apr_status_t status = name_cookies(site, error);
    if (status == APR_SUCCESS) {
        status = make_router(site, parts, error);
    }
    if (status == APR_SUCCESS) {
        status = fb_assets_create(&site->assets, site->crypto, site->config.static_dirs,
                                  site->config.static_dir_count, mode, pool, error);
    }
    if (status == APR_SUCCESS) {
        status = fb_counters_open(&site->counters, site->config.counters_file,
                                  site->config.counters_owner, site->config.hash_slots,
                                  site->config.hash_queue, pool, error);
    }
    if (status == APR_SUCCESS) {
        fb_headers_prepare(site);
        *out = site;
    }
    return status;
}

apr_status_t fb_url_for(fb_str *out, const fb_site *site, const char *endpoint,
                        const fb_url_arg *args, apr_size_t count, fb_url_kind kind,
                        apr_pool_t *pool, fb_error *error)
{
    fb_str path;
    fb_url_arg renamed[1];
    bool is_asset = strcmp(endpoint, "static") == 0 && count == 1;
    if (is_asset) {
        /* T6, R27: the name in the URL is the hashed one. */
        renamed[0] = (fb_url_arg){ args[0].name, fb_assets_url_name(site->assets, args[0].value) };
        args = renamed;
    }
    apr_status_t status = fb_router_build(&path, site->router, endpoint, args, count, pool, error);
    if (status != APR_SUCCESS) {
        return status;
    }
    const char *front = site->config.mount;
    if (kind == FB_URL_ABSOLUTE) {
        if (site->config.base_url == NULL) {
            return fb_error_set(error, FB_EINVALID,
                                "url_for: an absolute address needs the setting BASE_URL");
        }
        front = site->config.base_url;
    } else if (is_asset && site->config.asset_url[0] != '\0') {
        front = site->config.asset_url;
    }
    *out = front[0] == '\0' ? path : fb_str_printf(pool, "%s%.*s", front, FB_STR_ARG(path));
    return APR_SUCCESS;
}
