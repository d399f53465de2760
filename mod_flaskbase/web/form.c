/* Filling forms from requests, and their rules. */
#include "web/form.h"

#include "web/csrf.h"
#include "web/form_private.h"
#include "web/i18n.h"
#include "web/password.h"

#include <apr_strings.h>
#include <string.h>

#include "base/banned.h"

#define DEFAULT_MAX 256u /* characters of a text field without a limit of its own */

static const fb_field csrf_row = { .name = FB_CSRF_FIELD,
                                   .type = FB_FIELD_HIDDEN,
                                   .label = "CSRF Token" };

form_field *fb_form_find(const fb_form *form, fb_str name)
{
    for (apr_size_t i = 0; i < form->field_count; i++) {
        if (fb_str_eq_z(name, form->fields[i].row->name)) {
            return &form->fields[i];
        }
    }
    return NULL;
}

static form_field *find_z(const fb_form *form, const char *name)
{
    return fb_form_find(form, fb_str_from(name));
}

static apr_status_t fill(form_field *field, const fb_params *params, fb_error *error)
{
    const char *name = field->row->name;
    if (field->row->type != FB_FIELD_LIST && fb_params_count(params, name) > 1) {
        return fb_error_set(error, FB_EINVALID, "the field \"%s\" was sent more than once", name);
    }
    const fb_str *value = fb_params_get(params, name);
    field->present = value != NULL;
    field->value = value == NULL                              ? FB_STR("")
                   : (field->row->flags & FB_FIELD_TRIM) != 0 ? fb_str_trim(*value)
                                                              : *value;
    return APR_SUCCESS;
}

apr_status_t fb_form_create(fb_form **out, fb_context *context, const fb_form_table *table,
                            fb_error *error)
{
    fb_form *form = apr_pcalloc(context->pool, sizeof *form);
    form->object.cls = &fb_form_class;
    form->context = context;
    form->table = table;
    form->field_count = table->field_count + 1;
    form->fields = apr_pcalloc(context->pool, form->field_count * sizeof form->fields[0]);
    form->sent = context->submitted || context->csrf == FB_CSRF_EXPIRED;
    for (apr_size_t i = 0; i < form->field_count; i++) {
        form_field *field = &form->fields[i];
        field->object.cls = &fb_form_field_class;
        field->form = form;
        field->is_csrf = i == table->field_count;
        field->row = field->is_csrf ? &csrf_row : &table->fields[i];
        field->value = FB_STR("");
        if (form->sent && !field->is_csrf) {
            apr_status_t status = fill(field, &context->form, error);
            if (status != APR_SUCCESS) {
                return status;
            }
        }
    }
    *out = form;
    return APR_SUCCESS;
}

void fb_form_set_choices(fb_form *form, const char *name, const fb_choice *choices,
                         apr_size_t count)
{
    form_field *field = find_z(form, name);
    if (field != NULL) {
        field->choices = choices;
        field->choice_count = count;
    }
}

void fb_form_set_initial(fb_form *form, const char *name, fb_str value)
{
    form_field *field = find_z(form, name);
    if (field != NULL && !form->sent) {
        field->value = value;
        field->present = value.len > 0;
    }
}

void fb_form_add_user_word(fb_form *form, fb_str word)
{
    if (form->word_count < FORM_WORDS_MAX) {
        form->words[form->word_count++] = word;
    }
}

fb_str fb_form_value(const fb_form *form, const char *name)
{
    const form_field *field = find_z(form, name);
    return field != NULL ? field->value : FB_STR("");
}

bool fb_form_checked(const fb_form *form, const char *name)
{
    const form_field *field = find_z(form, name);
    return field != NULL && field->present && field->value.len > 0 &&
           !fb_str_eq_z(field->value, "false");
}

void fb_form_error(fb_form *form, const char *name, fb_str text)
{
    form_field *field = find_z(form, name);
    if (field != NULL && field->error_count < FORM_ERRORS_MAX) {
        field->errors[field->error_count++] = fb_str_dup(form->context->pool, text);
    }
}

bool fb_form_has_errors(const fb_form *form)
{
    for (apr_size_t i = 0; i < form->field_count; i++) {
        if (form->fields[i].error_count > 0) {
            return true;
        }
    }
    return false;
}

void fb_form_expose(fb_form *form, const char *variable)
{
    fb_context_set(form->context, variable, fb_object_value(form));
}

/* ---- rules ---- */

static const char *length_text(const form_field *field, unsigned int min, unsigned int max)
{
    fb_context *context = field->form->context;
    if (field->row->flags & FB_FIELD_NEW_PASSWORD) {
        return NULL; /* the policy has its own words */
    }
    if (min > 0) {
        return apr_psprintf(context->pool,
                            _(context, "Field must be between %u and %u characters long."), min,
                            max);
    }
    return apr_psprintf(context->pool, _(context, "Field cannot be longer than %u characters."),
                        max);
}

/* Something on both sides of one @, a host name with a dot, nothing that a header or a list of
 * addresses would read otherwise. The store's canonical form is the stricter judge of hosts. */
