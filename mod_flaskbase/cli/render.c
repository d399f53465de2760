/* Commands about templates: render, templates check, templates dump. */
#include "cli/command.h"
#include "cli/context.h"

#include "template/template.h"

#include <apr_strings.h>
#include <apr_time.h>
#include <string.h>
#include <time.h>

#include "base/banned.h"

#define MAX_OUTPUT ((apr_size_t)256 * 1024 * 1024)
#define MAX_DUMP   ((apr_size_t)64 * 1024 * 1024)

/* ---- environments ---------------------------------------------------------------- */

static void report(void *baton, const fb_error *problem)
{
    fb_cli *cli = baton;

    fb_cli_print(cli, "%s\n", fb_error_report(problem));
}

/* The folders given by --templates in their order, or else the packaged ones. */
static apr_status_t make_env(fb_cli *cli, fb_env **out, const char *first, fb_error *error)
{
    fb_env_options options;
    bool any = first != NULL;

    fb_env_options_init(&options);
    apr_status_t status = fb_env_create(out, &options, cli->pool, error);
    if (status == APR_SUCCESS && first != NULL) {
        status = fb_env_add_dir(*out, first, "", error);
    }
    for (int i = 0; i < cli->given_count && status == APR_SUCCESS; i++) {
        if (strcmp(cli->given[i].option->name, "templates") == 0) {
            status = fb_env_add_dir(*out, cli->given[i].value, "", error);
            any = true;
        }
    }
    if (status == APR_SUCCESS && !any) {
        status = fb_env_add_dir(*out, FB_DATA_DIR "/templates", "", error);
    }
    return status;
}

/* --set k=v: strings. */
static apr_status_t set_variables(fb_cli *cli, fb_dict *context, fb_arena *arena, fb_error *error)
{
    apr_status_t status = APR_SUCCESS;

    for (int i = 0; i < cli->given_count && status == APR_SUCCESS; i++) {
        if (strcmp(cli->given[i].option->name, "set") != 0) {
            continue;
        }
        fb_str value = fb_str_from(cli->given[i].value);
        fb_str name = fb_str_split(&value, '=');
        if (value.ptr == NULL || name.len == 0) {
            return fb_error_set(error, FB_EINVALID, "--set wants NAME=VALUE, not %s",
                                cli->given[i].value);
        }
        status = fb_dict_set_str(context, name, fb_string(value), arena);
    }
    return status;
}

static apr_status_t load_context(fb_cli *cli, fb_dict **out, fb_arena *arena, fb_error *error)
{
    const char *path = fb_cli_option_value(cli, "context");
    static const fb_json_limits limits = { (apr_size_t)64 * 1024 * 1024, 200, 10000000 };
    const fb_json *json = NULL;
    fb_str text;

    if (path != NULL) {
        apr_status_t status = fb_cli_read_file(&text, path, cli->pool, error);
        if (status == APR_SUCCESS) {
            status = fb_json_parse(&json, text, &limits, cli->pool, error);
        }
        if (status != APR_SUCCESS) {
            fb_error_at(error, path, 0, 0, FB_STR(""));
            return status;
        }
        if (json->type != FB_JSON_OBJECT) {
            return fb_error_set(error, FB_EINVALID, "%s: the context must be a JSON object", path);
        }
    }
    apr_status_t status = fb_cli_dict(out, json, arena, error);
    return status == APR_SUCCESS ? set_variables(cli, *out, arena, error) : status;
}

/* ---- render ---------------------------------------------------------------------- */

static apr_status_t render_once(fb_chunks *out, const fb_env *env, const fb_template *tmpl,
                                fb_dict *context, apr_pool_t *pool, fb_error *error)
{
    fb_render render = { .context = context };

    fb_chunks_init(out, pool, MAX_OUTPUT);
    return fb_template_render(out, env, tmpl, &render, pool, error);
}

/* Renders again and again and says how long one took; the output is thrown away. Time of the clock,
 * and of the processor, which other programs do not disturb. */
