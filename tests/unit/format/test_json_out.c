/* JSON out: misuse dies; then every kind of value, every escape, and that what is written can be
 * read. */
#include "format/json_out.h"

#include "base/number.h"
#include "format/json.h"
#include "test.h"

#include <math.h>

static Buf text;

static JsonOut start(Arena *arena)
{
    text = buf_new(arena, 1 << 20);
    return json_out_new(&text);
}

static Arena *misused;

static void close_nothing(void)
{
    JsonOut out = start(misused);
    json_out_close(&out);
}

static void close_an_open_bracket(void)
{
    JsonOut out = start(misused);
    json_begin_array(&out, NULL);
    json_out_close(&out);
}

static void write_two_values(void)
{
    JsonOut out = start(misused);
    json_put_int(&out, NULL, 1);
    json_put_int(&out, NULL, 2);
}

static void name_the_outermost(void)
{
    JsonOut out = start(misused);
    json_put_int(&out, "a", 1);
}

static void name_an_element(void)
{
    JsonOut out = start(misused);
    json_begin_array(&out, NULL);
    json_put_int(&out, "a", 1);
}

static void leave_a_member_nameless(void)
{
    JsonOut out = start(misused);
    json_begin_object(&out, NULL);
    json_put_int(&out, NULL, 1);
}

static void name_twice(void)
{
    JsonOut out = start(misused);
    json_begin_object(&out, NULL);
    json_put_key(&out, STR("a"));
    json_put_int(&out, "b", 1);
}

static void end_behind_a_key(void)
{
    JsonOut out = start(misused);
    json_begin_object(&out, NULL);
    json_put_key(&out, STR("a"));
    json_end_object(&out);
}

static void end_the_wrong_bracket(void)
{
    JsonOut out = start(misused);
    json_begin_object(&out, NULL);
    json_begin_array(&out, "a");
    json_end_object(&out);
}

static void end_the_other_wrong_bracket(void)
{
    JsonOut out = start(misused);
    json_begin_object(&out, NULL);
    json_end_array(&out);
}

static void end_nothing(void)
{
    JsonOut out = start(misused);
    json_end_array(&out);
}

static void nest_too_deep(void)
{
    JsonOut out = start(misused);
    for (int i = 0; i <= JSON_OUT_DEPTH_MAX; i++)
        json_begin_array(&out, NULL);
}

static void write_nan(void)
{
    JsonOut out = start(misused);
    json_put_double(&out, NULL, NAN);
}

static void write_infinity(void)
{
    JsonOut out = start(misused);
    json_put_double(&out, NULL, -INFINITY);
}

static void write_nothing_raw(void)
{
    JsonOut out = start(misused);
    json_put_raw(&out, NULL, STR(""));
}

static void misuse_dies(void **state)
{
    misused = *state;
    assert_dies(misused, close_nothing, "(out->filled & 1) != 0");
    assert_dies(misused, close_an_open_bracket, "out->depth == 0");
    assert_dies(misused, write_two_values, "(out->filled & 1) == 0");
    assert_dies(misused, name_the_outermost, "is_in_object(out)");
    assert_dies(misused, name_an_element, "is_in_object(out)");
    assert_dies(misused, leave_a_member_nameless, "out->keyed");
    assert_dies(misused, name_twice, "!out->keyed");
    assert_dies(misused, end_behind_a_key, "!out->keyed");
    assert_dies(misused, end_the_wrong_bracket, "is_in_object(out) == is_object");
    assert_dies(misused, end_the_other_wrong_bracket, "is_in_object(out) == is_object");
    assert_dies(misused, end_nothing, "out->depth > 0");
    assert_dies(misused, nest_too_deep, "out->depth < JSON_OUT_DEPTH_MAX");
    assert_dies(misused, write_nan, "isfinite(value)");
    assert_dies(misused, write_infinity, "isfinite(value)");
    assert_dies(misused, write_nothing_raw, "json.len > 0");
}

