/* Loading, beginning, renewing and ending logins. */
#include "web/auth.h"

#include "base/log.h"
#include "web/counters.h"
#include "web/error_page.h"
#include "web/event.h"
#include "web/i18n.h"
#include "web/throttle.h"
#include "web/visitor.h"

#include <apr_strings.h>
#include <string.h>

#include "base/banned.h"

/* ---- keys ---- */

static apr_status_t hash_key(fb_str *out, const fb_context *context,
                             const unsigned char key[FB_SESSION_KEY_LEN], fb_error *error)
{
    unsigned char *hash = apr_palloc(context->pool, FB_SHA256_LEN);
    if (fb_crypto_sha256(context->site->crypto, hash,
                         fb_str_from_len((const char *)key, FB_SESSION_KEY_LEN)) != APR_SUCCESS) {
        return fb_error_set(error, FB_EINTERNAL, "the session's key could not be hashed");
    }
    *out = fb_str_from_len((const char *)hash, FB_SHA256_LEN);
    return APR_SUCCESS;
}

static apr_status_t new_key(unsigned char key[FB_SESSION_KEY_LEN], fb_str *hash,
                            const fb_context *context, fb_error *error)
{
    if (fb_request_random(context->request, key, FB_SESSION_KEY_LEN) != APR_SUCCESS) {
        return fb_error_set(error, FB_EUNAVAIL, "no session key could be made: no random bytes");
    }
    return hash_key(hash, context, key, error);
}

/* The session begins anew under the key: what an anonymous visitor had is dropped but messages that
 * wait to be shown (session fixation, ASVS 7.2.4). */
static apr_status_t start_session(fb_context *context, const unsigned char key[FB_SESSION_KEY_LEN],
                                  bool remember, fb_error *error)
{
    fb_session *session = context->session;
    fb_flashes flashes = session->flashes;
    fb_session_clear(session);
    apr_status_t status = fb_session_require(session, context->request, error);
    if (status != APR_SUCCESS) {
        return status;
    }
    session->flashes = flashes;
    session->has_login = true;
    session->remember = remember;
    memcpy(session->key, key, FB_SESSION_KEY_LEN);
    return APR_SUCCESS;
}

/* ---- loading ---- */

static void forget_login(fb_context *context)
{
    fb_session_clear(context->session);
    context->identity = NULL;
    context->user = NULL;
    context->fresh = false;
}

/* X7. *known is whether the visitor looks like the one who logged in; FB_ENOTFOUND when the session
 * ends for it. */
static apr_status_t protect(bool *known, fb_context *context, fb_db *db, fb_error *error)
{
    fb_login *login = &context->identity->login;
    fb_protection protection = context->site->config.protection;

    *known = protection == FB_PROTECTION_NONE ||
             (fb_str_eq(login->client_net, fb_visitor_network(context->request)) &&
              fb_str_eq(login->ua_family, fb_visitor_browser(context->request)));
    if (*known) {
        return APR_SUCCESS;
    }
    if (protection == FB_PROTECTION_STRONG && !login->remember) {
        fb_event_log(context, FB_EVENT_SESSION_ENDED, &context->identity->user);
        apr_status_t status = fb_login_end(db, context->identity->user.uid, login->id, "protection",
                                           context->request->now, context->pool, error);
        return status == APR_SUCCESS ? FB_ENOTFOUND : status;
    }
    return login->authenticated_at != 0 ? fb_login_unfresh(db, login, context->pool, error)
                                        : APR_SUCCESS;
}

