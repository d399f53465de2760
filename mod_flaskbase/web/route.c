/* The matcher: a tree of path segments made once from the rows; and url_for. */
#include "web/route.h"

#include "base/buf.h"
#include "base/escape.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <limits.h>
#include <string.h>

#include "base/banned.h"

#define URL_MAX      4096
#define METHODS_SETS 128 /* every union of method bits has its Allow text made at start */

typedef enum segment_kind { SEGMENT_TEXT, SEGMENT_INT, SEGMENT_STRING, SEGMENT_PATH } segment_kind;

/* What ends at a node: rows of one pattern with different methods. */
typedef struct leaf {
    const fb_route *const *rows;
    apr_size_t count;
    unsigned int methods; /* union, HEAD and OPTIONS included */
} leaf;

/* Children in order of preference: texts, then int, string, path. */
typedef struct node {
    segment_kind kind;
    fb_str text; /* the segment, or the parameter's name */
    struct node *child;
    struct node *next;
    leaf plain;   /* "/account/login" */
    leaf slashed; /* "/admin/" */
} node;

typedef struct row {
    const fb_route *route;
    const char *full; /* prefix + pattern */
} row;

struct fb_router {
    node root;
    const row *rows;
    apr_size_t row_count;
    const fb_blueprint *const *blueprints;
    apr_size_t blueprint_count;
    apr_hash_t *endpoints; /* name -> first row; the rest are found behind it in the table */
    const char *allow[METHODS_SETS];
};

static unsigned int with_implied(unsigned int methods)
{
    return methods | ((methods & FB_GET) != 0 ? FB_HEAD : 0u) | FB_OPTIONS;
}

static const char *allow_text(unsigned int methods, apr_pool_t *pool)
{
    static const struct {
        unsigned int bit;
        const char *name;
    } names[] = { { FB_GET, "GET" },        { FB_HEAD, "HEAD" },   { FB_POST, "POST" },
                  { FB_PUT, "PUT" },        { FB_PATCH, "PATCH" }, { FB_DELETE, "DELETE" },
                  { FB_OPTIONS, "OPTIONS" } };
    const char *text = "";
    for (apr_size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if ((methods & names[i].bit) != 0) {
            text = apr_pstrcat(pool, text, text[0] != '\0' ? ", " : "", names[i].name, NULL);
        }
    }
    return text;
}

/* "<int:user_id>" or plain text. */
static apr_status_t parse_segment(segment_kind *kind, fb_str *text, fb_str segment,
                                  const char *full, fb_error *error)
{
    if (segment.len < 2 || segment.ptr[0] != '<' || segment.ptr[segment.len - 1] != '>') {
        *kind = SEGMENT_TEXT;
        *text = segment;
        if (fb_str_find_char(segment, '<') >= 0) {
            return fb_error_set(error, FB_EINVALID,
                                "route %s: a parameter must fill a whole segment", full);
        }
        return APR_SUCCESS;
    }
    fb_str name = fb_str_sub(segment, 1, segment.len - 2);
    apr_ssize_t colon = fb_str_find_char(name, ':');
    fb_str type = colon >= 0 ? fb_str_sub(name, 0, (apr_size_t)colon) : FB_STR("string");
    *text = colon >= 0 ? fb_str_sub(name, (apr_size_t)colon + 1, name.len) : name;
    if (fb_str_eq_z(type, "int")) {
        *kind = SEGMENT_INT;
    } else if (fb_str_eq_z(type, "string")) {
        *kind = SEGMENT_STRING;
    } else if (fb_str_eq_z(type, "path")) {
        *kind = SEGMENT_PATH;
    } else {
        return fb_error_set(error, FB_EINVALID, "route %s: unknown kind of parameter \"%.*s\"",
                            full, FB_STR_ARG(type));
    }
    return text->len > 0
               ? APR_SUCCESS
               : fb_error_set(error, FB_EINVALID, "route %s: parameter without name", full);
}

