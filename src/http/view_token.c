/* Sessions and API keys. Never a secret: that stands in one answer alone, put there by its handler. */
#include "http/views.h"

static void view_scopes(JsonOut *out, unsigned scopes)
{
    json_begin_array(out, "scopes");
    for (size_t i = 0; i < SCOPE_COUNT; i++)
        if (scopes >> i & 1)
            json_put_text(out, NULL, SCOPE_WORDS[i]);
    json_end_array(out);
}

static void view_times(JsonOut *out, const Token *token)
{
    json_put_time(out, "created_at", token->created_at);
    json_put_time_or_null(out, "last_used", token->last_used);
    json_put_time(out, "expires_at", token->expires_at);
    json_put_text(out, "address", token->address);
}

void view_session(JsonOut *out, const char *key, const Principal *who, const Token *session)
{
    json_begin_object(out, key);
    json_put_uuid(out, "id", token_id(session->digest));
    view_times(out, session);
    json_put_bool(out, "current",
                  memcmp(session->digest.bytes, who->token.bytes, DIGEST_SIZE) == 0);
    json_end_object(out);
}

void view_api_key(JsonOut *out, const char *key, const Token *api_key)
{
    json_begin_object(out, key);
    json_put_uuid(out, "id", token_id(api_key->digest));
    json_put_text(out, "name", api_key->name);
    json_put_uuid(out, "user_id", api_key->user_id);
    view_scopes(out, api_key->scopes);
    view_times(out, api_key);
    json_end_object(out);
}

void view_own_token(JsonOut *out, const char *key, const Principal *who)
{
    json_begin_object(out, key);
    json_put_uuid(out, "id", token_id(who->token));
    json_put_text(out, "kind", token_kind_word(who->is_key ? TOKEN_API_KEY : TOKEN_SESSION));
    view_scopes(out, who->scopes);
    json_put_time(out, "expires_at", who->token_expires_at);
    json_end_object(out);
}
