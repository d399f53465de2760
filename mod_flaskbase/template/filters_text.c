/* Filters that make text of text: case, padding, wrapping, replacing. */
#include "template/builtins_impl.h"
#include "template/format.h"

#include "base/banned.h"

/* The filters of one string without arguments, which keep Markup as the methods of Markup do. */
static apr_status_t recase(fb_vm *vm, fb_value self, fb_chars_case how, fb_value *out,
                           fb_error *error)
{
    fb_value s;
    fb_text text;
    apr_status_t status = fb_soft_str(vm, self, &s, error);

    if (status != APR_SUCCESS)
        return status;
    fb_text_init(&text, vm, s.len);
    fb_chars_recase(&text, fb_value_str(s), how);
    return fb_text_finish(&text, (fb_tag)s.tag, out, error);
}

FB_NATIVE(fb_filter_upper)
{
    FB_UNUSED(args), FB_UNUSED(kwargs);
    return recase(vm, self, FB_CASE_UPPER, out, error);
}

FB_NATIVE(fb_filter_lower)
{
    FB_UNUSED(args), FB_UNUSED(kwargs);
    return recase(vm, self, FB_CASE_LOWER, out, error);
}

FB_NATIVE(fb_filter_capitalize)
{
    FB_UNUSED(args), FB_UNUSED(kwargs);
    return recase(vm, self, FB_CASE_CAPITALIZE, out, error);
}

FB_NATIVE(fb_filter_title)
{
    apr_status_t status = recase(vm, self, FB_CASE_WORDS, out, error);

    FB_UNUSED(args), FB_UNUSED(kwargs);
    if (status == APR_SUCCESS)
        *out = fb_retag(*out, FB_STR); /* its pieces are joined by a plain string */
    return status;
}

FB_NATIVE(fb_filter_string)
{
    FB_UNUSED(args), FB_UNUSED(kwargs);
    return fb_soft_str(vm, self, out, error);
}

FB_NATIVE(fb_filter_trim)
{
    fb_value s;
    fb_str chars;
    apr_status_t status = fb_soft_str(vm, self, &s, error);

    FB_UNUSED(kwargs);
    if (status != APR_SUCCESS)
        return status;
    *out = s;
    if (fb_is_absent(args.v[0]) || fb_is_none(args.v[0]))
        chars = fb_chars_strip(fb_value_str(s), FB_BOTH);
    else {
        fb_value of = args.v[0];

        if (!fb_is_string(of))
            return fb_raise(error, "TypeError", "strip arg must be None or str");
        if (s.tag == FB_MARKUP) /* the methods of Markup escape what they are given */
            status = fb_escape(vm, of, &of, error);
        if (status != APR_SUCCESS)
            return status;
        chars = fb_chars_strip_of(fb_value_str(s), fb_value_str(of), FB_BOTH);
    }
    out->as.s = chars.ptr;
    out->len = (uint32_t)chars.len;
    return APR_SUCCESS;
}

FB_NATIVE(fb_filter_center)
{
    fb_value s;
    fb_text text;
    int64_t width;
    apr_status_t status = fb_soft_str(vm, self, &s, error);

    FB_UNUSED(kwargs);
    if (status == APR_SUCCESS)
        status = fb_arg_int(args.v[0], 80, &width, error);
    if (status != APR_SUCCESS)
        return status;
    fb_text_init(&text, vm, s.len);
    fb_chars_pad(&text, fb_value_str(s), FB_PAD_CENTER, width, FB_STR(" "));
    return fb_text_finish(&text, (fb_tag)s.tag, out, error);
}

/* --- replace --- */

FB_NATIVE(fb_filter_replace)
{
    fb_value s = self, old = args.v[0], with = args.v[1];
    bool autoescape = fb_vm_autoescape(vm);
    fb_text text;
    int64_t max;
    apr_status_t status;

    FB_UNUSED(kwargs);
    if (autoescape && (fb_has_html(old) || (fb_has_html(with) && !fb_has_html(s))))
        status = fb_escape(vm, s, &s, error);
    else
        status = fb_soft_str(vm, s, &s, error);
    if (status == APR_SUCCESS)
        status = fb_soft_str(vm, old, &old, error);
    if (status == APR_SUCCESS)
        status = fb_soft_str(vm, with, &with, error);
    if (status == APR_SUCCESS)
        status = fb_is_none(args.v[2]) ? (max = -1, APR_SUCCESS)
                                       : fb_arg_int(args.v[2], -1, &max, error);
    if (status != APR_SUCCESS)
        return status;
    if (!autoescape)
        s = fb_retag(s, FB_STR);
    else if (s.tag == FB_MARKUP) {
        status = fb_escape(vm, old, &old, error);
        if (status == APR_SUCCESS)
            status = fb_escape(vm, with, &with, error);
        if (status != APR_SUCCESS)
            return status;
    }
    fb_text_init(&text, vm, s.len);
    fb_chars_replace(&text, fb_value_str(s), fb_value_str(old), fb_value_str(with), max);
    return fb_text_finish(&text, (fb_tag)s.tag, out, error);
}

