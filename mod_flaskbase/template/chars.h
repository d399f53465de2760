/* Strings as Python sees them: sequences of code points, with Unicode's classes and cases. */
#ifndef FB_TEMPLATE_CHARS_H
#define FB_TEMPLATE_CHARS_H

#include "template/vm.h"

/* Slices are UTF-8; a lone surrogate (a template can write one) stands in its three-byte form, and
 * bytes that are no UTF-8 count as one code point each. Positions in parameters and results named
 * "offset" are bytes, all others code points. Functions returning slices borrow from their
 * argument. Every function has a fast path for ASCII. Character data: libunistring (Debian 12's
 * is Unicode 14, as is Python 3.11's). */

bool fb_chars_is_ascii(fb_str s);
apr_size_t fb_chars_count(fb_str s);
/* Byte offset of a code point; s.len when there are fewer. */
apr_size_t fb_chars_offset(fb_str s, apr_size_t index);
/* Code points before a byte offset. */
apr_size_t fb_chars_index(fb_str s, apr_size_t offset);
/* Decodes the code point at *at and moves *at behind it; *at < s.len. */
unsigned int fb_chars_next(fb_str s, apr_size_t *at);
/* The code point that ends at *at, and moves *at before it; *at > 0. */
unsigned int fb_chars_before(fb_str s, apr_size_t *at);
/* Code points [from, to). */
fb_str fb_chars_slice(fb_str s, apr_size_t from, apr_size_t to);

/* --- classes --- */

bool fb_char_is_space(unsigned int c); /* str.isspace, re's \s */
bool fb_char_is_word(unsigned int c);  /* re's \w */
bool fb_char_is_printable(unsigned int c);

typedef enum fb_chars_class {
    FB_CHARS_ALNUM,
    FB_CHARS_ALPHA,
    FB_CHARS_ASCII,
    FB_CHARS_DECIMAL,
    FB_CHARS_DIGIT,
    FB_CHARS_IDENTIFIER,
    FB_CHARS_LOWER,
    FB_CHARS_NUMERIC,
    FB_CHARS_PRINTABLE,
    FB_CHARS_SPACE,
    FB_CHARS_TITLE,
    FB_CHARS_UPPER
} fb_chars_class;
/* str.isalnum() and so on. */
bool fb_chars_is(fb_str s, fb_chars_class what);

/* --- case --- */

typedef enum fb_chars_case {
    FB_CASE_UPPER,
    FB_CASE_LOWER,
    FB_CASE_TITLE, /* str.title */
    FB_CASE_WORDS, /* Jinja2's filter title: other word borders, upper case instead of title case */
    FB_CASE_CAPITALIZE,
    FB_CASE_FOLD,
    FB_CASE_SWAP
} fb_chars_case;
void fb_chars_recase(fb_text *out, fb_str s, fb_chars_case how);

/* --- searching and cutting --- */

typedef enum fb_side { FB_LEFT = 1, FB_RIGHT = 2, FB_BOTH = 3 } fb_side;
/* Without blanks at the given ends. */
fb_str fb_chars_strip(fb_str s, fb_side side);
/* Without any of the code points of `chars`. */
fb_str fb_chars_strip_of(fb_str s, fb_str chars, fb_side side);
/* Byte offset of the first/last occurrence, or -1. An empty needle is at the start/end. */
apr_ssize_t fb_chars_find(fb_str s, fb_str needle);
apr_ssize_t fb_chars_rfind(fb_str s, fb_str needle);
/* Occurrences that do not overlap; of an empty needle: code points + 1. */
apr_size_t fb_chars_occurrences(fb_str s, fb_str needle);
/* At most `max` replacements; negative: all. */
void fb_chars_replace(fb_text *out, fb_str s, fb_str old, fb_str with, int64_t max);

/* Walks the pieces of str.split (FB_SPLIT_BLANKS without separator) and rsplit (from the right:
 * the caller turns the order), at most max + 1 of them; max < 0: all. */
