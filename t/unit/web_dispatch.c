/* Whole requests through dispatch, on a migrated SQLite database: X1-X7, X9, X10, X12, X14, X15, R3,
 * R5, R26, R34; ASVS 3.4, 3.5, 6.3, 7.2, 7.3, 8.2. */
#include "store_unit.h"

#include "base/escape.h"
#include "base/log.h"
#include "template/template.h"
#include "web/auth.h"
#include "web/counters.h"
#include "web/dispatch.h"
#include "web/form.h"
#include "web/password.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NOW      (T0 + 10 * FB_DAY)
#define PASSWORD "three kettles on a boat"

/* ---- a small application ------------------------------------------------------------------ */

static fb_handler index_view, page_view, login_view, logout_view, act_view, broken_view, args_view;
static fb_handler halfway_view;

static const fb_route main_routes[] = {
    { .pattern = "/",
      .methods = FB_GET,
      .endpoint = "main.index",
      .view = index_view,
      .flags = FB_ROUTE_PURE,
      .doc = "home" },
    { .pattern = "/page",
      .methods = FB_GET,
      .endpoint = "main.page",
      .view = page_view,
      .doc = "page" },
    { .pattern = "/args",
      .methods = FB_GET,
      .endpoint = "main.args",
      .view = args_view,
      .flags = FB_ROUTE_PURE,
      .doc = "claims to be pure, but is not" },
    { .pattern = "/act",
      .methods = FB_GET | FB_POST,
      .endpoint = "main.act",
      .view = act_view,
      .access = FB_ACCESS_LOGIN,
      .doc = "acts" },
    { .pattern = "/fresh",
      .methods = FB_GET,
      .endpoint = "main.fresh",
      .view = page_view,
      .access = FB_ACCESS_FRESH,
      .doc = "fresh" },
    { .pattern = "/broken",
      .methods = FB_GET,
      .endpoint = "main.broken",
      .view = broken_view,
      .doc = "fails" },
    { .pattern = "/broken-template",
      .methods = FB_GET,
      .endpoint = "main.broken_template",
      .view = broken_view,
      .doc = "fails while rendering" },
    { .pattern = "/halfway",
      .methods = FB_GET,
      .endpoint = "main.halfway",
      .view = halfway_view,
      .doc = "fails after it changed the session" },
    { .pattern = "/token/<token>",
      .methods = FB_GET,
      .endpoint = "main.token",
      .view = page_view,
      .flags = FB_ROUTE_NO_REFERRER,
      .doc = "token" },
    { .pattern = "/dev",
      .methods = FB_GET,
      .endpoint = "main.dev",
      .view = page_view,
      .flags = FB_ROUTE_DEVELOPMENT,
      .doc = "development only" },
};
static const fb_route account_routes[] = {
    { .pattern = "/login",
      .methods = FB_GET | FB_POST,
      .endpoint = "account.login",
      .view = login_view,
      .limit = FB_LIMIT_LOGIN,
      .doc = "log in" },
    { .pattern = "/logout",
      .methods = FB_GET | FB_POST,
      .endpoint = "account.logout",
      .view = logout_view,
      .access = FB_ACCESS_LOGIN,
      .flags = FB_ROUTE_CHANGE_REQUIRED,
      .doc = "log out" },
    { .pattern = "/unconfirmed",
      .methods = FB_GET,
      .endpoint = "account.unconfirmed",
      .view = page_view,
      .doc = "unconfirmed" },
    { .pattern = "/change-required",
      .methods = FB_GET,
      .endpoint = "account.change_required",
      .view = page_view,
      .access = FB_ACCESS_LOGIN,
      .flags = FB_ROUTE_CHANGE_REQUIRED,
      .doc = "change required" },
    { .pattern = "/reauthenticate",
      .methods = FB_GET | FB_POST,
      .endpoint = "account.reauthenticate",
      .view = login_view,
      .access = FB_ACCESS_LOGIN,
      .doc = "again" },
    { .pattern = "/guest",
      .methods = FB_GET,
      .endpoint = "account.guest",
      .view = page_view,
      .access = FB_ACCESS_ANONYMOUS,
      .doc = "anonymous only" },
};
static const fb_route admin_routes[] = {
    { .pattern = "/",
      .methods = FB_GET,
      .endpoint = "admin.index",
      .view = page_view,
      .access = FB_ACCESS_LOGIN,
      .permission = 0xff,
      .doc = "administration" },
    { .pattern = "/user/<int:user_id>/_delete",
      .methods = FB_POST,
      .endpoint = "admin.delete",
      .view = act_view,
      .access = FB_ACCESS_LOGIN,
      .permission = 0xff,
      .doc = "R24" },
};
static const fb_blueprint main_bp = { "main", "", main_routes, COUNT(main_routes), "x" };
static const fb_blueprint account_bp = { "account", "/account", account_routes,
                                         COUNT(account_routes), "x" };
static const fb_blueprint admin_bp = { "admin", "/admin", admin_routes, COUNT(admin_routes), "x" };
static const fb_blueprint *const blueprints[] = { &main_bp, &account_bp, &admin_bp };

static const struct {
    const char *name, *text;
} templates[] = {
    { "base.html", "<title>{{ config.APP_NAME }}</title>"
                   "{% for m in get_flashed_messages(category_filter=['info','success']) %}"
                   "<i>{{ m }}</i>{% endfor %}"
                   "{% if current_user.is_authenticated %}<b>{{ current_user.full_name() }}</b>"
                   "{% endif %}{% block body %}{% endblock %}" },
    { "index.html", "{% extends 'base.html' %}{% block body %}home {{ url_for('account.login') }}"
                    "{{ '.' * 4000 }}"
                    "{% endblock %}" },
    { "page.html", "{% extends 'base.html' %}{% block body %}page {{ request.endpoint }}"
                   "{% endblock %}" },
    { "args.html", "args {{ request.args.x }}" },
    { "form.html", "{% for m in get_flashed_messages(category_filter=['form-error']) %}<i>{{ m }}"
                   "</i>{% endfor %}<form>{{ form.hidden_tag() }}{% for f in form if not "
                   "is_hidden_field(f) %}{{ f.label }}{{ f(class_='c', data_x=1) }}"
                   "{% for e in f.errors %}<em>{{ e }}</em>{% endfor %}{% endfor %}</form>"
                   "{{ form.nothing is defined }} {{ 'email' in form }} {{ form.email.type }}" },
    { "logout.html", "<input name=csrf_token value={{ csrf_token() }}>" },
    { "broken.html", "before {{ nothing.at.all }}" },
    { "errors/404.html", "{% extends 'base.html' %}{% block body %}E404{% endblock %}" },
    { "errors/403.html", "{% extends 'base.html' %}{% block body %}E403{% endblock %}" },
    { "errors/500.html", "{% extends 'base.html' %}{% block body %}E500 {{ incident_id }}"
                         "{% endblock %}" },
    { "errors/400.html", "E400 {{ reason }} {{ retry_url }}" },
    { "errors/503.html", "E503 <input name=csrf_token value={{ csrf_token() }}>" },
    { "errors/429.html", "E429 {{ retry_after_text }}" },
};