static void every_kind_of_value_can_be_written(void **state)
{
    Uuid uuid;
    assert_true(uuid_parse(STR("0190aaaa-bbbb-7ccc-8ddd-eeeeffff0001"), &uuid));
    JsonOut out = start(*state);
    json_begin_object(&out, NULL);
    json_put_str(&out, "str", (Str){"abc", 2});
    json_put_str(&out, "empty", (Str){NULL, 0});
    json_put_text(&out, "text", "t");
    json_put_text(&out, "no_text", NULL);
    json_put_int(&out, "low", INT64_MIN);
    json_put_int(&out, "high", INT64_MAX);
    json_put_double(&out, "double", 0.1);
    json_put_double(&out, "whole", 100000000.0);
    json_put_double(&out, "large", 1e22);
    json_put_bool(&out, "yes", true);
    json_put_bool(&out, "no", false);
    json_put_null(&out, "null");
    json_put_uuid(&out, "uuid", uuid);
    json_put_uuid(&out, "system", UUID_NIL);
    json_put_uuid_or_null(&out, "some", uuid);
    json_put_uuid_or_null(&out, "none", UUID_NIL);
    json_put_time(&out, "time", 1);
    json_put_time(&out, "epoch", 0);
    json_put_time_or_null(&out, "then", 1700000000000000);
    json_put_time_or_null(&out, "never", 0);
    json_put_raw(&out, "raw", STR("{\"a\":[]}"));
    json_put_key(&out, STR("a\"key"));
    json_put_int(&out, NULL, 1);
    json_put_key(&out, STR("more"));
    json_begin_array(&out, NULL);
    json_end_array(&out);
    json_end_object(&out);
    json_out_close(&out);
    assert_str(buf_str(&text),
               "{\"str\":\"ab\",\"empty\":\"\",\"text\":\"t\",\"no_text\":null,"
               "\"low\":-9223372036854775808,\"high\":9223372036854775807,\"double\":0.1,"
               "\"whole\":100000000,\"large\":1e+22,\"yes\":true,\"no\":false,\"null\":null,"
               "\"uuid\":\"0190aaaa-bbbb-7ccc-8ddd-eeeeffff0001\","
               "\"system\":\"00000000-0000-0000-0000-000000000000\","
               "\"some\":\"0190aaaa-bbbb-7ccc-8ddd-eeeeffff0001\",\"none\":null,"
               "\"time\":\"1970-01-01T00:00:00.000001Z\",\"epoch\":\"1970-01-01T00:00:00Z\","
               "\"then\":\"2023-11-14T22:13:20Z\",\"never\":null,\"raw\":{\"a\":[]},"
               "\"a\\\"key\":1,\"more\":[]}");
    const JsonValue *value;
    assert_no_error(json_parse(*state, buf_str(&text), &value));
    assert_int_equal(json_count(value), 23);
}

static void commas_stand_between_and_only_between(void **state)
{
    JsonOut out = start(*state);
    json_begin_array(&out, NULL);
    json_begin_array(&out, NULL);
    json_end_array(&out);
    json_begin_object(&out, NULL);
    json_begin_object(&out, "a");
    json_end_object(&out);
    json_begin_array(&out, "b");
    json_put_int(&out, NULL, 1);
    json_begin_array(&out, NULL);
    json_put_int(&out, NULL, 2);
    json_end_array(&out);
    json_put_int(&out, NULL, 3);
    json_end_array(&out);
    json_end_object(&out);
    json_begin_array(&out, NULL);
    json_put_null(&out, NULL);
    json_end_array(&out);
    json_end_array(&out);
    json_out_close(&out);
    assert_str(buf_str(&text), "[[],{\"a\":{},\"b\":[1,[2],3]},[null]]");
}

static void any_value_may_be_outermost(void **state)
{
    JsonOut out = start(*state);
    json_put_text(&out, NULL, "x");
    json_out_close(&out);
    assert_str(buf_str(&text), "\"x\"");
}

static void the_deepest_nesting_is_written(void **state)
{
    JsonOut out = start(*state);
    for (int i = 0; i < JSON_OUT_DEPTH_MAX; i++)
        json_begin_array(&out, NULL);
    json_put_int(&out, NULL, 1);
    json_put_int(&out, NULL, 2);
    for (int i = 0; i < JSON_OUT_DEPTH_MAX; i++)
        json_end_array(&out);
    json_out_close(&out);
    const JsonValue *value;
    assert_no_error(json_parse(*state, buf_str(&text), &value));
}

static void a_stream_may_empty_the_buffer(void **state)
{
    JsonOut out = start(*state);
    Buf all = buf_new(*state, 1000);
    json_begin_array(&out, NULL);
    for (int i = 0; i < 3; i++) {
        json_put_int(&out, NULL, i);
        buf_add(&all, buf_str(&text));
        buf_clear(&text);
    }
    json_end_array(&out);
    json_out_close(&out);
    buf_add(&all, buf_str(&text));
    assert_str(buf_str(&all), "[0,1,2]");
}

