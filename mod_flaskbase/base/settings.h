/* Settings: the table (settings.def), where values come from, what is in force. */
#ifndef FB_BASE_SETTINGS_H
#define FB_BASE_SETTINGS_H

#include "base/dburl.h"
#include "base/num.h"
#include "base/paths.h"

#include <apr_tables.h>

#define FB_KIB ((apr_int64_t)1024)
#define FB_MIB (1024 * FB_KIB)
#define FB_MSEC   ((apr_int64_t)1000)
#define FB_SEC    (1000 * FB_MSEC)
#define FB_MINUTE (60 * FB_SEC)
#define FB_HOUR   (60 * FB_MINUTE)
#define FB_DAY    (24 * FB_HOUR)

/* How a value is written and read back. In every type an empty value means "not given". */
typedef enum fb_setting_type {
    FB_TYPE_TEXT,  /* UTF-8 without control characters; min, max: bytes */
    FB_TYPE_NAME,  /* [A-Za-z0-9_.-]+; max: bytes */
    FB_TYPE_EMAIL, /* something@host; max: bytes */
    FB_TYPE_URL,   /* http(s)://host[:port][/path], kept without a slash at the end */
    FB_TYPE_PATH,  /* made absolute: from the env file's folder or, in a directive, by httpd */
    FB_TYPE_FLAG,  /* on/off, true/false, yes/no, 1/0 */
    FB_TYPE_INT,
    FB_TYPE_SIZE,     /* 8M; min, max: bytes */
    FB_TYPE_DURATION, /* 30m; min, max: microseconds */
    FB_TYPE_RATE,     /* 10/15m or off; min, max: the count */
    FB_TYPE_CHOICE,   /* one of the words of `choices` */
    FB_TYPE_LIST,     /* separated by blanks or commas; max: elements */
    FB_TYPE_WORDS,    /* separated by blanks only; max: elements */
    FB_TYPE_PATHS     /* as LIST, each as PATH */
} fb_setting_type;

typedef enum fb_setting_used_by {
    FB_USED_BY_BOTH,
    FB_USED_BY_MODULE,
    FB_USED_BY_CLI
} fb_setting_used_by;

/* Where the directive may stand. */
typedef enum fb_setting_place {
    FB_PLACE_SERVER,  /* server config and virtual hosts */
    FB_PLACE_LOCATION /* also <Location> and the like */
} fb_setting_place;

enum {
    FB_SET_SECRET = 1,     /* never shown; an env file that holds it must be private */
    FB_SET_NOT_IN_FILE = 2 /* means nothing inside the env file */
};

typedef struct fb_setting {
    const char *env;       /* name in environment and env file; NULL: directive only */
    const char *directive; /* NULL: none */
    fb_setting_type type;
    fb_setting_used_by used_by;
    fb_setting_place place;
    unsigned flags;
    apr_int64_t min;
    apr_int64_t max; /* 0 with min 0: no bounds */
    const char *choices;
    const char *dflt;        /* NULL: not set */
    const char *development; /* the profiles' own defaults; NULL: as dflt */
    const char *testing;
    const char *heroku;
    const char *unix_;
    const char *doc;
} fb_setting;

#define FB_SETTING(id, ...) id,
typedef enum fb_setting_id {
#include "base/settings.def"
    FB_SET__COUNT
} fb_setting_id;
#undef FB_SETTING

const fb_setting *fb_setting_row(fb_setting_id id);
/* The row with that name in the environment, or with that directive (any case); false if none. */
bool fb_setting_by_env(fb_setting_id *out, fb_str name);
bool fb_setting_by_directive(fb_setting_id *out, fb_str name);
/* What to call it in messages: the env name, or else the directive. */
const char *fb_setting_name(fb_setting_id id);
/* "a duration from 1m to 30d": what a value may be. In `pool`. */
const char *fb_setting_expects(fb_setting_id id, apr_pool_t *pool);
/* Whether a value is acceptable by itself: FB_EINVALID with a message that names setting and
 * expectation, and no value when it is a secret. For directives as they are read. */
apr_status_t fb_setting_check(fb_setting_id id, const char *value, apr_pool_t *pool,
                              fb_error *error) FB_MUST_CHECK;

