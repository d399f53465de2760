/* Sealing and opening the session cookie. */
#include "web/session.h"

#include "web/cookie.h"
#include "web/site.h"

#include <string.h>

#include "base/banned.h"

/* Layout of the plain text, numbers big-endian:
 *   u8 version, u8 flags, id[16], u64 created, u64 issued (seconds), [key[32] when LOGIN],
 *   u16 length + next, u8 count of { u16 id, u8 argc, { u8 length, bytes } } flashes,
 *   u8 count of { u8 length + key, u16 length + value } entries.
 * Another version is another format: the cookie then simply does not open. */
#define LAYOUT_VERSION 1
enum { FLAG_LOGIN = 1, FLAG_REMEMBER = 2 };
/* Of an anonymous visitor: how far ahead of our clock a cookie may be dated. */
#define CLOCK_SLACK apr_time_from_sec(3600)

const char *fb_session_cookie_name(const fb_site *site, const fb_request *request)
{
    return site->cookie_names[0][request->is_https ? 1 : 0];
}

bool fb_session_presented(const fb_site *site, const fb_request *request)
{
    fb_cookie_walk walk;
    fb_str value;
    for (apr_size_t g = 0; g < site->cookie_name_count; g++) {
        fb_cookie_start(&walk, request, site->cookie_names[g][request->is_https ? 1 : 0]);
        if (fb_cookie_next(&walk, &value)) {
            return true;
        }
    }
    return false;
}

bool fb_session_is_name(const fb_site *site, fb_str name)
{
    for (apr_size_t g = 0; g < site->cookie_name_count; g++) {
        if (fb_str_eq_z(name, site->cookie_names[g][0]) ||
            fb_str_eq_z(name, site->cookie_names[g][1])) {
            return true;
        }
    }
    return false;
}

/* ---- reading ---- */

/* A reader that fails once and then stays failed. */
typedef struct reader {
    fb_str rest;
    bool failed;
} reader;

static fb_str take(reader *r, apr_size_t len)
{
    if (r->failed || len > r->rest.len) {
        r->failed = true;
        return (fb_str){ NULL, 0 };
    }
    fb_str part = fb_str_sub(r->rest, 0, len);
    r->rest = fb_str_sub(r->rest, len, r->rest.len);
    return part;
}

static apr_uint64_t take_number(reader *r, apr_size_t bytes)
{
    fb_str part = take(r, bytes);
    apr_uint64_t value = 0;
    for (apr_size_t i = 0; i < part.len; i++) {
        value = value << 8 | (unsigned char)part.ptr[i];
    }
    return value;
}

static void take_bytes(reader *r, unsigned char *out, apr_size_t len)
{
    fb_str part = take(r, len);
    if (part.len == len) {
        memcpy(out, part.ptr, len);
    }
}

static void take_flashes(reader *r, fb_flashes *flashes)
{
    apr_uint64_t count = take_number(r, 1);
    r->failed = r->failed || count > FB_FLASHES_MAX;
    for (apr_uint64_t i = 0; i < count && !r->failed; i++) {
        fb_flash flash = { .id = (fb_flash_id)take_number(r, 2) };
        flash.arg_count = (unsigned int)take_number(r, 1);
        r->failed = r->failed || flash.arg_count > FB_FLASH_ARGS_MAX;
        for (unsigned int a = 0; a < flash.arg_count && !r->failed; a++) {
            flash.args[a] = take(r, take_number(r, 1));
        }
        /* A message that a newer release dropped is skipped, not an error. */
        if (!r->failed && fb_flash_text(flash.id) != NULL) {
            flashes->items[flashes->count++] = flash;
        }
    }
}

