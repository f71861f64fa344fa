/* The list of a principal is merged from the chains of its owners. Each chain is read in its own order, newest
 * first, so a place in the list is a number for each owner, and no entry comes twice or is left out, whatever
 * the clocks of those who wrote said.
 *
 * There is no index beside the chain's own key: one more would make every write dearer. Filters are tested on
 * stretches of the chain; a time is found by halving, where times are taken to ascend but for SLACK. */
#include "domain/audit_list.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/number.h"
#include "base/vec.h"
#include "domain/audit.h"
#include "domain/owners.h"
#include "format/json_out.h"
#include "store/audit_store.h"

#include <inttypes.h>

enum { EXAMINED_MAX = 10000, FIRST_WINDOW = 256, COUNTED_MAX = 10000 };
#define SLACK HOURS(1) /* two clocks, or one that is set, differ by less */

bool audit_may_read(const Principal *who, size_t index)
{
    return principal_audits(who, who->owners[index]);
}

bool audit_is_asked(const Principal *who, const AuditQuery *query, size_t index)
{
    return index < who->owner_count && audit_may_read(who, index) &&
           (query->access_level < 0 || query->access_level == (int)who->owner_kinds[index]);
}

/* --- places ------------------------------------------------------------------------------------- */

const char *audit_spot_text(Arena *arena, const AuditSpot *spot)
{
    Buf text = buf_new(arena, 128);
    for (size_t i = 0; i < PRINCIPAL_OWNERS_MAX; i++)
        buf_printf(&text, "%s%" PRId64, i == 0 ? "" : ",", spot->below[i]);
    return buf_str(&text).ptr;
}

bool audit_spot_parse(Str text, AuditSpot *ret_spot)
{
    Str part;
    AuditSpot spot;
    for (size_t i = 0; i < PRINCIPAL_OWNERS_MAX; i++)
        if (text.ptr == NULL || !str_next(&text, ',', &part) ||
            !number_parse_int(part, 0, INT64_MAX, &spot.below[i]))
            return false;
    *ret_spot = spot;
    return text.ptr == NULL;
}

/* --- one chain ---------------------------------------------------------------------------------- */

typedef struct Stream {
    Arena *arena;
    Db *db;
    const AuditFilter *filter;
    AuditStretch left; /* still to be looked at */
    VEC(AuditEntry) found;
    size_t want;
    bool cut;    /* enough was looked at before there was enough to give */
    size_t next; /* of `found`, while merging */
} Stream;

/* The number behind the last entry that was written before `time`. */
static Error *find_time(const Stream *stream, int64_t time, int64_t *ret_seq)
{
    int64_t low = 0, high = stream->left.high - 1; /* low is before; what is behind high is not */
    while (low < high) {
        ArenaMark mark = arena_mark(stream->arena);
        int64_t middle = low + (high - low + 1) / 2, at = 0;
        TRY(audit_time(stream->arena, stream->db, stream->left.owner_id, middle, &at));
        arena_rewind(stream->arena, mark);
        if (at < time)
            low = middle;
        else
            high = middle - 1;
    }
    *ret_seq = low + 1;
    return NULL;
}

/* Leaves out what is surely written too late or too early. */
static Error *narrow(Stream *stream)
{
    const AuditFilter *filter = stream->filter;
    int64_t low = stream->left.low, high = stream->left.high;
    if (filter->created_before < INT64_MAX - SLACK)
        TRY(find_time(stream, filter->created_before + SLACK, &high));
    if (filter->created_after > INT64_MIN + SLACK)
        TRY(find_time(stream, filter->created_after - SLACK, &low));
    stream->left.high = high;
    if (low > stream->left.low)
        stream->left.low = low;
    return NULL;
}

static Error *fill(Stream *stream)
{
    int64_t examined = 0, window = FIRST_WINDOW;
    while (stream->found.count < stream->want && stream->left.high > stream->left.low) {
        AuditStretch stretch = stream->left;
        size_t count = 0, wanted = stream->want - stream->found.count;
        AuditEntry *entries = NULL;
        if (examined >= EXAMINED_MAX) {
            stream->cut = true;
            return NULL;
        }
        if (window < (int64_t)wanted)
            window = (int64_t)wanted;
        if (stretch.high - stretch.low > window)
            stretch.low = stretch.high - window;
        TRY(audit_walk(stream->arena, stream->db, stretch, stream->filter, (int64_t)wanted,
                       &entries, &count));
        TRY(arena_room(stream->arena));
        for (size_t i = 0; i < count; i++)
            vec_push(stream->arena, &stream->found, entries[i]);
        stream->left.high = count == wanted ? entries[count - 1].event.seq : stretch.low;
        examined += window;
        window *= 4;
    }
    return NULL;
}

/* --- merging ------------------------------------------------------------------------------------ */

/* The stream whose next entry is the newest; -1: none. *ret_unknown: one was cut, and what it has next may
 * be newer than all that is here. */
