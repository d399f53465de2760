/* The shared counters: allowances and hash slots (SPEC D22; ASVS 2.4.1, 6.3.1). */
#include "web_support.h"

#include "web/counters.h"

#include <apr_file_io.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const fb_rate ten = { 10, 15 * FB_MINUTE };

/* The server's user: another one than ours if we are root. */
static fb_file_owner owner(void)
{
    return geteuid() == 0 ? (fb_file_owner){ 65534, 65534 } : (fb_file_owner){ getuid(), getgid() };
}

static fb_counters *counters_in(const char *file, unsigned slots, unsigned queue)
{
    fb_counters *c = NULL;
    ck_assert_ok(fb_counters_open(&c, file, owner(), slots, queue, pool, &error));
    return c;
}

static apr_interval_time_t take(fb_counters *c, apr_uint64_t key, apr_time_t now)
{
    apr_interval_time_t wait = -1;
    fb_counters_take(&wait, c, key, ten, now);
    return wait;
}

START_TEST(grants_the_count)
{
    fb_counters *c = counters_in(NULL, 1, 1);
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(take(c, 77, TEST_NOW), 0);
    }
    ck_assert_int_eq(take(c, 77, TEST_NOW), 90 * FB_SEC); /* Retry-After */
    ck_assert_int_eq(take(c, 77, TEST_NOW), 90 * FB_SEC); /* a refusal takes nothing */
    ck_assert_int_eq(take(c, 78, TEST_NOW), 0);           /* another subject */
    ck_assert_int_eq(take(c, 77, TEST_NOW + 90 * FB_SEC), 0);
    ck_assert_int_gt(take(c, 77, TEST_NOW + 90 * FB_SEC), 0);
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(take(c, 77, TEST_NOW + 2 * FB_HOUR), 0);
    }
    ck_assert_int_gt(take(c, 77, TEST_NOW + 2 * FB_HOUR), 0);
}
END_TEST

START_TEST(gives_back_and_clears)
{
    fb_counters *c = counters_in(NULL, 1, 1);
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(take(c, 5, TEST_NOW), 0);
    }
    fb_counters_give(c, 5, ten, TEST_NOW);
    ck_assert_int_eq(take(c, 5, TEST_NOW), 0);
    ck_assert_int_gt(take(c, 5, TEST_NOW), 0);
    fb_counters_clear(c, 5);
    ck_assert_int_eq(take(c, 5, TEST_NOW), 0);
    fb_counters_give(c, 999, ten, TEST_NOW); /* never seen */
    for (int i = 0; i < 20; i++) {
        fb_counters_give(c, 6, ten, TEST_NOW);
    }
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(take(c, 6, TEST_NOW), 0);
    }
    ck_assert_int_gt(take(c, 6, TEST_NOW), 0); /* giving back saves nothing up */
    fb_rate none = { 0, 0 };
    apr_interval_time_t wait = -1;
    fb_counters_take(&wait, c, 5, none, TEST_NOW);
    ck_assert_int_eq(wait, 0);
}
END_TEST

/* SECURITY 3: clock jumps of a year neither lock out for ever nor open. */
START_TEST(survives_clock_jumps)
{
    fb_counters *c = counters_in(NULL, 1, 1);
    apr_time_t later = TEST_NOW + 365 * FB_DAY;
    for (int i = 0; i < 11; i++) {
        (void)take(c, 5, later);
    }
    apr_interval_time_t wait = take(c, 5, TEST_NOW);
    ck_assert_int_gt(wait, 0);
    ck_assert_int_le(wait, ten.period);
    ck_assert_int_eq(take(c, 5, TEST_NOW + ten.period), 0);
}
END_TEST

START_TEST(takes_any_key)
{
    fb_counters *c = counters_in(NULL, 1, 1);
    for (apr_uint64_t key = 0; key < 4; key++) {
        for (int i = 0; i < 10; i++) {
            ck_assert_int_eq(take(c, key * 10, TEST_NOW), 0);
        }
        ck_assert_int_gt(take(c, key * 10, TEST_NOW), 0);
    }
    ck_assert_int_eq(take(c, UINT64_MAX, TEST_NOW), 0);
    /* More subjects than places: the table stays usable and keeps the busiest. */
    for (apr_uint64_t i = 1; i < 300000; i++) {
        ck_assert_int_eq(take(c, i * 0x9e3779b97f4a7c15ULL, TEST_NOW), 0);
    }
    ck_assert_int_gt(take(c, 10, TEST_NOW), 0);
}
END_TEST

