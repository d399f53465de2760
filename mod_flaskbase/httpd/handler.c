/* From httpd's request to the site and back: what is owned, and its answer. */
#include "httpd/module.h"

#include <apr_strings.h>
#include <http_protocol.h>

#include "base/banned.h"

static bool is_ours(const request_rec *r)
{
    return r->handler != NULL && strcmp(r->handler, FB_HANDLER_NAME) == 0;
}

int fb_httpd_translate(request_rec *r)
{
    const fb_dir_conf *conf = ap_get_module_config(r->per_dir_config, &flaskbase_module);

    if (conf->enabled != FB_SWITCH_ON || r->proxyreq != PROXYREQ_NONE
        || strcmp(r->uri, "/") != 0) {
        return DECLINED;
    }
    r->handler = FB_HANDLER_NAME;
    r->filename = apr_pstrdup(r->pool, "flaskbase:");
    return OK;
}

int fb_httpd_map_to_storage(request_rec *r)
{
    return is_ours(r) ? OK : DECLINED;
}

int fb_httpd_type_checker(request_rec *r)
{
    return is_ours(r) ? OK : DECLINED;
}

int fb_httpd_handler(request_rec *r)
{
    if (!is_ours(r)) {
        return DECLINED;
    }
    ap_set_content_type(r, "text/plain; charset=utf-8");
    ap_rputs("flaskbase " FB_VERSION "\n", r);
    return OK;
}
