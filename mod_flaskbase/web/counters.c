/* The mapped file: a table of allowances, and the hash slots. */
#include "web/counters.h"

#include <apr_strings.h>
#include <apr_time.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"

#define MAGIC      0x66626374723031ULL /* changes with the layout */
#define WAYS       8u
#define SETS       16384u /* 131,072 subjects, 2 MiB */
#define SLOTS_MAX  256u
#define QUEUE_MAX  1000u
#define BUSY_KEY   1u   /* an entry that changes hands */
#define POLL_FIRST 2000 /* microseconds between looks for a free slot */
#define POLL_LAST  20000
#define HELD_MAX   60 /* seconds: no hash takes longer, whatever its process says */

typedef struct entry {
    _Atomic uint64_t key; /* 0: free */
    _Atomic uint64_t tat; /* "theoretical arrival time" of GCRA, microseconds */
} entry;

/* Holder of a place: process id and the second it was taken, in one word; 0: free. */
typedef _Atomic uint64_t place;

typedef struct shared {
    uint64_t magic; /* written once, before the file has its name */
    place slots[SLOTS_MAX];
    place queue[QUEUE_MAX];
    entry entries[SETS * WAYS];
} shared;

struct fb_counters {
    shared *map;
    unsigned int slots;
    unsigned int queue;
};

static apr_status_t unmap(void *data)
{
    fb_counters *counters = data;
    return munmap(counters->map, sizeof(shared)) == 0 ? APR_SUCCESS : errno;
}

static int make_descriptor(int fd, const fb_file_owner *owner)
{
    const uint64_t magic = MAGIC;
    if (geteuid() == 0 && fchown(fd, owner->user, owner->group) != 0) {
        return errno;
    }
    int failed = posix_fallocate(fd, 0, (off_t)sizeof(shared)); /* zeros: nothing counted */
    if (failed != 0) {
        return failed;
    }
    ssize_t written = pwrite(fd, &magic, sizeof magic, offsetof(shared, magic));
    return written == (ssize_t)sizeof magic ? 0 : written < 0 ? errno : EIO;
}

/* A new file beside the old one, which children of before may still have mapped: to cut or wipe
 * that one would end them with SIGBUS. Only the descriptor is given away and filled: the folder
 * belongs to the server's user, who could put a link in the place of any name while root looks. */
static apr_status_t make_file(int *out, const char *file, const fb_file_owner *owner,
                              apr_pool_t *pool, fb_error *error)
{
    char *beside = apr_pstrcat(pool, file, ".XXXXXX", NULL);
    int fd = mkstemp(beside); /* mode 0600, O_EXCL: a new file, no link followed */
    int failed = fd < 0 ? errno : 0;
    if (failed == 0) {
        failed = fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ? errno : make_descriptor(fd, owner);
        if (failed == 0 && rename(beside, file) != 0) {
            failed = errno;
        }
        if (failed != 0) {
            (void)unlink(beside);
            (void)close(fd);
        }
    }
    if (failed != 0) {
        return fb_error_set_os(error, failed, "the counters' file %s can not be made", file);
    }
    *out = fd;
    return APR_SUCCESS;
}

/* Is it a file of this layout that belongs to whom it should? Read, not mapped: who may write to it
 * may also cut it while it is looked at. */
static bool is_current(int fd, const struct stat *info, const fb_file_owner *owner)
{
    uint64_t magic = 0;
    uid_t wanted = geteuid() == 0 ? owner->user : geteuid();
    return info->st_uid == wanted && info->st_size == (off_t)sizeof(shared) &&
           pread(fd, &magic, sizeof magic, offsetof(shared, magic)) == (ssize_t)sizeof magic &&
           magic == MAGIC;
}

/* Nothing that a link of any kind could have brought here. */
static bool is_usable(const struct stat *info, const fb_file_owner *owner)
{
    return S_ISREG(info->st_mode) && info->st_nlink == 1 &&
           (info->st_uid == geteuid() || info->st_uid == owner->user);
}

