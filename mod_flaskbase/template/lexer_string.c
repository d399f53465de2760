/* Escapes in string literals: Python's, with its peculiarities. */
#include "template/lexer_string.h"

#include "template/chars.h"

#include <uniname.h>

#include <string.h>

#include "base/banned.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
        return (c | 0x20) - 'a' + 10;
    return -1;
}

/* \xHH, \uHHHH, \UHHHHHHHH: `digits` of them behind *at. */
static const char *add_hex(fb_text *out, fb_str s, apr_size_t *at, unsigned digits)
{
    unsigned int code = 0;

    for (unsigned i = 0; i < digits; i++) {
        int value = *at < s.len ? hex_value(s.ptr[*at]) : -1;
        if (value < 0)
            return digits == 2   ? "truncated \\xXX escape"
                   : digits == 4 ? "truncated \\uXXXX escape"
                                 : "truncated \\UXXXXXXXX escape";
        code = code * 16 + (unsigned int)value;
        (*at)++;
    }
    if (code > 0x10ffff)
        return "illegal Unicode character";
    fb_text_add_code(out, code);
    return NULL;
}

static void add_octal(fb_text *out, fb_str s, apr_size_t *at)
{
    unsigned int code = 0;

    for (unsigned i = 0; i < 3 && *at < s.len && s.ptr[*at] >= '0' && s.ptr[*at] <= '7'; i++)
        code = code * 8 + (unsigned int)(s.ptr[(*at)++] - '0');
    fb_text_add_code(out, code);
}

/* \N{NAME OF A CHARACTER} */
static const char *add_named(fb_text *out, fb_str s, apr_size_t *at)
{
    char name[128];
    fb_str rest = fb_str_sub(s, *at, s.len);
    apr_ssize_t end = fb_str_find_char(rest, '}');

    if (rest.len == 0 || rest.ptr[0] != '{' || end < 2)
        return "malformed \\N character escape";
    apr_size_t len = (apr_size_t)end - 1;
    if (len >= sizeof(name))
        return "unknown Unicode character name";
    memcpy(name, rest.ptr + 1, len);
    name[len] = '\0';
    ucs4_t code = unicode_name_character(name);
    if (code == UNINAME_INVALID)
        return "unknown Unicode character name";
    fb_text_add_code(out, code);
    *at += (apr_size_t)end + 1;
    return NULL;
}

/* Python escapes other scripts before it looks at backslashes, so a backslash before such a
 * character turns up together with that character's number. */
static void add_escaped_code(fb_text *out, fb_str s, apr_size_t *at)
{
    unsigned int code = fb_chars_next(s, at);

    fb_text_add_char(out, '\\');
    if (code < 0x100)
        fb_text_add_fmt(out, "x%02x", code);
    else if (code < 0x10000)
        fb_text_add_fmt(out, "u%04x", code);
    else
        fb_text_add_fmt(out, "U%08x", code);
}

/* What stands behind a backslash, at *at. */
static const char *add_escape(fb_text *out, fb_str s, apr_size_t *at)
{
    static const char from[] = "\\'\"abfnrtv";
    static const char to[] = "\\'\"\a\b\f\n\r\t\v";
    char c = s.ptr[*at];
    const char *simple = c != '\0' ? strchr(from, c) : NULL;

    if (simple != NULL) {
        fb_text_add_char(out, to[simple - from]);
        (*at)++;
        return NULL;
    }
    if (c >= '0' && c <= '7') {
        add_octal(out, s, at);
        return NULL;
    }
    if ((unsigned char)c >= 0x80) {
        add_escaped_code(out, s, at);
        return NULL;
    }
    (*at)++;
    switch (c) {
    case '\n': return NULL;
    case 'x': return add_hex(out, s, at, 2);
    case 'u': return add_hex(out, s, at, 4);
    case 'U': return add_hex(out, s, at, 8);
    case 'N': return add_named(out, s, at);
    default:
        fb_text_add_char(out, '\\');
        fb_text_add_char(out, c);
        return NULL;
    }
}

fb_str fb_lex_unescape(fb_str inside, fb_arena *arena, const char **problem)
{
    apr_size_t at = 0;

    if (fb_str_find_char(inside, '\\') < 0)
        return inside;
    fb_text out = { .arena = arena };
    while (at < inside.len && *problem == NULL) {
        if (inside.ptr[at] != '\\')
            fb_text_add_char(&out, inside.ptr[at++]);
        else if (++at < inside.len)
            *problem = add_escape(&out, inside, &at);
        else
            *problem = "\\ at end of string";
    }
    return fb_str_from_len(out.data, out.len);
}
