/* Every named statement, prepared on the schema that the migrations make: it is understood, has the
 * parameters and columns that the stores count on, reads no whole table unless its file excuses that,
 * and finds its rows through the index that was made for it. The plans are judged twice: on a database
 * that never was analyzed, which is what every new installation is, and with the statistics of a large
 * one, because ANALYZE runs behind a large load. */
#include "store/statements.h"

#include "fixture.h"
#include "store/prediction_store.h"

#include <sqlite3.h>

/* The walks and what else must never look further than its rows: statement and index. {kind} stands
 * for the kind's word. */
static const struct {
    const char *name;
    const char *index;
} INTENDED[] = {
    {"archived_company_some", "archived_companies_deletion_ix"},
    {"audit_count", "sqlite_autoindex_audit_events_1"},
    {"audit_heads_behind", "sqlite_autoindex_audit_heads_1"},
    {"audit_owner_behind", "sqlite_autoindex_audit_events_1"},
    {"audit_read", "sqlite_autoindex_audit_events_1"},
    {"audit_time", "sqlite_autoindex_audit_events_1"},
    {"audit_walk", "sqlite_autoindex_audit_events_1"},
    {"company_list", "sqlite_autoindex_companies_2"},
    {"company_newest_cap", "{kind}_predictions_key_uq"},
    {"company_prediction_count", "{kind}_predictions_key_uq"},
    {"company_count_of_job", "companies_job_ix"},
    {"company_sweep", "annual_predictions_key_uq"},
    {"company_sweep", "annual_predictions_former_ix"},
    {"company_sweep", "quarterly_predictions_key_uq"},
    {"company_sweep", "quarterly_predictions_former_ix"},
    {"company_sweep", "sqlite_autoindex_archived_companies_1"},
    {"company_walk_deleted", "sqlite_autoindex_companies_1"},
    {"company_walk_end", "sqlite_autoindex_companies_1"},
    {"company_delete", "annual_predictions_key_uq"},
    {"company_delete", "quarterly_predictions_former_ix"},
    {"company_is_empty", "quarterly_predictions_key_uq"},
    {"company_mark_deleted", "annual_predictions_key_uq"},
    {"company_mark_deleted", "quarterly_predictions_key_uq"},
    {"count_total", "prediction_counts_job_ix"},
    {"count_take_of_job", "prediction_counts_job_ix"},
    {"count_rows_of_job", "prediction_counts_job_ix"},
    {"deletion_archives_of_job", "deletions_job_ix"},
    {"deletion_list", "deletions_list_ix"},
    {"deletion_of_job", "deletions_job_ix"},
    {"deletion_old_archives", "deletions_archive_ix"},
    {"deletion_together", "deletions_with_ix"},
    {"idempotency_sweep", "idempotency_keys_expiry_ix"},
    {"job_by_digest", "bulk_upload_jobs_digest_ix"},
    {"job_hiding", "bulk_upload_jobs_hiding_ix"},
    {"job_list", "bulk_upload_jobs_list_ix"},
    {"job_retries", "bulk_upload_jobs_retry_ix"},
    {"job_prediction_refers", "{kind}_predictions_job_uq"},
    {"job_prediction_refers", "{kind}_predictions_root_ix"},
    {"job_stale_receiving", "bulk_upload_jobs_receiving_ix"},
    {"key_of_company", "{kind}_predictions_key_uq"},
    {"key_of_company", "{kind}_predictions_former_ix"},
    {"key_versions", "{kind}_predictions_key_uq"},
    {"key_versions", "{kind}_predictions_former_ix"},
    {"mail_next", "mail_outbox_order_ix"},
    {"mail_next_locked", "mail_outbox_order_ix"},
    {"mail_recent", "mail_outbox_user_ix"},
    {"mail_sweep", "mail_outbox_age_ix"},
    {"model_active", "models_active_uq"},
    {"chunk_of_prediction", "deletion_chunks_ids_ix"},
    {"covering_cover", "{kind}_predictions_key_uq"},
    {"covering_cover", "{kind}_predictions_former_ix"},
    {"covering_uncover", "{kind}_predictions_former_ix"},
    {"edits_of_job", "{kind}_predictions_root_ix"},
    {"edits_uncover", "{kind}_predictions_root_ix"},
    {"edits_uncover", "{kind}_predictions_former_ix"},
    {"job_is_settling", "bulk_upload_jobs_settling_ix"},
    {"prediction_batch_delete_unnumbered", "{kind}_predictions_job_uq"},
    {"prediction_inferred_of_job", "{kind}_predictions_job_uq"},
    {"prediction_batch_delete", "{kind}_predictions_job_uq"},
    {"prediction_batch_read", "{kind}_predictions_job_uq"},
    {"prediction_batch_drop", "{kind}_predictions_job_uq"},
    {"prediction_batch_end", "{kind}_predictions_job_uq"},
    {"prediction_count_created", "{kind}_predictions_list_ix"},
    {"prediction_count_job", "{kind}_predictions_job_uq"},
    {"prediction_count_manual", "{kind}_predictions_manual_ix"},
    {"prediction_count_of_job", "{kind}_predictions_job_uq"},
    {"prediction_current", "{kind}_predictions_key_uq"},
    {"prediction_delete", "sqlite_autoindex_{kind}_predictions_1"},
    {"prediction_delete_former", "{kind}_predictions_former_ix"},
    {"edits_count_of_job", "{kind}_predictions_root_ix"},
    {"prediction_end_created", "{kind}_predictions_list_ix"},
    {"prediction_end_job", "{kind}_predictions_job_uq"},
    {"prediction_end_manual", "{kind}_predictions_manual_ix"},
    {"prediction_end_period_down", "{kind}_predictions_period_ix"},
    {"prediction_end_period_up", "{kind}_predictions_period_ix"},
    {"prediction_get", "sqlite_autoindex_{kind}_predictions_1"},
    {"prediction_lone_companies", "{kind}_predictions_job_uq"},
    {"prediction_jobs_of_key", "{kind}_predictions_former_ix"},
    {"prediction_of_job", "{kind}_predictions_job_uq"},
    {"prediction_unset_current", "sqlite_autoindex_{kind}_predictions_1"},
    {"prediction_versions", "{kind}_predictions_former_ix"},
    {"prediction_walk_company", "{kind}_predictions_key_uq"},
    {"prediction_walk_company_former", "{kind}_predictions_former_ix"},
    {"prediction_walk_created", "{kind}_predictions_list_ix"},
    {"prediction_walk_job", "{kind}_predictions_job_uq"},
    {"prediction_walk_manual", "{kind}_predictions_manual_ix"},
    {"prediction_walk_period_down", "{kind}_predictions_period_ix"},
    {"prediction_walk_period_up", "{kind}_predictions_period_ix"},
    {"problem_list", "sqlite_autoindex_bulk_upload_errors_1"},
    {"mark_next", "sqlite_autoindex_job_row_marks_1"},
    {"mark_rows", "sqlite_autoindex_job_row_marks_1"},
    {"purge_count_company", "{kind}_predictions_key_uq"},
    {"purge_count_created", "{kind}_predictions_list_ix"},
    {"purge_count_created", "{kind}_predictions_former_ix"},
    {"purge_count_job", "{kind}_predictions_job_uq"},
    {"purge_empty_company", "{kind}_predictions_key_uq"},
    {"purge_empty_created", "quarterly_predictions_key_uq"},
    {"purge_empty_job", "{kind}_predictions_job_uq"},
    {"member_admins", "users_organization_ix"},
    {"member_count", "users_organization_ix"},
    {"member_page", "users_organization_ix"},
    {"organization_by_slug", "organizations_slug_uq"},
    {"organization_by_token", "organizations_join_uq"},
    {"organization_list", "organizations_list_ix"},
    {"task_next", "work_queue_turn_ix"},
    {"task_next_locked", "work_queue_turn_ix"},
    {"task_next_of_owner", "work_queue_owner_ix"},
    {"token_between", "sqlite_autoindex_tokens_1"},
    {"token_count", "tokens_user_ix"},
    {"token_delete_of_user", "tokens_user_ix"},
    {"token_delete_others", "tokens_user_ix"},
    {"token_list", "tokens_user_ix"},
    {"token_sweep", "tokens_expiry_ix"},
    {"token_used", "sqlite_autoindex_tokens_1"},
    {"user_by_email", "users_email_uq"},
    {"user_page", "users_list_ix"},
};

