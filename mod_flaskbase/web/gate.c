/* Who may come in, from where, and where others are sent. */
#include "web/gate.h"

#include "base/escape.h"
#include "web/error_page.h"
#include "web/event.h"
#include "web/i18n.h"
#include "web/safe_next.h"

#include <apr_fnmatch.h>
#include <apr_strings.h>
#include <string.h>

#include "base/banned.h"

/* Without port and the dot of a fully qualified name. */
static fb_str bare_host(fb_str host)
{
    if (host.len > 0 && host.ptr[0] == '[') {
        apr_ssize_t end = fb_str_find_char(host, ']');
        return end < 0 ? host : fb_str_sub(host, 0, (apr_size_t)end + 1);
    }
    fb_str rest = host;
    fb_str name = fb_str_split(&rest, ':');
    return name.len > 1 && name.ptr[name.len - 1] == '.' ? fb_str_sub(name, 0, name.len - 1) : name;
}

bool fb_gate_host_ok(const fb_site *site, const fb_request *request)
{
    /* HTTP/1.0 without Host: nothing of a reply depends on it. */
    if (site->config.any_host || request->host.len == 0) {
        return true;
    }
    fb_str host = bare_host(request->host);
    for (apr_size_t i = 0; i < site->config.host_count; i++) {
        const char *allowed = site->config.hosts[i];
        if (fb_str_ieq_z(host, allowed)) {
            return true;
        }
        /* ServerAlias *.example.org */
        if (strpbrk(allowed, "*?") != NULL && apr_fnmatch(allowed, fb_str_to_z(request->pool, host),
                                                          APR_FNM_CASE_BLIND) == APR_SUCCESS) {
            return true;
        }
    }
    return false;
}

fb_gate fb_gate_scheme(fb_context *context)
{
    const fb_request *request = context->request;
    const fb_site_config *config = &context->site->config;
    fb_buf url;

    if (request->is_https || config->ssl_disable || config->development) {
        return FB_GATE_OPEN;
    }
    fb_buf_init(&url, context->pool, 8192);
    if (config->base_url != NULL && strncmp(config->base_url, "https://", 8) == 0) {
        const char *path = strchr(config->base_url + 8, '/');
        fb_buf_add(&url, fb_str_from_len(config->base_url,
                                         path != NULL ? (apr_size_t)(path - config->base_url)
                                                      : strlen(config->base_url)));
    } else {
        /* The host was checked against the list of allowed ones. */
        fb_buf_add_z(&url, "https://");
        fb_buf_add(&url, bare_host(request->host));
    }
    fb_escape_url(&url, request->path, "!$&'()*+,;=:@/");
    if (request->query.len > 0) {
        fb_buf_add_char(&url, '?');
        fb_buf_add(&url, request->query);
    }
    if (fb_buf_status(&url) != APR_SUCCESS || fb_str_has_ctl(fb_buf_str(&url)) ||
        (request->host.len == 0 && config->base_url == NULL)) {
        fb_error_page(context, 400, NULL);
        return FB_GATE_ANSWERED;
    }
    bool safe = request->method == FB_GET || request->method == FB_HEAD;
    fb_reply_redirect(context->reply, safe ? 301 : 308, url.data);
    return FB_GATE_ANSWERED;
}

/* ---- access ---- */

/* Path and query of this request as `next` wants them, or "" when they are no safe target. */
static fb_str this_page(fb_context *context)
{
    fb_buf out;
    fb_buf_init(&out, context->pool, FB_NEXT_MAX);
    fb_escape_url(&out, context->request->path, "!$&'()*+,;=:@/");
    if (context->request->query.len > 0) {
        fb_buf_add_char(&out, '?');
        fb_buf_add(&out, context->request->query);
    }
    fb_str page = fb_buf_status(&out) == APR_SUCCESS ? fb_buf_str(&out) : FB_STR("");
    return fb_safe_next(context->site, page) ? page : FB_STR("");
}

