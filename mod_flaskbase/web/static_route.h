/* The one route that every site has: its static files. */
#ifndef FB_WEB_STATIC_ROUTE_H
#define FB_WEB_STATIC_ROUTE_H

#include "web/route.h"

extern const fb_blueprint fb_web_static;

#endif
