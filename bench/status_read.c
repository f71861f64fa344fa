/* What a job's status costs the database: who asks, by a token, and the job, as GET …/jobs/{id}/status reads them.
 *
 *     status_read URL TOKEN TIMES < IDS    so many reads, of one of the jobs named after the other
 *
 * Prints one line of JSON, in microseconds: of the job's read alone, and of both. */
#include "domain/accounts.h"
#include "domain/jobs.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/number.h"

#include <time.h>

enum { IDS_MAX = 10000, TIMES_MAX = 1000000 };

typedef struct Times {
    double *job, *both;
    size_t count;
} Times;

static void must(const Error *error)
{
    if (error == NULL)
        return;
    fprintf(stderr, "status_read: %s (%s)\n", error->message,
            error->cause != NULL ? error->cause->message : "no cause");
    exit(1);
}

static double micros(void)
{
    struct timespec now;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static size_t read_ids(Uuid *ids)
{
    char line[64];
    size_t count = 0;
    while (count < IDS_MAX && fgets(line, sizeof line, stdin) != NULL)
        count += uuid_parse(str_trim(str_from(line)), &ids[count]);
    return count;
}

static void read_once(Db *db, Str token, Uuid id, Times *times)
{
    static const Peer peer = {.via = "http", .address = "127.0.0.1"};
    Principal *who;
    Job *job;
    Arena *arena = arena_new(0);
    double start = micros();
    must(accounts_authenticate(arena, db, &peer, token, &who));
    double known = micros();
    must(jobs_get(arena, db, who, id, false, &job));
    double end = micros();
    times->job[times->count] = end - known;
    times->both[times->count++] = end - start;
    arena_free(arena);
}

static int ascending(const void *a, const void *b)
{
    double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

static void show(const char *name, double *values, size_t count, const char *end)
{
    qsort(values, count, sizeof *values, ascending);
    printf("\"%s\": {\"p50\": %.1f, \"p99\": %.1f, \"highest\": %.1f}%s", name, values[count / 2],
           values[count * 99 / 100], values[count - 1], end);
}

int main(int count, char **words)
{
    static Uuid ids[IDS_MAX];
    int64_t wanted = 0;
    if (count != 4 || !number_parse_int(str_from(words[3]), 1, TIMES_MAX, &wanted)) {
        fputs("status_read URL TOKEN TIMES < IDS\n", stderr);
        return 2;
    }
    Arena *arena = arena_new(0);
    Db *db;
    size_t known = read_ids(ids);
    Times times = {.job = ARENA_ARRAY(arena, double, (size_t)wanted),
                   .both = ARENA_ARRAY(arena, double, (size_t)wanted)};
    CHECK(known > 0);
    must(db_open(arena, str_from(words[1]), (DbOptions){.read_only = true, .must_exist = true},
                 &db));
    while (times.count < (size_t)wanted)
        read_once(db, str_from(words[2]), ids[times.count % known], &times);
    db_close(db);
    printf("{");
    show("job", times.job, times.count, ", ");
    show("both", times.both, times.count, "}\n");
    arena_free(arena);
    return 0;
}
