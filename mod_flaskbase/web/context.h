/* What a view has at hand: one struct per request, and the few calls every view makes. */
#ifndef FB_WEB_CONTEXT_H
#define FB_WEB_CONTEXT_H

#include "web/flash.h"
#include "web/reply.h"
#include "web/session.h"
#include "web/site.h"

typedef enum fb_csrf_state {
    FB_CSRF_ABSENT, /* a safe method */
    FB_CSRF_GOOD,
    FB_CSRF_EXPIRED, /* genuine but old: the view runs as for GET with the form filled in */
    FB_CSRF_BAD
} fb_csrf_state;

/* In the request's pool. Views read the fields; they change them by functions alone. */
typedef struct fb_context {
    const fb_site *site;
    const fb_request *request;
    fb_reply *reply;
    fb_session *session; /* never NULL in a view */
    apr_pool_t *pool;
    const fb_route *route;
    const fb_route_arg *args;
    apr_size_t arg_count;
    fb_str path;     /* without mount prefix */
    fb_params query; /* decoded, bounded, valid UTF-8, no NUL */
    fb_params form;  /* body of a POST, same rules; empty else */
    bool submitted;  /* an unsafe method with a good CSRF token: the view may act */
    fb_csrf_state csrf;
    fb_identity *identity; /* NULL: anonymous */
    const fb_user *user;   /* of the identity, with its role; NULL: anonymous */
    bool fresh;            /* password given within the last `fresh_seconds` */
    fb_db *db;             /* NULL until fb_context_db */
    const char *incident_id;
    fb_arena *arena; /* of the render; values that last as long as the request */
    fb_dict *vars;   /* what fb_context_set gathered */
    apr_status_t vars_status;
    bool impure;                  /* something of this very request went into the page */
    bool fixed;                   /* rendering at start: only what configuration gives may go in */
    int error_status;             /* on an error page: its status, else 0 */
    const char *retry_after_text; /* on a 429 or 503: "2 minutes" */
} fb_context;

/* The request's database connection (the same each time); FB_EUNAVAIL when there is none. */
apr_status_t fb_context_db(fb_db **out, fb_context *context, fb_error *error) FB_MUST_CHECK;

/* Argument of the route, by its name in the pattern. The route table guarantees that it exists. */
apr_int64_t fb_context_int(const fb_context *context, const char *name);
fb_str fb_context_str(const fb_context *context, const char *name);

/* Variables for the template, before fb_context_render. Names are literals, values point into
 * the request's pool or longer. A name set twice has the last value. */
void fb_context_set(fb_context *context, const char *name, fb_value value);
void fb_context_set_str(fb_context *context, const char *name, fb_str value);
/* HTML that is shown as it is: made or cleaned by code, never what somebody typed. */
void fb_context_set_markup(fb_context *context, const char *name, fb_str html);
void fb_context_set_int(fb_context *context, const char *name, apr_int64_t value);

/* Memory of this request's template values. */
fb_arena *fb_context_arena(fb_context *context);

/* Renders a template with the variables into the reply: HTML, UTF-8. A failure leaves the reply
 * as it was and becomes a clean 500. */
apr_status_t fb_context_render(fb_context *context, int status, const char *template_name,
                               fb_error *error) FB_MUST_CHECK;
/* Post/Redirect/Get: 303 to an endpoint; NULL-terminated pairs of char * name, char * value. */
apr_status_t fb_context_redirect(fb_context *context, fb_error *error, const char *endpoint,
                                 ...) FB_MUST_CHECK __attribute__((sentinel));
/* 303 to a path that fb_safe_next accepted; anything else goes to `fallback` endpoint. */
apr_status_t fb_context_redirect_next(fb_context *context, fb_str next, const char *fallback,
                                      fb_error *error) FB_MUST_CHECK;
/* url_for with NULL-terminated pairs of strings. */
apr_status_t fb_context_url(fb_str *out, fb_context *context, fb_error *error, const char *endpoint,
                            ...) FB_MUST_CHECK __attribute__((sentinel));

/* M4: does the current user hold all these bits? Anonymous: never. */
bool fb_context_can(const fb_context *context, int permissions);

#endif
