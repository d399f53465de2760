/* The environment: options, names, tables of builtins, and the set of templates. */
#include "template/env.h"

#include "template/builtins.h"
#include "template/i18n.h"
#include "template/vm.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

#define ENV_MEMORY ((apr_size_t)256 * 1024 * 1024)

/* ---- options --------------------------------------------------------------------- */

void fb_env_options_init_jinja(fb_env_options *options)
{
    *options = (fb_env_options){
        .block_start = FB_STR_INIT("{%"), .block_end = FB_STR_INIT("%}"),
        .variable_start = FB_STR_INIT("{{"), .variable_end = FB_STR_INIT("}}"),
        .comment_start = FB_STR_INIT("{#"), .comment_end = FB_STR_INIT("#}"),
        .newline = FB_STR_INIT("\n"),
        .gettext_functions = false,
        .limits = {
            .call_depth = 330, .include_depth = 200, .parse_depth = 180,
            .instructions = (uint64_t)2000 * 1000 * 1000,
            .output = (apr_size_t)512 * 1024 * 1024, .memory = (apr_size_t)1024 * 1024 * 1024,
        },
    };
}

void fb_env_options_init(fb_env_options *options)
{
    static const char *const escaped[] = { ".html", ".htm", ".xml", ".xhtml", NULL };

    fb_env_options_init_jinja(options);
    options->autoescape = FB_AUTOESCAPE_BY_NAME;
    options->autoescape_on = escaped;
    options->autoescape_for_string = true;
    options->extensions = FB_EXT_DO | FB_EXT_LOOPCONTROLS | FB_EXT_I18N | FB_EXT_ASSETS;
    options->gettext_functions = true;
    options->newstyle_gettext = true;
    options->limits = (fb_limits){
        .call_depth = 200,
        .include_depth = 50,
        .parse_depth = 100,
        .instructions = (uint64_t)50 * 1000 * 1000,
        .output = (apr_size_t)16 * 1024 * 1024,
        .memory = (apr_size_t)64 * 1024 * 1024,
    };
}

static const char *const *copy_list(apr_pool_t *pool, const char *const *list)
{
    apr_size_t count = 0;
    const char **copy;

    while (list != NULL && list[count] != NULL)
        count++;
    copy = apr_pcalloc(pool, (count + 1) * sizeof(char *));
    for (apr_size_t i = 0; i < count; i++)
        copy[i] = fb_str_to_z(pool, fb_str_from(list[i]));
    return copy;
}

static apr_status_t copy_options(fb_env *env, const fb_env_options *options, fb_error *error)
{
    fb_env_options *o = &env->options;
    fb_str *required[] = { &o->block_start,   &o->block_end,   &o->variable_start, &o->variable_end,
                           &o->comment_start, &o->comment_end, &o->newline };
    fb_str *optional[] = { &o->line_statement_prefix, &o->line_comment_prefix };

    *o = *options;
    for (unsigned i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
        if (required[i]->len == 0)
            return fb_error_set(error, FB_EINVALID,
                                "a delimiter of the template language is empty");
        *required[i] = fb_str_dup(env->pool, *required[i]);
    }
    for (unsigned i = 0; i < sizeof(optional) / sizeof(optional[0]); i++)
        *optional[i] = fb_str_dup(env->pool, *optional[i]);
    o->autoescape_on = copy_list(env->pool, options->autoescape_on);
    o->autoescape_off = copy_list(env->pool, options->autoescape_off);
    return APR_SUCCESS;
}

/* ---- names ----------------------------------------------------------------------- */

static bool is_method(fb_str name)
{
    static const fb_builtin *const tables[] = { fb_builtin_dict_methods };

    for (unsigned i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        for (const fb_builtin *row = tables[i]; row->name != NULL; row++) {
            if (fb_str_eq_z(name, row->name))
                return true;
        }
    }
    return false;
}

static uint32_t name_slot(const fb_env *env, fb_str s, uint32_t hash)
{
    uint32_t at = hash & env->name_mask;

    while (env->names[at] != NULL &&
           (env->names[at]->hash != hash || !fb_str_eq(env->names[at]->s, s)))
        at = (at + 1) & env->name_mask;
    return at;
}

