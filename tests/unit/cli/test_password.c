/* Reading a password from a file; the prompt is tried on a terminal of its own. */
#include "cli/password.h"

#include "domain/accounts.h"
#include "test.h"

#include <fcntl.h>
#include <sys/ioctl.h>

static Error *read_text(Arena *arena, Str text, Str *ret_password)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite(text.ptr, 1, text.len, file), text.len);
    rewind(file);
    Error *error = password_read_line(arena, file, ret_password);
    fclose(file);
    return error;
}

static void test_first_line(void **state)
{
    Arena *arena = *state;
    Str password;
    assert_no_error(read_text(arena, STR("se cret\nmore\n"), &password));
    assert_str(password, "se cret");
    assert_no_error(read_text(arena, STR("secret"), &password));
    assert_str(password, "secret");
    assert_no_error(read_text(arena, STR("secret\r\n"), &password));
    assert_str(password, "secret");
    assert_error(read_text(arena, STR(""), &password), ERROR_INVALID, "The password is empty.");
    assert_error(read_text(arena, STR("\nsecret"), &password), ERROR_INVALID,
                 "The password is empty.");
}

static void test_length(void **state)
{
    Arena *arena = *state;
    char *text = arena_alloc(arena, PASSWORD_MAX + 100);
    Str password;
    memset(text, 'x', PASSWORD_MAX + 100);
    assert_no_error(read_text(arena, (Str){text, PASSWORD_MAX}, &password));
    assert_int_equal(password.len, PASSWORD_MAX);
    assert_error(read_text(arena, (Str){text, PASSWORD_MAX + 1}, &password), ERROR_INVALID,
                 "The password is longer than 1024 bytes.");
    assert_error(read_text(arena, (Str){text, PASSWORD_MAX + 100}, &password), ERROR_INVALID,
                 "The password is longer than 1024 bytes.");
}

static void read_without_terminal(void)
{
    Arena *arena = arena_new(0);
    Str password;
    setsid(); /* no controlling terminal from here on */
    Error *error = password_read(arena, &(Call){0}, &password);
    fprintf(stderr, "%s\n", error == NULL ? "none" : error->message);
    abort();
}

static void test_no_terminal(void **state)
{
    assert_dies(*state, read_without_terminal, "There is no terminal to ask for the password.");
}

/* In a child whose controlling terminal is the other end of `terminal`. */
static void answer_prompt(int terminal, int result)
{
    setsid();
    int end = open(ptsname(terminal), O_RDWR);
    ioctl(end, TIOCSCTTY, 0);
    Arena *arena = arena_new(0);
    Str password = {0};
    Error *error = password_read(arena, &(Call){0}, &password);
    if (error != NULL)
        dprintf(result, "%s", error->message);
    else
        dprintf(result, STR_FMT, STR_ARG(password));
    _exit(0);
}

/* Reads what the terminal shows until it ends with `expected`. */
static void wait_for(int terminal, const char *expected)
{
    char shown[256] = "";
    size_t length = 0, wanted = strlen(expected);
    while (length < wanted || memcmp(shown + length - wanted, expected, wanted) != 0) {
        ssize_t got = read(terminal, shown + length, sizeof shown - 1 - length);
        if (got <= 0)
            fail_msg("the terminal showed \"%s\", not \"%s\"", shown, expected);
        length += (size_t)got;
    }
    assert_null(strstr(shown, "secret")); /* no echo */
}

/* What password_read gives where a person types these two lines. */
static Str typed(Arena *arena, const char *first, const char *second)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY), result[2];
    assert_true(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    assert_int_equal(pipe(result), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        answer_prompt(terminal, result[1]);
    close(result[1]);
    wait_for(terminal, "Password: ");
    dprintf(terminal, "%s\n", first);
    wait_for(terminal, "The same again: ");
    dprintf(terminal, "%s\n", second);
    char *text = arena_alloc(arena, 256);
    ssize_t length = read(result[0], text, 256);
    assert_true(length > 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(result[0]);
    close(terminal);
    return (Str){text, (size_t)length};
}

static void test_prompt(void **state)
{
    Arena *arena = *state;
    assert_str(typed(arena, "secret one", "secret one"), "secret one");
    assert_str(typed(arena, "secret one", "secret two"), "The two passwords differ.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_first_line), TEST(test_length),
                                       TEST(test_no_terminal), TEST(test_prompt)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
