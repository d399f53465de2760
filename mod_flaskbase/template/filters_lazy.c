/* Filters that are generators: each item is computed when somebody asks for it. */
#include "template/builtins_impl.h"
#include "template/number.h"

#include <string.h>

#include "base/banned.h"

/* A generator over something: nothing happens, and nothing fails, before the first item. */
typedef struct lazy {
    fb_iter base;
    fb_value over;
    fb_walk walk;
    bool started;
    bool unless_false; /* an untrue `over` has no items, whatever it is */
} lazy;

static apr_status_t lazy_next(fb_vm *vm, lazy *it, fb_value *out, fb_error *error)
{
    bool truth = true;
    apr_status_t status = APR_SUCCESS;

    if (!it->started) {
        it->started = true;
        if (it->unless_false)
            status = fb_truth(vm, it->over, &truth, error);
        if (status == APR_SUCCESS && !truth)
            return APR_EOF;
        if (status == APR_SUCCESS)
            status = fb_walk_start(vm, it->over, &it->walk, error);
        if (status != APR_SUCCESS)
            return status;
        fb_vm_keep(vm, fb_iter_value(&it->base));
    }
    return fb_walk_next(vm, &it->walk, out, error);
}

static void *new_lazy(fb_vm *vm, apr_size_t size, fb_iter_next *next, const char *name,
                      fb_value over)
{
    lazy *it = fb_arena_calloc(fb_vm_arena(vm), size);

    it->base.next = next;
    it->base.type = "generator";
    it->base.name = name;
    it->over = over;
    return it;
}

/* Whatever a generator computes once and needs later is kept: its steps may happen inside a loop
 * that reuses the memory of its iterations. Arguments live on the caller's stack: a generator that
 * outlives the call copies them. */
static fb_args keep_args(fb_vm *vm, fb_args args, apr_size_t from)
{
    apr_size_t n = args.n > from ? args.n - from : 0;
    fb_value *copy = fb_arena_alloc(fb_vm_arena(vm), n * sizeof(*copy));

    if (n > 0)
        memcpy(copy, args.v + from, n * sizeof(*copy));
    return (fb_args){ copy, n };
}

static fb_kwargs keep_kwargs(fb_vm *vm, fb_kwargs kwargs)
{
    fb_kwarg *copy = fb_arena_alloc(fb_vm_arena(vm), kwargs.n * sizeof(*copy));

    if (kwargs.n > 0)
        memcpy(copy, kwargs.v, kwargs.n * sizeof(*copy));
    return (fb_kwargs){ copy, kwargs.n };
}

/* --- batch --- */

typedef struct batch_iter {
    lazy base;
    int64_t size;
    fb_value fill;
    fb_value pending; /* the item that opens the next batch */
    bool ended;
} batch_iter;

static apr_status_t fill_up(fb_vm *vm, batch_iter *it, fb_list *list, fb_error *error)
{
    while (!fb_is_none(it->fill) && (int64_t)list->len < it->size)
        if (fb_list_push(list, it->fill, fb_vm_arena(vm)) != APR_SUCCESS)
            return fb_raise_memory(error);
    return APR_SUCCESS;
}

static apr_status_t batch_next(fb_vm *vm, fb_iter *iter, fb_value *out, fb_error *error)
{
    batch_iter *it = (batch_iter *)iter;
    fb_list *list = fb_list_create(fb_vm_arena(vm), 4);
    fb_value item = it->pending;
    apr_status_t status = APR_SUCCESS;

    if (it->ended)
        return APR_EOF;
    if (list == NULL)
        return fb_raise_memory(error);
    it->pending = fb_absent();
    if (fb_is_absent(item))
        status = lazy_next(vm, &it->base, &item, error);
    while (status == APR_SUCCESS) {
        /* As in Jinja2 the size is compared before the item is added: size 0 gives an empty list
         * first, then one list of everything. */
        if ((int64_t)list->len == it->size) {
            it->pending = item;
            fb_vm_keep(vm, item);
            it->size = it->size == 0 ? -1 : it->size;
            *out = fb_list_value(list);
            return APR_SUCCESS;
        }
        if (fb_list_push(list, item, fb_vm_arena(vm)) != APR_SUCCESS)
            return fb_raise_memory(error);
        status = lazy_next(vm, &it->base, &item, error);
    }
    if (status != APR_EOF)
        return status;
    it->ended = true;
    if (list->len == 0)
        return APR_EOF;
    *out = fb_list_value(list);
    return fill_up(vm, it, list, error);
}

