/* Errors as values: what is put in comes out, in order, also after the arena it was made in is gone. */
#include "test.h"

static const char *const WORDS[] = {
    "invalid", "malformed", "unauthenticated", "denied",   "not_found", "conflict",    "gone",
    "changed", "too_large", "unsupported",     "too_many", "busy",      "unavailable", "internal"};

static void every_code_has_its_word(void **state)
{
    (void)state;
    assert_int_equal(ARRAY_COUNT(WORDS), ERROR_CODE_COUNT);
    for (ErrorCode code = 0; code < ERROR_CODE_COUNT; code++)
        assert_string_equal(error_word(code), WORDS[code]);
}

static void ask_for_a_word_of_no_code(void)
{
    error_word(ERROR_CODE_COUNT);
}

static void no_code_has_no_word(void **state)
{
    Arena *arena = *state;
    assert_dies(arena, ask_for_a_word_of_no_code, "code < ERROR_CODE_COUNT");
}

static void an_error_knows_where_it_was_made(void **state)
{
    Arena *arena = *state;
    Error *error = ERROR(arena, ERROR_CONFLICT, "%s is %d", "x", 3);
    int line = __LINE__ - 1;
    assert_error(error, ERROR_CONFLICT, "x is 3");
    assert_string_equal(error->file, __FILE__);
    assert_int_equal(error->line, line);
    assert_null(error->reason);
    assert_null(error->extra_json);
    assert_null(error->fields);
    assert_null(error->cause);
}

static void additions_give_the_error_back(void **state)
{
    Arena *arena = *state;
    Error *error = ERROR(arena, ERROR_UNAVAILABLE, "The database is away.");
    Error *cause = ERROR(arena, ERROR_INTERNAL, "connection refused");
    assert_ptr_equal(error_because(error, cause), error);
    assert_ptr_equal(error->cause, cause);
    assert_ptr_equal(error_with_reason(error, "database_away"), error);
    assert_string_equal(error->reason, "database_away");
}

static void fields_keep_their_order(void **state)
{
    Arena *arena = *state;
    ErrorField *fields = NULL;
    assert_null(error_from_fields(arena, fields));
    char name[] = "year";
    error_field_add(arena, &fields, name, "out_of_range", "The year %d is before %d.", 1800, 1900);
    name[0] = 'Y'; /* the name was copied */
    error_field_add(arena, &fields, "sector", "missing", "A sector is needed.");
    error_field_add(arena, &fields, "sector", "too_long", "%s", "");
    Error *error = error_from_fields(arena, fields);
    assert_error(error, ERROR_INVALID, "The year 1800 is before 1900.");
    const ErrorField *field = error->fields;
    assert_string_equal(field->field, "year");
    assert_string_equal(field->code, "out_of_range");
    assert_string_equal(field->message, "The year 1800 is before 1900.");
    field = field->next;
    assert_string_equal(field->field, "sector");
    assert_string_equal(field->code, "missing");
    field = field->next;
    assert_string_equal(field->code, "too_long");
    assert_string_equal(field->message, "");
    assert_null(field->next);
}

static void a_message_of_fields_is_not_a_format(void **state)
{
    Arena *arena = *state;
    ErrorField *fields = NULL;
    error_field_add(arena, &fields, "a", "b", "%s", "100%s %n%d");
    assert_error(error_from_fields(arena, fields), ERROR_INVALID, "100%s %n%d");
}

