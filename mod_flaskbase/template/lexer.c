/* From a template's text to tokens: delimiters, white space control, numbers, names, strings. */
#include "template/lexer.h"

#include "template/chars.h"
#include "template/lexer_string.h"
#include "template/number.h"

#include <apr_strings.h>

#include <string.h>

#include "base/banned.h"

#define MAX_SOURCE ((apr_size_t)16 * 1024 * 1024)
#define MAX_BRACES 1000

const char *const fb_token_names[FB_TOKEN_COUNT] = {
#define FB_TOKEN(name, text) #name,
    FB_TOKENS(FB_TOKEN)
#undef FB_TOKEN
};

static const char *const descriptions[FB_TOKEN_COUNT] = {
#define FB_TOKEN(name, text) text,
    FB_TOKENS(FB_TOKEN)
#undef FB_TOKEN
};

const char *fb_token_describe_type(fb_token_type type)
{
    return descriptions[type];
}

fb_str fb_token_describe(const fb_token *token)
{
    return token->type == FB_TOKEN_NAME ? token->text : fb_str_from(descriptions[token->type]);
}

/* What a delimiter opens. */
typedef enum opener {
    OPEN_NOTHING,
    OPEN_BLOCK,
    OPEN_VARIABLE,
    OPEN_COMMENT,
    OPEN_RAW,
    OPEN_LINE,
    OPEN_LINE_COMMENT
} opener;

typedef struct rule {
    fb_str start;
    opener what;
} rule;

typedef struct lexer {
    const fb_env_options *options;
    fb_str src;
    apr_size_t at;
    uint32_t line;
    bool line_starting; /* what was read last ended with a newline */
    rule rules[5];      /* the order in which delimiters are tried */
    unsigned rule_count;
    char braces[MAX_BRACES]; /* expected closing ones */
    unsigned brace_count;
    fb_token *v;
    apr_size_t count, cap;
    apr_pool_t *pool;
    fb_arena *arena;
    bool stop; /* an error was noted */
} lexer;

/* ---- source text ----------------------------------------------------------------- */

fb_str fb_source_line(fb_str source, uint32_t line)
{
    fb_str rest = source;
    fb_str current = fb_str_split(&rest, '\n');

    while (line > 1 && rest.ptr != NULL) {
        current = fb_str_split(&rest, '\n');
        line--;
    }
    return line > 1 ? FB_STR("") : current;
}

uint32_t fb_source_column(fb_str source, apr_size_t offset)
{
    apr_size_t start = offset < source.len ? offset : source.len;
    apr_size_t end = start;

    while (start > 0 && source.ptr[start - 1] != '\n')
        start--;
    return (uint32_t)fb_chars_count(fb_str_from_len(source.ptr + start, end - start)) + 1;
}

/* All newlines become "\n"; a single trailing one is dropped unless it is to be kept. */
static fb_str normalise(const fb_env_options *options, fb_str source, apr_pool_t *pool)
{
    char *copy = apr_palloc(pool, source.len + 1);
    apr_size_t len = 0;

    for (apr_size_t i = 0; i < source.len; i++) {
        char c = source.ptr[i];
        if (c == '\r') {
            if (i + 1 < source.len && source.ptr[i + 1] == '\n')
                i++;
            c = '\n';
        }
        copy[len++] = c;
    }
    if (!options->keep_trailing_newline && len > 0 && copy[len - 1] == '\n')
        len--;
    copy[len] = '\0';
    return fb_str_from_len(copy, len);
}

static uint32_t newlines(fb_str s)
{
    uint32_t n = 0;

    for (apr_size_t i = 0; i < s.len; i++)
        n += s.ptr[i] == '\n';
    return n;
}

static fb_str rest(const lexer *lx, apr_size_t at)
{
    return fb_str_from_len(lx->src.ptr + at, lx->src.len - at);
}

static bool looking_at(const lexer *lx, apr_size_t at, fb_str what)
{
    return at <= lx->src.len && fb_str_starts(rest(lx, at), what);
}

