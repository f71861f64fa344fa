/* Shapes of answers, member by member. */
#include "http/views.h"

#include "base/clock.h"
#include "test.h"

static const Uuid OWNER = {{1}};

static Principal reader(void)
{
    return (Principal){.owners = {OWNER}, .owner_kinds = {OWNER_PERSONAL}, .owner_count = 1};
}

static int64_t fixed_now(void)
{
    return SECONDS(1700000100);
}

static JsonOut out;
static Buf text;

static JsonOut *begin(Arena *arena)
{
    text = buf_new(arena, 100000);
    out = json_out_new(&text);
    return &out;
}

static void holds(const char *part)
{
    if (memmem(text.data, text.len, part, strlen(part)) == NULL)
        print_error("\"%s\" is not in %s\n", part, text.data);
    assert_non_null(memmem(text.data, text.len, part, strlen(part)));
}

static void a_prediction_says_where_it_comes_from(void **state)
{
    Principal who = reader();
    Prediction prediction = {
        .kind = KIND_QUARTERLY,
        .owner_id = OWNER,
        .year = 2024,
        .quarter = 3,
        .company_symbol = STR("HPE"),
        .ratios = {{1.5, true}},
        .score = {.values = {0.25, 0, 0.25},
                  .present = {true, false, true},
                  .probability = 0.25,
                  .risk_level = RISK_HIGH,
                  .confidence = 0.5},
        .has_job = true,
        .job_id = {{7}},
        .job_row = 17,
        .original_filename = "q.csv",
        .model_id = {{9}},
        .model_name = "m",
        .model_version = "1",
        .is_current = true,
    };
    view_prediction(begin(*state), NULL, &who, &prediction);
    holds("\"reporting_year\":\"2024\",\"reporting_quarter\":\"Q3\",\"total_debt_to_ebitda\":1.5,"
          "\"sga_margin\":null");
    holds("\"sector\":null,\"market_cap\":null");
    holds("\"logistic_probability\":0.25,\"gbm_probability\":null,\"ensemble_probability\":0.25,"
          "\"probability\":0.25,\"risk_level\":\"HIGH\",\"confidence\":0.5");
    holds("\"source\":\"bulk_upload\",\"job_id\":\"07000000-0000-0000-0000-000000000000\","
          "\"job_row\":17,\"job_link\":\"recorded\",\"job_deleted\":false,"
          "\"original_filename\":\"q.csv\"");
    holds("\"model\":{\"id\":\"09000000-0000-0000-0000-000000000000\",\"name\":\"m\","
          "\"version\":\"1\"}");
    holds("\"is_current\":true,\"access_level\":\"personal\",\"organization_id\":null,"
          "\"organization_name\":null");
}

static void one_made_by_hand_has_no_job(void **state)
{
    Principal who = reader();
    Prediction prediction = {.kind = KIND_ANNUAL,
                             .owner_id = OWNER,
                             .year = 2024,
                             .quarter = 4,
                             .source = SOURCE_MANUAL,
                             .score = {.values = {0.5}, .present = {true}, .probability = 0.5}};
    view_prediction(begin(*state), NULL, &who, &prediction);
    holds("\"probability\":0.5,\"risk_level\":\"LOW\"");
    holds("\"source\":\"manual\",\"job_id\":null,\"job_row\":null,\"job_link\":null,"
          "\"job_deleted\":false,\"original_filename\":null,\"model\":null");
}

static Job a_job(void)
{
    return (Job){.owner_id = OWNER,
                 .status = JOB_PROCESSING,
                 .kind = KIND_ANNUAL,
                 .original_filename = "a.csv",
                 .file_size = 3000000,
                 .options = IMPORT_OPTIONS_DEFAULT,
                 .created_at = SECONDS(1700000000),
                 .started_at = SECONDS(1700000000),
                 .updated_at = SECONDS(1700000000),
                 .counters = {.total = -1, .processed = 500, .bytes_done = 750000}};
}

