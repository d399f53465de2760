/* Output in pieces: gathering of small parts, pointing at long constant ones. */
#include "base/chunks.h"

#include <string.h>

#include "base/banned.h"

/* Size of a gathering block: with httpd's own 8000-byte output buckets in mind. */
#define BLOCK 4096
/* Constant parts up to this length are copied: a bucket costs about as much as copying them. */
#define STATIC_MIN 256

void fb_chunks_init(fb_chunks *chunks, apr_pool_t *pool, apr_size_t max)
{
    *chunks = (fb_chunks){ .pool = pool, .max = max };
}

/* Counts the bytes against the limit. */
static bool admit(fb_chunks *chunks, apr_size_t len)
{
    if (chunks->failed || len > chunks->max || chunks->total > chunks->max - len) {
        chunks->failed = true;
        return false;
    }
    chunks->total += len;
    return true;
}

static fb_chunk *append(fb_chunks *chunks, fb_chunk_kind kind, const char *ptr, apr_size_t len,
                        apr_size_t cap)
{
    fb_chunk *chunk = apr_palloc(chunks->pool, sizeof(*chunk));

    *chunk = (fb_chunk){ .ptr = ptr, .len = len, .cap = cap, .kind = kind };
    if (chunks->last != NULL) {
        chunks->last->next = chunk;
    } else {
        chunks->first = chunk;
    }
    chunks->last = chunk;
    return chunk;
}

static void copy(fb_chunks *chunks, fb_str s)
{
    fb_chunk *last = chunks->last;

    if (last == NULL || last->cap - last->len < s.len || last->cap == 0) {
        apr_size_t cap = s.len > BLOCK / 2 ? s.len : BLOCK;
        last = append(chunks, FB_CHUNK_POOL, apr_palloc(chunks->pool, cap), 0, cap);
    }
    memcpy((char *)(apr_uintptr_t)last->ptr + last->len, s.ptr, s.len);
    last->len += s.len;
}

void fb_chunks_add(fb_chunks *chunks, fb_str s)
{
    if (s.len > 0 && admit(chunks, s.len)) {
        copy(chunks, s);
    }
}

void fb_chunks_add_static(fb_chunks *chunks, fb_str s)
{
    if (s.len == 0 || !admit(chunks, s.len)) {
        return;
    }
    if (s.len < STATIC_MIN) {
        copy(chunks, s);
    } else {
        append(chunks, FB_CHUNK_STATIC, s.ptr, s.len, 0);
    }
}

apr_status_t fb_chunks_status(const fb_chunks *chunks)
{
    return chunks->failed ? FB_ELIMIT : APR_SUCCESS;
}

fb_str fb_chunks_flatten(const fb_chunks *chunks, apr_pool_t *pool)
{
    apr_size_t len = 0;

    for (const fb_chunk *chunk = chunks->first; chunk != NULL; chunk = chunk->next) {
        len += chunk->len;
    }
    char *all = apr_palloc(pool, len + 1);
    char *at = all;
    for (const fb_chunk *chunk = chunks->first; chunk != NULL; chunk = chunk->next) {
        memcpy(at, chunk->ptr, chunk->len);
        at += chunk->len;
    }
    *at = '\0';
    return fb_str_from_len(all, len);
}
