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

/* Parses and checks `text` by the row's type and range and fills value->text and its parsed forms.
 * `base` is what relative paths are relative to; NULL refuses them. */
apr_status_t fb_setting_parse(fb_setting_value *value, fb_setting_id id, const char *text,
                              const char *base, apr_pool_t *pool, fb_error *error) FB_MUST_CHECK;

#endif
