/* The digest runs over lengths and texts, so that no two different requests run together to the
 * same bytes. Parameters enter in the order they were sent: a client that repeats a request repeats
 * it. */
#include "http/idempotent.h"

#include "http/route.h"

static void add(DigestState *state, Str text)
{
    uint64_t length = text.len;
    digest_add(state, &length, sizeof length);
    digest_add(state, text.ptr, text.len);
}

static void add_params(DigestState *state, const Params *params)
{
    for (size_t i = 0; i < params->count; i++) {
        add(state, params->items[i].name);
        add(state, params->items[i].value);
    }
}

Error *idempotent_key(const Request *request, Str content, IdempotencyKey *ret_key)
{
    DigestState state;
    TRY(request_idempotency_key(request, &ret_key->key));
    digest_start(&state);
    add(&state, str_from(request->method));
    add(&state, request->path);
    add_params(&state, &request->query);
    add_params(&state, &request->upload.fields);
    add(&state, content);
    ret_key->request = digest_end(&state);
    ret_key->route = request->route->pattern;
    return NULL;
}
