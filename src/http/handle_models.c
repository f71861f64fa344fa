/* The registry of score cards. */
#include "http/handlers.h"
#include "http/reply.h"
#include "http/views.h"

Error *handle_models_list(Request *request, Response *response)
{
    ModelRow *models = NULL;
    size_t count = 0;
    TRY(models_list(request->arena, request->db, &models, &count));
    JsonOut *out = reply_begin(request, response);
    json_begin_array(out, "models");
    for (size_t i = 0; i < count; i++)
        view_model(out, NULL, &models[i]);
    json_end_array(out);
    return reply_end(request, response, 200);
}

static Error *reply_with(Request *request, Response *response, int status, const ModelRow *model)
{
    JsonOut *out = reply_begin(request, response);
    view_model(out, "model", model);
    return reply_end(request, response, status);
}

Error *handle_model_add(Request *request, Response *response)
{
    ModelRow *model = NULL;
    bool activate = params_bool(&request->query, "activate", false);
    TRY(params_check(&request->query));
    TRY(models_add(request->arena, request->db, request->who, request->body, activate, &model));
    char id[UUID_TEXT_SIZE];
    uuid_format(id, model->id);
    response_header(request->arena, response, "Location",
                    arena_printf(request->arena, "/api/v1/models/%s", id));
    return reply_with(request, response, 201, model);
}

Error *handle_model_get(Request *request, Response *response)
{
    ModelRow *model = NULL;
    TRY(models_get(request->arena, request->db, request->values.id, &model));
    return reply_with(request, response, 200, model);
}

Error *handle_model_activate(Request *request, Response *response)
{
    ModelRow *model = NULL;
    TRY(params_check(&request->query));
    TRY(models_activate(request->arena, request->db, request->who, request->values.id, &model));
    return reply_with(request, response, 200, model);
}
