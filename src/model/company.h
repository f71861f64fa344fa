/* A company scored: the obligor. Unique by (owner, symbol). */
#ifndef OBLIGOR_MODEL_COMPANY_H
#define OBLIGOR_MODEL_COMPANY_H

#include "base/uuid.h"

enum { SYMBOL_MAX = 20, NAME_MAX_CHARS = 255, SECTOR_MAX_CHARS = 100 };

typedef struct Company {
    Uuid id;
    Uuid owner_id;
    Str symbol;
    Str name;
    Str sector; /* empty: not given */
    bool has_market_cap;
    double market_cap; /* US dollars: of its newest prediction */
    bool has_job;      /* made by an upload */
    Uuid job_id;
    int64_t job_row;
    Uuid created_by;
    const char *created_by_email; /* NULL: unknown user, or not asked for */
    int64_t created_at;
    int64_t updated_at;
    bool deleted;
    int64_t annual_count; /* current, visible predictions; -1 when not counted */
    int64_t quarterly_count;
} Company;

#endif
