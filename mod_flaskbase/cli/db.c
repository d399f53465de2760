/* Commands about the schema: db upgrade, downgrade, current, history, migrate; recreate-db. */
#include "cli/database.h"

#include "base/clock.h"
#include "base/num.h"
#include "store/migrate.h"
#include "store/user.h"

#include <apr_strings.h>

#include "base/banned.h"

#define JSON_MAX ((apr_size_t)4 * 1024 * 1024)

static const char *schema_dir(fb_cli *cli)
{
    return fb_settings_paths(cli->settings)->schema;
}

static const char *day_and_time(fb_cli *cli, apr_time_t time)
{
    char text[FB_CLOCK_ISO_SIZE];
    if (time == 0) {
        return NULL;
    }
    fb_clock_iso(text, time);
    return apr_pstrdup(cli->pool, text);
}

static void tell_step(void *baton, const fb_migration *migration, fb_migrate_direction direction)
{
    fb_cli_print(baton, "%s %04d %s\n", direction == FB_MIGRATE_UP ? "upgrade to" : "undo",
                 migration->version, migration->name);
}

static int migrate_to(fb_cli *cli, fb_db *db, int to)
{
    fb_error error;
    fb_error_init(&error, cli->pool);
    const apr_status_t status =
        fb_migrate_to(db, schema_dir(cli), to, apr_time_now(), tell_step, cli, cli->pool, &error);
    return status == APR_SUCCESS ? FB_CLI_OK : fb_cli_fail_error(cli, &error);
}

static int load(fb_cli *cli, fb_migrations **all, fb_db *db)
{
    fb_error error;
    fb_error_init(&error, cli->pool);
    const apr_status_t status = fb_migrate_load(all, db, schema_dir(cli), cli->pool, &error);
    return status == APR_SUCCESS ? FB_CLI_OK : fb_cli_fail_error(cli, &error);
}

/* The operand: a number, "head" or "base"; untouched without one. */
static bool version_operand(fb_cli *cli, int *version)
{
    const char *text = fb_cli_operand(cli, 0);
    apr_int64_t number;
    if (text == NULL) {
        return true;
    }
    const fb_str operand = fb_str_from(text);
    if (fb_str_eq_z(operand, "head")) {
        *version = -1;
    } else if (fb_str_eq_z(operand, "base")) {
        *version = 0;
    } else if (fb_num_range(&number, operand, 0, 9999) == APR_SUCCESS) {
        *version = (int)number;
    } else {
        (void)fb_cli_usage(cli, "'%s' is no version: give a number, 'head' or 'base'", text);
        return false;
    }
    return true;
}

static void tell_left(void *baton, apr_int64_t id, fb_str email, apr_status_t why)
{
    fb_cli *cli = baton;
    fb_cli_warn(cli,
                why == FB_ECONFLICT
                    ? "user %" APR_INT64_T_FMT " (%.*s) has another user's address in other "
                      "letters: it logs in only with exactly these"
                    : "user %" APR_INT64_T_FMT " (%.*s) has no valid address: it logs in only with "
                      "exactly this text",
                id, FB_STR_ARG(email));
}

/* Rows that flask-base or a person wrote get what the module needs (SPEC M10). */
static int sweep(fb_cli *cli, fb_db *db)
{
    fb_error error;
    apr_int64_t filled;
    fb_error_init(&error, cli->pool);
    if (fb_migrate_check(db, cli->pool, &error) != APR_SUCCESS) {
        return FB_CLI_OK; /* not at this program's version: its columns may not be there */
    }
    return fb_user_sweep_emails(&filled, db, tell_left, cli, cli->pool, &error) == APR_SUCCESS
               ? FB_CLI_OK
               : fb_cli_fail_error(cli, &error);
}

/* ---- commands ---- */

static int run_upgrade(fb_cli *cli)
{
    fb_db *db;
    fb_migrations *all;
    int to = -1;
    if (!version_operand(cli, &to)) {
        return FB_CLI_USAGE;
    }
    int status = fb_cli_open_database(cli, &db, FB_DB_CREATE);
    if (status == FB_CLI_OK) {
        status = load(cli, &all, db);
    }
    if (status != FB_CLI_OK) {
        return status;
    }
    if (to >= 0 && to < all->current) {
        return fb_cli_fail(cli, "the database is at %04d already; to go back, use 'db downgrade'",
                           all->current);
    }
    status = migrate_to(cli, db, to);
    return status == FB_CLI_OK ? sweep(cli, db) : status;
}

