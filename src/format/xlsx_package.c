/* libzip finds the entries and inflates them; it reads the file through callbacks, so that the file need not
 * lie on a disk. What an archive says of itself is believed only as far as it makes matters worse: sizes
 * are counted again while a part is read.
 *
 * libzip makes room for as many entries as the archive's end claims before it looks for them, and tries
 * every place that could be that end. So the claims are looked at first, and how much of the file it may
 * read while it opens is limited. */
#include "format/xlsx_package.h"

#include "base/check.h"
#include "base/map.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <zip.h>

enum {
    END_SIZE = 22, /* of the end of an archive, without its comment ... */
    END_COMMENT_MAX = 65535,
    END64_PLACE_SIZE = 20, /* ... of what may stand before it in a large archive ... */
    END64_SIZE = 56        /* ... and of what that points to */
};

struct XlsxPackage {
    Arena *arena;
    RangeSource file;
    zip_t *zip;
    Map parts; /* name in small letters -> index + 1 */
    int64_t at;
    int64_t inflated;
    int64_t opening_left; /* bytes that may still be read; -1: it is open */
    Arena *error_arena;   /* of the call that is under way */
    Error *error;         /* of the source, met in a callback */
    zip_error_t callback_error;
};

struct XlsxPart {
    XlsxPackage *package;
    const char *name;
    zip_file_t *file;
    int64_t size;
    int64_t packed;
    int64_t done;
};

Error *xlsx_damaged(Arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *what = arena_vprintf(arena, format, arguments);
    va_end(arguments);
    return error_with_reason(
        ERROR(arena, ERROR_MALFORMED,
              "The workbook is damaged: %s. Open it in Excel or LibreOffice, save it as .xlsx and "
              "send that.",
              what),
        "damaged_workbook");
}

static Error *refused(Arena *arena, ErrorCode code, const char *reason, const char *message)
{
    return error_with_reason(ERROR(arena, code, "%s", message), reason);
}

/* ---- the source, as libzip asks for it ------------------------------------------------------ */

static zip_int64_t fail(XlsxPackage *package, int code)
{
    zip_error_set(&package->callback_error, code, EIO);
    return -1;
}

static zip_int64_t source_read(XlsxPackage *package, char *bytes, uint64_t size)
{
    size_t got = 0;
    if (package->opening_left >= 0 && (int64_t)size > package->opening_left) {
        if (package->error == NULL)
            package->error =
                refused(package->error_arena, ERROR_TOO_LARGE, "too_many_entries",
                        "The list of what the workbook holds is too long to be one that a "
                        "spreadsheet program wrote. Save the workbook again and send that.");
        return fail(package, ZIP_ER_READ);
    }
    Error *error =
        range_source_read(&package->file, package->error_arena, package->at, bytes, size, &got);
    if (error != NULL) {
        package->error = error;
        return fail(package, ZIP_ER_READ);
    }
    package->at += (int64_t)got;
    if (package->opening_left >= 0)
        package->opening_left -= (int64_t)got;
    return (zip_int64_t)got;
}

static zip_int64_t source_seek(XlsxPackage *package, void *data, uint64_t size)
{
    zip_int64_t at =
        zip_source_seek_compute_offset((zip_uint64_t)package->at, (zip_uint64_t)package->file.size,
                                       data, size, &package->callback_error);
    if (at < 0)
        return -1;
    package->at = at;
    return 0;
}

static zip_int64_t source_stat(const XlsxPackage *package, void *data)
{
    zip_stat_t *status = data;
    zip_stat_init(status);
    status->size = (zip_uint64_t)package->file.size;
    status->valid |= ZIP_STAT_SIZE;
    return (zip_int64_t)sizeof *status;
}

static zip_int64_t answer(void *self, void *data, zip_uint64_t size, zip_source_cmd_t command)
{
    XlsxPackage *package = self;
    switch (command) {
    case ZIP_SOURCE_OPEN:
        package->at = 0;
        return 0;
    case ZIP_SOURCE_READ:
        return source_read(package, data, size);
    case ZIP_SOURCE_SEEK:
        return source_seek(package, data, size);
    case ZIP_SOURCE_TELL:
        return package->at;
    case ZIP_SOURCE_STAT:
        return source_stat(package, data);
    case ZIP_SOURCE_ERROR:
        return zip_error_to_data(&package->callback_error, data, size);
    case ZIP_SOURCE_SUPPORTS:
        return ZIP_SOURCE_SUPPORTS_SEEKABLE;
    case ZIP_SOURCE_CLOSE:
    case ZIP_SOURCE_FREE:
        return 0;
    default:
        return fail(package, ZIP_ER_OPNOTSUPP);
    }
}

