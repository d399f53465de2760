/* What is counted, and for whom. */
#include "web/throttle.h"

#include "web/counters.h"
#include "web/error_page.h"
#include "web/event.h"
#include "web/i18n.h"

#include <stdint.h>
#include <string.h>

#include "base/banned.h"

#define NETWORK_FACTOR 4  /* of a network's allowance to one address' */
#define ACCOUNT_FACTOR 10 /* of an account's allowance to one network's share of it */

typedef enum scope { SCOPE_SITE, SCOPE_ADDRESS, SCOPE_NETWORK, SCOPE_ACCOUNT, SCOPE_GUESSER } scope;

/* Keyed, so that neither addresses nor names can be read from the file. */
static bool key_for(apr_uint64_t *out, const fb_context *context, fb_limit limit, scope where,
                    fb_str subject)
{
    unsigned char mac[FB_SHA256_LEN];
    fb_str data =
        fb_str_printf(context->pool, "%d|%d|%.*s", (int)limit, (int)where, FB_STR_ARG(subject));
    if (fb_keyring_mac(mac, context->site->keyring, FB_KEY_THROTTLE, 0, data) != APR_SUCCESS) {
        return false;
    }
    memcpy(out, mac, sizeof *out);
    return true;
}

/* The first bytes of the client's address: 4 or 3 of IPv4, 8 or 6 of IPv6. */
static fb_str network(const fb_request *request, scope where)
{
    apr_size_t len = request->client_len == 4    ? (where == SCOPE_ADDRESS ? 4 : 3)
                     : request->client_len == 16 ? (where == SCOPE_ADDRESS ? 8 : 6)
                                                 : 0;
    return fb_hex_encode(request->pool, request->client, len);
}

static fb_rate times(fb_rate rate, int factor)
{
    rate.count = rate.count > INT64_MAX / factor ? INT64_MAX : rate.count * factor;
    return rate;
}

static void refuse(fb_context *context, apr_interval_time_t wait)
{
    fb_event_log(context, FB_EVENT_THROTTLED, NULL);
    fb_error_page_later(
        context, 429, _(context, "There were too many attempts, so this one was not carried out."),
        wait);
}

/* Takes one allowance and notes it; on refusal gives back what the attempt took so far. */
static fb_throttle take(fb_attempt *attempt, fb_context *context, fb_limit limit, scope where,
                        fb_str subject, fb_rate rate)
{
    apr_uint64_t key = 0;
    apr_interval_time_t wait = 0;
    apr_time_t now = context->request->now;
    struct fb_counters *counters = context->site->counters;

    if (rate.count <= 0) {
        return FB_THROTTLE_GRANTED;
    }
    if (attempt->count >= FB_ATTEMPT_MAX || !key_for(&key, context, limit, where, subject)) {
        wait = APR_USEC_PER_SEC;
    } else {
        fb_counters_take(&wait, counters, key, rate, now);
    }
    if (wait == 0) {
        attempt->keys[attempt->count] = key;
        attempt->rates[attempt->count++] = rate;
        attempt->returnable += where == SCOPE_SITE ? 0 : 1;
        return FB_THROTTLE_GRANTED;
    }
    for (unsigned int i = 0; i < attempt->count; i++) {
        fb_counters_give(counters, attempt->keys[i], attempt->rates[i], now);
    }
    attempt->count = attempt->returnable = 0;
    refuse(context, wait);
    return FB_THROTTLE_REFUSED;
}

static fb_throttle take_network(fb_attempt *attempt, fb_context *context, fb_limit limit)
{
    fb_rate rate = context->site->config.login_network;
    if (take(attempt, context, limit, SCOPE_ADDRESS, network(context->request, SCOPE_ADDRESS),
             rate) == FB_THROTTLE_REFUSED) {
        return FB_THROTTLE_REFUSED;
    }
    return take(attempt, context, limit, SCOPE_NETWORK, network(context->request, SCOPE_NETWORK),
                times(rate, NETWORK_FACTOR));
}

/* Few tries at one account from one network, so that a stranger who uses them up does not lock out
 * the owner, who is elsewhere; more from all of them together, against guessing from everywhere. */
static fb_throttle take_account(fb_attempt *attempt, fb_context *context, fb_limit limit,
                                fb_str subject)
{
    fb_rate rate = context->site->config.login_account;
    fb_str from = network(context->request, SCOPE_NETWORK);
    fb_str guesser =
        fb_str_printf(context->pool, "%.*s|%.*s", FB_STR_ARG(from), FB_STR_ARG(subject));
    if (take(attempt, context, limit, SCOPE_GUESSER, guesser, rate) == FB_THROTTLE_REFUSED) {
        return FB_THROTTLE_REFUSED;
    }
    return take(attempt, context, limit, SCOPE_ACCOUNT, subject, times(rate, ACCOUNT_FACTOR));
}

fb_throttle fb_throttle_route(fb_context *context)
{
    fb_attempt attempt = { .count = 0 };
    fb_limit limit = context->route->limit;
    if (limit == FB_LIMIT_NONE || limit == FB_LIMIT_LOGIN || limit == FB_LIMIT_PASSWORD) {
        return FB_THROTTLE_GRANTED;
    }
    if (take_network(&attempt, context, limit) == FB_THROTTLE_REFUSED) {
        return FB_THROTTLE_REFUSED;
    }
    return take(&attempt, context, limit, SCOPE_SITE, FB_STR(""),
                context->site->config.login_global);
}

fb_throttle fb_throttle_attempt(fb_attempt *attempt, fb_context *context, fb_limit limit,
                                fb_str subject)
{
    const fb_site_config *config = &context->site->config;
    *attempt = (fb_attempt){ .count = 0 };
    if (take_account(attempt, context, limit, subject) == FB_THROTTLE_REFUSED ||
        take_network(attempt, context, limit) == FB_THROTTLE_REFUSED) {
        return FB_THROTTLE_REFUSED;
    }
    return take(attempt, context, limit, SCOPE_SITE, FB_STR(""), config->login_global);
}

void fb_throttle_good(const fb_attempt *attempt, fb_context *context)
{
    for (unsigned int i = 0; i < attempt->returnable; i++) {
        fb_counters_give(context->site->counters, attempt->keys[i], attempt->rates[i],
                         context->request->now);
    }
}
