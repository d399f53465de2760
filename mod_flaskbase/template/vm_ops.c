/* What the longer instructions do. */
#include "template/vm_state.h"

#include "template/builtins.h"
#include "template/number.h"

#include <string.h>

#include "base/banned.h"

/* ---- attributes ------------------------------------------------------------------ */

/* An attribute or method in a class's tables, remembered by class and name for the render. */
static bool find_in_class(fb_vm *vm, const fb_class *cls, const fb_name *name, const void **row,
                          bool *method)
{
    apr_size_t slot =
        (((apr_uintptr_t)cls >> 4) ^ name->id) % (sizeof(vm->lookups) / sizeof(vm->lookups[0]));

    if (vm->lookups[slot].cls == cls && vm->lookups[slot].name == name) {
        *row = vm->lookups[slot].row;
        *method = vm->lookups[slot].method;
        return *row != NULL;
    }
    *row = NULL;
    *method = false;
    for (const fb_attribute *a = cls->attributes; a != NULL && a->name != NULL && *row == NULL;
         a++) {
        if (fb_str_eq_z(name->s, a->name))
            *row = a;
    }
    for (const fb_builtin *m = cls->methods; m != NULL && m->name != NULL && *row == NULL; m++) {
        if (fb_str_eq_z(name->s, m->name)) {
            *row = m;
            *method = true;
        }
    }
    vm->lookups[slot].cls = cls;
    vm->lookups[slot].name = name;
    vm->lookups[slot].row = *row;
    vm->lookups[slot].method = *method;
    return *row != NULL;
}

apr_status_t fb_op_attr(fb_vm *vm, fb_value v, const fb_name *name, fb_value *out, fb_error *error)
{
    const void *row;
    bool method;

    if (v.tag == FB_DICT && !name->method) {
        const fb_value *found = fb_dict_find_hashed(v.as.dict, name->s, name->hash);
        if (found != NULL) {
            *out = *found;
            return APR_SUCCESS;
        }
    } else if (v.tag == FB_OBJECT && vm->env->options.sandbox == FB_SANDBOX_NONE &&
               find_in_class(vm, v.as.object->cls, name, &row, &method)) {
        if (!method)
            return ((const fb_attribute *)row)->get(vm, v, out, error);
        fb_method *bound = fb_arena_alloc(vm->arena, sizeof(*bound));
        *bound = (fb_method){ row, v };
        *out = (fb_value){ .tag = FB_METHOD, .as.method = bound };
        return APR_SUCCESS;
    }
    return fb_getattr(vm, v, name->s, out, error);
}

/* ---- building values ------------------------------------------------------------- */

fb_value fb_op_list(fb_vm *vm, fb_tag tag, const fb_value *v, uint32_t count)
{
    fb_list *list = fb_arena_alloc(vm->arena, sizeof(*list));

    *list = (fb_list){ 0, 0, NULL };
    if (count > 0) {
        list->items = fb_arena_alloc(vm->arena, count * sizeof(fb_value));
        if (list->items != NULL) {
            memcpy(list->items, v, count * sizeof(fb_value));
            list->len = list->cap = count;
        }
    }
    return (fb_value){ .tag = (uint8_t)tag, .as.list = list };
}

apr_status_t fb_op_dict(fb_vm *vm, const fb_value *v, uint32_t pairs, fb_value *out,
                        fb_error *error)
{
    fb_dict *dict = fb_dict_create(vm->arena, pairs);
    uint32_t hash;

    if (dict == NULL)
        return fb_raise_memory(error);
    for (uint32_t i = 0; i < pairs; i++) {
        apr_status_t status = fb_hash(vm, v[2 * i], &hash, error);
        if (status != APR_SUCCESS)
            return status;
        if (fb_dict_set(dict, v[2 * i], v[2 * i + 1], vm->arena) != APR_SUCCESS)
            return fb_raise_memory(error);
    }
    *out = fb_dict_value(dict);
    return APR_SUCCESS;
}

fb_value fb_op_copy_constant(fb_vm *vm, fb_value v)
{
    fb_value copy = v;

    if (v.tag == FB_LIST || v.tag == FB_TUPLE) {
        copy = fb_op_list(vm, (fb_tag)v.tag, v.as.list->items, v.as.list->len);
        for (uint32_t i = 0; i < copy.as.list->len; i++)
            copy.as.list->items[i] = fb_op_copy_constant(vm, copy.as.list->items[i]);
    } else if (v.tag == FB_DICT) {
        copy.as.dict = fb_dict_copy(v.as.dict, vm->arena);
        if (copy.as.dict == NULL)
            copy.as.dict = fb_dict_create(vm->arena, 0);
        for (uint32_t i = 0; i < copy.as.dict->used; i++)
            copy.as.dict->entries[i].value =
                fb_op_copy_constant(vm, copy.as.dict->entries[i].value);
    }
    return copy;
}

