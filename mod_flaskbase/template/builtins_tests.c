/* The tests: what may stand after `is`. */
#include "template/builtins_impl.h"
#include "template/number.h"

#include "base/banned.h"

static apr_status_t answer(fb_value *out, bool yes)
{
    *out = fb_bool(yes);
    return APR_SUCCESS;
}

/* value % divisor == remainder, by the operators: a string would be formatted. */
static apr_status_t has_remainder(fb_vm *vm, fb_value v, fb_value divisor, int64_t remainder,
                                  fb_value *out, fb_error *error)
{
    fb_value rest = fb_none();
    apr_status_t status;

    if (v.tag == FB_INT && divisor.tag == FB_INT && divisor.as.i > 0) {
        int64_t r = v.as.i % divisor.as.i;

        return answer(out, (r < 0 ? r + divisor.as.i : r) == remainder);
    }
    status = fb_binary(vm, FB_BIN_MOD, v, divisor, &rest, error);
    *out = fb_bool(fb_equal(rest, fb_int(remainder)));
    return status;
}

static FB_NATIVE(test_odd)
{
    FB_UNUSED(args), FB_UNUSED(kwargs);
    return has_remainder(vm, self, fb_int(2), 1, out, error);
}

static FB_NATIVE(test_even)
{
    FB_UNUSED(args), FB_UNUSED(kwargs);
    return has_remainder(vm, self, fb_int(2), 0, out, error);
}

static FB_NATIVE(test_divisibleby)
{
    FB_UNUSED(kwargs);
    return has_remainder(vm, self, args.v[0], 0, out, error);
}

static FB_NATIVE(test_defined)
{
    FB_UNUSED(vm), FB_UNUSED(args), FB_UNUSED(kwargs), FB_UNUSED(error);
    return answer(out, !fb_is_undefined(self));
}

static FB_NATIVE(test_undefined)
{
    FB_UNUSED(vm), FB_UNUSED(args), FB_UNUSED(kwargs), FB_UNUSED(error);
    return answer(out, fb_is_undefined(self));
}

/* "value in env.filters": what can be no key is an error. */
static apr_status_t known(fb_vm *vm, fb_value name, bool found, fb_value *out, fb_error *error)
{
    uint32_t hash;
    apr_status_t status = fb_hash(vm, name, &hash, error);

    *out = fb_bool(fb_is_string(name) && found);
    return status;
}

static FB_NATIVE(test_filter)
{
    bool found = fb_is_string(self) && fb_find_filter(vm, fb_value_str(self)) != NULL;

    FB_UNUSED(args), FB_UNUSED(kwargs);
    return known(vm, self, found, out, error);
}

static FB_NATIVE(test_test)
{
    bool found = fb_is_string(self) && fb_find_test(vm, fb_value_str(self)) != NULL;

    FB_UNUSED(args), FB_UNUSED(kwargs);
    return known(vm, self, found, out, error);
}

static FB_NATIVE(test_none)
{
    FB_UNUSED(vm), FB_UNUSED(args), FB_UNUSED(kwargs), FB_UNUSED(error);
    return answer(out, fb_is_none(self));
}

static FB_NATIVE(test_boolean)
{
    FB_UNUSED(vm), FB_UNUSED(args), FB_UNUSED(kwargs), FB_UNUSED(error);
    return answer(out, self.tag == FB_BOOL);
}

static FB_NATIVE(test_true)
{
    FB_UNUSED(vm), FB_UNUSED(args), FB_UNUSED(kwargs), FB_UNUSED(error);
    return answer(out, self.tag == FB_BOOL && self.as.i != 0);
}

static FB_NATIVE(test_false)
{
    FB_UNUSED(vm), FB_UNUSED(args), FB_UNUSED(kwargs), FB_UNUSED(error);
    return answer(out, self.tag == FB_BOOL && self.as.i == 0);
}

static FB_NATIVE(test_integer)
{
    FB_UNUSED(vm), FB_UNUSED(args), FB_UNUSED(kwargs), FB_UNUSED(error);
    return answer(out, self.tag == FB_INT || self.tag == FB_BIGINT);
}

static FB_NATIVE(test_float)
{
    FB_UNUSED(vm), FB_UNUSED(args), FB_UNUSED(kwargs), FB_UNUSED(error);
    return answer(out, self.tag == FB_FLOAT);
}

