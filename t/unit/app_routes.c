/* The application's route table: each row has a policy and a place (SPEC section 2; ASVS 8.1.1). */
#include "unit.h"

#include "app/app.h"
#include "store/role.h"

#include <stdio.h>
#include <string.h>

static const fb_route *row_of(apr_size_t *at, const fb_blueprint **blueprint)
{
    apr_size_t index = (*at)++;
    for (apr_size_t b = 0; b < fb_app_blueprint_count; b++) {
        *blueprint = fb_app_blueprints[b];
        if (index < (*blueprint)->route_count) {
            return &(*blueprint)->routes[index];
        }
        index -= (*blueprint)->route_count;
    }
    return NULL;
}

START_TEST(every_row_says_who_may)
{
    const fb_blueprint *blueprint;
    const fb_route *row;

    for (apr_size_t at = 0; (row = row_of(&at, &blueprint)) != NULL;) {
        ck_assert_msg(row->doc != NULL && strchr(row->doc, '(') != NULL, "%s: doc without its row",
                      row->endpoint);
        ck_assert_msg(row->view != NULL && row->methods != 0, "%s: nothing to do", row->endpoint);
        ck_assert_msg(strncmp(row->endpoint, blueprint->name, strlen(blueprint->name)) == 0 &&
                          row->endpoint[strlen(blueprint->name)] == '.',
                      "%s is not named after %s", row->endpoint, blueprint->name);
        ck_assert_msg((row->flags & FB_ROUTE_NO_CSRF) == 0, "%s opts out of X1", row->endpoint);
        ck_assert_msg(row->permission == 0 || row->access != FB_ACCESS_PUBLIC,
                      "%s asks for a permission but not for a login", row->endpoint);
        if (strcmp(blueprint->name, "admin") == 0) {
            ck_assert_msg(row->permission != 0, "%s is open to every user", row->endpoint);
        }
        if (strcmp(blueprint->name, "account") == 0 && (row->methods & FB_POST) != 0 &&
            row->access == FB_ACCESS_PUBLIC) {
            ck_assert_msg(row->limit != FB_LIMIT_NONE, "%s has no limit", row->endpoint);
        }
        /* Only public pages can be the same for everybody. */
        ck_assert_msg((row->flags & FB_ROUTE_PURE) == 0 ||
                          (row->access == FB_ACCESS_PUBLIC && row->methods == FB_GET),
                      "%s can not be pure", row->endpoint);
    }
}
END_TEST

/* Endpoints, their addresses and methods as SPEC section 2 names them. */
START_TEST(addresses_are_those_of_flask_base)
{
    static const struct {
        const char *endpoint, *path;
        unsigned int methods;
    } rows[] = {
        { "main.index", "/", FB_GET },
        { "main.about", "/about", FB_GET },
        { "account.login", "/account/login", FB_GET | FB_POST },
        { "account.logout", "/account/logout", FB_GET | FB_POST },
        { "account.manage", "/account/manage", FB_GET },
        { "account.unconfirmed", "/account/unconfirmed", FB_GET },
        { "account.reauthenticate", "/account/reauthenticate", FB_GET | FB_POST },
        { "account.change_required", "/account/change-required", FB_GET | FB_POST },
        { "admin.index", "/admin/", FB_GET },
    };
    fb_router *router;
    fb_match match;
    fb_str path;

    ck_assert_ok(
        fb_router_create(&router, fb_app_blueprints, fb_app_blueprint_count, pool, &error));
    for (apr_size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert_ok(fb_router_build(&path, router, rows[i].endpoint, NULL, 0, pool, &error));
        ck_assert_msg(fb_str_eq_z(path, rows[i].path), "%s is at %.*s", rows[i].endpoint,
                      FB_STR_ARG(path));
        fb_router_match(&match, router, path, FB_GET);
        ck_assert_int_eq(match.status, 0);
        ck_assert_str_eq(match.route->endpoint, rows[i].endpoint);
        ck_assert_uint_eq(match.route->methods, rows[i].methods);
    }
    fb_router_match(&match, router, FB_STR("/account/manage/info"), FB_GET);
    ck_assert_str_eq(match.route->endpoint, "account.manage");
    fb_router_match(&match, router, FB_STR("/account/manage"), FB_POST);
    ck_assert_int_eq(match.status, 405);
    fb_router_match(&match, router, FB_STR("/admin"), FB_GET);
    ck_assert_int_eq(match.status, 308);
}
END_TEST

static void add(TCase *tests)
{
    tcase_add_test(tests, every_row_says_who_may);
    tcase_add_test(tests, addresses_are_those_of_flask_base);
}

int main(void)
{
    return unit_main("app_routes", add);
}
