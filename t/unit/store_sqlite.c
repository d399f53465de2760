/* An SQLite file that is locked, full, read-only, damaged or changed by others. */
#include "store_unit.h"

#include <sqlite3.h>

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* SQL of the test's own, on a plain handle. */
static void native(const char *sql)
{
    sqlite3 *handle;
    char *message = NULL;
    ck_assert_int_eq(sqlite3_open(store_url->path, &handle), SQLITE_OK);
    sqlite3_busy_timeout(handle, 2000);
    ck_assert_msg(sqlite3_exec(handle, sql, NULL, NULL, &message) == SQLITE_OK, "%s: %s", sql,
                  message);
    ck_assert_int_eq(sqlite3_close(handle), SQLITE_OK);
}

static int take_text(void *baton, int count, char **values, char **names)
{
    (void)names;
    ck_assert_int_eq(count, 1);
    *(char **)baton = apr_pstrdup(pool, values[0]);
    return 0;
}

static const char *native_text(const char *sql)
{
    sqlite3 *handle;
    char *text = NULL;
    ck_assert_int_eq(sqlite3_open(store_url->path, &handle), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(handle, sql, take_text, &text, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(handle), SQLITE_OK);
    return text;
}

START_TEST(every_statement_is_prepared)
{
    int prepared = 0;
    for (int id = 0; id < FB_SQL_COUNT_; id++) {
        const fb_sql *sql = fb_sql_get((fb_sql_id)id);
        ck_assert_msg(sql != NULL && sql->name != NULL && sql->doc != NULL &&
                          (sql->sqlite != NULL || sql->pgsql != NULL),
                      "statement %d has no row", id);
        const apr_status_t status = fb_db_prepare(db, (fb_sql_id)id, &error);
        if (fb_sql_text_sqlite(sql) == NULL) {
            ck_assert_int_eq(status, FB_EINVALID);
        } else {
            ck_assert_msg(status == APR_SUCCESS, "%s: %s", sql->name, error.message);
            prepared++;
        }
    }
    ck_assert_int_gt(prepared, 40);
    ck_assert_ptr_null(fb_sql_get(FB_SQL_COUNT_));
}
END_TEST

START_TEST(integers_have_64_bits)
{
    native("INSERT INTO users (id, first_name, last_name, email, role_id, last_login_at)"
           " VALUES (9223372036854775806, 'A', 'B', 'max@example.org', 1, 9999999999)");
    const fb_user *user = store_user(APR_INT64_C(9223372036854775806));
    ck_assert_int_eq(user->id, APR_INT64_C(9223372036854775806));
    ck_assert(user->last_login_at == apr_time_from_sec(APR_INT64_C(9999999999)));
    native("UPDATE users SET last_login_at = 9223372036854775807");
    ck_assert(store_user(APR_INT64_C(9223372036854775806))->last_login_at == 0);
}
END_TEST

START_TEST(rows_of_others_are_found)
{
    fb_user *user;
    native("INSERT INTO users (first_name, last_name, email, role_id)"
           " VALUES (NULL, NULL, 'Other@Example.org', 1)");
    ck_assert_status(fb_user_find_by_email(&user, db, FB_STR("other@example.org"), pool, &error),
                     FB_ENOTFOUND);
    ck_assert_ok(fb_user_find_by_email(&user, db, FB_STR("Other@Example.org"), pool, &error));
    ck_assert_ptr_null(user->first_name.ptr);
    ck_assert_ptr_null(user->email_canonical.ptr);
    ck_assert_ptr_null(user->password_hash.ptr);
    ck_assert(!user->confirmed && user->created_at == 0);
    ck_assert_uint_eq(user->uid.len, FB_USER_UID_LEN);
    ck_assert_fb_str(fb_user_full_name(user, pool), " ");
    native("UPDATE users SET confirmed = 1");
    ck_assert_int_eq(store_user(user->id)->version, user->version + 1);
}
END_TEST

START_TEST(nothing_stays_prepared_on_a_closed_connection)
{
    sqlite3 *handle;
    apr_pool_t *connection;
    fb_db *attached;
    fb_role_list list;
    ck_assert_int_eq(sqlite3_open(store_url->path, &handle), SQLITE_OK);
    ck_assert_int_eq(apr_pool_create(&connection, pool), APR_SUCCESS);
    ck_assert_ok(fb_db_attach_sqlite(&attached, handle, NULL, connection, &error));
    fb_db_lease(attached, pool);
    ck_assert_ok(fb_role_list_all(&list, attached, connection, &error));
    apr_pool_destroy(connection);
    ck_assert_ptr_null(sqlite3_next_stmt(handle, NULL));
    ck_assert_int_eq(sqlite3_close(handle), SQLITE_OK);
}
END_TEST

START_TEST(a_connection_is_set_up)
{
    sqlite3 *handle;
    fb_db *attached;
    char *text = NULL;
    ck_assert_int_eq(sqlite3_open(store_url->path, &handle), SQLITE_OK);
    ck_assert_ok(fb_db_attach_sqlite(&attached, handle, NULL, pool, &error));
    ck_assert_int_eq(fb_db_engine_of(attached), FB_DB_SQLITE);
    static const char *const expected[][2] = { { "PRAGMA journal_mode", "wal" },
                                               { "PRAGMA synchronous", "2" },
                                               { "PRAGMA foreign_keys", "1" },
                                               { "PRAGMA trusted_schema", "0" } };
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(sqlite3_exec(handle, expected[i][0], take_text, &text, NULL), SQLITE_OK);
        ck_assert_str_eq(text, expected[i][1]);
    }
    apr_pool_clear(pool);
    ck_assert_int_eq(sqlite3_close(handle), SQLITE_OK);
}
END_TEST

