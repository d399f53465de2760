/* One setting's value while settings are put together: for base/settings*.c alone. */
#ifndef FB_BASE_SETTINGS_VALUE_H
#define FB_BASE_SETTINGS_VALUE_H

#include "base/settings.h"

typedef struct fb_setting_value {
    fb_source source;
    const char *origin;
    const char *text; /* as given, or normalised (PATH, URL); NULL: not set */
    apr_int64_t number;
    fb_rate rate;
    apr_array_header_t *list; /* of const char * */
} fb_setting_value;

struct fb_settings {
    fb_profile profile;
    const fb_paths *paths;
    const fb_dburl *database;
    const char *cookie_name;
    fb_setting_value values[FB_SET__COUNT];
};

/* What is found wrong on the way. */
typedef struct fb_problems {
    apr_array_header_t *found; /* of fb_problem, in the order they were found */
    apr_pool_t *pool;
    fb_error *error;     /* the caller's; filled by the first error */
    apr_status_t status; /* of the first error */
} fb_problems;

void fb_problems_init(fb_problems *problems, apr_pool_t *pool, fb_error *error);
void fb_problems_fail(fb_problems *problems, apr_status_t status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void fb_problems_warn(fb_problems *problems, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void fb_problems_note(fb_problems *problems, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Errors first, then warnings, then notes; each in the order they were found. */
apr_array_header_t *fb_problems_sorted(const fb_problems *problems);

/* The rules between settings, when all have their values; chooses the profile's database. */
void fb_settings_judge(fb_settings *settings, fb_problems *problems);

/* Parses and checks `text` by the row's type and range and fills value->text and its parsed forms.
 * `base` is what relative paths are relative to; NULL refuses them. */
apr_status_t fb_setting_parse(fb_setting_value *value, fb_setting_id id, const char *text,
                              const char *base, apr_pool_t *pool, fb_error *error) FB_MUST_CHECK;

#endif
