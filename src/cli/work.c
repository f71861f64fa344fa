/* The owner's earlier tasks come first, as everywhere: an import that waits for the removal of
 * another one's rows finds its keys free. */
#include "cli/work.h"

#include "base/clock.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "worker/worker.h"

/* Between two batches, so that a server on the same embedded database gets to write. */
#define PAUSE (SECONDS(5) / 1000)

static bool stopping(void *self)
{
    (void)self;
    return signals_asked();
}

static void show(void *self, const JobCounters *counters, int64_t file_size)
{
    progress_show(self, counters, file_size);
}

Error *work_until_over(Cli *cli, Uuid owner_id, Uuid object_id)
{
    Progress progress = progress_new(stderr);
    const TaskWatch watch = {
        .stopping = stopping, .progress = show, .self = &progress, .pause = PAUSE};
    signals_watch();
    Error *error =
        worker_run_until(cli->arena, call_text(cli->call, OPTION_DB), &watch, owner_id, object_id);
    progress_end(&progress);
    return error;
}
