/* Provider of mod_session: other modules see and change keys of the site's own session (X14). */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* RTLD_DEFAULT */
#endif
#include "httpd/module.h"

#include <apr_strings.h>
#include <dlfcn.h>
#include <http_log.h>
#include <mod_session.h>

#include "base/banned.h"

APLOG_USE_MODULE(flaskbase);

_Static_assert(FLASKBASE_SESSION_KEYS_MAX == FB_SESSION_ENTRIES_MAX &&
                   FLASKBASE_SESSION_BYTES_MAX == FB_SESSION_ENTRIES_BYTES,
               "what the public header says");

/* mod_session may be loaded after us, or not at all: the module loads all the same. */
#pragma weak ap_hook_session_load
#pragma weak ap_hook_session_save

/* Sub-requests and internal redirects share the session of the request that was sent. */
static request_rec *top_of(request_rec *r)
{
    while (r->main != NULL || r->prev != NULL) {
        r = r->main != NULL ? r->main : r->prev;
    }
    return r;
}

/* In place: other modules may hold the record. */
static void give_entries(session_rec *shared, const fb_session *session)
{
    apr_table_clear(shared->entries);
    for (apr_size_t i = 0; i < session->entry_count; i++) {
        apr_table_setn(shared->entries, fb_str_to_z(shared->pool, session->entries[i].key),
                       fb_str_to_z(shared->pool, session->entries[i].value));
    }
}

static session_rec *new_record(const fb_session *session, apr_pool_t *pool)
{
    session_rec *shared = apr_pcalloc(pool, sizeof(*shared));

    shared->pool = pool;
    shared->entries = apr_table_make(pool, (int)session->entry_count + 4);
    give_entries(shared, session);
    return shared;
}

static apr_status_t load(request_rec *r, session_rec **shared)
{
    request_rec *top = top_of(r);
    fb_http_request *state = fb_httpd_request(r) != NULL ? fb_httpd_request(top) : NULL;
    fb_session *session;
    fb_error error;

    if (state == NULL || state->live == NULL) {
        return DECLINED;
    }
    if (state->shared == NULL) {
        const fb_request *request = fb_httpd_fill(state);

        fb_error_init(&error, top->pool);
        if (fb_session_open(&session, state->live, request, &error) != APR_SUCCESS) {
            fb_log_error(r, FB_LOG_ERROR, &error);
            return HTTP_INTERNAL_SERVER_ERROR;
        }
        state->request.session = session;
        state->shared = new_record(session, top->pool);
    }
    *shared = state->shared;
    return OK;
}

/* ---- saving -------------------------------------------------------------------------- */

typedef struct take_over {
    fb_http_request *state;
    fb_error *error;
    apr_status_t status;
} take_over;

static int take_entry(void *baton, const char *key, const char *value)
{
    take_over *take = baton;
    fb_session *session = take->state->request.session;
    fb_str name = fb_str_from(key);

    if (!fb_str_eq(fb_session_get(session, name), fb_str_from(value))) {
        take->status =
            fb_session_set(session, &take->state->request, name, fb_str_from(value), take->error);
    }
    return take->status == APR_SUCCESS;
}

/* What other modules wrote goes into the session; keys they removed leave it. */
static apr_status_t take_entries(fb_http_request *state, fb_error *error)
{
    fb_session *session = state->request.session;
    const session_rec *shared = state->shared;
    take_over take = { .state = state, .error = error, .status = APR_SUCCESS };

    for (apr_size_t i = session->entry_count; i > 0; i--) {
        fb_str key = session->entries[i - 1].key;

        if (apr_table_get(shared->entries, fb_str_to_z(state->r->pool, key)) == NULL) {
            apr_status_t status =
                fb_session_set(session, &state->request, key, (fb_str){ NULL, 0 }, error);

            if (status != APR_SUCCESS) {
                return status;
            }
        }
    }
    apr_table_do(take_entry, &take, shared->entries, NULL);
    return take.status;
}

typedef struct other_cookies {
    apr_table_t *kept;
    const char *name;
    apr_size_t len;
} other_cookies;

static int keep_other(void *baton, const char *key, const char *value)
{
    other_cookies *others = baton;

    if (strncmp(value, others->name, others->len) != 0 || value[others->len] != '=') {
        apr_table_addn(others->kept, key, value);
    }
    return 1;
}

