/* Filters that look at a sequence, or at one thing in it. */
#include "template/builtins_impl.h"

#include "base/banned.h"

FB_NATIVE(fb_filter_default)
{
    bool boolean, truth = true;
    apr_status_t status = fb_arg_truth(vm, args.v[1], false, &boolean, error);

    FB_UNUSED(kwargs);
    if (status == APR_SUCCESS && boolean && !fb_is_undefined(self))
        status = fb_truth(vm, self, &truth, error);
    if (fb_is_undefined(self) || !truth)
        *out = fb_is_absent(args.v[0]) ? FB_VSTR("") : args.v[0];
    else
        *out = self;
    return status;
}

FB_NATIVE(fb_filter_attr)
{
    fb_value name = args.v[0];
    apr_status_t status;

    FB_UNUSED(kwargs);
    if (!fb_is_string(name))
        return fb_raise(error, "TypeError", "attribute name must be string, not '%s'",
                        fb_value_type(name));
    status = fb_attribute_of(vm, self, fb_value_str(name), out, error);
    if (status == FB_ENOTFOUND &&
        !(fb_vm_sandboxed(vm) && fb_str_starts(fb_value_str(name), FB_STR("__")))) {
        *out = fb_undefined_item(vm, self, name);
        return APR_SUCCESS;
    }
    if (status == APR_SUCCESS || status == FB_ENOTFOUND) /* again, under the sandbox's eyes */
        return fb_getattr(vm, self, fb_value_str(name), out, error);
    return status;
}

FB_NATIVE(fb_filter_length)
{
    int64_t length = 0;
    apr_status_t status = fb_length(vm, self, &length, error);

    FB_UNUSED(args), FB_UNUSED(kwargs);
    *out = fb_int(length);
    return status;
}

FB_NATIVE(fb_filter_list)
{
    fb_list *list = NULL;
    apr_status_t status = fb_to_list(vm, self, &list, error);

    FB_UNUSED(args), FB_UNUSED(kwargs);
    *out = fb_list_value(list);
    return status;
}

FB_NATIVE(fb_filter_first)
{
    fb_walk walk;
    apr_status_t status = fb_walk_start(vm, self, &walk, error);

    FB_UNUSED(args), FB_UNUSED(kwargs);
    if (status == APR_SUCCESS)
        status = fb_walk_next(vm, &walk, out, error);
    if (status != APR_EOF)
        return status;
    *out = fb_undefined_hint(vm, FB_STR("No first item, sequence was empty."));
    return APR_SUCCESS;
}

/* --- backwards --- */

/* The items of what Python's reversed() takes; FB_ENOTFOUND for anything else. */
static apr_status_t reversible(fb_vm *vm, fb_value v, fb_list **out, fb_error *error)
{
    switch (v.tag) {
    case FB_STR:
    case FB_MARKUP:
    case FB_BYTES:
    case FB_LIST:
    case FB_TUPLE:
    case FB_DICT:
    case FB_VIEW:
    case FB_RANGE:
    case FB_UNDEFINED: return fb_to_list(vm, v, out, error);
    default: return FB_ENOTFOUND;
    }
}

FB_NATIVE(fb_filter_last)
{
    fb_list *list = NULL;
    apr_status_t status;

    FB_UNUSED(args), FB_UNUSED(kwargs);
    if (fb_is_sequence(self) && self.as.list->len > 0) {
        *out = self.as.list->items[self.as.list->len - 1];
        return APR_SUCCESS;
    }
    status = reversible(vm, self, &list, error);
    if (status == FB_ENOTFOUND)
        return fb_raise(error, "TypeError", "'%s' object is not reversible", fb_value_type(self));
    if (status != APR_SUCCESS)
        return status;
    *out = list->len > 0 ? list->items[list->len - 1]
                         : fb_undefined_hint(vm, FB_STR("No last item, sequence was empty."));
    if (self.tag == FB_MARKUP && list->len > 0)
        *out = fb_retag(*out, FB_MARKUP); /* reversed() subscribes, which keeps Markup */
    return APR_SUCCESS;
}

typedef struct reverse_iter {
    fb_iter base;
    fb_list *list;
    uint32_t left;
} reverse_iter;

static apr_status_t reverse_next(fb_vm *vm, fb_iter *iter, fb_value *out, fb_error *error)
{
    reverse_iter *it = (reverse_iter *)iter;

    FB_UNUSED(vm), FB_UNUSED(error);
    if (it->left == 0)
        return APR_EOF;
    *out = it->list->items[--it->left];
    return APR_SUCCESS;
}

static apr_status_t reverse_string(fb_vm *vm, fb_value s, fb_value *out, fb_error *error)
{
    fb_text text;

    fb_text_init(&text, vm, s.len);
    fb_chars_reverse(&text, fb_value_str(s));
    return fb_text_finish(&text, (fb_tag)s.tag, out, error);
}

