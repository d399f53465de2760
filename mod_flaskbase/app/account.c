/* Blueprint account: signing in and out, and one's own account. */
#include "app/app.h"
#include "app/forms.h"
#include "store/session.h"
#include "web/auth.h"
#include "web/event.h"
#include "web/i18n.h"
#include "web/safe_next.h"

#include "base/banned.h"

static fb_handler login, logout, reauthenticate, manage, unconfirmed, change_required;

/* clang-format off */
static const fb_route routes[] = {
    { .pattern = "/login", .methods = FB_GET | FB_POST, .endpoint = "account.login",
      .view = login, .limit = FB_LIMIT_LOGIN,
      .doc = "Log in with address and password (R3)" },
    { .pattern = "/logout", .methods = FB_GET | FB_POST, .endpoint = "account.logout",
      .view = logout, .access = FB_ACCESS_LOGIN, .flags = FB_ROUTE_CHANGE_REQUIRED,
      .doc = "End the session; GET shows the button (R5)" },
    { .pattern = "/reauthenticate", .methods = FB_GET | FB_POST,
      .endpoint = "account.reauthenticate", .view = reauthenticate, .access = FB_ACCESS_LOGIN,
      .limit = FB_LIMIT_PASSWORD,
      .doc = "Give the password again before a dangerous act (R28)" },
    { .pattern = "/manage", .methods = FB_GET, .endpoint = "account.manage",
      .view = manage, .access = FB_ACCESS_LOGIN,
      .doc = "Name, address and type of one's account (R6)" },
    { .pattern = "/manage/info", .methods = FB_GET, .endpoint = "account.manage",
      .view = manage, .access = FB_ACCESS_LOGIN,
      .doc = "The same page under its longer address (R6)" },
    { .pattern = "/unconfirmed", .methods = FB_GET, .endpoint = "account.unconfirmed",
      .view = unconfirmed, .flags = FB_ROUTE_NO_STORE,
      .doc = "What an unconfirmed account sees instead of the site (R15)" },
    { .pattern = "/change-required", .methods = FB_GET | FB_POST,
      .endpoint = "account.change_required", .view = change_required,
      .access = FB_ACCESS_LOGIN, .limit = FB_LIMIT_PASSWORD, .flags = FB_ROUTE_CHANGE_REQUIRED,
      .doc = "Replace a password that somebody else chose (R34)" },
};
/* clang-format on */

const fb_blueprint fb_app_account = {
    .name = "account",
    .prefix = "/account",
    .routes = routes,
    .route_count = sizeof routes / sizeof routes[0],
    .doc = "Accounts",
};

/* Where the visitor wanted to go: `next` of the address, else what the session kept. Empty when
 * it leads off the site (D3), or to the page that logs out again. */
static apr_status_t wanted_page(fb_str *out, fb_context *context, fb_error *error)
{
    const fb_str *sent = fb_params_get(&context->query, "next");
    fb_str next = sent != NULL ? *sent : context->session->next, leave;

    apr_status_t rv = fb_context_url(&leave, context, error, "account.logout", NULL);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!fb_safe_next(context->site, next) || fb_str_eq(next, leave)) {
        next = FB_STR("");
    }
    *out = fb_str_dup(context->pool, next); /* signing in forgets the session it came from */
    return APR_SUCCESS;
}

/* A valid form was sent: the reply is a redirect, a refusal, or (*again) the form once more. */
static apr_status_t sign_in(bool *again, fb_context *context, const fb_form *form, fb_error *error)
{
    fb_remember remember = fb_form_checked(form, "remember_me") ? FB_REMEMBER : FB_REMEMBER_NOT;
    fb_sign_in outcome;
    fb_str next;

    *again = false;
    apr_status_t rv = wanted_page(&next, context, error);
    if (rv == APR_SUCCESS) {
        rv = fb_auth_sign_in(&outcome, context, fb_form_value(form, "email"),
                             fb_form_value(form, "password"), remember, error);
    }
    if (rv != APR_SUCCESS || outcome == FB_SIGN_IN_REFUSED) {
        return rv;
    }
    if (outcome == FB_SIGN_IN_BAD) {
        *again = true;
        return fb_flash_add(context, FB_FLASH_LOGIN_INVALID, NULL, 0, error);
    }
    rv = fb_flash_add(context, FB_FLASH_WELCOME_BACK, NULL, 0, error);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return fb_context_redirect_next(context, next, fb_auth_index_endpoint(context), error);
}

