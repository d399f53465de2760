/* The one table of SQL statements: no SQL stands anywhere else, and none is built from strings. */
#ifndef FB_STORE_SQL_H
#define FB_STORE_SQL_H

/* In the order of the table in sql.c. A new statement is a name here and a row there. */
typedef enum fb_sql_id {
    FB_SQL_SQLITE_WAL,
    FB_SQL_SQLITE_SYNC,
    FB_SQL_SQLITE_FOREIGN_KEYS,
    FB_SQL_SQLITE_CELL_CHECK,
    FB_SQL_SQLITE_BULK_CACHE,
    FB_SQL_SQLITE_BULK_CHECKPOINT,
    FB_SQL_PGSQL_ENCODING,
    FB_SQL_PGSQL_TIMEOUT,

    FB_SQL_BEGIN,
    FB_SQL_COMMIT,
    FB_SQL_ROLLBACK,
    FB_SQL_SAVEPOINT,
    FB_SQL_RELEASE,
    FB_SQL_ROLLBACK_TO,

    FB_SQL_MIGRATION_TABLE,
    FB_SQL_MIGRATION_FOREIGN,
    FB_SQL_MIGRATION_CREATE,
    FB_SQL_MIGRATION_LOCK,
    FB_SQL_MIGRATION_LIST,
    FB_SQL_MIGRATION_ADD,
    FB_SQL_MIGRATION_REMOVE,
    FB_SQL_MIGRATION_LAST,

    FB_SQL_ROLE_BY_ID,
    FB_SQL_ROLE_BY_NAME,
    FB_SQL_ROLE_DEFAULT,
    FB_SQL_ROLE_LIST,
    FB_SQL_ROLE_COUNT,
    FB_SQL_ROLE_ADD,
    FB_SQL_ROLE_LOCK_ADMINS,

    FB_SQL_USER_BY_ID,
    FB_SQL_USER_BY_UID,
    FB_SQL_USER_BY_EMAIL,
    FB_SQL_USER_LIST,
    FB_SQL_USER_COUNT,
    FB_SQL_USER_ADD,
    FB_SQL_USER_SET_EMAIL,
    FB_SQL_USER_SET_NAME,
    FB_SQL_USER_SET_ROLE,
    FB_SQL_USER_SET_PASSWORD,
    FB_SQL_USER_REHASH,
    FB_SQL_USER_CONFIRM,
    FB_SQL_USER_LOGGED_IN,
    FB_SQL_USER_DELETE,
    FB_SQL_USER_OTHER_ADMINS,
    FB_SQL_USER_CANONICAL_MISSING,
    FB_SQL_USER_SET_CANONICAL,

    FB_SQL_SESSION_LOAD,
    FB_SQL_SESSION_ADD,
    FB_SQL_SESSION_SEEN,
    FB_SQL_SESSION_RENEW,
    FB_SQL_SESSION_ROTATE,
    FB_SQL_SESSION_UNFRESH,
    FB_SQL_SESSION_END,
    FB_SQL_SESSION_END_ALL,
    FB_SQL_SESSION_LIST,
    FB_SQL_SESSION_PURGE,

    FB_SQL_EDITABLE_BY_NAME,
    FB_SQL_EDITABLE_LIST,
    FB_SQL_EDITABLE_ADD,
    FB_SQL_EDITABLE_SAVE,

    FB_SQL_COUNT_
} fb_sql_id;

/* Parameters are written $1, $2, … on both engines. Types, one letter each:
 * i 64-bit integer, b boolean, m moment (fb_db_time), t text, x bytes; any may be NULL. */
#define FB_SQL_SAME ""
typedef struct fb_sql {
    const char *name;    /* "user_by_id": in error texts and as the prepared statement's name */
    const char *sqlite;  /* NULL: not for this engine */
    const char *pgsql;   /* FB_SQL_SAME: the text of `sqlite`; NULL: not for this engine */
    const char *params;  /* types of $1 … */
    const char *columns; /* types of the columns; "" for a statement that returns no rows */
    const char *doc;
} fb_sql;

const fb_sql *fb_sql_get(fb_sql_id id);
/* The engine's text, or NULL when the statement is not for it. */
const char *fb_sql_text_sqlite(const fb_sql *sql);
const char *fb_sql_text_pgsql(const fb_sql *sql);

#endif
