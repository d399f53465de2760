/* Settings: sources and their precedence, profiles, checks. Section 6 of the specification, D20.
 * ASVS 13.3.1, 11.1 (keys), 13.4.2 (no debug features in production). */
#include "unit.h"

#include "base/settings_report.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY          "k3rVx9ZqL0pWm2Ts8YbN4uHc6JfD1gEa"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static fb_settings *settings;
static apr_array_header_t *problems;
static char folder[64];
static const char *const *environment; /* NAME=VALUE, NULL at the end */

static void setup(void)
{
    apr_cpystrn(folder, "/tmp/fb-settings-XXXXXX", sizeof(folder));
    ck_assert_ptr_nonnull(mkdtemp(folder));
    environment = NULL;
}

static void teardown(void)
{
    apr_file_remove(apr_pstrcat(pool, folder, "/config.env", NULL), pool);
    rmdir(folder);
}

static void write_env(const char *text, mode_t mode)
{
    const char *path = apr_pstrcat(pool, folder, "/config.env", NULL);
    apr_file_t *file;
    ck_assert_ok(apr_file_open(&file, path, APR_FOPEN_CREATE | APR_FOPEN_WRITE | APR_FOPEN_TRUNCATE,
                               APR_FPROT_OS_DEFAULT, pool));
    ck_assert_ok(apr_file_write_full(file, text, strlen(text), NULL));
    ck_assert_ok(apr_file_close(file));
    ck_assert_int_eq(chmod(path, mode), 0);
}

static const char *look_up(void *baton, const char *name)
{
    (void)baton;
    for (const char *const *e = environment; e != NULL && *e != NULL; e++) {
        if (strncmp(*e, name, strlen(name)) == 0 && (*e)[strlen(name)] == '=') {
            return *e + strlen(name) + 1;
        }
    }
    return NULL;
}

/* Loads with directives given as id, value pairs, ended by FB_SET__COUNT. */
static apr_status_t load(int first, ...)
{
    apr_array_header_t *given = apr_array_make(pool, 4, sizeof(fb_setting_given));
    fb_settings_input input = { .given = given, .getenv = look_up, .cwd = folder };
    va_list args;
    va_start(args, first);
    for (int id = first; id != FB_SET__COUNT; id = va_arg(args, int)) {
        fb_setting_given *g = apr_array_push(given);
        *g = (fb_setting_given){ (fb_setting_id)id, va_arg(args, const char *), "site.conf:7" };
    }
    va_end(args);
    fb_error_init(&error, pool);
    return fb_settings_load(&settings, &problems, &input, pool, &error);
}

static apr_status_t load_home(void)
{
    return load(FB_SET_HOME, folder, FB_SET__COUNT);
}

static bool has_problem(fb_problem_level level, const char *part)
{
    for (int i = 0; i < problems->nelts; i++) {
        const fb_problem *p = &APR_ARRAY_IDX(problems, i, fb_problem);
        if (p->level == level && strstr(p->text, part) != NULL) {
            return true;
        }
    }
    return false;
}

START_TEST(every_row_is_whole)
{
    for (int i = 0; i < FB_SET__COUNT; i++) {
        fb_setting_id id = (fb_setting_id)i;
        const fb_setting *row = fb_setting_row(id);
        fb_setting_id found;
        const char *const defaults[] = { row->dflt, row->development, row->testing, row->heroku,
                                         row->unix_ };
        ck_assert_msg(row->env != NULL || row->directive != NULL, "row %d", i);
        ck_assert_msg(row->doc != NULL && strlen(row->doc) > 15, "%s", fb_setting_name(id));
        ck_assert_msg(fb_setting_expects(id, pool)[0] != '\0', "%s", fb_setting_name(id));
        ck_assert_msg((row->type == FB_TYPE_CHOICE) == (row->choices != NULL), "%s",
                      fb_setting_name(id));
        ck_assert_msg(row->env == NULL ||
                          (fb_setting_by_env(&found, fb_str_from(row->env)) && found == id),
                      "%s twice", row->env);
        ck_assert_msg(
            row->directive == NULL ||
                (fb_setting_by_directive(&found, fb_str_from(row->directive)) && found == id),
            "%s twice", row->directive);
        ck_assert_msg(row->directive == NULL || strncmp(row->directive, "Flaskbase", 9) == 0, "%s",
                      row->directive);
        for (unsigned d = 0; d < COUNT(defaults); d++) {
            ck_assert_msg(defaults[d] == NULL ||
                              fb_setting_check(id, defaults[d], pool, &error) == APR_SUCCESS,
                          "%s: its own default %s", fb_setting_name(id), defaults[d]);
        }
    }
    fb_setting_id id;
    ck_assert(!fb_setting_by_env(&id, FB_STR("app_name")));
    ck_assert(fb_setting_by_directive(&id, FB_STR("flaskbaseappname")));
    ck_assert_int_eq(id, FB_SET_APP_NAME);
}
END_TEST

