/* Verifying: each kind of damage, done past the program as an attacker would, is named exactly; and what a
 * key is for, that nobody without it can write or leave a tail. */
#include "domain/audit_verify.h"

#include "world.h"

#include "base/clock.h"
#include "domain/audit_heads.h"
#include "store/audit_store.h"

enum { ENTRIES = 9 };

static const char OLD_KEY[] = "an old key of the audit trail, which was changed";
static const char NEW_KEY[] = "a new key of the audit trail, which is in use now";

#define CHAIN "owner_id = (SELECT id FROM users WHERE email = 'ada@example.com')"
#define ALL_COLUMNS                                                                                \
    "at, user_id, actor, via, address, request_id, action, object_kind, object_id, row_count, "    \
    "reason, details, digest, token, key_id"

static void use_key(World *w, const char *text)
{
    AuditKeys keys = {.count = 0};
    if (text != NULL)
        assert_no_error(audit_keys_parse(w->arena, str_from(text), &keys));
    audit_use_keys(&keys);
}

static Error *write_one(World *w, Uuid owner, const char *reason)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(w->db, w->arena, TX_WRITE, &tx));
    TRY(audit_write(w->arena, w->db, w->ada,
                    (AuditNote){.owner_id = owner,
                                .action = "test.done",
                                .object_kind = "thing",
                                .object_id = owner,
                                .count = 3,
                                .reason = reason,
                                .details = "{}"}));
    return tx_commit(&tx, w->arena);
}

static void write_many(World *w, int count)
{
    for (int i = 0; i < count; i++) {
        world_advance(1000);
        assert_no_error(write_one(w, w->ada->user_id, arena_printf(w->arena, "reason %d", i)));
    }
}

static AuditFinding verify_with(World *w, AuditVerifying how)
{
    AuditFinding finding;
    AuditPlace place = {.owner_id = w->ada->user_id};
    how.keys = audit_keys();
    assert_no_error(audit_verify_some(w->arena, w->db, &how, &place, &finding));
    return finding;
}

static void assert_finding(World *w, AuditFinding finding, const char *expected, const char *what)
{
    const char *found = arena_printf(w->arena, "%s %d-%d", AUDIT_FAULT_WORDS[finding.fault],
                                     (int)finding.seq, (int)finding.to);
    if (strcmp(found, expected) != 0)
        fail_msg("%s: found %s, not %s", what, found, expected);
}

/* The trail as it is, put aside; and put back. Dearer ways of keeping a database keep all of it. */
static void keep(World *w)
{
    world_script(w, "DROP TABLE IF EXISTS kept_events; DROP TABLE IF EXISTS kept_heads; "
                    "CREATE TABLE kept_events AS SELECT * FROM audit_events; "
                    "CREATE TABLE kept_heads AS SELECT * FROM audit_heads");
}

static const char PUT_BACK[] =
    "DELETE FROM audit_events; DELETE FROM audit_heads; INSERT INTO audit_events SELECT * FROM "
    "kept_events; INSERT INTO audit_heads SELECT * FROM kept_heads; ";

/* Does it to the chain as it was kept, and looks. */
static void check(World *w, const char *script, const char *expected)
{
    world_script(w, arena_printf(w->arena, "%s%s", PUT_BACK, script));
    assert_finding(w, verify_with(w, (AuditVerifying){0}), expected, script);
}

static const char *at_entry(World *w, const char *change, int seq)
{
    return arena_printf(w->arena, "UPDATE audit_events SET %s WHERE " CHAIN " AND seq = %d", change,
                        seq);
}

static const char *copied(World *w, int from, int to)
{
    return arena_printf(w->arena,
                        "INSERT INTO audit_events (owner_id, seq, " ALL_COLUMNS
                        ") SELECT owner_id, %d, " ALL_COLUMNS " FROM audit_events WHERE " CHAIN
                        " AND seq = %d",
                        to, from);
}

