/* The template language from outside: make an environment, add sources, compile, render. */
#ifndef FB_TEMPLATE_TEMPLATE_H
#define FB_TEMPLATE_TEMPLATE_H

#include "template/object.h"

#include "base/buf.h"
#include "base/chunks.h"

typedef struct fb_env fb_env; /* a set of templates with its options; immutable once compiled */
typedef struct fb_template fb_template; /* one compiled template */

/* ---- options --------------------------------------------------------------------- */

typedef enum fb_autoescape {
    FB_AUTOESCAPE_OFF,
    FB_AUTOESCAPE_ON,
    FB_AUTOESCAPE_BY_NAME /* select_autoescape: by the ending of the template's name */
} fb_autoescape;

typedef enum fb_sandbox { FB_SANDBOX_NONE, FB_SANDBOX_ON, FB_SANDBOX_IMMUTABLE } fb_sandbox;

/* Extensions of the language. ASSETS is {% assets 'bundle' %}…{{ ASSET_URL }}…{% endassets %}: a
 * loop over what the global function assets_urls(names…, **options) returns. */
#define FB_EXT_DO           0x01u
#define FB_EXT_LOOPCONTROLS 0x02u
#define FB_EXT_I18N         0x04u
#define FB_EXT_ASSETS       0x08u

/* What a render may use up. Each ends in an error that names the limit. */
typedef struct fb_limits {
    unsigned call_depth; /* nested macros, blocks, recursive loops */
    unsigned include_depth;
    unsigned parse_depth; /* nesting of expressions and statements */
    uint64_t instructions;
    apr_size_t output; /* bytes */
    apr_size_t memory; /* bytes of values while rendering */
} fb_limits;

typedef struct fb_env_options {
    fb_str block_start, block_end, variable_start, variable_end, comment_start, comment_end;
    fb_str line_statement_prefix, line_comment_prefix; /* empty: off */
    fb_str newline;                                    /* "\n", "\r\n" or "\r" */
    bool trim_blocks, lstrip_blocks, keep_trailing_newline;
    fb_autoescape autoescape;
    const char *const *autoescape_on; /* endings, NULL-terminated: ".html" … */
    const char *const *autoescape_off;
    bool autoescape_for_string, autoescape_default;
    fb_undefined_kind undefined;
    unsigned extensions;    /* FB_EXT_… */
    bool gettext_functions; /* gettext, ngettext, pgettext, npgettext as globals */
    bool newstyle_gettext;
    fb_sandbox sandbox;
    fb_limits limits;
} fb_env_options;

/* The product's defaults: Jinja2's syntax; autoescape for .html .htm .xml; do, loopcontrols, i18n
 * and assets on; limits of a web page. */
void fb_env_options_init(fb_env_options *options);
/* Jinja2's own defaults: no autoescape, no extensions, limits at Jinja2's reach. */
void fb_env_options_init_jinja(fb_env_options *options);

/* ---- building an environment ----------------------------------------------------- */

/* `pool` holds everything compiled. Options are copied (their strings too). */
apr_status_t fb_env_create(fb_env **out, const fb_env_options *options, apr_pool_t *pool,
                           fb_error *error) FB_MUST_CHECK;

/* Adds a template's text under a name (no leading slash, "/" between folders). The first source of
 * a name wins: add the site's folder before the packaged one. Copies both. FB_ECONFLICT is not
 * an error here: a later source of a taken name is ignored. */
apr_status_t fb_env_add_source(fb_env *env, fb_str name, fb_str text,
                               fb_error *error) FB_MUST_CHECK;
/* Adds every regular file below a folder; each name gets `prefix` in front. To have the packaged
 * templates both overridable and reachable: add SITE with "", PACKAGED with
 * "", PACKAGED with "flaskbase/".
 * Files that are not UTF-8 are an error. */
apr_status_t fb_env_add_dir(fb_env *env, const char *dir, const char *prefix,
                            fb_error *error) FB_MUST_CHECK;

