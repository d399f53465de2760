/* Time as text and back. */
#include "base/clock.h"

#include <stdio.h>
#include <string.h>

#include "base/banned.h"

static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
static const char long_days[7][10] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday" };
static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

typedef struct civil {
    int year, month, day, hour, minute, second, usec, weekday;
} civil;

/* Days since 1970-01-01 of a proleptic Gregorian date, and back: H. Hinnant, "chrono-Compatible
 * Low-Level Date Algorithms". Own arithmetic, since libc's depends on locks and TZ. */
static apr_int64_t days_from_civil(apr_int64_t year, int month, int day)
{
    year -= month <= 2;
    apr_int64_t era = (year >= 0 ? year : year - 399) / 400;
    apr_int64_t year_of_era = year - era * 400;
    apr_int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    apr_int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static civil to_civil(apr_time_t time)
{
    const apr_time_t first = days_from_civil(0, 1, 1) * 86400 * APR_USEC_PER_SEC;
    const apr_time_t last = days_from_civil(10000, 1, 1) * 86400 * APR_USEC_PER_SEC - 1;
    civil c;

    time = time < first ? first : time > last ? last : time;
    apr_int64_t seconds = time / APR_USEC_PER_SEC;
    apr_int64_t usec = time % APR_USEC_PER_SEC;
    if (usec < 0) {
        usec += APR_USEC_PER_SEC;
        seconds--;
    }
    apr_int64_t day = seconds / 86400;
    apr_int64_t rest = seconds % 86400;
    if (rest < 0) {
        rest += 86400;
        day--;
    }
    c.usec = (int)usec;
    c.hour = (int)(rest / 3600);
    c.minute = (int)(rest / 60 % 60);
    c.second = (int)(rest % 60);
    c.weekday = (int)(((day + 4) % 7 + 7) % 7);
    apr_int64_t z = day + 719468;
    apr_int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    apr_int64_t day_of_era = z - era * 146097;
    apr_int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    apr_int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    apr_int64_t mp = (5 * day_of_year + 2) / 153;
    c.day = (int)(day_of_year - (153 * mp + 2) / 5 + 1);
    c.month = (int)(mp < 10 ? mp + 3 : mp - 9);
    c.year = (int)(year_of_era + era * 400 + (c.month <= 2));
    return c;
}

static int days_in_month(int year, int month)
{
    static const int lengths[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return lengths[month - 1] + (month == 2 && leap);
}

/* FB_ESYNTAX for a date or time that does not exist (a leap second counts as the next second). */
static apr_status_t from_civil(apr_time_t *out, const civil *c)
{
    if (c->year < 0 || c->year > 9999 || c->month < 1 || c->month > 12 || c->day < 1 ||
        c->day > days_in_month(c->year, c->month) || c->hour > 23 || c->minute > 59 ||
        c->second > 60) {
        return FB_ESYNTAX;
    }
    apr_int64_t seconds = days_from_civil(c->year, c->month, c->day) * 86400 + c->hour * 3600 +
                          c->minute * 60 + c->second;
    *out = seconds * APR_USEC_PER_SEC + c->usec;
    return APR_SUCCESS;
}

/* The bounds on every field make these fit; the compiler can't see it. */
static void print(char *out, apr_size_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void print(char *out, apr_size_t size, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    if (vsnprintf(out, size, fmt, args) < 0) {
        out[0] = '\0';
    }
    va_end(args);
}

void fb_clock_http(char out[FB_CLOCK_HTTP_SIZE], apr_time_t time)
{
    civil c = to_civil(time);

    print(out, FB_CLOCK_HTTP_SIZE, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[c.weekday], c.day,
          months[c.month - 1], c.year, c.hour, c.minute, c.second);
}

void fb_clock_iso(char out[FB_CLOCK_ISO_SIZE], apr_time_t time)
{
    civil c = to_civil(time);

    print(out, FB_CLOCK_ISO_SIZE, "%04d-%02d-%02dT%02d:%02d:%02dZ", c.year, c.month, c.day, c.hour,
          c.minute, c.second);
}

void fb_clock_iso_ms(char out[FB_CLOCK_ISO_SIZE], apr_time_t time)
{
    civil c = to_civil(time);

    print(out, FB_CLOCK_ISO_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", c.year, c.month, c.day,
          c.hour, c.minute, c.second, c.usec / 1000);
}

/* Matches `s` against a pattern: 'Y' 'o' (month) 'D' 'h' 'm' 's' stand for digits of those
 * fields, 'b' for a month's name, '_' for a digit of the day or a blank, other characters for
 * themselves. */
static bool matches(civil *c, fb_str s, const char *pattern)
{
    if (s.len != strlen(pattern)) {
        return false;
    }
    for (apr_size_t i = 0; i < s.len; i++) {
        char ch = s.ptr[i];
        int *field = NULL;
        switch (pattern[i]) {
        case 'Y': field = &c->year; break;
        case 'o': field = &c->month; break;
        case '_':
            if (ch == ' ') {
                continue;
            }
            field = &c->day;
            break;
        case 'D': field = &c->day; break;
        case 'h': field = &c->hour; break;
        case 'm': field = &c->minute; break;
        case 's': field = &c->second; break;
        case 'b':
            for (int month = 1; month <= 12; month++) {
                if (fb_str_eq_z(fb_str_sub(s, i, 3), months[month - 1])) {
                    c->month = month;
                }
            }
            i += 2;
            continue;
        default:
            if (ch != pattern[i]) {
                return false;
            }
            continue;
        }
        if (ch < '0' || ch > '9') {
            return false;
        }
        *field = *field * 10 + (ch - '0');
    }
    return true;
}

apr_status_t fb_clock_parse_http(apr_time_t *out, fb_str s)
{
    for (int day = 0; day < 7; day++) {
        fb_str name = fb_str_from(days[day]);
        fb_str long_name = fb_str_from(long_days[day]);
        civil c = { 0 };
        if (fb_str_starts(s, long_name)) {
            if (matches(&c, fb_str_sub(s, long_name.len, s.len), ", DD-bbb-YY hh:mm:ss GMT")) {
                c.year += c.year < 70 ? 2000 : 1900;
                return from_civil(out, &c);
            }
        } else if (fb_str_starts(s, name)) {
            fb_str rest = fb_str_sub(s, name.len, s.len);
            if (matches(&c, rest, ", DD bbb YYYY hh:mm:ss GMT")) {
                return from_civil(out, &c);
            }
            c = (civil){ 0 };
            if (matches(&c, rest, " bbb _D hh:mm:ss YYYY")) {
                return from_civil(out, &c);
            }
        }
    }
    return FB_ESYNTAX;
}

apr_status_t fb_clock_parse_iso(apr_time_t *out, fb_str s)
{
    civil c = { 0 };

    if (fb_str_ends(s, FB_STR("Z"))) {
        s = fb_str_sub(s, 0, s.len - 1);
    }
    fb_str fraction = fb_str_sub(s, 19, s.len);
    if (!matches(&c, fb_str_sub(s, 0, 10), "YYYY-oo-DD") || s.len < 19 ||
        (s.ptr[10] != 'T' && s.ptr[10] != ' ') || !matches(&c, fb_str_sub(s, 11, 8), "hh:mm:ss") ||
        fraction.len > 10 || fraction.len == 1 || (fraction.len > 0 && fraction.ptr[0] != '.')) {
        return FB_ESYNTAX;
    }
    int scale = 100000;
    for (apr_size_t i = 1; i < fraction.len; i++) {
        if (fraction.ptr[i] < '0' || fraction.ptr[i] > '9') {
            return FB_ESYNTAX;
        }
        c.usec += (fraction.ptr[i] - '0') * scale;
        scale /= 10;
    }
    return from_civil(out, &c);
}
