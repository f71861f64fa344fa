/* The way to a sheet: _rels/.rels names the workbook, the workbook names its sheets by relation, and
 * <workbook>.rels says which part each relation is. A relation to outside of the file is never followed, and
 * a target that climbs out of it names nothing. */
#include "format/xlsx_workbook.h"

#include "base/check.h"
#include "base/number.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "format/xlsx_xml.h"

/* ---- what else a zip archive may be --------------------------------------------------------- */

typedef struct OtherArchive {
    const char *part;
    const char *message;
} OtherArchive;

#define SAVE_IT "open it and save it as .xlsx (Excel workbook) or CSV (UTF-8)"

static const OtherArchive OTHERS[] = {
    {"xl/workbook.bin", "This is a binary Excel workbook (.xlsb); " SAVE_IT "."},
    {"content.xml", "This is an OpenDocument file (.ods); " SAVE_IT "."},
    {"index/document.iwa", "This is a Numbers document; export it as .xlsx or CSV (UTF-8)."},
    {"index.zip", "This is a Numbers document; export it as .xlsx or CSV (UTF-8)."},
    {"word/document.xml", "This is a Word document, not a table; send an Excel workbook or CSV."},
    {"ppt/presentation.xml", "This is a presentation, not a table; send an Excel workbook or CSV."},
};

static Error *not_a_workbook(Arena *arena, const XlsxPackage *package)
{
    const char *message = "This is a zip archive, but no Excel workbook; unpack it and send the "
                          "table that is in it, as .xlsx or CSV.";
    for (size_t i = 0; i < ARRAY_COUNT(OTHERS); i++)
        if (xlsx_package_has(package, str_from(OTHERS[i].part))) {
            message = OTHERS[i].message;
            break;
        }
    return error_with_reason(ERROR(arena, ERROR_UNSUPPORTED, "%s", message), "not_xlsx");
}

/* ---- relations ------------------------------------------------------------------------------ */

typedef struct Relations {
    Arena *arena;
    XlsxXml *xml;
    Str folder; /* of the part that has them, "xl/" */
    VEC(XlsxRelation) all;
} Relations;

/* A target is relative to the folder of the part that names it, or begins with "/". */
static Str target_part(Arena *arena, Str folder, Str target)
{
    Str rest = target, part;
    bool absolute = str_starts_with(target, STR("/"));
    while (str_next(&rest, '/', &part))
        if (str_is(part, ".."))
            return (Str){"", 0};
    if (absolute)
        return str_copy(arena, str_slice(target, 1, target.len));
    if (str_starts_with(target, STR("./")))
        target = str_slice(target, 2, target.len);
    return str_printf(arena, STR_FMT STR_FMT, STR_ARG(folder), STR_ARG(target));
}

static Str behind_last(Str text, char byte)
{
    size_t at;
    while (str_find(text, byte, &at))
        text = str_slice(text, at + 1, text.len);
    return text;
}

static void relation_start(void *self, const char *name, const char *const *attributes)
{
    Relations *relations = self;
    if (strcmp(name, "Relationship") != 0)
        return;
    if (relations->all.count == XLSX_RELATIONS_MAX) {
        xlsx_xml_fail(relations->xml,
                      error_with_reason(ERROR(xlsx_xml_arena(relations->xml), ERROR_TOO_LARGE,
                                              "The workbook has more parts than any workbook has."),
                                        "too_many_entries"));
        return;
    }
    Arena *arena = relations->arena;
    Str target = str_from(xlsx_xml_attribute(attributes, "Target"));
    bool outside =
        str_equal_fold(str_from(xlsx_xml_attribute(attributes, "TargetMode")), STR("External"));
    XlsxRelation relation = {
        .id = str_copy(arena, str_from(xlsx_xml_attribute(attributes, "Id"))),
        .type = str_copy(arena, behind_last(str_from(xlsx_xml_attribute(attributes, "Type")), '/')),
        .part = outside ? (Str){"", 0} : target_part(arena, relations->folder, target),
    };
    vec_push(arena, &relations->all, relation);
}

static void nothing_at_end(void *self, const char *name)
{
    (void)self;
    (void)name;
}

static void no_text(void *self, Str text)
{
    (void)self;
    (void)text;
}

static void relations_begin(void *self, XlsxXml *xml)
{
    ((Relations *)self)->xml = xml;
}

static Str folder_of(Str part)
{
    return str_slice(part, 0, part.len - behind_last(part, '/').len);
}

