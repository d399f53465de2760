/* DATABASE_URL, taken apart once for module (mod_dbd) and CLI alike. */
#include "base/dburl.h"

#include "base/buf.h"
#include "base/escape.h"
#include "base/num.h"
#include "base/paths.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <string.h>

#include "base/banned.h"

#define TEXT_MAX 8192

typedef struct parser {
    apr_array_header_t *options; /* of option: libpq's keywords in the order they came */
    apr_pool_t *pool;
    fb_error *error;
} parser;

typedef struct option {
    const char *keyword;
    const char *value;
} option;

/* Connection keywords of libpq 15, so that a typing error shows at configtest and not at the first
 * connection. */
static const char *const keywords[] = {
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "passfile",
    "channel_binding",
    "connect_timeout",
    "client_encoding",
    "options",
    "application_name",
    "fallback_application_name",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
    "replication",
    "gssencmode",
    "sslmode",
    "requiressl",
    "sslcompression",
    "sslcert",
    "sslkey",
    "sslpassword",
    "sslrootcert",
    "sslcrl",
    "sslcrldir",
    "sslsni",
    "requirepeer",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
    "krbsrvname",
    "gsslib",
    "service",
    "target_session_attrs",
    "load_balance_hosts",
    "sslcertmode",
    "require_auth",
    "gssdelegation",
    NULL,
};

static apr_status_t invalid(const parser *p, const char *text)
{
    return fb_error_set(p->error, FB_EINVALID, "database URL: %s", text);
}

static void set_option(parser *p, const char *keyword, const char *value)
{
    for (int i = 0; i < p->options->nelts; i++) {
        option *o = &APR_ARRAY_IDX(p->options, i, option);
        if (strcmp(o->keyword, keyword) == 0) {
            o->value = value;
            return;
        }
    }
    APR_ARRAY_PUSH(p->options, option) = (option){ keyword, value };
}

static const char *get_option(const parser *p, const char *keyword)
{
    for (int i = 0; i < p->options->nelts; i++) {
        const option *o = &APR_ARRAY_IDX(p->options, i, option);
        if (strcmp(o->keyword, keyword) == 0) {
            return o->value;
        }
    }
    return NULL;
}

static apr_status_t decode(const parser *p, const char **out, fb_str text, const char *what)
{
    fb_str s;

    if (fb_unescape_url(&s, text, FB_PLUS_IS_PLUS, p->pool) != APR_SUCCESS) {
        return fb_error_set(p->error, FB_ESYNTAX,
                            "database URL: a %% in the %s is not followed by two hex digits; "
                            "a %% itself is written %%25",
                            what);
    }
    if (fb_str_has_ctl(s)) {
        return fb_error_set(p->error, FB_EINVALID, "database URL: the %s holds control characters",
                            what);
    }
    *out = s.ptr;
    return APR_SUCCESS;
}

static apr_status_t parse_user(parser *p, fb_str spec)
{
    const char *value = NULL;
    fb_str password = spec;
    fb_str user = fb_str_split(&password, ':');
    apr_status_t status = APR_SUCCESS;

    if (user.len > 0) {
        status = decode(p, &value, user, "user name");
        if (status == APR_SUCCESS) {
            set_option(p, "user", value);
        }
    }
    if (status == APR_SUCCESS && password.len > 0) {
        status = decode(p, &value, password, "password");
        if (status == APR_SUCCESS) {
            set_option(p, "password", value);
        }
    }
    return status;
}

/* One "host", "host:port" or "[v6]:port" of the list. */
static apr_status_t parse_host(parser *p, fb_str spec, fb_buf *hosts, fb_buf *ports)
{
    fb_str host;
    fb_str port = spec;
    const char *text = NULL;
    apr_int64_t number;

    if (fb_str_starts(spec, FB_STR("["))) {
        apr_ssize_t end = fb_str_find_char(spec, ']');
        if (end < 0) {
            return fb_error_set(p->error, FB_ESYNTAX, "database URL: \"[\" without \"]\"");
        }
        host = fb_str_sub(spec, 1, (apr_size_t)end - 1);
        port = fb_str_sub(spec, (apr_size_t)end + 1, spec.len);
        if (port.len > 0 && port.ptr[0] != ':') {
            return fb_error_set(p->error, FB_ESYNTAX, "database URL: expected \":\" after \"]\"");
        }
        port = fb_str_sub(port, 1, port.len);
    } else {
        host = fb_str_split(&port, ':');
    }
    apr_status_t status = decode(p, &text, host, "host");
    if (status != APR_SUCCESS) {
        return status;
    }
    if (strchr(text, ',') != NULL) {
        return invalid(p, "the host holds a comma");
    }
    if (port.len > 0 && fb_num_range(&number, port, 1, 65535) != APR_SUCCESS) {
        return invalid(p, "the port must be a number from 1 to 65535");
    }
    fb_buf_add_z(hosts, text);
    fb_buf_add(ports, port);
    return APR_SUCCESS;
}

