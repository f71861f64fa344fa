/* The chain of an owner: its head moves with each entry, is its own, and its entries are kept whole. */
#include "store/audit_store.h"

#include "base/clock.h"
#include "fixture.h"

static AuditHead head_of(Fixture *f, Uuid owner)
{
    AuditHead head = {.seq = -1, .digest = {{1}}};
    assert_no_error(audit_head_lock(f->arena, f->db, owner, &head));
    return head;
}

static AuditEvent an_event(Uuid owner, int64_t seq)
{
    return (AuditEvent){.owner_id = owner,
                        .seq = seq,
                        .at = FIXTURE_START + seq,
                        .user_id = fixture_id(1),
                        .actor = "ada@example.com",
                        .via = "http",
                        .address = "127.0.0.1",
                        .request_id = "r-1",
                        .action = "job.accepted",
                        .object_kind = "job",
                        .object_id = fixture_id(2),
                        .count = 17,
                        .reason = "because",
                        .details = "{\"a\": 1}"};
}

static void append(Fixture *f, Uuid owner, int64_t seq)
{
    AuditEvent event = an_event(owner, seq);
    char text[2] = {(char)('a' + seq), 0};
    fixture_begin(f);
    assert_no_error(audit_append(f->arena, f->db, &event, digest_of(str_from(text)), NULL));
    fixture_commit(f);
}

static void a_chain_begins_at_zero(void **state)
{
    Fixture *f = *state;
    const Uuid owners[] = {f->user, f->other, SYSTEM_OWNER, fixture_id(5)};
    for (size_t i = 0; i < ARRAY_COUNT(owners); i++) {
        AuditHead head = head_of(f, owners[i]);
        Digest none = {{0}};
        assert_int_equal(head.seq, 0);
        assert_memory_equal(head.digest.bytes, none.bytes, DIGEST_SIZE);
    }
}

static void the_head_moves_with_each_entry(void **state)
{
    Fixture *f = *state;
    for (int64_t seq = 1; seq <= 3; seq++) {
        append(f, f->user, seq);
        char text[2] = {(char)('a' + seq), 0};
        AuditHead head = head_of(f, f->user);
        assert_int_equal(head.seq, seq);
        assert_memory_equal(head.digest.bytes, digest_of(str_from(text)).bytes, DIGEST_SIZE);
    }
    assert_int_equal(head_of(f, f->other).seq, 0);
    append(f, f->other, 1);
    assert_int_equal(head_of(f, f->other).seq, 1);
    assert_int_equal(head_of(f, f->user).seq, 3);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM audit_events"), 4);
    assert_int_equal(fixture_number(f, arena_printf(f->arena, "SELECT %s FROM audit_heads",
                                                    fixture_micros(f, "max(at)"))),
                     FIXTURE_START + 3);
}

static void an_entry_is_kept_whole(void **state)
{
    Fixture *f = *state;
    append(f, f->user, 1);
    assert_int_equal(
        fixture_number(f, "SELECT count(*) FROM audit_events WHERE seq = 1 AND actor = "
                          "'ada@example.com' AND via = 'http' AND address = '127.0.0.1' AND "
                          "request_id = 'r-1' AND action = 'job.accepted' AND object_kind = 'job' "
                          "AND row_count = 17 AND reason = 'because' AND details = '{\"a\": 1}'"),
        1);
    assert_int_equal(fixture_number(f, arena_printf(f->arena, "SELECT %s FROM audit_events",
                                                    fixture_micros(f, "at"))),
                     FIXTURE_START + 1);
}

static void what_does_not_apply_is_missing(void **state)
{
    Fixture *f = *state;
    AuditEvent event = {.owner_id = f->user,
                        .seq = 1,
                        .at = 1,
                        .via = "cli",
                        .action = "user.created",
                        .object_kind = "user",
                        .count = -1};
    fixture_begin(f);
    assert_no_error(audit_append(f->arena, f->db, &event, (Digest){{1}}, NULL));
    event.seq = 2;
    event.count = 0;
    assert_no_error(audit_append(f->arena, f->db, &event, (Digest){{2}}, NULL));
    fixture_commit(f);
    assert_int_equal(
        fixture_number(f,
                       "SELECT count(*) FROM audit_events WHERE actor IS NULL AND address IS NULL "
                       "AND request_id IS NULL AND reason IS NULL AND details IS NULL"),
        2);
    assert_int_equal(fixture_number(f, "SELECT seq FROM audit_events WHERE row_count IS NULL"), 1);
    assert_int_equal(fixture_number(f, "SELECT seq FROM audit_events WHERE row_count = 0"), 2);
}

/* A chain never forks: the same number cannot be given twice. */
static void a_number_is_given_once(void **state)
{
    Fixture *f = *state;
    append(f, f->user, 1);
    AuditEvent event = an_event(f->user, 1);
    fixture_begin(f);
    assert_error(audit_append(f->arena, f->db, &event, (Digest){{9}}, NULL), ERROR_CONFLICT,
                 "The data is in conflict with data that is there.");
    tx_rollback(&f->tx);
    assert_memory_equal(head_of(f, f->user).digest.bytes, digest_of(STR("b")).bytes, DIGEST_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_chain_begins_at_zero), STORE_TEST(the_head_moves_with_each_entry),
        STORE_TEST(an_entry_is_kept_whole), STORE_TEST(what_does_not_apply_is_missing),
        STORE_TEST(a_number_is_given_once),
    };
    return fixture_run(tests);
}
