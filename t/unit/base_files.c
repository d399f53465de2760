/* Env files, database URLs, paths. C10 and section 6 of the specification: D34 (values with "=").
 * ASVS 13.3.1 (secrets others can read are refused). */
#include "unit.h"

#include "base/dburl.h"
#include "base/envfile.h"
#include "base/paths.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <string.h>
#include <sys/stat.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static apr_array_header_t *entries;

static const fb_env_entry *entry(int index)
{
    ck_assert_int_lt(index, entries->nelts);
    return &APR_ARRAY_IDX(entries, index, fb_env_entry);
}

static void assert_entry(int index, const char *name, const char *value, int line)
{
    ck_assert_str_eq(entry(index)->name, name);
    ck_assert_str_eq(entry(index)->value, value);
    ck_assert_int_eq(entry(index)->line, line);
}

START_TEST(env_lines)
{
    ck_assert_ok(fb_envfile_parse(&entries,
                                  FB_STR("\xef\xbb\xbf# comment\n"
                                         "\n"
                                         "A=1\r\n"
                                         "  B_2 = x=y==z  \n"
                                         "export C='single \\n $x # kept'   # comment\n"
                                         "D=\"a\\\"b\\\\c\\n\\$\"\n"
                                         "E=\n"
                                         "F=bare value # comment\n"
                                         "G=a#b\n"
                                         "H=#comment\n"
                                         "export=odd\n"
                                         "I=$A ${A} `ls` \\n\n"
                                         "J=don't\n"
                                         "K=\"\"\n"
                                         "L=\xc3\xa4"),
                                  "x.env", pool, &error));
    ck_assert_int_eq(entries->nelts, 13);
    assert_entry(0, "A", "1", 3);
    assert_entry(1, "B_2", "x=y==z", 4);
    assert_entry(2, "C", "single \\n $x # kept", 5);
    assert_entry(3, "D", "a\"b\\c\n$", 6);
    assert_entry(4, "E", "", 7);
    assert_entry(5, "F", "bare value", 8);
    assert_entry(6, "G", "a#b", 9);
    assert_entry(7, "H", "", 10);
    assert_entry(8, "export", "odd", 11);
    assert_entry(9, "I", "$A ${A} `ls` \\n", 12);
    assert_entry(10, "J", "don't", 13);
    assert_entry(11, "K", "", 14);
    assert_entry(12, "L", "\xc3\xa4", 15);
}
END_TEST

START_TEST(env_errors_have_a_place)
{
    static const struct {
        fb_str text;
        int line;
        int column;
    } cases[] = {
        { FB_STR_INIT("A=1\nnonsense\n"), 2, 9 },
        { FB_STR_INIT("1A=1"), 1, 1 },
        { FB_STR_INIT("=x"), 1, 1 },
        { FB_STR_INIT("A-B=x"), 1, 2 },
        { FB_STR_INIT("A=\"x"), 1, 3 },
        { FB_STR_INIT("\nA='x\ny'"), 2, 3 },
        { FB_STR_INIT("A=\"x\" y"), 1, 7 },
        { FB_STR_INIT("A=\"\xc3\xa4\\q\""), 1, 5 },
        { FB_STR_INIT("A=\"x\\"), 1, 3 },
        { FB_STR_INIT("A=1\nB=\xff"), 2, 1 },
        { FB_STR_INIT("A=\0"), 1, 1 },
        { FB_STR_INIT("export A"), 1, 9 },
        { FB_STR_INIT("A=\"x\"#c"), 1, 6 },
    };
    for (unsigned i = 0; i < COUNT(cases); i++) {
        fb_error_init(&error, pool);
        ck_assert_status(fb_envfile_parse(&entries, cases[i].text, "x.env", pool, &error),
                         FB_ESYNTAX);
        ck_assert_msg(error.line == cases[i].line && error.column == cases[i].column, "case %u: %s",
                      i, fb_error_line(&error));
        ck_assert_str_eq(error.where, "x.env");
        ck_assert_ptr_null(error.source);
    }
}
END_TEST

START_TEST(env_limits)
{
    char *big = apr_palloc(pool, 300000);
    memset(big, '#', 300000);
    ck_assert_status(fb_envfile_parse(&entries, fb_str_from_len(big, 300000), "x", pool, &error),
                     FB_ELIMIT);
    apr_size_t len = 0;
    for (int i = 0; i < 1001; i++) {
        memcpy(big + len, "A=1\n", 4);
        len += 4;
    }
    ck_assert_status(fb_envfile_parse(&entries, fb_str_from_len(big, len), "x", pool, &error),
                     FB_ELIMIT);
    ck_assert_ok(fb_envfile_parse(&entries, fb_str_from_len(big, len - 4), "x", pool, &error));
    ck_assert_status(fb_envfile_read(&entries, "/nonexistent/x.env", pool, &error), APR_ENOENT);
    ck_assert_ptr_nonnull(strstr(error.message, "/nonexistent/x.env"));
}
END_TEST