static bool parse(fb_session *session, fb_str plain)
{
    reader r = { plain, false };
    if (take_number(&r, 1) != LAYOUT_VERSION) {
        return false;
    }
    apr_uint64_t flags = take_number(&r, 1);
    take_bytes(&r, session->id, FB_SESSION_ID_LEN);
    session->created = apr_time_from_sec((apr_time_t)(take_number(&r, 8) & 0xffffffffffULL));
    session->issued = apr_time_from_sec((apr_time_t)(take_number(&r, 8) & 0xffffffffffULL));
    session->has_login = (flags & FLAG_LOGIN) != 0;
    session->remember = (flags & FLAG_REMEMBER) != 0;
    if (session->has_login) {
        take_bytes(&r, session->key, FB_SESSION_KEY_LEN);
    }
    session->next = take(&r, take_number(&r, 2));
    take_flashes(&r, &session->flashes);
    apr_uint64_t entries = take_number(&r, 1);
    r.failed = r.failed || entries > FB_SESSION_ENTRIES_MAX;
    for (apr_uint64_t i = 0; i < entries && !r.failed; i++) {
        fb_session_entry *entry = &session->entries[session->entry_count++];
        entry->key = take(&r, take_number(&r, 1));
        entry->value = take(&r, take_number(&r, 2));
    }
    return !r.failed && r.rest.len == 0;
}

/* An anonymous cookie lasts as long as a login may; one of a login is judged by its row. */
static bool is_current(const fb_session *session, const fb_site *site, apr_time_t now)
{
    return session->has_login || (session->issued <= now + CLOCK_SLACK &&
                                  now - session->issued <= site->config.login.absolute);
}

static bool try_open(fb_session *session, const fb_site *site, const fb_request *request,
                     const char *name, fb_str value)
{
    fb_str plain;
    fb_key_age age;
    fb_session opened = *session;

    if (value.len > FB_SESSION_COOKIE_MAX ||
        fb_keyring_open(&plain, &age, site->keyring, FB_KEY_SESSION, fb_str_from(name), value,
                        request->pool) != APR_SUCCESS ||
        !parse(&opened, plain) || !is_current(&opened, site, request->now)) {
        return false;
    }
    /* Sealed anew when the key is retired, before an anonymous session that is in use ends, and
     * daily when the browser is to keep it (X6: a remembered login is rolling). */
    apr_interval_time_t age_of_seal = request->now - opened.issued;
    bool renew =
        age == FB_KEY_RETIRED || (opened.has_login ? opened.remember && age_of_seal > FB_DAY
                                                   : age_of_seal > site->config.login.absolute / 4);
    opened.state = renew ? FB_SESSION_DIRTY : FB_SESSION_CLEAN;
    *session = opened;
    return true;
}

/* Of several cookies of one name (another path or domain planted one) the first that opens counts;
 * how many are tried is bounded by the header's size. */
static void open_named(fb_session *session, const fb_site *site, const fb_request *request,
                       const char *name)
{
    fb_cookie_walk walk;
    fb_str value;
    fb_cookie_start(&walk, request, name);
    while (session->state == FB_SESSION_NONE && fb_cookie_next(&walk, &value)) {
        session->presented = true;
        (void)try_open(session, site, request, name, value);
    }
}

apr_status_t fb_session_open(fb_session **out, const fb_site *site, const fb_request *request,
                             fb_error *error)
{
    fb_session *session = apr_pcalloc(request->pool, sizeof *session);

    (void)error;
    session->site = site;
    session->pool = request->pool;
    session->state = FB_SESSION_NONE;
    for (apr_size_t g = 0; g < site->cookie_name_count && session->state == FB_SESSION_NONE; g++) {
        open_named(session, site, request, site->cookie_names[g][request->is_https ? 1 : 0]);
        /* Under the name of a retired key: to be set again under the new one. */
        if (g > 0 && session->state == FB_SESSION_CLEAN) {
            session->state = FB_SESSION_DIRTY;
        }
    }
    *out = session;
    return APR_SUCCESS;
}

/* ---- writing ---- */

