/* Start and restart: makes the sites of this httpd, and never lets a restart fail. */
#include "httpd/module.h"

#include "app/app.h"
#include "app/setup.h"
#include "base/paths.h"
#include "store/migrate.h"
#include "store/open.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_main.h>
#include <stdlib.h>
#include <unixd.h>

#include "base/banned.h"

APLOG_USE_MODULE(flaskbase);

bool fb_httpd_may_fail(void)
{
    /* In a later pass an error would exit with status 0 (second pass of a start) or end a server
     * that serves (restart). */
    return ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG;
}

static bool is_configtest(void)
{
    return ap_state_query(AP_SQ_RUN_MODE) != AP_SQ_RM_NORMAL;
}

/* ---- telling people ------------------------------------------------------------------ */

/* Line by line: httpd's log would write a newline as \n. */
static void tell(server_rec *server, int level, const char *text)
{
    const char *line = text;

    while (line != NULL && *line != '\0') {
        const char *end = strchr(line, '\n');
        int len = end != NULL ? (int)(end - line) : (int)strlen(line);

        if (fb_httpd_may_fail()) {
            ap_log_error(APLOG_MARK, APLOG_STARTUP | level, 0, NULL, "%.*s", len, line);
        } else {
            ap_log_error(APLOG_MARK, level, 0, server, "%.*s", len, line);
        }
        line = end != NULL ? end + 1 : NULL;
    }
}

static void tell_problem(void *baton, const fb_error *problem)
{
    tell(baton, APLOG_ERR, fb_error_report(problem));
}

/* ---- settings ------------------------------------------------------------------------ */

static const char *get_process_env(void *baton, const char *name)
{
    (void)baton;
    return getenv(name);
}

/* The mount is `FlaskbaseMount`, or the one Location that has `Flaskbase On`. */
static apr_status_t find_mount(fb_setting_given *found, const fb_server_conf *conf, fb_error *error)
{
    const fb_mount_given *first = NULL;

    found->id = FB_SET_MOUNT;
    found->value = NULL;
    if (conf->enabled == FB_SWITCH_ON) {
        return APR_SUCCESS;
    }
    for (int i = 0; i < conf->mounts->nelts; i++) {
        const fb_mount_given *mount = &APR_ARRAY_IDX(conf->mounts, i, fb_mount_given);

        if (first != NULL && strcmp(first->path, mount->path) != 0) {
            return fb_error_set(
                error, FB_EINVALID,
                "%s: Flaskbase On for %s, but %s already has it for %s: one server has one "
                "site; use a virtual host for the second",
                mount->origin, mount->path, first->origin, first->path);
        }
        first = first != NULL ? first : mount;
    }
    if (first != NULL) {
        found->value = first->path;
        found->origin = first->origin;
    }
    return APR_SUCCESS;
}

static apr_status_t load_settings(fb_settings **settings, server_rec *server, bool only_site,
                                  apr_pool_t *pool, fb_error *error)
{
    const fb_server_conf *conf = ap_get_module_config(server->module_config, &flaskbase_module);
    fb_setting_given mount;
    fb_settings_input input = { .cwd = ap_server_root,
                                .getenv = only_site ? get_process_env : NULL };
    apr_array_header_t *given = apr_array_make(pool, conf->given->nelts + 1, sizeof(mount));
    apr_array_header_t *problems = NULL;
    apr_status_t status = find_mount(&mount, conf, error);

    if (status != APR_SUCCESS) {
        tell(server, APLOG_ERR, error->message);
        return status;
    }
    if (mount.value != NULL) {
        APR_ARRAY_PUSH(given, fb_setting_given) = mount; /* FlaskbaseMount, if any, wins */
    }
    apr_array_cat(given, conf->given);
    input.given = given;
    status = fb_settings_load(settings, &problems, &input, pool, error);
    for (int i = 0; problems != NULL && i < problems->nelts; i++) {
        const fb_problem *problem = &APR_ARRAY_IDX(problems, i, fb_problem);
        int level = problem->level == FB_PROBLEM_ERROR     ? APLOG_ERR
                    : problem->level == FB_PROBLEM_WARNING ? APLOG_WARNING
                                                           : APLOG_INFO;

        if (level != APLOG_INFO || is_configtest()) {
            tell(server, level, problem->text);
        }
    }
    if (status != APR_SUCCESS && (problems == NULL || problems->nelts == 0)) {
        tell_problem(server, error);
    }
    return status;
}

