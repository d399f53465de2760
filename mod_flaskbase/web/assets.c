/* The manifest of static files, and serving from it. */
#include "web/assets.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/crypto.h"

#include <apr_file_io.h>
#include <apr_hash.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/banned.h"

#define DEPTH_MAX   8
#define FILES_MAX   10000
#define KEEP_MAX    (256u * 1024) /* bytes of a file that is kept in memory */
#define FILE_MAX    (64u * 1024 * 1024)
#define HASH_DIGITS 12

struct fb_assets {
    apr_hash_t *by_name; /* plain and hashed names */
    apr_array_header_t *list;
    fb_assets_mode mode;
};

typedef struct builder {
    fb_assets *assets;
    const fb_crypto *crypto;
    apr_pool_t *pool;
    fb_error *error;
} builder;

static const char *type_of(fb_str name)
{
    static const struct {
        fb_str ending;
        const char *type;
    } types[] = {
        { FB_STR_INIT(".css"), "text/css; charset=utf-8" },
        { FB_STR_INIT(".js"), "text/javascript; charset=utf-8" },
        { FB_STR_INIT(".mjs"), "text/javascript; charset=utf-8" },
        { FB_STR_INIT(".json"), "application/json; charset=utf-8" },
        { FB_STR_INIT(".webmanifest"), "application/manifest+json; charset=utf-8" },
        { FB_STR_INIT(".map"), "application/json; charset=utf-8" },
        { FB_STR_INIT(".txt"), "text/plain; charset=utf-8" },
        { FB_STR_INIT(".html"), "text/html; charset=utf-8" },
        { FB_STR_INIT(".xml"), "application/xml; charset=utf-8" },
        { FB_STR_INIT(".svg"), "image/svg+xml; charset=utf-8" },
        { FB_STR_INIT(".png"), "image/png" },
        { FB_STR_INIT(".jpg"), "image/jpeg" },
        { FB_STR_INIT(".jpeg"), "image/jpeg" },
        { FB_STR_INIT(".gif"), "image/gif" },
        { FB_STR_INIT(".webp"), "image/webp" },
        { FB_STR_INIT(".avif"), "image/avif" },
        { FB_STR_INIT(".ico"), "image/vnd.microsoft.icon" },
        { FB_STR_INIT(".woff"), "font/woff" },
        { FB_STR_INIT(".woff2"), "font/woff2" },
        { FB_STR_INIT(".ttf"), "font/ttf" },
        { FB_STR_INIT(".wasm"), "application/wasm" },
        { FB_STR_INIT(".pdf"), "application/pdf" },
    };
    for (apr_size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (fb_str_ends(name, types[i].ending)) {
            return types[i].type;
        }
    }
    return NULL;
}

/* Reads a file for its hash; keeps the bytes of a small one, the others only for that long. */
static apr_status_t read_file(builder *b, fb_asset_body *body, unsigned char digest[FB_SHA256_LEN])
{
    apr_file_t *file;
    apr_pool_t *scratch;
    apr_size_t size = (apr_size_t)body->size, got = 0;
    apr_status_t status = apr_pool_create(&scratch, b->pool);

    if (status != APR_SUCCESS) {
        return status;
    }
    status = apr_file_open(&file, body->path, APR_FOPEN_READ | APR_FOPEN_BINARY,
                           APR_FPROT_OS_DEFAULT, scratch);
    char *bytes = apr_palloc(size <= KEEP_MAX ? b->pool : scratch, size + 1);
    if (status == APR_SUCCESS && size > 0) {
        status = apr_file_read_full(file, bytes, size, &got);
    }
    if (status == APR_SUCCESS) {
        status = fb_crypto_sha256(b->crypto, digest, fb_str_from_len(bytes, size));
    }
    if (status == APR_SUCCESS && size <= KEEP_MAX) {
        bytes[size] = '\0';
        body->bytes = fb_str_from_len(bytes, size);
    }
    apr_pool_destroy(scratch);
    return status;
}

