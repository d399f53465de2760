/* What httpd has in force, left in the state folder for the command line to compare with. */
#include "base/settings_report.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/json.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <string.h>

#include "base/banned.h"

#define REPORT_MAX      ((apr_size_t)256 * 1024)
#define FINGERPRINT_LEN 8

typedef struct reporter {
    const fb_settings *settings;
    fb_crypto *crypto;
    apr_pool_t *pool;
    fb_error *error;
} reporter;

static const char *report_path(const fb_settings *settings, apr_pool_t *pool)
{
    return apr_pstrcat(pool, fb_settings_paths(settings)->state, "/settings.json", NULL);
}

/* What stands in the report for a value: the value as shown, of a secret a fingerprint. */
static apr_status_t value_of(const char **out, const reporter *r, fb_setting_id id)
{
    const char *text = fb_settings_text(r->settings, id);
    const char *key = fb_settings_text(r->settings, FB_SET_SECRET_KEY);
    unsigned char mac[FB_SHA256_LEN];

    *out = text != NULL ? fb_settings_shown(r->settings, id, r->pool) : NULL;
    if (text == NULL || (fb_setting_row(id)->flags & FB_SET_SECRET) == 0) {
        return APR_SUCCESS;
    }
    fb_str data = fb_str_printf(r->pool, "settings report %s=%s", fb_setting_name(id), text);
    apr_status_t status = fb_crypto_hmac_sha256(r->crypto, mac, fb_str_from(key), data);
    if (status != APR_SUCCESS) {
        return fb_error_set(r->error, status, "a fingerprint could not be computed");
    }
    *out = apr_pstrcat(r->pool, "secret ", fb_hex_encode(r->pool, mac, FINGERPRINT_LEN).ptr, NULL);
    return APR_SUCCESS;
}

/* Where things are is told by the folder the report lies in. */
static bool is_reported(fb_setting_id id)
{
    return id != FB_SET_ENABLED && fb_setting_row(id)->used_by != FB_USED_BY_CLI;
}

static apr_status_t compose(fb_buf *out, const reporter *r, apr_time_t now)
{
    char time[FB_CLOCK_ISO_SIZE];
    fb_json_writer w;

    fb_clock_iso(time, now);
    fb_json_writer_init(&w, out, FB_JSON_PRETTY);
    fb_json_begin_object(&w);
    fb_json_put_key(&w, "written");
    fb_json_put_z(&w, time);
    fb_json_put_key(&w, "settings");
    fb_json_begin_object(&w);
    for (int i = 0; i < FB_SET__COUNT; i++) {
        fb_setting_id id = (fb_setting_id)i;
        const char *value;
        if (!is_reported(id)) {
            continue;
        }
        apr_status_t status = value_of(&value, r, id);
        if (status != APR_SUCCESS) {
            return status;
        }
        fb_json_put_key(&w, fb_setting_name(id));
        fb_json_begin_object(&w);
        fb_json_put_key(&w, "value");
        fb_json_put_z(&w, value);
        fb_json_put_key(&w, "from");
        fb_json_put_z(&w, fb_settings_origin(r->settings, id));
        fb_json_end(&w);
    }
    fb_json_end(&w);
    fb_json_end(&w);
    fb_buf_add_char(out, '\n');
    return fb_buf_status(out);
}

