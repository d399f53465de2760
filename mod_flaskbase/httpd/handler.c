/* What the site owns among httpd's requests, and its answers. */
#include "httpd/module.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

#include "base/banned.h"

static fb_http_request *owned(const request_rec *r)
{
    fb_http_request *state = ap_get_module_config(r->request_config, &flaskbase_module);

    return state != NULL && state->owned ? state : NULL;
}

/* ---- what is ours (X5) --------------------------------------------------------------- */

/* Links in mail carry a token in their path: the access log and messages of other modules must not
 * show it. httpd matches its sections against r->uri until the handler runs. */
static void hide_token(request_rec *r, fb_http_request *state)
{
    fb_str path = fb_str_sub(fb_str_from(r->uri), strlen(state->site->mount), strlen(r->uri));
    char *shown;
    fb_match match;

    fb_router_match(&match, state->live->router, path, FB_GET);
    if (match.route == NULL || (match.route->flags & FB_ROUTE_NO_REFERRER) == 0 ||
        match.arg_count == 0) {
        return;
    }
    shown = apr_psprintf(r->pool, "%.*s***",
                         (int)(match.args[match.arg_count - 1].text.ptr - r->uri), r->uri);
    r->the_request = apr_psprintf(r->pool, "%s %s %s", r->method, shown, r->protocol);
    r->unparsed_uri = shown;
    state->shown_path = shown;
}

static bool is_unfinished(const fb_http_site *site, const request_rec *r)
{
    fb_str path = fb_str_from(r->uri);

    if (site->waiting->all) {
        return true;
    }
    if (!fb_str_starts(path, fb_str_from(site->mount))) {
        return false;
    }
    path = fb_str_sub(path, strlen(site->mount), path.len);
    if (path.len > 0 && path.ptr[0] != '/') {
        return false;
    }
    if (path.len <= 1) {
        return site->waiting->home;
    }
    return fb_str_eq_z(path, "/static") || fb_str_starts(path, FB_STR("/static/")) ||
           fb_router_owns(site->waiting->router, path) == FB_OWNS;
}

int fb_httpd_translate(request_rec *r)
{
    fb_http_request *state = r->proxyreq == PROXYREQ_NONE ? fb_httpd_request(r) : NULL;
    const fb_http_site *site;

    if (state == NULL || r->uri[0] != '/') {
        return DECLINED;
    }
    site = state->site;
    if (state->live == NULL) {
        state->owned = is_unfinished(site, r);
    } else if (r->prev != NULL && strcmp(r->uri, site->error_path) == 0) {
        state->owned = true;
        state->error_page = true;
    } else if (fb_web_owns(state->live, fb_str_from(r->uri)) == FB_OWNS) {
        state->owned = true;
        hide_token(r, state);
    }
    if (!state->owned) {
        return DECLINED;
    }
    r->handler = FLASKBASE_HANDLER;
    r->filename = apr_pstrdup(r->pool, FLASKBASE_HANDLER ":");
    return OK;
}

int fb_httpd_map_to_storage(request_rec *r)
{
    return owned(r) != NULL ? OK : DECLINED;
}

int fb_httpd_type_checker(request_rec *r)
{
    return owned(r) != NULL ? OK : DECLINED;
}

int fb_httpd_fixups(request_rec *r)
{
    const fb_http_request *state = ap_get_module_config(r->request_config, &flaskbase_module);
    const core_dir_config *core = ap_get_core_module_config(r->per_dir_config);
    int index = ap_index_of_response(HTTP_NOT_FOUND);

    if (state == NULL || state->owned || state->live == NULL || !ap_is_initial_req(r) ||
        (core->response_code_exprs != NULL &&
         apr_hash_get(core->response_code_exprs, &index, sizeof index) != NULL)) {
        return DECLINED;
    }
    ap_custom_response(r, HTTP_NOT_FOUND, state->site->error_path);
    return DECLINED;
}

/* ---- answers ------------------------------------------------------------------------- */

/* Length and tag of the reply are those of the manifest. A file that changed since would go out
 * under another's immutable name, and one that shrank would be read past its end (SIGBUS of mmap):
 * it counts as missing (FB_ENOTFOUND). */
static apr_status_t open_file(apr_file_t **file, request_rec *r, const fb_reply *reply,
                              fb_error *error)
{
    const core_dir_config *core = ap_get_core_module_config(r->per_dir_config);
    apr_int32_t flags = APR_READ | APR_BINARY;
    apr_finfo_t info;
    apr_status_t status;

    flags |= AP_SENDFILE_ENABLED(core->enable_sendfile) ? APR_SENDFILE_ENABLED : 0;
    status = apr_file_open(file, reply->file, flags, APR_OS_DEFAULT, r->pool);
    if (status != APR_SUCCESS) {
        return fb_error_set_os(error, status, "static file %s can not be opened", reply->file);
    }
    status = apr_file_info_get(&info, APR_FINFO_SIZE | APR_FINFO_MTIME, *file);
    if (status != APR_SUCCESS || (apr_uint64_t)info.size != reply->length ||
        info.mtime != reply->file_mtime) {
        status = apr_file_close(*file);
        return fb_error_set(error, FB_ENOTFOUND,
                            "static file %s changed since httpd started, and is not served until "
                            "httpd is restarted (apachectl graceful)",
                            reply->file);
    }
    return APR_SUCCESS;
}

