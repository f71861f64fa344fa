/* Which versions lie upon which: what a pass over covering rows finds to swap, from where it goes on, and whose rows
 * it leaves alone. */
#include "store/cover_store.h"

#include "base/clock.h"
#include "fixture.h"
#include "store/deletion_store.h"
#include "store/job_store.h"

/* A job with rows of the given kind upon those of another one: row i of both has year 2000 + i. */
typedef struct Layers {
    Fixture *f;
    Kind kind;
    Company company;
    Job under;
    Job over;
    Prediction lower[6];
    Prediction upper[6];
} Layers;

static void set_current(Fixture *f, Kind kind, const Prediction *p, bool current, int64_t expected)
{
    int64_t changed = -1;
    fixture_begin(f);
    assert_no_error(prediction_set_current_many(f->arena, f->db, kind, p->owner_id, &p->id, 1,
                                                current, &changed));
    fixture_commit(f);
    assert_int_equal(changed, expected);
}

static void cover(Fixture *f, const Prediction *p)
{
    const CoveringRow row = {p->job_id, p->job_row, p->id};
    fixture_begin(f);
    assert_no_error(covering_add(f->arena, f->db, p->owner_id, &row, 1));
    fixture_commit(f);
}

static Layers layers_of(Fixture *f, Uuid owner_id, Kind kind)
{
    Layers l = {.f = f, .kind = kind, .company = fixture_company(f, owner_id, "ACME")};
    l.under = fixture_job(f, owner_id, kind);
    l.over = fixture_job(f, owner_id, kind);
    for (int i = 0; i < 6; i++) {
        l.lower[i] = fixture_row(f, &l.company, &l.under, 2 + i, 2000 + i, 4);
        l.lower[i].is_current = false;
        fixture_store(f, &l.lower[i]);
    }
    fixture_advance(1000);
    for (int i = 0; i < 6; i++) {
        l.upper[i] = fixture_row(f, &l.company, &l.over, 2 + i, 2000 + i, 4);
        fixture_store(f, &l.upper[i]);
        cover(f, &l.upper[i]);
    }
    return l;
}

static SwapQuery query_of(const Layers *l, const Job *job, int64_t after, int64_t limit)
{
    return (SwapQuery){l->kind, job->owner_id, job->id, false, after, limit, UUID_NIL};
}

typedef Error *Find(Arena *arena, Db *db, const SwapQuery *query, VersionSwap **ret_swaps,
                    size_t *ret_count, int64_t *ret_last, int64_t *ret_looked);

static size_t find(const Layers *l, Find *look, SwapQuery query, VersionSwap **ret_swaps,
                   int64_t last, int64_t looked)
{
    size_t count = 99;
    int64_t is_last = -9, is_looked = -9;
    assert_no_error(look(l->f->arena, l->f->db, &query, ret_swaps, &count, &is_last, &is_looked));
    assert_int_equal(is_last, last);
    assert_int_equal(is_looked, looked);
    return count;
}

static void check_ref(const VersionRef *ref, const Prediction *p)
{
    assert_uuid(ref->id, p->id);
    assert_int_equal(ref->has_job, p->has_job);
    assert_uuid(ref->job_id, p->job_id);
    assert_int_equal(ref->job_row, p->job_row);
    assert_int_equal(ref->job_link, p->job_link);
    assert_int_equal(ref->year, p->year);
    assert_int_equal(ref->risk_level, p->score.risk_level);
    assert_true(str_equal(ref->sector, p->sector));
}

static void a_pass_finds_what_comes_back(void **state)
{
    Fixture *f = *state;
    for (Kind kind = 0; kind < KIND_COUNT; kind++) {
        Layers others =
            layers_of(f, kind == KIND_ANNUAL ? f->other : fixture_user(f, "c@x.org").id, kind);
        Layers l =
            layers_of(f, kind == KIND_ANNUAL ? f->user : fixture_user(f, "d@x.org").id, kind);
        VersionSwap *swaps = NULL;
        fixture_hide(f, &l.over, false);
        fixture_hide(f, &others.over, false);
        /* in passes of four: the second goes on behind the last of the first */
        assert_int_equal(find(&l, covering_to_uncover, query_of(&l, &l.over, -1, 4), &swaps, 5, 4),
                         4);
        for (int i = 0; i < 4; i++) {
            assert_int_equal(swaps[i].job_row, 2 + i);
            assert_true(swaps[i].off_any);
            check_ref(&swaps[i].off, &l.upper[i]);
            check_ref(&swaps[i].on, &l.lower[i]);
        }
        assert_int_equal(find(&l, covering_to_uncover, query_of(&l, &l.over, 5, 4), &swaps, 7, 2),
                         2);
        check_ref(&swaps[1].on, &l.lower[5]);
        assert_int_equal(find(&l, covering_to_uncover, query_of(&l, &l.over, 7, 4), &swaps, 7, 0),
                         0);
        assert_int_equal(
            find(&l, covering_to_uncover, query_of(&l, &l.under, -1, 4), &swaps, -1, 0), 0);
        /* one that does not hold its key, and one whose former version is hidden, are passed over */
        set_current(f, kind, &l.upper[1], false, 1);
        set_current(f, kind, &l.upper[1], false, 0);
        assert_int_equal(find(&l, covering_to_uncover, query_of(&l, &l.over, -1, 9), &swaps, 7, 6),
                         5);
        fixture_hide(f, &l.under, false);
        assert_int_equal(find(&l, covering_to_uncover, query_of(&l, &l.over, -1, 9), &swaps, 7, 6),
                         0);
    }
}

