/* The list of predictions against a list that could not be simpler: all rows in memory, filtered one by
 * one, sorted, and cut into pages. Many small worlds are made at random, each with several owners, both
 * kinds, uploads in every state and place, versions by hand, ties in time and in probability; each is
 * asked many random questions, and each answer is walked page by page to its end: exactly the expected
 * rows, in the expected order, none twice, and a cursor exactly as long as there is more.
 *
 * What the lists promise beyond that, about hidden uploads in each place, stands in tests of its own
 * below, so that a failure says which place it is. Pages over more entries than a page may look at are
 * in test_prediction_list_deep.c. */
#include "base/clock.h"
#include "base/vec.h"
#include "fixture.h"
#include "store/count_store.h"
#include "store/job_store.h"
#include "store/prediction_store.h"

#include <math.h>

/* What a world may hold, beside what all hold. */
typedef enum WorldKind {
    WORLD_PLAIN = 0,
    WORLD_INFERRED = 1,  /* links that were inferred, and uploads that hide only recorded ones */
    WORLD_JOB_BY_PD = 2, /* the rows of one upload sorted by probability are asked for */
    WORLD_VERSIONS_TOTAL = 4 /* the total of a company's rows with all versions is asked for */
} WorldKind;

enum { OWNERS = 3, COMPANIES = 6, YEARS = 4 };

typedef struct WorldJob {
    Job job;
    bool hides;
    bool hides_inferred;
    bool record_deleted;
    bool any;
    PageKey first;
    PageKey last;
} WorldJob;

typedef struct WorldRow {
    Prediction prediction;
    const WorldJob *job; /* NULL: by hand */
    Str symbol;
} WorldRow;

typedef struct World {
    Fixture *f;
    unsigned kind; /* WorldKind bits */
    uint64_t *seed;
    Uuid owners[OWNERS];
    Company companies[OWNERS][COMPANIES];
    VEC(WorldJob *) jobs;
    VEC(WorldRow) rows;
} World;

static bool chance(World *world, size_t one_in)
{
    return test_below(world->seed, one_in) == 0;
}

static const char *const SECTORS[] = {"", "Energy", "Health", "Health Care", "IT"};

/* --- making a world ------------------------------------------------------------------------------- */

static Uuid random_id(World *world)
{
    Uuid id;
    uint64_t halves[2] = {test_random(world->seed), test_random(world->seed)};
    memcpy(id.bytes, halves, sizeof id.bytes);
    id.bytes[0] = (uint8_t)(id.bytes[0] % 3 * 127); /* close neighbours and both ends */
    return id;
}

static void make_companies(World *world)
{
    static const char *const symbols[COMPANIES] = {"A", "AB", "ABC", "BC", "XA", "Z.9"};
    for (size_t o = 0; o < OWNERS; o++)
        for (size_t c = 0; c < COMPANIES; c++)
            world->companies[o][c] = fixture_company(world->f, world->owners[o], symbols[c]);
}

static WorldJob *make_job(World *world, Uuid owner, Kind kind)
{
    WorldJob *job = ARENA_NEW(world->f->arena, WorldJob);
    job->job = fixture_job(world->f, owner, kind);
    job->hides = chance(world, 2);
    job->hides_inferred = !(world->kind & WORLD_INFERRED) || chance(world, 2);
    job->record_deleted = !job->hides && chance(world, 4);
    vec_push(world->f->arena, &world->jobs, job);
    return job;
}

static PageKey key_of(const Prediction *p)
{
    return (PageKey){true, p->created_at, p->score.probability, p->job_row, p->id};
}

static int by_time(const PageKey *a, const PageKey *b)
{
    if (a->created_at != b->created_at)
        return a->created_at < b->created_at ? -1 : 1;
    return uuid_compare(a->id, b->id);
}

