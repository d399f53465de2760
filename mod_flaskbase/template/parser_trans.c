/* {% trans %}: a text to be translated becomes a call of gettext or one of its kin. */
#include "template/parser.h"

#include "template/chars.h"
#include "template/ops.h"

#include <string.h>

#include "base/banned.h"

/* What the tag and its bodies say. */
typedef struct trans {
    fb_parser *p;
    const fb_token *at;
    fb_nodes names; /* KEYWORD: variable = expression */
    fb_node *plural_expr;
    bool called_num;     /* the plural's variable is "num", which gettext fills by itself */
    fb_node *assignment; /* of _trans, when the number is a call: evaluated once */
    fb_value context;    /* FB_ABSENT: none */
    int trimmed;         /* -1: as the environment says */
} trans;

static fb_node *keyword_of(const trans *t, fb_str name)
{
    for (uint32_t i = 0; i < t->names.count; i++) {
        if (fb_str_eq(t->names.v[i]->name->s, name))
            return t->names.v[i];
    }
    return NULL;
}

static fb_node *load(const trans *t, fb_str name)
{
    fb_node *node = fb_parser_node(t->p, FB_NODE_NAME, t->at);

    node->name = fb_env_intern(t->p->env, name);
    return node;
}

static void add_variable(trans *t, fb_str name, fb_node *value)
{
    fb_node *keyword = fb_parser_node(t->p, FB_NODE_KEYWORD, t->at);

    keyword->name = fb_env_intern(t->p->env, name);
    keyword->kid[0] = value;
    fb_nodes_add(&t->names, keyword, t->p->pool);
}

/* The first variable is the number, unless pluralize names another. */
static void take_as_number(trans *t, fb_str name)
{
    fb_node *keyword = keyword_of(t, name);

    if (keyword->kid[0]->kind == FB_NODE_CALL) {
        fb_node *assign = fb_parser_node(t->p, FB_NODE_ASSIGN, t->at);
        assign->kid[0] = load(t, FB_STR("_trans"));
        assign->kid[0]->use = FB_USE_STORE;
        assign->kid[1] = keyword->kid[0];
        t->assignment = assign;
        keyword->kid[0] = load(t, FB_STR("_trans"));
    }
    t->plural_expr = keyword->kid[0];
    t->called_num = fb_str_eq_z(name, "num");
}

static void parse_variables(trans *t)
{
    fb_parser *p = t->p;

    while (!p->failed && p->now->type != FB_TOKEN_BLOCK_END) {
        if (t->names.count > 0)
            fb_parser_expect(p, FB_TOKEN_COMMA);
        if (fb_parser_skip(p, FB_TOKEN_COLON))
            break;
        const fb_token *token = fb_parser_expect(p, FB_TOKEN_NAME);
        if (p->failed)
            return;
        if (keyword_of(t, token->text) != NULL) {
            fb_parser_fail(p, token->line, token->offset, "TemplateAssertionError",
                           "translatable variable %s defined twice.",
                           fb_quote_z(p->pool, token->text));
            return;
        }
        bool trimmed = fb_str_eq_z(token->text, "trimmed");
        if (fb_parser_skip(p, FB_TOKEN_ASSIGN)) {
            add_variable(t, token->text, fb_parse_expression(p));
        } else if (t->trimmed < 0 && (trimmed || fb_str_eq_z(token->text, "notrimmed"))) {
            t->trimmed = trimmed;
            continue;
        } else {
            add_variable(t, token->text, load(t, token->text));
        }
        if (t->plural_expr == NULL && !p->failed)
            take_as_number(t, token->text);
    }
    fb_parser_expect(p, FB_TOKEN_BLOCK_END);
}

