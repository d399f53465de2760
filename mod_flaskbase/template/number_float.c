/* Python's float: shortest text, correct rounding, comparison and conversion with ints. */
#include "template/number.h"
#include "template/chars.h"
#include "template/vm.h"

#include <errno.h>
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

#define LIMB_BITS ((unsigned int)(sizeof(fb_limb) * CHAR_BIT))

/* --- to decimal ---
 * The C library rounds correctly, but writes the decimal point of the locale, which a
 * neighbour in the same process may have set: only its digits and exponent are taken. */

/* Reads digits * 10^exponent without a decimal point, so whatever the locale. */
static double read_scaled(const char *digits, int count, int exponent, char *room, size_t size)
{
    int len = snprintf(room, size, "%.*se%d", count, digits, exponent);

    return len < 0 || (size_t)len >= size ? NAN : strtod(room, NULL);
}

/* v with `significant` digits, as "%.*e" gives them. */
static void digits_of_e(fb_digits *out, const char *text, char *digits)
{
    const char *at = text;
    int count = 0;

    for (; *at != '\0' && *at != 'e'; at++)
        if (*at >= '0' && *at <= '9')
            digits[count++] = *at;
    out->digits = digits;
    out->count = count;
    out->point = *at == 'e' ? (int)strtol(at + 1, NULL, 10) + 1 : 1;
}

static void strip_zeros(fb_digits *d)
{
    while (d->count > 1 && d->digits[d->count - 1] == '0')
        d->count--;
}

/* Next decimal of the same length: 199 becomes 2 (with zeros cut). */
static void increment(fb_digits *d)
{
    int i = d->count - 1;

    while (i >= 0 && d->digits[i] == '9')
        i--;
    if (i < 0) {
        d->digits[0] = '1';
        d->count = 1;
        d->point++;
        return;
    }
    d->digits[i]++;
    d->count = i + 1;
}

/* Decimals of few digits, by far the most common: m / 10^k with m < 2^53 is one exact division,
 * so if it gives v back, m's digits are the (unique, shortest) ones. */
static bool shortest_simple(fb_digits *out, double v, char *buf)
{
    static const double powers[] = { 1, 10, 100, 1e3, 1e4, 1e5, 1e6 };
    char text[24];
    apr_size_t len;

    for (int k = 0; k < 7; k++) {
        double scaled = v * powers[k];

        if (scaled >= 1e15)
            return false;
        scaled = rint(scaled);
        if (scaled / powers[k] != v)
            continue;
        len = fb_integer_write_small(text, (int64_t)scaled);
        memcpy(buf, text, len);
        out->digits = buf;
        out->count = (int)len;
        out->point = (int)len - k;
        strip_zeros(out);
        return true;
    }
    return false;
}

static bool try_shortest(fb_digits *out, double v, int significant, char *buf)
{
    char text[64], room[64];
    int exponent;

    if (snprintf(text, sizeof(text), "%.*e", significant - 1, v) < 0)
        return false;
    digits_of_e(out, text, buf);
    if (read_scaled(buf, out->count, out->point - out->count, room, sizeof(room)) == v) {
        strip_zeros(out);
        return true;
    }
    /* Above a power of two the gap to the next double is twice the gap below: there the next
     * longer decimal may read back although the nearest one does not (2^-44). */
    if (frexp(v, &exponent) != 0.5)
        return false;
    increment(out);
    return read_scaled(buf, out->count, out->point - out->count, room, sizeof(room)) == v;
}

void fb_float_shortest(fb_digits *out, double v, char buf[32])
{
    out->negative = signbit(v) != 0;
    v = fabs(v);
    if (v == 0) {
        buf[0] = '0';
        out->digits = buf;
        out->count = 1;
        out->point = 1;
        return;
    }
    if (v >= 1e-4 && shortest_simple(out, v, buf))
        return;
    /* 15 digits always survive, so a shorter decimal shows as zeros at the end; below the normal
     * range this does not hold. */
    for (int significant = v < DBL_MIN ? 1 : 15; significant < 17; significant++)
        if (try_shortest(out, v, significant, buf))
            return;
    if (!try_shortest(out, v, 17, buf))
        out->count = 1; /* cannot happen: 17 digits identify every double */
}

