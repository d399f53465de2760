/* The filter pprint: Python's pprint.pformat at its width of 80. */
#include "template/builtins_impl.h"

#include <string.h>

#include "base/banned.h"

#define WIDTH       80
#define MAX_NESTING 200

typedef struct pretty {
    fb_vm *vm;
    fb_text out;
    fb_error *error;
    const void *open[MAX_NESTING];
    int depth;
} pretty;

/* Where a value stands: columns before it and after it on its last line, and how deep it is. */
typedef struct place {
    int64_t indent, allowance;
    int level;
} place;

static bool is_container(fb_value v)
{
    return v.tag == FB_DICT || v.tag == FB_LIST || (v.tag == FB_TUPLE && v.aux != FB_TUPLE_GROUP);
}

static bool is_open(const pretty *p, fb_value v)
{
    for (int i = 0; is_container(v) && i < p->depth; i++)
        if (p->open[i] == v.as.ptr)
            return true;
    return false;
}

static apr_status_t enter(pretty *p, fb_value v)
{
    if (p->depth == MAX_NESTING)
        return fb_raise(p->error, "RecursionError", "maximum recursion depth exceeded");
    p->open[p->depth++] = v.as.ptr;
    return APR_SUCCESS;
}

static void add_recursion(fb_text *text, fb_value v)
{
    fb_text_add_fmt(text, "<Recursion on %s with id=%p>", fb_value_type(v), v.as.ptr);
}

/* --- entries of a dict by key, unlike types by the names of their types --- */

static apr_status_t goes_before(pretty *p, fb_value a, fb_value b, bool *out)
{
    apr_status_t status = fb_compare(p->vm, FB_LT, a, b, out, p->error);

    if (status != APR_SUCCESS && fb_error_is(p->error, "TypeError")) {
        fb_error_clear(p->error);
        *out = strcmp(fb_value_type(a), fb_value_type(b)) < 0;
        return APR_SUCCESS;
    }
    return status;
}

static apr_status_t sort_mixed(pretty *p, fb_value *keys, fb_value *values, apr_size_t count)
{
    bool before;
    apr_status_t status;

    for (apr_size_t i = 1; i < count; i++) {
        fb_value key = keys[i], value = values[i];
        apr_size_t at = i;

        for (; at > 0; at--) {
            status = goes_before(p, key, keys[at - 1], &before);
            if (status != APR_SUCCESS)
                return status;
            if (!before)
                break;
            keys[at] = keys[at - 1];
            values[at] = values[at - 1];
        }
        keys[at] = key;
        values[at] = value;
    }
    return APR_SUCCESS;
}

typedef struct entries {
    fb_value *keys, *values;
    apr_size_t count;
} entries;

static apr_status_t sorted_entries(pretty *p, const fb_dict *dict, entries *out)
{
    fb_arena *arena = fb_vm_arena(p->vm);
    apr_status_t status;

    out->keys = fb_arena_alloc(arena, dict->len * sizeof(fb_value));
    out->values = fb_arena_alloc(arena, dict->len * sizeof(fb_value));
    out->count = 0;
    if (out->keys == NULL || out->values == NULL)
        return fb_raise_memory(p->error);
    for (uint32_t i = 0; i < dict->used; i++)
        if (dict->entries[i].key.tag != FB_ABSENT) {
            out->keys[out->count] = dict->entries[i].key;
            out->values[out->count++] = dict->entries[i].value;
        }
    status =
        fb_sort(p->vm, out->values, out->keys, out->count, FB_ASCENDING, FB_KEYS_PLAIN, p->error);
    if (status != APR_SUCCESS && fb_error_is(p->error, "TypeError")) {
        fb_error_clear(p->error);
        return sort_mixed(p, out->keys, out->values, out->count);
    }
    return status;
}

/* --- on one line: repr with sorted dicts --- */

static apr_status_t add_flat(pretty *p, fb_text *text, fb_value v);

static apr_status_t add_flat_dict(pretty *p, fb_text *text, fb_value v)
{
    entries e;
    apr_status_t status = sorted_entries(p, v.as.dict, &e);

    fb_text_add_char(text, '{');
    for (apr_size_t i = 0; status == APR_SUCCESS && i < e.count; i++) {
        if (i > 0)
            fb_text_add(text, FB_STR(", "));
        status = add_flat(p, text, e.keys[i]);
        fb_text_add(text, FB_STR(": "));
        if (status == APR_SUCCESS)
            status = add_flat(p, text, e.values[i]);
    }
    fb_text_add_char(text, '}');
    return status;
}

