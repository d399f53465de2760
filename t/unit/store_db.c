/* Connections on each engine: values, transactions, leases, deadlines, races (ASVS 1.2.4, 2.3.3,
 * 2.3.4; SPEC D26, D39). */
#include "store_unit.h"

#include <apr_thread_proc.h>

/* A budget that no machine spends where nothing blocks. */
#define PATIENT apr_time_from_sec(120)

/* ---- statements ---- */

START_TEST(parameters_are_checked)
{
    const fb_str bad = FB_STR("a\xff");
    const fb_str nul = FB_STR("a\0b");
    const fb_db_value *row;
    ck_assert_status(fb_db_query_one(&row, db, FB_SQL_ROLE_BY_ID, FB_DB_NO_PARAMS, pool, &error),
                     FB_EINTERNAL);
    ck_assert_status(fb_db_query_one(&row, db, FB_SQL_ROLE_BY_ID,
                                     FB_DB_PARAMS(fb_db_text(FB_STR("1"))), pool, &error),
                     FB_EINTERNAL);
    ck_assert_status(
        fb_db_query_one(&row, db, FB_SQL_ROLE_BY_NAME, FB_DB_PARAMS(fb_db_text(bad)), pool, &error),
        FB_EINVALID);
    ck_assert_status(
        fb_db_query_one(&row, db, FB_SQL_ROLE_BY_NAME, FB_DB_PARAMS(fb_db_text(nul)), pool, &error),
        FB_EINVALID);
    ck_assert_status(
        fb_db_query_one(&row, db, FB_SQL_ROLE_BY_NAME, FB_DB_PARAMS(fb_db_null()), pool, &error),
        FB_ENOTFOUND);
}
END_TEST

static apr_status_t use_the_connection(void *baton, const fb_db_value *columns, apr_pool_t *p,
                                       fb_error *e)
{
    fb_role_list list;
    (void)columns;
    return fb_role_list_all(&list, baton, p, e);
}

static apr_status_t stop(void *baton, const fb_db_value *columns, apr_pool_t *p, fb_error *e)
{
    (void)columns;
    (void)p;
    (void)e;
    ++*(int *)baton;
    return APR_EOF;
}

START_TEST(a_callback_can_stop_and_can_not_nest)
{
    int calls = 0;
    fb_role_list list;
    ck_assert_status(
        fb_db_query(db, FB_SQL_ROLE_LIST, FB_DB_NO_PARAMS, use_the_connection, db, pool, &error),
        FB_EINTERNAL);
    ck_assert_status(fb_db_query(db, FB_SQL_ROLE_LIST, FB_DB_NO_PARAMS, stop, &calls, pool, &error),
                     APR_EOF);
    ck_assert_int_eq(calls, 1);
    ck_assert_ok(fb_role_list_all(&list, db, pool, &error));
    ck_assert_int_eq(list.count, 2);
}
END_TEST

/* ---- transactions ---- */

START_TEST(transactions_nest)
{
    ck_assert_ok(fb_db_begin(db, &error));
    ck_assert_ok(store_save(db, "outer", 1));
    ck_assert_ok(fb_db_begin(db, &error));
    ck_assert_ok(store_save(db, "inner", 1));
    ck_assert_int_eq(fb_db_end(db, FB_EDENIED, &error), FB_EDENIED);
    ck_assert_ok(fb_db_begin(db, &error));
    ck_assert_ok(store_save(db, "second", 1));
    ck_assert_ok(fb_db_end(db, APR_SUCCESS, &error));
    ck_assert(fb_db_in_transaction(db));
    ck_assert_int_eq(store_pages(store_open()), 0);
    ck_assert_ok(fb_db_commit(db, &error));
    ck_assert_int_eq(store_pages(store_open()), 2);
    ck_assert_status(fb_db_commit(db, &error), FB_EINTERNAL);
    fb_db_rollback(db);
    ck_assert_int_eq(store_pages(db), 2);
}
END_TEST

