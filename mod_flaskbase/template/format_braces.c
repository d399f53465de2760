/* str.format: "{0.name!r:>{width}}". */
#include "template/chars.h"
#include "template/format.h"

#include <string.h>

#include "base/banned.h"

typedef enum numbering { NUMBERS_NOT_KNOWN, NUMBERS_COUNTED, NUMBERS_GIVEN } numbering;

typedef struct braces {
    fb_vm *vm;
    bool markup;
    fb_args args;
    fb_kwargs kwargs;
    fb_value mapping; /* of format_map, else FB_ABSENT */
    numbering how;
    int64_t next;
    fb_error *error;
} braces;

static fb_str skip(fb_str s, apr_size_t len)
{
    return fb_str_sub(s, len, s.len);
}

static apr_status_t value_error(const braces *b, const char *message)
{
    return fb_raise(b->error, "ValueError", "%s", message);
}

/* --- format(value, spec) --- */

static apr_status_t parsed(fb_format_spec *out, fb_value v, fb_str spec, fb_error *error)
{
    return fb_format_spec_parse(out, spec, fb_value_type(v), error);
}

apr_status_t fb_format_value(fb_text *out, fb_vm *vm, fb_value v, fb_str spec, fb_error *error)
{
    const char *type = fb_value_type(v);
    fb_format_spec how;
    apr_status_t status;

    if (spec.len == 0)
        return fb_text_add_value(out, vm, v, error);
    switch (v.tag) {
    case FB_STR:
    case FB_MARKUP:
        status = parsed(&how, v, spec, error);
        return status == APR_SUCCESS ? fb_format_str(out, fb_value_str(v), &how, type, error)
                                     : status;
    case FB_BOOL:
    case FB_INT:
    case FB_BIGINT:
        status = parsed(&how, v, spec, error);
        return status == APR_SUCCESS ? fb_format_int(out, fb_integer_from(v), &how, type, error)
                                     : status;
    case FB_FLOAT:
        status = parsed(&how, v, spec, error);
        return status == APR_SUCCESS ? fb_format_float(out, v.as.f, &how, type, error) : status;
    default:
        return fb_raise(error, "TypeError", "unsupported format string passed to %s.__format__",
                        type);
    }
}

/* --- field names: first.attribute[item] --- */

/* Decimal digits only, as Python's parser of field names takes them. */
static bool as_index(fb_str s, int64_t *out)
{
    int64_t v = 0;

    if (s.len == 0)
        return false;
    for (apr_size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9' || v > INT32_MAX)
            return false;
        v = v * 10 + (s.ptr[i] - '0');
    }
    *out = v;
    return true;
}

static apr_status_t numbered(braces *b, numbering how)
{
    if (b->how == NUMBERS_NOT_KNOWN)
        b->how = how;
    if (b->how == how)
        return APR_SUCCESS;
    return value_error(b, how == NUMBERS_COUNTED
                              ? "cannot switch from manual field specification to automatic field "
                                "numbering"
                              : "cannot switch from automatic field numbering to manual field "
                                "specification");
}

static apr_status_t named_field(braces *b, fb_str name, fb_value *out)
{
    apr_status_t status;

    if (!fb_is_absent(b->mapping)) {
        status = fb_item_of(b->vm, b->mapping, fb_string(name), out, b->error);
        if (status != FB_ENOTFOUND)
            return status;
    }
    for (apr_size_t i = 0; fb_is_absent(b->mapping) && i < b->kwargs.n; i++)
        if (fb_str_eq(b->kwargs.v[i].name, name)) {
            *out = b->kwargs.v[i].value;
            return APR_SUCCESS;
        }
    return fb_raise(b->error, "KeyError", "%s", fb_chars_repr_z(name, fb_vm_arena(b->vm)));
}

/* `whole`: the field consists of nothing else. Markup and the sandbox go by Python's
 * string.Formatter, which numbers only such fields. */
static apr_status_t first_field(braces *b, fb_str name, bool whole, fb_value *out)
{
    int64_t index = 0;
    apr_status_t status = APR_SUCCESS;
    bool formatter = b->markup || fb_vm_sandboxed(b->vm);

    if (formatter && !whole && name.len == 0)
        return named_field(b, name, out);
    if (name.len > 0 && !as_index(name, &index))
        return named_field(b, name, out);
    if (!fb_is_absent(b->mapping))
        return value_error(b, "Format string contains positional fields");
    if (!formatter || whole)
        status = numbered(b, name.len == 0 ? NUMBERS_COUNTED : NUMBERS_GIVEN);
    if (status != APR_SUCCESS)
        return status;
    if (name.len == 0)
        index = b->next++;
    if ((apr_size_t)index >= b->args.n)
        return fb_raise(
            b->error, "IndexError",
            "Replacement index %" APR_INT64_T_FMT " out of range for positional args tuple", index);
    *out = b->args.v[index];
    return APR_SUCCESS;
}

