/* Security headers made once at start; caching and validators per reply. */
#include "web/headers.h"

#include "base/log.h"
#include "web/assets.h"

#include <apr_strings.h>
#include <string.h>

#include "base/banned.h"

#define STATIC_HEADERS_MAX 16

/* ---- at start ---- */

static const char *policy(const fb_site *site)
{
    const char *assets = site->config.asset_url[0] != '\0' ? site->config.asset_url : "";
    return apr_psprintf(site->pool,
                        "default-src 'none'; script-src 'self' %s; style-src 'self' %s; "
                        "img-src 'self' data: %s; font-src 'self' %s; connect-src 'self'; "
                        "manifest-src 'self'; form-action 'self'; object-src 'none'; "
                        "base-uri 'none'; frame-ancestors 'none'",
                        assets, assets, assets, assets);
}

/* Blanks that an empty source left behind are harmless, but not pretty. */
static const char *tidy(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++) {
        if (*from == ' ' && (from[1] == ';' || from[1] == ' ')) {
            continue;
        }
        *to++ = *from;
    }
    *to = '\0';
    return text;
}

void fb_headers_prepare(fb_site *site)
{
    const char *csp = tidy(apr_pstrdup(site->pool, policy(site)));
    const fb_reply_header always[] = {
        { "Content-Security-Policy", csp },
        { "X-Content-Type-Options", "nosniff" },
        { "X-Frame-Options", "DENY" },
        { "Referrer-Policy", "same-origin" },
        { "Cross-Origin-Opener-Policy", "same-origin" },
        { "Cross-Origin-Resource-Policy", "same-origin" },
        { "Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()" },
    };
    apr_size_t count = sizeof always / sizeof always[0];
    for (int https = 0; https < 2; https++) {
        fb_reply_header *headers = apr_palloc(site->pool, STATIC_HEADERS_MAX * sizeof *headers);
        memcpy(headers, always, sizeof always);
        site->headers[https] = headers;
        site->header_count[https] = count;
        if (https == 1 && !site->config.ssl_disable && site->config.hsts > 0) {
            headers[count] =
                (fb_reply_header){ "Strict-Transport-Security",
                                   apr_psprintf(site->pool,
                                                "max-age=%" APR_INT64_T_FMT "; includeSubDomains",
                                                apr_time_sec(site->config.hsts)) };
            site->header_count[https] = count + 1;
        }
    }
}

/* ---- entity tags: SipHash-1-3 (a fast keyed hash) over the pieces of the body ---- */

typedef struct sip {
    apr_uint64_t v0, v1, v2, v3;
    apr_uint64_t tail;
    unsigned int tail_len;
    apr_uint64_t total;
} sip;

#define ROTATE(x, b) (((x) << (b)) | ((x) >> (64 - (b))))

static void sip_round(sip *s)
{
    s->v0 += s->v1;
    s->v1 = ROTATE(s->v1, 13);
    s->v1 ^= s->v0;
    s->v0 = ROTATE(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = ROTATE(s->v3, 16);
    s->v3 ^= s->v2;
    s->v0 += s->v3;
    s->v3 = ROTATE(s->v3, 21);
    s->v3 ^= s->v0;
    s->v2 += s->v1;
    s->v1 = ROTATE(s->v1, 17);
    s->v1 ^= s->v2;
    s->v2 = ROTATE(s->v2, 32);
}

static void sip_word(sip *s, apr_uint64_t word)
{
    s->v3 ^= word;
    sip_round(s);
    s->v0 ^= word;
}

static void sip_start(sip *s, const unsigned char key[16])
{
    apr_uint64_t k0, k1;
    memcpy(&k0, key, 8);
    memcpy(&k1, key + 8, 8);
    *s = (sip){ .v0 = k0 ^ 0x736f6d6570736575ULL,
                .v1 = k1 ^ 0x646f72616e646f6dULL,
                .v2 = k0 ^ 0x6c7967656e657261ULL,
                .v3 = k1 ^ 0x7465646279746573ULL };
}

static void sip_add(sip *s, const char *data, apr_size_t len)
{
    s->total += len;
    while (len > 0 && s->tail_len > 0) {
        s->tail |= (apr_uint64_t)(unsigned char)*data++ << (8 * s->tail_len++);
        len--;
        if (s->tail_len == 8) {
            sip_word(s, s->tail);
            s->tail = 0;
            s->tail_len = 0;
        }
    }
    for (; len >= 8; data += 8, len -= 8) {
        apr_uint64_t word;
        memcpy(&word, data, 8);
        sip_word(s, word);
    }
    for (; len > 0; len--) {
        s->tail |= (apr_uint64_t)(unsigned char)*data++ << (8 * s->tail_len++);
    }
}

static apr_uint64_t sip_end(sip *s)
{
    sip_word(s, s->tail | s->total << 56);
    s->v2 ^= 0xff;
    sip_round(s);
    sip_round(s);
    sip_round(s);
    return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

const char *fb_headers_etag(const fb_site *site, const fb_chunks *chunks, apr_pool_t *pool)
{
    sip s;
    sip_start(&s, site->etag_key);
    for (const fb_chunk *chunk = chunks->first; chunk != NULL; chunk = chunk->next) {
        sip_add(&s, chunk->ptr, chunk->len);
    }
    apr_uint64_t hash = sip_end(&s);
    return apr_psprintf(pool, "W/\"%" APR_UINT64_T_HEX_FMT "\"", hash);
}

/* ---- per reply ---- */

static void add_cookie(fb_context *context, bool *set)
{
    const char *cookie = NULL;
    fb_error error;
    fb_error_init(&error, context->pool);
    if (context->session != NULL &&
        fb_session_cookie(&cookie, context->session, context->request, &error) != APR_SUCCESS) {
        fb_log_error(context->request->log, FB_LOG_ERROR, &error);
    }
    if (cookie != NULL) {
        fb_reply_add_header(context->reply, "Set-Cookie", cookie);
    }
    *set = cookie != NULL;
}

void fb_headers_finish(fb_context *context)
{
    fb_reply *reply = context->reply;
    const fb_request *request = context->request;
    unsigned int flags = context->route != NULL ? context->route->flags : 0;
    bool cookie_set = false;

    if ((flags & FB_ROUTE_NO_REFERRER) != 0) {
        fb_reply_set_header(reply, "Referrer-Policy", "no-referrer");
    }
    if ((flags & FB_ROUTE_NO_SESSION) != 0 && reply->status < 400) {
        return; /* assets have headers of their own */
    }
    add_cookie(context, &cookie_set);
    fb_reply_add_header(reply, "Vary", "Cookie");
    bool safe = request->method == FB_GET || request->method == FB_HEAD;
    bool shared = safe && !cookie_set && reply->status < 400 && context->user == NULL &&
                  !(context->session != NULL && context->session->presented) &&
                  (flags & (FB_ROUTE_NO_STORE | FB_ROUTE_NO_REFERRER)) == 0;
    fb_reply_set_header(reply, "Cache-Control", shared ? "no-cache" : "no-store");
    if (!shared || reply->status != 200 || reply->body != FB_BODY_CHUNKS) {
        return;
    }
    const char *etag = fb_headers_etag(context->site, &reply->chunks, context->pool);
    fb_reply_add_header(reply, "ETag", etag);
    if (fb_etag_matches(fb_request_header(request, "If-None-Match"), etag)) {
        reply->status = 304;
        reply->body = FB_BODY_NONE;
        reply->content_type = NULL;
    }
}
