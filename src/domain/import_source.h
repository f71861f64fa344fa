/* The stored file of a job as a source of bytes. */
#ifndef OBLIGOR_DOMAIN_IMPORT_SOURCE_H
#define OBLIGOR_DOMAIN_IMPORT_SOURCE_H

#include "format/byte_source.h"
#include "model/job.h"
#include "store/db.h"

/* Reads chunk after chunk through `db`, which is the source's alone while it is read. One chunk is in
 * memory at a time. */
ByteSource import_source(Arena *arena, Db *db, const Job *job);

#endif
