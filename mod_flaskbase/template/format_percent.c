/* Python's % operator on strings: "%-10s|%05.1f" % (name, x). */
#include "template/chars.h"
#include "template/format.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/banned.h"

/* One conversion on its way through. */
typedef struct conversion {
    bool left, plus, space, alternate, zero;
    int64_t width;     /* -1: none */
    int64_t precision; /* -1: none */
    char type;
} conversion;

typedef struct percent {
    fb_vm *vm;
    fb_text out;
    fb_str rest; /* of the format */
    fb_str whole;
    bool markup; /* the format is Markup: operands are escaped */
    fb_value operand;
    bool is_tuple, is_mapping;
    apr_size_t used; /* operands taken */
    fb_value keyed;  /* the one a (key) chose, else FB_ABSENT */
    fb_error *error;
} percent;

static apr_status_t next_operand(percent *p, fb_value *out)
{
    if (!fb_is_absent(p->keyed)) {
        *out = p->keyed;
        return APR_SUCCESS;
    }
    if (p->is_tuple ? p->used >= p->operand.as.list->len : p->used > 0)
        return fb_raise(p->error, "TypeError", "not enough arguments for format string");
    *out = p->is_tuple ? p->operand.as.list->items[p->used] : p->operand;
    p->used++;
    return APR_SUCCESS;
}

static int peek(const percent *p)
{
    return p->rest.len > 0 ? (unsigned char)p->rest.ptr[0] : -1;
}

static void step(percent *p)
{
    p->rest = fb_str_sub(p->rest, 1, p->rest.len);
}

/* --- reading a conversion --- */

/* "%(key)s": the key runs to the parenthesis that closes the first one. */
static apr_status_t read_key(percent *p)
{
    int open = 1;
    apr_size_t len = 0;
    fb_str key;
    apr_status_t status;

    step(p);
    if (!p->is_mapping)
        return fb_raise(p->error, "TypeError", "format requires a mapping");
    for (; len < p->rest.len; len++) {
        open += (p->rest.ptr[len] == '(') - (p->rest.ptr[len] == ')');
        if (open == 0)
            break;
    }
    if (open > 0)
        return fb_raise(p->error, "ValueError", "incomplete format key");
    key = fb_str_sub(p->rest, 0, len);
    p->rest = fb_str_sub(p->rest, len + 1, p->rest.len);
    status = fb_item_of(p->vm, p->operand, fb_string(key), &p->keyed, p->error);
    if (status == FB_ENOTFOUND && p->operand.tag == FB_DICT)
        return fb_raise(p->error, "KeyError", "%s", fb_chars_repr_z(key, p->out.arena));
    if (status == FB_ENOTFOUND)
        return fb_raise(p->error, "TypeError", "%s indices must be integers or slices, not str",
                        fb_value_type(p->operand));
    return status;
}

static void read_flags(percent *p, conversion *c)
{
    for (;; step(p)) {
        switch (peek(p)) {
        case '-': c->left = true; break;
        case '+': c->plus = true; break;
        case ' ': c->space = true; break;
        case '#': c->alternate = true; break;
        case '0': c->zero = true; break;
        default: return;
        }
    }
}

static apr_status_t read_size(percent *p, int64_t *out, const char *too_big)
{
    fb_value v;
    apr_status_t status;
    int64_t size = 0;
    bool any = false;

    if (peek(p) == '*') {
        step(p);
        status = next_operand(p, &v);
        if (status != APR_SUCCESS)
            return status;
        if ((v.tag != FB_INT && v.tag != FB_BOOL) || p->markup)
            return fb_raise(p->error, "TypeError", "* wants int");
        *out = v.as.i;
        return APR_SUCCESS;
    }
    while (peek(p) >= '0' && peek(p) <= '9') {
        if (size > INT_MAX / 10 - 1)
            return fb_raise(p->error, "ValueError", "%s too big", too_big);
        size = size * 10 + (peek(p) - '0');
        any = true;
        step(p);
    }
    if (any)
        *out = size;
    return APR_SUCCESS;
}

static apr_status_t read_conversion(percent *p, conversion *c)
{
    apr_status_t status = APR_SUCCESS;

    *c = (conversion){ .width = -1, .precision = -1 };
    p->keyed = fb_absent();
    if (peek(p) == '(')
        status = read_key(p);
    if (status != APR_SUCCESS)
        return status;
    read_flags(p, c);
    status = read_size(p, &c->width, "width");
    if (status != APR_SUCCESS)
        return status;
    if (c->width < -1) {
        c->left = true;
        c->width = -c->width;
    }
    if (peek(p) == '.') {
        step(p);
        c->precision = 0;
        status = read_size(p, &c->precision, "precision");
        if (status != APR_SUCCESS)
            return status;
        if (c->precision < 0)
            c->precision = 0;
    }
    if (peek(p) == 'h' || peek(p) == 'l' || peek(p) == 'L')
        step(p);
    if (peek(p) < 0)
        return fb_raise(p->error, "ValueError", "incomplete format");
    c->type = p->rest.ptr[0];
    return APR_SUCCESS;
}

