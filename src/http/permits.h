/* A fixed number of permits: to keep one thing from taking every thread. */
#ifndef OBLIGOR_HTTP_PERMITS_H
#define OBLIGOR_HTTP_PERMITS_H

#include <stdatomic.h>
#include <stdbool.h>

typedef struct Permits {
    atomic_int left;
} Permits;

/* Never waits. Who got one gives it back. */
static inline bool permits_take(Permits *permits)
{
    int left = atomic_load(&permits->left);
    while (left > 0)
        if (atomic_compare_exchange_weak(&permits->left, &left, left - 1))
            return true;
    return false;
}

static inline void permits_give(Permits *permits)
{
    atomic_fetch_add(&permits->left, 1);
}

#endif
