/* The command add-fake-data: users to try a site with, up to a million (SPEC C7, M8). */
#include "cli/account.h"
#include "cli/database.h"

#include <apr_strings.h>

#include "base/banned.h"

/* Rows of one transaction: what an interrupted run keeps is a multiple of it. */
#define BATCH     10000
#define COUNT_MAX 100000000

static const char *const first_names[] = {
    "Ada",   "Alan",   "Amara",  "Anders", "Anja",  "Bela",  "Bruno", "Carla",  "Chen",  "Dalia",
    "David", "Dina",   "Edith",  "Elif",   "Emil",  "Esra",  "Farid", "Fiona",  "Goran", "Grace",
    "Hana",  "Henri",  "Ines",   "Ivan",   "Jana",  "Jorge", "Kaito", "Karin",  "Kofi",  "Lea",
    "Liam",  "Lucia",  "Malik",  "Marta",  "Mina",  "Nadia", "Niels", "Noor",   "Olga",  "Omar",
    "Paula", "Priya",  "Rafael", "Rosa",   "Samir", "Selma", "Sofia", "Tariq",  "Tessa", "Timo",
    "Uma",   "Viktor", "Wanda",  "Xavier", "Yara",  "Yusuf", "Zofia", "Zoltan",
};
static const char *const last_names[] = {
    "Abbott", "Adeyemi", "Ahmed",    "Andersen", "Bauer",    "Becker",  "Bianchi", "Brandt",
    "Carter", "Chavez",  "Costa",    "Dubois",   "Eriksen",  "Evans",   "Ferrari", "Fischer",
    "Garcia", "Gupta",   "Haas",     "Hoffmann", "Horvat",   "Ibrahim", "Ito",     "Jansen",
    "Jensen", "Kaplan",  "Kim",      "Kowalski", "Kumar",    "Larsen",  "Lopez",   "Mensah",
    "Meyer",  "Moreau",  "Nakamura", "Novak",    "Nowak",    "Okafor",  "Olsen",   "Park",
    "Petrov", "Quinn",   "Rossi",    "Sato",     "Schmidt",  "Silva",   "Singh",   "Sokolov",
    "Tanaka", "Thomas",  "Ueda",     "Vargas",   "Virtanen", "Weber",   "Wright",  "Yilmaz",
};
static const char *const domains[] = { "example.com", "example.net", "example.org" };

#define COUNT_OF(array) ((apr_uint64_t)(sizeof(array) / sizeof((array)[0])))

typedef struct faking {
    fb_cli *cli;
    fb_db *db;
    apr_int64_t role_id;
    fb_str hash;
    apr_time_t now;
} faking;

/* A user of random numbers. The address holds 40 of their bits: among a million users two will be
 * alike now and then, and the row is tried again with other numbers. */
static apr_status_t add_one(const faking *f, apr_pool_t *pool, fb_error *error)
{
    struct {
        unsigned char uid[FB_USER_UID_LEN / 2];
        apr_uint64_t picks;
    } drawn;
    apr_int64_t id;
    apr_status_t status;
    do {
        status = fb_random_fill(&fb_random_openssl, &drawn, sizeof(drawn));
        if (status != APR_SUCCESS) {
            return fb_error_set(error, status, "the random generator does not work");
        }
        apr_uint64_t picks = drawn.picks >> 40;
        const char *first = first_names[picks % COUNT_OF(first_names)];
        picks /= COUNT_OF(first_names);
        const char *last = last_names[picks % COUNT_OF(last_names)];
        picks /= COUNT_OF(last_names);
        const fb_user_new fields = {
            .uid = fb_hex_encode(pool, drawn.uid, sizeof(drawn.uid)),
            .first_name = fb_str_from(first),
            .last_name = fb_str_from(last),
            .email = fb_str_lower_ascii(
                pool, fb_str_printf(pool, "%s.%s.%" APR_UINT64_T_FMT "@%s", first, last,
                                    drawn.picks & APR_UINT64_C(0xffffffffff),
                                    domains[picks % COUNT_OF(domains)])),
            .password_hash = f->hash,
            .role_id = f->role_id,
            .confirmed = true,
        };
        status = fb_user_create(&id, f->db, &fields, f->now, pool, error);
    } while (status == FB_ECONFLICT);
    return status;
}