FB_NATIVE(fb_filter_batch)
{
    batch_iter *it = new_lazy(vm, sizeof(*it), batch_next, "do_batch", self);
    apr_status_t status = APR_SUCCESS;

    FB_UNUSED(kwargs);
    it->pending = fb_absent();
    it->fill = fb_is_absent(args.v[1]) ? fb_none() : args.v[1];
    it->size = -1; /* compared with a length: what is no number never matches */
    if (args.v[0].tag == FB_FLOAT && args.v[0].as.f == (double)(int64_t)args.v[0].as.f)
        it->size = (int64_t)args.v[0].as.f;
    else if (fb_is_integer(args.v[0]))
        status = fb_arg_int(args.v[0], 0, &it->size, error);
    *out = fb_iter_value(&it->base.base);
    return status;
}

/* --- slice --- */

typedef struct slice_iter {
    fb_iter base;
    fb_value over, slices, fill;
    fb_list *list; /* NULL before the first slice */
    int64_t count, each, extra, at, offset;
} slice_iter;

static apr_status_t slice_start(fb_vm *vm, slice_iter *it, fb_error *error)
{
    apr_status_t status = fb_to_list(vm, it->over, &it->list, error);

    if (status == APR_SUCCESS && !fb_is_integer(it->slices))
        return fb_raise(error, "TypeError", "unsupported operand type(s) for //: 'int' and '%s'",
                        fb_value_type(it->slices));
    if (status == APR_SUCCESS)
        status = fb_arg_int(it->slices, 0, &it->count, error);
    if (status != APR_SUCCESS)
        return status;
    if (it->count == 0)
        return fb_raise(error, "ZeroDivisionError", "integer division or modulo by zero");
    fb_vm_keep(vm, fb_list_value(it->list));
    it->each = (int64_t)it->list->len / it->count;
    it->extra = (int64_t)it->list->len % it->count;
    return APR_SUCCESS;
}

static apr_status_t slice_next(fb_vm *vm, fb_iter *iter, fb_value *out, fb_error *error)
{
    slice_iter *it = (slice_iter *)iter;
    fb_list *part;
    int64_t from, to;
    apr_status_t status = it->list == NULL ? slice_start(vm, it, error) : APR_SUCCESS;

    if (status != APR_SUCCESS)
        return status;
    if (it->at >= it->count)
        return APR_EOF;
    from = it->offset + it->at * it->each;
    it->offset += it->at < it->extra;
    to = it->offset + (it->at + 1) * it->each;
    part = fb_list_create(fb_vm_arena(vm), (apr_size_t)(to - from) + 1);
    if (part == NULL)
        return fb_raise_memory(error);
    if (to > from)
        memcpy(part->items, it->list->items + from, (apr_size_t)(to - from) * sizeof(fb_value));
    part->len = (uint32_t)(to - from);
    if (!fb_is_none(it->fill) && it->at >= it->extra &&
        fb_list_push(part, it->fill, fb_vm_arena(vm)) != APR_SUCCESS)
        return fb_raise_memory(error);
    it->at++;
    *out = fb_list_value(part);
    return APR_SUCCESS;
}

FB_NATIVE(fb_filter_slice)
{
    slice_iter *it = fb_arena_calloc(fb_vm_arena(vm), sizeof(*it));

    FB_UNUSED(kwargs), FB_UNUSED(error);
    it->base.next = slice_next;
    it->base.type = "generator";
    it->base.name = "sync_do_slice";
    it->over = self;
    it->slices = args.v[0];
    it->fill = fb_is_absent(args.v[1]) ? fb_none() : args.v[1];
    *out = fb_iter_value(&it->base);
    return APR_SUCCESS;
}

/* --- items --- */

static apr_status_t items_next(fb_vm *vm, fb_iter *iter, fb_value *out, fb_error *error)
{
    lazy *it = (lazy *)iter;

    if (!it->started) {
        if (it->over.tag == FB_UNDEFINED)
            return APR_EOF;
        if (it->over.tag != FB_DICT)
            return fb_raise(error, "TypeError", "Can only get item pairs from a mapping.");
        it->over = (fb_value){ .tag = FB_VIEW, .aux = FB_VIEW_ITEMS, .as.dict = it->over.as.dict };
    }
    return lazy_next(vm, it, out, error);
}

FB_NATIVE(fb_filter_items)
{
    lazy *it = new_lazy(vm, sizeof(*it), items_next, "do_items", self);

    FB_UNUSED(args), FB_UNUSED(kwargs), FB_UNUSED(error);
    *out = fb_iter_value(&it->base);
    return APR_SUCCESS;
}

/* --- unique --- */

typedef struct unique_iter {
    lazy base;
    fb_path path;
    fb_case_rule rule;
    fb_dict *seen;
} unique_iter;