/* The text up to pluralize or endtrans, with %(name)s for variables and % doubled. */
static fb_str parse_text(trans *t, fb_nodes *referenced, bool allow_pluralize)
{
    fb_parser *p = t->p;
    fb_text text = { .arena = p->arena };

    while (!p->failed) {
        if (p->now->type == FB_TOKEN_DATA) {
            fb_chars_replace(&text, fb_parser_next(p)->text, FB_STR("%"), FB_STR("%%"), -1);
        } else if (fb_parser_skip(p, FB_TOKEN_VARIABLE_BEGIN)) {
            fb_str name = fb_parser_expect(p, FB_TOKEN_NAME)->text;
            fb_nodes_add(referenced, load(t, name), p->pool);
            fb_text_add(&text, FB_STR("%("));
            fb_text_add(&text, name);
            fb_text_add(&text, FB_STR(")s"));
            fb_parser_expect(p, FB_TOKEN_VARIABLE_END);
        } else if (fb_parser_skip(p, FB_TOKEN_BLOCK_BEGIN)) {
            if (fb_parser_is_name(p->now, "endtrans"))
                break;
            bool pluralize = fb_parser_is_name(p->now, "pluralize");
            if (pluralize && allow_pluralize)
                break;
            fb_parser_fail(p, p->now->line, p->now->offset, "TemplateSyntaxError",
                           pluralize
                               ? "a translatable section can have only one pluralize section"
                               : "control structures in translatable sections are not allowed");
        } else {
            fb_parser_fail(p, p->now->line, p->now->offset, "TemplateSyntaxError",
                           "unclosed translation block");
        }
    }
    return fb_str_from_len(text.data, text.len);
}

/* Newlines with the blanks around them become one space. */
static fb_str trim(fb_parser *p, fb_str s)
{
    fb_text out = { .arena = p->arena };

    s = fb_chars_strip(s, FB_BOTH);
    apr_size_t at = 0;
    while (at < s.len) {
        apr_size_t end = at;
        bool newline = false;
        while (end < s.len) {
            apr_size_t next = end;
            if (!fb_char_is_space(fb_chars_next(s, &next)))
                break;
            newline = newline || s.ptr[end] == '\n';
            end = next;
        }
        if (newline) {
            fb_text_add_char(&out, ' ');
            at = end;
        } else {
            if (end == at)
                (void)fb_chars_next(s, &end);
            fb_text_add(&out, fb_str_sub(s, at, end - at));
            at = end;
        }
    }
    return fb_str_from_len(out.data, out.len);
}

static fb_node *string_node(const trans *t, fb_str s)
{
    fb_node *node = fb_parser_node(t->p, FB_NODE_CONST, t->at);

    node->value = fb_string(s);
    return node;
}

/* Without variables an old-style message is no format string. */
static fb_str undouble(fb_parser *p, fb_str s)
{
    fb_text out = { .arena = p->arena };

    fb_chars_replace(&out, s, FB_STR("%%"), FB_STR("%"), -1);
    return fb_str_from_len(out.data, out.len);
}

static fb_node *make_call(trans *t, fb_str singular, const fb_str *plural)
{
    fb_parser *p = t->p;
    fb_node *call = fb_parser_node(p, FB_NODE_CALL, t->at);

    call->kid[0] = load(t, fb_str_printf(p->pool, "%s%sgettext", plural != NULL ? "n" : "",
                                         t->context.tag != FB_ABSENT ? "p" : ""));
    if (t->context.tag != FB_ABSENT)
        fb_nodes_add(&call->list[0], string_node(t, fb_value_str(t->context)), p->pool);
    fb_nodes_add(&call->list[0], string_node(t, singular), p->pool);
    if (plural != NULL) {
        fb_nodes_add(&call->list[0], string_node(t, *plural), p->pool);
        fb_nodes_add(&call->list[0], t->plural_expr, p->pool);
    }
    return call;
}

/* Old style: the translation is formatted in the template. */
static fb_node *format_result(trans *t, fb_node *call)
{
    fb_parser *p = t->p;
    fb_node *safe = fb_parser_node(p, FB_NODE_SAFE_IF_AUTO, t->at);

    safe->kid[0] = call;
    if (t->names.count == 0)
        return safe;
    fb_node *dict = fb_parser_node(p, FB_NODE_DICT, t->at);
    for (uint32_t i = 0; i < t->names.count; i++) {
        fb_node *pair = fb_parser_node(p, FB_NODE_PAIR, t->at);
        pair->kid[0] = string_node(t, t->names.v[i]->name->s);
        pair->kid[1] = t->names.v[i]->kid[0];
        fb_nodes_add(&dict->list[0], pair, p->pool);
    }
    fb_node *mod = fb_parser_node(p, FB_NODE_MOD, t->at);
    mod->kid[0] = safe;
    mod->kid[1] = dict;
    return mod;
}

