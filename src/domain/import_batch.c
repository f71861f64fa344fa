/* From bytes to scored rows. Nothing here touches the database but the source that the bytes come from,
 * so that the next batch can be made while the one before it is committed. */
#include "domain/import_batch.h"

#include "domain/cell_rules.h"
#include "domain/import_limit.h"
#include "domain/import_seen.h"
#include "domain/scoring.h"
#include "format/csv_out.h"
#include "format/text_source.h"

struct BatchReader {
    Arena *arena; /* lives as long as the reader */
    Table *table;
    Kind kind;
    RowStyle style;
    const ScoreCard *card;
    ColumnMap map;
    ImportSeen *seen; /* NULL: nobody asks */
    ProblemList header;
    FractionWatch fractions;
    int64_t resume_row;
    int64_t last_row;
    bool header_given;
    bool retry_asked; /* the first row was looked at */
    Uuid retry_of;
    bool whole_given; /* the last batch is in already: it died before the end of the job */
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

Error *import_table_header(Arena *arena, Table *table, TableRow *ret_row)
{
    const ArenaMark mark = arena_mark(arena);
    bool more = false;
    do {
        arena_rewind(arena, mark);
        TRY(table_next(table, arena, ret_row, &more));
        if (!more)
            return file_error(arena, "empty_file",
                              "The file has no rows: not even one that names the columns.");
    } while (table_row_is_blank(ret_row));
    return ret_row->fault == NULL
               ? NULL
               : file_error(arena, ret_row->fault->code, ret_row->fault->message);
}

static Error *read_header(BatchReader *reader)
{
    TableRow row;
    TRY(import_table_header(reader->arena, reader->table, &row));
    reader->last_row = row.number;
    return row_rules_map(reader->arena, reader->kind, row.cells, row.count, &reader->map,
                         &reader->header);
}

/* Where cells end at commas, 1,5 would be two of them. The numbers of a workbook have no mark of their own. */
DecimalMark import_table_decimal(const Table *table, const ImportOptions *options)
{
    return table_delimiter(table) == 0 ? DECIMAL_POINT : options->decimal;
}

static Error *check_decimal(Arena *arena, const Table *table, const ImportOptions *options)
{
    if (options->decimal != DECIMAL_COMMA || table_delimiter(table) != ',')
        return NULL;
    return file_error(
        arena, "decimal_is_delimiter",
        "The file's cells are separated by commas, so numbers in it cannot have a comma for "
        "the decimals (decimal=comma). Save it with semicolons or tabs between the cells.");
}

Error *import_table_open(Arena *arena, RangeSource source, const ImportOptions *options,
                         int64_t max_unpacked, Table **ret_table)
{
    const TextEncoding *encoding =
        options->encoding == NULL ? NULL : text_encoding_find(str_from(options->encoding));
    TableOptions table = {.csv = {.delimiter = options->delimiter},
                          .encoding = encoding,
                          .max_unpacked = max_unpacked,
                          .sheet = str_from(options->sheet)};
    TRY(table_open(arena, source, table, ret_table));
    return check_decimal(arena, *ret_table, options);
}

Error *batch_reader_open(Arena *arena, RangeSource source, const Job *job, const ScoreCard *card,
                         BatchReader **ret_reader)
{
    BatchReader *reader = ARENA_NEW(arena, BatchReader);
    *reader = (BatchReader){.arena = arena,
                            .kind = job->kind,
                            .style = {.unit = job->options.market_cap_unit},
                            .card = card,
                            .resume_row = job->counters.resume_row,
                            .header_given = job->counters.resume_row > 0,
                            .retry_asked = job->counters.resume_row > 0,
                            .whole_given = job->counters.total >= 0};
    if (job->options.on_duplicate == DUPLICATE_REPLACE)
        reader->seen = import_seen_new(arena, IMPORT_SEEN_MAX);
    TRY(import_table_open(arena, source, &job->options, import_limit(), &reader->table));
    reader->style.decimal = import_table_decimal(reader->table, &job->options);
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
static bool too_many_cells(const BatchReader *reader, const TableRow *cells)
{
    for (size_t i = reader->map.column_count; i < cells->count; i++)
        if (str_trim(cells->cells[i]).len > 0)
            return true;
    return false;
}

static void warn_hidden(Arena *arena, ImportRow *row)
{
    const char *message =
        arena_printf(arena, "Row %lld is hidden in the spreadsheet; it counts like any other.",
                     (long long)row->number);
    vec_push(arena, &row->problems,
             ((Problem){.row = row->number,
                        .severity = SEVERITY_WARNING,
                        .code = "hidden_row",
                        .message = message,
                        .value = (Str){"", 0}}));
}

/* The cells as texts, by what they mean; those of CSV without the guards of our exports. */
static RawRow pick_cells(const BatchReader *reader, Arena *arena, const TableRow *cells,
                         ImportRow *row)
{
    RawRow raw = row_rules_pick(&reader->map, cells->cells, cells->count);
    const CellRules rules = {arena, reader->kind, &reader->map, &row->problems};
    for (size_t field = 0; cells->kinds == NULL && field < FIELD_MAX; field++)
        if (raw.cells[field].len > 0)
            raw.cells[field] = csv_unguard(raw.cells[field]);
    row->raw = cell_rules_read(&rules, cells, &raw);
    return raw;
}

static void fill_row(BatchReader *reader, Arena *arena, const TableRow *cells, ImportRow *row)
{
    *row = (ImportRow){.number = cells->number};
    if (cells->hidden)
        warn_hidden(arena, row);
    if (cells->fault != NULL) {
        row->raw = str_copy(arena, cells->raw);
        fail_row(arena, row, NULL, cells->fault->code, arena_strdup(arena, cells->fault->message));
        return;
    }
    if (too_many_cells(reader, cells)) {
        row->raw = str_copy(arena, cells->raw);
        fail_row(arena, row, NULL, "too_many_cells",
                 arena_printf(arena,
                              cells->kinds == NULL
                                  ? "The row has %zu cells and the header %zu. Is a delimiter "
                                    "inside a value without quotes?"
                                  : "The row has %zu cells and the header %zu. Remove what stands "
                                    "beside the table.",
                              cells->count, reader->map.column_count));
        return;
    }
    RawRow raw = pick_cells(reader, arena, cells, row);
    if (!row_rules_check(arena, reader->kind, reader->style, row->number, &raw, &row->input,
                         &row->problems)) {
        row->read = ROW_FAILED;
        return;
    }
    if (reader->seen != NULL)
        row->first_row = import_seen_first(reader->seen, &row->input, row->number);
    fraction_watch_add(&reader->fractions, reader->kind, row->input.ratios);
    row->input.company_name = str_copy(arena, row->input.company_name);
    row->input.sector = str_copy(arena, row->input.sector);
    row->score = scoring_score(reader->card, row->input.ratios);
}

/* What the first row says of the job that it comes from; anything but an id is nothing. */
static void ask_retry(BatchReader *reader, const TableRow *cells)
{
    int column = reader->map.retry_column;
    reader->retry_asked = true;
    if (column >= 0 && (size_t)column < cells->count &&
        !uuid_parse(str_trim(cells->cells[column]), &reader->retry_of))
        reader->retry_of = UUID_NIL;
}

static void add_row(BatchReader *reader, ImportBatch *batch, const TableRow *cells)
{
    ImportRow *row = &batch->rows[batch->count++];
    fill_row(reader, batch->arena, cells, row);
    row->read_problems = row->problems.count;
    if (!reader->retry_asked)
        ask_retry(reader, cells);
}

/* A row that is in already: no part of any batch, but of what only the whole file shows. */
static void pass_over(BatchReader *reader, Arena *arena, const TableRow *cells)
{
    ImportRow row;
    if (!table_row_is_blank(cells))
        fill_row(reader, arena, cells, &row);
}

/* Reads one row into the batch; false at the end of the file, or where it cannot be read on. *ret_bytes: of
 * the row, 0 of one that is passed over. */
static bool read_row(BatchReader *reader, ImportBatch *batch, size_t *ret_bytes)
{
    TableRow cells;
    bool more = false;
    ArenaMark mark = arena_mark(batch->arena);
    batch->error = table_next(reader->table, batch->arena, &cells, &more);
    batch->last = batch->error == NULL && !more;
    if (batch->error != NULL || !more)
        return false;
    reader->last_row = cells.number;
    *ret_bytes = 0;
    if (cells.number <= reader->resume_row) {
        pass_over(reader, batch->arena, &cells);
        arena_rewind(batch->arena, mark);
    } else if (!table_row_is_blank(&cells)) {
        *ret_bytes = cells.raw.len;
        add_row(reader, batch, &cells);
    }
    return true;
}

void batch_reader_next(BatchReader *reader, size_t rows, ImportBatch *batch)
{
    Arena *arena = batch->arena;
    *batch = (ImportBatch){.arena = arena, .rows = ARENA_ARRAY(arena, ImportRow, rows)};
    if (!reader->header_given) {
        batch->header = reader->header;
        reader->header_given = true;
    }
    size_t size = 0, bytes = 0;
    while (batch->count < rows && size < BATCH_BYTES_MAX && read_row(reader, batch, &bytes))
        size += bytes;
    if (batch->last && !reader->whole_given)
        fraction_watch_end(&reader->fractions, batch->arena, reader->kind, &batch->whole);
    batch->retry_of = reader->retry_of;
    reader->retry_of = UUID_NIL;
    batch->last_row = reader->last_row > reader->resume_row ? reader->last_row : reader->resume_row;
    batch->bytes_done = table_bytes_done(reader->table);
}
