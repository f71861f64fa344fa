/* score: a file of company figures through a score card, and nothing else: no database, no user, nothing is kept.
 * Rows are read, checked and scored by the same code as an import's. */
#include "base/check.h"
#include "base/vec.h"
#include "cli/encoding.h"
#include "cli/files.h"
#include "cli/shipped_models.h"
#include "cli/table_file.h"
#include "domain/import_batch.h"
#include "domain/import_limit.h"
#include "domain/prediction_table.h"
#include "format/card_json.h"

enum { CARD_MAX = 4 << 20, BATCH_ROWS = 1000, COLUMNS_MAX = FIELD_MAX + SCORE_MAX + 6 };

typedef struct Scoring {
    Cli *cli;
    Kind kind;
    ScoreCard *card;
    BatchReader *reader;
    TableFile *file;
    TableOut *table;
    int64_t scored;
    int64_t failed;
    int64_t warnings;
} Scoring;

static Error *read_card(Scoring *scoring)
{
    Cli *cli = scoring->cli;
    Str text = scoring->kind == KIND_ANNUAL
                   ? (Str){(const char *)SHIPPED_ANNUAL, SHIPPED_ANNUAL_size}
                   : (Str){(const char *)SHIPPED_QUARTERLY, SHIPPED_QUARTERLY_size};
    if (call_is_set(cli->call, OPTION_MODEL))
        TRY(files_read(cli->arena, call_str(cli->call, OPTION_MODEL), CARD_MAX, &text));
    TRY(card_parse(cli->arena, text, &scoring->card));
    if (scoring->card->kind != scoring->kind)
        return usage_error(cli->arena, "Choose the kind with --type.",
                           "The card %s is for %s figures, not for %s ones.", scoring->card->name,
                           kind_spec(scoring->card->kind)->word, kind_spec(scoring->kind)->word);
    return NULL;
}

static Error *open_input(Scoring *scoring)
{
    Cli *cli = scoring->cli;
    RangeSource source;
    Job job = {.kind = scoring->kind, .options = IMPORT_OPTIONS_DEFAULT};
    job.options.market_cap_unit = (CapUnit)call_number(cli->call, OPTION_MARKET_CAP_UNIT);
    job.options.decimal = (DecimalMark)call_number(cli->call, OPTION_DECIMAL);
    TRY(encoding_read(cli, &job.options.encoding));
    job.options.sheet = call_text(cli->call, OPTION_SHEET);
    TRY(files_source(cli->arena, cli->call->arguments[0], call_text(cli->call, OPTION_SPOOL),
                     &source));
    return batch_reader_open(cli->arena, source, &job, scoring->card, &scoring->reader);
}

/* --- the table ---------------------------------------------------------------------------------- */

static Error *open_output(Scoring *scoring)
{
    Str names[COLUMNS_MAX] = {STR("row")};
    size_t n = 1;
    for (size_t i = 0; i < field_count(scoring->kind); i++)
        names[n++] = str_from(field_name(scoring->kind, i));
    n += prediction_table_score_columns(scoring->kind, names + n);
    names[n++] = STR("errors");
    names[n++] = STR("warnings");
    Str *kept = ARENA_ARRAY(scoring->cli->arena, Str, n);
    memcpy(kept, names, n * sizeof *names);
    TRY(table_file_open(scoring->cli, &scoring->file));
    const TableSpec spec = {.format = scoring->file->format,
                            .name = kind_spec(scoring->kind)->word,
                            .columns = kept,
                            .count = n};
    return table_out_open(scoring->cli->arena, &spec, scoring->file->sink, &scoring->table);
}

static TableCell messages(Arena *arena, const ProblemList *problems, Severity severity)
{
    Buf text = buf_new(arena, 1 << 20);
    for (size_t i = 0; i < problems->count; i++)
        if (problems->items[i].severity == severity)
            buf_printf(&text, "%s%s", text.len == 0 ? "" : " ", problems->items[i].message);
    return text.len == 0 ? (TableCell){.type = TABLE_EMPTY} : table_text(buf_str(&text));
}