static apr_status_t index_view(fb_context *context, fb_error *e)
{
    return fb_context_render(context, 200, "index.html", e);
}

static apr_status_t page_view(fb_context *context, fb_error *e)
{
    return fb_context_render(context, 200, "page.html", e);
}

static apr_status_t args_view(fb_context *context, fb_error *e)
{
    return fb_context_render(context, 200, "args.html", e);
}

static apr_status_t broken_view(fb_context *context, fb_error *e)
{
    if (fb_str_eq_z(context->path, "/broken")) {
        return fb_error_set(e, APR_EGENERAL, "secret internals");
    }
    return fb_context_render(context, 200, "broken.html", e);
}

static apr_status_t halfway_view(fb_context *context, fb_error *e)
{
    fb_session_clear(context->session);
    apr_status_t status =
        fb_session_set(context->session, context->request, FB_STR("k"), FB_STR("half"), e);
    return status == APR_SUCCESS ? fb_error_set(e, FB_EUNAVAIL, "halfway") : status;
}

static int acts; /* how often something would have been changed */

static apr_status_t act_view(fb_context *context, fb_error *e)
{
    if (!context->submitted) {
        return fb_context_render(context, 200, "logout.html", e);
    }
    acts++;
    return fb_context_redirect(context, e, "main.index", NULL);
}

static const fb_field login_fields[] = {
    { .name = "email",
      .type = FB_FIELD_EMAIL,
      .label = "Email",
      .min = 1,
      .max = 64,
      .flags = FB_FIELD_REQUIRED | FB_FIELD_TRIM },
    { .name = "password",
      .type = FB_FIELD_PASSWORD,
      .label = "Password",
      .flags = FB_FIELD_REQUIRED },
    { .name = "remember_me", .type = FB_FIELD_BOOLEAN, .label = "Keep me logged in" },
    { .name = "submit", .type = FB_FIELD_SUBMIT, .label = "Log in" },
};
static const fb_form_table login_table = { "login", login_fields, COUNT(login_fields), NULL, "F1" };

