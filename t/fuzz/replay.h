/* A room's fuzz targets in a unit test: every file of the corpus, and mutations of them that are the
 * same in each run. Included behind the targets and unit.h. */
#ifndef FB_FUZZ_REPLAY_H
#define FB_FUZZ_REPLAY_H

#include "fuzz.h"

#define FUZZ_INPUT_MAX 4096
#define FUZZ_SEEDS_MAX 500

typedef struct fuzz_seeds {
    fb_str seeds[FUZZ_SEEDS_MAX];
    apr_size_t count;
} fuzz_seeds;

/* xorshift64*: small, and the same everywhere. */
static apr_uint64_t fuzz_state = 88172645463325252ULL;

static apr_size_t fuzz_below(apr_size_t bound)
{
    fuzz_state ^= fuzz_state >> 12;
    fuzz_state ^= fuzz_state << 25;
    fuzz_state ^= fuzz_state >> 27;
    return bound > 0 ? (apr_size_t)((fuzz_state * 2685821657736338717ULL >> 33) % bound) : 0;
}

static void fuzz_read_seeds(fuzz_seeds *seeds, const char *name, apr_pool_t *in)
{
    const char *top = getenv("FB_SRCDIR") != NULL ? getenv("FB_SRCDIR") : ".";
    const char *folder = apr_pstrcat(in, top, "/t/fuzz/corpus/", name, NULL);
    apr_finfo_t info;
    apr_dir_t *dir;

    seeds->count = 0;
    fuzz_assert(apr_dir_open(&dir, folder, in) == APR_SUCCESS);
    while (apr_dir_read(&info, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        apr_file_t *file;
        apr_size_t len = 0;
        char *text = apr_palloc(in, FUZZ_INPUT_MAX);
        if (info.name[0] == '.') {
            continue;
        }
        fuzz_assert(seeds->count < FUZZ_SEEDS_MAX);
        fuzz_assert(apr_file_open(&file, apr_pstrcat(in, folder, "/", info.name, NULL),
                                  APR_FOPEN_READ, APR_FPROT_OS_DEFAULT, in) == APR_SUCCESS);
        (void)apr_file_read_full(file, text, FUZZ_INPUT_MAX, &len);
        (void)apr_file_close(file);
        seeds->seeds[seeds->count++] = fb_str_from_len(text, len);
    }
    (void)apr_dir_close(dir);
    fuzz_assert(seeds->count > 0);
}

/* Changes a copy of a seed in one to four places. */
static fb_str fuzz_mutate(char buf[FUZZ_INPUT_MAX], const fuzz_seeds *seeds)
{
    fb_str seed = seeds->seeds[fuzz_below(seeds->count)];
    apr_size_t len = seed.len;

    memcpy(buf, seed.ptr, len);
    for (apr_size_t change = fuzz_below(4) + 1; change > 0; change--) {
        apr_size_t at = fuzz_below(len + 1);
        fb_str other = seeds->seeds[fuzz_below(seeds->count)];
        apr_size_t from = fuzz_below(other.len);
        apr_size_t piece = fuzz_below(other.len - from < 16 ? other.len - from + 1 : 16);
        switch (fuzz_below(6)) {
        case 0: /* another byte */
            if (at < len) {
                buf[at] = (char)(unsigned char)fuzz_below(256);
            }
            break;
        case 1: /* another bit */
            if (at < len) {
                buf[at] = (char)(buf[at] ^ (1 << fuzz_below(8)));
            }
            break;
        case 2: /* some bytes less */
            piece = fuzz_below(8) + 1;
            if (at + piece <= len) {
                memmove(buf + at, buf + at + piece, len - at - piece);
                len -= piece;
            }
            break;
        case 3: /* cut off */ len = at; break;
        default: /* a piece of another seed put in */
            if (len + piece <= FUZZ_INPUT_MAX) {
                memmove(buf + at + piece, buf + at, len - at);
                memcpy(buf + at, other.ptr + from, piece);
                len += piece;
            }
        }
    }
    return fb_str_from_len(buf, len);
}

static void fuzz_replay(const fuzz_target *target, int mutations)
{
    fuzz_seeds *seeds = apr_palloc(pool, sizeof(*seeds));
    char buf[FUZZ_INPUT_MAX];

    fuzz_read_seeds(seeds, target->name, pool);
    for (apr_size_t i = 0; i < seeds->count; i++) {
        fuzz_once(target, seeds->seeds[i]);
    }
    for (int i = 0; i < mutations; i++) {
        fuzz_once(target, fuzz_mutate(buf, seeds));
    }
}

#endif
