/* What only the embedded engine does: files that are not there, not a database, read-only or full; two
 * processes on one file; its settings. Whatever goes wrong, a message never holds a path, SQL or the
 * engine's own words: those are in the cause, for the log. */
#include "store/db.h"

#include "base/clock.h"
#include "fixture.h"
#include "store/account_store.h"
#include "store/audit_store.h"
#include "store/company_store.h"
#include "store/job_store.h"
#include "store/model_store.h"
#include "store/statements.h"

#include <sys/stat.h>

static const char *path_of(const Fixture *f)
{
    return f->url.ptr + strlen("sqlite:");
}

/* The message is this one, there is a cause with the engine's code, and the message holds nothing that
 * only the operator may read. */
static void check_error(const Fixture *f, const Error *error, ErrorCode code, const char *message)
{
    assert_error(error, code, message);
    assert_non_null(error->cause);
    assert_non_null(strstr(error->cause->message, "sqlite "));
    const char *const secrets[] = {f->directory, "sqlite", "SELECT", "INSERT",
                                   "UPDATE",     "PRAGMA", "/",      "SQL"};
    for (size_t i = 0; i < ARRAY_COUNT(secrets); i++)
        assert_null(strstr(error->message, secrets[i]));
}

static Error *open_url(const Fixture *f, const char *path, DbOptions options, Db **ret_db)
{
    return db_open(f->arena, str_printf(f->arena, "sqlite:%s", path), options, ret_db);
}

static void a_directory_that_is_not_there(void **state)
{
    Fixture *f = *state;
    Db *db = NULL;
    Error *error =
        open_url(f, arena_printf(f->arena, "%s/no/such.db", f->directory), (DbOptions){0}, &db);
    check_error(f, error, ERROR_UNAVAILABLE, "The database cannot be opened.");
    error = open_url(f, f->directory, (DbOptions){0}, &db);
    check_error(f, error, ERROR_UNAVAILABLE, "The database cannot be opened.");
    assert_null(db);
}

static void no_file_is_named(void **state)
{
    Fixture *f = *state;
    Db *db = NULL;
    assert_error(open_url(f, "", (DbOptions){0}, &db), ERROR_INVALID,
                 "The database URL names no file.");
}

static void a_file_that_must_exist_is_not_made(void **state)
{
    Fixture *f = *state;
    const char *path = arena_printf(f->arena, "%s/new.db", f->directory);
    const DbOptions options[] = {{.must_exist = true}, {.read_only = true}};
    for (size_t i = 0; i < ARRAY_COUNT(options); i++) {
        Db *db = NULL;
        check_error(f, open_url(f, path, options[i], &db), ERROR_UNAVAILABLE,
                    "The database cannot be opened.");
        assert_int_equal(access(path, F_OK), -1);
    }
}

static void a_file_that_is_no_database(void **state)
{
    Fixture *f = *state;
    const char *path = arena_printf(f->arena, "%s/letter.txt", f->directory);
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 1000; i++)
        fputs("Dear Sir or Madam, ", file);
    fclose(file);
    Db *db = NULL;
    check_error(f, open_url(f, path, (DbOptions){0}, &db), ERROR_UNAVAILABLE,
                "The file is not a database of Obligor.");
    /* Read-only, nothing is read at opening: the first statement tells. */
    Error *error = open_url(f, path, (DbOptions){.read_only = true}, &db);
    bool any = false;
    if (error == NULL)
        error = user_any(f->arena, db, &any);
    check_error(f, error, ERROR_UNAVAILABLE, "The file is not a database of Obligor.");
    db_close(db);
}

static void an_empty_file_is_an_empty_database(void **state)
{
    Fixture *f = *state;
    const char *path = arena_printf(f->arena, "%s/empty.db", f->directory);
    fclose(fopen(path, "w"));
    Db *db = NULL;
    assert_no_error(open_url(f, path, (DbOptions){.must_exist = true}, &db));
    db_close(db);
}

static void a_table_that_is_not_there(void **state)
{
    Fixture *f = *state;
    Db *db = NULL;
    bool any = false;
    assert_no_error(
        open_url(f, arena_printf(f->arena, "%s/empty.db", f->directory), (DbOptions){0}, &db));
    Error *error = user_any(f->arena, db, &any);
    check_error(f, error, ERROR_INTERNAL, "The database refused a statement.");
    assert_non_null(strstr(error->cause->message, "no such table"));
    db_close(db);
}

