/* An import of a workbook: the meaning of cells, hidden rows, sheets, resuming, and what is refused. */
#include "../format/workbook.h"
#include "world.h"

#undef ROW
#define ROW(cells)  "<row>" cells "</row>"
#define T(text)     "<c t=\"inlineStr\"><is><t>" text "</t></is></c>"
#define N(number)   "<c><v>" number "</v></c>"
#define S(style, v) "<c s=\"" style "\"><v>" v "</v></c>"
#define HEADER                                                                                     \
    ROW(T("Company Symbol") T("company_name") T("market_cap") T("sector") T("reporting_year")      \
            T("reporting_quarter") T("long_term_debt_to_total_capital") T("total_debt_to_ebitda")  \
                T("net_income_margin") T("ebit_to_interest_expense") T("return_on_assets"))

static Job *import(World *w, Str file, const ImportOptions *options)
{
    UploadAnswer answer = {0};
    world_advance(1000);
    assert_no_error(world_try_upload(w, w->ada, KIND_ANNUAL, file, options, &answer));
    world_work(w);
    world_check(w);
    return world_job(w, w->ada, answer.job_id);
}

static Job *import_rows(World *w, const char *rows)
{
    return import(w, workbook_of(w->arena, (Book){.sheet = rows}), NULL);
}

#define PROBLEMS                                                                                   \
    "SELECT severity, job_row, coalesce(column_name, '-'), code FROM bulk_upload_errors ORDER BY " \
    "job_row, severity, seq"

static void test_cells_by_their_meaning(void **state)
{
    World *w = *state;
    Job *job =
        import_rows(w, SHEET(HEADER ROW(T("one") T("Est&#233;e") N("1E3") T("Energy") N("2020")
                                            T("Q4") S("1", "0.12") N("2.5") S("4", "-0.07"))
                                 ROW(N("7203") T("Two") N("1") T("") S("3", "45657") T("Q1") N("3")
                                         T("NM")) "<row r=\"9\" hidden=\"1\">" T("THREE") T("Three")
                                     N("1") T("Energy") N("2020") T("Q4") N("1") N("40") "</row>"));
    assert_int_equal(job->status, JOB_COMPLETED);
    assert_int_equal(job->counters.successful, 3);
    assert_int_equal(job->counters.resume_row, 9);
    assert_int_equal(job->counters.bytes_done, job->file_size);
    assert_string_equal(
        world_text(w, "SELECT c.symbol, c.name, p.reporting_year, p.job_row, p.market_cap, "
                      "p.long_term_debt_to_total_capital, p.total_debt_to_ebitda, "
                      "p.net_income_margin FROM annual_predictions p JOIN companies c ON c.id = "
                      "p.company_id ORDER BY p.job_row"),
        "ONE|Est\xC3\xA9"
        "e|2020|2|1000.0|12.0|2.5|-7.0\n"
        "7203|Two|2024|3|1.0|3.0|NULL|NULL\n"
        "THREE|Three|2020|9|1.0|1.0|40.0|NULL\n");
    assert_string_equal(world_text(w, PROBLEMS),
                        "1|2|long_term_debt_to_total_capital|percent_cell\n"
                        "1|2|net_income_margin|percent_cell\n"
                        "1|3|reporting_year|date_cell\n"
                        "1|9|-|hidden_row\n");
    assert_int_equal(job->counters.warnings, 4);
}

