/* Methods of dict and of its views; the global function dict. */
#include "template/methods_dict.h"

#include <string.h>

#include "base/banned.h"

static apr_status_t check_key(fb_vm *vm, fb_value key, fb_error *error)
{
    uint32_t hash;

    return fb_hash(vm, key, &hash, error);
}

static apr_status_t put(fb_vm *vm, fb_dict *dict, fb_value key, fb_value v, fb_error *error)
{
    apr_status_t status = check_key(vm, key, error);

    if (status != APR_SUCCESS)
        return status;
    fb_vm_keep(vm, key);
    fb_vm_keep(vm, v);
    return fb_dict_set(dict, key, v, fb_vm_arena(vm)) == APR_SUCCESS ? APR_SUCCESS
                                                                     : fb_raise_memory(error);
}

static apr_status_t no_key(fb_vm *vm, fb_value key, fb_error *error)
{
    fb_value shown;
    apr_status_t status = fb_repr(vm, key, &shown, error);

    return status == APR_SUCCESS
               ? fb_raise(error, "KeyError", "%.*s", FB_STR_ARG(fb_value_str(shown)))
               : status;
}

static FB_NATIVE(dict_get)
{
    const fb_value *found;
    apr_status_t status = check_key(vm, args.v[0], error);

    FB_UNUSED(kwargs);
    if (status != APR_SUCCESS)
        return status;
    found = fb_dict_find(self.as.dict, args.v[0]);
    *out = found != NULL ? *found : fb_is_absent(args.v[1]) ? fb_none() : args.v[1];
    return APR_SUCCESS;
}

static fb_value view(fb_value self, fb_view what)
{
    return (fb_value){ .tag = FB_VIEW, .aux = (uint16_t)what, .as.dict = self.as.dict };
}

static FB_NATIVE(dict_items)
{
    FB_UNUSED(vm), FB_UNUSED(args), FB_UNUSED(kwargs), FB_UNUSED(error);
    *out = view(self, FB_VIEW_ITEMS);
    return APR_SUCCESS;
}

static FB_NATIVE(dict_keys)
{
    FB_UNUSED(vm), FB_UNUSED(args), FB_UNUSED(kwargs), FB_UNUSED(error);
    *out = view(self, FB_VIEW_KEYS);
    return APR_SUCCESS;
}

static FB_NATIVE(dict_values)
{
    FB_UNUSED(vm), FB_UNUSED(args), FB_UNUSED(kwargs), FB_UNUSED(error);
    *out = view(self, FB_VIEW_VALUES);
    return APR_SUCCESS;
}

static FB_NATIVE(dict_clear)
{
    FB_UNUSED(vm), FB_UNUSED(args), FB_UNUSED(kwargs), FB_UNUSED(error);
    fb_dict_clear(self.as.dict);
    *out = fb_none();
    return APR_SUCCESS;
}

static FB_NATIVE(dict_copy)
{
    fb_dict *copy = fb_dict_copy(self.as.dict, fb_vm_arena(vm));

    FB_UNUSED(args), FB_UNUSED(kwargs);
    if (copy == NULL)
        return fb_raise_memory(error);
    *out = fb_dict_value(copy);
    return APR_SUCCESS;
}

static FB_NATIVE(dict_pop)
{
    const fb_value *found;
    apr_status_t status = check_key(vm, args.v[0], error);

    FB_UNUSED(kwargs);
    if (status != APR_SUCCESS)
        return status;
    found = fb_dict_find(self.as.dict, args.v[0]);
    if (found != NULL) {
        *out = *found;
        (void)fb_dict_remove(self.as.dict, args.v[0]);
        return APR_SUCCESS;
    }
    if (fb_is_absent(args.v[1]))
        return no_key(vm, args.v[0], error);
    *out = args.v[1];
    return APR_SUCCESS;
}

static FB_NATIVE(dict_popitem)
{
    const fb_dict *dict = self.as.dict;

    FB_UNUSED(args), FB_UNUSED(kwargs);
    for (uint32_t i = dict->used; i > 0; i--) {
        fb_value key = dict->entries[i - 1].key;

        if (key.tag == FB_ABSENT)
            continue;
        *out = fb_tuple2(fb_vm_arena(vm), key, dict->entries[i - 1].value);
        (void)fb_dict_remove(self.as.dict, key);
        return APR_SUCCESS;
    }
    return fb_raise(error, "KeyError", "'popitem(): dictionary is empty'");
}

static FB_NATIVE(dict_setdefault)
{
    const fb_value *found;
    apr_status_t status = check_key(vm, args.v[0], error);

    FB_UNUSED(kwargs);
    if (status != APR_SUCCESS)
        return status;
    found = fb_dict_find(self.as.dict, args.v[0]);
    *out = found != NULL ? *found : fb_is_absent(args.v[1]) ? fb_none() : args.v[1];
    return found != NULL ? APR_SUCCESS : put(vm, self.as.dict, args.v[0], *out, error);
}

static FB_NATIVE(dict_fromkeys)
{
    fb_dict *dict = fb_dict_create(fb_vm_arena(vm), 8);
    fb_value v = fb_is_absent(args.v[1]) ? fb_none() : args.v[1], key;
    fb_walk walk;
    apr_status_t status = fb_walk_start(vm, args.v[0], &walk, error);

    FB_UNUSED(self), FB_UNUSED(kwargs);
    if (dict == NULL)
        return fb_raise_memory(error);
    while (status == APR_SUCCESS && (status = fb_walk_next(vm, &walk, &key, error)) == APR_SUCCESS)
        status = put(vm, dict, key, v, error);
    *out = fb_dict_value(dict);
    return status == APR_EOF ? APR_SUCCESS : status;
}

