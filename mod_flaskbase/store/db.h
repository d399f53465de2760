/* One open database connection with its prepared statements, alike for every engine. */
#ifndef FB_STORE_DB_H
#define FB_STORE_DB_H

#include "base/dburl.h"
#include "store/sql.h"

#include <apr_time.h>

struct sqlite3;
struct pg_conn;

/* A connection belongs to one thread at a time. It wraps a native handle that somebody else
 * opened and closes (mod_dbd's pool in httpd/, the CLI itself). */
typedef struct fb_db fb_db;

/* The longest a request may spend in the database, all its statements together. */
#define FB_DB_DEADLINE apr_time_from_sec(3)

typedef struct fb_db_options {
    /* Budget of a lease; 0 = none (long work of the CLI: then only waiting for a lock is
     * bounded, by FB_DB_DEADLINE). Elapsed time, not the clock of the day. */
    apr_interval_time_t deadline;
    void *log_context; /* passed to fb_log for what no caller can be told; may be NULL */
} fb_db_options;

/* Prepares the connection (SQLite: busy handler, WAL, synchronous=FULL, foreign keys, defensive
 * mode) and registers a cleanup on `pool` that finalises its statements: `pool` must be
 * the one whose cleanup closes the native handle, and be attached to after that cleanup was
 * registered (cleanups run last in, first out).
 * FB_EUNAVAIL (file locked, read-only, damaged …), FB_ETIMEOUT. */
apr_status_t fb_db_attach_sqlite(fb_db **db, struct sqlite3 *native, const fb_db_options *options,
                                 apr_pool_t *pool, fb_error *error) FB_MUST_CHECK;
apr_status_t fb_db_attach_pgsql(fb_db **db, struct pg_conn *native, const fb_db_options *options,
                                apr_pool_t *pool, fb_error *error) FB_MUST_CHECK;

fb_db_engine fb_db_engine_of(const fb_db *db);

/* ---- a connection for a request -------------------------------------------------------- */

/* How a request gets a connection, lazily and one per main request; implemented by httpd/ over
 * mod_dbd's pool, by cli/ and by tests over the one they opened.
 * acquire: FB_EUNAVAIL, FB_ETIMEOUT, FB_ESCHEMA (fb_migrate_check).
 * release: `status` is how the work ended; FB_EUNAVAIL and FB_ETIMEOUT may retire the
 * connection. */
typedef struct fb_db_source {
    apr_status_t (*acquire)(void *baton, fb_db **db, apr_pool_t *request_pool, fb_error *error);
    void (*release)(void *baton, fb_db *db, apr_status_t status);
    void *baton;
} fb_db_source;

/* What an acquire does last: starts the deadline, and makes sure by a cleanup on `pool` that
 * nothing stays behind on the connection (open transaction, running statement). To be called
 * after whatever cleanup returns the connection to its pool was registered on `pool`. */
void fb_db_lease(fb_db *db, apr_pool_t *pool);
/* The same work as that cleanup, at once; harmless when nothing is leased. */
void fb_db_unlease(fb_db *db);

/* ---- values ---------------------------------------------------------------------------- */

typedef enum fb_db_type {
    FB_DB_NULL,
    FB_DB_INT, /* 64 bits */
    FB_DB_BOOL,
    FB_DB_TIME, /* apr_time_t here, whole seconds since 1970 in the database */
    FB_DB_TEXT, /* UTF-8 without NUL bytes: anything else is FB_EINVALID */
    FB_DB_BLOB
} fb_db_type;

typedef struct fb_db_value {
    fb_db_type type;
    apr_int64_t i; /* FB_DB_INT, FB_DB_BOOL (0/1), FB_DB_TIME */
    fb_str s;      /* FB_DB_TEXT, FB_DB_BLOB */
} fb_db_value;

fb_db_value fb_db_null(void);
fb_db_value fb_db_int(apr_int64_t i);
fb_db_value fb_db_bool(bool b);
fb_db_value fb_db_time(apr_time_t t); /* 0 is NULL: an unknown moment */
fb_db_value fb_db_text(fb_str s);     /* ptr NULL is NULL; for "" use FB_STR("") */
fb_db_value fb_db_blob(fb_str s);