static const char *exchanged(World *w, int a, int b)
{
    return arena_printf(w->arena, "%s; %s; %s", at_entry(w, "seq = -1", a),
                        at_entry(w, arena_printf(w->arena, "seq = %d", a), b),
                        at_entry(w, arena_printf(w->arena, "seq = %d", b), -1));
}

/* All entries from `seq` on get numbers that differ by `by`. */
static const char *moved(World *w, int seq, int by)
{
    return arena_printf(w->arena,
                        "UPDATE audit_events SET seq = -seq WHERE " CHAIN " AND seq >= %d; "
                        "UPDATE audit_events SET seq = -seq + %d WHERE " CHAIN " AND seq < 0",
                        seq, by);
}

static const char *removed(World *w, int seq)
{
    return arena_printf(w->arena, "DELETE FROM audit_events WHERE " CHAIN " AND seq = %d", seq);
}

/* The head as it was when entry `seq` was the last one; with a key it lacks a seal. */
static const char *head_set_back(World *w, int seq)
{
    return arena_printf(w->arena,
                        "UPDATE audit_heads SET seq = %d, digest = (SELECT digest FROM "
                        "audit_events WHERE " CHAIN " AND seq = %d), at = (SELECT at FROM "
                        "audit_events WHERE " CHAIN " AND seq = %d) WHERE " CHAIN,
                        seq, seq, seq);
}

/* --- damage ------------------------------------------------------------------------------------- */

static void check_columns(World *w)
{
    static const char *const changes[] = {
        "at = {micros 1767225600000001}",
        "user_id = {id 00000000000000000000000000000001}",
        "actor = 'Ada@example.com'",
        "actor = NULL",
        "via = 'cli'",
        "address = '127.0.0.2'",
        "request_id = ''",
        "action = 'test.dona'",
        "object_kind = 'thinh'",
        "object_id = {nil}",
        "row_count = 4",
        "row_count = NULL",
        "row_count = -1",
        "reason = 'reason 5'",
        "reason = NULL",
        "details = '{ }'",
        "token = '0'",
        "key_id = '0'",
        "digest = {bytes 00}",
        "digest = {bytes 0000000000000000000000000000000000000000000000000000000000000000}",
    };
    for (size_t i = 0; i < ARRAY_COUNT(changes); i++)
        check(w, at_entry(w, changes[i], 5), "altered 5-5");
    check(w, at_entry(w, "seq = 100", 5), "removed 5-5");
    check(w, at_entry(w, "owner_id = {nil}, seq = 100", 5), "removed 5-5");
}

/* What only SQLite lets be stored: bytes that are no id, texts with a NUL within. */
static void check_malformed(World *w)
{
    if (!engine_is_sqlite(w->engine))
        return;
    check(w, at_entry(w, "user_id = x'00'", 5), "altered 5-5");
    check(w, at_entry(w, "object_id = x''", 5), "altered 5-5");
    check(w, at_entry(w, "reason = reason || char(0) || 'x'", 5), "altered 5-5");
    check(w, at_entry(w, "owner_id = x'00'", 5), "removed 5-5");
}

static void check_places(World *w)
{
    check(w, removed(w, 1), "removed 1-1");
    check(w, removed(w, 5), "removed 5-5");
    check(w, arena_printf(w->arena, "%s; %s", removed(w, 5), removed(w, 6)), "removed 5-6");
    check(w, removed(w, ENTRIES), "removed 9-9");
    check(w, arena_printf(w->arena, "%s; %s", removed(w, 5), moved(w, 6, -1)), "removed 5-5");
    check(w, exchanged(w, 5, 6), "reordered 5-6");
    check(w, exchanged(w, 2, 7), "reordered 2-7");
    check(w, exchanged(w, 1, ENTRIES), "reordered 1-9");
    check(w, copied(w, 3, 0), "inserted 0-0");
    check(w, copied(w, 3, -7), "inserted -7--7");
    check(w, copied(w, 3, ENTRIES + 1), "inserted 10-10");
    check(w, copied(w, ENTRIES, ENTRIES + 1), "inserted 10-10");
    check(w, copied(w, 3, ENTRIES + 5), "inserted 14-14");
    check(w, arena_printf(w->arena, "%s; %s", moved(w, 5, 1), copied(w, 2, 5)), "inserted 5-5");
    check(w, arena_printf(w->arena, "%s; %s", moved(w, 5, 1), copied(w, 4, 5)), "inserted 5-5");
    check(w, arena_printf(w->arena, "%s; %s; %s", moved(w, 5, 2), copied(w, 2, 5), copied(w, 3, 6)),
          "inserted 5-6");
}

