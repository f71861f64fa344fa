/* The log of an embedded database begins anew while others write and read, loses nothing, and waits for whoever reads. */
#include "store/db_sqlite_log.h"

#include "base/clock.h"
#include "fixture.h"
#include "store/account_store.h"
#include "store/key_store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LONG_HERE = 64, AT_MOST = 2000 }; /* pages */
#define PATIENCE SECONDS(30)

typedef struct Writer {
    Fixture *f;
    Arena *arena;
    Db *db;
    atomic_bool *stop;
    int64_t rows;
    Error *error;
} Writer;

static const char *path_of(const Fixture *f)
{
    return f->url.ptr + strlen("sqlite:");
}

static const char *log_path(const Fixture *f)
{
    return arena_printf(f->arena, "%s-wal", path_of(f));
}

/* How often the log was begun anew: SQLite counts it in the head of the file, big-endian at byte 12. */
static uint32_t times_begun(const Fixture *f)
{
    unsigned char head[16] = {0};
    FILE *file = fopen(log_path(f), "rb");
    if (file == NULL)
        return 0;
    size_t got = fread(head, 1, sizeof head, file);
    fclose(file);
    return got < sizeof head ? 0
                             : (uint32_t)head[12] << 24 | (uint32_t)head[13] << 16 |
                                   (uint32_t)head[14] << 8 | head[15];
}

static int64_t log_pages(const Fixture *f)
{
    struct stat status;
    return stat(log_path(f), &status) == 0 ? status.st_size / 4096 : 0;
}

static Error *write_once(Writer *writer)
{
    Tx TX_AUTO tx = {0};
    TRY(tx_begin(writer->db, writer->arena, TX_WRITE, &tx));
    for (int i = 0; i < 4; i++)
        TRY(db_script(writer->db, writer->arena, "INSERT INTO pile (x) VALUES (randomblob(4000))"));
    TRY(owner_touch(writer->arena, writer->db, writer->f->user));
    TRY(tx_commit(&tx, writer->arena));
    writer->rows += 4;
    return NULL;
}

static void *write_on(void *argument)
{
    Writer *writer = argument;
    while (!atomic_load(writer->stop) && writer->error == NULL)
        writer->error = write_once(writer);
    return NULL;
}

static Writer writer_new(Fixture *f, bool bulk, atomic_bool *stop)
{
    Writer writer = {.f = f, .arena = arena_new(0), .stop = stop};
    assert_no_error(db_open(f->arena, f->url, (DbOptions){.bulk = bulk}, &writer.db));
    return writer;
}

static void writer_end(Writer *writer)
{
    assert_no_error(writer->error);
    db_close(writer->db);
    arena_free(writer->arena);
}

static int make_pile(void **state)
{
    int made = fixture_set_up(state);
    Fixture *f = *state;
    log_care_inject(LONG_HERE);
    assert_no_error(db_script(f->db, f->arena, "CREATE TABLE pile (x)"));
    return made;
}

static int remove_pile(void **state)
{
    log_care_inject(0);
    return fixture_tear_down(state);
}

static void check_pile(Fixture *f, int64_t rows)
{
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM pile"), rows);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM pragma_integrity_check "
                                       "WHERE integrity_check = 'ok'"),
                     1);
}

static void wait_until_begun(const Fixture *f, uint32_t times)
{
    int64_t until = clock_monotonic() + PATIENCE;
    while (times_begun(f) < times) {
        assert_true(clock_monotonic() < until);
        clock_sleep(1000);
    }
}

/* One does long work, one writes now and then, and neither ever rests. */
static void begins_anew_while_all_write(void **state)
{
    Fixture *f = *state;
    atomic_bool stop = false;
    Writer writers[] = {writer_new(f, true, &stop), writer_new(f, false, &stop)};
    pthread_t threads[ARRAY_COUNT(writers)];
    uint32_t before = times_begun(f);
    for (size_t i = 0; i < ARRAY_COUNT(writers); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_on, &writers[i]), 0);
    wait_until_begun(f, before + 5);
    atomic_store(&stop, true);
    for (size_t i = 0; i < ARRAY_COUNT(writers); i++)
        pthread_join(threads[i], NULL);
    int64_t rows = writers[0].rows + writers[1].rows;
    assert_true(writers[0].rows > 0 && writers[1].rows > 0);
    assert_true(log_pages(f) < AT_MOST);
    for (size_t i = 0; i < ARRAY_COUNT(writers); i++)
        writer_end(&writers[i]);
    check_pile(f, rows);
}

/* Who reads sees what was there when it began, for as long as it likes; then the log begins anew. */
static void waits_for_who_reads(void **state)
{
    Fixture *f = *state;
    atomic_bool stop = false;
    Writer writer = writer_new(f, true, &stop);
    Db *reader = NULL;
    assert_no_error(write_once(&writer));
    assert_no_error(db_open(f->arena, f->url, (DbOptions){.read_only = true}, &reader));
    Tx tx = {0};
    int64_t first = -1, last = -1;
    assert_no_error(tx_begin(reader, f->arena, TX_READ, &tx));
    assert_no_error(owner_revision(f->arena, reader, f->user, &first));
    uint32_t before = times_begun(f);
    while (log_pages(f) < 4 * LONG_HERE)
        assert_no_error(write_once(&writer));
    assert_no_error(owner_revision(f->arena, reader, f->user, &last));
    assert_int_equal(last, first);
    assert_int_equal(times_begun(f), before);
    assert_no_error(tx_commit(&tx, f->arena));
    assert_no_error(owner_revision(f->arena, reader, f->user, &last));
    assert_int_equal(last, first + writer.rows / 4 - 1);
    db_close(reader);
    int64_t until = clock_monotonic() + PATIENCE;
    while (times_begun(f) == before) {
        assert_true(clock_monotonic() < until);
        assert_no_error(write_once(&writer));
    }
    int64_t rows = writer.rows;
    writer_end(&writer);
    check_pile(f, rows);
}

/* The thread ends with the last session that may write, and another one begins with the next. */
static void ends_with_the_last_session(void **state)
{
    Fixture *f = *state;
    atomic_bool stop = false;
    int64_t rows = 0;
    db_close(f->db);
    for (int i = 0; i < 3; i++) {
        Writer writer = writer_new(f, i % 2 == 0, &stop);
        for (int k = 0; k < LONG_HERE; k++)
            assert_no_error(write_once(&writer));
        rows += writer.rows;
        writer_end(&writer);
        assert_int_equal(access(log_path(f), F_OK), -1); /* nobody has it open any more */
    }
    assert_no_error(db_open(f->arena, f->url, (DbOptions){0}, &f->db));
    check_pile(f, rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(begins_anew_while_all_write, make_pile, remove_pile),
        cmocka_unit_test_setup_teardown(waits_for_who_reads, make_pile, remove_pile),
        cmocka_unit_test_setup_teardown(ends_with_the_last_session, make_pile, remove_pile),
    };
    return fixture_run_on("sqlite", tests);
}
