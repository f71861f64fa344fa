/* The life of an import task: claim the job, open the file, commit batch after batch, end the job. Every
 * exit leaves the job in a state from which the next claim goes on: rows, counters and the resume position
 * commit together, and the file is read again from its beginning up to that position. */
#include "domain/import.h"

#include "base/clock.h"
#include "base/vec.h"
#include "domain/accounts.h"
#include "domain/audit.h"
#include "domain/deletion.h"
#include "domain/import_commit.h"
#include "domain/import_lanes.h"
#include "domain/import_source.h"
#include "domain/jobs.h"
#include "domain/pipe.h"
#include "domain/queue.h"
#include "format/json_out.h"
#include "store/account_store.h"
#include "store/count_store.h"
#include "store/job_store.h"
#include "store/problem_store.h"

#define RENEW_AFTER SECONDS(8) /* while rows that are in already are passed over */
enum {
    BATCH_ROWS_MIN = 64,
    ANALYZE_ROWS = 20000,
    PLANNER_ROWS = 1000,
    PIPE_SLOTS = 2,         /* one is read while one is committed; and one more for each lane */
    FILE_PROBLEM_SEQ = 1000 /* behind those of the row itself */
};

typedef struct Run {
    Arena *arena;
    Db *db;
    Db *reader_db;
    Task *task;
    Job *job;
    const TaskWatch *watch;
    bool relaxed;                       /* commits are not yet durable */
    const StoredProblem *file_problems; /* to be stored with the end of the job */
    size_t file_problem_count;
} Run;

/* --- the end of a job ------------------------------------------------------------------------ */

static const char *outcome_details(Arena *arena, const JobCounters *counters)
{
    Buf buf = buf_new(arena, 4096);
    JsonOut out = json_out_new(&buf);
    json_begin_object(&out, NULL);
    json_put_int(&out, "successful_rows", counters->successful);
    json_put_int(&out, "failed_rows", counters->failed);
    json_put_int(&out, "skipped_rows", counters->skipped);
    json_put_int(&out, "unchanged_rows", counters->unchanged);
    json_put_int(&out, "replaced_rows", counters->replaced);
    json_end_object(&out);
    json_out_close(&out);
    return str_dup(arena, buf_str(&buf));
}

/* What is wrong with the file as a whole, in the transaction that says that the job ends for it. */
static Error *store_file_problems(Run *run)
{
    return problem_insert_many(run->arena, run->db, run->job->owner_id, run->job->id,
                               run->file_problems, run->file_problem_count);
}

/* The end of a job is durable, and makes durable all that came before it. */
static Error *restore_durability(Run *run)
{
    if (!run->relaxed)
        return NULL;
    run->relaxed = false;
    return db_relax_durability(run->db, run->arena, false);
}

static Error *end_job(Run *run, JobEvent event, const char *message)
{
    Arena *arena = run->arena;
    Job *job = run->job;
    JobStatus to = JOB_FAILED;
    if (job->status == JOB_UNDOING)
        to = event == EVENT_CANCELLED ? JOB_CANCELLED : JOB_FAILED;
    else
        TRY(jobs_transition(arena, job, event, &to));
    Principal *who = NULL;
    TRY(accounts_worker(arena, run->db, job->user_id, &who));
    TRY(restore_durability(run));
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(run->db, arena, TX_WRITE, &tx));
    TRY(store_file_problems(run));
    TRY(job_finish(arena, run->db, job->owner_id, job->id, to, message, clock_now()));
    if (job->status == JOB_UNDOING) {
        TRY(job_removed(arena, run->db, job->owner_id, job->id, to, clock_now()));
        TRY(deletion_end_undo(arena, run->db, job));
    }
    TRY(count_fold(arena, run->db, job->owner_id, job->id));
    TRY(audit_write(arena, run->db, who,
                    (AuditNote){.owner_id = job->owner_id,
                                .action = arena_printf(arena, "job.%s", JOB_STATUS_WORDS[to]),
                                .object_kind = "job",
                                .object_id = job->id,
                                .count = job->counters.successful,
                                .details = outcome_details(arena, &job->counters)}));
    TRY(queue_finish(arena, run->db, run->task));
    TRY(tx_commit(&tx, arena));
    job->status = to;
    return NULL;
}