static apr_status_t add_flat_list(pretty *p, fb_text *text, fb_value v)
{
    const fb_list *list = v.as.list;
    apr_status_t status = APR_SUCCESS;

    fb_text_add_char(text, v.tag == FB_LIST ? '[' : '(');
    for (uint32_t i = 0; status == APR_SUCCESS && i < list->len; i++) {
        if (i > 0)
            fb_text_add(text, FB_STR(", "));
        status = add_flat(p, text, list->items[i]);
    }
    if (v.tag == FB_TUPLE && list->len == 1)
        fb_text_add_char(text, ',');
    fb_text_add_char(text, v.tag == FB_LIST ? ']' : ')');
    return status;
}

static apr_status_t add_flat(pretty *p, fb_text *text, fb_value v)
{
    apr_status_t status;

    if (!is_container(v))
        return fb_text_add_repr(text, p->vm, v, p->error);
    if (is_open(p, v)) {
        add_recursion(text, v);
        return APR_SUCCESS;
    }
    status = enter(p, v);
    if (status != APR_SUCCESS)
        return status;
    status = v.tag == FB_DICT ? add_flat_dict(p, text, v) : add_flat_list(p, text, v);
    p->depth--;
    return status;
}

static apr_status_t flat(pretty *p, fb_value v, fb_str *out)
{
    fb_text text = { .arena = p->out.arena };
    apr_status_t status = add_flat(p, &text, v);

    if (status == APR_SUCCESS && text.failed)
        return fb_raise_memory(p->error);
    *out = (fb_str){ text.data, text.len };
    return status;
}

/* --- on several lines --- */

static apr_status_t add_value(pretty *p, fb_value v, place at);

static void new_line(pretty *p, int64_t indent)
{
    fb_text_add_char(&p->out, '\n');
    fb_chars_repeat(&p->out, FB_STR(" "), indent);
}

static apr_status_t add_dict(pretty *p, fb_value v, place at)
{
    entries e;
    fb_str key;
    apr_status_t status = sorted_entries(p, v.as.dict, &e);

    fb_text_add_char(&p->out, '{');
    at.indent += 1;
    for (apr_size_t i = 0; status == APR_SUCCESS && i < e.count; i++) {
        bool last = i + 1 == e.count;
        place inner = { .level = at.level, .allowance = last ? at.allowance + 1 : 1 };

        status = flat(p, e.keys[i], &key);
        if (status != APR_SUCCESS)
            return status;
        fb_text_add(&p->out, key);
        fb_text_add(&p->out, FB_STR(": "));
        inner.indent = at.indent + (int64_t)fb_chars_count(key) + 2;
        status = add_value(p, e.values[i], inner);
        if (!last) {
            fb_text_add_char(&p->out, ',');
            new_line(p, at.indent);
        }
    }
    fb_text_add_char(&p->out, '}');
    return status;
}

static apr_status_t add_items(pretty *p, fb_value v, place at)
{
    const fb_list *list = v.as.list;
    fb_str end = v.tag == FB_LIST ? FB_STR("]") : list->len == 1 ? FB_STR(",)") : FB_STR(")");
    apr_status_t status = APR_SUCCESS;

    fb_text_add_char(&p->out, v.tag == FB_LIST ? '[' : '(');
    at.indent += 1;
    for (uint32_t i = 0; status == APR_SUCCESS && i < list->len; i++) {
        bool last = i + 1 == list->len;
        place inner = { at.indent, last ? at.allowance + (int64_t)end.len : 1, at.level };

        status = add_value(p, list->items[i], inner);
        if (!last) {
            fb_text_add_char(&p->out, ',');
            new_line(p, at.indent);
        }
    }
    fb_text_add(&p->out, end);
    return status;
}

/* --- long strings: one literal per line, cut behind blanks --- */

typedef struct chunks {
    fb_list *list; /* reprs */
    pretty *p;
} chunks;

static apr_status_t add_chunk(chunks *c, fb_str s, fb_str *repr)
{
    fb_text text = { .arena = c->p->out.arena };

    fb_chars_repr(&text, s);
    if (text.failed)
        return fb_raise_memory(c->p->error);
    *repr = (fb_str){ text.data, text.len };
    return APR_SUCCESS;
}

static apr_status_t push_chunk(chunks *c, fb_str repr)
{
    return fb_list_push(c->list, fb_string(repr), c->p->out.arena) == APR_SUCCESS
               ? APR_SUCCESS
               : fb_raise_memory(c->p->error);
}

