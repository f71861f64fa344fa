/* Signing in and out, and going on with a new token. */
#include "base/log.h"
#include "domain/user_sessions.h"
#include "http/app.h"
#include "http/cookie.h"
#include "http/handlers.h"
#include "http/reply.h"
#include "http/views.h"

/* The address is not logged: people type their password into that field. */
static void note_failure(const Request *request)
{
    metrics_count_failed_sign_in(request->app->metrics);
    log_event(LOG_WARN, "sign-in refused", LOG_TEXT("address", request->peer.address),
              LOG_TEXT("request_id", request->id));
}

/* In the cookie the token is out of reach of scripts, so it is not in the body as well. */
static Error *reply_session(Request *request, Response *response, const Session *session,
                            bool in_cookie)
{
    JsonOut *out = reply_begin(request, response);
    if (in_cookie)
        cookie_set(request, response, session);
    else
        json_put_text(out, "access_token", session->token);
    json_put_text(out, "token_type", in_cookie ? "cookie" : "bearer");
    json_put_int(out, "expires_in", (session->expires_at - clock_now()) / SECONDS(1));
    view_user(out, "user", session->user);
    return reply_end(request, response, 200);
}

Error *handle_login(Request *request, Response *response)
{
    Params body;
    Session session = {0};
    TRY(params_from_body(request->arena, request->body, &body));
    Str email = params_text(&body, "email", 254);
    Str password = params_secret(&body, "password", PASSWORD_MAX);
    bool in_cookie = params_bool(&body, "cookie", false);
    params_need(&body, "email");
    params_need(&body, "password");
    TRY(params_check(&body));
    TRY(params_check(&request->query));
    if (in_cookie)
        TRY(cookie_check_origin(request));
    Error *error =
        accounts_sign_in(request->arena, request->db, &request->peer, email, password, &session);
    if (error != NULL) {
        if (error->code == ERROR_UNAUTHENTICATED || error->code == ERROR_DENIED)
            note_failure(request);
        return error;
    }
    return reply_session(request, response, &session, in_cookie);
}

Error *handle_refresh(Request *request, Response *response)
{
    Session session = {0};
    TRY(params_check(&request->query));
    TRY(session_refresh(request->arena, request->db, request->who, &session));
    return reply_session(request, response, &session, request->by_cookie);
}

Error *handle_logout(Request *request, Response *response)
{
    TRY(params_check(&request->query));
    TRY(accounts_sign_out(request->arena, request->db, request->who));
    if (request->by_cookie)
        cookie_clear(request, response);
    JsonOut *out = reply_begin(request, response);
    json_put_text(out, "message", "Signed out.");
    return reply_end(request, response, 200);
}
