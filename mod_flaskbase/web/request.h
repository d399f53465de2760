/* One HTTP request as a plain struct: filled by httpd/, by the CLI or by a test. */
#ifndef FB_WEB_REQUEST_H
#define FB_WEB_REQUEST_H

#include "base/error.h"

#include <apr_time.h>

/* Bits, so that a route row can hold several. */
typedef enum fb_http_method {
    FB_METHOD_OTHER = 0, /* any token not named here, also `get` in lower case: 405 */
    FB_GET = 1,
    FB_HEAD = 2,
    FB_POST = 4,
    FB_PUT = 8,
    FB_PATCH = 16,
    FB_DELETE = 32,
    FB_OPTIONS = 64
} fb_http_method;

/* Exact, case-sensitive (RFC 9110 9.1). */
fb_http_method fb_http_method_from_token(fb_str token);

typedef struct fb_header {
    fb_str name;
    fb_str value;
} fb_header;

/* Reads body bytes, at most `cap`; *got = 0 at the end. Any failure of the connection comes as
 * a status; FB_ETIMEOUT and FB_ELIMIT are understood (408, 413). */
typedef apr_status_t fb_body_read(void *baton, char *buf, apr_size_t cap, apr_size_t *got,
                                  fb_error *error);
struct fb_db_source;
struct fb_random;
struct fb_session;

/* All slices live in `pool` or longer and may hold any byte unless said otherwise.
 * Nothing of it is changed by web/. */
typedef struct fb_request {
    apr_pool_t *pool;
    void *log;      /* context for fb_log */
    apr_time_t now; /* microseconds; the only clock of a request */
    fb_http_method method;
    fb_str method_token;
    bool is_https; /* the effective scheme, after trusted proxies (X9) */
    fb_str host;   /* of the Host header or the absolute request line: with port if one was
                             sent; empty if none */
    fb_str path;   /* decoded exactly once and normalised by httpd, begins with '/';
                             mount prefix still in front */
    fb_str query;  /* raw, without '?' */
    const fb_header *headers;
    apr_size_t header_count;
    unsigned char client[16]; /* address after mod_remoteip, network order; IPv4 in the first 4 */
    unsigned int client_len;  /* 4, 16; 0 = not known */
    fb_str client_text;
    apr_int64_t content_length; /* -1: not known (chunked) or no body */
    fb_body_read *read_body;    /* NULL: no body */
    void *body_baton;
    const struct fb_random *rng; /* base/crypto.h; NULL: OpenSSL's. A failure ends the request */
    /* Where this request's database connection comes from (store/db.h), asked at most once and
     * only when needed; NULL: there is no database. */
    const struct fb_db_source *db;
    const char *incident_id; /* appears on 500/503 pages and in the log; NULL: dispatch makes one */
    struct fb_session *session; /* already opened by httpd's session provider, else NULL */
} fb_request;

/* First header of that name (ASCII case ignored); the empty slice (ptr NULL) if absent. */
fb_str fb_request_header(const fb_request *request, const char *name);
/* How often that header occurs. */
apr_size_t fb_request_header_count(const fb_request *request, const char *name);
apr_status_t fb_request_random(const fb_request *request, unsigned char *out,
                               apr_size_t len) FB_MUST_CHECK;
/* FB_CLIENT_JSON when the caller is a script that wants data: Accept prefers JSON to HTML,
 * or X-Requested-With: XMLHttpRequest, or Sec-Fetch-Mode cors/same-origin (X2, R26). */
typedef enum fb_client_kind { FB_CLIENT_HTML, FB_CLIENT_JSON } fb_client_kind;
fb_client_kind fb_request_client_kind(const fb_request *request);

/* One decoded parameter of a query string or body. */
typedef struct fb_param {
    fb_str name;
    fb_str value;
} fb_param;

typedef struct fb_params {
    fb_param *items; /* in the order sent */
    apr_size_t count;
} fb_params;

/* First value of that name, or NULL. */
const fb_str *fb_params_get(const fb_params *params, const char *name);
apr_size_t fb_params_count(const fb_params *params, const char *name);

#endif
