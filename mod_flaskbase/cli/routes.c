/* The command routes, and the chapter of the reference on them, from the blueprints' tables. */
#include "cli/routes.h"

#include "app/app.h"
#include "web/static_route.h"

#include <apr_strings.h>
#include <string.h>

#include "base/banned.h"

#define JSON_MAX ((apr_size_t)4 * 1024 * 1024)

typedef struct route_text {
    const char *methods;
    const char *path;
    const char *access;
    const char *permission;
    const char *limit;
    const char *notes;
} route_text;

static const char *methods_text(unsigned int methods, apr_pool_t *pool)
{
    static const struct {
        unsigned int bit;
        const char *name;
    } names[] = {
        { FB_GET, "GET" },         { FB_HEAD, "HEAD" },   { FB_POST, "POST" },
        { FB_PUT, "PUT" },         { FB_PATCH, "PATCH" }, { FB_DELETE, "DELETE" },
        { FB_OPTIONS, "OPTIONS" },
    };
    const char *text = "";

    for (apr_size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if ((methods & names[i].bit) != 0) {
            text = apr_pstrcat(pool, text, text[0] != '\0' ? "," : "", names[i].name, NULL);
        }
    }
    return text;
}

static const char *access_text(const fb_route *route)
{
    switch (route->access) {
    case FB_ACCESS_PUBLIC: return "anyone";
    case FB_ACCESS_ANONYMOUS: return "anonymous";
    case FB_ACCESS_LOGIN: return "login";
    case FB_ACCESS_FRESH: return "fresh login";
    }
    return "";
}

static const char *limit_text(const fb_route *route)
{
    static const char *const names[FB_LIMIT_COUNT] = {
        [FB_LIMIT_NONE] = "",
        [FB_LIMIT_LOGIN] = "login",
        [FB_LIMIT_REGISTER] = "register",
        [FB_LIMIT_RESET] = "reset",
        [FB_LIMIT_CONFIRM] = "confirm",
        [FB_LIMIT_INVITE] = "invite",
        [FB_LIMIT_PASSWORD] = "password",
    };

    return names[route->limit];
}

static const char *notes_text(const fb_route *route, apr_pool_t *pool)
{
    static const struct {
        unsigned int flag;
        const char *text;
    } notes[] = {
        { FB_ROUTE_NO_CSRF, "no CSRF check" },
        { FB_ROUTE_NO_REFERRER, "no referrer" },
        { FB_ROUTE_NO_STORE, "never cached" },
        { FB_ROUTE_PURE, "same for all anonymous visitors" },
        { FB_ROUTE_UNCONFIRMED, "unconfirmed accounts too" },
        { FB_ROUTE_CHANGE_REQUIRED, "also while a password change is due" },
        { FB_ROUTE_NO_SESSION, "no session" },
        { FB_ROUTE_DEVELOPMENT, "development only" },
    };
    const char *text = "";

    for (apr_size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
        if ((route->flags & notes[i].flag) != 0) {
            text = apr_pstrcat(pool, text, text[0] != '\0' ? ", " : "", notes[i].text, NULL);
        }
    }
    return text;
}

/* The application's, then that of every site; NULL at the end. */
static const fb_blueprint *blueprint_at(apr_size_t index)
{
    if (index < fb_app_blueprint_count) {
        return fb_app_blueprints[index];
    }
    return index == fb_app_blueprint_count ? &fb_web_static : NULL;
}

static route_text describe(const fb_blueprint *blueprint, const fb_route *route, apr_pool_t *pool)
{
    return (route_text){
        .methods = methods_text(route->methods, pool),
        .path = apr_pstrcat(pool, blueprint->prefix, route->pattern, NULL),
        .access = access_text(route),
        .permission = route->permission != 0
                          ? apr_psprintf(pool, "0x%02x", (unsigned int)route->permission)
                          : "",
        .limit = limit_text(route),
        .notes = notes_text(route, pool),
    };
}

static void put(fb_json_writer *w, const char *key, const char *value)
{
    fb_json_put_key(w, key);
    fb_json_put_z(w, value[0] != '\0' ? value : NULL);
}

