/* Forms from tables: one row per field gives parsing, validation, texts and the object that the
 * templates' form macros walk through (SPEC F, T8). */
#ifndef FB_WEB_FORM_H
#define FB_WEB_FORM_H

#include "web/context.h"

typedef enum fb_field_type {
    FB_FIELD_STRING,
    FB_FIELD_EMAIL,
    FB_FIELD_PASSWORD, /* never re-shown */
    FB_FIELD_BOOLEAN,  /* a checkbox: present = true */
    FB_FIELD_SELECT,   /* one of the choices */
    FB_FIELD_TEXTAREA,
    FB_FIELD_HIDDEN,
    FB_FIELD_HONEYPOT, /* must stay empty; hidden from people by style */
    FB_FIELD_LIST,     /* may be repeated: checkboxes of one name */
    FB_FIELD_SUBMIT
} fb_field_type;

typedef enum fb_field_flag {
    FB_FIELD_REQUIRED = 1,
    FB_FIELD_TRIM = 2,         /* blanks at both ends are removed; never for passwords */
    FB_FIELD_NEW_PASSWORD = 4, /* the policy of SPEC section 3 applies */
    FB_FIELD_AUTOFOCUS = 8
} fb_field_flag;

struct fb_form;

/* A rule of one form: looks at the whole form, adds errors with fb_form_error. Runs after the
 * rows' own rules held. */
typedef apr_status_t fb_form_check(struct fb_form *form, fb_context *context, fb_error *error);

/* Limits count characters (code points). Texts are message ids for `_()`. */
typedef struct fb_field {
    const char *name;
    fb_field_type type;
    const char *label;
    unsigned int min, max;    /* characters; max 0 = the type's default (256) */
    unsigned int flags;       /* fb_field_flag */
    const char *equal_to;     /* name of the field it must equal, or NULL */
    const char *equal_text;   /* "Passwords must match." */
    const char *autocomplete; /* HTML autocomplete token, or NULL */
    const char *description;  /* shown with the field, or NULL */
} fb_field;

typedef struct fb_form_table {
    const char *name; /* "login" */
    const fb_field *fields;
    apr_size_t field_count;
    fb_form_check *check; /* or NULL */
    const char *doc;
} fb_form_table;

typedef struct fb_choice {
    fb_str value;
    fb_str label;
} fb_choice;

typedef struct fb_form fb_form; /* in the request's pool */

/* A form for this request. After a POST (also one whose CSRF token had expired) it is filled from
 * the body; a repeated scalar field is FB_EINVALID (400). */
apr_status_t fb_form_create(fb_form **out, fb_context *context, const fb_form_table *table,
                            fb_error *error) FB_MUST_CHECK;
/* Before fb_form_submitted: choices of a select, and initial values for GET. */
void fb_form_set_choices(fb_form *form, const char *field, const fb_choice *choices,
                         apr_size_t count);
void fb_form_set_initial(fb_form *form, const char *field, fb_str value);
/* Words of this user for the password policy (names, address); may be called several times. */
void fb_form_add_user_word(fb_form *form, fb_str word);

typedef enum fb_form_result {
    FB_FORM_SHOW, /* nothing was sent, or it is not valid: render the page (200) */
    FB_FORM_VALID /* a genuine POST, all rules hold: act, then redirect (PRG) */
} fb_form_result;
apr_status_t fb_form_submitted(fb_form_result *out, fb_form *form, fb_error *error) FB_MUST_CHECK;

/* The field's value (empty slice if absent); exact bytes, valid UTF-8, no NUL. */
fb_str fb_form_value(const fb_form *form, const char *field);
bool fb_form_checked(const fb_form *form, const char *field); /* of a checkbox */
/* Adds an error to a field; the text is already translated and plain (it is escaped). */
void fb_form_error(fb_form *form, const char *field, fb_str text);
bool fb_form_has_errors(const fb_form *form);
/* Makes the form a template variable (T8): iterable, errors, hidden_tag(), form.<name>. */
void fb_form_expose(fb_form *form, const char *variable);

#endif
