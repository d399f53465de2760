/* Commands for working on a site: runserver, shell, test, format. */
#include "cli/command.h"

#include <apr_file_info.h>
#include <apr_network_io.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/banned.h"

/* How long httpd may take until it answers. */
#define START_TIMEOUT apr_time_from_sec(60)

static bool exists(const char *path, apr_pool_t *pool)
{
    apr_finfo_t info;

    return apr_stat(&info, path, APR_FINFO_TYPE, pool) == APR_SUCCESS;
}

/* The folder of this program; NULL when the system does not tell. */
static const char *own_folder(apr_pool_t *pool)
{
    char path[4096];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path));

    return len > 0 && (apr_size_t)len < sizeof(path)
               ? fb_paths_folder(apr_pstrmemdup(pool, path, (apr_size_t)len), pool)
               : NULL;
}

/* The folder where this program was built, when it runs from there; else NULL. */
static const char *build_folder(apr_pool_t *pool)
{
    const char *folder = own_folder(pool);

    return folder != NULL && exists(apr_pstrcat(pool, folder, "/config.status", NULL), pool)
               ? folder
               : NULL;
}

/* Replaces this program; comes back only on failure. */
static int become(fb_cli *cli, const char *const *argv, const char *package)
{
    if (fflush(stdout) != 0) {
        cli->output_failed = true;
    }
    execvp(argv[0], (char *const *)(apr_uintptr_t)argv);
    if (errno == ENOENT && package != NULL) {
        return fb_cli_fail(cli, "%s is not installed (Debian's package %s)", argv[0], package);
    }
    return fb_cli_fail(cli, "%s could not be started: %s", argv[0], strerror(errno));
}

/* ---- runserver ---- */

typedef struct server {
    const char *host;
    apr_int64_t port;
    const char *httpd;
    const char *conf;
    pid_t pid;
} server;

static bool put_env(const char *name, const char *value)
{
    return setenv(name, value, 1) == 0;
}

static const char *find_module(fb_cli *cli)
{
    const char *given = getenv("FLASKBASE_MODULE");
    const char *built = build_folder(cli->pool);

    if (given != NULL && given[0] != '\0') {
        return given;
    }
    if (built != NULL) {
        built = apr_pstrcat(cli->pool, built, "/.libs/mod_flaskbase.so", NULL);
        if (exists(built, cli->pool)) {
            return built;
        }
    }
    return FB_MODULE_DIR "/mod_flaskbase.so";
}

static int make_folders(fb_cli *cli)
{
    static const char *const names[] = { "", "/htdocs", "/logs", "/mail", "/run" };
    const char *state = fb_settings_paths(cli->settings)->state;

    for (apr_size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *path = apr_pstrcat(cli->pool, state, names[i], NULL);
        apr_status_t status =
            apr_dir_make(path, APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE, cli->pool);
        if (status != APR_SUCCESS && !APR_STATUS_IS_EEXIST(status)) {
            fb_error error;
            fb_error_init(&error, cli->pool);
            (void)fb_error_set_os(&error, status, "cannot create the folder %s", path);
            return fb_cli_fail_error(cli, &error);
        }
    }
    return FB_CLI_OK;
}

/* conf/quickstart.conf takes everything from the environment. */
static bool prepare_env(fb_cli *cli, const server *s)
{
    const fb_paths *paths = fb_settings_paths(cli->settings);
    const char *modules = getenv("FLASKBASE_HTTPD_MODULES");
    const char *port = apr_psprintf(cli->pool, "%" APR_INT64_T_FMT, s->port);
    bool good = put_env("FLASKBASE_ENV_FILE", paths->env_file) &&
                put_env("FLASKBASE_HOME", paths->state) && put_env("FLASKBASE_DATA", paths->data) &&
                put_env("FLASKBASE_MODULE", find_module(cli)) && put_env("FLASKBASE_PORT", port) &&
                put_env("FLASKBASE_HOST", s->host) &&
                put_env("FLASKBASE_HTTPD_MODULES",
                        modules != NULL && modules[0] != '\0' ? modules : FB_HTTPD_MODULES);

    if (fb_settings_source(cli->settings, FB_SET_BASE_URL) == FB_FROM_DEFAULT) {
        good = good && put_env("BASE_URL", apr_psprintf(cli->pool, "http://%s:%s", s->host, port));
    }
    if (fb_cli_has(cli, "reload")) {
        good = good && put_env("TEMPLATES_AUTO_RELOAD", "on");
    }
    return good;
}

