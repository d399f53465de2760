/* JSON (RFC 8259): a strict, bounded parser into an immutable tree. */
#include "base/json.h"

#include "base/num.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

#define BYTES_DEFAULT ((apr_size_t)1024 * 1024)
#define NODES_DEFAULT 100000
#define DEPTH_DEFAULT 64
#define DEPTH_MAX     1000 /* of the C stack's recursion: about 200 bytes each */
/* Objects up to this size are searched for a key that comes twice by looking at each other key. */
#define SMALL_OBJECT 16

typedef struct parser {
    fb_str text;
    apr_size_t at;
    unsigned depth;
    apr_size_t nodes;
    fb_json_limits limits;
    apr_pool_t *pool;
    fb_error *error;
} parser;

/* Members while their number is not known; copied into one block at the end. */
typedef struct member {
    struct member *next;
    fb_str key;
    fb_json value;
} member;

static apr_status_t parse_value(parser *p, fb_json *out);

static apr_status_t fail_at(const parser *p, apr_size_t at, apr_status_t status,
                            const char *message)
{
    int line = 1;
    apr_size_t start = 0;

    for (apr_size_t i = 0; i < at && i < p->text.len; i++) {
        if (p->text.ptr[i] == '\n') {
            line++;
            start = i + 1;
        }
    }
    fb_str before = fb_str_sub(p->text, start, at - start);
    status = fb_error_set(p->error, status, "%s", message);
    if (p->error != NULL) {
        p->error->line = line;
        p->error->column = (int)fb_str_utf8_count(before) + 1;
    }
    return status;
}

static apr_status_t bad(const parser *p, const char *message)
{
    return fail_at(p, p->at, FB_ESYNTAX, message);
}

static void skip_blanks(parser *p)
{
    while (p->at < p->text.len && strchr(" \t\n\r", p->text.ptr[p->at]) != NULL &&
           p->text.ptr[p->at] != '\0') {
        p->at++;
    }
}

static char peek(const parser *p)
{
    return p->at < p->text.len ? p->text.ptr[p->at] : '\0';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static apr_status_t parse_number(parser *p, fb_json *out)
{
    apr_size_t from = p->at;

    p->at += peek(p) == '-';
    if (!is_digit(peek(p))) {
        return bad(p, "expected a digit");
    }
    if (peek(p) == '0') {
        p->at++;
        if (is_digit(peek(p))) {
            return bad(p, "a number can't start with 0");
        }
    }
    while (is_digit(peek(p))) {
        p->at++;
    }
    if (peek(p) == '.') {
        p->at++;
        if (!is_digit(peek(p))) {
            return bad(p, "expected a digit after the decimal point");
        }
        while (is_digit(peek(p))) {
            p->at++;
        }
    }
    if (peek(p) == 'e' || peek(p) == 'E') {
        p->at++;
        p->at += peek(p) == '+' || peek(p) == '-';
        if (!is_digit(peek(p))) {
            return bad(p, "expected a digit in the exponent");
        }
        while (is_digit(peek(p))) {
            p->at++;
        }
    }
    out->type = FB_JSON_NUMBER;
    out->text = fb_str_dup(p->pool, fb_str_sub(p->text, from, p->at - from));
    return APR_SUCCESS;
}

/* The four digits behind \u. */
static apr_status_t parse_code_unit(parser *p, unsigned int *out)
{
    apr_uint64_t value;
    fb_str digits = fb_str_sub(p->text, p->at, 4);

    if (digits.len != 4 || digits.ptr[1] == 'x' || fb_num_hex(&value, digits) != APR_SUCCESS) {
        return bad(p, "\\u needs four hexadecimal digits");
    }
    p->at += 4;
    *out = (unsigned int)value;
    return APR_SUCCESS;
}

static apr_status_t parse_unicode(parser *p, fb_buf *out)
{
    unsigned int unit;
    unsigned int low;
    char bytes[4];
    apr_size_t from = p->at - 2;
    apr_status_t status = parse_code_unit(p, &unit);

    if (status != APR_SUCCESS) {
        return status;
    }
    if (unit >= 0xd800 && unit <= 0xdbff &&
        fb_str_starts(fb_str_sub(p->text, p->at, 2), FB_STR("\\u"))) {
        p->at += 2;
        status = parse_code_unit(p, &low);
        if (status != APR_SUCCESS) {
            return status;
        }
        if (low < 0xdc00 || low > 0xdfff) {
            return fail_at(p, from, FB_ESYNTAX, "half of a surrogate pair");
        }
        unit = 0x10000 + ((unit - 0xd800) << 10 | (low - 0xdc00));
    } else if (unit >= 0xd800 && unit <= 0xdfff) {
        return fail_at(p, from, FB_ESYNTAX, "half of a surrogate pair");
    }
    fb_buf_add_mem(out, bytes, fb_str_utf8_put(bytes, unit));
    return APR_SUCCESS;
}

static apr_status_t parse_escape(parser *p, fb_buf *out)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    char c = peek(p);
    const char *name = c != '\0' ? strchr(names, c) : NULL;

    if (c == 'u') {
        p->at++;
        return parse_unicode(p, out);
    }
    if (name == NULL) {
        return bad(p, "unknown escape: after a backslash comes one of \" \\ / b f n r t u");
    }
    p->at++;
    fb_buf_add_char(out, values[name - names]);
    return APR_SUCCESS;
}

