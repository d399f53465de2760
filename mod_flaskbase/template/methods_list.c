/* Methods of list, tuple and range. */
#include "template/builtins_impl.h"

#include <string.h>

#include "base/banned.h"

/* --- shared by lists and tuples --- */

static FB_NATIVE(list_count)
{
    int64_t count = 0;

    FB_UNUSED(vm), FB_UNUSED(kwargs), FB_UNUSED(error);
    for (uint32_t i = 0; i < self.as.list->len; i++)
        count += fb_equal(self.as.list->items[i], args.v[0]);
    *out = fb_int(count);
    return APR_SUCCESS;
}

static apr_status_t bound(fb_value v, int64_t fallback, int64_t len, int64_t *out, fb_error *error)
{
    apr_status_t status = fb_arg_int(v, fallback, out, error);

    if (*out < 0)
        *out = *out < -len ? 0 : *out + len;
    return status;
}

static FB_NATIVE(list_index)
{
    const fb_list *list = self.as.list;
    int64_t from, to;
    apr_status_t status = bound(args.v[1], 0, list->len, &from, error);

    FB_UNUSED(vm), FB_UNUSED(kwargs);
    if (status == APR_SUCCESS)
        status = bound(args.v[2], INT64_MAX, list->len, &to, error);
    if (status != APR_SUCCESS)
        return status;
    for (; from < list->len && from < to; from++)
        if (fb_equal(list->items[from], args.v[0])) {
            *out = fb_int(from);
            return APR_SUCCESS;
        }
    return fb_raise(error, "ValueError", "%s.index(x): x not in %s", fb_value_type(self),
                    fb_value_type(self));
}

/* --- lists change --- */

static apr_status_t insert_at(fb_vm *vm, fb_list *list, uint32_t at, fb_value v, fb_error *error)
{
    fb_vm_keep(vm, v);
    if (fb_list_push(list, v, fb_vm_arena(vm)) != APR_SUCCESS)
        return fb_raise_memory(error);
    memmove(list->items + at + 1, list->items + at, (list->len - 1 - at) * sizeof(fb_value));
    list->items[at] = v;
    return APR_SUCCESS;
}

static void remove_at(fb_list *list, uint32_t at)
{
    memmove(list->items + at, list->items + at + 1, (list->len - 1 - at) * sizeof(fb_value));
    list->len--;
}

static FB_NATIVE(list_append)
{
    FB_UNUSED(kwargs);
    *out = fb_none();
    return insert_at(vm, self.as.list, self.as.list->len, args.v[0], error);
}

static FB_NATIVE(list_extend)
{
    fb_list *more;
    apr_status_t status = fb_to_list(vm, args.v[0], &more, error);

    FB_UNUSED(kwargs);
    *out = fb_none();
    for (uint32_t i = 0; status == APR_SUCCESS && i < more->len; i++)
        status = insert_at(vm, self.as.list, self.as.list->len, more->items[i], error);
    return status;
}

static FB_NATIVE(list_insert)
{
    int64_t at, len = self.as.list->len;
    apr_status_t status = bound(args.v[0], 0, len, &at, error);

    FB_UNUSED(kwargs);
    *out = fb_none();
    if (status != APR_SUCCESS)
        return status;
    if (args.v[0].tag == FB_BIGINT)
        return fb_raise(error, "OverflowError", "Python int too large to convert to C ssize_t");
    return insert_at(vm, self.as.list, (uint32_t)(at > len ? len : at), args.v[1], error);
}

static FB_NATIVE(list_pop)
{
    fb_list *list = self.as.list;
    int64_t at;
    apr_status_t status = fb_arg_int(args.v[0], -1, &at, error);

    FB_UNUSED(vm), FB_UNUSED(kwargs);
    if (status != APR_SUCCESS)
        return status;
    if (args.v[0].tag == FB_BIGINT)
        return fb_raise(error, "OverflowError", "Python int too large to convert to C ssize_t");
    if (list->len == 0)
        return fb_raise(error, "IndexError", "pop from empty list");
    if (at < 0)
        at += list->len;
    if (at < 0 || at >= list->len)
        return fb_raise(error, "IndexError", "pop index out of range");
    *out = list->items[at];
    remove_at(list, (uint32_t)at);
    return APR_SUCCESS;
}

static FB_NATIVE(list_remove)
{
    fb_list *list = self.as.list;

    FB_UNUSED(vm), FB_UNUSED(kwargs);
    *out = fb_none();
    for (uint32_t i = 0; i < list->len; i++)
        if (fb_equal(list->items[i], args.v[0])) {
            remove_at(list, i);
            return APR_SUCCESS;
        }
    return fb_raise(error, "ValueError", "list.remove(x): x not in list");
}

static FB_NATIVE(list_clear)
{
    FB_UNUSED(vm), FB_UNUSED(args), FB_UNUSED(kwargs), FB_UNUSED(error);
    self.as.list->len = 0;
    *out = fb_none();
    return APR_SUCCESS;
}

static FB_NATIVE(list_copy)
{
    fb_list *list = NULL;
    apr_status_t status = fb_to_list(vm, self, &list, error);

    FB_UNUSED(args), FB_UNUSED(kwargs);
    *out = fb_list_value(list);
    return status;
}

