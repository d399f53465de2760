/* Help, manual page and reference, all from the table of commands. */
#include "cli/help.h"

#include "cli/routes.h"

#include <apr_strings.h>
#include <string.h>

#include "base/banned.h"

#define TEXT_MAX ((apr_size_t)4 * 1024 * 1024)
#define WIDTH    79
/* Where the second column of a list starts. */
#define COLUMN 30

/* Appends words, starting at column `at` of a line, broken at WIDTH and indented by `indent`. */
static void add_wrapped(fb_buf *out, fb_str text, apr_size_t at, apr_size_t indent)
{
    bool first = true;

    while (text.ptr != NULL) {
        fb_str word = fb_str_split(&text, ' ');
        apr_size_t width = fb_str_utf8_count(word);
        if (!first && at + 1 + width > WIDTH) {
            fb_buf_add_char(out, '\n');
            for (apr_size_t i = 0; i < indent; i++) {
                fb_buf_add_char(out, ' ');
            }
            at = indent;
        } else if (!first) {
            fb_buf_add_char(out, ' ');
            at++;
        }
        fb_buf_add(out, word);
        at += width;
        first = false;
    }
    fb_buf_add_char(out, '\n');
}

static void add_paragraphs(fb_buf *out, const char *doc, apr_size_t indent)
{
    fb_str rest = fb_str_from(doc);

    while (rest.len > 0) {
        apr_ssize_t end = fb_str_find(rest, FB_STR("\n\n"));
        fb_str paragraph = end < 0 ? rest : fb_str_sub(rest, 0, (apr_size_t)end);
        rest = end < 0 ? fb_str_from(NULL) : fb_str_sub(rest, (apr_size_t)end + 2, rest.len);
        for (apr_size_t i = 0; i < indent; i++) {
            fb_buf_add_char(out, ' ');
        }
        add_wrapped(out, paragraph, indent, indent);
        if (rest.len > 0) {
            fb_buf_add_char(out, '\n');
        }
    }
}

/* "  left          right, wrapped" */
static void add_row(fb_buf *out, const char *left, const char *right)
{
    apr_size_t at = 2 + fb_str_utf8_count(fb_str_from(left));

    fb_buf_add_fmt(out, "  %s", left);
    if (at + 2 > COLUMN) {
        fb_buf_add_char(out, '\n');
        at = 0;
    }
    for (; at < COLUMN; at++) {
        fb_buf_add_char(out, ' ');
    }
    add_wrapped(out, fb_str_from(right), COLUMN, COLUMN);
}

static const char *option_label(const fb_cli_option *o, apr_pool_t *pool)
{
    const char *letter = o->letter != 0 ? apr_psprintf(pool, "-%c, ", o->letter) : "";

    return apr_pstrcat(pool, letter, "--", o->name, o->value != NULL ? " " : NULL, o->value, NULL);
}

static void add_options(fb_buf *out, const fb_cli_option *options, apr_pool_t *pool)
{
    for (const fb_cli_option *o = options; o != NULL && o->name != NULL; o++) {
        add_row(out, option_label(o, pool), o->doc);
    }
}

static const char *usage_of(const fb_cli_command *c, apr_pool_t *pool)
{
    return apr_pstrcat(pool, c->name, c->options != NULL ? " [OPTIONS]" : "",
                       c->operands != NULL ? " " : NULL, c->operands, NULL);
}

static void add_command(fb_buf *out, const fb_cli_command *c, apr_pool_t *pool)
{
    fb_buf_add_fmt(out, "Usage: flaskbase %s\n\n%s.\n", usage_of(c, pool), c->summary);
    if (c->doc != NULL) {
        fb_buf_add_char(out, '\n');
        add_paragraphs(out, c->doc, 0);
    }
    if (c->options != NULL) {
        fb_buf_add_z(out, "\nOptions:\n");
        add_options(out, c->options, pool);
    }
    fb_buf_add_z(out, "\nOptions of every command:\n");
    add_options(out, fb_cli_common_options, pool);
}

