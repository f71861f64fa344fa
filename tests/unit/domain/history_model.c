/* What is so: every version that was ever made, and whether it is there, archived or lost. What is current is never
 * kept but worked out each time: the newest version that can be seen, unless a deletion left it behind. */
#include "history.h"

const char *const HISTORY_SYMBOLS[COMPANIES] = {"ACME", "BETA", "CORE"};

const Principal *history_person(const History *h, int owner)
{
    return h->people[owner];
}

Kind history_kind(const Step *step)
{
    return (step->flags & FLAG_QUARTERLY) != 0 ? KIND_QUARTERLY : KIND_ANNUAL;
}

Key history_key(const Version *version)
{
    return (Key){version->owner, version->kind, version->company, version->year};
}

bool history_in_key(const Version *version, Key key)
{
    return version->owner == key.owner && version->kind == key.kind &&
           version->company == key.company && version->year == key.year;
}

/* --- versions --------------------------------------------------------------------------------- */

bool history_visible(const History *h, const Version *version)
{
    return version->fate == THERE && (version->job < 0 || !h->jobs[version->job].hidden);
}

static bool newer(const Version *a, const Version *b)
{
    if (a->fact.created_at != b->fact.created_at)
        return a->fact.created_at > b->fact.created_at;
    return uuid_compare(a->fact.id, b->fact.id) > 0;
}

Version *history_newest(History *h, Key key)
{
    Version *newest = NULL;
    for (int i = 0; i < h->version_count; i++) {
        Version *version = &h->versions[i];
        if (history_in_key(version, key) && history_visible(h, version) &&
            (newest == NULL || newer(version, newest)))
            newest = version;
    }
    return newest;
}

Version *history_current(History *h, Key key)
{
    Version *newest = history_newest(h, key);
    return newest == NULL || newest->retired != 0 ? NULL : newest;
}

bool history_is_edit_of(const Version *version, int job)
{
    return version->root == job && version->job != job && version->derived != NULL;
}

bool history_unsettled(const History *h, Key key)
{
    for (int i = 0; i < h->version_count; i++) {
        const Version *version = &h->versions[i];
        if (history_in_key(version, key) &&
            ((version->job >= 0 && h->jobs[version->job].settling) ||
             (version->root >= 0 && h->jobs[version->root].settling)))
            return true;
    }
    return false;
}

bool history_foreseen(const History *h, Key key)
{
    for (int i = 0; i < h->version_count; i++) {
        const Version *version = &h->versions[i];
        if (history_in_key(version, key) && ((version->job >= 0 && h->jobs[version->job].settling &&
                                              !h->jobs[version->job].hidden) ||
                                             (version->root != version->job && version->root >= 0 &&
                                              h->jobs[version->root].settling)))
            return false;
    }
    return true;
}

bool history_owner_unsettled(const History *h, int owner)
{
    for (int i = 0; i < h->job_count; i++)
        if (h->jobs[i].owner == owner && h->jobs[i].settling)
            return true;
    return false;
}

Version *history_add(History *h, Key key, int value)
{
    assert_true(h->version_count < VERSIONS_MAX);
    Version *version = &h->versions[h->version_count++];
    *version = (Version){.fate = THERE,
                         .owner = key.owner,
                         .kind = key.kind,
                         .company = key.company,
                         .year = key.year,
                         .value = value,
                         .made_by = h->step->number,
                         .job = -1,
                         .root = -1,
                         .archive = -1,
                         .source = SOURCE_MANUAL};
    version->fact.created_at = INT64_MAX; /* until it is seen */
    return version;
}

/* As its versions have said. */
bool history_company_id(const History *h, int owner, int company, Uuid *ret_id)
{
    for (int i = 0; i < h->version_count; i++) {
        const Version *version = &h->versions[i];
        if (version->owner != owner || version->company != company || !version->known)
            continue;
        *ret_id = version->fact.company_id;
        return true;
    }
    return false;
}

int history_rows_left(const History *h, int job)
{
    int count = 0;
    for (int i = 0; i < h->version_count; i++)
        count += h->versions[i].fate == THERE && h->versions[i].job == job;
    return count;
}

Version *history_version_by_step(History *h, int step, int row)
{
    for (int i = 0; i < h->version_count; i++)
        if (h->versions[i].made_by == step && h->versions[i].line == row)
            return &h->versions[i];
    return NULL;
}

/* --- jobs, deletions, the queue ----------------------------------------------------------------- */

int history_job_by_step(const History *h, int step)
{
    for (int i = 0; i < h->job_count; i++)
        if (h->jobs[i].made_by == step)
            return i;
    return -1;
}

int history_deletion_by_step(const History *h, int step)
{
    for (int i = 0; i < h->deletion_count; i++)
        if (h->deletions[i].made_by == step)
            return i;
    return -1;
}

ModelDeletion *history_add_deletion(History *h, const Deletion *deletion, int owner)
{
    assert_true(h->deletion_count < DELETIONS_MAX);
    ModelDeletion *added = &h->deletions[h->deletion_count++];
    *added = (ModelDeletion){.id = deletion->id,
                             .made_by = h->step->number,
                             .owner = owner,
                             .subject = deletion->subject,
                             .job = -1,
                             .of_job = -1,
                             .company = -1,
                             .year = -1,
                             .former = -1,
                             .kind = deletion->kind,
                             .at = deletion->created_at};
    return added;
}

