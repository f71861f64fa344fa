/* A failure while waiting is logged, and the answer is that it goes on in the background. */
#include "http/deletion_wait.h"

#include "base/log.h"
#include "http/app.h"
#include "http/reply.h"

#define WAIT_MOST SECONDS(2)

static void wait_for(Request *request, int64_t wait, const Deletion **deletion)
{
    Deletion *found = NULL;
    Error *error =
        deletion_wait(request->arena, request->db, request->who, (*deletion)->id, wait, &found);
    if (error == NULL)
        *deletion = found;
    else
        log_event(LOG_WARN, "a deletion was not waited for", LOG_TEXT("request_id", request->id),
                  LOG_TEXT("error", error_chain(request->arena, error)));
}

bool deletion_wait_over(Request *request, const Deletion **deletion)
{
    Permits *permits = request->app->waits;
    int64_t wait = request_wait(request, WAIT_MOST);
    if ((*deletion)->state != DELETION_DONE && wait > 0 && permits_take(permits)) {
        wait_for(request, wait, deletion);
        permits_give(permits);
    }
    return (*deletion)->state == DELETION_DONE;
}

Error *deletion_wait_reply(Request *request, Response *response, Uuid deletion_id, bool over)
{
    char id[UUID_TEXT_SIZE];
    TRY(reply_end(request, response, over ? 200 : 202));
    if (uuid_is_nil(deletion_id))
        return NULL;
    uuid_format(id, deletion_id);
    response_header(request->arena, response, "Location",
                    arena_printf(request->arena, "/api/v1/deletions/%s", id));
    return NULL;
}