/* The page a form was on, by the Referer of our own origin. */
static fb_str form_page(const fb_context *context)
{
    fb_str referer = fb_request_header(context->request, "Referer");
    fb_str scheme = context->request->is_https ? FB_STR("https://") : FB_STR("http://");
    if (!fb_str_starts(referer, scheme)) {
        return FB_STR("");
    }
    fb_str rest = fb_str_sub(referer, scheme.len, referer.len);
    apr_ssize_t slash = fb_str_find_char(rest, '/');
    if (slash < 0 || !fb_str_ieq(fb_str_sub(rest, 0, (apr_size_t)slash), context->request->host)) {
        return FB_STR("");
    }
    fb_str page = fb_str_sub(rest, (apr_size_t)slash, rest.len);
    return fb_safe_next(context->site, page) ? page : FB_STR("");
}

static bool is_safe_method(const fb_request *request)
{
    return request->method == FB_GET || request->method == FB_HEAD;
}

/* Sends the visitor to an endpoint with `next`, behind a message. */
static apr_status_t send_to(fb_context *context, const char *endpoint, fb_flash_id message,
                            fb_str next, fb_error *error)
{
    fb_url_arg args[1] = { { "next", next } };
    fb_str url;
    apr_status_t status = fb_url_for(&url, context->site, endpoint, args, next.len > 0 ? 1 : 0,
                                     FB_URL_PATH, context->pool, error);
    if (status == APR_SUCCESS && message != FB_FLASH_NONE) {
        status = fb_flash_add(context, message, NULL, 0, error);
    }
    if (status == APR_SUCCESS) {
        fb_reply_redirect(context->reply, is_safe_method(context->request) ? 302 : 303,
                          fb_str_to_z(context->pool, url));
    }
    return status;
}

static apr_status_t to_login(fb_context *context, fb_error *error)
{
    if (fb_request_client_kind(context->request) == FB_CLIENT_JSON) {
        fb_error_page(context, 401, _(context, "Please log in to access this page."));
        fb_reply_set_header(context->reply, "WWW-Authenticate", "Cookie");
        return APR_SUCCESS;
    }
    fb_str next = is_safe_method(context->request) ? this_page(context) : form_page(context);
    apr_status_t status = send_to(context, "account.login", FB_FLASH_LOGIN_REQUIRED, next, error);
    /* X2: a redirect to the login is a 302, also after a POST. */
    context->reply->status = status == APR_SUCCESS ? 302 : context->reply->status;
    return status;
}

static bool below(const char *endpoint, const char *blueprint)
{
    return strncmp(endpoint, blueprint, strlen(blueprint)) == 0;
}

fb_gate fb_gate_access(fb_context *context, apr_status_t *status, fb_error *error)
{
    const fb_route *route = context->route;
    const fb_user *user = context->user;
    bool asset = (route->flags & FB_ROUTE_NO_SESSION) != 0;

    *status = APR_SUCCESS;
    if (user == NULL) {
        if (route->access == FB_ACCESS_LOGIN || route->access == FB_ACCESS_FRESH) {
            *status = to_login(context, error);
            return FB_GATE_ANSWERED;
        }
        return FB_GATE_OPEN;
    }
    if (!asset && user->must_change_password && (route->flags & FB_ROUTE_CHANGE_REQUIRED) == 0) {
        *status = send_to(context, "account.change_required", FB_FLASH_CHANGE_REQUIRED, FB_STR(""),
                          error);
        return FB_GATE_ANSWERED;
    }
    if (!asset && !user->confirmed && !below(route->endpoint, "account.") &&
        (route->flags & FB_ROUTE_UNCONFIRMED) == 0) {
        *status = send_to(context, "account.unconfirmed", FB_FLASH_NONE, FB_STR(""), error);
        return FB_GATE_ANSWERED;
    }
    if (route->access == FB_ACCESS_ANONYMOUS) {
        *status = send_to(context, "main.index", FB_FLASH_NONE, FB_STR(""), error);
        return FB_GATE_ANSWERED;
    }
    if (route->permission != 0 && !fb_context_can(context, route->permission)) {
        fb_event_log(context, FB_EVENT_ACCESS_DENIED, NULL);
        fb_error_page(context, 403, NULL);
        return FB_GATE_ANSWERED;
    }
    if (route->access == FB_ACCESS_FRESH && !context->fresh) {
        fb_str next = is_safe_method(context->request) ? this_page(context) : form_page(context);
        *status = send_to(context, "account.reauthenticate", FB_FLASH_REAUTHENTICATE, next, error);
        return FB_GATE_ANSWERED;
    }
    return FB_GATE_OPEN;
}