static void a_pass_finds_what_steps_back(void **state)
{
    Fixture *f = *state;
    Layers l = layers_of(f, f->user, KIND_ANNUAL);
    VersionSwap *swaps = NULL;
    assert_int_equal(find(&l, covering_to_cover, query_of(&l, &l.over, -1, 9), &swaps, 7, 6), 0);
    set_current(f, KIND_ANNUAL, &l.upper[0], false, 1); /* nobody holds it */
    set_current(f, KIND_ANNUAL, &l.upper[1], false, 1); /* the older one does */
    set_current(f, KIND_ANNUAL, &l.lower[1], true, 1);
    set_current(f, KIND_ANNUAL, &l.upper[2], false, 1); /* a newer one does */
    fixture_advance(1000);
    Prediction newer = fixture_prediction(f, &l.company, KIND_ANNUAL, 2002, 4);
    fixture_store(f, &newer);
    assert_int_equal(find(&l, covering_to_cover, query_of(&l, &l.over, -1, 9), &swaps, 7, 6), 2);
    assert_false(swaps[0].off_any);
    check_ref(&swaps[0].on, &l.upper[0]);
    assert_true(swaps[1].off_any);
    check_ref(&swaps[1].off, &l.lower[1]);
    check_ref(&swaps[1].on, &l.upper[1]);
    assert_int_equal(find(&l, covering_to_cover, query_of(&l, &l.over, 2, 1), &swaps, 3, 1), 1);
    /* retired, it stays former */
    Deletion deletion = {
        .id = uuid_new(), .owner_id = f->user, .user_id = f->user, .created_at = 1};
    fixture_begin(f);
    assert_no_error(deletion_insert(f->arena, f->db, &deletion));
    assert_no_error(retired_add(f->arena, f->db, f->user, deletion.id, &l.upper[0].id, 1));
    fixture_commit(f);
    assert_int_equal(find(&l, covering_to_cover, query_of(&l, &l.over, -1, 9), &swaps, 7, 6), 1);
}

static void covering_rows_are_counted_once(void **state)
{
    Fixture *f = *state;
    Layers l = layers_of(f, f->user, KIND_ANNUAL), others = layers_of(f, f->other, KIND_ANNUAL);
    int64_t count = 0;
    cover(f, &l.upper[0]);
    fixture_begin(f);
    assert_no_error(covering_add(f->arena, f->db, f->user, NULL, 0));
    fixture_commit(f);
    const int64_t most[] = {0, 5, 6, 7};
    for (size_t i = 0; i < ARRAY_COUNT(most); i++) {
        assert_no_error(covering_count(f->arena, f->db, f->user, l.over.id, most[i], &count));
        assert_int_equal(count, most[i] < 6 ? most[i] : 6);
    }
    assert_no_error(covering_count(f->arena, f->db, f->user, l.under.id, 9, &count));
    assert_int_equal(count, 0);
    assert_no_error(covering_count(f->arena, f->db, f->user, others.over.id, 9, &count));
    assert_int_equal(count, 0);
    fixture_begin(f);
    assert_no_error(covering_add_job(f->arena, f->db, KIND_ANNUAL, f->user, l.under.id, false));
    assert_no_error(covering_add_job(f->arena, f->db, KIND_ANNUAL, f->user, l.over.id, true));
    fixture_commit(f);
    assert_no_error(covering_count(f->arena, f->db, f->user, l.under.id, 9, &count));
    assert_int_equal(count, 6);
    assert_no_error(covering_count(f->arena, f->db, f->user, l.over.id, 9, &count));
    assert_int_equal(count, 6);
    assert_no_error(covering_count(f->arena, f->db, f->other, others.under.id, 9, &count));
    assert_int_equal(count, 0);
}

