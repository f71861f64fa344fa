/* Runs the whole program in a child process and catches what it says. */
#ifndef OBLIGOR_TEST_PROGRAM_H
#define OBLIGOR_TEST_PROGRAM_H

#include "cli/cli.h"
#include "test.h"

typedef struct Run {
    int code; /* the exit code; -1: it died of a signal */
    Str out;
    Str err;
} Run;

typedef struct Program {
    pid_t process;
    int out; /* files in memory */
    int err;
} Program;

/* Standard input is `input`; NULL is none. */
static inline Program program_start(const char *input, const char *const *words)
{
    int count = 0, in = memfd_create("stdin", 0);
    Program program = {.out = memfd_create("stdout", 0), .err = memfd_create("stderr", 0)};
    while (words[count] != NULL)
        count++;
    assert_true(in >= 0 && program.out >= 0 && program.err >= 0);
    if (input != NULL) {
        assert_int_equal(write(in, input, strlen(input)), strlen(input));
        assert_int_equal(lseek(in, 0, SEEK_SET), 0);
    }
    fflush(NULL);
    program.process = fork();
    assert_true(program.process >= 0);
    if (program.process == 0) {
        if (dup2(in, STDIN_FILENO) < 0 || dup2(program.out, STDOUT_FILENO) < 0 ||
            dup2(program.err, STDERR_FILENO) < 0)
            _exit(99);
        exit(cli_main(count, (char **)(uintptr_t)words));
    }
    close(in);
    return program;
}

static inline Str program_read(Arena *arena, int file)
{
    off_t size = lseek(file, 0, SEEK_END);
    assert_true(size >= 0);
    char *text = arena_alloc(arena, (size_t)size + 1);
    assert_int_equal(pread(file, text, (size_t)size, 0), size);
    return (Str){text, (size_t)size};
}

static inline Run program_end(Arena *arena, Program program)
{
    int status = 0;
    assert_int_equal(waitpid(program.process, &status, 0), program.process);
    Run run = {WIFEXITED(status) ? WEXITSTATUS(status) : -1, program_read(arena, program.out),
               program_read(arena, program.err)};
    close(program.out);
    close(program.err);
    return run;
}

static inline Run program_run(Arena *arena, const char *input, const char *const *words)
{
    return program_end(arena, program_start(input, words));
}

#define WORDS(...)                                                                                 \
    (const char *const[])                                                                          \
    {                                                                                              \
        "obligor", ##__VA_ARGS__, NULL                                                             \
    }
#define RUN(arena, ...)             program_run((arena), NULL, WORDS(__VA_ARGS__))
#define RUN_WITH(arena, input, ...) program_run((arena), (input), WORDS(__VA_ARGS__))

static inline bool str_holds(Str text, const char *part)
{
    return memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}

#endif