/* The end of the white space that starts at `at`. */
static apr_size_t skip_space(const lexer *lx, apr_size_t at)
{
    while (at < lx->src.len) {
        apr_size_t next = at;
        if (!fb_char_is_space(fb_chars_next(lx->src, &next)))
            break;
        at = next;
    }
    return at;
}

/* ---- tokens ---------------------------------------------------------------------- */

static fb_token *add(lexer *lx, fb_token_type type, apr_size_t offset, fb_str text)
{
    if (lx->count == lx->cap) {
        apr_size_t cap = lx->cap == 0 ? 64 : lx->cap * 2;
        fb_token *v = apr_palloc(lx->pool, cap * sizeof(*v));
        if (lx->count > 0)
            memcpy(v, lx->v, lx->count * sizeof(*v));
        lx->v = v;
        lx->cap = cap;
    }
    fb_token *token = &lx->v[lx->count++];
    *token = (fb_token){ .type = type, .line = lx->line, .offset = (uint32_t)offset, .text = text };
    return token;
}

static void fail(lexer *lx, apr_size_t offset, const char *kind, const char *message)
{
    fb_error *error = apr_pcalloc(lx->pool, sizeof(*error));

    fb_error_init(error, lx->pool);
    fb_raise(error, kind, "%s", message);
    error->line = (int)lx->line;
    add(lx, FB_TOKEN_ERROR, offset, FB_STR(""))->error = error;
    lx->stop = true;
}

/* Data and strings show the environment's kind of newline. */
static fb_str with_newlines(lexer *lx, fb_str s)
{
    if (fb_str_eq(lx->options->newline, FB_STR("\n")) || fb_str_find_char(s, '\n') < 0)
        return s;
    fb_text text = { .arena = lx->arena };
    fb_chars_replace(&text, s, FB_STR("\n"), lx->options->newline, -1);
    return fb_str_from_len(text.data, text.len);
}

/* ---- text between tags ----------------------------------------------------------- */

static void sort_rules(lexer *lx)
{
    const fb_env_options *o = lx->options;
    /* Ties go in this order: it is that of the names in Jinja2, downwards. */
    const rule all[] = {
        { o->variable_start, OPEN_VARIABLE },
        { o->line_statement_prefix, OPEN_LINE },
        { o->line_comment_prefix, OPEN_LINE_COMMENT },
        { o->comment_start, OPEN_COMMENT },
        { o->block_start, OPEN_BLOCK },
    };

    for (unsigned i = 0; i < 5; i++) {
        if (all[i].start.len == 0)
            continue;
        unsigned at = lx->rule_count++;
        while (at > 0 && lx->rules[at - 1].start.len < all[i].start.len) {
            lx->rules[at] = lx->rules[at - 1];
            at--;
        }
        lx->rules[at] = all[i];
    }
}

static apr_size_t skip_sign(const lexer *lx, apr_size_t at, char *sign)
{
    *sign = '\0';
    if (at < lx->src.len && (lx->src.ptr[at] == '-' || lx->src.ptr[at] == '+')) {
        *sign = lx->src.ptr[at];
        at++;
    }
    return at;
}

/* {% raw %} at `at`: returns its end, or 0. */
static apr_size_t match_raw(const lexer *lx, apr_size_t at, char *sign)
{
    const fb_env_options *o = lx->options;

    if (!looking_at(lx, at, o->block_start))
        return 0;
    at = skip_space(lx, skip_sign(lx, at + o->block_start.len, sign));
    if (!looking_at(lx, at, FB_STR("raw")))
        return 0;
    at = skip_space(lx, at + 3);
    if (at < lx->src.len && lx->src.ptr[at] == '-' && looking_at(lx, at + 1, o->block_end))
        return skip_space(lx, at + 1 + o->block_end.len);
    return looking_at(lx, at, o->block_end) ? at + o->block_end.len : 0;
}

static bool at_line_start(const lexer *lx, apr_size_t at)
{
    return at == 0 || lx->src.ptr[at - 1] == '\n';
}

