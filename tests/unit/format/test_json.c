/* JSON in: every way to be refused first, with its whole sentence; then what comes out of good
 * texts. */
#include "format/json.h"

#include "base/number.h"
#include "test.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>

typedef struct Refusal {
    const char *text;
    const char *message;
} Refusal;

static const JsonValue *parse(Arena *arena, const char *text)
{
    const JsonValue *value = NULL;
    assert_no_error(json_parse(arena, str_from(text), &value));
    assert_non_null(value);
    return value;
}

static void bad_texts_are_refused_with_their_place(void **state)
{
    static const Refusal refusals[] = {
        {"", "JSON was expected; the text is empty."},
        {" \r\n\t", "JSON was expected; the text is empty."},
        {"\xEF\xBB\xBF", "JSON was expected; the text is empty."},
        {"nope", "The JSON is not well formed near line 1, column 4."},
        {"{\"a\": 1,}", "The JSON is not well formed near line 1, column 9."},
        {"{'a': 1}", "The JSON is not well formed near line 1, column 2."},
        {"{a: 1}", "The JSON is not well formed near line 1, column 2."},
        {"{\"a\" 1}", "The JSON is not well formed near line 1, column 6."},
        {"[1,\n 2 3]", "The JSON is not well formed near line 2, column 4."},
        {"[1,]", "The JSON is not well formed near line 1, column 4."},
        {"]", "The JSON is not well formed near line 1, column 1."},
        {"}", "The JSON is not well formed near line 1, column 1."},
        {"[1}", "The JSON is not well formed near line 1, column 3."},
        {"[NaN]", "The JSON is not well formed near line 1, column 4."},
        {"[nan]", "The JSON is not well formed near line 1, column 4."},
        {"[Infinity]", "The JSON is not well formed near line 1, column 9."},
        {"[-Infinity]", "The JSON is not well formed near line 1, column 2."},
        {"[01]", "The JSON is not well formed near line 1, column 2."},
        {"[1.]", "The JSON is not well formed near line 1, column 3."},
        {"[.5]", "The JSON is not well formed near line 1, column 2."},
        {"[+1]", "The JSON is not well formed near line 1, column 2."},
        {"[1e]", "The JSON is not well formed near line 1, column 3."},
        {"[1,5 // no\n]", "The JSON is not well formed near line 1, column 6."},
        {"[0x10]", "The JSON is not well formed near line 1, column 3."},
        {"[\"\\x\"]", "The JSON is not well formed near line 1, column 4."},
        {"[\"a\nb\"]", "The JSON is not well formed near line 1, column 3."},
        {"[\"\\ud800\"]", "The JSON is not well formed near line 1, column 9."},
        {"[\"\\udc00\"]", "The JSON is not well formed near line 1, column 9."},
        {"\xEF\xBB\xBF[1,]", "The JSON is not well formed near line 1, column 4."},
        {"[\"\xC3\xA9\xE2\x82\xAC\", x]", "The JSON is not well formed near line 1, column 8."},
        {"[\"abc", "The JSON ends before it is complete, after line 1, column 5."},
        {"[1,\n2", "The JSON ends before it is complete, after line 2, column 1."},
        {"{\"a\":", "The JSON ends before it is complete, after line 1, column 5."},
        {"[1] x", "Something follows the end of the JSON near line 1, column 5."},
        {"{}{}", "Something follows the end of the JSON near line 1, column 3."},
        {"1 2", "Something follows the end of the JSON near line 1, column 3."},
        {"[\"a\\u0000\"]", "The JSON holds a NUL character near line 1, column 10."},
        {"{\"\\u0000\": 1}", "The JSON holds a NUL character near line 1, column 9."},
        {"[\"\xFF\"]", "The JSON is not UTF-8 at line 1, column 3."},
        {"[\n\"\xC3\xA9\", \xC0\x80]", "The JSON is not UTF-8 at line 2, column 6."},
        {"[\"\xED\xA0\x80\"]", "The JSON is not UTF-8 at line 1, column 3."},
        {"[\"\xE2\x82", "The JSON is not UTF-8 at line 1, column 3."},
        {"{\"a\":1,\"b\":2,\"a\":3}",
         "The JSON names a member of an object twice near line 1, column 16."},
        {"{\"a\":1,\"\\u0061\":3}",
         "The JSON names a member of an object twice near line 1, column 15."},
        {"[1e400]", "The JSON holds a number that is too large near line 1, column 6."},
        {"[-1e309]", "The JSON holds a number that is too large near line 1, column 7."},
    };
    Arena *arena = *state;
    for (size_t i = 0; i < ARRAY_COUNT(refusals); i++) {
        const JsonValue *value = NULL;
        Error *error = json_parse(arena, str_from(refusals[i].text), &value);
        assert_error(error, ERROR_MALFORMED, refusals[i].message);
        assert_null(value);
    }
}

