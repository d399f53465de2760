/* The visitor's session: a sealed cookie, and from login on a row of the database behind it. */
#ifndef FB_WEB_SESSION_H
#define FB_WEB_SESSION_H

#include "web/flash.h"
#include "web/request.h"

struct fb_site;

#define FB_SESSION_KEY_LEN     32 /* bytes; names the login row, which stores its SHA-256 */
#define FB_SESSION_ID_LEN      16 /* bytes; random id of the cookie, CSRF tokens are bound to it */
#define FB_SESSION_COOKIE_MAX  3800 /* bytes of name + value + attributes */
#define FB_SESSION_ENTRIES_MAX 32
/* Room that all entries together may take (name, value and 3 bytes each): what the cookie holds
 * besides (id, next, five flashes) always fits then. */
#define FB_SESSION_ENTRIES_BYTES 1024

typedef enum fb_session_state {
    FB_SESSION_NONE,   /* the request carried none, or none that opens: nothing is set until
                            somebody writes */
    FB_SESSION_CLEAN,  /* as it came; no Set-Cookie unless it must be renewed */
    FB_SESSION_DIRTY,  /* to be sealed and set */
    FB_SESSION_CLEARED /* to be removed from the browser */
} fb_session_state;

/* A key of another module (X14) or of the application; printable keys without NUL. */
typedef struct fb_session_entry {
    fb_str key;
    fb_str value;
} fb_session_entry;

/* One per request, in its pool. Fields are read freely, and written only by the functions here. */
typedef struct fb_session {
    const struct fb_site *site;
    apr_pool_t *pool;
    fb_session_state state;
    bool presented;                      /* the request carried a cookie of our name, good or not */
    unsigned char id[FB_SESSION_ID_LEN]; /* new at creation and at login */
    apr_time_t created;
    apr_time_t issued; /* when it was sealed last */
    bool has_login;    /* `key` names a login row; it still has to be looked up */
    bool remember;     /* the cookie outlives the browser */
    unsigned char key[FB_SESSION_KEY_LEN];
    fb_str next; /* validated path kept from before the login; may be empty */
    fb_flashes flashes;
    fb_session_entry entries[FB_SESSION_ENTRIES_MAX];
    apr_size_t entry_count;
} fb_session;

/* Opens the cookie of the request if there is a good one; never fails for a bad cookie (it is
 * then as if there were none, and `presented` is set). */
apr_status_t fb_session_open(fb_session **out, const struct fb_site *site,
                             const fb_request *request, fb_error *error) FB_MUST_CHECK;
/* The Set-Cookie value for the session as it is now, or NULL when none is due. FB_ELIMIT: it did
 * not fit even after dropping the oldest flashes. */
apr_status_t fb_session_cookie(const char **out, fb_session *session, const fb_request *request,
                               fb_error *error) FB_MUST_CHECK;
/* Gives an anonymous session an id if it has none yet (csrf_token, flash, entries need one). */
apr_status_t fb_session_require(fb_session *session, const fb_request *request,
                                fb_error *error) FB_MUST_CHECK;
/* Keys of other modules; value.ptr NULL removes. FB_ELIMIT beyond 32 keys or the cookie's room. */
fb_str fb_session_get(const fb_session *session, fb_str key);
apr_status_t fb_session_set(fb_session *session, const fb_request *request, fb_str key,
                            fb_str value, fb_error *error) FB_MUST_CHECK;
/* Forgets everything of the visitor; the cookie is removed unless something is written again. */
void fb_session_clear(fb_session *session);
/* The name under which cookies are set for that scheme; lives as long as the site. */
const char *fb_session_cookie_name(const struct fb_site *site, const fb_request *request);

/* Does the request carry a cookie of ours, under whatever key? */
bool fb_session_presented(const struct fb_site *site, const fb_request *request);
/* Is that the name of a session cookie of this site? For proxies, which must not pass it on. */
bool fb_session_is_name(const struct fb_site *site, fb_str name);

#endif
