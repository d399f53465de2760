/* A render: making a machine, giving it a template, collecting the page. */
#include "template/vm_state.h"

#include <string.h>

#include "base/banned.h"

#define FIRST_STACK 1024u

static void start(fb_vm *vm, const fb_env *env, fb_arena *arena, apr_pool_t *pool)
{
    fb_segment *segment = apr_palloc(pool, sizeof(*segment));

    vm->env = env;
    vm->arena = arena;
    vm->pool = pool;
    vm->limits = &env->options.limits;
    segment->next = NULL;
    segment->start = apr_palloc(pool, FIRST_STACK * sizeof(fb_value));
    segment->end = segment->start + FIRST_STACK;
    vm->segment = segment;
    vm->stack = segment->start;
    vm->dice = 0x2545f4914f6cdd1du;
}

static int64_t fuel_of(const fb_limits *limits)
{
    return limits->instructions < INT64_MAX / 2 ? (int64_t)limits->instructions : INT64_MAX / 2;
}

static fb_scope *scope_of(fb_vm *vm, const fb_dict *dict, const fb_scope *next)
{
    fb_scope *scope = fb_arena_calloc(vm->arena, sizeof(*scope));

    scope->dict = dict;
    scope->next = next;
    return scope;
}

fb_vm *fb_vm_for_folding(const fb_env *env, fb_arena *arena, apr_pool_t *pool)
{
    static const fb_render nothing;
    fb_vm *vm = apr_pcalloc(pool, sizeof(*vm));

    start(vm, env, arena, pool);
    vm->render = &nothing;
    vm->fuel = INT64_MAX / 2;
    vm->ctx = apr_pcalloc(pool, sizeof(*vm->ctx));
    return vm;
}

apr_status_t fb_template_render(fb_chunks *out, const fb_env *env, const fb_template *tmpl,
                                const fb_render *render, apr_pool_t *pool, fb_error *error)
{
    fb_vm *vm = apr_palloc(pool, sizeof(*vm));
    const fb_limits *limits = render->limits != NULL ? render->limits : &env->options.limits;
    fb_arena *arena = render->arena;

    memset(vm, 0, sizeof(*vm));
    if (tmpl->error != NULL) {
        apr_pool_t *mine = error->pool;
        *error = *tmpl->error;
        error->pool = mine;
        return error->status;
    }
    if (arena == NULL)
        arena = fb_arena_create(pool, limits->memory);
    else
        arena->max = limits->memory;
    start(vm, env, arena, pool);
    vm->render = render;
    vm->limits = limits;
    vm->fuel = fuel_of(limits);
    if (render->random_seed != 0)
        vm->dice = render->random_seed;
    const fb_scope *scope = scope_of(vm, env->globals, NULL);
    if (render->globals != NULL)
        scope = scope_of(vm, render->globals, scope);
    vm->global_scope = scope;
    if (render->context != NULL)
        scope = scope_of(vm, render->context, scope);
    fb_vm_output_start(vm, out);
    fb_vm_context *ctx = fb_vm_context_create(vm, tmpl, scope);
    vm->ctx = ctx;
    vm->last_mark = fb_arena_note(arena);
    apr_status_t status = fb_vm_run_root(vm, tmpl, ctx, error);
    return status == APR_SUCCESS ? fb_vm_output_finish(vm, error) : status;
}

/* ---- what C functions ask -------------------------------------------------------- */

fb_arena *fb_vm_arena(fb_vm *vm)
{
    return vm->arena;
}

apr_pool_t *fb_vm_pool(fb_vm *vm)
{
    return vm->pool;
}

void fb_vm_keep(fb_vm *vm, fb_value v)
{
    (void)v; /* even storing a number may make a container grow */
    vm->keeps++;
}

bool fb_vm_autoescape(fb_vm *vm)
{
    return vm->ctx->autoescape;
}

fb_undefined_kind fb_vm_undefined_kind(fb_vm *vm)
{
    return vm->env->options.undefined;
}

bool fb_vm_sandboxed(fb_vm *vm)
{
    return vm->env->options.sandbox != FB_SANDBOX_NONE;
}

fb_value fb_vm_policy(fb_vm *vm, const char *name)
{
    const fb_value *found = fb_dict_find_str(vm->env->policies, fb_str_from(name));

    return found != NULL ? *found : fb_absent();
}

uint32_t fb_vm_random(fb_vm *vm, uint32_t n)
{
    /* xorshift64*: good enough to pick a quotation, and nothing else is picked with it. */
    vm->dice ^= vm->dice >> 12;
    vm->dice ^= vm->dice << 25;
    vm->dice ^= vm->dice >> 27;
    return n == 0 ? 0 : (uint32_t)(((vm->dice * 0x2545f4914f6cdd1du) >> 32) % n);
}

fb_str fb_vm_newline(fb_vm *vm)
{
    return vm->env->options.newline;
}

void *fb_vm_user(fb_vm *vm)
{
    return vm->render->user;
}
