/* The companies that an import meets, remembered by symbol: found, revived or made for a whole batch at a
 * time. */
#ifndef OBLIGOR_DOMAIN_IMPORT_COMPANIES_H
#define OBLIGOR_DOMAIN_IMPORT_COMPANIES_H

#include "domain/import_batch.h"
#include "model/job.h"
#include "store/db.h"

typedef struct KnownCompany {
    Uuid id;
    Str name;
    Str sector;
    bool to_come;     /* it is not there yet and will not be: only in a dry run */
    int64_t made_row; /* of this file, which made it; 0: something else did */
    bool others;      /* somebody else made it, and the job's user may not change that */
} KnownCompany;

typedef struct KnownCompanies KnownCompanies;

KnownCompanies *known_companies_new(Arena *arena, const Job *job);

/* Forgets all of them: after a transaction that was rolled back may have made some. */
void known_companies_forget(KnownCompanies *known);

/* Afterwards every good row's company is known; those made get `at` as their time. In a write transaction. */
Error *known_companies_ensure(Arena *arena, Db *db, KnownCompanies *known, const ImportRow *rows,
                              size_t count, int64_t at) MUST_CHECK;

/* Valid until the next call of `ensure` or `forget`; NULL for a symbol that was in no good row. */
KnownCompany *known_companies_find(const KnownCompanies *known, Str symbol);

/* Takes over a new name and sector. */
void known_companies_rename(KnownCompanies *known, KnownCompany *company, Str name, Str sector);

#endif
