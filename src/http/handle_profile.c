/* Who one is, and what one changes of it: names and the password, never the role or the address. */
#include "base/log.h"
#include "domain/own_account.h"
#include "http/app.h"
#include "http/handlers.h"
#include "http/reply.h"
#include "http/views.h"

static void view_organization_of(JsonOut *out, const char *key, const User *user)
{
    if (!user->has_organization) {
        json_put_null(out, key);
        return;
    }
    json_begin_object(out, key);
    json_put_uuid(out, "id", user->organization_id);
    json_put_text(out, "name", user->organization_name);
    json_put_bool(out, "is_open", user->organization_open);
    json_end_object(out);
}

static Error *reply_with(Request *request, Response *response, const User *user)
{
    JsonOut *out = reply_begin(request, response);
    view_user(out, "user", user);
    view_organization_of(out, "organization", user);
    view_own_token(out, "token", request->who);
    return reply_end(request, response, 200);
}

Error *handle_me(Request *request, Response *response)
{
    User *user = NULL;
    TRY(accounts_user(request->arena, request->db, request->who->user_id, &user));
    return reply_with(request, response, user);
}

static Str read_name(Params *body, const char *name)
{
    Str text = params_text(body, name, 200);
    return params_has(body, name) ? text : (Str){NULL, 0};
}

Error *handle_profile_change(Request *request, Response *response)
{
    Params body;
    User *user = NULL;
    Profile profile;
    TRY(params_check(&request->query));
    TRY(params_from_body(request->arena, request->body, &body));
    profile.full_name = read_name(&body, "full_name");
    profile.username = read_name(&body, "username");
    TRY(params_check(&body));
    TRY(own_account_set_profile(request->arena, request->db, request->who, &profile, &user));
    return reply_with(request, response, user);
}

/* Somebody at an open session who guesses is worth a line. */
static void note_failure(const Request *request)
{
    metrics_count_failed_sign_in(request->app->metrics);
    log_event(LOG_WARN, "change of password refused", LOG_TEXT("address", request->peer.address),
              LOG_TEXT("request_id", request->id));
}

Error *handle_password_change(Request *request, Response *response)
{
    Params body;
    PasswordChange change = {0};
    TRY(params_check(&request->query));
    TRY(params_from_body(request->arena, request->body, &body));
    Str current = params_secret(&body, "current_password", PASSWORD_MAX);
    Str new = params_secret(&body, "new_password", PASSWORD_MAX);
    params_need(&body, "current_password");
    params_need(&body, "new_password");
    TRY(params_check(&body));
    Error *error = own_account_change_password(request->arena, request->db, request->who, current,
                                               new, &change);
    if (error != NULL && error->fields != NULL &&
        strcmp(error->fields->field, "current_password") == 0)
        note_failure(request);
    TRY(error);
    JsonOut *out = reply_begin(request, response);
    json_put_text(out, "message",
                  change.api_keys == 0
                      ? "The password was changed. All other sessions have ended."
                      : "The password was changed. All other sessions have ended; API keys go on "
                        "working until they are revoked.");
    json_put_int(out, "sessions_ended", change.sessions_ended);
    json_put_int(out, "api_keys", change.api_keys);
    return reply_end(request, response, 200);
}