apr_status_t fb_op_concat(fb_vm *vm, const fb_value *v, uint32_t count, bool markup, fb_value *out,
                          fb_error *error)
{
    fb_value few[16];
    fb_value *parts = count <= 16 ? few : fb_arena_alloc(vm->arena, count * sizeof(fb_value));
    fb_tag tag = FB_STR;
    fb_text text;
    apr_size_t expected = 0;

    if (parts == NULL)
        return fb_raise_memory(error);
    for (uint32_t i = 0; i < count; i++) {
        apr_status_t status = fb_to_string(vm, v[i], &parts[i], error);
        if (status != APR_SUCCESS)
            return status;
        if (markup && parts[i].tag == FB_MARKUP)
            tag = FB_MARKUP;
        expected += parts[i].len;
    }
    fb_text_init(&text, vm, expected);
    for (uint32_t i = 0; i < count; i++) {
        if (tag == FB_MARKUP && parts[i].tag == FB_STR)
            fb_text_add_escaped(&text, fb_value_str(parts[i]));
        else
            fb_text_add(&text, fb_value_str(parts[i]));
    }
    return fb_text_finish(&text, tag, out, error);
}

apr_status_t fb_op_unpack(fb_vm *vm, fb_value v, uint32_t count, fb_value *to, fb_error *error)
{
    fb_walk walk;
    fb_value extra;
    apr_status_t status;

    if (fb_is_sequence(v) && v.as.list->len == count) {
        for (uint32_t i = 0; i < count; i++)
            to[count - 1 - i] = v.as.list->items[i];
        return APR_SUCCESS;
    }
    status = fb_walk_start(vm, v, &walk, error);
    if (status != APR_SUCCESS) {
        if (fb_error_is(error, "TypeError"))
            return fb_raise(error, "TypeError", "cannot unpack non-iterable %s object",
                            fb_value_type(v));
        return status;
    }
    for (uint32_t i = 0; i < count; i++) {
        status = fb_walk_next(vm, &walk, &to[count - 1 - i], error);
        if (status == APR_EOF)
            return fb_raise(error, "ValueError",
                            "not enough values to unpack (expected %u, got %u)", count, i);
        if (status != APR_SUCCESS)
            return status;
    }
    status = fb_walk_next(vm, &walk, &extra, error);
    if (status == APR_SUCCESS)
        return fb_raise(error, "ValueError", "too many values to unpack (expected %u)", count);
    return status == APR_EOF ? APR_SUCCESS : status;
}

/* ---- operators ------------------------------------------------------------------- */

apr_status_t fb_op_compare(fb_vm *vm, unsigned op, fb_value a, fb_value b, bool *out,
                           fb_error *error)
{
    if (op < 6)
        return fb_compare(vm, (fb_compare_op)op, a, b, out, error);
    apr_status_t status = fb_contains(vm, b, a, out, error);
    if (status == APR_SUCCESS)
        *out = *out == (op == 6);
    return status;
}

apr_status_t fb_op_positive(fb_vm *vm, fb_value v, fb_value *out, fb_error *error)
{
    if (fb_is_number(v)) {
        *out = v.tag == FB_BOOL ? fb_int(v.as.i) : v;
        return APR_SUCCESS;
    }
    if (v.tag == FB_UNDEFINED)
        return fb_raise_undefined(vm, v, error);
    return fb_raise(error, "TypeError", "bad operand type for unary +: '%s'", fb_value_type(v));
}

apr_status_t fb_op_safe(fb_vm *vm, fb_value v, fb_value *out, fb_error *error)
{
    apr_status_t status = fb_to_string(vm, v, out, error);

    out->tag = FB_MARKUP;
    return status;
}

apr_status_t fb_op_set_namespace(fb_vm *vm, fb_value ns, const fb_name *name, fb_value v,
                                 fb_error *error)
{
    fb_value old = fb_absent();
    bool scalar = v.tag == FB_NONE || v.tag == FB_BOOL || v.tag == FB_INT || v.tag == FB_FLOAT;

    /* A number in the place of another one keeps nothing alive: counting in a loop stays cheap. */
    if (!scalar || fb_class_namespace.get_attribute == NULL ||
        fb_class_namespace.get_attribute(vm, ns, name->s, &old, error) != APR_SUCCESS)
        fb_vm_keep(vm, v);
    return fb_class_namespace.set_attribute(vm, ns, name->s, v, error);
}
