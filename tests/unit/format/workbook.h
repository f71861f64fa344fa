/* Workbooks for tests, made by hand: a zip archive of XML texts, in memory. A part that a Book leaves NULL is
 * what a spreadsheet program would write there. */
#ifndef OBLIGOR_UNIT_FORMAT_WORKBOOK_H
#define OBLIGOR_UNIT_FORMAT_WORKBOOK_H

#include "format/table.h"
#include "test.h"

#include <zip.h>

typedef struct Part {
    const char *name;
    Str content;
} Part;

static inline Str zip_bytes(Arena *arena, zip_source_t *source)
{
    zip_stat_t status;
    CHECK(zip_source_stat(source, &status) == 0 && zip_source_open(source) == 0);
    char *bytes = arena_alloc_raw(arena, status.size);
    CHECK(zip_source_read(source, bytes, status.size) == (zip_int64_t)status.size);
    zip_source_close(source);
    return (Str){bytes, status.size};
}

static inline Str zip_of(Arena *arena, const Part *parts, size_t count)
{
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, NULL);
    zip_source_keep(source);
    zip_t *zip = zip_open_from_source(source, ZIP_TRUNCATE, NULL);
    CHECK(zip != NULL);
    for (size_t i = 0; i < count; i++) {
        zip_source_t *content =
            zip_source_buffer(zip, parts[i].content.ptr, parts[i].content.len, 0);
        CHECK(zip_file_add(zip, parts[i].name, content, ZIP_FL_ENC_UTF_8) == (zip_int64_t)i);
        bool folder = str_ends_with(str_from(parts[i].name), STR("/"));
        CHECK(folder || zip_set_file_compression(zip, i, ZIP_CM_DEFLATE, 1) == 0); /* soon done */
    }
    CHECK(zip_close(zip) == 0);
    Str bytes = zip_bytes(arena, source);
    zip_source_free(source);
    return bytes;
}

/* Every occurrence of one text by another of the same size: for archives that libzip would not write. */
static inline Str patched(Arena *arena, Str bytes, Str from, Str to)
{
    CHECK(from.len == to.len);
    char *copy = arena_copy(arena, bytes.ptr, bytes.len), *at = copy;
    size_t times = 0;
    while ((at = memmem(at, bytes.len - (size_t)(at - copy), from.ptr, from.len)) != NULL) {
        memcpy(at, to.ptr, to.len);
        at += to.len;
        times++;
    }
    CHECK(times > 0);
    return (Str){copy, bytes.len};
}

#define XML       "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define MAIN      "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\""
#define RELATIONS "xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\""
#define PACKAGE   "xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\""
#define TYPE      "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"

/* Styles by number: 0 General, 1 0%, 2 0.00%, 3 a date, 4 0.0%, 5 a date with time, 6 days in quotes,
 * 7 elapsed hours, 8 red, 9 text. */
#define STYLES                                                                                     \
    XML "<styleSheet " MAIN "><numFmts count=\"5\">"                                               \
        "<numFmt numFmtId=\"164\" formatCode=\"0.0%\"/>"                                           \
        "<numFmt numFmtId=\"165\" formatCode=\"yyyy\\-mm\\-dd\\ hh:mm\"/>"                         \
        "<numFmt numFmtId=\"166\" formatCode=\"#,##0 &quot;days&quot;\"/>"                         \
        "<numFmt numFmtId=\"167\" formatCode=\"[h]:mm\"/>"                                         \
        "<numFmt numFmtId=\"168\" formatCode=\"[Red]0.00\"/></numFmts>"                            \
        "<cellStyleXfs count=\"1\"><xf numFmtId=\"9\"/></cellStyleXfs>"                            \
        "<cellXfs count=\"10\"><xf numFmtId=\"0\"/><xf numFmtId=\"9\"/><xf numFmtId=\"10\"/>"      \
        "<xf numFmtId=\"14\"/><xf numFmtId=\"164\"><alignment/></xf><xf numFmtId=\"165\"/>"        \
        "<xf numFmtId=\"166\"/><xf numFmtId=\"167\"/><xf numFmtId=\"168\"/>"                       \
        "<xf numFmtId=\"49\"/></cellXfs></styleSheet>"

#define WORKBOOK(sheets)                                                                           \
    XML "<workbook " MAIN " " RELATIONS "><workbookPr/><sheets>" sheets "</sheets></workbook>"
