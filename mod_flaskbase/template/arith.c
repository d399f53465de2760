/* Arithmetic: + - * / // % ** on numbers, strings and lists. */
#include "template/builtins.h"
#include "template/format.h"
#include "template/number.h"
#include "template/vm_state.h"

#include "template/chars.h"

#include <string.h>

#include "base/banned.h"

static const char *const signs[] = {
    [FB_BIN_ADD] = "+",       [FB_BIN_SUB] = "-", [FB_BIN_MUL] = "*",           [FB_BIN_DIV] = "/",
    [FB_BIN_FLOORDIV] = "//", [FB_BIN_MOD] = "%", [FB_BIN_POW] = "** or pow()",
};

static apr_status_t unsupported(fb_vm *vm, fb_binop op, fb_value a, fb_value b, fb_error *error)
{
    if (a.tag == FB_UNDEFINED)
        return fb_raise_undefined(vm, a, error);
    if (b.tag == FB_UNDEFINED)
        return fb_raise_undefined(vm, b, error);
    return fb_raise(error, "TypeError", "unsupported operand type(s) for %s: '%s' and '%s'",
                    signs[op], fb_value_type(a), fb_value_type(b));
}

/* ---- integers -------------------------------------------------------------------- */

static apr_status_t integers(fb_vm *vm, fb_binop op, fb_integer a, fb_integer b, fb_value *out,
                             fb_error *error)
{
    fb_integer result = { 0, NULL };
    double quotient = 0.0;
    double imaginary = 0.0;
    double base = 0.0;
    double exponent = 0.0;
    apr_status_t status;

    switch (op) {
    case FB_BIN_ADD: status = fb_integer_add(&result, a, b, vm->arena, error); break;
    case FB_BIN_SUB: status = fb_integer_sub(&result, a, b, vm->arena, error); break;
    case FB_BIN_MUL: status = fb_integer_mul(&result, a, b, vm->arena, error); break;
    case FB_BIN_FLOORDIV: status = fb_integer_divmod(&result, NULL, a, b, vm->arena, error); break;
    case FB_BIN_MOD: status = fb_integer_divmod(NULL, &result, a, b, vm->arena, error); break;
    case FB_BIN_DIV:
        status = fb_integer_truediv(&quotient, a, b, vm->arena, error);
        *out = fb_float(quotient);
        return status;
    default:
        if (fb_integer_sign(b) >= 0) {
            status = fb_integer_pow(&result, a, b, vm->arena, error);
            break;
        }
        status = fb_integer_to_double(&base, a, error);
        if (status == APR_SUCCESS)
            status = fb_integer_to_double(&exponent, b, error);
        if (status == APR_SUCCESS)
            status = fb_float_pow(&quotient, &imaginary, base, exponent, error);
        *out = fb_float(quotient);
        return status;
    }
    *out = fb_integer_value(result);
    return status;
}

/* ---- floats ---------------------------------------------------------------------- */

static apr_status_t to_double(fb_value v, double *out, fb_error *error)
{
    if (v.tag == FB_FLOAT) {
        *out = v.as.f;
        return APR_SUCCESS;
    }
    return fb_integer_to_double(out, fb_integer_from(v), error);
}

static apr_status_t floats(fb_vm *vm, fb_binop op, double a, double b, fb_value *out,
                           fb_error *error)
{
    double result = 0.0;
    double imaginary = 0.0;
    apr_status_t status = APR_SUCCESS;

    switch (op) {
    case FB_BIN_ADD: result = a + b; break;
    case FB_BIN_SUB: result = a - b; break;
    case FB_BIN_MUL: result = a * b; break;
    case FB_BIN_DIV:
        if (b == 0.0)
            return fb_raise(error, "ZeroDivisionError", "float division by zero");
        result = a / b;
        break;
    case FB_BIN_FLOORDIV: status = fb_float_divmod(&result, NULL, a, b, error); break;
    case FB_BIN_MOD: status = fb_float_divmod(NULL, &result, a, b, error); break;
    default:
        status = fb_float_pow(&result, &imaginary, a, b, error);
        if (status == APR_SUCCESS && imaginary != 0.0) {
            *out = fb_complex_value(vm, result, imaginary);
            return APR_SUCCESS;
        }
        break;
    }
    *out = fb_float(result);
    return status;
}

static apr_status_t numbers(fb_vm *vm, fb_binop op, fb_value a, fb_value b, fb_value *out,
                            fb_error *error)
{
    double x = 0.0;
    double y = 0.0;

    if (a.tag != FB_FLOAT && b.tag != FB_FLOAT)
        return integers(vm, op, fb_integer_from(a), fb_integer_from(b), out, error);
    apr_status_t status = to_double(a, &x, error);
    if (status == APR_SUCCESS)
        status = to_double(b, &y, error);
    return status == APR_SUCCESS ? floats(vm, op, x, y, out, error) : status;
}

