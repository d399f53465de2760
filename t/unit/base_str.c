/* Slices, buffers, chunks, errors, the log sink. */
#include "unit.h"

#include "base/buf.h"
#include "base/chunks.h"
#include "base/log.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

START_TEST(compares)
{
    fb_str none = fb_str_from(NULL);
    ck_assert_uint_eq(none.len, 0);
    ck_assert(fb_str_eq(none, FB_STR("")));
    ck_assert(fb_str_eq(FB_STR("a\0b"), fb_str_from_len("a\0b", 3)));
    ck_assert(!fb_str_eq(FB_STR("a\0b"), FB_STR("a\0c")));
    ck_assert(!fb_str_eq(FB_STR("a"), FB_STR("ab")));
    ck_assert(fb_str_eq_z(FB_STR("abc"), "abc"));
    ck_assert(fb_str_ieq(FB_STR("AbZ[@"), FB_STR("aBz[@")));
    ck_assert(!fb_str_ieq_z(FB_STR("@"), "`"));
    ck_assert(!fb_str_ieq(FB_STR("\xc3\x84"), FB_STR("\xc3\xa4")));
    ck_assert_int_lt(fb_str_cmp(FB_STR("a"), FB_STR("ab")), 0);
    ck_assert_int_gt(fb_str_cmp(FB_STR("b"), FB_STR("ab")), 0);
    ck_assert_int_gt(fb_str_cmp(FB_STR("\xff"), FB_STR("a")), 0);
    ck_assert_int_eq(fb_str_cmp(none, FB_STR("")), 0);
    ck_assert(fb_str_starts(FB_STR("abc"), FB_STR("ab")));
    ck_assert(fb_str_starts(FB_STR("abc"), none));
    ck_assert(!fb_str_starts(FB_STR("a"), FB_STR("ab")));
    ck_assert(fb_str_ends(FB_STR("abc"), FB_STR("bc")));
    ck_assert(!fb_str_ends(FB_STR("bc"), FB_STR("abc")));
}
END_TEST

START_TEST(finds)
{
    ck_assert_int_eq(fb_str_find(FB_STR("aaab"), FB_STR("aab")), 1);
    ck_assert_int_eq(fb_str_find(FB_STR("abc"), FB_STR("c")), 2);
    ck_assert_int_eq(fb_str_find(FB_STR("abc"), FB_STR("")), 0);
    ck_assert_int_eq(fb_str_find(FB_STR("abc"), FB_STR("abcd")), -1);
    ck_assert_int_eq(fb_str_find(fb_str_from_len("abcabd", 5), FB_STR("abd")), -1);
    ck_assert_int_eq(fb_str_find_char(FB_STR("a\0b"), 'b'), 2);
    ck_assert_int_eq(fb_str_find_char(fb_str_from(NULL), 'b'), -1);
}
END_TEST

START_TEST(cuts)
{
    ck_assert_fb_str(fb_str_sub(FB_STR("hello"), 1, 3), "ell");
    ck_assert_fb_str(fb_str_sub(FB_STR("hello"), 4, APR_SIZE_MAX), "o");
    ck_assert_fb_str(fb_str_sub(FB_STR("hello"), 9, 9), "");
    ck_assert_fb_str(fb_str_trim(FB_STR(" \t\r\n\f\va b ")), "a b");
    ck_assert_fb_str(fb_str_trim(FB_STR("  ")), "");

    fb_str rest = FB_STR("a,,b");
    ck_assert_fb_str(fb_str_split(&rest, ','), "a");
    ck_assert_fb_str(fb_str_split(&rest, ','), "");
    ck_assert_ptr_nonnull(rest.ptr);
    ck_assert_fb_str(fb_str_split(&rest, ','), "b");
    ck_assert_ptr_null(rest.ptr);
    rest = FB_STR("a,");
    ck_assert_fb_str(fb_str_split(&rest, ','), "a");
    ck_assert_ptr_nonnull(rest.ptr);
    ck_assert_uint_eq(rest.len, 0);
}
END_TEST

