/* From tokens to the syntax tree: statements. */
#include "template/parser.h"

#include "template/chars.h"
#include "template/ops.h"

#include <apr_strings.h>

#include <string.h>

#include "base/banned.h"

/* ---- tokens ---------------------------------------------------------------------- */

static const fb_token end_of_everything = { .type = FB_TOKEN_EOF };

void fb_parser_fail(fb_parser *p, uint32_t line, uint32_t offset, const char *kind, const char *fmt,
                    ...)
{
    va_list args;

    if (p->failed)
        return;
    p->failed = true;
    va_start(args, fmt);
    const char *message = apr_pvsprintf(p->pool, fmt, args);
    va_end(args);
    fb_raise(p->error, kind, "%s", message);
    p->error->line = (int)line;
    fb_str source = p->tokens->source;
    if (fb_source_line(source, line).ptr != NULL && offset <= source.len) {
        /* Messages name the line as Jinja2 does; the column only fits if it is that line. */
        uint32_t column = fb_source_column(source, offset);
        fb_str before = fb_str_sub(source, 0, offset);
        uint32_t actual = 1;
        for (apr_size_t i = 0; i < before.len; i++)
            actual += before.ptr[i] == '\n';
        p->error->column = actual == line ? (int)column : 0;
    }
    p->now = &end_of_everything;
}

/* Makes tokens[at] the current one, or raises the error that stands there. */
static void set_current(fb_parser *p)
{
    const fb_token *token = &p->tokens->v[p->at];

    if (token->type == FB_TOKEN_ERROR)
        fb_parser_fail(p, token->line, token->offset, token->error->kind, "%s",
                       token->error->message);
    else
        p->now = token;
}

const fb_token *fb_parser_next(fb_parser *p)
{
    const fb_token *old = p->now;

    if (!p->failed && old->type != FB_TOKEN_EOF) {
        p->at++;
        set_current(p);
    }
    return old;
}

const fb_token *fb_parser_look(fb_parser *p)
{
    if (p->failed || p->now->type == FB_TOKEN_EOF)
        return &end_of_everything;
    const fb_token *token = &p->tokens->v[p->at + 1];
    if (token->type == FB_TOKEN_ERROR) {
        fb_parser_fail(p, token->line, token->offset, token->error->kind, "%s",
                       token->error->message);
        return &end_of_everything;
    }
    return token;
}

bool fb_parser_is_name(const fb_token *token, const char *name)
{
    return token->type == FB_TOKEN_NAME && fb_str_eq_z(token->text, name);
}

bool fb_parser_skip_name(fb_parser *p, const char *name)
{
    bool found = fb_parser_is_name(p->now, name);

    if (found)
        fb_parser_next(p);
    return found;
}

bool fb_parser_skip(fb_parser *p, fb_token_type type)
{
    bool found = p->now->type == type && type != FB_TOKEN_EOF;

    if (found)
        fb_parser_next(p);
    return found;
}

static void unexpected(fb_parser *p, const char *expected)
{
    const char *quoted = fb_quote_z(p->pool, fb_str_from(expected));

    if (p->now->type == FB_TOKEN_EOF)
        fb_parser_fail(p, p->now->line, p->now->offset, "TemplateSyntaxError",
                       "unexpected end of template, expected %s.", quoted);
    else
        fb_parser_fail(p, p->now->line, p->now->offset, "TemplateSyntaxError",
                       "expected token %s, got %s", quoted,
                       fb_quote_z(p->pool, fb_token_describe(p->now)));
}

const fb_token *fb_parser_expect(fb_parser *p, fb_token_type type)
{
    if (p->now->type != type)
        unexpected(p, fb_token_describe_type(type));
    return fb_parser_next(p);
}

const fb_token *fb_parser_expect_name(fb_parser *p, const char *name)
{
    if (!fb_parser_is_name(p->now, name))
        unexpected(p, name);
    return fb_parser_next(p);
}

bool fb_parser_enter(fb_parser *p)
{
    if (++p->depth <= p->env->options.limits.parse_depth)
        return true;
    fb_parser_fail(p, p->now->line, p->now->offset, "RecursionError",
                   "expressions and statements are nested deeper than %u levels",
                   p->env->options.limits.parse_depth);
    return false;
}

