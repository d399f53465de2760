/* Flash messages: bounds, escaping, stable numbers (SPEC X10, X11, D8). */
#include "web_support.h"

#include "web/context.h"

static fb_context *new_context(void)
{
    fb_context *context = apr_pcalloc(pool, sizeof *context);
    context->site = test_site();
    context->request = test_request();
    context->pool = pool;
    ck_assert_ok(fb_session_open(&context->session, context->site, context->request, &error));
    return context;
}

START_TEST(bounds_queue)
{
    fb_context *context = new_context();
    for (int i = 0; i < 7; i++) {
        fb_str arg = fb_str_printf(pool, "user %d", i);
        ck_assert_ok(fb_flash_add(context, FB_FLASH_USER_CREATED, &arg, 1, &error));
    }
    ck_assert_uint_eq(context->session->flashes.count, FB_FLASHES_MAX);
    ck_assert_fb_str(context->session->flashes.items[0].args[0], "user 2");
    ck_assert_fb_str(context->session->flashes.items[4].args[0], "user 6");
    ck_assert_int_eq(context->session->state, FB_SESSION_DIRTY);
}
END_TEST

START_TEST(bounds_arguments)
{
    fb_context *context = new_context();
    char text[601];
    for (int i = 0; i < 600; i += 2) {
        memcpy(text + i, "\xc3\xa9", 2);
    }
    fb_str args[2] = { fb_str_from_len(text, 600), fb_str_from_len(text, 100) };
    ck_assert_ok(fb_flash_add(context, FB_FLASH_USER_EMAIL_CHANGED, args, 2, &error));
    fb_flash *flash = &context->session->flashes.items[0];
    ck_assert_uint_le(flash->args[0].len + flash->args[1].len, FB_FLASH_ARGS_BYTES);
    ck_assert(fb_str_is_utf8(flash->args[0])); /* not cut inside a character */
    ck_assert(fb_str_ends(flash->args[0], FB_STR("\xe2\x80\xa6")));
    ck_assert_uint_eq(flash->args[1].len, 100);
    ck_assert_status(fb_flash_add(context, (fb_flash_id)9999, NULL, 0, &error), FB_EINTERNAL);
    ck_assert_status(fb_flash_add(context, FB_FLASH_USER_CREATED, args, 3, &error), FB_EINTERNAL);
}
END_TEST

START_TEST(escapes)
{
    fb_flash flash = { .id = FB_FLASH_USER_EMAIL_CHANGED,
                       .arg_count = 2,
                       .args = { FB_STR("<script>{1}"), FB_STR("\"'&") } };
    ck_assert_fb_str(fb_flash_markup(&flash, pool),
                     "Email for user &lt;script&gt;{1} successfully changed to &#34;&#39;&amp;.");
    flash.arg_count = 1; /* a cookie with too few: the place stays visible, nothing is read */
    ck_assert_fb_str(fb_flash_markup(&flash, pool),
                     "Email for user &lt;script&gt;{1} successfully changed to {1}.");
}
END_TEST

/* Cookies hold the numbers: they must never move. */
START_TEST(numbers_are_stable)
{
    ck_assert_int_eq(FB_FLASH_LOGIN_REQUIRED, 1);
    ck_assert_int_eq(FB_FLASH_WELCOME_BACK, 2);
    ck_assert_int_eq(FB_FLASH_USER_DELETED, 24);
    ck_assert_str_eq(fb_flash_text(FB_FLASH_LOGIN_REQUIRED), "Please log in to access this page.");
    ck_assert_str_eq(fb_flash_category(FB_FLASH_LOGIN_INVALID), "form-error");
    ck_assert_ptr_null(fb_flash_text(FB_FLASH_NONE));
}
END_TEST

static void add(TCase *tests)
{
    tcase_add_test(tests, bounds_queue);
    tcase_add_test(tests, bounds_arguments);
    tcase_add_test(tests, escapes);
    tcase_add_test(tests, numbers_are_stable);
}

int main(void)
{
    return unit_main("web_flash", add);
}
