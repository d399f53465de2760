/* Which variable a name means: the scopes of a template at compile time.
 *
 * The rules are Jinja2's: a scope's first mention of a name decides. A name that is only read means
 * the outer scopes' variable, or the context's. A name that is stored gets a variable of its own
 * in the scope; if an outer scope knows it, it starts with that one's value; if some branch of an
 * if stores it and another does not, it starts with the outer or the context's value. */
#include "template/symbols.h"

#include <string.h>

#include "base/banned.h"

fb_symbols *fb_symbols_create(apr_pool_t *pool, fb_symbols *outer, struct fb_builder *builder)
{
    fb_symbols *symbols = apr_pcalloc(pool, sizeof(*symbols));

    symbols->outer = outer;
    symbols->builder = builder;
    symbols->pool = pool;
    return symbols;
}

fb_symbol *fb_symbols_own(const fb_symbols *symbols, const fb_name *name)
{
    for (uint32_t i = 0; i < symbols->count; i++) {
        if (symbols->v[i].name == name)
            return &symbols->v[i];
    }
    return NULL;
}

fb_symbol *fb_symbols_find(fb_symbols *symbols, const fb_name *name, fb_symbols **where)
{
    for (; symbols != NULL; symbols = symbols->outer) {
        fb_symbol *symbol = fb_symbols_own(symbols, name);
        if (symbol != NULL) {
            if (where != NULL)
                *where = symbols;
            return symbol;
        }
    }
    return NULL;
}

static fb_symbol *define(fb_symbols *symbols, const fb_name *name, fb_origin origin)
{
    fb_symbol *symbol = fb_symbols_own(symbols, name);

    if (symbol == NULL) {
        if (symbols->count == symbols->cap) {
            uint32_t cap = symbols->cap == 0 ? 8 : symbols->cap * 2;
            fb_symbol *v = apr_palloc(symbols->pool, cap * sizeof(*v));
            if (symbols->count > 0)
                memcpy(v, symbols->v, symbols->count * sizeof(*v));
            symbols->v = v;
            symbols->cap = cap;
        }
        symbol = &symbols->v[symbols->count++];
        *symbol = (fb_symbol){ .name = name };
    }
    symbol->origin = origin;
    return symbol;
}

void fb_symbols_parameter(fb_symbols *symbols, const fb_name *name)
{
    define(symbols, name, FB_FROM_CALLER)->stored = true;
}

static bool known_outside(const fb_symbols *symbols, const fb_name *name)
{
    return symbols->outer != NULL && fb_symbols_find(symbols->outer, name, NULL) != NULL;
}

static void store(fb_symbols *symbols, const fb_name *name)
{
    fb_symbol *symbol = fb_symbols_own(symbols, name);

    if (symbol == NULL)
        symbol =
            define(symbols, name, known_outside(symbols, name) ? FB_FROM_OUTER : FB_FROM_NOWHERE);
    symbol->stored = true;
}

static void load(fb_symbols *symbols, const fb_name *name)
{
    if (fb_symbols_find(symbols, name, NULL) == NULL)
        define(symbols, name, FB_FROM_CONTEXT);
}

/* ---- what nodes do to a scope ---------------------------------------------------- */

static void visit(void *baton, fb_node *node);

static void visit_list(fb_symbols *symbols, const fb_nodes *nodes)
{
    for (uint32_t i = 0; i < nodes->count; i++)
        visit(symbols, nodes->v[i]);
}

static fb_symbols *branch(const fb_symbols *symbols, const fb_nodes *nodes)
{
    fb_symbols *copy = apr_palloc(symbols->pool, sizeof(*copy));

    *copy = *symbols;
    copy->cap = symbols->count;
    if (symbols->count > 0) {
        copy->v = apr_palloc(symbols->pool, symbols->count * sizeof(*copy->v));
        memcpy(copy->v, symbols->v, symbols->count * sizeof(*copy->v));
    }
    visit_list(copy, nodes);
    return copy;
}

static bool stored_in(const fb_symbols *symbols, const fb_name *name)
{
    const fb_symbol *symbol = fb_symbols_own(symbols, name);
    return symbol != NULL && symbol->stored;
}

/* Joins the branches of an if. */
static void merge(fb_symbols *symbols, fb_symbols *const branches[3])
{
    fb_symbols before = *symbols;

    if (symbols->count > 0) {
        before.v = apr_palloc(symbols->pool, symbols->count * sizeof(*before.v));
        memcpy(before.v, symbols->v, symbols->count * sizeof(*before.v));
    }
    for (unsigned i = 0; i < 3; i++) {
        for (uint32_t j = 0; j < branches[i]->count; j++) {
            const fb_symbol *other = &branches[i]->v[j];
            const fb_symbol *old = fb_symbols_own(symbols, other->name);
            bool stored = other->stored || (old != NULL && old->stored);
            define(symbols, other->name, other->origin)->stored = stored;
        }
    }
    for (uint32_t i = 0; i < symbols->count; i++) {
        fb_symbol *symbol = &symbols->v[i];
        unsigned count = 0;
        if (!symbol->stored || stored_in(&before, symbol->name))
            continue;
        for (unsigned j = 0; j < 3; j++)
            count += stored_in(branches[j], symbol->name);
        if (count < 3)
            symbol->origin = known_outside(symbols, symbol->name) ? FB_FROM_OUTER : FB_FROM_CONTEXT;
    }
}

