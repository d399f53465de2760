/* The life of a request. */
#include "web/dispatch.h"

#include "base/escape.h"
#include "web/assets.h"
#include "web/auth.h"
#include "web/body.h"
#include "web/csrf.h"
#include "web/error_page.h"
#include "web/event.h"
#include "web/gate.h"
#include "web/headers.h"
#include "web/i18n.h"
#include "web/throttle.h"

#include <apr_strings.h>
#include <string.h>

#include "base/banned.h"

/* A pure page, rendered at start: nothing of it is made per request. */
typedef struct fb_page {
    fb_str bytes;
    const char *etag;
    const fb_reply_header *headers[2]; /* without and with https: security, caching, ETag */
    apr_size_t header_count[2];
} fb_page;

/* ---- which paths are ours ---- */

/* Path below the mount prefix; false when it is not below it. */
static bool strip_mount(fb_str *out, const fb_site *site, fb_str path)
{
    fb_str mount = fb_str_from(site->config.mount);
    if (mount.len == 0) {
        *out = path;
        return true;
    }
    if (!fb_str_starts(path, mount) || (path.len > mount.len && path.ptr[mount.len] != '/')) {
        return false;
    }
    *out = fb_str_sub(path, mount.len, path.len);
    if (out->len == 0) {
        *out = FB_STR("/");
    }
    return true;
}

fb_owns fb_web_owns(const fb_site *site, fb_str path)
{
    fb_str inner;
    if (!strip_mount(&inner, site, path)) {
        return FB_OWNS_NOT;
    }
    if (site->config.own_unknown) {
        return FB_OWNS;
    }
    if (inner.len == 1 && !site->config.home) {
        return FB_OWNS_NOT;
    }
    if (fb_str_starts(inner, FB_STR("/static/"))) {
        return FB_OWNS;
    }
    return fb_router_owns(site->router, inner);
}

/* ---- starting and ending ---- */

static fb_reply *new_reply(const fb_site *site, const fb_request *request)
{
    fb_reply *reply = apr_palloc(request->pool, sizeof *reply);
    int https = request->is_https ? 1 : 0;
    fb_reply_init(reply, request->pool);
    reply->headers = site->headers[https];
    reply->header_count = site->header_count[https];
    return reply;
}

static fb_context *new_context(const fb_site *site, const fb_request *request)
{
    fb_context *context = apr_pcalloc(request->pool, sizeof *context);
    context->site = site;
    context->request = request;
    context->pool = request->pool;
    context->reply = new_reply(site, request);
    context->incident_id = request->incident_id;
    context->path = request->path;
    return context;
}

static void release_db(fb_context *context, apr_status_t status)
{
    if (context->db != NULL) {
        context->request->db->release(context->request->db->baton, context->db, status);
        context->db = NULL;
    }
}

/* ---- the steps ---- */

/* What does not need a view: 404, 405, OPTIONS, the missing slash. True when answered. */
static bool answer_without_view(fb_context *context, const fb_match *match)
{
    const fb_request *request = context->request;
    if (match->status == 204) {
        context->reply->status = 204;
        fb_reply_set_header(context->reply, "Allow", match->allow);
        return true;
    }
    if (match->status == 405) {
        fb_error_page(context, 405, NULL);
        fb_reply_set_header(context->reply, "Allow", match->allow);
        return true;
    }
    if (match->status == 308) {
        fb_buf url;
        fb_buf_init(&url, context->pool, 8192);
        fb_escape_url(&url, request->path, "!$&'()*+,;=:@/");
        fb_buf_add_char(&url, '/');
        if (request->query.len > 0) {
            fb_buf_add_char(&url, '?');
            fb_buf_add(&url, request->query);
        }
        bool ok = fb_buf_status(&url) == APR_SUCCESS && !fb_str_has_ctl(fb_buf_str(&url));
        fb_reply_redirect(context->reply, 308, ok ? url.data : "/");
        return true;
    }
    if (match->status != 0) {
        fb_error_page(context, 404, NULL);
        return true;
    }
    return false;
}

static bool is_unsafe(const fb_request *request)
{
    return request->method != FB_GET && request->method != FB_HEAD && request->method != FB_OPTIONS;
}

/* Reads and parses the body. *answered is set with 413, 415, 400 or 408. */
static apr_status_t read_form(fb_context *context, bool *answered, fb_error *error)
{
    const fb_site_config *config = &context->site->config;
    apr_size_t max = context->route->body_max > 0 ? context->route->body_max : config->body_max;
    apr_status_t status =
        fb_body_read_form(&context->form, context->request, max, config->params_max, error);
    int page = status == FB_ELIMIT     ? 413
               : status == FB_EINVALID ? 415
               : status == FB_ESYNTAX  ? 400
               : status == FB_ETIMEOUT ? 408
                                       : 0;
    *answered = page != 0;
    if (page != 0) {
        fb_error_page(context, page, error->message);
        return APR_SUCCESS;
    }
    return status;
}

