/* The rows of the statement table. */
#include "store/sql.h"

#include <stddef.h>

#include "base/banned.h"

/* Columns of a role and of a user with its role, in the order in which role.c and user.c read
 * them. LEFT JOIN: a user without role, as flask-base could leave one, has no permission. */
#define ROLE_COLUMNS      "r.id, r.name, r.\"index\", r.\"default\", r.permissions, r.version"
#define ROLE_COLUMN_TYPES "ittbii"
#define USER_COLUMNS                                                                               \
    "u.id, u.uid, u.confirmed, u.first_name, u.last_name, u.email, u.email_canonical, "            \
    "u.password_hash, u.must_change_password, u.created_at, u.last_login_at, "                     \
    "u.version, " ROLE_COLUMNS
#define USER_COLUMN_TYPES "itbtttttbmmi" ROLE_COLUMN_TYPES
#define USER_TABLES       "users u LEFT JOIN roles r ON r.id = u.role_id"
#define LOGIN_COLUMNS                                                                              \
    "s.id, s.key_hash, s.created_at, s.started_at, s.last_seen_at, s.expires_at, "                 \
    "s.authenticated_at, s.remember, s.client_net, s.ua_family"
#define LOGIN_COLUMN_TYPES "ixmmmmmbtt"

/* A role that has all of 0xff. */
#define IS_ADMIN "(r.permissions & 255) = 255"

