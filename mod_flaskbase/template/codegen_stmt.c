/* Code for statements, except loops and macros. */
#include "template/codegen.h"

#include "template/ops.h"
#include "template/vm_state.h"

#include <apr_strings.h>

#include "base/banned.h"

void fb_gen_body(fb_codegen *cg, fb_scope_frame *frame, const fb_nodes *body)
{
    for (uint32_t i = 0; i < body->count && !cg->failed && !cg->unreachable; i++)
        fb_gen_statement(cg, frame, body->v[i]);
    cg->unreachable = false;
}

fb_escape_mode fb_gen_escape_mode(const fb_codegen *cg)
{
    if (cg->volatile_escape)
        return FB_ESCAPE_ASK;
    return cg->autoescape ? FB_ESCAPE_YES : FB_ESCAPE_NO;
}

/* ---- output ---------------------------------------------------------------------- */

/* The text of an expression that is known now. */
static bool constant_text(fb_codegen *cg, fb_node *node, fb_value *out)
{
    fb_error error;
    fb_value v;

    fb_error_init(&error, cg->scratch);
    if (!fb_fold(cg, node, &v))
        return false;
    return (cg->autoescape ? fb_escape(cg->vm, v, out, &error)
                           : fb_to_string(cg->vm, v, out, &error)) == APR_SUCCESS;
}

static void gen_print(fb_codegen *cg, fb_scope_frame *frame, fb_node *node)
{
    fb_escape_mode mode = fb_gen_escape_mode(cg);

    fb_gen_line(cg, node);
    if (node->kind == FB_NODE_CALL && (cg->volatile_escape || !fb_fold(cg, node, &(fb_value){ 0 })))
        fb_gen_call(cg, frame, node, false, true);
    else
        fb_gen_expr(cg, frame, node);
    if (cg->failed)
        return;
    fb_proc *proc = cg->builder->proc;
    fb_ins *last = &proc->code[proc->length - 1];
    if (proc->length != cg->builder->label && last->op == FB_OP_LOAD) {
        *last = (fb_ins){ FB_OP_PRINT_LOAD, (uint8_t)mode, last->b, last->c };
        cg->builder->depth--;
    } else if (proc->length != cg->builder->label && last->op == FB_OP_ATTR) {
        *last = (fb_ins){ FB_OP_PRINT_ATTR, (uint8_t)mode, 0, last->c };
        cg->builder->depth--;
    } else {
        fb_gen_emit(cg, FB_OP_PRINT, mode, 0, 0, -1);
    }
}

static void gen_output(fb_codegen *cg, fb_scope_frame *frame, const fb_node *node)
{
    uint32_t skip = UINT32_MAX;

    if (frame->check_extended) {
        if (cg->known_extends)
            return;
        skip = fb_gen_emit(cg, FB_OP_IF_EXTENDED, 0, 0, 0, 0);
    }
    for (uint32_t i = 0; i < node->list[0].count && !cg->failed; i++) {
        fb_node *child = node->list[0].v[i];
        fb_value text;
        if (child->kind == FB_NODE_DATA)
            fb_gen_text(cg, fb_value_str(child->value));
        else if (constant_text(cg, child, &text))
            fb_gen_text(cg, fb_value_str(text));
        else
            gen_print(cg, frame, child);
    }
    if (skip != UINT32_MAX)
        fb_gen_patch(cg, skip);
}

static void gen_capture(fb_codegen *cg)
{
    fb_gen_emit(cg, FB_OP_CAPTURE, 0, 0, 0, 1);
    cg->builder->captures++;
}

static void gen_captured(fb_codegen *cg, fb_escape_mode mode)
{
    fb_gen_emit(cg, FB_OP_CAPTURED, mode, 0, 0, 0);
    cg->builder->captures--;
}

/* ---- assignments ----------------------------------------------------------------- */

static void gen_namespace(fb_codegen *cg, fb_scope_frame *frame, const fb_node *target)
{
    fb_gen_load(cg, frame, target->name);
    fb_gen_emit(cg, FB_OP_NS_CHECK, 0, 0, 0, 0);
}

static void gen_assign(fb_codegen *cg, fb_scope_frame *frame, fb_node *node)
{
    const fb_node *target = node->kid[0];

    fb_gen_line(cg, node);
    if (target->kind == FB_NODE_NSREF) {
        gen_namespace(cg, frame, target);
        fb_gen_expr(cg, frame, node->kid[1]);
        fb_gen_emit(cg, FB_OP_NS_SET, 0, 0, target->attr->id, -2);
        return;
    }
    fb_gen_expr(cg, frame, node->kid[1]);
    fb_gen_assign(cg, frame, target);
    fb_gen_export_target(cg, frame, target);
}

