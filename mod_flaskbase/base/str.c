/* Length-carrying strings: comparison, searching, cutting, UTF-8. */
#include "base/str.h"

#include <apr_strings.h>
#include <limits.h>
#include <string.h>

#include "base/banned.h"

int fb_str_printf_len(fb_str s)
{
    return s.len > (apr_size_t)INT_MAX ? INT_MAX : (int)s.len;
}

fb_str fb_str_from(const char *z)
{
    return fb_str_from_len(z, z != NULL ? strlen(z) : 0);
}

fb_str fb_str_from_len(const char *ptr, apr_size_t len)
{
    return (fb_str){ ptr, len };
}

bool fb_str_eq(fb_str a, fb_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool fb_str_eq_z(fb_str a, const char *z)
{
    return fb_str_eq(a, fb_str_from(z));
}

static unsigned char lower(char c)
{
    unsigned char u = (unsigned char)c;
    return u >= 'A' && u <= 'Z' ? (unsigned char)(u | 0x20U) : u;
}

bool fb_str_ieq(fb_str a, fb_str b)
{
    if (a.len != b.len) {
        return false;
    }
    for (apr_size_t i = 0; i < a.len; i++) {
        if (lower(a.ptr[i]) != lower(b.ptr[i])) {
            return false;
        }
    }
    return true;
}

bool fb_str_ieq_z(fb_str a, const char *z)
{
    return fb_str_ieq(a, fb_str_from(z));
}

int fb_str_cmp(fb_str a, fb_str b)
{
    apr_size_t common = a.len < b.len ? a.len : b.len;
    int order = common > 0 ? memcmp(a.ptr, b.ptr, common) : 0;

    if (order != 0) {
        return order;
    }
    return a.len < b.len ? -1 : a.len > b.len;
}

bool fb_str_starts(fb_str s, fb_str prefix)
{
    return s.len >= prefix.len && fb_str_eq(fb_str_sub(s, 0, prefix.len), prefix);
}

bool fb_str_ends(fb_str s, fb_str suffix)
{
    return s.len >= suffix.len && fb_str_eq(fb_str_sub(s, s.len - suffix.len, suffix.len), suffix);
}

apr_ssize_t fb_str_find(fb_str s, fb_str needle)
{
    if (needle.len == 0) {
        return 0;
    }
    if (needle.len > s.len) {
        return -1;
    }
    const char *at = s.ptr;
    const char *last = s.ptr + (s.len - needle.len);
    while (at <= last) {
        at = memchr(at, needle.ptr[0], (apr_size_t)(last - at) + 1);
        if (at == NULL) {
            return -1;
        }
        if (memcmp(at, needle.ptr, needle.len) == 0) {
            return at - s.ptr;
        }
        at++;
    }
    return -1;
}

apr_ssize_t fb_str_find_char(fb_str s, char c)
{
    const char *at = s.len > 0 ? memchr(s.ptr, c, s.len) : NULL;

    return at != NULL ? at - s.ptr : -1;
}

fb_str fb_str_sub(fb_str s, apr_size_t from, apr_size_t len)
{
    if (from > s.len) {
        from = s.len;
    }
    if (len > s.len - from) {
        len = s.len - from;
    }
    return fb_str_from_len(s.ptr != NULL ? s.ptr + from : NULL, len);
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

fb_str fb_str_trim(fb_str s)
{
    while (s.len > 0 && is_blank(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && is_blank(s.ptr[s.len - 1])) {
        s.len--;
    }
    return s;
}

fb_str fb_str_split(fb_str *rest, char sep)
{
    fb_str all = *rest;
    apr_ssize_t at = fb_str_find_char(all, sep);

    if (at < 0) {
        *rest = fb_str_from_len(NULL, 0);
        return all;
    }
    *rest = fb_str_sub(all, (apr_size_t)at + 1, all.len);
    return fb_str_sub(all, 0, (apr_size_t)at);
}

fb_str fb_str_dup(apr_pool_t *pool, fb_str s)
{
    return fb_str_from_len(fb_str_to_z(pool, s), s.len);
}

const char *fb_str_to_z(apr_pool_t *pool, fb_str s)
{
    return apr_pstrmemdup(pool, s.ptr != NULL ? s.ptr : "", s.len);
}

fb_str fb_str_lower_ascii(apr_pool_t *pool, fb_str s)
{
    char *copy = apr_pstrmemdup(pool, s.ptr != NULL ? s.ptr : "", s.len);

    for (apr_size_t i = 0; i < s.len; i++) {
        copy[i] = (char)lower(copy[i]);
    }
    return fb_str_from_len(copy, s.len);
}

fb_str fb_str_printf(apr_pool_t *pool, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    const char *text = apr_pvsprintf(pool, fmt, args);
    va_end(args);
    return fb_str_from(text);
}

bool fb_str_has_ctl(fb_str s)
{
    for (apr_size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c < 0x20 || c == 0x7f) {
            return true;
        }
    }
    return false;
}

bool fb_str_has_nul(fb_str s)
{
    return fb_str_find_char(s, '\0') >= 0;
}

/* Length of the well-formed sequence at `at` (Unicode 15, table 3-7), or 0. */
static apr_size_t sequence_len(fb_str s, apr_size_t at)
{
    const unsigned char *p = (const unsigned char *)s.ptr + at;
    apr_size_t left = s.len - at;
    apr_size_t len;
    unsigned char low = 0x80;
    unsigned char high = 0xbf;

    if (p[0] < 0x80) {
        return 1;
    }
    if (p[0] >= 0xc2 && p[0] <= 0xdf) {
        len = 2;
    } else if (p[0] >= 0xe0 && p[0] <= 0xef) {
        len = 3;
        low = p[0] == 0xe0 ? 0xa0 : 0x80;
        high = p[0] == 0xed ? 0x9f : 0xbf;
    } else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
        len = 4;
        low = p[0] == 0xf0 ? 0x90 : 0x80;
        high = p[0] == 0xf4 ? 0x8f : 0xbf;
    } else {
        return 0;
    }
    if (left < len || p[1] < low || p[1] > high) {
        return 0;
    }
    for (apr_size_t i = 2; i < len; i++) {
        if ((p[i] & 0xc0U) != 0x80) {
            return 0;
        }
    }
    return len;
}

bool fb_str_is_utf8(fb_str s)
{
    for (apr_size_t at = 0; at < s.len;) {
        apr_size_t len = sequence_len(s, at);
        if (len == 0) {
            return false;
        }
        at += len;
    }
    return true;
}

apr_size_t fb_str_utf8_count(fb_str s)
{
    apr_size_t count = 0;

    for (apr_size_t i = 0; i < s.len; i++) {
        count += ((unsigned char)s.ptr[i] & 0xc0U) != 0x80;
    }
    return count;
}

unsigned int fb_str_utf8_next(fb_str s, apr_size_t *at)
{
    const unsigned char *p = (const unsigned char *)s.ptr + *at;
    apr_size_t len = sequence_len(s, *at);

    switch (len) {
    case 1: *at += 1; return p[0];
    case 2: *at += 2; return (p[0] & 0x1fU) << 6 | (p[1] & 0x3fU);
    case 3: *at += 3; return (p[0] & 0x0fU) << 12 | (p[1] & 0x3fU) << 6 | (p[2] & 0x3fU);
    case 4:
        *at += 4;
        return (p[0] & 0x07U) << 18 | (p[1] & 0x3fU) << 12 | (p[2] & 0x3fU) << 6 | (p[3] & 0x3fU);
    default: *at += 1; return 0xfffd;
    }
}

apr_size_t fb_str_utf8_put(char out[4], unsigned int code_point)
{
    if (code_point < 0x80) {
        out[0] = (char)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        out[0] = (char)(0xc0U | code_point >> 6);
        out[1] = (char)(0x80U | (code_point & 0x3fU));
        return 2;
    }
    if (code_point < 0x10000) {
        out[0] = (char)(0xe0U | code_point >> 12);
        out[1] = (char)(0x80U | (code_point >> 6 & 0x3fU));
        out[2] = (char)(0x80U | (code_point & 0x3fU));
        return 3;
    }
    out[0] = (char)(0xf0U | (code_point >> 18 & 0x07U));
    out[1] = (char)(0x80U | (code_point >> 12 & 0x3fU));
    out[2] = (char)(0x80U | (code_point >> 6 & 0x3fU));
    out[3] = (char)(0x80U | (code_point & 0x3fU));
    return 4;
}