static apr_status_t child_for(node **out, node *parent, segment_kind kind, fb_str text,
                              const char *full, apr_pool_t *pool, fb_error *error)
{
    node **at = &parent->child;
    while (*at != NULL && (*at)->kind <= kind) {
        if ((*at)->kind == kind && fb_str_eq((*at)->text, text)) {
            *out = *at;
            return APR_SUCCESS;
        }
        if ((*at)->kind == kind && kind != SEGMENT_TEXT) {
            return fb_error_set(error, FB_EINVALID,
                                "route %s: ambiguous, another row calls this parameter \"%.*s\"",
                                full, FB_STR_ARG((*at)->text));
        }
        at = &(*at)->next;
    }
    node *made = apr_pcalloc(pool, sizeof *made);
    made->kind = kind;
    /* NUL-terminated, since parameters' names are handed out as C strings. */
    made->text = fb_str_dup(pool, text);
    made->next = *at;
    *at = made;
    *out = made;
    return APR_SUCCESS;
}

static apr_status_t add_to_leaf(leaf *end, const fb_route *route, const char *full,
                                apr_pool_t *pool, fb_error *error)
{
    unsigned int methods = with_implied(route->methods);
    if ((end->methods & methods & ~(unsigned int)FB_OPTIONS) != 0) {
        return fb_error_set(error, FB_EINVALID, "route %s: two rows with the same method", full);
    }
    const fb_route **rows = apr_palloc(pool, (end->count + 1) * sizeof(*rows));
    if (end->count > 0) {
        memcpy(rows, end->rows, end->count * sizeof *rows);
    }
    rows[end->count] = route;
    end->rows = rows;
    end->count++;
    end->methods |= methods;
    return APR_SUCCESS;
}

static apr_status_t check_row(const fb_route *route, const char *full, fb_error *error)
{
    if (full[0] != '/') {
        return fb_error_set(error, FB_EINVALID, "route %s: must begin with /", full);
    }
    if (route->methods == 0 || route->methods >= METHODS_SETS) {
        return fb_error_set(error, FB_EINVALID, "route %s: no methods", full);
    }
    if (route->permission != 0 && route->access != FB_ACCESS_LOGIN &&
        route->access != FB_ACCESS_FRESH) {
        return fb_error_set(error, FB_EINVALID,
                            "route %s: a permission needs access LOGIN or FRESH", full);
    }
    if (route->view == NULL || route->endpoint == NULL || route->doc == NULL) {
        return fb_error_set(error, FB_EINVALID, "route %s: view, endpoint or doc missing", full);
    }
    return APR_SUCCESS;
}

static apr_status_t add_row(fb_router *router, const row *r, apr_pool_t *pool, fb_error *error)
{
    apr_status_t status = check_row(r->route, r->full, error);
    if (status != APR_SUCCESS) {
        return status;
    }
    fb_str rest = fb_str_sub(fb_str_from(r->full), 1, strlen(r->full));
    node *at = &router->root;
    unsigned int params = 0;
    while (rest.len > 0) {
        segment_kind kind;
        fb_str text;
        bool last = fb_str_find_char(rest, '/') < 0;
        status = parse_segment(&kind, &text, fb_str_split(&rest, '/'), r->full, error);
        if (status != APR_SUCCESS) {
            return status;
        }
        params += kind != SEGMENT_TEXT ? 1 : 0;
        if (text.len == 0 || params > FB_ROUTE_ARGS_MAX || (kind == SEGMENT_PATH && !last)) {
            return fb_error_set(error, FB_EINVALID,
                                "route %s: empty segment, too many parameters, or a path "
                                "parameter that is not the last",
                                r->full);
        }
        status = child_for(&at, at, kind, text, r->full, pool, error);
        if (status != APR_SUCCESS) {
            return status;
        }
        if (last) {
            return add_to_leaf(&at->plain, r->route, r->full, pool, error);
        }
    }
    return add_to_leaf(&at->slashed, r->route, r->full, pool, error);
}

apr_status_t fb_router_create(fb_router **out, const fb_blueprint *const *blueprints,
                              apr_size_t count, apr_pool_t *pool, fb_error *error)
{
    fb_router *router = apr_pcalloc(pool, sizeof *router);
    apr_array_header_t *rows = apr_array_make(pool, 64, sizeof(row));

    router->blueprints = apr_pmemdup(pool, blueprints, count * sizeof(*blueprints));
    router->blueprint_count = count;
    router->endpoints = apr_hash_make(pool);
    for (apr_size_t b = 0; b < count; b++) {
        for (apr_size_t i = 0; i < blueprints[b]->route_count; i++) {
            row *r = apr_array_push(rows);
            r->route = &blueprints[b]->routes[i];
            r->full = apr_pstrcat(pool, blueprints[b]->prefix, r->route->pattern, NULL);
        }
    }
    router->rows = (const row *)(const void *)rows->elts;
    router->row_count = (apr_size_t)rows->nelts;
    for (apr_size_t i = 0; i < router->row_count; i++) {
        const row *r = &router->rows[i];
        apr_status_t status = add_row(router, r, pool, error);
        if (status != APR_SUCCESS) {
            return status;
        }
        if (apr_hash_get(router->endpoints, r->route->endpoint, APR_HASH_KEY_STRING) == NULL) {
            apr_hash_set(router->endpoints, r->route->endpoint, APR_HASH_KEY_STRING, r);
        }
    }
    for (unsigned int set = 0; set < METHODS_SETS; set++) {
        router->allow[set] = allow_text(set, pool);
    }
    *out = router;
    return APR_SUCCESS;
}

