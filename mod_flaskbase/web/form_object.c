/* Forms, fields and labels as templates see them: the shape of WTForms' objects (T8). */
#include "web/form_object.h"

#include "template/vm.h"
#include "web/csrf.h"
#include "web/form_private.h"
#include "web/i18n.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

#define ATTRIBUTES_MAX 40

static form_field *field_of(fb_value self)
{
    return (form_field *)self.as.object;
}

static fb_form *form_of(fb_value self)
{
    return (fb_form *)self.as.object;
}

/* What each type of field is in WTForms and in HTML. */
static const struct {
    const char *type;
    const char *input; /* NULL: not an <input> */
} kinds[] = {
    [FB_FIELD_STRING] = { "StringField", "text" },
    [FB_FIELD_EMAIL] = { "EmailField", "email" },
    [FB_FIELD_PASSWORD] = { "PasswordField", "password" },
    [FB_FIELD_BOOLEAN] = { "BooleanField", "checkbox" },
    [FB_FIELD_SELECT] = { "SelectField", NULL },
    [FB_FIELD_TEXTAREA] = { "TextAreaField", NULL },
    [FB_FIELD_HIDDEN] = { "HiddenField", "hidden" },
    [FB_FIELD_HONEYPOT] = { "HiddenField", "text" },
    [FB_FIELD_LIST] = { "SelectMultipleField", NULL },
    [FB_FIELD_SUBMIT] = { "SubmitField", "submit" },
};

static bool is_hidden(const form_field *field)
{
    return field->row->type == FB_FIELD_HIDDEN || field->row->type == FB_FIELD_HONEYPOT;
}

/* ---- attributes of an element ---- */

typedef struct attribute {
    fb_str name;
    fb_str value;
    bool bare; /* without value */
} attribute;

typedef struct attributes {
    attribute items[ATTRIBUTES_MAX];
    apr_size_t count;
} attributes;

/* Replaces one of the same name. */
static void put(attributes *list, fb_str name, fb_str value, bool bare)
{
    apr_size_t at = 0;
    while (at < list->count && !fb_str_eq(list->items[at].name, name)) {
        at++;
    }
    if (at < ATTRIBUTES_MAX) {
        list->items[at] = (attribute){ name, value, bare };
        list->count += at == list->count ? 1 : 0;
    }
}

static void put_z(attributes *list, const char *name, const char *value)
{
    put(list, fb_str_from(name), fb_str_from(value), false);
}

static void put_number(attributes *list, fb_vm *vm, const char *name, unsigned int value)
{
    put(list, fb_str_from(name), fb_str_printf(fb_vm_pool(vm), "%u", value), false);
}

static void drop(attributes *list, fb_str name)
{
    for (apr_size_t i = 0; i < list->count; i++) {
        if (fb_str_eq(list->items[i].name, name)) {
            list->items[i] = list->items[--list->count];
            return;
        }
    }
}

/* As WTForms names them: class_ is class, data_x is data-x, aria_x is aria-x. */
static fb_str attribute_name(fb_vm *vm, fb_str name)
{
    if (name.len > 1 && name.ptr[name.len - 1] == '_') {
        return fb_str_sub(name, 0, name.len - 1);
    }
    if (fb_str_starts(name, FB_STR("data_")) || fb_str_starts(name, FB_STR("aria_"))) {
        char *copy = apr_pstrmemdup(fb_vm_pool(vm), name.ptr, name.len);
        for (apr_size_t i = 0; i < name.len; i++) {
            copy[i] = copy[i] == '_' ? '-' : copy[i];
        }
        return fb_str_from_len(copy, name.len);
    }
    return name;
}

/* Keyword arguments come from templates, which are code; still a name must not break out. */
static bool name_ok(fb_str name)
{
    for (apr_size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '_' || c == ':')) {
            return false;
        }
    }
    return name.len > 0;
}

static apr_status_t put_kwargs(attributes *list, fb_vm *vm, fb_kwargs kwargs, fb_error *error)
{
    for (apr_size_t i = 0; i < kwargs.n; i++) {
        fb_str name = attribute_name(vm, kwargs.v[i].name);
        fb_value value = kwargs.v[i].value, text;
        if (!name_ok(name)) {
            return fb_raise(error, "ValueError", "not a name of an HTML attribute");
        }
        if (value.tag == FB_NONE || value.tag == FB_UNDEFINED ||
            (value.tag == FB_BOOL && value.as.i == 0)) {
            drop(list, name);
            continue;
        }
        if (value.tag == FB_BOOL) {
            put(list, name, FB_STR(""), true);
            continue;
        }
        apr_status_t status = fb_to_string(vm, value, &text, error);
        if (status != APR_SUCCESS) {
            return status;
        }
        put(list, name, fb_value_str(text), false);
    }
    return APR_SUCCESS;
}

