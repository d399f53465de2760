/* The session cookie: sealing, tampering, rotation, limits (X6, X12, X14; ASVS 7.2.1-7.2.3, 9.1, 9.2,
 * 11.2). */
#include "web_support.h"

#include "web/session.h"

static fb_session *open_with(const fb_site *site, fb_request *request)
{
    fb_session *session = NULL;
    ck_assert_ok(fb_session_open(&session, site, request, &error));
    return session;
}

static fb_session *open_cookie(const fb_site *site, const char *name, const char *value,
                               apr_time_t now)
{
    fb_request *request = test_request();
    request->now = now;
    test_header(request, "Cookie", apr_pstrcat(pool, name, "=", value, NULL));
    return open_with(site, request);
}

/* Value of the Set-Cookie line that sealing gives. */
static const char *sealed(fb_session *session, fb_request *request)
{
    const char *line = NULL;
    ck_assert_ok(fb_session_cookie(&line, session, request, &error));
    ck_assert_ptr_nonnull(line);
    ck_assert_uint_le(strlen(line), 4096); /* ASVS 3.3.5 */
    const char *equals = strchr(line, '=');
    return apr_pstrmemdup(pool, equals + 1, strcspn(equals + 1, ";"));
}

static fb_session *new_session(const fb_site *site, fb_request *request)
{
    fb_session *session = open_with(site, request);
    ck_assert_int_eq(session->state, FB_SESSION_NONE);
    ck_assert_ok(fb_session_require(session, request, &error));
    return session;
}

START_TEST(holds_what_was_put_in)
{
    fb_site *site = test_site();
    fb_request *request = test_request();
    fb_session *session = new_session(site, request);
    session->next = FB_STR("/account/manage?x=1");
    session->flashes.count = 2;
    session->flashes.items[0] =
        (fb_flash){ .id = FB_FLASH_USER_CREATED, .arg_count = 1, .args = { FB_STR("Ann <b>") } };
    session->flashes.items[1] = (fb_flash){ .id = FB_FLASH_LOGGED_OUT };
    ck_assert_ok(fb_session_set(session, request, FB_STR("other"), FB_STR("value"), &error));
    const char *value = sealed(session, request);

    fb_session *back = open_cookie(site, "fb_a", value, TEST_NOW);
    ck_assert_int_eq(back->state, FB_SESSION_CLEAN);
    ck_assert_mem_eq(back->id, session->id, FB_SESSION_ID_LEN);
    ck_assert_fb_str(back->next, "/account/manage?x=1");
    ck_assert_uint_eq(back->flashes.count, 2);
    ck_assert_fb_str(back->flashes.items[0].args[0], "Ann <b>");
    ck_assert_int_eq(back->flashes.items[1].id, FB_FLASH_LOGGED_OUT);
    ck_assert_fb_str(fb_session_get(back, FB_STR("other")), "value");
    ck_assert(!back->has_login);
}
END_TEST

START_TEST(holds_a_login)
{
    fb_site *site = test_site();
    fb_request *request = test_request();
    fb_session *session = new_session(site, request);
    session->has_login = true;
    session->remember = true;
    memset(session->key, 7, FB_SESSION_KEY_LEN);
    const char *line = NULL;
    ck_assert_ok(fb_session_cookie(&line, session, request, &error));
    ck_assert_ptr_nonnull(strstr(line, "; Max-Age=31536000;")); /* X6: 365 days */
    fb_session *back = open_cookie(site, "fb_a", sealed(session, request), TEST_NOW);
    ck_assert(back->has_login && back->remember);
    ck_assert_mem_eq(back->key, session->key, FB_SESSION_KEY_LEN);
    /* Its row judges how long it lasts, not the cookie; daily it is set anew (rolling). */
    back = open_cookie(site, "fb_a", sealed(session, request), TEST_NOW + 300 * FB_DAY);
    ck_assert(back->has_login);
    ck_assert_int_eq(back->state, FB_SESSION_DIRTY);
    session->remember = false;
    ck_assert_ok(fb_session_cookie(&line, session, request, &error));
    ck_assert_ptr_null(strstr(line, "Max-Age"));
}
END_TEST

