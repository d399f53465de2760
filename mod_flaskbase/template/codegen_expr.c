/* Code for expressions. */
#include "template/codegen.h"

#include <apr_strings.h>

#include "base/banned.h"

static bool is_mutable(fb_value v)
{
    if (v.tag == FB_LIST || v.tag == FB_DICT)
        return true;
    for (uint32_t i = 0; v.tag == FB_TUPLE && i < v.as.list->len; i++) {
        if (is_mutable(v.as.list->items[i]))
            return true;
    }
    return false;
}

static void gen_constant(fb_codegen *cg, fb_value v)
{
    fb_gen_emit(cg, is_mutable(v) ? FB_OP_CONST_COPY : FB_OP_CONST, 0, 0, fb_gen_constant(cg, v),
                1);
}

static void gen_items(fb_codegen *cg, fb_scope_frame *frame, const fb_nodes *nodes)
{
    for (uint32_t i = 0; i < nodes->count; i++)
        fb_gen_expr(cg, frame, nodes->v[i]);
}

/* ---- calls, filters, tests ------------------------------------------------------- */

static uint32_t add_site(fb_codegen *cg, const fb_node *node, bool caller)
{
    fb_template *tmpl = cg->tmpl;
    uint32_t keywords = node->list[1].count;
    fb_site site = { .name = node->name, .positional = (uint16_t)node->list[0].count };

    if (node->list[0].count + keywords >= UINT16_MAX)
        fb_gen_fail(cg, node, "TemplateSyntaxError", "a call has too many arguments");
    site.keywords = apr_palloc(cg->pool, (keywords + 1) * sizeof(fb_str));
    for (uint32_t i = 0; i < keywords; i++) {
        site.keywords[i] = node->list[1].v[i]->name->s;
        for (uint32_t j = 0; j < i; j++) {
            if (fb_str_eq(site.keywords[i], site.keywords[j]))
                fb_gen_fail(cg, node, "SyntaxError", "keyword argument repeated: %.*s",
                            FB_STR_ARG(site.keywords[i]));
        }
    }
    if (caller)
        site.keywords[keywords++] = FB_STR("caller");
    site.keyword_count = (uint16_t)keywords;
    if (node->kid[1] != NULL)
        site.flags |= FB_SITE_DYN_ARGS;
    if (node->kid[2] != NULL)
        site.flags |= FB_SITE_DYN_KWARGS;
    tmpl->sites = fb_gen_grow(cg->pool, tmpl->sites, tmpl->site_count, &cg->site_cap, sizeof(site));
    tmpl->sites[tmpl->site_count] = site;
    return tmpl->site_count++;
}

/* Pushes the arguments in the order in which Python evaluates them; returns how many values. With
 * `caller`, the caller's macro is on the stack below the callee. */
static int gen_arguments(fb_codegen *cg, fb_scope_frame *frame, const fb_node *node)
{
    int count = (int)(node->list[0].count + node->list[1].count);

    gen_items(cg, frame, &node->list[0]);
    for (uint32_t i = 0; i < node->list[1].count; i++)
        fb_gen_expr(cg, frame, node->list[1].v[i]->kid[0]);
    return count;
}

static int gen_dynamic_arguments(fb_codegen *cg, fb_scope_frame *frame, const fb_node *node)
{
    int count = 0;

    for (unsigned i = 1; i <= 2; i++) {
        if (node->kid[i] != NULL) {
            fb_gen_expr(cg, frame, node->kid[i]);
            count++;
        }
    }
    return count;
}

/* With `caller`, slot-less: the macro is made by the caller of this function after the callee. */
void fb_gen_call(fb_codegen *cg, fb_scope_frame *frame, fb_node *node, bool caller, bool printed)
{
    int count;

    fb_gen_expr(cg, frame, node->kid[0]);
    count = gen_arguments(cg, frame, node);
    if (caller) {
        fb_gen_emit(cg, FB_OP_LOAD, 0, cg->caller_slot, cg->caller_name, 1);
        count++;
    }
    count += gen_dynamic_arguments(cg, frame, node);
    fb_gen_column(cg, node);
    uint32_t site = add_site(cg, node, caller);
    if (!cg->failed)
        fb_gen_emit(cg, FB_OP_CALL, printed, 0, site, -count);
}

static const fb_builtin *find_builtin(const fb_codegen *cg, const fb_node *node)
{
    return node->kind == FB_NODE_FILTER ? fb_env_filter(cg->env, node->name->s)
                                        : fb_env_test(cg->env, node->name->s);
}

/* An unknown filter or test is an error now; inside an if only when it is reached. Of several, the
 * outermost is named. */
static void check_builtin(fb_codegen *cg, const fb_scope_frame *frame, const fb_node *node)
{
    if (!frame->soft && find_builtin(cg, node) == NULL)
        fb_gen_fail(cg, node, "TemplateAssertionError", "No %s named '%.*s'.",
                    node->kind == FB_NODE_FILTER ? "filter" : "test", FB_STR_ARG(node->name->s));
}