static void grow_names(fb_env *env)
{
    uint32_t size = env->names == NULL ? 512 : (env->name_mask + 1) * 2;
    fb_name **old = env->names;
    uint32_t old_size = old != NULL ? env->name_mask + 1 : 0;

    env->names = apr_pcalloc(env->pool, size * sizeof(fb_name *));
    env->name_mask = size - 1;
    for (uint32_t i = 0; i < old_size; i++) {
        if (old[i] != NULL)
            env->names[name_slot(env, old[i]->s, old[i]->hash)] = old[i];
    }
}

const fb_name *fb_env_intern(fb_env *env, fb_str s)
{
    uint32_t hash = fb_str_hash(s);

    if (env->names == NULL || env->name_count * 2 > env->name_mask)
        grow_names(env);
    uint32_t at = name_slot(env, s, hash);
    if (env->names[at] != NULL)
        return env->names[at];
    fb_name *name = apr_palloc(env->pool, sizeof(*name));
    *name = (fb_name){ fb_str_dup(env->pool, s), hash, env->name_count, is_method(s) };
    env->names[at] = name;
    if (env->name_count == env->name_cap) {
        uint32_t cap = env->name_cap == 0 ? 256 : env->name_cap * 2;
        const fb_name **by_id = apr_palloc(env->pool, cap * sizeof(fb_name *));
        if (env->name_count > 0)
            memcpy(by_id, env->names_by_id, env->name_count * sizeof(fb_name *));
        env->names_by_id = by_id;
        env->name_cap = cap;
    }
    env->names_by_id[env->name_count++] = name;
    return name;
}

const fb_name *fb_env_name(const fb_env *env, fb_str s)
{
    return env->names == NULL ? NULL : env->names[name_slot(env, s, fb_str_hash(s))];
}

/* ---- builtins -------------------------------------------------------------------- */

static apr_status_t add_row(fb_env *env, fb_dict *dict, const fb_builtin *row)
{
    return fb_dict_set_str(dict, fb_str_from(row->name), fb_function_value(row), env->arena);
}

static apr_status_t add_table(fb_env *env, fb_dict *dict, const fb_builtin *rows)
{
    apr_status_t status = APR_SUCCESS;

    for (; rows->name != NULL && status == APR_SUCCESS; rows++)
        status = add_row(env, dict, rows);
    return status;
}

static const fb_builtin *find_row(const fb_dict *dict, fb_str name)
{
    const fb_value *found = fb_dict_find_str(dict, name);

    return found != NULL ? found->as.builtin : NULL;
}

const fb_builtin *fb_env_filter(const fb_env *env, fb_str name)
{
    return find_row(env->filters, name);
}

const fb_builtin *fb_env_test(const fb_env *env, fb_str name)
{
    return find_row(env->tests, name);
}

apr_status_t fb_env_add_filter(fb_env *env, const fb_builtin *row)
{
    return add_row(env, env->filters, row);
}

apr_status_t fb_env_add_test(fb_env *env, const fb_builtin *row)
{
    return add_row(env, env->tests, row);
}

apr_status_t fb_env_add_function(fb_env *env, const fb_builtin *row)
{
    return add_row(env, env->globals, row);
}

apr_status_t fb_env_set_global(fb_env *env, fb_str name, fb_value value)
{
    return fb_dict_set_str(env->globals, fb_env_intern(env, name)->s, value, env->arena);
}

apr_status_t fb_env_set_policy(fb_env *env, const char *name, fb_value value)
{
    return fb_dict_set_str(env->policies, fb_env_intern(env, fb_str_from(name))->s, value,
                           env->arena);
}

apr_status_t fb_env_declare(fb_env *env, const char *name)
{
    return fb_dict_set_str(env->declared, fb_env_intern(env, fb_str_from(name))->s, fb_none(),
                           env->arena);
}

fb_arena *fb_env_arena(fb_env *env)
{
    return env->arena;
}

static apr_status_t add_builtins(fb_env *env)
{
    apr_status_t status = add_table(env, env->filters, fb_builtin_filters);

    if (status == APR_SUCCESS)
        status = add_table(env, env->tests, fb_builtin_tests);
    if (status == APR_SUCCESS)
        status = add_table(env, env->globals, fb_builtin_globals);
    if (status == APR_SUCCESS && (env->options.extensions & FB_EXT_I18N) != 0)
        status = add_table(env, env->globals, fb_i18n_alias);
    if (status == APR_SUCCESS && env->options.gettext_functions)
        status = add_table(env, env->globals,
                           env->options.newstyle_gettext ? fb_i18n_newstyle : fb_i18n_oldstyle);
    return status;
}

