/* The writing half of an import.
 *
 * The unique indexes are the last word on duplicates: a row is inserted, and only when the key is taken is
 * the holder looked at. A holder hidden by a deletion has no claim and is set aside; one of this job is the
 * first row of the same key in the file; any other is unchanged, or handled as on_duplicate says.
 *
 * Companies are remembered by symbol in a bounded cache. A transaction that rolls back may have made
 * companies that the cache knows; so the cache is emptied whenever a commit fails.
 *
 * A dry run does all but insert; as there are then no rows of this job to collide with, the keys of the
 * file are remembered in memory, up to DRY_KEYS_MAX of them. */
#include "domain/import_commit.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/map.h"
#include "domain/queue.h"
#include "store/account_store.h"
#include "store/company_store.h"
#include "store/count_store.h"
#include "store/job_store.h"
#include "store/prediction_store.h"
#include "store/problem_store.h"

enum { CACHE_MAX = 50000, DRY_KEYS_MAX = 1000000 };

typedef struct KnownCompany {
    Uuid id;
    Str name;
    Str sector;
    bool warned;    /* that the file has another name or sector */
    bool made;      /* not yet there: only in a dry run */
} KnownCompany;

struct ImportCommit {
    Db *db;
    Task *task;
    Job *job;
    Arena *cache_arena;
    Map companies;      /* symbol -> KnownCompany */
    Arena *dry_arena;
    Map dry_keys;       /* symbol, year, quarter -> row number + 1, in a dry run */
    int64_t last_at;    /* created_at of the batch before */
};

/* One batch on its way in. */
typedef struct Work {
    ImportCommit *commit;
    Arena *arena;
    int64_t at;         /* created_at of all its rows */
    Tally *tally;
    RowSpan span;
    JobCounters counters;
} Work;

static void free_caches(void *self)
{
    ImportCommit *commit = self;
    arena_free(commit->cache_arena);
    arena_free(commit->dry_arena);
}

static void forget_companies(ImportCommit *commit)
{
    arena_rewind(commit->cache_arena, (ArenaMark){0});
    commit->companies = map_new(commit->cache_arena);
}

