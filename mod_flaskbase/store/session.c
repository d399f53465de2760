/* Logins: creating, renewing, ending. */
#include "store/session.h"

#include "store/backend.h"
#include "store/rows.h"

#include <apr_tables.h>

#include <string.h>

#include "base/banned.h"

#define SEEN_INTERVAL apr_time_from_sec(60)
#define SEEN_PATIENCE apr_time_from_msec(20)

static apr_time_t expiry(bool remember, const fb_login_limits *limits, apr_time_t now)
{
    return now + (remember ? limits->remember : limits->absolute);
}

fb_login_state fb_login_state_at(const fb_login *login, const fb_login_limits *limits,
                                 apr_time_t now)
{
    if (now >= login->expires_at) {
        return FB_LOGIN_EXPIRED;
    }
    const apr_interval_time_t idle = now - login->last_seen_at;
    const apr_interval_time_t age = now - login->started_at;
    /* Further back than the idle limit, the clock tells nothing about this session any more. */
    if (idle < limits->idle && idle > -limits->idle && age < limits->absolute) {
        return FB_LOGIN_LIVE;
    }
    return login->remember ? FB_LOGIN_RENEWABLE : FB_LOGIN_EXPIRED;
}

/* ---- reading ---- */

static void read_login(fb_login *login, const fb_db_value *columns, apr_pool_t *pool)
{
    login->id = fb_db_get_int(&columns[0]);
    login->key_hash = fb_db_get_str(&columns[1], pool);
    login->created_at = fb_db_get_time(&columns[2]);
    login->started_at = fb_db_get_time(&columns[3]);
    login->last_seen_at = fb_db_get_time(&columns[4]);
    login->expires_at = fb_db_get_time(&columns[5]);
    login->authenticated_at = fb_db_get_time(&columns[6]);
    login->remember = fb_db_get_bool(&columns[7]);
    login->client_net = fb_db_get_str(&columns[8], pool);
    login->ua_family = fb_db_get_str(&columns[9], pool);
}

/* Both only grow, and the user's grows with a change to another role: the pair is new each time. */
static apr_int64_t version_of(const fb_user *user)
{
    return (apr_int64_t)(((apr_uint64_t)user->version << 24) |
                         ((apr_uint64_t)user->role.version & 0xffffff));
}

apr_status_t fb_login_load(fb_identity **identity, fb_db *db, fb_str key_hash, apr_time_t now,
                           apr_pool_t *pool, fb_error *error)
{
    const fb_db_value *columns;
    const apr_status_t status =
        fb_db_query_one(&columns, db, FB_SQL_SESSION_LOAD,
                        FB_DB_PARAMS(fb_db_blob(key_hash), fb_db_time(now)), pool, error);
    if (status != APR_SUCCESS) {
        return status;
    }
    *identity = apr_pcalloc(pool, sizeof(**identity));
    read_login(&(*identity)->login, columns, NULL);
    fb_user_read(&(*identity)->user, columns + FB_LOGIN_COLUMNS, NULL);
    (*identity)->version = version_of(&(*identity)->user);
    return APR_SUCCESS;
}

static apr_status_t add_login(void *baton, const fb_db_value *columns, apr_pool_t *pool,
                              fb_error *error)
{
    (void)error;
    read_login(apr_array_push(baton), columns, pool);
    return APR_SUCCESS;
}

apr_status_t fb_login_list_of(fb_login_list *list, fb_db *db, fb_str user_uid, apr_time_t now,
                              apr_pool_t *pool, fb_error *error)
{
    apr_array_header_t *logins = apr_array_make(pool, 4, sizeof(fb_login));
    const apr_status_t status =
        fb_db_query(db, FB_SQL_SESSION_LIST, FB_DB_PARAMS(fb_db_text(user_uid), fb_db_time(now)),
                    add_login, logins, pool, error);
    list->logins = (fb_login *)logins->elts;
    list->count = logins->nelts;
    return status;
}

/* ---- writing ---- */

/* At most `max` characters, cut between two. */
static fb_str cut(fb_str s, apr_size_t max)
{
    apr_size_t at = 0;
    for (apr_size_t i = 0; i < max && at < s.len; i++) {
        (void)fb_str_utf8_next(s, &at);
    }
    return fb_str_sub(s, 0, at);
}

static apr_status_t check_key(fb_str key_hash, fb_error *error)
{
    if (key_hash.len != FB_LOGIN_HASH_LEN) {
        return fb_error_set(error, FB_EINTERNAL, "a session's key hash has %d bytes",
                            FB_LOGIN_HASH_LEN);
    }
    return APR_SUCCESS;
}

apr_status_t fb_login_create(apr_int64_t *id, fb_db *db, const fb_login_new *fields,
                             const fb_login_limits *limits, apr_time_t now, apr_pool_t *pool,
                             fb_error *error)
{
    const fb_db_value *columns;
    apr_status_t status = check_key(fields->key_hash, error);
    if (status != APR_SUCCESS) {
        return status;
    }
    status = fb_db_query_one(&columns, db, FB_SQL_SESSION_ADD,
                             FB_DB_PARAMS(fb_db_blob(fields->key_hash),
                                          fb_db_text(fields->user_uid), fb_db_time(now),
                                          fb_db_time(expiry(fields->remember, limits, now)),
                                          fb_db_bool(fields->remember),
                                          fb_db_text(cut(fields->client_net, FB_LOGIN_NET_MAX)),
                                          fb_db_text(cut(fields->ua_family, FB_LOGIN_UA_MAX))),
                             pool, error);
    if (status == APR_SUCCESS) {
        *id = fb_db_get_int(&columns[0]);
    }
    return status;
}

