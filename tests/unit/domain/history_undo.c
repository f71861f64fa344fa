/* Steps that take away what is there, and bring it back. What each of them will do is foretold by the model, and
 * must be what the preview says. */
#include "history.h"

#include "domain/company_deletion.h"

/* --- foretelling ------------------------------------------------------------------------------ */

static bool goes(const Version *version, int job, bool edited)
{
    return version->fate == THERE &&
           (version->job == job || (edited && history_is_edit_of(version, job)));
}

static bool company_has_current(History *h, int owner, int company)
{
    for (int i = 0; i < h->version_count; i++) {
        const Version *version = &h->versions[i];
        if (version->owner == owner && version->company == company &&
            history_current(h, history_key(version)) == version)
            return true;
    }
    return false;
}

/* Of the keys that have a current version now: how many have another one when the rows are gone. */
static void foretell_gone(History *h, int job, bool edited, bool orphans, DeletionCounts *counts)
{
    bool was_current[VERSIONS_MAX] = {0}, gone[VERSIONS_MAX] = {0}, touched[COMPANIES] = {0};
    for (int i = 0; i < h->version_count; i++) {
        gone[i] = goes(&h->versions[i], job, edited);
        was_current[i] =
            gone[i] && history_current(h, history_key(&h->versions[i])) == &h->versions[i];
        touched[h->versions[i].company] |= gone[i];
    }
    for (int i = 0; i < h->version_count; i++)
        if (gone[i])
            h->versions[i].fate = LOST;
    for (int i = 0; i < h->version_count; i++)
        counts->versions_restored +=
            was_current[i] && history_current(h, history_key(&h->versions[i])) != NULL;
    for (int i = 0; i < COMPANIES; i++)
        counts->companies_empty += touched[i] && !company_has_current(h, h->jobs[job].owner, i);
    counts->companies_deleted = orphans ? counts->companies_empty : 0;
    for (int i = 0; i < h->version_count; i++)
        if (gone[i])
            h->versions[i].fate = THERE;
}

static DeletionCounts foretell(History *h, int index, const DeletionOptions *options)
{
    const ModelJob *job = &h->jobs[index];
    DeletionCounts counts = {0};
    int64_t edits = 0, left = history_rows_left(h, index);
    if (!options->with_predictions)
        return counts;
    for (int i = 0; i < h->version_count; i++)
        edits += h->versions[i].fate == THERE && history_is_edit_of(&h->versions[i], index);
    counts.predictions[job->kind] = left + (options->include_edited ? edits : 0);
    counts.edits_deleted = options->include_edited ? edits : 0;
    counts.edits_kept = options->include_edited ? 0 : edits;
    if (!job->options.dry_run && !history_takes_back(job))
        counts.already_deleted = job->good - left;
    foretell_gone(h, index, options->include_edited, options->orphaned_companies, &counts);
    return counts;
}

static void same_counts(const DeletionCounts *a, const DeletionCounts *b)
{
    for (Kind kind = 0; kind < KIND_COUNT; kind++)
        assert_int_equal(a->predictions[kind], b->predictions[kind]);
    assert_int_equal(a->edits_deleted, b->edits_deleted);
    assert_int_equal(a->edits_kept, b->edits_kept);
    assert_int_equal(a->already_deleted, b->already_deleted);
    assert_int_equal(a->versions_restored, b->versions_restored);
    assert_int_equal(a->companies_empty, b->companies_empty);
    assert_int_equal(a->companies_deleted, b->companies_deleted);
}

/* --- jobs ------------------------------------------------------------------------------------- */

static DeletionOptions deletion_options(const Step *step)
{
    bool cascade = (step->flags & FLAG_CASCADE) != 0;
    return (DeletionOptions){.with_predictions = cascade,
                             .include_edited = cascade && (step->flags & FLAG_EDITED) != 0,
                             .orphaned_companies = cascade && (step->flags & FLAG_ORPHANS) != 0};
}

