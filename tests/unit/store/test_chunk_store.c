/* Archives as chunks: what was added comes back by its position and by its id, to the last bit, from this deletion
 * of this owner alone, and goes from the end. */
#include "store/chunk_store.h"

#include "base/clock.h"
#include "fixture.h"
#include "format/archive.h"
#include "store/deletion_store.h"

static Deletion make(Fixture *f, Uuid owner_id, Kind kind)
{
    Deletion deletion = {.id = uuid_new(),
                         .owner_id = owner_id,
                         .has_kind = true,
                         .kind = kind,
                         .subject = SUBJECT_FILTER,
                         .user_id = f->user,
                         .state = DELETION_RUNNING,
                         .created_at = clock_now()};
    fixture_begin(f);
    assert_no_error(deletion_insert(f->arena, f->db, &deletion));
    fixture_commit(f);
    return deletion;
}

/* Rows whose ids are those of the numbers. */
static Prediction *rows_of(Fixture *f, const Company *company, Kind kind, uint32_t first,
                           size_t count)
{
    Prediction *rows = ARENA_ARRAY(f->arena, Prediction, count);
    for (size_t i = 0; i < count; i++) {
        rows[i] = fixture_prediction(f, company, kind, 2000 + (int)(i % 50), 1 + (int)i % 4);
        rows[i].id = fixture_id(first + (uint32_t)i);
        rows[i].ratios[1].value = 1.0 / (3 + (double)first + (double)i);
    }
    return rows;
}

static void add(Fixture *f, const Deletion *deletion, ChunkPart part, const Prediction *rows,
                size_t count)
{
    fixture_begin(f);
    assert_no_error(chunk_add(f->arena, f->db, deletion, part, rows, count));
    fixture_commit(f);
}

static Chunk *at(Fixture *f, const Deletion *deletion, ChunkPart part, int64_t position)
{
    Chunk *chunk = (Chunk *)1;
    assert_no_error(chunk_at(f->arena, f->db, deletion, part, position, &chunk));
    return chunk;
}

/* The row at a position is this one. */
static void assert_at(Fixture *f, const Deletion *deletion, ChunkPart part, int64_t position,
                      const Prediction *expected)
{
    const Chunk *chunk = at(f, deletion, part, position);
    Prediction *rows = NULL;
    size_t count = 0;
    Kind kind;
    assert_non_null(chunk);
    assert_int_equal(chunk->part, part);
    assert_int_equal(chunk->kind, expected->kind);
    assert_true(position >= chunk->rows_before && position < chunk->rows_before + chunk->row_count);
    assert_no_error(
        archive_unpack(f->arena, deletion->owner_id, chunk->packed, &kind, &rows, &count));
    assert_int_equal(count, chunk->row_count);
    assert_int_equal(kind, chunk->kind);
    assert_prediction(&rows[position - chunk->rows_before], expected);
}

static void rows_come_back_by_their_position(void **state)
{
    Fixture *f = *state;
    for (Kind kind = 0; kind < KIND_COUNT; kind++) {
        Company company = fixture_company(f, f->user, kind == KIND_ANNUAL ? "A" : "B");
        Deletion deletion = make(f, f->user, kind), beside = make(f, f->user, kind),
                 others = make(f, f->other, kind);
        const size_t sizes[] = {3, 1, 5};
        Prediction *rows = rows_of(f, &company, kind, 1, 9);
        Prediction *edits = rows_of(f, &company, kind, 100, 2);
        add(f, &deletion, PART_ROWS, rows, 0); /* makes none */
        assert_null(at(f, &deletion, PART_ROWS, 0));
        for (size_t i = 0, done = 0; i < ARRAY_COUNT(sizes); done += sizes[i++]) {
            add(f, &deletion, PART_ROWS, rows + done, sizes[i]);
            add(f, &beside, PART_ROWS, edits, 2);
            add(f, &others, PART_EDITS, edits, 1);
            if (i == 1)
                add(f, &deletion, PART_EDITS, edits, 2); /* between them */
        }
        for (int64_t i = 0; i < 9; i++)
            assert_at(f, &deletion, PART_ROWS, i, &rows[i]);
        for (int64_t i = 0; i < 2; i++)
            assert_at(f, &deletion, PART_EDITS, i, &edits[i]);
        for (int64_t i = 0; i < 6; i++)
            assert_at(f, &beside, PART_ROWS, i, &edits[i % 2]);
        assert_null(at(f, &deletion, PART_ROWS, 9));
        assert_null(at(f, &deletion, PART_ROWS, -1));
        assert_null(at(f, &deletion, PART_EDITS, 2));
        assert_null(at(f, &others, PART_ROWS, 0));
        Deletion foreign = deletion;
        foreign.owner_id = f->other;
        assert_null(at(f, &foreign, PART_ROWS, 0));
    }
}

static void assert_found(Fixture *f, Uuid owner_id, Kind kind, uint32_t id,
                         const Deletion *deletion)
{
    Uuid found = fixture_id(1);
    Prediction row = {0};
    assert_no_error(
        chunk_find_prediction(f->arena, f->db, owner_id, kind, fixture_id(id), &found, &row));
    assert_uuid(found, deletion == NULL ? UUID_NIL : deletion->id);
    if (deletion != NULL) {
        assert_uuid(row.id, fixture_id(id));
        assert_uuid(row.owner_id, owner_id);
    }
}

