/* Making accounts from the command line: what the families user and setup share. */
#ifndef FB_CLI_ACCOUNT_H
#define FB_CLI_ACCOUNT_H

#include "cli/command.h"
#include "store/session.h"

typedef struct fb_cli_account {
    const char *email;
    const char *first_name;
    const char *last_name;
    const char *password; /* NULL: none yet */
    const char *role;     /* NULL: the default role */
    bool confirmed;
    bool must_change;
} fb_cli_account;

/* FB_CLI_OK when the password may be used; else the policy's sentence is in *reason. */
bool fb_cli_password_good(fb_cli *cli, const char **reason, const char *password,
                          const char *first_name, const char *last_name, const char *email);
/* The hash to store for a password. */
apr_status_t fb_cli_hash(fb_cli *cli, fb_str *hash, const char *password,
                         fb_error *error) FB_MUST_CHECK;
/* Creates the account, and the roles when there is none at all (SPEC M5). FB_ECONFLICT: taken;
 * FB_EINVALID: a field or the role is wrong. */
apr_status_t fb_cli_create_account(fb_cli *cli, apr_int64_t *id, fb_db *db,
                                   const fb_cli_account *account, fb_error *error) FB_MUST_CHECK;

#endif
