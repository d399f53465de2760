/* Code for macros and call blocks. */
#include "template/codegen.h"

#include "base/banned.h"

/* What a macro's body may use without declaring it. */
static const char *const special[] = { "caller", "kwargs", "varargs", NULL };
enum { USES_CALLER = 1, USES_KWARGS = 2, USES_VARARGS = 4 };

static unsigned declared_specials(const fb_node *node)
{
    unsigned declared = 0;

    for (uint32_t i = 0; i < node->list[0].count; i++) {
        for (unsigned j = 0; special[j] != NULL; j++) {
            if (fb_str_eq_z(node->list[0].v[i]->name->s, special[j]))
                declared |= 1u << j;
        }
    }
    return declared;
}

/* A parameter called "caller" must have a default. */
static void check_caller(fb_codegen *cg, const fb_node *node)
{
    uint32_t params = node->list[0].count;
    uint32_t defaults = node->list[1].count;

    for (uint32_t i = 0; i < params; i++) {
        if (fb_str_eq_z(node->list[0].v[i]->name->s, "caller") && params - i > defaults)
            fb_gen_fail(
                cg, node, "TemplateAssertionError",
                "When defining macros or call blocks the special \"caller\" argument must be"
                " omitted or be given a default.");
    }
}

static uint16_t parameter_slot(fb_codegen *cg, fb_symbols *symbols, const fb_name *name)
{
    fb_symbol *symbol = fb_symbols_own(symbols, name);

    if (!symbol->placed) {
        symbol->slot = fb_gen_slot(cg);
        symbol->placed = true;
    }
    return symbol->slot;
}

static uint16_t special_slot(fb_codegen *cg, fb_symbols *symbols, unsigned which)
{
    const fb_name *name = fb_env_intern(cg->env, fb_str_from(special[which]));

    fb_symbols_parameter(symbols, name);
    return parameter_slot(cg, symbols, name);
}

static void place_parameters(fb_codegen *cg, fb_scope_frame *frame, const fb_node *node)
{
    fb_proc *proc = cg->builder->proc;
    unsigned declared = declared_specials(node);
    unsigned used = fb_undeclared(&node->list[2], special);

    proc->param_count = (uint16_t)node->list[0].count;
    proc->params = apr_palloc(cg->pool, (node->list[0].count + 1) * sizeof(fb_name *));
    proc->param_slots = apr_palloc(cg->pool, (node->list[0].count + 1) * sizeof(uint16_t));
    for (uint32_t i = 0; i < node->list[0].count; i++) {
        proc->params[i] = node->list[0].v[i]->name;
        proc->param_slots[i] = parameter_slot(cg, frame->symbols, proc->params[i]);
    }
    proc->explicit_caller = (declared & USES_CALLER) != 0;
    proc->uses_caller = (used & USES_CALLER) != 0;
    proc->uses_kwargs = (used & USES_KWARGS) != 0 && (declared & USES_KWARGS) == 0;
    proc->uses_varargs = (used & USES_VARARGS) != 0 && (declared & USES_VARARGS) == 0;
    if (proc->uses_caller && proc->explicit_caller)
        check_caller(cg, node);
    else if (proc->uses_caller)
        proc->caller_slot = special_slot(cg, frame->symbols, 0);
    if (proc->uses_kwargs)
        proc->kwargs_slot = special_slot(cg, frame->symbols, 1);
    if (proc->uses_varargs)
        proc->varargs_slot = special_slot(cg, frame->symbols, 2);
}

static void gen_defaults(fb_codegen *cg, fb_scope_frame *frame, const fb_node *node)
{
    const fb_proc *proc = cg->builder->proc;
    uint32_t params = node->list[0].count;
    uint32_t defaults = node->list[1].count;

    for (uint32_t i = 0; i < params; i++) {
        uint16_t slot = proc->param_slots[i];
        if (params - i > defaults) {
            fb_gen_emit(cg, FB_OP_PARAM_MISSING, 0, slot, proc->params[i]->id, 0);
            continue;
        }
        uint32_t given = fb_gen_emit(cg, FB_OP_PARAM_SET, 0, slot, 0, 0);
        fb_gen_expr(cg, frame, node->list[1].v[i - (params - defaults)]);
        fb_gen_emit(cg, FB_OP_STORE, 0, slot, 0, -1);
        fb_gen_patch(cg, given);
    }
}

/* The procedure of a macro or call block; returns its number. */
static uint32_t gen_macro_proc(fb_codegen *cg, fb_scope_frame *frame, fb_node *node)
{
    fb_builder *builder = fb_gen_proc(cg, FB_PROC_MACRO, node->name);
    fb_scope_frame inside = fb_gen_inner(cg, frame);

    inside.check_extended = false;
    fb_symbols_analyze(inside.symbols, node, FB_FOR_BODY);
    place_parameters(cg, &inside, node);
    fb_gen_line(cg, node);
    fb_gen_enter(cg, &inside);
    gen_defaults(cg, &inside, node);
    fb_gen_body(cg, &inside, &node->list[2]);
    return fb_gen_proc_end(cg, builder);
}

void fb_gen_macro(fb_codegen *cg, fb_scope_frame *frame, fb_node *node)
{
    uint32_t number = gen_macro_proc(cg, frame, node);

    fb_gen_emit(cg, FB_OP_MACRO, 0, 0, number, 1);
    fb_gen_store(cg, frame, node->name);
    if (frame->toplevel)
        fb_gen_export(cg, frame, node->name, 1);
}

void fb_gen_call_block(fb_codegen *cg, fb_scope_frame *frame, fb_node *node)
{
    const fb_name *name = fb_env_intern(cg->env, FB_STR("caller"));
    uint32_t number = gen_macro_proc(cg, frame, node);
    uint16_t slot = fb_gen_slot(cg);

    fb_gen_line(cg, node);
    fb_gen_emit(cg, FB_OP_MACRO, 0, 0, number, 1);
    fb_gen_emit(cg, FB_OP_STORE, 0, slot, 0, -1);
    cg->caller_slot = slot;
    cg->caller_name = name->id;
    fb_gen_call(cg, frame, node->kid[0], true, true);
    fb_gen_emit(cg, FB_OP_PRINT, FB_ESCAPE_RAW, 0, 0, -1);
}
