/* Directives of the module: where the site is, and its settings. */
#include "httpd/module.h"

#include "base/banned.h"

void *fb_httpd_dir_create(apr_pool_t *pool, char *path)
{
    (void)path;
    return apr_pcalloc(pool, sizeof(fb_dir_conf));
}

void *fb_httpd_dir_merge(apr_pool_t *pool, void *base, void *add)
{
    const fb_dir_conf *outer = base;
    const fb_dir_conf *inner = add;
    fb_dir_conf *merged = apr_pcalloc(pool, sizeof(*merged));

    merged->enabled = inner->enabled != FB_SWITCH_UNSET ? inner->enabled : outer->enabled;
    return merged;
}

static const char *set_flaskbase(cmd_parms *cmd, void *dir, int on)
{
    fb_dir_conf *conf = dir;
    const char *refused =
        ap_check_cmd_context(cmd, NOT_IN_DIRECTORY | NOT_IN_FILES | NOT_IN_HTACCESS | NOT_IN_LIMIT);

    if (refused != NULL) {
        return refused;
    }
    conf->enabled = on ? FB_SWITCH_ON : FB_SWITCH_OFF;
    return NULL;
}

const command_rec fb_httpd_commands[] = {
    AP_INIT_FLAG("Flaskbase", set_flaskbase, NULL, RSRC_CONF | ACCESS_CONF,
                 "On: the site's pages are served here (server, virtual host or Location)"),
    { NULL, { NULL }, NULL, 0, RAW_ARGS, NULL }
};