static apr_status_t load_body(builder *b, fb_asset_body *body, const char *path,
                              const apr_finfo_t *info, unsigned char digest[FB_SHA256_LEN])
{
    body->path = path;
    body->size = (apr_uint64_t)info->size;
    body->mtime = info->mtime;
    apr_status_t status = info->size > (apr_off_t)FILE_MAX ? FB_ELIMIT : read_file(b, body, digest);
    if (status != APR_SUCCESS) {
        return fb_error_set_os(b->error, status, "static file %s can not be read", path);
    }
    fb_str hex = fb_hex_encode(b->pool, digest, 16);
    body->etag = apr_psprintf(b->pool, "\"%.*s\"", FB_STR_ARG(hex));
    return APR_SUCCESS;
}

static apr_status_t load_variant(builder *b, fb_asset *asset, fb_encoding encoding,
                                 const char *ending)
{
    unsigned char digest[FB_SHA256_LEN];
    apr_finfo_t info;
    const char *path = apr_pstrcat(b->pool, asset->body[0].path, ending, NULL);
    if (b->assets->mode == FB_ASSETS_EDITED ||
        apr_stat(&info, path, APR_FINFO_TYPE | APR_FINFO_SIZE | APR_FINFO_MTIME | APR_FINFO_LINK,
                 b->pool) != APR_SUCCESS ||
        info.filetype != APR_REG) {
        return APR_SUCCESS;
    }
    return load_body(b, &asset->body[encoding], path, &info, digest);
}

/* "css/app.css" and a digest -> "css/app.0f3a1b2c4d5e.css" */
static fb_str hashed_name(fb_str name, const unsigned char digest[FB_SHA256_LEN], apr_pool_t *pool)
{
    apr_size_t dot = name.len;
    while (dot > 0 && name.ptr[dot - 1] != '.') {
        dot--;
    }
    fb_str hex = fb_hex_encode(pool, digest, HASH_DIGITS / 2);
    return fb_str_printf(pool, "%.*s%.*s.%.*s", (int)dot, name.ptr, FB_STR_ARG(hex),
                         (int)(name.len - dot), name.ptr + dot);
}

