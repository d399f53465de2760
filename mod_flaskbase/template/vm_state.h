/* The machine's own state: what a render consists of. Only for the files that make up the VM. */
#ifndef FB_TEMPLATE_VM_STATE_H
#define FB_TEMPLATE_VM_STATE_H

#include "template/code.h"
#include "template/env.h"
#include "template/ops.h"

/* One layer of names behind a context's own variables; searched in order. Layers are shared by
 * the contexts of includes and never change while one of these runs. */
typedef struct fb_scope {
    const struct fb_scope *next;
    const fb_dict *dict;         /* or, when NULL: */
    const fb_name *const *names; /* locals of an includer: names and their values */
    const fb_value *values;
    apr_size_t count;
} fb_scope;

/* The versions of one block, the most derived first. */
typedef struct fb_block_stack {
    const fb_name *name;
    const fb_proc **versions;
    uint32_t count;
    uint32_t cap;
} fb_block_stack;

/* What Jinja2 calls the context: the variables of one running template and its blocks. */
typedef struct fb_vm_context {
    const fb_template *tmpl;
    const fb_scope *scope; /* render context, globals; locals of includers before */
    fb_dict *vars;         /* set at top level; NULL while empty */
    fb_dict *exported;     /* name → None: which of them an import sees */
    fb_block_stack *blocks;
    uint32_t block_count;
    uint32_t block_cap;
    bool autoescape; /* now: {% autoescape %} changes it */
} fb_vm_context;

/* An activation of a procedure. Slots hold its variables; those of enclosing procedures are
 * reached through `outer`. */
typedef struct fb_frame {
    const fb_proc *proc;
    fb_value *slots;
    struct fb_frame *outer;
    fb_vm_context *ctx;
    const fb_template *parent; /* of a root procedure: what {% extends %} found */
    fb_value result;           /* of a loop's condition */
    fb_macro *recurse;         /* of a recursive loop's procedure: itself, and how deep it is */
    int64_t recurse_depth;
    fb_value *old_stack; /* the value stack as it was before */
    struct fb_segment *old_segment;
} fb_frame;

/* A piece of the value stack. */
typedef struct fb_segment {
    struct fb_segment *next;
    fb_value *start, *end;
} fb_segment;

/* The tag of a slot whose name was not looked up yet: the first load asks the context. */
#define FB_UNRESOLVED ((uint8_t)0xfe)

struct fb_macro {
    const fb_proc *proc;
    fb_frame *frame; /* the frame it was defined in */
};

/* The object behind `loop`, and the state of every loop. */
typedef struct fb_loop {
    fb_object object;
    fb_walk walk;
    fb_value iterable;               /* for length */
    fb_value current, before, after; /* FB_ABSENT: none */
    fb_value changed;                /* arguments of the last loop.changed(), a tuple */
    int64_t index0;
    int64_t length; /* -1: not known yet */
    int64_t depth0;
    fb_macro *recurse; /* of a recursive loop */
    fb_macro *test;    /* its condition, when it has a loop variable */
    bool finished;
    fb_arena_mark mark; /* memory of one iteration lies behind it */
    uint64_t keeps;     /* vm->keeps when the mark was taken */
    bool reuse;         /* iterations may reuse memory at all */
    bool ran;           /* a body was run to its end: no else */
} fb_loop;

/* A module that was imported without context: there is one per render. */
typedef struct fb_module_entry {
    struct fb_module_entry *next;
    const fb_template *tmpl;
    fb_value module;
} fb_module_entry;

/* Where output goes. */
typedef struct fb_sink {
    char *at, *end; /* free room of the current block */
    char *start;    /* of the block, or of the capture buffer */
} fb_sink;

struct fb_vm {
    fb_arena *arena;
    apr_pool_t *pool;
    const fb_env *env;
    const fb_render *render;
    const fb_limits *limits;
    fb_vm_context *ctx; /* of the running frame */
    fb_sink out;
    fb_sink page; /* the page's sink while captures are open */
    fb_chunks *chunks;
    apr_size_t written; /* bytes of finished page blocks */
    char nothing[8];    /* what sinks point to before they have a block */
    unsigned captures;  /* open ones */
    apr_size_t capture_size;
    char *capture;   /* one buffer for all of them: they nest */
    fb_value *stack; /* free part of the current piece of the value stack */
    fb_segment *segment;
    int64_t fuel;            /* instructions left; below 0: too many */
    uint64_t keeps;          /* see fb_vm_keep */
    fb_arena_mark last_mark; /* where the latest iteration of a loop began */
    unsigned depth;          /* nested procedures */
    unsigned include_depth;
    unsigned native_depth; /* nested repr, comparison, … */
    uint64_t dice;
    fb_module_entry *modules;     /* imported without context */
    const fb_scope *global_scope; /* globals of the render and of the environment */
    bool too_much;                /* output beyond the limit was dropped */
    struct {
        const fb_class *cls;
        const fb_name *name;
        const void *row;
        bool method;
    } lookups[64]; /* last finds of attributes by class and name */
};

