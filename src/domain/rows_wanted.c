/* What failed or has a warning is in the list of problems, several of them a row; what was skipped or left unchanged is
 * in the marks. Either is read in pages, each in the place of the one before. */
#include "domain/rows_wanted.h"

#include "base/check.h"
#include "base/utf8.h"
#include "format/row_ranges.h"
#include "store/mark_store.h"
#include "store/problem_store.h"

enum { PAGE_PROBLEMS = 1000, MESSAGE_MAX = 4000, TEXT_MAX = 8000, TEXT_ROOM = 16 * 1024 };

const char *const FATE_WORDS[FATE_COUNT] = {"failed", "skipped", "unchanged", "warned"};

/* Of those that are noted in marks. */
static const struct {
    MarkOutcome mark;
    const char *why;
} MARKED[FATE_COUNT] = {
    [FATE_SKIPPED] = {MARK_SKIPPED,
                      "There was a prediction of this company and period already, with other "
                      "values; it stayed (on_duplicate=skip)."},
    [FATE_UNCHANGED] = {MARK_UNCHANGED,
                        "There was a prediction of this company and period already, with the same "
                        "values."},
};

struct RowsWanted {
    Db *db;
    const Job *job;
    RowFate fate;
    Arena *page; /* of the page at hand, or of the mark */
    StoredProblem *problems;
    size_t count;
    size_t at;
    bool more;
    ProblemQuery query;
    RowRangesIn ranges;
    int64_t mark_row;
    Buf text;
};

static bool is_marked(RowFate fate)
{
    return MARKED[fate].why != NULL;
}

static JobName name_of(const Job *job)
{
    return (JobName){job->owner_id, job->id};
}

static Error *check_noted(Arena *arena, Db *db, const Job *job, RowFate fate)
{
    int64_t noted = 0;
    int64_t counted = fate == FATE_SKIPPED ? job->counters.skipped : job->counters.unchanged;
    TRY(mark_rows(arena, db, name_of(job), MARKED[fate].mark, &noted));
    if (noted == counted)
        return NULL;
    return error_with_reason(
        ERROR(arena, ERROR_CONFLICT,
              "Which rows were %s was not noted for this job: it was imported by an older version "
              "of Obligor. Its file can be downloaded, and sent again as a dry run.",
              fate == FATE_SKIPPED ? "skipped" : "left unchanged"),
        "rows_not_noted");
}

Error *rows_wanted_open(Arena *arena, Db *db, const Job *job, RowFate fate, RowsWanted **ret_rows)
{
    if (is_marked(fate))
        TRY(check_noted(arena, db, job, fate));
    RowsWanted *rows = ARENA_NEW(arena, RowsWanted);
    *rows = (RowsWanted){.db = db,
                         .job = job,
                         .fate = fate,
                         .page = arena_child(arena),
                         .more = true,
                         .ranges = {.last = -1}, /* none is at hand */
                         .text = buf_new(arena_child(arena), TEXT_ROOM)};
    rows->query =
        (ProblemQuery){.owner_id = job->owner_id,
                       .job_id = job->id,
                       .severity = fate == FATE_WARNED ? SEVERITY_WARNING : SEVERITY_ERROR,
                       .after_row = -1,
                       .after_seq = -1,
                       .limit = PAGE_PROBLEMS};
    *ret_rows = rows;
    return NULL;
}

/* --- problems ---------------------------------------------------------------------------------- */

static Error *next_page(RowsWanted *rows, Arena *arena)
{
    arena_rewind(rows->page, (ArenaMark){0});
    rows->at = rows->count = 0;
    TRY(error_copy(arena, problem_list(rows->page, rows->db, &rows->query, &rows->problems,
                                       &rows->count, &rows->more)));
    if (rows->count > 0) {
        const StoredProblem *last = &rows->problems[rows->count - 1];
        rows->query.after_row = last->problem.row;
        rows->query.after_seq = last->seq;
    }
    return NULL;
}

/* The one that is next, or NULL behind the last. It goes with rows->at++. */
static Error *peek(RowsWanted *rows, Arena *arena, const Problem **ret_problem)
{
    if (rows->at == rows->count && rows->more)
        TRY(next_page(rows, arena));
    *ret_problem = rows->at < rows->count ? &rows->problems[rows->at].problem : NULL;
    return NULL;
}

/* What is wrong with the file as a whole stands behind the last row that was read. */
static bool is_of_row(const Problem *problem)
{
    return problem->severity == SEVERITY_WARNING || problem->column == NULL ||
           strcmp(problem->column, "file") != 0;
}

/* A sentence behind the other; most name their column themselves. One cell does not hold any number of them. */
static void tell(RowsWanted *rows, const Problem *problem)
{
    Buf *text = &rows->text;
    Str message = utf8_cut(str_from(problem->message), MESSAGE_MAX);
    if (text->len >= TEXT_MAX)
        return;
    if (text->len > 0)
        buf_add_char(text, ' ');
    if (problem->column != NULL && !str_starts_with(message, str_from(problem->column)))
        buf_printf(text, "%s: ", problem->column);
    buf_add(text, message);
    if (text->len >= TEXT_MAX)
        buf_add(text, STR(" …"));
}

static Error *next_with_problems(RowsWanted *rows, Arena *arena, WantedRow *ret_row,
                                 bool *ret_found)
{
    const Problem *problem = NULL;
    bool of_row = false;
    do {
        TRY(peek(rows, arena, &problem));
        if (problem == NULL)
            return NULL;
        buf_clear(&rows->text);
        ret_row->row = problem->row;
        while (problem != NULL && problem->row == ret_row->row) {
            if (is_of_row(problem)) {
                of_row = true;
                tell(rows, problem);
            }
            rows->at++;
            TRY(peek(rows, arena, &problem));
        }
    } while (!of_row);
    ret_row->problems = buf_str(&rows->text);
    *ret_found = true;
    return NULL;
}

/* --- marks ------------------------------------------------------------------------------------- */

static Error *next_mark(RowsWanted *rows, Arena *arena, bool *ret_found)
{
    RowMark mark = {0};
    arena_rewind(rows->page, (ArenaMark){0});
    TRY(error_copy(arena, mark_next(rows->page, rows->db, name_of(rows->job),
                                    MARKED[rows->fate].mark, rows->mark_row, &mark, ret_found)));
    if (!*ret_found)
        return NULL;
    rows->mark_row = mark.first_row;
    rows->ranges = row_ranges_read(mark.ranges, mark.first_row);
    return NULL;
}

static Error *next_marked(RowsWanted *rows, Arena *arena, WantedRow *ret_row, bool *ret_found)
{
    bool more = true;
    while (!row_ranges_next(&rows->ranges, &ret_row->row) && more) {
        if (rows->ranges.damaged)
            return ERROR(arena, ERROR_INTERNAL, "What was noted of this job's rows is damaged.");
        TRY(next_mark(rows, arena, &more));
    }
    *ret_found = more;
    ret_row->problems = str_from(MARKED[rows->fate].why);
    return NULL;
}

Error *rows_wanted_next(RowsWanted *rows, Arena *arena, WantedRow *ret_row, bool *ret_found)
{
    *ret_found = false;
    return is_marked(rows->fate) ? next_marked(rows, arena, ret_row, ret_found)
                                 : next_with_problems(rows, arena, ret_row, ret_found);
}
