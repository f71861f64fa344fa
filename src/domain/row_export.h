/* Rows of an uploaded file on their way back to who sent it: those that failed, were skipped or left unchanged, or have
 * a warning. It is their own file, their columns in their order, with three of ours behind them (row_file.h): mended,
 * it goes in again as it is. */
#ifndef OBLIGOR_DOMAIN_ROW_EXPORT_H
#define OBLIGOR_DOMAIN_ROW_EXPORT_H

#include "domain/rows_wanted.h"
#include "format/table_out.h"
#include "model/user.h"

typedef struct RowExportRequest {
    const Job *job;
    RowFate fate;
    TableFormat format; /* CSV or XLSX */
} RowExportRequest;

/* All of it under one snapshot into `sink`, in memory that grows neither with the file nor with the rows; then the audit
 * trail says that they were handed out. *ret_rows: how many. Of a job that is still at work: those that are known so
 * far. Where a row has cells beyond the last column of its file they stand behind our three, and are refused again
 * unless they are moved to where they belong.
 *
 * ERROR_GONE where the file was purged; ERROR_CONFLICT where it cannot be read ("file_unreadable") or was not
 * noted which rows these are ("rows_not_noted"). */
Error *row_export(Arena *arena, Db *db, const Principal *who, const RowExportRequest *request,
                  ByteSink sink, int64_t *ret_rows) MUST_CHECK;

#endif
