/* Companies: list, search, one, its history, and its end. */
#include "domain/company_deletion.h"
#include "http/app.h"
#include "http/deletion_wait.h"
#include "http/handlers.h"
#include "http/paging.h"
#include "http/reply.h"
#include "http/scope.h"
#include "http/views.h"

Error *handle_companies_list(Request *request, Response *response)
{
    static const char *const sorts[] = {"symbol"};
    Params *query = &request->query;
    CompanyFilter filter = {.search = params_text(query, "search", NAME_MAX_CHARS),
                            .sector = params_text(query, "sector", SECTOR_MAX_CHARS)};
    CompanyList list = {0};
    Paging paging;
    unsigned sort = (unsigned)params_word(query, "sort", sorts, 1, 0);
    paging_read(request, sort, false, &paging);
    TRY(params_check(query));
    TRY(companies_list(request->arena, request->db, request->who, &filter, &paging.page,
                       paging.after_text, &list));
    JsonOut *out = reply_begin(request, response);
    json_begin_array(out, "companies");
    for (size_t i = 0; i < list.count; i++)
        view_company(out, NULL, request->who, &list.items[i]);
    json_end_array(out);
    paging_view(request->arena, out, &paging, &list.end, list.next_symbol);
    return reply_end(request, response, 200);
}

static Error *reply_with(Request *request, Response *response, const Company *company)
{
    JsonOut *out = reply_begin(request, response);
    view_company(out, "company", request->who, company);
    return reply_end(request, response, 200);
}

Error *handle_company_get(Request *request, Response *response)
{
    Company *company = NULL;
    TRY(companies_get(request->arena, request->db, request->who, request->values.id, &company));
    return reply_with(request, response, company);
}

Error *handle_company_by_symbol(Request *request, Response *response)
{
    Company *company = NULL;
    Str symbol = str_upper(request->arena, str_trim(request->values.text));
    TRY(companies_by_symbol(request->arena, request->db, request->who, symbol, &company));
    return reply_with(request, response, company);
}

/* The history of both kinds, newest period first. */
Error *handle_company_predictions(Request *request, Response *response)
{
    Params *query = &request->query;
    Company *company = NULL;
    PredictionList lists[KIND_COUNT] = {0};
    bool superseded = params_bool(query, "include_superseded", false);
    TRY(params_check(query));
    TRY(companies_get(request->arena, request->db, request->who, request->values.id, &company));
    for (Kind kind = 0; kind < KIND_COUNT; kind++)
        TRY(predictions_of_company(request->arena, request->db, company->owner_id, kind,
                                   company->id, superseded, &lists[kind]));
    JsonOut *out = reply_begin(request, response);
    view_company(out, "company", request->who, company);
    for (Kind kind = 0; kind < KIND_COUNT; kind++)
        view_predictions(out, arena_printf(request->arena, "%s_predictions", kind_spec(kind)->word),
                         request->who, lists[kind].items, lists[kind].count);
    json_begin_object(out, "has_more");
    for (Kind kind = 0; kind < KIND_COUNT; kind++)
        json_put_bool(out, kind_spec(kind)->word, lists[kind].end.has_more);
    json_end_object(out);
    return reply_end(request, response, 200);
}

/* --- deleting -------------------------------------------------------------------------------- */

static Error *reply_preview(Request *request, Response *response, const CompanyDeletion *asked)
{
    CompanyDeletionPreview preview = {0};
    Arena *arena = request->arena;
    TRY(company_deletion_preview(arena, request->db, request->who, request->values.id, asked,
                                 &preview));
    JsonOut *out = reply_begin(request, response);
    json_put_bool(out, "dry_run", true);
    json_put_text(out, "message",
                  preview.predictions_kept > 0 || preview.held > 0
                      ? "This would be refused. Nothing was changed."
                      : arena_printf(arena,
                                     "This would delete the company with %lld rows of "
                                     "predictions. Nothing was changed.",
                                     (long long)deletion_rows(&preview.counts)));
    view_company(out, "deleted_company", request->who, preview.company);
    view_deletion_counts(out, &preview.counts);
    json_put_int(out, "predictions_kept", preview.predictions_kept);
    json_put_int(out, "held_rows", preview.held);
    json_put_text(out, "etag", preview.etag);
    TRY(reply_end(request, response, 200));
    response_header(arena, response, "ETag", preview.etag);
    return NULL;
}

static Error *reply_deleted(Request *request, Response *response, const Company *company,
                            const Deletion *deletion)
{
    bool done = deletion_wait_over(request, &deletion);
    JsonOut *out = reply_begin(request, response);
    json_put_text(out, "message",
                  !done ? "The company and its predictions are being deleted in the background."
                  : deletion->counts.companies_deleted > 0
                      ? "The company was deleted."
                      : "Its predictions were deleted, but for some that came or were held in "
                        "between: the company stays with them.");
    view_company(out, "deleted_company", request->who, company);
    view_deletion_counts(out, done ? &deletion->counts : NULL);
    json_put_uuid(out, "deletion_id", deletion->id);
    json_put_time(out, "restorable_until", deletion->restorable_until);
    return deletion_wait_reply(request, response, deletion->id, done);
}

Error *handle_company_delete(Request *request, Response *response)
{
    Params *query = &request->query;
    CompanyDeletion asked = {.with_predictions = params_bool(query, "delete_predictions", false)};
    const Company *company = NULL;
    Deletion *deletion = NULL;
    bool dry_run = params_bool(query, "dry_run", false);
    asked.options.reason = reason_read(query);
    asked.options.window = request->app->config.restore_window;
    TRY(params_check(query));
    TRY(request_if_match(request, &asked.options.if_match));
    if (dry_run)
        return reply_preview(request, response, &asked);
    TRY(company_deletion_request(request->arena, request->db, request->who, request->values.id,
                                 &asked, &company, &deletion));
    return reply_deleted(request, response, company, deletion);
}