void fb_parser_leave(fb_parser *p)
{
    p->depth--;
}

fb_node *fb_parser_node(fb_parser *p, fb_node_kind kind, const fb_token *at)
{
    return fb_node_create(p->pool, kind, at->line, at->offset);
}

/* ---- unknown and missing tags ---------------------------------------------------- */

static const char *join_ends(fb_parser *p, const char *const *ends)
{
    const char *text = "";

    for (const char *const *each = ends; *each != NULL; each++)
        text = apr_psprintf(p->pool, "%s%s'%s'", text, each == ends ? "" : " or ", *each);
    return text;
}

static bool is_expected(const fb_parser *p, fb_str name)
{
    for (unsigned i = 0; i < p->end_count; i++) {
        for (const char *const *each = p->ends[i]; *each != NULL; each++) {
            if (fb_str_eq_z(name, *each))
                return true;
        }
    }
    return false;
}

/* `tag` is NULL at the end of the template. */
static void fail_tag(fb_parser *p, const fb_token *tag, const char *const *looking,
                     const fb_token *at)
{
    const char *text = "Unexpected end of template.";

    if (p->failed)
        return;
    if (tag != NULL)
        text = apr_psprintf(p->pool, "Encountered unknown tag %s.", fb_quote_z(p->pool, tag->text));
    if (looking != NULL && tag != NULL && is_expected(p, tag->text))
        text = apr_psprintf(p->pool,
                            "%s You probably made a nesting mistake. Jinja is expecting this tag,"
                            " but currently looking for %s.",
                            text, join_ends(p, looking));
    else if (looking != NULL)
        text = apr_psprintf(p->pool, "%s Jinja was looking for the following tags: %s.", text,
                            join_ends(p, looking));
    if (p->tag_count > 0)
        text = apr_psprintf(p->pool, "%s The innermost block that needs to be closed is %s.", text,
                            fb_quote_z(p->pool, p->tags[p->tag_count - 1]));
    fb_parser_fail(p, at->line, at->offset, "TemplateSyntaxError", "%s", text);
}

/* ---- bodies ---------------------------------------------------------------------- */

static void parse_statement(fb_parser *p, fb_nodes *out);

static void flush(fb_parser *p, fb_nodes *data, fb_nodes *body)
{
    if (data->count == 0)
        return;
    fb_node *output = fb_node_create(p->pool, FB_NODE_OUTPUT, data->v[0]->line, data->v[0]->offset);
    output->list[0] = *data;
    fb_nodes_add(body, output, p->pool);
    *data = (fb_nodes){ NULL, 0, 0 };
}

static bool at_end_tag(const fb_parser *p, const char *const *ends)
{
    for (; ends != NULL && *ends != NULL; ends++) {
        if (fb_parser_is_name(p->now, *ends))
            return true;
    }
    return false;
}

static void subparse(fb_parser *p, const char *const *ends, fb_nodes *body)
{
    fb_nodes data = { NULL, 0, 0 };

    while (!p->failed && p->now->type != FB_TOKEN_EOF) {
        const fb_token *token = p->now;
        if (token->type == FB_TOKEN_DATA) {
            fb_node *node = fb_parser_node(p, FB_NODE_DATA, token);
            node->value = fb_string(token->text);
            fb_nodes_add(&data, node, p->pool);
            fb_parser_next(p);
        } else if (token->type == FB_TOKEN_VARIABLE_BEGIN) {
            fb_parser_next(p);
            fb_nodes_add(&data, fb_parse_tuple(p, 0, NULL), p->pool);
            fb_parser_expect(p, FB_TOKEN_VARIABLE_END);
        } else {
            flush(p, &data, body);
            fb_parser_next(p);
            if (at_end_tag(p, ends))
                return;
            parse_statement(p, body);
            fb_parser_expect(p, FB_TOKEN_BLOCK_END);
        }
    }
    flush(p, &data, body);
}