/* The relations of a part; `part` empty: of the file. */
static Error *read_relations(Arena *arena, XlsxPackage *package, Str part, Relations *ret_relations)
{
    Relations relations = {.arena = arena, .folder = folder_of(part)};
    XlsxXmlEvents events = {relation_start, nothing_at_end, no_text, &relations};
    Str name = str_printf(arena, STR_FMT "_rels/" STR_FMT ".rels", STR_ARG(relations.folder),
                          STR_ARG(behind_last(part, '/')));
    if (xlsx_package_has(package, name))
        TRY(xlsx_xml_read(package, arena, name, events, relations_begin));
    *ret_relations = relations;
    return NULL;
}

/* ---- the workbook --------------------------------------------------------------------------- */

typedef struct Reading {
    Arena *arena;
    XlsxXml *xml;
    int depth;
    bool in_sheets;
    bool other;
    bool dates_from_1904;
    VEC(XlsxSheetEntry) sheets;
} Reading;

static void add_sheet(Reading *reading, const char *const *attributes)
{
    if (reading->sheets.count == XLSX_SHEETS_MAX) {
        xlsx_xml_fail(
            reading->xml,
            error_with_reason(ERROR(xlsx_xml_arena(reading->xml), ERROR_TOO_LARGE,
                                    "The workbook has more than %d sheets.", XLSX_SHEETS_MAX),
                              "too_many_sheets"));
        return;
    }
    const char *state = xlsx_xml_attribute(attributes, "state");
    Str name = utf8_cut(str_from(xlsx_xml_attribute(attributes, "name")), XLSX_SHEET_NAME_MAX);
    XlsxSheetEntry sheet = {
        .name = str_copy(reading->arena, name),
        .relation = str_copy(reading->arena, str_from(xlsx_xml_attribute(attributes, "id"))),
        .hidden = state != NULL && strcmp(state, "visible") != 0,
    };
    vec_push(reading->arena, &reading->sheets, sheet);
}

static void workbook_start(void *self, const char *name, const char *const *attributes)
{
    Reading *reading = self;
    reading->depth++;
    if (reading->depth == 1 && strcmp(name, "workbook") != 0) {
        reading->other = true; /* a document of another program, in the same kind of archive */
        xlsx_xml_finish(reading->xml);
    } else if (reading->depth == 2 && strcmp(name, "workbookPr") == 0)
        reading->dates_from_1904 = xlsx_xml_is_true(xlsx_xml_attribute(attributes, "date1904"));
    else if (reading->depth == 2)
        reading->in_sheets = strcmp(name, "sheets") == 0;
    else if (reading->depth == 3 && reading->in_sheets && strcmp(name, "sheet") == 0)
        add_sheet(reading, attributes);
}

static void workbook_end(void *self, const char *name)
{
    (void)name;
    ((Reading *)self)->depth--;
}

static void workbook_begin(void *self, XlsxXml *xml)
{
    ((Reading *)self)->xml = xml;
}

static Error *find_workbook(Arena *arena, XlsxPackage *package, Str *ret_part)
{
    Relations relations;
    TRY(read_relations(arena, package, STR(""), &relations));
    *ret_part = STR("xl/workbook.xml");
    for (size_t i = 0; i < relations.all.count; i++)
        if (str_is(relations.all.items[i].type, "officeDocument") &&
            relations.all.items[i].part.len > 0)
            *ret_part = relations.all.items[i].part;
    bool there = xlsx_package_has(package, *ret_part) && str_ends_with(*ret_part, STR(".xml"));
    return there ? NULL : not_a_workbook(arena, package);
}

Error *xlsx_workbook_read(Arena *arena, XlsxPackage *package, XlsxWorkbook *ret_workbook)
{
    Str part;
    Relations relations;
    Reading reading = {.arena = arena};
    XlsxXmlEvents events = {workbook_start, workbook_end, no_text, &reading};
    TRY(find_workbook(arena, package, &part));
    TRY(read_relations(arena, package, part, &relations));
    TRY(xlsx_xml_read(package, arena, part, events, workbook_begin));
    if (reading.other)
        return not_a_workbook(arena, package);
    *ret_workbook = (XlsxWorkbook){
        .package = package,
        .sheets = reading.sheets.items,
        .sheet_count = reading.sheets.count,
        .relations = relations.all.items,
        .relation_count = relations.all.count,
        .dates_from_1904 = reading.dates_from_1904,
    };
    return NULL;
}

/* ---- sheets --------------------------------------------------------------------------------- */

enum { NAMES_SHOWN_MAX = 1000 };

static const XlsxRelation *find_relation(const XlsxWorkbook *workbook, Str id)
{
    for (size_t i = 0; i < workbook->relation_count; i++)
        if (str_equal(workbook->relations[i].id, id))
            return &workbook->relations[i];
    return NULL;
}

