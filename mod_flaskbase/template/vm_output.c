/* Output: pieces gathered into blocks of a page, and captured into strings. */
#include "template/vm_state.h"

#include "template/number.h"

#include "base/escape.h"

#include <string.h>

#include "base/banned.h"

/* Size of the blocks a page is gathered in. */
#define BLOCK 8192u
/* Literal text from this length on is not copied but pointed to. */
#define LONG_LITERAL 512u

/* ---- the page -------------------------------------------------------------------- */

static void add_chunk(fb_vm *vm, const char *ptr, apr_size_t len, fb_chunk_kind kind)
{
    fb_chunks *chunks = vm->chunks;
    fb_chunk *chunk = apr_palloc(chunks->pool, sizeof(*chunk));

    *chunk = (fb_chunk){ .ptr = ptr, .len = len, .kind = kind };
    if (chunks->last != NULL)
        chunks->last->next = chunk;
    else
        chunks->first = chunk;
    chunks->last = chunk;
    chunks->total += len;
    vm->written += len;
}

/* Hands what was gathered so far to the page. */
static void flush_page(fb_vm *vm)
{
    if (vm->out.at > vm->out.start)
        add_chunk(vm, vm->out.start, (apr_size_t)(vm->out.at - vm->out.start), FB_CHUNK_POOL);
    vm->out.start = vm->out.at;
}

static void new_block(fb_vm *vm, apr_size_t need)
{
    apr_size_t size = need > BLOCK ? need : BLOCK;

    flush_page(vm);
    vm->out.start = vm->out.at = apr_palloc(vm->chunks->pool, size);
    vm->out.end = vm->out.start + size;
}

/* ---- captures -------------------------------------------------------------------- */

static bool grow_capture(fb_vm *vm, apr_size_t need)
{
    apr_size_t used = (apr_size_t)(vm->out.at - vm->out.start);
    apr_size_t size = vm->capture_size == 0 ? 4096 : vm->capture_size;

    while (size < used + need)
        size *= 2;
    if (size > vm->limits->output * 2 + 65536) {
        vm->too_much = true;
        return false;
    }
    char *buffer = apr_palloc(vm->pool, size);
    if (used > 0)
        memcpy(buffer, vm->out.start, used);
    vm->capture = buffer;
    vm->capture_size = size;
    vm->out.start = buffer;
    vm->out.at = buffer + used;
    vm->out.end = buffer + size;
    return true;
}

apr_size_t fb_vm_capture_begin(fb_vm *vm)
{
    if (vm->captures++ == 0) {
        vm->page = vm->out;
        vm->out.start = vm->out.at = vm->capture;
        vm->out.end = vm->capture != NULL ? vm->capture + vm->capture_size : NULL;
    }
    return (apr_size_t)(vm->out.at - vm->out.start);
}

static void leave_capture(fb_vm *vm, apr_size_t start)
{
    vm->out.at = vm->out.start + start;
    if (--vm->captures == 0)
        vm->out = vm->page;
}

apr_status_t fb_vm_capture_end(fb_vm *vm, apr_size_t start, fb_tag tag, fb_value *out,
                               fb_error *error)
{
    fb_str text =
        fb_str_from_len(vm->out.start + start, (apr_size_t)(vm->out.at - vm->out.start) - start);
    fb_str copy = text.len > 0 ? fb_arena_str(vm->arena, text) : FB_STR("");

    leave_capture(vm, start);
    if (copy.ptr == NULL || copy.len > FB_VALUE_MAX_LEN)
        return fb_raise_memory(error);
    *out = tag == FB_MARKUP ? fb_markup(copy) : fb_string(copy);
    return APR_SUCCESS;
}

void fb_vm_capture_drop(fb_vm *vm, uint32_t count, const fb_value *sp)
{
    while (count > 0) {
        sp--;
        if (sp->tag == FB_INT) {
            leave_capture(vm, (apr_size_t)sp->as.i);
            count--;
        }
    }
}

/* Text goes to the page although captures are open. */
static void emit_to_page(fb_vm *vm, const char *ptr, apr_size_t len)
{
    fb_sink capture = vm->out;
    unsigned captures = vm->captures;

    vm->out = vm->page;
    vm->captures = 0;
    fb_vm_emit(vm, ptr, len);
    vm->page = vm->out;
    vm->out = capture;
    vm->captures = captures;
}

/* Moves the last `len` bytes of the capture buffer to `to`, and what was there behind them. */
static apr_status_t rotate(fb_vm *vm, apr_size_t to, apr_size_t len, fb_error *error)
{
    fb_str copy = fb_arena_str(vm->arena, fb_str_from_len(vm->out.at - len, len));
    char *from = vm->out.start + to;

    if (copy.ptr == NULL)
        return fb_raise_memory(error);
    memmove(from + len, from, (apr_size_t)(vm->out.at - from) - len);
    memcpy(from, copy.ptr, len);
    return APR_SUCCESS;
}

