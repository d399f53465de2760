/* Takes the command line apart by the table of commands. */
#include "cli/command.h"

#include "base/num.h"

#include <apr_strings.h>
#include <string.h>

#include "base/banned.h"

const fb_cli_option fb_cli_common_options[] = {
    { "site", 's', "FILE", "The site's env file, or the NAME of one in the configuration folder." },
    { "home", 0, "DIR", "The site's folder (as FLASKBASE_HOME); its env file is config.env." },
    { "no-env", 0, NULL, "Leave the process environment out: env file and defaults only." },
    { "verbose", 'v', NULL, "Say more on standard error." },
    { "help", 'h', NULL, "Show what the command does and its options." },
    { "version", 0, NULL, "Show the version." },
    { 0 },
};

/* "-" and "_" are the same in names of commands and options. */
static bool same_name(fb_str a, fb_str b)
{
    if (a.len != b.len) {
        return false;
    }
    for (apr_size_t i = 0; i < a.len; i++) {
        char ca = a.ptr[i] == '_' ? '-' : a.ptr[i];
        char cb = b.ptr[i] == '_' ? '-' : b.ptr[i];
        if (ca != cb) {
            return false;
        }
    }
    return true;
}

/* How many of the words spell the command's name; 0 when they don't. */
static int words_of(const char *name, const apr_array_header_t *words)
{
    fb_str rest = fb_str_from(name);
    int matched = 0;

    while (rest.ptr != NULL) {
        fb_str part = fb_str_split(&rest, ' ');
        if (matched == words->nelts ||
            !same_name(fb_str_from(APR_ARRAY_IDX(words, matched, const char *)), part)) {
            return 0;
        }
        matched++;
    }
    return matched;
}

const fb_cli_command *fb_cli_find(const char *name)
{
    for (const fb_cli_command *const *family = fb_cli_families; *family != NULL; family++) {
        for (const fb_cli_command *c = *family; c->name != NULL; c++) {
            if (same_name(fb_str_from(name), fb_str_from(c->name))) {
                return c;
            }
        }
    }
    return NULL;
}

static const fb_cli_option *search(const fb_cli_option *options, fb_str name, char letter)
{
    for (const fb_cli_option *o = options; o != NULL && o->name != NULL; o++) {
        if (letter != 0 ? o->letter == letter : same_name(name, fb_str_from(o->name))) {
            return o;
        }
    }
    return NULL;
}

/* What an argument that starts with "-" is, before it is known whose option it is. */
typedef struct token {
    const char *text;  /* as given, for messages */
    fb_str name;       /* behind "--", up to "=" */
    char letter;       /* behind "-"; 0 for a long one */
    const char *value; /* behind "=" or the letter; NULL: none */
    const char *next;  /* the argument after it, which may be its value; NULL: none */
} token;

static token make_token(const char *text, const char *next)
{
    token t = { .text = text, .next = next };

    if (text[1] == '-') {
        const char *equals = strchr(text, '=');
        t.name = equals != NULL ? fb_str_from_len(text + 2, (apr_size_t)(equals - text - 2))
                                : fb_str_from(text + 2);
        t.value = equals != NULL ? equals + 1 : NULL;
    } else {
        t.letter = text[1];
        t.value = text[2] == '=' ? text + 3 : text[2] != '\0' ? text + 2 : NULL;
    }
    return t;
}

/* Whether any command has an option of that name that takes a value: decides, before the command is
 * known, whether the argument behind it is a word of the command's name. */
static bool takes_value(const token *t)
{
    const fb_cli_option *o = search(fb_cli_common_options, t->name, t->letter);

    if (o != NULL) {
        return o->value != NULL;
    }
    for (const fb_cli_command *const *family = fb_cli_families; *family != NULL; family++) {
        for (const fb_cli_command *c = *family; c->name != NULL; c++) {
            o = search(c->options, t->name, t->letter);
            if (o != NULL && o->value != NULL) {
                return true;
            }
        }
    }
    return false;
}

static bool is_option(const char *arg)
{
    return arg[0] == '-' && arg[1] != '\0';
}

/* The words that stand in front of all options and operands, or between common options. */
static void find_command(fb_cli *cli, int argc, const char *const *argv, int *name_words)
{
    apr_array_header_t *words = apr_array_make(cli->pool, 8, sizeof(const char *));

    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (is_option(argv[i])) {
            token t = make_token(argv[i], NULL);
            i += t.value == NULL && takes_value(&t);
        } else {
            APR_ARRAY_PUSH(words, const char *) = argv[i];
        }
    }
    cli->command = NULL;
    *name_words = 0;
    for (const fb_cli_command *const *family = fb_cli_families; *family != NULL; family++) {
        for (const fb_cli_command *c = *family; c->name != NULL; c++) {
            int matched = words_of(c->name, words);
            if (matched > *name_words) {
                *name_words = matched;
                cli->command = c;
            }
        }
    }
}

