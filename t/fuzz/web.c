/* Fuzz targets of the room web: cookies, bodies, `next`, the inside of the session. */
#include "fuzz.h"

#include "base/escape.h"
#include "web/body.h"
#include "web/cookie.h"
#include "web/safe_next.h"
#include "web/session.h"
#include "web/site.h"

/* No value contains a ';', every value is part of the header. */
static void fuzz_cookie(fb_str input, apr_pool_t *pool)
{
    fb_header header = { FB_STR("Cookie"), input };
    fb_request request = { .pool = pool, .headers = &header, .header_count = 1 };
    fb_cookie_walk walk;
    fb_str value;
    apr_size_t found = 0;

    fb_cookie_start(&walk, &request, "s");
    while (fb_cookie_next(&walk, &value)) {
        found++;
        fuzz_assert(found <= input.len && fb_str_find_char(value, ';') < 0);
        fuzz_assert(value.len == 0 ||
                    (value.ptr >= input.ptr && value.ptr + value.len <= input.ptr + input.len));
    }
}

/* What is accepted is UTF-8 without NUL, and parses to the same when it is written again. */
static void fuzz_body(fb_str input, apr_pool_t *pool)
{
    fb_params params, again;
    fb_error error;
    fb_buf out;

    fb_error_init(&error, pool);
    if (fb_body_urlencoded(&params, input, 50, pool, &error) != APR_SUCCESS) {
        fuzz_assert(error.message != NULL);
        return;
    }
    fb_buf_init(&out, pool, 1024 * 1024);
    for (apr_size_t i = 0; i < params.count; i++) {
        fuzz_assert(fb_str_is_utf8(params.items[i].name) && fb_str_is_utf8(params.items[i].value));
        fuzz_assert(!fb_str_has_nul(params.items[i].name) &&
                    !fb_str_has_nul(params.items[i].value));
        fb_escape_form(&out, params.items[i].name);
        fb_buf_add_char(&out, '=');
        fb_escape_form(&out, params.items[i].value);
        fb_buf_add_char(&out, '&');
    }
    fuzz_assert(fb_body_urlencoded(&again, fb_buf_str(&out), 50, pool, &error) == APR_SUCCESS);
    fuzz_assert(again.count == params.count);
    for (apr_size_t i = 0; i < params.count; i++) {
        fuzz_assert(fb_str_eq(again.items[i].value, params.items[i].value));
    }
}

/* A Content-Type line, then the body. */
static void fuzz_multipart(fb_str input, apr_pool_t *pool)
{
    fb_str type = fb_str_split(&input, '\n');
    fb_str boundary;
    fb_params params;
    fb_error error;

    fb_error_init(&error, pool);
    if (fb_body_type_of(&boundary, type, pool) != FB_BODY_MULTIPART) {
        return;
    }
    fuzz_assert(boundary.len >= 1 && boundary.len <= 70);
    if (fb_body_multipart(&params, input, boundary, 20, pool, &error) != APR_SUCCESS) {
        fuzz_assert(error.message != NULL);
        return;
    }
    fuzz_assert(params.count <= 20);
    for (apr_size_t i = 0; i < params.count; i++) {
        fuzz_assert(fb_str_is_utf8(params.items[i].value) &&
                    !fb_str_has_nul(params.items[i].value));
        fuzz_assert(params.items[i].value.len <= input.len);
    }
}

/* What is accepted can not leave the site, however a browser reads it, or a careless server that
 * decodes it once more. */
static void fuzz_next(fb_str input, apr_pool_t *pool)
{
    fb_site *site = apr_pcalloc(pool, sizeof *site);
    fb_str decoded;

    site->config.mount = "";
    if (!fb_safe_next(site, input)) {
        return;
    }
    fuzz_assert(input.len <= FB_NEXT_MAX && input.ptr[0] == '/');
    for (apr_size_t i = 0; i < input.len; i++) {
        unsigned char c = (unsigned char)input.ptr[i];
        fuzz_assert(c > 0x20 && c < 0x7f && strchr("\\#\"<>", c) == NULL);
    }
    fuzz_assert(fb_unescape_url(&decoded, input, FB_PLUS_IS_PLUS, pool) == APR_SUCCESS);
    fuzz_assert(decoded.len == 1 || (decoded.ptr[1] != '/' && decoded.ptr[1] != '\\'));
    fuzz_assert(!fb_str_has_ctl(decoded) && fb_str_find_char(decoded, '\\') < 0);
}

static fb_site *fuzz_site(apr_pool_t *pool, fb_error *error)
{
    fb_site *site = apr_pcalloc(pool, sizeof *site);
    fb_crypto *crypto = NULL;
    fb_keyring *ring = NULL;

    fuzz_assert(fb_crypto_create(&crypto, pool, error) == APR_SUCCESS);
    fuzz_assert(fb_keyring_create(&ring, crypto, FB_STR("0123456789abcdef0123456789abcdef"), NULL,
                                  0, FB_STR("fuzz"), pool, error) == APR_SUCCESS);
    site->keyring = ring;
    site->config.login.absolute = apr_time_from_sec(3600);
    site->cookie_names[0][0] = "s";
    site->cookie_names[0][1] = "__Host-s";
    site->cookie_name_count = 1;
    return site;
}

static fb_session *fuzz_open(const fb_site *site, apr_pool_t *pool, fb_str value, fb_error *error)
{
    fb_header header = { FB_STR("Cookie"), fb_str_printf(pool, "s=%.*s", FB_STR_ARG(value)) };
    fb_request request = {
        .pool = pool, .headers = &header, .header_count = 1, .now = apr_time_from_sec(1000)
    };
    fb_session *session = NULL;
    const char *line = NULL;

    fuzz_assert(fb_session_open(&session, site, &request, error) == APR_SUCCESS);
    if (session->state != FB_SESSION_NONE) {
        session->state = FB_SESSION_DIRTY;
    }
    apr_status_t status = fb_session_cookie(&line, session, &request, error);
    fuzz_assert(status == APR_SUCCESS || status == FB_ELIMIT);
    return session;
}

/* Any bytes as a cookie open nothing; any bytes inside a good seal are parsed without harm, and
 * what was parsed can be sealed again. */
static void fuzz_session(fb_str input, apr_pool_t *pool)
{
    fb_error error;
    fb_str token;

    fb_error_init(&error, pool);
    const fb_site *site = fuzz_site(pool, &error);
    fuzz_assert(fuzz_open(site, pool, input, &error)->state == FB_SESSION_NONE);
    fuzz_assert(fb_keyring_seal(&token, site->keyring, FB_KEY_SESSION, FB_STR("s"), input,
                                &fb_random_openssl, pool) == APR_SUCCESS);
    const fb_session *session = fuzz_open(site, pool, token, &error);
    fuzz_assert(session->flashes.count <= FB_FLASHES_MAX &&
                session->entry_count <= FB_SESSION_ENTRIES_MAX);
}

static const fuzz_target fuzz_targets[] = {
    { "cookie", fuzz_cookie }, { "body", fuzz_body },       { "multipart", fuzz_multipart },
    { "next", fuzz_next },     { "session", fuzz_session },
};