static apr_status_t login_view(fb_context *context, fb_error *e)
{
    fb_form *form;
    fb_form_result result = FB_FORM_SHOW;
    fb_sign_in outcome;
    bool again = context->user != NULL;
    apr_status_t status = fb_form_create(&form, context, &login_table, e);
    if (status == APR_SUCCESS) {
        status = fb_form_submitted(&result, form, e);
    }
    if (status == APR_SUCCESS && result == FB_FORM_VALID) {
        status = again
                     ? fb_auth_reauthenticate(&outcome, context, fb_form_value(form, "password"), e)
                     : fb_auth_sign_in(
                           &outcome, context, fb_form_value(form, "email"),
                           fb_form_value(form, "password"),
                           fb_form_checked(form, "remember_me") ? FB_REMEMBER : FB_REMEMBER_NOT, e);
        if (status != APR_SUCCESS || outcome == FB_SIGN_IN_REFUSED) {
            return status;
        }
        if (outcome == FB_SIGN_IN_DONE) {
            status = fb_flash_add(context, FB_FLASH_WELCOME_BACK, NULL, 0, e);
            return status != APR_SUCCESS
                       ? status
                       : fb_context_redirect(context, e, fb_auth_index_endpoint(context), NULL);
        }
        status = fb_flash_add(context, FB_FLASH_LOGIN_INVALID, NULL, 0, e);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    fb_form_expose(form, "form");
    return fb_context_render(context, 200, "form.html", e);
}

static apr_status_t logout_view(fb_context *context, fb_error *e)
{
    if (!context->submitted) {
        return fb_context_render(context, 200, "logout.html", e);
    }
    apr_status_t status = fb_auth_sign_out(context, e);
    if (status == APR_SUCCESS) {
        status = fb_flash_add(context, FB_FLASH_LOGGED_OUT, NULL, 0, e);
    }
    return status == APR_SUCCESS ? fb_context_redirect(context, e, "main.index", NULL) : status;
}

/* ---- the site and its visitors ------------------------------------------------------------ */

static fb_site *site;
static fb_site_config config;
static bool db_away;

static apr_status_t acquire(void *baton, fb_db **out, apr_pool_t *request_pool, fb_error *e)
{
    (void)baton;
    (void)request_pool;
    *out = db;
    return db_away ? fb_error_set(e, FB_EUNAVAIL, "the database is away") : APR_SUCCESS;
}

static void release(void *baton, fb_db *released, apr_status_t status)
{
    (void)baton;
    (void)status;
    ck_assert_ptr_eq(released, db);
    ck_assert(!fb_db_in_transaction(db));
}

static const fb_db_source source = { acquire, release, NULL };

static fb_env *make_env(void)
{
    fb_env_options options;
    fb_env *env = NULL;
    fb_env_options_init(&options);
    ck_assert_ok(fb_env_create(&env, &options, pool, &error));
    ck_assert_ok(fb_site_prepare_env(env));
    for (size_t i = 0; i < COUNT(templates); i++) {
        ck_assert_ok(fb_env_add_source(env, fb_str_from(templates[i].name),
                                       fb_str_from(templates[i].text), &error));
    }
    ck_assert_ok(fb_env_compile(env, NULL, NULL, pool, &error));
    return env;
}

static void make_site(void)
{
    fb_crypto *crypto = NULL;
    fb_keyring *ring = NULL;
    ck_assert_ok(fb_crypto_create(&crypto, pool, &error));
    ck_assert_ok(fb_keyring_create(&ring, crypto, FB_STR("0123456789abcdef0123456789abcdef!"), NULL,
                                   0, FB_STR("test"), pool, &error));
    const fb_site_parts parts = { .config = &config,
                                  .crypto = crypto,
                                  .keyring = ring,
                                  .templates = make_env(),
                                  .blueprints = blueprints,
                                  .blueprint_count = COUNT(blueprints) };
    ck_assert_ok(fb_site_create(&site, &parts, pool, &error));
}

static void setup(void)
{
    store_setup();
    db_away = false;
    acts = 0;
    fb_site_config_defaults(&config);
    config.ssl_disable = true;
    config.cost.scrypt_n = 1024;
    config.hash_slots = 1;
    config.hash_queue = 0;
    make_site();
}

typedef struct visitor {
    const char *cookie; /* name=value, or NULL */
    const char *agent;
    unsigned char address;
    apr_time_t now;
    bool https;
    fb_header extra[6];
    size_t extra_count;
    bool shares;         /* httpd's session provider opens the session (X14) ... */
    fb_session *session; /* ... this one, as it was after the last request */
} visitor;

static visitor new_visitor(void)
{
    return (visitor){ .agent = "Mozilla/5.0 Firefox/140.0", .address = 1, .now = NOW };
}

static void with(visitor *v, const char *name, const char *value)
{
    v->extra[v->extra_count++] = (fb_header){ fb_str_from(name), fb_str_from(value) };
}

static apr_status_t read_body(void *baton, char *buf, apr_size_t cap, apr_size_t *got, fb_error *e)
{
    fb_str *body = baton;
    (void)e;
    *got = body->len < cap ? body->len : cap;
    memcpy(buf, body->ptr, *got);
    *body = fb_str_sub(*body, *got, body->len);
    return APR_SUCCESS;
}

static void keep_cookie(visitor *v, const fb_reply *reply)
{
    const char *set = fb_reply_header_value(reply, "Set-Cookie");
    if (set != NULL) {
        v->cookie =
            strstr(set, "Max-Age=0") != NULL ? NULL : apr_pstrmemdup(pool, set, strcspn(set, ";"));
    }
}

static fb_reply *ask(visitor *v, const char *method, const char *url, const char *body)
{
    fb_request request = { .pool = pool,
                           .now = v->now,
                           .method_token = fb_str_from(method),
                           .host = FB_STR_INIT("example.org"),
                           .content_length = -1,
                           .client_len = 4,
                           .client_text = FB_STR_INIT("192.0.2.7"),
                           .is_https = v->https,
                           .db = &source };
    fb_header headers[10];
    fb_str rest = fb_str_from(url), text = fb_str_from(body);
    request.method = fb_http_method_from_token(request.method_token);
    request.path = fb_str_split(&rest, '?');
    request.query = rest;
    request.client[0] = 192;
    request.client[2] = v->address;
    memcpy(headers, v->extra, sizeof v->extra);
    request.header_count = v->extra_count;
    headers[request.header_count++] = (fb_header){ FB_STR("User-Agent"), fb_str_from(v->agent) };
    if (v->cookie != NULL) {
        headers[request.header_count++] = (fb_header){ FB_STR("Cookie"), fb_str_from(v->cookie) };
    }
    if (body != NULL) {
        headers[request.header_count++] =
            (fb_header){ FB_STR("Content-Type"), FB_STR("application/x-www-form-urlencoded") };
        request.content_length = (apr_int64_t)text.len;
        request.read_body = read_body;
        request.body_baton = &text;
    }
    request.headers = headers;
    if (v->shares) {
        ck_assert_ok(fb_session_open(&v->session, site, &request, &error));
        request.session = v->session;
    }
    fb_reply *reply = NULL;
    fb_web_dispatch(&reply, site, &request);
    ck_assert_ptr_nonnull(reply);
    keep_cookie(v, reply);
    return reply;
}

static fb_reply *get(visitor *v, const char *url)
{
    return ask(v, "GET", url, NULL);
}

static const char *body_of(const fb_reply *reply)
{
    return fb_str_to_z(pool, fb_chunks_flatten(&reply->chunks, pool));
}

static const char *header(const fb_reply *reply, const char *name)
{
    const char *value = fb_reply_header_value(reply, name);
    return value != NULL ? value : "";
}

#define ck_has(text, part)                                                                         \
    ck_assert_msg(strstr((text), (part)) != NULL, "%s: no %s", (text), (part))
#define ck_lacks(text, part) ck_assert_msg(strstr((text), (part)) == NULL, "%s", (text))
#define ck_goes(reply, code, to)                                                                   \
    do {                                                                                           \
        ck_assert_int_eq((reply)->status, (code));                                                 \
        ck_assert_str_eq(header((reply), "Location"), (to));                                       \
    } while (0)

static const char *token_in(const fb_reply *reply)
{
    const char *at = strstr(body_of(reply), "csrf_token");
    ck_assert_ptr_nonnull(at);
    at = strstr(at, "value=");
    ck_assert_ptr_nonnull(at);
    at += at[6] == '"' ? 7 : 6;
    return apr_pstrmemdup(pool, at, strcspn(at, "\">"));
}

static fb_reply *log_in(visitor *v, const char *email, const char *password, const char *more)
{
    const char *token = token_in(get(v, "/account/login"));
    fb_buf out;
    fb_buf_init(&out, pool, 65536);
    fb_buf_add_fmt(&out, "csrf_token=%s&email=", token);
    fb_escape_form(&out, fb_str_from(email));
    fb_buf_add_z(&out, "&password=");
    fb_escape_form(&out, fb_str_from(password));
    fb_buf_add_z(&out, more);
    return ask(v, "POST", "/account/login", out.data);
}

static apr_int64_t add_user(const char *email, const char *role)
{
    unsigned char seed[16] = { 3 };
    fb_str hash;
    ck_assert_ok(
        fb_password_hash(&hash, site->crypto, FB_STR(PASSWORD), seed, &config.cost, pool, &error));
    return store_add_user(email, role, fb_str_to_z(pool, hash));
}

static visitor logged_in(const char *email, const char *role, const char *more)
{
    visitor v = new_visitor();
    (void)add_user(email, role);
    ck_assert_int_eq(log_in(&v, email, PASSWORD, more)->status, 303);
    return v;
}

/* ---- pages and headers -------------------------------------------------------------------- */

static const char *const security_headers[] = {
    "Content-Security-Policy",    "X-Content-Type-Options",       "Referrer-Policy",
    "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Permissions-Policy",
};

/* ASVS 3.4.3-3.4.8, 4.1.1 on every status; X5. */
START_TEST(answers_everything)
{
    static const struct {
        const char *method, *url;
        int status;
    } rows[] = {
        { "GET", "/", 200 },
        { "HEAD", "/", 200 },
        { "POST", "/", 405 },
        { "OPTIONS", "/", 204 },
        { "TRACE", "/", 405 },
        { "get", "/", 405 },
        { "GET", "/nothing", 404 },
        { "GET", "/account/nothing", 404 },
        { "GET", "/admin", 308 },
        { "GET", "/act", 302 },
        { "GET", "/broken", 500 },
        { "GET", "/broken-template", 500 },
        { "GET", "/?%zz", 400 },
        { "GET", "/page?%zz", 400 },
        { "GET", "/page?a=%00", 400 },
        { "GET", "/page?a=%ff", 400 },
        { "GET", "/static/nothing.css", 404 },
        { "POST", "/account/login", 400 },
        { "DELETE", "/account/login", 405 },
        { "GET", "/dev", 404 },
        { "GET", "/admin/user/1/_delete", 405 },
        { "GET", "/admin/user/x/_delete", 404 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        visitor v = new_visitor();
        fb_reply *reply = ask(&v, rows[i].method, rows[i].url, NULL);
        int want = rows[i].status;
        ck_assert_msg(reply->status == want, "%s %s: %d", rows[i].method, rows[i].url,
                      reply->status);
        for (size_t h = 0; h < COUNT(security_headers); h++) {
            ck_assert_msg(header(reply, security_headers[h])[0] != '\0', "%s %s: %s",
                          rows[i].method, rows[i].url, security_headers[h]);
        }
        ck_lacks(header(reply, "Content-Security-Policy"), "unsafe-inline");
        ck_has(header(reply, "Content-Security-Policy"), "frame-ancestors 'none'");
        if (reply->body != FB_BODY_NONE) {
            ck_has(reply->content_type, "charset=utf-8");
        }
        if (rows[i].status == 405 || rows[i].status == 204) {
            ck_has(header(reply, "Allow"), "OPTIONS");
        }
        ck_lacks(body_of(reply), "secret internals"); /* ASVS 16.5.1 */
    }
}
END_TEST

/* X12: cacheable without a cookie; X15: an error while rendering is a clean 500. */
START_TEST(caches)
{
    visitor v = new_visitor();
    fb_reply *reply = get(&v, "/page");
    ck_assert_str_eq(header(reply, "Cache-Control"), "no-cache");
    ck_assert_str_eq(header(reply, "Vary"), "Cookie");
    ck_assert_str_eq(header(reply, "Set-Cookie"), "");
    const char *etag = header(reply, "ETag");
    ck_assert_str_ne(etag, "");
    with(&v, "If-None-Match", etag);
    reply = get(&v, "/page");
    ck_assert_int_eq(reply->status, 304);
    ck_assert_str_eq(header(reply, "ETag"), etag);
    ck_assert_int_eq(get(&v, "/token/x")->status, 200);
    v = new_visitor();
    v.cookie = apr_pstrcat(pool, site->cookie_names[0][0], "=rubbish", NULL);
    reply = get(&v, "/page");
    ck_assert_str_eq(header(reply, "Cache-Control"), "no-store");
    ck_has(header(reply, "Set-Cookie"), "Max-Age=0");
    reply = get(&v, "/token/x");
    ck_assert_str_eq(header(reply, "Cache-Control"), "no-store");
    ck_assert_str_eq(header(reply, "Referrer-Policy"), "no-referrer");
    v = new_visitor();
    reply = get(&v, "/broken-template");
    ck_has(body_of(reply), "E500 ");
    ck_lacks(body_of(reply), "before");
    ck_assert_str_eq(header(reply, "Cache-Control"), "no-store");
}
END_TEST

/* A pure page made at start is the same page, and only where nothing of the request matters. */
START_TEST(warms_pure_pages)
{
    visitor v = new_visitor();
    fb_reply *before = get(&v, "/");
    fb_site_warm(site, pool);
    fb_reply *after = get(&v, "/");
    ck_assert_str_eq(body_of(before), body_of(after));
    ck_assert_str_eq(header(before, "ETag"), header(after, "ETag"));
    ck_assert_uint_eq(before->header_count, after->header_count);
    ck_assert_int_eq(after->chunks.first->kind, FB_CHUNK_STATIC);
    ck_assert_uint_eq(after->length, strlen(body_of(after)));
    ck_has(body_of(get(&v, "/args?x=41")), "args 41"); /* looks at the request: not kept */
    ck_has(body_of(get(&v, "/args?x=42")), "args 42");
    with(&v, "If-None-Match", header(before, "ETag"));
    ck_assert_int_eq(get(&v, "/")->status, 304);
    v = logged_in("ann@example.org", "User", "");
    after = get(&v, "/");
    ck_has(body_of(after), "<b>Ann Lee</b>");
    ck_assert_str_eq(header(after, "Cache-Control"), "no-store");
}
END_TEST

/* X9, ASVS 3.4.1; DESIGN section 3: hosts. */
START_TEST(redirects_to_https)
{
    static const char *const hosts[] = { "example.org" };
    config.ssl_disable = false;
    config.any_host = false;
    config.hosts = hosts;
    config.host_count = 1;
    make_site();
    fb_site_warm(site, pool);
    visitor v = new_visitor();
    ck_goes(get(&v, "/"), 301, "https://example.org/");
    ck_goes(get(&v, "/page?a=b"), 301, "https://example.org/page?a=b");
    ck_goes(get(&v, "/a b%25\xc3\xa9?c=%3F"), 301, "https://example.org/a%20b%2525%C3%A9?c=%3F");
    ck_goes(ask(&v, "POST", "/account/login", "a=b"), 308, "https://example.org/account/login");
    v.https = true;
    fb_reply *reply = get(&v, "/");
    ck_assert_int_eq(reply->status, 200);
    ck_has(header(reply, "Strict-Transport-Security"), "max-age=31536000");
    reply = get(&v, "/account/login");
    ck_has(header(reply, "Set-Cookie"), "__Host-");
    ck_has(header(reply, "Set-Cookie"), "; Secure");
    site->config.hosts = (const char *const[]){ "other.example" };
    ck_assert_int_eq(get(&v, "/")->status, 421);
    ck_assert_int_eq(get(&v, "/page")->status, 421);
}
END_TEST

START_TEST(honours_the_mount)
{
    config.mount = "/members";
    make_site();
    visitor v = new_visitor();
    ck_has(body_of(get(&v, "/members/")), "home /members/account/login");
    ck_assert_int_eq(get(&v, "/")->status, 404);
    ck_goes(get(&v, "/members/act?x=1"), 302,
            "/members/account/login?next=%2Fmembers%2Fact%3Fx%3D1");
    ck_goes(get(&v, "/members/admin"), 308, "/members/admin/");
    ck_assert_int_eq(fb_web_owns(site, FB_STR("/members/about")), FB_OWNS_NOT);
    ck_assert_int_eq(fb_web_owns(site, FB_STR("/members/page")), FB_OWNS);
    ck_assert_int_eq(fb_web_owns(site, FB_STR("/members/static/x")), FB_OWNS);
    ck_assert_int_eq(fb_web_owns(site, FB_STR("/members")), FB_OWNS);
    ck_assert_int_eq(fb_web_owns(site, FB_STR("/membersx")), FB_OWNS_NOT);
    ck_assert_int_eq(fb_web_owns(site, FB_STR("/page")), FB_OWNS_NOT);
    site->config.home = false;
    ck_assert_int_eq(fb_web_owns(site, FB_STR("/members/")), FB_OWNS_NOT);
}
END_TEST

/* ---- access ------------------------------------------------------------------------------- */

/* X2, X3; ASVS 8.2.1. */
START_TEST(guards)
{
    visitor v = new_visitor();
    fb_reply *reply = get(&v, "/act?x=1");
    ck_goes(reply, 302, "/account/login?next=%2Fact%3Fx%3D1");
    reply = get(&v, "/page");
    ck_has(body_of(reply), "<i>Please log in to access this page.</i>");
    reply = get(&v, "/page"); /* X10: once */
    ck_lacks(body_of(reply), "Please log in");
    with(&v, "Referer", "http://example.org/page?y=2");
    ck_goes(ask(&v, "POST", "/act", ""), 302, "/account/login?next=%2Fpage%3Fy%3D2");
    visitor script = new_visitor();
    with(&script, "Accept", "application/json");
    reply = get(&script, "/act");
    ck_assert_int_eq(reply->status, 401);
    ck_has(reply->content_type, "application/problem+json");
    ck_assert_str_eq(header(reply, "Location"), "");
    visitor user = logged_in("user@example.org", "User", "");
    ck_assert_int_eq(get(&user, "/act")->status, 200);
    reply = get(&user, "/admin/");
    ck_assert_int_eq(reply->status, 403);
    ck_has(body_of(reply), "E403");
    ck_goes(get(&user, "/account/guest"), 302, "/");
    visitor admin = logged_in("admin@example.org", "Administrator", "");
    ck_assert_int_eq(get(&admin, "/admin/")->status, 200);
}
END_TEST

/* X4, R34. */
START_TEST(gates)
{
    visitor v = logged_in("user@example.org", "User", "");
    fb_user *user = NULL;
    ck_assert_ok(fb_user_find_by_email(&user, db, FB_STR("user@example.org"), pool, &error));
    ck_assert_ok(
        fb_user_set_password(db, user->id, user->password_hash, FB_MUST_CHANGE, NOW, pool, &error));
    ck_goes(get(&v, "/page"), 302, "/account/change-required");
    ck_goes(get(&v, "/"), 302, "/account/change-required");
    ck_assert_int_eq(get(&v, "/account/change-required")->status, 200);
    ck_assert_int_eq(get(&v, "/account/logout")->status, 200);
    ck_assert_int_eq(get(&v, "/nothing")->status, 404);
    fb_role *role = NULL;
    apr_int64_t id = 0;
    ck_assert_ok(fb_role_find_default(&role, db, pool, &error));
    const fb_user_new fields = { .uid = FB_STR_INIT("0123456789abcdef0123456789abcdef"),
                                 .first_name = FB_STR_INIT("New"),
                                 .last_name = FB_STR_INIT("One"),
                                 .email = FB_STR_INIT("new@example.org"),
                                 .password_hash = user->password_hash,
                                 .role_id = role->id };
    ck_assert_ok(fb_user_create(&id, db, &fields, NOW, pool, &error));
    visitor fresh = new_visitor();
    ck_assert_int_eq(log_in(&fresh, "new@example.org", PASSWORD, "")->status, 303);
    ck_goes(get(&fresh, "/"), 302, "/account/unconfirmed");
    ck_goes(get(&fresh, "/page"), 302, "/account/unconfirmed");
    ck_assert_int_eq(get(&fresh, "/account/unconfirmed")->status, 200);
    ck_assert_int_eq(get(&fresh, "/nothing")->status, 404);
}
END_TEST

/* ---- CSRF --------------------------------------------------------------------------------- */

/* X1; ASVS 3.5.1. */
START_TEST(demands_tokens)
{
    visitor v = logged_in("user@example.org", "User", "");
    ck_assert_int_eq(ask(&v, "POST", "/act", "")->status, 400);
    ck_assert_int_eq(ask(&v, "POST", "/act", "csrf_token=x")->status, 400);
    const char *good = apr_pstrcat(pool, "csrf_token=", token_in(get(&v, "/act")), NULL);
    ck_assert_int_eq(ask(&v, "POST", apr_pstrcat(pool, "/act?", good, NULL), "")->status, 400);
    visitor other = logged_in("other@example.org", "User", "");
    ck_assert_int_eq(ask(&other, "POST", "/act", good)->status, 400);
    visitor cross = v;
    with(&cross, "Origin", "http://evil.example");
    ck_assert_int_eq(ask(&cross, "POST", "/act", good)->status, 400);
    ck_assert_int_eq(acts, 0);
    ck_assert_int_eq(ask(&v, "POST", "/act", good)->status, 303);
    ck_assert_int_eq(acts, 1);
    /* Only expired: shown again, filled in, nothing done. */
    const char *token = token_in(get(&v, "/act"));
    v.now += 20 * FB_MINUTE;
    ck_assert_int_eq(get(&v, "/page")->status, 200);
    v.now += 20 * FB_MINUTE;
    ck_assert_int_eq(get(&v, "/page")->status, 200);
    v.now += 25 * FB_MINUTE;
    fb_reply *reply = ask(&v, "POST", "/act", apr_pstrcat(pool, "csrf_token=", token, NULL));
    ck_assert_int_eq(reply->status, 400);
    ck_assert_int_eq(acts, 1);
    ck_assert_str_ne(token_in(reply), token);
}
END_TEST

START_TEST(shows_an_expired_form_again)
{
    visitor v = new_visitor();
    const char *token = token_in(get(&v, "/account/login"));
    v.now += 2 * FB_HOUR;
    fb_reply *reply = ask(
        &v, "POST", "/account/login",
        apr_pstrcat(pool, "email=ann%40example.org&password=hunter22&csrf_token=", token, NULL));
    ck_assert_int_eq(reply->status, 400);
    ck_has(body_of(reply), "This form was open for too long");
    ck_has(body_of(reply), "value=\"ann@example.org\"");
    ck_lacks(body_of(reply), "hunter22");
}
END_TEST

/* ---- logging in --------------------------------------------------------------------------- */

/* R3, R5; ASVS 7.2.4 new session, 7.4.1 ended on the server. */
START_TEST(logs_in_and_out)
{
    visitor v = new_visitor();
    (void)add_user("admin@example.org", "Administrator");
    (void)get(&v, "/account/login");
    const char *anonymous = v.cookie;
    ck_assert_ptr_nonnull(anonymous);
    fb_reply *reply = log_in(&v, " Admin@Example.org ", PASSWORD, "");
    ck_goes(reply, 303, "/admin/");
    ck_assert_str_eq(header(reply, "Cache-Control"), "no-store");
    ck_lacks(header(reply, "Set-Cookie"), "Max-Age");
    ck_assert_str_ne(v.cookie, anonymous);
    ck_has(body_of(get(&v, "/admin/")),
           "<i>You are now logged in. Welcome back!</i><b>Ann Lee</b>");
    /* What was open before the login is no session of it. */
    visitor before = v;
    before.cookie = anonymous;
    ck_goes(get(&before, "/act"), 302, "/account/login?next=%2Fact");
    visitor copy = v;
    const char *token = token_in(get(&v, "/account/logout"));
    ck_assert_int_eq(get(&v, "/page")->status, 200); /* D2: GET changed nothing */
    reply = ask(&v, "POST", "/account/logout", apr_pstrcat(pool, "csrf_token=", token, NULL));
    ck_goes(reply, 303, "/");
    ck_assert_str_ne(header(reply, "Clear-Site-Data"), "");
    ck_has(body_of(get(&v, "/page")), "<i>You have been logged out.</i>");
    ck_goes(get(&copy, "/act"), 302, "/account/login?next=%2Fact");
}
END_TEST

/* D13; ASVS 6.3.8: one answer. */
START_TEST(refuses_alike)
{
    visitor v = new_visitor();
    (void)add_user("ann@example.org", "User");
    (void)store_add_user("invited@example.org", "User", NULL);
    static const char *const emails[] = { "ann@example.org", "nobody@example.org",
                                          "invited@example.org" };
    for (size_t i = 0; i < COUNT(emails); i++) {
        fb_reply *reply = log_in(&v, emails[i], "not the password", "");
        ck_assert_int_eq(reply->status, 200);
        ck_has(body_of(reply), "<i>Invalid email or password.</i>");
        ck_has(body_of(reply), apr_pstrcat(pool, "value=\"", emails[i], "\"", NULL));
        ck_lacks(body_of(reply), "not the password");
    }
    ck_has(body_of(log_in(&v, "", "x", "")), "<em>This field is required.</em>");
    ck_has(body_of(log_in(&v, "not an address", "x", "")), "<em>Invalid email address.</em>");
    ck_has(body_of(log_in(&v,
                          apr_pstrcat(pool, "a-very-long-address-of-more-than-sixty-four-",
                                      "characters@example.org", NULL),
                          "x", "")),
           "<em>Field must be between 1 and 64 characters long.</em>");
    ck_assert_int_eq(log_in(&v, "ann@example.org", PASSWORD, "&email=b%40c.de")->status, 400);
    ck_assert_int_eq(log_in(&v, "ann@example.org", PASSWORD, "&x=%00")->status, 400);
    ck_assert_int_eq(log_in(&v, "ann@example.org", PASSWORD, "&is_admin=1&role=2")->status, 303);
}
END_TEST

/* T8: what the form's macros see. */
START_TEST(draws_forms)
{
    visitor v = new_visitor();
    const char *body = body_of(get(&v, "/account/login"));
    ck_has(body, "<label for=\"email\">Email</label><input class=\"c\" data-x=\"1\" id=\"email\" "
                 "maxlength=\"64\" name=\"email\" required type=\"email\" value=\"\">");
    ck_has(body, "<input class=\"c\" data-x=\"1\" id=\"remember_me\" name=\"remember_me\" "
                 "type=\"checkbox\" value=\"y\">");
    ck_has(body, "type=\"submit\" value=\"Log in\">");
    ck_has(body, "<input id=\"csrf_token\" name=\"csrf_token\" type=\"hidden\" value=\"");
    ck_has(body, "False True EmailField");
}
END_TEST

/* D22; ASVS 6.3.1: the eleventh try at one account; others are not locked out. */
START_TEST(throttles)
{
    visitor v = new_visitor();
    (void)add_user("ann@example.org", "User");
    (void)add_user("bob@example.org", "User");
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(log_in(&v, "Ann@example.org", "wrong", "")->status, 200);
    }
    fb_reply *reply = log_in(&v, "ann@example.org", PASSWORD, "");
    ck_assert_int_eq(reply->status, 429);
    ck_assert_str_eq(header(reply, "Retry-After"), "90");
    ck_has(body_of(reply), "E429 2 minutes");
    ck_assert_int_eq(log_in(&v, "bob@example.org", PASSWORD, "")->status, 303);
    v.now += FB_HOUR;
    ck_assert_int_eq(log_in(&v, "ann@example.org", PASSWORD, "")->status, 303);
}
END_TEST

/* D22; SECURITY V6: a stranger who uses up the tries locks out his own network, not the owner. */
START_TEST(lets_the_owner_in)
{
    visitor stranger = new_visitor(), owner = new_visitor();
    owner.address = 9;
    (void)add_user("ann@example.org", "User");
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(log_in(&stranger, "ann@example.org", "wrong", "")->status, 200);
    }
    ck_assert_int_eq(log_in(&stranger, "ann@example.org", PASSWORD, "")->status, 429);
    ck_assert_int_eq(log_in(&owner, "ann@example.org", PASSWORD, "")->status, 303);
    ck_assert_int_eq(log_in(&stranger, "ann@example.org", PASSWORD, "")->status, 429);
}
END_TEST

