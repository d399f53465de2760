/* The multipart/form-data format. */
#include "web/body.h"

#include <apr_tables.h>

#include "base/banned.h"

#define PART_HEADERS_MAX  8
#define PART_HEADER_BYTES 2048

typedef struct part {
    fb_str name;
    bool has_name;
    bool is_file;
} part;

/* Cuts the line that ends with CRLF off *rest; false when there is none within the limit. */
static bool take_line(fb_str *line, fb_str *rest)
{
    apr_ssize_t end = fb_str_find(fb_str_sub(*rest, 0, PART_HEADER_BYTES), FB_STR("\r\n"));
    if (end < 0) {
        return false;
    }
    *line = fb_str_sub(*rest, 0, (apr_size_t)end);
    *rest = fb_str_sub(*rest, (apr_size_t)end + 2, rest->len);
    return true;
}

/* One `; name="value"` of Content-Disposition, value as it stands between the quotes: browsers
 * write %22 for a quote inside, and send it undecoded. */
static bool take_param(fb_str *name, fb_str *value, fb_str *rest)
{
    fb_str text = fb_str_trim(*rest);
    if (text.len == 0 || text.ptr[0] != ';') {
        return false;
    }
    text = fb_str_sub(text, 1, text.len);
    apr_ssize_t equals = fb_str_find_char(text, '=');
    if (equals < 0) {
        return false;
    }
    *name = fb_str_trim(fb_str_sub(text, 0, (apr_size_t)equals));
    text = fb_str_sub(text, (apr_size_t)equals + 1, text.len);
    if (text.len == 0 || text.ptr[0] != '"') {
        return false;
    }
    text = fb_str_sub(text, 1, text.len);
    apr_ssize_t quote = fb_str_find_char(text, '"');
    if (quote < 0) {
        return false;
    }
    *value = fb_str_sub(text, 0, (apr_size_t)quote);
    *rest = fb_str_sub(text, (apr_size_t)quote + 1, text.len);
    return true;
}

static bool parse_disposition(part *p, fb_str value)
{
    fb_str kind = value;
    kind = fb_str_trim(fb_str_split(&kind, ';'));
    if (!fb_str_ieq_z(kind, "form-data") || p->has_name) {
        return false;
    }
    apr_ssize_t semicolon = fb_str_find_char(value, ';');
    fb_str rest = semicolon < 0 ? FB_STR("") : fb_str_sub(value, (apr_size_t)semicolon, value.len);
    while (fb_str_trim(rest).len > 0) {
        fb_str name, text;
        if (!take_param(&name, &text, &rest)) {
            return false;
        }
        if (fb_str_ieq_z(name, "name")) {
            if (p->has_name) {
                return false;
            }
            p->name = text;
            p->has_name = true;
        } else if (fb_str_ieq_z(name, "filename") || fb_str_ieq_z(name, "filename*")) {
            p->is_file = true;
        }
    }
    return p->has_name;
}

/* The headers of a part up to and with the empty line. */
static bool take_headers(part *p, fb_str *rest)
{
    for (int i = 0; i <= PART_HEADERS_MAX; i++) {
        fb_str line;
        if (!take_line(&line, rest)) {
            return false;
        }
        if (line.len == 0) {
            return p->has_name;
        }
        fb_str value = line;
        fb_str name = fb_str_split(&value, ':');
        if (value.ptr == NULL || name.len == 0 || fb_str_has_ctl(line)) {
            return false;
        }
        if (fb_str_ieq_z(name, "Content-Disposition") && !parse_disposition(p, value)) {
            return false;
        }
    }
    return false;
}

static apr_status_t malformed(fb_error *error, const char *what)
{
    return fb_error_set(error, FB_ESYNTAX, "the multipart body is malformed: %s", what);
}

/* What follows a delimiter: another part, or "--" and nothing but at most one CRLF. */
static bool at_end(fb_str rest)
{
    return fb_str_eq_z(rest, "--") || fb_str_eq_z(rest, "--\r\n");
}

apr_status_t fb_body_multipart(fb_params *out, fb_str text, fb_str boundary, apr_size_t max,
                               apr_pool_t *pool, fb_error *error)
{
    apr_array_header_t *params = apr_array_make(pool, 8, sizeof(fb_param));
    fb_str delimiter = fb_str_printf(pool, "\r\n--%.*s", FB_STR_ARG(boundary));
    fb_str first = fb_str_sub(delimiter, 2, delimiter.len);
    apr_size_t parts = 0;

    if (!fb_str_starts(text, first)) {
        return malformed(error, "it does not begin with the boundary");
    }
    fb_str rest = fb_str_sub(text, first.len, text.len);
    while (!at_end(rest)) {
        part p = { .has_name = false };
        if (!fb_str_starts(rest, FB_STR("\r\n"))) {
            return malformed(error, "no line break after a boundary");
        }
        rest = fb_str_sub(rest, 2, rest.len);
        if (!take_headers(&p, &rest)) {
            return malformed(error, "headers of a part");
        }
        apr_ssize_t end = fb_str_find(rest, delimiter);
        if (end < 0) {
            return malformed(error, "a part without end");
        }
        fb_str value = fb_str_sub(rest, 0, (apr_size_t)end);
        rest = fb_str_sub(rest, (apr_size_t)end + delimiter.len, rest.len);
        if (++parts > max || p.name.len > FB_PARAM_NAME_MAX) {
            return fb_error_set(
                error, FB_ELIMIT,
                "more than %" APR_SIZE_T_FMT " parameters, or one with a very long name", max);
        }
        if (p.is_file) {
            continue;
        }
        if (fb_str_has_nul(p.name) || fb_str_has_nul(value) || !fb_str_is_utf8(p.name) ||
            !fb_str_is_utf8(value)) {
            return malformed(error, "a field is not UTF-8 text without NUL bytes");
        }
        *(fb_param *)apr_array_push(params) = (fb_param){ p.name, value };
    }
    *out = (fb_params){ (fb_param *)(void *)params->elts, (apr_size_t)params->nelts };
    return APR_SUCCESS;
}