/* A prefix of a line statement or comment, with the blanks before it. */
static apr_size_t match_prefix(const lexer *lx, apr_size_t at, const rule *r)
{
    if (r->what == OPEN_LINE) {
        if (!at_line_start(lx, at))
            return 0;
        while (at < lx->src.len &&
               (lx->src.ptr[at] == ' ' || lx->src.ptr[at] == '\t' || lx->src.ptr[at] == '\v'))
            at++;
        return looking_at(lx, at, r->start) ? at + r->start.len : 0;
    }
    if (!at_line_start(lx, at)) {
        apr_size_t before = at;
        if (fb_char_is_space(fb_chars_before(lx->src, &before)))
            return 0;
    }
    while (at < lx->src.len && lx->src.ptr[at] != '\n') {
        apr_size_t next = at;
        if (looking_at(lx, at, r->start) || !fb_char_is_space(fb_chars_next(lx->src, &next)))
            break;
        at = next;
    }
    return looking_at(lx, at, r->start) ? at + r->start.len : 0;
}

/* The delimiter at `at`, its end and its sign. */
static opener match_opener(const lexer *lx, apr_size_t at, apr_size_t *end, char *sign)
{
    if ((*end = match_raw(lx, at, sign)) != 0)
        return OPEN_RAW;
    for (unsigned i = 0; i < lx->rule_count; i++) {
        const rule *r = &lx->rules[i];
        if (r->what == OPEN_LINE || r->what == OPEN_LINE_COMMENT)
            *end = match_prefix(lx, at, r);
        else
            *end = looking_at(lx, at, r->start) ? at + r->start.len : 0;
        if (*end != 0) {
            *end = skip_sign(lx, *end, sign);
            return r->what;
        }
    }
    return OPEN_NOTHING;
}

/* First bytes of the delimiters: nothing else needs a closer look. */
static void first_bytes(const lexer *lx, bool start[256])
{
    memset(start, 0, 256 * sizeof(bool));
    for (unsigned i = 0; i < lx->rule_count; i++) {
        if (lx->rules[i].what == OPEN_LINE || lx->rules[i].what == OPEN_LINE_COMMENT) {
            memset(start, 1, 256 * sizeof(bool));
            return;
        }
        start[(unsigned char)lx->rules[i].start.ptr[0]] = true;
    }
}

/* Text before a tag, without the white space that the tag's sign or the options want gone. */
static void add_data(lexer *lx, apr_size_t from, apr_size_t to, opener what, char sign)
{
    fb_str text = fb_str_from_len(lx->src.ptr + from, to - from);
    fb_str kept = text;

    if (sign == '-') {
        kept = fb_chars_strip(text, FB_RIGHT);
    } else if (sign != '+' && lx->options->lstrip_blocks && what != OPEN_VARIABLE) {
        apr_size_t start = text.len;
        while (start > 0 && text.ptr[start - 1] != '\n')
            start--;
        if ((start > 0 || lx->line_starting) && start < text.len &&
            skip_space(lx, from + start) >= to)
            kept.len = start;
    }
    if (kept.len > 0)
        add(lx, FB_TOKEN_DATA, from, with_newlines(lx, kept));
    /* With '-' all newlines count; what lstrip takes holds none. */
    lx->line += newlines(text);
}

static void lex_expression(lexer *lx, opener what);

static void lex_comment(lexer *lx)
{
    const fb_env_options *o = lx->options;
    apr_size_t from = lx->at;

    for (apr_size_t at = from; at < lx->src.len; at++) {
        apr_size_t end = 0;
        char c = lx->src.ptr[at];
        if ((c == '+' || c == '-') && looking_at(lx, at + 1, o->comment_end)) {
            end = at + 1 + o->comment_end.len;
            if (c == '-')
                end = skip_space(lx, end);
        } else if (looking_at(lx, at, o->comment_end)) {
            end = at + o->comment_end.len;
            if (o->trim_blocks && end < lx->src.len && lx->src.ptr[end] == '\n')
                end++;
        }
        if (end != 0) {
            lx->line += newlines(fb_str_from_len(lx->src.ptr + from, end - from));
            lx->line_starting = lx->src.ptr[end - 1] == '\n';
            lx->at = end;
            return;
        }
    }
    if (from < lx->src.len)
        fail(lx, from, "TemplateSyntaxError", "Missing end of comment tag");
    lx->at = lx->src.len;
}

