/* Fuzz targets: one table of them, run by libFuzzer (t/fuzz/run) or, on the stored corpus and a
 * fixed number of mutations of it, by a unit test. */
#ifndef FB_FUZZ_H
#define FB_FUZZ_H

#include "base/error.h"

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Takes any bytes and must return; an invariant that does not hold ends the program. */
typedef struct fuzz_target {
    const char *name; /* its corpus is t/fuzz/corpus/NAME */
    void (*run)(fb_str input, apr_pool_t *pool);
} fuzz_target;

#define fuzz_assert(condition)                                                                     \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* Runs a target once, in a pool of its own. The input is copied to its exact size, so that a
 * sanitizer sees the first byte read beyond it. */
static inline void fuzz_once(const fuzz_target *target, fb_str input)
{
    apr_pool_t *pool;
    char *copy = malloc(input.len > 0 ? input.len : 1);

    fuzz_assert(copy != NULL && apr_pool_create(&pool, NULL) == APR_SUCCESS);
    if (input.len > 0) {
        memcpy(copy, input.ptr, input.len);
    }
    target->run(fb_str_from_len(copy, input.len), pool);
    apr_pool_destroy(pool);
    free(copy);
}

#endif