static void gen_assign_block(fb_codegen *cg, fb_scope_frame *frame, fb_node *node)
{
    fb_scope_frame inside = fb_gen_inner(cg, frame);
    const fb_node *target = node->kid[0];

    inside.check_extended = false;
    fb_symbols_analyze(inside.symbols, node, FB_FOR_BODY);
    fb_gen_enter(cg, &inside);
    gen_capture(cg);
    fb_gen_body(cg, &inside, &node->list[0]);
    fb_gen_line(cg, node);
    gen_captured(cg, node->kid[1] != NULL ? fb_gen_escape_mode(cg) : FB_ESCAPE_ASK);
    if (node->kid[1] != NULL) {
        fb_gen_filter_chain(cg, &inside, node->kid[1]);
        fb_gen_emit(cg, FB_OP_SAFE_IF_AUTO, 0, 0, 0, 0);
    }
    if (target->kind == FB_NODE_NSREF) {
        uint16_t text = fb_gen_slot(cg);
        fb_gen_emit(cg, FB_OP_STORE, 0, text, 0, -1);
        gen_namespace(cg, frame, target);
        fb_gen_emit(cg, FB_OP_LOAD, 0, text, target->name->id, 1);
        fb_gen_emit(cg, FB_OP_NS_SET, 0, 0, target->attr->id, -2);
    } else {
        fb_gen_assign(cg, frame, target);
        fb_gen_export_target(cg, frame, target);
    }
    fb_gen_leave(cg, &inside);
}

static void gen_with(fb_codegen *cg, fb_scope_frame *frame, fb_node *node)
{
    fb_scope_frame inside = fb_gen_inner(cg, frame);

    fb_symbols_analyze(inside.symbols, node, FB_FOR_BODY);
    fb_gen_enter(cg, &inside);
    for (uint32_t i = 0; i < node->list[0].count; i++) {
        fb_gen_expr(cg, frame, node->list[1].v[i]);
        fb_gen_assign(cg, &inside, node->list[0].v[i]);
    }
    fb_gen_body(cg, &inside, &node->list[2]);
    fb_gen_leave(cg, &inside);
}

/* ---- control --------------------------------------------------------------------- */

static void gen_if(fb_codegen *cg, fb_scope_frame *frame, fb_node *node)
{
    fb_scope_frame soft = fb_gen_soft(frame);
    fb_patches ends = { NULL, 0, 0 };
    const fb_node *part = node;
    uint32_t i = 0;

    for (;;) {
        fb_gen_line(cg, part);
        fb_gen_expr(cg, &soft, part->kid[0]);
        uint32_t next = fb_gen_emit(cg, FB_OP_JUMP_IF_FALSE, 0, 0, 0, -1);
        fb_gen_body(cg, &soft, &part->list[0]);
        bool last = i == node->list[1].count && node->list[2].count == 0;
        if (!last)
            fb_gen_patch_later(cg, &ends, fb_gen_emit(cg, FB_OP_JUMP, 0, 0, 0, 0));
        fb_gen_patch(cg, next);
        if (i == node->list[1].count)
            break;
        part = node->list[1].v[i++];
    }
    fb_gen_body(cg, &soft, &node->list[2]);
    fb_gen_patch_all(cg, &ends);
}

static void gen_filter_block(fb_codegen *cg, fb_scope_frame *frame, fb_node *node)
{
    fb_scope_frame inside = fb_gen_inner(cg, frame);

    fb_symbols_analyze(inside.symbols, node, FB_FOR_BODY);
    fb_gen_enter(cg, &inside);
    gen_capture(cg);
    fb_gen_body(cg, &inside, &node->list[0]);
    fb_gen_line(cg, node);
    gen_captured(cg, fb_gen_escape_mode(cg));
    fb_gen_filter_chain(cg, &inside, node->kid[0]);
    fb_gen_emit(cg, FB_OP_PRINT, FB_ESCAPE_RAW, 0, 0, -1);
    fb_gen_leave(cg, &inside);
}

static void gen_scope(fb_codegen *cg, fb_scope_frame *frame, fb_node *node)
{
    fb_scope_frame inside = fb_gen_inner(cg, frame);

    fb_symbols_analyze(inside.symbols, node, FB_FOR_BODY);
    fb_gen_enter(cg, &inside);
    fb_gen_body(cg, &inside, &node->list[0]);
    fb_gen_leave(cg, &inside);
}

