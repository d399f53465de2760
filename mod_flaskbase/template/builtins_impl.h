/* What the files of builtins share: the functions behind the rows, and help with arguments. */
#ifndef FB_TEMPLATE_BUILTINS_IMPL_H
#define FB_TEMPLATE_BUILTINS_IMPL_H

#include "template/builtins.h"
#include "template/chars.h"
#include "template/vm.h"

/* The head of every function of a row. */
#define FB_NATIVE(name)                                                                            \
    apr_status_t name(fb_vm *vm, fb_value self, fb_args args, fb_kwargs kwargs, fb_value *out,     \
                      fb_error *error)
/* For those that do not need all of it. */
#define FB_UNUSED(x) ((void)(x))

/* filters_text.c, filters_html.c */
fb_native fb_filter_capitalize, fb_filter_center, fb_filter_escape, fb_filter_filesizeformat,
    fb_filter_forceescape, fb_filter_format, fb_filter_indent, fb_filter_lower, fb_filter_replace,
    fb_filter_safe, fb_filter_string, fb_filter_striptags, fb_filter_title, fb_filter_trim,
    fb_filter_truncate, fb_filter_upper, fb_filter_urlencode, fb_filter_urlize, fb_filter_wordcount,
    fb_filter_wordwrap, fb_filter_xmlattr;
/* filters_number.c */
fb_native fb_filter_abs, fb_filter_float, fb_filter_int, fb_filter_round, fb_filter_sum;
/* filters_list.c */
fb_native fb_filter_attr, fb_filter_default, fb_filter_first, fb_filter_join, fb_filter_last,
    fb_filter_length, fb_filter_list, fb_filter_random, fb_filter_reverse;
/* filters_lazy.c */
fb_native fb_filter_batch, fb_filter_items, fb_filter_map, fb_filter_reject, fb_filter_rejectattr,
    fb_filter_select, fb_filter_selectattr, fb_filter_slice, fb_filter_unique;
/* filters_sort.c */
fb_native fb_filter_dictsort, fb_filter_groupby, fb_filter_max, fb_filter_min, fb_filter_sort;
/* filters_json.c, filters_pprint.c */
fb_native fb_filter_pprint, fb_filter_tojson;

/* --- arguments --- */

/* str(v), or v itself when it is a string: Markup stays (markupsafe.soft_str). */
static inline apr_status_t fb_soft_str(fb_vm *vm, fb_value v, fb_value *out, fb_error *error)
{
    if (fb_is_string(v)) {
        *out = v;
        return APR_SUCCESS;
    }
    return fb_to_string(vm, v, out, error);
}

/* Whether a value has __html__: Markup, and what a chainable Undefined prints. */
bool fb_has_html(fb_value v);
/* An argument used as an index or a count; `fallback` when it was not given. TypeError "'str'
 * object cannot be interpreted as an integer"; bigger ints are clamped to the ends of int64_t. */
apr_status_t fb_arg_int(fb_value v, int64_t fallback, int64_t *out, fb_error *error) FB_MUST_CHECK;
/* An argument that Python takes as an int for a flag (sorted's reverse). */
apr_status_t fb_arg_flag(fb_value v, bool *out, fb_error *error) FB_MUST_CHECK;
/* The truth of an argument; `fallback` when it was not given. */
apr_status_t fb_arg_truth(fb_vm *vm, fb_value v, bool fallback, bool *out,
                          fb_error *error) FB_MUST_CHECK;
/* A str argument; TypeError "WHAT must be str, not int" otherwise. */
apr_status_t fb_arg_str(fb_value v, const char *what, fb_str *out, fb_error *error) FB_MUST_CHECK;

/* float(v): numbers and texts. TypeError, ValueError, OverflowError, as Python. */
apr_status_t fb_to_float(fb_vm *vm, fb_value v, double *out, fb_error *error) FB_MUST_CHECK;

/* --- attribute paths of filters: "a.b,c" --- */

typedef struct fb_path {
    const fb_value *keys; /* str or int */
    apr_size_t count;
} fb_path;

typedef enum fb_case_rule { FB_KEEP_CASE, FB_IGNORE_CASE } fb_case_rule;

/* Of an attribute argument; none and absent give an empty path, which is the item itself. */
apr_status_t fb_path_parse(fb_path *out, fb_vm *vm, fb_value attribute,
                           fb_error *error) FB_MUST_CHECK;
/* Looks it up in an item. `missing` (if not FB_ABSENT) replaces what is undefined at any step. */
apr_status_t fb_path_get(fb_vm *vm, const fb_path *path, fb_value item, fb_value missing,
                         fb_case_rule rule, fb_value *out, fb_error *error) FB_MUST_CHECK;
/* s.lower() if it is a string. */
apr_status_t fb_lower_key(fb_vm *vm, fb_value v, fb_value *out, fb_error *error) FB_MUST_CHECK;

/* Sorts in place, stable, by the keys beside; moves both. `reverse` as Python's sorted has it. */
typedef enum fb_order { FB_ASCENDING, FB_DESCENDING } fb_order;
/* How keys compare: by < alone, or as lists of one key do (== first, then <). */
typedef enum fb_key_rule { FB_KEYS_PLAIN, FB_KEYS_AS_LISTS } fb_key_rule;
apr_status_t fb_sort(fb_vm *vm, fb_value *items, fb_value *keys, apr_size_t count, fb_order order,
                     fb_key_rule rule, fb_error *error) FB_MUST_CHECK;

/* A result in Markup or str. */
static inline fb_value fb_retag(fb_value v, fb_tag tag)
{
    v.tag = (uint8_t)tag;
    return v;
}

#endif
