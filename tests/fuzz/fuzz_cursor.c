/* A cursor that is taken is one that could have been made: written again it reads as the same. */
#include "base/check.h"
#include "http/cursor.h"
#include "replay.h"

static void check_same(const Cursor *a, const Cursor *b)
{
    CHECK(a->sort == b->sort && a->filters == b->filters);
    CHECK(a->key.created_at == b->key.created_at && a->key.job_row == b->key.job_row);
    CHECK(memcmp(&a->key.probability, &b->key.probability, sizeof a->key.probability) == 0);
    CHECK(uuid_equal(a->key.id, b->key.id));
    CHECK(str_equal(a->text, b->text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena *arena = arena_new(0);
    Cursor cursor, again;
    if (cursor_parse(arena, (Str){(const char *)data, size}, &cursor)) {
        CHECK(cursor.key.set && cursor.text.len <= CURSOR_TEXT_MAX);
        CHECK(cursor.key.probability - cursor.key.probability == 0);
        CHECK(cursor_parse(arena, str_from(cursor_format(arena, &cursor)), &again));
        check_same(&cursor, &again);
    }
    arena_free(arena);
    return 0;
}