FB_NATIVE(fb_filter_format)
{
    fb_value s, operand;
    fb_list *list;
    fb_dict *dict;
    apr_status_t status;

    if (args.n > 0 && kwargs.n > 0)
        return fb_raise(error, "FilterArgumentError",
                        "can't handle positional and keyword arguments at the same time");
    status = fb_soft_str(vm, self, &s, error);
    if (status != APR_SUCCESS)
        return status;
    if (kwargs.n > 0) {
        dict = fb_dict_create(fb_vm_arena(vm), kwargs.n);
        for (apr_size_t i = 0; dict != NULL && i < kwargs.n; i++)
            if (fb_dict_set_str(dict, kwargs.v[i].name, kwargs.v[i].value, fb_vm_arena(vm)) !=
                APR_SUCCESS)
                return fb_raise_memory(error);
        if (dict == NULL)
            return fb_raise_memory(error);
        operand = fb_dict_value(dict);
    } else {
        list = fb_list_create(fb_vm_arena(vm), args.n);
        for (apr_size_t i = 0; list != NULL && i < args.n; i++)
            if (fb_list_push(list, args.v[i], fb_vm_arena(vm)) != APR_SUCCESS)
                return fb_raise_memory(error);
        if (list == NULL)
            return fb_raise_memory(error);
        operand = fb_tuple_value(list);
    }
    return fb_format_percent(vm, s, operand, out, error);
}

/* --- truncate --- */

static apr_status_t leeway_of(fb_vm *vm, fb_value v, int64_t *out, fb_error *error)
{
    if (fb_is_absent(v) || fb_is_none(v))
        v = fb_vm_policy(vm, "truncate.leeway");
    return fb_arg_int(v, 5, out, error);
}

FB_NATIVE(fb_filter_truncate)
{
    fb_value end = fb_is_absent(args.v[2]) ? FB_VSTR("...") : args.v[2], s = self;
    int64_t length, leeway, count, end_count;
    bool kill = false;
    fb_text text;
    fb_str head;
    apr_status_t status = fb_arg_int(args.v[0], 255, &length, error);

    FB_UNUSED(kwargs);
    if (status == APR_SUCCESS)
        status = fb_length(vm, end, &end_count, error);
    if (status != APR_SUCCESS)
        return status;
    if (length < end_count)
        return fb_raise(error, "AssertionError",
                        "expected length >= %" APR_INT64_T_FMT ", got %" APR_INT64_T_FMT, end_count,
                        length);
    status = leeway_of(vm, args.v[3], &leeway, error);
    if (status != APR_SUCCESS)
        return status;
    if (leeway < 0)
        return fb_raise(error, "AssertionError", "expected leeway >= 0, got %" APR_INT64_T_FMT,
                        leeway);
    *out = self;
    status = fb_length(vm, self, &count, error);
    if (status != APR_SUCCESS || leeway > INT64_MAX - length || count <= length + leeway)
        return status;
    status = fb_arg_truth(vm, args.v[1], false, &kill, error);
    if (status != APR_SUCCESS)
        return status;
    if (!fb_is_string(s))
        return kill ? fb_raise(error, "TypeError", "can only concatenate %s (not \"str\") to %s",
                               fb_value_type(s), fb_value_type(s))
                    : fb_raise(error, "AttributeError", "'%s' object has no attribute 'rsplit'",
                               fb_value_type(s));
    head = fb_chars_slice(fb_value_str(s), 0, (apr_size_t)(length - end_count));
    if (!kill) {
        apr_ssize_t space = fb_chars_rfind(head, FB_STR(" "));

        if (space >= 0)
            head = fb_str_sub(head, 0, (apr_size_t)space);
    }
    if (s.tag == FB_MARKUP || end.tag == FB_MARKUP) { /* Markup + str and str + Markup */
        fb_value first = fb_retag(fb_string(head), (fb_tag)s.tag);

        return fb_binary(vm, FB_BIN_ADD, first, end, out, error);
    }
    fb_text_init(&text, vm, head.len + end.len);
    fb_text_add(&text, head);
    fb_text_add(&text, fb_value_str(end));
    return fb_text_finish(&text, FB_STR, out, error);
}

/* --- indent, wordwrap, wordcount --- */

/* The lines of s behind each other; `unit` before all but the first and, unless `blank`, empty
 * ones. */
static void indent_lines(fb_text *text, fb_str s, fb_str unit, bool first, bool blank)
{
    fb_str line;
    bool top = true;

    if (first)
        fb_text_add(text, unit);
    /* Jinja2 adds a newline before it splits: the text always ends with a line, maybe empty. */
    while (fb_chars_next_line(&s, &line, FB_LINE_ENDS_KEEP)) {
        fb_str bare = line, rest = line;

        if (!fb_chars_next_line(&rest, &bare, FB_LINE_ENDS_CUT))
            bare = line;
        if (!top) {
            fb_text_add_char(text, '\n');
            if (blank || bare.len > 0)
                fb_text_add(text, unit);
        }
        fb_text_add(text, bare);
        top = false;
        if (s.len == 0 && bare.len < line.len &&
            !(line.len - bare.len == 1 && line.ptr[bare.len] == '\r')) {
            fb_text_add_char(text, '\n');
            if (blank)
                fb_text_add(text, unit);
        }
    }
}

