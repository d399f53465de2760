/* Python's format-specification mini-language: "{:>10,.2f}". */
#include "template/format.h"
#include "template/chars.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/banned.h"

/* Wider than any string may be: such a width or precision ends in the memory error. */
#define WIDTH_MAX ((int64_t)INT_MAX)

/* --- reading a specification --- */

static bool is_align(char c)
{
    return c == '<' || c == '>' || c == '=' || c == '^';
}

static fb_str skip(fb_str s, apr_size_t len)
{
    return fb_str_sub(s, len, s.len);
}

static bool take_char(fb_str *s, char c)
{
    if (s->len == 0 || s->ptr[0] != c)
        return false;
    *s = skip(*s, 1);
    return true;
}

static apr_status_t take_number(fb_str *s, int64_t *out, fb_error *error)
{
    int64_t v = 0;

    *out = -1;
    while (s->len > 0 && s->ptr[0] >= '0' && s->ptr[0] <= '9') {
        if (v > (INT64_MAX - 9) / 10)
            return fb_raise(error, "ValueError", "Too many decimal digits in format string");
        v = v * 10 + (s->ptr[0] - '0');
        *out = v;
        *s = skip(*s, 1);
    }
    return APR_SUCCESS;
}

static void take_align(fb_format_spec *out, fb_str *s)
{
    apr_size_t first = 0;

    if (s->len == 0)
        return;
    (void)fb_chars_next(*s, &first);
    if (first < s->len && is_align(s->ptr[first])) {
        out->fill = fb_str_sub(*s, 0, first);
        out->align = s->ptr[first];
        *s = skip(*s, first + 1);
    } else if (is_align(s->ptr[0])) {
        out->align = s->ptr[0];
        *s = skip(*s, 1);
    }
}

static apr_status_t unknown_type(fb_error *error, unsigned int type, const char *type_name)
{
    if (type > 32 && type < 128)
        return fb_raise(error, "ValueError", "Unknown format code '%c' for object of type '%s'",
                        (int)type, type_name);
    return fb_raise(error, "ValueError", "Unknown format code '\\x%x' for object of type '%s'",
                    type, type_name);
}

static apr_status_t take_type(fb_format_spec *out, fb_str s, fb_str whole, const char *type_name,
                              fb_error *error)
{
    apr_size_t at = 0;
    unsigned int type;

    if (s.len == 0)
        return APR_SUCCESS;
    type = fb_chars_next(s, &at);
    if (at < s.len)
        return fb_raise(error, "ValueError",
                        "Invalid format specifier '%.*s' for object of type '%s'",
                        FB_STR_ARG(whole), type_name);
    if (type >= 0x80 && out->grouping != '\0')
        return fb_raise(error, "ValueError", "Cannot specify '%c' with '\\x%x'.", out->grouping,
                        type);
    if (type >= 0x80)
        return unknown_type(error, type, type_name);
    out->type = (char)type;
    return APR_SUCCESS;
}

static bool is_text_type(const char *type_name)
{
    return strcmp(type_name, "str") == 0 || strcmp(type_name, "Markup") == 0;
}

static apr_status_t take_grouping(fb_format_spec *out, fb_str *s, fb_error *error)
{
    bool comma = take_char(s, ','), underscore = take_char(s, '_');

    if ((comma && underscore) || (underscore && take_char(s, ',')))
        return fb_raise(error, "ValueError", "Cannot specify both ',' and '_'.");
    out->grouping = comma ? ',' : underscore ? '_' : '\0';
    return APR_SUCCESS;
}

static apr_status_t check_grouping(const fb_format_spec *spec, const char *type_name,
                                   fb_error *error)
{
    if (spec->grouping != '\0' && spec->type == '\0' && is_text_type(type_name))
        return fb_raise(error, "ValueError", "Cannot specify '%c' with 's'.", spec->grouping);
    if (spec->grouping == '\0' || spec->type == '\0' || strchr("deEfFgG%", spec->type) != NULL)
        return APR_SUCCESS;
    if (spec->grouping == '_' && strchr("boxX", spec->type) != NULL)
        return APR_SUCCESS;
    if (spec->type > 32)
        return fb_raise(error, "ValueError", "Cannot specify '%c' with '%c'.", spec->grouping,
                        spec->type);
    return fb_raise(error, "ValueError", "Cannot specify '%c' with '\\x%x'.", spec->grouping,
                    (unsigned int)spec->type);
}