START_TEST(an_abandoned_transaction_is_rolled_back)
{
    apr_pool_t *request;
    ck_assert_int_eq(apr_pool_create(&request, pool), APR_SUCCESS);
    fb_db_lease(db, request);
    ck_assert_ok(fb_db_begin(db, &error));
    ck_assert_ok(fb_db_begin(db, &error));
    ck_assert_ok(store_save(db, "lost", 1));
    apr_pool_destroy(request);
    ck_assert(!fb_db_in_transaction(db));
    ck_assert_int_eq(store_pages(db), 0);
    ck_assert_ok(store_save(store_lease(apr_time_from_sec(1)), "free", 1));
    ck_assert_ok(store_save(db, "again", 1));
}
END_TEST

/* ---- deadlines and locks ---- */

START_TEST(readers_do_not_wait_for_a_writer)
{
    ck_assert_ok(fb_db_begin(db, &error));
    ck_assert_ok(store_save(db, "a", 1));
    ck_assert_int_eq(store_pages(store_lease(PATIENT)), 0);
    ck_assert_ok(fb_db_commit(db, &error));
}
END_TEST

static void *APR_THREAD_FUNC commit_later(apr_thread_t *thread, void *baton)
{
    apr_sleep(apr_time_from_msec(1500));
    *(apr_status_t *)baton = fb_db_commit(db, NULL);
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

START_TEST(a_lock_of_1500_ms_is_outlived)
{
    apr_thread_t *thread;
    apr_status_t committed = FB_EINTERNAL;
    apr_status_t joined;
    apr_pool_t *own;
    ck_assert_int_eq(apr_pool_create(&own, NULL), APR_SUCCESS);
    fb_db *other = store_lease(PATIENT);
    ck_assert_ok(fb_db_begin(db, &error));
    ck_assert_ok(store_save(db, "a", 1));
    ck_assert_int_eq(apr_thread_create(&thread, NULL, commit_later, &committed, own), APR_SUCCESS);
    ck_assert_status(store_save(other, "a", 1), FB_ECONFLICT); /* it waited for the commit */
    ck_assert_int_eq(apr_thread_join(&joined, thread), APR_SUCCESS);
    ck_assert_int_eq(committed, APR_SUCCESS);
}
END_TEST

static apr_status_t dawdle(void *baton, const fb_user *user, fb_error *e)
{
    (void)user;
    (void)e;
    if (++*(int *)baton == 1) {
        apr_sleep(apr_time_from_msec(2300));
    }
    return APR_SUCCESS;
}

START_TEST(a_long_query_is_interrupted)
{
    int rows = 0;
    ck_assert_ok(fb_db_begin(db, &error));
    for (int i = 0; i < 2000; i++) {
        store_add_user(apr_psprintf(pool, "u%d@example.org", i), "User", NULL);
    }
    ck_assert_ok(fb_db_commit(db, &error));
    fb_db *other = store_lease(apr_time_from_sec(2));
    ck_assert_status(fb_user_each(other, 0, 100000, dawdle, &rows, pool, &error), FB_ETIMEOUT);
    ck_assert_int_lt(rows, 2000);
    fb_db_lease(other, pool);
    rows = 1;
    ck_assert_ok(fb_user_each(other, 0, 1000, dawdle, &rows, pool, &error));
    ck_assert_int_eq(rows, 1001);
}
END_TEST

/* ---- races ---- */

#define RACERS 8

typedef struct racer {
    fb_db *db;
    apr_pool_t *pool;
    fb_error error;
    apr_int64_t target;
    apr_status_t status;
} racer;

static void race(racer *racers, int count, apr_thread_start_t run)
{
    apr_thread_t *threads[RACERS];
    apr_status_t joined;
    for (int i = 0; i < count; i++) {
        ck_assert_int_eq(apr_thread_create(&threads[i], NULL, run, &racers[i], pool), APR_SUCCESS);
    }
    for (int i = 0; i < count; i++) {
        ck_assert_int_eq(apr_thread_join(&joined, threads[i]), APR_SUCCESS);
    }
}

static void prepare_racers(racer *racers, int count)
{
    for (int i = 0; i < count; i++) {
        memset(&racers[i], 0, sizeof(racers[i]));
        ck_assert_int_eq(apr_pool_create(&racers[i].pool, NULL), APR_SUCCESS);
        racers[i].db = store_lease(PATIENT);
        fb_error_init(&racers[i].error, racers[i].pool);
    }
}

static void *APR_THREAD_FUNC register_ann(apr_thread_t *thread, void *baton)
{
    racer *me = baton;
    apr_int64_t id;
    (void)thread;
    const fb_user_new fields = {
        .uid = fb_str_printf(me->pool, "%032d", (int)(me->target + 1)),
        .first_name = FB_STR_INIT("Ann"),
        .last_name = FB_STR_INIT("Lee"),
        .email = me->target % 2 == 0 ? FB_STR("ann@example.org") : FB_STR("ANN@example.org"),
        .role_id = 1,
    };
    me->status = fb_user_create(&id, me->db, &fields, T0, me->pool, &me->error);
    return NULL;
}

START_TEST(of_many_registrations_one_wins)
{
    racer racers[RACERS];
    apr_int64_t count;
    int won = 0;
    prepare_racers(racers, RACERS);
    for (int i = 0; i < RACERS; i++) {
        racers[i].target = i;
    }
    race(racers, RACERS, register_ann);
    for (int i = 0; i < RACERS; i++) {
        ck_assert_msg(racers[i].status == APR_SUCCESS || racers[i].status == FB_ECONFLICT,
                      "racer %d: %s", i, racers[i].error.message);
        won += racers[i].status == APR_SUCCESS;
    }
    ck_assert_int_eq(won, 1);
    ck_assert_ok(fb_user_count(&count, db, pool, &error));
    ck_assert_int_eq(count, 1);
}
END_TEST

static void *APR_THREAD_FUNC demote(apr_thread_t *thread, void *baton)
{
    racer *me = baton;
    (void)thread;
    fb_db_lease(me->db, me->pool);
    me->status = fb_user_set_role(me->db, me->target, 1, me->pool, &me->error);
    return NULL;
}

/* D39: two administrators who demote each other at the same moment. */
START_TEST(two_administrators_can_not_demote_each_other)
{
    racer racers[2];
    prepare_racers(racers, 2);
    racers[0].target = store_add_user("one@example.org", "Administrator", "h");
    racers[1].target = store_add_user("two@example.org", "Administrator", "h");
    for (int round = 0; round < 200; round++) {
        race(racers, 2, demote);
        const bool first = racers[0].status == APR_SUCCESS;
        const bool second = racers[1].status == APR_SUCCESS;
        ck_assert_msg(first != second, "round %d: %d and %d", round, racers[0].status,
                      racers[1].status);
        ck_assert_int_eq(racers[first ? 1 : 0].status, FB_EDENIED);
        ck_assert_ok(fb_user_set_role(db, racers[first ? 0 : 1].target, 2, pool, &error));
    }
}
END_TEST

static void add(TCase *tests)
{
    tcase_add_test(tests, parameters_are_checked);
    tcase_add_test(tests, a_callback_can_stop_and_can_not_nest);
    tcase_add_test(tests, transactions_nest);
    tcase_add_test(tests, an_abandoned_transaction_is_rolled_back);
    tcase_add_test(tests, readers_do_not_wait_for_a_writer);
    tcase_add_test(tests, a_lock_of_1500_ms_is_outlived);
    tcase_add_test(tests, a_long_query_is_interrupted);
    tcase_add_test(tests, of_many_registrations_one_wins);
    tcase_add_test(tests, two_administrators_can_not_demote_each_other);
}

int main(void)
{
    return store_main("store_db", add, store_setup, STORE_EACH_ENGINE);
}