static void check_heads(World *w)
{
    check(w, "UPDATE audit_heads SET seq = 7 WHERE " CHAIN, "head_wrong 7-9");
    check(w, "UPDATE audit_heads SET seq = 12 WHERE " CHAIN, "removed 10-12");
    check(w, "UPDATE audit_heads SET digest = {bytes 00} WHERE " CHAIN, "head_wrong 9-9");
    check(w, "UPDATE audit_heads SET at = {micros 7} WHERE " CHAIN, "head_wrong 9-9");
    check(w, "UPDATE audit_heads SET seal = {bytes 00} WHERE " CHAIN, "head_wrong 9-9");
    check(w, "DELETE FROM audit_heads WHERE " CHAIN, "head_wrong 0-9");
    check(w, "DELETE FROM audit_events WHERE " CHAIN, "removed 1-9");
}

static void check_all(World *w)
{
    keep(w);
    assert_finding(w, verify_with(w, (AuditVerifying){0}), "whole 0-0", "nothing was done");
    check_columns(w);
    check_malformed(w);
    check_places(w);
    check_heads(w);
}

static void test_damage(void **state)
{
    World *w = *state;
    use_key(w, NULL);
    write_many(w, ENTRIES);
    check_all(w);
    check(w, head_set_back(w, 7), "inserted 8-9");
}

static void test_damage_with_a_key(void **state)
{
    World *w = *state;
    use_key(w, NEW_KEY);
    write_many(w, ENTRIES);
    check_all(w);
    check(w, at_entry(w, "key_id = NULL", 5), "altered 5-5");
    use_key(w, NULL);
}

/* An entry that was put there with a digest that fits leaves the one behind it without its place. */
static void test_an_inserted_entry_that_fits(void **state)
{
    World *w = *state;
    use_key(w, NULL);
    write_many(w, ENTRIES);
    AuditEntry *entries = NULL;
    size_t count = 0;
    assert_no_error(audit_read(w->arena, w->db, w->ada->user_id, 3, 2, &entries, &count));
    AuditEvent event = entries[1].event;
    event.reason = "invented";
    Digest digest = audit_digest(w->arena, &event, &entries[0].digest, NULL);
    char hex[DIGEST_TEXT_SIZE];
    hex_format(hex, digest.bytes, DIGEST_SIZE);
    keep(w);
    check(w,
          arena_printf(
              w->arena, "%s; %s; %s", moved(w, 5, 1), copied(w, 6, 5),
              at_entry(w, arena_printf(w->arena, "reason = 'invented', digest = {bytes %s}", hex),
                       5)),
          "inserted 5-5");
}

/* --- noted heads -------------------------------------------------------------------------------- */

static AuditNoted noted_now(World *w)
{
    AuditHead head;
    assert_no_error(audit_head_find(w->arena, w->db, w->ada->user_id, &head, NULL));
    return (AuditNoted){head.owner_id, head.seq, head.digest};
}

