/* Python's numbers: integers of any size, floats as Python writes, reads and rounds them. */
#ifndef FB_TEMPLATE_NUMBER_H
#define FB_TEMPLATE_NUMBER_H

#include "template/vm.h"

/* Integers beyond 64 bits are magnitudes for GMP's mpn layer, whose functions work on limbs
 * that the caller owns: everything lives in the render's arena and nothing has to be freed. (The
 * mpz layer and OpenSSL's BN keep their limbs in malloc memory of their own, which every error
 * path would have to give back.) GMP aborts the process when it cannot get scratch memory, so
 * every operation checks the size of its result against FB_INT_MAX_BITS before it calls GMP;
 * what GMP takes for itself is then a few hundred KB at most, and a number always fits into
 * FB_ARENA_SMALL bytes. */
#define FB_INT_MAX_BITS 262144

/* Python refuses to turn longer integers into decimal text, and back (sys.int_info). */
#define FB_INT_MAX_DIGITS 4300

typedef unsigned long fb_limb;

struct fb_bigint {
    int sign;           /* 1 or -1 */
    unsigned int count; /* limbs in use, the most significant last and not 0 */
    fb_limb limbs[];
};

/* An int: `small` when big is NULL. Always normal: big only for what does not fit 64 bits, so
 * that two ints are equal only if both are small or both are big. Immutable. */
typedef struct fb_integer {
    int64_t small;
    const fb_bigint *big;
} fb_integer;

static inline fb_integer fb_integer_of(int64_t v)
{
    return (fb_integer){ v, NULL };
}

/* Of a FB_BOOL, FB_INT or FB_BIGINT, and back. */
static inline fb_integer fb_integer_from(fb_value v)
{
    return v.tag == FB_BIGINT ? (fb_integer){ 0, v.as.big } : (fb_integer){ v.as.i, NULL };
}

static inline fb_value fb_integer_value(fb_integer v)
{
    return v.big != NULL ? (fb_value){ .tag = FB_BIGINT, .as.big = v.big } : fb_int(v.small);
}

fb_integer fb_integer_of_unsigned(uint64_t v, fb_arena *arena);
int fb_integer_sign(fb_integer v); /* -1, 0, 1 */
int fb_integer_cmp(fb_integer a, fb_integer b);
/* Exact comparison with a double that is not NaN. */
int fb_integer_cmp_double(fb_integer a, double b);
bool fb_integer_is_odd(fb_integer v);
/* Number of bits of the magnitude (int.bit_length). */
apr_size_t fb_integer_bits(fb_integer v);
/* The same for an int and a float of the same value. */
uint64_t fb_integer_hash(fb_integer v);
uint64_t fb_float_hash(double v);

/* Arithmetic. Failures: Python's ZeroDivisionError and OverflowError, the latter also for results
 * beyond FB_INT_MAX_BITS. */
apr_status_t fb_integer_add(fb_integer *out, fb_integer a, fb_integer b, fb_arena *arena,
                            fb_error *error) FB_MUST_CHECK;
apr_status_t fb_integer_sub(fb_integer *out, fb_integer a, fb_integer b, fb_arena *arena,
                            fb_error *error) FB_MUST_CHECK;
apr_status_t fb_integer_mul(fb_integer *out, fb_integer a, fb_integer b, fb_arena *arena,
                            fb_error *error) FB_MUST_CHECK;
/* Quotient rounded down and remainder with the divisor's sign; each out may be NULL. */
apr_status_t fb_integer_divmod(fb_integer *quotient, fb_integer *remainder, fb_integer a,
                               fb_integer b, fb_arena *arena, fb_error *error) FB_MUST_CHECK;
/* b >= 0; a negative exponent is a matter of floats (fb_float_pow). */
apr_status_t fb_integer_pow(fb_integer *out, fb_integer a, fb_integer b, fb_arena *arena,
                            fb_error *error) FB_MUST_CHECK;
/* a / b as the nearest double, even where a and b are no doubles. */
apr_status_t fb_integer_truediv(double *out, fb_integer a, fb_integer b, fb_arena *arena,
                                fb_error *error) FB_MUST_CHECK;
