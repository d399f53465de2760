/* What is remembered of a visitor's device: network and browser (X7, R29). */
#ifndef FB_WEB_VISITOR_H
#define FB_WEB_VISITOR_H

#include "web/request.h"

/* "192.0.2.0/24", "2001:db8:1::/48"; "" when the address is not known. */
fb_str fb_visitor_network(const fb_request *request);
/* "Firefox", "Chrome", "Safari" …; else the first product's name, cut to 32 bytes; "" without
 * User-Agent. Versions are left out, so that an update ends no session. */
fb_str fb_visitor_browser(const fb_request *request);

#endif
