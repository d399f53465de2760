/* A PostgreSQL server that is away, restarted, stalled or silent; migrations and types there. */
#include "store_unit.h"

#ifdef FB_HAVE_PGSQL

START_TEST(every_statement_is_prepared)
{
    int prepared = 0;
    for (int id = 0; id < FB_SQL_COUNT_; id++) {
        const fb_sql *sql = fb_sql_get((fb_sql_id)id);
        const apr_status_t status = fb_db_prepare(db, (fb_sql_id)id, &error);
        if (fb_sql_text_pgsql(sql) == NULL) {
            ck_assert_int_eq(status, FB_EINVALID);
        } else {
            ck_assert_msg(status == APR_SUCCESS, "%s: %s", sql->name, error.message);
            prepared++;
        }
    }
    ck_assert_int_gt(prepared, 40);
}
END_TEST

START_TEST(integers_have_64_bits)
{
    store_pgsql_text("ALTER TABLE users ALTER COLUMN id TYPE BIGINT");
    store_pgsql_text("INSERT INTO users (id, first_name, last_name, email, role_id, last_login_at)"
                     " VALUES (9223372036854775806, NULL, 'B', 'max@example.org', 1, 9999999999)");
    fb_db *fresh = store_open();
    fb_user *user;
    ck_assert_ok(fb_user_find_by_email(&user, fresh, FB_STR("max@example.org"), pool, &error));
    ck_assert_int_eq(user->id, APR_INT64_C(9223372036854775806));
    ck_assert_ptr_null(user->first_name.ptr);
    ck_assert(user->last_login_at == apr_time_from_sec(APR_INT64_C(9999999999)));
    ck_assert_uint_eq(user->uid.len, FB_USER_UID_LEN);
    ck_assert_ptr_null(user->password_hash.ptr);
}
END_TEST

/* ---- the server ---- */

static const char *others = "SELECT string_agg(pid::text, ' ') FROM pg_stat_activity"
                            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";

static void signal_backends(const char *pids, int how)
{
    char *end;
    while (*pids != '\0') {
        const long pid = strtol(pids, &end, 10);
        ck_assert_int_gt(pid, 1);
        ck_assert_int_eq(kill((pid_t)pid, how), 0);
        pids = *end == ' ' ? end + 1 : end;
    }
}

START_TEST(a_stalled_server_costs_the_deadline_only)
{
    fb_db *other = store_lease(apr_time_from_sec(2));
    const char *pids = store_pgsql_text(others);
    fb_role_list list;
    signal_backends(pids, SIGSTOP);
    const apr_time_t begin = apr_time_now();
    fb_db_lease(other, pool); /* the budget starts here */
    const apr_status_t status = fb_role_list_all(&list, other, pool, &error);
    const apr_interval_time_t took = apr_time_now() - begin;
    signal_backends(pids, SIGCONT);
    ck_assert_int_eq(status, FB_ETIMEOUT);
    ck_assert_int_ge(took, apr_time_from_msec(1900));
    ck_assert_int_lt(took, apr_time_from_sec(30));
    fb_db_lease(other, pool);
    ck_assert_ok(fb_role_list_all(&list, other, pool, &error));
    ck_assert_int_eq(list.count, 2);
}
END_TEST

START_TEST(a_stalled_transaction_is_given_up)
{
    apr_pool_t *request;
    ck_assert_int_eq(apr_pool_create(&request, pool), APR_SUCCESS);
    fb_db *other = store_lease(apr_time_from_sec(2));
    fb_db_lease(other, request);
    ck_assert_ok(fb_db_begin(other, &error));
    ck_assert_ok(store_save(other, "lost", 1));
    const char *pids = store_pgsql_text(others);
    signal_backends(pids, SIGSTOP);
    const apr_time_t begin = apr_time_now();
    apr_pool_destroy(request); /* the request ends without a commit */
    const apr_interval_time_t took = apr_time_now() - begin;
    signal_backends(pids, SIGCONT);
    ck_assert_int_lt(took, apr_time_from_sec(30));
    fb_db_lease(other, pool);
    ck_assert_int_eq(store_pages(other), 0);
}
END_TEST