static apr_status_t open_file(int *out, const char *file, const fb_file_owner *owner,
                              apr_pool_t *pool, fb_error *error)
{
    struct stat info;
    int fd = open(file, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) {
        return make_file(out, file, owner, pool, error);
    }
    if (fd < 0) {
        return fb_error_set_os(error, errno, "the counters' file %s can not be opened", file);
    }
    int failed = fstat(fd, &info) != 0 ? errno : 0;
    if (failed == 0 && is_usable(&info, owner) && is_current(fd, &info, owner)) {
        *out = fd;
        return APR_SUCCESS;
    }
    (void)close(fd);
    if (failed != 0) {
        return fb_error_set_os(error, failed, "the counters' file %s can not be opened", file);
    }
    if (!is_usable(&info, owner)) {
        return fb_error_set(error, FB_EDENIED,
                            "the counters' file %s is not a plain file of the server's user with "
                            "one name: find out who put it there, then remove it",
                            file);
    }
    return make_file(out, file, owner, pool, error);
}

apr_status_t fb_counters_open(fb_counters **out, const char *file, fb_file_owner owner,
                              unsigned int slots, unsigned int queue, apr_pool_t *pool,
                              fb_error *error)
{
    fb_counters *counters = apr_pcalloc(pool, sizeof *counters);
    int fd = -1;

    if (file != NULL) {
        apr_status_t status = open_file(&fd, file, &owner, pool, error);
        if (status != APR_SUCCESS) {
            return status;
        }
    }
    void *map = mmap(NULL, sizeof(shared), PROT_READ | PROT_WRITE,
                     fd >= 0 ? MAP_SHARED : MAP_SHARED | MAP_ANONYMOUS, fd, 0);
    int failed = map == MAP_FAILED ? errno : 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    if (failed != 0) {
        return fb_error_set_os(error, failed, "the counters can not be mapped");
    }
    counters->map = map;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned int half = processors > 3 ? (unsigned int)processors / 2 : 1;
    counters->slots = slots == 0 ? half : slots;
    counters->slots = counters->slots > SLOTS_MAX ? SLOTS_MAX : counters->slots;
    counters->queue = queue > QUEUE_MAX ? QUEUE_MAX : queue;
    apr_pool_cleanup_register(pool, counters, unmap, apr_pool_cleanup_null);
    *out = counters;
    return APR_SUCCESS;
}

/* ---- allowances ---- */

static uint64_t usable_key(apr_uint64_t key)
{
    return key <= BUSY_KEY ? key + 2 : key;
}

static entry *set_of(fb_counters *counters, uint64_t key)
{
    return &counters->map->entries[(key >> 32) % SETS * WAYS];
}

static entry *find(fb_counters *counters, uint64_t key)
{
    entry *set = set_of(counters, key);
    for (unsigned int i = 0; i < WAYS; i++) {
        if (atomic_load_explicit(&set[i].key, memory_order_acquire) == key) {
            return &set[i];
        }
    }
    return NULL;
}

/* The subject's entry; else one of its set is given to it: the one with the most allowance left,
 * which loses least. NULL only while others change all of the set. */
static entry *find_or_claim(fb_counters *counters, uint64_t key)
{
    for (int attempt = 0; attempt < 8; attempt++) {
        entry *set = set_of(counters, key);
        entry *found = find(counters, key);
        if (found != NULL) {
            return found;
        }
        entry *best = NULL;
        uint64_t best_key = 0, best_tat = UINT64_MAX;
        for (unsigned int i = 0; i < WAYS; i++) {
            uint64_t k = atomic_load_explicit(&set[i].key, memory_order_acquire);
            uint64_t tat = k == 0 ? 0 : atomic_load(&set[i].tat);
            if (k != BUSY_KEY && tat < best_tat) {
                best = &set[i];
                best_key = k;
                best_tat = tat;
            }
        }
        if (best != NULL && atomic_compare_exchange_strong(&best->key, &best_key, BUSY_KEY)) {
            /* Two claims of one key at once can leave it in two entries; the first is found from
             * then on, and the allowance was at most doubled once. */
            atomic_store(&best->tat, 0);
            atomic_store_explicit(&best->key, key, memory_order_release);
            return find(counters, key);
        }
    }
    return NULL;
}

/* The stored time as it counts now: not in the past, and not further ahead than a full use of the
 * allowance can bring it (a clock that was set back). */
static uint64_t current_tat(uint64_t stored, uint64_t now, uint64_t period)
{
    return stored < now ? now : stored > now + period ? now + period : stored;
}

