/* Forms as templates walk through them. */
#ifndef FB_WEB_FORM_OBJECT_H
#define FB_WEB_FORM_OBJECT_H

#include "web/form.h"

/* is_hidden_field(field) of templates. */
fb_native fb_form_is_hidden_field;

#endif
