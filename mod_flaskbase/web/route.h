/* The table of routes, its matcher and url_for. A route is one row; reference, `flaskbase routes`
 * and tests read the same rows. */
#ifndef FB_WEB_ROUTE_H
#define FB_WEB_ROUTE_H

#include "web/request.h"

struct fb_context;

/* Handles one request: fills context->reply, or returns a status that dispatch makes an error
 * page of: FB_ENOTFOUND 404, FB_EDENIED 403, FB_EINVALID and FB_ESYNTAX 400, FB_ELIMIT 413,
 * FB_EUNAVAIL, FB_ETIMEOUT and FB_ESCHEMA 503, anything else 500. */
typedef apr_status_t fb_handler(struct fb_context *context, fb_error *error);

/* Who may come in. Login is checked before permission (X3). */
typedef enum fb_access {
    FB_ACCESS_PUBLIC,    /* anyone */
    FB_ACCESS_ANONYMOUS, /* logged in: redirect to the home page (R7, R8) */
    FB_ACCESS_LOGIN,     /* logged in (X2) */
    FB_ACCESS_FRESH      /* logged in, password given within the last 10 minutes (R28) */
} fb_access;

/* Which throttle guards the route's POST; rows of web/throttle's table (D22). */
typedef enum fb_limit {
    FB_LIMIT_NONE,
    FB_LIMIT_LOGIN,
    FB_LIMIT_REGISTER,
    FB_LIMIT_RESET,
    FB_LIMIT_CONFIRM,
    FB_LIMIT_INVITE,
    FB_LIMIT_PASSWORD, /* logged-in forms that ask for the current password */
    FB_LIMIT_COUNT
} fb_limit;

typedef enum fb_route_flag {
    FB_ROUTE_NO_REFERRER = 1,  /* a token is in the URL: Referrer-Policy no-referrer, no-store */
    FB_ROUTE_NO_STORE = 2,     /* never cached, whoever asks */
    FB_ROUTE_NO_CSRF = 4,      /* opts out of X1; say why in the row's doc */
    FB_ROUTE_PURE = 8,         /* for a visitor without our cookie the page depends on nothing but
                                 configuration: its bytes are rendered once and kept */
    FB_ROUTE_UNCONFIRMED = 16, /* reachable for unconfirmed accounts outside /account (X4) */
    FB_ROUTE_CHANGE_REQUIRED = 32, /* reachable while a password change is due (R34) */
    FB_ROUTE_NO_SESSION = 64,      /* the cookie is not even looked at (assets) */
    FB_ROUTE_DEVELOPMENT = 128     /* 404 outside the development profile (R35) */
} fb_route_flag;

typedef struct fb_route {
    const char *pattern;  /* below the blueprint's prefix: "/user/<int:user_id>", "/<token>";
                                kinds: string (default, no '/'), int (0 … 2^63-1), path */
    unsigned int methods; /* FB_GET | FB_POST …; HEAD and OPTIONS come by themselves */
    const char *endpoint; /* with the blueprint's name: "admin.user_info"; several rows may
                                share it, url_for takes the first whose parameters fit */
    fb_handler *view;
    fb_access access;
    int permission; /* bits that the role must hold (M4); 0 = none */
    fb_limit limit;
    unsigned int flags;  /* fb_route_flag */
    apr_size_t body_max; /* bytes; 0 = the site's default (64 KB) */
    const char *doc;     /* one sentence for the reference, with the SPEC row */
} fb_route;

/* A group of routes under one prefix. */
typedef struct fb_blueprint {
    const char *name;   /* "account" */
    const char *prefix; /* "" or "/account": then everything below is the site's own (X5) */
    const fb_route *routes;
    apr_size_t route_count;
    const char *doc;
} fb_blueprint;

#define FB_ROUTE_ARGS_MAX 4

typedef struct fb_route_arg {
    const char *name;
    fb_str text;        /* as in the path, decoded */
    apr_int64_t number; /* for int */
} fb_route_arg;

typedef struct fb_match {
    const fb_route *route; /* NULL unless the status is 0 */
    fb_route_arg args[FB_ROUTE_ARGS_MAX];
    apr_size_t arg_count;
    int status;        /* 0 matched; 404; 405; 308 redirect to `path` + "/"; 204 OPTIONS */
    const char *allow; /* for 405 and OPTIONS: "GET, HEAD, OPTIONS" */
} fb_match;

typedef struct fb_router fb_router; /* immutable after fb_router_create */

/* Compiles the rows. Rejects (FB_EINVALID, naming the row) ambiguous patterns, unknown kinds,
 * two rows with one pattern, a FB_ACCESS_PUBLIC row with a permission. */
apr_status_t fb_router_create(fb_router **out, const fb_blueprint *const *blueprints,
                              apr_size_t count, apr_pool_t *pool, fb_error *error) FB_MUST_CHECK;
/* `path` without mount prefix. No allocation; the arguments' texts point into `path`. */
void fb_router_match(fb_match *match, const fb_router *router, fb_str path, fb_http_method method);
typedef enum fb_owns { FB_OWNS_NOT, FB_OWNS } fb_owns;
/* X5: is that path a route, below a blueprint's prefix, or a prefix without its slash? */
fb_owns fb_router_owns(const fb_router *router, fb_str path);

/* For `flaskbase routes`: row by row in table order, NULL at the end. `full` = prefix + pattern. */
const fb_route *fb_router_row(const fb_router *router, apr_size_t index, const char **full);

typedef struct fb_url_arg {
    const char *name;
    fb_str value;
} fb_url_arg;

/* The path of an endpoint, escaped, without mount prefix (fb_url_for of site.h puts it in front);
 * arguments that are not in the pattern become the query. FB_ENOTFOUND: no such endpoint;
 * FB_EINVALID: an argument is missing or does not fit. */
apr_status_t fb_router_build(fb_str *out, const fb_router *router, const char *endpoint,
                             const fb_url_arg *args, apr_size_t count, apr_pool_t *pool,
                             fb_error *error) FB_MUST_CHECK;

#endif
