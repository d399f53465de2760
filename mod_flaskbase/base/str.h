/* Length-carrying strings: the only form in which bytes from outside travel. */
#ifndef FB_BASE_STR_H
#define FB_BASE_STR_H

#include <apr_pools.h>
#include <stdarg.h>
#include <stdbool.h>

/* A borrowed slice of bytes. Never NUL-terminated by contract; may hold NUL bytes.
 * ptr is NULL only when len is 0. Who made the slice says how long it lives. */
typedef struct fb_str {
    const char *ptr;
    apr_size_t len;
} fb_str;

/* A slice of a string literal, usable in static initialisers. */
#define FB_STR_INIT(literal)                                                                       \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }
#define FB_STR(literal) ((fb_str){ (literal), sizeof(literal) - 1 })
/* For printf: "%.*s" with FB_STR_ARG(s). Slices longer than INT_MAX are cut. */
#define FB_STR_ARG(s) fb_str_printf_len(s), ((s).ptr != NULL ? (s).ptr : "")

int fb_str_printf_len(fb_str s);

/* A slice of a NUL-terminated string; NULL gives the empty slice. */
fb_str fb_str_from(const char *z);
fb_str fb_str_from_len(const char *ptr, apr_size_t len);

bool fb_str_eq(fb_str a, fb_str b);
bool fb_str_eq_z(fb_str a, const char *z);
bool fb_str_ieq(fb_str a, fb_str b); /* ASCII case only */
bool fb_str_ieq_z(fb_str a, const char *z);
int fb_str_cmp(fb_str a, fb_str b); /* by bytes, shorter first */
bool fb_str_starts(fb_str s, fb_str prefix);
bool fb_str_ends(fb_str s, fb_str suffix);

/* Index of the first occurrence, or -1. */
apr_ssize_t fb_str_find(fb_str s, fb_str needle);
apr_ssize_t fb_str_find_char(fb_str s, char c);

/* The part from byte `from` (clamped to the slice) of at most `len` bytes. */
fb_str fb_str_sub(fb_str s, apr_size_t from, apr_size_t len);
/* Without ASCII blanks (space, \t, \r, \n, \f, \v) at both ends. */
fb_str fb_str_trim(fb_str s);
/* Cuts *rest at the first `sep`: returns what stands before it and leaves in *rest what
 * follows; without a separator returns all and leaves *rest empty with ptr NULL. */
fb_str fb_str_split(fb_str *rest, char sep);

/* Copies into the pool; the copy carries a NUL after its last byte. */
fb_str fb_str_dup(apr_pool_t *pool, fb_str s);
const char *fb_str_to_z(apr_pool_t *pool, fb_str s);
fb_str fb_str_lower_ascii(apr_pool_t *pool, fb_str s);
fb_str fb_str_printf(apr_pool_t *pool, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

bool fb_str_has_ctl(fb_str s); /* any byte < 0x20 or 0x7f */
bool fb_str_has_nul(fb_str s);
bool fb_str_is_utf8(fb_str s);          /* well-formed: no surrogates, no overlongs, <= U+10FFFF */
apr_size_t fb_str_utf8_count(fb_str s); /* code points of well-formed UTF-8 */
/* Decodes the code point at *at and moves *at past it; malformed bytes come as U+FFFD,
 * one byte at a time. The caller makes sure that *at < s.len. */
unsigned int fb_str_utf8_next(fb_str s, apr_size_t *at);
/* Writes the UTF-8 form of a code point (<= 0x10ffff) and returns its length, 1 to 4. */
apr_size_t fb_str_utf8_put(char out[4], unsigned int code_point);

#endif
