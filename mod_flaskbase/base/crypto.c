/* Cryptography: OpenSSL 3's EVP interface and nothing else. */
#include "base/crypto.h"

#include <limits.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "base/banned.h"

struct fb_crypto {
    EVP_MD *sha256;
    EVP_CIPHER *aes_256_gcm;
    EVP_MAC_CTX *hmac_sha256; /* the digest chosen, no key yet: copied for each use, since choosing
                               * costs more than hashing */
    EVP_KDF *hkdf;
    EVP_KDF *scrypt;
    EVP_KDF *pbkdf2;
};

static apr_status_t release(void *data)
{
    fb_crypto *crypto = data;

    EVP_MD_free(crypto->sha256);
    EVP_CIPHER_free(crypto->aes_256_gcm);
    EVP_MAC_CTX_free(crypto->hmac_sha256);
    EVP_KDF_free(crypto->hkdf);
    EVP_KDF_free(crypto->scrypt);
    EVP_KDF_free(crypto->pbkdf2);
    return APR_SUCCESS;
}

static EVP_MAC_CTX *prepare_hmac(void)
{
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, sizeof(digest) - 1),
        OSSL_PARAM_END,
    };
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *ctx = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL; /* holds the MAC itself */

    EVP_MAC_free(mac);
    if (ctx != NULL && EVP_MAC_CTX_set_params(ctx, params) != 1) {
        EVP_MAC_CTX_free(ctx);
        ctx = NULL;
    }
    return ctx;
}

apr_status_t fb_crypto_create(fb_crypto **out, apr_pool_t *pool, fb_error *error)
{
    fb_crypto *crypto = apr_pcalloc(pool, sizeof(*crypto));

    *out = NULL;
    apr_pool_cleanup_register(pool, crypto, release, apr_pool_cleanup_null);
    crypto->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    crypto->aes_256_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    crypto->hmac_sha256 = prepare_hmac();
    crypto->hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    crypto->scrypt = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
    crypto->pbkdf2 = EVP_KDF_fetch(NULL, "PBKDF2", NULL);
    ERR_clear_error();

    const char *missing = crypto->sha256 == NULL        ? "SHA-256"
                          : crypto->aes_256_gcm == NULL ? "AES-256-GCM"
                          : crypto->hmac_sha256 == NULL ? "HMAC"
                          : crypto->hkdf == NULL        ? "HKDF"
                          : crypto->scrypt == NULL      ? "scrypt"
                          : crypto->pbkdf2 == NULL      ? "PBKDF2"
                                                        : NULL;
    if (missing != NULL) {
        return fb_error_set(error, FB_EUNAVAIL,
                            "OpenSSL does not provide %s: its configuration (openssl.cnf) must "
                            "activate the default provider",
                            missing);
    }
    *out = crypto;
    return APR_SUCCESS;
}

apr_status_t fb_random_fill(const fb_random *source, void *out, apr_size_t len)
{
    memset(out, 0, len);
    apr_status_t status = source->fill(source->baton, out, len);
    if (status != APR_SUCCESS) {
        fb_crypto_cleanse(out, len);
    }
    return status;
}

/* RAND_bytes compares process ids, so a child never repeats its parent's stream. */
static apr_status_t fill_openssl(void *baton, void *out, apr_size_t len)
{
    (void)baton;
    if (len > INT_MAX || RAND_bytes(out, (int)len) != 1) {
        ERR_clear_error();
        return FB_EUNAVAIL;
    }
    return APR_SUCCESS;
}

const fb_random fb_random_openssl = { fill_openssl, NULL };

/* OpenSSL wants pointers even for nothing, and leaves errors in a per-thread queue that other
 * modules in the same process (mod_ssl) would find. */
static const unsigned char *bytes(fb_str s)
{
    return s.ptr != NULL ? (const unsigned char *)s.ptr : (const unsigned char *)"";
}

static apr_status_t verdict(int good, apr_status_t otherwise)
{
    if (good == 1) {
        return APR_SUCCESS;
    }
    ERR_clear_error();
    return otherwise;
}

