/* JSON: what is accepted, what is refused and where, limits, writing. ASVS 1.5.3, 2.2.1. */
#include "unit.h"

#include "base/json.h"

#include <apr_strings.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const fb_json *parse(fb_str text)
{
    const fb_json *node;
    ck_assert_ok(fb_json_parse(&node, text, NULL, pool, &error));
    return node;
}

START_TEST(values)
{
    const fb_json *n =
        parse(FB_STR(" {\"b\": [1, -2.50e+3, true, false, null], \"a\": {}, \"\": \"x\"}\n"));
    ck_assert_int_eq(n->type, FB_JSON_OBJECT);
    ck_assert_uint_eq(n->count, 3);
    ck_assert_fb_str(n->keys[0], "b");
    ck_assert_fb_str(n->keys[1], "a");
    ck_assert_fb_str(n->keys[2], "");
    const fb_json *list = fb_json_get(n, "b");
    ck_assert_uint_eq(list->count, 5);
    ck_assert_fb_str(list->items[0].text, "1");
    ck_assert_fb_str(list->items[1].text, "-2.50e+3");
    ck_assert(list->items[2].boolean && !list->items[3].boolean);
    ck_assert_int_eq(list->items[4].type, FB_JSON_NULL);
    ck_assert_ptr_null(fb_json_get(n, "c"));
    ck_assert_ptr_null(fb_json_get(list, "c"));
    ck_assert_ptr_null(fb_json_get(NULL, "c"));
    ck_assert_uint_eq(fb_json_get(n, "a")->count, 0);
    ck_assert_fb_str(parse(FB_STR("\"\""))->text, "");
}
END_TEST

START_TEST(strings)
{
    ck_assert_fb_str(
        parse(
            FB_STR("\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e4\\u20AC\\ud83d\\ude00\\u0000\x7f\""))
            ->text,
        "a\"\\/\b\f\n\r\tA\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\0\x7f");
}
END_TEST

START_TEST(numbers)
{
    apr_int64_t i = 0;
    double d = 0;
    ck_assert_ok(fb_json_int64(&i, parse(FB_STR("-9223372036854775808"))));
    ck_assert_int_eq(i, APR_INT64_MIN);
    ck_assert_status(fb_json_int64(&i, parse(FB_STR("9223372036854775808"))), FB_ELIMIT);
    ck_assert_status(fb_json_int64(&i, parse(FB_STR("1.0"))), FB_EINVALID);
    ck_assert_status(fb_json_int64(&i, parse(FB_STR("\"1\""))), FB_EINVALID);
    ck_assert_ok(fb_json_double(&d, parse(FB_STR("-0.5e-1"))));
    ck_assert_double_eq(d, -0.05);
    ck_assert_status(fb_json_double(&d, parse(FB_STR("1e999"))), FB_ELIMIT);
    ck_assert_status(fb_json_double(&d, parse(FB_STR("true"))), FB_EINVALID);
    ck_assert_fb_str(parse(FB_STR("123456789012345678901234567890.12345678901234567890"))->text,
                     "123456789012345678901234567890.12345678901234567890");
}
END_TEST

