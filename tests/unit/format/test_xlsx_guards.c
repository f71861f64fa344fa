/* What is refused before it does harm, and in which words: bombs, tricks with names, encrypted and damaged
 * archives, documents of other programs. */
#include "workbook.h"

#include "format/xlsx_package.h"
#include "format/xlsx_xml.h"

#define AGAIN "Open it in Excel or LibreOffice, save it as .xlsx and send that."

static Str small_book(Arena *arena)
{
    return workbook_of(arena, (Book){.sheet = SHEET("<row><c><v>1</v></c></row>")});
}

/* ---- other files ---------------------------------------------------------------------------- */

static void other_archives(void **state)
{
    Arena *arena = *state;
    static const struct {
        const char *part, *says;
    } cases[] = {
        {"xl/workbook.bin", "This is a binary Excel workbook (.xlsb); open it and save it as .xlsx "
                            "(Excel workbook) or CSV (UTF-8)."},
        {"content.xml", "This is an OpenDocument file (.ods); open it and save it as .xlsx (Excel "
                        "workbook) or CSV (UTF-8)."},
        {"Index/Document.iwa", "This is a Numbers document; export it as .xlsx or CSV (UTF-8)."},
        {"word/document.xml",
         "This is a Word document, not a table; send an Excel workbook or CSV."},
        {"table.csv", "This is a zip archive, but no Excel workbook; unpack it and send the table "
                      "that is in it, as .xlsx or CSV."},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        const Part part = {cases[i].part, STR("<document/>")};
        assert_file(arena, zip_of(arena, &part, 1),
                    arena_printf(arena, "unsupported/not_xlsx: %s", cases[i].says));
    }
    const Part word[] = {
        {"_rels/.rels", STR(RELATION_LIST(RELATION("a", "officeDocument", "word/document.xml")))},
        {"word/document.xml", STR("<w:document xmlns:w=\"w\"/>")}};
    assert_file(arena, zip_of(arena, word, 2),
                "unsupported/not_xlsx: This is a Word document, not a table; send an Excel "
                "workbook or CSV.");
    assert_file(arena, STR("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
                "unsupported/not_xlsx: This is a zip archive, but no Excel workbook; unpack "
                "it and send the table that is in it, as .xlsx or CSV.");
}

static Str compound_file(Arena *arena, const char *name)
{
    char *bytes = arena_alloc(arena, 4096);
    memcpy(bytes, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8);
    bytes[30] = 9;
    bytes[48] = 2; /* the third sector behind the header */
    for (size_t i = 0; name[i] != '\0'; i++)
        bytes[1536 + 128 + 2 * i] = name[i];
    return (Str){bytes, 4096};
}

static void files_of_before_2007_and_with_a_password(void **state)
{
    Arena *arena = *state;
    assert_file(arena, compound_file(arena, "EncryptedPackage"),
                "unsupported/encrypted: This workbook has a password. Open it in Excel, remove the "
                "password (File, Info, Protect Workbook, Encrypt with Password), save it and send "
                "it again.");
    assert_file(
        arena, compound_file(arena, "Workbook"),
        "unsupported/not_xlsx: This is an old Excel workbook (.xls). Open it in Excel, save "
        "it as .xlsx (Excel workbook) and send that.");
    assert_file(
        arena, compound_file(arena, "Book"),
        "unsupported/not_xlsx: This is an old Excel workbook (.xls). Open it in Excel, save "
        "it as .xlsx (Excel workbook) and send that.");
    const char *other =
        "unsupported/not_xlsx: This is an old Office document, not a table. If it came from a "
        "spreadsheet, open it there, save it as .xlsx without a password and send that.";
    assert_file(arena, compound_file(arena, "WordDocument"), other);
    assert_file(arena, STR("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), other);
}

static void text_stays_text(void **state)
{
    Arena *arena = *state;
    assert_file(arena, STR("a,b\n1,2\n"), "1[a][b] 2[1][2]");
    assert_str(describe_file(arena, STR("a,b\n"), (TableOptions){.sheet = STR("Data")}),
               "invalid/not_a_workbook: This file is text and has no sheets. Leave out the option "
               "sheet, or send the Excel workbook.");
}

/* ---- bombs ---------------------------------------------------------------------------------- */

static Str zeros(Arena *arena, size_t size)
{
    char *bytes = arena_alloc_raw(arena, size);
    memset(bytes, '0', size);
    return (Str){bytes, size};
}

#define BOMB                                                                                       \
    "too_large/zip_bomb: The workbook unpacks to far more than its size. Delete rows and columns " \
    "that only have a format, save it again, or send the sheet as CSV."

static Str bomb(Arena *arena, const char *part, size_t size)
{
    const Part parts[] = {
        {"xl/workbook.xml", STR(WORKBOOK("<sheet name=\"D\" sheetId=\"1\" r:id=\"rId1\"/>"))},
        {"xl/_rels/workbook.xml.rels",
         STR(RELATION_LIST(RELATION("rId1", "worksheet", "worksheets/sheet1.xml")
                               RELATION("rId2", "sharedStrings", "sharedStrings.xml")))},
        {strcmp(part, "strings") == 0 ? "xl/worksheets/sheet1.xml" : "xl/sharedStrings.xml",
         STR("<sst/>")},
        {strcmp(part, "strings") == 0 ? "xl/sharedStrings.xml" : "xl/worksheets/sheet1.xml",
         zeros(arena, size)},
    };
    return zip_of(arena, parts, 4);
}

static void a_part_that_claims_to_inflate_beyond_measure(void **state)
{
    Arena *arena = *state;
    Str file = bomb(arena, "sheet", 17 << 20);
    assert_in_range(file.len, 10 << 10, 80 << 10);
    assert_file(arena, file, BOMB);
    assert_file(arena, bomb(arena, "strings", 17 << 20), BOMB);
}

/* The sizes that it claims are made small; what it gives is counted. */
static void a_part_that_lies_about_its_size(void **state)
{
    Arena *arena = *state;
    const Part parts[] = {
        {"xl/workbook.xml", STR(WORKBOOK("<sheet name=\"D\" sheetId=\"1\" r:id=\"rId1\"/>"))},
        {"xl/_rels/workbook.xml.rels",
         STR(RELATION_LIST(RELATION("rId1", "worksheet", "worksheets/sheet1.xml")))},
        {"xl/worksheets/sheet1.xml",
         str_printf(arena, "<worksheet><sheetData>" STR_FMT, STR_ARG(zeros(arena, 0x01123456)))},
    };
    uint32_t size = (uint32_t)parts[2].content.len, small = 1000;
    Str file = patched(arena, zip_of(arena, parts, 3), (Str){(const char *)&size, 4},
                       (Str){(const char *)&small, 4});
    assert_file(arena, file, BOMB);
}

static void a_part_that_claims_gigabytes(void **state)
{
    Arena *arena = *state;
    Str content = STR("<worksheet><sheetData></sheetData></worksheet>");
    const Part parts[] = {
        {"xl/workbook.xml", STR(WORKBOOK("<sheet name=\"D\" sheetId=\"1\" r:id=\"rId1\"/>"))},
        {"xl/_rels/workbook.xml.rels",
         STR(RELATION_LIST(RELATION("rId1", "worksheet", "worksheets/sheet1.xml")))},
        {"xl/worksheets/sheet1.xml", str_printf(arena, STR_FMT "%*s", STR_ARG(content), 12345, "")},
    };
    uint32_t size = (uint32_t)parts[2].content.len, huge = 0xF0000000;
    assert_file(arena,
                patched(arena, zip_of(arena, parts, 3), (Str){(const char *)&size, 4},
                        (Str){(const char *)&huge, 4}),
                BOMB);
}

static void too_many_entries(void **state)
{
    Arena *arena = *state;
    size_t count = XLSX_ENTRIES_MAX + 1;
    Part *parts = ARENA_ARRAY(arena, Part, count);
    for (size_t i = 0; i < count; i++)
        parts[i] = (Part){arena_printf(arena, "%zu", i), STR("")};
    Str file = zip_of(arena, parts, count);
    const char *refused = "too_large/too_many_entries: The file is a zip archive with more entries "
                          "than any workbook has.";
    assert_file(arena, file, refused);

    /* The end of a large archive that claims 2^40 entries: nobody makes room for them. */
    char end[56 + 20 + 22] = "PK\6\6";
    end[4] = 44;
    end[24 + 5] = end[32 + 5] = 1;
    memcpy(end + 56, "PK\6\7", 4);
    end[56 + 8] = 4;
    memcpy(end + 76, "PK\5\6", 4);
    memset(end + 84, 0xFF, 12);
    assert_file(
        arena, str_printf(arena, "PK\3\4" STR_FMT, 0, ""), /* no end at all */
        "malformed/damaged_workbook: The workbook is damaged: it is no whole zip archive. " AGAIN);
    char *bytes = arena_alloc(arena, 4 + sizeof end);
    memcpy(bytes, "PK\3\4", 4);
    memcpy(bytes + 4, end, sizeof end);
    assert_file(arena, ((Str){bytes, 4 + sizeof end}), refused);
}

/* ---- names ---------------------------------------------------------------------------------- */

static void names_that_lead_out(void **state)
{
    Arena *arena = *state;
    static const char *const names[] = {"../evil",  "/etc/passwd", "xl/../../evil",
                                        "..\\evil", "C:/evil",     ".."};
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        const Part parts[] = {{"xl/workbook.xml", STR("")}, {names[i], STR("x")}};
        assert_file(arena, zip_of(arena, parts, 2),
                    "invalid/bad_entry_name: The workbook has an entry whose name no spreadsheet "
                    "program writes. Save the workbook again and send that.");
    }
}

static void a_part_that_is_there_twice(void **state)
{
    Arena *arena = *state;
    const char *twice = "invalid/entry_twice: The workbook has two entries of the same name, so "
                        "nobody can know which one counts. Save the workbook again and send that.";
    const Part parts[] = {{"xl/workbook.xml", STR("a")}, {"xl/workbook.xmL", STR("b")}};
    assert_file(arena, zip_of(arena, parts, 2), twice);
    const Part same[] = {{"xl/workbook.xml", STR("a")}, {"xl/workbook.xm2", STR("b")}};
    assert_file(arena,
                patched(arena, zip_of(arena, same, 2), STR("workbook.xm2"), STR("workbook.xml")),
                twice);
}

static void backslashes_between_folders(void **state)
{
    Arena *arena = *state;
    const Part parts[] = {
        {"xl\\workbook.xml", STR(WORKBOOK("<sheet name=\"D\" sheetId=\"1\" r:id=\"rId1\"/>"))},
        {"xl\\_rels\\workbook.xml.rels",
         STR(RELATION_LIST(RELATION("rId1", "worksheet", "worksheets/sheet1.xml")))},
        {"XL\\Worksheets\\Sheet1.xml", STR(SHEET("<row><c><v>1</v></c></row>"))},
        {"xl\\media\\", STR("")},
    };
    assert_file(arena, zip_of(arena, parts, 4), "1[#1]");
}

static void relations_to_outside(void **state)
{
    Arena *arena = *state;
    static const char *const lists[] = {
        RELATION_LIST("<Relationship Id=\"rId1\" Type=\"" TYPE
                      "worksheet\" Target=\"http://example.com/a.xml\" TargetMode=\"External\"/>"),
        RELATION_LIST(RELATION("rId1", "worksheet", "../../sheet1.xml")),
        RELATION_LIST(""),
    };
    for (size_t i = 0; i < ARRAY_COUNT(lists) - 1; i++)
        assert_file(arena, workbook_of(arena, (Book){.relations = lists[i]}),
                    "malformed/damaged_workbook: The workbook is damaged: its sheet \"Data\" does "
                    "not lie in the file. " AGAIN);
    assert_file(arena, workbook_of(arena, (Book){.relations = lists[2]}),
                "invalid/no_sheet: The workbook shows no sheet with a table. Its sheets: \"Data\". "
                "Name one with the option sheet.");
    assert_file(
        arena,
        workbook_of(arena, (Book){.relations = RELATION_LIST(
                                      RELATION("rId1", "worksheet", "worksheets/sheet9.xml"))}),
        "malformed/damaged_workbook: The workbook is damaged: its part xl/worksheets/sheet9.xml is "
        "missing. " AGAIN);
}

/* ---- encryption and damage ------------------------------------------------------------------ */

static void an_archive_with_a_password(void **state)
{
    Arena *arena = *state;
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, NULL);
    zip_source_keep(source);
    zip_t *zip = zip_open_from_source(source, ZIP_TRUNCATE, NULL);
    CHECK(zip_file_add(zip, "xl/workbook.xml", zip_source_buffer(zip, "<x/>", 4, 0), 0) == 0);
    CHECK(zip_file_set_encryption(zip, 0, ZIP_EM_AES_256, "secret") == 0);
    CHECK(zip_close(zip) == 0);
    Str file = zip_bytes(arena, source);
    zip_source_free(source);
    assert_file(
        arena, file,
        "unsupported/encrypted: The workbook is in a zip archive with a password. Remove the "
        "password and send it again.");
}

/* Whatever is cut off or turned over: an error in words, or the row as it is; never another row alone. */
static void damage_everywhere(void **state)
{
    Arena *arena = *state;
    Str file = small_book(arena);
    for (size_t size = 4; size < file.len; size += 7) {
        Str said = describe_file(arena, str_slice(file, 0, size), (TableOptions){0});
        assert_true(str_starts_with(said, STR("malformed/damaged_workbook: The workbook is ")));
    }
    size_t read = 0;
    for (size_t at = 4; at<file.len; at += test_rounds(50)> 1 ? 3 : 29) {
        char *bytes = arena_copy(arena, file.ptr, file.len);
        bytes[at] = (char)(bytes[at] ^ 0x55);
        Str said = describe_file(arena, (Str){bytes, file.len}, (TableOptions){0});
        read += str_is(said, "1[#1]");
        assert_true(str_is(said, "1[#1]") || memmem(said.ptr, said.len, ": ", 2) != NULL);
    }
    assert_true(read > 0);
}

static void damaged_content(void **state)
{
    Arena *arena = *state;
    const Part parts[] = {
        {"xl/workbook.xml", STR(WORKBOOK("<sheet name=\"D\" sheetId=\"1\" r:id=\"rId1\"/>"))},
        {"xl/_rels/workbook.xml.rels", STR(RELATION_LIST(RELATION("rId1", "worksheet", "s.xml")))},
        {"xl/s.xml", STR("<worksheet><sheetData>\n<row><c><v>1</v></c></row>\n<row></sheetData>")},
    };
    assert_file(arena, zip_of(arena, parts, 3),
                "1[#1] malformed/damaged_workbook: The workbook is damaged: line 3 of its part "
                "xl/s.xml is no good XML. " AGAIN);
}

/* ---- XML ------------------------------------------------------------------------------------ */

static void document_types_and_entities(void **state)
{
    Arena *arena = *state;
    static const char *const sheets[] = {
        "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]><worksheet><sheetData><row>"
        "<c t=\"inlineStr\"><is><t>&b;</t></is></c></row></sheetData></worksheet>",
        "<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><worksheet/>",
    };
    for (size_t i = 0; i < ARRAY_COUNT(sheets); i++)
        assert_file(
            arena, workbook_of(arena, (Book){.sheet = sheets[i]}),
            "invalid/doctype: The workbook declares a document type in "
            "xl/worksheets/sheet1.xml, which no spreadsheet program does. Save it again and "
            "send that.");
    assert_file(arena, workbook_of(arena, (Book){.sheet = "<worksheet><sheetData>&b;</sheetData>"}),
                "malformed/damaged_workbook: The workbook is damaged: line 1 of its part "
                "xl/worksheets/sheet1.xml is no good XML. " AGAIN);
}

#define TOO_LONG                                                                                   \
    "too_large/xml_too_large: The workbook has a tag in xl/worksheets/sheet1.xml that is too "     \
    "long, or too deep inside others. Save it again and send that."

static void tags_that_want_much_memory(void **state)
{
    Arena *arena = *state;
    Buf deep = buf_new(arena, 16 << 20), names = buf_new(arena, 16 << 20);
    for (size_t i = 0; i < 60000; i++) {
        buf_printf(&deep, "<a%zu>", i % 7);
        buf_printf(&names, "<a%zx/>", i * 2654435761u);
    }
    Str longest = zeros(arena, 3 << 20);
    assert_file(arena, workbook_of(arena, (Book){.sheet = deep.data}), TOO_LONG);
    assert_file(arena,
                workbook_of(arena, (Book){.sheet = arena_printf(arena, "<a>%s</a>", names.data)}),
                TOO_LONG);
    assert_file(arena,
                workbook_of(arena, (Book){.sheet = arena_printf(arena, "<a b=\"" STR_FMT "\"/>",
                                                                STR_ARG(longest))}),
                TOO_LONG);
}

/* ---- the source ----------------------------------------------------------------------------- */

typedef struct Failing {
    Str file;
    int reads_left;
} Failing;

static Error *read_failing(void *self, Arena *arena, int64_t offset, char *bytes, size_t cap,
                           size_t *ret_size)
{
    Failing *failing = self;
    if (failing->reads_left-- == 0)
        return ERROR(arena, ERROR_UNAVAILABLE, "gone");
    Str part = str_slice(failing->file, (size_t)offset, (size_t)offset + cap);
    memcpy(bytes, part.ptr, part.len);
    *ret_size = part.len;
    return NULL;
}

/* At every read: what the source says comes out as it is, and never as a damaged workbook. */
static void a_source_that_fails(void **state)
{
    Arena *arena = *state;
    Str file = small_book(arena);
    for (int reads = 0;; reads++) {
        Failing failing = {file, reads};
        RangeSource source = {read_failing, &failing, (int64_t)file.len};
        Arena *own = arena_new(0);
        Table *table;
        TableRow row;
        bool more = true;
        Error *error = table_open(own, source, (TableOptions){0}, &table);
        while (error == NULL && more)
            error = table_next(table, own, &row, &more);
        bool done = error == NULL;
        if (!done)
            assert_error(error, ERROR_UNAVAILABLE, "gone");
        arena_free(own);
        if (done)
            break;
        assert_in_range(reads, 0, 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(other_archives),
        TEST(files_of_before_2007_and_with_a_password),
        TEST(text_stays_text),
        TEST(a_part_that_claims_to_inflate_beyond_measure),
        TEST(a_part_that_lies_about_its_size),
        TEST(a_part_that_claims_gigabytes),
        TEST(too_many_entries),
        TEST(names_that_lead_out),
        TEST(a_part_that_is_there_twice),
        TEST(backslashes_between_folders),
        TEST(relations_to_outside),
        TEST(an_archive_with_a_password),
        TEST(damage_everywhere),
        TEST(damaged_content),
        TEST(document_types_and_entities),
        TEST(tags_that_want_much_memory),
        TEST(a_source_that_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
