/* Numbers, sizes, durations, rates; dates. ASVS 2.2.1 (ranges), 1.4.2 (no integer overflow). */
#include "unit.h"

#include "base/clock.h"
#include "base/num.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

START_TEST(integers)
{
    static const struct {
        const char *text;
        apr_int64_t value;
        apr_status_t status;
    } cases[] = {
        { "0", 0, APR_SUCCESS },
        { "-0", 0, APR_SUCCESS },
        { "007", 7, APR_SUCCESS },
        { "9223372036854775807", APR_INT64_MAX, APR_SUCCESS },
        { "-9223372036854775808", APR_INT64_MIN, APR_SUCCESS },
        { "9223372036854775808", 0, FB_ELIMIT },
        { "-9223372036854775809", 0, FB_ELIMIT },
        { "99999999999999999999999", 0, FB_ELIMIT },
        { "", 0, FB_ESYNTAX },
        { "-", 0, FB_ESYNTAX },
        { "+1", 0, FB_ESYNTAX },
        { " 1", 0, FB_ESYNTAX },
        { "1 ", 0, FB_ESYNTAX },
        { "1.0", 0, FB_ESYNTAX },
        { "0x10", 0, FB_ESYNTAX },
        { "1e3", 0, FB_ESYNTAX },
        { "99999999999999999999999x", 0, FB_ESYNTAX },
    };
    for (unsigned i = 0; i < COUNT(cases); i++) {
        apr_int64_t value = 0;
        apr_status_t status = fb_num_int64(&value, fb_str_from(cases[i].text));
        ck_assert_msg(status == cases[i].status && value == cases[i].value, "%s", cases[i].text);
    }
    apr_int64_t value = 5;
    ck_assert_status(fb_num_int64(&value, FB_STR("1\0002")), FB_ESYNTAX);
    ck_assert_ok(fb_num_range(&value, FB_STR("10"), 1, 10));
    ck_assert_status(fb_num_range(&value, FB_STR("11"), 1, 10), FB_ELIMIT);
    ck_assert_status(fb_num_range(&value, FB_STR("0"), 1, 10), FB_ELIMIT);
    ck_assert_int_eq(value, 10);
    apr_uint64_t big;
    ck_assert_ok(fb_num_uint64(&big, FB_STR("18446744073709551615")));
    ck_assert(big == APR_UINT64_MAX);
    ck_assert_status(fb_num_uint64(&big, FB_STR("18446744073709551616")), FB_ELIMIT);
    ck_assert_status(fb_num_uint64(&big, FB_STR("-1")), FB_ESYNTAX);
    ck_assert_ok(fb_num_hex(&big, FB_STR("0xfFFFffffFFFFffff")));
    ck_assert(big == APR_UINT64_MAX);
    ck_assert_status(fb_num_hex(&big, FB_STR("0x")), FB_ESYNTAX);
    ck_assert_status(fb_num_hex(&big, FB_STR("10000000000000000")), FB_ELIMIT);
}
END_TEST

