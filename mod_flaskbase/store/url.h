/* DATABASE_URL, read alike by the module and the CLI (SPEC section 6). */
#ifndef FB_STORE_URL_H
#define FB_STORE_URL_H

#include "store/db.h"

typedef struct fb_db_url {
    fb_db_engine engine;
    const char *path;   /* SQLite: absolute path of the file; else NULL */
    const char *driver; /* mod_dbd's DBDriver: "sqlite3" or "pgsql" */
    const char *params; /* mod_dbd's DBDParams, the string for apr_dbd_open; may hold a password */
    const char *display; /* without password, for people */
} fb_db_url;

/* sqlite:///relative (to `home`), sqlite:////absolute, postgresql:// and postgres:// with all
 * options of libpq. FB_EINVALID; the words never hold the password. */
apr_status_t fb_db_url_parse(fb_db_url *out, fb_str url, const char *home, apr_pool_t *pool,
                             fb_error *error) FB_MUST_CHECK;

/* The file must exist already unless FB_DB_CREATE; then it is made with mode 0600, its folder
 * (when missing) with 0700. The connection closes with `pool`. */
typedef enum fb_db_create { FB_DB_EXISTING, FB_DB_CREATE } fb_db_create;
apr_status_t fb_db_open(fb_db **db, const fb_db_url *url, fb_db_create create,
                        const fb_db_options *options, apr_pool_t *pool,
                        fb_error *error) FB_MUST_CHECK;

#endif
