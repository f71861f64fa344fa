/* Steps by chance. What a step is about is chosen among what is there, mostly so that it will be accepted: the
 * rest is refused, which is looked at too. */
#include "history.h"

#include "base/clock.h"

typedef struct Plan {
    History *h;
    uint64_t *seed;
    Step step;
} Plan;

static int below(Plan *p, int limit)
{
    return (int)test_below(p->seed, (size_t)limit);
}

static bool chance(Plan *p, int percent)
{
    return below(p, 100) < percent;
}

static void flag(Plan *p, unsigned flag, int percent)
{
    if (chance(p, percent))
        p->step.flags |= flag;
}

/* --- what it is about ------------------------------------------------------------------------- */

static bool is_resting(const ModelJob *job)
{
    return job->status == JOB_COMPLETED || job->status == JOB_FAILED ||
           job->status == JOB_CANCELLED;
}

/* Any job; of three the first that is at rest, mostly. */
static void choose_job(Plan *p)
{
    for (int i = 0; i < 3 && p->h->job_count > 0; i++) {
        const ModelJob *job = &p->h->jobs[below(p, p->h->job_count)];
        p->step.of = job->made_by;
        p->step.owner = job->owner;
        if (is_resting(job))
            return;
    }
}

static void choose_deletion(Plan *p)
{
    for (int i = 0; i < 4 && p->h->deletion_count > 0; i++) {
        const ModelDeletion *deletion = &p->h->deletions[below(p, p->h->deletion_count)];
        p->step.of = deletion->made_by;
        p->step.owner = deletion->owner;
        if (deletion->done && !deletion->restoring)
            return;
    }
}

/* A version; mostly one that can be seen, `current` of its key or not. */
static void choose_version(Plan *p, bool current)
{
    for (int i = 0; i < 6 && p->h->version_count > 0; i++) {
        Version *version = &p->h->versions[below(p, p->h->version_count)];
        p->step.of = version->made_by;
        p->step.row = version->line;
        p->step.owner = chance(p, 95) ? version->owner : 1 - version->owner;
        if (history_visible(p->h, version) &&
            (history_current(p->h, history_key(version)) == version) == current)
            return;
    }
}

/* --- steps ------------------------------------------------------------------------------------ */

static void plan_upload(Plan *p)
{
    Step *step = &p->step;
    int count = 1 + below(p, LINES_MAX - 1);
    flag(p, FLAG_REPLACE, 55);
    flag(p, FLAG_SKIP, 40);
    flag(p, FLAG_UNDO, 15);
    flag(p, FLAG_DRY, 6);
    step->limit = chance(p, 20) ? below(p, 2) : -1;
    for (int i = 0; i < count; i++) {
        char *at = step->lines + strlen(step->lines);
        *at++ = (char)('A' + below(p, COMPANIES));
        *at++ = (char)('0' + below(p, YEARS));
        *at++ = '=';
        *at++ = chance(p, 8) ? 'x' : (char)('0' + below(p, 4));
    }
}

static void plan_create(Plan *p)
{
    p->step.value = below(p, 4);
    flag(p, FLAG_REPLACE, 50);
}

static void plan_edit(Plan *p)
{
    choose_version(p, true);
    p->step.value = below(p, 4);
}

static void plan_take_back(Plan *p)
{
    choose_version(p, false);
}

static void plan_delete_row(Plan *p)
{
    flag(p, FLAG_THIS, 60);
    choose_version(p, chance(p, 75));
}

static void plan_delete_job(Plan *p)
{
    choose_job(p);
    flag(p, FLAG_CASCADE, 80);
    flag(p, FLAG_EDITED, 60);
    flag(p, FLAG_ORPHANS, 30);
}

static void plan_purge(Plan *p)
{
    if (chance(p, 30)) {
        choose_job(p);
        int job = history_job_by_step(p->h, p->step.of);
        p->step.flags &= ~(unsigned)FLAG_QUARTERLY;
        if (job >= 0 && p->h->jobs[job].kind == KIND_QUARTERLY)
            p->step.flags |= FLAG_QUARTERLY;
    }
    if (chance(p, 50))
        p->step.company = -1;
    if (chance(p, 50))
        p->step.year = -1;
}

static void plan_company(Plan *p)
{
    flag(p, FLAG_CASCADE, 80);
}

