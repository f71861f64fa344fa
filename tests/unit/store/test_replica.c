/* How far a database's log has come. What a standby says is seen in tests/api/test_replica.py, which has one. */
#include "store/replica.h"

#include "fixture.h"
#include "store/account_store.h"

static void a_commit_moves_the_position(void **state)
{
    Fixture *f = *state;
    int64_t before = 0, after = 0;
    assert_no_error(replica_position(f->arena, f->db, &before));
    assert_true(before > 0);
    fixture_begin(f);
    assert_no_error(owner_touch(f->arena, f->db, f->user));
    fixture_commit(f);
    assert_no_error(replica_position(f->arena, f->db, &after));
    assert_true(after > before);
}

static void a_database_that_is_no_standby_is_no_replica(void **state)
{
    Fixture *f = *state;
    ReplicaState replica;
    assert_error(replica_state(f->arena, f->db, &replica), ERROR_UNAVAILABLE,
                 "The replica is not a standby.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_commit_moves_the_position),
        STORE_TEST(a_database_that_is_no_standby_is_no_replica),
    };
    return fixture_run_on("postgres", tests);
}
