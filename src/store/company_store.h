/* Companies in the database. */
#ifndef OBLIGOR_STORE_COMPANY_STORE_H
#define OBLIGOR_STORE_COMPANY_STORE_H

#include "model/company.h"
#include "model/kind.h"
#include "store/db.h"

/* *ret_made false: the symbol is there already. */
Error *company_insert(Arena *arena, Db *db, const Company *company, bool *ret_made) MUST_CHECK;
Error *company_by_symbol(Arena *arena, Db *db, Uuid owner_id, Str symbol, Company **ret_company)
    MUST_CHECK; /* may be NULL; deleted ones are given */
/* Many at once, deleted ones too; each symbol once. *ret_companies[*ret_count] in any order. */
Error *company_by_symbols(Arena *arena, Db *db, Uuid owner_id, const Str *symbols, size_t count,
                          Company **ret_companies, size_t *ret_count) MUST_CHECK;

/* Many new ones; ret_made[i] 0: the symbol is there already. */
Error *company_insert_many(Arena *arena, Db *db, const Company *companies, size_t count,
                           uint8_t *ret_made) MUST_CHECK;

Error *company_by_id(Arena *arena, Db *db, Uuid owner_id, Uuid id, Company **ret_company)
    MUST_CHECK; /* likewise */
Error *company_update(Arena *arena, Db *db, Uuid owner_id, Uuid id, Str name, Str sector,
                      int64_t now) MUST_CHECK;
Error *company_revive(Arena *arena, Db *db, Uuid owner_id, Uuid id, int64_t now) MUST_CHECK;

/* Companies whose predictions come back: those that are marked deleted are so no longer. */
Error *company_restore_many(Arena *arena, Db *db, Uuid owner_id, const Uuid *ids, size_t count)
    MUST_CHECK;

/* Marks it deleted if no current prediction names it; *ret_marked. */
Error *company_mark_deleted(Arena *arena, Db *db, Uuid owner_id, Uuid id, int64_t now,
                            bool *ret_marked) MUST_CHECK;

typedef struct CompanyQuery {
    Uuid owner_id;
    Str after_symbol;
    Uuid after_id;
    Str search; /* upper case; empty: any */
    Str sector; /* empty: any */
    int64_t limit;
} CompanyQuery;

/* In order of (symbol, id). Not deleted ones. */
Error *company_list(Arena *arena, Db *db, const CompanyQuery *query, Company **ret_companies,
                    size_t *ret_count) MUST_CHECK;
Error *company_count(Arena *arena, Db *db, const CompanyQuery *query, int64_t *ret_count)
    MUST_CHECK;

/* Fills market_cap (of the newest period) and the counts of current predictions. */
Error *company_figures(Arena *arena, Db *db, Company *company) MUST_CHECK;
Error *company_count_of_job(Arena *arena, Db *db, Uuid owner_id, Uuid job_id, int64_t *ret_count)
    MUST_CHECK;

#endif
