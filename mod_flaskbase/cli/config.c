/* Commands about the configuration: config check, secret-key. */
#include "cli/command.h"

#include "base/settings_report.h"

#include <apr_strings.h>
#include <string.h>

#include "base/banned.h"

#define JSON_MAX  ((apr_size_t)1024 * 1024)
#define KEY_BYTES 32

static const char *const level_names[] = { "error", "warning", "note" };

static void check_as_json(fb_cli *cli, fb_buf *out, const fb_settings *settings,
                          const apr_array_header_t *problems)
{
    fb_json_writer w;

    fb_json_writer_init(&w, out, FB_JSON_PRETTY);
    fb_json_begin_object(&w);
    fb_json_put_key(&w, "settings");
    fb_json_begin_object(&w);
    for (int i = 0; settings != NULL && i < FB_SET__COUNT; i++) {
        fb_setting_id id = (fb_setting_id)i;
        fb_json_put_key(&w, fb_setting_name(id));
        fb_json_begin_object(&w);
        fb_json_put_key(&w, "value");
        fb_json_put_z(&w, fb_settings_text(settings, id) != NULL
                              ? fb_settings_shown(settings, id, cli->pool)
                              : NULL);
        fb_json_put_key(&w, "from");
        fb_json_put_z(&w, fb_settings_origin(settings, id));
        fb_json_end(&w);
    }
    fb_json_end(&w);
    fb_json_put_key(&w, "problems");
    fb_json_begin_array(&w);
    for (int i = 0; i < problems->nelts; i++) {
        const fb_problem *p = &APR_ARRAY_IDX(problems, i, fb_problem);
        fb_json_begin_object(&w);
        fb_json_put_key(&w, "level");
        fb_json_put_z(&w, level_names[p->level]);
        fb_json_put_key(&w, "text");
        fb_json_put_z(&w, p->text);
        fb_json_end(&w);
    }
    fb_json_end(&w);
    fb_json_end(&w);
}

static void show_settings(fb_cli *cli, const fb_settings *settings)
{
    const char **cells =
        apr_pcalloc(cli->pool, (apr_size_t)3 * (FB_SET__COUNT + 1) * sizeof(*cells));
    apr_size_t rows = 1;
    bool all = fb_cli_has(cli, "all");

    cells[0] = "SETTING";
    cells[1] = "VALUE";
    cells[2] = "FROM";
    for (int i = 0; i < FB_SET__COUNT; i++) {
        fb_setting_id id = (fb_setting_id)i;
        if (id == FB_SET_ENABLED || (!all && fb_settings_text(settings, id) == NULL)) {
            continue;
        }
        cells[rows * 3] = fb_setting_name(id);
        cells[rows * 3 + 1] = fb_settings_shown(settings, id, cli->pool);
        cells[rows * 3 + 2] =
            fb_settings_text(settings, id) != NULL ? fb_settings_origin(settings, id) : "";
        rows++;
    }
    fb_cli_table(cli, cells, 3, rows);
    if (fb_settings_database(settings) != NULL) {
        fb_cli_print(cli, "\nDatabase in force: %s\nState folder: %s\n",
                     fb_settings_database(settings)->shown, fb_settings_paths(settings)->state);
    }
}

/* With what httpd had in force when it last started. */
static void compare(fb_cli *cli, apr_array_header_t *problems, const fb_settings *settings)
{
    fb_error error;

    fb_error_init(&error, cli->pool);
    apr_status_t status = fb_settings_report_compare(problems, settings, cli->pool, &error);
    if (status != APR_SUCCESS) {
        fb_problem problem = { status == FB_ENOTFOUND ? FB_PROBLEM_NOTE : FB_PROBLEM_WARNING,
                               NULL };
        problem.text =
            status == FB_ENOTFOUND
                ? "httpd has not served this site yet: there is nothing to compare with"
                : apr_pstrcat(cli->pool,
                              "could not be compared with httpd: ", fb_error_line(&error), NULL);
        APR_ARRAY_PUSH(problems, fb_problem) = problem;
    }
}

static int run_config_check(fb_cli *cli)
{
    apr_array_header_t *problems;
    fb_settings *settings;
    fb_error error;

    fb_error_init(&error, cli->pool);
    apr_status_t status = fb_cli_load(cli, &settings, &problems, &error);
    if (status == APR_SUCCESS) {
        compare(cli, problems, settings);
    }
    if (fb_cli_has(cli, "json")) {
        fb_buf out;
        fb_buf_init(&out, cli->pool, JSON_MAX);
        check_as_json(cli, &out, settings, problems);
        int printed = fb_cli_print_json(cli, &out);
        return status == APR_SUCCESS ? printed : FB_CLI_FAILED;
    }
    if (settings != NULL) {
        show_settings(cli, settings);
    }
    for (int i = 0; i < problems->nelts; i++) {
        const fb_problem *p = &APR_ARRAY_IDX(problems, i, fb_problem);
        fb_cli_print(cli, "%s%s: %s\n", i == 0 ? "\n" : "", level_names[p->level], p->text);
    }
    if (status != APR_SUCCESS && problems->nelts == 0) {
        return fb_cli_fail_error(cli, &error);
    }
    return status == APR_SUCCESS ? FB_CLI_OK : FB_CLI_FAILED;
}

static int run_secret_key(fb_cli *cli)
{
    unsigned char bytes[KEY_BYTES];

    if (fb_random_fill(&fb_random_openssl, bytes, sizeof(bytes)) != APR_SUCCESS) {
        return fb_cli_fail(cli, "the random generator does not work; no key was made");
    }
    fb_cli_print(cli, "%s\n", fb_base64url_encode(cli->pool, bytes, sizeof(bytes)).ptr);
    fb_crypto_cleanse(bytes, sizeof(bytes));
    return FB_CLI_OK;
}

static const fb_cli_option check_options[] = {
    { "all", 'a', NULL, "Show also what is not set." },
    { "json", 0, NULL, "Write JSON." },
    { 0 },
};

const fb_cli_command fb_cli_config_commands[] = {
    { .name = "config check",
      .summary = "Show which settings are in force, where each comes from, and what is wrong",
      .doc = "Values are taken from directives, the process environment, the env file and the "
             "profile's defaults, in this order. The command line knows no directives: what httpd "
             "had in force when it last started is read from the state folder, and every "
             "difference is shown.\n\nSecrets are never shown. The exit status is 1 when there is "
             "an error.",
      .options = check_options,
      .run = run_config_check },
    { .name = "secret-key",
      .summary = "Print a new random secret key",
      .doc = "Put it into the env file as SECRET_KEY. To rotate keys, move the present one to the "
             "front of "
             "SECRET_KEY_OLD first: what it sealed stays valid until it is taken out there.",
      .run = run_secret_key },
    { 0 },
};
