/* Keys per purpose and site, derived from SECRET_KEY; sealed tokens; key rotation. */
#include "base/keyring.h"

#include "base/buf.h"

#include <string.h>

#include "base/banned.h"

#define VERSION    1
#define KEY_ID_LEN 4
#define HALF_NONCE 12
#define HEAD_LEN   (1 + KEY_ID_LEN + 2 * HALF_NONCE)
/* Of tokens from outside; the largest real one is a cookie. */
#define TOKEN_MAX 8192

typedef struct generation {
    unsigned char key[FB_AEAD_KEY_LEN];
    unsigned char id[KEY_ID_LEN];
} generation;

struct fb_keyring {
    const fb_crypto *crypto;
    apr_size_t generations;
    generation keys[FB_KEY__COUNT][FB_KEYRING_RETIRED_MAX + 1];
};

static const char *const labels[FB_KEY__COUNT] = {
#define LABEL(id, label) [id] = label,
    FB_KEY_PURPOSES(LABEL)
#undef LABEL
};

static apr_status_t wipe(void *data)
{
    fb_crypto_cleanse(data, sizeof(fb_keyring));
    return APR_SUCCESS;
}

static fb_str slice(const unsigned char *ptr, apr_size_t len)
{
    return fb_str_from_len((const char *)ptr, len);
}

/* The id in tokens is a hash of the key that is cut so short that it tells nothing about it. */
static apr_status_t derive(fb_keyring *ring, fb_key_purpose purpose, apr_size_t number,
                           fb_str secret, fb_str site)
{
    generation *g = &ring->keys[purpose][number];
    unsigned char digest[FB_SHA256_LEN];
    char info[64] = "flaskbase 1 ";
    apr_size_t prefix = strlen(info);
    apr_size_t label = strlen(labels[purpose]);

    memcpy(info + prefix, labels[purpose], label);
    apr_status_t status = fb_crypto_hkdf_sha256(ring->crypto, g->key, sizeof(g->key), secret, site,
                                                fb_str_from_len(info, prefix + label));
    if (status == APR_SUCCESS) {
        status = fb_crypto_hmac_sha256(ring->crypto, digest, slice(g->key, sizeof(g->key)),
                                       FB_STR("flaskbase key id"));
    }
    if (status == APR_SUCCESS) {
        memcpy(g->id, digest, sizeof(g->id));
    }
    return status;
}

apr_status_t fb_keyring_create(fb_keyring **out, const fb_crypto *crypto, fb_str secret,
                               const fb_str *retired, apr_size_t retired_count, fb_str site,
                               apr_pool_t *pool, fb_error *error)
{
    *out = NULL;
    if (retired_count > FB_KEYRING_RETIRED_MAX) {
        return fb_error_set(error, FB_EINVALID, "SECRET_KEY_OLD holds more than %d keys",
                            FB_KEYRING_RETIRED_MAX);
    }
    fb_keyring *ring = apr_pcalloc(pool, sizeof(*ring));
    ring->crypto = crypto;
    ring->generations = retired_count + 1;
    apr_pool_cleanup_register(pool, ring, wipe, apr_pool_cleanup_null);
    for (apr_size_t number = 0; number < ring->generations; number++) {
        fb_str key = number == 0 ? secret : retired[number - 1];
        if (key.len == 0) {
            return fb_error_set(error, FB_EINVALID, "%s is empty",
                                number == 0 ? "SECRET_KEY" : "a key of SECRET_KEY_OLD");
        }
        for (int purpose = 0; purpose < FB_KEY__COUNT; purpose++) {
            apr_status_t status = derive(ring, (fb_key_purpose)purpose, number, key, site);
            if (status != APR_SUCCESS) {
                return fb_error_set(error, status, "the site's keys could not be derived");
            }
        }
    }
    *out = ring;
    return APR_SUCCESS;
}

/* Purpose, audience and version, unambiguous whatever bytes the audience holds: it comes last. */
static fb_str bound_to(fb_key_purpose purpose, fb_str audience, apr_pool_t *pool)
{
    apr_size_t label = strlen(labels[purpose]) + 1;
    char *aad = apr_palloc(pool, 1 + label + audience.len);

    aad[0] = VERSION;
    memcpy(aad + 1, labels[purpose], label);
    if (audience.len > 0) {
        memcpy(aad + 1 + label, audience.ptr, audience.len);
    }
    return fb_str_from_len(aad, 1 + label + audience.len);
}

