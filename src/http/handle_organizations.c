/* Organizations: making, looking, settings, the join token, and the list of who may join. */
#include "base/check.h"
#include "domain/organization_deletion.h"
#include "http/app.h"
#include "http/handlers.h"
#include "http/organization_body.h"
#include "http/paging.h"
#include "http/reply.h"
#include "http/scope.h"
#include "http/views.h"

static Error *reply_with(Request *request, Response *response, const Organization *organization,
                         const char *token, int status)
{
    JsonOut *out = reply_begin(request, response);
    view_organization(out, "organization", organization);
    if (token != NULL)
        json_put_text(out, "join_token", token);
    TRY(reply_end(request, response, status));
    response_header(request->arena, response, "ETag",
                    organizations_etag(request->arena, organization));
    return NULL;
}

Error *handle_organization_create(Request *request, Response *response)
{
    Params body;
    NewOrganization asked;
    Organization *made = NULL;
    const char *token = NULL;
    TRY(params_check(&request->query));
    TRY(params_from_body(request->arena, request->body, &body));
    organization_body_read(&body, &asked);
    params_need(&body, "name");
    TRY(params_check(&body));
    TRY(organizations_create(request->arena, request->db, request->who, &asked, &token, &made));
    response_header(request->arena, response, "Location",
                    arena_printf(request->arena, "/api/v1/organizations/%s",
                                 uuid_text(request->arena, made->id)));
    return reply_with(request, response, made, token, 201);
}

Error *handle_organizations_list(Request *request, Response *response)
{
    Params *query = &request->query;
    OrganizationList list;
    Paging paging;
    bool deleted = params_bool(query, "show_deleted", false);
    paging_read(request, 0, false, &paging);
    TRY(params_check(query));
    TRY(organizations_list(request->arena, request->db, request->who, deleted, &paging.page,
                           &list));
    JsonOut *out = reply_begin(request, response);
    json_begin_array(out, "organizations");
    for (size_t i = 0; i < list.count; i++)
        view_organization(out, NULL, &list.items[i]);
    json_end_array(out);
    paging_view(request->arena, out, &paging, &list.end, STR(""));
    return reply_end(request, response, 200);
}

Error *handle_organization_get(Request *request, Response *response)
{
    Organization *found = NULL;
    bool deleted = params_bool(&request->query, "show_deleted", false);
    TRY(params_check(&request->query));
    TRY(organizations_get(request->arena, request->db, request->who, request->values.id, deleted,
                          &found));
    return reply_with(request, response, found, NULL, 200);
}

Error *handle_organization_change(Request *request, Response *response)
{
    Params body;
    OrganizationChange change;
    Organization *changed = NULL;
    TRY(params_check(&request->query));
    TRY(params_from_body(request->arena, request->body, &body));
    organization_body_read_change(&body, &change);
    TRY(params_check(&body));
    TRY(request_if_match(request, &change.if_match));
    TRY(organizations_change(request->arena, request->db, request->who, request->values.id, &change,
                             &changed));
    return reply_with(request, response, changed, NULL, 200);
}

Error *handle_organization_new_token(Request *request, Response *response)
{
    Organization *changed = NULL;
    const char *token = NULL;
    TRY(params_check(&request->query));
    TRY(joining_new_token(request->arena, request->db, request->who, request->values.id, &token,
                          &changed));
    return reply_with(request, response, changed, token, 200);
}

/* --- deleting ------------------------------------------------------------------------------------- */

static void put_counts(JsonOut *out, const OrganizationDeletionPreview *was)
{
    view_organization(out, "deleted_organization", was->organization);
    json_put_int(out, "users", was->organization->members);
    json_put_int(out, "jobs", was->counts.jobs);
    json_put_int(out, "companies", was->counts.companies);
    json_begin_object(out, "predictions");
    for (Kind kind = 0; kind < KIND_COUNT; kind++)
        json_put_int(out, kind_spec(kind)->word, was->counts.predictions[kind]);
    json_end_object(out);
}

static Error *reply_deletion_preview(Request *request, Response *response)
{
    OrganizationDeletionPreview preview;
    TRY(organization_deletion_preview(request->arena, request->db, request->who, request->values.id,
                                      &preview));
    JsonOut *out = reply_begin(request, response);
    json_put_bool(out, "dry_run", true);
    json_put_text(out, "message",
                  "This would delete the organization: its members act for themselves alone, and "
                  "see nothing that is its own. Nothing was changed.");
    put_counts(out, &preview);
    json_put_text(out, "etag", preview.etag);
    TRY(reply_end(request, response, 200));
    response_header(request->arena, response, "ETag", preview.etag);
    return NULL;
}

Error *handle_organization_preview(Request *request, Response *response)
{
    return reply_deletion_preview(request, response);
}

Error *handle_organization_delete(Request *request, Response *response)
{
    OrganizationDeletion asked = {.window = request->app->config.restore_window};
    OrganizationDeletionPreview was;
    Deletion *deletion = NULL;
    bool dry_run = params_bool(&request->query, "dry_run", false);
    asked.reason = reason_read(&request->query);
    TRY(params_check(&request->query));
    TRY(request_if_match(request, &asked.if_match));
    if (dry_run)
        return reply_deletion_preview(request, response);
    TRY(organization_deletion_request(request->arena, request->db, request->who, request->values.id,
                                      &asked, &was, &deletion));
    JsonOut *out = reply_begin(request, response);
    json_put_text(out, "message",
                  "The organization was deleted. Its members act for themselves alone. All that is "
                  "its own is kept, and an administrator of the server can bring it back.");
    put_counts(out, &was);
    json_put_uuid(out, "deletion_id", deletion->id);
    json_put_time(out, "restorable_until", deletion->restorable_until);
    return reply_end(request, response, 200);
}

/* --- who may join --------------------------------------------------------------------------------- */

static Error *reply_whitelist(Request *request, Response *response, int status)
{
    Whitelist list = {0};
    TRY(joining_whitelist(request->arena, request->db, request->who, request->values.id, &list));
    JsonOut *out = reply_begin(request, response);
    view_whitelist(out, "whitelist", &list);
    return reply_end(request, response, status);
}

Error *handle_whitelist_get(Request *request, Response *response)
{
    return reply_whitelist(request, response, 200);
}

Error *handle_whitelist_add(Request *request, Response *response)
{
    Params body;
    bool is_new = false;
    TRY(params_check(&request->query));
    TRY(params_from_body(request->arena, request->body, &body));
    Str pattern = params_text(&body, "pattern", PATTERN_MAX);
    params_need(&body, "pattern");
    TRY(params_check(&body));
    TRY(joining_allow(request->arena, request->db, request->who, request->values.id, pattern,
                      &is_new));
    return reply_whitelist(request, response, is_new ? 201 : 200);
}

Error *handle_whitelist_remove(Request *request, Response *response)
{
    Str pattern = params_text(&request->query, "pattern", PATTERN_MAX);
    params_need(&request->query, "pattern");
    TRY(params_check(&request->query));
    TRY(joining_disallow(request->arena, request->db, request->who, request->values.id, pattern));
    return reply_whitelist(request, response, 200);
}