/* --- writing it --- */

static void add_padded(percent *p, const conversion *c, char sign, fb_str prefix, fb_str body)
{
    int64_t missing =
        c->width - (sign != '\0') - (int64_t)prefix.len - (int64_t)fb_chars_count(body);
    bool zeros = c->zero && !c->left && c->type != 's' && c->type != 'c';

    if (missing < 0)
        missing = 0;
    if (!c->left && !zeros)
        fb_chars_repeat(&p->out, FB_STR(" "), missing);
    if (sign != '\0')
        fb_text_add_char(&p->out, sign);
    fb_text_add(&p->out, prefix);
    if (zeros)
        fb_chars_repeat(&p->out, FB_STR("0"), missing);
    fb_text_add(&p->out, body);
    if (c->left)
        fb_chars_repeat(&p->out, FB_STR(" "), missing);
}

static char sign_of(const conversion *c, bool negative)
{
    return negative ? '-' : c->plus ? '+' : c->space ? ' ' : '\0';
}

static apr_status_t add_text(percent *p, const conversion *c, fb_value v)
{
    fb_value text;
    fb_text ascii = { .arena = p->out.arena };
    fb_str s;
    apr_status_t status = c->type == 's' ? fb_to_string(p->vm, v, &text, p->error)
                                         : fb_repr(p->vm, v, &text, p->error);

    if (status == APR_SUCCESS && p->markup)
        status = fb_escape(p->vm, c->type == 's' ? v : text, &text, p->error);
    if (status != APR_SUCCESS)
        return status;
    s = fb_value_str(text);
    if (c->type == 'a' && !fb_chars_is_ascii(s)) {
        fb_chars_escape_non_ascii(&ascii, s);
        s = (fb_str){ ascii.data, ascii.len };
    }
    if (c->precision >= 0)
        s = fb_chars_slice(s, 0, (apr_size_t)c->precision);
    conversion plain = *c;
    plain.type = 's';
    add_padded(p, &plain, '\0', FB_STR(""), s);
    return APR_SUCCESS;
}

/* Operands of a Markup are wrapped so that int() and float() of them are taken. */
static apr_status_t to_integer(percent *p, const conversion *c, fb_value v, fb_integer *out)
{
    bool decimal = c->type == 'd';

    if (fb_is_integer(v) && (decimal || !p->markup)) {
        *out = fb_integer_from(v);
        return APR_SUCCESS;
    }
    if (decimal && v.tag == FB_FLOAT)
        return fb_integer_from_double(out, v.as.f, p->out.arena, p->error);
    if (decimal && p->markup && fb_is_string(v))
        return fb_integer_parse(out, fb_value_str(v), 10, p->out.arena, p->error);
    if (decimal && v.tag == FB_UNDEFINED)
        return fb_raise_undefined(p->vm, v, p->error);
    return fb_raise(p->error, "TypeError", "%%%c format: %s is required, not %s", c->type,
                    decimal ? "a real number" : "an integer",
                    p->markup ? "_MarkupEscapeHelper" : fb_value_type(v));
}

static apr_status_t add_integer(percent *p, const conversion *c, fb_value v)
{
    fb_text digits = { .arena = p->out.arena };
    fb_integer number;
    fb_str prefix = { NULL, 0 };
    int base = c->type == 'd' ? 10 : c->type == 'o' ? 8 : 16;
    apr_status_t status = to_integer(p, c, v, &number);

    if (status == APR_SUCCESS)
        status = fb_integer_write(&digits, fb_integer_abs(number, p->out.arena), base, p->error);
    if (status != APR_SUCCESS)
        return status;
    for (apr_size_t i = 0; c->type == 'X' && i < digits.len; i++)
        if (digits.data[i] >= 'a')
            digits.data[i] = (char)(digits.data[i] - 0x20);
    if ((int64_t)digits.len < c->precision) {
        fb_text padded = { .arena = p->out.arena };

        fb_chars_repeat(&padded, FB_STR("0"), c->precision - (int64_t)digits.len);
        fb_text_add(&padded, (fb_str){ digits.data, digits.len });
        digits = padded;
    }
    if (digits.failed)
        return fb_raise_memory(p->error);
    if (c->alternate && base != 10)
        prefix = c->type == 'o' ? FB_STR("0o") : c->type == 'X' ? FB_STR("0X") : FB_STR("0x");
    add_padded(p, c, sign_of(c, fb_integer_sign(number) < 0), prefix,
               (fb_str){ digits.data, digits.len });
    return APR_SUCCESS;
}

static apr_status_t to_double(percent *p, fb_value v, double *out)
{
    if (v.tag == FB_FLOAT) {
        *out = v.as.f;
        return APR_SUCCESS;
    }
    if (fb_is_integer(v))
        return fb_integer_to_double(out, fb_integer_from(v), p->error);
    if (p->markup && fb_is_string(v))
        return fb_float_parse(out, fb_value_str(v), p->out.arena, p->error);
    if (v.tag == FB_UNDEFINED)
        return fb_raise_undefined(p->vm, v, p->error);
    return fb_raise(p->error, "TypeError", "must be real number, not %s", fb_value_type(v));
}