/* Hides what was committed, in one transaction. */
static Error *begin_undo(Run *run, const char *message)
{
    Job *job = run->job;
    JobStatus to;
    Principal *who = NULL;
    TRY(jobs_transition(run->arena, job, EVENT_UNDO, &to));
    TRY(accounts_worker(run->arena, run->db, job->user_id, &who));
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(run->db, run->arena, TX_WRITE, &tx));
    TRY(store_file_problems(run));
    TRY(deletion_begin_undo(run->arena, run->db, who, job, message));
    TRY(queue_advance(run->arena, run->db, run->task, 0));
    TRY(tx_commit(&tx, run->arena));
    job->status = to;
    job->error_message = message;
    job->counters.successful = job->counters.companies = 0;
    run->file_problem_count = 0;
    return NULL;
}

/* Takes back what was committed: hides it, then removes it in batches. */
static Error *undo(Run *run, JobEvent event, const char *message, TaskEnd *ret_end)
{
    Job *job = run->job;
    if (job->status != JOB_UNDOING)
        TRY(begin_undo(run, message));
    bool done = false;
    TRY(deletion_undo_run(run->arena, run->db, run->task, job, run->watch, &done));
    if (!done) {
        *ret_end = TASK_STOPPED;
        return NULL;
    }
    *ret_end = TASK_ENDED;
    return end_job(run, event, message);
}

/* What a legal hold keeps is not taken back either. */
static Error *keeps_rows(Run *run, bool *ret_held)
{
    Job *job = NULL;
    TRY(job_find(run->arena, run->db, run->job->owner_id, run->job->id, &job));
    *ret_held = job != NULL && job->legal_hold != NULL;
    return NULL;
}

static Error *end_badly(Run *run, JobEvent event, bool take_back, const char *message,
                        TaskEnd *ret_end)
{
    bool held = false;
    take_back = take_back && run->job->counters.successful > 0 && !run->job->options.dry_run;
    if (take_back)
        TRY(keeps_rows(run, &held));
    if (take_back && !held)
        return undo(run, event, message, ret_end);
    *ret_end = TASK_ENDED;
    return end_job(run, event,
                   held
                       ? arena_printf(run->arena, "%s Its rows stay: it is on legal hold.", message)
                       : message);
}

/* Does a failed import leave nothing behind? */
static bool keeps_nothing(const ImportOptions *options)
{
    return options->on_error == ON_ERROR_UNDO || options->max_failed_rows == 0;
}

/* A file that cannot be read on is no trouble of ours: it is a problem of the file, kept with the job. */
static Error *end_for_file(Run *run, const Error *fault, TaskEnd *ret_end)
{
    const Job *job = run->job;
    const ErrorField *field = fault->fields;
    Problem problem = {.row = job->counters.resume_row + 1,
                       .severity = SEVERITY_ERROR,
                       .column = "file",
                       .code = field != NULL           ? field->code
                               : fault->reason != NULL ? fault->reason
                                                       : error_word(fault->code),
                       .message = fault->message,
                       .value = (Str){"", 0}};
    VEC(StoredProblem) problems = {0};
    for (int64_t seq = FILE_PROBLEM_SEQ; field != NULL || problems.count == 0; seq++) {
        if (field != NULL) {
            problem.code = field->code;
            problem.message = field->message;
            field = field->next;
        }
        vec_push(run->arena, &problems, ((StoredProblem){problem, seq}));
    }
    run->file_problems = problems.items;
    run->file_problem_count = problems.count;
    return end_badly(run, EVENT_FAILED, keeps_nothing(&job->options), fault->message, ret_end);
}