/* One key per message from the nonce's first half, as in XAES-256-GCM: with 96 random bits alone a
 * busy site would come near the 2^32 messages that GCM allows one key. */
static apr_status_t message_key(unsigned char out[FB_AEAD_KEY_LEN], const fb_keyring *ring,
                                const generation *g, const unsigned char *half_nonce)
{
    return fb_crypto_hmac_sha256(ring->crypto, out, slice(g->key, sizeof(g->key)),
                                 slice(half_nonce, HALF_NONCE));
}

apr_status_t fb_keyring_seal(fb_str *token, const fb_keyring *ring, fb_key_purpose purpose,
                             fb_str audience, fb_str plain, const fb_random *source,
                             apr_pool_t *pool)
{
    const generation *g = &ring->keys[purpose][0];
    unsigned char key[FB_AEAD_KEY_LEN];
    apr_size_t len;

    *token = fb_str_from_len(NULL, 0);
    if (plain.len > TOKEN_MAX) {
        return FB_ELIMIT;
    }
    len = plain.len + FB_SEAL_OVERHEAD;
    unsigned char *raw = apr_palloc(pool, len);
    unsigned char *nonce = raw + 1 + KEY_ID_LEN;
    raw[0] = VERSION;
    memcpy(raw + 1, g->id, KEY_ID_LEN);
    apr_status_t status = fb_random_fill(source, nonce, (apr_size_t)2 * HALF_NONCE);
    if (status == APR_SUCCESS) {
        status = message_key(key, ring, g, nonce);
    }
    if (status == APR_SUCCESS) {
        status = fb_crypto_seal(ring->crypto, raw + HEAD_LEN, key, nonce + HALF_NONCE,
                                bound_to(purpose, audience, pool), plain);
    }
    fb_crypto_cleanse(key, sizeof(key));
    if (status == APR_SUCCESS) {
        *token = fb_base64url_encode(pool, raw, len);
    }
    return status;
}

apr_status_t fb_keyring_open(fb_str *plain, fb_key_age *age, const fb_keyring *ring,
                             fb_key_purpose purpose, fb_str audience, fb_str token,
                             apr_pool_t *pool)
{
    fb_str raw;

    *plain = fb_str_from_len(NULL, 0);
    if (token.len > (apr_size_t)2 * TOKEN_MAX ||
        fb_base64url_decode(&raw, token, pool) != APR_SUCCESS || raw.len < FB_SEAL_OVERHEAD ||
        raw.ptr[0] != VERSION) {
        return FB_EDENIED;
    }
    const unsigned char *head = (const unsigned char *)raw.ptr;
    const unsigned char *nonce = head + 1 + KEY_ID_LEN;
    fb_str sealed = fb_str_sub(raw, HEAD_LEN, raw.len);
    fb_str aad = bound_to(purpose, audience, pool);
    unsigned char *out = apr_palloc(pool, sealed.len);
    for (apr_size_t number = 0; number < ring->generations; number++) {
        const generation *g = &ring->keys[purpose][number];
        /* Ids are public; two keys may share one by chance, so all that match are tried. */
        if (memcmp(g->id, head + 1, KEY_ID_LEN) != 0) {
            continue;
        }
        unsigned char key[FB_AEAD_KEY_LEN];
        apr_status_t status = message_key(key, ring, g, nonce);
        if (status == APR_SUCCESS) {
            status = fb_crypto_open(ring->crypto, out, key, nonce + HALF_NONCE, aad, sealed);
        }
        fb_crypto_cleanse(key, sizeof(key));
        if (status == APR_SUCCESS) {
            *plain = slice(out, sealed.len - FB_AEAD_TAG_LEN);
            if (age != NULL) {
                *age = number == 0 ? FB_KEY_CURRENT : FB_KEY_RETIRED;
            }
            return APR_SUCCESS;
        }
        if (status != FB_EDENIED) {
            return status;
        }
    }
    return FB_EDENIED;
}

apr_status_t fb_keyring_mac(unsigned char out[FB_SHA256_LEN], const fb_keyring *ring,
                            fb_key_purpose purpose, apr_size_t generation_number, fb_str data)
{
    if (generation_number >= ring->generations) {
        return FB_ENOTFOUND;
    }
    const generation *g = &ring->keys[purpose][generation_number];
    return fb_crypto_hmac_sha256(ring->crypto, out, slice(g->key, sizeof(g->key)), data);
}

apr_size_t fb_keyring_generations(const fb_keyring *ring)
{
    return ring->generations;
}