/* A row of a job or (NULL) by hand; where its key has a current holder, one of the two is former. */
static void make_row(World *world, size_t owner, Kind kind, WorldJob *job, int64_t job_row)
{
    size_t c = test_below(world->seed, COMPANIES);
    const Company *company = &world->companies[owner][c];
    int year = 2020 + (int)test_below(world->seed, YEARS);
    int quarter = 1 + (int)test_below(world->seed, 4);
    Prediction p = job != NULL ? fixture_row(world->f, company, &job->job, job_row, year, quarter)
                               : fixture_prediction(world->f, company, kind, year, quarter);
    p.id = random_id(world);
    p.sector = str_from(SECTORS[test_below(world->seed, ARRAY_COUNT(SECTORS))]);
    p.score.risk_level = (RiskLevel)test_below(world->seed, RISK_LEVEL_COUNT);
    p.score.probability = (double)test_below(world->seed, 6) / 5;
    p.score.values[kind_spec(kind)->score_count - 1] = p.score.probability;
    p.created_by = chance(world, 3) ? world->f->other : world->f->user;
    if (job == NULL)
        p.source = (Source)(SOURCE_MANUAL + (int)test_below(world->seed, 3));
    if (job != NULL && (world->kind & WORLD_INFERRED) && chance(world, 3))
        p.job_link = LINK_INFERRED;
    for (size_t i = 0; i < world->rows.count; i++) {
        Prediction *other = &world->rows.items[i].prediction;
        if (!other->is_current || other->kind != kind || other->year != year ||
            other->quarter != quarter || !uuid_equal(other->company_id, company->id))
            continue;
        if (chance(world, 2))
            other->is_current = false;
        else
            p.is_current = false;
    }
    vec_push(world->f->arena, &world->rows, ((WorldRow){p, job, company->symbol}));
    if (job == NULL)
        return;
    PageKey key = key_of(&p);
    if (!job->any || by_time(&key, &job->first) < 0)
        job->first = key;
    if (!job->any || by_time(&key, &job->last) > 0)
        job->last = key;
    job->any = true;
}

/* An owner's work, in order: uploads, and rows by hand between and within them. Now and then the clock
 * is set back, so that uploads lie within each other. */
static void make_work(World *world, size_t owner, Kind kind)
{
    size_t pieces = test_below(world->seed, 7);
    for (size_t piece = 0; piece < pieces; piece++) {
        WorldJob *job = chance(world, 3) ? NULL : make_job(world, world->owners[owner], kind);
        size_t rows = test_below(world->seed, 12);
        int64_t job_row = 2;
        for (size_t i = 0; i < rows; i++) {
            fixture_advance((int64_t)test_below(world->seed, 3));
            if (job != NULL && chance(world, 5))
                make_row(world, owner, kind, NULL, 0);
            make_row(world, owner, kind, job, job_row);
            job_row += 1 + (int64_t)test_below(world->seed, 3);
        }
        if (chance(world, 12))
            fixture_advance(-(int64_t)test_below(world->seed, 20));
    }
}

static void store_job(World *world, const WorldJob *job)
{
    Fixture *f = world->f;
    const Job *j = &job->job;
    if (job->any) {
        RowSpan span = {true, job->first.created_at, job->first.id, job->last.created_at,
                        job->last.id};
        assert_no_error(job_batch(f->arena, f->db, j, &span, clock_now()));
    }
    assert_no_error(
        job_finish(f->arena, f->db, j->owner_id, j->id, JOB_COMPLETED, NULL, clock_now()));
    if (job->hides)
        fixture_hide(f, j, job->hides_inferred);
    if (job->record_deleted)
        assert_no_error(job_delete_record(f->arena, f->db, j->owner_id, j->id, clock_now()));
}

