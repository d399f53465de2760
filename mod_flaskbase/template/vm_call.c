/* Calls: of C functions, macros, recursive loops; how arguments find their parameters. */
#include "template/vm_state.h"

#include "template/builtins.h"

#include <string.h>

#include "base/banned.h"

#define MAX_PARAMS 24u
#define FEW        16u

/* ---- C functions ----------------------------------------------------------------- */

static int parameter_index(const fb_builtin *row, fb_str name)
{
    for (unsigned i = 0; i < row->param_count; i++) {
        if (fb_str_eq_z(name, row->params[i]))
            return (int)i;
    }
    return -1;
}

static apr_status_t check_positional(const fb_builtin *row, fb_args args, fb_error *error)
{
    if (args.n > row->param_count && (row->flags & FB_FN_VARARGS) == 0)
        return fb_raise(error, "TypeError", "%s() takes at most %u arguments (%lu given)",
                        row->name, row->param_count, (unsigned long)args.n);
    return APR_SUCCESS;
}

/* Sorts keywords to their parameters; what is left over goes to `rest`. */
static apr_status_t bind_keywords(const fb_builtin *row, fb_kwargs kwargs, fb_value *bound,
                                  fb_kwarg *rest, apr_size_t *rest_count, fb_error *error)
{
    for (apr_size_t i = 0; i < kwargs.n; i++) {
        int at = parameter_index(row, kwargs.v[i].name);
        if (at >= 0 && bound[at].tag == FB_ABSENT) {
            bound[at] = kwargs.v[i].value;
        } else if (at >= 0) {
            return fb_raise(error, "TypeError", "%s() got multiple values for argument '%s'",
                            row->name, row->params[at]);
        } else if ((row->flags & FB_FN_KWARGS) != 0) {
            rest[(*rest_count)++] = kwargs.v[i];
        } else {
            return fb_raise(error, "TypeError", "%s() got an unexpected keyword argument '%.*s'",
                            row->name, FB_STR_ARG(kwargs.v[i].name));
        }
    }
    return APR_SUCCESS;
}

static apr_status_t check_required(const fb_builtin *row, const fb_value *bound, fb_error *error)
{
    for (unsigned i = 0; i < row->required; i++) {
        if (bound[i].tag == FB_ABSENT)
            return fb_raise(error, "TypeError", "%s() missing a required argument: '%s'", row->name,
                            row->params[i]);
    }
    return APR_SUCCESS;
}

apr_status_t fb_vm_call_native(fb_vm *vm, const fb_builtin *row, fb_value self, fb_args args,
                               fb_kwargs kwargs, fb_value *out, fb_error *error)
{
    fb_value few[MAX_PARAMS];
    fb_value *bound = few;
    fb_kwarg *rest = NULL;
    apr_size_t rest_count = 0;
    apr_size_t extra = args.n > row->param_count ? args.n - row->param_count : 0;

    if (row->params == NULL || (kwargs.n == 0 && args.n == row->param_count))
        return row->fn(vm, self, args, kwargs, out, error);
    apr_status_t status = check_positional(row, args, error);
    if (status != APR_SUCCESS)
        return status;
    if (row->param_count + extra > MAX_PARAMS)
        bound = fb_arena_alloc(vm->arena, (row->param_count + extra) * sizeof(fb_value));
    if (kwargs.n > 0)
        rest = fb_arena_alloc(vm->arena, kwargs.n * sizeof(*rest));
    if (bound == NULL || (kwargs.n > 0 && rest == NULL))
        return fb_raise_memory(error);
    for (apr_size_t i = 0; i < row->param_count + extra; i++)
        bound[i] = i < args.n ? args.v[i] : fb_absent();
    status = bind_keywords(row, kwargs, bound, rest, &rest_count, error);
    if (status == APR_SUCCESS)
        status = check_required(row, bound, error);
    if (status != APR_SUCCESS)
        return status;
    return row->fn(vm, self, (fb_args){ bound, row->param_count + extra },
                   (fb_kwargs){ rest, rest_count }, out, error);
}

/* ---- macros ---------------------------------------------------------------------- */

