/* Constant folding: what an expression is worth is computed while compiling where that is possible.
 *
 * An error while doing so is no error of the template: the expression is left for the run, which
 * may never reach it. */
#include "template/codegen.h"
#include "template/ops.h"
#include "template/vm_state.h"

#include "base/banned.h"

#define MAX_ARGS 32u
/* A folded string or list that is larger than this is better made at run time. */
#define MAX_FOLDED ((apr_size_t)65536)

static bool fold_list(fb_codegen *cg, const fb_nodes *nodes, fb_list **out)
{
    fb_list *list = fb_list_create(cg->arena, nodes->count);

    for (uint32_t i = 0; i < nodes->count; i++) {
        if (!fb_fold(cg, nodes->v[i], &list->items[i]))
            return false;
        list->len++;
    }
    *out = list;
    return true;
}

static bool fold_dict(fb_codegen *cg, const fb_nodes *pairs, fb_value *out)
{
    fb_dict *dict = fb_dict_create(cg->arena, pairs->count);

    for (uint32_t i = 0; i < pairs->count; i++) {
        fb_value key;
        fb_value value;
        if (!fb_fold(cg, pairs->v[i]->kid[0], &key) || !fb_fold(cg, pairs->v[i]->kid[1], &value) ||
            fb_dict_set(dict, key, value, cg->arena) != APR_SUCCESS)
            return false;
    }
    *out = fb_dict_value(dict);
    return true;
}

static bool fold_binary(fb_codegen *cg, fb_node *node, fb_value *out, fb_error *error)
{
    static const fb_binop ops[] = {
        [FB_NODE_ADD] = FB_BIN_ADD,           [FB_NODE_SUB] = FB_BIN_SUB,
        [FB_NODE_MUL] = FB_BIN_MUL,           [FB_NODE_DIV] = FB_BIN_DIV,
        [FB_NODE_FLOORDIV] = FB_BIN_FLOORDIV, [FB_NODE_MOD] = FB_BIN_MOD,
        [FB_NODE_POW] = FB_BIN_POW,
    };
    fb_value a;
    fb_value b;

    return fb_fold(cg, node->kid[0], &a) && fb_fold(cg, node->kid[1], &b) &&
           fb_binary(cg->vm, ops[node->kind], a, b, out, error) == APR_SUCCESS;
}

static bool fold_logic(fb_codegen *cg, fb_node *node, fb_value *out, fb_error *error)
{
    bool truth;

    if (!fb_fold(cg, node->kid[0], out) || fb_truth(cg->vm, *out, &truth, error) != APR_SUCCESS)
        return false;
    return truth == (node->kind == FB_NODE_OR) || fb_fold(cg, node->kid[1], out);
}

static bool fold_condition(fb_codegen *cg, fb_node *node, fb_value *out, fb_error *error)
{
    fb_value test;
    bool truth;

    if (!fb_fold(cg, node->kid[0], &test) || fb_truth(cg->vm, test, &truth, error) != APR_SUCCESS)
        return false;
    if (truth)
        return fb_fold(cg, node->kid[1], out);
    return node->kid[2] != NULL && fb_fold(cg, node->kid[2], out);
}

static bool fold_compare(fb_codegen *cg, fb_node *node, fb_value *out, fb_error *error)
{
    fb_value left;
    fb_value right;

    if (!fb_fold(cg, node->kid[0], &left))
        return false;
    for (uint32_t i = 0; i < node->list[0].count; i++) {
        const fb_node *operand = node->list[0].v[i];
        bool result;
        apr_status_t status;
        if (!fb_fold(cg, operand->kid[0], &right))
            return false;
        if (operand->op >= FB_OPERAND_IN) {
            status = fb_contains(cg->vm, right, left, &result, error);
            result = status == APR_SUCCESS && result == (operand->op == FB_OPERAND_IN);
        } else {
            status = fb_compare(cg->vm, (fb_compare_op)operand->op, left, right, &result, error);
        }
        if (status != APR_SUCCESS)
            return false;
        *out = fb_bool(result);
        if (!result)
            return true;
        left = right;
    }
    return true;
}

/* Joins as plain strings even under autoescape, as Jinja2 does here. */
static bool fold_concat(fb_codegen *cg, fb_node *node, fb_value *out, fb_error *error)
{
    fb_text text = { .arena = cg->arena };

    for (uint32_t i = 0; i < node->list[0].count; i++) {
        fb_value v;
        if (!fb_fold(cg, node->list[0].v[i], &v) ||
            fb_text_add_value(&text, cg->vm, v, error) != APR_SUCCESS)
            return false;
    }
    return fb_text_finish(&text, FB_STR, out, error) == APR_SUCCESS;
}

static bool fold_slice(fb_codegen *cg, fb_node *node, fb_value *out)
{
    fb_list *list = fb_list_create(cg->arena, 3);

    for (unsigned i = 0; i < 3; i++) {
        list->items[i] = fb_none();
        if (node->kid[i] != NULL && !fb_fold(cg, node->kid[i], &list->items[i]))
            return false;
    }
    list->len = 3;
    *out = (fb_value){ .tag = FB_SLICE, .as.list = list };
    return true;
}