static void a_nul_byte_is_refused(void **state)
{
    const JsonValue *value;
    assert_error(json_parse(*state, STR("[1,\n\0 2]"), &value), ERROR_MALFORMED,
                 "The JSON holds a NUL character at line 2, column 1.");
    assert_error(json_parse(*state, (Str){NULL, 0}, &value), ERROR_MALFORMED,
                 "JSON was expected; the text is empty.");
}

static void the_librarys_words_are_for_the_log(void **state)
{
    const JsonValue *value;
    Error *error = json_parse(*state, STR("[1"), &value);
    assert_error(error->cause, ERROR_MALFORMED, "jansson: ']' expected");
    assert_null(json_parse(*state, STR("[\"\xFF\"]"), &value)->cause);
}

static Str nested(Arena *arena, size_t depth, const char *open, const char *inside,
                  const char *shut)
{
    Buf text = buf_new(arena, 1 << 20);
    for (size_t i = 0; i < depth; i++)
        buf_add(&text, str_from(open));
    buf_add(&text, str_from(inside));
    for (size_t i = 0; i < depth; i++)
        buf_add(&text, str_from(shut));
    return buf_str(&text);
}

static void nesting_ends_at_64(void **state)
{
    Arena *arena = *state;
    const JsonValue *value = NULL;
    assert_no_error(json_parse(arena, nested(arena, 64, "[", "1", "]"), &value));
    for (size_t depth = 0; depth < 64; depth++)
        value = json_at(value, 0);
    assert_true(json_is(value, JSON_IS_NUMBER));
    assert_no_error(json_parse(arena, nested(arena, 64, "{\"a\":", "1", "}"), &value));
    assert_error(json_parse(arena, nested(arena, 65, "[", "1", "]"), &value), ERROR_MALFORMED,
                 "The JSON is nested more than 64 deep at line 1, column 65.");
    assert_error(json_parse(arena, nested(arena, 65, "{\"a\":", "1", "}"), &value), ERROR_MALFORMED,
                 "The JSON is nested more than 64 deep at line 1, column 321.");
    assert_error(json_parse(arena, nested(arena, 100000, "[", "", ""), &value), ERROR_MALFORMED,
                 "The JSON is nested more than 64 deep at line 1, column 65.");

    /* Side by side is not deep, and brackets in strings are none. */
    assert_no_error(
        json_parse(arena, nested(arena, 1, "[", "[],[],[[]],[\"[[[[\\\"[[\"]", "]"), &value));
    Str text = nested(arena, 100, "[", "", "");
    Str quoted = str_printf(arena, "\"\\\\\\\"" STR_FMT "\"", STR_ARG(text));
    assert_no_error(json_parse(arena, quoted, &value));
    assert_no_error(json_parse(arena, nested(arena, 200, "", "[[]]", ""), &value));
    assert_error(json_parse(arena, nested(arena, 100, "]", "", ""), &value), ERROR_MALFORMED,
                 "The JSON is not well formed near line 1, column 1.");
}

static void size_is_limited(void **state)
{
    Arena *arena = *state;
    char *text = arena_alloc(arena, JSON_BYTES_MAX + 1);
    memset(text, ' ', JSON_BYTES_MAX + 1);
    text[0] = '1';
    const JsonValue *value;
    assert_no_error(json_parse(arena, (Str){text, JSON_BYTES_MAX}, &value));
    assert_error(json_parse(arena, (Str){text, JSON_BYTES_MAX + 1}, &value), ERROR_TOO_LARGE,
                 "The JSON is larger than 4 MiB.");
}

/* [1,1,...] with `count` values, the array among them. */
static Str many_values(Arena *arena, size_t count)
{
    Buf text = buf_new(arena, 1 << 20);
    buf_add(&text, STR("[1"));
    for (size_t i = 2; i < count; i++)
        buf_add(&text, STR(",1"));
    buf_add(&text, STR("]"));
    return buf_str(&text);
}

