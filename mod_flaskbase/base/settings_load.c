/* Putting settings together: sources in their order of precedence, profiles, rules between
 * settings. */
#include "base/settings_value.h"

#include "base/buf.h"
#include "base/envfile.h"

#include <apr_network_io.h>
#include <apr_strings.h>
#include <string.h>

#include "base/banned.h"

typedef struct loader {
    const fb_settings_input *input;
    fb_settings *settings;
    apr_array_header_t *entries; /* of fb_env_entry: the env file */
    apr_array_header_t *problems;
    apr_pool_t *pool;
    fb_error *error;     /* the caller's; filled by the first error */
    apr_status_t status; /* of the first error */
} loader;

static const struct {
    const char *name;
    fb_profile profile;
} profiles[] = {
    { "development", FB_PROFILE_DEVELOPMENT }, { "default", FB_PROFILE_DEVELOPMENT },
    { "testing", FB_PROFILE_TESTING },         { "production", FB_PROFILE_PRODUCTION },
    { "heroku", FB_PROFILE_HEROKU },           { "unix", FB_PROFILE_UNIX },
};

static void add_problem(loader *l, fb_problem_level level, const char *text)
{
    fb_problem problem = { level, text };

    APR_ARRAY_PUSH(l->problems, fb_problem) = problem;
}

