/* Pages that an administrator edits in place (SPEC M3, R2, R25). */
#ifndef FB_STORE_EDITABLE_H
#define FB_STORE_EDITABLE_H

#include "store/db.h"

#define FB_EDITABLE_NAME_MAX 100

/* Strings live in the pool given to the function that returned the page. */
typedef struct fb_editable {
    apr_int64_t id;
    fb_str editor_name;
    fb_str value;          /* sanitised HTML; ptr NULL when the column is NULL */
    apr_int64_t version;   /* from 1, grows with every save */
    apr_time_t updated_at; /* 0: not known */
} fb_editable;

/* FB_ENOTFOUND: nobody has saved that page yet. */
apr_status_t fb_editable_find(fb_editable **editable, fb_db *db, fb_str editor_name,
                              apr_pool_t *pool, fb_error *error) FB_MUST_CHECK;

/* Stores `value`, which must be sanitised already. `based_on` is the version that was edited (0:
 * there was none); FB_ECONFLICT when the stored one is another by now. FB_EINVALID for a name
 * that is empty or too long. */
apr_status_t fb_editable_save(apr_int64_t *version, fb_db *db, fb_str editor_name, fb_str value,
                              apr_int64_t based_on, apr_time_t now, apr_pool_t *pool,
                              fb_error *error) FB_MUST_CHECK;

typedef struct fb_editable_list {
    fb_editable *editables; /* by name; `value` is not loaded */
    int count;
} fb_editable_list;

apr_status_t fb_editable_list_all(fb_editable_list *list, fb_db *db, apr_pool_t *pool,
                                  fb_error *error) FB_MUST_CHECK;

#endif
