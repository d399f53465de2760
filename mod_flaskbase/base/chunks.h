/* Output in pieces: what a page consists of on its way from the renderer to the socket. */
#ifndef FB_BASE_CHUNKS_H
#define FB_BASE_CHUNKS_H

#include "base/error.h"

/* A chunk's bytes either live as long as the configuration (template literals, constants)
 * or in the pool of the chunk list; httpd/ makes immortal or pool buckets of them, without
 * copying. */
typedef enum fb_chunk_kind { FB_CHUNK_STATIC, FB_CHUNK_POOL } fb_chunk_kind;

typedef struct fb_chunk {
    struct fb_chunk *next;
    const char *ptr;
    apr_size_t len;
    apr_size_t cap; /* writable bytes at ptr for the open FB_CHUNK_POOL chunk, else 0 */
    fb_chunk_kind kind;
} fb_chunk;

typedef struct fb_chunks {
    apr_pool_t *pool;
    fb_chunk *first;
    fb_chunk *last;
    apr_size_t total;
    apr_size_t max;
    bool failed;
} fb_chunks;

void fb_chunks_init(fb_chunks *chunks, apr_pool_t *pool, apr_size_t max);
/* Copies; small pieces gather in blocks of some KB. */
void fb_chunks_add(fb_chunks *chunks, fb_str s);
/* Points to bytes that outlive the request; short ones are copied all the same, since a
 * bucket costs more than a short copy. */
void fb_chunks_add_static(fb_chunks *chunks, fb_str s);
/* FB_ELIMIT once more than `max` bytes were added. */
apr_status_t fb_chunks_status(const fb_chunks *chunks) FB_MUST_CHECK;
/* All bytes in one piece, in the given pool (for mails, tests, digests). */
fb_str fb_chunks_flatten(const fb_chunks *chunks, apr_pool_t *pool);

#endif