/* Adds an option; *used_next says that the following argument was its value. */
static int take_option(fb_cli *cli, const token *t, bool *used_next)
{
    const fb_cli_option *o =
        search(cli->command != NULL ? cli->command->options : NULL, t->name, t->letter);
    const char *value = t->value;

    *used_next = false;
    if (o == NULL) {
        o = search(fb_cli_common_options, t->name, t->letter);
    }
    if (o == NULL) {
        return fb_cli_usage(cli, "unknown option %s", t->text);
    }
    if (o->value == NULL && value != NULL) {
        return fb_cli_usage(cli,
                            t->letter != 0 ? "-%s: write flags one by one, not as %s"
                                           : "--%s takes no value (%s)",
                            t->letter != 0 ? (char[2]){ t->letter, 0 } : o->name, t->text);
    }
    if (o->value != NULL && value == NULL) {
        if (t->next == NULL) {
            return fb_cli_usage(cli, "--%s needs a value: --%s %s", o->name, o->name, o->value);
        }
        value = t->next;
        *used_next = true;
    }
    if (cli->given_count == FB_CLI_VALUES_MAX) {
        return fb_cli_usage(cli, "too many options");
    }
    cli->given[cli->given_count++] = (fb_cli_given){ o, value != NULL ? value : "" };
    return FB_CLI_OK;
}

static int unknown_command(fb_cli *cli, const char *word)
{
    fb_str wanted = fb_str_from(word);
    fb_buf similar;

    fb_buf_init(&similar, cli->pool, 1000);
    for (const fb_cli_command *const *family = fb_cli_families; *family != NULL; family++) {
        for (const fb_cli_command *c = *family; c->name != NULL; c++) {
            fb_str rest = fb_str_from(c->name);
            fb_str first = fb_str_split(&rest, ' ');
            if (same_name(first, wanted) ||
                (wanted.len >= 3 && fb_str_starts(first, fb_str_sub(wanted, 0, 3)))) {
                fb_buf_add_fmt(&similar, "%s%s", similar.len > 0 ? ", " : "", c->name);
            }
        }
    }
    if (similar.len > 0) {
        return fb_cli_usage(cli, "there is no command \"%s\" like this; there is: %s", word,
                            similar.data);
    }
    return fb_cli_usage(cli, "there is no command \"%s\"", word);
}

static int check_operands(fb_cli *cli)
{
    const fb_cli_command *c = cli->command;

    if (fb_cli_has(cli, "help") || fb_cli_has(cli, "version")) {
        return FB_CLI_OK;
    }
    if (c == NULL) {
        return cli->operand_count == 0 ? FB_CLI_OK : unknown_command(cli, cli->operands[0]);
    }
    if (cli->operand_count < c->min_operands) {
        return fb_cli_usage(cli, "missing: %s", c->operands != NULL ? c->operands : "operand");
    }
    if (c->max_operands >= 0 && cli->operand_count > c->max_operands) {
        return fb_cli_usage(cli, "too much: \"%s\"", cli->operands[c->max_operands]);
    }
    return FB_CLI_OK;
}

int fb_cli_parse(fb_cli *cli, int argc, const char *const *argv)
{
    apr_array_header_t *operands = apr_array_make(cli->pool, 8, sizeof(const char *));
    bool only_operands = false;
    int name_words;

    find_command(cli, argc, argv, &name_words);
    for (int i = 1; i < argc; i++) {
        if (!only_operands && strcmp(argv[i], "--") == 0) {
            only_operands = true;
        } else if (!only_operands && is_option(argv[i])) {
            token t = make_token(argv[i], i + 1 < argc ? argv[i + 1] : NULL);
            bool used_next;
            int status = take_option(cli, &t, &used_next);
            if (status != FB_CLI_OK) {
                return status;
            }
            i += used_next;
        } else if (name_words > 0) {
            name_words--;
        } else {
            APR_ARRAY_PUSH(operands, const char *) = argv[i];
        }
    }
    cli->operand_count = operands->nelts;
    APR_ARRAY_PUSH(operands, const char *) = NULL;
    cli->operands = (const char *const *)operands->elts;
    return check_operands(cli);
}

const char *fb_cli_option_value(const fb_cli *cli, const char *name)
{
    for (int i = cli->given_count; i > 0; i--) {
        if (strcmp(cli->given[i - 1].option->name, name) == 0) {
            return cli->given[i - 1].value;
        }
    }
    return NULL;
}

bool fb_cli_has(const fb_cli *cli, const char *name)
{
    return fb_cli_option_value(cli, name) != NULL;
}

const char *fb_cli_operand(const fb_cli *cli, int i)
{
    return i >= 0 && i < cli->operand_count ? cli->operands[i] : NULL;
}

bool fb_cli_option_int(fb_cli *cli, apr_int64_t *out, const char *name, apr_int64_t min,
                       apr_int64_t max)
{
    const char *value = fb_cli_option_value(cli, name);
    apr_int64_t number;

    if (value == NULL) {
        return true;
    }
    if (fb_num_range(&number, fb_str_from(value), min, max) != APR_SUCCESS) {
        (void)fb_cli_usage(cli,
                           "--%s must be a whole number from %" APR_INT64_T_FMT
                           " to %" APR_INT64_T_FMT ", not \"%s\"",
                           name, min, max, value);
        return false;
    }
    *out = number;
    return true;
}
