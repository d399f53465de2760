/* What a new password must be: long enough, and not easy to guess by zxcvbn's judgement. */
#include "web/i18n.h"
#include "web/password.h"

#include <apr_strings.h>

#include <zxcvbn.h>

#include "base/banned.h"

/* zxcvbn's cost grows with the square of the length, and what counts is in front. */
#define JUDGED_MAX 100
#define WORDS_MAX  64
#define WORD_MIN   4

/* Cuts names and addresses into words of at least WORD_MIN letters, lower case. */
static void add_words(const char **list, apr_size_t *count, fb_str text, apr_pool_t *pool)
{
    apr_size_t start = 0;
    for (apr_size_t i = 0; i <= text.len; i++) {
        bool inside = i < text.len && ((unsigned char)text.ptr[i] >= 0x80 ||
                                       (text.ptr[i] >= '0' && text.ptr[i] <= '9') ||
                                       (text.ptr[i] >= 'A' && text.ptr[i] <= 'Z') ||
                                       (text.ptr[i] >= 'a' && text.ptr[i] <= 'z'));
        if (inside) {
            continue;
        }
        fb_str word = fb_str_sub(text, start, i - start);
        if (fb_str_utf8_count(word) >= WORD_MIN && *count < WORDS_MAX) {
            list[(*count)++] = fb_str_to_z(pool, fb_str_lower_ascii(pool, word));
        }
        start = i + 1;
    }
    if (fb_str_utf8_count(text) >= WORD_MIN && *count < WORDS_MAX) {
        list[(*count)++] = fb_str_to_z(pool, fb_str_lower_ascii(pool, text));
    }
}

static double judge(ZxcTypeMatch_t *type, fb_str password, const fb_str *words,
                    apr_size_t word_count, apr_pool_t *pool)
{
    const char *list[WORDS_MAX + 1];
    apr_size_t count = 0;
    ZxcMatch_t *info = NULL;
    int longest = 0;

    for (apr_size_t i = 0; i < word_count; i++) {
        add_words(list, &count, words[i], pool);
    }
    list[count] = NULL;
    const char *text = fb_str_to_z(pool, fb_str_sub(password, 0, JUDGED_MAX));
    double bits = ZxcvbnMatch(text, list, &info);
    *type = BRUTE_MATCH;
    for (const ZxcMatch_t *m = info; m != NULL; m = m->Next) {
        ZxcTypeMatch_t kind = (ZxcTypeMatch_t)((int)m->Type & (MULTIPLE_MATCH - 1));
        if (kind != BRUTE_MATCH && kind != NON_MATCH && m->Length > longest) {
            longest = m->Length;
            *type = kind;
        }
    }
    ZxcvbnFreeInfo(info);
    return bits;
}

/* zxcvbn's own borders: 10^3, 10^6, 10^8 and 10^10 guesses, in bits. */
static unsigned int score_of(double bits)
{
    static const double borders[] = { 9.966, 19.932, 26.575, 33.219 };
    unsigned int score = 0;
    while (score < sizeof borders / sizeof borders[0] && bits >= borders[score]) {
        score++;
    }
    return score;
}

unsigned int fb_password_score(fb_str password, const fb_str *words, apr_size_t word_count,
                               apr_pool_t *pool)
{
    ZxcTypeMatch_t type;
    return password.len == 0 ? 0 : score_of(judge(&type, password, words, word_count, pool));
}

static const char *why_weak(ZxcTypeMatch_t type)
{
    switch (type) {
    case DICTIONARY_MATCH:
    case DICT_LEET_MATCH:
        return N_("This password is too easy to guess: it is a common word or name. Try three or "
                  "four words that have nothing to do with each other.");
    case USER_MATCH:
    case USER_LEET_MATCH:
        return N_("This password is too easy to guess: it is made of your name, your address or "
                  "the name of this site. Try words that have nothing to do with you.");
    case REPEATS_MATCH:
        return N_("This password is too easy to guess: it repeats itself. Try different "
                  "characters, or three or four words.");
    case SEQUENCE_MATCH:
        return N_("This password is too easy to guess: it follows the alphabet or counts. Try "
                  "three or four words that have nothing to do with each other.");
    case SPATIAL_MATCH:
        return N_("This password is too easy to guess: its keys are neighbours on the keyboard. "
                  "Try three or four words that have nothing to do with each other.");
    case DATE_MATCH:
    case YEAR_MATCH:
        return N_("This password is too easy to guess: it is a date or a year. Try three or four "
                  "words that have nothing to do with each other.");
    default:
        return N_("This password is too easy to guess: it is too short for what it is made of. "
                  "Try a longer one, such as three or four words.");
    }
}

apr_status_t fb_password_check(const char **reason, fb_str password,
                               const fb_password_policy *policy, apr_pool_t *pool)
{
    ZxcTypeMatch_t type;
    apr_size_t length = fb_str_utf8_count(password);

    *reason = NULL;
    if (length < FB_PASSWORD_MIN) {
        *reason = apr_psprintf(pool, _(NULL, "Field must be at least %d characters long."),
                               FB_PASSWORD_MIN);
    } else if (length > FB_PASSWORD_MAX || password.len > FB_PASSWORD_BYTES) {
        *reason = apr_psprintf(pool, _(NULL, "Field cannot be longer than %d characters."),
                               FB_PASSWORD_MAX);
    } else if (score_of(judge(&type, password, policy->words, policy->word_count, pool)) <
               policy->min_score) {
        *reason = _(NULL, why_weak(type));
    }
    return *reason == NULL ? APR_SUCCESS : FB_EINVALID;
}
