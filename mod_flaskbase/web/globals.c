/* Functions and objects that every template of the site can use. */
#include "web/globals.h"

#include "template/vm.h"
#include "web/assets.h"
#include "web/auth.h"
#include "web/csrf.h"
#include "web/form_object.h"
#include "web/user_object.h"

#include <apr_strings.h>
#include <string.h>

#include "base/banned.h"

#define URL_VALUES_MAX 16

/* The request that is being answered, or an error when there is none (`flaskbase render`). */
static apr_status_t need_context(fb_context **out, fb_vm *vm, const char *what, fb_error *error)
{
    *out = fb_vm_user(vm);
    return *out != NULL ? APR_SUCCESS
                        : fb_raise(error, "RuntimeError", "%s works only inside a request", what);
}

static fb_value arena_string(fb_vm *vm, fb_str s, fb_tag tag)
{
    fb_str copy = fb_arena_str(fb_vm_arena(vm), s);
    return tag == FB_MARKUP ? fb_markup(copy) : fb_string(copy);
}

/* ---- url_for ---- */

static apr_status_t url_values(fb_url_arg *out, apr_size_t *count, fb_url_kind *kind, fb_vm *vm,
                               fb_kwargs kwargs, fb_str *anchor, fb_error *error)
{
    apr_pool_t *pool = fb_vm_pool(vm);
    for (apr_size_t i = 0; i < kwargs.n; i++) {
        fb_value text;
        bool external;
        apr_status_t status;
        if (fb_str_eq_z(kwargs.v[i].name, "_external")) {
            status = fb_truth(vm, kwargs.v[i].value, &external, error);
            if (status != APR_SUCCESS) {
                return status;
            }
            *kind = external ? FB_URL_ABSOLUTE : FB_URL_PATH;
            continue;
        }
        if (fb_is_none(kwargs.v[i].value)) {
            continue;
        }
        status = fb_to_string(vm, kwargs.v[i].value, &text, error);
        if (status != APR_SUCCESS) {
            return status;
        }
        if (fb_str_eq_z(kwargs.v[i].name, "_anchor")) {
            *anchor = fb_value_str(text);
        } else if (*count == URL_VALUES_MAX) {
            return fb_raise(error, "BuildError", "url_for: more than %d values", URL_VALUES_MAX);
        } else {
            out[(*count)++] =
                (fb_url_arg){ fb_str_to_z(pool, kwargs.v[i].name), fb_value_str(text) };
        }
    }
    return APR_SUCCESS;
}

/* ".login" means the current blueprint, as in Flask. */
static const char *full_endpoint(const fb_context *context, fb_str name, apr_pool_t *pool)
{
    if (name.len > 0 && name.ptr[0] == '.' && context->route != NULL) {
        const char *dot = strchr(context->route->endpoint, '.');
        apr_size_t len = dot != NULL ? (apr_size_t)(dot - context->route->endpoint) : 0;
        return apr_pstrcat(pool, apr_pstrmemdup(pool, context->route->endpoint, len),
                           fb_str_to_z(pool, name), NULL);
    }
    return fb_str_to_z(pool, name);
}