static void progress_goes_by_bytes_until_the_rows_are_known(void **state)
{
    Principal who = reader();
    Job job = a_job();
    clock_inject(fixed_now);
    view_job(*state, begin(*state), NULL, &who, &job, NULL);
    holds("\"total_rows\":0,\"processed_rows\":500,");
    holds("\"total_known\":false,\"progress_percentage\":25,\"remaining_rows\":null");
    holds("\"processing_time_seconds\":100,\"rows_per_second\":5,"
          "\"estimated_completion_seconds\":300");
    holds("\"file_size_mb\":2.86");
    holds("\"error_details\":null");
    job.counters.total = 1000;
    view_job_status(begin(*state), NULL, &job);
    holds("\"total_known\":true,\"progress_percentage\":50,\"remaining_rows\":500");
    clock_inject(NULL);
}

static void a_job_that_waits_has_no_rate(void **state)
{
    Job job = a_job();
    job.status = JOB_PENDING;
    job.started_at = 0;
    job.counters = (JobCounters){.total = -1};
    view_job_status(begin(*state), NULL, &job);
    holds("\"progress_percentage\":0,");
    holds("\"processing_time_seconds\":null,\"rows_per_second\":null,"
          "\"estimated_completion_seconds\":null");
    holds("\"started_at\":null,\"completed_at\":null");
}

static void an_empty_job_that_is_completed_is_done(void **state)
{
    Job job = a_job();
    job.status = JOB_COMPLETED;
    job.counters = (JobCounters){.total = 0};
    job.completed_at = job.started_at + SECONDS(2);
    view_job_status(begin(*state), NULL, &job);
    holds("\"progress_percentage\":100,\"remaining_rows\":0");
    holds("\"processing_time_seconds\":2,\"rows_per_second\":0,");
}

static void the_detail_has_errors_and_lineage(void **state)
{
    Principal who = reader();
    Job job = a_job();
    Problem problem = {.row = 3, .column = "x", .code = "c", .message = "m", .value = STR("v")};
    ProblemPage page = {.items = &problem, .count = 1};
    Job retry = {.id = {{2}}, .original_filename = "b.csv", .status = JOB_DELETED};
    Retries retries = {.items = &retry, .count = 1, .more = true};
    JobDetail detail = {.predictions = 7, .companies = 2, .errors = &page, .retries = &retries};
    job.counters.failed = 1;
    job.retry_of = (Uuid){{3}};
    view_job(*state, begin(*state), NULL, &who, &job, &detail);
    holds("\"errors\":{\"has_errors\":true,\"error_message\":null,\"error_count\":1,"
          "\"error_details\":{\"errors\":[{\"row\":3,\"column\":\"x\",\"code\":\"c\","
          "\"error\":\"m\",\"value\":\"v\",\"data\":null}],\"has_more\":false}}");
    holds("\"lineage\":{\"model\":null,\"predictions\":7,\"companies_created\":2,"
          "\"retries\":[{\"id\":\"02000000-0000-0000-0000-000000000000\","
          "\"original_filename\":\"b.csv\",\"status\":\"deleted\"}],\"more_retries\":true,"
          "\"retry_of\":\"03000000-0000-0000-0000-000000000000\",\"options\":{");
}

static void a_deletion_counts_what_went_and_what_stayed(void **state)
{
    DeletionCounts counts = {.predictions = {5, 0},
                             .edits_kept = 2,
                             .inferred_kept = 1,
                             .held_kept = 4,
                             .already_deleted = 6,
                             .versions_restored = 7,
                             .names_restored = 8,
                             .names_kept = 9,
                             .companies_deleted = 1,
                             .companies_empty = 3};
    JsonOut *to = begin(*state);
    json_begin_object(to, NULL);
    view_deletion_counts(to, &counts);
    json_end_object(to);
    assert_str(
        buf_str(&text),
        "{\"deleted_predictions\":{\"annual\":5,\"quarterly\":0},"
        "\"kept\":[{\"reason\":\"edited\",\"count\":2},{\"reason\":\"inferred\","
        "\"count\":1},{\"reason\":\"legal_hold\",\"count\":4},{\"reason\":\"already_deleted\","
        "\"count\":6}],\"restored_versions\":7,\"restored_names\":8,\"kept_names\":9,"
        "\"deleted_companies\":1,\"empty_companies\":3}");
    to = begin(*state);
    json_begin_object(to, NULL);
    view_deletion_counts(to, NULL);
    json_end_object(to);
    assert_str(buf_str(&text),
               "{\"deleted_predictions\":null,\"kept\":null,\"restored_versions\":null,"
               "\"restored_names\":null,\"kept_names\":null,\"deleted_companies\":null,"
               "\"empty_companies\":null}");
}

