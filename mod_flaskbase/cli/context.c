/* Values of templates from JSON, for the commands that render. */
#include "cli/context.h"

#include "template/number.h"

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>

#include "base/banned.h"

#define MAX_FILE ((apr_off_t)64 * 1024 * 1024)

static apr_status_t number(fb_value *out, const fb_json *node, fb_arena *arena, fb_error *error)
{
    fb_integer n = { 0, NULL };
    double d = 0.0;

    if (fb_json_is_integer(node)) {
        apr_status_t status = fb_integer_parse(&n, node->text, 10, arena, error);
        *out = fb_integer_value(n);
        return status;
    }
    apr_status_t status = fb_float_parse(&d, node->text, arena, error);
    *out = fb_float(d);
    return status;
}

static apr_status_t list(fb_value *out, const fb_json *node, fb_arena *arena, fb_error *error)
{
    fb_list *items = fb_list_create(arena, node->count);

    if (items == NULL) {
        return fb_error_set(error, FB_ELIMIT, "a list of the context is too long");
    }
    for (apr_size_t i = 0; i < node->count; i++) {
        apr_status_t status = fb_cli_value(&items->items[i], &node->items[i], arena, error);
        if (status != APR_SUCCESS) {
            return status;
        }
        items->len++;
    }
    *out = fb_list_value(items);
    return APR_SUCCESS;
}

apr_status_t fb_cli_dict(fb_dict **out, const fb_json *node, fb_arena *arena, fb_error *error)
{
    apr_size_t count = node != NULL ? node->count : 0;
    fb_dict *dict = fb_dict_create(arena, count);

    if (dict == NULL) {
        return fb_error_set(error, FB_ELIMIT, "the context has too many variables");
    }
    for (apr_size_t i = 0; i < count; i++) {
        fb_value value;
        apr_status_t status = fb_cli_value(&value, &node->items[i], arena, error);
        if (status == APR_SUCCESS) {
            status = fb_dict_set_str(dict, node->keys[i], value, arena);
        }
        if (status != APR_SUCCESS) {
            return status;
        }
    }
    *out = dict;
    return APR_SUCCESS;
}

apr_status_t fb_cli_value(fb_value *out, const fb_json *node, fb_arena *arena, fb_error *error)
{
    fb_dict *dict = NULL;
    apr_status_t status = APR_SUCCESS;

    switch (node->type) {
    case FB_JSON_NULL: *out = fb_none(); break;
    case FB_JSON_BOOL: *out = fb_bool(node->boolean); break;
    case FB_JSON_NUMBER: return number(out, node, arena, error);
    case FB_JSON_STRING: *out = fb_string(node->text); break;
    case FB_JSON_ARRAY: return list(out, node, arena, error);
    default:
        status = fb_cli_dict(&dict, node, arena, error);
        *out = fb_dict_value(dict);
        break;
    }
    return status;
}

apr_status_t fb_cli_read_file(fb_str *out, const char *path, apr_pool_t *pool, fb_error *error)
{
    apr_file_t *file = NULL;
    apr_finfo_t info;
    apr_size_t got = 0;
    apr_status_t status =
        apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, APR_FPROT_OS_DEFAULT, pool);

    if (status == APR_SUCCESS) {
        status = apr_file_info_get(&info, APR_FINFO_SIZE, file);
    }
    if (status != APR_SUCCESS) {
        return fb_error_set_os(error, status, "can't read %s", path);
    }
    if (info.size > MAX_FILE) {
        return fb_error_set(error, FB_ELIMIT, "%s is larger than %ld bytes", path, (long)MAX_FILE);
    }
    char *text = apr_palloc(pool, (apr_size_t)info.size + 1);
    status = apr_file_read_full(file, text, (apr_size_t)info.size, &got);
    (void)apr_file_close(file);
    if (status != APR_SUCCESS && status != APR_EOF) {
        return fb_error_set_os(error, status, "can't read %s", path);
    }
    *out = fb_str_from_len(text, got);
    return APR_SUCCESS;
}
