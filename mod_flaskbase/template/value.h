/* The values templates compute with: Python's, in 16 tagged bytes. */
#ifndef FB_TEMPLATE_VALUE_H
#define FB_TEMPLATE_VALUE_H

#include "template/arena.h"

/* The order matters: numbers are FB_BOOL..FB_FLOAT, strings FB_STR..FB_MARKUP. */
typedef enum fb_tag {
    FB_ABSENT, /* no value: an argument not given, a variable not set. Never seen by templates */
    FB_NONE,
    FB_BOOL,      /* as.i is 0 or 1 */
    FB_INT,       /* as.i; results that do not fit are FB_BIGINT, and never the reverse */
    FB_BIGINT,    /* as.big, normalised: never a number that fits as.i */
    FB_FLOAT,     /* as.f */
    FB_STR,       /* as.s and len: UTF-8 (a lone surrogate in its three-byte form) */
    FB_MARKUP,    /* the same, already safe in HTML */
    FB_BYTES,     /* the same shape, any bytes: only str.encode makes them */
    FB_LIST,      /* as.list */
    FB_TUPLE,     /* as.list, never changed after creation */
    FB_DICT,      /* as.dict */
    FB_VIEW,      /* as.dict, aux = fb_view: what keys(), values(), items() return */
    FB_RANGE,     /* as.range */
    FB_SLICE,     /* as.list of three */
    FB_UNDEFINED, /* as.undefined */
    FB_ITERATOR,  /* as.iter: can be walked once */
    FB_FUNCTION,  /* as.builtin: a global function */
    FB_METHOD,    /* as.method: a method bound to its object */
    FB_MACRO,     /* as.macro: a macro, a call block's caller, a recursive loop */
    FB_OBJECT     /* as.object: of a class with tables (object.h) */
} fb_tag;

typedef enum fb_view { FB_VIEW_KEYS, FB_VIEW_VALUES, FB_VIEW_ITEMS } fb_view;

/* Bits of `flags` of strings. */
#define FB_STR_ASCII 0x01u /* known to hold only ASCII: bytes are code points */
/* Bits of `flags` of lists and dicts. */
#define FB_CONST_VALUE                                                                             \
    0x02u /* a compiled constant: the VM copies it before a template can change it */

typedef struct fb_list fb_list;
typedef struct fb_dict fb_dict;
typedef struct fb_range fb_range;
typedef struct fb_undefined fb_undefined;
typedef struct fb_iter fb_iter;
typedef struct fb_method fb_method;
typedef struct fb_macro fb_macro;
typedef struct fb_object fb_object;
typedef struct fb_builtin fb_builtin;
typedef struct fb_bigint fb_bigint;
typedef struct fb_vm fb_vm;

typedef struct fb_value {
    uint8_t tag;
    uint8_t flags;
    uint16_t aux;
    uint32_t len; /* bytes of a string */
    union {
        int64_t i;
        double f;
        const char *s;
        const fb_bigint *big;
        fb_list *list;
        fb_dict *dict;
        const fb_range *range;
        const fb_undefined *undefined;
        fb_iter *iter;
        const fb_builtin *builtin;
        const fb_method *method;
        fb_macro *macro;
        fb_object *object;
        const void *ptr;
    } as;
} fb_value;

_Static_assert(sizeof(fb_value) == 16, "a value is 16 bytes");

/* Strings and containers are at most this long (bytes, items). */
#define FB_VALUE_MAX_LEN ((apr_size_t)0x7fffffff)

struct fb_list {
    uint32_t len;
    uint32_t cap;
    fb_value *items;
};

struct fb_range {
    int64_t start, stop, step; /* step is not 0 */
    int64_t len;
};

/* What kind of Undefined an environment uses; and, for one value, why it is undefined. */
typedef enum fb_undefined_kind {
    FB_UNDEFINED_LENIENT,
    FB_UNDEFINED_STRICT,
    FB_UNDEFINED_CHAINABLE,
    FB_UNDEFINED_DEBUG
} fb_undefined_kind;

struct fb_undefined {
    fb_undefined_kind kind;
    const char *error; /* class raised on use: "UndefinedError", or "SecurityError" */
    fb_str hint;       /* when set, the whole message */
    fb_value object;   /* FB_ABSENT for a plain name */
    fb_value name;     /* the name or subscript that was not found */
};

/* An iterator is walked once. `next` returns APR_SUCCESS with *out set, or APR_EOF at the end. */
typedef apr_status_t fb_iter_next(fb_vm *vm, fb_iter *iter, fb_value *out, fb_error *error);
struct fb_iter {
    fb_iter_next *next;
    const char *type; /* its Python name: "generator", "list_reverseiterator" */
    const char *name; /* of a generator: the function it came from; may be NULL */
    bool done;        /* set by fb_iter_step once next returned APR_EOF */
};

/* ---- making values --------------------------------------------------------------- */

