/* Programming errors end the process at once: every write is in a transaction and every job has a
 * lease, so stopping is always safe and going on with a broken assumption never is. */
#ifndef OBLIGOR_BASE_CHECK_H
#define OBLIGOR_BASE_CHECK_H

#include <stddef.h>

/* Aborts with the place and the expression unless `condition` holds. Never compiled out. */
#define CHECK(condition) ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, #condition))

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

_Noreturn void check_failed(const char *file, int line, const char *expression);

/* malloc and realloc that abort when memory is out. `check_realloc(NULL, n)` allocates. The caller
 * owns the memory and frees it with free(). */
void *check_malloc(size_t size);
void *check_realloc(void *memory, size_t size);

#endif
