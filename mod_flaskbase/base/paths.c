/* Where a site keeps its things: the one function that decides. */
#include "base/paths.h"

#include <apr_strings.h>
#include <string.h>

#include "base/banned.h"

#define SITE_MAX 32

static bool is_site_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

static bool is_site_name(fb_str name)
{
    if (name.len == 0 || name.len > SITE_MAX) {
        return false;
    }
    for (apr_size_t i = 0; i < name.len; i++) {
        if (!is_site_char(name.ptr[i])) {
            return false;
        }
    }
    return true;
}

/* Takes "//", "/." and "/.." out of an absolute path, by text alone. */
static const char *normalise(const char *path, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, strlen(path) + 2);
    apr_size_t len = 0;
    fb_str rest = fb_str_from(path);

    while (rest.ptr != NULL) {
        fb_str part = fb_str_split(&rest, '/');
        if (part.len == 0 || fb_str_eq_z(part, ".")) {
            continue;
        }
        if (fb_str_eq_z(part, "..")) {
            while (len > 0 && out[--len] != '/') {
                /* back to the slash before the last part */
            }
            continue;
        }
        out[len++] = '/';
        memcpy(out + len, part.ptr, part.len);
        len += part.len;
    }
    if (len == 0) {
        out[len++] = '/';
    }
    out[len] = '\0';
    return out;
}

apr_status_t fb_paths_absolute(const char **out, const char *path, const char *base,
                               apr_pool_t *pool, fb_error *error)
{
    if (path[0] == '\0') {
        return fb_error_set(error, FB_EINVALID, "a path is empty");
    }
    if (fb_str_has_ctl(fb_str_from(path))) {
        return fb_error_set(error, FB_EINVALID, "a path holds control characters");
    }
    if (path[0] == '/') {
        *out = normalise(path, pool);
        return APR_SUCCESS;
    }
    if (base == NULL || base[0] != '/') {
        return fb_error_set(error, FB_EINVALID, "\"%s\" must be an absolute path", path);
    }
    *out = normalise(apr_pstrcat(pool, base, "/", path, NULL), pool);
    return APR_SUCCESS;
}

const char *fb_paths_folder(const char *path, apr_pool_t *pool)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL   ? "."
           : slash == path ? "/"
                           : apr_pstrmemdup(pool, path, (apr_size_t)(slash - path));
}

/* A name from the env file's: "shop.env" is shop; "config.env" tells nothing. */
static const char *site_from(const char *env_file, apr_pool_t *pool)
{
    const char *base = env_file != NULL ? strrchr(env_file, '/') + 1 : "";
    fb_str name = fb_str_from(base);

    if (fb_str_ends(name, FB_STR(".env"))) {
        name = fb_str_sub(name, 0, name.len - 4);
    }
    name = fb_str_sub(name, 0, SITE_MAX);
    if (name.len == 0 || fb_str_eq_z(name, "config")) {
        return "default";
    }
    char *site = apr_pstrmemdup(pool, name.ptr, name.len);
    for (char *c = site; *c != '\0'; c++) {
        if (!is_site_char(*c)) {
            *c = '_';
        }
    }
    return site;
}

static apr_status_t find_env_file(const char **out, const fb_paths_given *given, const char *home,
                                  apr_pool_t *pool, fb_error *error)
{
    *out = NULL;
    if (given->env_file != NULL && is_site_name(fb_str_from(given->env_file))) {
        *out = apr_pstrcat(pool, FB_CONF_DIR "/", given->env_file, ".env", NULL);
    } else if (given->env_file != NULL) {
        return fb_paths_absolute(out, given->env_file, given->cwd, pool, error);
    } else if (home != NULL) {
        *out = apr_pstrcat(pool, home, "/config.env", NULL);
    }
    return APR_SUCCESS;
}

apr_status_t fb_paths_resolve(fb_paths **out, const fb_paths_given *given, apr_pool_t *pool,
                              fb_error *error)
{
    fb_paths *paths = apr_pcalloc(pool, sizeof(*paths));
    const char *home = NULL;
    apr_status_t status = APR_SUCCESS;

    *out = NULL;
    if (given->home != NULL) {
        status = fb_paths_absolute(&home, given->home, given->cwd, pool, error);
    }
    if (status == APR_SUCCESS) {
        status = find_env_file(&paths->env_file, given, home, pool, error);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    if (given->site != NULL && !is_site_name(fb_str_from(given->site))) {
        return fb_error_set(error, FB_EINVALID,
                            "\"%s\" is no name for a site: take 1 to %d letters, digits, - or _",
                            given->site, SITE_MAX);
    }
    paths->site = given->site != NULL ? given->site : site_from(paths->env_file, pool);
    bool packaged =
        home == NULL && (paths->env_file == NULL ||
                         strcmp(fb_paths_folder(paths->env_file, pool), FB_CONF_DIR) == 0);
    paths->state = home != NULL ? home
                   : packaged   ? apr_pstrcat(pool, FB_STATE_DIR "/", paths->site, NULL)
                                : fb_paths_folder(paths->env_file, pool);
    paths->run = packaged ? FB_RUN_DIR : apr_pstrcat(pool, paths->state, "/run", NULL);
    paths->mail = apr_pstrcat(pool, paths->state, "/mail", NULL);
    paths->limits = apr_pstrcat(pool, paths->state, "/limits", NULL);
    paths->logs = apr_pstrcat(pool, paths->state, "/logs", NULL);
    status = fb_paths_absolute(&paths->data, given->data != NULL ? given->data : FB_DATA_DIR,
                               given->cwd, pool, error);
    if (status != APR_SUCCESS) {
        return status;
    }
    paths->templates = apr_pstrcat(pool, paths->data, "/templates", NULL);
    paths->static_dir = apr_pstrcat(pool, paths->data, "/static", NULL);
    paths->schema = apr_pstrcat(pool, paths->data, "/schema", NULL);
    paths->locale = apr_pstrcat(pool, paths->data, "/locale", NULL);
    *out = paths;
    return APR_SUCCESS;
}