/* D22: guessing one account from many networks ends, too. */
START_TEST(throttles_the_many)
{
    visitor v = new_visitor();
    (void)add_user("ann@example.org", "User");
    site->config.login_account = (fb_rate){ 1, 15 * FB_MINUTE };
    for (int i = 0; i < 10; i++) {
        v.address = (unsigned char)(20 + i);
        ck_assert_int_eq(log_in(&v, "ann@example.org", "wrong", "")->status, 200);
    }
    v.address = 30;
    ck_assert_int_eq(log_in(&v, "ann@example.org", PASSWORD, "")->status, 429);
    v.now += 90 * FB_SEC;
    ck_assert_int_eq(log_in(&v, "ann@example.org", PASSWORD, "")->status, 303);
}
END_TEST

/* Good logins use nothing up. */
START_TEST(does_not_throttle_the_good)
{
    (void)add_user("ann@example.org", "User");
    for (int i = 0; i < 15; i++) {
        visitor v = new_visitor();
        ck_assert_int_eq(log_in(&v, "ann@example.org", PASSWORD, "")->status, 303);
    }
}
END_TEST

/* Password-hash DoS: no free slot is a 503 with Retry-After, and no attempt used up. */
START_TEST(refuses_when_busy)
{
    visitor v = new_visitor();
    unsigned int slot;
    (void)add_user("ann@example.org", "User");
    site->config.hash_wait = 0;
    ck_assert_ok(fb_counters_slot(&slot, site->counters, 0));
    fb_reply *reply = log_in(&v, "ann@example.org", PASSWORD, "");
    ck_assert_int_eq(reply->status, 503);
    ck_assert_str_eq(header(reply, "Retry-After"), "2");
    fb_counters_release(site->counters, slot);
    ck_assert_int_eq(log_in(&v, "ann@example.org", PASSWORD, "")->status, 303);
}
END_TEST

