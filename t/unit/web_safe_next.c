/* Where `next` may lead (SPEC D3; ASVS 3.7.2): an allow-list grammar. */
#include "web_support.h"

#include "web/safe_next.h"

static const char *const good[] = {
    "/",
    "/about",
    "/account/manage",
    "/admin/",
    "/admin/users?q=a&role=2&sort=last_name",
    "/admin/user/12",
    "/?x=1",
    "/a?b=//c",
    "/a?next=%2Fb",
    "/a?u=http://elsewhere.example/",
    "/caf%C3%A9",
    "/a-b._~!$&'()*+,;=:@",
    "/a?b?c",
    "/%41",
    "/a?x=100%25",
    "/...",
    "/a/..b",
    "/.well-known/x",
};

static const char *const hostile[] = {
    "",
    "about",
    "?x",
    "#",
    ".",
    "..",
    "./a",
    "../a",
    "//",
    "///",
    "//evil.example",
    "//evil.example/",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\\/evil.example",
    "/a\\b",
    "/a/\\evil",
    "http://evil.example",
    "https://evil.example/",
    "HTTP://evil.example",
    "http:/evil.example",
    "http:evil.example",
    "https:///evil.example",
    "//evil.example@x",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "mailto:a@b",
    "ftp://x",
    "file:///etc/passwd",
    "/%2f/evil.example",
    "/%2F/evil.example",
    "/%2fevil.example",
    "/%5cevil.example",
    "/%5Cevil.example",
    "/%5c%5cevil.example",
    "/%252fevil.example",
    "/%25%32%66evil",
    "/%255cevil",
    "/a%2fb",
    "/a%00b",
    "/%00",
    "/a?b=%00",
    "/%0d%0aSet-Cookie:x=1",
    "/a%0a",
    "/a?b%0d",
    "/%09/evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    " /about",
    "/ about",
    "/about ",
    "\n/about",
    "/about\n",
    "/a\rb",
    ("/a\x01"
     "b"),
    "/a\x7f",
    "/a%7f",
    "/a#b",
    "/#",
    "/a%",
    "/a%2",
    "/a%zz",
    "/a%u0041",
    "/./a",
    "/../a",
    "/a/../b",
    "/a/./b",
    "/a/..",
    "/%2e%2e/a",
    "/%2e/a",
    "/.%2e/a",
    "/a/%2E%2E",
    "/a//b",
    "/a/b//",
    "/<script>",
    "/a\"b",
    "/a|b",
    "/a^b",
    "/a`b",
    "/{a}",
    "/\xc3\xa9",
    "/\xe2\x80\xae",
    "/\xff",
    "/a?b=<x>",
    "/a?b=\\",
    "/a?b=%5c",
    "/a?b= c",
    "/a?b=\xc3\xa9",
    "/a?b#c",
    "\xef\xbb\xbf/about",
    "\xe3\x80\x80/about",
};

START_TEST(accepts)
{
    fb_site *site = test_site();
    for (size_t i = 0; i < COUNT(good); i++) {
        ck_assert_msg(fb_safe_next(site, fb_str_from(good[i])), "%s", good[i]);
    }
}
END_TEST

START_TEST(refuses)
{
    fb_site *site = test_site();
    ck_assert_uint_ge(COUNT(hostile), 60);
    for (size_t i = 0; i < COUNT(hostile); i++) {
        ck_assert_msg(!fb_safe_next(site, fb_str_from(hostile[i])), "%s", hostile[i]);
    }
    ck_assert(!fb_safe_next(site, FB_STR("/a\0b")));
    ck_assert(!fb_safe_next(site, (fb_str){ NULL, 0 }));
}
END_TEST

/* Every single byte behind a slash: only the grammar's own are left. */
START_TEST(refuses_every_other_byte)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "-_~!$&'()*+,;=:@?";
    fb_site *site = test_site();
    for (int byte = 0; byte < 256; byte++) {
        char text[2] = { '/', (char)byte };
        bool want = byte != 0 && strchr(allowed, byte) != NULL;
        ck_assert_msg(fb_safe_next(site, fb_str_from_len(text, 2)) == want, "byte %d", byte);
    }
}
END_TEST

START_TEST(bounds_length_and_mount)
{
    fb_site *site = test_site();
    char *text = apr_palloc(pool, FB_NEXT_MAX + 2);
    memset(text, 'a', FB_NEXT_MAX + 2);
    text[0] = '/';
    ck_assert(fb_safe_next(site, fb_str_from_len(text, FB_NEXT_MAX)));
    ck_assert(!fb_safe_next(site, fb_str_from_len(text, FB_NEXT_MAX + 1)));
    site->config.mount = "/members";
    ck_assert(fb_safe_next(site, FB_STR("/members")));
    ck_assert(fb_safe_next(site, FB_STR("/members/about")));
    ck_assert(fb_safe_next(site, FB_STR("/members?x")));
    ck_assert(!fb_safe_next(site, FB_STR("/membersx")));
    ck_assert(!fb_safe_next(site, FB_STR("/about")));
    ck_assert(!fb_safe_next(site, FB_STR("/members/../about")));
}
END_TEST

static void add(TCase *tests)
{
    tcase_add_test(tests, accepts);
    tcase_add_test(tests, refuses);
    tcase_add_test(tests, refuses_every_other_byte);
    tcase_add_test(tests, bounds_length_and_mount);
}

int main(void)
{
    return unit_main("web_safe_next", add);
}