/* A filter or test whose value is on the stack. */
static void gen_builtin(fb_codegen *cg, fb_scope_frame *frame, fb_node *node, bool negated)
{
    bool filter = node->kind == FB_NODE_FILTER;
    int count = gen_arguments(cg, frame, node) + gen_dynamic_arguments(cg, frame, node);
    fb_gen_column(cg, node);
    uint32_t site = add_site(cg, node, false);
    if (cg->failed)
        return;
    cg->tmpl->sites[site].row = find_builtin(cg, node);
    fb_gen_emit(cg, filter ? FB_OP_FILTER : FB_OP_TEST, negated, 0, site, -count);
}

void fb_gen_filter_chain(fb_codegen *cg, fb_scope_frame *frame, fb_node *node)
{
    check_builtin(cg, frame, node);
    /* The innermost filter of a filter block has no value of its own: it is on the stack. */
    if (node->kid[0] == NULL || node->kid[0]->kind != FB_NODE_FILTER) {
        if (node->kid[0] != NULL)
            fb_gen_expr(cg, frame, node->kid[0]);
    } else {
        fb_gen_filter_chain(cg, frame, node->kid[0]);
    }
    gen_builtin(cg, frame, node, false);
}

/* ---- operators ------------------------------------------------------------------- */

static void gen_compare(fb_codegen *cg, fb_scope_frame *frame, const fb_node *node)
{
    fb_patches ends = { NULL, 0, 0 };
    uint32_t last = node->list[0].count - 1;

    fb_gen_expr(cg, frame, node->kid[0]);
    for (uint32_t i = 0; i <= last; i++) {
        const fb_node *operand = node->list[0].v[i];
        fb_gen_expr(cg, frame, operand->kid[0]);
        fb_gen_column(cg, operand);
        if (i < last)
            fb_gen_patch_later(cg, &ends,
                               fb_gen_emit(cg, FB_OP_COMPARE_CHAIN, operand->op, 0, 0, -1));
        else
            fb_gen_emit(cg, FB_OP_COMPARE, operand->op, 0, 0, -1);
    }
    fb_gen_patch_all(cg, &ends);
}

static void gen_binary(fb_codegen *cg, fb_scope_frame *frame, const fb_node *node)
{
    static const uint8_t ops[] = {
        [FB_NODE_ADD] = FB_OP_ADD, [FB_NODE_SUB] = FB_OP_SUB,           [FB_NODE_MUL] = FB_OP_MUL,
        [FB_NODE_DIV] = FB_OP_DIV, [FB_NODE_FLOORDIV] = FB_OP_FLOORDIV, [FB_NODE_MOD] = FB_OP_MOD,
        [FB_NODE_POW] = FB_OP_POW,
    };

    fb_gen_expr(cg, frame, node->kid[0]);
    fb_gen_expr(cg, frame, node->kid[1]);
    fb_gen_column(cg, node);
    fb_gen_emit(cg, (fb_opcode)ops[node->kind], 0, 0, 0, -1);
}

static void gen_logic(fb_codegen *cg, fb_scope_frame *frame, const fb_node *node)
{
    fb_gen_expr(cg, frame, node->kid[0]);
    uint32_t jump = fb_gen_emit(cg, node->kind == FB_NODE_AND ? FB_OP_AND : FB_OP_OR, 0, 0, 0, -1);
    fb_gen_expr(cg, frame, node->kid[1]);
    fb_gen_patch(cg, jump);
}

static void gen_condition(fb_codegen *cg, fb_scope_frame *frame, const fb_node *node)
{
    fb_scope_frame soft = fb_gen_soft(frame);
    const char *where = cg->tmpl->anonymous
                            ? ""
                            : apr_psprintf(cg->scratch, " in '%.*s'", FB_STR_ARG(cg->tmpl->name));

    fb_gen_expr(cg, &soft, node->kid[0]);
    uint32_t otherwise = fb_gen_emit(cg, FB_OP_JUMP_IF_FALSE, 0, 0, 0, -1);
    fb_gen_expr(cg, &soft, node->kid[1]);
    uint32_t end = fb_gen_emit(cg, FB_OP_JUMP, 0, 0, 0, -1);
    fb_gen_patch(cg, otherwise);
    if (node->kid[2] != NULL) {
        fb_gen_expr(cg, &soft, node->kid[2]);
    } else {
        const char *text = apr_psprintf(cg->scratch,
                                        "the inline if-expression on line %u%s evaluated to"
                                        " false and no else section was defined.",
                                        node->line, where);
        fb_gen_emit(cg, FB_OP_COND_UNDEFINED, 0, 0, fb_gen_constant(cg, fb_string_z(text)), 1);
    }
    fb_gen_patch(cg, end);
}

/* ---- attributes and items -------------------------------------------------------- */

static void gen_slice_parts(fb_codegen *cg, fb_scope_frame *frame, const fb_node *slice)
{
    for (unsigned i = 0; i < 3; i++) {
        if (slice->kid[i] != NULL)
            fb_gen_expr(cg, frame, slice->kid[i]);
        else
            gen_constant(cg, fb_none());
    }
}