static const char *const BUSINESS_TABLES[] = {
    "annual_predictions", "archived_companies", "audit_events",      "audit_heads",
    "bulk_upload_errors", "bulk_upload_files",  "bulk_upload_jobs",  "companies",
    "company_changes",    "covering_rows",      "deletion_chunks",   "deletions",
    "idempotency_keys",   "job_row_marks",      "prediction_counts", "quarterly_predictions",
    "retired_versions",   "work_queue",
};

/* Statements on business tables that name no owner, and why they may. */
static const struct {
    const char *name;
    const char *why;
} WITHOUT_OWNER[] = {
    {"company_walk_deleted", "finds companies that are marked deleted, of all owners"},
    {"company_walk_end", "the walk over the companies of all owners"},
    {"deletion_old_archives", "finds archives that are kept too long, of all owners"},
    {"audit_heads_behind", "the heads of all owners"},
    {"audit_owner_behind", "the next of all owners"},
    {"idempotency_sweep", "removes what expired, of all owners"},
    {"invariant_organization_facts", "looks at the audit trails of all organizations"},
    {"invariant_owner_missing", "looks for rows whose owner is not there, of all owners"},
    {"invariant_task_owner", "looks for tasks whose owner is not there, of all owners"},
    {"job_stale_receiving", "finds uploads that never ended, of all owners"},
    {"queue_depth", "the metrics of the whole queue"},
    {"task_advance", "the id and the token name the task"},
    {"task_claim", "the id and the token name the task"},
    {"task_finish", "the id and the token name the task"},
    {"task_next", "the task whose turn it is, of all owners"},
    {"task_next_locked", "the task whose turn it is, of all owners"},
    {"task_release", "the id and the token name the task"},
    {"task_renew", "the id and the token name the task"},
};