static void gen_autoescape(fb_codegen *cg, fb_scope_frame *frame, fb_node *node)
{
    bool old_autoescape = cg->autoescape;
    bool old_volatile = cg->volatile_escape;
    fb_error error;
    fb_value v;
    bool on = false;

    fb_error_init(&error, cg->scratch);
    fb_gen_expr(cg, frame, node->kid[0]);
    fb_gen_emit(cg, FB_OP_AUTOESCAPE, 0, 0, 0, 0);
    if (fb_fold(cg, node->kid[0], &v) && fb_truth(cg->vm, v, &on, &error) == APR_SUCCESS)
        cg->autoescape = on;
    else
        cg->volatile_escape = true;
    fb_gen_body(cg, frame, &node->list[0]);
    cg->autoescape = old_autoescape;
    cg->volatile_escape = old_volatile;
    fb_gen_emit(cg, FB_OP_AUTOESCAPE_END, 0, 0, 0, -1);
}

/* ---- blocks and inheritance ------------------------------------------------------ */

static void gen_block(fb_codegen *cg, fb_scope_frame *frame, fb_node *node)
{
    fb_template *tmpl = cg->tmpl;
    uint32_t skip = UINT32_MAX;

    if (frame->toplevel) {
        if (cg->known_extends)
            return;
        if (cg->extends_so_far > 0)
            skip = fb_gen_emit(cg, FB_OP_IF_EXTENDED, 0, 0, 0, 0);
    }
    fb_block_site site = { .name = node->name, .required = (node->flags & FB_NODE_REQUIRED) != 0 };
    if ((node->flags & FB_NODE_SCOPED) != 0)
        site.locals = fb_gen_locals(cg, frame);
    fb_gen_line(cg, node);
    tmpl->block_sites = fb_gen_grow(cg->pool, tmpl->block_sites, tmpl->block_site_count,
                                    &cg->block_site_cap, sizeof(site));
    tmpl->block_sites[tmpl->block_site_count] = site;
    fb_gen_emit(cg, FB_OP_BLOCK, 0, 0, tmpl->block_site_count++, 0);
    if (skip != UINT32_MAX)
        fb_gen_patch(cg, skip);
}

/* An include, import or extends; a name that is known now is kept in the site, to be linked. */
static uint32_t gen_template_name(fb_codegen *cg, fb_scope_frame *frame, fb_node *node,
                                  const fb_names *locals)
{
    fb_template *tmpl = cg->tmpl;
    fb_include_site site = {
        .locals = locals,
        .with_context = (node->flags & FB_NODE_WITH_CONTEXT) != 0,
        .ignore_missing = (node->flags & FB_NODE_IGNORE_MISSING) != 0,
    };
    fb_value v;

    if (fb_fold_safe(cg, node->kid[0], &v) && v.tag == FB_STR)
        site.name = v;
    if (site.name.tag == FB_ABSENT)
        fb_gen_expr(cg, frame, node->kid[0]);
    else
        (void)fb_value_copy(v, cg->env->arena, &site.name);
    tmpl->include_sites = fb_gen_grow(cg->pool, tmpl->include_sites, tmpl->include_site_count,
                                      &cg->include_site_cap, sizeof(site));
    tmpl->include_sites[tmpl->include_site_count] = site;
    fb_gen_column(cg, node);
    return tmpl->include_site_count++;
}

static int pops_name(const fb_codegen *cg, uint32_t site)
{
    return cg->tmpl->include_sites[site].name.tag == FB_ABSENT ? -1 : 0;
}

static void gen_extends(fb_codegen *cg, fb_scope_frame *frame, fb_node *node)
{
    if (!frame->toplevel) {
        fb_gen_fail(cg, node, "TemplateAssertionError",
                    "cannot use extend from a non top-level scope");
        return;
    }
    if (cg->extends_so_far > 0) {
        if (cg->known_extends) {
            fb_gen_emit(cg, FB_OP_RAISE, 0, 0,
                        fb_gen_constant(cg, FB_VSTR("extended multiple times")), 0);
            cg->unreachable = true;
            return;
        }
        fb_gen_emit(cg, FB_OP_NOT_TWICE, 0, 0, 0, 0);
    }
    fb_gen_line(cg, node);
    uint32_t site = gen_template_name(cg, frame, node, NULL);
    fb_gen_emit(cg, FB_OP_EXTENDS, 0, 0, site, pops_name(cg, site));
    if (frame->rootlevel)
        cg->known_extends = true;
    cg->extends_so_far++;
}

