/* What the cells and rows of a workbook are, oddity by oddity. Rows are written here as one line of text:
 * see workbook.h. */
#include "workbook.h"

#define ROW(cells)       "<row>" cells "</row>"
#define T(text)          "<c t=\"inlineStr\"><is><t>" text "</t></is></c>"
#define N(number)        "<c><v>" number "</v></c>"
#define S(style, number) "<c s=\"" style "\"><v>" number "</v></c>"

/* ---- cells ---------------------------------------------------------------------------------- */

static void texts(void **state)
{
    Arena *arena = *state;
    assert_rows(arena, ROW(T("one") T("a &amp; b &lt;c&gt; &#233; &#x1F600;") T("") T(" x ")),
                "1[one][a & b <c> \xC3\xA9 \xF0\x9F\x98\x80][][ x ]");
    assert_rows(arena, ROW("<c t=\"inlineStr\"/>" T("x") "<c t=\"inlineStr\"></c>"), "1[][x]");
    assert_rows(arena,
                ROW("<c t=\"inlineStr\"><is><r><rPr><b/><t>no</t></rPr><t>bold</t></r><r><t "
                    "xml:space=\"preserve\"> and not</t></r><rPh sb=\"0\" eb=\"1\"><t>how</t></rPh>"
                    "<phoneticPr fontId=\"1\"/></is></c>"),
                "1[bold and not]");
    assert_rows(arena, ROW("<c t=\"inlineStr\"><is><t>a<![CDATA[<b>]]>c<!-- d --></t></is></c>"),
                "1[a<b>c]");
}

static void characters_that_xml_cannot_hold(void **state)
{
    Arena *arena = *state;
    assert_rows(arena, ROW(T("a_x000D_b") T("_x005F_x0041_") T("_xD83D__xDE00_") T("_x0000_")),
                "1[a\rb][_x0041_][\xF0\x9F\x98\x80][_x0000_]");
    assert_rows(arena, ROW(T("_xD83D_") T("_xDE00_x") T("_x12G4_") T("_x004") T("_X0041_")),
                "1[_xD83D_][_xDE00_x][_x12G4_][_x004][_X0041_]");
    assert_rows(arena, ROW("<c t=\"str\"><f>A1</f><v>_x0041_</v></c>"), "1[A]");
}

static void shared_texts(void **state)
{
    Arena *arena = *state;
    Book book = {
        .strings = XML
        "<sst " MAIN " count=\"9\" uniqueCount=\"9\"><si><t>zero</t></si>"
        "<si><r><rPr><sz val=\"9\"/></rPr><t>o</t></r><r><t>ne</t></r><rPh sb=\"0\" eb=\"1\">"
        "<t>no</t></rPh></si><si/><si><t/></si><si><t>_x0041_ _x</t></si><extLst/></sst>",
        .sheet = SHEET(ROW("<c t=\"s\"><v>1</v></c><c t=\"s\"><v>0</v></c><c t=\"s\"><v>2</v></c>"
                           "<c t=\"s\"><v>3</v></c><c t=\"s\"><v>4</v></c>"))};
    assert_file(arena, workbook_of(arena, book), "1[one][zero][][][A _x]");
    book.sheet = SHEET(ROW("<c t=\"s\"><v>0</v></c><c t=\"s\"><v>5</v></c>") ROW(
        "<c t=\"s\"><v>-1</v></c>") ROW("<c t=\"s\"><v>x</v></c>") ROW("<c t=\"s\"><v>0</v></c>"));
#define MISSING                                                                                    \
    "the text of the cell is missing. Open the workbook in Excel or LibreOffice, type the cell "   \
    "again and save it.)"
    assert_file(arena, workbook_of(arena, book),
                "1[zero][]!damaged_cell(Row 1, column 2: " MISSING
                " 2[]!damaged_cell(Row 2, column 1: " MISSING
                " 3[]!damaged_cell(Row 3, column 1: " MISSING " 4[zero]");
}

