/* What every unit test program shares: a pool for each test, TAP on standard output.
 *
 *     START_TEST(adds) { ck_assert_int_eq(…); } END_TEST
 *     static void add(TCase *tests) { tcase_add_test(tests, adds); }
 *     int main(void) { return unit_main("base_num", add); }
 */
#ifndef FB_UNIT_H
#define FB_UNIT_H

#include "base/error.h"

#include <apr_general.h>
#include <check.h>
#include <stdlib.h>

/* Made before and destroyed after every single test. */
static apr_pool_t *pool;
/* Initialised in `pool` before every test. */
static fb_error error;

static inline void unit_setup(void)
{
    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&pool, NULL) != APR_SUCCESS) {
        abort();
    }
    fb_error_init(&error, pool);
}

static inline void unit_teardown(void)
{
    apr_pool_destroy(pool);
    apr_terminate();
}

static inline int unit_main(const char *name, void (*add)(TCase *tests))
{
    Suite *suite = suite_create(name);
    TCase *tests = tcase_create(name);

    tcase_add_checked_fixture(tests, unit_setup, unit_teardown);
    tcase_set_timeout(tests, 300);
    add(tests);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Asserts that a slice holds exactly these bytes (a string literal, NULs allowed inside). */
#define ck_assert_fb_str(actual, literal)                                                          \
    do {                                                                                           \
        fb_str ck_a = (actual);                                                                    \
        ck_assert_msg(fb_str_eq(ck_a, FB_STR(literal)), "%s is \"%.*s\", not \"%s\"", #actual,     \
                      FB_STR_ARG(ck_a), literal);                                                  \
    } while (0)

/* Asserts APR_SUCCESS, showing the message of `error` otherwise. */
#define ck_assert_ok(call)                                                                         \
    do {                                                                                           \
        apr_status_t ck_rv = (call);                                                               \
        ck_assert_msg(ck_rv == APR_SUCCESS, "%s: status %d, %s", #call, ck_rv,                     \
                      error.message != NULL ? error.message : "no message");                       \
    } while (0)

#define ck_assert_status(call, expected)                                                           \
    do {                                                                                           \
        apr_status_t ck_rv = (call);                                                               \
        ck_assert_msg(ck_rv == (expected), "%s: status %d, not %s", #call, ck_rv, #expected);      \
    } while (0)

#endif
