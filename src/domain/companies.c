/* Companies of several owners come merged in order of symbol. */
#include "domain/companies.h"

#include "base/vec.h"
#include "domain/owners.h"
#include "store/company_store.h"

#include <stdlib.h>

static int by_symbol(const void *a, const void *b)
{
    const Company *left = a, *right = b;
    size_t shorter = left->symbol.len < right->symbol.len ? left->symbol.len : right->symbol.len;
    int order = shorter == 0 ? 0 : memcmp(left->symbol.ptr, right->symbol.ptr, shorter);
    if (order == 0)
        order = (left->symbol.len > right->symbol.len) - (left->symbol.len < right->symbol.len);
    return order != 0 ? order : uuid_compare(left->id, right->id);
}

Error *companies_list(Arena *arena, Db *db, const Principal *who, const CompanyFilter *filter,
                      const Page *page, Str after_symbol, CompanyList *ret_list)
{
    CompanyQuery query = {.after_symbol = after_symbol,
                          .after_id = page->after.id,
                          .search = str_upper(arena, filter->search),
                          .sector = filter->sector};
    VEC(Company) all = {0};
    PageEnd end = {.total = page->want_total ? 0 : -1};
    for (size_t i = 0; i < who->owner_count; i++) {
        Company *companies = NULL;
        size_t count = 0;
        query.owner_id = who->owners[i];
        query.limit = page->limit + page->offset + 1;
        TRY(company_list(arena, db, &query, &companies, &count));
        for (size_t k = 0; k < count; k++)
            vec_push(arena, &all, companies[k]);
        if (page->want_total) {
            int64_t total = 0;
            query.limit = PAGE_OFFSET_MAX + 1;
            TRY(company_count(arena, db, &query, &total));
            end.total += total;
        }
    }
    if (all.count > 1)
        qsort(all.items, all.count, sizeof *all.items, by_symbol);
    end.total_is_at_least = end.total > PAGE_OFFSET_MAX;
    size_t from = owners_page(page, all.count, &end.has_more, &ret_list->count);
    ret_list->items = vec_from(&all, from);
    ret_list->next_symbol = (Str){"", 0};
    for (size_t i = 0; i < ret_list->count; i++)
        TRY(company_figures(arena, db, &ret_list->items[i]));
    if (end.has_more) {
        const Company *last = &ret_list->items[ret_list->count - 1];
        end.next = (PageKey){.set = true, .id = last->id};
        ret_list->next_symbol = last->symbol;
    }
    TRY(owners_settling(arena, db, who->owners, who->owner_count, &end.settling));
    ret_list->end = end;
    return NULL;
}

Error *companies_get(Arena *arena, Db *db, const Principal *who, Uuid id, Company **ret_company)
{
    Company *company = NULL;
    for (size_t i = 0; i < who->owner_count && company == NULL; i++)
        TRY(company_by_id(arena, db, who->owners[i], id, &company));
    if (company == NULL || company->deleted)
        return ERROR(arena, ERROR_NOT_FOUND, "There is no such company.");
    TRY(company_figures(arena, db, company));
    *ret_company = company;
    return NULL;
}

Error *companies_by_symbol(Arena *arena, Db *db, const Principal *who, Str symbol,
                           Company **ret_company)
{
    Company *company = NULL;
    Str wanted = str_upper(arena, str_trim(symbol));
    for (size_t i = 0; i < who->owner_count && company == NULL; i++) {
        TRY(company_by_symbol(arena, db, who->owners[i], wanted, &company));
        if (company != NULL && company->deleted)
            company = NULL;
    }
    if (company == NULL)
        return ERROR(arena, ERROR_NOT_FOUND, "There is no company with this symbol.");
    TRY(company_figures(arena, db, company));
    *ret_company = company;
    return NULL;
}
