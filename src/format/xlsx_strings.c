/* The texts lie one behind the other, each with its length in front (seven bits a byte, the last one below
 * 128), cut into blocks of one size. The first blocks stay in memory. Where every sixteenth text begins is
 * noted; the way from there goes from length to length. */
#include "format/xlsx_strings.h"

#include "base/check.h"
#include "base/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { STEP = 16, BLOCK = XLSX_STRINGS_BLOCK, PAGE = XLSX_STRINGS_PAGE };

typedef struct Cached {
    char *bytes;
    uint64_t page;
    bool filled;
} Cached;

struct XlsxStrings {
    Arena *arena;
    size_t max_text;
    size_t count;
    size_t memory_blocks; /* so many stay in memory */
    VEC(uint64_t) marks;  /* where text 0, STEP, 2 * STEP, ... begins */
    VEC(char *) blocks;   /* in memory */
    char *last;           /* the block that is being filled */
    uint64_t end;         /* behind the last text */
    int file;             /* -1: none yet */
    Cached *cache;        /* [XLSX_STRINGS_CACHE] */
};

static void close_file(void *self)
{
    XlsxStrings *strings = self;
    if (strings->file >= 0)
        close(strings->file);
}

XlsxStrings *xlsx_strings_new(Arena *arena, size_t max_text, size_t memory)
{
    XlsxStrings *strings = ARENA_NEW(arena, XlsxStrings);
    *strings = (XlsxStrings){.arena = arena,
                             .max_text = max_text,
                             .memory_blocks = (memory + BLOCK - 1) / BLOCK,
                             .last = arena_alloc_raw(arena, BLOCK),
                             .file = -1};
    arena_defer(arena, close_file, strings);
    return strings;
}

/* ---- the file ------------------------------------------------------------------------------- */

static Error *file_failed(Arena *arena, const char *call)
{
    return error_because(ERROR(arena, ERROR_UNAVAILABLE,
                               "There is no room to unpack the workbook's texts. Try again later."),
                         ERROR(arena, ERROR_UNAVAILABLE, "%s of a temporary file: %s", call,
                               strerrordesc_np(errno)));
}

static Error *open_file(XlsxStrings *strings, Arena *arena)
{
    const char *folder = getenv("TMPDIR");
    if (folder == NULL || folder[0] == '\0')
        folder = "/tmp";
    strings->file = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (strings->file < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
        char *name = arena_printf(arena, "%s/obligor-XXXXXX", folder);
        strings->file = mkostemp(name, O_CLOEXEC);
        if (strings->file >= 0)
            unlink(name);
    }
    return strings->file < 0 ? file_failed(arena, "open") : NULL;
}

/* In the file, of what stands at `at` of all. */
static off_t place_of(const XlsxStrings *strings, uint64_t at)
{
    return (off_t)(at - (uint64_t)strings->memory_blocks * BLOCK);
}

static Error *write_block(XlsxStrings *strings, Arena *arena, size_t block)
{
    if (strings->file < 0)
        TRY(open_file(strings, arena));
    for (size_t done = 0; done < BLOCK;) {
        ssize_t put = pwrite(strings->file, strings->last + done, BLOCK - done,
                             place_of(strings, (uint64_t)block * BLOCK) + (off_t)done);
        if (put < 0 && errno != EINTR)
            return file_failed(arena, "pwrite");
        done += put < 0 ? 0 : (size_t)put;
    }
    return NULL;
}

static Error *read_page(const XlsxStrings *strings, Arena *arena, uint64_t page, char *bytes)
{
    for (size_t done = 0; done < PAGE;) {
        ssize_t got = pread(strings->file, bytes + done, PAGE - done,
                            place_of(strings, page * PAGE) + (off_t)done);
        if (got == 0)
            errno = EIO;
        if (got == 0 || (got < 0 && errno != EINTR))
            return file_failed(arena, "pread");
        done += got < 0 ? 0 : (size_t)got;
    }
    return NULL;
}

/* ---- adding --------------------------------------------------------------------------------- */

/* The last block is full: it goes where it stays. */
static Error *put_away(XlsxStrings *strings, Arena *arena)
{
    size_t block = (size_t)(strings->end / BLOCK) - 1;
    if (block >= strings->memory_blocks)
        return write_block(strings, arena, block);
    vec_push(strings->arena, &strings->blocks, strings->last);
    strings->last = arena_alloc_raw(strings->arena, BLOCK);
    return NULL;
}

static Error *append(XlsxStrings *strings, Arena *arena, Str bytes)
{
    while (bytes.len > 0) {
        size_t used = (size_t)(strings->end % BLOCK);
        Str part = str_slice(bytes, 0, BLOCK - used);
        memcpy(strings->last + used, part.ptr, part.len);
        strings->end += part.len;
        bytes = str_slice(bytes, part.len, bytes.len);
        if (strings->end % BLOCK == 0)
            TRY(put_away(strings, arena));
    }
    return NULL;
}

