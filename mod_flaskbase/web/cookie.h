/* Cookies: a strict reader, and Set-Cookie lines. */
#ifndef FB_WEB_COOKIE_H
#define FB_WEB_COOKIE_H

#include "web/request.h"

/* Walks over the values that the request's Cookie headers give to one name: pairs are separated by
 * ';' alone (so `a=b,session=x` holds one cookie, `a`), names compare exactly, blanks around a pair
 * are dropped, quotes and everything else stay as they are. No allocation. */
typedef struct fb_cookie_walk {
    const fb_request *request;
    fb_str name;
    fb_str rest; /* of the header being read */
    apr_size_t next_header;
} fb_cookie_walk;

void fb_cookie_start(fb_cookie_walk *walk, const fb_request *request, const char *name);
bool fb_cookie_next(fb_cookie_walk *walk, fb_str *value);

typedef enum fb_cookie_lifetime {
    FB_COOKIE_BROWSER, /* until the browser closes */
    FB_COOKIE_LASTING, /* for max_age seconds */
    FB_COOKIE_REMOVE
} fb_cookie_lifetime;

/* "name=value; Path=/; …; HttpOnly; SameSite=Lax", with Secure exactly for https. Path is "/" as
 * __Host- demands. `value` is base64url text. */
const char *fb_cookie_format(const char *name, fb_str value, fb_cookie_lifetime lifetime,
                             apr_int64_t max_age, const fb_request *request);

#endif
