/* Methods of str, Markup and bytes: searching, splitting, classes; and their tables. */
#include "template/methods_impl.h"

#include <string.h>

#include "base/banned.h"

/* --- the part between two optional indices --- */

static apr_status_t index_arg(fb_value v, int64_t fallback, int64_t count, int64_t *out,
                              fb_error *error)
{
    apr_status_t status = APR_SUCCESS;

    *out = fallback;
    if (!fb_is_absent(v) && !fb_is_none(v))
        status = fb_arg_int(v, fallback, out, error);
    if (status != APR_SUCCESS)
        return fb_raise(error, "TypeError",
                        "slice indices must be integers or None or have an __index__ method");
    if (*out < 0)
        *out = *out < -count ? 0 : *out + count;
    return APR_SUCCESS;
}

typedef struct window {
    fb_str part;
    int64_t start; /* code points before it */
    bool empty;    /* starts behind the end: nothing is found, not even "" */
} window;

/* args: what to look for, start, end. */
static apr_status_t window_of(window *out, fb_value self, fb_args args, fb_error *error)
{
    fb_str s = fb_value_str(self);
    int64_t count, start, end;
    apr_status_t status;

    out->part = s;
    out->start = 0;
    out->empty = false;
    if (fb_is_absent(args.v[1]) && fb_is_absent(args.v[2]))
        return APR_SUCCESS;
    count = (int64_t)fb_chars_count(s);
    status = index_arg(args.v[1], 0, count, &start, error);
    if (status == APR_SUCCESS)
        status = index_arg(args.v[2], count, count, &end, error);
    if (status != APR_SUCCESS)
        return status;
    if (end > count)
        end = count;
    out->empty = start > end;
    out->start = start;
    out->part =
        start > end ? fb_str_sub(s, 0, 0) : fb_chars_slice(s, (apr_size_t)start, (apr_size_t)end);
    return APR_SUCCESS;
}

static apr_status_t needle_of(fb_value v, fb_str *out, fb_error *error)
{
    return fb_arg_str(v, "argument", out, error);
}

static apr_status_t search(fb_value self, fb_args args, bool from_right, int64_t *out,
                           fb_error *error)
{
    fb_str needle;
    window w;
    apr_ssize_t at;
    apr_status_t status = needle_of(args.v[0], &needle, error);

    if (status == APR_SUCCESS)
        status = window_of(&w, self, args, error);
    if (status != APR_SUCCESS)
        return status;
    at = from_right ? fb_chars_rfind(w.part, needle) : fb_chars_find(w.part, needle);
    *out = at < 0 || w.empty ? -1 : w.start + (int64_t)fb_chars_index(w.part, (apr_size_t)at);
    return APR_SUCCESS;
}

static FB_NATIVE(str_find)
{
    int64_t at = -1;
    apr_status_t status = search(self, args, false, &at, error);

    FB_UNUSED(vm), FB_UNUSED(kwargs);
    *out = fb_int(at);
    return status;
}

static FB_NATIVE(str_rfind)
{
    int64_t at = -1;
    apr_status_t status = search(self, args, true, &at, error);

    FB_UNUSED(vm), FB_UNUSED(kwargs);
    *out = fb_int(at);
    return status;
}

static apr_status_t must_find(fb_value self, fb_args args, bool from_right, fb_value *out,
                              fb_error *error)
{
    int64_t at = -1;
    apr_status_t status = search(self, args, from_right, &at, error);

    *out = fb_int(at);
    if (status == APR_SUCCESS && at < 0)
        return fb_raise(error, "ValueError", "substring not found");
    return status;
}

static FB_NATIVE(str_index)
{
    FB_UNUSED(vm), FB_UNUSED(kwargs);
    return must_find(self, args, false, out, error);
}

static FB_NATIVE(str_rindex)
{
    FB_UNUSED(vm), FB_UNUSED(kwargs);
    return must_find(self, args, true, out, error);
}