static void numbers(void **state)
{
    Arena *arena = *state;
    assert_rows(arena, ROW(N("12") N("-0.5") N("2024.0") N("100000000") N("0.10000000000000001")),
                "1[#12][#-0.5][#2024.0][#100000000][#0.1]");
    assert_rows(arena, ROW(N("1.2E-5") N("1.5E+3") N("7.0000000000000009") N("-0") N("1E22")),
                "1[#1.2e-05][#1500][#7.000000000000001][#-0][#1e+22]");
    assert_rows(arena, ROW(N("123456789012345") N("1234567890123456789") N("1E400") N("")),
                "1[#123456789012345][#1.2345678901234568e+18][#1E400]");
    assert_rows(arena, ROW("<c t=\"n\"><v>7203</v></c>" S("9", "7203") S("8", "1.5") S("6", "3")),
                "1[#7203][#7203][#1.5][#3]");
    assert_rows(arena, ROW(N("abc") N("7")) ROW(N("INF")),
                "1[#abc][#7]!damaged_cell(Row 1, column 1: the cell should hold a number and does "
                "not. Open the workbook in Excel or LibreOffice, type the cell again and save it.) "
                "2[#INF]!damaged_cell(Row 2, column 1: the cell should hold a number and does not. "
                "Open the workbook in Excel or LibreOffice, type the cell again and save it.)");
}

static void percentages(void **state)
{
    Arena *arena = *state;
    assert_rows(arena, ROW(S("1", "0.12") S("2", "-1.2E-2") S("4", "5") S("99", "0.12")),
                "1[%0.12][%-0.012][%5][#0.12]");
    assert_rows(arena, ROW("<c s=\"1\" t=\"inlineStr\"><is><t>12%</t></is></c>"), "1[12%]");
}

static void dates(void **state)
{
    Arena *arena = *state;
    assert_rows(arena, ROW(S("3", "45657") S("5", "45657.520833333336") S("7", "1.5")),
                "1[@2024-12-31][@2024-12-31T12:30:00][@1900-01-01T12:00:00]");
    assert_rows(arena, ROW(S("3", "1") S("3", "59") S("3", "60") S("3", "61") S("3", "2958465")),
                "1[@1900-01-01][@1900-02-28][@1900-02-29][@1900-03-01][@9999-12-31]");
    assert_rows(arena, ROW(S("3", "0") S("7", "0.5") S("3", "2958466") S("3", "-1")),
                "1[@00:00:00][@12:00:00][#2958466][#-1]");
    assert_rows(arena, ROW(S("5", "45657.99999999999") S("3", "36585") S("3", "2024")),
                "1[@2025-01-01][@2000-02-29][@1905-07-16]");
    assert_rows(arena, ROW("<c t=\"d\"><v>2024-12-31</v></c>"), "1[@2024-12-31]");
}

static void dates_from_1904(void **state)
{
    Arena *arena = *state;
    Book book = {.workbook = XML "<workbook " MAIN " " RELATIONS "><workbookPr date1904=\"1\"/>"
                                 "<sheets><sheet name=\"D\" sheetId=\"1\" r:id=\"rId1\"/></sheets>"
                                 "</workbook>",
                 .sheet = SHEET(ROW(S("3", "44195") S("3", "0") S("3", "60") S("3", "2957004")))};
    assert_file(arena, workbook_of(arena, book),
                "1[@2024-12-31][@1904-01-01][@1904-03-01][#2957004]");
}

static void booleans_and_errors(void **state)
{
    Arena *arena = *state;
    assert_rows(arena,
                ROW("<c t=\"b\"><v>1</v></c><c t=\"b\"><v>0</v></c><c t=\"e\"><v>#N/A</v></c>"
                    "<c t=\"e\"><f>1/0</f><v>#DIV/0!</v></c>"),
                "1[?TRUE][?FALSE][!#N/A][!#DIV/0!]");
    assert_rows(
        arena, ROW("<c t=\"b\"><v>2</v></c>"),
        "1[?2]!damaged_cell(Row 1, column 1: the cell should hold TRUE or FALSE and does "
        "not. Open the workbook in Excel or LibreOffice, type the cell again and save it.)");
}

