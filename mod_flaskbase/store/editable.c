/* Editable pages: reading and saving with a check against a newer save. */
#include "store/editable.h"

#include <apr_tables.h>

#include "base/banned.h"

apr_status_t fb_editable_find(fb_editable **editable, fb_db *db, fb_str editor_name,
                              apr_pool_t *pool, fb_error *error)
{
    const fb_db_value *columns;
    const apr_status_t status = fb_db_query_one(&columns, db, FB_SQL_EDITABLE_BY_NAME,
                                                FB_DB_PARAMS(fb_db_text(editor_name)), pool, error);
    if (status != APR_SUCCESS) {
        return status;
    }
    fb_editable *found = apr_pcalloc(pool, sizeof(*found));
    found->id = fb_db_get_int(&columns[0]);
    found->editor_name = fb_db_get_str(&columns[1], NULL);
    found->value = fb_db_get_str(&columns[2], NULL);
    found->version = fb_db_get_int(&columns[3]);
    found->updated_at = fb_db_get_time(&columns[4]);
    *editable = found;
    return APR_SUCCESS;
}

apr_status_t fb_editable_save(apr_int64_t *version, fb_db *db, fb_str editor_name, fb_str value,
                              apr_int64_t based_on, apr_time_t now, apr_pool_t *pool,
                              fb_error *error)
{
    if (editor_name.len == 0 || !fb_str_is_utf8(editor_name) || fb_str_has_ctl(editor_name) ||
        fb_str_utf8_count(editor_name) > FB_EDITABLE_NAME_MAX) {
        return fb_error_set(error, FB_EINVALID, "the page's name is empty, too long or not text");
    }
    apr_int64_t rows = 0;
    const apr_status_t status =
        based_on == 0
            ? fb_db_exec(&rows, db, FB_SQL_EDITABLE_ADD,
                         FB_DB_PARAMS(fb_db_text(editor_name), fb_db_text(value), fb_db_time(now)),
                         pool, error)
            : fb_db_exec(&rows, db, FB_SQL_EDITABLE_SAVE,
                         FB_DB_PARAMS(fb_db_text(editor_name), fb_db_text(value),
                                      fb_db_int(based_on), fb_db_time(now)),
                         pool, error);
    if (status != APR_SUCCESS) {
        return status;
    }
    if (rows == 0) {
        return fb_error_set(error, FB_ECONFLICT, "somebody else saved this page meanwhile");
    }
    *version = based_on + 1;
    return APR_SUCCESS;
}

static apr_status_t add_editable(void *baton, const fb_db_value *columns, apr_pool_t *pool,
                                 fb_error *error)
{
    fb_editable *editable = apr_array_push(baton);
    (void)error;
    editable->id = fb_db_get_int(&columns[0]);
    editable->editor_name = fb_db_get_str(&columns[1], pool);
    editable->value = (fb_str){ NULL, 0 };
    editable->version = fb_db_get_int(&columns[2]);
    editable->updated_at = fb_db_get_time(&columns[3]);
    return APR_SUCCESS;
}

apr_status_t fb_editable_list_all(fb_editable_list *list, fb_db *db, apr_pool_t *pool,
                                  fb_error *error)
{
    apr_array_header_t *editables = apr_array_make(pool, 4, sizeof(fb_editable));
    const apr_status_t status = fb_db_query(db, FB_SQL_EDITABLE_LIST, FB_DB_NO_PARAMS, add_editable,
                                            editables, pool, error);
    list->editables = (fb_editable *)editables->elts;
    list->count = editables->nelts;
    return status;
}