static void a_copy_outlives_its_arena(void **state)
{
    Arena *arena = *state;
    assert_null(error_copy(arena, NULL));
    Arena *other = arena_new(0);
    ErrorField *fields = NULL;
    error_field_add(other, &fields, arena_strdup(other, "f1"), arena_strdup(other, "c1"), "m1 %%");
    error_field_add(other, &fields, arena_strdup(other, "f2"), arena_strdup(other, "c2"), "m2");
    Error *error = error_from_fields(other, fields);
    error->extra_json = arena_strdup(other, "\"a\": 1");
    error_with_reason(error, arena_strdup(other, "why"));
    Error *root = ERROR(other, ERROR_BUSY, "root");
    error_because(error, error_because(ERROR(other, ERROR_INTERNAL, "middle"), root));
    int line = error->line;

    Error *copy = error_copy(arena, error);
    memset((void *)(uintptr_t)error->message, 'x', 2); /* a shallow copy would show it */
    arena_free(other);

    assert_error(copy, ERROR_INVALID, "m1 %");
    assert_int_equal(copy->line, line);
    assert_string_equal(copy->reason, "why");
    assert_string_equal(copy->extra_json, "\"a\": 1");
    assert_string_equal(copy->fields->field, "f1");
    assert_string_equal(copy->fields->code, "c1");
    assert_string_equal(copy->fields->message, "m1 %");
    assert_string_equal(copy->fields->next->field, "f2");
    assert_string_equal(copy->fields->next->code, "c2");
    assert_string_equal(copy->fields->next->message, "m2");
    assert_null(copy->fields->next->next);
    assert_error(copy->cause, ERROR_INTERNAL, "middle");
    assert_error(copy->cause->cause, ERROR_BUSY, "root");
    assert_null(copy->cause->cause->cause);
}

static void the_chain_is_one_text(void **state)
{
    Arena *arena = *state;
    Error *error = error_new(arena, ERROR_UNAVAILABLE, "a.c", 1, "It is away.");
    assert_string_equal(error_chain(arena, error), "It is away. [a.c:1]");
    error_because(error, error_new(arena, ERROR_INTERNAL, "b.c", 22, "50%% of %s", "\"x\""));
    error_because(error->cause, error_new(arena, ERROR_INTERNAL, "c.c", 333, "%s", ""));
    assert_string_equal(error_chain(arena, error),
                        "It is away. [a.c:1] <- 50% of \"x\" [b.c:22] <-  [c.c:333]");
}

/* A library's text of any length may be a cause; the log must not lose the whole chain over it. */
static void a_huge_message_still_says_something(void **state)
{
    Arena *arena = *state;
    char *huge = memset(arena_alloc(arena, 100001), 'x', 100000);
    const char *chain = error_chain(arena, error_new(arena, ERROR_INTERNAL, "a.c", 1, "%s", huge));
    assert_int_equal(strncmp(chain, "xxxx", 4), 0);
    Error *error = error_new(arena, ERROR_INTERNAL, "b.c", 2, "short");
    error_because(error, error_new(arena, ERROR_INTERNAL, "a.c", 1, "%s", huge));
    chain = error_chain(arena, error);
    assert_int_equal(strncmp(chain, "short [b.c:2]", 13), 0);
}

static Error *fail_if(Arena *arena, bool fails, int *calls)
{
    (*calls)++;
    return fails ? ERROR(arena, ERROR_GONE, "gone") : NULL;
}

static Error *try_twice(Arena *arena, bool first_fails, int *calls)
{
    TRY(fail_if(arena, first_fails, calls));
    TRY(fail_if(arena, true, calls));
    return NULL;
}

static void try_returns_the_first_error(void **state)
{
    Arena *arena = *state;
    int calls = 0;
    assert_error(try_twice(arena, true, &calls), ERROR_GONE, "gone");
    assert_int_equal(calls, 1);
    assert_error(try_twice(arena, false, &calls), ERROR_GONE, "gone");
    assert_int_equal(calls, 3);
}

static void room_ends_at_the_soft_cap(void **state)
{
    (void)state;
    Arena *arena = arena_new(160);
    assert_no_error(arena_room(arena));
    arena_alloc(arena, 160);
    assert_no_error(arena_room(arena));
    ArenaMark mark = arena_mark(arena);
    arena_alloc(arena, 1);
    assert_error(arena_room(arena), ERROR_TOO_LARGE,
                 "The request needs more memory than one request may use.");
    arena_rewind(arena, mark);
    assert_no_error(arena_room(arena));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_code_has_its_word),
        TEST(no_code_has_no_word),
        TEST(an_error_knows_where_it_was_made),
        TEST(additions_give_the_error_back),
        TEST(fields_keep_their_order),
        TEST(a_message_of_fields_is_not_a_format),
        TEST(a_copy_outlives_its_arena),
        TEST(the_chain_is_one_text),
        TEST(a_huge_message_still_says_something),
        TEST(try_returns_the_first_error),
        TEST(room_ends_at_the_soft_cap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