START_TEST(a_lock_is_waited_for_until_the_deadline)
{
    ck_assert_ok(fb_db_begin(db, &error));
    fb_db *other = store_open_in(pool, FB_DB_EXISTING, apr_time_from_sec(1));
    const apr_time_t begin = apr_time_now();
    fb_db_lease(other, pool);
    ck_assert_status(store_save(other, "a", 1), FB_EUNAVAIL);
    const apr_interval_time_t waited = apr_time_now() - begin;
    ck_assert_int_ge(waited, apr_time_from_msec(900));
    ck_assert_int_lt(waited, apr_time_from_sec(30));
    ck_assert_ptr_nonnull(strstr(error.message, "locked by another program"));
    ck_assert_str_eq(error.where, "editable_add");
    /* What is spent is spent, until the next lease. */
    ck_assert_status(store_save(other, "a", 1), FB_ETIMEOUT);
    ck_assert_ok(fb_db_commit(db, &error));
    fb_db_lease(other, pool);
    ck_assert_ok(store_save(other, "a", 1));
}
END_TEST

START_TEST(a_visit_does_not_wait_for_a_lock)
{
    const fb_login_limits limits = { apr_time_from_sec(1800), apr_time_from_sec(43200), 0 };
    const char hash[FB_LOGIN_HASH_LEN] = "0123456789abcdef0123456789abcde";
    const fb_user *user = store_user(store_add_user("ann@example.org", "User", "h"));
    const fb_login_new fields = { fb_str_from_len(hash, sizeof(hash)), user->uid, false,
                                  FB_STR_INIT(""), FB_STR_INIT("") };
    fb_identity *who;
    apr_int64_t id;
    ck_assert_ok(fb_login_create(&id, db, &fields, &limits, T0, pool, &error));
    fb_db *other = store_lease(apr_time_from_sec(120));
    ck_assert_ok(fb_login_load(&who, other, fields.key_hash, T0, pool, &error));
    ck_assert_ok(fb_db_begin(db, &error));
    const apr_time_t later = T0 + apr_time_from_sec(61);
    const apr_time_t begin = apr_time_now();
    ck_assert_ok(fb_login_seen(other, &who->login, &limits, later, pool, &error));
    ck_assert_int_lt(apr_time_now() - begin, apr_time_from_sec(60)); /* not all of the budget */
    ck_assert_ptr_null(error.message);
    ck_assert_ok(fb_db_commit(db, &error));
    ck_assert_ok(fb_login_load(&who, other, fields.key_hash, T0, pool, &error));
    ck_assert(who->login.last_seen_at == T0);
    ck_assert_ok(fb_login_seen(other, &who->login, &limits, later, pool, &error));
    ck_assert_ok(fb_login_load(&who, other, fields.key_hash, T0, pool, &error));
    ck_assert(who->login.last_seen_at == later);
}
END_TEST

