/* A growing buffer with a mandatory maximum. */
#ifndef FB_BASE_BUF_H
#define FB_BASE_BUF_H

#include "base/error.h"

/* Grows by doubling inside its pool; the contents are always followed by a NUL byte that is
 * not counted. Once an append would pass `max` or formatting fails, the buffer is marked
 * `failed`, ignores what follows, and says so at fb_buf_status: a writer may append many
 * times and check once. */
typedef struct fb_buf {
    apr_pool_t *pool;
    char *data;
    apr_size_t len;
    apr_size_t cap;
    apr_size_t max;
    bool failed;
} fb_buf;

void fb_buf_init(fb_buf *buf, apr_pool_t *pool, apr_size_t max);
/* Room for `more` bytes behind the contents and a NUL; returns where they go, or NULL on
 * failure. Who writes there moves `len` and puts the NUL. */
char *fb_buf_reserve(fb_buf *buf, apr_size_t more);
void fb_buf_add(fb_buf *buf, fb_str s);
void fb_buf_add_z(fb_buf *buf, const char *z);
void fb_buf_add_mem(fb_buf *buf, const void *ptr, apr_size_t len);
void fb_buf_add_char(fb_buf *buf, char c);
void fb_buf_add_fmt(fb_buf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void fb_buf_clear(fb_buf *buf);       /* empty again, memory and limit kept */
fb_str fb_buf_str(const fb_buf *buf); /* borrowed; void at the next append */
/* APR_SUCCESS, or FB_ELIMIT once something did not fit. */
apr_status_t fb_buf_status(const fb_buf *buf) FB_MUST_CHECK;

#endif
