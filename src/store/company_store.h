/* Companies in the database. */
#ifndef OBLIGOR_STORE_COMPANY_STORE_H
#define OBLIGOR_STORE_COMPANY_STORE_H

#include "model/company.h"
#include "model/kind.h"
#include "store/deletion_store.h"

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
/* ERROR_BUSY, reason ERROR_RETRY: it was removed since it was read. */
Error *company_revive(Arena *arena, Db *db, Uuid owner_id, Uuid id, int64_t now) MUST_CHECK;

/* What an upload makes of companies that are there: each once. What they were before its job changed them for
 * the first time is noted with the job. */
typedef struct CompanyName {
    Uuid id;
    Str name;
    Str sector;
} CompanyName;
typedef struct CompanyRenames {
    Uuid owner_id;
    Uuid job_id;
    const CompanyName *names;
    size_t count;
    int64_t at;
} CompanyRenames;
Error *company_rename_many(Arena *arena, Db *db, const CompanyRenames *renames) MUST_CHECK;

/* The changes that a job made, for domain/company_names.c, which says what is done in which order. `back`: they
 * are taken back, else made again. */
typedef struct NameChanges {
    Uuid owner_id;
    Uuid job_id;
    bool back;
} NameChanges;
Error *name_changes_count(Arena *arena, Db *db, const NameChanges *changes, int64_t *ret_all,
                          int64_t *ret_in_force) MUST_CHECK;
Error *name_changes_drop(Arena *arena, Db *db, const NameChanges *changes)
    MUST_CHECK; /* those that somebody changed again */
Error *name_changes_turn(Arena *arena, Db *db, const NameChanges *changes, int64_t now) MUST_CHECK;
Error *name_changes_pass_on(Arena *arena, Db *db, const NameChanges *changes) MUST_CHECK;
Error *name_changes_mark(Arena *arena, Db *db, const NameChanges *changes) MUST_CHECK;

/* Companies whose predictions come back: those that are marked deleted are so no longer. */
Error *company_restore_many(Arena *arena, Db *db, Uuid owner_id, const Uuid *ids, size_t count)
    MUST_CHECK;

/* How many of them have no current prediction left, and nothing of a job whose rows are being removed. */
Error *company_count_bereft(Arena *arena, Db *db, const JobSlice *job, const Uuid *ids,
                            size_t count, int64_t *ret_count) MUST_CHECK;

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
