/* The stored file is read as the import read it, up to the last row that is wanted, beside the list of those that
 * are: two streams in the order of the file. */
#include "domain/row_export.h"

#include "domain/audit.h"
#include "domain/import_batch.h"
#include "domain/import_source.h"
#include "domain/jobs.h"
#include "domain/row_cells.h"
#include "domain/row_file.h"
#include "format/json_out.h"
#include "store/job_store.h"

enum { OURS = 3, CELLS_BEYOND_MAX = 256 }; /* a row has no more cells than that (csv.h, xlsx.h) */

typedef struct RowExport {
    Arena *arena;
    Arena *row; /* of the row at hand */
    Db *db;
    const RowExportRequest *request;
    Job *job; /* as the snapshot has it */
    Table *table;
    RowColumns columns;
    int64_t header_row;
    RowsWanted *wanted;
    TableOut *out;
} RowExport;

/* --- the file ---------------------------------------------------------------------------------- */

/* A file that was never read has no rows that could have failed. How much of it may be unpacked was judged then. */
static Error *unreadable(Arena *arena, Error *error)
{
    if (error == NULL || !import_file_fault(error))
        return error;
    return error_with_reason(ERROR(arena, ERROR_CONFLICT,
                                   "The file of this job cannot be read as a table, so there are "
                                   "no rows of it to hand out. %s",
                                   error->message),
                             "file_unreadable");
}

/* Whatever has been read by an import was within its limits; nothing else is opened here. */
static Error *refuse_unread(Arena *arena, const Job *job)
{
    if (job->counters.resume_row > 0)
        return NULL;
    if (job->error_message == NULL)
        return error_with_reason(ERROR(arena, ERROR_CONFLICT,
                                       "The file of this job has not been read yet. Wait until the "
                                       "job is at work, and ask again."),
                                 "not_read_yet");
    return error_with_reason(
        ERROR(arena, ERROR_CONFLICT,
              "No row of the file of this job could be read, so there are none to hand out. %s",
              job->error_message),
        "file_unreadable");
}

static Error *open_file(RowExport *export)
{
    Arena *arena = export->arena;
    TableRow header;
    TRY(refuse_unread(arena, export->job));
    RangeSource source = import_source(arena, export->db, export->job);
    RowColumns *columns = &export->columns;
    columns->kind = export->job->kind;
    columns->cap_unit = export->job->options.market_cap_unit;
    columns->typed = export->request->format == TABLE_XLSX;
    TRY(unreadable(
        arena, import_table_open(arena, source, &export->job->options, INT64_MAX, &export->table)));
    columns->decimal = import_table_decimal(export->table, &export->job->options);
    TRY(unreadable(arena, import_table_header(arena, export->table, &header)));
    TRY(unreadable(arena, row_cells_columns(arena, &header, columns)));
    export->header_row = header.number;
    return NULL;
}

/* Goes on to the row of that number: the import has been there. */
static Error *find_row(RowExport *export, int64_t number, TableRow *ret_row)
{
    bool more = true;
    do {
        arena_rewind(export->row, (ArenaMark){0});
        Error *error = table_next(export->table, export->row, ret_row, &more);
        if (error != NULL && !import_file_fault(error))
            return error;
        if (error != NULL || !more || ret_row->number > number)
            return error_because(ERROR(export->row, ERROR_INTERNAL,
                                       "The stored file of this job is not read as it was when it "
                                       "was imported: row %lld is missing.",
                                       (long long)number),
                                 error);
    } while (ret_row->number < number);
    return NULL;
}

/* --- rows -------------------------------------------------------------------------------------- */