/* ---- templates: the last good set ---------------------------------------------------- */

/* Plain data in a pool below the process's, so that it outlives the configuration and this shared
 * object, which a restart unloads: no pointer into either. */
typedef struct kept_set {
    apr_pool_t *pool;
    fb_app_source *sources;
    apr_size_t count;
} kept_set;

static const char *kept_key(const fb_settings *settings, server_rec *server, apr_pool_t *pool)
{
    const fb_paths *paths = fb_settings_paths(settings);

    return apr_psprintf(pool, "mod_flaskbase templates %s %s %s:%u", paths->site, paths->state,
                        server->server_hostname, (unsigned)server->port);
}

static kept_set *kept_find(const fb_settings *settings, server_rec *server, apr_pool_t *pool)
{
    void *found = NULL;

    if (apr_pool_userdata_get(&found, kept_key(settings, server, pool), server->process->pool) !=
        APR_SUCCESS) {
        return NULL;
    }
    return found;
}

static void count_source(void *baton, fb_str name, fb_str text)
{
    apr_size_t *count = baton;

    (void)name;
    (void)text;
    (*count)++;
}

static void keep_source(void *baton, fb_str name, fb_str text)
{
    kept_set *set = baton;
    fb_app_source *source = &set->sources[set->count++];

    source->name = fb_str_dup(set->pool, name);
    source->text = fb_str_dup(set->pool, text);
}

static void keep(const fb_env *env, const fb_settings *settings, server_rec *server,
                 apr_pool_t *ptemp)
{
    kept_set *old = kept_find(settings, server, ptemp);
    apr_size_t count = 0;
    apr_pool_t *pool;
    kept_set *set;

    fb_env_each_source(env, count_source, &count);
    if (count == 0 || apr_pool_create(&pool, server->process->pool) != APR_SUCCESS) {
        return;
    }
    apr_pool_tag(pool, "flaskbase_templates");
    set = apr_pcalloc(pool, sizeof(*set));
    set->pool = pool;
    set->sources = apr_pcalloc(pool, count * sizeof(*set->sources));
    fb_env_each_source(env, keep_source, set);
    if (apr_pool_userdata_set(set, kept_key(settings, server, ptemp), NULL,
                              server->process->pool) == APR_SUCCESS &&
        old != NULL) {
        apr_pool_destroy(old->pool);
    }
}

static apr_status_t compile(fb_env **env, const fb_settings *settings, server_rec *server,
                            apr_pool_t *pconf, apr_pool_t *ptemp, fb_error *error)
{
    fb_app_templates templates = { .report = tell_problem, .baton = server };
    apr_status_t status = fb_app_env_create(env, settings, &templates, pconf, error);
    kept_set *kept;

    if (status == APR_SUCCESS) {
        if (!is_configtest()) {
            keep(*env, settings, server, ptemp);
        }
        return APR_SUCCESS;
    }
    if (status != FB_ETEMPLATE) {
        tell_problem(server, error);
    }
    if (fb_httpd_may_fail()) {
        return status;
    }
    kept = kept_find(settings, server, ptemp);
    if (kept == NULL) {
        return status;
    }
    templates.sources = kept->sources;
    templates.source_count = kept->count;
    fb_error_init(error, pconf);
    status = fb_app_env_create(env, settings, &templates, pconf, error);
    if (status == APR_SUCCESS) {
        tell(server, APLOG_ERR,
             "The templates have errors (see above): the set before this restart stays in use. "
             "Correct them and restart again.");
    }
    return status;
}

/* ---- a site -------------------------------------------------------------------------- */

/* Names of every server that shares the site: httpd's own answer to "is this host mine?". */
static apr_array_header_t *host_names(server_rec *main_server, const fb_http_site *site,
                                      apr_pool_t *pool)
{
    apr_array_header_t *names = apr_array_make(pool, 4, sizeof(const char *));

    for (server_rec *server = main_server; server != NULL; server = server->next) {
        const fb_server_conf *conf = ap_get_module_config(server->module_config, &flaskbase_module);
        const apr_array_header_t *lists[] = { server->names, server->wild_names };

        if (conf->site != site) {
            continue;
        }
        if (server->server_hostname != NULL) {
            APR_ARRAY_PUSH(names, const char *) = server->server_hostname;
        }
        for (int l = 0; l < 2; l++) {
            for (int i = 0; lists[l] != NULL && i < lists[l]->nelts; i++) {
                APR_ARRAY_PUSH(names, const char *) = APR_ARRAY_IDX(lists[l], i, const char *);
            }
        }
    }
    return names;
}

