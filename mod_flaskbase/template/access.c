/* Attributes, items and slices: what a dot and brackets mean. */
#include "template/builtins.h"
#include "template/chars.h"
#include "template/number.h"
#include "template/vm_state.h"

#include <string.h>

#include "base/banned.h"

/* ---- attributes ------------------------------------------------------------------ */

const fb_builtin *fb_methods_of(fb_value v)
{
    switch (v.tag) {
    case FB_STR:
    case FB_MARKUP: return fb_builtin_str_methods;
    case FB_BYTES: return fb_builtin_bytes_methods;
    case FB_LIST: return fb_builtin_list_methods;
    case FB_TUPLE: return fb_builtin_tuple_methods;
    case FB_DICT: return fb_builtin_dict_methods;
    case FB_VIEW: return fb_builtin_view_methods;
    case FB_BOOL:
    case FB_INT:
    case FB_BIGINT: return fb_builtin_int_methods;
    case FB_FLOAT: return fb_builtin_float_methods;
    case FB_RANGE: return fb_builtin_range_methods;
    case FB_OBJECT: return v.as.object->cls->methods;
    default: return NULL;
    }
}

const fb_attribute *fb_attributes_of(fb_value v)
{
    switch (v.tag) {
    case FB_BOOL:
    case FB_INT:
    case FB_BIGINT: return fb_builtin_int_attributes;
    case FB_FLOAT: return fb_builtin_float_attributes;
    case FB_RANGE: return fb_builtin_range_attributes;
    case FB_TUPLE: return v.aux == FB_TUPLE_GROUP ? fb_builtin_group_attributes : NULL;
    case FB_MACRO: return fb_macro_attributes();
    case FB_OBJECT: return v.as.object->cls->attributes;
    default: return NULL;
    }
}

static fb_value bound_method(fb_vm *vm, const fb_builtin *row, fb_value self)
{
    fb_method *method = fb_arena_alloc(vm->arena, sizeof(*method));

    *method = (fb_method){ row, self };
    return (fb_value){ .tag = FB_METHOD, .as.method = method };
}

static const fb_builtin *find_method(const fb_builtin *table, fb_str name)
{
    for (; table != NULL && table->name != NULL; table++) {
        if (fb_str_eq_z(name, table->name))
            return table;
    }
    return NULL;
}

apr_status_t fb_attribute_of(fb_vm *vm, fb_value v, fb_str name, fb_value *out, fb_error *error)
{
    const fb_attribute *attribute = fb_attributes_of(v);
    const fb_builtin *method = fb_methods_of(v);

    if (v.tag == FB_MARKUP && find_method(fb_builtin_markup_methods, name) != NULL)
        method = fb_builtin_markup_methods;
    for (; attribute != NULL && attribute->name != NULL; attribute++) {
        if (fb_str_eq_z(name, attribute->name))
            return attribute->get(vm, v, out, error);
    }
    method = find_method(method, name);
    if (method != NULL) {
        *out = bound_method(vm, method, v);
        return APR_SUCCESS;
    }
    if (fb_str_eq_z(name, "__class__")) {
        *out = fb_type_value(vm, v);
        return APR_SUCCESS;
    }
    if (v.tag == FB_OBJECT && v.as.object->cls->get_attribute != NULL)
        return v.as.object->cls->get_attribute(vm, v, name, out, error);
    if (v.tag == FB_UNDEFINED) {
        if (v.as.undefined->kind == FB_UNDEFINED_CHAINABLE) {
            *out = v;
            return APR_SUCCESS;
        }
        if (!fb_str_starts(name, FB_STR("__")))
            return fb_raise_undefined(vm, v, error);
    }
    return FB_ENOTFOUND;
}

/* ---- the sandbox ----------------------------------------------------------------- */

