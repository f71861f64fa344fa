/* Truth by model. Random sequences of everything that people and workers do, on two owners, against a model
 * so small that it can be believed: an array of rows, an array of jobs, a queue. After every step the lists,
 * single reads and totals of both owners must be those of the model.
 *
 * A step may be cut: the nth call to the database fails and the process is as good as dead, its sessions
 * closed and opened again. What had been committed by then counts, what had not does not; the model asks the
 * job how far it came and nothing else.
 *
 * OBLIGOR_HISTORY_SEED and _RUNS choose other sequences, for a longer search. */
#include "world.h"

#include "base/clock.h"
#include "base/number.h"

enum {
    COMPANIES = 5,
    YEARS = 4,
    ROWS_MAX = 800,
    JOBS_MAX = 64,
    FILE_MAX = 14,
    STEPS = 60,
    OWNERS = 2
};

typedef enum Fate { FREE, THERE, REMOVED } Fate;

typedef struct ModelRow_ {
    Fate fate;
    Uuid id;
    int owner;
    int company;
    int year;
    int value;
    int job; /* index; -1: by hand */
    int64_t job_row;
    bool edit;
    bool current;
    bool unnamed; /* hidden before anybody could see its id */
    int64_t created_at;
} Row;

typedef struct Line {
    int company;
    int year;
    int value; /* -1: a row that fails */
} Line;

typedef struct ModelJob {
    Uuid id;
    int owner;
    JobStatus status;
    bool hidden;
    bool record_only; /* its record was deleted and its rows were not */
    bool cancel;
    bool applied;  /* its batch is committed; its end may be to come */
    ImportOptions options;
    Line lines[FILE_MAX];
    int line_count;
    int good, failed, skipped, unchanged;
    int64_t first_row; /* index of its first row in the model */
} ModelJob;

typedef struct Queued {
    int owner;
    int job;
    bool deletion;
} Queued;

typedef struct History {
    World *w;
    uint64_t seed;
    Row rows[ROWS_MAX];
    int row_count;
    ModelJob jobs[JOBS_MAX];
    int job_count;
    Queued queue[JOBS_MAX * 2];
    int queue_count;
    int steps;
    int cuts;
} History;

static const char *const SYMBOLS[COMPANIES] = {"ACME", "BETA", "CORE", "DELTA", "E"};

static int below(History *h, int limit)
{
    return (int)test_below(&h->seed, (size_t)limit);
}

static bool chance(History *h, int percent)
{
    return below(h, 100) < percent;
}

static const Principal *person(const History *h, int owner)
{
    return owner == 0 ? h->w->ada : h->w->bob;
}

/* --- the model --------------------------------------------------------------------------------- */

static bool visible(const History *h, const Row *row)
{
    return row->fate == THERE && (row->job < 0 || !h->jobs[row->job].hidden);
}

/* The current holder of a key, hidden or not; NULL: it is free. */
static Row *holder_of(History *h, int owner, int company, int year)
{
    for (int i = 0; i < h->row_count; i++) {
        Row *row = &h->rows[i];
        if (row->fate == THERE && row->current && row->owner == owner && row->company == company &&
            row->year == year)
            return row;
    }
    return NULL;
}

static Row *add_row(History *h, int owner, int company, int year, int value)
{
    assert_true(h->row_count < ROWS_MAX);
    Row *row = &h->rows[h->row_count++];
    *row = (Row){.fate = THERE,
                 .owner = owner,
                 .company = company,
                 .year = year,
                 .value = value,
                 .job = -1,
                 .current = true,
                 .created_at = world_now()};
    return row;
}

static bool keeps_nothing(const ModelJob *job)
{
    return job->options.on_error == ON_ERROR_UNDO || job->options.max_failed_rows == 0;
}

static bool failed_too_often(const ModelJob *job)
{
    return job->options.max_failed_rows >= 0 && job->failed > job->options.max_failed_rows;
}

