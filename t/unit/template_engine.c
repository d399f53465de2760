/* The template engine from outside: rendering, places of errors, limits, memory, linking. Rows T1,
 * T7, T8; ASVS 1.3.2, 1.3.3, 1.4.1. */
#include "unit.h"

#include "template/lexer.h"
#include "template/template.h"
#include "template/vm.h"

#include <apr_strings.h>

#include <string.h>

/* ---- helpers ------------------------------------------------------------------------------- */

typedef struct source {
    const char *name;
    const char *text;
} source;

static int problems;
static fb_error last_problem;

static void note(void *baton, const fb_error *problem)
{
    (void)baton;
    problems++;
    last_problem = *problem;
}

static fb_env *make(const fb_env_options *options, const source *sources)
{
    fb_env *env = NULL;

    ck_assert_ok(fb_env_create(&env, options, pool, &error));
    for (; sources->name != NULL; sources++)
        ck_assert_ok(
            fb_env_add_source(env, fb_str_from(sources->name), fb_str_from(sources->text), &error));
    return env;
}

static apr_status_t compile(fb_env *env)
{
    problems = 0;
    return fb_env_compile(env, note, NULL, pool, &error);
}

static apr_status_t render_as(fb_str *out, const fb_env *env, const char *name, fb_render *render)
{
    fb_chunks chunks;

    fb_chunks_init(&chunks, pool, (apr_size_t)1 << 30);
    apr_status_t status =
        fb_template_render(&chunks, env, fb_env_find(env, fb_str_from(name)), render, pool, &error);
    *out = fb_chunks_flatten(&chunks, pool);
    return status;
}

/* Renders one template "t.html" with the product's options. */
static apr_status_t run(fb_str *out, const char *text)
{
    const source sources[] = { { "t.html", text }, { NULL, NULL } };
    fb_env_options options;
    fb_render render = { 0 };

    fb_env_options_init(&options);
    fb_env *env = make(&options, sources);
    ck_assert_ok(compile(env));
    return render_as(out, env, "t.html", &render);
}

static void gives(const char *text, const char *expected)
{
    fb_str out;

    ck_assert_ok(run(&out, text));
    ck_assert_msg(fb_str_eq_z(out, expected), "%s gives \"%.*s\", not \"%s\"", text,
                  FB_STR_ARG(out), expected);
}

static void fails(const char *text, const char *kind, const char *message, int line)
{
    fb_str out;

    fb_error_init(&error, pool);
    ck_assert_int_ne(run(&out, text), APR_SUCCESS);
    ck_assert_str_eq(error.kind, kind);
    ck_assert_str_eq(error.message, message);
    ck_assert_int_eq(error.line, line);
}

/* ---- the language ----------------------------------------------------------------------------- */

START_TEST(expressions)
{
    gives("{{ 1 + 2 * 3 }} {{ 7 // 2 }} {{ -7 % 3 }} {{ 2**3**2 }} {{ 7 / 2 }}", "7 3 2 64 3.5");
    gives("{{ 1 < 2 < 3 }} {{ 'b' in 'abc' }} {{ [1, 2] + [3] }}", "True True [1, 2, 3]");
    gives("{{ 9223372036854775807 + 1 }}", "9223372036854775808");
    gives("{{ 'h\xc3\xa9llo'[1:3] }}{{ 'abc'[::-1] }}", "\xc3\xa9"
                                                        "lcba");
    gives("{{ missing }}|{{ missing is defined }}|{{ missing|default('x') }}", "|False|x");
}
END_TEST

START_TEST(escaping)
{
    gives("{% set x = '<&\">' %}{{ x }} {{ x|safe }} {{ x ~ '' }}",
          "&lt;&amp;&#34;&gt; <&\"> &lt;&amp;&#34;&gt;");
    gives("{% macro m(v) %}<b>{{ v }}</b>{% endmacro %}{{ m('<') }}", "<b>&lt;</b>");
    gives("{% autoescape false %}{{ '<' }}{% endautoescape %}{{ '<' }}", "<&lt;");
}
END_TEST

