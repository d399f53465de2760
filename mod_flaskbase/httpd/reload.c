/* Development: templates and assets are taken anew when a file of theirs changed. */
#include "httpd/module.h"

#include "app/setup.h"

#include <apr_file_info.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>
#include <unixd.h>

#include "base/banned.h"

/* Looking for changes costs some hundred stats: not more often than this. */
#define CHECK_INTERVAL apr_time_from_msec(300)
#define DEPTH_MAX      8

/* A site made by this process after a change. Requests hold on to the one they began with. */
typedef struct fb_generation {
    apr_pool_t *pool;
    fb_site *site;
    unsigned users;
    bool retired;
} fb_generation;

/* Of one child process; the mutex guards all of it. */
struct fb_reloader {
    apr_thread_mutex_t *mutex;
    apr_pool_t *pool;       /* of the child; generations have their own */
    apr_uint64_t signature; /* of the files as they were compiled last */
    apr_time_t next_check;
    fb_generation *current; /* NULL: the site of the start */
    const char *const *hosts;
    apr_size_t host_count;
};

/* ---- what the files look like -------------------------------------------------------- */

static apr_uint64_t mix(apr_uint64_t hash, const void *data, apr_size_t len)
{
    const unsigned char *bytes = data;

    for (apr_size_t i = 0; i < len; i++) {
        hash = (hash ^ bytes[i]) * 1099511628211u; /* FNV-1a */
    }
    return hash;
}

/* Sums over entries, so that the order in which a folder lists them does not matter. */
static apr_uint64_t look(const char *folder, int depth, apr_pool_t *pool)
{
    apr_uint64_t sum = 0;
    apr_finfo_t info;
    apr_dir_t *dir;

    if (depth > DEPTH_MAX || apr_dir_open(&dir, folder, pool) != APR_SUCCESS) {
        return 0;
    }
    while (apr_dir_read(&info, APR_FINFO_NAME | APR_FINFO_TYPE | APR_FINFO_MTIME | APR_FINFO_SIZE,
                        dir) == APR_SUCCESS) {
        const char *path;

        if (info.name == NULL || info.name[0] == '.') {
            continue;
        }
        path = apr_pstrcat(pool, folder, "/", info.name, NULL);
        if (info.filetype == APR_DIR) {
            sum += look(path, depth + 1, pool);
        } else {
            apr_uint64_t hash = mix(14695981039346656037u, path, strlen(path));

            hash = mix(hash, &info.mtime, sizeof info.mtime);
            sum += mix(hash, &info.size, sizeof info.size);
        }
    }
    (void)apr_dir_close(dir);
    return sum;
}

static apr_uint64_t look_at_all(const fb_http_site *site, apr_pool_t *pool)
{
    const apr_array_header_t *own = fb_settings_list(site->settings, FB_SET_TEMPLATE_DIRS);
    const fb_site_config *config = &site->site->config;
    apr_uint64_t sum = look(fb_settings_paths(site->settings)->templates, 0, pool);

    for (int i = 0; i < own->nelts; i++) {
        sum += look(APR_ARRAY_IDX(own, i, const char *), 0, pool);
    }
    for (apr_size_t i = 0; i < config->static_dir_count; i++) {
        sum += look(config->static_dirs[i], 0, pool);
    }
    return sum;
}

/* ---- generations --------------------------------------------------------------------- */

static void report(void *baton, const fb_error *problem)
{
    fb_log_error(baton, FB_LOG_ERROR, problem);
}

