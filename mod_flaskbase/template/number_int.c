/* Python's int: 64 bits where they suffice, GMP's mpn functions on arena memory beyond. */
#include "template/number.h"
#include "template/chars.h"
#include "template/vm.h"

#include <gmp.h>
#include <limits.h>
#include <string.h>

#include "base/banned.h"

#define LIMB_BITS ((unsigned int)(sizeof(fb_limb) * CHAR_BIT))
/* Limbs that a magnitude of 64 bits needs. */
#define LIMBS_OF_64 ((unsigned int)((64 + LIMB_BITS - 1) / LIMB_BITS))

_Static_assert(sizeof(fb_limb) == sizeof(mp_limb_t), "fb_limb is GMP's limb");
_Static_assert(GMP_NAIL_BITS == 0, "GMP was built without nails");

/* A magnitude to compute with: a borrowed big, or a small one unfolded into `room`. */
typedef struct magnitude {
    int sign;
    unsigned int count;
    const fb_limb *limbs;
    fb_limb room[LIMBS_OF_64];
} magnitude;

static uint64_t abs64(int64_t v)
{
    return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

static unsigned int put64(fb_limb *limbs, uint64_t v)
{
    unsigned int count = 0;

    while (v != 0) {
        limbs[count++] = (fb_limb)v;
        v = LIMB_BITS >= 64 ? 0 : v >> (LIMB_BITS % 64);
    }
    return count;
}

static void unfold(magnitude *m, const fb_integer *v)
{
    if (v->big != NULL) {
        m->sign = v->big->sign;
        m->count = v->big->count;
        m->limbs = v->big->limbs;
        return;
    }
    m->sign = v->small < 0 ? -1 : 1;
    m->count = put64(m->room, abs64(v->small));
    m->limbs = m->room;
}

static fb_bigint *new_big(apr_size_t limbs, fb_arena *arena)
{
    return fb_arena_alloc(arena, sizeof(fb_bigint) + limbs * sizeof(fb_limb));
}

/* The normal form of a magnitude that was computed into `big`. */
static fb_integer fold(fb_bigint *big, apr_size_t count, int sign)
{
    uint64_t low = 0;

    while (count > 0 && big->limbs[count - 1] == 0)
        count--;
    big->count = (unsigned int)count;
    big->sign = sign;
    if (count > LIMBS_OF_64)
        return (fb_integer){ 0, big };
    for (apr_size_t i = count; i > 0; i--)
        low = (LIMB_BITS >= 64 ? 0 : low << (LIMB_BITS % 64)) | big->limbs[i - 1];
    if (sign > 0 && low <= INT64_MAX)
        return fb_integer_of((int64_t)low);
    if (sign < 0 && low <= (uint64_t)INT64_MAX + 1)
        return fb_integer_of(low == 0 ? 0 : -(int64_t)(low - 1) - 1);
    return (fb_integer){ 0, big };
}

static apr_status_t too_big(fb_error *error)
{
    return fb_raise(error, "OverflowError", "integer of more than %d bits", FB_INT_MAX_BITS);
}

fb_integer fb_integer_of_unsigned(uint64_t v, fb_arena *arena)
{
    fb_bigint *big;

    if (v <= INT64_MAX)
        return fb_integer_of((int64_t)v);
    big = new_big(LIMBS_OF_64, arena);
    return fold(big, put64(big->limbs, v), 1);
}

int fb_integer_sign(fb_integer v)
{
    if (v.big != NULL)
        return v.big->sign;
    return (v.small > 0) - (v.small < 0);
}

bool fb_integer_is_odd(fb_integer v)
{
    return (v.big != NULL ? v.big->limbs[0] & 1 : (fb_limb)v.small & 1) != 0;
}

static apr_size_t bits_of(const magnitude *m)
{
    if (m->count == 0)
        return 0;
    return (apr_size_t)m->count * LIMB_BITS - (apr_size_t)__builtin_clzl(m->limbs[m->count - 1]);
}

apr_size_t fb_integer_bits(fb_integer v)
{
    magnitude m;

    unfold(&m, &v);
    return bits_of(&m);
}

static int cmp_magnitude(const magnitude *a, const magnitude *b)
{
    if (a->count != b->count)
        return a->count < b->count ? -1 : 1;
    return a->count == 0 ? 0 : mpn_cmp(a->limbs, b->limbs, (mp_size_t)a->count);
}

int fb_integer_cmp(fb_integer a, fb_integer b)
{
    magnitude x, y;
    int order;

    if (a.big == NULL && b.big == NULL)
        return (a.small > b.small) - (a.small < b.small);
    if (fb_integer_sign(a) != fb_integer_sign(b))
        return fb_integer_sign(a) < fb_integer_sign(b) ? -1 : 1;
    unfold(&x, &a);
    unfold(&y, &b);
    order = cmp_magnitude(&x, &y);
    return fb_integer_sign(a) < 0 ? -order : order;
}

/* Python's hash of numbers: the value modulo this prime, so that 1, 1.0 and True are one key. */
#define HASH_BITS    61
#define HASH_MODULUS ((((uint64_t)1) << HASH_BITS) - 1)

uint64_t fb_integer_hash(fb_integer v)
{
    uint64_t hash = 0;
    magnitude m;

    if (v.big == NULL) {
        hash = abs64(v.small) % HASH_MODULUS;
        return v.small < 0 ? 0 - hash : hash;
    }
    unfold(&m, &v);
    for (apr_size_t bit = bits_of(&m); bit > 0; bit--) { /* big keys are rare */
        hash = (hash << 1) | ((m.limbs[(bit - 1) / LIMB_BITS] >> ((bit - 1) % LIMB_BITS)) & 1);
        if (hash >= HASH_MODULUS)
            hash -= HASH_MODULUS;
    }
    return m.sign < 0 ? 0 - hash : hash;
}

/* |a| + |b| or |a| - |b| with the sign that results. */
static apr_status_t add_signed(fb_integer *out, magnitude *a, magnitude *b, fb_arena *arena,
                               fb_error *error)
{
    fb_bigint *big;
    magnitude *swap;
    int sign;

    if (cmp_magnitude(a, b) < 0) {
        swap = a;
        a = b;
        b = swap;
    }
    sign = a->sign;
    if (b->count == 0) {
        big = new_big(a->count, arena);
        memcpy(big->limbs, a->limbs, a->count * sizeof(fb_limb));
        *out = fold(big, a->count, sign);
        return APR_SUCCESS;
    }
    if (bits_of(a) >= FB_INT_MAX_BITS)
        return too_big(error);
    big = new_big((apr_size_t)a->count + 1, arena);
    if (a->sign == b->sign)
        big->limbs[a->count] =
            mpn_add(big->limbs, a->limbs, (mp_size_t)a->count, b->limbs, (mp_size_t)b->count);
    else {
        (void)mpn_sub(big->limbs, a->limbs, (mp_size_t)a->count, b->limbs, (mp_size_t)b->count);
        big->limbs[a->count] = 0;
    }
    *out = fold(big, (apr_size_t)a->count + 1, sign);
    return APR_SUCCESS;
}

apr_status_t fb_integer_add(fb_integer *out, fb_integer a, fb_integer b, fb_arena *arena,
                            fb_error *error)
{
    int64_t sum;
    magnitude x, y;

    if (a.big == NULL && b.big == NULL && !__builtin_add_overflow(a.small, b.small, &sum)) {
        *out = fb_integer_of(sum);
        return APR_SUCCESS;
    }
    unfold(&x, &a);
    unfold(&y, &b);
    return add_signed(out, &x, &y, arena, error);
}

apr_status_t fb_integer_sub(fb_integer *out, fb_integer a, fb_integer b, fb_arena *arena,
                            fb_error *error)
{
    int64_t difference;
    magnitude x, y;

    if (a.big == NULL && b.big == NULL && !__builtin_sub_overflow(a.small, b.small, &difference)) {
        *out = fb_integer_of(difference);
        return APR_SUCCESS;
    }
    unfold(&x, &a);
    unfold(&y, &b);
    y.sign = -y.sign;
    return add_signed(out, &x, &y, arena, error);
}

apr_status_t fb_integer_mul(fb_integer *out, fb_integer a, fb_integer b, fb_arena *arena,
                            fb_error *error)
{
    int64_t product;
    magnitude x, y, *longer = &x, *shorter = &y;
    fb_bigint *big;

    if (a.big == NULL && b.big == NULL && !__builtin_mul_overflow(a.small, b.small, &product)) {
        *out = fb_integer_of(product);
        return APR_SUCCESS;
    }
    unfold(&x, &a);
    unfold(&y, &b);
    if (x.count == 0 || y.count == 0) {
        *out = fb_integer_of(0);
        return APR_SUCCESS;
    }
    if (bits_of(&x) + bits_of(&y) > FB_INT_MAX_BITS)
        return too_big(error);
    if (x.count < y.count) {
        longer = &y;
        shorter = &x;
    }
    big = new_big((apr_size_t)x.count + y.count, arena);
    (void)mpn_mul(big->limbs, longer->limbs, (mp_size_t)longer->count, shorter->limbs,
                  (mp_size_t)shorter->count);
    *out = fold(big, (apr_size_t)x.count + y.count, x.sign * y.sign);
    return APR_SUCCESS;
}

static void divmod_small(fb_integer *quotient, fb_integer *remainder, int64_t a, int64_t b)
{
    int64_t q = a / b, r = a % b;

    if (r != 0 && (r < 0) != (b < 0)) {
        r += b;
        q--;
    }
    if (quotient != NULL)
        *quotient = fb_integer_of(q);
    if (remainder != NULL)
        *remainder = fb_integer_of(r);
}

apr_status_t fb_integer_divmod(fb_integer *quotient, fb_integer *remainder, fb_integer a,
                               fb_integer b, fb_arena *arena, fb_error *error)
{
    magnitude x, y;
    fb_bigint *q, *r;
    fb_integer floor_q, floor_r;
    apr_status_t status;

    if (fb_integer_sign(b) == 0)
        return fb_raise(error, "ZeroDivisionError",
                        quotient != NULL ? "integer division or modulo by zero"
                                         : "integer modulo by zero");
    if (a.big == NULL && b.big == NULL && !(a.small == INT64_MIN && b.small == -1)) {
        divmod_small(quotient, remainder, a.small, b.small);
        return APR_SUCCESS;
    }
    unfold(&x, &a);
    unfold(&y, &b);
    if (cmp_magnitude(&x, &y) < 0) {
        floor_q = fb_integer_of(0);
        floor_r = a;
    } else {
        q = new_big((apr_size_t)x.count - y.count + 1, arena);
        r = new_big(y.count, arena);
        mpn_tdiv_qr(q->limbs, r->limbs, 0, x.limbs, (mp_size_t)x.count, y.limbs,
                    (mp_size_t)y.count);
        floor_q = fold(q, (apr_size_t)x.count - y.count + 1, x.sign * y.sign);
        floor_r = fold(r, y.count, x.sign);
    }
    if (fb_integer_sign(floor_r) != 0 && fb_integer_sign(floor_r) != y.sign) {
        status = fb_integer_sub(&floor_q, floor_q, fb_integer_of(1), arena, error);
        if (status == APR_SUCCESS)
            status = fb_integer_add(&floor_r, floor_r, b, arena, error);
        if (status != APR_SUCCESS)
            return status;
    }
    if (quotient != NULL)
        *quotient = floor_q;
    if (remainder != NULL)
        *remainder = floor_r;
    return APR_SUCCESS;
}

apr_status_t fb_integer_pow(fb_integer *out, fb_integer a, fb_integer b, fb_arena *arena,
                            fb_error *error)
{
    fb_integer result = fb_integer_of(1), base = a;
    int64_t exponent = b.small;
    apr_status_t status;

    if (a.big == NULL && a.small >= -1 && a.small <= 1) {
        *out = fb_integer_of(fb_integer_sign(b) == 0 ? 1
                             : fb_integer_is_odd(b)  ? a.small
                                                     : a.small * a.small);
        return APR_SUCCESS;
    }
    /* 2^k has k + 1 bits: the result of a^b has at least (bits(a) - 1) * b + 1. */
    if (b.big != NULL || exponent > FB_INT_MAX_BITS ||
        (fb_integer_bits(a) - 1) * (apr_size_t)exponent >= FB_INT_MAX_BITS)
        return too_big(error);
    while (exponent > 0) {
        if (exponent & 1) {
            status = fb_integer_mul(&result, result, base, arena, error);
            if (status != APR_SUCCESS)
                return status;
        }
        exponent >>= 1;
        if (exponent > 0) {
            status = fb_integer_mul(&base, base, base, arena, error);
            if (status != APR_SUCCESS)
                return status;
        }
    }
    *out = result;
    return APR_SUCCESS;
}

fb_integer fb_integer_neg(fb_integer a, fb_arena *arena)
{
    magnitude m;
    fb_bigint *big;

    if (a.big == NULL && a.small != INT64_MIN)
        return fb_integer_of(-a.small);
    unfold(&m, &a);
    big = new_big(m.count, arena);
    memcpy(big->limbs, m.limbs, m.count * sizeof(fb_limb));
    return fold(big, m.count, -m.sign);
}

fb_integer fb_integer_abs(fb_integer a, fb_arena *arena)
{
    return fb_integer_sign(a) < 0 ? fb_integer_neg(a, arena) : a;
}

apr_status_t fb_integer_round(fb_integer *out, fb_integer a, int64_t digits, fb_arena *arena,
                              fb_error *error)
{
    fb_integer unit, rest, twice, half_order;
    apr_status_t status;
    int order;

    *out = a;
    if (digits >= 0)
        return APR_SUCCESS;
    /* 10^k has more than 3k bits: beyond this, half of it is larger than |a|. */
    if (-digits > (int64_t)(fb_integer_bits(a) / 3 + 2)) {
        *out = fb_integer_of(0);
        return APR_SUCCESS;
    }
    status = fb_integer_pow(&unit, fb_integer_of(10), fb_integer_of(-digits), arena, error);
    if (status == APR_SUCCESS)
        status = fb_integer_divmod(&half_order, &rest, a, unit, arena, error);
    if (status == APR_SUCCESS)
        status = fb_integer_add(&twice, rest, rest, arena, error);
    if (status == APR_SUCCESS)
        status = fb_integer_sub(out, a, rest, arena, error);
    if (status != APR_SUCCESS)
        return status;
    order = fb_integer_cmp(twice, unit);
    if (order > 0 || (order == 0 && fb_integer_is_odd(half_order)))
        return fb_integer_add(out, *out, unit, arena, error);
    return APR_SUCCESS;
}

/* --- text --- */

apr_size_t fb_integer_write_small(char out[24], int64_t v)
{
    static const char pairs[] =
        "00010203040506070809101112131415161718192021222324252627282930313233"
        "34353637383940414243444546474849505152535455565758596061626364656667"
        "6869707172737475767778798081828384858687888990919293949596979899";
    char scratch[24];
    apr_size_t at = sizeof(scratch), len;
    uint64_t rest = abs64(v);

    while (rest >= 100) {
        at -= 2;
        memcpy(scratch + at, pairs + 2 * (rest % 100), 2);
        rest /= 100;
    }
    if (rest >= 10) {
        at -= 2;
        memcpy(scratch + at, pairs + 2 * rest, 2);
    } else
        scratch[--at] = (char)('0' + rest);
    if (v < 0)
        scratch[--at] = '-';
    len = sizeof(scratch) - at;
    memcpy(out, scratch + at, len);
    return len;
}

static apr_status_t digits_limit(fb_error *error)
{
    return fb_raise(error, "ValueError",
                    "Exceeds the limit (%d digits) for integer string conversion; use "
                    "sys.set_int_max_str_digits() to increase the limit",
                    FB_INT_MAX_DIGITS);
}

apr_status_t fb_integer_write(fb_text *out, fb_integer a, int base, fb_error *error)
{
    char text[24];
    magnitude m;
    fb_limb *scratch;
    unsigned char *digits;
    apr_size_t room, len, skip = 0;

    if (a.big == NULL && base == 10) {
        fb_text_add(out, (fb_str){ text, fb_integer_write_small(text, a.small) });
        return APR_SUCCESS;
    }
    unfold(&m, &a);
    if (m.count == 0) {
        fb_text_add_char(out, '0');
        return APR_SUCCESS;
    }
    /* 4300 digits are fewer than 14285 bits; what lies near is counted exactly below. */
    if (base == 10 && bits_of(&m) > 14400)
        return digits_limit(error);
    room = bits_of(&m) + 2; /* enough for base 2, so for every base */
    scratch = fb_arena_alloc(out->arena, ((apr_size_t)m.count + 1) * sizeof(fb_limb));
    digits = fb_arena_alloc(out->arena, room);
    if (digits == NULL)
        return fb_raise_memory(error);
    memcpy(scratch, m.limbs, m.count * sizeof(fb_limb));
    len = mpn_get_str(digits, base, scratch, (mp_size_t)m.count);
    while (skip + 1 < len && digits[skip] == 0)
        skip++;
    if (base == 10 && len - skip > FB_INT_MAX_DIGITS)
        return digits_limit(error);
    if (m.sign < 0)
        fb_text_add_char(out, '-');
    for (apr_size_t i = skip; i < len; i++)
        digits[i] = (unsigned char)"0123456789abcdef"[digits[i]];
    fb_text_add(out, (fb_str){ (const char *)digits + skip, len - skip });
    return APR_SUCCESS;
}

/* `digits` are values below `base`, not characters. */
static apr_status_t from_digits(fb_integer *out, const unsigned char *digits, apr_size_t count,
                                int base, int sign, fb_arena *arena, fb_error *error)
{
    static const unsigned char bits_per_digit[37] = { 0, 0, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4,
                                                      4, 4, 4, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5,
                                                      5, 5, 5, 5, 5, 5, 5, 6, 6, 6, 6 };
    uint64_t small = 0;
    apr_size_t bits;
    fb_bigint *big;

    while (count > 0 && digits[0] == 0) {
        digits++;
        count--;
    }
    if (count * bits_per_digit[base] <= 60) {
        for (apr_size_t i = 0; i < count; i++)
            small = small * (uint64_t)base + digits[i];
        *out = fb_integer_of(sign < 0 ? -(int64_t)small : (int64_t)small);
        return APR_SUCCESS;
    }
    if ((base & (base - 1)) != 0 && count > FB_INT_MAX_DIGITS)
        return fb_raise(error, "ValueError",
                        "Exceeds the limit (%d digits) for integer string conversion: "
                        "value has %" APR_SIZE_T_FMT " digits; use "
                        "sys.set_int_max_str_digits() to increase the limit",
                        FB_INT_MAX_DIGITS, count);
    bits = count * bits_per_digit[base];
    if (bits > FB_INT_MAX_BITS)
        return too_big(error);
    big = new_big(bits / LIMB_BITS + 2, arena);
    *out = fold(big, (apr_size_t)mpn_set_str(big->limbs, digits, count, base), sign);
    return APR_SUCCESS;
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'Z')
        return c - 'A' + 10;
    return 99;
}