static void look_at_preview(History *h, int index, const DeletionOptions *options,
                            DeletionCounts *foretold)
{
    const ModelJob *job = &h->jobs[index];
    DeletionPreview preview = {0};
    assert_no_error(deletion_preview(h->w->arena, h->w->db, history_person(h, job->owner), job->id,
                                     options, &preview));
    if (history_owner_unsettled(h, job->owner))
        return;
    if (h->marked[job->owner]) { /* which companies are marked already the model does not know */
        foretold->companies_empty = preview.counts.companies_empty;
        foretold->companies_deleted = preview.counts.companies_deleted;
    }
    if (options->with_predictions)
        same_counts(&preview.counts, foretold);
    else
        assert_int_equal(preview.predictions_kept, history_rows_left(h, index));
}

static void hide(History *h, int index, int deletion)
{
    ModelJob *job = &h->jobs[index];
    job->hidden = true;
    job->settling = world_job(h->w, history_person(h, job->owner), job->id)->settling;
    h->deletions[deletion].settled_late = job->settling;
    for (int i = 0; i < h->version_count && !job->settling; i++) {
        Version *version = &h->versions[i];
        if (!h->deletions[deletion].edited || !history_is_edit_of(version, index) ||
            version->fate != THERE)
            continue;
        version->fate = ARCHIVED;
        version->archive = deletion;
    }
    history_enqueue(h, (Queued){job->owner, -1, deletion});
}

static void accept_deletion(History *h, int index, const DeletionOptions *options,
                            const DeletionCounts *foretold, const DeletionResult *result)
{
    ModelJob *job = &h->jobs[index];
    int deletion = h->deletion_count;
    ModelDeletion *added = history_add_deletion(h, result->deletion, job->owner);
    added->job = index;
    added->record_only = added->done = !options->with_predictions;
    added->edited = options->include_edited;
    added->orphans = options->orphaned_companies;
    added->expected = *foretold;
    added->owner_steps = h->owner_steps[job->owner];
    added->alone = history_first_task(h, job->owner) < 0;
    h->marked[job->owner] |= options->orphaned_companies;
    if (job->status == JOB_PENDING)
        history_unqueue(h, index, -1);
    if (job->status != JOB_DELETED)
        job->before = job->status;
    job->status = options->with_predictions ? JOB_DELETING : JOB_DELETED;
    job->deletion = deletion;
    if (options->with_predictions)
        hide(h, index, deletion);
    else
        assert_int_equal(result->predictions_kept, history_rows_left(h, index));
}

/* Is nothing left to delete? */
static bool is_gone(const History *h, const ModelJob *job, bool cascade)
{
    if (job->status == JOB_DELETED)
        return !(h->deletions[job->deletion].record_only && cascade);
    return job->status == JOB_DELETING;
}

void history_delete_job(History *h)
{
    World *w = h->w;
    int index = history_job_by_step(h, h->step->of);
    if (index < 0 || h->deletion_count == DELETIONS_MAX)
        return;
    ModelJob *job = &h->jobs[index];
    DeletionOptions options = deletion_options(h->step);
    DeletionResult result = {0};
    JobStatus to;
    bool gone = is_gone(h, job, options.with_predictions);
    bool may = jobs_next(
        job->status, options.with_predictions ? EVENT_DELETE_CASCADE : EVENT_DELETE_RECORD, &to);
    DeletionCounts foretold = foretell(h, index, &options);
    if (may && !gone)
        look_at_preview(h, index, &options, &foretold);
    history_arm(h);
    Error *error = deletion_request(w->arena, w->db, history_person(h, job->owner), job->id,
                                    &options, &result);
    if (history_was_cut(h, error))
        return;
    if (gone || !may) {
        assert_int_equal(error == NULL ? ERROR_CODE_COUNT : error->code,
                         gone ? ERROR_GONE : ERROR_CONFLICT);
        return;
    }
    assert_no_error(error);
    accept_deletion(h, index, &options, &foretold, &result);
}

