/* Placing the tables on the machines of a Citus cluster: `obligor migrate --distributed`.
 *
 * All rows of an owner lie together on one machine, so that a transaction of an owner is one machine's
 * matter. What all owners share and hardly anybody writes is kept on each machine; what is written often
 * and belongs to no owner stays on the coordinator. */
#ifndef OBLIGOR_STORE_DISTRIBUTE_H
#define OBLIGOR_STORE_DISTRIBUTE_H

#include "store/db.h"

typedef enum Placement {
    PLACEMENT_REFERENCE, /* a copy on each machine; writes to it exclude each other */
    PLACEMENT_BY_OWNER,  /* each owner's rows on one machine */
    PLACEMENT_LOCAL,     /* on the coordinator, and Citus knows of it */
    PLACEMENT_NONE,      /* on the coordinator, and Citus is told nothing */
    PLACEMENT_COUNT
} Placement;

typedef struct TablePlace {
    const char *table;
    Placement placement;
    const char *column; /* of PLACEMENT_BY_OWNER: the one that holds the owner */
} TablePlace;

/* Every table of the schema, in the order in which they are placed: behind what they refer to. */
enum { TABLE_PLACE_COUNT = 26 };
extern const TablePlace TABLE_PLACES[TABLE_PLACE_COUNT];

/* How a table stands in Citus' catalogue. */
typedef struct TableStanding {
    bool known;
    Placement placement; /* PLACEMENT_COUNT: in a way that Obligor never asks for */
    const char *column;
    int64_t group; /* of tables whose rows lie together */
} TableStanding;

typedef enum PlaceState {
    PLACE_DONE,
    PLACE_MISSING,
    PLACE_WRONG /* it was placed in another way */
} PlaceState;

/* `group`: of the table that all others follow; 0 where it is not placed yet. */
PlaceState place_state(const TablePlace *wanted, const TableStanding *found, int64_t group);

/* ERROR_CONFLICT where the database cannot be distributed: another engine (reason "not_postgres"), no
 * extension ("no_citus") or one that is too old ("old_citus"). Changes nothing. */
Error *distribute_check(Arena *arena, Db *db) MUST_CHECK;

/* Which tables are not placed yet. ERROR_CONFLICT when one was placed in another way. The database has
 * passed distribute_check. */
Error *distribute_missing(Arena *arena, Db *db, bool ret_missing[TABLE_PLACE_COUNT]) MUST_CHECK;

/* Places them in one transaction, under the lock of the migrations; the schema is up to date. */
Error *distribute_up(Arena *arena, Db *db, bool ret_placed[TABLE_PLACE_COUNT]) MUST_CHECK;

#endif
