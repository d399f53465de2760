/* The table of settings, the check of one value, and reading what is in force. */
#include "base/settings_value.h"

#include "base/buf.h"

#include <apr_strings.h>
#include <string.h>

#include "base/banned.h"

static const fb_setting rows[FB_SET__COUNT] = {
#define FB_SETTING(id, ...) [id] = { __VA_ARGS__ },
#include "base/settings.def"
#undef FB_SETTING
};

const fb_setting *fb_setting_row(fb_setting_id id)
{
    return &rows[id];
}

bool fb_setting_by_env(fb_setting_id *out, fb_str name)
{
    for (int id = 0; id < FB_SET__COUNT; id++) {
        if (rows[id].env != NULL && fb_str_eq_z(name, rows[id].env)) {
            *out = (fb_setting_id)id;
            return true;
        }
    }
    return false;
}

bool fb_setting_by_directive(fb_setting_id *out, fb_str name)
{
    for (int id = 0; id < FB_SET__COUNT; id++) {
        if (rows[id].directive != NULL && fb_str_ieq_z(name, rows[id].directive)) {
            *out = (fb_setting_id)id;
            return true;
        }
    }
    return false;
}

const char *fb_setting_name(fb_setting_id id)
{
    return rows[id].env != NULL ? rows[id].env : rows[id].directive;
}

static const char *number_text(const fb_setting *row, apr_int64_t number, apr_pool_t *pool)
{
    switch (row->type) {
    case FB_TYPE_SIZE: return fb_num_size_text(pool, number);
    case FB_TYPE_DURATION: return fb_num_duration_text(pool, number);
    default: return apr_psprintf(pool, "%" APR_INT64_T_FMT, number);
    }
}

/* "a, b or c" */
static const char *choices_text(const char *choices, apr_pool_t *pool)
{
    fb_buf out;
    fb_str rest = fb_str_from(choices);

    fb_buf_init(&out, pool, 1000);
    while (rest.ptr != NULL) {
        fb_str choice = fb_str_split(&rest, ' ');
        if (out.len > 0) {
            fb_buf_add_z(&out, rest.ptr != NULL ? ", " : " or ");
        }
        fb_buf_add(&out, choice);
    }
    return out.data;
}

const char *fb_setting_expects(fb_setting_id id, apr_pool_t *pool)
{
    const fb_setting *row = &rows[id];
    const char *min = number_text(row, row->min, pool);
    const char *max = number_text(row, row->max, pool);

    switch (row->type) {
    case FB_TYPE_TEXT:
        return row->min > 1 ? apr_psprintf(pool, "a text of %s to %s bytes", min, max)
                            : apr_psprintf(pool, "a text of at most %s bytes", max);
    case FB_TYPE_NAME:
        return apr_psprintf(pool, "a name of at most %s letters, digits, \"_\", \"-\" or \".\"",
                            max);
    case FB_TYPE_EMAIL: return apr_psprintf(pool, "an e-mail address of at most %s bytes", max);
    case FB_TYPE_URL: return "an http:// or https:// address with host and optional port and path";
    case FB_TYPE_PATH: return "a path";
    case FB_TYPE_FLAG: return "on or off";
    case FB_TYPE_INT: return apr_psprintf(pool, "a whole number from %s to %s", min, max);
    case FB_TYPE_SIZE: return apr_psprintf(pool, "a size from %s to %s", min, max);
    case FB_TYPE_DURATION:
        return apr_psprintf(pool, "a duration from %s to %s, like 90s, 30m, 12h or 7d", min, max);
    case FB_TYPE_RATE:
        return apr_psprintf(pool, "a count and a time like 10/15m (count from %s to %s), or off",
                            min, max);
    case FB_TYPE_CHOICE: return choices_text(row->choices, pool);
    case FB_TYPE_LIST:
        return apr_psprintf(pool, "at most %s words, separated by blanks or commas", max);
    case FB_TYPE_WORDS: return apr_psprintf(pool, "at most %s words, separated by blanks", max);
    case FB_TYPE_PATHS:
        return apr_psprintf(pool, "at most %s paths, separated by blanks or commas", max);
    default: return "";
    }
}

