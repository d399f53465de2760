/* Contexts: the variables that a running template sees, and its blocks. */
#include "template/vm_state.h"

#include <string.h>

#include "base/banned.h"

fb_value fb_vm_context_find(const fb_vm_context *ctx, const fb_name *name)
{
    const fb_value *found = NULL;

    if (ctx->vars != NULL)
        found = fb_dict_find_hashed(ctx->vars, name->s, name->hash);
    for (const fb_scope *scope = ctx->scope; found == NULL && scope != NULL; scope = scope->next) {
        if (scope->dict != NULL) {
            found = fb_dict_find_hashed(scope->dict, name->s, name->hash);
            continue;
        }
        for (apr_size_t i = 0; i < scope->count && found == NULL; i++) {
            if (scope->names[i] == name && scope->values[i].tag != FB_ABSENT)
                found = &scope->values[i];
        }
    }
    return found != NULL ? *found : fb_absent();
}

fb_value fb_vm_resolve(fb_vm *vm, fb_str name)
{
    fb_name unknown = { .s = name, .hash = fb_str_hash(name) };
    const fb_name *known = fb_env_name(vm->env, name);

    return fb_vm_context_find(vm->ctx, known != NULL ? known : &unknown);
}

fb_vm_context *fb_vm_context_create(fb_vm *vm, const fb_template *tmpl, const fb_scope *scope)
{
    fb_vm_context *ctx = fb_arena_calloc(vm->arena, sizeof(*ctx));

    ctx->tmpl = tmpl;
    ctx->scope = scope;
    ctx->autoescape = tmpl->autoescape;
    fb_vm_context_add_blocks(vm, ctx, tmpl);
    return ctx;
}

/* ---- what included templates see ------------------------------------------------- */

static fb_value local_value(fb_frame *frame, const fb_names *names, apr_size_t i)
{
    for (unsigned up = names->depths[i]; up > 0; up--)
        frame = frame->outer;
    fb_value v = frame->slots[names->slots[i]];
    return v.tag == FB_UNRESOLVED ? fb_absent() : v;
}

static const fb_scope *local_scope(fb_vm *vm, const fb_names *names, fb_frame *frame,
                                   const fb_scope *next)
{
    fb_scope *scope = fb_arena_alloc(vm->arena, sizeof(*scope));
    fb_value *values = fb_arena_alloc(vm->arena, names->count * sizeof(fb_value));

    if (values == NULL)
        return next;
    for (apr_size_t i = 0; i < names->count; i++)
        values[i] = local_value(frame, names, i);
    *scope =
        (fb_scope){ .next = next, .names = names->names, .values = values, .count = names->count };
    return scope;
}

const fb_scope *fb_vm_context_scope(fb_vm *vm, const fb_vm_context *ctx, bool snapshot,
                                    const fb_names *names, fb_frame *frame)
{
    const fb_scope *scope = ctx->scope;

    if (ctx->vars != NULL && ctx->vars->len > 0) {
        fb_scope *own = fb_arena_calloc(vm->arena, sizeof(*own));
        own->next = scope;
        own->dict = snapshot ? fb_dict_copy(ctx->vars, vm->arena) : ctx->vars;
        if (own->dict != NULL)
            scope = own;
    }
    if (names != NULL && names->count > 0)
        scope = local_scope(vm, names, frame, scope);
    return scope;
}

fb_vm_context *fb_vm_context_derive(fb_vm *vm, const fb_vm_context *ctx, const fb_names *names,
                                    fb_frame *frame)
{
    fb_vm_context *derived = fb_arena_calloc(vm->arena, sizeof(*derived));

    derived->tmpl = ctx->tmpl;
    derived->scope = fb_vm_context_scope(vm, ctx, false, names, frame);
    derived->autoescape = ctx->autoescape;
    derived->blocks = ctx->blocks;
    derived->block_count = ctx->block_count;
    derived->block_cap = ctx->block_count; /* a block of its own is never added here */
    return derived;
}

apr_status_t fb_vm_context_set(fb_vm *vm, fb_vm_context *ctx, const fb_name *name, fb_value v,
                               unsigned how, fb_error *error)
{
    if (ctx->vars == NULL) {
        ctx->vars = fb_dict_create(vm->arena, 0);
        ctx->exported = fb_dict_create(vm->arena, 0);
    }
    fb_vm_keep(vm, v);
    apr_status_t status = fb_dict_set_str(ctx->vars, name->s, v, vm->arena);
    if (status == APR_SUCCESS && how == 1)
        status = fb_dict_set_str(ctx->exported, name->s, fb_none(), vm->arena);
    else if (how == 2)
        (void)fb_dict_remove(ctx->exported, fb_string(name->s));
    return status == APR_SUCCESS ? APR_SUCCESS : fb_raise_memory(error);
}

/* ---- blocks ---------------------------------------------------------------------- */

fb_block_stack *fb_vm_context_block(const fb_vm_context *ctx, const fb_name *name)
{
    for (uint32_t i = 0; i < ctx->block_count; i++) {
        if (ctx->blocks[i].name == name)
            return &ctx->blocks[i];
    }
    return NULL;
}

static void *grow(fb_vm *vm, void *v, uint32_t count, uint32_t *cap, uint32_t more, apr_size_t size)
{
    if (count + more <= *cap)
        return v;
    uint32_t want = count + more > *cap * 2 ? count + more : *cap * 2;
    void *copy = fb_arena_alloc(vm->arena, want * size);
    if (copy == NULL)
        return NULL;
    if (count > 0)
        memcpy(copy, v, count * size);
    *cap = want;
    return copy;
}

void fb_vm_context_add_blocks(fb_vm *vm, fb_vm_context *ctx, const fb_template *tmpl)
{
    fb_block_stack *blocks = grow(vm, ctx->blocks, ctx->block_count, &ctx->block_cap,
                                  tmpl->block_count, sizeof(*ctx->blocks));
    if (blocks == NULL)
        return;
    ctx->blocks = blocks;
    for (uint32_t i = 0; i < tmpl->block_count; i++) {
        const fb_proc *proc = tmpl->blocks[i];
        fb_block_stack *stack = fb_vm_context_block(ctx, proc->name);
        if (stack == NULL) {
            stack = &ctx->blocks[ctx->block_count++];
            *stack = (fb_block_stack){ .name = proc->name };
        }
        const fb_proc **versions = grow(vm, (void *)stack->versions, stack->count, &stack->cap, 1,
                                        sizeof(*stack->versions));
        if (versions == NULL)
            return;
        stack->versions = versions;
        stack->versions[stack->count++] = proc;
    }
}
