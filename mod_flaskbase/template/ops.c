/* Truth, equality, order, hashing, length and membership, as Python defines them. */
#include "template/ops.h"

#include "template/builtins.h"
#include "template/chars.h"
#include "template/number.h"
#include "template/vm_state.h"

#include <math.h>
#include <string.h>

#include "base/banned.h"

/* Nested containers are compared and hashed to this depth; Python's limit is its stack. */
#define MAX_NESTING 300u

/* ---- truth and length ------------------------------------------------------------ */

apr_status_t fb_truth(fb_vm *vm, fb_value v, bool *out, fb_error *error)
{
    int64_t length;
    const fb_class *cls;

    if (fb_is_plain_truth(v, out))
        return APR_SUCCESS;
    switch (v.tag) {
    case FB_FLOAT: *out = v.as.f != 0.0; return APR_SUCCESS;
    case FB_BYTES: *out = v.len != 0; return APR_SUCCESS;
    case FB_DICT:
    case FB_VIEW: *out = v.as.dict->len != 0; return APR_SUCCESS;
    case FB_RANGE: *out = v.as.range->len != 0; return APR_SUCCESS;
    case FB_UNDEFINED:
        if (v.as.undefined->kind == FB_UNDEFINED_STRICT)
            return fb_raise_undefined(vm, v, error);
        *out = false;
        return APR_SUCCESS;
    case FB_OBJECT:
        cls = v.as.object->cls;
        if (cls->truth != NULL)
            return cls->truth(vm, v, out, error);
        *out = true;
        if (cls->length == NULL)
            return APR_SUCCESS;
        length = 0;
        apr_status_t status = cls->length(vm, v, &length, error);
        *out = length != 0;
        return status;
    default: *out = true; return APR_SUCCESS;
    }
}

apr_size_t fb_string_length(fb_value s)
{
    return (s.flags & FB_STR_ASCII) != 0 ? s.len : fb_chars_count(fb_value_str(s));
}

apr_size_t fb_string_offset(fb_value s, apr_size_t n)
{
    if ((s.flags & FB_STR_ASCII) != 0)
        return n < s.len ? n : s.len;
    return fb_chars_offset(fb_value_str(s), n);
}

apr_status_t fb_length(fb_vm *vm, fb_value v, int64_t *out, fb_error *error)
{
    switch (v.tag) {
    case FB_STR:
    case FB_MARKUP: *out = (int64_t)fb_string_length(v); return APR_SUCCESS;
    case FB_BYTES: *out = v.len; return APR_SUCCESS;
    case FB_LIST:
    case FB_TUPLE: *out = v.as.list->len; return APR_SUCCESS;
    case FB_DICT:
    case FB_VIEW: *out = v.as.dict->len; return APR_SUCCESS;
    case FB_RANGE: *out = v.as.range->len; return APR_SUCCESS;
    case FB_UNDEFINED:
        if (v.as.undefined->kind == FB_UNDEFINED_STRICT)
            return fb_raise_undefined(vm, v, error);
        *out = 0;
        return APR_SUCCESS;
    case FB_OBJECT:
        if (v.as.object->cls->length != NULL)
            return v.as.object->cls->length(vm, v, out, error);
        break;
    default: break;
    }
    return fb_raise(error, "TypeError", "object of type '%s' has no len()", fb_value_type(v));
}

/* ---- equality -------------------------------------------------------------------- */

static bool equal(fb_value a, fb_value b, unsigned depth);

static bool equal_numbers(fb_value a, fb_value b)
{
    if (a.tag == FB_FLOAT && b.tag == FB_FLOAT)
        return a.as.f == b.as.f;
    if (a.tag == FB_FLOAT)
        return !isnan(a.as.f) && fb_integer_cmp_double(fb_integer_from(b), a.as.f) == 0;
    if (b.tag == FB_FLOAT)
        return !isnan(b.as.f) && fb_integer_cmp_double(fb_integer_from(a), b.as.f) == 0;
    return fb_integer_cmp(fb_integer_from(a), fb_integer_from(b)) == 0;
}

static bool equal_lists(const fb_list *a, const fb_list *b, unsigned depth)
{
    if (a == b)
        return true;
    if (a->len != b->len)
        return false;
    for (uint32_t i = 0; i < a->len; i++) {
        if (!equal(a->items[i], b->items[i], depth))
            return false;
    }
    return true;
}