static const char *temp_file(void)
{
    const char *dir = NULL;
    ck_assert_int_eq(apr_temp_dir_get(&dir, pool), APR_SUCCESS);
    const char *path = apr_psprintf(pool, "%s/fb-counters-%d", dir, (int)getpid());
    (void)unlink(path);
    return path;
}

/* A graceful restart opens the file again: what was counted still counts. */
START_TEST(survives_reopening)
{
    const char *path = temp_file();
    struct stat info;
    fb_counters *a = counters_in(path, 1, 1), *b, *none = NULL;
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_int_eq(info.st_mode & 0777, 0600);
    ck_assert_uint_eq(info.st_uid, owner().user);
    ck_assert_uint_eq(info.st_gid, owner().group);
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(take(a, 5, TEST_NOW), 0);
    }
    b = counters_in(path, 1, 1);
    ck_assert_int_gt(take(b, 5, TEST_NOW), 0);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_ne(
        fb_counters_open(&none, "/nonexistent/folder/limits", owner(), 1, 1, pool, &error),
        APR_SUCCESS);
    ck_assert_ptr_nonnull(error.message);
}
END_TEST

/* A file of another layout (an upgrade) is replaced: processes of before keep theirs, whole. */
START_TEST(replaces_another_layout)
{
    const char *path = temp_file();
    char magic[8] = "another";
    struct stat before, after;
    for (apr_uint64_t way = 0, key = 50; way < 2; way++, key++) {
        fb_counters *a = counters_in(path, 1, 1);
        ck_assert_int_eq(take(a, key, TEST_NOW), 0);
        int fd = open(path, O_RDWR);
        ck_assert_int_ge(fd, 0);
        if (way == 0) {
            ck_assert_int_eq(pwrite(fd, magic, sizeof magic, 0), sizeof magic);
        } else {
            ck_assert_int_eq(fstat(fd, &before), 0);
            ck_assert_int_eq(ftruncate(fd, before.st_size + 4096), 0);
        }
        ck_assert_int_eq(fstat(fd, &before), 0);
        fb_counters *b = counters_in(path, 1, 1);
        ck_assert_int_eq(fstat(fd, &after), 0);
        ck_assert_int_eq(after.st_size, before.st_size);
        for (int i = 0; i < 9; i++) {
            ck_assert_int_eq(take(a, key, TEST_NOW), 0); /* neither SIGBUS nor forgotten */
        }
        ck_assert_int_gt(take(a, key, TEST_NOW), 0);
        ck_assert_int_eq(take(b, key, TEST_NOW), 0);
        ck_assert_int_eq(stat(path, &after), 0);
        ck_assert_uint_ne(after.st_ino, before.st_ino);
        ck_assert_uint_eq(after.st_uid, owner().user);
        ck_assert_int_eq(after.st_mode & 0777, 0600);
        ck_assert_int_eq(close(fd), 0);
    }
    ck_assert_int_eq(unlink(path), 0);
}
END_TEST

/* CWE-59: the folder belongs to the server's user, and root opens the file: what a link brings is
 * neither used nor given away. */
START_TEST(refuses_links)
{
    const char *path = temp_file(), *victim = apr_pstrcat(pool, path, "-victim", NULL);
    struct stat info;
    fb_counters *c = NULL;
    int fd = open(victim, O_RDWR | O_CREAT | O_EXCL, 0640);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, "kept", 4), 4);
    for (int way = 0; way < 2; way++) {
        ck_assert_int_eq(way == 0 ? symlink(victim, path) : link(victim, path), 0);
        ck_assert_int_ne(fb_counters_open(&c, path, owner(), 1, 1, pool, &error), APR_SUCCESS);
        ck_assert_ptr_nonnull(strstr(error.message, path));
        ck_assert_int_eq(fstat(fd, &info), 0);
        ck_assert_int_eq(info.st_size, 4);
        ck_assert_uint_eq(info.st_uid, geteuid());
        ck_assert_int_eq(unlink(path), 0);
        fb_error_init(&error, pool);
    }
    if (geteuid() == 0) {
        /* Of a third user. */
        ck_assert_int_eq(fchown(fd, 12345, 12345), 0);
        ck_assert_int_eq(rename(victim, path), 0);
        ck_assert_status(fb_counters_open(&c, path, owner(), 1, 1, pool, &error), FB_EDENIED);
        ck_assert_int_eq(fstat(fd, &info), 0);
        ck_assert_uint_eq(info.st_uid, 12345);
    }
    (void)unlink(victim);
    (void)unlink(path);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_ne(fb_counters_open(&c, path, owner(), 1, 1, pool, &error), APR_SUCCESS);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(close(fd), 0);
}
END_TEST

