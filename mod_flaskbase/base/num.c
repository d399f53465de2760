/* Checked numbers: parsing with ranges, sizes, durations and rates as people write them. */
#include "base/num.h"

#include <apr_strings.h>

#include "base/banned.h"

static apr_status_t digits(apr_uint64_t *out, fb_str s, unsigned int base)
{
    apr_uint64_t value = 0;

    if (s.len == 0) {
        return FB_ESYNTAX;
    }
    bool fits = true;
    for (apr_size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        unsigned int digit;
        if (c >= '0' && c <= '9') {
            digit = (unsigned int)(c - '0');
        } else if (c >= 'a' && c <= 'f') {
            digit = (unsigned int)(c - 'a') + 10;
        } else if (c >= 'A' && c <= 'F') {
            digit = (unsigned int)(c - 'A') + 10;
        } else {
            return FB_ESYNTAX;
        }
        if (digit >= base) {
            return FB_ESYNTAX;
        }
        fits = fits && !__builtin_mul_overflow(value, base, &value) &&
               !__builtin_add_overflow(value, digit, &value);
    }
    if (!fits) {
        return FB_ELIMIT;
    }
    *out = value;
    return APR_SUCCESS;
}

apr_status_t fb_num_uint64(apr_uint64_t *out, fb_str s)
{
    return digits(out, s, 10);
}

apr_status_t fb_num_hex(apr_uint64_t *out, fb_str s)
{
    if (s.len > 2 && s.ptr[0] == '0' && (s.ptr[1] == 'x' || s.ptr[1] == 'X')) {
        s = fb_str_sub(s, 2, s.len);
    }
    return digits(out, s, 16);
}

apr_status_t fb_num_int64(apr_int64_t *out, fb_str s)
{
    bool negative = s.len > 0 && s.ptr[0] == '-';
    apr_uint64_t value;
    apr_status_t status = digits(&value, fb_str_sub(s, negative ? 1 : 0, s.len), 10);

    if (status != APR_SUCCESS) {
        return status;
    }
    if (negative) {
        if (value > (apr_uint64_t)APR_INT64_MAX + 1) {
            return FB_ELIMIT;
        }
        *out = value == (apr_uint64_t)APR_INT64_MAX + 1 ? APR_INT64_MIN : -(apr_int64_t)value;
        return APR_SUCCESS;
    }
    if (value > (apr_uint64_t)APR_INT64_MAX) {
        return FB_ELIMIT;
    }
    *out = (apr_int64_t)value;
    return APR_SUCCESS;
}

apr_status_t fb_num_range(apr_int64_t *out, fb_str s, apr_int64_t min, apr_int64_t max)
{
    apr_int64_t value;
    apr_status_t status = fb_num_int64(&value, s);

    if (status != APR_SUCCESS) {
        return status;
    }
    if (value < min || value > max) {
        return FB_ELIMIT;
    }
    *out = value;
    return APR_SUCCESS;
}

typedef struct unit {
    const char *name;
    apr_int64_t factor;
} unit;

/* Largest first, for writing. */
static const unit sizes[] = {
    { "G", (apr_int64_t)1 << 30 },
    { "GB", (apr_int64_t)1 << 30 },
    { "M", (apr_int64_t)1 << 20 },
    { "MB", (apr_int64_t)1 << 20 },
    { "k", (apr_int64_t)1 << 10 },
    { "kB", (apr_int64_t)1 << 10 },
    { "", 1 },
    { "B", 1 },
    { NULL, 0 },
};

static const unit durations[] = {
    { "w", 604800 * APR_USEC_PER_SEC }, { "d", 86400 * APR_USEC_PER_SEC },
    { "h", 3600 * APR_USEC_PER_SEC },   { "m", 60 * APR_USEC_PER_SEC },
    { "s", APR_USEC_PER_SEC },          { "ms", 1000 },
    { "", APR_USEC_PER_SEC },           { NULL, 0 },
};

static apr_status_t with_unit(apr_int64_t *out, fb_str s, const unit *units)
{
    apr_size_t count = 0;
    apr_int64_t value;

    while (count < s.len && s.ptr[count] >= '0' && s.ptr[count] <= '9') {
        count++;
    }
    fb_str name = fb_str_trim(fb_str_sub(s, count, s.len));
    apr_status_t status = fb_num_int64(&value, fb_str_sub(s, 0, count));
    if (status != APR_SUCCESS) {
        return status;
    }
    for (const unit *u = units; u->name != NULL; u++) {
        if (fb_str_ieq_z(name, u->name)) {
            return __builtin_mul_overflow(value, u->factor, out) ? FB_ELIMIT : APR_SUCCESS;
        }
    }
    return FB_ESYNTAX;
}

apr_status_t fb_num_size(apr_int64_t *bytes, fb_str s)
{
    return with_unit(bytes, s, sizes);
}

apr_status_t fb_num_duration(apr_interval_time_t *out, fb_str s)
{
    return with_unit(out, s, durations);
}

apr_status_t fb_num_rate(fb_rate *out, fb_str s)
{
    fb_str rest = s;
    fb_rate rate = { 0, 0 };

    if (fb_str_ieq_z(s, "off") || fb_str_eq_z(s, "0")) {
        *out = rate;
        return APR_SUCCESS;
    }
    apr_status_t status = fb_num_int64(&rate.count, fb_str_trim(fb_str_split(&rest, '/')));
    if (status == APR_SUCCESS) {
        status = fb_num_duration(&rate.period, fb_str_trim(rest));
    }
    if (status == APR_SUCCESS && (rate.count < 1 || rate.period < 1)) {
        status = FB_ESYNTAX;
    }
    if (status == APR_SUCCESS) {
        *out = rate;
    }
    return status;
}

static const char *in_units(apr_pool_t *pool, apr_int64_t value, const unit *units)
{
    for (const unit *u = units; u->name != NULL; u++) {
        if (value != 0 && value % u->factor == 0) {
            return apr_psprintf(pool, "%" APR_INT64_T_FMT "%s", value / u->factor, u->name);
        }
    }
    return NULL;
}

const char *fb_num_size_text(apr_pool_t *pool, apr_int64_t bytes)
{
    const char *text = in_units(pool, bytes, sizes);
    return text != NULL ? text : "0";
}

const char *fb_num_duration_text(apr_pool_t *pool, apr_interval_time_t duration)
{
    const char *text = duration % APR_USEC_PER_SEC == 0 || duration % 1000 == 0
                           ? in_units(pool, duration, durations)
                           : apr_psprintf(pool, "%" APR_INT64_T_FMT "us", duration);
    return text != NULL ? text : "0";
}

bool fb_size_add(apr_size_t *out, apr_size_t a, apr_size_t b)
{
    apr_size_t sum;

    if (__builtin_add_overflow(a, b, &sum)) {
        return false;
    }
    *out = sum;
    return true;
}

bool fb_size_mul(apr_size_t *out, apr_size_t a, apr_size_t b)
{
    apr_size_t product;

    if (__builtin_mul_overflow(a, b, &product)) {
        return false;
    }
    *out = product;
    return true;
}
