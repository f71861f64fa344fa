/* Companies: one a symbol and owner, dead or alive; their figures come from their predictions. */
#include "store/company_store.h"

#include "base/clock.h"
#include "fixture.h"
#include "store/prediction_store.h"

static Company *by_id(Fixture *f, const Company *company)
{
    Company *stored = NULL;
    assert_no_error(company_by_id(f->arena, f->db, company->owner_id, company->id, &stored));
    assert_non_null(stored);
    return stored;
}

static void check(const Company *stored, const Company *company)
{
    assert_non_null(stored);
    assert_uuid(stored->id, company->id);
    assert_uuid(stored->owner_id, company->owner_id);
    assert_true(str_equal(stored->symbol, company->symbol));
    assert_true(str_equal(stored->name, company->name));
    assert_true(str_equal(stored->sector, company->sector));
    assert_int_equal(stored->has_job, company->has_job);
    assert_uuid(stored->job_id, company->job_id);
    assert_int_equal(stored->job_row, company->job_row);
    assert_uuid(stored->created_by, company->created_by);
    assert_int_equal(stored->created_at, company->created_at);
    assert_int_equal(stored->updated_at, company->updated_at);
    assert_int_equal(stored->deleted, company->deleted);
    assert_int_equal(stored->annual_count, -1);
    assert_int_equal(stored->quarterly_count, -1);
    assert_false(stored->has_market_cap);
}

static void a_company_comes_back_as_it_was(void **state)
{
    Fixture *f = *state;
    Job job = fixture_job(f, f->user, KIND_ANNUAL);
    Company by_hand = fixture_company(f, f->user, "ACME"), *stored = NULL;
    Company by_job = by_hand;
    by_job.id = uuid_new();
    by_job.symbol = STR("B.2");
    by_job.sector = STR("");
    by_job.has_job = true;
    by_job.job_id = job.id;
    by_job.job_row = 17;
    bool is_new = false;
    fixture_begin(f);
    assert_no_error(company_insert(f->arena, f->db, &by_job, &is_new));
    fixture_commit(f);
    assert_true(is_new);
    check(by_id(f, &by_hand), &by_hand);
    check(by_id(f, &by_job), &by_job);
    assert_no_error(company_by_symbol(f->arena, f->db, f->user, STR("B.2"), &stored));
    check(stored, &by_job);
    assert_no_error(company_by_symbol(f->arena, f->db, f->user, STR("b.2"), &stored));
    assert_null(stored);
    assert_no_error(company_by_symbol(f->arena, f->db, f->other, STR("B.2"), &stored));
    assert_null(stored);
    assert_no_error(company_by_id(f->arena, f->db, f->other, by_job.id, &stored));
    assert_null(stored);
    int64_t count = -1;
    assert_no_error(company_count_of_job(f->arena, f->db, f->user, job.id, &count));
    assert_int_equal(count, 1);
}

static void a_symbol_is_taken_once_an_owner(void **state)
{
    Fixture *f = *state;
    Company first = fixture_company(f, f->user, "ACME"), second = first;
    second.id = uuid_new();
    second.name = STR("Another");
    bool is_new = true;
    fixture_begin(f);
    assert_no_error(company_insert(f->arena, f->db, &second, &is_new));
    assert_false(is_new);
    second.owner_id = f->other;
    assert_no_error(company_insert(f->arena, f->db, &second, &is_new));
    assert_true(is_new);
    fixture_commit(f);
    assert_str(by_id(f, &first)->name, "ACME Inc.");
}

static void many_companies_go_in_together(void **state)
{
    Fixture *f = *state;
    enum { MANY = 700 };
    Company there = fixture_company(f, f->user, "C5"), *many = ARENA_ARRAY(f->arena, Company, MANY);
    Str *symbols = ARENA_ARRAY(f->arena, Str, MANY + 1);
    for (size_t i = 0; i < MANY; i++) {
        many[i] = there;
        many[i].id = uuid_new();
        many[i].symbol = symbols[i] = str_printf(f->arena, "C%zu", i);
    }
    symbols[MANY] = STR("NOBODY");
    fixture_begin(f);
    uint8_t made[MANY];
    assert_no_error(company_insert_many(f->arena, f->db, many, MANY, made));
    assert_no_error(company_insert_many(f->arena, f->db, many, 0, made));
    fixture_commit(f);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(made[i], i != 5);
    Company *found = NULL;
    size_t count = 0;
    assert_no_error(
        company_by_symbols(f->arena, f->db, f->user, symbols, MANY + 1, &found, &count));
    assert_int_equal(count, MANY);
    bool seen[MANY] = {false};
    for (size_t i = 0; i < count; i++) {
        int64_t number = 0;
        for (size_t d = 1; d < found[i].symbol.len; d++)
            number = number * 10 + found[i].symbol.ptr[d] - '0';
        if (number < 0 || number >= MANY)
            fail_msg("nobody asked for %jd", (intmax_t)number);
        assert_false(seen[number]);
        seen[number] = true;
        check(&found[i], number == 5 ? &there : &many[number]);
    }
    assert_no_error(company_by_symbols(f->arena, f->db, f->other, symbols, MANY, &found, &count));
    assert_int_equal(count, 0);
    assert_no_error(company_by_symbols(f->arena, f->db, f->user, symbols, 0, &found, &count));
    assert_int_equal(count, 0);
}

