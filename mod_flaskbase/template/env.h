/* The environment from inside: names, tables of builtins, templates. */
#ifndef FB_TEMPLATE_ENV_H
#define FB_TEMPLATE_ENV_H

#include "template/code.h"

struct fb_env {
    fb_env_options options;
    apr_pool_t *pool;
    fb_arena *arena; /* constants */
    /* interned names: open addressing by hash, and in order of interning */
    fb_name **names;
    uint32_t name_mask;
    const fb_name **names_by_id;
    uint32_t name_count, name_cap;
    fb_dict *filters, *tests; /* name → function value */
    fb_dict *globals;
    fb_dict *policies;
    fb_dict *declared;       /* names that every render brings */
    fb_template **templates; /* in order of adding */
    uint32_t template_count, template_cap;
    fb_dict *by_name; /* name → index */
    bool compiled;
};

/* Only while compiling. The bytes are copied when the name is new. */
const fb_name *fb_env_intern(fb_env *env, fb_str s);
/* NULL if no template has this name. */
const fb_name *fb_env_name(const fb_env *env, fb_str s);
const fb_builtin *fb_env_filter(const fb_env *env, fb_str name);
const fb_builtin *fb_env_test(const fb_env *env, fb_str name);
bool fb_env_autoescapes(const fb_env *env, const fb_template *tmpl);
/* Adds a template that is not found by name (a string); env must not be compiled yet. */
fb_template *fb_env_add_template(fb_env *env, fb_str name, fb_str text);
/* Compiles one template (compile.c). On failure tmpl->error is set as well. */
apr_status_t fb_compile(fb_env *env, fb_template *tmpl, apr_pool_t *scratch,
                        fb_error *error) FB_MUST_CHECK;

/* A VM without a page, for folding constants. */
fb_vm *fb_vm_for_folding(const fb_env *env, fb_arena *arena, apr_pool_t *pool);
/* Copies what lives in another arena. False when it holds what can not be a constant. */
bool fb_value_copy(fb_value v, fb_arena *arena, fb_value *out);

#endif
