/* Counters shared by all processes of the server: rate limits and hash slots in one mapped file of
 * fixed size, by atomics alone. */
#ifndef FB_WEB_COUNTERS_H
#define FB_WEB_COUNTERS_H

#include "base/num.h"

#include <apr_user.h>

typedef struct fb_counters fb_counters;

/* Whose the file is: the server's user, while root's httpd makes it. */
typedef struct fb_file_owner {
    apr_uid_t user;
    apr_gid_t group;
} fb_file_owner;

/* Maps `file`, or anonymous memory shared with children when `file` is NULL. Survives graceful
 * restarts. The file is made with mode 0600 and its blocks reserved, so that a full disk can't hurt
 * later; made by root it is given to `owner` (else `owner` does not matter). One of another layout
 * or made by root for nobody is replaced, never changed: others may have it mapped. FB_EDENIED for
 * what is no plain file with one name that belongs to us or `owner`. `slots` 0:
 * max(1, processors / 2). Unmapped with `pool`. */
apr_status_t fb_counters_open(fb_counters **out, const char *file, fb_file_owner owner,
                              unsigned int slots, unsigned int queue, apr_pool_t *pool,
                              fb_error *error) FB_MUST_CHECK;

/* Takes one of the subject's allowance, `rate.count` at once and refilled evenly over
 * `rate.period` (GCRA: one 64-bit word per subject, no window edges). *wait is 0 when it was
 * granted, else the time until one is available, and nothing was taken. A rate of 0 grants
 * always. `key` is a keyed hash of what is counted, so that no address or name is stored. A clock
 * set back by a year delays a subject by `period` at most. */
void fb_counters_take(apr_interval_time_t *wait, fb_counters *counters, apr_uint64_t key,
                      fb_rate rate, apr_time_t now);
/* Gives one back (the attempt was a good one). */
void fb_counters_give(fb_counters *counters, apr_uint64_t key, fb_rate rate, apr_time_t now);
/* Forgets a subject. */
void fb_counters_clear(fb_counters *counters, apr_uint64_t key);

/* A slot for hashing a password: at most `slots` in the whole server, `queue` waiting beyond them
 * for at most `wait`. FB_ELIMIT: none (503 with Retry-After). A slot of a process that died is
 * found and taken over. */
apr_status_t fb_counters_slot(unsigned int *slot, fb_counters *counters,
                              apr_interval_time_t wait) FB_MUST_CHECK;
void fb_counters_release(fb_counters *counters, unsigned int slot);
unsigned int fb_counters_slots(const fb_counters *counters);

#endif
