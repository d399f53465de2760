/* Upper, lower, title and folded case: eight ASCII bytes at a time, all of Unicode beyond. */
#include "template/chars.h"

#include <string.h>
#include <unicase.h>
#include <unictype.h>

#include "base/banned.h"

#define ONES  0x0101010101010101u
#define HIGHS 0x8080808080808080u

/* For eight ASCII bytes: 0x20 in each that is a letter from `first` (an 'a' or 'A') on. */
static uint64_t letters(uint64_t block, unsigned int first)
{
    uint64_t from = block + ONES * (0x80 - first), behind = block + ONES * (0x7f - (first + 25));

    return ((from ^ behind) & HIGHS) >> 2;
}

static unsigned char flip(unsigned char c, unsigned int first)
{
    return c >= first && c < first + 26 ? c ^ 0x20 : c;
}

/* Flips the letters of one case while the text is ASCII; returns how far it came. */
static apr_size_t flip_ascii(char *to, fb_str s, unsigned int first)
{
    apr_size_t i = 0;
    uint64_t block;

    for (; s.len - i >= 8; i += 8) {
        memcpy(&block, s.ptr + i, 8);
        if ((block & HIGHS) != 0)
            break;
        block ^= letters(block, first);
        memcpy(to + i, &block, 8);
    }
    for (; i < s.len && (s.ptr[i] & 0x80) == 0; i++)
        to[i] = (char)flip((unsigned char)s.ptr[i], first);
    return i;
}

/* --- one code point --- */

/* Those whose upper or title case is more than one code point lie here; for all others the
 * simple mapping is the full one. */
static bool has_long_case(unsigned int c)
{
    return c == 0xdf || c == 0x149 || c == 0x1f0 || c == 0x390 || c == 0x3b0 || c == 0x587 ||
           (c >= 0x1e96 && c <= 0x1e9e) || (c >= 0x1f50 && c <= 0x1fff) ||
           (c >= 0xfb00 && c <= 0xfb17);
}

typedef uint32_t *long_mapping(const uint32_t *s, size_t n, const char *language, uninorm_t nf,
                               uint32_t *buf, size_t *len);

static void add_long(fb_text *out, unsigned int c, long_mapping *map)
{
    uint32_t one = c, mapped[8];
    size_t len = sizeof(mapped) / sizeof(mapped[0]);

    /* No result is longer. */
    if (map(&one, 1, "", NULL, mapped, &len) != mapped) {
        fb_text_add_code(out, c);
        return;
    }
    for (size_t i = 0; i < len; i++)
        fb_text_add_code(out, mapped[i]);
}

static void add_upper(fb_text *out, unsigned int c)
{
    if (c < 0x80)
        fb_text_add_char(out, (char)flip((unsigned char)c, 'a'));
    else if (has_long_case(c))
        add_long(out, c, u32_toupper);
    else
        fb_text_add_code(out, uc_toupper(c));
}

static void add_title(fb_text *out, unsigned int c)
{
    if (c < 0x80)
        fb_text_add_char(out, (char)flip((unsigned char)c, 'a'));
    else if (has_long_case(c))
        add_long(out, c, u32_totitle);
    else
        fb_text_add_code(out, uc_totitle(c));
}

static void add_folded(fb_text *out, unsigned int c)
{
    if (c < 0x80)
        fb_text_add_char(out, (char)flip((unsigned char)c, 'A'));
    else if (c >= 0xd800 && c <= 0xdfff)
        fb_text_add_code(out, c);
    else
        add_long(out, c, u32_casefold);
}

static bool is_cased(unsigned int c)
{
    return c < 0x80 ? (c | 0x20) >= 'a' && (c | 0x20) <= 'z' : uc_is_property_cased(c);
}

/* A capital sigma that ends a word becomes the final small one: a cased letter before it and
 * none behind it, whatever can be ignored left out. */
static unsigned int lower_sigma(fb_str s, apr_size_t from, apr_size_t behind)
{
    unsigned int c = 0;
    bool found = false;

    while (from > 0 && !found) {
        c = fb_chars_before(s, &from);
        found = !uc_is_property_case_ignorable(c);
    }
    if (!found || !is_cased(c))
        return 0x3c3;
    found = false;
    while (behind < s.len && !found) {
        c = fb_chars_next(s, &behind);
        found = !uc_is_property_case_ignorable(c);
    }
    return found && is_cased(c) ? 0x3c3 : 0x3c2;
}

