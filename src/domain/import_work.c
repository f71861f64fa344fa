/* What every way of importing does with a batch beside its predictions: companies, problems, outcomes. */
#include "domain/import_work.h"

#include "base/check.h"
#include "store/company_store.h"
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

static Error *update_company(Work *work, Db *db, KnownCompanies *known, KnownCompany *company,
                             const PredictionInput *input)
{
    Str sector = input->sector.len == 0 ? company->sector : input->sector;
    if (!work->job->options.dry_run)
        TRY(company_update(work->arena, db, work->job->owner_id, company->id, input->company_name,
                           sector, work->at));
    known_companies_rename(known, company, input->company_name, sector);
    return NULL;
}

/* The file may know the company under another name or in another sector. */
static Error *compare_company(Work *work, Db *db, KnownCompanies *known, KnownCompany *company,
                              ImportRow *row)
{
    const PredictionInput *input = &row->input;
    bool same_name = str_equal(input->company_name, company->name);
    bool same_sector = input->sector.len == 0 || str_equal(input->sector, company->sector);
    if (same_name && same_sector)
        return NULL;
    if (work->job->options.update_companies)
        return update_company(work, db, known, company, input);
    work_problem(
        work, row, SEVERITY_WARNING, same_name ? "sector" : "company_name", "company_differs",
        arena_printf(work->arena,
                     "%.*s is known as \"%.*s\", sector \"%.*s\"; the file says \"%.*s\", "
                     "\"%.*s\". What is known stays; choose update_companies to change it.",
                     STR_ARG(input->symbol), STR_ARG(company->name), STR_ARG(company->sector),
                     STR_ARG(input->company_name), STR_ARG(input->sector)));
    return NULL;
}

/* A company that this row of the file made counts for this batch, also when it was committed ahead of the
 * batch by a worker that died in between. */
Error *work_companies(Work *work, Db *db, KnownCompanies *known)
{
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
        TRY(compare_company(work, db, known, company, row));
    }
    return NULL;
}

/* --- problems and outcomes ------------------------------------------------------------------- */

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

Error *work_store_rest(Work *work, Db *db)
{
    const Job *job = work->job;
    StoredProblems all = {0};
    gather_problems(work, &work->batch->header, (Str){NULL, 0}, &all);
    for (size_t i = 0; i < work->count; i++)
        gather_problems(work, &work->rows[i].problems, work->rows[i].raw, &all);
    TRY(problem_insert_many(work->arena, db, job->owner_id, job->id, all.items, all.count));
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
