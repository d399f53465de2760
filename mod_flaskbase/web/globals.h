/* What templates find besides a view's own variables (SPEC T6, T8). */
#ifndef FB_WEB_GLOBALS_H
#define FB_WEB_GLOBALS_H

#include "web/context.h"

/* current_user, config, request, g-like values of this request, in its arena; NULL: no memory.
 * Nothing is looked up in the database for it. */
fb_dict *fb_globals_dict(fb_context *context);

#endif