static void gen_include(fb_codegen *cg, fb_scope_frame *frame, fb_node *node)
{
    bool with_context = (node->flags & FB_NODE_WITH_CONTEXT) != 0;
    const fb_names *locals = with_context ? fb_gen_locals(cg, frame) : NULL;

    /* Without context Jinja2 sends the text on at once, past what is being collected for a filter,
     * a call or a set block of the same procedure. */
    uint32_t around = with_context ? 0 : cg->builder->captures;
    if (around > 0)
        gen_capture(cg);
    fb_gen_line(cg, node);
    uint32_t site = gen_template_name(cg, frame, node, locals);
    fb_gen_emit(cg, FB_OP_INCLUDE, 0, 0, site, pops_name(cg, site));
    if (around > 0) {
        fb_gen_emit(cg, FB_OP_HOIST, 0, 0, around, -1);
        cg->builder->captures--;
    }
}

static void gen_import_module(fb_codegen *cg, fb_scope_frame *frame, fb_node *node)
{
    bool with_context = (node->flags & FB_NODE_WITH_CONTEXT) != 0;
    const fb_names *locals = with_context ? fb_gen_locals(cg, frame) : NULL;

    fb_gen_line(cg, node);
    uint32_t site = gen_template_name(cg, frame, node, locals);
    fb_gen_emit(cg, FB_OP_IMPORT, 0, 0, site, 1 + pops_name(cg, site));
}

static void gen_import(fb_codegen *cg, fb_scope_frame *frame, fb_node *node)
{
    gen_import_module(cg, frame, node);
    fb_gen_store(cg, frame, node->name);
    if (frame->toplevel)
        fb_gen_export(cg, frame, node->name, 2);
}

static void gen_from(fb_codegen *cg, fb_scope_frame *frame, fb_node *node)
{
    fb_template *tmpl = cg->tmpl;
    const char *where = tmpl->anonymous
                            ? ""
                            : apr_psprintf(cg->pool, " in %s", fb_quote_z(cg->scratch, tmpl->name));

    gen_import_module(cg, frame, node);
    for (uint32_t i = 0; i < node->list[0].count; i++) {
        const fb_node *imported = node->list[0].v[i];
        fb_import_site site = { .name = imported->name,
                                .position =
                                    fb_str_printf(cg->pool, "line %u%s", node->line, where) };
        tmpl->import_sites = fb_gen_grow(cg->pool, tmpl->import_sites, tmpl->import_site_count,
                                         &cg->import_site_cap, sizeof(site));
        tmpl->import_sites[tmpl->import_site_count] = site;
        fb_gen_emit(cg, FB_OP_IMPORT_NAME, 0, 0, tmpl->import_site_count++, 1);
        fb_gen_store(cg, frame, imported->attr);
        if (frame->toplevel)
            fb_gen_export(cg, frame, imported->attr, 2);
    }
    fb_gen_emit(cg, FB_OP_POP, 0, 0, 0, -1);
}

/* ---- all of them ----------------------------------------------------------------- */

void fb_gen_statement(fb_codegen *cg, fb_scope_frame *frame, fb_node *node)
{
    switch (node->kind) {
    case FB_NODE_OUTPUT: gen_output(cg, frame, node); break;
    case FB_NODE_FOR: fb_gen_for(cg, frame, node); break;
    case FB_NODE_IF: gen_if(cg, frame, node); break;
    case FB_NODE_MACRO: fb_gen_macro(cg, frame, node); break;
    case FB_NODE_CALLBLOCK: fb_gen_call_block(cg, frame, node); break;
    case FB_NODE_FILTERBLOCK: gen_filter_block(cg, frame, node); break;
    case FB_NODE_WITH: gen_with(cg, frame, node); break;
    case FB_NODE_BLOCK: gen_block(cg, frame, node); break;
    case FB_NODE_EXTENDS: gen_extends(cg, frame, node); break;
    case FB_NODE_INCLUDE: gen_include(cg, frame, node); break;
    case FB_NODE_IMPORT: gen_import(cg, frame, node); break;
    case FB_NODE_FROM: gen_from(cg, frame, node); break;
    case FB_NODE_ASSIGN: gen_assign(cg, frame, node); break;
    case FB_NODE_ASSIGNBLOCK: gen_assign_block(cg, frame, node); break;
    case FB_NODE_EXPRSTMT:
        fb_gen_line(cg, node);
        fb_gen_expr(cg, frame, node->kid[0]);
        fb_gen_emit(cg, FB_OP_POP, 0, 0, 0, -1);
        break;
    case FB_NODE_SCOPE: gen_scope(cg, frame, node); break;
    case FB_NODE_AUTOESCAPE: gen_autoescape(cg, frame, node); break;
    default: fb_gen_break(cg, node); break;
    }
}