apr_status_t fb_env_create(fb_env **out, const fb_env_options *options, apr_pool_t *pool,
                           fb_error *error)
{
    fb_env *env = apr_pcalloc(pool, sizeof(*env));

    env->pool = pool;
    env->arena = fb_arena_create(pool, ENV_MEMORY);
    env->filters = fb_dict_create(env->arena, 128);
    env->tests = fb_dict_create(env->arena, 64);
    env->globals = fb_dict_create(env->arena, 32);
    env->policies = fb_dict_create(env->arena, 16);
    env->declared = fb_dict_create(env->arena, 16);
    env->by_name = fb_dict_create(env->arena, 64);
    apr_status_t status = copy_options(env, options, error);
    if (status == APR_SUCCESS)
        status = add_builtins(env);
    *out = env;
    return status;
}

/* ---- templates ------------------------------------------------------------------- */

static bool ends_with_one_of(fb_str name, const char *const *endings)
{
    for (; endings != NULL && *endings != NULL; endings++) {
        fb_str ending = fb_str_from(*endings);
        if (name.len >= ending.len &&
            fb_str_ieq(fb_str_sub(name, name.len - ending.len, ending.len), ending))
            return true;
    }
    return false;
}

bool fb_env_autoescapes(const fb_env *env, const fb_template *tmpl)
{
    const fb_env_options *o = &env->options;

    if (o->autoescape != FB_AUTOESCAPE_BY_NAME)
        return o->autoescape == FB_AUTOESCAPE_ON;
    if (tmpl->anonymous)
        return o->autoescape_for_string;
    if (ends_with_one_of(tmpl->name, o->autoescape_on))
        return true;
    return !ends_with_one_of(tmpl->name, o->autoescape_off) && o->autoescape_default;
}

fb_template *fb_env_add_template(fb_env *env, fb_str name, fb_str text)
{
    fb_template *tmpl = apr_pcalloc(env->pool, sizeof(*tmpl));

    tmpl->env = env;
    tmpl->name = fb_str_dup(env->pool, name);
    tmpl->anonymous = name.len == 0;
    tmpl->source = fb_str_dup(env->pool, text);
    if (env->template_count == env->template_cap) {
        uint32_t cap = env->template_cap == 0 ? 64 : env->template_cap * 2;
        fb_template **v = apr_palloc(env->pool, cap * sizeof(*v));
        if (env->template_count > 0)
            memcpy(v, env->templates, env->template_count * sizeof(*v));
        env->templates = v;
        env->template_cap = cap;
    }
    env->templates[env->template_count++] = tmpl;
    return tmpl;
}

apr_status_t fb_env_add_source(fb_env *env, fb_str name, fb_str text, fb_error *error)
{
    if (env->compiled)
        return fb_error_set(error, FB_EINTERNAL, "templates can not be added after compiling");
    if (!fb_str_is_utf8(text))
        return fb_error_set(error, FB_ESYNTAX, "template %.*s is not UTF-8", FB_STR_ARG(name));
    if (fb_dict_find_str(env->by_name, name) != NULL)
        return APR_SUCCESS;
    fb_template *tmpl = fb_env_add_template(env, name, text);
    return fb_dict_set_str(env->by_name, tmpl->name, fb_int((int64_t)env->template_count - 1),
                           env->arena);
}

const fb_template *fb_env_find(const fb_env *env, fb_str name)
{
    const fb_value *found = fb_dict_find_str(env->by_name, name);

    return found != NULL ? env->templates[found->as.i] : NULL;
}

fb_str fb_template_name(const fb_template *tmpl)
{
    return tmpl->name;
}

static int by_template_name(const void *a, const void *b)
{
    return fb_str_cmp((*(fb_template *const *)a)->name, (*(fb_template *const *)b)->name);
}

void fb_env_each_source(const fb_env *env, fb_env_visit *visit, void *baton)
{
    fb_template **sorted = apr_palloc(env->pool, (env->template_count + 1) * sizeof(*sorted));

    if (env->template_count > 0)
        memcpy(sorted, env->templates, env->template_count * sizeof(*sorted));
    qsort(sorted, env->template_count, sizeof(*sorted), by_template_name);
    for (uint32_t i = 0; i < env->template_count; i++) {
        if (!sorted[i]->anonymous)
            visit(baton, sorted[i]->name, sorted[i]->source);
    }
}