START_TEST(files_are_private)
{
    struct stat info;
    ck_assert_int_eq(stat(store_url->path, &info), 0);
    ck_assert_int_eq(info.st_mode & 0777, 0600);
    ck_assert_int_eq(stat(apr_pstrcat(pool, store_folder, "/state", NULL), &info), 0);
    ck_assert_int_eq(info.st_mode & 0777, 0700);
    ck_assert_int_eq(stat(apr_pstrcat(pool, store_url->path, "-wal", NULL), &info), 0);
    ck_assert_int_eq(info.st_mode & 0777, 0600);
}
END_TEST

START_TEST(a_missing_file_is_not_made_by_the_way)
{
    fb_db *opened;
    fb_dburl other = *store_url;
    other.path = apr_pstrcat(pool, store_folder, "/none.sqlite", NULL);
    ck_assert_status(fb_db_open(&opened, &other, FB_DB_EXISTING, NULL, pool, &error), FB_ENOTFOUND);
    ck_assert_ptr_nonnull(strstr(error.message, "flaskbase db upgrade"));
    ck_assert_int_ne(access(other.path, F_OK), 0);
    other.path = apr_pstrcat(pool, store_folder, "/none/deeper/x.sqlite", NULL);
    ck_assert_int_ne(fb_db_open(&opened, &other, FB_DB_CREATE, NULL, pool, &error), APR_SUCCESS);
    other.path = store_folder;
    fb_error_init(&error, pool);
    ck_assert_status(fb_db_open(&opened, &other, FB_DB_EXISTING, NULL, pool, &error), FB_EUNAVAIL);
}
END_TEST

START_TEST(a_full_disk_loses_nothing_and_passes)
{
    struct rlimit before;
    ck_assert_ok(store_save(db, "before", 10));
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit small = { 600 * 1024, before.rlim_max };
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    ck_assert_ok(fb_db_begin(db, &error));
    ck_assert_ok(store_save(db, "first", 10));
    apr_status_t status = store_save(db, "huge", 4 * 1024 * 1024);
    if (status == APR_SUCCESS) { /* it may still fit into the cache */
        status = fb_db_end(db, status, &error);
    } else {
        ck_assert_int_eq(fb_db_end(db, status, &error), status);
    }
    ck_assert_int_eq(status, FB_EUNAVAIL);
    ck_assert_ptr_nonnull(error.message);
    ck_assert(!fb_db_in_transaction(db));
    ck_assert_int_eq(store_pages(db), 1);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    ck_assert_ok(store_save(db, "after", 4 * 1024 * 1024));
    ck_assert_int_eq(store_pages(store_open()), 2);
    ck_assert_str_eq(native_text("PRAGMA integrity_check"), "ok");
}
END_TEST

START_TEST(a_transaction_that_the_engine_gave_up_is_not_half_committed)
{
    ck_assert_ok(fb_db_begin(db, &error));
    ck_assert_ok(store_save(db, "first", 10));
    /* As SQLite does by itself after some errors. */
    ck_assert_ok(fb_db_exec(NULL, db, FB_SQL_ROLLBACK, FB_DB_NO_PARAMS, pool, &error));
    ck_assert_status(store_save(db, "", 10), FB_EINVALID);
    ck_assert_status(fb_db_exec(NULL, db, FB_SQL_ROLLBACK, FB_DB_NO_PARAMS, pool, &error),
                     FB_EINTERNAL);
    ck_assert_status(store_save(db, "second", 10), FB_EUNAVAIL);
    ck_assert_status(fb_db_commit(db, &error), FB_EUNAVAIL);
    ck_assert_int_eq(store_pages(db), 0);
    ck_assert_ok(store_save(db, "third", 10));
    ck_assert_int_eq(store_pages(store_open()), 1);
}
END_TEST

