/* Users: reading, changing, and never without an administrator. */
#include "store/user.h"

#include "store/rows.h"

#include <apr_tables.h>

#include "base/banned.h"

apr_status_t fb_db_exec_one(fb_db *db, fb_sql_id id, fb_db_params params, apr_pool_t *pool,
                            fb_error *error)
{
    apr_int64_t rows = 0;
    const apr_status_t status = fb_db_exec(&rows, db, id, params, pool, error);
    return status == APR_SUCCESS && rows == 0 ? FB_ENOTFOUND : status;
}

/* ---- reading ---- */

void fb_user_read(fb_user *user, const fb_db_value *columns, apr_pool_t *pool)
{
    user->id = fb_db_get_int(&columns[0]);
    user->uid = fb_db_get_str(&columns[1], pool);
    user->confirmed = fb_db_get_bool(&columns[2]);
    user->first_name = fb_db_get_str(&columns[3], pool);
    user->last_name = fb_db_get_str(&columns[4], pool);
    user->email = fb_db_get_str(&columns[5], pool);
    user->email_canonical = fb_db_get_str(&columns[6], pool);
    user->password_hash = fb_db_get_str(&columns[7], pool);
    user->must_change_password = fb_db_get_bool(&columns[8]);
    user->created_at = fb_db_get_time(&columns[9]);
    user->last_login_at = fb_db_get_time(&columns[10]);
    user->version = fb_db_get_int(&columns[11]);
    fb_role_read(&user->role, &columns[12], pool);
}

static apr_status_t find(fb_user **user, fb_db *db, fb_sql_id id, fb_db_params params,
                         apr_pool_t *pool, fb_error *error)
{
    const fb_db_value *columns;
    const apr_status_t status = fb_db_query_one(&columns, db, id, params, pool, error);
    if (status != APR_SUCCESS) {
        return status;
    }
    *user = apr_pcalloc(pool, sizeof(**user));
    fb_user_read(*user, columns, NULL);
    return APR_SUCCESS;
}

apr_status_t fb_user_find_by_id(fb_user **user, fb_db *db, apr_int64_t id, apr_pool_t *pool,
                                fb_error *error)
{
    return find(user, db, FB_SQL_USER_BY_ID, FB_DB_PARAMS(fb_db_int(id)), pool, error);
}

apr_status_t fb_user_find_by_uid(fb_user **user, fb_db *db, fb_str uid, apr_pool_t *pool,
                                 fb_error *error)
{
    return find(user, db, FB_SQL_USER_BY_UID, FB_DB_PARAMS(fb_db_text(uid)), pool, error);
}

apr_status_t fb_user_find_by_email(fb_user **user, fb_db *db, fb_str email, apr_pool_t *pool,
                                   fb_error *error)
{
    fb_str canonical;
    const apr_status_t status = fb_email_canonical(&canonical, email, pool, NULL);
    if (status != APR_SUCCESS) {
        return status == FB_EINVALID ? FB_ENOTFOUND : status;
    }
    return find(user, db, FB_SQL_USER_BY_EMAIL,
                FB_DB_PARAMS(fb_db_text(canonical), fb_db_text(email)), pool, error);
}

typedef struct each_baton {
    fb_user_fn *fn;
    void *baton;
    apr_pool_t *row_pool; /* cleared for each row: a long list needs no more memory than a short */
} each_baton;

static apr_status_t each_row(void *baton, const fb_db_value *columns, apr_pool_t *pool,
                             fb_error *error)
{
    each_baton *each = baton;
    fb_user user;
    (void)pool;
    apr_pool_clear(each->row_pool);
    fb_user_read(&user, columns, each->row_pool);
    return each->fn(each->baton, &user, error);
}