/* ---- sequences ------------------------------------------------------------------- */

static apr_status_t join_strings(fb_vm *vm, fb_value a, fb_value b, fb_value *out, fb_error *error)
{
    fb_tag tag = a.tag == FB_MARKUP || b.tag == FB_MARKUP ? FB_MARKUP : FB_STR;
    fb_text text;

    fb_text_init(&text, vm, (apr_size_t)a.len + b.len);
    if (tag == FB_MARKUP && a.tag == FB_STR)
        fb_text_add_escaped(&text, fb_value_str(a));
    else
        fb_text_add(&text, fb_value_str(a));
    if (tag == FB_MARKUP && b.tag == FB_STR)
        fb_text_add_escaped(&text, fb_value_str(b));
    else
        fb_text_add(&text, fb_value_str(b));
    return fb_text_finish(&text, tag, out, error);
}

static apr_status_t join_lists(fb_vm *vm, fb_value a, fb_value b, fb_value *out, fb_error *error)
{
    apr_size_t len = (apr_size_t)a.as.list->len + b.as.list->len;
    fb_list *list = fb_list_create(vm->arena, len);

    if (list == NULL)
        return fb_raise_memory(error);
    if (a.as.list->len > 0)
        memcpy(list->items, a.as.list->items, a.as.list->len * sizeof(fb_value));
    if (b.as.list->len > 0)
        memcpy(list->items + a.as.list->len, b.as.list->items, b.as.list->len * sizeof(fb_value));
    list->len = (uint32_t)len;
    *out = (fb_value){ .tag = a.tag, .as.list = list };
    return APR_SUCCESS;
}

static apr_status_t repeat(fb_vm *vm, fb_value what, fb_value times, fb_value *out, fb_error *error)
{
    int64_t n = times.tag == FB_BIGINT ? INT32_MAX : times.as.i;
    fb_text text;

    if (times.tag == FB_BIGINT && fb_integer_sign(fb_integer_from(times)) < 0)
        n = 0;
    if (n < 0)
        n = 0;
    if (fb_is_string(what) || what.tag == FB_BYTES) {
        if (what.len > 0 && n > (int64_t)(FB_VALUE_MAX_LEN / what.len))
            return fb_raise_memory(error);
        fb_text_init(&text, vm, 0);
        if (what.len > 0)
            fb_chars_repeat(&text, fb_value_str(what), n);
        return fb_text_finish(&text, what.tag, out, error);
    }
    apr_size_t len = what.as.list->len;
    if (len > 0 && n > (int64_t)(FB_VALUE_MAX_LEN / len))
        return fb_raise_memory(error);
    fb_list *list = fb_list_create(vm->arena, len * (apr_size_t)n);
    if (list == NULL)
        return fb_raise_memory(error);
    for (apr_size_t i = 0; len > 0 && i < (apr_size_t)n; i++)
        memcpy(list->items + i * len, what.as.list->items, len * sizeof(fb_value));
    list->len = (uint32_t)(len * (apr_size_t)n);
    *out = (fb_value){ .tag = what.tag, .as.list = list };
    return APR_SUCCESS;
}

static bool repeatable(fb_value v)
{
    return fb_is_string(v) || fb_is_sequence(v) || v.tag == FB_BYTES;
}

/* ---- public ---------------------------------------------------------------------- */

apr_status_t fb_binary(fb_vm *vm, fb_binop op, fb_value a, fb_value b, fb_value *out,
                       fb_error *error)
{
    if (fb_is_number(a) && fb_is_number(b))
        return numbers(vm, op, a, b, out, error);
    if (op == FB_BIN_MOD && fb_is_string(a))
        return fb_format_percent(vm, a, b, out, error);
    if (op == FB_BIN_ADD) {
        if (fb_is_string(a) && fb_is_string(b))
            return join_strings(vm, a, b, out, error);
        if (fb_is_sequence(a) && a.tag == b.tag)
            return join_lists(vm, a, b, out, error);
    }
    if (op == FB_BIN_MUL) {
        if (repeatable(a) && fb_is_integer(b))
            return repeat(vm, a, b, out, error);
        if (repeatable(b) && fb_is_integer(a))
            return repeat(vm, b, a, out, error);
    }
    return unsupported(vm, op, a, b, error);
}

apr_status_t fb_negate(fb_vm *vm, fb_value v, fb_value *out, fb_error *error)
{
    if (v.tag == FB_FLOAT) {
        *out = fb_float(-v.as.f);
        return APR_SUCCESS;
    }
    if (fb_is_integer(v)) {
        *out = fb_integer_value(fb_integer_neg(fb_integer_from(v), vm->arena));
        return APR_SUCCESS;
    }
    if (v.tag == FB_UNDEFINED)
        return fb_raise_undefined(vm, v, error);
    return fb_raise(error, "TypeError", "bad operand type for unary -: '%s'", fb_value_type(v));
}
