/* What httpd has in force, left in the state folder for the command line to compare with. */
#ifndef FB_BASE_SETTINGS_REPORT_H
#define FB_BASE_SETTINGS_REPORT_H

#include "base/settings.h"

/* Writes settings.json into the state folder, replacing it in one step: every setting with its
 * value and origin; of secrets a fingerprint keyed with SECRET_KEY, which tells nothing to who
 * does not know that key. Mode 0600. A system's status when it can't be written. */
apr_status_t fb_settings_report_write(const fb_settings *settings, apr_time_t now, apr_pool_t *pool,
                                      fb_error *error) FB_MUST_CHECK;

/* Adds to `problems` (of fb_problem) a line for each setting that differs from httpd's: a warning
 * for those both use, a note for those that httpd alone uses. FB_ENOTFOUND when httpd has left no
 * report, FB_ESYNTAX when it can't be understood. */
apr_status_t fb_settings_report_compare(apr_array_header_t *problems, const fb_settings *settings,
                                        apr_pool_t *pool, fb_error *error) FB_MUST_CHECK;

#endif
