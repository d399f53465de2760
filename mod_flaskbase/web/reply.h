/* One HTTP reply as a plain struct: httpd/ writes it out, a test looks at it. */
#ifndef FB_WEB_REPLY_H
#define FB_WEB_REPLY_H

#include "base/chunks.h"

#include <apr_time.h>

/* NUL-terminated, without control characters; both live as long as the reply. */
typedef struct fb_reply_header {
    const char *name;
    const char *value;
} fb_reply_header;

typedef enum fb_body_kind {
    FB_BODY_NONE,   /* 204, 304, and what httpd writes nothing for */
    FB_BODY_CHUNKS, /* `chunks` */
    FB_BODY_FILE    /* `file`, sent as it is (sendfile) */
} fb_body_kind;

/* What dispatch returns is complete: httpd/ copies status, content type, headers (Set-Cookie
 * among them, in order, repeated names allowed; use err_headers_out so that they hold on every
 * status) and the body, and adds only what is the connection's business. For HEAD the body is
 * there for its length and is not sent. Lives in the request's pool, `chunks` may point into the
 * configuration. */
typedef struct fb_reply {
    apr_pool_t *pool;
    int status;               /* HTTP status */
    const char *content_type; /* with charset; NULL with FB_BODY_NONE */
    const fb_reply_header *headers;
    apr_size_t header_count;
    fb_body_kind body;
    fb_chunks chunks;
    apr_uint64_t length; /* bytes of the body */
    const char *file;    /* absolute path, from the manifest, never from the request */
    apr_time_t file_mtime;
    fb_reply_header *own; /* the growing array behind `headers` */
    apr_size_t own_cap;
} fb_reply;

void fb_reply_init(fb_reply *reply, apr_pool_t *pool);
/* Adds a header (no check for an earlier one of the name). A value with a control character is
 * dropped whole: header injection must not depend on the caller's care. */
void fb_reply_add_header(fb_reply *reply, const char *name, const char *value);
/* Replaces all of that name. */
void fb_reply_set_header(fb_reply *reply, const char *name, const char *value);
const char *fb_reply_header_value(const fb_reply *reply, const char *name); /* NULL: none */
/* Body and content type; replaces what there was. The bytes are copied. */
void fb_reply_text(fb_reply *reply, int status, const char *content_type, fb_str body);
/* 303 (after a POST) or 302 (login, trailing slash) with a short body and `Location`.
 * `location` is a path made by url_for or checked by fb_safe_next, or our own base URL. */
void fb_reply_redirect(fb_reply *reply, int status, const char *location);
/* application/problem+json (RFC 9457). `detail` may be NULL; nothing else goes in but what the
 * caller gives: never an error's internals. */
void fb_reply_problem(fb_reply *reply, int status, const char *title, const char *detail,
                      const char *incident_id);
const char *fb_reply_reason(int status); /* "Not Found" */

#endif
