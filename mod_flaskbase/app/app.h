/* The application: its blueprints, in the order of the reference. */
#ifndef FB_APP_APP_H
#define FB_APP_APP_H

#include "web/route.h"

extern const fb_blueprint fb_app_main;    /* home, about */
extern const fb_blueprint fb_app_account; /* /account: signing in and out, one's own account */
extern const fb_blueprint fb_app_admin;   /* /admin: administration */

/* All of them, for fb_site_parts. */
extern const fb_blueprint *const fb_app_blueprints[];
extern const apr_size_t fb_app_blueprint_count;

#endif