static const struct {
    fb_setting_id id;
    const char *value;
    bool good;
} value_cases[] = {
    { FB_SET_SSL_DISABLE, "True", true },
    { FB_SET_SSL_DISABLE, "0", true },
    { FB_SET_SSL_DISABLE, "maybe", false },
    { FB_SET_SESSION_IDLE, "90m", true },
    { FB_SET_SESSION_IDLE, "59s", false },
    { FB_SET_SESSION_IDLE, "31d", false },
    { FB_SET_SESSION_IDLE, "1 hour", false },
    { FB_SET_BODY_LIMIT, "8M", true },
    { FB_SET_BODY_LIMIT, "15k", false },
    { FB_SET_BODY_LIMIT, "1T", false },
    { FB_SET_BODY_LIMIT, "99999999999999999999", false },
    { FB_SET_PASSWORD_MIN_SCORE, "4", true },
    { FB_SET_PASSWORD_MIN_SCORE, "5", false },
    { FB_SET_PASSWORD_MIN_SCORE, "-1", false },
    { FB_SET_SESSION_PROTECTION, "basic", true },
    { FB_SET_SESSION_PROTECTION, "Strong", false },
    { FB_SET_SESSION_PROTECTION, "basic strong", false },
    { FB_SET_LOGIN_LIMIT_ACCOUNT, "off", true },
    { FB_SET_LOGIN_LIMIT_ACCOUNT, "5/1m", true },
    { FB_SET_LOGIN_LIMIT_ACCOUNT, "5", false },
    { FB_SET_LOGIN_LIMIT_ACCOUNT, "100001/1m", false },
    { FB_SET_BASE_URL, "https://a.example", true },
    { FB_SET_BASE_URL, "https://a.example:8443/x/", true },
    { FB_SET_BASE_URL, "http://[::1]:80", true },
    { FB_SET_BASE_URL, "ftp://a", false },
    { FB_SET_BASE_URL, "https://u@a", false },
    { FB_SET_BASE_URL, "https://a/?q", false },
    { FB_SET_BASE_URL, "https://", false },
    { FB_SET_BASE_URL, "https://a:99999", false },
    { FB_SET_BASE_URL, "a.example", false },
    { FB_SET_ADMIN_EMAIL, "a@b.example", true },
    { FB_SET_ADMIN_EMAIL, "a@b@c", false },
    { FB_SET_ADMIN_EMAIL, "@b", false },
    { FB_SET_ADMIN_EMAIL, "A <a@b>", false },
    { FB_SET_COOKIE_NAME, "fb_x-1", true },
    { FB_SET_COOKIE_NAME, "a b", false },
    { FB_SET_COOKIE_NAME, "a;b", false },
    { FB_SET_APP_NAME, "M\xc3\xa4rkte", true },
    { FB_SET_APP_NAME, "a\nb", false },
    { FB_SET_APP_NAME, "\xff", false },
    { FB_SET_APP_NAME, "12345678901234567890123456789012345678901234567890123456789012345", false },
    { FB_SET_SECRET_KEY, "short", false },
    { FB_SET_SECRET_KEY, KEY, true },
    { FB_SET_PORT, "0", false },
    { FB_SET_TEMPLATE_STEPS, "10000000000", true },
    { FB_SET_ALLOWED_HOSTS, "a.example, b.example", true },
    { FB_SET_PORT, "", true },
};

