/* Runs a fuzz target on the empty input and on every file of the directories given. Each input lies
 * in memory of exactly its size, so that the address sanitizer sees a read beyond its end. A directory
 * without a file fails: a corpus that went missing would otherwise look like a passed test. */
#include "replay.h"

#include "base/check.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>

static void replay(const char *path, FILE *file)
{
    size_t size = 0, cap = 4096;
    uint8_t *data = check_malloc(cap);
    for (;;) {
        size += fread(data + size, 1, cap - size, file);
        if (size < cap)
            break;
        cap *= 2;
        data = check_realloc(data, cap);
    }
    CHECK(!ferror(file));
    data = check_realloc(data, size);
    fprintf(stderr, "%s (%zu bytes)\n", path, size); /* the last one named is the one that failed */
    LLVMFuzzerTestOneInput(data, size);
    free(data);
}

/* Returns how many files were run, or -1 when the directory cannot be read. */
static int replay_directory(const char *directory)
{
    DIR *entries = opendir(directory);
    if (entries == NULL)
        return -1;
    int count = 0;
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        char path[4096];
        if (entry->d_name[0] == '.')
            continue;
        int length = snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        CHECK(length > 0 && (size_t)length < sizeof path);
        FILE *file = fopen(path, "rb");
        CHECK(file != NULL);
        replay(path, file);
        fclose(file);
        count++;
    }
    closedir(entries);
    return count;
}

int main(int argc, char **argv)
{
    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++) {
        int count = replay_directory(argv[i]);
        if (count <= 0) {
            fprintf(stderr, "%s: %s\n", argv[i], count < 0 ? strerror(errno) : "no input in it");
            return 1;
        }
        printf("%d inputs of %s replayed\n", count, argv[i]);
    }
    return 0;
}
