/* API keys. The answer that shows a key is kept nowhere: an Idempotency-Key is not looked at, and a request that is
 * sent twice makes two keys. */
#include "domain/api_keys.h"
#include "http/handlers.h"
#include "http/reply.h"
#include "http/views.h"

Error *handle_api_keys_list(Request *request, Response *response)
{
    Token *keys = NULL;
    size_t count = 0;
    Uuid user_id = UUID_NIL;
    params_uuid(&request->query, "user_id", &user_id);
    TRY(params_check(&request->query));
    TRY(api_keys_list(request->arena, request->db, request->who, user_id, &keys, &count));
    JsonOut *out = reply_begin(request, response);
    json_begin_array(out, "api_keys");
    for (size_t i = 0; i < count; i++)
        view_api_key(out, NULL, &keys[i]);
    json_end_array(out);
    return reply_end(request, response, 200);
}

/* Days from now, or a time, but not both. */
static int64_t read_end(Params *params)
{
    int64_t days = params_int(params, "expires_in_days", 1, API_KEY_DAYS_MAX, API_KEY_DAYS_DEFAULT);
    int64_t otherwise = clock_now() + DAYS(days);
    if (params_has(params, "expires_at") && params_has(params, "expires_in_days"))
        params_wrong(params, "expires_at", "not_both",
                     "Give expires_at or expires_in_days, not both.");
    return params_time(params, "expires_at", otherwise);
}

Error *handle_api_key_create(Request *request, Response *response)
{
    Params *params = &request->query;
    NewApiKey new = {.user_id = UUID_NIL};
    Token *key = NULL;
    const char *secret = NULL;
    TRY(params_add_body(params, request->body));
    new.name = params_text(params, "name", API_KEY_NAME_MAX);
    new.scopes = params_words(params, "scopes", SCOPE_WORDS, SCOPE_COUNT);
    new.expires_at = read_end(params);
    params_uuid(params, "user_id", &new.user_id);
    params_need(params, "name");
    params_need(params, "scopes");
    TRY(params_check(params));
    TRY(api_keys_create(request->arena, request->db, request->who, &new, &key, &secret));
    JsonOut *out = reply_begin(request, response);
    json_put_text(out, "message", "This is the only time that the key is shown.");
    json_put_text(out, "key", secret);
    view_api_key(out, "api_key", key);
    return reply_end(request, response, 201);
}

Error *handle_api_key_revoke(Request *request, Response *response)
{
    TRY(params_check(&request->query));
    TRY(api_keys_revoke(request->arena, request->db, request->who, request->values.id));
    JsonOut *out = reply_begin(request, response);
    json_put_text(out, "message", "The key does not work any more.");
    return reply_end(request, response, 200);
}
