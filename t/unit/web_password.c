/* Password hashes and the policy (SPEC M7, section 3; ASVS 6.2.1-6.2.9, 11.4.2). */
#include "web_support.h"

#include "base/log.h"
#include "web/password.h"

static fb_password_cost cost = { .format = FB_PASSWORD_SCRYPT,
                                 .scrypt_n = 1024,
                                 .scrypt_r = 8,
                                 .scrypt_p = 1,
                                 .pbkdf2_rounds = 1000,
                                 .max_memory = 64 * 1024 * 1024 };

static fb_password_result verify(const char *stored, fb_str password)
{
    fb_password_result result = FB_PASSWORD_GOOD;
    ck_assert_ok(fb_password_verify(&result, test_crypto(), fb_str_from(stored), password, &cost,
                                    pool, &error));
    return result;
}

#define PW "correct horse battery"
/* Made by hashlib.scrypt and werkzeug.security.generate_password_hash. */
static const char scrypt_1024[] =
    "scrypt:1024:8:1$SaltSaltSaltSalt$"
    "ca4eeaa10278292fb70ad23a860f2b8731d611f712330665ae3758926ce22a"
    "66256c8416500963fab6ee475b94c3b31f8349992e327808c6c392db9264082d0e";
static const char scrypt_utf8[] =
    "scrypt:16384:8:1$abcdefgh$"
    "ccc6fa0ff7ec4e9b542abfa8f2ebba3b09e829d6d076fa60a224ed3f8561deb2977061"
    "b5f140db8efdde8440a2d962b26642feab65d928e19cf9d926d5259265";
static const char *const pbkdf2[] = {
    "pbkdf2:sha256:1000$QsAv9HDY$a83e3869d51c702e6b0a71376b32e54d5cb7b89001a2a0149a6227587ea9db5e",
    "pbkdf2:sha1:1000$REvOmZfj$5efe9b823a775391f01791a9b76d8c835afebd77",
    ("pbkdf2:sha512:1000$pEwlSAer$"
     "64157afada1853a95a113ea2cc7dd7c99d69bf6faff66deb905aea09ce6b47e3666"
     "4c6435cb54c6a2d07f37c1b850bb988690002f9a22b7a28267b01c8be27bd"),
    ("pbkdf2:sha256:150000$YZE0fIIV$"
     "25bcc4f028a2b2e98f3d13cf8280beeb9da2a8e58cbf60308402f9a6a1ad4420"),
};

START_TEST(verifies_werkzeug)
{
    ck_assert_int_eq(verify(scrypt_1024, FB_STR(PW)), FB_PASSWORD_GOOD);
    ck_assert_int_eq(verify(scrypt_utf8, FB_STR("p\xc3\xa4ssw\xc3\xb6rd \xe2\x82\xac")),
                     FB_PASSWORD_GOOD);
    for (size_t i = 0; i < COUNT(pbkdf2); i++) {
        ck_assert_int_eq(verify(pbkdf2[i], FB_STR(PW)), FB_PASSWORD_GOOD_WEAK); /* M7: rehashed */
        ck_assert_int_eq(verify(pbkdf2[i], FB_STR(PW " ")), FB_PASSWORD_WRONG);
    }
    fb_password_cost dearer = cost;
    cost.scrypt_n = 2048;
    ck_assert_int_eq(verify(scrypt_1024, FB_STR(PW)), FB_PASSWORD_GOOD_WEAK);
    cost = dearer;
    cost.format = FB_PASSWORD_PBKDF2; /* M9: flask-base still uses the database */
    ck_assert_int_eq(verify(pbkdf2[0], FB_STR(PW)), FB_PASSWORD_GOOD);
    ck_assert_int_eq(verify(scrypt_1024, FB_STR(PW)), FB_PASSWORD_GOOD);
}
END_TEST

/* ASVS 6.2.8: exact: no trim, no case folding, no truncation, no normalisation. */
START_TEST(compares_exactly)
{
    static const char *const others[] = { "",
                                          " " PW,
                                          PW " ",
                                          "Correct horse battery",
                                          "correct horse batter",
                                          PW "x",
                                          PW "\n",
                                          "CORRECT HORSE BATTERY" };
    for (size_t i = 0; i < COUNT(others); i++) {
        ck_assert_int_eq(verify(scrypt_1024, fb_str_from(others[i])), FB_PASSWORD_WRONG);
    }
    unsigned char seed[16] = { 1 };
    char long_one[257];
    fb_str hash;
    memset(long_one, 'a', 256);
    ck_assert_ok(fb_password_hash(&hash, test_crypto(), fb_str_from_len(long_one, 256), seed, &cost,
                                  pool, &error));
    ck_assert_int_eq(verify(fb_str_to_z(pool, hash), fb_str_from_len(long_one, 256)),
                     FB_PASSWORD_GOOD);
    ck_assert_int_eq(verify(fb_str_to_z(pool, hash), fb_str_from_len(long_one, 255)),
                     FB_PASSWORD_WRONG);
}
END_TEST

