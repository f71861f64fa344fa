/* Kept answers belong to an owner, a user and a key together, and go when their time is over. */
#include "store/idempotency_store.h"

#include "base/clock.h"
#include "fixture.h"

static void keep(Fixture *f, Uuid owner, Uuid user, const char *key, int64_t expires_at)
{
    KeptAnswer kept = {"POST /jobs", digest_of(str_from(key)), fixture_id(7), expires_at};
    fixture_begin(f);
    assert_no_error(idempotency_insert(f->arena, f->db, owner, user, str_from(key), &kept));
    fixture_commit(f);
}

static KeptAnswer *kept(Fixture *f, Uuid owner, Uuid user, const char *key)
{
    KeptAnswer *answer = (KeptAnswer *)1;
    assert_no_error(idempotency_select(f->arena, f->db, owner, user, str_from(key), &answer));
    return answer;
}

static void an_answer_comes_back(void **state)
{
    Fixture *f = *state;
    keep(f, f->user, f->other, "k", FIXTURE_START + 9);
    KeptAnswer *answer = kept(f, f->user, f->other, "k");
    assert_non_null(answer);
    assert_string_equal(answer->route, "POST /jobs");
    assert_memory_equal(answer->request.bytes, digest_of(STR("k")).bytes, DIGEST_SIZE);
    assert_uuid(answer->object_id, fixture_id(7));
    assert_int_equal(answer->expires_at, FIXTURE_START + 9);
    assert_null(kept(f, f->other, f->other, "k"));
    assert_null(kept(f, f->user, f->user, "k"));
    assert_null(kept(f, f->user, f->other, "K"));
    assert_null(kept(f, f->user, f->other, ""));
}

static void a_key_is_kept_once(void **state)
{
    Fixture *f = *state;
    keep(f, f->user, f->user, "k", 1);
    keep(f, f->other, f->user, "k", 1);
    keep(f, f->user, f->other, "k", 1);
    keep(f, f->user, f->user, "l", 1);
    KeptAnswer again = {"x", {{0}}, UUID_NIL, 2};
    fixture_begin(f);
    assert_error(idempotency_insert(f->arena, f->db, f->user, f->user, STR("k"), &again),
                 ERROR_CONFLICT, "The data is in conflict with data that is there.");
    tx_rollback(&f->tx);
    fixture_begin(f);
    assert_no_error(idempotency_delete(f->arena, f->db, f->user, f->user, STR("k")));
    assert_no_error(idempotency_insert(f->arena, f->db, f->user, f->user, STR("k"), &again));
    fixture_commit(f);
    assert_string_equal(kept(f, f->user, f->user, "k")->route, "x");
    assert_string_equal(kept(f, f->other, f->user, "k")->route, "POST /jobs");
}

static void what_expired_is_swept(void **state)
{
    Fixture *f = *state;
    int64_t removed = -1;
    keep(f, f->user, f->user, "a", FIXTURE_START + 1);
    keep(f, f->other, f->user, "b", FIXTURE_START + 2);
    keep(f, f->user, f->user, "c", FIXTURE_START + 3);
    fixture_begin(f);
    assert_no_error(idempotency_delete_expired(f->arena, f->db, FIXTURE_START, &removed));
    assert_int_equal(removed, 0);
    assert_no_error(idempotency_delete_expired(f->arena, f->db, FIXTURE_START + 2, &removed));
    assert_int_equal(removed, 2);
    fixture_commit(f);
    assert_null(kept(f, f->user, f->user, "a"));
    assert_null(kept(f, f->other, f->user, "b"));
    assert_non_null(kept(f, f->user, f->user, "c"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(an_answer_comes_back),
        STORE_TEST(a_key_is_kept_once),
        STORE_TEST(what_expired_is_swept),
    };
    return fixture_run(tests);
}
