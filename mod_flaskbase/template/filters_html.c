/* Filters for HTML and the web: escaping, tags, attributes, links, URLs, sizes. */
#include "template/builtins_impl.h"
#include "template/format.h"
#include "template/number.h"

#include <math.h>
#include <string.h>

#include "base/banned.h"

FB_NATIVE(fb_filter_escape)
{
    FB_UNUSED(args), FB_UNUSED(kwargs);
    return fb_escape(vm, self, out, error);
}

FB_NATIVE(fb_filter_forceescape)
{
    fb_value s;
    apr_status_t status = fb_to_string(vm, self, &s, error);

    FB_UNUSED(args), FB_UNUSED(kwargs);
    return status == APR_SUCCESS ? fb_escape(vm, fb_retag(s, FB_STR), out, error) : status;
}

FB_NATIVE(fb_filter_safe)
{
    apr_status_t status = fb_soft_str(vm, self, out, error);

    FB_UNUSED(args), FB_UNUSED(kwargs);
    if (status == APR_SUCCESS)
        *out = fb_retag(*out, FB_MARKUP);
    return status;
}

FB_NATIVE(fb_filter_striptags)
{
    fb_value s;
    fb_text text;
    apr_status_t status = fb_to_string(vm, self, &s, error);

    FB_UNUSED(args), FB_UNUSED(kwargs);
    if (status != APR_SUCCESS)
        return status;
    fb_text_init(&text, vm, s.len);
    fb_chars_striptags(&text, fb_value_str(s));
    return fb_text_finish(&text, FB_STR, out, error);
}

/* --- xmlattr --- */

/* What would end an attribute's name (re's \s in ASCII, and / > =). */
static bool is_bad_name(fb_str name)
{
    for (apr_size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];

        if (c == ' ' || (c >= 9 && c <= 13) || c == '/' || c == '>' || c == '=')
            return true;
    }
    return false;
}

static apr_status_t add_attribute(fb_text *text, fb_vm *vm, fb_value name, fb_value v,
                                  fb_error *error)
{
    apr_status_t status;

    if (!fb_is_string(name))
        return fb_raise(error, "TypeError", "expected string or bytes-like object");
    if (is_bad_name(fb_value_str(name)))
        return fb_raise(error, "ValueError", "Invalid character in attribute name: %s",
                        fb_chars_repr_z(fb_value_str(name), fb_vm_arena(vm)));
    status = fb_escape(vm, name, &name, error);
    if (status == APR_SUCCESS)
        status = fb_escape(vm, v, &v, error);
    if (status != APR_SUCCESS)
        return status;
    fb_text_add(text, fb_value_str(name));
    fb_text_add(text, FB_STR("=\""));
    fb_text_add(text, fb_value_str(v));
    fb_text_add_char(text, '"');
    return APR_SUCCESS;
}

/* AttributeError of a value that should have been a dict. */
static apr_status_t no_items(fb_vm *vm, fb_value v, fb_error *error)
{
    if (v.tag == FB_UNDEFINED)
        return fb_raise_undefined(vm, v, error);
    return fb_raise(error, "AttributeError", "'%s' object has no attribute 'items'",
                    fb_value_type(v));
}

FB_NATIVE(fb_filter_xmlattr)
{
    bool autospace, first = true;
    fb_text text;
    apr_status_t status = fb_arg_truth(vm, args.v[0], true, &autospace, error);

    FB_UNUSED(kwargs);
    if (status != APR_SUCCESS)
        return status;
    if (self.tag != FB_DICT)
        return no_items(vm, self, error);
    fb_text_init(&text, vm, 64);
    for (uint32_t i = 0; i < self.as.dict->used; i++) {
        const fb_dict_entry *entry = &self.as.dict->entries[i];

        if (entry->key.tag == FB_ABSENT || entry->value.tag == FB_NONE ||
            entry->value.tag == FB_UNDEFINED)
            continue;
        if (autospace || !first)
            fb_text_add_char(&text, ' ');
        first = false;
        status = add_attribute(&text, vm, entry->key, entry->value, error);
        if (status != APR_SUCCESS)
            return status;
    }
    return fb_text_finish(&text, fb_vm_autoescape(vm) ? FB_MARKUP : FB_STR, out, error);
}

/* --- urlencode --- */

static apr_status_t add_quoted(fb_text *text, fb_vm *vm, fb_value v, fb_url_part part,
                               fb_error *error)
{
    fb_value s;
    apr_status_t status = v.tag == FB_BYTES ? (s = v, APR_SUCCESS) : fb_to_string(vm, v, &s, error);

    if (status == APR_SUCCESS)
        fb_chars_url_quote(text, fb_value_str(s), part);
    return status;
}

