/* CSRF tokens and origins (SPEC X1; ASVS 3.5.1, 3.5.3; SECURITY 2: BREACH). */
#include "web_support.h"

#include "web/csrf.h"

static fb_context *context_for(fb_site *site, fb_request *request)
{
    fb_context *context = apr_pcalloc(pool, sizeof *context);
    context->site = site;
    context->request = request;
    context->pool = pool;
    ck_assert_ok(fb_session_open(&context->session, site, request, &error));
    return context;
}

static fb_str token_of(fb_context *context)
{
    fb_str token = { NULL, 0 };
    ck_assert_ok(fb_csrf_token(&token, context, &error));
    return token;
}

static fb_csrf_state judged(fb_context *context, fb_str token, apr_time_t now)
{
    return fb_csrf_check_token(context->site, context->session, token, now, pool);
}

START_TEST(accepts_its_own)
{
    fb_context *context = context_for(test_site(), test_request());
    fb_str token = token_of(context);
    ck_assert_int_eq(context->session->state, FB_SESSION_DIRTY); /* X12: it makes the session */
    ck_assert_int_eq(judged(context, token, TEST_NOW), FB_CSRF_GOOD);
    ck_assert_int_eq(judged(context, token, TEST_NOW + FB_HOUR), FB_CSRF_GOOD);
    ck_assert_int_eq(judged(context, token, TEST_NOW + FB_HOUR + FB_SEC), FB_CSRF_EXPIRED);
    ck_assert_int_eq(judged(context, token, TEST_NOW + 400 * FB_DAY), FB_CSRF_EXPIRED);
}
END_TEST

/* No two responses carry the same bytes, not even half of them. */
START_TEST(masks_each)
{
    fb_context *context = context_for(test_site(), test_request());
    fb_str a = token_of(context), b = token_of(context);
    unsigned same = 0;
    for (size_t i = 0; i < a.len; i++) {
        same += a.ptr[i] == b.ptr[i] ? 1 : 0;
    }
    ck_assert_uint_lt(same, a.len / 4);
    ck_assert_int_eq(judged(context, a, TEST_NOW), FB_CSRF_GOOD);
    ck_assert_int_eq(judged(context, b, TEST_NOW), FB_CSRF_GOOD);
}
END_TEST

START_TEST(refuses_foreign_and_altered)
{
    fb_site *site = test_site();
    fb_context *context = context_for(site, test_request());
    fb_context *other = context_for(site, test_request());
    fb_str token = token_of(context);
    (void)token_of(other);
    ck_assert_int_eq(judged(other, token, TEST_NOW), FB_CSRF_BAD);
    fb_context *none = context_for(site, test_request());
    ck_assert_int_eq(judged(none, token, TEST_NOW), FB_CSRF_BAD);
    for (size_t i = 0; i < token.len * 8; i++) {
        char *bad = apr_pstrmemdup(pool, token.ptr, token.len);
        bad[i / 8] = (char)(bad[i / 8] ^ (1 << (i % 8)));
        ck_assert_msg(judged(context, fb_str_from_len(bad, token.len), TEST_NOW) == FB_CSRF_BAD,
                      "bit %zu", i);
    }
    ck_assert_int_eq(judged(context, FB_STR(""), TEST_NOW), FB_CSRF_BAD);
    ck_assert_int_eq(judged(context, fb_str_sub(token, 0, token.len - 1), TEST_NOW), FB_CSRF_BAD);
    fb_site *foreign = test_site_with(test_keyring(TEST_SECRET, NULL, "b"));
    ck_assert_int_eq(fb_csrf_check_token(foreign, context->session, token, TEST_NOW, pool),
                     FB_CSRF_BAD);
    /* A rotated key: forms that are open keep working. */
    fb_site *rotated =
        test_site_with(test_keyring("the next secret, of 32 bytes and more", TEST_SECRET, "a"));
    ck_assert_int_eq(fb_csrf_check_token(rotated, context->session, token, TEST_NOW, pool),
                     FB_CSRF_GOOD);
}
END_TEST

START_TEST(judges_origins)
{
    static const struct {
        const char *origin, *fetch_site;
        bool https, ok;
    } rows[] = {
        { NULL, NULL, false, true },
        { "http://example.org", NULL, false, true },
        { "http://EXAMPLE.org", "same-origin", false, true },
        { "http://example.org:80", NULL, false, true },
        { "https://example.org", NULL, true, true },
        { "https://example.org:443", NULL, true, true },
        { "https://site.example", NULL, true, true }, /* the base URL */
        { "http://site.example", NULL, true, false },
        { "http://example.org", NULL, true, false },
        { "https://example.org", NULL, false, false },
        { "http://example.org:8080", NULL, false, false },
        { "http://evil.example", NULL, false, false },
        { "http://example.org.evil.example", NULL, false, false },
        { "http://evil-example.org", NULL, false, false },
        { "http://example.org/", NULL, false, false },
        { "http://", NULL, false, false },
        { "", NULL, false, false },
        { "example.org", NULL, false, false },
        { "null", NULL, false, true },
        { "null", "same-origin", false, true },
        { "null", "cross-site", false, false },
        { "null", "none", false, false },
        { NULL, "same-origin", false, true },
        { NULL, "none", false, true },
        { NULL, "same-site", false, false },
        { NULL, "cross-site", false, false },
        { NULL, "", false, false },
        { "http://example.org", "cross-site", false, false },
        { "http://example.org", "same-site", false, false },
    };
    fb_site *site = test_site();
    site->config.base_url = "https://site.example/members";
    for (size_t i = 0; i < COUNT(rows); i++) {
        fb_request *request = test_request();
        request->is_https = rows[i].https;
        if (rows[i].origin != NULL) {
            test_header(request, "Origin", rows[i].origin);
        }
        if (rows[i].fetch_site != NULL) {
            test_header(request, "Sec-Fetch-Site", rows[i].fetch_site);
        }
        ck_assert_msg(fb_csrf_origin_ok(site, request) == rows[i].ok, "row %zu", i);
    }
}
END_TEST

START_TEST(takes_field_or_header)
{
    fb_context *context = context_for(test_site(), test_request());
    fb_str token = token_of(context);
    const char *why = NULL;
    ck_assert_int_eq(fb_csrf_check(context, &why), FB_CSRF_BAD);
    ck_assert_ptr_nonnull(why);
    fb_param field[2] = { { FB_STR("csrf_token"), token }, { FB_STR("csrf_token"), token } };
    context->form = (fb_params){ field, 1 };
    ck_assert_int_eq(fb_csrf_check(context, &why), FB_CSRF_GOOD);
    context->form.count = 2; /* a repeated field is none */
    ck_assert_int_eq(fb_csrf_check(context, &why), FB_CSRF_BAD);
    context->form.count = 0;
    fb_request *request = test_request();
    test_header(request, "X-CSRFToken", fb_str_to_z(pool, token));
    context->request = request;
    ck_assert_int_eq(fb_csrf_check(context, &why), FB_CSRF_GOOD);
}
END_TEST

static void add(TCase *tests)
{
    tcase_add_test(tests, accepts_its_own);
    tcase_add_test(tests, masks_each);
    tcase_add_test(tests, refuses_foreign_and_altered);
    tcase_add_test(tests, judges_origins);
    tcase_add_test(tests, takes_field_or_header);
}

int main(void)
{
    return unit_main("web_csrf", add);
}