static apr_status_t parse_hosts(parser *p, fb_str spec)
{
    fb_buf hosts;
    fb_buf ports;
    bool any_port = false;

    fb_buf_init(&hosts, p->pool, TEXT_MAX);
    fb_buf_init(&ports, p->pool, TEXT_MAX);
    fb_str rest = spec;
    while (rest.ptr != NULL) {
        apr_size_t before = ports.len;
        apr_status_t status = parse_host(p, fb_str_split(&rest, ','), &hosts, &ports);
        if (status != APR_SUCCESS) {
            return status;
        }
        any_port = any_port || ports.len > before;
        if (rest.ptr != NULL) {
            fb_buf_add_char(&hosts, ',');
            fb_buf_add_char(&ports, ',');
        }
    }
    if (hosts.len > 0) {
        set_option(p, "host", hosts.data);
    }
    if (any_port) {
        set_option(p, "port", ports.data);
    }
    return APR_SUCCESS;
}

static const char *known_keyword(const char *name)
{
    for (const char *const *k = keywords; *k != NULL; k++) {
        if (strcmp(*k, name) == 0) {
            return *k;
        }
    }
    return NULL;
}

static apr_status_t parse_query(parser *p, fb_str query)
{
    while (query.ptr != NULL) {
        fb_str value = fb_str_split(&query, '&');
        fb_str name = fb_str_split(&value, '=');
        const char *name_z = NULL;
        const char *value_z = NULL;
        if (name.len == 0 && value.ptr == NULL) {
            continue;
        }
        apr_status_t status = decode(p, &name_z, name, "option's name");
        if (status == APR_SUCCESS) {
            status = decode(p, &value_z, value, "option's value");
        }
        if (status != APR_SUCCESS) {
            return status;
        }
        /* As libpq does, for URLs written for JDBC. */
        if (strcmp(name_z, "ssl") == 0 && strcmp(value_z, "true") == 0) {
            name_z = "sslmode";
            value_z = "require";
        }
        if (known_keyword(name_z) == NULL) {
            return fb_error_set(p->error, FB_EINVALID,
                                "database URL: \"%s\" is not a connection option of libpq", name_z);
        }
        if (strcmp(name_z, "port") == 0 && strspn(value_z, "0123456789,") != strlen(value_z)) {
            return invalid(p, "the port must be a number");
        }
        if (value_z[0] != '\0') { /* for libpq, empty is not given */
            set_option(p, known_keyword(name_z), value_z);
        }
    }
    return APR_SUCCESS;
}

static bool is_secret(const char *keyword)
{
    return strcmp(keyword, "password") == 0 || strcmp(keyword, "sslpassword") == 0;
}

typedef enum secrets { WITH_SECRETS, WITHOUT_SECRETS } secrets;

/* keyword='value' with quotes and backslashes escaped: libpq's own grammar. */
static const char *conninfo(const parser *p, secrets which)
{
    fb_buf out;

    fb_buf_init(&out, p->pool, APR_SIZE_MAX);
    for (int i = 0; i < p->options->nelts; i++) {
        const option *o = &APR_ARRAY_IDX(p->options, i, option);
        if (which == WITHOUT_SECRETS && is_secret(o->keyword)) {
            continue;
        }
        fb_buf_add_fmt(&out, "%s%s='", out.len > 0 ? " " : "", o->keyword);
        for (const char *c = o->value; *c != '\0'; c++) {
            if (*c == '\'' || *c == '\\') {
                fb_buf_add_char(&out, '\\');
            }
            fb_buf_add_char(&out, *c);
        }
        fb_buf_add_char(&out, '\'');
    }
    return out.data;
}

/* The URL again from its parts, with no secret in it. */
static const char *shown_pgsql(const parser *p)
{
    static const char *const apart[] = { "dbname", "user", "password", "host", "port" };
    const char *user = get_option(p, "user");
    const char *host = get_option(p, "host");
    const char *port = get_option(p, "port");
    bool one_host =
        (host == NULL || strchr(host, ',') == NULL) && (port == NULL || strchr(port, ',') == NULL);
    apr_size_t apart_count = one_host ? 5 : 3; /* several hosts are shown as options */
    fb_buf out;
    char separator = '?';

    fb_buf_init(&out, p->pool, APR_SIZE_MAX);
    fb_buf_add_z(&out, "postgresql://");
    if (user != NULL || get_option(p, "password") != NULL) {
        fb_escape_url(&out, fb_str_from(user), "");
        fb_buf_add_z(&out, get_option(p, "password") != NULL ? ":***@" : "@");
    }
    if (one_host) {
        bool v6 = host != NULL && strchr(host, ':') != NULL;
        fb_buf_add_z(&out, v6 ? "[" : "");
        fb_escape_url(&out, fb_str_from(host), v6 ? ":" : "");
        fb_buf_add_z(&out, v6 ? "]" : "");
        fb_buf_add_fmt(&out, "%s%s", port != NULL ? ":" : "", port != NULL ? port : "");
    }
    fb_buf_add_char(&out, '/');
    fb_escape_url(&out, fb_str_from(get_option(p, "dbname")), "");
    for (int i = 0; i < p->options->nelts; i++) {
        const option *o = &APR_ARRAY_IDX(p->options, i, option);
        bool skip = false;
        for (apr_size_t k = 0; k < apart_count; k++) {
            skip = skip || strcmp(o->keyword, apart[k]) == 0;
        }
        if (!skip) {
            fb_str value = is_secret(o->keyword) ? FB_STR("***") : fb_str_from(o->value);
            fb_buf_add_fmt(&out, "%c%s=", separator, o->keyword);
            fb_escape_url(&out, value, "/,:*");
            separator = '&';
        }
    }
    return out.data;
}

