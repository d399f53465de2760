/* Static files: names, types, hashes, caching, precompressed forms (R27, X8; ASVS 4.1.1, 14.2). */
#include "web_support.h"

#include "web/assets.h"

#include <apr_file_io.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *root;

static void write_file(const char *dir, const char *name, const char *text)
{
    const char *path = apr_pstrcat(pool, dir, "/", name, NULL);
    FILE *file = fopen(path, "w");
    ck_assert_msg(file != NULL, "%s", path);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static const char *folder(const char *name)
{
    const char *path = apr_pstrcat(pool, root, "/", name, NULL);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    return path;
}

static void make_root(void)
{
    const char *base = NULL;
    ck_assert_int_eq(apr_temp_dir_get(&base, pool), APR_SUCCESS);
    char *path = apr_pstrcat(pool, base, "/fb-assets-XXXXXX", NULL);
    root = mkdtemp(path);
    ck_assert_ptr_nonnull(root);
}

static fb_assets *assets_of(const char *const *dirs, size_t count, fb_assets_mode mode)
{
    fb_assets *assets = NULL;
    ck_assert_ok(fb_assets_create(&assets, test_crypto(), dirs, count, mode, pool, &error));
    return assets;
}

static fb_reply *get(const fb_assets *assets, fb_request *request, fb_str name)
{
    fb_reply *reply = apr_pcalloc(pool, sizeof *reply);
    fb_reply_init(reply, pool);
    if (fb_assets_serve(reply, assets, request, name) == FB_ENOTFOUND) {
        reply->status = 404;
    }
    return reply;
}

START_TEST(serves)
{
    make_root();
    const char *site = folder("site"), *packaged = folder("packaged"),
               *css = folder("packaged/css");
    write_file(packaged, "app.js", "packaged");
    write_file(site, "app.js", "the site's own");
    write_file(css, "app.css", "body{}");
    write_file(css, "app.css.br", "BROTLI");
    write_file(css, "app.css.gz", "GZIP");
    write_file(packaged, ".secret.css", "x");
    write_file(packaged, "notes.unknown", "x");
    write_file(packaged, "empty.css", "");
    ck_assert_int_eq(symlink("/etc/passwd", apr_pstrcat(pool, packaged, "/link.txt", NULL)), 0);
    const char *dirs[] = { site, packaged, apr_pstrcat(pool, root, "/nowhere", NULL) };
    fb_assets *assets = assets_of(dirs, 3, FB_ASSETS_FIXED);

    /* The first folder's wins; hidden, unknown and linked files are not there. */
    fb_reply *reply = get(assets, test_request(), FB_STR("app.js"));
    ck_assert_fb_str(fb_chunks_flatten(&reply->chunks, pool), "the site's own");
    ck_assert_str_eq(reply->content_type, "text/javascript; charset=utf-8");
    ck_assert_str_eq(fb_reply_header_value(reply, "Cache-Control"), "public, no-cache");
    static const char *const missing[] = {
        ".secret.css",        "notes.unknown", "link.txt", "nothing.css",    "",      "css", "css/",
        "../packaged/app.js", "css/../app.js", "/app.js",  "css/app.css.br", "APP.JS"
    };
    for (size_t i = 0; i < COUNT(missing); i++) {
        ck_assert_msg(get(assets, test_request(), fb_str_from(missing[i]))->status == 404, "%s",
                      missing[i]);
    }
    ck_assert_int_eq(get(assets, test_request(), FB_STR("app.js\0"))->status, 404);
    ck_assert_uint_eq(get(assets, test_request(), FB_STR("empty.css"))->length, 0);

    /* R27: hashed names are immutable for a year. */
    fb_str hashed = fb_assets_url_name(assets, FB_STR("css/app.css"));
    ck_assert(fb_str_starts(hashed, FB_STR("css/app.")) && fb_str_ends(hashed, FB_STR(".css")));
    ck_assert_uint_eq(hashed.len, strlen("css/app.css") + 13);
    ck_assert_fb_str(fb_assets_url_name(assets, FB_STR("no/such")), "no/such");
    reply = get(assets, test_request(), hashed);
    ck_assert_str_eq(fb_reply_header_value(reply, "Cache-Control"),
                     "public, max-age=31536000, immutable");
    ck_assert_str_eq(fb_reply_header_value(reply, "Vary"), "Accept-Encoding");
    ck_assert_fb_str(fb_chunks_flatten(&reply->chunks, pool), "body{}");
    ck_assert_ptr_null(fb_reply_header_value(reply, "Content-Encoding"));

    /* X8: precompressed forms by what the client takes. */
    static const struct {
        const char *accept, *encoding;
    } rows[] = {
        { "br", "br" },       { "gzip", "gzip" },
        { "gzip, br", "br" }, { "gzip;q=1.0, br;q=0", "gzip" },
        { "br;q=0.5", "br" }, { "br;q=0.000", NULL },
        { "identity", NULL }, { "*", NULL },
        { "", NULL },         { "brx", NULL },
        { "BR", "br" },       { "deflate, gzip;q=0", NULL },
    };
    const char *etags[3] = { fb_reply_header_value(reply, "ETag"), NULL, NULL };
    for (size_t i = 0; i < COUNT(rows); i++) {
        fb_request *request = test_request();
        test_header(request, "Accept-Encoding", rows[i].accept);
        reply = get(assets, request, hashed);
        const char *got = fb_reply_header_value(reply, "Content-Encoding");
        ck_assert_msg(rows[i].encoding == NULL ? got == NULL
                                               : got != NULL && strcmp(got, rows[i].encoding) == 0,
                      "%s", rows[i].accept);
        etags[got == NULL ? 0 : got[0] == 'b' ? 1 : 2] = fb_reply_header_value(reply, "ETag");
    }
    ck_assert_str_ne(etags[0], etags[1]);
    ck_assert_str_ne(etags[1], etags[2]);

    fb_request *again = test_request();
    test_header(again, "If-None-Match", etags[0]);
    reply = get(assets, again, hashed);
    ck_assert_int_eq(reply->status, 304);
    ck_assert_int_eq(reply->body, FB_BODY_NONE);

    /* Development: the same until a file is edited; then it is shown as it is now. */
    fb_assets *edited = assets_of(dirs, 2, FB_ASSETS_EDITED);
    ck_assert(fb_str_eq(fb_assets_url_name(edited, FB_STR("css/app.css")), hashed));
    write_file(css, "app.css", "body{color:red}");
    ck_assert_fb_str(fb_assets_url_name(edited, FB_STR("css/app.css")), "css/app.css");
    reply = get(edited, test_request(), hashed);
    ck_assert_int_eq(reply->body, FB_BODY_FILE);
    ck_assert_uint_eq(reply->length, 15);
    ck_assert_str_eq(fb_reply_header_value(reply, "Cache-Control"), "no-store");
    ck_assert_ptr_null(fb_reply_header_value(reply, "ETag"));
    reply = get(assets, test_request(), hashed); /* in production: what was hashed */
    ck_assert_fb_str(fb_chunks_flatten(&reply->chunks, pool), "body{}");
    ck_assert_int_eq(system(apr_pstrcat(pool, "rm -rf '", root, "'", NULL)), 0);
}
END_TEST

START_TEST(matches_etags)
{
    static const struct {
        const char *header;
        bool matches;
    } rows[] = {
        { "\"abc\"", true },
        { "W/\"abc\"", true },
        { "\"x\", \"abc\"", true },
        { "*", true },
        { "\"abc-gzip\"", true },
        { "W/\"abc-br\"", true },
        { "\"abc;gzip\"", true },
        { " \"abc\" ", true },
        { "", false },
        { "abc", false },
        { "\"abcd\"", false },
        { "\"ab\"", false },
        { "\"\"", false },
        { "\"abc", false },
        { "w/\"abc\"", false },
        { ",,,", false },
        { "\"abc-zstd\"", false },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        ck_assert_msg(fb_etag_matches(fb_str_from(rows[i].header), "\"abc\"") == rows[i].matches,
                      "%s", rows[i].header);
        ck_assert(fb_etag_matches(fb_str_from(rows[i].header), "W/\"abc\"") == rows[i].matches);
    }
}
END_TEST

static void add(TCase *tests)
{
    tcase_add_test(tests, serves);
    tcase_add_test(tests, matches_etags);
}

int main(void)
{
    return unit_main("web_assets", add);
}
