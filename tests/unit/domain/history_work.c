/* The worker's steps. Where one was cut or stopped the model asks the job, the deletion, or which rows are there how
 * far it came, and nothing else. */
#include "history.h"

#include "domain/batches.h"

/* --- imports ---------------------------------------------------------------------------------- */

static Job *job_of(const History *h, const ModelJob *job)
{
    return world_job(h->w, history_person(h, job->owner), job->id);
}

/* Gives the rows that a job made the ids that the database gave them. */
static void learn_rows(History *h, int index)
{
    const ModelJob *job = &h->jobs[index];
    World *w = h->w;
    Page page = {.limit = PAGE_LIMIT_MAX};
    PredictionList list = {0};
    size_t at = 0;
    assert_no_error(predictions_of_job(w->arena, w->db, job_of(h, job), &page, &list));
    for (int i = 0; i < h->version_count; i++) {
        Version *version = &h->versions[i];
        if (version->job != index || version->fate != THERE)
            continue;
        assert_true(at < list.count);
        history_learn(h, version, &list.items[at++]);
    }
    assert_int_equal(at, list.count);
}

static void lose_rows(History *h, int index)
{
    for (int i = 0; i < h->version_count; i++)
        if (h->versions[i].job == index && h->versions[i].fate == THERE)
            h->versions[i].fate = LOST;
}

static void end_import(History *h, int index)
{
    ModelJob *job = &h->jobs[index];
    job->status = history_end_of_import(job);
    if (history_takes_back(job))
        lose_rows(h, index);
    job->hidden = false;
    history_unqueue(h, index, -1);
    assert_int_equal(job_of(h, job)->status, job->status);
}

/* Takes over from the job how far it came. True: to its end. */
static bool catch_up(History *h, int index)
{
    ModelJob *job = &h->jobs[index];
    const Job *found = job_of(h, job);
    if (!job->applied && (found->counters.resume_row > 0 || found->status == JOB_UNDOING)) {
        history_apply_batch(h, index);
        if (found->status == JOB_UNDOING)
            lose_rows(h, index);
        else if (!job->options.dry_run)
            learn_rows(h, index);
    }
    if (found->status == JOB_UNDOING)
        lose_rows(h, index);
    job->status = found->status;
    job->hidden = found->hides_rows;
    job->settling = found->settling;
    if (job->options.dry_run && found->status == JOB_PROCESSING && job->applied) {
        job->applied = false; /* it begins anew */
        job->good = job->failed = job->skipped = job->unchanged = job->replaced = 0;
    }
    return job->status == JOB_COMPLETED || job->status == JOB_FAILED ||
           job->status == JOB_CANCELLED;
}

static void run_import(History *h, int index, bool over)
{
    ModelJob *job = &h->jobs[index];
    if (!over && !catch_up(h, index))
        return;
    if (!job->applied && !job->cancel) {
        history_apply_batch(h, index);
        if (history_takes_back(job))
            lose_rows(h, index);
        else if (!job->options.dry_run)
            learn_rows(h, index);
    }
    job->applied = true;
    job->settling = job_of(h, job)->settling;
    end_import(h, index);
}

/* --- deletions and restorations ----------------------------------------------------------------- */

typedef struct Ids {
    Uuid items[VERSIONS_MAX * 2];
    size_t count;
} Ids;

static void add_id(void *context, int count, const char *const *columns)
{
    Ids *ids = context;
    assert_true(count == 1 && ids->count < ARRAY_COUNT(ids->items));
    assert_true(hex_parse(str_from(columns[0]), ids->items[ids->count++].bytes, 16));
}

static bool has_id(const Ids *ids, Uuid id)
{
    for (size_t i = 0; i < ids->count; i++)
        if (uuid_equal(ids->items[i], id))
            return true;
    return false;
}

/* The rows that are in the tables, past the store. */
static const Ids *rows_there(History *h)
{
    static Ids ids;
    ids.count = 0;
    h->w->engine->each_row(h->w->url,
                           "SELECT id FROM annual_predictions UNION ALL "
                           "SELECT id FROM quarterly_predictions",
                           add_id, &ids);
    return &ids;
}

static Deletion *deletion_found(History *h, const ModelDeletion *deletion)
{
    Deletion *found = NULL;
    assert_no_error(deletion_get(h->w->arena, h->w->db, history_person(h, deletion->owner),
                                 deletion->id, &found));
    return found;
}