static void the_number_of_values_is_limited(void **state)
{
    Arena *arena = *state;
    const JsonValue *value;
    assert_no_error(json_parse(arena, many_values(arena, JSON_VALUES_MAX), &value));
    assert_int_equal(json_count(value), JSON_VALUES_MAX - 1);
    assert_error(json_parse(arena, many_values(arena, JSON_VALUES_MAX + 1), &value),
                 ERROR_TOO_LARGE, "The JSON holds more than 50000 values.");
    Str open = nested(arena, JSON_VALUES_MAX, "{}", "", "");
    assert_error(json_parse(arena, open, &value), ERROR_TOO_LARGE,
                 "The JSON holds more than 50000 values.");
    Str commas = nested(arena, JSON_VALUES_MAX, ",", "", "");
    assert_no_error(json_parse(arena, str_printf(arena, "\"%s\"", commas.ptr), &value));
}

static void the_arenas_cap_is_kept(void **state)
{
    const JsonValue *value;
    Arena *small = arena_new(1000);
    assert_no_error(json_parse(small, STR("[1]"), &value));
    assert_error(json_parse(small, many_values(*state, 100), &value), ERROR_TOO_LARGE,
                 "The request needs more memory than one request may use.");
    arena_free(small);
}

/* The worst that a text of a given number of values can do. */
static void memory_is_bounded(void **state)
{
    Arena *arena = *state;
    const JsonValue *value;
    Buf text = buf_new(arena, 1 << 20);
    buf_add(&text, STR("[{\"\":{}}"));
    for (size_t i = 0; i < JSON_VALUES_MAX / 3 - 2; i++)
        buf_add(&text, STR(",{\"\":{}}"));
    buf_add(&text, STR("]"));
    size_t before = arena_used(arena);
    assert_no_error(json_parse(arena, buf_str(&text), &value));
    assert_true(arena_used(arena) - before < (size_t)JSON_VALUES_MAX * 256);
}

static void values_know_their_type(void **state)
{
    Arena *arena = *state;
    static const unsigned types[] = {JSON_IS_NULL,   JSON_IS_BOOL,   JSON_IS_BOOL,  JSON_IS_NUMBER,
                                     JSON_IS_NUMBER, JSON_IS_STRING, JSON_IS_ARRAY, JSON_IS_OBJECT};
    const JsonValue *array = parse(arena, "[null, true, false, 0, -1.5, \"\", [], {}]");
    for (size_t i = 0; i < ARRAY_COUNT(types); i++) {
        const JsonValue *value = json_at(array, i);
        assert_true(json_is(value, types[i]));
        assert_true(json_is(value, types[i] | JSON_IS_NULL));
        assert_false(json_is(value, 63u & ~types[i]));
        bool flag;
        double number;
        int64_t whole;
        Str text;
        assert_int_equal(json_to_bool(value, &flag), types[i] == JSON_IS_BOOL);
        assert_int_equal(json_to_number(value, &number), types[i] == JSON_IS_NUMBER);
        assert_int_equal(json_to_str(value, &text), types[i] == JSON_IS_STRING);
        assert_int_equal(json_to_int(value, INT64_MIN, INT64_MAX, &whole), i == 3);
    }
    assert_false(json_is(NULL, 63));
    assert_int_equal(json_count(json_at(array, 3)), 0);
    assert_null(json_at(array, 8));
    assert_null(json_at(NULL, 0));
    assert_null(json_at(json_at(array, 7), 0));
    assert_null(json_find(array, "a"));
    assert_null(json_find(NULL, "a"));
    assert_int_equal(json_count(array), 8);
    assert_int_equal(json_count(NULL), 0);

    bool flag = false;
    assert_true(json_to_bool(json_at(array, 1), &flag));
    assert_true(flag);
    assert_true(json_to_bool(json_at(array, 2), &flag));
    assert_false(flag);
}

static void numbers_are_rounded_correctly(void **state)
{
    static const char *const texts[] = {
        "0",
        "-0",
        "-0.0",
        "1",
        "0.1",
        "1.7976931348623157e308",
        "5e-324",
        "2e-324",
        "1e-400",
        "9007199254740993",
        "123456789012345678901234567890",
        "0.500000000000000166533453693773481063544750213623046875",
        "2.2250738585072011e-308",
        "6.02214076E+23",
        "9223372036854775807",
        "-4.047657045605043",
        "8.442911973260991817129021068e-5",
        "1e22",
        "1e23",
        "0.011650485436893204",
    };
    Arena *arena = *state;
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        double expected, got;
        assert_int_equal(number_parse(str_from(texts[i]), &expected), NUMBER_OK);
        assert_true(json_to_number(parse(arena, texts[i]), &got));
        assert_memory_equal(&got, &expected, sizeof got);
    }
}

