/* The commands that need a database, one after the other on one embedded database, as somebody
 * would use them. */
#include "program.h"

#include <sqlite3.h>

static char directory[64];
static char database[96];

static int set_up_database(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "/tmp/obligor-test-XXXXXX");
    if (mkdtemp(directory) == NULL)
        return 1;
    snprintf(database, sizeof database, "sqlite:%s/obligor.db", directory);
    setenv("OBLIGOR_DB", database, 1);
    setenv("OBLIGOR_SPOOL", directory, 1);
    setenv("OBLIGOR_USER", "ana@example.com", 1);
    return 0;
}

static int remove_database(void **state)
{
    (void)state;
    static const char *const names[] = {"obligor.db", "obligor.db-wal", "obligor.db-shm"};
    char path[128];
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        snprintf(path, sizeof path, "%s/%s", directory, names[i]);
        unlink(path);
    }
    return rmdir(directory);
}

static const char *source(Arena *arena, const char *path)
{
    return arena_printf(arena, "%s/%s", OBLIGOR_SOURCE_ROOT, path);
}

#define assert_holds(text, part)                                                                   \
    do {                                                                                           \
        if (!str_holds((text), (part)))                                                            \
            fail_msg("\"%s\" is not in: %.*s", (part), STR_ARG(text));                             \
    } while (0)

static void assert_done(Run run)
{
    if (run.code != EXIT_DONE || run.err.len != 0)
        fail_msg("exit code %d, and said: %.*s", run.code, STR_ARG(run.err));
}

/* The value of `"key":"…"` or `"key":…` in JSON, as text. */
static const char *value_of(Arena *arena, Str json, const char *key)
{
    const char *quoted = arena_printf(arena, "\"%s\":", key);
    const char *at = memmem(json.ptr, json.len, quoted, strlen(quoted));
    if (at == NULL)
        fail_msg("no \"%s\" in: %.*s", key, STR_ARG(json));
    at += strlen(quoted);
    size_t length = *at == '"' ? strcspn(++at, "\"") : strcspn(at, ",}");
    return str_dup(arena, (Str){at, length});
}

/* ---- the parts
 * -------------------------------------------------------------------------------- */

static void test_nothing_there(void **state)
{
    Arena *arena = *state;
    Run run = RUN(arena, "jobs", "list");
    assert_int_equal(run.code, EXIT_FAILED);
    assert_true(str_starts_with(run.err, STR("obligor: ")));
    run = RUN(arena, "migrate", "--dry-run");
    assert_int_equal(run.code, EXIT_FAILED);
}

static void test_migrate(void **state)
{
    Arena *arena = *state;
    Run run = RUN(arena, "migrate");
    assert_done(run);
    assert_true(str_starts_with(run.out, STR("Applied:\n1\t")));
    run = RUN(arena, "migrate");
    assert_done(run);
    assert_true(str_starts_with(run.out, STR("The schema is up to date: version ")));
    run = RUN(arena, "migrate", "--dry-run", "--json");
    assert_done(run);
    assert_string_equal(value_of(arena, run.out, "version"), value_of(arena, run.out, "latest"));
    assert_true(str_ends_with(run.out, STR("\"missing\":[]}\n")));
}

/* An embedded database has no machines to be distributed over, whether there is one or not. */
static void test_distributed(void **state)
{
    Arena *arena = *state;
    const char *refused = "obligor: The database is a file of this machine and cannot be "
                          "distributed: that takes PostgreSQL with the extension citus. Nothing "
                          "was changed.\n";
    Run run = RUN(arena, "migrate", "--distributed");
    assert_int_equal(run.code, EXIT_REFUSED);
    assert_str(run.err, refused);
    assert_str(run.out, "");
    run = RUN(arena, "migrate", "--distributed", "--dry-run");
    assert_int_equal(run.code, EXIT_REFUSED);
    assert_str(run.err, refused);
    run = RUN(arena, "migrate", "--distributed", "--db", "sqlite:not-there.db");
    assert_int_equal(run.code, EXIT_FAILED);
    assert_int_equal(access("not-there.db", F_OK), -1);
    run = RUN(arena, "serve", "--distributed");
    assert_int_equal(run.code, EXIT_USAGE);
}