static apr_status_t attribute(braces *b, fb_value *v, fb_str name)
{
    apr_status_t status;

    if (name.len == 0)
        return value_error(b, "Empty attribute in format string");
    if (fb_vm_sandboxed(b->vm))
        return fb_getattr(b->vm, *v, name, v, b->error);
    status = fb_attribute_of(b->vm, *v, name, v, b->error);
    if (status == FB_ENOTFOUND)
        return fb_raise(b->error, "AttributeError", "'%s' object has no attribute '%.*s'",
                        fb_value_type(*v), FB_STR_ARG(name));
    return status;
}

static apr_status_t no_item(braces *b, fb_value v, fb_value key)
{
    fb_arena *arena = fb_vm_arena(b->vm);

    if (v.tag == FB_DICT) {
        if (key.tag == FB_INT)
            return fb_raise(b->error, "KeyError", "%" APR_INT64_T_FMT, key.as.i);
        return fb_raise(b->error, "KeyError", "%s", fb_chars_repr_z(fb_value_str(key), arena));
    }
    if (v.tag == FB_STR || v.tag == FB_MARKUP || fb_is_sequence(v) || v.tag == FB_RANGE) {
        const char *type = fb_is_string(v) ? "string" : fb_value_type(v);

        if (key.tag == FB_INT)
            return fb_raise(b->error, "IndexError", "%s index out of range", type);
        return fb_raise(b->error, "TypeError", "%s indices must be integers%s, not %s%s%s", type,
                        fb_is_string(v) ? "" : " or slices", fb_is_string(v) ? "'" : "",
                        fb_value_type(key), fb_is_string(v) ? "'" : "");
    }
    return fb_raise(b->error, "TypeError", "'%s' object is not subscriptable", fb_value_type(v));
}

static apr_status_t item(braces *b, fb_value *v, fb_str name)
{
    fb_value key = fb_string(name), found;
    int64_t index;
    apr_status_t status;

    if (name.len == 0)
        return value_error(b, "Empty attribute in format string");
    if (as_index(name, &index))
        key = fb_int(index);
    if (fb_vm_sandboxed(b->vm))
        return fb_getitem(b->vm, *v, key, v, b->error);
    status = fb_item_of(b->vm, *v, key, &found, b->error);
    if (status == FB_ENOTFOUND)
        return no_item(b, *v, key);
    *v = found;
    return status;
}

static apr_size_t until(fb_str s, const char *stops)
{
    apr_size_t at = 0;

    while (at < s.len && (s.ptr[at] == '\0' || strchr(stops, s.ptr[at]) == NULL))
        at++;
    return at;
}

static apr_status_t find_field(braces *b, fb_str name, fb_value *out)
{
    apr_size_t end = until(name, ".[");
    apr_status_t status = first_field(b, fb_str_sub(name, 0, end), end == name.len, out);

    name = skip(name, end);
    while (status == APR_SUCCESS && name.len > 0) {
        if (name.ptr[0] == '.') {
            name = skip(name, 1);
            end = until(name, ".[");
            status = attribute(b, out, fb_str_sub(name, 0, end));
        } else if (name.ptr[0] == '[') {
            apr_ssize_t close = fb_str_find_char(name, ']');

            if (close < 0)
                return value_error(b, "Missing ']' in format string");
            status = item(b, out, fb_str_sub(name, 1, (apr_size_t)close - 1));
            end = (apr_size_t)close + 1;
        } else
            return value_error(b, "Only '.' or '[' may follow ']' in format field specifier");
        name = skip(name, end);
    }
    return status;
}

/* --- one field --- */

typedef struct field {
    fb_str name, spec;
    unsigned int conversion; /* 0: none */
} field;

static apr_status_t convert(braces *b, fb_value *v, unsigned int conversion)
{
    fb_text text;
    apr_status_t status;

    switch (conversion) {
    case 0: return APR_SUCCESS;
    case 's':
        status = fb_to_string(b->vm, *v, v, b->error);
        if (status == APR_SUCCESS && v->tag == FB_MARKUP)
            v->tag = FB_STR;
        return status;
    case 'r': return fb_repr(b->vm, *v, v, b->error);
    case 'a':
        status = fb_repr(b->vm, *v, v, b->error);
        if (status != APR_SUCCESS)
            return status;
        fb_text_init(&text, b->vm, v->len);
        fb_chars_escape_non_ascii(&text, fb_value_str(*v));
        return fb_text_finish(&text, FB_STR, v, b->error);
    default:
        if (conversion > 32 && conversion < 127)
            return fb_raise(b->error, "ValueError", "Unknown conversion specifier %c",
                            (int)conversion);
        return fb_raise(b->error, "ValueError", "Unknown conversion specifier \\x%x", conversion);
    }
}

/* In a Markup everything is escaped that is no Markup itself, which takes no specification. */
static apr_status_t add_formatted(fb_text *out, braces *b, fb_value v, fb_str spec)
{
    fb_text text;
    fb_value shown;
    apr_status_t status;

    if (!b->markup)
        return fb_format_value(out, b->vm, v, spec, b->error);
    if (v.tag == FB_MARKUP) {
        if (spec.len > 0)
            return value_error(b, "Unsupported format specification for Markup.");
        fb_text_add(out, fb_value_str(v));
        return APR_SUCCESS;
    }
    fb_text_init(&text, b->vm, 32);
    status = fb_format_value(&text, b->vm, v, spec, b->error);
    if (status == APR_SUCCESS)
        status = fb_text_finish(&text, FB_STR, &shown, b->error);
    if (status == APR_SUCCESS)
        fb_text_add_escaped(out, fb_value_str(shown));
    return status;
}