static bool in_family(const fb_cli_command *c, const char *prefix)
{
    fb_str rest = fb_str_from(c->name);

    return prefix == NULL || fb_str_eq_z(fb_str_split(&rest, ' '), prefix);
}

static void add_list(fb_buf *out, const char *prefix, apr_pool_t *pool)
{
    fb_buf_add_z(out, "Usage: flaskbase COMMAND [OPTIONS] [OPERANDS]\n\n"
                      "Manages a site of mod_flaskbase.\n\nCommands:\n");
    for (const fb_cli_command *const *family = fb_cli_families; *family != NULL; family++) {
        for (const fb_cli_command *c = *family; c->name != NULL; c++) {
            if (in_family(c, prefix)) {
                add_row(out,
                        c->operands != NULL ? apr_pstrcat(pool, c->name, " ", c->operands, NULL)
                                            : c->name,
                        c->summary);
            }
        }
    }
    fb_buf_add_z(out, "\nOptions of every command:\n");
    add_options(out, fb_cli_common_options, pool);
    fb_buf_add_z(out, "\nflaskbase COMMAND --help tells more about a command.\n");
}

void fb_cli_help(fb_cli *cli, const fb_cli_command *command, const char *prefix)
{
    fb_buf out;

    fb_buf_init(&out, cli->pool, TEXT_MAX);
    if (command != NULL) {
        add_command(&out, command, cli->pool);
    } else {
        bool known = false;
        for (const fb_cli_command *const *f = fb_cli_families; prefix != NULL && *f != NULL; f++) {
            for (const fb_cli_command *c = *f; c->name != NULL; c++) {
                known = known || in_family(c, prefix);
            }
        }
        add_list(&out, known ? prefix : NULL, cli->pool);
    }
    fb_cli_write(cli, fb_buf_str(&out));
}

/* ---- the manual page ---- */

/* Text for troff: a backslash and a hyphen are escaped, a dot or quote at the start of a line would
 * be a request. */
static void add_troff(fb_buf *out, const char *text)
{
    bool line_start = true;

    for (const char *c = text; *c != '\0'; c++) {
        if (line_start && (*c == '.' || *c == '\'')) {
            fb_buf_add_z(out, "\\&");
        }
        if (*c == '\\') {
            fb_buf_add_z(out, "\\e");
        } else if (*c == '-') {
            fb_buf_add_z(out, "\\-");
        } else if (*c == '\n' && c[1] == '\n') {
            fb_buf_add_z(out, "\n.PP\n");
            c++;
            line_start = true;
            continue;
        } else {
            fb_buf_add_char(out, *c);
        }
        line_start = *c == '\n';
    }
}

static void add_troff_options(fb_buf *out, const fb_cli_option *options, apr_pool_t *pool)
{
    for (const fb_cli_option *o = options; o != NULL && o->name != NULL; o++) {
        fb_buf_add_z(out, ".TP\n.B ");
        add_troff(out, option_label(o, pool));
        fb_buf_add_z(out, "\n");
        add_troff(out, o->doc);
        fb_buf_add_z(out, "\n");
    }
}

