/* Cleans stored HTML: reads it loosely and writes it anew from a short list of tags. */
#include "app/html_clean.h"

#include "base/buf.h"
#include "base/escape.h"

#include <apr_lib.h>
#include <string.h>

#include "base/banned.h"

#define OPEN_MAX 48 /* elements open at once; tags deeper than that go, their text stays */

typedef enum element_kind {
    ELEMENT_KEEP,
    ELEMENT_VOID, /* has no end tag */
    ELEMENT_LINK, /* keeps its href */
    ELEMENT_HIDE  /* goes with all that it holds */
} element_kind;

typedef struct element {
    const char *name;
    element_kind kind;
} element;

/* clang-format off */
/* By name; what is not here loses its tags and keeps its text. */
static const element elements[] = {
    { "a", ELEMENT_LINK },
    { "b", ELEMENT_KEEP },
    { "blockquote", ELEMENT_KEEP },
    { "br", ELEMENT_VOID },
    { "code", ELEMENT_KEEP },
    { "dd", ELEMENT_KEEP },
    { "dl", ELEMENT_KEEP },
    { "dt", ELEMENT_KEEP },
    { "em", ELEMENT_KEEP },
    { "embed", ELEMENT_HIDE },
    { "h1", ELEMENT_KEEP },
    { "h2", ELEMENT_KEEP },
    { "h3", ELEMENT_KEEP },
    { "h4", ELEMENT_KEEP },
    { "h5", ELEMENT_KEEP },
    { "h6", ELEMENT_KEEP },
    { "hr", ELEMENT_VOID },
    { "i", ELEMENT_KEEP },
    { "iframe", ELEMENT_HIDE },
    { "li", ELEMENT_KEEP },
    { "math", ELEMENT_HIDE },
    { "noembed", ELEMENT_HIDE },
    { "noframes", ELEMENT_HIDE },
    { "noscript", ELEMENT_HIDE },
    { "object", ELEMENT_HIDE },
    { "ol", ELEMENT_KEEP },
    { "p", ELEMENT_KEEP },
    { "plaintext", ELEMENT_HIDE },
    { "pre", ELEMENT_KEEP },
    { "s", ELEMENT_KEEP },
    { "script", ELEMENT_HIDE },
    { "select", ELEMENT_HIDE },
    { "small", ELEMENT_KEEP },
    { "strong", ELEMENT_KEEP },
    { "style", ELEMENT_HIDE },
    { "sub", ELEMENT_KEEP },
    { "sup", ELEMENT_KEEP },
    { "svg", ELEMENT_HIDE },
    { "table", ELEMENT_KEEP },
    { "tbody", ELEMENT_KEEP },
    { "td", ELEMENT_KEEP },
    { "template", ELEMENT_HIDE },
    { "textarea", ELEMENT_HIDE },
    { "th", ELEMENT_KEEP },
    { "thead", ELEMENT_KEEP },
    { "title", ELEMENT_HIDE },
    { "tr", ELEMENT_KEEP },
    { "u", ELEMENT_KEEP },
    { "ul", ELEMENT_KEEP },
    { "xmp", ELEMENT_HIDE },
};
/* clang-format on */

typedef struct cleaner {
    fb_buf out;
    fb_str in;
    apr_size_t at;
    const element *open[OPEN_MAX];
    unsigned int depth;
} cleaner;

typedef struct tag {
    const element *element; /* NULL: not in the list */
    bool end;
    fb_str name;
    fb_str href; /* as written; ptr NULL: none */
} tag;

