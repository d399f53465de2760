/* Objects that the language itself brings: modules, self, super, and the attributes of macros. */
#include "template/vm_state.h"

#include "base/banned.h"

/* ---- modules: what import gives -------------------------------------------------- */

typedef struct module {
    fb_object object;
    const fb_vm_context *ctx;
    fb_value body;
} module;

fb_value fb_module_value(fb_vm *vm, const fb_vm_context *ctx, fb_value body)
{
    module *m = fb_arena_alloc(vm->arena, sizeof(*m));

    *m = (module){ { &fb_class_module }, ctx, body };
    return fb_object_value(m);
}

const fb_template *fb_module_template(fb_value value)
{
    return ((module *)value.as.object)->ctx->tmpl;
}

static fb_value exported(const module *m, fb_str name)
{
    const fb_value *found = NULL;

    if (m->ctx->exported != NULL && fb_dict_find_str(m->ctx->exported, name) != NULL)
        found = fb_dict_find_str(m->ctx->vars, name);
    return found != NULL ? *found : fb_absent();
}

fb_value fb_module_get(fb_value value, const fb_name *name)
{
    return exported((module *)value.as.object, name->s);
}

static apr_status_t module_attribute(fb_vm *vm, fb_value self, fb_str name, fb_value *out,
                                     fb_error *error)
{
    const module *m = (module *)self.as.object;

    (void)vm;
    (void)error;
    if (fb_str_eq_z(name, "__name__")) {
        *out = m->ctx->tmpl->anonymous ? fb_none() : fb_string(m->ctx->tmpl->name);
        return APR_SUCCESS;
    }
    *out = exported(m, name);
    return out->tag == FB_ABSENT ? FB_ENOTFOUND : APR_SUCCESS;
}

static apr_status_t module_string(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    (void)vm;
    (void)error;
    *out = ((module *)self.as.object)->body;
    return APR_SUCCESS;
}

static apr_status_t module_repr(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    const module *m = (module *)self.as.object;
    fb_text text;

    fb_text_init(&text, vm, 48);
    fb_text_add(&text, FB_STR("<TemplateModule "));
    fb_text_add(&text,
                m->ctx->tmpl->anonymous ? FB_STR("memory:0") : fb_quote(vm, m->ctx->tmpl->name));
    fb_text_add_char(&text, '>');
    return fb_text_finish(&text, FB_STR, out, error);
}

const fb_class fb_class_module = {
    .name = "TemplateModule",
    .module = "jinja2.environment",
    .get_attribute = module_attribute,
    .to_string = module_string,
    .repr = module_repr,
};

/* ---- one version of a block: what super() and self.name() call ------------------- */

typedef struct block_reference {
    fb_object object;
    fb_vm_context *ctx;
    const fb_name *name;
    uint32_t depth;
} block_reference;

static fb_value make_reference(fb_vm *vm, fb_vm_context *ctx, const fb_name *name, uint32_t depth)
{
    const fb_block_stack *stack = fb_vm_context_block(ctx, name);

    if (stack == NULL || depth >= stack->count) {
        fb_str quoted = fb_quote(vm, name->s);
        return fb_undefined_hint(
            vm,
            fb_str_printf(vm->pool, "there is no parent block called %.*s.", FB_STR_ARG(quoted)));
    }
    block_reference *reference = fb_arena_alloc(vm->arena, sizeof(*reference));
    *reference = (block_reference){ { &fb_class_block }, ctx, name, depth };
    return fb_object_value(reference);
}

fb_value fb_vm_super(fb_vm *vm, fb_vm_context *ctx, const fb_proc *current)
{
    const fb_block_stack *stack = fb_vm_context_block(ctx, current->name);
    uint32_t depth = 0;

    while (stack != NULL && depth < stack->count && stack->versions[depth] != current)
        depth++;
    return make_reference(vm, ctx, current->name, depth + 1);
}

apr_status_t fb_vm_call_block(fb_vm *vm, fb_value block, bool direct, fb_value *out,
                              fb_error *error)
{
    const block_reference *reference = (block_reference *)block.as.object;
    const fb_block_stack *stack = fb_vm_context_block(reference->ctx, reference->name);
    const fb_proc *proc = stack->versions[reference->depth];
    fb_tag tag = reference->ctx->autoescape ? FB_MARKUP : FB_STR;

    if (direct && (tag == FB_MARKUP || !vm->ctx->autoescape)) {
        *out = fb_absent();
        return fb_vm_run_proc(vm, proc, reference->ctx, error);
    }
    apr_size_t start = fb_vm_capture_begin(vm);
    apr_status_t status = fb_vm_run_proc(vm, proc, reference->ctx, error);
    return status == APR_SUCCESS ? fb_vm_capture_end(vm, start, tag, out, error) : status;
}