static void add_manual(fb_buf *out, apr_pool_t *pool)
{
    fb_buf_add_fmt(out,
                   ".TH FLASKBASE 8 \"\" \"mod_flaskbase %s\" \"System administration\"\n"
                   ".SH NAME\nflaskbase \\- manages a site of mod_flaskbase\n"
                   ".SH SYNOPSIS\n.B flaskbase\n.I COMMAND\n[OPTIONS] [OPERANDS]\n"
                   ".SH OPTIONS OF EVERY COMMAND\n",
                   FB_VERSION);
    add_troff_options(out, fb_cli_common_options, pool);
    fb_buf_add_z(out,
                 ".SH COMMANDS\n\"-\" and \"_\" are the same in names of commands and options.\n");
    for (const fb_cli_command *const *family = fb_cli_families; *family != NULL; family++) {
        for (const fb_cli_command *c = *family; c->name != NULL; c++) {
            fb_buf_add_z(out, ".SS ");
            add_troff(out, usage_of(c, pool));
            fb_buf_add_z(out, "\n");
            add_troff(out, c->summary);
            fb_buf_add_z(out, ".\n");
            if (c->doc != NULL) {
                fb_buf_add_z(out, ".PP\n");
                add_troff(out, c->doc);
                fb_buf_add_z(out, "\n");
            }
            add_troff_options(out, c->options, pool);
        }
    }
    fb_buf_add_z(out,
                 ".SH EXIT STATUS\n0 when it worked, 1 when it did not, 2 when the command line "
                 "was wrong and nothing was done.\n.SH FILES\n.TP\n.I ");
    add_troff(out, "/etc/flaskbase/SITE.env");
    fb_buf_add_z(out, "\nsettings of a site\n.TP\n.I ");
    add_troff(out, "/var/lib/flaskbase/SITE");
    fb_buf_add_z(out, "\nits database and other state\n");
}

static int run_help(fb_cli *cli)
{
    fb_buf out;

    if (!fb_cli_has(cli, "man")) {
        const char *name = cli->operand_count > 0 ? apr_pstrcat(cli->pool, cli->operands[0],
                                                                cli->operand_count > 1 ? " " : NULL,
                                                                cli->operands[1], NULL)
                                                  : NULL;
        const fb_cli_command *command = name != NULL ? fb_cli_find(name) : NULL;
        fb_cli_help(cli, command, fb_cli_operand(cli, 0));
        return FB_CLI_OK;
    }
    fb_buf_init(&out, cli->pool, TEXT_MAX);
    add_manual(&out, cli->pool);
    fb_cli_write(cli, fb_buf_str(&out));
    return FB_CLI_OK;
}

/* ---- the reference, as Markdown ---- */

/* Text of a table's cell. */
static void add_cell(fb_buf *out, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '|' || *c == '<' || *c == '*') {
            fb_buf_add_char(out, '\\');
        }
        fb_buf_add_char(out, *c == '\n' ? ' ' : *c);
    }
}

static void add_reference_options(fb_buf *out, const fb_cli_option *options, apr_pool_t *pool)
{
    fb_buf_add_z(out, "| option | |\n|---|---|\n");
    for (const fb_cli_option *o = options; o->name != NULL; o++) {
        fb_buf_add_fmt(out, "| `%s` | ", option_label(o, pool));
        add_cell(out, o->doc);
        fb_buf_add_z(out, " |\n");
    }
    fb_buf_add_char(out, '\n');
}

static void commands_reference(fb_buf *out, apr_pool_t *pool)
{
    fb_buf_add_z(out,
                 "# Commands of `flaskbase`\n\nGenerated by `flaskbase reference commands`.\n\n"
                 "Exit status: 0 when it worked, 1 when it did not, 2 when the command line was "
                 "wrong.\n`-` and `_` are the same in names of commands and options.\n\n"
                 "## Options of every command\n\n");
    add_reference_options(out, fb_cli_common_options, pool);
    for (const fb_cli_command *const *family = fb_cli_families; *family != NULL; family++) {
        for (const fb_cli_command *c = *family; c->name != NULL; c++) {
            fb_buf_add_fmt(out, "## `flaskbase %s`\n\n%s.\n\n", usage_of(c, pool), c->summary);
            if (c->doc != NULL) {
                fb_buf_add_fmt(out, "%s\n\n", c->doc);
            }
            if (c->options != NULL) {
                add_reference_options(out, c->options, pool);
            }
        }
    }
}

static const char *default_text(const fb_setting *row, apr_pool_t *pool)
{
    const struct {
        const char *profile;
        const char *value;
    } own[] = { { "development", row->development },
                { "testing", row->testing },
                { "heroku", row->heroku },
                { "unix", row->unix_ } };
    const char *text = row->dflt != NULL ? apr_psprintf(pool, "`%s`", row->dflt) : "";

    for (apr_size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        if (own[i].value != NULL) {
            text = apr_psprintf(pool, "%s%s%s: `%s`", text, text[0] != '\0' ? ", " : "",
                                own[i].profile, own[i].value);
        }
    }
    return text;
}

