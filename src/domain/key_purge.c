/* Purging by filter: what it would do, and its acceptance. What counts as changed is any change of the owner's
 * data, since there is no telling which of them a filter would meet. */
#include "domain/key_deletion.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/vec.h"
#include "domain/audit.h"
#include "domain/deletion.h"
#include "domain/key_removal.h"
#include "domain/queue.h"
#include "format/filter_json.h"
#include "format/json_out.h"
#include "store/filter.h"

/* What was found, as of one moment. */
typedef struct Look {
    int64_t at;
    int64_t revision; /* of the owner's data */
    PurgeCounts counts;
    KeyRows held; /* the rows of a page in which some are held */
} Look;

static const Uuid NOBODY = {{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                             0xFF, 0xFF, 0xFF, 0xFF}};

static bool all_his(const Principal *who, const Purge *purge)
{
    return principal_administers(who, purge->owner_id);
}

/* The filter as it is asked by the worker: what is his, and was there at that moment. */
static PredictionFilter effective(const Principal *who, const Purge *purge, int64_t at)
{
    PredictionFilter filter = *purge->filter;
    filter.include_superseded = false;
    filter.has_access_level = false;
    filter.sort = SORT_CREATED_AT;
    filter.ascending = false;
    if (filter.created_before > at)
        filter.created_before = at;
    if (all_his(who, purge))
        return filter;
    bool somebody_elses = filter.has_user && !uuid_equal(filter.created_by, who->user_id);
    filter.has_user = true;
    filter.created_by = somebody_elses ? NOBODY : who->user_id;
    return filter;
}

/* The filter as it is shown and kept. Where it found nothing of somebody else, nobody stands in their place: an
 * id, or a tag made of it, would tell a stranger that the address he asked for has an account. */
static PredictionFilter shown(PredictionFilter filter, const Principal *who, const Look *look)
{
    if (filter.has_user && !uuid_equal(filter.created_by, who->user_id) && look->counts.keys == 0)
        filter.created_by = NOBODY;
    return filter;
}

/* Who may not make anything for this owner has nothing of their own there to delete. */
static Error *refuse_reader(Arena *arena, const Principal *who, const Purge *purge)
{
    return principal_may_change(who, purge->owner_id, who->user_id)
               ? NULL
               : ERROR(arena, ERROR_DENIED, "You may read these predictions, not delete them.");
}

static bool lets_all_pass(const PredictionFilter *filter)
{
    return filter_is_trivial(filter) && !filter->has_job && filter->created_after == INT64_MIN &&
           filter->created_before == INT64_MAX;
}

/* --- looking --------------------------------------------------------------------------------- */

static Error *read_page(Arena *arena, Db *db, const Purge *purge, const PredictionFilter *filter,
                        Page *page, Prediction **ret_items, size_t *ret_count)
{
    PageEnd end;
    PredictionQuery query = {purge->kind, &purge->owner_id, 1, filter, page};
    TRY(prediction_list(arena, db, &query, ret_items, ret_count, &end));
    page->after = end.has_more ? end.next : (PageKey){0};
    return NULL;
}

static Error *held_in_page(Arena *arena, Db *db, const Prediction *items, size_t count,
                           KeyRows *ret_rows, int64_t *ret_held)
{
    PredictionKey *keys = ARENA_ARRAY(arena, PredictionKey, count + 1);
    KeySet set = {.keys = keys, .count = count, .before = INT64_MAX};
    Uuid *ids = NULL;
    size_t chosen = 0;
    for (size_t i = 0; i < count; i++)
        keys[i] = prediction_key(&items[i]);
    TRY(key_rows_read(arena, db, &set, ret_rows));
    key_rows_choose(arena, &set, ret_rows, &ids, &chosen, ret_held);
    return NULL;
}