/* What every Python object has; templates probe for them to break out. */
static bool is_python_internal(fb_value v, fb_str name)
{
    static const char *const common[] = { "__class__",
                                          "__doc__",
                                          "__init__",
                                          "__new__",
                                          "__repr__",
                                          "__str__",
                                          "__hash__",
                                          "__eq__",
                                          "__ne__",
                                          "__lt__",
                                          "__le__",
                                          "__gt__",
                                          "__ge__",
                                          "__dir__",
                                          "__format__",
                                          "__getattribute__",
                                          "__setattr__",
                                          "__delattr__",
                                          "__reduce__",
                                          "__reduce_ex__",
                                          "__sizeof__",
                                          "__subclasshook__",
                                          "__init_subclass__",
                                          NULL };
    static const char *const function[] = { "__globals__",  "__code__", "__closure__",
                                            "__defaults__", "__func__", "__self__",
                                            "__call__",     "__name__", "__module__",
                                            "__dict__",     NULL };

    if (!fb_str_starts(name, FB_STR("__")))
        return false;
    for (const char *const *each = common; *each != NULL; each++) {
        if (fb_str_eq_z(name, *each))
            return true;
    }
    if (v.tag != FB_FUNCTION && v.tag != FB_METHOD && v.tag != FB_MACRO && v.tag != FB_OBJECT &&
        v.tag != FB_UNDEFINED)
        return false;
    for (const char *const *each = function; *each != NULL; each++) {
        if (fb_str_eq_z(name, *each))
            return true;
    }
    return false;
}

static fb_value unsafe_undefined(fb_vm *vm, fb_value v, fb_str name)
{
    fb_undefined *undefined = fb_arena_alloc(vm->arena, sizeof(*undefined));
    fb_str quoted = fb_quote(vm, name);

    *undefined = (fb_undefined){
        .kind = vm->env->options.undefined,
        .error = "SecurityError",
        .hint = fb_str_printf(vm->pool, "access to attribute %.*s of '%s' object is unsafe.",
                              FB_STR_ARG(quoted), fb_value_type(v)),
        .object = v,
        .name = fb_string(name),
    };
    return (fb_value){ .tag = FB_UNDEFINED, .as.undefined = undefined };
}

/* Replaces what a sandboxed template must not have. */
static void guard(fb_vm *vm, fb_value v, fb_str name, fb_value *found)
{
    bool safe = !fb_str_starts(name, FB_STR("_"));

    if (safe && vm->env->options.sandbox == FB_SANDBOX_IMMUTABLE && found->tag == FB_METHOD &&
        (found->as.method->row->flags & FB_FN_MUTATES) != 0)
        safe = false;
    if (!safe)
        *found = unsafe_undefined(vm, v, name);
}

/* An attribute as the environment gives it out; FB_ENOTFOUND if there is none. */
static apr_status_t guarded_attribute(fb_vm *vm, fb_value v, fb_str name, fb_value *out,
                                      fb_error *error)
{
    apr_status_t status = fb_attribute_of(vm, v, name, out, error);

    if (vm->env->options.sandbox == FB_SANDBOX_NONE)
        return status;
    if (status == APR_SUCCESS && v.tag != FB_UNDEFINED) {
        guard(vm, v, name, out);
    } else if (status == FB_ENOTFOUND && is_python_internal(v, name)) {
        *out = unsafe_undefined(vm, v, name);
        status = APR_SUCCESS;
    }
    return status;
}

/* ---- items ----------------------------------------------------------------------- */

static bool index_of(fb_value key, int64_t *out)
{
    if (key.tag != FB_INT && key.tag != FB_BOOL)
        return false;
    *out = key.as.i;
    return true;
}

static fb_value char_at(fb_value s, apr_size_t from, apr_size_t to)
{
    fb_value v = s;

    v.as.s = s.as.s + from;
    v.len = (uint32_t)(to - from);
    return v;
}

static apr_status_t string_item(fb_value s, int64_t i, fb_value *out)
{
    int64_t len = (int64_t)fb_string_length(s);

    if (i < 0)
        i += len;
    if (i < 0 || i >= len)
        return FB_ENOTFOUND;
    apr_size_t from = fb_string_offset(s, (apr_size_t)i);
    apr_size_t to = from;
    (void)fb_chars_next(fb_value_str(s), &to);
    *out = char_at(s, from, to);
    return APR_SUCCESS;
}

