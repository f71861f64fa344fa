/* The writing half of an import: a batch in one transaction, in steps that each deal with all of its rows,
 * so that an engine across a network is asked a handful of times for a batch and not for each row.
 *
 * The unique indexes are the last word on duplicates: rows are inserted, and only where a key is taken is
 * its holder looked at. A holder hidden by a deletion has no claim and is set aside; one of this job is the
 * first row of the same key in the file; any other is unchanged, or handled as on_duplicate says. Rows of one
 * key within a batch go in one after the other, in the order of the file, behind the rest.
 *
 * max_failed_rows is kept to the row: a batch in which it is exceeded is rolled back and committed again up
 * to the row that did.
 *
 * A dry run does all but insert; as there are then no rows of this job to collide with, the keys of the
 * file are remembered in memory, up to DRY_KEYS_MAX of them. */
#include "domain/import_commit.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/map.h"
#include "domain/import_companies.h"
#include "domain/predictions.h"
#include "domain/queue.h"
#include "store/account_store.h"
#include "store/company_store.h"
#include "store/count_store.h"
#include "store/job_store.h"
#include "store/prediction_store.h"
#include "store/problem_store.h"

enum { DRY_KEYS_MAX = 1000000, DISTRUST = 8, INSERT_ATTEMPTS = 5 };

struct ImportCommit {
    Db *db;
    Task *task;
    Job *job;
    KnownCompanies *companies;
    Arena *dry_arena;
    Map dry_keys;    /* symbol, year, quarter -> row number, in a dry run */
    int64_t last_at; /* created_at of the batch before */
    int distrust;    /* batches for which keys are expected to be taken */
};

/* A row whose key was taken by a hidden one, or that shares its key with another of the batch. */
typedef struct LateRow {
    ImportRow *row;
    const Prediction *item;
} LateRow;

/* One batch on its way in. */
typedef struct Work {
    ImportCommit *commit;
    Arena *arena;
    ImportRow *rows;
    size_t count;
    int64_t at; /* created_at of all its rows */
    Tally *tally;
    RowSpan span;
    JobCounters counters;
    size_t late_count;
    LateRow *late; /* to be inserted one by one, behind the rest */
} Work;

static void free_arena(void *arena)
{
    arena_free(arena);
}

ImportCommit *import_commit_new(Arena *arena, Db *db, Task *task, Job *job)
{
    ImportCommit *commit = ARENA_NEW(arena, ImportCommit);
    *commit = (ImportCommit){.db = db, .task = task, .job = job, .last_at = job->last_row_at};
    commit->companies = known_companies_new(arena, job);
    commit->dry_arena = arena_new(0);
    commit->dry_keys = map_new(commit->dry_arena);
    arena_defer(arena, free_arena, commit->dry_arena);
    return commit;
}

static void add_problem(Work *work, ImportRow *row, Severity severity, const char *column,
                        const char *code, const char *message)
{
    vec_push(work->arena, &row->problems,
             ((Problem){.row = row->number,
                        .severity = severity,
                        .column = column,
                        .code = code,
                        .message = message,
                        .value = (Str){"", 0}}));
}

/* --- companies ------------------------------------------------------------------------------- */

/* The file may know the company under another name or in another sector. */
static Error *compare_company(Work *work, ImportRow *row, KnownCompany *known)
{
    const PredictionInput *input = &row->input;
    ImportCommit *commit = work->commit;
    bool same_name = str_equal(input->company_name, known->name);
    bool same_sector = input->sector.len == 0 || str_equal(input->sector, known->sector);
    if ((same_name && same_sector))
        return NULL;
    if (commit->job->options.update_companies) {
        Str sector = input->sector.len == 0 ? known->sector : input->sector;
        if (!commit->job->options.dry_run)
            TRY(company_update(work->arena, commit->db, commit->job->owner_id, known->id,
                               input->company_name, sector, work->at));
        known_companies_rename(commit->companies, known, input->company_name, sector);
        return NULL;
    }
    add_problem(work, row, SEVERITY_WARNING, same_name ? "sector" : "company_name",
                "company_differs",
                arena_printf(work->arena,
                             "%.*s is known as \"%.*s\", sector \"%.*s\"; the file says \"%.*s\", "
                             "\"%.*s\". What is known stays; choose update_companies to change it.",
                             STR_ARG(input->symbol), STR_ARG(known->name), STR_ARG(known->sector),
                             STR_ARG(input->company_name), STR_ARG(input->sector)));
    return NULL;
}

static KnownCompany *company_of(const Work *work, const ImportRow *row)
{
    KnownCompany *known = known_companies_find(work->commit->companies, row->input.symbol);
    CHECK(known != NULL);
    return known;
}

