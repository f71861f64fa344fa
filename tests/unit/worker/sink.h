/* Mail servers for a test: tests/support/smtp_sink.py in another process, one port for each way to behave. */
#ifndef OBLIGOR_UNIT_WORKER_SINK_H
#define OBLIGOR_UNIT_WORKER_SINK_H

#include "test.h"

#include "base/str.h"

#include <stdio.h>

enum { SINK_MODES_MAX = 16 };

typedef struct Sink {
    Arena *arena;
    const char *directory;
    pid_t pid;
    int stdin_fd;
    size_t count;
    const char *modes[SINK_MODES_MAX];
    int ports[SINK_MODES_MAX];
} Sink;

/* `modes` end with NULL. */
static inline void sink_start(Sink *sink, Arena *arena, const char *directory,
                              const char *const *modes)
{
    int in[2], out[2];
    const char *arguments[SINK_MODES_MAX + 4] = {OBLIGOR_PYTHON, OBLIGOR_SMTP_SINK, directory};
    *sink = (Sink){.arena = arena, .directory = directory};
    for (; modes[sink->count] != NULL; sink->count++) {
        sink->modes[sink->count] = modes[sink->count];
        arguments[sink->count + 3] = modes[sink->count];
    }
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    sink->pid = fork();
    assert_true(sink->pid >= 0);
    if (sink->pid == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        execv(OBLIGOR_PYTHON, (char *const *)arguments);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    sink->stdin_fd = in[1];
    FILE *said = fdopen(out[0], "r");
    assert_non_null(said);
    for (size_t i = 0; i < sink->count; i++)
        assert_int_equal(fscanf(said, "%d", &sink->ports[i]), 1);
    fclose(said);
}

static inline void sink_stop(Sink *sink)
{
    int status = 0;
    close(sink->stdin_fd);
    assert_int_equal(waitpid(sink->pid, &status, 0), sink->pid);
    assert_int_equal(status, 0);
}

static inline int sink_port(const Sink *sink, const char *mode)
{
    for (size_t i = 0; i < sink->count; i++)
        if (strcmp(sink->modes[i], mode) == 0)
            return sink->ports[i];
    fail_msg("no sink behaves like %s", mode);
    return 0;
}

/* "said": the commands, one a line; "mails": what was taken. Empty where there is none. */
static inline Str sink_read(const Sink *sink, const char *mode, const char *what)
{
    Buf text = buf_new(sink->arena, 1 << 20);
    char part[4096];
    FILE *file = fopen(arena_printf(sink->arena, "%s/%s.%s", sink->directory, mode, what), "r");
    for (size_t n; file != NULL && (n = fread(part, 1, sizeof part, file)) > 0;)
        buf_add(&text, (Str){part, n});
    if (file != NULL)
        fclose(file);
    return buf_str(&text);
}

#endif