static void apply_line(History *h, int index, int at)
{
    ModelJob *job = &h->jobs[index];
    const Line *line = &job->lines[at];
    if (line->value < 0) {
        job->failed++;
        return;
    }
    Row *holder = holder_of(h, job->owner, line->company, line->year);
    bool seen = holder != NULL && visible(h, holder);
    if (job->options.dry_run)
        for (int i = 0; i < at; i++)
            if (job->lines[i].value >= 0 && job->lines[i].company == line->company &&
                job->lines[i].year == line->year && !seen) {
                job->failed++; /* the first one of the file would have been taken */
                return;
            }
    if (seen && holder->job == index)
        job->failed++;
    else if (seen && holder->value == line->value)
        job->unchanged++;
    else if (seen && job->options.on_duplicate == DUPLICATE_SKIP)
        job->skipped++;
    else if (seen)
        job->failed++;
    else
        job->good++;
    if (seen || job->options.dry_run)
        return;
    if (holder != NULL)
        holder->current = false; /* hidden: it has no claim */
    Row *row = add_row(h, job->owner, line->company, line->year, line->value);
    row->job = index;
    row->job_row = at + 2;
}

static void apply_batch(History *h, int index)
{
    ModelJob *job = &h->jobs[index];
    job->first_row = h->row_count;
    for (int i = 0; i < job->line_count && !failed_too_often(job); i++)
        apply_line(h, index, i);
    job->applied = true;
}

static void remove_rows(History *h, int index)
{
    for (int i = 0; i < h->row_count; i++)
        if (h->rows[i].fate == THERE && h->rows[i].job == index)
            h->rows[i].fate = REMOVED;
}

static void unqueue(History *h, int at)
{
    memmove(&h->queue[at], &h->queue[at + 1],
            sizeof h->queue[0] * (size_t)(h->queue_count - at - 1));
    h->queue_count--;
}

static void unqueue_job(History *h, int index)
{
    for (int i = h->queue_count - 1; i >= 0; i--)
        if (h->queue[i].job == index)
            unqueue(h, i);
}

/* The first task of an owner, or -1. */
static int first_task(const History *h, int owner)
{
    for (int i = 0; i < h->queue_count; i++)
        if (h->queue[i].owner == owner)
            return i;
    return -1;
}

/* The end that an import whose batch is in comes to. */
static JobStatus end_of_import(const ModelJob *job)
{
    if (failed_too_often(job))
        return JOB_FAILED;
    if (job->cancel)
        return JOB_CANCELLED;
    return job->good + job->skipped + job->unchanged == 0 ? JOB_FAILED : JOB_COMPLETED;
}

static void end_import(History *h, int index)
{
    ModelJob *job = &h->jobs[index];
    job->status = end_of_import(job);
    bool take_back = job->status == JOB_FAILED      ? failed_too_often(job) && keeps_nothing(job)
                     : job->status == JOB_CANCELLED ? job->options.on_error == ON_ERROR_UNDO
                                                    : false;
    if (take_back)
        remove_rows(h, index);
    job->hidden = false;
    unqueue_job(h, index);
}

/* --- looking ----------------------------------------------------------------------------------- */

static size_t roa_index(void)
{
    return (size_t)kind_ratio_index(KIND_ANNUAL, STR("return_on_assets"));
}

static void same_row(const History *h, const Prediction *p, const Row *row)
{
    assert_true(uuid_equal(p->id, row->id));
    assert_str(p->company_symbol, SYMBOLS[row->company]);
    assert_int_equal(p->year, 2000 + row->year);
    assert_true(p->ratios[roa_index()].value == row->value);
    assert_int_equal(p->is_current, row->current);
    assert_int_equal(p->has_job, row->job >= 0);
    assert_int_equal(p->source, row->job >= 0 ? SOURCE_BULK_UPLOAD
                                : row->edit   ? SOURCE_EDIT
                                              : SOURCE_MANUAL);
    if (row->job >= 0) {
        assert_true(uuid_equal(p->job_id, h->jobs[row->job].id));
        assert_int_equal(p->job_row, row->job_row);
    }
}

static const Row *row_by_id(const History *h, Uuid id)
{
    for (int i = 0; i < h->row_count; i++)
        if (uuid_equal(h->rows[i].id, id))
            return &h->rows[i];
    return NULL;
}

static int count_visible(const History *h, int owner)
{
    int count = 0;
    for (int i = 0; i < h->row_count; i++)
        count += h->rows[i].owner == owner && h->rows[i].current && visible(h, &h->rows[i]);
    return count;
}

