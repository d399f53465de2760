/* Filling and showing the error a function hands to its caller. */
#include "base/error.h"

#include "base/buf.h"

#include <apr_strings.h>
#include <string.h>

#include "base/banned.h"

#define REPORT_MAX 8192

void fb_error_init(fb_error *error, apr_pool_t *pool)
{
    *error = (fb_error){ .pool = pool, .status = APR_SUCCESS };
}

apr_status_t fb_error_set(fb_error *error, apr_status_t status, const char *fmt, ...)
{
    if (error == NULL) {
        return status;
    }
    va_list args;
    va_start(args, fmt);
    fb_error_init(error, error->pool);
    error->status = status;
    error->message = apr_pvsprintf(error->pool, fmt, args);
    va_end(args);
    return status;
}

apr_status_t fb_error_set_os(fb_error *error, apr_status_t status, const char *fmt, ...)
{
    if (error == NULL) {
        return status;
    }
    char text[200];
    va_list args;
    va_start(args, fmt);
    const char *message = apr_pvsprintf(error->pool, fmt, args);
    va_end(args);
    return fb_error_set(error, status, "%s: %s", message, apr_strerror(status, text, sizeof(text)));
}

void fb_error_at(fb_error *error, const char *where, int line, int column, fb_str source)
{
    if (error == NULL || error->where != NULL) {
        return;
    }
    error->where = where != NULL ? apr_pstrdup(error->pool, where) : NULL;
    error->line = line;
    error->column = column;
    if (source.ptr != NULL) {
        /* Callers pass a line as found in the file; its end is not part of it. */
        apr_ssize_t end = fb_str_find_char(source, '\n');
        if (end >= 0) {
            source.len = (apr_size_t)end;
        }
        if (source.len > 0 && source.ptr[source.len - 1] == '\r') {
            source.len--;
        }
        error->source = fb_str_to_z(error->pool, source);
    }
}

const char *fb_error_line(const fb_error *error)
{
    const char *message = error->message != NULL ? error->message : "no error";
    const char *place = error->where;

    if (place == NULL) {
        return message;
    }
    if (error->line > 0) {
        place = apr_psprintf(error->pool, "%s:%d", place, error->line);
        if (error->column > 0) {
            place = apr_psprintf(error->pool, "%s:%d", place, error->column);
        }
    }
    return apr_pstrcat(error->pool, place, ": ", message, NULL);
}

const char *fb_error_report(const fb_error *error)
{
    const char *head = fb_error_line(error);

    if (error->source == NULL || error->line <= 0) {
        return head;
    }
    fb_buf out;
    fb_buf_init(&out, error->pool, REPORT_MAX);
    fb_buf_add_fmt(&out, "%s\n    %.1000s", head, error->source);
    if (error->column > 0) {
        /* Tabs are kept, so that the caret stands under its character in any terminal. */
        fb_str source = fb_str_from(error->source);
        apr_size_t at = 0;
        fb_buf_add_z(&out, "\n    ");
        for (int column = 1; column < error->column && at < source.len && at < 1000; column++) {
            fb_buf_add_char(&out, fb_str_utf8_next(source, &at) == '\t' ? '\t' : ' ');
        }
        fb_buf_add_char(&out, '^');
    }
    return fb_buf_status(&out) == APR_SUCCESS ? out.data : head;
}
