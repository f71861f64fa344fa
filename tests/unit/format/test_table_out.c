/* Each format to the byte; what a table needs beside its rows does not grow with them. */
#include "format/table_out.h"

#include "unzip.h"

static Error *write_buf(void *self, Arena *arena, Str bytes)
{
    (void)arena;
    buf_add(self, bytes);
    return NULL;
}

static const Str COLUMNS[] = {{"name", 4}, {"value", 5}, {"year", 4}, {"good", 4}};

static TableCell year(double number)
{
    return (TableCell){.type = TABLE_NUMBER, .number = number, .json_text = true};
}

static TableCell truth(bool good)
{
    return (TableCell){.type = TABLE_BOOL, .number = good};
}

/* A small table of all that cells may be. */
static Str written(Arena *arena, TableFormat format, int64_t sheet_rows)
{
    const TableCell rows[][4] = {
        {table_text(STR("Est\xC3\xA9"
                        "e, \"L\"")),
         table_number(0.1), year(2024), truth(true)},
        {table_text(STR("=1+1")), table_number(-5e-324), year(1999), truth(false)},
        {table_text(STR("")), table_number_if(false, 7), {0}, {0}},
        {table_text(STR("a<b>&\t\r\n_x000D_")), table_number(1e300), year(2000), truth(true)},
    };
    const TableSpec spec = {format, "annual", COLUMNS, 4, sheet_rows, 0};
    Buf *out = ARENA_NEW(arena, Buf);
    TableOut *table;
    *out = buf_new(arena, 1 << 20);
    assert_no_error(table_out_open(arena, &spec, (ByteSink){write_buf, out}, &table));
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        Arena *row = arena_new(0);
        assert_no_error(table_out_row(table, row, rows[i]));
        arena_free(row);
    }
    assert_no_error(table_out_end(table, arena));
    assert_int_equal(table_out_rows(table), 4);
    return buf_str(out);
}

static void csv_is_guarded_and_quoted(void **state)
{
    assert_str(written(*state, TABLE_CSV, 0), "name,value,year,good\r\n"
                                              "\"Est\xC3\xA9"
                                              "e, \"\"L\"\"\",0.1,2024,true\r\n"
                                              "'=1+1,-5e-324,1999,false\r\n"
                                              ",,,\r\n"
                                              "\"a<b>&\t\r\n_x000D_\",1e+300,2000,true\r\n");
}

static void ndjson_is_an_object_a_line(void **state)
{
    assert_str(written(*state, TABLE_NDJSON, 0),
               "{\"name\":\"Est\xC3\xA9"
               "e, \\\"L\\\"\",\"value\":0.1,\"year\":\"2024\",\"good\":true}\n"
               "{\"name\":\"=1+1\",\"value\":-5e-324,\"year\":\"1999\",\"good\":false}\n"
               "{\"name\":\"\",\"value\":null,\"year\":null,\"good\":null}\n"
               "{\"name\":\"a\\u003cb\\u003e\\u0026\\u0009\\u000d\\n_x000D_\",\"value\":1e+300,"
               "\"year\":\"2000\",\"good\":true}\n");
}

#define SHEET_BEGIN                                                                                \
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"                              \
    "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetViews>"  \
    "<sheetView workbookViewId=\"0\"><pane ySplit=\"1\" topLeftCell=\"A2\" "                       \
    "activePane=\"bottomLeft\" state=\"frozen\"/></sheetView></sheetViews><sheetData>"             \
    "<row r=\"1\">" TEXT("A1", "name") TEXT("B1", "value") TEXT("C1", "year")                      \
        TEXT("D1", "good") "</row>"
#define SHEET_END "</sheetData></worksheet>"
#define TEXT(place, text)                                                                          \
    "<c r=\"" place "\" t=\"inlineStr\"><is><t xml:space=\"preserve\">" text "</t></is></c>"
#define NUMBER(place, text) "<c r=\"" place "\"><v>" text "</v></c>"
#define BOOL(place, text)   "<c r=\"" place "\" t=\"b\"><v>" text "</v></c>"

static void xlsx_has_typed_cells_and_no_formula(void **state)
{
    Arena *arena = *state;
    Str names;
    Str file = written(arena, TABLE_XLSX, 0);
    assert_str(
        unzip(arena, file, "xl/worksheets/sheet1.xml", &names),
        SHEET_BEGIN "<row r=\"2\">" TEXT("A2", "Est\xC3\xA9"
                                               "e, \"L\"") NUMBER("B2", "0.1") NUMBER("C2", "2024")
            BOOL("D2", "1") "</row>"
                            "<row r=\"3\">" TEXT("A3", "=1+1") NUMBER("B3", "-5e-324")
                                NUMBER("C3", "1999") BOOL(
                                    "D3", "0") "</row>"
                                               "<row r=\"4\"></row>"
                                               "<row r=\"5\">" TEXT(
                                                   "A5", "a&lt;b&gt;&amp;\t_x000D_\n_x005F_x000D_")
                                                   NUMBER("B5", "1e+300") NUMBER("C5", "2000")
                                                       BOOL("D5", "1") "</row>" SHEET_END);
    assert_str(names, "xl/worksheets/sheet1.xml xl/workbook.xml xl/_rels/workbook.xml.rels "
                      "xl/styles.xml _rels/.rels [Content_Types].xml");
    assert_str(unzip(arena, file, "xl/workbook.xml", &names),
               "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
               "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" "
               "xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\">"
               "<sheets><sheet name=\"annual\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>");
}

