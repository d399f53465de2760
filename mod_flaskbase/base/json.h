/* JSON (RFC 8259): a strict, bounded parser into an immutable tree, and a writer. */
#ifndef FB_BASE_JSON_H
#define FB_BASE_JSON_H

#include "base/buf.h"

typedef enum fb_json_type {
    FB_JSON_NULL,
    FB_JSON_BOOL,
    FB_JSON_NUMBER,
    FB_JSON_STRING,
    FB_JSON_ARRAY,
    FB_JSON_OBJECT
} fb_json_type;

/* A node of a parsed document, in the parser's pool; nothing in it changes after parsing. */
typedef struct fb_json {
    fb_json_type type;
    bool boolean;                /* FB_JSON_BOOL */
    fb_str text;                 /* a string's bytes, decoded; a number exactly as written */
    apr_size_t count;            /* elements of an array, members of an object */
    const struct fb_json *items; /* `count` nodes: elements, or members' values in their order */
    const fb_str *keys;          /* an object's `count` keys in the order of the document */
} fb_json;

/* 0 means the default in brackets. */
typedef struct fb_json_limits {
    apr_size_t bytes; /* of the document (1 MiB) */
    unsigned depth;   /* of arrays and objects in each other (64, at most 1000) */
    apr_size_t nodes; /* values in all (100,000) */
} fb_json_limits;

/* FB_ESYNTAX with line and column (`error->where` is left to the caller) for anything that is not
 * RFC 8259: a second value, a trailing comma, NaN, a lone surrogate, bytes that are not UTF-8,
 * also a key that an object has twice; FB_ELIMIT beyond the limits. The text need not outlive
 * the call. */
apr_status_t fb_json_parse(const fb_json **out, fb_str text, const fb_json_limits *limits,
                           apr_pool_t *pool, fb_error *error) FB_MUST_CHECK;

/* The member of that key, or NULL; also NULL when `object` is NULL or no object. */
const fb_json *fb_json_get(const fb_json *object, const char *key);
/* FB_EINVALID when the node is not an integer without fraction and exponent, FB_ELIMIT when it
 * does not fit. */
apr_status_t fb_json_int64(apr_int64_t *out, const fb_json *node) FB_MUST_CHECK;
bool fb_json_is_integer(const fb_json *node);
/* The nearest double; FB_EINVALID when it is no number, FB_ELIMIT when it overflows. */
apr_status_t fb_json_double(double *out, const fb_json *node) FB_MUST_CHECK;

/* Writes values one after the other and puts commas, colons and newlines itself. The caller
 * keeps the order right: fb_json_put_key before each value in an object, every begin ended; at
 * most 64 levels. Mistakes mark the buffer failed. */
typedef enum fb_json_style { FB_JSON_COMPACT, FB_JSON_PRETTY } fb_json_style;
typedef struct fb_json_writer {
    fb_buf *out;
    fb_json_style style;
    unsigned depth;
    bool first; /* nothing stands yet in the innermost array or object */
    bool after_key;
    char closers[64]; /* '}' or ']' of the open levels */
} fb_json_writer;

void fb_json_writer_init(fb_json_writer *writer, fb_buf *out, fb_json_style style);
void fb_json_begin_object(fb_json_writer *writer);
void fb_json_begin_array(fb_json_writer *writer);
void fb_json_end(fb_json_writer *writer); /* of the innermost array or object */
void fb_json_put_key(fb_json_writer *writer, const char *key);
void fb_json_put_str(fb_json_writer *writer, fb_str value); /* bytes that are not UTF-8: U+FFFD */
void fb_json_put_z(fb_json_writer *writer, const char *value); /* NULL is written as null */
void fb_json_put_int64(fb_json_writer *writer, apr_int64_t value);
void fb_json_put_bool(fb_json_writer *writer, bool value);
void fb_json_put_null(fb_json_writer *writer);
/* A whole tree; numbers as they were written. */
void fb_json_put_tree(fb_json_writer *writer, const fb_json *node);

#endif