static void test_noted_heads(void **state)
{
    World *w = *state;
    use_key(w, NULL);
    write_many(w, 5);
    AuditNoted noted[3] = {{.owner_id = w->ada->user_id}, noted_now(w)};
    write_many(w, 4);
    noted[2] = noted_now(w);
    const AuditVerifying how = {.noted = &noted[1], .noted_count = 2};
    assert_finding(w, verify_with(w, how), "whole 0-0", "nothing was done");
    write_many(w, 2);
    assert_finding(w, verify_with(w, how), "whole 0-0", "it was written to since");
    const char *cut = arena_printf(
        w->arena, "DELETE FROM audit_events WHERE " CHAIN " AND seq > 6; %s", head_set_back(w, 6));
    keep(w);
    check(w, cut, "whole 0-0"); /* without a noted head there is nothing to be found */
    assert_finding(w, verify_with(w, how), "cut 7-9", "the tail was cut off");
    write_many(w, 4);
    assert_finding(w, verify_with(w, how), "rewritten 9-9", "and another one grew");
    noted[1].digest.bytes[0] ^= 1;
    assert_finding(w, verify_with(w, how), "rewritten 5-5", "the first is named");
}

/* --- keys --------------------------------------------------------------------------------------- */

static const char *refusal(World *w)
{
    Error *error = write_one(w, w->ada->user_id, "refused?");
    assert_true(error == NULL || error->code == ERROR_UNAVAILABLE);
    return error == NULL ? "" : error->reason;
}

static AuditReport seal(World *w)
{
    AuditReport report;
    assert_no_error(audit_seal_all(w->arena, w->db, w->operator, & report));
    return report;
}

static void test_keys_are_read(void **state)
{
    World *w = *state;
    AuditKeys keys;
    const char *two = arena_printf(w->arena, "\n  %s \r\n\n%s", NEW_KEY, OLD_KEY);
    assert_no_error(audit_keys_parse(w->arena, str_from(two), &keys));
    assert_int_equal(keys.count, 2);
    assert_int_equal(strlen(keys.items[0].id), AUDIT_KEY_ID_SIZE - 1);
    assert_string_not_equal(keys.items[0].id, keys.items[1].id);
    AuditKeys one;
    assert_no_error(audit_keys_parse(w->arena, str_from(OLD_KEY), &one));
    assert_string_equal(one.items[0].id, keys.items[1].id);
    assert_error(audit_keys_parse(w->arena, STR(" \n"), &keys), ERROR_INVALID,
                 "The file of audit keys holds none.");
    assert_error(audit_keys_parse(w->arena, STR("0123456789012345678901234567890"), &keys),
                 ERROR_INVALID,
                 "A key of the audit trail has at least 32 characters, one key a line.");
    Buf many = buf_new(w->arena, 4096);
    for (int i = 0; i < 9; i++)
        buf_printf(&many, "%s\n", NEW_KEY);
    assert_error(audit_keys_parse(w->arena, buf_str(&many), &keys), ERROR_INVALID,
                 "At most 8 keys of the audit trail may be given.");
}

/* What was written before the key stays, is verified with it, and cannot be changed behind the seal. */
static void test_a_chain_is_sealed(void **state)
{
    World *w = *state;
    use_key(w, NULL);
    write_many(w, 4);
    use_key(w, NEW_KEY);
    assert_string_equal(refusal(w), "audit_not_sealed");
    assert_finding(w, verify_with(w, (AuditVerifying){0}), "unsealed 4-4", "not sealed yet");
    assert_int_equal(seal(w).sealed, 2); /* ada's and the system's; bob has none */
    assert_int_equal(seal(w).sealed, 0);
    assert_string_equal(refusal(w), "");
    assert_finding(w, verify_with(w, (AuditVerifying){0}), "whole 0-0", "sealed");
    assert_string_equal(
        world_text(w, "SELECT seq, action, row_count, key_id IS NOT NULL FROM audit_events "
                      "WHERE " CHAIN " AND seq > 3 ORDER BY seq"),
        "4|test.done|3|0\n5|audit.sealed|4|1\n6|test.done|3|1\n");
    keep(w);
    check(w, at_entry(w, "reason = 'x'", 2), "altered 2-2");
    world_script(w, PUT_BACK);
    use_key(w, NULL);
    assert_string_equal(refusal(w), "audit_key_missing");
    assert_finding(w, verify_with(w, (AuditVerifying){0}), "unknown_key 5-5", "without the key");
    use_key(w, OLD_KEY);
    assert_string_equal(refusal(w), "audit_other_seal");
    assert_error(audit_check_keys(w->arena, w->db), ERROR_UNAVAILABLE,
                 "The audit trail is sealed with another key than the one that this program was "
                 "given, or was changed past it. 'obligor audit verify' says which.");
    use_key(w, NULL);
}