typedef enum fb_profile {
    FB_PROFILE_DEVELOPMENT,
    FB_PROFILE_TESTING,
    FB_PROFILE_PRODUCTION,
    FB_PROFILE_HEROKU,
    FB_PROFILE_UNIX
} fb_profile;

/* Later ones win. */
typedef enum fb_source {
    FB_FROM_DEFAULT,
    FB_FROM_FILE,
    FB_FROM_ENVIRONMENT,
    FB_FROM_DIRECTIVE /* also: an option of the command line */
} fb_source;

/* A value that a directive or an option gives. A later element for the same setting wins; those of
 * FB_TYPE_LIST and FB_TYPE_PATHS add up. */
typedef struct fb_setting_given {
    fb_setting_id id;
    const char *value;
    const char *origin; /* "site.conf:12", "--home" */
} fb_setting_given;

typedef struct fb_settings_input {
    const apr_array_header_t *given; /* of fb_setting_given; may be NULL */
    /* Looks a name up in the process environment; NULL where that does not count (a server with
     * several sites). */
    const char *(*getenv)(void *baton, const char *name);
    void *baton;
    const char *cwd; /* what relative paths of `given` and environment are relative to */
} fb_settings_input;

typedef enum fb_problem_level {
    FB_PROBLEM_ERROR,
    FB_PROBLEM_WARNING,
    FB_PROBLEM_NOTE
} fb_problem_level;
typedef struct fb_problem {
    fb_problem_level level;
    const char *text; /* one line, with the place in front */
} fb_problem;

/* What is in force for one site. Immutable; lives in the pool given to fb_settings_load. */
typedef struct fb_settings fb_settings;

/* Gathers, checks and combines all sources, and reads the env file. `problems` becomes an array
 * of fb_problem with everything found, errors first. With an error in it the status is that of the
 * first (FB_EINVALID, FB_EDENIED for an env file that others can read, …), which `error` tells;
 * *out is set even then, for `config check` only, unless the env file itself could not be
 * read. */
apr_status_t fb_settings_load(fb_settings **out, apr_array_header_t **problems,
                              const fb_settings_input *input, apr_pool_t *pool,
                              fb_error *error) FB_MUST_CHECK;

/* The values, parsed. Asking for another type than the row's is a programming error and gives
 * the zero value. */
bool fb_settings_flag(const fb_settings *settings, fb_setting_id id);
apr_int64_t fb_settings_int(const fb_settings *settings, fb_setting_id id); /* INT, SIZE */
apr_interval_time_t fb_settings_duration(const fb_settings *settings, fb_setting_id id);
fb_rate fb_settings_rate(const fb_settings *settings, fb_setting_id id);
/* TEXT, NAME, EMAIL, URL, PATH, CHOICE; NULL when not set. */
const char *fb_settings_text(const fb_settings *settings, fb_setting_id id);
bool fb_settings_is(const fb_settings *settings, fb_setting_id id, const char *choice);
/* LIST, WORDS, PATHS: an array of const char *, never NULL. */
const apr_array_header_t *fb_settings_list(const fb_settings *settings, fb_setting_id id);

fb_profile fb_settings_profile(const fb_settings *settings);
/* production, heroku and unix: nothing that helps developing may be on. */
bool fb_settings_in_production(const fb_settings *settings);
/* The profile's database. */
const fb_dburl *fb_settings_database(const fb_settings *settings);
const fb_paths *fb_settings_paths(const fb_settings *settings);
/* Name of the session cookie without prefix: SESSION_COOKIE_NAME, or made from the site. */
const char *fb_settings_cookie_name(const fb_settings *settings);

fb_source fb_settings_source(const fb_settings *settings, fb_setting_id id);
/* "default (development)", "environment", "/etc/flaskbase/a.env:3", "site.conf:12". */
const char *fb_settings_origin(const fb_settings *settings, fb_setting_id id);
/* The value as text for people: secrets as "(set)" or "(not set)", a database URL without its
 * password. In `pool`. */
const char *fb_settings_shown(const fb_settings *settings, fb_setting_id id, apr_pool_t *pool);

#endif
