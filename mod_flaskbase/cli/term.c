/* What a command says and asks: standard output, messages, questions, secrets, progress. */
#include "cli/command.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/banned.h"

#define TEXT_MAX   ((apr_size_t)64 * 1024 * 1024)
#define SECRET_MAX 1024

static void say(const fb_cli *cli, const char *colour, const char *word, const char *text)
{
    const char *on = cli->colour && cli->err_is_terminal ? colour : "";
    const char *off = on[0] != '\0' ? "\033[0m" : "";

    /* When even stderr can't be written, nobody is there to be told. */
    (void)!fprintf(stderr, "%s: %s%s%s%s\n", cli->program, on, word, off, text);
}

int fb_cli_fail(fb_cli *cli, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(cli, "\033[31m", "error: ", apr_pvsprintf(cli->pool, fmt, args));
    va_end(args);
    return FB_CLI_FAILED;
}

int fb_cli_fail_error(fb_cli *cli, const fb_error *error)
{
    return fb_cli_fail(cli, "%s", fb_error_report(error));
}

int fb_cli_usage(fb_cli *cli, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(cli, "", "", apr_pvsprintf(cli->pool, fmt, args));
    va_end(args);
    say(cli, "", "",
        apr_psprintf(cli->pool, "see: %s %s--help", cli->program,
                     cli->command != NULL ? apr_pstrcat(cli->pool, cli->command->name, " ", NULL)
                                          : ""));
    return FB_CLI_USAGE;
}

void fb_cli_warn(fb_cli *cli, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(cli, "\033[33m", "warning: ", apr_pvsprintf(cli->pool, fmt, args));
    va_end(args);
}

void fb_cli_write(fb_cli *cli, fb_str text)
{
    if (text.len > 0 && fwrite(text.ptr, 1, text.len, stdout) != text.len) {
        cli->output_failed = true;
    }
}

void fb_cli_print(fb_cli *cli, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fb_cli_write(cli, fb_str_from(apr_pvsprintf(cli->pool, fmt, args)));
    va_end(args);
}

int fb_cli_print_json(fb_cli *cli, const fb_buf *buf)
{
    if (fb_buf_status(buf) != APR_SUCCESS) {
        return fb_cli_fail(cli, "the result is too large to be written as JSON");
    }
    fb_cli_write(cli, fb_buf_str(buf));
    fb_cli_write(cli, FB_STR("\n"));
    return FB_CLI_OK;
}

void fb_cli_table(fb_cli *cli, const char *const *cells, apr_size_t columns, apr_size_t rows)
{
    apr_size_t *widths = apr_pcalloc(cli->pool, columns * sizeof(*widths));
    fb_buf out;

    for (apr_size_t i = 0; i < columns * rows; i++) {
        apr_size_t width = fb_str_utf8_count(fb_str_from(cells[i]));
        if (width > widths[i % columns]) {
            widths[i % columns] = width;
        }
    }
    fb_buf_init(&out, cli->pool, TEXT_MAX);
    for (apr_size_t row = 0; row < rows; row++) {
        bool header = row == 0 && cli->colour && cli->out_is_terminal;
        apr_size_t pending = 0; /* blanks owed before the next text: none at a line's end */
        fb_buf_add_z(&out, header ? "\033[1m" : "");
        for (apr_size_t column = 0; column < columns; column++) {
            const char *cell = cells[row * columns + column];
            if (cell[0] != '\0') {
                fb_buf_add_fmt(&out, "%*s%s", (int)pending, "", cell);
                pending = 0;
            }
            pending += widths[column] + 2 - fb_str_utf8_count(fb_str_from(cell));
        }
        fb_buf_add_z(&out, header ? "\033[0m\n" : "\n");
    }
    fb_cli_write(cli, fb_buf_str(&out));
}

bool fb_cli_confirm(fb_cli *cli, const char *question)
{
    char answer[16];

    if (fb_cli_has(cli, "yes")) {
        return true;
    }
    if (isatty(STDIN_FILENO) == 0 || !cli->err_is_terminal) {
        (void)fb_cli_fail(cli, "%s Not done: without a terminal, --yes must be given.", question);
        return false;
    }
    (void)!fprintf(stderr, "%s Type yes to go on: ", question);
    if (fgets(answer, sizeof(answer), stdin) == NULL) {
        return false;
    }
    return fb_str_ieq_z(fb_str_trim(fb_str_from(answer)), "yes");
}

static apr_status_t wipe(void *data)
{
    fb_crypto_cleanse(data, SECRET_MAX + 1);
    return APR_SUCCESS;
}

