/* Parameters of a query or a form body, parsed strictly: what is malformed is refused, never
 * guessed. */
#ifndef FB_WEB_BODY_H
#define FB_WEB_BODY_H

#include "web/request.h"

#define FB_PARAM_NAME_MAX 256 /* bytes of a decoded name */

/* application/x-www-form-urlencoded text (also a query string): decoded exactly once.
 * FB_ESYNTAX: a % without two hex digits, a NUL byte, invalid UTF-8.
 * FB_ELIMIT: more than `max` parameters, or a name longer than FB_PARAM_NAME_MAX.
 * Values are in `pool`. */
apr_status_t fb_body_urlencoded(fb_params *out, fb_str text, apr_size_t max, apr_pool_t *pool,
                                fb_error *error) FB_MUST_CHECK;

/* multipart/form-data (RFC 7578) with that boundary: exactly delimiters, parts and the closing
 * delimiter; no preamble, no epilogue. Same rules for names and values; a part with a file name is
 * left out, since no form takes files yet. Errors as above. */
apr_status_t fb_body_multipart(fb_params *out, fb_str text, fb_str boundary, apr_size_t max,
                               apr_pool_t *pool, fb_error *error) FB_MUST_CHECK;

typedef enum fb_body_type {
    FB_BODY_EMPTY,
    FB_BODY_URLENCODED,
    FB_BODY_MULTIPART,
    FB_BODY_OTHER
} fb_body_type;
/* Kind of body by the Content-Type header; *boundary for multipart. A charset other than UTF-8, a
 * missing or malformed boundary and everything else is FB_BODY_OTHER (415). Without the header:
 * FB_BODY_EMPTY when there is no body either. */
fb_body_type fb_body_type_of(fb_str *boundary, fb_str content_type, apr_pool_t *pool);

/* Reads and parses the body of a request. FB_ELIMIT (413) as soon as more than `max_bytes` are
 * announced or come, FB_EINVALID (415) for a type that no form sends, FB_ESYNTAX (400), FB_ETIMEOUT
 * (408); or what reading returned. */
apr_status_t fb_body_read_form(fb_params *out, const fb_request *request, apr_size_t max_bytes,
                               apr_size_t max_params, fb_error *error) FB_MUST_CHECK;

#endif