apr_status_t fb_crypto_sha256(const fb_crypto *crypto, unsigned char out[FB_SHA256_LEN],
                              fb_str data)
{
    return verdict(EVP_Digest(bytes(data), data.len, out, NULL, crypto->sha256, NULL), FB_EUNAVAIL);
}

apr_status_t fb_crypto_hmac_sha256(const fb_crypto *crypto, unsigned char out[FB_SHA256_LEN],
                                   fb_str key, fb_str data)
{
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_dup(crypto->hmac_sha256);
    apr_size_t len = 0;
    int good = ctx != NULL && EVP_MAC_init(ctx, bytes(key), key.len, NULL) == 1 &&
               EVP_MAC_update(ctx, bytes(data), data.len) == 1 &&
               EVP_MAC_final(ctx, out, &len, FB_SHA256_LEN) == 1 && len == FB_SHA256_LEN;

    EVP_MAC_CTX_free(ctx);
    return verdict(good, FB_EUNAVAIL);
}

/* Parameters are only read by OpenSSL; its structure lacks the const. */
static OSSL_PARAM octets(const char *name, fb_str value)
{
    return OSSL_PARAM_construct_octet_string(name, (void *)(apr_uintptr_t)bytes(value), value.len);
}

static apr_status_t derive(EVP_KDF *kdf, unsigned char *out, apr_size_t out_len,
                           const OSSL_PARAM *params)
{
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
    int good = ctx != NULL && EVP_KDF_derive(ctx, out, out_len, params) == 1;

    EVP_KDF_CTX_free(ctx);
    if (!good) {
        fb_crypto_cleanse(out, out_len);
    }
    return verdict(good, FB_EUNAVAIL);
}

apr_status_t fb_crypto_hkdf_sha256(const fb_crypto *crypto, unsigned char *out, apr_size_t out_len,
                                   fb_str key, fb_str salt, fb_str info)
{
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, sizeof(digest) - 1),
        octets(OSSL_KDF_PARAM_KEY, key),
        octets(OSSL_KDF_PARAM_SALT, salt),
        octets(OSSL_KDF_PARAM_INFO, info),
        OSSL_PARAM_END,
    };

    return derive(crypto->hkdf, out, out_len, params);
}

apr_status_t fb_crypto_seal(const fb_crypto *crypto, unsigned char *out,
                            const unsigned char key[FB_AEAD_KEY_LEN],
                            const unsigned char nonce[FB_AEAD_NONCE_LEN], fb_str aad, fb_str plain)
{
    if (aad.len > INT_MAX || plain.len > INT_MAX - FB_AEAD_TAG_LEN) {
        return FB_ELIMIT;
    }
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int len = 0;
    int rest = 0;
    int good = ctx != NULL &&
               EVP_EncryptInit_ex2(ctx, crypto->aes_256_gcm, key, nonce, NULL) == 1 &&
               EVP_EncryptUpdate(ctx, NULL, &len, bytes(aad), (int)aad.len) == 1 &&
               EVP_EncryptUpdate(ctx, out, &len, bytes(plain), (int)plain.len) == 1 &&
               (apr_size_t)len == plain.len && EVP_EncryptFinal_ex(ctx, out + len, &rest) == 1 &&
               rest == 0 &&
               EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, FB_AEAD_TAG_LEN, out + len) == 1;

    EVP_CIPHER_CTX_free(ctx);
    if (!good) {
        fb_crypto_cleanse(out, plain.len + FB_AEAD_TAG_LEN);
    }
    return verdict(good, FB_EUNAVAIL);
}