/* Rewrites the tail from `seq` on without the key, as well as that can be done: with digests that fit. */
static void rewrite_unkeyed(World *w, int64_t seq)
{
    AuditEntry *entries = NULL;
    size_t count = 0;
    char hex[DIGEST_TEXT_SIZE];
    assert_no_error(audit_read(w->arena, w->db, w->ada->user_id, INT64_MIN, 100, &entries, &count));
    Digest before = {{0}};
    for (size_t i = 0; i < count; i++) {
        AuditEvent event = entries[i].event;
        if (event.seq < seq) {
            before = entries[i].digest;
            continue;
        }
        event.reason = "rewritten";
        event.key_id = NULL;
        before = audit_digest(w->arena, &event, &before, NULL);
        hex_format(hex, before.bytes, DIGEST_SIZE);
        world_script(w, at_entry(w,
                                 arena_printf(w->arena,
                                              "reason = 'rewritten', key_id = NULL, digest = "
                                              "{bytes %s}",
                                              hex),
                                 (int)event.seq));
    }
    world_script(w, head_set_back(w, (int)count));
    world_script(w, "UPDATE audit_heads SET seal = NULL WHERE " CHAIN);
}

static void test_no_tail_without_the_key(void **state)
{
    World *w = *state;
    use_key(w, NEW_KEY);
    seal(w);
    write_many(w, 6);
    keep(w);
    rewrite_unkeyed(w, 4);
    assert_finding(w, verify_with(w, (AuditVerifying){0}), "unsealed 4-4", "the tail");
    assert_string_equal(refusal(w), "audit_not_sealed"); /* nor does anybody go on behind it */
    world_script(w, PUT_BACK);
    rewrite_unkeyed(w, 1);
    assert_finding(w, verify_with(w, (AuditVerifying){0}), "unsealed 6-6", "all of it");
    assert_string_equal(refusal(w), "audit_not_sealed");
    AuditReport report = seal(w); /* it was sealed once: that is not done again for whoever asks */
    assert_int_equal(report.sealed, 0);
    assert_int_equal(report.fault_count, 1);
    assert_finding(w, report.faults[0], "unsealed 6-6", "sealing again");
    world_script(w, "UPDATE audit_heads SET seal = {bytes 00} WHERE " CHAIN);
    assert_string_equal(refusal(w), "audit_other_seal");
    use_key(w, NULL);
}

static void test_keys_change(void **state)
{
    World *w = *state;
    use_key(w, OLD_KEY);
    seal(w);
    write_many(w, 3);
    const char *both = arena_printf(w->arena, "%s\n%s\n", NEW_KEY, OLD_KEY);
    use_key(w, both);
    assert_string_equal(refusal(w), "audit_other_seal");
    assert_finding(w, verify_with(w, (AuditVerifying){0}), "unsealed 3-3", "the former key");
    assert_int_equal(seal(w).sealed, 2);
    write_many(w, 2);
    assert_finding(w, verify_with(w, (AuditVerifying){0}), "whole 0-0", "both keys");
    use_key(w, NEW_KEY);
    assert_finding(w, verify_with(w, (AuditVerifying){0}), "unknown_key 1-1", "the new one alone");
    use_key(w, arena_printf(w->arena, "%s\n%s\n", OLD_KEY, NEW_KEY)); /* who has the former one */
    assert_finding(w, verify_with(w, (AuditVerifying){0}), "unsealed 4-4", "in the wrong order");
    use_key(w, NULL);
}

