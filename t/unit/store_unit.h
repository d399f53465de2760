/* What the store's unit tests share: a migrated database for each test, on each engine. */
#ifndef FB_STORE_UNIT_H
#define FB_STORE_UNIT_H

#include "unit.h"

#include "base/crypto.h"
#include "store/editable.h"
#include "store/migrate.h"
#include "store/open.h"
#include "store/session.h"

#include <apr_strings.h>

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A moment with whole seconds: 2026-01-01. */
#define T0 apr_time_from_sec(1767225600)

static fb_db *db;
static apr_pool_t *store_connection; /* of `db` */
static char store_folder[64];        /* of this test; removed with what is in it */
static fb_dburl *store_url;

static inline const char *store_schema_dir(void)
{
    const char *src = getenv("FB_SRCDIR");
    return apr_pstrcat(pool, src != NULL ? src : "..", "/schema", NULL);
}

static inline int store_remove_one(const char *path, const struct stat *info, int kind,
                                   struct FTW *ftw)
{
    (void)info;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static inline fb_db *store_open_in(apr_pool_t *in, fb_db_create create,
                                   apr_interval_time_t deadline)
{
    const fb_db_options options = { deadline, NULL };
    fb_db *opened = NULL;
    ck_assert_ok(fb_db_open(&opened, store_url, create, &options, in, &error));
    return opened;
}

/* Another connection to the same database. */
static inline fb_db *store_open(void)
{
    return store_open_in(pool, FB_DB_EXISTING, 0);
}

/* The folder and the URL only. */
static inline void store_setup_empty(void)
{
    unit_setup();
    snprintf(store_folder, sizeof(store_folder), "/tmp/fb_store.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(store_folder));
    store_url = apr_pcalloc(pool, sizeof(*store_url));
    store_url->engine = FB_DB_SQLITE;
    store_url->driver = "sqlite3";
    store_url->path = apr_psprintf(pool, "%s/state/test.sqlite", store_folder);
    store_url->params = store_url->path;
    store_url->shown = apr_pstrcat(pool, "sqlite:///", store_url->path, NULL);
}

static inline void store_setup(void)
{
    store_setup_empty();
    ck_assert_int_eq(apr_pool_create(&store_connection, pool), APR_SUCCESS);
    db = store_open_in(store_connection, FB_DB_CREATE, 0);
    ck_assert_ok(fb_migrate_to(db, store_schema_dir(), -1, T0, NULL, NULL, pool, &error));
    ck_assert_ok(fb_role_seed(NULL, db, pool, &error));
}

static inline void store_teardown(void)
{
    unit_teardown();
    ck_assert_int_eq(nftw(store_folder, store_remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* A user with that address; its names are "Ann" and "Lee". */
static inline apr_int64_t store_add_user(const char *email, const char *role_name, const char *hash)
{
    fb_role *role;
    apr_int64_t id = 0;
    unsigned char uid[FB_USER_UID_LEN / 2];
    ck_assert_ok(fb_role_find_by_name(&role, db, fb_str_from(role_name), pool, &error));
    ck_assert_ok(fb_random_fill(&fb_random_openssl, uid, sizeof(uid)));
    const fb_user_new fields = {
        .uid = fb_hex_encode(pool, uid, sizeof(uid)),
        .first_name = FB_STR_INIT("Ann"),
        .last_name = FB_STR_INIT("Lee"),
        .email = fb_str_from(email),
        .password_hash = fb_str_from(hash),
        .role_id = role->id,
        .confirmed = true,
    };
    ck_assert_ok(fb_user_create(&id, db, &fields, T0, pool, &error));
    ck_assert_int_gt(id, 0);
    return id;
}

static inline fb_user *store_user(apr_int64_t id)
{
    fb_user *user = NULL;
    ck_assert_ok(fb_user_find_by_id(&user, db, id, pool, &error));
    return user;
}

static inline int store_main(const char *name, void (*add)(TCase *tests), void (*setup)(void))
{
    Suite *suite = suite_create(name);
    TCase *tests = tcase_create("sqlite");

    tcase_add_checked_fixture(tests, setup, store_teardown);
    tcase_set_timeout(tests, 60);
    add(tests);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