apr_status_t fb_format_spec_parse(fb_format_spec *out, fb_str text, const char *type_name,
                                  fb_error *error)
{
    fb_str s = text;
    apr_status_t status;

    *out = (fb_format_spec){ .width = -1, .precision = -1 };
    take_align(out, &s);
    if (s.len > 0 && (s.ptr[0] == '+' || s.ptr[0] == '-' || s.ptr[0] == ' ')) {
        out->sign = s.ptr[0];
        s = skip(s, 1);
    }
    out->negative_zero = take_char(&s, 'z');
    out->alternate = take_char(&s, '#');
    if (out->fill.len == 0 && take_char(&s, '0')) {
        out->fill = FB_STR("0");
        if (out->align == '\0' && !is_text_type(type_name))
            out->align = '=';
    }
    status = take_number(&s, &out->width, error);
    if (status == APR_SUCCESS)
        status = take_grouping(out, &s, error);
    if (status == APR_SUCCESS && take_char(&s, '.')) {
        status = take_number(&s, &out->precision, error);
        if (status == APR_SUCCESS && out->precision < 0)
            return fb_raise(error, "ValueError", "Format specifier missing precision");
    }
    if (status == APR_SUCCESS)
        status = take_type(out, s, text, type_name, error);
    if (status == APR_SUCCESS)
        status = check_grouping(out, type_name, error);
    return status;
}

/* --- strings --- */

static apr_status_t refuse(fb_error *error, const char *what, const char *where)
{
    return fb_raise(error, "ValueError", "%s not allowed %s", what, where);
}

static fb_str fill_of(const fb_format_spec *spec)
{
    return spec->fill.len > 0 ? spec->fill : FB_STR(" ");
}

apr_status_t fb_format_str(fb_text *out, fb_str s, const fb_format_spec *spec,
                           const char *type_name, fb_error *error)
{
    static const char where[] = "in string format specifier";

    if (spec->type != '\0' && spec->type != 's')
        return unknown_type(error, (unsigned char)spec->type, type_name);
    if (spec->sign != '\0')
        return refuse(error, spec->sign == ' ' ? "Space" : "Sign", where);
    if (spec->negative_zero)
        return refuse(error, "Negative zero coercion (z)", where);
    if (spec->alternate)
        return refuse(error, "Alternate form (#)", where);
    if (spec->align == '=')
        return refuse(error, "'=' alignment", where);
    if (spec->precision >= 0)
        s = fb_chars_slice(s, 0, (apr_size_t)spec->precision);
    if (spec->align == '^') { /* unlike str.center, the odd one always goes to the right */
        int64_t missing = spec->width - (int64_t)fb_chars_count(s);

        if (missing > 0)
            fb_chars_repeat(out, fill_of(spec), missing / 2);
        fb_text_add(out, s);
        if (missing > 0)
            fb_chars_repeat(out, fill_of(spec), missing - missing / 2);
        return APR_SUCCESS;
    }
    fb_chars_pad(out, s, spec->align == '>' ? FB_PAD_RIGHT_ALIGN : FB_PAD_LEFT_ALIGN, spec->width,
                 fill_of(spec));
    return APR_SUCCESS;
}

/* --- numbers: sign, prefix, grouped digits, the rest, and padding --- */

typedef struct number {
    char sign; /* or 0 */
    fb_str prefix;
    fb_str digits; /* before the point */
    fb_str rest;
    unsigned int group; /* digits between separators */
} number;

static apr_size_t grouped_size(const number *n, char separator, int64_t min_width)
{
    apr_size_t digits = n->digits.len;

    if (separator == '\0' || digits == 0)
        return min_width > (int64_t)digits && digits > 0 ? (apr_size_t)min_width : digits;
    for (;;) { /* zeros that fill up are grouped, too; never a separator in front */
        apr_size_t size = digits + (digits - 1) / n->group;

        if ((int64_t)size >= min_width)
            return size;
        digits++;
    }
}

/* Writes the digits from the right, zeros in front until `size` is full. */
static void write_grouped(char *at, apr_size_t size, const number *n, char separator)
{
    apr_size_t left = n->digits.len, in_group = 0;

    while (size > 0) {
        if (separator != '\0' && in_group == n->group) {
            at[--size] = separator;
            in_group = 0;
            continue;
        }
        at[--size] = left > 0 ? n->digits.ptr[--left] : '0';
        in_group++;
    }
}