static apr_status_t no_random(void *baton, void *out, apr_size_t len)
{
    (void)baton;
    memset(out, 7, len);
    return APR_EGENERAL;
}

/* ASVS 7.2.2, 7.2.3: names of sessions are made anew, of 128 random bits at least, or not at all. */
START_TEST(ids_are_random)
{
    fb_site *site = test_site();
    fb_session *sessions[64];
    ck_assert_uint_ge(sizeof(sessions[0]->id) * 8, 128);
    ck_assert_uint_ge(sizeof(sessions[0]->key) * 8, 128);
    for (int i = 0; i < 64; i++) {
        sessions[i] = new_session(site, test_request());
        for (int j = 0; j < i; j++) {
            ck_assert_mem_ne(sessions[i]->id, sessions[j]->id, FB_SESSION_ID_LEN);
        }
    }
    /* Every byte is drawn: none is the same in all of them. */
    for (size_t byte = 0; byte < FB_SESSION_ID_LEN; byte++) {
        bool differs = false;
        for (int i = 1; i < 64; i++) {
            differs = differs || sessions[i]->id[byte] != sessions[0]->id[byte];
        }
        ck_assert_msg(differs, "byte %zu", byte);
    }
    const fb_random source = { no_random, NULL };
    fb_request *request = test_request();
    request->rng = &source;
    fb_session *session = open_with(site, request);
    ck_assert_status(fb_session_require(session, request, &error), FB_EUNAVAIL);
    ck_assert_int_eq(session->state, FB_SESSION_NONE);
}
END_TEST

/* ASVS 9.1.1, 7.2.1: any flipped bit, any truncation. */
START_TEST(refuses_every_flipped_bit)
{
    fb_site *site = test_site();
    fb_request *request = test_request();
    fb_session *session = new_session(site, request);
    const char *value = sealed(session, request);
    size_t len = strlen(value);
    ck_assert_int_eq(open_cookie(site, "fb_a", value, TEST_NOW)->state, FB_SESSION_CLEAN);
    for (size_t i = 0; i < len * 8; i++) {
        char *bad = apr_pstrdup(pool, value);
        bad[i / 8] = (char)(bad[i / 8] ^ (1 << (i % 8)));
        if (bad[i / 8] == ';' || bad[i / 8] == '\0') {
            continue; /* another cookie's text then: cut below */
        }
        fb_session *opened = open_cookie(site, "fb_a", bad, TEST_NOW);
        ck_assert_msg(opened->state == FB_SESSION_NONE, "bit %zu", i);
        ck_assert(opened->presented);
    }
    for (size_t cut = 0; cut < len; cut++) {
        ck_assert_int_eq(
            open_cookie(site, "fb_a", apr_pstrmemdup(pool, value, cut), TEST_NOW)->state,
            FB_SESSION_NONE);
    }
    ck_assert_int_eq(
        open_cookie(site, "fb_a", apr_pstrcat(pool, value, "A", NULL), TEST_NOW)->state,
        FB_SESSION_NONE);
}
END_TEST

/* ASVS 9.2.2, 9.2.3: bound to purpose, cookie name (scheme) and site. */
START_TEST(refuses_other_audiences)
{
    fb_site *site = test_site();
    fb_request *request = test_request();
    fb_session *session = new_session(site, request);
    const char *value = sealed(session, request);
    fb_site *other = test_site_with(test_keyring(TEST_SECRET, NULL, "b"));
    ck_assert_int_eq(open_cookie(other, "fb_a", value, TEST_NOW)->state, FB_SESSION_NONE);
    other = test_site_with(test_keyring("another secret key of 32 bytes and more", NULL, "a"));
    ck_assert_int_eq(open_cookie(other, "fb_a", value, TEST_NOW)->state, FB_SESSION_NONE);
    /* Over https the name is another: a cookie that was seen on plain http is worth nothing. */
    fb_request *https = test_request();
    https->is_https = true;
    test_header(https, "Cookie", apr_pstrcat(pool, "__Host-fb_a=", value, NULL));
    ck_assert_int_eq(open_with(site, https)->state, FB_SESSION_NONE);
    /* Every other purpose of the same ring. */
    for (int purpose = 0; purpose < FB_KEY__COUNT; purpose++) {
        fb_str token;
        ck_assert_ok(fb_keyring_seal(&token, site->keyring, (fb_key_purpose)purpose, FB_STR("fb_a"),
                                     FB_STR("\x01\x00"), &fb_random_openssl, pool));
        ck_assert_int_eq(open_cookie(site, "fb_a", fb_str_to_z(pool, token), TEST_NOW)->state,
                         FB_SESSION_NONE);
    }
}
END_TEST

