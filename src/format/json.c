/* jansson behind one door: no other file includes it.
 *
 * A JsonValue is jansson's json_t. While json_parse runs, jansson allocates in the caller's arena
 * and its frees do nothing, so the tree needs no copy and no clean-up, and dies with the arena.
 * Nothing outside json_parse makes jansson allocate.
 *
 * Numbers: jansson writes the locale's decimal point into the text and calls strtod, which rounds
 * correctly. The parse runs in the C locale of this thread, so there is nothing to rewrite and no
 * setlocale elsewhere can reach it. All numbers are read as doubles: whole ones below 2^53 are
 * exact, and longer ones are not refused.
 *
 * UTF-8, NUL bytes, depth and the number of values are judged before jansson sees the text. Its
 * own bound on recursion is 2048 levels; its message for a NUL byte speaks of the end of the file;
 * and a pair of brackets takes some 200 bytes of memory, so the size of a text bounds little. (To
 * let its allocations fail at a limit instead will not do: its lexer then aborts on an assertion.)
 * */
#include "format/json.h"

#include "base/check.h"
#include "base/utf8.h"

#include <jansson.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>

enum { UNKNOWN_TOLD = 10 }; /* a client that sends a million unknown members learns of ten */

_Static_assert(JSON_DEPTH_MAX == 64, "the sentence in judge_shape says 64");

static const char *const SENTENCES[] = {
    [json_error_premature_end_of_input] = "The JSON ends before it is complete, after",
    [json_error_end_of_input_expected] = "Something follows the end of the JSON near",
    [json_error_null_character] = "The JSON holds a NUL character near",
    [json_error_null_byte_in_key] = "The JSON holds a NUL character near",
    [json_error_duplicate_key] = "The JSON names a member of an object twice near",
    [json_error_numeric_overflow] = "The JSON holds a number that is too large near",
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static locale_t c_locale;
static _Thread_local Arena *parsing; /* NULL outside json_parse */

static void *allocate(size_t size)
{
    CHECK(parsing != NULL);
    return arena_alloc_raw(parsing, size);
}

static void release(void *memory)
{
    (void)memory;
}

static void set_up(void)
{
    json_set_alloc_funcs(allocate, release);
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    CHECK(c_locale != (locale_t)0);
}

/* ERROR_MALFORMED: `what`, then the place of the byte at `at`. */
static Error *malformed(Arena *arena, Str text, size_t at, const char *what)
{
    size_t line = 1, line_start = 0;
    for (size_t i = 0; i < at && i < text.len; i++)
        if (text.ptr[i] == '\n') {
            line++;
            line_start = i + 1;
        }
    size_t column = utf8_length(str_slice(text, line_start, at)) + 1;
    return ERROR(arena, ERROR_MALFORMED, "%s line %zu, column %zu.", what, line, column);
}

/* Depth and number of values: there are at most as many as commas and opening brackets, and one.
 * In a text that is not good JSON strings may be taken wrongly, but only behind the place where
 * jansson gives up. */
static Error *judge_shape(Arena *arena, Str text)
{
    size_t depth = 0, values = 1;
    bool in_string = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '"') {
            in_string = !in_string;
        } else if (in_string) {
            i += c == '\\';
        } else if (c == '[' || c == '{') {
            values++;
            if (++depth > JSON_DEPTH_MAX)
                return malformed(arena, text, i, "The JSON is nested more than 64 deep at");
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        } else if (c == ',') {
            values++;
        }
        if (values > JSON_VALUES_MAX)
            return ERROR(arena, ERROR_TOO_LARGE, "The JSON holds more than %d values.",
                         JSON_VALUES_MAX);
    }
    return NULL;
}

static Error *judge_text(Arena *arena, Str text)
{
    size_t at;
    if (text.len > JSON_BYTES_MAX)
        return ERROR(arena, ERROR_TOO_LARGE, "The JSON is larger than %d MiB.",
                     JSON_BYTES_MAX >> 20);
    if (str_trim(text).len == 0)
        return ERROR(arena, ERROR_MALFORMED, "JSON was expected; the text is empty.");
    if (!utf8_check(text, &at))
        return malformed(arena, text, at, "The JSON is not UTF-8 at");
    if (str_find(text, '\0', &at))
        return malformed(arena, text, at, "The JSON holds a NUL character at");
    return judge_shape(arena, text);
}

static Error *explain(Arena *arena, Str text, const json_error_t *error)
{
    enum json_error_code code = json_error_code(error);
    const char *what = (size_t)code < ARRAY_COUNT(SENTENCES) ? SENTENCES[code] : NULL;
    /* `position` counts the bytes that were read: the last of them is the culprit's last. */
    size_t at = error->position > 0 ? (size_t)error->position - 1 : 0;
    Error *told = malformed(arena, text, at, what ? what : "The JSON is not well formed near");
    /* Behind "near" the library quotes the text, and a password may stand there. */
    const char *quoted = strstr(error->text, " near ");
    int length = quoted != NULL ? (int)(quoted - error->text) : (int)strlen(error->text);
    return error_because(told, ERROR(arena, ERROR_MALFORMED, "jansson: %.*s", length, error->text));
}

