/* Opening a PostgreSQL database. Private to store/. */
#ifndef FB_STORE_PGSQL_H
#define FB_STORE_PGSQL_H

#include "store/db.h"

apr_status_t fb_pgsql_open(fb_db **db, const fb_dburl *url, const fb_db_options *options,
                           apr_pool_t *pool, fb_error *error) FB_MUST_CHECK;

#endif