static FB_NATIVE(list_reverse)
{
    fb_list *list = self.as.list;

    FB_UNUSED(vm), FB_UNUSED(args), FB_UNUSED(kwargs), FB_UNUSED(error);
    for (uint32_t i = 0; i < list->len / 2; i++) {
        fb_value swap = list->items[i];

        list->items[i] = list->items[list->len - 1 - i];
        list->items[list->len - 1 - i] = swap;
    }
    *out = fb_none();
    return APR_SUCCESS;
}

static FB_NATIVE(list_sort)
{
    fb_list *list = self.as.list;
    fb_value *keys = fb_arena_alloc(fb_vm_arena(vm), list->len * sizeof(*keys));
    bool reverse;
    apr_status_t status = fb_arg_flag(args.v[1], &reverse, error);

    FB_UNUSED(kwargs);
    *out = fb_none();
    if (keys == NULL)
        return fb_raise_memory(error);
    for (uint32_t i = 0; status == APR_SUCCESS && i < list->len; i++) {
        keys[i] = list->items[i];
        if (!fb_is_absent(args.v[0]) && !fb_is_none(args.v[0]))
            status = fb_call(vm, args.v[0], (fb_args){ &list->items[i], 1 }, (fb_kwargs){ NULL, 0 },
                             &keys[i], error);
    }
    if (status != APR_SUCCESS)
        return status;
    return fb_sort(vm, list->items, keys, list->len, reverse ? FB_DESCENDING : FB_ASCENDING,
                   FB_KEYS_PLAIN, error);
}

#define CHANGES .flags = FB_FN_CONTEXT | FB_FN_MUTATES

const fb_builtin fb_builtin_list_methods[] = {
    { "append", list_append, FB_PARAMS("object"), .required = 1, CHANGES,
      .doc = "Adds an item at the end." },
    { "clear", list_clear, FB_NO_PARAMS, CHANGES, .doc = "Removes all items." },
    { "copy", list_copy, FB_NO_PARAMS, .doc = "A new list of the same items." },
    { "count", list_count, FB_PARAMS("value"), .required = 1,
      .doc = "How many items equal value." },
    { "extend", list_extend, FB_PARAMS("iterable"), .required = 1, CHANGES,
      .doc = "Adds all items of something at the end." },
    { "index", list_index, FB_PARAMS("value", "start", "stop"), .required = 1,
      .doc = "Where the first item that equals value is." },
    { "insert", list_insert, FB_PARAMS("index", "object"), .required = 2, CHANGES,
      .doc = "Adds an item before the one at index." },
    { "pop", list_pop, FB_PARAMS("index"), CHANGES, .doc = "Removes an item and returns it." },
    { "remove", list_remove, FB_PARAMS("value"), .required = 1, CHANGES,
      .doc = "Removes the first item that equals value." },
    { "reverse", list_reverse, FB_NO_PARAMS, CHANGES, .doc = "Turns the order round." },
    { "sort", list_sort, FB_PARAMS("key", "reverse"), CHANGES, .doc = "Sorts the items in place." },
    { .name = NULL },
};

const fb_builtin fb_builtin_tuple_methods[] = {
    { "count", list_count, FB_PARAMS("value"), .required = 1,
      .doc = "How many items equal value." },
    { "index", list_index, FB_PARAMS("value", "start", "stop"), .required = 1,
      .doc = "Where the first item that equals value is." },
    { .name = NULL },
};

/* --- range --- */

/* Where a value is in a range, or -1. */
static int64_t position(const fb_range *range, fb_value v)
{
    int64_t offset;

    if ((v.tag != FB_INT && v.tag != FB_BOOL) ||
        __builtin_sub_overflow(v.as.i, range->start, &offset) || offset % range->step != 0)
        return -1;
    offset /= range->step;
    return offset < range->len ? offset : -1;
}

static FB_NATIVE(range_count)
{
    FB_UNUSED(vm), FB_UNUSED(kwargs), FB_UNUSED(error);
    *out = fb_int(position(self.as.range, args.v[0]) >= 0);
    return APR_SUCCESS;
}

static FB_NATIVE(range_index)
{
    FB_UNUSED(vm), FB_UNUSED(kwargs);
    *out = fb_int(position(self.as.range, args.v[0]));
    return out->as.i >= 0 ? APR_SUCCESS
                          : fb_raise(error, "ValueError", "the value is not in range");
}

const fb_builtin fb_builtin_range_methods[] = {
    { "count", range_count, FB_PARAMS("value"), .required = 1, .doc = "1 if it is in the range." },
    { "index", range_index, FB_PARAMS("value"), .required = 1, .doc = "Where in the range it is." },
    { .name = NULL },
};

#define RANGE_FIELD(field)                                                                         \
    static apr_status_t range_##field(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)    \
    {                                                                                              \
        FB_UNUSED(vm), FB_UNUSED(error);                                                           \
        *out = fb_int(self.as.range->field);                                                       \
        return APR_SUCCESS;                                                                        \
    }

RANGE_FIELD(start)
RANGE_FIELD(stop)
RANGE_FIELD(step)

const fb_attribute fb_builtin_range_attributes[] = {
    { "start", range_start, "The first number." },
    { "stop", range_stop, "The end, which is not in the range." },
    { "step", range_step, "The difference of neighbours." },
    { NULL, NULL, NULL },
};