static World *make_world(Fixture *f, unsigned kind, uint64_t *seed, bool with_system)
{
    World *world = ARENA_NEW(f->arena, World);
    *world = (World){.f = f, .kind = kind, .seed = seed};
    fixture_begin(f);
    for (size_t i = 0; i < OWNERS; i++)
        world->owners[i] =
            fixture_user(f, arena_printf(f->arena, "%ju-%zu@example.com", *seed, i)).id;
    if (with_system)
        world->owners[OWNERS - 1] = SYSTEM_OWNER;
    make_companies(world);
    for (size_t owner = 0; owner < OWNERS; owner++)
        for (Kind k = 0; k < KIND_COUNT; k++)
            make_work(world, owner, k);
    for (size_t i = 0; i < world->jobs.count; i++)
        store_job(world, world->jobs.items[i]);
    for (size_t i = 0; i < world->rows.count; i++) {
        const Prediction *p = &world->rows.items[i].prediction;
        fixture_store(f, p);
        if (p->is_current)
            assert_no_error(count_add(f->arena, f->db, p, 1));
    }
    fixture_commit(f);
    if (world->kind & WORLD_INFERRED) /* what a job keeps of it, as a backfill would have set it */
        fixture_script(f, "UPDATE bulk_upload_jobs SET inferred_rows ="
                          " (SELECT count(*) FROM annual_predictions p"
                          "  WHERE p.owner_id = bulk_upload_jobs.owner_id"
                          "  AND p.job_id = bulk_upload_jobs.id AND p.job_link = 1)"
                          " + (SELECT count(*) FROM quarterly_predictions p"
                          "  WHERE p.owner_id = bulk_upload_jobs.owner_id"
                          "  AND p.job_id = bulk_upload_jobs.id AND p.job_link = 1)");
    return world;
}

/* --- the naive list ------------------------------------------------------------------------------- */

static bool is_hidden(const WorldRow *row)
{
    return row->job != NULL && row->job->hides &&
           (row->prediction.job_link == LINK_RECORDED || row->job->hides_inferred);
}

static bool has_text(const Str *values, size_t count, Str value)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(values[i], value))
            return true;
    return count == 0;
}

static bool has_year(const PredictionFilter *filter, int year)
{
    for (size_t i = 0; i < filter->year_count; i++)
        if (filter->years[i] == year)
            return true;
    return filter->year_count == 0;
}

static bool passes(const PredictionFilter *filter, const WorldRow *row)
{
    const Prediction *p = &row->prediction;
    return (filter->symbol_part.len == 0 ||
            memmem(row->symbol.ptr, row->symbol.len, filter->symbol_part.ptr,
                   filter->symbol_part.len) != NULL) &&
           (!filter->has_company || uuid_equal(p->company_id, filter->company_id)) &&
           has_text(filter->sectors, filter->sector_count, p->sector) &&
           has_year(filter, p->year) &&
           (filter->quarters == 0 || filter->quarters >> p->quarter & 1) &&
           (filter->risk_levels == 0 || filter->risk_levels >> p->score.risk_level & 1) &&
           (filter->sources == 0 || filter->sources >> p->source & 1) &&
           (!filter->has_job || (p->has_job && uuid_equal(p->job_id, filter->job_id))) &&
           (!filter->has_user || uuid_equal(p->created_by, filter->created_by)) &&
           p->created_at >= filter->created_after && p->created_at < filter->created_before &&
           p->score.probability >= filter->probability_min &&
           p->score.probability <= filter->probability_max &&
           (p->is_current || filter->include_superseded);
}

static bool asks_for(const PredictionQuery *query, Uuid owner)
{
    for (size_t i = 0; i < query->owner_count; i++)
        if (uuid_equal(query->owners[i], owner))
            return true;
    return false;
}

static int in_order(const void *a, const void *b, void *context)
{
    const PredictionFilter *filter = context;
    const Prediction *left = &(*(const WorldRow *const *)a)->prediction;
    const Prediction *right = &(*(const WorldRow *const *)b)->prediction;
    if (filter->sort == SORT_PROBABILITY) {
        int order = left->score.probability < right->score.probability ? -1
                    : left->score.probability > right->score.probability
                        ? 1
                        : uuid_compare(left->id, right->id);
        return filter->ascending ? order : -order;
    }
    if (filter->has_job)
        return left->job_row > right->job_row ? -1 : 1;
    PageKey x = key_of(left), y = key_of(right);
    return -by_time(&x, &y);
}

