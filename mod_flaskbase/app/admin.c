/* Blueprint admin: what administrators see and do. */
#include "app/app.h"
#include "store/role.h"
#include "web/context.h"

#include "base/banned.h"

static fb_handler index_page;

/* clang-format off */
static const fb_route routes[] = {
    { .pattern = "/", .methods = FB_GET, .endpoint = "admin.index", .view = index_page,
      .access = FB_ACCESS_LOGIN, .permission = FB_PERMISSION_ADMINISTER,
      .doc = "Dashboard (R16)" },
};
/* clang-format on */

const fb_blueprint fb_app_admin = {
    .name = "admin",
    .prefix = "/admin",
    .routes = routes,
    .route_count = sizeof routes / sizeof routes[0],
    .doc = "Administration",
};

static apr_status_t index_page(fb_context *context, fb_error *error)
{
    return fb_context_render(context, 200, "admin/index.html", error);
}
