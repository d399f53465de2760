/* From tokens to the syntax tree: expressions, by descending through their precedences. */
#include "template/parser.h"

#include "template/chars.h"
#include "template/ops.h"

#include <string.h>

#include "base/banned.h"

static fb_node *parse_or(fb_parser *p);
static fb_node *parse_condition(fb_parser *p);
static fb_node *parse_postfix(fb_parser *p, fb_node *node);

/* ---- operators ------------------------------------------------------------------- */

fb_node *fb_parse_expression(fb_parser *p)
{
    return parse_condition(p);
}

static fb_node *binary(fb_parser *p, fb_node_kind kind, fb_node *left, fb_node *right,
                       const fb_token *at)
{
    fb_node *node = fb_parser_node(p, kind, at);

    node->kid[0] = left;
    node->kid[1] = right;
    return node;
}

static fb_node *parse_condition(fb_parser *p)
{
    const fb_token *at = p->now;

    if (!fb_parser_enter(p))
        return fb_parser_node(p, FB_NODE_CONST, at);
    fb_node *node = parse_or(p);
    while (!p->failed && fb_parser_skip_name(p, "if")) {
        fb_node *condition = fb_parser_node(p, FB_NODE_COND, at);
        condition->kid[0] = parse_or(p);
        condition->kid[1] = node;
        if (fb_parser_skip_name(p, "else"))
            condition->kid[2] = parse_condition(p);
        node = condition;
        at = p->now;
    }
    fb_parser_leave(p);
    return node;
}

/* The binary operators of one level of precedence, which all bind to the left. */
typedef struct level {
    fb_node *(*operand)(fb_parser *p);
    struct {
        fb_token_type token;
        fb_node_kind node;
    } operators[5];
} level;

static fb_node *parse_level(fb_parser *p, const level *l)
{
    const fb_token *at = p->now;
    fb_node *left = l->operand(p);

    for (;;) {
        fb_node_kind kind = FB_NODE_COUNT;
        for (unsigned i = 0; l->operators[i].node != FB_NODE_TEMPLATE; i++) {
            if (p->now->type == l->operators[i].token)
                kind = l->operators[i].node;
        }
        if (kind == FB_NODE_COUNT || p->failed)
            return left;
        fb_parser_next(p);
        left = binary(p, kind, left, l->operand(p), at);
        at = p->now;
    }
}

static fb_node *parse_unary_filtered(fb_parser *p);

static fb_node *parse_pow(fb_parser *p)
{
    static const level pow_level = { parse_unary_filtered, { { FB_TOKEN_POW, FB_NODE_POW } } };
    return parse_level(p, &pow_level);
}

static fb_node *parse_product(fb_parser *p)
{
    static const level product = { parse_pow,
                                   { { FB_TOKEN_MUL, FB_NODE_MUL },
                                     { FB_TOKEN_DIV, FB_NODE_DIV },
                                     { FB_TOKEN_FLOORDIV, FB_NODE_FLOORDIV },
                                     { FB_TOKEN_MOD, FB_NODE_MOD } } };
    return parse_level(p, &product);
}

static fb_node *parse_concat(fb_parser *p)
{
    const fb_token *at = p->now;
    fb_node *first = parse_product(p);

    if (p->now->type != FB_TOKEN_TILDE)
        return first;
    fb_node *node = fb_parser_node(p, FB_NODE_CONCAT, at);
    fb_nodes_add(&node->list[0], first, p->pool);
    while (fb_parser_skip(p, FB_TOKEN_TILDE))
        fb_nodes_add(&node->list[0], parse_product(p), p->pool);
    return node;
}

static fb_node *parse_sum(fb_parser *p)
{
    static const level sum = { parse_concat,
                               { { FB_TOKEN_ADD, FB_NODE_ADD }, { FB_TOKEN_SUB, FB_NODE_SUB } } };
    return parse_level(p, &sum);
}

static int comparison(fb_parser *p)
{
    switch (p->now->type) {
    case FB_TOKEN_EQ: return FB_EQ;
    case FB_TOKEN_NE: return FB_NE;
    case FB_TOKEN_LT: return FB_LT;
    case FB_TOKEN_LTEQ: return FB_LE;
    case FB_TOKEN_GT: return FB_GT;
    case FB_TOKEN_GTEQ: return FB_GE;
    default: break;
    }
    if (fb_parser_is_name(p->now, "in"))
        return FB_OPERAND_IN;
    if (fb_parser_is_name(p->now, "not") && fb_parser_is_name(fb_parser_look(p), "in")) {
        fb_parser_next(p);
        return FB_OPERAND_NOT_IN;
    }
    return -1;
}