START_TEST(env_modes)
{
    static const struct {
        mode_t mode;
        apr_status_t status;
    } cases[] = {
        { 0600, APR_SUCCESS }, { 0640, APR_SUCCESS }, { 0400, APR_SUCCESS }, { 0644, FB_EDENIED },
        { 0602, FB_EDENIED },  { 0660, FB_EDENIED },  { 0666, FB_EDENIED },
    };
    char name[] = "/tmp/fb-env-XXXXXX";
    apr_file_t *file;
    ck_assert_ok(apr_file_mktemp(&file, name, APR_FOPEN_CREATE | APR_FOPEN_WRITE, pool));
    for (unsigned i = 0; i < COUNT(cases); i++) {
        ck_assert_int_eq(chmod(name, cases[i].mode), 0);
        ck_assert_msg(fb_envfile_check_mode(name, pool, &error) == cases[i].status, "%o",
                      cases[i].mode);
    }
    ck_assert_ptr_nonnull(strstr(error.message, "chmod"));
    ck_assert_int_eq(apr_file_remove(name, pool), APR_SUCCESS);
}
END_TEST

START_TEST(database_urls)
{
    static const struct {
        const char *url;
        const char *params;
        const char *shown;
    } cases[] = {
        { "sqlite:///data.sqlite", "/srv/site/data.sqlite", "sqlite:////srv/site/data.sqlite" },
        { "sqlite:////var/x/../y.db", "/var/y.db", "sqlite:////var/y.db" },
        { "sqlite+pysqlite:///a b.db", "/srv/site/a b.db", "sqlite:////srv/site/a b.db" },
        { "postgresql://u:p@h/d", "user='u' password='p' host='h' dbname='d' connect_timeout='2'",
          "postgresql://u:***@h/d" },
        { "postgres://u@h:5433/d?sslmode=verify-full&connect_timeout=9",
          "user='u' host='h' port='5433' dbname='d' sslmode='verify-full' connect_timeout='9'",
          "postgresql://u@h:5433/d?sslmode=verify-full&connect_timeout=9" },
        { "postgresql+psycopg2://u:p%40ss%27%5C%25@h/d%20b",
          "user='u' password='p@ss\\'\\\\%' host='h' dbname='d b' connect_timeout='2'",
          "postgresql://u:***@h/d%20b" },
        { "postgresql://u:p@ss@h/d",
          "user='u' password='p@ss' host='h' dbname='d' connect_timeout='2'",
          "postgresql://u:***@h/d" },
        { "postgresql:///d", "dbname='d' connect_timeout='2'", "postgresql:///d" },
        { "postgresql://%2Fvar%2Frun/d", "host='/var/run' dbname='d' connect_timeout='2'",
          "postgresql://%2Fvar%2Frun/d" },
        { "postgresql:///d?host=/var/run&password=geheim",
          "dbname='d' host='/var/run' password='geheim' connect_timeout='2'",
          "postgresql://:***@%2Fvar%2Frun/d" },
        { "postgresql://a:1,[::1]:2,c/d?ssl=true",
          "host='a,::1,c' port='1,2,' dbname='d' sslmode='require' connect_timeout='2'",
          "postgresql:///d?host=a,::1,c&port=1,2,&sslmode=require" },
        { "postgresql://?service=x&sslpassword=geheim",
          "service='x' sslpassword='geheim' connect_timeout='2'",
          "postgresql:///?service=x&sslpassword=***" },
    };
    for (unsigned i = 0; i < COUNT(cases); i++) {
        fb_dburl *url;
        ck_assert_msg(fb_dburl_parse(&url, fb_str_from(cases[i].url), "/srv/site", pool, &error) ==
                          APR_SUCCESS,
                      "%s: %s", cases[i].url, error.message);
        ck_assert_str_eq(url->params, cases[i].params);
        ck_assert_str_eq(url->shown, cases[i].shown);
        ck_assert_ptr_null(strstr(url->public_params, "password="));
        ck_assert_ptr_null(strstr(url->public_params, "geheim"));
        ck_assert_str_eq(url->driver, url->engine == FB_DB_SQLITE ? "sqlite3" : "pgsql");
    }
}
END_TEST