/* Decimal digits alone, at most 2^63-1. */
static bool parse_id(apr_int64_t *out, fb_str text)
{
    apr_int64_t value = 0;
    if (text.len == 0 || text.len > 19) {
        return false;
    }
    for (apr_size_t i = 0; i < text.len; i++) {
        int digit = text.ptr[i] - '0';
        if (digit < 0 || digit > 9 || value > (INT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

/* Does this child take the segment? Pushes its argument. */
static bool takes(const node *child, fb_match *match, fb_str segment, fb_str all)
{
    fb_route_arg arg = { NULL, segment, 0 };
    switch (child->kind) {
    case SEGMENT_TEXT: return fb_str_eq(child->text, segment);
    case SEGMENT_INT:
        if (!parse_id(&arg.number, segment)) {
            return false;
        }
        break;
    case SEGMENT_STRING:
        if (segment.len == 0) {
            return false;
        }
        break;
    case SEGMENT_PATH:
        if (all.len == 0) {
            return false;
        }
        arg.text = all;
        break;
    }
    arg.name = child->text.ptr;
    match->args[match->arg_count++] = arg;
    return true;
}

/* Depth is bounded by the longest pattern, since each step goes one level down the tree.
 * *half is set when only the slash at the end is missing. */
static const leaf *walk(const node *at, fb_match *match, fb_str rest, const leaf **half)
{
    apr_ssize_t slash = fb_str_find_char(rest, '/');
    fb_str segment = slash >= 0 ? fb_str_sub(rest, 0, (apr_size_t)slash) : rest;

    for (const node *child = at->child; child != NULL; child = child->next) {
        apr_size_t args = match->arg_count;
        if (takes(child, match, segment, rest)) {
            const leaf *found = NULL;
            if (slash < 0 || child->kind == SEGMENT_PATH) {
                found = child->plain.count > 0 ? &child->plain : NULL;
                if (found == NULL && child->slashed.count > 0) {
                    *half = &child->slashed;
                }
            } else if ((apr_size_t)slash + 1 == rest.len) {
                found = child->slashed.count > 0 ? &child->slashed : NULL;
            } else {
                found = walk(child, match, fb_str_sub(rest, (apr_size_t)slash + 1, rest.len), half);
            }
            if (found != NULL) {
                return found;
            }
            match->arg_count = args;
        }
    }
    return NULL;
}

void fb_router_match(fb_match *match, const fb_router *router, fb_str path, fb_http_method method)
{
    *match = (fb_match){ .route = NULL, .status = 404 };
    if (path.len == 0 || path.ptr[0] != '/') {
        return;
    }
    const leaf *half = NULL;
    const leaf *found = path.len == 1
                            ? (router->root.slashed.count > 0 ? &router->root.slashed : NULL)
                            : walk(&router->root, match, fb_str_sub(path, 1, path.len), &half);
    if (found == NULL) {
        match->status = half != NULL ? 308 : 404;
        return;
    }
    match->allow = router->allow[found->methods];
    if (method == FB_OPTIONS) {
        match->status = 204;
        match->route = found->rows[0];
        return;
    }
    for (apr_size_t i = 0; i < found->count; i++) {
        if ((with_implied(found->rows[i]->methods) & (unsigned int)method) != 0) {
            match->route = found->rows[i];
            match->status = 0;
            return;
        }
    }
    match->status = 405;
}

fb_owns fb_router_owns(const fb_router *router, fb_str path)
{
    fb_match match;
    for (apr_size_t i = 0; i < router->blueprint_count; i++) {
        fb_str prefix = fb_str_from(router->blueprints[i]->prefix);
        if (prefix.len > 0 && fb_str_starts(path, prefix) &&
            (path.len == prefix.len || path.ptr[prefix.len] == '/')) {
            return FB_OWNS;
        }
    }
    fb_router_match(&match, router, path, FB_GET);
    return match.status == 404 ? FB_OWNS_NOT : FB_OWNS;
}

const fb_route *fb_router_row(const fb_router *router, apr_size_t index, const char **full)
{
    if (index >= router->row_count) {
        return NULL;
    }
    *full = router->rows[index].full;
    return router->rows[index].route;
}

/* ---- url_for ---- */

static const fb_url_arg *arg_named(const fb_url_arg *args, apr_size_t count, fb_str name)
{
    for (apr_size_t i = 0; i < count; i++) {
        if (fb_str_eq_z(name, args[i].name)) {
            return &args[i];
        }
    }
    return NULL;
}

/* Appends the path of one row, and marks in *used the arguments it took.
 * False when an argument is missing or does not fit. */
static bool add_path(fb_buf *out, apr_uint64_t *used, const char *full, const fb_url_arg *args,
                     apr_size_t count)
{
    fb_str rest = fb_str_from(full);
    while (rest.len > 0) {
        apr_ssize_t open = fb_str_find_char(rest, '<');
        if (open < 0) {
            fb_buf_add(out, rest);
            return true;
        }
        apr_ssize_t close = fb_str_find_char(rest, '>');
        fb_buf_add(out, fb_str_sub(rest, 0, (apr_size_t)open));
        segment_kind kind;
        fb_str name;
        fb_str segment = fb_str_sub(rest, (apr_size_t)open, (apr_size_t)(close - open) + 1);
        if (close < open || parse_segment(&kind, &name, segment, full, NULL) != APR_SUCCESS) {
            return false;
        }
        const fb_url_arg *arg = arg_named(args, count, name);
        apr_int64_t number;
        if (arg == NULL || arg->value.len == 0 ||
            (kind == SEGMENT_INT && !parse_id(&number, arg->value)) ||
            (kind == SEGMENT_STRING && fb_str_find_char(arg->value, '/') >= 0)) {
            return false;
        }
        *used |= (apr_uint64_t)1 << (arg - args);
        fb_escape_url(out, arg->value, kind == SEGMENT_PATH ? "!$&'()*+,/:;=@" : "!$&'()*+,:;=@");
        rest = fb_str_sub(rest, (apr_size_t)close + 1, rest.len);
    }
    return true;
}

static void add_query(fb_buf *out, apr_uint64_t used, const fb_url_arg *args, apr_size_t count)
{
    char separator = '?';
    for (apr_size_t i = 0; i < count; i++) {
        if ((used >> i & 1) == 0 && args[i].value.ptr != NULL) {
            fb_buf_add_char(out, separator);
            fb_escape_form(out, fb_str_from(args[i].name));
            fb_buf_add_char(out, '=');
            fb_escape_form(out, args[i].value);
            separator = '&';
        }
    }
}

apr_status_t fb_router_build(fb_str *out, const fb_router *router, const char *endpoint,
                             const fb_url_arg *args, apr_size_t count, apr_pool_t *pool,
                             fb_error *error)
{
    const row *r = apr_hash_get(router->endpoints, endpoint, APR_HASH_KEY_STRING);
    if (r == NULL) {
        return fb_error_set(error, FB_ENOTFOUND, "url_for: there is no endpoint \"%s\"", endpoint);
    }
    if (count > 32) {
        return fb_error_set(error, FB_EINVALID, "url_for(\"%s\"): more than 32 values", endpoint);
    }
    for (; r < router->rows + router->row_count; r++) {
        if (strcmp(r->route->endpoint, endpoint) != 0) {
            continue;
        }
        fb_buf url;
        apr_uint64_t used = 0;
        fb_buf_init(&url, pool, URL_MAX);
        if (add_path(&url, &used, r->full, args, count)) {
            add_query(&url, used, args, count);
            if (fb_buf_status(&url) != APR_SUCCESS) {
                return fb_error_set(error, FB_EINVALID, "url_for(\"%s\"): too long", endpoint);
            }
            *out = fb_buf_str(&url);
            return APR_SUCCESS;
        }
    }
    return fb_error_set(error, FB_EINVALID,
                        "url_for(\"%s\"): a value is missing or does not fit the route", endpoint);
}
