/* What a template is compiled to: procedures of instructions for a stack machine. */
#ifndef FB_TEMPLATE_CODE_H
#define FB_TEMPLATE_CODE_H

#include "template/template.h"

/* A name, interned: two names of one environment are equal when their pointers are. */
typedef struct fb_name {
    fb_str s;
    uint32_t hash;
    uint32_t id;        /* index among the environment's names */
    bool method;        /* some built-in type has a method or attribute of this name */
} fb_name;

/* Operation, what its operands are, what it does to the stack. One row is one opcode: the enum,
 * the names in dumps and the documentation are made from this list.
 *
 * a, b, c are the instruction's operands (8, 16, 32 bits); "→" shows the stack's top. Names are
 * given by their number in the environment, constants and texts by that in the template. A site
 * is a row of a table of the template, for what does not fit an instruction. */
/* clang-format off */
#define FB_OPCODES(X) \
    X(CONST,         "→ constant c") \
    X(CONST_COPY,    "→ a fresh copy of the list or dict that is constant c") \
    X(LOAD,          "→ slot b; the variable is called c") \
    X(LOAD_UP,       "→ slot b of the a-th enclosing procedure") \
    X(STORE,         "v → ; slot b = v") \
    X(POP,           "v →") \
    X(DUP,           "v → v v") \
    X(SLOT_MISSING,  "slot b is not set") \
    X(SLOT_UNKNOWN,  "slot b is to be looked up in the context when first read") \
    X(SLOT_ALIAS,    "slot b = slot c of the a-th enclosing procedure (0: this one)") \
    X(EXPORT,        "the context's variable c = slot b; a: 1 exported, 2 not exported") \
    X(LIST,          "c values → list") \
    X(TUPLE,         "c values → tuple") \
    X(DICT,          "c pairs → dict") \
    X(CONCAT,        "c values → string (~); a: how Markup is treated") \
    X(UNPACK,        "sequence → c values, the first on top") \
    X(ADD, "a b → a + b") X(SUB, "a b → a - b") X(MUL, "a b → a * b") X(DIV, "a b → a / b") \
    X(FLOORDIV, "a b → a // b") X(MOD, "a b → a % b") X(POW, "a b → a ** b") \
    X(NEG, "a → -a") X(POS, "a → +a") X(NOT, "a → not a") \
    X(COMPARE,       "a b → bool; a: which comparison") \
    X(COMPARE_CHAIN, "a b → b, or false and jump to c, for a < b < c") \
    X(ATTR,          "v → v.c") \
    X(ITEM,          "v k → v[k]") \
    X(SLICE,         "v start stop step → v[start:stop:step]") \
    X(SLICE_VALUE,   "start stop step → slice") \
    X(JUMP,          "go to c") \
    X(JUMP_IF_FALSE, "v → ; go to c") \
    X(AND,           "v → v and go to c if false, else →") \
    X(OR,            "v → v and go to c if true, else →") \
    X(CALL,          "callee arguments → result; site c; a: 1 the result is only printed") \
    X(FILTER,        "value arguments → result; site c") \
    X(TEST,          "value arguments → bool; site c; a: 1 negated") \
    X(TEXT,          "print text c") \
    X(PRINT,         "v → ; a: how it is escaped") \
    X(PRINT_LOAD,    "print slot b, called c; a: how it is escaped") \
    X(PRINT_ATTR,    "v → ; print v.c; a: how it is escaped") \
    X(CAPTURE,       "→ mark; output is collected") \
    X(CAPTURED,      "mark → what was collected; a: str, Markup, or as autoescape is now") \
    X(HOIST,         "mark → ; what was collected goes out before c collectings around it") \
    X(DROP_CAPTURE,  "the innermost c captures are thrown away") \
    X(FOR_START,     "iterable → ; slot b = loop; a: 1 has a variable, 2 filtered, 4 recursive") \
    X(FOR_NEXT,      "→ next item of loop b, or go to c") \
    X(FOR_AGAIN,     "the body of loop b ran to its end; go to c") \
    X(FOR_ELSE,      "go to c if a body of loop b ran to its end") \
    X(MACRO,         "→ macro made of procedure c in this frame; a: 1 autoescape is the default") \
    X(RECURSE,       "iterable macro → result; a: 1 printed") \
    X(PARAM_SET,     "go to c if parameter slot b was given") \
    X(PARAM_MISSING, "slot b = undefined: parameter c was not provided") \
    X(BLOCK,         "run block site c; a: 1 if not extended so far") \
    X(EXTENDS,       "name → ; a: 1 template site c is known, no name") \
    X(NOT_TWICE,     "error if this template extended another already") \
    X(RAISE,         "TemplateRuntimeError with text constant c") \
    X(IF_EXTENDED,   "go to c if this template extended another") \
    X(INCLUDE,       "name → ; include site c") \
    X(IMPORT,        "name → module; include site c") \
    X(IMPORT_NAME,   "module → module v; import site c") \
    X(SELF,          "slot b = self") \
    X(SUPER,         "slot b = super") \
    X(NS_CHECK,      "v → v, which must be a namespace") \
    X(NS_SET,        "namespace v → ; namespace.c = v") \
    X(AUTOESCAPE,    "v → old state; autoescape = v") \
    X(AUTOESCAPE_END, "old state →") \
    X(SAFE_IF_AUTO,  "v → Markup(v) under autoescape, else v") \
    X(COND_UNDEFINED, "→ undefined with text constant c") \
    X(RESULT,        "v → ; what the procedure returns") \
    X(RETURN,        "end of the procedure")