static void a_company_changes_dies_and_revives(void **state)
{
    Fixture *f = *state;
    Company company = fixture_company(f, f->user, "ACME"), other = fixture_company(f, f->user, "B");
    fixture_begin(f);
    assert_no_error(company_update(f->arena, f->db, f->user, company.id, STR("New"), STR("IT"),
                                   FIXTURE_START + 1));
    fixture_commit(f);
    company.name = STR("New");
    company.sector = STR("IT");
    company.updated_at = FIXTURE_START + 1;
    check(by_id(f, &company), &company);
    check(by_id(f, &other), &other);
    bool marked = false;
    fixture_begin(f);
    assert_no_error(
        company_mark_deleted(f->arena, f->db, f->user, company.id, FIXTURE_START + 2, &marked));
    assert_true(marked);
    assert_no_error(
        company_mark_deleted(f->arena, f->db, f->user, company.id, FIXTURE_START + 3, &marked));
    assert_false(marked); /* it is already */
    assert_no_error(
        company_mark_deleted(f->arena, f->db, f->other, other.id, FIXTURE_START + 3, &marked));
    assert_false(marked); /* another owner's */
    fixture_commit(f);
    company.deleted = true; /* and otherwise as it was, so that an undo leaves no trace */
    check(by_id(f, &company), &company);
    fixture_begin(f);
    const Uuid both[] = {other.id, company.id};
    assert_no_error(company_restore_many(f->arena, f->db, f->other, both, 2));
    check(by_id(f, &company), &company); /* another owner's */
    assert_no_error(company_restore_many(f->arena, f->db, f->user, both, 2));
    fixture_commit(f);
    company.deleted = false;
    check(by_id(f, &company), &company);
    check(by_id(f, &other), &other);
    fixture_begin(f);
    assert_no_error(
        company_mark_deleted(f->arena, f->db, f->user, company.id, FIXTURE_START + 3, &marked));
    assert_no_error(company_revive(f->arena, f->db, f->user, company.id, FIXTURE_START + 4));
    fixture_commit(f);
    company.deleted = false;
    company.updated_at = FIXTURE_START + 4;
    check(by_id(f, &company), &company);
}

static bool marks(Fixture *f, const Company *company)
{
    bool marked = false;
    Tx TX_AUTO tx = {0};
    assert_no_error(tx_begin(f->db, f->arena, TX_WRITE, &tx));
    assert_no_error(
        company_mark_deleted(f->arena, f->db, company->owner_id, company->id, 1, &marked));
    return marked;
}

static void a_company_with_a_current_prediction_stays(void **state)
{
    Fixture *f = *state;
    for (Kind kind = 0; kind < KIND_COUNT; kind++) {
        Company company = fixture_company(f, f->user, kind_spec(kind)->word);
        Prediction p = fixture_prediction(f, &company, kind, 2024, 4);
        assert_true(marks(f, &company));
        fixture_store(f, &p);
        assert_false(marks(f, &company));
        fixture_begin(f);
        bool unset = false;
        assert_no_error(prediction_unset_current(f->arena, f->db, kind, f->user, p.id, &unset));
        assert_true(unset);
        fixture_commit(f);
        assert_true(marks(f, &company)); /* what is former only does not hold it */
    }
}

/* --- lists ---------------------------------------------------------------------------------------- */

static size_t list(Fixture *f, const CompanyQuery *query, Company **ret_companies)
{
    size_t count = 99;
    assert_no_error(company_list(f->arena, f->db, query, ret_companies, &count));
    return count;
}

