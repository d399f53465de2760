/* Static files: found, hashed and typed once at start; requests only look names up. */
#ifndef FB_WEB_ASSETS_H
#define FB_WEB_ASSETS_H

#include "base/crypto.h"
#include "web/reply.h"
#include "web/request.h"

typedef enum fb_encoding {
    FB_ENCODING_IDENTITY,
    FB_ENCODING_BROTLI,
    FB_ENCODING_GZIP,
    FB_ENCODING_COUNT
} fb_encoding;

/* The bytes in one encoding. Small files are kept in memory, so that what is served is always
 * what was hashed; larger ones are sent from `path`. */
typedef struct fb_asset_body {
    const char *path; /* NULL: not there in this encoding */
    fb_str bytes;     /* ptr NULL: not kept */
    apr_uint64_t size;
    apr_time_t mtime;
    const char *etag; /* quoted, strong, differs by encoding */
} fb_asset_body;

typedef struct fb_asset {
    fb_str name;              /* "css/app.css" */
    fb_str hashed;            /* "css/app.0f3a1b2c4d5e.css" */
    const char *content_type; /* with charset for text */
    const char *modified;     /* Last-Modified */
    fb_asset_body body[FB_ENCODING_COUNT];
} fb_asset;

typedef struct fb_assets fb_assets; /* immutable */

typedef enum fb_assets_mode {
    FB_ASSETS_FIXED, /* what was read at start is served, whatever happens on disk; a large
                          file, which is read again, is not served when it changed */
    FB_ASSETS_EDITED /* development: a file that changed since is served as it is now, under its
                          plain name, uncached */
} fb_assets_mode;

/* Reads every regular file below the folders; of one name the first folder's wins. Left out: names
 * beginning with '.', symbolic links, files of unknown type. NAME.br and NAME.gz beside NAME are
 * its precompressed forms. A folder that is not there is no error; one that can't be read is. */
apr_status_t fb_assets_create(fb_assets **out, const fb_crypto *crypto, const char *const *dirs,
                              apr_size_t dir_count, fb_assets_mode mode, apr_pool_t *pool,
                              fb_error *error) FB_MUST_CHECK;

/* By plain or hashed name; NULL if there is none. */
const fb_asset *fb_assets_find(const fb_assets *assets, fb_str name);
/* The name to be used in URLs; the name itself when there is no such file. */
fb_str fb_assets_url_name(const fb_assets *assets, fb_str name);
/* All, by name: for `flaskbase routes`, tests. NULL at the end. */
const fb_asset *fb_assets_at(const fb_assets *assets, apr_size_t index);

/* Fills the reply for a request for that name: 200, 304 or (returned as status) FB_ENOTFOUND.
 * Hashed names are immutable for a year (R27), plain ones are revalidated. */
apr_status_t fb_assets_serve(fb_reply *reply, const fb_assets *assets, const fb_request *request,
                             fb_str name) FB_MUST_CHECK;

/* If-None-Match against an entity tag, by weak comparison; the suffixes that mod_deflate and
 * mod_brotli add to tags count as equal. */
bool fb_etag_matches(fb_str if_none_match, const char *etag);

#endif
