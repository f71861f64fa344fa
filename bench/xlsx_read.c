/* What reading a workbook costs beside what its form alone costs.
 *
 *     xlsx_read read FILE SHEET    every row, as an import reads it
 *     xlsx_read parse FILE PART…   these parts of the archive inflated and parsed, with nobody listening
 *
 * Prints one line of JSON. */
#include "format/table.h"

#include "base/check.h"
#include "base/clock.h"

#include <expat.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <zip.h>

enum { PIECE = 64 * 1024 };

static int64_t read_rows(Arena *arena, const char *path, const char *sheet)
{
    RangeSource source;
    Table *table;
    TableRow row;
    bool more = true;
    int64_t rows = 0;
    Arena *row_arena = arena_new(0);
    Error *error = range_source_from_fd(arena, open(path, O_RDONLY | O_CLOEXEC), &source);
    if (error == NULL)
        error = table_open(arena, source, (TableOptions){.sheet = str_from(sheet)}, &table);
    while (error == NULL && more) {
        arena_rewind(row_arena, (ArenaMark){0});
        error = table_next(table, row_arena, &row, &more);
        rows += error == NULL && more;
    }
    if (error != NULL) {
        fprintf(stderr, "xlsx_read: %s\n", error->message);
        exit(1);
    }
    arena_free(row_arena);
    return rows;
}

static int64_t parse_part(zip_t *zip, const char *part)
{
    zip_file_t *file = zip_fopen(zip, part, 0);
    XML_Parser parser = XML_ParserCreate(NULL);
    int64_t bytes = 0;
    zip_int64_t size;
    CHECK(file != NULL && parser != NULL);
    do {
        void *piece = XML_GetBuffer(parser, PIECE);
        CHECK(piece != NULL);
        size = zip_fread(file, piece, PIECE);
        CHECK(size >= 0 && XML_ParseBuffer(parser, (int)size, size == 0) == XML_STATUS_OK);
        bytes += size;
    } while (size > 0);
    XML_ParserFree(parser);
    zip_fclose(file);
    return bytes;
}

static int64_t parse_parts(const char *path, char **parts)
{
    int code;
    int64_t bytes = 0;
    zip_t *zip = zip_open(path, ZIP_RDONLY, &code);
    CHECK(zip != NULL);
    for (; *parts != NULL; parts++)
        bytes += parse_part(zip, *parts);
    zip_discard(zip);
    return bytes;
}

/* Not ru_maxrss, which a process takes over from the one that started it. */
static long most_memory(void)
{
    char line[128];
    long kib = 0;
    FILE *status = fopen("/proc/self/status", "r");
    CHECK(status != NULL);
    while (fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0)
            kib = strtol(line + 6, NULL, 10);
    fclose(status);
    return kib;
}

int main(int count, char **words)
{
    if (count < 4) {
        fputs("xlsx_read read FILE SHEET | parse FILE PART...\n", stderr);
        return 2;
    }
    Arena *arena = arena_new(0);
    struct rusage used;
    int64_t start = clock_monotonic();
    int64_t done = strcmp(words[1], "read") == 0 ? read_rows(arena, words[2], words[3])
                                                 : parse_parts(words[2], words + 3);
    int64_t took = clock_monotonic() - start;
    CHECK(getrusage(RUSAGE_SELF, &used) == 0);
    printf("{\"done\": %lld, \"seconds\": %.6f, \"cpu_seconds\": %.6f, \"rss_kib\": %ld}\n",
           (long long)done, (double)took / 1e6,
           (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
               (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6,
           most_memory());
    arena_free(arena);
    return 0;
}
