/* The one way out for messages: a sink that httpd/ and cli/ set. */
#ifndef FB_BASE_LOG_H
#define FB_BASE_LOG_H

#include "base/error.h"

typedef enum fb_log_level {
    FB_LOG_ERROR,
    FB_LOG_WARNING,
    FB_LOG_NOTICE,
    FB_LOG_INFO,
    FB_LOG_DEBUG
} fb_log_level;

/* `context` is what the writer of the message had at hand (the request in httpd/), or NULL.
 * The line has no newline and is already escaped for a log. */
typedef void fb_log_sink(void *context, fb_log_level level, apr_status_t status, const char *line);

/* Set once at start, before threads run: the only mutable file-level state of the library. */
void fb_log_set_sink(fb_log_sink *sink, fb_log_level max_level);
bool fb_log_wants(fb_log_level level);
void fb_log(void *context, fb_log_level level, apr_status_t status, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void fb_log_error(void *context, fb_log_level level, const fb_error *error);

#endif