static apr_status_t unique_next(fb_vm *vm, fb_iter *iter, fb_value *out, fb_error *error)
{
    unique_iter *it = (unique_iter *)iter;
    fb_value key;
    uint32_t hash;
    apr_status_t status;

    while ((status = lazy_next(vm, &it->base, out, error)) == APR_SUCCESS) {
        status = fb_path_get(vm, &it->path, *out, fb_absent(), it->rule, &key, error);
        if (status == APR_SUCCESS)
            status = fb_hash(vm, key, &hash, error);
        if (status != APR_SUCCESS)
            return status;
        if (fb_dict_find(it->seen, key) != NULL)
            continue;
        fb_vm_keep(vm, key);
        return fb_dict_set(it->seen, key, fb_none(), fb_vm_arena(vm)) == APR_SUCCESS
                   ? APR_SUCCESS
                   : fb_raise_memory(error);
    }
    return status;
}

static apr_status_t case_rule(fb_vm *vm, fb_value sensitive, fb_case_rule *out, fb_error *error)
{
    bool keep = false;
    apr_status_t status = fb_arg_truth(vm, sensitive, false, &keep, error);

    *out = keep ? FB_KEEP_CASE : FB_IGNORE_CASE;
    return status;
}

FB_NATIVE(fb_filter_unique)
{
    unique_iter *it = new_lazy(vm, sizeof(*it), unique_next, "do_unique", self);
    apr_status_t status = case_rule(vm, args.v[0], &it->rule, error);

    FB_UNUSED(kwargs);
    if (status == APR_SUCCESS)
        status = fb_path_parse(&it->path, vm, args.v[1], error);
    it->seen = fb_dict_create(fb_vm_arena(vm), 8);
    if (it->seen == NULL)
        return fb_raise_memory(error);
    *out = fb_iter_value(&it->base.base);
    return status;
}

/* What is no string names nothing; an unknown name is shown as it is written. */
static bool names_something(fb_vm *vm, fb_value name)
{
    return name.tag == FB_STR ||
           (name.tag == FB_MARKUP && (fb_find_filter(vm, fb_value_str(name)) != NULL ||
                                      fb_find_test(vm, fb_value_str(name)) != NULL));
}

static apr_status_t no_name(fb_vm *vm, const char *what, fb_value name, fb_error *error)
{
    uint32_t hash;
    fb_value shown;
    apr_status_t status = fb_hash(vm, name, &hash, error);

    if (status == APR_SUCCESS)
        status = fb_repr(vm, name, &shown, error);
    if (status != APR_SUCCESS)
        return status;
    return fb_raise(error, "TemplateRuntimeError", "No %s named %.*s.", what,
                    FB_STR_ARG(fb_value_str(shown)));
}

/* --- map --- */

typedef struct map_iter {
    lazy base;
    fb_args args;
    fb_kwargs kwargs;
    bool prepared;
    bool by_path;
    fb_path path;
    fb_value missing;
    fb_value filter; /* its name */
} map_iter;

static apr_status_t map_prepare(fb_vm *vm, map_iter *it, fb_error *error)
{
    fb_value attribute = fb_absent();
    const fb_kwarg *other = NULL;

    it->prepared = true;
    it->missing = fb_absent();
    for (apr_size_t i = 0; i < it->kwargs.n; i++) {
        if (fb_str_eq_z(it->kwargs.v[i].name, "attribute"))
            attribute = it->kwargs.v[i].value;
        else if (fb_str_eq_z(it->kwargs.v[i].name, "default"))
            it->missing = it->kwargs.v[i].value;
        else if (other == NULL)
            other = &it->kwargs.v[i];
    }
    if (it->args.n == 0 && !fb_is_absent(attribute)) {
        if (other != NULL)
            return fb_raise(error, "FilterArgumentError", "Unexpected keyword argument %s",
                            fb_chars_repr_z(other->name, fb_vm_arena(vm)));
        it->by_path = true;
        return fb_path_parse(&it->path, vm, attribute, error);
    }
    if (it->args.n == 0)
        return fb_raise(error, "FilterArgumentError", "map requires a filter argument");
    it->filter = it->args.v[0];
    it->args = (fb_args){ it->args.v + 1, it->args.n - 1 };
    return APR_SUCCESS;
}

