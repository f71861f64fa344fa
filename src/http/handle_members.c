/* Members of organizations, and becoming one. */
#include "base/check.h"
#include "http/handlers.h"
#include "http/organization_body.h"
#include "http/paging.h"
#include "http/reply.h"
#include "http/user_filter.h"
#include "http/user_reply.h"
#include "http/views.h"

Error *handle_members_list(Request *request, Response *response)
{
    UserFilter filter;
    UserList list;
    Paging paging;
    user_filter_read_users(&request->query, &filter);
    paging_read(request, 0, false, &paging);
    TRY(params_check(&request->query));
    TRY(members_list(request->arena, request->db, request->who, request->values.id, &filter,
                     &paging.page, &list));
    return user_reply_list(request, response, &list, &paging);
}

Error *handle_member_change(Request *request, Response *response)
{
    Params body;
    UserChange change;
    User *changed = NULL;
    TRY(params_check(&request->query));
    TRY(params_from_body(request->arena, request->body, &body));
    user_change_read(&body, false, &change);
    TRY(params_check(&body));
    TRY(members_change(request->arena, request->db, request->who, request->values.id,
                       request->values.user_id, &change, &changed));
    return user_reply(request, response, NULL, changed);
}

Error *handle_member_remove(Request *request, Response *response)
{
    User *removed = NULL;
    TRY(params_check(&request->query));
    TRY(members_remove(request->arena, request->db, request->who, request->values.id,
                       request->values.user_id, &removed));
    return user_reply(request, response,
                      "The user is no member any more. The account is still there, and what it "
                      "made for the organization stays the organization's.",
                      removed);
}

Error *handle_join(Request *request, Response *response)
{
    Params body;
    Organization *joined = NULL;
    TRY(params_check(&request->query));
    TRY(params_from_body(request->arena, request->body, &body));
    Str token = params_secret(&body, "join_token", JOIN_TOKEN_MAX);
    params_need(&body, "join_token");
    TRY(params_check(&body));
    TRY(joining_join(request->arena, request->db, request->who, str_trim(token), &joined));
    JsonOut *out = reply_begin(request, response);
    json_put_text(out, "message",
                  arena_printf(request->arena, "You are a member of %s now.", joined->name));
    json_put_text(out, "role", ROLE_WORDS[joined->default_role]);
    view_organization(out, "organization", joined);
    return reply_end(request, response, 200);
}

Error *handle_leave(Request *request, Response *response)
{
    Uuid left;
    TRY(params_check(&request->query));
    TRY(joining_leave(request->arena, request->db, request->who, &left));
    JsonOut *out = reply_begin(request, response);
    json_put_text(out, "message",
                  "You have left the organization. What you made for it stays its own.");
    json_put_uuid(out, "organization_id", left);
    return reply_end(request, response, 200);
}
