/* Error pages in the site's layout (R26). */
#ifndef FB_WEB_ERROR_PAGE_H
#define FB_WEB_ERROR_PAGE_H

#include "web/context.h"

/* Makes the reply the page of that status: template errors/STATUS.html, a problem document for a
 * script, or a page without template when there is none or it fails. `reason` is a sentence for
 * people, already translated, or NULL. Never asks the database. */
void fb_error_page(fb_context *context, int status, const char *reason);
/* The same for 429 and 503, with Retry-After. */
void fb_error_page_later(fb_context *context, int status, const char *reason,
                         apr_interval_time_t wait);
/* What a failed view becomes: the page for its status, and one line in the log. */
void fb_error_page_for(fb_context *context, apr_status_t failure, const fb_error *error);

#endif
