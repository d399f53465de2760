/* Cleans stored HTML before a page shows it. */
#ifndef FB_APP_HTML_CLEAN_H
#define FB_APP_HTML_CLEAN_H

#include "base/error.h"

#define FB_HTML_CLEAN_MAX ((apr_size_t)1 << 20) /* bytes in */

/* Writes `html` anew: text fully escaped, the tags of a short list without attributes (links keep
 * an address that is relative, http, https or mailto), each opened tag closed. All other tags go,
 * and of those that hold code or foreign markup their content too. Never passes input through
 * unseen, so what a browser's parser would make of odd input does not matter.
 * Cleaning twice changes nothing more. In `pool`. FB_ELIMIT: too large. */
apr_status_t fb_html_clean(fb_str *out, fb_str html, apr_pool_t *pool,
                           fb_error *error) FB_MUST_CHECK;

#endif