/* In a process group of its own, because an ending httpd signals its whole group. */
static pid_t start_httpd(fb_cli *cli, const server *s)
{
    const char *state = fb_settings_paths(cli->settings)->state;
    const char *const argv[] = {
        s->httpd, "-d", state, "-f", s->conf, "-D", "FLASKBASE_ELSEWHERE", "-D", "FOREGROUND", NULL
    };
    pid_t pid = fork();

    if (pid == 0) {
        sigset_t none;
        int null = open("/dev/null", O_RDONLY);
        if (sigemptyset(&none) != 0 || sigprocmask(SIG_SETMASK, &none, NULL) != 0 || null < 0 ||
            dup2(null, STDIN_FILENO) < 0 || setpgid(0, 0) != 0) {
            _exit(126);
        }
        execv(argv[0], (char *const *)(apr_uintptr_t)argv);
        _exit(127);
    }
    return pid;
}

static bool answers(const server *s, apr_pool_t *parent)
{
    apr_pool_t *pool;
    apr_sockaddr_t *address;
    apr_socket_t *sock;
    bool good = false;

    if (apr_pool_create(&pool, parent) != APR_SUCCESS) {
        return false;
    }
    if (apr_sockaddr_info_get(&address, s->host, APR_UNSPEC, (apr_port_t)s->port, 0, pool) ==
            APR_SUCCESS &&
        apr_socket_create(&sock, address->family, SOCK_STREAM, APR_PROTO_TCP, pool) ==
            APR_SUCCESS) {
        good = apr_socket_timeout_set(sock, apr_time_from_sec(1)) == APR_SUCCESS &&
               apr_socket_connect(sock, address) == APR_SUCCESS;
        (void)apr_socket_close(sock);
    }
    apr_pool_destroy(pool);
    return good;
}

/* Waits for httpd's end, hands signals on, and says once that it answers. */
static int attend(fb_cli *cli, server *s, const sigset_t *watched)
{
    const struct timespec tenth = { 0, 100L * 1000 * 1000 };
    apr_time_t begun = apr_time_now();
    bool ready = false;
    bool stopping = false;

    for (;;) {
        int status;
        int got = sigtimedwait(watched, NULL, &tenth);
        if (got == SIGTERM || got == SIGINT || got == SIGHUP) {
            stopping = true;
            (void)kill(s->pid, SIGTERM);
        }
        if (waitpid(s->pid, &status, WNOHANG) == s->pid) {
            if (stopping) {
                return FB_CLI_OK;
            }
            return fb_cli_fail(cli, "httpd ended by itself%s%s%s", ready ? "; its log is " : "",
                               ready ? fb_settings_paths(cli->settings)->logs : "",
                               ready ? "/error.log" : "");
        }
        if (!ready && !stopping && answers(s, cli->pool)) {
            ready = true;
            fb_cli_print(cli, "flaskbase ready http://%s:%" APR_INT64_T_FMT "/\n", s->host,
                         s->port);
            if (fflush(stdout) != 0) {
                cli->output_failed = true;
            }
        }
        if (!ready && !stopping && apr_time_now() - begun > START_TIMEOUT) {
            stopping = true;
            (void)kill(s->pid, SIGTERM);
            (void)fb_cli_fail(cli, "httpd does not answer on %s:%" APR_INT64_T_FMT, s->host,
                              s->port);
        }
    }
}

