/* Connections through mod_dbd: its pool follows DATABASE_URL, its handles are wrapped. */
#include "httpd/module.h"

#include "store/migrate.h"

#include <apr_dbd.h>
#include <apr_optional.h>
#include <apr_strings.h>
#include <ap_mpm.h>
#include <http_core.h>
#include <mod_dbd.h>

#include <errno.h>
#include <unistd.h>

#include "base/banned.h"

#define DBD_MODULE     "mod_dbd.c"
#define CONNECTION_KEY "flaskbase database"

/* ---- configuration ------------------------------------------------------------------- */

/* The directive's value as it would be written in a configuration file. */
static const char *quoted(const char *value, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, 2 * strlen(value) + 3);
    char *to = out;

    *to++ = '"';
    for (const char *from = value; *from != '\0'; from++) {
        if (*from == '"' || *from == '\\') {
            *to++ = '\\';
        }
        *to++ = *from;
    }
    *to++ = '"';
    *to = '\0';
    return out;
}

static ap_directive_t *add_node(ap_directive_t *before, const char *name, const char *args,
                                apr_pool_t *pool)
{
    ap_directive_t *node = apr_pcalloc(pool, sizeof(*node));

    node->directive = name;
    node->args = args;
    node->filename = "(mod_flaskbase)";
    node->line_num = 0;
    node->next = before;
    return node;
}

static bool is_virtual_host(const ap_directive_t *node)
{
    return ap_cstr_casecmp(node->directive, "<VirtualHost") == 0;
}

/* A directive of mod_dbd that `server` has or inherits: one server has one pool, and what is
 * prepared or set up for another database would fail on ours. */
static const ap_directive_t *find_foreign(const ap_directive_t *node, const server_rec *server)
{
    for (; node != NULL; node = node->next) {
        const ap_directive_t *found = NULL;

        if (is_virtual_host(node)) {
            if (server->is_virtual && server->defn_name != NULL &&
                node->line_num == (int)server->defn_line_number &&
                strcmp(node->filename, server->defn_name) == 0) {
                found = find_foreign(node->first_child, server);
            }
        } else if (ap_cstr_casecmpn(node->directive, "DBD", 3) == 0) {
            found = node;
        }
        if (found != NULL) {
            return found;
        }
    }
    return NULL;
}

static int thread_count(void)
{
    int threads = 0;

    if (ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads) != APR_SUCCESS || threads < 1) {
        threads = 1;
    }
    return threads;
}

apr_status_t fb_httpd_dbd_configure(server_rec *server, const fb_dburl *url, int connections,
                                    apr_pool_t *pconf, apr_pool_t *ptemp, fb_error *error)
{
    module *dbd = ap_find_linked_module(DBD_MODULE);
    const ap_directive_t *foreign = find_foreign(ap_conftree, server);
    const char *most = apr_itoa(pconf, connections > 0 ? connections : thread_count());
    ap_directive_t *nodes = NULL;
    cmd_parms parms = { 0 };
    const char *problem;

    if (dbd == NULL) {
        return fb_error_set(
            error, FB_EINVALID,
            "mod_flaskbase needs mod_dbd: load it too (LoadModule dbd_module …, or a2enmod dbd)");
    }
    if (foreign != NULL) {
        return fb_error_set(
            error, FB_EINVALID,
            "%s:%d: %s would act on the database of the Flaskbase site in this server: put it "
            "into a virtual host without Flaskbase",
            foreign->filename, foreign->line_num, foreign->directive);
    }
    /* Its own record: a virtual host without one shares the main server's. */
    ap_set_module_config(server->module_config, dbd, dbd->create_server_config(pconf, server));
    /* Nothing is opened before it is needed, and what is open stays. */
    nodes = add_node(nodes, "DBDMax", most, pconf);
    nodes = add_node(nodes, "DBDKeep", most, pconf);
    nodes = add_node(nodes, "DBDMin", "0", pconf);
    nodes = add_node(nodes, "DBDPersist", "On", pconf);
    nodes = add_node(nodes, "DBDParams", quoted(url->params, pconf), pconf);
    nodes = add_node(nodes, "DBDriver", url->driver, pconf);
    parms.server = server;
    parms.pool = pconf;
    parms.temp_pool = ptemp;
    parms.override = RSRC_CONF;
    parms.override_opts = OPT_ALL;
    parms.limited = -1;
    problem = ap_walk_config(nodes, &parms, server->lookup_defaults);
    if (problem != NULL) {
        return fb_error_set(
            error, FB_EINVALID,
            "the database %s can not be used: %s (Debian: apt-get install libaprutil1-dbd-%s)",
            url->shown, problem, url->driver);
    }
    return APR_SUCCESS;
}