ImportCommit *import_commit_new(Arena *arena, Db *db, Task *task, Job *job)
{
    ImportCommit *commit = ARENA_NEW(arena, ImportCommit);
    *commit = (ImportCommit){.db = db, .task = task, .job = job};
    commit->cache_arena = arena_new(0);
    commit->dry_arena = arena_new(0);
    arena_defer(arena, free_caches, commit);
    commit->companies = map_new(commit->cache_arena);
    commit->dry_keys = map_new(commit->dry_arena);
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

static KnownCompany *remember(ImportCommit *commit, Str symbol, Uuid id, Str name, Str sector)
{
    if (commit->companies.count >= CACHE_MAX)
        forget_companies(commit);
    KnownCompany *known = ARENA_NEW(commit->cache_arena, KnownCompany);
    known->id = id;
    known->name = str_copy(commit->cache_arena, name);
    known->sector = str_copy(commit->cache_arena, sector);
    map_put(&commit->companies, str_copy(commit->cache_arena, symbol), known);
    return known;
}

static Error *make_company(Work *work, const ImportRow *row, KnownCompany **ret_known)
{
    ImportCommit *commit = work->commit;
    const PredictionInput *input = &row->input;
    Company company = {.id = uuid_new(),
                       .owner_id = commit->job->owner_id,
                       .symbol = input->symbol,
                       .name = input->company_name,
                       .sector = input->sector,
                       .has_job = true,
                       .job_id = commit->job->id,
                       .job_row = row->number,
                       .created_by = commit->job->user_id,
                       .created_at = work->at};
    bool made = true;
    if (!commit->job->options.dry_run)
        TRY(company_insert(work->arena, commit->db, &company, &made));
    CHECK(made); /* it was not there, and nobody else can write until this transaction ends */
    work->counters.companies++;
    *ret_known = remember(commit, input->symbol, company.id, input->company_name, input->sector);
    (*ret_known)->made = commit->job->options.dry_run;
    return NULL;
}

static Error *find_company(Work *work, const ImportRow *row, KnownCompany **ret_known)
{
    ImportCommit *commit = work->commit;
    Uuid owner = commit->job->owner_id;
    *ret_known = map_find(&commit->companies, row->input.symbol);
    if (*ret_known != NULL)
        return NULL;
    Company *company = NULL;
    TRY(company_by_symbol(work->arena, commit->db, owner, row->input.symbol, &company));
    if (company == NULL)
        return make_company(work, row, ret_known);
    if (company->deleted && !commit->job->options.dry_run)
        TRY(company_revive(work->arena, commit->db, owner, company->id, work->at));
    *ret_known = remember(commit, company->symbol, company->id, company->name, company->sector);
    return NULL;
}

/* The file may know the company under another name or in another sector. */
static Error *compare_company(Work *work, ImportRow *row, KnownCompany *known)
{
    const PredictionInput *input = &row->input;
    ImportCommit *commit = work->commit;
    bool same_name = str_equal(input->company_name, known->name);
    bool same_sector = input->sector.len == 0 || str_equal(input->sector, known->sector);
    if ((same_name && same_sector) || known->warned)
        return NULL;
    if (commit->job->options.update_companies) {
        Str sector = input->sector.len == 0 ? known->sector : input->sector;
        if (!commit->job->options.dry_run)
            TRY(company_update(work->arena, commit->db, commit->job->owner_id, known->id,
                               input->company_name, sector, work->at));
        known->name = str_copy(commit->cache_arena, input->company_name);
        known->sector = str_copy(commit->cache_arena, sector);
        return NULL;
    }
    known->warned = true; /* once a company is enough */
    add_problem(work, row, SEVERITY_WARNING, same_name ? "sector" : "company_name",
                "company_differs",
                arena_printf(work->arena,
                             "%.*s is known as \"%.*s\", sector \"%.*s\"; the file says \"%.*s\", "
                             "\"%.*s\". What is known stays; choose update_companies to change it.",
                             STR_ARG(input->symbol), STR_ARG(known->name), STR_ARG(known->sector),
                             STR_ARG(input->company_name), STR_ARG(input->sector)));
    return NULL;
}

/* --- predictions ----------------------------------------------------------------------------- */

static Prediction make_prediction(const Work *work, const ImportRow *row, Uuid company_id)
{
    const Job *job = work->commit->job;
    Prediction prediction = {.kind = job->kind,
                             .id = uuid_new(),
                             .owner_id = job->owner_id,
                             .company_id = company_id,
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
    CountKey key = {made->kind, made->job_id, made->year, made->score.risk_level, made->sector};
    tally_add(work->tally, &key, 1);
    if (!work->span.any) {
        work->span.any = true;
        work->span.first_created_at = made->created_at;
        work->span.first_id = made->id;
    }
    work->span.last_created_at = made->created_at;
    work->span.last_id = made->id;
}

static const char *period(const Work *work, const PredictionInput *input)
{
    return arena_printf(work->arena, "%.*s, %d Q%d", STR_ARG(input->symbol), input->year,
                        input->quarter);
}

static void reject_within_file(Work *work, ImportRow *row, int64_t first_row)
{
    row->outcome = ROW_FAILED;
    add_problem(work, row, SEVERITY_ERROR, "company_symbol", "duplicate_in_file",
                arena_printf(work->arena, "Row %lld of this file has the same company and period (%s).",
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
        const char *from = holder->original_filename == NULL
                               ? "made by hand"
                               : arena_printf(work->arena, "from %s, row %lld",
                                              holder->original_filename, (long long)holder->job_row);
        add_problem(work, row, SEVERITY_ERROR, "company_symbol", "duplicate",
                    arena_printf(work->arena, "There is a prediction of %s already (%s).",
                                 period(work, &row->input), from));
    }
}

/* A row hidden by a deletion has no claim on its key. */
static Error *set_aside(Work *work, const Prediction *holder)
{
    Db *db = work->commit->db;
    TRY(prediction_unset_current(work->arena, db, holder->kind, holder->owner_id, holder->id));
    TRY(count_add(work->arena, db, holder, -1));
    return holder->has_job ? job_raise_revision(work->arena, db, holder->owner_id, holder->job_id)
                           : NULL;
}

static Error *insert_prediction(Work *work, ImportRow *row, Uuid company_id)
{
    Prediction prediction = make_prediction(work, row, company_id);
    PredictionKey key = prediction_key(&prediction);
    Db *db = work->commit->db;
    for (int attempt = 0; attempt < 2; attempt++) {
        bool made = false, hidden = false;
        TRY(prediction_insert(work->arena, db, &prediction, &made));
        if (made) {
            count_made(work, &prediction);
            return NULL;
        }
        Prediction *holder = NULL;
        TRY(prediction_current(work->arena, db, &key, &holder, &hidden));
        if (holder == NULL)
            break;
        if (!hidden) {
            judge_duplicate(work, row, holder);
            return NULL;
        }
        TRY(set_aside(work, holder));
    }
    return ERROR(work->arena, ERROR_INTERNAL, "A row of the file could not be stored.");
}

static Error *try_prediction(Work *work, ImportRow *row, const KnownCompany *known)
{
    ImportCommit *commit = work->commit;
    Str key = str_printf(commit->dry_arena, "%.*s\n%d\n%d", STR_ARG(row->input.symbol),
                         row->input.year, row->input.quarter);
    int64_t *first = map_find(&commit->dry_keys, key);
    if (first != NULL) {
        reject_within_file(work, row, *first);
        return NULL;
    }
    if (!known->made) {
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
        map_put(&commit->dry_keys, key, number);
    }
    return NULL;
}

static Error *store_row(Work *work, ImportRow *row)
{
    if (row->outcome != ROW_GOOD)
        return NULL;
    KnownCompany *known = NULL;
    TRY(find_company(work, row, &known));
    TRY(compare_company(work, row, known));
    return work->commit->job->options.dry_run ? try_prediction(work, row, known)
                                               : insert_prediction(work, row, known->id);
}

/* --- the batch ------------------------------------------------------------------------------- */

static Error *store_problems(Work *work, const ProblemList *problems, Str raw)
{
    const Job *job = work->commit->job;
    int64_t seq[SEVERITY_COUNT] = {0};
    for (size_t i = 0; i < problems->count; i++) {
        Problem problem = problems->items[i];
        int64_t number = seq[problem.severity]++;
        if (problem.severity == SEVERITY_ERROR && number == 0)
            problem.raw = raw;
        if (problem.severity == SEVERITY_WARNING)
            work->counters.warnings++;
        TRY(problem_insert(work->arena, work->commit->db, job->owner_id, job->id, &problem, number));
    }
    return NULL;
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

static Error *store_rows(Work *work, ImportBatch *batch, CommitEnd *ret_end)
{
    const ImportOptions *options = &work->commit->job->options;
    TRY(store_problems(work, &batch->header, (Str){NULL, 0}));
    for (size_t i = 0; i < batch->count; i++) {
        ImportRow *row = &batch->rows[i];
        TRY(store_row(work, row));
        TRY(store_problems(work, &row->problems, row->raw));
        count_outcome(&work->counters, row->outcome);
        work->counters.resume_row = row->number;
        if (options->max_failed_rows >= 0 && work->counters.failed > options->max_failed_rows) {
            *ret_end = COMMIT_TOO_MANY;
            return NULL;
        }
    }
    work->counters.resume_row = batch->last_row;
    return NULL;
}

static Error *commit_batch(Work *work, ImportBatch *batch, CommitEnd *ret_end)
{
    ImportCommit *commit = work->commit;
    Job *job = commit->job;
    JobLock lock;
    bool found = false;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(commit->db, work->arena, TX_WRITE, &tx));
    TRY(job_lock(work->arena, commit->db, job->owner_id, job->id, &lock, &found));
    if (!found || lock.status != JOB_PROCESSING)
        return error_with_reason(ERROR(work->arena, ERROR_CONFLICT, "The job is not processing."),
                                 "lease_lost");
    if (lock.cancel_requested) {
        *ret_end = COMMIT_CANCELLED;
        return NULL;
    }
    TRY(store_rows(work, batch, ret_end));
    work->counters.bytes_done = batch->bytes_done;
    if (batch->last && *ret_end == COMMIT_DONE)
        work->counters.total = work->counters.processed;
    TRY(tally_store(work->arena, commit->db, job->owner_id, work->tally));
    TRY(owner_touch(work->arena, commit->db, job->owner_id));
    Job after = *job;
    after.counters = work->counters;
    TRY(job_batch(work->arena, commit->db, &after, &work->span, work->at));
    TRY(queue_advance(work->arena, commit->db, commit->task, work->counters.resume_row));
    return tx_commit(&tx, work->arena);
}

Error *import_commit_batch(ImportCommit *commit, ImportBatch *batch, CommitEnd *ret_end)
{
    int64_t now = clock_now();
    Work work = {.commit = commit,
                 .arena = batch->arena,
                 .at = now > commit->last_at ? now : commit->last_at + 1,
                 .tally = tally_new(batch->arena),
                 .counters = commit->job->counters};
    *ret_end = COMMIT_DONE;
    Error *error = commit_batch(&work, batch, ret_end);
    if (error != NULL) {
        forget_companies(commit);
        return error;
    }
    if (*ret_end == COMMIT_CANCELLED) {
        forget_companies(commit);
        return NULL;
    }
    commit->last_at = work.at;
    commit->job->counters = work.counters;
    return NULL;
}
