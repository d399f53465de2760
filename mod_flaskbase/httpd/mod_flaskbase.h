/* For other modules of httpd: which requests the site answers, and what its session takes.
 *
 * Installed as <flaskbase/mod_flaskbase.h> beside httpd's own headers, where apxs finds it. Nothing
 * is linked: the function is an optional one, NULL where this module is not loaded. Look it up when
 * the modules are all there (post_config or later, not in register_hooks):
 *
 *     APR_OPTIONAL_FN_TYPE(flaskbase_owns) *owns = APR_RETRIEVE_OPTIONAL_FN(flaskbase_owns);
 *
 *     if (owns != NULL && owns(r)) { … }
 *
 * With `Session On`, keys of the site's session are read and written through mod_session's own API
 * (ap_session_load, ap_session_get, ap_session_set). The login is not among them, and a login or
 * logout drops them all. */
#ifndef FB_HTTPD_MOD_FLASKBASE_H
#define FB_HTTPD_MOD_FLASKBASE_H

#include <apr_optional.h>
#include <httpd.h>

/* Raised when something here changes its meaning. */
#define FLASKBASE_API 1

/* r->handler of what the site answers. */
#define FLASKBASE_HANDLER "flaskbase"

/* Keys of all other modules together in one session. Where there are more, or larger ones, the
 * change is not saved, and the error log says so. */
#define FLASKBASE_SESSION_KEYS_MAX  32
#define FLASKBASE_SESSION_BYTES_MAX 1024 /* name, value and 3 bytes for each */

/* Not 0: the site answers this very request. Known after translate_name; internal redirects and
 * sub-requests are asked about by themselves. Needs no database and allocates nothing. */
APR_DECLARE_OPTIONAL_FN(int, flaskbase_owns, (const request_rec *r));

#endif