/* Filters and tests with constant arguments. */
static bool fold_builtin(fb_codegen *cg, fb_node *node, fb_value *out, fb_error *error)
{
    const fb_builtin *row = node->kind == FB_NODE_FILTER ? fb_env_filter(cg->env, node->name->s)
                                                         : fb_env_test(cg->env, node->name->s);
    fb_kwarg kwargs[MAX_ARGS];
    fb_list *args = NULL;
    fb_value self;

    if (cg->volatile_escape || row == NULL || (row->flags & FB_FN_CONTEXT) != 0 ||
        node->kid[0] == NULL || node->kid[1] != NULL || node->kid[2] != NULL ||
        node->list[1].count > MAX_ARGS)
        return false;
    if (!fold_list(cg, &node->list[0], &args) || !fb_fold(cg, node->kid[0], &self))
        return false;
    for (uint32_t i = 0; i < node->list[1].count; i++) {
        kwargs[i].name = node->list[1].v[i]->name->s;
        if (!fb_fold(cg, node->list[1].v[i]->kid[0], &kwargs[i].value))
            return false;
    }
    return fb_vm_call_native(cg->vm, row, self, (fb_args){ args->items, args->len },
                             (fb_kwargs){ kwargs, node->list[1].count }, out, error) == APR_SUCCESS;
}

static bool fold_value(fb_codegen *cg, fb_node *node, fb_value *out, fb_error *error)
{
    fb_list *list = NULL;
    fb_value v;
    fb_value key;
    bool truth;

    switch (node->kind) {
    case FB_NODE_CONST: *out = node->value; return true;
    case FB_NODE_DATA:
        *out = node->value;
        if (cg->autoescape)
            out->tag = FB_MARKUP;
        return !cg->volatile_escape;
    case FB_NODE_TUPLE:
        if (node->use != FB_USE_LOAD || !fold_list(cg, &node->list[0], &list))
            return false;
        *out = fb_tuple_value(list);
        return true;
    case FB_NODE_LIST:
        if (!fold_list(cg, &node->list[0], &list))
            return false;
        *out = fb_list_value(list);
        return true;
    case FB_NODE_DICT: return fold_dict(cg, &node->list[0], out);
    case FB_NODE_COND: return fold_condition(cg, node, out, error);
    case FB_NODE_FILTER:
    case FB_NODE_TEST: return fold_builtin(cg, node, out, error);
    case FB_NODE_GETATTR:
        return fb_fold(cg, node->kid[0], &v) &&
               fb_getattr(cg->vm, v, node->name->s, out, error) == APR_SUCCESS;
    case FB_NODE_GETITEM:
        return fb_fold(cg, node->kid[0], &v) && fb_fold(cg, node->kid[1], &key) &&
               fb_getitem(cg->vm, v, key, out, error) == APR_SUCCESS;
    case FB_NODE_SLICE: return fold_slice(cg, node, out);
    case FB_NODE_CONCAT: return fold_concat(cg, node, out, error);
    case FB_NODE_COMPARE: return fold_compare(cg, node, out, error);
    case FB_NODE_ADD:
    case FB_NODE_SUB:
    case FB_NODE_MUL:
    case FB_NODE_DIV:
    case FB_NODE_FLOORDIV:
    case FB_NODE_MOD:
    case FB_NODE_POW: return fold_binary(cg, node, out, error);
    case FB_NODE_AND:
    case FB_NODE_OR: return fold_logic(cg, node, out, error);
    case FB_NODE_NOT:
        if (!fb_fold(cg, node->kid[0], &v) || fb_truth(cg->vm, v, &truth, error) != APR_SUCCESS)
            return false;
        *out = fb_bool(!truth);
        return true;
    case FB_NODE_NEG:
        return fb_fold(cg, node->kid[0], &v) && fb_negate(cg->vm, v, out, error) == APR_SUCCESS;
    case FB_NODE_POS:
        if (!fb_fold(cg, node->kid[0], out) || !fb_is_number(*out))
            return false;
        if (out->tag == FB_BOOL)
            out->tag = FB_INT;
        return true;
    default: return false;
    }
}

bool fb_fold(fb_codegen *cg, fb_node *node, fb_value *out)
{
    fb_error error;

    if (node->folded == FB_FOLD_IMPOSSIBLE)
        return false;
    if (node->folded == FB_FOLD_CONSTANT) {
        *out = node->value;
        return true;
    }
    fb_error_init(&error, cg->scratch);
    cg->vm->ctx->autoescape = cg->autoescape;
    if (!fold_value(cg, node, out, &error)) {
        node->folded = FB_FOLD_IMPOSSIBLE;
        return false;
    }
    return true;
}

/* What Python could write down as a literal again. */
static bool is_safe(fb_value v, apr_size_t *size)
{
    *size += 16u + (fb_is_string(v) ? v.len : 0u);
    if (*size > MAX_FOLDED)
        return false;
    switch (v.tag) {
    case FB_NONE:
    case FB_BOOL:
    case FB_INT:
    case FB_BIGINT:
    case FB_FLOAT:
    case FB_STR:
    case FB_MARKUP:
    case FB_RANGE: return true;
    case FB_LIST:
    case FB_TUPLE:
        for (uint32_t i = 0; i < v.as.list->len; i++) {
            if (!is_safe(v.as.list->items[i], size))
                return false;
        }
        return true;
    case FB_DICT:
        for (uint32_t i = 0; i < v.as.dict->used; i++) {
            const fb_dict_entry *entry = &v.as.dict->entries[i];
            if (entry->key.tag != FB_ABSENT &&
                (!is_safe(entry->key, size) || !is_safe(entry->value, size)))
                return false;
        }
        return true;
    default: return false;
    }
}

bool fb_fold_safe(fb_codegen *cg, fb_node *node, fb_value *out)
{
    apr_size_t size = 0;

    if (!fb_fold(cg, node, out) || !is_safe(*out, &size))
        return false;
    node->folded = FB_FOLD_CONSTANT;
    node->value = *out;
    return true;
}