/* --- a database, and what SQLite says about a statement ------------------------------------------ */

static void no_strpos(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count, (void)values;
    sqlite3_result_int(context, 0); /* nothing is run here */
}

static void run_script(sqlite3 *db, const char *script)
{
    char *message = NULL;
    if (sqlite3_exec(db, script, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", message, script);
}

static void close_database(void *db)
{
    CHECK(sqlite3_close(db) == SQLITE_OK);
}

static sqlite3 *a_database(Arena *arena)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    arena_defer(arena, close_database, db);
    assert_int_equal(sqlite3_create_function(db, "strpos", 2,
                                             SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
                                             NULL, no_strpos, NULL, NULL),
                     SQLITE_OK);
    for (int i = 0; i < MIGRATION_COUNT; i++)
        run_script(db, MIGRATIONS[i].sqlite);
    run_script(db, "CREATE TABLE schema_migrations (version bigint PRIMARY KEY, "
                   "name text NOT NULL, checksum text NOT NULL, applied_at bigint NOT NULL)");
    return db;
}

static const char *base_name(Arena *arena, const Statement *statement)
{
    Str rest = str_from(statement->name), name;
    str_next(&rest, '.', &name);
    return str_dup(arena, name);
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *name, const char *text)
{
    sqlite3_stmt *prepared = NULL;
    if (sqlite3_prepare_v2(db, text, -1, &prepared, NULL) != SQLITE_OK)
        fail_msg("%s: %s\n%s", name, sqlite3_errmsg(db), text);
    return prepared;
}

/* The lines of EXPLAIN QUERY PLAN, each with a newline behind it. */
static const char *plan_of(Arena *arena, sqlite3 *db, const Statement *statement)
{
    Buf plan = buf_new(arena, 1 << 20);
    sqlite3_stmt *explain = prepare(
        db, statement->name, arena_printf(arena, "EXPLAIN QUERY PLAN %s", statement->sqlite));
    while (sqlite3_step(explain) == SQLITE_ROW)
        buf_printf(&plan, "%s\n", (const char *)sqlite3_column_text(explain, 3));
    sqlite3_finalize(explain);
    return buf_str(&plan).ptr;
}

/* False for a statement that only another engine has. */
static bool is_ours(const Statement *statement)
{
    return statement->sqlite[0] != '\0';
}

/* --- parameters and columns ----------------------------------------------------------------------- */

static int expected_columns(const char *name)
{
    static const struct {
        const char *name;
        int columns;
    } table[] = {
        {"prediction_get", PREDICTION_COLUMNS + 1},
        {"prediction_current", PREDICTION_COLUMNS + 1},
        {"prediction_versions", PREDICTION_COLUMNS},
        {"prediction_of_job", PREDICTION_COLUMNS},
        {"prediction_walk_created", PREDICTION_COLUMNS},
        {"prediction_walk_manual", PREDICTION_COLUMNS},
        {"prediction_walk_job", PREDICTION_COLUMNS},
        {"prediction_walk_company", PREDICTION_COLUMNS},
        {"prediction_walk_company_former", PREDICTION_COLUMNS},
        {"prediction_walk_period_down", PREDICTION_COLUMNS},
        {"prediction_walk_period_up", PREDICTION_COLUMNS},
        {"prediction_end_created", 2},
        {"prediction_end_manual", 2},
        {"prediction_end_job", 1},
        {"prediction_end_period_down", 2},
        {"prediction_end_period_up", 2},
        {"prediction_batch_end", 2},
        {"prediction_batch_counts", 4},
        {"audit_head", 5},
        {"audit_head_lock", 5},
        {"audit_heads_behind", 5},
        {"audit_read", 18},
        {"audit_walk", 18},
        {"company_by_id", 12},
        {"company_by_symbol", 12},
        {"company_list", 12},
        {"company_newest_cap", 3},
        {"count_take_of_job", 5},
        {"deletion_list", 47},
        {"deletion_select", 47},
        {"deletion_of_job", 47},
        {"deletion_undo_of_job", 47},
        {"deletion_together", 47},
        {"file_chunk", 2},
        {"idempotency_find", 5},
        {"job_select", 47},
        {"job_list", 47},
        {"job_lock", 8},
        {"job_hides", 3},
        {"name_change_count", 2},
        {"prediction_batch_delete", 27},
        {"prediction_batch_delete_unnumbered", 27},
        {"prediction_remove", 27},
        {"covering_uncover", 15},
        {"covering_cover", 15},
        {"edits_uncover", 15},
        {"chunk_at", 5},
        {"job_hiding", 6},
        {"model_by_id", 9},
        {"model_by_name", 8},
        {"model_list", 8},
        {"key_versions", 7},
        {"key_of_company", 2},
        {"purge_count_company", 3},
        {"purge_count_created", 3},
        {"purge_count_job", 3},
        {"archived_looked_up", 7},
        {"prediction_jobs_of_key", 2},
        {"problem_list", 7},
        {"task_next", 9},
        {"task_next_of_owner", 9},
        {"user_by_email", 15},
        {"user_by_id", 15},
        {"user_list", 15},
        {"token_between", 9},
        {"token_list", 9},
        {"token_user", 19},
    };
    for (size_t i = 0; i < ARRAY_COUNT(table); i++)
        if (strcmp(table[i].name, name) == 0)
            return table[i].columns;
    return -1;
}

static void every_statement_is_understood(void **state)
{
    Arena *arena = *state;
    sqlite3 *db = a_database(arena);
    size_t counted = 0;
    for (Sql sql = 0; sql < SQL_COUNT; sql++) {
        const Statement *statement = &STATEMENTS[sql];
        if (!is_ours(statement))
            continue;
        sqlite3_stmt *prepared = prepare(db, statement->name, statement->sqlite);
        if (sqlite3_bind_parameter_count(prepared) != statement->parameters)
            fail_msg("%s has %d parameters, not %d", statement->name,
                     sqlite3_bind_parameter_count(prepared), statement->parameters);
        for (int i = 1; i <= statement->parameters; i++)
            assert_true(sqlite3_bind_parameter_index(prepared, arena_printf(arena, "$%d", i)) > 0);
        int columns = expected_columns(base_name(arena, statement));
        if (columns >= 0 && sqlite3_column_count(prepared) != columns)
            fail_msg("%s has %d columns, not %d", statement->name, sqlite3_column_count(prepared),
                     columns);
        counted += columns >= 0;
        sqlite3_finalize(prepared);
    }
    assert_true(counted >= 46);
}

/* But for a DELETE that hands out what it removes. */
static void writes_give_no_rows_and_reads_write_nothing(void **state)
{
    Arena *arena = *state;
    sqlite3 *db = a_database(arena);
    for (Sql sql = 0; sql < SQL_COUNT; sql++) {
        const Statement *statement = &STATEMENTS[sql];
        if (!is_ours(statement))
            continue;
        bool reads = strncmp(statement->sqlite, "SELECT ", 7) == 0;
        sqlite3_stmt *prepared = prepare(db, statement->name, statement->sqlite);
        bool gives = reads || (strncmp(statement->sqlite, "DELETE ", 7) == 0 &&
                               strstr(statement->sqlite, " RETURNING ") != NULL);
        if (gives != (sqlite3_column_count(prepared) > 0) ||
            reads != (sqlite3_stmt_readonly(prepared) != 0))
            fail_msg("%s is neither a plain read nor a plain write", statement->name);
        assert_int_equal(strchr(statement->sqlite, ';') == NULL, true);
        sqlite3_finalize(prepared);
    }
}

static void both_engines_take_the_same_parameters(void **state)
{
    Arena *arena = *state;
    for (Sql sql = 0; sql < SQL_COUNT; sql++)
        for (int i = 1; i <= STATEMENTS[sql].parameters && is_ours(&STATEMENTS[sql]); i++)
            if (strstr(STATEMENTS[sql].postgres, arena_printf(arena, "$%d", i)) == NULL)
                fail_msg("%s has no $%d for PostgreSQL", STATEMENTS[sql].name, i);
}

static void kinds_stand_side_by_side(void **state)
{
    Arena *arena = *state;
    for (Kind kind = 0; kind < KIND_COUNT; kind++) {
        const char *word = kind_spec(kind)->word;
        assert_string_equal(STATEMENTS[SQL_PREDICTION_INSERT + (int)kind].name,
                            arena_printf(arena, "prediction_insert.%s", word));
        assert_string_equal(STATEMENTS[SQL_PREDICTION_WALK_CREATED + (int)kind].name,
                            arena_printf(arena, "prediction_walk_created.%s", word));
        assert_string_equal(STATEMENTS[SQL_COMPANY_NEWEST_CAP + (int)kind].name,
                            arena_printf(arena, "company_newest_cap.%s", word));
    }
}

/* --- plans ---------------------------------------------------------------------------------------- */

/* True where the plan makes `name` itself: a sub-query, not a table. */
static bool is_made(Arena *arena, const char *plan, const char *name)
{
    return strstr(plan, arena_printf(arena, "CO-ROUTINE %s\n", name)) != NULL ||
           strstr(plan, arena_printf(arena, "MATERIALIZE %s\n", name)) != NULL;
}

/* True where an excuse "TABLE: why" is for `name`, the table's or its alias in the statement. */
static bool is_excused(Arena *arena, const Statement *statement, const char *name)
{
    Str rest = str_from(statement->scans), excuse;
    while (rest.ptr != NULL && str_next(&rest, ';', &excuse)) {
        Str table;
        excuse = str_trim(excuse);
        if (!str_next(&excuse, ':', &table) || table.len == 0)
            continue;
        if (str_is(table, name) ||
            strstr(statement->sqlite, arena_printf(arena, STR_FMT " %s ", STR_ARG(table), name)))
            return true;
    }
    return false;
}

static void check_scans(Arena *arena, const Statement *statement, const char *plan)
{
    Str rest = str_from(plan), line;
    bool scanned = false;
    while (rest.ptr != NULL && str_next(&rest, '\n', &line)) {
        if (!str_starts_with(line, STR("SCAN ")) || str_is(line, "SCAN CONSTANT ROW"))
            continue;
        Str words = str_slice(line, 5, line.len), name;
        str_next(&words, ' ', &name);
        const char *scan = str_dup(arena, name);
        if (is_made(arena, plan, scan))
            continue;
        if (!is_excused(arena, statement, scan))
            fail_msg("%s reads all of %s:\n%s", statement->name, scan, plan);
        scanned = true;
    }
    if (!scanned && statement->scans[0] != '\0')
        fail_msg("%s is excused for a scan that it does not do:\n%s", statement->name, plan);
}

static void nothing_reads_a_whole_table(void **state)
{
    Arena *arena = *state;
    sqlite3 *db = a_database(arena);
    for (Sql sql = 0; sql < SQL_COUNT; sql++)
        if (is_ours(&STATEMENTS[sql]))
            check_scans(arena, &STATEMENTS[sql], plan_of(arena, db, &STATEMENTS[sql]));
}

static const char *index_name(Arena *arena, const char *pattern, Kind kind)
{
    const char *mark = strstr(pattern, "{kind}");
    if (mark == NULL)
        return pattern;
    return arena_printf(arena, "%.*s%s%s", (int)(mark - pattern), pattern, kind_spec(kind)->word,
                        mark + strlen("{kind}"));
}

/* Says every statement that goes another way, not only the first. */
static void check_indexes(Arena *arena, sqlite3 *db)
{
    int wrong = 0;
    for (size_t i = 0; i < ARRAY_COUNT(INTENDED); i++) {
        int found = 0;
        for (Sql sql = 0; sql < SQL_COUNT; sql++) {
            if (strcmp(base_name(arena, &STATEMENTS[sql]), INTENDED[i].name) != 0)
                continue;
            const char *index = index_name(arena, INTENDED[i].index, (Kind)found++);
            const char *plan = plan_of(arena, db, &STATEMENTS[sql]);
            if (strstr(plan, arena_printf(arena, "INDEX %s ", index)) == NULL &&
                strstr(plan, arena_printf(arena, "INDEX %s\n", index)) == NULL) {
                print_error("%s does not use %s:\n%s", STATEMENTS[sql].name, index, plan);
                wrong++;
            }
        }
        if (found == 0)
            fail_msg("there is no statement %s", INTENDED[i].name);
    }
    assert_int_equal(wrong, 0);
}

static void each_walk_uses_its_index_on_a_new_database(void **state)
{
    Arena *arena = *state;
    check_indexes(arena, a_database(arena));
}

/* sqlite_stat1 of ten owners with a million predictions each: how many rows share the first columns of
 * an index. */
static void add_statistics(Arena *arena, sqlite3 *db)
{
    static const struct {
        const char *column;
        int64_t values; /* different ones, within an owner */
    } columns[] = {
        {"owner_id", 10},         {"company_id", 50000}, {"job_id", 100}, {"reporting_year", 20},
        {"reporting_quarter", 4}, {"status", 5},         {"kind", 2},
    };
    run_script(db, "ANALYZE; DELETE FROM sqlite_stat1");
    sqlite3_stmt *indexes =
        prepare(db, "indexes", "SELECT tbl_name, name FROM sqlite_schema WHERE type = 'index'");
    while (sqlite3_step(indexes) == SQLITE_ROW) {
        const char *table = (const char *)sqlite3_column_text(indexes, 0);
        const char *index = (const char *)sqlite3_column_text(indexes, 1);
        int64_t left = strstr(table, "predictions") != NULL ? 10000000
                       : strcmp(table, "companies") == 0    ? 500000
                                                            : 10000;
        Buf stat = buf_new(arena, 1024);
        buf_printf(&stat, "%jd", (intmax_t)left);
        sqlite3_stmt *parts = prepare(
            db, index, arena_printf(arena, "SELECT name FROM pragma_index_info('%s')", index));
        while (sqlite3_step(parts) == SQLITE_ROW) {
            const char *column = (const char *)sqlite3_column_text(parts, 0);
            int64_t values = INT64_MAX;
            for (size_t i = 0; i < ARRAY_COUNT(columns); i++)
                if (column != NULL && strcmp(columns[i].column, column) == 0)
                    values = columns[i].values;
            left = left / values > 0 ? left / values : 1;
            buf_printf(&stat, " %jd", (intmax_t)left);
        }
        sqlite3_finalize(parts);
        run_script(db, arena_printf(arena, "INSERT INTO sqlite_stat1 VALUES ('%s', '%s', '%s')",
                                    table, index, buf_str(&stat).ptr));
    }
    sqlite3_finalize(indexes);
    run_script(db, "ANALYZE sqlite_schema");
}

static void each_walk_uses_its_index_on_a_large_database(void **state)
{
    Arena *arena = *state;
    sqlite3 *db = a_database(arena);
    add_statistics(arena, db);
    check_indexes(arena, db);
}

/* The page's window is sorted by the index: a sort within the window's sub-query would read it all. */
static void no_window_is_sorted(void **state)
{
    Arena *arena = *state;
    sqlite3 *db = a_database(arena);
    for (int analyzed = 0; analyzed < 2; analyzed++) {
        for (Sql sql = 0; sql < SQL_COUNT; sql++) {
            const Statement *statement = &STATEMENTS[sql];
            Str name = str_from(base_name(arena, statement));
            if (!str_starts_with(name, STR("prediction_end_")) && !str_is(name, "job_list") &&
                !str_is(name, "company_list") && !str_is(name, "problem_list") &&
                !str_is(name, "prediction_batch_end") && !str_starts_with(name, STR("audit_")))
                continue;
            const char *plan = plan_of(arena, db, statement);
            if (strstr(plan, "TEMP B-TREE") != NULL)
                fail_msg("%s sorts:\n%s", statement->name, plan);
        }
        add_statistics(arena, db);
    }
}

/* --- owners --------------------------------------------------------------------------------------- */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static int count_word(const char *text, const char *word)
{
    int count = 0;
    for (const char *at = text; (at = strstr(at, word)) != NULL; at += strlen(word))
        count += (at == text || !is_word(at[-1])) && !is_word(at[strlen(word)]);
    return count;
}

/* Tables stand behind these words alone; a column of the same name does not. */
static int count_tables(Arena *arena, const char *text)
{
    static const char *const before[] = {"FROM", "JOIN", "INTO", "UPDATE"};
    int count = 0;
    for (size_t b = 0; b < ARRAY_COUNT(before); b++)
        for (size_t t = 0; t < ARRAY_COUNT(BUSINESS_TABLES); t++)
            count += count_word(text, arena_printf(arena, "%s %s", before[b], BUSINESS_TABLES[t]));
    return count;
}

static bool may_lack_owner(const char *name)
{
    for (size_t i = 0; i < ARRAY_COUNT(WITHOUT_OWNER); i++)
        if (strcmp(WITHOUT_OWNER[i].name, name) == 0)
            return true;
    return false;
}

static void every_statement_on_business_tables_names_the_owner(void **state)
{
    Arena *arena = *state;
    size_t excused = 0;
    for (Sql sql = 0; sql < SQL_COUNT; sql++) {
        const char *const texts[] = {STATEMENTS[sql].sqlite, STATEMENTS[sql].postgres};
        bool excuse = may_lack_owner(base_name(arena, &STATEMENTS[sql]));
        excused += excuse;
        for (size_t e = 0; e < ARRAY_COUNT(texts); e++) {
            int tables = count_tables(arena, texts[e]), owners = count_word(texts[e], "owner_id");
            bool named = strncmp(texts[e], "INSERT", 6) == 0 || strncmp(texts[e], "COPY", 4) == 0
                             ? strstr(texts[e], "(owner_id, ") != NULL ||
                                   strstr(texts[e], ", owner_id, ") != NULL
                             : strstr(texts[e], "owner_id = $") != NULL;
            if (tables > 0 && !excuse && (!named || owners < tables))
                fail_msg("%s names %d business tables and the owner %d times:\n%s",
                         STATEMENTS[sql].name, tables, owners, texts[e]);
            if (excuse && tables == 0)
                fail_msg("%s needs no excuse", STATEMENTS[sql].name);
        }
    }
    assert_int_equal(excused, ARRAY_COUNT(WITHOUT_OWNER));
}

/* Statements that know the owner of a joined table only by the join, or ask all owners. */
static const struct {
    const char *name;
    const char *why;
} OWNER_BY_JOIN[] = {
    {"invariant_organization_facts", "looks at the audit trails of all organizations"},
    {"company_walk_deleted", "finds companies that are marked deleted, of all owners"},
    {"company_walk_end", "the walk over the companies of all owners"},
    {"deletion_old_archives", "finds archives that are kept too long, of all owners"},
    {"audit_heads_behind", "the heads of all owners"},
    {"audit_owner_behind", "the next of all owners"},
    {"idempotency_sweep", "removes what expired, of all owners"},
    {"invariant_owner_missing", "looks for rows whose owner is not there, of all owners"},
    {"job_stale_receiving", "finds uploads that never ended, of all owners"},
};

static bool may_join_owner(const char *name)
{
    for (size_t i = 0; i < ARRAY_COUNT(OWNER_BY_JOIN); i++)
        if (strcmp(OWNER_BY_JOIN[i].name, name) == 0)
            return true;
    return false;
}

/* How many tables that are distributed by owner the statement reads or changes, but for INSERT. */
static int count_distributed(Arena *arena, const char *text)
{
    static const char *const before[] = {"FROM", "JOIN", "UPDATE"};
    int count = 0;
    for (size_t b = 0; b < ARRAY_COUNT(before); b++)
        for (size_t t = 0; t < ARRAY_COUNT(BUSINESS_TABLES); t++)
            if (strcmp(BUSINESS_TABLES[t], "work_queue") != 0)
                count +=
                    count_word(text, arena_printf(arena, "%s %s", before[b], BUSINESS_TABLES[t]));
    return count;
}

static int count_text(const char *text, const char *part)
{
    int count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part))
        count++;
    return count;
}

