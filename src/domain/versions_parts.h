/* For versions*.c alone: how rows that change places are held and flagged. */
#ifndef OBLIGOR_DOMAIN_VERSIONS_PARTS_H
#define OBLIGOR_DOMAIN_VERSIONS_PARTS_H

#include "base/vec.h"
#include "domain/versions.h"

typedef VEC(Uuid) Ids;

/* Sorted and each once: everybody locks in this order. */
void versions_sort_ids(Ids *ids);

/* A job and whether it was found to hide a row with such a link: recorded rows may be hidden while inferred ones
 * are not. */
typedef struct SeenJob {
    Uuid id;
    JobLink link;
    bool hidden;
} SeenJob;
typedef VEC(SeenJob) SeenJobs;

/* Locks them and raises their revisions: each must still be as it was found, else ERROR_RETRY. */
Error *versions_lock_jobs(Arena *arena, Db *db, Uuid owner_id, SeenJobs *jobs) MUST_CHECK;

/* Sets is_current of the rows: all of them must change, else ERROR_RETRY. */
Error *versions_set_flags(Arena *arena, Db *db, Kind kind, Uuid owner_id, const Ids *ids,
                          bool current) MUST_CHECK;

/* ERROR_RETRY: somebody else was quicker. */
Error *versions_moved(Arena *arena);

#endif
