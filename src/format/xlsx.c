/* Puts the parts together: the archive, the workbook, its styles and shared texts, and the sheet that is
 * read row by row. */
#include "format/xlsx.h"

#include "format/csv_out.h"
#include "format/xlsx_sheet.h"
#include "format/xlsx_workbook.h"

struct XlsxReader {
    XlsxPart *part;
    XlsxSheet *sheet;
    int64_t file_size;
    bool over;
    Str *shown; /* [max_columns]; the row's cells in words ... */
    Buf line;   /* ... and as a line */
};

bool xlsx_is_archive(Str head)
{
    return str_starts_with(head, STR("PK\003\004")) || str_starts_with(head, STR("PK\005\006"));
}

/* ---- before 2007 ---------------------------------------------------------------------------- */

enum { DIRECTORY_SIZE = 8192 };

/* The names of what is in such a file are in its directory, in UTF-16. */
static bool names(Str directory, const char *name)
{
    char wide[64];
    size_t size = 0;
    for (; *name != '\0' && size + 2 <= sizeof wide; name++) {
        wide[size++] = *name;
        wide[size++] = '\0';
    }
    return memmem(directory.ptr, directory.len, wide, size) != NULL;
}

static uint64_t little(const char *bytes, size_t size)
{
    uint64_t number = 0;
    for (size_t i = size; i > 0; i--)
        number = number << 8 | (uint8_t)bytes[i - 1];
    return number;
}

static Error *read_directory(Arena *arena, const RangeSource *file, Str *ret_directory)
{
    char head[512] = {0};
    char *directory = arena_alloc(arena, DIRECTORY_SIZE);
    size_t size;
    TRY(range_source_read(file, arena, 0, head, sizeof head, &size));
    unsigned shift = head[30] == 12 ? 12 : 9; /* of the size of a sector */
    uint64_t offset = (little(head + 48, 4) + 1) << shift;
    TRY(range_source_read(file, arena, (int64_t)offset, directory, DIRECTORY_SIZE, &size));
    *ret_directory = (Str){directory, size};
    return NULL;
}

Error *xlsx_check_old(Arena *arena, RangeSource file, Str head)
{
    Str directory;
    if (!str_starts_with(head, STR("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")))
        return NULL;
    TRY(read_directory(arena, &file, &directory));
    if (names(directory, "EncryptedPackage"))
        return error_with_reason(
            ERROR(
                arena, ERROR_UNSUPPORTED,
                "This workbook has a password. Open it in Excel, remove the password (File, Info, "
                "Protect Workbook, Encrypt with Password), save it and send it again."),
            "encrypted");
    if (names(directory, "Workbook") || names(directory, "Book"))
        return error_with_reason(
            ERROR(arena, ERROR_UNSUPPORTED,
                  "This is an old Excel workbook (.xls). Open it in Excel, save it as .xlsx (Excel "
                  "workbook) and send that."),
            "not_xlsx");
    return error_with_reason(
        ERROR(arena, ERROR_UNSUPPORTED,
              "This is an old Office document, not a table. If it came from a spreadsheet, open it "
              "there, save it as .xlsx without a password and send that."),
        "not_xlsx");
}

/* ---- reading -------------------------------------------------------------------------------- */

static size_t or_default(size_t value, size_t fallback)
{
    return value != 0 ? value : fallback;
}

static Error *read_surroundings(Arena *arena, const XlsxWorkbook *workbook,
                                const XlsxOptions *options, XlsxSheetContext *context)
{
    Str texts = xlsx_workbook_part(workbook, "sharedStrings");
    context->dates_from_1904 = workbook->dates_from_1904;
    context->strings = xlsx_strings_new(arena, context->max_cell,
                                        or_default(options->strings_memory, XLSX_STRINGS_MEMORY));
    TRY(xlsx_styles_read(arena, workbook->package, xlsx_workbook_part(workbook, "styles"),
                         &context->styles));
    if (texts.len == 0)
        return NULL;
    return xlsx_strings_read(context->strings, workbook->package, arena, texts);
}

Error *xlsx_open(Arena *arena, RangeSource file, XlsxOptions options, XlsxReader **ret_reader)
{
    XlsxPackage *package;
    XlsxWorkbook workbook;
    Str part;
    XlsxSheetContext context = {
        .max_cell = or_default(options.max_cell, 32 * 1024),
        .max_columns = or_default(options.max_columns, 256),
        .max_row_bytes = or_default(options.max_row_bytes, 1024 * 1024),
    };
    TRY(xlsx_package_open(arena, file, &package));
    TRY(xlsx_workbook_read(arena, package, &workbook));
    TRY(xlsx_workbook_sheet(arena, &workbook, options.sheet, &part));
    TRY(read_surroundings(arena, &workbook, &options, &context));
    TRY(xlsx_part_open(package, arena, part, &context.part));
    XlsxReader *reader = ARENA_NEW(arena, XlsxReader);
    *reader = (XlsxReader){.part = context.part,
                           .sheet = xlsx_sheet_new(arena, context),
                           .file_size = file.size,
                           .shown = ARENA_ARRAY(arena, Str, context.max_columns),
                           .line = buf_new(arena, SIZE_MAX)};
    *ret_reader = reader;
    return NULL;
}

static Str shown_line(XlsxReader *reader, Arena *row_arena, const TableRow *row)
{
    for (size_t i = 0; i < row->count; i++)
        reader->shown[i] = table_shown(row_arena, row->cells[i], (CellKind)row->kinds[i]);
    buf_clear(&reader->line);
    csv_write_row(&reader->line, reader->shown, row->count, ',');
    return str_slice(buf_str(&reader->line), 0, reader->line.len - 2); /* without the line end */
}

Error *xlsx_next(XlsxReader *reader, Arena *row_arena, TableRow *ret_row, bool *ret_more)
{
    TRY(xlsx_sheet_next(reader->sheet, row_arena, ret_row, ret_more));
    reader->over = !*ret_more;
    if (*ret_more)
        ret_row->raw = shown_line(reader, row_arena, ret_row);
    return NULL;
}

/* The sheet is most of a workbook: what is read of it stands for what is read of the file. */
int64_t xlsx_bytes_done(const XlsxReader *reader)
{
    int64_t size = xlsx_part_size(reader->part), done = xlsx_part_done(reader->part);
    if (reader->over || size <= 0 || done >= size)
        return reader->file_size;
    return (int64_t)((double)reader->file_size * ((double)done / (double)size));
}