static void add_file(apr_bucket_brigade *brigade, request_rec *r, apr_file_t *file,
                     apr_uint64_t length)
{
    const core_dir_config *core = ap_get_core_module_config(r->per_dir_config);
    apr_bucket *bucket = apr_brigade_insert_file(brigade, file, 0, (apr_off_t)length, r->pool);

#if APR_HAS_MMAP
    if (core->enable_mmap == ENABLE_MMAP_OFF) {
        apr_bucket_file_enable_mmap(bucket, 0);
    }
#else
    (void)bucket;
    (void)core;
#endif
}

/* Without a copy: literals of templates live as long as the process, the rest as long as the
 * request, which ends after its last byte was sent. */
static void add_chunks(apr_bucket_brigade *brigade, const request_rec *r, const fb_chunks *chunks)
{
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;

    for (const fb_chunk *chunk = chunks->first; chunk != NULL; chunk = chunk->next) {
        apr_bucket *bucket;

        if (chunk->len == 0) {
            continue;
        }
        bucket = chunk->kind == FB_CHUNK_STATIC
                     ? apr_bucket_immortal_create(chunk->ptr, chunk->len, alloc)
                     : apr_bucket_pool_create(chunk->ptr, chunk->len, r->pool, alloc);
        APR_BRIGADE_INSERT_TAIL(brigade, bucket);
    }
}

static void send_headers(request_rec *r, const fb_reply *reply)
{
    r->status = reply->status;
    if (reply->content_type != NULL) {
        ap_set_content_type(r, reply->content_type);
    }
    /* err_headers_out holds for every status. apr_tables keep repeated names with add. */
    for (apr_size_t i = 0; i < reply->header_count; i++) {
        const fb_reply_header *header = &reply->headers[i];

        apr_table_addn(r->err_headers_out, header->name, header->value);
    }
    if (reply->body != FB_BODY_FILE) {
        /* A page is made anew for each request: parts of two need not fit together. */
        apr_table_unset(r->headers_in, "Range");
        apr_table_unset(r->headers_in, "Request-Range");
    }
}

int fb_httpd_send(request_rec *r, const fb_reply *reply)
{
    apr_bucket_brigade *brigade = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    const fb_http_request *state = owned(r);
    apr_file_t *file = NULL;
    fb_reply *missing;
    fb_error error;
    apr_status_t status;

    fb_error_init(&error, r->pool);
    /* Before any header: those of the file do not hold for the 404. */
    if (reply->body == FB_BODY_FILE && open_file(&file, r, reply, &error) != APR_SUCCESS) {
        fb_log_error(r, FB_LOG_WARNING, &error);
        fb_web_error_page(&missing, state->live, &state->request, HTTP_NOT_FOUND, NULL);
        reply = missing;
    }
    send_headers(r, reply);
    if (reply->body == FB_BODY_FILE) {
        add_file(brigade, r, file, reply->length);
    } else if (reply->body == FB_BODY_CHUNKS) {
        add_chunks(brigade, r, &reply->chunks);
    }
    if (reply->body != FB_BODY_NONE) {
        ap_set_content_length(r, (apr_off_t)reply->length);
    }
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_eos_create(r->connection->bucket_alloc));
    status = ap_pass_brigade(r->output_filters, brigade);
    /* The client is gone: nothing is left to be told. */
    return status == APR_SUCCESS || r->connection->aborted ? OK : AP_FILTER_ERROR;
}

/* The site could not be made at a restart (start.c): everything it owns waits. */
static int answer_unfinished(request_rec *r)
{
    apr_table_setn(r->err_headers_out, "Retry-After", "60");
    apr_table_setn(r->err_headers_out, "Cache-Control", "no-store");
    apr_table_setn(r->err_headers_out, "X-Content-Type-Options", "nosniff");
    apr_table_setn(r->err_headers_out, "Content-Security-Policy",
                   "default-src 'none'; object-src 'none'; base-uri 'none'; "
                   "frame-ancestors 'none'");
    return HTTP_SERVICE_UNAVAILABLE;
}

int fb_httpd_handler(request_rec *r)
{
    fb_http_request *state = owned(r);
    const fb_request *request;
    fb_reply *reply = NULL;

    if (state == NULL || r->handler == NULL || strcmp(r->handler, FLASKBASE_HANDLER) != 0) {
        return DECLINED;
    }
    if (state->live == NULL) {
        return answer_unfinished(r);
    }
    request = fb_httpd_fill(state); /* keeps the path with the token */
    if (state->shown_path != NULL) {
        r->uri = state->shown_path;
        r->parsed_uri.path = state->shown_path;
    }
    fb_httpd_session_before(state);
    if (state->error_page) {
        fb_web_error_page(&reply, state->live, request, r->prev->status, NULL);
    } else {
        fb_web_dispatch(&reply, state->live, request);
    }
    fb_httpd_session_after(state);
    if (state->body_status != 0) {
        return state->body_status;
    }
    return fb_httpd_send(r, reply);
}