static bool equal_dicts(const fb_dict *a, const fb_dict *b, unsigned depth)
{
    if (a == b)
        return true;
    if (a->len != b->len)
        return false;
    for (uint32_t i = 0; i < a->used; i++) {
        const fb_dict_entry *entry = &a->entries[i];
        if (entry->key.tag == FB_ABSENT)
            continue;
        const fb_value *other = fb_dict_find(b, entry->key);
        if (other == NULL || !equal(entry->value, *other, depth))
            return false;
    }
    return true;
}

static bool equal_ranges(const fb_range *a, const fb_range *b)
{
    if (a->len != b->len)
        return false;
    return a->len == 0 || (a->start == b->start && (a->len == 1 || a->step == b->step));
}

/* Views of keys and items compare as sets; values only by identity. */
static bool equal_views(fb_value a, fb_value b, unsigned depth)
{
    if (a.aux == FB_VIEW_VALUES || b.aux == FB_VIEW_VALUES)
        return false;
    if (a.aux != b.aux)
        return a.as.dict->len == 0 && b.as.dict->len == 0;
    if (a.as.dict->len != b.as.dict->len)
        return false;
    if (a.aux == FB_VIEW_ITEMS)
        return equal_dicts(a.as.dict, b.as.dict, depth);
    for (uint32_t i = 0; i < a.as.dict->used; i++) {
        const fb_dict_entry *entry = &a.as.dict->entries[i];
        if (entry->key.tag != FB_ABSENT && fb_dict_find(b.as.dict, entry->key) == NULL)
            return false;
    }
    return true;
}

static bool equal(fb_value a, fb_value b, unsigned depth)
{
    if (fb_is_number(a) && fb_is_number(b)) {
        if (a.tag == FB_INT && b.tag == FB_INT)
            return a.as.i == b.as.i;
        return equal_numbers(a, b);
    }
    if (fb_is_string(a) && fb_is_string(b))
        return a.len == b.len && memcmp(a.as.s, b.as.s, a.len) == 0;
    if (a.tag != b.tag || depth > MAX_NESTING)
        return false;
    switch (a.tag) {
    case FB_NONE: return true;
    case FB_BYTES: return a.len == b.len && memcmp(a.as.s, b.as.s, a.len) == 0;
    case FB_LIST:
    case FB_TUPLE:
    case FB_SLICE: return equal_lists(a.as.list, b.as.list, depth + 1);
    case FB_DICT: return equal_dicts(a.as.dict, b.as.dict, depth + 1);
    case FB_VIEW: return equal_views(a, b, depth + 1);
    case FB_RANGE: return equal_ranges(a.as.range, b.as.range);
    case FB_UNDEFINED: return a.as.undefined->kind == b.as.undefined->kind;
    case FB_METHOD:
        return a.as.method->row == b.as.method->row &&
               a.as.method->self.as.ptr == b.as.method->self.as.ptr;
    default: return a.as.ptr == b.as.ptr;
    }
}

bool fb_equal(fb_value a, fb_value b)
{
    return equal(a, b, 0);
}

apr_status_t fb_equal_checked(fb_vm *vm, fb_value a, fb_value b, bool *out, fb_error *error)
{
    if (a.tag == FB_UNDEFINED && a.as.undefined->kind == FB_UNDEFINED_STRICT)
        return fb_raise_undefined(vm, a, error);
    if (b.tag == FB_UNDEFINED && b.as.undefined->kind == FB_UNDEFINED_STRICT)
        return fb_raise_undefined(vm, b, error);
    *out = equal(a, b, 0);
    return APR_SUCCESS;
}

/* ---- order ----------------------------------------------------------------------- */

static bool holds(fb_compare_op op, int order)
{
    switch (op) {
    case FB_LT: return order < 0;
    case FB_LE: return order <= 0;
    case FB_GT: return order > 0;
    case FB_GE: return order >= 0;
    case FB_EQ: return order == 0;
    default: return order != 0;
    }
}