static apr_status_t add_braces(fb_text *out, braces *b, fb_str format, int depth);

static apr_status_t add_field(fb_text *out, braces *b, const field *f, int depth)
{
    fb_str spec = f->spec;
    fb_text text;
    fb_value v;
    apr_status_t status = find_field(b, f->name, &v);

    if (status == APR_SUCCESS)
        status = convert(b, &v, f->conversion);
    if (status == APR_SUCCESS && fb_str_find_char(spec, '{') >= 0) {
        bool markup = b->markup;

        fb_text_init(&text, b->vm, spec.len);
        b->markup = false;
        status = add_braces(&text, b, spec, depth - 1);
        b->markup = markup;
        if (status == APR_SUCCESS && text.failed)
            status = fb_raise_memory(b->error);
        spec = (fb_str){ text.data, text.len };
    }
    return status == APR_SUCCESS ? add_formatted(out, b, v, spec) : status;
}

/* Behind "{": takes the field off *s, the closing brace included. */
static apr_status_t read_field(braces *b, fb_str *s, field *f)
{
    apr_size_t at = 0, close;
    int open = 1;
    fb_str rest;

    *f = (field){ .conversion = 0 };
    /* The name ends at the first : or ! that is not inside brackets. */
    for (; at < s->len; at++) {
        char c = s->ptr[at];

        if (c == '[') {
            while (at < s->len && s->ptr[at] != ']')
                at++;
            if (at == s->len)
                break;
        } else if (c == '{')
            return value_error(b, "unexpected '{' in field name");
        else if (c == '}' || c == ':' || c == '!')
            break;
    }
    if (at == s->len)
        return value_error(b, "expected '}' before end of string");
    f->name = fb_str_sub(*s, 0, at);
    rest = skip(*s, at);
    if (rest.ptr[0] == '!') {
        apr_size_t next = 1;

        if (rest.len < 2)
            return value_error(b, "end of string while looking for conversion specifier");
        f->conversion = fb_chars_next(rest, &next);
        rest = skip(rest, next);
        if (rest.len == 0)
            return value_error(b, "unmatched '{' in format spec");
        if (rest.ptr[0] != ':' && rest.ptr[0] != '}')
            return value_error(b, "expected ':' after conversion specifier");
    }
    if (rest.ptr[0] == '}') {
        *s = skip(rest, 1);
        return APR_SUCCESS;
    }
    rest = skip(rest, 1);
    for (close = 0; close < rest.len; close++) {
        open += (rest.ptr[close] == '{') - (rest.ptr[close] == '}');
        if (open == 0)
            break;
    }
    if (open > 0)
        return value_error(b, "unmatched '{' in format spec");
    f->spec = fb_str_sub(rest, 0, close);
    *s = skip(rest, close + 1);
    return APR_SUCCESS;
}

static apr_status_t add_braces(fb_text *out, braces *b, fb_str format, int depth)
{
    apr_size_t at;
    apr_status_t status = APR_SUCCESS;
    field f;

    if (depth < 0)
        return value_error(b, "Max string recursion exceeded");
    while (status == APR_SUCCESS) {
        char c;

        at = until(format, "{}");
        fb_text_add(out, fb_str_sub(format, 0, at));
        if (at == format.len)
            return APR_SUCCESS;
        c = format.ptr[at];
        format = skip(format, at + 1);
        if (format.len > 0 && format.ptr[0] == c) {
            fb_text_add_char(out, c);
            format = skip(format, 1);
            continue;
        }
        if (c == '}')
            return value_error(b, "Single '}' encountered in format string");
        if (format.len == 0)
            return value_error(b, "Single '{' encountered in format string");
        status = read_field(b, &format, &f);
        if (status == APR_SUCCESS)
            status = add_field(out, b, &f, depth);
    }
    return status;
}

static apr_status_t run(braces *b, fb_value format, fb_value *out)
{
    enum { DEPTH = 2 };
    fb_text text;
    apr_status_t status;

    fb_text_init(&text, b->vm, (apr_size_t)format.len + 16);
    b->markup = format.tag == FB_MARKUP;
    status = add_braces(&text, b, fb_value_str(format), DEPTH - 1);
    return status == APR_SUCCESS
               ? fb_text_finish(&text, b->markup ? FB_MARKUP : FB_STR, out, b->error)
               : status;
}

apr_status_t fb_format_braces(fb_vm *vm, fb_value format, fb_args args, fb_kwargs kwargs,
                              fb_value *out, fb_error *error)
{
    braces b = { .vm = vm, .args = args, .kwargs = kwargs, .error = error };

    return run(&b, format, out);
}

apr_status_t fb_format_map(fb_vm *vm, fb_value format, fb_value mapping, fb_value *out,
                           fb_error *error)
{
    braces b = { .vm = vm, .mapping = mapping, .error = error };

    return run(&b, format, out);
}