START_TEST(values)
{
    fb_error_init(&error, pool);
    apr_status_t status = fb_setting_check(value_cases[_i].id, value_cases[_i].value, pool, &error);
    ck_assert_msg((status == APR_SUCCESS) == value_cases[_i].good, "%s = %s: %s",
                  fb_setting_name(value_cases[_i].id), value_cases[_i].value, error.message);
    if (!value_cases[_i].good) {
        ck_assert_int_eq(status, FB_EINVALID);
        ck_assert_ptr_nonnull(strstr(error.message, fb_setting_name(value_cases[_i].id)));
        ck_assert_ptr_null(strchr(error.message, '\n'));
    }
}
END_TEST

START_TEST(secrets_stay_out_of_messages)
{
    ck_assert_status(fb_setting_check(FB_SET_SECRET_KEY, "geheim", pool, &error), FB_EINVALID);
    ck_assert_ptr_null(strstr(error.message, "geheim"));
    write_env("SECRET_KEY=" KEY "\nDATABASE_URL=postgresql://u:geheim@h/d\nMAIL_PASSWORD=geheim\n",
              0600);
    ck_assert_ok(load_home());
    for (int id = 0; id < FB_SET__COUNT; id++) {
        const char *shown = fb_settings_shown(settings, (fb_setting_id)id, pool);
        ck_assert_ptr_null(strstr(shown, "geheim"));
        ck_assert_ptr_null(strstr(shown, KEY));
    }
    ck_assert_str_eq(fb_settings_shown(settings, FB_SET_DATABASE_URL, pool),
                     "postgresql://u:***@h/d");
    ck_assert_str_eq(fb_settings_shown(settings, FB_SET_SECRET_KEY, pool), "(set)");
    ck_assert_str_eq(fb_settings_shown(settings, FB_SET_MAIL_KEY, pool), "(not set)");
    ck_assert_str_eq(fb_settings_shown(settings, FB_SET_SESSION_IDLE, pool), "30m");
    ck_assert_str_eq(fb_settings_shown(settings, FB_SET_BODY_LIMIT, pool), "1M");
}
END_TEST

START_TEST(precedence)
{
    static const char *const env[] = { "APP_NAME=Environment", "SESSION_IDLE=2h",
                                       "MAIL_NAME=", NULL };
    write_env("SECRET_KEY = '" KEY "'\nAPP_NAME = File\nSESSION_IDLE=1h\nMAIL_NAME=F\nCSRF=x\n"
              "SESSION_ABSOLUTE=11h\nMAIL_NAME=Last\n",
              0600);
    environment = env;
    ck_assert_ok(load(FB_SET_HOME, folder, FB_SET_APP_NAME, "first", FB_SET_APP_NAME, "Directive",
                      FB_SET__COUNT));
    ck_assert_str_eq(fb_settings_text(settings, FB_SET_APP_NAME), "Directive");
    ck_assert_str_eq(fb_settings_origin(settings, FB_SET_APP_NAME), "site.conf:7");
    ck_assert_int_eq(fb_settings_source(settings, FB_SET_APP_NAME), FB_FROM_DIRECTIVE);
    ck_assert(fb_settings_duration(settings, FB_SET_SESSION_IDLE) == 2 * FB_HOUR);
    ck_assert_str_eq(fb_settings_origin(settings, FB_SET_SESSION_IDLE), "environment");
    ck_assert_str_eq(fb_settings_text(settings, FB_SET_MAIL_NAME), "Last");
    ck_assert_str_eq(fb_settings_origin(settings, FB_SET_MAIL_NAME),
                     apr_pstrcat(pool, folder, "/config.env:7", NULL));
    ck_assert(fb_settings_duration(settings, FB_SET_SESSION_ABSOLUTE) == 11 * FB_HOUR);
    ck_assert(fb_settings_duration(settings, FB_SET_CSRF_LIFETIME) == FB_HOUR);
    ck_assert_str_eq(fb_settings_origin(settings, FB_SET_CSRF_LIFETIME), "default");
    ck_assert_str_eq(fb_settings_text(settings, FB_SET_EMAIL_SUBJECT_PREFIX), "[Directive]");

    /* A server with several sites does not look into the process environment. */
    fb_settings_input input = { .cwd = folder };
    fb_setting_given home = { FB_SET_HOME, folder, "x:1" };
    apr_array_header_t *given = apr_array_make(pool, 1, sizeof(home));
    APR_ARRAY_PUSH(given, fb_setting_given) = home;
    input.given = given;
    ck_assert_ok(fb_settings_load(&settings, &problems, &input, pool, &error));
    ck_assert_str_eq(fb_settings_text(settings, FB_SET_APP_NAME), "File");
}
END_TEST

