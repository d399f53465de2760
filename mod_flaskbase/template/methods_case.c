/* Methods of str and Markup that make text of text. */
#include "template/methods_impl.h"
#include "template/format.h"

#include <string.h>

#include "base/banned.h"

apr_status_t fb_markup_arg(fb_vm *vm, fb_value self, fb_value arg, fb_value *out, fb_error *error)
{
    if (self.tag == FB_MARKUP && (fb_is_string(arg) || fb_has_html(arg)))
        return fb_escape(vm, arg, out, error);
    *out = arg;
    return APR_SUCCESS;
}

/* --- case --- */

static apr_status_t recase(fb_vm *vm, fb_value self, fb_chars_case how, fb_tag tag, fb_value *out,
                           fb_error *error)
{
    fb_text text;

    fb_text_init(&text, vm, self.len);
    fb_chars_recase(&text, fb_value_str(self), how);
    return fb_text_finish(&text, tag, out, error);
}

#define RECASE(name, how, tag)                                                                     \
    FB_NATIVE(name)                                                                                \
    {                                                                                              \
        FB_UNUSED(args), FB_UNUSED(kwargs);                                                        \
        return recase(vm, self, how, tag, out, error);                                             \
    }

RECASE(fb_str_capitalize, FB_CASE_CAPITALIZE, (fb_tag)self.tag)
RECASE(fb_str_casefold, FB_CASE_FOLD, FB_STR)
RECASE(fb_str_lower, FB_CASE_LOWER, (fb_tag)self.tag)
RECASE(fb_str_swapcase, FB_CASE_SWAP, (fb_tag)self.tag)
RECASE(fb_str_title, FB_CASE_TITLE, (fb_tag)self.tag)
RECASE(fb_str_upper, FB_CASE_UPPER, (fb_tag)self.tag)

/* --- padding --- */

static apr_status_t pad(fb_vm *vm, fb_value self, fb_args args, fb_pad how, fb_value *out,
                        fb_error *error)
{
    fb_value fill = fb_is_absent(args.v[1]) ? FB_VSTR(" ") : args.v[1];
    int64_t width;
    fb_text text;
    apr_status_t status = fb_arg_int(args.v[0], 0, &width, error);

    if (status == APR_SUCCESS)
        status = fb_markup_arg(vm, self, fill, &fill, error);
    if (status != APR_SUCCESS)
        return status;
    if (!fb_is_string(fill))
        return fb_raise(error, "TypeError",
                        "The fill character must be a unicode character, not %s",
                        fb_value_type(fill));
    if (fb_chars_count(fb_value_str(fill)) != 1)
        return fb_raise(error, "TypeError",
                        "The fill character must be exactly one character long");
    fb_text_init(&text, vm, self.len);
    fb_chars_pad(&text, fb_value_str(self), how, width, fb_value_str(fill));
    return fb_text_finish(&text, (fb_tag)self.tag, out, error);
}

FB_NATIVE(fb_str_center)
{
    FB_UNUSED(kwargs);
    return pad(vm, self, args, FB_PAD_CENTER, out, error);
}

FB_NATIVE(fb_str_ljust)
{
    FB_UNUSED(kwargs);
    return pad(vm, self, args, FB_PAD_LEFT_ALIGN, out, error);
}

FB_NATIVE(fb_str_rjust)
{
    FB_UNUSED(kwargs);
    return pad(vm, self, args, FB_PAD_RIGHT_ALIGN, out, error);
}

FB_NATIVE(fb_str_zfill)
{
    int64_t width;
    fb_text text;
    apr_status_t status = fb_arg_int(args.v[0], 0, &width, error);

    FB_UNUSED(kwargs);
    if (status != APR_SUCCESS)
        return status;
    fb_text_init(&text, vm, self.len);
    fb_chars_zfill(&text, fb_value_str(self), width);
    return fb_text_finish(&text, (fb_tag)self.tag, out, error);
}

FB_NATIVE(fb_str_expandtabs)
{
    int64_t size;
    fb_text text;
    apr_status_t status = fb_arg_int(args.v[0], 8, &size, error);

    FB_UNUSED(kwargs);
    if (status != APR_SUCCESS)
        return status;
    fb_text_init(&text, vm, self.len);
    fb_chars_expand_tabs(&text, fb_value_str(self), size);
    return fb_text_finish(&text, (fb_tag)self.tag, out, error);
}

