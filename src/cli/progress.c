/* The rate is that of this process since it began: a job that is resumed in the middle does not
 * count rows which another process has done. The end is estimated from the share, which is there
 * from the first batch on, not from the number of rows, which is known only at the end of the
 * file. */
#include "cli/progress.h"

#include "base/check.h"
#include "base/clock.h"

#include <inttypes.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { BAR_MAX = 40, BAR_MIN = 10, TERMINAL_WIDTH = 80 };

Progress progress_new(FILE *file)
{
    struct winsize size;
    Progress progress = {.file = file, .terminal = isatty(fileno(file)), .width = TERMINAL_WIDTH};
    if (progress.terminal && ioctl(fileno(file), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        progress.width = size.ws_col;
    return progress;
}

static double share_of(const JobCounters *counters, int64_t file_size)
{
    double done = 0;
    if (counters->total > 0)
        done = (double)counters->processed / (double)counters->total;
    else if (counters->total < 0 && file_size > 0)
        done = (double)counters->bytes_done / (double)file_size;
    return done < 0 ? 0 : done > 1 ? 1 : done;
}

ProgressView progress_view(const Progress *progress, const JobCounters *counters, int64_t file_size,
                           int64_t now)
{
    ProgressView view = {.share = share_of(counters, file_size),
                         .rows = counters->processed,
                         .total = counters->total,
                         .failed = counters->failed,
                         .seconds_left = -1};
    double seconds = (double)(now - progress->started_at) / 1e6;
    double gained = view.share - progress->first_share;
    if (seconds <= 0)
        return view;
    view.rows_per_second = (double)(counters->processed - progress->first_row) / seconds;
    if (gained > 0)
        view.seconds_left = seconds * (1 - view.share) / gained;
    return view;
}

Str progress_duration(Arena *arena, double seconds)
{
    int64_t s = seconds < 1e12 ? (int64_t)(seconds + 0.5) : INT64_C(1000000000000);
    if (s < 60)
        return str_printf(arena, "%" PRId64 " s", s);
    if (s < 3600)
        return str_printf(arena, "%" PRId64 " min %" PRId64 " s", s / 60, s % 60);
    return str_printf(arena, "%" PRId64 " h %" PRId64 " min", s / 3600, s / 60 % 60);
}

/* "1200 of 5000 rows, 3 rejected, 800 rows/s, 5 s left" */
static void add_figures(Arena *arena, Buf *out, const ProgressView *view)
{
    buf_printf(out, "%" PRId64, view->rows);
    if (view->total >= 0)
        buf_printf(out, " of %" PRId64, view->total);
    buf_add(out, STR(" rows"));
    if (view->failed > 0)
        buf_printf(out, ", %" PRId64 " rejected", view->failed);
    if (view->rows_per_second > 0)
        buf_printf(out, ", %.0f rows/s", view->rows_per_second);
    if (view->seconds_left >= 0)
        buf_printf(out, ", " STR_FMT " left",
                   STR_ARG(progress_duration(arena, view->seconds_left)));
}

static int percent(const ProgressView *view)
{
    return (int)(view->share * 100); /* rounded down: 100 means all */
}

Str progress_line(Arena *arena, const ProgressView *view)
{
    Buf out = buf_new(arena, 1024);
    buf_printf(&out, "%d %%: ", percent(view));
    add_figures(arena, &out, view);
    return buf_str(&out);
}

Str progress_bar(Arena *arena, const ProgressView *view, size_t width)
{
    Buf figures = buf_new(arena, 1024);
    add_figures(arena, &figures, view);
    size_t around = strlen("[] 100 %  ");
    size_t bar = width > around + figures.len ? width - around - figures.len : 0;
    Buf out = buf_new(arena, 4096);
    if (bar > BAR_MAX)
        bar = BAR_MAX;
    if (bar >= BAR_MIN) {
        size_t full = (size_t)(view->share * (double)bar);
        buf_add_char(&out, '[');
        for (size_t i = 0; i < bar; i++)
            buf_add_char(&out, i < full ? '#' : '.');
        buf_add(&out, STR("] "));
    }
    buf_printf(&out, "%3d %%  ", percent(view));
    buf_add(&out, buf_str(&figures));
    return str_slice(buf_str(&out), 0, width);
}

/* A new start: the first time, or when the rows begin again, which is another task of the owner. */
static void begin(Progress *progress, const JobCounters *counters, int64_t file_size, int64_t now)
{
    progress->started_at = now;
    progress->first_row = counters->processed;
    progress->first_share = share_of(counters, file_size);
}

void progress_show(Progress *progress, const JobCounters *counters, int64_t file_size)
{
    int64_t now = clock_monotonic();
    int64_t pause = progress->terminal ? SECONDS(1) / 10 : SECONDS(5);
    if (progress->started_at == 0 || counters->processed < progress->last_row)
        begin(progress, counters, file_size, now);
    if (progress->shown_at == 0)
        progress->shown_at = progress->terminal ? now - pause : now;
    progress->last_row = counters->processed;
    if (now - progress->shown_at < pause)
        return;
    progress->shown_at = now;
    Arena *arena = arena_new(0);
    ProgressView view = progress_view(progress, counters, file_size, now);
    if (progress->terminal)
        fprintf(progress->file, "\r\033[K" STR_FMT,
                STR_ARG(progress_bar(arena, &view, progress->width - 1)));
    else
        fprintf(progress->file, STR_FMT "\n", STR_ARG(progress_line(arena, &view)));
    fflush(progress->file);
    progress->line_open = progress->terminal;
    arena_free(arena);
}

void progress_end(Progress *progress)
{
    if (progress->line_open) {
        fputs("\r\033[K", progress->file);
        fflush(progress->file);
    }
    progress->line_open = false;
}
