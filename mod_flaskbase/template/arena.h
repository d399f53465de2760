/* The memory of one render: a bump allocator with marks, a budget, and blocks that are reused. */
#ifndef FB_TEMPLATE_ARENA_H
#define FB_TEMPLATE_ARENA_H

#include "base/error.h"

#include <stdint.h>

/* Everything a template computes lives here. The arena's blocks come from its pool and go
 * back with it; fb_arena_release gives what was allocated after a mark back to the arena, so a
 * loop of a million iterations needs the memory of one.
 *
 * The budget is soft for small requests (an allocation of at most FB_ARENA_SMALL bytes always
 * succeeds; the VM notices `used > max` at its next instruction) and hard for larger ones:
 * they return NULL when they would pass it. Code that asks for an amount which a template
 * chooses must therefore check for NULL; code that allocates a node or a short string need not. */
#define FB_ARENA_SMALL ((apr_size_t)65536)

typedef struct fb_arena_block fb_arena_block;

typedef struct fb_arena {
    char *at;
    char *end;
    fb_arena_block *block; /* the one being filled */
    fb_arena_block *spare; /* given back by a release */
    apr_pool_t *pool;
    apr_size_t used; /* bytes in full blocks, for the budget */
    apr_size_t max;
} fb_arena;

typedef struct fb_arena_mark {
    fb_arena_block *block;
    char *at;
    apr_size_t used;
} fb_arena_mark;

/* In `pool`; `max` is the budget in bytes. */
fb_arena *fb_arena_create(apr_pool_t *pool, apr_size_t max);
void *fb_arena_slow(fb_arena *arena, apr_size_t size); /* the part that is not inlined */

/* 16-byte aligned, not cleared. */
static inline void *fb_arena_alloc(fb_arena *arena, apr_size_t size)
{
    apr_size_t need = (size + 15u) & ~(apr_size_t)15u;

    if (need < size || need > (apr_size_t)(arena->end - arena->at))
        return fb_arena_slow(arena, size);
    void *at = arena->at;
    arena->at += need;
    return at;
}

void *fb_arena_calloc(fb_arena *arena, apr_size_t size); /* cleared */
/* A copy with a NUL behind it; ptr is NULL when it did not fit the budget. */
fb_str fb_arena_str(fb_arena *arena, fb_str s);

fb_arena_mark fb_arena_note(const fb_arena *arena);
void fb_arena_release(fb_arena *arena, fb_arena_mark mark);
/* Whether something was allocated after the mark (and not released since). */
bool fb_arena_is_newer(const fb_arena *arena, fb_arena_mark mark, const void *what);
bool fb_arena_over(const fb_arena *arena);

#endif
