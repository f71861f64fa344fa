/* Companies: the obligors. They come into being with their first prediction. */
#ifndef OBLIGOR_DOMAIN_COMPANIES_H
#define OBLIGOR_DOMAIN_COMPANIES_H

#include "model/company.h"
#include "model/page.h"
#include "model/user.h"
#include "store/db.h"

typedef struct CompanyFilter {
    Str search; /* part of the symbol or the name, case does not matter; empty: any */
    Str sector; /* exactly; empty: any */
} CompanyFilter;

typedef struct CompanyList {
    Company *items;
    size_t count;
    PageEnd end; /* next.id and next_symbol: where to go on */
    Str next_symbol;
} CompanyList;

/* In order of symbol. `after_symbol` and page->after.id: where to go on. */
Error *companies_list(Arena *arena, Db *db, const Principal *who, const CompanyFilter *filter,
                      const Page *page, Str after_symbol, CompanyList *ret_list) MUST_CHECK;
Error *companies_get(Arena *arena, Db *db, const Principal *who, Uuid id, Company **ret_company)
    MUST_CHECK;
Error *companies_by_symbol(Arena *arena, Db *db, const Principal *who, Str symbol,
                           Company **ret_company) MUST_CHECK; /* NOT_FOUND */

#endif