/* ASVS 2.3.4: forks that race get the count between them, exactly. */
START_TEST(counts_exactly_between_processes)
{
    fb_counters *c = counters_in(NULL, 1, 1);
    fb_rate rate = { 1000, 15 * FB_MINUTE };
    int granted = 0;
    for (int child = 0; child < 8; child++) {
        if (fork() == 0) {
            int mine = 0;
            for (int i = 0; i < 250; i++) {
                apr_interval_time_t wait;
                fb_counters_take(&wait, c, 4242, rate, TEST_NOW);
                mine += wait == 0 ? 1 : 0;
            }
            _exit(mine > 250 ? 255 : mine);
        }
    }
    for (int child = 0; child < 8; child++) {
        int status = 0;
        ck_assert_int_gt(wait(&status), 0);
        ck_assert(WIFEXITED(status));
        granted += WEXITSTATUS(status);
    }
    ck_assert_int_eq(granted, 1000);
}
END_TEST

START_TEST(bounds_slots)
{
    fb_counters *c = counters_in(NULL, 2, 0);
    unsigned a = 9, b = 9, x = 9;
    ck_assert_uint_eq(fb_counters_slots(c), 2);
    ck_assert_ok(fb_counters_slot(&a, c, 0));
    ck_assert_ok(fb_counters_slot(&b, c, 0));
    ck_assert_uint_ne(a, b);
    ck_assert_status(fb_counters_slot(&x, c, 0), FB_ELIMIT);
    ck_assert_status(fb_counters_slot(&x, c, FB_SEC), FB_ELIMIT); /* no queue: at once */
    fb_counters_release(c, a);
    ck_assert_ok(fb_counters_slot(&x, c, 0));
    ck_assert_uint_eq(x, a);
    fb_counters_release(c, 9999);
    ck_assert_uint_ge(fb_counters_slots(counters_in(NULL, 0, 0)), 1);
}
END_TEST

START_TEST(queues_for_a_slot)
{
    fb_counters *c = counters_in(NULL, 1, 1);
    unsigned slot, x;
    ck_assert_ok(fb_counters_slot(&slot, c, 0));
    pid_t child = fork();
    if (child == 0) {
        unsigned mine;
        apr_status_t status = fb_counters_slot(&mine, c, 50 * FB_SEC);
        _exit(status == APR_SUCCESS ? 0 : 1);
    }
    apr_sleep(20 * FB_MSEC); /* so that the child usually waits; right either way */
    fb_counters_release(c, slot);
    int status = 1;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    /* The child ended with its slot in hand, as after kill -9: it is taken over. */
    ck_assert_ok(fb_counters_slot(&slot, c, 0));
    /* Waits, and then gives up; its place in the queue is free again. */
    ck_assert_status(fb_counters_slot(&x, c, 20 * FB_MSEC), FB_ELIMIT);
    ck_assert_status(fb_counters_slot(&x, c, 20 * FB_MSEC), FB_ELIMIT);
    fb_counters_release(c, slot);
    ck_assert_ok(fb_counters_slot(&slot, c, 0));
}
END_TEST

static void add(TCase *tests)
{
    tcase_add_test(tests, grants_the_count);
    tcase_add_test(tests, gives_back_and_clears);
    tcase_add_test(tests, survives_clock_jumps);
    tcase_add_test(tests, takes_any_key);
    tcase_add_test(tests, survives_reopening);
    tcase_add_test(tests, replaces_another_layout);
    tcase_add_test(tests, refuses_links);
    tcase_add_test(tests, counts_exactly_between_processes);
    tcase_add_test(tests, bounds_slots);
    tcase_add_test(tests, queues_for_a_slot);
}

int main(void)
{
    return unit_main("web_counters", add);
}
