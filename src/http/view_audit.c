/* Entries of the audit trail, as JSON and as the rows of a file; heads, and what verifying found. */
#include "base/check.h"
#include "base/clock.h"
#include "format/csv_out.h"
#include "format/json.h"
#include "http/views.h"

#include <inttypes.h>

/* What was written past the program may be no JSON, and what has lines would end one of a file. */
static void put_details(Arena *arena, JsonOut *out, const char *details)
{
    const JsonValue *value = NULL;
    Str text = str_from(details);
    size_t at;
    bool raw = details != NULL && !str_find(text, '\n', &at) && !str_find(text, '\r', &at) &&
               json_parse(arena, text, &value) == NULL;
    if (raw)
        json_put_raw(out, "details", text);
    else
        json_put_text(out, "details", details);
}

void view_audit_entry(Arena *arena, JsonOut *out, const Principal *who, const AuditEntry *entry)
{
    const AuditEvent *event = &entry->event;
    json_begin_object(out, NULL);
    view_ownership(out, who, event->owner_id);
    json_put_uuid(out, "owner_id", event->owner_id);
    json_put_int(out, "seq", event->seq);
    json_put_time(out, "created_at", event->at);
    json_put_uuid_or_null(out, "user_id", event->user_id);
    json_put_text(out, "actor", event->actor);
    json_put_text(out, "via", event->via);
    json_put_text(out, "address", event->address);
    json_put_text(out, "session", event->token);
    json_put_text(out, "request_id", event->request_id);
    json_put_text(out, "action", event->action);
    json_put_text(out, "object_kind", event->object_kind);
    json_put_uuid(out, "object_id", event->object_id);
    if (event->count < 0)
        json_put_null(out, "count");
    else
        json_put_int(out, "count", event->count);
    json_put_text(out, "reason", event->reason);
    put_details(arena, out, event->details);
    json_put_text(out, "key_id", event->key_id);
    json_put_text(out, "digest", digest_text(arena, entry->digest));
    json_end_object(out);
}

static const char *const COLUMNS[] = {
    "access_level", "owner_id", "seq",     "created_at", "user_id", "actor",
    "via",          "address",  "session", "request_id", "action",  "object_kind",
    "object_id",    "count",    "reason",  "details",    "key_id",  "digest",
};

void view_audit_header(Buf *out)
{
    Str cells[ARRAY_COUNT(COLUMNS)];
    for (size_t i = 0; i < ARRAY_COUNT(COLUMNS); i++)
        cells[i] = str_from(COLUMNS[i]);
    csv_write_row(out, cells, ARRAY_COUNT(cells), ',');
}

void view_audit_row(Arena *arena, Buf *out, const Principal *who, const AuditEntry *entry)
{
    const AuditEvent *event = &entry->event;
    char time[TIME_TEXT_SIZE];
    time_format(time, event->at);
    const char *user = uuid_is_nil(event->user_id) ? NULL : uuid_text(arena, event->user_id);
    const char *count = event->count < 0 ? NULL : arena_printf(arena, "%" PRId64, event->count);
    const char *const texts[] = {
        ACCESS_LEVEL_WORDS[principal_owner_kind(who, event->owner_id)],
        uuid_text(arena, event->owner_id),
        arena_printf(arena, "%" PRId64, event->seq),
        time,
        user,
        event->actor,
        event->via,
        event->address,
        event->token,
        event->request_id,
        event->action,
        event->object_kind,
        uuid_text(arena, event->object_id),
        count,
        event->reason,
        event->details,
        event->key_id,
        digest_text(arena, entry->digest),
    };
    Str cells[ARRAY_COUNT(COLUMNS)];
    _Static_assert(ARRAY_COUNT(texts) == ARRAY_COUNT(COLUMNS), "a cell for each column");
    for (size_t i = 0; i < ARRAY_COUNT(COLUMNS); i++)
        cells[i] = str_from(texts[i]);
    csv_write_row(out, cells, ARRAY_COUNT(cells), ',');
}

void view_audit_head(Arena *arena, JsonOut *out, const Principal *who, const AuditHead *head)
{
    json_begin_object(out, NULL);
    view_ownership(out, who, head->owner_id);
    json_put_uuid(out, "owner_id", head->owner_id);
    json_put_int(out, "seq", head->seq);
    json_put_text(out, "digest", digest_text(arena, head->digest));
    json_put_time_or_null(out, "time", head->seq == 0 ? 0 : head->at);
    json_put_bool(out, "keyed", head->sealed);
    json_end_object(out);
}

void view_audit_finding(Arena *arena, JsonOut *out, const Principal *who,
                        const AuditFinding *finding)
{
    bool broken = finding->fault != AUDIT_WHOLE;
    json_begin_object(out, NULL);
    view_ownership(out, who, finding->owner_id);
    json_put_uuid(out, "owner_id", finding->owner_id);
    json_put_int(out, "entries", finding->checked);
    json_put_bool(out, "complete", finding->over);
    json_put_bool(out, "whole", !broken);
    if (broken) {
        json_begin_object(out, "fault");
        json_put_text(out, "kind", AUDIT_FAULT_WORDS[finding->fault]);
        json_put_int(out, "seq", finding->seq);
        json_put_int(out, "to", finding->to);
        json_put_text(out, "message", audit_finding_text(arena, finding));
        json_end_object(out);
    } else {
        json_put_null(out, "fault");
    }
    json_end_object(out);
}