START_TEST(profiles)
{
    write_env("SECRET_KEY=" KEY "\n", 0600);
    ck_assert_ok(load_home());
    ck_assert_int_eq(fb_settings_profile(settings), FB_PROFILE_PRODUCTION);
    ck_assert(fb_settings_in_production(settings));
    ck_assert(!fb_settings_flag(settings, FB_SET_SSL_DISABLE));
    ck_assert(has_problem(FB_PROBLEM_WARNING, "BASE_URL"));
    ck_assert(has_problem(FB_PROBLEM_WARNING, "no way to send mail"));
    ck_assert_str_eq(fb_settings_database(settings)->path,
                     apr_pstrcat(pool, folder, "/data.sqlite", NULL));

    static const char *const development[] = { "FLASK_CONFIG=default", NULL };
    environment = development;
    ck_assert_ok(load_home());
    ck_assert_int_eq(fb_settings_profile(settings), FB_PROFILE_DEVELOPMENT);
    ck_assert(fb_settings_flag(settings, FB_SET_TEMPLATE_RELOAD));
    ck_assert_str_eq(fb_settings_origin(settings, FB_SET_TEMPLATE_RELOAD), "default (development)");
    ck_assert_str_eq(fb_settings_text(settings, FB_SET_BASE_URL), "http://127.0.0.1:8080");
    ck_assert_str_eq(fb_settings_database(settings)->path,
                     apr_pstrcat(pool, folder, "/data-dev.sqlite", NULL));
    ck_assert_int_eq(problems->nelts, 0);

    static const char *const heroku[] = { "FLASK_CONFIG=heroku", "PORT=5000", NULL };
    environment = heroku;
    ck_assert_ok(load_home());
    ck_assert(fb_settings_in_production(settings));
    ck_assert_int_eq(fb_settings_list(settings, FB_SET_TRUSTED_PROXIES)->nelts, 1);

    static const char *const on_unix[] = { "FLASK_CONFIG=unix", NULL };
    environment = on_unix;
    ck_assert_ok(load_home());
    ck_assert(fb_settings_flag(settings, FB_SET_SYSLOG));

    static const char *const wrong[] = { "FLASK_CONFIG=prod", NULL };
    environment = wrong;
    ck_assert_status(load_home(), FB_EINVALID);
    ck_assert_ptr_nonnull(
        strstr(error.message, "FLASK_CONFIG must be development, testing, production"));
    ck_assert(fb_settings_in_production(settings));
}
END_TEST

START_TEST(which_database)
{
    write_env("SECRET_KEY=" KEY "\nDATABASE_URL=sqlite:///main.db\n", 0600);
    static const struct {
        const char *env[5];
        const char *file;
    } cases[] = {
        { { "FLASK_CONFIG=production", "DEV_DATABASE_URL=sqlite:///dev.db", NULL }, "main.db" },
        { { "FLASK_CONFIG=development", NULL }, "main.db" },
        { { "FLASK_CONFIG=development", "DEV_DATABASE_URL=sqlite:///dev.db", NULL }, "dev.db" },
        { { "FLASK_CONFIG=development", "DATABASE_URL=sqlite:///e.db", NULL }, "e.db" },
        { { "FLASK_CONFIG=testing", NULL }, "data-test.sqlite" },
        { { "FLASK_CONFIG=testing", "DATABASE_URL=sqlite:///e.db", NULL }, "data-test.sqlite" },
        { { "FLASK_CONFIG=testing", "TEST_DATABASE_URL=sqlite:///t.db", NULL }, "t.db" },
    };
    for (unsigned i = 0; i < COUNT(cases); i++) {
        environment = cases[i].env;
        ck_assert_ok(load_home());
        ck_assert_str_eq(fb_settings_database(settings)->path,
                         apr_pstrcat(pool, folder, "/", cases[i].file, NULL));
    }
    write_env("SECRET_KEY=" KEY "\nDEV_DATABASE_URL=sqlite:///file-dev.db\n", 0600);
    static const char *const nearer[] = { "FLASK_CONFIG=development", "DATABASE_URL=sqlite:///e.db",
                                          NULL };
    environment = nearer;
    ck_assert_ok(load_home());
    ck_assert_str_eq(fb_settings_database(settings)->path,
                     apr_pstrcat(pool, folder, "/e.db", NULL));
    static const char *const broken[] = { "DATABASE_URL=mysql://u:geheim@h/d", NULL };
    environment = broken;
    ck_assert_status(load_home(), FB_EINVALID);
    ck_assert_ptr_nonnull(strstr(error.message, "DATABASE_URL"));
    ck_assert_ptr_null(strstr(error.message, "geheim"));
    ck_assert_str_eq(fb_settings_shown(settings, FB_SET_DATABASE_URL, pool),
                     "(not a database URL)");
}
END_TEST

