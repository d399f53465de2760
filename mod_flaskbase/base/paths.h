/* Where a site keeps its things: the one function that decides. */
#ifndef FB_BASE_PATHS_H
#define FB_BASE_PATHS_H

#include "base/error.h"

/* All absolute and normalised, without a slash at the end; nothing is created or opened. */
typedef struct fb_paths {
    const char *env_file; /* the site's env file; NULL: a site without one */
    const char *site;     /* the site's name: [A-Za-z0-9_-]{1,32} */
    const char *state;    /* 0700, owned by the server's user: database, mail, limits */
    const char *mail;     /* mails of the file transport */
    const char *limits;   /* the counters' mmap'd file */
    const char *logs;
    const char *run;  /* sockets, pid files */
    const char *data; /* packaged, read-only: templates/ static/ schema/ conf/ */
    const char *templates;
    const char *static_dir;
    const char *schema;
    const char *locale;
} fb_paths;

/* What is known from outside; NULL where it is not. Relative paths are relative to `cwd`. */
typedef struct fb_paths_given {
    const char *env_file; /* FlaskbaseEnvFile, --site. A bare NAME ([A-Za-z0-9_-]) means
                           * NAME.env in the configuration folder (/etc/flaskbase) */
    const char *home;     /* FLASKBASE_HOME, FlaskbaseStateDir, --home */
    const char *site;     /* FLASKBASE_SITE, FlaskbaseSite */
    const char *data;     /* FLASKBASE_DATA, FlaskbaseDataDir */
    const char *cwd;      /* an absolute folder */
} fb_paths_given;

/* With a home, everything is under it and its env file is config.env. With an env file alone:
 * /etc/flaskbase/SITE.env has its state in /var/lib/flaskbase/SITE, another file's state is
 * the folder it is in. With neither, the site is "default" of the packaged folders.
 * FB_EINVALID for a relative path without cwd, an empty one, or a bad site name. */
apr_status_t fb_paths_resolve(fb_paths **out, const fb_paths_given *given, apr_pool_t *pool,
                              fb_error *error) FB_MUST_CHECK;

/* The absolute, normalised form of a path that may be relative to `base` (absolute, or NULL: then
 * relative paths are FB_EINVALID). */
apr_status_t fb_paths_absolute(const char **out, const char *path, const char *base,
                               apr_pool_t *pool, fb_error *error) FB_MUST_CHECK;
/* The folder a file is in, without a slash at the end. */
const char *fb_paths_folder(const char *path, apr_pool_t *pool);

#endif
