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

/* Objects of one kind have the same keys: one copy of each is kept, as an application would have
 * them, so that looking one up does not read a different string in every object. */
typedef struct keys {
    fb_dict *seen;
    fb_arena *arena;
} keys;

static fb_str key_of(keys *k, fb_str name)
{
    const fb_value *known = fb_dict_find_str(k->seen, name);

    if (known != NULL) {
        return fb_value_str(*known);
    }
    (void)!fb_dict_set_str(k->seen, name, fb_string(name), k->arena);
    return name;
}

static apr_status_t any(fb_value *out, const fb_json *node, keys *k, fb_error *error);

static apr_status_t list(fb_value *out, const fb_json *node, keys *k, fb_error *error)
{
    fb_list *items = fb_list_create(k->arena, node->count);

    if (items == NULL) {
        return fb_error_set(error, FB_ELIMIT, "a list of the context is too long");
    }
    for (apr_size_t i = 0; i < node->count; i++) {
        apr_status_t status = any(&items->items[i], &node->items[i], k, error);
        if (status != APR_SUCCESS) {
            return status;
        }
        items->len++;
    }
    *out = fb_list_value(items);
    return APR_SUCCESS;
}

static apr_status_t object(fb_dict **out, const fb_json *node, keys *k, fb_error *error)
{
    apr_size_t count = node != NULL ? node->count : 0;
    fb_dict *dict = fb_dict_create(k->arena, count);

    if (dict == NULL) {
        return fb_error_set(error, FB_ELIMIT, "the context has too many variables");
    }
    for (apr_size_t i = 0; i < count; i++) {
        fb_value value;
        apr_status_t status = any(&value, &node->items[i], k, error);
        if (status == APR_SUCCESS) {
            status = fb_dict_set_str(dict, key_of(k, node->keys[i]), value, k->arena);
        }
        if (status != APR_SUCCESS) {
            return status;
        }
    }
    *out = dict;
    return APR_SUCCESS;
}

static apr_status_t any(fb_value *out, const fb_json *node, keys *k, fb_error *error)
{
    fb_dict *dict = NULL;
    apr_status_t status = APR_SUCCESS;

    switch (node->type) {
    case FB_JSON_NULL: *out = fb_none(); break;
    case FB_JSON_BOOL: *out = fb_bool(node->boolean); break;
    case FB_JSON_NUMBER: return number(out, node, k->arena, error);
    case FB_JSON_STRING: *out = fb_string(node->text); break;
    case FB_JSON_ARRAY: return list(out, node, k, error);
    default:
        status = object(&dict, node, k, error);
        *out = fb_dict_value(dict);
        break;
    }
    return status;
}

apr_status_t fb_cli_dict(fb_dict **out, const fb_json *node, fb_arena *arena, fb_error *error)
{
    keys k = { fb_dict_create(arena, 64), arena };

    return object(out, node, &k, error);
}

apr_status_t fb_cli_value(fb_value *out, const fb_json *node, fb_arena *arena, fb_error *error)
{
    keys k = { fb_dict_create(arena, 0), arena };

    return any(out, node, &k, error);
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
