/* What every way of importing does with a batch beside its predictions: companies, problems, outcomes. */
#include "domain/import_work.h"

#include "base/check.h"
#include "format/row_ranges.h"
#include "store/company_store.h"
#include "store/mark_store.h"
#include "store/problem_store.h"

Work work_new(const Job *job, ImportBatch *batch, size_t count, int64_t at)
{
    for (size_t i = 0; i < count; i++) {
        batch->rows[i].outcome = batch->rows[i].read;
        batch->rows[i].problems.count = batch->rows[i].read_problems;
    }
    return (Work){.arena = batch->arena,
                  .job = job,
                  .batch = batch,
                  .rows = batch->rows,
                  .count = count,
                  .at = at,
                  .tally = tally_new(batch->arena)};
}

void work_problem(Work *work, ImportRow *row, Severity severity, const char *column,
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

/* The last row of the batch that names a company decides what it is called. */
static void rename_company(Work *work, KnownCompanies *known, KnownCompany *company,
                           const PredictionInput *input, Map *renamed)
{
    Str key = str_copy(work->arena, (Str){(const char *)company->id.bytes, sizeof(Uuid)});
    CompanyName *name = ARENA_NEW(work->arena, CompanyName);
    *name = (CompanyName){company->id, input->company_name,
                          input->sector.len == 0 ? company->sector : input->sector};
    known_companies_rename(known, company, name->name, name->sector);
    map_put(renamed, key, name);
}

/* The file may know the company under another name or in another sector. What it is called is changed by whom
 * the rest of the company is changed by: who made it, and an administrator. */
static void compare_company(Work *work, KnownCompanies *known, KnownCompany *company,
                            ImportRow *row, Map *renamed)
{
    const PredictionInput *input = &row->input;
    bool same_name = str_equal(input->company_name, company->name);
    bool same_sector = input->sector.len == 0 || str_equal(input->sector, company->sector);
    if (same_name && same_sector)
        return;
    bool update = work->job->options.update_companies;
    if (update && !company->others) {
        rename_company(work, known, company, input, renamed);
        return;
    }
    work_problem(
        work, row, SEVERITY_WARNING, same_name ? "sector" : "company_name", "company_differs",
        arena_printf(work->arena,
                     "%.*s is known as \"%.*s\", sector \"%.*s\"; the file says \"%.*s\", "
                     "\"%.*s\". What is known stays; %s.",
                     STR_ARG(input->symbol), STR_ARG(company->name), STR_ARG(company->sector),
                     STR_ARG(input->company_name), STR_ARG(input->sector),
                     update ? "only who made the company or an administrator may change it"
                            : "choose update_companies to change it"));
}

/* With what they were called before, for whoever takes the job back. */
static Error *store_renamed(Work *work, Db *db, const Map *renamed)
{
    CompanyName *names = ARENA_ARRAY(work->arena, CompanyName, renamed->count);
    for (size_t i = 0; i < renamed->count; i++)
        names[i] = *(const CompanyName *)renamed->entries[i].value;
    const CompanyRenames renames = {work->job->owner_id, work->job->id, names, renamed->count,
                                    work->at};
    return work->job->options.dry_run ? NULL : company_rename_many(work->arena, db, &renames);
}

/* A company that this row of the file made counts for this batch, also when it was committed ahead of the
 * batch by a worker that died in between. */
Error *work_companies(Work *work, Db *db, KnownCompanies *known)
{
    Map renamed = map_new(work->arena);
    TRY(known_companies_ensure(work->arena, db, known, work->rows, work->count, work->at));
    for (size_t i = 0; i < work->count; i++) {
        ImportRow *row = &work->rows[i];
        if (row->outcome != ROW_GOOD)
            continue;
        KnownCompany *company = known_companies_find(known, row->input.symbol);
        CHECK(company != NULL);
        row->company_id = company->id;
        row->company_to_come = company->to_come;
        work->counters.companies += company->made_row == row->number;
        compare_company(work, known, company, row, &renamed);
    }
    return store_renamed(work, db, &renamed);
}

/* --- problems and outcomes ------------------------------------------------------------------- */

typedef VEC(StoredProblem) StoredProblems;

enum { WHOLE_FILE_SEQ = 100 }; /* behind those of the header, which stand on row 1 too */

static void gather_problems(Work *work, const ProblemList *problems, Str raw, StoredProblems *all)
{
    int64_t seq[SEVERITY_COUNT] = {0};
    if (problems == &work->batch->whole)
        seq[SEVERITY_WARNING] = WHOLE_FILE_SEQ;
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

/* Nothing where there are none. */
static Error *store_marks(Work *work, Db *db, RowOutcome outcome, MarkOutcome as)
{
    RowRanges rows = row_ranges_new(work->arena);
    for (size_t i = 0; i < work->count; i++)
        if (work->rows[i].outcome == outcome)
            row_ranges_add(&rows, work->rows[i].number);
    if (rows.count == 0)
        return NULL;
    const RowMark mark = {rows.first, rows.count, row_ranges_text(&rows)};
    return mark_insert(work->arena, db, (JobName){work->job->owner_id, work->job->id}, as, &mark);
}

Error *work_store_rest(Work *work, Db *db)
{
    const Job *job = work->job;
    StoredProblems all = {0};
    gather_problems(work, &work->batch->header, (Str){NULL, 0}, &all);
    for (size_t i = 0; i < work->count; i++)
        gather_problems(work, &work->rows[i].problems, work->rows[i].raw, &all);
    if (work->count == work->batch->count)
        gather_problems(work, &work->batch->whole, (Str){NULL, 0}, &all);
    TRY(problem_insert_many(work->arena, db, job->owner_id, job->id, all.items, all.count));
    TRY(store_marks(work, db, ROW_SKIPPED, MARK_SKIPPED));
    TRY(store_marks(work, db, ROW_UNCHANGED, MARK_UNCHANGED));
    return tally_store(work->arena, db, job->owner_id, work->tally);
}

void work_count(Work *work)
{
    JobCounters *counters = &work->counters;
    int64_t *by_outcome[] = {[ROW_GOOD] = &counters->successful,
                             [ROW_FAILED] = &counters->failed,
                             [ROW_SKIPPED] = &counters->skipped,
                             [ROW_UNCHANGED] = &counters->unchanged};
    for (size_t i = 0; i < work->count; i++)
        ++*by_outcome[work->rows[i].outcome];
    counters->processed += (int64_t)work->count;
}