/* Each phase and state has its word, and times are told of what is over alone. */
static void a_deletion_says_how_it_is_doing(void **state)
{
    static const char *const words[PHASE_COUNT][DELETION_STATE_COUNT] = {
        {"pending", "running", "done", "stalled"},
        {"restoring", "restoring", "restored", "stalled"},
        {"purging", "purging", "purged", "stalled"},
    };
    Principal who = reader();
    Deletion deletion = {
        .owner_id = OWNER, .has_kind = true, .restored_at = 1000000, .created_at = 1};
    for (DeletionPhase phase = 0; phase < PHASE_COUNT; phase++)
        for (DeletionState at = 0; at < DELETION_STATE_COUNT; at++) {
            deletion.phase = phase;
            deletion.state = at;
            view_deletion(begin(*state), NULL, &who, &deletion, NULL);
            holds(arena_printf(*state, "\"status\":\"%s\",\"phase\":\"%s\",\"state\":\"%s\"",
                               words[phase][at], DELETION_PHASE_WORDS[phase],
                               DELETION_STATE_WORDS[at]));
            bool back = phase == PHASE_PURGE || (phase == PHASE_RESTORE && at == DELETION_DONE);
            holds(back ? "\"restored_at\":\"1970-01-01T00:00:01Z\"" : "\"restored_at\":null");
        }
}

static void a_deletion_says_how_far_it_is(void **state)
{
    Principal who = reader();
    Deletion deletion = {.owner_id = OWNER,
                         .has_kind = true,
                         .state = DELETION_RUNNING,
                         .expected = 400,
                         .counts.predictions = {100, 0},
                         .archived = 100,
                         .created_at = 1};
    view_deletion(begin(*state), NULL, &who, &deletion, NULL);
    holds("\"state\":\"running\",\"progress_percentage\":25,");
    deletion.phase = PHASE_RESTORE;
    deletion.restored_rows = 33;
    view_deletion(begin(*state), NULL, &who, &deletion, NULL);
    holds("\"progress_percentage\":33,");
    deletion.phase = PHASE_PURGE;
    deletion.archived = 10;
    view_deletion(begin(*state), NULL, &who, &deletion, NULL);
    holds("\"progress_percentage\":90,");
    deletion.state = DELETION_DONE;
    view_deletion(begin(*state), NULL, &who, &deletion, NULL);
    holds("\"progress_percentage\":100,");
}

static void a_deletion_tells_who_and_why(void **state)
{
    Uuid someone = {{1}};
    Principal who = reader();
    Deletion deletion = {.owner_id = OWNER,
                         .subject = SUBJECT_FILTER,
                         .filter = "{\"sector\":\"Oil\"}",
                         .state = DELETION_DONE,
                         .include_edited = true,
                         .counts = {.predictions = {3, 4}, .edits_deleted = 2},
                         .archived = 7,
                         .restorable_until = INT64_C(32503680000000000),
                         .user_email = "a@b",
                         .purged_by = someone,
                         .purge_reason = "gone",
                         .created_at = 1};
    DeletionPeople people = {.purged_by = "c@d"};
    view_deletion(begin(*state), NULL, &who, &deletion, &people);
    holds("\"access_level\":\"personal\",\"organization_id\":null,\"organization_name\":null,");
    holds("\"subject\":\"filter\",\"job_id\":null,\"object_id\":null,\"kind\":null,"
          "\"filter\":{\"sector\":\"Oil\"},\"record_only\":false,\"include_edited\":true,"
          "\"include_inferred\":false,\"delete_orphaned_companies\":false,\"reason\":null,");
    holds("\"deleted_edits\":2,\"with_deletion\":null,\"deleted_by\":null,\"deleted_by_email\":\"a@"
          "b\",");
    holds("\"restorable\":true,\"restorable_until\":\"3000-01-01T00:00:00Z\","
          "\"archived_predictions\":7,\"restored_predictions\":0,\"restored_as_former\":0,"
          "\"restored_at\":null,\"restored_by\":null,\"purged_at\":null,"
          "\"purged_by\":\"01000000-0000-0000-0000-000000000000\",\"purge_reason\":\"gone\","
          "\"restored_by_email\":null,\"purged_by_email\":\"c@d\"}");
}

