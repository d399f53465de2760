/* Commands about accounts: user list, add, role, password, confirm, logout, delete. */
#include "cli/account.h"
#include "cli/database.h"

#include "base/clock.h"
#include "base/escape.h"

#include <apr_strings.h>

#include "base/banned.h"

#define JSON_MAX ((apr_size_t)64 * 1024)
#define BATCH    500
#define COLUMNS  6

/* ---- showing ---- */

/* State as the pages of administrators name it. */
static const char *state_of(const fb_user *user)
{
    if (user->password_hash.ptr == NULL) {
        return "invited";
    }
    return user->confirmed ? "confirmed" : "unconfirmed";
}

static const char *moment(apr_pool_t *pool, apr_time_t time)
{
    char text[FB_CLOCK_ISO_SIZE];
    if (time == 0) {
        return NULL;
    }
    fb_clock_iso(text, time);
    return apr_pstrdup(pool, text);
}

static void put_user(fb_json_writer *w, const fb_user *user, apr_pool_t *pool)
{
    fb_json_begin_object(w);
    fb_json_put_key(w, "id");
    fb_json_put_int64(w, user->id);
    fb_json_put_key(w, "email");
    fb_json_put_str(w, user->email);
    fb_json_put_key(w, "first_name");
    fb_json_put_str(w, user->first_name);
    fb_json_put_key(w, "last_name");
    fb_json_put_str(w, user->last_name);
    fb_json_put_key(w, "role");
    fb_json_put_str(w, user->role.name);
    fb_json_put_key(w, "state");
    fb_json_put_z(w, state_of(user));
    fb_json_put_key(w, "confirmed");
    fb_json_put_bool(w, user->confirmed);
    fb_json_put_key(w, "must_change_password");
    fb_json_put_bool(w, user->must_change_password);
    fb_json_put_key(w, "created_at");
    fb_json_put_z(w, moment(pool, user->created_at));
    fb_json_put_key(w, "last_login_at");
    fb_json_put_z(w, moment(pool, user->last_login_at));
    fb_json_end(w);
}

static int show_user(fb_cli *cli, const fb_user *user, const char *words)
{
    if (fb_cli_has(cli, "json")) {
        fb_buf out;
        fb_json_writer w;
        fb_buf_init(&out, cli->pool, JSON_MAX);
        fb_json_writer_init(&w, &out, FB_JSON_PRETTY);
        put_user(&w, user, cli->pool);
        return fb_cli_print_json(cli, &out);
    }
    fb_cli_print(cli, "%s\n", words);
    return FB_CLI_OK;
}

/* ---- finding ---- */

/* The user named by the first operand or by --email. */
static int find_user(fb_cli *cli, fb_user **user, fb_db *db)
{
    fb_error error;
    const char *email = fb_cli_option_value(cli, "email");
    if (email == NULL) {
        email = fb_cli_operand(cli, 0);
    }
    if (email == NULL) {
        return fb_cli_usage(cli, "which user? Give the e-mail address");
    }
    fb_error_init(&error, cli->pool);
    const apr_status_t status =
        fb_user_find_by_email(user, db, fb_str_from(email), cli->pool, &error);
    if (status == FB_ENOTFOUND) {
        return fb_cli_fail(cli, "there is no user with the address %s", email);
    }
    return status == APR_SUCCESS ? FB_CLI_OK : fb_cli_fail_error(cli, &error);
}

static int open_and_find(fb_cli *cli, fb_user **user, fb_db **db)
{
    const int status = fb_cli_database(cli, db);
    return status == FB_CLI_OK ? find_user(cli, user, *db) : status;
}

/* ---- user list ---- */

typedef struct listing {
    fb_cli *cli;
    apr_pool_t *pool; /* of one batch */
    const char *role; /* NULL: all */
    const char **cells;
    apr_size_t rows;
    apr_int64_t last_id;
    int in_batch;
    apr_int64_t shown;
} listing;