static void the_file_is_its_owners_alone(void **state)
{
    Fixture *f = *state;
    struct stat about;
    mode_t before = umask(0);
    umask(before);
    assert_int_equal(stat(path_of(f), &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_int_equal(umask(before), before); /* and the process's mask is as it was */
}

static void every_write_of_a_read_only_session_fails(void **state)
{
    Fixture *f = *state;
    const char *before = fixture_dump(f->arena, f);
    Db *db = NULL;
    assert_no_error(db_open(f->arena, f->url, (DbOptions){.read_only = true}, &db));
    User *user = NULL;
    assert_no_error(user_by_id(f->arena, db, f->user, &user));
    assert_string_equal(user->email, "ada@example.com");
    {
        Tx TX_AUTO tx = {0};
        Error *error = tx_begin(db, f->arena, TX_WRITE, &tx);
        if (error == NULL)
            error = owner_touch(f->arena, db, f->user);
        check_error(f, error, ERROR_UNAVAILABLE, "The database is read-only.");
    }
    check_error(f, db_script(db, f->arena, "DELETE FROM owners"), ERROR_UNAVAILABLE,
                "The database is read-only.");
    db_close(db);
    assert_string_equal(fixture_dump(f->arena, f), before);
    fixture_begin(f); /* and it holds nobody up */
    assert_no_error(owner_touch(f->arena, f->db, f->user));
    fixture_commit(f);
}

static Error *fill(Fixture *f, Db *db)
{
    Tx TX_AUTO tx = {0};
    char *noise = arena_alloc(f->arena, 1 << 20);
    TRY(tx_begin(db, f->arena, TX_WRITE, &tx));
    for (int i = 0; i < 64; i++) {
        crypto_random(noise, 1 << 20);
        ModelRow model = {.id = fixture_id((uint32_t)i),
                          .name = "noise",
                          .version = arena_printf(f->arena, "%d", i),
                          .file = {noise, 1 << 20},
                          .created_at = 1};
        TRY(model_insert(f->arena, db, &model, UUID_NIL));
    }
    return tx_commit(&tx, f->arena);
}

static void a_full_disk_leaves_nothing_half_done(void **state)
{
    Fixture *f = *state;
    const char *before = fixture_dump(f->arena, f);
    assert_no_error(db_script(f->db, f->arena, "PRAGMA max_page_count=1000"));
    check_error(f, fill(f, f->db), ERROR_UNAVAILABLE, "The database has no room left on its disk.");
    assert_false(db_in_transaction(f->db));
    assert_string_equal(fixture_dump(f->arena, f), before);
    assert_no_error(db_script(f->db, f->arena, "PRAGMA max_page_count=1000000"));
    fixture_begin(f); /* room was made: the same session goes on */
    assert_no_error(owner_touch(f->arena, f->db, f->user));
    fixture_commit(f);
}

static void each_constraint_has_its_code(void **state)
{
    Fixture *f = *state;
    const struct {
        const char *script;
        ErrorCode code;
        const char *message;
    } cases[] = {
        {"INSERT INTO owners VALUES (zeroblob(16), 'system', 0)", ERROR_CONFLICT,
         "The data is in conflict with data that is there."},
        {"INSERT INTO users SELECT x'01', email, NULL, NULL, NULL, role, NULL, 1, 1, 1, 1, 0, NULL "
         "FROM "
         "users "
         "LIMIT 1",
         ERROR_CONFLICT, "The data is in conflict with data that is there."},
        {"INSERT INTO owners VALUES (NULL, 'system', 0)", ERROR_INTERNAL,
         "The database refused a statement."},
        {"INSERT INTO owners VALUES (x'01', 'nobody', 0)", ERROR_INTERNAL,
         "The database refused a statement."},
        {"INSERT INTO owners VALUES (x'01', 'system', 'many')", ERROR_INTERNAL,
         "The database refused a statement."},
        {"INSERT INTO companies VALUES (x'01', x'02', 'A', 'A', '', NULL, NULL, x'03', 1, 1, NULL)",
         ERROR_INTERNAL, "The database refused a statement."},
        {"SELECT no_such_function()", ERROR_INTERNAL, "The database refused a statement."},
        {"not SQL at all", ERROR_INTERNAL, "The database refused a statement."},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
        check_error(f, db_script(f->db, f->arena, cases[i].script), cases[i].code,
                    cases[i].message);
}

static void a_damaged_file_is_said_to_be(void **state)
{
    Fixture *f = *state;
    db_close(f->db);
    f->db = NULL;
    int file = open(path_of(f), O_WRONLY);
    char junk[4096];
    memset(junk, 0xA5, sizeof junk);
    for (off_t page = 1; page < 16; page++)
        assert_int_equal(pwrite(file, junk, sizeof junk, page * 4096), sizeof junk);
    close(file);
    Db *db = NULL;
    assert_no_error(db_open(f->arena, f->url, (DbOptions){0}, &db));
    f->db = db;
    User *user = NULL;
    check_error(f, user_by_id(f->arena, db, f->user, &user), ERROR_UNAVAILABLE,
                "The database is damaged.");
}

/* What the rest leans on: a log beside the file, durable commits unless relaxed, references checked. */
static void sessions_are_set_up(void **state)
{
    Fixture *f = *state;
    assert_int_equal(access(arena_printf(f->arena, "%s-wal", path_of(f)), F_OK), 0);
    assert_error(db_script(f->db, f->arena,
                           "CREATE TEMP TABLE t (ok CHECK (ok)); INSERT INTO t "
                           "SELECT foreign_keys FROM pragma_foreign_keys; INSERT INTO t "
                           "SELECT synchronous = 2 FROM pragma_synchronous; INSERT INTO t "
                           "SELECT journal_mode = 'wal' FROM pragma_journal_mode; INSERT INTO t "
                           "SELECT 0"),
                 ERROR_INTERNAL, "The database refused a statement.");
    assert_no_error(db_script(f->db, f->arena, "DROP TABLE t"));
    assert_no_error(db_relax_durability(f->db, f->arena, true));
    assert_no_error(db_script(f->db, f->arena,
                              "CREATE TEMP TABLE t (ok CHECK (ok)); INSERT INTO t "
                              "SELECT synchronous = 1 FROM pragma_synchronous; DROP TABLE t"));
    assert_no_error(db_relax_durability(f->db, f->arena, false));
    assert_no_error(db_script(f->db, f->arena,
                              "CREATE TEMP TABLE t (ok CHECK (ok)); INSERT INTO t "
                              "SELECT synchronous = 2 FROM pragma_synchronous; DROP TABLE t"));
}

static void a_database_in_memory_is_of_one_session(void **state)
{
    Fixture *f = *state;
    Db *a = NULL, *b = NULL;
    assert_no_error(db_open(f->arena, STR("sqlite::memory:"), (DbOptions){0}, &a));
    assert_no_error(db_open(f->arena, STR("sqlite::memory:"), (DbOptions){0}, &b));
    Tx x = {0}, y = {0};
    assert_no_error(tx_begin(a, f->arena, TX_WRITE, &x));
    assert_no_error(tx_begin(b, f->arena, TX_WRITE, &y)); /* they never wait for each other */
    assert_no_error(db_script(a, f->arena, "CREATE TABLE t (x)"));
    assert_no_error(db_script(b, f->arena, "CREATE TABLE t (x)"));
    assert_no_error(tx_commit(&x, f->arena));
    db_close(a);
    db_close(b);
    assert_int_equal(access(":memory:", F_OK), -1);
}

static void statistics_are_refreshed(void **state)
{
    Fixture *f = *state;
    fixture_company(f, f->user, "ACME");
    assert_no_error(db_analyze(f->db, f->arena, 1));
    assert_true(fixture_number(f, "SELECT count(*) FROM sqlite_stat1 WHERE tbl = 'companies'") > 0);
    fixture_begin(f); /* the lock is given back */
    fixture_commit(f);
}

/* strpos as PostgreSQL has it, seen through the statement that looks into a list of statuses. */
static void strpos_looks_at_whole_words_and_bytes(void **state)
{
    Fixture *f = *state;
    assert_no_error(db_script(f->db, f->arena,
                              "CREATE TEMP TABLE t (ok CHECK (ok)); INSERT INTO t VALUES "
                              "(strpos('abc', 'c') = 3), (strpos('abc', 'd') = 0), "
                              "(strpos('', 'a') = 0), (strpos('abc', '') = 1), "
                              "(strpos(NULL, 'a') IS NULL), (strpos('a', NULL) IS NULL), "
                              "(strpos('a%c', '%') = 2), (strpos(char(228, 98), 'b') = 3), "
                              "(strpos('a_c', 'A') = 0), (strpos(12345, 34) = 3)"));
}

/* --- two processes -------------------------------------------------------------------------------- */

static Error *append(Arena *arena, Db *db, Uuid owner)
{
    Tx TX_AUTO tx = {0};
    AuditHead head;
    TRY(tx_begin(db, arena, TX_WRITE, &tx));
    TRY(audit_head_lock(arena, db, owner, &head));
    AuditEvent event = {.owner_id = owner,
                        .seq = head.seq + 1,
                        .at = FIXTURE_START,
                        .via = "cli",
                        .action = "test",
                        .object_kind = "none",
                        .count = -1};
    TRY(audit_append(arena, db, &event, head.digest, NULL));
    return tx_commit(&tx, arena);
}

static void write_in_a_child(const Fixture *f, int events)
{
    Arena *arena = arena_new(0);
    Db *db = NULL;
    Error *error = db_open(arena, f->url, (DbOptions){.must_exist = true}, &db);
    for (int i = 0; i < events && error == NULL; i++)
        error = append(arena, db, f->user);
    if (error != NULL)
        fprintf(stderr, "child: %s\n", error_chain(arena, error));
    db_close(db);
    arena_free(arena);
    _exit(error != NULL);
}

static void two_processes_write_in_turn(void **state)
{
    Fixture *f = *state;
    enum { PROCESSES = 3, EVENTS = 60 };
    db_close(f->db); /* SQLite wants no open session carried into a child */
    f->db = NULL;
    pid_t children[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0)
            write_in_a_child(f, EVENTS);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = -1;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(fixture_number(f, "SELECT max(seq) FROM audit_heads"), PROCESSES * EVENTS);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM audit_events"), PROCESSES * EVENTS);
}

/* A process that dies in a transaction leaves nothing of it, and no lock. */
static void a_process_that_dies_leaves_nothing(void **state)
{
    Fixture *f = *state;
    const char *before = fixture_dump(f->arena, f);
    db_close(f->db);
    f->db = NULL;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        Tx tx = {0};
        Db *db = NULL;
        Arena *arena = arena_new(0);
        Error *error = db_open(arena, f->url, (DbOptions){0}, &db);
        if (error == NULL)
            error = tx_begin(db, arena, TX_WRITE, &tx);
        if (error == NULL)
            error = owner_touch(arena, db, f->user);
        kill(getpid(), SIGKILL);
        _exit(error != NULL);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    f->db = fixture_session(f);
    assert_string_equal(fixture_dump(f->arena, f), before);
    fixture_begin(f);
    assert_no_error(owner_touch(f->arena, f->db, f->user));
    fixture_commit(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_directory_that_is_not_there),
        STORE_TEST(no_file_is_named),
        STORE_TEST(a_file_that_must_exist_is_not_made),
        STORE_TEST(a_file_that_is_no_database),
        STORE_TEST(an_empty_file_is_an_empty_database),
        STORE_TEST(a_table_that_is_not_there),
        STORE_TEST(the_file_is_its_owners_alone),
        STORE_TEST(every_write_of_a_read_only_session_fails),
        STORE_TEST(a_full_disk_leaves_nothing_half_done),
        STORE_TEST(each_constraint_has_its_code),
        STORE_TEST(a_damaged_file_is_said_to_be),
        STORE_TEST(sessions_are_set_up),
        STORE_TEST(a_database_in_memory_is_of_one_session),
        STORE_TEST(statistics_are_refreshed),
        STORE_TEST(strpos_looks_at_whole_words_and_bytes),
        STORE_TEST(two_processes_write_in_turn),
        STORE_TEST(a_process_that_dies_leaves_nothing),
    };
    return fixture_run_on("sqlite", tests);
}
