/* A prediction goes at once, in the transaction of its request. What may be large goes through the owner's queue:
 * a filter is asked again batch by batch, from where the batch before ended (the deletion's cursor; settled_row
 * where a list is in the order of a file), newest first; a company's keys go by kind and period (cursor_kind and
 * settled_row). A batch looks without a lock and decides with one: a key that somebody changed in between is no
 * longer as it was accepted, and stays. */
#include "domain/key_deletion.h"

#include "base/clock.h"
#include "domain/batches.h"
#include "domain/deletion.h"
#include "domain/key_removal.h"
#include "domain/queue.h"
#include "format/filter_json.h"
#include "store/account_store.h"
#include "store/cover_store.h"

Deletion *key_deletion_new(Arena *arena, const Principal *who, Uuid owner_id,
                           DeletionSubject subject, const KeyDeletionOptions *options)
{
    Deletion *deletion = ARENA_NEW(arena, Deletion);
    *deletion = (Deletion){.id = uuid_new(),
                           .owner_id = owner_id,
                           .subject = subject,
                           .user_id = who->user_id,
                           .user_email = who->email,
                           .reason = options->reason,
                           .created_at = clock_now()};
    deletion->restorable_until =
        deletion->created_at + (options->window > 0 ? options->window : RESTORE_WINDOW);
    return deletion;
}

Error *key_deletion_queue(Arena *arena, Db *db, const Deletion *deletion)
{
    Task task = {.id = uuid_new(),
                 .kind = TASK_DELETION,
                 .owner_id = deletion->owner_id,
                 .object_id = deletion->id,
                 .size = deletion->expected * TASK_ROW_BYTES};
    TRY(deletion_insert(arena, db, deletion));
    return queue_add(arena, db, &task);
}

Error *key_deletion_refuse_changed(Arena *arena, const KeyDeletionOptions *options,
                                   const char *etag)
{
    if (options->if_match == NULL || strcmp(options->if_match, "*") == 0 ||
        strcmp(options->if_match, etag) == 0)
        return NULL;
    return ERROR(arena, ERROR_CHANGED,
                 "What this would delete has changed since the preview. Look at it again.");
}

/* --- a prediction ---------------------------------------------------------------------------- */

/* What goes, and what it leaves behind with nothing to take its place. */
typedef struct Choice {
    Uuid *ids;
    size_t count;
    Uuid *left;
    size_t left_count;
    int64_t held;
} Choice;

static Choice choose_version(Arena *arena, const KeyRows *rows, Uuid id)
{
    Choice choice = {.ids = ARENA_ARRAY(arena, Uuid, 1),
                     .left = ARENA_ARRAY(arena, Uuid, rows->count + 1)};
    bool was_current = false;
    for (size_t i = 0; i < rows->count; i++) {
        const KeyVersion *version = &rows->versions[i];
        if (!uuid_equal(version->id, id)) {
            choice.left[choice.left_count++] = version->id;
            continue;
        }
        choice.ids[choice.count++] = id;
        choice.held = rows->held[i];
        was_current = version->is_current;
    }
    if (!was_current)
        choice.left_count = 0;
    return choice;
}

static Choice choose_all(Arena *arena, const KeySet *set, const KeyRows *rows)
{
    Choice choice = {0};
    key_rows_choose(arena, set, rows, &choice.ids, &choice.count, &choice.held);
    return choice;
}

static Error *carry_out(Arena *arena, Db *db, Deletion *deletion, const Uuid *ids, size_t count)
{
    DeletionStep step = {0};
    deletion->expected = (int64_t)count;
    deletion->state = DELETION_RUNNING;
    TRY(deletion_insert(arena, db, deletion));
    TRY(key_rows_remove(arena, db, deletion, deletion->kind, ids, count, &step));
    TRY(owner_touch(arena, db, deletion->owner_id));
    TRY(deletion_progress(arena, db, deletion, &step));
    TRY(deletion_finish(arena, db, deletion, DELETION_DONE, deletion->created_at));
    deletion->state = DELETION_DONE;
    deletion->completed_at = deletion->created_at;
    return NULL;
}

Error *key_deletion_of_prediction(Arena *arena, Db *db, const Principal *who,
                                  const Prediction *prediction, const KeyDeletionOptions *options,
                                  Deletion **ret_deletion)
{
    PredictionKey key = prediction_key(prediction);
    KeySet set = {.keys = &key, .count = 1, .before = INT64_MAX};
    KeyRows rows;
    TRY(key_rows_lock(arena, db, &set, &rows));
    Choice choice = options->this_version ? choose_version(arena, &rows, prediction->id)
                                          : choose_all(arena, &set, &rows);
    TRY(key_rows_refuse_held(arena, db, key.owner_id, &rows, choice.held));
    if (choice.count == 0)
        return error_with_reason(
            ERROR(arena, ERROR_BUSY, "Somebody else deleted the same prediction. Try again."),
            ERROR_RETRY);
    Deletion *deletion =
        key_deletion_new(arena, who, key.owner_id,
                         options->this_version ? SUBJECT_VERSION : SUBJECT_PREDICTION, options);
    deletion->object_id = prediction->id;
    deletion->has_kind = true;
    deletion->kind = prediction->kind;
    TRY(carry_out(arena, db, deletion, choice.ids, choice.count));
    TRY(retired_add(arena, db, key.owner_id, deletion->id, choice.left, choice.left_count));
    *ret_deletion = deletion;
    return NULL;
}

/* --- the worker's part ----------------------------------------------------------------------- */

