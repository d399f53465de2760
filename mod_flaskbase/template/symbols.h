/* Which variable a name means: the scopes of a template at compile time. */
#ifndef FB_TEMPLATE_SYMBOLS_H
#define FB_TEMPLATE_SYMBOLS_H

#include "template/ast.h"

/* Where a variable's first value comes from when its scope is entered. */
typedef enum fb_origin {
    FB_FROM_CALLER,  /* a parameter, or a loop's target: set before the scope's code runs */
    FB_FROM_CONTEXT, /* looked up by name */
    FB_FROM_OUTER,   /* a copy of the variable of the same name in an outer scope */
    FB_FROM_NOWHERE  /* not set */
} fb_origin;

struct fb_builder; /* the procedure being built (codegen.h) */

typedef struct fb_symbol {
    const fb_name *name;
    fb_origin origin;
    bool stored; /* something assigns to it in this scope */
    bool placed; /* slot is valid */
    uint16_t slot;
} fb_symbol;

typedef struct fb_symbols {
    struct fb_symbols *outer;
    struct fb_builder *builder;
    apr_pool_t *pool;
    fb_symbol *v;
    uint32_t count, cap;
} fb_symbols;

fb_symbols *fb_symbols_create(apr_pool_t *pool, fb_symbols *outer, struct fb_builder *builder);
/* Finds all names that the body of a node loads and stores, but not in scopes inside it. */
typedef enum fb_for_part { FB_FOR_BODY, FB_FOR_ELSE, FB_FOR_TEST } fb_for_part;
void fb_symbols_analyze(fb_symbols *symbols, const fb_node *node, fb_for_part part);
void fb_symbols_parameter(fb_symbols *symbols, const fb_name *name);
/* In this scope only, or in the nearest one that knows the name; NULL if there is none. */
fb_symbol *fb_symbols_own(const fb_symbols *symbols, const fb_name *name);
fb_symbol *fb_symbols_find(fb_symbols *symbols, const fb_name *name, fb_symbols **where);

/* Which of `names` (at most 8) are read in these nodes before anything stores them: a bit each.
 * Does not look into blocks. */
unsigned fb_undeclared(const fb_nodes *nodes, const char *const *names);

#endif