/* ASVS 11.2.2 (DESIGN section 3, keys): what a retired key sealed opens, and is sealed anew. */
START_TEST(rotates_keys)
{
    fb_site *before =
        test_site_with(test_keyring("old secret key, 32 bytes at the least", NULL, "a"));
    before->cookie_names[0][0] = "fb_old";
    fb_site *after =
        test_site_with(test_keyring(TEST_SECRET, "old secret key, 32 bytes at the least", "a"));
    fb_site *later = test_site_with(test_keyring(TEST_SECRET, NULL, "a"));
    fb_request *request = test_request();
    fb_session *session = new_session(before, request);
    const char *value = sealed(session, request);
    fb_session *opened = open_cookie(after, "fb_old", value, TEST_NOW);
    ck_assert_int_eq(opened->state, FB_SESSION_DIRTY);
    ck_assert_mem_eq(opened->id, session->id, FB_SESSION_ID_LEN);
    const char *line = NULL;
    ck_assert_ok(fb_session_cookie(&line, opened, request, &error));
    ck_assert_ptr_eq(strstr(line, "fb_a="), line);
    ck_assert_int_eq(open_cookie(later, "fb_a", sealed(opened, request), TEST_NOW)->state,
                     FB_SESSION_CLEAN);
    ck_assert_int_eq(open_cookie(later, "fb_old", value, TEST_NOW)->state, FB_SESSION_NONE);
    ck_assert_int_eq(open_cookie(later, "fb_a", value, TEST_NOW)->state, FB_SESSION_NONE);
}
END_TEST

/* ASVS 9.2.1. */
START_TEST(ends_with_time)
{
    fb_site *site = test_site();
    fb_request *request = test_request();
    const char *value = sealed(new_session(site, request), request);
    ck_assert_int_eq(open_cookie(site, "fb_a", value, TEST_NOW + FB_HOUR)->state, FB_SESSION_CLEAN);
    ck_assert_int_eq(open_cookie(site, "fb_a", value, TEST_NOW + 4 * FB_HOUR)->state,
                     FB_SESSION_DIRTY);
    ck_assert_int_eq(open_cookie(site, "fb_a", value, TEST_NOW + 13 * FB_HOUR)->state,
                     FB_SESSION_NONE);
    ck_assert_int_eq(open_cookie(site, "fb_a", value, TEST_NOW - FB_MINUTE)->state,
                     FB_SESSION_CLEAN);
    ck_assert_int_eq(open_cookie(site, "fb_a", value, TEST_NOW - 2 * FB_DAY)->state,
                     FB_SESSION_NONE);
}
END_TEST

/* SPEC X12: no cookie unless somebody wrote; a bad one is removed. */
START_TEST(sets_only_when_due)
{
    fb_site *site = test_site();
    fb_request *request = test_request();
    const char *line = "x";
    fb_session *none = open_with(site, request);
    ck_assert_ok(fb_session_cookie(&line, none, request, &error));
    ck_assert_ptr_null(line);
    fb_session *bad = open_cookie(site, "fb_a", "rubbish", TEST_NOW);
    ck_assert(bad->presented);
    ck_assert_ok(fb_session_cookie(&line, bad, request, &error));
    ck_assert_ptr_nonnull(strstr(line, "fb_a=; Path=/; Max-Age=0"));
    const char *value = sealed(new_session(site, test_request()), request);
    ck_assert_ok(
        fb_session_cookie(&line, open_cookie(site, "fb_a", value, TEST_NOW), request, &error));
    ck_assert_ptr_null(line);
    fb_session *cleared = open_cookie(site, "fb_a", value, TEST_NOW);
    fb_session_clear(cleared);
    ck_assert_ok(fb_session_cookie(&line, cleared, request, &error));
    ck_assert_ptr_nonnull(strstr(line, "Max-Age=0"));
}
END_TEST

