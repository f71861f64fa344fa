/* Readers give values, defaults, and messages that say what would have been right. */
#include "http/params.h"

#include "test.h"

#include <math.h>

static Params parsed(Arena *arena, const char *text, bool strict)
{
    Params params;
    assert_no_error(params_parse(arena, str_from(text), strict, &params));
    return params;
}

static void wrong(Params *params, const char *code, const char *message)
{
    Error *error = params_check(params);
    assert_error(error, ERROR_INVALID, message);
    assert_string_equal(error->fields->code, code);
    assert_null(error->fields->next);
}

static void malformed(Arena *arena, const char *text, const char *message)
{
    Params params;
    assert_error(params_parse(arena, str_from(text), true, &params), ERROR_MALFORMED, message);
}

static void takes_a_query_apart(void **state)
{
    Params params = parsed(*state, "a=1&b=x+y%26z&&empty=&flag&c=p=q", true);
    assert_int_equal(params.count, 5);
    assert_str(params_find(&params, "a")->value, "1");
    assert_str(params_find(&params, "b")->value, "x y&z");
    assert_str(params_find(&params, "empty")->value, "");
    assert_str(params_find(&params, "flag")->value, "");
    assert_str(params_find(&params, "c")->value, "p=q");
    assert_null(params_find(&params, "d"));
    assert_no_error(params_check(&params));
}

static void refuses_what_cannot_be_read(void **state)
{
    malformed(*state, "a=1&a=2", "The parameter \"a\" stands there twice.");
    malformed(*state, "a=1&%61=2", "The parameter \"a\" stands there twice.");
    malformed(*state, "a=%zz",
              "A parameter is not percent-encoded UTF-8: a % must be followed by two hex digits, "
              "and no NUL may be encoded.");
    Buf many = buf_new(*state, 10000);
    for (int i = 0; i <= PARAMS_MAX; i++)
        buf_printf(&many, "p%d=1&", i);
    malformed(*state, buf_str(&many).ptr, "There are more than 100 parameters.");
}

static void empty_counts_as_absent_in_reads_only(void **state)
{
    Params lax = parsed(*state, "year=", false), strict = parsed(*state, "year=", true);
    assert_int_equal(params_int(&lax, "year", 1900, 2200, 7), 7);
    assert_no_error(params_check(&lax));
    assert_int_equal(params_int(&strict, "year", 1900, 2200, 7), 7);
    wrong(&strict, "not_a_whole_number",
          "year must be a whole number from 1900 to 2200, not \"\".");
}

static void unknown_ones_are_errors_where_data_changes(void **state)
{
    Params strict = parsed(*state, "known=1&delete_predictons=true", true);
    params_bool(&strict, "known", false);
    wrong(&strict, "unknown_parameter", "There is no parameter \"delete_predictons\" here.");
    Params lax = parsed(*state, "unknown=1", false);
    assert_no_error(params_check(&lax));
}

static void reads_booleans_in_every_spelling(void **state)
{
    static const char *const yes[] = {"true", "TRUE", "1", "yes", "Yes", "on", "oN"};
    static const char *const no[] = {"false", "False", "0", "no", "NO", "off"};
    for (size_t i = 0; i < ARRAY_COUNT(yes); i++) {
        Params params = parsed(*state, arena_printf(*state, "b=%s", yes[i]), true);
        assert_true(params_bool(&params, "b", false));
        assert_no_error(params_check(&params));
    }
    for (size_t i = 0; i < ARRAY_COUNT(no); i++) {
        Params params = parsed(*state, arena_printf(*state, "b=%s", no[i]), true);
        assert_false(params_bool(&params, "b", true));
        assert_no_error(params_check(&params));
    }
    Params params = parsed(*state, "b=ja", true);
    assert_true(params_bool(&params, "b", true));
    wrong(&params, "not_a_boolean",
          "b must be true or false (or 1/0, yes/no, on/off), not \"ja\".");
}