static void test_users(void **state)
{
    Arena *arena = *state;
    Run run = RUN_WITH(arena, "correct horse 1\n", "user", "add", "--email", "ana@example.com",
                       "--full-name", "Ana Example", "--role", "super_admin", "--password-stdin");
    assert_done(run);
    assert_holds(run.out, "email\tana@example.com\nfull_name\tAna Example\nrole\tsuper_admin\n"
                          "organization_name\t\nstate\tnot verified\n");
    run = RUN(arena, "jobs", "list");
    assert_int_equal(run.code, EXIT_REFUSED);
    assert_str(run.err, "obligor: The user ana@example.com is not verified. 'obligor user verify "
                        "ana@example.com' changes that.\n");
    run = RUN(arena, "user", "verify", "ana@example.com");
    assert_done(run);
    assert_holds(run.out, "state\tactive\n");
    assert_done(RUN(arena, "user", "disable", "--email", "ana@example.com"));
    run = RUN(arena, "jobs", "list");
    assert_int_equal(run.code, EXIT_REFUSED);
    assert_str(run.err, "obligor: The user ana@example.com is disabled. 'obligor user enable "
                        "ana@example.com' changes that.\n");
    run = RUN(arena, "user", "link", "ana@example.com");
    assert_int_equal(run.code, EXIT_REFUSED);
    assert_str(run.err, "obligor: This account is disabled.\n");
    assert_done(RUN(arena, "user", "enable", "ana@example.com"));
    run = RUN(arena, "user", "link", "ana@example.com");
    assert_int_equal(run.code, EXIT_DONE);
    assert_holds(run.out, "http://127.0.0.1:8000/reset?token=");
    assert_done(RUN_WITH(arena, "correct horse 2\n", "user", "passwd", "ana@example.com",
                         "--password-stdin"));
    run = RUN(arena, "user", "list");
    assert_done(run);
    assert_true(
        str_starts_with(run.out, STR("ana@example.com\tAna Example\tsuper_admin\t\tactive\t")));
}

static void test_organizations(void **state)
{
    Arena *arena = *state;
    Run run = RUN(arena, "org", "add", "Example & Co.", "--max-users", "1", "--default-role",
                  "org_viewer", "--allow-global-data");
    assert_done(run);
    assert_holds(run.out, "name\tExample & Co.\nslug\texample-co\nmax_users\t1\n"
                          "default_role\torg_viewer\nallow_global_data_access\tyes\n"
                          "join_token\t");
    run = RUN(arena, "org", "add", "x", "--slug", "example-co");
    assert_int_equal(run.code, EXIT_REFUSED);
    assert_str(run.err, "obligor: The short name \"example-co\" is taken. Choose another.\n");
    run = RUN(arena, "user", "add", "--email", "org@example.com", "--org", "Example-Co",
              "--no-password");
    assert_done(run);
    assert_holds(run.out, "role\torg_viewer\norganization_name\tExample & Co.\n");
    run = RUN(arena, "user", "add", "--email", "two@example.com", "--org", "example-co", "--role",
              "org_admin", "--no-password");
    assert_int_equal(run.code, EXIT_REFUSED);
    assert_holds(run.err, "The organization has 1 members, and no more are allowed.");
    run = RUN(arena, "user", "add", "--email", "two@example.com", "--org", "none", "--no-password");
    assert_int_equal(run.code, EXIT_REFUSED);
    assert_str(run.err, "obligor: There is no organization with the short name none.\n");
    run = RUN(arena, "user", "add", "--email", "two@example.com", "--role", "org_admin",
              "--no-password");
    assert_int_equal(run.code, EXIT_FAILED);
    run = RUN(arena, "org", "list");
    assert_done(run);
    assert_true(
        str_starts_with(run.out, STR("example-co\tExample & Co.\t1\t1\tactive\torg_viewer\t")));
}

