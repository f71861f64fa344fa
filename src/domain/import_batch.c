/* From bytes to scored rows. Nothing here touches the database but the source that the bytes come from,
 * so that the next batch can be made while the one before it is committed. */
#include "domain/import_batch.h"

#include "base/utf8.h"
#include "domain/import_limit.h"
#include "domain/import_seen.h"
#include "domain/scoring.h"
#include "format/csv_out.h"
#include "format/text_source.h"

struct BatchReader {
    Arena *arena; /* lives as long as the reader */
    TextSource *text;
    CsvReader *csv;
    Kind kind;
    RowStyle style;
    const ScoreCard *card;
    ColumnMap map;
    ImportSeen *seen; /* NULL: nobody asks */
    ProblemList header;
    int64_t resume_row;
    int64_t last_row;
    bool header_given;
};

bool import_file_fault(const Error *error)
{
    return error->code == ERROR_INVALID || error->code == ERROR_MALFORMED ||
           error->code == ERROR_TOO_LARGE || error->code == ERROR_UNSUPPORTED;
}

static Error *file_error(Arena *arena, const char *code, const char *message)
{
    ErrorField *fields = NULL;
    error_field_add(arena, &fields, "file", code, "%s", message);
    return error_from_fields(arena, fields);
}

static Error *read_header(BatchReader *reader)
{
    CsvRow row;
    bool more = false;
    do {
        TRY(csv_next(reader->csv, reader->arena, &row, &more));
        if (!more)
            return file_error(reader->arena, "empty_file",
                              "The file has no rows: not even one that names the columns.");
    } while (csv_row_is_blank(&row));
    if (row.fault != NULL)
        return file_error(reader->arena, CSV_FAULT_WORDS[row.fault->kind], row.fault->message);
    reader->last_row = row.number;
    return row_rules_map(reader->arena, reader->kind, row.cells, row.count, &reader->map,
                         &reader->header);
}

/* Where cells end at commas, 1,5 would be two of them. */
static Error *check_delimiter(const BatchReader *reader)
{
    if (reader->style.decimal != DECIMAL_COMMA || csv_delimiter(reader->csv) != ',')
        return NULL;
    return file_error(
        reader->arena, "decimal_is_delimiter",
        "The file's cells are separated by commas, so numbers in it cannot have a comma for "
        "the decimals (decimal=comma). Save it with semicolons or tabs between the cells.");
}

static Error *open_csv(BatchReader *reader, ByteSource source, const ImportOptions *options)
{
    const TextEncoding *encoding =
        options->encoding == NULL ? NULL : text_encoding_find(str_from(options->encoding));
    TRY(text_source_open(reader->arena, source, encoding, import_limit(), &reader->text));
    CsvOptions csv = {.delimiter = options->delimiter,
                      .encoding = text_source_encoding(reader->text)};
    TRY(csv_open(reader->arena, text_source_bytes(reader->text), csv, &reader->csv));
    return check_delimiter(reader);
}

Error *batch_reader_open(Arena *arena, ByteSource source, const Job *job, const ScoreCard *card,
                         BatchReader **ret_reader)
{
    BatchReader *reader = ARENA_NEW(arena, BatchReader);
    *reader = (BatchReader){.arena = arena,
                            .kind = job->kind,
                            .style = {job->options.market_cap_unit, job->options.decimal},
                            .card = card,
                            .resume_row = job->counters.resume_row,
                            .header_given = job->counters.resume_row > 0};
    if (job->options.on_duplicate == DUPLICATE_REPLACE)
        reader->seen = import_seen_new(arena, IMPORT_SEEN_MAX);
    TRY(open_csv(reader, source, &job->options));
    TRY(read_header(reader));
    *ret_reader = reader;
    return NULL;
}

static void fail_row(Arena *arena, ImportRow *row, const char *column, const char *code,
                     const char *message)
{
    vec_push(arena, &row->problems,
             ((Problem){.row = row->number,
                        .severity = SEVERITY_ERROR,
                        .column = column,
                        .code = code,
                        .message = message,
                        .value = (Str){"", 0}}));
    row->read = ROW_FAILED;
}

/* Cells beyond the header's last column are fine only while they are empty. */
static bool too_many_cells(const BatchReader *reader, const CsvRow *csv)
{
    for (size_t i = reader->map.column_count; i < csv->count; i++)
        if (str_trim(csv->cells[i]).len > 0)
            return true;
    return false;
}

static void fill_row(const BatchReader *reader, Arena *arena, const CsvRow *csv, ImportRow *row)
{
    *row = (ImportRow){.number = csv->number, .raw = str_copy(arena, csv->raw)};
    if (csv->fault != NULL) {
        fail_row(arena, row, NULL, CSV_FAULT_WORDS[csv->fault->kind],
                 arena_strdup(arena, csv->fault->message));
        return;
    }
    if (too_many_cells(reader, csv)) {
        fail_row(arena, row, NULL, "too_many_cells",
                 arena_printf(arena,
                              "The row has %zu cells and the header %zu. Is a delimiter inside a "
                              "value without quotes?",
                              csv->count, reader->map.column_count));
        return;
    }
    RawRow raw = row_rules_pick(&reader->map, csv->cells, csv->count);
    for (size_t field = 0; field < FIELD_MAX; field++)
        if (raw.cells[field].len > 0)
            raw.cells[field] = csv_unguard(raw.cells[field]);
    if (!row_rules_check(arena, reader->kind, reader->style, row->number, &raw, &row->input,
                         &row->problems)) {
        row->read = ROW_FAILED;
        return;
    }
    if (reader->seen != NULL)
        row->first_row = import_seen_first(reader->seen, &row->input, row->number);
    row->input.company_name = str_copy(arena, row->input.company_name);
    row->input.sector = str_copy(arena, row->input.sector);
    row->score = scoring_score(reader->card, row->input.ratios);
}

static void add_row(const BatchReader *reader, ImportBatch *batch, const CsvRow *csv)
{
    ImportRow *row = &batch->rows[batch->count++];
    fill_row(reader, batch->arena, csv, row);
    row->read_problems = row->problems.count;
}

/* A row that is in already: no part of any batch. */
static void pass_over(const BatchReader *reader, Arena *arena, const CsvRow *csv)
{
    ArenaMark mark = arena_mark(arena);
    ImportRow row;
    if (reader->seen != NULL && !csv_row_is_blank(csv))
        fill_row(reader, arena, csv, &row);
    arena_rewind(arena, mark);
}

void batch_reader_next(BatchReader *reader, size_t rows, ImportBatch *batch)
{
    Arena *arena = batch->arena;
    *batch = (ImportBatch){.arena = arena, .rows = ARENA_ARRAY(arena, ImportRow, rows)};
    if (!reader->header_given) {
        batch->header = reader->header;
        reader->header_given = true;
    }
    int64_t start = csv_offset(reader->csv);
    while (batch->count < rows && csv_offset(reader->csv) - start < BATCH_BYTES_MAX) {
        CsvRow csv;
        bool more = false;
        batch->error = csv_next(reader->csv, arena, &csv, &more);
        if (batch->error != NULL)
            break;
        if (!more) {
            batch->last = true;
            break;
        }
        reader->last_row = csv.number;
        if (csv.number <= reader->resume_row) {
            pass_over(reader, arena, &csv);
            start = csv_offset(reader->csv);
        } else if (!csv_row_is_blank(&csv)) {
            add_row(reader, batch, &csv);
        }
    }
    batch->last_row = reader->last_row > reader->resume_row ? reader->last_row : reader->resume_row;
    batch->bytes_done = text_source_stored(reader->text, csv_offset(reader->csv));
}
