/* Commands that make a site ready: setup-dev, setup-prod. */
#include "cli/account.h"
#include "cli/database.h"

#include <apr_strings.h>

#include "base/banned.h"

/* Letters and digits that nobody confuses; 20 of them are 100 bits. */
static const char alphabet[] = "abcdefghjkmnpqrstuvwxyz23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
#define GENERATED_LEN 20

static const char *generate(fb_cli *cli, fb_error *error)
{
    char *out = apr_palloc(cli->pool, GENERATED_LEN + 1);
    const unsigned int letters = sizeof(alphabet) - 1;
    for (int len = 0; len < GENERATED_LEN;) {
        unsigned char byte;
        const apr_status_t status = fb_random_fill(&fb_random_openssl, &byte, 1);
        if (status != APR_SUCCESS) {
            (void)fb_error_set(error, status, "the random generator does not work");
            return NULL;
        }
        if (byte < 256 / letters * letters) { /* no letter more likely than another */
            out[len++] = alphabet[byte % letters];
        }
    }
    out[GENERATED_LEN] = '\0';
    return out;
}

static const char *admin_role(fb_cli *cli, fb_db *db, fb_error *error)
{
    fb_role_list list;
    if (fb_role_list_all(&list, db, cli->pool, error) != APR_SUCCESS) {
        return NULL;
    }
    for (int i = 0; i < list.count; i++) {
        if (fb_role_is_admin(&list.roles[i])) {
            return fb_str_to_z(cli->pool, list.roles[i].name);
        }
    }
    (void)fb_error_set(error, FB_EINVALID, "there is no role with all permissions (255)");
    return NULL;
}

typedef enum stage { STAGE_DEVELOPMENT, STAGE_PRODUCTION } stage;

/* The first administrator's password. Given or generated; false with a message printed. */
static bool choose_password(fb_cli *cli, fb_cli_account *account, stage at, fb_error *error)
{
    const char *reason;
    account->password = fb_settings_text(cli->settings, FB_SET_ADMIN_PASSWORD);
    if (account->password == NULL) {
        account->password = generate(cli, error);
        /* Seen by whoever looks at the terminal's or the deployment's log. */
        account->must_change = at == STAGE_PRODUCTION;
        if (account->password == NULL) {
            (void)fb_cli_fail_error(cli, error);
        }
        return account->password != NULL;
    }
    if (fb_cli_password_good(cli, &reason, account->password, account->first_name,
                             account->last_name, account->email)) {
        return true;
    }
    if (at == STAGE_PRODUCTION) {
        (void)fb_cli_fail(cli, "ADMIN_PASSWORD is refused: %s", reason);
        return false;
    }
    fb_cli_warn(cli, "ADMIN_PASSWORD would be refused in production: %s", reason);
    return true;
}

static int create_admin(fb_cli *cli, fb_db *db, stage at)
{
    fb_error error;
    apr_int64_t id;
    fb_cli_account account = {
        .email = fb_settings_text(cli->settings, FB_SET_ADMIN_EMAIL),
        .first_name = "Admin",
        .last_name = "Account",
        .confirmed = true,
    };
    fb_error_init(&error, cli->pool);
    if (account.email == NULL) {
        return fb_cli_fail(cli, "there is no administrator yet: set ADMIN_EMAIL");
    }
    account.role = admin_role(cli, db, &error);
    if (account.role == NULL) {
        return fb_cli_fail_error(cli, &error);
    }
    if (!choose_password(cli, &account, at, &error)) {
        return FB_CLI_FAILED;
    }
    const apr_status_t status = fb_cli_create_account(cli, &id, db, &account, &error);
    if (status == FB_ECONFLICT) {
        /* Whoever registered that address first must not become an administrator by it. */
        return fb_cli_fail(cli,
                           "%s has an account already, but is no administrator: if that is "
                           "right, run 'flaskbase user role %s %s'",
                           account.email, account.email, account.role);
    }
    if (status != APR_SUCCESS) {
        return fb_cli_fail_error(cli, &error);
    }
    fb_cli_print(cli, "Administrator: %s\n", account.email);
    if (fb_settings_text(cli->settings, FB_SET_ADMIN_PASSWORD) == NULL) {
        fb_cli_print(cli, "Password: %s\n(shown this once%s)\n", account.password,
                     account.must_change ? "; to be changed at the first login" : "");
    }
    return FB_CLI_OK;
}

static int set_up(fb_cli *cli, stage at)
{
    fb_db *db;
    fb_error error;
    apr_int64_t admins;
    const int opened = fb_cli_database(cli, &db);
    if (opened != FB_CLI_OK) {
        return opened;
    }
    fb_error_init(&error, cli->pool);
    if (fb_role_seed(NULL, db, cli->pool, &error) != APR_SUCCESS) {
        return fb_cli_fail_error(cli, &error);
    }
    if (fb_cli_has(cli, "roles-only")) {
        return FB_CLI_OK;
    }
    if (fb_user_count_admins(&admins, db, cli->pool, &error) != APR_SUCCESS) {
        return fb_cli_fail_error(cli, &error);
    }
    return admins > 0 ? FB_CLI_OK : create_admin(cli, db, at);
}

static int run_setup_dev(fb_cli *cli)
{
    if (fb_settings_in_production(cli->settings)) {
        return fb_cli_fail(cli, "this is a production site: use setup-prod");
    }
    return set_up(cli, STAGE_DEVELOPMENT);
}

static int run_setup_prod(fb_cli *cli)
{
    return set_up(cli, STAGE_PRODUCTION);
}

static const fb_cli_option setup_options[] = {
    { "roles-only", 0, NULL, "Make the roles, but no administrator." },
    { 0 },
};

const fb_cli_command fb_cli_setup_commands[] = {
    { .name = "setup-dev",
      .summary = "Make the roles and a first administrator for development",
      .doc = "When there are no roles: User (the default) and Administrator. When there is no "
             "administrator: one with the address ADMIN_EMAIL and the password ADMIN_PASSWORD; "
             "without that a password is made and printed, this once.\n\nRun again, it changes "
             "nothing. The database must be there: run 'db upgrade' first.",
      .options = setup_options,
      .needs = FB_CLI_NEEDS_SETTINGS,
      .run = run_setup_dev },
    { .name = "setup-prod",
      .summary = "Make the roles and a first administrator for production",
      .doc = "As setup-dev, but ADMIN_EMAIL has to be set, an ADMIN_PASSWORD that is easy to guess "
             "is refused, and one that was made here must be changed at the first login.",
      .options = setup_options,
      .needs = FB_CLI_NEEDS_SETTINGS,
      .run = run_setup_prod },
    { 0 },
};