static void list_as_json(listing *list, const fb_user *user)
{
    fb_buf out;
    fb_json_writer w;
    fb_buf_init(&out, list->pool, JSON_MAX);
    fb_json_writer_init(&w, &out, FB_JSON_COMPACT);
    put_user(&w, user, list->pool);
    fb_cli_write(list->cli, list->shown == 0 ? FB_STR("\n  ") : FB_STR(",\n  "));
    fb_cli_write(list->cli, fb_buf_str(&out));
}

/* A row that others wrote may hold anything: nothing of it steers a terminal. */
static const char *printable(apr_pool_t *pool, fb_str text)
{
    fb_buf out;
    if (!fb_str_has_ctl(text) && fb_str_is_utf8(text)) {
        return fb_str_to_z(pool, text);
    }
    fb_buf_init(&out, pool, 8 * 1024);
    fb_escape_log(&out, text, 256);
    return fb_str_to_z(pool, fb_buf_str(&out));
}

static void list_as_row(listing *list, const fb_user *user)
{
    const char **row = &list->cells[list->rows * COLUMNS];
    const char *seen = moment(list->pool, user->last_login_at);
    row[0] = apr_psprintf(list->pool, "%" APR_INT64_T_FMT, user->id);
    row[1] = printable(list->pool, user->email);
    row[2] = printable(list->pool, fb_user_full_name(user, list->pool));
    row[3] = printable(list->pool, user->role.name);
    row[4] = state_of(user);
    row[5] = seen != NULL ? seen : "never";
    list->rows++;
}

static apr_status_t list_user(void *baton, const fb_user *user, fb_error *error)
{
    listing *list = baton;
    (void)error;
    list->last_id = user->id;
    list->in_batch++;
    if (list->role != NULL && !fb_str_eq_z(user->role.name, list->role)) {
        return APR_SUCCESS;
    }
    if (fb_cli_has(list->cli, "json")) {
        list_as_json(list, user);
    } else {
        list_as_row(list, user);
    }
    list->shown++;
    return APR_SUCCESS;
}

/* One batch, in a pool of its own, so that a million users need no more memory than 500. */
static apr_status_t list_batch(listing *list, fb_db *db, fb_error *error)
{
    static const char *const header[COLUMNS] = { "ID",   "EMAIL", "NAME",
                                                 "ROLE", "STATE", "LAST LOGIN" };
    const bool first = list->last_id == 0;
    apr_pool_clear(list->pool);
    list->cells = apr_pcalloc(list->pool, (BATCH + 1) * COLUMNS * sizeof(*list->cells));
    list->rows = 0;
    list->in_batch = 0;
    for (int i = 0; first && i < COLUMNS; i++) {
        list->cells[i] = header[i];
        list->rows = 1;
    }
    const apr_status_t status =
        fb_user_each(db, list->last_id, BATCH, list_user, list, list->pool, error);
    if (status == APR_SUCCESS && !fb_cli_has(list->cli, "json")) {
        fb_cli_table(list->cli, list->cells, COLUMNS, list->rows);
    }
    return status;
}

static int run_list(fb_cli *cli)
{
    fb_db *db;
    fb_error error;
    fb_role *role;
    listing list = { .cli = cli, .role = fb_cli_option_value(cli, "role") };
    const int opened = fb_cli_database(cli, &db);
    if (opened != FB_CLI_OK) {
        return opened;
    }
    fb_error_init(&error, cli->pool);
    if (list.role != NULL && fb_role_find_by_name(&role, db, fb_str_from(list.role), cli->pool,
                                                  &error) == FB_ENOTFOUND) {
        return fb_cli_fail(cli, "there is no role '%s'", list.role);
    }
    if (apr_pool_create(&list.pool, cli->pool) != APR_SUCCESS) {
        return fb_cli_fail(cli, "not enough memory");
    }
    const bool json = fb_cli_has(cli, "json");
    fb_cli_write(cli, json ? FB_STR("[") : FB_STR(""));
    apr_status_t status;
    do {
        status = list_batch(&list, db, &error);
    } while (status == APR_SUCCESS && list.in_batch == BATCH);
    fb_cli_write(cli, json ? FB_STR("\n]\n") : FB_STR(""));
    return status == APR_SUCCESS ? FB_CLI_OK : fb_cli_fail_error(cli, &error);
}

