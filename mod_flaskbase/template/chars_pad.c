/* Text laid out: padding, tabs, and paragraphs wrapped to a width. */
#include "template/chars.h"

#include <string.h>

#include "base/banned.h"

static void fill_with(fb_text *out, fb_str fill, int64_t count)
{
    char *at;

    if (fill.len != 1) {
        fb_chars_repeat(out, fill, count);
        return;
    }
    if (count <= 0)
        return;
    at = (uint64_t)count > FB_VALUE_MAX_LEN ? NULL : fb_text_reserve(out, (apr_size_t)count);
    if (at == NULL) {
        out->failed = true;
        return;
    }
    memset(at, fill.ptr[0], (apr_size_t)count);
    out->len += (apr_size_t)count;
}

void fb_chars_pad(fb_text *out, fb_str s, fb_pad how, int64_t width, fb_str fill)
{
    int64_t missing = width - (int64_t)fb_chars_count(s), left = 0;

    if (missing < 0)
        missing = 0;
    if (how == FB_PAD_RIGHT_ALIGN)
        left = missing;
    else if (how == FB_PAD_CENTER) /* where the odd one goes depends on the width, as in CPython */
        left = missing / 2 + (missing & width & 1);
    fill_with(out, fill, left);
    fb_text_add(out, s);
    fill_with(out, fill, missing - left);
}

void fb_chars_zfill(fb_text *out, fb_str s, int64_t width)
{
    int64_t missing = width - (int64_t)fb_chars_count(s);
    apr_size_t sign = s.len > 0 && (s.ptr[0] == '+' || s.ptr[0] == '-') ? 1 : 0;

    fb_text_add(out, fb_str_sub(s, 0, sign));
    fill_with(out, FB_STR("0"), missing);
    fb_text_add(out, fb_str_sub(s, sign, s.len));
}

void fb_chars_expand_tabs(fb_text *out, fb_str s, int64_t size)
{
    apr_size_t at = 0, from;
    int64_t column = 0;

    while (at < s.len) {
        unsigned int c;

        from = at;
        c = fb_chars_next(s, &at);
        if (c == '\t') {
            int64_t step = size > 0 ? size - column % size : 0;

            fill_with(out, FB_STR(" "), step);
            column += step;
            continue;
        }
        column = c == '\n' || c == '\r' ? 0 : column + 1;
        fb_text_add(out, fb_str_sub(s, from, at - from));
    }
}

/* --- wrapping ---
 * The algorithm is that of Python's textwrap: the text falls into chunks (runs of blanks, words,
 * parts of hyphenated words, dashes); lines are filled with chunks while they fit. A line is
 * always a stretch of the text, so nothing is copied until it is written. */

typedef struct wrap_text {
    fb_str s;
    const uint32_t *code;   /* `count` code points */
    const uint32_t *offset; /* their bytes; NULL: byte = code point */
    apr_size_t count;
    unsigned int flags;
} wrap_text;

typedef struct span {
    apr_size_t from, to;
} span;

static bool is_wrap_blank(uint32_t c)
{
    return c == ' ' || (c >= 9 && c <= 13);
}

/* A letter in textwrap's sense: a word character that is no decimal digit. */
static bool is_letter(const wrap_text *t, apr_size_t at)
{
    uint32_t c;

    if (at >= t->count)
        return false;
    c = t->code[at];
    if (c < 0x80)
        return c == '_' || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
    if (!fb_char_is_word(c))
        return false;
    return !fb_chars_is(fb_str_sub(t->s, t->offset[at], t->offset[at + 1] - t->offset[at]),
                        FB_CHARS_DECIMAL);
}

static bool ends_word(uint32_t c)
{
    return fb_char_is_word(c) || c == '!' || c == '"' || c == '\'' || c == '&' || c == '.' ||
           c == ',' || c == '?';
}

/* Length of a dash of two or more hyphens between words at `at`, or 0. */
static apr_size_t dash_at(const wrap_text *t, apr_size_t at)
{
    apr_size_t end = at;

    if (at == 0 || t->code[at] != '-' || !ends_word(t->code[at - 1]))
        return 0;
    while (end < t->count && t->code[end] == '-')
        end++;
    return end - at >= 2 && end < t->count && fb_char_is_word(t->code[end]) ? end - at : 0;
}

/* A hyphen at `at` behind which a word may be broken. */
static bool breaks_behind(const wrap_text *t, apr_size_t at)
{
    if (t->code[at] != '-' || at < 2 || !is_letter(t, at - 1))
        return false;
    if (!is_letter(t, at - 2) && !(at >= 3 && t->code[at - 2] == '-' && is_letter(t, at - 3)))
        return false;
    if (!is_letter(t, at + 1))
        return false;
    return is_letter(t, at + 2) ||
           (at + 2 < t->count && t->code[at + 2] == '-' && is_letter(t, at + 3));
}