/* clang-format off */
static const fb_sql table[FB_SQL_COUNT_] = {
    /* ---- a new connection ---- */
    [FB_SQL_SQLITE_WAL] = {
        "sqlite_wal", "PRAGMA journal_mode = WAL", NULL, "", "t",
        "readers never wait for the writer" },
    [FB_SQL_SQLITE_SYNC] = {
        "sqlite_sync", "PRAGMA synchronous = FULL", NULL, "", "",
        "a commit is on the disk" },
    [FB_SQL_SQLITE_FOREIGN_KEYS] = {
        "sqlite_foreign_keys", "PRAGMA foreign_keys = ON", NULL, "", "",
        "off by default, per connection" },
    [FB_SQL_SQLITE_CELL_CHECK] = {
        "sqlite_cell_check", "PRAGMA cell_size_check = ON", NULL, "", "",
        "damage is found when a page is read" },
    [FB_SQL_SQLITE_BULK_CACHE] = {
        "sqlite_bulk_cache", "PRAGMA cache_size = -131072", NULL, "", "",
        "128 MiB at most, for connections without a deadline: the indexes of long work" },
    [FB_SQL_SQLITE_BULK_CHECKPOINT] = {
        "sqlite_bulk_checkpoint", "PRAGMA wal_autocheckpoint = 16384", NULL, "", "",
        "64 MiB of log before it goes into the file, for the same" },
    [FB_SQL_PGSQL_ENCODING] = {
        "pgsql_encoding", NULL, "SET client_encoding = 'UTF8'", "", "",
        "whatever the client's environment says" },
    [FB_SQL_PGSQL_TIMEOUT] = {
        "pgsql_timeout", NULL, "SELECT set_config('statement_timeout', $1, false)", "t", "t",
        "the server gives up by itself when a client is gone; milliseconds" },

    /* ---- transactions ---- */
    [FB_SQL_BEGIN] = {
        "begin", "BEGIN IMMEDIATE", "BEGIN", "", "",
        "SQLite: takes the write lock now, so that no later statement fails for it" },
    [FB_SQL_COMMIT] = { "commit", "COMMIT", FB_SQL_SAME, "", "", "ends a transaction" },
    [FB_SQL_ROLLBACK] = { "rollback", "ROLLBACK", FB_SQL_SAME, "", "", "undoes a transaction" },
    [FB_SQL_SAVEPOINT] = {
        "savepoint", "SAVEPOINT flaskbase", FB_SQL_SAME, "", "",
        "a begin inside a transaction; of equal names the innermost counts" },
    [FB_SQL_RELEASE] = {
        "release", "RELEASE SAVEPOINT flaskbase", FB_SQL_SAME, "", "", "its end" },
    [FB_SQL_ROLLBACK_TO] = {
        "rollback_to", "ROLLBACK TO SAVEPOINT flaskbase", FB_SQL_SAME, "", "",
        "undoes what came since; the savepoint stays, release follows" },

    /* ---- migrations ---- */
    [FB_SQL_MIGRATION_TABLE] = {
        "migration_table",
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'flaskbase_migrations'",
        "SELECT count(*) FROM information_schema.tables"
        " WHERE table_schema = current_schema() AND table_name = 'flaskbase_migrations'",
        "", "i", "is the database under migrations?" },
    [FB_SQL_MIGRATION_FOREIGN] = {
        "migration_foreign",
        "SELECT count(*) FROM sqlite_schema"
        " WHERE type = 'table' AND name IN ('users', 'roles', 'editable_html')",
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema()"
        " AND table_name IN ('users', 'roles', 'editable_html')",
        "", "i", "tables that would be in the way of the first migration" },
    [FB_SQL_MIGRATION_CREATE] = {
        "migration_create",
        "CREATE TABLE IF NOT EXISTS flaskbase_migrations (version INTEGER NOT NULL PRIMARY KEY,"
        " name VARCHAR(100) NOT NULL, checksum VARCHAR(64) NOT NULL, applied_at BIGINT NOT NULL)",
        FB_SQL_SAME, "", "", "one row for each applied migration" },
    [FB_SQL_MIGRATION_LOCK] = {
        "migration_lock", NULL, "SELECT pg_advisory_xact_lock(704237)::text", "", "t",
        "one run at a time until the transaction ends; SQLite's write lock does the same" },
    [FB_SQL_MIGRATION_LIST] = {
        "migration_list",
        "SELECT version, name, checksum, applied_at FROM flaskbase_migrations ORDER BY version",
        FB_SQL_SAME, "", "ittm", "what was applied" },
    [FB_SQL_MIGRATION_ADD] = {
        "migration_add",
        "INSERT INTO flaskbase_migrations (version, name, checksum, applied_at)"
        " VALUES ($1, $2, $3, $4)",
        FB_SQL_SAME, "ittm", "", "a step up" },
    [FB_SQL_MIGRATION_REMOVE] = {
        "migration_remove", "DELETE FROM flaskbase_migrations WHERE version = $1",
        FB_SQL_SAME, "i", "", "a step down" },
    [FB_SQL_MIGRATION_LAST] = {
        "migration_last", "SELECT coalesce(max(version), 0) FROM flaskbase_migrations",
        FB_SQL_SAME, "", "i", "the schema's version" },

    /* ---- roles ---- */
    [FB_SQL_ROLE_BY_ID] = {
        "role_by_id", "SELECT " ROLE_COLUMNS " FROM roles r WHERE r.id = $1",
        FB_SQL_SAME, "i", ROLE_COLUMN_TYPES, "" },
    [FB_SQL_ROLE_BY_NAME] = {
        "role_by_name", "SELECT " ROLE_COLUMNS " FROM roles r WHERE r.name = $1",
        FB_SQL_SAME, "t", ROLE_COLUMN_TYPES, "" },
    [FB_SQL_ROLE_DEFAULT] = {
        "role_default",
        "SELECT " ROLE_COLUMNS " FROM roles r WHERE r.\"default\" = true ORDER BY r.id LIMIT 1",
        FB_SQL_SAME, "", ROLE_COLUMN_TYPES, "what a registration gets" },
    [FB_SQL_ROLE_LIST] = {
        "role_list", "SELECT " ROLE_COLUMNS " FROM roles r ORDER BY r.permissions, r.id",
        FB_SQL_SAME, "", ROLE_COLUMN_TYPES, "the order of forms F9 to F11" },
    [FB_SQL_ROLE_COUNT] = {
        "role_count", "SELECT count(*) FROM roles", FB_SQL_SAME, "", "i", "" },
    [FB_SQL_ROLE_ADD] = {
        "role_add",
        "INSERT INTO roles (name, \"index\", \"default\", permissions) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT DO NOTHING",
        FB_SQL_SAME, "ttbi", "", "no row: the name is taken" },
    [FB_SQL_ROLE_LOCK_ADMINS] = {
        "role_lock_admins", "SELECT r.id FROM roles r WHERE " IS_ADMIN " ORDER BY r.id",
        "SELECT r.id FROM roles r WHERE " IS_ADMIN " ORDER BY r.id FOR NO KEY UPDATE",
        "", "i",
        "whoever may take away an administrator queues here; creating users does not" },

    /* ---- users ---- */
    [FB_SQL_USER_BY_ID] = {
        "user_by_id", "SELECT " USER_COLUMNS " FROM " USER_TABLES " WHERE u.id = $1",
        FB_SQL_SAME, "i", USER_COLUMN_TYPES, "" },
    [FB_SQL_USER_BY_UID] = {
        "user_by_uid", "SELECT " USER_COLUMNS " FROM " USER_TABLES " WHERE u.uid = $1",
        FB_SQL_SAME, "t", USER_COLUMN_TYPES, "" },
    [FB_SQL_USER_BY_EMAIL] = {
        "user_by_email",
        "SELECT " USER_COLUMNS " FROM " USER_TABLES
        " WHERE u.email_canonical = $1 OR (u.email_canonical IS NULL AND u.email = $2)"
        " ORDER BY (u.email = $2) DESC, u.id LIMIT 1",
        FB_SQL_SAME, "tt", USER_COLUMN_TYPES,
        "$1 canonical form, $2 as typed: for rows that others wrote" },
    [FB_SQL_USER_LIST] = {
        "user_list",
        "SELECT " USER_COLUMNS " FROM " USER_TABLES " WHERE u.id > $1 ORDER BY u.id LIMIT $2",
        FB_SQL_SAME, "ii", USER_COLUMN_TYPES, "" },
    [FB_SQL_USER_COUNT] = {
        "user_count", "SELECT count(*) FROM users", FB_SQL_SAME, "", "i", "" },
    [FB_SQL_USER_ADD] = {
        "user_add",
        "INSERT INTO users (uid, confirmed, first_name, last_name, email, email_canonical,"
        " password_hash, must_change_password, password_changed_at, created_at, role_id)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
        " ON CONFLICT DO NOTHING RETURNING id",
        FB_SQL_SAME, "tbtttttbmmi", "i", "no row: the address is taken" },
    [FB_SQL_USER_SET_EMAIL] = {
        "user_set_email", "UPDATE users SET email = $2, email_canonical = $3 WHERE id = $1",
        FB_SQL_SAME, "itt", "", "" },
    [FB_SQL_USER_SET_NAME] = {
        "user_set_name", "UPDATE users SET first_name = $2, last_name = $3 WHERE id = $1",
        FB_SQL_SAME, "itt", "", "" },
    [FB_SQL_USER_SET_ROLE] = {
        "user_set_role", "UPDATE users SET role_id = $2 WHERE id = $1",
        FB_SQL_SAME, "ii", "", "" },
    [FB_SQL_USER_SET_PASSWORD] = {
        "user_set_password",
        "UPDATE users SET password_hash = $2, must_change_password = $3, password_changed_at = $4"
        " WHERE id = $1",
        FB_SQL_SAME, "itbm", "", "" },
    [FB_SQL_USER_REHASH] = {
        "user_rehash", "UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2",
        FB_SQL_SAME, "itt", "", "the same password under a stronger hash" },
    [FB_SQL_USER_CONFIRM] = {
        "user_confirm", "UPDATE users SET confirmed = true WHERE id = $1",
        FB_SQL_SAME, "i", "", "" },
    [FB_SQL_USER_LOGGED_IN] = {
        "user_logged_in", "UPDATE users SET last_login_at = $2 WHERE id = $1",
        FB_SQL_SAME, "im", "", "" },
    [FB_SQL_USER_DELETE] = {
        "user_delete", "DELETE FROM users WHERE id = $1",
        FB_SQL_SAME, "i", "", "sessions go by cascade" },
    [FB_SQL_USER_OTHER_ADMINS] = {
        "user_other_admins",
        "SELECT count(*),"
        " count(CASE WHEN u.confirmed = true AND u.password_hash IS NOT NULL THEN 1 END)"
        " FROM roles r JOIN users u ON u.role_id = r.id WHERE " IS_ADMIN " AND u.id <> $1",
        FB_SQL_SAME, "i", "ii", "administrators besides $1: all, and those who can act" },
    [FB_SQL_USER_CANONICAL_MISSING] = {
        "user_canonical_missing",
        "SELECT u.id, u.email FROM users u"
        " WHERE u.email_canonical IS NULL AND u.email IS NOT NULL AND u.id > $1"
        " ORDER BY u.id LIMIT $2",
        FB_SQL_SAME, "ii", "it", "for the sweep over rows that others wrote" },
    [FB_SQL_USER_SET_CANONICAL] = {
        "user_set_canonical",
        "UPDATE users SET email_canonical = $3 WHERE id = $1 AND email = $2"
        " AND NOT EXISTS (SELECT 1 FROM users o WHERE o.email_canonical = $3)",
        FB_SQL_SAME, "itt", "", "no row: another user has that canonical form" },

    /* ---- sessions ---- */
    [FB_SQL_SESSION_LOAD] = {
        "session_load",
        "SELECT " LOGIN_COLUMNS ", " USER_COLUMNS
        " FROM sessions s JOIN users u ON u.uid = s.user_uid LEFT JOIN roles r ON r.id = u.role_id"
        " WHERE s.key_hash = $1 AND s.ended_at IS NULL AND s.expires_at > $2",
        FB_SQL_SAME, "xm", LOGIN_COLUMN_TYPES USER_COLUMN_TYPES,
        "all that a request of somebody logged in needs" },
    [FB_SQL_SESSION_ADD] = {
        "session_add",
        "INSERT INTO sessions (key_hash, user_uid, created_at, started_at, last_seen_at,"
        " authenticated_at, expires_at, remember, client_net, ua_family)"
        " VALUES ($1, $2, $3, $3, $3, $3, $4, $5, $6, $7) RETURNING id",
        FB_SQL_SAME, "xtmmbtt", "i", "" },
    [FB_SQL_SESSION_SEEN] = {
        "session_seen",
        "UPDATE sessions SET last_seen_at = $2, expires_at = $3 WHERE id = $1 AND ended_at IS NULL",
        FB_SQL_SAME, "imm", "", "" },
    [FB_SQL_SESSION_RENEW] = {
        "session_renew",
        "UPDATE sessions SET started_at = $2, last_seen_at = $2, expires_at = $3,"
        " authenticated_at = NULL WHERE id = $1 AND ended_at IS NULL",
        FB_SQL_SAME, "imm", "", "a new run by remember me" },
    [FB_SQL_SESSION_ROTATE] = {
        "session_rotate",
        "UPDATE sessions SET key_hash = $3, started_at = $4, last_seen_at = $4,"
        " authenticated_at = $4, expires_at = $5"
        " WHERE id = $1 AND key_hash = $2 AND ended_at IS NULL",
        FB_SQL_SAME, "ixxmm", "", "a new key after the password was proven again" },
    [FB_SQL_SESSION_UNFRESH] = {
        "session_unfresh",
        "UPDATE sessions SET authenticated_at = NULL WHERE id = $1 AND ended_at IS NULL",
        FB_SQL_SAME, "i", "", "" },
    [FB_SQL_SESSION_END] = {
        "session_end",
        "UPDATE sessions SET ended_at = $3, ended_why = $4,"
        " expires_at = CASE WHEN expires_at > $3 THEN $3 ELSE expires_at END"
        " WHERE id = $1 AND user_uid = $2 AND ended_at IS NULL",
        FB_SQL_SAME, "itmt", "", "expires_at follows, for the purge" },
    [FB_SQL_SESSION_END_ALL] = {
        "session_end_all",
        "UPDATE sessions SET ended_at = $3, ended_why = $4,"
        " expires_at = CASE WHEN expires_at > $3 THEN $3 ELSE expires_at END"
        " WHERE user_uid = $1 AND id <> $2 AND ended_at IS NULL",
        FB_SQL_SAME, "timt", "", "$2: the one that goes on, or 0" },
    [FB_SQL_SESSION_LIST] = {
        "session_list",
        "SELECT " LOGIN_COLUMNS " FROM sessions s"
        " WHERE s.user_uid = $1 AND s.ended_at IS NULL AND s.expires_at > $2"
        " ORDER BY s.last_seen_at DESC, s.id DESC LIMIT 100",
        FB_SQL_SAME, "tm", LOGIN_COLUMN_TYPES, "" },
    [FB_SQL_SESSION_PURGE] = {
        "session_purge", "DELETE FROM sessions WHERE expires_at < $1",
        FB_SQL_SAME, "m", "", "" },

    /* ---- editable pages ---- */
    [FB_SQL_EDITABLE_BY_NAME] = {
        "editable_by_name",
        "SELECT e.id, e.editor_name, e.value, e.version, e.updated_at FROM editable_html e"
        " WHERE e.editor_name = $1",
        FB_SQL_SAME, "t", "ittim", "" },
    [FB_SQL_EDITABLE_LIST] = {
        "editable_list",
        "SELECT e.id, e.editor_name, e.version, e.updated_at FROM editable_html e"
        " ORDER BY e.editor_name",
        FB_SQL_SAME, "", "itim", "without the pages' text" },
    [FB_SQL_EDITABLE_ADD] = {
        "editable_add",
        "INSERT INTO editable_html (editor_name, value, updated_at) VALUES ($1, $2, $3)"
        " ON CONFLICT DO NOTHING",
        FB_SQL_SAME, "ttm", "", "no row: somebody was first" },
    [FB_SQL_EDITABLE_SAVE] = {
        "editable_save",
        "UPDATE editable_html SET value = $2, version = version + 1, updated_at = $4"
        " WHERE editor_name = $1 AND version = $3",
        FB_SQL_SAME, "ttim", "", "no row: the page is newer than what was edited" },
};
/* clang-format on */

const fb_sql *fb_sql_get(fb_sql_id id)
{
    return (unsigned int)id < FB_SQL_COUNT_ ? &table[id] : NULL;
}

const char *fb_sql_text_sqlite(const fb_sql *sql)
{
    return sql->sqlite;
}

const char *fb_sql_text_pgsql(const fb_sql *sql)
{
    return sql->pgsql != NULL && sql->pgsql[0] == '\0' ? sql->sqlite : sql->pgsql;
}