static fb_node *make_output(trans *t, fb_str singular, const fb_str *plural, bool referenced)
{
    fb_parser *p = t->p;
    bool newstyle = p->env->options.newstyle_gettext;
    fb_str plural_text = plural != NULL ? *plural : FB_STR("");

    if (!referenced && !newstyle) {
        singular = undouble(p, singular);
        plural_text = undouble(p, plural_text);
    }
    fb_node *call = make_call(t, singular, plural != NULL ? &plural_text : NULL);
    fb_node *node = call;
    if (newstyle) {
        for (uint32_t i = 0; i < t->names.count; i++) {
            if (!(t->called_num && plural != NULL && fb_str_eq_z(t->names.v[i]->name->s, "num")))
                fb_nodes_add(&call->list[1], t->names.v[i], p->pool);
        }
    } else {
        node = format_result(t, call);
    }
    fb_node *output = fb_parser_node(p, FB_NODE_OUTPUT, t->at);
    fb_nodes_add(&output->list[0], node, p->pool);
    return output;
}

/* {% pluralize name %} … */
static bool parse_plural(trans *t, fb_str *plural, fb_nodes *referenced)
{
    fb_parser *p = t->p;

    if (!fb_parser_is_name(p->now, "pluralize")) {
        fb_parser_next(p);
        return false;
    }
    fb_parser_next(p);
    if (p->now->type != FB_TOKEN_BLOCK_END) {
        const fb_token *token = fb_parser_expect(p, FB_TOKEN_NAME);
        fb_node *keyword = keyword_of(t, token->text);
        if (keyword == NULL) {
            fb_parser_fail(p, token->line, token->offset, "TemplateAssertionError",
                           "unknown variable %s for pluralization",
                           fb_quote_z(p->pool, token->text));
            return true;
        }
        t->plural_expr = keyword->kid[0];
        t->called_num = fb_str_eq_z(token->text, "num");
    }
    fb_parser_expect(p, FB_TOKEN_BLOCK_END);
    *plural = parse_text(t, referenced, false);
    fb_parser_next(p);
    return true;
}

static bool trims(const trans *t)
{
    const fb_value *policy = fb_dict_find_str(t->p->env->policies, FB_STR("ext.i18n.trimmed"));

    if (t->trimmed >= 0)
        return t->trimmed != 0;
    return policy != NULL && policy->tag == FB_BOOL && policy->as.i != 0;
}

void fb_parse_trans(fb_parser *p, fb_nodes *out)
{
    trans t = { .p = p, .at = fb_parser_next(p), .trimmed = -1 };
    fb_nodes referenced = { NULL, 0, 0 };
    fb_str plural = { NULL, 0 };

    if (p->now->type == FB_TOKEN_STRING)
        t.context = fb_string(fb_parser_next(p)->text);
    parse_variables(&t);
    fb_str singular = parse_text(&t, &referenced, true);
    if (referenced.count > 0 && t.plural_expr == NULL) {
        t.plural_expr = load(&t, referenced.v[0]->name->s);
        t.called_num = fb_str_eq_z(referenced.v[0]->name->s, "num");
    }
    bool have_plural = !p->failed && parse_plural(&t, &plural, &referenced);
    if (p->failed)
        return;
    for (uint32_t i = 0; i < referenced.count; i++) {
        if (keyword_of(&t, referenced.v[i]->name->s) == NULL)
            add_variable(&t, referenced.v[i]->name->s, referenced.v[i]);
    }
    if (have_plural && t.plural_expr == NULL) {
        fb_parser_fail(p, t.at->line, t.at->offset, "TemplateSyntaxError",
                       "pluralize without variables");
        return;
    }
    if (trims(&t)) {
        singular = trim(p, singular);
        plural = trim(p, plural);
    }
    if (t.assignment != NULL)
        fb_nodes_add(out, t.assignment, p->pool);
    fb_nodes_add(out, make_output(&t, singular, have_plural ? &plural : NULL, referenced.count > 0),
                 p->pool);
}