/* --- all chains, in steps ----------------------------------------------------------------------- */

static void test_all_chains(void **state)
{
    World *w = *state;
    AuditReport report;
    use_key(w, NULL);
    write_many(w, 3);
    int64_t entries = world_number(w, "SELECT count(*) FROM audit_events");
    AuditVerifying how = {.keys = audit_keys()};
    assert_no_error(audit_verify(w->arena, w->db, &how, &report));
    assert_int_equal(report.entries, entries);
    assert_int_equal(report.fault_count, 0);
    /* A chain that is gone with its head, and one that has lost its head alone. */
    const AuditNoted noted[] = {{w->bob->user_id, 4, {{1}}}};
    how.noted = noted;
    how.noted_count = 1;
    world_script(w, "DELETE FROM audit_heads WHERE owner_id <> {nil}");
    assert_no_error(audit_verify(w->arena, w->db, &how, &report));
    assert_int_equal(report.chains, 3);
    assert_int_equal(report.fault_count, 2);
    assert_finding(w, report.faults[0], "head_wrong 0-3", "ada's");
    assert_memory_equal(report.faults[0].owner_id.bytes, w->ada->user_id.bytes, 16);
    assert_finding(w, report.faults[1], "cut 1-4", "bob's");
    assert_memory_equal(report.faults[1].owner_id.bytes, w->bob->user_id.bytes, 16);
    assert_string_equal(audit_finding_text(w->arena, &report.faults[1]),
                        "Entries 1 to 4 are missing: the noted head was entry 4.");
}

/* A long chain, over the ends of batches, and in steps that go on where the one before ended. */
static void test_steps(void **state)
{
    World *w = *state;
    AuditFinding finding = {0};
    AuditPlace place = {.owner_id = w->ada->user_id};
    use_key(w, NULL);
    for (int i = 0; i < 5; i++)
        write_many(w, 241);
    assert_int_equal(verify_with(w, (AuditVerifying){0}).checked, 1205);
    AuditVerifying how = {.keys = audit_keys(), .limit = 602};
    int64_t checked = 0;
    int steps = 0;
    for (; !finding.over; steps++) {
        assert_no_error(audit_verify_some(w->arena, w->db, &how, &place, &finding));
        assert_int_equal(finding.fault, AUDIT_WHOLE);
        checked += finding.checked;
    }
    assert_int_equal(checked, 1205);
    assert_int_equal(steps, 3);
    place.seq = 600;
    assert_error(audit_verify_some(w->arena, w->db, &how, &place, &finding), ERROR_CHANGED,
                 "The audit trail is not the one any more that was verified so far. Begin again.");
    keep(w);
    check(w, at_entry(w, "via = 'x'", 1001), "altered 1001-1001");
    check(w, exchanged(w, 499, 1100), "reordered 499-1100");
    check(w, removed(w, 500), "removed 500-500");
}

static void see_head(void *self, const AuditHead *head)
{
    Buf *seen = self;
    buf_printf(seen, "%d ", (int)head->seq);
}

static void test_heads_are_told(void **state)
{
    World *w = *state;
    use_key(w, NULL);
    int64_t system = world_number(w, "SELECT seq FROM audit_heads WHERE owner_id = {nil}");
    world_advance(1000);
    write_many(w, 2);
    Buf all = buf_new(w->arena, 100), since = buf_new(w->arena, 100);
    assert_no_error(audit_heads_each(w->arena, w->db, INT64_MIN, see_head, &all));
    assert_no_error(audit_heads_each(w->arena, w->db, world_now(), see_head, &since));
    assert_str(buf_str(&all), arena_printf(w->arena, "%d 2 ", (int)system));
    assert_str(buf_str(&since), "2 ");
}

