/* Checked numbers: parsing with ranges, sizes, durations and rates as people write them. */
#ifndef FB_BASE_NUM_H
#define FB_BASE_NUM_H

#include "base/error.h"

#include <apr_time.h>

/* Decimal digits with an optional '-' in front and nothing else: no blanks, no '+'.
 * FB_ESYNTAX when it is not a number, FB_ELIMIT when it does not fit. */
apr_status_t fb_num_int64(apr_int64_t *out, fb_str s) FB_MUST_CHECK;
apr_status_t fb_num_uint64(apr_uint64_t *out, fb_str s) FB_MUST_CHECK;
/* As fb_num_int64, between min and max inclusive; FB_ELIMIT outside. */
apr_status_t fb_num_range(apr_int64_t *out, fb_str s, apr_int64_t min,
                          apr_int64_t max) FB_MUST_CHECK;
/* Hexadecimal digits with or without 0x in front. */
apr_status_t fb_num_hex(apr_uint64_t *out, fb_str s) FB_MUST_CHECK;
/* Bytes: a number with k, M or G (powers of 1024, either case, an optional B) behind it. */
apr_status_t fb_num_size(apr_int64_t *bytes, fb_str s) FB_MUST_CHECK;
/* A number with ms, s, m, h, d or w behind it; without a unit, seconds. In microseconds. */
apr_status_t fb_num_duration(apr_interval_time_t *out, fb_str s) FB_MUST_CHECK;

/* "COUNT/DURATION", "10/15m": at most `count` in any window of `period` microseconds.
 * "0" or "off" is a count of 0: no limit. */
typedef struct fb_rate {
    apr_int64_t count;
    apr_interval_time_t period;
} fb_rate;
apr_status_t fb_num_rate(fb_rate *out, fb_str s) FB_MUST_CHECK;

/* The shortest text that parses to the same value ("8M", "90s", "12h"). */
const char *fb_num_size_text(apr_pool_t *pool, apr_int64_t bytes);
const char *fb_num_duration_text(apr_pool_t *pool, apr_interval_time_t duration);

/* Checked arithmetic on sizes: false, and *out untouched, when the result does not fit. */
bool fb_size_add(apr_size_t *out, apr_size_t a, apr_size_t b) FB_MUST_CHECK;
bool fb_size_mul(apr_size_t *out, apr_size_t a, apr_size_t b) FB_MUST_CHECK;

#endif