static int routes_as_json(fb_cli *cli)
{
    fb_json_writer w;
    fb_buf out;

    fb_buf_init(&out, cli->pool, JSON_MAX);
    fb_json_writer_init(&w, &out, FB_JSON_PRETTY);
    fb_json_begin_array(&w);
    for (apr_size_t b = 0; blueprint_at(b) != NULL; b++) {
        const fb_blueprint *blueprint = blueprint_at(b);
        for (apr_size_t r = 0; r < blueprint->route_count; r++) {
            const fb_route *route = &blueprint->routes[r];
            route_text text = describe(blueprint, route, cli->pool);
            fb_json_begin_object(&w);
            fb_json_put_key(&w, "methods");
            fb_json_begin_array(&w);
            fb_str rest = fb_str_from(text.methods);
            while (rest.ptr != NULL) {
                fb_json_put_str(&w, fb_str_split(&rest, ','));
            }
            fb_json_end(&w);
            put(&w, "path", text.path);
            put(&w, "endpoint", route->endpoint);
            put(&w, "access", text.access);
            fb_json_put_key(&w, "permission");
            fb_json_put_int64(&w, route->permission);
            put(&w, "limit", text.limit);
            put(&w, "notes", text.notes);
            put(&w, "doc", route->doc);
            fb_json_end(&w);
        }
    }
    fb_json_end(&w);
    return fb_cli_print_json(cli, &out);
}

static int run_routes(fb_cli *cli)
{
    enum { COLUMNS = 6 };
    apr_size_t rows = 1;

    if (fb_cli_has(cli, "json")) {
        return routes_as_json(cli);
    }
    for (apr_size_t b = 0; blueprint_at(b) != NULL; b++) {
        rows += blueprint_at(b)->route_count;
    }
    const char **cells = apr_palloc(cli->pool, rows * COLUMNS * sizeof(*cells));
    const char **at = cells;
    static const char *const head[COLUMNS] = { "METHODS", "PATH",       "HANDLER",
                                               "WHO",     "PERMISSION", "LIMIT" };
    memcpy(at, head, sizeof(head));
    at += COLUMNS;
    for (apr_size_t b = 0; blueprint_at(b) != NULL; b++) {
        const fb_blueprint *blueprint = blueprint_at(b);
        for (apr_size_t r = 0; r < blueprint->route_count; r++) {
            route_text text = describe(blueprint, &blueprint->routes[r], cli->pool);
            const char *const row[COLUMNS] = {
                text.methods, text.path,       blueprint->routes[r].endpoint,
                text.access,  text.permission, text.limit
            };
            memcpy(at, row, sizeof(row));
            at += COLUMNS;
        }
    }
    fb_cli_table(cli, cells, COLUMNS, rows);
    return FB_CLI_OK;
}

void fb_cli_routes_reference(fb_buf *out, apr_pool_t *pool)
{
    fb_buf_add_z(out,
                 "# Routes\n\nGenerated by `flaskbase reference routes`.\n\n"
                 "Paths stand behind the mount prefix. HEAD and OPTIONS come with GET. Every POST "
                 "needs a CSRF token unless its row says otherwise.\n\n");
    for (apr_size_t b = 0; blueprint_at(b) != NULL; b++) {
        const fb_blueprint *blueprint = blueprint_at(b);
        fb_buf_add_fmt(out,
                       "## %s\n\n| path | methods | endpoint | who | |\n|---|---|---|---|---|\n",
                       blueprint->doc);
        for (apr_size_t r = 0; r < blueprint->route_count; r++) {
            const fb_route *route = &blueprint->routes[r];
            route_text text = describe(blueprint, route, pool);
            fb_buf_add_fmt(out, "| `%s` | %s | `%s` | %s%s%s | %s%s%s%s%s |\n", text.path,
                           text.methods, route->endpoint, text.access,
                           text.permission[0] != '\0' ? ", permission " : "", text.permission,
                           route->doc, text.limit[0] != '\0' ? "; limited: " : "", text.limit,
                           text.notes[0] != '\0' ? "; " : "", text.notes);
        }
        fb_buf_add_char(out, '\n');
    }
}

static const fb_cli_option routes_options[] = {
    { "json", 0, NULL, "Write JSON." },
    { 0 },
};

const fb_cli_command fb_cli_routes_commands[] = {
    { .name = "routes",
      .summary = "List every route with its methods, handler, who may use it, and its limit",
      .doc = "Permissions are bits of a role; 0xff is all of them, an administrator's.",
      .options = routes_options,
      .run = run_routes },
    { 0 },
};