static void gen_item(fb_codegen *cg, fb_scope_frame *frame, const fb_node *node)
{
    fb_gen_expr(cg, frame, node->kid[0]);
    if (node->kid[1]->kind == FB_NODE_SLICE) {
        gen_slice_parts(cg, frame, node->kid[1]);
        fb_gen_column(cg, node);
        fb_gen_emit(cg, FB_OP_SLICE, 0, 0, 0, -3);
        return;
    }
    fb_gen_expr(cg, frame, node->kid[1]);
    fb_gen_column(cg, node);
    fb_gen_emit(cg, FB_OP_ITEM, 0, 0, 0, -1);
}

/* ---- all of them ----------------------------------------------------------------- */

static void gen_not(fb_codegen *cg, fb_scope_frame *frame, fb_node *node)
{
    fb_node *kid = node->kid[0];

    if (kid->kind == FB_NODE_TEST) {
        check_builtin(cg, frame, kid);
        fb_gen_expr(cg, frame, kid->kid[0]);
        gen_builtin(cg, frame, kid, true);
        return;
    }
    fb_gen_expr(cg, frame, kid);
    fb_gen_emit(cg, FB_OP_NOT, 0, 0, 0, 0);
}

void fb_gen_expr(fb_codegen *cg, fb_scope_frame *frame, fb_node *node)
{
    fb_value value;
    uint32_t count = node->list[0].count;

    if (cg->failed)
        return;
    fb_gen_column(cg, node);
    if (node->kind == FB_NODE_CONST || (!cg->volatile_escape && fb_fold_safe(cg, node, &value))) {
        gen_constant(cg, node->kind == FB_NODE_CONST ? node->value : value);
        return;
    }
    switch (node->kind) {
    case FB_NODE_NAME: fb_gen_load(cg, frame, node->name); break;
    case FB_NODE_DATA:
        gen_constant(cg, node->value);
        fb_gen_emit(cg, FB_OP_SAFE_IF_AUTO, 0, 0, 0, 0);
        break;
    case FB_NODE_TUPLE:
        gen_items(cg, frame, &node->list[0]);
        fb_gen_emit(cg, FB_OP_TUPLE, 0, 0, count, 1 - (int)count);
        break;
    case FB_NODE_LIST:
        gen_items(cg, frame, &node->list[0]);
        fb_gen_emit(cg, FB_OP_LIST, 0, 0, count, 1 - (int)count);
        break;
    case FB_NODE_DICT:
        for (uint32_t i = 0; i < count; i++) {
            fb_gen_expr(cg, frame, node->list[0].v[i]->kid[0]);
            fb_gen_expr(cg, frame, node->list[0].v[i]->kid[1]);
        }
        fb_gen_emit(cg, FB_OP_DICT, 0, 0, count, 1 - 2 * (int)count);
        break;
    case FB_NODE_COND: gen_condition(cg, frame, node); break;
    case FB_NODE_FILTER:
    case FB_NODE_TEST:
        check_builtin(cg, frame, node);
        if (node->kid[0] != NULL)
            fb_gen_expr(cg, frame, node->kid[0]);
        gen_builtin(cg, frame, node, false);
        break;
    case FB_NODE_CALL: fb_gen_call(cg, frame, node, false, false); break;
    case FB_NODE_GETATTR:
        fb_gen_expr(cg, frame, node->kid[0]);
        fb_gen_column(cg, node);
        fb_gen_emit(cg, FB_OP_ATTR, 0, 0, node->name->id, 0);
        break;
    case FB_NODE_GETITEM: gen_item(cg, frame, node); break;
    case FB_NODE_SLICE:
        gen_slice_parts(cg, frame, node);
        fb_gen_emit(cg, FB_OP_SLICE_VALUE, 0, 0, 0, -2);
        break;
    case FB_NODE_CONCAT:
        gen_items(cg, frame, &node->list[0]);
        fb_gen_emit(cg, FB_OP_CONCAT, !cg->volatile_escape && cg->autoescape, 0, count,
                    1 - (int)count);
        break;
    case FB_NODE_COMPARE: gen_compare(cg, frame, node); break;
    case FB_NODE_AND:
    case FB_NODE_OR: gen_logic(cg, frame, node); break;
    case FB_NODE_NOT: gen_not(cg, frame, node); break;
    case FB_NODE_NEG:
    case FB_NODE_POS:
        fb_gen_expr(cg, frame, node->kid[0]);
        fb_gen_column(cg, node);
        fb_gen_emit(cg, node->kind == FB_NODE_NEG ? FB_OP_NEG : FB_OP_POS, 0, 0, 0, 0);
        break;
    case FB_NODE_SAFE_IF_AUTO:
        fb_gen_expr(cg, frame, node->kid[0]);
        fb_gen_emit(cg, FB_OP_SAFE_IF_AUTO, 0, 0, 0, 0);
        break;
    default: gen_binary(cg, frame, node); break;
    }
}