void fb_float_significant(fb_digits *out, double v, int digits, fb_arena *arena)
{
    size_t size = (size_t)digits + 32;
    char *text = fb_arena_alloc(arena, size), *buf = fb_arena_alloc(arena, size);

    out->negative = signbit(v) != 0;
    out->digits = NULL;
    if (text == NULL || buf == NULL)
        return;
    if (snprintf(text, size, "%.*e", digits - 1, fabs(v)) < 0)
        text[0] = '\0';
    digits_of_e(out, text, buf);
}

/* Behind the point: the digits of "%.*f"; leading zeros cut. */
static void fixed_behind_point(fb_digits *out, double v, int digits, fb_arena *arena)
{
    size_t size = (size_t)digits + DBL_MAX_10_EXP + 8;
    char *text = fb_arena_alloc(arena, size);
    int count = 0, lead = 0;

    out->digits = NULL;
    if (text == NULL)
        return;
    if (snprintf(text, size, "%.*f", digits, v) < 0)
        text[0] = '\0';
    for (const char *at = text; *at != '\0'; at++)
        if (*at >= '0' && *at <= '9')
            text[count++] = *at;
    out->point = count - digits;
    while (lead < count && text[lead] == '0')
        lead++;
    out->digits = text + lead;
    out->count = count - lead;
    out->point -= lead;
    if (out->count == 0) { /* zero: keep the position of the last digit */
        out->digits = text;
        text[0] = '0';
        out->count = 1;
        out->point = 1;
    }
}

/* Before the point (digits < 0): round the exact integer part by hand. */
static void fixed_before_point(fb_digits *out, double v, int digits, fb_arena *arena)
{
    double whole = floor(v);
    bool sticky = whole != v, up;
    int keep;

    fixed_behind_point(out, whole, 0, arena);
    if (out->digits == NULL)
        return;
    keep = out->count + digits; /* digits that stay */
    if (whole == 0 || keep < 0) {
        out->count = 1;
        out->point = 1;
        out->digits[0] = '0';
        return;
    }
    for (int i = keep + 1; i < out->count; i++)
        sticky = sticky || out->digits[i] != '0';
    up = out->digits[keep] > '5' ||
         (out->digits[keep] == '5' &&
          (sticky || (keep > 0 && ((out->digits[keep - 1] - '0') & 1) != 0)));
    out->count = keep;
    if (keep == 0) {
        out->count = 1;
        out->digits[0] = up ? '1' : '0';
        out->point = up ? out->point + 1 : 1;
    } else if (up)
        increment(out);
}

void fb_float_fixed(fb_digits *out, double v, int digits, fb_arena *arena)
{
    if (digits >= 0)
        fixed_behind_point(out, fabs(v), digits, arena);
    else
        fixed_before_point(out, fabs(v), digits, arena);
    out->negative = signbit(v) != 0;
}

static char *put_exponent(char *at, int exponent)
{
    char text[24];
    apr_size_t len;

    *at++ = 'e';
    *at++ = exponent < 0 ? '-' : '+';
    len = fb_integer_write_small(text, exponent < 0 ? -exponent : exponent);
    if (len == 1)
        *at++ = '0';
    memcpy(at, text, len);
    return at + len;
}

static char *put(char *at, const char *from, int count)
{
    memcpy(at, from, (size_t)count);
    return at + count;
}

