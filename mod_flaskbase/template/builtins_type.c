/* What x.__class__ shows: the name of a type, and nothing that leads anywhere else. */
#include "template/builtins_impl.h"

#include "base/banned.h"

typedef struct type_object {
    fb_object object;
    const char *name, *module;
} type_object;

static const fb_class type_class;

static apr_status_t type_name(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    const type_object *type = fb_object_of(self, &type_class);

    FB_UNUSED(vm), FB_UNUSED(error);
    *out = fb_string_z(type->name);
    return APR_SUCCESS;
}

static apr_status_t type_module(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    const type_object *type = fb_object_of(self, &type_class);

    FB_UNUSED(vm), FB_UNUSED(error);
    *out = fb_string_z(type->module != NULL ? type->module : "builtins");
    return APR_SUCCESS;
}

static apr_status_t type_repr(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    const type_object *type = fb_object_of(self, &type_class);
    fb_text text;

    fb_text_init(&text, vm, 32);
    fb_text_add(&text, FB_STR("<class '"));
    if (type->module != NULL) {
        fb_text_add(&text, fb_str_from(type->module));
        fb_text_add_char(&text, '.');
    }
    fb_text_add(&text, fb_str_from(type->name));
    fb_text_add(&text, FB_STR("'>"));
    return fb_text_finish(&text, FB_STR, out, error);
}

static const fb_attribute type_attributes[] = {
    { "__module__", type_module, "Where the type comes from." },
    { "__name__", type_name, "The name of the type." },
    { "__qualname__", type_name, "The name of the type." },
    { NULL, NULL, NULL },
};

static const fb_class type_class = {
    .name = "type",
    .attributes = type_attributes,
    .to_string = type_repr,
    .repr = type_repr,
};

fb_value fb_type_value(fb_vm *vm, fb_value v)
{
    type_object *type = fb_arena_alloc(fb_vm_arena(vm), sizeof(*type));

    *type = (type_object){ .object = { &type_class }, .name = fb_value_type(v) };
    if (v.tag == FB_OBJECT)
        type->module = v.as.object->cls->module;
    else if (v.tag == FB_MARKUP)
        type->module = "markupsafe";
    else if (v.tag == FB_UNDEFINED || v.tag == FB_MACRO)
        type->module = "jinja2.runtime";
    return fb_object_value(type);
}
