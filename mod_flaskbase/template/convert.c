/* str(), repr() and escape() of every kind of value. */
#include "template/chars.h"
#include "template/number.h"
#include "template/vm_state.h"

#include "base/escape.h"

#include <stdio.h>
#include <string.h>

#include "base/banned.h"

/* Where Python shows an address: no page tells where something lies in memory. */
#define NOWHERE "0x7f0000000000"

/* Containers inside containers deeper than this are an error, as in Python. */
#define MAX_NESTING 200u

/* ---- messages -------------------------------------------------------------------- */

fb_str fb_quote(fb_vm *vm, fb_str s)
{
    fb_text text;

    fb_text_init(&text, vm, s.len + 2);
    fb_chars_repr(&text, s);
    return fb_str_from_len(text.data, text.len);
}

const char *fb_quote_z(apr_pool_t *pool, fb_str s)
{
    fb_arena *arena = fb_arena_create(pool, FB_ARENA_SMALL * 16);
    fb_text text = { .arena = arena };

    fb_chars_repr(&text, s);
    return fb_str_to_z(pool, fb_str_from_len(text.data, text.len));
}

/* The module that Python would name in front of a type that is not built in. */
static const char *module_of(fb_value v)
{
    switch (v.tag) {
    case FB_MARKUP: return "markupsafe";
    case FB_UNDEFINED:
    case FB_MACRO: return "jinja2.runtime";
    case FB_OBJECT: return v.as.object->cls->module;
    default: return NULL;
    }
}

fb_str fb_type_repr(fb_vm *vm, fb_value v)
{
    const char *module = module_of(v);

    if (v.tag == FB_NONE)
        return FB_STR("None");
    if (module != NULL)
        return fb_str_printf(vm->pool, "%s.%s object", module, fb_value_type(v));
    return fb_str_printf(vm->pool, "%s object", fb_value_type(v));
}

/* ---- pieces of repr -------------------------------------------------------------- */

typedef struct open_container {
    const void *container;
    const struct open_container *outer;
} open_container;

static apr_status_t add_repr(fb_text *text, fb_vm *vm, fb_value v, const open_container *outer,
                             fb_error *error);

static bool is_open(const open_container *outer, const void *container)
{
    for (; outer != NULL; outer = outer->outer) {
        if (outer->container == container)
            return true;
    }
    return false;
}

static apr_status_t add_items(fb_text *text, fb_vm *vm, const fb_list *list, const char *open,
                              const char *close, const open_container *outer, fb_error *error)
{
    open_container here = { list, outer };

    fb_text_add(text, fb_str_from(open));
    for (uint32_t i = 0; i < list->len; i++) {
        if (i > 0)
            fb_text_add(text, FB_STR(", "));
        apr_status_t status = add_repr(text, vm, list->items[i], &here, error);
        if (status != APR_SUCCESS)
            return status;
    }
    fb_text_add(text, fb_str_from(close));
    return APR_SUCCESS;
}

static apr_status_t add_list(fb_text *text, fb_vm *vm, fb_value v, const open_container *outer,
                             fb_error *error)
{
    bool tuple = v.tag == FB_TUPLE;

    if (is_open(outer, v.as.list)) {
        fb_text_add(text, tuple ? FB_STR("(...)") : FB_STR("[...]"));
        return APR_SUCCESS;
    }
    return add_items(text, vm, v.as.list, tuple ? "(" : "[",
                     !tuple                ? "]"
                     : v.as.list->len == 1 ? ",)"
                                           : ")",
                     outer, error);
}

static apr_status_t add_dict(fb_text *text, fb_vm *vm, const fb_dict *dict,
                             const open_container *outer, fb_error *error)
{
    open_container here = { dict, outer };
    bool first = true;

    if (is_open(outer, dict)) {
        fb_text_add(text, FB_STR("{...}"));
        return APR_SUCCESS;
    }
    fb_text_add_char(text, '{');
    for (uint32_t i = 0; i < dict->used; i++) {
        const fb_dict_entry *entry = &dict->entries[i];
        if (entry->key.tag == FB_ABSENT)
            continue;
        if (!first)
            fb_text_add(text, FB_STR(", "));
        first = false;
        apr_status_t status = add_repr(text, vm, entry->key, &here, error);
        if (status != APR_SUCCESS)
            return status;
        fb_text_add(text, FB_STR(": "));
        status = add_repr(text, vm, entry->value, &here, error);
        if (status != APR_SUCCESS)
            return status;
    }
    fb_text_add_char(text, '}');
    return APR_SUCCESS;
}

