/* What a C function called by a template can ask of the machine that runs it. */
#ifndef FB_TEMPLATE_VM_H
#define FB_TEMPLATE_VM_H

#include "template/object.h"

#include "base/buf.h"

/* ---- memory ---------------------------------------------------------------------- */

fb_arena *fb_vm_arena(fb_vm *vm);  /* results go here */
apr_pool_t *fb_vm_pool(fb_vm *vm); /* the render's pool, for what must not move with loops */
/* To be called before an argument (or a value computed now) is stored in something that may be
 * older than this call: keeps the current loop iteration's memory from being reused. */
void fb_vm_keep(fb_vm *vm, fb_value v);

/* ---- errors ---------------------------------------------------------------------- */

/* Fills the error with a class name as Python's or Jinja2's ("TypeError", "UndefinedError",
 * "FilterArgumentError", …) and returns FB_ETEMPLATE. The place is added by the VM. */
apr_status_t fb_raise(fb_error *error, const char *kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* "TypeError" of a C function that can not work with this value. */
apr_status_t fb_raise_type(fb_error *error, const char *what, fb_value v);
/* What using an undefined value raises (its message: "'x' is undefined"). */
apr_status_t fb_raise_undefined(fb_vm *vm, fb_value undefined, fb_error *error);
/* The budget of memory is used up. */
apr_status_t fb_raise_memory(fb_error *error);
/* True when `error` holds a Python exception of that class (TypeError, ValueError, …). */
bool fb_error_is(const fb_error *error, const char *kind);
/* Forgets an error that was handled. */
void fb_error_clear(fb_error *error);

/* ---- environment and state ------------------------------------------------------- */

bool fb_vm_autoescape(fb_vm *vm);
fb_undefined_kind fb_vm_undefined_kind(fb_vm *vm);
bool fb_vm_sandboxed(fb_vm *vm);
/* env.policies[name], e.g. "truncate.leeway"; FB_ABSENT if not set. */
fb_value fb_vm_policy(fb_vm *vm, const char *name);
/* A pseudo-random number below n, from the render's seed. */
uint32_t fb_vm_random(fb_vm *vm, uint32_t n);
/* env.newline_sequence */
fb_str fb_vm_newline(fb_vm *vm);
/* A name in the running template's context (variables, then globals); FB_ABSENT if not there. */
fb_value fb_vm_resolve(fb_vm *vm, fb_str name);

/* Undefined values: of a name, of an attribute or item that an object lacks, with a text. */
fb_value fb_undefined_name(fb_vm *vm, fb_str name);
fb_value fb_undefined_item(fb_vm *vm, fb_value object, fb_value name);
fb_value fb_undefined_hint(fb_vm *vm, fb_str hint);
fb_str fb_undefined_message(fb_vm *vm, fb_value undefined);

/* ---- Python's operations --------------------------------------------------------- */

apr_status_t fb_truth(fb_vm *vm, fb_value v, bool *out, fb_error *error) FB_MUST_CHECK;
/* str(v): a str, or v itself when it is a string (so Markup stays). */
apr_status_t fb_to_string(fb_vm *vm, fb_value v, fb_value *out, fb_error *error) FB_MUST_CHECK;
apr_status_t fb_repr(fb_vm *vm, fb_value v, fb_value *out, fb_error *error) FB_MUST_CHECK;
/* The same into a buffer (see text.h). */
/* markupsafe.escape(v): always Markup. */
apr_status_t fb_escape(fb_vm *vm, fb_value v, fb_value *out, fb_error *error) FB_MUST_CHECK;
bool fb_equal(fb_value a, fb_value b); /* never fails; a StrictUndefined is handled by the VM */
typedef enum fb_compare_op { FB_LT, FB_LE, FB_GT, FB_GE, FB_EQ, FB_NE } fb_compare_op;
apr_status_t fb_compare(fb_vm *vm, fb_compare_op op, fb_value a, fb_value b, bool *out,
                        fb_error *error) FB_MUST_CHECK;
/* TypeError "unhashable type: 'list'" if it can not be a key. */
apr_status_t fb_hash(fb_vm *vm, fb_value v, uint32_t *out, fb_error *error) FB_MUST_CHECK;
apr_status_t fb_contains(fb_vm *vm, fb_value container, fb_value item, bool *out,
                         fb_error *error) FB_MUST_CHECK;
/* len(v); TypeError if it has none. */
apr_status_t fb_length(fb_vm *vm, fb_value v, int64_t *out, fb_error *error) FB_MUST_CHECK;
typedef enum fb_binop {
    FB_BIN_ADD,
    FB_BIN_SUB,
    FB_BIN_MUL,
    FB_BIN_DIV,
    FB_BIN_FLOORDIV,
    FB_BIN_MOD,
    FB_BIN_POW
} fb_binop;
apr_status_t fb_binary(fb_vm *vm, fb_binop op, fb_value a, fb_value b, fb_value *out,
                       fb_error *error) FB_MUST_CHECK;
apr_status_t fb_negate(fb_vm *vm, fb_value v, fb_value *out, fb_error *error) FB_MUST_CHECK;

/* environment.getattr: the attribute, else the item; Undefined if neither. */
apr_status_t fb_getattr(fb_vm *vm, fb_value v, fb_str name, fb_value *out,
                        fb_error *error) FB_MUST_CHECK;
/* environment.getitem: the item, else (for a string) the attribute; Undefined if neither. */
apr_status_t fb_getitem(fb_vm *vm, fb_value v, fb_value key, fb_value *out,
                        fb_error *error) FB_MUST_CHECK;
apr_status_t fb_slice(fb_vm *vm, fb_value v, fb_value start, fb_value stop, fb_value step,
                      fb_value *out, fb_error *error) FB_MUST_CHECK;
/* Only an attribute: FB_ENOTFOUND (error not filled) if there is none. */
apr_status_t fb_attribute_of(fb_vm *vm, fb_value v, fb_str name, fb_value *out,
                             fb_error *error) FB_MUST_CHECK;
/* Only v[key]: FB_ENOTFOUND (error not filled) for Python's LookupError and TypeError. */
apr_status_t fb_item_of(fb_vm *vm, fb_value v, fb_value key, fb_value *out,
                        fb_error *error) FB_MUST_CHECK;

/* Calls anything callable. */
apr_status_t fb_call(fb_vm *vm, fb_value callee, fb_args args, fb_kwargs kwargs, fb_value *out,
                     fb_error *error) FB_MUST_CHECK;
/* A filter or test by name: TemplateRuntimeError "No filter named 'x'." if there is none
 * (as map, select and their like raise it). */
apr_status_t fb_call_filter(fb_vm *vm, fb_str name, fb_value v, fb_args args, fb_kwargs kwargs,
                            fb_value *out, fb_error *error) FB_MUST_CHECK;
apr_status_t fb_call_test(fb_vm *vm, fb_str name, fb_value v, fb_args args, fb_kwargs kwargs,
                          bool *out, fb_error *error) FB_MUST_CHECK;
const fb_builtin *fb_find_filter(fb_vm *vm, fb_str name); /* NULL if there is none */
const fb_builtin *fb_find_test(fb_vm *vm, fb_str name);
bool fb_callable(fb_value v);

/* ---- walking --------------------------------------------------------------------- */

/* Walks anything iterable without copying it; TypeError "'int' object is not iterable". */
typedef struct fb_walk {
    fb_value over;
    int64_t at;
    int64_t end;
    fb_value single; /* the iterator, when it is one */
} fb_walk;
apr_status_t fb_walk_start(fb_vm *vm, fb_value v, fb_walk *walk, fb_error *error) FB_MUST_CHECK;
/* APR_EOF at the end. */
apr_status_t fb_walk_next(fb_vm *vm, fb_walk *walk, fb_value *out, fb_error *error) FB_MUST_CHECK;
/* list(v): a new list. */
apr_status_t fb_to_list(fb_vm *vm, fb_value v, fb_list **out, fb_error *error) FB_MUST_CHECK;
/* An iterator object over anything iterable (what Python's iter() gives). */
apr_status_t fb_to_iter(fb_vm *vm, fb_value v, fb_iter **out, fb_error *error) FB_MUST_CHECK;
apr_status_t fb_iter_step(fb_vm *vm, fb_iter *iter, fb_value *out, fb_error *error) FB_MUST_CHECK;

/* ---- building text --------------------------------------------------------------- */

/* A string that grows in the arena. Appends that do not fit are ignored and noticed at the end. */
typedef struct fb_text {
    fb_arena *arena;
    char *data;
    apr_size_t len;
    apr_size_t cap;
    bool failed;
} fb_text;

/* (fb_text){ .arena = arena } is an empty one, too. */
void fb_text_init(fb_text *text, fb_vm *vm, apr_size_t expected);
/* Room for `more` bytes behind the contents, for a writer that adds what it wrote to text->len;
 * NULL when they do not fit the budget. */
char *fb_text_reserve(fb_text *text, apr_size_t more);
void fb_text_add(fb_text *text, fb_str s);
void fb_text_add_char(fb_text *text, char c);
void fb_text_add_code(fb_text *text, unsigned int code_point);
void fb_text_add_escaped(fb_text *text, fb_str s); /* HTML */
void fb_text_add_fmt(fb_text *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* str(v) and repr(v) behind it. */
apr_status_t fb_text_add_value(fb_text *text, fb_vm *vm, fb_value v, fb_error *error) FB_MUST_CHECK;
apr_status_t fb_text_add_repr(fb_text *text, fb_vm *vm, fb_value v, fb_error *error) FB_MUST_CHECK;
/* APR_SUCCESS with the string in *out, or the budget's error. */
apr_status_t fb_text_finish(fb_text *text, fb_tag tag, fb_value *out,
                            fb_error *error) FB_MUST_CHECK;

#endif
