/* The rows of a batch become predictions, in steps that each deal with all of them, so that an engine across
 * a network is asked a handful of times for a batch and not for each row.
 *
 * The unique index of the key is the last word on duplicates. Rows go in by the engine's bulk path, all or
 * none; where a key turns out to be taken, the holders of all keys are looked up, those rows are judged and
 * the others go in; and should one be taken meanwhile, each row is inserted by itself. A holder hidden by a
 * deletion has no claim and is set aside; one of this job is the first row of the same key in the file; any
 * other is unchanged, or handled as on_duplicate says. Of rows that share a key within a batch the first
 * decides for the rest, which therefore need no look at the database at all.
 *
 * A row is late when its key is held by a hidden row or by one that it replaces, or is on its way in with another
 * batch: it is stored by work_settle (import_settle.c), when all batches before this one are committed. */
#include "base/check.h"
#include "domain/import_work.h"
#include "store/prediction_store.h"

enum { CHECKED_BATCHES = 8 };

/* --- duplicates ------------------------------------------------------------------------------ */

static const char *period(const Work *work, const PredictionInput *input)
{
    return arena_printf(work->arena, "%.*s, %d Q%d", STR_ARG(input->symbol), input->year,
                        input->quarter);
}

static void reject_within_file(Work *work, ImportRow *row, int64_t first_row)
{
    row->outcome = ROW_FAILED;
    work_problem(work, row, SEVERITY_ERROR, "company_symbol", "duplicate_in_file",
                 arena_printf(work->arena,
                              "Row %lld of this file has the same company and period (%s).",
                              (long long)first_row, period(work, &row->input)));
}

/* As by hand: who made it may replace it, and an administrator. */
static void judge_replacing(Work *work, ImportRow *row, const Prediction *holder)
{
    if (work->job->replaces_others || uuid_equal(holder->created_by, work->job->user_id))
        return;
    row->outcome = ROW_FAILED;
    work_problem(work, row, SEVERITY_ERROR, "company_symbol", "not_yours",
                 arena_printf(work->arena,
                              "There is a prediction of %s already that somebody else made. Only "
                              "they or an administrator may replace it.",
                              period(work, &row->input)));
}

/* The key has a holder that can be seen. A row that stays good replaces it. */
static void judge_duplicate(Work *work, ImportRow *row, const Prediction *holder)
{
    const Job *job = work->job;
    if (holder->has_job && uuid_equal(holder->job_id, job->id)) {
        reject_within_file(work, row, holder->job_row);
    } else if (prediction_same_ratios(job->kind, holder->ratios, row->input.ratios)) {
        row->outcome = ROW_UNCHANGED;
    } else if (job->options.on_duplicate == DUPLICATE_SKIP) {
        row->outcome = ROW_SKIPPED;
    } else if (job->options.on_duplicate == DUPLICATE_REJECT) {
        row->outcome = ROW_FAILED;
        const char *from =
            holder->original_filename == NULL
                ? "made by hand"
                : arena_printf(work->arena, "from %s, row %lld", holder->original_filename,
                               (long long)holder->job_row);
        work_problem(work, row, SEVERITY_ERROR, "company_symbol", "duplicate",
                     arena_printf(work->arena, "There is a prediction of %s already (%s).",
                                  period(work, &row->input), from));
    } else {
        judge_replacing(work, row, holder);
    }
}

/* What became of the first row of a key decides for the others of the batch. One that is as the present value
 * counts too where a later one would replace that. */
void work_judge_twins(Work *work)
{
    bool replace = work->job->options.on_duplicate == DUPLICATE_REPLACE;
    for (size_t i = 0; i < work->candidate_count; i++) {
        Candidate *twin = &work->candidates[i];
        const Candidate *first = twin->first;
        if (first == twin)
            continue;
        if (first->made || (replace && first->row->outcome == ROW_UNCHANGED))
            reject_within_file(work, twin->row, first->row->number);
        else
            judge_duplicate(work, twin->row, first->holder);
    }
}

/* --- planning -------------------------------------------------------------------------------- */