/* `from` and `behind` are where the code point stands in s. */
static void add_lower(fb_text *out, unsigned int c, fb_str s, apr_size_t from, apr_size_t behind)
{
    if (c < 0x80)
        fb_text_add_char(out, (char)flip((unsigned char)c, 'A'));
    else if (c == 0x3a3)
        fb_text_add_code(out, lower_sigma(s, from, behind));
    else if (c == 0x130) { /* the only long lower case: i with a dot above */
        fb_text_add_code(out, 'i');
        fb_text_add_code(out, 0x307);
    } else
        fb_text_add_code(out, uc_tolower(c));
}

/* --- whole strings --- */

static void flip_all(fb_text *out, fb_str s, fb_chars_case how)
{
    char *to = fb_text_reserve(out, s.len);
    apr_size_t at, from;
    unsigned int c;

    if (to == NULL)
        return;
    at = flip_ascii(to, s, how == FB_CASE_UPPER ? 'a' : 'A');
    out->len += at;
    while (at < s.len) {
        from = at;
        c = fb_chars_next(s, &at);
        if (how == FB_CASE_UPPER)
            add_upper(out, c);
        else if (how == FB_CASE_LOWER)
            add_lower(out, c, s, from, at);
        else
            add_folded(out, c);
    }
}

static void title(fb_text *out, fb_str s)
{
    apr_size_t at = 0, from;
    bool cased = false;

    (void)fb_text_reserve(out, s.len);
    while (at < s.len) {
        unsigned int c;

        from = at;
        c = fb_chars_next(s, &at);
        if (cased)
            add_lower(out, c, s, from, at);
        else
            add_title(out, c);
        cased = is_cased(c);
    }
}

static bool parts_words(unsigned int c)
{
    return c == '-' || c == '(' || c == '{' || c == '[' || c == '<' || fb_char_is_space(c);
}

static void words_ascii(fb_text *out, fb_str s)
{
    char *to = fb_text_reserve(out, s.len);
    bool inside = false;

    if (to == NULL)
        return;
    for (apr_size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];

        to[i] = (char)flip(c, inside ? 'A' : 'a');
        inside = (c >= 'a' && c <= 'z') || !parts_words(c);
    }
    out->len += s.len;
}

/* The pieces between the borders are lowered one by one: a final sigma sees only its piece. */
static void words(fb_text *out, fb_str s)
{
    apr_size_t at = 0, from;
    unsigned int c;

    if (fb_chars_is_ascii(s)) {
        words_ascii(out, s);
        return;
    }
    while (at < s.len) {
        c = fb_chars_next(s, &at);
        add_upper(out, c);
        if (parts_words(c))
            continue;
        from = at;
        while (at < s.len) {
            apr_size_t next = at;

            if (parts_words(fb_chars_next(s, &next)))
                break;
            at = next;
        }
        flip_all(out, fb_str_sub(s, from, at - from), FB_CASE_LOWER);
    }
}

static void capitalize(fb_text *out, fb_str s)
{
    apr_size_t at = 0, from;
    unsigned int c;

    if (s.len == 0)
        return;
    c = fb_chars_next(s, &at);
    add_title(out, c);
    if (fb_chars_is_ascii(s)) {
        flip_all(out, fb_str_sub(s, at, s.len), FB_CASE_LOWER);
        return;
    }
    while (at < s.len) {
        from = at;
        c = fb_chars_next(s, &at);
        add_lower(out, c, s, from, at);
    }
}

static void swap(fb_text *out, fb_str s)
{
    apr_size_t at = 0, from;

    while (at < s.len) {
        unsigned int c;

        from = at;
        c = fb_chars_next(s, &at);
        if (c < 0x80 ? c >= 'A' && c <= 'Z' : uc_is_property_uppercase(c))
            add_lower(out, c, s, from, at);
        else if (c < 0x80 ? c >= 'a' && c <= 'z' : uc_is_property_lowercase(c))
            add_upper(out, c);
        else
            fb_text_add(out, fb_str_sub(s, from, at - from));
    }
}

void fb_chars_recase(fb_text *out, fb_str s, fb_chars_case how)
{
    switch (how) {
    case FB_CASE_UPPER:
    case FB_CASE_LOWER:
    case FB_CASE_FOLD: flip_all(out, s, how); return;
    case FB_CASE_TITLE: title(out, s); return;
    case FB_CASE_WORDS: words(out, s); return;
    case FB_CASE_CAPITALIZE: capitalize(out, s); return;
    case FB_CASE_SWAP: swap(out, s); return;
    }
}
