/* The PostgreSQL backend: libpq's asynchronous calls on a native handle, each under the lease's
 * deadline. */
#include "store/db.h"

#include "base/crypto.h"
#include "base/log.h"
#include "store/backend.h"
#include "store/pgsql.h"

#include <apr_strings.h>
#include <libpq-fe.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/banned.h"

/* Most columns or parameters of a statement in the table. */
#define VALUES_MAX 48
/* How often a connection looks at the schema's version: nothing else tells it of a change. */
#define SCHEMA_RECHECK apr_time_from_sec(5)
/* For an answer to ROLLBACK. Without one the connection is cut, and the server rolls back. */
#define UNDO_WAIT apr_time_from_msec(500)

typedef struct pgsql_impl {
    PGconn *conn;
    int pid; /* of the server process that knows the prepared statements */
    bool prepared[FB_SQL_COUNT_];
    int generation;         /* in the names of statements that had to be prepared anew */
    apr_int64_t checked_at; /* fb_db_clock() of the last look at the schema's version */
} pgsql_impl;

/* ---- errors ---- */

typedef struct pgsql_failure {
    const char *state; /* SQLSTATE or its class; the first match counts */
    apr_status_t status;
    const char *words;
} pgsql_failure;

/* clang-format off */
static const pgsql_failure failures[] = {
    { "23505", FB_ECONFLICT, "this value is taken" },
    { "23",    FB_EINVALID,  "a rule of the table forbids this" },
    { "22",    FB_EINVALID,  "the database does not take this value" },
    { "42P01", FB_ESCHEMA,   "the database does not have this program's tables: run "
                             "'flaskbase db upgrade'" },
    { "42703", FB_ESCHEMA,   "the database does not have this program's columns: run "
                             "'flaskbase db upgrade'" },
    { "0A000", FB_ESCHEMA,   "the database's tables just changed; try again" },
    { "57014", FB_ETIMEOUT,  "the database took too long" },
    { "55P03", FB_EUNAVAIL,  "the database is locked by another program; try again" },
    { "40",    FB_EUNAVAIL,  "the database gave way to another transaction; try again" },
    { "53",    FB_EUNAVAIL,  "the database is out of disk, memory or connections" },
    { "57",    FB_EUNAVAIL,  "the database is being shut down or started" },
    { "58",    FB_EUNAVAIL,  "the database's disk failed" },
    { "08",    FB_EUNAVAIL,  "the connection to the database failed" },
    { "28",    FB_EUNAVAIL,  "the database refused user or password" },
    { "3D",    FB_EUNAVAIL,  "the server has no such database" },
    { "25006", FB_EUNAVAIL,  "the database is read-only" },
    { "XX001", FB_EUNAVAIL,  "the database is damaged; restore it from a backup" },
    { "XX002", FB_EUNAVAIL,  "the database is damaged; restore it from a backup" },
};
/* clang-format on */

/* libpq's messages end with a newline and may have several lines: one is enough here. */
static fb_str first_line(const char *text)
{
    fb_str rest = fb_str_from(text);
    return fb_str_trim(fb_str_split(&rest, '\n'));
}

static apr_status_t connection_failed(fb_db *db, fb_error *error)
{
    const fb_str text = first_line(PQerrorMessage(((pgsql_impl *)db->impl)->conn));
    return fb_error_set(error, FB_EUNAVAIL, "the connection to the database failed (%.*s)",
                        FB_STR_ARG(text));
}

static apr_status_t timed_out(fb_db *db, fb_error *error)
{
    /* What the server may still answer must never be taken for the answer to a later question. */
    const int socket = PQsocket(((pgsql_impl *)db->impl)->conn);
    if (socket >= 0) {
        (void)(shutdown(socket, SHUT_RDWR) == 0);
    }
    return fb_error_set(error, FB_ETIMEOUT, "the database took too long");
}