/* A cookie planted beside ours doesn't hide it. */
START_TEST(takes_the_one_that_opens)
{
    fb_site *site = test_site();
    fb_request *request = test_request();
    const char *value = sealed(new_session(site, request), request);
    request = test_request();
    test_header(request, "Cookie", apr_pstrcat(pool, "fb_a=planted; fb_a=", value, NULL));
    ck_assert_int_eq(open_with(site, request)->state, FB_SESSION_CLEAN);
}
END_TEST

/* SPEC X14: keys of other modules, bounded. */
START_TEST(bounds_entries)
{
    fb_site *site = test_site();
    fb_request *request = test_request();
    fb_session *session = open_with(site, request);
    ck_assert_status(fb_session_set(session, request, FB_STR(""), FB_STR("x"), &error), FB_ELIMIT);
    ck_assert_status(fb_session_set(session, request, FB_STR("a\n"), FB_STR("x"), &error),
                     FB_ELIMIT);
    ck_assert_int_eq(session->state, FB_SESSION_NONE);
    char *big = apr_pcalloc(pool, 2000);
    memset(big, 'v', 1999);
    ck_assert_status(fb_session_set(session, request, FB_STR("k"), fb_str_from(big), &error),
                     FB_ELIMIT);
    for (int i = 0; i < FB_SESSION_ENTRIES_MAX; i++) {
        ck_assert_ok(
            fb_session_set(session, request, fb_str_printf(pool, "k%d", i), FB_STR("v"), &error));
    }
    ck_assert_status(fb_session_set(session, request, FB_STR("more"), FB_STR("v"), &error),
                     FB_ELIMIT);
    ck_assert_ok(fb_session_set(session, request, FB_STR("k3"), (fb_str){ NULL, 0 }, &error));
    ck_assert_ptr_null(fb_session_get(session, FB_STR("k3")).ptr);
    ck_assert_ok(fb_session_set(session, request, FB_STR("more"), FB_STR("v"), &error));
    ck_assert_fb_str(fb_session_get(session, FB_STR("more")), "v");
}
END_TEST

/* SPEC X10: the fullest session there can be still makes a cookie, and loses messages only. */
START_TEST(fits_always)
{
    fb_site *site = test_site();
    fb_request *request = test_request();
    fb_session *session = new_session(site, request);
    char *long_text = apr_pcalloc(pool, 1025);
    memset(long_text, 'n', 1024);
    session->has_login = true;
    session->next = fb_str_from(long_text);
    for (unsigned int i = 0; i < FB_FLASHES_MAX; i++) {
        session->flashes.items[i] = (fb_flash){ .id = FB_FLASH_USER_CREATED,
                                                .arg_count = 1,
                                                .args = { fb_str_from_len(long_text, 200) } };
    }
    session->flashes.count = FB_FLASHES_MAX;
    ck_assert_ok(
        fb_session_set(session, request, FB_STR("k"), fb_str_from_len(long_text, 1000), &error));
    fb_session *back = open_cookie(site, "fb_a", sealed(session, request), TEST_NOW);
    ck_assert_int_eq(back->state, FB_SESSION_CLEAN);
    ck_assert_uint_eq(back->next.len, 1024);
    ck_assert_uint_gt(back->flashes.count, 0);
    ck_assert_uint_lt(back->flashes.count, FB_FLASHES_MAX);
}
END_TEST

static void add(TCase *tests)
{
    tcase_add_test(tests, holds_what_was_put_in);
    tcase_add_test(tests, holds_a_login);
    tcase_add_test(tests, ids_are_random);
    tcase_add_test(tests, refuses_every_flipped_bit);
    tcase_add_test(tests, refuses_other_audiences);
    tcase_add_test(tests, rotates_keys);
    tcase_add_test(tests, ends_with_time);
    tcase_add_test(tests, sets_only_when_due);
    tcase_add_test(tests, takes_the_one_that_opens);
    tcase_add_test(tests, bounds_entries);
    tcase_add_test(tests, fits_always);
}

int main(void)
{
    return unit_main("web_session", add);
}