START_TEST(sizes_and_durations)
{
    apr_int64_t size;
    ck_assert_ok(fb_num_size(&size, FB_STR("8M")));
    ck_assert_int_eq(size, 8 << 20);
    ck_assert_ok(fb_num_size(&size, FB_STR("512 kb")));
    ck_assert_int_eq(size, 512 << 10);
    ck_assert_ok(fb_num_size(&size, FB_STR("17")));
    ck_assert_int_eq(size, 17);
    ck_assert_status(fb_num_size(&size, FB_STR("9999999999G")), FB_ELIMIT);
    ck_assert_status(fb_num_size(&size, FB_STR("M")), FB_ESYNTAX);
    ck_assert_status(fb_num_size(&size, FB_STR("-1M")), FB_ESYNTAX);
    ck_assert_status(fb_num_size(&size, FB_STR("1T")), FB_ESYNTAX);
    ck_assert_status(fb_num_size(&size, FB_STR("1.5M")), FB_ESYNTAX);

    static const struct {
        const char *text;
        apr_interval_time_t value;
    } good[] = {
        { "30m", 1800000000 },
        { "12h", 43200000000 },
        { "365d", 31536000000000 },
        { "90", 90000000 },
        { "250ms", 250000 },
        { "2w", 1209600000000 },
        { "0", 0 },
    };
    for (unsigned i = 0; i < COUNT(good); i++) {
        apr_interval_time_t value;
        ck_assert_ok(fb_num_duration(&value, fb_str_from(good[i].text)));
        ck_assert_msg(value == good[i].value, "%s", good[i].text);
        ck_assert_ok(fb_num_duration(&value, fb_str_from(fb_num_duration_text(pool, value))));
        ck_assert(value == good[i].value);
    }
    apr_interval_time_t value;
    ck_assert_status(fb_num_duration(&value, FB_STR("1y")), FB_ESYNTAX);
    ck_assert_status(fb_num_duration(&value, FB_STR("99999999999d")), FB_ELIMIT);
    ck_assert_str_eq(fb_num_duration_text(pool, 86400000000), "1d");
    ck_assert_str_eq(fb_num_duration_text(pool, 90000000), "90s");
    ck_assert_str_eq(fb_num_size_text(pool, 64 << 20), "64M");
    ck_assert_str_eq(fb_num_size_text(pool, 0), "0");
    ck_assert_str_eq(fb_num_size_text(pool, 1001), "1001");
}
END_TEST

START_TEST(rates)
{
    fb_rate rate;
    ck_assert_ok(fb_num_rate(&rate, FB_STR("10/15m")));
    ck_assert(rate.count == 10 && rate.period == 900000000);
    ck_assert_ok(fb_num_rate(&rate, FB_STR("600 / 1m")));
    ck_assert(rate.count == 600 && rate.period == 60000000);
    ck_assert_ok(fb_num_rate(&rate, FB_STR("off")));
    ck_assert(rate.count == 0);
    static const char *const bad[] = { "", "10", "10/", "/1m", "0/1m", "5/0", "-1/1m", "1/1m/1m" };
    for (unsigned i = 0; i < COUNT(bad); i++) {
        ck_assert_msg(fb_num_rate(&rate, fb_str_from(bad[i])) == FB_ESYNTAX, "%s", bad[i]);
    }
}
END_TEST

START_TEST(checked_sizes)
{
    apr_size_t out = 1;
    ck_assert(!fb_size_add(&out, APR_SIZE_MAX, 1));
    ck_assert(!fb_size_mul(&out, APR_SIZE_MAX / 2 + 1, 2));
    ck_assert_uint_eq(out, 1);
    ck_assert(fb_size_add(&out, APR_SIZE_MAX - 1, 1));
    ck_assert_uint_eq(out, APR_SIZE_MAX);
    ck_assert(fb_size_mul(&out, 3, 4));
    ck_assert_uint_eq(out, 12);
}
END_TEST

START_TEST(dates_as_text)
{
    char http[FB_CLOCK_HTTP_SIZE];
    char iso[FB_CLOCK_ISO_SIZE];
    fb_clock_http(http, apr_time_make(784111777, 0));
    ck_assert_str_eq(http, "Sun, 06 Nov 1994 08:49:37 GMT");
    fb_clock_iso(iso, apr_time_make(784111777, 999999));
    ck_assert_str_eq(iso, "1994-11-06T08:49:37Z");
    fb_clock_iso_ms(iso, apr_time_make(784111777, 123456));
    ck_assert_str_eq(iso, "1994-11-06T08:49:37.123Z");
    fb_clock_iso_ms(iso, -1);
    ck_assert_str_eq(iso, "1969-12-31T23:59:59.999Z");
    fb_clock_http(http, apr_time_make(951782400, 0));
    ck_assert_str_eq(http, "Tue, 29 Feb 2000 00:00:00 GMT");
    fb_clock_iso(iso, APR_INT64_MAX);
    ck_assert_str_eq(iso, "9999-12-31T23:59:59Z");
    fb_clock_iso(iso, APR_INT64_MIN);
    ck_assert_str_eq(iso, "0000-01-01T00:00:00Z");
}
END_TEST

