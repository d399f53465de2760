/* Cross-site request forgery: tokens, and where a request may come from (X1). */
#ifndef FB_WEB_CSRF_H
#define FB_WEB_CSRF_H

#include "web/context.h"

#define FB_CSRF_FIELD "csrf_token"

/* A new token for the session (which gets an id if it has none): base64url of a random mask and of
 * time and MAC under that mask, so that no two responses show the same bytes (BREACH). */
apr_status_t fb_csrf_token(fb_str *out, fb_context *context, fb_error *error) FB_MUST_CHECK;

/* Judges a token: FB_CSRF_GOOD, FB_CSRF_EXPIRED (genuine, for this session, but too old) or
 * FB_CSRF_BAD. */
fb_csrf_state fb_csrf_check_token(const fb_site *site, const fb_session *session, fb_str token,
                                  apr_time_t now, apr_pool_t *pool);

/* Origin and Sec-Fetch-Site of an unsafe request: true when it may come from our own pages, or
 * from a client that sends neither. `Origin: null` is what our own no-referrer pages send: allowed
 * unless Sec-Fetch-Site says otherwise. */
bool fb_csrf_origin_ok(const fb_site *site, const fb_request *request);

/* The whole judgement for a request whose body was parsed into context->form. *why (a text for
 * people) is set when the result is not FB_CSRF_GOOD. */
fb_csrf_state fb_csrf_check(fb_context *context, const char **why);

#endif
