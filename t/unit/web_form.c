/* Forms from tables: every type of field, every rule, and the object of templates (SPEC F, T8, X11;
 * ASVS 1.2.1, 2.2.1-2.2.3). */
#include "web_support.h"

#include "web/dispatch.h"
#include "web/form.h"

static const fb_field fields[] = {
    { .name = "first_name",
      .type = FB_FIELD_STRING,
      .label = "First name",
      .min = 1,
      .max = 64,
      .flags = FB_FIELD_REQUIRED | FB_FIELD_TRIM | FB_FIELD_AUTOFOCUS,
      .autocomplete = "given-name",
      .description = "As on your <passport>" },
    { .name = "email",
      .type = FB_FIELD_EMAIL,
      .label = "Email",
      .min = 1,
      .max = 64,
      .flags = FB_FIELD_REQUIRED | FB_FIELD_TRIM },
    { .name = "password",
      .type = FB_FIELD_PASSWORD,
      .label = "Password",
      .flags = FB_FIELD_REQUIRED | FB_FIELD_NEW_PASSWORD },
    { .name = "password2",
      .type = FB_FIELD_PASSWORD,
      .label = "Confirm password",
      .flags = FB_FIELD_REQUIRED,
      .equal_to = "password",
      .equal_text = "Passwords must match" },
    { .name = "role", .type = FB_FIELD_SELECT, .label = "Account type" },
    { .name = "confirm",
      .type = FB_FIELD_BOOLEAN,
      .label = "Understood",
      .flags = FB_FIELD_REQUIRED },
    { .name = "note", .type = FB_FIELD_TEXTAREA, .label = "Note", .max = 10 },
    { .name = "website", .type = FB_FIELD_HONEYPOT, .label = "Website" },
    { .name = "ids", .type = FB_FIELD_LIST, .label = "Users" },
    { .name = "submit", .type = FB_FIELD_SUBMIT, .label = "Create" },
};

static apr_status_t no_bob(fb_form *form, fb_context *context, fb_error *e)
{
    (void)context;
    (void)e;
    if (fb_str_eq_z(fb_form_value(form, "first_name"), "Bob")) {
        fb_form_error(form, "first_name", FB_STR("No <Bob> here."));
    }
    return APR_SUCCESS;
}

static const fb_form_table table = { "test", fields, COUNT(fields), no_bob, "test" };

static const fb_choice choices[] = { { FB_STR_INIT("1"), FB_STR_INIT("User") },
                                     { FB_STR_INIT("2"), FB_STR_INIT("<Admin>") } };

static fb_env *env_of(const char *template)
{
    fb_env_options options;
    fb_env *env = NULL;
    fb_env_options_init(&options);
    ck_assert_ok(fb_env_create(&env, &options, pool, &error));
    ck_assert_ok(fb_site_prepare_env(env));
    ck_assert_ok(fb_env_add_source(env, FB_STR("t.html"), fb_str_from(template), &error));
    ck_assert_ok(fb_env_compile(env, NULL, NULL, pool, &error));
    return env;
}

static fb_context *context_with(fb_site *site, const fb_param *params, size_t count)
{
    fb_context *context = apr_pcalloc(pool, sizeof *context);
    fb_request *request = test_request();
    context->site = site;
    context->request = request;
    context->pool = pool;
    context->reply = apr_pcalloc(pool, sizeof *context->reply);
    fb_reply_init(context->reply, pool);
    ck_assert_ok(fb_session_open(&context->session, site, request, &error));
    context->submitted = params != NULL;
    context->csrf = params != NULL ? FB_CSRF_GOOD : FB_CSRF_ABSENT;
    context->form = (fb_params){ apr_pmemdup(pool, params, count * sizeof *params), count };
    return context;
}

static fb_form *form_in(fb_context *context)
{
    fb_form *form = NULL;
    ck_assert_ok(fb_form_create(&form, context, &table, &error));
    fb_form_set_choices(form, "role", choices, COUNT(choices));
    return form;
}

static const char *rendered(fb_form *form, fb_context *context, const char *template)
{
    fb_site *site = apr_pmemdup(pool, context->site, sizeof *site);
    site->templates = env_of(template);
    context->site = site;
    fb_form_expose(form, "form");
    ck_assert_ok(fb_context_render(context, 200, "t.html", &error));
    return fb_str_to_z(pool, fb_chunks_flatten(&context->reply->chunks, pool));
}

#define GOOD_PASSWORD "three kettles on a boat"
static fb_param good[] = {
    { FB_STR_INIT("first_name"), FB_STR_INIT(" Ann ") },
    { FB_STR_INIT("email"), FB_STR_INIT("ann@example.org") },
    { FB_STR_INIT("password"), FB_STR_INIT(GOOD_PASSWORD) },
    { FB_STR_INIT("password2"), FB_STR_INIT(GOOD_PASSWORD) },
    { FB_STR_INIT("role"), FB_STR_INIT("2") },
    { FB_STR_INIT("confirm"), FB_STR_INIT("y") },
    { FB_STR_INIT("note"), FB_STR_INIT("") },
    { FB_STR_INIT("website"), FB_STR_INIT("") },
    { FB_STR_INIT("ids"), FB_STR_INIT("1") },
    { FB_STR_INIT("ids"), FB_STR_INIT("2") },      /* a list may come more than once */
    { FB_STR_INIT("is_admin"), FB_STR_INIT("1") }, /* no field: ignored */
};

