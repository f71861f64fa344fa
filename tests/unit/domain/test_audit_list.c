/* The list of the audit trail: who reads which chains, in which order, through which filters, and that a place
 * in it is exact. */
#include "domain/audit_list.h"

#include "world.h"

#include "base/clock.h"
#include "domain/audit.h"

static void write_one(World *w, Uuid owner, const char *action, Uuid object)
{
    Tx TX_AUTO tx = {0};
    world_advance(SECONDS(10));
    assert_no_error(tx_begin(w->db, w->arena, TX_WRITE, &tx));
    assert_no_error(audit_write(w->arena, w->db, w->ada,
                                (AuditNote){.owner_id = owner,
                                            .action = action,
                                            .object_kind = "thing",
                                            .object_id = object,
                                            .count = -1}));
    assert_no_error(tx_commit(&tx, w->arena));
}

static AuditQuery a_query(int64_t limit)
{
    return (AuditQuery){.filter = AUDIT_FILTER_ALL, .access_level = -1, .page.limit = limit};
}

/* Reads page by page to the end: the actions, the numbers of entries and pages. */
static const char *walk(World *w, const Principal *who, AuditQuery query)
{
    Buf text = buf_new(w->arena, 1 << 20);
    AuditSpot from;
    AuditList list;
    do {
        assert_no_error(audit_list(w->arena, w->db, who, &query, &list));
        assert_true((int64_t)list.count <= query.page.limit);
        for (size_t i = 0; i < list.count; i++)
            buf_printf(&text, "%s ", list.items[i].event.action);
        buf_printf(&text, "| ");
        assert_true(audit_spot_parse(str_from(audit_spot_text(w->arena, &list.next)), &from));
        query.from = &from;
    } while (list.end.has_more);
    return buf_str(&text).ptr;
}

static void test_who_may(void **state)
{
    (void)state;
    Principal who = {.owner_kinds = {OWNER_SYSTEM, OWNER_ORGANIZATION, OWNER_PERSONAL},
                     .owners = {SYSTEM_OWNER, {{1}}, {{2}}},
                     .owner_count = 3};
    static const bool expected[ROLE_COUNT][3] = {
        [ROLE_USER] = {false, false, true},       [ROLE_ORG_VIEWER] = {false, false, true},
        [ROLE_ORG_MEMBER] = {false, false, true}, [ROLE_ORG_AUDITOR] = {false, true, true},
        [ROLE_ORG_ADMIN] = {false, true, true},   [ROLE_SUPER_ADMIN] = {true, false, true},
    };
    for (who.role = 0; who.role < ROLE_COUNT; who.role++)
        for (size_t i = 0; i < 3; i++)
            assert_int_equal(audit_may_read(&who, i), expected[who.role][i]);
}

static void test_owners_are_merged(void **state)
{
    World *w = *state;
    Uuid own = w->root->user_id, none = UUID_NIL;
    AuditQuery query = a_query(2);
    query.filter.object_kind = STR("thing");
    write_one(w, SYSTEM_OWNER, "a", none);
    write_one(w, own, "b", none);
    write_one(w, own, "c", none);
    write_one(w, SYSTEM_OWNER, "d", none);
    write_one(w, w->ada->user_id, "x", none);
    write_one(w, own, "e", none);
    assert_string_equal(walk(w, w->root, query), "e d | c b | a | ");
    assert_string_equal(walk(w, w->ada, query), "x | ");
    assert_string_equal(walk(w, w->bob, query), "| ");
    query.access_level = OWNER_PERSONAL;
    assert_string_equal(walk(w, w->root, query), "e c | b | ");
    query.access_level = OWNER_SYSTEM;
    assert_string_equal(walk(w, w->root, query), "d a | ");
    assert_string_equal(walk(w, w->ada, query), "| ");
    Principal viewer = *w->root; /* who reads the system's data, and not its trail */
    viewer.role = ROLE_ORG_VIEWER;
    assert_string_equal(walk(w, &viewer, query), "| ");
    query.access_level = -1;
    query.page.offset = 1;
    AuditList list;
    query.page.want_total = true;
    assert_no_error(audit_list(w->arena, w->db, w->root, &query, &list));
    assert_int_equal(list.end.total, 5);
    assert_string_equal(list.items[0].event.action, "d");
    assert_string_equal(list.items[1].event.action, "c");
}

/* Entries written by a clock that was behind stand where they were written. */
static void test_the_order_is_that_of_the_chain(void **state)
{
    World *w = *state;
    Uuid own = w->ada->user_id;
    AuditQuery query = a_query(1);
    write_one(w, own, "a", UUID_NIL);
    world_advance(-SECONDS(600));
    write_one(w, own, "b", UUID_NIL);
    world_advance(SECONDS(700));
    write_one(w, own, "c", UUID_NIL);
    assert_string_equal(walk(w, w->ada, query), "c | b | a | ");
    query.filter.created_before = world_now(); /* not c */
    assert_string_equal(walk(w, w->ada, query), "b | a | ");
}