/* X1. A genuine token that is too old lets the view run as for GET: it shows its page again. */
static apr_status_t check_csrf(fb_context *context, bool *answered, fb_error *error)
{
    const char *why = NULL;
    if ((context->route->flags & FB_ROUTE_NO_CSRF) != 0) {
        context->submitted = true;
        return APR_SUCCESS;
    }
    context->csrf = fb_csrf_check(context, &why);
    context->submitted = context->csrf == FB_CSRF_GOOD;
    bool can_show = context->csrf == FB_CSRF_EXPIRED && (context->route->methods & FB_GET) != 0 &&
                    fb_request_client_kind(context->request) == FB_CLIENT_HTML;
    if (can_show) {
        return fb_flash_add(context, FB_FLASH_FORM_EXPIRED, NULL, 0, error);
    }
    if (!context->submitted) {
        if (context->csrf == FB_CSRF_BAD) {
            fb_event_log(context, FB_EVENT_CSRF_REFUSED, NULL);
        }
        fb_error_page(context, 400, why);
        *answered = true;
    }
    return APR_SUCCESS;
}

static apr_status_t open_session(fb_context *context, fb_error *error)
{
    const fb_request *request = context->request;
    if (request->session != NULL) {
        context->session = request->session;
    } else {
        apr_status_t status = fb_session_open(&context->session, context->site, request, error);
        if (status != APR_SUCCESS) {
            return status;
        }
    }
    return context->session->has_login ? fb_auth_load(context, error) : APR_SUCCESS;
}

static apr_status_t run_view(fb_context *context, fb_error *error)
{
    bool answered = false;
    apr_status_t status =
        fb_body_urlencoded(&context->query, context->request->query,
                           context->site->config.params_max, context->pool, error);
    if (status != APR_SUCCESS) {
        fb_error_page(context, 400, error->message);
        return APR_SUCCESS;
    }
    if (is_unsafe(context->request)) {
        if (fb_throttle_route(context) == FB_THROTTLE_REFUSED) {
            return APR_SUCCESS;
        }
        status = read_form(context, &answered, error);
        if (status == APR_SUCCESS && !answered) {
            status = check_csrf(context, &answered, error);
        }
        if (status != APR_SUCCESS || answered) {
            return status;
        }
    }
    status = context->route->view(context, error);
    if (status == APR_SUCCESS && context->csrf == FB_CSRF_EXPIRED &&
        context->reply->status == 200) {
        context->reply->status = 400;
    }
    return status;
}

static apr_status_t serve(fb_context *context, fb_match *match, fb_error *error)
{
    apr_status_t status;
    if (!fb_gate_host_ok(context->site, context->request)) {
        fb_event_log(context, FB_EVENT_HOST_REFUSED, NULL);
        fb_error_page(context, 421, NULL);
        return APR_SUCCESS;
    }
    if (fb_gate_scheme(context) == FB_GATE_ANSWERED) {
        return APR_SUCCESS;
    }
    context->route = match->status == 0 ? match->route : NULL;
    context->args = match->args;
    context->arg_count = match->arg_count;
    if (context->route != NULL && (context->route->flags & FB_ROUTE_DEVELOPMENT) != 0 &&
        !context->site->config.development) {
        context->route = NULL;
        match->status = 404;
    }
    if (context->route == NULL || (context->route->flags & FB_ROUTE_NO_SESSION) == 0) {
        status = open_session(context, error);
        if (status != APR_SUCCESS) {
            return status;
        }
    }
    if (answer_without_view(context, match)) {
        return APR_SUCCESS;
    }
    if (fb_gate_access(context, &status, error) == FB_GATE_ANSWERED) {
        return status;
    }
    return run_view(context, error);
}

/* What failed changed nothing, so the session stays as the browser has it. */
static void forget_changes(fb_context *context)
{
    fb_session *fresh;
    fb_error ignored;
    if (context->session == NULL) {
        return;
    }
    fb_error_init(&ignored, context->pool);
    if (fb_session_open(&fresh, context->site, context->request, &ignored) == APR_SUCCESS) {
        *context->session = *fresh; /* in place: httpd's session provider holds the same object */
        fb_crypto_cleanse(fresh->key, sizeof fresh->key);
    } else {
        context->session = NULL;
    }
}

static void dispatch(fb_context *context, fb_match *match)
{
    fb_error error;
    fb_error_init(&error, context->pool);
    apr_status_t status = serve(context, match, &error);
    if (status != APR_SUCCESS) {
        forget_changes(context);
        fb_error_page_for(context, status, &error);
    }
    fb_headers_finish(context);
    release_db(context, status);
}

/* ---- pure pages ---- */

static void serve_page(fb_reply *reply, const fb_page *page, const fb_request *request)
{
    int https = request->is_https ? 1 : 0;
    reply->headers = page->headers[https];
    reply->header_count = page->header_count[https];
    if (fb_etag_matches(fb_request_header(request, "If-None-Match"), page->etag)) {
        reply->status = 304;
        return;
    }
    reply->status = 200;
    reply->content_type = "text/html; charset=utf-8";
    reply->body = FB_BODY_CHUNKS;
    fb_chunks_add_static(&reply->chunks, page->bytes);
    reply->length = page->bytes.len;
}

