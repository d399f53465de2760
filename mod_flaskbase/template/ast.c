/* The syntax tree of a template: making nodes and walking them. */
#include "template/ast.h"

#include <string.h>

#include "base/banned.h"

const char *const fb_node_names[FB_NODE_COUNT] = {
#define FB_NODE(kind, parts, name) name,
    FB_NODES(FB_NODE)
#undef FB_NODE
};

const char *const fb_node_titles[FB_NODE_COUNT] = {
#define FB_NODE(kind, parts, name) #kind,
    FB_NODES(FB_NODE)
#undef FB_NODE
};

static const char *const parts_of[FB_NODE_COUNT] = {
#define FB_NODE(kind, parts, name) parts,
    FB_NODES(FB_NODE)
#undef FB_NODE
};

fb_node *fb_node_create(apr_pool_t *pool, fb_node_kind kind, uint32_t line, uint32_t offset)
{
    fb_node *node = apr_pcalloc(pool, sizeof(*node));

    node->kind = (uint8_t)kind;
    node->line = line;
    node->offset = offset;
    return node;
}

void fb_nodes_add(fb_nodes *nodes, fb_node *node, apr_pool_t *pool)
{
    if (nodes->count == nodes->cap) {
        uint32_t cap = nodes->cap == 0 ? 4 : nodes->cap * 2;
        fb_node **v = apr_palloc(pool, cap * sizeof(fb_node *));
        if (nodes->count > 0)
            memcpy(v, nodes->v, nodes->count * sizeof(fb_node *));
        nodes->v = v;
        nodes->cap = cap;
    }
    nodes->v[nodes->count++] = node;
}

void fb_node_each(const fb_node *node, fb_node_visit *visit, void *baton)
{
    for (const char *part = parts_of[node->kind]; *part != '\0'; part++) {
        if (*part >= '0' && *part <= '2') {
            if (node->kid[*part - '0'] != NULL)
                visit(baton, node->kid[*part - '0']);
            continue;
        }
        const fb_nodes *list = &node->list[*part - 'a'];
        for (uint32_t i = 0; i < list->count; i++)
            visit(baton, list->v[i]);
    }
}