static int prefix_base(fb_str s)
{
    if (s.len < 2 || s.ptr[0] != '0')
        return 0;
    switch (s.ptr[1]) {
    case 'x':
    case 'X': return 16;
    case 'o':
    case 'O': return 8;
    case 'b':
    case 'B': return 2;
    default: return 0;
    }
}

/* The digits behind sign and blanks. *good is false where int() has a ValueError of its own. */
static apr_status_t parse_digits(fb_integer *out, bool *good, fb_str s, int base, int sign,
                                 fb_arena *arena, fb_error *error)
{
    unsigned char *digits = fb_arena_alloc(arena, s.len + 1);
    apr_size_t count = 0;
    bool may_underscore = false, zero_led;

    *good = false;
    if (digits == NULL)
        return fb_raise_memory(error);
    if ((base == 0 || base == 16 || base == 8 || base == 2) && prefix_base(s) != 0 &&
        (base == 0 || base == prefix_base(s))) {
        base = prefix_base(s);
        s = fb_str_sub(s, 2, s.len);
        may_underscore = true;
        zero_led = false;
    } else
        zero_led = base == 0 && s.len > 0 && s.ptr[0] == '0';
    if (base == 0)
        base = 10;
    for (apr_size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '_' && may_underscore) {
            may_underscore = false;
            continue;
        }
        if (digit_value(s.ptr[i]) >= base)
            return APR_SUCCESS;
        digits[count++] = (unsigned char)digit_value(s.ptr[i]);
        if (zero_led && digits[count - 1] != 0)
            return APR_SUCCESS; /* "010" with base 0: an old octal, which Python refuses */
        may_underscore = true;
    }
    if (count == 0 || s.ptr[s.len - 1] == '_')
        return APR_SUCCESS;
    *good = true;
    return from_digits(out, digits, count, base, sign, arena, error);
}

apr_status_t fb_integer_parse_literal(fb_integer *out, fb_str text, fb_arena *arena,
                                      fb_error *error)
{
    bool good;
    apr_status_t status = parse_digits(out, &good, text, 0, 1, arena, error);

    if (status == APR_SUCCESS && !good)
        return fb_raise(error, "ValueError", "invalid literal for int() with base 0: '%.*s'",
                        FB_STR_ARG(text));
    return status;
}

apr_status_t fb_integer_parse(fb_integer *out, fb_str text, int base, fb_arena *arena,
                              fb_error *error)
{
    fb_str s = fb_chars_ascii_number(text, arena);
    apr_status_t status;
    bool good;
    int sign = 1;

    if (base != 0 && (base < 2 || base > 36))
        return fb_raise(error, "ValueError", "int() base must be >= 2 and <= 36, or 0");
    if (s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+')) {
        sign = s.ptr[0] == '-' ? -1 : 1;
        s = fb_str_sub(s, 1, s.len);
    }
    status = parse_digits(out, &good, s, base, sign, arena, error);
    if (status == APR_SUCCESS && !good)
        return fb_raise(error, "ValueError", "invalid literal for int() with base %d: %s", base,
                        fb_chars_repr_z(text, arena));
    return status;
}