static apr_status_t add_view(fb_text *text, fb_vm *vm, fb_value v, const open_container *outer,
                             fb_error *error)
{
    fb_list *items = NULL;
    apr_status_t status = fb_to_list(vm, v, &items, error);

    if (status != APR_SUCCESS)
        return status;
    fb_text_add(text, fb_str_from(fb_value_type(v)));
    return add_items(text, vm, items, "([", "])", outer, error);
}

static void add_range(fb_text *text, const fb_range *range)
{
    fb_text_add_fmt(text, "range(%lld, %lld", (long long)range->start, (long long)range->stop);
    if (range->step != 1)
        fb_text_add_fmt(text, ", %lld", (long long)range->step);
    fb_text_add_char(text, ')');
}

static void add_undefined(fb_text *text, fb_vm *vm, const fb_undefined *undefined)
{
    if (undefined->kind != FB_UNDEFINED_DEBUG)
        return;
    fb_text_add(text, FB_STR("{{ "));
    if (undefined->hint.len > 0) {
        fb_text_add(text, FB_STR("undefined value printed: "));
        fb_text_add(text, undefined->hint);
    } else if (undefined->object.tag == FB_ABSENT) {
        fb_text_add(text, fb_value_str(undefined->name));
    } else {
        fb_error ignored;
        fb_error_init(&ignored, vm->pool);
        fb_text_add(text, FB_STR("no such element: "));
        fb_text_add(text, fb_type_repr(vm, undefined->object));
        fb_text_add_char(text, '[');
        if (add_repr(text, vm, undefined->name, NULL, &ignored) != APR_SUCCESS)
            fb_text_add_char(text, '?');
        fb_text_add_char(text, ']');
    }
    fb_text_add(text, FB_STR(" }}"));
}

static apr_status_t add_object(fb_text *text, fb_vm *vm, fb_value v, bool repr, fb_error *error)
{
    const fb_class *cls = v.as.object->cls;
    fb_value shown;

    if ((repr && cls->repr != NULL) || cls->to_string != NULL) {
        apr_status_t status = repr && cls->repr != NULL ? cls->repr(vm, v, &shown, error)
                                                        : cls->to_string(vm, v, &shown, error);
        if (status == APR_SUCCESS)
            fb_text_add(text, fb_value_str(shown));
        return status;
    }
    fb_text_add_fmt(text, "<%s%s%s object at " NOWHERE ">",
                    cls->module != NULL ? cls->module : "", cls->module != NULL ? "." : "",
                    cls->name);
    return APR_SUCCESS;
}

static void add_macro(fb_text *text, const fb_macro *macro)
{
    if (macro->proc->kind == FB_PROC_MACRO && macro->proc->name != NULL) {
        fb_text_add(text, FB_STR("<Macro "));
        fb_chars_repr(text, macro->proc->name->s);
        fb_text_add_char(text, '>');
    } else {
        fb_text_add(text, FB_STR("<Macro anonymous>"));
    }
}

static void add_number(fb_text *text, fb_value v)
{
    char digits[32];

    if (v.tag == FB_BOOL)
        fb_text_add(text, v.as.i != 0 ? FB_STR("True") : FB_STR("False"));
    else if (v.tag == FB_INT)
        fb_text_add(text, fb_str_from_len(digits, fb_integer_write_small(digits, v.as.i)));
    else
        fb_text_add(text, fb_str_from_len(digits, fb_float_repr(digits, v.as.f)));
}

