/* How much a packed file may hold. */
#ifndef OBLIGOR_DOMAIN_IMPORT_LIMIT_H
#define OBLIGOR_DOMAIN_IMPORT_LIMIT_H

#include <stdint.h>

/* Of this process, in bytes; set once, before an import runs. 1 GiB until then. */
void import_limit_set(int64_t bytes);
int64_t import_limit(void);

#endif
