/* httpd's request as the plain struct that web/ works on. */
#include "httpd/module.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_ssl.h>

#include "base/banned.h"

fb_http_request *fb_httpd_request(request_rec *r)
{
    fb_http_request *state = ap_get_module_config(r->request_config, &flaskbase_module);
    const fb_dir_conf *dir;
    const fb_server_conf *server;

    if (state != NULL) {
        return state;
    }
    dir = ap_get_module_config(r->per_dir_config, &flaskbase_module);
    server = ap_get_module_config(r->server->module_config, &flaskbase_module);
    if (dir->enabled != FB_SWITCH_ON || server->site == NULL) {
        return NULL;
    }
    state = apr_pcalloc(r->pool, sizeof(*state));
    state->r = r;
    state->site = server->site;
    state->live = fb_httpd_live_site(server->site, r);
    ap_set_module_config(r->request_config, &flaskbase_module, state);
    return state;
}

/* ---- who and how --------------------------------------------------------------------- */

static bool is_trusted_proxy(const fb_http_site *site, request_rec *r)
{
    if (site->trust_any_proxy || r->useragent_addr != r->connection->client_addr) {
        /* mod_remoteip took the client's address from the peer's headers: it trusts that proxy. */
        return true;
    }
    for (int i = 0; site->proxies != NULL && i < site->proxies->nelts; i++) {
        if (apr_ipsubnet_test(APR_ARRAY_IDX(site->proxies, i, apr_ipsubnet_t *),
                              r->connection->client_addr)) {
            return true;
        }
    }
    return false;
}

/* X9. A chain of proxies appends to X-Forwarded-Proto: the last word is the trusted proxy's own. */
static bool is_https(const fb_http_site *site, request_rec *r)
{
    const char *forwarded;
    fb_str last;

    if (ap_ssl_conn_is_ssl(r->connection) || ap_cstr_casecmp(ap_http_scheme(r), "https") == 0) {
        return true;
    }
    forwarded = apr_table_get(r->headers_in, "X-Forwarded-Proto");
    if (forwarded == NULL || !is_trusted_proxy(site, r)) {
        return false;
    }
    last = fb_str_from(strrchr(forwarded, ',') != NULL ? strrchr(forwarded, ',') + 1 : forwarded);
    return fb_str_ieq(fb_str_trim(last), FB_STR("https"));
}

static void fill_client(fb_request *request, const request_rec *r)
{
    const apr_sockaddr_t *address = r->useragent_addr;

    request->client_text = fb_str_from(r->useragent_ip);
    if (address == NULL) {
        return;
    }
    if (address->family == APR_INET) {
        memcpy(request->client, &address->sa.sin.sin_addr, 4);
        request->client_len = 4;
#if APR_HAVE_IPV6
    } else if (address->family == APR_INET6) {
        const unsigned char *bytes = (const unsigned char *)&address->sa.sin6.sin6_addr;
        static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

        if (memcmp(bytes, mapped, sizeof mapped) == 0) { /* an IPv4 client on a dual socket */
            memcpy(request->client, bytes + 12, 4);
            request->client_len = 4;
        } else {
            memcpy(request->client, bytes, 16);
            request->client_len = 16;
        }
#endif
    }
}

static void fill_headers(fb_request *request, const request_rec *r)
{
    const apr_array_header_t *in = apr_table_elts(r->headers_in);
    const apr_table_entry_t *entries = (const apr_table_entry_t *)(const void *)in->elts;
    fb_header *headers = apr_palloc(r->pool, (apr_size_t)(in->nelts + 1) * sizeof(*headers));
    apr_size_t count = 0;

    for (int i = 0; i < in->nelts; i++) {
        if (entries[i].key != NULL) {
            headers[count].name = fb_str_from(entries[i].key);
            headers[count].value = fb_str_from(entries[i].val);
            count++;
        }
    }
    request->headers = headers;
    request->header_count = count;
}

/* The authority of an absolute request line counts more than Host (RFC 9112 3.2.2); httpd has
 * then put it into r->hostname, without its port. */
