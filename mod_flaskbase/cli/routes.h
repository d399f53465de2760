/* The chapter of the reference on routes. */
#ifndef FB_CLI_ROUTES_H
#define FB_CLI_ROUTES_H

#include "cli/command.h"

void fb_cli_routes_reference(fb_buf *out, apr_pool_t *pool);

#endif