/* Keywords of a call that were not used up yet. */
typedef struct keywords {
    fb_kwargs all;
    bool *used;
} keywords;

static fb_value take(keywords *k, fb_str name)
{
    for (apr_size_t i = 0; i < k->all.n; i++) {
        if (!k->used[i] && fb_str_eq(k->all.v[i].name, name)) {
            k->used[i] = true;
            return k->all.v[i].value;
        }
    }
    return fb_absent();
}

static fb_value caller_of(fb_vm *vm, keywords *k)
{
    fb_value caller = take(k, FB_STR("caller"));

    if (caller.tag != FB_ABSENT && caller.tag != FB_NONE)
        return caller;
    caller = fb_undefined_name(vm, FB_STR("caller"));
    fb_undefined *undefined = fb_arena_alloc(vm->arena, sizeof(*undefined));
    *undefined = *caller.as.undefined;
    undefined->hint = FB_STR("No caller defined");
    caller.as.undefined = undefined;
    return caller;
}

static apr_status_t rest_keywords(fb_vm *vm, const fb_proc *proc, fb_frame *frame,
                                  const keywords *k, fb_error *error)
{
    fb_str name = proc->name != NULL ? proc->name->s : FB_STR("None");
    const char *quote = proc->name != NULL ? "'" : "";
    fb_dict *dict = NULL;

    if (proc->uses_kwargs) {
        dict = fb_dict_create(vm->arena, k->all.n);
        if (dict == NULL)
            return fb_raise_memory(error);
        frame->slots[proc->kwargs_slot] = fb_dict_value(dict);
    }
    for (apr_size_t i = 0; i < k->all.n; i++) {
        if (k->used[i])
            continue;
        if (dict == NULL && take(&(keywords){ k->all, k->used }, FB_STR("caller")).tag != FB_ABSENT)
            return fb_raise(error, "TypeError",
                            "macro %s%.*s%s was invoked with two values for the special"
                            " caller argument. This is most likely a bug.",
                            quote, FB_STR_ARG(name), quote);
        if (dict == NULL)
            return fb_raise(error, "TypeError", "macro %s%.*s%s takes no keyword argument '%.*s'",
                            quote, FB_STR_ARG(name), quote, FB_STR_ARG(k->all.v[i].name));
        if (fb_dict_set_str(dict, k->all.v[i].name, k->all.v[i].value, vm->arena) != APR_SUCCESS)
            return fb_raise_memory(error);
    }
    return APR_SUCCESS;
}

static apr_status_t bind_macro(fb_vm *vm, const fb_proc *proc, fb_frame *frame, fb_args args,
                               fb_kwargs kwargs, fb_error *error)
{
    bool few[FEW] = { false };
    keywords k = { kwargs, few };
    bool found_caller = proc->explicit_caller && args.n >= proc->param_count;

    if (kwargs.n > FEW)
        k.used = fb_arena_calloc(vm->arena, kwargs.n * sizeof(bool));
    if (k.used == NULL)
        return fb_raise_memory(error);
    for (uint16_t i = 0; i < proc->param_count; i++) {
        fb_value *slot = &frame->slots[proc->param_slots[i]];
        if (i < args.n) {
            *slot = args.v[i];
            continue;
        }
        *slot = take(&k, proc->params[i]->s);
        if (fb_str_eq_z(proc->params[i]->s, "caller"))
            found_caller = true;
    }
    if (proc->uses_caller && !found_caller && !proc->explicit_caller)
        frame->slots[proc->caller_slot] = caller_of(vm, &k);
    apr_status_t status = rest_keywords(vm, proc, frame, &k, error);
    if (status != APR_SUCCESS)
        return status;
    apr_size_t extra = args.n > proc->param_count ? args.n - proc->param_count : 0;
    if (proc->uses_varargs) {
        frame->slots[proc->varargs_slot] = fb_op_list(
            vm, FB_TUPLE, extra > 0 ? args.v + proc->param_count : NULL, (uint32_t)extra);
    } else if (extra > 0) {
        fb_str name = proc->name != NULL ? proc->name->s : FB_STR("None");
        const char *quote = proc->name != NULL ? "'" : "";
        return fb_raise(error, "TypeError", "macro %s%.*s%s takes not more than %u argument(s)",
                        quote, FB_STR_ARG(name), quote, proc->param_count);
    }
    return APR_SUCCESS;
}

