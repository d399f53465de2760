/* Loops: fetching items, and the object called loop. */
#include "template/vm_state.h"

#include <apr_strings.h>

#include "base/banned.h"

/* ---- running --------------------------------------------------------------------- */

/* The memory that an iteration used can be used again by the next one, unless something was kept
 * (fb_vm_keep) or the items themselves were made on the way: iterators make theirs when asked, and
 * loop.previtem may still want the pair that items() made. */
static bool may_reuse(const fb_loop *loop, bool extended)
{
    switch (loop->walk.over.tag) {
    case FB_ITERATOR: return false;
    case FB_VIEW: return !(extended && loop->walk.over.aux == FB_VIEW_ITEMS);
    default: return true;
    }
}

apr_status_t fb_loop_start(fb_vm *vm, fb_frame *frame, const fb_ins *ins, fb_value iterable,
                           fb_macro *test, fb_error *error)
{
    fb_loop *loop = fb_arena_calloc(vm->arena, sizeof(*loop));
    apr_status_t status = fb_walk_start(vm, iterable, &loop->walk, error);

    if (status != APR_SUCCESS)
        return status;
    loop->object.cls = &fb_class_loop;
    loop->iterable = iterable;
    loop->index0 = -1;
    loop->length = -1;
    loop->test = test;
    loop->reuse = may_reuse(loop, (ins->a & 1u) != 0);
    if ((ins->a & 4u) != 0) {
        loop->recurse = frame->recurse;
        loop->depth0 = frame->recurse_depth;
    }
    frame->slots[ins->b] = fb_object_value(loop);
    loop->mark = fb_arena_note(vm->arena);
    loop->keeps = vm->keeps;
    return APR_SUCCESS;
}

/* Long lists of records are spread over more memory than the caches hold: what the coming items
 * consist of is asked for a few iterations ahead. Halves the time of a table of 10,000 rows. */
#define LONG_LIST 256u
static void look_ahead(const fb_list *list, uint32_t at)
{
    if (at + 12 >= list->len)
        return;
    __builtin_prefetch(list->items[at + 12].as.ptr);
    const fb_value *near = &list->items[at + 8];
    if (near->tag == FB_DICT) {
        const char *entries = (const char *)near->as.dict->entries;
        for (apr_size_t i = 0; i < near->as.dict->used * sizeof(fb_dict_entry); i += 64)
            __builtin_prefetch(entries + i);
    }
    near = &list->items[at + 4];
    for (uint32_t i = 0; near->tag == FB_DICT && i < near->as.dict->used; i++)
        __builtin_prefetch(near->as.dict->entries[i].value.as.ptr);
}

/* The next item that passes the loop's condition. */
static apr_status_t fetch(fb_vm *vm, fb_loop *loop, fb_value *out, fb_error *error)
{
    bool passed = true;
    apr_status_t status;

    if (loop->finished)
        return APR_EOF;
    if (loop->walk.over.tag == FB_LIST && loop->walk.over.as.list->len >= LONG_LIST)
        look_ahead(loop->walk.over.as.list, (uint32_t)loop->walk.at);
    do {
        status = fb_walk_next(vm, &loop->walk, out, error);
        if (status == APR_SUCCESS && loop->test != NULL)
            status = fb_vm_test_item(vm, loop->test, *out, &passed, error);
    } while (status == APR_SUCCESS && !passed);
    loop->finished = status != APR_SUCCESS;
    return status;
}

apr_status_t fb_loop_next(fb_vm *vm, fb_loop *loop, fb_value *out, fb_error *error)
{
    apr_status_t status = APR_SUCCESS;

    if (loop->reuse) {
        if (loop->keeps == vm->keeps) {
            fb_arena_release(vm->arena, loop->mark);
        } else {
            loop->mark = fb_arena_note(vm->arena);
            loop->keeps = vm->keeps;
        }
        vm->last_mark = loop->mark;
    }
    if (loop->after.tag != FB_ABSENT) {
        *out = loop->after;
        loop->after = fb_absent();
    } else {
        status = fetch(vm, loop, out, error);
    }
    if (status != APR_SUCCESS)
        return status;
    loop->index0++;
    loop->before = loop->current;
    loop->current = *out;
    return APR_SUCCESS;
}