static fb_node *parse_compare(fb_parser *p)
{
    const fb_token *at = p->now;
    fb_node *first = parse_sum(p);
    fb_node *node = NULL;
    int op;

    while (!p->failed && (op = comparison(p)) >= 0) {
        if (node == NULL) {
            node = fb_parser_node(p, FB_NODE_COMPARE, at);
            node->kid[0] = first;
        }
        fb_node *operand = fb_parser_node(p, FB_NODE_OPERAND, fb_parser_next(p));
        operand->op = (uint8_t)op;
        operand->kid[0] = parse_sum(p);
        fb_nodes_add(&node->list[0], operand, p->pool);
        node->line = p->now->line;
    }
    return node != NULL ? node : first;
}

static fb_node *parse_not(fb_parser *p)
{
    if (!fb_parser_is_name(p->now, "not"))
        return parse_compare(p);
    fb_node *node = fb_parser_node(p, FB_NODE_NOT, fb_parser_next(p));
    if (!fb_parser_enter(p))
        return node;
    node->kid[0] = parse_not(p);
    fb_parser_leave(p);
    return node;
}

static fb_node *parse_and(fb_parser *p)
{
    const fb_token *at = p->now;
    fb_node *left = parse_not(p);

    while (!p->failed && fb_parser_skip_name(p, "and")) {
        left = binary(p, FB_NODE_AND, left, parse_not(p), at);
        at = p->now;
    }
    return left;
}

static fb_node *parse_or(fb_parser *p)
{
    const fb_token *at = p->now;
    fb_node *left = parse_and(p);

    while (!p->failed && fb_parser_skip_name(p, "or")) {
        left = binary(p, FB_NODE_OR, left, parse_and(p), at);
        at = p->now;
    }
    return left;
}

/* ---- literals -------------------------------------------------------------------- */

static fb_node *constant(fb_parser *p, const fb_token *at, fb_value value)
{
    fb_node *node = fb_parser_node(p, FB_NODE_CONST, at);

    node->value = value;
    return node;
}

static fb_node *parse_word(fb_parser *p)
{
    const fb_token *token = fb_parser_next(p);
    fb_str word = token->text;

    if (fb_str_eq_z(word, "true") || fb_str_eq_z(word, "True"))
        return constant(p, token, fb_bool(true));
    if (fb_str_eq_z(word, "false") || fb_str_eq_z(word, "False"))
        return constant(p, token, fb_bool(false));
    if (fb_str_eq_z(word, "none") || fb_str_eq_z(word, "None"))
        return constant(p, token, fb_none());
    fb_node *node = fb_parser_node(p, FB_NODE_NAME, token);
    node->name = fb_env_intern(p->env, word);
    return node;
}

/* Adjacent literals are one. */
static fb_node *parse_strings(fb_parser *p)
{
    const fb_token *first = fb_parser_next(p);

    if (p->now->type != FB_TOKEN_STRING)
        return constant(p, first, fb_string(first->text));
    fb_text text = { .arena = p->arena };
    fb_text_add(&text, first->text);
    while (p->now->type == FB_TOKEN_STRING)
        fb_text_add(&text, fb_parser_next(p)->text);
    return constant(p, first, fb_string(fb_str_from_len(text.data, text.len)));
}

static fb_node *parse_list(fb_parser *p)
{
    fb_node *node = fb_parser_node(p, FB_NODE_LIST, fb_parser_next(p));

    while (!p->failed && p->now->type != FB_TOKEN_RBRACKET) {
        if (node->list[0].count > 0)
            fb_parser_expect(p, FB_TOKEN_COMMA);
        if (p->now->type == FB_TOKEN_RBRACKET)
            break;
        fb_nodes_add(&node->list[0], fb_parse_expression(p), p->pool);
    }
    fb_parser_expect(p, FB_TOKEN_RBRACKET);
    return node;
}

