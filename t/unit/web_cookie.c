/* The cookie reader (SPEC X14, SECURITY 2: hostile cookies) and Set-Cookie (ASVS 3.3.1-3.3.4). */
#include "web_support.h"

#include "web/cookie.h"

static const char *first(const char *header, const char *name)
{
    fb_request *request = test_request();
    fb_cookie_walk walk;
    fb_str value;
    test_header(request, "Cookie", header);
    fb_cookie_start(&walk, request, name);
    return fb_cookie_next(&walk, &value) ? fb_str_to_z(pool, value) : NULL;
}

START_TEST(reads_strictly)
{
    static const struct {
        const char *header;
        const char *value; /* of "session"; NULL: absent */
    } rows[] = {
        { "session=x", "x" },
        { "a=b; session=x", "x" },
        { "a=b;session=x;c=d", "x" },
        { "session=", "" },
        { "session==", "=" },
        { "session=a=b", "a=b" },
        { " session=x ", "x" },
        { "\tsession=x\t", "x" },
        { ";;;session=x;;", "x" },
        { "a=b,session=x", NULL }, /* httpd's own reader takes this one */
        { "a=b, session=x", NULL },
        { "a=\"b; session=x\"", "x\"" },
        { "Session=x", NULL },
        { "xsession=x", NULL },
        { "sessionx=y", NULL },
        { "session", NULL },
        { "session ", NULL },
        { "session =x", NULL },
        { "=x", NULL },
        { "=", NULL },
        { ";", NULL },
        { "", NULL },
        { "; ; ;", NULL },
        { "session= x", " x" },
        { "session=x; session=y", "x" },
        { "$Version=1; session=x", "x" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *value = first(rows[i].header, "session");
        if (rows[i].value == NULL) {
            ck_assert_msg(value == NULL, "%s: %s", rows[i].header, value);
        } else {
            ck_assert_msg(value != NULL && strcmp(value, rows[i].value) == 0, "%s: %s",
                          rows[i].header, value != NULL ? value : "(none)");
        }
    }
}
END_TEST

START_TEST(survives_size)
{
    char *big = apr_pcalloc(pool, 8193);
    memset(big, ';', 8192);
    ck_assert_ptr_null(first(big, "session"));
    memset(big, 'a', 8192);
    ck_assert_ptr_null(first(big, "session"));
    memset(big, '=', 8192);
    ck_assert_ptr_null(first(big, "session"));
    memcpy(big, "session=", 8);
    ck_assert_uint_eq(strlen(first(big, "session")), 8192 - 8);
    for (int i = 0; i < 8192; i += 2) {
        memcpy(big + i, "a;", 2);
    }
    ck_assert_ptr_null(first(big, "session"));
}
END_TEST

START_TEST(walks_all)
{
    fb_request *request = test_request();
    fb_cookie_walk walk;
    fb_str value;
    test_header(request, "cookie", "s=1; s=2");
    test_header(request, "Accept", "s=9");
    test_header(request, "COOKIE", "t=0; s=3");
    fb_cookie_start(&walk, request, "s");
    ck_assert(fb_cookie_next(&walk, &value));
    ck_assert_fb_str(value, "1");
    ck_assert(fb_cookie_next(&walk, &value));
    ck_assert_fb_str(value, "2");
    ck_assert(fb_cookie_next(&walk, &value));
    ck_assert_fb_str(value, "3");
    ck_assert(!fb_cookie_next(&walk, &value));
    ck_assert(!fb_cookie_next(&walk, &value));
}
END_TEST

/* SPEC D37; ASVS 3.3.1 Secure, 3.3.2 SameSite, 3.3.4 HttpOnly. */
START_TEST(formats)
{
    fb_request *request = test_request();
    ck_assert_str_eq(fb_cookie_format("n", FB_STR("v"), FB_COOKIE_BROWSER, 5, request),
                     "n=v; Path=/; HttpOnly; SameSite=Lax");
    request->is_https = true;
    ck_assert_str_eq(fb_cookie_format("__Host-n", FB_STR("v"), FB_COOKIE_LASTING, 60, request),
                     "__Host-n=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
    ck_assert_str_eq(fb_cookie_format("n", FB_STR(""), FB_COOKIE_REMOVE, 60, request),
                     "n=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; "
                     "SameSite=Lax; Secure");
}
END_TEST

static void add(TCase *tests)
{
    tcase_add_test(tests, reads_strictly);
    tcase_add_test(tests, survives_size);
    tcase_add_test(tests, walks_all);
    tcase_add_test(tests, formats);
}

int main(void)
{
    return unit_main("web_cookie", add);
}
