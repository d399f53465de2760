/* From tokens to the syntax tree. */
#ifndef FB_TEMPLATE_PARSER_H
#define FB_TEMPLATE_PARSER_H

#include "template/ast.h"
#include "template/lexer.h"

/* The tree of a whole template, in `pool`. On failure *error has kind, message, line, column. */
apr_status_t fb_parse(fb_node **out, fb_env *env, const fb_tokens *tokens, apr_pool_t *pool,
                      fb_arena *arena, fb_error *error) FB_MUST_CHECK;

/* ---- shared by the files of the parser ------------------------------------------- */

#define FB_MAX_OPEN_TAGS 200

/* After the first failure every function returns quickly: the current token reads as the end of
 * the template, and nodes made meanwhile are thrown away. */
typedef struct fb_parser {
    fb_env *env;
    const fb_tokens *tokens;
    apr_size_t at;
    const fb_token *now; /* the current token */
    apr_pool_t *pool;
    fb_arena *arena;
    fb_error *error;
    bool failed;
    unsigned depth;
    fb_str tags[FB_MAX_OPEN_TAGS]; /* open statements, the innermost last */
    unsigned tag_count;
    const char *const *ends[FB_MAX_OPEN_TAGS]; /* what would close them */
    unsigned end_count;
} fb_parser;

void fb_parser_fail(fb_parser *p, uint32_t line, uint32_t offset, const char *kind, const char *fmt,
                    ...) __attribute__((format(printf, 5, 6)));
const fb_token *fb_parser_next(fb_parser *p); /* goes on; returns the token left */
const fb_token *fb_parser_look(fb_parser *p); /* the token behind the current one */
bool fb_parser_is_name(const fb_token *token, const char *name);
bool fb_parser_skip_name(fb_parser *p, const char *name);
bool fb_parser_skip(fb_parser *p, fb_token_type type);
const fb_token *fb_parser_expect(fb_parser *p, fb_token_type type);
const fb_token *fb_parser_expect_name(fb_parser *p, const char *name);
bool fb_parser_enter(fb_parser *p); /* one level deeper; false when too deep */
void fb_parser_leave(fb_parser *p);
fb_node *fb_parser_node(fb_parser *p, fb_node_kind kind, const fb_token *at);

fb_node *fb_parse_expression(fb_parser *p);
fb_node *fb_parse_primary(fb_parser *p);
/* Flags of fb_parse_tuple. */
#define FB_TUPLE_SIMPLIFIED  0x01u
#define FB_TUPLE_NO_COND     0x02u
#define FB_TUPLE_PARENTHESES 0x04u
fb_node *fb_parse_tuple(fb_parser *p, unsigned flags, const char *end_name);
fb_node *fb_parse_filters(fb_parser *p, fb_node *node, bool start_inline);
#define FB_TARGET_NAME_ONLY 0x01u
#define FB_TARGET_NAMESPACE 0x02u
fb_node *fb_parse_target(fb_parser *p, unsigned flags, const char *end_name);

/* Up to one of the tags of `ends` (a NULL-terminated list). */
fb_nodes fb_parse_statements(fb_parser *p, const char *const *ends, bool drop_end);
/* {% trans %}: appends one or two statements. */
void fb_parse_trans(fb_parser *p, fb_nodes *out);

#endif