/* {% endraw %} at `at`: returns its end, or 0. */
static apr_size_t match_endraw(const lexer *lx, apr_size_t at, char *sign)
{
    const fb_env_options *o = lx->options;

    if (!looking_at(lx, at, o->block_start))
        return 0;
    at = skip_space(lx, skip_sign(lx, at + o->block_start.len, sign));
    if (!looking_at(lx, at, FB_STR("endraw")))
        return 0;
    at = skip_space(lx, at + 6);
    if (at < lx->src.len && (lx->src.ptr[at] == '+' || lx->src.ptr[at] == '-') &&
        looking_at(lx, at + 1, o->block_end)) {
        apr_size_t end = at + 1 + o->block_end.len;
        return lx->src.ptr[at] == '-' ? skip_space(lx, end) : end;
    }
    if (!looking_at(lx, at, o->block_end))
        return 0;
    at += o->block_end.len;
    return o->trim_blocks && at < lx->src.len && lx->src.ptr[at] == '\n' ? at + 1 : at;
}

static void lex_raw(lexer *lx)
{
    char sign;

    for (apr_size_t at = lx->at; at < lx->src.len; at++) {
        apr_size_t end = match_endraw(lx, at, &sign);
        if (end != 0) {
            add_data(lx, lx->at, at, OPEN_RAW, sign);
            lx->line += newlines(fb_str_from_len(lx->src.ptr + at, end - at));
            lx->line_starting = lx->src.ptr[end - 1] == '\n';
            lx->at = end;
            return;
        }
    }
    if (lx->at < lx->src.len)
        fail(lx, lx->at, "TemplateSyntaxError", "Missing end of raw directive");
    lx->at = lx->src.len;
}

static void lex_line_comment(lexer *lx)
{
    while (lx->at < lx->src.len && lx->src.ptr[lx->at] != '\n')
        lx->at++;
    lx->line_starting = false;
}

static void enter(lexer *lx, opener what, apr_size_t at, apr_size_t end)
{
    fb_str tag = fb_str_from_len(lx->src.ptr + at, end - at);

    if (what == OPEN_VARIABLE)
        add(lx, FB_TOKEN_VARIABLE_BEGIN, at, tag);
    else if (what == OPEN_BLOCK || what == OPEN_LINE)
        add(lx, FB_TOKEN_BLOCK_BEGIN, at, tag);
    lx->line += newlines(tag);
    lx->line_starting = lx->src.ptr[end - 1] == '\n';
    lx->at = end;
    switch (what) {
    case OPEN_COMMENT: lex_comment(lx); break;
    case OPEN_RAW: lex_raw(lx); break;
    case OPEN_LINE_COMMENT: lex_line_comment(lx); break;
    default: lex_expression(lx, what); break;
    }
}

static void lex_all(lexer *lx)
{
    bool start[256];

    first_bytes(lx, start);
    while (lx->at < lx->src.len && !lx->stop) {
        apr_size_t from = lx->at;
        apr_size_t at = from;
        apr_size_t end = 0;
        char sign = '\0';
        opener what = OPEN_NOTHING;
        for (; at < lx->src.len; at++) {
            if (start[(unsigned char)lx->src.ptr[at]] &&
                (what = match_opener(lx, at, &end, &sign)) != OPEN_NOTHING)
                break;
        }
        if (what == OPEN_NOTHING) {
            add(lx, FB_TOKEN_DATA, from, with_newlines(lx, rest(lx, from)));
            lx->line += newlines(rest(lx, from));
            return;
        }
        add_data(lx, from, at, what, sign);
        enter(lx, what, at, end);
    }
}

/* ---- inside tags ----------------------------------------------------------------- */

/* The end of the closing delimiter at the current place, or 0. */
static apr_size_t match_closer(const lexer *lx, opener what)
{
    const fb_env_options *o = lx->options;
    fb_str close = what == OPEN_VARIABLE ? o->variable_end : o->block_end;
    apr_size_t at = lx->at;

    if (what == OPEN_LINE) {
        apr_size_t end = skip_space(lx, at);
        if (end == lx->src.len)
            return end + 1; /* told apart from "none" by the caller */
        while (end > at && lx->src.ptr[end - 1] != '\n')
            end--;
        return end > at ? end : 0;
    }
    if (lx->src.ptr[at] == '-' && looking_at(lx, at + 1, close))
        return skip_space(lx, at + 1 + close.len);
    if (what == OPEN_BLOCK && lx->src.ptr[at] == '+' && looking_at(lx, at + 1, close))
        return at + 1 + close.len;
    if (!looking_at(lx, at, close))
        return 0;
    at += close.len;
    if (what == OPEN_BLOCK && o->trim_blocks && at < lx->src.len && lx->src.ptr[at] == '\n')
        at++;
    return at;
}

