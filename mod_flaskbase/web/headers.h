/* Headers that replies carry: security, caching, validators. */
#ifndef FB_WEB_HEADERS_H
#define FB_WEB_HEADERS_H

#include "web/context.h"

/* Makes site->headers: once, at start. */
void fb_headers_prepare(fb_site *site);
/* "W/\"…\"" over the bytes of the body: SipHash under a key derived from the site's. */
const char *fb_headers_etag(const fb_site *site, const fb_chunks *chunks, apr_pool_t *pool);
/* The last step of a page: Set-Cookie, Vary, Cache-Control, ETag and 304 (X12), referrer policy of
 * token pages. */
void fb_headers_finish(fb_context *context);

#endif