apr_status_t fb_item_of(fb_vm *vm, fb_value v, fb_value key, fb_value *out, fb_error *error)
{
    int64_t i;
    const fb_value *found;

    switch (v.tag) {
    case FB_DICT:
        if (key.tag == FB_UNDEFINED && key.as.undefined->kind == FB_UNDEFINED_STRICT)
            return fb_raise_undefined(vm, key, error);
        found = fb_dict_find(v.as.dict, key);
        if (found == NULL)
            return FB_ENOTFOUND;
        *out = *found;
        return APR_SUCCESS;
    case FB_LIST:
    case FB_TUPLE:
        if (key.tag == FB_SLICE)
            break;
        if (!index_of(key, &i))
            return FB_ENOTFOUND;
        if (i < 0)
            i += v.as.list->len;
        if (i < 0 || i >= v.as.list->len)
            return FB_ENOTFOUND;
        *out = v.as.list->items[i];
        return APR_SUCCESS;
    case FB_STR:
    case FB_MARKUP:
        if (key.tag == FB_SLICE)
            break;
        return index_of(key, &i) ? string_item(v, i, out) : FB_ENOTFOUND;
    case FB_RANGE:
        if (key.tag == FB_SLICE)
            break;
        if (!index_of(key, &i))
            return FB_ENOTFOUND;
        if (i < 0)
            i += v.as.range->len;
        if (i < 0 || i >= v.as.range->len)
            return FB_ENOTFOUND;
        *out = fb_int(v.as.range->start + v.as.range->step * i);
        return APR_SUCCESS;
    case FB_UNDEFINED:
        if (v.as.undefined->kind == FB_UNDEFINED_CHAINABLE) {
            *out = v;
            return APR_SUCCESS;
        }
        return fb_raise_undefined(vm, v, error);
    case FB_OBJECT:
        if (v.as.object->cls->get_item != NULL)
            return v.as.object->cls->get_item(vm, v, key, out, error);
        return FB_ENOTFOUND;
    default: return FB_ENOTFOUND;
    }
    const fb_value *part = key.as.list->items;
    apr_status_t status = fb_slice(vm, v, part[0], part[1], part[2], out, error);
    if (status != APR_SUCCESS &&
        (fb_error_is(error, "TypeError") || fb_error_is(error, "ValueError"))) {
        bool type = fb_error_is(error, "TypeError");
        if (type) {
            fb_error_clear(error);
            return FB_ENOTFOUND;
        }
    }
    return status;
}

apr_status_t fb_getattr(fb_vm *vm, fb_value v, fb_str name, fb_value *out, fb_error *error)
{
    apr_status_t status = guarded_attribute(vm, v, name, out, error);

    if (status == FB_ENOTFOUND)
        status = fb_item_of(vm, v, fb_string(name), out, error);
    if (status == FB_ENOTFOUND) {
        *out = fb_undefined_item(vm, v, fb_string(name));
        status = APR_SUCCESS;
    }
    return status;
}

apr_status_t fb_getitem(fb_vm *vm, fb_value v, fb_value key, fb_value *out, fb_error *error)
{
    apr_status_t status = fb_item_of(vm, v, key, out, error);

    if (status == FB_ENOTFOUND && fb_is_string(key))
        status = guarded_attribute(vm, v, fb_value_str(key), out, error);
    if (status == FB_ENOTFOUND) {
        *out = fb_undefined_item(vm, v, key);
        status = APR_SUCCESS;
    }
    return status;
}

/* ---- slices ---------------------------------------------------------------------- */

static apr_status_t slice_bound(fb_value v, int64_t missing, int64_t *out, fb_error *error)
{
    if (v.tag == FB_NONE) {
        *out = missing;
        return APR_SUCCESS;
    }
    if (v.tag == FB_INT || v.tag == FB_BOOL) {
        *out = v.as.i;
        return APR_SUCCESS;
    }
    if (v.tag == FB_BIGINT) {
        *out = fb_integer_sign(fb_integer_from(v)) < 0 ? INT64_MIN / 2 : INT64_MAX / 2;
        return APR_SUCCESS;
    }
    return fb_raise(error, "TypeError",
                    "slice indices must be integers or None or have an __index__ method");
}

static int64_t clamp(int64_t at, int64_t len, int64_t low, int64_t high)
{
    if (at < 0)
        at = at < -len ? low : at + len;
    if (at < low)
        return low;
    return at > high ? high : at;
}

/* Python's slice.indices: where to start, how many, in which steps. */
typedef struct bounds {
    int64_t start, stop, step, count;
} bounds;

