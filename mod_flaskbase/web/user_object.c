/* The classes User, AnonymousUser and Role of templates. */
#include "web/user_object.h"

#include "template/vm.h"

#include "base/banned.h"

typedef struct user_object {
    fb_object object;
    const fb_user *user; /* NULL: anonymous */
} user_object;

typedef struct role_object {
    fb_object object;
    const fb_role *role;
} role_object;

/* A boolean that may also be called: current_user.is_authenticated, with or without () (T8). */
typedef struct flag_object {
    fb_object object;
    bool value;
} flag_object;

static apr_status_t flag_truth(fb_vm *vm, fb_value self, bool *out, fb_error *error)
{
    (void)vm;
    (void)error;
    *out = ((const flag_object *)self.as.object)->value;
    return APR_SUCCESS;
}

static apr_status_t flag_call(fb_vm *vm, fb_value self, fb_args args, fb_kwargs kwargs,
                              fb_value *out, fb_error *error)
{
    bool value;
    (void)args;
    (void)kwargs;
    apr_status_t status = flag_truth(vm, self, &value, error);
    *out = fb_bool(value);
    return status;
}

static apr_status_t flag_to_string(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    (void)vm;
    (void)error;
    *out = ((const flag_object *)self.as.object)->value ? FB_VSTR("True") : FB_VSTR("False");
    return APR_SUCCESS;
}

static const fb_builtin flag_call_row = {
    .name = "__call__",
    .fn = flag_call,
    FB_NO_PARAMS,
    .flags = FB_FN_CONTEXT,
    .doc = "The value.",
};

static const fb_class flag_class = {
    .name = "bool",
    .call = &flag_call_row,
    .truth = flag_truth,
    .to_string = flag_to_string,
};

static const flag_object flag_true = { { &flag_class }, true };
static const flag_object flag_false = { { &flag_class }, false };

static fb_value flag(bool value)
{
    /* The objects are constants; the VM only reads them. */
    return (fb_value){ .tag = FB_OBJECT, .as.ptr = value ? &flag_true : &flag_false };
}

/* ---- roles ---- */

static const fb_role *role_of(fb_value self)
{
    return ((const role_object *)self.as.object)->role;
}

#define GETTER(function, expression)                                                               \
    static apr_status_t function(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)         \
    {                                                                                              \
        (void)vm;                                                                                  \
        (void)error;                                                                               \
        (void)self;                                                                                \
        *out = (expression);                                                                       \
        return APR_SUCCESS;                                                                        \
    }

GETTER(role_id, fb_int(role_of(self)->id))
GETTER(role_name, fb_string(role_of(self)->name))
GETTER(role_index, fb_string(role_of(self)->index))
GETTER(role_permissions, fb_int(role_of(self)->permissions))
GETTER(role_default, fb_bool(role_of(self)->is_default))

static const fb_attribute role_attributes[] = {
    { "id", role_id, "Number of the role." },
    { "name", role_name, "\"User\", \"Administrator\" …" },
    { "index", role_index, "Blueprint where its work begins." },
    { "permissions", role_permissions, "Bits of what it may do." },
    { "default", role_default, "Whether new accounts get it." },
    { NULL, NULL, NULL },
};

static apr_status_t role_to_string(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    (void)vm;
    (void)error;
    *out = fb_string(role_of(self)->name);
    return APR_SUCCESS;
}

static const fb_class role_class = {
    .name = "Role",
    .attributes = role_attributes,
    .to_string = role_to_string,
};

fb_value fb_role_object(fb_context *context, const fb_role *role)
{
    role_object *made = fb_arena_alloc(fb_context_arena(context), sizeof *made);
    *made = (role_object){ { &role_class }, role };
    return fb_object_value(made);
}

/* ---- users ---- */

static const fb_user *user_of(fb_value self)
{
    return ((const user_object *)self.as.object)->user;
}

GETTER(user_id, fb_int(user_of(self)->id))
GETTER(user_email, fb_string(user_of(self)->email))
GETTER(user_first_name, fb_string(user_of(self)->first_name))
GETTER(user_last_name, fb_string(user_of(self)->last_name))
GETTER(user_confirmed, fb_bool(user_of(self)->confirmed))
GETTER(user_must_change, fb_bool(user_of(self)->must_change_password))
GETTER(user_has_password, fb_bool(user_of(self)->password_hash.len > 0))
GETTER(flag_yes, flag(true))
GETTER(flag_no, flag(false))

