/* Filters that compute with numbers. */
#include "template/builtins_impl.h"
#include "template/number.h"

#include <math.h>

#include "base/banned.h"

FB_NATIVE(fb_filter_abs)
{
    FB_UNUSED(args), FB_UNUSED(kwargs);
    switch (self.tag) {
    case FB_FLOAT: *out = fb_float(fabs(self.as.f)); return APR_SUCCESS;
    case FB_BOOL:
    case FB_INT:
    case FB_BIGINT:
        *out = fb_integer_value(fb_integer_abs(fb_integer_from(self), fb_vm_arena(vm)));
        return APR_SUCCESS;
    default:
        return fb_raise(error, "TypeError", "bad operand type for abs(): '%s'",
                        fb_value_type(self));
    }
}

static bool is_soft(const fb_error *error)
{
    return fb_error_is(error, "TypeError") || fb_error_is(error, "ValueError");
}

/* int(value) or int(text, base). */
static apr_status_t to_int(fb_vm *vm, fb_value v, fb_value base, fb_integer *out, fb_error *error)
{
    int64_t radix;
    apr_status_t status;

    switch (v.tag) {
    case FB_BOOL:
    case FB_INT:
    case FB_BIGINT: *out = fb_integer_from(v); return APR_SUCCESS;
    case FB_FLOAT: return fb_integer_from_double(out, v.as.f, fb_vm_arena(vm), error);
    case FB_BYTES: return fb_integer_parse(out, fb_value_str(v), 10, fb_vm_arena(vm), error);
    case FB_STR:
    case FB_MARKUP:
        status = fb_arg_int(base, 10, &radix, error);
        if (status != APR_SUCCESS)
            return status;
        if (radix < 0 || radix > 36)
            radix = 1; /* refused as any other base that is none */
        return fb_integer_parse(out, fb_value_str(v), (int)radix, fb_vm_arena(vm), error);
    case FB_UNDEFINED: return fb_raise_undefined(vm, v, error);
    default:
        return fb_raise(error, "TypeError",
                        "int() argument must be a string, a bytes-like object or a real number, "
                        "not '%s'",
                        fb_value_type(v));
    }
}

FB_NATIVE(fb_filter_int)
{
    fb_integer result = { 0, NULL };
    double d = 0;
    apr_status_t status = to_int(vm, self, args.v[1], &result, error);

    FB_UNUSED(kwargs);
    if (status != APR_SUCCESS && is_soft(error)) { /* "42.7" is 42 */
        fb_error_clear(error);
        status = fb_to_float(vm, self, &d, error);
        if (status == APR_SUCCESS)
            status = fb_integer_from_double(&result, d, fb_vm_arena(vm), error);
        if (status != APR_SUCCESS && is_soft(error)) {
            fb_error_clear(error);
            *out = fb_is_absent(args.v[0]) ? fb_int(0) : args.v[0];
            return APR_SUCCESS;
        }
    }
    *out = fb_integer_value(result);
    return status;
}

FB_NATIVE(fb_filter_float)
{
    double d = 0;
    apr_status_t status = fb_to_float(vm, self, &d, error);

    FB_UNUSED(kwargs);
    *out = fb_float(d);
    if (status == APR_SUCCESS || !is_soft(error))
        return status;
    fb_error_clear(error);
    *out = fb_is_absent(args.v[0]) ? fb_float(0) : args.v[0];
    return APR_SUCCESS;
}

/* --- round --- */

