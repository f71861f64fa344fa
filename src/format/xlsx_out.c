/* A workbook is a zip archive of XML (ECMA-376): the sheets go out first, as they are made, and behind them the
 * few small parts that name them. Texts stand in their cells (inlineStr), so no table of them has to be kept. A
 * cell is given its type, and there is no way here to write a formula. Numbers are written by us, since
 * libraries write 16 digits, of which half of all doubles do not come back. */
#include "format/xlsx_out.h"

#include "base/check.h"
#include "base/number.h"
#include "base/utf8.h"
#include "format/zip_out.h"

#define SHEET_ROWS      INT64_C(1048576)
#define SHEET_BYTES     (INT64_C(3) << 30) /* far from what an entry may have */
#define MAIN_NAMESPACE  "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#define REL_NAMESPACE   "http://schemas.openxmlformats.org/package/2006/relationships"
#define DOC_NAMESPACE   "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define CONTENT_PREFIX  "application/vnd.openxmlformats-officedocument.spreadsheetml."
#define XML_DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"

enum { FULL = 64 * 1024, ROW_MAX = 64 << 20, TEXT_MAX = 32767, PART_MAX = 4 << 20 };

struct XlsxOut {
    TableSpec spec;
    ZipOut *zip;
    Buf rows;    /* of the sheet, written and not packed yet */
    int64_t row; /* of the sheet */
    int sheets;
    const char **letters; /* of each column: "A" … "AA" … */
};

/* --- texts -------------------------------------------------------------------------------------- */

/* "_x000D_": what stands for a character that XML cannot hold, as spreadsheets have it. */
static bool looks_escaped(Str text)
{
    uint8_t code[2];
    return text.len >= 7 && text.ptr[0] == '_' && text.ptr[1] == 'x' && text.ptr[6] == '_' &&
           hex_parse(str_slice(text, 2, 6), code, 2);
}

/* What the character at the front becomes; NULL: it stays. *ret_size bytes of it. */
static const char *replacement(Str text, char escape[8], size_t *ret_size)
{
    unsigned char c = (unsigned char)text.ptr[0];
    *ret_size = 1;
    if (c == '&')
        return "&amp;";
    if (c == '<')
        return "&lt;";
    if (c == '>')
        return "&gt;";
    if (c == '_')
        return looks_escaped(text) ? "_x005F_" : NULL;
    if (c < ' ' && c != '\t' && c != '\n') {
        snprintf(escape, 8, "_x%04X_", c);
        return escape;
    }
    if (c != 0xEF || text.len < 3 || text.ptr[1] != '\xBF' || (unsigned char)text.ptr[2] < 0xBE)
        return NULL;
    *ret_size = 3; /* U+FFFE and U+FFFF */
    return text.ptr[2] == '\xBE' ? "_xFFFE_" : "_xFFFF_";
}

static void add_good_text(Buf *out, Str text)
{
    size_t from = 0;
    for (size_t at = 0; at < text.len;) {
        char escape[8];
        size_t size;
        const char *other = replacement(str_slice(text, at, text.len), escape, &size);
        if (other != NULL) {
            buf_add(out, str_slice(text, from, at));
            buf_add(out, str_from(other));
            from = at + size;
        }
        at += size;
    }
    buf_add(out, str_slice(text, from, text.len));
}

static void add_text(Buf *out, Str text)
{
    size_t bad;
    while (!utf8_check(text, &bad)) {
        add_good_text(out, str_slice(text, 0, bad));
        buf_add(out, STR("\xEF\xBF\xBD"));
        text = str_slice(text, bad + 1, text.len);
    }
    add_good_text(out, text);
}

/* --- sheets ------------------------------------------------------------------------------------- */

static Error *pack(XlsxOut *xlsx, Arena *arena)
{
    CHECK(!xlsx->rows.over);
    TRY(zip_out_write(xlsx->zip, arena, buf_str(&xlsx->rows)));
    buf_clear(&xlsx->rows);
    return NULL;
}