static Prediction make_prediction(Work *work, const ImportRow *row)
{
    const Job *job = work->job;
    Prediction prediction = {.kind = job->kind,
                             .id = uuid_series_next(&work->ids),
                             .owner_id = job->owner_id,
                             .company_id = row->company_id,
                             .year = row->input.year,
                             .quarter = row->input.quarter,
                             .sector = row->input.sector,
                             .market_cap = row->input.market_cap,
                             .score = row->score,
                             .model_id = job->model_id,
                             .has_job = true,
                             .job_id = job->id,
                             .job_row = row->number,
                             .job_link = LINK_RECORDED,
                             .source = SOURCE_BULK_UPLOAD,
                             .root_job_id = job->id,
                             .is_current = true,
                             .created_by = job->user_id,
                             .created_at = work->at};
    memcpy(prediction.ratios, row->input.ratios, sizeof prediction.ratios);
    return prediction;
}

static Str key_bytes(Arena *arena, const Prediction *prediction)
{
    struct {
        Uuid company_id;
        int32_t year;
        int32_t quarter;
    } key = {prediction->company_id, prediction->year, prediction->quarter};
    return str_copy(arena, (Str){(const char *)&key, sizeof key});
}

void work_plan(Work *work)
{
    work->candidates = ARENA_ARRAY(work->arena, Candidate, work->count);
    work->keys = map_new(work->arena);
    for (size_t i = 0; i < work->count; i++) {
        ImportRow *row = &work->rows[i];
        if (row->outcome == ROW_GOOD && row->first_row > 0)
            reject_within_file(work, row, row->first_row);
        if (row->outcome != ROW_GOOD)
            continue;
        Candidate *candidate = &work->candidates[work->candidate_count++];
        *candidate = (Candidate){.row = row, .item = make_prediction(work, row)};
        Str key = key_bytes(work->arena, &candidate->item);
        candidate->first = map_find(&work->keys, key);
        if (candidate->first == NULL) {
            candidate->first = candidate;
            map_put(&work->keys, key, candidate);
        }
    }
}

static void be_late(Work *work, Candidate *candidate)
{
    if (!candidate->late)
        work->late_count++;
    candidate->late = true;
}

void work_avoid(Work *work, const Work *other)
{
    for (size_t i = 0; i < work->keys.count; i++)
        if (map_find(&other->keys, work->keys.entries[i].key) != NULL)
            be_late(work, work->keys.entries[i].value);
}

/* --- storing --------------------------------------------------------------------------------- */

void work_count_made(Work *work, Candidate *candidate)
{
    const Prediction *made = &candidate->item;
    RowSpan *span = &work->span;
    CountKey key = count_key(made);
    candidate->made = true;
    tally_add(work->tally, &key, 1);
    if (!span->any || uuid_compare(made->id, span->first_id) < 0) /* all have the same time */
        span->first_id = made->id;
    if (!span->any || uuid_compare(made->id, span->last_id) > 0)
        span->last_id = made->id;
    span->first_created_at = span->last_created_at = made->created_at;
    span->any = true;
}

void work_judge_holder(Work *work, Candidate *candidate, const Prediction *holder)
{
    candidate->holder = holder;
    candidate->holder_hidden = false;
    if (holder != NULL)
        judge_duplicate(work, candidate->row, holder);
}

Error *work_judge_holders(Work *work, Db *db, const Candidates *rows)
{
    PredictionKey *keys = ARENA_ARRAY(work->arena, PredictionKey, rows->count);
    Prediction **holders = ARENA_ARRAY(work->arena, Prediction *, rows->count);
    bool *hidden = ARENA_ARRAY(work->arena, bool, rows->count);
    for (size_t i = 0; i < rows->count; i++)
        keys[i] = prediction_key(&rows->items[i]->item);
    TRY(prediction_current_many(work->arena, db, keys, rows->count, holders, hidden));
    for (size_t i = 0; i < rows->count; i++) {
        Candidate *candidate = rows->items[i];
        if (holders[i] == NULL || !hidden[i]) {
            work_judge_holder(work, candidate, holders[i]);
            continue;
        }
        candidate->holder = holders[i];
        candidate->holder_hidden = true;
    }
    return NULL;
}

/* The first rows of their keys that are not late and have no holder as far as is known. */
static Candidates to_store(Work *work)
{
    Candidates rows = {0};
    for (size_t i = 0; i < work->keys.count; i++) {
        Candidate *candidate = work->keys.entries[i].value;
        if (!candidate->late && candidate->holder == NULL)
            vec_push(work->arena, &rows, candidate);
    }
    return rows;
}

