/* The code generator's workshop: instructions, constants, procedures; and compiling a template. */
#include "template/codegen.h"

#include "template/parser.h"
#include "template/vm_state.h"

#include <apr_strings.h>

#include <string.h>

#include "base/banned.h"

#define MAX_CODE  4000000u
#define MAX_SLOTS 60000u

const char *const fb_opcode_names[FB_OP_COUNT] = {
#define FB_OP(name, doc) #name,
    FB_OPCODES(FB_OP)
#undef FB_OP
};

const char *const fb_opcode_docs[FB_OP_COUNT] = {
#define FB_OP(name, doc) doc,
    FB_OPCODES(FB_OP)
#undef FB_OP
};

/* ---- errors and places ----------------------------------------------------------- */

void fb_gen_fail(fb_codegen *cg, const fb_node *node, const char *kind, const char *fmt, ...)
{
    va_list args;

    if (cg->failed)
        return;
    cg->failed = true;
    va_start(args, fmt);
    fb_raise(cg->error, kind, "%s", apr_pvsprintf(cg->scratch, fmt, args));
    va_end(args);
    cg->error->line = (int)node->line;
    cg->error->column = (int)fb_source_column(cg->source, node->offset);
}

void fb_gen_line(fb_codegen *cg, const fb_node *node)
{
    cg->line = node->line;
    cg->offset = node->offset;
}

void fb_gen_column(fb_codegen *cg, const fb_node *node)
{
    cg->offset = node->offset;
}

/* ---- instructions ---------------------------------------------------------------- */

void *fb_gen_grow(apr_pool_t *pool, void *v, uint32_t count, uint32_t *cap, apr_size_t size)
{
    if (count < *cap)
        return v;
    uint32_t more = *cap == 0 ? 16 : *cap * 2;
    void *copy = apr_palloc(pool, more * size);
    if (count > 0)
        memcpy(copy, v, count * size);
    *cap = more;
    return copy;
}

/* Where the lines of the source start. */
static void find_lines(fb_codegen *cg)
{
    uint32_t cap = 0;

    for (uint32_t at = 0; at <= cg->source.len; at++) {
        if (at > 0 && cg->source.ptr[at - 1] != '\n')
            continue;
        cg->line_starts =
            fb_gen_grow(cg->scratch, cg->line_starts, cg->line_count, &cap, sizeof(uint32_t));
        cg->line_starts[cg->line_count++] = at;
    }
}

static fb_place place_here(const fb_codegen *cg)
{
    fb_place place = { cg->line, 0 };

    /* The column only means something if the piece stands on the line that errors name. */
    if (cg->line >= 1 && cg->line <= cg->line_count &&
        cg->offset >= cg->line_starts[cg->line - 1] &&
        (cg->line == cg->line_count || cg->offset < cg->line_starts[cg->line]))
        place.column = fb_source_column(cg->source, cg->offset);
    return place;
}

uint32_t fb_gen_emit(fb_codegen *cg, fb_opcode op, unsigned a, unsigned b, uint32_t c, int effect)
{
    fb_builder *builder = cg->builder;
    fb_proc *proc = builder->proc;
    uint32_t places_cap = builder->cap;

    if (proc->length >= MAX_CODE && !cg->failed) {
        fb_node here = { .line = cg->line, .offset = cg->offset };
        fb_gen_fail(cg, &here, "TemplateSyntaxError", "the template is too large to be compiled");
    }
    if (cg->failed)
        return 0;
    proc->places =
        fb_gen_grow(cg->pool, proc->places, proc->length, &places_cap, sizeof(*proc->places));
    proc->code =
        fb_gen_grow(cg->pool, proc->code, proc->length, &builder->cap, sizeof(*proc->code));
    proc->code[proc->length] = (fb_ins){ (uint8_t)op, (uint8_t)a, (uint16_t)b, c };
    proc->places[proc->length] = place_here(cg);
    builder->depth = (unsigned)((int)builder->depth + effect);
    if (builder->depth > builder->max_depth)
        builder->max_depth = builder->depth;
    return proc->length++;
}

uint32_t fb_gen_here(fb_codegen *cg)
{
    cg->builder->label = cg->builder->proc->length;
    return cg->builder->label;
}

void fb_gen_patch(fb_codegen *cg, uint32_t at)
{
    if (!cg->failed)
        cg->builder->proc->code[at].c = fb_gen_here(cg);
}

void fb_gen_patch_later(fb_codegen *cg, fb_patches *patches, uint32_t at)
{
    patches->v =
        fb_gen_grow(cg->scratch, patches->v, patches->count, &patches->cap, sizeof(uint32_t));
    patches->v[patches->count++] = at;
}

void fb_gen_patch_all(fb_codegen *cg, fb_patches *patches)
{
    for (uint32_t i = 0; i < patches->count; i++)
        fb_gen_patch(cg, patches->v[i]);
}

/* ---- constants and text ---------------------------------------------------------- */