/* The text behind an opening quote. The caller checked that all of it is UTF-8. */
static apr_status_t parse_string(parser *p, fb_str *out)
{
    apr_size_t open = p->at++;
    fb_buf buf;

    fb_buf_init(&buf, p->pool, p->text.len);
    for (;;) {
        apr_size_t from = p->at;
        while (p->at < p->text.len && p->text.ptr[p->at] != '"' && p->text.ptr[p->at] != '\\' &&
               (unsigned char)p->text.ptr[p->at] >= 0x20) {
            p->at++;
        }
        if (p->at == p->text.len) {
            return fail_at(p, open, FB_ESYNTAX, "the string that starts here is not closed");
        }
        fb_str plain = fb_str_sub(p->text, from, p->at - from);
        char c = p->text.ptr[p->at];
        if (c == '"' && buf.len == 0) {
            p->at++;
            *out = fb_str_dup(p->pool, plain);
            return APR_SUCCESS;
        }
        fb_buf_add(&buf, plain);
        if (c == '"') {
            p->at++;
            *out = fb_buf_str(&buf);
            return fb_buf_status(&buf);
        }
        if (c != '\\') {
            return bad(p, "control characters in a string must be escaped");
        }
        p->at++;
        apr_status_t status = parse_escape(p, &buf);
        if (status != APR_SUCCESS) {
            return status;
        }
    }
}

static int compare_keys(const void *a, const void *b)
{
    return fb_str_cmp(*(const fb_str *)a, *(const fb_str *)b);
}

/* A key that comes twice means different things to different parsers: refused (RFC 8259, 4). */
static apr_status_t check_keys(const parser *p, const fb_json *object, apr_size_t open)
{
    static const char message[] = "a key comes twice in the object that starts here";

    if (object->count <= SMALL_OBJECT) {
        for (apr_size_t i = 1; i < object->count; i++) {
            for (apr_size_t j = 0; j < i; j++) {
                if (fb_str_eq(object->keys[i], object->keys[j])) {
                    return fail_at(p, open, FB_ESYNTAX, message);
                }
            }
        }
        return APR_SUCCESS;
    }
    fb_str *keys = apr_palloc(p->pool, object->count * sizeof(*keys));
    memcpy(keys, object->keys, object->count * sizeof(*keys));
    qsort(keys, object->count, sizeof(*keys), compare_keys);
    for (apr_size_t i = 1; i < object->count; i++) {
        if (fb_str_eq(keys[i], keys[i - 1])) {
            return fail_at(p, open, FB_ESYNTAX, message);
        }
    }
    return APR_SUCCESS;
}

/* The node gets its children in one block each of values and keys. */
static void gather(parser *p, fb_json *out, const member *first, apr_size_t count)
{
    fb_json *items = apr_palloc(p->pool, (count > 0 ? count : 1) * sizeof(*items));
    fb_str *keys = out->type == FB_JSON_OBJECT
                       ? apr_palloc(p->pool, (count > 0 ? count : 1) * sizeof(*keys))
                       : NULL;
    apr_size_t i = 0;

    for (const member *m = first; m != NULL; m = m->next, i++) {
        items[i] = m->value;
        if (keys != NULL) {
            keys[i] = m->key;
        }
    }
    out->items = items;
    out->keys = keys;
    out->count = count;
}

static apr_status_t parse_member(parser *p, member *m, fb_json_type type)
{
    skip_blanks(p);
    if (type == FB_JSON_OBJECT) {
        if (peek(p) != '"') {
            return bad(p, "expected a key in double quotes");
        }
        apr_status_t status = parse_string(p, &m->key);
        if (status != APR_SUCCESS) {
            return status;
        }
        skip_blanks(p);
        if (peek(p) != ':') {
            return bad(p, "expected \":\" after the key");
        }
        p->at++;
        skip_blanks(p);
    }
    return parse_value(p, &m->value);
}

static apr_status_t parse_container(parser *p, fb_json *out, fb_json_type type)
{
    char closer = type == FB_JSON_OBJECT ? '}' : ']';
    apr_size_t open = p->at++;
    member *first = NULL;
    member **last = &first;
    apr_size_t count = 0;

    if (++p->depth > p->limits.depth) {
        return fail_at(p, open, FB_ELIMIT, "arrays and objects are nested too deeply");
    }
    out->type = type;
    skip_blanks(p);
    if (peek(p) == closer) {
        p->at++;
    } else {
        for (;;) {
            member *m = apr_pcalloc(p->pool, sizeof(*m));
            apr_status_t status = parse_member(p, m, type);
            if (status != APR_SUCCESS) {
                return status;
            }
            *last = m;
            last = &m->next;
            count++;
            skip_blanks(p);
            char c = peek(p);
            if (c != ',' && c != closer) {
                return bad(p, type == FB_JSON_OBJECT ? "expected \",\" or \"}\""
                                                     : "expected \",\" or \"]\"");
            }
            p->at++;
            if (c == closer) {
                break;
            }
        }
    }
    p->depth--;
    gather(p, out, first, count);
    return type == FB_JSON_OBJECT ? check_keys(p, out, open) : APR_SUCCESS;
}

