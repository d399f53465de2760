/* Opening a database by itself, without httpd's pool: for the CLI, start-up checks and tests. */
#ifndef FB_STORE_OPEN_H
#define FB_STORE_OPEN_H

#include "store/db.h"

/* FB_DB_CREATE (SQLite only) makes a missing file with mode 0600 and a missing folder with 0700;
 * parents of the folder must exist. A file that is there becomes 0600, too. */
typedef enum fb_db_create { FB_DB_EXISTING, FB_DB_CREATE } fb_db_create;

/* The connection closes with `pool`. FB_ENOTFOUND: FB_DB_EXISTING and there is no such file;
 * FB_EUNAVAIL or the system's status: it can't be opened; FB_EINVALID: built without the engine. */
apr_status_t fb_db_open(fb_db **db, const fb_dburl *url, fb_db_create create,
                        const fb_db_options *options, apr_pool_t *pool,
                        fb_error *error) FB_MUST_CHECK;

#endif