/* Citus finds the machine of a table by what that table itself is compared with; and it joins the queue,
 * which stays on the coordinator, with nothing. */
static void every_table_is_told_its_owner(void **state)
{
    Arena *arena = *state;
    bool used[ARRAY_COUNT(OWNER_BY_JOIN)] = {false};
    for (Sql sql = 0; sql < SQL_COUNT; sql++) {
        const char *text = STATEMENTS[sql].postgres;
        const char *name = base_name(arena, &STATEMENTS[sql]);
        int tables = count_distributed(arena, text);
        bool told = count_text(text, "owner_id = $") >= tables;
        if (!told && !may_join_owner(name))
            fail_msg("%s compares owner_id with a parameter %d times for %d tables:\n%s", name,
                     count_text(text, "owner_id = $"), tables, text);
        for (size_t i = 0; i < ARRAY_COUNT(OWNER_BY_JOIN); i++)
            used[i] |= !told && strcmp(OWNER_BY_JOIN[i].name, name) == 0;
        if (tables > 0 && count_word(text, "work_queue") > 0)
            fail_msg("%s joins the queue with a distributed table:\n%s", name, text);
    }
    for (size_t i = 0; i < ARRAY_COUNT(used); i++)
        if (!used[i])
            fail_msg("%s needs no excuse", OWNER_BY_JOIN[i].name);
}