static apr_status_t add_file(builder *b, fb_str name, const char *path, const apr_finfo_t *info)
{
    unsigned char digest[FB_SHA256_LEN];
    const char *type = type_of(name);
    if (type == NULL || apr_hash_get(b->assets->by_name, name.ptr, (apr_ssize_t)name.len) != NULL) {
        return APR_SUCCESS;
    }
    if (b->assets->list->nelts >= FILES_MAX) {
        return fb_error_set(b->error, FB_ELIMIT, "more than %d static files", FILES_MAX);
    }
    fb_asset *asset = apr_pcalloc(b->pool, sizeof *asset);
    asset->name = name;
    asset->content_type = type;
    apr_status_t status = load_body(b, &asset->body[FB_ENCODING_IDENTITY], path, info, digest);
    if (status == APR_SUCCESS) {
        status = load_variant(b, asset, FB_ENCODING_BROTLI, ".br");
    }
    if (status == APR_SUCCESS) {
        status = load_variant(b, asset, FB_ENCODING_GZIP, ".gz");
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    char modified[FB_CLOCK_HTTP_SIZE];
    fb_clock_http(modified, info->mtime);
    asset->modified = apr_pstrdup(b->pool, modified);
    asset->hashed = hashed_name(name, digest, b->pool);
    apr_hash_set(b->assets->by_name, name.ptr, (apr_ssize_t)name.len, asset);
    apr_hash_set(b->assets->by_name, asset->hashed.ptr, (apr_ssize_t)asset->hashed.len, asset);
    *(const fb_asset **)apr_array_push(b->assets->list) = asset;
    return APR_SUCCESS;
}

/* Walks a folder; `prefix` is "" or "css/". Depth is bounded by DEPTH_MAX. */
static apr_status_t add_dir(builder *b, const char *dir, const char *prefix, int depth)
{
    apr_dir_t *handle;
    apr_finfo_t info;
    apr_status_t status = apr_dir_open(&handle, dir, b->pool);

    if (depth == 0 && APR_STATUS_IS_ENOENT(status)) {
        return APR_SUCCESS;
    }
    if (status != APR_SUCCESS || depth > DEPTH_MAX) {
        return fb_error_set_os(b->error, status != APR_SUCCESS ? status : FB_ELIMIT,
                               "folder of static files %s can not be read", dir);
    }
    apr_status_t result = APR_SUCCESS;
    while (result == APR_SUCCESS && apr_dir_read(&info, APR_FINFO_NAME, handle) == APR_SUCCESS) {
        if (info.name[0] == '.') {
            continue;
        }
        const char *path = apr_pstrcat(b->pool, dir, "/", info.name, NULL);
        const char *name = apr_pstrcat(b->pool, prefix, info.name, NULL);
        if (apr_stat(&info, path,
                     APR_FINFO_TYPE | APR_FINFO_SIZE | APR_FINFO_MTIME | APR_FINFO_LINK,
                     b->pool) != APR_SUCCESS) {
            continue;
        }
        if (info.filetype == APR_DIR) {
            result = add_dir(b, path, apr_pstrcat(b->pool, name, "/", NULL), depth + 1);
        } else if (info.filetype == APR_REG) {
            result = add_file(b, fb_str_from(name), path, &info);
        }
    }
    status = apr_dir_close(handle);
    return result != APR_SUCCESS ? result : status;
}

static int by_name(const void *a, const void *b)
{
    const fb_asset *const *x = a, *const *y = b;
    return fb_str_cmp((*x)->name, (*y)->name);
}

apr_status_t fb_assets_create(fb_assets **out, const fb_crypto *crypto, const char *const *dirs,
                              apr_size_t dir_count, fb_assets_mode mode, apr_pool_t *pool,
                              fb_error *error)
{
    fb_assets *assets = apr_pcalloc(pool, sizeof *assets);
    builder b = { assets, crypto, pool, error };

    assets->by_name = apr_hash_make(pool);
    assets->list = apr_array_make(pool, 64, sizeof(const fb_asset *));
    assets->mode = mode;
    for (apr_size_t i = 0; i < dir_count; i++) {
        apr_status_t status = add_dir(&b, dirs[i], "", 0);
        if (status != APR_SUCCESS) {
            return status;
        }
    }
    qsort(assets->list->elts, (size_t)assets->list->nelts, sizeof(const fb_asset *), by_name);
    *out = assets;
    return APR_SUCCESS;
}

const fb_asset *fb_assets_find(const fb_assets *assets, fb_str name)
{
    return name.len == 0 ? NULL : apr_hash_get(assets->by_name, name.ptr, (apr_ssize_t)name.len);
}

/* Is what was hashed at start still what is on disk? Only asked where files are edited. */
static bool is_current(const fb_assets *assets, const fb_asset *asset)
{
    struct stat info;
    const fb_asset_body *body = &asset->body[FB_ENCODING_IDENTITY];
    return assets->mode == FB_ASSETS_FIXED ||
           (stat(body->path, &info) == 0 && (apr_uint64_t)info.st_size == body->size &&
            info.st_mtime == (time_t)apr_time_sec(body->mtime) &&
            info.st_mtim.tv_nsec / 1000 == apr_time_usec(body->mtime));
}

fb_str fb_assets_url_name(const fb_assets *assets, fb_str name)
{
    const fb_asset *asset = fb_assets_find(assets, name);
    return asset != NULL && is_current(assets, asset) ? asset->hashed : name;
}

const fb_asset *fb_assets_at(const fb_assets *assets, apr_size_t index)
{
    return index < (apr_size_t)assets->list->nelts
               ? APR_ARRAY_IDX(assets->list, (int)index, const fb_asset *)
               : NULL;
}

/* ---- serving ---- */

/* Is the coding acceptable (listed, not with q=0)? */
static bool accepts(fb_str header, const char *coding)
{
    while (header.len > 0) {
        fb_str params = fb_str_split(&header, ',');
        fb_str name = fb_str_trim(fb_str_split(&params, ';'));
        if (fb_str_ieq_z(name, coding)) {
            fb_str q = fb_str_trim(params);
            return !(fb_str_starts(q, FB_STR("q=0")) &&
                     fb_str_eq(fb_str_trim(fb_str_sub(q, 3, q.len)), FB_STR(""))) &&
                   !fb_str_eq_z(q, "q=0.0") && !fb_str_eq_z(q, "q=0.00") &&
                   !fb_str_eq_z(q, "q=0.000");
        }
    }
    return false;
}

static fb_encoding choose(const fb_asset *asset, const fb_request *request)
{
    fb_str header = fb_request_header(request, "Accept-Encoding");
    if (asset->body[FB_ENCODING_BROTLI].path != NULL && accepts(header, "br")) {
        return FB_ENCODING_BROTLI;
    }
    if (asset->body[FB_ENCODING_GZIP].path != NULL && accepts(header, "gzip")) {
        return FB_ENCODING_GZIP;
    }
    return FB_ENCODING_IDENTITY;
}

/* The opaque part of a tag: without W/, quotes, and what a compressing filter added. */
static fb_str opaque(fb_str tag)
{
    static const fb_str suffixes[] = { FB_STR_INIT("-gzip"), FB_STR_INIT("-br"),
                                       FB_STR_INIT(";gzip"), FB_STR_INIT(";br") };
    tag = fb_str_trim(tag);
    if (fb_str_starts(tag, FB_STR("W/"))) {
        tag = fb_str_sub(tag, 2, tag.len);
    }
    if (tag.len < 2 || tag.ptr[0] != '"' || tag.ptr[tag.len - 1] != '"') {
        return FB_STR("");
    }
    tag = fb_str_sub(tag, 1, tag.len - 2);
    for (apr_size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        if (fb_str_ends(tag, suffixes[i])) {
            return fb_str_sub(tag, 0, tag.len - suffixes[i].len);
        }
    }
    return tag;
}

bool fb_etag_matches(fb_str if_none_match, const char *etag)
{
    fb_str wanted = opaque(fb_str_from(etag));
    if (fb_str_eq_z(fb_str_trim(if_none_match), "*")) {
        return true;
    }
    while (if_none_match.len > 0 && wanted.len > 0) {
        if (fb_str_eq(opaque(fb_str_split(&if_none_match, ',')), wanted)) {
            return true;
        }
    }
    return false;
}

static void fill_body(fb_reply *reply, const fb_asset_body *body)
{
    reply->length = body->size;
    if (body->bytes.ptr != NULL) {
        reply->body = FB_BODY_CHUNKS;
        fb_chunks_init(&reply->chunks, reply->pool, KEEP_MAX);
        fb_chunks_add_static(&reply->chunks, body->bytes);
    } else {
        reply->body = FB_BODY_FILE;
        reply->file = body->path;
        reply->file_mtime = body->mtime;
    }
}

/* A file that was edited since the start: as it is now, and never kept. */
static apr_status_t serve_edited(fb_reply *reply, const fb_asset *asset)
{
    struct stat info;
    const char *path = asset->body[FB_ENCODING_IDENTITY].path;
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode)) {
        return FB_ENOTFOUND;
    }
    reply->status = 200;
    reply->content_type = asset->content_type;
    reply->body = FB_BODY_FILE;
    reply->file = path;
    reply->length = (apr_uint64_t)info.st_size;
    reply->file_mtime = apr_time_make(info.st_mtime, info.st_mtim.tv_nsec / 1000);
    fb_reply_add_header(reply, "Cache-Control", "no-store");
    return APR_SUCCESS;
}