/* ---- vm.c ------------------------------------------------------------------------ */
apr_status_t fb_vm_run(fb_vm *vm, fb_frame *frame, fb_error *error) FB_MUST_CHECK;

/* ---- vm_error.c ------------------------------------------------------------------ */
/* FB_ELIMIT: "<what>: the limit is <limit>". */
apr_status_t fb_raise_limit(fb_error *error, const char *what, uint64_t limit);

/* ---- vm_ops.c: what the longer instructions do ----------------------------------- */
apr_status_t fb_op_attr(fb_vm *vm, fb_value v, const fb_name *name, fb_value *out,
                        fb_error *error) FB_MUST_CHECK;
apr_status_t fb_op_concat(fb_vm *vm, const fb_value *v, uint32_t count, bool markup, fb_value *out,
                          fb_error *error) FB_MUST_CHECK;
/* Puts `count` values at `to`, the first one last. */
apr_status_t fb_op_unpack(fb_vm *vm, fb_value v, uint32_t count, fb_value *to,
                          fb_error *error) FB_MUST_CHECK;
apr_status_t fb_op_dict(fb_vm *vm, const fb_value *v, uint32_t pairs, fb_value *out,
                        fb_error *error) FB_MUST_CHECK;
fb_value fb_op_list(fb_vm *vm, fb_tag tag, const fb_value *v, uint32_t count);
apr_status_t fb_op_compare(fb_vm *vm, unsigned op, fb_value a, fb_value b, bool *out,
                           fb_error *error) FB_MUST_CHECK;
apr_status_t fb_op_positive(fb_vm *vm, fb_value v, fb_value *out, fb_error *error) FB_MUST_CHECK;
/* The values of a call site begin at `v`: arguments, keywords, * and **. */
apr_status_t fb_op_call(fb_vm *vm, const fb_site *site, fb_value callee, const fb_value *v,
                        bool direct, fb_value *out, fb_error *error) FB_MUST_CHECK;
apr_status_t fb_op_builtin(fb_vm *vm, const fb_site *site, bool filter, fb_value self,
                           const fb_value *v, fb_value *out, fb_error *error) FB_MUST_CHECK;
apr_status_t fb_op_set_namespace(fb_vm *vm, fb_value ns, const fb_name *name, fb_value v,
                                 fb_error *error) FB_MUST_CHECK;
fb_value fb_op_copy_constant(fb_vm *vm, fb_value v);
fb_value fb_op_cond_undefined(fb_vm *vm, fb_value text);
fb_value fb_op_missing_parameter(fb_vm *vm, const fb_name *name);
apr_status_t fb_op_safe(fb_vm *vm, fb_value v, fb_value *out, fb_error *error) FB_MUST_CHECK;

/* ---- vm_output.c ----------------------------------------------------------------- */
void fb_vm_emit_slow(fb_vm *vm, const char *ptr, apr_size_t len);
static inline void fb_vm_emit(fb_vm *vm, const char *ptr, apr_size_t len)
{
    if (len <= (apr_size_t)(vm->out.end - vm->out.at)) {
        __builtin_memcpy(vm->out.at, ptr, len);
        vm->out.at += len;
    } else {
        fb_vm_emit_slow(vm, ptr, len);
    }
}
void fb_vm_emit_literal(fb_vm *vm, fb_str s); /* constant text of the environment */
void fb_vm_emit_escaped(fb_vm *vm, fb_str s);
apr_status_t fb_vm_emit_value(fb_vm *vm, fb_value v, bool escape, fb_error *error) FB_MUST_CHECK;
/* Captures nest strictly. The result is a str, or Markup, in the arena. */
apr_size_t fb_vm_capture_begin(fb_vm *vm);
apr_status_t fb_vm_capture_end(fb_vm *vm, apr_size_t start, fb_tag tag, fb_value *out,
                               fb_error *error) FB_MUST_CHECK;
/* Throws away the innermost `count` captures; their marks are the last integers below `sp`. */
/* Ends the capture whose mark is at sp and puts its text before the `count` ones around it, whose
 * marks are below sp. */
apr_status_t fb_vm_capture_hoist(fb_vm *vm, uint32_t count, fb_value *sp,
                                 fb_error *error) FB_MUST_CHECK;
void fb_vm_capture_drop(fb_vm *vm, uint32_t count, const fb_value *sp);
void fb_vm_output_start(fb_vm *vm, fb_chunks *chunks);
apr_status_t fb_vm_output_finish(fb_vm *vm, fb_error *error) FB_MUST_CHECK;
bool fb_vm_output_over(const fb_vm *vm);

/* ---- vm_call.c ------------------------------------------------------------------- */
apr_status_t fb_vm_call_native(fb_vm *vm, const fb_builtin *row, fb_value self, fb_args args,
                               fb_kwargs kwargs, fb_value *out, fb_error *error) FB_MUST_CHECK;
