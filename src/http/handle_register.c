/* Registering, verifying, and a forgotten password, for strangers: an answer says the same whether or not there is
 * such an account. */
#include "http/app.h"
#include "http/handlers.h"
#include "http/reply.h"

static Error *say(Request *request, Response *response, int status, const char *message)
{
    JsonOut *out = reply_begin(request, response);
    json_put_text(out, "message", message);
    return reply_end(request, response, status);
}

static const Registration *registration(const Request *request)
{
    return &request->app->config.registration;
}

static Error *read_body(Request *request, Params *ret_body)
{
    TRY(params_check(&request->query));
    return params_from_body(request->arena, request->body, ret_body);
}

Error *handle_register(Request *request, Response *response)
{
    Params body;
    TRY(read_body(request, &body));
    NewUser new = {.email = params_text(&body, "email", 254),
                   .full_name = params_text(&body, "full_name", 200),
                   .username = params_text(&body, "username", 200),
                   .password = params_secret(&body, "password", PASSWORD_MAX)};
    params_need(&body, "email");
    params_need(&body, "password");
    TRY(params_check(&body));
    TRY(registration_register(request->arena, request->db, &request->peer, registration(request),
                              &new));
    return say(request, response, 201,
               registration(request)->mails
                   ? "A mail is on its way to this address. Follow the link in it, then sign in."
                   : "An administrator has to confirm this address before you can sign in.");
}

typedef Error *AskForMail(Arena *arena, Db *db, const Registration *how, Str email);

static Error *ask_for_mail(Request *request, Response *response, AskForMail *ask)
{
    Params body;
    TRY(read_body(request, &body));
    Str email = params_text(&body, "email", 254);
    params_need(&body, "email");
    TRY(params_check(&body));
    TRY(ask(request->arena, request->db, registration(request), email));
    return say(request, response, 200,
               registration(request)->mails
                   ? "If there is an account with this address, a mail is on its way to it."
                   : "This server sends no mail. An administrator can make a link for you.");
}

Error *handle_resend(Request *request, Response *response)
{
    return ask_for_mail(request, response, registration_resend);
}

Error *handle_forgot(Request *request, Response *response)
{
    return ask_for_mail(request, response, registration_forgot);
}

Error *handle_verify(Request *request, Response *response)
{
    Params body;
    TRY(read_body(request, &body));
    Str token = params_secret(&body, "token", 200);
    params_need(&body, "token");
    TRY(params_check(&body));
    TRY(registration_verify(request->arena, request->db, &request->peer, token));
    return say(request, response, 200, "The address is confirmed. Sign in now.");
}

Error *handle_reset(Request *request, Response *response)
{
    Params body;
    TRY(read_body(request, &body));
    Str token = params_secret(&body, "token", 200);
    Str password = params_secret(&body, "password", PASSWORD_MAX);
    params_need(&body, "token");
    params_need(&body, "password");
    TRY(params_check(&body));
    TRY(registration_reset(request->arena, request->db, &request->peer, token, password));
    return say(request, response, 200, "The password is set. Sign in now.");
}
