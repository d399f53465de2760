/* A private PostgreSQL for a unit test program: on loopback, never as root, gone at the end.
 * Every test has a schema of its own in it. Included by store_unit.h. */
#ifndef FB_STORE_PGSQL_SERVER_H
#define FB_STORE_PGSQL_SERVER_H

#include <libpq-fe.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char store_server_folder[64];
static char store_server_bin[256];
static int store_server_port;
static pid_t store_server_pid;

static inline void store_server_die(const char *what)
{
    printf("Bail out! PostgreSQL for the tests: %s\n", what);
    exit(EXIT_FAILURE);
}

/* The newest installed server. */
static inline void store_server_find(void)
{
    glob_t found;
    if (glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &found) != 0 || found.gl_pathc == 0) {
        store_server_die("install Debian's package postgresql");
    }
    const char *path = found.gl_pathv[found.gl_pathc - 1];
    snprintf(store_server_bin, sizeof(store_server_bin), "%.*s",
             (int)(strlen(path) - strlen("/initdb")), path);
    globfree(&found);
}

/* Root can not run a server: the child becomes the package's user. The programs look for each
 * other beside their own path, or along PATH when they are not given one. */
static inline pid_t store_server_run(const char *const argv[])
{
    char path[512];
    const char *own[32] = { path };
    snprintf(path, sizeof(path), "%s/%s", store_server_bin, argv[0]);
    for (size_t i = 1; i + 1 < sizeof(own) / sizeof(own[0]) && argv[i] != NULL; i++) {
        own[i] = argv[i];
    }
    const pid_t child = fork();
    if (child == 0) {
        const struct passwd *user = geteuid() == 0 ? getpwnam("postgres") : NULL;
        if (geteuid() == 0 && (user == NULL || setgroups(0, NULL) != 0 ||
                               setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)) {
            _exit(126);
        }
        const int log = open("server.log", O_WRONLY | O_CREAT | O_APPEND, 0600);
        if (chdir(store_server_folder) != 0 || log < 0) {
            _exit(125);
        }
        dup2(log, 1);
        dup2(log, 2);
#ifdef __linux__
        prctl(PR_SET_PDEATHSIG, SIGQUIT); /* not to outlive a test program that was killed */
#endif
        execv(path, (char *const *)(const void *)own);
        _exit(127);
    }
    return child;
}

static inline int store_free_port(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t len = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        store_server_die("no free port");
    }
    close(fd);
    return ntohs(address.sin_port);
}

static inline void store_server_launch(void)
{
    char port[16];
    char conninfo[128];
    snprintf(port, sizeof(port), "%d", store_server_port);
    snprintf(conninfo, sizeof(conninfo), "host=127.0.0.1 port=%s user=fb dbname=postgres", port);
    const char *const argv[] = { "postgres",
                                 "-D",
                                 "data",
                                 "-h",
                                 "127.0.0.1",
                                 "-p",
                                 port,
                                 "-k",
                                 "",
                                 "-c",
                                 "fsync=off",
                                 "-c",
                                 "max_connections=40",
                                 "-c",
                                 "shared_buffers=16MB",
                                 NULL };
    store_server_pid = store_server_run(argv);
    for (int i = 0; i < 2400; i++) {
        if (PQping(conninfo) == PQPING_OK) {
            return;
        }
        apr_sleep(apr_time_from_msec(50));
    }
    store_server_die("it does not answer");
}

static inline void store_server_start(void)
{
    int status = -1;
    store_server_find();
    snprintf(store_server_folder, sizeof(store_server_folder), "/tmp/fb_pgsql.XXXXXX");
    if (mkdtemp(store_server_folder) == NULL || chdir(store_server_folder) != 0) {
        store_server_die("no folder");
    }
    const struct passwd *user = getpwnam("postgres");
    if (geteuid() == 0 &&
        (user == NULL || chown(store_server_folder, user->pw_uid, user->pw_gid) != 0)) {
        store_server_die("no user postgres");
    }
    const char *const argv[] = { "initdb", "-D", "data", "-U",          "fb", "-A",
                                 "trust",  "-E", "UTF8", "--no-locale", "-N", NULL };
    if (waitpid(store_server_run(argv), &status, 0) < 0 || status != 0) {
        store_server_die("initdb failed");
    }
    store_server_port = store_free_port();
    store_server_launch();
}

static inline void store_server_halt(int how)
{
    int status;
    kill(store_server_pid, how);
    waitpid(store_server_pid, &status, 0);
}

static inline void store_server_stop(void)
{
    store_server_halt(SIGQUIT);
    if (chdir("/") == 0) {
        (void)(nftw(store_server_folder, store_remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0);
    }
}

/* ---- a test ---- */

static inline const char *store_schema_name(void)
{
    return apr_psprintf(pool, "t%d", (int)getpid());
}

/* SQL of the test's own, in its schema. The first column of the first row, or "". */
static inline const char *store_pgsql_text(const char *sql)
{
    PGconn *conn = PQconnectdb(store_url->params);
    PGresult *result = PQexec(conn, sql);
    const ExecStatusType kind = PQresultStatus(result);
    ck_assert_msg(kind == PGRES_COMMAND_OK || kind == PGRES_TUPLES_OK, "%s: %s", sql,
                  PQerrorMessage(conn));
    const char *text = kind == PGRES_TUPLES_OK && PQntuples(result) > 0
                           ? apr_pstrdup(pool, PQgetvalue(result, 0, 0))
                           : "";
    PQclear(result);
    PQfinish(conn);
    return text;
}

static inline void store_setup_pgsql_empty(void)
{
    unit_setup();
    store_url = apr_pcalloc(pool, sizeof(*store_url));
    store_url->engine = FB_DB_PGSQL;
    store_url->driver = "pgsql";
    store_url->params = apr_psprintf(
        pool, "host=127.0.0.1 port=%d user=fb dbname=postgres options='-csearch_path=%s'",
        store_server_port, store_schema_name());
    store_url->shown = "postgresql://127.0.0.1/postgres";
    store_pgsql_text(apr_psprintf(pool, "CREATE SCHEMA %s", store_schema_name()));
}

static inline void store_setup_pgsql(void)
{
    store_setup_pgsql_empty();
    ck_assert_int_eq(apr_pool_create(&store_connection, pool), APR_SUCCESS);
    db = store_open_in(store_connection, FB_DB_EXISTING, 0);
    ck_assert_ok(fb_migrate_to(db, store_schema_dir(), -1, T0, NULL, NULL, pool, &error));
    ck_assert_ok(fb_role_seed(NULL, db, pool, &error));
}

static inline void store_teardown_pgsql(void)
{
    unit_teardown();
}

#endif
