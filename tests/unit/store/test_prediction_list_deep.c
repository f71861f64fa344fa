/* Lists over more entries than one page may look at. A page stops after so many entries of an owner's
 * index (EXAMINED_MAX in prediction_list.c) and is given as it is, short or empty, with a cursor behind what was looked at: walking on, one
 * still meets every row exactly once. Rows come in thousands here, written in one transaction. */
#include "base/clock.h"
#include "base/vec.h"
#include "fixture.h"
#include "store/count_store.h"
#include "store/job_store.h"
#include "store/prediction_store.h"

enum { EXAMINED = 10000, COUNTED = 10000, WALK_MAX = 200 };

/* A stretch of an owner's work, one row a microsecond; the story begins with the oldest. */
typedef struct Stretch {
    size_t rows;
    char job;      /* 'A'…; '.': by hand */
    Source source; /* of rows by hand: what the tests look for is SOURCE_EDIT */
} Stretch;

typedef struct Load {
    Fixture *f;
    Uuid owner;
    Job jobs[26];
    bool has_job[26];
    Prediction first[26];
    Prediction last[26];
    VEC(Uuid) edits; /* ids of the rows with SOURCE_EDIT, oldest first */
    VEC(Company) companies;
    size_t count;
} Load;

/* Keys are (company, year, quarter): a company holds 200 years of four quarters. */
static const Company *next_company(Load *load)
{
    Arena *arena = load->f->arena;
    size_t c = load->count / 800;
    while (load->companies.count <= c) {
        const char *symbol = arena_printf(arena, "C%zu", load->companies.count);
        Company company = fixture_company(load->f, load->owner, symbol);
        vec_push(arena, &load->companies, company);
    }
    return &load->companies.items[c];
}

static void load_row(Load *load, const Stretch *stretch, Tally *tally)
{
    Fixture *f = load->f;
    fixture_advance(1);
    const Company *company = next_company(load);
    int year = 1900 + (int)(load->count % 800 / 4), quarter = 1 + (int)(load->count % 4);
    Prediction p = fixture_prediction(f, company, KIND_ANNUAL, year, quarter);
    if (stretch->job == '.') {
        p.source = stretch->source;
        if (p.source == SOURCE_EDIT)
            vec_push(f->arena, &load->edits, p.id);
    } else {
        size_t j = (size_t)(stretch->job - 'A');
        if (!load->has_job[j])
            load->jobs[j] = fixture_job(f, load->owner, KIND_ANNUAL);
        Uuid id = p.id;
        p = fixture_row(f, company, &load->jobs[j], (int64_t)load->count + 2, year, quarter);
        p.id = id;
        if (!load->has_job[j])
            load->first[j] = p;
        load->has_job[j] = true;
        load->last[j] = p;
    }
    load->count++;
    fixture_store(f, &p);
    CountKey key = {p.kind, p.has_job ? p.job_id : UUID_NIL, p.year, p.score.risk_level, p.sector};
    tally_add(tally, &key, 1);
}

static Load *load_stretches(Fixture *f, Uuid owner, const Stretch *stretches, size_t count)
{
    Load *load = ARENA_NEW(f->arena, Load);
    load->f = f;
    load->owner = owner;
    fixture_begin(f);
    Tally *tally = tally_new(f->arena);
    for (size_t s = 0; s < count; s++)
        for (size_t i = 0; i < stretches[s].rows; i++)
            load_row(load, &stretches[s], tally);
    assert_no_error(tally_store(f->arena, f->db, owner, tally));
    for (size_t j = 0; j < 26; j++)
        if (load->has_job[j])
            fixture_span(f, &load->jobs[j], &load->first[j], &load->last[j]);
    fixture_commit(f);
    return load;
}

#define LOAD(f, ...)                                                                               \
    load_stretches((f), (f)->user, (const Stretch[]){__VA_ARGS__},                                 \
                   sizeof((const Stretch[]){__VA_ARGS__}) / sizeof(Stretch))

typedef struct Walk {
    Uuid *ids;
    size_t count;
    size_t pages;
    size_t short_pages; /* not full, and yet not the last */
} Walk;

static Walk walk(Fixture *f, const Uuid *owners, size_t owner_count, const PredictionFilter *filter,
                 int64_t limit)
{
    VEC(Uuid) ids = {0};
    Walk walked = {0};
    Page page = {.limit = limit};
    PredictionQuery query = {KIND_ANNUAL, owners, owner_count, filter, &page};
    PageEnd end = {.has_more = true};
    while (end.has_more) {
        Prediction *items = NULL;
        size_t count = 0;
        assert_no_error(prediction_list(f->arena, f->db, &query, &items, &count, &end));
        assert_true(count <= (size_t)limit);
        for (size_t i = 0; i < count; i++)
            vec_push(f->arena, &ids, items[i].id);
        walked.short_pages += end.has_more && count < (size_t)limit;
        assert_true(++walked.pages < WALK_MAX);
        page.after = end.next;
    }
    walked.ids = ids.items;
    walked.count = ids.count;
    return walked;
}