static bool same_constant(fb_value a, fb_value b)
{
    if (a.tag != b.tag)
        return false;
    switch (a.tag) {
    case FB_NONE: return true;
    case FB_BOOL:
    case FB_INT: return a.as.i == b.as.i;
    case FB_STR:
    case FB_MARKUP: return fb_str_eq(fb_value_str(a), fb_value_str(b));
    default: return false;
    }
}

uint32_t fb_gen_constant(fb_codegen *cg, fb_value v)
{
    fb_template *tmpl = cg->tmpl;
    uint32_t first = tmpl->constant_count > 64 ? tmpl->constant_count - 64 : 0;
    fb_value kept = fb_none();

    for (uint32_t i = first; i < tmpl->constant_count; i++) {
        if (same_constant(tmpl->constants[i], v))
            return i;
    }
    if (!fb_value_copy(v, cg->env->arena, &kept))
        kept = fb_none();
    tmpl->constants = fb_gen_grow(cg->pool, tmpl->constants, tmpl->constant_count,
                                  &cg->constant_cap, sizeof(fb_value));
    tmpl->constants[tmpl->constant_count] = kept;
    return tmpl->constant_count++;
}

void fb_gen_text(fb_codegen *cg, fb_str s)
{
    fb_template *tmpl = cg->tmpl;
    fb_proc *proc = cg->builder->proc;

    if (s.len == 0 || cg->failed)
        return;
    if (proc->length > 0 && proc->length != cg->builder->label &&
        proc->code[proc->length - 1].op == FB_OP_TEXT) {
        fb_str *last = &tmpl->texts[proc->code[proc->length - 1].c];
        char *joined = apr_palloc(cg->pool, last->len + s.len + 1);
        memcpy(joined, last->ptr, last->len);
        memcpy(joined + last->len, s.ptr, s.len);
        *last = fb_str_from_len(joined, last->len + s.len);
        return;
    }
    tmpl->texts =
        fb_gen_grow(cg->pool, tmpl->texts, tmpl->text_count, &cg->text_cap, sizeof(fb_str));
    tmpl->texts[tmpl->text_count] = fb_str_dup(cg->pool, s);
    fb_gen_emit(cg, FB_OP_TEXT, 0, 0, tmpl->text_count++, 0);
}

/* ---- procedures ------------------------------------------------------------------ */

fb_builder *fb_gen_proc(fb_codegen *cg, fb_proc_kind kind, const fb_name *name)
{
    fb_builder *builder = apr_pcalloc(cg->scratch, sizeof(*builder));

    builder->proc = apr_pcalloc(cg->pool, sizeof(*builder->proc));
    builder->proc->kind = kind;
    builder->proc->name = name;
    builder->proc->tmpl = cg->tmpl;
    builder->outer = kind == FB_PROC_ROOT || kind == FB_PROC_BLOCK ? NULL : cg->builder;
    builder->label = UINT32_MAX;
    if (builder->outer != NULL)
        builder->outer->proc->kept = true;
    cg->builder = builder;
    return builder;
}

uint32_t fb_gen_proc_end(fb_codegen *cg, fb_builder *builder)
{
    fb_template *tmpl = cg->tmpl;

    fb_gen_emit(cg, FB_OP_RETURN, 0, 0, 0, 0);
    builder->proc->stack_size =
        (uint16_t)(builder->max_depth < UINT16_MAX ? builder->max_depth : UINT16_MAX);
    if (builder->max_depth >= UINT16_MAX) {
        fb_node here = { .line = cg->line, .offset = cg->offset };
        fb_gen_fail(cg, &here, "TemplateSyntaxError", "an expression has too many parts");
    }
    cg->builder = builder->outer;
    tmpl->procs =
        fb_gen_grow(cg->pool, tmpl->procs, tmpl->proc_count, &cg->proc_cap, sizeof(fb_proc *));
    tmpl->procs[tmpl->proc_count] = builder->proc;
    return tmpl->proc_count++;
}

uint16_t fb_gen_slot(fb_codegen *cg)
{
    fb_proc *proc = cg->builder->proc;

    if (proc->slot_count >= MAX_SLOTS) {
        fb_node here = { .line = cg->line, .offset = cg->offset };
        fb_gen_fail(cg, &here, "TemplateSyntaxError", "the template has too many variables");
        return 0;
    }
    return proc->slot_count++;
}

/* ---- whole templates ------------------------------------------------------------- */

typedef struct block_search {
    fb_codegen *cg;
    uint32_t cap;
    bool extends;
} block_search;

static void find_blocks(void *baton, fb_node *node)
{
    block_search *s = baton;
    fb_codegen *cg = s->cg;

    if (node->kind == FB_NODE_EXTENDS)
        s->extends = true;
    if (node->kind == FB_NODE_BLOCK) {
        for (uint32_t i = 0; i < cg->block_count; i++) {
            if (cg->blocks[i]->name == node->name)
                fb_gen_fail(cg, node, "TemplateAssertionError", "block '%.*s' defined twice",
                            FB_STR_ARG(node->name->s));
        }
        cg->blocks =
            fb_gen_grow(cg->scratch, cg->blocks, cg->block_count, &s->cap, sizeof(fb_node *));
        cg->blocks[cg->block_count++] = node;
    }
    fb_node_each(node, find_blocks, s);
}