/* Runs a frame into the output, or into a string. */
static apr_status_t run_text(fb_vm *vm, fb_frame *frame, bool direct, fb_value *out,
                             fb_error *error)
{
    fb_tag tag = vm->ctx->autoescape ? FB_MARKUP : FB_STR;

    if (direct) {
        *out = fb_absent();
        return fb_vm_run(vm, frame, error);
    }
    apr_size_t start = fb_vm_capture_begin(vm);
    apr_status_t status = fb_vm_run(vm, frame, error);
    if (status != APR_SUCCESS)
        return status;
    return fb_vm_capture_end(vm, start, tag, out, error);
}

apr_status_t fb_vm_call_macro(fb_vm *vm, fb_macro *macro, fb_args args, fb_kwargs kwargs,
                              bool direct, fb_value *out, fb_error *error)
{
    fb_frame place;
    fb_frame *frame = fb_vm_frame(vm, &place, macro->proc, macro->frame, macro->frame->ctx);

    if (frame == NULL)
        return fb_raise_memory(error);
    apr_status_t status = bind_macro(vm, macro->proc, frame, args, kwargs, error);
    if (status == APR_SUCCESS)
        return run_text(vm, frame, direct, out, error);
    vm->stack = frame->old_stack;
    vm->segment = frame->old_segment;
    return status;
}

apr_status_t fb_vm_recurse(fb_vm *vm, fb_macro *loop, fb_value iterable, int64_t depth, bool direct,
                           fb_value *out, fb_error *error)
{
    fb_frame place;
    fb_frame *frame = fb_vm_frame(vm, &place, loop->proc, loop->frame, loop->frame->ctx);

    if (frame == NULL)
        return fb_raise_memory(error);
    frame->slots[0] = iterable;
    frame->recurse = loop;
    frame->recurse_depth = depth;
    return run_text(vm, frame, direct, out, error);
}

apr_status_t fb_vm_test_item(fb_vm *vm, fb_macro *test, fb_value item, bool *out, fb_error *error)
{
    fb_frame place;
    fb_frame *frame = fb_vm_frame(vm, &place, test->proc, test->frame, test->frame->ctx);

    if (frame == NULL)
        return fb_raise_memory(error);
    frame->slots[0] = item;
    apr_status_t status = fb_vm_run(vm, frame, error);
    return status == APR_SUCCESS ? fb_truth(vm, frame->result, out, error) : status;
}

apr_status_t fb_vm_run_proc(fb_vm *vm, const fb_proc *proc, fb_vm_context *ctx, fb_error *error)
{
    fb_frame place;
    fb_frame *frame = fb_vm_frame(vm, &place, proc, NULL, ctx);

    return frame != NULL ? fb_vm_run(vm, frame, error) : fb_raise_memory(error);
}

/* ---- anything callable ----------------------------------------------------------- */

bool fb_callable(fb_value v)
{
    return v.tag == FB_FUNCTION || v.tag == FB_METHOD || v.tag == FB_MACRO ||
           v.tag == FB_UNDEFINED ||
           (v.tag == FB_OBJECT &&
            (v.as.object->cls->call != NULL || v.as.object->cls == &fb_class_block));
}

static apr_status_t check_safe(fb_vm *vm, const fb_builtin *row, fb_value callee, fb_error *error)
{
    fb_value shown;

    if (vm->env->options.sandbox == FB_SANDBOX_NONE || (row->flags & FB_FN_UNSAFE) == 0)
        return APR_SUCCESS;
    apr_status_t status = fb_repr(vm, callee, &shown, error);
    if (status != APR_SUCCESS)
        return status;
    return fb_raise(error, "SecurityError", "%.*s is not safely callable",
                    FB_STR_ARG(fb_value_str(shown)));
}

