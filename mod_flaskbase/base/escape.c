/* Escaping for every context the product writes into, and URL decoding. */
#include "base/escape.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/banned.h"

static const char hex_lower[] = "0123456789abcdef";
static const char hex_upper[] = "0123456789ABCDEF";

static const char *html_entity(char c)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&#34;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

/* All five bytes that need escaping in HTML, by value. */
static const unsigned char html_special[256] = {
    ['&'] = 1, ['<'] = 1, ['>'] = 1, ['"'] = 1, ['\''] = 1,
};

#ifdef __SSE2__
/* A bit for each of 16 bytes that needs escaping. */
static unsigned special_bits(__m128i bytes)
{
    __m128i found = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('&'));

    found = _mm_or_si128(found, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('<')));
    found = _mm_or_si128(found, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('>')));
    found = _mm_or_si128(found, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')));
    found = _mm_or_si128(found, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\'')));
    return (unsigned)_mm_movemask_epi8(found);
}
#endif

apr_size_t fb_escape_html_span(fb_str s)
{
    apr_size_t i = 0;

#ifdef __SSE2__
    for (; s.len - i >= 16; i += 16) {
        unsigned bits = special_bits(_mm_loadu_si128((const __m128i *)(const void *)(s.ptr + i)));
        if (bits != 0) {
            return i + (unsigned)__builtin_ctz(bits);
        }
    }
#endif
    while (i < s.len && html_special[(unsigned char)s.ptr[i]] == 0) {
        i++;
    }
    return i;
}

/* All entities are five bytes long, but two are four. */
static char *put_entity(char *out, char c)
{
    const char *entity = html_entity(c);
    apr_size_t len = c == '<' || c == '>' ? 4 : 5;

    memcpy(out, entity, len);
    return out + len;
}

apr_size_t fb_escape_html_into(char *out, fb_str s)
{
    char *at = out;
    apr_size_t i = 0;

#ifdef __SSE2__
    /* Sixteen bytes are copied at once; what follows a special one is copied again behind its
     * entity. There is room: 5 bytes for each that is left, so 80 at least. */
    while (s.len - i >= 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(s.ptr + i));
        unsigned bits = special_bits(bytes);
        _mm_storeu_si128((__m128i *)(void *)at, bytes);
        if (bits == 0) {
            at += 16;
            i += 16;
        } else {
            unsigned plain = (unsigned)__builtin_ctz(bits);
            at = put_entity(at + plain, s.ptr[i + plain]);
            i += plain + 1;
        }
    }
#endif
    for (; i < s.len; i++) {
        if (html_special[(unsigned char)s.ptr[i]] == 0) {
            *at++ = s.ptr[i];
        } else {
            at = put_entity(at, s.ptr[i]);
        }
    }
    return (apr_size_t)(at - out);
}

void fb_escape_html(fb_buf *out, fb_str s)
{
    while (s.len > 0) {
        apr_size_t plain = fb_escape_html_span(s);
        fb_buf_add_mem(out, s.ptr, plain);
        if (plain == s.len) {
            return;
        }
        fb_buf_add_z(out, html_entity(s.ptr[plain]));
        s.ptr += plain + 1;
        s.len -= plain + 1;
    }
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static void add_percent(fb_buf *out, char c)
{
    unsigned char u = (unsigned char)c;
    char triple[3] = { '%', hex_upper[u >> 4], hex_upper[u & 0xfU] };

    fb_buf_add_mem(out, triple, sizeof(triple));
}

void fb_escape_url(fb_buf *out, fb_str s, const char *keep)
{
    for (apr_size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (is_unreserved(c) || (keep != NULL && c != '\0' && strchr(keep, c) != NULL)) {
            fb_buf_add_char(out, c);
        } else {
            add_percent(out, c);
        }
    }
}

void fb_escape_form(fb_buf *out, fb_str s)
{
    for (apr_size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == ' ') {
            fb_buf_add_char(out, '+');
        } else if (is_unreserved(c)) {
            fb_buf_add_char(out, c);
        } else {
            add_percent(out, c);
        }
    }
}

static const char *json_short(char c)
{
    switch (c) {
    case '"': return "\\\"";
    case '\\': return "\\\\";
    case '\b': return "\\b";
    case '\f': return "\\f";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default: return NULL;
    }
}

/* U+2028 and U+2029 (e2 80 a8, e2 80 a9) end a line in older JavaScript. */
static bool is_js_line_end(fb_str s, apr_size_t at)
{
    return s.len - at >= 3 && memcmp(s.ptr + at, "\xe2\x80", 2) == 0 &&
           ((unsigned char)s.ptr[at + 2] == 0xa8 || (unsigned char)s.ptr[at + 2] == 0xa9);
}