static int by_name(const void *a, const void *b)
{
    const attribute *x = a, *y = b;
    return fb_str_cmp(x->name, y->name);
}

/* ` a="b" c`, in order of the names as WTForms writes them. */
static void write_attributes(fb_text *out, attributes *list)
{
    qsort(list->items, list->count, sizeof list->items[0], by_name);
    for (apr_size_t i = 0; i < list->count; i++) {
        fb_text_add_char(out, ' ');
        fb_text_add(out, list->items[i].name);
        if (!list->items[i].bare) {
            fb_text_add(out, FB_STR("=\""));
            fb_text_add_escaped(out, list->items[i].value);
            fb_text_add_char(out, '"');
        }
    }
}

/* ---- fields ---- */

static fb_str shown_value(const form_field *field)
{
    return field->row->type == FB_FIELD_PASSWORD ? FB_STR("") : field->value;
}

static void put_rules(attributes *list, fb_vm *vm, const form_field *field)
{
    const fb_field *row = field->row;
    bool typed = row->type == FB_FIELD_STRING || row->type == FB_FIELD_EMAIL ||
                 row->type == FB_FIELD_PASSWORD || row->type == FB_FIELD_TEXTAREA;
    if ((row->flags & FB_FIELD_REQUIRED) != 0 && !is_hidden(field)) {
        put(list, FB_STR("required"), FB_STR(""), true);
    }
    if ((row->flags & FB_FIELD_AUTOFOCUS) != 0) {
        put(list, FB_STR("autofocus"), FB_STR(""), true);
    }
    if (row->autocomplete != NULL) {
        put_z(list, "autocomplete", row->autocomplete);
    }
    if (typed && row->max > 0) {
        put_number(list, vm, "maxlength", row->max);
    }
    if (typed && row->min > 1) {
        put_number(list, vm, "minlength", row->min);
    }
}

static void write_select(fb_text *out, attributes *list, const form_field *field)
{
    fb_text_add(out, FB_STR("<select"));
    write_attributes(out, list);
    fb_text_add_char(out, '>');
    for (apr_size_t i = 0; i < field->choice_count; i++) {
        const fb_choice *choice = &field->choices[i];
        fb_text_add(out, field->present && fb_str_eq(choice->value, field->value)
                             ? FB_STR("<option selected value=\"")
                             : FB_STR("<option value=\""));
        fb_text_add_escaped(out, choice->value);
        fb_text_add(out, FB_STR("\">"));
        fb_text_add_escaped(out, choice->label);
        fb_text_add(out, FB_STR("</option>"));
    }
    fb_text_add(out, FB_STR("</select>"));
}

static void write_textarea(fb_text *out, attributes *list, const form_field *field)
{
    fb_text_add(out, FB_STR("<textarea"));
    write_attributes(out, list);
    /* HTML drops the first line break, so that a text that begins with one keeps it. */
    fb_text_add(out, FB_STR(">\r\n"));
    fb_text_add_escaped(out, field->value);
    fb_text_add(out, FB_STR("</textarea>"));
}

static apr_status_t put_input(attributes *list, form_field *field, fb_error *error)
{
    const fb_field *row = field->row;
    fb_context *context = field->form->context;
    fb_str value = shown_value(field);

    put_z(list, "type", kinds[row->type].input);
    if (row->type == FB_FIELD_BOOLEAN) {
        value = FB_STR("y");
        if (fb_form_checked(field->form, row->name)) {
            put(list, FB_STR("checked"), FB_STR(""), true);
        }
    } else if (row->type == FB_FIELD_SUBMIT) {
        value = fb_str_from(_(context, row->label));
    } else if (row->type == FB_FIELD_HONEYPOT) {
        put_z(list, "tabindex", "-1");
        put_z(list, "autocomplete", "off");
    }
    if (field->is_csrf) {
        apr_status_t status = fb_csrf_token(&value, context, error);
        if (status != APR_SUCCESS) {
            return status;
        }
    }
    put(list, FB_STR("value"), value, false);
    return APR_SUCCESS;
}

