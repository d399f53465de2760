/* Looking inside: tokens, syntax tree and instructions as text. */
#include "template/ast.h"
#include "template/parser.h"
#include "template/vm.h"

#include <string.h>

#include "base/banned.h"

static void add_quoted(fb_buf *out, fb_str s)
{
    fb_buf_add_char(out, '"');
    for (apr_size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '\n')
            fb_buf_add_z(out, "\\n");
        else if (s.ptr[i] == '"' || s.ptr[i] == '\\')
            fb_buf_add_fmt(out, "\\%c", s.ptr[i]);
        else
            fb_buf_add_char(out, s.ptr[i]);
    }
    fb_buf_add_char(out, '"');
}

static void add_constant(fb_buf *out, fb_value v)
{
    switch (v.tag) {
    case FB_NONE: fb_buf_add_z(out, "none"); break;
    case FB_BOOL: fb_buf_add_z(out, v.as.i != 0 ? "true" : "false"); break;
    case FB_INT: fb_buf_add_fmt(out, "%" APR_INT64_T_FMT, (apr_int64_t)v.as.i); break;
    case FB_FLOAT: fb_buf_add_fmt(out, "%.17g", v.as.f); break;
    case FB_STR:
    case FB_MARKUP:
        if (v.tag == FB_MARKUP)
            fb_buf_add_z(out, "Markup ");
        add_quoted(out, fb_value_str(v));
        break;
    default: fb_buf_add_fmt(out, "(%s)", fb_value_type(v)); break;
    }
}

/* ---- tokens ---------------------------------------------------------------------- */

static void dump_tokens(fb_buf *out, const fb_tokens *tokens)
{
    for (apr_size_t i = 0; i < tokens->count; i++) {
        const fb_token *token = &tokens->v[i];
        fb_buf_add_fmt(out, "%4u:%-3u %-14s ", token->line,
                       fb_source_column(tokens->source, token->offset),
                       fb_token_names[token->type]);
        if (token->type == FB_TOKEN_ERROR)
            fb_buf_add_z(out, token->error->message);
        else
            add_quoted(out, token->text);
        fb_buf_add_char(out, '\n');
    }
}

/* ---- tree ------------------------------------------------------------------------ */

typedef struct indent {
    fb_buf *out;
    unsigned depth;
} indent;

static void dump_node(void *baton, fb_node *node)
{
    const indent *at = baton;
    indent inside = { at->out, at->depth + 1 };

    fb_buf_add_fmt(at->out, "%4u %*s%s", node->line, (int)(at->depth * 2), "",
                   fb_node_titles[node->kind]);
    if (node->name != NULL)
        fb_buf_add_fmt(at->out, " %.*s", FB_STR_ARG(node->name->s));
    if (node->attr != NULL)
        fb_buf_add_fmt(at->out, " %.*s", FB_STR_ARG(node->attr->s));
    if (node->kind == FB_NODE_CONST || node->kind == FB_NODE_DATA) {
        fb_buf_add_char(at->out, ' ');
        add_constant(at->out, node->value);
    }
    fb_buf_add_char(at->out, '\n');
    fb_node_each(node, dump_node, &inside);
}

/* ---- code ------------------------------------------------------------------------ */

static bool has_name(fb_opcode op)
{
    switch (op) {
    case FB_OP_LOAD:
    case FB_OP_LOAD_UP:
    case FB_OP_EXPORT:
    case FB_OP_ATTR:
    case FB_OP_PRINT_LOAD:
    case FB_OP_PRINT_ATTR:
    case FB_OP_PARAM_MISSING:
    case FB_OP_NS_SET: return true;
    default: return false;
    }
}

static void dump_operand(fb_buf *out, const fb_env *env, const fb_template *tmpl, const fb_ins *ins)
{
    fb_buf_add_z(out, "  ; ");
    switch (ins->op) {
    case FB_OP_CONST:
    case FB_OP_CONST_COPY:
    case FB_OP_RAISE:
    case FB_OP_COND_UNDEFINED: add_constant(out, tmpl->constants[ins->c]); break;
    case FB_OP_TEXT: add_quoted(out, fb_str_sub(tmpl->texts[ins->c], 0, 60)); break;
    case FB_OP_FILTER:
    case FB_OP_TEST: fb_buf_add(out, tmpl->sites[ins->c].name->s); break;
    case FB_OP_BLOCK: fb_buf_add(out, tmpl->block_sites[ins->c].name->s); break;
    case FB_OP_EXTENDS:
    case FB_OP_INCLUDE:
    case FB_OP_IMPORT: add_constant(out, tmpl->include_sites[ins->c].name); break;
    default:
        if (has_name((fb_opcode)ins->op))
            fb_buf_add(out, env->names_by_id[ins->c]->s);
        break;
    }
}

static void dump_proc(fb_buf *out, const fb_env *env, const fb_template *tmpl, const fb_proc *proc)
{
    static const char *const kinds[] = { "root", "block", "macro", "recursive loop",
                                         "loop condition" };

    fb_buf_add_fmt(out, "%s %.*s: %u slots, stack %u%s\n", kinds[proc->kind],
                   proc->name != NULL ? (int)proc->name->s.len : 0,
                   proc->name != NULL ? proc->name->s.ptr : "", proc->slot_count, proc->stack_size,
                   proc->kept ? ", kept" : "");
    for (uint32_t i = 0; i < proc->length; i++) {
        const fb_ins *ins = &proc->code[i];
        fb_buf_add_fmt(out, "%5u %4u:%-3u %-15s %3u %5u %6u", i, proc->places[i].line,
                       proc->places[i].column, fb_opcode_names[ins->op], ins->a, ins->b, ins->c);
        dump_operand(out, env, tmpl, ins);
        fb_buf_add_char(out, '\n');
    }
}

/* ---- public ---------------------------------------------------------------------- */

static apr_status_t dump_source(fb_buf *out, const fb_env *env, const fb_template *tmpl,
                                fb_dump what, fb_error *error)
{
    fb_arena *arena = fb_arena_create(out->pool, (apr_size_t)64 * 1024 * 1024);
    fb_node *tree = NULL;
    fb_tokens tokens;
    indent top = { out, 0 };
    apr_status_t status = fb_lex(&tokens, env, tmpl->source, out->pool, arena, error);

    if (status == APR_SUCCESS && what == FB_DUMP_TOKENS)
        dump_tokens(out, &tokens);
    /* Every name of the template is interned already: parsing it again adds none. */
    if (status == APR_SUCCESS && what == FB_DUMP_AST)
        status = fb_parse(&tree, (fb_env *)(apr_uintptr_t)env, &tokens, out->pool, arena, error);
    if (tree != NULL && status == APR_SUCCESS)
        dump_node(&top, tree);
    return status;
}

apr_status_t fb_template_dump(fb_buf *out, const fb_env *env, fb_str name, fb_dump what,
                              fb_error *error)
{
    const fb_template *tmpl = fb_env_find(env, name);

    if (tmpl == NULL)
        return fb_error_set(error, FB_ENOTFOUND, "there is no template %.*s", FB_STR_ARG(name));
    if (what != FB_DUMP_CODE)
        return dump_source(out, env, tmpl, what, error);
    if (tmpl->error != NULL) {
        *error = *tmpl->error;
        return error->status;
    }
    for (uint32_t i = 0; i < tmpl->proc_count; i++)
        dump_proc(out, env, tmpl, tmpl->procs[i]);
    return fb_buf_status(out);
}