static fb_node *parse_dict(fb_parser *p)
{
    fb_node *node = fb_parser_node(p, FB_NODE_DICT, fb_parser_next(p));

    while (!p->failed && p->now->type != FB_TOKEN_RBRACE) {
        if (node->list[0].count > 0)
            fb_parser_expect(p, FB_TOKEN_COMMA);
        if (p->now->type == FB_TOKEN_RBRACE)
            break;
        fb_node *pair = fb_parser_node(p, FB_NODE_PAIR, p->now);
        pair->kid[0] = fb_parse_expression(p);
        fb_parser_expect(p, FB_TOKEN_COLON);
        pair->kid[1] = fb_parse_expression(p);
        fb_nodes_add(&node->list[0], pair, p->pool);
    }
    fb_parser_expect(p, FB_TOKEN_RBRACE);
    return node;
}

fb_node *fb_parse_primary(fb_parser *p)
{
    const fb_token *token = p->now;
    fb_node *node;

    switch (token->type) {
    case FB_TOKEN_NAME: return parse_word(p);
    case FB_TOKEN_STRING: return parse_strings(p);
    case FB_TOKEN_INTEGER:
    case FB_TOKEN_FLOAT: return constant(p, token, fb_parser_next(p)->number);
    case FB_TOKEN_LPAREN:
        fb_parser_next(p);
        node = fb_parse_tuple(p, FB_TUPLE_PARENTHESES, NULL);
        fb_parser_expect(p, FB_TOKEN_RPAREN);
        return node;
    case FB_TOKEN_LBRACKET: return parse_list(p);
    case FB_TOKEN_LBRACE: return parse_dict(p);
    default:
        fb_parser_fail(p, token->line, token->offset, "TemplateSyntaxError", "unexpected %s",
                       fb_quote_z(p->pool, fb_token_describe(token)));
        return constant(p, token, fb_none());
    }
}

static bool is_tuple_end(const fb_parser *p, const char *end_name)
{
    fb_token_type type = p->now->type;

    return type == FB_TOKEN_VARIABLE_END || type == FB_TOKEN_BLOCK_END || type == FB_TOKEN_RPAREN ||
           (end_name != NULL && fb_parser_is_name(p->now, end_name));
}

/* One item of a tuple. Simplified ones (targets) come here again through parentheses. */
static fb_node *parse_item(fb_parser *p, unsigned flags)
{
    fb_node *node;

    if ((flags & FB_TUPLE_SIMPLIFIED) == 0 && (flags & FB_TUPLE_NO_COND) == 0)
        return fb_parse_expression(p);
    if (!fb_parser_enter(p))
        return fb_parser_node(p, FB_NODE_CONST, p->now);
    node = (flags & FB_TUPLE_SIMPLIFIED) != 0 ? fb_parse_primary(p) : parse_or(p);
    fb_parser_leave(p);
    return node;
}

fb_node *fb_parse_tuple(fb_parser *p, unsigned flags, const char *end_name)
{
    const fb_token *at = p->now;
    fb_nodes items = { NULL, 0, 0 };
    bool is_tuple = false;

    while (!p->failed) {
        if (items.count > 0)
            fb_parser_expect(p, FB_TOKEN_COMMA);
        if (is_tuple_end(p, end_name))
            break;
        fb_nodes_add(&items, parse_item(p, flags), p->pool);
        if (p->now->type != FB_TOKEN_COMMA)
            break;
        is_tuple = true;
        at = p->now;
    }
    if (!is_tuple) {
        if (items.count > 0)
            return items.v[0];
        if ((flags & FB_TUPLE_PARENTHESES) == 0)
            fb_parser_fail(p, p->now->line, p->now->offset, "TemplateSyntaxError",
                           "Expected an expression, got %s",
                           fb_quote_z(p->pool, fb_token_describe(p->now)));
    }
    fb_node *node = fb_parser_node(p, FB_NODE_TUPLE, at);
    node->list[0] = items;
    return node;
}

/* ---- calls, attributes, items ---------------------------------------------------- */

