/* A site and requests for tests of web/: fixed keys, fixed time, no database, no templates. */
#ifndef FB_WEB_SUPPORT_H
#define FB_WEB_SUPPORT_H

#include "unit.h"

#include "web/site.h"

#include <apr_strings.h>

#include <string.h>

#define TEST_NOW apr_time_from_sec(1800000000)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static inline const fb_crypto *test_crypto(void)
{
    fb_crypto *crypto = NULL;
    ck_assert_ok(fb_crypto_create(&crypto, pool, &error));
    return crypto;
}

static inline const fb_keyring *test_keyring(const char *secret, const char *retired,
                                             const char *site)
{
    fb_keyring *ring = NULL;
    fb_str old = fb_str_from(retired);
    ck_assert_ok(fb_keyring_create(&ring, test_crypto(), fb_str_from(secret), &old,
                                   retired != NULL ? 1 : 0, fb_str_from(site), pool, &error));
    return ring;
}

#define TEST_SECRET "0123456789abcdef0123456789abcdef-test"

/* Only what the parsers and the session need; for whole requests see web_dispatch.c. */
static inline fb_site *test_site_with(const fb_keyring *ring)
{
    fb_site *site = apr_pcalloc(pool, sizeof *site);
    fb_site_config_defaults(&site->config);
    site->pool = pool;
    site->crypto = test_crypto();
    site->keyring = ring;
    site->cookie_name_count = fb_keyring_generations(ring);
    for (apr_size_t g = 0; g < site->cookie_name_count; g++) {
        site->cookie_names[g][0] = g == 0 ? "fb_a" : "fb_old";
        site->cookie_names[g][1] = g == 0 ? "__Host-fb_a" : "__Host-fb_old";
    }
    return site;
}

static inline fb_site *test_site(void)
{
    return test_site_with(test_keyring(TEST_SECRET, NULL, "a"));
}

static fb_header test_headers[16];

static inline fb_request *test_request(void)
{
    fb_request *request = apr_pcalloc(pool, sizeof *request);
    request->pool = pool;
    request->now = TEST_NOW;
    request->method = FB_GET;
    request->method_token = FB_STR("GET");
    request->host = FB_STR("example.org");
    request->path = FB_STR("/");
    request->headers = test_headers;
    request->content_length = -1;
    request->client_len = 4;
    memcpy(request->client, "\xc0\x00\x02\x07", 4);
    return request;
}

static inline void test_header(fb_request *request, const char *name, const char *value)
{
    ck_assert_uint_lt(request->header_count, COUNT(test_headers));
    test_headers[request->header_count++] = (fb_header){ fb_str_from(name), fb_str_from(value) };
}

#endif