START_TEST(accepts)
{
    fb_form_result result = FB_FORM_SHOW;
    fb_form *form = form_in(context_with(test_site(), good, COUNT(good)));
    ck_assert_ok(fb_form_submitted(&result, form, &error));
    ck_assert_int_eq(result, FB_FORM_VALID);
    ck_assert_fb_str(fb_form_value(form, "first_name"), "Ann");
    ck_assert_fb_str(fb_form_value(form, "nothing"), "");
    ck_assert_fb_str(fb_form_value(form, "is_admin"), "");
    ck_assert(fb_form_checked(form, "confirm"));
    /* Without a good POST nothing is ever valid. */
    fb_context *context = context_with(test_site(), good, COUNT(good));
    context->submitted = false;
    context->csrf = FB_CSRF_EXPIRED;
    form = form_in(context);
    ck_assert_ok(fb_form_submitted(&result, form, &error));
    ck_assert_int_eq(result, FB_FORM_SHOW);
    ck_assert_fb_str(fb_form_value(form, "email"), "ann@example.org");
}
END_TEST

/* The first error of one changed field. */
static const char *error_of(const char *name, fb_str value)
{
    fb_param params[COUNT(good)];
    fb_form_result result = FB_FORM_VALID;
    memcpy(params, good, sizeof good);
    for (size_t i = 0; i < COUNT(good); i++) {
        if (fb_str_eq_z(params[i].name, name)) {
            params[i].value = value;
        }
    }
    fb_context *context = context_with(test_site(), params, COUNT(good));
    fb_form *form = form_in(context);
    ck_assert_ok(fb_form_submitted(&result, form, &error));
    const char *text = rendered(form, context,
                                apr_pstrcat(pool, "{{ form['", name,
                                            "'].errors[0] "
                                            "if form.errors else '' }}",
                                            NULL));
    ck_assert((result == FB_FORM_VALID) == (text[0] == '\0'));
    return text;
}

START_TEST(judges)
{
    static const struct {
        const char *field, *value, *text;
    } rows[] = {
        { "first_name", "", "This field is required." },
        { "first_name", "   ", "This field is required." },
        { "first_name", "B", "" },
        { "first_name", "Bob", "No &lt;Bob&gt; here." },
        { "email", "", "This field is required." },
        { "email", "ann", "Invalid email address." },
        { "email", "@example.org", "Invalid email address." },
        { "email", "ann@", "Invalid email address." },
        { "email", "ann@example", "Invalid email address." },
        { "email", "ann@exam ple.org", "Invalid email address." },
        { "email", "a b@example.org", "Invalid email address." },
        { "email", "ann@example.org\r\nBcc: x@y.de", "Invalid email address." },
        { "email", "ann@@example.org", "Invalid email address." },
        { "email", "ann@example..org", "Invalid email address." },
        { "email", "ann@-example.org", "Invalid email address." },
        { "email", "ann@example.org.", "Invalid email address." },
        { "email", ".ann@example.org", "Invalid email address." },
        { "email", "ann<x>@example.org", "Invalid email address." },
        { "email", "ann@example.org,bob@example.org", "Invalid email address." },
        { "email", "  ann+tag@mail.example.org ", "" },
        { "email", "j\xc3\xb6rg@m\xc3\xbcnchen.example", "" },
        { "password2", "other", "Passwords must match" },
        { "password2", "", "This field is required." },
        { "role", "3", "Not a valid choice" },
        { "role", "", "Not a valid choice" },
        { "role", "1 ", "Not a valid choice" },
        { "confirm", "", "This field is required." },
        { "confirm", "false", "This field is required." },
        { "website", "http://spam.example", "Please leave this field empty." },
        { "note", "0123456789", "" },
        { "note", "0123456789a", "Field cannot be longer than 10 characters." },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *text = error_of(rows[i].field, fb_str_from(rows[i].value));
        ck_assert_msg(strcmp(text, rows[i].text) == 0, "%s=%s: %s", rows[i].field, rows[i].value,
                      text);
    }
    /* 64 and 65 characters, not bytes. */
    const char *name = "";
    for (int i = 0; i < 64; i++) {
        name = apr_pstrcat(pool, name, "\xc3\xa9", NULL);
    }
    ck_assert_str_eq(error_of("first_name", fb_str_from(name)), "");
    ck_assert_str_eq(error_of("first_name", fb_str_from(apr_pstrcat(pool, name, "x", NULL))),
                     "Field must be between 1 and 64 characters long.");
    ck_assert_str_eq(error_of("password", FB_STR("kX9#q2L")),
                     "Field must be at least 8 characters long.");
    ck_assert_int_eq(
        strncmp(error_of("password", FB_STR("password1")), "This password is too easy", 25), 0);
}
END_TEST