/* --- the schema ----------------------------------------------------------------------------------- */

static const char *columns_of(Arena *arena, sqlite3 *db, const char *table)
{
    Buf names = buf_new(arena, 1 << 16);
    sqlite3_stmt *columns =
        prepare(db, table, arena_printf(arena, "SELECT name FROM pragma_table_info('%s')", table));
    while (sqlite3_step(columns) == SQLITE_ROW)
        buf_printf(&names, "%s ", (const char *)sqlite3_column_text(columns, 0));
    sqlite3_finalize(columns);
    return buf_str(&names).ptr;
}

static void the_tables_have_the_columns_of_their_kind(void **state)
{
    Arena *arena = *state;
    sqlite3 *db = a_database(arena);
    for (Kind kind = 0; kind < KIND_COUNT; kind++) {
        const KindSpec *spec = kind_spec(kind);
        Buf expected = buf_new(arena, 1 << 16);
        buf_printf(
            &expected,
            "owner_id id company_id reporting_year reporting_quarter job_id job_row job_link "
            "source derived_from root_job_id sector market_cap risk_level confidence "
            "model_id is_current created_by created_at ");
        for (size_t i = 0; i < spec->ratio_count; i++)
            buf_printf(&expected, "%s ", spec->ratios[i].name);
        for (size_t i = 0; i < spec->score_count; i++)
            buf_printf(&expected, "%s ", spec->scores[i]);
        assert_string_equal(
            columns_of(arena, db, arena_printf(arena, "%s_predictions", spec->word)),
            buf_str(&expected).ptr);
    }
}