#define RELATION(id, type, target)                                                                 \
    "<Relationship Id=\"" id "\" Type=\"" TYPE type "\" Target=\"" target "\"/>"
#define RELATION_LIST(list) XML "<Relationships " PACKAGE ">" list "</Relationships>"
#define SHEET(rows)         XML "<worksheet " MAIN "><sheetData>" rows "</sheetData></worksheet>"

typedef struct Book {
    const char *workbook, *relations, *styles, *strings;
    const char *sheet;  /* sheet1.xml */
    const char *sheet2; /* NULL: there is none */
} Book;

static inline Str or_text(const char *text, const char *usual)
{
    return str_from(text != NULL ? text : usual);
}

static inline Str workbook_of(Arena *arena, Book book)
{
    Part parts[] = {
        {"[Content_Types].xml", STR(XML "<Types/>")},
        {"_rels/.rels", STR(RELATION_LIST(RELATION("rId1", "officeDocument", "xl/workbook.xml")))},
        {"xl/workbook.xml",
         or_text(book.workbook, WORKBOOK("<sheet name=\"Data\" sheetId=\"1\" r:id=\"rId1\"/>"))},
        {"xl/_rels/workbook.xml.rels",
         or_text(book.relations,
                 RELATION_LIST(RELATION("rId1", "worksheet", "worksheets/sheet1.xml")
                                   RELATION("rId2", "worksheet", "worksheets/sheet2.xml")
                                       RELATION("rId3", "styles", "styles.xml") RELATION(
                                           "rId4", "sharedStrings", "sharedStrings.xml")))},
        {"xl/styles.xml", or_text(book.styles, STYLES)},
        {"xl/sharedStrings.xml", or_text(book.strings, XML "<sst " MAIN "></sst>")},
        {"xl/worksheets/sheet1.xml", or_text(book.sheet, SHEET(""))},
        {"xl/worksheets/sheet2.xml", str_from(book.sheet2)},
    };
    return zip_of(arena, parts, ARRAY_COUNT(parts) - (book.sheet2 == NULL));
}

/* Rows as one line: "1[text][#12][%0.12][@2024-01-01][?TRUE][!#N/A][=] 3h[hidden]!code(message)". */
static inline void describe_row(Buf *out, const TableRow *row)
{
    static const char marks[CELL_KIND_COUNT] = {0, '#', '%', '@', '?', '!', '='};
    buf_printf(out, "%s%lld%s", out->len > 0 ? " " : "", (long long)row->number,
               row->hidden ? "h" : "");
    for (size_t i = 0; i < row->count; i++) {
        buf_add_char(out, '[');
        if (row->kinds != NULL && marks[row->kinds[i]] != 0)
            buf_add_char(out, marks[row->kinds[i]]);
        buf_add(out, row->cells[i]);
        buf_add_char(out, ']');
    }
    if (row->fault != NULL)
        buf_printf(out, "!%s(%s)", row->fault->code, row->fault->message);
}

static inline Error *describe_rows(Arena *row_arena, Table *table, Buf *out)
{
    for (;;) {
        TableRow row;
        bool more;
        arena_rewind(row_arena, (ArenaMark){0});
        TRY(table_next(table, row_arena, &row, &more));
        if (!more)
            return NULL;
        describe_row(out, &row);
    }
}

static inline Str describe_file(Arena *arena, Str file, TableOptions options)
{
    Buf out = buf_new(arena, 64 << 20);
    Arena *own = arena_new(0), *row_arena = arena_new(0);
    Table *table = NULL;
    Error *error = table_open(own, range_source_from_str(own, file), options, &table);
    if (error == NULL)
        error = describe_rows(row_arena, table, &out);
    if (error != NULL)
        buf_printf(&out, "%s%s/%s: %s", out.len > 0 ? " " : "", error_word(error->code),
                   error->fields != NULL ? error->fields->code
                   : error->reason       ? error->reason
                                         : "-",
                   error->message);
    arena_free(row_arena);
    arena_free(own);
    return buf_str(&out);
}

#define assert_file(arena, file, expected)                                                         \
    assert_str(describe_file((arena), (file), (TableOptions){0}), expected)
#define assert_rows(arena, rows, expected)                                                         \
    assert_file(arena, workbook_of((arena), (Book){.sheet = SHEET(rows)}), expected)

#endif
