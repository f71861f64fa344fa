/* The stored file of a job as a source of bytes in any order. */
#ifndef OBLIGOR_DOMAIN_IMPORT_SOURCE_H
#define OBLIGOR_DOMAIN_IMPORT_SOURCE_H

#include "format/range_source.h"
#include "model/job.h"
#include "store/db.h"

/* Reads through `db`, which is the source's alone while it is read. IMPORT_SOURCE_CHUNKS chunks are in memory at
 * most: a zip archive is read at its end and somewhere else. */
enum { IMPORT_SOURCE_CHUNKS = 3 };
RangeSource import_source(Arena *arena, Db *db, const Job *job);

#endif