/* The next run of non-blanks and the blanks behind it. */
static fb_str next_part(fb_str *rest)
{
    apr_size_t at = 0, end = 0;
    fb_str part;

    while (at < rest->len && !fb_char_is_space(fb_chars_next(*rest, &at)))
        end = at;
    at = end;
    while (at < rest->len && fb_char_is_space(fb_chars_next(*rest, &at)))
        end = at;
    part = fb_str_sub(*rest, 0, end);
    *rest = fb_str_sub(*rest, end, rest->len);
    return part;
}

/* `last` is the width that the last part of the text may take. */
static apr_status_t cut_line(chunks *c, fb_str line, int64_t width, int64_t last)
{
    fb_str current = fb_str_sub(line, 0, 0), rest = line, repr;
    apr_status_t status;

    while (rest.len > 0) {
        fb_str part = next_part(&rest);
        fb_str candidate = { current.ptr, current.len + part.len };

        status = add_chunk(c, candidate, &repr);
        if (status != APR_SUCCESS)
            return status;
        if ((int64_t)fb_chars_count(repr) > (rest.len == 0 ? last : width)) {
            if (current.len > 0) {
                status = add_chunk(c, current, &repr);
                if (status == APR_SUCCESS)
                    status = push_chunk(c, repr);
                if (status != APR_SUCCESS)
                    return status;
            }
            current = part;
        } else
            current = candidate;
    }
    status = add_chunk(c, current, &repr);
    return status == APR_SUCCESS ? push_chunk(c, repr) : status;
}

static apr_status_t add_string(pretty *p, fb_value v, place at)
{
    chunks c = { fb_list_create(p->out.arena, 8), p };
    fb_str rest = fb_value_str(v), line, repr = { NULL, 0 };
    int64_t width;
    apr_status_t status = c.list == NULL ? fb_raise_memory(p->error) : APR_SUCCESS;

    if (at.level == 1) {
        at.indent++;
        at.allowance++;
    }
    width = WIDTH - at.indent;
    while (status == APR_SUCCESS && fb_chars_next_line(&rest, &line, FB_LINE_ENDS_KEEP)) {
        int64_t room = rest.len == 0 ? width - at.allowance : width;

        status = add_chunk(&c, line, &repr);
        if (status != APR_SUCCESS)
            return status;
        status = (int64_t)fb_chars_count(repr) <= room
                     ? push_chunk(&c, repr)
                     : cut_line(&c, line, width, rest.len == 0 ? width - at.allowance : width);
    }
    if (status != APR_SUCCESS)
        return status;
    if (c.list->len == 1) {
        fb_text_add(&p->out, repr);
        return APR_SUCCESS;
    }
    if (at.level == 1)
        fb_text_add_char(&p->out, '(');
    for (uint32_t i = 0; i < c.list->len; i++) {
        if (i > 0)
            new_line(p, at.indent);
        fb_text_add(&p->out, fb_value_str(c.list->items[i]));
    }
    if (at.level == 1)
        fb_text_add_char(&p->out, ')');
    return APR_SUCCESS;
}

static apr_status_t add_value(pretty *p, fb_value v, place at)
{
    fb_str line;
    apr_status_t status;

    if (is_open(p, v)) {
        add_recursion(&p->out, v);
        return APR_SUCCESS;
    }
    status = flat(p, v, &line);
    if (status != APR_SUCCESS)
        return status;
    if ((int64_t)fb_chars_count(line) <= WIDTH - at.indent - at.allowance ||
        !(is_container(v) || (v.tag == FB_STR && v.len > 0))) {
        fb_text_add(&p->out, line);
        return APR_SUCCESS;
    }
    at.level++;
    if (v.tag == FB_STR)
        return add_string(p, v, at);
    status = enter(p, v);
    if (status != APR_SUCCESS)
        return status;
    status = v.tag == FB_DICT ? add_dict(p, v, at) : add_items(p, v, at);
    p->depth--;
    return status;
}

FB_NATIVE(fb_filter_pprint)
{
    pretty p = { .vm = vm, .error = error };
    apr_status_t status;

    FB_UNUSED(args), FB_UNUSED(kwargs);
    fb_text_init(&p.out, vm, 64);
    status = add_value(&p, self, (place){ 0, 0, 0 });
    return status == APR_SUCCESS ? fb_text_finish(&p.out, FB_STR, out, error) : status;
}
