/* The first super_admin, made with the one-time token that the server printed when it found no
 * users: a form for people, and the same as JSON. The form needs no cookie and runs no script; the
 * token in it is what keeps others from sending it. */
#include "base/check.h"
#include "http/handlers.h"
#include "http/html.h"
#include "http/problem.h"
#include "http/reply.h"
#include "http/views.h"

static Error *read_and_set_up(Request *request, Params *body, User **ret_user)
{
    Str token = params_secret(body, "token", 200);
    NewUser user = {.role = ROLE_SUPER_ADMIN, .verified = true};
    user.email = params_text(body, "email", 254);
    user.full_name = params_text(body, "full_name", 200);
    user.password = params_secret(body, "password", PASSWORD_MAX);
    params_need(body, "token");
    params_need(body, "email");
    params_need(body, "password");
    TRY(params_check(body));
    return accounts_set_up(request->arena, request->db, &request->peer, token, &user, ret_user);
}

Error *handle_api_setup(Request *request, Response *response)
{
    Params body;
    User *user = NULL;
    TRY(params_check(&request->query));
    TRY(params_from_body(request->arena, request->body, &body));
    TRY(read_and_set_up(request, &body, &user));
    JsonOut *out = reply_begin(request, response);
    json_put_text(out, "message", "The first administrator was made. Sign in now.");
    view_user(out, "user", user);
    return reply_end(request, response, 201);
}

/* The password is never filled in again. */
static void show_form(Request *request, Response *response, Params *values, const Error *error)
{
    Buf page = buf_new(request->arena, 1 << 20);
    buf_add(&page, STR("<p>Make the first administrator of this server.</p>\n"));
    html_wrong(&page, error);
    buf_add(&page, STR("<form method=\"post\" action=\"/setup\">\n"));
    html_hidden(&page, "token", html_value(values, "token"));
    html_input(&page, "E-mail address",
               "name=\"email\" type=\"email\" autocomplete=\"email\" required",
               html_value(values, "email"));
    html_input(&page, "Full name (may be empty)", "name=\"full_name\" autocomplete=\"name\"",
               html_value(values, "full_name"));
    html_input(&page, "Password (at least 8 characters, with a letter and a digit)",
               "name=\"password\" type=\"password\" autocomplete=\"new-password\" minlength=\"8\" "
               "required",
               STR(""));
    buf_add(&page, STR("<button>Make the administrator</button>\n</form>\n"));
    html_reply(request, response, error == NULL ? 200 : problem_status(error), "Obligor: set-up",
               buf_str(&page));
}

Error *handle_setup_page(Request *request, Response *response)
{
    show_form(request, response, &request->query, NULL);
    return NULL;
}

/* A person reads the answer: errors that the form can mend come back in the form. */
Error *handle_setup_form(Request *request, Response *response)
{
    Params form;
    User *user = NULL;
    TRY(params_check(&request->query));
    TRY(params_parse(request->arena, request->body, true, &form));
    Error *error = read_and_set_up(request, &form, &user);
    if (error != NULL && problem_status(error) >= 500)
        return error;
    if (error != NULL) {
        show_form(request, response, &form, error);
        return NULL;
    }
    html_reply(request, response, 201, "Obligor: done",
               STR("<p>The administrator was made. You can sign in now.</p>\n"));
    return NULL;
}