static void reads_whole_numbers(void **state)
{
    Params params = parsed(*state, "a=50&b=-1&c=1001&d=5.5&e=99999999999999999999", true);
    assert_int_equal(params_int(&params, "a", 1, 1000, 7), 50);
    assert_int_equal(params_int(&params, "b", 0, INT64_MAX, 7), 7);
    assert_int_equal(params_int(&params, "c", 1, 1000, 7), 7);
    assert_int_equal(params_int(&params, "d", 1, 1000, 7), 7);
    assert_int_equal(params_int(&params, "e", 1, 1000, 7), 7);
    Error *error = params_check(&params);
    assert_error(error, ERROR_INVALID, "b must be a whole number of at least 0, not \"-1\".");
    assert_string_equal(error->fields->next->message,
                        "c must be a whole number from 1 to 1000, not \"1001\".");
}

static void reads_numbers_times_and_ids(void **state)
{
    Uuid id = UUID_NIL;
    Params params = parsed(*state,
                           "p=0.25&t=2026-01-31T12:00:00Z&d=2026-01-31&"
                           "id=01890a5d-ac96-774b-bcce-b302099a8057",
                           true);
    assert_true(params_real(&params, "p", 0, 1, -INFINITY) == 0.25);
    assert_true(params_time(&params, "t", 0) - params_time(&params, "d", 0) == HOURS(12));
    assert_true(params_uuid(&params, "id", &id));
    assert_true(params_real(&params, "none", 0, 1, -INFINITY) == -INFINITY);
    assert_false(params_uuid(&params, "none", &id));
    assert_no_error(params_check(&params));
    Params bad = parsed(*state, "p=2", true);
    params_real(&bad, "p", 0, 1, 0);
    wrong(&bad, "not_a_number", "p must be a number from 0 to 1, not \"2\".");
    bad = parsed(*state, "t=yesterday", true);
    params_time(&bad, "t", 0);
    wrong(&bad, "not_a_time",
          "t must be a time such as 2026-01-31T12:00:00Z or a date such as 2026-01-31, not "
          "\"yesterday\".");
    bad = parsed(*state, "id=17", true);
    assert_false(params_uuid(&bad, "id", &id));
    wrong(&bad, "not_an_id", "id must be an id (a UUID), not \"17\".");
}

static void reads_texts(void **state)
{
    Params params = parsed(*state, "a=+x+&b=%01&c=%C3%A4%C3%A4%C3%A4", true);
    assert_str(params_text(&params, "a", 3), "x");
    assert_str(params_secret(&params, "a", 3), " x ");
    assert_str(params_text(&params, "none", 3), "");
    assert_str(params_text(&params, "c", 3), "\xC3\xA4\xC3\xA4\xC3\xA4");
    assert_str(params_text(&params, "b", 3), "");
    wrong(&params, "control_character", "b holds a control character.");
    Params long_one = parsed(*state, "a=four", true);
    params_text(&long_one, "a", 3);
    wrong(&long_one, "too_long", "a may have at most 3 characters.");
    Params secret = parsed(*state, "a=four", true);
    params_secret(&secret, "a", 3);
    wrong(&secret, "too_long", "a may have at most 3 bytes.");
}

static const char *const LEVELS[] = {"LOW", "MEDIUM", "HIGH"};

static void reads_words(void **state)
{
    Params params = parsed(*state, "a=high&b=LOW,Medium&c=", false);
    assert_int_equal(params_word(&params, "a", LEVELS, 3, -1), 2);
    assert_int_equal(params_word(&params, "none", LEVELS, 3, -1), -1);
    assert_int_equal(params_words(&params, "b", LEVELS, 3), 3);
    assert_int_equal(params_words(&params, "c", LEVELS, 3), 0);
    assert_no_error(params_check(&params));
    Params bad = parsed(*state, "a=LOW,huge", false);
    params_words(&bad, "a", LEVELS, 3);
    wrong(&bad, "not_allowed", "a must be LOW, MEDIUM or HIGH, not \"huge\".");
}

