/* Migrations (SPEC C3): up, down and up again, files that are wrong, databases that are not ours. */
#include "store_unit.h"

#include <sqlite3.h>

#include <sys/stat.h>

static const char *own_dir; /* a copy of schema/ that a test may change */

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(apr_pstrcat(pool, own_dir, "/", name, NULL), "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void remove_file(const char *name)
{
    ck_assert_int_eq(remove(apr_pstrcat(pool, own_dir, "/", name, NULL)), 0);
}

static void copy_file(const char *name)
{
    char text[16384];
    FILE *file = fopen(apr_pstrcat(pool, store_schema_dir(), "/", name, NULL), "r");
    ck_assert_ptr_nonnull(file);
    const size_t len = fread(text, 1, sizeof(text) - 1, file);
    ck_assert_int_eq(fclose(file), 0);
    text[len] = '\0';
    write_file(name, text);
}

static void setup(void)
{
    store_setup_empty();
    own_dir = apr_pstrcat(pool, store_folder, "/schema", NULL);
    ck_assert_int_eq(mkdir(own_dir, 0755), 0);
    ck_assert_int_eq(mkdir(apr_pstrcat(pool, own_dir, "/sqlite", NULL), 0755), 0);
    ck_assert_int_eq(mkdir(apr_pstrcat(pool, own_dir, "/pgsql", NULL), 0755), 0);
    static const char *const files[] = { "0001_flask_base.up.sql", "0001_flask_base.down.sql",
                                         "0002_accounts.up.sql", "0002_accounts.down.sql" };
    for (int i = 0; i < 4; i++) {
        copy_file(apr_pstrcat(pool, "sqlite/", files[i], NULL));
        copy_file(apr_pstrcat(pool, "pgsql/", files[i], NULL));
    }
    db = store_open_in(pool, FB_DB_CREATE, 0);
}

static apr_status_t migrate(int to)
{
    fb_error_init(&error, pool);
    return fb_migrate_to(db, own_dir, to, T0, NULL, NULL, pool, &error);
}

static int collect(void *baton, int count, char **values, char **names)
{
    (void)names;
    for (int i = 0; i < count; i++) {
        *(char **)baton =
            apr_pstrcat(pool, *(char **)baton, values[i] != NULL ? values[i] : "-", "\n", NULL);
    }
    return 0;
}

static const char *dump(const char *sql)
{
    sqlite3 *handle;
    char *text = apr_pstrdup(pool, "");
    ck_assert_int_eq(sqlite3_open(store_url->path, &handle), SQLITE_OK);
    sqlite3_busy_timeout(handle, 1000);
    ck_assert_int_eq(sqlite3_exec(handle, sql, collect, &text, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(handle), SQLITE_OK);
    return text;
}

#define SCHEMA "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name"

START_TEST(the_expected_version_is_that_of_the_tree)
{
    fb_migrations *all;
    ck_assert_ok(fb_migrate_load(&all, db, store_schema_dir(), pool, &error));
    ck_assert_int_eq(all->count, fb_schema_version_expected);
    ck_assert_int_eq(all->current, 0);
    ck_assert_ptr_null(all->items[0].applied_checksum);
}
END_TEST

START_TEST(up_down_up_is_the_same)
{
    ck_assert_ok(migrate(-1));
    ck_assert_ok(fb_migrate_check(db, pool, &error));
    const char *first = dump(SCHEMA);
    ck_assert_ok(migrate(1));
    ck_assert_status(fb_migrate_check(db, pool, &error), FB_ESCHEMA);
    ck_assert_ok(migrate(-1));
    ck_assert_str_eq(dump("SELECT name FROM pragma_table_info('users')"),
                     "id\nconfirmed\nfirst_name\nlast_name\nemail\npassword_hash\nrole_id\nuid\n"
                     "email_canonical\nmust_change_password\npassword_changed_at\ncreated_at\n"
                     "last_login_at\nversion\n");
    ck_assert_str_eq(dump(SCHEMA), first);
    ck_assert_ok(migrate(0));
    ck_assert_str_eq(dump("SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite%'"),
                     "flaskbase_migrations\n");
    ck_assert_ok(migrate(-1));
    ck_assert_str_eq(dump(SCHEMA), first);
    ck_assert_ok(migrate(-1));
    ck_assert_str_eq(dump(SCHEMA), first);
    ck_assert_status(migrate(3), FB_EINVALID);
}
END_TEST

START_TEST(rows_survive_a_step_down_and_up)
{
    ck_assert_ok(migrate(1));
    dump("INSERT INTO roles VALUES (1, 'User', 'main', 1, 1);"
         "INSERT INTO users VALUES (5, 1, 'A', 'B', 'a@b.org', 'hash', 1)");
    ck_assert_ok(migrate(-1));
    const fb_user *user = store_user(5);
    ck_assert_fb_str(user->email, "a@b.org");
    ck_assert_uint_eq(user->uid.len, FB_USER_UID_LEN);
    ck_assert(user->confirmed && !user->must_change_password);
    ck_assert_int_eq(user->version, 1);
    ck_assert_ok(migrate(1));
    ck_assert_str_eq(dump("SELECT * FROM users"), "5\n1\nA\nB\na@b.org\nhash\n1\n");
}
END_TEST

START_TEST(history_tells_what_was_applied)
{
    fb_migrations *all;
    ck_assert_ok(migrate(1));
    ck_assert_ok(fb_migrate_load(&all, db, own_dir, pool, &error));
    ck_assert_int_eq(all->count, 2);
    ck_assert_int_eq(all->current, 1);
    ck_assert_str_eq(all->items[0].name, "flask_base");
    ck_assert(all->items[0].applied_at == T0);
    ck_assert_str_eq(all->items[0].applied_checksum, all->items[0].checksum);
    ck_assert(all->items[1].applied_at == 0);
}
END_TEST

START_TEST(an_old_or_new_schema_is_told)
{
    fb_db *other = store_open();
    ck_assert_status(fb_migrate_check(other, pool, &error), FB_ESCHEMA);
    ck_assert_ptr_nonnull(strstr(error.message, "older"));
    ck_assert_ptr_nonnull(strstr(error.message, "flaskbase db upgrade"));
    ck_assert_ok(migrate(-1));
    ck_assert_ok(fb_migrate_check(other, pool, &error)); /* heals by itself */

    write_file("sqlite/0003_more.up.sql", "CREATE TABLE more (id INTEGER);");
    write_file("sqlite/0003_more.down.sql", "DROP TABLE more;");
    ck_assert_ok(migrate(-1));
    fb_role_list list;
    ck_assert_ok(fb_role_list_all(&list, other, pool, &error));
    ck_assert_status(fb_migrate_check(other, pool, &error), FB_ESCHEMA);
    ck_assert_ptr_nonnull(strstr(error.message, "newer"));
    /* A folder that does not have it can't go on, nor back. */
    remove_file("sqlite/0003_more.up.sql");
    remove_file("sqlite/0003_more.down.sql");
    ck_assert_status(migrate(-1), FB_ESCHEMA);
    ck_assert_status(migrate(0), FB_ESCHEMA);
}
END_TEST

START_TEST(tables_that_vanish_are_a_schema_error)
{
    fb_db *other = store_open();
    fb_role_list list;
    ck_assert_ok(migrate(-1));
    ck_assert_ok(fb_migrate_check(other, pool, &error));
    ck_assert_ok(fb_role_list_all(&list, other, pool, &error));
    ck_assert_ok(migrate(0));
    ck_assert_status(fb_role_list_all(&list, other, pool, &error), FB_ESCHEMA);
    ck_assert_status(fb_migrate_check(other, pool, &error), FB_ESCHEMA);
}
END_TEST

START_TEST(a_failing_step_changes_nothing)
{
    ck_assert_ok(migrate(-1));
    const char *before = dump(SCHEMA);
    write_file("sqlite/0003_bad.up.sql", "CREATE TABLE bad (id INTEGER);\n\nCREATE TABEL x;\n");
    write_file("sqlite/0003_bad.down.sql", "");
    ck_assert_int_ne(migrate(-1), APR_SUCCESS);
    ck_assert_ptr_nonnull(strstr(error.message, "syntax error"));
    ck_assert_ptr_nonnull(strstr(error.where, "0003_bad.up.sql"));
    ck_assert_int_eq(error.line, 3);
    ck_assert_str_eq(dump(SCHEMA), before);
    ck_assert(!fb_db_in_transaction(db));
    write_file("sqlite/0003_bad.up.sql", "CREATE TABLE bad (id INTEGER); COMMIT;");
    ck_assert_status(migrate(-1), FB_ESYNTAX);
}
END_TEST

START_TEST(a_changed_file_is_refused)
{
    ck_assert_ok(migrate(1));
    write_file("sqlite/0001_flask_base.up.sql", "-- nothing");
    ck_assert_status(migrate(-1), FB_ECONFLICT);
    ck_assert_ptr_nonnull(strstr(error.message, "was changed after it was applied"));
}
END_TEST

START_TEST(wrong_folders_are_refused)
{
    fb_migrations *all;
    write_file("sqlite/0004_gap.up.sql", "");
    write_file("sqlite/0004_gap.down.sql", "");
    ck_assert_status(migrate(-1), FB_ESYNTAX);
    remove_file("sqlite/0004_gap.up.sql");
    remove_file("sqlite/0004_gap.down.sql");
    write_file("sqlite/0003_alone.up.sql", "");
    ck_assert_status(migrate(-1), FB_ESYNTAX);
    ck_assert_ptr_nonnull(strstr(error.message, "0003 has no .down.sql"));
    remove_file("sqlite/0003_alone.up.sql");
    static const char *const names[] = { "sqlite/3_x.up.sql",        "sqlite/0003_X.up.sql",
                                         "sqlite/0000_x.up.sql",     "sqlite/0003.up.sql",
                                         "sqlite/0002_other.up.sql", "sqlite/x.sql" };
    for (int i = 0; i < 6; i++) {
        write_file(names[i], "");
        ck_assert_msg(migrate(-1) == FB_ESYNTAX, "%s", names[i]);
        remove_file(names[i]);
    }
    ck_assert_int_ne(fb_migrate_load(&all, db, "/nonexistent", pool, &error), APR_SUCCESS);
    ck_assert_ok(migrate(-1));
}
END_TEST

START_TEST(a_foreign_database_is_left_alone)
{
    dump("CREATE TABLE users (id INTEGER, secret TEXT); INSERT INTO users VALUES (1, 'x')");
    const char *before = dump(SCHEMA);
    ck_assert_status(migrate(-1), FB_ESCHEMA);
    ck_assert_str_eq(dump(SCHEMA), before);
}
END_TEST

START_TEST(new_pairs_get_the_next_number)
{
    const char *paths[4];
    struct stat info;
    ck_assert_ok(
        fb_migrate_create(paths, own_dir, FB_STR("  Add Nick-Names & more! "), pool, &error));
    ck_assert_ptr_nonnull(strstr(paths[0], "/sqlite/0003_add_nick_names_more.up.sql"));
    ck_assert_ptr_nonnull(strstr(paths[3], "/pgsql/0003_add_nick_names_more.down.sql"));
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(stat(paths[i], &info), 0);
    }
    ck_assert_ok(migrate(-1));
    ck_assert_ok(migrate(0));
    ck_assert_ok(fb_migrate_create(paths, own_dir, FB_STR("b"), pool, &error));
    ck_assert_ptr_nonnull(strstr(paths[0], "/0004_b.up.sql"));
    ck_assert_status(fb_migrate_create(paths, own_dir, FB_STR("../"), pool, &error), FB_EINVALID);
    ck_assert_status(fb_migrate_create(paths, own_dir, FB_STR(""), pool, &error), FB_EINVALID);
    ck_assert_status(fb_migrate_create(paths, own_dir, FB_STR("a\nDROP TABLE x;"), pool, &error),
                     FB_EINVALID);
}
END_TEST

START_TEST(two_runs_do_not_step_twice)
{
    fb_db *other = store_open();
    ck_assert_ok(fb_db_begin(other, &error));
    const fb_db_options options = { apr_time_from_sec(3), NULL };
    fb_db *late;
    ck_assert_ok(fb_db_open(&late, store_url, FB_DB_EXISTING, &options, pool, &error));
    fb_db_lease(late, pool);
    ck_assert_status(fb_migrate_to(late, own_dir, -1, T0, NULL, NULL, pool, &error), FB_EUNAVAIL);
    fb_db_rollback(other);
    ck_assert_ok(migrate(-1));
}
END_TEST

static void add(TCase *tests)
{
    tcase_add_test(tests, the_expected_version_is_that_of_the_tree);
    tcase_add_test(tests, up_down_up_is_the_same);
    tcase_add_test(tests, rows_survive_a_step_down_and_up);
    tcase_add_test(tests, history_tells_what_was_applied);
    tcase_add_test(tests, an_old_or_new_schema_is_told);
    tcase_add_test(tests, tables_that_vanish_are_a_schema_error);
    tcase_add_test(tests, a_failing_step_changes_nothing);
    tcase_add_test(tests, a_changed_file_is_refused);
    tcase_add_test(tests, wrong_folders_are_refused);
    tcase_add_test(tests, a_foreign_database_is_left_alone);
    tcase_add_test(tests, new_pairs_get_the_next_number);
    tcase_add_test(tests, two_runs_do_not_step_twice);
}

int main(void)
{
    return store_main("store_migrate", add, setup, STORE_SQLITE);
}