static void test_filters(void **state)
{
    World *w = *state;
    Uuid own = w->ada->user_id, thing = w->bob->user_id;
    AuditQuery query = a_query(10);
    write_one(w, own, "a", thing);
    int64_t after_a = world_now() + 1;
    write_one(w, own, "b", own);
    write_one(w, own, "a", own);
    int64_t at_last = world_now();
    query.filter.action = STR("a");
    assert_string_equal(walk(w, w->ada, query), "a a | ");
    query.filter = AUDIT_FILTER_ALL;
    query.filter.has_object = true;
    query.filter.object_id = thing;
    assert_string_equal(walk(w, w->ada, query), "a | ");
    query.filter = AUDIT_FILTER_ALL;
    query.filter.created_after = after_a;
    assert_string_equal(walk(w, w->ada, query), "a b | ");
    query.filter.created_before = at_last;
    assert_string_equal(walk(w, w->ada, query), "b | ");
    query.filter = AUDIT_FILTER_ALL;
    query.filter.has_user = true;
    query.filter.user_id = own;
    assert_string_equal(walk(w, w->ada, query), "a b a | ");
    query.filter.user_id = thing;
    assert_string_equal(walk(w, w->ada, query), "| ");
    query.filter.actor = STR("ada@example.com");
    assert_string_equal(walk(w, w->ada, query), "a b a | ");
    query.filter.object_kind = STR("no such thing");
    assert_string_equal(walk(w, w->ada, query), "| ");
}

/* A rare entry at the bottom of a long chain: pages that hold nothing say where to go on, and each looks at a
 * bounded part. */
static void test_a_long_chain(void **state)
{
    World *w = *state;
    Uuid own = w->ada->user_id;
    AuditQuery query = a_query(5);
    AuditList list;
    write_one(w, own, "rare", own);
    write_one(w, own, "usual", own);
    world_script(
        w,
        engine_is_sqlite(w->engine)
            ? "WITH RECURSIVE n(i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < 25000) "
              "INSERT INTO audit_events (owner_id, seq, at, user_id, via, action, object_kind, "
              "object_id, digest) SELECT owner_id, i, at + 1000000 * (i - 2), user_id, via, "
              "action, "
              "object_kind, object_id, digest FROM audit_events, n WHERE action = 'usual'"
            : "INSERT INTO audit_events (owner_id, seq, at, user_id, via, action, object_kind, "
              "object_id, digest) SELECT owner_id, i, at + (i - 2) * interval '1 second', user_id, "
              "via, action, object_kind, object_id, digest FROM audit_events, "
              "generate_series(3, 25000) i WHERE action = 'usual'");
    world_script(w, "UPDATE audit_heads SET seq = 25000 WHERE owner_id IN (SELECT owner_id FROM "
                    "audit_events WHERE action = 'rare')");
    int64_t start = world_now();
    query.filter.action = STR("rare");
    const char *pages = walk(w, w->ada, query);
    assert_true(str_ends_with(str_from(pages), STR("| rare | ")));
    assert_true(strlen(pages) <= strlen("| | | rare | "));
    query.page.want_total = true;
    assert_no_error(audit_list(w->arena, w->db, w->ada, &query, &list));
    assert_int_equal(list.end.total, 0);
    assert_true(list.end.total_is_at_least);
    /* A time is found without looking at what lies beyond it. */
    query.filter.created_before = start + SECONDS(1);
    assert_string_equal(walk(w, w->ada, query), "rare | ");
    query.filter = AUDIT_FILTER_ALL;
    query.filter.created_after = start + SECONDS(24998);
    assert_string_equal(walk(w, w->ada, query), "usual | ");
    query.filter = AUDIT_FILTER_ALL;
    assert_no_error(audit_list(w->arena, w->db, w->ada, &query, &list));
    assert_int_equal(list.end.total, 25000);
    assert_false(list.end.total_is_at_least);
}

static void test_spots(void **state)
{
    World *w = *state;
    AuditSpot spot = {{17, 0, INT64_MAX}}, back;
    assert_string_equal(audit_spot_text(w->arena, &spot), "17,0,9223372036854775807");
    assert_true(audit_spot_parse(str_from(audit_spot_text(w->arena, &spot)), &back));
    assert_memory_equal(&back, &spot, sizeof spot);
    static const char *const bad[] = {"", "1", "1,2", "1,2,", "1,2,3,4", "1,2,x", "-1,2,3"};
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
        assert_false(audit_spot_parse(str_from(bad[i]), &back));
}

static void test_heads_and_exports(void **state)
{
    World *w = *state;
    AuditHead *heads = NULL;
    size_t count = 0;
    const int64_t counts[PRINCIPAL_OWNERS_MAX] = {12, -1, -1};
    assert_no_error(audit_exported(w->arena, w->db, w->ada, "csv", counts));
    assert_string_equal(
        world_text(w, "SELECT actor, action, object_kind, row_count, details FROM audit_events "
                      "WHERE owner_id <> {nil}"),
        "ada@example.com|audit.exported|audit|12|{\"format\":\"csv\"}\n");
    assert_no_error(audit_heads(w->arena, w->db, w->ada, &heads, &count));
    assert_int_equal(count, 1);
    assert_int_equal(heads[0].seq, 1);
    assert_no_error(audit_heads(w->arena, w->db, w->root, &heads, &count));
    assert_int_equal(count, 2);
    assert_memory_equal(heads[0].owner_id.bytes, UUID_NIL.bytes, 16);
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
        CHAIN_TEST(test_who_may),
        CHAIN_TEST(test_owners_are_merged),
        CHAIN_TEST(test_the_order_is_that_of_the_chain),
        CHAIN_TEST(test_filters),
        CHAIN_TEST(test_a_long_chain),
        CHAIN_TEST(test_spots),
        CHAIN_TEST(test_heads_and_exports),
    };
    return world_run(tests);
}