static void add_cell(XlsxOut *xlsx, size_t column, const TableCell *cell)
{
    char number[NUMBER_TEXT_SIZE];
    Buf *out = &xlsx->rows;
    if (cell->type == TABLE_EMPTY || (cell->type == TABLE_TEXT && cell->text.len == 0))
        return;
    buf_printf(out, "<c r=\"%s%lld\"", xlsx->letters[column], (long long)xlsx->row);
    if (cell->type == TABLE_TEXT) {
        buf_add(out, STR(" t=\"inlineStr\"><is><t xml:space=\"preserve\">"));
        add_text(out, str_slice(cell->text, 0, TEXT_MAX));
        buf_add(out, STR("</t></is></c>"));
    } else if (cell->type == TABLE_BOOL) {
        buf_printf(out, " t=\"b\"><v>%d</v></c>", cell->number != 0);
    } else {
        number_format(number, cell->number);
        buf_printf(out, "><v>%s</v></c>", number);
    }
}

static void add_row(XlsxOut *xlsx, const TableCell *cells, size_t count)
{
    xlsx->row++;
    buf_printf(&xlsx->rows, "<row r=\"%lld\">", (long long)xlsx->row);
    for (size_t i = 0; i < count; i++)
        add_cell(xlsx, i, &cells[i]);
    buf_add(&xlsx->rows, STR("</row>"));
}

/* The header stays in sight when one scrolls. */
static Error *begin_sheet(XlsxOut *xlsx, Arena *arena)
{
    TableCell *names = ARENA_ARRAY(arena, TableCell, xlsx->spec.count);
    for (size_t i = 0; i < xlsx->spec.count; i++)
        names[i] = table_text(xlsx->spec.columns[i]);
    xlsx->sheets++;
    xlsx->row = 0;
    TRY(zip_out_begin(xlsx->zip, arena,
                      arena_printf(arena, "xl/worksheets/sheet%d.xml", xlsx->sheets)));
    buf_add(&xlsx->rows,
            STR(XML_DECLARATION "<worksheet xmlns=\"" MAIN_NAMESPACE "\"><sheetViews><sheetView "
                                "workbookViewId=\"0\"><pane ySplit=\"1\" topLeftCell=\"A2\" "
                                "activePane=\"bottomLeft\" state=\"frozen\"/></sheetView>"
                                "</sheetViews><sheetData>"));
    add_row(xlsx, names, xlsx->spec.count);
    return NULL;
}

static Error *end_sheet(XlsxOut *xlsx, Arena *arena)
{
    buf_add(&xlsx->rows, STR("</sheetData></worksheet>"));
    return pack(xlsx, arena);
}

/* --- the parts behind the sheets ---------------------------------------------------------------- */

static void write_workbook(const XlsxOut *xlsx, Buf *out)
{
    buf_printf(out, XML_DECLARATION "<workbook xmlns=\"" MAIN_NAMESPACE
                                    "\" xmlns:r=\"" DOC_NAMESPACE "\"><sheets>");
    for (int i = 1; i <= xlsx->sheets; i++) {
        buf_printf(out, "<sheet name=\"%s", xlsx->spec.name);
        if (i > 1)
            buf_printf(out, " %d", i);
        buf_printf(out, "\" sheetId=\"%d\" r:id=\"rId%d\"/>", i, i);
    }
    buf_add(out, STR("</sheets></workbook>"));
}

static void write_workbook_rels(const XlsxOut *xlsx, Buf *out)
{
    buf_printf(out, XML_DECLARATION "<Relationships xmlns=\"" REL_NAMESPACE "\">");
    for (int i = 1; i <= xlsx->sheets; i++)
        buf_printf(out,
                   "<Relationship Id=\"rId%d\" Type=\"" DOC_NAMESPACE
                   "/worksheet\" Target=\"worksheets/sheet%d.xml\"/>",
                   i, i);
    buf_printf(out,
               "<Relationship Id=\"rId%d\" Type=\"" DOC_NAMESPACE
               "/styles\" Target=\"styles.xml\"/></Relationships>",
               xlsx->sheets + 1);
}

/* The least that every reader wants. */
static void write_styles(const XlsxOut *xlsx, Buf *out)
{
    (void)xlsx;
    buf_add(out, STR(XML_DECLARATION
                     "<styleSheet xmlns=\"" MAIN_NAMESPACE "\"><fonts count=\"1\"><font><sz "
                     "val=\"11\"/><name val=\"Calibri\"/></font></fonts><fills count=\"2\"><fill>"
                     "<patternFill patternType=\"none\"/></fill><fill><patternFill "
                     "patternType=\"gray125\"/></fill></fills><borders count=\"1\"><border><left/>"
                     "<right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs "
                     "count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/>"
                     "</cellStyleXfs><cellXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" "
                     "fillId=\"0\" borderId=\"0\" xfId=\"0\"/></cellXfs><cellStyles count=\"1\">"
                     "<cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles>"
                     "</styleSheet>"));
}

