/* Both are given in days. */
#include "cli/retention.h"

#include "base/clock.h"

Error *retention_read(Cli *cli, Retention *ret_retention)
{
    const Call *call = cli->call;
    int64_t window = call_number(call, OPTION_RESTORE_WINDOW);
    int64_t keep =
        call_is_set(call, OPTION_KEEP_ARCHIVES) ? call_number(call, OPTION_KEEP_ARCHIVES) : 0;
    if (keep != 0 && keep < window)
        return usage_error(
            cli->arena,
            "Keep archives for longer, or let deletions be taken back for less long "
            "with --restore-window.",
            "--keep-archives %lld is less than the %lld days for which a deletion may "
            "be taken back.",
            (long long)keep, (long long)window);
    *ret_retention = (Retention){DAYS(window), DAYS(keep)};
    return NULL;
}
