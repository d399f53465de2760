/* The site's env file: NAME=VALUE lines that module, CLI and systemd share. */
#ifndef FB_BASE_ENVFILE_H
#define FB_BASE_ENVFILE_H

#include "base/error.h"

#include <apr_tables.h>

/* One assignment, in the parser's pool. */
typedef struct fb_env_entry {
    const char *name;
    const char *value;
    int line;
} fb_env_entry;

/* The grammar: blank lines; comments from `#` at the start of a line, or after a blank behind an
 * unquoted value; optional `export `; NAME ([A-Za-z_][A-Za-z0-9_]*), blanks, `=`, blanks, value.
 * A value may be bare (to the end of the line, trimmed, `=` and inner blanks allowed), in single
 * quotes (literal) or in double quotes (\" \\ \$ \n \r \t are escapes). No variable is ever
 * expanded. A name given twice: the last one counts, as in systemd.
 * `out` becomes an array of fb_env_entry in the order of the file.
 * FB_ESYNTAX with line and column; FB_ELIMIT beyond 256 KiB or 1000 entries. `name` is the
 * file's name for messages. */
apr_status_t fb_envfile_parse(apr_array_header_t **out, fb_str text, const char *name,
                              apr_pool_t *pool, fb_error *error) FB_MUST_CHECK;
/* Reads and parses a file; an APR status with the path in the message when it can't be read. */
apr_status_t fb_envfile_read(apr_array_header_t **out, const char *path, apr_pool_t *pool,
                             fb_error *error) FB_MUST_CHECK;
/* FB_EDENIED, with the chmod line to type, when users who are neither owner nor in its group can
 * read the file, or anyone but the owner can write it. */
apr_status_t fb_envfile_check_mode(const char *path, apr_pool_t *pool,
                                   fb_error *error) FB_MUST_CHECK;

#endif
