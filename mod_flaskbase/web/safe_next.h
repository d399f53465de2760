/* Where `next=` may lead: same-site absolute paths alone (D3). */
#ifndef FB_WEB_SAFE_NEXT_H
#define FB_WEB_SAFE_NEXT_H

#include "web/site.h"

#define FB_NEXT_MAX 1024 /* bytes */

/* Yes or no, by an allow-list grammar on the still escaped text: "/" or "/" followed by anything
 * but "/" and "\"; only RFC 3986 path and query characters; no %-escape that decodes to a control
 * character, "/", "\" or "%"; no segment "." or ".."; no fragment; below the site's mount. */
bool fb_safe_next(const fb_site *site, fb_str next);

#endif