apr_status_t fb_user_each(fb_db *db, apr_int64_t after, apr_int64_t limit, fb_user_fn *fn,
                          void *baton, apr_pool_t *pool, fb_error *error)
{
    each_baton each = { fn, baton, NULL };
    apr_status_t status = apr_pool_create(&each.row_pool, pool);
    if (status != APR_SUCCESS) {
        return fb_error_set_os(error, status, "no memory for a row");
    }
    status = fb_db_query(db, FB_SQL_USER_LIST, FB_DB_PARAMS(fb_db_int(after), fb_db_int(limit)),
                         each_row, &each, pool, error);
    apr_pool_destroy(each.row_pool);
    return status;
}

apr_status_t fb_user_count(apr_int64_t *count, fb_db *db, apr_pool_t *pool, fb_error *error)
{
    const fb_db_value *columns;
    *count = 0;
    const apr_status_t status =
        fb_db_query_one(&columns, db, FB_SQL_USER_COUNT, FB_DB_NO_PARAMS, pool, error);
    if (status == APR_SUCCESS) {
        *count = fb_db_get_int(&columns[0]);
    }
    return status;
}

apr_status_t fb_user_count_admins(apr_int64_t *count, fb_db *db, apr_pool_t *pool, fb_error *error)
{
    const fb_db_value *columns;
    *count = 0;
    const apr_status_t status = fb_db_query_one(&columns, db, FB_SQL_USER_OTHER_ADMINS,
                                                FB_DB_PARAMS(fb_db_int(0)), pool, error);
    if (status == APR_SUCCESS) {
        *count = fb_db_get_int(&columns[0]);
    }
    return status;
}

fb_str fb_user_full_name(const fb_user *user, apr_pool_t *pool)
{
    return fb_str_printf(pool, "%.*s %.*s", FB_STR_ARG(user->first_name),
                         FB_STR_ARG(user->last_name));
}

/* ---- checks before writing ---- */

/* `max` in characters. Control characters have no place in a name or an address. */
static apr_status_t check_text(fb_str s, const char *what, apr_size_t max, fb_error *error)
{
    if (s.len == 0) {
        return fb_error_set(error, FB_EINVALID, "the %s is empty", what);
    }
    if (!fb_str_is_utf8(s) || fb_str_has_ctl(s)) {
        return fb_error_set(error, FB_EINVALID,
                            "the %s has control characters or is not valid UTF-8", what);
    }
    if (fb_str_utf8_count(s) > max) {
        return fb_error_set(error, FB_EINVALID, "the %s has more than %d characters", what,
                            (int)max);
    }
    return APR_SUCCESS;
}

static apr_status_t check_names(fb_str first, fb_str last, fb_error *error)
{
    apr_status_t status = check_text(first, "first name", FB_USER_NAME_MAX, error);
    if (status == APR_SUCCESS) {
        status = check_text(last, "last name", FB_USER_NAME_MAX, error);
    }
    return status;
}

static apr_status_t check_email(fb_str *canonical, fb_str email, apr_pool_t *pool, fb_error *error)
{
    const apr_status_t status = check_text(email, "e-mail address", FB_USER_EMAIL_MAX, error);
    return status != APR_SUCCESS ? status : fb_email_canonical(canonical, email, pool, error);
}

static apr_status_t check_hash(fb_str hash, fb_error *error)
{
    if (hash.ptr != NULL &&
        (hash.len == 0 || hash.len > FB_USER_HASH_MAX || fb_str_has_ctl(hash))) {
        return fb_error_set(error, FB_EINVALID, "the password's hash has the wrong form");
    }
    return APR_SUCCESS;
}

static apr_status_t no_role(apr_int64_t id, fb_error *error)
{
    return fb_error_set(error, FB_EINVALID, "there is no role with id %" APR_INT64_T_FMT, id);
}

static apr_status_t find_role(fb_role **role, fb_db *db, apr_int64_t id, apr_pool_t *pool,
                              fb_error *error)
{
    const apr_status_t status = fb_role_find_by_id(role, db, id, pool, error);
    return status == FB_ENOTFOUND ? no_role(id, error) : status;
}