/* The rows that were made by an edit, newest first, and how many pages came short. */
static size_t find_edits(const Load *load, PredictionFilter *filter)
{
    Fixture *f = load->f;
    filter->sources = 1u << SOURCE_EDIT;
    Walk walked = walk(f, &load->owner, 1, filter, 50);
    assert_int_equal(walked.count, load->edits.count);
    for (size_t i = 0; i < walked.count; i++)
        assert_uuid(walked.ids[i], load->edits.items[load->edits.count - 1 - i]);
    return walked.short_pages;
}

static PageEnd total_of(Fixture *f, const PredictionFilter *filter)
{
    Page page = {.limit = 1, .want_total = true};
    PredictionQuery query = {KIND_ANNUAL, &f->user, 1, filter, &page};
    Prediction *items = NULL;
    size_t count = 0;
    PageEnd end;
    assert_no_error(prediction_list(f->arena, f->db, &query, &items, &count, &end));
    return end;
}

/* --- pages that are cut --------------------------------------------------------------------------- */

static void pages_are_cut_and_go_on(void **state)
{
    Fixture *f = *state;
    Load *load = LOAD(f, {1, '.', SOURCE_EDIT}, {2500, '.', SOURCE_MANUAL}, {1, '.', SOURCE_EDIT},
                      {EXAMINED - 1, '.', SOURCE_MANUAL}, {2, '.', SOURCE_EDIT},
                      {EXAMINED - 2, '.', SOURCE_MANUAL}, {1, '.', SOURCE_EDIT});
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    assert_int_equal(find_edits(load, &filter), 2);
    /* Without a filter each entry looked at is given: no page comes short. */
    filter = PREDICTION_FILTER_ALL;
    Walk walked = walk(f, &f->user, 1, &filter, 1000);
    assert_int_equal(walked.count, load->count);
    assert_int_equal(walked.pages, (load->count + 999) / 1000);
    assert_int_equal(walked.short_pages, 0);
    /* By counts, exact beyond every bound; by looking, at least. */
    PageEnd end = total_of(f, &filter);
    assert_int_equal(end.total, load->count);
    assert_false(end.total_is_at_least);
    filter.probability_min = 0.001;
    end = total_of(f, &filter);
    assert_int_equal(end.total, COUNTED);
    assert_true(end.total_is_at_least);
    filter.probability_min = 0.5;
    end = total_of(f, &filter);
    assert_int_equal(end.total, 0);
    assert_true(end.total_is_at_least);
}

/* Exactly as many entries as a page may look at: the last of them is found, and nothing behind it. */
static void the_last_entry_that_may_be_looked_at(void **state)
{
    Fixture *f = *state;
    Load *load = LOAD(f, {1, '.', SOURCE_EDIT}, {EXAMINED - 1, '.', SOURCE_MANUAL});
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    assert_true(find_edits(load, &filter) <= 1);
    filter = PREDICTION_FILTER_ALL;
    filter.probability_min = 0.001;
    PageEnd end = total_of(f, &filter);
    assert_int_equal(end.total, COUNTED);
    assert_int_equal(end.total_is_at_least, EXAMINED > COUNTED);
    filter.sources = 1u << SOURCE_EDIT;
    end = total_of(f, &filter);
    assert_int_equal(end.total, 1);
    assert_false(end.total_is_at_least); /* it looked at all there is */
}

static void one_entry_more(void **state)
{
    Fixture *f = *state;
    Load *load = LOAD(f, {1, '.', SOURCE_EDIT}, {EXAMINED, '.', SOURCE_MANUAL});
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    assert_int_equal(find_edits(load, &filter), 1);
    filter = PREDICTION_FILTER_ALL;
    filter.sources = 1u << SOURCE_EDIT;
    PageEnd end = total_of(f, &filter);
    assert_int_equal(end.total, 0);
    assert_true(end.total_is_at_least);
}