static void formulas(void **state)
{
    Arena *arena = *state;
    assert_rows(arena,
                ROW("<c><f>1+1</f><v>2</v></c><c t=\"str\"><f>\"a\"</f><v>a</v></c>"
                    "<c s=\"1\"><f t=\"shared\" si=\"0\"/><v>0.5</v></c>"),
                "1[#2][a][%0.5]");
    /* No result in the file: as openpyxl writes it, and others. */
    assert_rows(arena,
                ROW("<c><f>1+1</f><v></v></c><c><f>1+1</f></c><c><f>1</f><v/></c>"
                    "<c t=\"str\"><f>1</f></c><c t=\"b\"><f>1</f><v/></c>"),
                "1[=][=][=][=][=]");
    assert_rows(arena, ROW("<c t=\"str\"><f>\"\"</f><v></v></c>" T("x")), "1[][x]");
    assert_rows(arena, ROW("<c><f>1</f></c>"), "1[=]");
}

static void prefixes_and_strangers(void **state)
{
    Arena *arena = *state;
    Book book = {.sheet = XML
                 "<x:worksheet xmlns:x=\"http://purl.oclc.org/ooxml/spreadsheetml/main\">"
                 "<x:dimension ref=\"A1:XFD1048576\"/><x:cols><x:col/></x:cols><x:sheetData>"
                 "<x:row r=\"2\" spans=\"1:2\"><x:c r=\"B2\"><x:v>5</x:v><x:extLst><x:v>6</x:v>"
                 "</x:extLst></x:c><x:junk><x:c><x:v>7</x:v></x:c></x:junk></x:row><x:v>8</x:v>"
                 "</x:sheetData><x:sheetData><x:row><x:c><x:v>9</x:v></x:c></x:row>"
                 "</x:sheetData></x:worksheet>"};
    assert_file(arena, workbook_of(arena, book), "2[][#5]");
}

static void utf_16_and_latin_1_parts(void **state)
{
    Arena *arena = *state;
    assert_file(arena,
                workbook_of(arena, (Book){.sheet = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>"
                                                   "<worksheet><sheetData><row>"
                                                   "<c t=\"inlineStr\"><is><t>caf\xE9</t></is></c>"
                                                   "</row></sheetData></worksheet>"}),
                "1[caf\xC3\xA9]");
}

/* ---- rows and columns ----------------------------------------------------------------------- */

static void row_numbers(void **state)
{
    Arena *arena = *state;
    assert_rows(arena,
                ROW(N("1")) "<row r=\"5\">" N("2") "</row>" ROW(N("3")) "<row/>" ROW("<c s=\"1\"/>")
                    ROW(N("4")) "<row r=\"1048576\">" N("5") "</row>",
                "1[#1] 5[#2] 6[#3] 9[#4] 1048576[#5]");
    assert_rows(arena, "<row r=\"1048577\">" N("1") "</row>",
                "too_large/too_many_rows: The sheet has a row 1048577; a sheet ends with row "
                "1048576.");
#define ORDER                                                                                      \
    "one that is not below it. Open it in Excel or LibreOffice, save it as .xlsx and send that."
    assert_rows(arena, "<row r=\"5\">" N("1") "</row><row r=\"5\">" N("2") "</row>",
                "5[#1] malformed/damaged_workbook: The workbook is damaged: behind row 5 "
                "stands " ORDER);
    assert_rows(arena, "<row r=\"0\"/>",
                "malformed/damaged_workbook: The workbook is damaged: behind row 0 stands " ORDER);
    assert_rows(arena, "<row r=\"x\"/>",
                "malformed/damaged_workbook: The workbook is damaged: behind row 0 stands " ORDER);
}

static void hidden_rows(void **state)
{
    Arena *arena = *state;
    assert_rows(arena,
                "<row hidden=\"1\">" N("1") "</row><row hidden=\"0\">" N(
                    "2") "</row><row "
                         "hidden=\"true\">" N("3") "</row>" ROW(N("4")),
                "1h[#1] 2[#2] 3h[#3] 4[#4]");
}

