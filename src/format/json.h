/* JSON in: RFC 8259 in UTF-8, read strictly into an immutable tree that lives in the caller's
 * arena. Refused are members that stand twice in one object, NaN and infinities, numbers beyond a
 * double, anything behind the value, NUL characters (so that every string also ends in NUL as C
 * wants it), nesting deeper than JSON_DEPTH_MAX. A byte order mark in front is passed over. */
#ifndef OBLIGOR_FORMAT_JSON_H
#define OBLIGOR_FORMAT_JSON_H

#include "base/error.h"

enum { JSON_DEPTH_MAX = 64, JSON_BYTES_MAX = 4 << 20, JSON_VALUES_MAX = 50000 };

#define JSON_INT_MAX INT64_C(9007199254740991) /* 2^53 - 1: up to here a double is exact */

typedef struct JsonValue JsonValue;

/* One bit each, so that "a number or null" is JSON_IS_NUMBER | JSON_IS_NULL. */
typedef enum JsonType {
    JSON_IS_NULL = 1,
    JSON_IS_BOOL = 2,
    JSON_IS_NUMBER = 4,
    JSON_IS_STRING = 8,
    JSON_IS_ARRAY = 16,
    JSON_IS_OBJECT = 32
} JsonType;

/* Any value may be the outermost one. ERROR_MALFORMED names line and column (in characters, from
 * 1); ERROR_TOO_LARGE beyond JSON_BYTES_MAX, JSON_VALUES_MAX or the arena's soft cap. */
Error *json_parse(Arena *arena, Str text, const JsonValue **ret_value) MUST_CHECK;

/* Everything below takes NULL for a value that is not there: it is of no type and holds nothing. */
bool json_is(const JsonValue *value, unsigned types);

/* False when the value is of another type. A number is the nearest double to what was written, in
 * every locale; as an int it must be whole, between `low` and `high`, and at most JSON_INT_MAX in
 * size. A string lives as long as the tree. */
bool json_to_bool(const JsonValue *value, bool *ret_bool);
bool json_to_number(const JsonValue *value, double *ret_number);
bool json_to_int(const JsonValue *value, int64_t low, int64_t high, int64_t *ret_int);
bool json_to_str(const JsonValue *value, Str *ret_text);

size_t json_count(const JsonValue *value);                      /* of an array or an object */
const JsonValue *json_at(const JsonValue *array, size_t index); /* NULL: not there */
const JsonValue *json_find(const JsonValue *object, const char *key);

/* The members in the order of the text: `JsonMember m = {0}; while (json_next(object, &m)) …` */
typedef struct JsonMember {
    Str key;
    const JsonValue *value;
    void *place;
} JsonMember;
bool json_next(const JsonValue *object, JsonMember *member);

/* What an object may hold. */
typedef struct JsonRule {
    const char *key;
    unsigned types; /* JsonType bits */
    bool required;
} JsonRule;

/* Adds to *fields what is wrong with the members of `object`: first those that no rule names (code
 * "unknown_member"; the first ten), then, in the order of the rules, "missing_member" and
 * "wrong_type". */
void json_check_members(Arena *arena, const JsonValue *object, const JsonRule *rules, size_t count,
                        ErrorField **fields);

/* A text from outside as a message shows it: cut to 60 bytes, control characters as "?". */
const char *json_shown(Arena *arena, Str text);

#endif