/* Within one upload, in the order of its file, and by probability within a period. */
static void the_rows_of_a_large_upload(void **state)
{
    Fixture *f = *state;
    Load *load = LOAD(f, {1, '.', SOURCE_EDIT}, {EXAMINED + 5000, 'A', 0});
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    filter.has_job = true;
    filter.job_id = load->jobs[0].id;
    Walk walked = walk(f, &f->user, 1, &filter, 1000);
    assert_int_equal(walked.count, EXAMINED + 5000);
    PageEnd end = total_of(f, &filter);
    assert_int_equal(end.total, COUNTED);
    assert_true(end.total_is_at_least);
    filter.years[filter.year_count++] = 1900;
    filter.quarters = 1u << 2;
    walked = walk(f, &f->user, 1, &filter, 1000);
    const size_t companies = (EXAMINED + 5000 - 1) / 800 + 1; /* which hold one of them each */
    assert_int_equal(walked.count, companies);
    assert_true(walked.short_pages >= 1);
    filter.has_job = false;
    filter.sort = SORT_PROBABILITY;
    walked = walk(f, &f->user, 1, &filter, 7);
    assert_int_equal(walked.count, companies);
    assert_int_equal(walked.short_pages, 0);
}

/* --- hidden uploads ------------------------------------------------------------------------------- */

/* However many rows it hides, the first page is full at once. */
static void a_large_hidden_upload_is_jumped_over(void **state)
{
    Fixture *f = *state;
    Load *load = LOAD(f, {60, '.', SOURCE_MANUAL}, {EXAMINED * 3 / 4, 'A', 0},
                      {2, '.', SOURCE_EDIT}, {EXAMINED * 3 / 4, 'A', 0}, {1, '.', SOURCE_EDIT});
    fixture_hide(f, &load->jobs[0], true);
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    Walk walked = walk(f, &f->user, 1, &filter, 50);
    assert_int_equal(walked.count, 63);
    assert_int_equal(walked.pages, 2);
    assert_int_equal(walked.short_pages, 0);
    assert_int_equal(find_edits(load, &filter), 0);
    filter = PREDICTION_FILTER_ALL;
    PageEnd end = total_of(f, &filter);
    assert_int_equal(end.total, 63);
    assert_false(end.total_is_at_least);
}

/* Where the rows of another upload lie within it, each is tested: the pages are cut, and go on. */
static void a_large_shared_hidden_upload_is_waded_through(void **state)
{
    Fixture *f = *state;
    Load *load =
        LOAD(f, {30, 'B', 0}, {1, '.', SOURCE_EDIT}, {EXAMINED * 3 / 4, 'A', 0}, {20, 'B', 0},
             {1, '.', SOURCE_EDIT}, {EXAMINED * 3 / 4, 'A', 0}, {1, '.', SOURCE_EDIT});
    fixture_hide(f, &load->jobs[0], true);
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    Walk walked = walk(f, &f->user, 1, &filter, 50);
    assert_int_equal(walked.count, 53);
    assert_int_equal(walked.short_pages, 1);
    assert_int_equal(find_edits(load, &filter), 1);
}

/* The stretch above a hidden upload uses up what a page may look at, or nearly: the stretches behind it
 * still begin with their first entry. One round for each place in the growth of the windows. */
static void nothing_is_lost_between_two_stretches(void **state)
{
    Fixture *f = *state;
    const size_t above[] = {255, 256, 257, 1279, 1280, 5375, 5376, 5377, 6000};
    for (size_t i = 0; i < ARRAY_COUNT(above); i++) {
        Uuid owner = fixture_user(f, arena_printf(f->arena, "%zu@example.com", i)).id;
        const Stretch stretches[] = {{1, '.', SOURCE_EDIT}, {3, '.', SOURCE_MANUAL}, {2, 'A', 0},
                                     {1, '.', SOURCE_EDIT}, {1, '.', SOURCE_EDIT},   {2, 'A', 0},
                                     {above[i], 'B', 0}};
        ArenaMark mark = arena_mark(f->arena);
        Load *load = load_stretches(f, owner, stretches, ARRAY_COUNT(stretches));
        fixture_hide(f, &load->jobs[0], true);
        PredictionFilter filter = PREDICTION_FILTER_ALL;
        find_edits(load, &filter);
        arena_rewind(f->arena, mark);
    }
}

static void nothing_is_lost_where_a_stretch_ends_at_the_bound(void **state)
{
    Fixture *f = *state;
    const size_t above[] = {EXAMINED - 1, EXAMINED, EXAMINED + 1};
    for (size_t i = 0; i < ARRAY_COUNT(above); i++) {
        Uuid owner = fixture_user(f, arena_printf(f->arena, "%zu@example.com", i)).id;
        const Stretch stretches[] = {{1, '.', SOURCE_EDIT},
                                     {2, 'A', 0},
                                     {2, '.', SOURCE_EDIT},
                                     {2, 'A', 0},
                                     {above[i], 'B', 0}};
        ArenaMark mark = arena_mark(f->arena);
        Load *load = load_stretches(f, owner, stretches, ARRAY_COUNT(stretches));
        fixture_hide(f, &load->jobs[0], true);
        PredictionFilter filter = PREDICTION_FILTER_ALL;
        find_edits(load, &filter);
        arena_rewind(f->arena, mark);
    }
}