static void the_locale_changes_nothing(void **state)
{
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "ru_RU.UTF-8",
                                        "de_DE",       "ps_AF.UTF-8", "ps_AF"};
    Arena *arena = *state;
    size_t tried = 0;
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        if (setlocale(LC_ALL, names[i]) == NULL)
            continue;
        tried++;
        double number = 0;
        const JsonValue *value = NULL;
        Error *error = json_parse(arena, STR("[1.5, 2.5e-1]"), &value);
        bool is_read = error == NULL && json_to_number(json_at(value, 0), &number);
        bool is_left = strcmp(setlocale(LC_ALL, NULL), names[i]) == 0;
        setlocale(LC_ALL, "C");
        assert_no_error(error);
        assert_true(is_read);
        assert_true(is_left);
        assert_true(number == 1.5);
    }
    if (tried == 0) {
        print_message("SKIP: no locale with a decimal comma is installed\n");
        skip();
    }
}

static void ints_are_whole_and_in_range(void **state)
{
    Arena *arena = *state;
    int64_t whole = 7;
    assert_false(json_to_int(parse(arena, "1.5"), 0, 10, &whole));
    assert_false(json_to_int(parse(arena, "11"), 0, 10, &whole));
    assert_false(json_to_int(parse(arena, "-1"), 0, 10, &whole));
    assert_false(json_to_int(parse(arena, "9007199254740992"), 0, INT64_MAX, &whole));
    assert_false(json_to_int(parse(arena, "-9007199254740992"), INT64_MIN, 0, &whole));
    assert_false(json_to_int(parse(arena, "1e300"), INT64_MIN, INT64_MAX, &whole));
    assert_false(json_to_int(parse(arena, "\"1\""), 0, 10, &whole));
    assert_int_equal(whole, 7);
    assert_true(json_to_int(parse(arena, "9007199254740991"), 0, INT64_MAX, &whole));
    assert_true(whole == 9007199254740991);
    assert_true(json_to_int(parse(arena, "1e1"), 0, 10, &whole));
    assert_int_equal(whole, 10);
    assert_true(json_to_int(parse(arena, "-0.0"), 0, 10, &whole));
    assert_int_equal(whole, 0);
}

static void strings_are_decoded(void **state)
{
    Arena *arena = *state;
    Str text;
    assert_true(json_to_str(
        parse(arena, "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\xC3\xA9\""), &text));
    assert_str(text, "\"\\/\b\f\n\r\t\xC3\xA9\xF0\x9F\x98\x80\xC3\xA9");
    assert_int_equal(text.ptr[text.len], 0);
    assert_true(json_to_str(parse(arena, "\"\""), &text));
    assert_str(text, "");
}

static void members_come_in_the_order_of_the_text(void **state)
{
    Arena *arena = *state;
    const JsonValue *object =
        parse(arena, "{\"z\": 1, \"a\": 2, \"\": 3, \"i\": 4, \"h\": 5, \"g\": 6, \"f\": 7,"
                     " \"e\": 8, \"d\": 9, \"c\": 10}");
    Buf keys = buf_new(arena, 100);
    JsonMember member = {0};
    for (int64_t i = 1; json_next(object, &member); i++) {
        int64_t number = 0;
        assert_true(json_to_int(member.value, 0, 100, &number));
        assert_int_equal(number, i);
        assert_ptr_equal(member.value, json_find(object, member.key.ptr));
        buf_add(&keys, member.key);
        buf_add_char(&keys, '.');
    }
    assert_str(buf_str(&keys), "z.a..i.h.g.f.e.d.c.");
    assert_int_equal(json_count(object), 10);
    JsonMember none = {0};
    assert_false(json_next(parse(arena, "{}"), &none));
    assert_false(json_next(parse(arena, "[1]"), &none));
    assert_false(json_next(NULL, &none));
}

static void assert_field(const ErrorField *field, const char *name, const char *code,
                         const char *message)
{
    assert_non_null(field);
    assert_string_equal(field->field, name);
    assert_string_equal(field->code, code);
    assert_string_equal(field->message, message);
}

