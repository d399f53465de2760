/* Body parsers (SPEC section 3; ASVS 1.1.1, 1.3.3, 2.2.1, 4.2): strict and bounded. */
#include "web_support.h"

#include "web/body.h"

/* What a body parses to, as text: "name=value|name=value", or the error. */
static const char *shown(apr_status_t status, const fb_params *params)
{
    const char *text = "";
    if (status != APR_SUCCESS) {
        return status == FB_ESYNTAX    ? "400"
               : status == FB_ELIMIT   ? "413"
               : status == FB_EINVALID ? "415"
                                       : "?";
    }
    for (size_t i = 0; i < params->count; i++) {
        text = apr_pstrcat(pool, text, i > 0 ? "|" : "", fb_str_to_z(pool, params->items[i].name),
                           "=", fb_str_to_z(pool, params->items[i].value), NULL);
    }
    return text;
}

static const char *urlencoded(fb_str text)
{
    fb_params params;
    fb_error_init(&error, pool);
    return shown(fb_body_urlencoded(&params, text, 4, pool, &error), &params);
}

START_TEST(parses_urlencoded)
{
    static const struct {
        const char *text, *result;
    } rows[] = {
        { "", "" },
        { "a=b", "a=b" },
        { "a=b&c=d", "a=b|c=d" },
        { "a", "a=" },
        { "a=", "a=" },
        { "=b", "=b" },
        { "a=b=c", "a=b=c" },
        { "&&a=1&&", "a=1" },
        { "a=1&a=2", "a=1|a=2" },
        { "a=b+c", "a=b c" },
        { "a=b%20c", "a=b c" },
        { "a=%2B", "a=+" },
        { "a%3Db=c", "a=b=c" },
        { "a=%26", "a=&" },
        { "a=%2525", "a=%25" }, /* decoded once: ASVS 1.1.1 */
        { "a=%C3%A9", "a=\xc3\xa9" },
        { "a=\xc3\xa9", "a=\xc3\xa9" },
        { "a=b;c=d", "a=b;c=d" },
        { "a=%0d%0a", "a=\r\n" },
        { "a=%", "400" },
        { "a=%2", "400" },
        { "a=%zz", "400" },
        { "%=b", "400" },
        { "a=%%", "400" },
        { "a=%00", "400" },
        { "a%00=b", "400" },
        { "a=%ff", "400" },
        { "a=\xff", "400" },
        { "a=%C3", "400" },
        { "a=%ED%A0%80", "400" },
        { "a=%C0%80", "400" },
        { "a=%F4%90%80%80", "400" },
        { "a&b&c&d", "a=|b=|c=|d=" },
        { "a&b&c&d&e", "413" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *got = urlencoded(fb_str_from(rows[i].text));
        ck_assert_msg(strcmp(got, rows[i].result) == 0, "%s: %s", rows[i].text, got);
    }
    ck_assert_str_eq(urlencoded(FB_STR("a=\0")), "400");
    char *name = apr_pcalloc(pool, FB_PARAM_NAME_MAX + 2);
    memset(name, 'n', FB_PARAM_NAME_MAX + 1);
    ck_assert_str_eq(urlencoded(fb_str_from(name)), "413");
    ck_assert_uint_eq(strlen(urlencoded(fb_str_from(name + 1))), FB_PARAM_NAME_MAX + 1);
}
END_TEST

#define D "Content-Disposition: form-data; "
static const char *multipart(fb_str text)
{
    fb_params params;
    fb_error_init(&error, pool);
    return shown(fb_body_multipart(&params, text, FB_STR("XX"), 3, pool, &error), &params);
}

START_TEST(parses_multipart)
{
    static const struct {
        const char *text, *result;
    } rows[] = {
        { "--XX--\r\n", "" },
        { "--XX--", "" },
        { "--XX\r\n" D "name=\"a\"\r\n\r\nb\r\n--XX--\r\n", "a=b" },
        { "--XX\r\n" D "name=\"a\"\r\n\r\n\r\n--XX--\r\n", "a=" },
        { "--XX\r\n" D "name=\"a\"\r\n\r\n1\r\n--XX\r\n" D "name=\"b\"\r\n\r\n2\r\n--XX--",
          "a=1|b=2" },
        { "--XX\r\n" D "name=\"a\"\r\n\r\nx\r\ny\r\n--XX--\r\n", "a=x\r\ny" },
        { "--XX\r\ncontent-disposition:form-data;name=\"a\"\r\nContent-Type: "
          "text/plain\r\n\r\nb\r\n--XX--\r\n",
          "a=b" },
        { "--XX\r\n" D "name=\"f\"; filename=\"x.txt\"\r\n\r\nbytes\r\n--XX--\r\n", "" },
        { "--XX\r\n" D "name=\"a%22b\"\r\n\r\nc\r\n--XX--\r\n", "a%22b=c" },
        { "--XX\r\n" D "name=\"a\\b\"\r\n\r\nc\r\n--XX--\r\n", "a\\b=c" },
        { "--XX\r\n" D "name=\"a\"\r\n\r\n--XXY is text\r\n--XX--\r\n", "a=--XXY is text" },
        /* malformed */
        { "", "400" },
        { "x", "400" },
        { "--XX", "400" },
        { "--XX\r\n", "400" },
        { "--XX-", "400" },
        { "preamble\r\n--XX--\r\n", "400" },
        { "--XX--\r\nepilogue", "400" },
        { "--XX--x", "400" },
        { "\r\n--XX--\r\n", "400" },
        { "--YY--\r\n", "400" },
        { "--XX \r\n--XX--", "400" },
        { "--XX\n" D "name=\"a\"\n\nb\n--XX--\n", "400" },
        { "--XX\r\n\r\nb\r\n--XX--\r\n", "400" },
        { "--XX\r\n" D "\r\n\r\nb\r\n--XX--\r\n", "400" },
        { "--XX\r\n" D "name=a\r\n\r\nb\r\n--XX--\r\n", "400" },
        { "--XX\r\n" D "name=\"a\r\n\r\nb\r\n--XX--\r\n", "400" },
        { "--XX\r\n" D "name=\"a\"; name=\"b\"\r\n\r\nc\r\n--XX--\r\n", "400" },
        { "--XX\r\n" D "name=\"a\"x\r\n\r\nc\r\n--XX--\r\n", "400" },
        { "--XX\r\n" D "name=\"a\"\r\n" D "name=\"b\"\r\n\r\nc\r\n--XX--\r\n", "400" },
        { "--XX\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nc\r\n--XX--\r\n", "400" },
        { "--XX\r\nno colon\r\n\r\nc\r\n--XX--\r\n", "400" },
        { "--XX\r\n: x\r\n\r\nc\r\n--XX--\r\n", "400" },
        { "--XX\r\n" D "name=\"a\"\r\n\r\nb", "400" },
        { "--XX\r\n" D "name=\"a\"\r\n\r\nb\r\n--XX", "400" },
        { "--XX\r\n" D "name=\"a\"\r\n\r\nb\r\n--XX\r\n", "400" },
        { "--XX\r\n" D "name=\"a\"\r\n\r\n\xff\r\n--XX--\r\n", "400" },
        { "--XX\r\n" D "name=\"\xff\"\r\n\r\nb\r\n--XX--\r\n", "400" },
        { "--XX\r\na:b\r\na:b\r\na:b\r\na:b\r\na:b\r\na:b\r\na:b\r\na:b\r\na:b\r\n" D
          "name=\"a\"\r\n\r\nb\r\n--XX--\r\n",
          "400" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *got = multipart(fb_str_from(rows[i].text));
        ck_assert_msg(strcmp(got, rows[i].result) == 0, "row %zu: %s: %s", i, rows[i].text, got);
    }
    ck_assert_str_eq(multipart(FB_STR("--XX\r\n" D "name=\"a\"\r\n\r\nx\0y\r\n--XX--\r\n")), "400");
    const char *four = "";
    for (int i = 0; i < 4; i++) {
        four = apr_pstrcat(pool, four, "--XX\r\n" D "name=\"a\"\r\n\r\nb\r\n", NULL);
    }
    ck_assert_str_eq(multipart(fb_str_from(apr_pstrcat(pool, four, "--XX--\r\n", NULL))), "413");
}
END_TEST

START_TEST(tells_types)
{
    static const struct {
        const char *header;
        fb_body_type type;
        const char *boundary;
    } rows[] = {
        { "", FB_BODY_EMPTY, "" },
        { "application/x-www-form-urlencoded", FB_BODY_URLENCODED, "" },
        { "Application/X-WWW-Form-URLEncoded; charset=UTF-8", FB_BODY_URLENCODED, "" },
        { "application/x-www-form-urlencoded;charset=\"utf-8\"", FB_BODY_URLENCODED, "" },
        { "application/x-www-form-urlencoded; charset=iso-8859-1", FB_BODY_OTHER, "" },
        { "multipart/form-data; boundary=abc", FB_BODY_MULTIPART, "abc" },
        { "multipart/form-data; boundary=\"a b\"", FB_BODY_MULTIPART, "a b" },
        { "multipart/form-data", FB_BODY_OTHER, "" },
        { "multipart/form-data; boundary=", FB_BODY_OTHER, "" },
        { "multipart/form-data; boundary=\"a\"b\"", FB_BODY_OTHER, "" },
        { "multipart/form-data; boundary=a; boundary=b", FB_BODY_OTHER, "a" },
        { "multipart/form-data; boundary=a{}", FB_BODY_OTHER, "a{}" },
        { "multipart/mixed; boundary=a", FB_BODY_OTHER, "" },
        { "application/json", FB_BODY_OTHER, "" },
        { "text/plain", FB_BODY_OTHER, "" },
        { "application/x-www-form-urlencodedx", FB_BODY_OTHER, "" },
        { ";", FB_BODY_OTHER, "" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        fb_str boundary;
        fb_body_type type = fb_body_type_of(&boundary, fb_str_from(rows[i].header), pool);
        ck_assert_msg(type == rows[i].type, "%s", rows[i].header);
        ck_assert_msg(fb_str_eq_z(boundary, rows[i].boundary), "%s", rows[i].header);
    }
    char *long_one = apr_pcalloc(pool, 128);
    memcpy(long_one, "multipart/form-data; boundary=", 30);
    memset(long_one + 30, 'b', 71);
    fb_str boundary;
    ck_assert_int_eq(fb_body_type_of(&boundary, fb_str_from(long_one), pool), FB_BODY_OTHER);
    long_one[100] = '\0';
    ck_assert_int_eq(fb_body_type_of(&boundary, fb_str_from(long_one), pool), FB_BODY_MULTIPART);
}
END_TEST

/* A body that comes in pieces. */
typedef struct source {
    fb_str rest;
    apr_size_t piece;
    apr_status_t fail;
} source;

static apr_status_t read_piece(void *baton, char *buf, apr_size_t cap, apr_size_t *got, fb_error *e)
{
    source *from = baton;
    apr_size_t len = from->rest.len < from->piece ? from->rest.len : from->piece;
    len = len < cap ? len : cap;
    if (from->fail != APR_SUCCESS && from->rest.len < 4) {
        return fb_error_set(e, from->fail, "the connection broke");
    }
    memcpy(buf, from->rest.ptr, len);
    from->rest = fb_str_sub(from->rest, len, from->rest.len);
    *got = len;
    return APR_SUCCESS;
}

static const char *read_form(const char *type, fb_str body, apr_int64_t announced, apr_size_t piece,
                             apr_status_t fail)
{
    fb_request *request = test_request();
    fb_params params;
    source from = { body, piece, fail };
    if (type != NULL) {
        test_header(request, "Content-Type", type);
    }
    request->content_length = announced;
    request->read_body = read_piece;
    request->body_baton = &from;
    fb_error_init(&error, pool);
    apr_status_t status = fb_body_read_form(&params, request, 20, 10, &error);
    return status == FB_ETIMEOUT ? "408" : shown(status, &params);
}

#define FORM "application/x-www-form-urlencoded"
START_TEST(reads_under_a_limit)
{
    fb_str twenty = FB_STR("a=123456789012345678"), more = FB_STR("a=1234567890123456789");
    ck_assert_str_eq(read_form(FORM, FB_STR("a=1&b=2"), 7, 100, 0), "a=1|b=2");
    ck_assert_str_eq(read_form(FORM, FB_STR("a=1&b=2"), -1, 1, 0), "a=1|b=2");
    ck_assert_str_eq(read_form(FORM, twenty, 20, 7, 0), "a=123456789012345678");
    ck_assert_str_eq(read_form(FORM, more, 21, 7, 0), "413");
    ck_assert_str_eq(read_form(FORM, more, -1, 7, 0), "413"); /* chunked: found while reading */
    ck_assert_str_eq(read_form(FORM, more, -1, 1, 0), "413");
    ck_assert_str_eq(read_form(FORM, twenty, INT64_MAX, 7, 0), "413");
    ck_assert_str_eq(read_form("application/json", FB_STR("{}"), 2, 7, 0), "415");
    ck_assert_str_eq(read_form(NULL, FB_STR(""), 0, 7, 0), "");
    ck_assert_str_eq(read_form(NULL, FB_STR("a=b"), 3, 7, 0), "415");
    ck_assert_str_eq(read_form(FORM, FB_STR("a=12345"), 7, 2, FB_ETIMEOUT), "408");
    ck_assert_str_eq(read_form(FORM, FB_STR("a=12345"), 7, 2, APR_ECONNRESET), "?");
}
END_TEST

static void add(TCase *tests)
{
    tcase_add_test(tests, parses_urlencoded);
    tcase_add_test(tests, parses_multipart);
    tcase_add_test(tests, tells_types);
    tcase_add_test(tests, reads_under_a_limit);
}

int main(void)
{
    return unit_main("web_body", add);
}
