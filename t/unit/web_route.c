/* The router: matching, 405 and Allow, trailing slash, ownership, url_for (SPEC X5, R, T6). */
#include "unit.h"

#include "web/route.h"

static apr_status_t nothing(struct fb_context *context, fb_error *e)
{
    (void)context;
    (void)e;
    return APR_SUCCESS;
}

#define ROW(p, m, e)                                                                               \
    {                                                                                              \
        .pattern = (p), .methods = (m), .endpoint = (e), .view = nothing, .doc = "x"               \
    }

static const fb_route main_rows[] = {
    ROW("/", FB_GET, "main.index"),
    ROW("/about", FB_GET, "main.about"),
    ROW("/static/<path:filename>", FB_GET, "static"),
};
static const fb_route account_rows[] = {
    ROW("/login", FB_GET | FB_POST, "account.login"),
    ROW("/manage", FB_GET, "account.manage"),
    ROW("/manage/info", FB_GET, "account.manage"),
    ROW("/reset-password", FB_GET | FB_POST, "account.reset_password_request"),
    ROW("/reset-password/<token>", FB_GET | FB_POST, "account.reset_password"),
    ROW("/join-from-invite/<int:user_id>/<token>", FB_GET, "account.join"),
    ROW("/join-from-invite/<int:user_id>/<token>", FB_POST, "account.join"),
};
static const fb_route admin_rows[] = {
    ROW("/", FB_GET, "admin.index"),
    ROW("/user/<int:user_id>", FB_GET, "admin.user_info"),
    ROW("/user/<int:user_id>/info", FB_GET, "admin.user_info"),
    ROW("/user/<int:user_id>/_delete", FB_POST, "admin.delete_user"),
};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
static const fb_blueprint main_bp = { "main", "", main_rows, COUNT(main_rows), "x" };
static const fb_blueprint account_bp = { "account", "/account", account_rows, COUNT(account_rows),
                                         "x" };
static const fb_blueprint admin_bp = { "admin", "/admin", admin_rows, COUNT(admin_rows), "x" };
static const fb_blueprint *const all[] = { &main_bp, &account_bp, &admin_bp };

static fb_router *router(void)
{
    fb_router *r = NULL;
    ck_assert_ok(fb_router_create(&r, all, COUNT(all), pool, &error));
    return r;
}