static apr_status_t login(fb_context *context, fb_error *error)
{
    fb_form_result result;
    fb_form *form;
    bool again = true;

    apr_status_t rv = fb_form_create(&form, context, &fb_app_form_login, error);
    if (rv == APR_SUCCESS) {
        rv = fb_form_submitted(&result, form, error);
    }
    if (rv == APR_SUCCESS && result == FB_FORM_VALID) {
        rv = sign_in(&again, context, form, error);
    }
    if (rv != APR_SUCCESS || !again) {
        return rv;
    }
    fb_form_expose(form, "form");
    return fb_context_render(context, 200, "account/login.html", error);
}

static apr_status_t logout(fb_context *context, fb_error *error)
{
    apr_status_t rv;

    if (!context->submitted) {
        return fb_context_render(context, 200, "account/logout.html", error);
    }
    rv = fb_auth_sign_out(context, error);
    if (rv == APR_SUCCESS) {
        rv = fb_flash_add(context, FB_FLASH_LOGGED_OUT, NULL, 0, error);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return fb_context_redirect(context, error, "main.index", NULL);
}

/* The right password leads back to where it was asked for; another one to the form again. */
static apr_status_t prove_again(bool *again, fb_context *context, const fb_form *form,
                                fb_error *error)
{
    fb_sign_in outcome;
    fb_str next;

    *again = false;
    apr_status_t rv = wanted_page(&next, context, error);
    if (rv == APR_SUCCESS) {
        rv = fb_auth_reauthenticate(&outcome, context, fb_form_value(form, "password"), error);
    }
    if (rv != APR_SUCCESS || outcome == FB_SIGN_IN_REFUSED) {
        return rv;
    }
    if (outcome == FB_SIGN_IN_BAD) {
        *again = true;
        return fb_flash_add(context, FB_FLASH_PASSWORD_INVALID, NULL, 0, error);
    }
    return fb_context_redirect_next(context, next, "account.manage", error);
}

static apr_status_t reauthenticate(fb_context *context, fb_error *error)
{
    fb_form_result result;
    fb_form *form;
    bool again = true;

    apr_status_t rv = fb_form_create(&form, context, &fb_app_form_reauthenticate, error);
    if (rv == APR_SUCCESS) {
        rv = fb_form_submitted(&result, form, error);
    }
    if (rv == APR_SUCCESS && result == FB_FORM_VALID) {
        rv = prove_again(&again, context, form, error);
    }
    if (rv != APR_SUCCESS || !again) {
        return rv;
    }
    fb_form_expose(form, "form");
    return fb_context_render(context, 200, "account/reauthenticate.html", error);
}

static apr_status_t manage(fb_context *context, fb_error *error)
{
    return fb_context_render(context, 200, "account/manage.html", error);
}

static apr_status_t unconfirmed(fb_context *context, fb_error *error)
{
    if (context->user == NULL || context->user->confirmed) {
        return fb_context_redirect(context, error, "main.index", NULL);
    }
    return fb_context_render(context, 200, "account/unconfirmed.html", error);
}

/* Stores the new password and moves this login to a new key, ending the others, in one step. */
static apr_status_t set_own_password(fb_context *context, fb_str hash, fb_error *error)
{
    fb_db *db;

    apr_status_t rv = fb_context_db(&db, context, error);
    if (rv == APR_SUCCESS) {
        rv = fb_db_begin(db, error);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = fb_user_set_password(db, context->user->id, hash, FB_MUST_NOT_CHANGE,
                              context->request->now, context->pool, error);
    if (rv == APR_SUCCESS) {
        rv = fb_auth_renew(context, error);
    }
    return fb_db_end(db, rv, error);
}

static apr_status_t change_required(fb_context *context, fb_error *error)
{
    const fb_user *user = context->user;
    fb_form_result result;
    fb_form *form;
    fb_str hash;

    if (!user->must_change_password) {
        return fb_context_redirect(context, error, fb_auth_index_endpoint(context), NULL);
    }
    apr_status_t rv = fb_form_create(&form, context, &fb_app_form_change_required, error);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    fb_form_add_user_word(form, user->first_name);
    fb_form_add_user_word(form, user->last_name);
    fb_form_add_user_word(form, user->email);
    rv = fb_form_submitted(&result, form, error);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (result == FB_FORM_SHOW) {
        fb_form_expose(form, "form");
        return fb_context_render(context, 200, "account/change_required.html", error);
    }
    rv = fb_auth_hash(&hash, context, fb_form_value(form, "new_password"), error);
    if (rv == FB_ELIMIT) {
        return APR_SUCCESS; /* the reply is a 503 already */
    }
    if (rv == APR_SUCCESS) {
        rv = set_own_password(context, hash, error);
    }
    if (rv == APR_SUCCESS) {
        fb_event_log(context, FB_EVENT_PASSWORD_CHANGED, NULL);
        rv = fb_flash_add(context, FB_FLASH_PASSWORD_UPDATED, NULL, 0, error);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return fb_context_redirect(context, error, fb_auth_index_endpoint(context), NULL);
}