static void a_job_shows_its_note_and_hold(void **state)
{
    Principal who = reader();
    Job job = a_job();
    job.note = "look at it";
    job.legal_hold = "a lawsuit";
    job.legal_hold_email = "law@example.com";
    job.legal_hold_at = 1000000;
    job.settling = true;
    Deletion deletion = {.owner_id = OWNER, .has_kind = true, .created_at = 1};
    Retries none = {0};
    JobDetail detail = {.deletion = &deletion, .retries = &none};
    view_job(*state, begin(*state), NULL, &who, &job, &detail);
    holds("\"settling\":true,\"note\":\"look at it\",\"legal_hold\":{\"reason\":\"a lawsuit\","
          "\"set_by\":null,\"set_by_email\":\"law@example.com\","
          "\"set_at\":\"1970-01-01T00:00:01Z\"},");
    holds("\"deletion\":{\"id\":");
    detail.deletion = NULL;
    job.legal_hold = job.note = NULL;
    view_job(*state, begin(*state), NULL, &who, &job, &detail);
    holds("\"note\":null,\"legal_hold\":null,");
    holds("\"deletion\":null}");
}

static void only_warnings_are_warnings(void **state)
{
    ProblemList problems = {0};
    vec_push(*state, &problems, (Problem){.severity = SEVERITY_ERROR, .code = "e"});
    vec_push(*state, &problems,
             (Problem){.severity = SEVERITY_WARNING, .column = "x", .code = "w", .message = "m"});
    view_warnings(begin(*state), NULL, &problems);
    assert_str(buf_str(&text), "[{\"field\":\"x\",\"code\":\"w\",\"message\":\"m\"}]");
}

static void a_card_stands_in_its_model_as_it_was_given(void **state)
{
    ModelRow model = {.name = "m", .version = "1", .file = STR("\xEF\xBB\xBF{\"format\": 1}\n")};
    view_model(begin(*state), NULL, &model);
    holds("\"card\":{\"format\": 1}\n}");
}

static void a_user_has_no_password(void **state)
{
    User user = {.email = "a@b.c", .password_hash = "secret", .role = ROLE_USER, .is_active = true};
    view_user(begin(*state), NULL, &user);
    holds("\"role\":\"user\",\"organization_id\":null,\"organization_name\":null,"
          "\"is_active\":true,\"is_service\":false,\"is_verified\":false");
    assert_null(memmem(text.data, text.len, "secret", 6));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_prediction_says_where_it_comes_from),
        TEST(one_made_by_hand_has_no_job),
        TEST(progress_goes_by_bytes_until_the_rows_are_known),
        TEST(a_job_that_waits_has_no_rate),
        TEST(an_empty_job_that_is_completed_is_done),
        TEST(the_detail_has_errors_and_lineage),
        TEST(a_deletion_counts_what_went_and_what_stayed),
        TEST(a_deletion_says_how_it_is_doing),
        TEST(a_deletion_says_how_far_it_is),
        TEST(a_deletion_tells_who_and_why),
        TEST(a_job_shows_its_note_and_hold),
        TEST(only_warnings_are_warnings),
        TEST(a_card_stands_in_its_model_as_it_was_given),
        TEST(a_user_has_no_password),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