static apr_status_t failed(fb_db *db, const PGresult *result, const char *where, fb_error *error)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const fb_str text = first_line(PQresultErrorMessage(result));
    apr_status_t status;
    if (state == NULL) {
        status = connection_failed(db, error);
    } else {
        const pgsql_failure *found = NULL;
        for (size_t i = 0; found == NULL && i < sizeof(failures) / sizeof(failures[0]); i++) {
            if (strncmp(state, failures[i].state, strlen(failures[i].state)) == 0) {
                found = &failures[i];
            }
        }
        status = found != NULL ? fb_error_set(error, found->status, "%s (%.*s)", found->words,
                                              FB_STR_ARG(text))
                               : fb_error_set(error, FB_EINTERNAL, "PostgreSQL: %.*s (%s)",
                                              FB_STR_ARG(text), state);
    }
    fb_error_at(error, where, 0, 0, (fb_str){ NULL, 0 });
    return status;
}

/* ---- waiting ---- */

/* Until the socket can be read or written as `events` says. */
static apr_status_t wait_for(fb_db *db, short events, fb_error *error)
{
    for (;;) {
        struct pollfd fd = { PQsocket(((pgsql_impl *)db->impl)->conn), events, 0 };
        const apr_int64_t left =
            fb_db_time_left(db, db->undoing ? UNDO_WAIT : apr_time_from_sec(3600));
        if (left <= 0) {
            return timed_out(db, error);
        }
        if (fd.fd < 0) {
            return connection_failed(db, error);
        }
        const int ready = poll(&fd, 1, (int)(left / 1000) + 1);
        if (ready > 0) {
            return APR_SUCCESS;
        }
        if (ready == 0 && db->undoing) {
            return timed_out(db, error);
        }
        if (ready < 0 && errno != EINTR) {
            return fb_error_set_os(error, errno, "can't wait for the database");
        }
    }
}

static apr_status_t flush(fb_db *db, fb_error *error)
{
    PGconn *conn = ((pgsql_impl *)db->impl)->conn;
    for (;;) {
        const int more = PQflush(conn);
        if (more == 0) {
            return APR_SUCCESS;
        }
        if (more < 0) {
            return connection_failed(db, error);
        }
        const apr_status_t status = wait_for(db, POLLIN | POLLOUT, error);
        if (status != APR_SUCCESS) {
            return status;
        }
        if (PQconsumeInput(conn) == 0) {
            return connection_failed(db, error);
        }
    }
}

/* The next result, or NULL after the last. */
static apr_status_t next_result(PGresult **result, fb_db *db, fb_error *error)
{
    PGconn *conn = ((pgsql_impl *)db->impl)->conn;
    *result = NULL;
    while (PQisBusy(conn)) {
        const apr_status_t status = wait_for(db, POLLIN, error);
        if (status != APR_SUCCESS) {
            return status;
        }
        if (PQconsumeInput(conn) == 0) {
            return connection_failed(db, error);
        }
    }
    *result = PQgetResult(conn);
    return APR_SUCCESS;
}

/* Reads what is left of an answer; the first error counts. */
static apr_status_t drain(fb_db *db, apr_status_t status, fb_error *error)
{
    for (;;) {
        PGresult *result;
        const apr_status_t next = next_result(&result, db, status == APR_SUCCESS ? error : NULL);
        if (next != APR_SUCCESS) {
            return status == APR_SUCCESS ? next : status;
        }
        if (result == NULL) {
            return status;
        }
        const ExecStatusType kind = PQresultStatus(result);
        if (status == APR_SUCCESS && (kind == PGRES_FATAL_ERROR || kind == PGRES_BAD_RESPONSE)) {
            status = failed(db, result, NULL, error);
        }
        PQclear(result);
    }
}

/* ---- values ---- */

static Oid oid_of(char letter)
{
    switch (letter) {
    case 'b': return 16;
    case 't': return 25;
    case 'x': return 17;
    default: return 20;
    }
}

static const char *written(const fb_db_value *value, apr_pool_t *pool)
{
    switch (value->type) {
    case FB_DB_INT: return apr_psprintf(pool, "%" APR_INT64_T_FMT, value->i);
    case FB_DB_BOOL: return value->i != 0 ? "t" : "f";
    case FB_DB_TIME: return apr_psprintf(pool, "%" APR_INT64_T_FMT, apr_time_sec(value->i));
    case FB_DB_TEXT: return fb_str_to_z(pool, value->s);
    case FB_DB_BLOB:
        return fb_str_to_z(
            pool, fb_str_printf(pool, "\\x%.*s",
                                FB_STR_ARG(fb_hex_encode(pool, value->s.ptr, value->s.len))));
    case FB_DB_NULL: break;
    }
    return NULL;
}