apr_status_t fb_vm_capture_hoist(fb_vm *vm, uint32_t count, fb_value *sp, fb_error *error)
{
    apr_size_t len = (apr_size_t)(vm->out.at - vm->out.start) - (apr_size_t)sp->as.i;
    fb_value *outermost = sp;

    if (vm->captures - 1 == count) {
        emit_to_page(vm, vm->out.at - len, len);
        leave_capture(vm, (apr_size_t)sp->as.i);
        return APR_SUCCESS;
    }
    vm->captures--; /* the text stays in the buffer, as what an outer capture holds */
    for (uint32_t found = 0; found < count;) {
        outermost--;
        found += outermost->tag == FB_INT;
    }
    apr_status_t status = rotate(vm, (apr_size_t)outermost->as.i, len, error);
    for (; outermost < sp; outermost++) {
        if (outermost->tag == FB_INT)
            outermost->as.i += (int64_t)len;
    }
    return status;
}

/* ---- writing --------------------------------------------------------------------- */

void fb_vm_emit_slow(fb_vm *vm, const char *ptr, apr_size_t len)
{
    if (len == 0 || vm->too_much)
        return;
    if (vm->captures > 0) {
        if (!grow_capture(vm, len))
            return;
    } else {
        apr_size_t room = (apr_size_t)(vm->out.end - vm->out.at);
        if (vm->written > vm->limits->output) {
            vm->too_much = true;
            return;
        }
        /* Fills the block to its end, so that blocks are full. */
        if (len < BLOCK && room > 0) {
            memcpy(vm->out.at, ptr, room);
            vm->out.at += room;
            ptr += room;
            len -= room;
        }
        new_block(vm, len);
    }
    memcpy(vm->out.at, ptr, len);
    vm->out.at += len;
}

void fb_vm_emit_literal(fb_vm *vm, fb_str s)
{
    if (s.len < LONG_LITERAL || vm->captures > 0) {
        fb_vm_emit(vm, s.ptr, s.len);
        return;
    }
    flush_page(vm);
    add_chunk(vm, s.ptr, s.len, FB_CHUNK_STATIC);
}

/* Escaped text needs up to this many bytes for one. */
#define MAX_ENTITY 5u

void fb_vm_emit_escaped(fb_vm *vm, fb_str s)
{
    while (s.len > 0) {
        apr_size_t room = (apr_size_t)(vm->out.end - vm->out.at) / MAX_ENTITY;
        if (room < s.len && room < 512) {
            /* Too close to the end of the block. */
            apr_size_t part = s.len < 512 ? s.len : 512;
            if (vm->too_much)
                return;
            if (vm->captures > 0) {
                if (!grow_capture(vm, part * MAX_ENTITY))
                    return;
            } else {
                if (vm->written > vm->limits->output) {
                    vm->too_much = true;
                    return;
                }
                new_block(vm, part * MAX_ENTITY);
            }
            continue;
        }
        fb_str part = { s.ptr, room < s.len ? room : s.len };
        vm->out.at += fb_escape_html_into(vm->out.at, part);
        s.ptr += part.len;
        s.len -= part.len;
    }
}

apr_status_t fb_vm_emit_value(fb_vm *vm, fb_value v, bool escape, fb_error *error)
{
    char digits[32];
    fb_value text;
    apr_status_t status;

    if (v.tag == FB_INT) {
        fb_vm_emit(vm, digits, fb_integer_write_small(digits, v.as.i));
        return APR_SUCCESS;
    }
    if (v.tag == FB_UNDEFINED && v.as.undefined->kind == FB_UNDEFINED_LENIENT)
        return APR_SUCCESS;
    status = fb_to_string(vm, v, &text, error);
    if (status != APR_SUCCESS)
        return status;
    if (escape && text.tag != FB_MARKUP)
        fb_vm_emit_escaped(vm, fb_value_str(text));
    else
        fb_vm_emit(vm, text.as.s, text.len);
    return APR_SUCCESS;
}

/* ---- begin and end --------------------------------------------------------------- */

void fb_vm_output_start(fb_vm *vm, fb_chunks *chunks)
{
    vm->chunks = chunks;
    vm->out = (fb_sink){ vm->nothing, vm->nothing, vm->nothing };
    vm->capture = vm->nothing;
}

bool fb_vm_output_over(const fb_vm *vm)
{
    return vm->too_much || vm->written > vm->limits->output;
}

apr_status_t fb_vm_output_finish(fb_vm *vm, fb_error *error)
{
    flush_page(vm);
    if (fb_vm_output_over(vm))
        return fb_raise_limit(error, "the output is too large", vm->limits->output);
    if (vm->chunks->total > vm->chunks->max) {
        vm->chunks->failed = true;
        return fb_raise_limit(error, "the output is too large", vm->chunks->max);
    }
    return APR_SUCCESS;
}