static Error *store_companies(Work *work)
{
    int64_t made = 0;
    TRY(known_companies_ensure(work->arena, work->commit->db, work->commit->companies, work->rows,
                               work->count, work->at, &made));
    work->counters.companies += made;
    for (size_t i = 0; i < work->count; i++)
        if (work->rows[i].outcome == ROW_GOOD)
            TRY(compare_company(work, &work->rows[i], company_of(work, &work->rows[i])));
    return NULL;
}

/* --- duplicates ------------------------------------------------------------------------------ */

static const char *period(const Work *work, const PredictionInput *input)
{
    return arena_printf(work->arena, "%.*s, %d Q%d", STR_ARG(input->symbol), input->year,
                        input->quarter);
}

static void reject_within_file(Work *work, ImportRow *row, int64_t first_row)
{
    row->outcome = ROW_FAILED;
    add_problem(work, row, SEVERITY_ERROR, "company_symbol", "duplicate_in_file",
                arena_printf(work->arena,
                             "Row %lld of this file has the same company and period (%s).",
                             (long long)first_row, period(work, &row->input)));
}

/* The key has a holder that can be seen. */
static void judge_duplicate(Work *work, ImportRow *row, const Prediction *holder)
{
    const Job *job = work->commit->job;
    if (holder->has_job && uuid_equal(holder->job_id, job->id)) {
        reject_within_file(work, row, holder->job_row);
    } else if (prediction_same_ratios(job->kind, holder->ratios, row->input.ratios)) {
        row->outcome = ROW_UNCHANGED;
    } else if (job->options.on_duplicate == DUPLICATE_SKIP) {
        row->outcome = ROW_SKIPPED;
    } else {
        row->outcome = ROW_FAILED;
        const char *from =
            holder->original_filename == NULL
                ? "made by hand"
                : arena_printf(work->arena, "from %s, row %lld", holder->original_filename,
                               (long long)holder->job_row);
        add_problem(work, row, SEVERITY_ERROR, "company_symbol", "duplicate",
                    arena_printf(work->arena, "There is a prediction of %s already (%s).",
                                 period(work, &row->input), from));
    }
}

/* --- predictions ----------------------------------------------------------------------------- */