/* Page after page, all of an owner's list. */
static void look_at_list(History *h, int owner)
{
    World *w = h->w;
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    Page page = {.limit = 1 + below(h, 30), .want_total = true};
    const Prediction *before = NULL;
    int count = 0, wanted = count_visible(h, owner);
    bool more = true;
    while (more) {
        PredictionList list = {0};
        assert_no_error(predictions_list(w->arena, w->db, person(h, owner), KIND_ANNUAL, &filter,
                                         &page, &list));
        assert_int_equal(list.end.total, wanted);
        assert_false(list.end.total_is_at_least);
        for (size_t i = 0; i < list.count; i++) {
            const Prediction *p = &list.items[i];
            const Row *row = row_by_id(h, p->id);
            assert_non_null(row);
            assert_true(row->owner == owner && row->current && visible(h, row));
            same_row(h, p, row);
            if (before != NULL)
                assert_true(
                    p->created_at < before->created_at ||
                    (p->created_at == before->created_at && uuid_compare(p->id, before->id) < 0));
            before = p;
        }
        count += (int)list.count;
        more = list.end.has_more;
        page.after = list.end.next;
        assert_true(!more || list.count > 0);
    }
    assert_int_equal(count, wanted);
}

static bool is_gone(const Error *error)
{
    return error != NULL && error->code == ERROR_GONE;
}

static void look_at_row(const History *h, const Row *row, int owner)
{
    World *w = h->w;
    Prediction *found = NULL;
    Uuid current;
    if (row->unnamed)
        return;
    Error *error =
        predictions_get(w->arena, w->db, person(h, owner), KIND_ANNUAL, row->id, &found, &current);
    if (row->owner != owner) {
        assert_error(error, ERROR_NOT_FOUND, "There is no such prediction.");
        return;
    }
    if (row->fate == REMOVED) {
        assert_true(is_gone(error));
        return;
    }
    if (!visible(h, row)) {
        assert_true(is_gone(error));
        return;
    }
    assert_no_error(error);
    same_row(h, found, row);
    const Row *holder = holder_of((History *)(uintptr_t)h, owner, row->company, row->year);
    Uuid should = holder != NULL && visible(h, holder) ? holder->id : UUID_NIL;
    assert_true(uuid_equal(current, should));
}

static void look_at_job(const History *h, const ModelJob *job)
{
    World *w = h->w;
    Job *found = world_job(w, person(h, job->owner), job->id);
    if (job->status != JOB_PROCESSING)
        assert_int_equal(found->status, job->status);
    Error *error = jobs_get(w->arena, w->db, person(h, 1 - job->owner), job->id, true, &found);
    assert_error(error, ERROR_NOT_FOUND, "There is no such job.");
}

static void look(History *h)
{
    World *w = h->w;
    ArenaMark mark = arena_mark(w->arena);
    for (int owner = 0; owner < OWNERS; owner++)
        look_at_list(h, owner);
    for (int i = 0; i < 4 && h->row_count > 0; i++) {
        const Row *row = &h->rows[below(h, h->row_count)];
        look_at_row(h, row, row->owner);
        look_at_row(h, row, 1 - row->owner);
    }
    if (h->job_count > 0)
        look_at_job(h, &h->jobs[below(h, h->job_count)]);
    assert_false(db_in_transaction(w->db));
    assert_int_equal(fault_open_cursors(w->fault), 0);
    arena_rewind(w->arena, mark);
}

/* --- steps ------------------------------------------------------------------------------------- */

/* Perhaps the step is cut. True when it was: the sessions are new, `error` is told. */
static void arm(History *h)
{
    fault_arm(h->w->fault, chance(h, 15) ? 1 + below(h, 25) : 0, ERROR_UNAVAILABLE);
}

static bool was_cut(History *h, const Error *error)
{
    bool cut = error != NULL && fault_fired(h->w->fault);
    if (cut)
        assert_error(error, ERROR_UNAVAILABLE, FAULT_MESSAGE);
    fault_arm(h->w->fault, 0, ERROR_UNAVAILABLE);
    if (cut) {
        h->cuts++;
        world_reopen(h->w);
        world_advance(SECONDS(TASK_LEASE_SECONDS) + 1);
    }
    return cut;
}