/* M7: a weaker hash is replaced at a good login, a wrong password replaces nothing. */
START_TEST(rehashes)
{
    visitor v = new_visitor();
    fb_user *user = NULL;
    const char *weak = "pbkdf2:sha1:1000$REvOmZfj$5efe9b823a775391f01791a9b76d8c835afebd77";
    (void)store_add_user("old@example.org", "User", weak);
    ck_assert_int_eq(log_in(&v, "old@example.org", "wrong", "")->status, 200);
    ck_assert_ok(fb_user_find_by_email(&user, db, FB_STR("old@example.org"), pool, &error));
    ck_assert(fb_str_eq_z(user->password_hash, weak));
    ck_assert_int_eq(log_in(&v, "old@example.org", "correct horse battery", "")->status, 303);
    ck_assert_ok(fb_user_find_by_email(&user, db, FB_STR("old@example.org"), pool, &error));
    ck_assert(fb_str_starts(user->password_hash, FB_STR("scrypt:1024:8:1$")));
    v = new_visitor();
    ck_assert_int_eq(log_in(&v, "old@example.org", "correct horse battery", "")->status, 303);
}
END_TEST

/* ---- how long a login lasts --------------------------------------------------------------- */

/* ASVS 7.3.1 idle, 7.3.2 absolute. */
START_TEST(ends_logins)
{
    visitor v = logged_in("ann@example.org", "User", "");
    v.now += 29 * FB_MINUTE;
    ck_assert_int_eq(get(&v, "/act")->status, 200);
    v.now += 31 * FB_MINUTE;
    ck_goes(get(&v, "/act"), 302, "/account/login?next=%2Fact");
    v = new_visitor();
    ck_assert_int_eq(log_in(&v, "ann@example.org", PASSWORD, "")->status, 303);
    for (int i = 0; i < 29; i++) {
        v.now += 25 * FB_MINUTE;
        int want = i < 28 ? 200 : 302; /* 12 h = 28.8 times 25 min */
        ck_assert_msg(get(&v, "/act")->status == want, "after %d", i);
    }
}
END_TEST