static apr_status_t add_float(percent *p, const conversion *c, fb_value v)
{
    fb_text text = { .arena = p->out.arena };
    double number;
    apr_status_t status = to_double(p, v, &number);
    int precision = c->precision < 0 ? 6 : (int)c->precision;

    if (status == APR_SUCCESS)
        status = fb_format_double(&text, fabs(number), c->type, precision,
                                  c->alternate ? FB_DOUBLE_ALTERNATE : 0, p->error);
    if (status != APR_SUCCESS)
        return status;
    if (text.failed)
        return fb_raise_memory(p->error);
    add_padded(p, c, sign_of(c, signbit(number) != 0 && !isnan(number)), FB_STR(""),
               (fb_str){ text.data, text.len });
    return APR_SUCCESS;
}

static apr_status_t add_char(percent *p, const conversion *c, fb_value v)
{
    fb_text one = { .arena = p->out.arena };

    if (fb_is_string(v) && !p->markup && fb_chars_count(fb_value_str(v)) == 1) {
        add_padded(p, c, '\0', FB_STR(""), fb_value_str(v));
        return APR_SUCCESS;
    }
    if (!fb_is_integer(v) || p->markup)
        return fb_raise(p->error, "TypeError", "%%c requires int or char");
    if (v.tag == FB_BIGINT || v.as.i < 0 || v.as.i > 0x10ffff)
        return fb_raise(p->error, "OverflowError", "%%c arg not in range(0x110000)");
    fb_text_add_code(&one, (unsigned int)v.as.i);
    add_padded(p, c, '\0', FB_STR(""), (fb_str){ one.data, one.len });
    return APR_SUCCESS;
}

static apr_status_t unsupported(percent *p)
{
    apr_size_t at = 0, index = fb_chars_index(p->whole, p->whole.len - p->rest.len);
    unsigned int c = fb_chars_next(p->rest, &at);

    return fb_raise(p->error, "ValueError",
                    "unsupported format character '%c' (0x%x) at index %" APR_SIZE_T_FMT,
                    c > 31 && c < 127 ? (int)c : '?', c, index);
}

static apr_status_t add_conversion(percent *p)
{
    conversion c;
    fb_value v;
    apr_status_t status;

    if (peek(p) == '%') {
        fb_text_add_char(&p->out, '%');
        step(p);
        return APR_SUCCESS;
    }
    status = read_conversion(p, &c);
    if (status != APR_SUCCESS)
        return status;
    status = next_operand(p, &v);
    if (status != APR_SUCCESS)
        return status;
    if (c.type == 'i' || c.type == 'u')
        c.type = 'd';
    if (c.type == 's' || c.type == 'r' || c.type == 'a')
        status = add_text(p, &c, v);
    else if (c.type == 'd' || c.type == 'o' || (c.type | 0x20) == 'x')
        status = add_integer(p, &c, v);
    else if (strchr("eEfFgG", c.type) != NULL && c.type != '\0')
        status = add_float(p, &c, v);
    else if (c.type == 'c')
        status = add_char(p, &c, v);
    else
        return unsupported(p);
    step(p);
    return status;
}

/* What Python's C API takes for a mapping: whatever has __getitem__ and is no tuple or string. */
static bool is_mapping(fb_value v)
{
    switch (v.tag) {
    case FB_LIST:
    case FB_DICT:
    case FB_RANGE:
    case FB_UNDEFINED:
    case FB_BYTES: return true;
    case FB_OBJECT: return v.as.object->cls->get_item != NULL;
    default: return false;
    }
}

apr_status_t fb_format_percent(fb_vm *vm, fb_value format, fb_value operand, fb_value *out,
                               fb_error *error)
{
    percent p = { .vm = vm, .error = error, .operand = operand };
    apr_status_t status = APR_SUCCESS;
    apr_ssize_t at;

    p.whole = p.rest = fb_value_str(format);
    p.markup = format.tag == FB_MARKUP;
    p.is_tuple = operand.tag == FB_TUPLE;
    p.is_mapping = is_mapping(operand);
    fb_text_init(&p.out, vm, p.rest.len);
    while (status == APR_SUCCESS && (at = fb_str_find_char(p.rest, '%')) >= 0) {
        fb_text_add(&p.out, fb_str_sub(p.rest, 0, (apr_size_t)at));
        p.rest = fb_str_sub(p.rest, (apr_size_t)at + 1, p.rest.len);
        status = add_conversion(&p);
    }
    if (status != APR_SUCCESS)
        return status;
    fb_text_add(&p.out, p.rest);
    if (!p.is_mapping && p.used < (p.is_tuple ? operand.as.list->len : 1u))
        return fb_raise(error, "TypeError", "not all arguments converted during string formatting");
    return fb_text_finish(&p.out, p.markup ? FB_MARKUP : FB_STR, out, error);
}
