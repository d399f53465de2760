/* Code for loops. */
#include "template/codegen.h"

#include "base/banned.h"

#define START_EXTENDED  1u
#define START_FILTERED  2u
#define START_RECURSIVE 4u

/* "loop" can not be assigned to anywhere inside a loop. */
static void check_stores(void *baton, fb_node *node)
{
    fb_codegen *cg = baton;

    if (node->kind == FB_NODE_NAME && node->use == FB_USE_STORE &&
        fb_str_eq_z(node->name->s, "loop"))
        fb_gen_fail(cg, node, "TemplateAssertionError",
                    "Can't assign to special loop variable in for-loop target");
    fb_node_each(node, check_stores, cg);
}

static void find_scoped(void *baton, fb_node *node)
{
    bool *found = baton;

    if (node->kind == FB_NODE_BLOCK && (node->flags & FB_NODE_SCOPED) != 0)
        *found = true;
    fb_node_each(node, find_scoped, found);
}

static bool is_extended(const fb_node *node)
{
    static const char *const loop[] = { "loop", NULL };
    bool scoped = false;

    if ((node->flags & FB_NODE_RECURSIVE) != 0 || fb_undeclared(&node->list[0], loop) != 0)
        return true;
    fb_node_each(node, find_scoped, &scoped);
    return scoped;
}

/* The condition of a loop that has a loop variable: a procedure of one item, since loop.last and
 * its like look ahead. Leaves its macro on the stack. */
static void gen_test_proc(fb_codegen *cg, fb_scope_frame *frame, fb_node *node)
{
    fb_builder *builder = fb_gen_proc(cg, FB_PROC_TEST, NULL);
    fb_scope_frame test = fb_gen_inner(cg, frame);
    uint16_t item = fb_gen_slot(cg); /* slot 0 */

    test.check_extended = false;
    fb_symbols_analyze(test.symbols, node, FB_FOR_TEST);
    fb_gen_enter(cg, &test);
    fb_gen_emit(cg, FB_OP_LOAD, 0, item, fb_env_intern(cg->env, FB_STR("item"))->id, 1);
    fb_gen_assign(cg, &test, node->kid[0]);
    fb_gen_line(cg, node->kid[2]);
    fb_gen_expr(cg, &test, node->kid[2]);
    fb_gen_emit(cg, FB_OP_RESULT, 0, 0, 0, -1);
    uint32_t number = fb_gen_proc_end(cg, builder);
    fb_gen_emit(cg, FB_OP_MACRO, 0, 0, number, 1);
}

/* The condition of any other loop: straight after the item was fetched. */
static uint32_t gen_test_inline(fb_codegen *cg, fb_scope_frame *frame, fb_node *node)
{
    fb_scope_frame test = fb_gen_inner(cg, frame);

    fb_symbols_analyze(test.symbols, node, FB_FOR_TEST);
    fb_gen_enter(cg, &test);
    fb_gen_emit(cg, FB_OP_DUP, 0, 0, 0, 1);
    fb_gen_assign(cg, &test, node->kid[0]);
    fb_gen_line(cg, node->kid[2]);
    fb_gen_expr(cg, &test, node->kid[2]);
    return fb_gen_emit(cg, FB_OP_JUMP_IF_FALSE, 0, 0, 0, -1);
}

/* From "the iterable is on the stack" to the end of the else part. */
static void gen_loop(fb_codegen *cg, fb_scope_frame *frame, fb_scope_frame *body, fb_node *node,
                     bool extended)
{
    fb_open_loop open = { .outer = cg->builder->loop, .captures = cg->builder->captures };
    uint16_t slot =
        extended ? fb_symbols_own(body->symbols, fb_env_intern(cg->env, FB_STR("loop")))->slot
                 : fb_gen_slot(cg);
    bool filtered = node->kid[2] != NULL && extended;
    unsigned how = (extended ? START_EXTENDED : 0) | (filtered ? START_FILTERED : 0) |
                   ((node->flags & FB_NODE_RECURSIVE) != 0 ? START_RECURSIVE : 0);
    uint32_t skip = 0;

    if (filtered)
        gen_test_proc(cg, frame, node);
    fb_gen_line(cg, node);
    fb_gen_emit(cg, FB_OP_FOR_START, how, slot, 0, filtered ? -2 : -1);
    open.next = fb_gen_here(cg);
    open.depth = cg->builder->depth;
    uint32_t next = fb_gen_emit(cg, FB_OP_FOR_NEXT, 0, slot, 0, 1);
    if (node->kid[2] != NULL && !extended)
        skip = gen_test_inline(cg, frame, node);
    fb_gen_assign(cg, body, node->kid[0]);
    fb_gen_enter(cg, body);
    cg->builder->loop = &open;
    fb_gen_body(cg, body, &node->list[0]);
    cg->builder->loop = open.outer;
    fb_gen_emit(cg, FB_OP_FOR_AGAIN, 0, slot, open.next, 0);
    if (skip != 0) {
        cg->builder->depth++;
        fb_gen_patch(cg, skip);
        fb_gen_emit(cg, FB_OP_POP, 0, 0, 0, -1);
        fb_gen_emit(cg, FB_OP_JUMP, 0, 0, open.next, 0);
    }
    fb_gen_patch(cg, next);
    fb_gen_patch_all(cg, &open.breaks);
    fb_gen_leave(cg, body);
    if (node->list[1].count > 0) {
        uint32_t over = fb_gen_emit(cg, FB_OP_FOR_ELSE, 0, slot, 0, 0);
        fb_scope_frame otherwise = fb_gen_inner(cg, frame);
        otherwise.check_extended = body->check_extended;
        fb_symbols_analyze(otherwise.symbols, node, FB_FOR_ELSE);
        fb_gen_enter(cg, &otherwise);
        fb_gen_body(cg, &otherwise, &node->list[1]);
        fb_gen_leave(cg, &otherwise);
        fb_gen_patch(cg, over);
    }
}

