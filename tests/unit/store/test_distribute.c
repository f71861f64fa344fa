/* The table of tables against the schema's own catalogue: each table has a place, stands behind what it
 * refers to, and is distributed by a column that Citus' rules allow. Citus itself is tried where the
 * cluster of the tests has it; where it is missing the refusal is tried, and the rest says aloud that it
 * is skipped. */
#include "store/distribute.h"

#include "fixture.h"
#include "store/migrate.h"
#include "store/statements.h"

static int place_of(const char *table)
{
    for (int i = 0; i < TABLE_PLACE_COUNT; i++)
        if (strcmp(TABLE_PLACES[i].table, table) == 0)
            return i;
    fail_msg("the table %s has no place", table);
    return -1;
}

static bool has_citus(const Fixture *f)
{
    return fixture_number(f, "SELECT count(*) FROM pg_available_extensions WHERE name = 'citus'") >
           0;
}

/* False on PostgreSQL with Citus or without: what is asked of the catalogue needs PostgreSQL. */
static bool skip_on_sqlite(const Fixture *f)
{
    if (fixture_is_sqlite(f))
        printf("SKIP: the catalogue is PostgreSQL's\n");
    return fixture_is_sqlite(f);
}

/* --- the table ---------------------------------------------------------------------------------- */

static void every_table_has_one_place(void **state)
{
    Fixture *f = *state;
    const char *catalogue =
        fixture_is_sqlite(f)
            ? "FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            : "FROM information_schema.tables WHERE table_schema = current_schema()";
    const char *column = fixture_is_sqlite(f) ? "name" : "table_name";
    assert_int_equal(fixture_number(f, arena_printf(f->arena, "SELECT count(*) %s", catalogue)),
                     TABLE_PLACE_COUNT);
    for (int i = 0; i < TABLE_PLACE_COUNT; i++) {
        const TablePlace *place = &TABLE_PLACES[i];
        assert_int_equal(place_of(place->table), i); /* named once */
        assert_int_equal(place->column != NULL, place->placement == PLACEMENT_BY_OWNER);
        assert_int_equal(
            fixture_number(f, arena_printf(f->arena, "SELECT count(*) %s AND %s = '%s'", catalogue,
                                           column, place->table)),
            1);
    }
}

/* A distributed table may refer to a reference table or, owner to owner, to another distributed one; a
 * reference table to its like; a local one to nothing that is placed. What is referred to comes first. */
static void references_keep_the_rules(void **state)
{
    Fixture *f = *state;
    if (skip_on_sqlite(f))
        return;
    int64_t references = 0;
    for (int from = 0; from < TABLE_PLACE_COUNT; from++)
        for (int to = 0; to < TABLE_PLACE_COUNT; to++) {
            const TablePlace *a = &TABLE_PLACES[from], *b = &TABLE_PLACES[to];
            const char *between =
                arena_printf(f->arena,
                             "SELECT count(*) FROM pg_constraint k WHERE k.contype = 'f' AND "
                             "k.conrelid = '%s'::regclass AND k.confrelid = '%s'::regclass",
                             a->table, b->table);
            int64_t count = fixture_number(f, between);
            references += count;
            if (count == 0)
                continue;
            if (to >= from)
                fail_msg("%s refers to %s, which comes later", a->table, b->table);
            assert_true(a->placement == PLACEMENT_BY_OWNER || a->placement == PLACEMENT_REFERENCE);
            if (b->placement == PLACEMENT_REFERENCE)
                continue;
            assert_int_equal(a->placement, PLACEMENT_BY_OWNER);
            assert_int_equal(b->placement, PLACEMENT_BY_OWNER);
            const char *by_owner = arena_printf(
                f->arena,
                "%s AND EXISTS (SELECT 1 FROM generate_subscripts(k.conkey, 1) n "
                "JOIN pg_attribute x ON x.attrelid = k.conrelid AND x.attnum = k.conkey[n] "
                "JOIN pg_attribute y ON y.attrelid = k.confrelid AND y.attnum = k.confkey[n] "
                "WHERE x.attname = '%s' AND y.attname = '%s')",
                between, a->column, b->column);
            if (fixture_number(f, by_owner) != count)
                fail_msg("%s refers to %s across owners", a->table, b->table);
        }
    assert_int_equal(references, fixture_number(f, "SELECT count(*) FROM pg_constraint k JOIN "
                                                   "pg_class c ON c.oid = k.conrelid WHERE "
                                                   "k.contype = 'f' AND c.relnamespace = "
                                                   "current_schema()::regnamespace"));
    assert_true(references > 10);
    assert_int_equal(fixture_number(f,
                                    "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND "
                                    "(confdeltype <> 'a' OR confupdtype <> 'a' OR condeferrable)"),
                     0);
}