static void put_number(fb_buf *out, apr_uint64_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--) {
        fb_buf_add_char(out, (char)(unsigned char)(value >> (8 * i)));
    }
}

static void put_counted(fb_buf *out, fb_str s, int bytes)
{
    put_number(out, s.len, bytes);
    fb_buf_add(out, s);
}

static void put_flashes(fb_buf *out, const fb_flashes *flashes, unsigned int skip)
{
    unsigned int kept = 0, seen = 0;
    for (unsigned int i = 0; i < flashes->count; i++) {
        kept += flashes->items[i].shown ? 0 : 1;
    }
    skip = skip > kept ? kept : skip;
    put_number(out, kept - skip, 1);
    for (unsigned int i = 0; i < flashes->count; i++) {
        const fb_flash *flash = &flashes->items[i];
        if (flash->shown || seen++ < skip) {
            continue;
        }
        put_number(out, (apr_uint64_t)flash->id, 2);
        put_number(out, flash->arg_count, 1);
        for (unsigned int a = 0; a < flash->arg_count; a++) {
            put_counted(out, flash->args[a], 1);
        }
    }
}

static void serialise(fb_buf *out, const fb_session *session, unsigned int skip_flashes)
{
    put_number(out, LAYOUT_VERSION, 1);
    put_number(out, (session->has_login ? FLAG_LOGIN : 0) | (session->remember ? FLAG_REMEMBER : 0),
               1);
    fb_buf_add_mem(out, (const char *)session->id, FB_SESSION_ID_LEN);
    put_number(out, (apr_uint64_t)apr_time_sec(session->created), 8);
    put_number(out, (apr_uint64_t)apr_time_sec(session->issued), 8);
    if (session->has_login) {
        fb_buf_add_mem(out, (const char *)session->key, FB_SESSION_KEY_LEN);
    }
    put_counted(out, session->next, 2);
    put_flashes(out, &session->flashes, skip_flashes);
    put_number(out, session->entry_count, 1);
    for (apr_size_t i = 0; i < session->entry_count; i++) {
        put_counted(out, session->entries[i].key, 1);
        put_counted(out, session->entries[i].value, 2);
    }
}

static apr_status_t seal(const char **out, fb_session *session, const fb_request *request,
                         unsigned int skip_flashes, fb_error *error)
{
    const char *name = fb_session_cookie_name(session->site, request);
    const fb_random *rng = request->rng != NULL ? request->rng : &fb_random_openssl;
    fb_buf plain;
    fb_str token;

    fb_buf_init(&plain, request->pool, 2 * FB_SESSION_COOKIE_MAX);
    serialise(&plain, session, skip_flashes);
    if (fb_buf_status(&plain) != APR_SUCCESS) {
        return FB_ELIMIT;
    }
    apr_status_t status =
        fb_keyring_seal(&token, session->site->keyring, FB_KEY_SESSION, fb_str_from(name),
                        fb_buf_str(&plain), rng, request->pool);
    if (status != APR_SUCCESS) {
        return fb_error_set(error, FB_EUNAVAIL, "the session could not be sealed");
    }
    bool lasting = session->has_login && session->remember;
    *out = fb_cookie_format(name, token, lasting ? FB_COOKIE_LASTING : FB_COOKIE_BROWSER,
                            apr_time_sec(session->site->config.login.remember), request);
    return strlen(*out) <= FB_SESSION_COOKIE_MAX ? APR_SUCCESS : FB_ELIMIT;
}

