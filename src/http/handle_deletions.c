/* Deletions as their people see them: what became of them, and what is still to be done about them. */
#include "http/handlers.h"
#include "http/reply.h"
#include "http/views.h"

Error *handle_deletion_get(Request *request, Response *response)
{
    Deletion *deletion = NULL;
    TRY(deletion_get(request->arena, request->db, request->who, request->values.id, &deletion));
    JsonOut *out = reply_begin(request, response);
    view_deletion(out, "deletion", deletion);
    return reply_end(request, response, 200);
}
