/* Exact limits, and every damage is an error. */
#include "format/zstd.h"

#include "test.h"

static void assert_damaged(Arena *arena, Str frame, const char *cause)
{
    Str bytes;
    Error *error = zstd_unpack(arena, frame, 1000, &bytes);
    assert_error(error, ERROR_INVALID, "The compressed data is damaged.");
    assert_error(error->cause, ERROR_INVALID, cause);
}

static void limit_is_exact(void **state)
{
    Arena *arena = *state;
    Str frame = zstd_pack(arena, STR("twelve bytes"), 1);
    Str bytes;
    assert_error(zstd_unpack(arena, frame, 11, &bytes), ERROR_TOO_LARGE,
                 "The compressed data holds 12 bytes; 11 are allowed.");
    assert_no_error(zstd_unpack(arena, frame, 12, &bytes));
    assert_str(bytes, "twelve bytes");
    frame = zstd_pack(arena, STR(""), 1);
    assert_no_error(zstd_unpack(arena, frame, 0, &bytes));
    assert_str(bytes, "");
}

static void what_is_no_single_frame_is_invalid(void **state)
{
    Arena *arena = *state;
    assert_damaged(arena, STR(""), "zstd: not a zstd frame");
    assert_damaged(arena, STR("plain text"), "zstd: not a zstd frame");
    /* A frame that zstd skips, with no content. */
    assert_damaged(arena, STR("\x50\x2A\x4D\x18\0\0\0\0"), "zstd: not a zstd frame");
    Str frame = zstd_pack(arena, STR("content"), 1);
    char *both = arena_alloc(arena, 2 * frame.len);
    memcpy(both, frame.ptr, frame.len);
    memcpy(both + frame.len, frame.ptr, frame.len);
    Str twice = {both, 2 * frame.len};
    assert_damaged(arena, twice, "zstd: bytes behind the frame");
    /* Header without a content size, window of 1 KiB, one empty last block. */
    assert_damaged(arena, STR("\x28\xB5\x2F\xFD\x00\x00\x01\x00\x00"),
                   "zstd: the frame does not state its content's size");
}

static void frame_that_claims_a_huge_content_is_too_large(void **state)
{
    Arena *arena = *state;
    Str bytes;
    /* A single segment of 2^62 bytes, one empty last block. */
    assert_error(
        zstd_unpack(arena, STR("\x28\xB5\x2F\xFD\xE0\0\0\0\0\0\0\0\x40\x01\0\0"), 1000, &bytes),
        ERROR_TOO_LARGE, "The compressed data holds 4611686018427387904 bytes; 1000 are allowed.");
}

static Str random_text(Arena *arena, uint64_t *seed, size_t size)
{
    char *text = arena_alloc(arena, size + 1);
    for (size_t i = 0; i < size; i++)
        text[i] = (char)('a' + test_below(seed, 4));
    return (Str){text, size};
}

static void frame_cut_anywhere_is_invalid(void **state)
{
    Arena *arena = *state;
    uint64_t seed = 1;
    Str frame = zstd_pack(arena, random_text(arena, &seed, 900), 3);
    for (size_t size = 0; size < frame.len; size++) {
        Str bytes;
        Str part = str_copy(arena, str_slice(frame, 0, size));
        assert_error(zstd_unpack(arena, part, 1000, &bytes), ERROR_INVALID,
                     "The compressed data is damaged.");
    }
}

/* Some bits of a frame mean nothing; a change of any other is an error, never other bytes. */
static void flipped_bit_never_gives_other_bytes(void **state)
{
    Arena *arena = *state;
    uint64_t seed = 2;
    Str text = random_text(arena, &seed, 900);
    Str frame = zstd_pack(arena, text, 3);
    char *changed = str_dup(arena, frame);
    for (size_t bit = 0; bit < 8 * frame.len; bit++) {
        changed[bit / 8] = (char)(changed[bit / 8] ^ 1 << bit % 8);
        Str bytes;
        Error *error = zstd_unpack(arena, (Str){changed, frame.len}, 1000, &bytes);
        assert_true(error != NULL || str_equal(bytes, text));
        changed[bit / 8] = (char)(changed[bit / 8] ^ 1 << bit % 8);
    }
}

static void anything_unpacks_to_itself(void **state)
{
    Arena *arena = *state;
    static const size_t sizes[] = {0, 1, 100, 65536, 1 << 20, (1 << 20) + 1};
    static const int levels[] = {1, 3, 9};
    uint64_t seed = 3;
    for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
        for (size_t l = 0; l < ARRAY_COUNT(levels); l++) {
            Str text = random_text(arena, &seed, sizes[i]);
            Str frame = zstd_pack(arena, text, levels[l]);
            Str bytes;
            assert_no_error(zstd_unpack(arena, frame, sizes[i], &bytes));
            assert_true(str_equal(bytes, text));
            assert_true(sizes[i] < 1000 || frame.len < text.len / 2);
        }
    }
}

/* Parts of every size, none among them; many that are too small to be worth it. */
static void parts_unpack_to_one_content(void **state)
{
    Arena *arena = *state;
    static const size_t sizes[] = {0, 1, 300, 70000, 0, 5, (1 << 17) + 1, 1 << 17};
    uint64_t seed = 4;
    for (size_t count = 1; count <= 5000; count += count < 9 ? 1 : 4991) {
        Str *parts = ARENA_ARRAY(arena, Str, count);
        Buf whole = buf_new(arena, 1 << 20);
        for (size_t i = 0; i < count; i++) {
            parts[i] = random_text(arena, &seed, count > 9 ? 1 : sizes[i % ARRAY_COUNT(sizes)]);
            buf_add(&whole, parts[i]);
        }
        Str bytes;
        Str frame = zstd_pack_parts(arena, parts, count, 1);
        assert_no_error(zstd_unpack(arena, frame, whole.len, &bytes));
        assert_true(str_equal(bytes, buf_str(&whole)));
    }
}

/* Random bytes in one part, and ones and twos in the other: each would spoil the other's statistics. */
static void parts_that_differ_are_smaller_apart(void **state)
{
    Arena *arena = *state;
    uint64_t seed = 5;
    char *bytes = arena_alloc(arena, 40000);
    for (size_t i = 0; i < 20000; i++)
        bytes[i] = (char)test_random(&seed);
    for (size_t i = 20000; i < 40000; i++)
        bytes[i] = (char)(1 + test_below(&seed, 2));
    Str parts[] = {{bytes, 20000}, {bytes + 20000, 20000}};
    Str apart = zstd_pack_parts(arena, parts, 2, 1);
    assert_true(apart.len < 20000 + 20000 / 5);
    assert_true(apart.len < zstd_pack(arena, (Str){bytes, 40000}, 1).len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(limit_is_exact),
        TEST(what_is_no_single_frame_is_invalid),
        TEST(frame_that_claims_a_huge_content_is_too_large),
        TEST(frame_cut_anywhere_is_invalid),
        TEST(flipped_bit_never_gives_other_bytes),
        TEST(anything_unpacks_to_itself),
        TEST(parts_unpack_to_one_content),
        TEST(parts_that_differ_are_smaller_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