static FB_NATIVE(str_count)
{
    fb_str needle;
    window w;
    apr_status_t status = needle_of(args.v[0], &needle, error);

    FB_UNUSED(vm), FB_UNUSED(kwargs);
    if (status == APR_SUCCESS)
        status = window_of(&w, self, args, error);
    if (status == APR_SUCCESS)
        *out = fb_int(w.empty ? 0 : (int64_t)fb_chars_occurrences(w.part, needle));
    return status;
}

/* startswith and endswith: a str, or a tuple of them. */
static apr_status_t matches_end(fb_value self, fb_args args, bool at_end, fb_value *out,
                                fb_error *error)
{
    fb_value what = args.v[0];
    const fb_value *each = &what;
    uint32_t count = 1;
    window w;
    apr_status_t status = window_of(&w, self, args, error);

    if (status != APR_SUCCESS)
        return status;
    if (what.tag == FB_TUPLE) {
        each = what.as.list->items;
        count = what.as.list->len;
    }
    *out = fb_bool(false);
    for (uint32_t i = 0; i < count; i++) {
        if (!fb_is_string(each[i]))
            return fb_raise(error, "TypeError",
                            "%s first arg must be str or a tuple of str, not %s",
                            at_end ? "endswith" : "startswith", fb_value_type(each[i]));
        if (!w.empty && (at_end ? fb_str_ends(w.part, fb_value_str(each[i]))
                                : fb_str_starts(w.part, fb_value_str(each[i]))))
            *out = fb_bool(true);
    }
    return APR_SUCCESS;
}

static FB_NATIVE(str_startswith)
{
    FB_UNUSED(vm), FB_UNUSED(kwargs);
    return matches_end(self, args, false, out, error);
}

static FB_NATIVE(str_endswith)
{
    FB_UNUSED(vm), FB_UNUSED(kwargs);
    return matches_end(self, args, true, out, error);
}

/* --- splitting --- */

static apr_status_t push(fb_vm *vm, fb_list *list, fb_str part, fb_value self, fb_error *error)
{
    fb_value v = fb_retag(fb_string(part), (fb_tag)self.tag);

    v.flags = self.flags & FB_STR_ASCII;
    return fb_list_push(list, v, fb_vm_arena(vm)) == APR_SUCCESS ? APR_SUCCESS
                                                                 : fb_raise_memory(error);
}

static void turn(fb_list *list)
{
    for (uint32_t i = 0; i < list->len / 2; i++) {
        fb_value swap = list->items[i];

        list->items[i] = list->items[list->len - 1 - i];
        list->items[list->len - 1 - i] = swap;
    }
}

static apr_status_t split(fb_vm *vm, fb_value self, fb_args args, bool from_right, fb_value *out,
                          fb_error *error)
{
    fb_list *list = fb_list_create(fb_vm_arena(vm), 4);
    fb_str sep = { NULL, 0 }, part;
    int64_t max;
    fb_split walk;
    apr_status_t status = fb_arg_int(args.v[1], -1, &max, error);

    if (list == NULL)
        return fb_raise_memory(error);
    if (status == APR_SUCCESS && !fb_is_absent(args.v[0]) && !fb_is_none(args.v[0])) {
        if (!fb_is_string(args.v[0]))
            return fb_raise(error, "TypeError", "must be str or None, not %s",
                            fb_value_type(args.v[0]));
        sep = fb_value_str(args.v[0]);
        if (sep.len == 0)
            return fb_raise(error, "ValueError", "empty separator");
    }
    fb_split_start(&walk, fb_value_str(self), sep, max);
    while (status == APR_SUCCESS &&
           (from_right ? fb_split_next_right(&walk, &part) : fb_split_next(&walk, &part)))
        status = push(vm, list, part, self, error);
    if (from_right)
        turn(list);
    *out = fb_list_value(list);
    return status;
}

static FB_NATIVE(str_split)
{
    FB_UNUSED(kwargs);
    return split(vm, self, args, false, out, error);
}

static FB_NATIVE(str_rsplit)
{
    FB_UNUSED(kwargs);
    return split(vm, self, args, true, out, error);
}

