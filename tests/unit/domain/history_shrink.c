/* The shortest history that still fails, by taking steps out of it: halves, quarters, and at last one by one, until
 * none can be spared; then cuts, stops and batches are left out, and lines of files. Each try runs in a process of its
 * own, since what fails ends it. */
#include "history.h"

#include <stdio.h>

enum { TRY_SECONDS = 20 };

typedef struct Shrinking {
    World *w;
    History *h;
    Step steps[STEPS_MAX];
    size_t count;
    int tries;
} Shrinking;

static void run_all(const Shrinking *s, const Step *steps, size_t count)
{
    history_begin(s->h, s->w, true);
    for (size_t i = 0; i < count; i++)
        history_do(s->h, &steps[i]);
    history_finish(s->h);
}

/* A failed assertion aborts there, as cmocka is told. */
static bool fails(Shrinking *s, const Step *steps, size_t count, bool silent)
{
    int status = 0;
    s->tries++;
    world_close(s->w);
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        int nothing = open("/dev/null", O_WRONLY);
        if (silent)
            (void)(dup2(nothing, STDOUT_FILENO) + dup2(nothing, STDERR_FILENO));
        setenv("CMOCKA_TEST_ABORT", "1", 1);
        alarm(TRY_SECONDS);
        world_open(s->w);
        run_all(s, steps, count);
        fflush(NULL);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    world_open(s->w);
    return status != 0;
}

static bool keep_if_failing(Shrinking *s, const Step *steps, size_t count)
{
    if (!fails(s, steps, count, true))
        return false;
    memmove(s->steps, steps, count * sizeof *steps);
    s->count = count;
    return true;
}

/* Without `size` steps from `at` on. */
static bool try_without(Shrinking *s, size_t at, size_t size)
{
    static Step fewer[STEPS_MAX];
    memcpy(fewer, s->steps, at * sizeof *fewer);
    memcpy(fewer + at, s->steps + at + size, (s->count - at - size) * sizeof *fewer);
    return keep_if_failing(s, fewer, s->count - size);
}

static void take_out_steps(Shrinking *s)
{
    for (size_t size = s->count / 2; size > 0;) {
        bool any = false;
        for (size_t at = s->count; at >= size; at -= size)
            if (at <= s->count && try_without(s, at - size, size))
                any = true;
        if (!any || size > 1)
            size = any ? size : size / 2;
        else if (size == 1 && !any)
            break;
    }
}

static bool try_step(Shrinking *s, size_t at, const Step *simpler)
{
    static Step changed[STEPS_MAX];
    if (memcmp(&s->steps[at], simpler, sizeof *simpler) == 0)
        return false;
    memcpy(changed, s->steps, s->count * sizeof *changed);
    changed[at] = *simpler;
    return keep_if_failing(s, changed, s->count);
}

static void shorten_lines(Shrinking *s, size_t at)
{
    for (size_t line = strlen(s->steps[at].lines) / 4; line-- > 0;) {
        Step step = s->steps[at];
        if (strlen(step.lines) <= 4 || line * 4 >= strlen(step.lines))
            continue;
        /* rows keep their numbers: a line that goes is the same as the one before or behind it */
        memmove(step.lines + line * 4, step.lines + line * 4 + 4,
                strlen(step.lines + line * 4 + 4) + 1);
        try_step(s, at, &step);
    }
}

static void simplify(Shrinking *s)
{
    for (size_t at = 0; at < s->count; at++) {
        Step step = s->steps[at];
        step.cut = step.stop = step.batch = 0;
        if (!try_step(s, at, &step)) {
            step = s->steps[at];
            step.batch = 0;
            try_step(s, at, &step);
        }
        step = s->steps[at];
        step.flags &=
            (unsigned)(FLAG_CASCADE | FLAG_REPLACE | FLAG_THIS | FLAG_ALL | FLAG_QUARTERLY);
        try_step(s, at, &step);
        step = s->steps[at];
        step.wait = 1;
        try_step(s, at, &step);
        shorten_lines(s, at);
    }
}

void history_shrink(World *w, History *h, const Step *steps, size_t count)
{
    static Shrinking s;
    s = (Shrinking){.w = w, .h = h, .count = count};
    memcpy(s.steps, steps, count * sizeof *steps);
    if (!fails(&s, s.steps, s.count, true)) {
        print_error("The same steps pass when they are done again:\n");
        history_print(s.steps, s.count);
        return;
    }
    take_out_steps(&s);
    simplify(&s);
    take_out_steps(&s);
    print_error("\nOf %zu steps these %zu still fail (%d tries):\n", count, s.count, s.tries);
    history_print(s.steps, s.count);
    fails(&s, s.steps, s.count, false);
}