apr_status_t fb_session_cookie(const char **out, fb_session *session, const fb_request *request,
                               fb_error *error)
{
    *out = NULL;
    if (session->state == FB_SESSION_CLEAN ||
        (session->state == FB_SESSION_NONE && !session->presented)) {
        return APR_SUCCESS;
    }
    if (session->state != FB_SESSION_DIRTY) {
        /* What was presented and did not open, or was cleared, must not come again. */
        *out = session->presented ? fb_cookie_format(fb_session_cookie_name(session->site, request),
                                                     FB_STR(""), FB_COOKIE_REMOVE, 0, request)
                                  : NULL;
        return APR_SUCCESS;
    }
    session->issued = request->now;
    for (unsigned int skip = 0; skip <= FB_FLASHES_MAX; skip++) {
        apr_status_t status = seal(out, session, request, skip, error);
        if (status != FB_ELIMIT) {
            return status;
        }
    }
    *out = NULL;
    return fb_error_set(error, FB_ELIMIT, "the session is larger than a cookie may be (%d bytes)",
                        FB_SESSION_COOKIE_MAX);
}

apr_status_t fb_session_require(fb_session *session, const fb_request *request, fb_error *error)
{
    if (session->state == FB_SESSION_CLEAN || session->state == FB_SESSION_DIRTY) {
        return APR_SUCCESS;
    }
    if (fb_request_random(request, session->id, FB_SESSION_ID_LEN) != APR_SUCCESS) {
        return fb_error_set(error, FB_EUNAVAIL, "no session id could be made: no random bytes");
    }
    session->created = request->now;
    session->state = FB_SESSION_DIRTY;
    return APR_SUCCESS;
}

fb_str fb_session_get(const fb_session *session, fb_str key)
{
    for (apr_size_t i = 0; i < session->entry_count; i++) {
        if (fb_str_eq(session->entries[i].key, key)) {
            return session->entries[i].value;
        }
    }
    return (fb_str){ NULL, 0 };
}

static apr_size_t entries_size(const fb_session *session)
{
    apr_size_t size = 0;
    for (apr_size_t i = 0; i < session->entry_count; i++) {
        size += session->entries[i].key.len + session->entries[i].value.len + 3;
    }
    return size;
}

static void remove_entry(fb_session *session, apr_size_t at)
{
    session->entry_count--;
    memmove(&session->entries[at], &session->entries[at + 1],
            (session->entry_count - at) * sizeof session->entries[0]);
    session->state = FB_SESSION_DIRTY;
}

apr_status_t fb_session_set(fb_session *session, const fb_request *request, fb_str key,
                            fb_str value, fb_error *error)
{
    apr_size_t at = 0;
    while (at < session->entry_count && !fb_str_eq(session->entries[at].key, key)) {
        at++;
    }
    bool found = at < session->entry_count;
    if (value.ptr == NULL) {
        if (found) {
            remove_entry(session, at);
        }
        return APR_SUCCESS;
    }
    if (found && fb_str_eq(session->entries[at].value, value)) {
        return APR_SUCCESS;
    }
    apr_size_t after = entries_size(session) + key.len + value.len + 3 -
                       (found ? key.len + session->entries[at].value.len + 3 : 0);
    if (key.len == 0 || key.len > 255 || fb_str_has_ctl(key) ||
        (!found && at == FB_SESSION_ENTRIES_MAX) || value.len > FB_SESSION_ENTRIES_BYTES ||
        after > FB_SESSION_ENTRIES_BYTES) {
        return fb_error_set(error, FB_ELIMIT,
                            "the session has no room for this key: %d keys and %d bytes at most",
                            FB_SESSION_ENTRIES_MAX, FB_SESSION_ENTRIES_BYTES);
    }
    apr_status_t status = fb_session_require(session, request, error);
    if (status != APR_SUCCESS) {
        return status;
    }
    session->entries[at].key = fb_str_dup(session->pool, key);
    session->entries[at].value = fb_str_dup(session->pool, value);
    session->entry_count += found ? 0 : 1;
    session->state = FB_SESSION_DIRTY;
    return APR_SUCCESS;
}

void fb_session_clear(fb_session *session)
{
    fb_session empty = { .site = session->site,
                         .pool = session->pool,
                         .presented = session->presented,
                         .state = FB_SESSION_CLEARED };
    fb_crypto_cleanse(session->key, sizeof session->key);
    *session = empty;
}