static int run_downgrade(fb_cli *cli)
{
    fb_db *db;
    fb_migrations *all;
    int to = -2;
    if (!version_operand(cli, &to)) {
        return FB_CLI_USAGE;
    }
    if (fb_settings_in_production(cli->settings) &&
        !fb_cli_confirm(cli, "This removes tables or columns, with what is in them, from a "
                             "production database.")) {
        return FB_CLI_FAILED;
    }
    int status = fb_cli_open_database(cli, &db, FB_DB_EXISTING);
    if (status == FB_CLI_OK) {
        status = load(cli, &all, db);
    }
    if (status != FB_CLI_OK) {
        return status;
    }
    to = to == -2 ? all->current - 1 : to;
    if (to < 0 || to >= all->current) {
        return fb_cli_fail(cli, "the database is at %04d: there is nothing to undo", all->current);
    }
    return migrate_to(cli, db, to);
}

static void put_migration(fb_cli *cli, fb_json_writer *w, const fb_migration *item)
{
    fb_json_begin_object(w);
    fb_json_put_key(w, "version");
    fb_json_put_int64(w, item->version);
    fb_json_put_key(w, "name");
    fb_json_put_z(w, item->name);
    fb_json_put_key(w, "applied_at");
    fb_json_put_z(w, day_and_time(cli, item->applied_at));
    fb_json_end(w);
}

static int run_current(fb_cli *cli)
{
    fb_db *db;
    fb_migrations *all;
    int status = fb_cli_open_database(cli, &db, FB_DB_EXISTING);
    if (status == FB_CLI_OK) {
        status = load(cli, &all, db);
    }
    if (status != FB_CLI_OK) {
        return status;
    }
    const fb_migration *item = all->current > 0 ? &all->items[all->current - 1] : NULL;
    if (fb_cli_has(cli, "json")) {
        fb_buf out;
        fb_json_writer w;
        fb_buf_init(&out, cli->pool, JSON_MAX);
        fb_json_writer_init(&w, &out, FB_JSON_PRETTY);
        fb_json_begin_object(&w);
        fb_json_put_key(&w, "version");
        fb_json_put_int64(&w, all->current);
        fb_json_put_key(&w, "name");
        fb_json_put_z(&w, item != NULL ? item->name : NULL);
        fb_json_put_key(&w, "newest");
        fb_json_put_int64(&w, all->count);
        fb_json_put_key(&w, "expected");
        fb_json_put_int64(&w, fb_schema_version_expected);
        fb_json_end(&w);
        return fb_cli_print_json(cli, &out);
    }
    fb_cli_print(cli, "%04d %s%s\n", all->current, item != NULL ? item->name : "empty",
                 all->current == all->count ? " (head)" : "");
    return FB_CLI_OK;
}

static int run_history(fb_cli *cli)
{
    fb_db *db;
    fb_migrations *all;
    int status = fb_cli_open_database(cli, &db, FB_DB_EXISTING);
    if (status == FB_CLI_OK) {
        status = load(cli, &all, db);
    }
    if (status != FB_CLI_OK) {
        return status;
    }
    if (fb_cli_has(cli, "json")) {
        fb_buf out;
        fb_json_writer w;
        fb_buf_init(&out, cli->pool, JSON_MAX);
        fb_json_writer_init(&w, &out, FB_JSON_PRETTY);
        fb_json_begin_array(&w);
        for (int i = 0; i < all->count; i++) {
            put_migration(cli, &w, &all->items[i]);
        }
        fb_json_end(&w);
        return fb_cli_print_json(cli, &out);
    }
    const char **cells = apr_pcalloc(cli->pool, 3 * ((apr_size_t)all->count + 1) * sizeof(*cells));
    cells[0] = "VERSION";
    cells[1] = "NAME";
    cells[2] = "APPLIED";
    for (int i = 0; i < all->count; i++) {
        const char *applied = day_and_time(cli, all->items[i].applied_at);
        cells[3 * i + 3] = apr_psprintf(cli->pool, "%04d", all->items[i].version);
        cells[3 * i + 4] = all->items[i].name;
        cells[3 * i + 5] = applied != NULL ? applied : "no";
    }
    fb_cli_table(cli, cells, 3, (apr_size_t)all->count + 1);
    return FB_CLI_OK;
}