static void members_are_held_against_rules(void **state)
{
    static const JsonRule rules[] = {
        {"name", JSON_IS_STRING, true},
        {"size", JSON_IS_NUMBER | JSON_IS_NULL, true},
        {"on", JSON_IS_BOOL, false},
        {"list", JSON_IS_ARRAY | JSON_IS_OBJECT | JSON_IS_STRING, false},
    };
    Arena *arena = *state;
    ErrorField *wrong = NULL;
    json_check_members(arena, parse(arena, "{\"name\": \"x\", \"size\": null}"), rules, 4, &wrong);
    json_check_members(arena,
                       parse(arena, "{\"size\": 1, \"name\": \"\", \"on\": false,"
                                    " \"list\": {}}"),
                       rules, 4, &wrong);
    assert_null(wrong);

    json_check_members(arena,
                       parse(arena, "{\"on\": 1, \"Name\": 1, \"size\": [], \"x\\ny\": 2,"
                                    " \"list\": true}"),
                       rules, 4, &wrong);
    assert_field(wrong, "Name", "unknown_member", "\"Name\" is not known here.");
    wrong = wrong->next;
    assert_field(wrong, "x?y", "unknown_member", "\"x?y\" is not known here.");
    wrong = wrong->next;
    assert_field(wrong, "name", "missing_member", "\"name\" is missing.");
    wrong = wrong->next;
    assert_field(wrong, "size", "wrong_type", "\"size\" must be a number or null, not an array.");
    wrong = wrong->next;
    assert_field(wrong, "on", "wrong_type", "\"on\" must be true or false, not a number.");
    wrong = wrong->next;
    assert_field(wrong, "list", "wrong_type",
                 "\"list\" must be a string or an array or an object, not true or false.");
    assert_null(wrong->next);
}

static void only_ten_unknown_members_are_told(void **state)
{
    Arena *arena = *state;
    Buf text = buf_new(arena, 1 << 20);
    for (int i = 0; i < 50; i++)
        buf_printf(&text, "%s\"k%d\": %d", i == 0 ? "{" : ", ", i, i);
    buf_add(&text, STR("}"));
    ErrorField *wrong = NULL;
    json_check_members(arena, parse(arena, buf_str(&text).ptr), NULL, 0, &wrong);
    size_t count = 0;
    for (; wrong != NULL; wrong = wrong->next)
        count++;
    assert_int_equal(count, 10);
}

static void texts_are_shown_short_and_clean(void **state)
{
    Arena *arena = *state;
    assert_string_equal(json_shown(arena, STR("")), "");
    assert_string_equal(json_shown(arena, STR("a\x1B[31m\tb\x7F")), "a?[31m?b?");
    Str long_text = nested(arena, 40, "\xC3\xA9", "", "");
    assert_string_equal(
        json_shown(arena, long_text),
        str_slice(long_text, 0, 60).len == 60 ? str_dup(arena, str_slice(long_text, 0, 60)) : "");
    Str odd = str_printf(arena, "x" STR_FMT, STR_ARG(long_text));
    assert_int_equal(strlen(json_shown(arena, odd)), 59);
}

/* Each thread parses in an arena of its own; cmocka's assertions are for the main thread. */
static void *parse_many(void *wrong)
{
    for (int i = 0; i < 500; i++) {
        Arena *arena = arena_new(0);
        const JsonValue *value = NULL;
        int64_t number = -1;
        Str text = str_printf(arena, "{\"a\": [%d, 0.5], \"b\": {\"c\": \"text\"}}", i);
        Error *error = json_parse(arena, text, &value);
        *(int *)wrong += error != NULL ||
                         !json_to_int(json_at(json_find(value, "a"), 0), 0, 500, &number) ||
                         number != i || json_parse(arena, STR("[1"), &value) == NULL;
        arena_free(arena);
    }
    return NULL;
}

static void threads_do_not_meet(void **state)
{
    (void)state;
    pthread_t threads[4];
    int wrong[ARRAY_COUNT(threads)] = {0};
    for (size_t i = 0; i < ARRAY_COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, parse_many, &wrong[i]), 0);
    for (size_t i = 0; i < ARRAY_COUNT(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(wrong[i], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bad_texts_are_refused_with_their_place),
        TEST(a_nul_byte_is_refused),
        TEST(the_librarys_words_are_for_the_log),
        TEST(nesting_ends_at_64),
        TEST(size_is_limited),
        TEST(the_number_of_values_is_limited),
        TEST(the_arenas_cap_is_kept),
        TEST(memory_is_bounded),
        TEST(values_know_their_type),
        TEST(numbers_are_rounded_correctly),
        TEST(the_locale_changes_nothing),
        TEST(ints_are_whole_and_in_range),
        TEST(strings_are_decoded),
        TEST(members_come_in_the_order_of_the_text),
        TEST(members_are_held_against_rules),
        TEST(only_ten_unknown_members_are_told),
        TEST(texts_are_shown_short_and_clean),
        TEST(threads_do_not_meet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