static Error *end_well(Run *run, TaskEnd *ret_end)
{
    const JobCounters *c = &run->job->counters;
    if (c->successful + c->skipped + c->unchanged == 0)
        return end_badly(run, EVENT_FAILED, false,
                         c->processed == 0
                             ? "no_row_accepted: the file has no rows below its header."
                             : "no_row_accepted: every row was rejected.",
                         ret_end);
    *ret_end = TASK_ENDED;
    return end_job(run, EVENT_COMPLETED, NULL);
}

/* --- the batches ----------------------------------------------------------------------------- */

static size_t next_size(Db *db, size_t rows, int64_t took)
{
    int64_t size = (int64_t)rows * queue_batch_time(db) / (took > 0 ? took : 1);
    if (size > (int64_t)rows * 4)
        size = (int64_t)rows * 4;
    return size < BATCH_ROWS_MIN   ? BATCH_ROWS_MIN
           : size > BATCH_ROWS_MAX ? BATCH_ROWS_MAX
                                   : (size_t)size;
}

/* Waits for the reading thread, keeping the lease meanwhile. */
static Error *wait_batch(Run *run, Pipe *pipe, size_t rows, ImportBatch **ret_batch)
{
    for (;;) {
        *ret_batch = pipe_next(pipe, rows, RENEW_AFTER);
        if (*ret_batch != NULL || run->watch->stopping(run->watch->self))
            return NULL;
        bool held = false;
        TRY(queue_renew(run->arena, run->db, run->task, &held));
        if (!held)
            return error_with_reason(ERROR(run->arena, ERROR_CONFLICT, "The task was taken over."),
                                     "lease_lost");
    }
}

static bool failed_too_often(const Job *job)
{
    return job->options.max_failed_rows >= 0 && job->counters.failed > job->options.max_failed_rows;
}

static Error *too_many_failed(Run *run, TaskEnd *ret_end)
{
    const ImportOptions *options = &run->job->options;
    bool take_back = keeps_nothing(options);
    return end_badly(
        run, EVENT_FAILED, take_back,
        arena_printf(run->arena, "More rows failed than max_failed_rows=%lld allows%s.",
                     (long long)options->max_failed_rows, take_back ? "; nothing was kept" : ""),
        ret_end);
}

/* The file on its way in. */
typedef struct Stream {
    Pipe *pipe;
    ImportCommit *commit;
    ImportLanes *lanes; /* NULL: one batch after the other */
    size_t rows;        /* of the next batch */
    CommitEnd end;
    bool may_part; /* lanes are possible */
    bool begun;    /* the first batch is committed */
    bool planner_told;
    bool stopped; /* by the watch */
    bool last;    /* the batch just taken was the last one */
    Error *fault; /* of the file, behind that batch */
} Stream;

/* In this thread; how long it took decides how large the next one is. */
static Error *commit_alone(Run *run, Stream *stream, ImportBatch *batch)
{
    int64_t start = clock_monotonic();
    size_t count = batch->count > 0 ? batch->count : stream->rows;
    TRY(import_commit_batch(stream->commit, batch, &stream->end));
    stream->rows = next_size(run->db, count, clock_monotonic() - start);
    pipe_give_back(stream->pipe, batch);
    stream->begun = true;
    return NULL;
}

/* In the lanes, where nobody waits for a batch's end. */
static Error *commit_beside(Stream *stream, ImportBatch *batch)
{
    size_t more = stream->rows * 4;
    stream->rows = more < BATCH_ROWS_MAX ? more : BATCH_ROWS_MAX;
    return import_lanes_add(stream->lanes, stream->pipe, batch, &stream->end);
}

/* A file of one batch needs no lanes. */
static Error *commit_next(Run *run, Stream *stream, ImportBatch *batch)
{
    if (stream->may_part && stream->begun && stream->lanes == NULL)
        TRY(import_lanes_open(run->arena, stream->commit, run->db, &stream->lanes));
    return stream->lanes != NULL ? commit_beside(stream, batch) : commit_alone(run, stream, batch);
}

