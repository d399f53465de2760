/* Making accounts: policy, hash, uid, row. */
#include "cli/account.h"

#include "web/password.h"
#include "web/site.h"

#include "base/banned.h"

static fb_site_config *site_config(fb_cli *cli)
{
    fb_site_config *config = apr_pcalloc(cli->pool, sizeof(*config));
    fb_site_config_load(config, cli->settings, NULL, 0, cli->pool);
    return config;
}

bool fb_cli_password_good(fb_cli *cli, const char **reason, const char *password,
                          const char *first_name, const char *last_name, const char *email)
{
    const fb_site_config *config = site_config(cli);
    const fb_str words[] = { fb_str_from(first_name), fb_str_from(last_name), fb_str_from(email),
                             fb_str_from(config->app_name) };
    const fb_password_policy policy = { config->password_score, words,
                                        sizeof(words) / sizeof(words[0]) };
    return fb_password_check(reason, fb_str_from(password), &policy, cli->pool) == APR_SUCCESS;
}

apr_status_t fb_cli_hash(fb_cli *cli, fb_str *hash, const char *password, fb_error *error)
{
    unsigned char seed[16];
    const fb_crypto *crypto;
    apr_status_t status = fb_cli_crypto(cli, &crypto, error);
    if (status != APR_SUCCESS) {
        return status;
    }
    status = fb_random_fill(&fb_random_openssl, seed, sizeof(seed));
    if (status != APR_SUCCESS) {
        return fb_error_set(error, status, "the random generator does not work");
    }
    return fb_password_hash(hash, crypto, fb_str_from(password), seed, &site_config(cli)->cost,
                            cli->pool, error);
}

static apr_status_t find_role(fb_role **role, fb_db *db, const char *name, apr_pool_t *pool,
                              fb_error *error)
{
    const apr_status_t status =
        name == NULL ? fb_role_find_default(role, db, pool, error)
                     : fb_role_find_by_name(role, db, fb_str_from(name), pool, error);
    if (status != FB_ENOTFOUND) {
        return status;
    }
    return name == NULL
               ? fb_error_set(error, FB_EINVALID, "there is no default role: name one with --role")
               : fb_error_set(error, FB_EINVALID, "there is no role '%s'", name);
}

apr_status_t fb_cli_create_account(fb_cli *cli, apr_int64_t *id, fb_db *db,
                                   const fb_cli_account *account, fb_error *error)
{
    unsigned char uid[FB_USER_UID_LEN / 2];
    fb_role *role;
    fb_user_new fields = {
        .first_name = fb_str_from(account->first_name),
        .last_name = fb_str_from(account->last_name),
        .email = fb_str_from(account->email),
        .confirmed = account->confirmed,
        .must_change_password = account->must_change,
    };
    apr_status_t status = fb_role_seed(NULL, db, cli->pool, error);
    if (status == APR_SUCCESS) {
        status = find_role(&role, db, account->role, cli->pool, error);
    }
    if (status == APR_SUCCESS) {
        status = fb_random_fill(&fb_random_openssl, uid, sizeof(uid));
    }
    if (status == APR_SUCCESS && account->password != NULL) {
        status = fb_cli_hash(cli, &fields.password_hash, account->password, error);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    fields.uid = fb_hex_encode(cli->pool, uid, sizeof(uid));
    fields.role_id = role->id;
    return fb_user_create(id, db, &fields, apr_time_now(), cli->pool, error);
}