static apr_status_t read_column(fb_db_value *value, const PGresult *result, int row, int at,
                                char letter, apr_pool_t *pool)
{
    *value = fb_db_null();
    if (PQgetisnull(result, row, at)) {
        return APR_SUCCESS;
    }
    const fb_str text = { PQgetvalue(result, row, at), (apr_size_t)PQgetlength(result, row, at) };
    switch (letter) {
    case 'i': *value = fb_db_int(apr_strtoi64(text.ptr, NULL, 10)); break;
    case 'b': *value = fb_db_bool(text.len == 1 && text.ptr[0] == 't'); break;
    case 'm':
        *value = (fb_db_value){ .type = FB_DB_TIME };
        if (__builtin_mul_overflow(apr_strtoi64(text.ptr, NULL, 10), APR_USEC_PER_SEC, &value->i)) {
            *value = fb_db_null();
        }
        break;
    case 'x':
        *value = (fb_db_value){ .type = FB_DB_BLOB };
        return fb_hex_decode(&value->s, fb_str_sub(text, 2, text.len), pool);
    default: *value = (fb_db_value){ .type = FB_DB_TEXT, .s = text }; break;
    }
    return APR_SUCCESS;
}

/* ---- one statement ---- */

static const char *server_name(const fb_db *db, const fb_sql *sql, apr_pool_t *pool)
{
    return apr_psprintf(pool, "fb%d_%s", ((pgsql_impl *)db->impl)->generation, sql->name);
}

static apr_status_t prepare(fb_db *db, fb_sql_id id, apr_pool_t *pool, fb_error *error)
{
    pgsql_impl *impl = db->impl;
    const fb_sql *sql = fb_sql_get(id);
    const char *text = fb_sql_text_pgsql(sql);
    Oid types[VALUES_MAX];
    if (text == NULL) {
        return fb_error_set(error, FB_EINVALID, "statement %s is not for PostgreSQL", sql->name);
    }
    const size_t count = strlen(sql->params);
    if (impl->prepared[id] || count > VALUES_MAX || strlen(sql->columns) > VALUES_MAX) {
        return impl->prepared[id]
                   ? APR_SUCCESS
                   : fb_error_set(error, FB_EINTERNAL, "statement %s is too wide", sql->name);
    }
    for (size_t i = 0; i < count; i++) {
        types[i] = oid_of(sql->params[i]);
    }
    if (PQsendPrepare(impl->conn, server_name(db, sql, pool), text, (int)count, types) == 0) {
        return connection_failed(db, error);
    }
    apr_status_t status = flush(db, error);
    if (status == APR_SUCCESS) {
        status = drain(db, APR_SUCCESS, error);
    }
    impl->prepared[id] = status == APR_SUCCESS;
    if (status != APR_SUCCESS) {
        fb_error_at(error, sql->name, 0, 0, (fb_str){ NULL, 0 });
    }
    return status;
}

static apr_status_t send_statement(fb_db *db, fb_sql_id id, fb_db_params params, apr_pool_t *pool,
                                   fb_error *error)
{
    pgsql_impl *impl = db->impl;
    const fb_sql *sql = fb_sql_get(id);
    const char *values[VALUES_MAX];
    int sent;
    if (params.count == 0 && sql->columns[0] == '\0') {
        /* Transaction control: taken by a failed transaction, too, and nothing to prepare. */
        sent = PQsendQuery(impl->conn, fb_sql_text_pgsql(sql));
    } else {
        const apr_status_t status = prepare(db, id, pool, error);
        if (status != APR_SUCCESS) {
            return status;
        }
        for (int i = 0; i < params.count; i++) {
            values[i] = written(&params.values[i], pool);
        }
        sent = PQsendQueryPrepared(impl->conn, server_name(db, sql, pool), params.count, values,
                                   NULL, NULL, 0) &&
               PQsetSingleRowMode(impl->conn);
    }
    return sent == 0 ? connection_failed(db, error) : flush(db, error);
}