static apr_status_t call(fb_vm *vm, fb_value callee, fb_args args, fb_kwargs kwargs, bool direct,
                         fb_value *out, fb_error *error)
{
    const fb_builtin *row;
    fb_value self = fb_absent();

    switch (callee.tag) {
    case FB_FUNCTION: row = callee.as.builtin; break;
    case FB_METHOD:
        row = callee.as.method->row;
        self = callee.as.method->self;
        break;
    case FB_MACRO: return fb_vm_call_macro(vm, callee.as.macro, args, kwargs, direct, out, error);
    case FB_OBJECT:
        if (callee.as.object->cls == &fb_class_block && args.n == 0 && kwargs.n == 0)
            return fb_vm_call_block(vm, callee, direct, out, error);
        row = callee.as.object->cls->call;
        self = callee;
        if (row != NULL)
            break;
        return fb_raise(error, "TypeError", "'%s' object is not callable", fb_value_type(callee));
    case FB_UNDEFINED: return fb_raise_undefined(vm, callee, error);
    default:
        return fb_raise(error, "TypeError", "'%s' object is not callable", fb_value_type(callee));
    }
    apr_status_t status = check_safe(vm, row, callee, error);
    return status == APR_SUCCESS ? fb_vm_call_native(vm, row, self, args, kwargs, out, error)
                                 : status;
}

apr_status_t fb_call(fb_vm *vm, fb_value callee, fb_args args, fb_kwargs kwargs, fb_value *out,
                     fb_error *error)
{
    return call(vm, callee, args, kwargs, false, out, error);
}

/* ---- call sites ------------------------------------------------------------------ */

/* The arguments of a site as a call needs them. */
typedef struct arguments {
    fb_args args;
    fb_kwargs kwargs;
    fb_kwarg few[FEW];
} arguments;

static apr_status_t append_args(fb_vm *vm, arguments *a, fb_value more, fb_error *error)
{
    fb_list *list = NULL;
    fb_walk walk;
    fb_value item;
    apr_status_t status = fb_walk_start(vm, more, &walk, error);

    if (status != APR_SUCCESS) {
        if (fb_error_is(error, "TypeError"))
            return fb_raise(error, "TypeError", "argument after * must be an iterable, not %s",
                            fb_value_type(more));
        return status;
    }
    list = fb_list_create(vm->arena, a->args.n + 4);
    if (list == NULL)
        return fb_raise_memory(error);
    for (apr_size_t i = 0; i < a->args.n; i++)
        list->items[list->len++] = a->args.v[i];
    while ((status = fb_walk_next(vm, &walk, &item, error)) == APR_SUCCESS) {
        if (fb_list_push(list, item, vm->arena) != APR_SUCCESS)
            return fb_raise_memory(error);
    }
    a->args = (fb_args){ list->items, list->len };
    return status == APR_EOF ? APR_SUCCESS : status;
}

static apr_status_t append_kwargs(fb_vm *vm, arguments *a, fb_value more, fb_error *error)
{
    if (more.tag == FB_UNDEFINED)
        return fb_raise_undefined(vm, more, error);
    if (more.tag != FB_DICT)
        return fb_raise(error, "TypeError", "argument after ** must be a mapping, not %s",
                        fb_value_type(more));
    const fb_dict *dict = more.as.dict;
    fb_kwarg *v = fb_arena_alloc(vm->arena, (a->kwargs.n + dict->len + 1) * sizeof(*v));
    apr_size_t n = a->kwargs.n;
    if (v == NULL)
        return fb_raise_memory(error);
    memcpy(v, a->kwargs.v, n * sizeof(*v));
    for (uint32_t i = 0; i < dict->used; i++) {
        const fb_dict_entry *entry = &dict->entries[i];
        if (entry->key.tag == FB_ABSENT)
            continue;
        if (!fb_is_string(entry->key))
            return fb_raise(error, "TypeError", "keywords must be strings");
        for (apr_size_t j = 0; j < a->kwargs.n; j++) {
            if (fb_str_eq(v[j].name, fb_value_str(entry->key)))
                return fb_raise(error, "TypeError",
                                "got multiple values for keyword argument '%.*s'",
                                FB_STR_ARG(v[j].name));
        }
        v[n++] = (fb_kwarg){ fb_value_str(entry->key), entry->value };
    }
    a->kwargs = (fb_kwargs){ v, n };
    return APR_SUCCESS;
}