static FB_NATIVE(str_splitlines)
{
    fb_list *list = fb_list_create(fb_vm_arena(vm), 4);
    fb_str rest = fb_value_str(self), line;
    bool keep;
    apr_status_t status = fb_arg_flag(args.v[0], &keep, error);

    FB_UNUSED(kwargs);
    if (list == NULL)
        return fb_raise_memory(error);
    while (status == APR_SUCCESS &&
           fb_chars_next_line(&rest, &line, keep ? FB_LINE_ENDS_KEEP : FB_LINE_ENDS_CUT))
        status = push(vm, list, line, self, error);
    *out = fb_list_value(list);
    return status;
}

static apr_status_t partition(fb_vm *vm, fb_value self, fb_args args, bool from_right,
                              fb_value *out, fb_error *error)
{
    fb_list *list = fb_list_create(fb_vm_arena(vm), 3);
    fb_str s = fb_value_str(self), sep, none = { s.ptr, 0 };
    fb_value by;
    apr_ssize_t at;
    apr_status_t status = fb_markup_arg(vm, self, args.v[0], &by, error);

    if (status == APR_SUCCESS)
        status = fb_arg_str(by, "argument", &sep, error);
    if (status != APR_SUCCESS || list == NULL)
        return list == NULL ? fb_raise_memory(error) : status;
    if (sep.len == 0)
        return fb_raise(error, "ValueError", "empty separator");
    at = from_right ? fb_chars_rfind(s, sep) : fb_chars_find(s, sep);
    if (at >= 0)
        status = push(vm, list, fb_str_sub(s, 0, (apr_size_t)at), self, error);
    else
        status = push(vm, list, from_right ? none : s, self, error);
    if (status == APR_SUCCESS)
        status =
            push(vm, list, at < 0 ? none : fb_str_sub(s, (apr_size_t)at, sep.len), self, error);
    if (status == APR_SUCCESS)
        status = push(vm, list,
                      at >= 0      ? fb_str_sub(s, (apr_size_t)at + sep.len, s.len)
                      : from_right ? s
                                   : none,
                      self, error);
    *out = fb_tuple_value(list);
    return status;
}

static FB_NATIVE(str_partition)
{
    FB_UNUSED(kwargs);
    return partition(vm, self, args, false, out, error);
}

static FB_NATIVE(str_rpartition)
{
    FB_UNUSED(kwargs);
    return partition(vm, self, args, true, out, error);
}

/* --- classes --- */

#define CLASS(name, what)                                                                          \
    static FB_NATIVE(name)                                                                         \
    {                                                                                              \
        FB_UNUSED(vm), FB_UNUSED(args), FB_UNUSED(kwargs), FB_UNUSED(error);                       \
        *out = fb_bool(fb_chars_is(fb_value_str(self), what));                                     \
        return APR_SUCCESS;                                                                        \
    }

CLASS(str_isalnum, FB_CHARS_ALNUM)
CLASS(str_isalpha, FB_CHARS_ALPHA)
CLASS(str_isascii, FB_CHARS_ASCII)
CLASS(str_isdecimal, FB_CHARS_DECIMAL)
CLASS(str_isdigit, FB_CHARS_DIGIT)
CLASS(str_isidentifier, FB_CHARS_IDENTIFIER)
CLASS(str_islower, FB_CHARS_LOWER)
CLASS(str_isnumeric, FB_CHARS_NUMERIC)
CLASS(str_isprintable, FB_CHARS_PRINTABLE)
CLASS(str_isspace, FB_CHARS_SPACE)
CLASS(str_istitle, FB_CHARS_TITLE)
CLASS(str_isupper, FB_CHARS_UPPER)

/* --- bytes --- */

