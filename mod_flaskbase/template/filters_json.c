/* The filter tojson: JSON as Python's json.dumps writes it, safe inside HTML. */
#include "template/builtins_impl.h"
#include "template/number.h"

#include <math.h>
#include <string.h>

#include "base/banned.h"

#define MAX_NESTING 200

typedef struct json {
    fb_vm *vm;
    fb_text text;
    fb_error *error;
    fb_str indent; /* of one level; ptr NULL: all on one line */
    fb_str comma, colon;
    bool sort;
    bool unicode; /* characters beyond ASCII as they are */
    const void *open[MAX_NESTING];
    int depth;
} json;

static void new_line(json *j)
{
    if (j->indent.ptr == NULL)
        return;
    fb_text_add_char(&j->text, '\n');
    for (int i = 0; i < j->depth; i++)
        fb_text_add(&j->text, j->indent);
}

static apr_status_t enter(json *j, const void *container)
{
    for (int i = 0; i < j->depth; i++)
        if (j->open[i] == container)
            return fb_raise(j->error, "ValueError", "Circular reference detected");
    if (j->depth == MAX_NESTING)
        return fb_raise(j->error, "RecursionError",
                        "maximum recursion depth exceeded while encoding a JSON object");
    j->open[j->depth++] = container;
    return APR_SUCCESS;
}

static void add_float(json *j, double v)
{
    char text[32];

    if (isnan(v))
        fb_text_add(&j->text, FB_STR("NaN"));
    else if (isinf(v))
        fb_text_add(&j->text, v > 0 ? FB_STR("Infinity") : FB_STR("-Infinity"));
    else
        fb_text_add(&j->text, (fb_str){ text, fb_float_repr(text, v) });
}

/* ensure_ascii=False of the policy: only what JSON and HTML need is escaped. */
static void add_unicode_string(json *j, fb_str s)
{
    apr_size_t at = 0, from = 0, next;

    fb_text_add_char(&j->text, '"');
    while (at < s.len) {
        next = at;
        if (fb_chars_next(s, &next) < 0x80) {
            fb_text one = { .arena = j->text.arena };

            fb_text_add(&j->text, fb_str_sub(s, from, at - from));
            fb_chars_json(&one, fb_str_sub(s, at, 1));
            if (one.len > 2 && s.ptr[at] != 0x7f)
                fb_text_add(&j->text, (fb_str){ one.data + 1, one.len - 2 });
            else
                fb_text_add(&j->text, fb_str_sub(s, at, 1));
            from = next;
        }
        at = next;
    }
    fb_text_add(&j->text, fb_str_sub(s, from, s.len));
    fb_text_add_char(&j->text, '"');
}

static void add_string(json *j, fb_str s)
{
    if (j->unicode)
        add_unicode_string(j, s);
    else
        fb_chars_json(&j->text, s);
}

static apr_status_t add_value(json *j, fb_value v);

static apr_status_t add_list(json *j, const fb_list *list)
{
    apr_status_t status;

    if (list->len == 0) {
        fb_text_add(&j->text, FB_STR("[]"));
        return APR_SUCCESS;
    }
    status = enter(j, list);
    fb_text_add_char(&j->text, '[');
    for (uint32_t i = 0; status == APR_SUCCESS && i < list->len; i++) {
        if (i > 0)
            fb_text_add(&j->text, j->comma);
        new_line(j);
        status = add_value(j, list->items[i]);
    }
    if (status != APR_SUCCESS)
        return status;
    j->depth--;
    new_line(j);
    fb_text_add_char(&j->text, ']');
    return APR_SUCCESS;
}

/* Keys that are no strings are written as their JSON text. */
static apr_status_t add_key(json *j, fb_value key)
{
    switch (key.tag) {
    case FB_STR:
    case FB_MARKUP: add_string(j, fb_value_str(key)); return APR_SUCCESS;
    case FB_NONE:
    case FB_BOOL:
    case FB_INT:
    case FB_BIGINT:
    case FB_FLOAT: {
        apr_status_t status;

        fb_text_add_char(&j->text, '"');
        status = add_value(j, key);
        fb_text_add_char(&j->text, '"');
        return status;
    }
    default:
        return fb_raise(j->error, "TypeError", "keys must be str, int, float, bool or None, not %s",
                        fb_value_type(key));
    }
}

static apr_status_t entries_of(json *j, const fb_dict *dict, fb_list **keys, fb_value **values)
{
    fb_list *list = fb_list_create(fb_vm_arena(j->vm), dict->len);
    fb_value *beside = fb_arena_alloc(fb_vm_arena(j->vm), dict->len * sizeof(*beside));

    if (list == NULL || beside == NULL)
        return fb_raise_memory(j->error);
    for (uint32_t i = 0; i < dict->used; i++)
        if (dict->entries[i].key.tag != FB_ABSENT) {
            beside[list->len] = dict->entries[i].value;
            list->items[list->len++] = dict->entries[i].key;
        }
    *keys = list;
    *values = beside;
    return j->sort ? fb_sort(j->vm, beside, list->items, list->len, FB_ASCENDING, FB_KEYS_AS_LISTS,
                             j->error)
                   : APR_SUCCESS;
}