static apr_status_t add_repr(fb_text *text, fb_vm *vm, fb_value v, const open_container *outer,
                             fb_error *error)
{
    apr_status_t status = APR_SUCCESS;

    if (vm->native_depth > MAX_NESTING)
        return fb_raise(error, "RecursionError",
                        "maximum recursion depth exceeded while getting the repr of an object");
    vm->native_depth++;
    switch (v.tag) {
    case FB_ABSENT: fb_text_add(text, FB_STR("missing")); break;
    case FB_NONE: fb_text_add(text, FB_STR("None")); break;
    case FB_BOOL:
    case FB_INT:
    case FB_FLOAT: add_number(text, v); break;
    case FB_BIGINT: status = fb_integer_write(text, fb_integer_from(v), 10, error); break;
    case FB_STR: fb_chars_repr(text, fb_value_str(v)); break;
    case FB_MARKUP:
        fb_text_add(text, FB_STR("Markup("));
        fb_chars_repr(text, fb_value_str(v));
        fb_text_add_char(text, ')');
        break;
    case FB_BYTES: fb_chars_repr_bytes(text, fb_value_str(v)); break;
    case FB_LIST:
    case FB_TUPLE: status = add_list(text, vm, v, outer, error); break;
    case FB_SLICE: status = add_items(text, vm, v.as.list, "slice(", ")", outer, error); break;
    case FB_DICT: status = add_dict(text, vm, v.as.dict, outer, error); break;
    case FB_VIEW: status = add_view(text, vm, v, outer, error); break;
    case FB_RANGE: add_range(text, v.as.range); break;
    case FB_UNDEFINED: fb_text_add(text, FB_STR("Undefined")); break;
    case FB_ITERATOR:
        fb_text_add_fmt(text, "<%s object %s%sat " NOWHERE ">", v.as.iter->type,
                        v.as.iter->name != NULL ? v.as.iter->name : "",
                        v.as.iter->name != NULL ? " " : "");
        break;
    case FB_FUNCTION:
        if (strcmp(v.as.builtin->name, "range") == 0 || strcmp(v.as.builtin->name, "dict") == 0)
            fb_text_add_fmt(text, "<class '%s'>", v.as.builtin->name);
        else
            fb_text_add_fmt(text, "<function %s>", v.as.builtin->name);
        break;
    case FB_METHOD:
        fb_text_add_fmt(text, "<built-in method %s of %s object>", v.as.method->row->name,
                        fb_value_type(v.as.method->self));
        break;
    case FB_MACRO: add_macro(text, v.as.macro); break;
    default: status = add_object(text, vm, v, true, error); break;
    }
    vm->native_depth--;
    return status;
}

/* ---- public ---------------------------------------------------------------------- */

apr_status_t fb_text_add_repr(fb_text *text, fb_vm *vm, fb_value v, fb_error *error)
{
    return add_repr(text, vm, v, NULL, error);
}

apr_status_t fb_text_add_value(fb_text *text, fb_vm *vm, fb_value v, fb_error *error)
{
    switch (v.tag) {
    case FB_STR:
    case FB_MARKUP: fb_text_add(text, fb_value_str(v)); return APR_SUCCESS;
    case FB_UNDEFINED:
        if (v.as.undefined->kind == FB_UNDEFINED_STRICT)
            return fb_raise_undefined(vm, v, error);
        add_undefined(text, vm, v.as.undefined);
        return APR_SUCCESS;
    case FB_OBJECT: return add_object(text, vm, v, false, error);
    default: return add_repr(text, vm, v, NULL, error);
    }
}

apr_status_t fb_to_string(fb_vm *vm, fb_value v, fb_value *out, fb_error *error)
{
    fb_text text;
    apr_status_t status;

    if (fb_is_string(v)) {
        *out = v;
        return APR_SUCCESS;
    }
    if (v.tag == FB_OBJECT && v.as.object->cls->to_string != NULL)
        return v.as.object->cls->to_string(vm, v, out, error);
    fb_text_init(&text, vm, 24);
    status = fb_text_add_value(&text, vm, v, error);
    return status == APR_SUCCESS ? fb_text_finish(&text, FB_STR, out, error) : status;
}

apr_status_t fb_repr(fb_vm *vm, fb_value v, fb_value *out, fb_error *error)
{
    fb_text text;
    apr_status_t status;

    fb_text_init(&text, vm, 24);
    status = add_repr(&text, vm, v, NULL, error);
    return status == APR_SUCCESS ? fb_text_finish(&text, FB_STR, out, error) : status;
}

apr_status_t fb_escape(fb_vm *vm, fb_value v, fb_value *out, fb_error *error)
{
    fb_value plain;
    fb_text text;
    apr_status_t status = fb_to_string(vm, v, &plain, error);

    *out = plain;
    if (status != APR_SUCCESS || plain.tag == FB_MARKUP)
        return status;
    if (fb_escape_html_span(fb_value_str(plain)) == plain.len) {
        out->tag = FB_MARKUP;
        return APR_SUCCESS;
    }
    fb_text_init(&text, vm, plain.len + 32u);
    fb_text_add_escaped(&text, fb_value_str(plain));
    return fb_text_finish(&text, FB_MARKUP, out, error);
}
