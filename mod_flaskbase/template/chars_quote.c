/* Strings written down again: repr, JSON, URLs, and the ASCII form of numbers. */
#include "template/chars.h"

#include <string.h>
#include <unictype.h>

#include "base/banned.h"

static const char hex[] = "0123456789abcdef";

/* --- repr --- */

static void add_hex(fb_text *out, char kind, unsigned int c, int digits)
{
    char text[10] = { '\\', kind };

    for (int i = 0; i < digits; i++)
        text[2 + i] = hex[(c >> (4 * (digits - 1 - i))) & 15];
    fb_text_add(out, (fb_str){ text, (apr_size_t)digits + 2 });
}

static void add_escape(fb_text *out, unsigned int c)
{
    switch (c) {
    case '\t': fb_text_add(out, FB_STR("\\t")); return;
    case '\n': fb_text_add(out, FB_STR("\\n")); return;
    case '\r': fb_text_add(out, FB_STR("\\r")); return;
    default:
        if (c < 0x100)
            add_hex(out, 'x', c, 2);
        else if (c < 0x10000)
            add_hex(out, 'u', c, 4);
        else
            add_hex(out, 'U', c, 8);
    }
}

static char quote_of(fb_str s)
{
    return fb_str_find_char(s, '\'') >= 0 && fb_str_find_char(s, '"') < 0 ? '"' : '\'';
}

typedef bool shown_test(unsigned int c);

static bool is_shown_ascii(unsigned int c)
{
    return c >= 0x20 && c < 0x7f;
}

static void quote(fb_text *out, fb_str s, shown_test *shown)
{
    char mark = quote_of(s);
    apr_size_t at = 0, from = 0, next;
    unsigned int c;

    fb_text_add_char(out, mark);
    while (at < s.len) {
        next = at;
        c = fb_chars_next(s, &next);
        if (c == '\\' || c == (unsigned char)mark) {
            fb_text_add(out, fb_str_sub(s, from, at - from));
            fb_text_add_char(out, '\\');
            from = at;
        } else if (!shown(c)) {
            fb_text_add(out, fb_str_sub(s, from, at - from));
            add_escape(out, c);
            from = next;
        }
        at = next;
    }
    fb_text_add(out, fb_str_sub(s, from, s.len));
    fb_text_add_char(out, mark);
}

void fb_chars_repr(fb_text *out, fb_str s)
{
    quote(out, s, fb_char_is_printable);
}

void fb_chars_ascii(fb_text *out, fb_str s)
{
    quote(out, s, is_shown_ascii);
}

void fb_chars_escape_non_ascii(fb_text *out, fb_str s)
{
    apr_size_t at = 0;

    while (at < s.len) {
        unsigned int c = fb_chars_next(s, &at);

        if (c < 0x80)
            fb_text_add_char(out, (char)c);
        else
            add_escape(out, c);
    }
}

void fb_chars_repr_bytes(fb_text *out, fb_str s)
{
    char mark = quote_of(s);

    fb_text_add_char(out, 'b');
    fb_text_add_char(out, mark);
    for (apr_size_t i = 0; i < s.len; i++) {
        unsigned int c = (unsigned char)s.ptr[i];

        if (c == '\\' || c == (unsigned char)mark)
            fb_text_add_char(out, '\\');
        if (is_shown_ascii(c))
            fb_text_add_char(out, (char)c);
        else
            add_escape(out, c);
    }
    fb_text_add_char(out, mark);
}

const char *fb_chars_repr_z(fb_str s, fb_arena *arena)
{
    enum { LONGEST = 200 };
    fb_text text = { .arena = arena };

    fb_chars_repr(&text, fb_chars_slice(s, 0, LONGEST));
    fb_text_add_char(&text, '\0');
    return text.failed ? "''" : text.data;
}

/* --- JSON --- */

static void add_json_code(fb_text *out, unsigned int c)
{
    switch (c) {
    case '"': fb_text_add(out, FB_STR("\\\"")); return;
    case '\\': fb_text_add(out, FB_STR("\\\\")); return;
    case '\b': fb_text_add(out, FB_STR("\\b")); return;
    case '\f': fb_text_add(out, FB_STR("\\f")); return;
    case '\n':
    case '\r':
    case '\t': add_escape(out, c); return;
    default: break;
    }
    if (c >= 0x10000) {
        c -= 0x10000;
        add_hex(out, 'u', 0xd800 | c >> 10, 4);
        c = 0xdc00 | (c & 0x3ff);
    }
    add_hex(out, 'u', c, 4);
}

static bool is_plain_json(unsigned int c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&' &&
           c != '\'';
}

void fb_chars_json(fb_text *out, fb_str s)
{
    apr_size_t at = 0, from = 0, next;
    unsigned int c;

    fb_text_add_char(out, '"');
    while (at < s.len) {
        next = at;
        c = fb_chars_next(s, &next);
        if (!is_plain_json(c)) {
            fb_text_add(out, fb_str_sub(s, from, at - from));
            add_json_code(out, c);
            from = next;
        }
        at = next;
    }
    fb_text_add(out, fb_str_sub(s, from, s.len));
    fb_text_add_char(out, '"');
}

/* --- numbers --- */

fb_str fb_chars_ascii_number(fb_str s, fb_arena *arena)
{
    apr_size_t at = 0, len = 0;
    char *to;

    s = fb_chars_strip(s, FB_BOTH);
    if (fb_chars_is_ascii(s))
        return s;
    to = fb_arena_alloc(arena, s.len);
    if (to == NULL)
        return (fb_str){ NULL, 0 };
    while (at < s.len) {
        unsigned int c = fb_chars_next(s, &at);
        int digit = c < 0x80 ? -1 : uc_decimal_value(c);

        if (c < 0x80)
            to[len++] = (char)c;
        else if (digit >= 0)
            to[len++] = (char)('0' + digit);
        else
            to[len++] = fb_char_is_space(c) ? ' ' : '?';
    }
    return (fb_str){ to, len };
}

/* --- URLs --- */

static bool is_unreserved(unsigned char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' ||
           c == '.' || c == '-' || c == '~';
}

void fb_chars_url_quote(fb_text *out, fb_str s, fb_url_part part)
{
    char *at = fb_text_reserve(out, s.len * 3 + 1); /* s.len is at most FB_VALUE_MAX_LEN */
    char *start = at;

    if (at == NULL)
        return;
    for (apr_size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];

        if (is_unreserved(c) || (c == '/' && part == FB_URL_PATH))
            *at++ = (char)c;
        else if (c == ' ' && part == FB_URL_QUERY)
            *at++ = '+';
        else {
            *at++ = '%';
            *at++ = "0123456789ABCDEF"[c >> 4];
            *at++ = "0123456789ABCDEF"[c & 15];
        }
    }
    out->len += (apr_size_t)(at - start);
}