/* X6: remembered, renewed as non-fresh; revocable on the server. */
START_TEST(remembers)
{
    visitor v = logged_in("ann@example.org", "User", "&remember_me=y");
    ck_assert_int_eq(get(&v, "/fresh")->status, 200);
    v.now += 11 * FB_MINUTE;
    ck_goes(get(&v, "/fresh"), 302, "/account/reauthenticate?next=%2Ffresh");
    v.now += 100 * FB_DAY;
    ck_assert_int_eq(get(&v, "/act")->status, 200);
    ck_goes(get(&v, "/fresh"), 302, "/account/reauthenticate?next=%2Ffresh");
    v.now += 300 * FB_DAY; /* rolling */
    ck_assert_int_eq(get(&v, "/act")->status, 200);
    fb_user *user = NULL;
    ck_assert_ok(fb_user_find_by_email(&user, db, FB_STR("ann@example.org"), pool, &error));
    ck_assert_ok(fb_login_end_all(NULL, db, user->uid, 0, "ended", v.now, pool, &error));
    ck_goes(get(&v, "/act"), 302, "/account/login?next=%2Fact");
    v = new_visitor();
    ck_assert_int_eq(log_in(&v, "ann@example.org", PASSWORD, "&remember_me=y")->status, 303);
    v.now += 366 * FB_DAY;
    ck_goes(get(&v, "/act"), 302, "/account/login?next=%2Fact");
}
END_TEST