/* --- several owners ------------------------------------------------------------------------------- */

/* One owner's branch is cut while another's is not: rows behind the cut wait for their turn. */
static void a_cut_holds_back_the_other_owners(void **state)
{
    Fixture *f = *state;
    const Stretch old[] = {{3, '.', SOURCE_EDIT}},
                  large[] = {{1, '.', SOURCE_EDIT},
                             {EXAMINED + 100, '.', SOURCE_MANUAL},
                             {2, '.', SOURCE_EDIT}},
                  recent[] = {{2, '.', SOURCE_EDIT}};
    Load *oldest = load_stretches(f, f->other, old, 1);
    Load *between = load_stretches(f, f->user, large, 3);
    Uuid third = fixture_user(f, "third@example.com").id;
    Load *newest = load_stretches(f, third, recent, 1);
    const Uuid owners[] = {f->other, f->user, third};
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    filter.sources = 1u << SOURCE_EDIT;
    for (int64_t limit = 1; limit <= 9; limit++) {
        Walk walked = walk(f, owners, 3, &filter, limit);
        const Load *order[] = {newest, between, oldest};
        size_t at = 0;
        for (size_t l = 0; l < 3; l++)
            for (size_t i = order[l]->edits.count; i > 0; i--, at++) {
                assert_true(at < walked.count);
                assert_uuid(walked.ids[at], order[l]->edits.items[i - 1]);
            }
        assert_int_equal(walked.count, at);
    }
}

/* An offset within the first cut is honoured; the rows that it skips are never given. */
static void an_offset_skips_rows_of_a_cut_page(void **state)
{
    Fixture *f = *state;
    Load *load =
        LOAD(f, {3, '.', SOURCE_EDIT}, {EXAMINED + 100, '.', SOURCE_MANUAL}, {5, '.', SOURCE_EDIT});
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    filter.sources = 1u << SOURCE_EDIT;
    Page page = {.limit = 10, .offset = 4};
    PredictionQuery query = {KIND_ANNUAL, &f->user, 1, &filter, &page};
    Prediction *items = NULL;
    size_t count = 0;
    PageEnd end;
    assert_no_error(prediction_list(f->arena, f->db, &query, &items, &count, &end));
    assert_int_equal(count, 1);
    assert_uuid(items[0].id, load->edits.items[3]);
    assert_true(end.has_more);
    page = (Page){.limit = 10, .after = end.next};
    assert_no_error(prediction_list(f->arena, f->db, &query, &items, &count, &end));
    assert_int_equal(count, 3);
    assert_uuid(items[0].id, load->edits.items[2]);
    assert_false(end.has_more);
}

/* As far as an offset may go, a page without filters is full: nothing is looked at in vain. */
static void the_furthest_offset_gives_a_full_page(void **state)
{
    Fixture *f = *state;
    LOAD(f, {PAGE_OFFSET_MAX + 2 * PAGE_LIMIT_MAX, '.', SOURCE_MANUAL});
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    const int64_t offsets[] = {PAGE_OFFSET_MAX - PAGE_LIMIT_MAX, PAGE_OFFSET_MAX - 1,
                               PAGE_OFFSET_MAX};
    for (size_t i = 0; i < ARRAY_COUNT(offsets); i++) {
        Page page = {.limit = PAGE_LIMIT_MAX, .offset = offsets[i]};
        PredictionQuery query = {KIND_ANNUAL, &f->user, 1, &filter, &page};
        Prediction *items = NULL;
        size_t count = 0;
        PageEnd end;
        assert_no_error(prediction_list(f->arena, f->db, &query, &items, &count, &end));
        assert_int_equal(count, PAGE_LIMIT_MAX);
        assert_true(end.has_more);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(pages_are_cut_and_go_on),
        STORE_TEST(the_last_entry_that_may_be_looked_at),
        STORE_TEST(one_entry_more),
        STORE_TEST(the_rows_of_a_large_upload),
        STORE_TEST(a_large_hidden_upload_is_jumped_over),
        STORE_TEST(a_large_shared_hidden_upload_is_waded_through),
        STORE_TEST(nothing_is_lost_between_two_stretches),
        STORE_TEST(nothing_is_lost_where_a_stretch_ends_at_the_bound),
        STORE_TEST(a_cut_holds_back_the_other_owners),
        STORE_TEST(an_offset_skips_rows_of_a_cut_page),
        STORE_TEST(the_furthest_offset_gives_a_full_page),
    };
    return fixture_run(tests);
}