START_TEST(copies)
{
    fb_str copy = fb_str_dup(pool, FB_STR("a\0b"));
    ck_assert_fb_str(copy, "a\0b");
    ck_assert_int_eq(copy.ptr[3], '\0');
    ck_assert_str_eq(fb_str_to_z(pool, fb_str_from(NULL)), "");
    ck_assert_fb_str(fb_str_lower_ascii(pool, FB_STR("A\xc3\x84Z")), "a\xc3\x84z");
    ck_assert_fb_str(fb_str_printf(pool, "%d-%s", 7, "x"), "7-x");
}
END_TEST

START_TEST(printf_length_is_bounded)
{
    ck_assert_int_eq(fb_str_printf_len(fb_str_from_len("x", (apr_size_t)INT_MAX + 5)), INT_MAX);
}
END_TEST

static const struct {
    fb_str bytes;
    bool good;
} utf8_cases[] = {
    { FB_STR_INIT(""), true },
    { FB_STR_INIT("z\x7f"), true },
    { FB_STR_INIT("\xc2\x80\xdf\xbf"), true },
    { FB_STR_INIT("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"), true },
    { FB_STR_INIT("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"), true },
    { FB_STR_INIT("\x80"), false },
    { FB_STR_INIT("\xc0\x80"), false },
    { FB_STR_INIT("\xc1\xbf"), false },
    { FB_STR_INIT("\xe0\x9f\xbf"), false },
    { FB_STR_INIT("\xed\xa0\x80"), false },
    { FB_STR_INIT("\xf0\x8f\xbf\xbf"), false },
    { FB_STR_INIT("\xf4\x90\x80\x80"), false },
    { FB_STR_INIT("\xf5\x80\x80\x80"), false },
    { FB_STR_INIT("\xff"), false },
    { FB_STR_INIT("\xc2"), false },
    { FB_STR_INIT("\xe2\x82"), false },
    { FB_STR_INIT("\xe2\x82z"), false },
    { FB_STR_INIT("\xf0\x9f\x98"), false },
};

START_TEST(utf8_checks)
{
    ck_assert_msg(fb_str_is_utf8(utf8_cases[_i].bytes) == utf8_cases[_i].good, "case %d", _i);
}
END_TEST

START_TEST(utf8_goes_round)
{
    for (unsigned int c = 0; c <= 0x10ffff; c += c < 0x900 ? 1 : 97) {
        if (c >= 0xd800 && c <= 0xdfff) {
            continue;
        }
        char bytes[4];
        apr_size_t at = 0;
        fb_str s = fb_str_from_len(bytes, fb_str_utf8_put(bytes, c));
        ck_assert_uint_eq(fb_str_utf8_next(s, &at), c);
        ck_assert_uint_eq(at, s.len);
        ck_assert_uint_eq(fb_str_utf8_count(s), 1);
    }
    apr_size_t at = 0;
    ck_assert_uint_eq(fb_str_utf8_next(FB_STR("\xe2\x82"), &at), 0xfffd);
    ck_assert_uint_eq(at, 1);
}
END_TEST

START_TEST(byte_classes)
{
    ck_assert(fb_str_has_ctl(FB_STR("a\x1f")));
    ck_assert(fb_str_has_ctl(FB_STR("a\x7f")));
    ck_assert(!fb_str_has_ctl(FB_STR("a \xc3\xa4")));
    ck_assert(fb_str_has_nul(FB_STR("a\0")));
    ck_assert(!fb_str_has_nul(FB_STR("a")));
}
END_TEST

