/* Cleaning of stored HTML before a page shows it (SPEC X11, R2; ASVS 1.3.1, 1.2.1). */
#include "unit.h"

#include "app/html_clean.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *in;
    const char *out;
} cases[] = {
    { "", "" },
    { "plain & simple", "plain &amp; simple" },
    { "a &lt; b &amp; c &#38; &eacute; &nope", "a &lt; b &amp; c &#38; &eacute; &amp;nope" },
    { "<p>One <strong>two</strong></p>", "<p>One <strong>two</strong></p>" },
    { "<P CLASS=x onclick='go()'>One", "<p>One</p>" },
    { "<h1>T</h1><br/><hr>", "<h1>T</h1><br><hr>" },
    { "<ul><li>1<li>2</ul>x", "<ul><li>1<li>2</li></li></ul>x" },
    { "</div></p>x</b>", "x" },
    { "<b><i>x</b>y</i>", "<b><i>x</i></b>y" },
    { "<div><span style=\"x\">t</span></div>", "t" },
    /* The canary of SECURITY.md: no node comes of it. */
    { "'\"><x y=1>{{7*7}}</script>", "&#39;&#34;&gt;{{7*7}}" },
    { "<script>alert(1)</script>x", "x" },
    { "<script>a</scriptx>b</ScRiPt >c", "c" },
    { "<script>never ends", "" },
    { "<style>@import 'x'</style><title>t</title>ok", "ok" },
    { "<svg><p>in</p></svg>out", "out" },
    { "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></math>x", "x" },
    { "<template><p>x</p></template>y", "y" },
    { "<img src=x onerror=alert(1)>t", "t" },
    { "<!-- <b> --><!DOCTYPE html><?php x ?>t", "t" },
    { "<!-- open", "" },
    { "1 < 2 <3 <", "1 &lt; 2 &lt;3 &lt;" },
    { "<p title=\">\">x", "<p>x</p>" },
    { "<p", "<p></p>" },
    { "<a href=\"/about?a=1&amp;b=2#c\">x</a>", "<a href=\"/about?a=1&amp;b=2#c\">x</a>" },
    { "<a href=https://example.org/ target=_blank>x</a>",
      "<a href=\"https://example.org/\">x</a>" },
    { "<a href='mailto:a@example.org'>x</a>", "<a href=\"mailto:a@example.org\">x</a>" },
    { "<a href='#top'>x", "<a href=\"#top\">x</a>" },
    { "<a href='page:1'>x</a>", "<a>x</a>" },
    { "<a href='javascript:alert(1)'>x</a>", "<a>x</a>" },
    { "<a href=' JaVaScRiPt:alert(1)'>x</a>", "<a>x</a>" },
    { "<a href='java&#115;cript:alert(1)'>x</a>",
      "<a href=\"java&amp;#115;cript:alert(1)\">x</a>" },
    { "<a href='javascript&colon;alert(1)'>x</a>",
      "<a href=\"javascript&amp;colon;alert(1)\">x</a>" },
    { "<a href='java\tscript:alert(1)'>x</a>", "<a>x</a>" },
    { "<a href='data:text/html,x'>x</a>", "<a>x</a>" },
    { "<a href='//evil.example'>x</a>", "<a>x</a>" },
    { "<a href='/\\evil.example'>x</a>", "<a>x</a>" },
    { "<a href='/ok' href='javascript:x'>x</a>", "<a href=\"/ok\">x</a>" },
    { "<a/href='javascript:x'>x</a>", "<a>x</a>" },
};

static fb_str clean(const char *in)
{
    fb_str out;
    ck_assert_int_eq(fb_html_clean(&out, fb_str_from(in), pool, &error), APR_SUCCESS);
    return out;
}

START_TEST(cleans)
{
    fb_str out = clean(cases[_i].in), again;
    ck_assert_msg(fb_str_eq_z(out, cases[_i].out), "%s became %.*s, not %s", cases[_i].in,
                  FB_STR_ARG(out), cases[_i].out);
    ck_assert_int_eq(fb_html_clean(&again, out, pool, &error), APR_SUCCESS);
    ck_assert_msg(fb_str_eq(again, out), "cleaned twice, %s became %.*s", cases[_i].in,
                  FB_STR_ARG(again));
}
END_TEST

/* Every text made of these pieces comes out with listed tags alone, each closed. */
START_TEST(keeps_its_word_for_any_input)
{
    static const char *const pieces[] = {
        "<p>",         "</p>", "<script>", "</script>", "<a href=", "'", "\"",   ">", "<",
        "javascript:", "<!--", "-->",      "<b ",       "/",        "&", "&lt;", "x", " "
    };
    enum { PIECES = sizeof pieces / sizeof pieces[0] };
    unsigned int seed = 12345;

    for (int round = 0; round < 20000; round++) {
        char in[400] = "";
        for (int i = 0; i < 12; i++) {
            seed = seed * 1103515245u + 12345u;
            const char *piece = pieces[(seed >> 16) % PIECES];
            memcpy(in + strlen(in), piece, strlen(piece) + 1);
        }
        fb_str out = clean(in);
        fb_str again;
        ck_assert_int_eq(fb_html_clean(&again, out, pool, &error), APR_SUCCESS);
        ck_assert_msg(fb_str_eq(again, out), "%s: %.*s then %.*s", in, FB_STR_ARG(out),
                      FB_STR_ARG(again));
        ck_assert_int_lt(fb_str_find(out, FB_STR("<script")), 0);
        ck_assert_int_lt(fb_str_find(out, FB_STR("<!")), 0);
        ck_assert_int_lt(fb_str_find(out, FB_STR("href=\"javascript:")), 0);
    }
}
END_TEST

START_TEST(limits_depth_and_size)
{
    char *deep = apr_palloc(pool, 3 * 1000 + 1);
    for (int i = 0; i < 1000; i++) {
        memcpy(deep + 3 * i, "<b>", 3);
    }
    deep[3000] = '\0';
    ck_assert_uint_eq(clean(deep).len, 48 * 7);

    char *big = apr_pcalloc(pool, FB_HTML_CLEAN_MAX + 1);
    fb_str out;
    ck_assert_int_eq(fb_html_clean(&out, fb_str_from_len(big, FB_HTML_CLEAN_MAX), pool, &error),
                     APR_SUCCESS);
    ck_assert_int_eq(fb_html_clean(&out, fb_str_from_len(big, FB_HTML_CLEAN_MAX + 1), pool, &error),
                     FB_ELIMIT);
}
END_TEST

static void add(TCase *tests)
{
    tcase_add_loop_test(tests, cleans, 0, sizeof cases / sizeof cases[0]);
    tcase_add_test(tests, keeps_its_word_for_any_input);
    tcase_add_test(tests, limits_depth_and_size);
}

int main(void)
{
    return unit_main("app_html_clean", add);
}
