/* Users and roles as templates see them: tables of attributes, never the password hash. */
#ifndef FB_WEB_USER_OBJECT_H
#define FB_WEB_USER_OBJECT_H

#include "web/context.h"

/* The visitor: a User, or an AnonymousUser that can nothing. */
fb_value fb_user_object_current(fb_context *context);
/* Any user, for pages that show others. Lives in the request's arena; `user` must live as long. */
fb_value fb_user_object(fb_context *context, const fb_user *user);
fb_value fb_role_object(fb_context *context, const fb_role *role);

#endif