static FB_NATIVE(test_number)
{
    FB_UNUSED(vm), FB_UNUSED(args), FB_UNUSED(kwargs), FB_UNUSED(error);
    return answer(out, fb_is_number(self));
}

static FB_NATIVE(test_string)
{
    FB_UNUSED(vm), FB_UNUSED(args), FB_UNUSED(kwargs), FB_UNUSED(error);
    return answer(out, fb_is_string(self));
}

static apr_status_t in_case(fb_vm *vm, fb_value v, fb_chars_class what, fb_value *out,
                            fb_error *error)
{
    fb_value s = fb_none();
    apr_status_t status = fb_to_string(vm, v, &s, error);

    if (status == APR_SUCCESS)
        *out = fb_bool(fb_chars_is(fb_value_str(s), what));
    return status;
}

static FB_NATIVE(test_lower)
{
    FB_UNUSED(args), FB_UNUSED(kwargs);
    return in_case(vm, self, FB_CHARS_LOWER, out, error);
}

static FB_NATIVE(test_upper)
{
    FB_UNUSED(args), FB_UNUSED(kwargs);
    return in_case(vm, self, FB_CHARS_UPPER, out, error);
}

static FB_NATIVE(test_mapping)
{
    FB_UNUSED(vm), FB_UNUSED(args), FB_UNUSED(kwargs), FB_UNUSED(error);
    return answer(out, self.tag == FB_DICT);
}

/* len() works and there is a __getitem__. */
static FB_NATIVE(test_sequence)
{
    FB_UNUSED(vm), FB_UNUSED(args), FB_UNUSED(kwargs), FB_UNUSED(error);
    switch (self.tag) {
    case FB_STR:
    case FB_MARKUP:
    case FB_BYTES:
    case FB_LIST:
    case FB_TUPLE:
    case FB_DICT:
    case FB_RANGE: return answer(out, true);
    case FB_UNDEFINED: return answer(out, self.as.undefined->kind != FB_UNDEFINED_STRICT);
    case FB_OBJECT:
        return answer(out,
                      self.as.object->cls->length != NULL && self.as.object->cls->get_item != NULL);
    default: return answer(out, false);
    }
}

static FB_NATIVE(test_iterable)
{
    fb_walk walk;
    apr_status_t status = fb_walk_start(vm, self, &walk, error);

    FB_UNUSED(args), FB_UNUSED(kwargs);
    *out = fb_bool(status == APR_SUCCESS);
    if (status == APR_SUCCESS || !fb_error_is(error, "TypeError"))
        return status;
    fb_error_clear(error);
    return APR_SUCCESS;
}

static FB_NATIVE(test_callable)
{
    FB_UNUSED(vm), FB_UNUSED(args), FB_UNUSED(kwargs), FB_UNUSED(error);
    return answer(out, fb_callable(self));
}

static FB_NATIVE(test_escaped)
{
    FB_UNUSED(vm), FB_UNUSED(args), FB_UNUSED(kwargs), FB_UNUSED(error);
    return answer(out, fb_has_html(self));
}

/* Python's `is`: the same object; equal small constants are one object, too. */
static bool is_same(fb_value a, fb_value b)
{
    if (a.tag != b.tag)
        return false;
    switch (a.tag) {
    case FB_NONE: return true;
    case FB_BOOL:
    case FB_INT: return a.as.i == b.as.i;
    case FB_FLOAT: return a.as.f == b.as.f;
    case FB_STR:
        return a.len == b.len &&
               (a.as.s == b.as.s || (a.len <= 1 && (a.len == 0 || a.as.s[0] == b.as.s[0])));
    case FB_MARKUP: return a.len == b.len && a.as.s == b.as.s;
    case FB_VIEW: return false; /* each call makes a new one */
    default: return a.as.ptr == b.as.ptr;
    }
}

static FB_NATIVE(test_sameas)
{
    FB_UNUSED(vm), FB_UNUSED(kwargs), FB_UNUSED(error);
    return answer(out, is_same(self, args.v[0]));
}

static FB_NATIVE(test_in)
{
    bool found = false;
    apr_status_t status = fb_contains(vm, args.v[0], self, &found, error);

    FB_UNUSED(kwargs);
    *out = fb_bool(found);
    return status;
}

/* --- comparisons --- */