void history_cancel(History *h)
{
    int index = history_job_by_step(h, h->step->of);
    if (index < 0)
        return;
    ModelJob *job = &h->jobs[index];
    Job *found = NULL;
    history_arm(h);
    Error *error =
        jobs_cancel(h->w->arena, h->w->db, history_person(h, job->owner), job->id, &found);
    if (history_was_cut(h, error)) {
        found = world_job(h->w, history_person(h, job->owner), job->id);
        if (!found->cancel_requested || job->cancel)
            return;
    } else if (job->status != JOB_PENDING && job->status != JOB_PROCESSING) {
        assert_true(error != NULL);
        return;
    } else {
        assert_no_error(error);
    }
    job->cancel = true;
    if (job->status == JOB_PENDING) {
        job->status = JOB_CANCELLED;
        history_unqueue(h, index, -1);
    }
}

/* --- back again ------------------------------------------------------------------------------- */

/* How many of the rows would be former ones when all are back. What is brought back can be seen, whatever becomes
 * of its job. */
static int foretell_former(History *h, int index, int *ret_rows)
{
    static Version before[VERSIONS_MAX];
    int former = 0;
    *ret_rows = 0;
    memcpy(before, h->versions, sizeof before);
    for (int i = 0; i < h->version_count; i++) {
        Version *version = &h->versions[i];
        version->retired &= ~(UINT64_C(1) << index);
        if (version->fate != ARCHIVED || version->archive != index)
            continue;
        version->fate = THERE;
        version->job = -1;
    }
    for (int i = 0; i < h->version_count; i++) {
        Version *version = &h->versions[i];
        if (before[i].fate != ARCHIVED || before[i].archive != index)
            continue;
        ++*ret_rows;
        former += history_current(h, history_key(version)) != version;
    }
    memcpy(h->versions, before, sizeof before);
    return former;
}

static void look_at_return(History *h, int index)
{
    ModelDeletion *deletion = &h->deletions[index];
    RestorationPreview preview = {0};
    int rows = 0, former = foretell_former(h, index, &rows);
    assert_no_error(restoration_preview(h->w->arena, h->w->db, history_person(h, deletion->owner),
                                        deletion->id, &preview));
    if (history_owner_unsettled(h, deletion->owner))
        return;
    assert_int_equal(preview.rows, rows);
    if (preview.former != former)
        fail_msg("the preview says that %lld come back as former versions, not %d",
                 (long long)preview.former, former);
    assert_int_equal(preview.current, rows - former);
    deletion->former = former;
    deletion->owner_steps = h->owner_steps[deletion->owner];
    deletion->alone = history_first_task(h, deletion->owner) < 0;
}

static void accept_return(History *h, int index)
{
    ModelDeletion *deletion = &h->deletions[index];
    ModelJob *job = deletion->job < 0 ? NULL : &h->jobs[deletion->job];
    deletion->restoring = true;
    deletion->done = deletion->record_only;
    if (deletion->record_only) {
        job->status = job->before;
        if (job->status == JOB_PENDING)
            history_enqueue(h, (Queued){job->owner, deletion->job, -1});
        return;
    }
    if (job != NULL) {
        job->status = JOB_RESTORING;
        job->hidden = true;
    }
    history_enqueue(h, (Queued){deletion->owner, -1, index});
}

void history_restore(History *h)
{
    World *w = h->w;
    int index = history_deletion_by_step(h, h->step->of);
    if (index < 0)
        return;
    ModelDeletion *deletion = &h->deletions[index];
    Deletion *found = NULL;
    const ModelJob *job = deletion->job < 0 ? NULL : &h->jobs[deletion->job];
    const Principal *who = history_person(h, deletion->owner);
    bool again = deletion->restoring;
    bool may =
        deletion->done && (job == NULL || (job->deletion == index && job->status == JOB_DELETED));
    if (may && !again)
        look_at_return(h, index);
    history_arm(h);
    Error *error = restoration_request(w->arena, w->db, who, deletion->id, NULL, &found);
    bool cut = history_was_cut(h, error);
    if (cut)
        assert_no_error(deletion_get(w->arena, w->db, who, deletion->id, &found));
    else if (!again && !may)
        assert_int_equal(error == NULL ? ERROR_CODE_COUNT : error->code, ERROR_CONFLICT);
    else
        assert_no_error(error);
    if (!again && may && (!cut || found->phase == PHASE_RESTORE))
        accept_return(h, index);
}

