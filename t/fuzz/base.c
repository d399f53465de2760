/* Fuzz targets of the room base. */
#include "fuzz.h"

#include "base/clock.h"
#include "base/dburl.h"
#include "base/envfile.h"
#include "base/escape.h"
#include "base/json.h"
#include "base/keyring.h"
#include "base/settings.h"

#define TEXT_MAX ((apr_size_t)16 * 1024 * 1024)

static fb_str written(const fb_json *node, fb_json_style style, apr_pool_t *pool)
{
    fb_json_writer writer;
    fb_buf *out = apr_palloc(pool, sizeof(*out));

    fb_buf_init(out, pool, TEXT_MAX);
    fb_json_writer_init(&writer, out, style);
    fb_json_put_tree(&writer, node);
    fuzz_assert(fb_buf_status(out) == APR_SUCCESS);
    return fb_buf_str(out);
}

/* What parses is written and read again without change; what does not has a place. */
static void fuzz_json(fb_str input, apr_pool_t *pool)
{
    const fb_json *node;
    fb_error error;

    fb_error_init(&error, pool);
    if (fb_json_parse(&node, input, NULL, pool, &error) != APR_SUCCESS) {
        fuzz_assert(node == NULL && error.message != NULL);
        fuzz_assert(error.status == FB_ELIMIT || (error.line > 0 && error.column > 0));
        return;
    }
    fb_str compact = written(node, FB_JSON_COMPACT, pool);
    fuzz_assert(fb_json_parse(&node, compact, NULL, pool, &error) == APR_SUCCESS);
    fb_str pretty = written(node, FB_JSON_PRETTY, pool);
    fuzz_assert(fb_json_parse(&node, pretty, NULL, pool, &error) == APR_SUCCESS);
    fuzz_assert(fb_str_eq(written(node, FB_JSON_COMPACT, pool), compact));
}

static void fuzz_envfile(fb_str input, apr_pool_t *pool)
{
    apr_array_header_t *entries;
    fb_error error;
    int last = 0;

    fb_error_init(&error, pool);
    if (fb_envfile_parse(&entries, input, "x.env", pool, &error) != APR_SUCCESS) {
        fuzz_assert(entries == NULL && error.message != NULL && error.source == NULL);
        return;
    }
    for (int i = 0; i < entries->nelts; i++) {
        const fb_env_entry *entry = &APR_ARRAY_IDX(entries, i, fb_env_entry);
        fuzz_assert(entry->line > last && entry->value != NULL);
        last = entry->line;
        fuzz_assert(entry->name[0] != '\0' && strpbrk(entry->name, " \t=#'\"\n") == NULL);
        fuzz_assert(fb_str_is_utf8(fb_str_from(entry->value)));
    }
}

static void fuzz_dburl(fb_str input, apr_pool_t *pool)
{
    fb_dburl *url;
    fb_error error;

    fb_error_init(&error, pool);
    if (fb_dburl_parse(&url, input, "/srv", pool, &error) != APR_SUCCESS) {
        fuzz_assert(url == NULL && error.message != NULL);
        return;
    }
    fuzz_assert(url->params != NULL && url->shown != NULL && url->public_params != NULL);
    fuzz_assert(!fb_str_has_ctl(fb_str_from(url->params)));
    if (url->engine == FB_DB_SQLITE) {
        fuzz_assert(url->path[0] == '/' && strstr(url->path, "/../") == NULL);
        return;
    }
    /* What is shown is a URL again, of the same place. */
    fb_dburl *again;
    fuzz_assert(fb_dburl_parse(&again, fb_str_from(url->shown), "/srv", pool, &error) ==
                APR_SUCCESS);
    fuzz_assert(strcmp(again->shown, url->shown) == 0);
}

static void check_html(fb_str text, apr_pool_t *pool)
{
    fb_buf out;

    fb_buf_init(&out, pool, TEXT_MAX);
    fb_escape_html(&out, text);
    fb_str s = fb_buf_str(&out);
    for (apr_size_t i = 0; i < s.len; i++) {
        fuzz_assert(s.ptr[i] == '\0' || strchr("<>\"'", s.ptr[i]) == NULL);
        fuzz_assert(s.ptr[i] != '&' || fb_str_find_char(fb_str_sub(s, i, 5), ';') >= 3);
    }
}

static void check_log(fb_str text, apr_pool_t *pool)
{
    char line[64];
    fb_buf out;

    fb_escape_log_line(line, sizeof(line), text);
    fuzz_assert(!fb_str_has_ctl(fb_str_from(line)) && fb_str_is_utf8(fb_str_from(line)));
    fb_buf_init(&out, pool, TEXT_MAX);
    fb_escape_log(&out, text, 50);
    fuzz_assert(!fb_str_has_ctl(fb_buf_str(&out)) && fb_str_is_utf8(fb_buf_str(&out)));
    fuzz_assert(fb_buf_str(&out).len <= 50 * 4 + 3);
}

