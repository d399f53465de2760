/* The N-th statement of each operation fails, for every N: all of it happens, or nothing (ASVS
 * 2.3.3). On each engine. */
#include "store_unit.h"

#include "store/backend.h"

/* ---- a connection that fails when told ---- */

static const fb_db_ops *real_ops;
static int countdown; /* statements until the failure; 0: none */

static apr_status_t failing_run(fb_db *on, fb_sql_id id, fb_db_params params, fb_db_row_fn *row,
                                void *baton, apr_int64_t *affected, apr_pool_t *p, fb_error *e)
{
    /* Undoing is what must work when all else fails. */
    if (!on->undoing && countdown > 0 && --countdown == 0) {
        return fb_error_set(e, FB_EUNAVAIL, "statement %s failed as told", fb_sql_get(id)->name);
    }
    return real_ops->run(on, id, params, row, baton, affected, p, e);
}

static apr_status_t failing_script(fb_db *on, const char *text, const char *where, fb_error *e)
{
    if (countdown > 0 && --countdown == 0) {
        /* Half of it was done. */
        const apr_status_t status = real_ops->script(on, text, where, e);
        return status != APR_SUCCESS ? status : fb_error_set(e, FB_EUNAVAIL, "failed as told");
    }
    return real_ops->script(on, text, where, e);
}

static fb_db_ops failing_ops;

static void make_failing(void)
{
    real_ops = db->ops;
    failing_ops = *real_ops;
    failing_ops.run = failing_run;
    failing_ops.script = failing_script;
    db->ops = &failing_ops;
}

/* ---- what is in the database ---- */

static apr_status_t dump_user(void *baton, const fb_user *user, fb_error *e)
{
    const char **text = baton;
    (void)e;
    *text = apr_psprintf(pool, "%s%d %.*s %.*s %.*s %.*s %d %d;", *text, (int)user->id,
                         FB_STR_ARG(user->email), FB_STR_ARG(user->first_name),
                         FB_STR_ARG(user->password_hash), FB_STR_ARG(user->role.name),
                         user->must_change_password, user->confirmed);
    return APR_SUCCESS;
}

/* Seen by another connection: what is committed. */
static const char *dump(fb_str uid)
{
    const char *text = "";
    fb_db *other = store_open();
    fb_role_list roles;
    fb_login_list logins;
    ck_assert_ok(fb_user_each(other, 0, 1000, dump_user, &text, pool, &error));
    ck_assert_ok(fb_role_list_all(&roles, other, pool, &error));
    ck_assert_ok(fb_login_list_of(&logins, other, uid, T0, pool, &error));
    return apr_psprintf(pool, "%s %d roles %d logins", text, roles.count, logins.count);
}

/* ---- operations ---- */

static apr_int64_t one;
static apr_int64_t two;
static fb_str one_uid;

static void setup_people(void)
{
    static const fb_login_limits limits = { apr_time_from_sec(1800), apr_time_from_sec(43200),
                                            apr_time_from_sec(31536000) };
    char hash[FB_LOGIN_HASH_LEN] = "0123456789abcdef0123456789abcde";
    apr_int64_t id;
    one = store_add_user("one@example.org", "Administrator", "h1");
    two = store_add_user("two@example.org", "Administrator", "h2");
    one_uid = store_user(one)->uid;
    const fb_login_new fields = { fb_str_from_len(hash, sizeof(hash)), one_uid, false,
                                  FB_STR_INIT("192.0.2.0/24"), FB_STR_INIT("Firefox") };
    ck_assert_ok(fb_login_create(&id, db, &fields, &limits, T0, pool, &error));
}

static apr_status_t demote(void)
{
    return fb_user_set_role(db, one, 1, pool, &error);
}

static apr_status_t delete_one(void)
{
    return fb_user_delete(db, one, pool, &error);
}

static apr_status_t change_email(void)
{
    return fb_user_set_email(db, one, FB_STR("new@example.org"), pool, &error);
}