static apr_status_t slice_bounds(bounds *out, int64_t len, fb_value start, fb_value stop,
                                 fb_value step, fb_error *error)
{
    int64_t from;
    int64_t to;

    apr_status_t status = slice_bound(step, 1, &out->step, error);
    if (status != APR_SUCCESS)
        return status;
    if (out->step == 0)
        return fb_raise(error, "ValueError", "slice step cannot be zero");
    if (out->step > len + 1)
        out->step = len + 1; /* beyond the end either way, and the sums below stay small */
    if (out->step < -(len + 1))
        out->step = -(len + 1);
    bool back = out->step < 0;
    status = slice_bound(start, back ? INT64_MAX / 2 : 0, &from, error);
    if (status == APR_SUCCESS)
        status = slice_bound(stop, back ? INT64_MIN / 2 : INT64_MAX / 2, &to, error);
    if (status != APR_SUCCESS)
        return status;
    from = clamp(from, len, back ? -1 : 0, back ? len - 1 : len);
    to = clamp(to, len, back ? -1 : 0, back ? len - 1 : len);
    out->start = from;
    out->stop = to;
    if (back)
        out->count = from > to ? (from - to - 1) / -out->step + 1 : 0;
    else
        out->count = to > from ? (to - from - 1) / out->step + 1 : 0;
    return APR_SUCCESS;
}

static apr_status_t slice_string(fb_vm *vm, fb_value s, const bounds *at, fb_value *out,
                                 fb_error *error)
{
    fb_text text;

    if (at->step == 1) {
        apr_size_t from = fb_string_offset(s, (apr_size_t)at->start);
        apr_size_t to = fb_string_offset(s, (apr_size_t)(at->start + at->count));
        *out = char_at(s, from, to);
        return APR_SUCCESS;
    }
    fb_text_init(&text, vm, 16);
    if (at->step == -1 && at->count == (int64_t)fb_string_length(s)) {
        fb_chars_reverse(&text, fb_value_str(s));
        return fb_text_finish(&text, s.tag, out, error);
    }
    /* Offsets of all code points first: a string may be long and the step negative. */
    fb_list *chars = NULL;
    apr_status_t status = fb_to_list(vm, s, &chars, error);
    if (status != APR_SUCCESS)
        return status;
    for (int64_t i = 0; i < at->count; i++)
        fb_text_add(&text, fb_value_str(chars->items[at->start + i * at->step]));
    return fb_text_finish(&text, s.tag, out, error);
}

static apr_status_t slice_list(fb_vm *vm, fb_value v, const bounds *at, fb_value *out,
                               fb_error *error)
{
    fb_list *list = fb_list_create(vm->arena, (apr_size_t)at->count);

    if (list == NULL)
        return fb_raise_memory(error);
    for (int64_t i = 0; i < at->count; i++)
        list->items[i] = v.as.list->items[at->start + i * at->step];
    list->len = (uint32_t)at->count;
    *out = (fb_value){ .tag = v.tag, .as.list = list };
    return APR_SUCCESS;
}

static void slice_range(fb_vm *vm, const fb_range *range, const bounds *at, fb_value *out)
{
    fb_range *part = fb_arena_alloc(vm->arena, sizeof(*part));

    part->step = range->step * at->step;
    part->start = range->start + range->step * at->start;
    part->stop = range->start + range->step * at->stop;
    part->len = at->count;
    *out = (fb_value){ .tag = FB_RANGE, .as.range = part };
}

apr_status_t fb_slice(fb_vm *vm, fb_value v, fb_value start, fb_value stop, fb_value step,
                      fb_value *out, fb_error *error)
{
    bounds at;
    int64_t len = 0;
    apr_status_t status;

    switch (v.tag) {
    case FB_STR:
    case FB_MARKUP:
    case FB_LIST:
    case FB_TUPLE:
    case FB_RANGE: status = fb_length(vm, v, &len, error); break;
    case FB_UNDEFINED:
        *out = v;
        return v.as.undefined->kind == FB_UNDEFINED_CHAINABLE ? APR_SUCCESS
                                                              : fb_raise_undefined(vm, v, error);
    case FB_DICT: return fb_raise(error, "TypeError", "unhashable type: 'slice'");
    default:
        return fb_raise(error, "TypeError", "'%s' object is not subscriptable", fb_value_type(v));
    }
    if (status == APR_SUCCESS)
        status = slice_bounds(&at, len, start, stop, step, error);
    if (status != APR_SUCCESS)
        return status;
    if (fb_is_string(v))
        return slice_string(vm, v, &at, out, error);
    if (v.tag != FB_RANGE)
        return slice_list(vm, v, &at, out, error);
    slice_range(vm, v.as.range, &at, out);
    return APR_SUCCESS;
}