static const struct {
    const char *file;
    const char *part; /* of the error that is expected; NULL: none */
} key_cases[] = {
    { "FLASK_CONFIG=development\n", "SECRET_KEY is not set" },
    { "SECRET_KEY=\n", "SECRET_KEY is not set" },
    { "SECRET_KEY=tooshort\n", "32 to 1024 bytes" },
    { "SECRET_KEY=superrandomstringtobeusedforencryption\n", "example" },
    { "SECRET_KEY=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", "no random text" },
    { "SECRET_KEY=0123456789abcdef0123456789abcdef\n", "example" },
    { "SECRET_KEY=" KEY "\n", NULL },
    { "SECRET_KEY=" KEY "\nSESSION_IDLE=13h\n", "SESSION_IDLE is longer" },
    { "SECRET_KEY=" KEY "\nSCRYPT_N=30000\n", "power of two" },
    { "SECRET_KEY=" KEY "\nSCRYPT_N=131072\n", "HASH_MEMORY" },
    { "SECRET_KEY=" KEY "\nAPPLICATION_ROOT=members\n", "APPLICATION_ROOT" },
    { "SECRET_KEY=" KEY "\nAPPLICATION_ROOT=/a/\n", "APPLICATION_ROOT" },
    { "SECRET_KEY=" KEY "\nAPPLICATION_ROOT=/a/../b\n", "APPLICATION_ROOT" },
    { "SECRET_KEY=" KEY "\nAPPLICATION_ROOT=/a\nBASE_URL=https://x/b\n", "path of BASE_URL" },
    { "SECRET_KEY=" KEY "\nAPPLICATION_ROOT=/a\nBASE_URL=https://x/a/\n", NULL },
    { "SECRET_KEY=" KEY "\nTRUSTED_PROXIES=10.0.0.0/8 fd00::/8 ::1\n", NULL },
    { "SECRET_KEY=" KEY "\nTRUSTED_PROXIES=10.0.0.0/99\n", "no IP address" },
    { "SECRET_KEY=" KEY "\nMAIL_TRANSPORT=smtp\n", "MAIL_SERVER is not set" },
    { "SECRET_KEY=" KEY "\nMAIL_SERVER=smtp.example\n", "mail has no sender" },
    { "SECRET_KEY=" KEY "\nADMIN_PASSWORD=password\n", "documented example" },
    { "SECRET_KEY=" KEY "\nFLASK_CONFIG=development\nADMIN_PASSWORD=password\n", NULL },
    { "SECRET_KEY=" KEY "\nPORT=http\n",
      "PORT must be a whole number from 1 to 65535, not \"http\"" },
    { "SECRET_KEY=" KEY "\nA B\n", ":2:3: expected \"=\"" },
};

START_TEST(rules)
{
    write_env(key_cases[_i].file, 0600);
    apr_status_t status = load_home();
    if (key_cases[_i].part == NULL) {
        ck_assert_ok(status);
        return;
    }
    ck_assert_msg(status != APR_SUCCESS, "%s", key_cases[_i].file);
    ck_assert_msg(strstr(error.message, key_cases[_i].part) != NULL, "%s", error.message);
    ck_assert(has_problem(FB_PROBLEM_ERROR, key_cases[_i].part));
}
END_TEST

