/* Code points: counting, slicing, searching, splitting, and Unicode's character classes. */
#include "template/chars.h"

#include <string.h>
#include <unictype.h>

#include "base/banned.h"

#define HIGHS 0x8080808080808080u

/* --- decoding --- */

bool fb_chars_is_ascii(fb_str s)
{
    const char *at = s.ptr, *end = s.ptr + s.len;
    uint64_t block[4], seen = 0;

    for (; end - at >= 32; at += 32) {
        memcpy(block, at, sizeof(block));
        if (((block[0] | block[1] | block[2] | block[3]) & HIGHS) != 0)
            return false;
    }
    for (; end - at >= 8; at += 8) {
        memcpy(block, at, 8);
        seen |= block[0];
    }
    for (; at < end; at++)
        seen |= (uint64_t)(unsigned char)*at;
    return (seen & HIGHS) == 0;
}

static bool is_cont(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

apr_size_t fb_chars_count(fb_str s)
{
    apr_size_t count = 0, i = 0;
    uint64_t block;

    /* Bytes that do not continue a sequence; eight at a time while they are ASCII. */
    while (i < s.len) {
        while (s.len - i >= 8) {
            memcpy(&block, s.ptr + i, 8);
            if ((block & HIGHS) != 0)
                break;
            i += 8;
            count += 8;
        }
        if (i < s.len) {
            (void)fb_chars_next(s, &i);
            count++;
        }
    }
    return count;
}

apr_size_t fb_chars_offset(fb_str s, apr_size_t index)
{
    apr_size_t at = 0;

    if (index >= s.len)
        return s.len;
    if (fb_chars_is_ascii((fb_str){ s.ptr, index }))
        return index;
    while (index > 0 && at < s.len) {
        (void)fb_chars_next(s, &at);
        index--;
    }
    return at;
}

apr_size_t fb_chars_index(fb_str s, apr_size_t offset)
{
    return fb_chars_count((fb_str){ s.ptr, offset < s.len ? offset : s.len });
}

unsigned int fb_chars_next(fb_str s, apr_size_t *at)
{
    const char *p = s.ptr + *at;
    apr_size_t left = s.len - *at;
    unsigned int c = (unsigned char)*p;

    if (c < 0x80) {
        *at += 1;
        return c;
    }
    if (c >= 0xc2 && c < 0xe0 && left > 1 && is_cont(p[1])) {
        *at += 2;
        return (c & 0x1f) << 6 | ((unsigned char)p[1] & 0x3f);
    }
    if (c >= 0xe0 && c < 0xf0 && left > 2 && is_cont(p[1]) && is_cont(p[2])) {
        c = (c & 0x0f) << 12 | ((unsigned int)(unsigned char)p[1] & 0x3f) << 6 |
            ((unsigned char)p[2] & 0x3f);
        if (c >= 0x800) {
            *at += 3;
            return c;
        }
    } else if (c >= 0xf0 && c < 0xf5 && left > 3 && is_cont(p[1]) && is_cont(p[2]) &&
               is_cont(p[3])) {
        c = (c & 0x07) << 18 | ((unsigned int)(unsigned char)p[1] & 0x3f) << 12 |
            ((unsigned int)(unsigned char)p[2] & 0x3f) << 6 | ((unsigned char)p[3] & 0x3f);
        if (c >= 0x10000 && c < 0x110000) {
            *at += 4;
            return c;
        }
    }
    *at += 1;
    return 0xfffd;
}

unsigned int fb_chars_before(fb_str s, apr_size_t *at)
{
    apr_size_t start, next;
    unsigned int c;

    for (apr_size_t back = 1; back <= 4 && back <= *at; back++) {
        start = *at - back;
        if (is_cont(s.ptr[start]))
            continue;
        next = start;
        c = fb_chars_next((fb_str){ s.ptr, *at }, &next);
        if (next != *at)
            break;
        *at = start;
        return c;
    }
    *at -= 1;
    return 0xfffd;
}

fb_str fb_chars_slice(fb_str s, apr_size_t from, apr_size_t to)
{
    apr_size_t start, end;

    if (to <= from)
        return (fb_str){ s.ptr, 0 };
    start = fb_chars_offset(s, from);
    s = fb_str_sub(s, start, s.len);
    end = fb_chars_offset(s, to - from);
    return fb_str_sub(s, 0, end);
}

/* --- classes --- */

bool fb_char_is_space(unsigned int c)
{
    if (c < 0x80)
        return c == ' ' || (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x1f);
    return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
           c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

static bool is_alpha(unsigned int c)
{
    if (c < 0x80)
        return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
    return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_L);
}

static bool is_decimal(unsigned int c)
{
    return c < 0x80 ? c >= '0' && c <= '9' : uc_decimal_value(c) >= 0;
}

static bool is_digit(unsigned int c)
{
    return c < 0x80 ? c >= '0' && c <= '9' : uc_digit_value(c) >= 0;
}

/* Ideographs that Unihan gives a number, which libunistring's table leaves out. */
static const unsigned int numeric_ideographs[] = {
    0x3405,  0x3483,  0x382a,  0x3b4d,  0x4e00,  0x4e03,  0x4e07,  0x4e09,  0x4e5d,  0x4e8c,
    0x4e94,  0x4e96,  0x4ebf,  0x4ec0,  0x4edf,  0x4ee8,  0x4f0d,  0x4f70,  0x5104,  0x5146,
    0x5169,  0x516b,  0x516d,  0x5341,  0x5343,  0x5344,  0x5345,  0x534c,  0x53c1,  0x53c2,
    0x53c3,  0x53c4,  0x56db,  0x58f1,  0x58f9,  0x5e7a,  0x5efe,  0x5eff,  0x5f0c,  0x5f0d,
    0x5f0e,  0x5f10,  0x62fe,  0x634c,  0x67d2,  0x6f06,  0x7396,  0x767e,  0x8086,  0x842c,
    0x8cae,  0x8cb3,  0x8d30,  0x9621,  0x9646,  0x964c,  0x9678,  0x96f6,  0x20001, 0x20064,
    0x200e2, 0x20121, 0x2092a, 0x20983, 0x2098c, 0x2099c, 0x20aea, 0x20afd, 0x20b19, 0x22390,
    0x22998, 0x23b1b, 0x2626d
};

static bool is_numeric(unsigned int c)
{
    apr_size_t low = 0, high = sizeof(numeric_ideographs) / sizeof(numeric_ideographs[0]);

    if (c < 0x80)
        return c >= '0' && c <= '9';
    if (uc_numeric_value(c).denominator != 0)
        return true;
    while (low < high) {
        apr_size_t middle = (low + high) / 2;

        if (numeric_ideographs[middle] == c)
            return true;
        if (numeric_ideographs[middle] < c)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static bool is_alnum(unsigned int c)
{
    return is_alpha(c) || is_numeric(c) || is_digit(c) || is_decimal(c);
}

bool fb_char_is_word(unsigned int c)
{
    return c == '_' || is_alnum(c);
}

bool fb_char_is_printable(unsigned int c)
{
    if (c < 0x80)
        return c >= 0x20 && c < 0x7f;
    return !uc_is_general_category_withtable(c, UC_CATEGORY_MASK_C | UC_CATEGORY_MASK_Z);
}

static bool is_lower(unsigned int c)
{
    return c < 0x80 ? c >= 'a' && c <= 'z' : uc_is_property_lowercase(c);
}

static bool is_upper(unsigned int c)
{
    return c < 0x80 ? c >= 'A' && c <= 'Z' : uc_is_property_uppercase(c);
}

static bool is_title(unsigned int c)
{
    return c >= 0x80 && uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Lt);
}

typedef bool char_test(unsigned int c);

static bool all_are(fb_str s, char_test *test)
{
    apr_size_t at = 0;

    while (at < s.len)
        if (!test(fb_chars_next(s, &at)))
            return false;
    return s.len > 0;
}

/* str.islower and str.isupper: at least one of the case, none of the others. */
static bool all_cased(fb_str s, char_test *wanted, char_test *other)
{
    apr_size_t at = 0;
    bool any = false;

    while (at < s.len) {
        unsigned int c = fb_chars_next(s, &at);

        if (other(c) || is_title(c))
            return false;
        any = any || wanted(c);
    }
    return any;
}

static bool is_titled(fb_str s)
{
    apr_size_t at = 0;
    bool any = false, cased = false;

    while (at < s.len) {
        unsigned int c = fb_chars_next(s, &at);

        if (is_upper(c) || is_title(c)) {
            if (cased)
                return false;
            any = cased = true;
        } else if (is_lower(c)) {
            if (!cased)
                return false;
        } else
            cased = false;
    }
    return any;
}

static bool is_identifier(fb_str s)
{
    apr_size_t at = 0;
    unsigned int c;

    if (s.len == 0)
        return false;
    c = fb_chars_next(s, &at);
    if (c != '_' && !uc_is_property_xid_start(c))
        return false;
    while (at < s.len)
        if (!uc_is_property_xid_continue(fb_chars_next(s, &at)))
            return false;
    return true;
}

bool fb_chars_is(fb_str s, fb_chars_class what)
{
    switch (what) {
    case FB_CHARS_ALNUM: return all_are(s, is_alnum);
    case FB_CHARS_ALPHA: return all_are(s, is_alpha);
    case FB_CHARS_ASCII: return fb_chars_is_ascii(s);
    case FB_CHARS_DECIMAL: return all_are(s, is_decimal);
    case FB_CHARS_DIGIT: return all_are(s, is_digit);
    case FB_CHARS_IDENTIFIER: return is_identifier(s);
    case FB_CHARS_LOWER: return all_cased(s, is_lower, is_upper);
    case FB_CHARS_NUMERIC: return all_are(s, is_numeric);
    case FB_CHARS_PRINTABLE: return s.len == 0 || all_are(s, fb_char_is_printable);
    case FB_CHARS_SPACE: return all_are(s, fb_char_is_space);
    case FB_CHARS_TITLE: return is_titled(s);
    case FB_CHARS_UPPER: return all_cased(s, is_upper, is_lower);
    }
    return false;
}

/* --- cutting at the ends --- */

fb_str fb_chars_strip(fb_str s, fb_side side)
{
    apr_size_t from = 0, to = s.len, at;

    while ((side & FB_LEFT) != 0 && from < s.len) {
        at = from;
        if (!fb_char_is_space(fb_chars_next(s, &at)))
            break;
        from = at;
    }
    while ((side & FB_RIGHT) != 0 && to > from) {
        at = to;
        if (!fb_char_is_space(fb_chars_before(s, &at)))
            break;
        to = at;
    }
    return fb_str_sub(s, from, to - from);
}

fb_str fb_chars_strip_of(fb_str s, fb_str chars, fb_side side)
{
    apr_size_t from = 0, to = s.len, at;

    while ((side & FB_LEFT) != 0 && from < s.len) {
        at = from;
        (void)fb_chars_next(s, &at);
        if (fb_chars_find(chars, fb_str_sub(s, from, at - from)) < 0)
            break;
        from = at;
    }
    while ((side & FB_RIGHT) != 0 && to > from) {
        at = to;
        (void)fb_chars_before(s, &at);
        if (fb_chars_find(chars, fb_str_sub(s, at, to - at)) < 0)
            break;
        to = at;
    }
    return fb_str_sub(s, from, to - from);
}

/* --- searching (UTF-8 never matches inside a code point) --- */

apr_ssize_t fb_chars_find(fb_str s, fb_str needle)
{
    const char *at;

    if (needle.len == 0)
        return 0;
    if (needle.len > s.len)
        return -1;
    at = needle.len == 1 ? memchr(s.ptr, needle.ptr[0], s.len)
                         : memmem(s.ptr, s.len, needle.ptr, needle.len);
    return at == NULL ? -1 : at - s.ptr;
}

apr_ssize_t fb_chars_rfind(fb_str s, fb_str needle)
{
    if (needle.len > s.len)
        return -1;
    for (apr_size_t at = s.len - needle.len + 1; at > 0; at--)
        if (memcmp(s.ptr + at - 1, needle.ptr, needle.len) == 0)
            return (apr_ssize_t)(at - 1);
    return -1;
}

apr_size_t fb_chars_occurrences(fb_str s, fb_str needle)
{
    apr_size_t count = 0;
    apr_ssize_t at;

    if (needle.len == 0)
        return fb_chars_count(s) + 1;
    while ((at = fb_chars_find(s, needle)) >= 0) {
        count++;
        s = fb_str_sub(s, (apr_size_t)at + needle.len, s.len);
    }
    return count;
}

/* An empty `old` stands before every code point and at the end. */
static void replace_empty(fb_text *out, fb_str s, fb_str with, int64_t max)
{
    apr_size_t at = 0, from;

    while (max != 0) {
        fb_text_add(out, with);
        max -= max > 0;
        if (at == s.len)
            return;
        from = at;
        (void)fb_chars_next(s, &at);
        fb_text_add(out, fb_str_sub(s, from, at - from));
    }
    fb_text_add(out, fb_str_sub(s, at, s.len));
}

void fb_chars_replace(fb_text *out, fb_str s, fb_str old, fb_str with, int64_t max)
{
    apr_ssize_t at;

    if (old.len == 0) {
        replace_empty(out, s, with, max);
        return;
    }
    while (max != 0 && (at = fb_chars_find(s, old)) >= 0) {
        fb_text_add(out, fb_str_sub(s, 0, (apr_size_t)at));
        fb_text_add(out, with);
        s = fb_str_sub(s, (apr_size_t)at + old.len, s.len);
        max -= max > 0;
    }
    fb_text_add(out, s);
}

/* --- splitting --- */

void fb_split_start(fb_split *split, fb_str s, fb_str sep, int64_t max)
{
    *split = (fb_split){ .rest = s, .sep = sep, .max = max };
}

static bool split_blanks(fb_split *split, fb_str *piece)
{
    fb_str s = fb_chars_strip(split->rest, FB_LEFT);
    apr_size_t at = 0, end = 0;

    if (s.len == 0)
        return false;
    if (split->max == 0) {
        *piece = s;
        split->rest = fb_str_sub(s, s.len, 0);
        return true;
    }
    split->max -= split->max > 0;
    while (at < s.len && !fb_char_is_space(fb_chars_next(s, &at)))
        end = at;
    *piece = fb_str_sub(s, 0, end);
    split->rest = fb_str_sub(s, at, s.len);
    return true;
}

bool fb_split_next(fb_split *split, fb_str *piece)
{
    apr_ssize_t at;

    if (split->sep.len == 0)
        return split_blanks(split, piece);
    if (split->done)
        return false;
    at = split->max == 0 ? -1 : fb_chars_find(split->rest, split->sep);
    if (at < 0) {
        *piece = split->rest;
        split->done = true;
        return true;
    }
    split->max -= split->max > 0;
    *piece = fb_str_sub(split->rest, 0, (apr_size_t)at);
    split->rest = fb_str_sub(split->rest, (apr_size_t)at + split->sep.len, split->rest.len);
    return true;
}

static bool split_blanks_right(fb_split *split, fb_str *piece)
{
    fb_str s = fb_chars_strip(split->rest, FB_RIGHT);
    apr_size_t at = s.len, start = s.len;

    if (s.len == 0)
        return false;
    if (split->max == 0) {
        *piece = s;
        split->rest.len = 0;
        return true;
    }
    split->max -= split->max > 0;
    while (at > 0 && !fb_char_is_space(fb_chars_before(s, &at)))
        start = at;
    *piece = fb_str_sub(s, start, s.len);
    split->rest = fb_str_sub(s, 0, at);
    return true;
}

bool fb_split_next_right(fb_split *split, fb_str *piece)
{
    apr_ssize_t at;
    apr_size_t from;

    if (split->sep.len == 0)
        return split_blanks_right(split, piece);
    if (split->done)
        return false;
    at = split->max == 0 ? -1 : fb_chars_rfind(split->rest, split->sep);
    if (at < 0) {
        *piece = split->rest;
        split->done = true;
        return true;
    }
    split->max -= split->max > 0;
    from = (apr_size_t)at + split->sep.len;
    *piece = fb_str_sub(split->rest, from, split->rest.len);
    split->rest = fb_str_sub(split->rest, 0, (apr_size_t)at);
    return true;
}

static bool ends_line(unsigned int c)
{
    return (c >= 0x0a && c <= 0x0d) || (c >= 0x1c && c <= 0x1e) || c == 0x85 || c == 0x2028 ||
           c == 0x2029;
}

bool fb_chars_next_line(fb_str *rest, fb_str *line, fb_line_ends ends)
{
    apr_size_t at = 0, end = 0;
    unsigned int c = 0;

    if (rest->len == 0)
        return false;
    while (at < rest->len) {
        unsigned char byte = (unsigned char)rest->ptr[at];

        if (byte >= 0x20 && byte < 0x80) {
            end = ++at;
            continue;
        }
        c = fb_chars_next(*rest, &at);
        if (ends_line(c))
            break;
        end = at;
    }
    if (c == '\r' && at > end && at < rest->len && rest->ptr[at] == '\n')
        at++;
    *line = fb_str_sub(*rest, 0, ends == FB_LINE_ENDS_KEEP ? at : end);
    *rest = fb_str_sub(*rest, at, rest->len);
    return true;
}

apr_size_t fb_chars_words(fb_str s)
{
    apr_size_t at = 0, count = 0;
    bool inside = false, word;

    while (at < s.len) {
        word = fb_char_is_word(fb_chars_next(s, &at));
        count += word && !inside;
        inside = word;
    }
    return count;
}

void fb_chars_reverse(fb_text *out, fb_str s)
{
    apr_size_t at = s.len, end;
    char *to = fb_text_reserve(out, s.len);

    if (to == NULL)
        return;
    while (at > 0) {
        end = at;
        (void)fb_chars_before(s, &at);
        memcpy(to, s.ptr + at, end - at);
        to += end - at;
    }
    out->len += s.len;
}

void fb_chars_repeat(fb_text *out, fb_str s, int64_t times)
{
    char *to;

    if (times <= 0 || s.len == 0)
        return;
    if ((uint64_t)times > FB_VALUE_MAX_LEN / s.len) {
        out->failed = true;
        return;
    }
    to = fb_text_reserve(out, s.len * (apr_size_t)times);
    if (to == NULL)
        return;
    for (int64_t i = 0; i < times; i++)
        memcpy(to + (apr_size_t)i * s.len, s.ptr, s.len);
    out->len += s.len * (apr_size_t)times;
}