static FB_NATIVE(bytes_decode)
{
    fb_str name = FB_STR("utf-8"), s = fb_value_str(self);
    fb_text text;
    apr_status_t status = APR_SUCCESS;

    FB_UNUSED(kwargs);
    if (!fb_is_absent(args.v[0]))
        status = fb_arg_str(args.v[0], "decode() argument 'encoding'", &name, error);
    if (status != APR_SUCCESS)
        return status;
    *out = fb_retag(self, FB_STR);
    if (fb_str_ieq_z(name, "utf-8") || fb_str_ieq_z(name, "utf8") || fb_str_ieq_z(name, "ascii")) {
        if (fb_str_is_utf8(s) && (!fb_str_ieq_z(name, "ascii") || fb_chars_is_ascii(s)))
            return APR_SUCCESS;
        return fb_raise(error, "UnicodeDecodeError", "'%.*s' codec can't decode the bytes",
                        FB_STR_ARG(name));
    }
    if (!fb_str_ieq_z(name, "latin-1") && !fb_str_ieq_z(name, "latin1") &&
        !fb_str_ieq_z(name, "iso-8859-1"))
        return fb_raise(error, "LookupError", "unknown encoding: %.*s", FB_STR_ARG(name));
    fb_text_init(&text, vm, s.len);
    for (apr_size_t i = 0; i < s.len; i++)
        fb_text_add_code(&text, (unsigned char)s.ptr[i]);
    return fb_text_finish(&text, FB_STR, out, error);
}

static FB_NATIVE(bytes_hex)
{
    fb_str s = fb_value_str(self);
    fb_text text;

    FB_UNUSED(args), FB_UNUSED(kwargs);
    fb_text_init(&text, vm, 2 * s.len);
    for (apr_size_t i = 0; i < s.len; i++) {
        fb_text_add_char(&text, "0123456789abcdef"[(unsigned char)s.ptr[i] >> 4]);
        fb_text_add_char(&text, "0123456789abcdef"[s.ptr[i] & 15]);
    }
    return fb_text_finish(&text, FB_STR, out, error);
}

/* --- the tables --- */

#define WINDOW FB_PARAMS("sub", "start", "end"), .required = 1