Error *xlsx_strings_add(XlsxStrings *strings, Arena *arena, Str text)
{
    char length[4];
    size_t size = 0;
    if (strings->count == XLSX_STRINGS_MAX)
        return error_with_reason(
            ERROR(arena, ERROR_TOO_LARGE,
                  "The workbook has more than %d texts. Send it in parts, or as "
                  "CSV.",
                  XLSX_STRINGS_MAX),
            "too_many_texts");
    text = str_slice(text, 0, strings->max_text + 1);
    if (strings->count % STEP == 0)
        vec_push(strings->arena, &strings->marks, strings->end);
    size_t rest = text.len;
    for (; rest >= 128; rest >>= 7)
        length[size++] = (char)((rest & 127) | 128);
    length[size++] = (char)rest;
    strings->count++;
    TRY(append(strings, arena, (Str){length, size}));
    return append(strings, arena, text);
}

/* ---- getting -------------------------------------------------------------------------------- */

static Error *cached_page(XlsxStrings *strings, Arena *arena, uint64_t page, const char **ret_bytes)
{
    if (strings->cache == NULL)
        strings->cache = ARENA_ARRAY(strings->arena, Cached, XLSX_STRINGS_CACHE);
    Cached *cached = &strings->cache[page % XLSX_STRINGS_CACHE];
    if (cached->bytes == NULL)
        cached->bytes = arena_alloc_raw(strings->arena, PAGE);
    if (!cached->filled || cached->page != page) {
        cached->filled = false;
        TRY(read_page(strings, arena, page, cached->bytes));
        cached->page = page;
        cached->filled = true;
    }
    *ret_bytes = cached->bytes;
    return NULL;
}

/* Bytes from a place on, as far as they lie together. `stays`: they live as long as the strings. */
typedef struct Run {
    const char *bytes;
    size_t size;
    bool stays;
} Run;

static Error *find_run(XlsxStrings *strings, Arena *arena, uint64_t at, Run *ret_run)
{
    size_t block = (size_t)(at / BLOCK), in_block = (size_t)(at % BLOCK);
    bool last = block == strings->end / BLOCK;
    if (last || block < strings->blocks.count) {
        const char *bytes = last ? strings->last : strings->blocks.items[block];
        *ret_run = (Run){bytes + in_block, BLOCK - in_block, true};
        return NULL;
    }
    const char *page = NULL;
    size_t in_page = (size_t)(at % PAGE);
    TRY(cached_page(strings, arena, at / PAGE, &page));
    *ret_run = (Run){page + in_page, PAGE - in_page, false};
    return NULL;
}

static Error *read_length(XlsxStrings *strings, Arena *arena, uint64_t *at, size_t *ret_length)
{
    size_t length = 0;
    uint8_t byte = 128;
    for (int shift = 0; byte >= 128; shift += 7) {
        Run run;
        TRY(find_run(strings, arena, *at, &run));
        byte = (uint8_t)run.bytes[0];
        length |= (size_t)(byte & 127) << shift;
        ++*at;
    }
    *ret_length = length;
    return NULL;
}

static Error *copy_out(XlsxStrings *strings, Arena *arena, uint64_t at, size_t length, char *room)
{
    while (length > 0) {
        Run run;
        TRY(find_run(strings, arena, at, &run));
        size_t size = run.size < length ? run.size : length;
        memcpy(room, run.bytes, size);
        room += size;
        at += size;
        length -= size;
    }
    return NULL;
}

Error *xlsx_strings_get(XlsxStrings *strings, Arena *arena, size_t index, char *room, Str *ret_text)
{
    CHECK(index < strings->count);
    uint64_t at = strings->marks.items[index / STEP];
    size_t length;
    TRY(read_length(strings, arena, &at, &length));
    for (size_t i = index % STEP; i > 0; i--) {
        at += length;
        TRY(read_length(strings, arena, &at, &length));
    }
    Run run = {"", 0, true};
    if (length > 0)
        TRY(find_run(strings, arena, at, &run));
    if (run.stays && length <= run.size) {
        *ret_text = (Str){run.bytes, length};
        return NULL;
    }
    TRY(copy_out(strings, arena, at, length, room));
    *ret_text = (Str){room, length};
    return NULL;
}

size_t xlsx_strings_max_text(const XlsxStrings *strings)
{
    return strings->max_text;
}

size_t xlsx_strings_count(const XlsxStrings *strings)
{
    return strings->count;
}

bool xlsx_strings_spilled(const XlsxStrings *strings)
{
    return strings->file >= 0;
}
