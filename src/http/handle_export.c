/* Files for people: predictions as a table, what a job made, and templates.
 *
 * An export is made in the spool first, at the database's speed, and sent from there: however slow the client, no
 * worker and no session waits for it. While it is made it holds a worker; half of them at most do, and a user has
 * at most a few files on their way. */
#include "base/check.h"
#include "domain/export.h"
#include "domain/jobs.h"
#include "domain/prediction_table.h"
#include "domain/row_export.h"
#include "http/app.h"
#include "http/handlers.h"
#include "http/prediction_filter.h"
#include "http/spool.h"

enum { TEMPLATE_MAX = 1 << 20 };

static Error *write_spool(void *self, Arena *arena, Str bytes)
{
    return spool_write(self, arena, bytes);
}

/* What is on its way: predictions, or rows of a job's file. */
typedef struct Wanted {
    TableFormat format;
    ExportRequest predictions;
    RowExportRequest rows; /* where it names a job */
    Str name;              /* of the file, without its ending */
} Wanted;

static Error *export_wanted(Request *request, const Wanted *wanted, ByteSink sink)
{
    int64_t rows = 0;
    if (wanted->rows.job != NULL)
        return row_export(request->arena, request->db, request->who, &wanted->rows, sink, &rows);
    return export_predictions(request->arena, request->db, request->who, &wanted->predictions, sink,
                              &rows);
}

static Error *make_file(Request *request, const Wanted *wanted, Spool *spool)
{
    Permits *permits = request->app->waits;
    if (!permits_take(permits))
        return ERROR(request->arena, ERROR_BUSY,
                     "The server is busy with other exports. Try again in a moment.");
    Error *error = export_wanted(request, wanted, (ByteSink){write_spool, spool});
    permits_give(permits);
    return error;
}

static Error *reply_export(Request *request, Response *response, const Wanted *wanted)
{
    Arena *arena = request->arena;
    Spool *spool = NULL;
    if (!user_permits_take(request->app->exports, arena, request->who->user_id))
        return error_with_reason(
            ERROR(arena, ERROR_TOO_MANY,
                  "%d of your exports are on their way. Wait until one of them has arrived.",
                  EXPORTS_OF_USER),
            "too_many_exports");
    TRY(spool_open_within(arena, request->app->config.spool, request->app->spool, &spool));
    TRY(make_file(request, wanted, spool));
    response_file(response, TABLE_FORMAT_TYPES[wanted->format], spool->fd, spool->size);
    response_attachment(arena, response,
                        str_printf(arena, STR_FMT ".%s", STR_ARG(wanted->name),
                                   TABLE_FORMAT_WORDS[wanted->format]));
    return NULL;
}

static TableFormat read_format(Request *request, size_t count)
{
    return (TableFormat)params_word(&request->query, "format", TABLE_FORMAT_WORDS, count,
                                    TABLE_CSV);
}

Error *handle_predictions_export(Request *request, Response *response)
{
    PredictionFilter *filter = ARENA_NEW(request->arena, PredictionFilter);
    Kind kind = request->values.kind;
    TableFormat format = read_format(request, TABLE_FORMAT_COUNT);
    TRY(prediction_filter_read(request, filter));
    TRY(params_check(&request->query));
    const Wanted wanted = {.format = format,
                           .predictions = {.kind = kind, .format = format, .filter = filter},
                           .name =
                               str_printf(request->arena, "%s-predictions", kind_spec(kind)->word)};
    return reply_export(request, response, &wanted);
}

/* "figures.2024.csv" is "figures.2024" in another format. */
static Str without_ending(Str name)
{
    for (size_t i = name.len; i > 1; i--)
        if (name.ptr[i - 1] == '.')
            return str_slice(name, 0, i - 1);
    return name;
}

/* "successful": the predictions that it made; else rows of its file. */
enum { OUTCOME_SUCCESSFUL = FATE_COUNT, OUTCOME_COUNT };

static int read_outcome(Request *request, TableFormat format)
{
    const char *words[OUTCOME_COUNT];
    Params *query = &request->query;
    memcpy(words, FATE_WORDS, sizeof FATE_WORDS);
    words[OUTCOME_SUCCESSFUL] = "successful";
    int outcome = params_word(query, "outcome", words, OUTCOME_COUNT, OUTCOME_SUCCESSFUL);
    if (outcome != OUTCOME_SUCCESSFUL && format == TABLE_NDJSON)
        params_wrong(query, "format", "not_a_table",
                     "Rows that are %s come as the table that they were sent in: choose csv or "
                     "xlsx. As JSON there are the lists …/errors and …/warnings.",
                     words[outcome]);
    return outcome;
}

Error *handle_job_download(Request *request, Response *response)
{
    Job *job = NULL;
    Wanted wanted = {.format = read_format(request, TABLE_FORMAT_COUNT)};
    int outcome = read_outcome(request, wanted.format);
    bool show_deleted = params_bool(&request->query, "show_deleted", false);
    TRY(params_check(&request->query));
    TRY(jobs_get(request->arena, request->db, request->who, request->values.id, show_deleted,
                 &job));
    if (outcome == OUTCOME_SUCCESSFUL)
        wanted.predictions =
            (ExportRequest){.kind = job->kind, .format = wanted.format, .job = job};
    else
        wanted.rows = (RowExportRequest){job, (RowFate)outcome, wanted.format};
    wanted.name = str_printf(request->arena, STR_FMT "-%s",
                             STR_ARG(without_ending(str_from(job->original_filename))),
                             outcome == OUTCOME_SUCCESSFUL ? "results" : FATE_WORDS[outcome]);
    return reply_export(request, response, &wanted);
}

/* --- templates ---------------------------------------------------------------------------------- */

static Error *write_buf(void *self, Arena *arena, Str bytes)
{
    Buf *buf = self;
    buf_add(buf, bytes);
    return buf->over ? ERROR(arena, ERROR_INTERNAL, "The template is too large.") : NULL;
}

Error *handle_predictions_template(Request *request, Response *response)
{
    Kind kind = request->values.kind;
    Buf file = buf_new(request->arena, TEMPLATE_MAX);
    TableFormat format = read_format(request, TABLE_XLSX + 1);
    TRY(params_check(&request->query));
    TRY(prediction_table_template(request->arena, kind, format, (ByteSink){write_buf, &file}));
    response_set(response, 200, TABLE_FORMAT_TYPES[format], buf_str(&file));
    response_attachment(request->arena, response,
                        str_printf(request->arena, "%s-template.%s", kind_spec(kind)->word,
                                   TABLE_FORMAT_WORDS[format]));
    return NULL;
}