/* What the source said goes before what libzip makes of it. */
static Error *zip_failed(XlsxPackage *package, Arena *arena, zip_error_t *error, const char *what)
{
    if (package->error != NULL)
        return package->error;
    int code = zip_error_code_zip(error);
    if (code == ZIP_ER_MEMORY)
        return refused(arena, ERROR_TOO_LARGE, "damaged_workbook",
                       "The workbook wants more memory than there is.");
    return error_because(xlsx_damaged(arena, "%s", what),
                         ERROR(arena, ERROR_MALFORMED, "libzip: %s", zip_error_strerror(error)));
}

/* ---- opening -------------------------------------------------------------------------------- */

static uint64_t little(const char *bytes, size_t size)
{
    uint64_t number = 0;
    for (size_t i = size; i > 0; i--)
        number = number << 8 | (uint8_t)bytes[i - 1];
    return number;
}

/* The record that a large archive's end points to: how many entries does it claim? */
static Error *check_end64(XlsxPackage *package, Arena *arena, const char *place)
{
    char record[END64_SIZE];
    size_t got = 0;
    uint64_t offset = little(place + 8, 8);
    if (offset > (uint64_t)package->file.size)
        return NULL; /* libzip will say so */
    TRY(range_source_read(&package->file, arena, (int64_t)offset, record, sizeof record, &got));
    if (got == sizeof record && little(record + 32, 8) > XLSX_ENTRIES_MAX)
        return refused(arena, ERROR_TOO_LARGE, "too_many_entries",
                       "The file is a zip archive with more entries than any workbook has.");
    return NULL;
}

static Error *check_claims(XlsxPackage *package, Arena *arena)
{
    size_t size = END64_PLACE_SIZE + END_SIZE + END_COMMENT_MAX, got = 0;
    if ((int64_t)size > package->file.size)
        size = (size_t)package->file.size;
    char *tail = arena_alloc_raw(arena, size + 1);
    TRY(range_source_read(&package->file, arena, package->file.size - (int64_t)size, tail, size,
                          &got));
    for (size_t i = 0; i + END64_PLACE_SIZE <= got; i++)
        if (memcmp(tail + i, "PK\6\7", 4) == 0)
            TRY(check_end64(package, arena, tail + i));
    return NULL;
}

static void close_zip(void *zip)
{
    zip_discard(zip);
}

static Error *open_zip(XlsxPackage *package, Arena *arena)
{
    zip_error_t error;
    zip_error_init(&error);
    zip_error_init(&package->callback_error);
    zip_source_t *source = zip_source_function_create(answer, package, &error);
    CHECK(source != NULL); /* only for want of memory */
    package->opening_left = XLSX_OPENING_MAX;
    package->zip = zip_open_from_source(source, ZIP_RDONLY, &error);
    package->opening_left = -1;
    if (package->zip == NULL) {
        Error *failed = zip_failed(package, arena, &error, "it is no whole zip archive");
        zip_source_free(source);
        zip_error_fini(&error);
        return failed;
    }
    arena_defer(package->arena, close_zip, package->zip);
    return NULL;
}

/* "a/../b", "/a" and the like: for whoever unpacks to a disk, and nobody else writes them. */
static bool leads_out(Str name)
{
    Str rest = name, part;
    if (name.len == 0 || name.ptr[0] == '/' || (name.len > 1 && name.ptr[1] == ':'))
        return true;
    while (str_next(&rest, '/', &part))
        if (str_is(part, ".."))
            return true;
    return false;
}

/* Some writers put "\" between folders. */
static Str part_key(Arena *arena, Str name)
{
    Str key = str_lower(arena, name);
    char *bytes = arena_copy(arena, key.ptr, key.len);
    for (size_t i = 0; i < key.len; i++)
        if (bytes[i] == '\\')
            bytes[i] = '/';
    return (Str){bytes, key.len};
}

static Error *add_entry(XlsxPackage *package, Arena *arena, uint64_t index, const zip_stat_t *entry)
{
    Str name = str_from(entry->name);
    Str key = part_key(package->arena, name);
    size_t at;
    if (leads_out(key) || name.len > XLSX_NAME_MAX || !utf8_check(name, &at))
        return refused(
            arena, ERROR_INVALID, "bad_entry_name",
            "The workbook has an entry whose name no spreadsheet program writes. Save the "
            "workbook again and send that.");
    if (entry->encryption_method != ZIP_EM_NONE)
        return refused(arena, ERROR_UNSUPPORTED, "encrypted",
                       "The workbook is in a zip archive with a password. Remove the password and "
                       "send it again.");
    if (str_ends_with(key, STR("/")))
        return NULL; /* a folder */
    if (map_find(&package->parts, key) != NULL)
        return refused(
            arena, ERROR_INVALID, "entry_twice",
            "The workbook has two entries of the same name, so nobody can know which one "
            "counts. Save the workbook again and send that.");
    uint64_t *kept = ARENA_NEW(package->arena, uint64_t);
    *kept = index;
    map_put(&package->parts, key, kept);
    return NULL;
}