static const element *find_element(fb_str name)
{
    for (apr_size_t i = 0; i < sizeof elements / sizeof elements[0]; i++) {
        if (fb_str_ieq_z(name, elements[i].name)) {
            return &elements[i];
        }
    }
    return NULL;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static void skip_blanks(const cleaner *c, apr_size_t *at)
{
    while (*at < c->in.len && is_blank(c->in.ptr[*at])) {
        ++*at;
    }
}

/* ---- addresses of links -------------------------------------------------------------- */

/* `&amp;` is the only reference that an address may hold: all others stay as they are written and
 * so mean themselves, which keeps "javascript&colon;" from becoming a scheme. */
static fb_str decode_href(fb_str raw, apr_pool_t *pool)
{
    static const fb_str amp = FB_STR_INIT("&amp;");
    fb_buf buf;

    fb_buf_init(&buf, pool, FB_HTML_CLEAN_MAX);
    while (raw.len > 0) {
        fb_buf_add_char(&buf, raw.ptr[0]);
        raw = fb_str_sub(raw, fb_str_starts(raw, amp) ? amp.len : 1, raw.len);
    }
    return fb_buf_str(&buf);
}

static bool href_is_harmless(fb_str href)
{
    static const char punctuation[] = "-._~:/?#[]@!$&()*+,;=%";
    static const char *const schemes[] = { "http", "https", "mailto" };
    apr_size_t end = 0;

    if (href.len == 0 || fb_str_starts(href, FB_STR("//"))) {
        return false;
    }
    for (apr_size_t i = 0; i < href.len; i++) {
        char ch = href.ptr[i];
        if (ch == '\0' || (!apr_isalnum(ch) && strchr(punctuation, ch) == NULL) ||
            (unsigned char)ch > 0x7e) {
            return false;
        }
    }
    while (end < href.len && strchr(":/?#", href.ptr[end]) == NULL) {
        end++;
    }
    if (end == href.len || href.ptr[end] != ':') {
        return true; /* relative */
    }
    for (apr_size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (fb_str_ieq_z(fb_str_sub(href, 0, end), schemes[i])) {
            return true;
        }
    }
    return false;
}

/* ---- reading a tag ------------------------------------------------------------------- */

static fb_str read_name(const cleaner *c, apr_size_t *at)
{
    apr_size_t start = *at;

    while (*at < c->in.len && strchr(" \t\r\n\f=/><\"'", c->in.ptr[*at]) == NULL) {
        ++*at;
    }
    return fb_str_sub(c->in, start, *at - start);
}

static fb_str read_value(const cleaner *c, apr_size_t *at)
{
    apr_size_t start;

    skip_blanks(c, at);
    if (*at < c->in.len && (c->in.ptr[*at] == '"' || c->in.ptr[*at] == '\'')) {
        char quote = c->in.ptr[(*at)++];
        start = *at;
        while (*at < c->in.len && c->in.ptr[*at] != quote) {
            ++*at;
        }
        fb_str value = fb_str_sub(c->in, start, *at - start);
        if (*at < c->in.len) {
            ++*at;
        }
        return value;
    }
    start = *at;
    while (*at < c->in.len && !is_blank(c->in.ptr[*at]) && c->in.ptr[*at] != '>') {
        ++*at;
    }
    return fb_str_sub(c->in, start, *at - start);
}

/* Reads attributes up to and with the '>'; the first href counts, as in browsers. */
static void read_attributes(const cleaner *c, apr_size_t *at, tag *found)
{
    while (*at < c->in.len && c->in.ptr[*at] != '>') {
        fb_str name = read_name(c, at);
        if (name.len == 0) {
            ++*at; /* a stray quote, slash or sign */
            continue;
        }
        skip_blanks(c, at);
        if (*at < c->in.len && c->in.ptr[*at] == '=') {
            ++*at;
            fb_str value = read_value(c, at);
            if (found->href.ptr == NULL && fb_str_ieq_z(name, "href")) {
                found->href = value;
            }
        }
    }
    if (*at < c->in.len) {
        ++*at;
    }
}

/* A '<' that begins a tag, comment or declaration: moves `at` behind it. */
static bool read_tag(cleaner *c, tag *found)
{
    apr_size_t at = c->at + 1;

    *found = (tag){ .element = NULL };
    if (at < c->in.len && (c->in.ptr[at] == '!' || c->in.ptr[at] == '?')) {
        bool comment = fb_str_starts(fb_str_sub(c->in, at, 3), FB_STR("!--"));
        fb_str rest = fb_str_sub(c->in, at, c->in.len);
        apr_ssize_t end = comment ? fb_str_find(rest, FB_STR("-->")) : fb_str_find_char(rest, '>');
        c->at = end < 0 ? c->in.len : at + (apr_size_t)end + (comment ? 3 : 1);
        return true;
    }
    if (at < c->in.len && c->in.ptr[at] == '/') {
        found->end = true;
        at++;
    }
    if (at >= c->in.len || !apr_isalpha(c->in.ptr[at])) {
        return false;
    }
    found->name = read_name(c, &at);
    found->element = find_element(found->name);
    read_attributes(c, &at, found);
    c->at = at;
    return true;
}

/* Moves behind the end tag of an element that goes with its content, or to the end. */
static void skip_content(cleaner *c, fb_str name)
{
    while (c->at < c->in.len) {
        if (c->in.ptr[c->at] == '<' && c->at + 1 < c->in.len && c->in.ptr[c->at + 1] == '/' &&
            fb_str_ieq(fb_str_sub(c->in, c->at + 2, name.len), name)) {
            tag end;
            if (read_tag(c, &end) && fb_str_ieq(end.name, name)) {
                return;
            }
        }
        c->at++;
    }
}

/* ---- writing ------------------------------------------------------------------------- */

/* Length of a character reference at the start of `s`, or 0. */
static apr_size_t reference_length(fb_str s)
{
    apr_size_t i = 1;

    if (i < s.len && s.ptr[i] == '#') {
        i++;
    }
    while (i < s.len && i < 34 && apr_isalnum(s.ptr[i])) {
        i++;
    }
    return i > 1 && i < s.len && s.ptr[i] == ';' && apr_isalnum(s.ptr[i - 1]) ? i + 1 : 0;
}

static void write_text(cleaner *c)
{
    fb_str rest = fb_str_sub(c->in, c->at, c->in.len);
    apr_size_t len = 1;

    if (rest.ptr[0] == '&') {
        len = reference_length(rest);
        if (len > 0) {
            fb_buf_add(&c->out, fb_str_sub(rest, 0, len));
            c->at += len;
            return;
        }
        len = 1;
    } else {
        while (len < rest.len && rest.ptr[len] != '&' && rest.ptr[len] != '<') {
            len++;
        }
    }
    fb_escape_html(&c->out, fb_str_sub(rest, 0, len));
    c->at += len;
}

static void write_end(cleaner *c)
{
    fb_buf_add_fmt(&c->out, "</%s>", c->open[--c->depth]->name);
}

static void write_start(cleaner *c, const tag *found)
{
    if (found->element->kind != ELEMENT_VOID) {
        if (c->depth == OPEN_MAX) {
            return;
        }
        c->open[c->depth++] = found->element;
    }
    fb_buf_add_fmt(&c->out, "<%s", found->element->name);
    if (found->element->kind == ELEMENT_LINK && found->href.ptr != NULL) {
        fb_str href = decode_href(fb_str_trim(found->href), c->out.pool);
        if (href_is_harmless(href)) {
            fb_buf_add_z(&c->out, " href=\"");
            fb_escape_html(&c->out, href);
            fb_buf_add_char(&c->out, '"');
        }
    }
    fb_buf_add_char(&c->out, '>');
}

static void write_tag(cleaner *c, const tag *found)
{
    unsigned int i;

    if (found->element == NULL) {
        return;
    }
    if (found->element->kind == ELEMENT_HIDE) {
        if (!found->end) {
            skip_content(c, found->name);
        }
        return;
    }
    if (!found->end) {
        write_start(c, found);
        return;
    }
    for (i = c->depth; i > 0 && c->open[i - 1] != found->element; i--) {
        ;
    }
    while (i > 0 && c->depth >= i) {
        write_end(c);
    }
}

apr_status_t fb_html_clean(fb_str *out, fb_str html, apr_pool_t *pool, fb_error *error)
{
    cleaner c = { .in = html };
    tag found;

    if (html.len > FB_HTML_CLEAN_MAX) {
        return fb_error_set(error, FB_ELIMIT,
                            "stored HTML of %" APR_SIZE_T_FMT " bytes is too large to be shown",
                            html.len);
    }
    /* Escaping makes one byte five at most; tags and end tags are counted generously. */
    fb_buf_init(&c.out, pool, html.len * 12 + OPEN_MAX * 16);
    while (c.at < html.len) {
        if (html.ptr[c.at] != '<') {
            write_text(&c);
        } else if (read_tag(&c, &found)) {
            write_tag(&c, &found);
        } else {
            fb_escape_html(&c.out, FB_STR("<"));
            c.at++;
        }
    }
    while (c.depth > 0) {
        write_end(&c);
    }
    *out = fb_buf_str(&c.out);
    return fb_buf_status(&c.out) == APR_SUCCESS
               ? APR_SUCCESS
               : fb_error_set(error, FB_ELIMIT, "stored HTML is too large to be shown");
}