/* Unpacks what should be a pair. */
static apr_status_t pair_of(fb_vm *vm, fb_value v, fb_value out[2], fb_error *error)
{
    fb_list *list;
    apr_status_t status = fb_to_list(vm, v, &list, error);

    if (status != APR_SUCCESS) {
        if (fb_error_is(error, "TypeError"))
            return fb_raise(error, "TypeError", "cannot unpack non-iterable %s object",
                            fb_value_type(v));
        return status;
    }
    if (list->len > 2)
        return fb_raise(error, "ValueError", "too many values to unpack (expected 2)");
    if (list->len < 2)
        return fb_raise(error, "ValueError", "not enough values to unpack (expected 2, got %u)",
                        list->len);
    out[0] = list->items[0];
    out[1] = list->items[1];
    return APR_SUCCESS;
}

FB_NATIVE(fb_filter_urlencode)
{
    fb_text text;
    fb_walk walk;
    fb_value item, pair[2];
    bool first = true;
    apr_status_t status;

    FB_UNUSED(args), FB_UNUSED(kwargs);
    fb_text_init(&text, vm, 32);
    if (fb_is_string(self) || ((status = fb_walk_start(vm, self, &walk, error)) != APR_SUCCESS &&
                               fb_error_is(error, "TypeError"))) {
        if (!fb_is_string(self))
            fb_error_clear(error);
        status = add_quoted(&text, vm, self, FB_URL_PATH, error);
        return status == APR_SUCCESS ? fb_text_finish(&text, FB_STR, out, error) : status;
    }
    if (status == APR_SUCCESS && self.tag == FB_DICT) {
        fb_value items = { .tag = FB_VIEW, .aux = FB_VIEW_ITEMS, .as.dict = self.as.dict };

        status = fb_walk_start(vm, items, &walk, error);
    }
    while (status == APR_SUCCESS &&
           (status = fb_walk_next(vm, &walk, &item, error)) == APR_SUCCESS) {
        status = pair_of(vm, item, pair, error);
        if (!first)
            fb_text_add_char(&text, '&');
        first = false;
        if (status == APR_SUCCESS)
            status = add_quoted(&text, vm, pair[0], FB_URL_QUERY, error);
        fb_text_add_char(&text, '=');
        if (status == APR_SUCCESS)
            status = add_quoted(&text, vm, pair[1], FB_URL_QUERY, error);
    }
    return status == APR_EOF ? fb_text_finish(&text, FB_STR, out, error) : status;
}

/* --- urlize --- */

/* Adds a word to a sorted set of words. */
static apr_status_t add_word(fb_list *words, fb_str word, fb_vm *vm, fb_error *error)
{
    uint32_t at = 0;

    while (at < words->len && fb_str_cmp(fb_value_str(words->items[at]), word) < 0)
        at++;
    if (at < words->len && fb_str_eq(fb_value_str(words->items[at]), word))
        return APR_SUCCESS;
    if (fb_list_push(words, fb_none(), fb_vm_arena(vm)) != APR_SUCCESS)
        return fb_raise_memory(error);
    memmove(words->items + at + 1, words->items + at, (words->len - 1 - at) * sizeof(fb_value));
    words->items[at] = fb_string(word);
    return APR_SUCCESS;
}

static apr_status_t add_words(fb_list *words, fb_value v, fb_vm *vm, fb_error *error)
{
    fb_split split;
    fb_str word;
    apr_status_t status = APR_SUCCESS;

    if (!fb_is_string(v)) {
        bool truth = false;

        if (fb_is_absent(v))
            return APR_SUCCESS;
        status = fb_truth(vm, v, &truth, error);
        return status != APR_SUCCESS || !truth
                   ? status
                   : fb_raise(error, "AttributeError", "'%s' object has no attribute 'split'",
                              fb_value_type(v));
    }
    fb_split_start(&split, fb_value_str(v), FB_STR(""), -1);
    while (status == APR_SUCCESS && fb_split_next(&split, &word))
        status = add_word(words, word, vm, error);
    return status;
}

static apr_status_t rel_of(fb_vm *vm, fb_value rel, bool nofollow, fb_str *out, fb_error *error)
{
    fb_list *words = fb_list_create(fb_vm_arena(vm), 4);
    fb_text text;
    apr_status_t status;
    fb_value policy = fb_vm_policy(vm, "urlize.rel");

    if (words == NULL)
        return fb_raise_memory(error);
    status = add_words(words, rel, vm, error);
    if (status == APR_SUCCESS && nofollow)
        status = add_word(words, FB_STR("nofollow"), vm, error);
    if (status == APR_SUCCESS)
        status = add_words(words, fb_is_absent(policy) ? FB_VSTR("noopener") : policy, vm, error);
    if (status != APR_SUCCESS)
        return status;
    fb_text_init(&text, vm, 32);
    for (uint32_t i = 0; i < words->len; i++) {
        if (i > 0)
            fb_text_add_char(&text, ' ');
        fb_text_add(&text, fb_value_str(words->items[i]));
    }
    *out = (fb_str){ text.data, text.len };
    return text.failed ? fb_raise_memory(error) : APR_SUCCESS;
}

