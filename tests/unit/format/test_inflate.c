/* Each file is unpacked in pieces of several sizes on both sides, and always says the same. */
#include "format/inflate.h"

#include "packing.h"

static const size_t SIZES[] = {1, 2, 3, 7, 16, 1000000};

static Error *unpack(Arena *arena, Str file, size_t size, int64_t max, Buf *out)
{
    Inflate *inflate = NULL;
    TRY(inflate_open(arena, pieces_of(arena, file, size), max, &inflate));
    TRY(drain(arena, inflate_source(inflate), size, out));
    assert_int_equal(inflate_stored(inflate), file.len);
    return NULL;
}

static void gives(Arena *arena, Str file, Str expected)
{
    for (size_t i = 0; i < ARRAY_COUNT(SIZES); i++) {
        Buf out = buf_new(arena, expected.len + 100);
        assert_no_error(unpack(arena, file, SIZES[i], INT64_MAX, &out));
        assert_true(str_equal(buf_str(&out), expected));
    }
}

static void refused(Arena *arena, Str file, ErrorCode code, const char *reason, const char *message)
{
    for (size_t i = 0; i < ARRAY_COUNT(SIZES); i++) {
        Buf out = buf_new(arena, 64 << 20);
        Error *error = unpack(arena, file, SIZES[i], 1000, &out);
        assert_error(error, code, message);
        assert_string_equal(error->reason, reason);
    }
}

static const Str TEXT = {"symbol,year\nA,2024\nB,2023\n", 26};

static void what_is_not_packed_passes(void **state)
{
    gives(*state, STR(""), STR(""));
    gives(*state, STR("\x1F"), STR("\x1F"));
    gives(*state, STR("\x28\xB5\x2F"), STR("\x28\xB5\x2F"));
    gives(*state, TEXT, TEXT);
    Inflate *inflate;
    assert_no_error(inflate_open(*state, pieces_of(*state, TEXT, 5), 1, &inflate));
    assert_null(inflate_format(inflate));
}

static void gzip_and_zstd_are_unpacked(void **state)
{
    Arena *arena = *state;
    gives(arena, pack_gzip(arena, TEXT), TEXT);
    gives(arena, pack_zstd(arena, TEXT), TEXT);
    gives(arena, pack_gzip(arena, STR("")), STR(""));
    gives(arena, pack_zstd(arena, STR("")), STR(""));
}

static void members_come_one_behind_the_other(void **state)
{
    Arena *arena = *state;
    Str first = str_slice(TEXT, 0, 9), second = str_slice(TEXT, 9, TEXT.len);
    Str gzip = join(arena, pack_gzip(arena, first), pack_gzip(arena, second));
    gives(arena, gzip, TEXT);
    gives(arena, join(arena, pack_gzip(arena, STR("")), gzip), TEXT);
    gives(arena, join(arena, gzip, STR("\0\0\0\0\0")), TEXT); /* a tape's block is filled up */
    Str zstd = join(arena, pack_zstd(arena, first), pack_zstd(arena, second));
    gives(arena, zstd, TEXT);
    Str skippable = STR("\x53\x2A\x4D\x18\x03\0\0\0abc");
    gives(arena, join(arena, skippable, zstd), TEXT);
}

static void what_is_cut_off_is_named_so(void **state)
{
    Arena *arena = *state;
    Str gzip = pack_gzip(arena, TEXT), zstd = pack_zstd(arena, TEXT);
    for (size_t i = 4; i < gzip.len; i++)
        refused(arena, str_slice(gzip, 0, i), ERROR_MALFORMED, "truncated",
                "The gzip file is cut off: it ends in the middle. Send the whole of it again.");
    for (size_t i = 4; i < zstd.len; i++)
        refused(arena, str_slice(zstd, 0, i), ERROR_MALFORMED, "truncated",
                "The zstd file is cut off: it ends in the middle. Send the whole of it again.");
    refused(arena, join(arena, gzip, str_slice(gzip, 0, 12)), ERROR_MALFORMED, "truncated",
            "The gzip file is cut off: it ends in the middle. Send the whole of it again.");
}