/* --- cutting --- */

static fb_value part_of(fb_value s, fb_str part, fb_tag tag)
{
    s.tag = (uint8_t)tag;
    s.as.s = part.ptr;
    s.len = (uint32_t)part.len;
    return s;
}

static apr_status_t strip(fb_vm *vm, fb_value self, fb_args args, fb_side side, const char *name,
                          fb_value *out, fb_error *error)
{
    fb_value chars = args.v[0];
    apr_status_t status;

    if (fb_is_absent(chars) || fb_is_none(chars)) {
        *out = part_of(self, fb_chars_strip(fb_value_str(self), side), (fb_tag)self.tag);
        return APR_SUCCESS;
    }
    status = fb_markup_arg(vm, self, chars, &chars, error);
    if (status != APR_SUCCESS)
        return status;
    if (!fb_is_string(chars))
        return fb_raise(error, "TypeError", "%s arg must be None or str", name);
    *out = part_of(self, fb_chars_strip_of(fb_value_str(self), fb_value_str(chars), side),
                   (fb_tag)self.tag);
    return APR_SUCCESS;
}

FB_NATIVE(fb_str_strip)
{
    FB_UNUSED(kwargs);
    return strip(vm, self, args, FB_BOTH, "strip", out, error);
}

FB_NATIVE(fb_str_lstrip)
{
    FB_UNUSED(kwargs);
    return strip(vm, self, args, FB_LEFT, "lstrip", out, error);
}

FB_NATIVE(fb_str_rstrip)
{
    FB_UNUSED(kwargs);
    return strip(vm, self, args, FB_RIGHT, "rstrip", out, error);
}

FB_NATIVE(fb_str_removeprefix)
{
    fb_str prefix, s = fb_value_str(self);
    apr_status_t status = fb_arg_str(args.v[0], "removeprefix() argument", &prefix, error);

    FB_UNUSED(vm), FB_UNUSED(kwargs);
    if (status == APR_SUCCESS)
        *out =
            part_of(self, fb_str_starts(s, prefix) ? fb_str_sub(s, prefix.len, s.len) : s, FB_STR);
    return status;
}

FB_NATIVE(fb_str_removesuffix)
{
    fb_str suffix, s = fb_value_str(self);
    apr_status_t status = fb_arg_str(args.v[0], "removesuffix() argument", &suffix, error);

    FB_UNUSED(vm), FB_UNUSED(kwargs);
    if (status == APR_SUCCESS)
        *out = part_of(self, fb_str_ends(s, suffix) ? fb_str_sub(s, 0, s.len - suffix.len) : s,
                       FB_STR);
    return status;
}

/* --- replacing and joining --- */

FB_NATIVE(fb_str_replace)
{
    fb_value old, with;
    fb_str from, to;
    int64_t max;
    fb_text text;
    apr_status_t status = fb_markup_arg(vm, self, args.v[0], &old, error);

    FB_UNUSED(kwargs);
    if (status == APR_SUCCESS)
        status = fb_markup_arg(vm, self, args.v[1], &with, error);
    if (status == APR_SUCCESS)
        status = fb_arg_str(old, "replace() argument 1", &from, error);
    if (status == APR_SUCCESS)
        status = fb_arg_str(with, "replace() argument 2", &to, error);
    if (status == APR_SUCCESS)
        status = fb_arg_int(args.v[2], -1, &max, error);
    if (status != APR_SUCCESS)
        return status;
    fb_text_init(&text, vm, self.len);
    fb_chars_replace(&text, fb_value_str(self), from, to, max);
    return fb_text_finish(&text, (fb_tag)self.tag, out, error);
}

FB_NATIVE(fb_str_join)
{
    fb_walk walk;
    fb_value item;
    fb_text text;
    int64_t index = 0;
    apr_status_t status = fb_walk_start(vm, args.v[0], &walk, error);

    FB_UNUSED(kwargs);
    if (status != APR_SUCCESS && fb_error_is(error, "TypeError"))
        return fb_raise(error, "TypeError", "can only join an iterable");
    if (status != APR_SUCCESS)
        return status;
    fb_text_init(&text, vm, 64);
    for (; (status = fb_walk_next(vm, &walk, &item, error)) == APR_SUCCESS; index++) {
        if (self.tag == FB_MARKUP)
            status = fb_escape(vm, item, &item, error);
        if (status != APR_SUCCESS)
            return status;
        if (!fb_is_string(item))
            return fb_raise(error, "TypeError",
                            "sequence item %" APR_INT64_T_FMT ": expected str instance, %s found",
                            index, fb_value_type(item));
        if (index > 0)
            fb_text_add(&text, fb_value_str(self));
        fb_text_add(&text, fb_value_str(item));
    }
    return status == APR_EOF ? fb_text_finish(&text, (fb_tag)self.tag, out, error) : status;
}

