/* Filters that bring things into order: sort, dictsort, groupby, min, max. */
#include "template/builtins_impl.h"

#include <string.h>

#include "base/banned.h"

/* --- a stable merge sort of items by keys --- */

typedef struct sorter {
    fb_vm *vm;
    fb_key_rule rule;
    fb_error *error;
} sorter;

static int sign_of_strings(fb_value a, fb_value b)
{
    uint32_t common = a.len < b.len ? a.len : b.len;
    int order = memcmp(a.as.s, b.as.s, common); /* UTF-8 sorts as its code points do */

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* a < b, as the keys' rule has it. */
static apr_status_t less(const sorter *s, fb_value a, fb_value b, bool *out)
{
    if (a.tag == FB_INT && b.tag == FB_INT) {
        *out = a.as.i < b.as.i;
        return APR_SUCCESS;
    }
    if (fb_is_string(a) && fb_is_string(b)) {
        *out = sign_of_strings(a, b) < 0;
        return APR_SUCCESS;
    }
    if (s->rule == FB_KEYS_AS_LISTS) {
        apr_status_t status = fb_compare(s->vm, FB_EQ, a, b, out, s->error);

        if (status != APR_SUCCESS || *out) {
            *out = false;
            return status;
        }
    }
    return fb_compare(s->vm, FB_LT, a, b, out, s->error);
}

/* Shorter stretches are sorted by binary insertion. Who is compared with whom, and so whose name an
 * error shows, is as in CPython, which does the same below 64. */
#define SHORT 63

static void put_at(fb_value *values, apr_size_t to, apr_size_t from)
{
    fb_value moved = values[from];

    memmove(values + to + 1, values + to, (from - to) * sizeof(*values));
    values[to] = moved;
}

static void turn(fb_value *values, apr_size_t count)
{
    for (apr_size_t i = 0; i < count / 2; i++) {
        fb_value swap = values[i];

        values[i] = values[count - 1 - i];
        values[count - 1 - i] = swap;
    }
}

/* Length of what is in order at the start; what falls strictly is turned round. */
static apr_status_t first_run(const sorter *s, fb_value *items, fb_value *keys, apr_size_t count,
                              apr_size_t *out)
{
    bool falls, falling;
    apr_size_t run = 2;
    apr_status_t status = less(s, keys[1], keys[0], &falling);

    while (status == APR_SUCCESS && run < count) {
        status = less(s, keys[run], keys[run - 1], &falls);
        if (falls != falling)
            break;
        run++;
    }
    if (status == APR_SUCCESS && falling) {
        turn(items, run);
        turn(keys, run);
    }
    *out = run;
    return status;
}

static apr_status_t sort_short(const sorter *s, fb_value *items, fb_value *keys, apr_size_t count)
{
    apr_size_t run;
    apr_status_t status = first_run(s, items, keys, count, &run);

    for (; status == APR_SUCCESS && run < count; run++) {
        apr_size_t low = 0, high = run;

        while (status == APR_SUCCESS && low < high) {
            apr_size_t middle = low + (high - low) / 2;
            bool before;

            status = less(s, keys[run], keys[middle], &before);
            if (before)
                high = middle;
            else
                low = middle + 1;
        }
        put_at(items, low, run);
        put_at(keys, low, run);
    }
    return status;
}

/* Both sorted halves of [0, count) into one, by way of `room`. */
static apr_status_t merge(const sorter *s, fb_value *items, fb_value *keys, apr_size_t half,
                          apr_size_t count, fb_value *room)
{
    apr_size_t left = 0, right = half, at = 0;
    fb_value *room_keys = room + count;
    bool first;
    apr_status_t status;

    while (left < half && right < count) {
        status = less(s, keys[right], keys[left], &first);
        if (status != APR_SUCCESS)
            return status;
        apr_size_t from = first ? right++ : left++;
        room[at] = items[from];
        room_keys[at++] = keys[from];
    }
    /* What is left of the right half stands already where it belongs. */
    memcpy(room + at, items + left, (half - left) * sizeof(*room));
    memcpy(room_keys + at, keys + left, (half - left) * sizeof(*room));
    at += half - left;
    memcpy(items, room, at * sizeof(*room));
    memcpy(keys, room_keys, at * sizeof(*room));
    return APR_SUCCESS;
}

static apr_status_t sort_run(const sorter *s, fb_value *items, fb_value *keys, apr_size_t count,
                             fb_value *room)
{
    apr_size_t half = count / 2;
    bool first;
    apr_status_t status;

    if (count < 2)
        return APR_SUCCESS;
    if (count <= SHORT)
        return sort_short(s, items, keys, count);
    status = sort_run(s, items, keys, half, room);
    if (status == APR_SUCCESS)
        status = sort_run(s, items + half, keys + half, count - half, room);
    if (status == APR_SUCCESS)
        status = less(s, keys[half], keys[half - 1], &first);
    if (status != APR_SUCCESS || !first)
        return status; /* already in order */
    return merge(s, items, keys, half, count, room);
}

apr_status_t fb_sort(fb_vm *vm, fb_value *items, fb_value *keys, apr_size_t count, fb_order order,
                     fb_key_rule rule, fb_error *error)
{
    sorter s = { .vm = vm, .rule = rule, .error = error };
    fb_value *room = fb_arena_alloc(fb_vm_arena(vm), 2 * count * sizeof(*room));
    apr_status_t status;

    if (room == NULL)
        return fb_raise_memory(error);
    if (order == FB_DESCENDING) { /* turned before and after, so that equals keep their order */
        turn(items, count);
        turn(keys, count);
    }
    status = sort_run(&s, items, keys, count, room);
    if (order == FB_DESCENDING) {
        turn(items, count);
        turn(keys, count);
    }
    return status;
}

/* --- keys --- */

typedef struct keyed {
    fb_list *items;
    fb_value *keys;
} keyed;

static apr_status_t case_rule(fb_vm *vm, fb_value sensitive, fb_case_rule *out, fb_error *error)
{
    bool keep = false;
    apr_status_t status = fb_arg_truth(vm, sensitive, false, &keep, error);

    *out = keep ? FB_KEEP_CASE : FB_IGNORE_CASE;
    return status;
}

/* The items of v, and of each what stands at the path. */
static apr_status_t collect(keyed *out, fb_vm *vm, fb_value v, const fb_path *path,
                            fb_value missing, fb_case_rule rule, fb_error *error)
{
    apr_status_t status = fb_to_list(vm, v, &out->items, error);

    if (status != APR_SUCCESS)
        return status;
    out->keys = fb_arena_alloc(fb_vm_arena(vm), out->items->len * sizeof(fb_value));
    if (out->keys == NULL)
        return fb_raise_memory(error);
    for (uint32_t i = 0; status == APR_SUCCESS && i < out->items->len; i++)
        status = fb_path_get(vm, path, out->items->items[i], missing, rule, &out->keys[i], error);
    return status;
}

/* "a,b.c": several paths; the keys become lists. */
static apr_status_t collect_several(keyed *out, fb_vm *vm, fb_value v, fb_value attributes,
                                    fb_case_rule rule, fb_error *error)
{
    enum { MOST = 64 };
    fb_path paths[MOST];
    apr_size_t count = 0;
    fb_split split;
    fb_str part;
    apr_status_t status = fb_to_list(vm, v, &out->items, error);

    fb_split_start(&split, fb_value_str(attributes), FB_STR(","), MOST - 1);
    while (status == APR_SUCCESS && fb_split_next(&split, &part))
        status = fb_path_parse(&paths[count++], vm, fb_string(part), error);
    if (status != APR_SUCCESS)
        return status;
    out->keys = fb_arena_alloc(fb_vm_arena(vm), out->items->len * sizeof(fb_value));
    if (out->keys == NULL)
        return fb_raise_memory(error);
    for (uint32_t i = 0; i < out->items->len; i++) {
        fb_list *key = fb_list_create(fb_vm_arena(vm), count);

        if (key == NULL)
            return fb_raise_memory(error);
        for (apr_size_t k = 0; status == APR_SUCCESS && k < count; k++)
            status = fb_path_get(vm, &paths[k], out->items->items[i], fb_absent(), rule,
                                 &key->items[k], error);
        if (status != APR_SUCCESS)
            return status;
        key->len = (uint32_t)count;
        out->keys[i] = fb_list_value(key);
    }
    return APR_SUCCESS;
}

FB_NATIVE(fb_filter_sort)
{
    fb_value attribute = args.v[2];
    fb_case_rule rule;
    fb_path path;
    keyed k;
    bool reverse;
    apr_status_t status = case_rule(vm, args.v[1], &rule, error);

    FB_UNUSED(kwargs);
    if (status == APR_SUCCESS)
        status = fb_arg_flag(args.v[0], &reverse, error);
    if (status != APR_SUCCESS)
        return status;
    if (fb_is_string(attribute) && fb_str_find_char(fb_value_str(attribute), ',') >= 0)
        status = collect_several(&k, vm, self, attribute, rule, error);
    else {
        status = fb_path_parse(&path, vm, attribute, error);
        if (status == APR_SUCCESS)
            status = collect(&k, vm, self, &path, fb_absent(), rule, error);
    }
    if (status == APR_SUCCESS)
        status = fb_sort(vm, k.items->items, k.keys, k.items->len,
                         reverse ? FB_DESCENDING : FB_ASCENDING, FB_KEYS_AS_LISTS, error);
    *out = fb_list_value(k.items);
    return status;
}

/* --- min and max --- */

static apr_status_t extreme(fb_vm *vm, fb_value self, fb_args args, fb_compare_op op, fb_value *out,
                            fb_error *error)
{
    fb_case_rule rule;
    fb_path path;
    fb_walk walk;
    fb_value item, key, best;
    bool better;
    apr_status_t status = case_rule(vm, args.v[0], &rule, error);

    if (status == APR_SUCCESS)
        status = fb_path_parse(&path, vm, args.v[1], error);
    if (status == APR_SUCCESS)
        status = fb_walk_start(vm, self, &walk, error);
    if (status == APR_SUCCESS)
        status = fb_walk_next(vm, &walk, out, error);
    if (status == APR_EOF) {
        *out = fb_undefined_hint(vm, FB_STR("No aggregated item, sequence was empty."));
        return APR_SUCCESS;
    }
    if (status == APR_SUCCESS)
        status = fb_path_get(vm, &path, *out, fb_absent(), rule, &best, error);
    while (status == APR_SUCCESS &&
           (status = fb_walk_next(vm, &walk, &item, error)) == APR_SUCCESS) {
        status = fb_path_get(vm, &path, item, fb_absent(), rule, &key, error);
        if (status == APR_SUCCESS)
            status = fb_compare(vm, op, key, best, &better, error);
        if (status == APR_SUCCESS && better) {
            best = key;
            *out = item;
        }
    }
    return status == APR_EOF ? APR_SUCCESS : status;
}

FB_NATIVE(fb_filter_min)
{
    FB_UNUSED(kwargs);
    return extreme(vm, self, args, FB_LT, out, error);
}

FB_NATIVE(fb_filter_max)
{
    FB_UNUSED(kwargs);
    return extreme(vm, self, args, FB_GT, out, error);
}

/* --- dictsort --- */

FB_NATIVE(fb_filter_dictsort)
{
    fb_value items = { .tag = FB_VIEW, .aux = FB_VIEW_ITEMS }, at = fb_int(0);
    fb_path path = { &at, 1 };
    fb_case_rule rule;
    keyed k;
    bool reverse;
    apr_status_t status = case_rule(vm, args.v[0], &rule, error);

    FB_UNUSED(kwargs);
    if (status != APR_SUCCESS)
        return status;
    if (fb_is_string(args.v[1]) && fb_str_eq_z(fb_value_str(args.v[1]), "value"))
        at = fb_int(1);
    else if (!fb_is_absent(args.v[1]) &&
             !(fb_is_string(args.v[1]) && fb_str_eq_z(fb_value_str(args.v[1]), "key")))
        return fb_raise(error, "FilterArgumentError",
                        "You can only sort by either \"key\" or \"value\"");
    if (self.tag == FB_UNDEFINED)
        return fb_raise_undefined(vm, self, error);
    if (self.tag != FB_DICT)
        return fb_raise(error, "AttributeError", "'%s' object has no attribute 'items'",
                        fb_value_type(self));
    items.as.dict = self.as.dict;
    status = fb_arg_flag(args.v[2], &reverse, error);
    if (status == APR_SUCCESS)
        status = collect(&k, vm, items, &path, fb_absent(), rule, error);
    if (status == APR_SUCCESS)
        status = fb_sort(vm, k.items->items, k.keys, k.items->len,
                         reverse ? FB_DESCENDING : FB_ASCENDING, FB_KEYS_PLAIN, error);
    *out = fb_list_value(k.items);
    return status;
}

/* --- groupby --- */

/* (grouper, [items]), with the names as attributes (see fb_builtin_group_attributes). */
static apr_status_t add_group(fb_vm *vm, fb_list *groups, fb_value grouper, fb_value *from,
                              apr_size_t count, fb_error *error)
{
    fb_list *list = fb_list_create(fb_vm_arena(vm), count);
    fb_value group;

    if (list == NULL)
        return fb_raise_memory(error);
    memcpy(list->items, from, count * sizeof(*from));
    list->len = (uint32_t)count;
    group = fb_tuple2(fb_vm_arena(vm), grouper, fb_list_value(list));
    group.aux = FB_TUPLE_GROUP;
    return fb_list_push(groups, group, fb_vm_arena(vm)) == APR_SUCCESS ? APR_SUCCESS
                                                                       : fb_raise_memory(error);
}

FB_NATIVE(fb_filter_groupby)
{
    fb_value missing = fb_is_absent(args.v[1]) ? fb_none() : args.v[1], grouper;
    fb_list *groups = fb_list_create(fb_vm_arena(vm), 8);
    fb_case_rule rule;
    fb_path path;
    keyed k;
    apr_status_t status = case_rule(vm, args.v[2], &rule, error);

    FB_UNUSED(kwargs);
    if (status == APR_SUCCESS)
        status = fb_path_parse(&path, vm, args.v[0], error);
    if (status == APR_SUCCESS)
        status = collect(&k, vm, self, &path, missing, rule, error);
    if (status == APR_SUCCESS)
        status =
            fb_sort(vm, k.items->items, k.keys, k.items->len, FB_ASCENDING, FB_KEYS_PLAIN, error);
    if (status == APR_SUCCESS && groups == NULL)
        return fb_raise_memory(error);
    for (uint32_t from = 0, to; status == APR_SUCCESS && from < k.items->len; from = to) {
        for (to = from + 1; to < k.items->len && fb_equal(k.keys[from], k.keys[to]);)
            to++;
        grouper = k.keys[from];
        if (rule == FB_IGNORE_CASE) /* shown as the first item spells it */
            status = fb_path_get(vm, &path, k.items->items[from], missing, FB_KEEP_CASE, &grouper,
                                 error);
        if (status == APR_SUCCESS)
            status = add_group(vm, groups, grouper, k.items->items + from, to - from, error);
    }
    *out = fb_list_value(groups);
    return status;
}

static apr_status_t group_grouper(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    FB_UNUSED(vm), FB_UNUSED(error);
    *out = self.as.list->items[0];
    return APR_SUCCESS;
}

static apr_status_t group_list(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    FB_UNUSED(vm), FB_UNUSED(error);
    *out = self.as.list->items[1];
    return APR_SUCCESS;
}

const fb_attribute fb_builtin_group_attributes[] = {
    { "grouper", group_grouper, "What the items of the group have in common." },
    { "list", group_list, "The items of the group." },
    { NULL, NULL, NULL },
};