static const fb_page *page_for(const fb_site *site, const fb_request *request,
                               const fb_match *match)
{
    const char *full;
    const fb_route *route;
    if (site->pages == NULL || match->status != 0 || (match->route->flags & FB_ROUTE_PURE) == 0 ||
        (request->method != FB_GET && request->method != FB_HEAD) || request->query.len > 0 ||
        request->session != NULL || !fb_gate_host_ok(site, request) ||
        (!request->is_https && !site->config.ssl_disable && !site->config.development) ||
        fb_session_presented(site, request)) {
        return NULL;
    }
    for (apr_size_t i = 0; (route = fb_router_row(site->router, i, &full)) != NULL; i++) {
        if (route == match->route) {
            return site->pages[i];
        }
    }
    return NULL;
}

void fb_web_dispatch(fb_reply **out, const fb_site *site, const fb_request *request)
{
    fb_match match = { .status = 404 };
    fb_str inner;
    bool mounted = strip_mount(&inner, site, request->path);

    if (mounted && !(inner.len == 1 && !site->config.home)) {
        fb_router_match(&match, site->router, inner, request->method);
    }
    const fb_page *page = page_for(site, request, &match);
    if (page != NULL) {
        *out = new_reply(site, request);
        serve_page(*out, page, request);
        return;
    }
    fb_context *context = new_context(site, request);
    context->path = mounted ? inner : request->path;
    dispatch(context, &match);
    *out = context->reply;
}

/* Headers of a finished reply, but ETag and the rest in the configuration's pool. */
static void keep_headers(fb_page *page, fb_site *site, int https, const fb_reply *reply)
{
    apr_size_t base = site->header_count[https];
    apr_size_t own = reply->header_count - site->header_count[0];
    fb_reply_header *headers = apr_palloc(site->pool, (base + own) * sizeof *headers);
    memcpy(headers, site->headers[https], base * sizeof *headers);
    for (apr_size_t i = 0; i < own; i++) {
        const fb_reply_header *from = &reply->headers[site->header_count[0] + i];
        headers[base + i] = (fb_reply_header){ apr_pstrdup(site->pool, from->name),
                                               apr_pstrdup(site->pool, from->value) };
    }
    page->headers[https] = headers;
    page->header_count[https] = base + own;
}

static fb_page *warm(fb_site *site, const fb_route *route, const char *full, apr_pool_t *scratch)
{
    fb_request request = {
        .pool = scratch,
        .method = FB_GET,
        .method_token = FB_STR_INIT("GET"),
        .path = fb_str_from(full),
        .content_length = -1,
    };
    fb_error error;
    fb_error_init(&error, scratch);
    fb_context *context = new_context(site, &request);
    context->fixed = true;
    context->route = route;
    if (fb_session_open(&context->session, site, &request, &error) != APR_SUCCESS ||
        route->view(context, &error) != APR_SUCCESS || context->impure ||
        context->vars_status != APR_SUCCESS || context->reply->status != 200 ||
        context->reply->body != FB_BODY_CHUNKS || context->session->state != FB_SESSION_NONE) {
        return NULL;
    }
    fb_headers_finish(context);
    const char *etag = fb_reply_header_value(context->reply, "ETag");
    if (etag == NULL) {
        return NULL;
    }
    fb_page *page = apr_pcalloc(site->pool, sizeof *page);
    page->bytes = fb_chunks_flatten(&context->reply->chunks, site->pool);
    page->etag = apr_pstrdup(site->pool, etag);
    keep_headers(page, site, 0, context->reply);
    keep_headers(page, site, 1, context->reply);
    return page;
}

void fb_site_warm(fb_site *site, apr_pool_t *scratch)
{
    const char *full;
    const fb_route *route;
    apr_size_t count = 0;
    while (fb_router_row(site->router, count, &full) != NULL) {
        count++;
    }
    fb_page **pages = apr_pcalloc(site->pool, (count + 1) * sizeof *pages);
    for (apr_size_t i = 0; i < count; i++) {
        route = fb_router_row(site->router, i, &full);
        if ((route->flags & FB_ROUTE_PURE) != 0 && strchr(full, '<') == NULL) {
            pages[i] = warm(site, route, full, scratch);
        }
    }
    site->pages = pages;
}

/* ---- for other handlers ---- */

void fb_web_error_page(fb_reply **out, const fb_site *site, const fb_request *request, int status,
                       const char *detail)
{
    fb_context *context = new_context(site, request);
    fb_error error;
    fb_error_init(&error, request->pool);
    if (request->session != NULL) {
        context->session = request->session;
    } else if (fb_session_open(&context->session, site, request, &error) != APR_SUCCESS) {
        context->session = NULL;
    }
    fb_error_page(context, status, detail);
    fb_headers_finish(context);
    *out = context->reply;
}

void fb_web_security_headers(fb_reply *reply, const fb_site *site, const fb_request *request)
{
    int https = request->is_https ? 1 : 0;
    for (apr_size_t i = 0; i < site->header_count[https]; i++) {
        fb_reply_set_header(reply, site->headers[https][i].name, site->headers[https][i].value);
    }
}