static void set_fate(History *h, int deletion, bool (*is)(const Version *v, int job), int job,
                     Fate fate)
{
    for (int i = 0; i < h->version_count; i++) {
        Version *version = &h->versions[i];
        if (!is(version, job) || version->fate == fate || version->fate == LOST ||
            (version->fate == ARCHIVED && version->archive != deletion))
            continue;
        version->fate = fate;
        version->archive = fate == ARCHIVED ? deletion : -1;
    }
}

static bool is_row_of(const Version *version, int job)
{
    return version->job == job;
}

static void check_counts(const ModelDeletion *deletion, const Deletion *found, bool undisturbed)
{
    const DeletionCounts *a = &found->counts, *b = &deletion->expected;
    assert_int_equal(a->already_deleted, b->already_deleted);
    if (undisturbed) {
        assert_int_equal(a->companies_empty, b->companies_empty);
        assert_int_equal(a->companies_deleted, b->companies_deleted);
    }
    if (!deletion->settled_late || undisturbed) {
        for (Kind kind = 0; kind < KIND_COUNT; kind++)
            assert_int_equal(a->predictions[kind], b->predictions[kind]);
        assert_int_equal(a->edits_deleted, b->edits_deleted);
        assert_int_equal(a->edits_kept, b->edits_kept);
        assert_int_equal(a->versions_restored, b->versions_restored);
    }
}

/* Rows of the job are out of sight all the while; its edits go before it is settled. */
static void run_job_deletion(History *h, int index)
{
    ModelDeletion *deletion = &h->deletions[index];
    ModelJob *job = &h->jobs[deletion->job];
    const Job *found = job_of(h, job);
    bool was_unsettled = job->settling;
    job->settling = found->settling;
    if (was_unsettled && !job->settling && deletion->edited)
        set_fate(h, index, history_is_edit_of, deletion->job, ARCHIVED);
    if (found->status != JOB_DELETED)
        return;
    assert_false(found->hides_rows);
    assert_false(found->settling);
    set_fate(h, index, is_row_of, deletion->job, ARCHIVED);
    job->status = JOB_DELETED;
    job->hidden = false;
    deletion->done = true;
    history_unqueue(h, -1, index);
    check_counts(deletion, deletion_found(h, deletion),
                 deletion->owner_steps + 1 == h->owner_steps[deletion->owner] && deletion->alone);
}

static void check_former(History *h, ModelDeletion *deletion)
{
    const Deletion *found = deletion_found(h, deletion);
    assert_int_equal(found->restored_rows, deletion_rows(&found->counts));
    if (deletion->former >= 0 && deletion->alone &&
        deletion->owner_steps + 1 == h->owner_steps[deletion->owner])
        assert_int_equal(found->restored_former, deletion->former);
}

static void run_job_return(History *h, int index)
{
    ModelDeletion *deletion = &h->deletions[index];
    ModelJob *job = &h->jobs[deletion->job];
    const Job *found = job_of(h, job);
    if (found->status == JOB_RESTORING)
        return;
    set_fate(h, index, is_row_of, deletion->job, THERE);
    if (job->status == JOB_RESTORING) {
        job->status = job->before;
        if (job->status == JOB_PENDING) /* it is due again */
            history_enqueue(h, (Queued){job->owner, deletion->job, -1});
    }
    assert_int_equal(found->status, job->status);
    job->hidden = false;
    job->settling = found->settling;
    if (!job->settling)
        set_fate(h, index, history_is_edit_of, deletion->job, THERE);
    if (deletion_found(h, deletion)->state != DELETION_DONE)
        return;
    assert_false(job->settling);
    deletion->done = true;
    history_unqueue(h, -1, index);
    check_former(h, deletion);
}

/* A row that comes back, as was asked for before its job was deleted, goes with the job. */
static void goes_at_once(History *h, const Version *version)
{
    const ModelJob *job = version->job < 0 ? NULL : &h->jobs[version->job];
    if (job == NULL || job->status != JOB_DELETING)
        return;
    h->deletions[job->deletion].expected.predictions[version->kind]++;
    h->deletions[job->deletion].expected.already_deleted--;
}