static const WorldRow **naive_list(const World *world, const PredictionQuery *query,
                                   size_t *ret_count)
{
    const WorldRow **list = ARENA_ARRAY(world->f->arena, const WorldRow *, world->rows.count + 1);
    size_t count = 0;
    for (size_t i = 0; i < world->rows.count; i++) {
        const WorldRow *row = &world->rows.items[i];
        if (row->prediction.kind == query->kind && asks_for(query, row->prediction.owner_id) &&
            !is_hidden(row) && passes(query->filter, row))
            list[count++] = row;
    }
    qsort_r(list, count, sizeof *list, in_order, (void *)(uintptr_t)query->filter);
    *ret_count = count;
    return list;
}

/* --- asking --------------------------------------------------------------------------------------- */

static void random_places(World *world, PredictionFilter *filter)
{
    if (chance(world, 4))
        filter->symbol_part = str_from(
            (const char *const[]){"A", "B", "AB", "C", ".", "Q"}[test_below(world->seed, 6)]);
    if (chance(world, 5)) {
        filter->has_company = true;
        filter->company_id =
            world->companies[test_below(world->seed, OWNERS)][test_below(world->seed, COMPANIES)]
                .id;
    }
    if (chance(world, 4))
        for (size_t n = 1 + test_below(world->seed, 3); n > 0; n--)
            filter->sectors[filter->sector_count++] =
                str_from(SECTORS[test_below(world->seed, ARRAY_COUNT(SECTORS))]);
    if (chance(world, 5) && world->jobs.count > 0) {
        filter->has_job = true;
        filter->job_id = world->jobs.items[test_below(world->seed, world->jobs.count)]->job.id;
    }
    if (chance(world, 5)) {
        filter->has_user = true;
        filter->created_by = chance(world, 2) ? world->f->user : world->f->other;
    }
}

static void random_times(World *world, PredictionFilter *filter)
{
    if (chance(world, 4))
        for (size_t n = 1 + test_below(world->seed, 3); n > 0; n--)
            filter->years[filter->year_count++] = 2019 + (int)test_below(world->seed, YEARS + 2);
    if (chance(world, 4))
        filter->quarters = (unsigned)(1 + test_below(world->seed, 15)) << 1;
    for (size_t i = 0; i < 2 && world->rows.count > 0; i++) {
        const WorldRow *row = &world->rows.items[test_below(world->seed, world->rows.count)];
        int64_t time = row->prediction.created_at + (int64_t)test_below(world->seed, 3) - 1;
        if (chance(world, 5) && i == 0)
            filter->created_after = time;
        if (chance(world, 5) && i == 1)
            filter->created_before = time;
    }
}

static PredictionFilter random_filter(World *world)
{
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    if (chance(world, 6))
        return filter;
    random_places(world, &filter);
    random_times(world, &filter);
    if (chance(world, 4))
        filter.risk_levels = 1 + (unsigned)test_below(world->seed, 15);
    if (chance(world, 4))
        filter.sources = 1 + (unsigned)test_below(world->seed, 31);
    if (chance(world, 5))
        filter.probability_min = (double)test_below(world->seed, 6) / 5;
    if (chance(world, 5))
        filter.probability_max = (double)test_below(world->seed, 6) / 5;
    if (chance(world, 3) && (!filter.has_job || (world->kind & WORLD_JOB_BY_PD))) {
        filter.sort = SORT_PROBABILITY;
        filter.ascending = chance(world, 2);
        filter.years[0] = 2020 + (int)test_below(world->seed, YEARS);
        filter.year_count = 1;
    }
    filter.include_superseded = filter.sort == SORT_CREATED_AT &&
                                (filter.has_job || filter.has_company) && chance(world, 2);
    return filter;
}

