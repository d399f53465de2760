/* Cryptography against published vectors and other implementations; keys and sealed tokens.
 * ASVS 11.2.1 (OpenSSL only), 11.3, 11.4, 11.5.1, 9.1.1, 9.2. */
#include "unit.h"

#include "base/keyring.h"

#include <apr_strings.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static fb_crypto *crypto;

static fb_str unhex(const char *hex)
{
    fb_str out;
    ck_assert_ok(fb_hex_decode(&out, fb_str_from(hex), pool));
    return out;
}

static void setup(void)
{
    ck_assert_ok(fb_crypto_create(&crypto, pool, &error));
}

static void teardown(void)
{
}

static void assert_hex(const void *data, apr_size_t len, const char *hex)
{
    ck_assert_str_eq(fb_hex_encode(pool, data, len).ptr, hex);
}

/* ASVS 11.4.1. */
START_TEST(sha256_and_hmac)
{
    unsigned char out[32];
    /* FIPS 180-4 examples; RFC 4231 cases 1, 2 and 6 */
    ck_assert_ok(fb_crypto_sha256(crypto, out, FB_STR("abc")));
    assert_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    ck_assert_ok(fb_crypto_sha256(crypto, out, fb_str_from(NULL)));
    assert_hex(out, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    ck_assert_ok(fb_crypto_hmac_sha256(
        crypto, out, unhex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"), FB_STR("Hi There")));
    assert_hex(out, 32, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    ck_assert_ok(
        fb_crypto_hmac_sha256(crypto, out, FB_STR("Jefe"), FB_STR("what do ya want for nothing?")));
    assert_hex(out, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    char key[131];
    memset(key, 0xaa, sizeof(key));
    ck_assert_ok(
        fb_crypto_hmac_sha256(crypto, out, fb_str_from_len(key, sizeof(key)),
                              FB_STR("Test Using Larger Than Block-Size Key - Hash Key First")));
    assert_hex(out, 32, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}
END_TEST

START_TEST(hkdf)
{
    unsigned char out[82];
    /* RFC 5869, A.1 and A.3 */
    fb_str ikm = unhex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b");
    ck_assert_ok(fb_crypto_hkdf_sha256(crypto, out, 42, ikm, unhex("000102030405060708090a0b0c"),
                                       unhex("f0f1f2f3f4f5f6f7f8f9")));
    assert_hex(
        out, 42,
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
    ck_assert_ok(fb_crypto_hkdf_sha256(crypto, out, 42, ikm, fb_str_from(NULL), fb_str_from(NULL)));
    assert_hex(
        out, 42,
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}
END_TEST

/* ASVS 11.3.2, 11.3.3: AES-256-GCM; no bit of what is sealed can be changed. */
START_TEST(gcm)
{
    /* McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 14 and 16 */
    unsigned char out[80];
    fb_str zero = unhex("0000000000000000000000000000000000000000000000000000000000000000");
    const unsigned char *zeros = (const unsigned char *)zero.ptr;
    ck_assert_ok(fb_crypto_seal(crypto, out, zeros, zeros, FB_STR(""), fb_str_sub(zero, 0, 16)));
    assert_hex(out, 32, "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");

    fb_str key = unhex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
    fb_str nonce = unhex("cafebabefacedbaddecaf888");
    fb_str aad = unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    fb_str plain = unhex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95"
                         "956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
    ck_assert_ok(fb_crypto_seal(crypto, out, (const unsigned char *)key.ptr,
                                (const unsigned char *)nonce.ptr, aad, plain));
    assert_hex(
        out, 76,
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b10"
        "56828838c5f61e6393ba7a0abcc9f662"
        "76fc6ece0f4e1768cddf8853bb2d551b");
    unsigned char back[60];
    fb_str sealed = fb_str_from_len((const char *)out, 76);
    ck_assert_ok(fb_crypto_open(crypto, back, (const unsigned char *)key.ptr,
                                (const unsigned char *)nonce.ptr, aad, sealed));
    ck_assert_mem_eq(back, plain.ptr, 60);
    for (apr_size_t bit = 0; bit < 76 * 8; bit++) {
        out[bit / 8] ^= (unsigned char)(1U << bit % 8);
        ck_assert_status(fb_crypto_open(crypto, back, (const unsigned char *)key.ptr,
                                        (const unsigned char *)nonce.ptr, aad, sealed),
                         FB_EDENIED);
        ck_assert_mem_eq(back, (unsigned char[60]){ 0 }, 60);
        out[bit / 8] ^= (unsigned char)(1U << bit % 8);
    }
    ck_assert_status(fb_crypto_open(crypto, back, (const unsigned char *)key.ptr,
                                    (const unsigned char *)nonce.ptr, aad,
                                    fb_str_sub(sealed, 0, 15)),
                     FB_EDENIED);
}
END_TEST

/* ASVS 11.4.2. */
START_TEST(scrypt)
{
    unsigned char out[64];
    const apr_uint64_t memory = 64 << 20;
    /* RFC 7914, section 12 */
    ck_assert_ok(
        fb_crypto_scrypt(crypto, out, 64, FB_STR(""), FB_STR(""), 16, 1, 1, memory, memory));
    assert_hex(
        out, 64,
        "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a"
        "0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906");
    ck_assert_ok(fb_crypto_scrypt(crypto, out, 64, FB_STR("password"), FB_STR("NaCl"), 1024, 8, 16,
                                  memory, memory));
    assert_hex(
        out, 64,
        "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279"
        "d9830dac727afb94a83ee6d8360cbdfa2cc0640");
    ck_assert_ok(fb_crypto_scrypt(crypto, out, 64, FB_STR("pleaseletmein"),
                                  FB_STR("SodiumChloride"), 16384, 8, 1, memory, memory));
    assert_hex(
        out, 64,
        "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705"
        "242a9af9e61e85dc0d651e40dfcf017b45575887");
}
END_TEST

START_TEST(scrypt_bounds)
{
    static const apr_uint64_t bad[][3] = {
        { 0, 8, 1 },
        { 1, 8, 1 },
        { 3, 8, 1 },
        { 16, 0, 1 },
        { 16, 8, 0 },
        { (apr_uint64_t)1 << 63, 8, 1 },
        { 16, (apr_uint64_t)1 << 61, 1 },
        { 16, 1, (apr_uint64_t)1 << 61 },
        { 65536 * 2, 8, 1 },
        { 32768, 8, 3 },
        { 2, (apr_uint64_t)1 << 33, 1 },
        { 2, 1, APR_UINT64_MAX },
    };
    unsigned char out[32];
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_status(fb_crypto_scrypt(crypto, out, 32, FB_STR("x"), FB_STR("y"), bad[i][0],
                                          bad[i][1], bad[i][2], 64 << 20, 64 << 20),
                         FB_ELIMIT);
    }
    ck_assert_ok(fb_crypto_scrypt(crypto, out, 32, FB_STR("x"), FB_STR("y"), 65536, 8, 1, 64 << 20,
                                  64 << 20));
}
END_TEST

/* ASVS 11.4.2. */
START_TEST(pbkdf2)
{
    unsigned char out[64];
    /* RFC 6070 (SHA-1), RFC 7914 section 11 (SHA-256) */
    ck_assert_ok(fb_crypto_pbkdf2(crypto, out, 20, FB_DIGEST_SHA1, FB_STR("password"),
                                  FB_STR("salt"), 4096, 4096));
    assert_hex(out, 20, "4b007901b765489abead49d926f721d065a429c1");
    ck_assert_ok(fb_crypto_pbkdf2(crypto, out, 16, FB_DIGEST_SHA1, FB_STR("pass\0word"),
                                  FB_STR("sa\0lt"), 4096, 10000));
    assert_hex(out, 16, "56fa6aa75548099dcc37d7f03425e0c3");
    ck_assert_ok(fb_crypto_pbkdf2(crypto, out, 64, FB_DIGEST_SHA256, FB_STR("passwd"),
                                  FB_STR("salt"), 1, 10));
    assert_hex(
        out, 64,
        "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc49ca9cccf179b645991664b3"
        "9d77ef317c71b845b1e30bd509112041d3a19783");
    ck_assert_status(
        fb_crypto_pbkdf2(crypto, out, 20, FB_DIGEST_SHA1, FB_STR("p"), FB_STR("s"), 11, 10),
        FB_ELIMIT);
    ck_assert_status(
        fb_crypto_pbkdf2(crypto, out, 20, FB_DIGEST_SHA1, FB_STR("p"), FB_STR("s"), 0, 10),
        FB_ELIMIT);
}
END_TEST

START_TEST(pbkdf2_other_implementation)
{
    unsigned char out[64];
    /* python3: hashlib.pbkdf2_hmac("sha256", "pä$s".encode(), b"mNq3xYz1", 600000) and sha512 */
    ck_assert_ok(fb_crypto_pbkdf2(crypto, out, 32, FB_DIGEST_SHA256, FB_STR("p\xc3\xa4$s"),
                                  FB_STR("mNq3xYz1"), 600000, 10000000));
    assert_hex(out, 32, "cbc3539a7b3dee7f531a64330dbd21dbb7cc76d069c990f1b996d77f07dfb60a");
    ck_assert_ok(fb_crypto_pbkdf2(crypto, out, 64, FB_DIGEST_SHA512, FB_STR("p\xc3\xa4$s"),
                                  FB_STR("mNq3xYz1"), 1000, 10000000));
    assert_hex(
        out, 64,
        "1d9326fc770b96c8d8ec51ae84a03d61db09b39be4d84245a9afa677b3dc2198310d4e0252d3c1e1ecbbf048"
        "7f79adbcd6e409c61d2402e0ea4542440958940a");
}
END_TEST

/* ASVS 11.5.1. */
START_TEST(random_bytes_differ_after_fork)
{
    unsigned char mine[32];
    unsigned char theirs[2][32];
    int ends[2];
    ck_assert_ok(fb_random_fill(&fb_random_openssl, mine, 32));
    for (int child = 0; child < 2; child++) {
        ck_assert_int_eq(pipe(ends), 0);
        pid_t pid = fork();
        if (pid == 0) {
            unsigned char bytes[32];
            _exit(fb_random_fill(&fb_random_openssl, bytes, 32) == APR_SUCCESS &&
                          write(ends[1], bytes, 32) == 32
                      ? 0
                      : 1);
        }
        int status;
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_int_eq(status, 0);
        ck_assert_int_eq(read(ends[0], theirs[child], 32), 32);
        close(ends[0]);
        close(ends[1]);
    }
    ck_assert_mem_ne(theirs[0], theirs[1], 32);
    ck_assert_ok(fb_random_fill(&fb_random_openssl, mine, 32));
    ck_assert_mem_ne(theirs[0], mine, 32);
}
END_TEST

static apr_status_t broken(void *baton, void *out, apr_size_t len)
{
    (void)baton;
    memset(out, 7, len / 2);
    return APR_EGENERAL;
}

static apr_status_t counting(void *baton, void *out, apr_size_t len)
{
    unsigned char *counter = baton;
    memset(out, *counter, len);
    (*counter)++;
    return APR_SUCCESS;
}

/* ASVS 11.5.1: no random bytes, no token. */
START_TEST(random_fails_closed)
{
    unsigned char out[8];
    const fb_random source = { broken, NULL };
    ck_assert_status(fb_random_fill(&source, out, 8), APR_EGENERAL);
    ck_assert_mem_eq(out, "\0\0\0\0\0\0\0\0", 8);
    fb_keyring *ring;
    fb_str token;
    ck_assert_ok(fb_keyring_create(&ring, crypto, FB_STR("k"), NULL, 0, FB_STR("s"), pool, &error));
    ck_assert_status(
        fb_keyring_seal(&token, ring, FB_KEY_CSRF, FB_STR("a"), FB_STR("b"), &source, pool),
        APR_EGENERAL);
    ck_assert_uint_eq(token.len, 0);
}
END_TEST

START_TEST(equal)
{
    ck_assert(fb_crypto_equal(FB_STR("abc"), FB_STR("abc")));
    ck_assert(!fb_crypto_equal(FB_STR("abc"), FB_STR("abd")));
    ck_assert(!fb_crypto_equal(FB_STR("abc"), FB_STR("ab")));
    ck_assert(fb_crypto_equal(fb_str_from(NULL), FB_STR("")));
    char secret[4] = "key";
    fb_crypto_cleanse(secret, 4);
    ck_assert_mem_eq(secret, "\0\0\0\0", 4);
}
END_TEST

START_TEST(hex_and_base64)
{
    /* RFC 4648, section 10 */
    static const char *const vectors[][3] = {
        { "", "", "" },
        { "f", "Zg", "Zg==" },
        { "fo", "Zm8", "Zm8=" },
        { "foo", "Zm9v", "Zm9v" },
        { "foob", "Zm9vYg", "Zm9vYg==" },
        { "fooba", "Zm9vYmE", "Zm9vYmE=" },
        { "foobar", "Zm9vYmFy", "Zm9vYmFy" },
        { "\xff\xfe\xfb\xef", "__777w", "//777w==" },
    };
    fb_str s;
    for (unsigned i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        fb_str plain = fb_str_from(vectors[i][0]);
        ck_assert_str_eq(fb_base64url_encode(pool, plain.ptr, plain.len).ptr, vectors[i][1]);
        ck_assert_str_eq(fb_base64_encode(pool, plain.ptr, plain.len).ptr, vectors[i][2]);
        ck_assert_ok(fb_base64url_decode(&s, fb_str_from(vectors[i][1]), pool));
        ck_assert(fb_str_eq(s, plain));
    }
    static const char *const bad[] = { "Z",    "Zg==",  "Zh",     "Zm9",  "Zm+v",
                                       "Zm/v", "Zm 9v", "Zm9v\n", "Zm9vY" };
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(fb_base64url_decode(&s, fb_str_from(bad[i]), pool) == FB_ESYNTAX, "%s",
                      bad[i]);
    }
    ck_assert_ok(fb_hex_decode(&s, FB_STR("00fFaB"), pool));
    ck_assert_fb_str(s, "\x00\xff\xab");
    ck_assert_status(fb_hex_decode(&s, FB_STR("0"), pool), FB_ESYNTAX);
    ck_assert_status(fb_hex_decode(&s, FB_STR("0g"), pool), FB_ESYNTAX);
}
END_TEST

/* ASVS 9.2.2, 9.2.3: a purpose, a site and an audience each. */
START_TEST(tokens_open_for_what_they_were_made)
{
    static const fb_str secret = FB_STR_INIT("0123456789abcdef0123456789abcdef");
    fb_keyring *ring;
    fb_keyring *other_site;
    fb_str token;
    fb_str plain;
    fb_key_age age;
    ck_assert_ok(fb_keyring_create(&ring, crypto, secret, NULL, 0, FB_STR("one"), pool, &error));
    ck_assert_ok(
        fb_keyring_create(&other_site, crypto, secret, NULL, 0, FB_STR("two"), pool, &error));
    for (int made = 0; made < FB_KEY__COUNT; made++) {
        ck_assert_ok(fb_keyring_seal(&token, ring, (fb_key_purpose)made, FB_STR("fb_one"),
                                     FB_STR("hello\0world"), &fb_random_openssl, pool));
        for (int tried = 0; tried < FB_KEY__COUNT; tried++) {
            ck_assert_status(fb_keyring_open(&plain, &age, ring, (fb_key_purpose)tried,
                                             FB_STR("fb_one"), token, pool),
                             tried == made ? APR_SUCCESS : FB_EDENIED);
            ck_assert(tried != made || fb_str_eq(plain, FB_STR("hello\0world")));
            ck_assert_status(fb_keyring_open(&plain, NULL, other_site, (fb_key_purpose)tried,
                                             FB_STR("fb_one"), token, pool),
                             FB_EDENIED);
        }
        ck_assert_status(fb_keyring_open(&plain, NULL, ring, (fb_key_purpose)made, FB_STR("fb_two"),
                                         token, pool),
                         FB_EDENIED);
    }
    ck_assert_int_eq(age, FB_KEY_CURRENT);
}
END_TEST

/* ASVS 9.1.1. */
START_TEST(every_bit_of_a_token_counts)
{
    fb_keyring *ring;
    fb_str token;
    fb_str raw;
    fb_str plain;
    ck_assert_ok(fb_keyring_create(&ring, crypto, FB_STR("k"), NULL, 0, FB_STR("s"), pool, &error));
    ck_assert_ok(fb_keyring_seal(&token, ring, FB_KEY_TOKEN, FB_STR(""), FB_STR("payload"),
                                 &fb_random_openssl, pool));
    ck_assert_ok(fb_base64url_decode(&raw, token, pool));
    ck_assert_uint_eq(raw.len, 7 + FB_SEAL_OVERHEAD);
    for (apr_size_t bit = 0; bit < raw.len * 8; bit++) {
        char *copy = apr_pmemdup(pool, raw.ptr, raw.len);
        copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
        fb_str flipped = fb_base64url_encode(pool, copy, raw.len);
        ck_assert_status(
            fb_keyring_open(&plain, NULL, ring, FB_KEY_TOKEN, FB_STR(""), flipped, pool),
            FB_EDENIED);
    }
    for (apr_size_t len = 0; len < token.len; len++) {
        ck_assert_status(fb_keyring_open(&plain, NULL, ring, FB_KEY_TOKEN, FB_STR(""),
                                         fb_str_sub(token, 0, len), pool),
                         FB_EDENIED);
    }
    char *big = apr_palloc(pool, 100000);
    memset(big, 'A', 100000);
    ck_assert_status(fb_keyring_open(&plain, NULL, ring, FB_KEY_TOKEN, FB_STR(""),
                                     fb_str_from_len(big, 100000), pool),
                     FB_EDENIED);
    ck_assert_status(fb_keyring_seal(&token, ring, FB_KEY_TOKEN, FB_STR(""),
                                     fb_str_from_len(big, 100000), &fb_random_openssl, pool),
                     FB_ELIMIT);
}
END_TEST

/* ASVS 11.2.2. */
START_TEST(keys_rotate)
{
    fb_keyring *before;
    fb_keyring *after;
    fb_keyring *later;
    fb_str token;
    fb_str plain;
    fb_key_age age;
    unsigned char old_mac[32];
    unsigned char mac[32];
    const fb_str old[] = { FB_STR_INIT("zeroth"), FB_STR_INIT("first") };
    fb_str many[FB_KEYRING_RETIRED_MAX + 1];
    ck_assert_ok(
        fb_keyring_create(&before, crypto, FB_STR("first"), NULL, 0, FB_STR("s"), pool, &error));
    ck_assert_ok(
        fb_keyring_create(&after, crypto, FB_STR("second"), old, 2, FB_STR("s"), pool, &error));
    ck_assert_ok(
        fb_keyring_create(&later, crypto, FB_STR("second"), NULL, 0, FB_STR("s"), pool, &error));
    ck_assert_ok(fb_keyring_seal(&token, before, FB_KEY_SESSION, FB_STR("a"), FB_STR("x"),
                                 &fb_random_openssl, pool));
    ck_assert_ok(fb_keyring_open(&plain, &age, after, FB_KEY_SESSION, FB_STR("a"), token, pool));
    ck_assert_int_eq(age, FB_KEY_RETIRED);
    ck_assert_status(fb_keyring_open(&plain, &age, later, FB_KEY_SESSION, FB_STR("a"), token, pool),
                     FB_EDENIED);
    ck_assert_ok(fb_keyring_seal(&token, after, FB_KEY_SESSION, FB_STR("a"), FB_STR("x"),
                                 &fb_random_openssl, pool));
    ck_assert_status(
        fb_keyring_open(&plain, &age, before, FB_KEY_SESSION, FB_STR("a"), token, pool),
        FB_EDENIED);
    ck_assert_ok(fb_keyring_open(&plain, &age, later, FB_KEY_SESSION, FB_STR("a"), token, pool));

    ck_assert_ok(fb_keyring_mac(old_mac, before, FB_KEY_LOOKUP, 0, FB_STR("id")));
    ck_assert_uint_eq(fb_keyring_generations(after), 3);
    ck_assert_ok(fb_keyring_mac(mac, after, FB_KEY_LOOKUP, 2, FB_STR("id")));
    ck_assert_mem_eq(mac, old_mac, 32);
    ck_assert_ok(fb_keyring_mac(mac, after, FB_KEY_CACHE, 2, FB_STR("id")));
    ck_assert_mem_ne(mac, old_mac, 32);
    ck_assert_status(fb_keyring_mac(mac, after, FB_KEY_LOOKUP, 3, FB_STR("id")), FB_ENOTFOUND);

    for (int i = 0; i <= FB_KEYRING_RETIRED_MAX; i++) {
        many[i] = FB_STR("x");
    }
    ck_assert_status(fb_keyring_create(&later, crypto, FB_STR("k"), many,
                                       FB_KEYRING_RETIRED_MAX + 1, FB_STR("s"), pool, &error),
                     FB_EINVALID);
    ck_assert_status(
        fb_keyring_create(&later, crypto, FB_STR(""), NULL, 0, FB_STR("s"), pool, &error),
        FB_EINVALID);
}
END_TEST

/* ASVS 11.3.4: a fresh nonce for each message. */
START_TEST(nonces_come_from_the_source)
{
    fb_keyring *ring;
    fb_str one;
    fb_str two;
    fb_str again;
    unsigned char counter = 1;
    const fb_random source = { counting, &counter };
    ck_assert_ok(fb_keyring_create(&ring, crypto, FB_STR("k"), NULL, 0, FB_STR("s"), pool, &error));
    ck_assert_ok(fb_keyring_seal(&one, ring, FB_KEY_CSRF, FB_STR("a"), FB_STR("b"), &source, pool));
    ck_assert_ok(fb_keyring_seal(&two, ring, FB_KEY_CSRF, FB_STR("a"), FB_STR("b"), &source, pool));
    counter = 1;
    ck_assert_ok(
        fb_keyring_seal(&again, ring, FB_KEY_CSRF, FB_STR("a"), FB_STR("b"), &source, pool));
    ck_assert(!fb_str_eq(one, two));
    ck_assert(fb_str_eq(one, again));
}
END_TEST

static void add(TCase *tests)
{
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, sha256_and_hmac);
    tcase_add_test(tests, hkdf);
    tcase_add_test(tests, gcm);
    tcase_add_test(tests, scrypt);
    tcase_add_test(tests, scrypt_bounds);
    tcase_add_test(tests, pbkdf2);
    tcase_add_test(tests, pbkdf2_other_implementation);
    tcase_add_test(tests, random_bytes_differ_after_fork);
    tcase_add_test(tests, random_fails_closed);
    tcase_add_test(tests, equal);
    tcase_add_test(tests, hex_and_base64);
    tcase_add_test(tests, tokens_open_for_what_they_were_made);
    tcase_add_test(tests, every_bit_of_a_token_counts);
    tcase_add_test(tests, keys_rotate);
    tcase_add_test(tests, nonces_come_from_the_source);
}

int main(void)
{
    return unit_main("base_crypto", add);
}
