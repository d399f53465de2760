/* How the rows of statements become structs, and checks that models share. Private to store/. */
#ifndef FB_STORE_ROWS_H
#define FB_STORE_ROWS_H

#include "store/user.h"

/* Numbers of columns that each takes (sql.c lists them in this order). */
#define FB_ROLE_COLUMNS  6
#define FB_USER_COLUMNS  (12 + FB_ROLE_COLUMNS)
#define FB_LOGIN_COLUMNS 10

/* `pool` as in fb_db_get_str. */
void fb_role_read(fb_role *role, const fb_db_value *columns, apr_pool_t *pool);
void fb_user_read(fb_user *user, const fb_db_value *columns, apr_pool_t *pool);

/* fb_db_exec for a statement that must change a row: FB_ENOTFOUND when it changed none. */
apr_status_t fb_db_exec_one(fb_db *db, fb_sql_id id, fb_db_params params, apr_pool_t *pool,
                            fb_error *error) FB_MUST_CHECK;

#endif