static apr_size_t chunk_end(const wrap_text *t, apr_size_t from)
{
    apr_size_t end = from + 1;

    if (is_wrap_blank(t->code[from])) {
        while (end < t->count && is_wrap_blank(t->code[end]))
            end++;
        return end;
    }
    if ((t->flags & FB_WRAP_HYPHENS) == 0) {
        while (end < t->count && !is_wrap_blank(t->code[end]))
            end++;
        return end;
    }
    if (dash_at(t, from) > 0)
        return from + dash_at(t, from);
    for (; end < t->count && !is_wrap_blank(t->code[end]); end++) {
        if (t->code[end] != '-')
            continue;
        if (breaks_behind(t, end))
            return end + 1;
        if (dash_at(t, end) > 0)
            return end;
    }
    return end;
}

static bool is_blank(const wrap_text *t, span chunk)
{
    while (chunk.from < chunk.to)
        if (!fb_char_is_space(t->code[chunk.from++]))
            return false;
    return true;
}

/* How much of a word that is longer than a line goes into the room that is left. */
static apr_size_t cut_long_word(const wrap_text *t, span word, apr_size_t room)
{
    bool others = false;

    if ((t->flags & FB_WRAP_LONG_HYPHENS) == 0 || word.to - word.from <= room)
        return room;
    for (apr_size_t at = room; at > 1; at--) {
        if (t->code[word.from + at - 1] != '-')
            continue;
        for (apr_size_t i = 0; i < at - 1; i++)
            others = others || t->code[word.from + i] != '-';
        return others ? at : room;
    }
    return room;
}

/* Takes the chunks of one line off *next (the rest of the chunk at hand) and returns the line. */
static span next_line(const wrap_text *t, span *next, apr_size_t width, bool first)
{
    span line, last;
    apr_size_t used = 0;

    if (!first && is_blank(t, *next))
        *next = (span){ next->to, next->to < t->count ? chunk_end(t, next->to) : next->to };
    line = (span){ next->from, next->from };
    last = line;
    while (next->from < t->count && used + (next->to - next->from) <= width) {
        last = *next;
        used += next->to - next->from;
        line.to = next->to;
        *next = (span){ next->to, next->to < t->count ? chunk_end(t, next->to) : next->to };
    }
    if (next->from < t->count && next->to - next->from > width) {
        if ((t->flags & FB_WRAP_LONG_WORDS) != 0) {
            last = (span){ next->from, next->from + cut_long_word(t, *next, width - used) };
            next->from = line.to = last.to;
        } else if (used == 0) {
            last = *next;
            line.to = next->to;
            *next = (span){ next->to, next->to < t->count ? chunk_end(t, next->to) : next->to };
        }
    }
    if (line.to > line.from && is_blank(t, last))
        line.to = last.from;
    return line;
}

static fb_str bytes_of(const wrap_text *t, span part)
{
    if (t->offset == NULL)
        return fb_str_sub(t->s, part.from, part.to - part.from);
    return fb_str_sub(t->s, t->offset[part.from], t->offset[part.to] - t->offset[part.from]);
}

static bool decode(wrap_text *t, fb_arena *arena)
{
    bool ascii = fb_chars_is_ascii(t->s);
    apr_size_t at = 0, count = 0;
    uint32_t *code = fb_arena_alloc(arena, (t->s.len + 1) * sizeof(uint32_t));
    uint32_t *offset = ascii ? NULL : fb_arena_alloc(arena, (t->s.len + 1) * sizeof(uint32_t));

    if (code == NULL || (offset == NULL && !ascii))
        return false;
    while (at < t->s.len) {
        if (offset != NULL)
            offset[count] = (uint32_t)at;
        code[count++] = fb_chars_next(t->s, &at);
    }
    if (offset != NULL)
        offset[count] = (uint32_t)at;
    t->code = code;
    t->offset = offset;
    t->count = count;
    return true;
}

void fb_chars_wrap(fb_text *out, fb_str s, int64_t width, unsigned int flags, fb_str newline)
{
    wrap_text t = { .s = s, .flags = flags };
    span next, line;
    bool first = true;

    if (s.len == 0)
        return;
    if (!decode(&t, out->arena)) {
        out->failed = true;
        return;
    }
    if ((uint64_t)width > FB_VALUE_MAX_LEN)
        width = (int64_t)FB_VALUE_MAX_LEN;
    next = (span){ 0, chunk_end(&t, 0) };
    while (next.from < t.count) {
        line = next_line(&t, &next, (apr_size_t)width, first);
        if (line.to == line.from)
            continue;
        if (!first)
            fb_text_add(out, newline);
        fb_text_add(out, bytes_of(&t, line));
        first = false;
    }
}