/* The whole list, page by page, from the rows behind the offset on. */
static size_t walk(World *world, const PredictionQuery *query, const WorldRow **expected,
                   size_t expected_count)
{
    Fixture *f = world->f;
    Page page = *query->page;
    PredictionQuery asked = *query;
    asked.page = &page;
    size_t at = (size_t)page.offset < expected_count ? (size_t)page.offset : expected_count;
    for (size_t pages = 1;; pages++) {
        Prediction *items = NULL;
        size_t count = 0;
        PageEnd end;
        assert_no_error(prediction_list(f->arena, f->db, &asked, &items, &count, &end));
        size_t left = expected_count - at;
        size_t wanted = left < (size_t)page.limit ? left : (size_t)page.limit;
        assert_int_equal(count, wanted);
        for (size_t i = 0; i < count; i++) {
            assert_prediction(&items[i], &expected[at + i]->prediction);
            assert_true(str_equal(items[i].company_symbol, expected[at + i]->symbol));
            assert_int_equal(items[i].job_deleted, expected[at + i]->job != NULL &&
                                                       expected[at + i]->job->record_deleted);
        }
        at += count;
        assert_int_equal(end.has_more, at < expected_count);
        if (page.want_total) {
            assert_int_equal(end.total, expected_count);
            assert_false(end.total_is_at_least);
        } else {
            assert_int_equal(end.total, -1);
        }
        if (!end.has_more)
            return pages;
        assert_true(end.next.set);
        page.offset = 0;
        page.after = end.next;
        page.limit = 1 + (int64_t)test_below(world->seed, 8);
    }
}

static void ask(World *world)
{
    PredictionFilter filter = random_filter(world);
    Page page = {.limit = 1 + (int64_t)test_below(world->seed, 12)};
    Uuid owners[OWNERS];
    size_t first = test_below(world->seed, OWNERS);
    PredictionQuery query = {.kind = (Kind)test_below(world->seed, KIND_COUNT),
                             .owners = owners,
                             .owner_count = test_below(world->seed, OWNERS + 1),
                             .filter = &filter,
                             .page = &page};
    for (size_t i = 0; i < OWNERS; i++)
        owners[i] = world->owners[(first + i) % OWNERS];
    size_t count = 0;
    const WorldRow **expected = naive_list(world, &query, &count);
    page.want_total = chance(world, 2) && (!filter.include_superseded || filter.has_job ||
                                           (world->kind & WORLD_VERSIONS_TOTAL));
    if (chance(world, 3))
        page.offset = (int64_t)test_below(world->seed, count + 5);
    walk(world, &query, expected, count);
}

/* Every world has owners of its own, so that one database holds them all. */
static void live(Fixture *f, unsigned kind, uint64_t seed, size_t worlds)
{
    if (!fixture_is_sqlite(f))
        worlds = worlds / 5 + 1; /* each question is a journey there */
    for (size_t i = 0; i < worlds; i++) {
        ArenaMark mark = arena_mark(f->arena);
        World *world = make_world(f, kind, &seed, i == 0);
        for (size_t n = 0; n < 60; n++) {
            ArenaMark question = arena_mark(f->arena);
            ask(world);
            arena_rewind(f->arena, question);
        }
        arena_rewind(f->arena, mark);
    }
}

static void lists_agree_with_the_naive_one(void **state)
{
    live(*state, WORLD_PLAIN, 1, test_rounds(120));
}

static void links_that_were_inferred_hide_apart(void **state)
{
    live(*state, WORLD_INFERRED, 2, test_rounds(50));
}

static void a_job_is_listed_by_probability_too(void **state)
{
    live(*state, WORLD_JOB_BY_PD, 3, test_rounds(50));
}

static void totals_count_all_versions_where_they_are_listed(void **state)
{
    live(*state, WORLD_VERSIONS_TOTAL, 4, test_rounds(50));
}