FB_NATIVE(fb_str_format)
{
    return fb_format_braces(vm, self, args, kwargs, out, error);
}

FB_NATIVE(fb_str_format_map)
{
    fb_value format = self;

    FB_UNUSED(kwargs);
    if (!fb_vm_sandboxed(vm)) /* Markup does not override this one */
        format = fb_retag(self, FB_STR);
    return fb_format_map(vm, format, args.v[0], out, error);
}

/* --- translate --- */

/* What the table makes of a code point; FB_ENOTFOUND: itself. */
static apr_status_t translation(fb_vm *vm, fb_value table, unsigned int c, fb_value *out,
                                fb_error *error)
{
    if (table.tag == FB_DICT || fb_is_sequence(table) || table.tag == FB_OBJECT)
        return fb_item_of(vm, table, fb_int(c), out, error);
    if (fb_is_string(table))
        return fb_item_of(vm, table, fb_int(c), out, error);
    return fb_raise(error, "TypeError", "'%s' object is not subscriptable", fb_value_type(table));
}

static apr_status_t add_translated(fb_text *text, fb_value with, fb_error *error)
{
    if (fb_is_none(with))
        return APR_SUCCESS;
    if (fb_is_string(with)) {
        fb_text_add(text, fb_value_str(with));
        return APR_SUCCESS;
    }
    if (with.tag == FB_INT || with.tag == FB_BOOL) {
        if (with.as.i < 0 || with.as.i > 0x10ffff)
            return fb_raise(error, "ValueError", "character mapping must be in range(0x110000)");
        fb_text_add_code(text, (unsigned int)with.as.i);
        return APR_SUCCESS;
    }
    return fb_raise(error, "TypeError",
                    "character mapping must return integer, None or str, not %s",
                    fb_value_type(with));
}

FB_NATIVE(fb_str_translate)
{
    fb_str s = fb_value_str(self);
    apr_size_t at = 0, from;
    fb_value with, table = args.v[0];
    fb_text text;
    apr_status_t status = fb_markup_arg(vm, self, table, &table, error);

    FB_UNUSED(kwargs);
    fb_text_init(&text, vm, s.len);
    while (status == APR_SUCCESS && at < s.len) {
        from = at;
        status = translation(vm, table, fb_chars_next(s, &at), &with, error);
        if (status == FB_ENOTFOUND) {
            fb_text_add(&text, fb_str_sub(s, from, at - from));
            status = APR_SUCCESS;
        } else if (status == APR_SUCCESS)
            status = add_translated(&text, with, error);
    }
    return status == APR_SUCCESS ? fb_text_finish(&text, (fb_tag)self.tag, out, error) : status;
}

static apr_status_t set_code(fb_dict *table, unsigned int c, fb_value with, fb_vm *vm,
                             fb_error *error)
{
    return fb_dict_set(table, fb_int(c), with, fb_vm_arena(vm)) == APR_SUCCESS
               ? APR_SUCCESS
               : fb_raise_memory(error);
}

static apr_status_t pair_up(fb_vm *vm, fb_dict *table, fb_args args, fb_error *error)
{
    fb_str from, to;
    apr_size_t at = 0, beside = 0;
    apr_status_t status = APR_SUCCESS;

    if (!fb_is_string(args.v[0]) || !fb_is_string(args.v[1]))
        return fb_raise(error, "TypeError",
                        "first maketrans argument must be a string if there is a second argument");
    from = fb_value_str(args.v[0]);
    to = fb_value_str(args.v[1]);
    if (fb_chars_count(from) != fb_chars_count(to))
        return fb_raise(error, "ValueError",
                        "the first two maketrans arguments must have equal length");
    while (status == APR_SUCCESS && at < from.len)
        status = set_code(table, fb_chars_next(from, &at), fb_int(fb_chars_next(to, &beside)), vm,
                          error);
    if (status == APR_SUCCESS && fb_is_string(args.v[2]))
        for (at = 0; status == APR_SUCCESS && at < args.v[2].len;)
            status =
                set_code(table, fb_chars_next(fb_value_str(args.v[2]), &at), fb_none(), vm, error);
    return status;
}