static Error *open_out(RowExport *export, ByteSink sink)
{
    static const char *const ours[OURS] = {ROW_FILE_JOB, ROW_FILE_ROW, ROW_FILE_PROBLEMS};
    const RowColumns *columns = &export->columns;
    Str *names = ARENA_ARRAY(export->arena, Str, columns->count + OURS);
    for (size_t i = 0; i < columns->count; i++)
        names[i] = columns->names[i];
    for (size_t i = 0; i < OURS; i++)
        names[columns->count + i] = str_from(ours[i]);
    const TableSpec spec = {.format = export->request->format,
                            .name = FATE_WORDS[export->request->fate],
                            .columns = names,
                            .count = columns->count + OURS,
                            .most = columns->count + OURS + CELLS_BEYOND_MAX};
    return table_out_open(export->arena, &spec, sink, &export->out);
}

static Error *write_row(RowExport *export, const WantedRow *wanted, const TableRow *row)
{
    Arena *arena = export->row;
    RowCells found = row_cells_make(arena, &export->columns, row);
    size_t own = export->columns.count, count = own + OURS + found.beyond_count;
    TableCell *cells = ARENA_ARRAY(arena, TableCell, count);
    for (size_t i = 0; i < own; i++)
        cells[i] = found.own[i];
    cells[own] = table_text(str_from(uuid_text(arena, export->job->id)));
    cells[own + 1] = table_number((double)wanted->row);
    cells[own + 2] = table_text(wanted->problems);
    for (size_t i = 0; i < found.beyond_count; i++)
        cells[own + OURS + i] = found.beyond[i];
    return table_out_wide_row(export->out, arena, cells, count);
}

static Error *write_rows(RowExport *export)
{
    WantedRow wanted;
    bool found = false;
    for (;;) {
        TableRow row;
        TRY(rows_wanted_next(export->wanted, export->row, &wanted, &found));
        if (!found)
            return table_out_end(export->out, export->row);
        if (wanted.row <= export->header_row) /* what is said of the header */
            continue;
        TRY(find_row(export, wanted.row, &row));
        TRY(write_row(export, &wanted, &row));
    }
}

static Error *write_all(RowExport *export, ByteSink sink)
{
    Arena *arena = export->arena;
    const Job *job = export->request->job;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(export->db, arena, TX_READ, &tx));
    TRY(jobs_find(arena, export->db, job->owner_id, job->id, &export->job));
    if (export->job == NULL)
        return ERROR(arena, ERROR_NOT_FOUND, "There is no such job.");
    TRY(jobs_file_kept(arena, export->db, export->job));
    TRY(rows_wanted_open(arena, export->db, export->job, export->request->fate, &export->wanted));
    TRY(open_file(export));
    TRY(open_out(export, sink));
    TRY(error_copy(arena, write_rows(export)));
    return tx_commit(&tx, arena);
}

/* --- the trail --------------------------------------------------------------------------------- */

static const char *details(Arena *arena, const RowExportRequest *request)
{
    Buf text = buf_new(arena, 1024);
    JsonOut out = json_out_new(&text);
    json_begin_object(&out, NULL);
    json_put_text(&out, "kind", kind_spec(request->job->kind)->word);
    json_put_text(&out, "format", TABLE_FORMAT_WORDS[request->format]);
    json_put_text(&out, "outcome", FATE_WORDS[request->fate]);
    json_end_object(&out);
    json_out_close(&out);
    return str_dup(arena, buf_str(&text));
}

static Error *note(Arena *arena, Db *db, const Principal *who, const RowExportRequest *request,
                   int64_t rows)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(audit_write(arena, db, who,
                    (AuditNote){.owner_id = request->job->owner_id,
                                .action = "job.rows_exported",
                                .object_kind = "job",
                                .object_id = request->job->id,
                                .count = rows,
                                .details = details(arena, request)}));
    return tx_commit(&tx, arena);
}

Error *row_export(Arena *arena, Db *db, const Principal *who, const RowExportRequest *request,
                  ByteSink sink, int64_t *ret_rows)
{
    RowExport export = {.arena = arena, .row = arena_child(arena), .db = db, .request = request};
    TRY(write_all(&export, sink));
    int64_t rows = table_out_rows(export.out);
    TRY(note(arena, db, who, request, rows));
    *ret_rows = rows;
    return NULL;
}
