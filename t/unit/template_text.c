/* Numbers, characters and format specifications of templates; the values are CPython 3.11's. */
#include "unit.h"

#include "template/chars.h"
#include "template/format.h"

#include <math.h>
#include <string.h>

static fb_arena *arena;

static void setup(void)
{
    arena = fb_arena_create(pool, (apr_size_t)64 << 20);
}

static fb_integer integer(const char *z)
{
    fb_integer v = fb_integer_of(0);
    ck_assert_ok(fb_integer_parse(&v, fb_str_from(z), 10, arena, &error));
    return v;
}

static const char *shown(fb_integer v)
{
    fb_text text = { .arena = arena };
    ck_assert_ok(fb_integer_write(&text, v, 10, &error));
    fb_text_add_char(&text, '\0');
    return text.data;
}

START_TEST(integers_have_any_size)
{
    fb_integer a = integer("123456789012345678901234567890"), b = integer("-987654321"), out;

    ck_assert_ok(fb_integer_mul(&out, a, b, arena, &error));
    ck_assert_str_eq(shown(out), "-121932631124828532112482853211126352690");
    ck_assert_ok(fb_integer_divmod(&out, NULL, a, b, arena, &error));
    ck_assert_str_eq(shown(out), "-124999998873437499902");
    ck_assert_ok(fb_integer_divmod(NULL, &out, a, b, arena, &error));
    ck_assert_str_eq(shown(out), "-412808652");
    ck_assert_ok(fb_integer_pow(&out, fb_integer_of(2), fb_integer_of(100), arena, &error));
    ck_assert_str_eq(shown(out), "1267650600228229401496703205376");
    ck_assert_ok(fb_integer_sub(&out, out, out, arena, &error));
    ck_assert(out.big == NULL && out.small == 0);
    ck_assert_ok(fb_integer_round(&out, fb_integer_of(25), -1, arena, &error));
    ck_assert_int_eq(out.small, 20);
}
END_TEST

START_TEST(integers_have_limits)
{
    fb_integer out;

    ck_assert_status(fb_integer_pow(&out, fb_integer_of(10), fb_integer_of(1000000), arena, &error),
                     FB_ETEMPLATE);
    ck_assert_str_eq(error.kind, "OverflowError");
    fb_error_init(&error, pool);
    ck_assert_status(fb_integer_divmod(&out, NULL, out, fb_integer_of(0), arena, &error),
                     FB_ETEMPLATE);
    ck_assert_str_eq(error.message, "integer division or modulo by zero");
    fb_error_init(&error, pool);
    ck_assert_status(fb_integer_parse(&out, FB_STR("1__0"), 10, arena, &error), FB_ETEMPLATE);
    ck_assert_str_eq(error.message, "invalid literal for int() with base 10: '1__0'");
}
END_TEST

START_TEST(floats_are_shortest)
{
    static const struct {
        double v;
        const char *text;
    } cases[] = { { 0.1, "0.1" },           { 1e16, "1e+16" },
                  { 1e-5, "1e-05" },        { -0.0, "-0.0" },
                  { 123456.0, "123456.0" }, { 5.684341886080802e-14, "5.684341886080802e-14" },
                  { 5e-324, "5e-324" },     { 1.7976931348623157e308, "1.7976931348623157e+308" },
                  { INFINITY, "inf" },      { 0.30000000000000004, "0.30000000000000004" } };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[32];
        fb_str s = { text, fb_float_repr(text, cases[i].v) };
        ck_assert_msg(fb_str_eq_z(s, cases[i].text), "%s: %.*s", cases[i].text, FB_STR_ARG(s));
    }
}
END_TEST

START_TEST(floats_round_half_to_even)
{
    double out;

    ck_assert_ok(fb_float_round(&out, 2.5, 0, arena, &error));
    ck_assert_double_eq(out, 2.0);
    ck_assert_ok(fb_float_round(&out, 2.675, 2, arena, &error));
    ck_assert_double_eq(out, 2.67);
    ck_assert_ok(fb_float_round(&out, 1250.0, -2, arena, &error));
    ck_assert_double_eq(out, 1200.0);
}
END_TEST

static const char *recased(const char *z, fb_chars_case how)
{
    fb_text text = { .arena = arena };
    fb_chars_recase(&text, fb_str_from(z), how);
    fb_text_add_char(&text, '\0');
    return text.data;
}

START_TEST(case_is_unicodes)
{
    ck_assert_str_eq(recased("straße ﬁn", FB_CASE_UPPER), "STRASSE FIN");
    ck_assert_str_eq(recased("ΑΣ ΑΣΒ", FB_CASE_LOWER), "ας ασβ");
    ck_assert_str_eq(recased("ǆ they're", FB_CASE_TITLE), "ǅ They'Re");
    ck_assert_str_eq(recased("foo-bar (baz) they're", FB_CASE_WORDS), "Foo-Bar (Baz) They're");
    ck_assert_str_eq(recased("plain ASCII, longer than eight", FB_CASE_SWAP),
                     "PLAIN ascii, LONGER THAN EIGHT");
}
END_TEST

static const char *formatted(double v, const char *spec)
{
    fb_text text = { .arena = arena };
    fb_format_spec how;
    ck_assert_ok(fb_format_spec_parse(&how, fb_str_from(spec), "float", &error));
    ck_assert_ok(fb_format_float(&text, v, &how, "float", &error));
    fb_text_add_char(&text, '\0');
    return text.data;
}

START_TEST(format_specifications)
{
    ck_assert_str_eq(formatted(1234567.891, ",.2f"), "1,234,567.89");
    ck_assert_str_eq(formatted(1234.5, "012,.1f"), "00,001,234.5");
    ck_assert_str_eq(formatted(0.5, "*^9.0%"), "***50%***");
    ck_assert_str_eq(formatted(1e20, ".3"), "1e+20");
    ck_assert_str_eq(formatted(-1.5, "=+8"), "-    1.5");
}
END_TEST

START_TEST(wraps_and_strips)
{
    fb_text text;

    text = (fb_text){ .arena = arena };
    fb_chars_wrap(&text, FB_STR("a well-known goof-ball -- here"), 8,
                  FB_WRAP_LONG_WORDS | FB_WRAP_HYPHENS | FB_WRAP_LONG_HYPHENS, FB_STR("|"));
    ck_assert_fb_str(((fb_str){ text.data, text.len }), "a well-|known|goof-|ball --|here");
    text = (fb_text){ .arena = arena };
    fb_chars_striptags(&text, FB_STR("<p>1 &lt;  2<!-- > --></p> &eacute;&#x20ac;&notit;"));
    ck_assert_fb_str(((fb_str){ text.data, text.len }), "1 < 2 é€¬it;");
}
END_TEST

static void add(TCase *tests)
{
    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_test(tests, integers_have_any_size);
    tcase_add_test(tests, integers_have_limits);
    tcase_add_test(tests, floats_are_shortest);
    tcase_add_test(tests, floats_round_half_to_even);
    tcase_add_test(tests, case_is_unicodes);
    tcase_add_test(tests, format_specifications);
    tcase_add_test(tests, wraps_and_strips);
}

int main(void)
{
    return unit_main("template_text", add);
}