static void a_prediction_is_found_by_its_id(void **state)
{
    Fixture *f = *state;
    Company company = fixture_company(f, f->user, "A");
    Deletion first = make(f, f->user, KIND_ANNUAL), second = make(f, f->user, KIND_ANNUAL);
    Prediction *rows = rows_of(f, &company, KIND_ANNUAL, 10, 11); /* 10 to 20 */
    Prediction some[] = {rows[10], rows[0], rows[4]};             /* 20, 10, 14: in no order */
    add(f, &first, PART_ROWS, some, 3);
    add(f, &second, PART_EDITS, &rows[5], 1); /* 15: within that range */
    add(f, &second, PART_ROWS, &rows[9], 1);  /* 19 */
    const struct {
        uint32_t id;
        const Deletion *deletion;
    } expected[] = {{9, NULL},  {10, &first},  {11, NULL},   {14, &first}, {15, &second},
                    {16, NULL}, {19, &second}, {20, &first}, {21, NULL}};
    for (size_t i = 0; i < ARRAY_COUNT(expected); i++) {
        assert_found(f, f->user, KIND_ANNUAL, expected[i].id, expected[i].deletion);
        assert_found(f, f->user, KIND_QUARTERLY, expected[i].id, NULL);
        assert_found(f, f->other, KIND_ANNUAL, expected[i].id, NULL);
    }
}

/* What is back is not deleted; deleted again, the later deletion is meant. */
static void what_is_restored_is_not_found(void **state)
{
    Fixture *f = *state;
    Company company = fixture_company(f, f->user, "A");
    Deletion first = make(f, f->user, KIND_ANNUAL);
    Prediction *rows = rows_of(f, &company, KIND_ANNUAL, 1, 2);
    add(f, &first, PART_ROWS, rows, 2);
    const DeletionState states[] = {DELETION_PENDING, DELETION_DONE};
    for (size_t i = 0; i < ARRAY_COUNT(states); i++) {
        assert_found(f, f->user, KIND_ANNUAL, 2, &first);
        fixture_begin(f);
        assert_no_error(deletion_begin_restore(f->arena, f->db, &first, f->user, 1, states[i]));
        fixture_commit(f);
    }
    assert_found(f, f->user, KIND_ANNUAL, 2, NULL);
    Deletion second = make(f, f->user, KIND_ANNUAL);
    add(f, &second, PART_ROWS, &rows[1], 1);
    assert_found(f, f->user, KIND_ANNUAL, 2, &second);
    assert_found(f, f->user, KIND_ANNUAL, 1, NULL);
}

static void chunks_go_from_the_end(void **state)
{
    Fixture *f = *state;
    Company company = fixture_company(f, f->user, "A");
    Deletion deletion = make(f, f->user, KIND_ANNUAL), beside = make(f, f->user, KIND_ANNUAL);
    Prediction *rows = rows_of(f, &company, KIND_ANNUAL, 1, 15);
    for (size_t i = 1, done = 0; i <= 5; done += i++) {
        add(f, &deletion, i == 3 ? PART_EDITS : PART_ROWS, rows + done, i);
        add(f, &beside, PART_ROWS, rows, 1);
    }
    const int64_t removed[][2] = {{2, 9}, {2, 5}, {1, 1}, {0, 0}};
    for (size_t i = 0; i < ARRAY_COUNT(removed); i++) {
        int64_t chunks = -1, gone = -1;
        fixture_begin(f);
        assert_no_error(chunk_remove(f->arena, f->db, &deletion, 2, &chunks, &gone));
        fixture_commit(f);
        assert_int_equal(chunks, removed[i][0]);
        assert_int_equal(gone, removed[i][1]);
        assert_int_equal(at(f, &deletion, PART_ROWS, 0) != NULL, i < 2);
    }
    for (int64_t i = 0; i < 5; i++)
        assert_at(f, &beside, PART_ROWS, i, &rows[0]);
    add(f, &deletion, PART_ROWS, rows, 2);
    assert_at(f, &deletion, PART_ROWS, 1, &rows[1]);
}

static int64_t named(Fixture *f, const Deletion *deletion)
{
    return fixture_number(
        f,
        arena_printf(
            f->arena,
            "SELECT count(*) FROM archived_companies WHERE owner_id = %s AND deletion_id = %s",
            engine_script(
                f->arena, f->engine,
                arena_printf(f->arena, "{id %s}", uuid_text(f->arena, deletion->owner_id))),
            engine_script(f->arena, f->engine,
                          arena_printf(f->arena, "{id %s}", uuid_text(f->arena, deletion->id)))));
}

static void companies_are_named_once(void **state)
{
    Fixture *f = *state;
    Deletion deletion = make(f, f->user, KIND_ANNUAL), beside = make(f, f->user, KIND_ANNUAL);
    const Uuid companies[] = {fixture_id(1), fixture_id(2), fixture_id(3)};
    fixture_begin(f);
    assert_no_error(archived_companies_add(f->arena, f->db, &deletion, companies, 0));
    assert_no_error(archived_companies_add(f->arena, f->db, &deletion, companies, 2));
    assert_no_error(archived_companies_add(f->arena, f->db, &deletion, companies, 3));
    assert_no_error(archived_companies_add(f->arena, f->db, &beside, companies, 1));
    fixture_commit(f);
    assert_int_equal(named(f, &deletion), 3);
    fixture_begin(f);
    assert_no_error(archived_companies_remove(f->arena, f->db, &deletion));
    fixture_commit(f);
    assert_int_equal(named(f, &deletion), 0);
    assert_int_equal(named(f, &beside), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(rows_come_back_by_their_position), STORE_TEST(a_prediction_is_found_by_its_id),
        STORE_TEST(what_is_restored_is_not_found),    STORE_TEST(chunks_go_from_the_end),
        STORE_TEST(companies_are_named_once),
    };
    return fixture_run(tests);
}