/* One line of standard input without its end, or NULL (end of input, or longer than allowed).
 * Byte by byte, so that what follows stays for the command. */
static char *read_secret_line(fb_cli *cli)
{
    char *line = apr_palloc(cli->pool, SECRET_MAX + 1);
    apr_size_t len = 0;
    char c = '\0';

    apr_pool_cleanup_register(cli->pool, line, wipe, apr_pool_cleanup_null);
    for (;;) {
        ssize_t got = read(STDIN_FILENO, &c, 1);
        if (got < 0 || (got == 0 && len == 0)) {
            return NULL;
        }
        if (got == 0 || c == '\n') {
            break;
        }
        if (len == SECRET_MAX) {
            return NULL;
        }
        line[len++] = c;
    }
    if (len > 0 && line[len - 1] == '\r') {
        len--;
    }
    line[len] = '\0';
    return strlen(line) == len ? line : NULL;
}

/* Asks without echo. Signals are off meanwhile, so that Ctrl-C can't leave the terminal mute: it
 * arrives as a byte and gives up. */
static char *ask_secret(fb_cli *cli, const char *prompt)
{
    struct termios before;
    struct termios quiet;
    char *line = NULL;

    if (tcgetattr(STDIN_FILENO, &before) != 0) {
        return NULL;
    }
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG);
    quiet.c_cc[VMIN] = 1;
    quiet.c_cc[VTIME] = 0;
    /* Before the prompt: what is typed earlier is thrown away. */
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) != 0) {
        return NULL;
    }
    (void)!fprintf(stderr, "%s: ", prompt);
    char *typed = apr_palloc(cli->pool, SECRET_MAX + 1);
    apr_size_t len = 0;
    char c = '\0';
    apr_pool_cleanup_register(cli->pool, typed, wipe, apr_pool_cleanup_null);
    while (read(STDIN_FILENO, &c, 1) == 1 && c != 0x03 && c != 0x04) {
        if (c == '\n' || c == '\r') {
            typed[len] = '\0';
            line = typed;
            break;
        }
        if (c == 0x15) {
            len = 0;
        } else if (c == 0x7f || c == '\b') {
            do {
                len -= len > 0;
            } while (len > 0 && ((unsigned char)typed[len] & 0xc0U) == 0x80);
        } else if (c != '\0' && len < SECRET_MAX) {
            typed[len++] = c;
        }
    }
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &before) != 0) {
        line = NULL;
    }
    (void)!fprintf(stderr, "\n");
    return line;
}

const char *fb_cli_secret(fb_cli *cli, const char *what)
{
    if (fb_cli_has(cli, "password-stdin")) {
        const char *line = read_secret_line(cli);
        if (line == NULL) {
            (void)fb_cli_fail(cli,
                              "standard input holds no %s: give it as the first line, at most %d "
                              "bytes",
                              what, SECRET_MAX);
        }
        return line;
    }
    if (isatty(STDIN_FILENO) == 0 || !cli->err_is_terminal) {
        (void)fb_cli_fail(cli, "there is no terminal to ask for the %s; use --password-stdin",
                          what);
        return NULL;
    }
    const char *first = ask_secret(cli, apr_pstrcat(cli->pool, "New ", what, NULL));
    const char *second = first != NULL ? ask_secret(cli, "The same again") : NULL;
    if (second == NULL || strcmp(first, second) != 0) {
        (void)fb_cli_fail(cli, second == NULL ? "no %s was given" : "the two differ: no %s was set",
                          what);
        return NULL;
    }
    return first;
}

void fb_cli_progress(fb_cli *cli, const char *what, apr_uint64_t done, apr_uint64_t total)
{
    apr_time_t now = apr_time_now();

    if (!cli->err_is_terminal || (done < total && now - cli->progress_at < 200L * 1000)) {
        return;
    }
    cli->progress_at = now;
    apr_uint64_t percent = total > 0 ? (apr_uint64_t)((double)done * 100.0 / (double)total) : 100;
    (void)!fprintf(
        stderr, "\r%s: %" APR_UINT64_T_FMT " of %" APR_UINT64_T_FMT " (%" APR_UINT64_T_FMT " %%)%s",
        what, done, total, percent, done >= total ? "\n" : "");
    (void)fflush(stderr);
}

apr_status_t fb_cli_crypto(fb_cli *cli, const fb_crypto **out, fb_error *error)
{
    apr_status_t status = APR_SUCCESS;

    if (cli->crypto == NULL) {
        fb_crypto *crypto;
        status = fb_crypto_create(&crypto, cli->pool, error);
        cli->crypto = crypto;
    }
    *out = cli->crypto;
    return status;
}