static void write_rels(const XlsxOut *xlsx, Buf *out)
{
    (void)xlsx;
    buf_add(out, STR(XML_DECLARATION "<Relationships xmlns=\"" REL_NAMESPACE
                                     "\"><Relationship Id=\"rId1\" Type=\"" DOC_NAMESPACE
                                     "/officeDocument\" Target=\"xl/workbook.xml\"/>"
                                     "</Relationships>"));
}

static void write_types(const XlsxOut *xlsx, Buf *out)
{
    buf_add(out,
            STR(XML_DECLARATION
                "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">"
                "<Default Extension=\"rels\" "
                "ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>"
                "<Default Extension=\"xml\" ContentType=\"application/xml\"/>"
                "<Override PartName=\"/xl/workbook.xml\" ContentType=\"" CONTENT_PREFIX
                "sheet.main+xml\"/><Override PartName=\"/xl/styles.xml\" "
                "ContentType=\"" CONTENT_PREFIX "styles+xml\"/>"));
    for (int i = 1; i <= xlsx->sheets; i++)
        buf_printf(out,
                   "<Override PartName=\"/xl/worksheets/sheet%d.xml\" ContentType=\"" CONTENT_PREFIX
                   "worksheet+xml\"/>",
                   i);
    buf_add(out, STR("</Types>"));
}

static const struct {
    const char *name;
    void (*write)(const XlsxOut *xlsx, Buf *out);
} PARTS[] = {
    {"xl/workbook.xml", write_workbook},  {"xl/_rels/workbook.xml.rels", write_workbook_rels},
    {"xl/styles.xml", write_styles},      {"_rels/.rels", write_rels},
    {"[Content_Types].xml", write_types},
};

/* --- the door ----------------------------------------------------------------------------------- */

static const char *column_letters(Arena *arena, size_t column)
{
    char text[8];
    size_t at = sizeof text - 1;
    text[at] = '\0';
    for (size_t n = column + 1; n > 0; n = (n - 1) / 26)
        text[--at] = (char)('A' + (n - 1) % 26);
    return arena_strdup(arena, text + at);
}

Error *xlsx_out_open(Arena *arena, const TableSpec *spec, ByteSink sink, XlsxOut **ret_xlsx)
{
    XlsxOut *xlsx = ARENA_NEW(arena, XlsxOut);
    size_t columns = spec->most > spec->count ? spec->most : spec->count;
    *xlsx = (XlsxOut){.spec = *spec,
                      .zip = zip_out_new(arena, sink),
                      .rows = buf_new(arena, FULL + ROW_MAX),
                      .letters = ARENA_ARRAY(arena, const char *, columns)};
    if (spec->sheet_rows == 0)
        xlsx->spec.sheet_rows = SHEET_ROWS;
    for (size_t i = 0; i < columns; i++)
        xlsx->letters[i] = column_letters(arena, i);
    *ret_xlsx = xlsx;
    return begin_sheet(xlsx, arena);
}

Error *xlsx_out_row(XlsxOut *xlsx, Arena *arena, const TableCell *cells, size_t count)
{
    if (xlsx->row == xlsx->spec.sheet_rows || zip_out_size(xlsx->zip) > SHEET_BYTES) {
        TRY(end_sheet(xlsx, arena));
        TRY(begin_sheet(xlsx, arena));
    }
    add_row(xlsx, cells, count);
    return xlsx->rows.len >= FULL ? pack(xlsx, arena) : NULL;
}

Error *xlsx_out_end(XlsxOut *xlsx, Arena *arena)
{
    TRY(end_sheet(xlsx, arena));
    for (size_t i = 0; i < ARRAY_COUNT(PARTS); i++) {
        Buf part = buf_new(arena, PART_MAX);
        PARTS[i].write(xlsx, &part);
        CHECK(!part.over);
        TRY(zip_out_begin(xlsx->zip, arena, PARTS[i].name));
        TRY(zip_out_write(xlsx->zip, arena, buf_str(&part)));
    }
    return zip_out_end(xlsx->zip, arena);
}