static const char *file_text(History *h, const ModelJob *job)
{
    Buf text = buf_new(h->w->arena, 1 << 20);
    for (int i = 0; i < job->line_count; i++) {
        const Line *line = &job->lines[i];
        if (line->value < 0)
            buf_printf(&text, "%s,%s Inc.,12%%,Energy,%d,Q4,,,,,1\n", SYMBOLS[line->company],
                       SYMBOLS[line->company], 2000 + line->year);
        else
            buf_printf(&text, "%s,%s Inc.,1000,Energy,%d,Q4,,,,,%d\n", SYMBOLS[line->company],
                       SYMBOLS[line->company], 2000 + line->year, line->value);
    }
    return job->line_count == 0 ? "" : str_dup(h->w->arena, buf_str(&text));
}

static void step_upload(History *h)
{
    if (h->job_count == JOBS_MAX)
        return;
    ModelJob *job = &h->jobs[h->job_count];
    *job = (ModelJob){
        .owner = below(h, OWNERS), .status = JOB_PENDING, .options = IMPORT_OPTIONS_DEFAULT};
    job->line_count = below(h, FILE_MAX + 1);
    for (int i = 0; i < job->line_count; i++)
        job->lines[i] =
            (Line){below(h, COMPANIES), below(h, YEARS), chance(h, 10) ? -1 : below(h, 3)};
    job->options.on_duplicate = chance(h, 50) ? DUPLICATE_SKIP : DUPLICATE_REJECT;
    job->options.on_error = chance(h, 15) ? ON_ERROR_UNDO : ON_ERROR_KEEP;
    job->options.max_failed_rows = chance(h, 25) ? below(h, 3) : -1;
    job->options.dry_run = chance(h, 10);
    UploadAnswer answer = {0};
    Str file = str_printf(h->w->arena, "%s%s", WORLD_ANNUAL, file_text(h, job));
    arm(h);
    Error *error =
        world_try_upload(h->w, person(h, job->owner), KIND_ANNUAL, file, &job->options, &answer);
    if (was_cut(h, error))
        return;
    assert_no_error(error);
    job->id = answer.job_id;
    h->queue[h->queue_count++] = (Queued){job->owner, h->job_count++, false};
}

/* Gives the rows that a job made the ids that the database gave them. */
static void learn_ids(History *h, int index)
{
    const ModelJob *job = &h->jobs[index];
    World *w = h->w;
    Page page = {.limit = PAGE_LIMIT_MAX};
    PredictionList list = {0};
    Job *found = world_job(w, person(h, job->owner), job->id);
    assert_no_error(predictions_of_job(w->arena, w->db, found, &page, &list));
    size_t at = 0;
    for (int i = 0; i < h->row_count; i++) {
        Row *row = &h->rows[i];
        if (row->job != index || !visible(h, row) || row->fate != THERE)
            continue;
        assert_true(at < list.count);
        assert_int_equal(list.items[at].job_row, row->job_row);
        row->id = list.items[at].id;
        row->created_at = list.items[at++].created_at;
    }
    assert_int_equal(at, list.count);
}

static void forget_ids(History *h, int index)
{
    for (int i = 0; i < h->row_count; i++)
        if (h->rows[i].job == index)
            h->rows[i].unnamed = true;
}

/* Takes over from the job how far it came. */
static void catch_up(History *h, int index)
{
    ModelJob *job = &h->jobs[index];
    Job *found = world_job(h->w, person(h, job->owner), job->id);
    if (!job->applied && (found->counters.resume_row > 0 || found->status == JOB_UNDOING)) {
        apply_batch(h, index);
        if (found->status != JOB_UNDOING)
            learn_ids(h, index);
        else
            forget_ids(h, index);
    }
    job->status = found->status;
    job->hidden = found->hides_rows;
    if (job->options.dry_run && found->status == JOB_PROCESSING && job->applied) {
        job->applied = false; /* it begins anew */
        job->good = job->failed = job->skipped = job->unchanged = 0;
    }
}

static void check_counters(const History *h, const ModelJob *job)
{
    const JobCounters *c = &world_job(h->w, person(h, job->owner), job->id)->counters;
    bool taken_back =
        job->status != JOB_COMPLETED && !job->options.dry_run &&
        (failed_too_often(job) ? keeps_nothing(job)
                               : job->cancel && job->options.on_error == ON_ERROR_UNDO);
    assert_int_equal(c->successful, taken_back ? 0 : job->good);
    assert_int_equal(c->failed, job->failed);
    assert_int_equal(c->skipped, job->skipped);
    assert_int_equal(c->unchanged, job->unchanged);
}