START_TEST(bad_database_urls)
{
    static const char *const cases[] = {
        "",
        "data.sqlite",
        "mysql://u@h/d",
        "sqlite:",
        "sqlite://",
        "sqlite:///",
        "sqlite://data.db",
        "sqlite:///:memory:",
        "sqlite:///x?mode=ro",
        "sqlite:///dir/",
        "postgresql://h",
        "postgresql://u:geheim@h:0/d",
        "postgresql://u:geheim@h:99999/d",
        "postgresql://u:geheim@h:x/d",
        "postgresql://[::1/d",
        "postgresql://[::1]x/d",
        "postgresql://u:gehe%im@h/d",
        "postgresql://u:geheim%00@h/d",
        "postgresql://h/d?geheim=1",
        "postgresql://h/d?%zz=1",
        "postgresql://a%2Cb/d",
        "sqlite:///a\nb",
        "postgresql://h/d\xff",
    };
    for (unsigned i = 0; i < COUNT(cases); i++) {
        fb_dburl *url;
        fb_error_init(&error, pool);
        apr_status_t status = fb_dburl_parse(&url, fb_str_from(cases[i]), "/srv", pool, &error);
        ck_assert_msg(status == FB_EINVALID || status == FB_ESYNTAX, "%s", cases[i]);
        ck_assert_ptr_null(url);
        /* A password never gets into a message (an option's name may). */
        ck_assert(strstr(cases[i], "?geheim") != NULL || strstr(error.message, "geheim") == NULL);
    }
}
END_TEST

START_TEST(paths)
{
    fb_paths *p;
    fb_paths_given given = { .env_file = "shop", .cwd = "/users/me" };
    ck_assert_ok(fb_paths_resolve(&p, &given, pool, &error));
    ck_assert_str_eq(p->env_file, FB_CONF_DIR "/shop.env");
    ck_assert_str_eq(p->site, "shop");
    ck_assert_str_eq(p->state, FB_STATE_DIR "/shop");
    ck_assert_str_eq(p->run, FB_RUN_DIR);
    ck_assert_str_eq(p->data, FB_DATA_DIR);
    ck_assert_str_eq(p->templates, FB_DATA_DIR "/templates");
    ck_assert_str_eq(p->mail, FB_STATE_DIR "/shop/mail");

    given = (fb_paths_given){ .home = "./instance/", .cwd = "/users/me" };
    ck_assert_ok(fb_paths_resolve(&p, &given, pool, &error));
    ck_assert_str_eq(p->state, "/users/me/instance");
    ck_assert_str_eq(p->env_file, "/users/me/instance/config.env");
    ck_assert_str_eq(p->site, "default");
    ck_assert_str_eq(p->run, "/users/me/instance/run");

    given =
        (fb_paths_given){ .env_file = "../srv/my.site.env", .cwd = "/users/me", .data = "/opt/fb" };
    ck_assert_ok(fb_paths_resolve(&p, &given, pool, &error));
    ck_assert_str_eq(p->env_file, "/users/srv/my.site.env");
    ck_assert_str_eq(p->site, "my_site");
    ck_assert_str_eq(p->state, "/users/srv");
    ck_assert_str_eq(p->schema, "/opt/fb/schema");

    given = (fb_paths_given){ .env_file = "/x/a.env", .home = "/y", .site = "b" };
    ck_assert_ok(fb_paths_resolve(&p, &given, pool, &error));
    ck_assert_str_eq(p->env_file, "/x/a.env");
    ck_assert_str_eq(p->state, "/y");
    ck_assert_str_eq(p->site, "b");

    given = (fb_paths_given){ .cwd = "/" };
    ck_assert_ok(fb_paths_resolve(&p, &given, pool, &error));
    ck_assert_ptr_null(p->env_file);
    ck_assert_str_eq(p->state, FB_STATE_DIR "/default");
}
END_TEST

START_TEST(bad_paths)
{
    static const fb_paths_given cases[] = {
        { .env_file = "x.env" },
        { .home = "" },
        { .home = "rel", .cwd = "rel" },
        { .site = "a/b" },
        { .site = "" },
        { .site = "123456789012345678901234567890123" },
        { .data = "data" },
        { .home = "/a\nb" },
    };
    for (unsigned i = 0; i < COUNT(cases); i++) {
        fb_paths *p;
        ck_assert_msg(fb_paths_resolve(&p, &cases[i], pool, &error) == FB_EINVALID, "case %u", i);
    }
    const char *path;
    ck_assert_ok(fb_paths_absolute(&path, "/a/../../../b//./c/..", NULL, pool, &error));
    ck_assert_str_eq(path, "/b");
    ck_assert_ok(fb_paths_absolute(&path, "..", "/", pool, &error));
    ck_assert_str_eq(path, "/");
    ck_assert_str_eq(fb_paths_folder("/a/b", pool), "/a");
    ck_assert_str_eq(fb_paths_folder("/a", pool), "/");
}
END_TEST

static void add(TCase *tests)
{
    tcase_add_test(tests, env_lines);
    tcase_add_test(tests, env_errors_have_a_place);
    tcase_add_test(tests, env_limits);
    tcase_add_test(tests, env_modes);
    tcase_add_test(tests, database_urls);
    tcase_add_test(tests, bad_database_urls);
    tcase_add_test(tests, paths);
    tcase_add_test(tests, bad_paths);
}

int main(void)
{
    return unit_main("base_files", add);
}
