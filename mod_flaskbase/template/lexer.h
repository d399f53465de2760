/* From a template's text to tokens. */
#ifndef FB_TEMPLATE_LEXER_H
#define FB_TEMPLATE_LEXER_H

#include "template/env.h"

/* Token, how error messages describe it. */
/* clang-format off */
#define FB_TOKENS(X) \
    X(ADD, "+") X(ASSIGN, "=") X(COLON, ":") X(COMMA, ",") X(DIV, "/") X(DOT, ".") \
    X(EQ, "==") X(FLOORDIV, "//") X(GT, ">") X(GTEQ, ">=") X(LBRACE, "{") X(LBRACKET, "[") \
    X(LPAREN, "(") X(LT, "<") X(LTEQ, "<=") X(MOD, "%") X(MUL, "*") X(NE, "!=") \
    X(PIPE, "|") X(POW, "**") X(RBRACE, "}") X(RBRACKET, "]") X(RPAREN, ")") \
    X(SEMICOLON, ";") X(SUB, "-") X(TILDE, "~") \
    X(FLOAT, "float") X(INTEGER, "integer") X(NAME, "name") X(STRING, "string") \
    X(BLOCK_BEGIN, "begin of statement block") X(BLOCK_END, "end of statement block") \
    X(VARIABLE_BEGIN, "begin of print statement") X(VARIABLE_END, "end of print statement") \
    X(DATA, "template data / text") X(EOF, "end of template") \
    X(ERROR, "error")
/* clang-format on */

typedef enum fb_token_type {
#define FB_TOKEN(name, text) FB_TOKEN_##name,
    FB_TOKENS(FB_TOKEN)
#undef FB_TOKEN
    FB_TOKEN_COUNT
} fb_token_type;

typedef struct fb_token {
    fb_token_type type;
    uint32_t line;
    uint32_t offset;       /* of its first byte in the normalised source */
    fb_str text;           /* names; data and strings after their conversion */
    fb_value number;       /* of INTEGER and FLOAT */
    const fb_error *error; /* of ERROR: raised when a parser gets here, not before */
} fb_token;

typedef struct fb_tokens {
    fb_token *v;
    apr_size_t count;      /* the last one is EOF or ERROR */
    fb_str source;         /* with normalised newlines: what offsets and lines refer to */
} fb_tokens;

/* In `pool`; numbers and converted strings in `arena`. An error in the text becomes the last
 * token; the call itself fails only for sources beyond 16 MB. */
apr_status_t fb_lex(fb_tokens *out, const fb_env *env, fb_str source, apr_pool_t *pool,
                    fb_arena *arena, fb_error *error) FB_MUST_CHECK;

/* "end of statement block", "name", "+" … */
const char *fb_token_describe_type(fb_token_type type);
/* The same, but a name as it is. */
fb_str fb_token_describe(const fb_token *token);
extern const char *const fb_token_names[FB_TOKEN_COUNT];

/* The line of the source at an offset, and the column there in characters, from 1. */
fb_str fb_source_line(fb_str source, uint32_t line);
uint32_t fb_source_column(fb_str source, apr_size_t offset);

#endif
