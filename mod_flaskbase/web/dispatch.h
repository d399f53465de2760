/* The life of a request: route, session, throttle, access, CSRF, view, render, headers. */
#ifndef FB_WEB_DISPATCH_H
#define FB_WEB_DISPATCH_H

#include "web/reply.h"
#include "web/site.h"

/* X5: does this (decoded) path belong to the site? Cheap, no allocation; for httpd's early hook,
 * which declines everything else. */
fb_owns fb_web_owns(const fb_site *site, fb_str path);

/* Answers a request that the site owns. Always yields a complete reply, error pages included, and
 * never fails: what goes wrong is logged (once, with the incident id) and becomes a 4xx or 5xx. */
void fb_web_dispatch(fb_reply **out, const fb_site *site, const fb_request *request);

/* The error page of that status in the site's layout (a problem document for scripts): what
 * fb_web_dispatch makes for its own errors, and httpd's ErrorDocument for others (X5). Never
 * touches the database, and falls back to a page without template if rendering fails. */
void fb_web_error_page(fb_reply **out, const fb_site *site, const fb_request *request, int status,
                       const char *detail);

/* Security headers of every reply (ASVS 3.4), also of those that another handler made. */
void fb_web_security_headers(fb_reply *reply, const fb_site *site, const fb_request *request);

#endif
