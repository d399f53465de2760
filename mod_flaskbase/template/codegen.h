/* Shared by the files of the code generator: from the syntax tree to procedures. */
#ifndef FB_TEMPLATE_CODEGEN_H
#define FB_TEMPLATE_CODEGEN_H

#include "template/env.h"
#include "template/lexer.h"
#include "template/symbols.h"
#include "template/vm.h"

/* Variables that are only read are looked up once per activation, in one slot for all scopes. */
typedef struct fb_shared_slot {
    const fb_name *name;
    uint16_t slot;
} fb_shared_slot;

/* A procedure that is being built. */
typedef struct fb_builder {
    fb_proc *proc;
    struct fb_builder *outer;
    uint32_t cap;
    unsigned depth; /* values on the stack here */
    unsigned max_depth;
    uint32_t label; /* the last place that something jumps to */
    fb_shared_slot *shared;
    unsigned shared_count, shared_cap;
    unsigned captures;         /* open ones here */
    struct fb_open_loop *loop; /* the innermost loop, for break and continue */
} fb_builder;

/* A place to be filled in later with where it goes. */
typedef struct fb_patches {
    uint32_t *v;
    uint32_t count, cap;
} fb_patches;

typedef struct fb_open_loop {
    struct fb_open_loop *outer;
    uint32_t next; /* where the next item is fetched */
    fb_patches breaks;
    unsigned depth, captures;
} fb_open_loop;

/* A scope while its code is generated. */
typedef struct fb_scope_frame {
    struct fb_scope_frame *outer;
    fb_symbols *symbols;
    bool check_extended;    /* output only if no {% extends %} was run */
    bool toplevel;          /* assignments are exported */
    bool rootlevel;         /* not even in an if */
    bool in_loop, in_block; /* direct bodies of loops and blocks: not exported */
    bool soft;              /* unknown filters are errors only when reached */
} fb_scope_frame;

typedef struct fb_codegen {
    fb_env *env;
    fb_template *tmpl;
    apr_pool_t *pool; /* for what the template keeps */
    apr_pool_t *scratch;
    fb_arena *arena; /* constants */
    fb_vm *vm;       /* evaluates them */
    fb_str source;
    fb_error *error;
    bool failed;
    fb_builder *builder;
    uint32_t line; /* of the statement or expression at hand, as errors will name it */
    uint32_t offset;
    uint32_t *line_starts; /* offsets in the source */
    uint32_t line_count;
    bool autoescape, volatile_escape;
    unsigned extends_so_far;
    bool known_extends;
    bool unreachable;     /* the rest of this body can not be reached */
    uint16_t caller_slot; /* while a call block's call is generated: where its macro is */
    uint32_t caller_name;
    fb_node **blocks;
    uint32_t block_count;
    uint32_t proc_cap, constant_cap, text_cap, site_cap, block_site_cap, include_site_cap,
        import_site_cap, free_cap;
} fb_codegen;

/* ---- codegen.c ------------------------------------------------------------------- */
void fb_gen_fail(fb_codegen *cg, const fb_node *node, const char *kind, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void *fb_gen_grow(apr_pool_t *pool, void *v, uint32_t count, uint32_t *cap, apr_size_t size);
/* Where errors in the following code are. */
void fb_gen_line(fb_codegen *cg, const fb_node *node);
void fb_gen_column(fb_codegen *cg, const fb_node *node);
/* Appends an instruction; `effect` is what it does to the number of values on the stack. */
uint32_t fb_gen_emit(fb_codegen *cg, fb_opcode op, unsigned a, unsigned b, uint32_t c, int effect);
uint32_t fb_gen_here(fb_codegen *cg);           /* a place to jump to */
void fb_gen_patch(fb_codegen *cg, uint32_t at); /* the jump at `at` goes here */
void fb_gen_patch_later(fb_codegen *cg, fb_patches *patches, uint32_t at);
void fb_gen_patch_all(fb_codegen *cg, fb_patches *patches);
uint32_t fb_gen_constant(fb_codegen *cg, fb_value v);
void fb_gen_text(fb_codegen *cg, fb_str s);
fb_builder *fb_gen_proc(fb_codegen *cg, fb_proc_kind kind, const fb_name *name);
uint32_t fb_gen_proc_end(fb_codegen *cg, fb_builder *builder); /* its number */
uint16_t fb_gen_slot(fb_codegen *cg);

/* ---- codegen_scope.c ------------------------------------------------------------- */
fb_scope_frame fb_gen_inner(fb_codegen *cg, fb_scope_frame *outer);
fb_scope_frame fb_gen_soft(fb_scope_frame *outer);
void fb_gen_enter(fb_codegen *cg, fb_scope_frame *frame);
void fb_gen_leave(fb_codegen *cg, fb_scope_frame *frame);
/* Slot of a name and how many procedures up it is; false if no scope knows it. */
bool fb_gen_place(fb_codegen *cg, fb_symbols *symbols, const fb_name *name, unsigned *up,
                  uint16_t *slot);
void fb_gen_load(fb_codegen *cg, fb_scope_frame *frame, const fb_name *name);
void fb_gen_store(fb_codegen *cg, fb_scope_frame *frame, const fb_name *name);
void fb_gen_export(fb_codegen *cg, fb_scope_frame *frame, const fb_name *name, unsigned how);
/* Assigns the stack's top to a target (name, tuple). */
void fb_gen_assign(fb_codegen *cg, fb_scope_frame *frame, const fb_node *target);
void fb_gen_export_target(fb_codegen *cg, fb_scope_frame *frame, const fb_node *target);
const fb_names *fb_gen_locals(fb_codegen *cg, fb_scope_frame *frame);

/* ---- codegen_stmt.c -------------------------------------------------------------- */
void fb_gen_body(fb_codegen *cg, fb_scope_frame *frame, const fb_nodes *body);
void fb_gen_statement(fb_codegen *cg, fb_scope_frame *frame, fb_node *node);
fb_escape_mode fb_gen_escape_mode(const fb_codegen *cg);

/* ---- codegen_loop.c, codegen_macro.c --------------------------------------------- */
void fb_gen_for(fb_codegen *cg, fb_scope_frame *frame, fb_node *node);
void fb_gen_break(fb_codegen *cg, const fb_node *node);
void fb_gen_macro(fb_codegen *cg, fb_scope_frame *frame, fb_node *node);
void fb_gen_call_block(fb_codegen *cg, fb_scope_frame *frame, fb_node *node);

/* ---- codegen_expr.c -------------------------------------------------------------- */
void fb_gen_expr(fb_codegen *cg, fb_scope_frame *frame, fb_node *node);
/* A call whose result is only printed. */
void fb_gen_call(fb_codegen *cg, fb_scope_frame *frame, fb_node *node, bool caller, bool printed);
/* Applies a filter to the value on the stack. */
void fb_gen_filter_chain(fb_codegen *cg, fb_scope_frame *frame, fb_node *node);

/* ---- fold.c ---------------------------------------------------------------------- */
/* The value of an expression that is known now. */
bool fb_fold(fb_codegen *cg, fb_node *node, fb_value *out);
/* The same, if the value can also stand in the code (Jinja2's "safe repr"). */
bool fb_fold_safe(fb_codegen *cg, fb_node *node, fb_value *out);

#endif