/* Of a row that failed only what names it is known for sure. */
static Error *write_row(Scoring *scoring, Arena *arena, const ImportRow *row)
{
    TableCell cells[COLUMNS_MAX] = {table_number((double)row->number)};
    bool good = row->read == ROW_GOOD;
    size_t n = 1 + field_count(scoring->kind);
    if (good) {
        prediction_table_input(scoring->kind, &row->input, cells + 1);
        n += prediction_table_score(scoring->kind, &row->score, cells + n);
    } else {
        Str names[COLUMNS_MAX];
        if (row->input.symbol.len > 0)
            cells[1 + FIELD_SYMBOL] = table_text(row->input.symbol);
        n += prediction_table_score_columns(scoring->kind, names);
    }
    cells[n++] = messages(arena, &row->problems, SEVERITY_ERROR);
    cells[n] = messages(arena, &row->problems, SEVERITY_WARNING);
    scoring->scored += good;
    scoring->failed += !good;
    scoring->warnings += cells[n].type != TABLE_EMPTY;
    return table_out_row(scoring->table, arena, cells);
}

static Error *score_batch(Scoring *scoring, Arena *arena, bool *ret_last)
{
    ImportBatch batch = {.arena = arena};
    batch_reader_next(scoring->reader, BATCH_ROWS, &batch);
    for (size_t i = 0; i < batch.header.count; i++)
        output_note(scoring->cli->out, "%s", batch.header.items[i].message);
    for (size_t i = 0; i < batch.count; i++)
        TRY(write_row(scoring, arena, &batch.rows[i]));
    *ret_last = batch.last;
    return batch.error;
}

static Error *score_all(Scoring *scoring)
{
    Arena *arena = arena_new(0);
    Error *error = NULL;
    for (bool last = false; !last && error == NULL;) {
        arena_rewind(arena, (ArenaMark){0});
        error = error_copy(scoring->cli->arena, score_batch(scoring, arena, &last));
    }
    if (error == NULL)
        error = error_copy(scoring->cli->arena, table_out_end(scoring->table, arena));
    arena_free(arena);
    return error;
}

static void show(Cli *cli, const Scoring *scoring)
{
    const char *model =
        arena_printf(cli->arena, "%s@%s", scoring->card->name, scoring->card->version);
    const Fact facts[] = {
        {"Scored", "scored_rows", cell_int(scoring->scored)},
        {"Failed", "failed_rows", cell_int(scoring->failed)},
        {"With warnings", "rows_with_warnings", cell_int(scoring->warnings)},
        {"Model", "model", cell_text(model)},
        {"File", "file", cell_text(call_text(cli->call, OPTION_OUTPUT))},
    };
    if (!scoring->file->on_stdout)
        output_facts(cli->out, "score", facts, ARRAY_COUNT(facts));
    else if (scoring->failed > 0)
        output_note(cli->out, "%lld of %lld rows failed: see the column errors.",
                    (long long)scoring->failed, (long long)(scoring->scored + scoring->failed));
    if (scoring->card->illustrative)
        output_note(cli->out, "The card %s is an illustration, calibrated to nobody's portfolio.",
                    model);
}

Error *cmd_score(Cli *cli)
{
    Scoring scoring = {.cli = cli, .kind = (Kind)call_number(cli->call, OPTION_TYPE)};
    import_limit_set(call_number(cli->call, OPTION_MAX_UPLOAD));
    TRY(read_card(&scoring));
    TRY(open_input(&scoring));
    TRY(open_output(&scoring));
    TRY(score_all(&scoring));
    TRY(table_file_keep(cli, scoring.file));
    show(cli, &scoring);
    if (scoring.scored == 0)
        cli->exit_code = EXIT_FAILED;
    return NULL;
}
