/* Security events: one structured log line each (ASVS 16.3). */
#ifndef FB_WEB_EVENT_H
#define FB_WEB_EVENT_H

#include "web/context.h"

/* EVENT(name, id, doc): the catalogue. Log watchers search for the ids, so they never change. */
#define FB_EVENT_TABLE(EVENT)                                                                      \
    EVENT(LOGIN, "login", "Somebody logged in.")                                                   \
    EVENT(LOGIN_FAILED, "login_failed",                                                            \
          "A wrong address or password; user is the account, if there is one.")                    \
    EVENT(LOGOUT, "logout", "Somebody logged out.")                                                \
    EVENT(REAUTHENTICATED, "reauthenticated", "The password was given again for a dangerous act.") \
    EVENT(PASSWORD_FAILED, "password_failed", "A logged-in user gave a wrong current password.")   \
    EVENT(PASSWORD_CHANGED, "password_changed", "A user set a new password for the own account.")  \
    EVENT(SESSION_ENDED, "session_ended",                                                          \
          "A session was used from another network or browser and ended (X7).")                    \
    EVENT(THROTTLED, "throttled", "A rate limit refused an attempt with 429.")                     \
    EVENT(BUSY, "busy", "All hash slots and their queue were taken: 503.")                         \
    EVENT(CSRF_REFUSED, "csrf_refused", "A request without a valid CSRF token or from elsewhere.") \
    EVENT(ACCESS_DENIED, "access_denied", "A logged-in user lacks the permission: 403.")           \
    EVENT(HOST_REFUSED, "host_refused", "A Host that is not the site's: 421.")

typedef enum fb_event {
#define FB_EVENT_ENUM(name, id, doc) FB_EVENT_##name,
    FB_EVENT_TABLE(FB_EVENT_ENUM)
#undef FB_EVENT_ENUM
        FB_EVENT__COUNT
} fb_event;

const char *fb_event_id(fb_event event);

/* Writes `security event=login user=7 client=192.0.2.1 method=POST path=/account/login time=…`,
 * every value escaped as in an address. `user` is the account concerned when it is not the
 * visitor's own, else NULL. Addresses, passwords and tokens are never in it: a path below a
 * token route is cut. */
void fb_event_log(const fb_context *context, fb_event event, const fb_user *user);

#endif
