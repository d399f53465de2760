/* Every form of the application as a table of its fields. */
#include "app/forms.h"

#include "web/i18n.h"

#include "base/banned.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* clang-format off */
/* Rule E of SPEC section 3. */
#define EMAIL_FIELD(text, token)                                                                  \
    {                                                                                             \
        .name = "email", .type = FB_FIELD_EMAIL, .label = (text), .min = 1, .max = 64,            \
        .flags = FB_FIELD_REQUIRED | FB_FIELD_TRIM, .autocomplete = (token)                       \
    }
#define SUBMIT_FIELD(text) { .name = "submit", .type = FB_FIELD_SUBMIT, .label = (text) }

static const fb_field login_fields[] = {
    EMAIL_FIELD(N_("Email"), "username"),
    { .name = "password", .type = FB_FIELD_PASSWORD, .label = N_("Password"),
      .flags = FB_FIELD_REQUIRED, .autocomplete = "current-password" },
    { .name = "remember_me", .type = FB_FIELD_BOOLEAN, .label = N_("Keep me logged in") },
    SUBMIT_FIELD(N_("Log in")),
};

static const fb_field reauthenticate_fields[] = {
    { .name = "password", .type = FB_FIELD_PASSWORD, .label = N_("Password"),
      .flags = FB_FIELD_REQUIRED, .autocomplete = "current-password" },
    SUBMIT_FIELD(N_("Continue")),
};

static const fb_field change_required_fields[] = {
    { .name = "new_password", .type = FB_FIELD_PASSWORD, .label = N_("New password"),
      .flags = FB_FIELD_REQUIRED | FB_FIELD_NEW_PASSWORD, .autocomplete = "new-password" },
    { .name = "new_password2", .type = FB_FIELD_PASSWORD, .label = N_("Confirm new password"),
      .flags = FB_FIELD_REQUIRED, .equal_to = "new_password",
      .equal_text = N_("Passwords must match."), .autocomplete = "new-password" },
    SUBMIT_FIELD(N_("Set password")),
};

const fb_form_table fb_app_form_login = {
    .name = "login", .fields = login_fields, .field_count = COUNT(login_fields),
    .doc = "F1: log in",
};

const fb_form_table fb_app_form_reauthenticate = {
    .name = "reauthenticate", .fields = reauthenticate_fields,
    .field_count = COUNT(reauthenticate_fields),
    .doc = "F12: the password again",
};

const fb_form_table fb_app_form_change_required = {
    .name = "change_required", .fields = change_required_fields,
    .field_count = COUNT(change_required_fields),
    .doc = "F14: choose a password of one's own",
};
/* clang-format on */
