/* The syntax tree of a template. */
#ifndef FB_TEMPLATE_AST_H
#define FB_TEMPLATE_AST_H

#include "template/code.h"

/* Every node has the same parts: three children, three lists of children, a name, a value. A row
 * tells which of them a kind uses, in the order in which they are visited: digits are children,
 * letters lists. The third column is the name that messages use. */
/* clang-format off */
#define FB_NODES(X) \
    X(TEMPLATE, "a", "template")        /* a: body */ \
    X(OUTPUT, "a", "output")            /* a: data and expressions */ \
    X(FOR, "01ab2", "for")              /* 0: target, 1: iterable, 2: test; a: body, b: else */ \
    X(IF, "0abc", "if")                 /* 0: test; a: body, b: elifs, c: else */ \
    X(MACRO, "abc", "macro")            /* name; a: parameters, b: defaults, c: body */ \
    X(CALLBLOCK, "0abc", "callblock")   /* 0: call; a, b, c as in a macro */ \
    X(FILTERBLOCK, "a0", "filterblock") /* a: body; 0: filter */ \
    X(WITH, "abc", "with")              /* a: targets, b: values, c: body */ \
    X(BLOCK, "a", "block")              /* name; a: body */ \
    X(EXTENDS, "0", "extends") \
    X(INCLUDE, "0", "include") \
    X(IMPORT, "0", "import")            /* name: what it is bound to */ \
    X(FROM, "0", "fromimport")          /* a (not visited): IMPORTED */ \
    X(IMPORTED, "", "imported")         /* name as attr */ \
    X(ASSIGN, "01", "assign")           /* 0: target, 1: value */ \
    X(ASSIGNBLOCK, "01a", "assignblock") /* 0: target, 1: filter; a: body */ \
    X(EXPRSTMT, "0", "exprstmt") \
    X(SCOPE, "a", "scope") \
    X(AUTOESCAPE, "0a", "scopedevalcontextmodifier") /* 0: on or off; a: body */ \
    X(BREAK, "", "break") \
    X(CONTINUE, "", "continue") \
    X(NAME, "", "name") \
    X(NSREF, "", "nsref")               /* name.attr as a target */ \
    X(CONST, "", "const")               /* value */ \
    X(DATA, "", "templatedata")         /* value: a string */ \
    X(TUPLE, "a", "tuple") \
    X(LIST, "a", "list") \
    X(DICT, "a", "dict")                /* a: PAIR */ \
    X(PAIR, "01", "pair") \
    X(KEYWORD, "0", "keyword") \
    X(COND, "012", "condexpr")          /* 0: test, 1: then, 2: else or NULL */ \
    X(FILTER, "0ab12", "filter")        /* 0: value; a: arguments, b: KEYWORD; 1: *, 2: ** */ \
    X(TEST, "0ab12", "test") \
    X(CALL, "0ab12", "call") \
    X(GETATTR, "0", "getattr") \
    X(GETITEM, "01", "getitem") \
    X(SLICE, "012", "slice") \
    X(CONCAT, "a", "concat") \
    X(COMPARE, "0a", "compare")         /* a: OPERAND */ \
    X(OPERAND, "0", "operand") \
    X(ADD, "01", "add") X(SUB, "01", "sub") X(MUL, "01", "mul") X(DIV, "01", "div") \
    X(FLOORDIV, "01", "floordiv") X(MOD, "01", "mod") X(POW, "01", "pow") \
    X(AND, "01", "and") X(OR, "01", "or") \
    X(NOT, "0", "not") X(NEG, "0", "neg") X(POS, "0", "pos") \
    X(SAFE_IF_AUTO, "0", "marksafeifautoescape")
/* clang-format on */

typedef enum fb_node_kind {
#define FB_NODE(kind, parts, name) FB_NODE_##kind,
    FB_NODES(FB_NODE)
#undef FB_NODE
    FB_NODE_COUNT
} fb_node_kind;

typedef struct fb_node fb_node;

typedef struct fb_nodes {
    fb_node **v;
    uint32_t count;
    uint32_t cap;
} fb_nodes;

typedef enum fb_name_use { FB_USE_LOAD, FB_USE_STORE, FB_USE_PARAM } fb_name_use;

/* Comparison operators of OPERAND: fb_compare_op, then these two. */
enum { FB_OPERAND_IN = 6, FB_OPERAND_NOT_IN = 7 };

/* Flags of statements. */
#define FB_NODE_RECURSIVE      0x01u
#define FB_NODE_SCOPED         0x02u
#define FB_NODE_REQUIRED       0x04u
#define FB_NODE_WITH_CONTEXT   0x08u
#define FB_NODE_IGNORE_MISSING 0x10u

/* What constant folding found out about an expression. */
typedef enum fb_folded { FB_FOLD_UNKNOWN, FB_FOLD_IMPOSSIBLE, FB_FOLD_CONSTANT } fb_folded;

struct fb_node {
    uint8_t kind;
    uint8_t use;       /* of NAME and TUPLE */
    uint8_t op;        /* of OPERAND */
    uint8_t flags;
    uint8_t folded;
    uint32_t line;
    uint32_t offset;   /* in the source, for columns */
    const fb_name *name;
    const fb_name *attr;
    fb_value value;    /* of CONST and DATA; or what folding found */
    fb_node *kid[3];
    fb_nodes list[3];
};

fb_node *fb_node_create(apr_pool_t *pool, fb_node_kind kind, uint32_t line, uint32_t offset);
void fb_nodes_add(fb_nodes *nodes, fb_node *node, apr_pool_t *pool);

/* Calls visit for each direct child, in the order of the kind's row. */
typedef void fb_node_visit(void *baton, fb_node *node);
void fb_node_each(const fb_node *node, fb_node_visit *visit, void *baton);

extern const char *const fb_node_names[FB_NODE_COUNT];
extern const char *const fb_node_titles[FB_NODE_COUNT]; /* as in the enum */

#endif
