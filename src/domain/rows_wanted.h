/* The rows of a job that met one fate, in the order of its file, each with what people are told about it. */
#ifndef OBLIGOR_DOMAIN_ROWS_WANTED_H
#define OBLIGOR_DOMAIN_ROWS_WANTED_H

#include "model/job.h"
#include "store/db.h"

typedef enum RowFate {
    FATE_FAILED,
    FATE_SKIPPED,
    FATE_UNCHANGED,
    FATE_WARNED, /* has a warning, whatever became of it else */
    FATE_COUNT
} RowFate;
extern const char *const FATE_WORDS[FATE_COUNT];

typedef struct WantedRow {
    int64_t row;
    Str problems; /* until the next call */
} WantedRow;

typedef struct RowsWanted RowsWanted;

/* ERROR_CONFLICT with the reason "rows_not_noted" when the job is of before it was noted which rows these were. `job` is
 * as the snapshot has it in which all is read. */
Error *rows_wanted_open(Arena *arena, Db *db, const Job *job, RowFate fate, RowsWanted **ret_rows)
    MUST_CHECK;

/* The next, page by page; *ret_found false behind the last. Of a job, row 1 stands for the file's header. */
Error *rows_wanted_next(RowsWanted *rows, Arena *arena, WantedRow *ret_row, bool *ret_found)
    MUST_CHECK;

#endif
