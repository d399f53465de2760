/* Strings that grow in the arena: what every function that builds text writes into. */
#include "template/vm.h"

#include "base/escape.h"

#include <stdio.h>
#include <string.h>

#include "base/banned.h"

#define TEXT_MIN 48

void fb_text_init(fb_text *text, fb_vm *vm, apr_size_t expected)
{
    *text = (fb_text){ .arena = fb_vm_arena(vm) };
    if (expected > 0)
        (void)fb_text_reserve(text, expected);
}

/* The last thing allocated grows where it is; else it is copied to twice its size. */
static bool grow(fb_text *text, apr_size_t need)
{
    fb_arena *arena = text->arena;
    apr_size_t cap = text->cap < TEXT_MIN ? TEXT_MIN : text->cap;
    apr_size_t old = (text->cap + 15u) & ~(apr_size_t)15u;
    char *data;

    if (need > FB_VALUE_MAX_LEN)
        return false;
    while (cap < need)
        cap *= 2;
    if (text->data != NULL && text->data + old == arena->at &&
        cap - old <= (apr_size_t)(arena->end - arena->at) &&
        fb_arena_alloc(arena, cap - old) != NULL) {
        text->cap = cap;
        return true;
    }
    data = fb_arena_alloc(arena, cap);
    if (data == NULL)
        return false;
    if (text->len > 0)
        memcpy(data, text->data, text->len);
    text->data = data;
    text->cap = cap;
    return true;
}

char *fb_text_reserve(fb_text *text, apr_size_t more)
{
    if (text->failed)
        return NULL;
    if ((text->data == NULL || more > text->cap - text->len) && !grow(text, text->len + more)) {
        text->failed = true;
        return NULL;
    }
    return text->data + text->len;
}

void fb_text_add(fb_text *text, fb_str s)
{
    char *at = fb_text_reserve(text, s.len);

    if (at != NULL && s.len > 0) {
        memcpy(at, s.ptr, s.len);
        text->len += s.len;
    }
}

void fb_text_add_char(fb_text *text, char c)
{
    char *at = fb_text_reserve(text, 1);

    if (at != NULL) {
        *at = c;
        text->len++;
    }
}

/* Also lone surrogates, which Python's strings may hold, in their three-byte form. */
void fb_text_add_code(fb_text *text, unsigned int code_point)
{
    char *at = fb_text_reserve(text, 4);

    if (at == NULL)
        return;
    if (code_point < 0x80) {
        at[0] = (char)code_point;
        text->len++;
    } else if (code_point < 0x800) {
        at[0] = (char)(0xc0 | code_point >> 6);
        at[1] = (char)(0x80 | (code_point & 0x3f));
        text->len += 2;
    } else if (code_point < 0x10000) {
        at[0] = (char)(0xe0 | code_point >> 12);
        at[1] = (char)(0x80 | (code_point >> 6 & 0x3f));
        at[2] = (char)(0x80 | (code_point & 0x3f));
        text->len += 3;
    } else {
        at[0] = (char)(0xf0 | code_point >> 18);
        at[1] = (char)(0x80 | (code_point >> 12 & 0x3f));
        at[2] = (char)(0x80 | (code_point >> 6 & 0x3f));
        at[3] = (char)(0x80 | (code_point & 0x3f));
        text->len += 4;
    }
}

void fb_text_add_escaped(fb_text *text, fb_str s)
{
    static const struct {
        char c;
        fb_str entity;
    } entities[] = { { '&', FB_STR_INIT("&amp;") },
                     { '<', FB_STR_INIT("&lt;") },
                     { '>', FB_STR_INIT("&gt;") },
                     { '"', FB_STR_INIT("&#34;") },
                     { '\'', FB_STR_INIT("&#39;") } };
    apr_size_t span;

    while (s.len > 0) {
        span = fb_escape_html_span(s);
        fb_text_add(text, fb_str_sub(s, 0, span));
        s = fb_str_sub(s, span, s.len);
        if (s.len == 0)
            return;
        for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
            if (entities[i].c == s.ptr[0])
                fb_text_add(text, entities[i].entity);
        s = fb_str_sub(s, 1, s.len);
    }
}

void fb_text_add_fmt(fb_text *text, const char *fmt, ...)
{
    va_list args, again;
    int len;
    char *at;

    va_start(args, fmt);
    va_copy(again, args);
    len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    at = len < 0 ? NULL : fb_text_reserve(text, (apr_size_t)len + 1);
    if (at != NULL && vsnprintf(at, (size_t)len + 1, fmt, again) == len)
        text->len += (apr_size_t)len;
    else
        text->failed = true;
    va_end(again);
}

apr_status_t fb_text_finish(fb_text *text, fb_tag tag, fb_value *out, fb_error *error)
{
    apr_size_t all = (text->cap + 15u) & ~(apr_size_t)15u;
    apr_size_t used = (text->len + 15u) & ~(apr_size_t)15u;

    if (text->failed)
        return fb_raise_memory(error);
    if (text->data != NULL && text->data + all == text->arena->at) /* give the rest back */
        text->arena->at = text->data + used;
    *out = fb_string((fb_str){ text->data, text->len });
    out->tag = (uint8_t)tag;
    return APR_SUCCESS;
}