static void test_users_refused(void **state)
{
    Arena *arena = *state;
    Run run = RUN_WITH(arena, "short\n", "user", "add", "--email", "x", "--password-stdin");
    assert_int_equal(run.code, EXIT_FAILED);
    assert_holds(run.err, "  email: ");
    assert_holds(run.err, "  password: ");
    run = RUN(arena, "user", "add", "--email", "ana@example.com", "--no-password");
    assert_int_equal(run.code, EXIT_REFUSED);
    run = RUN(arena, "user", "verify", "nobody@example.com");
    assert_int_equal(run.code, EXIT_REFUSED);
    assert_str(run.err, "obligor: There is no user nobody@example.com.\n");
    run = RUN(arena, "user", "verify");
    assert_int_equal(run.code, EXIT_USAGE);
    run = RUN(arena, "user", "verify", "a@b", "--email", "a@b");
    assert_int_equal(run.code, EXIT_USAGE);
}

static void test_models(void **state)
{
    Arena *arena = *state;
    Run run = RUN(arena, "import", source(arena, "samples/annual-sample.csv"), "--type", "annual");
    assert_int_equal(run.code, EXIT_REFUSED); /* without a model */
    const char *card = source(arena, "models/annual-default.json");
    run = RUN(arena, "model", "add", card);
    assert_done(run);
    assert_holds(run.out, "kind\tannual\n");
    assert_holds(run.out, "is_active\tno\n");
    run = RUN(arena, "model", "add", card, "--json");
    const char *id = value_of(arena, run.out, "id");
    const char *name = value_of(arena, run.out, "name");
    const char *version = value_of(arena, run.out, "version");
    assert_done(RUN(arena, "model", "activate", name));
    run = RUN(arena, "model", "list", "--json");
    assert_string_equal(value_of(arena, run.out, "id"), id);
    assert_string_equal(value_of(arena, run.out, "is_active"), "true");
    run = RUN(arena, "model", "show", arena_printf(arena, "%s@%s", name, version), "--json");
    assert_done(run);
    assert_holds(run.out, "\"card\":{");
    assert_holds(run.out, "\"features\":[{\"field\":\"long_term_debt_to_total_capital\",");
    assert_done(RUN(arena, "model", "show", id));
    run = RUN(arena, "model", "show", "none");
    assert_int_equal(run.code, EXIT_REFUSED);
    assert_str(run.err, "obligor: There is no model none.\n");
}

/* Imports the annual sample; gives the job's id. */
static const char *import_sample(Arena *arena, const char *successful, const char *unchanged)
{
    Run run = RUN(arena, "import", source(arena, "samples/annual-sample.csv"), "--type", "annual",
                  "--json");
    assert_int_equal(run.code, EXIT_DONE);
    assert_string_equal(value_of(arena, run.out, "status"), "completed");
    assert_string_equal(value_of(arena, run.out, "total_rows"), "121");
    assert_string_equal(value_of(arena, run.out, "successful_rows"), successful);
    assert_string_equal(value_of(arena, run.out, "unchanged_rows"), unchanged);
    assert_string_equal(value_of(arena, run.out, "failed_rows"), "3");
    assert_string_equal(value_of(arena, run.out, "interrupted"), "false");
    bool again = strcmp(value_of(arena, run.out, "already_imported"), "true") == 0;
    assert_int_equal(again, str_holds(run.err, "The same file was imported before, by job "));
    assert_int_equal(again, strcmp(unchanged, "0") != 0);
    return value_of(arena, run.out, "id");
}

static void test_import_and_delete(void **state)
{
    Arena *arena = *state;
    const char *first = import_sample(arena, "118", "0");
    const char *second = import_sample(arena, "0", "118");
    Run run = RUN(arena, "jobs", "list", "--type", "annual", "--status", "completed");
    assert_true(str_starts_with(run.out, str_from(second)));
    assert_holds(run.out, first);
    run = RUN(arena, "jobs", "show", first);
    assert_holds(run.out, "successful_rows\t118\n");
    assert_holds(run.out, "\nerror\t66\tnet_income_margin\t");
    run = RUN(arena, "jobs", "cancel", first);
    assert_int_equal(run.code, EXIT_REFUSED);
    run = RUN(arena, "jobs", "delete", first, "--with-predictions", "--dry-run");
    assert_int_equal(run.code, EXIT_DONE);
    assert_str(run.err, "Nothing was changed.\n");
    assert_holds(run.out, "annual\t118\nquarterly\t0\n");
    run = RUN(arena, "jobs", "delete", first, "--with-predictions", "--reason", "wrong file");
    assert_done(run);
    assert_holds(run.out, "deletion_state\tdone\n");
    assert_holds(run.out, "annual\t118\nquarterly\t0\n");
    run = RUN(arena, "jobs", "show", first);
    assert_int_equal(run.code, EXIT_REFUSED);
    assert_done(RUN(arena, "jobs", "show", first, "--show-deleted"));
    run = RUN(arena, "jobs", "delete", second);
    assert_done(run);
    assert_holds(run.out, "predictions_kept\t0\n");
    import_sample(arena, "118", "0");
}

