/* HTML as text: references resolved, tags stripped, addresses made links. */
#include "template/chars.h"
#include "template/chars_entities.h"

#include <string.h>
#include <unictype.h>

#include "base/banned.h"

/* --- character references --- */

/* Numbers below 0xa0 are read as Windows-1252, as all browsers do. */
static const unsigned short windows_1252[32] = {
    0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x8d,   0x017d, 0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,   0x017e, 0x0178
};

static void add_numeric(fb_text *out, unsigned int c)
{
    if (c == 0 || (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
        fb_text_add_code(out, 0xfffd);
    else if (c >= 0x80 && c <= 0x9f)
        fb_text_add_code(out, windows_1252[c - 0x80]);
    else if (c < 0x09 || c == 0x0b || (c >= 0x0e && c <= 0x1f) || c == 0x7f ||
             (c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe)
        return; /* no character: left out */
    else
        fb_text_add_code(out, c);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
        return (c | 0x20) - 'a' + 10;
    return -1;
}

/* Behind "&#": returns the length taken, or 0 if this is no reference. */
static apr_size_t numeric_reference(fb_text *out, fb_str s)
{
    unsigned int c = 0, base = s.len > 0 && (s.ptr[0] | 0x20) == 'x' ? 16 : 10;
    apr_size_t at = base == 16 ? 1 : 0, start = at;

    for (; at < s.len; at++) {
        int digit = hex_value(s.ptr[at]);

        if (digit < 0 || (unsigned int)digit >= base)
            break;
        if (c <= 0x10ffff)
            c = c * base + (unsigned int)digit;
    }
    if (at == start)
        return 0;
    add_numeric(out, c);
    return at < s.len && s.ptr[at] == ';' ? at + 1 : at;
}

static const fb_entity *find_entity(fb_str name)
{
    apr_size_t low = 0, high = sizeof(fb_entities) / sizeof(fb_entities[0]);

    while (low < high) {
        apr_size_t middle = (low + high) / 2;
        int order = fb_str_cmp(fb_str_from(fb_entities[middle].name), name);

        if (order == 0)
            return &fb_entities[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* Behind "&". A name without semicolon counts up to the longest known one. */
static apr_size_t named_reference(fb_text *out, fb_str s)
{
    enum { LONGEST = 32 };
    const fb_entity *entity;
    apr_size_t len = 0;
    bool closed;

    for (int i = 0; i < LONGEST && len < s.len; i++) {
        char c = s.ptr[len];

        if (c == '\t' || c == '\n' || c == '\f' || c == ' ' || c == '<' || c == '&' || c == '#' ||
            c == ';')
            break;
        (void)fb_chars_next(s, &len);
    }
    closed = len < s.len && s.ptr[len] == ';';
    entity = find_entity(fb_str_sub(s, 0, len));
    if (entity != NULL && (closed || entity->bare)) {
        fb_text_add(out, fb_str_from(entity->text));
        return closed ? len + 1 : len;
    }
    for (apr_size_t part = closed ? len : len > 0 ? len - 1 : 0; part > 1; part--) {
        entity = find_entity(fb_str_sub(s, 0, part));
        if (entity != NULL && entity->bare) {
            fb_text_add(out, fb_str_from(entity->text));
            return part;
        }
    }
    return 0;
}

void fb_chars_unescape(fb_text *out, fb_str s)
{
    apr_ssize_t at;

    while ((at = fb_str_find_char(s, '&')) >= 0) {
        apr_size_t taken;

        fb_text_add(out, fb_str_sub(s, 0, (apr_size_t)at));
        s = fb_str_sub(s, (apr_size_t)at + 1, s.len);
        if (s.len > 0 && s.ptr[0] == '#') {
            taken = numeric_reference(out, fb_str_sub(s, 1, s.len));
            taken += taken > 0;
        } else
            taken = named_reference(out, s);
        if (taken == 0)
            fb_text_add_char(out, '&');
        s = fb_str_sub(s, taken, s.len);
    }
    fb_text_add(out, s);
}

/* --- tags --- */

/* Cuts everything from each `open` to the next `close`; an `open` without one stays. */
static fb_str cut_between(fb_str s, fb_str open, fb_str close, fb_arena *arena)
{
    fb_text text = { .arena = arena };
    apr_ssize_t from, to;

    if (fb_chars_find(s, open) < 0)
        return s;
    while ((from = fb_chars_find(s, open)) >= 0) {
        fb_str inside = fb_str_sub(s, (apr_size_t)from + open.len, s.len);

        to = fb_chars_find(inside, close);
        if (to < 0)
            break;
        fb_text_add(&text, fb_str_sub(s, 0, (apr_size_t)from));
        s = fb_str_sub(inside, (apr_size_t)to + close.len, inside.len);
    }
    fb_text_add(&text, s);
    return text.failed ? (fb_str){ NULL, 0 } : (fb_str){ text.data, text.len };
}

void fb_chars_striptags(fb_text *out, fb_str s)
{
    fb_text text = { .arena = out->arena };
    fb_split split;
    fb_str word;
    bool first = true;

    s = cut_between(s, FB_STR("<!--"), FB_STR("-->"), out->arena);
    s = cut_between(s, FB_STR("<"), FB_STR(">"), out->arena);
    fb_split_start(&split, s, FB_STR(""), -1);
    while (fb_split_next(&split, &word)) {
        if (!first)
            fb_text_add_char(&text, ' ');
        fb_text_add(&text, word);
        first = false;
    }
    if (text.failed)
        out->failed = true;
    fb_chars_unescape(out, (fb_str){ text.data, text.len });
}

/* --- addresses --- */

static bool is_host_char(unsigned int c)
{
    return c == '%' || c == '-' || fb_char_is_word(c);
}

/* [a-z] without regard to case, as Python's re takes it: with dotless and dotted i, long s and
 * the Kelvin sign. */
static bool is_latin(unsigned int c)
{
    return c < 0x80 ? (c | 0x20) >= 'a' && (c | 0x20) <= 'z'
                    : c == 0x130 || c == 0x131 || c == 0x17f || c == 0x212a;
}

static bool is_number(unsigned int c)
{
    return c < 0x80 ? c >= '0' && c <= '9' : uc_decimal_value(c) >= 0;
}

static fb_str skip(fb_str s, apr_size_t len)
{
    return fb_str_sub(s, len, s.len);
}

static bool starts_nocase(fb_str s, fb_str prefix)
{
    return s.len >= prefix.len && fb_str_ieq(fb_str_sub(s, 0, prefix.len), prefix);
}

/* Takes code points of a kind off the front; returns how many. */
static apr_size_t take(fb_str *s, bool (*kind)(unsigned int))
{
    apr_size_t at = 0, next = 0, count = 0;

    while (at < s->len) {
        if (!kind(fb_chars_next(*s, &next)))
            break;
        at = next;
        count++;
    }
    *s = skip(*s, at);
    return count;
}

/* Port, path, query and fragment: what may follow a host. */
static bool is_url_rest(fb_str s)
{
    apr_size_t digits;

    if (s.len > 0 && s.ptr[0] == ':') {
        s = skip(s, 1);
        digits = take(&s, is_number);
        if (digits < 1 || digits > 5)
            return false;
    }
    return s.len == 0 || s.ptr[0] == '/' || s.ptr[0] == '?' || s.ptr[0] == '#';
}

/* Splits "a.b.tld/rest": *host is what may be a host name. */
static void cut_host(fb_str s, fb_str *host, fb_str *rest)
{
    apr_size_t at = 0, next = 0;

    while (at < s.len) {
        unsigned int c = fb_chars_next(s, &next);

        if (!is_host_char(c) && c != '.')
            break;
        at = next;
    }
    *host = fb_str_sub(s, 0, at);
    *rest = skip(s, at);
}

static bool is_free_tld(fb_str s)
{
    fb_str rest = s;
    apr_size_t count = take(&rest, is_latin);

    if (rest.len == 0 && count >= 2 && count <= 63)
        return true;
    if (!starts_nocase(s, FB_STR("xn--")))
        return false;
    rest = skip(s, 4);
    count = take(&rest, is_host_char);
    return rest.len == 0 && count >= 2 && count <= 59 && fb_str_find_char(skip(s, 4), '-') < 0;
}

static bool is_known_tld(fb_str s)
{
    static const char *const known[] = { "com", "net", "int", "edu", "gov", "org", "info", "mil" };

    for (apr_size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (fb_str_ieq_z(s, known[i]))
            return true;
    return false;
}

/* After a scheme or www. any name will do; without, only labels of 2 to 63 before a known end. */
static bool is_host_name(fb_str host, apr_size_t min, apr_size_t max, bool (*is_tld)(fb_str))
{
    apr_size_t labels = 0, count;

    for (;;) {
        apr_ssize_t dot = fb_str_find_char(host, '.');

        if (dot < 0)
            return (labels > 0 || min < 2) && is_tld(host);
        count = fb_chars_count(fb_str_sub(host, 0, (apr_size_t)dot));
        if (count < min || count > max)
            return false;
        labels++;
        host = skip(host, (apr_size_t)dot + 1);
    }
}

static bool is_ipv4(fb_str s)
{
    for (int part = 0; part < 4; part++) {
        apr_size_t digits;

        if (part > 0) {
            if (s.len == 0 || s.ptr[0] != '.')
                return false;
            s = skip(s, 1);
        }
        digits = take(&s, is_number);
        if (digits < 1 || digits > 3)
            return false;
    }
    return is_url_rest(s);
}

static bool is_hex(unsigned int c)
{
    return is_number(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* "[": two groups that end in a colon, then up to six that may. */
static bool is_ipv6(fb_str s)
{
    int pieces = 0;
    apr_ssize_t close = fb_str_find_char(s, ']');
    fb_str inside, rest;

    if (s.len == 0 || s.ptr[0] != '[' || close < 0)
        return false;
    inside = fb_str_sub(s, 1, (apr_size_t)close - 1);
    rest = skip(s, (apr_size_t)close + 1);
    for (int i = 0; i < 2; i++) {
        if (take(&inside, is_hex) > 4 || inside.len == 0 || inside.ptr[0] != ':')
            return false;
        inside = skip(inside, 1);
    }
    while (inside.len > 0) {
        apr_size_t digits = take(&inside, is_hex);
        bool colon = inside.len > 0 && inside.ptr[0] == ':';

        if (digits == 0 && !colon)
            return false;
        pieces += digits == 0 ? 1 : (int)((digits + 3) / 4);
        if (colon)
            inside = skip(inside, 1);
    }
    return pieces <= 6 && is_url_rest(rest);
}

static bool is_web_address(fb_str s)
{
    fb_str host, rest, behind = { NULL, 0 };

    if (starts_nocase(s, FB_STR("http://")))
        behind = skip(s, 7);
    else if (starts_nocase(s, FB_STR("https://")))
        behind = skip(s, 8);
    if (behind.ptr != NULL && (is_ipv4(behind) || is_ipv6(behind)))
        return true;
    if (starts_nocase(s, FB_STR("www.")))
        behind = skip(s, 4);
    if (behind.ptr != NULL) {
        cut_host(behind, &host, &rest);
        if (is_url_rest(rest) && is_host_name(host, 1, FB_VALUE_MAX_LEN, is_free_tld))
            return true;
    }
    cut_host(s, &host, &rest);
    return is_url_rest(rest) && is_host_name(host, 2, 63, is_known_tld);
}

static bool is_mail_address(fb_str s)
{
    apr_ssize_t at = fb_chars_rfind(s, FB_STR("@")), dot;
    fb_str domain, rest;

    if (at < 1)
        return false;
    domain = skip(s, (apr_size_t)at + 1);
    dot = fb_chars_rfind(domain, FB_STR("."));
    if (dot < 1)
        return false;
    rest = skip(domain, (apr_size_t)dot + 1);
    if (take(&rest, fb_char_is_word) == 0 || rest.len > 0)
        return false;
    domain.len = (apr_size_t)dot;
    rest = domain;
    if (take(&rest, fb_char_is_word) == 0)
        return false;
    while (rest.len > 0)
        if (take(&rest, fb_char_is_word) == 0) {
            if (rest.ptr[0] != '.' && rest.ptr[0] != '-')
                return false;
            rest = skip(rest, 1);
        }
    return true;
}

/* --- urlize --- */

typedef struct word {
    fb_str head, middle, tail; /* three neighbours in the text */
} word;

static const fb_str brackets[3][2] = {
    { FB_STR_INIT("("), FB_STR_INIT(")") },
    { FB_STR_INIT("<"), FB_STR_INIT(">") },
    { FB_STR_INIT("&lt;"), FB_STR_INIT("&gt;") },
};

static void move_edge(word *w, apr_size_t from_middle_head, apr_size_t from_middle_tail)
{
    w->head.len += from_middle_head;
    w->middle = skip(w->middle, from_middle_head);
    w->middle.len -= from_middle_tail;
    w->tail = (fb_str){ w->middle.ptr + w->middle.len, w->tail.len + from_middle_tail };
}

/* Brackets before and punctuation behind do not belong to an address, unless a bracket inside
 * wants its partner back. */
static void trim_word(word *w)
{
    bool more = true;

    while (more) {
        more = w->middle.len > 0 && (w->middle.ptr[0] == '(' || w->middle.ptr[0] == '<');
        if (more)
            move_edge(w, 1, 0);
        else if ((more = fb_str_starts(w->middle, FB_STR("&lt;"))))
            move_edge(w, 4, 0);
    }
    for (more = true; more;) {
        char last = w->middle.len > 0 ? w->middle.ptr[w->middle.len - 1] : ' ';

        more = last == ')' || last == '>' || last == '.' || last == ',';
        if (more)
            move_edge(w, 0, 1);
        else if ((more = fb_str_ends(w->middle, FB_STR("&gt;"))))
            move_edge(w, 0, 4);
    }
    for (int i = 0; i < 3; i++) {
        apr_size_t opened = fb_chars_occurrences(w->middle, brackets[i][0]);
        apr_size_t closed = fb_chars_occurrences(w->tail, brackets[i][1]);

        if (opened <= fb_chars_occurrences(w->middle, brackets[i][1]))
            continue;
        for (apr_size_t n = opened < closed ? opened : closed; n > 0; n--) {
            apr_size_t end =
                (apr_size_t)fb_chars_find(w->tail, brackets[i][1]) + brackets[i][1].len;

            w->middle.len += end;
            w->tail = skip(w->tail, end);
        }
    }
}

static void add_attributes(fb_text *out, const fb_urlize *how)
{
    if (how->rel.len > 0) {
        fb_text_add(out, FB_STR(" rel=\""));
        fb_text_add_escaped(out, how->rel);
        fb_text_add_char(out, '"');
    }
    if (how->target.len > 0) {
        fb_text_add(out, FB_STR(" target=\""));
        fb_text_add_escaped(out, how->target);
        fb_text_add_char(out, '"');
    }
}

static void add_link(fb_text *out, const char *scheme, fb_str address, fb_str shown,
                     const fb_urlize *attributes)
{
    fb_text_add(out, FB_STR("<a href=\""));
    fb_text_add(out, fb_str_from(scheme));
    fb_text_add(out, address);
    fb_text_add_char(out, '"');
    if (attributes != NULL)
        add_attributes(out, attributes);
    fb_text_add_char(out, '>');
    fb_text_add(out, shown);
    if (attributes != NULL && attributes->trim >= 0 && shown.len < address.len)
        fb_text_add(out, FB_STR("..."));
    fb_text_add(out, FB_STR("</a>"));
}

static void add_middle(fb_text *out, fb_str s, const fb_urlize *how)
{
    if (is_web_address(s)) {
        bool has_scheme =
            fb_str_starts(s, FB_STR("https://")) || fb_str_starts(s, FB_STR("http://"));

        add_link(out, has_scheme ? "" : "https://", s,
                 how->trim < 0 ? s : fb_chars_slice(s, 0, (apr_size_t)how->trim), how);
        return;
    }
    if (fb_str_starts(s, FB_STR("mailto:")) && is_mail_address(skip(s, 7))) {
        add_link(out, "", s, skip(s, 7), NULL);
        return;
    }
    if (!fb_str_starts(s, FB_STR("www.")) && fb_str_find_char(s, ':') < 0 && is_mail_address(s)) {
        add_link(out, "mailto:", s, s, NULL);
        return;
    }
    for (apr_size_t i = 0; i < how->scheme_count; i++)
        if (s.len > how->schemes[i].len && fb_str_starts(s, how->schemes[i])) {
            fb_urlize whole = *how;

            whole.trim = -1;
            add_link(out, "", s, s, &whole);
            return;
        }
    fb_text_add(out, s);
}

void fb_chars_urlize(fb_text *out, fb_str escaped, const fb_urlize *how)
{
    apr_size_t at = 0, start, end;
    bool blank;

    while (at < escaped.len) {
        start = end = at;
        blank = fb_char_is_space(fb_chars_next(escaped, &at));
        end = at;
        while (at < escaped.len && fb_char_is_space(fb_chars_next(escaped, &at)) == blank)
            end = at;
        at = end;
        if (blank) {
            fb_text_add(out, fb_str_sub(escaped, start, end - start));
            continue;
        }
        word w = { .middle = fb_str_sub(escaped, start, end - start) };
        w.head = fb_str_sub(w.middle, 0, 0);
        trim_word(&w);
        fb_text_add(out, w.head);
        add_middle(out, w.middle, how);
        fb_text_add(out, w.tail);
    }
}