static int run_runserver(fb_cli *cli)
{
    const fb_paths *paths = fb_settings_paths(cli->settings);
    server s = {
        .host = "127.0.0.1",
        .port = fb_settings_int(cli->settings, FB_SET_PORT),
        .httpd = FB_HTTPD,
        .conf = apr_pstrcat(cli->pool, paths->data, "/conf/quickstart.conf", NULL),
    };
    const char *host = fb_cli_option_value(cli, "host");
    sigset_t watched;

    if (!fb_cli_option_int(cli, &s.port, "port", 1, 65535)) {
        return FB_CLI_USAGE;
    }
    if (host != NULL) {
        apr_sockaddr_t *address;
        if (apr_sockaddr_info_get(&address, host, APR_UNSPEC, 0, 0, cli->pool) != APR_SUCCESS ||
            strchr(host, ':') != NULL) {
            return fb_cli_usage(cli, "--host must be an IPv4 address or a name, not \"%s\"", host);
        }
        s.host = host;
    }
    if (geteuid() == 0) {
        return fb_cli_fail(cli, "runserver does not run as root; as the server's user: "
                                "runuser -u www-data -- flaskbase runserver");
    }
    if (paths->env_file == NULL || !exists(paths->env_file, cli->pool)) {
        return fb_cli_fail(cli, "the site has no env file; name it with --site, or its folder with "
                                "--home");
    }
    if (!exists(s.conf, cli->pool)) {
        return fb_cli_fail(cli, "%s is missing: set FLASKBASE_DATA to the packaged files", s.conf);
    }
    if (answers(&s, cli->pool)) {
        return fb_cli_fail(cli,
                           "another program answers on %s:%" APR_INT64_T_FMT
                           ": choose another port with --port",
                           s.host, s.port);
    }
    int status = make_folders(cli);
    if (status != FB_CLI_OK) {
        return status;
    }
    if (!prepare_env(cli, &s) || sigemptyset(&watched) != 0 || sigaddset(&watched, SIGTERM) != 0 ||
        sigaddset(&watched, SIGINT) != 0 || sigaddset(&watched, SIGHUP) != 0 ||
        sigaddset(&watched, SIGCHLD) != 0 || sigprocmask(SIG_BLOCK, &watched, NULL) != 0) {
        return fb_cli_fail(cli, "httpd could not be prepared: %s", strerror(errno));
    }
    s.pid = start_httpd(cli, &s);
    if (s.pid < 0) {
        return fb_cli_fail(cli, "httpd could not be started: %s", strerror(errno));
    }
    return attend(cli, &s, &watched);
}

/* ---- shell ---- */

static int run_shell(fb_cli *cli)
{
    const fb_dburl *url = fb_settings_database(cli->settings);
    const char *sql = fb_cli_option_value(cli, "command");

    if (url->engine == FB_DB_SQLITE) {
        if (!exists(url->path, cli->pool)) {
            return fb_cli_fail(
                cli, "there is no database %s yet; make it with: flaskbase db upgrade", url->path);
        }
        const char *const argv[] = { "sqlite3", "-cmd", "PRAGMA foreign_keys=ON",
                                     url->path, sql,    NULL };
        return become(cli, argv, "sqlite3");
    }
    /* The password goes by the environment: arguments can be read by every user of the machine. */
    if (url->password != NULL && !put_env("PGPASSWORD", url->password)) {
        return fb_cli_fail(cli, "the environment could not be set: %s", strerror(errno));
    }
    const char *const argv[] = { "psql", "-d", url->public_params, sql != NULL ? "-c" : NULL,
                                 sql,    NULL };
    return become(cli, argv, "postgresql-client");
}

/* ---- test, format ---- */

static int run_make(fb_cli *cli, const char *target)
{
    const char *folder = build_folder(cli->pool);

    if (folder == NULL) {
        return fb_cli_fail(cli,
                           "the sources are not here: this command works in a built clone of the "
                           "repository (./quickstart check)");
    }
    const char *const argv[] = { "make", "-s", "-C", folder, target, NULL };
    return become(cli, argv, "make");
}

static int run_test(fb_cli *cli)
{
    return run_make(cli, "check");
}

static int run_format(fb_cli *cli)
{
    return run_make(cli, "format");
}

static const fb_cli_option runserver_options[] = {
    { "host", 0, "HOST", "Address to listen on; 127.0.0.1 unless given." },
    { "port", 'p', "PORT", "Port to listen on; the setting PORT unless given." },
    { "reload", 0, NULL, "Compile templates anew when they change, in any profile." },
    { 0 },
};

static const fb_cli_option shell_options[] = {
    { "command", 'c', "SQL", "Run these statements and end." },
    { 0 },
};

const fb_cli_command fb_cli_devel_commands[] = {
    { .name = "runserver",
      .summary = "Serve the site with a private httpd in the foreground",
      .doc = "Everything it writes is under the site's folder: logs/, run/, the database. It ends "
             "with "
             "Ctrl-C. It is for trying out: in production the module runs in the system's httpd.",
      .options = runserver_options,
      .needs = FB_CLI_NEEDS_SETTINGS,
      .run = run_runserver },
    { .name = "shell",
      .summary = "Open the site's database in its own client",
      .doc = "sqlite3 or psql, with the site's connection. What other frameworks do in a shell of "
             "theirs, "
             "the commands user, config and routes do here.",
      .options = shell_options,
      .needs = FB_CLI_NEEDS_SETTINGS,
      .run = run_shell },
    { .name = "test", .summary = "Run the project's tests, in a built clone", .run = run_test },
    { .name = "format",
      .summary = "Format the project's C sources, in a built clone",
      .run = run_format },
    { 0 },
};
