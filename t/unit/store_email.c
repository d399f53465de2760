/* The canonical form of e-mail addresses (SPEC M10, D26). */
#include "unit.h"

#include "store/user.h"

#include <string.h>

START_TEST(addresses_fold)
{
    static const char *const cases[][2] = {
        { "ann@example.org", "ann@example.org" },
        { "Ann.Lee+x@EXAMPLE.Org", "ann.lee+x@example.org" },
        { "\"a b\"@example.org", "\"a b\"@example.org" },
        { "a@b@example.org", "a@b@example.org" },
        { "J\xc3\x9cRGEN@example.org", "j\xc3\xbcrgen@example.org" },
        /* final sigma, long s, micro sign */
        { "\xce\xa3\xcf\x82@example.org", "\xcf\x83\xcf\x83@example.org" },
        { "\xc5\xbf\xc2\xb5@example.org", "s\xce\xbc@example.org" },
        /* Kelvin sign */
        { "\xe2\x84\xaa@example.org", "k@example.org" },
        /* sharp s, small and capital: never "ss" */
        { "stra\xc3\x9f"
          "e@example.org",
          "stra\xc3\x9f"
          "e@example.org" },
        { "stra\xe1\xba\x9e"
          "e@example.org",
          "stra\xc3\x9f"
          "e@example.org" },
        /* dotless and dotted i stay what they are */
        { "m\xc4\xb1ke@example.org", "m\xc4\xb1ke@example.org" },
        { "\xc4\xb0@example.org", "\xc4\xb0@example.org" },
        /* hosts */
        { "a@B\xc3\x9c"
          "CHER.example",
          "a@xn--bcher-kva.example" },
        { "a@xn--BCHER-KVA.example", "a@xn--bcher-kva.example" },
        { "a@bu\xcc\x88"
          "cher.example",
          "a@xn--bcher-kva.example" },
        { "a@stra\xc3\x9f"
          "e.example",
          "a@xn--strae-oqa.example" },
        { "a@localhost", "a@localhost" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fb_str canonical;
        ck_assert_ok(fb_email_canonical(&canonical, fb_str_from(cases[i][0]), pool, &error));
        ck_assert_msg(fb_str_eq_z(canonical, cases[i][1]), "%s gave %.*s", cases[i][0],
                      FB_STR_ARG(canonical));
    }
}
END_TEST

START_TEST(what_is_no_address_is_refused)
{
    static const char *const bad[] = {
        "",
        "a",
        "@",
        "a@",
        "@b.org",
        "a@.org",
        "a@b..org",
        "a@b.org.",
        "a@[1.2.3.4]",
        "a@b org",
        "a\n@b.org",
        "a@b.org\r",
        "a@b\xff.org",
        "\xc0\x80@b.org",
        "a@-b.org",
        "a@xn--a-\xc3\xa4.org",
        "a@b/c",
        "a@b\xe2\x80\xae.org",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        fb_str canonical;
        fb_error_init(&error, pool);
        const apr_status_t status =
            fb_email_canonical(&canonical, fb_str_from(bad[i]), pool, &error);
        ck_assert_msg(status == FB_EINVALID, "%s: status %d", bad[i], status);
        ck_assert_ptr_nonnull(error.message);
    }
    fb_str canonical;
    ck_assert_status(fb_email_canonical(&canonical, FB_STR("a\0b@c.org"), pool, &error),
                     FB_EINVALID);
    char *label = apr_palloc(pool, 70);
    memset(label, 'a', 70);
    memcpy(label, "a@", 2);
    ck_assert_status(fb_email_canonical(&canonical, fb_str_from_len(label, 70), pool, &error),
                     FB_EINVALID);
    char *local = apr_palloc(pool, 400);
    memset(local, 'a', 400);
    memcpy(local + 394, "@b.org", 6);
    ck_assert_status(fb_email_canonical(&canonical, fb_str_from_len(local, 400), pool, &error),
                     FB_EINVALID);
}
END_TEST

/* What is canonical stays as it is: a form that changed at each step would not be unique. */
START_TEST(folding_twice_changes_nothing)
{
    for (unsigned int c = 0x80; c < 0x20000; c++) {
        char text[16];
        if (c >= 0xd800 && c <= 0xdfff) {
            continue;
        }
        const apr_size_t len = fb_str_utf8_put(text, c);
        memcpy(text + len, "@b.org", 6);
        fb_str once;
        fb_str twice;
        if (fb_email_canonical(&once, fb_str_from_len(text, len + 6), pool, NULL) != APR_SUCCESS) {
            continue;
        }
        ck_assert_ok(fb_email_canonical(&twice, once, pool, &error));
        ck_assert_msg(fb_str_eq(once, twice), "U+%04X", c);
        if (c % 4096 == 0) {
            apr_pool_clear(pool);
            fb_error_init(&error, pool);
        }
    }
}
END_TEST

static void add(TCase *tests)
{
    tcase_add_test(tests, addresses_fold);
    tcase_add_test(tests, what_is_no_address_is_refused);
    tcase_add_test(tests, folding_twice_changes_nothing);
}

int main(void)
{
    return unit_main("store_email", add);
}