FB_NATIVE(fb_filter_reverse)
{
    fb_list *list = NULL;
    reverse_iter *it;
    apr_status_t status;

    FB_UNUSED(args), FB_UNUSED(kwargs);
    if (fb_is_string(self))
        return reverse_string(vm, self, out, error);
    status = reversible(vm, self, &list, error);
    if (status == FB_ENOTFOUND) { /* no sequence: a list, turned */
        status = fb_to_list(vm, self, &list, error);
        if (status != APR_SUCCESS && fb_error_is(error, "TypeError"))
            return fb_raise(error, "FilterArgumentError", "argument must be iterable");
        for (uint32_t i = 0; status == APR_SUCCESS && i < list->len / 2; i++) {
            fb_value swap = list->items[i];

            list->items[i] = list->items[list->len - 1 - i];
            list->items[list->len - 1 - i] = swap;
        }
        *out = fb_list_value(list);
        return status;
    }
    if (status != APR_SUCCESS)
        return status;
    it = fb_arena_alloc(fb_vm_arena(vm), sizeof(*it));
    *it = (reverse_iter){ .base = { .next = reverse_next }, .list = list, .left = list->len };
    it->base.type = self.tag == FB_LIST    ? "list_reverseiterator"
                    : self.tag == FB_DICT  ? "dict_reversekeyiterator"
                    : self.tag == FB_RANGE ? "range_iterator"
                                           : "reversed";
    *out = fb_iter_value(&it->base);
    return APR_SUCCESS;
}

FB_NATIVE(fb_filter_random)
{
    int64_t length;
    fb_value index;
    apr_status_t status = fb_length(vm, self, &length, error);

    FB_UNUSED(args), FB_UNUSED(kwargs);
    if (status != APR_SUCCESS)
        return status;
    if (length == 0) {
        *out = fb_undefined_hint(vm, FB_STR("No random item, sequence was empty."));
        return APR_SUCCESS;
    }
    index = fb_int(fb_vm_random(vm, length > UINT32_MAX ? UINT32_MAX : (uint32_t)length));
    status = fb_item_of(vm, self, index, out, error);
    if (status == FB_ENOTFOUND)
        return fb_raise(error, self.tag == FB_DICT ? "KeyError" : "TypeError", "%" APR_INT64_T_FMT,
                        index.as.i);
    return status;
}

/* --- join --- */

typedef struct joining {
    fb_vm *vm;
    fb_text text;
    fb_value separator;
    bool markup; /* what is no Markup is escaped */
    bool first;
} joining;

static apr_status_t add_item(joining *j, fb_value item, fb_error *error)
{
    apr_status_t status;

    if (!j->first)
        fb_text_add(&j->text, fb_value_str(j->separator));
    j->first = false;
    if (!fb_is_string(item)) {
        if (!j->markup)
            return fb_text_add_value(&j->text, j->vm, item, error);
        status = fb_escape(j->vm, item, &item, error);
        if (status != APR_SUCCESS)
            return status;
    }
    if (j->markup && item.tag == FB_STR)
        fb_text_add_escaped(&j->text, fb_value_str(item));
    else
        fb_text_add(&j->text, fb_value_str(item));
    return APR_SUCCESS;
}

/* Under autoescape, and with a plain separator, one Markup among the items makes all of it Markup:
 * so they must all be seen first. */
static apr_status_t collect(fb_vm *vm, fb_value v, const fb_path *path, fb_list **out, bool *markup,
                            fb_error *error)
{
    fb_list *list;
    apr_status_t status = fb_to_list(vm, v, &list, error);

    *markup = false;
    for (uint32_t i = 0; status == APR_SUCCESS && i < list->len; i++) {
        status = fb_path_get(vm, path, list->items[i], fb_absent(), FB_KEEP_CASE, &list->items[i],
                             error);
        if (status != APR_SUCCESS)
            return status;
        if (fb_has_html(list->items[i]))
            *markup = true;
        else
            status = fb_to_string(vm, list->items[i], &list->items[i], error);
    }
    *out = list;
    return status;
}

FB_NATIVE(fb_filter_join)
{
    joining j = { .vm = vm, .first = true };
    fb_value d = fb_is_absent(args.v[0]) ? FB_VSTR("") : args.v[0], over = self, item;
    bool autoescape = fb_vm_autoescape(vm);
    fb_list *list;
    fb_path path;
    fb_walk walk;
    apr_status_t status = fb_path_parse(&path, vm, args.v[1], error);

    FB_UNUSED(kwargs);
    if (status == APR_SUCCESS && autoescape && !fb_has_html(d)) {
        status = collect(vm, self, &path, &list, &j.markup, error);
        over = fb_list_value(list);
        path.count = 0;
        if (status == APR_SUCCESS)
            status = j.markup ? fb_escape(vm, d, &d, error) : APR_SUCCESS;
    } else
        j.markup = autoescape;
    if (status == APR_SUCCESS)
        status = fb_soft_str(vm, d, &j.separator, error);
    if (status == APR_SUCCESS)
        status = fb_walk_start(vm, over, &walk, error);
    if (status != APR_SUCCESS)
        return status;
    fb_text_init(&j.text, vm, 64);
    while ((status = fb_walk_next(vm, &walk, &item, error)) == APR_SUCCESS) {
        status = fb_path_get(vm, &path, item, fb_absent(), FB_KEEP_CASE, &item, error);
        if (status == APR_SUCCESS)
            status = add_item(&j, item, error);
        if (status != APR_SUCCESS)
            return status;
    }
    return status == APR_EOF ? fb_text_finish(&j.text, j.markup ? FB_MARKUP : FB_STR, out, error)
                             : status;
}
