/* The module's entry in httpd's table of modules: configuration callbacks and hooks. */
#include "httpd/module.h"

#include <http_request.h>

#include "base/banned.h"

/* mod_flaskbase.h */
static int flaskbase_owns(const request_rec *r)
{
    const fb_http_request *state = ap_get_module_config(r->request_config, &flaskbase_module);

    return state != NULL && state->owned;
}

static void register_hooks(apr_pool_t *pool)
{
    /* Server-wide rewrite rules go first, so that an administrator can redirect or refuse; files,
     * aliases and proxies come after what the site owns. */
    static const char *const before[] = { "mod_rewrite.c", NULL };
    static const char *const after[] = { "mod_proxy.c", "mod_alias.c", NULL };

    (void)pool;
    ap_hook_pre_config(fb_httpd_pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    /* Last: the MPM has then settled how many threads there are. */
    ap_hook_check_config(fb_httpd_check_config, NULL, NULL, APR_HOOK_LAST);
    ap_hook_post_config(fb_httpd_post_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(fb_httpd_child_init, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(fb_httpd_report_settings, NULL, NULL, APR_HOOK_LAST);
    ap_hook_translate_name(fb_httpd_translate, before, after, APR_HOOK_FIRST);
    ap_hook_map_to_storage(fb_httpd_map_to_storage, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_type_checker(fb_httpd_type_checker, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_fixups(fb_httpd_fixups, NULL, NULL, APR_HOOK_LAST);
    ap_hook_handler(fb_httpd_handler, NULL, NULL, APR_HOOK_FIRST);
    APR_REGISTER_OPTIONAL_FN(flaskbase_owns);
    fb_httpd_session_hooks(FB_HOOKS_EARLY);
}

/* Everything is hidden (-fvisibility=hidden) but this symbol, which LoadModule looks up. The
 * directives are put in when the object is loaded (directives.c), before httpd reads them. */
module AP_MODULE_DECLARE_DATA flaskbase_module
    __attribute__((visibility("default"))) = { STANDARD20_MODULE_STUFF, fb_httpd_dir_create,
                                               fb_httpd_dir_merge,      fb_httpd_server_create,
                                               fb_httpd_server_merge,   NULL,
                                               register_hooks,          0 };