static apr_status_t parse_proxies(fb_http_site *site, apr_pool_t *pool, fb_error *error)
{
    const apr_array_header_t *list = fb_settings_list(site->settings, FB_SET_TRUSTED_PROXIES);

    site->proxies = apr_array_make(pool, list->nelts, sizeof(apr_ipsubnet_t *));
    for (int i = 0; i < list->nelts; i++) {
        const char *text = APR_ARRAY_IDX(list, i, const char *);
        char *address = apr_pstrdup(pool, text);
        char *mask = strchr(address, '/');
        apr_ipsubnet_t *subnet;

        if (mask != NULL) {
            *mask++ = '\0';
        }
        if (apr_ipsubnet_create(&subnet, address, mask, pool) != APR_SUCCESS) {
            return fb_error_set(error, FB_EINVALID,
                                "%s: \"%s\" is neither an address nor a network such as 10.0.0.0/8",
                                fb_settings_origin(site->settings, FB_SET_TRUSTED_PROXIES), text);
        }
        APR_ARRAY_PUSH(site->proxies, apr_ipsubnet_t *) = subnet;
    }
    return APR_SUCCESS;
}

static apr_status_t configure_pools(server_rec *main_server, fb_http_site *site, apr_pool_t *pconf,
                                    apr_pool_t *ptemp, fb_error *error)
{
    int connections = (int)fb_settings_int(site->settings, FB_SET_DATABASE_POOL);

    for (server_rec *server = main_server; server != NULL; server = server->next) {
        const fb_server_conf *conf = ap_get_module_config(server->module_config, &flaskbase_module);

        if (conf->site == site) {
            apr_status_t status = fb_httpd_dbd_configure(
                server, fb_settings_database(site->settings), connections, pconf, ptemp, error);

            if (status != APR_SUCCESS) {
                return status;
            }
        }
    }
    return APR_SUCCESS;
}

static apr_status_t assemble(fb_http_site *site, const fb_env *env, const apr_array_header_t *hosts,
                             apr_pool_t *pconf, apr_pool_t *ptemp, fb_error *error)
{
    const fb_file_owner owner = { ap_unixd_config.user_id, ap_unixd_config.group_id };
    fb_site *made;
    apr_status_t status =
        fb_app_site_create(&made, site->settings, env, (const char *const *)hosts->elts,
                           (apr_size_t)hosts->nelts, is_configtest() ? NULL : &owner, pconf, error);

    if (status != APR_SUCCESS) {
        return status;
    }
    if (!fb_settings_flag(site->settings, FB_SET_TEMPLATE_RELOAD)) {
        fb_site_warm(made, ptemp);
    }
    site->mount = made->config.mount;
    site->error_path = apr_pstrcat(pconf, site->mount, "/.flaskbase/error", NULL);
    site->trust_any_proxy = fb_settings_profile(site->settings) == FB_PROFILE_HEROKU;
    site->db_timeout = fb_settings_duration(site->settings, FB_SET_DATABASE_TIMEOUT);
    site->site = made;
    if (fb_settings_flag(site->settings, FB_SET_TEMPLATE_RELOAD)) {
        fb_httpd_reloader_create(site, hosts, pconf);
    }
    return APR_SUCCESS;
}

