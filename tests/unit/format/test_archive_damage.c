/* Every damage is an error and never other rows. */
#include "archive_refused.h"

static void an_archive_cut_anywhere_is_damaged(void **state)
{
    Arena *arena = *state;
    Prediction *rows;
    Str packed = small_archive(arena, KIND_QUARTERLY, &rows);
    for (size_t size = 0; size < packed.len; size++) {
        Str part = str_copy(arena, str_slice(packed, 0, size));
        assert_refused(arena, part, ARCHIVE_DAMAGED, NULL);
    }
    Str longer = {arena_copy(arena, packed.ptr, packed.len), packed.len + 1}; /* a NUL */
    assert_refused(arena, longer, ARCHIVE_DAMAGED, NULL);
}

/* Some bits of a frame mean nothing to zstd. */
static void a_flipped_byte_never_gives_other_rows(void **state)
{
    Arena *arena = *state;
    Prediction *rows;
    Str packed = small_archive(arena, KIND_ANNUAL, &rows);
    char *changed = str_dup(arena, packed);
    size_t refused = 0;
    for (size_t i = 0; i < 9 * packed.len; i++) {
        ArenaMark mark = arena_mark(arena);
        char flip = (char)(i % 9 == 8 ? 0xFF : 1 << i % 9);
        changed[i / 9] = (char)(changed[i / 9] ^ flip);
        Prediction *got;
        size_t count;
        Error *error = unpack(arena, (Str){changed, packed.len}, &got, &count);
        if (error == NULL) {
            assert_int_equal(count, COUNT);
            for (size_t row = 0; row < COUNT; row++)
                assert_true(same_row(&got[row], &rows[row]));
        } else {
            assert_error(error, ERROR_INTERNAL, DAMAGED);
            refused++;
        }
        changed[i / 9] = (char)(changed[i / 9] ^ flip);
        arena_rewind(arena, mark);
    }
    assert_true(refused > 8 * packed.len);
}

/* What a checksum cannot see: any byte of the content is another one. The sanitizers watch. */
static void any_content_is_read_within_its_bounds(void **state)
{
    Arena *arena = *state;
    for (Kind kind = 0; kind < KIND_COUNT; kind++) {
        Prediction *rows;
        Str content = content_of(arena, small_archive(arena, kind, &rows));
        char *changed = str_dup(arena, content);
        uint64_t seed = 9;
        for (size_t i = 0; i < 3 * content.len; i++) {
            ArenaMark mark = arena_mark(arena);
            size_t at = i / 3;
            changed[at] = (char)(i % 3 == 0 ? content.ptr[at] + 1 : (char)test_random(&seed));
            Prediction *got;
            size_t count;
            Error *error =
                unpack(arena, zstd_pack(arena, (Str){changed, content.len}, 1), &got, &count);
            assert_true(error == NULL || error_is(error, ARCHIVE_DAMAGED) ||
                        error_is(error, ARCHIVE_TOO_NEW));
            changed[at] = content.ptr[at];
            arena_rewind(arena, mark);
        }
    }
}

static void content_cut_anywhere_is_damaged(void **state)
{
    Arena *arena = *state;
    Prediction *rows;
    Str content = content_of(arena, small_archive(arena, KIND_ANNUAL, &rows));
    for (size_t size = 0; size < content.len; size++)
        assert_refused(arena, zstd_pack(arena, str_slice(content, 0, size), 1), ARCHIVE_DAMAGED,
                       NULL);
}

static void what_is_something_else_is_damaged(void **state)
{
    Arena *arena = *state;
    assert_refused(arena, STR(""), ARCHIVE_DAMAGED, NULL);
    assert_refused(arena, zstd_pack(arena, STR(""), 1), ARCHIVE_DAMAGED,
                   "archive: it ends too early");
    assert_refused(arena, zstd_pack(arena, STR("PK\3\4 and so on, for a while"), 1),
                   ARCHIVE_DAMAGED, "archive: it does not begin with OBLA");
    Prediction *rows;
    Str content = content_of(arena, small_archive(arena, KIND_ANNUAL, &rows));
    Buf out = buf_new(arena, 1 << 20);
    buf_add(&out, content);
    buf_add_char(&out, 'x');
    assert_refused(arena, zstd_pack(arena, buf_str(&out), 1), ARCHIVE_DAMAGED,
                   "archive: there are bytes behind the last column");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_archive_cut_anywhere_is_damaged),    TEST(a_flipped_byte_never_gives_other_rows),
        TEST(any_content_is_read_within_its_bounds), TEST(content_cut_anywhere_is_damaged),
        TEST(what_is_something_else_is_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
