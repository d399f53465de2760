/* Python's operations on values, as far as the machine shares them between its own files. */
#ifndef FB_TEMPLATE_OPS_H
#define FB_TEMPLATE_OPS_H

#include "template/vm.h"

/* False when the value can not be a key. */
bool fb_hash_quiet(fb_value v, uint32_t *out);
/* Truth of what needs no call into an object; anything else goes through fb_truth. */
static inline bool fb_is_plain_truth(fb_value v, bool *out)
{
    switch (v.tag) {
    case FB_NONE: *out = false; return true;
    case FB_BOOL:
    case FB_INT: *out = v.as.i != 0; return true;
    case FB_STR:
    case FB_MARKUP: *out = v.len != 0; return true;
    case FB_LIST:
    case FB_TUPLE: *out = v.as.list->len != 0; return true;
    default: return false;
    }
}

/* Raises for a StrictUndefined among the operands of == and !=. */
apr_status_t fb_equal_checked(fb_vm *vm, fb_value a, fb_value b, bool *out,
                              fb_error *error) FB_MUST_CHECK;

/* Python's object_type_repr: "dict object", "'None'", as undefined messages name things. */
fb_str fb_type_repr(fb_vm *vm, fb_value v);
/* repr() of a string, for messages. */
fb_str fb_quote(fb_vm *vm, fb_str s);
/* NUL-terminated repr for "%s" in a message. */
const char *fb_quote_z(apr_pool_t *pool, fb_str s);

/* Number of code points, and the byte offset of the n-th one. */
apr_size_t fb_string_length(fb_value s);
apr_size_t fb_string_offset(fb_value s, apr_size_t n);

/* The table of methods of a built-in type, NULL for others. */
const fb_builtin *fb_methods_of(fb_value v);
const fb_attribute *fb_attributes_of(fb_value v);

#endif