/* Reading a column of a row; NULL gives 0, false, 0 and the slice with ptr NULL. */
apr_int64_t fb_db_get_int(const fb_db_value *column);
bool fb_db_get_bool(const fb_db_value *column);
apr_time_t fb_db_get_time(const fb_db_value *column);
/* A copy in `pool`; with NULL the bytes themselves (those of fb_db_query_one are copies). */
fb_str fb_db_get_str(const fb_db_value *column, apr_pool_t *pool);

/* The values of $1, $2, … Use as
 *     fb_db_exec(&n, db, FB_SQL_X, FB_DB_PARAMS(fb_db_int(7), fb_db_text(name)), pool, error)
 * and FB_DB_NO_PARAMS for none. Their number and types are checked against the statement's row
 * in the table (FB_EINTERNAL). */
typedef struct fb_db_params {
    const fb_db_value *values;
    int count;
} fb_db_params;

#define FB_DB_PARAMS(...)                                                                          \
    ((fb_db_params){ (const fb_db_value[]){ __VA_ARGS__ },                                         \
                     (int)(sizeof((const fb_db_value[]){ __VA_ARGS__ }) / sizeof(fb_db_value)) })
#define FB_DB_NO_PARAMS ((fb_db_params){ NULL, 0 })

/* ---- statements ------------------------------------------------------------------------ */

/* Called for each row. The columns are those of the statement's row in the table; their bytes
 * are the engine's and valid during the call only. Must not use the connection. Any status
 * but APR_SUCCESS ends the query, which returns it. */
typedef apr_status_t fb_db_row_fn(void *baton, const fb_db_value *columns, apr_pool_t *pool,
                                  fb_error *error);

/* Errors of all three and of begin/commit/end:
 *   FB_EUNAVAIL  locked, full, read-only, damaged, gone: words in the error; later may work
 *   FB_ETIMEOUT  the lease's budget is spent
 *   FB_ESCHEMA   a table or column is missing: not our schema
 *   FB_ECONFLICT a unique value is taken (statements with ON CONFLICT DO NOTHING affect 0 rows
 *                instead, and this is not an error)
 *   FB_EINVALID  another constraint (foreign key, NOT NULL), or text that is not UTF-8
 *   FB_EINTERNAL a mistake of the program
 * After an error inside a transaction only fb_db_end or fb_db_rollback may follow. */
apr_status_t fb_db_query(fb_db *db, fb_sql_id id, fb_db_params params, fb_db_row_fn *row,
                         void *baton, apr_pool_t *pool, fb_error *error) FB_MUST_CHECK;
/* The first row, copied into `pool`; FB_ENOTFOUND (without words in `error`) when there is none. */
apr_status_t fb_db_query_one(const fb_db_value **columns, fb_db *db, fb_sql_id id,
                             fb_db_params params, apr_pool_t *pool, fb_error *error) FB_MUST_CHECK;
/* For statements without columns; `affected` (rows inserted, changed, deleted) may be NULL. */
apr_status_t fb_db_exec(apr_int64_t *affected, fb_db *db, fb_sql_id id, fb_db_params params,
                        apr_pool_t *pool, fb_error *error) FB_MUST_CHECK;

/* Only prepares a statement, for tests and checks at start; a statement that is not for this engine
 * is FB_EINVALID. */
apr_status_t fb_db_prepare(fb_db *db, fb_sql_id id, fb_error *error) FB_MUST_CHECK;

/* ---- transactions ---------------------------------------------------------------------- */

/* Takes the write lock at once on SQLite. Inside a transaction it opens a savepoint instead, so
 * that functions that need a transaction can be called with and without one. */
apr_status_t fb_db_begin(fb_db *db, fb_error *error) FB_MUST_CHECK;
/* Ends the innermost begin: commits when `status` is APR_SUCCESS, else rolls back and returns
 * `status` with `error` as it was. A failed commit has rolled back. */
apr_status_t fb_db_end(fb_db *db, apr_status_t status, fb_error *error) FB_MUST_CHECK;
apr_status_t fb_db_commit(fb_db *db, fb_error *error) FB_MUST_CHECK;
void fb_db_rollback(fb_db *db);
bool fb_db_in_transaction(const fb_db *db);

#endif