/* The statement that inserts names them in the same order, and the headline is the last score. */
static void the_statements_name_them_in_the_same_order(void **state)
{
    Arena *arena = *state;
    sqlite3 *db = a_database(arena);
    for (Kind kind = 0; kind < KIND_COUNT; kind++) {
        const KindSpec *spec = kind_spec(kind);
        Str columns = str_trim(
            str_from(columns_of(arena, db, arena_printf(arena, "%s_predictions", spec->word))));
        Buf list = buf_new(arena, 1 << 16);
        Str name;
        while (columns.ptr != NULL && str_next(&columns, ' ', &name))
            buf_printf(&list, "%s" STR_FMT, list.len == 0 ? "(" : ", ", STR_ARG(name));
        buf_add(&list, STR(")"));
        assert_non_null(
            strstr(STATEMENTS[SQL_PREDICTION_INSERT + (int)kind].sqlite, buf_str(&list).ptr));
        const char *headline = spec->scores[spec->score_count - 1];
        assert_non_null(strstr(STATEMENTS[SQL_PREDICTION_WALK_PERIOD_UP + (int)kind].sqlite,
                               arena_printf(arena, "(%s, id) > ($17, $18)", headline)));
    }
}

static void keys_indexes_and_references_begin_with_the_owner(void **state)
{
    Arena *arena = *state;
    sqlite3 *db = a_database(arena);
    for (size_t t = 0; t < ARRAY_COUNT(BUSINESS_TABLES); t++) {
        const char *table = BUSINESS_TABLES[t];
        if (strcmp(table, "work_queue") == 0)
            continue; /* claimed from across all owners; its key is the id */
        sqlite3_stmt *unique =
            prepare(db, table,
                    arena_printf(arena,
                                 "SELECT l.name, i.name FROM pragma_index_list('%s') l, "
                                 "pragma_index_info(l.name) i WHERE l.\"unique\" AND i.seqno = 0",
                                 table));
        int count = 0;
        for (; sqlite3_step(unique) == SQLITE_ROW; count++)
            if (strcmp((const char *)sqlite3_column_text(unique, 1), "owner_id") != 0)
                fail_msg("%s of %s does not begin with the owner",
                         (const char *)sqlite3_column_text(unique, 0), table);
        sqlite3_finalize(unique);
        assert_true(count > 0);
        sqlite3_stmt *references =
            prepare(db, table,
                    arena_printf(arena,
                                 "SELECT \"table\", \"from\", on_update, on_delete "
                                 "FROM pragma_foreign_key_list('%s') WHERE seq = 0",
                                 table));
        while (sqlite3_step(references) == SQLITE_ROW) {
            const char *to = (const char *)sqlite3_column_text(references, 0);
            const char *from = (const char *)sqlite3_column_text(references, 1);
            assert_string_equal((const char *)sqlite3_column_text(references, 2), "NO ACTION");
            assert_string_equal((const char *)sqlite3_column_text(references, 3), "NO ACTION");
            if (strcmp(to, "models") != 0) /* they belong to the system */
                assert_string_equal(from, "owner_id");
        }
        sqlite3_finalize(references);
    }
}

