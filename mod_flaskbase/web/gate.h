/* The steps between route and view that may end a request: host, scheme, access, throttle. */
#ifndef FB_WEB_GATE_H
#define FB_WEB_GATE_H

#include "web/context.h"

/* Each fills the reply and returns FB_GATE_ANSWERED when the request ends here. */
typedef enum fb_gate { FB_GATE_OPEN, FB_GATE_ANSWERED } fb_gate;

bool fb_gate_host_ok(const fb_site *site, const fb_request *request);
/* X9: http to https in production. */
fb_gate fb_gate_scheme(fb_context *context);
/* X2, X3, X4, R34: login, permission, confirmed, password change due, fresh. */
fb_gate fb_gate_access(fb_context *context, apr_status_t *status, fb_error *error);

#endif