static bool parse_flag(apr_int64_t *out, fb_str s)
{
    static const char *const words[2][6] = {
        { "off", "false", "no", "0", "f", "n" },
        { "on", "true", "yes", "1", "t", "y" },
    };

    for (int value = 0; value < 2; value++) {
        for (int i = 0; i < 6; i++) {
            if (fb_str_ieq_z(s, words[value][i])) {
                *out = value;
                return true;
            }
        }
    }
    return false;
}

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Whether all bytes are letters, digits, or of `more`. */
static bool only(fb_str s, const char *more)
{
    for (apr_size_t i = 0; i < s.len; i++) {
        if (!is_alnum(s.ptr[i]) && (s.ptr[i] == '\0' || strchr(more, s.ptr[i]) == NULL)) {
            return false;
        }
    }
    return true;
}

static bool is_email(fb_str s)
{
    apr_ssize_t at = fb_str_find_char(s, '@');

    if (at < 1 || fb_str_has_ctl(s)) {
        return false;
    }
    fb_str host = fb_str_sub(s, (apr_size_t)at + 1, s.len);
    for (apr_size_t i = 0; i < s.len; i++) {
        if (strchr(" <>()[],;:\\\"", s.ptr[i]) != NULL) {
            return false;
        }
    }
    return host.len > 0 && fb_str_find_char(host, '@') < 0;
}

/* scheme://host[:port][/path] with nothing else in it. */
static bool is_url(fb_str s)
{
    fb_str rest;

    if (fb_str_starts(s, FB_STR("http://"))) {
        rest = fb_str_sub(s, 7, s.len);
    } else if (fb_str_starts(s, FB_STR("https://"))) {
        rest = fb_str_sub(s, 8, s.len);
    } else {
        return false;
    }
    apr_ssize_t slash = fb_str_find_char(rest, '/');
    fb_str path = slash < 0 ? fb_str_from(NULL) : fb_str_sub(rest, (apr_size_t)slash, rest.len);
    fb_str host = slash < 0 ? rest : fb_str_sub(rest, 0, (apr_size_t)slash);
    fb_str port = fb_str_from(NULL);
    if (fb_str_starts(host, FB_STR("["))) {
        apr_ssize_t end = fb_str_find_char(host, ']');
        if (end < 3 || !only(fb_str_sub(host, 1, (apr_size_t)end - 1), ":.")) {
            return false;
        }
        port = fb_str_sub(host, (apr_size_t)end + 1, host.len);
        if (port.len > 0 && port.ptr[0] != ':') {
            return false;
        }
        port = fb_str_sub(port, 1, port.len);
    } else {
        port = host;
        host = fb_str_split(&port, ':');
        if (host.len == 0 || !only(host, ".-")) {
            return false;
        }
    }
    apr_int64_t number;
    if (port.len > 0 && fb_num_range(&number, port, 1, 65535) != APR_SUCCESS) {
        return false;
    }
    return only(path, "/._~-");
}

static bool is_choice(fb_str s, const char *choices)
{
    fb_str rest = fb_str_from(choices);

    while (rest.ptr != NULL) {
        if (fb_str_eq(s, fb_str_split(&rest, ' '))) {
            return true;
        }
    }
    return false;
}

static bool in_range(const fb_setting *row, apr_int64_t number)
{
    return number >= row->min && number <= row->max;
}