/* --- hidden uploads in each place ----------------------------------------------------------------- */

/* Rows are made one a microsecond; the text says whose they are: "." by hand, a letter for its upload.
 * The lower case of a letter is a version that was superseded. */
typedef struct Story {
    Fixture *f;
    Company company;
    Job jobs[26];
    bool has_job[26];
    Prediction rows[64];
    size_t count;
} Story;

static Story *tell(Fixture *f, const char *text)
{
    Story *story = ARENA_NEW(f->arena, Story);
    story->f = f;
    fixture_begin(f);
    story->company = fixture_company(f, f->user, "ACME");
    for (const char *c = text; *c != '\0'; c++) {
        fixture_advance(1);
        bool former = *c >= 'a' && *c <= 'z';
        size_t j = (size_t)(*c & 0x1F) - 1;
        int year = 1950 + (int)story->count;
        Prediction *p = &story->rows[story->count++];
        if (*c == '.') {
            *p = fixture_prediction(f, &story->company, KIND_ANNUAL, year, 4);
        } else {
            if (!story->has_job[j])
                story->jobs[j] = fixture_job(f, f->user, KIND_ANNUAL);
            story->has_job[j] = true;
            *p = fixture_row(f, &story->company, &story->jobs[j], (int64_t)story->count + 1, year,
                             4);
        }
        p->is_current = !former;
        fixture_store(f, p);
    }
    for (size_t j = 0; j < 26; j++) {
        const Prediction *first = NULL, *last = NULL;
        for (size_t i = 0; i < story->count && story->has_job[j]; i++)
            if (uuid_equal(story->rows[i].job_id, story->jobs[j].id)) {
                first = first == NULL ? &story->rows[i] : first;
                last = &story->rows[i];
            }
        if (first != NULL)
            fixture_span(f, &story->jobs[j], first, last);
    }
    fixture_commit(f);
    return story;
}

/* Hides the uploads in `hidden`, then lists in pages of each size; `expected` marks with 'x' the rows of
 * the story that can be seen, which come newest first. */
static void hide_and_list(Story *story, const char *hidden, const char *expected)
{
    Fixture *f = story->f;
    for (const char *c = hidden; *c != '\0'; c++)
        fixture_hide(f, &story->jobs[*c - 'A'], true);
    PredictionFilter all = PREDICTION_FILTER_ALL, some = PREDICTION_FILTER_ALL;
    some.probability_min = 0.001; /* lets all pass, and the list does not know it */
    for (int64_t limit = 1; limit <= 12; limit++)
        for (int filtered = 0; filtered < 2; filtered++) {
            Page page = {.limit = limit};
            PredictionQuery query = {KIND_ANNUAL, &f->user, 1, filtered ? &some : &all, &page};
            size_t at = story->count;
            PageEnd end = {.has_more = true};
            while (end.has_more) {
                Prediction *items = NULL;
                size_t count = 0;
                assert_no_error(prediction_list(f->arena, f->db, &query, &items, &count, &end));
                for (size_t i = 0; i < count; i++) {
                    do {
                        assert_true(at > 0);
                        at--;
                    } while (expected[at] != 'x');
                    assert_uuid(items[i].id, story->rows[at].id);
                }
                assert_true(count == (size_t)limit || !end.has_more);
                page.after = end.next;
            }
            while (at > 0)
                assert_true(expected[--at] != 'x');
        }
}

static void the_newest_upload_hidden(void **state)
{
    hide_and_list(tell(*state, "AAA..BBB.CCCCCC"), "C", "xxxxxxxxx......");
}

static void the_oldest_upload_hidden(void **state)
{
    hide_and_list(tell(*state, "AAA..BBB.CCCCCC"), "A", "...xxxxxxxxxxxx");
}

static void an_upload_between_hidden(void **state)
{
    hide_and_list(tell(*state, "AAA..BBB.CCCCCC"), "B", "xxxxx...xxxxxxx");
}