/* ---- user add ---- */

/* The password of a new account: from standard input or the terminal; NULL without either, which
 * is an account that can not log in yet. False: a message was printed. */
static bool new_password(fb_cli *cli, const char **password)
{
    *password = NULL;
    if (fb_cli_has(cli, "no-password") ||
        (!fb_cli_has(cli, "password-stdin") && !cli->err_is_terminal)) {
        return true;
    }
    *password = fb_cli_secret(cli, "password");
    return *password != NULL;
}

static int run_add(fb_cli *cli)
{
    fb_db *db;
    fb_user *user;
    fb_error error;
    apr_int64_t id;
    const char *reason;
    fb_cli_account account = {
        .email = fb_cli_option_value(cli, "email"),
        .first_name = fb_cli_option_value(cli, "first-name"),
        .last_name = fb_cli_option_value(cli, "last-name"),
        .role = fb_cli_option_value(cli, "role"),
        .confirmed = fb_cli_has(cli, "confirmed"),
        .must_change = fb_cli_has(cli, "must-change"),
    };
    if (account.email == NULL || account.first_name == NULL || account.last_name == NULL) {
        return fb_cli_usage(cli, "--email, --first-name and --last-name are needed");
    }
    const int opened = fb_cli_database(cli, &db);
    if (opened != FB_CLI_OK) {
        return opened;
    }
    if (!new_password(cli, &account.password)) {
        return FB_CLI_FAILED;
    }
    if (account.password != NULL &&
        !fb_cli_password_good(cli, &reason, account.password, account.first_name, account.last_name,
                              account.email)) {
        return fb_cli_fail(cli, "%s", reason);
    }
    fb_error_init(&error, cli->pool);
    apr_status_t status = fb_cli_create_account(cli, &id, db, &account, &error);
    if (status == APR_SUCCESS) {
        status = fb_user_find_by_id(&user, db, id, cli->pool, &error);
    }
    if (status != APR_SUCCESS) {
        return fb_cli_fail_error(cli, &error);
    }
    return show_user(cli, user,
                     apr_psprintf(cli->pool, "added %s as %.*s%s", account.email,
                                  FB_STR_ARG(user->role.name),
                                  account.password == NULL ? ", without a password" : ""));
}

/* ---- changing ---- */

static int run_role(fb_cli *cli)
{
    fb_db *db;
    fb_user *user;
    fb_role *role;
    fb_error error;
    const char *name = fb_cli_option_value(cli, "role");
    if (name == NULL) {
        name = fb_cli_operand(cli, fb_cli_option_value(cli, "email") == NULL ? 1 : 0);
    }
    if (name == NULL) {
        return fb_cli_usage(cli, "which role? Give it behind the e-mail address");
    }
    const int found = open_and_find(cli, &user, &db);
    if (found != FB_CLI_OK) {
        return found;
    }
    fb_error_init(&error, cli->pool);
    apr_status_t status = fb_role_find_by_name(&role, db, fb_str_from(name), cli->pool, &error);
    if (status == FB_ENOTFOUND) {
        return fb_cli_fail(cli, "there is no role '%s'", name);
    }
    if (status == APR_SUCCESS) {
        status = fb_user_set_role(db, user->id, role->id, cli->pool, &error);
    }
    if (status == APR_SUCCESS) {
        status = fb_user_find_by_id(&user, db, user->id, cli->pool, &error);
    }
    if (status != APR_SUCCESS) {
        return fb_cli_fail_error(cli, &error);
    }
    return show_user(cli, user,
                     apr_psprintf(cli->pool, "%.*s is %s now", FB_STR_ARG(user->email), name));
}

/* The new password and the end of all sessions belong together. */
static apr_status_t set_password(fb_cli *cli, fb_db *db, const fb_user *user, fb_str hash,
                                 fb_error *error)
{
    const fb_must_change must =
        fb_cli_has(cli, "must-change") ? FB_MUST_CHANGE : FB_MUST_NOT_CHANGE;
    const apr_time_t now = apr_time_now();
    apr_status_t status = fb_db_begin(db, error);
    if (status != APR_SUCCESS) {
        return status;
    }
    status = fb_user_set_password(db, user->id, hash, must, now, cli->pool, error);
    if (status == APR_SUCCESS) {
        status = fb_login_end_all(NULL, db, user->uid, 0, "password", now, cli->pool, error);
    }
    return fb_db_end(db, status, error);
}