Error *json_parse(Arena *arena, Str text, const JsonValue **ret_value)
{
    pthread_once(&once, set_up);
    if (str_starts_with(text, STR("\xEF\xBB\xBF")))
        text = str_slice(text, 3, text.len);
    TRY(judge_text(arena, text));

    json_error_t error;
    locale_t before = uselocale(c_locale);
    CHECK(parsing == NULL);
    parsing = arena;
    json_t *value =
        json_loadb(text.ptr, text.len,
                   JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, &error);
    parsing = NULL;
    uselocale(before);
    if (value == NULL)
        return explain(arena, text, &error);
    TRY(arena_room(arena));
    *ret_value = (const JsonValue *)value;
    return NULL;
}

static const json_t *node(const JsonValue *value)
{
    return (const json_t *)value;
}

static JsonType type_of(const JsonValue *value)
{
    switch (json_typeof(node(value))) {
    case JSON_OBJECT:
        return JSON_IS_OBJECT;
    case JSON_ARRAY:
        return JSON_IS_ARRAY;
    case JSON_STRING:
        return JSON_IS_STRING;
    case JSON_NULL:
        return JSON_IS_NULL;
    case JSON_TRUE:
    case JSON_FALSE:
        return JSON_IS_BOOL;
    case JSON_REAL:
    case JSON_INTEGER: /* never: JSON_DECODE_INT_AS_REAL */
        break;
    }
    return JSON_IS_NUMBER;
}

bool json_is(const JsonValue *value, unsigned types)
{
    return value != NULL && (type_of(value) & types) != 0;
}

bool json_to_bool(const JsonValue *value, bool *ret_bool)
{
    if (!json_is(value, JSON_IS_BOOL))
        return false;
    *ret_bool = json_is_true(node(value));
    return true;
}

bool json_to_number(const JsonValue *value, double *ret_number)
{
    if (!json_is(value, JSON_IS_NUMBER))
        return false;
    *ret_number = json_real_value(node(value));
    return true;
}

bool json_to_int(const JsonValue *value, int64_t low, int64_t high, int64_t *ret_int)
{
    double number;
    if (!json_to_number(value, &number) || fabs(number) > JSON_INT_MAX || number != trunc(number))
        return false;
    int64_t whole = (int64_t)number;
    if (whole < low || whole > high)
        return false;
    *ret_int = whole;
    return true;
}

bool json_to_str(const JsonValue *value, Str *ret_text)
{
    if (!json_is(value, JSON_IS_STRING))
        return false;
    *ret_text = (Str){json_string_value(node(value)), json_string_length(node(value))};
    return true;
}

size_t json_count(const JsonValue *value)
{
    return json_is(value, JSON_IS_OBJECT) ? json_object_size(node(value))
                                          : json_array_size(node(value));
}

const JsonValue *json_at(const JsonValue *array, size_t index)
{
    return (const JsonValue *)json_array_get(node(array), index);
}

const JsonValue *json_find(const JsonValue *object, const char *key)
{
    return (const JsonValue *)json_object_get(node(object), key);
}

bool json_next(const JsonValue *object, JsonMember *member)
{
    json_t *parent = (json_t *)node(object); /* jansson's iterators take no const */
    member->place = member->place == NULL ? json_object_iter(parent)
                                          : json_object_iter_next(parent, member->place);
    if (member->place == NULL)
        return false;
    member->key =
        (Str){json_object_iter_key(member->place), json_object_iter_key_len(member->place)};
    member->value = (const JsonValue *)json_object_iter_value(member->place);
    return true;
}

/* "a number or null" */
static const char *types_list(Arena *arena, unsigned types)
{
    static const char *const words[] = {"a string", "a number",  "true or false",
                                        "an array", "an object", "null"};
    static const unsigned bits[] = {JSON_IS_STRING, JSON_IS_NUMBER, JSON_IS_BOOL,
                                    JSON_IS_ARRAY,  JSON_IS_OBJECT, JSON_IS_NULL};
    const char *list = "";
    for (size_t i = 0; i < ARRAY_COUNT(bits); i++)
        if (types & bits[i])
            list = *list ? arena_printf(arena, "%s or %s", list, words[i]) : words[i];
    return list;
}

static bool is_ruled(Str key, const JsonRule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_is(key, rules[i].key))
            return true;
    return false;
}

void json_check_members(Arena *arena, const JsonValue *object, const JsonRule *rules, size_t count,
                        ErrorField **fields)
{
    JsonMember member = {0};
    size_t unknown = 0;
    while (unknown < UNKNOWN_TOLD && json_next(object, &member))
        if (!is_ruled(member.key, rules, count)) {
            const char *name = json_shown(arena, member.key);
            unknown++;
            error_field_add(arena, fields, name, "unknown_member", "\"%s\" is not known here.",
                            name);
        }
    for (size_t i = 0; i < count; i++) {
        const JsonRule *rule = &rules[i];
        const JsonValue *value = json_find(object, rule->key);
        if (value == NULL && rule->required)
            error_field_add(arena, fields, rule->key, "missing_member", "\"%s\" is missing.",
                            rule->key);
        if (value != NULL && !json_is(value, rule->types))
            error_field_add(arena, fields, rule->key, "wrong_type", "\"%s\" must be %s, not %s.",
                            rule->key, types_list(arena, rule->types),
                            types_list(arena, type_of(value)));
    }
}

const char *json_shown(Arena *arena, Str text)
{
    char *copy = str_dup(arena, utf8_cut(text, 60));
    for (char *c = copy; *c != '\0'; c++)
        if ((uint8_t)*c < ' ' || *c == 0x7F)
            *c = '?';
    return copy;
}
