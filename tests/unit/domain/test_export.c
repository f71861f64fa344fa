/* What an export holds, that it is one moment's truth however long it takes, and what the trail says of it. */
#include "world.h"

#include "domain/export.h"
#include "domain/prediction_table.h"

enum { ROWS = 6000 }; /* more than one page, and many times what a table holds back */

typedef struct Sink {
    World *world;
    Buf text;
    size_t max;
    Uuid deleted; /* when the first bytes come; nil: nothing is */
} Sink;

static Error *take(void *self, Arena *arena, Str bytes)
{
    Sink *sink = self;
    if (!uuid_is_nil(sink->deleted)) {
        world_delete(sink->world, sink->world->ada, sink->deleted, true);
        sink->deleted = UUID_NIL;
    }
    if (sink->text.len + bytes.len > sink->max)
        return ERROR(arena, ERROR_BUSY, "The sink is full.");
    buf_add(&sink->text, bytes);
    return NULL;
}

static Sink sink_new(World *w)
{
    return (Sink){.world = w, .text = buf_new(w->arena, 64 << 20), .max = 64 << 20};
}

static Error *export_all(World *w, Db *db, const Principal *who, TableFormat format, Sink *sink,
                         int64_t *ret_rows)
{
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    const ExportRequest request = {.kind = KIND_ANNUAL, .format = format, .filter = &filter};
    return export_predictions(w->arena, db, who, &request, (ByteSink){take, sink}, ret_rows);
}

static Uuid upload_many(World *w)
{
    Buf rows = buf_new(w->arena, 8 << 20);
    for (int i = 0; i < ROWS; i++)
        buf_printf(&rows, "S%d,Name %d,1,Energy,%d,,1,,,,%d\n", i / 20, i / 20, 2000 + i % 20, i);
    Uuid job = world_upload(w, w->ada, buf_str(&rows).ptr, NULL);
    world_work(w);
    return job;
}

static const char *trail(World *w)
{
    return world_text(w, "SELECT action, row_count, details FROM audit_events WHERE action LIKE "
                         "'%exported' ORDER BY seq");
}

static size_t lines(Str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += text.ptr[i] == '\n';
    return count;
}

static void test_one_moment(void **state)
{
    World *w = *state;
    Sink sink = sink_new(w), later = sink_new(w);
    int64_t rows = 0;
    sink.deleted = upload_many(w);
    assert_no_error(export_all(w, w->reader, w->ada, TABLE_CSV, &sink, &rows));
    assert_int_equal(rows, ROWS);
    assert_int_equal(lines(buf_str(&sink.text)), 1 + ROWS);
    assert_true(uuid_is_nil(sink.deleted)); /* it was deleted meanwhile */
    assert_no_error(export_all(w, w->reader, w->ada, TABLE_CSV, &later, &rows));
    assert_int_equal(rows, 0);
    assert_int_equal(lines(buf_str(&later.text)), 1);
    world_work(w);
}

static void test_a_full_sink_is_told_and_not_noted(void **state)
{
    World *w = *state;
    upload_many(w);
    for (TableFormat format = 0; format < TABLE_FORMAT_COUNT; format++) {
        Sink sink = sink_new(w);
        int64_t rows = 0;
        sink.max = 100000;
        assert_error(export_all(w, w->db, w->ada, format, &sink, &rows), ERROR_BUSY,
                     "The sink is full.");
        assert_false(db_in_transaction(w->db));
        assert_in_range(sink.text.len, 1, 100000);
    }
    assert_string_equal(trail(w), "");
}

static void test_the_trail(void **state)
{
    World *w = *state;
    Uuid id = world_upload(
        w, w->ada,
        arena_printf(w->arena, "%s%s", world_row(w, "A", 2020, 1.5), world_row(w, "B", 2020, 2.5)),
        NULL);
    world_work(w);
    Sink sink = sink_new(w);
    int64_t rows = 0;
    assert_no_error(export_all(w, w->db, w->bob, TABLE_NDJSON, &sink, &rows));
    assert_int_equal(rows, 0);
    const ExportRequest request = {
        .kind = KIND_ANNUAL, .format = TABLE_XLSX, .job = world_job(w, w->ada, id)};
    assert_no_error(
        export_predictions(w->arena, w->db, w->ada, &request, (ByteSink){take, &sink}, &rows));
    assert_int_equal(rows, 2);
    assert_string_equal(
        world_text(w, "SELECT action, row_count, details FROM audit_events WHERE action LIKE "
                      "'%exported' ORDER BY action"),
        "job.results_exported|2|{\"kind\":\"annual\",\"format\":\"xlsx\"}\n"
        "predictions.exported|0|{\"kind\":\"annual\",\"format\":\"ndjson\"}\n");
}

/* Columns of an upload first. */
static void test_columns(void **state)
{
    World *w = *state;
    Prediction *made = NULL;
    Sink sink = sink_new(w);
    int64_t rows = 0;
    assert_no_error(world_create(w, w->ada, "ACME", 2020, 0.1 + 0.2, &made));
    assert_no_error(export_all(w, w->db, w->ada, TABLE_CSV, &sink, &rows));
    Str text = buf_str(&sink.text), header;
    assert_true(str_next(&text, '\n', &header));
    assert_str(
        header,
        "company_symbol,company_name,market_cap,sector,reporting_year,reporting_quarter,"
        "long_term_debt_to_total_capital,total_debt_to_ebitda,net_income_margin,"
        "ebit_to_interest_expense,return_on_assets,id,probability,risk_level,confidence,source,"
        "job_id,job_row,original_filename,model,created_by,created_at\r");
    const char *figure = ",,,,,0.30000000000000004,";
    assert_non_null(memmem(text.ptr, text.len, figure, strlen(figure)));
    assert_non_null(memmem(text.ptr, text.len, ",manual,,,,", 11));
    Str names[PREDICTION_TABLE_COLUMNS];
    size_t count = prediction_table_columns(KIND_QUARTERLY, names);
    assert_int_equal(count, 10 + 1 + 6 + 7);
    assert_str(names[11], "logistic_probability");
    assert_str(names[14], "probability");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_one_moment),
        WORLD_TEST(test_a_full_sink_is_told_and_not_noted),
        WORLD_TEST(test_the_trail),
        WORLD_TEST(test_columns),
    };
    return world_run(tests);
}