void fb_escape_json(fb_buf *out, fb_str s)
{
    apr_size_t from = 0;

    for (apr_size_t at = 0; at < s.len;) {
        char c = s.ptr[at];
        apr_size_t eaten = 1;
        const char *text = json_short(c);
        char code[7] = "\\u00";
        if (text == NULL && ((unsigned char)c < 0x20 || c == 0x7f || c == '<' || c == '>' ||
                             c == '&' || c == '\'')) {
            code[4] = hex_lower[(unsigned char)c >> 4];
            code[5] = hex_lower[(unsigned char)c & 0xfU];
            text = code;
        } else if (text == NULL && is_js_line_end(s, at)) {
            eaten = 3;
            text = (unsigned char)s.ptr[at + 2] == 0xa8 ? "\\u2028" : "\\u2029";
        }
        if (text != NULL) {
            fb_buf_add_mem(out, s.ptr + from, at - from);
            fb_buf_add_z(out, text);
            from = at + eaten;
        }
        at += eaten;
    }
    fb_buf_add(out, fb_str_sub(s, from, s.len));
}

/* Control characters, C1 controls, line separators and bytes that are not UTF-8 could forge or
 * split a line of the log, or steer the terminal it is read on (ASVS 16.4.1). */
static bool spoils_log(unsigned int c, apr_size_t width)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 ||
           (c == 0xfffd && width == 1);
}

static void put_hex(char quad[4], char c)
{
    quad[0] = '\\';
    quad[1] = 'x';
    quad[2] = hex_lower[(unsigned char)c >> 4];
    quad[3] = hex_lower[(unsigned char)c & 0xfU];
}

/* The slice without a character that a cut at its end left incomplete. */
static fb_str without_torn_end(fb_str s)
{
    for (apr_size_t back = 1; back <= 3 && back <= s.len; back++) {
        unsigned char c = (unsigned char)s.ptr[s.len - back];
        if (c >= 0xc0) {
            apr_size_t need = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
            return need > back ? fb_str_sub(s, 0, s.len - back) : s;
        }
        if (c < 0x80) {
            break;
        }
    }
    return s;
}

void fb_escape_log(fb_buf *out, fb_str s, apr_size_t max)
{
    bool cut = s.len > max;

    if (cut) {
        s = without_torn_end(fb_str_sub(s, 0, max));
    }
    for (apr_size_t at = 0; at < s.len;) {
        apr_size_t from = at;
        unsigned int c = fb_str_utf8_next(s, &at);
        if (c != '\\' && c != '"' && !spoils_log(c, at - from)) {
            fb_buf_add(out, fb_str_sub(s, from, at - from));
            continue;
        }
        for (; from < at; from++) {
            char quad[4];
            put_hex(quad, s.ptr[from]);
            fb_buf_add_mem(out, quad, sizeof(quad));
        }
    }
    if (cut) {
        fb_buf_add_z(out, "...");
    }
}

void fb_escape_log_line(char *out, apr_size_t size, fb_str s)
{
    apr_size_t len = 0;

    for (apr_size_t at = 0; at < s.len;) {
        apr_size_t from = at;
        unsigned int c = fb_str_utf8_next(s, &at);
        bool bad = spoils_log(c, at - from);
        if (len + (at - from) * (bad ? 4 : 1) >= size) {
            break;
        }
        for (; from < at; from++) {
            if (bad) {
                put_hex(out + len, s.ptr[from]);
                len += 4;
            } else {
                out[len++] = s.ptr[from];
            }
        }
    }
    if (size > 0) {
        out[len] = '\0';
    }
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

apr_status_t fb_unescape_url(fb_str *out, fb_str s, fb_plus plus, apr_pool_t *pool)
{
    char *to = apr_palloc(pool, s.len + 1);
    apr_size_t len = 0;

    *out = fb_str_from_len(NULL, 0);
    for (apr_size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == '%') {
            int high = s.len - i > 2 ? hex_value(s.ptr[i + 1]) : -1;
            int low = s.len - i > 2 ? hex_value(s.ptr[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return FB_EINVALID;
            }
            c = (char)(unsigned char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus == FB_PLUS_IS_SPACE) {
            c = ' ';
        }
        to[len++] = c;
    }
    to[len] = '\0';
    *out = fb_str_from_len(to, len);
    return APR_SUCCESS;
}