static Prediction make_prediction(const Work *work, const ImportRow *row)
{
    const Job *job = work->commit->job;
    Prediction prediction = {.kind = job->kind,
                             .id = uuid_new(),
                             .owner_id = job->owner_id,
                             .company_id = company_of(work, row)->id,
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

static void count_made(Work *work, const Prediction *made)
{
    RowSpan *span = &work->span;
    CountKey key = {made->kind, made->job_id, made->year, made->score.risk_level, made->sector};
    tally_add(work->tally, &key, 1);
    if (!span->any || uuid_compare(made->id, span->first_id) < 0) /* all have the same time */
        span->first_id = made->id;
    if (!span->any || uuid_compare(made->id, span->last_id) > 0)
        span->last_id = made->id;
    span->first_created_at = span->last_created_at = made->created_at;
    span->any = true;
}

static Error *insert_one(Work *work, const LateRow *late)
{
    const Prediction *prediction = late->item;
    PredictionKey key = prediction_key(prediction);
    Db *db = work->commit->db;
    for (int attempt = 0; attempt < INSERT_ATTEMPTS; attempt++) {
        bool made = false, hidden = false;
        TRY(prediction_insert(work->arena, db, prediction, &made));
        if (made) {
            count_made(work, prediction);
            return NULL;
        }
        Prediction *holder = NULL;
        TRY(prediction_current(work->arena, db, &key, &holder, &hidden));
        if (holder != NULL && !hidden) {
            judge_duplicate(work, late->row, holder);
            return NULL;
        }
        if (holder != NULL)
            TRY(predictions_set_aside(work->arena, db,
                                      holder)); /* else it went away between the two: again */
    }
    return ERROR(work->arena, ERROR_INTERNAL, "A row of the file could not be stored.");
}

/* True for the first row of its key within the batch. */
static bool first_of_key(Work *work, Map *keys, const Prediction *prediction)
{
    struct {
        Uuid company_id;
        int32_t year;
        int32_t quarter;
    } key = {prediction->company_id, prediction->year, prediction->quarter};
    Str bytes = {(const char *)&key, sizeof key};
    if (map_find(keys, bytes) != NULL)
        return false;
    map_put(keys, str_copy(work->arena, bytes), work);
    return true;
}

/* The rows whose keys were taken. */
static Error *judge_taken(Work *work, const LateRow *taken, size_t count)
{
    PredictionKey *keys = ARENA_ARRAY(work->arena, PredictionKey, count);
    for (size_t i = 0; i < count; i++)
        keys[i] = prediction_key(taken[i].item);
    Prediction **holders = ARENA_ARRAY(work->arena, Prediction *, count);
    bool *hidden = ARENA_ARRAY(work->arena, bool, count);
    TRY(prediction_current_many(work->arena, work->commit->db, keys, count, holders, hidden));
    for (size_t i = 0; i < count; i++) {
        if (holders[i] == NULL || hidden[i])
            work->late[work->late_count++] = taken[i];
        else
            judge_duplicate(work, taken[i].row, holders[i]);
    }
    return NULL;
}

static int by_number(const void *a, const void *b)
{
    int64_t left = ((const LateRow *)a)->row->number, right = ((const LateRow *)b)->row->number;
    return (left > right) - (left < right);
}

static Error *store_predictions(Work *work)
{
    ImportCommit *commit = work->commit;
    Prediction *items = ARENA_ARRAY(work->arena, Prediction, work->count);
    Prediction *twins = ARENA_ARRAY(work->arena, Prediction, work->count);
    LateRow *rows = ARENA_ARRAY(work->arena, LateRow, work->count);
    uint8_t *made = ARENA_ARRAY(work->arena, uint8_t, work->count);
    Map keys = map_new(work->arena);
    size_t count = 0, twin_count = 0, taken = 0;
    for (size_t i = 0; i < work->count; i++) {
        ImportRow *row = &work->rows[i];
        if (row->outcome != ROW_GOOD)
            continue;
        items[count] = make_prediction(work, row);
        if (first_of_key(work, &keys, &items[count])) {
            rows[count] = (LateRow){row, &items[count]};
            count++;
        } else {
            twins[twin_count] = items[count];
            work->late[work->late_count++] = (LateRow){row, &twins[twin_count++]};
        }
    }
    TRY(prediction_insert_many(work->arena, commit->db, items, count, commit->distrust == 0, made));
    for (size_t i = 0; i < count; i++) {
        if (made[i])
            count_made(work, &items[i]);
        else
            rows[taken++] = rows[i];
    }
    commit->distrust = taken > 0 ? DISTRUST : commit->distrust > 0 ? commit->distrust - 1 : 0;
    TRY(judge_taken(work, rows, taken));
    if (work->late_count > 1)
        qsort(work->late, work->late_count, sizeof *work->late, by_number);
    for (size_t i = 0; i < work->late_count; i++)
        TRY(insert_one(work, &work->late[i]));
    return NULL;
}

static Error *try_prediction(Work *work, ImportRow *row)
{
    ImportCommit *commit = work->commit;
    KnownCompany *known = company_of(work, row);
    Str key = str_printf(work->arena, "%.*s\n%d\n%d", STR_ARG(row->input.symbol), row->input.year,
                         row->input.quarter);
    int64_t *first = map_find(&commit->dry_keys, key);
    if (first != NULL && *first != row->number) {
        reject_within_file(work, row, *first);
        return NULL;
    }
    if (!known->to_come) {
        Prediction *holder = NULL;
        bool hidden = false;
        PredictionKey wanted = {commit->job->kind, commit->job->owner_id, known->id,
                                row->input.year, row->input.quarter};
        TRY(prediction_current(work->arena, commit->db, &wanted, &holder, &hidden));
        if (holder != NULL && !hidden)
            judge_duplicate(work, row, holder);
    }
    if (row->outcome == ROW_GOOD && commit->dry_keys.count < DRY_KEYS_MAX) {
        int64_t *number = ARENA_NEW(commit->dry_arena, int64_t);
        *number = row->number;
        map_put(&commit->dry_keys, str_copy(commit->dry_arena, key), number);
    }
    return NULL;
}

static Error *try_predictions(Work *work)
{
    for (size_t i = 0; i < work->count; i++)
        if (work->rows[i].outcome == ROW_GOOD)
            TRY(try_prediction(work, &work->rows[i]));
    return NULL;
}

/* --- the batch ------------------------------------------------------------------------------- */

typedef VEC(StoredProblem) StoredProblems;

static void gather_problems(Work *work, const ProblemList *problems, Str raw, StoredProblems *all)
{
    int64_t seq[SEVERITY_COUNT] = {0};
    for (size_t i = 0; i < problems->count; i++) {
        Problem problem = problems->items[i];
        int64_t number = seq[problem.severity]++;
        if (problem.severity == SEVERITY_ERROR && number == 0)
            problem.raw = raw;
        if (problem.severity == SEVERITY_WARNING)
            work->counters.warnings++;
        vec_push(work->arena, all, ((StoredProblem){problem, number}));
    }
}

static Error *store_problems(Work *work, const ImportBatch *batch)
{
    const Job *job = work->commit->job;
    StoredProblems all = {0};
    gather_problems(work, &batch->header, (Str){NULL, 0}, &all);
    for (size_t i = 0; i < work->count; i++)
        gather_problems(work, &work->rows[i].problems, work->rows[i].raw, &all);
    return problem_insert_many(work->arena, work->commit->db, job->owner_id, job->id, all.items,
                               all.count);
}

static void count_outcome(JobCounters *counters, RowOutcome outcome)
{
    int64_t *by_outcome[] = {[ROW_GOOD] = &counters->successful,
                             [ROW_FAILED] = &counters->failed,
                             [ROW_SKIPPED] = &counters->skipped,
                             [ROW_UNCHANGED] = &counters->unchanged};
    ++*by_outcome[outcome];
    counters->processed++;
}

/* Counts the outcomes; the number of rows up to the one that exceeds max_failed_rows, or all. */
static size_t count_outcomes(Work *work)
{
    int64_t most = work->commit->job->options.max_failed_rows;
    for (size_t i = 0; i < work->count; i++) {
        count_outcome(&work->counters, work->rows[i].outcome);
        if (most >= 0 && work->counters.failed > most)
            return i + 1;
    }
    return work->count;
}

static Error *store_batch(Work *work, const ImportBatch *batch, bool whole)
{
    ImportCommit *commit = work->commit;
    Job after = *commit->job;
    bool last = whole && batch->last;
    work->counters.resume_row = whole ? batch->last_row : work->rows[work->count - 1].number;
    work->counters.bytes_done = batch->bytes_done;
    CHECK(work->counters.resume_row >= commit->job->counters.resume_row);
    if (last)
        work->counters.total = work->counters.processed;
    TRY(store_problems(work, batch));
    TRY(tally_store(work->arena, commit->db, commit->job->owner_id, work->tally));
    TRY(owner_touch(work->arena, commit->db, commit->job->owner_id));
    after.counters = work->counters;
    TRY(job_batch(work->arena, commit->db, &after, &work->span, work->at));
    return queue_advance(work->arena, commit->db, commit->task, work->counters.resume_row);
}

static Error *lock_job(Work *work, bool *ret_cancelled)
{
    const Job *job = work->commit->job;
    JobLock lock;
    bool found = false;
    TRY(job_lock(work->arena, work->commit->db, job->owner_id, job->id, &lock, &found));
    if (!found || lock.status != JOB_PROCESSING)
        return error_with_reason(ERROR(work->arena, ERROR_CONFLICT, "The job is not processing."),
                                 "lease_lost");
    *ret_cancelled = lock.cancel_requested;
    return NULL;
}

/* The first `count` rows in one transaction. *ret_cut below that: rolled back, to be done again with so
 * many rows. */
static Error *commit_rows(Work *work, const ImportBatch *batch, size_t count, size_t *ret_cut,
                          CommitEnd *ret_end)
{
    ImportCommit *commit = work->commit;
    bool cancelled = false;
    work->count = count;
    for (size_t i = 0; i < count; i++) { /* as they were read: this may be the second time */
        work->rows[i].outcome = work->rows[i].read;
        work->rows[i].problems.count = work->rows[i].read_problems;
    }
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(commit->db, work->arena, TX_WRITE, &tx));
    TRY(lock_job(work, &cancelled));
    if (cancelled) {
        *ret_end = COMMIT_CANCELLED;
        return NULL;
    }
    *ret_cut = count;
    TRY(store_companies(work));
    TRY(commit->job->options.dry_run ? try_predictions(work) : store_predictions(work));
    *ret_cut = count_outcomes(work);
    if (*ret_cut < count)
        return NULL;
    TRY(store_batch(work, batch, count == batch->count));
    return tx_commit(&tx, work->arena);
}

static Work new_work(ImportCommit *commit, ImportBatch *batch)
{
    int64_t now = clock_now();
    return (Work){.commit = commit,
                  .arena = batch->arena,
                  .rows = batch->rows,
                  .at = now > commit->last_at ? now : commit->last_at + 1,
                  .tally = tally_new(batch->arena),
                  .counters = commit->job->counters,
                  .late = ARENA_ARRAY(batch->arena, LateRow, batch->count * 2)};
}

Error *import_commit_batch(ImportCommit *commit, ImportBatch *batch, CommitEnd *ret_end)
{
    Work work = new_work(commit, batch);
    size_t cut = batch->count;
    *ret_end = COMMIT_DONE;
    Error *error = commit_rows(&work, batch, batch->count, &cut, ret_end);
    if (error == NULL && cut < batch->count) {
        known_companies_forget(commit->companies);
        work = new_work(commit, batch);
        error = commit_rows(&work, batch, cut, &cut, ret_end);
    }
    if (error != NULL || *ret_end == COMMIT_CANCELLED) {
        known_companies_forget(commit->companies);
        return error;
    }
    int64_t most = commit->job->options.max_failed_rows;
    if (most >= 0 && work.counters.failed > most)
        *ret_end = COMMIT_TOO_MANY;
    commit->last_at = work.at;
    commit->job->counters = work.counters;
    return NULL;
}
