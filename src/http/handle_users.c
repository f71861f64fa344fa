/* Accounts for their administrators: the list, inviting, changing, deleting and bringing back, and the one-time link
 * where no mail is sent. */
#include "base/check.h"
#include "domain/registration.h"
#include "domain/users.h"
#include "http/app.h"
#include "http/handlers.h"
#include "http/organization_body.h"
#include "http/paging.h"
#include "http/reply.h"
#include "http/user_filter.h"
#include "http/user_reply.h"
#include "http/views.h"

Error *handle_users_list(Request *request, Response *response)
{
    Params *query = &request->query;
    UserFilter filter;
    UserList list;
    Paging paging;
    user_filter_read_users(query, &filter);
    filter.deleted = params_bool(query, "show_deleted", false);
    filter.has_organization = params_uuid(query, "organization_id", &filter.organization_id);
    paging_read(request, 0, false, &paging);
    TRY(params_check(query));
    TRY(users_list(request->arena, request->db, request->who, &filter, &paging.page, &list));
    return user_reply_list(request, response, &list, &paging);
}

Error *handle_user_get(Request *request, Response *response)
{
    User *user = NULL;
    TRY(users_get(request->arena, request->db, request->who, request->values.id, &user));
    return user_reply(request, response, NULL, user);
}

/* --- inviting ------------------------------------------------------------------------------------- */

static Error *read_invitation(Request *request, Invitation *invitation)
{
    Params body;
    TRY(params_check(&request->query));
    TRY(params_from_body(request->arena, request->body, &body));
    *invitation = (Invitation){.email = params_text(&body, "email", 254),
                               .full_name = params_text(&body, "full_name", FULL_NAME_CHARS_MAX),
                               .role = role_body_read(&body, "role"),
                               .is_service = params_bool(&body, "service", false),
                               .mails = request->app->config.registration.mails};
    params_uuid(&body, "organization_id", &invitation->organization_id);
    if (!invitation->is_service)
        params_need(&body, "email");
    return params_check(&body);
}

static void put_link(const Request *request, JsonOut *out, const Link *link)
{
    json_put_text(out, "link", link_address(request->arena, request->app->config.public_url, link));
    json_put_time(out, "link_expires_at", link->expires_at);
}

Error *handle_user_invite(Request *request, Response *response)
{
    Invitation invitation;
    Invited invited = {0};
    Arena *arena = request->arena;
    TRY(read_invitation(request, &invitation));
    TRY(users_invite(arena, request->db, request->who, &invitation, &invited));
    JsonOut *out = reply_begin(request, response);
    json_put_text(out, "message",
                  invited.mailed ? arena_printf(arena, "An invitation was sent to " STR_FMT ".",
                                                STR_ARG(invitation.email))
                  : invited.link.token ? "The account was made. Give the link to its person: it is "
                                         "good once, and sets the password."
                                       : "The service user was made. It acts by API keys alone.");
    if (invited.user != NULL)
        view_user(out, "user", invited.user);
    if (invited.link.token != NULL)
        put_link(request, out, &invited.link);
    if (invited.user != NULL)
        response_header(
            arena, response, "Location",
            arena_printf(arena, "/api/v1/users/%s", uuid_text(arena, invited.user->id)));
    return reply_end(request, response, invited.user != NULL ? 201 : 202);
}

Error *handle_user_link(Request *request, Response *response)
{
    User *user = NULL;
    Link link;
    TRY(params_check(&request->query));
    TRY(users_get(request->arena, request->db, request->who, request->values.id, &user));
    LinkKind kind = user->password_hash == NULL ? LINK_INVITE : LINK_RESET;
    TRY(registration_link(request->arena, request->db, request->who, user, kind, &link));
    JsonOut *out = reply_begin(request, response);
    json_put_text(out, "message",
                  "Give the link to its person: it is good once, and sets the password. Earlier "
                  "links are not good any more.");
    put_link(request, out, &link);
    return reply_end(request, response, 201);
}

/* --- changing ------------------------------------------------------------------------------------- */

Error *handle_user_change(Request *request, Response *response)
{
    Params body;
    UserChange change;
    User *changed = NULL;
    TRY(params_check(&request->query));
    TRY(params_from_body(request->arena, request->body, &body));
    user_change_read(&body, true, &change);
    TRY(params_check(&body));
    TRY(users_change(request->arena, request->db, request->who, request->values.id, &change,
                     &changed));
    return user_reply(request, response, NULL, changed);
}

Error *handle_user_delete(Request *request, Response *response)
{
    User *user = NULL;
    bool taken_out = false;
    TRY(params_check(&request->query));
    TRY(users_delete(request->arena, request->db, request->who, request->values.id, &taken_out,
                     &user));
    return user_reply(request, response,
                      taken_out
                          ? "The user is no member of your organization any more. The account "
                            "is still there: an administrator of the server deletes accounts."
                          : "The account was deleted: it signs in nowhere, and its sessions "
                            "and keys have ended. It can be restored; keys are made anew.",
                      user);
}

Error *handle_user_restore(Request *request, Response *response)
{
    User *user = NULL;
    TRY(params_check(&request->query));
    TRY(users_restore(request->arena, request->db, request->who, request->values.id, &user));
    return user_reply(request, response, "The account is back. Sessions and keys are made anew.",
                      user);
}