apr_size_t fb_float_repr(char out[32], double v)
{
    char buf[32], *at = out;
    fb_digits d;

    if (!isfinite(v)) {
        const char *name = isnan(v) ? "nan" : v < 0 ? "-inf" : "inf";
        apr_size_t len = strlen(name);

        memcpy(out, name, len);
        return len;
    }
    fb_float_shortest(&d, v, buf);
    if (d.negative)
        *at++ = '-';
    if (d.point > 16 || d.point < -3) {
        *at++ = d.digits[0];
        if (d.count > 1) {
            *at++ = '.';
            at = put(at, d.digits + 1, d.count - 1);
        }
        return (apr_size_t)(put_exponent(at, d.point - 1) - out);
    }
    if (d.point <= 0) {
        at = put(at, "0.000", 2 - d.point);
        at = put(at, d.digits, d.count);
    } else if (d.count <= d.point) {
        at = put(at, d.digits, d.count);
        for (int i = d.count; i < d.point; i++)
            *at++ = '0';
        at = put(at, ".0", 2);
    } else {
        at = put(at, d.digits, d.point);
        *at++ = '.';
        at = put(at, d.digits + d.point, d.count - d.point);
    }
    return (apr_size_t)(at - out);
}

/* --- from decimal --- */

/* digits[.digits][e[+-]digits], underscores only between digits; the digits go to `digits`, of
 * which *scale stand behind the point. */
typedef struct decimal {
    char *digits;
    apr_size_t count;
    int64_t exponent;
    bool good;
} decimal;

static apr_size_t scan_digits(fb_str s, apr_size_t at, decimal *d, bool *any)
{
    *any = false;
    while (at < s.len) {
        if (s.ptr[at] == '_') {
            if (!*any || at + 1 >= s.len || s.ptr[at + 1] < '0' || s.ptr[at + 1] > '9')
                break;
        } else if (s.ptr[at] >= '0' && s.ptr[at] <= '9') {
            d->digits[d->count++] = s.ptr[at];
            *any = true;
        } else
            break;
        at++;
    }
    return at;
}

static apr_size_t scan_exponent(fb_str s, apr_size_t at, decimal *d)
{
    bool negative = false, any = false;
    int64_t exponent = 0;

    if (at < s.len && (s.ptr[at] == '-' || s.ptr[at] == '+'))
        negative = s.ptr[at++] == '-';
    for (; at < s.len; at++) {
        if (s.ptr[at] == '_' && any && at + 1 < s.len && s.ptr[at + 1] >= '0' &&
            s.ptr[at + 1] <= '9')
            continue;
        if (s.ptr[at] < '0' || s.ptr[at] > '9')
            break;
        any = true;
        if (exponent < 100000000)
            exponent = exponent * 10 + (s.ptr[at] - '0');
    }
    d->good = any;
    d->exponent += negative ? -exponent : exponent;
    return at;
}

