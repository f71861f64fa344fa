/* The schema grows once, whoever comes first, and never over something that is not ours: a newer one,
 * one whose history was rewritten, or the described system's own tables. */
#include "store/migrate.h"

#include "base/clock.h"
#include "fixture.h"
#include "store/account_store.h"
#include "store/statements.h"

#define LEGACY                                                                                     \
    "The database belongs to the system that Obligor replaces (it has its tables). Nothing was "   \
    "changed. Give Obligor a database of its own."

static void a_fresh_database_gets_it_all(void **state)
{
    Fixture *f = *state;
    SchemaState schema = {-1, -1};
    assert_no_error(migrate_state(f->arena, f->db, &schema));
    assert_int_equal(schema.version, 0);
    assert_int_equal(schema.latest, MIGRATION_COUNT);
    int applied = -1;
    assert_no_error(migrate_up(f->arena, f->db, &applied));
    assert_int_equal(applied, MIGRATION_COUNT);
    assert_no_error(migrate_state(f->arena, f->db, &schema));
    assert_int_equal(schema.version, MIGRATION_COUNT);
    assert_false(db_in_transaction(f->db));
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM schema_migrations"), MIGRATION_COUNT);
    assert_int_equal(fixture_number(f, "SELECT min(applied_at) FROM schema_migrations"),
                     FIXTURE_START);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM owners"), 1); /* the system */
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM users"), 0);
}

static void looking_changes_nothing(void **state)
{
    Fixture *f = *state;
    const char *before = fixture_dump(f->arena, f);
    SchemaState schema;
    assert_no_error(migrate_state(f->arena, f->db, &schema));
    assert_string_equal(fixture_dump(f->arena, f), before);
}

static void the_second_time_does_nothing(void **state)
{
    Fixture *f = *state;
    const char *before = fixture_dump(f->arena, f);
    int applied = -1;
    fixture_advance(SECONDS(1));
    assert_no_error(migrate_up(f->arena, f->db, &applied));
    assert_int_equal(applied, 0);
    assert_string_equal(fixture_dump(f->arena, f), before);
}

/* A second session that looked before the first one wrote finds out under the lock. */
static void two_sessions_migrate_one_after_the_other(void **state)
{
    Fixture *f = *state;
    Db *db = fixture_session(f);
    SchemaState schema;
    assert_no_error(migrate_state(f->arena, db, &schema));
    assert_int_equal(schema.version, 0);
    int first = -1, second = -1;
    assert_no_error(migrate_up(f->arena, f->db, &first));
    assert_no_error(migrate_up(f->arena, db, &second));
    assert_int_equal(first, MIGRATION_COUNT);
    assert_int_equal(second, 0);
    User *user = NULL;
    assert_no_error(user_by_email(f->arena, db, STR("a@example.com"), &user));
    assert_null(user);
    db_close(db);
}

static void refused(Fixture *f, const char *message)
{
    const char *before = fixture_dump(f->arena, f);
    SchemaState schema;
    int applied = -1;
    assert_error(migrate_state(f->arena, f->db, &schema), ERROR_CONFLICT, message);
    assert_error(migrate_up(f->arena, f->db, &applied), ERROR_CONFLICT, message);
    assert_int_equal(applied, -1);
    assert_false(db_in_transaction(f->db));
    assert_string_equal(fixture_dump(f->arena, f), before);
}

static void a_newer_schema_is_refused(void **state)
{
    Fixture *f = *state;
    fixture_script(f, arena_printf(f->arena,
                                   "INSERT INTO schema_migrations VALUES (%d, 'later', 'x', 1)",
                                   MIGRATION_COUNT + 1));
    refused(f, arena_printf(f->arena,
                            "The database has schema version %d, and this program knows %d. Use a "
                            "newer obligor with it.",
                            MIGRATION_COUNT + 1, MIGRATION_COUNT));
}

