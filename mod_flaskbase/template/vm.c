/* The machine: runs the instructions of a procedure. */
#include "template/vm_state.h"

#include "template/builtins.h"
#include "template/lexer.h"

#include "base/banned.h"

/* ---- where errors are ------------------------------------------------------------ */

/* Adds the place of an instruction to an error that has none yet: the innermost procedure wins. */
static void locate(const fb_proc *proc, uint32_t at, fb_error *error)
{
    const fb_template *tmpl = proc->tmpl;
    fb_place place = proc->places[at];

    if (error->where != NULL || error->line != 0)
        return;
    fb_str line = fb_source_line(tmpl->source, place.line);
    fb_error_at(error, tmpl->anonymous ? "<template>" : fb_str_to_z(error->pool, tmpl->name),
                (int)place.line, (int)place.column, line);
}

/* ---- frames ---------------------------------------------------------------------- */

/* Room for n values: the next piece of the stack when this one is full. */
static fb_value *take_stack(fb_vm *vm, apr_size_t n)
{
    fb_value *start = vm->stack;

    if (n <= (apr_size_t)(vm->segment->end - start)) {
        vm->stack = start + n;
        return start;
    }
    fb_segment *next = vm->segment->next;
    if (next == NULL || n > (apr_size_t)(next->end - next->start)) {
        apr_size_t size = n > 4096 ? n : 4096;
        fb_segment *fresh = apr_palloc(vm->pool, sizeof(*fresh));
        fresh->start = apr_palloc(vm->pool, size * sizeof(fb_value));
        fresh->end = fresh->start + size;
        fresh->next = next;
        vm->segment->next = fresh;
        next = fresh;
    }
    vm->segment = next;
    vm->stack = next->start + n;
    return next->start;
}

fb_frame *fb_vm_frame(fb_vm *vm, fb_frame *place, const fb_proc *proc, fb_frame *outer,
                      fb_vm_context *ctx)
{
    fb_value *old_stack = vm->stack;
    fb_segment *old_segment = vm->segment;
    fb_frame *frame = place;
    fb_value *slots;

    if (proc->kept) {
        frame = fb_arena_alloc(vm->arena, sizeof(*frame));
        slots = fb_arena_alloc(vm->arena, proc->slot_count * sizeof(fb_value));
    } else {
        slots = take_stack(vm, proc->slot_count);
    }
    if (slots == NULL)
        return NULL;
    for (uint16_t i = 0; i < proc->slot_count; i++)
        slots[i].tag = FB_UNRESOLVED;
    *frame = (fb_frame){ .proc = proc,
                         .slots = slots,
                         .outer = outer,
                         .ctx = ctx,
                         .old_stack = old_stack,
                         .old_segment = old_segment };
    return frame;
}

static apr_status_t check_limits(fb_vm *vm, fb_error *error)
{
    if (__builtin_expect(vm->fuel < 0, 0))
        return fb_raise_limit(error, "the template runs too many instructions",
                              vm->limits->instructions);
    if (fb_arena_over(vm->arena))
        return fb_raise_memory(error);
    if (fb_vm_output_over(vm))
        return fb_raise_limit(error, "the output is too large", vm->limits->output);
    return APR_SUCCESS;
}

/* ---- instructions ---------------------------------------------------------------- */

static fb_frame *outer_frame(fb_frame *frame, unsigned up)
{
    while (up-- > 0)
        frame = frame->outer;
    return frame;
}

/* A slot that is not set, or was not looked up yet. */
static fb_value load_slow(fb_vm *vm, fb_frame *frame, uint16_t slot, uint32_t name_id)
{
    const fb_name *name = vm->env->names_by_id[name_id];

    if (frame->slots[slot].tag == FB_UNRESOLVED)
        frame->slots[slot] = fb_vm_context_find(frame->ctx, name);
    if (frame->slots[slot].tag == FB_ABSENT)
        return fb_undefined_name(vm, name->s);
    return frame->slots[slot];
}

static inline fb_value load(fb_vm *vm, fb_frame *frame, uint16_t slot, uint32_t name_id)
{
    fb_value v = frame->slots[slot];

    if (__builtin_expect(v.tag == FB_ABSENT || v.tag == FB_UNRESOLVED, 0))
        return load_slow(vm, frame, slot, name_id);
    return v;
}