apr_status_t fb_assets_serve(fb_reply *reply, const fb_assets *assets, const fb_request *request,
                             fb_str name)
{
    static const char *const codings[] = { NULL, "br", "gzip" };
    const fb_asset *asset = fb_assets_find(assets, name);
    if (asset == NULL) {
        return FB_ENOTFOUND;
    }
    if (!is_current(assets, asset)) {
        return serve_edited(reply, asset);
    }
    fb_encoding encoding = choose(asset, request);
    const fb_asset_body *body = &asset->body[encoding];

    reply->status = 200;
    fb_reply_add_header(reply, "Cache-Control",
                        fb_str_eq(name, asset->hashed) ? "public, max-age=31536000, immutable"
                                                       : "public, no-cache");
    if (asset->body[FB_ENCODING_BROTLI].path != NULL ||
        asset->body[FB_ENCODING_GZIP].path != NULL) {
        fb_reply_add_header(reply, "Vary", "Accept-Encoding");
    }
    fb_reply_add_header(reply, "ETag", body->etag);
    fb_reply_add_header(reply, "Last-Modified", asset->modified);
    if (fb_etag_matches(fb_request_header(request, "If-None-Match"), body->etag)) {
        reply->status = 304;
        reply->body = FB_BODY_NONE;
        return APR_SUCCESS;
    }
    if (codings[encoding] != NULL) {
        fb_reply_add_header(reply, "Content-Encoding", codings[encoding]);
    }
    reply->content_type = asset->content_type;
    fill_body(reply, body);
    return APR_SUCCESS;
}