FB_NATIVE(fb_filter_indent)
{
    fb_value s = self, unit = args.v[0];
    bool first = false, blank = false;
    fb_text text;
    apr_status_t status = fb_arg_truth(vm, args.v[1], false, &first, error);

    FB_UNUSED(kwargs);
    if (status == APR_SUCCESS)
        status = fb_arg_truth(vm, args.v[2], false, &blank, error);
    if (status != APR_SUCCESS)
        return status;
    if (!fb_is_string(unit)) {
        status = fb_binary(vm, FB_BIN_MUL, FB_VSTR(" "), fb_is_absent(unit) ? fb_int(4) : unit,
                           &unit, error);
        if (status != APR_SUCCESS)
            return status;
    }
    if (s.tag == FB_UNDEFINED)
        return fb_raise_undefined(vm, s, error);
    if (!fb_is_string(s))
        return fb_raise(error, s.tag == FB_LIST ? "AttributeError" : "TypeError",
                        "unsupported operand type(s) for +=: '%s' and 'str'", fb_value_type(s));
    fb_text_init(&text, vm, (apr_size_t)s.len + 64);
    indent_lines(&text, fb_value_str(s), fb_value_str(unit), first, blank);
    return fb_text_finish(&text, (fb_tag)s.tag, out, error);
}

FB_NATIVE(fb_filter_wordcount)
{
    fb_value s;
    apr_status_t status = fb_soft_str(vm, self, &s, error);

    FB_UNUSED(args), FB_UNUSED(kwargs);
    if (status == APR_SUCCESS)
        *out = fb_int((int64_t)fb_chars_words(fb_value_str(s)));
    return status;
}

/* An attribute error as Python's for a value that is no str. */
static apr_status_t needs_str(fb_vm *vm, fb_value v, const char *method, fb_error *error)
{
    if (v.tag == FB_UNDEFINED)
        return fb_raise_undefined(vm, v, error);
    return fb_raise(error, "AttributeError", "'%s' object has no attribute '%s'", fb_value_type(v),
                    method);
}

FB_NATIVE(fb_filter_wordwrap)
{
    fb_value newline = args.v[2];
    bool long_words = true, hyphens = true, first = true, markup;
    unsigned int flags = 0;
    int64_t width = 79;
    fb_text text;
    fb_str rest, line;
    apr_status_t status = APR_SUCCESS;

    FB_UNUSED(kwargs);
    if (!fb_is_string(self))
        return needs_str(vm, self, "splitlines", error);
    if (self.len > 0)
        status = fb_arg_int(args.v[0], 79, &width, error);
    if (status == APR_SUCCESS)
        status = fb_arg_truth(vm, args.v[1], true, &long_words, error);
    if (status == APR_SUCCESS)
        status = fb_arg_truth(vm, args.v[3], true, &hyphens, error);
    if (status != APR_SUCCESS)
        return status;
    if (fb_is_absent(newline) || fb_is_none(newline))
        newline = fb_string(fb_vm_newline(vm));
    if (!fb_is_string(newline))
        return needs_str(vm, newline, "join", error);
    if (width <= 0)
        return fb_raise(error, "ValueError", "invalid width %" APR_INT64_T_FMT " (must be > 0)",
                        width);
    flags |= long_words ? FB_WRAP_LONG_WORDS : 0;
    flags |= hyphens ? FB_WRAP_LONG_HYPHENS : 0;
    if (fb_is_absent(args.v[3]) || (args.v[3].tag == FB_BOOL && hyphens))
        flags |= FB_WRAP_HYPHENS;
    markup = newline.tag == FB_MARKUP; /* joins what it gets escaped */
    fb_text_init(&text, vm, (apr_size_t)self.len + self.len / 16);
    rest = fb_value_str(self);
    while (fb_chars_next_line(&rest, &line, FB_LINE_ENDS_CUT)) {
        fb_text part = { .arena = text.arena };

        if (!first)
            fb_text_add(&text, fb_value_str(newline));
        first = false;
        if (!markup) {
            fb_chars_wrap(&text, line, width, flags, fb_value_str(newline));
            continue;
        }
        /* Each line is escaped, the newlines between are not. */
        fb_chars_wrap(&part, line, width, flags, FB_STR("\n"));
        fb_str wrapped = { part.data, part.len }, piece;
        for (bool top = true; fb_chars_next_line(&wrapped, &piece, FB_LINE_ENDS_CUT); top = false) {
            if (!top)
                fb_text_add(&text, fb_value_str(newline));
            fb_text_add_escaped(&text, piece);
        }
    }
    return fb_text_finish(&text, markup ? FB_MARKUP : FB_STR, out, error);
}
