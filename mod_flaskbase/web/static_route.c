/* /static/…: looked up in the manifest, never opened by the name that was asked for. */
#include "web/static_route.h"

#include "web/assets.h"
#include "web/context.h"

#include "base/banned.h"

static fb_handler serve_file;

static const fb_route routes[] = {
    { .pattern = "/static/<path:filename>",
      .methods = FB_GET,
      .endpoint = "static",
      .view = serve_file,
      .flags = FB_ROUTE_NO_SESSION,
      .doc = "Static files; hashed names are immutable for a year (R27)" },
};

const fb_blueprint fb_web_static = {
    .name = "static",
    .prefix = "",
    .routes = routes,
    .route_count = sizeof routes / sizeof routes[0],
    .doc = "Static files",
};

static apr_status_t serve_file(fb_context *context, fb_error *error)
{
    (void)error;
    return fb_assets_serve(context->reply, context->site->assets, context->request,
                           fb_context_str(context, "filename"));
}
