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

/* --- reading ------------------------------------------------------------------------------------ */

static void a_chain_is_read_in_both_directions(void **state)
{
    Fixture *f = *state;
    AuditEntry *entries = NULL;
    size_t count = 0;
    for (int64_t seq = 1; seq <= 5; seq++)
        append(f, f->user, seq);
    append(f, f->other, 1);
    assert_no_error(audit_read(f->arena, f->db, f->user, 1, 3, &entries, &count));
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++) {
        char text[2] = {(char)('c' + i), 0};
        assert_int_equal(entries[i].event.seq, 2 + i);
        assert_true(entries[i].sound);
        assert_memory_equal(entries[i].digest.bytes, digest_of(str_from(text)).bytes, DIGEST_SIZE);
    }
    const AuditEvent *event = &entries[0].event, wanted = an_event(f->user, 2);
    assert_uuid(event->owner_id, wanted.owner_id);
    assert_uuid(event->user_id, wanted.user_id);
    assert_uuid(event->object_id, wanted.object_id);
    assert_int_equal(event->at, wanted.at);
    assert_int_equal(event->count, 17);
    assert_string_equal(event->actor, wanted.actor);
    assert_string_equal(event->via, wanted.via);
    assert_string_equal(event->address, wanted.address);
    assert_string_equal(event->request_id, wanted.request_id);
    assert_string_equal(event->action, wanted.action);
    assert_string_equal(event->object_kind, wanted.object_kind);
    assert_string_equal(event->reason, wanted.reason);
    assert_string_equal(event->details, wanted.details);
    assert_null(event->token);
    assert_null(event->key_id);

    const AuditFilter all = AUDIT_FILTER_ALL;
    AuditStretch stretch = {f->user, 2, 5};
    assert_no_error(audit_walk(f->arena, f->db, stretch, &all, 2, &entries, &count));
    assert_int_equal(count, 2);
    assert_int_equal(entries[0].event.seq, 4);
    assert_int_equal(entries[1].event.seq, 3);
    int64_t number = 0;
    assert_no_error(audit_count(f->arena, f->db, stretch, &all, &number));
    assert_int_equal(number, 3);
    assert_no_error(audit_time(f->arena, f->db, f->user, 3, &number));
    assert_int_equal(number, FIXTURE_START + 3);
    assert_no_error(audit_time(f->arena, f->db, f->user, 99, &number));
    assert_int_equal(number, FIXTURE_START + 5);
    assert_no_error(audit_time(f->arena, f->db, f->user, 0, &number));
    assert_int_equal(number, INT64_MIN);
}

static int64_t found(Fixture *f, AuditFilter filter)
{
    AuditEntry *entries = NULL;
    size_t count = 0;
    int64_t number = 0;
    AuditStretch stretch = {f->user, 1, 100};
    assert_no_error(audit_walk(f->arena, f->db, stretch, &filter, 100, &entries, &count));
    assert_no_error(audit_count(f->arena, f->db, stretch, &filter, &number));
    assert_int_equal(count, number);
    return number;
}

static void filters_are_tested(void **state)
{
    Fixture *f = *state;
    for (int64_t seq = 1; seq <= 3; seq++)
        append(f, f->user, seq);
    AuditFilter filter = AUDIT_FILTER_ALL;
    assert_int_equal(found(f, filter), 3);
    filter.action = STR("job.accepted");
    filter.object_kind = STR("job");
    filter.has_object = filter.has_user = true;
    filter.object_id = fixture_id(2);
    filter.user_id = fixture_id(1);
    filter.created_after = FIXTURE_START + 2;
    assert_int_equal(found(f, filter), 2);
    filter.created_before = FIXTURE_START + 3;
    assert_int_equal(found(f, filter), 1);
    filter.user_id = fixture_id(3);
    assert_int_equal(found(f, filter), 0);
    filter.actor = STR("ada@example.com"); /* or who had that address */
    assert_int_equal(found(f, filter), 1);
    filter.object_id = fixture_id(3);
    assert_int_equal(found(f, filter), 0);
    filter.has_object = false;
    filter.action = STR("job.accepte_");
    assert_int_equal(found(f, filter), 0);
}

static void owners_come_one_after_the_other(void **state)
{
    Fixture *f = *state;
    AuditHead *heads = NULL;
    size_t count = 0;
    Uuid lone = fixture_id(9), owner = SYSTEM_OWNER;
    append(f, f->user, 1);
    append(f, lone, 1);
    fixture_script(f, "DELETE FROM audit_heads WHERE seq = 1"); /* entries alone */
    assert_no_error(audit_heads_behind(f->arena, f->db, SYSTEM_OWNER, 10, &heads, &count));
    assert_int_equal(count, 1);
    assert_uuid(heads[0].owner_id, f->other);
    bool there = true;
    int seen = 0;
    for (Uuid last = SYSTEM_OWNER;; last = owner, seen++) {
        assert_no_error(audit_owner_behind(f->arena, f->db, last, &owner, &there));
        if (!there)
            break;
        assert_true(uuid_compare(last, owner) < 0);
    }
    assert_int_equal(seen, 3);
    AuditHead head;
    assert_no_error(audit_head_find(f->arena, f->db, lone, &head, &there));
    assert_false(there);
    assert_int_equal(head.seq, 0);
    assert_uuid(head.owner_id, lone);
}

static void a_seal_is_kept_with_the_head(void **state)
{
    Fixture *f = *state;
    AuditEvent event = an_event(f->user, 1);
    Digest seal = digest_of(STR("seal"));
    event.token = "0123456789abcdef";
    event.key_id = "fedcba9876543210";
    assert_false(head_of(f, f->user).sealed);
    fixture_begin(f);
    assert_no_error(audit_append(f->arena, f->db, &event, digest_of(STR("x")), &seal));
    fixture_commit(f);
    AuditHead head = head_of(f, f->user);
    assert_true(head.sealed);
    assert_memory_equal(head.seal.bytes, seal.bytes, DIGEST_SIZE);
    assert_int_equal(head.at, event.at);
    AuditEntry *entries = NULL;
    size_t count = 0;
    assert_no_error(audit_read(f->arena, f->db, f->user, 0, 1, &entries, &count));
    assert_string_equal(entries[0].event.token, event.token);
    assert_string_equal(entries[0].event.key_id, event.key_id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_chain_begins_at_zero),       STORE_TEST(the_head_moves_with_each_entry),
        STORE_TEST(an_entry_is_kept_whole),       STORE_TEST(what_does_not_apply_is_missing),
        STORE_TEST(a_number_is_given_once),       STORE_TEST(a_chain_is_read_in_both_directions),
        STORE_TEST(filters_are_tested),           STORE_TEST(owners_come_one_after_the_other),
        STORE_TEST(a_seal_is_kept_with_the_head),
    };
    return fixture_run(tests);
}