/* R28, ASVS 7.2.4: re-authentication makes the login fresh, under a new session. */
START_TEST(reauthenticates)
{
    visitor v = logged_in("ann@example.org", "User", "&remember_me=y");
    v.now += 11 * FB_MINUTE;
    visitor old = v;
    const char *token = token_in(get(&v, "/account/reauthenticate"));
    fb_reply *reply =
        ask(&v, "POST", "/account/reauthenticate",
            apr_pstrcat(pool, "csrf_token=", token,
                        "&email=a%40b.de&password=", "three+kettles+on+a+boat", NULL));
    ck_assert_int_eq(reply->status, 303);
    ck_assert_int_eq(get(&v, "/fresh")->status, 200);
    ck_goes(get(&old, "/act"), 302, "/account/login?next=%2Fact");
}
END_TEST

/* X7: another network or browser. */
START_TEST(protects)
{
    visitor v = logged_in("ann@example.org", "User", "");
    v.agent = "Mozilla/5.0 Firefox/141.0 updated";
    ck_assert_int_eq(get(&v, "/act")->status, 200);
    visitor thief = v;
    thief.address = 77;
    ck_goes(get(&thief, "/act"), 302, "/account/login?next=%2Fact");
    ck_goes(get(&v, "/act"), 302, "/account/login?next=%2Fact"); /* it ended */
    v = new_visitor();
    ck_assert_int_eq(log_in(&v, "ann@example.org", PASSWORD, "&remember_me=y")->status, 303);
    ck_assert_int_eq(get(&v, "/fresh")->status, 200);
    v.address = 77; /* D40: a phone moves on */
    ck_assert_int_eq(get(&v, "/act")->status, 200);
    ck_goes(get(&v, "/fresh"), 302, "/account/reauthenticate?next=%2Ffresh");
    site->config.protection = FB_PROTECTION_BASIC;
    v = new_visitor();
    ck_assert_int_eq(log_in(&v, "ann@example.org", PASSWORD, "")->status, 303);
    v.agent = "curl/8.0";
    ck_assert_int_eq(get(&v, "/act")->status, 200);
    ck_goes(get(&v, "/fresh"), 302, "/account/reauthenticate?next=%2Ffresh");
    site->config.protection = FB_PROTECTION_NONE;
    v = new_visitor();
    ck_assert_int_eq(log_in(&v, "ann@example.org", PASSWORD, "")->status, 303);
    v.agent = "curl/8.0";
    ck_assert_int_eq(get(&v, "/fresh")->status, 200);
}
END_TEST

/* SECURITY 3: without a database the anonymous pages go on, others say 503. */
START_TEST(lives_without_a_database)
{
    visitor v = logged_in("ann@example.org", "User", ""), anonymous = new_visitor();
    db_away = true;
    ck_assert_int_eq(get(&anonymous, "/")->status, 200);
    ck_assert_int_eq(get(&anonymous, "/account/login")->status, 200);
    ck_assert_int_eq(get(&anonymous, "/nothing")->status, 404);
    fb_reply *reply = get(&v, "/act");
    ck_assert_int_eq(reply->status, 503);
    ck_assert_str_ne(header(reply, "Retry-After"), "");
    ck_assert_str_eq(header(reply, "Set-Cookie"), ""); /* the login is not thrown away */
    ck_assert_int_eq(log_in(&anonymous, "ann@example.org", PASSWORD, "")->status, 503);
    db_away = false;
    ck_assert_int_eq(get(&v, "/act")->status, 200);
}
END_TEST