static void fail(loader *l, apr_status_t status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void fail(loader *l, apr_status_t status, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    const char *text = apr_pvsprintf(l->pool, fmt, args);
    va_end(args);
    add_problem(l, FB_PROBLEM_ERROR, text);
    if (l->status == APR_SUCCESS) {
        l->status = fb_error_set(l->error, status, "%s", text);
    }
}

static void warn(loader *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void warn(loader *l, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    add_problem(l, FB_PROBLEM_WARNING, apr_pvsprintf(l->pool, fmt, args));
    va_end(args);
}

static void note(loader *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void note(loader *l, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    add_problem(l, FB_PROBLEM_NOTE, apr_pvsprintf(l->pool, fmt, args));
    va_end(args);
}

static bool is_given(const char *value)
{
    return value != NULL && fb_str_trim(fb_str_from(value)).len > 0;
}

static const char *from_environment(const loader *l, fb_setting_id id)
{
    const char *name = fb_setting_row(id)->env;
    const char *value =
        l->input->getenv != NULL && name != NULL ? l->input->getenv(l->input->baton, name) : NULL;

    return is_given(value) ? value : NULL;
}

static const fb_env_entry *from_file(const loader *l, fb_setting_id id)
{
    const fb_setting *row = fb_setting_row(id);

    if (l->entries == NULL || row->env == NULL || (row->flags & FB_SET_NOT_IN_FILE) != 0) {
        return NULL;
    }
    for (int i = l->entries->nelts; i > 0; i--) {
        const fb_env_entry *entry = &APR_ARRAY_IDX(l->entries, i - 1, fb_env_entry);
        if (strcmp(entry->name, row->env) == 0 && is_given(entry->value)) {
            return entry;
        }
    }
    return NULL;
}

static const fb_setting_given *from_directive(const loader *l, fb_setting_id id)
{
    for (int i = l->input->given != NULL ? l->input->given->nelts : 0; i > 0; i--) {
        const fb_setting_given *given = &APR_ARRAY_IDX(l->input->given, i - 1, fb_setting_given);
        if (given->id == id && is_given(given->value)) {
            return given;
        }
    }
    return NULL;
}

static const char *default_of(const loader *l, fb_setting_id id, const char **origin)
{
    const fb_setting *row = fb_setting_row(id);
    const char *own = NULL;

    *origin = "default";
    switch (l->settings->profile) {
    case FB_PROFILE_DEVELOPMENT:
        own = row->development;
        *origin = own != NULL ? "default (development)" : *origin;
        break;
    case FB_PROFILE_TESTING:
        own = row->testing;
        *origin = own != NULL ? "default (testing)" : *origin;
        break;
    case FB_PROFILE_HEROKU:
        own = row->heroku;
        *origin = own != NULL ? "default (heroku)" : *origin;
        break;
    case FB_PROFILE_UNIX:
        own = row->unix_;
        *origin = own != NULL ? "default (unix)" : *origin;
        break;
    case FB_PROFILE_PRODUCTION: break;
    }
    return own != NULL ? own : row->dflt;
}

/* ---- where things are ---- */

/* The value of a setting that says where other settings are found, as it was given. */
static const char *early(const loader *l, fb_setting_id id)
{
    const fb_setting_given *given = from_directive(l, id);
    const fb_env_entry *entry = from_file(l, id);
    const char *value = given != NULL ? given->value : from_environment(l, id);

    value = value != NULL ? value : entry != NULL ? entry->value : NULL;
    return value != NULL ? fb_str_to_z(l->pool, fb_str_trim(fb_str_from(value))) : NULL;
}

/* A path in the env file is relative to the file. */
static apr_status_t early_path(const loader *l, const char **out, fb_setting_id id, fb_error *error)
{
    const char *value = early(l, id);
    bool in_file = from_directive(l, id) == NULL && from_environment(l, id) == NULL;

    *out = NULL;
    if (value == NULL) {
        return APR_SUCCESS;
    }
    const char *base =
        in_file ? fb_paths_folder(l->settings->paths->env_file, l->pool) : l->input->cwd;
    return fb_paths_absolute(out, value, base, l->pool, error);
}

static apr_status_t resolve_paths(loader *l, fb_error *error)
{
    fb_paths_given given = { .cwd = l->input->cwd };
    fb_paths *paths;

    given.env_file = early(l, FB_SET_ENV_FILE);
    given.site = early(l, FB_SET_SITE);
    apr_status_t status = early_path(l, &given.home, FB_SET_HOME, error);
    if (status == APR_SUCCESS) {
        status = early_path(l, &given.data, FB_SET_DATA, error);
    }
    if (status == APR_SUCCESS && l->entries != NULL) {
        /* The file is known by now; a home named in it must not move it. */
        given.env_file = l->settings->paths->env_file;
    }
    if (status == APR_SUCCESS) {
        status = fb_paths_resolve(&paths, &given, l->pool, error);
    }
    if (status == APR_SUCCESS) {
        l->settings->paths = paths;
    }
    return status;
}

/* How many letters differ, counting up to 3: finds what a misspelt name was meant to be. */
static int distance(const char *a, const char *b)
{
    int previous[64];
    int current[64];
    int len_a = (int)strlen(a);
    int len_b = (int)strlen(b);

    if (len_a > 62 || len_b > 62 || len_a - len_b > 2 || len_b - len_a > 2) {
        return 3;
    }
    for (int j = 0; j <= len_b; j++) {
        previous[j] = j;
    }
    for (int i = 1; i <= len_a; i++) {
        current[0] = i;
        for (int j = 1; j <= len_b; j++) {
            int change = previous[j - 1] + (a[i - 1] != b[j - 1]);
            int insert = current[j - 1] + 1;
            int drop = previous[j] + 1;
            current[j] = change < insert ? change : insert;
            current[j] = drop < current[j] ? drop : current[j];
        }
        memcpy(previous, current, sizeof(previous));
    }
    return previous[len_b];
}

static void judge_unknown(loader *l, const fb_env_entry *entry)
{
    const char *file = l->settings->paths->env_file;

    if (strcmp(entry->name, "REDISTOGO_URL") == 0 || strcmp(entry->name, "REDIS_URL") == 0) {
        note(l, "%s:%d: %s is ignored: jobs are kept in the database, no Redis is needed", file,
             entry->line, entry->name);
        return;
    }
    for (int id = 0; id < FB_SET__COUNT; id++) {
        const char *known = fb_setting_row((fb_setting_id)id)->env;
        if (known != NULL && distance(entry->name, known) <= 2) {
            warn(l, "%s:%d: %s is not a setting; did you mean %s?", file, entry->line, entry->name,
                 known);
            return;
        }
    }
    note(l, "%s:%d: %s is not a setting of this program", file, entry->line, entry->name);
}

static void judge_entries(loader *l)
{
    bool secret = false;
    fb_error error;
    fb_setting_id id;

    for (int i = 0; i < l->entries->nelts; i++) {
        const fb_env_entry *entry = &APR_ARRAY_IDX(l->entries, i, fb_env_entry);
        if (!fb_setting_by_env(&id, fb_str_from(entry->name))) {
            judge_unknown(l, entry);
        } else if ((fb_setting_row(id)->flags & FB_SET_NOT_IN_FILE) != 0) {
            warn(l, "%s:%d: %s means nothing inside the env file", l->settings->paths->env_file,
                 entry->line, entry->name);
        } else {
            secret = secret ||
                     ((fb_setting_row(id)->flags & FB_SET_SECRET) != 0 && is_given(entry->value));
        }
    }
    fb_error_init(&error, l->pool);
    if (secret &&
        fb_envfile_check_mode(l->settings->paths->env_file, l->pool, &error) != APR_SUCCESS) {
        fail(l, error.status, "%s", fb_error_line(&error));
    }
}

static apr_status_t read_env_file(loader *l, fb_error *error)
{
    const char *path = l->settings->paths->env_file;

    if (path == NULL) {
        return APR_SUCCESS;
    }
    apr_status_t status = fb_envfile_read(&l->entries, path, l->pool, error);
    if (APR_STATUS_IS_ENOENT(status) && early(l, FB_SET_ENV_FILE) == NULL) {
        /* A home folder's config.env may be missing; everything can come from elsewhere. */
        note(l, "%s does not exist", path);
        return APR_SUCCESS;
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    return resolve_paths(l, error);
}

/* ---- values ---- */

static void take(loader *l, fb_setting_id id, fb_source source, const char *text,
                 const char *origin, const char *base)
{
    fb_setting_value *value = &l->settings->values[id];
    fb_error error;

    fb_error_init(&error, l->pool);
    value->source = source;
    value->origin = origin;
    if (fb_setting_parse(value, id, text, base, l->pool, &error) != APR_SUCCESS) {
        fail(l, error.status, "%s: %s", origin, error.message);
        *value = (fb_setting_value){ .origin = origin,
                                     .list = apr_array_make(l->pool, 1, sizeof(char *)) };
        const char *ignored;
        const char *dflt = default_of(l, id, &ignored);
        if (dflt != NULL && fb_setting_parse(value, id, dflt, l->settings->paths->state, l->pool,
                                             NULL) != APR_SUCCESS) {
            value->text = NULL;
        }
    }
}

static void take_directives(loader *l, fb_setting_id id)
{
    fb_setting_type type = fb_setting_row(id)->type;
    const fb_setting_given *last = from_directive(l, id);

    if (type != FB_TYPE_LIST && type != FB_TYPE_PATHS) {
        take(l, id, FB_FROM_DIRECTIVE, last->value, last->origin, l->input->cwd);
        return;
    }
    for (int i = 0; i < l->input->given->nelts; i++) {
        const fb_setting_given *given = &APR_ARRAY_IDX(l->input->given, i, fb_setting_given);
        if (given->id == id && is_given(given->value)) {
            take(l, id, FB_FROM_DIRECTIVE, given->value, given->origin, l->input->cwd);
        }
    }
}

static void choose(loader *l, fb_setting_id id)
{
    const fb_env_entry *entry = from_file(l, id);
    const char *text = from_environment(l, id);
    const char *origin;

    if (from_directive(l, id) != NULL) {
        take_directives(l, id);
    } else if (text != NULL) {
        take(l, id, FB_FROM_ENVIRONMENT, text, "environment", l->input->cwd);
    } else if (entry != NULL) {
        const char *file = l->settings->paths->env_file;
        take(l, id, FB_FROM_FILE, entry->value, apr_psprintf(l->pool, "%s:%d", file, entry->line),
             fb_paths_folder(file, l->pool));
    } else {
        text = default_of(l, id, &origin);
        take(l, id, FB_FROM_DEFAULT, text != NULL ? text : "", origin, l->settings->paths->state);
    }
}

/* What the paths became is what `config check` shows for the settings that say so. */
static void show_paths(loader *l)
{
    fb_settings *s = l->settings;

    s->values[FB_SET_ENV_FILE].text = s->paths->env_file;
    s->values[FB_SET_HOME].text = s->paths->state;
    s->values[FB_SET_SITE].text = s->paths->site;
    s->values[FB_SET_DATA].text = s->paths->data;
}

static void choose_profile(loader *l)
{
    const char *name;

    l->settings->profile = FB_PROFILE_PRODUCTION;
    choose(l, FB_SET_PROFILE);
    name = fb_settings_text(l->settings, FB_SET_PROFILE);
    for (apr_size_t i = 0; name != NULL && i < sizeof(profiles) / sizeof(profiles[0]); i++) {
        if (strcmp(profiles[i].name, name) == 0) {
            l->settings->profile = profiles[i].profile;
        }
    }
}

static void put_default(loader *l, fb_setting_id id, const char *text)
{
    fb_setting_value *value = &l->settings->values[id];

    if (value->text == NULL && text != NULL) {
        take(l, id, FB_FROM_DEFAULT, text, "default", NULL);
    }
}

/* Defaults that depend on other settings. */
static void derive_defaults(loader *l)
{
    fb_settings *s = l->settings;
    const char *app = fb_settings_text(s, FB_SET_APP_NAME);
    const char *user = fb_settings_text(s, FB_SET_MAIL_USERNAME);

    if (app != NULL) {
        put_default(l, FB_SET_EMAIL_SUBJECT_PREFIX, apr_psprintf(l->pool, "[%.*s]", 60, app));
        put_default(l, FB_SET_MAIL_NAME, apr_psprintf(l->pool, "%.*s Admin", 56, app));
    }
    if (user != NULL && strchr(user, '@') != NULL) {
        put_default(l, FB_SET_MAIL_ADDRESS, user);
    }
    if (!fb_settings_in_production(s)) {
        put_default(l, FB_SET_BASE_URL,
                    apr_psprintf(l->pool, "http://127.0.0.1:%" APR_INT64_T_FMT,
                                 fb_settings_int(s, FB_SET_PORT)));
    }
    if (fb_settings_flag(s, FB_SET_MAIL_USE_SSL) &&
        fb_settings_source(s, FB_SET_MAIL_PORT) == FB_FROM_DEFAULT) {
        take(l, FB_SET_MAIL_PORT, FB_FROM_DEFAULT, "465", "default (MAIL_USE_SSL)", NULL);
    }
    const char *cookie = fb_settings_text(s, FB_SET_COOKIE_NAME);
    s->cookie_name = cookie != NULL ? cookie : apr_pstrcat(l->pool, "fb_", s->paths->site, NULL);
}

/* ---- rules between settings ---- */

/* The database of the profile. A development site may name its own; the testing profile takes
 * nothing but TEST_DATABASE_URL, because tests destroy what they find. */
static fb_setting_id database_setting(loader *l)
{
    const fb_settings *s = l->settings;
    fb_setting_id own =
        s->profile == FB_PROFILE_TESTING ? FB_SET_TEST_DATABASE_URL : FB_SET_DEV_DATABASE_URL;

    if (fb_settings_in_production(s)) {
        return FB_SET_DATABASE_URL;
    }
    if (fb_settings_text(s, own) == NULL) {
        if (s->profile == FB_PROFILE_TESTING &&
            fb_settings_source(s, FB_SET_DATABASE_URL) != FB_FROM_DEFAULT) {
            note(l, "the testing profile ignores DATABASE_URL; set TEST_DATABASE_URL");
            take(l, FB_SET_TEST_DATABASE_URL, FB_FROM_DEFAULT,
                 fb_setting_row(FB_SET_DATABASE_URL)->testing, "default (testing)", NULL);
            return FB_SET_TEST_DATABASE_URL;
        }
        return FB_SET_DATABASE_URL;
    }
    /* What comes from nearer (environment over file) counts, whatever its name. */
    return own == FB_SET_DEV_DATABASE_URL &&
                   fb_settings_source(s, FB_SET_DATABASE_URL) > fb_settings_source(s, own)
               ? FB_SET_DATABASE_URL
               : own;
}

static void judge_database(loader *l)
{
    fb_settings *s = l->settings;
    fb_setting_id id = database_setting(l);
    fb_dburl *url;
    fb_error error;

    fb_error_init(&error, l->pool);
    if (fb_dburl_parse(&url, fb_str_from(fb_settings_text(s, id)), s->paths->state, l->pool,
                       &error) != APR_SUCCESS) {
        fail(l, error.status, "%s: %s: %s", fb_settings_origin(s, id), fb_setting_name(id),
             error.message);
        return;
    }
    s->database = url;
}

/* Keys that stand in documentation and tutorials; compared without regard to case. */
static const char *const known_keys[] = {
    "SuperRandomStringToBeUsedForEncryption",
    "SECRET_KEY_ENV_VAR_NOT_SET",
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
    "this-is-a-really-long-secret-key-for-development",
    "replace-this-with-at-least-32-random-bytes",
    "0123456789abcdef0123456789abcdef",
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "abcdefghijklmnopqrstuvwxyz0123456789",
};

static bool is_poor_key(const char *key)
{
    bool seen[256] = { false };
    int distinct = 0;

    for (apr_size_t i = 0; i < sizeof(known_keys) / sizeof(known_keys[0]); i++) {
        if (fb_str_ieq_z(fb_str_from(key), known_keys[i])) {
            return true;
        }
    }
    for (const char *c = key; *c != '\0'; c++) {
        distinct += !seen[(unsigned char)*c];
        seen[(unsigned char)*c] = true;
    }
    return distinct < 8;
}

static void judge_keys(loader *l)
{
    const fb_settings *s = l->settings;
    const char *key = fb_settings_text(s, FB_SET_SECRET_KEY);
    const apr_array_header_t *old = fb_settings_list(s, FB_SET_SECRET_KEY_OLD);
    const char *where = s->paths->env_file != NULL ? s->paths->env_file : "the env file";

    if (key == NULL && fb_settings_source(s, FB_SET_SECRET_KEY) == FB_FROM_DEFAULT &&
        strcmp(fb_settings_origin(s, FB_SET_SECRET_KEY), "default") == 0) {
        fail(l, FB_EINVALID,
             "SECRET_KEY is not set: put a line SECRET_KEY=... into %s, with what "
             "`flaskbase secret-key` prints",
             where);
    } else if (key != NULL && is_poor_key(key)) {
        fail(
            l, FB_EINVALID,
            "%s: SECRET_KEY is an example from documentation or no random text: replace it by what "
            "`flaskbase secret-key` prints",
            fb_settings_origin(s, FB_SET_SECRET_KEY));
    }
    for (int i = 0; i < old->nelts; i++) {
        const char *retired = APR_ARRAY_IDX(old, i, const char *);
        if (key != NULL && strcmp(retired, key) == 0) {
            warn(l, "SECRET_KEY_OLD holds the present SECRET_KEY: nothing was rotated");
        } else if (strlen(retired) < 16) {
            warn(l,
                 "SECRET_KEY_OLD: key %d is shorter than 16 bytes: who guesses it can forge "
                 "sessions until it is taken out",
                 i + 1);
        }
    }
}

static void judge_mount(loader *l)
{
    const fb_settings *s = l->settings;
    const char *mount = fb_settings_text(s, FB_SET_MOUNT);
    const char *base_url = fb_settings_text(s, FB_SET_BASE_URL);
    fb_str m = fb_str_from(mount);
    bool bad = m.len == 0 || m.ptr[0] != '/' || (m.len > 1 && fb_str_ends(m, FB_STR("/"))) ||
               fb_str_find(m, FB_STR("//")) >= 0 || fb_str_find(m, FB_STR("/.")) >= 0;

    for (apr_size_t i = 0; i < m.len; i++) {
        char c = m.ptr[i];
        bad = bad || !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '/' || c == '-' || c == '_' || c == '.' || c == '~');
    }
    if (bad) {
        fail(l, FB_EINVALID,
             "%s: APPLICATION_ROOT must be \"/\" or a path like \"/members\": letters, digits, - _ "
             ". ~, "
             "no slash at the end",
             fb_settings_origin(s, FB_SET_MOUNT));
        return;
    }
    if (base_url == NULL) {
        warn(
            l,
            "BASE_URL is not set: mails with links can't be written; set it to the site's address, "
            "like https://www.example.com");
        return;
    }
    const char *path = strchr(strstr(base_url, "://") + 3, '/');
    if (path != NULL && strcmp(path, mount) != 0) {
        fail(l, FB_EINVALID, "%s: the path of BASE_URL (%s) is not APPLICATION_ROOT (%s)",
             fb_settings_origin(s, FB_SET_BASE_URL), path, mount);
    }
    if (fb_settings_in_production(s) && !fb_settings_flag(s, FB_SET_SSL_DISABLE) &&
        strncmp(base_url, "http:", 5) == 0) {
        warn(l, "BASE_URL starts with http:// although the site is served over https (SSL_DISABLE "
                "is off)");
    }
}

static void judge_limits(loader *l)
{
    const fb_settings *s = l->settings;
    apr_int64_t n = fb_settings_int(s, FB_SET_SCRYPT_N);
    apr_int64_t r = fb_settings_int(s, FB_SET_SCRYPT_R);

    if (fb_settings_duration(s, FB_SET_SESSION_IDLE) >
        fb_settings_duration(s, FB_SET_SESSION_ABSOLUTE)) {
        fail(l, FB_EINVALID, "SESSION_IDLE is longer than SESSION_ABSOLUTE");
    }
    if ((n & (n - 1)) != 0) {
        fail(l, FB_EINVALID, "%s: SCRYPT_N must be a power of two, like 32768",
             fb_settings_origin(s, FB_SET_SCRYPT_N));
    }
    if (128 * n * r > fb_settings_int(s, FB_SET_HASH_MEMORY)) {
        fail(l, FB_EINVALID,
             "a scrypt hash takes 128*SCRYPT_N*SCRYPT_R = %s, more than HASH_MEMORY "
             "allows",
             fb_num_size_text(l->pool, 128 * n * r));
    }
    if (fb_settings_in_production(s)) {
        if (n < 16384) {
            warn(l, "SCRYPT_N below 16384 makes stolen password hashes cheap to guess");
        }
        if (fb_settings_int(s, FB_SET_PBKDF2_ITERATIONS) < 100000) {
            warn(l, "PBKDF2_ITERATIONS below 100000 makes stolen password hashes cheap to guess");
        }
        if (fb_settings_is(s, FB_SET_ADMIN_PASSWORD, "password")) {
            fail(l, FB_EINVALID, "%s: ADMIN_PASSWORD is the documented example: choose another",
                 fb_settings_origin(s, FB_SET_ADMIN_PASSWORD));
        }
    }
}

static void judge_networks(loader *l)
{
    const apr_array_header_t *list = fb_settings_list(l->settings, FB_SET_TRUSTED_PROXIES);

    for (int i = 0; i < list->nelts; i++) {
        const char *word = APR_ARRAY_IDX(list, i, const char *);
        fb_str mask = fb_str_from(word);
        fb_str address = fb_str_split(&mask, '/');
        apr_ipsubnet_t *net;
        if (apr_ipsubnet_create(&net, fb_str_to_z(l->pool, address),
                                mask.ptr != NULL ? fb_str_to_z(l->pool, mask) : NULL,
                                l->pool) != APR_SUCCESS) {
            fail(l, FB_EINVALID, "%s: TRUSTED_PROXIES: \"%s\" is no IP address or network",
                 fb_settings_origin(l->settings, FB_SET_TRUSTED_PROXIES), word);
        }
    }
}

static void judge_mail(loader *l)
{
    const fb_settings *s = l->settings;
    bool mailgun = fb_settings_text(s, FB_SET_MAIL_API) != NULL ||
                   fb_settings_text(s, FB_SET_MAIL_KEY) != NULL;
    bool smtp = fb_settings_text(s, FB_SET_MAIL_SERVER) != NULL;

    if (fb_settings_text(s, FB_SET_MAIL_DOMAIN) != NULL && !mailgun) {
        warn(l, "MAIL_DOMAIN is set without MAIL_KEY");
    }
    if (fb_settings_is(s, FB_SET_MAIL_TRANSPORT, "smtp") && !smtp) {
        fail(l, FB_EINVALID, "MAIL_TRANSPORT is smtp, but MAIL_SERVER is not set");
    }
    if (fb_settings_is(s, FB_SET_MAIL_TRANSPORT, "mailgun") && !mailgun) {
        fail(l, FB_EINVALID, "MAIL_TRANSPORT is mailgun, but neither MAIL_KEY nor MAIL_API is set");
    }
    if (!fb_settings_in_production(s)) {
        return;
    }
    if (fb_settings_is(s, FB_SET_MAIL_TRANSPORT, "none") ||
        (fb_settings_is(s, FB_SET_MAIL_TRANSPORT, "auto") && !smtp && !mailgun)) {
        warn(l,
             "no way to send mail is configured (MAIL_SERVER, or MAIL_DOMAIN and MAIL_KEY): mails "
             "wait, and registering and password resets answer 503");
    } else if (fb_settings_is(s, FB_SET_MAIL_TRANSPORT, "file")) {
        warn(l, "MAIL_TRANSPORT is file: mails are kept on disk and never sent");
    } else if (fb_settings_text(s, FB_SET_MAIL_ADDRESS) == NULL &&
               fb_settings_text(s, FB_SET_MAIL_DEFAULT_SENDER) == NULL) {
        fail(l, FB_EINVALID, "mail has no sender: set MAIL_ADDRESS or MAIL_DEFAULT_SENDER");
    }
}

/* Errors first, then warnings, then notes; each in the order they were found. */
static apr_array_header_t *sorted(const apr_array_header_t *problems, apr_pool_t *pool)
{
    apr_array_header_t *out = apr_array_make(pool, problems->nelts + 1, sizeof(fb_problem));

    for (int level = FB_PROBLEM_ERROR; level <= FB_PROBLEM_NOTE; level++) {
        for (int i = 0; i < problems->nelts; i++) {
            const fb_problem *problem = &APR_ARRAY_IDX(problems, i, fb_problem);
            if ((int)problem->level == level) {
                APR_ARRAY_PUSH(out, fb_problem) = *problem;
            }
        }
    }
    return out;
}

apr_status_t fb_settings_load(fb_settings **out, apr_array_header_t **problems,
                              const fb_settings_input *input, apr_pool_t *pool, fb_error *error)
{
    loader l = {
        .input = input,
        .settings = apr_pcalloc(pool, sizeof(fb_settings)),
        .problems = apr_array_make(pool, 8, sizeof(fb_problem)),
        .pool = pool,
        .error = error,
    };
    fb_error first;

    *out = NULL;
    fb_error_init(&first, pool);
    apr_status_t status = resolve_paths(&l, &first);
    if (status == APR_SUCCESS) {
        status = read_env_file(&l, &first);
    }
    if (status != APR_SUCCESS) {
        fail(&l, status, "%s", fb_error_line(&first));
        *problems = sorted(l.problems, pool);
        return l.status;
    }
    if (l.entries != NULL) {
        judge_entries(&l);
    }
    choose_profile(&l);
    for (int id = 0; id < FB_SET__COUNT; id++) {
        if (id != FB_SET_PROFILE) {
            choose(&l, (fb_setting_id)id);
        }
    }
    show_paths(&l);
    derive_defaults(&l);
    judge_keys(&l);
    judge_database(&l);
    judge_mount(&l);
    judge_limits(&l);
    judge_networks(&l);
    judge_mail(&l);
    *out = l.settings;
    *problems = sorted(l.problems, pool);
    return l.status;
}
