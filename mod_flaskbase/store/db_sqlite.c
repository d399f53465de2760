/* The SQLite backend, on a native handle. */
#include "store/db.h"

#include "store/backend.h"

#include <apr_strings.h>
#include <sqlite3.h>

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/banned.h"

/* Instructions of SQLite's machine between two looks at the clock: some 50 microseconds. */
#define PROGRESS_STEPS 1000
/* Most columns or parameters of a statement in the table. */
#define VALUES_MAX 48

typedef struct sqlite_impl {
    sqlite3 *native;
    sqlite3_stmt *statements[FB_SQL_COUNT_];
    unsigned char positions[FB_SQL_COUNT_][VALUES_MAX]; /* of $1 … in the statement */
    apr_int64_t waiting_since;                          /* of the lock wait that is on */
} sqlite_impl;

/* ---- errors ---- */

typedef struct sqlite_failure {
    int code; /* extended codes first: the first match counts */
    apr_status_t status;
    const char *words;
} sqlite_failure;

/* clang-format off */
static const sqlite_failure failures[] = {
    { SQLITE_CONSTRAINT_UNIQUE, FB_ECONFLICT, "this value is taken" },
    { SQLITE_CONSTRAINT_PRIMARYKEY, FB_ECONFLICT, "this value is taken" },
    { SQLITE_CONSTRAINT_ROWID, FB_ECONFLICT, "this value is taken" },
    { SQLITE_CONSTRAINT, FB_EINVALID, "a rule of the table forbids this" },
    { SQLITE_BUSY, FB_EUNAVAIL, "the database is locked by another program; try again" },
    { SQLITE_LOCKED, FB_EUNAVAIL, "the database is locked by another program; try again" },
    { SQLITE_INTERRUPT, FB_ETIMEOUT, "the database took too long" },
    { SQLITE_FULL, FB_EUNAVAIL, "the disk or its quota is full; make room" },
    { SQLITE_READONLY, FB_EUNAVAIL,
      "the database file can not be written; check owner and mode of the file and its folder" },
    { SQLITE_CANTOPEN, FB_EUNAVAIL,
      "the database file can not be opened; check owner and mode of the file and its folder" },
    { SQLITE_PERM, FB_EUNAVAIL,
      "the database file can not be used; check owner and mode of the file and its folder" },
    { SQLITE_AUTH, FB_EUNAVAIL, "the database refused access" },
    { SQLITE_CORRUPT, FB_EUNAVAIL, "the database file is damaged; restore it from a backup" },
    { SQLITE_NOTADB, FB_EUNAVAIL, "this file is not an SQLite database, or is damaged" },
    { SQLITE_IOERR, FB_EUNAVAIL, "the disk failed to read or write the database" },
    { SQLITE_PROTOCOL, FB_EUNAVAIL, "the database is busy; try again" },
    { SQLITE_NOLFS, FB_EUNAVAIL, "the file system can not hold a file of this size" },
    { SQLITE_TOOBIG, FB_ELIMIT, "the value is too large for the database" },
    { SQLITE_SCHEMA, FB_EUNAVAIL, "the database's tables just changed; try again" },
    { SQLITE_NOMEM, APR_ENOMEM, "not enough memory" },
};
/* clang-format on */

/* SQLITE_ERROR says too little; what a missing table or column looks like is stable text. */
static bool is_missing_table(const char *text)
{
    return strncmp(text, "no such table", 13) == 0 || strncmp(text, "no such column", 14) == 0 ||
           strstr(text, "has no column named") != NULL;
}

static apr_status_t failed(fb_db *db, int code, const char *where, fb_error *error)
{
    const sqlite_impl *impl = db->impl;
    const char *text = sqlite3_errmsg(impl->native);
    const sqlite_failure *found = NULL;
    for (size_t i = 0; found == NULL && i < sizeof(failures) / sizeof(failures[0]); i++) {
        if (failures[i].code == code || failures[i].code == (code & 0xff)) {
            found = &failures[i];
        }
    }
    apr_status_t status;
    if (found != NULL) {
        status = fb_error_set(error, found->status, "%s (%s)", found->words, text);
    } else if (is_missing_table(text)) {
        status = fb_error_set(error, FB_ESCHEMA,
                              "the database does not have this program's tables (%s): run "
                              "'flaskbase db upgrade'",
                              text);
    } else {
        status = fb_error_set(error, FB_EINTERNAL, "SQLite: %s (%d)", text, code);
    }
    fb_error_at(error, where, 0, 0, (fb_str){ NULL, 0 });
    return status;
}

/* ---- waiting ---- */