static Error *list_entries(XlsxPackage *package, Arena *arena)
{
    zip_int64_t count = zip_get_num_entries(package->zip, 0);
    if (count > XLSX_ENTRIES_MAX)
        return refused(arena, ERROR_TOO_LARGE, "too_many_entries",
                       "The file is a zip archive with more entries than any workbook has.");
    for (zip_int64_t i = 0; i < count; i++) {
        zip_stat_t entry;
        if (zip_stat_index(package->zip, (zip_uint64_t)i, 0, &entry) != 0)
            return zip_failed(package, arena, zip_get_error(package->zip),
                              "one of its entries cannot be read");
        TRY(add_entry(package, arena, (uint64_t)i, &entry));
    }
    return NULL;
}

Error *xlsx_package_open(Arena *arena, RangeSource file, XlsxPackage **ret_package)
{
    XlsxPackage *package = ARENA_NEW(arena, XlsxPackage);
    *package =
        (XlsxPackage){.arena = arena, .file = file, .parts = map_new(arena), .error_arena = arena};
    TRY(check_claims(package, arena));
    TRY(open_zip(package, arena));
    TRY(list_entries(package, arena));
    *ret_package = package;
    return NULL;
}

/* ---- parts ---------------------------------------------------------------------------------- */

bool xlsx_package_has(const XlsxPackage *package, Str name)
{
    return map_find(&package->parts, part_key(package->arena, name)) != NULL;
}

static Error *beyond_measure(Arena *arena)
{
    return refused(
        arena, ERROR_TOO_LARGE, "zip_bomb",
        "The workbook unpacks to far more than its size. Delete rows and columns that only "
        "have a format, save it again, or send the sheet as CSV.");
}

/* By the larger of what it claims and what it gave. */
static bool is_bomb(const XlsxPart *part, int64_t inflated)
{
    return part->package->inflated - part->done + inflated > XLSX_INFLATED_MAX ||
           (inflated > XLSX_RATIO_FREE && inflated / XLSX_RATIO_MAX > part->packed);
}

static Error *open_entry(XlsxPart *part, Arena *arena, uint64_t index)
{
    XlsxPackage *package = part->package;
    zip_stat_t entry;
    if (zip_stat_index(package->zip, index, 0, &entry) != 0)
        return zip_failed(package, arena, zip_get_error(package->zip), "it has lost an entry");
    if (entry.comp_method != ZIP_CM_STORE && entry.comp_method != ZIP_CM_DEFLATE)
        return refused(arena, ERROR_UNSUPPORTED, "packed_otherwise",
                       "The workbook is packed in a way that Excel does not use. Save it again as "
                       ".xlsx and send that.");
    part->size = entry.size > INT64_MAX ? INT64_MAX : (int64_t)entry.size;
    part->packed = entry.comp_size > (uint64_t)package->file.size ? package->file.size
                                                                  : (int64_t)entry.comp_size;
    if (part->size > XLSX_INFLATED_MAX || is_bomb(part, part->size))
        return beyond_measure(arena);
    part->file = zip_fopen_index(package->zip, index, 0);
    if (part->file == NULL)
        return zip_failed(package, arena, zip_get_error(package->zip),
                          arena_printf(arena, "%s cannot be read", part->name));
    return NULL;
}

static void close_part(void *part)
{
    xlsx_part_close(part);
}

Error *xlsx_part_open(XlsxPackage *package, Arena *arena, Str name, XlsxPart **ret_part)
{
    const uint64_t *index = map_find(&package->parts, part_key(package->arena, name));
    if (index == NULL)
        return xlsx_damaged(arena, "its part " STR_FMT " is missing", STR_ARG(utf8_cut(name, 100)));
    XlsxPart *part = ARENA_NEW(package->arena, XlsxPart);
    *part = (XlsxPart){.package = package, .name = str_dup(package->arena, name)};
    package->error_arena = arena;
    package->error = NULL;
    TRY(open_entry(part, arena, *index));
    arena_defer(package->arena, close_part,
                part); /* before the archive, which was opened earlier */
    *ret_part = part;
    return NULL;
}

Error *xlsx_part_read(XlsxPart *part, Arena *arena, char *bytes, size_t cap, size_t *ret_size)
{
    XlsxPackage *package = part->package;
    package->error_arena = arena;
    package->error = NULL;
    zip_int64_t size = zip_fread(part->file, bytes, cap);
    if (size < 0)
        return zip_failed(package, arena, zip_file_get_error(part->file),
                          arena_printf(arena, "%s cannot be unpacked", part->name));
    part->done += size;
    package->inflated += size;
    if (is_bomb(part, part->done))
        return beyond_measure(arena);
    *ret_size = (size_t)size;
    return NULL;
}

void xlsx_part_close(XlsxPart *part)
{
    if (part->file != NULL)
        zip_fclose(part->file);
    part->file = NULL;
}

const char *xlsx_part_name(const XlsxPart *part)
{
    return part->name;
}

int64_t xlsx_part_size(const XlsxPart *part)
{
    return part->size;
}

int64_t xlsx_part_done(const XlsxPart *part)
{
    return part->done;
}