START_TEST(env_file_rules)
{
    write_env("SECRET_KEY=" KEY "\nSECRETKEY=x\nREDISTOGO_URL=redis://x\nFLASKBASE_ENV_FILE=y\n"
              "SECRET_KEY_OLD=short " KEY "\nEDITOR=vi\n",
              0644);
    ck_assert_status(load_home(), FB_EDENIED);
    ck_assert(has_problem(FB_PROBLEM_ERROR, "chmod"));
    ck_assert(has_problem(FB_PROBLEM_WARNING, "did you mean SECRET_KEY?"));
    ck_assert(has_problem(FB_PROBLEM_NOTE, "REDISTOGO_URL is ignored"));
    ck_assert(has_problem(FB_PROBLEM_WARNING, "FLASKBASE_ENV_FILE means nothing"));
    ck_assert(has_problem(FB_PROBLEM_WARNING, "nothing was rotated"));
    ck_assert(has_problem(FB_PROBLEM_WARNING, "key 1 is shorter"));
    ck_assert(has_problem(FB_PROBLEM_NOTE, "EDITOR is not a setting"));
    ck_assert_int_eq(APR_ARRAY_IDX(problems, 0, fb_problem).level, FB_PROBLEM_ERROR);

    ck_assert_status(load(FB_SET_ENV_FILE, "missing.env", FB_SET__COUNT), APR_ENOENT);
    ck_assert_ptr_null(settings);
    ck_assert_ptr_nonnull(strstr(error.message, "missing.env"));
    static const char *const env[] = { "SECRET_KEY=" KEY, NULL };
    environment = env;
    ck_assert_ok(load(FB_SET_HOME, "nothing-here", FB_SET__COUNT));
    ck_assert(has_problem(FB_PROBLEM_NOTE, "does not exist"));
}
END_TEST

START_TEST(places)
{
    write_env("SECRET_KEY=" KEY
              "\nFLASKBASE_HOME=state\nFLASKBASE_SITE=shop\nTEMPLATE_DIRS=mine /abs\n"
              "FLASK_CONFIG=development\n",
              0600);
    ck_assert_ok(load(FB_SET_ENV_FILE, "./config.env", FB_SET__COUNT));
    const fb_paths *paths = fb_settings_paths(settings);
    ck_assert_str_eq(paths->state, apr_pstrcat(pool, folder, "/state", NULL));
    ck_assert_str_eq(paths->env_file, apr_pstrcat(pool, folder, "/config.env", NULL));
    ck_assert_str_eq(paths->site, "shop");
    ck_assert_str_eq(fb_settings_cookie_name(settings), "fb_shop");
    ck_assert_str_eq(fb_settings_text(settings, FB_SET_HOME), paths->state);
    const apr_array_header_t *dirs = fb_settings_list(settings, FB_SET_TEMPLATE_DIRS);
    ck_assert_int_eq(dirs->nelts, 2);
    ck_assert_str_eq(APR_ARRAY_IDX(dirs, 0, const char *),
                     apr_pstrcat(pool, folder, "/mine", NULL));
    ck_assert_str_eq(APR_ARRAY_IDX(dirs, 1, const char *), "/abs");
    ck_assert_ok(load(FB_SET_ENV_FILE, "config.env", FB_SET_TEMPLATE_DIRS, "/one",
                      FB_SET_TEMPLATE_DIRS, "/two", FB_SET_COOKIE_NAME, "sid", FB_SET__COUNT));
    ck_assert_int_eq(fb_settings_list(settings, FB_SET_TEMPLATE_DIRS)->nelts, 2);
    ck_assert_int_eq(fb_settings_list(settings, FB_SET_ALLOWED_HOSTS)->nelts, 0);
    ck_assert_str_eq(fb_settings_cookie_name(settings), "sid");
}
END_TEST

START_TEST(derived_defaults)
{
    write_env("SECRET_KEY=" KEY "\nAPP_NAME=Shop\nMAIL_USERNAME=shop@example.com\nMAIL_SERVER=s\n"
              "MAIL_USE_SSL=true\nBASE_URL=https://x/\n",
              0640);
    ck_assert_ok(load_home());
    ck_assert_str_eq(fb_settings_text(settings, FB_SET_MAIL_ADDRESS), "shop@example.com");
    ck_assert_str_eq(fb_settings_text(settings, FB_SET_MAIL_NAME), "Shop Admin");
    ck_assert_str_eq(fb_settings_text(settings, FB_SET_BASE_URL), "https://x");
    ck_assert_int_eq(fb_settings_int(settings, FB_SET_MAIL_PORT), 465);
    ck_assert_int_eq(problems->nelts, 0);
}
END_TEST

