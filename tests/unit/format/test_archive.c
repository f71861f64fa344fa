/* What was packed comes back, whatever it was; and what version 1 wrote comes back for ever. */
#include "archive_rows.h"
#include "golden_archive.h"

static void anything_comes_back(void **state)
{
    Arena *arena = *state;
    uint64_t seed = 1;
    for (size_t round = 0; round < test_rounds(1000); round++) {
        ArenaMark mark = arena_mark(arena);
        RowMaker maker = {.seed = test_random(&seed),
                          .varies = test_random(&seed) & test_random(&seed),
                          .missing = test_below(&seed, 5),
                          .kind = (Kind)test_below(&seed, KIND_COUNT)};
        size_t count = test_below(&seed, round % 50 == 0 ? 3000 : 60);
        Prediction *rows = make_rows(arena, maker, count);
        assert_unpacks(arena, archive_pack(arena, maker.kind, rows, count), maker.kind, rows,
                       count);
        arena_rewind(arena, mark);
    }
}

static void none_and_one_come_back(void **state)
{
    Arena *arena = *state;
    for (Kind kind = 0; kind < KIND_COUNT; kind++) {
        Prediction *rows = make_rows(arena, (RowMaker){.seed = 2, .varies = 1, .kind = kind}, 1);
        assert_unpacks(arena, archive_pack(arena, kind, NULL, 0), kind, NULL, 0);
        assert_unpacks(arena, archive_pack(arena, kind, rows, 1), kind, rows, 1);
    }
}

static void many_come_back(void **state)
{
    Arena *arena = *state;
    RowMaker maker = {.seed = 3, .varies = 3, .missing = 1, .kind = KIND_ANNUAL};
    size_t count = test_rounds(100000);
    Prediction *rows = make_rows(arena, maker, count);
    assert_unpacks(arena, archive_pack(arena, KIND_ANNUAL, rows, count), KIND_ANNUAL, rows, count);
}

/* Nothing of what is looked up, nor what stands in fields that mean nothing. */
static void what_means_nothing_comes_back_as_zero(void **state)
{
    Arena *arena = *state;
    Prediction *row = make_rows(arena, (RowMaker){.seed = 4, .kind = KIND_QUARTERLY}, 1);
    Prediction expected = *row;
    row->company_symbol = STR("ABC");
    row->model_name = "model";
    row->job_deleted = true;
    row->has_job = expected.has_job = false;
    row->job_row = 17;
    expected.job_id = UUID_NIL;
    expected.job_row = 0;
    row->ratios[2] = (Ratio){5, false};
    row->score.values[1] = 6;
    row->score.present[1] = expected.score.present[1] = false;
    expected.ratios[2] = (Ratio){0, false};
    expected.score.values[1] = 0;
    Str packed = archive_pack(arena, KIND_QUARTERLY, row, 1);
    assert_unpacks(arena, packed, KIND_QUARTERLY, &expected, 1);
    Kind kind;
    Prediction *got;
    size_t count;
    assert_no_error(archive_unpack(arena, OWNER, packed, &kind, &got, &count));
    assert_str(got->company_symbol, "");
    assert_null(got->model_name);
    assert_false(got->job_deleted);
}

static void each_row_is_found_by_its_id(void **state)
{
    Arena *arena = *state;
    RowMaker maker = {.seed = 5, .varies = UINT64_MAX, .missing = 1};
    for (maker.kind = 0; maker.kind < KIND_COUNT; maker.kind++) {
        Prediction *rows = make_rows(arena, maker, 100);
        Str packed = archive_pack(arena, maker.kind, rows, 100);
        for (size_t i = 0; i < 100; i++) {
            Prediction row;
            bool found = false;
            assert_no_error(archive_find(arena, OWNER, packed, rows[i].id, &row, &found));
            assert_true(found && same_row(&row, &rows[i]) && uuid_equal(row.owner_id, OWNER));
        }
    }
}