static apr_status_t map_next(fb_vm *vm, fb_iter *iter, fb_value *out, fb_error *error)
{
    map_iter *it = (map_iter *)iter;
    fb_value item;
    bool truth;
    apr_status_t status;

    if (!it->prepared) { /* an untrue value is never looked at further */
        status = fb_truth(vm, it->base.over, &truth, error);
        if (status != APR_SUCCESS || !truth)
            return status != APR_SUCCESS ? status : APR_EOF;
        status = map_prepare(vm, it, error);
        fb_vm_keep(vm, fb_iter_value(iter));
        if (status != APR_SUCCESS)
            return status;
    }
    status = lazy_next(vm, &it->base, &item, error);
    if (status != APR_SUCCESS)
        return status;
    if (it->by_path)
        return fb_path_get(vm, &it->path, item, it->missing, FB_KEEP_CASE, out, error);
    if (!names_something(vm, it->filter))
        return no_name(vm, "filter", it->filter, error);
    return fb_call_filter(vm, fb_value_str(it->filter), item, it->args, it->kwargs, out, error);
}

FB_NATIVE(fb_filter_map)
{
    map_iter *it = new_lazy(vm, sizeof(*it), map_next, "sync_do_map", self);

    FB_UNUSED(error);
    it->args = keep_args(vm, args, 0);
    it->kwargs = keep_kwargs(vm, kwargs);
    *out = fb_iter_value(&it->base.base);
    return APR_SUCCESS;
}

/* --- select, reject, selectattr, rejectattr --- */

typedef struct select_iter {
    lazy base;
    fb_args args;
    fb_kwargs kwargs;
    bool prepared;
    bool wanted;    /* the outcome of the test that passes */
    bool attribute; /* of an attribute, not of the item */
    bool truth;     /* no test: just the truth */
    fb_path path;
    fb_value test; /* its name */
} select_iter;

static apr_status_t select_prepare(fb_vm *vm, select_iter *it, fb_error *error)
{
    apr_size_t off = it->attribute ? 1 : 0;
    apr_status_t status = APR_SUCCESS;

    it->prepared = true;
    if (it->attribute) {
        if (it->args.n == 0)
            return fb_raise(error, "FilterArgumentError", "Missing parameter for attribute name");
        status = fb_path_parse(&it->path, vm, it->args.v[0], error);
    }
    it->truth = it->args.n <= off;
    if (status != APR_SUCCESS || it->truth)
        return status;
    it->test = it->args.v[off];
    it->args = (fb_args){ it->args.v + off + 1, it->args.n - off - 1 };
    return APR_SUCCESS;
}

static apr_status_t select_next(fb_vm *vm, fb_iter *iter, fb_value *out, fb_error *error)
{
    select_iter *it = (select_iter *)iter;
    fb_value subject;
    bool passed;
    apr_status_t status;

    if (!it->prepared) {
        status = fb_truth(vm, it->base.over, &passed, error);
        if (status != APR_SUCCESS || !passed)
            return status != APR_SUCCESS ? status : APR_EOF;
        status = select_prepare(vm, it, error);
        fb_vm_keep(vm, fb_iter_value(iter));
        if (status != APR_SUCCESS)
            return status;
    }
    while ((status = lazy_next(vm, &it->base, out, error)) == APR_SUCCESS) {
        status = fb_path_get(vm, &it->path, *out, fb_absent(), FB_KEEP_CASE, &subject, error);
        if (status == APR_SUCCESS && it->truth)
            status = fb_truth(vm, subject, &passed, error);
        else if (status == APR_SUCCESS && !names_something(vm, it->test))
            status = no_name(vm, "test", it->test, error);
        else if (status == APR_SUCCESS)
            status = fb_call_test(vm, fb_value_str(it->test), subject, it->args, it->kwargs,
                                  &passed, error);
        if (status != APR_SUCCESS || passed == it->wanted)
            return status;
    }
    return status;
}

static apr_status_t start_select(fb_vm *vm, fb_value self, fb_args args, fb_kwargs kwargs,
                                 bool wanted, bool attribute, fb_value *out)
{
    select_iter *it = new_lazy(vm, sizeof(*it), select_next, "select_or_reject", self);

    it->args = keep_args(vm, args, 0);
    it->kwargs = keep_kwargs(vm, kwargs);
    it->wanted = wanted;
    it->attribute = attribute;
    *out = fb_iter_value(&it->base.base);
    return APR_SUCCESS;
}

FB_NATIVE(fb_filter_select)
{
    FB_UNUSED(error);
    return start_select(vm, self, args, kwargs, true, false, out);
}

FB_NATIVE(fb_filter_reject)
{
    FB_UNUSED(error);
    return start_select(vm, self, args, kwargs, false, false, out);
}

FB_NATIVE(fb_filter_selectattr)
{
    FB_UNUSED(error);
    return start_select(vm, self, args, kwargs, true, true, out);
}

FB_NATIVE(fb_filter_rejectattr)
{
    FB_UNUSED(error);
    return start_select(vm, self, args, kwargs, false, true, out);
}