/* Citus keeps a unique key only where it holds the column that the rows are distributed by; that column
 * is never NULL and has one type throughout, or the tables would not lie together. */
static void unique_keys_hold_the_owner(void **state)
{
    Fixture *f = *state;
    if (skip_on_sqlite(f))
        return;
    for (int i = 0; i < TABLE_PLACE_COUNT; i++) {
        const TablePlace *place = &TABLE_PLACES[i];
        if (place->placement != PLACEMENT_BY_OWNER)
            continue;
        const char *keys = arena_printf(f->arena,
                                        "SELECT count(*) FROM pg_index x WHERE x.indisunique AND "
                                        "x.indrelid = '%s'::regclass",
                                        place->table);
        const char *first =
            arena_printf(f->arena,
                         "%s AND (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = "
                         "x.indrelid AND a.attnum = x.indkey[0]) = '%s'",
                         keys, place->column);
        assert_true(fixture_number(f, keys) > 0);
        if (fixture_number(f, keys) != fixture_number(f, first))
            fail_msg("a unique key of %s does not begin with %s", place->table, place->column);
        assert_int_equal(
            fixture_number(f, arena_printf(f->arena,
                                           "SELECT count(*) FROM pg_attribute WHERE attrelid = "
                                           "'%s'::regclass AND attname = '%s' AND attnotnull AND "
                                           "atttypid = 'uuid'::regtype",
                                           place->table, place->column)),
            1);
    }
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal"),
                     0);
}

/* --- what is judged ----------------------------------------------------------------------------- */

static void a_standing_is_judged(void **state)
{
    (void)state;
    const TablePlace *reference = &TABLE_PLACES[place_of("models")];
    const TablePlace *founder = &TABLE_PLACES[place_of("owners")];
    const TablePlace *follower = &TABLE_PLACES[place_of("companies")];
    const TablePlace *local = &TABLE_PLACES[place_of("work_queue")];
    const TablePlace *none = &TABLE_PLACES[place_of("schema_migrations")];
    const struct {
        const TablePlace *wanted;
        TableStanding found;
        int64_t group;
        PlaceState state;
    } cases[] = {
        {reference, {0}, 0, PLACE_MISSING},
        {founder, {0}, 0, PLACE_MISSING},
        {local, {0}, 7, PLACE_MISSING},
        {none, {0}, 7, PLACE_DONE},
        {reference, {true, PLACEMENT_REFERENCE, "", 3}, 7, PLACE_DONE},
        {founder, {true, PLACEMENT_BY_OWNER, "id", 7}, 7, PLACE_DONE},
        {follower, {true, PLACEMENT_BY_OWNER, "owner_id", 7}, 7, PLACE_DONE},
        {local, {true, PLACEMENT_LOCAL, "", 0}, 7, PLACE_DONE},
        /* Citus made them local ones by the way. */
        {reference, {true, PLACEMENT_LOCAL, "", 0}, 0, PLACE_MISSING},
        {follower, {true, PLACEMENT_LOCAL, "", 0}, 7, PLACE_MISSING},
        /* Somebody else placed them. */
        {none, {true, PLACEMENT_LOCAL, "", 0}, 7, PLACE_WRONG},
        {reference, {true, PLACEMENT_BY_OWNER, "id", 7}, 7, PLACE_WRONG},
        {founder, {true, PLACEMENT_REFERENCE, "", 3}, 3, PLACE_WRONG},
        {follower, {true, PLACEMENT_BY_OWNER, "id", 7}, 7, PLACE_WRONG},
        {follower, {true, PLACEMENT_BY_OWNER, "owner_id", 8}, 7, PLACE_WRONG},
        {follower, {true, PLACEMENT_BY_OWNER, "owner_id", 7}, 0, PLACE_WRONG},
        {local, {true, PLACEMENT_REFERENCE, "", 3}, 7, PLACE_WRONG},
        {follower, {true, PLACEMENT_COUNT, "", 9}, 7, PLACE_WRONG},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
        if (place_state(cases[i].wanted, &cases[i].found, cases[i].group) != cases[i].state)
            fail_msg("case %zu: %s", i, cases[i].wanted->table);
}

/* --- refusals ----------------------------------------------------------------------------------- */

static void what_cannot_be_distributed_is_left_alone(void **state)
{
    Fixture *f = *state;
    if (!fixture_is_sqlite(f) && has_citus(f)) {
        printf("SKIP: this PostgreSQL has citus\n");
        return;
    }
    const char *before = fixture_dump(f->arena, f);
    const char *message =
        fixture_is_sqlite(f)
            ? "The database is a file of this machine and cannot be distributed: "
              "that takes PostgreSQL with the extension citus. Nothing was changed."
            : "The database has not got the extension citus, without which its "
              "tables cannot be distributed. Nothing was changed.";
    bool placed[TABLE_PLACE_COUNT] = {false};
    Error *error = distribute_check(f->arena, f->db);
    assert_error(error, ERROR_CONFLICT, message);
    assert_true(error_is(error, fixture_is_sqlite(f) ? "not_postgres" : "no_citus"));
    assert_error(distribute_up(f->arena, f->db, placed), ERROR_CONFLICT, message);
    assert_false(db_in_transaction(f->db));
    assert_string_equal(fixture_dump(f->arena, f), before);
}

/* Without Citus its functions and its catalogue are all that a statement lacks: everything else in it is
 * understood. */
static void only_citus_is_lacking(void **state)
{
    Fixture *f = *state;
    if (fixture_is_sqlite(f) || has_citus(f)) {
        printf("SKIP: this is about PostgreSQL without citus\n");
        return;
    }
    const struct {
        Sql sql;
        size_t parameters;
        const char *cause;
    } cases[] = {
        {SQL_DISTRIBUTION_LIST, 0, "relation \"pg_dist_partition\" does not exist"},
        {SQL_DISTRIBUTION_REFERENCE, 1, "function create_reference_table(regclass) does not exist"},
        {SQL_DISTRIBUTION_BY_COLUMN, 3,
         "function create_distributed_table(regclass, text, colocate_with => text) does not exist"},
        {SQL_DISTRIBUTION_LOCAL, 1,
         "function citus_add_local_table_to_metadata(regclass) does not exist"},
    };
    const Value values[] = {value_text("owners"), value_text("id"), value_text("none")};
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        Rows ROWS_AUTO *rows = NULL;
        Error *error = db_query(f->db, f->arena, cases[i].sql, values, cases[i].parameters, &rows);
        assert_non_null(error);
        if (strstr(error->cause->message, cases[i].cause) == NULL)
            fail_msg("%s", error->cause->message);
    }
}