const fb_builtin fb_builtin_str_methods[] = {
    { "capitalize", fb_str_capitalize, FB_NO_PARAMS,
      .doc = "First letter upper case, others lower." },
    { "casefold", fb_str_casefold, FB_NO_PARAMS, .doc = "Folded for comparing without case." },
    { "center", fb_str_center, FB_PARAMS("width", "fillchar"), .required = 1,
      .doc = "Centred in width." },
    { "count", str_count, WINDOW, .doc = "How often sub occurs." },
    { "encode", fb_str_encode, FB_PARAMS("encoding", "errors"), .doc = "As bytes." },
    { "endswith", str_endswith, WINDOW, .doc = "Does it end with sub?" },
    { "expandtabs", fb_str_expandtabs, FB_PARAMS("tabsize"), .doc = "Tabs become spaces." },
    { "find", str_find, WINDOW, .doc = "Where sub first occurs, or -1." },
    { "format", fb_str_format, .doc = "The {} fields filled in.",
      .flags = FB_FN_VARARGS | FB_FN_KWARGS },
    { "format_map", fb_str_format_map, FB_PARAMS("mapping"), .required = 1,
      .doc = "The {} fields filled in from a dict." },
    { "index", str_index, WINDOW, .doc = "Where sub first occurs; an error if nowhere." },
    { "isalnum", str_isalnum, FB_NO_PARAMS, .doc = "Only letters and digits?" },
    { "isalpha", str_isalpha, FB_NO_PARAMS, .doc = "Only letters?" },
    { "isascii", str_isascii, FB_NO_PARAMS, .doc = "Only ASCII?" },
    { "isdecimal", str_isdecimal, FB_NO_PARAMS, .doc = "Only decimal digits?" },
    { "isdigit", str_isdigit, FB_NO_PARAMS, .doc = "Only digits?" },
    { "isidentifier", str_isidentifier, FB_NO_PARAMS, .doc = "Could it be a name?" },
    { "islower", str_islower, FB_NO_PARAMS, .doc = "All letters lower case?" },
    { "isnumeric", str_isnumeric, FB_NO_PARAMS, .doc = "Only characters of numbers?" },
    { "isprintable", str_isprintable, FB_NO_PARAMS, .doc = "Only printable characters?" },
    { "isspace", str_isspace, FB_NO_PARAMS, .doc = "Only blanks?" },
    { "istitle", str_istitle, FB_NO_PARAMS, .doc = "Each Word Capitalized?" },
    { "isupper", str_isupper, FB_NO_PARAMS, .doc = "All letters upper case?" },
    { "join", fb_str_join, FB_PARAMS("iterable"), .required = 1,
      .doc = "The strings with this one between them." },
    { "ljust", fb_str_ljust, FB_PARAMS("width", "fillchar"), .required = 1,
      .doc = "Filled up on the right." },
    { "lower", fb_str_lower, FB_NO_PARAMS, .doc = "In lower case." },
    { "lstrip", fb_str_lstrip, FB_PARAMS("chars"), .doc = "Without blanks at the start." },
    { "maketrans", fb_str_maketrans, FB_PARAMS("x", "y", "z"), .required = 1,
      .doc = "A table for translate." },
    { "partition", str_partition, FB_PARAMS("sep"), .required = 1,
      .doc = "Before, sep, behind: at the first sep." },
    { "removeprefix", fb_str_removeprefix, FB_PARAMS("prefix"), .required = 1,
      .doc = "Without that start." },
    { "removesuffix", fb_str_removesuffix, FB_PARAMS("suffix"), .required = 1,
      .doc = "Without that end." },
    { "replace", fb_str_replace, FB_PARAMS("old", "new", "count"), .required = 2,
      .doc = "With old replaced by new." },
    { "rfind", str_rfind, WINDOW, .doc = "Where sub last occurs, or -1." },
    { "rindex", str_rindex, WINDOW, .doc = "Where sub last occurs; an error if nowhere." },
    { "rjust", fb_str_rjust, FB_PARAMS("width", "fillchar"), .required = 1,
      .doc = "Filled up on the left." },
    { "rpartition", str_rpartition, FB_PARAMS("sep"), .required = 1,
      .doc = "Before, sep, behind: at the last sep." },
    { "rsplit", str_rsplit, FB_PARAMS("sep", "maxsplit"), .doc = "Split, from the right." },
    { "rstrip", fb_str_rstrip, FB_PARAMS("chars"), .doc = "Without blanks at the end." },
    { "split", str_split, FB_PARAMS("sep", "maxsplit"), .doc = "Split at sep, or at blanks." },
    { "splitlines", str_splitlines, FB_PARAMS("keepends"), .doc = "Its lines." },
    { "startswith", str_startswith, WINDOW, .doc = "Does it start with sub?" },
    { "strip", fb_str_strip, FB_PARAMS("chars"), .doc = "Without blanks at both ends." },
    { "swapcase", fb_str_swapcase, FB_NO_PARAMS, .doc = "Upper and lower case swapped." },
    { "title", fb_str_title, FB_NO_PARAMS, .doc = "Each Word Capitalized." },
    { "translate", fb_str_translate, FB_PARAMS("table"), .required = 1,
      .doc = "Each character as the table has it." },
    { "upper", fb_str_upper, FB_NO_PARAMS, .doc = "In upper case." },
    { "zfill", fb_str_zfill, FB_PARAMS("width"), .required = 1,
      .doc = "Filled up with zeros, behind the sign." },
    { .name = NULL },
};

const fb_builtin fb_builtin_markup_methods[] = {
    { "__html__", fb_str_html, FB_NO_PARAMS, .doc = "Itself." },
    { "striptags", fb_filter_striptags, FB_NO_PARAMS, .doc = "Its text without tags." },
    { "unescape", fb_str_unescape, FB_NO_PARAMS, .doc = "Its text with entities resolved." },
    { .name = NULL },
};

const fb_builtin fb_builtin_bytes_methods[] = {
    { "decode", bytes_decode, FB_PARAMS("encoding", "errors"), .doc = "As text." },
    { "hex", bytes_hex, FB_NO_PARAMS, .doc = "As hexadecimal digits." },
    { .name = NULL },
};
