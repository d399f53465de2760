/* The rules between settings, and those of single ones that their types can't tell. */
#include "base/settings_value.h"

#include <apr_network_io.h>
#include <apr_strings.h>
#include <string.h>

#include "base/banned.h"

/* The setting that names the profile's database. A development site may name its own; the testing
 * profile takes nothing but TEST_DATABASE_URL, because tests destroy what they find. */
static fb_setting_id database_setting(const fb_settings *s)
{
    fb_setting_id own = FB_SET_DEV_DATABASE_URL;

    if (s->profile == FB_PROFILE_TESTING) {
        return FB_SET_TEST_DATABASE_URL;
    }
    /* What comes from nearer (environment over file) counts, whatever its name. */
    if (s->profile == FB_PROFILE_DEVELOPMENT && fb_settings_text(s, own) != NULL &&
        fb_settings_source(s, FB_SET_DATABASE_URL) <= fb_settings_source(s, own)) {
        return own;
    }
    return FB_SET_DATABASE_URL;
}

static void judge_database(fb_settings *s, fb_problems *p)
{
    fb_setting_id id = database_setting(s);
    const char *text = fb_settings_text(s, id);
    fb_dburl *url;
    fb_error error;

    if (text == NULL) {
        text = fb_setting_row(FB_SET_DATABASE_URL)->testing;
        if (fb_settings_source(s, FB_SET_DATABASE_URL) != FB_FROM_DEFAULT) {
            fb_problems_note(p, "the testing profile ignores DATABASE_URL; set TEST_DATABASE_URL");
        }
    }
    fb_error_init(&error, p->pool);
    if (fb_dburl_parse(&url, fb_str_from(text), s->paths->state, p->pool, &error) != APR_SUCCESS) {
        fb_problems_fail(p, error.status, "%s: %s: %s", fb_settings_origin(s, id),
                         fb_setting_name(id), error.message);
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

static void judge_keys(const fb_settings *s, fb_problems *p)
{
    const char *key = fb_settings_text(s, FB_SET_SECRET_KEY);
    const apr_array_header_t *old = fb_settings_list(s, FB_SET_SECRET_KEY_OLD);
    const char *where = s->paths->env_file != NULL ? s->paths->env_file : "the env file";

    if (key == NULL && fb_settings_source(s, FB_SET_SECRET_KEY) == FB_FROM_DEFAULT &&
        strcmp(fb_settings_origin(s, FB_SET_SECRET_KEY), "default") == 0) {
        fb_problems_fail(p, FB_EINVALID,
                         "SECRET_KEY is not set: put a line SECRET_KEY=... into %s, with what "
                         "`flaskbase secret-key` prints",
                         where);
    } else if (key != NULL && is_poor_key(key)) {
        fb_problems_fail(
            p, FB_EINVALID,
            "%s: SECRET_KEY is an example from documentation or no random text: replace it by what "
            "`flaskbase secret-key` prints",
            fb_settings_origin(s, FB_SET_SECRET_KEY));
    }
    for (int i = 0; i < old->nelts; i++) {
        const char *retired = APR_ARRAY_IDX(old, i, const char *);
        if (key != NULL && strcmp(retired, key) == 0) {
            fb_problems_warn(p, "SECRET_KEY_OLD holds the present SECRET_KEY: nothing was rotated");
        } else if (strlen(retired) < 16) {
            fb_problems_warn(
                p,
                "SECRET_KEY_OLD: key %d is shorter than 16 bytes: who guesses it can forge "
                "sessions until it is taken out",
                i + 1);
        }
    }
}

static void judge_mount(const fb_settings *s, fb_problems *p)
{
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
        fb_problems_fail(
            p, FB_EINVALID,
            "%s: APPLICATION_ROOT must be \"/\" or a path like \"/members\": letters, digits, - _ "
            ". ~, "
            "no slash at the end",
            fb_settings_origin(s, FB_SET_MOUNT));
        return;
    }
    if (base_url == NULL) {
        fb_problems_warn(
            p,
            "BASE_URL is not set: mails with links can't be written; set it to the site's address, "
            "like https://www.example.com");
        return;
    }
    const char *path = strchr(strstr(base_url, "://") + 3, '/');
    if (path != NULL && strcmp(path, mount) != 0) {
        fb_problems_fail(p, FB_EINVALID,
                         "%s: the path of BASE_URL (%s) is not APPLICATION_ROOT (%s)",
                         fb_settings_origin(s, FB_SET_BASE_URL), path, mount);
    }
    if (fb_settings_in_production(s) && !fb_settings_flag(s, FB_SET_SSL_DISABLE) &&
        strncmp(base_url, "http:", 5) == 0) {
        fb_problems_warn(
            p, "BASE_URL starts with http:// although the site is served over https (SSL_DISABLE "
               "is off)");
    }
}

static void judge_limits(const fb_settings *s, fb_problems *p)
{
    apr_int64_t n = fb_settings_int(s, FB_SET_SCRYPT_N);
    apr_int64_t r = fb_settings_int(s, FB_SET_SCRYPT_R);

    if (fb_settings_duration(s, FB_SET_SESSION_IDLE) >
        fb_settings_duration(s, FB_SET_SESSION_ABSOLUTE)) {
        fb_problems_fail(p, FB_EINVALID, "SESSION_IDLE is longer than SESSION_ABSOLUTE");
    }
    if ((n & (n - 1)) != 0) {
        fb_problems_fail(p, FB_EINVALID, "%s: SCRYPT_N must be a power of two, like 32768",
                         fb_settings_origin(s, FB_SET_SCRYPT_N));
    }
    if (128 * n * r > fb_settings_int(s, FB_SET_HASH_MEMORY)) {
        fb_problems_fail(p, FB_EINVALID,
                         "a scrypt hash takes 128*SCRYPT_N*SCRYPT_R = %s, more than HASH_MEMORY "
                         "allows",
                         fb_num_size_text(p->pool, 128 * n * r));
    }
    if (fb_settings_in_production(s)) {
        if (n < 16384) {
            fb_problems_warn(p, "SCRYPT_N below 16384 makes stolen password hashes cheap to guess");
        }
        if (fb_settings_int(s, FB_SET_PBKDF2_ITERATIONS) < 100000) {
            fb_problems_warn(
                p, "PBKDF2_ITERATIONS below 100000 makes stolen password hashes cheap to guess");
        }
        if (fb_settings_is(s, FB_SET_ADMIN_PASSWORD, "password")) {
            fb_problems_fail(p, FB_EINVALID,
                             "%s: ADMIN_PASSWORD is the documented example: choose another",
                             fb_settings_origin(s, FB_SET_ADMIN_PASSWORD));
        }
    }
}

static void judge_networks(const fb_settings *s, fb_problems *p)
{
    const apr_array_header_t *list = fb_settings_list(s, FB_SET_TRUSTED_PROXIES);

    for (int i = 0; i < list->nelts; i++) {
        const char *word = APR_ARRAY_IDX(list, i, const char *);
        fb_str mask = fb_str_from(word);
        fb_str address = fb_str_split(&mask, '/');
        apr_ipsubnet_t *net;
        if (apr_ipsubnet_create(&net, fb_str_to_z(p->pool, address),
                                mask.ptr != NULL ? fb_str_to_z(p->pool, mask) : NULL,
                                p->pool) != APR_SUCCESS) {
            fb_problems_fail(p, FB_EINVALID,
                             "%s: TRUSTED_PROXIES: \"%s\" is no IP address or network",
                             fb_settings_origin(s, FB_SET_TRUSTED_PROXIES), word);
        }
    }
}

static void judge_mail(const fb_settings *s, fb_problems *p)
{
    bool mailgun = fb_settings_text(s, FB_SET_MAIL_API) != NULL ||
                   fb_settings_text(s, FB_SET_MAIL_KEY) != NULL;
    bool smtp = fb_settings_text(s, FB_SET_MAIL_SERVER) != NULL;

    if (fb_settings_text(s, FB_SET_MAIL_DOMAIN) != NULL && !mailgun) {
        fb_problems_warn(p, "MAIL_DOMAIN is set without MAIL_KEY");
    }
    if (fb_settings_is(s, FB_SET_MAIL_TRANSPORT, "smtp") && !smtp) {
        fb_problems_fail(p, FB_EINVALID, "MAIL_TRANSPORT is smtp, but MAIL_SERVER is not set");
    }
    if (fb_settings_is(s, FB_SET_MAIL_TRANSPORT, "mailgun") && !mailgun) {
        fb_problems_fail(p, FB_EINVALID,
                         "MAIL_TRANSPORT is mailgun, but neither MAIL_KEY nor MAIL_API is set");
    }
    if (!fb_settings_in_production(s)) {
        return;
    }
    if (fb_settings_is(s, FB_SET_MAIL_TRANSPORT, "none") ||
        (fb_settings_is(s, FB_SET_MAIL_TRANSPORT, "auto") && !smtp && !mailgun)) {
        fb_problems_warn(
            p,
            "no way to send mail is configured (MAIL_SERVER, or MAIL_DOMAIN and MAIL_KEY): mails "
            "wait, and registering and password resets answer 503");
    } else if (fb_settings_is(s, FB_SET_MAIL_TRANSPORT, "file")) {
        fb_problems_warn(p, "MAIL_TRANSPORT is file: mails are kept on disk and never sent");
    } else if (fb_settings_text(s, FB_SET_MAIL_ADDRESS) == NULL &&
               fb_settings_text(s, FB_SET_MAIL_DEFAULT_SENDER) == NULL) {
        fb_problems_fail(p, FB_EINVALID,
                         "mail has no sender: set MAIL_ADDRESS or MAIL_DEFAULT_SENDER");
    }
}

void fb_settings_judge(fb_settings *settings, fb_problems *problems)
{
    judge_keys(settings, problems);
    judge_database(settings, problems);
    judge_mount(settings, problems);
    judge_limits(settings, problems);
    judge_networks(settings, problems);
    judge_mail(settings, problems);
}