static const char *only_job(Arena *arena)
{
    Run run = RUN(arena, "jobs", "list", "--limit", "1", "--status", "completed", "--json");
    assert_done(run);
    return value_of(arena, run.out, "id");
}

static void test_restore(void **state)
{
    Arena *arena = *state;
    const char *job = only_job(arena);
    Run run = RUN(arena, "jobs", "restore", job);
    assert_int_equal(run.code, EXIT_REFUSED);
    assert_str(run.err, "obligor: The job is not deleted.\n");
    run = RUN(arena, "jobs", "delete", job, "--with-predictions", "--include-edited",
              "--include-inferred", "--delete-orphaned-companies", "--restore-window", "2");
    assert_done(run);
    assert_holds(run.out, "annual\t118\nquarterly\t0\nedits_deleted\t0\nedits_kept\t0\n"
                          "inferred_kept\t0\nalready_deleted\t0\nrestored_versions\t0\n"
                          "restored_names\t0\nkept_names\t0\n");
    assert_holds(run.out, "\nrestorable_until\t20");
    run = RUN(arena, "jobs", "restore", job, "--dry-run");
    assert_int_equal(run.code, EXIT_DONE);
    assert_str(run.err, "Nothing was changed.\n");
    assert_holds(run.out, "status\tdeleted\n");
    assert_holds(run.out, "deletion_status\tdone\npredictions\t118\ncurrent\t118\nformer\t0\n");
    run = RUN(arena, "jobs", "restore", job, "--reason", "it was right");
    assert_done(run);
    assert_holds(run.out, "status\tcompleted\n");
    assert_holds(run.out, "deletion_status\trestored\npredictions\t118\ncurrent\t118\nformer\t0\n");
    run = RUN(arena, "jobs", "restore", job, "--json"); /* again: it is so already */
    assert_done(run);
    assert_holds(run.out, "\"restored\":{\"predictions\":118,\"current\":118,\"former\":0}");
    assert_string_equal(only_job(arena), job);
    run = RUN(arena, "jobs", "show", job);
    assert_holds(run.out, "successful_rows\t118\n");
    run = RUN(arena, "jobs", "delete", job);
    assert_done(run);
    run = RUN(arena, "jobs", "restore", job); /* of the record alone */
    assert_done(run);
    assert_false(str_holds(run.out, "predictions\t"));
    assert_holds(run.out, "status\tcompleted\n");
    run = RUN(arena, "jobs", "restore", "17");
    assert_int_equal(run.code, EXIT_REFUSED);
    run = RUN(arena, "jobs", "restore", job, "--user", "nobody@example.com");
    assert_int_equal(run.code, EXIT_REFUSED);
}

static void test_import_refused(void **state)
{
    Arena *arena = *state;
    Run run = RUN_WITH(arena, "a,b\n1,2\n", "import", "-", "--type", "annual");
    assert_int_equal(run.code, EXIT_FAILED);
    assert_holds(run.out, "status\tfailed\n");
    assert_holds(run.out, "original_filename\tstdin\n");
    run = RUN_WITH(arena, "", "import", "-", "--type", "annual");
    assert_int_equal(run.code, EXIT_FAILED);
    assert_str(run.err, "obligor: The file is empty.\n");
    run = RUN(arena, "import", "-", "--type", "annual", "--user", "nobody@example.com");
    assert_int_equal(run.code, EXIT_REFUSED);
    run = RUN(arena, "jobs", "delete", "x", "--include-inferred");
    assert_int_equal(run.code, EXIT_USAGE);
    run = RUN(arena, "jobs", "delete", "x", "--include-edited");
    assert_int_equal(run.code, EXIT_USAGE);
    assert_str(run.err, "obligor: The options --include-edited, --include-inferred and "
                        "--delete-orphaned-companies mean nothing without --with-predictions.\n");
}

