/* Flash messages: texts that outlive a redirect, kept as message id and arguments (X10). */
#ifndef FB_WEB_FLASH_H
#define FB_WEB_FLASH_H

#include "base/error.h"

/* FLASH(name, number, category, text): the one table. Numbers are stored in cookies and never
 * reused; {0} {1} are the arguments, escaped when shown. */
#define FB_FLASH_TABLE(FLASH)                                                                      \
    FLASH(LOGIN_REQUIRED, 1, "info", "Please log in to access this page.")                         \
    FLASH(WELCOME_BACK, 2, "success", "You are now logged in. Welcome back!")                      \
    FLASH(LOGIN_INVALID, 3, "form-error", "Invalid email or password.")                            \
    FLASH(LOGGED_OUT, 4, "info", "You have been logged out.")                                      \
    FLASH(CONFIRMATION_SENT, 5, "warning", "A confirmation link has been sent to {0}.")            \
    FLASH(CONFIRMATION_RESENT, 6, "warning", "A new confirmation link has been sent to {0}.")      \
    FLASH(RESET_SENT, 7, "warning", "A password reset link has been sent to {0}.")                 \
    FLASH(PASSWORD_UPDATED, 8, "form-success", "Your password has been updated.")                  \
    FLASH(RESET_INVALID, 9, "form-error", "The password reset link is invalid or has expired.")    \
    FLASH(OLD_PASSWORD_INVALID, 10, "form-error", "Original password is invalid.")                 \
    FLASH(EMAIL_UPDATED, 11, "success", "Your email address has been updated.")                    \
    FLASH(LINK_INVALID, 12, "error", "The confirmation link is invalid or has expired.")           \
    FLASH(CONFIRMED, 13, "success", "Your account has been confirmed.")                            \
    FLASH(ALREADY_LOGGED_IN, 14, "error", "You are already logged in.")                            \
    FLASH(ALREADY_JOINED, 15, "error", "You have already joined.")                                 \
    FLASH(JOINED, 16, "success",                                                                   \
          "Your password has been set. After you log in, you can go to the \"Your Account\" page " \
          "to review your account information and settings.")                                      \
    FLASH(INVITE_RESENT, 17, "error",                                                              \
          "The confirmation link is invalid or has expired. Another invite email with a new "      \
          "link has been sent to you.")                                                            \
    FLASH(USER_CREATED, 18, "form-success", "User {0} successfully created")                       \
    FLASH(USER_INVITED, 19, "form-success", "User {0} successfully invited")                       \
    FLASH(USER_EMAIL_CHANGED, 20, "form-success",                                                  \
          "Email for user {0} successfully changed to {1}.")                                       \
    FLASH(OWN_TYPE, 21, "error",                                                                   \
          "You cannot change the type of your own account. Please ask another administrator to "   \
          "do this.")                                                                              \
    FLASH(USER_ROLE_CHANGED, 22, "form-success", "Role for user {0} successfully changed to {1}.") \
    FLASH(OWN_DELETE, 23, "error",                                                                 \
          "You cannot delete your own account. Please ask another administrator to do this.")      \
    FLASH(USER_DELETED, 24, "success", "Successfully deleted user {0}.")                           \
    FLASH(FORM_EXPIRED, 25, "form-error",                                                          \
          "This form was open for too long, so nothing was changed. Please send it again.")        \
    FLASH(REAUTHENTICATE, 26, "info", "Please enter your password again to continue.")             \
    FLASH(CHANGE_REQUIRED, 27, "info", "Please choose a password of your own to continue.")        \
    FLASH(PASSWORD_INVALID, 28, "form-error", "This password is not right.")

typedef enum fb_flash_id {
    FB_FLASH_NONE = 0,
#define FB_FLASH_ENUM(name, number, category, text) FB_FLASH_##name = number,
    FB_FLASH_TABLE(FB_FLASH_ENUM)
#undef FB_FLASH_ENUM
} fb_flash_id;

#define FB_FLASHES_MAX      5
#define FB_FLASH_ARGS_MAX   2
#define FB_FLASH_ARGS_BYTES 200 /* of all arguments of one message; longer ones are cut with … */

typedef struct fb_flash {
    fb_flash_id id;
    fb_str args[FB_FLASH_ARGS_MAX];
    unsigned int arg_count;
    bool shown; /* rendered by this request; goes when the session is sealed */
} fb_flash;

/* Oldest first; a sixth message pushes the oldest out. */
typedef struct fb_flashes {
    fb_flash items[FB_FLASHES_MAX];
    unsigned int count;
} fb_flashes;

struct fb_context;

/* Queues a message; arguments are copied. Shown by the next page that renders its category, be it
 * the reply to this request or the one after a redirect. */
apr_status_t fb_flash_add(struct fb_context *context, fb_flash_id id, const fb_str *args,
                          unsigned int arg_count, fb_error *error) FB_MUST_CHECK;
const char *fb_flash_category(fb_flash_id id); /* NULL: no such message */
const char *fb_flash_text(fb_flash_id id);
/* The message as HTML, arguments escaped. */
fb_str fb_flash_markup(const fb_flash *flash, apr_pool_t *pool);

#endif
