/* Migrations: what there is, what was applied, and the steps between. */
#include "store/migrate.h"

#include "base/crypto.h"
#include "store/backend.h"

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>
#include <apr_tables.h>

#include <string.h>

#include "base/banned.h"

#define DIGITS       4
#define VERSION_MAX  9999
#define NAME_MAX_LEN 60
#define FILE_MAX     (1024 * 1024)

static const char *const engine_folders[] = { [FB_DB_SQLITE] = "sqlite", [FB_DB_PGSQL] = "pgsql" };

/* ---- the schema this program needs ---- */

static apr_status_t one_number(apr_int64_t *number, fb_db *db, fb_sql_id id, apr_pool_t *pool,
                               fb_error *error)
{
    const fb_db_value *columns;
    const apr_status_t status = fb_db_query_one(&columns, db, id, FB_DB_NO_PARAMS, pool, error);
    *number = status == APR_SUCCESS ? fb_db_get_int(&columns[0]) : 0;
    return status;
}

static apr_status_t current_version(apr_int64_t *version, fb_db *db, apr_pool_t *pool,
                                    fb_error *error)
{
    apr_status_t status = one_number(version, db, FB_SQL_MIGRATION_TABLE, pool, error);
    if (status == APR_SUCCESS && *version > 0) {
        status = one_number(version, db, FB_SQL_MIGRATION_LAST, pool, error);
    }
    return status;
}

apr_status_t fb_migrate_check(fb_db *db, apr_pool_t *pool, fb_error *error)
{
    if (db->schema_ok) {
        return APR_SUCCESS;
    }
    apr_int64_t version;
    const apr_status_t status = current_version(&version, db, pool, error);
    if (status != APR_SUCCESS) {
        return status;
    }
    if (version < fb_schema_version_expected) {
        return fb_error_set(error, FB_ESCHEMA,
                            "the database's schema (version %d) is older than this program "
                            "(version %d): run 'flaskbase db upgrade'",
                            (int)version, fb_schema_version_expected);
    }
    if (version > fb_schema_version_expected) {
        return fb_error_set(error, FB_ESCHEMA,
                            "the database's schema (version %d) is newer than this program "
                            "(version %d): install the newer program, or run 'flaskbase db "
                            "downgrade' with it",
                            (int)version, fb_schema_version_expected);
    }
    db->schema_ok = true;
    return APR_SUCCESS;
}

/* ---- the folder ---- */

typedef struct file_name {
    int version;
    fb_str name;
    fb_migrate_direction direction;
} file_name;

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* 0001_some_words.up.sql */
static bool parse_file_name(file_name *out, fb_str s)
{
    if (fb_str_ends(s, FB_STR(".up.sql"))) {
        out->direction = FB_MIGRATE_UP;
        s = fb_str_sub(s, 0, s.len - strlen(".up.sql"));
    } else if (fb_str_ends(s, FB_STR(".down.sql"))) {
        out->direction = FB_MIGRATE_DOWN;
        s = fb_str_sub(s, 0, s.len - strlen(".down.sql"));
    } else {
        return false;
    }
    if (s.len < DIGITS + 2 || s.ptr[DIGITS] != '_') {
        return false;
    }
    out->version = 0;
    for (apr_size_t i = 0; i < DIGITS; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') {
            return false;
        }
        out->version = out->version * 10 + (s.ptr[i] - '0');
    }
    out->name = fb_str_sub(s, DIGITS + 1, s.len);
    for (apr_size_t i = 0; i < out->name.len; i++) {
        if (!is_name_char(out->name.ptr[i])) {
            return false;
        }
    }
    return out->version > 0;
}

static apr_status_t read_text(const char **text, const char *path, apr_pool_t *pool,
                              fb_error *error)
{
    apr_file_t *file;
    apr_finfo_t info;
    apr_status_t status =
        apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, APR_OS_DEFAULT, pool);
    if (status != APR_SUCCESS) {
        return fb_error_set_os(error, status, "can't read %s", path);
    }
    status = apr_file_info_get(&info, APR_FINFO_SIZE, file);
    if (status == APR_SUCCESS && info.size > FILE_MAX) {
        status = FB_ELIMIT;
    }
    if (status == APR_SUCCESS) {
        char *bytes = apr_palloc(pool, (apr_size_t)info.size + 1);
        status = info.size > 0 ? apr_file_read_full(file, bytes, (apr_size_t)info.size, NULL)
                               : APR_SUCCESS;
        bytes[info.size] = '\0';
        *text = bytes;
        if (status == APR_SUCCESS && strlen(bytes) != (apr_size_t)info.size) {
            status = FB_ESYNTAX; /* a NUL byte */
        }
    }
    (void)apr_file_close(file);
    return status == APR_SUCCESS ? status : fb_error_set_os(error, status, "can't use %s", path);
}

