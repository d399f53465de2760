/* Time as text. What time it is comes from outside, as apr_time_t (microseconds, UTC). */
#ifndef FB_BASE_CLOCK_H
#define FB_BASE_CLOCK_H

#include "base/error.h"

#include <apr_time.h>

#define FB_CLOCK_HTTP_SIZE 30 /* "Sun, 06 Nov 1994 08:49:37 GMT" and NUL */
#define FB_CLOCK_ISO_SIZE  25 /* "1994-11-06T08:49:37.123Z" and NUL */

/* RFC 9110 section 5.6.7 (IMF-fixdate). Times before year 0 or after 9999 are clamped. */
void fb_clock_http(char out[FB_CLOCK_HTTP_SIZE], apr_time_t time);
/* ISO 8601, UTC, with seconds ("1994-11-06T08:49:37Z") or milliseconds. */
void fb_clock_iso(char out[FB_CLOCK_ISO_SIZE], apr_time_t time);
void fb_clock_iso_ms(char out[FB_CLOCK_ISO_SIZE], apr_time_t time);
/* All three forms RFC 9110 knows; FB_ESYNTAX otherwise. */
apr_status_t fb_clock_parse_http(apr_time_t *out, fb_str s) FB_MUST_CHECK;
/* "YYYY-MM-DD[T ]HH:MM:SS[.fraction][Z]", UTC; FB_ESYNTAX otherwise. */
apr_status_t fb_clock_parse_iso(apr_time_t *out, fb_str s) FB_MUST_CHECK;

#endif