static apr_status_t add_batch(const faking *f, apr_int64_t count, apr_pool_t *pool, fb_error *error)
{
    apr_pool_t *row_pool;
    apr_status_t status = apr_pool_create(&row_pool, pool);
    if (status == APR_SUCCESS) {
        status = fb_db_begin(f->db, error);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    for (apr_int64_t i = 0; status == APR_SUCCESS && i < count; i++) {
        apr_pool_clear(row_pool);
        status = add_one(f, row_pool, error);
    }
    apr_pool_destroy(row_pool);
    return fb_db_end(f->db, status, error);
}

/* One hash of a password that nobody knows serves for all: a million would take a day. */
static apr_status_t prepare(faking *f, fb_error *error)
{
    unsigned char secret[24];
    fb_role *role;
    apr_status_t status = fb_role_seed(NULL, f->db, f->cli->pool, error);
    if (status == APR_SUCCESS) {
        status = fb_role_find_default(&role, f->db, f->cli->pool, error);
    }
    if (status == FB_ENOTFOUND) {
        return fb_error_set(error, FB_EINVALID, "there is no default role");
    }
    if (status == APR_SUCCESS) {
        f->role_id = role->id;
        status = fb_random_fill(&fb_random_openssl, secret, sizeof(secret));
    }
    if (status == APR_SUCCESS) {
        const fb_str password = fb_base64url_encode(f->cli->pool, secret, sizeof(secret));
        status = fb_cli_hash(f->cli, &f->hash, fb_str_to_z(f->cli->pool, password), error);
    }
    return status;
}

static int run_add_fake_data(fb_cli *cli)
{
    faking f = { .cli = cli, .now = apr_time_now() };
    fb_error error;
    apr_int64_t count = 10;
    apr_int64_t done = 0;
    if (!fb_cli_option_int(cli, &count, "count", 1, COUNT_MAX)) {
        return FB_CLI_USAGE;
    }
    if (fb_settings_in_production(cli->settings) &&
        !fb_cli_confirm(cli, apr_psprintf(cli->pool,
                                          "This adds %" APR_INT64_T_FMT
                                          " made-up users to a production database.",
                                          count))) {
        return FB_CLI_FAILED;
    }
    const int opened = fb_cli_database(cli, &f.db);
    if (opened != FB_CLI_OK) {
        return opened;
    }
    fb_error_init(&error, cli->pool);
    apr_status_t status = prepare(&f, &error);
    while (status == APR_SUCCESS && done < count) {
        const apr_int64_t batch = count - done < BATCH ? count - done : BATCH;
        status = add_batch(&f, batch, cli->pool, &error);
        done += status == APR_SUCCESS ? batch : 0;
        fb_cli_progress(cli, "users", (apr_uint64_t)done, (apr_uint64_t)count);
    }
    if (status != APR_SUCCESS) {
        (void)fb_cli_fail_error(cli, &error);
        return fb_cli_fail(cli, "%" APR_INT64_T_FMT " of %" APR_INT64_T_FMT " users were added",
                           done, count);
    }
    fb_cli_print(cli, "added %" APR_INT64_T_FMT " users\n", count);
    return FB_CLI_OK;
}

static const fb_cli_option fake_options[] = {
    { "count", 'n', "N", "How many; 10 if not given." },
    { "yes", 'y', NULL, "Do not ask." },
    { 0 },
};

const fb_cli_command fb_cli_fake_commands[] = {
    { .name = "add-fake-data",
      .summary = "Add made-up users to try the site with",
      .doc = "Confirmed users of the default role, with plausible names and unique addresses under "
             "example.com, example.net and example.org. Nobody knows their password. In production "
             "it asks first.",
      .options = fake_options,
      .needs = FB_CLI_NEEDS_SETTINGS,
      .run = run_add_fake_data },
    { 0 },
};
