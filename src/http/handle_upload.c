/* Taking an upload: the file is in the spool already; the domain stores it and queues the work. */
#include "http/handlers.h"
#include "http/idempotent.h"
#include "http/reply.h"
#include "http/upload_options.h"
#include "http/views.h"

static void put_answer(JsonOut *out, const UploadRequest *upload, const UploadAnswer *answer)
{
    json_put_text(out, "message",
                  answer->already_imported
                      ? "The file was accepted, though the same file was imported before: see "
                        "earlier_job_id. Its rows are being imported in the background."
                      : "The file was accepted. Its rows are being imported in the background.");
    json_put_uuid(out, "job_id", answer->job_id);
    json_put_uuid(out, "task_id", answer->job_id);
    json_put_text(out, "status", JOB_STATUS_WORDS[JOB_PENDING]);
    json_put_text(out, "job_type", kind_spec(upload->kind)->word);
    json_put_int(out, "file_size", upload->size);
    json_put_bool(out, "dry_run", upload->options.dry_run);
    json_put_bool(out, "already_imported", answer->already_imported);
    json_put_uuid_or_null(out, "earlier_job_id",
                          answer->already_imported ? answer->earlier_job_id : UUID_NIL);
}

static Error *accept(Request *request, Response *response, bool with_kind)
{
    Arena *arena = request->arena;
    Str sha256 = {(const char *)request->upload.sha256.bytes, sizeof request->upload.sha256.bytes};
    UploadRequest upload = {.spool = request->upload.fd,
                            .size = request->upload.size,
                            .sha256 = request->upload.sha256};
    UploadAnswer answer = {0};
    char id[UUID_TEXT_SIZE];
    TRY(upload_options_read(request, with_kind, &upload));
    TRY(idempotent_key(request, sha256, &upload.idempotency));
    TRY(upload_accept(arena, request->db, request->who, &upload, &answer));
    JsonOut *out = reply_begin(request, response);
    put_answer(out, &upload, &answer);
    TRY(reply_end(request, response, 202));
    uuid_format(id, answer.job_id);
    response_header(arena, response, "Location",
                    arena_printf(arena, "/api/v1/predictions/jobs/%s", id));
    if (answer.replayed)
        response_header(arena, response, "Idempotent-Replayed", "true");
    return NULL;
}

Error *handle_upload_of_kind(Request *request, Response *response)
{
    return accept(request, response, false);
}

Error *handle_upload(Request *request, Response *response)
{
    return accept(request, response, true);
}