static void test_dry_run(void **state)
{
    Arena *arena = *state;
    Run run = RUN(arena, "import", source(arena, "samples/annual-sample.csv"), "--type", "annual",
                  "--dry-run", "--json");
    assert_int_equal(run.code, EXIT_DONE);
    assert_holds(run.out, "\"dry_run\":true");
}

/* Starts what stays, waits until it says `expected`, asks it to stop. */
static Run start_and_stop(Arena *arena, int sign, const char *expected, const char *const *words)
{
    Program program = program_start(NULL, words);
    for (int i = 0; i < 1000; i++) {
        if (str_holds(program_read(arena, program.out), expected) ||
            str_holds(program_read(arena, program.err), expected))
            break;
        usleep(10000);
    }
    kill(program.process, sign);
    return program_end(arena, program);
}

static void test_serve(void **state)
{
    Arena *arena = *state;
    Run run = start_and_stop(arena, SIGTERM, " serving ",
                             WORDS("serve", "--listen", "127.0.0.1:0", "--workers", "1"));
    assert_int_equal(run.code, EXIT_DONE);
    assert_holds(run.out, "serves at http://127.0.0.1:");
    assert_false(str_holds(run.out, "setup")); /* there are users */
    assert_holds(run.err, "no model is active");
    assert_holds(run.err, "stopping signal=\"TERM\"");
    assert_holds(run.err, "stopped");
}

static void test_first_start(void **state)
{
    Arena *arena = *state;
    const char *other = arena_printf(arena, "sqlite:%s/other.db", directory);
    Run run =
        start_and_stop(arena, SIGINT, " serving ",
                       WORDS("serve", "--listen", "0.0.0.0:0", "--workers", "0", "--db", other));
    unlink(arena_printf(arena, "%s/other.db", directory));
    assert_int_equal(run.code, EXIT_DONE);
    assert_holds(run.out, "(good once, for 24 hours):\nhttp://127.0.0.1:");
    assert_holds(run.out, "/setup?token=");
    assert_holds(run.err, "listening beyond this machine");
}

static void test_serve_refused(void **state)
{
    Arena *arena = *state;
    Run run = RUN(arena, "serve", "--listen", "127.0.0.1:0", "--spool", "/nowhere");
    assert_int_equal(run.code, EXIT_FAILED);
    assert_str(run.err, "obligor: A temporary file cannot be made in /nowhere: No such file or "
                        "directory. --spool names another directory.\n");
    run = RUN(arena, "serve", "--listen", "192.0.2.1:1", "--log-level", "error");
    assert_int_equal(run.code, EXIT_FAILED);
    assert_holds(run.err, "192.0.2.1:1");
    assert_str(run.out, "");
}

static void test_worker(void **state)
{
    Arena *arena = *state;
    Run run = start_and_stop(arena, SIGTERM, " working ", WORDS("worker"));
    assert_int_equal(run.code, EXIT_DONE);
    assert_holds(run.err, "stopped");
}

