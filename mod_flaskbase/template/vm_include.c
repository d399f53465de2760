/* Extends, include, import: templates that run other templates. */
#include "template/vm_state.h"

#include "base/banned.h"

/* ---- finding templates ----------------------------------------------------------- */

static apr_status_t usable(const fb_template *tmpl, fb_error *error)
{
    if (tmpl->error == NULL)
        return APR_SUCCESS;
    /* It did not compile: whoever needs it gets the reason. */
    apr_pool_t *pool = error->pool;
    *error = *tmpl->error;
    error->pool = pool;
    return error->status;
}

static apr_status_t find_one(fb_vm *vm, fb_value name, const fb_template **out, fb_error *error)
{
    fb_value shown;
    apr_status_t status;

    if (name.tag == FB_UNDEFINED)
        return fb_raise_undefined(vm, name, error);
    status = fb_to_string(vm, name, &shown, error);
    if (status != APR_SUCCESS)
        return status;
    uint32_t hash;
    status = fb_hash(vm, name, &hash, error); /* as a key of the loader's cache */
    if (status != APR_SUCCESS)
        return status;
    *out = fb_is_string(name) ? fb_env_find(vm->env, fb_value_str(name)) : NULL;
    if (*out == NULL)
        return fb_raise(error, "TemplateNotFound", "%.*s", FB_STR_ARG(fb_value_str(shown)));
    return usable(*out, error);
}

/* The first of several names that exists. */
static apr_status_t find_any(fb_vm *vm, fb_value names, const fb_template **out, fb_error *error)
{
    fb_walk walk;
    fb_value name;
    fb_text tried;
    bool first = true;
    bool truth = true;
    apr_status_t status = fb_truth(vm, names, &truth, error);

    if (status == APR_SUCCESS && !truth)
        return fb_raise(error, "TemplatesNotFound",
                        "Tried to select from an empty list of templates.");
    if (status == APR_SUCCESS)
        status = fb_walk_start(vm, names, &walk, error);
    fb_text_init(&tried, vm, 64);
    while (status == APR_SUCCESS &&
           (status = fb_walk_next(vm, &walk, &name, error)) == APR_SUCCESS) {
        status = find_one(vm, name, out, error);
        if (status == APR_SUCCESS)
            return APR_SUCCESS;
        if (!fb_error_is(error, "TemplateNotFound") && !fb_error_is(error, "UndefinedError"))
            return status;
        fb_text_add(&tried, first ? FB_STR("") : FB_STR(", "));
        fb_text_add(&tried, fb_str_from(error->message));
        first = false;
        fb_error_clear(error);
        status = APR_SUCCESS;
    }
    if (status != APR_EOF)
        return status;
    return fb_raise(error, "TemplatesNotFound", "none of the templates given were found: %.*s",
                    FB_STR_ARG(fb_str_from_len(tried.data, tried.len)));
}

static apr_status_t find_template(fb_vm *vm, const fb_include_site *site, fb_value name,
                                  bool several, const fb_template **out, fb_error *error)
{
    if (site->tmpl != NULL) {
        *out = site->tmpl;
        return usable(site->tmpl, error);
    }
    if (!several || fb_is_string(name) || name.tag == FB_UNDEFINED)
        return find_one(vm, name, out, error);
    return find_any(vm, name, out, error);
}

/* ---- extends --------------------------------------------------------------------- */

apr_status_t fb_vm_extend(fb_vm *vm, fb_frame *frame, const fb_include_site *site, fb_value name,
                          fb_error *error)
{
    const fb_template *parent = NULL;
    apr_status_t status = find_template(vm, site, name, false, &parent, error);

    if (status != APR_SUCCESS)
        return status;
    frame->parent = parent;
    fb_vm_context_add_blocks(vm, frame->ctx, parent);
    return APR_SUCCESS;
}

apr_status_t fb_vm_run_root(fb_vm *vm, const fb_template *tmpl, fb_vm_context *ctx, fb_error *error)
{
    unsigned parents = 0;

    while (tmpl != NULL) {
        fb_frame place = { .parent = NULL };
        fb_frame *frame = fb_vm_frame(vm, &place, tmpl->procs[0], NULL, ctx);
        if (frame == NULL)
            return fb_raise_memory(error);
        apr_status_t status = fb_vm_run(vm, frame, error);
        if (status != APR_SUCCESS)
            return status;
        tmpl = frame->parent;
        if (++parents > vm->limits->call_depth)
            return fb_raise(error, "RecursionError", "a template extends more than %u others",
                            vm->limits->call_depth);
    }
    return APR_SUCCESS;
}