static apr_status_t checksum(const char **hex, const char *path, const fb_crypto *crypto,
                             apr_pool_t *pool, fb_error *error)
{
    unsigned char digest[FB_SHA256_LEN];
    const char *text;
    apr_status_t status = read_text(&text, path, pool, error);
    if (status == APR_SUCCESS) {
        status = fb_crypto_sha256(crypto, digest, fb_str_from(text));
        if (status != APR_SUCCESS) {
            return fb_error_set(error, status, "can't compute the checksum of %s", path);
        }
        *hex = fb_str_to_z(pool, fb_hex_encode(pool, digest, sizeof(digest)));
    }
    return status;
}

/* The entry of a version, made when it is not there yet. */
static fb_migration *entry(apr_array_header_t *items, int version)
{
    while (items->nelts < version) {
        fb_migration *made = apr_array_push(items);
        memset(made, 0, sizeof(*made));
        made->version = items->nelts;
    }
    return &APR_ARRAY_IDX(items, version - 1, fb_migration);
}

static apr_status_t add_file(apr_array_header_t *items, const char *folder, const char *file,
                             apr_pool_t *pool, fb_error *error)
{
    file_name parsed;
    const char *path = apr_pstrcat(pool, folder, "/", file, NULL);
    if (!parse_file_name(&parsed, fb_str_from(file))) {
        return fb_error_set(error, FB_ESYNTAX,
                            "%s: the name of a migration is like 0007_words.up.sql", path);
    }
    fb_migration *item = entry(items, parsed.version);
    const char *name = fb_str_to_z(pool, parsed.name);
    const char **slot = parsed.direction == FB_MIGRATE_UP ? &item->up_path : &item->down_path;
    if (*slot != NULL || (item->name != NULL && strcmp(item->name, name) != 0)) {
        return fb_error_set(error, FB_ESYNTAX, "%s: another migration has this number", path);
    }
    item->name = name;
    *slot = path;
    return APR_SUCCESS;
}

