/* Keys per purpose and site, derived from SECRET_KEY; sealed tokens; key rotation. */
#ifndef FB_BASE_KEYRING_H
#define FB_BASE_KEYRING_H

#include "base/crypto.h"

/* A row per use: keys of different purposes have nothing to do with each other. */
#define FB_KEY_PURPOSES(X)                                                                         \
    X(FB_KEY_SESSION, "session")   /* the session cookie */                                        \
    X(FB_KEY_REMEMBER, "remember") /* the remember-me cookie */                                    \
    X(FB_KEY_CSRF, "csrf")         /* CSRF tokens */                                               \
    X(FB_KEY_TOKEN, "token")       /* links in mail */                                             \
    X(FB_KEY_CACHE, "cache")       /* values and keys in memcached */                              \
    X(FB_KEY_LOOKUP, "lookup")     /* hashes of secrets that are looked up in the database */      \
    X(FB_KEY_THROTTLE, "throttle") /* what a counter counts, so that no address is stored */       \
    X(FB_KEY_SITE_ID, "site-id")

#define FB_KEY_ENUM(id, label) id,
typedef enum fb_key_purpose { FB_KEY_PURPOSES(FB_KEY_ENUM) FB_KEY__COUNT } fb_key_purpose;
#undef FB_KEY_ENUM

/* Immutable after creation, shared by threads and by fork. */
typedef struct fb_keyring fb_keyring;

#define FB_KEYRING_RETIRED_MAX 8
/* A sealed token holds this many bytes more than its text, before base64url:
 * version 1, key id 4, nonce 24, tag 16. */
#define FB_SEAL_OVERHEAD 45

/* Keys come from `secret` (SECRET_KEY) and `retired` (SECRET_KEY_OLD, at most
 * FB_KEYRING_RETIRED_MAX), for the site of that name: HKDF-SHA256 with the site as salt and
 * the purpose as info. `crypto` must outlive the ring; its memory is wiped with `pool`.
 * FB_EINVALID when a secret is empty or there are too many. */
apr_status_t fb_keyring_create(fb_keyring **out, const fb_crypto *crypto, fb_str secret,
                               const fb_str *retired, apr_size_t retired_count, fb_str site,
                               apr_pool_t *pool, fb_error *error) FB_MUST_CHECK;

/* Encrypts and authenticates `plain` under the newest key of the purpose; the token is base64url
 * text. The audience (a cookie's name, a vhost, a user) is authenticated with it: a token opens
 * only for the purpose and audience it was made for. Nonces are random, 192 bits: the first half
 * derives a key for this one message, so that their number needs no bound. */
apr_status_t fb_keyring_seal(fb_str *token, const fb_keyring *ring, fb_key_purpose purpose,
                             fb_str audience, fb_str plain, const fb_random *source,
                             apr_pool_t *pool) FB_MUST_CHECK;

/* Whether the token came from the newest key, or from one that is retired (then seal anew). */
typedef enum fb_key_age { FB_KEY_CURRENT, FB_KEY_RETIRED } fb_key_age;
/* FB_EDENIED for every token that this ring did not seal for that purpose and audience; nothing
 * tells which part was wrong. `age` may be NULL. */
apr_status_t fb_keyring_open(fb_str *plain, fb_key_age *age, const fb_keyring *ring,
                             fb_key_purpose purpose, fb_str audience, fb_str token,
                             apr_pool_t *pool) FB_MUST_CHECK;

/* HMAC-SHA256 of `data` under the purpose's key: hashes at rest, cache keys, counters.
 * `generation` 0 is the newest key, 1 … fb_keyring_generations - 1 the retired ones (to look up
 * what was stored before a rotation); FB_ENOTFOUND beyond. */
apr_status_t fb_keyring_mac(unsigned char out[FB_SHA256_LEN], const fb_keyring *ring,
                            fb_key_purpose purpose, apr_size_t generation,
                            fb_str data) FB_MUST_CHECK;
apr_size_t fb_keyring_generations(const fb_keyring *ring);

#endif
