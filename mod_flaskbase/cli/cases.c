/* flaskbase render --cases: files of conformance cases, one JSON object per line. */
#include "cli/command.h"
#include "cli/context.h"

#include "template/env.h"

#include <apr_strings.h>
#include <string.h>

#include "base/banned.h"

#define MAIN       "<main>"
#define MAX_OUTPUT ((apr_size_t)512 * 1024 * 1024)
#define MAX_SHOWN  600

/* What came of a case. */
typedef struct outcome {
    bool failed;
    const char *phase; /* "compile" or "render" */
    fb_str text;
    fb_error error;
} outcome;

/* ---- the environment of a case --------------------------------------------------- */

static fb_str text_of(const fb_json *node, const char *key, fb_str otherwise)
{
    const fb_json *value = fb_json_get(node, key);

    return value != NULL && value->type == FB_JSON_STRING ? value->text : otherwise;
}

static bool flag_of(const fb_json *node, const char *key, bool otherwise)
{
    const fb_json *value = fb_json_get(node, key);

    return value != NULL && value->type == FB_JSON_BOOL ? value->boolean : otherwise;
}

static const char *const *endings(const fb_json *node, const char *key,
                                  const char *const *otherwise, apr_pool_t *pool)
{
    const fb_json *value = fb_json_get(node, key);

    if (value == NULL || value->type != FB_JSON_ARRAY) {
        return otherwise;
    }
    const char **list = apr_pcalloc(pool, (value->count + 1) * sizeof(char *));
    for (apr_size_t i = 0; i < value->count; i++) {
        const char *ending = fb_str_to_z(pool, value->items[i].text);
        list[i] = apr_pstrcat(pool, ".", ending[0] == '.' ? ending + 1 : ending, NULL);
    }
    return list;
}

static void set_autoescape(fb_env_options *o, const fb_json *env, apr_pool_t *pool)
{
    static const char *const usual[] = { ".html", ".htm", ".xml", NULL };
    static const char *const none[] = { NULL };
    const fb_json *value = fb_json_get(env, "autoescape");

    if (value == NULL) {
        return;
    }
    if (value->type != FB_JSON_OBJECT) {
        o->autoescape =
            value->type == FB_JSON_BOOL && value->boolean ? FB_AUTOESCAPE_ON : FB_AUTOESCAPE_OFF;
        return;
    }
    o->autoescape = FB_AUTOESCAPE_BY_NAME;
    o->autoescape_on = endings(value, "enabled_extensions", usual, pool);
    o->autoescape_off = endings(value, "disabled_extensions", none, pool);
    o->autoescape_for_string = flag_of(value, "default_for_string", true);
    o->autoescape_default = flag_of(value, "default", false);
}

static void set_extensions(fb_env_options *o, const fb_json *env)
{
    static const struct {
        const char *name;
        unsigned flag;
    } all[] = {
        { "jinja2.ext.do", FB_EXT_DO },
        { "jinja2.ext.loopcontrols", FB_EXT_LOOPCONTROLS },
        { "jinja2.ext.i18n", FB_EXT_I18N },
    };
    const fb_json *list = fb_json_get(env, "extensions");

    for (apr_size_t i = 0; list != NULL && i < list->count; i++) {
        for (apr_size_t j = 0; j < sizeof(all) / sizeof(all[0]); j++) {
            if (fb_str_eq_z(list->items[i].text, all[j].name)) {
                o->extensions |= all[j].flag;
            }
        }
    }
}

static void set_kinds(fb_env_options *o, const fb_json *env)
{
    fb_str undefined = text_of(env, "undefined", FB_STR("Undefined"));
    const fb_json *sandboxed = fb_json_get(env, "sandboxed");

    if (fb_str_eq_z(undefined, "StrictUndefined")) {
        o->undefined = FB_UNDEFINED_STRICT;
    } else if (fb_str_eq_z(undefined, "ChainableUndefined")) {
        o->undefined = FB_UNDEFINED_CHAINABLE;
    } else if (fb_str_eq_z(undefined, "DebugUndefined")) {
        o->undefined = FB_UNDEFINED_DEBUG;
    }
    if (sandboxed != NULL && sandboxed->type == FB_JSON_STRING) {
        o->sandbox = FB_SANDBOX_IMMUTABLE;
    } else if (sandboxed != NULL && sandboxed->boolean) {
        o->sandbox = FB_SANDBOX_ON;
    }
}

