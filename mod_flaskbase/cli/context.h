/* Values of templates from JSON, for the commands that render. */
#ifndef FB_CLI_CONTEXT_H
#define FB_CLI_CONTEXT_H

#include "base/json.h"
#include "template/template.h"

/* The value of a JSON node; strings are borrowed from it. */
apr_status_t fb_cli_value(fb_value *out, const fb_json *node, fb_arena *arena,
                          fb_error *error) FB_MUST_CHECK;
/* The members of an object, or an empty dict for NULL. */
apr_status_t fb_cli_dict(fb_dict **out, const fb_json *node, fb_arena *arena,
                         fb_error *error) FB_MUST_CHECK;
/* Whole files, up to 64 MB. */
apr_status_t fb_cli_read_file(fb_str *out, const char *path, apr_pool_t *pool,
                              fb_error *error) FB_MUST_CHECK;

struct fb_cli;
/* flaskbase render --cases FILE… */
int fb_cli_run_cases(struct fb_cli *cli, const char *path);

#endif