static apr_status_t compared(fb_vm *vm, fb_compare_op op, fb_value a, fb_args args, fb_value *out,
                             fb_error *error)
{
    bool yes = false;
    apr_status_t status = fb_compare(vm, op, a, args.v[0], &yes, error);

    *out = fb_bool(yes);
    return status;
}

#define COMPARISON(name, op)                                                                       \
    static FB_NATIVE(name)                                                                         \
    {                                                                                              \
        FB_UNUSED(kwargs);                                                                         \
        return compared(vm, op, self, args, out, error);                                           \
    }

COMPARISON(test_eq, FB_EQ)
COMPARISON(test_ne, FB_NE)
COMPARISON(test_lt, FB_LT)
COMPARISON(test_le, FB_LE)
COMPARISON(test_gt, FB_GT)
COMPARISON(test_ge, FB_GE)

#define OTHER FB_PARAMS("other"), .required = 1

const fb_builtin fb_builtin_tests[] = {
    { "boolean", test_boolean, FB_NO_PARAMS, .doc = "Is it true or false?" },
    { "callable", test_callable, FB_NO_PARAMS, .doc = "Can it be called?" },
    { "defined", test_defined, FB_NO_PARAMS, .doc = "Is there such a variable?" },
    { "divisibleby", test_divisibleby, FB_PARAMS("num"), .required = 1,
      .doc = "Can it be divided by num without a remainder?" },
    { "eq", test_eq, OTHER, .doc = "The same as a == b." },
    { "equalto", test_eq, OTHER, .doc = "The same as a == b." },
    { "escaped", test_escaped, FB_NO_PARAMS, .doc = "Is it markup, which is not escaped again?" },
    { "even", test_even, FB_NO_PARAMS, .doc = "Is the number even?" },
    { "false", test_false, FB_NO_PARAMS, .doc = "Is it the value false?" },
    { "filter", test_filter, FB_NO_PARAMS, .doc = "Is there a filter of this name?" },
    { "float", test_float, FB_NO_PARAMS, .doc = "Is it a number with a point?" },
    { "ge", test_ge, OTHER, .doc = "The same as a >= b." },
    { "greaterthan", test_gt, OTHER, .doc = "The same as a > b." },
    { "gt", test_gt, OTHER, .doc = "The same as a > b." },
    { "in", test_in, FB_PARAMS("seq"), .required = 1, .doc = "Is it in the sequence?" },
    { "integer", test_integer, FB_NO_PARAMS, .doc = "Is it a whole number?" },
    { "iterable", test_iterable, FB_NO_PARAMS, .doc = "Can a loop walk it?" },
    { "le", test_le, OTHER, .doc = "The same as a <= b." },
    { "lessthan", test_lt, OTHER, .doc = "The same as a < b." },
    { "lower", test_lower, FB_NO_PARAMS, .doc = "Are all its letters lower case?" },
    { "lt", test_lt, OTHER, .doc = "The same as a < b." },
    { "mapping", test_mapping, FB_NO_PARAMS, .doc = "Is it a dict?" },
    { "ne", test_ne, OTHER, .doc = "The same as a != b." },
    { "none", test_none, FB_NO_PARAMS, .doc = "Is it none?" },
    { "number", test_number, FB_NO_PARAMS, .doc = "Is it a number? (true and false count)" },
    { "odd", test_odd, FB_NO_PARAMS, .doc = "Is the number odd?" },
    { "sameas", test_sameas, OTHER, .doc = "Are both the same object?" },
    { "sequence", test_sequence, FB_NO_PARAMS, .doc = "Does it have a length and items?" },
    { "string", test_string, FB_NO_PARAMS, .doc = "Is it text?" },
    { "test", test_test, FB_NO_PARAMS, .doc = "Is there a test of this name?" },
    { "true", test_true, FB_NO_PARAMS, .doc = "Is it the value true?" },
    { "undefined", test_undefined, FB_NO_PARAMS, .doc = "Is there no such variable?" },
    { "upper", test_upper, FB_NO_PARAMS, .doc = "Are all its letters upper case?" },
    { "!=", test_ne, OTHER, .doc = "The same as ne." },
    { "<", test_lt, OTHER, .doc = "The same as lt." },
    { "<=", test_le, OTHER, .doc = "The same as le." },
    { "==", test_eq, OTHER, .doc = "The same as eq." },
    { ">", test_gt, OTHER, .doc = "The same as gt." },
    { ">=", test_ge, OTHER, .doc = "The same as ge." },
    { .name = NULL },
};
