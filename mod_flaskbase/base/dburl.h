/* DATABASE_URL, taken apart once for module (mod_dbd) and CLI alike. */
#ifndef FB_BASE_DBURL_H
#define FB_BASE_DBURL_H

#include "base/error.h"

typedef enum fb_db_engine { FB_DB_SQLITE, FB_DB_PGSQL } fb_db_engine;

typedef struct fb_dburl {
    fb_db_engine engine;
    const char *driver;        /* APR's name: "sqlite3" or "pgsql" */
    const char *params;        /* what DBDParams / apr_dbd_open take: the file, or a libpq conninfo
                         * string with every value quoted; holds the password */
    const char *public_params; /* params without passwords, for a client's command line */
    const char *password;      /* PostgreSQL: the password, or NULL */
    const char *path;          /* SQLite: absolute path of the file; NULL otherwise */
    const char *shown;         /* the URL with the password as ***, for messages */
} fb_dburl;

/* sqlite:///relative (to `base`, an absolute folder) and sqlite:////absolute; postgresql:// and
 * postgres:// with everything libpq's URIs know: user, password, several host:port, [IPv6],
 * sockets as %2Fpath, database, ?keyword=value. SQLAlchemy's "+driver" behind the scheme is
 * accepted. `connect_timeout` is added where the URL has none (2 s).
 * FB_ESYNTAX or FB_EINVALID with a message that never shows the password. */
apr_status_t fb_dburl_parse(fb_dburl **out, fb_str url, const char *base, apr_pool_t *pool,
                            fb_error *error) FB_MUST_CHECK;

#endif