START_TEST(a_killed_connection_heals_at_the_next_lease)
{
    fb_db *other = store_lease(FB_DB_DEADLINE);
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(store_pages(other), i);
        store_pgsql_text("SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity"
                         " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()");
        fb_db_lease(other, pool);
        ck_assert_ok(store_save(other, apr_psprintf(pool, "p%d", i), 1));
    }
}
END_TEST

START_TEST(a_transaction_on_a_killed_connection_is_lost_as_a_whole)
{
    fb_db *other = store_lease(FB_DB_DEADLINE);
    ck_assert_ok(fb_db_begin(other, &error));
    ck_assert_ok(store_save(other, "first", 1));
    store_pgsql_text("SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity"
                     " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()");
    apr_status_t status = store_save(other, "second", 1);
    ck_assert_int_eq(status, FB_EUNAVAIL);
    ck_assert_int_eq(store_save(other, "third", 1), FB_EUNAVAIL);
    ck_assert_int_eq(fb_db_end(other, APR_SUCCESS, &error), FB_EUNAVAIL);
    ck_assert_int_eq(store_pages(other), 0);
}
END_TEST

START_TEST(a_failed_transaction_does_not_commit)
{
    ck_assert_ok(fb_db_begin(db, &error));
    ck_assert_ok(store_save(db, "first", 1));
    /* An error inside fails the whole transaction on this engine. */
    ck_assert_status(fb_db_exec(NULL, db, FB_SQL_ROLE_ADD,
                                FB_DB_PARAMS(fb_db_text(FB_STR("X")), fb_db_null(), fb_db_null(),
                                             fb_db_int(APR_INT64_MAX)),
                                pool, &error),
                     FB_EINVALID);
    ck_assert_status(fb_db_commit(db, &error), FB_EUNAVAIL);
    ck_assert_int_eq(store_pages(db), 0);
}
END_TEST

START_TEST(no_server_is_told_at_once)
{
    fb_db *opened;
    fb_dburl nowhere = *store_url;
    nowhere.params = apr_psprintf(pool, "host=127.0.0.1 port=%d user=fb", store_free_port());
    const apr_time_t begin = apr_time_now();
    ck_assert_status(fb_db_open(&opened, &nowhere, FB_DB_EXISTING, NULL, pool, &error),
                     FB_EUNAVAIL);
    ck_assert_int_lt(apr_time_now() - begin, apr_time_from_sec(30));
    ck_assert_str_eq(error.where, store_url->shown);
}
END_TEST