/* SECURITY 2, parameter pollution: a repeated scalar field is a 400. */
START_TEST(refuses_repeated_fields)
{
    for (size_t i = 0; i < 8; i++) {
        fb_param params[COUNT(good) + 1];
        fb_form *form = NULL;
        memcpy(params, good, sizeof good);
        params[COUNT(good)] = good[i];
        fb_context *context = context_with(test_site(), params, COUNT(good) + 1);
        ck_assert_status(fb_form_create(&form, context, &table, &error), FB_EINVALID);
        fb_error_init(&error, pool);
    }
}
END_TEST

START_TEST(draws_every_field)
{
    static const struct {
        const char *call, *html;
    } rows[] = {
        { "form.first_name()", "<input autocomplete=\"given-name\" autofocus id=\"first_name\" "
                               "maxlength=\"64\" name=\"first_name\" required type=\"text\" "
                               "value=\"A&#34;&gt;&lt;x\">" },
        { "form.first_name.label", "<label for=\"first_name\">First name</label>" },
        { "form.first_name.label(class_='big')",
          "<label class=\"big\" for=\"first_name\">First name</label>" },
        { "form.first_name.label.text", "First name" },
        { "form.first_name.description", "As on your &lt;passport&gt;" },
        { "form.password()", "<input id=\"password\" name=\"password\" required type=\"password\" "
                             "value=\"\">" },
        { "form.password.data", "" },
        { "form.role()", "<select id=\"role\" name=\"role\"><option value=\"1\">User</option>"
                         "<option selected value=\"2\">&lt;Admin&gt;</option></select>" },
        { "form.role.choices", "[(&#39;1&#39;, &#39;User&#39;), (&#39;2&#39;, &#39;&lt;Admin&gt;"
                               "&#39;)]" },
        { "form.role.widget.input_type is none", "True" },
        { "form.confirm()", "<input checked id=\"confirm\" name=\"confirm\" required "
                            "type=\"checkbox\" value=\"y\">" },
        { "form.confirm.data", "True" },
        { "form.note(rows=3)", "<textarea id=\"note\" maxlength=\"10\" name=\"note\" rows=\"3\">"
                               "\r\n</textarea>" },
        { "form.submit(class='ui button', disabled=true, hidden=false)",
          "<input class=\"ui button\" disabled id=\"submit\" name=\"submit\" type=\"submit\" "
          "value=\"Create\">" },
        { "form.email(aria_label='\"<', data_x_y=1, id='other')",
          "<input aria-label=\"&#34;&lt;\" data-x-y=\"1\" id=\"other\" maxlength=\"64\" "
          "name=\"email\" required type=\"email\" value=\"ann@example.org\">" },
        { "form | map(attribute='name') | join(' ')",
          "first_name email password password2 role confirm note website ids submit csrf_token" },
        { "form | map(attribute='type') | join(' ')",
          "StringField EmailField PasswordField PasswordField SelectField BooleanField "
          "TextAreaField HiddenField SelectMultipleField SubmitField CSRFTokenField" },
        { "form | selectattr('type', 'equalto', 'SubmitField') | list | length", "1" },
        { "is_hidden_field(form.csrf_token), is_hidden_field(form.website), "
          "is_hidden_field(form.email)",
          "(True, True, False)" },
        { "form.nothing is defined", "False" },
        { "'email' in form, 'nothing' in form", "(True, False)" },
        { "form.errors", "{}" },
        { "form.first_name.flags.required", "True" },
        { "form.__class__ is defined and form.__class__.__init__ is defined", "False" },
    };
    fb_param params[COUNT(good)];
    memcpy(params, good, sizeof good);
    params[0].value = FB_STR("A\"><x");
    for (size_t i = 0; i < COUNT(rows); i++) {
        fb_context *context = context_with(test_site(), params, COUNT(good));
        const char *html = rendered(form_in(context), context,
                                    apr_pstrcat(pool, "{{ ", rows[i].call, " }}", NULL));
        ck_assert_msg(strcmp(html, rows[i].html) == 0, "%s: %s", rows[i].call, html);
    }
}
END_TEST

/* A view's table needs nothing but rows: initial values on GET, which a POST replaces. */
START_TEST(shows_initial_values)
{
    fb_context *context = context_with(test_site(), NULL, 0);
    fb_form *form = form_in(context);
    fb_form_set_initial(form, "first_name", FB_STR("Ann"));
    fb_form_set_initial(form, "role", FB_STR("1"));
    const char *html = rendered(form, context, "{{ form.first_name.data }}{{ form.role() }}");
    ck_assert_ptr_nonnull(strstr(html, "Ann<select"));
    ck_assert_ptr_nonnull(strstr(html, "<option selected value=\"1\">"));
}
END_TEST

static void add(TCase *tests)
{
    tcase_add_test(tests, accepts);
    tcase_add_test(tests, judges);
    tcase_add_test(tests, refuses_repeated_fields);
    tcase_add_test(tests, draws_every_field);
    tcase_add_test(tests, shows_initial_values);
}

int main(void)
{
    return unit_main("web_form", add);
}
