/* The only place where the process gives up by itself. */
#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void check_failed(const char *file, int line, const char *expression)
{
    fprintf(stderr, "obligor: %s:%d: this must hold and does not: %s\n", file, line, expression);
    abort();
}

void *check_malloc(size_t size)
{
    return check_realloc(NULL, size);
}

void *check_realloc(void *memory, size_t size)
{
    void *result = realloc(memory, size ? size : 1);
    CHECK(result != NULL && "out of memory");
    return result;
}