static void set_options(fb_env_options *o, const fb_json *env, apr_pool_t *pool)
{
    fb_env_options_init_jinja(o);
    o->block_start = text_of(env, "block_start_string", o->block_start);
    o->block_end = text_of(env, "block_end_string", o->block_end);
    o->variable_start = text_of(env, "variable_start_string", o->variable_start);
    o->variable_end = text_of(env, "variable_end_string", o->variable_end);
    o->comment_start = text_of(env, "comment_start_string", o->comment_start);
    o->comment_end = text_of(env, "comment_end_string", o->comment_end);
    o->line_statement_prefix = text_of(env, "line_statement_prefix", o->line_statement_prefix);
    o->line_comment_prefix = text_of(env, "line_comment_prefix", o->line_comment_prefix);
    o->newline = text_of(env, "newline_sequence", o->newline);
    o->trim_blocks = flag_of(env, "trim_blocks", false);
    o->lstrip_blocks = flag_of(env, "lstrip_blocks", false);
    o->keep_trailing_newline = flag_of(env, "keep_trailing_newline", false);
    o->gettext_functions = fb_json_get(env, "i18n") != NULL;
    o->newstyle_gettext = flag_of(env, "newstyle_gettext", false);
    set_autoescape(o, env, pool);
    set_extensions(o, env);
    set_kinds(o, env);
}

static apr_status_t set_values(fb_env *env, const fb_json *options, fb_error *error)
{
    const fb_json *globals = fb_json_get(options, "globals");
    const fb_json *policies = fb_json_get(options, "policies");
    apr_status_t status = APR_SUCCESS;
    fb_value value;

    for (apr_size_t i = 0; globals != NULL && i < globals->count && status == APR_SUCCESS; i++) {
        status = fb_cli_value(&value, &globals->items[i], fb_env_arena(env), error);
        if (status == APR_SUCCESS) {
            status = fb_env_set_global(env, globals->keys[i], value);
        }
    }
    for (apr_size_t i = 0; policies != NULL && i < policies->count && status == APR_SUCCESS; i++) {
        status = fb_cli_value(&value, &policies->items[i], fb_env_arena(env), error);
        if (status == APR_SUCCESS) {
            status = fb_env_set_policy(env, fb_str_to_z(env->pool, policies->keys[i]), value);
        }
    }
    return status;
}

/* ---- running one case ------------------------------------------------------------ */

static apr_status_t make_env(fb_env **out, fb_template **main, const fb_json *c, apr_pool_t *pool,
                             fb_error *error)
{
    const fb_json *options = fb_json_get(c, "env");
    const fb_json *templates = fb_json_get(c, "templates");
    fb_str main_name = text_of(c, "main", FB_STR(MAIN));
    fb_env_options o;
    fb_env *env = NULL;

    set_options(&o, options, pool);
    apr_status_t status = fb_env_create(&env, &o, pool, error);
    if (status == APR_SUCCESS) {
        status = set_values(env, options, error);
    }
    *main = NULL;
    for (apr_size_t i = 0; templates != NULL && i < templates->count && status == APR_SUCCESS;
         i++) {
        if (fb_str_eq_z(templates->keys[i], MAIN)) {
            *main = fb_env_add_template(env, FB_STR(""), templates->items[i].text);
        } else {
            status = fb_env_add_source(env, templates->keys[i], templates->items[i].text, error);
        }
    }
    if (status == APR_SUCCESS && !fb_str_eq_z(main_name, MAIN)) {
        const fb_template *found = fb_env_find(env, main_name);
        *main = found != NULL ? (fb_template *)(apr_uintptr_t)found : NULL;
    }
    *out = env;
    return status;
}

static void run_case(outcome *o, const fb_json *c, apr_pool_t *pool)
{
    fb_template *main = NULL;
    fb_env *env = NULL;
    fb_chunks chunks;
    fb_error ignored;
    fb_dict *context = NULL;
    fb_render render = { 0 };

    *o = (outcome){ .phase = "compile" };
    fb_error_init(&o->error, pool);
    fb_error_init(&ignored, pool);
    o->failed = make_env(&env, &main, c, pool, &o->error) != APR_SUCCESS;
    if (o->failed) {
        return;
    }
    (void)!fb_env_compile(env, NULL, NULL, pool, &ignored);
    if (main == NULL || main->error != NULL) {
        o->failed = true;
        if (main != NULL) {
            o->error = *main->error;
        }
        return;
    }
    o->phase = "render";
    render.arena = fb_arena_create(pool, env->options.limits.memory);
    fb_chunks_init(&chunks, pool, MAX_OUTPUT);
    o->failed =
        fb_cli_dict(&context, fb_json_get(c, "context"), render.arena, &o->error) != APR_SUCCESS;
    if (!o->failed) {
        render.context = context;
        o->failed = fb_template_render(&chunks, env, main, &render, pool, &o->error) != APR_SUCCESS;
    }
    if (!o->failed) {
        o->text = fb_chunks_flatten(&chunks, pool);
    }
}

/* ---- comparing ------------------------------------------------------------------- */

/* Python's own messages are CPython's; only a few that Jinja2 writes are compared. */
static bool message_counts(const fb_json *c, fb_str message)
{
    if (!flag_of(c, "python_error", false)) {
        return true;
    }
    return fb_str_starts(message, FB_STR("macro '")) ||
           fb_str_starts(message, FB_STR("The loop must")) ||
           fb_str_starts(message, FB_STR("Invalid character in attribute name"));
}

static const char *shorten(apr_pool_t *pool, fb_str s)
{
    return apr_psprintf(pool, "%.*s%s", FB_STR_ARG(fb_str_sub(s, 0, MAX_SHOWN)),
                        s.len > MAX_SHOWN ? "…" : "");
}