/* Everything of the site that must not be seen is in its state folder. */
static apr_status_t check_state(server_rec *main_server, const fb_settings *settings,
                                apr_pool_t *ptemp, fb_error *error)
{
    const char *state = fb_settings_paths(settings)->state;
    apr_finfo_t info;

    if (apr_stat(&info, state, APR_FINFO_TYPE | APR_FINFO_PROT, ptemp) != APR_SUCCESS ||
        info.filetype != APR_DIR) {
        return fb_error_set(error, FB_EINVALID,
                            "the state folder %s does not exist: make it for the server's user "
                            "(install -d -m 700 -o www-data %s), or set FLASKBASE_HOME",
                            state, state);
    }
    if ((info.protection & (APR_WREAD | APR_WWRITE | APR_WEXECUTE)) != 0) {
        /* The files in it have modes of their own. */
        tell(main_server, APLOG_WARNING,
             apr_psprintf(ptemp,
                          "the state folder %s holds the database and is open to every user: "
                          "chmod 700 %s",
                          state, state));
    }
    for (server_rec *server = main_server; server != NULL; server = server->next) {
        const core_server_config *core = ap_get_core_module_config(server->module_config);
        const char *root = core->ap_document_root;
        apr_size_t len = root != NULL ? strlen(root) : 0;

        while (len > 1 && root[len - 1] == '/') {
            len--;
        }
        if (len > 0 && strncmp(state, root, len) == 0 &&
            (state[len] == '/' || state[len] == '\0')) {
            return fb_error_set(error, FB_EINVALID,
                                "the state folder %s lies inside the DocumentRoot %s, where the "
                                "database could be downloaded: move one of them",
                                state, root);
        }
    }
    return APR_SUCCESS;
}

static apr_status_t make_site(server_rec *main_server, fb_http_site *site, bool only_site,
                              apr_pool_t *pconf, apr_pool_t *ptemp)
{
    fb_error error;
    fb_settings *settings = NULL;
    fb_env *env = NULL;
    apr_status_t status;

    fb_error_init(&error, pconf);
    status = load_settings(&settings, site->server, only_site, pconf, &error);
    if (status != APR_SUCCESS) {
        return status;
    }
    site->settings = settings;
    status = check_state(main_server, settings, ptemp, &error);
    if (status == APR_SUCCESS) {
        status = parse_proxies(site, pconf, &error);
    }
    if (status == APR_SUCCESS) {
        status = configure_pools(main_server, site, pconf, ptemp, &error);
    }
    if (status != APR_SUCCESS) {
        tell_problem(site->server, &error);
        return status;
    }
    status = compile(&env, settings, site->server, pconf, ptemp, &error);
    if (status != APR_SUCCESS) {
        return status;
    }
    status = assemble(site, env, host_names(main_server, site, pconf), pconf, ptemp, &error);
    if (status != APR_SUCCESS) {
        tell_problem(site->server, &error);
    }
    return status;
}

/* configtest says what visitors would see; it is no reason to refuse a configuration, since the
 * database may be made or brought up to date later, while httpd runs. */
static void look_at_database(const fb_http_site *site, apr_pool_t *ptemp)
{
    const fb_db_options options = { site->db_timeout, NULL };
    fb_error error;
    fb_db *db;
    apr_pool_t *pool;

    if (apr_pool_create(&pool, ptemp) != APR_SUCCESS) {
        return;
    }
    fb_error_init(&error, pool);
    apr_status_t status = fb_db_open(&db, fb_settings_database(site->settings), FB_DB_EXISTING,
                                     &options, pool, &error);
    if (status == APR_SUCCESS) {
        fb_db_lease(db, pool);
        status = fb_migrate_check(db, pool, &error);
    }
    if (status != APR_SUCCESS) {
        tell(site->server, APLOG_WARNING,
             apr_pstrcat(pool, "until this is put right, what needs the database answers 503: ",
                         fb_error_line(&error), NULL));
    }
    apr_pool_destroy(pool);
}

/* What tells one site from another before its settings are read. */
static const char *identity(const fb_server_conf *conf, apr_pool_t *pool)
{
    const char *parts[] = { "", "",
                            "" }; /* env file, state folder, name; the last one given counts */

    for (int i = 0; i < conf->given->nelts; i++) {
        const fb_setting_given *given = &APR_ARRAY_IDX(conf->given, i, fb_setting_given);
        int part = given->id == FB_SET_ENV_FILE ? 0
                   : given->id == FB_SET_HOME   ? 1
                   : given->id == FB_SET_SITE   ? 2
                                                : -1;

        if (part >= 0) {
            parts[part] = given->value;
        }
    }
    return apr_pstrcat(pool, parts[0], "\n", parts[1], "\n", parts[2], NULL);
}

/* A virtual host without directives of ours shares the main server's record, and so its site.
 * The process environment belongs to one site: false if there are several (the same one served
 * by several virtual hosts, http and https, is one). */