/* SPEC X5: wrong method 405 with Allow, HEAD as GET, /admin -> /admin/, non-integer id 404. */
START_TEST(matches)
{
    static const struct {
        const char *path;
        fb_http_method method;
        int status;
        const char *endpoint; /* or Allow for 405 and 204 */
    } rows[] = {
        { "/", FB_GET, 0, "main.index" },
        { "/", FB_HEAD, 0, "main.index" },
        { "/", FB_POST, 405, "GET, HEAD, OPTIONS" },
        { "/", FB_OPTIONS, 204, "GET, HEAD, OPTIONS" },
        { "/", FB_METHOD_OTHER, 405, "GET, HEAD, OPTIONS" },
        { "/about", FB_GET, 0, "main.about" },
        { "/about/", FB_GET, 404, NULL },
        { "/aboutx", FB_GET, 404, NULL },
        { "/abou", FB_GET, 404, NULL },
        { "", FB_GET, 404, NULL },
        { "about", FB_GET, 404, NULL },
        { "//", FB_GET, 404, NULL },
        { "/account", FB_GET, 404, NULL },
        { "/account/login", FB_POST, 0, "account.login" },
        { "/account/login", FB_DELETE, 405, "GET, HEAD, POST, OPTIONS" },
        { "/account//login", FB_GET, 404, NULL },
        { "/account/manage", FB_GET, 0, "account.manage" },
        { "/account/manage/info", FB_GET, 0, "account.manage" },
        { "/account/reset-password", FB_GET, 0, "account.reset_password_request" },
        { "/account/reset-password/", FB_GET, 404, NULL },
        { "/account/reset-password/a.b-c", FB_GET, 0, "account.reset_password" },
        { "/account/reset-password/a/b", FB_GET, 404, NULL },
        { "/account/join-from-invite/7/tok", FB_GET, 0, "account.join" },
        { "/account/join-from-invite/7/tok", FB_POST, 0, "account.join" },
        { "/account/join-from-invite/7/tok", FB_PUT, 405, "GET, HEAD, POST, OPTIONS" },
        { "/account/join-from-invite/x/tok", FB_GET, 404, NULL },
        { "/admin", FB_GET, 308, NULL },
        { "/admin", FB_POST, 308, NULL },
        { "/admin/", FB_GET, 0, "admin.index" },
        { "/admin//", FB_GET, 404, NULL },
        { "/admin/user/12", FB_GET, 0, "admin.user_info" },
        { "/admin/user/12/", FB_GET, 404, NULL },
        { "/admin/user/012", FB_GET, 0, "admin.user_info" },
        { "/admin/user/-1", FB_GET, 404, NULL },
        { "/admin/user/+1", FB_GET, 404, NULL },
        { "/admin/user/1.0", FB_GET, 404, NULL },
        { "/admin/user/0x1", FB_GET, 404, NULL },
        { "/admin/user/ 1", FB_GET, 404, NULL },
        { "/admin/user/", FB_GET, 404, NULL },
        { "/admin/user/9223372036854775807", FB_GET, 0, "admin.user_info" },
        { "/admin/user/9223372036854775808", FB_GET, 404, NULL },
        { "/admin/user/99999999999999999999", FB_GET, 404, NULL },
        { "/admin/user/\xd9\xa1", FB_GET, 404, NULL },              /* an Arabic digit */
        { "/admin/user/12/_delete", FB_GET, 405, "POST, OPTIONS" }, /* R24 */
        { "/admin/user/12/_delete", FB_POST, 0, "admin.delete_user" },
        { "/static/app.css", FB_GET, 0, "static" },
        { "/static/a/b/c.css", FB_GET, 0, "static" },
        { "/static/", FB_GET, 404, NULL },
        { "/static", FB_GET, 404, NULL },
    };
    fb_router *r = router();
    for (size_t i = 0; i < COUNT(rows); i++) {
        fb_match m;
        fb_router_match(&m, r, fb_str_from(rows[i].path), rows[i].method);
        ck_assert_msg(m.status == rows[i].status, "%s: %d", rows[i].path, m.status);
        if (rows[i].status == 0) {
            ck_assert_str_eq(m.route->endpoint, rows[i].endpoint);
        } else if (rows[i].endpoint != NULL) {
            ck_assert_str_eq(m.allow, rows[i].endpoint);
        }
    }
}
END_TEST

START_TEST(passes_arguments)
{
    fb_match m;
    fb_router *r = router();
    fb_router_match(&m, r, FB_STR("/account/join-from-invite/42/a%2Fb"), FB_GET);
    ck_assert_uint_eq(m.arg_count, 2);
    ck_assert_str_eq(m.args[0].name, "user_id");
    ck_assert_int_eq(m.args[0].number, 42);
    ck_assert_str_eq(m.args[1].name, "token");
    ck_assert_fb_str(m.args[1].text, "a%2Fb");
    fb_router_match(&m, r, FB_STR("/static/css/app.css"), FB_GET);
    ck_assert_fb_str(m.args[0].text, "css/app.css");
    ck_assert_str_eq(m.args[0].name, "filename");
}
END_TEST

/* SPEC X5: exactly the routes, everything under /account and /admin, and the asset folder. */
START_TEST(owns)
{
    static const struct {
        const char *path;
        fb_owns owns;
    } rows[] = {
        { "/", FB_OWNS },
        { "/about", FB_OWNS },
        { "/account", FB_OWNS },
        { "/account/", FB_OWNS },
        { "/account/nothing", FB_OWNS },
        { "/accounts", FB_OWNS_NOT },
        { "/admin", FB_OWNS },
        { "/admin/x/y", FB_OWNS },
        { "/administrator", FB_OWNS_NOT },
        { "/static/x", FB_OWNS },
        { "/robots.txt", FB_OWNS_NOT },
        { "/index.html", FB_OWNS_NOT },
        { "/.well-known/x", FB_OWNS_NOT },
        { "", FB_OWNS_NOT },
        { "*", FB_OWNS_NOT },
    };
    fb_router *r = router();
    for (size_t i = 0; i < COUNT(rows); i++) {
        ck_assert_msg(fb_router_owns(r, fb_str_from(rows[i].path)) == rows[i].owns, "%s",
                      rows[i].path);
    }
}
END_TEST