static apr_status_t give_rows(const PGresult *result, const fb_sql *sql, fb_db_row_fn *row,
                              void *baton, apr_pool_t *pool, fb_error *error)
{
    fb_db_value columns[VALUES_MAX];
    const int count = (int)strlen(sql->columns);
    apr_status_t status = APR_SUCCESS;
    if (row == NULL || count == 0) {
        return APR_SUCCESS;
    }
    if (PQnfields(result) != count) {
        return fb_error_set(error, FB_EINTERNAL, "statement %s and its row in the table differ",
                            sql->name);
    }
    for (int r = 0; status == APR_SUCCESS && r < PQntuples(result); r++) {
        for (int i = 0; status == APR_SUCCESS && i < count; i++) {
            status = read_column(&columns[i], result, r, i, sql->columns[i], pool);
        }
        if (status == APR_SUCCESS) {
            status = row(baton, columns, pool, error);
        }
    }
    return status;
}

static apr_status_t take_result(PGresult *result, fb_db *db, const fb_sql *sql, fb_sql_id id,
                                fb_db_row_fn *row, void *baton, apr_int64_t *affected,
                                apr_pool_t *pool, fb_error *error)
{
    switch (PQresultStatus(result)) {
    case PGRES_SINGLE_TUPLE:
    case PGRES_TUPLES_OK: return give_rows(result, sql, row, baton, pool, error);
    case PGRES_COMMAND_OK:
        *affected = apr_strtoi64(PQcmdTuples(result), NULL, 10);
        if (id == FB_SQL_COMMIT && strcmp(PQcmdStatus(result), "COMMIT") != 0) {
            /* A failed transaction answers COMMIT with ROLLBACK, and without an error. */
            return fb_error_set(error, FB_EUNAVAIL,
                                "the database gave up the transaction; nothing of it was stored");
        }
        return APR_SUCCESS;
    case PGRES_EMPTY_QUERY: return APR_SUCCESS;
    default: return failed(db, result, sql->name, error);
    }
}

static apr_status_t attempt(fb_db *db, fb_sql_id id, fb_db_params params, fb_db_row_fn *row,
                            void *baton, apr_int64_t *affected, apr_pool_t *pool, fb_error *error)
{
    pgsql_impl *impl = db->impl;
    const fb_sql *sql = fb_sql_get(id);
    apr_status_t status = send_statement(db, id, params, pool, error);
    *affected = 0;
    while (status == APR_SUCCESS) {
        PGresult *result;
        status = next_result(&result, db, error);
        if (status != APR_SUCCESS || result == NULL) {
            break;
        }
        status = take_result(result, db, sql, id, row, baton, affected, pool, error);
        if (status == APR_SUCCESS && fb_db_past_deadline(db)) {
            status = timed_out(db, error); /* rows may all be here already, and be slow to use */
        }
        const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        if (state != NULL && (strcmp(state, "0A000") == 0 || strcmp(state, "26000") == 0)) {
            memset(impl->prepared, 0, sizeof(impl->prepared));
            impl->generation++;
        }
        PQclear(result);
    }
    return status == APR_SUCCESS || status == FB_ETIMEOUT ? status : drain(db, status, NULL);
}

/* ---- reconnecting ---- */

/* Is the connection known to be dead before anything is sent? A server that ends it says so first
 * and closes then; so does the end of a socket that a deadline shut down. */
static bool is_gone(fb_db *db)
{
    PGconn *conn = ((pgsql_impl *)db->impl)->conn;
    for (int i = 0; i < 4 && PQstatus(conn) == CONNECTION_OK; i++) {
        struct pollfd fd = { PQsocket(conn), POLLIN, 0 };
        if (poll(&fd, 1, 0) <= 0) {
            return false;
        }
        if (PQconsumeInput(conn) == 0) {
            return true;
        }
    }
    return PQstatus(conn) != CONNECTION_OK;
}

static apr_status_t poll_connection(fb_db *db, PostgresPollingStatusType (*step)(PGconn *),
                                    fb_error *error)
{
    PGconn *conn = ((pgsql_impl *)db->impl)->conn;
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    while (state == PGRES_POLLING_READING || state == PGRES_POLLING_WRITING) {
        const apr_status_t status =
            wait_for(db, state == PGRES_POLLING_READING ? POLLIN : POLLOUT, error);
        if (status != APR_SUCCESS) {
            return status;
        }
        state = step(conn);
    }
    return state == PGRES_POLLING_OK ? APR_SUCCESS : connection_failed(db, error);
}