static bool is_email(fb_str s)
{
    apr_ssize_t at = fb_str_find_char(s, '@');
    if (at <= 0 || !fb_str_is_utf8(s) || fb_str_has_ctl(s)) {
        return false;
    }
    fb_str host = fb_str_sub(s, (apr_size_t)at + 1, s.len);
    bool dot_inside = false;
    for (apr_size_t i = 0; i < s.len; i++) {
        if (strchr(" \"(),:;<>[\\]", s.ptr[i]) != NULL) {
            return false;
        }
    }
    for (apr_size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i], before = i > 0 ? host.ptr[i - 1] : '.';
        bool edge = c == '.' || c == '-';
        bool ascii_ok = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!(ascii_ok || edge || (unsigned char)c >= 0x80) ||
            (c == '.' && (before == '.' || before == '-')) || (c == '-' && before == '.')) {
            return false;
        }
        dot_inside = dot_inside || c == '.';
    }
    fb_str local = fb_str_sub(s, 0, (apr_size_t)at);
    return dot_inside && host.len <= 253 && host.ptr[host.len - 1] != '.' &&
           host.ptr[host.len - 1] != '-' && local.ptr[0] != '.' &&
           local.ptr[local.len - 1] != '.' && fb_str_find(local, FB_STR("..")) < 0;
}

static bool is_choice(const form_field *field)
{
    for (apr_size_t i = 0; i < field->choice_count; i++) {
        if (fb_str_eq(field->choices[i].value, field->value)) {
            return true;
        }
    }
    return false;
}

/* The first rule that does not hold, as text; NULL when all do. */
static const char *broken_rule(form_field *field)
{
    const fb_field *row = field->row;
    fb_context *context = field->form->context;
    bool is_password = row->type == FB_FIELD_PASSWORD;
    apr_size_t length = fb_str_utf8_count(field->value);
    unsigned int max = row->max > 0 ? row->max : DEFAULT_MAX;

    if (row->type == FB_FIELD_SUBMIT || field->is_csrf) {
        return NULL;
    }
    if (row->type == FB_FIELD_BOOLEAN) {
        return (row->flags & FB_FIELD_REQUIRED) != 0 && !fb_form_checked(field->form, row->name)
                   ? _(context, "This field is required.")
                   : NULL;
    }
    if (row->type == FB_FIELD_HONEYPOT) {
        return field->value.len > 0 ? _(context, "Please leave this field empty.") : NULL;
    }
    if (row->type == FB_FIELD_SELECT) {
        return is_choice(field) ? NULL : _(context, "Not a valid choice");
    }
    if (field->value.len == 0) {
        return (row->flags & FB_FIELD_REQUIRED) != 0 ? _(context, "This field is required.") : NULL;
    }
    /* A current password of any length is compared, not judged. */
    if ((!is_password || row->max > 0) && (length < row->min || length > max)) {
        const char *text = length_text(field, row->min, max);
        if (text != NULL) {
            return text;
        }
    }
    if (row->type == FB_FIELD_EMAIL && !is_email(field->value)) {
        return _(context, "Invalid email address.");
    }
    if (row->equal_to != NULL &&
        !fb_str_eq(field->value, fb_form_value(field->form, row->equal_to))) {
        return _(context, row->equal_text);
    }
    return NULL;
}

/* The words that a new password of this form must not be made of: what the view gave, the names and
 * addresses typed into the same form, and the site's name. */
static const char *broken_policy(form_field *field)
{
    fb_form *form = field->form;
    fb_context *context = form->context;
    fb_str words[FORM_WORDS_MAX + 8];
    apr_size_t count = 0;
    const char *reason = NULL;

    for (apr_size_t i = 0; i < form->word_count; i++) {
        words[count++] = form->words[i];
    }
    words[count++] = fb_str_from(context->site->config.app_name);
    for (apr_size_t i = 0; i < form->field_count && count < FORM_WORDS_MAX + 8; i++) {
        fb_field_type type = form->fields[i].row->type;
        if ((type == FB_FIELD_STRING || type == FB_FIELD_EMAIL) && form->fields[i].value.len > 0) {
            words[count++] = form->fields[i].value;
        }
    }
    fb_password_policy policy = { context->site->config.password_score, words, count };
    apr_status_t status = fb_password_check(&reason, field->value, &policy, context->pool);
    return status == APR_SUCCESS ? NULL : reason;
}

static void judge(fb_form *form)
{
    for (apr_size_t i = 0; i < form->field_count; i++) {
        form_field *field = &form->fields[i];
        const char *text = broken_rule(field);
        if (text == NULL && (field->row->flags & FB_FIELD_NEW_PASSWORD) != 0) {
            text = broken_policy(field);
        }
        if (text != NULL) {
            fb_form_error(form, field->row->name, fb_str_from(text));
        }
    }
}

apr_status_t fb_form_submitted(fb_form_result *out, fb_form *form, fb_error *error)
{
    *out = FB_FORM_SHOW;
    if (!form->context->submitted) {
        return APR_SUCCESS;
    }
    judge(form);
    if (!fb_form_has_errors(form) && form->table->check != NULL) {
        apr_status_t status = form->table->check(form, form->context, error);
        if (status != APR_SUCCESS) {
            return status;
        }
    }
    *out = fb_form_has_errors(form) ? FB_FORM_SHOW : FB_FORM_VALID;
    return APR_SUCCESS;
}
