/* Rows of a file that are handed out again: what cells of a workbook become, many problems a row, many rows, the marks of
 * skipped rows through stops, and what fails on the way. tests/api/test_row_files.py has whole files. */
#include "../format/workbook.h"
#include "world.h"

#include "domain/row_export.h"

#undef ROW
#define ROW(cells)  "<row>" cells "</row>"
#define T(text)     "<c t=\"inlineStr\"><is><t>" text "</t></is></c>"
#define N(number)   "<c><v>" number "</v></c>"
#define S(style, v) "<c s=\"" style "\"><v>" v "</v></c>"
#define E(error)    "<c t=\"e\"><v>" error "</v></c>"
#define FORMULA     "<c><f>1+1</f></c>"
#define HEADER                                                                                     \
    ROW(T("Company Symbol") T("company_name") T("market_cap") T("sector") T("reporting_year")      \
            T("reporting_quarter") T("long_term_debt_to_total_capital") T("total_debt_to_ebitda")  \
                T("net_income_margin") T("ebit_to_interest_expense") T("return_on_assets")         \
                    T("note") T("Obligor Row"))
#define OURS "obligor_job,obligor_row,obligor_problems\r\n"

static Error *take(void *self, Arena *arena, Str bytes)
{
    (void)arena;
    buf_add(self, bytes);
    return NULL;
}

static Error *hand_out(World *w, const Job *job, RowFate fate, TableFormat format, Str *ret_file)
{
    int64_t rows = 0;
    Buf *file = ARENA_NEW(w->arena, Buf);
    *file = buf_new(w->arena, 64 << 20);
    const RowExportRequest request = {job, fate, format};
    TRY(row_export(w->arena, w->db, w->ada, &request, (ByteSink){take, file}, &rows));
    *ret_file = buf_str(file);
    return NULL;
}

static Str csv_of(World *w, const Job *job, RowFate fate)
{
    Str file = {NULL, 0};
    assert_no_error(hand_out(w, job, fate, TABLE_CSV, &file));
    return file;
}

static Job *import(World *w, Str file, const ImportOptions *options)
{
    UploadAnswer answer = {0};
    world_advance(1000);
    assert_no_error(world_try_upload(w, w->ada, KIND_ANNUAL, file, options, &answer));
    world_work(w);
    return world_job(w, w->ada, answer.job_id);
}

/* Of each row its cells, up to the columns of ours. */
static const char *cells_of(World *w, const Job *job, Str file)
{
    Buf text = buf_new(w->arena, 1 << 20);
    Str line, id = str_from(arena_printf(w->arena, ",%s", uuid_text(w->arena, job->id)));
    while (str_next(&file, '\n', &line))
        for (size_t i = 0; i + id.len <= line.len; i++)
            if (str_equal(str_slice(line, i, i + id.len), id))
                buf_printf(&text, STR_FMT "\n", (int)i, line.ptr);
    return text.data;
}

static void test_cells_of_a_workbook(void **state)
{
    World *w = *state;
    const char *rows = SHEET(
        HEADER ROW(T("ONE") T("'=One") N("1E3") T("Energy") S("3", "45657") T("Q4") S("1", "0.07")
                       N("2.50") E("#DIV/0!") FORMULA E("#N/A") S("1", "0.5") N("7"))
            ROW(T("TWO") S("3", "45657") S("1", "0.12") E("#REF!") N("2020") N("4") N("1") N("1")
                    N("1") N("1") N("1") T("=note") T("") T("beside")));
    Job *job = import(w, workbook_of(w->arena, (Book){.sheet = rows}), NULL);
    assert_int_equal(job->counters.failed, 2);
    Str file = csv_of(w, job, FATE_FAILED);
    assert_true(str_starts_with(
        file, STR("Company Symbol,company_name,market_cap,sector,reporting_year,reporting_quarter,"
                  "long_term_debt_to_total_capital,total_debt_to_ebitda,net_income_margin,"
                  "ebit_to_interest_expense,return_on_assets,note," OURS)));
    assert_string_equal(cells_of(w, job, file),
                        "ONE,''=One,1000,Energy,2024,Q4,7,2.50,#DIV/0!,'=?,,50%\n"
                        "TWO,#VALUE!,12%,#REF!,2020,4,1,1,1,1,1,'=note\n");
    assert_true(str_ends_with(file, STR(",beside\r\n")));
    Job *again = import(w, file, NULL);
    assert_int_equal(again->counters.failed, 2);
    assert_no_error(hand_out(w, job, FATE_FAILED, TABLE_XLSX, &file));
    again = import(w, file, NULL);
    assert_int_equal(again->counters.failed, 2);
    assert_string_equal(cells_of(w, again, csv_of(w, again, FATE_FAILED)),
                        "ONE,''=One,1000,Energy,2024,Q4,7,2.5,#DIV/0!,'=?,,50%\n"
                        "TWO,#VALUE!,12%,#REF!,2020,4,1,1,1,1,1,'=note\n");
}