static const XlsxSheetEntry *by_name(const XlsxWorkbook *workbook, Str wanted)
{
    for (size_t i = 0; i < workbook->sheet_count; i++)
        if (str_equal(workbook->sheets[i].name, wanted))
            return &workbook->sheets[i];
    for (size_t i = 0; i < workbook->sheet_count; i++)
        if (str_equal_fold(workbook->sheets[i].name, wanted))
            return &workbook->sheets[i];
    return NULL;
}

static bool is_table(const XlsxWorkbook *workbook, const XlsxSheetEntry *sheet)
{
    const XlsxRelation *relation = find_relation(workbook, sheet->relation);
    return relation != NULL && str_is(relation->type, "worksheet");
}

/* A chart has a tab and a number too. */
static const XlsxSheetEntry *by_number(const XlsxWorkbook *workbook, int64_t number)
{
    for (size_t i = 0; i < workbook->sheet_count; i++)
        if (!workbook->sheets[i].hidden && --number == 0)
            return &workbook->sheets[i];
    return NULL;
}

static const XlsxSheetEntry *first_shown(const XlsxWorkbook *workbook)
{
    for (size_t i = 0; i < workbook->sheet_count; i++)
        if (!workbook->sheets[i].hidden && is_table(workbook, &workbook->sheets[i]))
            return &workbook->sheets[i];
    return NULL;
}

static const char *sheet_names(Arena *arena, const XlsxWorkbook *workbook)
{
    Buf names = buf_new(arena, NAMES_SHOWN_MAX + XLSX_SHEET_NAME_MAX + 64);
    for (size_t i = 0; i < workbook->sheet_count; i++) {
        const XlsxSheetEntry *sheet = &workbook->sheets[i];
        if (names.len > NAMES_SHOWN_MAX) {
            buf_printf(&names, " and %zu more", workbook->sheet_count - i);
            break;
        }
        buf_printf(&names, "%s\"" STR_FMT "\"%s", i > 0 ? ", " : "", STR_ARG(sheet->name),
                   sheet->hidden ? " (hidden)" : "");
    }
    return names.len == 0 ? "none" : str_dup(arena, buf_str(&names));
}

__attribute__((format(printf, 3, 4))) static Error *wrong_sheet(Arena *arena, const char *code,
                                                                const char *format, ...)
{
    ErrorField *fields = NULL;
    va_list arguments;
    va_start(arguments, format);
    error_field_add(arena, &fields, "sheet", code, "%s", arena_vprintf(arena, format, arguments));
    va_end(arguments);
    return error_from_fields(arena, fields);
}

static Error *choose_sheet(Arena *arena, const XlsxWorkbook *workbook, Str wanted,
                           const XlsxSheetEntry **ret_sheet)
{
    int64_t number;
    const XlsxSheetEntry *sheet =
        wanted.len == 0 ? first_shown(workbook) : by_name(workbook, wanted);
    if (sheet == NULL && number_parse_int(wanted, 1, XLSX_SHEETS_MAX, &number))
        sheet = by_number(workbook, number);
    if (sheet == NULL && wanted.len == 0)
        return wrong_sheet(
            arena, "no_sheet",
            "The workbook shows no sheet with a table. Its sheets: %s. Name one with "
            "the option sheet.",
            sheet_names(arena, workbook));
    if (sheet == NULL)
        return wrong_sheet(arena, "unknown_sheet",
                           "The workbook has no sheet \"" STR_FMT "\". Its sheets: %s.",
                           STR_ARG(utf8_cut(wanted, 100)), sheet_names(arena, workbook));
    *ret_sheet = sheet;
    return NULL;
}

Error *xlsx_workbook_sheet(Arena *arena, const XlsxWorkbook *workbook, Str wanted, Str *ret_part)
{
    const XlsxSheetEntry *sheet = NULL;
    TRY(choose_sheet(arena, workbook, str_trim(wanted), &sheet));
    CHECK(sheet != NULL);
    const XlsxRelation *relation = find_relation(workbook, sheet->relation);
    if (relation != NULL && !str_is(relation->type, "worksheet"))
        return wrong_sheet(arena, "not_a_table",
                           "The sheet \"" STR_FMT "\" is a " STR_FMT
                           ", not a table. The workbook's sheets: %s.",
                           STR_ARG(sheet->name), STR_ARG(utf8_cut(relation->type, 50)),
                           sheet_names(arena, workbook));
    if (relation == NULL || relation->part.len == 0)
        return xlsx_damaged(arena, "its sheet \"" STR_FMT "\" does not lie in the file",
                            STR_ARG(sheet->name));
    *ret_part = relation->part;
    return NULL;
}

Str xlsx_workbook_part(const XlsxWorkbook *workbook, const char *type)
{
    for (size_t i = 0; i < workbook->relation_count; i++)
        if (str_is(workbook->relations[i].type, type) && workbook->relations[i].part.len > 0)
            return workbook->relations[i].part;
    return (Str){NULL, 0};
}
