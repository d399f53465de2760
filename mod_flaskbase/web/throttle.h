/* Rate limits in front of everything that takes credentials or sends mail (D22). */
#ifndef FB_WEB_THROTTLE_H
#define FB_WEB_THROTTLE_H

#include "web/context.h"

typedef enum fb_throttle { FB_THROTTLE_GRANTED, FB_THROTTLE_REFUSED } fb_throttle;

#define FB_ATTEMPT_MAX 5 /* what one attempt counts for, at most */

/* What one attempt took, so that a good one can be given back. */
typedef struct fb_attempt {
    apr_uint64_t keys[FB_ATTEMPT_MAX];
    fb_rate rates[FB_ATTEMPT_MAX];
    unsigned int count;
    unsigned int returnable; /* the first ones: all but the site's */
} fb_attempt;

/* For an unsafe method: the site's and the network's allowance for the route's limit. The limits
 * LOGIN and PASSWORD are taken by fb_throttle_attempt instead. REFUSED: the reply is a 429. */
fb_throttle fb_throttle_route(fb_context *context);

/* One try at a password for the account `subject` (canonical address or uid): of the account as
 * seen from the client's network (/24, /48), the account (ten times as much), the client's address
 * (/32, /64), its network (four times as much) and the site. A stranger's tries thus leave the
 * owner's network its own. REFUSED: the reply is a 429 with Retry-After, and nothing was taken. */
fb_throttle fb_throttle_attempt(fb_attempt *attempt, fb_context *context, fb_limit limit,
                                fb_str subject);
/* The password was right: account and network get theirs back; the site's limit counts all. */
void fb_throttle_good(const fb_attempt *attempt, fb_context *context);

#endif