static void a_row_that_is_not_there_is_not_found(void **state)
{
    Arena *arena = *state;
    Prediction *rows = make_rows(arena, (RowMaker){.seed = 6, .varies = 1}, 10);
    for (size_t count = 0; count <= 9; count += 9) {
        Str packed = archive_pack(arena, KIND_ANNUAL, rows, count);
        Prediction row = {.year = 1};
        bool found = true;
        assert_no_error(archive_find(arena, OWNER, packed, rows[9].id, &row, &found));
        assert_false(found);
        assert_int_equal(row.year, 1);
    }
}

/* Rows as an import makes them: years of companies in order, ids and times that ascend, decimals. */
static Prediction *imported_rows(Arena *arena, size_t count)
{
    uint64_t seed = 7;
    Prediction *rows = ARENA_ARRAY(arena, Prediction, count);
    Uuid job = random_uuid(&seed, true), company = job;
    for (size_t i = 0; i < count; i++) {
        if (i % 20 == 0)
            company = random_uuid(&seed, true);
        rows[i] = (Prediction){.id = uuid_new(),
                               .company_id = company,
                               .year = 2000 + (int)(i % 20),
                               .quarter = 4,
                               .sector = STR("Technology"),
                               .has_job = true,
                               .job_id = job,
                               .root_job_id = job,
                               .job_row = (int64_t)i + 2,
                               .is_current = true,
                               .created_at = 1700000000000000};
        for (size_t r = 0; r < 5; r++)
            rows[i].ratios[r] = (Ratio){(double)test_below(&seed, 90000) / 1000, true};
        double probability = (double)(1 + test_below(&seed, 50)) / 99.7;
        rows[i].score = (Score){{probability}, {true}, probability, .confidence = 0.5};
        if (probability > 0.75 || probability < 0.25)
            rows[i].score.confidence =
                2 * (probability < 0.5 ? 0.5 - probability : probability - 0.5);
    }
    return rows;
}

/* Eight bytes of an id are random and each ratio here takes two and a half: less than 24 with all else. */
static void imported_rows_are_small(void **state)
{
    Arena *arena = *state;
    Prediction *rows = imported_rows(arena, 5000);
    Str packed = archive_pack(arena, KIND_ANNUAL, rows, 5000);
    assert_unpacks(arena, packed, KIND_ANNUAL, rows, 5000);
    assert_true(packed.len < (size_t)24 * 5000);
}

static void an_archive_of_version_1_is_read_for_ever(void **state)
{
    Arena *arena = *state;
    for (Kind kind = 0; kind < KIND_COUNT; kind++) {
        Str hex = str_from(GOLDEN[kind]);
        uint8_t *bytes = arena_alloc(arena, hex.len / 2);
        assert_true(hex_parse(hex, bytes, hex.len / 2));
        Prediction rows[GOLDEN_ROWS];
        golden_rows(kind, rows);
        assert_unpacks(arena, ((Str){(char *)bytes, hex.len / 2}), kind, rows, GOLDEN_ROWS);
    }
}

static void too_many(void)
{
    archive_pack(arena_new(0), KIND_ANNUAL, NULL, ARCHIVE_MAX_ROWS + 1);
}

static void other_kind(void)
{
    archive_pack(arena_new(0), KIND_ANNUAL, &(Prediction){.kind = KIND_QUARTERLY}, 1);
}

static void year_beyond_smallint(void)
{
    archive_pack(arena_new(0), KIND_ANNUAL, &(Prediction){.year = 32768}, 1);
}

static void what_no_table_holds_is_not_packed(void **state)
{
    Arena *arena = *state;
    assert_dies(arena, too_many, "count <= ARCHIVE_MAX_ROWS");
    assert_dies(arena, other_kind, "rows[i].kind == kind");
    assert_dies(arena, year_beyond_smallint, "value <= INT16_MAX");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(anything_comes_back),
        TEST(none_and_one_come_back),
        TEST(many_come_back),
        TEST(what_means_nothing_comes_back_as_zero),
        TEST(each_row_is_found_by_its_id),
        TEST(a_row_that_is_not_there_is_not_found),
        TEST(imported_rows_are_small),
        TEST(an_archive_of_version_1_is_read_for_ever),
        TEST(what_no_table_holds_is_not_packed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
