/* The table of the engines, how a suite is run on each of them, and what they share. */
#include "engine_texts.h"

#include "store/migrate.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const Engine *const ENGINES[] = {&ENGINE_SQLITE, &ENGINE_POSTGRES};

bool engine_is_sqlite(const Engine *engine)
{
    return engine == &ENGINE_SQLITE;
}

int engines_each(const char *name, int (*act)(const Engine *engine, void *context), void *context)
{
    int sum = 0;
    for (size_t i = 0; i < ARRAY_COUNT(ENGINES); i++) {
        const Engine *engine = ENGINES[i];
        if (name != NULL && strcmp(name, engine->name) != 0)
            continue;
        if (!engine_is_sqlite(engine) && getenv("OBLIGOR_TEST_POSTGRES") == NULL) {
            printf("SKIP: no PostgreSQL here (OBLIGOR_TEST_POSTGRES is not set)\n");
            continue;
        }
        sum += act(engine, context);
    }
    return sum;
}

typedef struct Tests {
    const struct CMUnitTest *tests;
    size_t count;
} Tests;

static const Engine *current;

static int run_on(const Engine *engine, void *context)
{
    const Tests *all = context;
    current = engine;
    return _cmocka_run_group_tests(engine->name, all->tests, all->count, NULL, NULL);
}

int engines_run(const char *name, const struct CMUnitTest *tests, size_t count)
{
    Tests all = {tests, count};
    return engines_each(name, run_on, &all);
}

const Engine *engine_current(void)
{
    return current;
}

/* --- what a test stands on ---------------------------------------------------------------------- */

const char *engine_directory(Arena *arena)
{
    const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    char *directory = arena_printf(arena, "%s/obligor-test-XXXXXX", base);
    CHECK(mkdtemp(directory) != NULL);
    return directory;
}

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *place)
{
    (void)about, (void)type, (void)place;
    return remove(path);
}

int engine_directory_remove(const char *directory)
{
    return nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void engine_migrate(Arena *arena, Str url)
{
    Db *db = NULL;
    int applied = 0;
    assert_no_error(db_open(arena, url, (DbOptions){0}, &db));
    assert_no_error(migrate_up(arena, db, &applied));
    db_close(db);
}

/* --- texts that are the same everywhere --------------------------------------------------------- */

const char *engine_hex(Arena *arena, const unsigned char *bytes, size_t count)
{
    char *text = arena_alloc(arena, 2 * count + 1);
    for (size_t i = 0; i < count; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    text[2 * count] = '\0';
    return text;
}

const char *engine_real(Arena *arena, double real)
{
    const char *text = arena_printf(arena, "%.17g", real);
    return strpbrk(text, ".en") != NULL ? text : arena_printf(arena, "%s.0", text);
}

const char *engine_without_dashes(Arena *arena, const char *text)
{
    char *bare = arena_alloc(arena, strlen(text) + 1), *to = bare;
    for (; *text != '\0'; text++)
        if (*text != '-')
            *to++ = *text;
    *to = '\0';
    return bare;
}

/* --- words -------------------------------------------------------------------------------------- */

/* %s is the word's argument. */
static const struct {
    const char *word, *sqlite, *postgres;
} WORDS[] = {
    {"{true", "1", "true"},
    {"{false", "0", "false"},
    {"{nil", "zeroblob(16)", "uuid '00000000-0000-0000-0000-000000000000'"},
    {"{micros ", "%s", "(timestamptz 'epoch' + %s * interval '1 microsecond')"},
    {"{bytes ", "x'%s'", "'\\x%s'::bytea"},
    {"{id ", "x'%s'", "'%s'::uuid"},
    {"{unguarded", "PRAGMA foreign_keys = OFF", "SET session_replication_role = replica"},
};

/* The word at `at`: what stands for it is added, and its length given; 0: none is there. */
static size_t add_word(Buf *text, Arena *arena, const Engine *engine, const char *at)
{
    for (size_t i = 0; i < ARRAY_COUNT(WORDS); i++) {
        size_t length = strlen(WORDS[i].word);
        const char *end = strchr(at, '}');
        if (strncmp(at, WORDS[i].word, length) != 0 || end == NULL)
            continue;
        const char *argument = str_dup(arena, (Str){at + length, (size_t)(end - at) - length});
        if (at[1] == 'i') /* an id */
            argument = engine_without_dashes(arena, argument);
        const char *pattern = engine_is_sqlite(engine) ? WORDS[i].sqlite : WORDS[i].postgres;
        const char *hole = strstr(pattern, "%s");
        if (hole == NULL)
            buf_printf(text, "%s", pattern);
        else
            buf_printf(text, "%.*s%s%s", (int)(hole - pattern), pattern, argument, hole + 2);
        return (size_t)(end - at) + 1;
    }
    return 0;
}

const char *engine_script(Arena *arena, const Engine *engine, const char *script)
{
    Buf text = buf_new(arena, 1 << 20);
    for (const char *at = script; *at != '\0';) {
        size_t length = *at == '{' ? add_word(&text, arena, engine, at) : 0;
        if (length == 0)
            buf_add_char(&text, *at++);
        at += length;
    }
    assert_false(text.over);
    return buf_str(&text).ptr;
}
