/* The progress of an import: a bar on a terminal, a plain line now and then elsewhere. */
#ifndef OBLIGOR_CLI_PROGRESS_H
#define OBLIGOR_CLI_PROGRESS_H

#include "model/job.h"

typedef struct Progress {
    FILE *file; /* standard error */
    bool terminal;
    size_t width;       /* of the terminal */
    int64_t started_at; /* clock_monotonic, likewise below; 0: nothing was shown yet */
    int64_t shown_at;
    int64_t first_row; /* processed when it began: a resumed job starts in the middle */
    int64_t last_row;
    double first_share;
    bool line_open; /* a bar stands on the line */
} Progress;

/* What a moment of an import looks like. */
typedef struct ProgressView {
    double share; /* done, 0..1: of the rows, or of the bytes until their total is known */
    int64_t rows;
    int64_t total; /* -1: not known */
    int64_t failed;
    double rows_per_second; /* 0: not known yet */
    double seconds_left;    /* below 0: not known yet */
} ProgressView;

Progress progress_new(FILE *file);

/* Shows the counters, but not more often than an eye or a log can follow. */
void progress_show(Progress *progress, const JobCounters *counters, int64_t file_size);

/* Removes the bar. */
void progress_end(Progress *progress);

/* The two ways of writing a view, without a line end. A bar is at most `width` columns wide. */
ProgressView progress_view(const Progress *progress, const JobCounters *counters, int64_t file_size,
                           int64_t now);
Str progress_bar(Arena *arena, const ProgressView *view, size_t width);
Str progress_line(Arena *arena, const ProgressView *view);

/* "9 s", "2 min 5 s", "3 h 20 min" */
Str progress_duration(Arena *arena, double seconds);

#endif