START_TEST(makes_hashes)
{
    unsigned char seed[16];
    fb_str a, b;
    memset(seed, 200, sizeof seed);
    ck_assert_ok(fb_password_hash(&a, test_crypto(), FB_STR(PW), seed, &cost, pool, &error));
    ck_assert(fb_str_starts(a, FB_STR("scrypt:1024:8:1$")));
    ck_assert_uint_eq(a.len, 16 + 16 + 1 + 128);
    ck_assert_uint_le(a.len, 255); /* M2: the column */
    ck_assert_int_eq(verify(fb_str_to_z(pool, a), FB_STR(PW)), FB_PASSWORD_GOOD);
    seed[3] = 7;
    ck_assert_ok(fb_password_hash(&b, test_crypto(), FB_STR(PW), seed, &cost, pool, &error));
    ck_assert(!fb_str_eq(a, b));
    cost.format = FB_PASSWORD_PBKDF2;
    ck_assert_ok(fb_password_hash(&a, test_crypto(), FB_STR(PW), seed, &cost, pool, &error));
    ck_assert(fb_str_starts(a, FB_STR("pbkdf2:sha256:1000$")));
    ck_assert_int_eq(verify(fb_str_to_z(pool, a), FB_STR(PW)), FB_PASSWORD_GOOD);
    char *huge = apr_pcalloc(pool, 1026);
    memset(huge, 'x', 1025);
    ck_assert_status(
        fb_password_hash(&a, test_crypto(), fb_str_from(huge), seed, &cost, pool, &error),
        FB_EINVALID);
    ck_assert_int_eq(verify(scrypt_1024, fb_str_from(huge)), FB_PASSWORD_WRONG);
}
END_TEST

static const char *hashes; /* one line for each password that was hashed */

static void note_hash(void *log_context, fb_log_level level, apr_status_t status, const char *line)
{
    (void)log_context;
    (void)status;
    if (level == FB_LOG_DEBUG) {
        hashes = apr_pstrcat(pool, hashes, line, "\n", NULL);
    }
}

/* Rows of a database that somebody else wrote: nothing crashes, nothing costs without bound. */
START_TEST(refuses_bad_rows)
{
    static const char *const rows[] = {
        "",
        "$",
        "$$",
        "$$$",
        "scrypt",
        "scrypt:",
        "scrypt:1024:8:1",
        "scrypt:1024:8:1$",
        "scrypt:1024:8:1$salt",
        "scrypt:1024:8:1$salt$",
        "scrypt:1024:8:1$$00",
        "scrypt:1024:8$salt$00",
        "scrypt:1024:8:1:1$salt$00",
        "scrypt:1023:8:1$salt$00",
        "scrypt:0:8:1$salt$00",
        "scrypt:-1:8:1$salt$00",
        "scrypt:1e3:8:1$salt$00",
        "scrypt:99999999999999999999:8:1$salt$00",
        "pbkdf2",
        "pbkdf2:sha256",
        "pbkdf2:sha256$salt$00",
        "pbkdf2:md5:1000$salt$00",
        "pbkdf2:sha256:0$salt$00",
        "pbkdf2:sha256:$salt$00",
        ("plain$$" PW),
        PW,
        "sha1$salt$00",
        "md5$salt$00",
        "argon2id$salt$00",
        "\xff\xfe$salt$00",
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        ck_assert_msg(verify(rows[i], FB_STR(PW)) == FB_PASSWORD_WRONG, "%s", rows[i]);
    }
    /* A good shape with a cost beyond the bounds: the work of an ordinary hash, no more. */
    fb_log_set_sink(note_hash, FB_LOG_DEBUG);
    const char *hex = strrchr(scrypt_1024, '$');
    static const char *const dear[] = { "scrypt:1048576:8:1$salt", "scrypt:1024:1048576:1$salt",
                                        "scrypt:1024:8:1048576$salt",
                                        "scrypt:4294967296:1:1$salt" };
    for (size_t i = 0; i < COUNT(dear); i++) {
        hashes = "";
        ck_assert_int_eq(verify(apr_pstrcat(pool, dear[i], hex, NULL), FB_STR(PW)),
                         FB_PASSWORD_WRONG);
        ck_assert_str_eq(hashes, "password hash: scrypt 1024:8:1\n");
    }
    const char *rounds = "pbkdf2:sha256:4000000000$salt$"
                         "a83e3869d51c702e6b0a71376b32e54d5cb7b89001a2a0149a6227587ea9db5e";
    hashes = "";
    ck_assert_int_eq(verify(rounds, FB_STR(PW)), FB_PASSWORD_WRONG);
    ck_assert_str_eq(hashes, "password hash: scrypt 1024:8:1\n");
    fb_log_set_sink(NULL, FB_LOG_NOTICE);
    char *bad = apr_pstrdup(pool, scrypt_1024);
    bad[sizeof scrypt_1024 - 3] = 'g';
    ck_assert_int_eq(verify(bad, FB_STR(PW)), FB_PASSWORD_WRONG);
}
END_TEST

