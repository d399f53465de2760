/* A growing buffer with a mandatory maximum. */
#include "base/buf.h"

#include <stdio.h>
#include <string.h>

#include "base/banned.h"

#define BUF_FIRST 256

/* What an empty buffer's data points to, so that readers always find a NUL; never written. */
static char empty[1] = { '\0' };

void fb_buf_init(fb_buf *buf, apr_pool_t *pool, apr_size_t max)
{
    *buf = (fb_buf){ .pool = pool, .data = empty, .max = max };
}

/* Makes cap >= len + more + 1. */
static bool grow(fb_buf *buf, apr_size_t more)
{
    if (buf->failed || more > buf->max || buf->len > buf->max - more ||
        buf->len + more == APR_SIZE_MAX) {
        buf->failed = true;
        return false;
    }
    apr_size_t need = buf->len + more + 1;
    if (need <= buf->cap) {
        return true;
    }
    apr_size_t cap = buf->cap > 0 ? buf->cap : BUF_FIRST;
    while (cap < need) {
        cap = cap > APR_SIZE_MAX / 2 ? need : cap * 2;
    }
    if (buf->max < APR_SIZE_MAX && cap > buf->max + 1) {
        cap = buf->max + 1;
    }
    char *data = apr_palloc(buf->pool, cap);
    memcpy(data, buf->data, buf->len);
    data[buf->len] = '\0';
    buf->data = data;
    buf->cap = cap;
    return true;
}

char *fb_buf_reserve(fb_buf *buf, apr_size_t more)
{
    return grow(buf, more) ? buf->data + buf->len : NULL;
}

void fb_buf_add(fb_buf *buf, fb_str s)
{
    fb_buf_add_mem(buf, s.ptr, s.len);
}

void fb_buf_add_z(fb_buf *buf, const char *z)
{
    fb_buf_add(buf, fb_str_from(z));
}

void fb_buf_add_mem(fb_buf *buf, const void *ptr, apr_size_t len)
{
    if (len == 0 || !grow(buf, len)) {
        return;
    }
    memcpy(buf->data + buf->len, ptr, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
}

void fb_buf_add_char(fb_buf *buf, char c)
{
    fb_buf_add_mem(buf, &c, 1);
}

void fb_buf_add_fmt(fb_buf *buf, const char *fmt, ...)
{
    va_list args;
    va_list again;

    va_start(args, fmt);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (len < 0) {
        buf->failed = true;
    } else if (len > 0 && grow(buf, (apr_size_t)len)) {
        if (vsnprintf(buf->data + buf->len, (apr_size_t)len + 1, fmt, again) == len) {
            buf->len += (apr_size_t)len;
        } else {
            buf->data[buf->len] = '\0';
            buf->failed = true;
        }
    }
    va_end(again);
}

void fb_buf_clear(fb_buf *buf)
{
    buf->len = 0;
    buf->failed = false;
    if (buf->cap > 0) {
        buf->data[0] = '\0';
    }
}

fb_str fb_buf_str(const fb_buf *buf)
{
    return fb_str_from_len(buf->data, buf->len);
}

apr_status_t fb_buf_status(const fb_buf *buf)
{
    return buf->failed ? FB_ELIMIT : APR_SUCCESS;
}