static apr_status_t run_block(fb_vm *vm, fb_frame *frame, const fb_block_site *site,
                              fb_error *error)
{
    const fb_block_stack *stack = fb_vm_context_block(frame->ctx, site->name);
    fb_vm_context *ctx = frame->ctx;

    if (stack == NULL)
        return fb_raise(error, "KeyError", "'%.*s'", FB_STR_ARG(site->name->s));
    if (site->locals != NULL)
        ctx = fb_vm_context_derive(vm, ctx, site->locals, frame);
    if (site->required && stack->count <= 1)
        return fb_raise(error, "TemplateRuntimeError", "Required block '%.*s' not found",
                        FB_STR_ARG(site->name->s));
    return fb_vm_run_proc(vm, stack->versions[0], ctx, error);
}

static apr_status_t raw_print(fb_vm *vm, fb_value v, fb_error *error)
{
    if (!fb_is_string(v))
        return fb_raise(error, "TypeError", "sequence item 0: expected str instance, %s found",
                        fb_value_type(v));
    fb_vm_emit(vm, v.as.s, v.len);
    return APR_SUCCESS;
}

static inline apr_status_t print(fb_vm *vm, unsigned mode, fb_value v, fb_error *error)
{
    if (v.tag == FB_ABSENT)
        return APR_SUCCESS; /* a call that printed by itself */
    if (mode == FB_ESCAPE_RAW)
        return raw_print(vm, v, error);
    bool escape = mode == FB_ESCAPE_YES || (mode == FB_ESCAPE_ASK && vm->ctx->autoescape);
    if (v.tag == FB_MARKUP || (v.tag == FB_STR && !escape)) {
        fb_vm_emit(vm, v.as.s, v.len);
        return APR_SUCCESS;
    }
    if (v.tag == FB_STR) {
        fb_vm_emit_escaped(vm, fb_value_str(v));
        return APR_SUCCESS;
    }
    return fb_vm_emit_value(vm, v, escape, error);
}

/* Whether a call that is printed with this mode may write straight to the output: only when
 * printing would not escape its result. */
static bool prints_directly(const fb_vm *vm, const fb_ins *next)
{
    if (next->op != FB_OP_PRINT)
        return false;
    return next->a != FB_ESCAPE_YES || vm->ctx->autoescape;
}

static bool truth_of(fb_vm *vm, fb_value v, bool *out, apr_status_t *status, fb_error *error)
{
    if (fb_is_plain_truth(v, out))
        return true;
    *status = fb_truth(vm, v, out, error);
    return *status == APR_SUCCESS;
}

#define OP(name) case FB_OP_##name
#define NEXT     break
#define TRY(call)                                                                                  \
    do {                                                                                           \
        status = (call);                                                                           \
        if (__builtin_expect(status != APR_SUCCESS, 0))                                            \
            goto failed;                                                                           \
    } while (0)
#define NAME(id) (vm->env->names_by_id[id])

/* Integers that do not overflow are added and so on right here. */
#define ARITHMETIC(builtin, op)                                                                    \
    do {                                                                                           \
        int64_t sum;                                                                               \
        if (sp[-2].tag == FB_INT && sp[-1].tag == FB_INT &&                                        \
            !builtin(sp[-2].as.i, sp[-1].as.i, &sum))                                              \
            sp[-2] = fb_int(sum);                                                                  \
        else                                                                                       \
            TRY(fb_binary(vm, op, sp[-2], sp[-1], &sp[-2], error));                                \
        sp--;                                                                                      \
    } while (0)
#define BINARY(op)                                                                                 \
    do {                                                                                           \
        TRY(fb_binary(vm, op, sp[-2], sp[-1], &sp[-2], error));                                    \
        sp--;                                                                                      \
    } while (0)