START_TEST(buffer_grows_to_its_maximum)
{
    fb_buf buf;
    fb_buf_init(&buf, pool, 1000);
    ck_assert_str_eq(buf.data, "");
    for (int i = 0; i < 1000; i++) {
        fb_buf_add_char(&buf, (char)('a' + i % 26));
    }
    ck_assert_ok(fb_buf_status(&buf));
    ck_assert_uint_eq(fb_buf_str(&buf).len, 1000);
    ck_assert_uint_eq(strlen(buf.data), 1000);
    fb_buf_add_char(&buf, 'x');
    ck_assert_status(fb_buf_status(&buf), FB_ELIMIT);
    ck_assert_uint_eq(buf.len, 1000);
    fb_buf_add_z(&buf, "");
    ck_assert_status(fb_buf_status(&buf), FB_ELIMIT);
    fb_buf_clear(&buf);
    fb_buf_add_fmt(&buf, "%d %s", 12, "abc");
    ck_assert_ok(fb_buf_status(&buf));
    ck_assert_fb_str(fb_buf_str(&buf), "12 abc");
}
END_TEST

START_TEST(buffer_refuses_absurd_sizes)
{
    fb_buf buf;
    fb_buf_init(&buf, pool, APR_SIZE_MAX);
    fb_buf_add_z(&buf, "x");
    ck_assert_ptr_null(fb_buf_reserve(&buf, APR_SIZE_MAX));
    ck_assert_ptr_null(fb_buf_reserve(&buf, 1));
    fb_buf_init(&buf, pool, APR_SIZE_MAX);
    fb_buf_add_z(&buf, "x");
    ck_assert_ptr_null(fb_buf_reserve(&buf, APR_SIZE_MAX - 1));
    fb_buf_init(&buf, pool, 4);
    fb_buf_add_fmt(&buf, "%s", "12345");
    ck_assert_status(fb_buf_status(&buf), FB_ELIMIT);
    ck_assert_uint_eq(buf.len, 0);
    fb_buf_init(&buf, pool, 0);
    ck_assert_ptr_nonnull(fb_buf_reserve(&buf, 0));
    ck_assert_ok(fb_buf_status(&buf));
}
END_TEST

START_TEST(chunks_gather_and_point)
{
    static const char big[3000] = { 'b' };
    fb_chunks chunks;
    fb_chunks_init(&chunks, pool, 10000);
    fb_chunks_add(&chunks, FB_STR("one "));
    fb_chunks_add_static(&chunks, FB_STR("two "));
    ck_assert_ptr_eq(chunks.first, chunks.last);
    fb_chunks_add_static(&chunks, fb_str_from_len(big, sizeof(big)));
    ck_assert_ptr_eq(chunks.last->ptr, big);
    ck_assert_int_eq(chunks.last->kind, FB_CHUNK_STATIC);
    fb_chunks_add(&chunks, FB_STR("three"));
    ck_assert_int_eq(chunks.last->kind, FB_CHUNK_POOL);
    ck_assert_uint_eq(chunks.total, 8 + sizeof(big) + 5);
    fb_str all = fb_chunks_flatten(&chunks, pool);
    ck_assert_uint_eq(all.len, chunks.total);
    ck_assert(fb_str_starts(all, FB_STR("one two b\0")));
    ck_assert(fb_str_ends(all, FB_STR("\0three")));
    ck_assert_ok(fb_chunks_status(&chunks));
}
END_TEST

START_TEST(chunks_stop_at_their_maximum)
{
    fb_chunks chunks;
    fb_chunks_init(&chunks, pool, 10);
    fb_chunks_add(&chunks, FB_STR("0123456789"));
    ck_assert_ok(fb_chunks_status(&chunks));
    fb_chunks_add(&chunks, FB_STR("x"));
    fb_chunks_add_static(&chunks, FB_STR("x"));
    ck_assert_status(fb_chunks_status(&chunks), FB_ELIMIT);
    ck_assert_fb_str(fb_chunks_flatten(&chunks, pool), "0123456789");
    for (int i = 0; i < 5000; i++) {
        fb_chunks_add(&chunks, FB_STR("12"));
    }
    ck_assert_uint_eq(chunks.total, 10);
}
END_TEST