static void damage_and_rests_are_refused(void **state)
{
    Arena *arena = *state;
    Str gzip = pack_gzip(arena, TEXT), zstd = pack_zstd(arena, TEXT);
    char *bad = str_dup(arena, gzip);
    bad[gzip.len - 6] ^= 1; /* of the digest */
    refused(arena, (Str){bad, gzip.len}, ERROR_MALFORMED, "damaged",
            "The gzip file is damaged and cannot be unpacked further. Pack it again, and send it "
            "again.");
    bad = str_dup(arena, zstd);
    bad[zstd.len - 1] ^= 1;
    refused(arena, (Str){bad, zstd.len}, ERROR_MALFORMED, "damaged",
            "The zstd file is damaged and cannot be unpacked further. Pack it again, and send it "
            "again.");
    refused(
        arena, join(arena, gzip, TEXT), ERROR_MALFORMED, "more_behind",
        "Behind the end of the gzip file there is something that is no gzip. Pack the table again, "
        "alone.");
    refused(
        arena, join(arena, join(arena, gzip, STR("\0")), gzip), ERROR_MALFORMED, "more_behind",
        "Behind the end of the gzip file there is something that is no gzip. Pack the table again, "
        "alone.");
    refused(
        arena, join(arena, zstd, TEXT), ERROR_MALFORMED, "more_behind",
        "Behind the end of the zstd file there is something that is no zstd. Pack the table again, "
        "alone.");
}

static void a_window_beyond_bounds_is_refused(void **state)
{
    /* A frame's header with a window of 128 MiB, and nothing behind it. */
    refused(*state, STR("\x28\xB5\x2F\xFD\0\x88\x01\0\0"), ERROR_UNSUPPORTED, "window_too_large",
            "The zstd file was packed with a window of more than 8 MiB. Pack it again without "
            "--long and "
            "--ultra.");
}

static void more_bytes_than_allowed_are_refused(void **state)
{
    Arena *arena = *state;
    char *zeros = arena_alloc(arena, 1001);
    gives(arena, pack_gzip(arena, (Str){zeros, 1000}), (Str){zeros, 1000});
    refused(arena, pack_gzip(arena, (Str){zeros, 1001}), ERROR_TOO_LARGE, "unpacks_too_large",
            "The gzip file unpacks to more than the 1000 bytes that are allowed. Split the table.");
    refused(arena, pack_zstd(arena, (Str){zeros, 1001}), ERROR_TOO_LARGE, "unpacks_too_large",
            "The zstd file unpacks to more than the 1000 bytes that are allowed. Split the table.");
}

static Error *unpack_all(Arena *arena, Str file, int64_t *ret_given)
{
    char *bytes = arena_alloc_raw(arena, 1 << 17);
    Inflate *inflate = NULL;
    TRY(inflate_open(arena, byte_source_from_str(arena, file), INT64_MAX, &inflate));
    ByteSource source = inflate_source(inflate);
    for (size_t size = 1; size > 0; *ret_given += (int64_t)size)
        TRY(source.read(source.self, arena, bytes, 1 << 17, &size));
    return NULL;
}

/* As little as 16 MiB come out of a bomb of any size. */
static void a_bomb_is_refused_by_its_ratio(void **state)
{
    Arena *arena = *state;
    Str zeros = {arena_alloc(arena, 20 << 20), 20 << 20};
    int64_t given = 0;
    Error *error = unpack_all(arena, pack_gzip(arena, zeros), &given);
    assert_error(
        error, ERROR_TOO_LARGE,
        "The gzip file unpacks to more than 200 times its size, as no table does. If it is one, "
        "send it unpacked.");
    assert_in_range(given, INFLATE_RATIO_FREE - (1 << 18), INFLATE_RATIO_FREE + (1 << 18));
    given = 0;
    assert_error(
        unpack_all(arena, pack_zstd(arena, zeros), &given), ERROR_TOO_LARGE,
        "The zstd file unpacks to more than 200 times its size, as no table does. If it is one, "
        "send it unpacked.");
    given = 0;
    assert_no_error(unpack_all(arena, pack_gzip(arena, str_slice(zeros, 0, 16 << 20)), &given));
    assert_int_equal(given, 16 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_not_packed_passes),           TEST(gzip_and_zstd_are_unpacked),
        TEST(members_come_one_behind_the_other),   TEST(what_is_cut_off_is_named_so),
        TEST(damage_and_rests_are_refused),        TEST(a_window_beyond_bounds_is_refused),
        TEST(more_bytes_than_allowed_are_refused), TEST(a_bomb_is_refused_by_its_ratio),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
