/* The pages that mailed links lead to. To look at one changes nothing and tells nothing, since programs that read
 * people's mail follow links: the person presses the button. A form needs no cookie and runs no script; the token in
 * it is what keeps others from sending it. */
#include "base/check.h"
#include "domain/registration.h"
#include "http/handlers.h"
#include "http/html.h"
#include "http/problem.h"

enum { PAGE_MAX = 1 << 20 };

static void begin_form(Buf *page, const char *sentence, const char *action, Params *values,
                       const Error *error)
{
    buf_printf(page, "<p>%s</p>\n", sentence);
    html_wrong(page, error);
    buf_printf(page, "<form method=\"post\" action=\"%s\">\n", action);
    html_hidden(page, "token", html_value(values, "token"));
}

static int status_of(const Error *error)
{
    return error == NULL ? 200 : problem_status(error);
}

typedef void ShowForm(Request *request, Response *response, Params *values, const Error *error);

static void show_verify(Request *request, Response *response, Params *values, const Error *error)
{
    Buf page = buf_new(request->arena, PAGE_MAX);
    begin_form(&page, "Confirm that this address is yours.", "/verify", values, error);
    buf_add(&page, STR("<button>Confirm</button>\n</form>\n"));
    html_reply(request, response, status_of(error), "Obligor: your address", buf_str(&page));
}

/* The password is never filled in again. */
static void show_reset(Request *request, Response *response, Params *values, const Error *error)
{
    Buf page = buf_new(request->arena, PAGE_MAX);
    begin_form(&page, "Set your password. You are signed out everywhere.", "/reset", values, error);
    html_input(&page, "Password (at least 8 characters, with a letter and a digit)",
               "name=\"password\" type=\"password\" autocomplete=\"new-password\" minlength=\"8\" "
               "required",
               STR(""));
    buf_add(&page, STR("<button>Set the password</button>\n</form>\n"));
    html_reply(request, response, status_of(error), "Obligor: your password", buf_str(&page));
}

Error *handle_verify_page(Request *request, Response *response)
{
    show_verify(request, response, &request->query, NULL);
    return NULL;
}

Error *handle_reset_page(Request *request, Response *response)
{
    show_reset(request, response, &request->query, NULL);
    return NULL;
}

/* A person reads the answer: errors that are theirs come back in the form. */
static Error *answer(Request *request, Response *response, Params *form, Error *error,
                     ShowForm *show)
{
    if (error != NULL && problem_status(error) >= 500)
        return error;
    if (error != NULL)
        show(request, response, form, error);
    else
        html_reply(request, response, 200, "Obligor: done", STR("<p>You can sign in now.</p>\n"));
    return NULL;
}

static Error *verify(Request *request, Params *form)
{
    Str token = params_secret(form, "token", 200);
    params_need(form, "token");
    TRY(params_check(form));
    return registration_verify(request->arena, request->db, &request->peer, token);
}

Error *handle_verify_form(Request *request, Response *response)
{
    Params form;
    TRY(params_check(&request->query));
    TRY(params_parse(request->arena, request->body, true, &form));
    return answer(request, response, &form, verify(request, &form), show_verify);
}

static Error *reset(Request *request, Params *form)
{
    Str token = params_secret(form, "token", 200);
    Str password = params_secret(form, "password", PASSWORD_MAX);
    params_need(form, "token");
    params_need(form, "password");
    TRY(params_check(form));
    return registration_reset(request->arena, request->db, &request->peer, token, password);
}

Error *handle_reset_form(Request *request, Response *response)
{
    Params form;
    TRY(params_check(&request->query));
    TRY(params_parse(request->arena, request->body, true, &form));
    return answer(request, response, &form, reset(request, &form), show_reset);
}