static void several_uploads_hidden(void **state)
{
    hide_and_list(tell(*state, "AAA..BBB.CCCCCC"), "AC", "...xxxxxx......");
}

static void neighbouring_uploads_hidden(void **state)
{
    hide_and_list(tell(*state, ".AAABBBCCC."), "ABC", "x.........x");
}

static void every_upload_hidden(void **state)
{
    hide_and_list(tell(*state, "AAABBB"), "AB", "......");
}

static void rows_by_hand_within_a_hidden_upload(void **state)
{
    hide_and_list(tell(*state, "..AA.A..A.A.BB."), "A", "xx..x.xx.x.xxxx");
}

static void an_upload_of_one_row_hidden(void **state)
{
    hide_and_list(tell(*state, ".A.B.C."), "B", "xxx.xxx");
}

static void superseded_rows_at_the_ends_of_a_hidden_upload(void **state)
{
    hide_and_list(tell(*state, "BB.aAA.Aa.CC"), "A", "xxx...x..xxx");
}

/* A clock that was set back: two uploads lie within each other, and only one of them is hidden. */
static void an_upload_hidden_within_another(void **state)
{
    hide_and_list(tell(*state, "AABAB.BA.A.BB"), "A", "..x.xxx.x.xxx");
}

static void an_upload_hidden_around_another(void **state)
{
    hide_and_list(tell(*state, "AAABB.BAAA"), "A", "...xxxx...");
}

static void two_hidden_uploads_within_each_other(void **state)
{
    hide_and_list(tell(*state, "..AAB.BA.AB.B.."), "AB", "xx...x..x..x.xx");
}

static void a_hidden_upload_within_a_hidden_one(void **state)
{
    hide_and_list(tell(*state, ".AA.BB.BAA."), "AB", "x..x..x...x");
}

/* Two hidden ones lie within each other, and a third, that is seen, within one of them. */
static void hidden_and_seen_uploads_within_each_other(void **state)
{
    hide_and_list(tell(*state, "A.ABAB.CBC.C"), "AB", ".x....xx.xxx");
}

/* Of the other kind, or of another owner, an upload hides nothing here. */
static void a_hidden_upload_of_the_other_kind_is_no_matter(void **state)
{
    Fixture *f = *state;
    Story *story = tell(f, "AA.AA");
    Job job = fixture_job(f, f->user, KIND_QUARTERLY);
    Prediction p = fixture_row(f, &story->company, &job, 2, 2024, 1);
    fixture_store(f, &p);
    fixture_span(f, &job, &story->rows[1], &story->rows[3]);
    fixture_hide(f, &job, true);
    hide_and_list(story, "", "xxxxx");
}

/* A clock that was set back within one upload: its batches do not ascend. */
static void a_hidden_upload_whose_batches_do_not_ascend(void **state)
{
    Fixture *f = *state;
    Story *story = tell(f, "..AA..AA.");
    fixture_script(f, "UPDATE bulk_upload_jobs SET first_created_at = NULL, first_id = NULL, "
                      "last_created_at = NULL, last_id = NULL");
    fixture_span(f, &story->jobs[0], &story->rows[6], &story->rows[7]);
    fixture_span(f, &story->jobs[0], &story->rows[2], &story->rows[3]);
    hide_and_list(story, "A", "xx..xx..x");
}

/* Its record alone was deleted: its rows stay, and it still marks the span of its own rows. */
static void an_upload_whose_record_was_deleted_hides_nothing(void **state)
{
    Fixture *f = *state;
    Story *story = tell(f, "AA.BABB.B");
    fixture_begin(f);
    assert_no_error(job_delete_record(f->arena, f->db, f->user, story->jobs[1].id, clock_now()));
    fixture_commit(f);
    hide_and_list(story, "A", "..xx.xxxx");
}

/* --- totals and edges ----------------------------------------------------------------------------- */

