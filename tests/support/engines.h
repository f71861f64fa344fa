/* The engines that tests run on, in one table: what runs on one runs on all of them. An engine makes an empty
 * database for one test, copies it, takes it away again, and shows its rows past the store, so that a test never
 * asks the code under test whether it did what it says.
 *
 * Rows come as text that is the same on every engine: a bool is 1 or 0, a time is µs UTC, an id and bytes are hex
 * without any mark, a real has a point or an exponent. */
#ifndef OBLIGOR_TESTS_ENGINES_H
#define OBLIGOR_TESTS_ENGINES_H

#include "base/str.h"
#include "test.h"

#include <stdbool.h>

typedef void (*EngineRow)(void *context, int count, const char *const *columns);

typedef struct Engine {
    const char *name;
    const char *schema;   /* a query that gives the schema as text */
    const char *contents; /* a query that gives queries, which give each table's rows as text */
    /* The URL of an empty database; `directory` is the test's own. */
    Str (*make)(Arena *arena, const char *directory);
    /* The same with the newest schema. */
    Str (*make_migrated)(Arena *arena, const char *directory);
    /* Behind the test. Nobody may be connected. */
    void (*drop)(Arena *arena, Str url);
    /* One copy of all rows, kept beside the database and put back; nobody may be connected at `restore`. */
    void (*save)(Arena *arena, Str url);
    void (*restore)(Arena *arena, Str url);
    void (*each_row)(Str url, const char *script, EngineRow row, void *context);
} Engine;

/* Runs `act` on each engine that is here, or on the one of that name (NULL: on all), and adds up what it gives.
 * An engine that is not here is skipped aloud. */
int engines_each(const char *name, int (*act)(const Engine *engine, void *context), void *context);

/* Runs the tests as a group of its own on each engine, or on the one of that name. */
int engines_run(const char *name, const struct CMUnitTest *tests, size_t count);

/* The engine of the group that is running. */
const Engine *engine_current(void);

/* A directory for one test, in memory where there is room, since tests commit thousands of times and none of
 * them is about the power failing; and away with it, 0 where that went well. */
const char *engine_directory(Arena *arena);
int engine_directory_remove(const char *directory);

bool engine_is_sqlite(const Engine *engine);

/* `script` with words in braces replaced by what this engine writes for them, as in sql/queries:
 *     {true} {false} {nil}    a bool, the id that is all zeros
 *     {micros 12}             the time of so many µs
 *     {bytes 00ff}            bytes
 *     {id 0190…}              an id, with or without its dashes
 *     {unguarded}             a statement: until the end of the script references are not watched over
 * Other braces stay as they are. */
const char *engine_script(Arena *arena, const Engine *engine, const char *script);

#endif