void history_enqueue(History *h, Queued queued)
{
    h->queue[h->queue_count++] = queued;
}

void history_unqueue(History *h, int job, int deletion)
{
    for (int i = h->queue_count - 1; i >= 0; i--) {
        if (h->queue[i].job != job || h->queue[i].deletion != deletion)
            continue;
        memmove(&h->queue[i], &h->queue[i + 1],
                sizeof h->queue[0] * (size_t)(h->queue_count - i - 1));
        h->queue_count--;
    }
}

int history_first_task(const History *h, int owner)
{
    for (int i = 0; i < h->queue_count; i++)
        if (h->queue[i].owner == owner)
            return i;
    return -1;
}

/* --- imports ------------------------------------------------------------------------------------ */

static bool failed_too_often(const ModelJob *job)
{
    return job->options.max_failed_rows >= 0 && job->failed > job->options.max_failed_rows;
}

/* Has an earlier row of the file the key? The first good one counts; where it would be replaced, one that is as
 * the present value counts too. `taken`: what became of each earlier row. */
typedef enum Taken { TAKEN_NOT, TAKEN_MADE, TAKEN_UNCHANGED } Taken;

static bool is_twin(const ModelJob *job, const Taken *taken, int at)
{
    bool replace = job->options.on_duplicate == DUPLICATE_REPLACE;
    for (int i = 0; i < at; i++)
        if (job->lines[i].company == job->lines[at].company &&
            job->lines[i].year == job->lines[at].year &&
            (taken[i] == TAKEN_MADE || (replace && taken[i] == TAKEN_UNCHANGED)))
            return true;
    return false;
}

static void make_row(History *h, int index, int at)
{
    ModelJob *job = &h->jobs[index];
    Key key = {job->owner, job->kind, job->lines[at].company, job->lines[at].year};
    Version *version = history_add(h, key, job->lines[at].value);
    version->made_by = job->made_by;
    version->line = at + 1;
    version->job = version->root = index;
    version->source = SOURCE_BULK_UPLOAD;
}

/* Rows that are made get their place in time when they are seen: until then they are the newest. */
static Taken apply_line(History *h, int index, const Taken *taken, int at)
{
    ModelJob *job = &h->jobs[index];
    Key key = {job->owner, job->kind, job->lines[at].company, job->lines[at].year};
    int value = job->lines[at].value;
    if (value < 0 || is_twin(job, taken, at)) {
        job->failed++;
        return TAKEN_NOT;
    }
    const Version *holder = history_current(h, key);
    if (holder != NULL && holder->value == value) {
        job->unchanged++;
        return TAKEN_UNCHANGED;
    }
    if (holder != NULL && job->options.on_duplicate != DUPLICATE_REPLACE) {
        bool skip = job->options.on_duplicate == DUPLICATE_SKIP;
        job->skipped += skip;
        job->failed += !skip;
        return TAKEN_NOT;
    }
    job->good++;
    job->replaced += holder != NULL;
    if (!job->options.dry_run)
        make_row(h, index, at);
    return TAKEN_MADE;
}

void history_apply_batch(History *h, int index)
{
    ModelJob *job = &h->jobs[index];
    Taken taken[LINES_MAX] = {0};
    for (int i = 0; i < job->line_count && !failed_too_often(job); i++)
        taken[i] = apply_line(h, index, taken, i);
    job->applied = true;
}

JobStatus history_end_of_import(const ModelJob *job)
{
    if (failed_too_often(job))
        return JOB_FAILED;
    if (job->cancel)
        return JOB_CANCELLED;
    return job->good + job->skipped + job->unchanged == 0 ? JOB_FAILED : JOB_COMPLETED;
}

bool history_takes_back(const ModelJob *job)
{
    bool undo = job->options.on_error == ON_ERROR_UNDO;
    if (job->options.dry_run)
        return false;
    if (failed_too_often(job))
        return undo || job->options.max_failed_rows == 0;
    return job->cancel && undo;
}

/* --- deletions by keys -------------------------------------------------------------------------- */

bool history_is_chosen(History *h, const ModelDeletion *deletion, Key key)
{
    const Version *current = history_current(h, key);
    bool any = false;
    if (key.owner != deletion->owner ||
        (deletion->company >= 0 && key.company != deletion->company))
        return false;
    for (int i = 0; i < h->version_count; i++) {
        const Version *version = &h->versions[i];
        if (!history_in_key(version, key) || !history_visible(h, version))
            continue;
        any = true;
        if (version->fact.created_at >= deletion->at) /* somebody changed it since */
            return false;
    }
    if (deletion->subject == SUBJECT_COMPANY)
        return any;
    return current != NULL && key.kind == deletion->kind &&
           (deletion->year < 0 || key.year == deletion->year) &&
           (deletion->of_job < 0 || current->job == deletion->of_job);
}
