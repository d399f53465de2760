/* The one way out for messages: formats a line, makes it harmless, hands it to the sink. */
#include "base/log.h"

#include "base/escape.h"

#include <stdio.h>

#include "base/banned.h"

/* A line longer than this is cut; httpd cuts at 8 KB itself. */
#define LINE_MAX_BYTES 2048

static fb_log_sink *the_sink;
static fb_log_level the_max = FB_LOG_NOTICE;

void fb_log_set_sink(fb_log_sink *sink, fb_log_level max_level)
{
    the_sink = sink;
    the_max = max_level;
}

bool fb_log_wants(fb_log_level level)
{
    return the_sink != NULL && level <= the_max;
}

void fb_log(void *context, fb_log_level level, apr_status_t status, const char *fmt, ...)
{
    if (!fb_log_wants(level)) {
        return;
    }
    char raw[LINE_MAX_BYTES];
    char line[LINE_MAX_BYTES];
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(raw, sizeof(raw), fmt, args);
    va_end(args);
    if (len < 0) {
        the_sink(context, level, status, "(a message could not be formatted)");
        return;
    }
    apr_size_t kept = (apr_size_t)len < sizeof(raw) ? (apr_size_t)len : sizeof(raw) - 1;
    fb_escape_log_line(line, sizeof(line), fb_str_from_len(raw, kept));
    the_sink(context, level, status, line);
}

void fb_log_error(void *context, fb_log_level level, const fb_error *error)
{
    if (fb_log_wants(level)) {
        fb_log(context, level, error->status, "%s", fb_error_line(error));
    }
}