static void nobody_asks(void **state)
{
    Fixture *f = *state;
    tell(f, "..A");
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    Page page = {.limit = 10, .want_total = true};
    PredictionQuery query = {KIND_ANNUAL, NULL, 0, &filter, &page};
    Prediction *items = NULL;
    size_t count = 7;
    PageEnd end;
    assert_no_error(prediction_list(f->arena, f->db, &query, &items, &count, &end));
    assert_int_equal(count, 0);
    assert_int_equal(end.total, 0);
    assert_false(end.has_more || end.total_is_at_least || end.settling);
}

static void what_is_looked_up_comes_along(void **state)
{
    Fixture *f = *state;
    Story *story = tell(f, ".A");
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    Page page = {.limit = 10};
    PredictionQuery query = {KIND_ANNUAL, &f->user, 1, &filter, &page};
    Prediction *items = NULL;
    size_t count = 0;
    PageEnd end;
    assert_no_error(prediction_list(f->arena, f->db, &query, &items, &count, &end));
    assert_int_equal(count, 2);
    assert_string_equal(items[0].original_filename, "ratings.csv");
    assert_null(items[1].original_filename);
    for (size_t i = 0; i < 2; i++) {
        assert_prediction(&items[i], &story->rows[1 - i]);
        assert_str(items[i].company_symbol, "ACME");
        assert_str(items[i].company_name, "ACME Inc.");
        assert_string_equal(items[i].model_name, "annual");
        assert_string_equal(items[i].model_version, "1");
        assert_string_equal(items[i].created_by_email, "ada@example.com");
        assert_false(items[i].job_deleted);
    }
}

/* The largest page behind the largest offset. */
static void the_furthest_page_is_given(void **state)
{
    Fixture *f = *state;
    tell(f, "...A...");
    PredictionFilter filter = PREDICTION_FILTER_ALL;
    Page page = {.limit = PAGE_LIMIT_MAX, .offset = PAGE_OFFSET_MAX};
    PredictionQuery query = {KIND_ANNUAL, &f->user, 1, &filter, &page};
    Prediction *items = NULL;
    size_t count = 7;
    PageEnd end;
    assert_no_error(prediction_list(f->arena, f->db, &query, &items, &count, &end));
    assert_int_equal(count, 0);
    assert_false(end.has_more);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(lists_agree_with_the_naive_one),
        STORE_TEST(links_that_were_inferred_hide_apart),
        STORE_TEST(a_job_is_listed_by_probability_too),
        STORE_TEST(totals_count_all_versions_where_they_are_listed),
        STORE_TEST(the_newest_upload_hidden),
        STORE_TEST(the_oldest_upload_hidden),
        STORE_TEST(an_upload_between_hidden),
        STORE_TEST(several_uploads_hidden),
        STORE_TEST(neighbouring_uploads_hidden),
        STORE_TEST(every_upload_hidden),
        STORE_TEST(rows_by_hand_within_a_hidden_upload),
        STORE_TEST(an_upload_of_one_row_hidden),
        STORE_TEST(superseded_rows_at_the_ends_of_a_hidden_upload),
        STORE_TEST(an_upload_hidden_within_another),
        STORE_TEST(an_upload_hidden_around_another),
        STORE_TEST(two_hidden_uploads_within_each_other),
        STORE_TEST(a_hidden_upload_within_a_hidden_one),
        STORE_TEST(hidden_and_seen_uploads_within_each_other),
        STORE_TEST(a_hidden_upload_of_the_other_kind_is_no_matter),
        STORE_TEST(a_hidden_upload_whose_batches_do_not_ascend),
        STORE_TEST(an_upload_whose_record_was_deleted_hides_nothing),
        STORE_TEST(nobody_asks),
        STORE_TEST(what_is_looked_up_comes_along),
        STORE_TEST(the_furthest_page_is_given),
    };
    return fixture_run(tests);
}