/* Splits at blanks, and at commas too but for FB_TYPE_WORDS, and adds to value->list. */
static apr_status_t parse_list(fb_setting_value *value, const fb_setting *row, fb_str s,
                               const char *base, apr_pool_t *pool, fb_error *error)
{
    const char *separators = row->type == FB_TYPE_WORDS ? " \t" : " \t,";

    for (apr_size_t at = 0; at < s.len;) {
        apr_size_t from = at;
        while (at < s.len && strchr(separators, s.ptr[at]) == NULL) {
            at++;
        }
        if (at > from) {
            const char *word = fb_str_to_z(pool, fb_str_sub(s, from, at - from));
            if (row->type == FB_TYPE_PATHS) {
                apr_status_t status = fb_paths_absolute(&word, word, base, pool, error);
                if (status != APR_SUCCESS) {
                    return status;
                }
            }
            APR_ARRAY_PUSH(value->list, const char *) = word;
        }
        at++;
    }
    return value->list->nelts <= row->max ? APR_SUCCESS : FB_EINVALID;
}

/* The value without what is said about it: FB_EINVALID, or another status when `error` tells. */
static apr_status_t parse_typed(fb_setting_value *value, const fb_setting *row, fb_str s,
                                const char *base, apr_pool_t *pool, fb_error *error)
{
    bool fits = (apr_int64_t)s.len >= row->min && (row->max == 0 || (apr_int64_t)s.len <= row->max);
    bool good = false;

    switch (row->type) {
    case FB_TYPE_TEXT: good = fits; break;
    case FB_TYPE_NAME: good = fits && only(s, "_-."); break;
    case FB_TYPE_EMAIL: good = fits && is_email(s); break;
    case FB_TYPE_URL:
        good = is_url(s);
        while (good && fb_str_ends(s, FB_STR("/"))) {
            s.len--;
        }
        value->text = fb_str_to_z(pool, s);
        break;
    case FB_TYPE_PATH: return fb_paths_absolute(&value->text, value->text, base, pool, error);
    case FB_TYPE_FLAG: good = parse_flag(&value->number, s); break;
    case FB_TYPE_INT:
        good = fb_num_int64(&value->number, s) == APR_SUCCESS && in_range(row, value->number);
        break;
    case FB_TYPE_SIZE:
        good = fb_num_size(&value->number, s) == APR_SUCCESS && in_range(row, value->number);
        break;
    case FB_TYPE_DURATION:
        good = fb_num_duration(&value->number, s) == APR_SUCCESS && in_range(row, value->number);
        break;
    case FB_TYPE_RATE:
        good = fb_num_rate(&value->rate, s) == APR_SUCCESS &&
               (value->rate.count == 0 || in_range(row, value->rate.count));
        break;
    case FB_TYPE_CHOICE: good = is_choice(s, row->choices); break;
    case FB_TYPE_LIST:
    case FB_TYPE_WORDS:
    case FB_TYPE_PATHS: return parse_list(value, row, s, base, pool, error);
    default: break;
    }
    return good ? APR_SUCCESS : FB_EINVALID;
}

apr_status_t fb_setting_parse(fb_setting_value *value, fb_setting_id id, const char *text,
                              const char *base, apr_pool_t *pool, fb_error *error)
{
    const fb_setting *row = &rows[id];
    fb_str s = fb_str_trim(fb_str_from(text));

    if (value->list == NULL) {
        value->list = apr_array_make(pool, 4, sizeof(const char *));
    }
    if (fb_str_has_ctl(s) || !fb_str_is_utf8(s)) {
        return fb_error_set(error, FB_EINVALID, "%s holds control characters or is not UTF-8",
                            fb_setting_name(id));
    }
    if (s.len == 0) {
        return APR_SUCCESS;
    }
    value->text = fb_str_to_z(pool, s);
    apr_status_t status = parse_typed(value, row, s, base, pool, error);
    if (status == APR_SUCCESS) {
        return APR_SUCCESS;
    }
    if ((row->flags & FB_SET_SECRET) != 0) {
        return fb_error_set(error, FB_EINVALID, "%s must be %s (its value is secret and not shown)",
                            fb_setting_name(id), fb_setting_expects(id, pool));
    }
    return fb_error_set(error, FB_EINVALID, "%s must be %s, not \"%s\"", fb_setting_name(id),
                        fb_setting_expects(id, pool), fb_str_to_z(pool, fb_str_sub(s, 0, 200)));
}

