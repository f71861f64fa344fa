/* The audit trail: the list and its export, the heads, and verifying in steps that a request can take. */
#include "base/check.h"
#include "http/app.h"
#include "http/cursor.h"
#include "http/handlers.h"
#include "http/paging.h"
#include "http/reply.h"
#include "http/spool.h"
#include "http/user_filter.h"
#include "http/views.h"

enum { EXPORT_BATCH = 1000, EXPORT_BYTES = 64 << 20, VERIFIED_MAX = 50000 };

typedef enum Format { FORMAT_JSON, FORMAT_CSV, FORMAT_NDJSON, FORMAT_COUNT } Format;
static const char *const FORMATS[FORMAT_COUNT] = {"json", "csv", "ndjson"};
static const char *const TYPES[FORMAT_COUNT] = {"application/json", "text/csv; charset=utf-8",
                                                "application/x-ndjson"};

/* --- the list ----------------------------------------------------------------------------------- */

/* An address finds what its user did, and what somebody did who had it then and is gone. */
static Error *read_user(Request *request, AuditFilter *filter)
{
    size_t at;
    TRY(user_filter_read(request, "user", &filter->has_user, &filter->user_id));
    Str value = params_text(&request->query, "user", 254);
    if (str_find(value, '@', &at))
        filter->actor = str_lower(request->arena, value);
    return NULL;
}

static Error *read_filter(Request *request, AuditQuery *query)
{
    Params *params = &request->query;
    AuditFilter *filter = &query->filter;
    *filter = AUDIT_FILTER_ALL;
    filter->action = params_text(params, "action", AUDIT_WORD_MAX);
    filter->object_kind = params_text(params, "object_kind", AUDIT_WORD_MAX);
    filter->has_object = params_uuid(params, "object_id", &filter->object_id);
    filter->created_after = params_time(params, "created_after", INT64_MIN);
    filter->created_before = params_time(params, "created_before", INT64_MAX);
    query->access_level =
        params_word(params, "access_level", ACCESS_LEVEL_WORDS, OWNER_KIND_COUNT, -1);
    return read_user(request, filter);
}

static Error *reply_list(Request *request, Response *response, AuditQuery *query)
{
    Paging paging;
    AuditSpot from;
    AuditList list;
    paging_read(request, 0, false, &paging);
    query->page = paging.page;
    if (paging.page.after.set) {
        query->from = &from;
        if (!audit_spot_parse(paging.after_text, &from))
            params_wrong(&request->query, "cursor", "not_a_cursor",
                         "cursor must be the next_cursor of an earlier answer.");
    }
    TRY(params_check(&request->query));
    TRY(audit_list(request->arena, request->db, request->who, query, &list));
    JsonOut *out = reply_begin(request, response);
    json_begin_array(out, "events");
    for (size_t i = 0; i < list.count; i++)
        view_audit_entry(request->arena, out, request->who, &list.items[i]);
    json_end_array(out);
    paging_view(request->arena, out, &paging, &list.end,
                str_from(audit_spot_text(request->arena, &list.next)));
    return reply_end(request, response, 200);
}

/* --- the export --------------------------------------------------------------------------------- */

static void add_entry(Request *request, Buf *out, Format format, const AuditEntry *entry)
{
    if (format == FORMAT_CSV) {
        view_audit_row(request->arena, out, request->who, entry);
        return;
    }
    JsonOut json = json_out_new(out);
    view_audit_entry(request->arena, &json, request->who, entry);
    json_out_close(&json);
    buf_add_char(out, '\n');
}

static void count_entry(const Principal *who, const AuditEntry *entry, int64_t *counts)
{
    for (size_t i = 0; i < who->owner_count; i++)
        if (uuid_equal(who->owners[i], entry->event.owner_id))
            counts[i]++;
}

/* One batch into the spool; *from moves on. */
static Error *export_batch(Request *request, AuditQuery *query, Format format, Spool *spool,
                           int64_t *counts)
{
    AuditList list;
    TRY(audit_list(request->arena, request->db, request->who, query, &list));
    Buf out = buf_new(request->arena, EXPORT_BYTES);
    if (format == FORMAT_CSV && spool->size == 0)
        view_audit_header(&out);
    for (size_t i = 0; i < list.count; i++) {
        add_entry(request, &out, format, &list.items[i]);
        count_entry(request->who, &list.items[i], counts);
    }
    if (out.over)
        return ERROR(request->arena, ERROR_TOO_LARGE, "The entries are too large to be exported.");
    TRY(spool_write(spool, request->arena, buf_str(&out)));
    *query->from = list.next;
    query->page.after.set = list.end.has_more;
    return NULL;
}

/* To the spool at the database's speed, and from there to the client, as all files. What was handed out is
 * noted before it goes. */