static apr_status_t write_number(fb_text *out, const number *n, const fb_format_spec *spec)
{
    char align = spec->align != '\0' ? spec->align : '>';
    int64_t fixed = (n->sign != '\0') + (int64_t)(n->prefix.len + n->rest.len);
    bool zeros = align == '=' && fb_str_eq_z(spec->fill, "0");
    apr_size_t size;
    int64_t padding;
    char *at;

    if (spec->width > WIDTH_MAX) {
        out->failed = true;
        return APR_SUCCESS;
    }
    size = grouped_size(n, spec->grouping, zeros ? spec->width - fixed : 0);
    padding = spec->width - fixed - (int64_t)size;
    if (padding < 0)
        padding = 0;
    if (align == '>' || align == '^')
        fb_chars_repeat(out, fill_of(spec), align == '>' ? padding : padding / 2);
    if (n->sign != '\0')
        fb_text_add_char(out, n->sign);
    fb_text_add(out, n->prefix);
    if (align == '=')
        fb_chars_repeat(out, fill_of(spec), padding);
    at = fb_text_reserve(out, size);
    if (at != NULL) {
        write_grouped(at, size, n, spec->grouping);
        out->len += size;
    }
    fb_text_add(out, n->rest);
    if (align == '<' || align == '^')
        fb_chars_repeat(out, fill_of(spec), align == '<' ? padding : padding - padding / 2);
    return APR_SUCCESS;
}

static char sign_of(bool negative, const fb_format_spec *spec)
{
    if (negative)
        return '-';
    return spec->sign == '+' || spec->sign == ' ' ? spec->sign : '\0';
}

static apr_status_t format_char(fb_text *out, fb_integer v, const fb_format_spec *spec,
                                fb_error *error)
{
    static const char where[] = "with integer format specifier 'c'";
    fb_text one = { .arena = out->arena };
    number n = { .group = 3 };

    if (spec->sign != '\0')
        return refuse(error, "Sign", where);
    if (spec->alternate)
        return refuse(error, "Alternate form (#)", where);
    if (v.big != NULL)
        return fb_raise(error, "OverflowError", "Python int too large to convert to C long");
    if (v.small < 0 || v.small > 0x10ffff)
        return fb_raise(error, "OverflowError", "%%c arg not in range(0x110000)");
    fb_text_add_code(&one, (unsigned int)v.small);
    n.rest = (fb_str){ one.data, one.len };
    fb_format_spec padded = *spec;
    padded.width -= 1 - (int64_t)one.len; /* one character, whatever its bytes */
    if (spec->width < 0)
        padded.width = -1;
    return write_number(out, &n, &padded);
}

apr_status_t fb_format_int(fb_text *out, fb_integer v, const fb_format_spec *spec,
                           const char *type_name, fb_error *error)
{
    fb_text text = { .arena = out->arena };
    number n = { .group = 3 };
    int base = 10;
    double d;
    apr_status_t status;

    if (spec->type != '\0' && strchr("eEfFgG%", spec->type) != NULL) {
        status = fb_integer_to_double(&d, v, error);
        return status != APR_SUCCESS ? status : fb_format_float(out, d, spec, type_name, error);
    }
    if (spec->type != '\0' && strchr("bcdnoxX", spec->type) == NULL)
        return unknown_type(error, (unsigned char)spec->type, type_name);
    if (spec->precision >= 0)
        return fb_raise(error, "ValueError", "Precision not allowed in integer format specifier");
    if (spec->negative_zero)
        return refuse(error, "Negative zero coercion (z)", "in integer format specifier");
    if (spec->type == 'c')
        return format_char(out, v, spec, error);
    if (spec->type == 'b' || spec->type == 'o' || (spec->type | 0x20) == 'x') {
        base = spec->type == 'b' ? 2 : spec->type == 'o' ? 8 : 16;
        n.group = 4;
    }
    if (spec->alternate && base != 10)
        n.prefix = base == 2           ? FB_STR("0b")
                   : base == 8         ? FB_STR("0o")
                   : spec->type == 'X' ? FB_STR("0X")
                                       : FB_STR("0x");
    status = fb_integer_write(&text, fb_integer_abs(v, out->arena), base, error);
    if (status != APR_SUCCESS)
        return status;
    if (text.failed)
        return fb_raise_memory(error);
    for (apr_size_t i = 0; spec->type == 'X' && i < text.len; i++)
        if (text.data[i] >= 'a')
            text.data[i] = (char)(text.data[i] - 0x20);
    n.digits = (fb_str){ text.data, text.len };
    n.sign = sign_of(fb_integer_sign(v) < 0, spec);
    return write_number(out, &n, spec);
}

/* --- floats --- */

static void add_exponent(fb_text *out, int exponent, bool capital)
{
    char text[24];
    apr_size_t len = fb_integer_write_small(text, exponent < 0 ? -exponent : exponent);

    fb_text_add_char(out, capital ? 'E' : 'e');
    fb_text_add_char(out, exponent < 0 ? '-' : '+');
    if (len == 1)
        fb_text_add_char(out, '0');
    fb_text_add(out, (fb_str){ text, len });
}

/* Positions [from, to) of the digits, zeros outside of what is there. */
static void add_digits(fb_text *out, const fb_digits *d, int from, int to)
{
    char *at = from < to ? fb_text_reserve(out, (apr_size_t)(to - from)) : NULL;

    if (at == NULL)
        return;
    for (int i = from; i < to; i++)
        *at++ = i >= 0 && i < d->count ? d->digits[i] : '0';
    out->len += (apr_size_t)(to - from);
}