apr_status_t fb_login_seen(fb_db *db, const fb_login *login, const fb_login_limits *limits,
                           apr_time_t now, apr_pool_t *pool, fb_error *error)
{
    const apr_interval_time_t since = now - login->last_seen_at;
    if (since < SEEN_INTERVAL && since > -SEEN_INTERVAL) {
        return APR_SUCCESS;
    }
    const apr_time_t until = login->remember ? expiry(true, limits, now) : login->expires_at;
    if (fb_db_in_transaction(db)) {
        return fb_db_exec(NULL, db, FB_SQL_SESSION_SEEN,
                          FB_DB_PARAMS(fb_db_int(login->id), fb_db_time(now), fb_db_time(until)),
                          pool, error);
    }
    db->patience = SEEN_PATIENCE;
    const apr_status_t status = fb_db_exec(
        NULL, db, FB_SQL_SESSION_SEEN,
        FB_DB_PARAMS(fb_db_int(login->id), fb_db_time(now), fb_db_time(until)), pool, error);
    db->patience = 0;
    if (status == FB_EUNAVAIL) {
        if (error != NULL) {
            fb_error_init(error, error->pool);
        }
        return APR_SUCCESS;
    }
    return status;
}

apr_status_t fb_login_renew(fb_db *db, fb_login *login, const fb_login_limits *limits,
                            apr_time_t now, apr_pool_t *pool, fb_error *error)
{
    const apr_time_t until = expiry(login->remember, limits, now);
    const apr_status_t status = fb_db_exec_one(
        db, FB_SQL_SESSION_RENEW,
        FB_DB_PARAMS(fb_db_int(login->id), fb_db_time(now), fb_db_time(until)), pool, error);
    if (status == APR_SUCCESS) {
        login->started_at = now;
        login->last_seen_at = now;
        login->expires_at = until;
        login->authenticated_at = 0;
    }
    return status;
}

apr_status_t fb_login_rotate(fb_db *db, fb_login *login, fb_str new_key_hash,
                             const fb_login_limits *limits, apr_time_t now, apr_pool_t *pool,
                             fb_error *error)
{
    const apr_time_t until = expiry(login->remember, limits, now);
    apr_status_t status = check_key(new_key_hash, error);
    if (status != APR_SUCCESS) {
        return status;
    }
    status =
        fb_db_exec_one(db, FB_SQL_SESSION_ROTATE,
                       FB_DB_PARAMS(fb_db_int(login->id), fb_db_blob(login->key_hash),
                                    fb_db_blob(new_key_hash), fb_db_time(now), fb_db_time(until)),
                       pool, error);
    if (status == APR_SUCCESS) {
        login->key_hash = fb_str_dup(pool, new_key_hash);
        login->started_at = now;
        login->last_seen_at = now;
        login->expires_at = until;
        login->authenticated_at = now;
    }
    return status;
}

apr_status_t fb_login_unfresh(fb_db *db, fb_login *login, apr_pool_t *pool, fb_error *error)
{
    if (login->authenticated_at == 0) {
        return APR_SUCCESS;
    }
    const apr_status_t status = fb_db_exec(NULL, db, FB_SQL_SESSION_UNFRESH,
                                           FB_DB_PARAMS(fb_db_int(login->id)), pool, error);
    if (status == APR_SUCCESS) {
        login->authenticated_at = 0;
    }
    return status;
}

apr_status_t fb_login_end(fb_db *db, fb_str user_uid, apr_int64_t login_id, const char *why,
                          apr_time_t now, apr_pool_t *pool, fb_error *error)
{
    return fb_db_exec_one(db, FB_SQL_SESSION_END,
                          FB_DB_PARAMS(fb_db_int(login_id), fb_db_text(user_uid), fb_db_time(now),
                                       fb_db_text(cut(fb_str_from(why), FB_LOGIN_WHY_MAX))),
                          pool, error);
}

apr_status_t fb_login_end_all(apr_int64_t *ended, fb_db *db, fb_str user_uid, apr_int64_t except,
                              const char *why, apr_time_t now, apr_pool_t *pool, fb_error *error)
{
    return fb_db_exec(ended, db, FB_SQL_SESSION_END_ALL,
                      FB_DB_PARAMS(fb_db_text(user_uid), fb_db_int(except), fb_db_time(now),
                                   fb_db_text(cut(fb_str_from(why), FB_LOGIN_WHY_MAX))),
                      pool, error);
}

apr_status_t fb_login_purge(apr_int64_t *removed, fb_db *db, apr_time_t before, apr_pool_t *pool,
                            fb_error *error)
{
    return fb_db_exec(removed, db, FB_SQL_SESSION_PURGE, FB_DB_PARAMS(fb_db_time(before)), pool,
                      error);
}
