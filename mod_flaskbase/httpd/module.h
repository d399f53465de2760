/* What the files of the module share: its configuration records and its hooks. */
#ifndef FB_HTTPD_MODULE_H
#define FB_HTTPD_MODULE_H

#include "base/log.h"
#include "httpd/mod_flaskbase.h"
#include "store/db.h"
#include "web/dispatch.h"
#include "web/session.h"

#include <apr_network_io.h>
#include <httpd.h>
#include <http_config.h>

extern module AP_MODULE_DECLARE_DATA flaskbase_module;

/* ---- configuration ------------------------------------------------------------------- */

typedef enum fb_switch { FB_SWITCH_UNSET, FB_SWITCH_OFF, FB_SWITCH_ON } fb_switch;

/* Per location: whether `Flaskbase On` holds there. */
typedef struct fb_dir_conf {
    fb_switch enabled;
} fb_dir_conf;

/* `Flaskbase On` inside <Location "/app">: the site is mounted there. */
typedef struct fb_mount_given {
    const char *path;
    const char *origin; /* "site.conf:12" */
} fb_mount_given;

/* Per server and virtual host. */
typedef struct fb_server_conf {
    fb_switch enabled;          /* of the whole server */
    apr_array_header_t *mounts; /* of fb_mount_given */
    apr_array_header_t *given;  /* of fb_setting_given: inherited ones first */
    struct fb_http_site *site;  /* made at start; NULL: none here */
} fb_server_conf;

/* What a site owns that could not be made: by its settings if they could be read, else by its
 * directives alone. */
typedef struct fb_waiting {
    bool all;  /* it has a Location to itself, or FlaskbaseUnknown own; or nothing is known */
    bool home; /* also the home page */
    const fb_router *router;
} fb_waiting;

/* A site in this httpd. Fixed after start; lives in the configuration's pool. */
typedef struct fb_http_site {
    server_rec *server;          /* the first that serves it: its pool of connections is used */
    const fb_settings *settings; /* NULL while `site` is */
    fb_site *site;               /* NULL: could not be made at a restart; all it owns is a 503 */
    const char *mount;           /* "" or "/app" */
    struct fb_waiting *waiting;  /* what it owns while `site` is NULL */
    const char *error_path;      /* internal address of the page for others' errors (X5) */
    apr_array_header_t *proxies; /* of apr_ipsubnet_t *: whose X-Forwarded-Proto is believed */
    bool trust_any_proxy;        /* platform profile: every peer is the platform's proxy */
    apr_interval_time_t db_timeout;
    struct fb_reloader *reloader; /* development: templates compiled anew when changed; or NULL */
} fb_http_site;

void *fb_httpd_dir_create(apr_pool_t *pool, char *path);
void *fb_httpd_dir_merge(apr_pool_t *pool, void *base, void *add);
void *fb_httpd_server_create(apr_pool_t *pool, server_rec *server);
void *fb_httpd_server_merge(apr_pool_t *pool, void *base, void *add);

/* The first pass of the first start and `-t`: errors may end httpd. Later they must not. */
bool fb_httpd_may_fail(void);

/* ---- start --------------------------------------------------------------------------- */

int fb_httpd_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp);
/* Makes every site: settings, templates, routes, connection pools. */
int fb_httpd_check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                          server_rec *main_server);
int fb_httpd_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                         server_rec *main_server);

void fb_httpd_child_init(apr_pool_t *pool, server_rec *main_server);
void fb_httpd_report_settings(apr_pool_t *pool, server_rec *main_server);
/* Development: watches the files of templates and assets from now on. `hosts` is kept. */
void fb_httpd_reloader_create(fb_http_site *site, const apr_array_header_t *hosts,
                              apr_pool_t *pconf);
/* The site as this request shall see it: that of the start, or one made anew since. */
fb_site *fb_httpd_live_site(const fb_http_site *site, request_rec *r);

/* ---- database ------------------------------------------------------------------------ */

/* Configures mod_dbd's pool of `server` for that database, as DBDriver and DBDParams would.
 * Refuses (FB_EINVALID, naming the line) when the configuration has DBD directives that
 * this server would share. `connections` 0: one per thread. */
apr_status_t fb_httpd_dbd_configure(server_rec *server, const fb_dburl *url, int connections,
                                    apr_pool_t *pconf, apr_pool_t *ptemp,
                                    fb_error *error) FB_MUST_CHECK;

/* ---- requests ------------------------------------------------------------------------ */

/* What we keep of one httpd request, in its pool and its request_config. */
typedef struct fb_http_request {
    request_rec *r;
    const fb_http_site *site;
    fb_site *live;    /* site->site, or in development what replaced it; may be NULL */
    bool owned;       /* by translate_name: the handler answers it */
    char *shown_path; /* r->uri without the token in it; NULL: it has none */
    bool error_page;  /* an internal redirect to site->error_path */
    bool filled;
    fb_request request; /* valid once `filled` */
    fb_db_source db;
    void *connection;            /* ap_dbd_t * while leased, else NULL */
    apr_pool_t *connection_pool; /* whose cleanup gives it back */
    apr_bucket_brigade *body;
    bool body_ended;
    int body_status; /* not 0: httpd has answered already (AP_FILTER_ERROR) */
    void *shared;    /* session_rec *: mod_session's view; NULL until loaded */
    unsigned char session_id[FB_SESSION_ID_LEN]; /* before dispatch, while `shared` is there */
} fb_http_request;

/* Of this httpd request, made when there is none; NULL where the module is off or has no site. */
fb_http_request *fb_httpd_request(request_rec *r);
/* The plain request for web/, filled at the first call. */
const fb_request *fb_httpd_fill(fb_http_request *state);
/* Reads the body through httpd's filters (fb_body_read). */
apr_status_t fb_httpd_read_body(void *baton, char *buf, apr_size_t cap, apr_size_t *got,
                                fb_error *error);
/* fb_db_source over mod_dbd; baton is the fb_http_request. */
apr_status_t fb_httpd_db_acquire(void *baton, fb_db **db, apr_pool_t *pool, fb_error *error);
void fb_httpd_db_release(void *baton, fb_db *db, apr_status_t status);

/* Writes a reply as httpd's answer; what a handler returns. */
int fb_httpd_send(request_rec *r, const fb_reply *reply);

/* translate_name: takes what the site owns before any file is looked at (SPEC X5). */
int fb_httpd_translate(request_rec *r);
/* map_to_storage: no directory walk for what is taken. */
int fb_httpd_map_to_storage(request_rec *r);
/* type_checker: keeps mod_mime's handlers and types away from what is taken. */
int fb_httpd_type_checker(request_rec *r);
/* fixups: our page for the 404 of other content, unless there is an ErrorDocument. */
int fb_httpd_fixups(request_rec *r);
int fb_httpd_handler(request_rec *r);

/* ---- sessions, logging --------------------------------------------------------------- */

/* Hooks mod_session, if it is there; called while hooks are registered, and again (with
 * FB_HOOKS_LATE) when all modules are loaded. */
typedef enum fb_hooks_when { FB_HOOKS_EARLY, FB_HOOKS_LATE } fb_hooks_when;
void fb_httpd_session_hooks(fb_hooks_when when);
/* Before dispatch: the session that mod_session has already loaded, with its changes. */
void fb_httpd_session_before(fb_http_request *state);
/* After dispatch: what a login or logout dropped leaves mod_session's view too. */
void fb_httpd_session_after(const fb_http_request *state);

fb_log_sink fb_httpd_log;

#endif
