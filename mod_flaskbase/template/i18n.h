/* Functions that translate: what {% trans %} calls. */
#ifndef FB_TEMPLATE_I18N_H
#define FB_TEMPLATE_I18N_H

#include "template/object.h"

extern const fb_builtin fb_i18n_alias[];    /* _ */
extern const fb_builtin fb_i18n_oldstyle[]; /* gettext and its kin return the message */
extern const fb_builtin fb_i18n_newstyle[]; /* … and put the keyword arguments into it */

#endif
