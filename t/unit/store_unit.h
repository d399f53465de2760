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

/* Another connection, leased. */
static inline fb_db *store_lease(apr_interval_time_t deadline)
{
    fb_db *leased = store_open_in(pool, FB_DB_EXISTING, deadline);
    fb_db_lease(leased, pool);
    return leased;
}

/* Saves a page of that name with `len` letters. */
static inline apr_status_t store_save(fb_db *on, const char *name, apr_size_t len)
{
    apr_int64_t version;
    char *text = apr_palloc(pool, len + 1);
    memset(text, 'x', len);
    return fb_editable_save(&version, on, fb_str_from(name), fb_str_from_len(text, len), 0, T0,
                            pool, &error);
}

static inline int store_pages(fb_db *on)
{
    fb_editable_list list;
    ck_assert_ok(fb_editable_list_all(&list, on, pool, &error));
    return list.count;
}

#ifdef FB_HAVE_PGSQL
#include "store_pgsql_server.h"
#endif

/* ---- engines ---- */

typedef enum store_engines { STORE_SQLITE, STORE_PGSQL, STORE_EACH_ENGINE } store_engines;

static inline void store_add_case(Suite *suite, const char *name, void (*add)(TCase *tests),
                                  void (*setup)(void), void (*teardown)(void))
{
    TCase *tests = tcase_create(name);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 600); /* for the slowest machine there is */
    add(tests);
    suite_add_tcase(suite, tests);
}

/* `setup` is store_setup, or one that calls store_setup_empty. */
static inline int store_main(const char *name, void (*add)(TCase *tests), void (*setup)(void),
                             store_engines engines)
{
    Suite *suite = suite_create(name);
    if (engines != STORE_PGSQL) {
        store_add_case(suite, "sqlite", add, setup, store_teardown);
    }
#ifdef FB_HAVE_PGSQL
    if (engines != STORE_SQLITE) {
        store_server_start();
        store_add_case(suite, "pgsql", add, store_setup_pgsql, store_teardown_pgsql);
    }
#endif
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
#ifdef FB_HAVE_PGSQL
    if (engines != STORE_SQLITE) {
        store_server_stop();
    }
#endif
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
