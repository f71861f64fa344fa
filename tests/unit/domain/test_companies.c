/* Companies as people see them: by symbol, by page, with the figures of their newest period. */
#include "domain/companies.h"

#include "world.h"

static void make(World *w, const Principal *who, const char *symbol, int year, double roa)
{
    Prediction *p = NULL;
    world_advance(1000);
    assert_no_error(world_create(w, who, symbol, year, roa, &p));
}

static CompanyList list(World *w, const Principal *who, CompanyFilter filter, Page page, Str after)
{
    CompanyList found = {0};
    assert_no_error(companies_list(w->arena, w->db, who, &filter, &page, after, &found));
    return found;
}

static void test_pages_in_order_of_symbol(void **state)
{
    World *w = *state;
    static const char *const symbols[] = {"B", "A", "C.1", "C", "Z", "AA"};
    static const char *const sorted[] = {"A", "AA", "B", "C", "C.1", "Z"};
    for (size_t i = 0; i < ARRAY_COUNT(symbols); i++)
        make(w, w->ada, symbols[i], 2020, 1);
    make(w, w->bob, "BOBS", 2020, 1);
    Page page = {.limit = 4, .want_total = true};
    CompanyList found = list(w, w->ada, (CompanyFilter){0}, page, STR(""));
    assert_int_equal(found.count, 4);
    assert_true(found.end.has_more);
    assert_int_equal(found.end.total, 6);
    for (size_t i = 0; i < 4; i++)
        assert_str(found.items[i].symbol, sorted[i]);
    page.after = found.end.next;
    found = list(w, w->ada, (CompanyFilter){0}, page, found.next_symbol);
    assert_int_equal(found.count, 2);
    assert_false(found.end.has_more);
    assert_str(found.items[0].symbol, sorted[4]);
    assert_str(found.items[1].symbol, sorted[5]);
}

static void test_search(void **state)
{
    World *w = *state;
    make(w, w->ada, "ACME", 2020, 1);
    make(w, w->ada, "BETA", 2020, 1);
    Page page = {.limit = 10, .want_total = true};
    assert_int_equal(list(w, w->ada, (CompanyFilter){.search = STR("cm")}, page, STR("")).count, 1);
    assert_int_equal(list(w, w->ada, (CompanyFilter){.search = STR("inc.")}, page, STR("")).count,
                     2);
    assert_int_equal(list(w, w->ada, (CompanyFilter){.search = STR("%")}, page, STR("")).count, 0);
    assert_int_equal(
        list(w, w->ada, (CompanyFilter){.sector = STR("Energy")}, page, STR("")).end.total, 2);
    assert_int_equal(list(w, w->ada, (CompanyFilter){.sector = STR("energy")}, page, STR("")).count,
                     0);
}

static void test_figures(void **state)
{
    World *w = *state;
    Company *company = NULL;
    make(w, w->ada, "ONE", 2020, 1);
    make(w, w->ada, "ONE", 2022, 1);
    make(w, w->ada, "ONE", 2021, 1);
    world_script(w, "UPDATE annual_predictions SET market_cap = reporting_year");
    assert_no_error(companies_by_symbol(w->arena, w->db, w->ada, STR(" one "), &company));
    assert_true(company->has_market_cap && company->market_cap == 2022);
    assert_int_equal(company->annual_count, 3);
    assert_int_equal(company->quarterly_count, 0);
    Uuid job = world_upload(w, w->ada, world_row(w, "ONE", 2023, 1), NULL);
    world_work(w);
    assert_no_error(companies_get(w->arena, w->db, w->ada, company->id, &company));
    assert_true(company->market_cap == 1000 && company->annual_count == 4);
    world_delete(w, w->ada, job, true); /* hidden rows do not count */
    assert_no_error(companies_get(w->arena, w->db, w->ada, company->id, &company));
    assert_true(company->market_cap == 2022 && company->annual_count == 3);
}

static void test_not_there(void **state)
{
    World *w = *state;
    Company *company = NULL;
    make(w, w->bob, "BOBS", 2020, 1);
    assert_no_error(companies_by_symbol(w->arena, w->db, w->bob, STR("BOBS"), &company));
    Uuid bobs = company->id;
    assert_error(companies_by_symbol(w->arena, w->db, w->ada, STR("BOBS"), &company),
                 ERROR_NOT_FOUND, "There is no company with this symbol.");
    assert_error(companies_get(w->arena, w->db, w->ada, bobs, &company), ERROR_NOT_FOUND,
                 "There is no such company.");
    w->broken = "company_deleted";
    world_script(w, "UPDATE companies SET deleted_at = {micros 1}");
    assert_error(companies_by_symbol(w->arena, w->db, w->bob, STR("BOBS"), &company),
                 ERROR_NOT_FOUND, "There is no company with this symbol.");
    assert_error(companies_get(w->arena, w->db, w->bob, bobs, &company), ERROR_NOT_FOUND,
                 "There is no such company.");
    assert_int_equal(list(w, w->bob, (CompanyFilter){0}, (Page){.limit = 5}, STR("")).count, 0);
}

static void test_work_by_hand_revives_a_company(void **state)
{
    World *w = *state;
    make(w, w->ada, "ONE", 2020, 1);
    const char *id = world_text(w, "SELECT id FROM companies");
    world_script(w, "UPDATE companies SET deleted_at = {micros 1}");
    make(w, w->ada, "ONE", 2021, 1);
    assert_string_equal(world_text(w, "SELECT id FROM companies WHERE deleted_at IS NULL"), id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_pages_in_order_of_symbol),
        WORLD_TEST(test_search),
        WORLD_TEST(test_figures),
        WORLD_TEST(test_not_there),
        WORLD_TEST(test_work_by_hand_revives_a_company),
    };
    return world_run(tests);
}
