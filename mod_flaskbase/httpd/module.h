/* What the files of the module share: its configuration records and its hooks. */
#ifndef FB_HTTPD_MODULE_H
#define FB_HTTPD_MODULE_H

#include "base/error.h"

#include <httpd.h>
#include <http_config.h>

extern module AP_MODULE_DECLARE_DATA flaskbase_module;

/* The value of SetHandler for what the site owns; other modules see it in r->handler. */
#define FB_HANDLER_NAME "flaskbase"

/* ---- configuration ------------------------------------------------------------------- */

typedef enum fb_switch { FB_SWITCH_UNSET, FB_SWITCH_OFF, FB_SWITCH_ON } fb_switch;

/* Per location: whether `Flaskbase On` holds there. */
typedef struct fb_dir_conf {
    fb_switch enabled;
} fb_dir_conf;

extern const command_rec fb_httpd_commands[];
void *fb_httpd_dir_create(apr_pool_t *pool, char *path);
void *fb_httpd_dir_merge(apr_pool_t *pool, void *base, void *add);

/* ---- serving ------------------------------------------------------------------------- */

/* translate_name: takes what the site owns before any file is looked at (SPEC X5). */
int fb_httpd_translate(request_rec *r);
/* map_to_storage: no directory walk for what is taken. */
int fb_httpd_map_to_storage(request_rec *r);
/* type_checker: keeps mod_mime's handlers and types away from what is taken. */
int fb_httpd_type_checker(request_rec *r);
int fb_httpd_handler(request_rec *r);

#endif