static void parse_argument(fb_parser *p, fb_node *call, const fb_token *open)
{
    bool allowed;

    if (fb_parser_skip(p, FB_TOKEN_MUL)) {
        allowed = call->kid[1] == NULL && call->kid[2] == NULL;
        call->kid[1] = allowed ? fb_parse_expression(p) : NULL;
    } else if (fb_parser_skip(p, FB_TOKEN_POW)) {
        allowed = call->kid[2] == NULL;
        call->kid[2] = allowed ? fb_parse_expression(p) : NULL;
    } else if (p->now->type == FB_TOKEN_NAME && fb_parser_look(p)->type == FB_TOKEN_ASSIGN) {
        allowed = call->kid[2] == NULL;
        fb_node *keyword = fb_parser_node(p, FB_NODE_KEYWORD, p->now);
        if (allowed) {
            keyword->name = fb_env_intern(p->env, fb_parser_next(p)->text);
            fb_parser_next(p);
            keyword->kid[0] = fb_parse_expression(p);
            fb_nodes_add(&call->list[1], keyword, p->pool);
        }
    } else {
        allowed = call->kid[1] == NULL && call->kid[2] == NULL && call->list[1].count == 0;
        if (allowed)
            fb_nodes_add(&call->list[0], fb_parse_expression(p), p->pool);
    }
    if (!allowed)
        fb_parser_fail(p, open->line, open->offset, "TemplateSyntaxError",
                       "invalid syntax for function call expression");
}

static void parse_arguments(fb_parser *p, fb_node *call)
{
    const fb_token *open = fb_parser_expect(p, FB_TOKEN_LPAREN);
    bool first = true;

    while (!p->failed && p->now->type != FB_TOKEN_RPAREN) {
        if (!first) {
            fb_parser_expect(p, FB_TOKEN_COMMA);
            if (p->now->type == FB_TOKEN_RPAREN)
                break;
        }
        parse_argument(p, call, open);
        first = false;
    }
    fb_parser_expect(p, FB_TOKEN_RPAREN);
}

static fb_node *parse_call(fb_parser *p, fb_node *callee)
{
    fb_node *node = fb_parser_node(p, FB_NODE_CALL, p->now);

    node->kid[0] = callee;
    parse_arguments(p, node);
    return node;
}

/* The inside of brackets: an expression or a slice. */
static fb_node *parse_subscribed(fb_parser *p)
{
    const fb_token *at = p->now;
    fb_node *first = NULL;

    if (p->now->type != FB_TOKEN_COLON) {
        first = fb_parse_expression(p);
        if (p->now->type != FB_TOKEN_COLON)
            return first;
    }
    fb_parser_next(p);
    fb_node *slice = fb_parser_node(p, FB_NODE_SLICE, at);
    slice->kid[0] = first;
    if (p->now->type != FB_TOKEN_COLON && p->now->type != FB_TOKEN_RBRACKET &&
        p->now->type != FB_TOKEN_COMMA)
        slice->kid[1] = fb_parse_expression(p);
    if (fb_parser_skip(p, FB_TOKEN_COLON) && p->now->type != FB_TOKEN_RBRACKET &&
        p->now->type != FB_TOKEN_COMMA)
        slice->kid[2] = fb_parse_expression(p);
    return slice;
}

static fb_node *parse_brackets(fb_parser *p, fb_node *value, const fb_token *at)
{
    fb_node *node = fb_parser_node(p, FB_NODE_GETITEM, at);
    fb_nodes parts = { NULL, 0, 0 };

    node->kid[0] = value;
    while (!p->failed && p->now->type != FB_TOKEN_RBRACKET) {
        if (parts.count > 0)
            fb_parser_expect(p, FB_TOKEN_COMMA);
        fb_nodes_add(&parts, parse_subscribed(p), p->pool);
    }
    fb_parser_expect(p, FB_TOKEN_RBRACKET);
    if (parts.count == 1) {
        node->kid[1] = parts.v[0];
    } else {
        node->kid[1] = fb_parser_node(p, FB_NODE_TUPLE, at);
        node->kid[1]->list[0] = parts;
    }
    return node;
}

static fb_node *parse_subscript(fb_parser *p, fb_node *value)
{
    const fb_token *at = fb_parser_next(p);

    if (at->type == FB_TOKEN_LBRACKET)
        return parse_brackets(p, value, at);
    const fb_token *attr = fb_parser_next(p);
    fb_node *node =
        fb_parser_node(p, attr->type == FB_TOKEN_NAME ? FB_NODE_GETATTR : FB_NODE_GETITEM, at);
    node->kid[0] = value;
    if (attr->type == FB_TOKEN_NAME) {
        node->name = fb_env_intern(p->env, attr->text);
        node->offset = attr->offset;
    } else if (attr->type == FB_TOKEN_INTEGER) {
        node->kid[1] = constant(p, attr, attr->number);
    } else {
        node->kid[1] = constant(p, attr, fb_none());
        fb_parser_fail(p, attr->line, attr->offset, "TemplateSyntaxError",
                       "expected name or number");
    }
    return node;
}