/* Own rows beside the built-in ones (same name: the own one wins). The row must outlive the
 * environment. */
apr_status_t fb_env_add_filter(fb_env *env, const fb_builtin *row) FB_MUST_CHECK;
apr_status_t fb_env_add_test(fb_env *env, const fb_builtin *row) FB_MUST_CHECK;
apr_status_t fb_env_add_function(fb_env *env, const fb_builtin *row) FB_MUST_CHECK;
/* A global value; it must live as long as the environment (make it in fb_env_arena). */
apr_status_t fb_env_set_global(fb_env *env, fb_str name, fb_value value) FB_MUST_CHECK;
apr_status_t fb_env_set_policy(fb_env *env, const char *name, fb_value value) FB_MUST_CHECK;
/* Declares a name that every render will supply ("request", "current_user"), so that
 * `templates check` does not report it as undefined. */
apr_status_t fb_env_declare(fb_env *env, const char *name) FB_MUST_CHECK;
fb_arena *fb_env_arena(fb_env *env); /* lives as long as the environment */

/* Called once per problem. */
typedef void fb_env_report(void *baton, const fb_error *problem);
/* Compiles every source, links constant extends/include/import targets, and reports each problem
 * (syntax error, unknown filter, missing parent, cycle). FB_ETEMPLATE if there was any.
 * Afterwards the environment is read-only and may be shared by threads and forked children. */
apr_status_t fb_env_compile(fb_env *env, fb_env_report *report, void *baton, apr_pool_t *scratch,
                            fb_error *error) FB_MUST_CHECK;
/* Besides: names that are neither set by a template nor global nor declared. Only reports. */
void fb_env_check_names(const fb_env *env, fb_env_report *report, void *baton, apr_pool_t *scratch);

/* The sources as added, in order of name: a caller that wants to rebuild the environment later
 * (after its code was unloaded) copies them into a pool of its own. */
typedef void fb_env_visit(void *baton, fb_str name, fb_str text);
void fb_env_each_source(const fb_env *env, fb_env_visit *visit, void *baton);

/* NULL if there is no such template. */
const fb_template *fb_env_find(const fb_env *env, fb_str name);
fb_str fb_template_name(const fb_template *tmpl);

/* ---- rendering ------------------------------------------------------------------- */

/* Translates: `plural` is empty for a single form, `context` empty without one.
 * Returns the message in the language of the render; the source text if there is none. */
typedef fb_str fb_gettext(void *baton, fb_str context, fb_str singular, fb_str plural, int64_t n);

typedef struct fb_render {
    fb_arena *arena;  /* where `context` was built; the render goes on in it. NULL: one is made */
    fb_dict *context; /* variables; may be NULL */
    fb_dict *globals; /* seen by imported templates and macros too, unlike `context`; may be NULL */
    fb_gettext *gettext; /* NULL: texts stay as they are */
    void *gettext_baton;
    void *user;              /* for the application's functions: fb_vm_user */
    uint64_t random_seed;    /* of |random and lipsum */
    const fb_limits *limits; /* NULL: those of the environment */
} fb_render;

/* Renders into `out` (whose own limit holds too). Literal text is added as static chunks of the
 * environment, the rest in the chunk list's pool; `pool` takes what only lives while rendering.
 * FB_ETEMPLATE with kind, message, template, line, column and source line, or FB_ELIMIT. */
apr_status_t fb_template_render(fb_chunks *out, const fb_env *env, const fb_template *tmpl,
                                const fb_render *render, apr_pool_t *pool,
                                fb_error *error) FB_MUST_CHECK;
void *fb_vm_user(fb_vm *vm);

/* ---- looking inside -------------------------------------------------------------- */

typedef enum fb_dump { FB_DUMP_TOKENS, FB_DUMP_AST, FB_DUMP_CODE } fb_dump;
apr_status_t fb_template_dump(fb_buf *out, const fb_env *env, fb_str name, fb_dump what,
                              fb_error *error) FB_MUST_CHECK;

#endif