fb_nodes fb_parse_statements(fb_parser *p, const char *const *ends, bool drop_end)
{
    fb_nodes body = { NULL, 0, 0 };

    fb_parser_skip(p, FB_TOKEN_COLON);
    fb_parser_expect(p, FB_TOKEN_BLOCK_END);
    if (p->failed || !fb_parser_enter(p))
        return body;
    if (p->end_count == FB_MAX_OPEN_TAGS) {
        fb_parser_fail(p, p->now->line, p->now->offset, "RecursionError",
                       "statements are nested deeper than %u levels", FB_MAX_OPEN_TAGS);
        return body;
    }
    p->ends[p->end_count++] = ends;
    subparse(p, ends, &body);
    p->end_count--;
    fb_parser_leave(p);
    if (!p->failed && p->now->type == FB_TOKEN_EOF) {
        p->ends[p->end_count++] = ends;
        fail_tag(p, NULL, ends, p->now);
        p->end_count--;
    }
    if (drop_end)
        fb_parser_next(p);
    return body;
}

/* ---- targets --------------------------------------------------------------------- */

static bool can_assign(const fb_node *node)
{
    static const char *const reserved[] = { "true", "false", "none", "True", "False", "None" };

    if (node->kind == FB_NODE_NSREF)
        return true;
    if (node->kind == FB_NODE_NAME) {
        for (unsigned i = 0; i < 6; i++) {
            if (fb_str_eq_z(node->name->s, reserved[i]))
                return false;
        }
        return true;
    }
    if (node->kind != FB_NODE_TUPLE)
        return false;
    for (uint32_t i = 0; i < node->list[0].count; i++) {
        if (!can_assign(node->list[0].v[i]))
            return false;
    }
    return true;
}

static void set_use(fb_node *node, fb_name_use use)
{
    node->use = (uint8_t)use;
    if (node->kind == FB_NODE_TUPLE) {
        for (uint32_t i = 0; i < node->list[0].count; i++)
            set_use(node->list[0].v[i], use);
    }
}

static fb_node *name_node(fb_parser *p, const fb_token *token, fb_name_use use)
{
    fb_node *node = fb_parser_node(p, FB_NODE_NAME, token);

    node->name = fb_env_intern(p->env, token->text);
    node->use = (uint8_t)use;
    return node;
}

fb_node *fb_parse_target(fb_parser *p, unsigned flags, const char *end_name)
{
    fb_node *target;

    if ((flags & FB_TARGET_NAMESPACE) != 0 && fb_parser_look(p)->type == FB_TOKEN_DOT) {
        const fb_token *token = fb_parser_expect(p, FB_TOKEN_NAME);
        target = fb_parser_node(p, FB_NODE_NSREF, token);
        fb_parser_next(p);
        const fb_token *attr = fb_parser_expect(p, FB_TOKEN_NAME);
        target->name = fb_env_intern(p->env, token->text);
        target->attr = fb_env_intern(p->env, attr->text);
    } else if ((flags & FB_TARGET_NAME_ONLY) != 0) {
        target = name_node(p, fb_parser_expect(p, FB_TOKEN_NAME), FB_USE_STORE);
    } else {
        target = fb_parse_tuple(p, FB_TUPLE_SIMPLIFIED, end_name);
        set_use(target, FB_USE_STORE);
    }
    if (!p->failed && !can_assign(target))
        fb_parser_fail(p, target->line, target->offset, "TemplateSyntaxError",
                       "can't assign to '%s'", fb_node_names[target->kind]);
    return target;
}

/* ---- statements ------------------------------------------------------------------ */

static fb_node *parse_set(fb_parser *p)
{
    static const char *const end[] = { "endset", NULL };
    const fb_token *token = fb_parser_next(p);
    fb_node *target = fb_parse_target(p, FB_TARGET_NAMESPACE, NULL);

    if (fb_parser_skip(p, FB_TOKEN_ASSIGN)) {
        fb_node *node = fb_parser_node(p, FB_NODE_ASSIGN, token);
        node->kid[0] = target;
        node->kid[1] = fb_parse_tuple(p, 0, NULL);
        return node;
    }
    fb_node *node = fb_parser_node(p, FB_NODE_ASSIGNBLOCK, token);
    node->kid[0] = target;
    node->kid[1] = fb_parse_filters(p, NULL, false);
    node->list[0] = fb_parse_statements(p, end, true);
    return node;
}