/* SPEC D13, ASVS 6.3.8: no account and no password take the work of a wrong one: one hash, at the
 * same cost. So does a row that can not be used. */
START_TEST(costs_the_same)
{
    static const char *const stored[] = { scrypt_1024, "", "rubbish", "scrypt:1024:8:1$salt$00",
                                          "argon2id$x$00" };
    fb_log_set_sink(note_hash, FB_LOG_DEBUG);
    for (size_t i = 0; i < COUNT(stored); i++) {
        hashes = "";
        ck_assert_int_eq(verify(stored[i], FB_STR("wrong")), FB_PASSWORD_WRONG);
        ck_assert_str_eq(hashes, "password hash: scrypt 1024:8:1\n");
    }
    cost.scrypt_n = 2048;
    hashes = "";
    ck_assert_int_eq(verify("", FB_STR("wrong")), FB_PASSWORD_WRONG);
    ck_assert_str_eq(hashes, "password hash: scrypt 2048:8:1\n");
    fb_log_set_sink(NULL, FB_LOG_NOTICE);
}
END_TEST

/* SPEC D13: a wrong password at an account with an older, cheaper hash makes up the difference; the
 * right one does not, nor does a dearer hash. */
START_TEST(makes_up_the_difference)
{
    static const struct {
        fb_password_format format;
        unsigned int n, rounds;
        int stored; /* -1: scrypt_1024, else of pbkdf2 */
        const char *password, *hashes;
    } rows[] = {
        { FB_PASSWORD_SCRYPT, 2048, 1, -1, "wrong", "scrypt 1024:8:1|scrypt 2048:4:1|" },
        { FB_PASSWORD_SCRYPT, 32768, 1, -1, "wrong", "scrypt 1024:8:1|scrypt 32768:8:1|" },
        { FB_PASSWORD_SCRYPT, 512, 1, -1, "wrong", "scrypt 1024:8:1|" },
        { FB_PASSWORD_SCRYPT, 2048, 1, -1, PW, "scrypt 1024:8:1|" },
        { FB_PASSWORD_SCRYPT, 1024, 1, 0, "wrong", "pbkdf2 1:1000|scrypt 1024:8:1|" },
        { FB_PASSWORD_SCRYPT, 1024, 1, 1, "wrong", "pbkdf2 0:1000|scrypt 1024:8:1|" },
        { FB_PASSWORD_SCRYPT, 1024, 1, 3, "wrong", "pbkdf2 1:150000|" },
        { FB_PASSWORD_SCRYPT, 1024, 1, 0, PW, "pbkdf2 1:1000|" },
        { FB_PASSWORD_PBKDF2, 1024, 5000, 0, "wrong", "pbkdf2 1:1000|pbkdf2 1:4000|" },
        { FB_PASSWORD_PBKDF2, 1024, 1000, 0, "wrong", "pbkdf2 1:1000|" },
        { FB_PASSWORD_PBKDF2, 1024, 5000, 1, "wrong", "pbkdf2 0:1000|pbkdf2 1:5000|" },
        { FB_PASSWORD_PBKDF2, 1024, 100000, -1, "wrong", "scrypt 1024:8:1|pbkdf2 1:100000|" },
    };
    fb_log_set_sink(note_hash, FB_LOG_DEBUG);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *stored = rows[i].stored < 0 ? scrypt_1024 : pbkdf2[rows[i].stored];
        const char *expected = "";
        char *copy = apr_pstrdup(pool, rows[i].hashes), *last = NULL;
        for (char *one = apr_strtok(copy, "|", &last); one != NULL;
             one = apr_strtok(NULL, "|", &last)) {
            expected = apr_pstrcat(pool, expected, "password hash: ", one, "\n", NULL);
        }
        cost.format = rows[i].format;
        cost.scrypt_n = rows[i].n;
        cost.pbkdf2_rounds = rows[i].rounds;
        hashes = "";
        bool good = verify(stored, fb_str_from(rows[i].password)) != FB_PASSWORD_WRONG;
        ck_assert_int_eq(good, strcmp(rows[i].password, PW) == 0);
        ck_assert_msg(strcmp(hashes, expected) == 0, "row %d: %s", (int)i, hashes);
    }
    fb_log_set_sink(NULL, FB_LOG_NOTICE);
}
END_TEST

