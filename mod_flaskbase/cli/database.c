/* Opening the site's database for a command, as the user to whom it belongs. */
#include "cli/database.h"

#include "store/migrate.h"

#include <apr_strings.h>
#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"

/* The nearest thing on the way to `path` that exists. */
static bool nearest(struct stat *info, const char *path, apr_pool_t *pool)
{
    char *at = apr_pstrdup(pool, path);
    while (stat(at, info) != 0) {
        apr_size_t len = strlen(at);
        while (len > 0 && at[len - 1] != '/') {
            len--;
        }
        if (len <= 1) {
            return false;
        }
        at[len - 1] = '\0';
    }
    return true;
}

static int become_owner(fb_cli *cli, const char *path)
{
    struct stat info;
    if (geteuid() != 0 || !nearest(&info, path, cli->pool) || info.st_uid == 0) {
        return FB_CLI_OK;
    }
    if (setgroups(0, NULL) != 0 || setgid(info.st_gid) != 0 || setuid(info.st_uid) != 0) {
        return fb_cli_fail(cli, "can't become the owner of %s (user %ld): %s", path,
                           (long)info.st_uid, strerror(errno));
    }
    return FB_CLI_OK;
}

int fb_cli_open_database(fb_cli *cli, fb_db **db, fb_db_create create)
{
    const fb_dburl *url = fb_settings_database(cli->settings);
    const fb_db_options options = { 0, NULL };
    fb_error error;
    if (url == NULL) {
        return fb_cli_fail(cli, "no database is configured: set DATABASE_URL");
    }
    if (url->path != NULL) {
        const int status = become_owner(cli, url->path);
        if (status != FB_CLI_OK) {
            return status;
        }
    }
    fb_error_init(&error, cli->pool);
    if (fb_db_open(db, url, create, &options, cli->pool, &error) != APR_SUCCESS) {
        return fb_cli_fail_error(cli, &error);
    }
    return FB_CLI_OK;
}

int fb_cli_database(fb_cli *cli, fb_db **db)
{
    fb_error error;
    const int status = fb_cli_open_database(cli, db, FB_DB_EXISTING);
    if (status != FB_CLI_OK) {
        return status;
    }
    fb_error_init(&error, cli->pool);
    if (fb_migrate_check(*db, cli->pool, &error) != APR_SUCCESS) {
        return fb_cli_fail_error(cli, &error);
    }
    return FB_CLI_OK;
}
