/* Python's two formatting mini-languages: format() specifications and % conversions. */
#ifndef FB_TEMPLATE_FORMAT_H
#define FB_TEMPLATE_FORMAT_H

#include "template/number.h"

/* --- format(value, spec), as f-strings and str.format have it --- */

typedef struct fb_format_spec {
    fb_str fill;        /* one code point; empty: a space, or zeros after '=' */
    char align;         /* '<' '>' '=' '^', or 0: the type's default */
    char sign;          /* '+' '-' ' ', or 0 */
    bool alternate;     /* # */
    bool negative_zero; /* z */
    char grouping;      /* ',' '_', or 0 */
    char type;          /* 0: none given */
    int64_t width;      /* -1: none */
    int64_t precision;  /* -1: none */
} fb_format_spec;

/* ValueError with Python's words; `type_name` is that of the value to be formatted. */
apr_status_t fb_format_spec_parse(fb_format_spec *out, fb_str text, const char *type_name,
                                  fb_error *error) FB_MUST_CHECK;
apr_status_t fb_format_str(fb_text *out, fb_str s, const fb_format_spec *spec,
                           const char *type_name, fb_error *error) FB_MUST_CHECK;
apr_status_t fb_format_int(fb_text *out, fb_integer v, const fb_format_spec *spec,
                           const char *type_name, fb_error *error) FB_MUST_CHECK;
apr_status_t fb_format_float(fb_text *out, double v, const fb_format_spec *spec,
                             const char *type_name, fb_error *error) FB_MUST_CHECK;
/* format(value, spec) of any value; an empty spec is str(value). */
apr_status_t fb_format_value(fb_text *out, fb_vm *vm, fb_value v, fb_str spec,
                             fb_error *error) FB_MUST_CHECK;

/* What C's and Python's %e %f %g have in common: a double without sign. type 'e' 'f' 'g' (capitals
 * too), or 'r' for the shortest; precision as C has it. */
#define FB_DOUBLE_ALTERNATE 0x01u /* keep the point and the zeros of %g */
#define FB_DOUBLE_POINT_0   0x02u /* ".0" behind what would look like an integer */
apr_status_t fb_format_double(fb_text *out, double v, char type, int precision, unsigned int flags,
                              fb_error *error) FB_MUST_CHECK;

/* --- whole templates --- */

/* str % value. On a Markup, operands are escaped and the result is Markup. */
apr_status_t fb_format_percent(fb_vm *vm, fb_value format, fb_value operand, fb_value *out,
                               fb_error *error) FB_MUST_CHECK;
/* str.format(*args, **kwargs); fields reach attributes and items by the environment's rules when it
 * is sandboxed, by Python's otherwise. Markup as above. */
apr_status_t fb_format_braces(fb_vm *vm, fb_value format, fb_args args, fb_kwargs kwargs,
                              fb_value *out, fb_error *error) FB_MUST_CHECK;
/* str.format_map(mapping) */
apr_status_t fb_format_map(fb_vm *vm, fb_value format, fb_value mapping, fb_value *out,
                           fb_error *error) FB_MUST_CHECK;

#endif