/* SQLite asks whether to try again for a lock; tries come quickly at first. */
static int on_busy(void *baton, int tries)
{
    static const int naps_ms[] = { 1, 1, 2, 3, 5, 8, 12, 18, 25 };
    fb_db *db = baton;
    sqlite_impl *impl = db->impl;
    const apr_int64_t now = fb_db_clock();
    if (tries == 0) {
        impl->waiting_since = now;
    }
    const apr_int64_t patience = db->patience > 0 ? db->patience : FB_DB_DEADLINE;
    const apr_int64_t waits_until = impl->waiting_since + patience - now;
    apr_int64_t left = fb_db_time_left(db, waits_until);
    left = db->patience > 0 && waits_until < left ? waits_until : left;
    if (left <= 0) {
        return 0;
    }
    const int last = (int)(sizeof(naps_ms) / sizeof(naps_ms[0])) - 1;
    const apr_int64_t nap = (apr_int64_t)naps_ms[tries < last ? tries : last] * 1000;
    apr_sleep(nap < left ? nap : left);
    return 1;
}

static int on_progress(void *baton)
{
    return fb_db_past_deadline(baton) ? 1 : 0;
}

/* ---- statements ---- */

static apr_status_t prepare(sqlite3_stmt **statement, fb_db *db, fb_sql_id id, fb_error *error)
{
    sqlite_impl *impl = db->impl;
    const fb_sql *sql = fb_sql_get(id);
    *statement = impl->statements[id];
    if (*statement != NULL) {
        return APR_SUCCESS;
    }
    const char *text = fb_sql_text_sqlite(sql);
    if (text == NULL) {
        return fb_error_set(error, FB_EINVALID, "statement %s is not for SQLite", sql->name);
    }
    sqlite3_stmt *made = NULL;
    const int code =
        sqlite3_prepare_v3(impl->native, text, -1, SQLITE_PREPARE_PERSISTENT, &made, NULL);
    if (code != SQLITE_OK) {
        return failed(db, code, sql->name, error);
    }
    const size_t params = strlen(sql->params);
    const size_t columns = strlen(sql->columns);
    bool fits = params <= VALUES_MAX && columns <= VALUES_MAX &&
                sqlite3_bind_parameter_count(made) == (int)params;
    for (size_t i = 0; fits && i < params; i++) {
        char name[8];
        apr_snprintf(name, sizeof(name), "$%d", (int)i + 1);
        const int at = sqlite3_bind_parameter_index(made, name);
        impl->positions[id][i] = (unsigned char)at;
        fits = at > 0;
    }
    /* A PRAGMA that answers may have columns that the table does not list: nobody reads them. */
    fits = fits && (columns == 0 || sqlite3_column_count(made) == (int)columns);
    if (!fits) {
        sqlite3_finalize(made);
        return fb_error_set(error, FB_EINTERNAL, "statement %s and its row in the table differ",
                            sql->name);
    }
    impl->statements[id] = made;
    *statement = made;
    return APR_SUCCESS;
}

static int bind_value(sqlite3_stmt *statement, int at, const fb_db_value *value)
{
    switch (value->type) {
    case FB_DB_INT:
    case FB_DB_BOOL: return sqlite3_bind_int64(statement, at, value->i);
    case FB_DB_TIME: return sqlite3_bind_int64(statement, at, apr_time_sec(value->i));
    case FB_DB_TEXT:
        return sqlite3_bind_text64(statement, at, value->s.ptr, value->s.len, SQLITE_STATIC,
                                   SQLITE_UTF8);
    case FB_DB_BLOB:
        return sqlite3_bind_blob64(statement, at, value->s.ptr, value->s.len, SQLITE_STATIC);
    case FB_DB_NULL: break;
    }
    return sqlite3_bind_null(statement, at);
}

/* By way of sqlite3_column_value: each sqlite3_column_* call locks and unlocks the handle's mutex,
 * three times for a text. What SQLite says against the values' own functions is about other
 * threads, and a connection belongs to one. */
static void read_column(fb_db_value *value, sqlite3_stmt *statement, int at, char letter)
{
    sqlite3_value *column = sqlite3_column_value(statement, at);
    *value = fb_db_null();
    if (sqlite3_value_type(column) == SQLITE_NULL) {
        return;
    }
    switch (letter) {
    case 'i': *value = fb_db_int(sqlite3_value_int64(column)); break;
    case 'b': *value = fb_db_bool(sqlite3_value_int64(column) != 0); break;
    case 'm':
        *value = (fb_db_value){ .type = FB_DB_TIME };
        if (__builtin_mul_overflow(sqlite3_value_int64(column), APR_USEC_PER_SEC, &value->i)) {
            *value = fb_db_null();
        }
        break;
    default: {
        const void *bytes =
            letter == 't' ? (const void *)sqlite3_value_text(column) : sqlite3_value_blob(column);
        const int len = sqlite3_value_bytes(column);
        *value = (fb_db_value){ .type = letter == 't' ? FB_DB_TEXT : FB_DB_BLOB };
        value->s = fb_str_from_len(bytes != NULL ? bytes : "",
                                   bytes != NULL && len > 0 ? (apr_size_t)len : 0);
        break;
    }
    }
}

