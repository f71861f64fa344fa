/* An entry's digest is the SHA-256 of the digest before it and of every field, each with its length in
 * front, so that no two different entries have the same bytes. An absent text differs from an empty one. */
#include "domain/audit.h"

#include "base/clock.h"
#include "store/audit_store.h"

static void add_number(DigestState *state, int64_t number)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)((uint64_t)number >> (56 - 8 * i));
    digest_add(state, bytes, sizeof bytes);
}

static void add_text(DigestState *state, const char *text)
{
    add_number(state, text == NULL ? -1 : (int64_t)strlen(text));
    if (text != NULL)
        digest_add(state, text, strlen(text));
}

static Digest chain(const AuditEvent *event, const Digest *before)
{
    DigestState state;
    digest_start(&state);
    digest_add(&state, before->bytes, sizeof before->bytes);
    digest_add(&state, event->owner_id.bytes, sizeof event->owner_id.bytes);
    add_number(&state, event->seq);
    add_number(&state, event->at);
    digest_add(&state, event->user_id.bytes, sizeof event->user_id.bytes);
    add_text(&state, event->actor);
    add_text(&state, event->via);
    add_text(&state, event->address);
    add_text(&state, event->request_id);
    add_text(&state, event->action);
    add_text(&state, event->object_kind);
    digest_add(&state, event->object_id.bytes, sizeof event->object_id.bytes);
    add_number(&state, event->count);
    add_text(&state, event->reason);
    add_text(&state, event->details);
    return digest_end(&state);
}

Error *audit_write(Arena *arena, Db *db, const Principal *who, AuditNote note)
{
    AuditHead head;
    TRY(audit_head_lock(arena, db, note.owner_id, &head));
    AuditEvent event = {.owner_id = note.owner_id,
                        .seq = head.seq + 1,
                        .at = clock_now(),
                        .user_id = who->user_id,
                        .actor = who->email,
                        .via = who->via,
                        .address = who->address,
                        .request_id = who->request_id,
                        .action = note.action,
                        .object_kind = note.object_kind,
                        .object_id = note.object_id,
                        .count = note.count,
                        .reason = note.reason,
                        .details = note.details};
    return audit_append(arena, db, &event, chain(&event, &head.digest));
}