static apr_status_t user_role(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    role_object *made = fb_arena_alloc(fb_vm_arena(vm), sizeof *made);
    (void)error;
    *made = (role_object){ { &role_class }, &user_of(self)->role };
    *out = fb_object_value(made);
    return APR_SUCCESS;
}

static apr_status_t user_full_name(fb_vm *vm, fb_value self, fb_args args, fb_kwargs kwargs,
                                   fb_value *out, fb_error *error)
{
    (void)args;
    (void)kwargs;
    (void)error;
    *out = fb_string(fb_user_full_name(user_of(self), fb_vm_pool(vm)));
    return APR_SUCCESS;
}

static apr_status_t user_can(fb_vm *vm, fb_value self, fb_args args, fb_kwargs kwargs,
                             fb_value *out, fb_error *error)
{
    const fb_user *user = user_of(self);
    (void)vm;
    (void)kwargs;
    if (args.v[0].tag != FB_INT) {
        return fb_raise(error, "TypeError", "can() needs a number of permission bits");
    }
    *out = fb_bool(user != NULL && fb_role_can(&user->role, args.v[0].as.i));
    return APR_SUCCESS;
}

static apr_status_t user_is_admin(fb_vm *vm, fb_value self, fb_args args, fb_kwargs kwargs,
                                  fb_value *out, fb_error *error)
{
    const fb_user *user = user_of(self);
    (void)vm;
    (void)args;
    (void)kwargs;
    (void)error;
    *out = fb_bool(user != NULL && fb_role_is_admin(&user->role));
    return APR_SUCCESS;
}

static apr_status_t user_to_string(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    const fb_user *user = user_of(self);
    (void)error;
    *out = user != NULL ? fb_string(fb_user_full_name(user, fb_vm_pool(vm))) : FB_VSTR("");
    return APR_SUCCESS;
}

static const fb_attribute user_attributes[] = {
    { "id", user_id, "Number of the account." },
    { "email", user_email, "Address as it was typed." },
    { "first_name", user_first_name, "First name." },
    { "last_name", user_last_name, "Last name." },
    { "confirmed", user_confirmed, "Whether the address was confirmed." },
    { "must_change_password", user_must_change, "Whether a new password is due." },
    { "has_password", user_has_password, "False while an invitation is open." },
    { "role", user_role, "The role." },
    { "is_authenticated", flag_yes, "True: this is somebody." },
    { "is_active", flag_yes, "True." },
    { "is_anonymous", flag_no, "False." },
    { NULL, NULL, NULL },
};

static const fb_builtin user_methods[] = {
    { .name = "full_name",
      .fn = user_full_name,
      FB_NO_PARAMS,
      .flags = FB_FN_CONTEXT,
      .doc = "First and last name." },
    { .name = "can",
      .fn = user_can,
      FB_PARAMS("permissions"),
      .required = 1,
      .flags = FB_FN_CONTEXT,
      .doc = "Whether the role holds all these bits." },
    { .name = "is_admin",
      .fn = user_is_admin,
      FB_NO_PARAMS,
      .flags = FB_FN_CONTEXT,
      .doc = "Whether the role may do everything." },
    { .name = NULL },
};

static const fb_class user_class = {
    .name = "User",
    .attributes = user_attributes,
    .methods = user_methods,
    .to_string = user_to_string,
};

static const fb_attribute anonymous_attributes[] = {
    { "is_authenticated", flag_no, "False: nobody is logged in." },
    { "is_active", flag_no, "False." },
    { "is_anonymous", flag_yes, "True." },
    { NULL, NULL, NULL },
};

static const fb_builtin anonymous_methods[] = {
    { .name = "can",
      .fn = user_can,
      FB_PARAMS("permissions"),
      .required = 1,
      .flags = FB_FN_CONTEXT,
      .doc = "False." },
    { .name = "is_admin",
      .fn = user_is_admin,
      FB_NO_PARAMS,
      .flags = FB_FN_CONTEXT,
      .doc = "False." },
    { .name = NULL },
};

static const fb_class anonymous_class = {
    .name = "AnonymousUser",
    .attributes = anonymous_attributes,
    .methods = anonymous_methods,
    .to_string = user_to_string,
};

fb_value fb_user_object(fb_context *context, const fb_user *user)
{
    user_object *made = fb_arena_alloc(fb_context_arena(context), sizeof *made);
    *made = (user_object){ { user != NULL ? &user_class : &anonymous_class }, user };
    return fb_object_value(made);
}

fb_value fb_user_object_current(fb_context *context)
{
    return fb_user_object(context, context->user);
}