/* ---- include --------------------------------------------------------------------- */

static apr_status_t enter(fb_vm *vm, fb_error *error)
{
    if (vm->include_depth >= vm->limits->include_depth)
        return fb_raise(error, "RecursionError", "includes are nested deeper than %u templates",
                        vm->limits->include_depth);
    vm->include_depth++;
    return APR_SUCCESS;
}

apr_status_t fb_vm_include(fb_vm *vm, fb_frame *frame, const fb_include_site *site, fb_value name,
                           fb_error *error)
{
    const fb_template *tmpl = NULL;
    fb_value module;
    apr_status_t status = find_template(vm, site, name, true, &tmpl, error);

    if (status != APR_SUCCESS) {
        if (site->ignore_missing &&
            (fb_error_is(error, "TemplateNotFound") || fb_error_is(error, "TemplatesNotFound"))) {
            fb_error_clear(error);
            return APR_SUCCESS;
        }
        return status;
    }
    if (!site->with_context) {
        fb_include_site found = *site;
        found.tmpl = tmpl;
        status = fb_vm_import(vm, frame, &found, name, &module, error);
        return status == APR_SUCCESS ? fb_vm_emit_value(vm, module, false, error) : status;
    }
    status = enter(vm, error);
    if (status != APR_SUCCESS)
        return status;
    fb_vm_context *ctx = fb_vm_context_create(
        vm, tmpl, fb_vm_context_scope(vm, frame->ctx, false, site->locals, frame));
    status = fb_vm_run_root(vm, tmpl, ctx, error);
    vm->include_depth--;
    return status;
}

/* ---- import ---------------------------------------------------------------------- */

static apr_status_t make_module(fb_vm *vm, const fb_template *tmpl, const fb_scope *scope,
                                fb_value *out, fb_error *error)
{
    fb_value body;
    apr_status_t status = enter(vm, error);

    if (status != APR_SUCCESS)
        return status;
    fb_vm_context *ctx = fb_vm_context_create(vm, tmpl, scope);
    apr_size_t start = fb_vm_capture_begin(vm);
    status = fb_vm_run_root(vm, tmpl, ctx, error);
    vm->include_depth--;
    if (status == APR_SUCCESS)
        status = fb_vm_capture_end(vm, start, FB_MARKUP, &body, error);
    if (status == APR_SUCCESS)
        *out = fb_module_value(vm, ctx, body);
    return status;
}

apr_status_t fb_vm_import(fb_vm *vm, fb_frame *frame, const fb_include_site *site, fb_value name,
                          fb_value *out, fb_error *error)
{
    const fb_template *tmpl = NULL;
    apr_status_t status = find_template(vm, site, name, false, &tmpl, error);

    if (status != APR_SUCCESS)
        return status;
    if (site->with_context)
        return make_module(vm, tmpl, fb_vm_context_scope(vm, frame->ctx, true, site->locals, frame),
                           out, error);
    /* Without context a module is the same for the whole render. */
    for (fb_module_entry *entry = vm->modules; entry != NULL; entry = entry->next) {
        if (entry->tmpl == tmpl) {
            *out = entry->module;
            return APR_SUCCESS;
        }
    }
    status = make_module(vm, tmpl, vm->global_scope, out, error);
    if (status != APR_SUCCESS)
        return status;
    fb_module_entry *entry = fb_arena_alloc(vm->arena, sizeof(*entry));
    *entry = (fb_module_entry){ vm->modules, tmpl, *out };
    vm->modules = entry;
    fb_vm_keep(vm, *out);
    return APR_SUCCESS;
}

fb_value fb_vm_import_name(fb_vm *vm, const fb_import_site *site, fb_value module)
{
    fb_value found = fb_module_get(module, site->name);

    if (found.tag != FB_ABSENT)
        return found;
    const fb_template *tmpl = fb_module_template(module);
    fb_str where = fb_quote(vm, tmpl->name);
    fb_str name = fb_quote(vm, site->name->s);
    return fb_undefined_hint(vm, fb_str_printf(vm->pool,
                                               "the template %.*s (imported on %.*s) does not"
                                               " export the requested name %.*s",
                                               FB_STR_ARG(where), FB_STR_ARG(site->position),
                                               FB_STR_ARG(name)));
}