static void run_import(History *h, int index, const Error *error, bool cut)
{
    ModelJob *job = &h->jobs[index];
    if (!cut)
        assert_no_error(error);
    if (cut) {
        catch_up(h, index);
        bool resting = job->status == JOB_COMPLETED || job->status == JOB_FAILED ||
                       job->status == JOB_CANCELLED;
        if (!resting)
            return;
    }
    if (!job->applied) {
        if (!job->cancel) {
            apply_batch(h, index);
            job->hidden = false;
            JobStatus end = end_of_import(job);
            bool gone = end == JOB_FAILED && failed_too_often(job) && keeps_nothing(job);
            if (gone)
                forget_ids(h, index);
            else
                learn_ids(h, index);
        } else {
            job->applied = true;
        }
    }
    end_import(h, index);
    Job *found = world_job(h->w, person(h, job->owner), job->id);
    assert_int_equal(found->status, job->status);
    if (!job->cancel)
        check_counters(h, job);
}

static void run_deletion(History *h, int index, const Error *error, bool cut)
{
    ModelJob *job = &h->jobs[index];
    if (!cut)
        assert_no_error(error);
    Job *found = world_job(h->w, person(h, job->owner), job->id);
    if (cut && found->status != JOB_DELETED)
        return;
    assert_int_equal(found->status, JOB_DELETED);
    assert_false(found->hides_rows);
    job->status = JOB_DELETED;
    remove_rows(h, index);
    job->hidden = false;
    unqueue_job(h, index);
}

static void step_work(History *h)
{
    int owner = below(h, OWNERS);
    int at = first_task(h, owner);
    Uuid owner_id = person(h, owner)->user_id;
    Task *task = NULL;
    arm(h);
    Error *error = world_step(h->w, &owner_id, -1, &task);
    bool cut = was_cut(h, error);
    if (at < 0) {
        assert_null(task);
        return;
    }
    if (task == NULL) /* cut, or accepted at a time that is to come: the clock was set back */
        return;
    Queued queued = h->queue[at];
    assert_int_equal(task->kind, queued.deletion ? TASK_DELETION : TASK_IMPORT);
    if (queued.deletion)
        run_deletion(h, queued.job, error, cut);
    else
        run_import(h, queued.job, error, cut);
}

/* The current row of a key as somebody sees it, with a session that nothing happened to. */
static Prediction *current_of(History *h, int owner, int company, int year)
{
    World *w = h->w;
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    Page page = {.limit = PAGE_LIMIT_MAX};
    PredictionList list = {0};
    filter.symbol_part = str_from(SYMBOLS[company]);
    filter.years[filter.year_count++] = 2000 + year;
    assert_no_error(
        predictions_list(w->arena, w->db, person(h, owner), KIND_ANNUAL, &filter, &page, &list));
    for (size_t i = 0; i < list.count; i++)
        if (str_is(list.items[i].company_symbol, SYMBOLS[company]))
            return &list.items[i];
    return NULL;
}

/* After a step that was cut: an answer that was lost on the way may belong to an effect that is there. */
static bool effect_is_there(History *h, int owner, int company, int year, Uuid *ret_id)
{
    Prediction *p = current_of(h, owner, company, year);
    if (p == NULL || row_by_id(h, p->id) != NULL)
        return false;
    *ret_id = p->id;
    return true;
}

static void step_create(History *h)
{
    int owner = below(h, OWNERS), company = below(h, COMPANIES), year = below(h, YEARS);
    int value = below(h, 3);
    Row *holder = holder_of(h, owner, company, year);
    bool taken = holder != NULL && visible(h, holder);
    Prediction *made = NULL;
    Uuid id;
    arm(h);
    Error *error =
        world_create(h->w, person(h, owner), SYMBOLS[company], 2000 + year, value, &made);
    bool cut = was_cut(h, error);
    if (cut && !effect_is_there(h, owner, company, year, &id))
        return;
    if (taken) {
        assert_false(cut);
        assert_error(error, ERROR_CONFLICT,
                     arena_printf(h->w->arena, "There is a prediction of %s, %d Q4 already.",
                                  SYMBOLS[company], 2000 + year));
        return;
    }
    if (!cut) {
        assert_no_error(error);
        id = made->id;
    }
    if (holder != NULL)
        holder->current = false;
    add_row(h, owner, company, year, value)->id = id;
}

