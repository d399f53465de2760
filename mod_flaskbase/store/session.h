/* Logins: the rows of the table `sessions` (SPEC M10, X6, X7, R29). */
#ifndef FB_STORE_SESSION_H
#define FB_STORE_SESSION_H

#include "store/user.h"

/* The cookie holds a random key; the table its SHA-256 (these bytes), so that a copy of the
 * database opens no session. */
#define FB_LOGIN_HASH_LEN 32
#define FB_LOGIN_NET_MAX  64
#define FB_LOGIN_UA_MAX   64
#define FB_LOGIN_WHY_MAX  32

/* Strings live in the pool given to the function that returned the session. */
typedef struct fb_login {
    apr_int64_t id; /* for pages and forms; no secret */
    fb_str key_hash;
    apr_time_t created_at;       /* the login */
    apr_time_t started_at;       /* this run: the login, or the last renewal by remember me */
    apr_time_t last_seen_at;     /* written at most once a minute */
    apr_time_t expires_at;       /* after this the row opens nothing */
    apr_time_t authenticated_at; /* last proof of the password in this run; 0: not fresh */
    bool remember;
    fb_str client_net; /* "192.0.2.0/24" */
    fb_str ua_family;  /* "Firefox" */
} fb_login;

/* What one query brings for a request of somebody logged in. */
typedef struct fb_identity {
    fb_login login;
    fb_user user; /* with its role */
    /* Changes whenever the user or the role does: what is cached behind it is never stale. */
    apr_int64_t version;
} fb_identity;

/* Limits, from the settings. */
typedef struct fb_login_limits {
    apr_interval_time_t idle;     /* 30 min */
    apr_interval_time_t absolute; /* 12 h */
    apr_interval_time_t remember; /* 365 days, rolling */
} fb_login_limits;

typedef enum fb_login_state {
    FB_LOGIN_LIVE,
    FB_LOGIN_RENEWABLE, /* idle or absolute limit passed, but remembered: fb_login_renew */
    FB_LOGIN_EXPIRED
} fb_login_state;

/* A clock that went backwards by less than the idle limit keeps a session alive. */
fb_login_state fb_login_state_at(const fb_login *login, const fb_login_limits *limits,
                                 apr_time_t now);

/* The session that is not ended and whose expires_at is later than `now`, with user and role;
 * FB_ENOTFOUND. */
apr_status_t fb_login_load(fb_identity **identity, fb_db *db, fb_str key_hash, apr_time_t now,
                           apr_pool_t *pool, fb_error *error) FB_MUST_CHECK;

typedef struct fb_login_new {
    fb_str key_hash;
    fb_str user_uid;
    bool remember;
    fb_str client_net; /* cut to FB_LOGIN_NET_MAX */
    fb_str ua_family;  /* cut to FB_LOGIN_UA_MAX */
} fb_login_new;

/* A login: fresh from `now`, expires by `limits`. FB_EINVALID when the user is gone. */
apr_status_t fb_login_create(apr_int64_t *id, fb_db *db, const fb_login_new *fields,
                             const fb_login_limits *limits, apr_time_t now, apr_pool_t *pool,
                             fb_error *error) FB_MUST_CHECK;

/* Writes last_seen_at (and rolls a remembered session's expiry) when the stored one is at least a
 * minute old; else does not touch the database. A database that can not be written now is no
 * reason to fail a page: outside a transaction FB_EUNAVAIL is APR_SUCCESS, after a short wait. */
apr_status_t fb_login_seen(fb_db *db, const fb_login *login, const fb_login_limits *limits,
                           apr_time_t now, apr_pool_t *pool, fb_error *error) FB_MUST_CHECK;

/* A remembered session that idled out begins a new run, not fresh. Changes `login` alike. */
apr_status_t fb_login_renew(fb_db *db, fb_login *login, const fb_login_limits *limits,
                            apr_time_t now, apr_pool_t *pool, fb_error *error) FB_MUST_CHECK;

/* The password was proven again: fresh from `now`, under a new key. FB_ENOTFOUND when the session
 * ended meanwhile. */
apr_status_t fb_login_rotate(fb_db *db, fb_login *login, fb_str new_key_hash,
                             const fb_login_limits *limits, apr_time_t now, apr_pool_t *pool,
                             fb_error *error) FB_MUST_CHECK;

/* Session protection: from another network or browser the session goes on, but is not fresh. */
apr_status_t fb_login_unfresh(fb_db *db, fb_login *login, apr_pool_t *pool,
                              fb_error *error) FB_MUST_CHECK;

/* Ends a session of that user; `why` is a word for the history ("logout", "ended", "protection").
 * FB_ENOTFOUND: not this user's, or ended already. */
apr_status_t fb_login_end(fb_db *db, fb_str user_uid, apr_int64_t login_id, const char *why,
                          apr_time_t now, apr_pool_t *pool, fb_error *error) FB_MUST_CHECK;
/* Ends all of a user's sessions but the one with id `except` (0: all). `ended` may be NULL. */
apr_status_t fb_login_end_all(apr_int64_t *ended, fb_db *db, fb_str user_uid, apr_int64_t except,
                              const char *why, apr_time_t now, apr_pool_t *pool,
                              fb_error *error) FB_MUST_CHECK;

typedef struct fb_login_list {
    fb_login *logins;
    int count;
} fb_login_list;

/* The sessions that are neither ended nor expired, latest seen first, at most 100. */
apr_status_t fb_login_list_of(fb_login_list *list, fb_db *db, fb_str user_uid, apr_time_t now,
                              apr_pool_t *pool, fb_error *error) FB_MUST_CHECK;
/* Removes rows that ended or expired before `before`. */
apr_status_t fb_login_purge(apr_int64_t *removed, fb_db *db, apr_time_t before, apr_pool_t *pool,
                            fb_error *error) FB_MUST_CHECK;

#endif
