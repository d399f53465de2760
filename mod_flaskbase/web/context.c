/* The calls that every view makes: database, variables, rendering, redirects. */
#include "web/context.h"

#include "web/globals.h"
#include "web/i18n.h"
#include "web/safe_next.h"

#include <stdarg.h>
#include <string.h>

#include "base/banned.h"

#define URL_ARGS_MAX  8
#define RENDER_MEMORY (64u * 1024 * 1024)

apr_status_t fb_context_db(fb_db **out, fb_context *context, fb_error *error)
{
    const fb_db_source *source = context->request->db;
    if (context->db == NULL) {
        if (source == NULL || context->fixed) {
            context->impure = true;
            return fb_error_set(error, FB_EUNAVAIL, "this request has no database");
        }
        apr_status_t status = source->acquire(source->baton, &context->db, context->pool, error);
        if (status != APR_SUCCESS) {
            context->db = NULL;
            return status;
        }
    }
    *out = context->db;
    return APR_SUCCESS;
}

static const fb_route_arg *route_arg(const fb_context *context, const char *name)
{
    for (apr_size_t i = 0; i < context->arg_count; i++) {
        if (strcmp(context->args[i].name, name) == 0) {
            return &context->args[i];
        }
    }
    return NULL;
}

apr_int64_t fb_context_int(const fb_context *context, const char *name)
{
    const fb_route_arg *arg = route_arg(context, name);
    return arg != NULL ? arg->number : -1;
}

fb_str fb_context_str(const fb_context *context, const char *name)
{
    const fb_route_arg *arg = route_arg(context, name);
    return arg != NULL ? arg->text : FB_STR("");
}

void fb_context_set(fb_context *context, const char *name, fb_value value)
{
    fb_arena *arena = fb_context_arena(context);
    if (context->vars == NULL) {
        context->vars = fb_dict_create(arena, 8);
    }
    apr_status_t status = context->vars != NULL
                              ? fb_dict_set_str(context->vars, fb_str_from(name), value, arena)
                              : FB_ELIMIT;
    if (status != APR_SUCCESS) {
        context->vars_status = status;
    }
}

void fb_context_set_str(fb_context *context, const char *name, fb_str value)
{
    fb_context_set(context, name, fb_string(value));
}

void fb_context_set_markup(fb_context *context, const char *name, fb_str html)
{
    fb_context_set(context, name, fb_markup(html));
}

void fb_context_set_int(fb_context *context, const char *name, apr_int64_t value)
{
    fb_context_set(context, name, fb_int(value));
}

fb_arena *fb_context_arena(fb_context *context)
{
    if (context->arena == NULL) {
        context->arena = fb_arena_create(context->pool, RENDER_MEMORY);
    }
    return context->arena;
}

static fb_str translate(void *baton, fb_str message_context, fb_str singular, fb_str plural,
                        int64_t n)
{
    (void)baton;
    (void)message_context;
    return plural.len > 0 && n != 1 ? plural : singular;
}

static apr_uint64_t seed(const fb_context *context)
{
    apr_uint64_t value = 0;
    if (context->fixed ||
        fb_request_random(context->request, (unsigned char *)&value, sizeof value) != APR_SUCCESS) {
        return (apr_uint64_t)context->request->now;
    }
    return value;
}

static apr_status_t render(fb_context *context, int status, const char *template_name,
                           fb_error *error)
{
    const fb_env *env = context->site->templates;
    const fb_template *found = env != NULL ? fb_env_find(env, fb_str_from(template_name)) : NULL;
    fb_chunks chunks;

    if (found == NULL) {
        return fb_error_set(error, FB_ETEMPLATE, "there is no template \"%s\"", template_name);
    }
    if (context->vars_status != APR_SUCCESS) {
        return fb_error_set(error, context->vars_status, "variables of \"%s\" need too much memory",
                            template_name);
    }
    fb_render render = {
        .arena = fb_context_arena(context),
        .context = context->vars,
        .globals = fb_globals_dict(context),
        .gettext = translate,
        .user = context,
        .random_seed = seed(context),
    };
    if (render.globals == NULL) {
        return fb_error_set(error, FB_ELIMIT, "the page needs too much memory");
    }
    fb_chunks_init(&chunks, context->pool, context->site->config.page_max);
    apr_status_t rv = fb_template_render(&chunks, env, found, &render, context->pool, error);
    if (rv == APR_SUCCESS) {
        rv = fb_chunks_status(&chunks);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    fb_reply *reply = context->reply;
    reply->status = status;
    reply->content_type = "text/html; charset=utf-8";
    reply->body = FB_BODY_CHUNKS;
    reply->file = NULL;
    reply->chunks = chunks;
    reply->length = chunks.total;
    return APR_SUCCESS;
}

/* What a page fails by is never the sender's fault, who would be told 404 or 413 for it. A database
 * that is away stays what it is. */
apr_status_t fb_context_render(fb_context *context, int status, const char *template_name,
                               fb_error *error)
{
    apr_status_t rv = render(context, status, template_name, error);
    switch (rv) {
    case FB_ENOTFOUND:
    case FB_EDENIED:
    case FB_EINVALID:
    case FB_ESYNTAX:
    case FB_ELIMIT:
        if (error->message == NULL) {
            return fb_error_set(error, FB_ETEMPLATE, "the page \"%s\" is too large", template_name);
        }
        error->status = FB_ETEMPLATE;
        return FB_ETEMPLATE;
    default: return rv;
    }
}

/* Pairs of name and value until NULL. */
static apr_size_t collect(fb_url_arg args[URL_ARGS_MAX], va_list list)
{
    apr_size_t count = 0;
    const char *name;
    while ((name = va_arg(list, const char *)) != NULL) {
        const char *value = va_arg(list, const char *);
        if (count < URL_ARGS_MAX) {
            args[count++] = (fb_url_arg){ name, fb_str_from(value) };
        }
    }
    return count;
}

apr_status_t fb_context_url(fb_str *out, fb_context *context, fb_error *error, const char *endpoint,
                            ...)
{
    fb_url_arg args[URL_ARGS_MAX];
    va_list list;
    va_start(list, endpoint);
    apr_size_t count = collect(args, list);
    va_end(list);
    return fb_url_for(out, context->site, endpoint, args, count, FB_URL_PATH, context->pool, error);
}

apr_status_t fb_context_redirect(fb_context *context, fb_error *error, const char *endpoint, ...)
{
    fb_url_arg args[URL_ARGS_MAX];
    fb_str url;
    va_list list;
    va_start(list, endpoint);
    apr_size_t count = collect(args, list);
    va_end(list);
    apr_status_t status =
        fb_url_for(&url, context->site, endpoint, args, count, FB_URL_PATH, context->pool, error);
    if (status == APR_SUCCESS) {
        fb_reply_redirect(context->reply, 303, fb_str_to_z(context->pool, url));
    }
    return status;
}

apr_status_t fb_context_redirect_next(fb_context *context, fb_str next, const char *fallback,
                                      fb_error *error)
{
    if (!fb_safe_next(context->site, next)) {
        return fb_context_redirect(context, error, fallback, NULL);
    }
    fb_reply_redirect(context->reply, 303, fb_str_to_z(context->pool, next));
    return APR_SUCCESS;
}

bool fb_context_can(const fb_context *context, int permissions)
{
    return context->user != NULL && fb_role_can(&context->user->role, permissions);
}