static fb_node *parse_postfix(fb_parser *p, fb_node *node)
{
    while (!p->failed) {
        if (p->now->type == FB_TOKEN_DOT || p->now->type == FB_TOKEN_LBRACKET)
            node = parse_subscript(p, node);
        else if (p->now->type == FB_TOKEN_LPAREN)
            node = parse_call(p, node);
        else
            break;
    }
    return node;
}

/* ---- filters and tests ----------------------------------------------------------- */

/* A name with dots, as filters and tests may have. */
static const fb_name *parse_dotted(fb_parser *p)
{
    fb_str name = fb_parser_expect(p, FB_TOKEN_NAME)->text;

    while (fb_parser_skip(p, FB_TOKEN_DOT)) {
        fb_str part = fb_parser_expect(p, FB_TOKEN_NAME)->text;
        name = fb_str_printf(p->pool, "%.*s.%.*s", FB_STR_ARG(name), FB_STR_ARG(part));
    }
    return fb_env_intern(p->env, name);
}

fb_node *fb_parse_filters(fb_parser *p, fb_node *node, bool start_inline)
{
    while (!p->failed && (start_inline || p->now->type == FB_TOKEN_PIPE)) {
        if (!start_inline)
            fb_parser_next(p);
        fb_node *filter = fb_parser_node(p, FB_NODE_FILTER, p->now);
        filter->name = parse_dotted(p);
        filter->kid[0] = node;
        if (p->now->type == FB_TOKEN_LPAREN)
            parse_arguments(p, filter);
        node = filter;
        start_inline = false;
    }
    return node;
}

static bool starts_argument(const fb_parser *p)
{
    switch (p->now->type) {
    case FB_TOKEN_NAME:
        return !fb_parser_is_name(p->now, "else") && !fb_parser_is_name(p->now, "or") &&
               !fb_parser_is_name(p->now, "and");
    case FB_TOKEN_STRING:
    case FB_TOKEN_INTEGER:
    case FB_TOKEN_FLOAT:
    case FB_TOKEN_LBRACKET:
    case FB_TOKEN_LBRACE: return true;
    default: return false;
    }
}

static fb_node *parse_test(fb_parser *p, fb_node *value)
{
    const fb_token *at = fb_parser_next(p);
    bool negated = fb_parser_skip_name(p, "not");
    fb_node *node = fb_parser_node(p, FB_NODE_TEST, at);

    node->kid[0] = value;
    node->offset = p->now->offset;
    node->name = parse_dotted(p);
    if (p->now->type == FB_TOKEN_LPAREN) {
        parse_arguments(p, node);
    } else if (!p->failed && starts_argument(p)) {
        if (fb_parser_is_name(p->now, "is"))
            fb_parser_fail(p, p->now->line, p->now->offset, "TemplateSyntaxError",
                           "You cannot chain multiple tests with is");
        fb_nodes_add(&node->list[0], parse_postfix(p, fb_parse_primary(p)), p->pool);
    }
    if (negated) {
        fb_node *not_node = fb_parser_node(p, FB_NODE_NOT, at);
        not_node->kid[0] = node;
        return not_node;
    }
    return node;
}

static fb_node *parse_filtered(fb_parser *p, fb_node *node)
{
    while (!p->failed) {
        if (p->now->type == FB_TOKEN_PIPE)
            node = fb_parse_filters(p, node, false);
        else if (fb_parser_is_name(p->now, "is"))
            node = parse_test(p, node);
        else if (p->now->type == FB_TOKEN_LPAREN)
            node = parse_call(p, node);
        else
            break;
    }
    return node;
}

static fb_node *parse_unary(fb_parser *p)
{
    const fb_token *at = p->now;
    fb_node *node;

    if (at->type == FB_TOKEN_SUB || at->type == FB_TOKEN_ADD) {
        node = fb_parser_node(p, at->type == FB_TOKEN_SUB ? FB_NODE_NEG : FB_NODE_POS,
                              fb_parser_next(p));
        if (!fb_parser_enter(p))
            return node;
        node->kid[0] = parse_unary(p);
        fb_parser_leave(p);
    } else {
        node = fb_parse_primary(p);
    }
    return parse_postfix(p, node);
}

static fb_node *parse_unary_filtered(fb_parser *p)
{
    return parse_filtered(p, parse_unary(p));
}