apr_status_t fb_settings_report_write(const fb_settings *settings, apr_time_t now, apr_pool_t *pool,
                                      fb_error *error)
{
    reporter r = { .settings = settings, .pool = pool, .error = error };
    const char *path = report_path(settings, pool);
    char *temporary = apr_pstrcat(pool, path, ".XXXXXX", NULL);
    apr_file_t *file;
    fb_buf out;

    fb_buf_init(&out, pool, REPORT_MAX);
    apr_status_t status = fb_crypto_create(&r.crypto, pool, error);
    if (status == APR_SUCCESS) {
        status = compose(&out, &r, now);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    /* mkstemp: mode 0600, a new name, no link followed. */
    status = apr_file_mktemp(&file, temporary, APR_FOPEN_CREATE | APR_FOPEN_WRITE | APR_FOPEN_EXCL,
                             pool);
    if (status == APR_SUCCESS) {
        status = apr_file_write_full(file, out.data, out.len, NULL);
        apr_status_t closed = apr_file_close(file);
        status = status == APR_SUCCESS ? closed : status;
        if (status == APR_SUCCESS) {
            status = apr_file_rename(temporary, path, pool);
        }
        if (status != APR_SUCCESS) {
            (void)apr_file_remove(temporary, pool);
        }
    }
    return status == APR_SUCCESS ? APR_SUCCESS
                                 : fb_error_set_os(error, status, "cannot write %s", path);
}

static apr_status_t read_report(const fb_json **out, const reporter *r)
{
    const char *path = report_path(r->settings, r->pool);
    char *text = apr_palloc(r->pool, REPORT_MAX);
    apr_file_t *file;
    apr_size_t len = 0;

    apr_status_t status = apr_file_open(&file, path, APR_FOPEN_READ, APR_FPROT_OS_DEFAULT, r->pool);
    if (APR_STATUS_IS_ENOENT(status)) {
        return fb_error_set(r->error, FB_ENOTFOUND, "httpd has not left %s", path);
    }
    if (status == APR_SUCCESS) {
        status = apr_file_read_full(file, text, REPORT_MAX, &len);
        status = APR_STATUS_IS_EOF(status) ? APR_SUCCESS : status;
        apr_status_t closed = apr_file_close(file);
        status = status == APR_SUCCESS ? closed : status;
    }
    if (status != APR_SUCCESS) {
        return fb_error_set_os(r->error, status, "cannot read %s", path);
    }
    status = fb_json_parse(out, fb_str_from_len(text, len), NULL, r->pool, r->error);
    if (status != APR_SUCCESS) {
        fb_error_at(r->error, path, 0, 0, fb_str_from(NULL));
    }
    return status;
}

/* The text of a member that is a string, else NULL. */
static const char *text_of(const fb_json *object, const char *key, apr_pool_t *pool)
{
    const fb_json *node = fb_json_get(object, key);

    return node != NULL && node->type == FB_JSON_STRING ? fb_str_to_z(pool, node->text) : NULL;
}

static const char *named(const char *value)
{
    return value == NULL                       ? "not set"
           : strncmp(value, "secret ", 7) == 0 ? "set to something else"
                                               : value;
}

static void judge(apr_array_header_t *problems, const reporter *r, fb_setting_id id,
                  const fb_json *theirs, const char *mine)
{
    const char *value = text_of(theirs, "value", r->pool);
    const char *from = text_of(theirs, "from", r->pool);
    bool shared = fb_setting_row(id)->used_by == FB_USED_BY_BOTH;

    if ((value == NULL && mine == NULL) ||
        (value != NULL && mine != NULL && strcmp(value, mine) == 0)) {
        return;
    }
    fb_problem problem = { shared ? FB_PROBLEM_WARNING : FB_PROBLEM_NOTE, NULL };
    problem.text =
        shared ? apr_psprintf(r->pool, "%s differs: httpd has %s (%s), the command line %s (%s)",
                              fb_setting_name(id), named(value), from != NULL ? from : "?",
                              named(mine), fb_settings_origin(r->settings, id))
               : apr_psprintf(r->pool, "httpd has %s = %s (%s)", fb_setting_name(id), named(value),
                              from != NULL ? from : "?");
    APR_ARRAY_PUSH(problems, fb_problem) = problem;
}

apr_status_t fb_settings_report_compare(apr_array_header_t *problems, const fb_settings *settings,
                                        apr_pool_t *pool, fb_error *error)
{
    reporter r = { .settings = settings, .pool = pool, .error = error };
    const fb_json *report;

    apr_status_t status = read_report(&report, &r);
    if (status == APR_SUCCESS) {
        status = fb_crypto_create(&r.crypto, pool, error);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    const fb_json *theirs = fb_json_get(report, "settings");
    if (theirs == NULL) {
        return fb_error_set(error, FB_ESYNTAX, "%s is no report of settings",
                            report_path(settings, pool));
    }
    for (int i = 0; i < FB_SET__COUNT; i++) {
        fb_setting_id id = (fb_setting_id)i;
        const fb_json *other = fb_json_get(theirs, fb_setting_name(id));
        const char *mine;
        /* A setting that only one of the two versions knows says nothing. */
        if (!is_reported(id) || other == NULL) {
            continue;
        }
        status = value_of(&mine, &r, id);
        if (status != APR_SUCCESS) {
            return status;
        }
        judge(problems, &r, id, other, mine);
    }
    return APR_SUCCESS;
}