static void columns(void **state)
{
    Arena *arena = *state;
    assert_rows(arena, ROW("<c r=\"C1\"><v>3</v></c><c><v>4</v></c><c r=\"A1\"><v>1</v></c>"),
                "1[#1][][#3][#4]");
    assert_rows(arena, ROW("<c r=\"B1\"><v>3</v></c><c r=\"B1\"><v>4</v></c>"),
                "1[][#4]!damaged_cell(Row 1, column 2: the cell is there twice. Open the workbook "
                "in Excel or LibreOffice, type the cell again and save it.)");
    assert_rows(arena, ROW("<c r=\"B2\"><v>3</v></c>"),
                "1[#3]!damaged_cell(Row 1, column 1: the cell says that it belongs to another row. "
                "Open the workbook in Excel or LibreOffice, type the cell again and save it.)");
    assert_rows(arena, ROW("<c r=\"XFE1\"><v>3</v></c>"),
                "1[#3]!damaged_cell(Row 1, column 1: the cell does not say where it is. Open the "
                "workbook in Excel or LibreOffice, type the cell again and save it.)");
    assert_rows(arena, ROW(N("1") "<c r=\"IW1\"><v>3</v></c>"),
                "1[#1]!too_many_columns(Row 1 has 257 cells; 256 are allowed.)");
    assert_rows(arena, ROW(N("1") "<c r=\"IW1\" s=\"1\"/>"), "1[#1]"); /* has a style alone */
}

static void limits_of_cells_and_rows(void **state)
{
    Arena *arena = *state;
    TableOptions small = {.csv = {.max_cell = 4, .max_columns = 3, .max_row_bytes = 10}};
    Str file = workbook_of(
        arena, (Book){.strings = XML "<sst><si><t>12345</t></si><si><t>1234</t></si></sst>",
                      .sheet = SHEET(ROW(T("1234") T("123") T("123")) ROW(T("12345")) ROW(
                          "<c t=\"s\"><v>0</v></c>") ROW("<c t=\"s\"><v>1</v></c>")
                                         ROW(T("1234") T("1234") T("123") N("5"))
                                             ROW(T("12\xC3\xA9\xC3\xA9")))});
    assert_str(describe_file(arena, file, small),
               "1[1234][123][123] "
               "2[1234]!cell_too_long(Row 2, column 1: the cell has more than the 4 bytes that are "
               "allowed.) "
               "3[1234]!cell_too_long(Row 3, column 1: the cell has more than the 4 bytes that are "
               "allowed.) "
               "4[1234] "
               "5[1234][1234]!row_too_long(Row 5 has more than the 10 bytes that are allowed.) "
               "6[12\xC3\xA9]!cell_too_long(Row 6, column 1: the cell has more than the 4 bytes "
               "that are allowed.)");
}

/* ---- sheets --------------------------------------------------------------------------------- */

#define TWO_SHEETS                                                                                 \
    WORKBOOK("<sheet name=\"Notes\" sheetId=\"7\" state=\"hidden\" r:id=\"rId1\"/>"                \
             "<sheet name=\"2024 &amp; more\" sheetId=\"3\" r:id=\"rId2\"/>"                       \
             "<sheet name=\"Chart\" sheetId=\"4\" r:id=\"rId9\"/>")
#define CHART_TOO                                                                                  \
    RELATION_LIST(RELATION("rId2", "worksheet", "/xl/worksheets/sheet2.xml")                       \
                      RELATION("rId1", "worksheet", "./worksheets/sheet1.xml")                     \
                          RELATION("rId9", "chartsheet", "chartsheets/sheet1.xml"))

