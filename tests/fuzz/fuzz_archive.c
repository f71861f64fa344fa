/* The input is taken for an archive and for the content of one: a checksum would keep everything else out.
 * Rows that come out are packed again and come out the same, and each is found by its id. */
#include "format/archive.h"

#include "base/check.h"
#include "format/zstd.h"
#include "replay.h"

/* In front of every content: magic, version, kind, then the number of rows. Contents of a hundred bytes may
 * well hold a million rows, but making them all day finds nothing. */
enum { ROWS_AT = 6, HEAD = 10, MOST_ROWS = 5000 };

static const Uuid OWNER = {{1}};

static bool same_ratio(Ratio a, Ratio b)
{
    return a.present == b.present && memcmp(&a.value, &b.value, sizeof a.value) == 0;
}

static bool same_score(const Score *a, const Score *b)
{
    return memcmp(a->values, b->values, sizeof a->values) == 0 &&
           memcmp(a->present, b->present, sizeof a->present) == 0 &&
           memcmp(&a->probability, &b->probability, sizeof a->probability) == 0 &&
           memcmp(&a->confidence, &b->confidence, sizeof a->confidence) == 0 &&
           a->risk_level == b->risk_level;
}

static bool same_row(const Prediction *a, const Prediction *b)
{
    bool same = same_ratio(a->market_cap, b->market_cap) && same_score(&a->score, &b->score);
    for (size_t i = 0; i < RATIO_MAX; i++)
        same = same && same_ratio(a->ratios[i], b->ratios[i]);
    return same && a->kind == b->kind && uuid_equal(a->id, b->id) &&
           uuid_equal(a->owner_id, b->owner_id) && uuid_equal(a->company_id, b->company_id) &&
           a->year == b->year && a->quarter == b->quarter && str_equal(a->sector, b->sector) &&
           (a->sector.ptr == NULL) == (b->sector.ptr == NULL) &&
           uuid_equal(a->model_id, b->model_id) && a->has_job == b->has_job &&
           uuid_equal(a->job_id, b->job_id) && a->job_row == b->job_row &&
           a->job_link == b->job_link && a->source == b->source &&
           uuid_equal(a->derived_from, b->derived_from) &&
           uuid_equal(a->root_job_id, b->root_job_id) && a->is_current == b->is_current &&
           uuid_equal(a->created_by, b->created_by) && a->created_at == b->created_at;
}

static void check_found(Arena *arena, Str packed, const Prediction *rows, size_t count)
{
    for (size_t i = 0; i < count; i += 1 + count / 8) {
        size_t first = 0;
        Prediction row;
        bool found = false;
        while (!uuid_equal(rows[first].id, rows[i].id))
            first++;
        CHECK(archive_find(arena, OWNER, packed, rows[i].id, &row, &found) == NULL);
        CHECK(found && same_row(&row, &rows[first]));
    }
}

static void check(Arena *arena, Str packed)
{
    Kind kind, again_kind;
    Prediction *rows, *again;
    size_t count, again_count;
    Error *error = archive_unpack(arena, OWNER, packed, &kind, &rows, &count);
    if (error != NULL) {
        CHECK(error->code == ERROR_INTERNAL);
        CHECK(error_is(error, ARCHIVE_DAMAGED) || error_is(error, ARCHIVE_TOO_NEW));
        return;
    }
    check_found(arena, packed, rows, count);
    packed = archive_pack(arena, kind, rows, count);
    CHECK(archive_unpack(arena, OWNER, packed, &again_kind, &again, &again_count) == NULL);
    CHECK(again_kind == kind && again_count == count);
    for (size_t i = 0; i < count; i++)
        CHECK(same_row(&rows[i], &again[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint32_t rows = 0;
    if (size >= HEAD)
        memcpy(&rows, data + ROWS_AT, sizeof rows);
    if (rows > MOST_ROWS && rows <= ARCHIVE_MAX_ROWS)
        return 0;
    Arena *arena = arena_new(0);
    Str input = {(const char *)data, size};
    check(arena, input);
    check(arena, zstd_pack(arena, input, 1));
    arena_free(arena);
    return 0;
}