/* Number of values of a site behind its callee or filtered value. */
static inline unsigned fb_site_values(const fb_site *site)
{
    return site->positional + site->keyword_count + (site->flags & FB_SITE_DYN_ARGS ? 1u : 0u) +
           (site->flags & FB_SITE_DYN_KWARGS ? 1u : 0u);
}
/* Runs a macro. With `direct`, its text goes to the current sink and *out is set to absent. */
apr_status_t fb_vm_call_macro(fb_vm *vm, fb_macro *macro, fb_args args, fb_kwargs kwargs,
                              bool direct, fb_value *out, fb_error *error) FB_MUST_CHECK;
/* Runs a procedure that takes no arguments (a template's root, a block) in a context. */
apr_status_t fb_vm_run_proc(fb_vm *vm, const fb_proc *proc, fb_vm_context *ctx,
                            fb_error *error) FB_MUST_CHECK;
/* A frame for `proc`: in the arena when closures may keep it, else in `place` and on the value
 * stack. fb_vm_run runs it and gives the stack back. */
fb_frame *fb_vm_frame(fb_vm *vm, fb_frame *place, const fb_proc *proc, fb_frame *outer,
                      fb_vm_context *ctx);
/* The condition of a loop on one item. */
apr_status_t fb_vm_test_item(fb_vm *vm, fb_macro *test, fb_value item, bool *out,
                             fb_error *error) FB_MUST_CHECK;
/* A recursive loop's body on other items. */
apr_status_t fb_vm_recurse(fb_vm *vm, fb_macro *loop, fb_value iterable, int64_t depth, bool direct,
                           fb_value *out, fb_error *error) FB_MUST_CHECK;

/* ---- vm_context.c ---------------------------------------------------------------- */
fb_vm_context *fb_vm_context_create(fb_vm *vm, const fb_template *tmpl, const fb_scope *scope);
/* Behind a context's own names, as an included or derived one sees them. */
const fb_scope *fb_vm_context_scope(fb_vm *vm, const fb_vm_context *ctx, bool snapshot,
                                    const fb_names *names, fb_frame *frame);
fb_vm_context *fb_vm_context_derive(fb_vm *vm, const fb_vm_context *ctx, const fb_names *names,
                                    fb_frame *frame);
/* FB_ABSENT when there is no such name. */
fb_value fb_vm_context_find(const fb_vm_context *ctx, const fb_name *name);
/* `how`: 0 as it is, 1 exported, 2 not exported. */
apr_status_t fb_vm_context_set(fb_vm *vm, fb_vm_context *ctx, const fb_name *name, fb_value v,
                               unsigned how, fb_error *error) FB_MUST_CHECK;
fb_block_stack *fb_vm_context_block(const fb_vm_context *ctx, const fb_name *name);
void fb_vm_context_add_blocks(fb_vm *vm, fb_vm_context *ctx, const fb_template *tmpl);

/* ---- vm_include.c ---------------------------------------------------------------- */
/* `name` is what the template gave, when the site has no constant name. */
apr_status_t fb_vm_extend(fb_vm *vm, fb_frame *frame, const fb_include_site *site, fb_value name,
                          fb_error *error) FB_MUST_CHECK;
apr_status_t fb_vm_include(fb_vm *vm, fb_frame *frame, const fb_include_site *site, fb_value name,
                           fb_error *error) FB_MUST_CHECK;
apr_status_t fb_vm_import(fb_vm *vm, fb_frame *frame, const fb_include_site *site, fb_value name,
                          fb_value *out, fb_error *error) FB_MUST_CHECK;
fb_value fb_vm_import_name(fb_vm *vm, const fb_import_site *site, fb_value module);
/* A template's root, and those it extends. */
apr_status_t fb_vm_run_root(fb_vm *vm, const fb_template *tmpl, fb_vm_context *ctx,
                            fb_error *error) FB_MUST_CHECK;

/* ---- vm_objects.c ---------------------------------------------------------------- */
extern const fb_class fb_class_loop, fb_class_module, fb_class_self, fb_class_block;
fb_value fb_vm_self(fb_vm *vm, fb_vm_context *ctx);
fb_value fb_vm_super(fb_vm *vm, fb_vm_context *ctx, const fb_proc *current);
/* super(), self.name(): printed at once, or to a string. */
apr_status_t fb_vm_call_block(fb_vm *vm, fb_value block, bool direct, fb_value *out,
                              fb_error *error) FB_MUST_CHECK;
fb_value fb_module_value(fb_vm *vm, const fb_vm_context *ctx, fb_value body);
const fb_template *fb_module_template(fb_value module);
/* What a module exports under a name; FB_ABSENT if nothing. */
fb_value fb_module_get(fb_value module, const fb_name *name);
const fb_attribute *fb_macro_attributes(void);

/* ---- vm_loop.c ------------------------------------------------------------------- */
apr_status_t fb_loop_start(fb_vm *vm, fb_frame *frame, const fb_ins *ins, fb_value iterable,
                           fb_macro *test, fb_error *error) FB_MUST_CHECK;
/* APR_EOF at the end. */
apr_status_t fb_loop_next(fb_vm *vm, fb_loop *loop, fb_value *out, fb_error *error) FB_MUST_CHECK;

#endif
