/* The hook through which every text for people goes. */
#ifndef FB_WEB_I18N_H
#define FB_WEB_I18N_H

struct fb_context;

/* The text in the language of this request; today the catalogue is the identity. `context` may be
 * NULL (start-up, CLI). The message id is an English literal or one marked by N_. */
const char *fb_translate(const struct fb_context *context, const char *text)
    __attribute__((format_arg(2)));

#define _(context, text) fb_translate((context), (text))
#define N_(text)         text /* marks a literal that is translated later */

#endif