static void plan_work(Plan *p)
{
    flag(p, FLAG_ALL, 35);
    p->step.stop = chance(p, 15) ? 1 + below(p, 4) : 0;
}

static void plan_retract(Plan *p)
{
    plan_upload(p);
    p->step.flags &= ~(unsigned)(FLAG_UNDO | FLAG_DRY);
}

static const struct {
    StepKind kind;
    int weight;
    void (*plan)(Plan *p);
} CHOICES[] = {
    {STEP_UPLOAD, 17, plan_upload},         {STEP_WORK, 26, plan_work},
    {STEP_CREATE, 6, plan_create},          {STEP_EDIT, 9, plan_edit},
    {STEP_TAKE_BACK, 3, plan_take_back},    {STEP_DELETE_ROW, 8, plan_delete_row},
    {STEP_DELETE_JOB, 10, plan_delete_job}, {STEP_CANCEL, 2, choose_job},
    {STEP_RESTORE, 12, choose_deletion},    {STEP_PURGE, 2, plan_purge},
    {STEP_COMPANY, 1, plan_company},        {STEP_TRIP, 2, plan_delete_job},
    {STEP_RETRACT, 2, plan_retract},
};

Step history_plan(History *h, uint64_t *seed, int number)
{
    Plan p = {h, seed, {.number = number}};
    int choice = below(&p, 100);
    size_t at = 0;
    while (choice >= CHOICES[at].weight)
        choice -= CHOICES[at++].weight;
    p.step.kind = CHOICES[at].kind;
    p.step.owner = chance(&p, 70) ? 0 : 1;
    p.step.company = below(&p, COMPANIES);
    p.step.year = below(&p, YEARS);
    p.step.wait = chance(&p, 3) ? -(int)SECONDS(below(&p, 5)) : 1 + below(&p, 2000);
    p.step.batch = h->small ? below(&p, 3) : 0;
    flag(&p, FLAG_QUARTERLY, 25);
    CHOICES[at].plan(&p);
    if (p.step.kind != STEP_TRIP && p.step.kind != STEP_RETRACT && chance(&p, 4))
        p.step.cut = 1 + below(&p, 40);
    return p.step;
}

/* --- as text ---------------------------------------------------------------------------------- */

static const char *const KIND_NAMES[STEP_KIND_COUNT] = {
    "STEP_UPLOAD",     "STEP_WORK",       "STEP_CREATE", "STEP_EDIT",    "STEP_TAKE_BACK",
    "STEP_DELETE_ROW", "STEP_DELETE_JOB", "STEP_CANCEL", "STEP_RESTORE", "STEP_PURGE",
    "STEP_COMPANY",    "STEP_TRIP",       "STEP_RETRACT"};
static const char *const FLAG_NAMES[FLAG_COUNT] = {
    "FLAG_REPLACE", "FLAG_SKIP",   "FLAG_UNDO",    "FLAG_DRY",  "FLAG_QUARTERLY",
    "FLAG_CASCADE", "FLAG_EDITED", "FLAG_ORPHANS", "FLAG_THIS", "FLAG_ALL"};

static void print_flags(unsigned flags)
{
    const char *before = ", .flags = ";
    for (int i = 0; i < FLAG_COUNT; i++) {
        if ((flags & 1U << i) == 0)
            continue;
        print_error("%s%s", before, FLAG_NAMES[i]);
        before = " | ";
    }
}

void history_print(const Step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const Step *step = &steps[i];
        const struct {
            const char *name;
            int value;
        } numbers[] = {{"owner", step->owner},     {"of", step->of},     {"row", step->row},
                       {"company", step->company}, {"year", step->year}, {"value", step->value},
                       {"limit", step->limit},     {"cut", step->cut},   {"stop", step->stop},
                       {"batch", step->batch},     {"wait", step->wait}};
        print_error("    {%s, .number = %d", KIND_NAMES[step->kind], step->number);
        for (size_t k = 0; k < ARRAY_COUNT(numbers); k++)
            if (numbers[k].value != 0)
                print_error(", .%s = %d", numbers[k].name, numbers[k].value);
        print_flags(step->flags);
        if (step->lines[0] != '\0')
            print_error(", .lines = \"%s\"", step->lines);
        print_error("},\n");
    }
}