static const char *judged(const char *password, unsigned int min_score)
{
    static const fb_str words[] = { FB_STR_INIT("Marguerite"), FB_STR_INIT("O'Sullivan"),
                                    FB_STR_INIT("marguerite.os@flowershop.example"),
                                    FB_STR_INIT("Al"), FB_STR_INIT("Flask-Base") };
    fb_password_policy policy = { min_score, words, COUNT(words) };
    const char *reason = NULL;
    apr_status_t status = fb_password_check(&reason, fb_str_from(password), &policy, pool);
    ck_assert(status == (reason == NULL ? APR_SUCCESS : FB_EINVALID));
    return reason != NULL ? reason : "good";
}

START_TEST(judges_length)
{
    char text[258];
    memset(text, 0, sizeof text);
    ck_assert_str_eq(judged("kX9#q2L", 0), "Field must be at least 8 characters long.");
    ck_assert_str_eq(judged("kX9#q2Lp", 0), "good"); /* ASVS 6.2.1 */
    ck_assert_str_eq(judged("", 0), "Field must be at least 8 characters long.");
    ck_assert_str_eq(judged("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 0),
                     "Field must be at least 8 characters long.");
    for (int i = 0; i < 257; i++) {
        text[i] = (char)('!' + (i * 37) % 90);
    }
    ck_assert_str_eq(judged(text, 2), "Field cannot be longer than 256 characters.");
    text[256] = '\0';
    ck_assert_str_eq(judged(text, 2), "good"); /* ASVS 6.2.9: 64 and more */
}
END_TEST

START_TEST(judges_strength)
{
    static const char *const weak[] = {
        "password",  "password1",  "Password123", "12345678",
        "123456789", "qwertyui",   "qwertyuiop",  "aaaaaaaa",
        "abcdefgh",  "iloveyou",   "sunshine1",   "letmein1",
        "football",  "11111111",   "19871231",    "01011990",
        "zxcvbnm,",  "Marguerite", "marguerite1", "flowershop",
        "Sullivan1", "flask-base", "Flask-Base1", "margueritemarguerite",
    };
    /* No composition rules: ASVS 6.2.5. */
    static const char *const strong[] = {
        "correct horse battery staple",
        "kX9#q2Lp!vT",
        "three blind mice dancing",
        "ouR-tiny;boat@42",
        "\xd0\xbc\xd0\xbe\xd0\xb9 \xd0\xbf\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8c 7",
        "zebra umbrella quantum",
        "        x9 plum kettle",
    };
    for (size_t i = 0; i < COUNT(weak); i++) {
        ck_assert_msg(strncmp(judged(weak[i], 2), "This password is too easy to guess: ", 36) == 0,
                      "%s: %s", weak[i], judged(weak[i], 2));
    }
    for (size_t i = 0; i < COUNT(strong); i++) {
        ck_assert_msg(strcmp(judged(strong[i], 2), "good") == 0, "%s: %s", strong[i],
                      judged(strong[i], 2));
    }
    ck_assert_ptr_nonnull(strstr(judged("margueritemarg", 3), "your name"));
    ck_assert_str_eq(judged("password", 0), "good"); /* a site may switch it off */
}
END_TEST

START_TEST(scores)
{
    ck_assert_uint_eq(fb_password_score(FB_STR(""), NULL, 0, pool), 0);
    ck_assert_uint_eq(fb_password_score(FB_STR("password"), NULL, 0, pool), 0);
    ck_assert_uint_eq(fb_password_score(FB_STR("correct horse battery staple"), NULL, 0, pool), 4);
    char *big = apr_pcalloc(pool, 5001);
    for (int i = 0; i < 5000; i++) {
        big[i] = "ab1"[i % 3];
    }
    /* Only the first characters are judged: uncapped, this would take minutes (the test's limit is
     * one). */
    ck_assert_uint_eq(fb_password_score(fb_str_from(big), NULL, 0, pool),
                      fb_password_score(fb_str_from_len(big, 100), NULL, 0, pool));
}
END_TEST

static void add(TCase *tests)
{
    tcase_add_test(tests, verifies_werkzeug);
    tcase_add_test(tests, compares_exactly);
    tcase_add_test(tests, makes_hashes);
    tcase_add_test(tests, refuses_bad_rows);
    tcase_add_test(tests, costs_the_same);
    tcase_add_test(tests, makes_up_the_difference);
    tcase_add_test(tests, judges_length);
    tcase_add_test(tests, judges_strength);
    tcase_add_test(tests, scores);
}

int main(void)
{
    return unit_main("web_password", add);
}