static void test_rows_that_fail_keep_their_cells(void **state)
{
    World *w = *state;
    Job *job = import_rows(
        w, SHEET(HEADER ROW(T("ONE") T("One, Inc.") N("1") T("Energy") N("2020") T("Q4")
                                S("1", "0.12") S("1", "0.12") "<c t=\"e\"><v>#DIV/0!</v></c>"
                                                              "<c><f>1</f></c>" S("3", "45657"))
                     ROW(T("TWO") T("Two") N("1") T("Energy") N("2020") T("Q4") N("1") N("1") N("1")
                             N("1") N("1") T("beside"))
                         ROW(T("SIX") T("Six") N("1") T("Energy") N("2020") T("Q4") N("5"))));
    assert_int_equal(job->status, JOB_COMPLETED);
    assert_int_equal(job->counters.successful, 1);
    assert_int_equal(job->counters.failed, 2);
    assert_string_equal(world_text(w, PROBLEMS),
                        "0|2|total_debt_to_ebitda|percent_cell\n"
                        "0|2|net_income_margin|error_cell\n"
                        "0|2|ebit_to_interest_expense|formula_without_value\n"
                        "0|2|return_on_assets|date_cell\n"
                        "1|2|long_term_debt_to_total_capital|percent_cell\n"
                        "0|3|-|too_many_cells\n");
    ProblemPage found = {0};
    Page page = {.limit = 10};
    assert_no_error(jobs_problems(w->arena, w->db, job, SEVERITY_ERROR, &page, &found));
    assert_str(found.items[0].raw, "ONE,\"One, Inc.\",1,Energy,2020,Q4,12,12%,#DIV/0!,,2024-12-31");
    assert_string_equal(found.items[4].message,
                        "The row has 12 cells and the header 11. Remove what stands beside the "
                        "table.");
    assert_str(found.items[4].raw, "TWO,Two,1,Energy,2020,Q4,1,1,1,1,1,beside");
}

static void test_cells_of_a_workbook_have_no_guards(void **state)
{
    World *w = *state;
    import_rows(w,
                SHEET(HEADER ROW(T("'=ONE") T("'+Two") N("1") T("=Three") N("2020") T("") N("5"))));
    assert_string_equal(world_text(w, "SELECT symbol, name, sector FROM companies"),
                        "'=ONE|'+Two|=Three\n");
}

static void test_sheets(void **state)
{
    World *w = *state;
    ImportOptions options = IMPORT_OPTIONS_DEFAULT;
    Str file = workbook_of(
        w->arena, (Book){.workbook = WORKBOOK("<sheet name=\"Notes\" sheetId=\"1\" r:id=\"rId1\"/>"
                                              "<sheet name=\"Data\" sheetId=\"2\" r:id=\"rId2\"/>"),
                         .sheet = SHEET(ROW(T("see the other sheet"))),
                         .sheet2 = SHEET(
                             HEADER ROW(T("ONE") T("One") N("1") T("E") N("2020") T("") N("5")))});
    Job *job = import(w, file, &options);
    assert_int_equal(job->status, JOB_FAILED);
    options.sheet = "data";
    job = import(w, file, &options);
    assert_int_equal(job->counters.successful, 1);
    assert_string_equal(job->options.sheet, "data");
    options.sheet = "Table";
    job = import(w, file, &options);
    assert_int_equal(job->status, JOB_FAILED);
    assert_string_equal(job->error_message,
                        "The workbook has no sheet \"Table\". Its sheets: \"Notes\", \"Data\".");
    options.sheet = "1";
    job = import(w, str_printf(w->arena, "%sONE,One,1,E,2020,,5,,,,\n", WORLD_ANNUAL), &options);
    assert_string_equal(
        job->error_message,
        "This file is text and has no sheets. Leave out the option sheet, or send the "
        "Excel workbook.");
}

/* --- stopped and gone on with ------------------------------------------------------------------ */

static Str many_rows(World *w, int rows)
{
    Buf text = buf_new(w->arena, 64 << 20);
    buf_add(&text, STR("<worksheet><sheetData>" HEADER));
    for (int i = 0; i < rows; i++) {
        buf_printf(&text,
                   "<row r=\"%d\" hidden=\"%d\">" T("S%d") T("Name %d") N("1") T("Energy") N("%d")
                       T("Q4") "<c s=\"%d\"><v>0.%d</v></c>" T("") S("%d", "0.00%d") "</row>",
                   i * 2 + 2, i % 91 == 0, i % 190, i % 7, 2000 + i % 20, i % 3 == 0, i % 97 + 1,
                   i % 37 == 0 ? 3 : 0, i % 9 + 1);
    }
    buf_add(&text, STR("</sheetData></worksheet>"));
    return workbook_of(w->arena, (Book){.sheet = text.data});
}

static void run_a_little(World *w, int batches)
{
    Task *task = NULL;
    world_advance(1000);
    assert_no_error(world_step(w, NULL, batches, &task));
    if (task != NULL && w->last_end == TASK_STOPPED)
        assert_no_error(queue_release(w->arena, w->db, task, 0, false));
}