static double read_decimal(bool *good, fb_str s, fb_arena *arena)
{
    bool whole, behind = false;
    apr_size_t at, before;
    decimal d = { 0 };
    char *room;

    d.digits = fb_arena_alloc(arena, s.len + 1);
    d.good = d.digits != NULL;
    if (d.digits == NULL || s.len > INT_MAX / 2) {
        *good = false;
        return 0;
    }
    at = scan_digits(s, 0, &d, &whole);
    if (at < s.len && s.ptr[at] == '.') {
        before = d.count;
        at = scan_digits(s, at + 1, &d, &behind);
        d.exponent = -(int64_t)(d.count - before);
    }
    if ((whole || behind) && at < s.len && (s.ptr[at] | 0x20) == 'e')
        at = scan_exponent(s, at + 1, &d);
    *good = d.good && (whole || behind) && at == s.len;
    if (!*good)
        return 0;
    if (d.exponent > 200000000 || d.exponent < -200000000)
        d.exponent = d.exponent > 0 ? 200000000 : -200000000;
    if (d.count <= 15 && d.exponent <= 0 && d.exponent >= -22) { /* exact: one division */
        static const double powers[] = { 1,    1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                         1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                         1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
        int64_t mantissa = 0;

        for (apr_size_t i = 0; i < d.count; i++)
            mantissa = mantissa * 10 + (d.digits[i] - '0');
        return (double)mantissa / powers[-d.exponent];
    }
    room = fb_arena_alloc(arena, d.count + 32);
    if (room == NULL) {
        *good = false;
        return 0;
    }
    return read_scaled(d.digits, (int)d.count, (int)d.exponent, room, d.count + 32);
}

double fb_float_parse_literal(fb_str text, fb_arena *arena)
{
    bool good;

    return read_decimal(&good, text, arena);
}

apr_status_t fb_float_parse(double *out, fb_str text, fb_arena *arena, fb_error *error)
{
    fb_str s = fb_chars_ascii_number(text, arena);
    bool negative = false, good = true;
    double v;

    if (s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+')) {
        negative = s.ptr[0] == '-';
        s = fb_str_sub(s, 1, s.len);
    }
    if (fb_str_ieq_z(s, "inf") || fb_str_ieq_z(s, "infinity"))
        v = INFINITY;
    else if (fb_str_ieq_z(s, "nan"))
        v = NAN;
    else
        v = read_decimal(&good, s, arena);
    if (!good)
        return fb_raise(error, "ValueError", "could not convert string to float: %s",
                        fb_chars_repr_z(text, arena));
    *out = negative ? -v : v;
    return APR_SUCCESS;
}

/* --- with ints --- */

/* The nearest double to `top` * 2^shift, where `sticky` says that bits below were cut off;
 * top has its highest bit set or is exact. */
static double scale(uint64_t top, bool sticky, int shift)
{
    int exponent = 64 - (top == 0 ? 64 : __builtin_clzll(top)) + shift; /* value < 2^exponent */
    int keep = exponent - shift - 53, min = DBL_MIN_EXP - DBL_MANT_DIG - shift;
    const uint64_t half = (uint64_t)1 << 63;
    uint64_t unit, rest;

    if (keep < min)
        keep = min;
    if (keep > 63)
        return keep == 64 && (top > half || (top == half && sticky)) ? ldexp(1, 64 + shift) : 0;
    if (keep > 0) {
        unit = (uint64_t)1 << keep;
        rest = top & (unit - 1);
        top >>= keep;
        if (rest > unit / 2 || (rest == unit / 2 && (sticky || (top & 1) != 0)))
            top++;
        shift += keep;
    }
    return ldexp((double)top, shift);
}

/* The upper 64 bits of a magnitude; *shift is what they stand above. */
static uint64_t top_bits(fb_integer v, int *shift, bool *sticky)
{
    apr_size_t bits = fb_integer_bits(v), low = bits > 64 ? bits - 64 : 0;
    uint64_t top = 0;

    *sticky = false;
    *shift = (int)low;
    if (v.big == NULL)
        return v.small < 0 ? 0 - (uint64_t)v.small : (uint64_t)v.small;
    for (apr_size_t i = v.big->count; i > 0; i--) {
        apr_size_t at = (i - 1) * LIMB_BITS; /* of this limb's lowest bit */
        uint64_t limb = v.big->limbs[i - 1];

        if (at >= low)
            top |= limb << (at - low);
        else if (at + LIMB_BITS > low) {
            top |= limb >> (low - at);
            *sticky = *sticky || (limb & (((uint64_t)1 << (low - at)) - 1)) != 0;
        } else
            *sticky = *sticky || limb != 0;
    }
    return top;
}

apr_status_t fb_integer_to_double(double *out, fb_integer a, fb_error *error)
{
    uint64_t top;
    bool sticky;
    int shift;

    if (a.big == NULL) {
        *out = (double)a.small;
        return APR_SUCCESS;
    }
    top = top_bits(a, &shift, &sticky);
    *out = shift > DBL_MAX_EXP ? INFINITY : scale(top, sticky, shift);
    if (isinf(*out))
        return fb_raise(error, "OverflowError", "int too large to convert to float");
    if (fb_integer_sign(a) < 0)
        *out = -*out;
    return APR_SUCCESS;
}

apr_status_t fb_integer_from_double(fb_integer *out, double v, fb_arena *arena, fb_error *error)
{
    int exponent;
    double mantissa;
    fb_integer power;
    apr_status_t status;

    if (isnan(v))
        return fb_raise(error, "ValueError", "cannot convert float NaN to integer");
    if (isinf(v))
        return fb_raise(error, "OverflowError", "cannot convert float infinity to integer");
    if (v > -9.2e18 && v < 9.2e18) {
        *out = fb_integer_of((int64_t)v);
        return APR_SUCCESS;
    }
    mantissa = frexp(v, &exponent);
    status = fb_integer_pow(&power, fb_integer_of(2), fb_integer_of(exponent - 53), arena, error);
    if (status != APR_SUCCESS)
        return status;
    return fb_integer_mul(out, fb_integer_of((int64_t)ldexp(mantissa, 53)), power, arena, error);
}

int fb_integer_cmp_double(fb_integer a, double b)
{
    double whole;
    int sign = fb_integer_sign(a), exponent, bits;

    if (isinf(b))
        return b > 0 ? -1 : 1;
    if (a.big == NULL) {
        if (b >= 9223372036854775808.0)
            return -1;
        if (b < -9223372036854775808.0)
            return 1;
        whole = trunc(b);
        if (a.small != (int64_t)whole)
            return a.small < (int64_t)whole ? -1 : 1;
        return (b < whole) - (b > whole);
    }
    if (sign > 0 ? b <= 0 : b >= 0)
        return sign;
    (void)frexp(b, &exponent);
    bits = (int)fb_integer_bits(a);
    if (bits != exponent)
        return bits < exponent ? -sign : sign;
    /* The same number of bits: compare the upper 64, of which the double has 53. */
    {
        bool sticky;
        int shift;
        uint64_t top = top_bits(a, &shift, &sticky);
        uint64_t other = (uint64_t)ldexp(fabs(b), -shift);

        if (top != other)
            return top < other ? -sign : sign;
        return sticky ? sign : 0;
    }
}

#define HASH_BITS    61
#define HASH_MODULUS ((((uint64_t)1) << HASH_BITS) - 1)

uint64_t fb_float_hash(double v)
{
    uint64_t hash = 0;
    int exponent;
    bool negative = v < 0;

    if (isnan(v))
        return 0;
    if (isinf(v))
        return v > 0 ? 314159 : 0 - (uint64_t)314159;
    if (v > -1e15 && v < 1e15 && v == (double)(int64_t)v)
        return (uint64_t)(int64_t)v;
    v = frexp(fabs(v), &exponent);
    while (v != 0) { /* 28 bits at a time, modulo 2^61 - 1: a shift is a rotation */
        uint64_t part;

        hash = ((hash << 28) & HASH_MODULUS) | (hash >> (HASH_BITS - 28));
        v *= 268435456.0;
        exponent -= 28;
        part = (uint64_t)v;
        v -= (double)part;
        hash += part;
        if (hash >= HASH_MODULUS)
            hash -= HASH_MODULUS;
    }
    exponent = exponent >= 0 ? exponent % HASH_BITS : HASH_BITS - 1 - ((-1 - exponent) % HASH_BITS);
    hash = ((hash << exponent) & HASH_MODULUS) | (hash >> (HASH_BITS - exponent));
    return negative ? 0 - hash : hash;
}

apr_status_t fb_integer_truediv(double *out, fb_integer a, fb_integer b, fb_arena *arena,
                                fb_error *error)
{
    const int64_t exact = (int64_t)1 << 53;
    fb_arena_mark mark;
    fb_integer q, r, power, x, y;
    int64_t shift;
    apr_status_t status;

    if (fb_integer_sign(b) == 0)
        return fb_raise(error, "ZeroDivisionError", "division by zero");
    if (a.big == NULL && b.big == NULL && a.small <= exact && a.small >= -exact &&
        b.small <= exact && b.small >= -exact) {
        *out = (double)a.small / (double)b.small;
        return APR_SUCCESS;
    }
    /* Scale so that the quotient has 60 to 62 bits, divide exactly, round once. */
    mark = fb_arena_note(arena);
    x = fb_integer_abs(a, arena);
    y = fb_integer_abs(b, arena);
    shift = (int64_t)fb_integer_bits(x) - (int64_t)fb_integer_bits(y) - 61;
    status = fb_integer_pow(&power, fb_integer_of(2), fb_integer_of(shift < 0 ? -shift : shift),
                            arena, error);
    if (status == APR_SUCCESS)
        status = shift < 0 ? fb_integer_mul(&x, x, power, arena, error)
                           : fb_integer_mul(&y, y, power, arena, error);
    if (status == APR_SUCCESS)
        status = fb_integer_divmod(&q, &r, x, y, arena, error);
    if (status == APR_SUCCESS) {
        *out = shift > DBL_MAX_EXP ? INFINITY
                                   : scale((uint64_t)q.small, fb_integer_sign(r) != 0, (int)shift);
        if ((fb_integer_sign(a) < 0) != (fb_integer_sign(b) < 0)) /* also for a zero: -0.0 */
            *out = -*out;
        if (isinf(*out))
            status =
                fb_raise(error, "OverflowError", "integer division result too large for a float");
    }
    fb_arena_release(arena, mark);
    return status;
}

/* --- arithmetic --- */

apr_status_t fb_float_round(double *out, double v, int64_t digits, fb_arena *arena, fb_error *error)
{
    fb_digits d;
    char *room;

    *out = v;
    if (!isfinite(v) || digits > 323 || v == 0)
        return APR_SUCCESS;
    if (digits < -309) {
        *out = copysign(0.0, v);
        return APR_SUCCESS;
    }
    if (digits == 0 && fabs(v) < 4503599627370496.0) {
        *out = copysign(rint(v), v); /* ties to even: nobody changes the rounding mode */
        return APR_SUCCESS;
    }
    fb_float_fixed(&d, v, (int)digits, arena);
    if (d.digits == NULL)
        return fb_raise_memory(error);
    room = fb_arena_alloc(arena, (apr_size_t)d.count + 32);
    *out = read_scaled(d.digits, d.count, d.point - d.count, room, (size_t)d.count + 32);
    *out = copysign(*out, v);
    if (isinf(*out))
        return fb_raise(error, "OverflowError", "rounded value too large to represent");
    return APR_SUCCESS;
}

apr_status_t fb_float_divmod(double *quotient, double *remainder, double a, double b,
                             fb_error *error)
{
    double rest, div;

    if (b == 0)
        return fb_raise(error, "ZeroDivisionError",
                        quotient == NULL    ? "float modulo"
                        : remainder == NULL ? "float floor division by zero"
                                            : "float divmod()");
    rest = fmod(a, b);
    div = (a - rest) / b;
    if (rest != 0) {
        if ((b < 0) != (rest < 0)) {
            rest += b;
            div -= 1.0;
        }
    } else
        rest = copysign(0.0, b);
    if (div != 0) {
        double whole = floor(div);

        div = div - whole > 0.5 ? whole + 1.0 : whole;
    } else
        div = copysign(0.0, a / b);
    if (quotient != NULL)
        *quotient = div;
    if (remainder != NULL)
        *remainder = rest;
    return APR_SUCCESS;
}

static apr_status_t out_of_range(fb_error *error)
{
    return fb_raise(error, "OverflowError", "(34, 'Numerical result out of range')");
}

/* A negative base with a fractional exponent: by polar coordinates, as CPython does. */
static void complex_pow(double *real, double *imaginary, double a, double b)
{
    double length = pow(fabs(a), b), phase = atan2(0.0, a) * b;

    *real = length * cos(phase);
    *imaginary = length * sin(phase);
}

apr_status_t fb_float_pow(double *real, double *imaginary, double a, double b, fb_error *error)
{
    *imaginary = 0;
    if (a == 0 && b < 0 && isfinite(b))
        return fb_raise(error, "ZeroDivisionError", "0.0 cannot be raised to a negative power");
    if (a < 0 && isfinite(a) && isfinite(b) && b != floor(b)) {
        complex_pow(real, imaginary, a, b);
        if (isinf(*real) || isinf(*imaginary))
            return fb_raise(error, "OverflowError", "complex exponentiation");
        return APR_SUCCESS;
    }
    *real = pow(a, b);
    if (isinf(*real) && isfinite(a) && isfinite(b))
        return out_of_range(error);
    return APR_SUCCESS;
}