static void visit_if(fb_symbols *symbols, const fb_node *node)
{
    fb_symbols *branches[3];

    visit(symbols, node->kid[0]);
    for (unsigned i = 0; i < 3; i++)
        branches[i] = branch(symbols, &node->list[i]);
    merge(symbols, branches);
}

static void visit_name(fb_symbols *symbols, const fb_node *node)
{
    if (node->use == FB_USE_PARAM)
        fb_symbols_parameter(symbols, node->name);
    else if (node->use == FB_USE_STORE)
        store(symbols, node->name);
    else
        load(symbols, node->name);
}

static void visit(void *baton, fb_node *node)
{
    fb_symbols *symbols = baton;

    switch (node->kind) {
    case FB_NODE_NAME: visit_name(symbols, node); break;
    case FB_NODE_NSREF: load(symbols, node->name); break;
    case FB_NODE_IF: visit_if(symbols, node); break;
    case FB_NODE_MACRO: store(symbols, node->name); break;
    case FB_NODE_IMPORT:
        visit(symbols, node->kid[0]);
        store(symbols, node->name);
        break;
    case FB_NODE_FROM:
        visit(symbols, node->kid[0]);
        for (uint32_t i = 0; i < node->list[0].count; i++)
            store(symbols, node->list[0].v[i]->attr);
        break;
    case FB_NODE_ASSIGN:
        visit(symbols, node->kid[1]);
        visit(symbols, node->kid[0]);
        break;
    case FB_NODE_FOR: visit(symbols, node->kid[1]); break;
    case FB_NODE_CALLBLOCK:
    case FB_NODE_FILTERBLOCK:
    case FB_NODE_ASSIGNBLOCK: visit(symbols, node->kid[0]); break;
    case FB_NODE_WITH: visit_list(symbols, &node->list[1]); break;
    case FB_NODE_SCOPE:
    case FB_NODE_BLOCK: break;
    default: fb_node_each(node, visit, symbols); break;
    }
}

/* Targets of loops are parameters, whatever their nodes say. */
static void visit_target(fb_symbols *symbols, const fb_node *target)
{
    if (target->kind == FB_NODE_NAME)
        fb_symbols_parameter(symbols, target->name);
    for (uint32_t i = 0; target->kind == FB_NODE_TUPLE && i < target->list[0].count; i++)
        visit_target(symbols, target->list[0].v[i]);
}

void fb_symbols_analyze(fb_symbols *symbols, const fb_node *node, fb_for_part part)
{
    switch (node->kind) {
    case FB_NODE_FOR:
        if (part != FB_FOR_ELSE)
            visit_target(symbols, node->kid[0]);
        if (part == FB_FOR_TEST)
            visit(symbols, node->kid[2]);
        else
            visit_list(symbols, &node->list[part == FB_FOR_BODY ? 0 : 1]);
        break;
    case FB_NODE_ASSIGNBLOCK:
        visit_list(symbols, &node->list[0]);
        if (node->kid[1] != NULL)
            visit(symbols, node->kid[1]);
        break;
    case FB_NODE_CALLBLOCK:
        for (unsigned i = 0; i < 3; i++)
            visit_list(symbols, &node->list[i]);
        break;
    case FB_NODE_WITH:
        visit_list(symbols, &node->list[0]);
        visit_list(symbols, &node->list[2]);
        break;
    default: fb_node_each(node, visit, symbols); break;
    }
}

/* ---- undeclared names ------------------------------------------------------------ */

typedef struct search {
    const char *const *names;
    unsigned active; /* not stored so far */
    unsigned found;
} search;

static void seek(void *baton, fb_node *node)
{
    search *s = baton;

    if (node->kind == FB_NODE_BLOCK)
        return;
    if (node->kind != FB_NODE_NAME) {
        fb_node_each(node, seek, s);
        return;
    }
    for (unsigned i = 0; s->names[i] != NULL; i++) {
        if (!fb_str_eq_z(node->name->s, s->names[i]))
            continue;
        if (node->use == FB_USE_LOAD)
            s->found |= s->active & (1u << i);
        else
            s->active &= ~(1u << i);
    }
}

unsigned fb_undeclared(const fb_nodes *nodes, const char *const *names)
{
    search s = { names, 0xffu, 0 };

    for (uint32_t i = 0; i < nodes->count; i++)
        seek(&s, nodes->v[i]);
    return s.found;
}
