/* Every word of every enum is there, reads back as its own number, and is nobody else's word. */
#include "model/words.h"

#include "model/deletion.h"
#include "model/job.h"
#include "model/prediction.h"
#include "model/problem.h"
#include "model/task.h"
#include "model/user.h"
#include "test.h"

static void every_word_reads_back(void **state)
{
    (void)state;
    const struct {
        const char *const *words;
        size_t count;
        const char *first;
        const char *last;
    } tables[] = {
        {RISK_LEVEL_WORDS, RISK_LEVEL_COUNT, "LOW", "CRITICAL"},
        {SOURCE_WORDS, SOURCE_COUNT, "bulk_upload", "unknown"},
        {JOB_LINK_WORDS, LINK_COUNT, "recorded", "inferred"},
        {JOB_STATUS_WORDS, JOB_STATUS_COUNT, "receiving", "restoring"},
        {ON_DUPLICATE_WORDS, DUPLICATE_COUNT, "reject", "replace"},
        {ON_ERROR_WORDS, ON_ERROR_COUNT, "keep", "undo"},
        {CAP_UNIT_WORDS, CAP_UNIT_COUNT, "usd", "millions"},
        {DELETION_STATE_WORDS, DELETION_STATE_COUNT, "pending", "stalled"},
        {SEVERITY_WORDS, SEVERITY_COUNT, "error", "warning"},
        {TASK_KIND_WORDS, TASK_KIND_COUNT, "import", "purge_organization"},
        {DELETION_SUBJECT_WORDS, SUBJECT_COUNT, "job", "organization"},
        {DELETION_PHASE_WORDS, PHASE_COUNT, "removal", "purge"},
        {ROLE_WORDS, ROLE_COUNT, "user", "super_admin"},
        {ACCESS_LEVEL_WORDS, OWNER_KIND_COUNT, "personal", "system"},
    };
    for (size_t t = 0; t < ARRAY_COUNT(tables); t++) {
        assert_string_equal(tables[t].words[0], tables[t].first);
        assert_string_equal(tables[t].words[tables[t].count - 1], tables[t].last);
        for (size_t i = 0; i < tables[t].count; i++) {
            assert_non_null(tables[t].words[i]);
            assert_int_equal(
                words_find(tables[t].words, tables[t].count, str_from(tables[t].words[i])), i);
        }
    }
}

static void numbers_that_are_stored_never_change(void **state)
{
    (void)state;
    assert_int_equal(RISK_LOW, 0);
    assert_int_equal(RISK_MEDIUM, 1);
    assert_int_equal(RISK_HIGH, 2);
    assert_int_equal(RISK_CRITICAL, 3);
    assert_int_equal(SOURCE_BULK_UPLOAD, 0);
    assert_int_equal(SOURCE_MANUAL, 1);
    assert_int_equal(SOURCE_EDIT, 2);
    assert_int_equal(SOURCE_RESCORE, 3);
    assert_int_equal(SOURCE_UNKNOWN, 4);
    assert_int_equal(LINK_RECORDED, 0);
    assert_int_equal(LINK_INFERRED, 1);
    assert_int_equal(SEVERITY_ERROR, 0);
    assert_int_equal(SEVERITY_WARNING, 1);
    assert_int_equal(KIND_ANNUAL, 0);
    assert_int_equal(KIND_QUARTERLY, 1);
}

static void case_counts_unless_folded(void **state)
{
    (void)state;
    assert_int_equal(words_find(RISK_LEVEL_WORDS, RISK_LEVEL_COUNT, STR("HIGH")), RISK_HIGH);
    assert_int_equal(words_find(RISK_LEVEL_WORDS, RISK_LEVEL_COUNT, STR("high")), -1);
    assert_int_equal(words_find_fold(RISK_LEVEL_WORDS, RISK_LEVEL_COUNT, STR("hIgH")), RISK_HIGH);
    assert_int_equal(words_find_fold(RISK_LEVEL_WORDS, RISK_LEVEL_COUNT, STR("highest")), -1);
    assert_int_equal(words_find(RISK_LEVEL_WORDS, RISK_LEVEL_COUNT, STR("")), -1);
    assert_int_equal(words_find(RISK_LEVEL_WORDS, 0, STR("LOW")), -1);
}

static void an_entry_without_a_word_never_matches(void **state)
{
    (void)state;
    const char *const words[] = {"a", NULL, "c"};
    assert_int_equal(words_find(words, 3, STR("c")), 2);
    assert_int_equal(words_find(words, 3, STR("")), -1);
    assert_int_equal(words_find_fold(words, 3, STR("")), -1);
    assert_int_equal(words_find_fold(words, 3, STR("C")), 2);
}

static void a_list_reads_as_a_sentence(void **state)
{
    Arena *arena = *state;
    const char *const words[] = {"a", "b", "c"};
    assert_string_equal(words_list(arena, words, 3), "a, b or c");
    assert_string_equal(words_list(arena, words, 2), "a or b");
    assert_string_equal(words_list(arena, words, 1), "a");
    assert_string_equal(words_list(arena, words, 0), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_word_reads_back),      TEST(numbers_that_are_stored_never_change),
        TEST(case_counts_unless_folded),  TEST(an_entry_without_a_word_never_matches),
        TEST(a_list_reads_as_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