/* ---- loop.… ---------------------------------------------------------------------- */

static fb_loop *loop_of(fb_value self)
{
    return (fb_loop *)self.as.object;
}

/* Looks one item ahead; FB_ABSENT at the end. */
static apr_status_t peek(fb_vm *vm, fb_loop *loop, fb_error *error)
{
    if (loop->after.tag != FB_ABSENT)
        return APR_SUCCESS;
    apr_status_t status = fetch(vm, loop, &loop->after, error);
    if (status == APR_EOF) {
        loop->after = fb_absent();
        return APR_SUCCESS;
    }
    if (status == APR_SUCCESS)
        fb_vm_keep(vm, loop->after); /* it must outlive this iteration */
    return status;
}

/* Without a length of its own, what is left has to be fetched to be counted. */
static apr_status_t length_of(fb_vm *vm, fb_loop *loop, int64_t *out, fb_error *error)
{
    fb_list *left;
    fb_value item;
    apr_status_t status;

    *out = loop->length;
    if (loop->length >= 0)
        return APR_SUCCESS;
    if (loop->test == NULL && loop->walk.over.tag != FB_ITERATOR &&
        fb_length(vm, loop->iterable, &loop->length, error) == APR_SUCCESS) {
        *out = loop->length;
        return APR_SUCCESS;
    }
    fb_error_clear(error);
    left = fb_list_create(vm->arena, 16);
    while ((status = fetch(vm, loop, &item, error)) == APR_SUCCESS) {
        if (fb_list_push(left, item, vm->arena) != APR_SUCCESS)
            return fb_raise_memory(error);
    }
    if (status != APR_EOF)
        return status;
    loop->length = left->len + loop->index0 + 1 + (loop->after.tag != FB_ABSENT);
    loop->test = NULL;
    loop->finished = false;
    loop->walk = (fb_walk){ .over = fb_list_value(left) };
    loop->reuse = false;
    vm->keeps++;
    *out = loop->length;
    return APR_SUCCESS;
}

static apr_status_t get_index(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    (void)vm;
    (void)error;
    *out = fb_int(loop_of(self)->index0 + 1);
    return APR_SUCCESS;
}

static apr_status_t get_index0(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    (void)vm;
    (void)error;
    *out = fb_int(loop_of(self)->index0);
    return APR_SUCCESS;
}

static apr_status_t get_depth(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    (void)vm;
    (void)error;
    *out = fb_int(loop_of(self)->depth0 + 1);
    return APR_SUCCESS;
}

static apr_status_t get_depth0(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    (void)vm;
    (void)error;
    *out = fb_int(loop_of(self)->depth0);
    return APR_SUCCESS;
}

static apr_status_t get_first(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    (void)vm;
    (void)error;
    *out = fb_bool(loop_of(self)->index0 == 0);
    return APR_SUCCESS;
}

static apr_status_t get_last(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    apr_status_t status = peek(vm, loop_of(self), error);

    *out = fb_bool(loop_of(self)->after.tag == FB_ABSENT);
    return status;
}

static apr_status_t get_length(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    int64_t length;
    apr_status_t status = length_of(vm, loop_of(self), &length, error);

    *out = fb_int(length);
    return status;
}

static apr_status_t get_revindex(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    int64_t length;
    apr_status_t status = length_of(vm, loop_of(self), &length, error);

    *out = fb_int(length - loop_of(self)->index0);
    return status;
}

static apr_status_t get_revindex0(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    int64_t length;
    apr_status_t status = length_of(vm, loop_of(self), &length, error);

    *out = fb_int(length - loop_of(self)->index0 - 1);
    return status;
}

static apr_status_t get_previtem(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    (void)error;
    *out = loop_of(self)->index0 == 0 ? fb_undefined_hint(vm, FB_STR("there is no previous item"))
                                      : loop_of(self)->before;
    return APR_SUCCESS;
}

static apr_status_t get_nextitem(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    apr_status_t status = peek(vm, loop_of(self), error);

    *out = loop_of(self)->after;
    if (out->tag == FB_ABSENT)
        *out = fb_undefined_hint(vm, FB_STR("there is no next item"));
    return status;
}