static Error *take_batch(Run *run, Stream *stream)
{
    ImportBatch *batch = NULL;
    TRY(wait_batch(run, stream->pipe, stream->rows, &batch));
    if (batch == NULL || run->watch->stopping(run->watch->self)) {
        stream->stopped = true;
        return NULL;
    }
    if (batch->error != NULL && !import_file_fault(batch->error))
        return batch->error;
    stream->fault = error_copy(run->arena, batch->error);
    stream->last = batch->last || stream->fault != NULL;
    return commit_next(run, stream, batch);
}

/* A table that was empty has no statistics yet, and without them the keys of the file are looked up by the
 * wrong index. Where batches go in side by side that matters while the import still runs. */
static Error *tell_planner(Run *run, Stream *stream)
{
    int64_t rows = run->job->counters.successful;
    if (stream->lanes == NULL || stream->planner_told || rows < PLANNER_ROWS)
        return NULL;
    stream->planner_told = true;
    return db_analyze(run->db, run->arena, rows);
}

/* Until the end of the file, or until something else ends it. */
static Error *run_batches(Run *run, Stream *stream)
{
    while (!stream->last && !stream->stopped && stream->end == COMMIT_DONE) {
        TRY(take_batch(run, stream));
        TRY(tell_planner(run, stream));
        if (run->watch->progress != NULL)
            run->watch->progress(run->watch->self, &run->job->counters, run->job->file_size);
        clock_sleep(run->watch->pause);
    }
    if (stream->lanes == NULL || stream->end != COMMIT_DONE)
        return NULL;
    TRY(import_lanes_drain(stream->lanes, stream->pipe, &stream->end));
    if (run->watch->progress != NULL)
        run->watch->progress(run->watch->self, &run->job->counters, run->job->file_size);
    return NULL;
}

static Error *end_stream(Run *run, const Stream *stream, TaskEnd *ret_end)
{
    *ret_end = TASK_STOPPED;
    if (stream->end == COMMIT_CANCELLED)
        return end_badly(run, EVENT_CANCELLED, run->job->options.on_error == ON_ERROR_UNDO,
                         "Cancelled.", ret_end);
    if (stream->end == COMMIT_TOO_MANY)
        return too_many_failed(run, ret_end);
    if (stream->stopped)
        return NULL;
    return stream->fault != NULL ? end_for_file(run, stream->fault, ret_end)
                                 : end_well(run, ret_end);
}

/* Looks at the job again under its lock: since it was found it may have been cancelled, deleted, or ended by
 * a worker that has the task now. */
static Error *start_job(Run *run)
{
    Job *job = run->job;
    JobLock lock;
    bool found = false;
    JobStatus to;
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(run->db, run->arena, TX_WRITE, &tx));
    TRY(job_lock(run->arena, run->db, job->owner_id, job->id, &lock, &found));
    if (!found || !jobs_next(lock.status, EVENT_STARTED, &to))
        return error_with_reason(ERROR(run->arena, ERROR_CONFLICT, "The job is over already."),
                                 "lease_lost");
    TRY(job_start(run->arena, run->db, job->owner_id, job->id, clock_now()));
    if (job->options.dry_run && job->counters.resume_row > 0) {
        TRY(job_begin_anew(run->arena, run->db, job->owner_id, job->id));
        job->counters = (JobCounters){.total = -1};
    }
    TRY(queue_hold(run->arena, run->db, run->task));
    TRY(tx_commit(&tx, run->arena));
    job->status = to;
    return NULL;
}

static bool fill_batch(void *self, void *slot, Arena *arena, size_t rows)
{
    ImportBatch *batch = slot;
    batch->arena = arena;
    batch_reader_next(self, rows, batch);
    return batch->last || batch->error != NULL;
}

