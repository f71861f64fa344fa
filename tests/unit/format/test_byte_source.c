/* Both sources give the bytes in order, in pieces of at most what is asked for, and an end that
 * stays. */
#include "format/byte_source.h"

#include "test.h"

#include <fcntl.h>

static Error *read_all(Arena *arena, ByteSource source, size_t piece, Buf *out)
{
    char bytes[64];
    for (;;) {
        size_t size = 99;
        TRY(source.read(source.self, arena, bytes, piece, &size));
        assert_true(size <= piece);
        if (size == 0)
            return NULL;
        buf_add(out, (Str){bytes, size});
    }
}

static void fd_that_cannot_be_read_is_unavailable(void **state)
{
    Arena *arena = *state;
    int fd = open("/", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    Buf out = buf_new(arena, 64);
    Error *error = read_all(arena, byte_source_from_fd(arena, fd), 8, &out);
    assert_error(error, ERROR_UNAVAILABLE, "The file cannot be read.");
    assert_error(error->cause, ERROR_UNAVAILABLE, "read: Is a directory");
    close(fd);
}

static void str_is_read_in_pieces(void **state)
{
    Arena *arena = *state;
    for (size_t piece = 1; piece < 20; piece++) {
        Buf out = buf_new(arena, 64);
        ByteSource source = byte_source_from_str(arena, STR("hello, world"));
        assert_no_error(read_all(arena, source, piece, &out));
        assert_str(buf_str(&out), "hello, world");
        assert_no_error(read_all(arena, source, piece, &out));
        assert_str(buf_str(&out), "hello, world");
    }
}

static void empty_str_ends_at_once(void **state)
{
    Arena *arena = *state;
    Buf out = buf_new(arena, 64);
    assert_no_error(read_all(arena, byte_source_from_str(arena, (Str){NULL, 0}), 8, &out));
    assert_str(buf_str(&out), "");
}

static void fd_is_read_from_its_position(void **state)
{
    Arena *arena = *state;
    int fd = memfd_create("bytes", MFD_CLOEXEC);
    assert_int_equal(write(fd, "hello, world", 12), 12);
    for (size_t piece = 1; piece < 20; piece++) {
        assert_int_equal(lseek(fd, 7, SEEK_SET), 7);
        Buf out = buf_new(arena, 64);
        assert_no_error(read_all(arena, byte_source_from_fd(arena, fd), piece, &out));
        assert_str(buf_str(&out), "world");
    }
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(fd_that_cannot_be_read_is_unavailable),
        TEST(str_is_read_in_pieces),
        TEST(empty_str_ends_at_once),
        TEST(fd_is_read_from_its_position),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
