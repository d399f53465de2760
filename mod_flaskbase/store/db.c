/* The part of a database connection that no engine needs to know: checks, values, transactions,
 * leases. */
#include "store/db.h"

#include "base/log.h"
#include "store/backend.h"

#include <apr_strings.h>

#include <string.h>
#include <time.h>

#include "base/banned.h"

/* ---- time ---- */

apr_int64_t fb_db_clock(void)
{
    struct timespec ts;
    if (clock_gettime(CLOCK_MONOTONIC, &ts) != 0) {
        return apr_time_now(); /* can not happen on a system that has threads */
    }
    return (apr_int64_t)ts.tv_sec * APR_USEC_PER_SEC + ts.tv_nsec / 1000;
}

bool fb_db_past_deadline(const fb_db *db)
{
    return db->until != 0 && !db->undoing && fb_db_clock() >= db->until;
}

apr_int64_t fb_db_time_left(const fb_db *db, apr_int64_t otherwise)
{
    if (db->until == 0 || db->undoing) {
        return otherwise;
    }
    const apr_int64_t left = db->until - fb_db_clock();
    return left > 0 ? left : 0;
}

/* ---- leases ---- */

fb_db *fb_db_make(const fb_db_ops *ops, const fb_db_options *options, apr_pool_t *pool)
{
    fb_db *db = apr_pcalloc(pool, sizeof(*db));
    db->ops = ops;
    db->pool = pool;
    if (options != NULL) {
        db->options = *options;
    } else {
        db->options.deadline = FB_DB_DEADLINE;
    }
    return db;
}

fb_db_engine fb_db_engine_of(const fb_db *db)
{
    return db->ops->engine;
}

static apr_status_t lease_cleanup(void *baton)
{
    fb_db *db = baton;
    db->lease = NULL;
    if (db->depth > 0) {
        fb_log(db->options.log_context, FB_LOG_WARNING, 0,
               "database: a transaction was left open and is rolled back");
        db->depth = 1;
        fb_db_rollback(db);
    }
    db->until = 0;
    db->ops->unleased(db);
    return APR_SUCCESS;
}

void fb_db_lease(fb_db *db, apr_pool_t *pool)
{
    fb_db_unlease(db);
    db->lease = pool;
    db->until = db->options.deadline > 0 ? fb_db_clock() + db->options.deadline : 0;
    db->ops->leased(db);
    apr_pool_cleanup_register(pool, db, lease_cleanup, apr_pool_cleanup_null);
}

void fb_db_unlease(fb_db *db)
{
    if (db->lease != NULL) {
        apr_pool_cleanup_run(db->lease, db, lease_cleanup);
    }
}

/* ---- values ---- */

fb_db_value fb_db_null(void)
{
    return (fb_db_value){ .type = FB_DB_NULL };
}

fb_db_value fb_db_int(apr_int64_t i)
{
    return (fb_db_value){ .type = FB_DB_INT, .i = i };
}

fb_db_value fb_db_bool(bool b)
{
    return (fb_db_value){ .type = FB_DB_BOOL, .i = b ? 1 : 0 };
}

fb_db_value fb_db_time(apr_time_t t)
{
    return t == 0 ? fb_db_null() : (fb_db_value){ .type = FB_DB_TIME, .i = t };
}

fb_db_value fb_db_text(fb_str s)
{
    return s.ptr == NULL ? fb_db_null() : (fb_db_value){ .type = FB_DB_TEXT, .s = s };
}

fb_db_value fb_db_blob(fb_str s)
{
    return s.ptr == NULL ? fb_db_null() : (fb_db_value){ .type = FB_DB_BLOB, .s = s };
}

apr_int64_t fb_db_get_int(const fb_db_value *column)
{
    return column->type == FB_DB_NULL ? 0 : column->i;
}

bool fb_db_get_bool(const fb_db_value *column)
{
    return column->type != FB_DB_NULL && column->i != 0;
}

apr_time_t fb_db_get_time(const fb_db_value *column)
{
    return column->type == FB_DB_NULL ? 0 : column->i;
}

fb_str fb_db_get_str(const fb_db_value *column, apr_pool_t *pool)
{
    if (column->type == FB_DB_NULL) {
        return (fb_str){ NULL, 0 };
    }
    return pool != NULL ? fb_str_dup(pool, column->s) : column->s;
}

/* ---- statements ---- */

static fb_db_type type_of_letter(char letter)
{
    switch (letter) {
    case 'i': return FB_DB_INT;
    case 'b': return FB_DB_BOOL;
    case 'm': return FB_DB_TIME;
    case 't': return FB_DB_TEXT;
    case 'x': return FB_DB_BLOB;
    default: return FB_DB_NULL;
    }
}

static apr_status_t check_params(const fb_sql *sql, fb_db_params params, fb_error *error)
{
    if ((apr_size_t)params.count != strlen(sql->params)) {
        return fb_error_set(error, FB_EINTERNAL, "statement %s takes %d parameters, not %d",
                            sql->name, (int)strlen(sql->params), params.count);
    }
    for (int i = 0; i < params.count; i++) {
        const fb_db_value *value = &params.values[i];
        if (value->type != FB_DB_NULL && value->type != type_of_letter(sql->params[i])) {
            return fb_error_set(error, FB_EINTERNAL, "statement %s: $%d has the wrong type",
                                sql->name, i + 1);
        }
        if (value->type == FB_DB_TEXT && (!fb_str_is_utf8(value->s) || fb_str_has_nul(value->s))) {
            return fb_error_set(error, FB_EINVALID, "the text is not valid UTF-8");
        }
    }
    return APR_SUCCESS;
}