typedef struct fb_split {
    fb_str rest;
    fb_str sep; /* empty: runs of blanks */
    int64_t max;
    bool done;
} fb_split;
void fb_split_start(fb_split *split, fb_str s, fb_str sep, int64_t max);
bool fb_split_next(fb_split *split, fb_str *piece);
bool fb_split_next_right(fb_split *split, fb_str *piece);

typedef enum fb_line_ends { FB_LINE_ENDS_CUT, FB_LINE_ENDS_KEEP } fb_line_ends;
/* The next line of str.splitlines; false at the end. */
bool fb_chars_next_line(fb_str *rest, fb_str *line, fb_line_ends ends);

/* Jinja2's wordcount: runs of \w. */
apr_size_t fb_chars_words(fb_str s);

/* --- padding --- */

typedef enum fb_pad { FB_PAD_LEFT_ALIGN, FB_PAD_RIGHT_ALIGN, FB_PAD_CENTER } fb_pad;
/* str.ljust, rjust, center; `fill` is one code point. */
void fb_chars_pad(fb_text *out, fb_str s, fb_pad how, int64_t width, fb_str fill);
void fb_chars_zfill(fb_text *out, fb_str s, int64_t width);
void fb_chars_expand_tabs(fb_text *out, fb_str s, int64_t size);
void fb_chars_repeat(fb_text *out, fb_str s, int64_t times);
/* Code points in reverse order. */
void fb_chars_reverse(fb_text *out, fb_str s);

/* textwrap.wrap as Jinja2's wordwrap uses it, for one paragraph: lines joined by
 * `newline`. width > 0. */
#define FB_WRAP_LONG_WORDS   0x01u /* break words longer than the width */
#define FB_WRAP_HYPHENS      0x02u /* break behind the hyphens of words */
#define FB_WRAP_LONG_HYPHENS 0x04u /* words that are too long preferably there */
void fb_chars_wrap(fb_text *out, fb_str s, int64_t width, unsigned int flags, fb_str newline);

/* --- quoting --- */

/* repr(str). */
void fb_chars_repr(fb_text *out, fb_str s);
/* repr(bytes). */
void fb_chars_repr_bytes(fb_text *out, fb_str s);
/* ascii(str): as repr, with everything beyond ASCII escaped. */
void fb_chars_ascii(fb_text *out, fb_str s);
/* The same of what already is a repr: only escapes what lies beyond ASCII. */
void fb_chars_escape_non_ascii(fb_text *out, fb_str s);
/* repr(str) for a message, cut as long texts would fill the log. */
const char *fb_chars_repr_z(fb_str s, fb_arena *arena);
/* json.dumps(str) of Jinja2's tojson: pure ASCII, with quotes, safe inside HTML. */
void fb_chars_json(fb_text *out, fb_str s);
/* What int() and float() read: blanks at the ends cut, decimal digits of other scripts and blanks
 * made ASCII, other characters beyond ASCII made '?'. */
fb_str fb_chars_ascii_number(fb_str s, fb_arena *arena);

/* --- HTML and URLs --- */

/* html.unescape: named and numeric references, as browsers read them. */
void fb_chars_unescape(fb_text *out, fb_str s);
/* Markup.striptags: comments and tags out, blanks collapsed, references resolved. */
void fb_chars_striptags(fb_text *out, fb_str s);
/* urllib.parse.quote with `safe` "/" (FB_URL_PATH), or quote_plus as in a query (FB_URL_QUERY). */
typedef enum fb_url_part { FB_URL_PATH, FB_URL_QUERY } fb_url_part;
void fb_chars_url_quote(fb_text *out, fb_str s, fb_url_part part);

typedef struct fb_urlize {
    int64_t trim; /* shown length of links; negative: whole */
    fb_str rel;   /* empty: none */
    fb_str target;
    const fb_str *schemes; /* extra ones */
    apr_size_t scheme_count;
} fb_urlize;
/* The filter urlize on text that is already escaped. */
void fb_chars_urlize(fb_text *out, fb_str escaped, const fb_urlize *how);

#endif