/* Root may write anything: go on as a user who may not. */
static void become_nobody(void)
{
    if (geteuid() == 0) {
        const char *state = apr_pstrcat(pool, store_folder, "/state", NULL);
        ck_assert_int_eq(chown(store_folder, 65534, 65534), 0);
        ck_assert_int_eq(chown(state, 65534, 65534), 0);
        ck_assert_int_eq(chown(store_url->path, 65534, 65534), 0);
        ck_assert_int_eq(setgid(65534), 0);
        ck_assert_int_eq(setuid(65534), 0);
    }
}

START_TEST(a_read_only_file_is_refused_with_words)
{
    fb_db *opened;
    apr_pool_t *own;
    apr_pool_destroy(store_connection);
    become_nobody();
    ck_assert_int_eq(chmod(store_url->path, 0400), 0);
    ck_assert_int_eq(apr_pool_create(&own, pool), APR_SUCCESS);
    opened = store_open_in(own, FB_DB_EXISTING, 0);
    ck_assert_int_eq(store_pages(opened), 0); /* reading goes on */
    ck_assert_status(store_save(opened, "a", 1), FB_EUNAVAIL);
    ck_assert_ptr_nonnull(strstr(error.message, "can not be written; check owner and mode"));
    apr_pool_destroy(own);

    ck_assert_int_eq(chmod(store_url->path, 0), 0);
    fb_error_init(&error, pool);
    ck_assert_status(fb_db_open(&opened, store_url, FB_DB_EXISTING, NULL, pool, &error),
                     FB_EUNAVAIL);
    ck_assert_int_eq(chmod(store_url->path, 0600), 0);
    ck_assert_ok(store_save(store_open(), "a", 1));
}
END_TEST

static void overwrite(long offset, size_t len)
{
    FILE *file = fopen(store_url->path, "r+b");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseek(file, offset, SEEK_SET), 0);
    for (size_t i = 0; i < len; i++) {
        ck_assert_int_ne(fputc(0xa5, file), EOF);
    }
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(a_damaged_file_is_reported)
{
    fb_db *opened;
    fb_role_list list;
    native("PRAGMA wal_checkpoint(TRUNCATE)");
    overwrite(4096, 200 * 1024);
    ck_assert_ok(fb_db_open(&opened, store_url, FB_DB_EXISTING, NULL, pool, &error));
    ck_assert_status(fb_role_list_all(&list, opened, pool, &error), FB_EUNAVAIL);
    ck_assert_ptr_nonnull(strstr(error.message, "restore it from a backup"));
}
END_TEST

START_TEST(another_file_is_refused)
{
    fb_db *opened;
    fb_dburl other = *store_url;
    other.path = apr_pstrcat(pool, store_folder, "/letter.txt", NULL);
    FILE *file = fopen(other.path, "w");
    ck_assert_ptr_nonnull(file);
    for (int i = 0; i < 2000; i++) {
        ck_assert_int_gt(fprintf(file, "Dear Ann,\n"), 0);
    }
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_status(fb_db_open(&opened, &other, FB_DB_EXISTING, NULL, pool, &error), FB_EUNAVAIL);
    ck_assert_ptr_nonnull(strstr(error.message, "not an SQLite database"));
    ck_assert_ptr_nonnull(error.where);
}
END_TEST

static void add(TCase *tests)
{
    tcase_add_test(tests, every_statement_is_prepared);
    tcase_add_test(tests, integers_have_64_bits);
    tcase_add_test(tests, rows_of_others_are_found);
    tcase_add_test(tests, nothing_stays_prepared_on_a_closed_connection);
    tcase_add_test(tests, a_connection_is_set_up);
    tcase_add_test(tests, a_lock_is_waited_for_until_the_deadline);
    tcase_add_test(tests, a_visit_does_not_wait_for_a_lock);
    tcase_add_test(tests, files_are_private);
    tcase_add_test(tests, a_missing_file_is_not_made_by_the_way);
    tcase_add_test(tests, a_full_disk_loses_nothing_and_passes);
    tcase_add_test(tests, a_transaction_that_the_engine_gave_up_is_not_half_committed);
    tcase_add_test(tests, a_read_only_file_is_refused_with_words);
    tcase_add_test(tests, a_damaged_file_is_reported);
    tcase_add_test(tests, another_file_is_refused);
}

int main(void)
{
    return store_main("store_sqlite", add, store_setup, STORE_SQLITE);
}
