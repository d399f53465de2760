/* Users (SPEC M2, M6, M10). Passwords come and go as hashes only: web/password.h makes them. */
#ifndef FB_STORE_USER_H
#define FB_STORE_USER_H

#include "store/role.h"

/* In characters, as the columns are declared. */
#define FB_USER_NAME_MAX  64
#define FB_USER_EMAIL_MAX 64
#define FB_USER_HASH_MAX  255
/* Characters of a uid: 16 random bytes in lower-case hex. */
#define FB_USER_UID_LEN 32

/* Strings live in the pool given to the function that returned the user. */
typedef struct fb_user {
    apr_int64_t id;
    fb_str uid; /* never used again after a deletion; sessions and tokens name it */
    bool confirmed;
    fb_str first_name;
    fb_str last_name;
    fb_str email;           /* as typed: mail goes here */
    fb_str email_canonical; /* ptr NULL for a row that others wrote */
    fb_str password_hash;   /* ptr NULL: no password yet (invited), no login */
    bool must_change_password;
    apr_time_t created_at;    /* 0: not known */
    apr_time_t last_login_at; /* 0: never */
    apr_int64_t version;      /* grows with every change that a page can show */
    fb_role role;
} fb_user;

typedef struct fb_user_new {
    fb_str uid; /* FB_USER_UID_LEN characters from the caller's random source */
    fb_str first_name;
    fb_str last_name;
    fb_str email;
    fb_str password_hash; /* ptr NULL: invited */
    apr_int64_t role_id;
    bool confirmed;
    bool must_change_password;
} fb_user_new;

/* FB_ENOTFOUND when there is none. */
apr_status_t fb_user_find_by_id(fb_user **user, fb_db *db, apr_int64_t id, apr_pool_t *pool,
                                fb_error *error) FB_MUST_CHECK;
apr_status_t fb_user_find_by_uid(fb_user **user, fb_db *db, fb_str uid, apr_pool_t *pool,
                                 fb_error *error) FB_MUST_CHECK;
/* By the canonical form of what was typed; a row without canonical form by exact match. An address
 * that has no canonical form (not UTF-8, no host) is FB_ENOTFOUND. */
apr_status_t fb_user_find_by_email(fb_user **user, fb_db *db, fb_str email, apr_pool_t *pool,
                                   fb_error *error) FB_MUST_CHECK;

/* Called for each user; `user` is valid during the call only. */
typedef apr_status_t fb_user_fn(void *baton, const fb_user *user, fb_error *error);
/* Users with id > after, by id, at most `limit`. */
apr_status_t fb_user_each(fb_db *db, apr_int64_t after, apr_int64_t limit, fb_user_fn *fn,
                          void *baton, apr_pool_t *pool, fb_error *error) FB_MUST_CHECK;
apr_status_t fb_user_count(apr_int64_t *count, fb_db *db, apr_pool_t *pool,
                           fb_error *error) FB_MUST_CHECK;

/* Users with a role that has all of 0xff. */
apr_status_t fb_user_count_admins(apr_int64_t *count, fb_db *db, apr_pool_t *pool,
                                  fb_error *error) FB_MUST_CHECK;

/* FB_ECONFLICT: the address is taken. FB_EINVALID: a name or the address is empty, too long or not
 * an address, or the role does not exist. */
apr_status_t fb_user_create(apr_int64_t *id, fb_db *db, const fb_user_new *fields, apr_time_t now,
                            apr_pool_t *pool, fb_error *error) FB_MUST_CHECK;

/* Each: FB_ENOTFOUND when the user is gone. */
apr_status_t fb_user_set_email(fb_db *db, apr_int64_t id, fb_str email, apr_pool_t *pool,
                               fb_error *error) FB_MUST_CHECK; /* FB_ECONFLICT, FB_EINVALID */
apr_status_t fb_user_set_name(fb_db *db, apr_int64_t id, fb_str first_name, fb_str last_name,
                              apr_pool_t *pool, fb_error *error) FB_MUST_CHECK; /* FB_EINVALID */
/* FB_EDENIED: this would leave the site without an administrator who can act. FB_EINVALID: no such
 * role. */
apr_status_t fb_user_set_role(fb_db *db, apr_int64_t id, apr_int64_t role_id, apr_pool_t *pool,
                              fb_error *error) FB_MUST_CHECK;
typedef enum fb_must_change { FB_MUST_NOT_CHANGE, FB_MUST_CHANGE } fb_must_change;
/* Does not end sessions: fb_session_end_all does, in the same transaction. */
apr_status_t fb_user_set_password(fb_db *db, apr_int64_t id, fb_str hash, fb_must_change must,
                                  apr_time_t now, apr_pool_t *pool, fb_error *error) FB_MUST_CHECK;
/* Replaces `old_hash` by a stronger hash of the same password; when the hash is another one by now,
 * nothing happens (APR_SUCCESS). */
apr_status_t fb_user_rehash(fb_db *db, apr_int64_t id, fb_str old_hash, fb_str new_hash,
                            apr_pool_t *pool, fb_error *error) FB_MUST_CHECK;
apr_status_t fb_user_confirm(fb_db *db, apr_int64_t id, apr_pool_t *pool,
                             fb_error *error) FB_MUST_CHECK;
apr_status_t fb_user_logged_in(fb_db *db, apr_int64_t id, apr_time_t now, apr_pool_t *pool,
                               fb_error *error) FB_MUST_CHECK;
/* FB_EDENIED as fb_user_set_role. The user's sessions go along. */
apr_status_t fb_user_delete(fb_db *db, apr_int64_t id, apr_pool_t *pool,
                            fb_error *error) FB_MUST_CHECK;

/* Fills email_canonical of the rows that others wrote without it. `left` (may be NULL) is told of
 * each row that can't have one: FB_ECONFLICT, another user has that canonical form, or
 * FB_EINVALID, what is stored is no address; such users log in by exact match. */
typedef void fb_user_left_fn(void *baton, apr_int64_t id, fb_str email, apr_status_t why);
apr_status_t fb_user_sweep_emails(apr_int64_t *filled, fb_db *db, fb_user_left_fn *left,
                                  void *baton, apr_pool_t *pool, fb_error *error) FB_MUST_CHECK;

fb_str fb_user_full_name(const fb_user *user, apr_pool_t *pool);

/* The form under which an address is unique: folded by Unicode's simple case folding, the host as
 * IDNA (RFC 5891) A-labels. No dot or plus tricks. FB_EINVALID: no '@' with something on both
 * sides, a host that is not a name, control characters or not UTF-8. */
apr_status_t fb_email_canonical(fb_str *canonical, fb_str email, apr_pool_t *pool,
                                fb_error *error) FB_MUST_CHECK;

#endif