static int repeat(fb_cli *cli, const fb_env *env, const fb_template *tmpl, fb_dict *context,
                  apr_int64_t times)
{
    apr_pool_t *pool = NULL;
    apr_time_t start = apr_time_now();
    clock_t busy = clock();
    fb_chunks chunks;
    fb_error error;

    if (apr_pool_create(&pool, cli->pool) != APR_SUCCESS) {
        return fb_cli_fail(cli, "out of memory");
    }
    for (apr_int64_t i = 0; i < times; i++) {
        fb_error_init(&error, pool);
        if (render_once(&chunks, env, tmpl, context, pool, &error) != APR_SUCCESS) {
            return fb_cli_fail_error(cli, &error);
        }
        apr_pool_clear(pool);
    }
    double micros = (double)(apr_time_now() - start) / (double)times;
    double busy_micros = (double)(clock() - busy) * 1e6 / CLOCKS_PER_SEC / (double)times;
    fb_cli_print(cli, "%.2f us per render, %.2f us of processor time (%ld renders)\n", micros,
                 busy_micros, (long)times);
    return FB_CLI_OK;
}

static int run_render(fb_cli *cli)
{
    const char *name = fb_cli_operand(cli, 0);
    const char *cases = fb_cli_option_value(cli, "cases");
    fb_arena *arena = fb_arena_create(cli->pool, MAX_OUTPUT);
    apr_int64_t times = 0;
    fb_dict *context = NULL;
    fb_env *env = NULL;
    fb_chunks chunks;
    fb_error error;
    fb_error ignored;

    if (cases != NULL) {
        return fb_cli_run_cases(cli, cases);
    }
    if (name == NULL) {
        return fb_cli_usage(cli, "which template?");
    }
    if (!fb_cli_option_int(cli, &times, "repeat", 1, 1000000000)) {
        return FB_CLI_USAGE;
    }
    fb_error_init(&error, cli->pool);
    fb_error_init(&ignored, cli->pool);
    if (make_env(cli, &env, NULL, &error) != APR_SUCCESS ||
        load_context(cli, &context, arena, &error) != APR_SUCCESS) {
        return fb_cli_fail_error(cli, &error);
    }
    (void)!fb_env_compile(env, NULL, NULL, cli->pool,
                          &ignored); /* only what is used must be right */
    const fb_template *tmpl = fb_env_find(env, fb_str_from(name));
    if (tmpl == NULL) {
        return fb_cli_fail(cli, "there is no template %s", name);
    }
    if (times > 0) {
        return repeat(cli, env, tmpl, context, times);
    }
    if (render_once(&chunks, env, tmpl, context, cli->pool, &error) != APR_SUCCESS) {
        return fb_cli_fail_error(cli, &error);
    }
    fb_cli_write(cli, fb_chunks_flatten(&chunks, cli->pool));
    return FB_CLI_OK;
}

/* ---- templates check, templates dump --------------------------------------------- */

/* What the application brings to every page. */
static const char *const declared[] = { "current_user",
                                        "config",
                                        "request",
                                        "session",
                                        "g",
                                        "url_for",
                                        "get_flashed_messages",
                                        "csrf_token",
                                        "index_for_role",
                                        "is_hidden_field",
                                        "assets_urls",
                                        NULL };

static int run_check(fb_cli *cli)
{
    fb_env *env = NULL;
    fb_error error;

    fb_error_init(&error, cli->pool);
    if (make_env(cli, &env, fb_cli_operand(cli, 0), &error) != APR_SUCCESS) {
        return fb_cli_fail_error(cli, &error);
    }
    for (const char *const *name = declared; *name != NULL; name++) {
        if (fb_env_declare(env, *name) != APR_SUCCESS) {
            return fb_cli_fail(cli, "out of memory");
        }
    }
    apr_status_t status = fb_env_compile(env, report, cli, cli->pool, &error);
    if (fb_cli_has(cli, "names")) {
        fb_env_check_names(env, report, cli, cli->pool);
    }
    if (status != APR_SUCCESS) {
        return fb_cli_fail(cli, "%s", error.message);
    }
    fb_cli_print(cli, "all templates compile\n");
    return FB_CLI_OK;
}