const Prediction **work_items(Work *work, const Candidates *rows)
{
    const Prediction **items = ARENA_ARRAY(work->arena, const Prediction *, rows->count);
    for (size_t i = 0; i < rows->count; i++)
        items[i] = &rows->items[i]->item;
    return items;
}

static Error *load(Work *work, Db *db, bool *ret_loaded)
{
    Candidates rows = to_store(work);
    TRY(prediction_load(work->arena, db, work_items(work, &rows), rows.count, ret_loaded));
    for (size_t i = 0; *ret_loaded && i < rows.count; i++)
        work_count_made(work, rows.items[i]);
    return NULL;
}

/* Each row by itself: where there is no bulk path, or somebody is quicker than it. */
static Error *insert(Work *work, Db *db)
{
    Candidates rows = to_store(work), taken = {0};
    uint8_t *made = ARENA_ARRAY(work->arena, uint8_t, rows.count);
    TRY(prediction_insert_many(work->arena, db, work_items(work, &rows), rows.count, made));
    for (size_t i = 0; i < rows.count; i++) {
        if (made[i])
            work_count_made(work, rows.items[i]);
        else
            vec_push(work->arena, &taken, rows.items[i]);
    }
    TRY(work_judge_holders(work, db, &taken));
    for (size_t i = 0; i < taken.count; i++)
        if (taken.items[i]->row->outcome == ROW_GOOD)
            be_late(work, taken.items[i]);
    return NULL;
}

/* Looks at all keys before anything is stored. */
static Error *check_keys(Work *work, Db *db, KeyTrust *trust)
{
    Candidates rows = to_store(work);
    TRY(work_judge_holders(work, db, &rows));
    bool clean = true;
    for (size_t i = 0; i < rows.count; i++) {
        clean = clean && rows.items[i]->holder == NULL;
        if (rows.items[i]->holder != NULL && rows.items[i]->row->outcome == ROW_GOOD)
            be_late(work, rows.items[i]);
    }
    trust->batches_to_check = clean ? trust->batches_to_check - 1 : CHECKED_BATCHES;
    return NULL;
}

Error *work_store(Work *work, Db *db, KeyTrust *trust)
{
    bool loaded = false, checked = trust->batches_to_check > 0;
    if (!db_can_load(db))
        return insert(work, db);
    if (checked)
        TRY(check_keys(work, db, trust));
    TRY(load(work, db, &loaded));
    if (!loaded && !checked) {
        trust->batches_to_check = CHECKED_BATCHES;
        TRY(check_keys(work, db, trust));
        TRY(load(work, db, &loaded));
    }
    return loaded ? NULL : insert(work, db);
}

/* --- a dry run ------------------------------------------------------------------------------- */

enum { DRY_KEYS_MAX = 1000000 };

static Error *try_row(Work *work, Db *db, ImportRow *row, Map *dry_keys)
{
    Str key = str_printf(work->arena, "%.*s\n%d\n%d", STR_ARG(row->input.symbol), row->input.year,
                         row->input.quarter);
    int64_t *first = map_find(dry_keys, key);
    if (row->first_row > 0 || (first != NULL && *first != row->number)) {
        reject_within_file(work, row, row->first_row > 0 ? row->first_row : *first);
        return NULL;
    }
    if (!row->company_to_come) {
        Prediction *holder = NULL;
        bool hidden = false;
        PredictionKey wanted = {work->job->kind, work->job->owner_id, row->company_id,
                                row->input.year, row->input.quarter};
        TRY(prediction_current(work->arena, db, &wanted, &holder, &hidden));
        if (holder != NULL && !hidden)
            judge_duplicate(work, row, holder);
        work->counters.replaced += holder != NULL && !hidden && row->outcome == ROW_GOOD;
    }
    if (row->outcome == ROW_GOOD && dry_keys->count < DRY_KEYS_MAX) {
        int64_t *number = ARENA_NEW(dry_keys->arena, int64_t);
        *number = row->number;
        map_put(dry_keys, str_copy(dry_keys->arena, key), number);
    }
    return NULL;
}

Error *work_try(Work *work, Db *db, Map *dry_keys)
{
    for (size_t i = 0; i < work->count; i++)
        if (work->rows[i].outcome == ROW_GOOD)
            TRY(try_row(work, db, &work->rows[i], dry_keys));
    return NULL;
}
