/* Writing security events. */
#include "web/event.h"

#include "base/clock.h"
#include "base/escape.h"
#include "base/log.h"

#include "base/banned.h"

#define PATH_MAX_SHOWN 200

static const char *const ids[] = {
#define FB_EVENT_ID(name, id, doc) [FB_EVENT_##name] = id,
    FB_EVENT_TABLE(FB_EVENT_ID)
#undef FB_EVENT_ID
};

const char *fb_event_id(fb_event event)
{
    return event < FB_EVENT__COUNT ? ids[event] : NULL;
}

/* The pattern's part in front of a token, for routes that carry one. */
static fb_str shown_path(const fb_context *context)
{
    const fb_route *route = context->route;
    if (route != NULL && (route->flags & FB_ROUTE_NO_REFERRER) != 0 && context->arg_count > 0) {
        const char *token = context->args[context->arg_count - 1].text.ptr;
        return fb_str_sub(context->path, 0, (apr_size_t)(token - context->path.ptr));
    }
    return context->path;
}

void fb_event_log(const fb_context *context, fb_event event, const fb_user *user)
{
    const fb_request *request = context->request;
    char time[FB_CLOCK_ISO_SIZE];
    fb_buf line;

    if (!fb_log_wants(FB_LOG_NOTICE)) {
        return;
    }
    user = user != NULL ? user : context->user;
    fb_clock_iso(time, request->now);
    fb_buf_init(&line, context->pool, 2048);
    fb_buf_add_fmt(&line, "security event=%s", ids[event]);
    if (user != NULL) {
        fb_buf_add_fmt(&line, " user=%" APR_INT64_T_FMT, user->id);
    }
    fb_buf_add_z(&line, " client=");
    fb_escape_url(&line, fb_str_sub(request->client_text, 0, 64), ":");
    fb_buf_add_z(&line, " method=");
    fb_escape_url(&line, fb_str_sub(request->method_token, 0, 16), NULL);
    fb_buf_add_z(&line, " path=");
    fb_escape_url(&line, fb_str_sub(shown_path(context), 0, PATH_MAX_SHOWN), "/");
    fb_buf_add_fmt(&line, " time=%s", time);
    if (fb_buf_status(&line) == APR_SUCCESS) {
        fb_log(request->log, FB_LOG_NOTICE, APR_SUCCESS, "%s", line.data);
    }
}
