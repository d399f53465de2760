/* Reading the Cookie header by RFC 6265's grammar, and writing Set-Cookie. */
#include "web/cookie.h"

#include <apr_strings.h>

#include "base/banned.h"

void fb_cookie_start(fb_cookie_walk *walk, const fb_request *request, const char *name)
{
    *walk = (fb_cookie_walk){ .request = request, .name = fb_str_from(name) };
}

static bool next_header(fb_cookie_walk *walk)
{
    while (walk->next_header < walk->request->header_count) {
        const fb_header *header = &walk->request->headers[walk->next_header++];
        if (fb_str_ieq_z(header->name, "Cookie")) {
            walk->rest = header->value;
            return true;
        }
    }
    return false;
}

bool fb_cookie_next(fb_cookie_walk *walk, fb_str *value)
{
    for (;;) {
        while (walk->rest.len > 0) {
            fb_str pair = fb_str_trim(fb_str_split(&walk->rest, ';'));
            if (pair.len > walk->name.len && pair.ptr[walk->name.len] == '=' &&
                fb_str_starts(pair, walk->name)) {
                *value = fb_str_sub(pair, walk->name.len + 1, pair.len);
                return true;
            }
        }
        if (!next_header(walk)) {
            return false;
        }
    }
}

const char *fb_cookie_format(const char *name, fb_str value, fb_cookie_lifetime lifetime,
                             apr_int64_t max_age, const fb_request *request)
{
    const char *age = "";
    if (lifetime == FB_COOKIE_LASTING) {
        age = apr_psprintf(request->pool, "; Max-Age=%" APR_INT64_T_FMT, max_age);
    } else if (lifetime == FB_COOKIE_REMOVE) {
        age = "; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
    }
    return apr_psprintf(request->pool, "%s=%.*s; Path=/%s; HttpOnly; SameSite=Lax%s", name,
                        FB_STR_ARG(value), age, request->is_https ? "; Secure" : "");
}
