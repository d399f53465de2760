/* The complex number that a negative number to a fractional power is: it can be shown. */
#include "template/builtins_impl.h"
#include "template/format.h"

#include <math.h>

#include "base/banned.h"

typedef struct complex_number {
    fb_object object;
    double real, imaginary;
} complex_number;

static const fb_class complex_class;

static apr_status_t complex_real(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    const complex_number *c = fb_object_of(self, &complex_class);

    FB_UNUSED(vm), FB_UNUSED(error);
    *out = fb_float(c->real);
    return APR_SUCCESS;
}

static apr_status_t complex_imaginary(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    const complex_number *c = fb_object_of(self, &complex_class);

    FB_UNUSED(vm), FB_UNUSED(error);
    *out = fb_float(c->imaginary);
    return APR_SUCCESS;
}

static apr_status_t add_part(fb_text *text, double v, bool plus, fb_error *error)
{
    if (signbit(v) != 0 && !isnan(v))
        fb_text_add_char(text, '-');
    else if (plus)
        fb_text_add_char(text, '+');
    return fb_format_double(text, fabs(v), 'r', 0, 0, error);
}

static apr_status_t complex_repr(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    const complex_number *c = fb_object_of(self, &complex_class);
    bool both = c->real != 0 || signbit(c->real) != 0;
    apr_status_t status = APR_SUCCESS;
    fb_text text;

    fb_text_init(&text, vm, 48);
    if (both) {
        fb_text_add_char(&text, '(');
        status = add_part(&text, c->real, false, error);
    }
    if (status == APR_SUCCESS)
        status = add_part(&text, c->imaginary, both, error);
    fb_text_add(&text, both ? FB_STR("j)") : FB_STR("j"));
    return status == APR_SUCCESS ? fb_text_finish(&text, FB_STR, out, error) : status;
}

static const fb_attribute complex_attributes[] = {
    { "imag", complex_imaginary, "The imaginary part." },
    { "real", complex_real, "The real part." },
    { NULL, NULL, NULL },
};

static const fb_class complex_class = {
    .name = "complex",
    .attributes = complex_attributes,
    .to_string = complex_repr,
    .repr = complex_repr,
};

fb_value fb_complex_value(fb_vm *vm, double real, double imaginary)
{
    complex_number *c = fb_arena_alloc(fb_vm_arena(vm), sizeof(*c));

    *c = (complex_number){ { &complex_class }, real, imaginary };
    return fb_object_value(c);
}
