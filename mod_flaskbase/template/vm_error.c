/* Errors a template can raise, and undefined values. */
#include "template/vm_state.h"

#include <apr_strings.h>

#include <string.h>

#include "base/banned.h"

apr_status_t fb_raise(fb_error *error, const char *kind, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    const char *message = apr_pvsprintf(error->pool, fmt, args);
    va_end(args);
    (void)fb_error_set(error, FB_ETEMPLATE, "%s", message);
    error->kind = kind;
    error->where = NULL;
    error->source = NULL;
    error->line = error->column = 0;
    return FB_ETEMPLATE;
}

apr_status_t fb_raise_type(fb_error *error, const char *what, fb_value v)
{
    return fb_raise(error, "TypeError", "%s '%s'", what, fb_value_type(v));
}

apr_status_t fb_raise_memory(fb_error *error)
{
    fb_raise(error, "MemoryError", "the template needs more memory than it may use");
    error->status = FB_ELIMIT;
    return FB_ELIMIT;
}

apr_status_t fb_raise_limit(fb_error *error, const char *what, uint64_t limit)
{
    fb_raise(error, "LimitError", "%s: the limit is %" APR_UINT64_T_FMT, what, (apr_uint64_t)limit);
    error->status = FB_ELIMIT;
    return FB_ELIMIT;
}

bool fb_error_is(const fb_error *error, const char *kind)
{
    return error->status == FB_ETEMPLATE && error->kind != NULL && strcmp(error->kind, kind) == 0;
}

void fb_error_clear(fb_error *error)
{
    fb_error_init(error, error->pool);
}

/* ---- undefined values ------------------------------------------------------------ */

static fb_value make_undefined(fb_vm *vm, fb_undefined_kind kind, fb_str hint, fb_value object,
                               fb_value name)
{
    fb_undefined *undefined = fb_arena_alloc(vm->arena, sizeof(*undefined));

    *undefined = (fb_undefined){ kind, "UndefinedError", hint, object, name };
    return (fb_value){ .tag = FB_UNDEFINED, .as.undefined = undefined };
}

fb_value fb_undefined_name(fb_vm *vm, fb_str name)
{
    return make_undefined(vm, vm->env->options.undefined, FB_STR(""), fb_absent(), fb_string(name));
}

fb_value fb_undefined_item(fb_vm *vm, fb_value object, fb_value name)
{
    return make_undefined(vm, vm->env->options.undefined, FB_STR(""), object, name);
}

fb_value fb_undefined_hint(fb_vm *vm, fb_str hint)
{
    return make_undefined(vm, vm->env->options.undefined, hint, fb_absent(), fb_none());
}

/* An if expression without else gives a lenient one, whatever the environment uses. */
fb_value fb_op_cond_undefined(fb_vm *vm, fb_value text)
{
    return make_undefined(vm, FB_UNDEFINED_LENIENT, fb_value_str(text), fb_absent(), fb_none());
}

fb_value fb_op_missing_parameter(fb_vm *vm, const fb_name *name)
{
    fb_str hint = fb_str_printf(vm->pool, "parameter '%.*s' was not provided", FB_STR_ARG(name->s));

    return make_undefined(vm, vm->env->options.undefined, hint, fb_absent(), fb_string(name->s));
}

fb_str fb_undefined_message(fb_vm *vm, fb_value v)
{
    const fb_undefined *undefined = v.as.undefined;
    fb_error ignored;
    fb_value name;

    if (undefined->hint.len > 0)
        return undefined->hint;
    fb_error_init(&ignored, vm->pool);
    if (fb_repr(vm, undefined->name, &name, &ignored) != APR_SUCCESS)
        name = FB_VSTR("?");
    fb_str shown = fb_value_str(name);
    if (undefined->object.tag == FB_ABSENT)
        return fb_str_printf(vm->pool, "%.*s is undefined", FB_STR_ARG(shown));
    fb_str type = fb_type_repr(vm, undefined->object);
    if (fb_is_string(undefined->name))
        return fb_str_printf(vm->pool, "'%.*s' has no attribute %.*s", FB_STR_ARG(type),
                             FB_STR_ARG(shown));
    return fb_str_printf(vm->pool, "%.*s has no element %.*s", FB_STR_ARG(type), FB_STR_ARG(shown));
}

apr_status_t fb_raise_undefined(fb_vm *vm, fb_value undefined, fb_error *error)
{
    fb_str message = fb_undefined_message(vm, undefined);

    return fb_raise(error, undefined.as.undefined->error, "%.*s", FB_STR_ARG(message));
}