static apr_status_t run(fb_db *db, fb_sql_id id, fb_db_params params, fb_db_row_fn *row,
                        void *baton, apr_int64_t *affected, apr_pool_t *pool, fb_error *error)
{
    const fb_sql *sql = fb_sql_get(id);
    if (sql == NULL || db->running) {
        return fb_error_set(error, FB_EINTERNAL, "the database connection is in use (statement %s)",
                            sql != NULL ? sql->name : "?");
    }
    apr_status_t status = check_params(sql, params, error);
    if (status != APR_SUCCESS) {
        return status;
    }
    if (db->lost && !db->undoing) {
        return fb_error_set(error, FB_EUNAVAIL,
                            "the database gave up the transaction; nothing of it was stored");
    }
    if (fb_db_past_deadline(db)) {
        return fb_error_set(error, FB_ETIMEOUT, "the database took too long");
    }
    db->running = true;
    status = db->ops->run(db, id, params, row, baton, affected, pool, error);
    db->running = false;
    if (status != APR_SUCCESS && db->depth > 0 && !db->undoing && !db->ops->in_transaction(db)) {
        db->lost = true;
    }
    if (status == FB_ESCHEMA) {
        db->schema_ok = false;
    }
    return status;
}

apr_status_t fb_db_query(fb_db *db, fb_sql_id id, fb_db_params params, fb_db_row_fn *row,
                         void *baton, apr_pool_t *pool, fb_error *error)
{
    apr_int64_t affected;
    return run(db, id, params, row, baton, &affected, pool, error);
}

typedef struct first_row {
    fb_db_value *columns; /* NULL: no row yet */
    apr_size_t count;
} first_row;

/* Values and bytes in one piece: this is what most requests do. */
static apr_status_t keep_first(void *baton, const fb_db_value *columns, apr_pool_t *pool,
                               fb_error *error)
{
    first_row *first = baton;
    apr_size_t bytes = 0;
    (void)error;
    if (first->columns != NULL) {
        return APR_SUCCESS;
    }
    for (apr_size_t i = 0; i < first->count; i++) {
        bytes += columns[i].s.len + 1;
    }
    first->columns = apr_palloc(pool, first->count * sizeof(*columns) + bytes);
    memcpy(first->columns, columns, first->count * sizeof(*columns));
    char *to = (char *)(first->columns + first->count);
    for (apr_size_t i = 0; i < first->count; i++) {
        if (columns[i].s.ptr != NULL) {
            memcpy(to, columns[i].s.ptr, columns[i].s.len);
            first->columns[i].s.ptr = to;
            to += columns[i].s.len;
            *to++ = '\0';
        }
    }
    return APR_SUCCESS;
}

apr_status_t fb_db_query_one(const fb_db_value **columns, fb_db *db, fb_sql_id id,
                             fb_db_params params, apr_pool_t *pool, fb_error *error)
{
    const fb_sql *sql = fb_sql_get(id);
    first_row first = { NULL, sql != NULL ? strlen(sql->columns) : 0 };
    const apr_status_t status = fb_db_query(db, id, params, keep_first, &first, pool, error);
    *columns = first.columns;
    if (status == APR_SUCCESS && first.columns == NULL) {
        return FB_ENOTFOUND;
    }
    return status;
}

apr_status_t fb_db_exec(apr_int64_t *affected, fb_db *db, fb_sql_id id, fb_db_params params,
                        apr_pool_t *pool, fb_error *error)
{
    apr_int64_t count = 0;
    const apr_status_t status = run(db, id, params, NULL, NULL, &count, pool, error);
    if (affected != NULL) {
        *affected = count;
    }
    return status;
}

apr_status_t fb_db_prepare(fb_db *db, fb_sql_id id, fb_error *error)
{
    return db->ops->prepare(db, id, error);
}

/* ---- transactions ---- */

static apr_status_t control(fb_db *db, fb_sql_id id, fb_error *error)
{
    return fb_db_exec(NULL, db, id, FB_DB_NO_PARAMS, db->lease != NULL ? db->lease : db->pool,
                      error);
}

apr_status_t fb_db_begin(fb_db *db, fb_error *error)
{
    const fb_sql_id id = db->depth == 0 ? FB_SQL_BEGIN : FB_SQL_SAVEPOINT;
    const apr_status_t status = control(db, id, error);
    if (status == APR_SUCCESS) {
        db->depth++;
    }
    return status;
}

/* Its own failures are of no interest: a transaction that can not be rolled back is gone. */
void fb_db_rollback(fb_db *db)
{
    if (db->depth == 0) {
        return;
    }
    db->undoing = true;
    if (db->depth > 1) {
        if (!db->lost && control(db, FB_SQL_ROLLBACK_TO, NULL) == APR_SUCCESS) {
            (void)(control(db, FB_SQL_RELEASE, NULL) == APR_SUCCESS);
        }
    } else {
        if (db->ops->in_transaction(db)) {
            (void)(control(db, FB_SQL_ROLLBACK, NULL) == APR_SUCCESS);
        }
        db->lost = false;
    }
    db->depth--;
    db->undoing = false;
}

apr_status_t fb_db_commit(fb_db *db, fb_error *error)
{
    if (db->depth == 0) {
        return fb_error_set(error, FB_EINTERNAL, "commit without begin");
    }
    const apr_status_t status = control(db, db->depth == 1 ? FB_SQL_COMMIT : FB_SQL_RELEASE, error);
    if (status != APR_SUCCESS) {
        fb_db_rollback(db);
        return status;
    }
    db->depth--;
    return APR_SUCCESS;
}

apr_status_t fb_db_end(fb_db *db, apr_status_t status, fb_error *error)
{
    if (status == APR_SUCCESS) {
        return fb_db_commit(db, error);
    }
    fb_db_rollback(db);
    return status;
}

bool fb_db_in_transaction(const fb_db *db)
{
    return db->depth > 0;
}
