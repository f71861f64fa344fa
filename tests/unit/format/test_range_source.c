/* The plain sources of bytes in any order. */
#include "format/range_source.h"

#include "test.h"

static void assert_reads(const RangeSource *source, int64_t offset, size_t size,
                         const char *expected)
{
    Arena *arena = arena_new(0);
    char bytes[64];
    size_t got;
    assert_no_error(range_source_read(source, arena, offset, bytes, size, &got));
    assert_str(((Str){bytes, got}), expected);
    arena_free(arena);
}

static void assert_whole(const RangeSource *source)
{
    assert_int_equal(source->size, 10);
    assert_reads(source, 0, 10, "0123456789");
    assert_reads(source, 3, 4, "3456");
    assert_reads(source, 8, 10, "89");
    assert_reads(source, 10, 5, "");
    assert_reads(source, 1000, 5, "");
}

static void text(void **state)
{
    RangeSource source = range_source_from_str(*state, STR("0123456789"));
    assert_whole(&source);
}

static void descriptor(void **state)
{
    int fd = memfd_create("ranges", MFD_CLOEXEC);
    RangeSource source;
    CHECK(write(fd, "0123456789", 10) == 10);
    assert_no_error(range_source_from_fd(*state, fd, &source));
    assert_whole(&source);
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 10);
    close(fd);
    char byte;
    size_t size;
    assert_error(range_source_read(&source, *state, 0, &byte, 1, &size), ERROR_UNAVAILABLE,
                 "The file cannot be read.");
    assert_error(range_source_from_fd(*state, fd, &source), ERROR_UNAVAILABLE,
                 "The file cannot be read.");
}

static void a_pipe_has_no_end_to_begin_from(void **state)
{
    int ends[2];
    RangeSource source;
    CHECK(pipe(ends) == 0);
    assert_error(range_source_from_fd(*state, ends[0], &source), ERROR_UNSUPPORTED,
                 "This is no file that can be read from its end; save it first.");
    close(ends[0]);
    close(ends[1]);
}

static void in_order(void **state)
{
    Arena *arena = *state;
    ByteSource bytes =
        range_source_in_order(arena, range_source_from_str(arena, STR("0123456789")));
    char piece[4];
    size_t size;
    static const char *const expected[] = {"0123", "4567", "89", "", ""};
    for (size_t i = 0; i < ARRAY_COUNT(expected); i++) {
        assert_no_error(bytes.read(bytes.self, arena, piece, sizeof piece, &size));
        assert_str(((Str){piece, size}), expected[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(text),
        TEST(descriptor),
        TEST(a_pipe_has_no_end_to_begin_from),
        TEST(in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
