/* Blueprint main: the home page and the pages that administrators edit. */
#include "app/app.h"
#include "app/html_clean.h"
#include "store/editable.h"
#include "web/context.h"

#include "base/banned.h"

static fb_handler index_page, about_page;

/* clang-format off */
static const fb_route routes[] = {
    { .pattern = "/", .methods = FB_GET, .endpoint = "main.index", .view = index_page,
      .flags = FB_ROUTE_PURE, .doc = "Home page (R1)" },
    { .pattern = "/about", .methods = FB_GET, .endpoint = "main.about", .view = about_page,
      .doc = "The editable page \"about\" (R2)" },
};
/* clang-format on */

const fb_blueprint fb_app_main = {
    .name = "main",
    .prefix = "",
    .routes = routes,
    .route_count = sizeof routes / sizeof routes[0],
    .doc = "Home and public pages",
};

static apr_status_t index_page(fb_context *context, fb_error *error)
{
    return fb_context_render(context, 200, "main/index.html", error);
}

/* What is stored under `name`, cleaned again before it is shown: the row may be older than our
 * rules, or come from another program. Empty when nobody has saved that page. */
static apr_status_t editable_content(fb_str *out, fb_context *context, fb_str name, fb_error *error)
{
    fb_editable *page = NULL;
    fb_db *db;

    apr_status_t rv = fb_context_db(&db, context, error);
    if (rv == APR_SUCCESS) {
        rv = fb_editable_find(&page, db, name, context->pool, error);
    }
    if (rv != APR_SUCCESS && rv != FB_ENOTFOUND) {
        return rv;
    }
    return fb_html_clean(out, page != NULL ? page->value : FB_STR(""), context->pool, error);
}

static apr_status_t about_page(fb_context *context, fb_error *error)
{
    fb_str content;

    apr_status_t rv = editable_content(&content, context, FB_STR("about"), error);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    fb_context_set_markup(context, "editable_html", content);
    return fb_context_render(context, 200, "main/about.html", error);
}