static const char *build(const char *endpoint, const char *n1, const char *v1, const char *n2,
                         const char *v2)
{
    fb_url_arg args[2] = { { n1, fb_str_from(v1) }, { n2, fb_str_from(v2) } };
    size_t count = n2 != NULL ? 2 : n1 != NULL ? 1 : 0;
    fb_str url;
    apr_status_t s = fb_router_build(&url, router(), endpoint, args, count, pool, NULL);
    return s == APR_SUCCESS ? fb_str_to_z(pool, url) : s == FB_ENOTFOUND ? "ENOTFOUND" : "EINVALID";
}

START_TEST(builds)
{
    ck_assert_str_eq(build("main.index", NULL, NULL, NULL, NULL), "/");
    ck_assert_str_eq(build("admin.index", NULL, NULL, NULL, NULL), "/admin/");
    ck_assert_str_eq(build("account.manage", NULL, NULL, NULL, NULL), "/account/manage");
    ck_assert_str_eq(build("admin.user_info", "user_id", "7", NULL, NULL), "/admin/user/7");
    ck_assert_str_eq(build("admin.user_info", "user_id", "x", NULL, NULL), "EINVALID");
    ck_assert_str_eq(build("admin.user_info", NULL, NULL, NULL, NULL), "EINVALID");
    ck_assert_str_eq(build("account.join", "token", "a/b", "user_id", "7"), "EINVALID");
    ck_assert_str_eq(build("account.join", "token", "a b?\xc3\xa4#", "user_id", "7"),
                     "/account/join-from-invite/7/a%20b%3F%C3%A4%23");
    ck_assert_str_eq(build("account.login", "next", "/a?b=c&d", NULL, NULL),
                     "/account/login?next=%2Fa%3Fb%3Dc%26d");
    ck_assert_str_eq(build("account.login", "next", NULL, "x", "a b"), "/account/login?x=a+b");
    ck_assert_str_eq(build("static", "filename", "css/a b.css", NULL, NULL),
                     "/static/css/a%20b.css");
    ck_assert_str_eq(build("nowhere", NULL, NULL, NULL, NULL), "ENOTFOUND");
}
END_TEST

START_TEST(refuses_bad_tables)
{
    static const fb_route bad[] = {
        ROW("nothing", FB_GET, "x"),
        ROW("/a//b", FB_GET, "x"),
        ROW("/<float:x>", FB_GET, "x"),
        ROW("/a<b>", FB_GET, "x"),
        ROW("/<>", FB_GET, "x"),
        ROW("/<path:p>/x", FB_GET, "x"),
        ROW("/<int:>", FB_GET, "x"),
        ROW("/x", 0, "x"),
        ROW("/about", FB_GET, "x"),
        ROW("/<a>/<b>/<c>/<d>/<e>", FB_GET, "x"),
        { .pattern = "/p",
          .methods = FB_GET,
          .endpoint = "x",
          .view = nothing,
          .doc = "x",
          .permission = 1 },
        { .pattern = "/p", .methods = FB_GET, .endpoint = "x", .view = NULL, .doc = "x" },
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        fb_blueprint bp = { "bad", "", &bad[i], 1, "x" };
        const fb_blueprint *const with[] = { &main_bp, &bp };
        fb_router *r = NULL;
        ck_assert_msg(fb_router_create(&r, with, 2, pool, &error) == FB_EINVALID, "%s",
                      bad[i].pattern);
        ck_assert_ptr_nonnull(error.message);
        fb_error_init(&error, pool);
    }
    static const fb_route two[] = { ROW("/u/<int:a>", FB_GET, "x"),
                                    ROW("/u/<int:b>/c", FB_GET, "y") };
    fb_blueprint bp = { "two", "", two, 2, "x" };
    const fb_blueprint *const with[] = { &bp };
    fb_router *r = NULL;
    ck_assert_status(fb_router_create(&r, with, 1, pool, &error), FB_EINVALID);
}
END_TEST

static void add(TCase *tests)
{
    tcase_add_test(tests, matches);
    tcase_add_test(tests, passes_arguments);
    tcase_add_test(tests, owns);
    tcase_add_test(tests, builds);
    tcase_add_test(tests, refuses_bad_tables);
}

int main(void)
{
    return unit_main("web_route", add);
}