/* One Set-Cookie of our name: dispatch may have written one before. */
static void set_cookie(request_rec *r, const fb_http_request *state, const char *cookie)
{
    const char *name = fb_session_cookie_name(state->live, &state->request);
    other_cookies others = { apr_table_make(r->pool, 4), name, strlen(name) };

    apr_table_do(keep_other, &others, r->err_headers_out, "Set-Cookie", NULL);
    apr_table_unset(r->err_headers_out, "Set-Cookie");
    apr_table_addn(others.kept, "Set-Cookie", cookie);
    apr_table_overlap(r->err_headers_out, others.kept, APR_OVERLAP_TABLES_SET);
}

static apr_status_t save(request_rec *r, session_rec *shared)
{
    fb_http_request *state = ap_get_module_config(top_of(r)->request_config, &flaskbase_module);
    const char *cookie = NULL;
    fb_error error;
    apr_status_t status;

    if (state == NULL || state->shared != shared) {
        return DECLINED;
    }
    fb_error_init(&error, r->pool);
    status = take_entries(state, &error);
    if (status == APR_SUCCESS) {
        status = fb_session_cookie(&cookie, state->request.session, &state->request, &error);
    }
    if (status != APR_SUCCESS) {
        fb_log_error(r, FB_LOG_ERROR, &error);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (cookie != NULL) {
        set_cookie(r, state, cookie);
        /* A reply that sets the cookie is the visitor's own (X12). */
        apr_table_setn(r->err_headers_out, "Cache-Control", "no-store");
        apr_table_mergen(r->err_headers_out, "Vary", "Cookie");
    }
    return OK;
}

void fb_httpd_session_before(fb_http_request *state)
{
    fb_http_request *top =
        ap_get_module_config(top_of(state->r)->request_config, &flaskbase_module);
    fb_error error;

    if (top == NULL || top->shared == NULL) {
        return;
    }
    state->request.session = top->request.session;
    fb_error_init(&error, state->r->pool);
    if (take_entries(top, &error) != APR_SUCCESS) {
        fb_log_error(state->r, FB_LOG_WARNING, &error);
    }
    memcpy(top->session_id, top->request.session->id, FB_SESSION_ID_LEN);
}

void fb_httpd_session_after(const fb_http_request *state)
{
    const fb_http_request *top =
        ap_get_module_config(top_of(state->r)->request_config, &flaskbase_module);
    const fb_session *session;

    if (top == NULL || top->shared == NULL) {
        return;
    }
    session = top->request.session;
    /* A login or logout began a session anew: mod_session must not carry into it what the one
     * before held (session fixation, ASVS 7.2.4; the next person's eyes after a logout). */
    if (session->state == FB_SESSION_CLEARED ||
        memcmp(session->id, top->session_id, FB_SESSION_ID_LEN) != 0) {
        give_entries(top->shared, session);
    }
}

/* ---- hooking a module that may not be there ------------------------------------------ */

void fb_httpd_session_hooks(fb_hooks_when when)
{
    if (when == FB_HOOKS_EARLY) {
        if (ap_hook_session_load != NULL && ap_hook_session_save != NULL) {
            ap_hook_session_load(load, NULL, NULL, APR_HOOK_FIRST);
            ap_hook_session_save(save, NULL, NULL, APR_HOOK_FIRST);
        }
    } else if (ap_hook_session_load == NULL) {
        /* Our symbols were bound before mod_session came (Debian loads in order of name). */
        void *load_hook = dlsym(RTLD_DEFAULT, "ap_hook_session_load");
        void *save_hook = dlsym(RTLD_DEFAULT, "ap_hook_session_save");
        void (*add_load)(ap_HOOK_session_load_t *, const char *const *, const char *const *, int);
        void (*add_save)(ap_HOOK_session_save_t *, const char *const *, const char *const *, int);

        if (load_hook == NULL || save_hook == NULL) {
            return;
        }
        memcpy(&add_load, &load_hook, sizeof add_load);
        memcpy(&add_save, &save_hook, sizeof add_save);
        add_load(load, NULL, NULL, APR_HOOK_FIRST);
        add_save(save, NULL, NULL, APR_HOOK_FIRST);
        apr_hook_sort_all(); /* httpd has sorted its hooks already */
    }
}