START_TEST(dates_agree_with_apr)
{
    for (apr_int64_t day = -200000; day < 2000000; day += 997) {
        apr_time_t time = apr_time_make(day * 86400 + (day * 7919) % 86400, 0);
        char mine[FB_CLOCK_HTTP_SIZE];
        char theirs[APR_RFC822_DATE_LEN];
        apr_time_t back;
        fb_clock_http(mine, time);
        if (day < 2932000 && day > -25000) {
            ck_assert_int_eq(apr_rfc822_date(theirs, time), APR_SUCCESS);
            ck_assert_str_eq(mine, theirs);
        }
        ck_assert_ok(fb_clock_parse_http(&back, fb_str_from(mine)));
        ck_assert(back == time);
        char iso[FB_CLOCK_ISO_SIZE];
        fb_clock_iso(iso, time);
        ck_assert_ok(fb_clock_parse_iso(&back, fb_str_from(iso)));
        ck_assert(back == time);
    }
}
END_TEST

START_TEST(dates_from_text)
{
    static const char *const same[] = {
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    };
    static const char *const bad[] = {
        "",
        "Sun",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nom 1994 08:49:37 GMT",
        "Sun, 32 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Xun, 06 Nov 1994 08:49:37 GMT",
        "Thu, 30 Feb 1994 08:49:37 GMT",
    };
    static const char *const bad_iso[] = {
        "",
        "1994-11-06",
        "1994-11-06T08:49",
        "1994-02-29T00:00:00Z",
        "1994-11-06T08:49:37.Z",
        "1994-11-06T08:49:37+00:00",
        "1994-11-06x08:49:37",
        "94-11-06T08:49:37Z",
        "1994-11-06T08:49:37.1234567890Z",
        "1994-11-06T08:49:37Zz",
    };
    apr_time_t time;
    for (unsigned i = 0; i < COUNT(same); i++) {
        ck_assert_msg(fb_clock_parse_http(&time, fb_str_from(same[i])) == APR_SUCCESS, "%s",
                      same[i]);
        ck_assert_int_eq(time, apr_time_make(784111777, 0));
    }
    for (unsigned i = 0; i < COUNT(bad); i++) {
        ck_assert_msg(fb_clock_parse_http(&time, fb_str_from(bad[i])) == FB_ESYNTAX, "%s", bad[i]);
    }
    for (unsigned i = 0; i < COUNT(bad_iso); i++) {
        ck_assert_msg(fb_clock_parse_iso(&time, fb_str_from(bad_iso[i])) == FB_ESYNTAX, "%s",
                      bad_iso[i]);
    }
    ck_assert_ok(fb_clock_parse_iso(&time, FB_STR("1994-11-06 08:49:37.5")));
    ck_assert_int_eq(time, apr_time_make(784111777, 500000));
    ck_assert_ok(fb_clock_parse_http(&time, FB_STR("Monday, 01-Jan-69 00:00:00 GMT")));
    ck_assert_int_eq(time, apr_time_make(3124224000, 0));
}
END_TEST

static void add(TCase *tests)
{
    tcase_add_test(tests, integers);
    tcase_add_test(tests, sizes_and_durations);
    tcase_add_test(tests, rates);
    tcase_add_test(tests, checked_sizes);
    tcase_add_test(tests, dates_as_text);
    tcase_add_test(tests, dates_agree_with_apr);
    tcase_add_test(tests, dates_from_text);
}

int main(void)
{
    return unit_main("base_num", add);
}