apr_status_t fb_setting_check(fb_setting_id id, const char *value, apr_pool_t *pool,
                              fb_error *error)
{
    fb_setting_value parsed = { 0 };

    return fb_setting_parse(&parsed, id, value, "/", pool, error);
}

/* ---- what is in force ---- */

bool fb_settings_flag(const fb_settings *settings, fb_setting_id id)
{
    return rows[id].type == FB_TYPE_FLAG && settings->values[id].number != 0;
}

apr_int64_t fb_settings_int(const fb_settings *settings, fb_setting_id id)
{
    return rows[id].type == FB_TYPE_INT || rows[id].type == FB_TYPE_SIZE
               ? settings->values[id].number
               : 0;
}

apr_interval_time_t fb_settings_duration(const fb_settings *settings, fb_setting_id id)
{
    return rows[id].type == FB_TYPE_DURATION ? settings->values[id].number : 0;
}

fb_rate fb_settings_rate(const fb_settings *settings, fb_setting_id id)
{
    return settings->values[id].rate;
}

const char *fb_settings_text(const fb_settings *settings, fb_setting_id id)
{
    return settings->values[id].text;
}

bool fb_settings_is(const fb_settings *settings, fb_setting_id id, const char *choice)
{
    const char *text = settings->values[id].text;

    return text != NULL && strcmp(text, choice) == 0;
}

const apr_array_header_t *fb_settings_list(const fb_settings *settings, fb_setting_id id)
{
    return settings->values[id].list;
}

fb_profile fb_settings_profile(const fb_settings *settings)
{
    return settings->profile;
}

bool fb_settings_in_production(const fb_settings *settings)
{
    return settings->profile != FB_PROFILE_DEVELOPMENT && settings->profile != FB_PROFILE_TESTING;
}

const fb_dburl *fb_settings_database(const fb_settings *settings)
{
    return settings->database;
}

const fb_paths *fb_settings_paths(const fb_settings *settings)
{
    return settings->paths;
}

const char *fb_settings_cookie_name(const fb_settings *settings)
{
    return settings->cookie_name;
}

fb_source fb_settings_source(const fb_settings *settings, fb_setting_id id)
{
    return settings->values[id].source;
}

const char *fb_settings_origin(const fb_settings *settings, fb_setting_id id)
{
    return settings->values[id].origin;
}

static bool is_database_url(fb_setting_id id)
{
    return id == FB_SET_DATABASE_URL || id == FB_SET_DEV_DATABASE_URL ||
           id == FB_SET_TEST_DATABASE_URL;
}

const char *fb_settings_shown(const fb_settings *settings, fb_setting_id id, apr_pool_t *pool)
{
    const fb_setting_value *value = &settings->values[id];

    if (value->text == NULL) {
        return "(not set)";
    }
    if (is_database_url(id)) {
        fb_dburl *url;
        return fb_dburl_parse(&url, fb_str_from(value->text), settings->paths->state, pool, NULL) ==
                       APR_SUCCESS
                   ? url->shown
                   : "(not a database URL)";
    }
    if ((rows[id].flags & FB_SET_SECRET) != 0) {
        return "(set)";
    }
    switch (rows[id].type) {
    case FB_TYPE_FLAG: return value->number != 0 ? "on" : "off";
    case FB_TYPE_INT:
    case FB_TYPE_SIZE:
    case FB_TYPE_DURATION: return number_text(&rows[id], value->number, pool);
    case FB_TYPE_LIST:
    case FB_TYPE_WORDS:
    case FB_TYPE_PATHS: return apr_array_pstrcat(pool, value->list, ' ');
    default: return value->text;
    }
}