static void a_changed_migration_is_refused(void **state)
{
    Fixture *f = *state;
    fixture_script(f, "UPDATE schema_migrations SET checksum = "
                      "'0000000000000000000000000000000000000000000000000000000000000000' "
                      "WHERE version = 1");
    refused(f, "Migration 1 of the database is not the one that this program knows.");
}

static void a_legacy_database_is_refused(void **state)
{
    Fixture *f = *state;
    fixture_script(f, "CREATE TABLE bulk_upload_jobs (id integer, status text);"
                      "CREATE TABLE annual_predictions (id integer);"
                      "INSERT INTO bulk_upload_jobs VALUES (1, 'completed')");
    refused(f, LEGACY);
}

/* Its own table beside others' is no sign of the described system. */
static void other_tables_do_not_matter(void **state)
{
    Fixture *f = *state;
    fixture_script(f, "CREATE TABLE notes (id integer); INSERT INTO notes VALUES (7)");
    int applied = 0;
    assert_no_error(migrate_up(f->arena, f->db, &applied));
    assert_int_equal(applied, MIGRATION_COUNT);
    assert_int_equal(fixture_number(f, "SELECT id FROM notes"), 7);
}

/* A name that is taken stops the migration in the middle: all of it is taken back, its record too. What
 * stays is the history, empty. */
static void half_a_migration_never_stays(void **state)
{
    Fixture *f = *state;
    fixture_script(f, "CREATE TABLE deletions (id integer)");
    const char *after = NULL;
    for (int attempt = 0; attempt < 2; attempt++) {
        int applied = -1;
        Error *error = migrate_up(f->arena, f->db, &applied);
        assert_error(error, ERROR_INTERNAL, "The database refused a statement.");
        assert_false(db_in_transaction(f->db));
        assert_int_equal(fixture_number(f, "SELECT count(*) FROM schema_migrations"), 0);
        assert_null(strstr(fixture_dump(f->arena, f), "owners"));
        if (attempt == 1)
            assert_string_equal(fixture_dump(f->arena, f), after);
        after = fixture_dump(f->arena, f);
    }
    fixture_script(f, "DROP TABLE deletions");
    int applied = 0;
    assert_no_error(migrate_up(f->arena, f->db, &applied));
    assert_int_equal(applied, MIGRATION_COUNT);
}

static void migrations_have_names(void **state)
{
    (void)state;
    assert_string_equal(migrate_name(1), "0001_foundation");
    assert_null(migrate_name(0));
    assert_null(migrate_name(-1));
    assert_null(migrate_name(MIGRATION_COUNT + 1));
}

/* A record that no program of ours wrote is not read past the table of migrations. */
static Fixture *victim;

static void meet_version_zero(void)
{
    SchemaState schema;
    Error *error = migrate_state(victim->arena, victim->db, &schema);
    if (error != NULL && error->code == ERROR_CONFLICT)
        fputs("schema conflict, as it should\n", stderr);
    fflush(stderr);
    _exit(1);
}

static void a_version_below_one_is_refused(void **state)
{
    Fixture *f = victim = *state;
    fixture_script(f, "INSERT INTO schema_migrations VALUES (0, 'never', 'x', 1)");
    assert_dies(f->arena, meet_version_zero, "schema conflict, as it should");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EMPTY_STORE_TEST(a_fresh_database_gets_it_all),
        EMPTY_STORE_TEST(looking_changes_nothing),
        STORE_TEST(the_second_time_does_nothing),
        EMPTY_STORE_TEST(two_sessions_migrate_one_after_the_other),
        STORE_TEST(a_newer_schema_is_refused),
        STORE_TEST(a_changed_migration_is_refused),
        EMPTY_STORE_TEST(a_legacy_database_is_refused),
        EMPTY_STORE_TEST(other_tables_do_not_matter),
        EMPTY_STORE_TEST(half_a_migration_never_stays),
        EMPTY_STORE_TEST(migrations_have_names),
        STORE_TEST(a_version_below_one_is_refused),
    };
    return fixture_run(tests);
}