/* X14: what fails leaves the session as the browser has it, whoever opened it. */
START_TEST(takes_back_changes)
{
    static const unsigned char zero[FB_SESSION_ID_LEN];
    for (int shares = 0; shares < 2; shares++) {
        visitor v = logged_in(shares ? "a@example.org" : "b@example.org", "User", ""), anonymous;
        const char *cookie = v.cookie;
        v.shares = shares != 0;
        ck_assert_int_eq(get(&v, "/act")->status, 200);
        fb_session before = v.shares ? *v.session : (fb_session){ .state = FB_SESSION_NONE };
        fb_reply *reply = get(&v, "/halfway");
        ck_assert_int_eq(reply->status, 503);
        ck_assert_str_eq(header(reply, "Set-Cookie"), "");
        ck_assert_str_eq(v.cookie, cookie);
        if (v.shares) {
            ck_assert_int_eq(v.session->state, FB_SESSION_CLEAN);
            ck_assert(v.session->has_login);
            ck_assert_mem_eq(v.session->id, before.id, sizeof before.id);
            ck_assert_mem_eq(v.session->key, before.key, sizeof before.key);
            ck_assert_uint_eq(v.session->entry_count, 0);
        }
        /* Without a cookie the page's token belongs to a session with an id, not to none. */
        anonymous = new_visitor();
        anonymous.shares = shares != 0;
        reply = get(&anonymous, "/broken");
        ck_assert_int_eq(reply->status, 500);
        ck_assert_str_eq(header(reply, "Set-Cookie"), "");
        ck_assert(!anonymous.shares || anonymous.session->state == FB_SESSION_NONE);
        reply = get(&anonymous, "/halfway");
        ck_assert_int_eq(reply->status, 503);
        ck_assert_ptr_nonnull(anonymous.cookie);
        ck_assert(!anonymous.shares || memcmp(anonymous.session->id, zero, sizeof zero) != 0);
        reply = ask(&anonymous, "POST", "/account/login",
                    apr_pstrcat(pool, "email=&csrf_token=", token_in(reply), NULL));
        ck_assert_int_eq(reply->status, 200); /* the form again: the token was good */
    }
}
END_TEST

/* ---- what is logged ----------------------------------------------------------------------- */

static const char *logged; /* all lines */

static void keep_line(void *log_context, fb_log_level level, apr_status_t status, const char *line)
{
    (void)log_context;
    (void)level;
    (void)status;
    logged = apr_pstrcat(pool, logged, line, "\n", NULL);
}

/* ASVS 16.3.1-16.3.3: each event, with who and from where; 16.2.5: no secret. */
START_TEST(logs_security_events)
{
    static const char *const hosts[] = { "other.example" };
    logged = "";
    fb_log_set_sink(keep_line, FB_LOG_NOTICE);
    visitor v = logged_in("ann@example.org", "User", "");
    ck_has(logged, "security event=login user=1 client=192.0.2.7 method=POST "
                   "path=/account/login time=2026-01-11T00:00:00Z");
    visitor other = new_visitor();
    (void)log_in(&other, "ann@example.org", "hunter22", "");
    ck_has(logged, "event=login_failed user=1");
    (void)log_in(&other, "nobody@example.org", "hunter22", "");
    ck_has(logged, "event=login_failed client=");
    (void)ask(&v, "POST", "/act", "csrf_token=x");
    ck_has(logged, "event=csrf_refused user=1");
    (void)get(&v, "/admin/");
    ck_has(logged, "event=access_denied user=1");
    for (int i = 0; i < 10; i++) {
        (void)log_in(&other, "ann@example.org", "hunter22", "");
    }
    ck_has(logged, "event=throttled client=");
    site->config.hash_wait = 0;
    unsigned int slot;
    ck_assert_ok(fb_counters_slot(&slot, site->counters, 0));
    ck_lacks(logged, "event=busy");
    visitor early = new_visitor();
    ck_assert_int_eq(log_in(&early, "carl@example.org", PASSWORD, "")->status, 503);
    fb_counters_release(site->counters, slot);
    ck_has(logged, "event=busy client=192.0.2.7 method=POST path=/account/login");
    const char *csrf = token_in(get(&v, "/account/reauthenticate"));
    (void)ask(&v, "POST", "/account/reauthenticate",
              apr_pstrcat(pool, "csrf_token=", csrf, "&email=a%40b.de&password=hunter22", NULL));
    ck_has(logged, "event=password_failed user=1 client=192.0.2.7 method=POST "
                   "path=/account/reauthenticate");
    ck_lacks(logged, "event=reauthenticated");
    csrf = token_in(get(&v, "/account/reauthenticate"));
    (void)ask(&v, "POST", "/account/reauthenticate",
              apr_pstrcat(pool, "csrf_token=", csrf,
                          "&email=a%40b.de&password=", "three+kettles+on+a+boat", NULL));
    ck_has(logged, "event=reauthenticated user=1 client=192.0.2.7 method=POST "
                   "path=/account/reauthenticate");
    const char *token = token_in(get(&v, "/account/logout"));
    (void)ask(&v, "POST", "/account/logout", apr_pstrcat(pool, "csrf_token=", token, NULL));
    ck_has(logged, "event=logout user=1");
    visitor moved = logged_in("bob@example.org", "User", "");
    moved.address = 99;
    (void)get(&moved, "/act");
    ck_has(logged, "event=session_ended user=2");
    site->config.any_host = false;
    site->config.hosts = hosts;
    site->config.host_count = 1;
    (void)get(&other, "/page/a b\ngefälscht");
    ck_has(logged, "event=host_refused client=192.0.2.7 method=GET path=/page/a%20b%0Agef");
    ck_lacks(logged, "hunter22");
    ck_lacks(logged, "kettles");
    ck_lacks(logged, "example.org");
    ck_lacks(logged, token);
    fb_log_set_sink(NULL, FB_LOG_NOTICE);
}
END_TEST

/* X10: a HEAD request takes no message away. */
START_TEST(keeps_messages_from_head)
{
    visitor v = new_visitor();
    (void)get(&v, "/act");
    ck_has(body_of(ask(&v, "HEAD", "/page", NULL)), "Please log in");
    ck_has(body_of(get(&v, "/page")), "Please log in");
    ck_lacks(body_of(get(&v, "/page")), "Please log in");
}
END_TEST

static void add(TCase *tests)
{
    tcase_add_test(tests, answers_everything);
    tcase_add_test(tests, caches);
    tcase_add_test(tests, warms_pure_pages);
    tcase_add_test(tests, redirects_to_https);
    tcase_add_test(tests, honours_the_mount);
    tcase_add_test(tests, guards);
    tcase_add_test(tests, gates);
    tcase_add_test(tests, demands_tokens);
    tcase_add_test(tests, shows_an_expired_form_again);
    tcase_add_test(tests, logs_in_and_out);
    tcase_add_test(tests, refuses_alike);
    tcase_add_test(tests, draws_forms);
    tcase_add_test(tests, throttles);
    tcase_add_test(tests, lets_the_owner_in);
    tcase_add_test(tests, throttles_the_many);
    tcase_add_test(tests, does_not_throttle_the_good);
    tcase_add_test(tests, refuses_when_busy);
    tcase_add_test(tests, rehashes);
    tcase_add_test(tests, ends_logins);
    tcase_add_test(tests, remembers);
    tcase_add_test(tests, reauthenticates);
    tcase_add_test(tests, protects);
    tcase_add_test(tests, lives_without_a_database);
    tcase_add_test(tests, takes_back_changes);
    tcase_add_test(tests, logs_security_events);
    tcase_add_test(tests, keeps_messages_from_head);
}

int main(void)
{
    return store_main("web_dispatch", add, setup, STORE_SQLITE);
}