static apr_status_t load_login(fb_context *context, fb_db *db, fb_error *error)
{
    const fb_login_limits *limits = &context->site->config.login;
    apr_time_t now = context->request->now;
    bool known = true;
    fb_str hash;

    apr_status_t status = hash_key(&hash, context, context->session->key, error);
    if (status == APR_SUCCESS) {
        status = fb_login_load(&context->identity, db, hash, now, context->pool, error);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    fb_login *login = &context->identity->login;
    switch (fb_login_state_at(login, limits, now)) {
    case FB_LOGIN_LIVE: status = protect(&known, context, db, error); break;
    case FB_LOGIN_RENEWABLE:
        status = fb_login_renew(db, login, limits, now, context->pool, error);
        break;
    case FB_LOGIN_EXPIRED: return FB_ENOTFOUND;
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    context->user = &context->identity->user;
    apr_time_t proven = login->authenticated_at;
    context->fresh = known && proven != 0 && now - proven <= context->site->config.fresh &&
                     proven - now <= context->site->config.fresh;
    status = fb_login_seen(db, login, limits, now, context->pool, error);
    if (status != APR_SUCCESS) {
        /* Only a note of when: a database that is busy or full for writing can still be read. */
        fb_log_error(context->request->log, FB_LOG_WARNING, error);
        fb_error_init(error, error->pool);
    }
    return APR_SUCCESS;
}

apr_status_t fb_auth_load(fb_context *context, fb_error *error)
{
    fb_db *db;
    apr_status_t status = fb_context_db(&db, context, error);
    if (status == APR_SUCCESS) {
        status = load_login(context, db, error);
    }
    if (status == FB_ENOTFOUND) {
        forget_login(context);
        status = APR_SUCCESS;
    }
    return status;
}

/* ---- checking passwords ---- */

static fb_sign_in busy(fb_context *context)
{
    fb_event_log(context, FB_EVENT_BUSY, NULL);
    fb_error_page_later(context, 503,
                        _(context, "Many people are logging in right now, so this had to wait."),
                        2 * APR_USEC_PER_SEC);
    return FB_SIGN_IN_REFUSED;
}

/* A better hash of the same password, best effort: the login goes on without it. */
static void rehash(fb_context *context, fb_db *db, const fb_user *user, fb_str password)
{
    unsigned char seed[16];
    fb_error error;
    fb_str hash;
    fb_error_init(&error, context->pool);
    apr_status_t status = fb_request_random(context->request, seed, sizeof seed);
    if (status == APR_SUCCESS) {
        status = fb_password_hash(&hash, context->site->crypto, password, seed,
                                  &context->site->config.cost, context->pool, &error);
    }
    if (status == APR_SUCCESS) {
        status = fb_user_rehash(db, user->id, user->password_hash, hash, context->pool, &error);
    }
    if (status != APR_SUCCESS) {
        fb_log_error(context->request->log, FB_LOG_WARNING, &error);
    }
}

/* Verifies under a hash slot. Without a `user` the work of one hash is done all the same. */
static apr_status_t verify(fb_sign_in *out, fb_context *context, fb_db *db, const fb_user *user,
                           fb_str password, fb_error *error)
{
    fb_password_result result = FB_PASSWORD_WRONG;
    unsigned int slot;
    fb_str stored = user != NULL ? user->password_hash : FB_STR("");

    if (fb_counters_slot(&slot, context->site->counters, context->site->config.hash_wait) !=
        APR_SUCCESS) {
        *out = busy(context);
        return APR_SUCCESS;
    }
    apr_status_t status = fb_password_verify(&result, context->site->crypto, stored, password,
                                             &context->site->config.cost, context->pool, error);
    if (status == APR_SUCCESS && result == FB_PASSWORD_GOOD_WEAK) {
        rehash(context, db, user, password);
    }
    fb_counters_release(context->site->counters, slot);
    *out = status == APR_SUCCESS && result != FB_PASSWORD_WRONG ? FB_SIGN_IN_DONE : FB_SIGN_IN_BAD;
    return status;
}

/* ---- signing in ---- */

static apr_status_t create_login(fb_context *context, fb_db *db, const fb_user *user, bool remember,
                                 fb_error *error)
{
    unsigned char key[FB_SESSION_KEY_LEN];
    fb_login_new fields = {
        .user_uid = user->uid,
        .remember = remember,
        .client_net = fb_visitor_network(context->request),
        .ua_family = fb_visitor_browser(context->request),
    };
    apr_int64_t id;
    apr_status_t status = new_key(key, &fields.key_hash, context, error);
    if (status == APR_SUCCESS) {
        status = fb_db_begin(db, error);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    status = fb_login_create(&id, db, &fields, &context->site->config.login, context->request->now,
                             context->pool, error);
    if (status == APR_SUCCESS) {
        status = fb_user_logged_in(db, user->id, context->request->now, context->pool, error);
    }
    status = fb_db_end(db, status, error);
    if (status == APR_SUCCESS) {
        status = start_session(context, key, remember, error);
    }
    fb_crypto_cleanse(key, sizeof key);
    return status;
}

/* Ends the login that this browser had before another one begins. */
static apr_status_t end_previous(fb_context *context, fb_db *db, fb_error *error)
{
    if (context->identity == NULL) {
        return APR_SUCCESS;
    }
    apr_status_t status = fb_login_end(db, context->identity->user.uid, context->identity->login.id,
                                       "login", context->request->now, context->pool, error);
    return status == FB_ENOTFOUND ? APR_SUCCESS : status;
}

/* The account that the throttle counts: of one address there is one form. */
static fb_str account_subject(fb_context *context, fb_str email)
{
    fb_error ignored;
    fb_str canonical;
    fb_error_init(&ignored, context->pool);
    return fb_email_canonical(&canonical, email, context->pool, &ignored) == APR_SUCCESS ? canonical
                                                                                         : email;
}

apr_status_t fb_auth_sign_in(fb_sign_in *out, fb_context *context, fb_str email, fb_str password,
                             fb_remember remember, fb_error *error)
{
    fb_attempt attempt;
    fb_user *user = NULL;
    fb_db *db;

    *out = FB_SIGN_IN_REFUSED;
    if (fb_throttle_attempt(&attempt, context, FB_LIMIT_LOGIN, account_subject(context, email)) ==
        FB_THROTTLE_REFUSED) {
        return APR_SUCCESS;
    }
    apr_status_t status = fb_context_db(&db, context, error);
    if (status == APR_SUCCESS) {
        status = fb_user_find_by_email(&user, db, email, context->pool, error);
    }
    if (status == FB_ENOTFOUND) {
        user = NULL;
        fb_error_init(error, error->pool);
        status = APR_SUCCESS;
    }
    if (status == APR_SUCCESS) {
        status = verify(out, context, db, user, password, error);
    }
    if (status == APR_SUCCESS && *out == FB_SIGN_IN_BAD) {
        fb_event_log(context, FB_EVENT_LOGIN_FAILED, user);
    }
    if (status != APR_SUCCESS || *out == FB_SIGN_IN_BAD) {
        return status;
    }
    /* Right, or not tried for want of a hash slot: neither was a guess. */
    fb_throttle_good(&attempt, context);
    if (*out == FB_SIGN_IN_REFUSED) {
        return APR_SUCCESS;
    }
    status = end_previous(context, db, error);
    if (status == APR_SUCCESS) {
        bool wanted = remember == FB_REMEMBER && context->site->config.login.remember > 0;
        status = create_login(context, db, user, wanted, error);
    }
    if (status == APR_SUCCESS) {
        context->user = user;
        fb_event_log(context, FB_EVENT_LOGIN, user);
    }
    return status;
}

apr_status_t fb_auth_check_password(fb_sign_in *out, fb_context *context, fb_str password,
                                    fb_error *error)
{
    fb_attempt attempt;
    fb_db *db;

    *out = FB_SIGN_IN_REFUSED;
    if (context->user == NULL) {
        return fb_error_set(error, FB_EDENIED, "nobody is logged in");
    }
    if (fb_throttle_attempt(&attempt, context, FB_LIMIT_PASSWORD, context->user->uid) ==
        FB_THROTTLE_REFUSED) {
        return APR_SUCCESS;
    }
    apr_status_t status = fb_context_db(&db, context, error);
    if (status == APR_SUCCESS) {
        status = verify(out, context, db, context->user, password, error);
    }
    if (status == APR_SUCCESS && *out != FB_SIGN_IN_BAD) {
        fb_throttle_good(&attempt, context);
    } else if (status == APR_SUCCESS && *out == FB_SIGN_IN_BAD) {
        fb_event_log(context, FB_EVENT_PASSWORD_FAILED, NULL);
    }
    return status;
}

/* The login goes on under a new key and a new session id; from another network or browser as a new
 * row, which knows those. */
static apr_status_t renew_login(fb_context *context, fb_db *db, fb_error *error)
{
    unsigned char key[FB_SESSION_KEY_LEN];
    fb_login *login = &context->identity->login;
    fb_str hash;

    if (!fb_str_eq(login->client_net, fb_visitor_network(context->request)) ||
        !fb_str_eq(login->ua_family, fb_visitor_browser(context->request))) {
        apr_status_t status = end_previous(context, db, error);
        return status == APR_SUCCESS
                   ? create_login(context, db, context->user, login->remember, error)
                   : status;
    }
    apr_status_t status = new_key(key, &hash, context, error);
    if (status == APR_SUCCESS) {
        status = fb_login_rotate(db, login, hash, &context->site->config.login,
                                 context->request->now, context->pool, error);
    }
    if (status == APR_SUCCESS) {
        status = start_session(context, key, login->remember, error);
    }
    fb_crypto_cleanse(key, sizeof key);
    return status;
}

apr_status_t fb_auth_reauthenticate(fb_sign_in *out, fb_context *context, fb_str password,
                                    fb_error *error)
{
    fb_db *db;
    apr_status_t status = fb_auth_check_password(out, context, password, error);
    if (status != APR_SUCCESS || *out != FB_SIGN_IN_DONE) {
        return status;
    }
    status = fb_context_db(&db, context, error);
    if (status == APR_SUCCESS) {
        status = renew_login(context, db, error);
    }
    context->fresh = status == APR_SUCCESS;
    if (status == APR_SUCCESS) {
        fb_event_log(context, FB_EVENT_REAUTHENTICATED, NULL);
    }
    return status;
}

apr_status_t fb_auth_renew(fb_context *context, fb_error *error)
{
    fb_db *db;
    if (context->identity == NULL) {
        return fb_error_set(error, FB_EDENIED, "nobody is logged in");
    }
    apr_status_t status = fb_context_db(&db, context, error);
    if (status == APR_SUCCESS) {
        status = fb_login_end_all(NULL, db, context->user->uid, context->identity->login.id,
                                  "password", context->request->now, context->pool, error);
    }
    return status == APR_SUCCESS ? renew_login(context, db, error) : status;
}

apr_status_t fb_auth_sign_out(fb_context *context, fb_error *error)
{
    fb_db *db;
    apr_status_t status = fb_context_db(&db, context, error);
    if (status == APR_SUCCESS && context->identity != NULL) {
        status = fb_login_end(db, context->identity->user.uid, context->identity->login.id,
                              "logout", context->request->now, context->pool, error);
        status = status == FB_ENOTFOUND ? APR_SUCCESS : status;
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    fb_event_log(context, FB_EVENT_LOGOUT, NULL);
    forget_login(context);
    /* Not "cookies": the reply sets a new one, with the message that follows. */
    fb_reply_set_header(context->reply, "Clear-Site-Data", "\"cache\", \"storage\"");
    return APR_SUCCESS;
}

apr_status_t fb_auth_hash(fb_str *hash, fb_context *context, fb_str password, fb_error *error)
{
    unsigned char seed[16];
    unsigned int slot;
    if (fb_request_random(context->request, seed, sizeof seed) != APR_SUCCESS) {
        return fb_error_set(error, FB_EUNAVAIL, "no salt could be made: no random bytes");
    }
    if (fb_counters_slot(&slot, context->site->counters, context->site->config.hash_wait) !=
        APR_SUCCESS) {
        (void)busy(context);
        return FB_ELIMIT;
    }
    apr_status_t status = fb_password_hash(hash, context->site->crypto, password, seed,
                                           &context->site->config.cost, context->pool, error);
    fb_counters_release(context->site->counters, slot);
    return status == FB_ELIMIT ? FB_EINTERNAL : status;
}

const char *fb_auth_index_endpoint(const fb_context *context)
{
    fb_str ignored;
    if (context->user != NULL) {
        const char *endpoint =
            apr_psprintf(context->pool, "%.*s.index", FB_STR_ARG(context->user->role.index));
        if (fb_router_build(&ignored, context->site->router, endpoint, NULL, 0, context->pool,
                            NULL) == APR_SUCCESS) {
            return endpoint;
        }
    }
    return "main.index";
}