static const struct {
    fb_str text;
    int line;
    int column;
} bad_cases[] = {
    { FB_STR_INIT(""), 1, 1 },
    { FB_STR_INIT("  \n "), 2, 2 },
    { FB_STR_INIT("1 2"), 1, 3 },
    { FB_STR_INIT("[1,]"), 1, 4 },
    { FB_STR_INIT("[,1]"), 1, 2 },
    { FB_STR_INIT("[1 2]"), 1, 4 },
    { FB_STR_INIT("[1"), 1, 3 },
    { FB_STR_INIT("["), 1, 2 },
    { FB_STR_INIT("]"), 1, 1 },
    { FB_STR_INIT("{\"a\":1,}"), 1, 8 },
    { FB_STR_INIT("{\"a\" 1}"), 1, 6 },
    { FB_STR_INIT("{a:1}"), 1, 2 },
    { FB_STR_INIT("{'a':1}"), 1, 2 },
    { FB_STR_INIT("{\"a\":1]"), 1, 7 },
    { FB_STR_INIT("\n {\"a\":1,\"a\":2}"), 2, 2 },
    { FB_STR_INIT("{\"a\":1,\"\\u0061\":2}"), 1, 1 },
    { FB_STR_INIT("01"), 1, 2 },
    { FB_STR_INIT("-"), 1, 2 },
    { FB_STR_INIT("+1"), 1, 1 },
    { FB_STR_INIT(".5"), 1, 1 },
    { FB_STR_INIT("1."), 1, 3 },
    { FB_STR_INIT("1.e1"), 1, 3 },
    { FB_STR_INIT("1e"), 1, 3 },
    { FB_STR_INIT("0x1"), 1, 2 },
    { FB_STR_INIT("NaN"), 1, 1 },
    { FB_STR_INIT("-Infinity"), 1, 2 },
    { FB_STR_INIT("True"), 1, 1 },
    { FB_STR_INIT("nul"), 1, 1 },
    { FB_STR_INIT("truex"), 1, 5 },
    { FB_STR_INIT("\"a"), 1, 1 },
    { FB_STR_INIT("\"a\\"), 1, 4 },
    { FB_STR_INIT("\"\\x\""), 1, 3 },
    { FB_STR_INIT("\"\\\0\""), 1, 3 },
    { FB_STR_INIT("\"\\u12\""), 1, 4 },
    { FB_STR_INIT("\"\\u0x12\""), 1, 4 },
    { FB_STR_INIT("\"\\ud800\""), 1, 2 },
    { FB_STR_INIT("\"\\ud800\\n\""), 1, 2 },
    { FB_STR_INIT("\"\\ud800\\u0041\""), 1, 2 },
    { FB_STR_INIT("\"\\udc00\\ud800\""), 1, 2 },
    { FB_STR_INIT("\"\n\""), 1, 2 },
    { FB_STR_INIT("\"\0\""), 1, 2 },
    { FB_STR_INIT("\"\xc3\xa4\xff\""), 1, 3 },
    { FB_STR_INIT("\"\xed\xa0\x80\""), 1, 2 },
    { FB_STR_INIT("1\0"), 1, 2 },
    { FB_STR_INIT("\xef\xbb\xbf"
                  "1"),
      1, 1 },
    { FB_STR_INIT("[1] // x"), 1, 5 },
    { FB_STR_INIT("\v1"), 1, 1 },
};

START_TEST(refused)
{
    const fb_json *node;
    fb_error_init(&error, pool);
    apr_status_t status = fb_json_parse(&node, bad_cases[_i].text, NULL, pool, &error);
    ck_assert_msg(status == FB_ESYNTAX, "%s: %d", bad_cases[_i].text.ptr, status);
    ck_assert_msg(error.line == bad_cases[_i].line && error.column == bad_cases[_i].column,
                  "%s: %d:%d %s", bad_cases[_i].text.ptr, error.line, error.column, error.message);
    ck_assert_ptr_null(node);
    ck_assert_status(fb_json_parse(&node, bad_cases[_i].text, NULL, pool, NULL), FB_ESYNTAX);
}
END_TEST

START_TEST(limits)
{
    const fb_json *node;
    const fb_json_limits small = { .bytes = 10, .depth = 3, .nodes = 4 };
    const fb_json_limits deep = { .depth = 100000 };
    ck_assert_ok(fb_json_parse(&node, FB_STR("[[[]]]"), &small, pool, &error));
    ck_assert_status(fb_json_parse(&node, FB_STR("[[[[]]]]"), &small, pool, &error), FB_ELIMIT);
    ck_assert_ok(fb_json_parse(&node, FB_STR("[1,2,3]"), &small, pool, &error));
    ck_assert_status(fb_json_parse(&node, FB_STR("[1,2,3,4]"), &small, pool, &error), FB_ELIMIT);
    ck_assert_status(fb_json_parse(&node, FB_STR("[1         ]"), &small, pool, &error), FB_ELIMIT);
    ck_assert_ok(fb_json_parse(&node, FB_STR("[[],[],[]]"), &small, pool, &error));
    char *nested = apr_palloc(pool, 200001);
    memset(nested, '[', 200000);
    ck_assert_status(fb_json_parse(&node, fb_str_from_len(nested, 200000), NULL, pool, &error),
                     FB_ELIMIT);
    ck_assert_status(fb_json_parse(&node, fb_str_from_len(nested, 200000), &deep, pool, &error),
                     FB_ELIMIT);
    memset(nested + 1000, ']', 1000);
    ck_assert_ok(fb_json_parse(&node, fb_str_from_len(nested, 2000), &deep, pool, &error));
}
END_TEST

START_TEST(keys_of_large_objects)
{
    const fb_json *node;
    fb_buf text;
    fb_buf_init(&text, pool, 1000000);
    fb_buf_add_z(&text, "{");
    for (int i = 0; i < 1000; i++) {
        fb_buf_add_fmt(&text, "\"k%d\":%d,", i * 7919 % 1000, i);
    }
    apr_size_t good = text.len - 1;
    char *copy = apr_pstrmemdup(pool, text.data, text.len);
    copy[good] = '}';
    ck_assert_ok(fb_json_parse(&node, fb_str_from_len(copy, good + 1), NULL, pool, &error));
    ck_assert_uint_eq(node->count, 1000);
    ck_assert_fb_str(node->keys[1], "k919");
    fb_buf_add_z(&text, "\"k500\":1}");
    ck_assert_status(fb_json_parse(&node, fb_buf_str(&text), NULL, pool, &error), FB_ESYNTAX);
}
END_TEST

