/* What db.c needs of an engine, and what an engine sees of a connection. Private to store/. */
#ifndef FB_STORE_BACKEND_H
#define FB_STORE_BACKEND_H

#include "store/db.h"

typedef struct fb_db_ops {
    fb_db_engine engine;
    /* Runs one statement: parameters are checked, db.c guards against nesting. Calls `row` (may be
     * NULL) for each row, reads to the end in any case, and fills *affected. */
    apr_status_t (*run)(fb_db *db, fb_sql_id id, fb_db_params params, fb_db_row_fn *row,
                        void *baton, apr_int64_t *affected, apr_pool_t *pool, fb_error *error);
    /* Makes sure that the engine takes the statement. */
    apr_status_t (*prepare)(fb_db *db, fb_sql_id id, fb_error *error);
    /* Runs a text of several statements: migrations only. */
    apr_status_t (*script)(fb_db *db, const char *text, const char *where, fb_error *error);
    /* Is a transaction open, as the engine sees it? Some errors end it silently. */
    bool (*in_transaction)(fb_db *db);
    void (*leased)(fb_db *db);   /* a lease begins */
    void (*unleased)(fb_db *db); /* a lease ends */
} fb_db_ops;

struct fb_db {
    const fb_db_ops *ops;
    void *impl;
    apr_pool_t *pool;  /* the connection's */
    apr_pool_t *lease; /* NULL: not leased */
    fb_db_options options;
    apr_int64_t until; /* fb_db_clock() at which the lease's budget is spent; 0: no limit */
    apr_int64_t patience; /* longest wait for SQLite's write lock; 0: the lease's budget */
    int depth;         /* begins not ended yet */
    bool running;      /* inside a row callback */
    bool lost;         /* the engine ended the transaction by itself */
    bool undoing;      /* a rollback runs: no deadline */
    bool schema_ok;    /* fb_migrate_check said yes; cleared when the schema changed */
};

/* Microseconds of a clock that only goes forward. */
apr_int64_t fb_db_clock(void);
bool fb_db_past_deadline(const fb_db *db);
/* Microseconds left, or `otherwise` when the lease has no limit. */
apr_int64_t fb_db_time_left(const fb_db *db, apr_int64_t otherwise);

/* Memory and cleanup of a connection; the backend fills impl. */
fb_db *fb_db_make(const fb_db_ops *ops, const fb_db_options *options, apr_pool_t *pool);

#endif