/* --- dict(…) and dict.update(…) --- */

static apr_status_t add_pair(fb_vm *vm, fb_dict *dict, fb_value pair, int64_t index,
                             fb_error *error)
{
    fb_list *two;
    apr_status_t status = fb_to_list(vm, pair, &two, error);

    if (status != APR_SUCCESS && fb_error_is(error, "TypeError"))
        return fb_raise(error, "TypeError",
                        "cannot convert dictionary update sequence element #%" APR_INT64_T_FMT
                        " to a sequence",
                        index);
    if (status != APR_SUCCESS)
        return status;
    if (two->len != 2)
        return fb_raise(error, "ValueError",
                        "dictionary update sequence element #%" APR_INT64_T_FMT
                        " has length %u; 2 is required",
                        index, two->len);
    return put(vm, dict, two->items[0], two->items[1], error);
}

static apr_status_t add_all(fb_vm *vm, fb_dict *dict, fb_value from, fb_error *error)
{
    fb_walk walk;
    fb_value pair;
    int64_t index = 0;
    apr_status_t status;

    if (from.tag == FB_UNDEFINED) /* dict() asks it for its keys */
        return fb_raise_undefined(vm, from, error);
    if (from.tag == FB_DICT) {
        for (uint32_t i = 0; i < from.as.dict->used; i++) {
            const fb_dict_entry *entry = &from.as.dict->entries[i];

            status = entry->key.tag == FB_ABSENT ? APR_SUCCESS
                                                 : put(vm, dict, entry->key, entry->value, error);
            if (status != APR_SUCCESS)
                return status;
        }
        return APR_SUCCESS;
    }
    status = fb_walk_start(vm, from, &walk, error);
    while (status == APR_SUCCESS && (status = fb_walk_next(vm, &walk, &pair, error)) == APR_SUCCESS)
        status = add_pair(vm, dict, pair, index++, error);
    return status == APR_EOF ? APR_SUCCESS : status;
}

apr_status_t fb_dict_update(fb_vm *vm, fb_dict *dict, const char *name, fb_args args,
                            fb_kwargs kwargs, fb_error *error)
{
    apr_status_t status = APR_SUCCESS;

    if (args.n > 1)
        return fb_raise(error, "TypeError", "%s expected at most 1 argument, got %" APR_SIZE_T_FMT,
                        name, args.n);
    if (args.n == 1)
        status = add_all(vm, dict, args.v[0], error);
    for (apr_size_t i = 0; status == APR_SUCCESS && i < kwargs.n; i++)
        status = put(vm, dict, fb_string(kwargs.v[i].name), kwargs.v[i].value, error);
    return status;
}

static FB_NATIVE(dict_update)
{
    *out = fb_none();
    return fb_dict_update(vm, self.as.dict, "update", args, kwargs, error);
}

FB_NATIVE(fb_global_dict)
{
    fb_dict *dict = fb_dict_create(fb_vm_arena(vm), kwargs.n);

    FB_UNUSED(self);
    if (dict == NULL)
        return fb_raise_memory(error);
    *out = fb_dict_value(dict);
    return fb_dict_update(vm, dict, "dict", args, kwargs, error);
}

#define CHANGES         .flags = FB_FN_CONTEXT | FB_FN_MUTATES
#define KEY_AND_DEFAULT FB_PARAMS("key", "default"), .required = 1

const fb_builtin fb_builtin_dict_methods[] = {
    { "clear", dict_clear, FB_NO_PARAMS, CHANGES, .doc = "Removes all entries." },
    { "copy", dict_copy, FB_NO_PARAMS, .doc = "A new dict of the same entries." },
    { "fromkeys", dict_fromkeys, FB_PARAMS("iterable", "value"), .required = 1,
      .doc = "A dict with these keys, all with one value." },
    { "get", dict_get, KEY_AND_DEFAULT, .doc = "The value of key, or default." },
    { "items", dict_items, FB_NO_PARAMS, .doc = "The (key, value) pairs." },
    { "keys", dict_keys, FB_NO_PARAMS, .doc = "The keys." },
    { "pop", dict_pop, KEY_AND_DEFAULT, CHANGES, .doc = "Removes key and returns its value." },
    { "popitem", dict_popitem, FB_NO_PARAMS, CHANGES, .doc = "Removes the last entry." },
    { "setdefault", dict_setdefault, KEY_AND_DEFAULT, CHANGES,
      .doc = "The value of key, set to default if there is none." },
    { "update", dict_update, .flags = FB_FN_CONTEXT | FB_FN_MUTATES | FB_FN_VARARGS | FB_FN_KWARGS,
      .doc = "Takes over the entries of another dict, of pairs, of keywords." },
    { "values", dict_values, FB_NO_PARAMS, .doc = "The values." },
    { .name = NULL },
};

/* --- views --- */

static FB_NATIVE(view_isdisjoint)
{
    fb_walk walk;
    fb_value item;
    bool found = false;
    apr_status_t status = fb_walk_start(vm, args.v[0], &walk, error);

    FB_UNUSED(kwargs);
    while (status == APR_SUCCESS && !found &&
           (status = fb_walk_next(vm, &walk, &item, error)) == APR_SUCCESS)
        status = fb_contains(vm, self, item, &found, error);
    *out = fb_bool(!found);
    return status == APR_EOF ? APR_SUCCESS : status;
}

const fb_builtin fb_builtin_view_methods[] = {
    { "isdisjoint", view_isdisjoint, FB_PARAMS("other"), .required = 1,
      .doc = "Do both have nothing in common?" },
    { .name = NULL },
};
