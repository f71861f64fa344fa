/* The frame around every JSON answer. */
#include "http/reply.h"

JsonOut *reply_begin(const Request *request, Response *response)
{
    response->text = buf_new(request->arena, RESPONSE_BODY_MAX);
    response->json = json_out_new(&response->text);
    json_begin_object(&response->json, NULL);
    json_put_bool(&response->json, "success", true);
    if (request->as_of != 0)
        json_put_time(&response->json, "as_of", request->as_of);
    return &response->json;
}

static void add_ignored(JsonOut *out, const Params *query)
{
    bool any = false;
    for (size_t i = 0; i < query->count; i++) {
        if (query->items[i].used)
            continue;
        if (!any)
            json_begin_array(out, "ignored_parameters");
        any = true;
        json_put_str(out, NULL, query->items[i].name);
    }
    if (any)
        json_end_array(out);
}

Error *reply_end(const Request *request, Response *response, int status)
{
    add_ignored(&response->json, &request->query);
    json_end_object(&response->json);
    json_out_close(&response->json);
    if (response->text.over)
        return ERROR(request->arena, ERROR_TOO_LARGE,
                     "The answer is too large; ask for a smaller page.");
    response_set(response, status, "application/json", buf_str(&response->text));
    return NULL;
}