static int run_migrate(fb_cli *cli)
{
    const char *paths[4];
    fb_error error;
    const char *text = fb_cli_option_value(cli, "message");
    if (text == NULL) {
        return fb_cli_usage(cli, "what does the migration do? Say it with -m TEXT");
    }
    fb_error_init(&error, cli->pool);
    if (fb_migrate_create(paths, schema_dir(cli), fb_str_from(text), cli->pool, &error) !=
        APR_SUCCESS) {
        return fb_cli_fail_error(cli, &error);
    }
    for (int i = 0; i < 4; i++) {
        fb_cli_print(cli, "%s\n", paths[i]);
    }
    return FB_CLI_OK;
}

static int run_recreate(fb_cli *cli)
{
    fb_db *db;
    if (fb_settings_in_production(cli->settings)) {
        return fb_cli_fail(cli, "this is a production site: its database is never recreated");
    }
    const char *shown = fb_settings_database(cli->settings)->shown;
    if (!fb_cli_confirm(cli, apr_psprintf(cli->pool, "This deletes everything in %s.", shown))) {
        return FB_CLI_FAILED;
    }
    int status = fb_cli_open_database(cli, &db, FB_DB_CREATE);
    if (status == FB_CLI_OK) {
        status = migrate_to(cli, db, 0);
    }
    return status == FB_CLI_OK ? migrate_to(cli, db, -1) : status;
}

static const fb_cli_option json_options[] = {
    { "json", 0, NULL, "Write JSON." },
    { 0 },
};
static const fb_cli_option yes_options[] = {
    { "yes", 'y', NULL, "Do not ask." },
    { 0 },
};
static const fb_cli_option migrate_options[] = {
    { "message", 'm', "TEXT", "What the migration does; becomes part of the files' names." },
    { 0 },
};

const fb_cli_command fb_cli_db_commands[] = {
    { .name = "db upgrade",
      .operands = "[VERSION]",
      .max_operands = 1,
      .summary = "Create the database, or bring it to the newest schema",
      .doc =
          "Applies the migrations of the schema folder that the database does not have yet, "
          "each in a transaction: one that fails leaves nothing behind. VERSION is a number, or "
          "'head' for the newest.\n\nA missing SQLite file is made with mode 0600, its folder "
          "with 0700. Root acts as the owner of the file or folder.\n\nUsers whom another program "
          "inserted get their canonical address; those whose address differs from another "
          "user's in letter case only are named, and stay as they are.",
      .needs = FB_CLI_NEEDS_SETTINGS,
      .run = run_upgrade },
    { .name = "db downgrade",
      .operands = "[VERSION]",
      .max_operands = 1,
      .summary = "Undo the last migration, or those behind VERSION",
      .doc = "What the undone migrations had added is deleted, with the data in it. VERSION is a "
             "number, or 'base' for an empty database. In production it asks first.",
      .options = yes_options,
      .needs = FB_CLI_NEEDS_SETTINGS,
      .run = run_downgrade },
    { .name = "db current",
      .summary = "Show the database's version",
      .doc =
          "The number and name of the last migration that was applied; (head) says that there is "
          "no newer one.",
      .options = json_options,
      .needs = FB_CLI_NEEDS_SETTINGS,
      .run = run_current },
    { .name = "db history",
      .summary = "List the migrations and when each was applied",
      .doc = "Those of the schema folder, and those that only the database knows.",
      .options = json_options,
      .needs = FB_CLI_NEEDS_SETTINGS,
      .run = run_history },
    { .name = "db migrate",
      .summary = "Make the next pair of empty migration files",
      .doc = "Writes NNNN_text.up.sql and NNNN_text.down.sql for SQLite and for PostgreSQL, prints "
             "their names and changes no database. Fill all four, rebuild (the program knows the "
             "number of the last migration), then run 'db upgrade'.",
      .options = migrate_options,
      .needs = FB_CLI_NEEDS_SETTINGS,
      .run = run_migrate },
    { .name = "recreate-db",
      .summary = "Delete all tables and create them anew",
      .doc = "Everything in the database is lost. Refused in production; asks elsewhere.",
      .options = yes_options,
      .needs = FB_CLI_NEEDS_SETTINGS,
      .run = run_recreate },
    { 0 },
};