/* As a page does it: one transaction around several models' functions. */
static apr_status_t change_password(void)
{
    apr_status_t status = fb_db_begin(db, &error);
    if (status != APR_SUCCESS) {
        return status;
    }
    status = fb_user_set_password(db, one, FB_STR("h3"), FB_MUST_CHANGE, T0, pool, &error);
    if (status == APR_SUCCESS) {
        status = fb_login_end_all(NULL, db, one_uid, 0, "password", T0, pool, &error);
    }
    if (status == APR_SUCCESS) {
        status = fb_user_set_role(db, one, 1, pool, &error);
    }
    return fb_db_end(db, status, &error);
}

static const struct operation {
    const char *name;
    apr_status_t (*run)(void);
} operations[] = {
    { "set_role", demote },
    { "delete", delete_one },
    { "set_email", change_email },
    { "password, sessions and role", change_password },
};

START_TEST(all_or_nothing)
{
    const struct operation *operation = &operations[_i];
    setup_people();
    make_failing();
    const char *before = dump(one_uid);
    int n = 1;
    for (;; n++) {
        ck_assert_int_lt(n, 50);
        countdown = n;
        fb_error_init(&error, pool);
        const apr_status_t status = operation->run();
        if (status == APR_SUCCESS) {
            break;
        }
        ck_assert_msg(status == FB_EUNAVAIL, "%s at %d: status %d", operation->name, n, status);
        ck_assert(!fb_db_in_transaction(db));
        ck_assert_msg(strcmp(dump(one_uid), before) == 0, "%s at %d left\n%s\nof\n%s",
                      operation->name, n, dump(one_uid), before);
    }
    countdown = 0;
    ck_assert_int_gt(n, 3); /* begin, statements, commit all failed once */
    ck_assert_str_ne(dump(one_uid), before);
}
END_TEST

START_TEST(seeding_is_all_or_nothing)
{
    fb_role_list roles;
    int n = 1;
    ck_assert_ok(fb_migrate_to(db, store_schema_dir(), 0, T0, NULL, NULL, pool, &error));
    ck_assert_ok(fb_migrate_to(db, store_schema_dir(), -1, T0, NULL, NULL, pool, &error));
    make_failing();
    for (;; n++) {
        countdown = n;
        if (fb_role_seed(NULL, db, pool, &error) == APR_SUCCESS) {
            break;
        }
        countdown = 0;
        ck_assert_ok(fb_role_list_all(&roles, store_open(), pool, &error));
        ck_assert_int_eq(roles.count, 0);
    }
    countdown = 0;
    ck_assert_int_eq(n, 6); /* begin, count, two roles, commit; the sixth does not come */
    ck_assert_ok(fb_role_list_all(&roles, store_open(), pool, &error));
    ck_assert_int_eq(roles.count, 2);
}
END_TEST

START_TEST(a_migration_is_all_or_nothing)
{
    fb_migrations *all;
    ck_assert_ok(fb_migrate_to(db, store_schema_dir(), 1, T0, NULL, NULL, pool, &error));
    make_failing();
    int n = 1;
    for (;; n++) {
        ck_assert_int_lt(n, 50);
        countdown = n;
        fb_error_init(&error, pool);
        if (fb_migrate_to(db, store_schema_dir(), 2, T0, NULL, NULL, pool, &error) == APR_SUCCESS) {
            break;
        }
        countdown = 0;
        ck_assert_ok(fb_migrate_load(&all, store_open(), store_schema_dir(), pool, &error));
        ck_assert_int_eq(all->current, 1);
    }
    countdown = 0;
    ck_assert_int_gt(n, 6);
    ck_assert_ok(fb_migrate_check(db, pool, &error));
    ck_assert_ok(fb_role_seed(NULL, db, pool, &error));
}
END_TEST

static void add(TCase *tests)
{
    tcase_add_loop_test(tests, all_or_nothing, 0, sizeof(operations) / sizeof(operations[0]));
    tcase_add_test(tests, seeding_is_all_or_nothing);
    tcase_add_test(tests, a_migration_is_all_or_nothing);
}

int main(void)
{
    return store_main("store_faults", add, store_setup, STORE_EACH_ENGINE);
}
