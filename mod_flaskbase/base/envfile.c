/* The site's env file: NAME=VALUE lines that module, CLI and systemd share. */
#include "base/envfile.h"

#include "base/buf.h"

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>
#include <string.h>

#include "base/banned.h"

#define FILE_MAX_BYTES ((apr_size_t)256 * 1024)
#define ENTRIES_MAX    1000

typedef struct reader {
    fb_str line;
    apr_size_t at;
    const char *name;
    int number;
    apr_pool_t *pool;
    fb_error *error;
} reader;

/* The offending line is not part of the error: it may hold a secret. */
static apr_status_t bad(const reader *r, apr_size_t at, const char *message)
{
    apr_size_t column = fb_str_utf8_count(fb_str_sub(r->line, 0, at)) + 1;
    apr_status_t status = fb_error_set(r->error, FB_ESYNTAX, "%s", message);

    fb_error_at(r->error, r->name, r->number, (int)column, fb_str_from(NULL));
    return status;
}

static void skip_blanks(reader *r)
{
    while (r->at < r->line.len && (r->line.ptr[r->at] == ' ' || r->line.ptr[r->at] == '\t')) {
        r->at++;
    }
}

static bool is_name_char(char c, bool first)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (!first && c >= '0' && c <= '9');
}

static fb_str read_name(reader *r)
{
    apr_size_t from = r->at;

    while (r->at < r->line.len && is_name_char(r->line.ptr[r->at], r->at == from)) {
        r->at++;
    }
    return fb_str_sub(r->line, from, r->at - from);
}

/* After a quoted value only blanks and a comment may follow. */
static apr_status_t expect_end(reader *r)
{
    apr_size_t end = r->at;

    skip_blanks(r);
    if (r->at == r->line.len || (r->line.ptr[r->at] == '#' && r->at > end)) {
        return APR_SUCCESS;
    }
    return bad(r, r->at, "nothing but a comment may follow the closing quote");
}

static apr_status_t read_quoted(reader *r, const char **value)
{
    char quote = r->line.ptr[r->at];
    apr_size_t open = r->at;
    fb_buf out;

    fb_buf_init(&out, r->pool, FILE_MAX_BYTES);
    for (r->at++; r->at < r->line.len && r->line.ptr[r->at] != quote; r->at++) {
        char c = r->line.ptr[r->at];
        if (quote == '"' && c == '\\') {
            if (++r->at == r->line.len) {
                break;
            }
            c = r->line.ptr[r->at];
            switch (c) {
            case 'n': c = '\n'; break;
            case 'r': c = '\r'; break;
            case 't': c = '\t'; break;
            case '\\':
            case '"':
            case '$': break;
            default:
                return bad(r, r->at - 1,
                           "in double quotes a backslash must be followed by one of "
                           "\\ \" $ n r t; write \\\\ for a backslash, or use single quotes");
            }
        }
        fb_buf_add_char(&out, c);
    }
    if (r->at >= r->line.len) {
        return bad(r, open, "the quote that starts here is not closed on this line");
    }
    r->at++;
    if (fb_buf_status(&out) != APR_SUCCESS) {
        return fb_error_set(r->error, FB_ELIMIT, "a value is too long");
    }
    *value = out.data;
    return expect_end(r);
}

static apr_status_t read_bare(reader *r, const char **value)
{
    fb_str text = fb_str_sub(r->line, r->at, r->line.len);

    for (apr_size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '#' && (i == 0 || text.ptr[i - 1] == ' ' || text.ptr[i - 1] == '\t')) {
            text.len = i;
        }
    }
    *value = fb_str_to_z(r->pool, fb_str_trim(text));
    return APR_SUCCESS;
}

