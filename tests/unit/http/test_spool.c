/* Files without a name: nothing of them is ever left behind, and every way of failing is told. */
#include "http/spool.h"

#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

static const char *directory;

static int make_directory(void **state)
{
    (void)state;
    static char path[] = "/tmp/obligor-spool-XXXXXX";
    directory = mkdtemp(path);
    return directory == NULL;
}

static int remove_directory(void **state)
{
    (void)state;
    return rmdir(directory); /* fails when something was left behind */
}

static int files_there(void)
{
    int count = 0;
    DIR *entries = opendir(directory);
    assert_non_null(entries);
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(entries);
    return count;
}

static void keeps_what_is_written_and_its_digest(void **state)
{
    Spool *spool;
    char back[7] = "";
    assert_no_error(spool_open(*state, directory, 100, true, &spool));
    assert_no_error(spool_write(spool, *state, STR("abc")));
    assert_no_error(spool_write(spool, *state, STR("")));
    assert_no_error(spool_write(spool, *state, STR("def")));
    assert_int_equal(spool->size, 6);
    assert_int_equal(pread(spool->fd, back, 6, 0), 6);
    assert_string_equal(back, "abcdef");
    Digest digest = spool_digest(spool), expected = digest_of(STR("abcdef"));
    assert_memory_equal(&digest, &expected, sizeof digest);
}

static void has_no_name(void **state)
{
    Spool *spool;
    struct stat info;
    assert_no_error(spool_open(*state, directory, 100, false, &spool));
    assert_no_error(spool_write(spool, *state, STR("abc")));
    assert_int_equal(files_there(), 0);
    assert_int_equal(fstat(spool->fd, &info), 0);
    assert_int_equal(info.st_nlink, 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void is_closed_with_its_arena(void **state)
{
    Spool *spool;
    Arena *arena = arena_new(0);
    (void)state;
    assert_no_error(spool_open(arena, directory, 100, false, &spool));
    int fd = spool->fd;
    assert_true(fcntl(fd, F_GETFD) >= 0);
    arena_free(arena);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static void refuses_more_than_its_most(void **state)
{
    Spool *spool;
    assert_no_error(spool_open(*state, directory, 5, true, &spool));
    assert_no_error(spool_write(spool, *state, STR("12345")));
    assert_error(spool_write(spool, *state, STR("6")), ERROR_TOO_LARGE,
                 "The file is larger than the 5 bytes that are allowed.");
}

static void says_when_there_is_no_room(void **state)
{
    struct rlimit before, small = {10, 10};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small.rlim_max = before.rlim_max;
    Spool *in, *out;
    assert_no_error(spool_open(*state, directory, 100, true, &in));
    assert_no_error(spool_open(*state, directory, 100, false, &out));
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    Error *error = spool_write(in, *state, STR("12345678901234567890"));
    Error *other = spool_write(out, *state, STR("12345678901234567890"));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_error(error, ERROR_UNAVAILABLE,
                 "The server has no room left for the upload. Nothing was stored; send it again "
                 "later.");
    assert_string_equal(error->reason, "no_room");
    assert_string_equal(error->cause->message, "spool: File too large");
    assert_error(other, ERROR_UNAVAILABLE,
                 "The server cannot prepare the file at the moment. Try again later.");
}

static void says_when_the_directory_is_not_there(void **state)
{
    Spool *spool;
    Error *error = spool_open(*state, "/nonexistent/spool", 5, true, &spool);
    assert_error(error, ERROR_UNAVAILABLE,
                 "The server cannot take files at the moment. Nothing was stored; send it again "
                 "later.");
    assert_null(error->reason);
}

enum { MIB = 1 << 20 };

static Error *write_many(Spool *spool, Arena *arena, int64_t bytes)
{
    char *zeros = arena_alloc(arena, 4096);
    for (; bytes > 0; bytes -= 4096)
        TRY(spool_write(spool, arena, (Str){zeros, bytes < 4096 ? (size_t)bytes : 4096}));
    return NULL;
}

/* What one takes the others have not; it comes back with the arena of the one. */
static void a_quota_is_shared(void **state)
{
    Arena *one = arena_new(0), *two = arena_new(0);
    SpoolQuota quota = {.left = 4 * MIB, .total = 4 * MIB};
    Spool *first, *second;
    assert_no_error(spool_open_within(one, directory, &quota, &first));
    assert_no_error(spool_open_within(two, directory, &quota, &second));
    assert_no_error(write_many(first, *state, 2 * MIB + 5));
    assert_int_equal(quota.left, MIB);
    assert_no_error(write_many(second, *state, MIB));
    assert_int_equal(quota.left, 0);
    Error *error = write_many(second, *state, 1);
    assert_error(error, ERROR_BUSY,
                 "The server has too many files on their way out. Try again in a minute.");
    assert_string_equal(error->reason, "spool_full");
    arena_free(one);
    assert_int_equal(quota.left, 3 * MIB);
    assert_no_error(write_many(second, *state, 2 * MIB));
    assert_error(
        write_many(second, *state, 2 * MIB), ERROR_TOO_LARGE,
        "The file would have more than the 4194304 bytes that the server keeps for files on "
        "their way out. Ask for less at a time.");
    arena_free(two);
    assert_int_equal(quota.left, 4 * MIB);
}

/* The last bytes of a quota are used too, though it is taken in larger steps. */
static void a_quota_is_used_up(void **state)
{
    Arena *arena = arena_new(0);
    SpoolQuota quota = {.left = MIB + 10, .total = MIB + 10};
    Spool *spool;
    assert_no_error(spool_open_within(arena, directory, &quota, &spool));
    assert_no_error(write_many(spool, *state, MIB + 10));
    assert_int_equal(quota.left, 0);
    assert_int_equal(write_many(spool, *state, 1)->code, ERROR_TOO_LARGE);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(keeps_what_is_written_and_its_digest),
        TEST(has_no_name),
        TEST(is_closed_with_its_arena),
        TEST(refuses_more_than_its_most),
        TEST(says_when_there_is_no_room),
        TEST(says_when_the_directory_is_not_there),
        TEST(a_quota_is_shared),
        TEST(a_quota_is_used_up),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
