/* The audit trail: what is written, in whose chain, and that its digests are what audit.c says they are,
 * computed here from the words of that file. */
#include "domain/audit.h"

#include "world.h"

#include "base/clock.h"
#include "store/audit_store.h"

static Error *write_note(World *w, const Principal *who, AuditNote note)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(w->db, w->arena, TX_WRITE, &tx));
    TRY(audit_write(w->arena, w->db, who, note));
    return tx_commit(&tx, w->arena);
}

static AuditNote a_note(World *w)
{
    return (AuditNote){.owner_id = w->ada->user_id,
                       .action = "test.done",
                       .object_kind = "thing",
                       .object_id = w->bob->user_id,
                       .count = 3,
                       .reason = "why",
                       .details = "{}"};
}

static void add_number(Buf *bytes, int64_t number)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        buf_add_char(bytes, (char)(uint8_t)((uint64_t)number >> shift));
}

static void add_text(Buf *bytes, const char *text)
{
    add_number(bytes, text == NULL ? -1 : (int64_t)strlen(text));
    if (text != NULL)
        buf_add(bytes, str_from(text));
}

static void add_uuid(Buf *bytes, Uuid id)
{
    buf_add(bytes, (Str){(const char *)id.bytes, 16});
}

static const char *hex_of(World *w, Digest digest)
{
    char *hex = arena_alloc(w->arena, 65);
    hex_format(hex, digest.bytes, 32);
    return hex;
}

/* What the first entry of ada's chain must have, for this note at this time. */
static Digest expected(World *w, const Principal *who, const AuditNote *note, Digest before,
                       int64_t seq)
{
    Buf bytes = buf_new(w->arena, 4096);
    buf_add(&bytes, (Str){(const char *)before.bytes, 32});
    add_uuid(&bytes, note->owner_id);
    add_number(&bytes, seq);
    add_number(&bytes, world_now());
    add_uuid(&bytes, who->user_id);
    add_text(&bytes, who->email);
    add_text(&bytes, who->via);
    add_text(&bytes, who->address);
    add_text(&bytes, who->request_id);
    add_text(&bytes, note->action);
    add_text(&bytes, note->object_kind);
    add_uuid(&bytes, note->object_id);
    add_number(&bytes, note->count);
    add_text(&bytes, note->reason);
    add_text(&bytes, note->details);
    return digest_of(buf_str(&bytes));
}

static void test_digests(void **state)
{
    World *w = *state;
    AuditNote first = a_note(w), second = a_note(w);
    second.reason = second.details = NULL;
    second.count = -1;
    assert_no_error(write_note(w, w->ada, first));
    Digest one = expected(w, w->ada, &first, (Digest){{0}}, 1);
    Principal who = *w->bob;
    who.request_id = "r-1";
    who.address = NULL;
    world_advance(5);
    assert_no_error(write_note(w, &who, second));
    Digest two = expected(w, &who, &second, one, 2);
    assert_string_equal(
        world_text(w, "SELECT seq, digest FROM audit_events WHERE owner_id = (SELECT id "
                      "FROM users WHERE email = 'ada@example.com') ORDER BY seq"),
        arena_printf(w->arena, "1|%s\n2|%s\n", hex_of(w, one), hex_of(w, two)));
    assert_string_equal(
        world_text(w, "SELECT seq, digest, at FROM audit_heads WHERE owner_id = (SELECT "
                      "id FROM users WHERE email = 'ada@example.com')"),
        arena_printf(w->arena, "2|%s|%jd\n", hex_of(w, two), (intmax_t)world_now()));
}

static void test_what_is_kept(void **state)
{
    World *w = *state;
    AuditNote note = a_note(w);
    assert_no_error(write_note(w, w->ada, note));
    note.count = -1;
    note.reason = note.details = NULL;
    assert_no_error(write_note(w, w->operator, note));
    assert_string_equal(world_text(w, "SELECT seq, actor, via, address, request_id, action, "
                                      "object_kind, row_count, reason, details "
                                      "FROM audit_events WHERE action = 'test.done' ORDER BY seq"),
                        "1|ada@example.com|http|127.0.0.1|NULL|test.done|thing|3|why|{}\n"
                        "2|NULL|cli|tests|NULL|test.done|thing|NULL|NULL|NULL\n");
}

