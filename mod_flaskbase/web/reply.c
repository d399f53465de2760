/* Building a reply. */
#include "web/reply.h"

#include "base/buf.h"
#include "base/escape.h"

#include <apr_strings.h>
#include <string.h>

#include "base/banned.h"

#define BODY_MAX (4u * 1024 * 1024)

void fb_reply_init(fb_reply *reply, apr_pool_t *pool)
{
    *reply = (fb_reply){ .pool = pool, .status = 200, .body = FB_BODY_NONE };
    fb_chunks_init(&reply->chunks, pool, BODY_MAX);
}

static fb_reply_header *grow(fb_reply *reply)
{
    if (reply->own == NULL || reply->header_count == reply->own_cap) {
        apr_size_t cap = reply->header_count < 12 ? 24 : reply->header_count * 2;
        fb_reply_header *own = apr_palloc(reply->pool, cap * sizeof *own);
        if (reply->header_count > 0) {
            memcpy(own, reply->headers, reply->header_count * sizeof *own);
        }
        reply->own = own;
        reply->own_cap = cap;
        reply->headers = own;
    }
    return &reply->own[reply->header_count++];
}

void fb_reply_add_header(fb_reply *reply, const char *name, const char *value)
{
    if (value == NULL || fb_str_has_ctl(fb_str_from(value)) || fb_str_has_ctl(fb_str_from(name))) {
        return;
    }
    *grow(reply) = (fb_reply_header){ name, value };
}

void fb_reply_set_header(fb_reply *reply, const char *name, const char *value)
{
    apr_size_t kept = 0;
    fb_reply_header *slot = grow(reply); /* makes the array our own */
    apr_size_t count = reply->header_count - 1;
    (void)slot;
    for (apr_size_t i = 0; i < count; i++) {
        if (!fb_str_ieq_z(fb_str_from(reply->own[i].name), name)) {
            reply->own[kept++] = reply->own[i];
        }
    }
    reply->header_count = kept;
    fb_reply_add_header(reply, name, value);
}

const char *fb_reply_header_value(const fb_reply *reply, const char *name)
{
    for (apr_size_t i = 0; i < reply->header_count; i++) {
        if (fb_str_ieq_z(fb_str_from(reply->headers[i].name), name)) {
            return reply->headers[i].value;
        }
    }
    return NULL;
}

void fb_reply_text(fb_reply *reply, int status, const char *content_type, fb_str body)
{
    reply->status = status;
    reply->content_type = content_type;
    reply->body = FB_BODY_CHUNKS;
    reply->file = NULL;
    fb_chunks_init(&reply->chunks, reply->pool, BODY_MAX);
    fb_chunks_add(&reply->chunks, body);
    reply->length = reply->chunks.total;
}

void fb_reply_redirect(fb_reply *reply, int status, const char *location)
{
    fb_buf body;
    fb_buf_init(&body, reply->pool, 16384);
    fb_buf_add_z(&body, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                        "<title>Redirecting</title></head><body><p>Continue at <a href=\"");
    fb_escape_html(&body, fb_str_from(location));
    fb_buf_add_z(&body, "\">");
    fb_escape_html(&body, fb_str_from(location));
    fb_buf_add_z(&body, "</a>.</p></body></html>\n");
    /* An over-long address leaves the body out; Location is what counts. */
    fb_str text = fb_buf_status(&body) == APR_SUCCESS ? fb_buf_str(&body) : FB_STR("");
    fb_reply_text(reply, status, "text/html; charset=utf-8", text);
    fb_reply_set_header(reply, "Location", location);
}

static void add_member(fb_buf *out, const char *name, const char *value)
{
    fb_buf_add_fmt(out, ",\"%s\":\"", name);
    fb_escape_json(out, fb_str_from(value));
    fb_buf_add_char(out, '"');
}

void fb_reply_problem(fb_reply *reply, int status, const char *title, const char *detail,
                      const char *incident_id)
{
    fb_buf out;
    fb_buf_init(&out, reply->pool, 16384);
    fb_buf_add_fmt(&out, "{\"type\":\"about:blank\",\"status\":%d", status);
    add_member(&out, "title", title);
    if (detail != NULL) {
        add_member(&out, "detail", detail);
    }
    if (incident_id != NULL) {
        add_member(&out, "incident", incident_id);
    }
    fb_buf_add_z(&out, "}\n");
    fb_str body = fb_buf_status(&out) == APR_SUCCESS ? fb_buf_str(&out)
                                                     : FB_STR("{\"type\":\"about:blank\"}\n");
    fb_reply_text(reply, status, "application/problem+json; charset=utf-8", body);
}

const char *fb_reply_reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        { 200, "OK" },
        { 204, "No Content" },
        { 301, "Moved Permanently" },
        { 302, "Found" },
        { 303, "See Other" },
        { 304, "Not Modified" },
        { 308, "Permanent Redirect" },
        { 400, "Bad Request" },
        { 401, "Unauthorized" },
        { 403, "Forbidden" },
        { 404, "Not Found" },
        { 405, "Method Not Allowed" },
        { 408, "Request Timeout" },
        { 413, "Content Too Large" },
        { 415, "Unsupported Media Type" },
        { 421, "Misdirected Request" },
        { 429, "Too Many Requests" },
        { 500, "Internal Server Error" },
        { 503, "Service Unavailable" },
    };
    for (apr_size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].status == status) {
            return reasons[i].reason;
        }
    }
    return status >= 500 ? "Server Error" : "Error";
}