/* Past the program, as damage comes about. */
static void change_database(const char *statement)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(database + strlen("sqlite:"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, statement, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void test_check(void **state)
{
    Arena *arena = *state;
    Run run = RUN(arena, "check");
    assert_done(run);
    assert_true(str_ends_with(run.out, STR(" invariants of 4 owners: all hold.\n")));
    run = RUN(arena, "check", "--files", "--json");
    assert_done(run);
    assert_holds(run.out, "{\"check\":{\"owners\":4,");
    assert_holds(run.out, "\"violated\":0,\"files\":true}");
    assert_holds(run.out, "{\"name\":\"file_digest\",\"violations\":0,");
    run = RUN(arena, "check", "--owner", "nobody@example.com");
    assert_int_equal(run.code, EXIT_REFUSED);
    assert_str(run.err, "obligor: There is no user nobody@example.com.\n");
    run = RUN(arena, "check", "--owner", "01900000-0000-7000-8000-000000000000");
    assert_int_equal(run.code, EXIT_REFUSED);
    assert_str(run.err, "obligor: There is no such owner.\n");
    run = RUN(arena, "check", "--db", "sqlite:not-there.db");
    assert_int_equal(run.code, EXIT_FAILED);
    assert_int_equal(access("not-there.db", F_OK), -1);
}

static void test_check_of_damage(void **state)
{
    Arena *arena = *state;
    change_database("UPDATE bulk_upload_jobs SET processed_rows = processed_rows + 7");
    Run run = RUN(arena, "check");
    assert_int_equal(run.code, EXIT_FAILED);
    assert_str(run.err, "");
    assert_true(str_starts_with(run.out, STR("job_counters: violated ")));
    assert_holds(run.out, "\n  What should hold: The rows that a job has read are those that were "
                          "good, failed, were skipped or unchanged.\n  What follows: ");
    assert_holds(run.out, "\n  job 0");
    assert_true(str_ends_with(run.out, STR(" invariants of 4 owners: 1 is violated.\n")));
    run =
        RUN(arena, "check", "--owner", "ana@example.com"); /* an administrator's are the system's */
    assert_done(run);
    assert_true(str_ends_with(run.out, STR(" invariants of 1 owner: all hold.\n")));
    run = RUN(arena, "check", "--owner", "system", "--json");
    assert_int_equal(run.code, EXIT_FAILED);
    assert_holds(run.out, "\"violated\":1,");
    assert_holds(run.out, "\"object\":\"job\",\"first\":[{\"owner_id\":\"00000000-0000-0000-0000-");
    change_database("UPDATE bulk_upload_jobs SET processed_rows = processed_rows - 7");
    assert_done(RUN(arena, "check"));
}

/* ---- the audit trail, on a database of its own ------------------------------------------------ */

static const char *write_file(Arena *arena, const char *name, Str content)
{
    const char *path = arena_printf(arena, "%s/%s", directory, name);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    assert_int_equal(write(file, content.ptr, content.len), content.len);
    close(file);
    return path;
}

static void change(const char *path, const char *script)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, script, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static size_t count_lines(Str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += text.ptr[i] == '\n';
    return count;
}

static void list_events(Arena *arena, const char *db)
{
    Run run = RUN(arena, "audit", "list", "--db", db);
    assert_done(run);
    assert_int_equal(count_lines(run.out), 2);
    assert_true(str_starts_with(run.out, STR("2\t")));
    assert_holds(run.out, "\tmodel.activated\tmodel\t");
    assert_holds(run.out, "\n1\t");
    assert_holds(run.out, "\tmodel.added\tmodel\t");
    run = RUN(arena, "audit", "list", "--db", db, "--owner", "system", "--limit", "1", "--json");
    assert_done(run);
    assert_true(str_starts_with(run.out, STR("{\"events\":[{\"seq\":2,\"time\":\"")));
    assert_false(str_holds(run.out, "\"seq\":1,"));
    run =
        RUN(arena, "audit", "list", "--db", db, "--owner", "01900000-0000-7000-8000-000000000000");
    assert_done(run);
    assert_str(run.out, "");
    run = RUN(arena, "audit", "list", "--db", db, "--owner", "nobody@example.com");
    assert_int_equal(run.code, EXIT_REFUSED);
    assert_str(run.err, "obligor: There is no user nobody@example.com.\n");
}

static void verify_and_head(Arena *arena, const char *db, const char *path)
{
    Run run = RUN(arena, "audit", "verify", "--db", db);
    assert_done(run);
    assert_str(run.out, "chains\t1\nentries\t2\nwhole\tyes\n");
    run = RUN(arena, "audit", "head", "--db", db);
    assert_done(run);
    assert_true(str_starts_with(run.out, STR("00000000-0000-0000-0000-000000000000\t2\t")));
    const char *noted = write_file(arena, "noted", run.out);
    assert_done(RUN(arena, "audit", "verify", "--db", db, "--head", noted));
    change(path, "UPDATE audit_events SET address = address || 'x' WHERE seq = 2");
    run = RUN(arena, "audit", "verify", "--db", db);
    assert_int_equal(run.code, EXIT_FAILED);
    assert_str(run.out,
               "chains\t1\nentries\t1\nwhole\tno\n00000000-0000-0000-0000-000000000000\taltered"
               "\t2\t2\tEntry 2 is not what was written.\n");
    change(path, "DELETE FROM audit_events WHERE seq = 2; UPDATE audit_heads SET seq = 1, digest = "
                 "(SELECT digest FROM audit_events), at = (SELECT at FROM audit_events)");
    assert_done(RUN(arena, "audit", "verify", "--db", db));
    run = RUN(arena, "audit", "verify", "--db", db, "--head", noted, "--json");
    assert_int_equal(run.code, EXIT_FAILED);
    assert_holds(run.out, "\"kind\":\"cut\",\"seq\":2,\"to\":2,");
    run = RUN_WITH(arena, "nonsense\n", "audit", "verify", "--db", db, "--head", "-");
    assert_int_equal(run.code, EXIT_FAILED);
    assert_str(run.err, "obligor: Line 1 of the noted heads is not one that 'obligor audit head' "
                        "writes: owner, number, digest.\n");
    unlink(noted);
}

static void seal_with_key(Arena *arena, const char *db)
{
    Run run = RUN(arena, "audit", "seal", "--db", db);
    assert_int_equal(run.code, EXIT_USAGE);
    assert_holds(run.err, "Sealing the audit trail needs a key.");
    run = RUN(arena, "audit", "seal", "--db", db, "--audit-key-file", "/nowhere");
    assert_int_equal(run.code, EXIT_REFUSED);
    const char *key = write_file(arena, "key", STR("too short\n"));
    run = RUN(arena, "audit", "seal", "--db", db, "--audit-key-file", key);
    assert_int_equal(run.code, EXIT_FAILED);
    assert_str(run.err, "obligor: A key of the audit trail has at least 32 characters, one key a "
                        "line.\n");
    write_file(arena, "key", STR("0123456789abcdef0123456789abcdef\n"));
    run = RUN(arena, "worker", "--db", db, "--audit-key-file", key);
    assert_int_equal(run.code, EXIT_FAILED);
    assert_holds(run.err, "was written without the key that this program was given");
    run = RUN(arena, "audit", "seal", "--db", db, "--audit-key-file", key);
    assert_done(run);
    assert_str(run.out, "chains\t1\nentries\t1\nwhole\tyes\nchains\t1\n");
    assert_done(RUN(arena, "audit", "verify", "--db", db, "--audit-key-file", key));
    run = RUN(arena, "serve", "--db", db, "--listen", "127.0.0.1:0");
    assert_int_equal(run.code, EXIT_FAILED);
    assert_holds(run.err, "The audit trail is kept with a key, which this program was not given.");
    run = RUN(arena, "config", "--audit-key-file", key);
    assert_false(str_holds(run.out, key)); /* a secret */
    unlink(key);
}

static void test_audit(void **state)
{
    Arena *arena = *state;
    const char *path = arena_printf(arena, "%s/audit.db", directory);
    const char *db = arena_printf(arena, "sqlite:%s", path);
    assert_done(RUN(arena, "model", "add", source(arena, "models/annual-default.json"),
                    "--activate", "--db", db));
    list_events(arena, db);
    verify_and_head(arena, db, path);
    seal_with_key(arena, db);
    unlink(path);
    unlink(arena_printf(arena, "%s-wal", path));
    unlink(arena_printf(arena, "%s-shm", path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_nothing_there),  TEST(test_migrate),           TEST(test_distributed),
        TEST(test_users),          TEST(test_users_refused),     TEST(test_organizations),
        TEST(test_models),         TEST(test_import_and_delete), TEST(test_restore),
        TEST(test_import_refused), TEST(test_dry_run),           TEST(test_serve),
        TEST(test_first_start),    TEST(test_serve_refused),     TEST(test_worker),
        TEST(test_check),          TEST(test_check_of_damage),   TEST(test_audit),
    };
    return cmocka_run_group_tests(tests, set_up_database, remove_database);
}