static void companies_are_listed_by_symbol(void **state)
{
    Fixture *f = *state;
    const char *symbols[] = {"B", "A", "AA", "Z", "A.1", "C"};
    const char *sorted[] = {"A", "A.1", "AA", "B", "C"}; /* Z is deleted */
    for (size_t i = 0; i < ARRAY_COUNT(symbols); i++) {
        fixture_company(f, f->user, symbols[i]);
        fixture_company(f, f->other, symbols[i]);
    }
    fixture_script(f, "UPDATE companies SET deleted_at = created_at WHERE symbol = 'Z'");
    for (int64_t limit = 1; limit <= 6; limit++) {
        CompanyQuery query = {.owner_id = f->user, .limit = limit};
        Company *companies = NULL;
        size_t at = 0, count;
        while ((count = list(f, &query, &companies)) > 0)
            for (size_t i = 0; i < count; i++, at++) {
                assert_true(at < ARRAY_COUNT(sorted));
                assert_str(companies[i].symbol, sorted[at]);
                assert_uuid(companies[i].owner_id, f->user);
                query.after_symbol = companies[i].symbol;
                query.after_id = companies[i].id;
            }
        assert_int_equal(at, ARRAY_COUNT(sorted));
    }
}

static void companies_are_found_by_part_and_sector(void **state)
{
    Fixture *f = *state;
    Company *companies = NULL;
    fixture_company(f, f->user, "ACME");
    fixture_company(f, f->user, "BETA");
    Company third = fixture_company(f, f->user, "CAC");
    fixture_begin(f);
    assert_no_error(
        company_update(f->arena, f->db, f->user, third.id, STR("The 100% Betamax_Co"), STR(""), 1));
    fixture_commit(f);
    const struct {
        const char *search, *sector;
        size_t count;
    } cases[] = {{"", "", 3},       {"AC", "", 2},       {"BETA", "", 2},     {"INC.", "", 2},
                 {"%", "", 1},      {"_", "", 1},        {"'", "", 0},        {"", "Energy", 2},
                 {"", "ENERGY", 0}, {"AC", "Energy", 1}, {"ZZ", "Energy", 0}, {"beta", "", 0}};
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        CompanyQuery query = {.owner_id = f->user,
                              .search = str_from(cases[i].search),
                              .sector = str_from(cases[i].sector),
                              .limit = 100};
        int64_t count = -1;
        assert_int_equal(list(f, &query, &companies), cases[i].count);
        assert_no_error(company_count(f->arena, f->db, &query, &count));
        assert_int_equal(count, cases[i].count);
        query.limit = 1;
        assert_no_error(company_count(f->arena, f->db, &query, &count));
        assert_int_equal(count, cases[i].count > 0); /* it stops at the limit */
    }
}

/* --- figures -------------------------------------------------------------------------------------- */

static void add(Fixture *f, const Company *company, Kind kind, int year, int quarter, double cap)
{
    Prediction p = fixture_prediction(f, company, kind, year, quarter);
    p.market_cap = (Ratio){cap, cap > 0};
    fixture_store(f, &p);
}

static void figures(Fixture *f, const Company *company, int64_t annual, int64_t quarterly,
                    double cap)
{
    Company found = *by_id(f, company);
    assert_no_error(company_figures(f->arena, f->db, &found));
    assert_int_equal(found.annual_count, annual);
    assert_int_equal(found.quarterly_count, quarterly);
    assert_int_equal(found.has_market_cap, cap > 0);
    assert_real(found.market_cap, cap);
}

static void figures_come_from_the_newest_period(void **state)
{
    Fixture *f = *state;
    Company company = fixture_company(f, f->user, "ACME");
    figures(f, &company, 0, 0, 0);
    add(f, &company, KIND_ANNUAL, 2022, 4, 100);
    figures(f, &company, 1, 0, 100);
    add(f, &company, KIND_QUARTERLY, 2022, 3, 50); /* older */
    figures(f, &company, 1, 1, 100);
    add(f, &company, KIND_QUARTERLY, 2023, 1, 200);
    figures(f, &company, 1, 2, 200);
    add(f, &company, KIND_ANNUAL, 2024, 4, 0); /* newer, without one */
    figures(f, &company, 2, 2, 200);
    Job job = fixture_job(f, f->user, KIND_ANNUAL);
    Prediction hidden = fixture_row(f, &company, &job, 2, 2025, 4);
    hidden.market_cap = (Ratio){300, true};
    fixture_store(f, &hidden);
    figures(f, &company, 3, 2, 300);
    fixture_hide(f, &job, true);
    figures(f, &company, 2, 2, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_company_comes_back_as_it_was),
        STORE_TEST(a_symbol_is_taken_once_an_owner),
        STORE_TEST(many_companies_go_in_together),
        STORE_TEST(a_company_changes_dies_and_revives),
        STORE_TEST(a_company_with_a_current_prediction_stays),
        STORE_TEST(companies_are_listed_by_symbol),
        STORE_TEST(companies_are_found_by_part_and_sector),
        STORE_TEST(figures_come_from_the_newest_period),
    };
    return fixture_run(tests);
}