static inline fb_value fb_absent(void)
{
    return (fb_value){ .tag = FB_ABSENT };
}
static inline fb_value fb_none(void)
{
    return (fb_value){ .tag = FB_NONE };
}
static inline fb_value fb_bool(bool b)
{
    return (fb_value){ .tag = FB_BOOL, .as.i = b };
}
static inline fb_value fb_int(int64_t i)
{
    return (fb_value){ .tag = FB_INT, .as.i = i };
}
static inline fb_value fb_float(double f)
{
    return (fb_value){ .tag = FB_FLOAT, .as.f = f };
}
/* Borrowed: the bytes must outlive the value. At most FB_VALUE_MAX_LEN bytes. */
static inline fb_value fb_string(fb_str s)
{
    return (fb_value){ .tag = FB_STR, .len = (uint32_t)s.len, .as.s = s.ptr != NULL ? s.ptr : "" };
}
static inline fb_value fb_markup(fb_str s)
{
    return (
        fb_value){ .tag = FB_MARKUP, .len = (uint32_t)s.len, .as.s = s.ptr != NULL ? s.ptr : "" };
}
static inline fb_value fb_string_z(const char *z)
{
    return fb_string(fb_str_from(z));
}
#define FB_VSTR(literal) fb_string(FB_STR(literal))
static inline fb_value fb_list_value(fb_list *list)
{
    return (fb_value){ .tag = FB_LIST, .as.list = list };
}
static inline fb_value fb_tuple_value(fb_list *list)
{
    return (fb_value){ .tag = FB_TUPLE, .as.list = list };
}
static inline fb_value fb_dict_value(fb_dict *dict)
{
    return (fb_value){ .tag = FB_DICT, .as.dict = dict };
}
static inline fb_value fb_object_value(void *object)
{
    return (fb_value){ .tag = FB_OBJECT, .as.object = object };
}
static inline fb_value fb_iter_value(fb_iter *iter)
{
    return (fb_value){ .tag = FB_ITERATOR, .as.iter = iter };
}
static inline fb_value fb_function_value(const fb_builtin *row)
{
    return (fb_value){ .tag = FB_FUNCTION, .as.builtin = row };
}

/* ---- looking at values ----------------------------------------------------------- */

static inline bool fb_is_absent(fb_value v)
{
    return v.tag == FB_ABSENT;
}
static inline bool fb_is_none(fb_value v)
{
    return v.tag == FB_NONE;
}
static inline bool fb_is_undefined(fb_value v)
{
    return v.tag == FB_UNDEFINED;
}
static inline bool fb_is_string(fb_value v)
{
    return v.tag == FB_STR || v.tag == FB_MARKUP;
}
static inline bool fb_is_integer(fb_value v)
{
    return v.tag >= FB_BOOL && v.tag <= FB_BIGINT;
}
static inline bool fb_is_number(fb_value v)
{
    return v.tag >= FB_BOOL && v.tag <= FB_FLOAT;
}
static inline bool fb_is_sequence(fb_value v)
{
    return v.tag == FB_LIST || v.tag == FB_TUPLE;
}
/* The bytes of a string, Markup or bytes value. */
static inline fb_str fb_value_str(fb_value v)
{
    return (fb_str){ v.as.s, v.len };
}

/* Python's name of the type: "int", "str", "Markup", "dict", "Undefined", a class's name. */
const char *fb_value_type(fb_value v);

/* ---- lists and tuples ------------------------------------------------------------ */

/* With room for `cap` items (0 is fine). NULL only when the budget does not allow it. */
fb_list *fb_list_create(fb_arena *arena, apr_size_t cap);
/* FB_ELIMIT when the budget does not allow it. */
apr_status_t fb_list_push(fb_list *list, fb_value v, fb_arena *arena) FB_MUST_CHECK;
fb_value fb_tuple2(fb_arena *arena, fb_value a, fb_value b);

/* ---- dicts: keep insertion order; 1, 1.0 and true are one key -------------------- */

/* Keys must be hashable (fb_value_hash, ops.h). Compares by Python's ==. */
typedef struct fb_dict_entry {
    fb_value key; /* FB_ABSENT: deleted */
    fb_value value;
    uint32_t hash;
} fb_dict_entry;

struct fb_dict {
    uint32_t len;  /* live entries */
    uint32_t used; /* entries in use, with deleted ones: walk [0, used) and skip FB_ABSENT keys */
    uint32_t cap;
    uint32_t mask; /* of `index`; 0 while the dict is small and searched in order */
    fb_dict_entry *entries;
    uint32_t *index;
};

uint32_t fb_str_hash(fb_str s);
fb_dict *fb_dict_create(fb_arena *arena, apr_size_t cap);
/* NULL if it has no such key. `key` must be hashable. */
fb_value *fb_dict_find(const fb_dict *dict, fb_value key);
fb_value *fb_dict_find_str(const fb_dict *dict, fb_str key);
fb_value *fb_dict_find_hashed(const fb_dict *dict, fb_str key, uint32_t hash);
/* Replaces or appends. The key's bytes are borrowed. */
apr_status_t fb_dict_set(fb_dict *dict, fb_value key, fb_value v, fb_arena *arena) FB_MUST_CHECK;
apr_status_t fb_dict_set_str(fb_dict *dict, fb_str key, fb_value v, fb_arena *arena) FB_MUST_CHECK;
bool fb_dict_remove(fb_dict *dict, fb_value key);
void fb_dict_clear(fb_dict *dict);
fb_dict *fb_dict_copy(const fb_dict *dict, fb_arena *arena); /* NULL: budget */

#endif
