/* Making and judging CSRF tokens. */
#include "web/csrf.h"

#include "web/i18n.h"

#include <string.h>

#include "base/banned.h"

/* Inside of a token: 8 bytes of time (seconds, big-endian), 24 bytes of HMAC-SHA256. */
#define TIME_LEN  8
#define MAC_LEN   24
#define INNER_LEN (TIME_LEN + MAC_LEN)
#define TOKEN_LEN (2 * INNER_LEN)
#define TEXT_LEN  86 /* base64url of TOKEN_LEN bytes */

static apr_status_t token_mac(unsigned char out[FB_SHA256_LEN], const fb_site *site,
                              apr_size_t generation, const fb_session *session,
                              const unsigned char when[TIME_LEN])
{
    unsigned char data[FB_SESSION_ID_LEN + TIME_LEN];
    memcpy(data, session->id, FB_SESSION_ID_LEN);
    memcpy(data + FB_SESSION_ID_LEN, when, TIME_LEN);
    return fb_keyring_mac(out, site->keyring, FB_KEY_CSRF, generation,
                          fb_str_from_len((const char *)data, sizeof data));
}

apr_status_t fb_csrf_token(fb_str *out, fb_context *context, fb_error *error)
{
    unsigned char token[TOKEN_LEN];
    unsigned char mac[FB_SHA256_LEN];
    unsigned char *inner = token + INNER_LEN;
    apr_uint64_t now = (apr_uint64_t)apr_time_sec(context->request->now);

    apr_status_t status = fb_session_require(context->session, context->request, error);
    if (status != APR_SUCCESS) {
        return status;
    }
    context->impure = true;
    for (int i = 0; i < TIME_LEN; i++) {
        inner[i] = (unsigned char)(now >> (8 * (TIME_LEN - 1 - i)));
    }
    status = token_mac(mac, context->site, 0, context->session, inner);
    if (status != APR_SUCCESS ||
        fb_request_random(context->request, token, INNER_LEN) != APR_SUCCESS) {
        return fb_error_set(error, FB_EUNAVAIL, "no CSRF token could be made: no random bytes");
    }
    memcpy(inner + TIME_LEN, mac, MAC_LEN);
    for (int i = 0; i < INNER_LEN; i++) {
        inner[i] ^= token[i];
    }
    *out = fb_base64url_encode(context->pool, token, sizeof token);
    return APR_SUCCESS;
}

fb_csrf_state fb_csrf_check_token(const fb_site *site, const fb_session *session, fb_str token,
                                  apr_time_t now, apr_pool_t *pool)
{
    fb_str raw;
    unsigned char inner[INNER_LEN];
    unsigned char mac[FB_SHA256_LEN];
    bool genuine = false;

    if (token.len != TEXT_LEN || fb_base64url_decode(&raw, token, pool) != APR_SUCCESS ||
        raw.len != TOKEN_LEN ||
        (session->state != FB_SESSION_CLEAN && session->state != FB_SESSION_DIRTY)) {
        return FB_CSRF_BAD;
    }
    for (int i = 0; i < INNER_LEN; i++) {
        inner[i] = (unsigned char)raw.ptr[i] ^ (unsigned char)raw.ptr[INNER_LEN + i];
    }
    for (apr_size_t g = 0; g < fb_keyring_generations(site->keyring); g++) {
        if (token_mac(mac, site, g, session, inner) == APR_SUCCESS &&
            fb_crypto_equal(fb_str_from_len((const char *)mac, MAC_LEN),
                            fb_str_from_len((const char *)inner + TIME_LEN, MAC_LEN))) {
            genuine = true;
        }
    }
    if (!genuine) {
        return FB_CSRF_BAD;
    }
    apr_uint64_t made = 0;
    for (int i = 0; i < TIME_LEN; i++) {
        made = made << 8 | inner[i];
    }
    /* A clock set back makes `made` lie ahead: still genuine, and it expires in its turn. */
    apr_int64_t age = apr_time_sec(now) - (apr_int64_t)made;
    return age > apr_time_sec(site->config.csrf_lifetime) ? FB_CSRF_EXPIRED : FB_CSRF_GOOD;
}

/* Cuts a default port, so that "https://a:443" and "https://a" are one origin. */
static fb_str without_default_port(fb_str host, bool https)
{
    fb_str port = https ? FB_STR(":443") : FB_STR(":80");
    return fb_str_ends(host, port) ? fb_str_sub(host, 0, host.len - port.len) : host;
}

static bool same_origin(fb_str origin, bool https, fb_str host)
{
    fb_str scheme = https ? FB_STR("https://") : FB_STR("http://");
    return fb_str_starts(origin, scheme) && host.len > 0 &&
           fb_str_ieq(without_default_port(fb_str_sub(origin, scheme.len, origin.len), https),
                      without_default_port(host, https));
}

static bool is_base_origin(fb_str origin, const char *base_url)
{
    if (base_url == NULL) {
        return false;
    }
    fb_str base = fb_str_from(base_url);
    bool https = fb_str_starts(base, FB_STR("https://"));
    fb_str host = fb_str_sub(base, https ? 8 : 7, base.len);
    return same_origin(origin, https, fb_str_split(&host, '/'));
}

bool fb_csrf_origin_ok(const fb_site *site, const fb_request *request)
{
    fb_str site_header = fb_request_header(request, "Sec-Fetch-Site");
    if (site_header.ptr != NULL && !fb_str_eq_z(site_header, "same-origin") &&
        !fb_str_eq_z(site_header, "none")) {
        return false;
    }
    fb_str origin = fb_request_header(request, "Origin");
    if (origin.ptr == NULL) {
        return true;
    }
    if (fb_str_eq_z(origin, "null")) {
        return site_header.ptr == NULL || fb_str_eq_z(site_header, "same-origin");
    }
    return same_origin(origin, request->is_https, request->host) ||
           is_base_origin(origin, site->config.base_url);
}

fb_csrf_state fb_csrf_check(fb_context *context, const char **why)
{
    const fb_request *request = context->request;

    if (!fb_csrf_origin_ok(context->site, request)) {
        *why = _(context, "This request came from another site, so it was not carried out.");
        return FB_CSRF_BAD;
    }
    fb_str token = fb_request_header(request, "X-CSRFToken");
    if (token.ptr == NULL && fb_params_count(&context->form, FB_CSRF_FIELD) == 1) {
        token = *fb_params_get(&context->form, FB_CSRF_FIELD);
    }
    if (token.ptr == NULL) {
        *why = _(context, "The form carried no security token, so nothing was changed. Please "
                          "open the page again and send the form from there.");
        return FB_CSRF_BAD;
    }
    fb_csrf_state state =
        fb_csrf_check_token(context->site, context->session, token, request->now, context->pool);
    if (state == FB_CSRF_EXPIRED) {
        *why = _(context, "This form was open for too long, so nothing was changed. Please send "
                          "it again.");
    } else if (state != FB_CSRF_GOOD) {
        *why = _(context, "The security token of the form does not belong to your session, so "
                          "nothing was changed. Please open the page again (cookies must be "
                          "allowed) and send the form from there.");
    }
    return state;
}