/* clang-format on */

typedef enum fb_opcode {
#define FB_OP(name, doc) FB_OP_##name,
    FB_OPCODES(FB_OP)
#undef FB_OP
    FB_OP_COUNT
} fb_opcode;

typedef struct fb_ins {
    uint8_t op;
    uint8_t a;
    uint16_t b;
    uint32_t c;
} fb_ins;

/* How output and joined strings are escaped. */
typedef enum fb_escape_mode {
    FB_ESCAPE_NO,
    FB_ESCAPE_YES,
    FB_ESCAPE_ASK, /* {% autoescape variable %}: as the context says */
    FB_ESCAPE_RAW  /* what is printed must be a string and is left alone */
} fb_escape_mode;

/* Where an instruction comes from. `line` is the one that errors name, as Jinja2 counts them;
 * the column is 0 when the piece stands on another line. */
typedef struct fb_place {
    uint32_t line;
    uint32_t column;
} fb_place;

/* Arguments of a call, filter or test as the template wrote them. */
#define FB_SITE_DYN_ARGS   0x01u
#define FB_SITE_DYN_KWARGS 0x02u
typedef struct fb_site {
    const fb_builtin *row;       /* of a filter or test; NULL: not known, an error when reached */
    const fb_name *name;
    fb_str *keywords;
    uint16_t positional;
    uint16_t keyword_count;
    uint8_t flags;
} fb_site;

/* Local variables that includes and scoped blocks see. */
typedef struct fb_names {
    apr_size_t count;
    const fb_name **names;
    uint16_t *slots;
    uint8_t *depths;
} fb_names;

typedef struct fb_block_site {
    const fb_name *name;
    const fb_names *locals;      /* of a scoped block, else NULL */
    bool required;
} fb_block_site;

typedef struct fb_include_site {
    const fb_names *locals;
    fb_value name;               /* a constant name, else FB_ABSENT */
    const fb_template *tmpl;     /* linked after all templates were compiled; NULL: by name */
    bool with_context;
    bool ignore_missing;
} fb_include_site;

typedef struct fb_import_site {
    const fb_name *name;
    fb_str position;             /* "line 3 in 'x.html'" */
} fb_import_site;

typedef enum fb_proc_kind {
    FB_PROC_ROOT, FB_PROC_BLOCK, FB_PROC_MACRO, FB_PROC_LOOP, FB_PROC_TEST
} fb_proc_kind;

typedef struct fb_proc {
    fb_proc_kind kind;
    const fb_name *name;         /* of a macro or block; NULL: a call block's body */
    const fb_template *tmpl;
    fb_ins *code;
    fb_place *places;
    uint32_t length;
    uint16_t slot_count;
    uint16_t stack_size;
    bool kept;                   /* has procedures inside, which may outlive an activation */
    /* of a macro: */
    const fb_name **params;
    uint16_t *param_slots;
    uint16_t param_count;
    bool explicit_caller;        /* "caller" is among the parameters */
    bool uses_caller, uses_kwargs, uses_varargs;
    uint16_t caller_slot, kwargs_slot, varargs_slot;
} fb_proc;

struct fb_template {
    const fb_env *env;
    fb_str name;                 /* empty and anonymous: made from a string */
    bool anonymous;
    bool autoescape;             /* at the start */
    fb_str source;               /* as added */
    const fb_error *error;       /* set when it did not compile */
    fb_proc **procs;             /* [0] is the root */
    uint32_t proc_count;
    const fb_proc **blocks;
    uint32_t block_count;
    fb_value *constants;
    fb_str *texts;
    fb_site *sites;
    fb_block_site *block_sites;
    fb_include_site *include_sites;
    fb_import_site *import_sites;
    uint32_t constant_count, text_count, site_count;
    uint32_t block_site_count, include_site_count, import_site_count;
    /* for the check of names: every name read from the context, and where */
    const fb_name **free_names;
    fb_place *free_places;
    uint32_t free_count;
};

extern const char *const fb_opcode_names[FB_OP_COUNT];
extern const char *const fb_opcode_docs[FB_OP_COUNT];

#endif
