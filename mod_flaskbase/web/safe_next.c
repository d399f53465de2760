/* The grammar of `next`. */
#include "web/safe_next.h"

#include <string.h>

#include "base/banned.h"

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* RFC 3986 pchar without %, and '/'. */
static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~!$&'()*+,;=:@/", c) != NULL);
}

/* The byte at *at, decoded; -1 when it may not stand there. A byte outside ASCII is returned as it
 * is: encoded UTF-8 is allowed. */
static int next_byte(fb_str s, apr_size_t *at)
{
    char c = s.ptr[(*at)++];
    if (c != '%') {
        return is_plain(c) || c == '?' ? (unsigned char)c : -1;
    }
    if (s.len - *at < 2) {
        return -1;
    }
    int high = hex_value(s.ptr[*at]), low = hex_value(s.ptr[*at + 1]);
    *at += 2;
    int byte = high < 0 || low < 0 ? -1 : high * 16 + low;
    return byte < 0x20 || byte == 0x7f || byte == '\\' ? -1 : byte;
}

/* Segments are compared decoded; an escape that hides a separator or an escape is refused. */
static bool path_ok(fb_str path)
{
    char start[2]; /* the first bytes of the segment, to know "." and ".." */
    apr_size_t in_segment = 0;
    for (apr_size_t at = 1; at <= path.len;) {
        bool ends = at == path.len || path.ptr[at] == '/';
        if (ends) {
            bool dots = (in_segment == 1 && start[0] == '.') ||
                        (in_segment == 2 && start[0] == '.' && start[1] == '.');
            bool empty = in_segment == 0 && at < path.len;
            if (dots || empty) {
                return false;
            }
            in_segment = 0;
            at++;
            continue;
        }
        bool escaped = path.ptr[at] == '%';
        int byte = next_byte(path, &at);
        if (byte < 0 || (escaped && (byte == '/' || byte == '%'))) {
            return false;
        }
        if (in_segment < 2) {
            start[in_segment] = (char)byte;
        }
        in_segment++;
    }
    return true;
}

static bool query_ok(fb_str query)
{
    for (apr_size_t at = 0; at < query.len;) {
        if (next_byte(query, &at) < 0) {
            return false;
        }
    }
    return true;
}

bool fb_safe_next(const fb_site *site, fb_str next)
{
    fb_str mount = fb_str_from(site->config.mount);
    fb_str query = next;
    if (next.len == 0 || next.len > FB_NEXT_MAX || next.ptr[0] != '/' ||
        !fb_str_starts(next, mount)) {
        return false;
    }
    fb_str path = fb_str_split(&query, '?');
    if (mount.len > 0 && path.len > mount.len && path.ptr[mount.len] != '/') {
        return false;
    }
    return path_ok(path) && query_ok(query);
}