static bool is_digit(const lexer *lx, apr_size_t at)
{
    return at < lx->src.len && lx->src.ptr[at] >= '0' && lx->src.ptr[at] <= '9';
}

/* The end of (digits_)*digits, or `at` itself. */
static apr_size_t skip_digits(const lexer *lx, apr_size_t at)
{
    while (is_digit(lx, at)) {
        at++;
        if (at < lx->src.len && lx->src.ptr[at] == '_' && is_digit(lx, at + 1))
            at++;
    }
    return at;
}

static apr_size_t match_float(const lexer *lx)
{
    apr_size_t at = lx->at;

    if (at > 0 && lx->src.ptr[at - 1] == '.')
        return 0;
    apr_size_t whole = skip_digits(lx, at);
    if (whole == at)
        return 0;
    at = whole;
    if (at < lx->src.len && lx->src.ptr[at] == '.' && is_digit(lx, at + 1))
        at = skip_digits(lx, at + 1);
    if (at < lx->src.len && (lx->src.ptr[at] == 'e' || lx->src.ptr[at] == 'E')) {
        apr_size_t exponent = at + 1;
        if (exponent < lx->src.len &&
            (lx->src.ptr[exponent] == '+' || lx->src.ptr[exponent] == '-'))
            exponent++;
        apr_size_t end = skip_digits(lx, exponent);
        if (end > exponent)
            return end;
    }
    return at > whole ? at : 0;
}

static bool is_digit_of(char c, char base)
{
    switch (base) {
    case 'b': return c == '0' || c == '1';
    case 'o': return c >= '0' && c <= '7';
    default: return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
    }
}

static apr_size_t match_integer(const lexer *lx)
{
    apr_size_t at = lx->at;
    char base = at + 1 < lx->src.len ? (char)(lx->src.ptr[at + 1] | 0x20) : '\0';

    if (!is_digit(lx, at))
        return 0;
    if (lx->src.ptr[at] != '0')
        return skip_digits(lx, at);
    if (base == 'b' || base == 'o' || base == 'x') {
        apr_size_t end = at + 2;
        for (;;) {
            apr_size_t next = end < lx->src.len && lx->src.ptr[end] == '_' ? end + 1 : end;
            if (next >= lx->src.len || !is_digit_of(lx->src.ptr[next], base))
                break;
            end = next + 1;
        }
        if (end > at + 2)
            return end;
    }
    at++;
    for (;;) {
        apr_size_t next = at < lx->src.len && lx->src.ptr[at] == '_' ? at + 1 : at;
        if (next >= lx->src.len || lx->src.ptr[next] != '0')
            return at;
        at = next + 1;
    }
}

static apr_size_t match_name(const lexer *lx)
{
    apr_size_t at = lx->at;

    while (at < lx->src.len) {
        unsigned char c = (unsigned char)lx->src.ptr[at];
        if (c < 0x80) {
            if (!((c | 0x20) >= 'a' && (c | 0x20) <= 'z') && !(c >= '0' && c <= '9') && c != '_')
                break;
            at++;
            continue;
        }
        apr_size_t next = at;
        unsigned int code = fb_chars_next(lx->src, &next);
        char with_letter[8] = "a";
        if (!fb_char_is_word(code)) {
            /* Marks and joiners may continue an identifier without being word characters. */
            memcpy(with_letter + 1, lx->src.ptr + at, next - at);
            if (!fb_chars_is(fb_str_from_len(with_letter, next - at + 1), FB_CHARS_IDENTIFIER))
                break;
        }
        at = next;
    }
    return at == lx->at ? 0 : at;
}