START_TEST(report)
{
    const char *path = apr_pstrcat(pool, folder, "/settings.json", NULL);
    static const char *const nearer[] = { "APP_NAME=Env", "MAIL_PASSWORD=other", "HASH_QUEUE=5",
                                          NULL };
    struct stat info;
    write_env("SECRET_KEY=" KEY "\nMAIL_PASSWORD=geheim\nFLASK_CONFIG=development\n", 0600);
    ck_assert_ok(load_home());
    problems = apr_array_make(pool, 1, sizeof(fb_problem));
    ck_assert_status(fb_settings_report_compare(problems, settings, pool, &error), FB_ENOTFOUND);
    ck_assert_ok(fb_settings_report_write(settings, 0, pool, &error));
    ck_assert_ok(fb_settings_report_write(settings, 0, pool, &error));
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 0777, 0600);
    char text[100000];
    apr_size_t len = sizeof(text);
    apr_file_t *file;
    ck_assert_ok(apr_file_open(&file, path, APR_FOPEN_READ, 0, pool));
    ck_assert_ok(apr_file_read(file, text, &len));
    ck_assert_ok(apr_file_close(file));
    fb_str all = fb_str_from_len(text, len);
    ck_assert_int_lt(fb_str_find(all, FB_STR("geheim")), 0);
    ck_assert_int_lt(fb_str_find(all, FB_STR(KEY)), 0);
    ck_assert_ok(fb_settings_report_compare(problems, settings, pool, &error));
    ck_assert_int_eq(problems->nelts, 0);

    environment = nearer;
    ck_assert_ok(load_home());
    problems = apr_array_make(pool, 1, sizeof(fb_problem));
    ck_assert_ok(fb_settings_report_compare(problems, settings, pool, &error));
    ck_assert(has_problem(FB_PROBLEM_WARNING, "APP_NAME differs: httpd has Flask-Base (default), "
                                              "the command line Env (environment)"));
    ck_assert(has_problem(FB_PROBLEM_WARNING, "MAIL_PASSWORD differs: httpd has set to something"));
    ck_assert(has_problem(FB_PROBLEM_NOTE, "httpd has HASH_QUEUE = 8 (default)"));
    for (int i = 0; i < problems->nelts; i++) {
        const char *line = APR_ARRAY_IDX(problems, i, fb_problem).text;
        ck_assert(strstr(line, "geheim") == NULL && strstr(line, "other") == NULL);
    }

    static const char *const damaged[] = { "", "{", "[]", "{\"settings\":3}", "{\"a\":1}" };
    for (unsigned i = 0; i < COUNT(damaged); i++) {
        ck_assert_ok(apr_file_open(&file, path, APR_FOPEN_WRITE | APR_FOPEN_TRUNCATE, 0, pool));
        ck_assert_ok(apr_file_write_full(file, damaged[i], strlen(damaged[i]), NULL));
        ck_assert_ok(apr_file_close(file));
        apr_status_t status = fb_settings_report_compare(problems, settings, pool, &error);
        ck_assert_msg(status == (i == 3 ? APR_SUCCESS : FB_ESYNTAX), "%s: %d", damaged[i], status);
    }
    ck_assert_ok(apr_file_remove(path, pool));
}
END_TEST

static void add(TCase *tests)
{
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, every_row_is_whole);
    tcase_add_loop_test(tests, values, 0, (int)COUNT(value_cases));
    tcase_add_test(tests, secrets_stay_out_of_messages);
    tcase_add_test(tests, precedence);
    tcase_add_test(tests, profiles);
    tcase_add_test(tests, which_database);
    tcase_add_loop_test(tests, rules, 0, (int)COUNT(key_cases));
    tcase_add_test(tests, env_file_rules);
    tcase_add_test(tests, places);
    tcase_add_test(tests, derived_defaults);
    tcase_add_test(tests, report);
}

int main(void)
{
    return unit_main("base_settings", add);
}
