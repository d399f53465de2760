/* Functions that translate: what {% trans %} calls. They ask the render's message catalogue. */
#include "template/i18n.h"

#include "template/format.h"
#include "template/vm_state.h"

#include "base/banned.h"

/* A message in the render's language; without a catalogue, as it is. */
static apr_status_t translate(fb_vm *vm, fb_value context, fb_value singular, fb_value plural,
                              fb_value n, fb_value *out, fb_error *error)
{
    bool one = true;
    fb_value text;
    apr_status_t status = APR_SUCCESS;

    if (plural.tag != FB_ABSENT)
        status = fb_equal_checked(vm, n, fb_int(1), &one, error);
    if (status != APR_SUCCESS)
        return status;
    *out = one ? singular : plural;
    if (vm->render->gettext == NULL)
        return APR_SUCCESS;
    status = fb_to_string(vm, singular, &text, error);
    if (status != APR_SUCCESS)
        return status;
    *out = fb_string(vm->render->gettext(
        vm->render->gettext_baton, fb_is_string(context) ? fb_value_str(context) : FB_STR(""),
        fb_value_str(text), fb_is_string(plural) ? fb_value_str(plural) : FB_STR(""),
        n.tag == FB_INT ? n.as.i
        : one           ? 1
                        : 2));
    return APR_SUCCESS;
}

/* New style: the translation is a format string for the keywords. */
static apr_status_t fill_in(fb_vm *vm, fb_value text, fb_value context, fb_value n,
                            fb_kwargs kwargs, fb_value *out, fb_error *error)
{
    /* Nothing to fill in, as in most messages. */
    if (fb_is_string(text) && fb_str_find_char(fb_value_str(text), '%') < 0) {
        *out = text;
        if (vm->ctx->autoescape)
            out->tag = FB_MARKUP;
        return APR_SUCCESS;
    }

    fb_dict *variables = fb_dict_create(vm->arena, kwargs.n + 2);
    apr_status_t status = variables != NULL ? APR_SUCCESS : FB_ELIMIT;

    for (apr_size_t i = 0; i < kwargs.n && status == APR_SUCCESS; i++)
        status = fb_dict_set_str(variables, kwargs.v[i].name, kwargs.v[i].value, vm->arena);
    if (status == APR_SUCCESS && n.tag != FB_ABSENT &&
        fb_dict_find_str(variables, FB_STR("num")) == NULL)
        status = fb_dict_set_str(variables, FB_STR("num"), n, vm->arena);
    if (status == APR_SUCCESS && context.tag != FB_ABSENT &&
        fb_dict_find_str(variables, FB_STR("context")) == NULL)
        status = fb_dict_set_str(variables, FB_STR("context"), context, vm->arena);
    if (status != APR_SUCCESS)
        return fb_raise_memory(error);
    if (vm->ctx->autoescape) {
        status = fb_to_string(vm, text, &text, error);
        if (status != APR_SUCCESS)
            return status;
        text.tag = FB_MARKUP;
    }
    return fb_binary(vm, FB_BIN_MOD, text, fb_dict_value(variables), out, error);
}

static apr_status_t old_gettext(fb_vm *vm, fb_value self, fb_args args, fb_kwargs kwargs,
                                fb_value *out, fb_error *error)
{
    (void)self;
    (void)kwargs;
    return translate(vm, fb_absent(), args.v[0], fb_absent(), fb_absent(), out, error);
}

static apr_status_t old_ngettext(fb_vm *vm, fb_value self, fb_args args, fb_kwargs kwargs,
                                 fb_value *out, fb_error *error)
{
    (void)self;
    (void)kwargs;
    return translate(vm, fb_absent(), args.v[0], args.v[1], args.v[2], out, error);
}

static apr_status_t old_pgettext(fb_vm *vm, fb_value self, fb_args args, fb_kwargs kwargs,
                                 fb_value *out, fb_error *error)
{
    (void)self;
    (void)kwargs;
    return translate(vm, args.v[0], args.v[1], fb_absent(), fb_absent(), out, error);
}

static apr_status_t old_npgettext(fb_vm *vm, fb_value self, fb_args args, fb_kwargs kwargs,
                                  fb_value *out, fb_error *error)
{
    (void)self;
    (void)kwargs;
    return translate(vm, args.v[0], args.v[1], args.v[2], args.v[3], out, error);
}