/* An upload without options takes the same amounts; what was refused still is. */
static void test_millions_are_written_in_dollars(void **state)
{
    World *w = *state;
    ImportOptions millions = IMPORT_OPTIONS_DEFAULT;
    millions.market_cap_unit = CAP_MILLIONS;
    Job *job = import(w,
                      STR("company_symbol,company_name,Market Cap,sector,reporting_year,"
                          "reporting_quarter,long_term_debt_to_total_capital,total_debt_to_ebitda,"
                          "net_income_margin,ebit_to_interest_expense,return_on_assets\n"
                          "ONE,One,12.5,Energy,20x0,Q4,1,1,1,1,1\n"
                          "TWO,Two,-3,Energy,2020,Q4,1,1,1,1,1\n"
                          "SIX,Six,abc,Energy,2020,Q4,1,1,1,1,1\n"
                          "TEN,Ten,,Energy,20x0,Q4,1,1,1,1,1\n"),
                      &millions);
    Str file = csv_of(w, job, FATE_FAILED);
    assert_true(str_starts_with(file, STR("company_symbol,company_name,Market Cap (US dollars),")));
    assert_string_equal(cells_of(w, job, file), "ONE,One,12500000,Energy,20x0,Q4,1,1,1,1,1\n"
                                                "TWO,Two,-3,Energy,2020,Q4,1,1,1,1,1\n"
                                                "SIX,Six,abc,Energy,2020,Q4,1,1,1,1,1\n"
                                                "TEN,Ten,,Energy,20x0,Q4,1,1,1,1,1\n");
    Job *again = import(w, file, NULL);
    assert_int_equal(again->counters.failed, 4);
    assert_string_equal(cells_of(w, again, csv_of(w, again, FATE_FAILED)), cells_of(w, job, file));
}

enum { MANY = 3000 };

/* More problems than a page has, and more than a batch of rows. */
static void test_many(void **state)
{
    World *w = *state;
    Buf rows = buf_new(w->arena, 1 << 20);
    for (int i = 0; i < MANY; i++)
        buf_printf(&rows, "S%d,Name,abc,Energy,20x0,Q4,,,,,%s\n", i, i % 3 == 0 ? "x" : "1");
    Job *job = world_job(w, w->ada, world_upload(w, w->ada, buf_str(&rows).ptr, NULL));
    world_work(w);
    Str file = csv_of(w, job, FATE_FAILED), line;
    int64_t count = 0;
    while (str_next(&file, '\n', &line)) {
        const char *begin = arena_printf(w->arena, "S%lld,Name,abc,", (long long)count - 1);
        if (count > 0 && line.len > 0)
            assert_true(str_starts_with(line, str_from(begin)));
        count += line.len > 0;
    }
    assert_int_equal(count, 1 + MANY);
}

/* As the counters, whatever stops between two batches. */
static void test_marks_through_stops(void **state)
{
    World *w = *state;
    ImportOptions skip = IMPORT_OPTIONS_DEFAULT;
    skip.on_duplicate = DUPLICATE_SKIP;
    Buf first = buf_new(w->arena, 1 << 20), second = buf_new(w->arena, 1 << 20);
    for (int i = 0; i < MANY; i++) {
        char symbol[16];
        snprintf(symbol, sizeof symbol, "S%d", i);
        if (i % 3 != 2)
            buf_add(&first, str_from(world_row(w, symbol, 2020, 1)));
        buf_add(&second, str_from(world_row(w, symbol, 2020, i % 3 == 0 ? 1 : 2)));
    }
    world_upload(w, w->ada, buf_str(&first).ptr, NULL);
    world_work(w);
    Uuid id = world_upload(w, w->ada, buf_str(&second).ptr, &skip);
    Task *task = NULL;
    do {
        world_reopen(w);
        world_advance(SECONDS(600));
        assert_no_error(world_step(w, NULL, 2, &task));
    } while (task != NULL);
    Job *job = world_job(w, w->ada, id);
    assert_int_equal(job->status, JOB_COMPLETED);
    assert_int_equal(job->counters.skipped, MANY / 3);
    assert_int_equal(job->counters.unchanged, MANY / 3);
    world_check(w);
    Str file = csv_of(w, job, FATE_SKIPPED), line;
    for (int i = -2; str_next(&file, '\n', &line) && line.len > 0; i += 3)
        if (i > 0)
            assert_true(str_starts_with(line, str_from(arena_printf(w->arena, "S%d,", i))));
}

static Job *failing_job;

static Error *act(World *w)
{
    Str file = {NULL, 0};
    return hand_out(w, failing_job, FATE_FAILED, TABLE_CSV, &file);
}

static void test_every_call_fails(void **state)
{
    World *w = *state;
    failing_job =
        world_job(w, w->ada, world_upload(w, w->ada, "BAD,Bad,abc,Energy,2020,Q4,,,,,1\n", NULL));
    world_work(w);
    world_fail_every_call(w, act, 1, "SELECT count(*) FROM audit_events");
    assert_string_equal(world_text(w, "SELECT row_count, details FROM audit_events WHERE action = "
                                      "'job.rows_exported'"),
                        "1|{\"kind\":\"annual\",\"format\":\"csv\",\"outcome\":\"failed\"}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_cells_of_a_workbook),
        WORLD_TEST(test_millions_are_written_in_dollars),
        WORLD_TEST(test_many),
        WORLD_TEST(test_marks_through_stops),
        WORLD_TEST(test_every_call_fails),
    };
    return world_run(tests);
}