/* --- by keys ---------------------------------------------------------------------------------- */

static void count_chosen(History *h, const ModelDeletion *deletion, PurgeCounts *counts)
{
    for (int i = 0; i < h->version_count; i++) {
        const Version *version = &h->versions[i];
        Key key = history_key(version);
        if (!history_visible(h, version) || !history_is_chosen(h, deletion, key))
            continue;
        bool current = history_current(h, key) == version;
        counts->current += current;
        counts->former += !current;
    }
    counts->keys = counts->current;
}

static PredictionFilter filter_of(const History *h, const ModelDeletion *asked)
{
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    if (asked->company >= 0)
        filter.symbol_part = str_from(HISTORY_SYMBOLS[asked->company]);
    if (asked->year >= 0 && asked->kind == KIND_ANNUAL)
        filter.years[filter.year_count++] = 2000 + asked->year;
    if (asked->year >= 0 && asked->kind == KIND_QUARTERLY)
        filter.quarters = 1U << (1 + asked->year);
    if (asked->of_job >= 0) {
        filter.has_job = true;
        filter.job_id = h->jobs[asked->of_job].id;
    }
    return filter;
}

void history_purge(History *h)
{
    World *w = h->w;
    const Step *step = h->step;
    int job = history_job_by_step(h, step->of);
    ModelDeletion asked = {.owner = step->owner,
                           .subject = SUBJECT_FILTER,
                           .kind = history_kind(step),
                           .company = step->company,
                           .year = step->year,
                           .of_job = job,
                           .at = world_now()};
    const Principal *who = history_person(h, step->owner);
    if ((step->of > 0 &&
         (job < 0 || h->jobs[job].owner != step->owner || h->jobs[job].kind != asked.kind)) ||
        h->deletion_count == DELETIONS_MAX)
        return;
    PredictionFilter filter = filter_of(h, &asked);
    Purge purge = {.kind = asked.kind, .owner_id = who->user_id, .filter = &filter, .all = true};
    PurgePreview preview = {0};
    PurgeCounts foretold = {0};
    Deletion *deletion = NULL;
    count_chosen(h, &asked, &foretold);
    assert_no_error(key_deletion_preview_purge(w->arena, w->db, who, &purge, &preview));
    if (!history_owner_unsettled(h, step->owner)) {
        assert_int_equal(preview.counts.keys, foretold.keys);
        assert_int_equal(preview.counts.current, foretold.current);
        assert_int_equal(preview.counts.former, foretold.former);
    }
    history_arm(h);
    Error *error = key_deletion_request_purge(w->arena, w->db, who, &purge, &deletion);
    if (history_was_cut(h, error))
        return;
    assert_no_error(error);
    int index = h->deletion_count;
    ModelDeletion *added = history_add_deletion(h, deletion, step->owner);
    added->kind = asked.kind;
    added->company = asked.company;
    added->year = asked.year;
    added->of_job = job;
    history_enqueue(h, (Queued){step->owner, -1, index});
}