static Row *any_row(History *h)
{
    Row *row = h->row_count == 0 ? NULL : &h->rows[below(h, h->row_count)];
    return row == NULL || row->unnamed ? NULL : row;
}

/* What changing and deleting a row have in common: what they refuse. True when it was refused. */
static bool refused(const History *h, const Row *row, int owner, const Error *error)
{
    if (row->owner != owner)
        assert_error(error, ERROR_NOT_FOUND, "There is no such prediction.");
    else if (row->fate == REMOVED)
        assert_true(is_gone(error));
    else if (!visible(h, row))
        assert_true(is_gone(error));
    else if (!row->current)
        assert_error(error, ERROR_CONFLICT,
                     "This is a former version; a newer one has taken its place. Change that one.");
    else
        return false;
    return true;
}

static void step_change(History *h)
{
    Row *row = any_row(h);
    if (row == NULL)
        return;
    int owner = chance(h, 90) ? row->owner : 1 - row->owner, value = below(h, 3);
    PredictionInput input = {.symbol = str_from(SYMBOLS[row->company]),
                             .company_name = STR("Edited"),
                             .sector = STR("Energy"),
                             .year = 2000 + row->year,
                             .quarter = 4};
    input.ratios[roa_index()] = (Ratio){value, true};
    Prediction *made = NULL;
    Uuid id;
    arm(h);
    Error *error = predictions_change(h->w->arena, h->w->db, person(h, owner), KIND_ANNUAL, row->id,
                                      &input, NULL, &made);
    bool cut = was_cut(h, error);
    if (cut && (row->owner != owner || !effect_is_there(h, owner, row->company, row->year, &id)))
        return;
    if (!cut && refused(h, row, owner, error))
        return;
    if (!cut) {
        assert_no_error(error);
        id = made->id;
    }
    row->current = false;
    Row *edit = add_row(h, row->owner, row->company, row->year, value);
    edit->id = id;
    edit->edit = true;
}

static void step_delete_row(History *h)
{
    Row *row = any_row(h);
    if (row == NULL)
        return;
    int owner = chance(h, 90) ? row->owner : 1 - row->owner;
    int64_t count = 0, wanted = 0;
    arm(h);
    Error *error = world_remove(h->w, person(h, owner), row->id, NULL, &count);
    if (was_cut(h, error) || refused(h, row, owner, error))
        return;
    assert_no_error(error);
    for (int i = 0; i < h->row_count; i++) {
        Row *version = &h->rows[i];
        if (visible(h, version) && version->owner == row->owner &&
            version->company == row->company && version->year == row->year) {
            version->fate = REMOVED;
            wanted++;
        }
    }
    assert_int_equal(count, wanted);
}

static int rows_left(const History *h, int index)
{
    int count = 0;
    for (int i = 0; i < h->row_count; i++)
        count += h->rows[i].fate == THERE && h->rows[i].job == index;
    return count;
}

static void step_delete_job(History *h)
{
    if (h->job_count == 0)
        return;
    int index = below(h, h->job_count);
    ModelJob *job = &h->jobs[index];
    DeletionOptions options = {.with_predictions = chance(h, 70),
                               .orphaned_companies = chance(h, 50)};
    if (!options.with_predictions)
        options.orphaned_companies = false;
    DeletionResult result = {0};
    JobStatus to;
    bool gone = job->status == JOB_DELETING ||
                (job->status == JOB_DELETED && !(job->record_only && options.with_predictions));
    bool may = jobs_next(
        job->status, options.with_predictions ? EVENT_DELETE_CASCADE : EVENT_DELETE_RECORD, &to);
    arm(h);
    Error *error =
        deletion_request(h->w->arena, h->w->db, person(h, job->owner), job->id, &options, &result);
    if (was_cut(h, error))
        return;
    if (gone || !may) {
        assert_int_equal(error == NULL ? ERROR_CODE_COUNT : error->code,
                         gone ? ERROR_GONE : ERROR_CONFLICT);
        return;
    }
    assert_no_error(error);
    if (job->status == JOB_PENDING)
        unqueue_job(h, index);
    job->status = to;
    job->record_only = !options.with_predictions;
    if (!options.with_predictions) {
        assert_int_equal(result.predictions_kept, rows_left(h, index));
        return;
    }
    assert_int_equal(result.deletion->expected, rows_left(h, index));
    job->hidden = true;
    h->queue[h->queue_count++] = (Queued){job->owner, index, true};
}