START_TEST(writes)
{
    fb_buf out;
    fb_json_writer w;
    fb_buf_init(&out, pool, 10000);
    fb_json_writer_init(&w, &out, FB_JSON_COMPACT);
    fb_json_begin_object(&w);
    fb_json_put_key(&w, "a<");
    fb_json_begin_array(&w);
    fb_json_put_int64(&w, APR_INT64_MIN);
    fb_json_put_bool(&w, true);
    fb_json_put_z(&w, NULL);
    fb_json_begin_object(&w);
    fb_json_end(&w);
    fb_json_end(&w);
    fb_json_put_key(&w, "b");
    fb_json_put_str(&w, FB_STR("\xff"
                               "a\xc3\xa4\xe2\x82\"\0"));
    fb_json_end(&w);
    ck_assert_ok(fb_buf_status(&out));
    ck_assert_fb_str(fb_buf_str(&out), "{\"a\\u003c\":[-9223372036854775808,true,null,{}],"
                                       "\"b\":\"\xef\xbf\xbd"
                                       "a\xc3\xa4\xef\xbf\xbd\xef\xbf\xbd\\\"\\u0000\"}");
    (void)parse(fb_buf_str(&out));

    fb_buf_init(&out, pool, 10000);
    fb_json_writer_init(&w, &out, FB_JSON_PRETTY);
    fb_json_put_tree(&w, parse(FB_STR("{\"x\":[1e5,{}],\"y\":[]}")));
    ck_assert_fb_str(fb_buf_str(&out), "{\n  \"x\": [\n    1e5,\n    {}\n  ],\n  \"y\": []\n}");
}
END_TEST

START_TEST(writer_mistakes_fail)
{
    fb_buf out;
    fb_json_writer w;
    for (int mistake = 0; mistake < 6; mistake++) {
        fb_buf_init(&out, pool, 10000);
        fb_json_writer_init(&w, &out, FB_JSON_COMPACT);
        switch (mistake) {
        case 0: fb_json_end(&w); break;
        case 1:
            fb_json_begin_object(&w);
            fb_json_put_null(&w);
            break;
        case 2:
            fb_json_begin_array(&w);
            fb_json_put_key(&w, "x");
            break;
        case 3:
            fb_json_put_null(&w);
            fb_json_put_null(&w);
            break;
        case 4:
            fb_json_begin_object(&w);
            fb_json_put_key(&w, "x");
            fb_json_end(&w);
            break;
        default:
            for (int i = 0; i < 65; i++) {
                fb_json_begin_array(&w);
            }
        }
        ck_assert_msg(fb_buf_status(&out) != APR_SUCCESS, "mistake %d", mistake);
    }
}
END_TEST

START_TEST(goes_round)
{
    static const char *const texts[] = {
        "[]",
        "{}",
        "null",
        "-0",
        "1E400",
        "\"\\u0000\"",
        "[[[[\"\\ud83d\\ude00\"]]]]",
        "{\"a\":{\"b\":{\"c\":[1,2,3]}},\"\":0}",
    };
    for (unsigned i = 0; i < COUNT(texts); i++) {
        fb_buf one;
        fb_buf two;
        fb_json_writer w;
        fb_buf_init(&one, pool, 1000);
        fb_buf_init(&two, pool, 1000);
        fb_json_writer_init(&w, &one, FB_JSON_PRETTY);
        fb_json_put_tree(&w, parse(fb_str_from(texts[i])));
        fb_json_writer_init(&w, &two, FB_JSON_PRETTY);
        fb_json_put_tree(&w, parse(fb_buf_str(&one)));
        ck_assert(fb_str_eq(fb_buf_str(&one), fb_buf_str(&two)));
    }
}
END_TEST

static void add(TCase *tests)
{
    tcase_add_test(tests, values);
    tcase_add_test(tests, strings);
    tcase_add_test(tests, numbers);
    tcase_add_loop_test(tests, refused, 0, (int)COUNT(bad_cases));
    tcase_add_test(tests, limits);
    tcase_add_test(tests, keys_of_large_objects);
    tcase_add_test(tests, writes);
    tcase_add_test(tests, writer_mistakes_fail);
    tcase_add_test(tests, goes_round);
}

int main(void)
{
    return unit_main("base_json", add);
}
