/* Who the visitor is: signing in and out, and the rules that routes name. */
#ifndef FB_WEB_AUTH_H
#define FB_WEB_AUTH_H

#include "web/context.h"

/* Looks up the login that the session names: one query, and at most once a minute a write. Sets
 * user, identity and fresh, or forgets a login that is over. FB_EUNAVAIL and the like: the
 * database could not say (503). */
apr_status_t fb_auth_load(fb_context *context, fb_error *error) FB_MUST_CHECK;

typedef enum fb_sign_in {
    FB_SIGN_IN_DONE,   /* the session is a new one, logged in; the view redirects */
    FB_SIGN_IN_BAD,    /* wrong address or password, or the account has no password: same words,
                           same work */
    FB_SIGN_IN_REFUSED /* throttled or all hash slots busy: the reply is already a 429 or 503 with
                           Retry-After; the view returns APR_SUCCESS */
} fb_sign_in;

typedef enum fb_remember { FB_REMEMBER_NOT, FB_REMEMBER } fb_remember;

/* R3: throttle, one lookup, one hash, rehash of weak formats, new session and login row. */
apr_status_t fb_auth_sign_in(fb_sign_in *out, fb_context *context, fb_str email, fb_str password,
                             fb_remember remember, fb_error *error) FB_MUST_CHECK;
/* R28: the current user's password; DONE makes the login fresh under a new session id. */
apr_status_t fb_auth_reauthenticate(fb_sign_in *out, fb_context *context, fb_str password,
                                    fb_error *error) FB_MUST_CHECK;
/* Does the password belong to the current user (R9, R10)? Same outcomes, no session change. */
apr_status_t fb_auth_check_password(fb_sign_in *out, fb_context *context, fb_str password,
                                    fb_error *error) FB_MUST_CHECK;
/* R5: ends the login row and forgets the session; adds Clear-Site-Data. */
apr_status_t fb_auth_sign_out(fb_context *context, fb_error *error) FB_MUST_CHECK;
/* After the current user's password was changed in the database: ends the other logins and
 * renews this one under a new key (R9, R34). */
apr_status_t fb_auth_renew(fb_context *context, fb_error *error) FB_MUST_CHECK;
/* Hashes a new password in the configured format, under a hash slot. FB_ELIMIT: all busy; the
 * reply is then already a 503. */
apr_status_t fb_auth_hash(fb_str *hash, fb_context *context, fb_str password,
                          fb_error *error) FB_MUST_CHECK;
/* Where that user's work begins: "main.index", "admin.index" … (role.index), "main.index" when
 * the site has no such endpoint. */
const char *fb_auth_index_endpoint(const fb_context *context);

#endif
