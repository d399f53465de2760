/* werkzeug's hash formats. */
#include "web/password.h"

#include "base/log.h"
#include "base/num.h"

#include <string.h>

#include "base/banned.h"

#define MAX_WORK     ((apr_uint64_t)512 * 1024 * 1024) /* 128*N*r*p of a stored hash */
#define MAX_ROUNDS   10000000u
#define SALT_LEN     16
#define SALT_MAX     64
#define SCRYPT_LEN   64
#define HASH_LEN_MAX 64

typedef enum algorithm { ALGORITHM_UNKNOWN, ALGORITHM_SCRYPT, ALGORITHM_PBKDF2 } algorithm;

/* A stored hash, taken apart. */
typedef struct stored_hash {
    algorithm algorithm;
    apr_uint64_t n, r, p; /* scrypt */
    fb_digest digest;     /* pbkdf2 */
    apr_uint64_t rounds;
    fb_str salt;
    fb_str hex;
} stored_hash;

static bool parse_scrypt(stored_hash *out, fb_str params)
{
    fb_str n = fb_str_split(&params, ':');
    fb_str r = fb_str_split(&params, ':');
    out->algorithm = ALGORITHM_SCRYPT;
    return fb_num_uint64(&out->n, n) == APR_SUCCESS && fb_num_uint64(&out->r, r) == APR_SUCCESS &&
           fb_num_uint64(&out->p, params) == APR_SUCCESS && out->hex.len == 2 * SCRYPT_LEN;
}

static bool parse_pbkdf2(stored_hash *out, fb_str params)
{
    fb_str digest = fb_str_split(&params, ':');
    apr_size_t len = 0;
    out->algorithm = ALGORITHM_PBKDF2;
    if (fb_str_eq_z(digest, "sha256")) {
        out->digest = FB_DIGEST_SHA256;
        len = 32;
    } else if (fb_str_eq_z(digest, "sha1")) {
        out->digest = FB_DIGEST_SHA1;
        len = 20;
    } else if (fb_str_eq_z(digest, "sha512")) {
        out->digest = FB_DIGEST_SHA512;
        len = 64;
    }
    return len > 0 && fb_num_uint64(&out->rounds, params) == APR_SUCCESS && out->hex.len == 2 * len;
}

/* "method$salt$hex" */
static bool parse(stored_hash *out, fb_str text)
{
    *out = (stored_hash){ .algorithm = ALGORITHM_UNKNOWN };
    fb_str method = fb_str_split(&text, '$');
    out->salt = fb_str_split(&text, '$');
    out->hex = text;
    fb_str name = fb_str_split(&method, ':');
    if (out->salt.len == 0 || out->salt.len > SALT_MAX) {
        return false;
    }
    if (fb_str_eq_z(name, "scrypt")) {
        return parse_scrypt(out, method);
    }
    return fb_str_eq_z(name, "pbkdf2") && parse_pbkdf2(out, method);
}

/* The one place where a password is hashed. Its cost is logged, so that it can be seen (and tested)
 * that every answer of a login takes the same work. */
static apr_status_t derive(unsigned char *out, apr_size_t len, const fb_crypto *crypto,
                           const stored_hash *h, fb_str password, apr_uint64_t max_memory)
{
    apr_status_t status = h->algorithm == ALGORITHM_SCRYPT
                              ? fb_crypto_scrypt(crypto, out, len, password, h->salt, h->n, h->r,
                                                 h->p, max_memory, MAX_WORK)
                              : fb_crypto_pbkdf2(crypto, out, len, h->digest, password, h->salt,
                                                 h->rounds, MAX_ROUNDS);
    if (status == APR_SUCCESS && h->algorithm == ALGORITHM_SCRYPT) {
        fb_log(NULL, FB_LOG_DEBUG, APR_SUCCESS,
               "password hash: scrypt %" APR_UINT64_T_FMT ":%" APR_UINT64_T_FMT
               ":%" APR_UINT64_T_FMT,
               h->n, h->r, h->p);
    } else if (status == APR_SUCCESS) {
        fb_log(NULL, FB_LOG_DEBUG, APR_SUCCESS, "password hash: pbkdf2 %d:%" APR_UINT64_T_FMT,
               (int)h->digest, h->rounds);
    }
    return status;
}

/* The parameters of a new hash. */
static stored_hash wanted(const fb_password_cost *cost, fb_str salt)
{
    stored_hash h = { .salt = salt };
    h.algorithm = cost->format == FB_PASSWORD_SCRYPT ? ALGORITHM_SCRYPT : ALGORITHM_PBKDF2;
    h.n = cost->scrypt_n;
    h.r = cost->scrypt_r;
    h.p = cost->scrypt_p;
    h.digest = FB_DIGEST_SHA256;
    h.rounds = cost->pbkdf2_rounds;
    return h;
}

/* While flask-base shares the database (M9) nothing is rehashed. */
static bool is_weak(const stored_hash *h, const fb_password_cost *cost)
{
    if (cost->format != FB_PASSWORD_SCRYPT) {
        return false;
    }
    return h->algorithm != ALGORITHM_SCRYPT || h->n < cost->scrypt_n || h->r < cost->scrypt_r ||
           h->p < cost->scrypt_p;
}

