/* The problems found while settings are put together. */
#include "base/settings_value.h"

#include <apr_strings.h>

#include "base/banned.h"

static void add(fb_problems *problems, fb_problem_level level, const char *text)
{
    fb_problem problem = { level, text };

    APR_ARRAY_PUSH(problems->found, fb_problem) = problem;
}

void fb_problems_init(fb_problems *problems, apr_pool_t *pool, fb_error *error)
{
    *problems = (fb_problems){
        .found = apr_array_make(pool, 8, sizeof(fb_problem)),
        .pool = pool,
        .error = error,
    };
}

void fb_problems_fail(fb_problems *problems, apr_status_t status, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    const char *text = apr_pvsprintf(problems->pool, fmt, args);
    va_end(args);
    add(problems, FB_PROBLEM_ERROR, text);
    if (problems->status == APR_SUCCESS) {
        problems->status = fb_error_set(problems->error, status, "%s", text);
    }
}

void fb_problems_warn(fb_problems *problems, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    add(problems, FB_PROBLEM_WARNING, apr_pvsprintf(problems->pool, fmt, args));
    va_end(args);
}

void fb_problems_note(fb_problems *problems, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    add(problems, FB_PROBLEM_NOTE, apr_pvsprintf(problems->pool, fmt, args));
    va_end(args);
}

apr_array_header_t *fb_problems_sorted(const fb_problems *problems)
{
    apr_array_header_t *out =
        apr_array_make(problems->pool, problems->found->nelts + 1, sizeof(fb_problem));

    for (int level = FB_PROBLEM_ERROR; level <= FB_PROBLEM_NOTE; level++) {
        for (int i = 0; i < problems->found->nelts; i++) {
            const fb_problem *problem = &APR_ARRAY_IDX(problems->found, i, fb_problem);
            if ((int)problem->level == level) {
                APR_ARRAY_PUSH(out, fb_problem) = *problem;
            }
        }
    }
    return out;
}