static apr_status_t block_call(fb_vm *vm, fb_value self, fb_args args, fb_kwargs kwargs,
                               fb_value *out, fb_error *error)
{
    (void)args;
    (void)kwargs;
    return fb_vm_call_block(vm, self, false, out, error);
}

static apr_status_t block_super(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    const block_reference *reference = (block_reference *)self.as.object;

    (void)error;
    *out = make_reference(vm, reference->ctx, reference->name, reference->depth + 1);
    return APR_SUCCESS;
}

static apr_status_t block_name(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    (void)vm;
    (void)error;
    *out = fb_string(((block_reference *)self.as.object)->name->s);
    return APR_SUCCESS;
}

static const fb_attribute block_attributes[] = {
    { "super", block_super, "the version of the block that this one replaced" },
    { "name", block_name, "its name" },
    { NULL, NULL, NULL },
};

static const fb_builtin block_call_row = {
    .name = "BlockReference", .fn = block_call, FB_NO_PARAMS, .doc = "the text of the block"
};

const fb_class fb_class_block = {
    .name = "BlockReference",
    .module = "jinja2.runtime",
    .attributes = block_attributes,
    .call = &block_call_row,
};

/* ---- self ------------------------------------------------------------------------ */

typedef struct self_reference {
    fb_object object;
    fb_vm_context *ctx;
} self_reference;

fb_value fb_vm_self(fb_vm *vm, fb_vm_context *ctx)
{
    self_reference *self = fb_arena_alloc(vm->arena, sizeof(*self));

    *self = (self_reference){ { &fb_class_self }, ctx };
    return fb_object_value(self);
}

static apr_status_t self_item(fb_vm *vm, fb_value self, fb_value key, fb_value *out,
                              fb_error *error)
{
    fb_vm_context *ctx = ((self_reference *)self.as.object)->ctx;
    const fb_name *name = fb_is_string(key) ? fb_env_name(vm->env, fb_value_str(key)) : NULL;

    (void)error;
    if (name == NULL || fb_vm_context_block(ctx, name) == NULL)
        return FB_ENOTFOUND;
    *out = make_reference(vm, ctx, name, 0);
    return APR_SUCCESS;
}

static apr_status_t self_string(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    const fb_template *tmpl = ((self_reference *)self.as.object)->ctx->tmpl;
    fb_text text;

    fb_text_init(&text, vm, 48);
    fb_text_add(&text, FB_STR("<TemplateReference "));
    fb_text_add(&text, tmpl->anonymous ? FB_STR("None") : fb_quote(vm, tmpl->name));
    fb_text_add_char(&text, '>');
    return fb_text_finish(&text, FB_STR, out, error);
}

const fb_class fb_class_self = {
    .name = "TemplateReference",
    .module = "jinja2.runtime",
    .get_item = self_item,
    .to_string = self_string,
};

/* ---- macros ---------------------------------------------------------------------- */

static apr_status_t macro_name(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    const fb_proc *proc = self.as.macro->proc;

    (void)vm;
    (void)error;
    *out = proc->name != NULL ? fb_string(proc->name->s) : fb_none();
    return APR_SUCCESS;
}

static apr_status_t macro_arguments(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    const fb_proc *proc = self.as.macro->proc;
    fb_list *names = fb_list_create(vm->arena, proc->param_count);

    if (names == NULL)
        return fb_raise_memory(error);
    for (uint16_t i = 0; i < proc->param_count; i++)
        names->items[names->len++] = fb_string(proc->params[i]->s);
    *out = fb_tuple_value(names);
    return APR_SUCCESS;
}

static apr_status_t macro_catch_kwargs(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    (void)vm;
    (void)error;
    *out = fb_bool(self.as.macro->proc->uses_kwargs);
    return APR_SUCCESS;
}

static apr_status_t macro_catch_varargs(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    (void)vm;
    (void)error;
    *out = fb_bool(self.as.macro->proc->uses_varargs);
    return APR_SUCCESS;
}

static apr_status_t macro_caller(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    (void)vm;
    (void)error;
    *out = fb_bool(self.as.macro->proc->uses_caller);
    return APR_SUCCESS;
}

static apr_status_t macro_explicit_caller(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    (void)vm;
    (void)error;
    *out = fb_bool(self.as.macro->proc->explicit_caller);
    return APR_SUCCESS;
}

const fb_attribute *fb_macro_attributes(void)
{
    static const fb_attribute attributes[] = {
        { "name", macro_name, "its name; none for a call block" },
        { "arguments", macro_arguments, "the names of its parameters" },
        { "catch_kwargs", macro_catch_kwargs, "true if it uses kwargs" },
        { "catch_varargs", macro_catch_varargs, "true if it uses varargs" },
        { "caller", macro_caller, "true if it uses caller" },
        { "explicit_caller", macro_explicit_caller, "true if caller is one of its parameters" },
        { NULL, NULL, NULL },
    };
    return attributes;
}