START_TEST(errors_show_the_place)
{
    ck_assert_status(fb_error_set(&error, FB_ESYNTAX, "unexpected '%c'", '}'), FB_ESYNTAX);
    ck_assert_str_eq(fb_error_line(&error), "unexpected '}'");
    fb_error_at(&error, "a.html", 3, 4, FB_STR("\ta\xc3\xa4}b\r\nnext"));
    fb_error_at(&error, "outer.html", 1, 1, FB_STR("other"));
    ck_assert_str_eq(fb_error_line(&error), "a.html:3:4: unexpected '}'");
    ck_assert_str_eq(fb_error_report(&error),
                     "a.html:3:4: unexpected '}'\n    \ta\xc3\xa4}b\n    \t  ^");
    ck_assert_status(fb_error_set(NULL, FB_ELIMIT, "x"), FB_ELIMIT);
    fb_error_at(NULL, "x", 1, 1, FB_STR(""));
    ck_assert_status(fb_error_set_os(&error, APR_ENOENT, "cannot open %s", "f"), APR_ENOENT);
    ck_assert_str_eq(fb_error_line(&error), "cannot open f: No such file or directory");
    ck_assert_ptr_null(error.where);
}
END_TEST

static struct {
    void *context;
    fb_log_level level;
    apr_status_t status;
    char line[4096];
    int calls;
} logged;

static void keep(void *context, fb_log_level level, apr_status_t status, const char *line)
{
    logged.context = context;
    logged.level = level;
    logged.status = status;
    logged.calls++;
    snprintf(logged.line, sizeof(logged.line), "%s", line);
}

START_TEST(log_lines_cannot_be_forged)
{
    int context;
    fb_log(NULL, FB_LOG_ERROR, 0, "no sink yet");
    fb_log_set_sink(keep, FB_LOG_INFO);
    ck_assert(fb_log_wants(FB_LOG_INFO) && !fb_log_wants(FB_LOG_DEBUG));
    fb_log(&context, FB_LOG_WARNING, 5, "user %s",
           "a\r\n[error] b\x1b[2J\xff \xc3\xa4 \xe2\x80\xa8");
    ck_assert_str_eq(logged.line,
                     "user a\\x0d\\x0a[error] b\\x1b[2J\\xff \xc3\xa4 \\xe2\\x80\\xa8");
    ck_assert_ptr_eq(logged.context, &context);
    ck_assert_int_eq(logged.level, FB_LOG_WARNING);
    ck_assert_int_eq(logged.status, 5);
    fb_log(NULL, FB_LOG_DEBUG, 0, "not wanted");
    ck_assert_int_eq(logged.calls, 1);
    char *big = apr_palloc(pool, 100001);
    memset(big, '\n', 100000);
    big[100000] = '\0';
    fb_log(NULL, FB_LOG_ERROR, 0, "%s", big);
    ck_assert_uint_le(strlen(logged.line), 2048);
    ck_assert_ptr_null(strchr(logged.line, '\n'));
    ck_assert_status(fb_error_set(&error, FB_ELIMIT, "too much"), FB_ELIMIT);
    fb_log_error(NULL, FB_LOG_NOTICE, &error);
    ck_assert_str_eq(logged.line, "too much");
    ck_assert_int_eq(logged.status, FB_ELIMIT);
}
END_TEST

static void add(TCase *tests)
{
    tcase_add_test(tests, compares);
    tcase_add_test(tests, finds);
    tcase_add_test(tests, cuts);
    tcase_add_test(tests, copies);
    tcase_add_test(tests, printf_length_is_bounded);
    tcase_add_loop_test(tests, utf8_checks, 0, (int)(sizeof(utf8_cases) / sizeof(utf8_cases[0])));
    tcase_add_test(tests, utf8_goes_round);
    tcase_add_test(tests, byte_classes);
    tcase_add_test(tests, buffer_grows_to_its_maximum);
    tcase_add_test(tests, buffer_refuses_absurd_sizes);
    tcase_add_test(tests, chunks_gather_and_point);
    tcase_add_test(tests, chunks_stop_at_their_maximum);
    tcase_add_test(tests, errors_show_the_place);
    tcase_add_test(tests, log_lines_cannot_be_forged);
}

int main(void)
{
    return unit_main("base_str", add);
}