static apr_status_t parse_pgsql(fb_dburl *url, parser *p, fb_str rest)
{
    const char *name = NULL;
    fb_str query = rest;
    fb_str path = fb_str_split(&query, '?');
    fb_str authority = fb_str_split(&path, '/');
    /* The last @ ends the user: an unescaped one in a password does no harm. */
    fb_str hosts = authority;
    for (apr_size_t i = authority.len; i > 0; i--) {
        if (authority.ptr[i - 1] == '@') {
            hosts = fb_str_sub(authority, i, authority.len);
            apr_status_t status = parse_user(p, fb_str_sub(authority, 0, i - 1));
            if (status != APR_SUCCESS) {
                return status;
            }
            break;
        }
    }
    apr_status_t status = parse_hosts(p, hosts);
    if (status == APR_SUCCESS && path.len > 0) {
        status = decode(p, &name, path, "database name");
        if (status == APR_SUCCESS) {
            set_option(p, "dbname", name);
        }
    }
    if (status == APR_SUCCESS) {
        status = parse_query(p, query);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    if (get_option(p, "dbname") == NULL && get_option(p, "service") == NULL) {
        return invalid(p,
                       "the name of the database is missing: postgresql://user:password@host/NAME");
    }
    url->shown = shown_pgsql(p);
    if (get_option(p, "connect_timeout") == NULL) {
        set_option(p, "connect_timeout", "2");
    }
    url->engine = FB_DB_PGSQL;
    url->driver = "pgsql";
    url->params = conninfo(p, WITH_SECRETS);
    url->public_params = conninfo(p, WITHOUT_SECRETS);
    url->password = get_option(p, "password");
    return APR_SUCCESS;
}

static apr_status_t parse_sqlite(fb_dburl *url, parser *p, fb_str rest, const char *base)
{
    if (!fb_str_starts(rest, FB_STR("/"))) {
        return invalid(p, rest.len == 0 ? "the file is missing: sqlite:///FILE"
                                        : "SQLite needs three slashes (sqlite:///FILE, in the "
                                          "state folder) or four (sqlite:////ABSOLUTE/FILE)");
    }
    fb_str path = fb_str_sub(rest, 1, rest.len);
    if (path.len == 0 || fb_str_starts(path, FB_STR(":memory:"))) {
        return invalid(p, "a database in memory can't be shared by the server's processes; name a "
                          "file: sqlite:///FILE");
    }
    if (fb_str_find_char(path, '?') >= 0) {
        return invalid(p, "SQLite takes no options behind a \"?\"");
    }
    if (fb_str_ends(path, FB_STR("/"))) {
        return invalid(p, "the path of the SQLite file ends with a slash");
    }
    apr_status_t status =
        fb_paths_absolute(&url->path, fb_str_to_z(p->pool, path), base, p->pool, p->error);
    if (status != APR_SUCCESS) {
        return status;
    }
    url->engine = FB_DB_SQLITE;
    url->driver = "sqlite3";
    url->params = url->path;
    url->public_params = url->path;
    url->shown = apr_pstrcat(p->pool, "sqlite:///", url->path, NULL);
    return APR_SUCCESS;
}

apr_status_t fb_dburl_parse(fb_dburl **out, fb_str url, const char *base, apr_pool_t *pool,
                            fb_error *error)
{
    static const fb_str separator = FB_STR_INIT("://");
    parser p = { apr_array_make(pool, 8, sizeof(option)), pool, error };
    fb_dburl *result = apr_pcalloc(pool, sizeof(*result));
    apr_status_t status;

    *out = NULL;
    if (url.len > TEXT_MAX || fb_str_has_ctl(url) || !fb_str_is_utf8(url)) {
        return invalid(&p, "too long, or not plain text");
    }
    apr_ssize_t end = fb_str_find(url, separator);
    fb_str driver = fb_str_sub(url, 0, end < 0 ? 0 : (apr_size_t)end);
    fb_str scheme = fb_str_split(&driver, '+');
    fb_str rest = fb_str_sub(url, (apr_size_t)(end < 0 ? 0 : end) + separator.len, url.len);
    if (fb_str_eq_z(scheme, "sqlite")) {
        status = parse_sqlite(result, &p, rest, base);
    } else if (fb_str_eq_z(scheme, "postgresql") || fb_str_eq_z(scheme, "postgres")) {
        status = parse_pgsql(result, &p, rest);
    } else {
        status = invalid(&p, "it must start with sqlite:///, postgresql:// or postgres://");
    }
    if (status == APR_SUCCESS) {
        *out = result;
    }
    return status;
}