static int run_password(fb_cli *cli)
{
    fb_db *db;
    fb_user *user;
    fb_error error;
    fb_str hash;
    const char *reason;
    const int found = open_and_find(cli, &user, &db);
    if (found != FB_CLI_OK) {
        return found;
    }
    const char *password = fb_cli_secret(cli, "password");
    if (password == NULL) {
        return FB_CLI_FAILED;
    }
    if (!fb_cli_password_good(cli, &reason, password, fb_str_to_z(cli->pool, user->first_name),
                              fb_str_to_z(cli->pool, user->last_name),
                              fb_str_to_z(cli->pool, user->email))) {
        return fb_cli_fail(cli, "%s", reason);
    }
    fb_error_init(&error, cli->pool);
    apr_status_t status = fb_cli_hash(cli, &hash, password, &error);
    if (status == APR_SUCCESS) {
        status = set_password(cli, db, user, hash, &error);
    }
    if (status == APR_SUCCESS) {
        status = fb_user_find_by_id(&user, db, user->id, cli->pool, &error);
    }
    if (status != APR_SUCCESS) {
        return fb_cli_fail_error(cli, &error);
    }
    return show_user(cli, user,
                     apr_psprintf(cli->pool, "%.*s has a new password; all sessions have ended",
                                  FB_STR_ARG(user->email)));
}

static int run_confirm(fb_cli *cli)
{
    fb_db *db;
    fb_user *user;
    fb_error error;
    const int found = open_and_find(cli, &user, &db);
    if (found != FB_CLI_OK) {
        return found;
    }
    fb_error_init(&error, cli->pool);
    if (fb_user_confirm(db, user->id, cli->pool, &error) != APR_SUCCESS) {
        return fb_cli_fail_error(cli, &error);
    }
    user->confirmed = true;
    return show_user(cli, user,
                     apr_psprintf(cli->pool, "%.*s is confirmed", FB_STR_ARG(user->email)));
}

static int run_logout(fb_cli *cli)
{
    fb_db *db;
    fb_user *user;
    fb_error error;
    apr_int64_t ended = 0;
    const int found = open_and_find(cli, &user, &db);
    if (found != FB_CLI_OK) {
        return found;
    }
    fb_error_init(&error, cli->pool);
    if (fb_login_end_all(&ended, db, user->uid, 0, "administrator", apr_time_now(), cli->pool,
                         &error) != APR_SUCCESS) {
        return fb_cli_fail_error(cli, &error);
    }
    return show_user(cli, user,
                     apr_psprintf(cli->pool, "%" APR_INT64_T_FMT " sessions of %.*s ended", ended,
                                  FB_STR_ARG(user->email)));
}

static int run_delete(fb_cli *cli)
{
    fb_db *db;
    fb_user *user;
    fb_error error;
    const int found = open_and_find(cli, &user, &db);
    if (found != FB_CLI_OK) {
        return found;
    }
    if (!fb_cli_confirm(cli, apr_psprintf(cli->pool, "This deletes the account of %.*s (%.*s).",
                                          FB_STR_ARG(fb_user_full_name(user, cli->pool)),
                                          FB_STR_ARG(user->email)))) {
        return FB_CLI_FAILED;
    }
    fb_error_init(&error, cli->pool);
    if (fb_user_delete(db, user->id, cli->pool, &error) != APR_SUCCESS) {
        return fb_cli_fail_error(cli, &error);
    }
    return show_user(cli, user, apr_psprintf(cli->pool, "deleted %.*s", FB_STR_ARG(user->email)));
}

/* ---- the rows ---- */