static int run_dump(fb_cli *cli)
{
    static const struct {
        const char *option;
        fb_dump what;
    } parts[] = { { "tokens", FB_DUMP_TOKENS }, { "ast", FB_DUMP_AST }, { "code", FB_DUMP_CODE } };
    bool all = !fb_cli_has(cli, "tokens") && !fb_cli_has(cli, "ast") && !fb_cli_has(cli, "code");
    fb_env *env = NULL;
    fb_error error;
    fb_error ignored;
    fb_buf out;

    fb_error_init(&error, cli->pool);
    fb_error_init(&ignored, cli->pool);
    if (make_env(cli, &env, NULL, &error) != APR_SUCCESS) {
        return fb_cli_fail_error(cli, &error);
    }
    (void)!fb_env_compile(env, NULL, NULL, cli->pool, &ignored);
    fb_buf_init(&out, cli->pool, MAX_DUMP);
    for (apr_size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if ((all || fb_cli_has(cli, parts[i].option)) &&
            fb_template_dump(&out, env, fb_str_from(fb_cli_operand(cli, 0)), parts[i].what,
                             &error) != APR_SUCCESS) {
            fb_cli_write(cli, fb_buf_str(&out));
            return fb_cli_fail_error(cli, &error);
        }
    }
    fb_cli_write(cli, fb_buf_str(&out));
    return FB_CLI_OK;
}

static const fb_cli_option render_options[] = {
    { "templates", 't', "DIR",
      "A folder of templates; the first of several that has a name wins." },
    { "context", 'c', "FILE", "Variables: a JSON object." },
    { "set", 's', "NAME=VALUE", "One more variable, a string. May be given several times." },
    { "repeat", 'r', "N", "Render N times and print how long one took." },
    { "cases", 0, "FILE", "Run conformance cases, one JSON object per line, instead." },
    { 0 },
};

static const fb_cli_option folder_options[] = {
    { "templates", 't', "DIR",
      "A folder of templates; the first of several that has a name wins." },
    { "names", 'n', NULL, "Report also names that nothing sets or declares." },
    { 0 },
};

static const fb_cli_option dump_options[] = {
    { "templates", 't', "DIR",
      "A folder of templates; the first of several that has a name wins." },
    { "tokens", 0, NULL, "Only what the lexer made." },
    { "ast", 0, NULL, "Only the syntax tree." },
    { "code", 0, NULL, "Only the instructions." },
    { 0 },
};

const fb_cli_command fb_cli_render_commands[] = {
    { .name = "render",
      .operands = "[NAME]",
      .max_operands = 1,
      .summary = "Render a template",
      .doc =
          "Prints what the template makes of the context. Without --templates the packaged ones "
          "are "
          "used.\n\nWith --cases, runs a file of conformance cases and ends with the line \"N "
          "passed, N "
          "failed\"; ids of failed cases are listed, with --verbose also how they differ. The exit "
          "status is 1 if any failed.",
      .options = render_options,
      .run = run_render },
    { .name = "templates check",
      .operands = "[DIR]",
      .max_operands = 1,
      .summary = "Compile all templates and report every problem",
      .doc = "Each problem is shown with its place, the line and a caret. The exit status is 1 if "
             "there is "
             "any.",
      .options = folder_options,
      .run = run_check },
    { .name = "templates dump",
      .operands = "NAME",
      .min_operands = 1,
      .max_operands = 1,
      .summary = "Show a template's tokens, syntax tree and instructions",
      .doc = "For those who work on the template language, or want to know what a template costs.",
      .options = dump_options,
      .run = run_dump },
    { 0 },
};