/* Rows of keys go, or come, one after the other: which are there tells the rest. A purge whose turn comes while a job is
 * settling does not meet versions that are on their way back. */
static void run_keys(History *h, int index)
{
    ModelDeletion *deletion = &h->deletions[index];
    const Deletion *found = deletion_found(h, deletion);
    const Ids *there = rows_there(h);
    bool done = found->state == DELETION_DONE;
    bool wanted[VERSIONS_MAX] = {0}, unsettled[VERSIONS_MAX] = {0};
    for (int i = 0; i < h->version_count; i++) {
        const Version *version = &h->versions[i];
        unsettled[i] = !deletion->restoring && history_unsettled(h, history_key(version));
        wanted[i] = deletion->restoring ? version->fate == ARCHIVED && version->archive == index
                                        : history_visible(h, version) &&
                                              history_is_chosen(h, deletion, history_key(version));
    }
    for (int i = 0; i < h->version_count; i++) {
        Version *version = &h->versions[i];
        bool unsure = !done || unsettled[i];
        if (!wanted[i] || (unsure && has_id(there, version->fact.id) != deletion->restoring))
            continue;
        assert_int_equal(has_id(there, version->fact.id), deletion->restoring);
        version->fate = deletion->restoring ? THERE : ARCHIVED;
        version->archive = deletion->restoring ? -1 : index;
        if (deletion->restoring)
            goes_at_once(h, version);
    }
    if (!done)
        return;
    for (int i = 0; i < h->version_count && deletion->restoring; i++)
        h->versions[i].retired &= ~(UINT64_C(1) << index);
    deletion->done = true;
    history_unqueue(h, -1, index);
    if (deletion->restoring)
        check_former(h, deletion);
}

static void run_deletion(History *h, int index, bool over)
{
    ModelDeletion *deletion = &h->deletions[index];
    if (deletion->job < 0)
        run_keys(h, index);
    else if (deletion->restoring)
        run_job_return(h, index);
    else
        run_job_deletion(h, index);
    assert_true(!over || deletion->done);
}

/* --- tasks ------------------------------------------------------------------------------------ */

static TaskKind kind_of(const History *h, const Queued *queued)
{
    return queued->job >= 0                           ? TASK_IMPORT
           : h->deletions[queued->deletion].restoring ? TASK_RESTORE
                                                      : TASK_DELETION;
}

/* A task that was stopped by its watch is given back. */
static void give_back(History *h, const Task *task)
{
    assert_no_error(queue_release(h->w->arena, h->w->db, task, 0, false));
}

/* False: no task is due yet. */
static bool run_first(History *h, int owner)
{
    World *w = h->w;
    int at = history_first_task(h, owner);
    Uuid owner_id = history_person(h, owner)->user_id;
    Task *task = NULL;
    history_arm(h);
    Error *error = world_step(w, &owner_id, h->step->stop > 0 ? h->step->stop - 1 : -1, &task);
    bool cut = history_was_cut(h, error);
    if (!cut)
        assert_no_error(error);
    if (at < 0) {
        assert_null(task);
        return true;
    }
    if (task == NULL) {
        /* accepted at a time that is to come: later than all that wait */
        assert_true(cut || world_now() <= h->latest + QUEUED_MAX);
        return false;
    }
    Queued queued = h->queue[at];
    bool stopped = !cut && w->last_end == TASK_STOPPED;
    assert_int_equal(task->kind, kind_of(h, &queued));
    if (stopped)
        give_back(h, task);
    if (queued.job >= 0)
        run_import(h, queued.job, !cut && !stopped);
    else
        run_deletion(h, queued.deletion, !cut && !stopped);
    return true;
}

void history_work_all(History *h, int owner)
{
    Step calm = *h->step;
    const Step *present = h->step;
    calm.cut = calm.stop = 0;
    h->step = &calm;
    while (history_first_task(h, owner) >= 0) {
        world_advance(world_now() <= h->latest + QUEUED_MAX ? QUEUED_MAX : 1);
        if (!run_first(h, owner)) /* behind a clock that was set back everything is due */
            world_advance(h->latest + QUEUED_MAX - world_now());
    }
    h->step = present;
}

void history_work(History *h)
{
    if ((h->step->flags & FLAG_ALL) != 0)
        history_work_all(h, h->step->owner);
    else
        run_first(h, h->step->owner);
}