static apr_status_t add_dict(json *j, const fb_dict *dict)
{
    fb_list *keys = NULL;
    fb_value *values = NULL;
    apr_status_t status;

    if (dict->len == 0) {
        fb_text_add(&j->text, FB_STR("{}"));
        return APR_SUCCESS;
    }
    status = entries_of(j, dict, &keys, &values);
    if (status == APR_SUCCESS)
        status = enter(j, dict);
    fb_text_add_char(&j->text, '{');
    for (uint32_t i = 0; status == APR_SUCCESS && i < keys->len; i++) {
        if (i > 0)
            fb_text_add(&j->text, j->comma);
        new_line(j);
        status = add_key(j, keys->items[i]);
        fb_text_add(&j->text, j->colon);
        if (status == APR_SUCCESS)
            status = add_value(j, values[i]);
    }
    if (status != APR_SUCCESS)
        return status;
    j->depth--;
    new_line(j);
    fb_text_add_char(&j->text, '}');
    return APR_SUCCESS;
}

static apr_status_t add_value(json *j, fb_value v)
{
    switch (v.tag) {
    case FB_NONE: fb_text_add(&j->text, FB_STR("null")); return APR_SUCCESS;
    case FB_BOOL:
        fb_text_add(&j->text, v.as.i != 0 ? FB_STR("true") : FB_STR("false"));
        return APR_SUCCESS;
    case FB_INT:
    case FB_BIGINT: return fb_integer_write(&j->text, fb_integer_from(v), 10, j->error);
    case FB_FLOAT: add_float(j, v.as.f); return APR_SUCCESS;
    case FB_STR:
    case FB_MARKUP: add_string(j, fb_value_str(v)); return APR_SUCCESS;
    case FB_LIST:
    case FB_TUPLE: return add_list(j, v.as.list);
    case FB_DICT: return add_dict(j, v.as.dict);
    default:
        return fb_raise(j->error, "TypeError", "Object of type %s is not JSON serializable",
                        fb_value_type(v));
    }
}

/* indent=4, indent="\t"; none: one line. */
static apr_status_t set_indent(json *j, fb_value indent)
{
    fb_text text = { .arena = j->text.arena };
    int64_t width;
    apr_status_t status;

    if (fb_is_absent(indent) || fb_is_none(indent))
        return APR_SUCCESS;
    if (fb_is_string(indent))
        j->indent = fb_value_str(indent);
    else {
        status = fb_arg_int(indent, 0, &width, j->error);
        if (status != APR_SUCCESS)
            return status;
        fb_chars_repeat(&text, FB_STR(" "), width);
        if (text.failed)
            return fb_raise_memory(j->error);
        j->indent = text.data != NULL ? (fb_str){ text.data, text.len } : FB_STR("");
    }
    j->comma = FB_STR(",");
    return APR_SUCCESS;
}

/* The policy json.dumps_kwargs, whose default is {"sort_keys": True}. */
static apr_status_t read_policy(json *j, fb_value *indent)
{
    fb_value policy = fb_vm_policy(j->vm, "json.dumps_kwargs"), *found;
    bool flag = true;
    apr_status_t status = APR_SUCCESS;

    if (policy.tag != FB_DICT)
        return APR_SUCCESS;
    found = fb_dict_find_str(policy.as.dict, FB_STR("sort_keys"));
    j->sort = false;
    if (found != NULL)
        status = fb_truth(j->vm, *found, &j->sort, j->error);
    found = fb_dict_find_str(policy.as.dict, FB_STR("ensure_ascii"));
    if (status == APR_SUCCESS && found != NULL) {
        status = fb_truth(j->vm, *found, &flag, j->error);
        j->unicode = !flag;
    }
    found = fb_dict_find_str(policy.as.dict, FB_STR("indent"));
    if (found != NULL && fb_is_absent(*indent))
        *indent = *found;
    return status;
}

static void read_separators(json *j)
{
    fb_value policy = fb_vm_policy(j->vm, "json.dumps_kwargs"), *found;

    if (policy.tag != FB_DICT)
        return;
    found = fb_dict_find_str(policy.as.dict, FB_STR("separators"));
    if (found != NULL && fb_is_sequence(*found) && found->as.list->len == 2 &&
        fb_is_string(found->as.list->items[0]) && fb_is_string(found->as.list->items[1])) {
        j->comma = fb_value_str(found->as.list->items[0]);
        j->colon = fb_value_str(found->as.list->items[1]);
    }
}

FB_NATIVE(fb_filter_tojson)
{
    json j = { .vm = vm, .error = error, .sort = true };
    fb_value indent = fb_is_none(args.v[0]) ? fb_absent() : args.v[0];
    apr_status_t status;

    FB_UNUSED(kwargs);
    j.comma = FB_STR(", ");
    j.colon = FB_STR(": ");
    fb_text_init(&j.text, vm, 64);
    status = read_policy(&j, &indent);
    if (status == APR_SUCCESS)
        status = set_indent(&j, indent);
    read_separators(&j);
    if (status == APR_SUCCESS)
        status = add_value(&j, self);
    return status == APR_SUCCESS ? fb_text_finish(&j.text, FB_MARKUP, out, error) : status;
}