static void every_table_is_strict(void **state)
{
    Arena *arena = *state;
    sqlite3 *db = a_database(arena);
    sqlite3_stmt *loose = prepare(db, "strict",
                                  "SELECT name FROM pragma_table_list WHERE schema = 'main' AND "
                                  "NOT strict AND name NOT IN ('sqlite_schema', "
                                  "'schema_migrations')");
    if (sqlite3_step(loose) == SQLITE_ROW)
        fail_msg("%s is not strict", (const char *)sqlite3_column_text(loose, 0));
    sqlite3_finalize(loose);
}

/* The words that the CHECK constraints allow are all those that the stores write. */
static void the_checks_allow_the_words_of_the_enums(void **state)
{
    Arena *arena = *state;
    const struct {
        const char *table;
        const char *const *words;
        size_t count;
    } checks[] = {
        {"owners", ACCESS_LEVEL_WORDS, OWNER_KIND_COUNT},
        {"users", ROLE_WORDS, ROLE_COUNT},
        {"bulk_upload_jobs", JOB_STATUS_WORDS, JOB_STATUS_COUNT},
        {"deletions", (const char *const[]){"pending", "running", "done", "stalled"}, 4},
    };
    sqlite3 *db = a_database(arena);
    for (size_t i = 0; i < ARRAY_COUNT(checks); i++) {
        sqlite3_stmt *text =
            prepare(db, checks[i].table,
                    arena_printf(arena, "SELECT sql FROM sqlite_schema WHERE name = '%s'",
                                 checks[i].table));
        assert_int_equal(sqlite3_step(text), SQLITE_ROW);
        for (size_t w = 0; w < checks[i].count; w++)
            assert_non_null(strstr((const char *)sqlite3_column_text(text, 0),
                                   arena_printf(arena, "'%s'", checks[i].words[w])));
        sqlite3_finalize(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_statement_is_understood),
        TEST(writes_give_no_rows_and_reads_write_nothing),
        TEST(both_engines_take_the_same_parameters),
        TEST(kinds_stand_side_by_side),
        TEST(nothing_reads_a_whole_table),
        TEST(each_walk_uses_its_index_on_a_new_database),
        TEST(each_walk_uses_its_index_on_a_large_database),
        TEST(no_window_is_sorted),
        TEST(every_statement_on_business_tables_names_the_owner),
        TEST(every_table_is_told_its_owner),
        TEST(the_tables_have_the_columns_of_their_kind),
        TEST(the_statements_name_them_in_the_same_order),
        TEST(keys_indexes_and_references_begin_with_the_owner),
        TEST(every_table_is_strict),
        TEST(the_checks_allow_the_words_of_the_enums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
