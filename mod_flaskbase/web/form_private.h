/* The inside of a form: shared by form.c (values, rules) and form_object.c (templates). */
#ifndef FB_WEB_FORM_PRIVATE_H
#define FB_WEB_FORM_PRIVATE_H

#include "template/object.h"
#include "web/form.h"

#define FORM_ERRORS_MAX 4 /* of one field; templates show the first */
#define FORM_WORDS_MAX  16

/* Both are objects of templates: the class comes first. */
typedef struct form_field {
    fb_object object;
    fb_form *form;
    const fb_field *row;
    bool is_csrf; /* the hidden token, which no table names */
    bool present; /* sent with the form */
    fb_str value; /* as sent, trimmed if its row says so; or the initial value */
    const fb_choice *choices;
    apr_size_t choice_count;
    fb_str errors[FORM_ERRORS_MAX]; /* plain text, translated */
    unsigned int error_count;
} form_field;

struct fb_form {
    fb_object object;
    fb_context *context;
    const fb_form_table *table;
    form_field *fields; /* the table's, then the CSRF field */
    apr_size_t field_count;
    bool sent; /* values come from the request */
    fb_str words[FORM_WORDS_MAX];
    apr_size_t word_count;
};

form_field *fb_form_find(const fb_form *form, fb_str name); /* NULL: no such field */
extern const fb_class fb_form_class, fb_form_field_class;

#endif
