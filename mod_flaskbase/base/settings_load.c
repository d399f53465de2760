/* Putting settings together: sources in their order of precedence, profiles. */
#include "base/settings_value.h"

#include "base/buf.h"
#include "base/envfile.h"

#include <apr_strings.h>
#include <string.h>

#include "base/banned.h"

typedef struct loader {
    const fb_settings_input *input;
    fb_settings *settings;
    apr_array_header_t *entries; /* of fb_env_entry: the env file */
    fb_problems problems;
    apr_pool_t *pool;
} loader;

static const struct {
    const char *name;
    fb_profile profile;
} profiles[] = {
    { "development", FB_PROFILE_DEVELOPMENT }, { "default", FB_PROFILE_DEVELOPMENT },
    { "testing", FB_PROFILE_TESTING },         { "production", FB_PROFILE_PRODUCTION },
    { "heroku", FB_PROFILE_HEROKU },           { "unix", FB_PROFILE_UNIX },
};

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
        fb_problems_note(&l->problems,
                         "%s:%d: %s is ignored: jobs are kept in the database, no Redis is needed",
                         file, entry->line, entry->name);
        return;
    }
    for (int id = 0; id < FB_SET__COUNT; id++) {
        const char *known = fb_setting_row((fb_setting_id)id)->env;
        if (known != NULL && distance(entry->name, known) <= 2) {
            fb_problems_warn(&l->problems, "%s:%d: %s is not a setting; did you mean %s?", file,
                             entry->line, entry->name, known);
            return;
        }
    }
    fb_problems_note(&l->problems, "%s:%d: %s is not a setting of this program", file, entry->line,
                     entry->name);
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
            fb_problems_warn(&l->problems, "%s:%d: %s means nothing inside the env file",
                             l->settings->paths->env_file, entry->line, entry->name);
        } else {
            secret = secret ||
                     ((fb_setting_row(id)->flags & FB_SET_SECRET) != 0 && is_given(entry->value));
        }
    }
    fb_error_init(&error, l->pool);
    if (secret &&
        fb_envfile_check_mode(l->settings->paths->env_file, l->pool, &error) != APR_SUCCESS) {
        fb_problems_fail(&l->problems, error.status, "%s", fb_error_line(&error));
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
        fb_problems_note(&l->problems, "%s does not exist", path);
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
        fb_problems_fail(&l->problems, error.status, "%s: %s", origin, error.message);
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

apr_status_t fb_settings_load(fb_settings **out, apr_array_header_t **problems,
                              const fb_settings_input *input, apr_pool_t *pool, fb_error *error)
{
    loader l = {
        .input = input,
        .settings = apr_pcalloc(pool, sizeof(fb_settings)),
        .pool = pool,
    };
    fb_error first;

    *out = NULL;
    fb_problems_init(&l.problems, pool, error);
    fb_error_init(&first, pool);
    apr_status_t status = resolve_paths(&l, &first);
    if (status == APR_SUCCESS) {
        status = read_env_file(&l, &first);
    }
    if (status != APR_SUCCESS) {
        fb_problems_fail(&l.problems, status, "%s", fb_error_line(&first));
        *problems = fb_problems_sorted(&l.problems);
        return l.problems.status;
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
    fb_settings_judge(l.settings, &l.problems);
    *out = l.settings;
    *problems = fb_problems_sorted(&l.problems);
    return l.problems.status;
}
