/* Options of an upload: what is refused, then that each option goes out and comes back. */
#include "format/options_json.h"

#include "format/text_encoding.h"
#include "test.h"

static const char *const DEFAULT_TEXT =
    "{\"on_duplicate\":\"reject\",\"on_error\":\"keep\",\"max_failed_rows\":null,"
    "\"dry_run\":false,\"update_companies\":false,\"market_cap_unit\":\"usd\","
    "\"delimiter\":null,\"sheet\":null,\"encoding\":null,\"decimal\":\"point\"}";

typedef struct Refusal {
    const char *text;
    const char *field;
    const char *message;
} Refusal;

static void wrong_options_are_refused(void **state)
{
    const Refusal refusals[] = {
        {"{\"on_Duplicate\": \"skip\"}", "on_Duplicate", "\"on_Duplicate\" is not known here."},
        {"{\"on_duplicate\": \"merge\"}", "on_duplicate",
         "\"on_duplicate\" must be reject, skip or replace."},
        {"{\"on_duplicate\": null}", "on_duplicate",
         "\"on_duplicate\" must be a string, not null."},
        {"{\"on_error\": \"Keep\"}", "on_error", "\"on_error\" must be keep or undo."},
        {"{\"max_failed_rows\": -1}", "max_failed_rows",
         "\"max_failed_rows\" must be a whole number of at least 0, or null."},
        {"{\"max_failed_rows\": 1.5}", "max_failed_rows",
         "\"max_failed_rows\" must be a whole number of at least 0, or null."},
        {"{\"max_failed_rows\": \"1\"}", "max_failed_rows",
         "\"max_failed_rows\" must be a number or null, not a string."},
        {"{\"dry_run\": 1}", "dry_run", "\"dry_run\" must be true or false, not a number."},
        {"{\"update_companies\": \"\"}", "update_companies",
         "\"update_companies\" must be true or false, not a string."},
        {"{\"market_cap_unit\": \"eur\"}", "market_cap_unit",
         "\"market_cap_unit\" must be usd or millions."},
        {"{\"sheet\": \"\"}", "sheet",
         "\"sheet\" must be a name or a number of 1 to 255 characters."},
        {"{\"delimiter\": \"\\n\"}", "delimiter",
         "\"delimiter\" must be one ASCII character, and no quote or line end."},
        {"{\"delimiter\": \",,\"}", "delimiter",
         "\"delimiter\" must be one ASCII character, and no quote or line end."},
        {"{\"delimiter\": \"\\\"\"}", "delimiter",
         "\"delimiter\" must be one ASCII character, and no quote or line end."},
        {"{\"delimiter\": \"\u00e9\"}", "delimiter",
         "\"delimiter\" must be one ASCII character, and no quote or line end."},
        {"{\"decimal\": \"auto\"}", "decimal", "\"decimal\" must be point or comma."},
        {"{\"encoding\": \"utf-7\"}", "encoding",
         arena_printf(*state, "\"encoding\" must be one of: %s.", text_encoding_names(*state))},
        {"{\"delimiter\": \"\"}", "delimiter",
         "\"delimiter\" must be one ASCII character, and no quote or line end."},
    };
    for (size_t i = 0; i < ARRAY_COUNT(refusals); i++) {
        ImportOptions options;
        Error *error = options_parse(*state, str_from(refusals[i].text), &options);
        assert_error(error, ERROR_INVALID, refusals[i].message);
        assert_string_equal(error->fields->field, refusals[i].field);
        assert_null(error->fields->next);
    }
}

static void all_wrong_options_are_told(void **state)
{
    ImportOptions options;
    Error *error = options_parse(*state,
                                 STR("{\"delimiter\": \"\\u007f\", \"on_error\": \"x\","
                                     " \"on_duplicate\": \"x\"}"),
                                 &options);
    assert_string_equal(error->fields->field, "on_duplicate");
    assert_string_equal(error->fields->code, "not_allowed");
    assert_string_equal(error->fields->next->field, "on_error");
    assert_string_equal(error->fields->next->next->field, "delimiter");
    assert_null(error->fields->next->next->next);
}