/* ^[\w.+-]{2,}:/{0,2}$ */
static bool is_scheme(fb_str s)
{
    apr_size_t at = 0, chars = 0;

    while (at < s.len) {
        apr_size_t next = at;
        unsigned int c = fb_chars_next(s, &next);

        if (!fb_char_is_word(c) && c != '.' && c != '+' && c != '-')
            break;
        at = next;
        chars++;
    }
    s = fb_str_sub(s, at, s.len);
    return chars >= 2 && (fb_str_eq_z(s, ":") || fb_str_eq_z(s, ":/") || fb_str_eq_z(s, "://"));
}

static apr_status_t schemes_of(fb_vm *vm, fb_value v, fb_urlize *how, fb_error *error)
{
    fb_list *list;
    fb_str *schemes;
    bool truth = true;
    apr_status_t status = APR_SUCCESS;

    if (fb_is_absent(v) || fb_is_none(v)) {
        v = fb_vm_policy(vm, "urlize.extra_schemes");
        status = fb_is_absent(v) ? APR_SUCCESS : fb_truth(vm, v, &truth, error);
    }
    if (status != APR_SUCCESS || fb_is_absent(v) || !truth)
        return status;
    status = fb_to_list(vm, v, &list, error);
    if (status != APR_SUCCESS)
        return status;
    schemes = fb_arena_alloc(fb_vm_arena(vm), list->len * sizeof(*schemes));
    if (schemes == NULL)
        return fb_raise_memory(error);
    for (uint32_t i = 0; i < list->len; i++) {
        if (!fb_is_string(list->items[i]))
            return fb_raise(error, "TypeError", "expected string or bytes-like object");
        schemes[i] = fb_value_str(list->items[i]);
        if (!is_scheme(schemes[i]))
            return fb_raise(error, "FilterArgumentError", "%s is not a valid URI scheme prefix.",
                            fb_chars_repr_z(schemes[i], fb_vm_arena(vm)));
    }
    how->schemes = schemes;
    how->scheme_count = list->len;
    return APR_SUCCESS;
}

FB_NATIVE(fb_filter_urlize)
{
    fb_urlize how = { .trim = -1 };
    fb_value target = args.v[2], escaped;
    bool nofollow;
    fb_text text;
    apr_status_t status = fb_arg_truth(vm, args.v[1], false, &nofollow, error);

    FB_UNUSED(kwargs);
    if (status == APR_SUCCESS && !fb_is_none(args.v[0]))
        status = fb_arg_int(args.v[0], -1, &how.trim, error);
    if (status == APR_SUCCESS)
        status = rel_of(vm, args.v[3], nofollow, &how.rel, error);
    if (fb_is_absent(target) || fb_is_none(target))
        target = fb_vm_policy(vm, "urlize.target");
    if (status == APR_SUCCESS && !fb_is_absent(target) && !fb_is_none(target))
        status = fb_to_string(vm, target, &target, error);
    if (status == APR_SUCCESS)
        status = schemes_of(vm, args.v[4], &how, error);
    if (status == APR_SUCCESS)
        status = fb_escape(vm, self, &escaped, error);
    if (status != APR_SUCCESS)
        return status;
    if (fb_is_string(target))
        how.target = fb_value_str(target);
    fb_text_init(&text, vm, (apr_size_t)escaped.len + 64);
    fb_chars_urlize(&text, fb_value_str(escaped), &how);
    return fb_text_finish(&text, fb_vm_autoescape(vm) ? FB_MARKUP : FB_STR, out, error);
}

/* --- filesizeformat --- */

FB_NATIVE(fb_filter_filesizeformat)
{
    static const char *const units[2][8] = {
        { "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB" },
        { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB" },
    };
    double bytes, base, unit;
    bool binary;
    int prefix = 0;
    fb_text text;
    apr_status_t status = fb_to_float(vm, self, &bytes, error);

    FB_UNUSED(kwargs);
    if (status == APR_SUCCESS)
        status = fb_arg_truth(vm, args.v[0], false, &binary, error);
    if (status != APR_SUCCESS)
        return status;
    base = binary ? 1024 : 1000;
    fb_text_init(&text, vm, 24);
    if (bytes == 1)
        fb_text_add(&text, FB_STR("1 Byte"));
    else if (bytes < base) {
        fb_integer whole;

        status = fb_integer_from_double(&whole, bytes, fb_vm_arena(vm), error);
        if (status == APR_SUCCESS)
            status = fb_integer_write(&text, whole, 10, error);
        if (status != APR_SUCCESS)
            return status;
        fb_text_add(&text, FB_STR(" Bytes"));
    } else {
        for (unit = base * base; prefix < 7 && !(bytes < unit); prefix++)
            unit *= base;
        status = fb_format_double(&text, base * bytes / unit, 'f', 1, 0, error);
        if (status != APR_SUCCESS)
            return status;
        fb_text_add_char(&text, ' ');
        fb_text_add(&text, fb_str_from(units[binary][prefix]));
    }
    return fb_text_finish(&text, FB_STR, out, error);
}
