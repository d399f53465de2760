/* Help, manual page and reference, all from the table of commands. */
#ifndef FB_CLI_HELP_H
#define FB_CLI_HELP_H

#include "cli/command.h"

/* Help of one command; with `command` NULL, of the commands whose name starts with the word
 * `prefix`, or (NULL) the list of all. On stdout. */
void fb_cli_help(fb_cli *cli, const fb_cli_command *command, const char *prefix);

#endif