static apr_status_t parse_word(parser *p, fb_json *out)
{
    static const struct {
        fb_str word;
        fb_json_type type;
        bool boolean;
    } words[] = {
        { FB_STR_INIT("null"), FB_JSON_NULL, false },
        { FB_STR_INIT("true"), FB_JSON_BOOL, true },
        { FB_STR_INIT("false"), FB_JSON_BOOL, false },
    };

    for (apr_size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (fb_str_starts(fb_str_sub(p->text, p->at, 5), words[i].word)) {
            p->at += words[i].word.len;
            out->type = words[i].type;
            out->boolean = words[i].boolean;
            return APR_SUCCESS;
        }
    }
    return bad(p, p->at == p->text.len ? "the document ends too early" : "expected a value");
}

static apr_status_t parse_value(parser *p, fb_json *out)
{
    char c = peek(p);

    if (++p->nodes > p->limits.nodes) {
        return fail_at(p, p->at, FB_ELIMIT, "too many values");
    }
    if (c == '{') {
        return parse_container(p, out, FB_JSON_OBJECT);
    }
    if (c == '[') {
        return parse_container(p, out, FB_JSON_ARRAY);
    }
    if (c == '"') {
        out->type = FB_JSON_STRING;
        return parse_string(p, &out->text);
    }
    if (c == '-' || is_digit(c)) {
        return parse_number(p, out);
    }
    return parse_word(p, out);
}

/* Index of the first byte that is not UTF-8; the caller knows there is one. */
static apr_size_t first_bad_byte(fb_str text)
{
    apr_size_t at = 0;

    while (at < text.len) {
        apr_size_t from = at;
        if (fb_str_utf8_next(text, &at) == 0xfffd && at - from == 1) {
            return from;
        }
    }
    return at;
}

apr_status_t fb_json_parse(const fb_json **out, fb_str text, const fb_json_limits *limits,
                           apr_pool_t *pool, fb_error *error)
{
    parser p = { .text = text, .pool = pool, .error = error };
    fb_json *root = apr_pcalloc(pool, sizeof(*root));

    *out = NULL;
    if (limits != NULL) {
        p.limits = *limits;
    }
    p.limits.bytes = p.limits.bytes != 0 ? p.limits.bytes : BYTES_DEFAULT;
    p.limits.nodes = p.limits.nodes != 0 ? p.limits.nodes : NODES_DEFAULT;
    p.limits.depth = p.limits.depth == 0          ? DEPTH_DEFAULT
                     : p.limits.depth > DEPTH_MAX ? DEPTH_MAX
                                                  : p.limits.depth;
    if (text.len > p.limits.bytes) {
        return fb_error_set(error, FB_ELIMIT, "the document is too large");
    }
    if (!fb_str_is_utf8(text)) {
        return fail_at(&p, first_bad_byte(text), FB_ESYNTAX, "not UTF-8");
    }
    skip_blanks(&p);
    apr_status_t status = parse_value(&p, root);
    if (status != APR_SUCCESS) {
        return status;
    }
    skip_blanks(&p);
    if (p.at < p.text.len) {
        return bad(&p, "nothing may follow the value");
    }
    *out = root;
    return APR_SUCCESS;
}

const fb_json *fb_json_get(const fb_json *object, const char *key)
{
    if (object == NULL || object->type != FB_JSON_OBJECT) {
        return NULL;
    }
    for (apr_size_t i = 0; i < object->count; i++) {
        if (fb_str_eq_z(object->keys[i], key)) {
            return &object->items[i];
        }
    }
    return NULL;
}

bool fb_json_is_integer(const fb_json *node)
{
    if (node == NULL || node->type != FB_JSON_NUMBER) {
        return false;
    }
    for (apr_size_t i = 0; i < node->text.len; i++) {
        if (!is_digit(node->text.ptr[i]) && (i > 0 || node->text.ptr[i] != '-')) {
            return false;
        }
    }
    return true;
}

apr_status_t fb_json_int64(apr_int64_t *out, const fb_json *node)
{
    return fb_json_is_integer(node) ? fb_num_int64(out, node->text) : FB_EINVALID;
}

apr_status_t fb_json_double(double *out, const fb_json *node)
{
    if (node == NULL || node->type != FB_JSON_NUMBER) {
        return FB_EINVALID;
    }
    /* The parser copied the text with a NUL behind it. */
    double value = strtod(node->text.ptr, NULL);
    if (isinf(value)) {
        return FB_ELIMIT;
    }
    *out = value;
    return APR_SUCCESS;
}
