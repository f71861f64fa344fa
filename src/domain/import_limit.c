/* One number for the process, like the limit on the bytes of an upload, which it repeats behind the unpacking:
 * what works the queue may be another process than what took the file. */
#include "domain/import_limit.h"

#include <stdatomic.h>

static _Atomic int64_t limit = INT64_C(1) << 30;

void import_limit_set(int64_t bytes)
{
    atomic_store(&limit, bytes);
}

int64_t import_limit(void)
{
    return atomic_load(&limit);
}
