/* Fuzz targets of the room template: lexer, parser, code generator and machine. */
#include "fuzz.h"

#include "template/template.h"

static void count_problem(void *baton, const fb_error *problem)
{
    int *count = baton;

    fuzz_assert(problem->message != NULL && problem->message[0] != '\0');
    fuzz_assert(problem->line >= 0 && problem->column >= 0);
    fuzz_assert(fb_error_report(problem) != NULL);
    (*count)++;
}

static fb_limits small_limits(void)
{
    return (fb_limits){ .call_depth = 30,
                        .include_depth = 10,
                        .parse_depth = 60,
                        .instructions = 20000,
                        .output = 100000,
                        .memory = 4 * 1024 * 1024 };
}

/* Compiles any text as a template that may include itself and a parent, and renders it within small
 * limits: it ends, with output or with an error that says what and where. */
static void run_template(fb_str input, const fb_env_options *options, apr_pool_t *pool)
{
    const fb_template *tmpl;
    fb_error error;
    fb_env *env;
    int problems = 0;

    fb_error_init(&error, pool);
    fuzz_assert(fb_env_create(&env, options, pool, &error) == APR_SUCCESS);
    fuzz_assert(fb_env_add_source(env, FB_STR("base.html"),
                                  FB_STR("<{% block a %}A{% endblock %}{{ x }}>"),
                                  &error) == APR_SUCCESS);
    if (fb_env_add_source(env, FB_STR("fuzz.html"), input, &error) != APR_SUCCESS) {
        return; /* not UTF-8 */
    }
    apr_status_t status = fb_env_compile(env, count_problem, &problems, pool, &error);
    fuzz_assert((status == APR_SUCCESS) == (problems == 0));
    tmpl = status == APR_SUCCESS ? fb_env_find(env, FB_STR("fuzz.html")) : NULL;
    if (tmpl == NULL) {
        return;
    }
    fb_render render = { .random_seed = 1 };
    fb_chunks out;
    fb_chunks_init(&out, pool, 200000);
    fb_error_init(&error, pool);
    status = fb_template_render(&out, env, tmpl, &render, pool, &error);
    if (status != APR_SUCCESS) {
        fuzz_assert(error.message != NULL && fb_error_report(&error) != NULL);
    }
}

static void fuzz_template(fb_str input, apr_pool_t *pool)
{
    fb_env_options options;

    fb_env_options_init(&options);
    options.limits = small_limits();
    run_template(input, &options, pool);
}

/* The same with line statements and everything trimmed. */
static void fuzz_template_lines(fb_str input, apr_pool_t *pool)
{
    fb_env_options options;

    fb_env_options_init_jinja(&options);
    options.line_statement_prefix = FB_STR("#");
    options.line_comment_prefix = FB_STR("##");
    options.trim_blocks = true;
    options.lstrip_blocks = true;
    options.sandbox = FB_SANDBOX_IMMUTABLE;
    options.limits = small_limits();
    run_template(input, &options, pool);
}

static const fuzz_target fuzz_targets[] = {
    { "template", fuzz_template },
    { "template_lines", fuzz_template_lines },
};