static void test_chains_of_owners_are_apart(void **state)
{
    World *w = *state;
    AuditNote note = a_note(w);
    assert_no_error(write_note(w, w->ada, note));
    note.owner_id = w->bob->user_id;
    assert_no_error(write_note(w, w->ada, note));
    assert_string_equal(world_text(w, "SELECT seq FROM audit_events WHERE action = 'test.done'"),
                        "1\n1\n");
}

/* Rolled back with what it records. */
static void test_not_without_its_transaction(void **state)
{
    World *w = *state;
    int64_t before = world_number(w, "SELECT count(*) FROM audit_events");
    {
        Tx TX_AUTO tx = {0};
        assert_no_error(tx_begin(w->db, w->arena, TX_WRITE, &tx));
        assert_no_error(audit_write(w->arena, w->db, w->ada, a_note(w)));
    }
    assert_int_equal(world_number(w, "SELECT count(*) FROM audit_events"), before);
    assert_no_error(write_note(w, w->ada, a_note(w)));
    assert_int_equal(
        world_number(w, "SELECT max(seq) FROM audit_events WHERE action = 'test.done'"), 1);
}

/* An absent text differs from an empty one, and two texts do not flow into each other. */
static void test_no_two_entries_have_the_same_bytes(void **state)
{
    World *w = *state;
    AuditNote notes[4];
    for (size_t i = 0; i < ARRAY_COUNT(notes); i++)
        notes[i] = a_note(w);
    notes[0].reason = NULL;
    notes[1].reason = "";
    notes[2].reason = "why{";
    notes[2].details = "}";
    for (size_t i = 0; i < ARRAY_COUNT(notes); i++)
        for (size_t k = 0; k < i; k++) {
            Digest a = expected(w, w->ada, &notes[i], (Digest){{0}}, 1);
            Digest b = expected(w, w->ada, &notes[k], (Digest){{0}}, 1);
            assert_memory_not_equal(a.bytes, b.bytes, sizeof a.bytes);
        }
    world_save(w);
    for (size_t i = 0; i < ARRAY_COUNT(notes);
         i++) { /* and audit.c agrees with what is computed here */
        world_restore(w);
        assert_no_error(write_note(w, w->ada, notes[i]));
        assert_string_equal(
            world_text(w, "SELECT digest FROM audit_events WHERE action = 'test.done'"),
            arena_printf(w->arena, "%s\n",
                         hex_of(w, expected(w, w->ada, &notes[i], (Digest){{0}}, 1))));
    }
}

static void test_an_upload_writes_at_acceptance_and_end_alone(void **state)
{
    World *w = *state;
    world_upload(
        w, w->ada,
        arena_printf(w->arena, "%s%s", world_row(w, "ONE", 2020, 1), world_row(w, "TWO", 2020, 1)),
        NULL);
    world_work(w);
    assert_string_equal(
        world_text(w, "SELECT actor, via, action, row_count, details FROM audit_events WHERE "
                      "object_kind = 'job' ORDER BY seq"),
        "ada@example.com|http|job.accepted|NULL|{\"on_duplicate\":\"reject\",\"on_error\":\"keep\","
        "\"max_failed_rows\":null,\"dry_run\":false,\"update_companies\":false,"
        "\"market_cap_unit\":\"usd\",\"delimiter\":null,\"sheet\":null,\"encoding\":null,"
        "\"decimal\":\"point\"}\n"
        "ada@example.com|worker|job.completed|2|{\"successful_rows\":2,\"failed_rows\":0,"
        "\"skipped_rows\":0,\"unchanged_rows\":0,\"replaced_rows\":0}\n");
}

