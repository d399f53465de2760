/* Escaping for every context the product writes into. No other file escapes. */
#ifndef FB_BASE_ESCAPE_H
#define FB_BASE_ESCAPE_H

#include "base/buf.h"

/* HTML text and quoted attributes, as markupsafe writes it: & < > " ' become
 * &amp; &lt; &gt; &#34; &#39;. */
void fb_escape_html(fb_buf *out, fb_str s);
/* The same into room for 5 * s.len bytes at `out`; returns how many were written. For the
 * renderer, which knows its buffers. */
apr_size_t fb_escape_html_into(char *out, fb_str s);
/* Length of the leading part that needs no HTML escaping (the renderer's fast scan). */
apr_size_t fb_escape_html_span(fb_str s);
/* RFC 3986: unreserved bytes and those of `keep` stay, others become %XX (upper case). */
void fb_escape_url(fb_buf *out, fb_str s, const char *keep);
/* application/x-www-form-urlencoded: space becomes +. */
void fb_escape_form(fb_buf *out, fb_str s);
/* The inside of a JSON string (RFC 8259), no quotes added; < > & ' U+2028 U+2029 and control
 * characters as \u00XX, so that it may stand inside HTML too. */
void fb_escape_json(fb_buf *out, fb_str s);
/* For log lines: control characters, backslash, quote and non-UTF-8 bytes as \xHH, cut at
 * `max` bytes with "..." behind. */
void fb_escape_log(fb_buf *out, fb_str s, apr_size_t max);
/* A whole log line: as fb_escape_log, but quotes and backslashes stay and no pool is needed
 * (failed allocations are logged too). Writes at most `size` bytes with the final NUL. */
void fb_escape_log_line(char *out, apr_size_t size, fb_str s);

/* Decoding, once. FB_EINVALID for a % without two hex digits. `plus` FB_PLUS_IS_SPACE is the
 * form decoding. The result is in `pool` and may hold any byte: the caller checks for NUL. */
typedef enum fb_plus { FB_PLUS_IS_PLUS, FB_PLUS_IS_SPACE } fb_plus;
apr_status_t fb_unescape_url(fb_str *out, fb_str s, fb_plus plus, apr_pool_t *pool) FB_MUST_CHECK;

#endif
