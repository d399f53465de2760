/* Opening a database file or server directly. */
#include "store/open.h"

#include "store/pgsql.h"

#include <apr_strings.h>
#include <sqlite3.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"

static apr_status_t make_file(const char *path, apr_pool_t *pool, fb_error *error)
{
    char *folder = apr_pstrdup(pool, path);
    char *slash = NULL;
    for (char *at = folder; *at != '\0'; at++) {
        slash = *at == '/' ? at : slash;
    }
    if (slash != NULL && slash != folder) {
        *slash = '\0';
        if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
            return fb_error_set_os(error, errno, "can't make the database's folder %s", folder);
        }
    }
    const int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        const int code = errno;
        return code == EEXIST ? APR_SUCCESS
                              : fb_error_set_os(error, code, "can't make the database %s", path);
    }
    /* The umask must not take away the owner's rights. */
    const int changed = fchmod(fd, 0600);
    const int closed = close(fd);
    return changed == 0 && closed == 0
               ? APR_SUCCESS
               : fb_error_set_os(error, errno, "can't make the database %s", path);
}

static apr_status_t close_sqlite(void *native)
{
    sqlite3_close(native);
    return APR_SUCCESS;
}

static apr_status_t open_sqlite(fb_db **db, const fb_dburl *url, fb_db_create create,
                                const fb_db_options *options, apr_pool_t *pool, fb_error *error)
{
    sqlite3 *native = NULL;
    struct stat info;
    if (stat(url->path, &info) != 0) {
        const int code = errno;
        if (code != ENOENT) {
            return fb_error_set_os(error, code, "can't open the database %s", url->path);
        }
        if (create == FB_DB_EXISTING) {
            return fb_error_set(error, FB_ENOTFOUND,
                                "there is no database %s: run 'flaskbase db upgrade'", url->path);
        }
        const apr_status_t status = make_file(url->path, pool, error);
        if (status != APR_SUCCESS) {
            return status;
        }
    } else if (create == FB_DB_CREATE && (info.st_mode & 077) != 0 && chmod(url->path, 0600) != 0) {
        return fb_error_set_os(
            error, errno, "others can read the database %s, and that can't be changed", url->path);
    }
    const int code = sqlite3_open_v2(
        url->path, &native, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
        NULL);
    if (code != SQLITE_OK) {
        const apr_status_t status =
            fb_error_set(error, FB_EUNAVAIL, "can't open the database %s: %s", url->path,
                         native != NULL ? sqlite3_errmsg(native) : "not enough memory");
        sqlite3_close(native);
        return status;
    }
    apr_pool_cleanup_register(pool, native, close_sqlite, apr_pool_cleanup_null);
    const apr_status_t status = fb_db_attach_sqlite(db, native, options, pool, error);
    if (status != APR_SUCCESS) {
        fb_error_at(error, url->path, 0, 0, (fb_str){ NULL, 0 });
        apr_pool_cleanup_run(pool, native, close_sqlite);
    }
    return status;
}

apr_status_t fb_db_open(fb_db **db, const fb_dburl *url, fb_db_create create,
                        const fb_db_options *options, apr_pool_t *pool, fb_error *error)
{
    if (url->engine == FB_DB_SQLITE) {
        return open_sqlite(db, url, create, options, pool, error);
    }
#ifdef FB_HAVE_PGSQL
    return fb_pgsql_open(db, url, options, pool, error);
#else
    return fb_error_set(error, FB_EINVALID, "this program was built without PostgreSQL: %s",
                        url->shown);
#endif
}