static apr_status_t call_cycle(fb_vm *vm, fb_value self, fb_args args, fb_kwargs kwargs,
                               fb_value *out, fb_error *error)
{
    (void)vm;
    (void)kwargs;
    if (args.n == 0)
        return fb_raise(error, "TypeError", "no items for cycling given");
    *out = args.v[(apr_size_t)loop_of(self)->index0 % args.n];
    return APR_SUCCESS;
}

static apr_status_t call_changed(fb_vm *vm, fb_value self, fb_args args, fb_kwargs kwargs,
                                 fb_value *out, fb_error *error)
{
    fb_loop *loop = loop_of(self);
    fb_value now = fb_op_list(vm, FB_TUPLE, args.v, (uint32_t)args.n);
    bool same = false;

    (void)kwargs;
    if (loop->changed.tag == FB_TUPLE) {
        apr_status_t status = fb_equal_checked(vm, loop->changed, now, &same, error);
        if (status != APR_SUCCESS)
            return status;
    }
    if (!same) {
        vm->keeps++;
        loop->changed = now;
    }
    *out = fb_bool(!same);
    return APR_SUCCESS;
}

static apr_status_t call_loop(fb_vm *vm, fb_value self, fb_args args, fb_kwargs kwargs,
                              fb_value *out, fb_error *error)
{
    fb_loop *loop = loop_of(self);

    (void)kwargs;
    if (loop->recurse == NULL)
        return fb_raise(error, "TypeError",
                        "The loop must have the 'recursive' marker to be called recursively.");
    return fb_vm_recurse(vm, loop->recurse, args.v[0], loop->depth0 + 1, false, out, error);
}

static apr_status_t loop_length(fb_vm *vm, fb_value self, int64_t *out, fb_error *error)
{
    return length_of(vm, loop_of(self), out, error);
}

static apr_status_t loop_string(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    int64_t length;
    apr_status_t status = length_of(vm, loop_of(self), &length, error);

    if (status == APR_SUCCESS)
        *out = fb_string(
            fb_str_printf(vm->pool, "<LoopContext %" APR_INT64_T_FMT "/%" APR_INT64_T_FMT ">",
                          (apr_int64_t)loop_of(self)->index0 + 1, (apr_int64_t)length));
    return status;
}

static const fb_attribute loop_attributes[] = {
    { "index", get_index, "number of the iteration, from 1" },
    { "index0", get_index0, "number of the iteration, from 0" },
    { "revindex", get_revindex, "iterations left, counting this one" },
    { "revindex0", get_revindex0, "iterations left after this one" },
    { "first", get_first, "true in the first iteration" },
    { "last", get_last, "true in the last iteration" },
    { "length", get_length, "number of items" },
    { "depth", get_depth, "how deep a recursive loop is, from 1" },
    { "depth0", get_depth0, "how deep a recursive loop is, from 0" },
    { "previtem", get_previtem, "the item before; undefined in the first iteration" },
    { "nextitem", get_nextitem, "the item behind; undefined in the last iteration" },
    { NULL, NULL, NULL },
};

static const fb_builtin loop_methods[] = {
    { .name = "cycle",
      .fn = call_cycle,
      FB_NO_PARAMS,
      .flags = FB_FN_VARARGS | FB_FN_CONTEXT,
      .doc = "one of its arguments after the other, iteration by iteration" },
    { .name = "changed",
      .fn = call_changed,
      FB_NO_PARAMS,
      .flags = FB_FN_VARARGS | FB_FN_CONTEXT,
      .doc = "true if its arguments differ from those of the last call" },
    { .name = NULL },
};

static const fb_builtin loop_call = { .name = "loop",
                                      .fn = call_loop,
                                      FB_PARAMS("iterable"),
                                      .required = 1,
                                      .flags = FB_FN_CONTEXT,
                                      .doc = "the loop's text for other items" };

const fb_class fb_class_loop = {
    .name = "LoopContext",
    .module = "jinja2.runtime",
    .attributes = loop_attributes,
    .methods = loop_methods,
    .call = &loop_call,
    .length = loop_length,
    .to_string = loop_string,
};
