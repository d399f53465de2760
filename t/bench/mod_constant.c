/* For `make bench` only: a handler that answers with a constant, the fastest page there can be. */
#include <httpd.h>
#include <http_config.h>
#include <http_protocol.h>

#include <apr_strings.h>
#include <string.h>

extern module AP_MODULE_DECLARE_DATA constant_module;

/* BenchConstant SIZE: the length of the answer. */
typedef struct constant_conf {
    apr_size_t size;
    char *text;
} constant_conf;

static void *create(apr_pool_t *pool, server_rec *server)
{
    (void)server;
    return apr_pcalloc(pool, sizeof(constant_conf));
}

static const char *set_size(cmd_parms *cmd, void *unused, const char *value)
{
    constant_conf *conf = ap_get_module_config(cmd->server->module_config, &constant_module);
    apr_int64_t size = apr_atoi64(value);

    (void)unused;
    if (size < 1 || size > 1 << 24) {
        return "BenchConstant: a size from 1 to 16777216";
    }
    conf->size = (apr_size_t)size;
    conf->text = apr_palloc(cmd->pool, conf->size);
    memset(conf->text, 'x', conf->size);
    return NULL;
}

static int handle(request_rec *r)
{
    const constant_conf *conf = ap_get_module_config(r->server->module_config, &constant_module);

    if (r->handler == NULL || strcmp(r->handler, "bench-constant") != 0 || conf->text == NULL) {
        return DECLINED;
    }
    ap_set_content_type(r, "text/html; charset=utf-8");
    ap_set_content_length(r, (apr_off_t)conf->size);
    return ap_rwrite(conf->text, (int)conf->size, r) < 0 ? HTTP_INTERNAL_SERVER_ERROR : OK;
}

static void hooks(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_handler(handle, NULL, NULL, APR_HOOK_MIDDLE);
}

static const command_rec commands[] = {
    AP_INIT_TAKE1("BenchConstant", set_size, NULL, RSRC_CONF, "length of the constant answer"),
    { NULL, { NULL }, NULL, 0, RAW_ARGS, NULL }
};

module AP_MODULE_DECLARE_DATA constant_module __attribute__((visibility("default"))) = {
    STANDARD20_MODULE_STUFF, NULL, NULL, create, NULL, commands, hooks, 0
};