void fb_counters_take(apr_interval_time_t *wait, fb_counters *counters, apr_uint64_t key,
                      fb_rate rate, apr_time_t now_time)
{
    *wait = 0;
    if (rate.count <= 0 || rate.period <= 0 || now_time < 0) {
        return;
    }
    uint64_t now = (uint64_t)now_time, period = (uint64_t)rate.period;
    uint64_t step = period / (uint64_t)rate.count;
    step = step == 0 ? 1 : step;
    uint64_t reach = step * (uint64_t)rate.count; /* of a whole allowance, without rounding loss */
    entry *subject = find_or_claim(counters, usable_key(key));
    if (subject == NULL) {
        return;
    }
    uint64_t stored = atomic_load(&subject->tat);
    for (;;) {
        uint64_t tat = current_tat(stored, now, reach);
        if (tat - now + step > reach) {
            *wait = (apr_interval_time_t)(tat + step - reach - now);
            /* Written back after the clock was set back, or the old time would hold for ever. */
            if (stored <= tat || atomic_compare_exchange_weak(&subject->tat, &stored, tat)) {
                return;
            }
            continue;
        }
        if (atomic_compare_exchange_weak(&subject->tat, &stored, tat + step)) {
            return;
        }
    }
}

void fb_counters_give(fb_counters *counters, apr_uint64_t key, fb_rate rate, apr_time_t now)
{
    entry *subject = find(counters, usable_key(key));
    if (subject == NULL || rate.count <= 0 || rate.period <= 0 || now < 0) {
        return;
    }
    uint64_t step = (uint64_t)rate.period / (uint64_t)rate.count;
    uint64_t stored = atomic_load(&subject->tat);
    while (stored > (uint64_t)now &&
           !atomic_compare_exchange_weak(&subject->tat, &stored,
                                         stored - (uint64_t)now > step ? stored - step
                                                                       : (uint64_t)now)) {
    }
}

void fb_counters_clear(fb_counters *counters, apr_uint64_t key)
{
    entry *subject = find(counters, usable_key(key));
    if (subject != NULL) {
        atomic_store(&subject->tat, 0);
    }
}

/* ---- slots ---- */

static uint64_t mark_now(void)
{
    return (uint64_t)getpid() << 32 | (uint32_t)apr_time_sec(apr_time_now());
}

/* Is the holder gone, or holding for longer than any hash takes? */
static bool is_stale(uint64_t mark)
{
    pid_t pid = (pid_t)(mark >> 32);
    uint32_t held = (uint32_t)apr_time_sec(apr_time_now()) - (uint32_t)mark;
    return (held > HELD_MAX && held < UINT32_MAX - HELD_MAX) ||
           (pid > 0 && kill(pid, 0) != 0 && errno == ESRCH);
}

static bool take_place(unsigned int *out, place *places, unsigned int count)
{
    for (unsigned int i = 0; i < count; i++) {
        uint64_t mark = atomic_load(&places[i]);
        if ((mark == 0 || is_stale(mark)) &&
            atomic_compare_exchange_strong(&places[i], &mark, mark_now())) {
            *out = i;
            return true;
        }
    }
    return false;
}

apr_status_t fb_counters_slot(unsigned int *slot, fb_counters *counters, apr_interval_time_t wait)
{
    unsigned int queued;
    if (take_place(slot, counters->map->slots, counters->slots)) {
        return APR_SUCCESS;
    }
    if (wait <= 0 || !take_place(&queued, counters->map->queue, counters->queue)) {
        return FB_ELIMIT;
    }
    apr_interval_time_t waited = 0, nap = POLL_FIRST;
    apr_status_t status = FB_ELIMIT;
    while (waited < wait && status != APR_SUCCESS) {
        apr_sleep(nap);
        waited += nap;
        nap = nap * 2 > POLL_LAST ? POLL_LAST : nap * 2;
        if (take_place(slot, counters->map->slots, counters->slots)) {
            status = APR_SUCCESS;
        }
    }
    atomic_store(&counters->map->queue[queued], 0);
    return status;
}

void fb_counters_release(fb_counters *counters, unsigned int slot)
{
    if (slot < SLOTS_MAX) {
        atomic_store(&counters->map->slots[slot], 0);
    }
}

unsigned int fb_counters_slots(const fb_counters *counters)
{
    return counters->slots;
}