void history_company(History *h)
{
    World *w = h->w;
    const Step *step = h->step;
    Uuid id;
    int rows = 0;
    for (int i = 0; i < h->version_count; i++) {
        const Version *version = &h->versions[i];
        rows += version->owner == step->owner && version->company == step->company &&
                history_visible(h, version);
    }
    if (!history_company_id(h, step->owner, step->company, &id) ||
        h->deletion_count == DELETIONS_MAX || history_owner_unsettled(h, step->owner))
        return;
    CompanyDeletion asked = {.with_predictions = (step->flags & FLAG_CASCADE) != 0};
    const Company *company = NULL;
    Deletion *deletion = NULL;
    history_arm(h);
    Error *error = company_deletion_request(w->arena, w->db, history_person(h, step->owner), id,
                                            &asked, &company, &deletion);
    if (history_was_cut(h, error))
        return;
    if (error != NULL && error->code == ERROR_NOT_FOUND) { /* deleted already */
        assert_int_equal(rows, 0);
        return;
    }
    if (rows > 0 && !asked.with_predictions) {
        assert_int_equal(error == NULL ? ERROR_CODE_COUNT : error->code, ERROR_CONFLICT);
        return;
    }
    assert_no_error(error);
    assert_int_equal(deletion->expected, rows);
    int index = h->deletion_count;
    ModelDeletion *added = history_add_deletion(h, deletion, step->owner);
    added->company = step->company;
    added->done = rows == 0;
    h->marked[step->owner] = true;
    if (rows > 0)
        history_enqueue(h, (Queued){step->owner, -1, index});
}

/* --- there and back --------------------------------------------------------------------------- */

/* Every column of every prediction of the owner, and what is shown of companies. */
static const char *dump(History *h, bool companies)
{
    Arena *arena = h->w->arena;
    const char *id = uuid_text(arena, h->people[h->step->owner]->user_id);
    const char *predictions = world_text(
        h->w,
        arena_printf(arena,
                     "SELECT * FROM annual_predictions WHERE owner_id = {id %s} ORDER BY id;"
                     "SELECT * FROM quarterly_predictions WHERE owner_id = {id %s} ORDER BY id;"
                     "SELECT kind, coalesce(job_id, {nil}), reporting_year, risk_level, sector,"
                     " sum(delta) FROM prediction_counts WHERE owner_id = {id %s}"
                     " GROUP BY kind, job_id, reporting_year, risk_level, sector"
                     " HAVING sum(delta) <> 0 ORDER BY 1, 2, 3, 4, 5;"
                     "SELECT * FROM retired_versions WHERE owner_id = {id %s} ORDER BY 2, 3;",
                     id, id, id, id));
    if (!companies)
        return predictions;
    const char *query =
        arena_printf(arena,
                     "SELECT id, symbol, name, sector, job_id, job_row, deleted_at IS NULL"
                     " FROM companies WHERE owner_id = {id %s} ORDER BY id",
                     id);
    return arena_printf(arena, "%s%s", predictions, world_text(h->w, query));
}

static void same_dump(const char *before, const char *after)
{
    if (strcmp(before, after) != 0)
        fail_msg("not as it was before:\n%s\nbut\n%s", before, after);
}

/* Another step in the place of the present one, under its number. */
static void do_instead(History *h, Step step, void (*function)(History *h))
{
    const Step *present = h->step;
    h->step = &step;
    function(h);
    h->step = present;
}

static void go_and_return(History *h, int index, bool companies)
{
    Step step = *h->step;
    int owner = h->jobs[index].owner;
    step.of = h->jobs[index].made_by;
    step.flags |= FLAG_CASCADE;
    do_instead(h, step, history_delete_job);
    history_work_all(h, owner);
    if (!companies)
        return;
    step.of = step.number;
    do_instead(h, step, history_restore);
    history_work_all(h, owner);
}

void history_trip(History *h)
{
    int index = history_job_by_step(h, h->step->of);
    if (index < 0 || h->deletion_count == DELETIONS_MAX)
        return;
    const ModelJob *job = &h->jobs[index];
    if (job->owner != h->step->owner)
        return;
    history_work_all(h, job->owner);
    if (job->status != JOB_COMPLETED && job->status != JOB_FAILED && job->status != JOB_CANCELLED)
        return;
    const char *before = dump(h, true);
    go_and_return(h, index, true);
    same_dump(before, dump(h, true));
}

void history_retract(History *h)
{
    int index = h->job_count;
    history_work_all(h, h->step->owner);
    if (index == JOBS_MAX || h->deletion_count == DELETIONS_MAX)
        return;
    const char *before = dump(h, false);
    history_upload(h);
    history_work_all(h, h->step->owner);
    go_and_return(h, index, false);
    same_dump(before, dump(h, false));
}