START_TEST(scopes)
{
    gives("{% set x = 1 %}{% for i in [1, 2] %}{% set x = i %}{% endfor %}{{ x }}", "1");
    gives("{% set ns = namespace(n=0) %}{% for i in [1, 2] %}{% set ns.n = ns.n + i %}{% endfor "
          "%}{{ ns.n }}",
          "3");
    gives("{% if true %}{% set x = 2 %}{% endif %}{{ x }}", "2");
    gives("{% macro m() %}{{ x }}{% endmacro %}{% set x = 5 %}{{ m() }}", "5");
    gives("{% for a, b in {'k': 1}.items() %}{{ a }}{{ b }}{{ loop.last }}{% else %}no{% endfor %}",
          "k1True");
}
END_TEST

START_TEST(inheritance)
{
    const source sources[] = {
        { "base.html", "[{% block a %}base{% endblock %}]" },
        { "mid.html", "{% extends 'base.html' %}{% block a %}mid {{ super() }}{% endblock %}" },
        { "leaf.html", "{% extends 'mid.html' %}{% block a %}leaf {{ super() }}{% endblock %}" },
        { "m.html", "{% macro hi(n='you') %}Hi {{ n }}{% endmacro %}" },
        { "user.html",
          "{% from 'm.html' import hi as hello %}{{ hello() }}{% include 'part.html' %}" },
        { "part.html", "{% import 'm.html' as m %}/{{ m.hi('<') }}" },
        { NULL, NULL },
    };
    fb_env_options options;
    fb_render render = { 0 };
    fb_str out;

    fb_env_options_init(&options);
    fb_env *env = make(&options, sources);
    ck_assert_ok(compile(env));
    ck_assert_ok(render_as(&out, env, "leaf.html", &render));
    ck_assert_fb_str(out, "[leaf mid base]");
    ck_assert_ok(render_as(&out, env, "user.html", &render));
    ck_assert_fb_str(out, "Hi you/Hi &lt;");
}
END_TEST

START_TEST(the_first_source_of_a_name_wins)
{
    const source sources[] = {
        { "page.html", "{% extends 'flaskbase/page.html' %}{% block b %}ours{% endblock %}" },
        { "page.html", "packaged {% block b %}theirs{% endblock %}" },
        { "flaskbase/page.html", "packaged {% block b %}theirs{% endblock %}" },
        { NULL, NULL },
    };
    fb_env_options options;
    fb_render render = { 0 };
    fb_str out;

    fb_env_options_init(&options);
    fb_env *env = make(&options, sources);
    ck_assert_ok(compile(env));
    ck_assert_ok(render_as(&out, env, "page.html", &render));
    ck_assert_fb_str(out, "packaged ours");
}
END_TEST

/* ---- objects --------------------------------------------------------------------------------------- */

typedef struct person {
    fb_object object;
    const char *name;
} person;

static apr_status_t person_name(fb_vm *vm, fb_value self, fb_value *out, fb_error *e)
{
    (void)vm;
    (void)e;
    *out = fb_string_z(((person *)self.as.object)->name);
    return APR_SUCCESS;
}

static apr_status_t person_greet(fb_vm *vm, fb_value self, fb_args args, fb_kwargs kwargs,
                                 fb_value *out, fb_error *e)
{
    fb_text text;

    (void)kwargs;
    fb_text_init(&text, vm, 0);
    fb_text_add(&text, args.v[0].tag == FB_ABSENT ? FB_STR("Hello") : fb_value_str(args.v[0]));
    fb_text_add_char(&text, ' ');
    fb_text_add(&text, fb_str_from(((person *)self.as.object)->name));
    return fb_text_finish(&text, FB_STR, out, e);
}

static const fb_attribute person_attributes[] = { { "name", person_name, "" },
                                                  { NULL, NULL, NULL } };
static const fb_builtin person_methods[] = {
    { .name = "greet", .fn = person_greet, FB_PARAMS("word"), .doc = "" },
    { .name = NULL },
};
static const fb_class person_class = { .name = "Person",
                                       .attributes = person_attributes,
                                       .methods = person_methods };