FB_NATIVE(fb_str_maketrans)
{
    fb_dict *table = fb_dict_create(fb_vm_arena(vm), 8);
    apr_status_t status = APR_SUCCESS;

    FB_UNUSED(self), FB_UNUSED(kwargs);
    if (table == NULL)
        return fb_raise_memory(error);
    *out = fb_dict_value(table);
    if (!fb_is_absent(args.v[1]))
        return pair_up(vm, table, args, error);
    if (args.v[0].tag != FB_DICT)
        return fb_raise(error, "TypeError",
                        "if you give only one argument to maketrans it must be a dict");
    for (uint32_t i = 0; status == APR_SUCCESS && i < args.v[0].as.dict->used; i++) {
        const fb_dict_entry *entry = &args.v[0].as.dict->entries[i];
        apr_size_t at = 0;

        if (entry->key.tag == FB_ABSENT)
            continue;
        if (entry->key.tag == FB_INT)
            status = set_code(table, (unsigned int)entry->key.as.i, entry->value, vm, error);
        else if (fb_is_string(entry->key) && fb_chars_count(fb_value_str(entry->key)) == 1)
            status = set_code(table, fb_chars_next(fb_value_str(entry->key), &at), entry->value, vm,
                              error);
        else
            return fb_raise(error, "ValueError",
                            "string keys in translate table must be of length 1");
    }
    return status;
}

/* --- bytes, and the methods that only Markup has --- */

static apr_status_t encode_error(fb_error *error, const char *name, apr_size_t index,
                                 unsigned int limit)
{
    return fb_raise(error, "UnicodeEncodeError",
                    "'%s' codec can't encode character in position %" APR_SIZE_T_FMT
                    ": ordinal not in range(%u)",
                    name, index, limit);
}

static apr_status_t encode_narrow(fb_vm *vm, fb_value self, unsigned int limit, const char *name,
                                  fb_value *out, fb_error *error)
{
    fb_str s = fb_value_str(self);
    apr_size_t at = 0;
    fb_text text;

    fb_text_init(&text, vm, s.len);
    while (at < s.len) {
        apr_size_t from = at;
        unsigned int c = fb_chars_next(s, &at);

        if (c >= limit)
            return encode_error(error, name, fb_chars_index(s, from), limit);
        fb_text_add_char(&text, (char)c);
    }
    return fb_text_finish(&text, FB_BYTES, out, error);
}

FB_NATIVE(fb_str_encode)
{
    fb_str name = FB_STR("utf-8");
    apr_status_t status = APR_SUCCESS;

    FB_UNUSED(kwargs);
    if (!fb_is_absent(args.v[0]))
        status = fb_arg_str(args.v[0], "encode() argument 'encoding'", &name, error);
    if (status != APR_SUCCESS)
        return status;
    if (fb_str_ieq_z(name, "utf-8") || fb_str_ieq_z(name, "utf8")) {
        *out = fb_retag(self, FB_BYTES);
        return APR_SUCCESS;
    }
    if (fb_str_ieq_z(name, "ascii") || fb_str_ieq_z(name, "us-ascii"))
        return encode_narrow(vm, self, 128, "ascii", out, error);
    if (fb_str_ieq_z(name, "latin-1") || fb_str_ieq_z(name, "latin1") ||
        fb_str_ieq_z(name, "iso-8859-1"))
        return encode_narrow(vm, self, 256, "latin-1", out, error);
    return fb_raise(error, "LookupError", "unknown encoding: %.*s", FB_STR_ARG(name));
}

FB_NATIVE(fb_str_unescape)
{
    fb_text text;

    FB_UNUSED(args), FB_UNUSED(kwargs);
    fb_text_init(&text, vm, self.len);
    fb_chars_unescape(&text, fb_value_str(self));
    return fb_text_finish(&text, FB_STR, out, error);
}

FB_NATIVE(fb_str_html)
{
    FB_UNUSED(vm), FB_UNUSED(args), FB_UNUSED(kwargs), FB_UNUSED(error);
    *out = self;
    return APR_SUCCESS;
}