static fb_str host_of(const request_rec *r)
{
    const char *host = apr_table_get(r->headers_in, "Host");

    if (r->parsed_uri.hostname != NULL) {
        return fb_str_from(r->parsed_uri.hostname);
    }
    return fb_str_from(host != NULL ? host : r->hostname);
}

static void fill_body(fb_http_request *state)
{
    request_rec *r = state->r;
    const char *length = apr_table_get(r->headers_in, "Content-Length");
    apr_int64_t value;

    state->request.content_length = -1;
    if (r->main != NULL || r->prev != NULL) {
        return; /* the body belongs to the request that was sent */
    }
    if (length != NULL && fb_num_int64(&value, fb_str_from(length)) == APR_SUCCESS && value >= 0) {
        state->request.content_length = value;
    } else if (apr_table_get(r->headers_in, "Transfer-Encoding") == NULL) {
        return;
    }
    state->request.read_body = fb_httpd_read_body;
    state->request.body_baton = state;
}

const fb_request *fb_httpd_fill(fb_http_request *state)
{
    request_rec *r = state->r;
    fb_request *request = &state->request;

    if (state->filled) {
        return request;
    }
    request->pool = r->pool;
    request->log = r;
    request->now = r->request_time;
    request->method_token = fb_str_from(r->method);
    request->method = fb_http_method_from_token(request->method_token);
    request->is_https = is_https(state->site, r);
    request->host = host_of(r);
    request->path = fb_str_from(r->uri);
    request->query = fb_str_from(r->args);
    fill_headers(request, r);
    fill_client(request, r);
    fill_body(state);
    state->db.acquire = fb_httpd_db_acquire;
    state->db.release = fb_httpd_db_release;
    state->db.baton = state;
    request->db = &state->db;
    state->filled = true;
    return request;
}

/* ---- body ---------------------------------------------------------------------------- */

static apr_status_t body_error(fb_http_request *state, apr_status_t status, fb_error *error)
{
    if (status == AP_FILTER_ERROR) {
        state->body_status = AP_FILTER_ERROR;
        return fb_error_set(error, FB_EINVALID, "a filter of httpd refused the request's body");
    }
    if (APR_STATUS_IS_TIMEUP(status)) {
        return fb_error_set(error, FB_ETIMEOUT, "the request's body did not arrive in time");
    }
    if (APR_STATUS_IS_ENOSPC(status)) {
        return fb_error_set(error, FB_ELIMIT, "the request's body is larger than LimitRequestBody");
    }
    if (APR_STATUS_IS_EGENERAL(status) || APR_STATUS_IS_EINVAL(status)) {
        return fb_error_set(error, FB_ESYNTAX, "the request's body has broken chunks");
    }
    /* Whatever befalls the connection is the client's doing or its loss, not an error of ours. */
    return fb_error_set(error, FB_ESYNTAX, "the request's body ended early");
}

apr_status_t fb_httpd_read_body(void *baton, char *buf, apr_size_t cap, apr_size_t *got,
                                fb_error *error)
{
    fb_http_request *state = baton;
    request_rec *r = state->r;

    *got = 0;
    if (state->body == NULL) {
        state->body = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    }
    while (*got == 0 && !state->body_ended) {
        apr_size_t len = cap;
        apr_status_t status = ap_get_brigade(r->input_filters, state->body, AP_MODE_READBYTES,
                                             APR_BLOCK_READ, (apr_off_t)cap);

        if (status == APR_SUCCESS && APR_BRIGADE_EMPTY(state->body)) {
            status = APR_INCOMPLETE;
        }
        if (status == APR_SUCCESS) {
            status = apr_brigade_flatten(state->body, buf, &len);
        }
        if (status != APR_SUCCESS) {
            return body_error(state, status, error);
        }
        if (APR_BUCKET_IS_EOS(APR_BRIGADE_LAST(state->body))) {
            state->body_ended = true;
        }
        apr_brigade_cleanup(state->body);
        *got = len;
    }
    return APR_SUCCESS;
}