START_TEST(objects_show_their_tables_and_nothing_else)
{
    const source sources[] = {
        { "t.html", "{{ p.name }}|{{ p.greet() }}|{{ p.greet(word='Hi') }}|{{ p.password_hash }}|"
                    "{{ p['name'] }}|{{ p.secret is defined }}" },
        { "bad.html", "{{ p.greet(nothing=1) }}" },
        { NULL, NULL },
    };
    fb_env_options options;
    fb_str out;

    fb_env_options_init(&options);
    fb_env *env = make(&options, sources);
    ck_assert_ok(compile(env));
    fb_arena *arena = fb_arena_create(pool, 1 << 20);
    fb_dict *context = fb_dict_create(arena, 0);
    person ada = { { &person_class }, "Ada" };
    ck_assert_ok(fb_dict_set_str(context, FB_STR("p"), fb_object_value(&ada), arena));
    fb_render render = { .arena = arena, .context = context };
    ck_assert_ok(render_as(&out, env, "t.html", &render));
    ck_assert_fb_str(out, "Ada|Hello Ada|Hi Ada||Ada|False");
    ck_assert_int_ne(render_as(&out, env, "bad.html", &render), APR_SUCCESS);
    ck_assert_str_eq(error.kind, "TypeError");
}
END_TEST

/* ---- errors -------------------------------------------------------------------------------------------- */

START_TEST(errors_name_template_line_and_column)
{
    fails("a\nb {{ x.y.z }}", "UndefinedError", "'x' is undefined", 2);
    ck_assert_str_eq(error.where, "t.html");
    ck_assert_int_eq(error.column, 8);
    ck_assert_str_eq(error.source, "b {{ x.y.z }}");
    fails("{{ {}.a.b }}", "UndefinedError", "'dict object' has no attribute 'a'", 1);
    fails("\n\n{{ 1 // 0 }}", "ZeroDivisionError", "integer division or modulo by zero", 3);
    fails("{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}", "TypeError",
          "macro 'm' takes not more than 1 argument(s)", 1);
}
END_TEST

START_TEST(every_problem_is_reported)
{
    const source sources[] = {
        { "a.html", "{% if %}" },
        { "b.html", "x\n{{ y|nofilter }}" },
        { "c.html", "{% extends 'gone.html' %}" },
        { "d.html", "{% include 'e.html' %}" },
        { "e.html", "{% include 'd.html' %}" },
        { "good.html", "fine" },
        { NULL, NULL },
    };
    fb_env_options options;
    fb_render render = { 0 };
    fb_str out;

    fb_env_options_init(&options);
    fb_env *env = make(&options, sources);
    ck_assert_status(compile(env), FB_ETEMPLATE);
    ck_assert_int_eq(problems, 4);
    ck_assert_ok(render_as(&out, env, "good.html", &render));
    ck_assert_int_ne(render_as(&out, env, "b.html", &render), APR_SUCCESS);
    ck_assert_str_eq(error.kind, "TemplateAssertionError");
    ck_assert_str_eq(error.message, "No filter named 'nofilter'.");
    ck_assert_int_eq(error.line, 2);
}
END_TEST

/* ---- limits ------------------------------------------------------------------------------------------------ */

static apr_status_t run_limited(const char *text, fb_limits limits, const char *other)
{
    const source sources[] = { { "t.html", text }, { "o.html", other }, { NULL, NULL } };
    fb_env_options options;
    fb_render render = { .limits = &limits };
    fb_str out;

    fb_env_options_init(&options);
    fb_env *env = make(&options, sources);
    (void)!compile(env);
    fb_error_init(&error, pool);
    return render_as(&out, env, "t.html", &render);
}

START_TEST(limits_end_in_clear_errors)
{
    fb_env_options options;
    fb_limits limits;

    fb_env_options_init(&options);
    limits = options.limits;
    ck_assert_int_ne(run_limited("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", limits, ""),
                     APR_SUCCESS);
    ck_assert_ptr_nonnull(strstr(error.message, "200"));
    ck_assert_int_ne(run_limited("{% set n = 'o.html' %}{% include n %}", limits,
                                 "{% set n = 'o.html' %}{% include n %}"),
                     APR_SUCCESS);
    ck_assert_ptr_nonnull(strstr(error.message, "50"));
    limits.instructions = 10000;
    ck_assert_status(run_limited("{% for i in range(100000) %}{% endfor %}", limits, ""),
                     FB_ELIMIT);
    ck_assert_ptr_nonnull(strstr(error.message, "10000"));
    limits = options.limits;
    limits.output = 100000;
    ck_assert_status(run_limited("{% for i in range(100000) %}0123456789{% endfor %}", limits, ""),
                     FB_ELIMIT);
    ck_assert_status(
        run_limited("{% set x %}{% for i in range(100000) %}0123456789{% endfor %}{% endset %}",
                    limits, ""),
        FB_ELIMIT);
    limits = options.limits;
    limits.memory = 1 << 20;
    ck_assert_status(run_limited("{{ ('x' * 100000000)|length }}", limits, ""), FB_ELIMIT);
    ck_assert_status(
        run_limited("{% set l = [] %}{% for i in range(1000000) %}{% do l.append('x' ~ i) %}"
                    "{% endfor %}",
                    limits, ""),
        FB_ELIMIT);
}
END_TEST

