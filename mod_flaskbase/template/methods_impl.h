/* The functions behind the methods of strings, which two files share. */
#ifndef FB_TEMPLATE_METHODS_IMPL_H
#define FB_TEMPLATE_METHODS_IMPL_H

#include "template/builtins_impl.h"

/* methods_case.c: what makes text of text */
fb_native fb_str_capitalize, fb_str_casefold, fb_str_center, fb_str_expandtabs, fb_str_format,
    fb_str_format_map, fb_str_join, fb_str_ljust, fb_str_lower, fb_str_lstrip, fb_str_maketrans,
    fb_str_removeprefix, fb_str_removesuffix, fb_str_replace, fb_str_rjust, fb_str_rstrip,
    fb_str_strip, fb_str_swapcase, fb_str_title, fb_str_translate, fb_str_upper, fb_str_zfill,
    fb_str_encode, fb_str_unescape, fb_str_html;

/* An argument of a method of Markup: strings are escaped. */
apr_status_t fb_markup_arg(fb_vm *vm, fb_value self, fb_value arg, fb_value *out,
                           fb_error *error) FB_MUST_CHECK;

#endif