fb_integer fb_integer_neg(fb_integer a, fb_arena *arena);
fb_integer fb_integer_abs(fb_integer a, fb_arena *arena);
/* round(a, digits): digits >= 0 gives a itself; half to even. */
apr_status_t fb_integer_round(fb_integer *out, fb_integer a, int64_t digits, fb_arena *arena,
                              fb_error *error) FB_MUST_CHECK;

/* The nearest double, ties to even; OverflowError when there is none. */
apr_status_t fb_integer_to_double(double *out, fb_integer a, fb_error *error) FB_MUST_CHECK;
/* int(float): towards zero; ValueError for NaN, OverflowError for infinities. */
apr_status_t fb_integer_from_double(fb_integer *out, double v, fb_arena *arena,
                                    fb_error *error) FB_MUST_CHECK;

/* int(text, base) with all that Python allows: blanks around, sign, prefix, underscores, decimal
 * digits of other scripts. Base 0 or 2 to 36. ValueError with Python's words otherwise. */
apr_status_t fb_integer_parse(fb_integer *out, fb_str text, int base, fb_arena *arena,
                              fb_error *error) FB_MUST_CHECK;
/* Digits of an integer literal (no blanks, no sign; prefix and underscores as the lexer let
 * them pass). Only the number of digits can fail. */
apr_status_t fb_integer_parse_literal(fb_integer *out, fb_str text, fb_arena *arena,
                                      fb_error *error) FB_MUST_CHECK;
/* Digits in base 2, 8, 10 or 16 (lower case), "-" before, no prefix. ValueError beyond
 * FB_INT_MAX_DIGITS in base 10. */
apr_status_t fb_integer_write(fb_text *out, fb_integer a, int base, fb_error *error) FB_MUST_CHECK;
/* Decimal digits of a 64-bit integer into `out` (20 bytes suffice, 21 with sign); returns their
 * number. */
apr_size_t fb_integer_write_small(char out[24], int64_t v);

/* --- floats --- */

/* A float in decimal: value = 0.d1d2d3... * 10^point (like C's dtoa, decpt). */
typedef struct fb_digits {
    char *digits; /* '0' to '9', `count` of them, not terminated */
    int count;
    int point;
    bool negative; /* also for -0.0 */
} fb_digits;

/* Shortest digits that read back as the same double; v is finite. buf holds at least 24 bytes. */
void fb_float_shortest(fb_digits *out, double v, char buf[32]);
/* Correctly rounded (half to even on the exact value): `digits` significant ones (>= 1), or that
 * many behind the point. v is finite. digits is NULL when they do not fit the budget. */
void fb_float_significant(fb_digits *out, double v, int digits, fb_arena *arena);
void fb_float_fixed(fb_digits *out, double v, int digits, fb_arena *arena);

/* repr(float): at most 32 bytes; returns the length. */
apr_size_t fb_float_repr(char out[32], double v);
/* float(text): blanks, sign, underscores, inf, nan. ValueError with Python's words. */
apr_status_t fb_float_parse(double *out, fb_str text, fb_arena *arena,
                            fb_error *error) FB_MUST_CHECK;
/* A float literal of the lexer (digits, point, exponent, underscores). */
double fb_float_parse_literal(fb_str text, fb_arena *arena);
/* round(v, digits) as float. OverflowError "rounded value too large to represent". */
apr_status_t fb_float_round(double *out, double v, int64_t digits, fb_arena *arena,
                            fb_error *error) FB_MUST_CHECK;
/* Python's // and % on floats. ZeroDivisionError. */
apr_status_t fb_float_divmod(double *quotient, double *remainder, double a, double b,
                             fb_error *error) FB_MUST_CHECK;
/* a ** b. *imaginary is 0 unless a < 0 and b is fractional, when Python's result is complex. */
apr_status_t fb_float_pow(double *real, double *imaginary, double a, double b,
                          fb_error *error) FB_MUST_CHECK;

#endif