static const fb_cli_option list_options[] = {
    { "role", 0, "NAME", "Only users with that role." },
    { "json", 0, NULL, "Write a JSON array." },
    { 0 },
};
static const fb_cli_option add_options[] = {
    { "email", 0, "ADDRESS", "The e-mail address, with which the user logs in." },
    { "first-name", 0, "NAME", "First name." },
    { "last-name", 0, "NAME", "Last name." },
    { "role", 0, "NAME", "Role; without it the default one." },
    { "confirmed", 0, NULL, "The address is known to be right: no confirmation is asked for." },
    { "password-stdin", 0, NULL, "Read the password from the first line of standard input." },
    { "no-password", 0, NULL, "No password: the account can't log in until it has one." },
    { "must-change", 0, NULL, "The password must be changed at the next login." },
    { "json", 0, NULL, "Write the user as JSON." },
    { 0 },
};
static const fb_cli_option role_options[] = {
    { "email", 0, "ADDRESS", "The user, instead of the first operand." },
    { "role", 0, "NAME", "The role, instead of the last operand." },
    { "json", 0, NULL, "Write the user as JSON." },
    { 0 },
};
static const fb_cli_option password_options[] = {
    { "email", 0, "ADDRESS", "The user, instead of the operand." },
    { "password-stdin", 0, NULL, "Read the password from the first line of standard input." },
    { "must-change", 0, NULL, "The password must be changed at the next login." },
    { "json", 0, NULL, "Write the user as JSON." },
    { 0 },
};
static const fb_cli_option one_options[] = {
    { "email", 0, "ADDRESS", "The user, instead of the operand." },
    { "json", 0, NULL, "Write the user as JSON." },
    { 0 },
};
static const fb_cli_option delete_options[] = {
    { "email", 0, "ADDRESS", "The user, instead of the operand." },
    { "yes", 'y', NULL, "Do not ask." },
    { "json", 0, NULL, "Write the user as JSON." },
    { 0 },
};

const fb_cli_command fb_cli_user_commands[] = {
    { .name = "user list",
      .summary = "List the users",
      .doc = "In the order in which they were made. STATE is confirmed, unconfirmed or invited (no "
             "password yet).",
      .options = list_options,
      .needs = FB_CLI_NEEDS_SETTINGS,
      .run = run_list },
    { .name = "user add",
      .summary = "Create a user",
      .doc = "The password is read from standard input with --password-stdin, else asked for on a "
             "terminal; it has to satisfy the site's rules. Without either the account has no "
             "password yet.\n\nThe user need not change the password at the first login unless "
             "--must-change is given.",
      .options = add_options,
      .needs = FB_CLI_NEEDS_SETTINGS,
      .run = run_add },
    { .name = "user role",
      .operands = "[EMAIL] [ROLE]",
      .max_operands = 2,
      .summary = "Give a user another role",
      .doc = "Takes effect at the user's next request. The last administrator who can log in stays "
             "one.",
      .options = role_options,
      .needs = FB_CLI_NEEDS_SETTINGS,
      .run = run_role },
    { .name = "user password",
      .operands = "[EMAIL]",
      .max_operands = 1,
      .summary = "Set a user's password",
      .doc = "Ends all sessions of that user. The password is read from standard input with "
             "--password-stdin, else asked for on a terminal.",
      .options = password_options,
      .needs = FB_CLI_NEEDS_SETTINGS,
      .run = run_password },
    { .name = "user confirm",
      .operands = "[EMAIL]",
      .max_operands = 1,
      .summary = "Mark a user's address as confirmed",
      .doc = "As if the user had opened the link in the confirmation mail.",
      .options = one_options,
      .needs = FB_CLI_NEEDS_SETTINGS,
      .run = run_confirm },
    { .name = "user logout",
      .operands = "[EMAIL]",
      .max_operands = 1,
      .summary = "End all sessions of a user",
      .doc = "Also those that were to be remembered.",
      .options = one_options,
      .needs = FB_CLI_NEEDS_SETTINGS,
      .run = run_logout },
    { .name = "user delete",
      .operands = "[EMAIL]",
      .max_operands = 1,
      .summary = "Delete a user",
      .doc = "Asks first. The last administrator who can log in can't be deleted.",
      .options = delete_options,
      .needs = FB_CLI_NEEDS_SETTINGS,
      .run = run_delete },
    { 0 },
};
