/* Files for people: predictions as a table, what a job made, and templates.
 *
 * An export is made in the spool first, at the database's speed, and sent from there: however slow the client, no
 * worker and no session waits for it. While it is made it holds a worker; half of them at most do, and a user has
 * at most a few files on their way. */
#include "base/check.h"
#include "domain/export.h"
#include "domain/jobs.h"
#include "domain/prediction_table.h"
#include "http/app.h"
#include "http/handlers.h"
#include "http/prediction_filter.h"
#include "http/spool.h"

enum { TEMPLATE_MAX = 1 << 20 };

static Error *write_spool(void *self, Arena *arena, Str bytes)
{
    return spool_write(self, arena, bytes);
}

static Error *make_file(Request *request, const ExportRequest *export, Spool *spool)
{
    Permits *permits = request->app->waits;
    int64_t rows = 0;
    if (!permits_take(permits))
        return ERROR(request->arena, ERROR_BUSY,
                     "The server is busy with other exports. Try again in a moment.");
    Error *error = export_predictions(request->arena, request->db, request->who, export,
                                      (ByteSink){write_spool, spool}, &rows);
    permits_give(permits);
    return error;
}

static Error *reply_export(Request *request, Response *response, const ExportRequest *export,
                           Str name)
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
    TRY(make_file(request, export, spool));
    response_file(response, TABLE_FORMAT_TYPES[export->format], spool->fd, spool->size);
    response_attachment(
        arena, response,
        str_printf(arena, STR_FMT ".%s", STR_ARG(name), TABLE_FORMAT_WORDS[export->format]));
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
    ExportRequest export = {.kind = request->values.kind, .filter = filter};
    export.format = read_format(request, TABLE_FORMAT_COUNT);
    TRY(prediction_filter_read(request, filter));
    TRY(params_check(&request->query));
    Str name = str_printf(request->arena, "%s-predictions", kind_spec(export.kind)->word);
    return reply_export(request, response, &export, name);
}

/* "figures.2024.csv" is "figures.2024" in another format. */
static Str without_ending(Str name)
{
    for (size_t i = name.len; i > 1; i--)
        if (name.ptr[i - 1] == '.')
            return str_slice(name, 0, i - 1);
    return name;
}

Error *handle_job_download(Request *request, Response *response)
{
    static const char *const outcomes[] = {"successful"};
    Job *job = NULL;
    Params *query = &request->query;
    TableFormat format = read_format(request, TABLE_FORMAT_COUNT);
    bool show_deleted = params_bool(query, "show_deleted", false);
    params_word(query, "outcome", outcomes, ARRAY_COUNT(outcomes), 0);
    TRY(params_check(query));
    TRY(jobs_get(request->arena, request->db, request->who, request->values.id, show_deleted,
                 &job));
    const ExportRequest export = {.kind = job->kind, .format = format, .job = job};
    Str name = without_ending(str_from(job->original_filename));
    return reply_export(request, response, &export,
                        str_printf(request->arena, STR_FMT "-results", STR_ARG(name)));
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