static const char *differs(apr_pool_t *pool, const char *what, fb_str expected, fb_str got)
{
    return apr_psprintf(pool, "%s:\n  expected: %s\n  got:      %s", what, shorten(pool, expected),
                        shorten(pool, got));
}

static const char *compare_error(const fb_json *c, const outcome *o, apr_pool_t *pool)
{
    fb_str kind = text_of(c, "error", FB_STR(""));
    fb_str message = text_of(c, "message", FB_STR(""));
    const fb_json *line = fb_json_get(c, "lineno");
    const fb_json *place = fb_json_get(c, "error_template");
    fb_str got = fb_str_from(o->error.message);

    if (!o->failed) {
        return differs(pool, "rendered instead of failing", kind, o->text);
    }
    if (!fb_str_eq_z(kind, o->error.kind != NULL ? o->error.kind : "")) {
        return differs(pool, "class of error", kind,
                       fb_str_printf(pool, "%s: %s",
                                     o->error.kind != NULL ? o->error.kind : "(none)",
                                     o->error.message != NULL ? o->error.message : ""));
    }
    if (!fb_str_eq_z(text_of(c, "phase", FB_STR("render")), o->phase)) {
        return differs(pool, "phase", text_of(c, "phase", FB_STR("")), fb_str_from(o->phase));
    }
    if (fb_json_get(c, "message") != NULL && message_counts(c, message) &&
        !fb_str_eq(message, got)) {
        return differs(pool, "message", message, got);
    }
    if (line != NULL && !fb_str_eq(line->text, fb_str_printf(pool, "%d", o->error.line))) {
        return differs(pool, "line", line->text, fb_str_printf(pool, "%d", o->error.line));
    }
    if (place != NULL && !fb_str_eq_z(place->text, o->error.where != NULL ? o->error.where : "")) {
        return differs(pool, "template", place->text, fb_str_from(o->error.where));
    }
    return NULL;
}

/* NULL when the case came out as it should, else how it differs. */
static const char *compare(const fb_json *c, const outcome *o, apr_pool_t *pool)
{
    const fb_json *expect = fb_json_get(c, "expect");

    if (fb_json_get(c, "error") != NULL) {
        return compare_error(c, o, pool);
    }
    if (o->failed) {
        return apr_psprintf(
            pool, "%s: %s (%s, line %d)", o->error.kind != NULL ? o->error.kind : "error",
            o->error.message != NULL ? o->error.message : "?", o->phase, o->error.line);
    }
    if (expect == NULL) {
        return "the case expects nothing";
    }
    return fb_str_eq(expect->text, o->text) ? NULL : differs(pool, "output", expect->text, o->text);
}

/* ---- files ----------------------------------------------------------------------- */

typedef struct tally {
    unsigned passed, failed, skipped;
} tally;

static void run_line(fb_cli *cli, fb_str line, unsigned number, tally *t, apr_pool_t *pool)
{
    static const fb_json_limits limits = { (apr_size_t)64 * 1024 * 1024, 1000, 10000000 };
    const fb_json *c = NULL;
    const char *why;
    fb_error error;
    outcome o;

    fb_error_init(&error, pool);
    if (fb_json_parse(&c, line, &limits, pool, &error) != APR_SUCCESS) {
        why = error.message;
    } else if (flag_of(fb_json_get(c, "env"), "native", false)) {
        t->skipped++;
        return;
    } else {
        run_case(&o, c, pool);
        why = compare(c, &o, pool);
    }
    if (why == NULL) {
        t->passed++;
        return;
    }
    t->failed++;
    fb_str id = text_of(c, "id", fb_str_printf(pool, "line %u", number));
    fb_cli_print(cli, "FAIL %.*s\n", FB_STR_ARG(id));
    if (fb_cli_has(cli, "verbose")) {
        fb_cli_print(cli, "  %s\n", why);
    }
}

int fb_cli_run_cases(fb_cli *cli, const char *path)
{
    tally t = { 0, 0, 0 };
    apr_pool_t *pool = NULL;
    unsigned number = 0;
    fb_error error;
    fb_str rest;

    fb_error_init(&error, cli->pool);
    if (fb_cli_read_file(&rest, path, cli->pool, &error) != APR_SUCCESS) {
        return fb_cli_fail_error(cli, &error);
    }
    if (apr_pool_create(&pool, cli->pool) != APR_SUCCESS) {
        return fb_cli_fail(cli, "out of memory");
    }
    while (rest.len > 0) {
        fb_str line = fb_str_trim(fb_str_split(&rest, '\n'));
        number++;
        if (line.len > 0) {
            run_line(cli, line, number, &t, pool);
            apr_pool_clear(pool);
        }
    }
    if (t.skipped > 0) {
        fb_cli_print(cli, "%u skipped (native)\n", t.skipped);
    }
    fb_cli_print(cli, "%u passed, %u failed\n", t.passed, t.failed);
    return t.failed == 0 && t.passed > 0 ? FB_CLI_OK : FB_CLI_FAILED;
}