/* Estimates, to compare hashes of different kinds: tenths of a microsecond as measured with
 * OpenSSL 3 on a processor with SHA instructions. */
static apr_uint64_t work_of(const stored_hash *h)
{
    if (h->algorithm == ALGORITHM_SCRYPT) {
        return 3 * h->n * h->r * h->p;
    }
    return h->rounds * (h->digest == FB_DIGEST_SHA512 ? 4 : 2);
}

/* What is left of the work of `whole` after `done`: false when nothing is. Of one kind it is
 * exactly that (of scrypt up to the next r, at the same N, so that memory behaves alike); of two
 * kinds it is the whole, since what one costs in terms of the other depends on the machine. */
static bool left_over(stored_hash *out, const stored_hash *whole, const stored_hash *done)
{
    *out = *whole;
    if (work_of(done) >= work_of(whole)) {
        return false;
    }
    if (done->algorithm == ALGORITHM_PBKDF2 && whole->algorithm == ALGORITHM_PBKDF2 &&
        done->digest == whole->digest) {
        out->rounds = whole->rounds - done->rounds;
    } else if (done->algorithm == ALGORITHM_SCRYPT && whole->algorithm == ALGORITHM_SCRYPT) {
        /* Not 0, or the work of `whole` would not be more. */
        apr_uint64_t row = whole->n * whole->p;
        out->r = whole->r - done->n * done->r * done->p / row;
    }
    return true;
}

apr_status_t fb_password_verify(fb_password_result *out, const fb_crypto *crypto, fb_str stored,
                                fb_str password, const fb_password_cost *cost, apr_pool_t *pool,
                                fb_error *error)
{
    unsigned char digest[HASH_LEN_MAX];
    stored_hash h, dummy = wanted(cost, FB_STR("0123456789abcdef"));
    fb_str expected = FB_STR("");

    *out = FB_PASSWORD_WRONG;
    if (password.len > FB_PASSWORD_BYTES) {
        return APR_SUCCESS; /* whatever is stored: this says nothing about the account */
    }
    bool usable = parse(&h, stored) && fb_hex_decode(&expected, h.hex, pool) == APR_SUCCESS;
    apr_status_t status = FB_ELIMIT;
    if (usable) {
        status = derive(digest, expected.len, crypto, &h, password, cost->max_memory);
    }
    if (status == FB_ELIMIT) {
        usable = false;
        status = derive(digest, 32, crypto, &dummy, password, cost->max_memory);
    }
    if (status == APR_SUCCESS && usable) {
        stored_hash rest;
        if (fb_crypto_equal(expected, fb_str_from_len((const char *)digest, expected.len))) {
            *out = is_weak(&h, cost) ? FB_PASSWORD_GOOD_WEAK : FB_PASSWORD_GOOD;
        } else if (left_over(&rest, &dummy, &h)) {
            /* D13: a cheap old hash must not tell that the account exists. */
            status = derive(digest, 32, crypto, &rest, password, cost->max_memory);
        }
    }
    if (status != APR_SUCCESS) {
        return fb_error_set(error, FB_EUNAVAIL, "the password could not be hashed");
    }
    fb_crypto_cleanse(digest, sizeof digest);
    return APR_SUCCESS;
}

apr_status_t fb_password_hash(fb_str *out, const fb_crypto *crypto, fb_str password,
                              const unsigned char seed[16], const fb_password_cost *cost,
                              apr_pool_t *pool, fb_error *error)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    unsigned char digest[HASH_LEN_MAX];
    char salt[SALT_LEN];

    if (password.len > FB_PASSWORD_BYTES) {
        return fb_error_set(error, FB_EINVALID, "a password of more than %d bytes is not hashed",
                            FB_PASSWORD_BYTES);
    }
    for (int i = 0; i < SALT_LEN; i++) {
        salt[i] = letters[seed[i] % (sizeof letters - 1)];
    }
    stored_hash h = wanted(cost, fb_str_from_len(salt, SALT_LEN));
    apr_size_t len = h.algorithm == ALGORITHM_SCRYPT ? SCRYPT_LEN : 32;
    if (derive(digest, len, crypto, &h, password, cost->max_memory) != APR_SUCCESS) {
        return fb_error_set(error, FB_EINVALID,
                            "the password could not be hashed: the cost in the "
                            "settings is beyond HASH_MEMORY or not a power of two");
    }
    fb_str hex = fb_hex_encode(pool, digest, len);
    fb_crypto_cleanse(digest, sizeof digest);
    *out = h.algorithm == ALGORITHM_SCRYPT
               ? fb_str_printf(pool, "scrypt:%u:%u:%u$%.*s$%.*s", cost->scrypt_n, cost->scrypt_r,
                               cost->scrypt_p, SALT_LEN, salt, FB_STR_ARG(hex))
               : fb_str_printf(pool, "pbkdf2:sha256:%u$%.*s$%.*s", cost->pbkdf2_rounds, SALT_LEN,
                               salt, FB_STR_ARG(hex));
    return APR_SUCCESS;
}
