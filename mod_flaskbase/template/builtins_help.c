/* Arguments of builtins: conversions with Python's words, attribute paths. */
#include "template/builtins_impl.h"
#include "template/number.h"

#include <string.h>

#include "base/banned.h"

bool fb_has_html(fb_value v)
{
    return v.tag == FB_MARKUP ||
           (v.tag == FB_UNDEFINED && v.as.undefined->kind == FB_UNDEFINED_CHAINABLE);
}

apr_status_t fb_arg_int(fb_value v, int64_t fallback, int64_t *out, fb_error *error)
{
    switch (v.tag) {
    case FB_ABSENT: *out = fallback; return APR_SUCCESS;
    case FB_BOOL:
    case FB_INT: *out = v.as.i; return APR_SUCCESS;
    case FB_BIGINT:
        *out = fb_integer_sign(fb_integer_from(v)) < 0 ? INT64_MIN : INT64_MAX;
        return APR_SUCCESS;
    default:
        return fb_raise(error, "TypeError", "'%s' object cannot be interpreted as an integer",
                        fb_value_type(v));
    }
}

apr_status_t fb_arg_flag(fb_value v, bool *out, fb_error *error)
{
    int64_t number = 0;
    apr_status_t status = fb_arg_int(v, 0, &number, error);

    *out = status == APR_SUCCESS && number != 0;
    return status;
}

apr_status_t fb_arg_truth(fb_vm *vm, fb_value v, bool fallback, bool *out, fb_error *error)
{
    if (fb_is_absent(v)) {
        *out = fallback;
        return APR_SUCCESS;
    }
    return fb_truth(vm, v, out, error);
}

apr_status_t fb_arg_str(fb_value v, const char *what, fb_str *out, fb_error *error)
{
    if (!fb_is_string(v))
        return fb_raise(error, "TypeError", "%s must be str, not %s", what, fb_value_type(v));
    *out = fb_value_str(v);
    return APR_SUCCESS;
}

apr_status_t fb_to_float(fb_vm *vm, fb_value v, double *out, fb_error *error)
{
    switch (v.tag) {
    case FB_FLOAT: *out = v.as.f; return APR_SUCCESS;
    case FB_BOOL:
    case FB_INT:
    case FB_BIGINT: return fb_integer_to_double(out, fb_integer_from(v), error);
    case FB_STR:
    case FB_MARKUP:
    case FB_BYTES: return fb_float_parse(out, fb_value_str(v), fb_vm_arena(vm), error);
    case FB_UNDEFINED: return fb_raise_undefined(vm, v, error);
    default:
        return fb_raise(error, "TypeError",
                        "float() argument must be a string or a real number, not '%s'",
                        fb_value_type(v));
    }
}

/* --- attribute paths --- */

static bool is_number(fb_str s, int64_t *out)
{
    int64_t v = 0;

    for (apr_size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9' || v > INT32_MAX)
            return false;
        v = v * 10 + (s.ptr[i] - '0');
    }
    *out = v;
    return s.len > 0;
}

apr_status_t fb_path_parse(fb_path *out, fb_vm *vm, fb_value attribute, fb_error *error)
{
    fb_list *keys;
    fb_str rest, part;
    int64_t index;
    apr_status_t status = APR_SUCCESS;
    fb_split split;

    *out = (fb_path){ NULL, 0 };
    if (fb_is_absent(attribute) || fb_is_none(attribute))
        return APR_SUCCESS;
    keys = fb_list_create(fb_vm_arena(vm), 2);
    if (keys == NULL)
        return fb_raise_memory(error);
    if (!fb_is_string(attribute))
        status = fb_list_push(keys, attribute, fb_vm_arena(vm));
    else {
        rest = fb_value_str(attribute);
        fb_split_start(&split, rest, FB_STR("."), -1);
        while (status == APR_SUCCESS && fb_split_next(&split, &part))
            status = fb_list_push(keys, is_number(part, &index) ? fb_int(index) : fb_string(part),
                                  fb_vm_arena(vm));
    }
    if (status != APR_SUCCESS)
        return fb_raise_memory(error);
    *out = (fb_path){ keys->items, keys->len };
    return APR_SUCCESS;
}

apr_status_t fb_lower_key(fb_vm *vm, fb_value v, fb_value *out, fb_error *error)
{
    fb_text text;

    *out = v;
    if (!fb_is_string(v))
        return APR_SUCCESS;
    fb_text_init(&text, vm, v.len);
    fb_chars_recase(&text, fb_value_str(v), FB_CASE_LOWER);
    return fb_text_finish(&text, (fb_tag)v.tag, out, error);
}

apr_status_t fb_path_get(fb_vm *vm, const fb_path *path, fb_value item, fb_value missing,
                         fb_case_rule rule, fb_value *out, fb_error *error)
{
    apr_status_t status;

    for (apr_size_t i = 0; i < path->count; i++) {
        status = fb_getitem(vm, item, path->keys[i], &item, error);
        if (status != APR_SUCCESS)
            return status;
        if (fb_is_undefined(item) && !fb_is_absent(missing) && !fb_is_none(missing))
            item = missing;
    }
    if (rule == FB_IGNORE_CASE)
        return fb_lower_key(vm, item, out, error);
    *out = item;
    return APR_SUCCESS;
}
