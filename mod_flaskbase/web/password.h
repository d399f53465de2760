/* Passwords: verifying and making werkzeug's text formats, bounded work, and the policy. */
#ifndef FB_WEB_PASSWORD_H
#define FB_WEB_PASSWORD_H

#include "base/crypto.h"

#include <apr_time.h>

#define FB_PASSWORD_MIN   8    /* characters */
#define FB_PASSWORD_MAX   256  /* characters */
#define FB_PASSWORD_BYTES 1024 /* nothing longer is hashed */

typedef enum fb_password_result {
    FB_PASSWORD_WRONG,
    FB_PASSWORD_GOOD,
    FB_PASSWORD_GOOD_WEAK /* good, and the stored hash should be replaced by a new one (M7) */
} fb_password_result;

/* Parameters of new hashes: `scrypt_n` a power of two. `max_memory` (bytes) bounds what a hash
 * found in the database may take. FB_PASSWORD_PBKDF2 is for a database that flask-base still uses
 * (M9): nothing is rehashed then. */
typedef enum fb_password_format { FB_PASSWORD_SCRYPT, FB_PASSWORD_PBKDF2 } fb_password_format;
typedef struct fb_password_cost {
    fb_password_format format;
    unsigned int scrypt_n, scrypt_r, scrypt_p;
    unsigned int pbkdf2_rounds;
    apr_uint64_t max_memory;
} fb_password_cost;

/* Compares in constant time. An unknown format, or one whose cost is beyond our bounds (memory
 * `max_memory`, 128*N*r*p of 512 MiB, 10 million rounds), is FB_PASSWORD_WRONG after the work of
 * one ordinary hash; so is an empty `stored` (no account, no password), which makes both cost the
 * same. A wrong password against a hash that is cheaper than a new one costs the difference, too
 * (all of a new one if the two are of different kinds). */
apr_status_t fb_password_verify(fb_password_result *out, const fb_crypto *crypto, fb_str stored,
                                fb_str password, const fb_password_cost *cost, apr_pool_t *pool,
                                fb_error *error) FB_MUST_CHECK;
/* "scrypt:32768:8:1$SALT$hex", salt of 16 characters made from `seed` (16 random bytes). */
apr_status_t fb_password_hash(fb_str *out, const fb_crypto *crypto, fb_str password,
                              const unsigned char seed[16], const fb_password_cost *cost,
                              apr_pool_t *pool, fb_error *error) FB_MUST_CHECK;

/* The policy of SPEC section 3. */
typedef struct fb_password_policy {
    unsigned int min_score; /* zxcvbn 0 … 4 */
    const fb_str *words;    /* the user's own: names, address, site name */
    apr_size_t word_count;
} fb_password_policy;
/* APR_SUCCESS, or FB_EINVALID with the field's error text in *reason (a finished sentence). */
apr_status_t fb_password_check(const char **reason, fb_str password,
                               const fb_password_policy *policy, apr_pool_t *pool) FB_MUST_CHECK;
/* 0 … 4 from zxcvbn's bits: guesses < 10^3, 10^6, 10^8, 10^10. */
unsigned int fb_password_score(fb_str password, const fb_str *words, apr_size_t word_count,
                               apr_pool_t *pool);

#endif
