/* What work by hand leaves in the counts is folded, of those for whom somebody wrote, and no sum changes. */
#include "domain/count_keeping.h"

#include "store/count_store.h"
#include "store/statements.h"
#include "world.h"

enum { MANY = 1001 }; /* one more than is left alone */

/* Somebody makes a prediction, and others are made and deleted until there are so many differences. */
static void work_by_hand(World *w, const Principal *who, int times)
{
    Prediction *made = NULL;
    assert_no_error(world_create(w, who, "HAND", 2020, 1.5, &made));
    Tx tx = {0};
    Prediction prediction = {.kind = KIND_QUARTERLY, .owner_id = who->user_id, .year = 2024};
    assert_no_error(tx_begin(w->db, w->arena, TX_WRITE, &tx));
    for (int i = 1; i < times; i++)
        assert_no_error(count_add(w->arena, w->db, &prediction, i % 2 == 1 ? 1 : -1));
    assert_no_error(tx_commit(&tx, w->arena));
}

/* As many rows whose ids say nothing, and which come to nothing together. */
static void leave_behind(World *w, const Principal *who, int times)
{
    Tx tx = {0};
    assert_no_error(tx_begin(w->db, w->arena, TX_WRITE, &tx));
    for (int i = 0; i < times; i++) {
        int64_t delta = i + 1 == times ? 0 : i % 2 == 0 ? 1 : -1;
        assert_no_error(
            db_run(w->db, w->arena, SQL_COUNT_INSERT,
                   PARAMS(value_uuid(who->user_id), value_uuid(uuid_new()),
                          value_small(KIND_QUARTERLY), value_uuid(UUID_NIL), value_small(2024),
                          value_small(0), value_text(""), value_int(delta)),
                   NULL));
    }
    assert_no_error(tx_commit(&tx, w->arena));
}

static int64_t fold(World *w, int64_t since)
{
    int64_t folded = 0;
    assert_no_error(count_keeping_fold(w->arena, w->db, since, &folded));
    return folded;
}

static int64_t rows(World *w, const Principal *who)
{
    int64_t count = -1;
    assert_no_error(count_rows(w->arena, w->db, who->user_id, UUID_NIL, &count));
    return count;
}

static int64_t total(World *w)
{
    return world_number(w, "SELECT sum(delta) FROM prediction_counts");
}

/* One writer at a time adds to one row a key: there is nothing to fold but what an older version left behind. */
static bool appends(const World *w)
{
    return db_can_write_beside(w->db);
}

static void test_folded_where_there_are_many(void **state)
{
    World *w = *state;
    work_by_hand(w, w->ada, MANY);
    work_by_hand(w, w->bob, MANY - 2);
    if (!appends(w)) {
        assert_int_equal(rows(w, w->ada), 2);
        assert_int_equal(total(w), 2);
        leave_behind(w, w->ada, MANY - 2);
        leave_behind(w, w->bob, MANY - 4);
    }
    assert_int_equal(rows(w, w->ada), MANY);
    assert_int_equal(fold(w, world_now() + 1), 0); /* nobody wrote since then */
    assert_int_equal(fold(w, INT64_MIN), MANY);
    assert_int_equal(rows(w, w->ada), 1); /* the sum of the others was nothing */
    assert_int_equal(rows(w, w->bob), MANY - 2);
    assert_int_equal(total(w), 2);
    assert_int_equal(fold(w, INT64_MIN), 0);
}

/* Of a transaction that fails nothing stays. */
static void test_failing_loses_nothing(void **state)
{
    World *w = *state;
    int64_t folded = 0;
    work_by_hand(w, w->ada, MANY);
    if (!appends(w))
        leave_behind(w, w->ada, MANY - 2);
    for (int nth = 1;; nth++) {
        fault_arm(w->fault, nth, ERROR_UNAVAILABLE);
        Error *error = count_keeping_fold(w->arena, w->db, INT64_MIN, &folded);
        fault_arm(w->fault, 0, ERROR_UNAVAILABLE);
        if (error == NULL)
            break;
        assert_int_equal(rows(w, w->ada), MANY);
    }
    assert_int_equal(rows(w, w->ada), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_folded_where_there_are_many),
        WORLD_TEST(test_failing_loses_nothing),
    };
    return world_run(tests);
}