/* Where the owner has no job on hold, which is nearly always, nothing is looked through. */
static Error *count_held(Arena *arena, Db *db, const Purge *purge, const PredictionFilter *filter,
                         Look *look)
{
    Page page = {.limit = PAGE_LIMIT_MAX};
    bool any = false;
    TRY(job_hold_any(arena, db, purge->owner_id, &any));
    while (any) {
        ArenaMark mark = arena_mark(arena);
        Prediction *items = NULL;
        size_t count = 0;
        KeyRows rows = {0};
        int64_t held = 0;
        TRY(read_page(arena, db, purge, filter, &page, &items, &count));
        TRY(held_in_page(arena, db, items, count, &rows, &held));
        look->counts.held += held;
        if (held > 0)
            look->held.held_job = rows.held_job;
        any = page.after.set;
        arena_rewind(arena, mark);
    }
    return NULL;
}

static Error *count_all(Arena *arena, Db *db, const Principal *who, const Purge *purge, Look *look)
{
    PredictionFilter asked = *purge->filter, filter = effective(who, purge, look->at);
    PurgeQuery query = {purge->kind, purge->owner_id, &asked, who->user_id, all_his(who, purge)};
    PurgeCounts *counts = &look->counts;
    int64_t keys = 0;
    asked.created_before = filter.created_before;
    TRY(purge_count(arena, db, &query, &keys, &counts->current, &counts->former));
    counts->keys = counts->current;
    counts->others = keys - counts->current;
    return counts->keys == 0 ? NULL : count_held(arena, db, purge, &filter, look);
}

static char *make_etag(Arena *arena, const Principal *who, const Purge *purge, const Look *look)
{
    const PurgeCounts *counts = &look->counts;
    PredictionFilter asked = shown(*purge->filter, who, look);
    Str filter = filter_format(arena, &asked);
    Str text =
        str_printf(arena, "%s %s %s %lld %lld %lld %lld " STR_FMT, kind_spec(purge->kind)->word,
                   uuid_text(arena, purge->owner_id), uuid_text(arena, who->user_id),
                   (long long)look->revision, (long long)counts->keys, (long long)counts->former,
                   (long long)counts->held, STR_ARG(filter));
    Digest digest = digest_of(text);
    char hex[33];
    hex_format(hex, digest.bytes, 16);
    return arena_printf(arena, "\"%s\"", hex);
}

static Error *look_at(Arena *arena, Db *db, const Principal *who, const Purge *purge,
                      Look *ret_look)
{
    Look look = {.at = clock_now()};
    TRY(owner_revision(arena, db, purge->owner_id, &look.revision));
    TRY(count_all(arena, db, who, purge, &look));
    *ret_look = look;
    return NULL;
}

/* For a preview alone: it reads all that the filter finds once more. */
static Error *count_companies(Arena *arena, Db *db, const Principal *who, const Purge *purge,
                              const Look *look, int64_t *ret_empty)
{
    PredictionFilter filter = effective(who, purge, look->at);
    PurgeQuery query = {purge->kind, purge->owner_id, &filter, who->user_id, all_his(who, purge)};
    return purge_empty_companies(arena, db, &query, ret_empty);
}

Error *key_deletion_preview_purge(Arena *arena, Db *db, const Principal *who, const Purge *purge,
                                  PurgePreview *ret_preview)
{
    Look look;
    PurgePreview preview = {0};
    Page page = {.limit = DELETION_SAMPLE_MAX};
    TRY(refuse_reader(arena, who, purge));
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_READ, &tx));
    TRY(look_at(arena, db, who, purge, &look));
    if (look.counts.keys > 0) {
        PredictionFilter filter = effective(who, purge, look.at);
        TRY(read_page(arena, db, purge, &filter, &page, &preview.sample, &preview.sample_count));
        TRY(count_companies(arena, db, who, purge, &look, &look.counts.companies_empty));
    }
    TRY(tx_commit(&tx, arena));
    preview.counts = look.counts;
    preview.etag = make_etag(arena, who, purge, &look);
    *ret_preview = preview;
    return NULL;
}

/* --- accepting ------------------------------------------------------------------------------- */

static Error *refuse(Arena *arena, Db *db, const Purge *purge, const Look *look)
{
    ErrorField *fields = NULL;
    if (lets_all_pass(purge->filter) && !purge->all)
        error_field_add(arena, &fields, "all", "needed",
                        "This filter finds every prediction. Say all=true if you mean that.");
    TRY(error_from_fields(arena, fields));
    if (look->counts.keys == 0 && look->counts.others > 0)
        return ERROR(arena, ERROR_DENIED, "Only who made these predictions may delete them.");
    return key_rows_refuse_held(arena, db, purge->owner_id, &look->held, look->counts.held);
}