/* The session is noted by the beginning of its digest, and is part of the entry's own. */
static void test_the_session_is_noted(void **state)
{
    World *w = *state;
    Principal who = *w->ada;
    who.token = digest_of(STR("a session"));
    assert_no_error(write_note(w, &who, a_note(w)));
    const char *whole = hex_of(w, who.token);
    assert_string_equal(world_text(w, "SELECT token FROM audit_events WHERE action = 'test.done'"),
                        arena_printf(w->arena, "%.16s\n", whole));
    AuditNote note = a_note(w);
    Digest without = expected(w, &who, &note, (Digest){{0}}, 1);
    assert_string_not_equal(
        world_text(w, "SELECT digest FROM audit_events WHERE action = 'test.done'"),
        arena_printf(w->arena, "%s\n", hex_of(w, without)));
}

/* On the command line: the system's user and host, and on whose behalf; whose object it is says the chain. */
static void test_on_whose_behalf(void **state)
{
    World *w = *state;
    const Peer here = {.via = "cli", .address = "root@host"};
    User *user = NULL;
    assert_no_error(accounts_user(w->arena, w->db, w->bob->user_id, &user));
    Principal *who = accounts_principal(w->arena, user, &here);
    Uuid job = world_upload(w, who, world_row(w, "ONE", 2020, 1), NULL);
    world_work(w);
    world_delete(w, who, job, true);
    assert_no_error(accounts_verify(w->arena, w->db, accounts_operator(w->arena, &here), user));
    assert_string_equal(
        world_text(w, "SELECT via, address, actor, action FROM audit_events WHERE address = "
                      "'root@host' ORDER BY owner_id DESC, seq"),
        "cli|root@host|bob@example.com|job.accepted\ncli|root@host|bob@example.com|job.deleted\n"
        "cli|root@host|NULL|user.verified\n");
}

/* One session holds the end of one owner's chain; what others do for other owners does not wait for it. */
static void test_writers_of_other_owners_do_not_wait(void **state)
{
    World *w = *state;
    AuditHead head;
    Prediction *made = NULL;
    Db *holder = NULL, *impatient = NULL, *usual = w->db;
    if (!db_can_write_beside(w->db))
        return; /* one writer at a time, whoever it is */
    const DbOptions options = {.lock_timeout = SECONDS(1) / 5};
    assert_no_error(db_open(w->arena, w->url, (DbOptions){0}, &holder));
    assert_no_error(db_open(w->arena, w->url, options, &impatient));
    w->db = impatient;
    {
        Tx TX_AUTO tx = {0};
        assert_no_error(tx_begin(holder, w->arena, TX_WRITE, &tx));
        assert_no_error(audit_head_lock(w->arena, holder, w->ada->user_id, &head));
        assert_no_error(world_create(w, w->bob, "ONE", 2020, 1, &made));
        Uuid job = world_upload(w, w->bob, world_row(w, "TWO", 2020, 1), NULL);
        world_work(w);
        world_delete(w, w->bob, job, true);
        assert_no_error(world_create(w, w->root, "ONE", 2020, 1, &made));
        Error *error = world_create(w, w->ada, "ONE", 2020, 1, &made);
        assert_true(error != NULL && error->code == ERROR_BUSY);
    }
    assert_no_error(world_create(w, w->ada, "ONE", 2020, 1, &made));
    w->db = usual;
    db_close(impatient);
    db_close(holder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_digests),
        WORLD_TEST(test_what_is_kept),
        WORLD_TEST(test_chains_of_owners_are_apart),
        WORLD_TEST(test_not_without_its_transaction),
        WORLD_TEST(test_no_two_entries_have_the_same_bytes),
        WORLD_TEST(test_an_upload_writes_at_acceptance_and_end_alone),
        WORLD_TEST(test_the_session_is_noted),
        WORLD_TEST(test_on_whose_behalf),
        WORLD_TEST(test_writers_of_other_owners_do_not_wait),
    };
    return world_run(tests);
}
