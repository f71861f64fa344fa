/* The way from the command line to the domain: the database of --db, and who is acting. */
#ifndef OBLIGOR_CLI_ACCESS_H
#define OBLIGOR_CLI_ACCESS_H

#include "cli/cli.h"
#include "domain/accounts.h"
#include "store/db.h"

/* Opens the database, with the audit keys of --audit-key-file, as the command's table row says (DatabaseNeed). An older schema that is not
 * to be migrated here is ERROR_CONFLICT, and says how to. The session closes with the arena. */
Error *access_open(Cli *cli, Db **ret_db) MUST_CHECK;

/* Opens it for a command of DATABASE_EXISTING that reads all there is and changes nothing. */
Error *access_open_to_read(Cli *cli, Db **ret_db) MUST_CHECK;

/* Opens it and looks at nothing: for `migrate`. */
Error *access_open_raw(Cli *cli, DbOptions options, Db **ret_db) MUST_CHECK;

/* Needs no server of its own: its file belongs to this machine. */
bool access_is_embedded(const Db *db);

/* The operator of this machine: administration. */
Principal *access_operator(Cli *cli);

/* The user of --user, who must be there, verified and active. */
Error *access_user(Cli *cli, Db *db, Principal **ret_principal) MUST_CHECK;

/* A user by address: ERROR_NOT_FOUND when there is none. */
Error *access_find_user(Cli *cli, Db *db, Str email, User **ret_user) MUST_CHECK;

/* The owner of --owner: an id, the address of a user, or `system`. */
Error *access_owner(Cli *cli, Db *db, Uuid *ret_owner) MUST_CHECK;

/* "user@host" of the system, as the audit trail notes it. */
const char *access_address(Arena *arena);

#endif
