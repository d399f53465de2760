/* Roles: reading, seeding, and the lock that keeps the last administrator. */
#include "store/role.h"

#include "store/rows.h"

#include <apr_tables.h>

#include "base/banned.h"

bool fb_role_can(const fb_role *role, apr_int64_t permission)
{
    if (role == NULL || role->id == 0) {
        return false;
    }
    return fb_role_is_admin(role) || (role->permissions & permission) == permission;
}

bool fb_role_is_admin(const fb_role *role)
{
    return role != NULL && role->id != 0 &&
           (role->permissions & FB_PERMISSION_ADMINISTER) == FB_PERMISSION_ADMINISTER;
}

void fb_role_read(fb_role *role, const fb_db_value *columns, apr_pool_t *pool)
{
    role->id = fb_db_get_int(&columns[0]);
    role->name = fb_db_get_str(&columns[1], pool);
    role->index = fb_db_get_str(&columns[2], pool);
    role->is_default = fb_db_get_bool(&columns[3]);
    role->permissions = fb_db_get_int(&columns[4]);
    role->version = fb_db_get_int(&columns[5]);
}

static apr_status_t find(fb_role **role, fb_db *db, fb_sql_id id, fb_db_params params,
                         apr_pool_t *pool, fb_error *error)
{
    const fb_db_value *columns;
    const apr_status_t status = fb_db_query_one(&columns, db, id, params, pool, error);
    if (status != APR_SUCCESS) {
        return status;
    }
    *role = apr_pcalloc(pool, sizeof(**role));
    fb_role_read(*role, columns, NULL);
    return APR_SUCCESS;
}

apr_status_t fb_role_find_by_id(fb_role **role, fb_db *db, apr_int64_t id, apr_pool_t *pool,
                                fb_error *error)
{
    return find(role, db, FB_SQL_ROLE_BY_ID, FB_DB_PARAMS(fb_db_int(id)), pool, error);
}

apr_status_t fb_role_find_by_name(fb_role **role, fb_db *db, fb_str name, apr_pool_t *pool,
                                  fb_error *error)
{
    return find(role, db, FB_SQL_ROLE_BY_NAME, FB_DB_PARAMS(fb_db_text(name)), pool, error);
}

apr_status_t fb_role_find_default(fb_role **role, fb_db *db, apr_pool_t *pool, fb_error *error)
{
    return find(role, db, FB_SQL_ROLE_DEFAULT, FB_DB_NO_PARAMS, pool, error);
}

static apr_status_t add_role(void *baton, const fb_db_value *columns, apr_pool_t *pool,
                             fb_error *error)
{
    (void)error;
    fb_role_read(apr_array_push(baton), columns, pool);
    return APR_SUCCESS;
}

apr_status_t fb_role_list_all(fb_role_list *list, fb_db *db, apr_pool_t *pool, fb_error *error)
{
    apr_array_header_t *roles = apr_array_make(pool, 4, sizeof(fb_role));
    const apr_status_t status =
        fb_db_query(db, FB_SQL_ROLE_LIST, FB_DB_NO_PARAMS, add_role, roles, pool, error);
    list->roles = (fb_role *)roles->elts;
    list->count = roles->nelts;
    return status;
}

/* ---- seeding ---- */

static const struct seed {
    fb_str name;
    fb_str index;
    bool is_default;
    apr_int64_t permissions;
} seeds[] = {
    { FB_STR_INIT("User"), FB_STR_INIT("main"), true, FB_PERMISSION_GENERAL },
    { FB_STR_INIT("Administrator"), FB_STR_INIT("admin"), false, FB_PERMISSION_ADMINISTER },
};

static apr_status_t seed_all(int *added, fb_db *db, apr_pool_t *pool, fb_error *error)
{
    const fb_db_value *columns;
    apr_status_t status =
        fb_db_query_one(&columns, db, FB_SQL_ROLE_COUNT, FB_DB_NO_PARAMS, pool, error);
    if (status != APR_SUCCESS || fb_db_get_int(&columns[0]) > 0) {
        return status;
    }
    for (size_t i = 0; status == APR_SUCCESS && i < sizeof(seeds) / sizeof(seeds[0]); i++) {
        apr_int64_t rows = 0;
        status = fb_db_exec(&rows, db, FB_SQL_ROLE_ADD,
                            FB_DB_PARAMS(fb_db_text(seeds[i].name), fb_db_text(seeds[i].index),
                                         fb_db_bool(seeds[i].is_default),
                                         fb_db_int(seeds[i].permissions)),
                            pool, error);
        *added += (int)rows;
    }
    return status;
}

apr_status_t fb_role_seed(int *added, fb_db *db, apr_pool_t *pool, fb_error *error)
{
    int count = 0;
    apr_status_t status = fb_db_begin(db, error);
    if (status == APR_SUCCESS) {
        status = fb_db_end(db, seed_all(&count, db, pool, error), error);
    }
    if (added != NULL) {
        *added = status == APR_SUCCESS ? count : 0;
    }
    return status;
}

apr_status_t fb_role_lock_admins(fb_db *db, apr_pool_t *pool, fb_error *error)
{
    if (!fb_db_in_transaction(db)) {
        return fb_error_set(error, FB_EINTERNAL, "administrators are locked in transactions only");
    }
    return fb_db_query(db, FB_SQL_ROLE_LOCK_ADMINS, FB_DB_NO_PARAMS, NULL, NULL, pool, error);
}