static void only_an_object_will_do(void **state)
{
    ImportOptions options;
    assert_error(options_parse(*state, STR("[]"), &options), ERROR_INVALID,
                 "The options must be an object.");
    assert_error(options_parse(*state, STR("{"), &options), ERROR_MALFORMED,
                 "The JSON ends before it is complete, after line 1, column 1.");
}

static void assert_same(const ImportOptions *a, const ImportOptions *b)
{
    assert_int_equal(a->on_duplicate, b->on_duplicate);
    assert_int_equal(a->on_error, b->on_error);
    assert_true(a->max_failed_rows == b->max_failed_rows);
    assert_int_equal(a->dry_run, b->dry_run);
    assert_int_equal(a->update_companies, b->update_companies);
    assert_int_equal(a->market_cap_unit, b->market_cap_unit);
    assert_int_equal(a->delimiter, b->delimiter);
    assert_str(str_from(a->sheet), b->sheet == NULL ? "" : b->sheet);
    assert_ptr_equal(a->encoding, b->encoding);
    assert_int_equal(a->decimal, b->decimal);
}

static void what_is_not_there_takes_its_default(void **state)
{
    ImportOptions options = {.dry_run = true}, standard = IMPORT_OPTIONS_DEFAULT;
    assert_no_error(options_parse(*state, STR("{}"), &options));
    assert_same(&options, &standard);
    assert_str(options_format(*state, &standard), DEFAULT_TEXT);
    assert_no_error(options_parse(*state, str_from(DEFAULT_TEXT), &options));
    assert_same(&options, &standard);
}

static void a_limit_beyond_all_files_is_none(void **state)
{
    ImportOptions options = IMPORT_OPTIONS_DEFAULT;
    options.max_failed_rows = INT64_MAX;
    assert_str(options_format(*state, &options), DEFAULT_TEXT);
}

static void every_option_goes_out_and_comes_back(void **state)
{
    static const char delimiters[] = {0, ',', '|', '\t'};
    static const int64_t most[] = {-1, 0, 1, 9007199254740991};
    size_t seen = 0;
    for (int i = 0; i < DUPLICATE_COUNT * ON_ERROR_COUNT * CAP_UNIT_COUNT * 4 * 4 * 4; i++) {
        int n = i;
        ImportOptions options = {.on_duplicate = (OnDuplicate)(n % DUPLICATE_COUNT)}, back;
        options.on_error = (OnError)((n /= DUPLICATE_COUNT) % ON_ERROR_COUNT);
        options.market_cap_unit = (CapUnit)((n /= ON_ERROR_COUNT) % CAP_UNIT_COUNT);
        options.delimiter = delimiters[(n /= CAP_UNIT_COUNT) % 4];
        options.max_failed_rows = most[(n /= 4) % 4];
        options.dry_run = (n /= 4) % 2;
        options.update_companies = n / 2 % 2;
        options.decimal = (DecimalMark)(i % DECIMAL_MARK_COUNT);
        options.encoding = i % 3 == 0 ? NULL : text_encoding_find(STR("latin1"))->name;
        assert_no_error(options_parse(*state, options_format(*state, &options), &back));
        assert_same(&options, &back);
        seen++;
    }
    assert_int_equal(seen, 768);
    ImportOptions options = {.on_duplicate = DUPLICATE_REPLACE,
                             .on_error = ON_ERROR_UNDO,
                             .max_failed_rows = 3,
                             .dry_run = true,
                             .update_companies = true,
                             .market_cap_unit = CAP_MILLIONS,
                             .delimiter = '\t',
                             .sheet = "Bl\xC3\xA4tt 1",
                             .encoding = "windows-1252",
                             .decimal = DECIMAL_COMMA};
    assert_str(options_format(*state, &options),
               "{\"on_duplicate\":\"replace\",\"on_error\":\"undo\",\"max_failed_rows\":3,"
               "\"dry_run\":true,\"update_companies\":true,\"market_cap_unit\":\"millions\","
               "\"delimiter\":\"\\u0009\",\"sheet\":\"Bl\xC3\xA4tt "
               "1\",\"encoding\":\"windows-1252\",\"decimal\":\"comma\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(wrong_options_are_refused),        TEST(all_wrong_options_are_told),
        TEST(only_an_object_will_do),           TEST(what_is_not_there_takes_its_default),
        TEST(a_limit_beyond_all_files_is_none), TEST(every_option_goes_out_and_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