static fb_node *parse_for(fb_parser *p)
{
    static const char *const end_or_else[] = { "endfor", "else", NULL };
    static const char *const end[] = { "endfor", NULL };
    fb_node *node = fb_parser_node(p, FB_NODE_FOR, fb_parser_next(p));

    node->kid[0] = fb_parse_target(p, 0, "in");
    fb_parser_expect_name(p, "in");
    node->kid[1] = fb_parse_tuple(p, FB_TUPLE_NO_COND, "recursive");
    if (fb_parser_skip_name(p, "if"))
        node->kid[2] = fb_parse_expression(p);
    if (fb_parser_skip_name(p, "recursive"))
        node->flags |= FB_NODE_RECURSIVE;
    node->list[0] = fb_parse_statements(p, end_or_else, false);
    if (!fb_str_eq_z(fb_parser_next(p)->text, "endfor"))
        node->list[1] = fb_parse_statements(p, end, true);
    return node;
}

static fb_node *parse_if(fb_parser *p)
{
    static const char *const ends[] = { "elif", "else", "endif", NULL };
    static const char *const end[] = { "endif", NULL };
    fb_node *result = fb_parser_node(p, FB_NODE_IF, fb_parser_next(p));
    fb_node *node = result;

    while (!p->failed) {
        node->kid[0] = fb_parse_tuple(p, FB_TUPLE_NO_COND, NULL);
        node->list[0] = fb_parse_statements(p, ends, false);
        const fb_token *token = fb_parser_next(p);
        if (fb_parser_is_name(token, "elif")) {
            node = fb_parser_node(p, FB_NODE_IF, p->now);
            fb_nodes_add(&result->list[1], node, p->pool);
            continue;
        }
        if (fb_parser_is_name(token, "else"))
            result->list[2] = fb_parse_statements(p, end, true);
        break;
    }
    return result;
}

static fb_node *parse_with(fb_parser *p)
{
    static const char *const end[] = { "endwith", NULL };
    fb_node *node = fb_parser_node(p, FB_NODE_WITH, fb_parser_next(p));

    while (!p->failed && p->now->type != FB_TOKEN_BLOCK_END) {
        if (node->list[0].count > 0)
            fb_parser_expect(p, FB_TOKEN_COMMA);
        fb_node *target = fb_parse_target(p, 0, NULL);
        set_use(target, FB_USE_PARAM);
        fb_nodes_add(&node->list[0], target, p->pool);
        fb_parser_expect(p, FB_TOKEN_ASSIGN);
        fb_nodes_add(&node->list[1], fb_parse_expression(p), p->pool);
    }
    node->list[2] = fb_parse_statements(p, end, true);
    return node;
}

static fb_node *parse_autoescape(fb_parser *p)
{
    static const char *const end[] = { "endautoescape", NULL };
    const fb_token *token = fb_parser_next(p);
    fb_node *node = fb_parser_node(p, FB_NODE_AUTOESCAPE, token);
    fb_node *scope = fb_parser_node(p, FB_NODE_SCOPE, token);

    node->kid[0] = fb_parse_expression(p);
    node->list[0] = fb_parse_statements(p, end, true);
    fb_nodes_add(&scope->list[0], node, p->pool);
    return scope;
}

/* A required block has nothing but white space and comments inside. */
static bool is_blank(const fb_nodes *body)
{
    for (uint32_t i = 0; i < body->count; i++) {
        const fb_node *output = body->v[i];
        if (output->kind != FB_NODE_OUTPUT)
            return false;
        for (uint32_t j = 0; j < output->list[0].count; j++) {
            const fb_node *child = output->list[0].v[j];
            if (child->kind != FB_NODE_DATA ||
                !fb_chars_is(fb_value_str(child->value), FB_CHARS_SPACE))
                return false;
        }
    }
    return true;
}