static Error *reply_export(Request *request, Response *response, AuditQuery *query, Format format)
{
    Spool *spool = NULL;
    AuditSpot from;
    int64_t counts[PRINCIPAL_OWNERS_MAX];
    TRY(params_check(&request->query));
    TRY(spool_open_within(request->arena, request->app->config.spool, request->app->spool, &spool));
    for (size_t i = 0; i < PRINCIPAL_OWNERS_MAX; i++) {
        from.below[i] = INT64_MAX;
        counts[i] = audit_is_asked(request->who, query, i) ? 0 : -1;
    }
    query->from = &from;
    query->page = (Page){.limit = EXPORT_BATCH};
    do {
        ArenaMark mark = arena_mark(request->arena);
        TRY(export_batch(request, query, format, spool, counts));
        arena_rewind(request->arena, mark);
    } while (query->page.after.set);
    TRY(audit_exported(request->arena, request->db, request->who, FORMATS[format], counts));
    response_file(response, TYPES[format], spool->fd, spool->size);
    response_attachment(request->arena, response,
                        str_printf(request->arena, "audit.%s", FORMATS[format]));
    return NULL;
}

Error *handle_audit_list(Request *request, Response *response)
{
    AuditQuery query = {0};
    Format format =
        (Format)params_word(&request->query, "format", FORMATS, FORMAT_COUNT, FORMAT_JSON);
    TRY(read_filter(request, &query));
    return format == FORMAT_JSON ? reply_list(request, response, &query)
                                 : reply_export(request, response, &query, format);
}

/* --- heads and verifying ------------------------------------------------------------------------ */

Error *handle_audit_head(Request *request, Response *response)
{
    AuditHead *heads = NULL;
    size_t count = 0;
    TRY(params_check(&request->query));
    TRY(audit_heads(request->arena, request->db, request->who, &heads, &count));
    JsonOut *out = reply_begin(request, response);
    json_begin_array(out, "heads");
    for (size_t i = 0; i < count; i++)
        view_audit_head(request->arena, out, request->who, &heads[i]);
    json_end_array(out);
    return reply_end(request, response, 200);
}

/* Where an earlier answer ended: the chain, its last entry that was verified, and that one's digest. */
static void read_place(Request *request, AuditPlace *place, size_t *ret_index)
{
    Cursor cursor;
    Params *query = &request->query;
    const Principal *who = request->who;
    const Param *param = params_find(query, "cursor");
    *place = (AuditPlace){.seq = 0};
    *ret_index = 0;
    if (param == NULL)
        return;
    if (cursor_parse(request->arena, param->value, &cursor) && cursor.key.job_row >= 0 &&
        digest_parse(cursor.text, &place->digest))
        for (size_t i = 0; i < who->owner_count; i++)
            if (uuid_equal(who->owners[i], cursor.key.id) && audit_may_read(who, i)) {
                place->owner_id = cursor.key.id;
                place->seq = cursor.key.job_row;
                *ret_index = i;
                return;
            }
    params_wrong(query, "cursor", "not_a_cursor",
                 "cursor must be the next_cursor of an earlier answer.");
}

typedef struct AuditFindings {
    AuditFinding items[PRINCIPAL_OWNERS_MAX];
    size_t count;
} AuditFindings;

static const char *place_text(Arena *arena, const AuditPlace *place)
{
    const Cursor cursor = {.key = {.job_row = place->seq, .id = place->owner_id},
                           .text = str_from(digest_text(arena, place->digest))};
    return cursor_format(arena, &cursor);
}

/* At most `limit` entries in the order of the chains, from *place on; *place is where it ended. */
static Error *verify(Request *request, size_t index, int64_t limit, AuditPlace *place,
                     AuditFindings *found)
{
    const Principal *who = request->who;
    AuditVerifying how = {.keys = audit_keys(), .limit = limit};
    for (size_t i = index; i < who->owner_count; i++) {
        if (!audit_may_read(who, i))
            continue;
        if (how.limit < 1)
            how.limit = 1; /* the next request goes on with this chain */
        if (found->count > 0 || !uuid_equal(place->owner_id, who->owners[i]))
            *place = (AuditPlace){.owner_id = who->owners[i]};
        AuditFinding *finding = &found->items[found->count++];
        TRY(audit_verify_some(request->arena, request->db, &how, place, finding));
        how.limit -= finding->checked;
        if (!finding->over)
            break;
    }
    return NULL;
}

Error *handle_audit_verify(Request *request, Response *response)
{
    AuditPlace place;
    size_t index;
    AuditFindings found = {.count = 0};
    int64_t limit = params_int(&request->query, "limit", 1, VERIFIED_MAX, VERIFIED_MAX);
    read_place(request, &place, &index);
    TRY(params_check(&request->query));
    TRY(verify(request, index, limit, &place, &found));
    bool whole = true, complete = true;
    JsonOut *out = reply_begin(request, response);
    json_begin_array(out, "chains");
    for (size_t i = 0; i < found.count; i++) {
        view_audit_finding(request->arena, out, request->who, &found.items[i]);
        whole = whole && found.items[i].fault == AUDIT_WHOLE;
        complete = complete && found.items[i].over;
    }
    json_end_array(out);
    json_put_bool(out, "whole", whole);
    json_put_bool(out, "complete", complete);
    json_put_text(out, "next_cursor", complete ? NULL : place_text(request->arena, &place));
    return reply_end(request, response, 200);
}