static apr_status_t set_up(fb_db *db, apr_pool_t *pool, fb_error *error)
{
    pgsql_impl *impl = db->impl;
    apr_int64_t affected;
    const char *limit =
        apr_psprintf(pool, "%" APR_INT64_T_FMT, apr_time_as_msec(db->options.deadline));
    impl->pid = PQbackendPID(impl->conn);
    memset(impl->prepared, 0, sizeof(impl->prepared));
    db->schema_ok = false;
    const char *encoding = PQparameterStatus(impl->conn, "client_encoding");
    apr_status_t status = APR_SUCCESS;
    if (encoding == NULL || strcmp(encoding, "UTF8") != 0) {
        status =
            attempt(db, FB_SQL_PGSQL_ENCODING, FB_DB_NO_PARAMS, NULL, NULL, &affected, pool, error);
    }
    if (status == APR_SUCCESS) {
        status = attempt(db, FB_SQL_PGSQL_TIMEOUT, FB_DB_PARAMS(fb_db_text(fb_str_from(limit))),
                         NULL, NULL, &affected, pool, error);
    }
    return status;
}

static apr_status_t reconnect(fb_db *db, apr_pool_t *pool, fb_error *error)
{
    pgsql_impl *impl = db->impl;
    if (PQresetStart(impl->conn) == 0) {
        return connection_failed(db, error);
    }
    apr_status_t status = poll_connection(db, PQresetPoll, error);
    if (status == APR_SUCCESS) {
        (void)(PQsetnonblocking(impl->conn, db->lease != NULL) == 0);
        status = set_up(db, pool, error);
    }
    return status;
}

static bool only_reads(fb_sql_id id)
{
    return strncmp(fb_sql_text_pgsql(fb_sql_get(id)), "SELECT ", 7) == 0;
}

typedef struct counted_rows {
    fb_db_row_fn *row;
    void *baton;
    int count;
} counted_rows;

static apr_status_t count_row(void *baton, const fb_db_value *columns, apr_pool_t *pool,
                              fb_error *error)
{
    counted_rows *rows = baton;
    rows->count++;
    return rows->row(rows->baton, columns, pool, error);
}

static apr_status_t pgsql_run(fb_db *db, fb_sql_id id, fb_db_params params, fb_db_row_fn *row,
                              void *baton, apr_int64_t *affected, apr_pool_t *pool, fb_error *error)
{
    pgsql_impl *impl = db->impl;
    counted_rows rows = { row, baton, 0 };
    if (fb_sql_text_pgsql(fb_sql_get(id)) == NULL) {
        return fb_error_set(error, FB_EINVALID, "statement %s is not for PostgreSQL",
                            fb_sql_get(id)->name);
    }
    if (db->depth == 0 && is_gone(db)) {
        /* Nothing was sent yet: safe for writes, too. */
        const apr_status_t status = reconnect(db, pool, error);
        if (status != APR_SUCCESS) {
            return status;
        }
    }
    if (impl->pid != PQbackendPID(impl->conn)) {
        const apr_status_t status = set_up(db, pool, error);
        if (status != APR_SUCCESS) {
            return status;
        }
    }
    fb_error first;
    fb_error_init(&first, pool);
    apr_status_t status =
        attempt(db, id, params, row != NULL ? count_row : NULL, &rows, affected, pool, &first);
    if (status != APR_SUCCESS && status != FB_ETIMEOUT && db->depth == 0 && rows.count == 0 &&
        PQstatus(impl->conn) != CONNECTION_OK && only_reads(id)) {
        fb_error_init(&first, pool);
        status = reconnect(db, pool, &first);
        if (status == APR_SUCCESS) {
            status = attempt(db, id, params, row, baton, affected, pool, &first);
        }
    }
    if (status != APR_SUCCESS && error != NULL && first.message != NULL) {
        *error = first;
    }
    return status;
}

static apr_status_t pgsql_prepare(fb_db *db, fb_sql_id id, fb_error *error)
{
    return prepare(db, id, db->pool, error);
}

/* ---- scripts ---- */

