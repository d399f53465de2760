/* Methods and attributes of int, bool and float. */
#include "template/builtins_impl.h"
#include "template/number.h"

#include <math.h>

#include "base/banned.h"

static FB_NATIVE(int_bit_length)
{
    FB_UNUSED(vm), FB_UNUSED(args), FB_UNUSED(kwargs), FB_UNUSED(error);
    *out = fb_int((int64_t)fb_integer_bits(fb_integer_from(self)));
    return APR_SUCCESS;
}

static FB_NATIVE(int_bit_count)
{
    fb_integer v = fb_integer_from(self);
    int64_t count = 0;

    FB_UNUSED(vm), FB_UNUSED(args), FB_UNUSED(kwargs), FB_UNUSED(error);
    if (v.big == NULL)
        count = __builtin_popcountll(v.small < 0 ? 0 - (uint64_t)v.small : (uint64_t)v.small);
    for (unsigned int i = 0; v.big != NULL && i < v.big->count; i++)
        count += __builtin_popcountl(v.big->limbs[i]);
    *out = fb_int(count);
    return APR_SUCCESS;
}

/* A bool becomes an int, everything else stays. */
static apr_status_t itself(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    FB_UNUSED(vm), FB_UNUSED(error);
    *out = self.tag == FB_BOOL ? fb_int(self.as.i) : self;
    return APR_SUCCESS;
}

static FB_NATIVE(number_conjugate)
{
    FB_UNUSED(args), FB_UNUSED(kwargs);
    return itself(vm, self, out, error);
}

static apr_status_t one(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    FB_UNUSED(vm), FB_UNUSED(self), FB_UNUSED(error);
    *out = fb_int(1);
    return APR_SUCCESS;
}

static apr_status_t zero(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    FB_UNUSED(vm), FB_UNUSED(error);
    *out = self.tag == FB_FLOAT ? fb_float(0) : fb_int(0);
    return APR_SUCCESS;
}

static FB_NATIVE(int_ratio)
{
    fb_value whole = fb_none();
    apr_status_t status = itself(vm, self, &whole, error);

    FB_UNUSED(args), FB_UNUSED(kwargs);
    *out = fb_tuple2(fb_vm_arena(vm), whole, fb_int(1));
    return status;
}

static FB_NATIVE(float_is_integer)
{
    FB_UNUSED(vm), FB_UNUSED(args), FB_UNUSED(kwargs), FB_UNUSED(error);
    *out = fb_bool(isfinite(self.as.f) && self.as.f == floor(self.as.f));
    return APR_SUCCESS;
}

static FB_NATIVE(float_ratio)
{
    fb_arena *arena = fb_vm_arena(vm);
    fb_integer top, power, bottom = fb_integer_of(1);
    int exponent;
    double mantissa = self.as.f;
    apr_status_t status;

    FB_UNUSED(args), FB_UNUSED(kwargs);
    if (isnan(mantissa))
        return fb_raise(error, "ValueError", "cannot convert NaN to integer ratio");
    if (isinf(mantissa))
        return fb_raise(error, "OverflowError", "cannot convert Infinity to integer ratio");
    mantissa = frexp(mantissa, &exponent);
    while (mantissa != floor(mantissa)) {
        mantissa *= 2;
        exponent--;
    }
    status = fb_integer_from_double(&top, mantissa, arena, error);
    if (status == APR_SUCCESS)
        status = fb_integer_pow(&power, fb_integer_of(2),
                                fb_integer_of(exponent < 0 ? -exponent : exponent), arena, error);
    if (status == APR_SUCCESS && exponent < 0)
        bottom = power;
    else if (status == APR_SUCCESS)
        status = fb_integer_mul(&top, top, power, arena, error);
    if (status == APR_SUCCESS)
        *out = fb_tuple2(arena, fb_integer_value(top), fb_integer_value(bottom));
    return status;
}

const fb_builtin fb_builtin_int_methods[] = {
    { "as_integer_ratio", int_ratio, FB_NO_PARAMS, .doc = "The pair (itself, 1)." },
    { "bit_count", int_bit_count, FB_NO_PARAMS, .doc = "How many bits are set." },
    { "bit_length", int_bit_length, FB_NO_PARAMS, .doc = "How many bits it needs." },
    { "conjugate", number_conjugate, FB_NO_PARAMS, .doc = "Itself." },
    { .name = NULL },
};

const fb_builtin fb_builtin_float_methods[] = {
    { "as_integer_ratio", float_ratio, FB_NO_PARAMS, .doc = "As an exact fraction." },
    { "conjugate", number_conjugate, FB_NO_PARAMS, .doc = "Itself." },
    { "is_integer", float_is_integer, FB_NO_PARAMS, .doc = "Is there nothing behind the point?" },
    { .name = NULL },
};

const fb_attribute fb_builtin_int_attributes[] = {
    { "denominator", one, "1." },  { "imag", zero, "0." }, { "numerator", itself, "Itself." },
    { "real", itself, "Itself." }, { NULL, NULL, NULL },
};

const fb_attribute fb_builtin_float_attributes[] = {
    { "imag", zero, "0.0." },
    { "real", itself, "Itself." },
    { NULL, NULL, NULL },
};
