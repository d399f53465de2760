/* Escaping per context, decoding once. ASVS 1.1.1, 1.2.1, 1.2.2, 1.2.3, 16.4.1. */
#include "unit.h"

#include "base/escape.h"

static fb_buf out;

START_TEST(html)
{
    fb_buf_init(&out, pool, 1000);
    fb_escape_html(&out, FB_STR("'\"><x y=1>{{7*7}}</script>&amp;"));
    ck_assert_fb_str(fb_buf_str(&out),
                     "&#39;&#34;&gt;&lt;x y=1&gt;{{7*7}}&lt;/script&gt;&amp;amp;");
    fb_buf_clear(&out);
    fb_escape_html(&out, FB_STR("a\0b\xff"));
    ck_assert_fb_str(fb_buf_str(&out), "a\0b\xff");
    ck_assert_uint_eq(fb_escape_html_span(FB_STR("ab<c")), 2);
    ck_assert_uint_eq(fb_escape_html_span(FB_STR("")), 0);
}
END_TEST

START_TEST(html_stops_at_the_limit)
{
    fb_buf_init(&out, pool, 6);
    fb_escape_html(&out, FB_STR("a<<"));
    ck_assert_status(fb_buf_status(&out), FB_ELIMIT);
}
END_TEST

START_TEST(url)
{
    fb_buf_init(&out, pool, 1000);
    fb_escape_url(&out, FB_STR("/a b~-_.%?&=\xc3\xa4\0"), "/");
    ck_assert_fb_str(fb_buf_str(&out), "/a%20b~-_.%25%3F%26%3D%C3%A4%00");
    fb_buf_clear(&out);
    fb_escape_url(&out, FB_STR("/+"), NULL);
    ck_assert_fb_str(fb_buf_str(&out), "%2F%2B");
    fb_buf_clear(&out);
    fb_escape_form(&out, FB_STR("a b+c/*"));
    ck_assert_fb_str(fb_buf_str(&out), "a+b%2Bc%2F%2A");
}
END_TEST

START_TEST(json)
{
    fb_buf_init(&out, pool, 1000);
    fb_escape_json(
        &out, FB_STR("\"\\\b\f\n\r\t\x01\x7f<>&'\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa\xc3\xa4"));
    ck_assert_fb_str(
        fb_buf_str(&out),
        "\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u007f\\u003c\\u003e\\u0026\\u0027\\u2028\\u2029"
        "\xe2\x80\xaa\xc3\xa4");
}
END_TEST

START_TEST(log_values)
{
    fb_buf_init(&out, pool, 1000);
    fb_escape_log(&out, FB_STR("a\"\\\n\xff\xc2\x85\xc3\xa4"), 100);
    ck_assert_fb_str(fb_buf_str(&out), "a\\x22\\x5c\\x0a\\xff\\xc2\\x85\xc3\xa4");
    fb_buf_clear(&out);
    fb_escape_log(&out, FB_STR("abcdef"), 3);
    ck_assert_fb_str(fb_buf_str(&out), "abc...");
    fb_buf_clear(&out);
    fb_escape_log(&out, FB_STR("ab\xf0\x9f\x98\x80 x"), 5);
    ck_assert_fb_str(fb_buf_str(&out), "ab...");
    fb_buf_clear(&out);
    fb_escape_log(&out, FB_STR("ab\xc3\xa4x"), 4);
    ck_assert_fb_str(fb_buf_str(&out), "ab\xc3\xa4...");

    char line[8];
    fb_escape_log_line(line, sizeof(line), FB_STR("\"ab\\\n\n"));
    ck_assert_str_eq(line, "\"ab\\");
    fb_escape_log_line(line, sizeof(line), FB_STR("abcdefgh"));
    ck_assert_str_eq(line, "abcdefg");
}
END_TEST

START_TEST(decodes_once)
{
    fb_str s;
    ck_assert_ok(fb_unescape_url(&s, FB_STR("%2525+%c3%A4%00"), FB_PLUS_IS_PLUS, pool));
    ck_assert_fb_str(s, "%25+\xc3\xa4\0");
    ck_assert_ok(fb_unescape_url(&s, FB_STR("a+b%2B"), FB_PLUS_IS_SPACE, pool));
    ck_assert_fb_str(s, "a b+");
    ck_assert_status(fb_unescape_url(&s, FB_STR("%"), FB_PLUS_IS_PLUS, pool), FB_EINVALID);
    ck_assert_status(fb_unescape_url(&s, FB_STR("a%4"), FB_PLUS_IS_PLUS, pool), FB_EINVALID);
    ck_assert_status(fb_unescape_url(&s, FB_STR("%4g"), FB_PLUS_IS_PLUS, pool), FB_EINVALID);
    ck_assert_status(fb_unescape_url(&s, FB_STR("%%41"), FB_PLUS_IS_PLUS, pool), FB_EINVALID);
    ck_assert_status(fb_unescape_url(&s, fb_str_from_len("%41", 2), FB_PLUS_IS_PLUS, pool),
                     FB_EINVALID);
    ck_assert_uint_eq(s.len, 0);
}
END_TEST

static void add(TCase *tests)
{
    tcase_add_test(tests, html);
    tcase_add_test(tests, html_stops_at_the_limit);
    tcase_add_test(tests, url);
    tcase_add_test(tests, json);
    tcase_add_test(tests, log_values);
    tcase_add_test(tests, decodes_once);
}

int main(void)
{
    return unit_main("base_escape", add);
}
