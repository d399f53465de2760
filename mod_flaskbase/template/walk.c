/* Walking: every way to get at the items of something iterable. */
#include "template/chars.h"
#include "template/vm_state.h"

#include <string.h>

#include "base/banned.h"

apr_status_t fb_iter_step(fb_vm *vm, fb_iter *iter, fb_value *out, fb_error *error)
{
    if (iter->done)
        return APR_EOF;
    /* An iterator that is older than the current iteration of a loop may keep what it makes now. */
    if (!fb_arena_is_newer(vm->arena, vm->last_mark, iter))
        vm->keeps++;
    apr_status_t status = iter->next(vm, iter, out, error);
    if (status != APR_SUCCESS)
        iter->done = true; /* a generator that raised is finished, too */
    return status;
}

apr_status_t fb_walk_start(fb_vm *vm, fb_value v, fb_walk *walk, fb_error *error)
{
    *walk = (fb_walk){ .over = v };
    switch (v.tag) {
    case FB_STR:
    case FB_MARKUP:
    case FB_BYTES: walk->end = v.len; return APR_SUCCESS;
    case FB_LIST:
    case FB_TUPLE:
    case FB_DICT:
    case FB_VIEW:
        return APR_SUCCESS; /* their ends are looked at while walking: a loop may append */
    case FB_RANGE: walk->end = v.as.range->len; return APR_SUCCESS;
    case FB_ITERATOR: return APR_SUCCESS;
    case FB_UNDEFINED:
        if (v.as.undefined->kind == FB_UNDEFINED_STRICT)
            return fb_raise_undefined(vm, v, error);
        return APR_SUCCESS;
    case FB_OBJECT:
        if (v.as.object->cls->iterate != NULL) {
            fb_value items = fb_none();
            apr_status_t status = v.as.object->cls->iterate(vm, v, &items, error);
            if (status != APR_SUCCESS)
                return status;
            if (items.tag != FB_OBJECT)
                return fb_walk_start(vm, items, walk, error);
        }
        break;
    default: break;
    }
    return fb_raise(error, "TypeError", "'%s' object is not iterable", fb_value_type(v));
}

static apr_status_t next_entry(fb_vm *vm, fb_walk *walk, fb_value *out)
{
    const fb_dict *dict = walk->over.as.dict;

    while (walk->at < dict->used) {
        const fb_dict_entry *entry = &dict->entries[walk->at++];
        if (entry->key.tag == FB_ABSENT)
            continue;
        if (walk->over.tag == FB_DICT || walk->over.aux == FB_VIEW_KEYS)
            *out = entry->key;
        else if (walk->over.aux == FB_VIEW_VALUES)
            *out = entry->value;
        else
            *out = fb_tuple2(vm->arena, entry->key, entry->value);
        return APR_SUCCESS;
    }
    return APR_EOF;
}

static fb_value next_char(fb_walk *walk)
{
    fb_str s = fb_value_str(walk->over);
    apr_size_t from = (apr_size_t)walk->at;
    apr_size_t at = from;
    fb_value v;

    if (walk->over.tag == FB_BYTES) {
        walk->at++;
        return fb_int((unsigned char)s.ptr[from]);
    }
    (void)fb_chars_next(s, &at);
    walk->at = (int64_t)at;
    v = fb_string(fb_str_from_len(s.ptr + from, at - from));
    if (at - from == 1)
        v.flags = FB_STR_ASCII;
    return v;
}

apr_status_t fb_walk_next(fb_vm *vm, fb_walk *walk, fb_value *out, fb_error *error)
{
    const fb_list *list;

    switch (walk->over.tag) {
    case FB_LIST:
    case FB_TUPLE:
        list = walk->over.as.list;
        if (walk->at >= list->len)
            return APR_EOF;
        *out = list->items[walk->at++];
        return APR_SUCCESS;
    case FB_DICT:
    case FB_VIEW: return next_entry(vm, walk, out);
    case FB_RANGE:
        if (walk->at >= walk->end)
            return APR_EOF;
        *out = fb_int(walk->over.as.range->start + walk->over.as.range->step * walk->at++);
        return APR_SUCCESS;
    case FB_STR:
    case FB_MARKUP: /* characters of Markup are plain strings */
    case FB_BYTES:
        if (walk->at >= walk->end)
            return APR_EOF;
        *out = next_char(walk);
        return APR_SUCCESS;
    case FB_ITERATOR: return fb_iter_step(vm, walk->over.as.iter, out, error);
    default: return APR_EOF; /* lenient undefined values are empty */
    }
}

apr_status_t fb_to_list(fb_vm *vm, fb_value v, fb_list **out, fb_error *error)
{
    fb_walk walk;
    fb_value item;
    apr_size_t expected = 0;
    apr_status_t status = fb_walk_start(vm, v, &walk, error);

    if (status != APR_SUCCESS)
        return status;
    if (fb_is_sequence(walk.over))
        expected = walk.over.as.list->len;
    else if (walk.over.tag == FB_RANGE)
        expected = (apr_size_t)walk.end;
    *out = fb_list_create(vm->arena, expected);
    if (*out == NULL)
        return fb_raise_memory(error);
    while ((status = fb_walk_next(vm, &walk, &item, error)) == APR_SUCCESS) {
        if (fb_list_push(*out, item, vm->arena) != APR_SUCCESS)
            return fb_raise_memory(error);
        if (fb_arena_over(vm->arena))
            return fb_raise_memory(error);
    }
    return status == APR_EOF ? APR_SUCCESS : status;
}

/* An iterator that goes through a walk. */
typedef struct walk_iter {
    fb_iter iter;
    fb_walk walk;
} walk_iter;

static apr_status_t walk_iter_next(fb_vm *vm, fb_iter *iter, fb_value *out, fb_error *error)
{
    return fb_walk_next(vm, &((walk_iter *)iter)->walk, out, error);
}

static const char *iterator_type(fb_value v)
{
    switch (v.tag) {
    case FB_LIST: return "list_iterator";
    case FB_TUPLE: return "tuple_iterator";
    case FB_DICT: return "dict_keyiterator";
    case FB_RANGE: return "range_iterator";
    case FB_STR:
    case FB_MARKUP: return "str_iterator";
    default: return "generator";
    }
}

apr_status_t fb_to_iter(fb_vm *vm, fb_value v, fb_iter **out, fb_error *error)
{
    fb_walk walk;
    apr_status_t status = fb_walk_start(vm, v, &walk, error);

    if (status != APR_SUCCESS)
        return status;
    if (walk.over.tag == FB_ITERATOR) {
        *out = walk.over.as.iter;
        return APR_SUCCESS;
    }
    walk_iter *iter = fb_arena_alloc(vm->arena, sizeof(*iter));
    *iter =
        (walk_iter){ .iter = { .next = walk_iter_next, .type = iterator_type(v) }, .walk = walk };
    *out = &iter->iter;
    return APR_SUCCESS;
}
