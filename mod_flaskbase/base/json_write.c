/* Writing JSON: commas, colons, indentation and escapes. */
#include "base/json.h"

#include "base/escape.h"

#include <string.h>

#include "base/banned.h"

void fb_json_writer_init(fb_json_writer *writer, fb_buf *out, fb_json_style style)
{
    *writer = (fb_json_writer){ .out = out, .style = style, .first = true };
}

static void new_line(fb_json_writer *w)
{
    if (w->style == FB_JSON_PRETTY) {
        fb_buf_add_char(w->out, '\n');
        for (unsigned i = 0; i < w->depth; i++) {
            fb_buf_add_z(w->out, "  ");
        }
    }
}

/* What stands before an element, or before the key of a member. */
static void separate(fb_json_writer *w)
{
    if (w->after_key) {
        w->after_key = false;
        return;
    }
    if (!w->first) {
        fb_buf_add_char(w->out, ',');
    }
    if (w->depth > 0) {
        new_line(w);
    }
    w->first = false;
}

/* A value where none may stand makes the document wrong: better none than a wrong one. */
static void before_value(fb_json_writer *w)
{
    bool in_object = w->depth > 0 && w->closers[w->depth - 1] == '}';

    if (in_object != w->after_key || (w->depth == 0 && !w->first)) {
        w->out->failed = true;
    }
    separate(w);
}

static void begin(fb_json_writer *w, char opener, char closer)
{
    before_value(w);
    if (w->depth == sizeof(w->closers)) {
        w->out->failed = true;
        return;
    }
    fb_buf_add_char(w->out, opener);
    w->closers[w->depth++] = closer;
    w->first = true;
}

void fb_json_begin_object(fb_json_writer *writer)
{
    begin(writer, '{', '}');
}

void fb_json_begin_array(fb_json_writer *writer)
{
    begin(writer, '[', ']');
}

void fb_json_end(fb_json_writer *writer)
{
    if (writer->depth == 0 || writer->after_key) {
        writer->out->failed = true;
        return;
    }
    char closer = writer->closers[--writer->depth];
    if (!writer->first) {
        new_line(writer);
    }
    fb_buf_add_char(writer->out, closer);
    writer->first = false;
}

static void add_string(fb_json_writer *w, fb_str s)
{
    fb_buf_add_char(w->out, '"');
    while (s.len > 0 && !fb_str_is_utf8(s)) {
        /* Whole characters up to the first bad byte, which becomes U+FFFD. */
        apr_size_t at = 0;
        apr_size_t from = 0;
        while (at < s.len) {
            from = at;
            if (fb_str_utf8_next(s, &at) == 0xfffd && at - from == 1) {
                break;
            }
        }
        fb_escape_json(w->out, fb_str_sub(s, 0, from));
        fb_buf_add_z(w->out, "\xef\xbf\xbd");
        s = fb_str_sub(s, at, s.len);
    }
    fb_escape_json(w->out, s);
    fb_buf_add_char(w->out, '"');
}

static void put_key(fb_json_writer *w, fb_str key)
{
    if (w->depth == 0 || w->closers[w->depth - 1] != '}' || w->after_key) {
        w->out->failed = true;
    }
    separate(w);
    add_string(w, key);
    fb_buf_add_z(w->out, w->style == FB_JSON_PRETTY ? ": " : ":");
    w->after_key = true;
}

void fb_json_put_key(fb_json_writer *writer, const char *key)
{
    put_key(writer, fb_str_from(key));
}

void fb_json_put_str(fb_json_writer *writer, fb_str value)
{
    before_value(writer);
    add_string(writer, value);
}

static void put_raw(fb_json_writer *w, fb_str text)
{
    before_value(w);
    fb_buf_add(w->out, text);
}

void fb_json_put_z(fb_json_writer *writer, const char *value)
{
    if (value == NULL) {
        fb_json_put_null(writer);
    } else {
        fb_json_put_str(writer, fb_str_from(value));
    }
}

void fb_json_put_int64(fb_json_writer *writer, apr_int64_t value)
{
    before_value(writer);
    fb_buf_add_fmt(writer->out, "%" APR_INT64_T_FMT, value);
}

void fb_json_put_bool(fb_json_writer *writer, bool value)
{
    put_raw(writer, value ? FB_STR("true") : FB_STR("false"));
}

void fb_json_put_null(fb_json_writer *writer)
{
    put_raw(writer, FB_STR("null"));
}

void fb_json_put_tree(fb_json_writer *writer, const fb_json *node)
{
    switch (node->type) {
    case FB_JSON_NULL: fb_json_put_null(writer); break;
    case FB_JSON_BOOL: fb_json_put_bool(writer, node->boolean); break;
    case FB_JSON_NUMBER: put_raw(writer, node->text); break;
    case FB_JSON_STRING: fb_json_put_str(writer, node->text); break;
    case FB_JSON_ARRAY:
    case FB_JSON_OBJECT:
        begin(writer, node->type == FB_JSON_OBJECT ? '{' : '[',
              node->type == FB_JSON_OBJECT ? '}' : ']');
        /* Deeper than the writer goes: it has failed, and the recursion ends here. */
        for (apr_size_t i = 0; i < node->count && !writer->out->failed; i++) {
            if (node->type == FB_JSON_OBJECT) {
                put_key(writer, node->keys[i]);
            }
            fb_json_put_tree(writer, &node->items[i]);
        }
        fb_json_end(writer);
        break;
    }
}