#define EVERY_PROBLEM                                                                              \
    "SELECT severity, job_row, seq, coalesce(column_name, '-'), code, message FROM "               \
    "bulk_upload_errors ORDER BY severity, job_row, seq"

static void test_stopped_at_every_batch(void **state)
{
    World *w = *state;
    UploadAnswer answer = {0};
    Str file = many_rows(w, 2000);
    assert_no_error(world_try_upload(w, w->ada, KIND_ANNUAL, file, NULL, &answer));
    world_save(w);
    world_work(w);
    const char *should = world_state(w->arena, w), *problems = world_text(w, EVERY_PROBLEM);
    assert_non_null(strstr(problems, "|looks_like_fractions|"));
    assert_non_null(strstr(problems, "|hidden_row|"));
    assert_non_null(strstr(problems, "|percent_cell|"));
    for (int batches = 0; batches < 9; batches += 2) {
        world_restore(w);
        run_a_little(w, batches);
        world_reopen(w);
        world_work(w);
        world_check(w);
        assert_string_equal(world_state(w->arena, w), should);
        assert_string_equal(world_text(w, EVERY_PROBLEM), problems);
    }
}

/* --- larger than a chunk, and refused ------------------------------------------------------------ */

/* What does not compress makes the file larger than the chunks that are kept in memory. */
static void test_a_file_of_many_chunks(void **state)
{
    World *w = *state;
    Buf text = buf_new(w->arena, 64 << 20);
    uint64_t seed = 7;
    buf_add(&text, STR("<worksheet><sheetData>" HEADER));
    for (int i = 0; i < 600; i++) {
        buf_printf(&text, ROW(T("S%d") T("Name") N("1") T("E") N("2020") T("Q4") N("5")) "<!--", i);
        for (int j = 0; j < 1000; j++)
            buf_printf(&text, "%016llx", (unsigned long long)test_random(&seed));
        buf_add(&text, STR("-->"));
    }
    buf_add(&text, STR("</sheetData></worksheet>"));
    Str file = workbook_of(w->arena, (Book){.sheet = text.data});
    assert_true(file.len > 4 * UPLOAD_CHUNK_SIZE);
    Job *job = import(w, file, NULL);
    assert_int_equal(job->status, JOB_COMPLETED);
    assert_int_equal(job->counters.successful, 600);
}

static void test_what_is_refused(void **state)
{
    World *w = *state;
    char *zeros = arena_alloc_raw(w->arena, 17 << 20);
    memset(zeros, ' ', 17 << 20);
    const Part parts[] = {
        {"xl/workbook.xml", STR(WORKBOOK("<sheet name=\"D\" sheetId=\"1\" r:id=\"rId1\"/>"))},
        {"xl/_rels/workbook.xml.rels", STR(RELATION_LIST(RELATION("rId1", "worksheet", "s.xml")))},
        {"xl/s.xml", {zeros, 17 << 20}}};
    Job *job = import(w, zip_of(w->arena, parts, 3), NULL);
    assert_int_equal(job->status, JOB_FAILED);
    assert_string_equal(world_text(w, PROBLEMS), "0|1|file|zip_bomb\n");
    job = import_rows(w, SHEET(HEADER ROW(T("ONE") T("One") N("1") T("E") N("2020") T("")
                                              N("5")) "<row r=\"1\"/>"));
    assert_int_equal(job->status, JOB_FAILED);
    assert_int_equal(job->counters.successful, 1); /* on_error=keep */
    assert_string_equal(
        job->error_message,
        "The workbook is damaged: behind row 2 stands one that is not below it. Open "
        "it in Excel or LibreOffice, save it as .xlsx and send that.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_cells_by_their_meaning),
        WORLD_TEST(test_rows_that_fail_keep_their_cells),
        WORLD_TEST(test_cells_of_a_workbook_have_no_guards),
        WORLD_TEST(test_sheets),
        WORLD_TEST(test_stopped_at_every_batch),
        WORLD_TEST(test_a_file_of_many_chunks),
        WORLD_TEST(test_what_is_refused),
    };
    return world_run(tests);
}