static apr_status_t step_all(fb_db *db, const fb_sql *sql, sqlite3_stmt *statement,
                             fb_db_row_fn *row, void *baton, apr_pool_t *pool, fb_error *error)
{
    fb_db_value columns[VALUES_MAX];
    const int count = (int)strlen(sql->columns);
    for (;;) {
        const int code = sqlite3_step(statement);
        if (code == SQLITE_DONE) {
            return APR_SUCCESS;
        }
        if (code != SQLITE_ROW) {
            return failed(db, sqlite3_extended_errcode(((sqlite_impl *)db->impl)->native),
                          sql->name, error);
        }
        if (row == NULL || count == 0) {
            continue;
        }
        for (int i = 0; i < count; i++) {
            read_column(&columns[i], statement, i, sql->columns[i]);
        }
        const apr_status_t status = row(baton, columns, pool, error);
        if (status != APR_SUCCESS) {
            return status;
        }
    }
}

static apr_status_t sqlite_run(fb_db *db, fb_sql_id id, fb_db_params params, fb_db_row_fn *row,
                               void *baton, apr_int64_t *affected, apr_pool_t *pool,
                               fb_error *error)
{
    sqlite_impl *impl = db->impl;
    const fb_sql *sql = fb_sql_get(id);
    sqlite3_stmt *statement;
    apr_status_t status = prepare(&statement, db, id, error);
    if (status != APR_SUCCESS) {
        return status;
    }
    for (int i = 0; i < params.count; i++) {
        const int code = bind_value(statement, impl->positions[id][i], &params.values[i]);
        if (code != SQLITE_OK) {
            status = failed(db, code, sql->name, error);
            break;
        }
    }
    if (status == APR_SUCCESS) {
        status = step_all(db, sql, statement, row, baton, pool, error);
    }
    *affected = sqlite3_changes(impl->native);
    sqlite3_reset(statement); /* repeats the error of the last step */
    sqlite3_clear_bindings(statement);
    if (sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_REPREPARE, 1) > 0) {
        db->schema_ok = false; /* another process changed the tables */
    }
    return status;
}

static apr_status_t sqlite_prepare(fb_db *db, fb_sql_id id, fb_error *error)
{
    sqlite3_stmt *statement;
    return prepare(&statement, db, id, error);
}

static apr_status_t sqlite_script(fb_db *db, const char *text, const char *where, fb_error *error)
{
    sqlite_impl *impl = db->impl;
    for (const char *rest = text; *rest != '\0';) {
        const char *begin = rest;
        sqlite3_stmt *statement = NULL;
        int code = sqlite3_prepare_v2(impl->native, begin, -1, &statement, &rest);
        while (code == SQLITE_OK && statement != NULL) {
            code = sqlite3_step(statement);
            if (code == SQLITE_ROW) {
                code = SQLITE_OK;
            }
        }
        if (code != SQLITE_OK && code != SQLITE_DONE) {
            const apr_status_t status =
                failed(db, sqlite3_extended_errcode(impl->native), where, error);
            sqlite3_finalize(statement);
            if (error != NULL) {
                while (*begin == '\n' || *begin == ' ') {
                    begin++;
                }
                error->line = 1;
                for (const char *at = text; at < begin; at++) {
                    error->line += *at == '\n';
                }
            }
            return status;
        }
        sqlite3_finalize(statement);
    }
    return APR_SUCCESS;
}

static bool sqlite_in_transaction(fb_db *db)
{
    return sqlite3_get_autocommit(((sqlite_impl *)db->impl)->native) == 0;
}

static void sqlite_nothing(fb_db *db)
{
    (void)db;
}

static const fb_db_ops ops = {
    .engine = FB_DB_SQLITE,
    .run = sqlite_run,
    .prepare = sqlite_prepare,
    .script = sqlite_script,
    .in_transaction = sqlite_in_transaction,
    .leased = sqlite_nothing,
    .unleased = sqlite_nothing,
};

/* ---- a new connection ---- */

