/* export: predictions as a file. The filters are those of the API's lists, read by the same code. */
#include "base/check.h"
#include "cli/access.h"
#include "cli/table_file.h"
#include "domain/export.h"
#include "domain/jobs.h"
#include "domain/row_export.h"
#include "http/prediction_filter.h"

/* An option is a parameter of the list by its name, with _ for -. */
static const OptionId FILTERS[] = {
    OPTION_COMPANY_SYMBOL, OPTION_SECTOR,          OPTION_REPORTING_YEAR,  OPTION_REPORTING_QUARTER,
    OPTION_RISK_LEVEL,     OPTION_SOURCE,          OPTION_JOB_ID,          OPTION_CREATED_AFTER,
    OPTION_CREATED_BEFORE, OPTION_PROBABILITY_MIN, OPTION_PROBABILITY_MAX,
};

static Error *read_filter(Cli *cli, Db *db, const Principal *who, PredictionFilter *ret_filter)
{
    Request request = {.arena = cli->arena, .db = db, .who = who};
    request.query = (Params){.arena = cli->arena, .strict = true};
    for (size_t i = 0; i < ARRAY_COUNT(FILTERS); i++) {
        char *name = arena_strdup(cli->arena, option_spec(FILTERS[i])->name);
        for (char *c = name; *c != '\0'; c++)
            *c = *c == '-' ? '_' : *c;
        if (call_is_set(cli->call, FILTERS[i]))
            params_add(&request.query, str_from(name), call_str(cli->call, FILTERS[i]));
    }
    TRY(prediction_filter_read(&request, ret_filter));
    return params_check(&request.query);
}

/* Of a job, and of nothing else: no filter fits. */
static Error *check_rows(Cli *cli, TableFormat format)
{
    if (!call_is_set(cli->call, OPTION_JOB_ID))
        return usage_error(cli->arena, "Name the job with --job-id.",
                           "--outcome is about the rows of a job's file.");
    for (size_t i = 0; i < ARRAY_COUNT(FILTERS); i++)
        if (FILTERS[i] != OPTION_JOB_ID && call_is_set(cli->call, FILTERS[i]))
            return usage_error(cli->arena, "Leave out one of the two.",
                               "--%s is about predictions, and --outcome about rows of a file.",
                               option_spec(FILTERS[i])->name);
    if (format == TABLE_NDJSON)
        return usage_error(cli->arena, "Choose csv or xlsx.",
                           "Rows of a file come as the table that they were sent in.");
    return NULL;
}

static Error *export_rows(Cli *cli, Db *db, const Principal *who, const TableFile *file,
                          int64_t *ret_rows)
{
    Job *job = NULL;
    Uuid id;
    TRY(check_rows(cli, file->format));
    if (!uuid_parse(call_str(cli->call, OPTION_JOB_ID), &id))
        return usage_error(cli->arena, "See the list of jobs.", "\"%s\" is no id of a job.",
                           call_text(cli->call, OPTION_JOB_ID));
    TRY(jobs_get(cli->arena, db, who, id, false, &job));
    const RowExportRequest request = {job, (RowFate)call_number(cli->call, OPTION_OUTCOME),
                                      file->format};
    return row_export(cli->arena, db, who, &request, file->sink, ret_rows);
}

static Error *export_filtered(Cli *cli, Db *db, const Principal *who, const TableFile *file,
                              int64_t *ret_rows)
{
    PredictionFilter filter;
    TRY(read_filter(cli, db, who, &filter));
    const ExportRequest request = {.kind = (Kind)call_number(cli->call, OPTION_TYPE),
                                   .format = file->format,
                                   .filter = &filter};
    return export_predictions(cli->arena, db, who, &request, file->sink, ret_rows);
}

Error *cmd_export(Cli *cli)
{
    Db *db;
    Principal *who;
    TableFile *file;
    int64_t rows = 0;
    TRY(access_open(cli, &db));
    TRY(access_user(cli, db, &who));
    TRY(table_file_open(cli, &file));
    if (call_is_set(cli->call, OPTION_OUTCOME))
        TRY(export_rows(cli, db, who, file, &rows));
    else
        TRY(export_filtered(cli, db, who, file, &rows));
    TRY(table_file_keep(cli, file));
    const Fact facts[] = {
        {"Rows", "rows", cell_int(rows)},
        {"Format", "format", cell_text(TABLE_FORMAT_WORDS[file->format])},
        {"File", "file", cell_text(call_text(cli->call, OPTION_OUTPUT))},
    };
    if (!file->on_stdout)
        output_facts(cli->out, "export", facts, ARRAY_COUNT(facts));
    return NULL;
}
