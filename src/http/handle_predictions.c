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

Error *handle_prediction_get(Request *request, Response *response)
{
    Prediction *prediction = NULL;
    Uuid current = UUID_NIL;
    TRY(predictions_get(request->arena, request->db, request->who, request->values.kind,
                        request->values.id, &prediction, &current));
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