static Error *read_file(Run *run, TaskEnd *ret_end)
{
    const LoadedModel *model = NULL;
    TRY(models_load(run->arena, run->db, run->job->model_id, &model));
    BatchReader *reader = NULL;
    RangeSource source = import_source(run->arena, run->reader_db, run->job);
    Error *error = batch_reader_open(run->arena, source, run->job, model->card, &reader);
    if (error != NULL)
        return import_file_fault(error) ? end_for_file(run, error, ret_end) : error;
    Stream stream = {.commit = import_commit_new(run->arena, run->db, run->task, run->job),
                     .rows = BATCH_ROWS_FIRST};
    stream.may_part = import_lanes_possible(stream.commit, run->db);
    stream.pipe = pipe_open(fill_batch, reader, PIPE_SLOTS + (stream.may_part ? LANES : 0),
                            sizeof(ImportBatch), BATCH_ROWS_FIRST);
    error = error_copy(run->arena, run_batches(run, &stream));
    import_lanes_close(stream.lanes);
    pipe_close(stream.pipe);
    return error != NULL ? error : end_stream(run, &stream, ret_end);
}

/* What a power failure takes back is done again: the task stays until its durable end. */
static Error *begin_relaxed(Run *run)
{
    run->relaxed = true;
    return db_relax_durability(run->db, run->arena, true);
}

/* The job of a task; NULL when it is gone or over: then the task ends without effect. */
static Error *find_job(Arena *arena, Db *db, const Task *task, Job **ret_job)
{
    TRY(job_find(arena, db, task->owner_id, task->object_id, ret_job));
    JobStatus to;
    if (*ret_job != NULL && !jobs_next((*ret_job)->status, EVENT_STARTED, &to) &&
        (*ret_job)->status != JOB_UNDOING)
        *ret_job = NULL;
    return NULL;
}

/* What a row of an upload replaces, its user must be allowed to change by hand too. */
static Error *find_right(Run *run)
{
    Principal *who = NULL;
    TRY(accounts_worker(run->arena, run->db, run->job->user_id, &who));
    run->job->replaces_others = principal_administers(who, run->job->owner_id);
    return NULL;
}

static Error *process(Run *run, TaskEnd *ret_end)
{
    TRY(start_job(run));
    TRY(find_right(run));
    if (failed_too_often(run->job)) /* it died between the batch that did and its end */
        return too_many_failed(run, ret_end);
    return read_file(run, ret_end);
}

Error *import_run(Arena *arena, Db *db, Db *reader, Task *task, const TaskWatch *watch,
                  TaskEnd *ret_end)
{
    Run run = {.arena = arena, .db = db, .reader_db = reader, .task = task, .watch = watch};
    *ret_end = TASK_ENDED;
    TRY(find_job(arena, db, task, &run.job));
    if (run.job == NULL)
        return queue_drop(arena, db, task);
    if (run.job->status == JOB_UNDOING)
        return undo(&run, run.job->cancel_requested ? EVENT_CANCELLED : EVENT_FAILED,
                    run.job->error_message, ret_end);
    TRY(begin_relaxed(&run));
    Error *error = process(&run, ret_end);
    Error *restored = restore_durability(&run);
    TRY(error != NULL ? error : restored);
    if (*ret_end == TASK_ENDED && run.job->counters.successful >= ANALYZE_ROWS)
        TRY(db_analyze(db, arena, run.job->counters.successful));
    return NULL;
}

Error *import_give_up(Arena *arena, Db *db, Task *task)
{
    Run run = {.arena = arena, .db = db, .task = task};
    TRY(find_job(arena, db, task, &run.job));
    if (run.job == NULL)
        return queue_drop(arena, db, task);
    if (run.job->status == JOB_UNDOING)
        return deletion_stall_undo(arena, db, task, run.job);
    const char *message =
        arena_printf(arena, "The import stopped %d times at row %lld and was given up.",
                     TASK_ATTEMPTS_MAX, (long long)run.job->counters.resume_row + 1);
    bool held = false;
    TRY(keeps_rows(&run, &held));
    if (!keeps_nothing(&run.job->options) || run.job->counters.successful == 0 || held)
        return end_job(&run, EVENT_FAILED, message);
    TRY(begin_undo(&run, message)); /* and the next claim removes what it hides */
    return queue_release(arena, db, task, 0, false);
}
