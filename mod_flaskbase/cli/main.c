/* Entry of the management command: the table of families, settings, running a command. */
#include "cli/command.h"
#include "cli/help.h"

#include "base/log.h"

#include <apr_file_info.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"

/* clang-format off */
const fb_cli_command *const fb_cli_families[] = {
    fb_cli_db_commands,
    fb_cli_setup_commands,
    fb_cli_user_commands,
    fb_cli_fake_commands,
    fb_cli_config_commands,
    fb_cli_routes_commands,
    fb_cli_render_commands,
    fb_cli_devel_commands,
    fb_cli_help_commands,
    NULL,
};
/* clang-format on */

static const char *look_up(void *baton, const char *name)
{
    (void)baton;
    return getenv(name);
}

/* Log lines of the core library go to stderr. */
static void sink(void *context, fb_log_level level, apr_status_t status, const char *line)
{
    static const char *const names[] = { "error", "warning", "notice", "info", "debug" };

    (void)context;
    (void)status;
    (void)!fprintf(stderr, "flaskbase: %s: %s\n", names[level], line);
}

/* The only env file of the configuration folder; *several is set when there is more than one. */
static const char *only_site(fb_cli *cli, bool *several)
{
    const char *found = NULL;
    apr_dir_t *folder;
    apr_finfo_t info;

    *several = false;
    if (apr_dir_open(&folder, FB_CONF_DIR, cli->pool) != APR_SUCCESS) {
        return NULL;
    }
    while (apr_dir_read(&info, APR_FINFO_NAME, folder) == APR_SUCCESS) {
        if (info.name[0] != '.' && fb_str_ends(fb_str_from(info.name), FB_STR(".env"))) {
            *several = found != NULL;
            found = apr_pstrcat(cli->pool, FB_CONF_DIR "/", info.name, NULL);
            if (*several) {
                break;
            }
        }
    }
    (void)apr_dir_close(folder);
    return *several ? NULL : found;
}

static void give(apr_array_header_t *given, fb_setting_id id, const char *value, const char *origin)
{
    if (value != NULL) {
        fb_setting_given *g = apr_array_push(given);
        *g = (fb_setting_given){ id, value, origin };
    }
}

apr_status_t fb_cli_load(fb_cli *cli, fb_settings **out, apr_array_header_t **problems,
                         fb_error *error)
{
    apr_array_header_t *given = apr_array_make(cli->pool, 4, sizeof(fb_setting_given));
    fb_settings_input input = {
        .given = given,
        .getenv = fb_cli_has(cli, "no-env") ? NULL : look_up,
        .cwd = cli->cwd,
    };
    const char *site = fb_cli_option_value(cli, "site");
    const char *home = fb_cli_option_value(cli, "home");

    *out = NULL;
    *problems = apr_array_make(cli->pool, 1, sizeof(fb_problem));
    if (site == NULL && home != NULL && input.getenv != NULL &&
        getenv("FLASKBASE_ENV_FILE") != NULL) {
        /* The folder of one site must not be mixed with the env file of another. */
        give(given, FB_SET_ENV_FILE, apr_pstrcat(cli->pool, home, "/config.env", NULL), "--home");
    }
    give(given, FB_SET_ENV_FILE, site, "--site");
    give(given, FB_SET_HOME, home, "--home");
    if (site == NULL && home == NULL &&
        (input.getenv == NULL ||
         (getenv("FLASKBASE_HOME") == NULL && getenv("FLASKBASE_ENV_FILE") == NULL &&
          getenv("SECRET_KEY") == NULL))) {
        bool several;
        give(given, FB_SET_ENV_FILE, only_site(cli, &several), "the only site in " FB_CONF_DIR);
        if (several) {
            return fb_error_set(error, FB_EINVALID,
                                "there are several sites in " FB_CONF_DIR
                                ": say which with --site NAME");
        }
    }
    return fb_settings_load(out, problems, &input, cli->pool, error);
}

/* Loads settings for a command that needs them; warnings and errors go to stderr. */
static int load_settings(fb_cli *cli)
{
    apr_array_header_t *problems;
    fb_settings *settings;
    fb_error error;

    fb_error_init(&error, cli->pool);
    apr_status_t status = fb_cli_load(cli, &settings, &problems, &error);
    bool told = false;
    for (int i = 0; i < problems->nelts; i++) {
        const fb_problem *p = &APR_ARRAY_IDX(problems, i, fb_problem);
        if (p->level == FB_PROBLEM_ERROR) {
            (void)fb_cli_fail(cli, "%s", p->text);
            told = true;
        } else if (fb_cli_has(cli, "verbose")) {
            fb_cli_warn(cli, "%s", p->text);
        }
    }
    if (status == APR_SUCCESS) {
        cli->settings = settings;
        return FB_CLI_OK;
    }
    return told ? FB_CLI_FAILED : fb_cli_fail_error(cli, &error);
}

static int run(fb_cli *cli, int argc, const char *const *argv)
{
    int status = fb_cli_parse(cli, argc, argv);

    if (status != FB_CLI_OK) {
        return status;
    }
    if (fb_cli_has(cli, "version")) {
        fb_cli_print(cli, "flaskbase %s\n", FB_VERSION);
        return FB_CLI_OK;
    }
    if (fb_cli_has(cli, "help")) {
        fb_cli_help(cli, cli->command, cli->operand_count > 0 ? cli->operands[0] : NULL);
        return FB_CLI_OK;
    }
    if (cli->command == NULL) {
        return fb_cli_usage(cli, "which command?");
    }
    fb_log_set_sink(sink, fb_cli_has(cli, "verbose") ? FB_LOG_DEBUG : FB_LOG_WARNING);
    if (cli->command->needs == FB_CLI_NEEDS_SETTINGS) {
        status = load_settings(cli);
        if (status != FB_CLI_OK) {
            return status;
        }
    }
    return cli->command->run(cli);
}

static bool wants_colour(void)
{
    const char *no_colour = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    return (no_colour == NULL || no_colour[0] == '\0') && term != NULL && strcmp(term, "dumb") != 0;
}

int main(int argc, const char *const *argv)
{
    fb_cli cli = { .program = "flaskbase" };
    char *cwd;

    (void)setlocale(LC_CTYPE, "");
    if (apr_app_initialize(&argc, &argv, NULL) != APR_SUCCESS ||
        apr_pool_create(&cli.pool, NULL) != APR_SUCCESS) {
        (void)!fputs("flaskbase: the runtime library (APR) could not be started\n", stderr);
        return FB_CLI_FAILED;
    }
    cli.out_is_terminal = isatty(STDOUT_FILENO) != 0;
    cli.err_is_terminal = isatty(STDERR_FILENO) != 0;
    cli.colour = wants_colour();
    int status;
    if (apr_filepath_get(&cwd, 0, cli.pool) != APR_SUCCESS) {
        status = fb_cli_fail(&cli, "the current folder can't be read; change to another one");
    } else {
        cli.cwd = cwd;
        status = run(&cli, argc, argv);
    }
    if (fflush(stdout) != 0) {
        cli.output_failed = true;
    }
    if (cli.output_failed && status == FB_CLI_OK) {
        status = fb_cli_fail(&cli, "standard output could not be written");
    }
    apr_pool_destroy(cli.pool);
    apr_terminate();
    return status;
}
