/* Cryptography: OpenSSL 3 and nothing else, behind functions that can't be misused much. */
#ifndef FB_BASE_CRYPTO_H
#define FB_BASE_CRYPTO_H

#include "base/error.h"

#define FB_SHA256_LEN     32
#define FB_AEAD_KEY_LEN   32
#define FB_AEAD_NONCE_LEN 12
#define FB_AEAD_TAG_LEN   16

/* The algorithms, fetched once (a fetch costs more than an encryption). Immutable; shared by
 * threads; survives fork. */
typedef struct fb_crypto fb_crypto;

/* Lives in and ends with `pool`. FB_EUNAVAIL when OpenSSL lacks an algorithm. */
apr_status_t fb_crypto_create(fb_crypto **out, apr_pool_t *pool, fb_error *error) FB_MUST_CHECK;

/* Where random bytes come from: passed in, so that tests fix them. On failure the buffer is
 * zeroed and the caller must give up (fail closed). */
typedef struct fb_random {
    apr_status_t (*fill)(void *baton, void *out, apr_size_t len);
    void *baton;
} fb_random;
apr_status_t fb_random_fill(const fb_random *source, void *out, apr_size_t len) FB_MUST_CHECK;
/* OpenSSL's generator: reseeds itself after a fork. */
extern const fb_random fb_random_openssl;

apr_status_t fb_crypto_sha256(const fb_crypto *crypto, unsigned char out[FB_SHA256_LEN],
                              fb_str data) FB_MUST_CHECK;
apr_status_t fb_crypto_hmac_sha256(const fb_crypto *crypto, unsigned char out[FB_SHA256_LEN],
                                   fb_str key, fb_str data) FB_MUST_CHECK;
/* RFC 5869, extract and expand; out_len <= 255 * 32. */
apr_status_t fb_crypto_hkdf_sha256(const fb_crypto *crypto, unsigned char *out, apr_size_t out_len,
                                   fb_str key, fb_str salt, fb_str info) FB_MUST_CHECK;

/* AES-256-GCM. `out` takes plain.len + FB_AEAD_TAG_LEN bytes: ciphertext, then tag.
 * A nonce must never come twice under one key. */
apr_status_t fb_crypto_seal(const fb_crypto *crypto, unsigned char *out,
                            const unsigned char key[FB_AEAD_KEY_LEN],
                            const unsigned char nonce[FB_AEAD_NONCE_LEN], fb_str aad,
                            fb_str plain) FB_MUST_CHECK;
/* `out` takes sealed.len - FB_AEAD_TAG_LEN bytes; FB_EDENIED when anything was altered, and
 * `out` is wiped then. */
apr_status_t fb_crypto_open(const fb_crypto *crypto, unsigned char *out,
                            const unsigned char key[FB_AEAD_KEY_LEN],
                            const unsigned char nonce[FB_AEAD_NONCE_LEN], fb_str aad,
                            fb_str sealed) FB_MUST_CHECK;

/* scrypt (RFC 7914). FB_ELIMIT unless n is a power of two > 1, r and p >= 1, and its memory
 * 128*n*r and its work 128*n*r*p stay within max_memory and max_work (bytes): the numbers come
 * from a database row. */
apr_status_t fb_crypto_scrypt(const fb_crypto *crypto, unsigned char *out, apr_size_t out_len,
                              fb_str password, fb_str salt, apr_uint64_t n, apr_uint64_t r,
                              apr_uint64_t p, apr_uint64_t max_memory,
                              apr_uint64_t max_work) FB_MUST_CHECK;

typedef enum fb_digest { FB_DIGEST_SHA1, FB_DIGEST_SHA256, FB_DIGEST_SHA512 } fb_digest;
/* PBKDF2-HMAC (RFC 8018). FB_ELIMIT unless 1 <= iterations <= max_iterations. */
apr_status_t fb_crypto_pbkdf2(const fb_crypto *crypto, unsigned char *out, apr_size_t out_len,
                              fb_digest digest, fb_str password, fb_str salt,
                              apr_uint64_t iterations, apr_uint64_t max_iterations) FB_MUST_CHECK;

/* Time depends on the lengths only; slices of different length differ. */
bool fb_crypto_equal(fb_str a, fb_str b);
/* Overwrites memory that held a secret; never optimised away. */
void fb_crypto_cleanse(void *ptr, apr_size_t len);

fb_str fb_hex_encode(apr_pool_t *pool, const void *data, apr_size_t len);
/* FB_ESYNTAX for an odd length or another character. Either case. */
apr_status_t fb_hex_decode(fb_str *out, fb_str hex, apr_pool_t *pool) FB_MUST_CHECK;
/* RFC 4648 section 5, without padding. Decoding is strict: FB_ESYNTAX for padding, other
 * characters, an impossible length, or bits set behind the last byte (one text per value). */
fb_str fb_base64url_encode(apr_pool_t *pool, const void *data, apr_size_t len);
apr_status_t fb_base64url_decode(fb_str *out, fb_str text, apr_pool_t *pool) FB_MUST_CHECK;
/* Standard alphabet with padding, for mail and HTTP. */
fb_str fb_base64_encode(apr_pool_t *pool, const void *data, apr_size_t len);

#endif