/* round(value, precision) */
static apr_status_t round_common(fb_vm *vm, fb_value v, fb_value precision, fb_value *out,
                                 fb_error *error)
{
    int64_t digits = 0;
    fb_integer whole = { 0, NULL };
    double d = 0;
    apr_status_t status;

    if (!fb_is_number(v))
        return fb_raise(error, "TypeError", "type %s doesn't define __round__ method",
                        fb_value_type(v));
    if (fb_is_none(precision) && v.tag == FB_FLOAT) {
        status = fb_integer_from_double(&whole, rint(v.as.f), fb_vm_arena(vm), error);
        *out = fb_integer_value(whole);
        return status;
    }
    status = fb_is_none(precision) ? APR_SUCCESS : fb_arg_int(precision, 0, &digits, error);
    if (status != APR_SUCCESS)
        return status;
    if (v.tag == FB_FLOAT) {
        status = fb_float_round(&d, v.as.f, digits, fb_vm_arena(vm), error);
        *out = fb_float(d);
        return status;
    }
    status = fb_integer_round(&whole, fb_integer_from(v), digits, fb_vm_arena(vm), error);
    *out = fb_integer_value(whole);
    return status;
}

/* ceil(value * 10**precision) / 10**precision, and floor. */
static apr_status_t round_towards(fb_vm *vm, fb_value v, fb_value precision, bool up, fb_value *out,
                                  fb_error *error)
{
    fb_value scale, scaled;
    fb_integer whole;
    apr_status_t status;

    if (fb_is_absent(precision))
        precision = fb_int(0);
    status = fb_binary(vm, FB_BIN_POW, fb_int(10), precision, &scale, error);
    if (status == APR_SUCCESS)
        status = fb_binary(vm, FB_BIN_MUL, v, scale, &scaled, error);
    if (status != APR_SUCCESS)
        return status;
    if (!fb_is_number(scaled))
        return fb_raise(error, "TypeError", "must be real number, not %s", fb_value_type(scaled));
    if (scaled.tag == FB_FLOAT) {
        double d = up ? ceil(scaled.as.f) : floor(scaled.as.f);

        status = fb_integer_from_double(&whole, d, fb_vm_arena(vm), error);
        if (status != APR_SUCCESS)
            return status;
        scaled = fb_integer_value(whole);
    }
    return fb_binary(vm, FB_BIN_DIV, scaled, scale, out, error);
}

FB_NATIVE(fb_filter_round)
{
    fb_str method = FB_STR("common");

    FB_UNUSED(kwargs);
    if (fb_is_string(args.v[1]))
        method = fb_value_str(args.v[1]);
    else if (!fb_is_absent(args.v[1]))
        method = FB_STR("?");
    if (fb_str_eq_z(method, "common"))
        return round_common(vm, self, args.v[0], out, error);
    if (fb_str_eq_z(method, "ceil") || fb_str_eq_z(method, "floor"))
        return round_towards(vm, self, args.v[0], method.ptr[0] == 'c', out, error);
    return fb_raise(error, "FilterArgumentError", "method must be common, ceil or floor");
}

/* --- sum --- */

FB_NATIVE(fb_filter_sum)
{
    fb_value total = fb_is_absent(args.v[1]) ? fb_int(0) : args.v[1], item;
    fb_path path;
    fb_walk walk;
    apr_status_t status = fb_path_parse(&path, vm, args.v[0], error);

    FB_UNUSED(kwargs);
    if (status == APR_SUCCESS)
        status = fb_walk_start(vm, self, &walk, error);
    if (status == APR_SUCCESS && fb_is_string(total))
        return fb_raise(error, "TypeError", "sum() can't sum strings [use ''.join(seq) instead]");
    while (status == APR_SUCCESS &&
           (status = fb_walk_next(vm, &walk, &item, error)) == APR_SUCCESS) {
        int64_t small;

        status = fb_path_get(vm, &path, item, fb_absent(), FB_KEEP_CASE, &item, error);
        if (status != APR_SUCCESS)
            return status;
        if (total.tag == FB_INT && item.tag == FB_INT &&
            !__builtin_add_overflow(total.as.i, item.as.i, &small))
            total = fb_int(small);
        else
            status = fb_binary(vm, FB_BIN_ADD, total, item, &total, error);
    }
    if (status != APR_EOF)
        return status;
    *out = total;
    return APR_SUCCESS;
}