typedef struct KeyRun {
    Db *db;
    Task *task;
    Deletion *deletion;
    PredictionFilter filter;
} KeyRun;

/* The places, and the end of the transaction. */
static Error *end_batch(KeyRun *run, Arena *arena, Deletion *after, const DeletionStep *step,
                        Tx *tx)
{
    Task task = *run->task;
    TRY(owner_touch(arena, run->db, after->owner_id));
    TRY(deletion_progress(arena, run->db, after, step));
    TRY(queue_advance(arena, run->db, &task, task.position + 1));
    TRY(tx_commit(tx, arena));
    *run->deletion = *after;
    *run->task = task;
    return NULL;
}

static Error *remove_keys(KeyRun *run, Arena *arena, const KeySet *set, Deletion *after)
{
    DeletionStep step = {0};
    KeyRows rows;
    Uuid *ids = NULL;
    size_t count = 0;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(run->db, arena, TX_WRITE, &tx));
    TRY(key_rows_lock(arena, run->db, set, &rows));
    key_rows_choose(arena, set, &rows, &ids, &count, &step.held);
    if (count > 0)
        TRY(key_rows_remove(arena, run->db, after, set->keys[0].kind, ids, count, &step));
    return end_batch(run, arena, after, &step, &tx);
}

static void put_cursor(Deletion *deletion, const PageKey *key)
{
    deletion->cursor_at = key->created_at;
    deletion->cursor_id = key->id;
    deletion->settled_row = key->job_row;
}

static PageKey cursor_of(const Deletion *deletion)
{
    return (PageKey){.set = deletion->cursor_at != 0 || deletion->settled_row != 0,
                     .created_at = deletion->cursor_at,
                     .id = deletion->cursor_id,
                     .job_row = deletion->settled_row};
}

static Error *read_page(KeyRun *run, Arena *arena, int64_t limit, Prediction **ret_items,
                        size_t *ret_count, PageEnd *ret_end)
{
    Page page = {.limit = limit, .after = cursor_of(run->deletion)};
    PredictionQuery query = {run->deletion->kind, &run->deletion->owner_id, 1, &run->filter, &page};
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(run->db, arena, TX_READ, &tx));
    TRY(prediction_list(arena, run->db, &query, ret_items, ret_count, ret_end));
    return tx_commit(&tx, arena);
}

static Error *filter_batch(void *self, Arena *arena, int64_t limit, bool *ret_done)
{
    KeyRun *run = self;
    Deletion after = *run->deletion;
    Prediction *items = NULL;
    size_t count = 0;
    PageEnd end;
    TRY(read_page(run, arena, limit, &items, &count, &end));
    PredictionKey *keys = ARENA_ARRAY(arena, PredictionKey, count + 1);
    Uuid *current = ARENA_ARRAY(arena, Uuid, count + 1);
    for (size_t i = 0; i < count; i++) {
        keys[i] = prediction_key(&items[i]);
        current[i] = items[i].id;
    }
    if (end.has_more) {
        put_cursor(&after, &end.next);
    } else if (count > 0) {
        const Prediction *last = &items[count - 1];
        put_cursor(&after, &(PageKey){true, last->created_at, 0, last->job_row, last->id});
    }
    KeySet set = {keys, current, count, run->deletion->created_at};
    TRY(remove_keys(run, arena, &set, &after));
    *ret_done = !end.has_more;
    return NULL;
}

/* Nothing of it is left that was there when the deletion was accepted. */
static Error *end_company(KeyRun *run, Arena *arena)
{
    Deletion after = *run->deletion;
    DeletionStep step = {0};
    bool marked = false;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(run->db, arena, TX_WRITE, &tx));
    TRY(company_lock(arena, run->db, after.owner_id, after.object_id));
    TRY(company_delete(arena, run->db, after.owner_id, after.object_id, clock_now(), &marked));
    step.counts.companies_deleted = marked;
    step.counts.companies_empty = marked && after.counts.companies_empty == 0;
    return end_batch(run, arena, &after, &step, &tx);
}

static Error *company_batch(void *self, Arena *arena, int64_t limit, bool *ret_done)
{
    KeyRun *run = self;
    Deletion after = *run->deletion;
    PredictionKey *keys = NULL;
    size_t count = 0;
    for (;;) {
        TRY(key_of_company(arena, run->db, after.cursor_kind, after.owner_id, after.object_id,
                           after.settled_row, limit, &keys, &count));
        if (count > 0 || after.cursor_kind + 1 == KIND_COUNT)
            break;
        after.cursor_kind++;
        after.settled_row = 0;
    }
    if (count == 0) {
        TRY(end_company(run, arena));
        *ret_done = true;
        return NULL;
    }
    after.settled_row = keys[count - 1].year * 4 + keys[count - 1].quarter;
    KeySet set = {keys, NULL, count, after.created_at};
    return remove_keys(run, arena, &set, &after);
}

Error *key_deletion_run(Arena *arena, Db *db, Task *task, Deletion *deletion,
                        const TaskWatch *watch, bool *ret_done)
{
    KeyRun run = {.db = db, .task = task, .deletion = deletion};
    if (deletion->subject == SUBJECT_FILTER)
        TRY(filter_parse(arena, str_from(deletion->filter), &run.filter));
    return batches_run(arena, db, watch, (BatchSize){200, 20, PAGE_LIMIT_MAX},
                       deletion->subject == SUBJECT_FILTER ? filter_batch : company_batch, &run,
                       ret_done);
}