static void sheets(void **state)
{
    Arena *arena = *state;
    Str file = workbook_of(arena, (Book){.workbook = TWO_SHEETS,
                                         .relations = CHART_TOO,
                                         .sheet = SHEET(ROW(T("hidden"))),
                                         .sheet2 = SHEET(ROW(T("shown")))});
    static const struct {
        const char *sheet, *expected;
    } cases[] = {
        {"", "1[shown]"},
        {"1", "1[shown]"},
        {"Notes", "1[hidden]"},
        {" notes ", "1[hidden]"},
        {"2024 & MORE", "1[shown]"},
        {"2",
         "invalid/not_a_table: The sheet \"Chart\" is a chartsheet, not a table. The workbook's "
         "sheets: \"Notes\" (hidden), \"2024 & more\", \"Chart\"."},
        {"3", "invalid/unknown_sheet: The workbook has no sheet \"3\". Its sheets: \"Notes\" "
              "(hidden), \"2024 & more\", \"Chart\"."},
        {"Data", "invalid/unknown_sheet: The workbook has no sheet \"Data\". Its sheets: \"Notes\" "
                 "(hidden), \"2024 & more\", \"Chart\"."},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
        assert_str(describe_file(arena, file, (TableOptions){.sheet = str_from(cases[i].sheet)}),
                   cases[i].expected);
}

static void no_sheet_that_is_shown(void **state)
{
    Arena *arena = *state;
    assert_file(arena,
                workbook_of(arena, (Book){.workbook = WORKBOOK("<sheet name=\"A\" sheetId=\"1\" "
                                                               "state=\"veryHidden\" "
                                                               "r:id=\"rId1\"/>")}),
                "invalid/no_sheet: The workbook shows no sheet with a table. Its sheets: \"A\" "
                "(hidden). Name one with the option sheet.");
    assert_file(
        arena, workbook_of(arena, (Book){.workbook = WORKBOOK("")}),
        "invalid/no_sheet: The workbook shows no sheet with a table. Its sheets: none. Name "
        "one with the option sheet.");
}

static void a_workbook_without_styles_and_texts(void **state)
{
    Arena *arena = *state;
    assert_file(arena,
                workbook_of(arena, (Book){.relations = RELATION_LIST(RELATION(
                                              "rId1", "worksheet", "worksheets/sheet1.xml")),
                                          .sheet = SHEET(ROW(S("1", "0.5") T("x")))}),
                "1[#0.5][x]");
}

/* ---- what a row is as a line, and how far the file is read ------------------------------------ */

static void rows_as_lines(void **state)
{
    Arena *arena = *state;
    Str file = workbook_of(
        arena,
        (Book){.sheet = SHEET(ROW(
                   T("a,b") T("say &quot;hi&quot;") S("1", "0.07") S("3", "45657") T("=1+1")
                       N("-5") "<c t=\"e\"><v>#N/A</v></c><c t=\"b\"><v>1</v></c><c><f>1</f></c>")
                                  ROW("<c><f>1</f></c>"))});
    Table *table;
    TableRow row;
    bool more;
    assert_no_error(
        table_open(arena, range_source_from_str(arena, file), (TableOptions){0}, &table));
    assert_no_error(table_next(table, arena, &row, &more));
    assert_str(row.raw, "\"a,b\",\"say \"\"hi\"\"\",7%,2024-12-31,'=1+1,-5,#N/A,TRUE,");
    assert_false(table_row_is_blank(&row));
    assert_true(table_bytes_done(table) > 0);
    assert_no_error(table_next(table, arena, &row, &more));
    assert_str(row.raw, "\"\"");
    assert_false(
        table_row_is_blank(&row)); /* its result is missing, which somebody should be told */
    assert_no_error(table_next(table, arena, &row, &more));
    assert_false(more);
    assert_int_equal(table_bytes_done(table), file.len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(texts),
        TEST(characters_that_xml_cannot_hold),
        TEST(shared_texts),
        TEST(numbers),
        TEST(percentages),
        TEST(dates),
        TEST(dates_from_1904),
        TEST(booleans_and_errors),
        TEST(formulas),
        TEST(prefixes_and_strangers),
        TEST(utf_16_and_latin_1_parts),
        TEST(row_numbers),
        TEST(hidden_rows),
        TEST(columns),
        TEST(limits_of_cells_and_rows),
        TEST(sheets),
        TEST(no_sheet_that_is_shown),
        TEST(a_workbook_without_styles_and_texts),
        TEST(rows_as_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