static void read_digits(fb_digits *d, double v, char type, int precision, char buf[32],
                        fb_arena *arena)
{
    switch (type) {
    case 'r': fb_float_shortest(d, v, buf); return;
    case 'e': fb_float_significant(d, v, precision + 1, arena); break;
    case 'f': fb_float_fixed(d, v, precision, arena); break;
    default: fb_float_significant(d, v, precision == 0 ? 1 : precision, arena);
    }
    while (d->digits != NULL && d->count > 1 && d->digits[d->count - 1] == '0')
        d->count--;
}

apr_status_t fb_format_double(fb_text *out, double v, char type, int precision, unsigned int flags,
                              fb_error *error)
{
    bool capital = type >= 'A' && type <= 'Z', scientific = false;
    int end, exponent = 0;
    char buf[32];
    fb_digits d;

    type = (char)(type | 0x20);
    if (!isfinite(v)) {
        fb_text_add(out, isnan(v) ? (capital ? FB_STR("NAN") : FB_STR("nan"))
                                  : (capital ? FB_STR("INF") : FB_STR("inf")));
        return APR_SUCCESS;
    }
    read_digits(&d, v, type, precision, buf, out->arena);
    if (d.digits == NULL)
        return fb_raise_memory(error);
    end = d.count;
    if (type == 'e') {
        scientific = true;
        end = precision + 1;
    } else if (type == 'f')
        end = d.point + precision;
    else if (type == 'g') {
        if (precision == 0)
            precision = 1;
        scientific =
            d.point <= -4 || d.point > precision - ((flags & FB_DOUBLE_POINT_0) != 0 ? 1 : 0);
        if ((flags & FB_DOUBLE_ALTERNATE) != 0)
            end = precision;
    } else
        scientific = d.point <= -4 || d.point > 16;
    if (scientific) {
        exponent = d.point - 1;
        d.point = 1;
    }
    if (!scientific && (flags & FB_DOUBLE_POINT_0) != 0 && end <= d.point)
        end = d.point + 1;
    if (end < d.point)
        end = d.point;
    add_digits(out, &d, d.point <= 0 ? d.point - 1 : 0, d.point);
    if (end > d.point || (flags & FB_DOUBLE_ALTERNATE) != 0)
        fb_text_add_char(out, '.');
    add_digits(out, &d, d.point, end);
    if (scientific)
        add_exponent(out, exponent, capital);
    return APR_SUCCESS;
}

static bool all_zero(fb_str s)
{
    for (apr_size_t i = 0; i < s.len; i++)
        if (s.ptr[i] >= '1' && s.ptr[i] <= '9')
            return false;
        else if ((s.ptr[i] | 0x20) == 'e')
            break;
    return true;
}

apr_status_t fb_format_float(fb_text *out, double v, const fb_format_spec *spec,
                             const char *type_name, fb_error *error)
{
    fb_text text = { .arena = out->arena };
    unsigned int flags = spec->alternate ? FB_DOUBLE_ALTERNATE : 0;
    number n = { .group = 3 };
    char type = spec->type;
    int64_t precision = spec->precision;
    apr_size_t digits = 0;
    apr_status_t status;

    if (type != '\0' && strchr("eEfFgGn%", type) == NULL)
        return unknown_type(error, (unsigned char)type, type_name);
    if (precision > WIDTH_MAX)
        return fb_raise(error, "ValueError", "precision too big");
    if (type == '\0') {
        flags |= FB_DOUBLE_POINT_0;
        type = precision < 0 ? 'r' : 'g';
    } else if (type == 'n')
        type = 'g';
    else if (type == '%') {
        type = 'f';
        v *= 100;
    }
    if (precision < 0)
        precision = 6;
    if (precision > (int64_t)FB_VALUE_MAX_LEN / 2)
        return fb_raise_memory(error);
    status = fb_format_double(&text, fabs(v), type, (int)precision, flags, error);
    if (status != APR_SUCCESS)
        return status;
    if (spec->type == '%')
        fb_text_add_char(&text, '%');
    if (text.failed)
        return fb_raise_memory(error);
    while (digits < text.len && text.data[digits] >= '0' && text.data[digits] <= '9')
        digits++;
    n.digits = (fb_str){ text.data, digits };
    n.rest = (fb_str){ text.data + digits, text.len - digits };
    n.sign = sign_of(
        signbit(v) != 0 && !isnan(v) &&
            !(spec->negative_zero && isfinite(v) && all_zero((fb_str){ text.data, text.len })),
        spec);
    return write_number(out, &n, spec);
}
