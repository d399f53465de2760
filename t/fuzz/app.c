/* Fuzz targets of the room app: the cleaner of stored HTML. */
#include "fuzz.h"

#include "app/html_clean.h"

/* Whether one of the list stands at the start of the slice, in any case. */
static bool starts_with_any(fb_str s, const char *const *list)
{
    for (; *list != NULL; list++) {
        fb_str word = fb_str_from(*list);
        if (fb_str_ieq(fb_str_sub(s, 0, word.len), word)) {
            return true;
        }
    }
    return false;
}

/* What a browser could act on never comes out, and cleaning again changes nothing. */
static void fuzz_html_clean(fb_str input, apr_pool_t *pool)
{
    static const char *const tags[] = { "<script", "<style",    "<iframe", "<svg",   "<math",
                                        "<object", "<template", "<form",   "<img",   "<!--",
                                        "<base",   "<link",     "<meta",   "<embed", NULL };
    static const char *const schemes[] = { "javascript:", "vbscript:", "data:", NULL };
    fb_str clean;
    fb_str again;
    fb_error error;

    fb_error_init(&error, pool);
    if (fb_html_clean(&clean, input, pool, &error) != APR_SUCCESS) {
        fuzz_assert(error.message != NULL);
        return;
    }
    bool in_tag = false;
    for (apr_size_t i = 0; i < clean.len; i++) {
        char c = clean.ptr[i];
        fb_str rest = fb_str_sub(clean, i, clean.len);
        fuzz_assert(c != '<' || (!in_tag && !starts_with_any(rest, tags)));
        in_tag = c == '<' || (in_tag && c != '>');
        if (in_tag && (c == '"' || c == '\'')) {
            fuzz_assert(!starts_with_any(fb_str_sub(rest, 1, rest.len), schemes));
        }
        fuzz_assert(!in_tag || !fb_str_ieq(fb_str_sub(rest, 0, 3), FB_STR(" on")));
    }
    fuzz_assert(!in_tag);
    fuzz_assert(fb_html_clean(&again, clean, pool, &error) == APR_SUCCESS);
    fuzz_assert(fb_str_eq(clean, again));
}

static const fuzz_target fuzz_targets[] = {
    { "html_clean", fuzz_html_clean },
};