static void generate_root(fb_codegen *cg, fb_node *tree, bool extends)
{
    static const char *const self_name[] = { "self", NULL };
    fb_builder *builder = fb_gen_proc(cg, FB_PROC_ROOT, NULL);
    fb_scope_frame frame = { .toplevel = true, .rootlevel = true, .check_extended = extends };
    const fb_name *self = fb_env_intern(cg->env, FB_STR("self"));
    bool uses_self = fb_undeclared(&tree->list[0], self_name) != 0;

    /* Number 0 is the root; it ends last. */
    cg->tmpl->procs = fb_gen_grow(cg->pool, NULL, 0, &cg->proc_cap, sizeof(fb_proc *));
    cg->tmpl->procs[cg->tmpl->proc_count++] = builder->proc;
    frame.symbols = fb_symbols_create(cg->scratch, NULL, builder);
    if (uses_self)
        fb_symbols_parameter(frame.symbols, self);
    fb_symbols_analyze(frame.symbols, tree, FB_FOR_BODY);
    fb_gen_enter(cg, &frame);
    if (uses_self)
        fb_gen_emit(cg, FB_OP_SELF, 0, fb_symbols_own(frame.symbols, self)->slot, 0, 0);
    fb_gen_body(cg, &frame, &tree->list[0]);
    (void)fb_gen_proc_end(cg, builder);
    cg->tmpl->proc_count--; /* it was counted at the start */
}

static const fb_proc *generate_block(fb_codegen *cg, fb_node *node)
{
    static const char *const names[] = { "self", "super", NULL };
    fb_builder *builder = fb_gen_proc(cg, FB_PROC_BLOCK, node->name);
    fb_scope_frame frame = { .in_block = true };
    unsigned used = fb_undeclared(&node->list[0], names);

    fb_gen_line(cg, node);
    frame.symbols = fb_symbols_create(cg->scratch, NULL, builder);
    for (unsigned i = 0; i < 2; i++) {
        if ((used & (1u << i)) != 0)
            fb_symbols_parameter(frame.symbols, fb_env_intern(cg->env, fb_str_from(names[i])));
    }
    fb_symbols_analyze(frame.symbols, node, FB_FOR_BODY);
    fb_gen_enter(cg, &frame);
    for (unsigned i = 0; i < 2; i++) {
        if ((used & (1u << i)) != 0)
            fb_gen_emit(
                cg, i == 0 ? FB_OP_SELF : FB_OP_SUPER, 0,
                fb_symbols_own(frame.symbols, fb_env_intern(cg->env, fb_str_from(names[i])))->slot,
                0, 0);
    }
    fb_gen_body(cg, &frame, &node->list[0]);
    (void)fb_gen_proc_end(cg, builder);
    return builder->proc;
}

static apr_status_t generate(fb_codegen *cg, fb_node *tree)
{
    block_search search = { .cg = cg };

    fb_node_each(tree, find_blocks, &search);
    if (!cg->failed)
        generate_root(cg, tree, search.extends);
    cg->tmpl->blocks = apr_palloc(cg->pool, (cg->block_count + 1) * sizeof(fb_proc *));
    for (uint32_t i = 0; i < cg->block_count && !cg->failed; i++)
        cg->tmpl->blocks[i] = generate_block(cg, cg->blocks[i]);
    cg->tmpl->block_count = cg->block_count;
    return cg->failed ? cg->error->status : APR_SUCCESS;
}

apr_status_t fb_compile(fb_env *env, fb_template *tmpl, apr_pool_t *scratch, fb_error *error)
{
    fb_codegen *cg = apr_pcalloc(scratch, sizeof(*cg));
    fb_tokens tokens;
    fb_node *tree = NULL;

    cg->arena = fb_arena_create(scratch, (apr_size_t)64 * 1024 * 1024);
    apr_status_t status = fb_lex(&tokens, env, tmpl->source, scratch, cg->arena, error);
    if (status == APR_SUCCESS)
        status = fb_parse(&tree, env, &tokens, scratch, cg->arena, error);
    if (status == APR_SUCCESS) {
        cg->env = env;
        cg->tmpl = tmpl;
        cg->pool = env->pool;
        cg->scratch = scratch;
        cg->vm = fb_vm_for_folding(env, cg->arena, scratch);
        cg->source = tokens.source;
        cg->error = error;
        cg->line = 1;
        find_lines(cg);
        tmpl->autoescape = cg->autoescape = fb_env_autoescapes(env, tmpl);
        status = generate(cg, tree);
    }
    if (status != APR_SUCCESS) {
        if (!tmpl->anonymous)
            error->where = fb_str_to_z(error->pool, tmpl->name);
        if (error->line > 0)
            error->source =
                fb_str_to_z(error->pool, fb_source_line(tokens.source, (uint32_t)error->line));
    }
    return status;
}