/* A loop of many iterations needs the memory of one. */
START_TEST(loops_reuse_memory)
{
    fb_env_options options;
    fb_limits limits;

    fb_env_options_init(&options);
    limits = options.limits;
    limits.memory = 300000;
    limits.instructions = 1000000000;
    ck_assert_ok(
        run_limited("{% for i in range(50000) %}{% set x = ('a' ~ i)|upper|replace('A', 'bb') %}"
                    "{% if x|length > 100 %}{{ x }}{% endif %}{% endfor %}",
                    limits, ""));
}
END_TEST

START_TEST(deep_nesting_is_refused)
{
    char *text = apr_palloc(pool, 200001);

    memset(text, '(', 200000);
    text[200000] = '\0';
    const source sources[] = { { "t.html", apr_pstrcat(pool, "{{ ", text, NULL) }, { NULL, NULL } };
    fb_env_options options;

    fb_env_options_init(&options);
    ck_assert_status(compile(make(&options, sources)), FB_ETEMPLATE);
    ck_assert_str_eq(last_problem.kind, "RecursionError");
}
END_TEST

/* ---- the lexer ------------------------------------------------------------------------------------------------ */

START_TEST(tokens)
{
    fb_env_options options;
    fb_env *env = NULL;
    fb_tokens t;

    fb_env_options_init(&options);
    ck_assert_ok(fb_env_create(&env, &options, pool, &error));
    fb_arena *arena = fb_arena_create(pool, 1 << 20);
    ck_assert_ok(fb_lex(&t, env,
                        FB_STR("a\r\nb{{- x['\\u20ac'] }}{# c #}\n{% raw %}{{{% endraw %}"), pool,
                        arena, &error));
    ck_assert_uint_eq(t.count, 10);
    ck_assert_fb_str(t.v[0].text, "a\nb");
    ck_assert_int_eq(t.v[1].type, FB_TOKEN_VARIABLE_BEGIN);
    ck_assert_uint_eq(t.v[1].line, 2);
    ck_assert_fb_str(t.v[4].text, "\xe2\x82\xac");
    ck_assert_int_eq(t.v[7].type, FB_TOKEN_DATA);
    ck_assert_fb_str(t.v[8].text, "{{");
    ck_assert_int_eq(t.v[9].type, FB_TOKEN_EOF);
    ck_assert_ok(fb_lex(&t, env, FB_STR("{{ a ? }}"), pool, arena, &error));
    ck_assert_int_eq(t.v[t.count - 1].type, FB_TOKEN_ERROR);
    ck_assert_str_eq(t.v[t.count - 1].error->message, "unexpected char '?' at 5");
}
END_TEST

static void add(TCase *tests)
{
    tcase_add_test(tests, expressions);
    tcase_add_test(tests, escaping);
    tcase_add_test(tests, scopes);
    tcase_add_test(tests, inheritance);
    tcase_add_test(tests, the_first_source_of_a_name_wins);
    tcase_add_test(tests, objects_show_their_tables_and_nothing_else);
    tcase_add_test(tests, errors_name_template_line_and_column);
    tcase_add_test(tests, every_problem_is_reported);
    tcase_add_test(tests, limits_end_in_clear_errors);
    tcase_add_test(tests, loops_reuse_memory);
    tcase_add_test(tests, deep_nesting_is_refused);
    tcase_add_test(tests, tokens);
}

int main(void)
{
    return unit_main("template_engine", add);
}