static void a_setting_is_taken(void **state)
{
    Fixture *f = *state;
    if (fixture_is_sqlite(f)) {
        printf("SKIP: the setting is PostgreSQL's\n");
        return;
    }
    fixture_begin(f);
    Rows ROWS_AUTO *rows = NULL;
    Error *error = NULL;
    assert_no_error(db_query(
        f->db, f->arena, SQL_DISTRIBUTION_SET,
        PARAMS(value_text("citus.multi_shard_modify_mode"), value_text("sequential")), &rows));
    assert_true(rows_next(rows, &error));
    assert_string_equal(row_text(rows, 0), "sequential");
    fixture_commit(f);
}

/* --- the real thing ----------------------------------------------------------------------------- */

static void citus_places_the_tables(void **state)
{
    Fixture *f = *state;
    if (fixture_is_sqlite(f) || !has_citus(f)) {
        printf("SKIP: no citus here: nothing was really distributed\n");
        return;
    }
    fixture_script(f, "CREATE EXTENSION citus");
    Company company = fixture_company(f, f->user, "ACME");
    Prediction prediction = fixture_prediction(f, &company, KIND_ANNUAL, 2024, 4);
    fixture_store(f, &prediction);
    const char *rows = "SELECT count(*) FROM annual_predictions";
    bool placed[TABLE_PLACE_COUNT] = {false};
    assert_no_error(distribute_check(f->arena, f->db));
    assert_no_error(distribute_up(f->arena, f->db, placed));
    for (int i = 0; i < TABLE_PLACE_COUNT; i++)
        assert_int_equal(placed[i], TABLE_PLACES[i].placement != PLACEMENT_NONE);
    assert_int_equal(fixture_number(f, rows), 1);
    assert_no_error(distribute_up(f->arena, f->db, placed));
    for (int i = 0; i < TABLE_PLACE_COUNT; i++)
        assert_false(placed[i]);
    assert_int_equal(fixture_number(f, rows), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(every_table_has_one_place),
        STORE_TEST(references_keep_the_rules),
        STORE_TEST(unique_keys_hold_the_owner),
        STORE_TEST(a_standing_is_judged),
        STORE_TEST(what_cannot_be_distributed_is_left_alone),
        STORE_TEST(only_citus_is_lacking),
        STORE_TEST(a_setting_is_taken),
        STORE_TEST(citus_places_the_tables),
    };
    return fixture_run(tests);
}
