/* Making error pages. */
#include "web/error_page.h"

#include "base/escape.h"
#include "base/log.h"
#include "web/i18n.h"

#include <apr_strings.h>

#include "base/banned.h"

/* An id that stands on the page and in the log; without random bytes the time must do. */
static void need_incident(fb_context *context)
{
    unsigned char raw[6];
    if (context->incident_id != NULL) {
        return;
    }
    if (context->request->incident_id != NULL) {
        context->incident_id = context->request->incident_id;
    } else if (fb_request_random(context->request, raw, sizeof raw) == APR_SUCCESS) {
        context->incident_id =
            fb_str_to_z(context->pool, fb_hex_encode(context->pool, raw, sizeof raw));
    } else {
        context->incident_id =
            apr_psprintf(context->pool, "%" APR_TIME_T_FMT, context->request->now);
    }
}

static void bare_page(fb_context *context, int status, const char *reason)
{
    fb_buf body;
    fb_buf_init(&body, context->pool, 16384);
    const char *title = fb_reply_reason(status);
    fb_buf_add_fmt(&body,
                   "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                   "<meta name=\"viewport\" content=\"width=device-width\">"
                   "<title>%d %s</title></head><body><h1>%s</h1>\n",
                   status, title, title);
    if (reason != NULL) {
        fb_buf_add_z(&body, "<p>");
        fb_escape_html(&body, fb_str_from(reason));
        fb_buf_add_z(&body, "</p>\n");
    }
    if (context->incident_id != NULL) {
        fb_buf_add_fmt(&body, "<p>Incident %s</p>\n", context->incident_id);
    }
    fb_buf_add_z(&body, "</body></html>\n");
    fb_reply_text(context->reply, status, "text/html; charset=utf-8",
                  fb_buf_status(&body) == APR_SUCCESS ? fb_buf_str(&body) : FB_STR("error\n"));
}

static bool render(fb_context *context, int status, const char *reason)
{
    fb_error error;
    const char *name = apr_psprintf(context->pool, "errors/%d.html", status);
    if (context->site->templates == NULL ||
        fb_env_find(context->site->templates, fb_str_from(name)) == NULL) {
        return false;
    }
    fb_error_init(&error, context->pool);
    context->vars = NULL;
    context->vars_status = APR_SUCCESS;
    context->error_status = status;
    fb_context_set_int(context, "status", status);
    fb_context_set_str(context, "incident_id", fb_str_from(context->incident_id));
    fb_context_set_str(context, "reason", fb_str_from(reason));
    fb_context_set_str(context, "retry_after_text", fb_str_from(context->retry_after_text));
    fb_context_set_str(context, "retry_url",
                       context->csrf == FB_CSRF_BAD && context->route != NULL &&
                               (context->route->methods & FB_GET) != 0
                           ? fb_str_printf(context->pool, "%s%.*s", context->site->config.mount,
                                           FB_STR_ARG(context->path))
                           : FB_STR(""));
    if (fb_context_render(context, status, name, &error) != APR_SUCCESS) {
        fb_log_error(context->request->log, FB_LOG_ERROR, &error);
        return false;
    }
    return true;
}

static void make(fb_context *context, int status, const char *reason)
{
    if (status >= 500) {
        need_incident(context);
    }
    if (fb_request_client_kind(context->request) == FB_CLIENT_JSON) {
        fb_reply_problem(context->reply, status, fb_reply_reason(status), reason,
                         context->incident_id);
        fb_reply_set_header(context->reply, "Vary", "Accept");
    } else if (!render(context, status, reason)) {
        bare_page(context, status, reason);
    }
}

void fb_error_page(fb_context *context, int status, const char *reason)
{
    make(context, status, reason);
}

static const char *in_words(const fb_context *context, apr_int64_t seconds)
{
    if (seconds < 90) {
        return apr_psprintf(context->pool,
                            seconds == 1 ? _(context, "%d second") : _(context, "%d seconds"),
                            (int)seconds);
    }
    apr_int64_t minutes = (seconds + 59) / 60;
    return apr_psprintf(context->pool, _(context, "%d minutes"), (int)minutes);
}

void fb_error_page_later(fb_context *context, int status, const char *reason,
                         apr_interval_time_t wait)
{
    apr_int64_t seconds = (wait + APR_USEC_PER_SEC - 1) / APR_USEC_PER_SEC;
    seconds = seconds < 1 ? 1 : seconds;
    const char *words = in_words(context, seconds);
    context->retry_after_text = words;
    make(context, status,
         reason != NULL ? apr_psprintf(context->pool, "%s %s", reason,
                                       apr_psprintf(context->pool,
                                                    _(context, "Please try again in %s."), words))
                        : NULL);
    fb_reply_set_header(context->reply, "Retry-After",
                        apr_psprintf(context->pool, "%" APR_INT64_T_FMT, seconds));
}

/* Statuses of route.h's fb_handler. */
static int status_of(apr_status_t failure)
{
    switch (failure) {
    case FB_ENOTFOUND: return 404;
    case FB_EDENIED: return 403;
    case FB_EINVALID:
    case FB_ESYNTAX: return 400;
    case FB_ELIMIT: return 413;
    case FB_EUNAVAIL:
    case FB_ETIMEOUT:
    case FB_ESCHEMA: return 503;
    default: return 500;
    }
}

void fb_error_page_for(fb_context *context, apr_status_t failure, const fb_error *error)
{
    int status = status_of(failure);
    fb_log_level level = status >= 500 ? FB_LOG_ERROR : FB_LOG_INFO;

    if (status >= 500) {
        need_incident(context);
    }
    fb_log(context->request->log, level, failure, "%s %s%s%s",
           context->request->method_token.len > 0
               ? fb_str_to_z(context->pool, context->request->method_token)
               : "request",
           context->incident_id != NULL ? context->incident_id : "",
           context->incident_id != NULL ? ": " : "",
           error->message != NULL ? fb_error_line(error) : "failed without a message");
    /* Words of a 4xx are about what was sent; those of a 5xx are for the log alone. */
    if (status == 503) {
        fb_error_page_later(context, 503, NULL, 5 * APR_USEC_PER_SEC);
    } else {
        make(context, status, status == 400 || status == 413 ? error->message : NULL);
    }
}