static apr_status_t read_line(reader *r, apr_array_header_t *entries)
{
    static const fb_str export = FB_STR_INIT("export");

    skip_blanks(r);
    if (r->at == r->line.len || r->line.ptr[r->at] == '#') {
        return APR_SUCCESS;
    }
    apr_size_t start = r->at;
    fb_str name = read_name(r);
    if (fb_str_eq(name, export) && r->at < r->line.len &&
        (r->line.ptr[r->at] == ' ' || r->line.ptr[r->at] == '\t')) {
        apr_size_t back = r->at;
        skip_blanks(r);
        if (r->at < r->line.len && r->line.ptr[r->at] == '=') {
            r->at = back;
        } else {
            start = r->at;
            name = read_name(r);
        }
    }
    if (name.len == 0) {
        return bad(r, start,
                   "a line is NAME=VALUE, with a name of letters, digits and _ that does "
                   "not start with a digit");
    }
    skip_blanks(r);
    if (r->at == r->line.len || r->line.ptr[r->at] != '=') {
        return bad(r, r->at, "expected \"=\" after the name");
    }
    r->at++;
    skip_blanks(r);
    const char *value = "";
    char first = r->at < r->line.len ? r->line.ptr[r->at] : '\0';
    apr_status_t status =
        first == '"' || first == '\'' ? read_quoted(r, &value) : read_bare(r, &value);
    if (status != APR_SUCCESS) {
        return status;
    }
    if (entries->nelts >= ENTRIES_MAX) {
        return fb_error_set(r->error, FB_ELIMIT, "%s has more than %d settings", r->name,
                            ENTRIES_MAX);
    }
    fb_env_entry *entry = apr_array_push(entries);
    *entry = (fb_env_entry){ fb_str_to_z(r->pool, name), value, r->number };
    return APR_SUCCESS;
}

apr_status_t fb_envfile_parse(apr_array_header_t **out, fb_str text, const char *name,
                              apr_pool_t *pool, fb_error *error)
{
    apr_array_header_t *entries = apr_array_make(pool, 32, sizeof(fb_env_entry));
    reader r = { .name = name, .pool = pool, .error = error };
    fb_str rest = text;

    *out = NULL;
    if (text.len > FILE_MAX_BYTES) {
        return fb_error_set(error, FB_ELIMIT, "%s is larger than %d KiB", name,
                            (int)(FILE_MAX_BYTES / 1024));
    }
    if (fb_str_starts(rest, FB_STR("\xef\xbb\xbf"))) {
        rest = fb_str_sub(rest, 3, rest.len);
    }
    while (rest.ptr != NULL) {
        r.line = fb_str_split(&rest, '\n');
        r.number++;
        r.at = 0;
        if (r.line.len > 0 && r.line.ptr[r.line.len - 1] == '\r') {
            r.line.len--;
        }
        if (fb_str_has_nul(r.line)) {
            return bad(&r, 0, "the line holds a NUL byte");
        }
        if (!fb_str_is_utf8(r.line)) {
            return bad(&r, 0, "the line is not UTF-8");
        }
        apr_status_t status = read_line(&r, entries);
        if (status != APR_SUCCESS) {
            return status;
        }
    }
    *out = entries;
    return APR_SUCCESS;
}

static apr_status_t read_all(fb_str *out, const char *path, apr_pool_t *pool)
{
    apr_file_t *file;
    apr_size_t len = 0;
    char *text = apr_palloc(pool, FILE_MAX_BYTES + 2);
    apr_status_t status = apr_file_open(&file, path, APR_FOPEN_READ, APR_FPROT_OS_DEFAULT, pool);

    if (status != APR_SUCCESS) {
        return status;
    }
    status = apr_file_read_full(file, text, FILE_MAX_BYTES + 1, &len);
    apr_status_t closed = apr_file_close(file);
    if (status != APR_SUCCESS && !APR_STATUS_IS_EOF(status)) {
        return status;
    }
    *out = fb_str_from_len(text, len);
    return closed;
}

apr_status_t fb_envfile_read(apr_array_header_t **out, const char *path, apr_pool_t *pool,
                             fb_error *error)
{
    fb_str text;
    apr_status_t status = read_all(&text, path, pool);

    *out = NULL;
    if (status != APR_SUCCESS) {
        return fb_error_set_os(error, status, "cannot read the env file %s", path);
    }
    return fb_envfile_parse(out, text, path, pool, error);
}

apr_status_t fb_envfile_check_mode(const char *path, apr_pool_t *pool, fb_error *error)
{
    apr_finfo_t info;
    apr_status_t status = apr_stat(&info, path, APR_FINFO_PROT, pool);

    if (status != APR_SUCCESS && status != APR_INCOMPLETE) {
        return fb_error_set_os(error, status, "cannot examine the env file %s", path);
    }
    if ((info.protection & (APR_FPROT_WREAD | APR_FPROT_WWRITE)) != 0) {
        return fb_error_set(error, FB_EDENIED,
                            "%s holds secrets and every user of this machine can %s it; type: "
                            "chmod o-rwx '%s'",
                            path, (info.protection & APR_FPROT_WWRITE) != 0 ? "change" : "read",
                            path);
    }
    if ((info.protection & APR_FPROT_GWRITE) != 0) {
        return fb_error_set(error, FB_EDENIED,
                            "%s holds secrets and its group can change it; type: chmod g-w '%s'",
                            path, path);
    }
    return APR_SUCCESS;
}
