/* The memory of one render: a bump allocator with marks, a budget, and blocks that are reused. */
#include "template/arena.h"

#include <string.h>

#include "base/banned.h"

/* Blocks grow from the first size to the second, so that a small page stays small and a large
 * one does not chain hundreds of blocks. */
#define FIRST_BLOCK ((apr_size_t)8192)
#define LAST_BLOCK  ((apr_size_t)262144)

struct fb_arena_block {
    fb_arena_block *previous;
    apr_size_t size; /* bytes of memory */
    char *memory;
};

static fb_arena_block *new_block(fb_arena *arena, apr_size_t size)
{
    fb_arena_block *block = apr_palloc(arena->pool, sizeof(*block) + 16);
    char *memory = apr_palloc(arena->pool, size + 16);

    *block = (fb_arena_block){ .size = size };
    /* APR promises 8-byte alignment only. */
    block->memory = memory + ((16u - ((apr_uintptr_t)memory & 15u)) & 15u);
    return block;
}

fb_arena *fb_arena_create(apr_pool_t *pool, apr_size_t max)
{
    fb_arena *arena = apr_pcalloc(pool, sizeof(*arena));

    arena->pool = pool;
    arena->max = max;
    return arena;
}

static void enter_block(fb_arena *arena, fb_arena_block *block)
{
    if (arena->block != NULL)
        arena->used += arena->block->size;
    block->previous = arena->block;
    arena->block = block;
    arena->at = block->memory;
    arena->end = block->memory + block->size;
}

/* A spare block that is large enough, unlinked from the list of spares. */
static fb_arena_block *take_spare(fb_arena *arena, apr_size_t size)
{
    for (fb_arena_block **link = &arena->spare; *link != NULL; link = &(*link)->previous) {
        fb_arena_block *block = *link;
        if (block->size >= size) {
            *link = block->previous;
            return block;
        }
    }
    return NULL;
}

void *fb_arena_slow(fb_arena *arena, apr_size_t size)
{
    if (size > FB_ARENA_SMALL && (size > arena->max || arena->used > arena->max - size))
        return NULL;
    apr_size_t need = (size + 15u) & ~(apr_size_t)15u;
    fb_arena_block *block = take_spare(arena, need);
    if (block == NULL) {
        apr_size_t want = arena->block == NULL ? FIRST_BLOCK : arena->block->size * 2;
        if (want > LAST_BLOCK)
            want = LAST_BLOCK;
        block = new_block(arena, want > need ? want : need);
    }
    enter_block(arena, block);
    void *at = arena->at;
    arena->at += need;
    return at;
}

void *fb_arena_calloc(fb_arena *arena, apr_size_t size)
{
    void *at = fb_arena_alloc(arena, size);

    if (at != NULL)
        memset(at, 0, size);
    return at;
}

fb_str fb_arena_str(fb_arena *arena, fb_str s)
{
    char *copy = fb_arena_alloc(arena, s.len + 1);

    if (copy == NULL)
        return (fb_str){ NULL, 0 };
    if (s.len > 0)
        memcpy(copy, s.ptr, s.len);
    copy[s.len] = '\0';
    return (fb_str){ copy, s.len };
}

fb_arena_mark fb_arena_note(const fb_arena *arena)
{
    return (fb_arena_mark){ arena->block, arena->at, arena->used };
}

void fb_arena_release(fb_arena *arena, fb_arena_mark mark)
{
    while (arena->block != mark.block) {
        fb_arena_block *block = arena->block;
        arena->block = block->previous;
        block->previous = arena->spare;
        arena->spare = block;
    }
    arena->used = mark.used;
    arena->at = mark.at;
    arena->end = arena->block != NULL ? arena->block->memory + arena->block->size : NULL;
}

bool fb_arena_is_newer(const fb_arena *arena, fb_arena_mark mark, const void *what)
{
    apr_uintptr_t at = (apr_uintptr_t)what;

    for (const fb_arena_block *block = arena->block; block != NULL; block = block->previous) {
        apr_uintptr_t from = (apr_uintptr_t)(block == mark.block ? mark.at : block->memory);
        if (at >= from && at < (apr_uintptr_t)(block->memory + block->size))
            return true;
        if (block == mark.block)
            break;
    }
    return false;
}

bool fb_arena_over(const fb_arena *arena)
{
    return arena->used > arena->max;
}
