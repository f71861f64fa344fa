/* Bringing the schema up to date. */
#ifndef OBLIGOR_STORE_MIGRATE_H
#define OBLIGOR_STORE_MIGRATE_H

#include "store/db.h"

typedef struct SchemaState {
    int version; /* 0: an empty database */
    int latest;  /* what this binary knows */
} SchemaState;

/* ERROR_CONFLICT when the schema is newer than the binary, when a migration that was applied has since
 * changed, or when the database belongs to the described (legacy) system, which has tables of the same
 * names and no schema_migrations. */
Error *migrate_state(Arena *arena, Db *db, SchemaState *ret_state) MUST_CHECK;

/* Applies what is missing, each migration in one transaction; *ret_applied of them. */
Error *migrate_up(Arena *arena, Db *db, int *ret_applied) MUST_CHECK;

/* Inside a write transaction: keeps other processes from changing the schema until its end. */
Error *migrate_lock(Arena *arena, Db *db) MUST_CHECK;

/* Name of migration `version` (1-based), or NULL. */
const char *migrate_name(int version);

#endif