static apr_size_t match_string(const lexer *lx)
{
    char quote = lx->src.ptr[lx->at];

    if (quote != '\'' && quote != '"')
        return 0;
    for (apr_size_t at = lx->at + 1; at < lx->src.len; at++) {
        if (lx->src.ptr[at] == '\\')
            at++;
        else if (lx->src.ptr[at] == quote)
            return at + 1;
    }
    return 0;
}

static const struct {
    char text[3];
    fb_token_type type;
} operators[] = {
    { "//", FB_TOKEN_FLOORDIV }, { "**", FB_TOKEN_POW },      { "==", FB_TOKEN_EQ },
    { "!=", FB_TOKEN_NE },       { ">=", FB_TOKEN_GTEQ },     { "<=", FB_TOKEN_LTEQ },
    { "+", FB_TOKEN_ADD },       { "-", FB_TOKEN_SUB },       { "/", FB_TOKEN_DIV },
    { "*", FB_TOKEN_MUL },       { "%", FB_TOKEN_MOD },       { "~", FB_TOKEN_TILDE },
    { "[", FB_TOKEN_LBRACKET },  { "]", FB_TOKEN_RBRACKET },  { "(", FB_TOKEN_LPAREN },
    { ")", FB_TOKEN_RPAREN },    { "{", FB_TOKEN_LBRACE },    { "}", FB_TOKEN_RBRACE },
    { ">", FB_TOKEN_GT },        { "<", FB_TOKEN_LT },        { "=", FB_TOKEN_ASSIGN },
    { ".", FB_TOKEN_DOT },       { ":", FB_TOKEN_COLON },     { "|", FB_TOKEN_PIPE },
    { ",", FB_TOKEN_COMMA },     { ";", FB_TOKEN_SEMICOLON },
};

/* Keeps count of brackets; false after noting an error. */
static bool balance(lexer *lx, char c)
{
    char close = c == '(' ? ')' : c == '[' ? ']' : c == '{' ? '}' : '\0';

    if (close != '\0') {
        if (lx->brace_count == MAX_BRACES) {
            fail(lx, lx->at, "RecursionError", "brackets are nested too deeply");
            return false;
        }
        lx->braces[lx->brace_count++] = close;
    } else if (c == ')' || c == ']' || c == '}') {
        if (lx->brace_count == 0) {
            fail(lx, lx->at, "TemplateSyntaxError", apr_psprintf(lx->pool, "unexpected '%c'", c));
            return false;
        }
        close = lx->braces[--lx->brace_count];
        if (close != c) {
            fail(lx, lx->at, "TemplateSyntaxError",
                 apr_psprintf(lx->pool, "unexpected '%c', expected '%c'", c, close));
            return false;
        }
    }
    return true;
}

static bool lex_operator(lexer *lx)
{
    for (apr_size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        fb_str text = fb_str_from(operators[i].text);
        if (!looking_at(lx, lx->at, text))
            continue;
        if (balance(lx, text.ptr[0])) {
            add(lx, operators[i].type, lx->at, text);
            lx->at += text.len;
        }
        return true;
    }
    return false;
}

static void lex_number(lexer *lx, apr_size_t end, bool is_float)
{
    fb_str text = fb_str_from_len(lx->src.ptr + lx->at, end - lx->at);
    fb_token *token = add(lx, is_float ? FB_TOKEN_FLOAT : FB_TOKEN_INTEGER, lx->at, text);
    fb_integer n = { 0, NULL };
    fb_error error;

    if (is_float) {
        token->number = fb_float(fb_float_parse_literal(text, lx->arena));
    } else {
        fb_error_init(&error, lx->pool);
        if (fb_integer_parse_literal(&n, text, lx->arena, &error) != APR_SUCCESS) {
            lx->count--;
            fail(lx, lx->at, error.kind, error.message);
            return;
        }
        token->number = fb_integer_value(n);
    }
    lx->at = end;
}

static void lex_name(lexer *lx, apr_size_t end)
{
    fb_str text = fb_str_from_len(lx->src.ptr + lx->at, end - lx->at);

    if (!fb_chars_is(text, FB_CHARS_IDENTIFIER)) {
        fail(lx, lx->at, "TemplateSyntaxError", "Invalid character in identifier");
        return;
    }
    add(lx, FB_TOKEN_NAME, lx->at, text);
    lx->at = end;
}