static int newest(const Stream *streams, bool *ret_unknown)
{
    int best = -1;
    int64_t best_at = 0;
    for (int i = 0; i < PRINCIPAL_OWNERS_MAX; i++) {
        const Stream *stream = &streams[i];
        if (stream->next == stream->found.count) {
            *ret_unknown |= stream->cut;
            continue;
        }
        int64_t at = stream->found.items[stream->next].event.at;
        if (best < 0 || at > best_at) {
            best = i;
            best_at = at;
        }
    }
    return best;
}

/* Where the list goes on behind what was taken of each stream. */
static AuditSpot spot_of(const Stream *streams)
{
    AuditSpot spot;
    for (size_t i = 0; i < PRINCIPAL_OWNERS_MAX; i++) {
        const Stream *stream = &streams[i];
        spot.below[i] = stream->next < stream->found.count
                            ? stream->found.items[stream->next].event.seq + 1
                            : stream->left.high;
    }
    return spot;
}

static void merge(Arena *arena, Stream *streams, const Page *page, AuditList *list)
{
    VEC(AuditEntry) items = {0};
    bool unknown = false;
    int64_t skip = page->offset;
    for (;;) {
        int best = newest(streams, &unknown);
        if (best < 0 || unknown || (int64_t)items.count == page->limit) {
            list->end.has_more = best >= 0 || unknown;
            break;
        }
        Stream *stream = &streams[best];
        AuditEntry *entry = &stream->found.items[stream->next++];
        if (skip-- > 0)
            continue;
        vec_push(arena, &items, *entry);
    }
    list->items = items.items;
    list->count = items.count;
    list->next = spot_of(streams);
}

static bool is_trivial(const AuditFilter *filter)
{
    return filter->action.len == 0 && filter->object_kind.len == 0 && !filter->has_object &&
           !filter->has_user && filter->actor.len == 0 && filter->created_after == INT64_MIN &&
           filter->created_before == INT64_MAX;
}

/* Chains have no gaps, so one without a filter is as long as its head says. */
static Error *count_total(const Stream *stream, PageEnd *end)
{
    int64_t number = 0;
    AuditStretch stretch = stream->left;
    if (is_trivial(stream->filter)) {
        end->total += stretch.high - stretch.low;
        return NULL;
    }
    if (stretch.high - stretch.low > COUNTED_MAX) {
        stretch.low = stretch.high - COUNTED_MAX;
        end->total_is_at_least = true;
    }
    TRY(audit_count(stream->arena, stream->db, stretch, stream->filter, &number));
    end->total += number;
    return NULL;
}

static Error *open_stream(Stream *stream, const AuditQuery *query, Uuid owner_id, int64_t below)
{
    AuditHead head;
    TRY(audit_head_find(stream->arena, stream->db, owner_id, &head, NULL));
    stream->left = (AuditStretch){.owner_id = owner_id, .low = 1, .high = head.seq + 1};
    if (below < stream->left.high)
        stream->left.high = below;
    stream->want = (size_t)(query->page.limit + query->page.offset) + 1;
    return narrow(stream);
}

Error *audit_list(Arena *arena, Db *db, const Principal *who, const AuditQuery *query,
                  AuditList *ret_list)
{
    Stream streams[PRINCIPAL_OWNERS_MAX] = {0};
    AuditList list = {.end.total = query->page.want_total ? 0 : -1};
    for (size_t i = 0; i < who->owner_count; i++) {
        Stream *stream = &streams[i];
        *stream = (Stream){.arena = arena, .db = db, .filter = &query->filter};
        if (!audit_is_asked(who, query, i))
            continue;
        int64_t below = query->from == NULL ? INT64_MAX : query->from->below[i];
        TRY(open_stream(stream, query, who->owners[i], below));
        if (query->page.want_total)
            TRY(count_total(stream, &list.end));
        TRY(fill(stream));
    }
    merge(arena, streams, &query->page, &list);
    *ret_list = list;
    return NULL;
}

/* --- heads and exports -------------------------------------------------------------------------- */

Error *audit_heads(Arena *arena, Db *db, const Principal *who, AuditHead **ret_heads,
                   size_t *ret_count)
{
    AuditHead *heads = ARENA_ARRAY(arena, AuditHead, PRINCIPAL_OWNERS_MAX);
    size_t count = 0;
    for (size_t i = 0; i < who->owner_count; i++)
        if (audit_may_read(who, i))
            TRY(audit_head_find(arena, db, who->owners[i], &heads[count++], NULL));
    *ret_heads = heads;
    *ret_count = count;
    return NULL;
}

/* One owner a transaction, as everywhere. */
static Error *note_export(Arena *arena, Db *db, const Principal *who, AuditNote note)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(audit_write(arena, db, who, note));
    return tx_commit(&tx, arena);
}

Error *audit_exported(Arena *arena, Db *db, const Principal *who, const char *format,
                      const int64_t counts[PRINCIPAL_OWNERS_MAX])
{
    for (size_t i = 0; i < who->owner_count; i++) {
        if (counts[i] < 0)
            continue;
        TRY(note_export(
            arena, db, who,
            (AuditNote){.owner_id = who->owners[i],
                        .action = "audit.exported",
                        .object_kind = "audit",
                        .object_id = who->owners[i],
                        .count = counts[i],
                        .details = arena_printf(arena, "{\"format\":\"%s\"}", format)}));
    }
    return NULL;
}
