/* A bounded cache: when it has grown too large it is emptied before a batch. New companies are inserted in
 * the order of their symbols, so that two processes that make the same ones wait for each other instead of
 * deadlocking; the unique symbol decides, and who lost reads what the other made. */
#include "domain/import_companies.h"

#include "base/check.h"
#include "base/map.h"
#include "store/company_store.h"

#include <stdlib.h>

enum { KNOWN_MAX = 20000 };

struct KnownCompanies {
    const Job *job;
    Arena *arena;
    Map by_symbol;
};

KnownCompanies *known_companies_new(Arena *arena, const Job *job)
{
    KnownCompanies *known = ARENA_NEW(arena, KnownCompanies);
    known->job = job;
    known->arena = arena_child(arena);
    known->by_symbol = map_new(known->arena);
    return known;
}

void known_companies_forget(KnownCompanies *known)
{
    arena_rewind(known->arena, (ArenaMark){0});
    known->by_symbol = map_new(known->arena);
}

KnownCompany *known_companies_find(const KnownCompanies *known, Str symbol)
{
    return map_find(&known->by_symbol, symbol);
}

void known_companies_rename(KnownCompanies *known, KnownCompany *company, Str name, Str sector)
{
    company->name = str_copy(known->arena, name);
    company->sector = str_copy(known->arena, sector);
}

static KnownCompany *remember(KnownCompanies *known, const Company *company)
{
    KnownCompany *one = ARENA_NEW(known->arena, KnownCompany);
    one->id = company->id;
    if (company->has_job && uuid_equal(company->job_id, known->job->id))
        one->made_row = company->job_row;
    known_companies_rename(known, one, company->name, company->sector);
    map_put(&known->by_symbol, str_copy(known->arena, company->symbol), one);
    return one;
}

/* Reads those of the symbols that are there; deleted ones come back to life. */
static Error *read_known(Arena *arena, Db *db, KnownCompanies *known, const Str *symbols,
                         size_t count, int64_t at)
{
    Company *companies = NULL;
    size_t found = 0;
    Uuid owner = known->job->owner_id;
    TRY(company_by_symbols(arena, db, owner, symbols, count, &companies, &found));
    for (size_t i = 0; i < found; i++) {
        if (companies[i].deleted && !known->job->options.dry_run)
            TRY(company_revive(arena, db, owner, companies[i].id, at));
        remember(known, &companies[i]);
    }
    return NULL;
}

/* The first good row of each symbol that is not known. */
static size_t unknown_rows(Arena *arena, const KnownCompanies *known, const ImportRow *rows,
                           size_t count, const ImportRow **ret_rows)
{
    Map seen = map_new(arena);
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        Str symbol = rows[i].input.symbol;
        if (rows[i].outcome != ROW_GOOD || known_companies_find(known, symbol) != NULL ||
            map_find(&seen, symbol) != NULL)
            continue;
        map_put(&seen, symbol, (void *)(uintptr_t)&rows[i]);
        ret_rows[n++] = &rows[i];
    }
    return n;
}

static int by_symbol(const void *a, const void *b)
{
    Str left = ((const Company *)a)->symbol, right = ((const Company *)b)->symbol;
    int order = memcmp(left.ptr, right.ptr, left.len < right.len ? left.len : right.len);
    return order != 0 ? order : (left.len > right.len) - (left.len < right.len);
}

static Company new_company(const Job *job, const ImportRow *row, int64_t at)
{
    return (Company){.id = uuid_new(),
                     .owner_id = job->owner_id,
                     .symbol = row->input.symbol,
                     .name = row->input.company_name,
                     .sector = row->input.sector,
                     .has_job = true,
                     .job_id = job->id,
                     .job_row = row->number,
                     .created_by = job->user_id,
                     .created_at = at};
}

static Error *make(Arena *arena, Db *db, KnownCompanies *known, Company *companies, size_t count,
                   int64_t at)
{
    Str *lost = ARENA_ARRAY(arena, Str, count);
    uint8_t *made = ARENA_ARRAY(arena, uint8_t, count);
    size_t lost_count = 0;
    qsort(companies, count, sizeof *companies, by_symbol);
    if (known->job->options.dry_run)
        memset(made, 1, count);
    else
        TRY(company_insert_many(arena, db, companies, count, made));
    for (size_t i = 0; i < count; i++) {
        if (made[i])
            remember(known, &companies[i])->to_come = known->job->options.dry_run;
        else
            lost[lost_count++] = companies[i].symbol;
    }
    return lost_count == 0 ? NULL : read_known(arena, db, known, lost, lost_count, at);
}

Error *known_companies_ensure(Arena *arena, Db *db, KnownCompanies *known, const ImportRow *rows,
                              size_t count, int64_t at)
{
    if (known->by_symbol.count > KNOWN_MAX)
        known_companies_forget(known);
    const ImportRow **unknown = ARENA_ARRAY(arena, const ImportRow *, count);
    size_t n = unknown_rows(arena, known, rows, count, unknown);
    if (n == 0)
        return NULL;
    Str *symbols = ARENA_ARRAY(arena, Str, n);
    for (size_t i = 0; i < n; i++)
        symbols[i] = unknown[i]->input.symbol;
    TRY(read_known(arena, db, known, symbols, n, at));
    Company *fresh = ARENA_ARRAY(arena, Company, n);
    size_t fresh_count = 0;
    for (size_t i = 0; i < n; i++)
        if (known_companies_find(known, symbols[i]) == NULL)
            fresh[fresh_count++] = new_company(known->job, unknown[i], at);
    return fresh_count == 0 ? NULL : make(arena, db, known, fresh, fresh_count, at);
}