/* ---- serving ------------------------------------------------------------------------- */

static apr_status_t give_back(void *data)
{
    fb_http_request *state = data;
    ap_dbd_t *connection = state->connection;
    APR_OPTIONAL_FN_TYPE(ap_dbd_close) *close_connection = APR_RETRIEVE_OPTIONAL_FN(ap_dbd_close);

    if (connection != NULL && close_connection != NULL) {
        state->connection = NULL;
        close_connection(state->site->server, connection);
    }
    return APR_SUCCESS;
}

/* Our record of a pooled connection, made at its first use, in a pool below the one that closes the
 * native handle. */
static apr_status_t wrap(fb_db **db, ap_dbd_t *connection, const fb_http_site *site,
                         fb_error *error)
{
    fb_db_options options = { .deadline = site->db_timeout };
    void *known = NULL;
    apr_pool_t *pool;
    apr_status_t status;

    if (apr_pool_userdata_get(&known, CONNECTION_KEY, connection->pool) == APR_SUCCESS &&
        known != NULL) {
        *db = known;
        return APR_SUCCESS;
    }
    status = apr_pool_create(&pool, connection->pool);
    if (status != APR_SUCCESS) {
        return fb_error_set_os(error, status, "no memory for a database connection");
    }
    if (fb_settings_database(site->settings)->engine == FB_DB_SQLITE) {
        status =
            fb_db_attach_sqlite(db, apr_dbd_native_handle(connection->driver, connection->handle),
                                &options, pool, error);
    } else {
        status =
            fb_db_attach_pgsql(db, apr_dbd_native_handle(connection->driver, connection->handle),
                               &options, pool, error);
    }
    if (status == APR_SUCCESS) {
        status = apr_pool_userdata_setn(*db, CONNECTION_KEY, NULL, connection->pool);
    }
    if (status != APR_SUCCESS) {
        apr_pool_destroy(pool);
    }
    return status;
}

apr_status_t fb_httpd_db_acquire(void *baton, fb_db **db, apr_pool_t *pool, fb_error *error)
{
    fb_http_request *state = baton;
    APR_OPTIONAL_FN_TYPE(ap_dbd_open) *open_connection = APR_RETRIEVE_OPTIONAL_FN(ap_dbd_open);
    const char *path = fb_settings_database(state->site->settings)->path;
    apr_status_t status;

    /* mod_dbd would make the file, readable for others: that is the command's work. */
    if (path != NULL && access(path, F_OK) != 0) {
        return fb_error_set(error, FB_EUNAVAIL,
                            "there is no database %s (%s): run 'flaskbase db upgrade'", path,
                            strerror(errno));
    }
    /* Not ap_dbd_acquire: that keeps the connection until the reply has reached the client. */
    state->connection =
        open_connection != NULL ? open_connection(state->r->pool, state->site->server) : NULL;
    if (state->connection == NULL) {
        return fb_error_set(error, FB_EUNAVAIL, "no connection to the database %s",
                            fb_settings_database(state->site->settings)->shown);
    }
    state->connection_pool = pool;
    apr_pool_cleanup_register(pool, state, give_back, apr_pool_cleanup_null);
    status = wrap(db, state->connection, state->site, error);
    if (status == APR_SUCCESS) {
        fb_db_lease(*db, pool);
        status = fb_migrate_check(*db, pool, error);
        if (status != APR_SUCCESS) {
            fb_db_unlease(*db);
        }
    }
    if (status != APR_SUCCESS) {
        apr_pool_cleanup_run(pool, state, give_back);
    }
    return status;
}

void fb_httpd_db_release(void *baton, fb_db *db, apr_status_t status)
{
    fb_http_request *state = baton;

    (void)status;
    fb_db_unlease(db);
    apr_pool_cleanup_run(state->connection_pool, state, give_back);
}
