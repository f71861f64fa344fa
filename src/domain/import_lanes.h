/* Batches side by side: on an engine whose writers do not exclude each other the predictions of several
 * batches go in at once, each in a transaction of its own, and are committed in the order of the file. */
#ifndef OBLIGOR_DOMAIN_IMPORT_LANES_H
#define OBLIGOR_DOMAIN_IMPORT_LANES_H

#include "domain/import_commit.h"
#include "domain/lanes.h"
#include "domain/pipe.h"

typedef struct ImportLanes ImportLanes;

/* Else it is one batch after the other, because of the engine or of what the job asks for. `db`: the session
 * of `commit`. */
bool import_lanes_possible(const ImportCommit *commit, const Db *db);

/* Only where it is possible. */
Error *import_lanes_open(Arena *arena, ImportCommit *commit, Db *db, ImportLanes **ret_lanes)
    MUST_CHECK;

/* Takes a batch of the pipe and gives it back to it once it is committed. Waits while all lanes are busy. An
 * error or an end other than COMMIT_DONE may be that of a batch before this one; then nothing behind that one
 * is committed, and nothing more may be added. */
Error *import_lanes_add(ImportLanes *lanes, Pipe *pipe, ImportBatch *batch, CommitEnd *ret_end)
    MUST_CHECK;

/* Waits until all that was added is committed. */
Error *import_lanes_drain(ImportLanes *lanes, Pipe *pipe, CommitEnd *ret_end) MUST_CHECK;

/* What is under way is rolled back. NULL is fine. */
void import_lanes_close(ImportLanes *lanes);

#endif