static void a_full_buffer_is_the_buffers_matter(void **state)
{
    text = buf_new(*state, 4);
    JsonOut out = json_out_new(&text);
    json_begin_array(&out, NULL);
    json_put_text(&out, NULL, "too long");
    json_end_array(&out);
    json_out_close(&out);
    assert_true(text.over);
    assert_true(text.len <= 4);
}

static void assert_written(Arena *arena, Str plain, const char *expected)
{
    Buf buf = buf_new(arena, 1000);
    json_out_string(&buf, plain);
    assert_str(buf_str(&buf), expected);
}

static void strings_are_safe_to_embed(void **state)
{
    Arena *arena = *state;
    assert_written(arena, STR(""), "\"\"");
    assert_written(arena, STR("plain /'text"), "\"plain /'text\"");
    assert_written(arena, STR("\"\\"), "\"\\\"\\\\\"");
    assert_written(arena, STR("\n\r\t\b\f\x01\x1F\x7F"),
                   "\"\\n\\u000d\\u0009\\u0008\\u000c\\u0001\\u001f\x7F\"");
    assert_written(arena, STR("a\0b"), "\"a\\u0000b\"");
    assert_written(arena, STR("</script><!--&amp;"),
                   "\"\\u003c/script\\u003e\\u003c!--\\u0026amp;\"");
    assert_written(arena, STR("\xE2\x80\xA8|\xE2\x80\xA9|\xE2\x80\xA7|\xE2\x80\xB0|\xE2\x82\xAC"),
                   "\"\\u2028|\\u2029|\xE2\x80\xA7|\xE2\x80\xB0|\xE2\x82\xAC\"");
    assert_written(arena, STR("\xC3\xA9\xF0\x9F\x98\x80"), "\"\xC3\xA9\xF0\x9F\x98\x80\"");
}

static void bytes_that_are_not_utf8_are_replaced(void **state)
{
    Arena *arena = *state;
    assert_written(arena,
                   STR("a\xFF"
                       "b"),
                   "\"a\xEF\xBF\xBD"
                   "b\"");
    assert_written(arena, STR("\xE2\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
    assert_written(arena, STR("<\xC3(\xC3\xA9\xED\xA0\x80"),
                   "\"\\u003c\xEF\xBF\xBD(\xC3\xA9\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
    assert_written(arena, STR("\xE2"), "\"\xEF\xBF\xBD\"");
}

/* What is written is read back as it was, for random bytes and random doubles. */
static void what_is_written_is_read_back(void **state)
{
    uint64_t seed = 1;
    for (size_t round = 0; round < test_rounds(5000); round++) {
        Arena *arena = arena_new(0);
        char bytes[24];
        size_t length = test_below(&seed, sizeof bytes);
        for (size_t i = 0; i < length; i++)
            bytes[i] = (char)(1 + test_below(&seed, 127));
        uint64_t bits = test_random(&seed);
        double number;
        memcpy(&number, &bits, sizeof number);
        if (!isfinite(number))
            number = 0;
        JsonOut out = start(arena);
        json_begin_object(&out, NULL);
        json_put_str(&out, "s", (Str){bytes, length});
        json_put_double(&out, "d", number);
        json_end_object(&out);
        json_out_close(&out);

        const JsonValue *value;
        Str string;
        double back;
        assert_no_error(json_parse(arena, buf_str(&text), &value));
        assert_true(json_to_str(json_find(value, "s"), &string));
        assert_true(str_equal(string, (Str){bytes, length}));
        assert_true(json_to_number(json_find(value, "d"), &back));
        assert_memory_equal(&back, &number, sizeof back);
        arena_free(arena);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(misuse_dies),
        TEST(every_kind_of_value_can_be_written),
        TEST(commas_stand_between_and_only_between),
        TEST(any_value_may_be_outermost),
        TEST(the_deepest_nesting_is_written),
        TEST(a_stream_may_empty_the_buffer),
        TEST(a_full_buffer_is_the_buffers_matter),
        TEST(strings_are_safe_to_embed),
        TEST(bytes_that_are_not_utf8_are_replaced),
        TEST(what_is_written_is_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