/* A recursive loop is a procedure that takes what it walks. */
static void gen_recursive(fb_codegen *cg, fb_scope_frame *frame, fb_node *node)
{
    const fb_name *loop = fb_env_intern(cg->env, FB_STR("loop"));
    fb_builder *builder = fb_gen_proc(cg, FB_PROC_LOOP, NULL);
    fb_scope_frame body = fb_gen_inner(cg, frame);
    uint16_t iterable = fb_gen_slot(cg); /* slot 0 */

    fb_symbols_parameter(body.symbols, loop);
    fb_symbols_analyze(body.symbols, node, FB_FOR_BODY);
    body.in_loop = true;
    for (uint32_t i = 0; i < body.symbols->count; i++) {
        if (body.symbols->v[i].stored) {
            body.symbols->v[i].slot = fb_gen_slot(cg);
            body.symbols->v[i].placed = true;
        }
    }
    fb_gen_emit(cg, FB_OP_LOAD, 0, iterable, loop->id, 1);
    gen_loop(cg, frame, &body, node, true);
    uint32_t number = fb_gen_proc_end(cg, builder);
    fb_gen_line(cg, node);
    fb_gen_emit(cg, FB_OP_MACRO, 0, 0, number, 1);
    fb_gen_expr(cg, frame, node->kid[1]);
    fb_gen_emit(cg, FB_OP_RECURSE, 1, 0, 0, -2);
}

void fb_gen_for(fb_codegen *cg, fb_scope_frame *frame, fb_node *node)
{
    bool extended = is_extended(node);

    check_stores(cg, node);
    fb_gen_line(cg, node);
    if ((node->flags & FB_NODE_RECURSIVE) != 0) {
        gen_recursive(cg, frame, node);
        return;
    }
    fb_scope_frame body = fb_gen_inner(cg, frame);
    body.in_loop = true;
    if (extended)
        fb_symbols_parameter(body.symbols, fb_env_intern(cg->env, FB_STR("loop")));
    fb_symbols_analyze(body.symbols, node, FB_FOR_BODY);
    for (uint32_t i = 0; i < body.symbols->count; i++) {
        if (body.symbols->v[i].stored) {
            body.symbols->v[i].slot = fb_gen_slot(cg);
            body.symbols->v[i].placed = true;
        }
    }
    fb_gen_expr(cg, frame, node->kid[1]);
    gen_loop(cg, frame, &body, node, extended);
}

void fb_gen_break(fb_codegen *cg, const fb_node *node)
{
    fb_open_loop *loop = cg->builder->loop;
    unsigned depth = cg->builder->depth;

    fb_gen_line(cg, node);
    if (loop == NULL) {
        fb_gen_fail(cg, node, "SyntaxError",
                    node->kind == FB_NODE_BREAK ? "'break' outside loop"
                                                : "'continue' not properly in loop");
        return;
    }
    if (cg->builder->captures > loop->captures)
        fb_gen_emit(cg, FB_OP_DROP_CAPTURE, 0, 0, cg->builder->captures - loop->captures, 0);
    while (cg->builder->depth > loop->depth)
        fb_gen_emit(cg, FB_OP_POP, 0, 0, 0, -1);
    uint32_t jump = fb_gen_emit(cg, FB_OP_JUMP, 0, 0, loop->next, 0);
    if (node->kind == FB_NODE_BREAK)
        fb_gen_patch_later(cg, &loop->breaks, jump);
    cg->builder->depth = depth;
}