static apr_status_t detach(void *baton)
{
    fb_db *db = baton;
    sqlite_impl *impl = db->impl;
    fb_db_unlease(db);
    for (int i = 0; i < FB_SQL_COUNT_; i++) {
        sqlite3_finalize(impl->statements[i]);
        impl->statements[i] = NULL;
    }
    sqlite3_busy_handler(impl->native, NULL, NULL);
    sqlite3_progress_handler(impl->native, 0, NULL, NULL);
    return APR_SUCCESS;
}

static apr_status_t harden(fb_db *db, fb_error *error)
{
    static const int switches[][2] = {
        { SQLITE_DBCONFIG_DEFENSIVE, 1 },      /* no SQL can damage the file */
        { SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 }, /* a foreign schema calls harmless functions only */
        { SQLITE_DBCONFIG_DQS_DML, 0 },        /* "x" is never a string: a typo is an error */
        { SQLITE_DBCONFIG_DQS_DDL, 0 },
    };
    sqlite3 *native = ((sqlite_impl *)db->impl)->native;
    for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
        const int code = sqlite3_db_config(native, switches[i][0], switches[i][1], NULL);
        if (code != SQLITE_OK) {
            return failed(db, code, "sqlite3_db_config", error);
        }
    }
    sqlite3_limit(native, SQLITE_LIMIT_ATTACHED, 0);
    return APR_SUCCESS;
}

/* A database that was read-only for a while leaves side files of that mode behind, which would
 * keep it read-only after its own mode was put right. */
static void heal_side_files(sqlite3 *native)
{
    static const char *const endings[] = { "-wal", "-shm" };
    const char *path = sqlite3_db_filename(native, "main");
    struct stat main_file;
    if (path == NULL || path[0] == '\0' || stat(path, &main_file) != 0) {
        return;
    }
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        char side_path[PATH_MAX];
        struct stat side;
        apr_snprintf(side_path, sizeof(side_path), "%s%s", path, endings[i]);
        if (stat(side_path, &side) == 0 && (main_file.st_mode & 0600) == 0600 &&
            (side.st_mode & 0600) != 0600) {
            (void)(chmod(side_path, main_file.st_mode & 0777) == 0);
        }
    }
}

static apr_status_t set_up(fb_db *db, apr_pool_t *pool, fb_error *error)
{
    static const fb_sql_id pragmas[] = { FB_SQL_SQLITE_SYNC, FB_SQL_SQLITE_FOREIGN_KEYS,
                                         FB_SQL_SQLITE_CELL_CHECK, FB_SQL_SQLITE_BULK_CACHE,
                                         FB_SQL_SQLITE_BULK_CHECKPOINT };
    /* The last two are for long work: a thousand pooled connections can't have such caches. */
    const size_t count = sizeof(pragmas) / sizeof(pragmas[0]) - (db->options.deadline == 0 ? 0 : 2);
    heal_side_files(((sqlite_impl *)db->impl)->native);
    apr_status_t status = harden(db, error);
    const fb_db_value *mode = NULL;
    if (status == APR_SUCCESS) {
        status = fb_db_query_one(&mode, db, FB_SQL_SQLITE_WAL, FB_DB_NO_PARAMS, pool, error);
    }
    if (status == APR_SUCCESS && !fb_str_eq_z(mode[0].s, "wal")) {
        status = fb_error_set(error, FB_EUNAVAIL,
                              "the database file can not use a write-ahead log here (it stays in "
                              "mode '%.*s'): put it on a local disk",
                              FB_STR_ARG(mode[0].s));
    }
    for (size_t i = 0; status == APR_SUCCESS && i < count; i++) {
        status = fb_db_exec(NULL, db, pragmas[i], FB_DB_NO_PARAMS, pool, error);
    }
    return status;
}

apr_status_t fb_db_attach_sqlite(fb_db **out, sqlite3 *native, const fb_db_options *options,
                                 apr_pool_t *pool, fb_error *error)
{
    fb_db *db = fb_db_make(&ops, options, pool);
    sqlite_impl *impl = apr_pcalloc(pool, sizeof(*impl));
    db->impl = impl;
    impl->native = native;
    sqlite3_extended_result_codes(native, 1);
    sqlite3_busy_handler(native, on_busy, db);
    sqlite3_progress_handler(native, PROGRESS_STEPS, on_progress, db);
    apr_pool_cleanup_register(pool, db, detach, apr_pool_cleanup_null);

    db->until = db->options.deadline > 0 ? fb_db_clock() + db->options.deadline : 0;
    const apr_status_t status = set_up(db, pool, error);
    db->until = 0;
    if (status != APR_SUCCESS) {
        apr_pool_cleanup_run(pool, db, detach);
        return status;
    }
    *out = db;
    return APR_SUCCESS;
}
