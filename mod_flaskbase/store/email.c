/* The canonical form of e-mail addresses. */
#include "store/user.h"

#include "base/buf.h"

#include <idn2.h>
#include <string.h>
#include <unicase.h>

#include "base/banned.h"

/* Bytes; the column takes as many characters. */
#define CANONICAL_MAX 255

/* Simple case folding (Unicode, CaseFolding.txt, C and S) by way of upper case, which brings final
 * sigma, long s and the like together with their usual form. The dotless and the dotted i have no
 * simple folding: mapping them to i would make one account of two people's addresses. */
static unsigned int fold(unsigned int c)
{
    if (c < 0x80) {
        return c >= 'A' && c <= 'Z' ? c + 32 : c;
    }
    if (c == 0x130 || c == 0x131) {
        return c;
    }
    return uc_tolower(uc_toupper(c));
}

static bool is_host_byte(unsigned char c)
{
    return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_';
}

/* Names of hosts only: no [address literals], no blanks, no empty label. */
static bool is_host(fb_str host)
{
    if (host.len == 0 || host.ptr[0] == '.' || host.ptr[host.len - 1] == '.') {
        return false;
    }
    for (apr_size_t i = 0; i < host.len; i++) {
        if (!is_host_byte((unsigned char)host.ptr[i]) ||
            (host.ptr[i] == '.' && host.ptr[i + 1] == '.')) {
            return false;
        }
    }
    return true;
}

static apr_ssize_t last_at(fb_str email)
{
    apr_ssize_t at = -1;
    for (apr_size_t i = 0; i < email.len; i++) {
        if (email.ptr[i] == '@') {
            at = (apr_ssize_t)i;
        }
    }
    return at;
}

static apr_status_t to_ascii(fb_buf *out, fb_str host, apr_pool_t *pool, fb_error *error)
{
    char *ascii = NULL;
    const int code =
        idn2_to_ascii_8z(fb_str_to_z(pool, host), &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (code != IDN2_OK) {
        return fb_error_set(error, code == IDN2_MALLOC ? APR_ENOMEM : FB_EINVALID,
                            "the e-mail address has no valid domain: %s", idn2_strerror(code));
    }
    fb_buf_add_z(out, ascii);
    idn2_free(ascii);
    return APR_SUCCESS;
}

apr_status_t fb_email_canonical(fb_str *canonical, fb_str email, apr_pool_t *pool, fb_error *error)
{
    fb_buf out;
    const apr_ssize_t at = last_at(email);
    if (!fb_str_is_utf8(email) || fb_str_has_ctl(email) || at < 1 ||
        !is_host(fb_str_sub(email, (apr_size_t)at + 1, email.len))) {
        return fb_error_set(error, FB_EINVALID, "this is not an e-mail address");
    }
    fb_buf_init(&out, pool, CANONICAL_MAX);
    for (apr_size_t i = 0; i < email.len;) {
        char bytes[4];
        const unsigned int c = fold(fb_str_utf8_next(email, &i));
        fb_buf_add_mem(&out, bytes, fb_str_utf8_put(bytes, c));
    }
    if (fb_buf_status(&out) != APR_SUCCESS) {
        return fb_error_set(error, FB_EINVALID, "the e-mail address is too long");
    }
    const fb_str folded = fb_buf_str(&out);
    const apr_size_t host_at = (apr_size_t)last_at(folded) + 1;
    fb_buf whole;
    fb_buf_init(&whole, pool, CANONICAL_MAX);
    fb_buf_add(&whole, fb_str_sub(folded, 0, host_at));
    const apr_status_t status =
        to_ascii(&whole, fb_str_sub(folded, host_at, folded.len), pool, error);
    if (status != APR_SUCCESS) {
        return status;
    }
    if (fb_buf_status(&whole) != APR_SUCCESS) {
        return fb_error_set(error, FB_EINVALID, "the e-mail address is too long");
    }
    *canonical = fb_buf_str(&whole);
    return APR_SUCCESS;
}
