/* Network prefix and browser family of a request. */
#include "web/visitor.h"

#include "base/banned.h"

#define PRODUCT_MAX 32

fb_str fb_visitor_network(const fb_request *request)
{
    const unsigned char *a = request->client;
    if (request->client_len == 4) {
        return fb_str_printf(request->pool, "%d.%d.%d.0/24", a[0], a[1], a[2]);
    }
    if (request->client_len == 16) {
        return fb_str_printf(request->pool, "%x:%x:%x::/48", a[0] << 8 | a[1], a[2] << 8 | a[3],
                             a[4] << 8 | a[5]);
    }
    return FB_STR("");
}

fb_str fb_visitor_browser(const fb_request *request)
{
    /* In this order: later ones also stand in the strings of earlier ones. */
    static const struct {
        fb_str mark;
        fb_str family;
    } browsers[] = {
        { FB_STR_INIT("Edg"), FB_STR_INIT("Edge") },
        { FB_STR_INIT("OPR/"), FB_STR_INIT("Opera") },
        { FB_STR_INIT("SamsungBrowser/"), FB_STR_INIT("Samsung Internet") },
        { FB_STR_INIT("Firefox/"), FB_STR_INIT("Firefox") },
        { FB_STR_INIT("FxiOS/"), FB_STR_INIT("Firefox") },
        { FB_STR_INIT("CriOS/"), FB_STR_INIT("Chrome") },
        { FB_STR_INIT("Chrome/"), FB_STR_INIT("Chrome") },
        { FB_STR_INIT("Safari/"), FB_STR_INIT("Safari") },
    };
    fb_str agent = fb_request_header(request, "User-Agent");
    for (apr_size_t i = 0; i < sizeof browsers / sizeof browsers[0]; i++) {
        if (fb_str_find(agent, browsers[i].mark) >= 0) {
            return browsers[i].family;
        }
    }
    apr_size_t len = 0;
    while (len < agent.len && len < PRODUCT_MAX &&
           ((agent.ptr[len] >= 'a' && agent.ptr[len] <= 'z') ||
            (agent.ptr[len] >= 'A' && agent.ptr[len] <= 'Z') ||
            (agent.ptr[len] >= '0' && agent.ptr[len] <= '9') || agent.ptr[len] == '-' ||
            agent.ptr[len] == '_')) {
        len++;
    }
    return fb_str_sub(agent, 0, len);
}