/* Each escaping gives harmless text, and what can be undone gives the same bytes again. */
static void fuzz_escape(fb_str input, apr_pool_t *pool)
{
    fb_str decoded;
    fb_str again;
    fb_buf out;

    for (int plus = FB_PLUS_IS_PLUS; plus <= FB_PLUS_IS_SPACE; plus++) {
        if (fb_unescape_url(&decoded, input, (fb_plus)plus, pool) == APR_SUCCESS) {
            fuzz_assert(decoded.len <= input.len);
        }
        fb_buf_init(&out, pool, TEXT_MAX);
        if (plus == FB_PLUS_IS_SPACE) {
            fb_escape_form(&out, input);
        } else {
            fb_escape_url(&out, input, "/");
        }
        fuzz_assert(fb_unescape_url(&again, fb_buf_str(&out), (fb_plus)plus, pool) == APR_SUCCESS);
        fuzz_assert(fb_str_eq(again, input));
    }
    fb_buf_init(&out, pool, TEXT_MAX);
    fb_buf_add_char(&out, '"');
    fb_escape_json(&out, input);
    fb_buf_add_char(&out, '"');
    if (fb_str_is_utf8(input)) {
        const fb_json *node;
        fuzz_assert(fb_json_parse(&node, fb_buf_str(&out), NULL, pool, NULL) == APR_SUCCESS);
        fuzz_assert(fb_str_eq(node->text, input));
        fuzz_assert(fb_str_utf8_count(input) <= input.len);
    }
    check_html(input, pool);
    check_log(input, pool);
}

/* No token but one that was sealed opens; base64url has one text per value. */
static void fuzz_token(fb_str input, apr_pool_t *pool)
{
    fb_keyring *ring;
    fb_crypto *crypto;
    fb_str plain;
    fb_str raw;

    if (fb_base64url_decode(&raw, input, pool) == APR_SUCCESS) {
        fuzz_assert(fb_str_eq(fb_base64url_encode(pool, raw.ptr, raw.len), input));
    }
    if (fb_hex_decode(&raw, input, pool) == APR_SUCCESS) {
        fuzz_assert(fb_str_ieq(fb_hex_encode(pool, raw.ptr, raw.len), input));
    }
    fuzz_assert(fb_crypto_create(&crypto, pool, NULL) == APR_SUCCESS);
    fuzz_assert(fb_keyring_create(&ring, crypto, FB_STR("fuzz"), NULL, 0, FB_STR("site"), pool,
                                  NULL) == APR_SUCCESS);
    fuzz_assert(fb_keyring_open(&plain, NULL, ring, FB_KEY_SESSION, FB_STR("a"), input, pool) ==
                FB_EDENIED);
}

static void fuzz_number(fb_str input, apr_pool_t *pool)
{
    apr_interval_time_t duration;
    apr_int64_t number;
    apr_time_t time;
    fb_rate rate;

    if (fb_num_int64(&number, input) == APR_SUCCESS) {
        apr_int64_t again;
        fb_str text = fb_str_printf(pool, "%" APR_INT64_T_FMT, number);
        fuzz_assert(fb_num_int64(&again, text) == APR_SUCCESS && again == number);
    }
    if (fb_num_size(&number, input) == APR_SUCCESS) {
        apr_int64_t again;
        fb_str text = fb_str_from(fb_num_size_text(pool, number));
        fuzz_assert(fb_num_size(&again, text) == APR_SUCCESS && again == number);
    }
    if (fb_num_duration(&duration, input) == APR_SUCCESS) {
        apr_interval_time_t again;
        fb_str text = fb_str_from(fb_num_duration_text(pool, duration));
        fuzz_assert(fb_num_duration(&again, text) == APR_SUCCESS && again == duration);
    }
    fuzz_assert(fb_num_rate(&rate, input) != APR_SUCCESS || rate.count >= 0);
    if (fb_clock_parse_http(&time, input) == APR_SUCCESS) {
        char text[FB_CLOCK_HTTP_SIZE];
        apr_time_t again;
        fb_clock_http(text, time);
        fuzz_assert(fb_clock_parse_http(&again, fb_str_from(text)) == APR_SUCCESS && again == time);
    }
    if (fb_clock_parse_iso(&time, input) == APR_SUCCESS) {
        char text[FB_CLOCK_ISO_SIZE];
        fb_clock_iso_ms(text, time);
        fuzz_assert(fb_clock_parse_iso(&time, fb_str_from(text)) == APR_SUCCESS);
    }
}

/* The first byte chooses a setting, the rest is a value for it. */
static void fuzz_setting(fb_str input, apr_pool_t *pool)
{
    fb_error error;

    if (input.len == 0) {
        return;
    }
    fb_setting_id id = (fb_setting_id)((unsigned char)input.ptr[0] % FB_SET__COUNT);
    const char *value = fb_str_to_z(pool, fb_str_sub(input, 1, input.len));
    fb_error_init(&error, pool);
    if (fb_setting_check(id, value, pool, &error) != APR_SUCCESS) {
        fuzz_assert(error.message != NULL && strstr(error.message, "\n") == NULL);
    }
}

static const fuzz_target fuzz_targets[] = {
    { "json", fuzz_json },       { "envfile", fuzz_envfile }, { "dburl", fuzz_dburl },
    { "escape", fuzz_escape },   { "token", fuzz_token },     { "number", fuzz_number },
    { "setting", fuzz_setting },
};