static void step_cancel(History *h)
{
    if (h->job_count == 0)
        return;
    int index = below(h, h->job_count);
    ModelJob *job = &h->jobs[index];
    Job *found = NULL;
    arm(h);
    Error *error = jobs_cancel(h->w->arena, h->w->db, person(h, job->owner), job->id, &found);
    bool cut = was_cut(h, error);
    if (cut) {
        found = world_job(h->w, person(h, job->owner), job->id);
        if (!found->cancel_requested || job->cancel)
            return;
    } else if (job->status == JOB_DELETED || job->status == JOB_DELETING) {
        assert_int_equal(error == NULL ? ERROR_CODE_COUNT : error->code, ERROR_GONE);
        return;
    } else if (job->status != JOB_PENDING && job->status != JOB_PROCESSING) {
        assert_int_equal(error == NULL ? ERROR_CODE_COUNT : error->code, ERROR_CONFLICT);
        return;
    } else {
        assert_no_error(error);
    }
    job->cancel = true;
    if (job->status == JOB_PENDING) {
        job->status = JOB_CANCELLED;
        unqueue_job(h, index);
    }
}

static const struct {
    void (*step)(History *h);
    int weight;
} KINDS_OF_STEP[] = {
    {step_upload, 18},    {step_work, 30},       {step_create, 12}, {step_change, 14},
    {step_delete_row, 8}, {step_delete_job, 12}, {step_cancel, 6},
};

static void one_step(History *h)
{
    int choice = below(h, 100);
    size_t kind = 0;
    while (choice >= KINDS_OF_STEP[kind].weight)
        choice -= KINDS_OF_STEP[kind++].weight;
    world_advance(chance(h, 3) ? -SECONDS(below(h, 5)) : 1 + below(h, 2000));
    ArenaMark mark = arena_mark(h->w->arena);
    KINDS_OF_STEP[kind].step(h);
    arena_rewind(h->w->arena, mark);
    look(h);
    h->steps++;
}

/* All work done, nothing cut: the end is at rest and sound. */
static void finish(History *h)
{
    world_advance(HOURS(2));
    while (h->queue_count > 0) {
        Task *task = NULL;
        world_advance(1);
        Queued queued = h->queue[first_task(h, h->queue[0].owner)];
        Uuid owner_id = person(h, queued.owner)->user_id;
        ArenaMark mark = arena_mark(h->w->arena);
        Error *error = world_step(h->w, &owner_id, -1, &task);
        assert_non_null(task);
        if (queued.deletion)
            run_deletion(h, queued.job, error, false);
        else
            run_import(h, queued.job, error, false);
        arena_rewind(h->w->arena, mark);
    }
    look(h);
    for (int i = 0; i < h->job_count; i++)
        look_at_job(h, &h->jobs[i]);
    for (int i = 0; i < h->row_count; i++)
        look_at_row(h, &h->rows[i], h->rows[i].owner);
    world_check(h->w);
    assert_int_equal(world_number(h->w, "SELECT count(*) FROM work_queue"), 0);
}

static int setting(const char *name, int fallback)
{
    const char *value = getenv(name);
    int64_t number = fallback;
    if (value != NULL)
        assert_true(number_parse_int(str_from(value), 1, INT32_MAX, &number));
    return (int)number;
}

static void test_history(void **state)
{
    World *w = *state;
    int runs =
        (int)world_rounds((int64_t)test_rounds((size_t)setting("OBLIGOR_HISTORY_RUNS", 100)));
    int first = setting("OBLIGOR_HISTORY_SEED", 1), steps = 0, cuts = 0;
    History *h = check_malloc(sizeof *h);
    world_save(w);
    for (int run = 0; run < runs; run++) {
        print_message("seed %d\r", first + run);
        world_restore(w);
        memset(h, 0, sizeof *h);
        h->w = w;
        h->seed = (uint64_t)(first + run);
        for (int i = 0; i < STEPS; i++)
            one_step(h);
        finish(h);
        steps += h->steps;
        cuts += h->cuts;
    }
    print_message("%d steps, %d of them cut\n", steps, cuts);
    free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {WORLD_TEST(test_history)};
    return world_run(tests);
}