static void lex_string(lexer *lx, apr_size_t end)
{
    fb_str inside = fb_str_from_len(lx->src.ptr + lx->at + 1, end - lx->at - 2);
    const char *problem = NULL;
    fb_str value = fb_lex_unescape(with_newlines(lx, inside), lx->arena, &problem);

    if (problem != NULL) {
        fail(lx, lx->at, "TemplateSyntaxError", problem);
        return;
    }
    add(lx, FB_TOKEN_STRING, lx->at, value);
    lx->line += newlines(inside);
    lx->at = end;
}

static void unexpected_char(lexer *lx)
{
    apr_size_t next = lx->at;

    (void)fb_chars_next(lx->src, &next);
    fb_text text = { .arena = lx->arena };
    fb_chars_repr(&text, fb_str_from_len(lx->src.ptr + lx->at, next - lx->at));
    fb_str quoted = fb_str_from_len(text.data, text.len);
    fail(lx, lx->at, "TemplateSyntaxError",
         apr_psprintf(lx->pool, "unexpected char %.*s at %lu", FB_STR_ARG(quoted),
                      (unsigned long)fb_chars_index(lx->src, lx->at)));
}

/* One token of an expression; false when there is none at this place. */
static bool lex_one(lexer *lx)
{
    apr_size_t end = skip_space(lx, lx->at);

    if (end > lx->at) {
        lx->line += newlines(fb_str_from_len(lx->src.ptr + lx->at, end - lx->at));
        lx->at = end;
        return true;
    }
    if ((end = match_float(lx)) != 0)
        lex_number(lx, end, true);
    else if ((end = match_integer(lx)) != 0)
        lex_number(lx, end, false);
    else if ((end = match_name(lx)) != 0)
        lex_name(lx, end);
    else if ((end = match_string(lx)) != 0)
        lex_string(lx, end);
    else
        return lex_operator(lx);
    return true;
}

static void lex_expression(lexer *lx, opener what)
{
    while (!lx->stop && (lx->at < lx->src.len || what == OPEN_LINE)) {
        apr_size_t end = lx->brace_count == 0 ? match_closer(lx, what) : 0;
        if (end != 0) {
            bool at_end = end > lx->src.len;
            fb_str tag = fb_str_from_len(lx->src.ptr + lx->at, (at_end ? end - 1 : end) - lx->at);
            add(lx, what == OPEN_VARIABLE ? FB_TOKEN_VARIABLE_END : FB_TOKEN_BLOCK_END, lx->at,
                tag);
            lx->line += newlines(tag);
            lx->line_starting = tag.len > 0 && tag.ptr[tag.len - 1] == '\n';
            lx->at += tag.len;
            return;
        }
        if (lx->at >= lx->src.len)
            return;
        if (!lex_one(lx))
            unexpected_char(lx);
    }
}

/* ---- public ---------------------------------------------------------------------- */

apr_status_t fb_lex(fb_tokens *out, const fb_env *env, fb_str source, apr_pool_t *pool,
                    fb_arena *arena, fb_error *error)
{
    lexer *lx = apr_pcalloc(pool, sizeof(*lx));

    if (source.len > MAX_SOURCE)
        return fb_error_set(error, FB_ELIMIT, "a template may have %lu bytes, this one has %lu",
                            (unsigned long)MAX_SOURCE, (unsigned long)source.len);
    *lx = (lexer){
        .options = &env->options, .line = 1, .line_starting = true, .pool = pool, .arena = arena
    };
    lx->src = normalise(&env->options, source, pool);
    sort_rules(lx);
    lex_all(lx);
    if (!lx->stop) {
        /* The end has the line of the token before it, as the parser of Jinja2 sees it. */
        if (lx->count > 0)
            lx->line = lx->v[lx->count - 1].line;
        add(lx, FB_TOKEN_EOF, lx->src.len, FB_STR(""));
    }
    *out = (fb_tokens){ lx->v, lx->count, lx->src };
    return APR_SUCCESS;
}