static apr_status_t gather(fb_vm *vm, const fb_site *site, const fb_value *v, arguments *a,
                           fb_error *error)
{
    fb_kwarg *kwargs = a->few;
    apr_status_t status = APR_SUCCESS;

    a->args = (fb_args){ v, site->positional };
    v += site->positional;
    if (site->keyword_count > FEW)
        kwargs = fb_arena_alloc(vm->arena, site->keyword_count * sizeof(*kwargs));
    if (kwargs == NULL)
        return fb_raise_memory(error);
    for (unsigned i = 0; i < site->keyword_count; i++)
        kwargs[i] = (fb_kwarg){ site->keywords[i], *v++ };
    a->kwargs = (fb_kwargs){ kwargs, site->keyword_count };
    if ((site->flags & FB_SITE_DYN_ARGS) != 0)
        status = append_args(vm, a, *v++, error);
    if (status == APR_SUCCESS && (site->flags & FB_SITE_DYN_KWARGS) != 0)
        status = append_kwargs(vm, a, *v, error);
    return status;
}

apr_status_t fb_op_call(fb_vm *vm, const fb_site *site, fb_value callee, const fb_value *v,
                        bool direct, fb_value *out, fb_error *error)
{
    arguments a;
    apr_status_t status;

    if (site->keyword_count == 0 && site->flags == 0)
        return call(vm, callee, (fb_args){ v, site->positional }, (fb_kwargs){ NULL, 0 }, direct,
                    out, error);
    status = gather(vm, site, v, &a, error);
    return status == APR_SUCCESS ? call(vm, callee, a.args, a.kwargs, direct, out, error) : status;
}

apr_status_t fb_op_builtin(fb_vm *vm, const fb_site *site, bool filter, fb_value self,
                           const fb_value *v, fb_value *out, fb_error *error)
{
    arguments a;
    apr_status_t status;

    if (site->row == NULL)
        return fb_raise(error, "TemplateRuntimeError", "No %s named '%.*s' found.",
                        filter ? "filter" : "test", FB_STR_ARG(site->name->s));
    if (site->keyword_count == 0 && site->flags == 0)
        return fb_vm_call_native(vm, site->row, self, (fb_args){ v, site->positional },
                                 (fb_kwargs){ NULL, 0 }, out, error);
    status = gather(vm, site, v, &a, error);
    return status == APR_SUCCESS
               ? fb_vm_call_native(vm, site->row, self, a.args, a.kwargs, out, error)
               : status;
}

/* ---- by name, for filters that apply others -------------------------------------- */

const fb_builtin *fb_find_filter(fb_vm *vm, fb_str name)
{
    return fb_env_filter(vm->env, name);
}

const fb_builtin *fb_find_test(fb_vm *vm, fb_str name)
{
    return fb_env_test(vm->env, name);
}

apr_status_t fb_call_filter(fb_vm *vm, fb_str name, fb_value v, fb_args args, fb_kwargs kwargs,
                            fb_value *out, fb_error *error)
{
    const fb_builtin *row = fb_env_filter(vm->env, name);

    if (row == NULL)
        return fb_raise(error, "TemplateRuntimeError", "No filter named %.*s.",
                        FB_STR_ARG(fb_quote(vm, name)));
    return fb_vm_call_native(vm, row, v, args, kwargs, out, error);
}

apr_status_t fb_call_test(fb_vm *vm, fb_str name, fb_value v, fb_args args, fb_kwargs kwargs,
                          bool *out, fb_error *error)
{
    const fb_builtin *row = fb_env_test(vm->env, name);
    fb_value result = fb_none();

    if (row == NULL)
        return fb_raise(error, "TemplateRuntimeError", "No test named %.*s.",
                        FB_STR_ARG(fb_quote(vm, name)));
    apr_status_t status = fb_vm_call_native(vm, row, v, args, kwargs, &result, error);
    return status == APR_SUCCESS ? fb_truth(vm, result, out, error) : status;
}