static apr_status_t scan_folder(apr_array_header_t *items, const char *folder, apr_pool_t *pool,
                                fb_error *error)
{
    apr_dir_t *dir;
    apr_finfo_t info;
    apr_status_t status = apr_dir_open(&dir, folder, pool);
    if (status != APR_SUCCESS) {
        return fb_error_set_os(error, status, "can't read the folder of migrations %s", folder);
    }
    while (status == APR_SUCCESS && apr_dir_read(&info, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        if (info.name[0] != '.' && fb_str_ends(fb_str_from(info.name), FB_STR(".sql"))) {
            status = add_file(items, folder, apr_pstrdup(pool, info.name), pool, error);
        }
    }
    (void)apr_dir_close(dir);
    for (int i = 0; status == APR_SUCCESS && i < items->nelts; i++) {
        const fb_migration *item = &APR_ARRAY_IDX(items, i, fb_migration);
        if (item->up_path == NULL || item->down_path == NULL) {
            status = fb_error_set(error, FB_ESYNTAX, "%s: migration %04d has no %s file", folder,
                                  item->version, item->up_path == NULL ? ".up.sql" : ".down.sql");
        }
    }
    return status;
}

static apr_status_t load_folder(apr_array_header_t *items, const char *folder, apr_pool_t *pool,
                                fb_error *error)
{
    fb_crypto *crypto;
    apr_status_t status = scan_folder(items, folder, pool, error);
    if (status == APR_SUCCESS) {
        status = fb_crypto_create(&crypto, pool, error);
    }
    for (int i = 0; status == APR_SUCCESS && i < items->nelts; i++) {
        fb_migration *item = &APR_ARRAY_IDX(items, i, fb_migration);
        status = checksum(&item->checksum, item->up_path, crypto, pool, error);
    }
    return status;
}

/* ---- the database ---- */

static apr_status_t add_applied(void *baton, const fb_db_value *columns, apr_pool_t *pool,
                                fb_error *error)
{
    const apr_int64_t version = fb_db_get_int(&columns[0]);
    if (version < 1 || version > VERSION_MAX) {
        return fb_error_set(error, FB_ESCHEMA, "the database's list of migrations is not ours");
    }
    fb_migration *item = entry(baton, (int)version);
    if (item->name == NULL) {
        item->name = fb_str_to_z(pool, columns[1].s);
    }
    item->applied_checksum = fb_str_to_z(pool, columns[2].s);
    item->applied_at = fb_db_get_time(&columns[3]);
    return APR_SUCCESS;
}

apr_status_t fb_migrate_load(fb_migrations **migrations, fb_db *db, const char *schema_dir,
                             apr_pool_t *pool, fb_error *error)
{
    apr_array_header_t *items = apr_array_make(pool, 8, sizeof(fb_migration));
    const char *folder =
        apr_pstrcat(pool, schema_dir, "/", engine_folders[fb_db_engine_of(db)], NULL);
    apr_int64_t managed = 0;
    apr_status_t status = load_folder(items, folder, pool, error);
    if (status == APR_SUCCESS) {
        status = one_number(&managed, db, FB_SQL_MIGRATION_TABLE, pool, error);
    }
    if (status == APR_SUCCESS && managed > 0) {
        status = fb_db_query(db, FB_SQL_MIGRATION_LIST, FB_DB_NO_PARAMS, add_applied, items, pool,
                             error);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    fb_migrations *all = apr_pcalloc(pool, sizeof(*all));
    all->items = (fb_migration *)items->elts;
    all->count = items->nelts;
    for (int i = 0; i < all->count; i++) {
        if (all->items[i].applied_checksum != NULL) {
            if (all->current != i) {
                return fb_error_set(error, FB_ESCHEMA,
                                    "migration %04d is applied, but not %04d before it", i + 1, i);
            }
            all->current = i + 1;
        }
    }
    *migrations = all;
    return APR_SUCCESS;
}

/* ---- steps ---- */

/* Where it stands now that nobody else can step: FB_ECONFLICT when another run was faster. */
static apr_status_t lock_at(fb_db *db, int version, apr_pool_t *pool, fb_error *error)
{
    apr_int64_t now_at = 0;
    apr_status_t status = APR_SUCCESS;
    if (fb_db_engine_of(db) == FB_DB_PGSQL) {
        status = fb_db_query(db, FB_SQL_MIGRATION_LOCK, FB_DB_NO_PARAMS, NULL, NULL, pool, error);
    }
    if (status == APR_SUCCESS) {
        status = current_version(&now_at, db, pool, error);
    }
    if (status == APR_SUCCESS && now_at != version) {
        status =
            fb_error_set(error, FB_ECONFLICT, "another run is migrating this database: try again");
    }
    return status;
}

static apr_status_t refuse_foreign(fb_db *db, apr_pool_t *pool, fb_error *error)
{
    apr_int64_t foreign;
    const apr_status_t status = one_number(&foreign, db, FB_SQL_MIGRATION_FOREIGN, pool, error);
    if (status == APR_SUCCESS && foreign > 0) {
        return fb_error_set(error, FB_ESCHEMA,
                            "the database has tables 'users', 'roles' or 'editable_html' that this "
                            "program did not make; nothing was changed");
    }
    return status;
}

static apr_status_t run_script(fb_db *db, const char *path, apr_pool_t *pool, fb_error *error)
{
    const char *text;
    apr_status_t status = read_text(&text, path, pool, error);
    if (status == APR_SUCCESS) {
        status = db->ops->script(db, text, path, error);
    }
    if (status == APR_SUCCESS && !db->ops->in_transaction(db)) {
        status =
            fb_error_set(error, FB_ESYNTAX, "%s: a migration must not end its transaction", path);
    }
    return status;
}

static apr_status_t up(fb_db *db, const fb_migration *item, apr_time_t now, apr_pool_t *pool,
                       fb_error *error)
{
    apr_status_t status = lock_at(db, item->version - 1, pool, error);
    if (status == APR_SUCCESS && item->version == 1) {
        status = refuse_foreign(db, pool, error);
    }
    if (status == APR_SUCCESS) {
        status = fb_db_exec(NULL, db, FB_SQL_MIGRATION_CREATE, FB_DB_NO_PARAMS, pool, error);
    }
    if (status == APR_SUCCESS) {
        status = run_script(db, item->up_path, pool, error);
    }
    if (status == APR_SUCCESS) {
        status =
            fb_db_exec(NULL, db, FB_SQL_MIGRATION_ADD,
                       FB_DB_PARAMS(fb_db_int(item->version), fb_db_text(fb_str_from(item->name)),
                                    fb_db_text(fb_str_from(item->checksum)), fb_db_time(now)),
                       pool, error);
    }
    return status;
}

static apr_status_t down(fb_db *db, const fb_migration *item, apr_pool_t *pool, fb_error *error)
{
    apr_status_t status = lock_at(db, item->version, pool, error);
    if (status == APR_SUCCESS) {
        status = run_script(db, item->down_path, pool, error);
    }
    if (status == APR_SUCCESS) {
        status = fb_db_exec(NULL, db, FB_SQL_MIGRATION_REMOVE,
                            FB_DB_PARAMS(fb_db_int(item->version)), pool, error);
    }
    return status;
}

/* What is applied must be what the folder has. */
static apr_status_t check_applied(const fb_migrations *all, fb_error *error)
{
    for (int i = 0; i < all->current; i++) {
        const fb_migration *item = &all->items[i];
        if (item->up_path == NULL) {
            return fb_error_set(error, FB_ESCHEMA,
                                "the database has migration %04d (%s), which this program does not "
                                "know: use the newer program",
                                item->version, item->name);
        }
        if (strcmp(item->checksum, item->applied_checksum) != 0) {
            return fb_error_set(error, FB_ECONFLICT,
                                "%s was changed after it was applied: put it back, and make a new "
                                "migration with 'flaskbase db migrate -m TEXT'",
                                item->up_path);
        }
    }
    return APR_SUCCESS;
}

apr_status_t fb_migrate_to(fb_db *db, const char *schema_dir, int to, apr_time_t now,
                           fb_migrate_step_fn *step, void *baton, apr_pool_t *pool, fb_error *error)
{
    fb_migrations *all;
    apr_status_t status = fb_migrate_load(&all, db, schema_dir, pool, error);
    if (status == APR_SUCCESS) {
        status = check_applied(all, error);
    }
    if (status == APR_SUCCESS && to > all->count) {
        status = fb_error_set(error, FB_EINVALID, "there is no migration %04d; the last is %04d",
                              to, all->count);
    }
    if (status != APR_SUCCESS) {
        return status; /* `all` may not be there */
    }
    const int target = to < 0 ? all->count : to;
    while (status == APR_SUCCESS && all->current != target) {
        const bool upward = all->current < target;
        const fb_migration *item = &all->items[upward ? all->current : all->current - 1];
        if (step != NULL) {
            step(baton, item, upward ? FB_MIGRATE_UP : FB_MIGRATE_DOWN);
        }
        status = fb_db_begin(db, error);
        if (status == APR_SUCCESS) {
            status = fb_db_end(
                db, upward ? up(db, item, now, pool, error) : down(db, item, pool, error), error);
        }
        all->current += upward ? 1 : -1;
        db->schema_ok = false;
    }
    return status;
}

/* ---- a new migration ---- */

static const char *slug(fb_str text, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, NAME_MAX_LEN + 1);
    apr_size_t len = 0;
    for (apr_size_t i = 0; i < text.len && len < NAME_MAX_LEN; i++) {
        const char c = text.ptr[i];
        const char low = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
        if (low != '_' && is_name_char(low)) {
            out[len++] = low;
        } else if (len > 0 && out[len - 1] != '_') {
            out[len++] = '_';
        }
    }
    while (len > 0 && out[len - 1] == '_') {
        len--;
    }
    out[len] = '\0';
    return out;
}

static apr_status_t write_new(const char *path, const char *text, apr_pool_t *pool, fb_error *error)
{
    apr_file_t *file;
    apr_status_t status =
        apr_file_open(&file, path, APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_EXCL,
                      APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_GREAD | APR_FPROT_WREAD, pool);
    if (status == APR_SUCCESS) {
        status = apr_file_write_full(file, text, strlen(text), NULL);
        const apr_status_t closed = apr_file_close(file);
        status = status != APR_SUCCESS ? status : closed;
    }
    return status == APR_SUCCESS ? status : fb_error_set_os(error, status, "can't write %s", path);
}

apr_status_t fb_migrate_create(const char *paths[4], const char *schema_dir, fb_str text,
                               apr_pool_t *pool, fb_error *error)
{
    static const char *const endings[] = { "up", "down" };
    const char *name = slug(text, pool);
    if (name[0] == '\0' || fb_str_has_ctl(text)) {
        return fb_error_set(error, FB_EINVALID,
                            "the text of a migration needs letters or digits (a-z, 0-9)");
    }
    int last = 0;
    for (int engine = 0; engine < 2; engine++) {
        apr_array_header_t *items = apr_array_make(pool, 8, sizeof(fb_migration));
        const apr_status_t status = scan_folder(
            items, apr_pstrcat(pool, schema_dir, "/", engine_folders[engine], NULL), pool, error);
        if (status != APR_SUCCESS) {
            return status;
        }
        last = items->nelts > last ? items->nelts : last;
    }
    if (last >= VERSION_MAX) {
        return fb_error_set(error, FB_EINVALID, "no number is left for another migration");
    }
    for (int i = 0; i < 4; i++) {
        paths[i] = apr_psprintf(pool, "%s/%s/%04d_%s.%s.sql", schema_dir, engine_folders[i / 2],
                                last + 1, name, endings[i % 2]);
        const char *content = i % 2 == 0
                                  ? apr_psprintf(pool, "-- %.*s\n", FB_STR_ARG(text))
                                  : apr_psprintf(pool, "-- Undoes: %.*s\n", FB_STR_ARG(text));
        const apr_status_t status = write_new(paths[i], content, pool, error);
        if (status != APR_SUCCESS) {
            return status;
        }
    }
    return APR_SUCCESS;
}
