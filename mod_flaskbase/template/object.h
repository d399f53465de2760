/* Functions and objects that templates can reach: rows of tables, nothing else. */
#ifndef FB_TEMPLATE_OBJECT_H
#define FB_TEMPLATE_OBJECT_H

#include "template/value.h"

typedef struct fb_kwarg {
    fb_str name;
    fb_value value;
} fb_kwarg;

typedef struct fb_args {
    const fb_value *v;
    apr_size_t n;
} fb_args;

typedef struct fb_kwargs {
    const fb_kwarg *v;
    apr_size_t n;
} fb_kwargs;

/* Every C function a template can call: filters, tests, globals, methods.
 *
 * `self` is the filtered or tested value, the object of a method, and FB_ABSENT for a global.
 * When the row names parameters, `args` holds exactly row->param_count values in that order
 * (keywords already sorted in; FB_ABSENT where the template gave none and the parameter has a
 * default), followed by extra positional ones if FB_FN_VARARGS; `kwargs` holds the keywords that
 * are no parameters if FB_FN_KWARGS, else none. Wrong calls are refused before the function
 * runs. Without parameter names (params NULL) `args` and `kwargs` are as the template wrote them.
 *
 * Returns APR_SUCCESS with *out set (a test sets a bool), or the status of fb_raise (vm.h).
 * Results live in the arena of the VM. A function that keeps an argument beyond its own call
 * (appending it to a list, storing it in an object) calls fb_vm_keep first. */
typedef apr_status_t fb_native(fb_vm *vm, fb_value self, fb_args args, fb_kwargs kwargs,
                               fb_value *out, fb_error *error);

/* Flags of a row. A row without FB_FN_CONTEXT may be evaluated at compile time when all its
 * arguments are constants; so it must not depend on anything else than its arguments, the
 * environment and the autoescape state. */
#define FB_FN_CONTEXT 0x01u /* needs a running render: never folded */
#define FB_FN_EVALCTX 0x02u /* asks fb_vm_autoescape: not folded where that can change */
#define FB_FN_VARARGS 0x04u
#define FB_FN_KWARGS  0x08u
#define FB_FN_MUTATES 0x10u /* changes its object: refused by the immutable sandbox */
#define FB_FN_UNSAFE  0x20u /* refused by any sandbox */

/* One row of a builtin table, or one method of a class. */
struct fb_builtin {
    const char *name;
    fb_native *fn;
    const char *const *params; /* names, without self; FB_PARAMS(…); NULL: not sorted */
    uint8_t param_count;
    uint8_t required; /* so many of them have no default */
    uint16_t flags;
    const char *doc; /* one or two sentences, for docs/templates.md and --help */
};

/* .params and .param_count of a row: FB_PARAMS("length", "killwords") */
#define FB_PARAMS(...)                                                                             \
    .params = (const char *const[]){ __VA_ARGS__ },                                                \
    .param_count = sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *)
/* A row whose function takes no arguments at all. */
#define FB_NO_PARAMS .params = (const char *const[]){ NULL }, .param_count = 0

/* Tables end with a row whose name is NULL. */

typedef apr_status_t fb_getter(fb_vm *vm, fb_value self, fb_value *out, fb_error *error);

/* One attribute of a class: what {{ object.name }} shows. */
typedef struct fb_attribute {
    const char *name;
    fb_getter *get;
    const char *doc;
} fb_attribute;

/* A class: everything of an object that a template can see. All tables and hooks are optional.
 * Attributes are looked up in `attributes`, then `methods`, then by `get_attribute`.
 * Class structures are constants; they must not move or change while an environment lives. */
typedef struct fb_class {
    const char *name;   /* as error messages name it: "Form" */
    const char *module; /* its Python module in messages; NULL: "Form object" */
    const fb_attribute *attributes;
    const fb_builtin *methods;
    /* {{ object.name }} and {{ object[key] }} not found in the tables: FB_ENOTFOUND (without
     * filling the error) when there is no such thing; the template gets an Undefined. */
    apr_status_t (*get_attribute)(fb_vm *, fb_value self, fb_str name, fb_value *out, fb_error *);
    apr_status_t (*get_item)(fb_vm *, fb_value self, fb_value key, fb_value *out, fb_error *);
    /* {% set object.name = value %}: only namespaces have it. */
    apr_status_t (*set_attribute)(fb_vm *, fb_value self, fb_str name, fb_value v, fb_error *);
    const fb_builtin *call; /* {{ object(…) }}; a row, so that it can name parameters */
    /* A list, tuple, dict (its keys), range or iterator to walk. */
    apr_status_t (*iterate)(fb_vm *, fb_value self, fb_value *out, fb_error *);
    apr_status_t (*length)(fb_vm *, fb_value self, int64_t *out, fb_error *);
    apr_status_t (*truth)(fb_vm *, fb_value self, bool *out,
                          fb_error *); /* default: length, else true */
    /* What {{ object }} prints: a str (escaped under autoescape) or Markup. Without: "<name
     * object>". */
    apr_status_t (*to_string)(fb_vm *, fb_value self, fb_value *out, fb_error *);
    apr_status_t (*repr)(fb_vm *, fb_value self, fb_value *out,
                         fb_error *); /* default: to_string */
    apr_status_t (*contains)(fb_vm *, fb_value self, fb_value item, bool *out, fb_error *);
} fb_class;

/* First member of every structure that a template may hold. */
struct fb_object {
    const fb_class *cls;
};

struct fb_method {
    const fb_builtin *row;
    fb_value self;
};

/* The object of `v` if it is one of class `cls`, else NULL. */
static inline void *fb_object_of(fb_value v, const fb_class *cls)
{
    return v.tag == FB_OBJECT && v.as.object->cls == cls ? (void *)v.as.object : NULL;
}

#endif
