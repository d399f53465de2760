/* What dict(…), dict.update(…) and namespace(…) have in common. */
#ifndef FB_TEMPLATE_METHODS_DICT_H
#define FB_TEMPLATE_METHODS_DICT_H

#include "template/builtins_impl.h"

fb_native fb_global_dict;

/* At most one mapping or iterable of pairs, and keywords, into a dict. `name` is for the message
 * about too many arguments. */
apr_status_t fb_dict_update(fb_vm *vm, fb_dict *dict, const char *name, fb_args args,
                            fb_kwargs kwargs, fb_error *error) FB_MUST_CHECK;

#endif
