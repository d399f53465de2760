/* The error a function fills for its caller: what failed, where, in one line for people. */
#ifndef FB_BASE_ERROR_H
#define FB_BASE_ERROR_H

#include "base/str.h"

#include <apr_errno.h>

/* Expected failures. Everything else is an APR or system status.
 * (APR_OS_START_USERERR is the range APR leaves to applications.) */
#define FB_ESYNTAX   (APR_OS_START_USERERR + 1) /* malformed input; the text says where */
#define FB_EINVALID  (APR_OS_START_USERERR + 2) /* well-formed but not acceptable */
#define FB_ENOTFOUND (APR_OS_START_USERERR + 3)
#define FB_ECONFLICT (APR_OS_START_USERERR + 4) /* taken, changed meanwhile, already done */
#define FB_ELIMIT    (APR_OS_START_USERERR + 5) /* a size, depth or rate limit was reached */
#define FB_EDENIED   (APR_OS_START_USERERR + 6)
#define FB_EUNAVAIL  (APR_OS_START_USERERR + 7)  /* a component is away; later may work */
#define FB_ESCHEMA   (APR_OS_START_USERERR + 8)  /* the database's schema is not ours */
#define FB_ETIMEOUT  (APR_OS_START_USERERR + 9)  /* our own deadline passed */
#define FB_EINTERNAL (APR_OS_START_USERERR + 10) /* an invariant of ours does not hold */
#define FB_ETEMPLATE (APR_OS_START_USERERR + 11) /* a template could not be compiled or rendered */

#define FB_MUST_CHECK __attribute__((warn_unused_result))

/* Owned by the caller, usually on its stack. All strings live in `pool`.
 * The message is one line, in English, says what is wrong and, where known, what to do;
 * it never holds a secret. */
typedef struct fb_error {
    apr_pool_t *pool;
    apr_status_t status; /* APR_SUCCESS while nothing failed */
    const char *kind;    /* name of the class of error ("TemplateSyntaxError"); may be NULL */
    const char *message; /* NULL while nothing failed */
    const char *where;   /* file, template or statement; may be NULL */
    int line;            /* from 1; 0 = not known */
    int column;          /* from 1, in characters; 0 = not known */
    const char *source;  /* the line of the source concerned, without newline; may be NULL */
} fb_error;

void fb_error_init(fb_error *error, apr_pool_t *pool);
/* Fills the error and returns `status`, so that a function can end with `return fb_error_set(…)`.
 * `error` may be NULL: then only the status is passed on. */
apr_status_t fb_error_set(fb_error *error, apr_status_t status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* As fb_error_set, with the system's or APR's text of `status` behind the message. */
apr_status_t fb_error_set_os(fb_error *error, apr_status_t status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Adds the place to an error that has none yet. */
void fb_error_at(fb_error *error, const char *where, int line, int column, fb_str source);
/* "where:line:column: message", and when the source line is known that line and a caret
 * under the column. In the error's pool. */
const char *fb_error_report(const fb_error *error);
/* The same without source and caret: one line. */
const char *fb_error_line(const fb_error *error);

#endif
