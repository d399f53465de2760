/* Commands of the CLI: one row each, from which parsing, help, man page and reference come. */
#ifndef FB_CLI_COMMAND_H
#define FB_CLI_COMMAND_H

#include "base/buf.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/keyring.h"
#include "base/settings.h"

#include <stdio.h>

/* Exit statuses. */
enum {
    FB_CLI_OK = 0,
    FB_CLI_FAILED = 1, /* it was tried and did not work */
    FB_CLI_USAGE = 2   /* the command line is wrong; nothing was done */
};

typedef struct fb_cli_option {
    const char *name; /* "email" is given as --email; NULL ends a list of options */
    char letter;      /* 'm' is given as -m; 0: none */
    const char
        *value;      /* what the value is called in help ("ADDRESS"); NULL: a flag without value */
    const char *doc; /* one sentence */
} fb_cli_option;

typedef struct fb_cli fb_cli;

/* What must be in place before the command runs. */
typedef enum fb_cli_needs {
    FB_CLI_NEEDS_NOTHING,
    FB_CLI_NEEDS_SETTINGS /* cli->settings is there, without errors; warnings went to stderr */
} fb_cli_needs;

/* One command. Words of the name may be written with "-" or "_". */
typedef struct fb_cli_command {
    const char *name;     /* "user add"; NULL ends a family */
    const char *operands; /* "EMAIL [ROLE]"; NULL: none */
    int min_operands;
    int max_operands;             /* -1: any number */
    const char *summary;          /* one line for the list of commands, without a full stop */
    const char *doc;              /* paragraphs for --help and the manual, separated by "\n\n" */
    const fb_cli_option *options; /* NULL: only those every command has */
    fb_cli_needs needs;
    int (*run)(fb_cli *cli); /* returns an exit status */
} fb_cli_command;

/* A family is an array of rows in its own file, ended by a row without a name:
 *     const fb_cli_command fb_cli_db_commands[] = { { .name = "db upgrade", … }, …, { 0 } };
 * and its line in the table of families in cli/main.c. */
extern const fb_cli_command fb_cli_config_commands[];
extern const fb_cli_command fb_cli_db_commands[];
extern const fb_cli_command fb_cli_devel_commands[];
extern const fb_cli_command fb_cli_fake_commands[];
extern const fb_cli_command fb_cli_help_commands[];
extern const fb_cli_command fb_cli_render_commands[];
extern const fb_cli_command fb_cli_routes_commands[];
extern const fb_cli_command fb_cli_setup_commands[];
extern const fb_cli_command fb_cli_user_commands[];

/* NULL-terminated; the families in the order of the manual. */
extern const fb_cli_command *const fb_cli_families[];

#define FB_CLI_VALUES_MAX 64
typedef struct fb_cli_given {
    const fb_cli_option *option;
    const char *value; /* "" for a flag */
} fb_cli_given;

/* One run of the program. */
struct fb_cli {
    apr_pool_t *pool;
    const char *program; /* as it was called, for messages */
    const fb_cli_command *command;
    fb_cli_given given[FB_CLI_VALUES_MAX];
    int given_count;
    const char *const *operands;
    int operand_count;
    const fb_settings *settings;
    const char *cwd;
    bool out_is_terminal;
    bool err_is_terminal;
    bool colour;
    bool output_failed; /* something could not be written to stdout */
    const fb_crypto *crypto;
    apr_time_t progress_at; /* when progress was last shown */
};

/* What every command takes besides its own options. */
extern const fb_cli_option fb_cli_common_options[];

/* Takes the command line apart: finds the row with the longest name that matches, its options and
 * operands, wherever they stand. FB_CLI_OK, or FB_CLI_USAGE with the message printed.
 * cli->command is NULL when there were only common options. */
int fb_cli_parse(fb_cli *cli, int argc, const char *const *argv);
/* The row of that name ("user add"), or NULL. */
const fb_cli_command *fb_cli_find(const char *name);

/* Settings by --site, --home, the process environment (unless --no-env) and the env file. When
 * nothing says which site, and the configuration folder holds one env file, it is that one. */
apr_status_t fb_cli_load(fb_cli *cli, fb_settings **out, apr_array_header_t **problems,
                         fb_error *error) FB_MUST_CHECK;

/* Value of an option, or NULL when it was not given; of several, the last. */
const char *fb_cli_option_value(const fb_cli *cli, const char *name);
bool fb_cli_has(const fb_cli *cli, const char *name);
/* The i-th operand, or NULL. */
const char *fb_cli_operand(const fb_cli *cli, int i);
/* An option's whole number within bounds; *out is untouched without the option. False, with the
 * message already on stderr, when it is wrong (then return FB_CLI_USAGE). */
bool fb_cli_option_int(fb_cli *cli, apr_int64_t *out, const char *name, apr_int64_t min,
                       apr_int64_t max);

/* Messages go to stderr with the program's name in front. These return the exit status, so that a
 * command can end with `return fb_cli_fail(…)`. */
int fb_cli_fail(fb_cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int fb_cli_fail_error(fb_cli *cli, const fb_error *error); /* with source line and caret */
int fb_cli_usage(fb_cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void fb_cli_warn(fb_cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Standard output. The program fails at its end when something could not be written. */
void fb_cli_print(fb_cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void fb_cli_write(fb_cli *cli, fb_str text);
/* Prints what a writer put into `buf`, and a newline. FB_CLI_FAILED when the buffer failed. */
int fb_cli_print_json(fb_cli *cli, const fb_buf *buf);

/* A table: cells in rows of `columns`, the first row being the header. Widths by what is in it. */
void fb_cli_table(fb_cli *cli, const char *const *cells, apr_size_t columns, apr_size_t rows);

/* Asks a question that must be answered by typing yes. Without a terminal the answer is no, and
 * stderr says that --yes is needed; a command with an option "yes" that was given need not ask. */
bool fb_cli_confirm(fb_cli *cli, const char *question);
/* A secret: from standard input's first line when the option "password-stdin" was given, else asked
 * on the terminal twice without echo. NULL, with a message printed, when there is none or the two
 * differ. At most 1024 bytes. Lives in cli->pool, wiped with it. */
const char *fb_cli_secret(fb_cli *cli, const char *what);

/* Progress of long work on stderr, on a terminal only, at most a few times per second. The last
 * call has done == total. */
void fb_cli_progress(fb_cli *cli, const char *what, apr_uint64_t done, apr_uint64_t total);

/* The site's keys and random bytes, made on first use. */
apr_status_t fb_cli_crypto(fb_cli *cli, const fb_crypto **out, fb_error *error) FB_MUST_CHECK;

#endif
