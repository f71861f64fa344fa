/* The property: any table, written as CSV in any of its ways or as a workbook in any of its ways, gives the same rows.
 * What a row is here is what an import would store: its input as it was checked, or the columns that fail it. */
#include "same_rows.h"

#include "domain/import_batch.h"
#include "format/card_json.h"

static const char CARD[] =
    "{\"format\": \"obligor-scorecard/1\", \"kind\": \"annual\", \"name\": \"plain\", "
    "\"version\": \"1\", \"description\": \"for tests\", \"intercept\": -3.0, \"features\": "
    "[{\"field\": \"return_on_assets\", \"coefficient\": 1.0, \"bins\": [{\"above\": null, "
    "\"up_to\": 0, \"rate\": 2.0}, {\"above\": 0, \"up_to\": null, \"rate\": 0.5}], \"missing\": "
    "1.0, \"otherwise\": 1.0}], \"risk_levels\": [{\"level\": \"CRITICAL\", \"above_percent\": "
    "15}, {\"level\": \"HIGH\", \"from_percent\": 5}, {\"level\": \"MEDIUM\", \"from_percent\": "
    "2}, {\"level\": \"LOW\"}]}";

static ScoreCard *card;

static bool fails(const ImportRow *row, const char *column)
{
    for (size_t i = 0; i < row->problems.count; i++)
        if (row->problems.items[i].severity == SEVERITY_ERROR &&
            strcmp(row->problems.items[i].column, column) == 0)
            return true;
    return false;
}

static Str meaning_of(Arena *arena, Str file, const ImportOptions *options)
{
    Job job = {.kind = KIND_ANNUAL, .options = *options};
    Buf out = buf_new(arena, 1 << 20);
    BatchReader *reader;
    ImportBatch batch = {.arena = arena};
    assert_no_error(
        batch_reader_open(arena, range_source_from_str(arena, file), &job, card, &reader));
    batch_reader_next(reader, BATCH_ROWS_FIRST, &batch);
    assert_no_error(batch.error);
    assert_true(batch.last && batch.header.count == 0);
    for (size_t i = 0; i < batch.count; i++) {
        const ImportRow *row = &batch.rows[i];
        for (size_t field = 0; field < SAME_COLUMNS; field++)
            if (fails(row, field_name(KIND_ANNUAL, field)))
                buf_printf(&out, "%lld %s\n", (long long)row->number,
                           field_name(KIND_ANNUAL, field));
        if (row->read == ROW_GOOD)
            same_rows_say(&out, row->number, &row->input);
    }
    return buf_str(&out);
}

static void same_as_csv(Arena *arena, const SameRows *rows, const SameWay *way)
{
    ImportOptions options = IMPORT_OPTIONS_DEFAULT;
    options.encoding = way->option;
    options.decimal = way->comma ? DECIMAL_COMMA : DECIMAL_POINT;
    Str meaning = meaning_of(arena, same_rows_csv(arena, rows, way), &options);
    if (!str_equal(meaning, rows->meaning))
        print_error("delimiter %d, %zu bytes of line end, %s, encoding=%s, quoted %d, comma %d, "
                    "packing %zu\n",
                    way->delimiter, strlen(way->end), way->encoding,
                    way->option == NULL ? "" : way->option, way->quoted, way->comma, way->packing);
    assert_str(meaning, rows->meaning.ptr);
}

static void a_table_gives_the_same_rows_in_every_file(void **state)
{
    uint64_t seed = 20260201;
    const ImportOptions plain = IMPORT_OPTIONS_DEFAULT;
    assert_no_error(card_parse(*state, str_from(CARD), &card));
    for (size_t round = 0; round < test_rounds(300); round++) {
        Arena *arena = arena_new(0);
        SameRows rows = same_rows_random(arena, &seed);
        SameWay way = same_way_random(&seed);
        same_as_csv(arena, &rows, &way);
        assert_str(meaning_of(arena, same_rows_workbook(arena, &rows, &seed), &plain),
                   rows.meaning.ptr);
        assert_str(meaning_of(arena, same_rows_own(arena, &rows, round % 2 == 0), &plain),
                   rows.meaning.ptr);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(a_table_gives_the_same_rows_in_every_file)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
