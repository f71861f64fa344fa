/* What a watch has seen of a database that is there, that is not, and that is not fit yet. */
#include "http/watch.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/migrate.h"
#include "test.h"

typedef struct Place {
    const char *directory;
    const char *url;
} Place;

static Place make_place(Arena *arena)
{
    char *directory = arena_strdup(arena, "/tmp/obligor-watch-XXXXXX");
    assert_non_null(mkdtemp(directory));
    return (Place){directory, arena_printf(arena, "sqlite:%s/o.db", directory)};
}

static void remove_place(Arena *arena, Place place)
{
    static const char *const names[] = {"o.db", "o.db-wal", "o.db-shm"};
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        unlink(arena_printf(arena, "%s/%s", place.directory, names[i]));
    assert_int_equal(rmdir(place.directory), 0);
}

static Db *make_database(Arena *arena, Place place)
{
    Db *db = NULL;
    assert_no_error(db_open(arena, str_from(place.url), (DbOptions){0}, &db));
    return db;
}

static void bring_up_to_date(Arena *arena, Db *db)
{
    int applied;
    assert_no_error(migrate_up(arena, db, &applied));
}

static bool becomes_ready(const Watch *watch)
{
    for (int i = 0; i < 1000 && !watch_is_ready(watch); i++)
        clock_sleep(10000);
    return watch_is_ready(watch);
}

static void a_database_in_order_is_ready_at_once(void **state)
{
    Place place = make_place(*state);
    Db *db = make_database(*state, place);
    Error *error = NULL;
    int64_t waiting = -1, oldest = -1;
    bring_up_to_date(*state, db);
    Watch *watch = watch_start(*state, place.url, WATCH_DATABASE, &error);
    assert_no_error(error);
    assert_true(watch_is_ready(watch));
    assert_false(watch_is_away(watch));
    assert_true(watch_tasks(watch, &waiting, &oldest));
    assert_int_equal(waiting, 0);
    assert_int_equal(oldest, 0);
    assert_int_equal(watch_shown_at(watch, INT64_MAX), 0); /* it has no replica */
    watch_stop(watch);
    db_close(db);
    remove_place(*state, place);
}

static void an_old_schema_is_an_answer_but_not_ready(void **state)
{
    Place place = make_place(*state);
    Db *db = make_database(*state, place);
    Error *error = NULL;
    int64_t waiting, oldest;
    Watch *watch = watch_start(*state, place.url, WATCH_DATABASE, &error);
    assert_error(error, ERROR_CONFLICT, "The schema of the database is not up to date.");
    assert_false(watch_is_away(watch));
    assert_false(watch_is_ready(watch));
    assert_false(watch_tasks(watch, &waiting, &oldest));
    bring_up_to_date(*state, db);
    assert_true(becomes_ready(watch));
    watch_stop(watch);
    db_close(db);
    remove_place(*state, place);
}

static void a_database_that_is_not_there_is_away_until_it_comes(void **state)
{
    Place place = make_place(*state);
    Error *error = NULL;
    Watch *watch = watch_start(*state, place.url, WATCH_DATABASE, &error);
    assert_non_null(error);
    assert_int_equal(error->code, ERROR_UNAVAILABLE);
    assert_true(watch_is_away(watch));
    assert_false(watch_is_ready(watch));
    Db *db = make_database(*state, place);
    bring_up_to_date(*state, db);
    assert_true(becomes_ready(watch));
    assert_false(watch_is_away(watch));
    watch_stop(watch);
    watch_stop(NULL);
    db_close(db);
    remove_place(*state, place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_database_in_order_is_ready_at_once),
        TEST(an_old_schema_is_an_answer_but_not_ready),
        TEST(a_database_that_is_not_there_is_away_until_it_comes),
    };
    log_setup(LOG_OFF, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