static apr_status_t execute(fb_vm *vm, fb_frame *frame, fb_value *sp, fb_error *error)
{
    const fb_proc *proc = frame->proc;
    const fb_template *tmpl = proc->tmpl;
    const fb_ins *code = proc->code;
    const fb_ins *ip = code;
    fb_value *slots = frame->slots;
    apr_status_t status = APR_SUCCESS;
    fb_value v;
    bool truth;

    for (;;) {
        const fb_ins ins = *ip++;
        switch ((fb_opcode)ins.op) {
            OP(CONST) : *sp++ = tmpl->constants[ins.c];
            NEXT;
            OP(CONST_COPY) : *sp++ = fb_op_copy_constant(vm, tmpl->constants[ins.c]);
            NEXT;
            OP(LOAD) : *sp++ = load(vm, frame, ins.b, ins.c);
            NEXT;
            OP(LOAD_UP) : *sp++ = load(vm, outer_frame(frame, ins.a), ins.b, ins.c);
            NEXT;
            OP(STORE) : slots[ins.b] = *--sp;
            NEXT;
            OP(POP) : sp--;
            NEXT;
            OP(DUP) : sp[0] = sp[-1];
            sp++;
            NEXT;
            OP(SLOT_MISSING) : slots[ins.b].tag = FB_ABSENT;
            NEXT;
            OP(SLOT_UNKNOWN) : slots[ins.b].tag = FB_UNRESOLVED;
            NEXT;
            OP(SLOT_ALIAS) : slots[ins.b] = outer_frame(frame, ins.a)->slots[ins.c];
            NEXT;
            OP(EXPORT)
                : TRY(fb_vm_context_set(vm, frame->ctx, NAME(ins.c), load(vm, frame, ins.b, ins.c),
                                        ins.a, error));
            NEXT;
            OP(LIST) : sp -= ins.c;
            *sp = fb_op_list(vm, FB_LIST, sp, ins.c);
            sp++;
            NEXT;
            OP(TUPLE) : sp -= ins.c;
            *sp = fb_op_list(vm, FB_TUPLE, sp, ins.c);
            sp++;
            NEXT;
            OP(DICT) : sp -= 2 * (apr_size_t)ins.c;
            TRY(fb_op_dict(vm, sp, ins.c, sp, error));
            sp++;
            NEXT;
            OP(CONCAT) : sp -= ins.c;
            TRY(fb_op_concat(vm, sp, ins.c, ins.a != 0, sp, error));
            sp++;
            NEXT;
            OP(UNPACK) : v = *--sp;
            TRY(fb_op_unpack(vm, v, ins.c, sp, error));
            sp += ins.c;
            NEXT;
            OP(ADD) : ARITHMETIC(__builtin_add_overflow, FB_BIN_ADD);
            NEXT;
            OP(SUB) : ARITHMETIC(__builtin_sub_overflow, FB_BIN_SUB);
            NEXT;
            OP(MUL) : ARITHMETIC(__builtin_mul_overflow, FB_BIN_MUL);
            NEXT;
            OP(DIV) : BINARY(FB_BIN_DIV);
            NEXT;
            OP(FLOORDIV) : BINARY(FB_BIN_FLOORDIV);
            NEXT;
            OP(MOD) : BINARY(FB_BIN_MOD);
            NEXT;
            OP(POW) : BINARY(FB_BIN_POW);
            NEXT;
            OP(NEG) : TRY(fb_negate(vm, sp[-1], &sp[-1], error));
            NEXT;
            OP(POS) : TRY(fb_op_positive(vm, sp[-1], &sp[-1], error));
            NEXT;
            OP(NOT) : if (!truth_of(vm, sp[-1], &truth, &status, error)) goto failed;
            sp[-1] = fb_bool(!truth);
            NEXT;
            OP(COMPARE) : TRY(fb_op_compare(vm, ins.a, sp[-2], sp[-1], &truth, error));
            sp--;
            sp[-1] = fb_bool(truth);
            NEXT;
            OP(COMPARE_CHAIN) : TRY(fb_op_compare(vm, ins.a, sp[-2], sp[-1], &truth, error));
            sp--;
            sp[-1] = truth ? sp[0] : fb_bool(false);
            if (!truth)
                ip = code + ins.c;
            NEXT;
            OP(ATTR) : TRY(fb_op_attr(vm, sp[-1], NAME(ins.c), &sp[-1], error));
            NEXT;
            OP(ITEM) : TRY(fb_getitem(vm, sp[-2], sp[-1], &sp[-2], error));
            sp--;
            NEXT;
            OP(SLICE) : TRY(fb_slice(vm, sp[-4], sp[-3], sp[-2], sp[-1], &sp[-4], error));
            sp -= 3;
            NEXT;
            OP(SLICE_VALUE) : sp -= 3;
            *sp = fb_op_list(vm, FB_SLICE, sp, 3);
            sp++;
            NEXT;
            OP(JUMP) : ip = code + ins.c;
            NEXT;
            OP(JUMP_IF_FALSE) : if (!truth_of(vm, *--sp, &truth, &status, error)) goto failed;
            if (!truth)
                ip = code + ins.c;
            NEXT;
            OP(AND) : if (!truth_of(vm, sp[-1], &truth, &status, error)) goto failed;
            if (truth)
                sp--;
            else
                ip = code + ins.c;
            NEXT;
            OP(OR) : if (!truth_of(vm, sp[-1], &truth, &status, error)) goto failed;
            if (truth)
                ip = code + ins.c;
            else
                sp--;
            NEXT;
            OP(CALL) :
            {
                const fb_site *site = &tmpl->sites[ins.c];
                sp -= fb_site_values(site);
                TRY(fb_op_call(vm, site, sp[-1], sp, ins.a != 0 && prints_directly(vm, ip), &sp[-1],
                               error));
                NEXT;
            }
            OP(FILTER) :
            {
                const fb_site *site = &tmpl->sites[ins.c];
                sp -= fb_site_values(site);
                TRY(fb_op_builtin(vm, site, true, sp[-1], sp, &sp[-1], error));
                NEXT;
            }
            OP(TEST) :
            {
                const fb_site *site = &tmpl->sites[ins.c];
                sp -= fb_site_values(site);
                TRY(fb_op_builtin(vm, site, false, sp[-1], sp, &v, error));
                if (ins.a != 0) {
                    if (!truth_of(vm, v, &truth, &status, error))
                        goto failed;
                    v = fb_bool(!truth);
                }
                sp[-1] = v;
                NEXT;
            }
            OP(TEXT) : fb_vm_emit_literal(vm, tmpl->texts[ins.c]);
            NEXT;
            OP(PRINT) : TRY(print(vm, ins.a, *--sp, error));
            NEXT;
            OP(PRINT_LOAD) : TRY(print(vm, ins.a, load(vm, frame, ins.b, ins.c), error));
            NEXT;
            OP(PRINT_ATTR) : TRY(fb_op_attr(vm, *--sp, NAME(ins.c), &v, error));
            TRY(print(vm, ins.a, v, error));
            NEXT;
            OP(CAPTURE) : *sp++ = fb_int((int64_t)fb_vm_capture_begin(vm));
            NEXT;
            OP(CAPTURED)
                : truth =
                      ins.a == FB_ESCAPE_YES || (ins.a == FB_ESCAPE_ASK && frame->ctx->autoescape);
            TRY(fb_vm_capture_end(vm, (apr_size_t)sp[-1].as.i, truth ? FB_MARKUP : FB_STR, &sp[-1],
                                  error));
            NEXT;
            OP(HOIST) : TRY(fb_vm_capture_hoist(vm, ins.c, --sp, error));
            NEXT;
            OP(DROP_CAPTURE) : fb_vm_capture_drop(vm, ins.c, sp);
            NEXT;
            OP(FOR_START) : v = fb_absent();
            if ((ins.a & 2u) != 0)
                v = *--sp;
            sp--;
            TRY(fb_loop_start(vm, frame, &ins, *sp, v.tag == FB_MACRO ? v.as.macro : NULL, error));
            NEXT;
            OP(FOR_NEXT) : TRY(check_limits(vm, error));
            status = fb_loop_next(vm, (fb_loop *)slots[ins.b].as.object, sp, error);
            if (status == APR_EOF)
                ip = code + ins.c;
            else if (status != APR_SUCCESS)
                goto failed;
            else
                sp++;
            NEXT;
            OP(FOR_AGAIN) : vm->fuel -= ip - (code + ins.c);
            ((fb_loop *)slots[ins.b].as.object)->ran = true;
            ip = code + ins.c;
            NEXT;
            OP(FOR_ELSE) : if (((fb_loop *)slots[ins.b].as.object)->ran) ip = code + ins.c;
            NEXT;
            OP(MACRO) :
            {
                fb_macro *macro = fb_arena_alloc(vm->arena, sizeof(*macro));
                *macro = (fb_macro){ tmpl->procs[ins.c], frame };
                *sp++ = (fb_value){ .tag = FB_MACRO, .as.macro = macro };
                NEXT;
            }
            OP(RECURSE) : sp -= 2;
            TRY(fb_vm_recurse(vm, sp[0].as.macro, sp[1], 0, true, &v, error));
            NEXT;
            OP(PARAM_SET) : if (slots[ins.b].tag != FB_ABSENT) ip = code + ins.c;
            NEXT;
            OP(PARAM_MISSING)
                : if (slots[ins.b].tag == FB_ABSENT) slots[ins.b] =
                      fb_op_missing_parameter(vm, NAME(ins.c));
            NEXT;
            OP(BLOCK) : TRY(run_block(vm, frame, &tmpl->block_sites[ins.c], error));
            NEXT;
            OP(EXTENDS) : OP(INCLUDE) : OP(IMPORT) :
            {
                const fb_include_site *site = &tmpl->include_sites[ins.c];
                v = site->name.tag == FB_ABSENT ? *--sp : site->name;
                if (ins.op == FB_OP_EXTENDS) {
                    TRY(fb_vm_extend(vm, frame, site, v, error));
                } else if (ins.op == FB_OP_INCLUDE) {
                    TRY(fb_vm_include(vm, frame, site, v, error));
                } else {
                    TRY(fb_vm_import(vm, frame, site, v, sp, error));
                    sp++;
                }
                NEXT;
            }
            OP(NOT_TWICE)
                : if (frame->parent != NULL)
                      TRY(fb_raise(error, "TemplateRuntimeError", "extended multiple times"));
            NEXT;
            OP(RAISE)
                : TRY(fb_raise(error, "TemplateRuntimeError", "%s", tmpl->constants[ins.c].as.s));
            NEXT;
            OP(IF_EXTENDED) : if (frame->parent != NULL) ip = code + ins.c;
            NEXT;
            OP(IMPORT_NAME) : *sp = fb_vm_import_name(vm, &tmpl->import_sites[ins.c], sp[-1]);
            sp++;
            NEXT;
            OP(SELF) : slots[ins.b] = fb_vm_self(vm, frame->ctx);
            NEXT;
            OP(SUPER) : slots[ins.b] = fb_vm_super(vm, frame->ctx, proc);
            NEXT;
            OP(NS_CHECK)
                : if (fb_object_of(sp[-1], &fb_class_namespace) == NULL)
                      TRY(fb_raise(error, "TemplateRuntimeError",
                                   "cannot assign attribute on non-namespace object"));
            NEXT;
            OP(NS_SET) : sp -= 2;
            TRY(fb_op_set_namespace(vm, sp[0], NAME(ins.c), sp[1], error));
            NEXT;
            OP(AUTOESCAPE) : if (!truth_of(vm, sp[-1], &truth, &status, error)) goto failed;
            sp[-1] = fb_bool(frame->ctx->autoescape);
            frame->ctx->autoescape = truth;
            NEXT;
            OP(AUTOESCAPE_END) : frame->ctx->autoescape = (--sp)->as.i != 0;
            NEXT;
            OP(SAFE_IF_AUTO)
                : if (frame->ctx->autoescape) TRY(fb_op_safe(vm, sp[-1], &sp[-1], error));
            NEXT;
            OP(COND_UNDEFINED) : *sp++ = fb_op_cond_undefined(vm, tmpl->constants[ins.c]);
            NEXT;
            OP(RESULT) : frame->result = *--sp;
            NEXT;
            OP(RETURN) : return APR_SUCCESS;
        default: TRY(fb_error_set(error, FB_EINTERNAL, "no such instruction"));
        }
    }
failed:
    locate(proc, (uint32_t)(ip - 1 - code), error);
    return status;
}

apr_status_t fb_vm_run(fb_vm *vm, fb_frame *frame, fb_error *error)
{
    fb_vm_context *ctx = vm->ctx;
    apr_status_t status;

    if (vm->depth >= vm->limits->call_depth)
        return fb_raise(error, "RecursionError",
                        "templates, blocks and macros are nested deeper than %u calls",
                        vm->limits->call_depth);
    vm->fuel -= frame->proc->length;
    status = check_limits(vm, error);
    if (status != APR_SUCCESS)
        return status;
    vm->depth++;
    vm->ctx = frame->ctx;
    status = execute(vm, frame, take_stack(vm, frame->proc->stack_size), error);
    vm->ctx = ctx;
    vm->depth--;
    vm->stack = frame->old_stack;
    vm->segment = frame->old_segment;
    return status;
}