START_TEST(a_silent_port_is_given_up)
{
    fb_db *opened;
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t len = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(listen(fd, 5), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    fb_dburl silent = *store_url;
    silent.params =
        apr_psprintf(pool, "host=127.0.0.1 port=%d user=fb", (int)ntohs(address.sin_port));
    const apr_time_t begin = apr_time_now();
    ck_assert_status(fb_db_open(&opened, &silent, FB_DB_EXISTING, NULL, pool, &error), FB_ETIMEOUT);
    ck_assert_int_lt(apr_time_now() - begin, apr_time_from_sec(30));
    close(fd);
}
END_TEST

/* ---- the schema ---- */

START_TEST(up_down_up_is_the_same)
{
    static const char *const columns =
        "SELECT string_agg(concat_ws(' ', table_name, column_name, data_type, column_default,"
        " is_nullable, character_maximum_length), ',' ORDER BY table_name, ordinal_position)"
        " FROM information_schema.columns WHERE table_schema = current_schema()";
    const char *first = store_pgsql_text(columns);
    ck_assert_ok(fb_migrate_check(db, pool, &error));
    ck_assert_ok(fb_migrate_to(db, store_schema_dir(), 0, T0, NULL, NULL, pool, &error));
    ck_assert_str_eq(store_pgsql_text("SELECT count(*) FROM information_schema.tables"
                                      " WHERE table_schema = current_schema()"),
                     "1");
    fb_role_list list;
    ck_assert_status(fb_role_list_all(&list, db, pool, &error), FB_ESCHEMA);
    ck_assert_status(fb_migrate_check(db, pool, &error), FB_ESCHEMA);
    ck_assert_ok(fb_migrate_to(db, store_schema_dir(), -1, T0, NULL, NULL, pool, &error));
    ck_assert_str_eq(store_pgsql_text(columns), first);
    ck_assert_ok(fb_migrate_check(db, pool, &error));
    ck_assert_ok(fb_role_list_all(&list, db, pool, &error));
}
END_TEST

START_TEST(a_foreign_database_is_left_alone)
{
    ck_assert_ok(fb_migrate_to(db, store_schema_dir(), 0, T0, NULL, NULL, pool, &error));
    store_pgsql_text("CREATE TABLE users (id INTEGER)");
    ck_assert_status(fb_migrate_to(db, store_schema_dir(), -1, T0, NULL, NULL, pool, &error),
                     FB_ESCHEMA);
}
END_TEST

START_TEST(a_failing_step_names_the_line)
{
    static const char *const folders[] = { "/m", "/m/pgsql" };
    static const char *const files[][2] = {
        { "0001_bad.up.sql", "CREATE TABLE bad (id INTEGER);\n\nCREATE TABEL x;\n" },
        { "0001_bad.down.sql", "" },
    };
    char folder[] = "/tmp/fb_store.XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(folder));
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(mkdir(apr_pstrcat(pool, folder, folders[i], NULL), 0700), 0);
    }
    for (int i = 0; i < 2; i++) {
        FILE *file = fopen(apr_pstrcat(pool, folder, "/m/pgsql/", files[i][0], NULL), "w");
        ck_assert_ptr_nonnull(file);
        ck_assert_int_ge(fputs(files[i][1], file), 0);
        ck_assert_int_eq(fclose(file), 0);
    }
    ck_assert_ok(fb_migrate_to(db, store_schema_dir(), 0, T0, NULL, NULL, pool, &error));
    ck_assert_int_ne(
        fb_migrate_to(db, apr_pstrcat(pool, folder, "/m", NULL), -1, T0, NULL, NULL, pool, &error),
        APR_SUCCESS);
    ck_assert_int_eq(error.line, 3);
    ck_assert_str_eq(store_pgsql_text("SELECT count(*) FROM information_schema.tables"
                                      " WHERE table_schema = current_schema()"),
                     "1");
    ck_assert_int_eq(nftw(folder, store_remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}
END_TEST

static void add(TCase *tests)
{
    tcase_add_test(tests, every_statement_is_prepared);
    tcase_add_test(tests, integers_have_64_bits);
    tcase_add_test(tests, a_stalled_server_costs_the_deadline_only);
    tcase_add_test(tests, a_stalled_transaction_is_given_up);
    tcase_add_test(tests, a_killed_connection_heals_at_the_next_lease);
    tcase_add_test(tests, a_transaction_on_a_killed_connection_is_lost_as_a_whole);
    tcase_add_test(tests, a_failed_transaction_does_not_commit);
    tcase_add_test(tests, no_server_is_told_at_once);
    tcase_add_test(tests, a_silent_port_is_given_up);
    tcase_add_test(tests, up_down_up_is_the_same);
    tcase_add_test(tests, a_foreign_database_is_left_alone);
    tcase_add_test(tests, a_failing_step_names_the_line);
}

int main(void)
{
    return store_main("store_pgsql", add, NULL, STORE_PGSQL);
}

#else

int main(void)
{
    return EXIT_FAILURE; /* built only with PostgreSQL */
}

#endif
