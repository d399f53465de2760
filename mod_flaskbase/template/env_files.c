/* Templates from a folder. */
#include "template/env.h"

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>

#include "base/banned.h"

#define MAX_FILE  ((apr_off_t)4 * 1024 * 1024)
#define MAX_DEPTH 16u

static apr_status_t read_file(fb_str *out, const char *path, apr_pool_t *pool, fb_error *error)
{
    apr_file_t *file = NULL;
    apr_finfo_t info;
    apr_size_t got = 0;
    apr_status_t status =
        apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, APR_FPROT_OS_DEFAULT, pool);

    if (status == APR_SUCCESS)
        status = apr_file_info_get(&info, APR_FINFO_SIZE, file);
    if (status != APR_SUCCESS)
        return fb_error_set_os(error, status, "can not read template %s", path);
    if (info.size > MAX_FILE)
        return fb_error_set(error, FB_ELIMIT, "template %s is larger than %ld bytes", path,
                            (long)MAX_FILE);
    char *text = apr_palloc(pool, (apr_size_t)info.size + 1);
    status = apr_file_read_full(file, text, (apr_size_t)info.size, &got);
    (void)apr_file_close(file);
    if (status != APR_SUCCESS && status != APR_EOF)
        return fb_error_set_os(error, status, "can not read template %s", path);
    *out = fb_str_from_len(text, got);
    return APR_SUCCESS;
}

/* What is no template: hidden files, and what editors leave behind. */
static bool is_skipped(const char *name)
{
    fb_str s = fb_str_from(name);

    return s.len == 0 || s.ptr[0] == '.' || s.ptr[0] == '#' || s.ptr[s.len - 1] == '~';
}

static apr_status_t add_folder(fb_env *env, const char *dir, const char *prefix, unsigned depth,
                               apr_pool_t *pool, fb_error *error);

static apr_status_t add_entry(fb_env *env, const char *dir, const char *prefix, const char *name,
                              unsigned depth, apr_pool_t *pool, fb_error *error)
{
    const char *path = apr_pstrcat(pool, dir, "/", name, NULL);
    const char *full = apr_pstrcat(pool, prefix, name, NULL);
    apr_finfo_t info;
    fb_str text;
    apr_status_t status = apr_stat(&info, path, APR_FINFO_TYPE, pool);

    if (status != APR_SUCCESS)
        return fb_error_set_os(error, status, "can not read template %s", path);
    if (info.filetype == APR_DIR)
        return add_folder(env, path, apr_pstrcat(pool, full, "/", NULL), depth + 1, pool, error);
    if (info.filetype != APR_REG)
        return APR_SUCCESS;
    status = read_file(&text, path, pool, error);
    return status == APR_SUCCESS ? fb_env_add_source(env, fb_str_from(full), text, error) : status;
}

static apr_status_t add_folder(fb_env *env, const char *dir, const char *prefix, unsigned depth,
                               apr_pool_t *pool, fb_error *error)
{
    apr_dir_t *open = NULL;
    apr_finfo_t info;
    apr_status_t status;

    if (depth > MAX_DEPTH)
        return fb_error_set(error, FB_ELIMIT, "folders of templates are nested deeper than %u: %s",
                            MAX_DEPTH, dir);
    status = apr_dir_open(&open, dir, pool);
    if (status != APR_SUCCESS)
        return fb_error_set_os(error, status, "can not open the folder of templates %s", dir);
    while (apr_dir_read(&info, APR_FINFO_NAME, open) == APR_SUCCESS) {
        if (is_skipped(info.name))
            continue;
        status = add_entry(env, dir, prefix, info.name, depth, pool, error);
        if (status != APR_SUCCESS)
            break;
    }
    (void)apr_dir_close(open);
    return status == APR_SUCCESS || APR_STATUS_IS_ENOENT(status) ? APR_SUCCESS : status;
}

apr_status_t fb_env_add_dir(fb_env *env, const char *dir, const char *prefix, fb_error *error)
{
    apr_pool_t *scratch = NULL;
    apr_status_t status = apr_pool_create(&scratch, env->pool);

    if (status != APR_SUCCESS)
        return fb_error_set_os(error, status, "no memory for templates");
    status = add_folder(env, dir, prefix, 0, scratch, error);
    apr_pool_destroy(scratch);
    return status;
}