static fb_node *parse_block(fb_parser *p)
{
    static const char *const end[] = { "endblock", NULL };
    const fb_token *token = fb_parser_next(p);
    fb_node *node = fb_parser_node(p, FB_NODE_BLOCK, token);
    const fb_token *name = fb_parser_expect(p, FB_TOKEN_NAME);

    node->name = fb_env_intern(p->env, name->text);
    if (fb_parser_skip_name(p, "scoped"))
        node->flags |= FB_NODE_SCOPED;
    if (fb_parser_skip_name(p, "required"))
        node->flags |= FB_NODE_REQUIRED;
    if (p->now->type == FB_TOKEN_SUB)
        fb_parser_fail(p, p->now->line, p->now->offset, "TemplateSyntaxError",
                       "Block names in Jinja have to be valid Python identifiers and may not"
                       " contain hyphens, use an underscore instead.");
    node->list[0] = fb_parse_statements(p, end, true);
    if ((node->flags & FB_NODE_REQUIRED) != 0 && !p->failed && !is_blank(&node->list[0]))
        fb_parser_fail(p, p->now->line, p->now->offset, "TemplateSyntaxError",
                       "Required blocks can only contain comments or whitespace");
    if (p->now->type == FB_TOKEN_NAME && fb_str_eq(p->now->text, name->text))
        fb_parser_next(p);
    return node;
}

static fb_node *parse_extends(fb_parser *p)
{
    fb_node *node = fb_parser_node(p, FB_NODE_EXTENDS, fb_parser_next(p));

    node->kid[0] = fb_parse_expression(p);
    return node;
}

/* "with context" or "without context"; false if neither stands here. */
static bool parse_context(fb_parser *p, fb_node *node)
{
    bool with = fb_parser_is_name(p->now, "with");

    if ((!with && !fb_parser_is_name(p->now, "without")) ||
        !fb_parser_is_name(fb_parser_look(p), "context"))
        return false;
    fb_parser_next(p);
    fb_parser_next(p);
    node->flags = (uint8_t)(node->flags & ~FB_NODE_WITH_CONTEXT);
    if (with)
        node->flags |= FB_NODE_WITH_CONTEXT;
    return true;
}

static fb_node *parse_include(fb_parser *p)
{
    fb_node *node = fb_parser_node(p, FB_NODE_INCLUDE, fb_parser_next(p));

    node->flags = FB_NODE_WITH_CONTEXT;
    node->kid[0] = fb_parse_expression(p);
    if (fb_parser_is_name(p->now, "ignore") && fb_parser_is_name(fb_parser_look(p), "missing")) {
        node->flags |= FB_NODE_IGNORE_MISSING;
        fb_parser_next(p);
        fb_parser_next(p);
    }
    parse_context(p, node);
    return node;
}

static fb_node *parse_import(fb_parser *p)
{
    fb_node *node = fb_parser_node(p, FB_NODE_IMPORT, fb_parser_next(p));

    node->kid[0] = fb_parse_expression(p);
    fb_parser_expect_name(p, "as");
    node->name = fb_parse_target(p, FB_TARGET_NAME_ONLY, NULL)->name;
    parse_context(p, node);
    return node;
}

static void parse_imported(fb_parser *p, fb_node *from)
{
    fb_node *target = fb_parse_target(p, FB_TARGET_NAME_ONLY, NULL);
    fb_node *node = fb_node_create(p->pool, FB_NODE_IMPORTED, target->line, target->offset);

    node->name = node->attr = target->name;
    if (!p->failed && fb_str_starts(target->name->s, FB_STR("_")))
        fb_parser_fail(p, target->line, target->offset, "TemplateAssertionError",
                       "names starting with an underline can not be imported");
    if (fb_parser_skip_name(p, "as"))
        node->attr = fb_parse_target(p, FB_TARGET_NAME_ONLY, NULL)->name;
    fb_nodes_add(&from->list[0], node, p->pool);
}

static fb_node *parse_from(fb_parser *p)
{
    fb_node *node = fb_parser_node(p, FB_NODE_FROM, fb_parser_next(p));

    node->kid[0] = fb_parse_expression(p);
    fb_parser_expect_name(p, "import");
    while (!p->failed) {
        if (node->list[0].count > 0)
            fb_parser_expect(p, FB_TOKEN_COMMA);
        if (p->now->type != FB_TOKEN_NAME) {
            fb_parser_expect(p, FB_TOKEN_NAME);
            break;
        }
        if (parse_context(p, node))
            break;
        parse_imported(p, node);
        if (parse_context(p, node) || p->now->type != FB_TOKEN_COMMA)
            break;
    }
    return node;
}