static bool attach_sites(server_rec *main_server, apr_pool_t *pconf, apr_pool_t *ptemp)
{
    const char *first = NULL;
    bool only_one = true;

    for (server_rec *server = main_server; server != NULL; server = server->next) {
        fb_server_conf *conf = ap_get_module_config(server->module_config, &flaskbase_module);

        if (conf->site == NULL && (conf->enabled == FB_SWITCH_ON || conf->mounts->nelts > 0)) {
            const char *own = identity(conf, ptemp);

            conf->site = apr_pcalloc(pconf, sizeof(*conf->site));
            conf->site->server = server;
            conf->site->mount = "";
            only_one = only_one && (first == NULL || strcmp(first, own) == 0);
            first = own;
        }
    }
    return only_one;
}

static void wait_by_directives(fb_http_site *site, const fb_server_conf *conf)
{
    site->waiting->home = true;
    for (int i = 0; i < conf->given->nelts; i++) {
        const fb_setting_given *given = &APR_ARRAY_IDX(conf->given, i, fb_setting_given);

        if (given->id == FB_SET_MOUNT) {
            site->mount = given->value;
        } else if (given->id == FB_SET_SERVE_HOME) {
            site->waiting->home = ap_cstr_casecmp(given->value, "off") != 0;
        } else if (given->id == FB_SET_UNKNOWN) {
            site->waiting->all = strcmp(given->value, "own") == 0;
        }
    }
}

/* The site stays unmade: what it would own answers 503, not the files that lie below (X5). */
static void let_wait(fb_http_site *site, const fb_server_conf *conf, apr_pool_t *pconf)
{
    fb_router *router = NULL;
    fb_error error;

    site->site = NULL;
    site->waiting = apr_pcalloc(pconf, sizeof(*site->waiting));
    if (site->settings != NULL) {
        site->mount = fb_settings_text(site->settings, FB_SET_MOUNT);
        site->waiting->home = fb_settings_flag(site->settings, FB_SET_SERVE_HOME);
        site->waiting->all = fb_settings_is(site->settings, FB_SET_UNKNOWN, "own");
    } else {
        wait_by_directives(site, conf);
    }
    if (site->mount == NULL || site->mount[0] != '/' || site->mount[1] == '\0') {
        site->mount = "";
    }
    fb_error_init(&error, pconf);
    if (conf->enabled != FB_SWITCH_ON ||
        fb_router_create(&router, fb_app_blueprints, fb_app_blueprint_count, pconf, &error) !=
            APR_SUCCESS) {
        site->waiting->all = true; /* of its Location, or for want of better */
    }
    site->waiting->router = router;
}

int fb_httpd_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)pconf;
    (void)plog;
    (void)ptemp;
    fb_log_set_sink(fb_httpd_log, FB_LOG_DEBUG);
    fb_httpd_session_hooks(FB_HOOKS_LATE);
    return OK;
}

int fb_httpd_check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                          server_rec *main_server)
{
    bool only_site = attach_sites(main_server, pconf, ptemp);
    int result = OK;

    (void)plog;
    for (server_rec *server = main_server; server != NULL; server = server->next) {
        fb_server_conf *conf = ap_get_module_config(server->module_config, &flaskbase_module);
        fb_http_site *site = conf->site;

        if (site == NULL || site->server != server) {
            continue;
        }
        if (make_site(main_server, site, only_site, pconf, ptemp) == APR_SUCCESS) {
            if (is_configtest()) {
                look_at_database(site, ptemp);
            }
            continue;
        }
        if (fb_httpd_may_fail()) {
            result = HTTP_INTERNAL_SERVER_ERROR;
        } else {
            let_wait(site, conf, pconf);
            tell(server, APLOG_CRIT,
                 "The site could not be made (see above): it answers 503 until its configuration "
                 "is corrected and httpd restarted.");
        }
    }
    return result;
}

int fb_httpd_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                         server_rec *main_server)
{
    (void)pconf;
    (void)plog;
    (void)ptemp;
    for (server_rec *server = main_server; server != NULL && !fb_httpd_may_fail();
         server = server->next) {
        const fb_server_conf *conf = ap_get_module_config(server->module_config, &flaskbase_module);

        if (conf->site != NULL && conf->site->server == server && conf->site->site != NULL) {
            ap_log_error(
                APLOG_MARK, APLOG_INFO, 0, server, "mod_flaskbase " FB_VERSION " serves %s%s/",
                server->server_hostname != NULL ? server->server_hostname : "", conf->site->mount);
        }
    }
    return OK;
}