static apr_status_t pgsql_script(fb_db *db, const char *text, const char *where, fb_error *error)
{
    pgsql_impl *impl = db->impl;
    if (PQsendQuery(impl->conn, text) == 0) {
        return connection_failed(db, error);
    }
    apr_status_t status = flush(db, error);
    while (status == APR_SUCCESS) {
        PGresult *result;
        status = next_result(&result, db, error);
        if (status != APR_SUCCESS || result == NULL) {
            break;
        }
        const ExecStatusType kind = PQresultStatus(result);
        if (kind == PGRES_FATAL_ERROR || kind == PGRES_BAD_RESPONSE) {
            const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
            status = failed(db, result, where, error);
            if (error != NULL && position != NULL) {
                const apr_int64_t at = apr_strtoi64(position, NULL, 10);
                error->line = 1;
                for (apr_int64_t i = 0; i + 1 < at && text[i] != '\0'; i++) {
                    error->line += text[i] == '\n';
                }
            }
        }
        PQclear(result);
    }
    return status == APR_SUCCESS || status == FB_ETIMEOUT ? status : drain(db, status, NULL);
}

/* ---- leases ---- */

static bool pgsql_in_transaction(fb_db *db)
{
    const PGTransactionStatusType state = PQtransactionStatus(((pgsql_impl *)db->impl)->conn);
    return state == PQTRANS_INTRANS || state == PQTRANS_INERROR || state == PQTRANS_ACTIVE;
}

static void pgsql_leased(fb_db *db)
{
    pgsql_impl *impl = db->impl;
    const apr_int64_t now = fb_db_clock();
    if (now - impl->checked_at > SCHEMA_RECHECK) {
        impl->checked_at = now;
        db->schema_ok = false;
    }
    (void)(PQsetnonblocking(impl->conn, 1) == 0);
}

static void pgsql_unleased(fb_db *db)
{
    PGconn *conn = ((pgsql_impl *)db->impl)->conn;
    /* Others of this process may use the handle as libpq gave it. */
    (void)(PQsetnonblocking(conn, 0) == 0);
}

static const fb_db_ops ops = {
    .engine = FB_DB_PGSQL,
    .run = pgsql_run,
    .prepare = pgsql_prepare,
    .script = pgsql_script,
    .in_transaction = pgsql_in_transaction,
    .leased = pgsql_leased,
    .unleased = pgsql_unleased,
};

/* ---- a new connection ---- */

static apr_status_t detach(void *baton)
{
    fb_db_unlease(baton);
    return APR_SUCCESS;
}

/* Notices of the server belong to nobody. */
static void no_notice(void *baton, const char *message)
{
    (void)baton;
    (void)message;
}

apr_status_t fb_db_attach_pgsql(fb_db **out, PGconn *native, const fb_db_options *options,
                                apr_pool_t *pool, fb_error *error)
{
    fb_db *db = fb_db_make(&ops, options, pool);
    pgsql_impl *impl = apr_pcalloc(pool, sizeof(*impl));
    db->impl = impl;
    impl->conn = native;
    PQsetNoticeProcessor(native, no_notice, NULL);
    db->until = fb_db_clock() + FB_DB_DEADLINE;
    const apr_status_t status = set_up(db, pool, error);
    db->until = 0;
    if (status != APR_SUCCESS) {
        return status;
    }
    apr_pool_cleanup_register(pool, db, detach, apr_pool_cleanup_null);
    *out = db;
    return APR_SUCCESS;
}

static apr_status_t finish(void *native)
{
    PQfinish(native);
    return APR_SUCCESS;
}

apr_status_t fb_pgsql_open(fb_db **out, const fb_dburl *url, const fb_db_options *options,
                           apr_pool_t *pool, fb_error *error)
{
    PGconn *native = PQconnectStart(url->params);
    if (native == NULL) {
        return fb_error_set(error, APR_ENOMEM, "not enough memory for a connection");
    }
    pgsql_impl impl = { .conn = native };
    fb_db waiting = { .impl = &impl, .until = fb_db_clock() + FB_DB_DEADLINE };
    apr_status_t status = PQstatus(native) == CONNECTION_BAD
                              ? connection_failed(&waiting, error)
                              : poll_connection(&waiting, PQconnectPoll, error);
    if (status == APR_SUCCESS) {
        apr_pool_cleanup_register(pool, native, finish, apr_pool_cleanup_null);
        status = fb_db_attach_pgsql(out, native, options, pool, error);
        if (status != APR_SUCCESS) {
            apr_pool_cleanup_run(pool, native, finish);
        }
    } else {
        PQfinish(native);
    }
    if (status != APR_SUCCESS) {
        fb_error_at(error, url->shown, 0, 0, (fb_str){ NULL, 0 });
    }
    return status;
}
