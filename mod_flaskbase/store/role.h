/* Roles and their permissions (SPEC M1, M4, M5). */
#ifndef FB_STORE_ROLE_H
#define FB_STORE_ROLE_H

#include "store/db.h"

#define FB_PERMISSION_GENERAL    0x01
#define FB_PERMISSION_ADMINISTER 0xff

/* Strings live in the pool given to the function that returned the role. */
typedef struct fb_role {
    apr_int64_t id;
    fb_str name;
    fb_str index; /* where a login lands: "main", "admin", or a site's own */
    bool is_default;
    apr_int64_t permissions;
    apr_int64_t version; /* grows with every change */
} fb_role;

/* (permissions & p) == p, and always when all of 0xff is set; never for NULL (anonymous). */
bool fb_role_can(const fb_role *role, apr_int64_t permission);
bool fb_role_is_admin(const fb_role *role);

/* FB_ENOTFOUND when there is none. */
apr_status_t fb_role_find_by_id(fb_role **role, fb_db *db, apr_int64_t id, apr_pool_t *pool,
                                fb_error *error) FB_MUST_CHECK;
apr_status_t fb_role_find_by_name(fb_role **role, fb_db *db, fb_str name, apr_pool_t *pool,
                                  fb_error *error) FB_MUST_CHECK;
apr_status_t fb_role_find_default(fb_role **role, fb_db *db, apr_pool_t *pool,
                                  fb_error *error) FB_MUST_CHECK;

typedef struct fb_role_list {
    fb_role *roles;
    int count;
} fb_role_list;

/* All, by permissions, then id. */
apr_status_t fb_role_list_all(fb_role_list *list, fb_db *db, apr_pool_t *pool,
                              fb_error *error) FB_MUST_CHECK;

/* User and Administrator, when there is no role at all; else nothing. `added` (may be NULL) is the
 * number of roles made. */
apr_status_t fb_role_seed(int *added, fb_db *db, apr_pool_t *pool, fb_error *error) FB_MUST_CHECK;

/* Inside a transaction: until its end nobody else changes who is an administrator through this
 * module (SPEC D39). */
apr_status_t fb_role_lock_admins(fb_db *db, apr_pool_t *pool, fb_error *error) FB_MUST_CHECK;

#endif