static bool compare_numbers(fb_compare_op op, fb_value a, fb_value b)
{
    if (a.tag == FB_FLOAT && b.tag == FB_FLOAT) {
        if (isnan(a.as.f) || isnan(b.as.f))
            return false;
        return holds(op, (a.as.f > b.as.f) - (a.as.f < b.as.f));
    }
    if (a.tag == FB_FLOAT)
        return !isnan(a.as.f) && holds(op, -fb_integer_cmp_double(fb_integer_from(b), a.as.f));
    if (b.tag == FB_FLOAT)
        return !isnan(b.as.f) && holds(op, fb_integer_cmp_double(fb_integer_from(a), b.as.f));
    return holds(op, fb_integer_cmp(fb_integer_from(a), fb_integer_from(b)));
}

/* By code points, which for UTF-8 is by bytes. */
static int order_strings(fb_value a, fb_value b)
{
    return fb_str_cmp(fb_value_str(a), fb_value_str(b));
}

static apr_status_t compare_lists(fb_vm *vm, fb_compare_op op, const fb_list *a, const fb_list *b,
                                  bool *out, fb_error *error)
{
    uint32_t common = a->len < b->len ? a->len : b->len;

    for (uint32_t i = 0; i < common; i++) {
        if (!equal(a->items[i], b->items[i], 0)) {
            if (vm->native_depth > MAX_NESTING)
                return fb_raise(error, "RecursionError",
                                "maximum recursion depth exceeded in comparison");
            vm->native_depth++;
            apr_status_t status = fb_compare(vm, op, a->items[i], b->items[i], out, error);
            vm->native_depth--;
            return status;
        }
    }
    *out = holds(op, (a->len > b->len) - (a->len < b->len));
    return APR_SUCCESS;
}

apr_status_t fb_compare(fb_vm *vm, fb_compare_op op, fb_value a, fb_value b, bool *out,
                        fb_error *error)
{
    static const char *const signs[] = { "<", "<=", ">", ">=", "==", "!=" };

    if (op == FB_EQ || op == FB_NE) {
        apr_status_t status = fb_equal_checked(vm, a, b, out, error);
        if (status == APR_SUCCESS)
            *out = *out == (op == FB_EQ);
        return status;
    }
    if (fb_is_number(a) && fb_is_number(b)) {
        *out = compare_numbers(op, a, b);
        return APR_SUCCESS;
    }
    if ((fb_is_string(a) && fb_is_string(b)) || (a.tag == FB_BYTES && b.tag == FB_BYTES)) {
        *out = holds(op, order_strings(a, b));
        return APR_SUCCESS;
    }
    if (fb_is_sequence(a) && a.tag == b.tag)
        return compare_lists(vm, op, a.as.list, b.as.list, out, error);
    if (a.tag == FB_UNDEFINED)
        return fb_raise_undefined(vm, a, error);
    if (b.tag == FB_UNDEFINED)
        return fb_raise_undefined(vm, b, error);
    return fb_raise(error, "TypeError", "'%s' not supported between instances of '%s' and '%s'",
                    signs[op], fb_value_type(a), fb_value_type(b));
}

/* ---- hashing --------------------------------------------------------------------- */

static bool hash_deep(fb_value v, uint32_t *out, unsigned depth)
{
    uint64_t h;

    switch (v.tag) {
    case FB_STR:
    case FB_MARKUP: *out = fb_str_hash(fb_value_str(v)); return true;
    case FB_BYTES: *out = fb_str_hash(fb_value_str(v)) ^ 0x62797465u; return true;
    case FB_BOOL:
    case FB_INT:
    case FB_BIGINT: h = fb_integer_hash(fb_integer_from(v)); break;
    case FB_FLOAT: h = fb_float_hash(v.as.f); break;
    case FB_TUPLE:
        h = 0x345678u;
        if (depth > MAX_NESTING)
            return false;
        for (uint32_t i = 0; i < v.as.list->len; i++) {
            uint32_t item;
            if (!hash_deep(v.as.list->items[i], &item, depth + 1))
                return false;
            h = (h ^ item) * 1000003u;
        }
        break;
    case FB_LIST:
    case FB_DICT:
    case FB_VIEW:
    case FB_SLICE: return false;
    case FB_UNDEFINED:
        if (v.as.undefined->kind == FB_UNDEFINED_STRICT)
            return false;
        h = 77u + v.as.undefined->kind;
        break;
    case FB_NONE: h = 0x4e6f6e65u; break;
    case FB_RANGE: h = (uint64_t)v.as.range->len; break;
    default: h = (uint64_t)(apr_uintptr_t)v.as.ptr >> 4; break;
    }
    h *= 0x9e3779b97f4a7c15u;
    *out = (uint32_t)(h >> 32);
    return true;
}