static Deletion *new_deletion(Arena *arena, const Principal *who, const Purge *purge,
                              const Look *look)
{
    Deletion *deletion =
        key_deletion_new(arena, who, purge->owner_id, SUBJECT_FILTER, &purge->options);
    PredictionFilter filter = shown(effective(who, purge, look->at), who, look);
    deletion->has_kind = true;
    deletion->kind = purge->kind;
    deletion->restorable_until += look->at - deletion->created_at;
    deletion->created_at = look->at;
    deletion->expected = look->counts.current + look->counts.former;
    deletion->filter = str_dup(arena, filter_format(arena, &filter));
    return deletion;
}

static Error *note(Arena *arena, Db *db, const Principal *who, const Deletion *deletion)
{
    Buf buf = buf_new(arena, 2 << 20);
    JsonOut out = json_out_new(&buf);
    json_begin_object(&out, NULL);
    json_put_text(&out, "kind", kind_spec(deletion->kind)->word);
    json_put_raw(&out, "filter", str_from(deletion->filter));
    json_end_object(&out);
    json_out_close(&out);
    return audit_write(arena, db, who,
                       (AuditNote){.owner_id = deletion->owner_id,
                                   .action = "predictions.purged",
                                   .object_kind = "deletion",
                                   .object_id = deletion->id,
                                   .count = deletion->expected,
                                   .reason = deletion->reason,
                                   .details = str_dup(arena, buf_str(&buf))});
}

/* The deletion that this very request has brought about already; NULL: none. */
static Error *find_answer(Arena *arena, Db *db, const Principal *who, const Purge *purge,
                          Deletion **ret_deletion)
{
    IdempotentAnswer answer;
    *ret_deletion = NULL;
    TRY(idempotency_find(arena, db, who, &purge->idempotency, &answer));
    return answer.found ? deletion_get(arena, db, who, answer.object_id, ret_deletion) : NULL;
}

/* Before anything is looked at: what it would find is gone by now. */
static Error *find_answer_first(Arena *arena, Db *db, const Principal *who, const Purge *purge,
                                Deletion **ret_deletion)
{
    Tx TX_AUTO tx = {0};
    *ret_deletion = NULL;
    if (purge->idempotency.key.len == 0)
        return NULL;
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(find_answer(arena, db, who, purge, ret_deletion));
    return tx_commit(&tx, arena);
}

static Error *begin(Arena *arena, Db *db, const Principal *who, const Purge *purge, Look *look,
                    Deletion **ret_deletion)
{
    TRY(find_answer(arena, db, who, purge, ret_deletion));
    if (*ret_deletion != NULL)
        return NULL;
    TRY(owner_revision(arena, db, purge->owner_id, &look->revision));
    TRY(key_deletion_refuse_changed(arena, &purge->options, make_etag(arena, who, purge, look)));
    Deletion *deletion = new_deletion(arena, who, purge, look);
    TRY(key_deletion_queue(arena, db, deletion));
    TRY(note(arena, db, who, deletion));
    *ret_deletion = deletion;
    return idempotency_keep(arena, db, who, &purge->idempotency, deletion->id);
}

/* What it would meet is counted before the write lock is taken; If-Match holds it to that. */
Error *key_deletion_request_purge(Arena *arena, Db *db, const Principal *who, const Purge *purge,
                                  Deletion **ret_deletion)
{
    Look look;
    TRY(refuse_reader(arena, who, purge));
    Deletion *deletion = NULL;
    TRY(find_answer_first(arena, db, who, purge, &deletion));
    if (deletion != NULL) {
        *ret_deletion = deletion;
        return NULL;
    }
    {
        Tx TX_AUTO tx = {0};
        TRY(tx_begin(db, arena, TX_READ, &tx));
        TRY(look_at(arena, db, who, purge, &look));
        TRY(refuse(arena, db, purge, &look));
        TRY(tx_commit(&tx, arena));
    }
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(begin(arena, db, who, purge, &look, &deletion));
    TRY(tx_commit(&tx, arena));
    queue_wake();
    *ret_deletion = deletion;
    return NULL;
}
