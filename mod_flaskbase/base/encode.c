/* Bytes as text: hex and base64. */
#include "base/crypto.h"

#include <limits.h>
#include <string.h>

#include "base/banned.h"

static const char url_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char std_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fb_str fb_hex_encode(apr_pool_t *pool, const void *data, apr_size_t len)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *from = data;
    char *to = apr_palloc(pool, len * 2 + 1);

    for (apr_size_t i = 0; i < len; i++) {
        to[i * 2] = digits[from[i] >> 4];
        to[i * 2 + 1] = digits[from[i] & 0xfU];
    }
    to[len * 2] = '\0';
    return fb_str_from_len(to, len * 2);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

apr_status_t fb_hex_decode(fb_str *out, fb_str hex, apr_pool_t *pool)
{
    char *to = apr_palloc(pool, hex.len / 2 + 1);

    *out = fb_str_from_len(NULL, 0);
    if (hex.len % 2 != 0) {
        return FB_ESYNTAX;
    }
    for (apr_size_t i = 0; i < hex.len; i += 2) {
        int high = hex_value(hex.ptr[i]);
        int low = hex_value(hex.ptr[i + 1]);
        if (high < 0 || low < 0) {
            return FB_ESYNTAX;
        }
        to[i / 2] = (char)(unsigned char)(high * 16 + low);
    }
    to[hex.len / 2] = '\0';
    *out = fb_str_from_len(to, hex.len / 2);
    return APR_SUCCESS;
}

/* Writes the text without padding; returns its length. */
static apr_size_t encode(char *to, const unsigned char *from, apr_size_t len, const char *alphabet)
{
    apr_size_t at = 0;
    apr_size_t i = 0;

    for (; len - i >= 3; i += 3) {
        unsigned int group =
            (unsigned int)from[i] << 16 | (unsigned int)from[i + 1] << 8 | from[i + 2];
        to[at++] = alphabet[group >> 18];
        to[at++] = alphabet[group >> 12 & 63U];
        to[at++] = alphabet[group >> 6 & 63U];
        to[at++] = alphabet[group & 63U];
    }
    if (len - i == 1) {
        to[at++] = alphabet[from[i] >> 2];
        to[at++] = alphabet[(unsigned int)from[i] << 4 & 63U];
    } else if (len - i == 2) {
        unsigned int group = (unsigned int)from[i] << 8 | from[i + 1];
        to[at++] = alphabet[group >> 10];
        to[at++] = alphabet[group >> 4 & 63U];
        to[at++] = alphabet[group << 2 & 63U];
    }
    return at;
}

fb_str fb_base64url_encode(apr_pool_t *pool, const void *data, apr_size_t len)
{
    char *to = apr_palloc(pool, len / 3 * 4 + 5);
    apr_size_t at = encode(to, data, len, url_alphabet);

    to[at] = '\0';
    return fb_str_from_len(to, at);
}

fb_str fb_base64_encode(apr_pool_t *pool, const void *data, apr_size_t len)
{
    char *to = apr_palloc(pool, len / 3 * 4 + 5);
    apr_size_t at = encode(to, data, len, std_alphabet);

    while (at % 4 != 0) {
        to[at++] = '=';
    }
    to[at] = '\0';
    return fb_str_from_len(to, at);
}

/* Value of a character of the URL alphabet, or 64. */
static unsigned int sextet(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return (unsigned int)(c - 'A');
    }
    if (c >= 'a' && c <= 'z') {
        return (unsigned int)(c - 'a') + 26;
    }
    if (c >= '0' && c <= '9') {
        return (unsigned int)(c - '0') + 52;
    }
    return c == '-' ? 62 : c == '_' ? 63 : 64;
}

apr_status_t fb_base64url_decode(fb_str *out, fb_str text, apr_pool_t *pool)
{
    char *to = apr_palloc(pool, text.len / 4 * 3 + 4);
    apr_size_t len = 0;
    unsigned int group = 0;
    unsigned int bits = 0;

    *out = fb_str_from_len(NULL, 0);
    if (text.len % 4 == 1) {
        return FB_ESYNTAX;
    }
    for (apr_size_t i = 0; i < text.len; i++) {
        unsigned int value = sextet(text.ptr[i]);
        if (value > 63) {
            return FB_ESYNTAX;
        }
        group = (group << 6 | value) & 0xffffU;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            to[len++] = (char)(unsigned char)(group >> bits & 0xffU);
        }
    }
    if ((group & ((1U << bits) - 1)) != 0) {
        return FB_ESYNTAX;
    }
    to[len] = '\0';
    *out = fb_str_from_len(to, len);
    return APR_SUCCESS;
}