/* NULL: there are errors, which the log has now; what was there before stays in use. */
static fb_generation *make(const fb_http_site *site, request_rec *r)
{
    const struct fb_reloader *reloader = site->reloader;
    const fb_file_owner owner = { ap_unixd_config.user_id, ap_unixd_config.group_id };
    fb_app_templates templates = { .report = report, .baton = r };
    fb_generation *generation;
    apr_pool_t *pool;
    fb_error error;
    fb_env *env = NULL;
    apr_status_t status;

    if (apr_pool_create(&pool, reloader->pool) != APR_SUCCESS) {
        return NULL;
    }
    fb_error_init(&error, pool);
    generation = apr_pcalloc(pool, sizeof(*generation));
    generation->pool = pool;
    status = fb_app_env_create(&env, site->settings, &templates, pool, &error);
    if (status == APR_SUCCESS) {
        status = fb_app_site_create(&generation->site, site->settings, env, reloader->hosts,
                                    reloader->host_count, &owner, pool, &error);
    }
    if (status != APR_SUCCESS) {
        if (status != FB_ETEMPLATE) {
            fb_log_error(r, FB_LOG_ERROR, &error);
        }
        apr_pool_destroy(pool);
        return NULL;
    }
    fb_log(r, FB_LOG_NOTICE, APR_SUCCESS, "templates and assets were taken anew");
    return generation;
}

static void retire(fb_generation *generation)
{
    if (generation != NULL) {
        generation->retired = true;
        if (generation->users == 0) {
            apr_pool_destroy(generation->pool);
        }
    }
}

typedef struct held {
    struct fb_reloader *reloader;
    fb_generation *generation;
} held;

static apr_status_t let_go(void *data)
{
    held *hold = data;

    (void)apr_thread_mutex_lock(hold->reloader->mutex);
    hold->generation->users--;
    if (hold->generation->retired && hold->generation->users == 0) {
        apr_pool_destroy(hold->generation->pool);
    }
    (void)apr_thread_mutex_unlock(hold->reloader->mutex);
    return APR_SUCCESS;
}

static fb_site *hold_current(struct fb_reloader *reloader, request_rec *r)
{
    held *hold = apr_palloc(r->pool, sizeof(*hold));

    hold->reloader = reloader;
    hold->generation = reloader->current;
    hold->generation->users++;
    apr_pool_cleanup_register(r->pool, hold, let_go, apr_pool_cleanup_null);
    return hold->generation->site;
}

fb_site *fb_httpd_live_site(const fb_http_site *site, request_rec *r)
{
    struct fb_reloader *reloader = site->reloader;
    fb_site *live = site->site;

    if (reloader == NULL || live == NULL || reloader->mutex == NULL) {
        return live;
    }
    (void)apr_thread_mutex_lock(reloader->mutex);
    if (r->request_time >= reloader->next_check) {
        apr_uint64_t signature = look_at_all(site, r->pool);

        reloader->next_check = r->request_time + CHECK_INTERVAL;
        if (signature != reloader->signature) {
            fb_generation *generation = make(site, r);

            reloader->signature = signature;
            if (generation != NULL) {
                retire(reloader->current);
                reloader->current = generation;
            }
        }
    }
    if (reloader->current != NULL) {
        live = hold_current(reloader, r);
    }
    (void)apr_thread_mutex_unlock(reloader->mutex);
    return live;
}

/* ---- start --------------------------------------------------------------------------- */

void fb_httpd_reloader_create(fb_http_site *site, const apr_array_header_t *hosts,
                              apr_pool_t *pconf)
{
    struct fb_reloader *reloader = apr_pcalloc(pconf, sizeof(*reloader));

    reloader->hosts = (const char *const *)hosts->elts;
    reloader->host_count = (apr_size_t)hosts->nelts;
    reloader->signature = look_at_all(site, pconf);
    site->reloader = reloader;
}

void fb_httpd_child_init(apr_pool_t *pool, server_rec *main_server)
{
    for (server_rec *server = main_server; server != NULL; server = server->next) {
        const fb_server_conf *conf = ap_get_module_config(server->module_config, &flaskbase_module);
        struct fb_reloader *reloader = conf->site != NULL ? conf->site->reloader : NULL;

        if (reloader != NULL && reloader->mutex == NULL) {
            reloader->pool = pool;
            if (apr_thread_mutex_create(&reloader->mutex, APR_THREAD_MUTEX_DEFAULT, pool) !=
                APR_SUCCESS) {
                reloader->mutex = NULL; /* templates stay as they were at the start */
            }
        }
    }
}
