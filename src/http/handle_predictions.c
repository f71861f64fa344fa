/* Reading predictions: lists with filters, one, its lineage, its versions. */
#include "http/handlers.h"
#include "http/paging.h"
#include "http/prediction_filter.h"
#include "http/reply.h"
#include "http/views.h"

Error *handle_predictions_list(Request *request, Response *response)
{
    PredictionFilter *filter = ARENA_NEW(request->arena, PredictionFilter);
    PredictionList list = {0};
    Paging paging;
    TRY(prediction_filter_read(request, filter));
    paging_read(request, (unsigned)filter->sort * 2 + filter->ascending, false, &paging);
    TRY(params_check(&request->query));
    TRY(predictions_list(request->arena, request->db, request->who, request->values.kind, filter,
                         &paging.page, &list));
    JsonOut *out = reply_begin(request, response);
    view_predictions(out, "predictions", request->who, list.items, list.count);
    paging_view(request->arena, out, &paging, &list.end, STR(""));
    return reply_end(request, response, 200);
}

/* A deleted one as it was; *ret_shown false: it is not deleted. */
static Error *show_deleted(Request *request, Response *response, bool *ret_shown)
{
    GonePrediction gone;
    TRY(predictions_get_deleted(request->arena, request->db, request->who, request->values.kind,
                                request->values.id, &gone));
    *ret_shown = gone.row != NULL;
    if (gone.row == NULL)
        return NULL;
    JsonOut *out = reply_begin(request, response);
    view_prediction_detail(out, "prediction", request->who, gone.row, UUID_NIL);
    view_gone(out, "deleted", gone.deletion);
    TRY(reply_end(request, response, 200));
    response_header(request->arena, response, "Cache-Control", "private, no-cache");
    return NULL;
}

/* On a socket thread archives are not looked through: what is not found there is asked for by a worker. */
static Error *find(Request *request, Prediction **ret_prediction, Uuid *ret_current)
{
    Kind kind = request->values.kind;
    Uuid id = request->values.id;
    if (!request->must_not_wait)
        return predictions_get(request->arena, request->db, request->who, kind, id, ret_prediction,
                               ret_current);
    Error *error = predictions_get_at_once(request->arena, request->db, request->who, kind, id,
                                           ret_prediction, ret_current);
    request->has_to_wait = error != NULL && error->code == ERROR_NOT_FOUND;
    return request->has_to_wait ? NULL : error;
}

Error *handle_prediction_get(Request *request, Response *response)
{
    Prediction *prediction = NULL;
    Uuid current = UUID_NIL;
    bool deleted_too = params_bool(&request->query, "show_deleted", false), shown = false;
    TRY(params_check(&request->query));
    if (deleted_too && request->must_not_wait) {
        request->has_to_wait = true;
        return NULL;
    }
    if (deleted_too)
        TRY(show_deleted(request, response, &shown));
    if (shown)
        return NULL;
    TRY(find(request, &prediction, &current));
    if (request->has_to_wait)
        return NULL;
    char *etag = predictions_etag(request->arena, prediction, current);
    if (request_none_match(request, etag)) {
        response_empty(response, 304);
    } else {
        JsonOut *out = reply_begin(request, response);
        view_prediction_detail(out, "prediction", request->who, prediction, current);
        TRY(reply_end(request, response, 200));
    }
    response_header(request->arena, response, "ETag", etag);
    response_header(request->arena, response, "Cache-Control", "private, no-cache");
    return NULL;
}

static Error *find_lineage(Request *request, Lineage *ret_lineage)
{
    return predictions_lineage(request->arena, request->db, request->who, request->values.kind,
                               request->values.id, ret_lineage);
}

Error *handle_prediction_lineage(Request *request, Response *response)
{
    Lineage lineage = {0};
    TRY(find_lineage(request, &lineage));
    JsonOut *out = reply_begin(request, response);
    view_lineage(request->arena, out, "lineage", request->who, &lineage);
    return reply_end(request, response, 200);
}

Error *handle_prediction_versions(Request *request, Response *response)
{
    Lineage lineage = {0};
    TRY(find_lineage(request, &lineage));
    JsonOut *out = reply_begin(request, response);
    view_predictions(out, "versions", request->who, lineage.versions.items, lineage.versions.count);
    return reply_end(request, response, 200);
}
