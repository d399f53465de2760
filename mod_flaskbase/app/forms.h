/* The application's form tables (SPEC section 3). */
#ifndef FB_APP_FORMS_H
#define FB_APP_FORMS_H

#include "web/form.h"

extern const fb_form_table fb_app_form_login;           /* F1 */
extern const fb_form_table fb_app_form_reauthenticate;  /* F12 */
extern const fb_form_table fb_app_form_change_required; /* F14 */

#endif
