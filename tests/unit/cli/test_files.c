/* Files that commands are given. */
#include "cli/files.h"

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static char directory[64];

static int make_directory(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "/tmp/obligor-test-XXXXXX");
    return mkdtemp(directory) == NULL;
}

static int remove_directory(void **state)
{
    (void)state;
    return rmdir(directory);
}

static const char *path_of(Arena *arena, const char *name)
{
    return arena_printf(arena, "%s/%s", directory, name);
}

static const char *make_file(Arena *arena, const char *name, const char *text)
{
    const char *path = path_of(arena, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return path;
}

static void assert_content(Arena *arena, const FileInput *input, const char *expected)
{
    char text[64] = "";
    ssize_t length = pread(input->descriptor, text, sizeof text, 0);
    assert_int_equal(length, strlen(expected));
    assert_string_equal(text, expected);
    assert_int_equal(input->size, length);
    Digest digest = digest_of(str_from(expected));
    assert_string_equal(digest_text(arena, input->sha256), digest_text(arena, digest));
}

static void test_read(void **state)
{
    Arena *arena = *state;
    Str content;
    const char *path = make_file(arena, "card.json", "{}");
    assert_no_error(files_read(arena, str_from(path), 2, &content));
    assert_str(content, "{}");
    assert_error(files_read(arena, str_from(path), 1, &content), ERROR_TOO_LARGE,
                 arena_printf(arena, "The file %s is larger than 1 bytes.", path));
    unlink(path);
    assert_error(
        files_read(arena, str_from(path), 9, &content), ERROR_NOT_FOUND,
        arena_printf(arena, "The file %s cannot be read: No such file or directory.", path));
    assert_error(files_read(arena, STR("/"), 9, &content), ERROR_UNAVAILABLE,
                 "The file / cannot be read: Is a directory.");
}

static void test_open_a_file(void **state)
{
    Arena *arena = *state;
    FileInput input;
    const char *path = make_file(arena, "figures.csv", "a,b\n1,2\n");
    assert_no_error(files_open(arena, str_from(path), directory, &input));
    assert_str(input.name, "figures.csv");
    assert_content(arena, &input, "a,b\n1,2\n");
    unlink(path);
    path = make_file(arena, "empty.csv", "");
    assert_no_error(files_open(arena, str_from(path), directory, &input));
    assert_content(arena, &input, "");
    unlink(path);
}

static void test_open_nothing(void **state)
{
    Arena *arena = *state;
    FileInput input;
    assert_error(
        files_open(arena, str_from(path_of(arena, "no.csv")), directory, &input), ERROR_NOT_FOUND,
        arena_printf(arena, "The file %s/no.csv cannot be read: No such file or directory.",
                     directory));
    assert_error(files_open(arena, str_from(directory), directory, &input), ERROR_UNAVAILABLE,
                 arena_printf(arena, "The file %s cannot be read: Is a directory.", directory));
}

/* Puts `text` on standard input, from a pipe, while `act` runs. */
static void with_input(const char *text, void (*act)(Arena *arena), Arena *arena)
{
    int ends[2], saved = dup(STDIN_FILENO);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], text, strlen(text)), strlen(text));
    close(ends[1]);
    assert_true(dup2(ends[0], STDIN_FILENO) >= 0);
    close(ends[0]);
    act(arena);
    if (saved >= 0) {
        dup2(saved, STDIN_FILENO);
        close(saved);
    }
}

static void open_input(Arena *arena)
{
    FileInput input;
    assert_no_error(files_open(arena, STR("-"), directory, &input));
    assert_str(input.name, "stdin");
    assert_true(input.descriptor != STDIN_FILENO);
    assert_content(arena, &input, "x,y\n");
}

static void open_input_without_room(Arena *arena)
{
    FileInput input;
    assert_error(files_open(arena, STR("-"), "/nowhere", &input), ERROR_UNAVAILABLE,
                 "A temporary file cannot be made in /nowhere: No such file or directory. --spool "
                 "names another directory.");
}

static void test_standard_input(void **state)
{
    with_input("x,y\n", open_input, *state);
    with_input("x,y\n", open_input_without_room, *state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_read), TEST(test_open_a_file),
                                       TEST(test_open_nothing), TEST(test_standard_input)};
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