static apr_status_t new_gettext(fb_vm *vm, fb_value self, fb_args args, fb_kwargs kwargs,
                                fb_value *out, fb_error *error)
{
    fb_value text;
    apr_status_t status = old_gettext(vm, self, args, kwargs, &text, error);

    return status == APR_SUCCESS ? fill_in(vm, text, fb_absent(), fb_absent(), kwargs, out, error)
                                 : status;
}

static apr_status_t new_ngettext(fb_vm *vm, fb_value self, fb_args args, fb_kwargs kwargs,
                                 fb_value *out, fb_error *error)
{
    fb_value text;
    apr_status_t status = old_ngettext(vm, self, args, kwargs, &text, error);

    return status == APR_SUCCESS ? fill_in(vm, text, fb_absent(), args.v[2], kwargs, out, error)
                                 : status;
}

static apr_status_t new_pgettext(fb_vm *vm, fb_value self, fb_args args, fb_kwargs kwargs,
                                 fb_value *out, fb_error *error)
{
    fb_value text;
    apr_status_t status = old_pgettext(vm, self, args, kwargs, &text, error);

    return status == APR_SUCCESS ? fill_in(vm, text, args.v[0], fb_absent(), kwargs, out, error)
                                 : status;
}

static apr_status_t new_npgettext(fb_vm *vm, fb_value self, fb_args args, fb_kwargs kwargs,
                                  fb_value *out, fb_error *error)
{
    fb_value text;
    apr_status_t status = old_npgettext(vm, self, args, kwargs, &text, error);

    return status == APR_SUCCESS ? fill_in(vm, text, args.v[0], args.v[3], kwargs, out, error)
                                 : status;
}

/* _ is whatever gettext is where it is used. */
static apr_status_t alias(fb_vm *vm, fb_value self, fb_args args, fb_kwargs kwargs, fb_value *out,
                          fb_error *error)
{
    fb_value gettext = fb_vm_resolve(vm, FB_STR("gettext"));

    (void)self;
    if (gettext.tag == FB_ABSENT)
        gettext = fb_undefined_name(vm, FB_STR("gettext"));
    return fb_call(vm, gettext, args, kwargs, out, error);
}

const fb_builtin fb_i18n_alias[] = {
    { .name = "_", .fn = alias, .flags = FB_FN_CONTEXT, .doc = "short for gettext" },
    { .name = NULL },
};

const fb_builtin fb_i18n_oldstyle[] = {
    { .name = "gettext",
      .fn = old_gettext,
      FB_PARAMS("message"),
      .required = 1,
      .flags = FB_FN_CONTEXT,
      .doc = "the message in the language of the page" },
    { .name = "ngettext",
      .fn = old_ngettext,
      FB_PARAMS("singular", "plural", "n"),
      .required = 3,
      .flags = FB_FN_CONTEXT,
      .doc = "the form of a message for n things" },
    { .name = "pgettext",
      .fn = old_pgettext,
      FB_PARAMS("context", "message"),
      .required = 2,
      .flags = FB_FN_CONTEXT,
      .doc = "a message that means something else elsewhere" },
    { .name = "npgettext",
      .fn = old_npgettext,
      FB_PARAMS("context", "singular", "plural", "n"),
      .required = 4,
      .flags = FB_FN_CONTEXT,
      .doc = "both of these" },
    { .name = NULL },
};

#define NEWSTYLE (FB_FN_CONTEXT | FB_FN_KWARGS)

const fb_builtin fb_i18n_newstyle[] = {
    { .name = "gettext",
      .fn = new_gettext,
      FB_PARAMS("__string"),
      .required = 1,
      .flags = NEWSTYLE,
      .doc = "the message in the language of the page, with %(name)s replaced by keywords" },
    { .name = "ngettext",
      .fn = new_ngettext,
      FB_PARAMS("__singular", "__plural", "__num"),
      .required = 3,
      .flags = NEWSTYLE,
      .doc = "the form of a message for so many things; %(num)s is their number" },
    { .name = "pgettext",
      .fn = new_pgettext,
      FB_PARAMS("__string_ctx", "__string"),
      .required = 2,
      .flags = NEWSTYLE,
      .doc = "a message that means something else elsewhere" },
    { .name = "npgettext",
      .fn = new_npgettext,
      FB_PARAMS("__string_ctx", "__singular", "__plural", "__num"),
      .required = 4,
      .flags = NEWSTYLE,
      .doc = "both of these" },
    { .name = NULL },
};