static void parse_signature(fb_parser *p, fb_node *node)
{
    fb_parser_expect(p, FB_TOKEN_LPAREN);
    while (!p->failed && p->now->type != FB_TOKEN_RPAREN) {
        if (node->list[0].count > 0)
            fb_parser_expect(p, FB_TOKEN_COMMA);
        fb_node *param = fb_parse_target(p, FB_TARGET_NAME_ONLY, NULL);
        set_use(param, FB_USE_PARAM);
        if (fb_parser_skip(p, FB_TOKEN_ASSIGN))
            fb_nodes_add(&node->list[1], fb_parse_expression(p), p->pool);
        else if (node->list[1].count > 0)
            fb_parser_fail(p, p->now->line, p->now->offset, "TemplateSyntaxError",
                           "non-default argument follows default argument");
        fb_nodes_add(&node->list[0], param, p->pool);
    }
    fb_parser_expect(p, FB_TOKEN_RPAREN);
}

static fb_node *parse_call_block(fb_parser *p)
{
    static const char *const end[] = { "endcall", NULL };
    fb_node *node = fb_parser_node(p, FB_NODE_CALLBLOCK, fb_parser_next(p));

    if (p->now->type == FB_TOKEN_LPAREN)
        parse_signature(p, node);
    node->kid[0] = fb_parse_expression(p);
    if (!p->failed && node->kid[0]->kind != FB_NODE_CALL)
        fb_parser_fail(p, node->line, node->offset, "TemplateSyntaxError", "expected call");
    node->list[2] = fb_parse_statements(p, end, true);
    return node;
}

static fb_node *parse_filter_block(fb_parser *p)
{
    static const char *const end[] = { "endfilter", NULL };
    fb_node *node = fb_parser_node(p, FB_NODE_FILTERBLOCK, fb_parser_next(p));

    node->kid[0] = fb_parse_filters(p, NULL, true);
    node->list[0] = fb_parse_statements(p, end, true);
    return node;
}

static fb_node *parse_macro(fb_parser *p)
{
    static const char *const end[] = { "endmacro", NULL };
    fb_node *node = fb_parser_node(p, FB_NODE_MACRO, fb_parser_next(p));

    node->name = fb_parse_target(p, FB_TARGET_NAME_ONLY, NULL)->name;
    parse_signature(p, node);
    node->list[2] = fb_parse_statements(p, end, true);
    return node;
}

static fb_node *parse_print(fb_parser *p)
{
    fb_node *node = fb_parser_node(p, FB_NODE_OUTPUT, fb_parser_next(p));

    while (!p->failed && p->now->type != FB_TOKEN_BLOCK_END) {
        if (node->list[0].count > 0)
            fb_parser_expect(p, FB_TOKEN_COMMA);
        fb_nodes_add(&node->list[0], fb_parse_expression(p), p->pool);
    }
    return node;
}

/* ---- extensions ------------------------------------------------------------------ */

static fb_node *parse_do(fb_parser *p)
{
    fb_node *node = fb_parser_node(p, FB_NODE_EXPRSTMT, fb_parser_next(p));

    node->kid[0] = fb_parse_tuple(p, 0, NULL);
    return node;
}

static fb_node *parse_break(fb_parser *p)
{
    return fb_parser_node(p, FB_NODE_BREAK, fb_parser_next(p));
}

static fb_node *parse_continue(fb_parser *p)
{
    return fb_parser_node(p, FB_NODE_CONTINUE, fb_parser_next(p));
}

/* {% assets 'a', filters='x' %}…{% endassets %} is
 * {% for ASSET_URL in assets_urls('a', filters='x') %}…{% endfor %}. */
