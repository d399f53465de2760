/* Looking things up in a request. */
#include "web/request.h"

#include "base/crypto.h"

#include "base/banned.h"

fb_http_method fb_http_method_from_token(fb_str token)
{
    static const struct {
        fb_str name;
        fb_http_method method;
    } methods[] = {
        { FB_STR_INIT("GET"), FB_GET },         { FB_STR_INIT("HEAD"), FB_HEAD },
        { FB_STR_INIT("POST"), FB_POST },       { FB_STR_INIT("PUT"), FB_PUT },
        { FB_STR_INIT("PATCH"), FB_PATCH },     { FB_STR_INIT("DELETE"), FB_DELETE },
        { FB_STR_INIT("OPTIONS"), FB_OPTIONS },
    };
    for (apr_size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (fb_str_eq(methods[i].name, token)) {
            return methods[i].method;
        }
    }
    return FB_METHOD_OTHER;
}

fb_str fb_request_header(const fb_request *request, const char *name)
{
    fb_str wanted = fb_str_from(name);
    for (apr_size_t i = 0; i < request->header_count; i++) {
        if (fb_str_ieq(request->headers[i].name, wanted)) {
            return request->headers[i].value;
        }
    }
    return (fb_str){ NULL, 0 };
}

apr_size_t fb_request_header_count(const fb_request *request, const char *name)
{
    fb_str wanted = fb_str_from(name);
    apr_size_t count = 0;
    for (apr_size_t i = 0; i < request->header_count; i++) {
        count += fb_str_ieq(request->headers[i].name, wanted) ? 1 : 0;
    }
    return count;
}

apr_status_t fb_request_random(const fb_request *request, unsigned char *out, apr_size_t len)
{
    return fb_random_fill(request->rng != NULL ? request->rng : &fb_random_openssl, out, len);
}

/* A media range's quality in thousandths; malformed ones count as 0. */
static unsigned int quality_of(fb_str params)
{
    while (params.len > 0) {
        fb_str one = fb_str_trim(fb_str_split(&params, ';'));
        if (one.len < 2 || (one.ptr[0] != 'q' && one.ptr[0] != 'Q') || one.ptr[1] != '=') {
            continue;
        }
        fb_str q = fb_str_sub(one, 2, one.len);
        if (q.len == 0 || q.len > 5 || (q.ptr[0] != '0' && q.ptr[0] != '1')) {
            return 0;
        }
        unsigned int value = (unsigned int)(q.ptr[0] - '0') * 1000;
        unsigned int unit = 100;
        for (apr_size_t i = 2; i < q.len; i++, unit /= 10) {
            if (q.ptr[i] < '0' || q.ptr[i] > '9') {
                return 0;
            }
            value += (unsigned int)(q.ptr[i] - '0') * unit;
        }
        return value > 1000 ? 1000 : value;
    }
    return 1000;
}

static fb_client_kind kind_from_accept(fb_str accept)
{
    unsigned int html = 0, json = 0;
    while (accept.len > 0) {
        fb_str range = fb_str_trim(fb_str_split(&accept, ','));
        fb_str type = fb_str_trim(fb_str_split(&range, ';'));
        unsigned int q = quality_of(range);
        if (fb_str_ieq_z(type, "application/json") ||
            fb_str_ieq_z(type, "application/problem+json")) {
            json = q > json ? q : json;
        } else if (fb_str_ieq_z(type, "text/html") || fb_str_ieq_z(type, "application/xhtml+xml")) {
            html = q > html ? q : html;
        }
    }
    return json > html ? FB_CLIENT_JSON : FB_CLIENT_HTML;
}

fb_client_kind fb_request_client_kind(const fb_request *request)
{
    if (fb_str_ieq_z(fb_str_trim(fb_request_header(request, "X-Requested-With")),
                     "XMLHttpRequest")) {
        return FB_CLIENT_JSON;
    }
    fb_str mode = fb_request_header(request, "Sec-Fetch-Mode");
    if (fb_str_eq_z(mode, "cors") || fb_str_eq_z(mode, "same-origin")) {
        return FB_CLIENT_JSON;
    }
    return kind_from_accept(fb_request_header(request, "Accept"));
}

const fb_str *fb_params_get(const fb_params *params, const char *name)
{
    for (apr_size_t i = 0; i < params->count; i++) {
        if (fb_str_eq_z(params->items[i].name, name)) {
            return &params->items[i].value;
        }
    }
    return NULL;
}

apr_size_t fb_params_count(const fb_params *params, const char *name)
{
    apr_size_t count = 0;
    for (apr_size_t i = 0; i < params->count; i++) {
        count += fb_str_eq_z(params->items[i].name, name) ? 1 : 0;
    }
    return count;
}
