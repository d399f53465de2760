/* Directives of the module: one for each row of the settings table that names one. */
#include "httpd/module.h"

#include <apr_strings.h>
#include <http_core.h>

#include "base/banned.h"

/* ---- records ------------------------------------------------------------------------- */

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

void *fb_httpd_server_create(apr_pool_t *pool, server_rec *server)
{
    fb_server_conf *conf = apr_pcalloc(pool, sizeof(*conf));

    (void)server;
    conf->mounts = apr_array_make(pool, 0, sizeof(fb_mount_given));
    conf->given = apr_array_make(pool, 0, sizeof(fb_setting_given));
    return conf;
}

/* A virtual host has the main server's settings and its own; the later of two wins. */
void *fb_httpd_server_merge(apr_pool_t *pool, void *base, void *add)
{
    const fb_server_conf *outer = base;
    const fb_server_conf *inner = add;
    fb_server_conf *merged = apr_pcalloc(pool, sizeof(*merged));

    merged->enabled = inner->enabled != FB_SWITCH_UNSET ? inner->enabled : outer->enabled;
    merged->mounts = apr_array_append(pool, outer->mounts, inner->mounts);
    merged->given = apr_array_append(pool, outer->given, inner->given);
    return merged;
}

/* ---- reading them -------------------------------------------------------------------- */

static const char *origin_of(const cmd_parms *cmd)
{
    return apr_psprintf(cmd->pool, "%s:%d", cmd->directive->filename, cmd->directive->line_num);
}

static void give(cmd_parms *cmd, fb_setting_id id, const char *value)
{
    fb_server_conf *conf = ap_get_module_config(cmd->server->module_config, &flaskbase_module);
    fb_setting_given *given = apr_array_push(conf->given);

    given->id = id;
    given->value = value;
    given->origin = origin_of(cmd);
}

/* Paths are relative to ServerRoot, as everywhere in httpd; a bare name of an env file is not a
 * path but a name in the configuration folder (base/paths.h). */
static const char *absolute(const cmd_parms *cmd, fb_setting_id id, const char *value)
{
    if (id == FB_SET_ENV_FILE && strchr(value, '/') == NULL && strchr(value, '.') == NULL) {
        return value;
    }
    return ap_server_root_relative(cmd->pool, value);
}

static const char *set_setting(cmd_parms *cmd, void *dir, const char *value)
{
    fb_setting_id id = (fb_setting_id)(apr_uintptr_t)cmd->info;
    const fb_setting *row = fb_setting_row(id);
    fb_error error;

    (void)dir;
    if (row->type == FB_TYPE_PATH || row->type == FB_TYPE_PATHS) {
        const char *path = absolute(cmd, id, value);

        if (path == NULL) {
            return apr_psprintf(cmd->pool, "%s: \"%s\" is not a path", cmd->cmd->name, value);
        }
        value = path;
    }
    fb_error_init(&error, cmd->pool);
    /* A wrong value must not end a server that runs: then the site answers 503 and the log has the
     * reason (start.c finds it again). */
    if (fb_setting_check(id, value, cmd->pool, &error) != APR_SUCCESS && fb_httpd_may_fail()) {
        return apr_psprintf(cmd->pool, "%s: %s", cmd->cmd->name, error.message);
    }
    give(cmd, id, value);
    return NULL;
}

/* "a b" and a b are the same list. */
static const char *set_list(cmd_parms *cmd, void *dir, int argc, char *const argv[])
{
    const char *value = "";

    for (int i = 0; i < argc; i++) {
        value = apr_pstrcat(cmd->pool, value, i > 0 ? " " : "", argv[i], NULL);
    }
    return argc > 0 ? set_setting(cmd, dir, value)
                    : apr_psprintf(cmd->pool, "%s needs a value", cmd->cmd->name);
}

static const char *refuse_context(cmd_parms *cmd)
{
    const ap_directive_t *at;

    for (at = cmd->directive->parent; at != NULL; at = at->parent) {
        if (ap_cstr_casecmp(at->directive, "<VirtualHost") != 0 &&
            (ap_cstr_casecmp(at->directive, "<Location") != 0 ||
             at->args[strspn(at->args, " \t\"'")] != '/')) {
            return apr_psprintf(
                cmd->pool,
                "Flaskbase works for a whole server, a virtual host or a <Location \"/path\">,"
                " not inside %s %s (line %d)",
                at->directive, at->args, at->line_num);
        }
    }
    return ap_check_cmd_context(cmd,
                                NOT_IN_DIRECTORY | NOT_IN_FILES | NOT_IN_HTACCESS | NOT_IN_LIMIT);
}

static const char *set_enabled(cmd_parms *cmd, void *dir, int on)
{
    fb_server_conf *server = ap_get_module_config(cmd->server->module_config, &flaskbase_module);
    fb_dir_conf *conf = dir;
    const char *refused = refuse_context(cmd);

    if (refused != NULL) {
        return refused;
    }
    conf->enabled = on ? FB_SWITCH_ON : FB_SWITCH_OFF;
    if (cmd->path == NULL) {
        server->enabled = conf->enabled;
    } else if (on) {
        fb_mount_given *mount = apr_array_push(server->mounts);

        mount->path = apr_pstrdup(cmd->pool, cmd->path);
        mount->origin = origin_of(cmd);
    }
    return NULL;
}

/* ---- the table ----------------------------------------------------------------------- */

static command_rec commands[FB_SET__COUNT + 1];

/* httpd takes the directives from the module's record as soon as the object is loaded, before any
 * hook of ours: so they are made by the loader. Written once, before threads. */
__attribute__((constructor)) static void make_commands(void)
{
    int count = 0;

    for (int i = 0; i < FB_SET__COUNT; i++) {
        const fb_setting *row = fb_setting_row((fb_setting_id)i);
        command_rec *command = &commands[count];

        if (row->directive == NULL) {
            continue;
        }
        command->name = row->directive;
        command->errmsg = row->doc;
        command->cmd_data = (void *)(apr_uintptr_t)i;
        if (row->place == FB_PLACE_LOCATION) {
            command->func.flag = set_enabled;
            command->req_override = RSRC_CONF | ACCESS_CONF;
            command->args_how = FLAG;
        } else if (row->type == FB_TYPE_LIST || row->type == FB_TYPE_WORDS) {
            command->func.take_argv = set_list;
            command->req_override = RSRC_CONF;
            command->args_how = TAKE_ARGV;
        } else {
            command->func.take1 = set_setting;
            command->req_override = RSRC_CONF;
            command->args_how = row->type == FB_TYPE_PATHS ? ITERATE : TAKE1;
        }
        count++;
    }
    flaskbase_module.cmds = commands;
}