/* ---- creating ---- */

apr_status_t fb_user_create(apr_int64_t *id, fb_db *db, const fb_user_new *fields, apr_time_t now,
                            apr_pool_t *pool, fb_error *error)
{
    fb_str canonical;
    const fb_db_value *columns;
    *id = 0;
    apr_status_t status = check_names(fields->first_name, fields->last_name, error);
    if (status == APR_SUCCESS) {
        status = check_email(&canonical, fields->email, pool, error);
    }
    if (status == APR_SUCCESS) {
        status = check_hash(fields->password_hash, error);
    }
    if (status == APR_SUCCESS && fields->uid.len != FB_USER_UID_LEN) {
        status = fb_error_set(error, FB_EINTERNAL, "a uid has %d characters", FB_USER_UID_LEN);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    status = fb_db_query_one(&columns, db, FB_SQL_USER_ADD,
                             FB_DB_PARAMS(fb_db_text(fields->uid), fb_db_bool(fields->confirmed),
                                          fb_db_text(fields->first_name),
                                          fb_db_text(fields->last_name), fb_db_text(fields->email),
                                          fb_db_text(canonical), fb_db_text(fields->password_hash),
                                          fb_db_bool(fields->must_change_password),
                                          fb_db_time(fields->password_hash.ptr != NULL ? now : 0),
                                          fb_db_time(now), fb_db_int(fields->role_id)),
                             pool, error);
    if (status == FB_ENOTFOUND) {
        return fb_error_set(error, FB_ECONFLICT, "the e-mail address is taken");
    }
    if (status == FB_EINVALID) { /* all else was checked above */
        return no_role(fields->role_id, error);
    }
    if (status == APR_SUCCESS) {
        *id = fb_db_get_int(&columns[0]);
    }
    return status;
}

/* ---- changing ---- */

apr_status_t fb_user_set_email(fb_db *db, apr_int64_t id, fb_str email, apr_pool_t *pool,
                               fb_error *error)
{
    fb_str canonical;
    apr_status_t status = check_email(&canonical, email, pool, error);
    if (status != APR_SUCCESS) {
        return status;
    }
    /* Its own (nested) transaction: on PostgreSQL a taken address would spoil the caller's. */
    status = fb_db_begin(db, error);
    if (status != APR_SUCCESS) {
        return status;
    }
    status = fb_db_exec_one(db, FB_SQL_USER_SET_EMAIL,
                            FB_DB_PARAMS(fb_db_int(id), fb_db_text(email), fb_db_text(canonical)),
                            pool, error);
    if (status == FB_ECONFLICT) {
        status = fb_error_set(error, FB_ECONFLICT, "the e-mail address is taken");
    }
    return fb_db_end(db, status, error);
}

apr_status_t fb_user_set_name(fb_db *db, apr_int64_t id, fb_str first_name, fb_str last_name,
                              apr_pool_t *pool, fb_error *error)
{
    const apr_status_t status = check_names(first_name, last_name, error);
    if (status != APR_SUCCESS) {
        return status;
    }
    return fb_db_exec_one(
        db, FB_SQL_USER_SET_NAME,
        FB_DB_PARAMS(fb_db_int(id), fb_db_text(first_name), fb_db_text(last_name)), pool, error);
}

apr_status_t fb_user_set_password(fb_db *db, apr_int64_t id, fb_str hash, fb_must_change must,
                                  apr_time_t now, apr_pool_t *pool, fb_error *error)
{
    const apr_status_t status = check_hash(hash, error);
    if (status != APR_SUCCESS) {
        return status;
    }
    return fb_db_exec_one(db, FB_SQL_USER_SET_PASSWORD,
                          FB_DB_PARAMS(fb_db_int(id), fb_db_text(hash),
                                       fb_db_bool(must == FB_MUST_CHANGE), fb_db_time(now)),
                          pool, error);
}

apr_status_t fb_user_rehash(fb_db *db, apr_int64_t id, fb_str old_hash, fb_str new_hash,
                            apr_pool_t *pool, fb_error *error)
{
    const apr_status_t status = check_hash(new_hash, error);
    if (status != APR_SUCCESS) {
        return status;
    }
    return fb_db_exec(NULL, db, FB_SQL_USER_REHASH,
                      FB_DB_PARAMS(fb_db_int(id), fb_db_text(old_hash), fb_db_text(new_hash)), pool,
                      error);
}

apr_status_t fb_user_confirm(fb_db *db, apr_int64_t id, apr_pool_t *pool, fb_error *error)
{
    return fb_db_exec_one(db, FB_SQL_USER_CONFIRM, FB_DB_PARAMS(fb_db_int(id)), pool, error);
}

apr_status_t fb_user_logged_in(fb_db *db, apr_int64_t id, apr_time_t now, apr_pool_t *pool,
                               fb_error *error)
{
    return fb_db_exec_one(db, FB_SQL_USER_LOGGED_IN, FB_DB_PARAMS(fb_db_int(id), fb_db_time(now)),
                          pool, error);
}

/* ---- the last administrator ---- */

static bool can_act(const fb_user *user)
{
    return user->confirmed && user->password_hash.ptr != NULL;
}

/* Inside a transaction: may `user` stop being an administrator? Another must stay, and one who
 * can log in and act, unless this one could not either. */
static apr_status_t spare_admin(const fb_user *user, fb_db *db, apr_pool_t *pool, fb_error *error)
{
    const fb_db_value *columns;
    const apr_status_t status = fb_db_query_one(&columns, db, FB_SQL_USER_OTHER_ADMINS,
                                                FB_DB_PARAMS(fb_db_int(user->id)), pool, error);
    if (status != APR_SUCCESS) {
        return status;
    }
    const apr_int64_t others = fb_db_get_int(&columns[0]);
    const apr_int64_t able = fb_db_get_int(&columns[1]);
    if (others == 0 || (able == 0 && can_act(user))) {
        return fb_error_set(error, FB_EDENIED,
                            "this is the last administrator; make somebody else one first");
    }
    return APR_SUCCESS;
}

/* The user as it is while the administrators are locked. */
static apr_status_t find_locked(fb_user **user, fb_db *db, apr_int64_t id, apr_pool_t *pool,
                                fb_error *error)
{
    const apr_status_t status = fb_role_lock_admins(db, pool, error);
    return status != APR_SUCCESS ? status : fb_user_find_by_id(user, db, id, pool, error);
}

static apr_status_t change_role(fb_db *db, apr_int64_t id, apr_int64_t role_id, apr_pool_t *pool,
                                fb_error *error)
{
    fb_user *user;
    fb_role *role;
    apr_status_t status = find_locked(&user, db, id, pool, error);
    if (status == APR_SUCCESS) {
        status = find_role(&role, db, role_id, pool, error);
    }
    if (status == APR_SUCCESS && fb_role_is_admin(&user->role) && !fb_role_is_admin(role)) {
        status = spare_admin(user, db, pool, error);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    return fb_db_exec_one(db, FB_SQL_USER_SET_ROLE, FB_DB_PARAMS(fb_db_int(id), fb_db_int(role_id)),
                          pool, error);
}

apr_status_t fb_user_set_role(fb_db *db, apr_int64_t id, apr_int64_t role_id, apr_pool_t *pool,
                              fb_error *error)
{
    const apr_status_t status = fb_db_begin(db, error);
    if (status != APR_SUCCESS) {
        return status;
    }
    return fb_db_end(db, change_role(db, id, role_id, pool, error), error);
}

static apr_status_t remove_user(fb_db *db, apr_int64_t id, apr_pool_t *pool, fb_error *error)
{
    fb_user *user;
    apr_status_t status = find_locked(&user, db, id, pool, error);
    if (status == APR_SUCCESS && fb_role_is_admin(&user->role)) {
        status = spare_admin(user, db, pool, error);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    return fb_db_exec_one(db, FB_SQL_USER_DELETE, FB_DB_PARAMS(fb_db_int(id)), pool, error);
}

apr_status_t fb_user_delete(fb_db *db, apr_int64_t id, apr_pool_t *pool, fb_error *error)
{
    const apr_status_t status = fb_db_begin(db, error);
    if (status != APR_SUCCESS) {
        return status;
    }
    return fb_db_end(db, remove_user(db, id, pool, error), error);
}

/* ---- rows that others wrote ---- */

#define SWEEP_BATCH 500

typedef struct unswept {
    apr_int64_t id;
    fb_str email;
} unswept;

static apr_status_t add_unswept(void *baton, const fb_db_value *columns, apr_pool_t *pool,
                                fb_error *error)
{
    unswept *row = apr_array_push(baton);
    (void)error;
    row->id = fb_db_get_int(&columns[0]);
    row->email = fb_db_get_str(&columns[1], pool);
    return APR_SUCCESS;
}

/* FB_ECONFLICT and FB_EINVALID as for the callback of fb_user_sweep_emails. */
static apr_status_t sweep_one(const unswept *row, fb_db *db, apr_pool_t *pool, fb_error *error)
{
    fb_str canonical;
    apr_int64_t changed = 0;
    apr_status_t status = fb_email_canonical(&canonical, row->email, pool, NULL);
    if (status == APR_SUCCESS) {
        status = fb_db_exec(
            &changed, db, FB_SQL_USER_SET_CANONICAL,
            FB_DB_PARAMS(fb_db_int(row->id), fb_db_text(row->email), fb_db_text(canonical)), pool,
            error);
    }
    return status == APR_SUCCESS && changed == 0 ? FB_ECONFLICT : status;
}

static apr_status_t sweep_batch(apr_array_header_t *rows, apr_int64_t after, fb_db *db,
                                apr_int64_t *filled, fb_user_left_fn *left, void *baton,
                                apr_pool_t *pool, fb_error *error)
{
    apr_status_t status = fb_db_query(db, FB_SQL_USER_CANONICAL_MISSING,
                                      FB_DB_PARAMS(fb_db_int(after), fb_db_int(SWEEP_BATCH)),
                                      add_unswept, rows, pool, error);
    for (int i = 0; status == APR_SUCCESS && i < rows->nelts; i++) {
        const unswept *row = &APR_ARRAY_IDX(rows, i, unswept);
        status = sweep_one(row, db, pool, error);
        *filled += status == APR_SUCCESS;
        if (status == FB_ECONFLICT || status == FB_EINVALID) {
            if (left != NULL) {
                left(baton, row->id, row->email, status);
            }
            status = APR_SUCCESS;
        }
    }
    return status;
}

apr_status_t fb_user_sweep_emails(apr_int64_t *filled, fb_db *db, fb_user_left_fn *left,
                                  void *baton, apr_pool_t *pool, fb_error *error)
{
    apr_pool_t *batch_pool;
    apr_int64_t after = 0;
    int found;
    *filled = 0;
    apr_status_t status = apr_pool_create(&batch_pool, pool);
    do {
        if (status == APR_SUCCESS) {
            status = fb_db_begin(db, error);
        }
        if (status != APR_SUCCESS) {
            return status;
        }
        apr_pool_clear(batch_pool);
        apr_array_header_t *rows = apr_array_make(batch_pool, SWEEP_BATCH, sizeof(unswept));
        status = sweep_batch(rows, after, db, filled, left, baton, batch_pool, error);
        status = fb_db_end(db, status, error);
        found = rows->nelts;
        after = found > 0 ? APR_ARRAY_IDX(rows, found - 1, unswept).id : after;
    } while (status == APR_SUCCESS && found == SWEEP_BATCH);
    apr_pool_destroy(batch_pool);
    return status;
}