apr_status_t fb_crypto_open(const fb_crypto *crypto, unsigned char *out,
                            const unsigned char key[FB_AEAD_KEY_LEN],
                            const unsigned char nonce[FB_AEAD_NONCE_LEN], fb_str aad, fb_str sealed)
{
    if (sealed.len < FB_AEAD_TAG_LEN || sealed.len > INT_MAX || aad.len > INT_MAX) {
        return FB_EDENIED;
    }
    fb_str body = fb_str_sub(sealed, 0, sealed.len - FB_AEAD_TAG_LEN);
    unsigned char tag[FB_AEAD_TAG_LEN];
    memcpy(tag, sealed.ptr + body.len, sizeof(tag));

    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (ctx == NULL) {
        ERR_clear_error();
        return FB_EUNAVAIL;
    }
    int len = 0;
    int rest = 0;
    int good = EVP_DecryptInit_ex2(ctx, crypto->aes_256_gcm, key, nonce, NULL) == 1 &&
               EVP_DecryptUpdate(ctx, NULL, &len, bytes(aad), (int)aad.len) == 1 &&
               EVP_DecryptUpdate(ctx, out, &len, bytes(body), (int)body.len) == 1 &&
               (apr_size_t)len == body.len &&
               EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, FB_AEAD_TAG_LEN, tag) == 1 &&
               EVP_DecryptFinal_ex(ctx, out + len, &rest) == 1;

    EVP_CIPHER_CTX_free(ctx);
    if (!good) {
        fb_crypto_cleanse(out, body.len);
    }
    return verdict(good, FB_EDENIED);
}

/* True when a * b * c stays within max, without overflowing on the way. */
static bool product_within(apr_uint64_t a, apr_uint64_t b, apr_uint64_t c, apr_uint64_t max)
{
    apr_uint64_t product;

    return !__builtin_mul_overflow(a, b, &product) &&
           !__builtin_mul_overflow(product, c, &product) && product <= max;
}

apr_status_t fb_crypto_scrypt(const fb_crypto *crypto, unsigned char *out, apr_size_t out_len,
                              fb_str password, fb_str salt, apr_uint64_t n, apr_uint64_t r,
                              apr_uint64_t p, apr_uint64_t max_memory, apr_uint64_t max_work)
{
    if (n < 2 || (n & (n - 1)) != 0 || r < 1 || p < 1 || r > UINT_MAX || p > UINT_MAX ||
        !product_within(n, r, 128, max_memory) || p > max_work / 128 ||
        !product_within(n, r, p * 128, max_work)) {
        return FB_ELIMIT;
    }
    /* OpenSSL counts p blocks and some words more than 128*n*r; its own bound must not bite. */
    apr_uint64_t memory = 128 * n * r + 128 * r * p + (apr_uint64_t)64 * 1024 + 128 * r * 2;
    unsigned int block = (unsigned int)r;
    unsigned int lanes = (unsigned int)p;
    OSSL_PARAM params[] = {
        octets(OSSL_KDF_PARAM_PASSWORD, password),
        octets(OSSL_KDF_PARAM_SALT, salt),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
        OSSL_PARAM_construct_uint(OSSL_KDF_PARAM_SCRYPT_R, &block),
        OSSL_PARAM_construct_uint(OSSL_KDF_PARAM_SCRYPT_P, &lanes),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory),
        OSSL_PARAM_END,
    };

    return derive(crypto->scrypt, out, out_len, params);
}

apr_status_t fb_crypto_pbkdf2(const fb_crypto *crypto, unsigned char *out, apr_size_t out_len,
                              fb_digest digest, fb_str password, fb_str salt,
                              apr_uint64_t iterations, apr_uint64_t max_iterations)
{
    char names[][8] = {
        [FB_DIGEST_SHA1] = "SHA1",
        [FB_DIGEST_SHA256] = "SHA256",
        [FB_DIGEST_SHA512] = "SHA512",
    };
    /* Switches off OpenSSL's least salt and key lengths of SP 800-132: werkzeug's salts are
     * shorter, and the passwords are what their owners chose. */
    int pkcs5 = 1;

    if (iterations < 1 || iterations > max_iterations) {
        return FB_ELIMIT;
    }
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_PKCS5, &pkcs5),
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, names[digest], 0),
        octets(OSSL_KDF_PARAM_PASSWORD, password),
        octets(OSSL_KDF_PARAM_SALT, salt),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_ITER, &iterations),
        OSSL_PARAM_END,
    };

    return derive(crypto->pbkdf2, out, out_len, params);
}

bool fb_crypto_equal(fb_str a, fb_str b)
{
    return a.len == b.len && CRYPTO_memcmp(bytes(a), bytes(b), a.len) == 0;
}

void fb_crypto_cleanse(void *ptr, apr_size_t len)
{
    OPENSSL_cleanse(ptr, len);
}