static apr_status_t url_for(fb_vm *vm, fb_value self, fb_args args, fb_kwargs kwargs, fb_value *out,
                            fb_error *error)
{
    fb_url_arg values[URL_VALUES_MAX];
    apr_size_t count = 0;
    fb_url_kind kind = FB_URL_PATH;
    fb_str url, anchor = { NULL, 0 };
    fb_context *context;
    apr_pool_t *pool = fb_vm_pool(vm);

    (void)self;
    apr_status_t status = need_context(&context, vm, "url_for", error);
    if (status == APR_SUCCESS && !fb_is_string(args.v[0])) {
        status = fb_raise(error, "TypeError", "url_for needs the name of an endpoint");
    }
    if (status == APR_SUCCESS) {
        status = url_values(values, &count, &kind, vm, kwargs, &anchor, error);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    fb_error reason;
    fb_error_init(&reason, pool);
    const char *endpoint = full_endpoint(context, fb_value_str(args.v[0]), pool);
    if (fb_url_for(&url, context->site, endpoint, values, count, kind, pool, &reason) !=
        APR_SUCCESS) {
        return fb_raise(error, "BuildError", "%s", reason.message);
    }
    if (anchor.len > 0) {
        fb_text text;
        fb_text_init(&text, vm, url.len + anchor.len + 1);
        fb_text_add(&text, url);
        fb_text_add_char(&text, '#');
        fb_text_add(&text, anchor);
        return fb_text_finish(&text, FB_STR, out, error);
    }
    *out = arena_string(vm, url, FB_STR);
    return APR_SUCCESS;
}

static apr_status_t has_endpoint(fb_vm *vm, fb_value self, fb_args args, fb_kwargs kwargs,
                                 fb_value *out, fb_error *error)
{
    fb_context *context;
    const char *full;
    const fb_route *route;
    (void)self;
    (void)kwargs;
    apr_status_t status = need_context(&context, vm, "has_endpoint", error);
    if (status != APR_SUCCESS) {
        return status;
    }
    bool found = false;
    for (apr_size_t i = 0; !found && fb_is_string(args.v[0]) &&
                           (route = fb_router_row(context->site->router, i, &full)) != NULL;
         i++) {
        found = fb_str_eq_z(fb_value_str(args.v[0]), route->endpoint);
    }
    *out = fb_bool(found);
    return APR_SUCCESS;
}

/* ---- flash messages ---- */

static bool wanted(fb_value filter, const char *category)
{
    if (!fb_is_sequence(filter) || filter.as.list->len == 0) {
        return fb_is_string(filter) ? fb_str_eq_z(fb_value_str(filter), category) : true;
    }
    for (uint32_t i = 0; i < filter.as.list->len; i++) {
        fb_value item = filter.as.list->items[i];
        if (fb_is_string(item) && fb_str_eq_z(fb_value_str(item), category)) {
            return true;
        }
    }
    return false;
}

static apr_status_t get_flashed_messages(fb_vm *vm, fb_value self, fb_args args, fb_kwargs kwargs,
                                         fb_value *out, fb_error *error)
{
    fb_context *context;
    bool with_categories = false;
    (void)self;
    (void)kwargs;
    apr_status_t status = need_context(&context, vm, "get_flashed_messages", error);
    if (status == APR_SUCCESS && !fb_is_absent(args.v[0])) {
        status = fb_truth(vm, args.v[0], &with_categories, error);
    }
    fb_list *list = fb_list_create(fb_vm_arena(vm), 0);
    fb_flashes *queue =
        status == APR_SUCCESS && context->session != NULL ? &context->session->flashes : NULL;
    for (unsigned int i = 0; status == APR_SUCCESS && queue != NULL && i < queue->count; i++) {
        fb_flash *flash = &queue->items[i];
        const char *category = fb_flash_category(flash->id);
        if (!wanted(args.v[1], category)) {
            continue;
        }
        fb_value text = fb_markup(fb_flash_markup(flash, context->pool));
        /* A HEAD shows nothing to anybody: the message waits for the page. */
        if (context->request->method != FB_HEAD) {
            flash->shown = true;
            context->session->state = FB_SESSION_DIRTY;
        }
        status = fb_list_push(
            list, with_categories ? fb_tuple2(fb_vm_arena(vm), fb_string_z(category), text) : text,
            fb_vm_arena(vm));
    }
    *out = fb_list_value(list);
    return status;
}

/* ---- the rest ---- */

static apr_status_t csrf_token(fb_vm *vm, fb_value self, fb_args args, fb_kwargs kwargs,
                               fb_value *out, fb_error *error)
{
    fb_context *context;
    fb_str token;
    (void)self;
    (void)args;
    (void)kwargs;
    apr_status_t status = need_context(&context, vm, "csrf_token", error);
    if (status == APR_SUCCESS) {
        status = fb_csrf_token(&token, context, error);
    }
    if (status == APR_SUCCESS) {
        *out = fb_string(token);
    }
    return status;
}

/* Address of the page where work of that role begins (role.index). */
static apr_status_t index_for_role(fb_vm *vm, fb_value self, fb_args args, fb_kwargs kwargs,
                                   fb_value *out, fb_error *error)
{
    fb_context *context;
    fb_value index;
    fb_str url;
    (void)self;
    (void)kwargs;
    apr_status_t status = need_context(&context, vm, "index_for_role", error);
    if (status == APR_SUCCESS) {
        status = fb_getattr(vm, args.v[0], FB_STR("index"), &index, error);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    const char *endpoint =
        fb_is_string(index)
            ? fb_str_to_z(fb_vm_pool(vm), fb_str_printf(fb_vm_pool(vm), "%.*s.index",
                                                        FB_STR_ARG(fb_value_str(index))))
            : "main.index";
    if (fb_url_for(&url, context->site, endpoint, NULL, 0, FB_URL_PATH, fb_vm_pool(vm), NULL) !=
        APR_SUCCESS) {
        status = fb_url_for(&url, context->site, "main.index", NULL, 0, FB_URL_PATH, fb_vm_pool(vm),
                            error);
    }
    if (status == APR_SUCCESS) {
        *out = arena_string(vm, url, FB_STR);
    }
    return status;
}

/* What {% assets %} walks through: the addresses of the bundles' files. */
static apr_status_t assets_urls(fb_vm *vm, fb_value self, fb_args args, fb_kwargs kwargs,
                                fb_value *out, fb_error *error)
{
    static const struct {
        const char *bundle;
        const char *file;
    } bundles[] = {
        { "app_css", "styles/app.css" },
        { "app_js", "scripts/app.js" },
        { "vendor_css", "styles/vendor.css" },
        { "vendor_js", "scripts/vendor.js" },
    };
    fb_context *context;
    fb_list *list = fb_list_create(fb_vm_arena(vm), 0);
    (void)self;
    (void)kwargs;
    apr_status_t status = need_context(&context, vm, "assets", error);
    for (apr_size_t i = 0; status == APR_SUCCESS && i < args.n; i++) {
        fb_str name = fb_is_string(args.v[i]) ? fb_value_str(args.v[i]) : FB_STR("");
        for (apr_size_t b = 0; b < sizeof bundles / sizeof bundles[0]; b++) {
            if (fb_str_eq_z(name, bundles[b].bundle)) {
                name = fb_str_from(bundles[b].file);
            }
        }
        if (fb_assets_find(context->site->assets, name) == NULL) {
            continue; /* an empty bundle */
        }
        fb_url_arg arg = { "filename", name };
        fb_str url;
        status =
            fb_url_for(&url, context->site, "static", &arg, 1, FB_URL_PATH, fb_vm_pool(vm), error);
        if (status == APR_SUCCESS) {
            status = fb_list_push(list, arena_string(vm, url, FB_STR), fb_vm_arena(vm));
        }
    }
    *out = fb_list_value(list);
    return status;
}

/* clang-format off */
static const fb_builtin functions[] = {
    { .name = "url_for", .fn = url_for, FB_PARAMS("endpoint"), .required = 1,
      .flags = FB_FN_CONTEXT | FB_FN_KWARGS,
      .doc = "Address of an endpoint; further keywords fill its route and then the query. "
             "_external=true gives an absolute one, _anchor a fragment." },
    { .name = "has_endpoint", .fn = has_endpoint, FB_PARAMS("endpoint"), .required = 1,
      .flags = FB_FN_CONTEXT, .doc = "Whether the site has a route of that name." },
    { .name = "get_flashed_messages", .fn = get_flashed_messages,
      FB_PARAMS("with_categories", "category_filter"), .flags = FB_FN_CONTEXT,
      .doc = "Messages of the last action, which are shown now; with categories as pairs." },
    { .name = "csrf_token", .fn = csrf_token, FB_NO_PARAMS, .flags = FB_FN_CONTEXT,
      .doc = "A token for the field csrf_token or the header X-CSRFToken." },
    { .name = "index_for_role", .fn = index_for_role, FB_PARAMS("role"), .required = 1,
      .flags = FB_FN_CONTEXT, .doc = "Address where the work of that role begins." },
    { .name = "is_hidden_field", .fn = fb_form_is_hidden_field, FB_PARAMS("field"), .required = 1,
      .flags = FB_FN_CONTEXT, .doc = "Whether a field of a form is not shown." },
    { .name = "assets_urls", .fn = assets_urls,
      .flags = FB_FN_CONTEXT | FB_FN_VARARGS | FB_FN_KWARGS,
      .doc = "Addresses of the files of asset bundles; the tag assets uses it." },
    { .name = NULL },
};
/* clang-format on */

apr_status_t fb_site_prepare_env(fb_env *env)
{
    static const char *const names[] = { "current_user", "config",    "request",
                                         "form",         "status",    "incident_id",
                                         "reason",       "retry_url", "retry_after_text" };
    apr_status_t status = APR_SUCCESS;
    for (const fb_builtin *row = functions; row->name != NULL && status == APR_SUCCESS; row++) {
        status = fb_env_add_function(env, row);
    }
    for (apr_size_t i = 0; i < sizeof names / sizeof names[0] && status == APR_SUCCESS; i++) {
        status = fb_env_declare(env, names[i]);
    }
    return status;
}

/* ---- config ---- */

typedef struct config_object {
    fb_object object;
    const fb_site *site;
} config_object;

typedef enum config_kind {
    CONFIG_APP_NAME,
    CONFIG_BASE_URL,
    CONFIG_DEBUG,
    CONFIG_SETTING
} config_kind;

/* Everything of the configuration that a template may see (never a secret). */
static const struct {
    const char *name;
    config_kind kind;
    fb_setting_id setting;
} config_rows[] = {
    { "APP_NAME", CONFIG_APP_NAME, FB_SET_APP_NAME },
    { "BASE_URL", CONFIG_BASE_URL, FB_SET_BASE_URL },
    { "DEBUG", CONFIG_DEBUG, FB_SET_PROFILE },
    { "FLASK_CONFIG", CONFIG_SETTING, FB_SET_PROFILE },
    { "REGISTRATION", CONFIG_SETTING, FB_SET_REGISTRATION },
    { "GOOGLE_ANALYTICS_ID", CONFIG_SETTING, FB_SET_GOOGLE_ANALYTICS_ID },
    { "SEGMENT_API_KEY", CONFIG_SETTING, FB_SET_SEGMENT_API_KEY },
};

static apr_status_t config_get(fb_vm *vm, fb_value self, fb_str name, fb_value *out,
                               fb_error *error)
{
    const fb_site *site = ((const config_object *)self.as.object)->site;
    (void)vm;
    (void)error;
    for (apr_size_t i = 0; i < sizeof config_rows / sizeof config_rows[0]; i++) {
        if (!fb_str_eq_z(name, config_rows[i].name)) {
            continue;
        }
        const char *text = NULL;
        switch (config_rows[i].kind) {
        case CONFIG_APP_NAME: text = site->config.app_name; break;
        case CONFIG_BASE_URL: text = site->config.base_url; break;
        case CONFIG_DEBUG: *out = fb_bool(site->config.development); return APR_SUCCESS;
        case CONFIG_SETTING:
            text = site->settings != NULL ? fb_settings_text(site->settings, config_rows[i].setting)
                                          : NULL;
            break;
        }
        *out = text != NULL ? fb_string_z(text) : fb_none();
        return APR_SUCCESS;
    }
    return FB_ENOTFOUND;
}

static apr_status_t config_item(fb_vm *vm, fb_value self, fb_value key, fb_value *out,
                                fb_error *error)
{
    return fb_is_string(key) ? config_get(vm, self, fb_value_str(key), out, error) : FB_ENOTFOUND;
}

/* config.get(name, default=None), as Flask's is a dict. */
static apr_status_t config_method_get(fb_vm *vm, fb_value self, fb_args args, fb_kwargs kwargs,
                                      fb_value *out, fb_error *error)
{
    (void)kwargs;
    if (config_item(vm, self, args.v[0], out, error) == FB_ENOTFOUND) {
        *out = fb_is_absent(args.v[1]) ? fb_none() : args.v[1];
    }
    return APR_SUCCESS;
}

static const fb_builtin config_methods[] = {
    { .name = "get",
      .fn = config_method_get,
      FB_PARAMS("name", "default"),
      .required = 1,
      .flags = FB_FN_CONTEXT,
      .doc = "A value of the configuration, or the default." },
    { .name = NULL },
};

static const fb_class config_class = {
    .name = "Config",
    .methods = config_methods,
    .get_attribute = config_get,
    .get_item = config_item,
};

/* ---- request ---- */

typedef struct request_object {
    fb_object object;
    fb_context *context;
} request_object;

static fb_context *context_of(fb_value self)
{
    return ((const request_object *)self.as.object)->context;
}

static apr_status_t request_endpoint(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    const fb_route *route = context_of(self)->route;
    (void)vm;
    (void)error;
    *out = route != NULL ? fb_string_z(route->endpoint) : fb_none();
    return APR_SUCCESS;
}

static apr_status_t request_blueprint(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    const fb_route *route = context_of(self)->route;
    (void)vm;
    (void)error;
    fb_str name = fb_str_from(route != NULL ? route->endpoint : "");
    apr_ssize_t dot = fb_str_find_char(name, '.');
    *out = dot > 0 ? fb_string(fb_str_sub(name, 0, (apr_size_t)dot)) : fb_none();
    return APR_SUCCESS;
}

static apr_status_t request_path(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    (void)vm;
    (void)error;
    *out = fb_string(context_of(self)->path);
    return APR_SUCCESS;
}

static apr_status_t request_method(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    (void)vm;
    (void)error;
    context_of(self)->impure = true;
    *out = fb_string(context_of(self)->request->method_token);
    return APR_SUCCESS;
}

static apr_status_t request_is_secure(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    (void)vm;
    (void)error;
    context_of(self)->impure = true;
    *out = fb_bool(context_of(self)->request->is_https);
    return APR_SUCCESS;
}

/* The query as a dict; of a repeated parameter the first value, as Flask's args[name]. */
static apr_status_t request_args(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    fb_context *context = context_of(self);
    fb_dict *dict = fb_dict_create(fb_vm_arena(vm), context->query.count);
    context->impure = true;
    if (dict == NULL) {
        return fb_raise_memory(error);
    }
    for (apr_size_t i = 0; i < context->query.count; i++) {
        const fb_param *param = &context->query.items[i];
        if (fb_dict_find_str(dict, param->name) == NULL &&
            fb_dict_set_str(dict, param->name, fb_string(param->value), fb_vm_arena(vm)) !=
                APR_SUCCESS) {
            return fb_raise_memory(error);
        }
    }
    *out = fb_dict_value(dict);
    return APR_SUCCESS;
}

static apr_status_t request_view_args(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    const fb_context *context = context_of(self);
    fb_dict *dict = fb_dict_create(fb_vm_arena(vm), context->arg_count);
    for (apr_size_t i = 0; dict != NULL && i < context->arg_count; i++) {
        if (fb_dict_set_str(dict, fb_str_from(context->args[i].name),
                            fb_string(context->args[i].text), fb_vm_arena(vm)) != APR_SUCCESS) {
            dict = NULL;
        }
    }
    if (dict == NULL) {
        return fb_raise_memory(error);
    }
    *out = fb_dict_value(dict);
    return APR_SUCCESS;
}

static const fb_attribute request_attributes[] = {
    { "endpoint", request_endpoint, "Name of the route, none on an unknown address." },
    { "blueprint", request_blueprint, "Part of the endpoint before the dot." },
    { "path", request_path, "Path without the mount prefix." },
    { "method", request_method, "GET, POST …" },
    { "args", request_args, "The query as a dict." },
    { "view_args", request_view_args, "Parameters of the route as a dict." },
    { "is_secure", request_is_secure, "Whether the visitor uses https." },
    { NULL, NULL, NULL },
};

static const fb_class request_class = { .name = "Request", .attributes = request_attributes };

/* ---- together ---- */

fb_dict *fb_globals_dict(fb_context *context)
{
    fb_arena *arena = fb_context_arena(context);
    config_object *config = fb_arena_alloc(arena, sizeof *config);
    request_object *request = fb_arena_alloc(arena, sizeof *request);
    fb_dict *dict = fb_dict_create(arena, 4);

    *config = (config_object){ { &config_class }, context->site };
    *request = (request_object){ { &request_class }, context };
    if (dict == NULL ||
        fb_dict_set_str(dict, FB_STR("config"), fb_object_value(config), arena) != APR_SUCCESS ||
        fb_dict_set_str(dict, FB_STR("request"), fb_object_value(request), arena) != APR_SUCCESS ||
        fb_dict_set_str(dict, FB_STR("current_user"), fb_user_object_current(context), arena) !=
            APR_SUCCESS) {
        return NULL;
    }
    return dict;
}