bool fb_hash_quiet(fb_value v, uint32_t *out)
{
    return hash_deep(v, out, 0);
}

/* The value inside `v` that can not be hashed. */
static fb_value unhashable_part(fb_value v)
{
    uint32_t ignored;

    if (v.tag == FB_TUPLE) {
        for (uint32_t i = 0; i < v.as.list->len; i++) {
            if (!hash_deep(v.as.list->items[i], &ignored, 1))
                return unhashable_part(v.as.list->items[i]);
        }
    }
    return v;
}

apr_status_t fb_hash(fb_vm *vm, fb_value v, uint32_t *out, fb_error *error)
{
    if (fb_hash_quiet(v, out))
        return APR_SUCCESS;
    fb_value part = unhashable_part(v);
    if (part.tag == FB_UNDEFINED)
        return fb_raise_undefined(vm, part, error);
    return fb_raise(error, "TypeError", "unhashable type: '%s'", fb_value_type(part));
}

/* ---- membership ------------------------------------------------------------------ */

static apr_status_t contains_by_walk(fb_vm *vm, fb_value container, fb_value item, bool *out,
                                     fb_error *error)
{
    fb_walk walk;
    fb_value each;
    apr_status_t status = fb_walk_start(vm, container, &walk, error);

    *out = false;
    while (status == APR_SUCCESS && !*out) {
        status = fb_walk_next(vm, &walk, &each, error);
        if (status == APR_SUCCESS)
            status = fb_equal_checked(vm, each, item, out, error);
    }
    return status == APR_EOF ? APR_SUCCESS : status;
}

static bool in_range(const fb_range *range, fb_value item)
{
    int64_t i;

    if (item.tag == FB_FLOAT) {
        if (!(item.as.f >= -9e18 && item.as.f <= 9e18) || item.as.f != floor(item.as.f))
            return false;
        i = (int64_t)item.as.f;
    } else if (item.tag == FB_INT || item.tag == FB_BOOL) {
        i = item.as.i;
    } else {
        return false;
    }
    if (range->len == 0)
        return false;
    if (range->step > 0 ? i < range->start || i >= range->stop
                        : i > range->start || i <= range->stop)
        return false;
    return ((__int128)i - range->start) % range->step == 0;
}

apr_status_t fb_contains(fb_vm *vm, fb_value container, fb_value item, bool *out, fb_error *error)
{
    uint32_t hash;
    apr_status_t status;

    switch (container.tag) {
    case FB_STR:
    case FB_MARKUP:
        if (!fb_is_string(item))
            return fb_raise(error, "TypeError",
                            "'in <string>' requires string as left operand, not %s",
                            fb_value_type(item));
        *out = fb_str_find(fb_value_str(container), fb_value_str(item)) >= 0;
        return APR_SUCCESS;
    case FB_VIEW:
        if (container.aux != FB_VIEW_KEYS)
            break;
        status = fb_hash(vm, item, &hash, error);
        *out = status == APR_SUCCESS && fb_dict_find(container.as.dict, item) != NULL;
        return status;
    case FB_DICT:
        status = fb_hash(vm, item, &hash, error);
        *out = status == APR_SUCCESS && fb_dict_find(container.as.dict, item) != NULL;
        return status;
    case FB_RANGE: *out = in_range(container.as.range, item); return APR_SUCCESS;
    case FB_UNDEFINED:
        if (container.as.undefined->kind == FB_UNDEFINED_STRICT)
            return fb_raise_undefined(vm, container, error);
        *out = false;
        return APR_SUCCESS;
    case FB_OBJECT:
        if (container.as.object->cls->contains != NULL)
            return container.as.object->cls->contains(vm, container, item, out, error);
        break;
    default: break;
    }
    status = contains_by_walk(vm, container, item, out, error);
    if (status != APR_SUCCESS && container.tag != FB_ITERATOR && fb_error_is(error, "TypeError") &&
        (fb_is_number(container) || container.tag == FB_NONE || container.tag == FB_FUNCTION))
        return fb_raise(error, "TypeError", "argument of type '%s' is not iterable",
                        fb_value_type(container));
    return status;
}