typedef enum which_settings { BY_DIRECTIVE, BY_NAME } which_settings;

static void settings_reference(fb_buf *out, which_settings which, apr_pool_t *pool)
{
    for (int i = 0; i < FB_SET__COUNT; i++) {
        fb_setting_id id = (fb_setting_id)i;
        const fb_setting *row = fb_setting_row(id);
        const char *name = which == BY_DIRECTIVE ? row->directive : row->env;
        if (name == NULL) {
            continue;
        }
        fb_buf_add_fmt(out, "## %s\n\n%s\n\n", name, row->doc);
        fb_buf_add_fmt(out, "- Value: %s\n", fb_setting_expects(id, pool));
        if (default_text(row, pool)[0] != '\0') {
            fb_buf_add_fmt(out, "- Default: %s\n", default_text(row, pool));
        }
        if (which == BY_DIRECTIVE) {
            fb_buf_add_fmt(out, "- Where: %s\n",
                           row->place == FB_PLACE_LOCATION ? "server config, virtual host, location"
                                                           : "server config, virtual host");
            if (row->env != NULL) {
                fb_buf_add_fmt(out, "- Environment, env file: `%s`\n", row->env);
            }
        } else {
            fb_buf_add_fmt(out, "- Used by: %s\n",
                           row->used_by == FB_USED_BY_BOTH     ? "module and command line"
                           : row->used_by == FB_USED_BY_MODULE ? "module"
                                                               : "command line");
            if (row->directive != NULL) {
                fb_buf_add_fmt(out, "- Directive: `%s`\n", row->directive);
            }
            if ((row->flags & FB_SET_SECRET) != 0) {
                fb_buf_add_z(
                    out, "- Secret: never shown; the env file must not be readable by others\n");
            }
        }
        fb_buf_add_char(out, '\n');
    }
}

static int run_reference(fb_cli *cli)
{
    const char *what = fb_cli_operand(cli, 0);
    fb_buf out;

    fb_buf_init(&out, cli->pool, TEXT_MAX);
    if (strcmp(what, "commands") == 0) {
        commands_reference(&out, cli->pool);
    } else if (strcmp(what, "settings") == 0) {
        fb_buf_add_z(
            &out, "# Settings\n\nGenerated by `flaskbase reference settings`.\n\nThey stand in the "
                  "site's env file as NAME=VALUE, or in the process environment. A directive of "
                  "httpd's configuration goes before the environment, the environment before the "
                  "env file, the env file before the default. An empty value is as if not "
                  "given.\n\n");
        settings_reference(&out, BY_NAME, cli->pool);
    } else if (strcmp(what, "directives") == 0) {
        fb_buf_add_z(&out, "# Directives\n\nGenerated by `flaskbase reference directives`.\n\n");
        settings_reference(&out, BY_DIRECTIVE, cli->pool);
    } else if (strcmp(what, "routes") == 0) {
        fb_cli_routes_reference(&out, cli->pool);
    } else {
        return fb_cli_usage(cli, "there is no reference of \"%s\"", what);
    }
    fb_cli_write(cli, fb_buf_str(&out));
    return FB_CLI_OK;
}

static const fb_cli_option help_options[] = {
    { "man", 0, NULL, "Write the manual page instead, for man(1)." },
    { 0 },
};

const fb_cli_command fb_cli_help_commands[] = {
    { .name = "help",
      .operands = "[COMMAND]",
      .max_operands = 2,
      .summary = "Show all commands, or what one does",
      .options = help_options,
      .run = run_help },
    { .name = "reference",
      .operands = "CHAPTER",
      .min_operands = 1,
      .max_operands = 1,
      .summary = "Write a chapter of the reference as Markdown",
      .doc = "Chapters are commands, directives, routes and settings. `make reference` writes them "
             "into docs/reference.",
      .run = run_reference },
    { 0 },
};