/* Edited by hand from a row, and from that: oldest first; what comes back lies under all of them. */
static void edits_of_a_job_are_found(void **state)
{
    Fixture *f = *state;
    Layers l = layers_of(f, f->user, KIND_ANNUAL);
    VersionSwap *swaps = NULL;
    Uuid *ids = NULL;
    size_t count = 0;
    Prediction edits[2];
    for (int i = 0; i < 2; i++) {
        set_current(f, KIND_ANNUAL, i == 0 ? &l.upper[3] : &edits[0], false, 1);
        fixture_advance(1000);
        edits[i] = fixture_prediction(f, &l.company, KIND_ANNUAL, 2003, 4);
        edits[i].source = SOURCE_EDIT;
        edits[i].derived_from = i == 0 ? l.upper[3].id : edits[0].id;
        edits[i].root_job_id = l.over.id;
        edits[i].created_by = i == 0 ? f->user : f->other;
        fixture_store(f, &edits[i]);
    }
    SwapQuery query = query_of(&l, &l.over, -1, 9), none = query_of(&l, &l.under, -1, 9);
    assert_no_error(edits_of_job(f->arena, f->db, &query, &ids, &count));
    assert_int_equal(count, 2);
    assert_uuid(ids[0], edits[0].id);
    assert_uuid(ids[1], edits[1].id);
    assert_no_error(edits_to_uncover(f->arena, f->db, &query, &swaps, &count));
    assert_int_equal(count, 1);
    check_ref(&swaps[0].off, &edits[1]);
    check_ref(&swaps[0].on, &l.lower[3]);
    query.limit = 1;
    assert_no_error(edits_of_job(f->arena, f->db, &query, &ids, &count));
    assert_int_equal(count, 1);
    assert_no_error(edits_of_job(f->arena, f->db, &none, &ids, &count));
    assert_int_equal(count, 0);
    query.limit = 9; /* of one user alone: those of others stay, and come back */
    query.edits_by = f->other;
    assert_no_error(edits_of_job(f->arena, f->db, &query, &ids, &count));
    assert_int_equal(count, 1);
    assert_uuid(ids[0], edits[1].id);
    assert_no_error(edits_to_uncover(f->arena, f->db, &query, &swaps, &count));
    assert_int_equal(count, 1);
    check_ref(&swaps[0].on, &edits[0]);
    query.edits_by = f->user;
    assert_no_error(edits_to_uncover(f->arena, f->db, &query, &swaps, &count));
    assert_int_equal(count, 0);
    query.edits_by = UUID_NIL;
    none = query;
    none.owner_id = f->other;
    assert_no_error(edits_of_job(f->arena, f->db, &none, &ids, &count));
    assert_int_equal(count, 0);
}

static void a_flag_of_a_key_that_is_taken_is_a_conflict(void **state)
{
    Fixture *f = *state;
    Layers l = layers_of(f, f->user, KIND_ANNUAL);
    int64_t changed = 0;
    Uuid ids[] = {l.upper[0].id, l.upper[1].id};
    Tx tx = {0};
    assert_no_error(tx_begin(f->db, f->arena, TX_WRITE, &tx));
    Error *error = prediction_set_current_many(f->arena, f->db, KIND_ANNUAL, f->user,
                                               &l.lower[0].id, 1, true, &changed);
    assert_int_equal(error->code, ERROR_CONFLICT);
    tx_rollback(&tx);
    fixture_begin(f);
    assert_no_error(prediction_set_current_many(f->arena, f->db, KIND_ANNUAL, f->other, ids, 2,
                                                false, &changed));
    assert_int_equal(changed, 0);
    assert_no_error(prediction_set_current_many(f->arena, f->db, KIND_ANNUAL, f->user, ids, 0,
                                                false, &changed));
    assert_int_equal(changed, 0);
    assert_no_error(prediction_set_current_many(f->arena, f->db, KIND_ANNUAL, f->user, ids, 2,
                                                false, &changed));
    assert_int_equal(changed, 2);
    fixture_commit(f);
}

static void retired_versions_are_an_owners_own(void **state)
{
    Fixture *f = *state;
    bool any = true, retired[3];
    Deletion deletions[2];
    const Uuid ids[] = {fixture_id(1), fixture_id(2), fixture_id(3)};
    assert_no_error(retired_find(f->arena, f->db, f->user, ids, 3, &any, retired));
    assert_false(any || retired[0] || retired[1] || retired[2]);
    fixture_begin(f);
    for (int i = 0; i < 2; i++) {
        deletions[i] =
            (Deletion){.id = uuid_new(), .owner_id = f->user, .user_id = f->user, .created_at = 1};
        assert_no_error(deletion_insert(f->arena, f->db, &deletions[i]));
        assert_no_error(retired_add(f->arena, f->db, f->user, deletions[i].id, ids, 2 - (size_t)i));
    }
    fixture_commit(f);
    assert_no_error(retired_find(f->arena, f->db, f->user, ids, 3, &any, retired));
    assert_true(any && retired[0] && retired[1] && !retired[2]);
    assert_no_error(retired_find(f->arena, f->db, f->other, ids, 3, &any, retired));
    assert_false(any || retired[0]);
    fixture_begin(f);
    assert_no_error(retired_remove(f->arena, f->db, f->other, deletions[0].id));
    assert_no_error(retired_remove(f->arena, f->db, f->user, deletions[0].id));
    fixture_commit(f);
    assert_no_error(retired_find(f->arena, f->db, f->user, ids, 3, &any, retired));
    assert_true(any && retired[0] && !retired[1]); /* by the other deletion still */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_pass_finds_what_comes_back),
        STORE_TEST(a_pass_finds_what_steps_back),
        STORE_TEST(covering_rows_are_counted_once),
        STORE_TEST(edits_of_a_job_are_found),
        STORE_TEST(a_flag_of_a_key_that_is_taken_is_a_conflict),
        STORE_TEST(retired_versions_are_an_owners_own),
    };
    return fixture_run(tests);
}
