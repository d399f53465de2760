/* The site's database as commands use it. */
#ifndef FB_CLI_DATABASE_H
#define FB_CLI_DATABASE_H

#include "cli/command.h"
#include "store/open.h"

/* Opens the database of cli->settings until cli->pool ends. Both return an exit status and have
 * printed the message when it is not FB_CLI_OK.
 * Root becomes the owner of the file, or of the folder it will be in, for the rest of the run: a
 * file of root's, or a write-ahead log of root's, would lock the server out. */
int fb_cli_open_database(fb_cli *cli, fb_db **db, fb_db_create create);
/* The same for a database that must exist and have this program's schema. */
int fb_cli_database(fb_cli *cli, fb_db **db);

#endif