static void reads_lists(void **state)
{
    Str items[3];
    Params params = parsed(*state, "a=x,+y+&b=1,2,3,4&c=1,,2", false);
    assert_int_equal(params_list(&params, "a", items, 3), 2);
    assert_str(items[1], "y");
    assert_int_equal(params_list(&params, "b", items, 3), 0);
    assert_int_equal(params_list(&params, "c", items, 3), 0);
    Error *error = params_check(&params);
    assert_error(error, ERROR_INVALID,
                 "b must be 1 to 3 values separated by commas, none of them empty.");
    assert_string_equal(error->fields->code, "too_many_values");
    assert_string_equal(error->fields->next->code, "empty_value");
}

static Params from_body(Arena *arena, const char *text)
{
    Params params;
    assert_no_error(params_from_body(arena, str_from(text), &params));
    return params;
}

static void takes_a_json_object(void **state)
{
    Params params = from_body(*state, "{\"t\": \"text\", \"n\": 12.50, \"b\": true, \"z\": null, "
                                      "\"i\": 7}");
    assert_str(params_text(&params, "t", 10), "text");
    assert_str(params_find(&params, "n")->value, "12.5");
    assert_true(params_bool(&params, "b", false));
    assert_false(params_has(&params, "z"));
    assert_int_equal(params_int(&params, "i", 0, 9, 0), 7);
    assert_no_error(params_check(&params));
}

static void json_types_are_held_to(void **state)
{
    Params params = from_body(*state, "{\"password\": 12345678, \"list\": [1], \"o\": {}}");
    params_secret(&params, "password", 100);
    params_bool(&params, "list", false);
    assert_true(params_need(&params, "o"));
    Error *error = params_check(&params);
    assert_error(error, ERROR_INVALID, "password must be a text.");
    assert_string_equal(error->fields->next->code, "not_a_boolean");
    Params none;
    assert_error(params_from_body(*state, STR("[1]"), &none), ERROR_INVALID,
                 "A JSON object is wanted here.");
}

static void a_body_adds_to_what_is_there(void **state)
{
    Params params = parsed(*state, "a=1", true);
    Str items[4];
    assert_no_error(params_add_body(&params, STR(" ")));
    assert_no_error(params_add_body(&params, STR("{\"b\": [\"x\", 2, 2.5], \"c\": true}")));
    assert_int_equal(params.count, 3);
    assert_int_equal(params_list(&params, "b", items, 4), 3);
    assert_str(items[0], "x");
    assert_str(items[1], "2");
    assert_str(items[2], "2.5");
    assert_true(params_bool(&params, "c", false));
    assert_int_equal(params_int(&params, "a", 0, 9, 0), 1);
    assert_no_error(params_check(&params));
    assert_error(params_add_body(&params, STR("{\"a\": 1}")), ERROR_MALFORMED,
                 "The parameter \"a\" stands there twice.");
    assert_error(params_add_body(&params, STR("[]")), ERROR_INVALID,
                 "A JSON object is wanted here.");
    assert_no_error(params_add_body(&params, STR("{\"d\": [[1], \"x\"]}")));
    assert_int_equal(params_list(&params, "d", items, 4), 0);
    wrong(&params, "empty_value",
          "d must be 1 to 4 values separated by commas, none of them empty.");
}

static void says_what_is_missing(void **state)
{
    Params params = from_body(*state, "{\"email\": \"\", \"password\": null}");
    params_need(&params, "email");
    params_need(&params, "password");
    Error *error = params_check(&params);
    assert_error(error, ERROR_INVALID, "email is missing.");
    assert_string_equal(error->fields->next->message, "password is missing.");
    assert_string_equal(error->reason, "invalid_parameters");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(takes_a_query_apart),
        TEST(refuses_what_cannot_be_read),
        TEST(empty_counts_as_absent_in_reads_only),
        TEST(unknown_ones_are_errors_where_data_changes),
        TEST(reads_booleans_in_every_spelling),
        TEST(reads_whole_numbers),
        TEST(reads_numbers_times_and_ids),
        TEST(reads_texts),
        TEST(reads_words),
        TEST(reads_lists),
        TEST(takes_a_json_object),
        TEST(json_types_are_held_to),
        TEST(a_body_adds_to_what_is_there),
        TEST(says_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
