/* JSON in and out: what can be read can be written, what was written is read as the same, and a
 * small arena refuses instead of growing. */
#include "base/check.h"
#include "format/json.h"
#include "format/json_out.h"
#include "replay.h"

static void write_value(JsonOut *out, const JsonValue *value)
{
    bool flag;
    double number;
    Str text;
    if (json_to_bool(value, &flag)) {
        json_put_bool(out, NULL, flag);
    } else if (json_to_number(value, &number)) {
        json_put_double(out, NULL, number);
    } else if (json_to_str(value, &text)) {
        CHECK(text.ptr[text.len] == '\0' && strlen(text.ptr) == text.len);
        json_put_str(out, NULL, text);
    } else if (json_is(value, JSON_IS_ARRAY)) {
        json_begin_array(out, NULL);
        for (size_t i = 0; i < json_count(value); i++)
            write_value(out, json_at(value, i));
        json_end_array(out);
    } else if (json_is(value, JSON_IS_OBJECT)) {
        JsonMember member = {0};
        size_t count = 0;
        json_begin_object(out, NULL);
        for (; json_next(value, &member); count++) {
            CHECK(json_find(value, member.key.ptr) == member.value);
            json_put_key(out, member.key);
            write_value(out, member.value);
        }
        CHECK(count == json_count(value));
        json_end_object(out);
    } else {
        CHECK(json_is(value, JSON_IS_NULL));
        json_put_null(out, NULL);
    }
}

static size_t depth_of(const JsonValue *value)
{
    size_t deepest = 0;
    JsonMember member = {0};
    for (size_t i = 0; i < json_count(value); i++) {
        const JsonValue *inner = json_at(value, i);
        if (inner == NULL) {
            CHECK(json_next(value, &member));
            inner = member.value;
        }
        size_t depth = depth_of(inner);
        deepest = depth > deepest ? depth : deepest;
    }
    return json_is(value, JSON_IS_ARRAY | JSON_IS_OBJECT) ? deepest + 1 : 0;
}

static Str write(Arena *arena, const JsonValue *value)
{
    Buf buf = buf_new(arena, (size_t)JSON_BYTES_MAX * 8);
    JsonOut out = json_out_new(&buf);
    write_value(&out, value);
    json_out_close(&out);
    CHECK(!buf.over);
    return buf_str(&buf);
}

static void check_error(const Error *error)
{
    CHECK(error->code == ERROR_MALFORMED || error->code == ERROR_TOO_LARGE);
    CHECK(error->message[0] != '\0');
}

static void parse_in_little_room(Str text)
{
    Arena *arena = arena_new(1 + str_hash(text) % 16384);
    const JsonValue *value;
    Error *error = json_parse(arena, text, &value);
    if (error != NULL)
        check_error(error);
    arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena *arena = arena_new(0);
    const JsonValue *value;
    Str text = {(const char *)data, size};
    Error *error = json_parse(arena, text, &value);
    if (error != NULL) {
        check_error(error);
    } else {
        CHECK(depth_of(value) <= JSON_DEPTH_MAX);
        if (depth_of(value) <= JSON_OUT_DEPTH_MAX) {
            Str once = write(arena, value);
            error = json_parse(arena, once, &value);
            CHECK(error == NULL);
            CHECK(str_equal(once, write(arena, value)));
        }
    }
    ErrorField *wrong = NULL;
    static const JsonRule rules[] = {{"a", JSON_IS_NUMBER | JSON_IS_NULL, true}};
    if (error == NULL)
        json_check_members(arena, value, rules, ARRAY_COUNT(rules), &wrong);
    arena_free(arena);
    parse_in_little_room(text);
    return 0;
}