static apr_status_t write_field(fb_text *out, fb_vm *vm, form_field *field, fb_kwargs kwargs,
                                fb_error *error)
{
    attributes list = { .count = 0 };
    fb_field_type type = field->row->type;
    apr_status_t status = APR_SUCCESS;

    put_z(&list, "id", field->row->name);
    put_z(&list, "name", field->row->name);
    put_rules(&list, vm, field);
    if (kinds[type].input != NULL) {
        status = put_input(&list, field, error);
    }
    if (status == APR_SUCCESS) {
        status = put_kwargs(&list, vm, kwargs, error);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    if (type == FB_FIELD_SELECT || type == FB_FIELD_LIST) {
        write_select(out, &list, field);
    } else if (type == FB_FIELD_TEXTAREA) {
        write_textarea(out, &list, field);
    } else {
        fb_text_add(out, FB_STR("<input"));
        write_attributes(out, &list);
        fb_text_add_char(out, '>');
    }
    return APR_SUCCESS;
}

static apr_status_t field_call(fb_vm *vm, fb_value self, fb_args args, fb_kwargs kwargs,
                               fb_value *out, fb_error *error)
{
    fb_text text;
    (void)args;
    fb_text_init(&text, vm, 256);
    apr_status_t status = write_field(&text, vm, field_of(self), kwargs, error);
    return status == APR_SUCCESS ? fb_text_finish(&text, FB_MARKUP, out, error) : status;
}

static apr_status_t field_to_string(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    return field_call(vm, self, (fb_args){ NULL, 0 }, (fb_kwargs){ NULL, 0 }, out, error);
}

/* ---- labels ---- */

typedef struct label_object {
    fb_object object;
    const form_field *field;
} label_object;

static const form_field *label_field(fb_value self)
{
    return ((const label_object *)self.as.object)->field;
}

static fb_value label_value(const form_field *field)
{
    return fb_string_z(_(field->form->context, field->row->label != NULL ? field->row->label : ""));
}

/* label(text=None, **attributes) */
static apr_status_t label_call(fb_vm *vm, fb_value self, fb_args args, fb_kwargs kwargs,
                               fb_value *out, fb_error *error)
{
    attributes list = { .count = 0 };
    const form_field *field = label_field(self);
    fb_value text = label_value(field);
    fb_text html;

    if (args.n > 0 && !fb_is_absent(args.v[0]) && !fb_is_none(args.v[0])) {
        apr_status_t status = fb_to_string(vm, args.v[0], &text, error);
        if (status != APR_SUCCESS) {
            return status;
        }
    }
    put_z(&list, "for", field->row->name);
    apr_status_t status = put_kwargs(&list, vm, kwargs, error);
    if (status != APR_SUCCESS) {
        return status;
    }
    fb_text_init(&html, vm, 64);
    fb_text_add(&html, FB_STR("<label"));
    write_attributes(&html, &list);
    fb_text_add_char(&html, '>');
    if (text.tag == FB_MARKUP) {
        fb_text_add(&html, fb_value_str(text));
    } else {
        fb_text_add_escaped(&html, fb_value_str(text));
    }
    fb_text_add(&html, FB_STR("</label>"));
    return fb_text_finish(&html, FB_MARKUP, out, error);
}

static apr_status_t label_to_string(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    return label_call(vm, self, (fb_args){ NULL, 0 }, (fb_kwargs){ NULL, 0 }, out, error);
}

static apr_status_t label_text(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    (void)vm;
    (void)error;
    *out = label_value(label_field(self));
    return APR_SUCCESS;
}

static apr_status_t label_field_id(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    (void)vm;
    (void)error;
    *out = fb_string_z(label_field(self)->row->name);
    return APR_SUCCESS;
}

static const fb_attribute label_attributes[] = {
    { "text", label_text, "The words alone." },
    { "field_id", label_field_id, "Id of the field." },
    { NULL, NULL, NULL },
};

static const fb_builtin label_call_row = {
    .name = "__call__",
    .fn = label_call,
    FB_PARAMS("text"),
    .flags = FB_FN_CONTEXT | FB_FN_KWARGS,
    .doc = "The label element.",
};

static const fb_class label_class = {
    .name = "Label",
    .attributes = label_attributes,
    .call = &label_call_row,
    .to_string = label_to_string,
};

/* ---- attributes of fields ---- */

static apr_status_t field_label(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    label_object *label = fb_arena_alloc(fb_vm_arena(vm), sizeof *label);
    (void)error;
    *label = (label_object){ { &label_class }, field_of(self) };
    *out = fb_object_value(label);
    return APR_SUCCESS;
}

static apr_status_t field_name(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    (void)vm;
    (void)error;
    *out = fb_string_z(field_of(self)->row->name);
    return APR_SUCCESS;
}

static apr_status_t field_type(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    const form_field *field = field_of(self);
    (void)vm;
    (void)error;
    *out = fb_string_z(field->is_csrf ? "CSRFTokenField" : kinds[field->row->type].type);
    return APR_SUCCESS;
}

static apr_status_t field_description(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    const form_field *field = field_of(self);
    (void)vm;
    (void)error;
    *out = fb_string_z(
        field->row->description != NULL ? _(field->form->context, field->row->description) : "");
    return APR_SUCCESS;
}

static apr_status_t field_data(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    const form_field *field = field_of(self);
    (void)vm;
    (void)error;
    *out = field->row->type == FB_FIELD_BOOLEAN
               ? fb_bool(fb_form_checked(field->form, field->row->name))
               : fb_string(shown_value(field));
    return APR_SUCCESS;
}

static apr_status_t errors_list(fb_vm *vm, const form_field *field, fb_value *out, fb_error *error)
{
    fb_list *list = fb_list_create(fb_vm_arena(vm), field->error_count);
    for (unsigned int i = 0; list != NULL && i < field->error_count; i++) {
        if (fb_list_push(list, fb_string(field->errors[i]), fb_vm_arena(vm)) != APR_SUCCESS) {
            return fb_raise_memory(error);
        }
    }
    *out = fb_list_value(list);
    return list != NULL ? APR_SUCCESS : fb_raise_memory(error);
}

static apr_status_t field_errors(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    return errors_list(vm, field_of(self), out, error);
}

static apr_status_t field_choices(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    const form_field *field = field_of(self);
    fb_list *list = fb_list_create(fb_vm_arena(vm), field->choice_count);
    for (apr_size_t i = 0; list != NULL && i < field->choice_count; i++) {
        fb_value pair = fb_tuple2(fb_vm_arena(vm), fb_string(field->choices[i].value),
                                  fb_string(field->choices[i].label));
        if (fb_list_push(list, pair, fb_vm_arena(vm)) != APR_SUCCESS) {
            return fb_raise_memory(error);
        }
    }
    *out = fb_list_value(list);
    return list != NULL ? APR_SUCCESS : fb_raise_memory(error);
}

typedef struct widget_object {
    fb_object object;
    const char *input;
} widget_object;

static apr_status_t widget_input_type(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    const char *input = ((const widget_object *)self.as.object)->input;
    (void)vm;
    (void)error;
    *out = input != NULL ? fb_string_z(input) : fb_none();
    return APR_SUCCESS;
}

static const fb_attribute widget_attributes[] = {
    { "input_type", widget_input_type, "Type of the input element; none for others." },
    { NULL, NULL, NULL },
};
static const fb_class widget_class = { .name = "Widget", .attributes = widget_attributes };

static apr_status_t field_widget(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    widget_object *widget = fb_arena_alloc(fb_vm_arena(vm), sizeof *widget);
    (void)error;
    *widget = (widget_object){ { &widget_class }, kinds[field_of(self)->row->type].input };
    *out = fb_object_value(widget);
    return APR_SUCCESS;
}

static apr_status_t field_flags(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    fb_dict *flags = fb_dict_create(fb_vm_arena(vm), 1);
    bool required = (field_of(self)->row->flags & FB_FIELD_REQUIRED) != 0;
    if (flags == NULL || (required && fb_dict_set_str(flags, FB_STR("required"), fb_bool(true),
                                                      fb_vm_arena(vm)) != APR_SUCCESS)) {
        return fb_raise_memory(error);
    }
    *out = fb_dict_value(flags);
    return APR_SUCCESS;
}

static const fb_attribute field_attributes[] = {
    { "id", field_name, "Id of the element." },
    { "name", field_name, "Name under which it is sent." },
    { "short_name", field_name, "The same." },
    { "label", field_label, "Its label: callable, and .text." },
    { "type", field_type, "Class of the field: \"StringField\" …" },
    { "widget", field_widget, "What it is drawn as: .input_type." },
    { "errors", field_errors, "What is wrong with it, as texts." },
    { "description", field_description, "A hint, or the empty text." },
    { "data", field_data, "Its value; never that of a password." },
    { "choices", field_choices, "Value and label of each choice of a select." },
    { "flags", field_flags, "flags.required" },
    { NULL, NULL, NULL },
};

static const fb_builtin field_call_row = {
    .name = "__call__",
    .fn = field_call,
    FB_NO_PARAMS,
    .flags = FB_FN_CONTEXT | FB_FN_KWARGS,
    .doc = "The element; keywords become its attributes.",
};

const fb_class fb_form_field_class = {
    .name = "Field",
    .attributes = field_attributes,
    .call = &field_call_row,
    .to_string = field_to_string,
};

apr_status_t fb_form_is_hidden_field(fb_vm *vm, fb_value self, fb_args args, fb_kwargs kwargs,
                                     fb_value *out, fb_error *error)
{
    const form_field *field = fb_object_of(args.v[0], &fb_form_field_class);
    (void)vm;
    (void)self;
    (void)kwargs;
    (void)error;
    *out = fb_bool(field != NULL && is_hidden(field));
    return APR_SUCCESS;
}

/* ---- forms ---- */

static fb_value field_value(form_field *field)
{
    return fb_object_value(field);
}

static apr_status_t form_iterate(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    fb_form *form = form_of(self);
    fb_list *list = fb_list_create(fb_vm_arena(vm), form->field_count);
    for (apr_size_t i = 0; list != NULL && i < form->field_count; i++) {
        if (fb_list_push(list, field_value(&form->fields[i]), fb_vm_arena(vm)) != APR_SUCCESS) {
            return fb_raise_memory(error);
        }
    }
    *out = fb_list_value(list);
    return list != NULL ? APR_SUCCESS : fb_raise_memory(error);
}

static apr_status_t form_get(fb_vm *vm, fb_value self, fb_str name, fb_value *out, fb_error *error)
{
    form_field *field = fb_form_find(form_of(self), name);
    (void)vm;
    (void)error;
    if (field == NULL) {
        return FB_ENOTFOUND;
    }
    *out = field_value(field);
    return APR_SUCCESS;
}

static apr_status_t form_item(fb_vm *vm, fb_value self, fb_value key, fb_value *out,
                              fb_error *error)
{
    return fb_is_string(key) ? form_get(vm, self, fb_value_str(key), out, error) : FB_ENOTFOUND;
}

static apr_status_t form_contains(fb_vm *vm, fb_value self, fb_value item, bool *out,
                                  fb_error *error)
{
    (void)vm;
    (void)error;
    *out = fb_is_string(item) && fb_form_find(form_of(self), fb_value_str(item)) != NULL;
    return APR_SUCCESS;
}

static apr_status_t form_truth(fb_vm *vm, fb_value self, bool *out, fb_error *error)
{
    (void)vm;
    (void)self;
    (void)error;
    *out = true;
    return APR_SUCCESS;
}

static apr_status_t form_errors(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    fb_form *form = form_of(self);
    fb_dict *dict = fb_dict_create(fb_vm_arena(vm), form->field_count);
    for (apr_size_t i = 0; dict != NULL && i < form->field_count; i++) {
        fb_value list;
        if (form->fields[i].error_count == 0) {
            continue;
        }
        apr_status_t status = errors_list(vm, &form->fields[i], &list, error);
        if (status != APR_SUCCESS) {
            return status;
        }
        if (fb_dict_set_str(dict, fb_str_from(form->fields[i].row->name), list, fb_vm_arena(vm)) !=
            APR_SUCCESS) {
            return fb_raise_memory(error);
        }
    }
    *out = fb_dict_value(dict);
    return dict != NULL ? APR_SUCCESS : fb_raise_memory(error);
}

static apr_status_t form_hidden_tag(fb_vm *vm, fb_value self, fb_args args, fb_kwargs kwargs,
                                    fb_value *out, fb_error *error)
{
    fb_form *form = form_of(self);
    fb_text text;
    (void)args;
    (void)kwargs;
    fb_text_init(&text, vm, 256);
    for (apr_size_t i = 0; i < form->field_count; i++) {
        if (is_hidden(&form->fields[i])) {
            apr_status_t status =
                write_field(&text, vm, &form->fields[i], (fb_kwargs){ NULL, 0 }, error);
            if (status != APR_SUCCESS) {
                return status;
            }
        }
    }
    return fb_text_finish(&text, FB_MARKUP, out, error);
}

static const fb_attribute form_attributes[] = {
    { "errors", form_errors, "Errors by field; empty when there are none." },
    { NULL, NULL, NULL },
};

static const fb_builtin form_methods[] = {
    { .name = "hidden_tag",
      .fn = form_hidden_tag,
      FB_NO_PARAMS,
      .flags = FB_FN_CONTEXT | FB_FN_VARARGS,
      .doc = "All hidden fields, with the CSRF token." },
    { .name = NULL },
};

const fb_class fb_form_class = {
    .name = "Form",
    .attributes = form_attributes,
    .methods = form_methods,
    .get_attribute = form_get,
    .get_item = form_item,
    .iterate = form_iterate,
    .truth = form_truth,
    .contains = form_contains,
};