static void test_noted_heads_are_read(void **state)
{
    World *w = *state;
    AuditNoted *noted = NULL;
    size_t count = 0;
    char hex[DIGEST_TEXT_SIZE];
    hex_format(hex, digest_of(STR("a")).bytes, DIGEST_SIZE);
    const char *id = uuid_text(w->arena, w->bob->user_id);
    const char *nil = uuid_text(w->arena, UUID_NIL);
    assert_no_error(audit_noted_parse(
        w->arena,
        str_printf(w->arena, "%s\t7\t%s\t2026-01-01T00:00:00Z\r\n\n%s 3 %s\n%s  12 %s x y", id, hex,
                   id, hex, nil, hex),
        &noted, &count));
    assert_int_equal(count, 3);
    assert_int_equal(noted[0].seq, 12);
    assert_int_equal(noted[1].seq, 3);
    assert_int_equal(noted[2].seq, 7);
    assert_no_error(audit_noted_parse(
        w->arena,
        str_printf(w->arena,
                   "2026-01-01T00:00:00Z info  audit head owner=\"%s\" seq=6 digest=\"%s\" "
                   "written_at=\"2026-01-01T00:00:00Z\"\n"
                   "{\"level\":\"info\",\"message\":\"audit head\",\"owner\":\"%s\",\"seq\":5,"
                   "\"digest\":\"%s\",\"written_at\":\"2026-01-01T00:00:00Z\"}",
                   id, hex, id, hex),
        &noted, &count));
    assert_int_equal(count, 2);
    assert_int_equal(noted[0].seq, 5);
    assert_int_equal(noted[1].seq, 6);
    assert_memory_equal(noted[0].digest.bytes, digest_of(STR("a")).bytes, DIGEST_SIZE);
    assert_memory_equal(noted[1].owner_id.bytes, w->bob->user_id.bytes, 16);
    assert_error(
        audit_noted_parse(w->arena, str_printf(w->arena, "\n%s 7 abc\n", id), &noted, &count),
        ERROR_INVALID,
        "Line 2 of the noted heads is not one that 'obligor audit head' writes: owner, "
        "number, digest.");
}

/* Whatever call to the database fails, the error comes back, and nothing stays open or half done. */
static void test_failures(void **state)
{
    World *w = *state;
    bool fired = true;
    use_key(w, NULL);
    write_many(w, 3);
    use_key(w, NEW_KEY);
    for (int64_t nth = 1; fired; nth++) {
        AuditReport report;
        fault_arm(w->fault, nth, ERROR_UNAVAILABLE);
        Error *error = audit_seal_all(w->arena, w->db, w->operator, & report);
        fired = fault_fired(w->fault);
        fault_arm(w->fault, 0, ERROR_UNAVAILABLE);
        assert_int_equal(error != NULL, fired);
        assert_int_equal(fault_open_cursors(w->fault), 0);
        assert_false(db_in_transaction(w->db));
    }
    assert_finding(w, verify_with(w, (AuditVerifying){0}), "whole 0-0", "sealed at last");
    assert_int_equal(
        world_number(w, "SELECT count(*) FROM audit_events WHERE action = 'audit.sealed'"), 2);
    use_key(w, NULL);
}

/* These tests write past the program, or with keys that are not those of the end. */
static int set_up(void **state)
{
    int failed = world_set_up(state);
    if (failed == 0)
        ((World *)*state)->broken = "audit_chain";
    return failed;
}

#define CHAIN_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHAIN_TEST(test_damage),
        CHAIN_TEST(test_damage_with_a_key),
        CHAIN_TEST(test_an_inserted_entry_that_fits),
        CHAIN_TEST(test_noted_heads),
        CHAIN_TEST(test_keys_are_read),
        CHAIN_TEST(test_a_chain_is_sealed),
        CHAIN_TEST(test_no_tail_without_the_key),
        CHAIN_TEST(test_keys_change),
        CHAIN_TEST(test_all_chains),
        CHAIN_TEST(test_steps),
        CHAIN_TEST(test_heads_are_told),
        CHAIN_TEST(test_noted_heads_are_read),
        CHAIN_TEST(test_failures),
    };
    return world_run(tests);
}
