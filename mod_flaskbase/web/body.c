/* Reading bodies under a limit; the urlencoded format. */
#include "web/body.h"

#include "base/buf.h"
#include "base/escape.h"

#include <apr_tables.h>
#include <string.h>

#include "base/banned.h"

static apr_status_t decode(fb_str *out, fb_str raw, const char *what, apr_pool_t *pool,
                           fb_error *error)
{
    if (fb_unescape_url(out, raw, FB_PLUS_IS_SPACE, pool) != APR_SUCCESS) {
        return fb_error_set(error, FB_ESYNTAX, "%s holds a %% without two hexadecimal digits",
                            what);
    }
    if (fb_str_has_nul(*out)) {
        return fb_error_set(error, FB_ESYNTAX, "%s holds a NUL byte", what);
    }
    if (!fb_str_is_utf8(*out)) {
        return fb_error_set(error, FB_ESYNTAX, "%s is not UTF-8 text", what);
    }
    return APR_SUCCESS;
}

apr_status_t fb_body_urlencoded(fb_params *out, fb_str text, apr_size_t max, apr_pool_t *pool,
                                fb_error *error)
{
    apr_array_header_t *params = apr_array_make(pool, 8, sizeof(fb_param));
    while (text.len > 0) {
        fb_str value = fb_str_split(&text, '&');
        if (value.len == 0) {
            continue;
        }
        fb_str name = fb_str_split(&value, '=');
        fb_param param;
        apr_status_t status = decode(&param.name, name, "a parameter's name", pool, error);
        if (status == APR_SUCCESS) {
            status = decode(&param.value, value, "a parameter's value", pool, error);
        }
        if (status != APR_SUCCESS) {
            return status;
        }
        if ((apr_size_t)params->nelts == max || param.name.len > FB_PARAM_NAME_MAX) {
            return fb_error_set(
                error, FB_ELIMIT,
                "more than %" APR_SIZE_T_FMT " parameters, or one with a very long name", max);
        }
        *(fb_param *)apr_array_push(params) = param;
    }
    *out = (fb_params){ (fb_param *)(void *)params->elts, (apr_size_t)params->nelts };
    return APR_SUCCESS;
}

/* RFC 2046 5.1.1: 1 to 70 of these, no blank at the end. */
static bool boundary_ok(fb_str boundary)
{
    if (boundary.len == 0 || boundary.len > 70 || boundary.ptr[boundary.len - 1] == ' ') {
        return false;
    }
    for (apr_size_t i = 0; i < boundary.len; i++) {
        char c = boundary.ptr[i];
        bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alnum && (c == '\0' || strchr("'()+_,-./:=? ", c) == NULL)) {
            return false;
        }
    }
    return true;
}

/* Value of a parameter "name=token" or "name=\"quoted\"" (quoted pairs are not used by clients and
 * not accepted). */
static fb_str param_value(fb_str text)
{
    fb_str value = fb_str_trim(text);
    if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"') {
        value = fb_str_sub(value, 1, value.len - 2);
    }
    return fb_str_find_char(value, '"') >= 0 || fb_str_find_char(value, '\\') >= 0 ? FB_STR("")
                                                                                   : value;
}

fb_body_type fb_body_type_of(fb_str *boundary, fb_str content_type, apr_pool_t *pool)
{
    fb_str rest = content_type;
    fb_str type = fb_str_trim(fb_str_split(&rest, ';'));
    bool multipart = fb_str_ieq_z(type, "multipart/form-data");

    (void)pool;
    *boundary = FB_STR("");
    if (content_type.len == 0) {
        return FB_BODY_EMPTY;
    }
    if (!multipart && !fb_str_ieq_z(type, "application/x-www-form-urlencoded")) {
        return FB_BODY_OTHER;
    }
    while (rest.len > 0) {
        fb_str value = fb_str_split(&rest, ';');
        fb_str name = fb_str_trim(fb_str_split(&value, '='));
        value = param_value(value);
        if (fb_str_ieq_z(name, "charset") && !fb_str_ieq_z(value, "utf-8")) {
            return FB_BODY_OTHER;
        }
        if (fb_str_ieq_z(name, "boundary")) {
            if (boundary->len > 0) {
                return FB_BODY_OTHER;
            }
            *boundary = value;
        }
    }
    if (multipart) {
        return boundary_ok(*boundary) ? FB_BODY_MULTIPART : FB_BODY_OTHER;
    }
    return FB_BODY_URLENCODED;
}

static apr_status_t read_all(fb_str *out, const fb_request *request, apr_size_t max,
                             fb_error *error)
{
    fb_buf buf;
    apr_size_t got = 0;

    if (request->content_length > 0 && (apr_uint64_t)request->content_length > max) {
        return fb_error_set(error, FB_ELIMIT, "the body is larger than %" APR_SIZE_T_FMT " bytes",
                            max);
    }
    /* One byte more than allowed tells a full body from one that is too large. */
    fb_buf_init(&buf, request->pool, max + 1);
    while (request->read_body != NULL) {
        apr_size_t want = buf.max - buf.len < 8192 ? buf.max - buf.len : 8192;
        char *at = want > 0 ? fb_buf_reserve(&buf, want) : NULL;
        if (at == NULL) {
            return fb_error_set(error, FB_ELIMIT,
                                "the body is larger than %" APR_SIZE_T_FMT " bytes", max);
        }
        apr_status_t status = request->read_body(request->body_baton, at, want, &got, error);
        if (status != APR_SUCCESS) {
            return status;
        }
        if (got == 0) {
            break;
        }
        buf.len += got;
    }
    if (buf.len > max) {
        return fb_error_set(error, FB_ELIMIT, "the body is larger than %" APR_SIZE_T_FMT " bytes",
                            max);
    }
    *out = fb_buf_str(&buf);
    return APR_SUCCESS;
}

apr_status_t fb_body_read_form(fb_params *out, const fb_request *request, apr_size_t max_bytes,
                               apr_size_t max_params, fb_error *error)
{
    fb_str boundary, text;
    fb_body_type type =
        fb_body_type_of(&boundary, fb_request_header(request, "Content-Type"), request->pool);
    *out = (fb_params){ NULL, 0 };
    if (type == FB_BODY_OTHER) {
        return fb_error_set(error, FB_EINVALID,
                            "forms are sent as "
                            "application/x-www-form-urlencoded or multipart/form-data in UTF-8");
    }
    apr_status_t status = read_all(&text, request, max_bytes, error);
    if (status != APR_SUCCESS) {
        return status;
    }
    if (type == FB_BODY_EMPTY) {
        return text.len == 0 ? APR_SUCCESS
                             : fb_error_set(error, FB_EINVALID, "the body has no Content-Type");
    }
    return type == FB_BODY_MULTIPART
               ? fb_body_multipart(out, text, boundary, max_params, request->pool, error)
               : fb_body_urlencoded(out, text, max_params, request->pool, error);
}