static void a_full_sheet_goes_on_in_the_next(void **state)
{
    Arena *arena = *state;
    Str names;
    Str file = written(arena, TABLE_XLSX, 3);
    assert_str(
        unzip(arena, file, "xl/worksheets/sheet2.xml", &names), SHEET_BEGIN
        "<row r=\"2\"></row><row r=\"3\">" TEXT("A3", "a&lt;b&gt;&amp;\t_x000D_\n_x005F_x000D_")
            NUMBER("B3", "1e+300") NUMBER("C3", "2000") BOOL("D3", "1") "</row>" SHEET_END);
    assert_str(str_slice(names, 0, 49), "xl/worksheets/sheet1.xml xl/worksheets/sheet2.xml");
    Str workbook = unzip(arena, file, "xl/workbook.xml", &names);
    assert_non_null(memmem(workbook.ptr, workbook.len, "name=\"annual 2\"", 15));
    Str rels = unzip(arena, file, "xl/_rels/workbook.xml.rels", &names);
    assert_non_null(
        memmem(rels.ptr, rels.len, "Id=\"rId3\"", 9)); /* the styles, behind two sheets */
}

static void what_xml_cannot_hold_is_replaced(void **state)
{
    Arena *arena = *state;
    const Str columns[] = {{"a", 1}};
    const TableCell cells[] = {table_text(STR("x\0y\x1F\xEF\xBF\xBFz\xE9_x12_"))};
    const TableSpec spec = {TABLE_XLSX, "t", columns, 1, 0, 0};
    Buf out = buf_new(arena, 1 << 20);
    TableOut *table;
    Str names;
    assert_no_error(table_out_open(arena, &spec, (ByteSink){write_buf, &out}, &table));
    assert_no_error(table_out_row(table, arena, cells));
    assert_no_error(table_out_end(table, arena));
    Str sheet = unzip(arena, buf_str(&out), "xl/worksheets/sheet1.xml", &names);
    const char *wanted = TEXT("A2", "x_x0000_y_x001F__xFFFF_z\xEF\xBF\xBD_x12_");
    assert_non_null(memmem(sheet.ptr, sheet.len, wanted, strlen(wanted)));
}

static void a_single_empty_cell_is_a_row(void **state)
{
    Arena *arena = *state;
    const Str columns[] = {{"a", 1}};
    const TableCell empty[] = {{0}}, nothing[] = {table_text(STR(""))};
    const TableSpec spec = {TABLE_CSV, "t", columns, 1, 0, ';'};
    Buf out = buf_new(arena, 1000);
    TableOut *table;
    assert_no_error(table_out_open(arena, &spec, (ByteSink){write_buf, &out}, &table));
    assert_no_error(table_out_row(table, arena, empty));
    assert_no_error(table_out_row(table, arena, nothing));
    assert_no_error(table_out_end(table, arena));
    assert_str(buf_str(&out), "a\r\n\"\"\r\n\"\"\r\n");
}

static void a_row_may_have_more_cells_than_there_are_columns(void **state)
{
    Arena *arena = *state;
    const Str columns[] = {{"a", 1}};
    const TableCell cells[] = {table_text(STR("1")), {0}, table_text(STR("x;y"))};
    for (TableFormat format = TABLE_CSV; format <= TABLE_XLSX; format++) {
        const TableSpec spec = {format, "t", columns, 1, 0, ';', .most = 3};
        Buf out = buf_new(arena, 1 << 20);
        TableOut *table;
        Str names;
        assert_no_error(table_out_open(arena, &spec, (ByteSink){write_buf, &out}, &table));
        assert_no_error(table_out_wide_row(table, arena, cells, 3));
        assert_no_error(table_out_row(table, arena, cells));
        assert_no_error(table_out_end(table, arena));
        if (format == TABLE_CSV) {
            assert_str(buf_str(&out), "a\r\n1;;\"x;y\"\r\n1\r\n");
            continue;
        }
        Str sheet = unzip(arena, buf_str(&out), "xl/worksheets/sheet1.xml", &names);
        const char *wanted =
            "<row r=\"2\">" TEXT("A2", "1") TEXT("C2", "x;y") "</row><row r=\"3\">";
        assert_non_null(memmem(sheet.ptr, sheet.len, wanted, strlen(wanted)));
    }
}

static Error *refuse(void *self, Arena *arena, Str bytes)
{
    int64_t *left = self;
    *left -= (int64_t)bytes.len;
    return *left >= 0 ? NULL : ERROR(arena, ERROR_UNAVAILABLE, "full");
}

/* A sink that is full ends the table, in the middle or at its end; no row is kept in memory. */
static void a_full_sink_is_told(void **state)
{
    Arena *arena = *state;
    for (TableFormat format = 0; format < TABLE_FORMAT_COUNT; format++) {
        int64_t left = 100000;
        uint64_t seed = 7;
        const TableSpec spec = {format, "t", COLUMNS, 4, 1000, 0};
        TableOut *table;
        Error *error;
        Arena *rows = arena_new(0);
        assert_no_error(table_out_open(arena, &spec, (ByteSink){refuse, &left}, &table));
        do {
            const TableCell cells[] = {
                table_text(STR("a")), table_number((double)test_random(&seed)), {0}, {0}};
            arena_rewind(rows, (ArenaMark){0});
            error = table_out_row(table, rows, cells);
            assert_true(table_out_rows(table) < 100000);
        } while (error == NULL);
        assert_error(error, ERROR_UNAVAILABLE, "full");
        arena_free(rows);
    }
    assert_in_range(arena_used(arena), 0, 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(csv_is_guarded_and_quoted),
        TEST(ndjson_is_an_object_a_line),
        TEST(xlsx_has_typed_cells_and_no_formula),
        TEST(a_full_sheet_goes_on_in_the_next),
        TEST(what_xml_cannot_hold_is_replaced),
        TEST(a_row_may_have_more_cells_than_there_are_columns),
        TEST(a_single_empty_cell_is_a_row),
        TEST(a_full_sink_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