static fb_node *parse_assets(fb_parser *p)
{
    static const char *const end[] = { "endassets", NULL };
    const fb_token *token = fb_parser_next(p);
    fb_node *node = fb_parser_node(p, FB_NODE_FOR, token);
    fb_node *call = fb_parser_node(p, FB_NODE_CALL, token);
    fb_node *function = fb_parser_node(p, FB_NODE_NAME, token);
    fb_node *target = fb_parser_node(p, FB_NODE_NAME, token);

    function->name = fb_env_intern(p->env, FB_STR("assets_urls"));
    target->name = fb_env_intern(p->env, FB_STR("ASSET_URL"));
    target->use = FB_USE_STORE;
    call->kid[0] = function;
    while (!p->failed && p->now->type != FB_TOKEN_BLOCK_END) {
        if (call->list[0].count + call->list[1].count > 0)
            fb_parser_expect(p, FB_TOKEN_COMMA);
        if (p->now->type == FB_TOKEN_NAME && fb_parser_look(p)->type == FB_TOKEN_ASSIGN) {
            fb_node *keyword = fb_parser_node(p, FB_NODE_KEYWORD, p->now);
            keyword->name = fb_env_intern(p->env, fb_parser_next(p)->text);
            fb_parser_next(p);
            keyword->kid[0] = fb_parse_expression(p);
            fb_nodes_add(&call->list[1], keyword, p->pool);
        } else {
            fb_nodes_add(&call->list[0], fb_parse_expression(p), p->pool);
        }
    }
    node->kid[0] = target;
    node->kid[1] = call;
    node->list[0] = fb_parse_statements(p, end, true);
    return node;
}

/* ---- all of them ----------------------------------------------------------------- */

static const struct statement {
    const char *tag;
    fb_node *(*parse)(fb_parser *p);
    unsigned extension; /* 0: always there */
} statements[] = {
    { "for", parse_for, 0 },
    { "if", parse_if, 0 },
    { "block", parse_block, 0 },
    { "extends", parse_extends, 0 },
    { "print", parse_print, 0 },
    { "macro", parse_macro, 0 },
    { "include", parse_include, 0 },
    { "from", parse_from, 0 },
    { "import", parse_import, 0 },
    { "set", parse_set, 0 },
    { "with", parse_with, 0 },
    { "autoescape", parse_autoescape, 0 },
    { "call", parse_call_block, 0 },
    { "filter", parse_filter_block, 0 },
    { "do", parse_do, FB_EXT_DO },
    { "break", parse_break, FB_EXT_LOOPCONTROLS },
    { "continue", parse_continue, FB_EXT_LOOPCONTROLS },
    { "assets", parse_assets, FB_EXT_ASSETS },
};

static void parse_statement(fb_parser *p, fb_nodes *out)
{
    const fb_token *token = p->now;

    if (p->failed)
        return;
    if (token->type != FB_TOKEN_NAME) {
        fb_parser_fail(p, token->line, token->offset, "TemplateSyntaxError", "tag name expected");
        return;
    }
    if (p->tag_count == FB_MAX_OPEN_TAGS) {
        fb_parser_fail(p, token->line, token->offset, "RecursionError",
                       "statements are nested deeper than %u levels", FB_MAX_OPEN_TAGS);
        return;
    }
    p->tags[p->tag_count++] = token->text;
    for (apr_size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        const struct statement *s = &statements[i];
        if (fb_str_eq_z(token->text, s->tag) &&
            (s->extension == 0 || (p->env->options.extensions & s->extension) != 0)) {
            fb_nodes_add(out, s->parse(p), p->pool);
            p->tag_count--;
            return;
        }
    }
    if ((p->env->options.extensions & FB_EXT_I18N) != 0 && fb_str_eq_z(token->text, "trans")) {
        fb_parse_trans(p, out);
        p->tag_count--;
        return;
    }
    p->tag_count--;
    fail_tag(p, token, p->end_count > 0 ? p->ends[p->end_count - 1] : NULL, token);
}

apr_status_t fb_parse(fb_node **out, fb_env *env, const fb_tokens *tokens, apr_pool_t *pool,
                      fb_arena *arena, fb_error *error)
{
    fb_parser *p = apr_pcalloc(pool, sizeof(*p));

    p->env = env;
    p->tokens = tokens;
    p->pool = pool;
    p->arena = arena;
    p->error = error;
    p->now = &end_of_everything;
    set_current(p);
    *out = fb_node_create(pool, FB_NODE_TEMPLATE, 1, 0);
    if (!p->failed)
        subparse(p, NULL, &(*out)->list[0]);
    return p->failed ? error->status : APR_SUCCESS;
}
