/* A cell names a style (an <xf> of <cellXfs>), a style names a format by number, and a format is one of
 * Excel's own or a text in <numFmts>. */
#include "format/xlsx_styles.h"

#include "base/number.h"
#include "base/vec.h"
#include "format/xlsx_xml.h"

/* ---- formats -------------------------------------------------------------------------------- */

/* Those that have a number and no text in the file; from 27 on they are dates in some languages alone, and
 * nothing else in any. */
static CellKind built_in_kind(int64_t id)
{
    if (id == 9 || id == 10)
        return CELL_PERCENT;
    bool date = (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) ||
                (id >= 50 && id <= 58);
    return date ? CELL_DATE : CELL_NUMBER;
}

/* [h], [mm], [ss]: time that has passed. Anything else in brackets is a colour, a condition, a language. */
static bool is_elapsed(Str bracket)
{
    for (size_t i = 0; i < bracket.len; i++)
        if (strchr("hmsHMS", bracket.ptr[i]) == NULL)
            return false;
    return bracket.len > 0;
}

/* The part of the format that stands for itself: a quoted text, a character behind \ or one that only
 * makes room (_x) or fills (*x). Returns its size, 0 for none. */
static size_t literal_size(Str code)
{
    size_t end;
    switch (code.ptr[0]) {
    case '"':
        return str_find(str_slice(code, 1, code.len), '"', &end) ? end + 2 : code.len;
    case '\\':
    case '_':
    case '*':
        return code.len < 2 ? code.len : 2;
    default:
        return 0;
    }
}

CellKind xlsx_format_kind(Str code)
{
    bool date = false;
    while (code.len > 0) {
        size_t skip = literal_size(code), end;
        if (skip == 0 && code.ptr[0] == '[') {
            end = code.len;
            (void)str_find(code, ']', &end);
            date = date || is_elapsed(str_slice(code, 1, end));
            skip = end < code.len ? end + 1 : code.len;
        } else if (skip == 0 && code.ptr[0] == '%') {
            return CELL_PERCENT;
        } else if (skip == 0) {
            date = date || strchr("ymdhsYMDHS", code.ptr[0]) != NULL;
            skip = 1;
        }
        code = str_slice(code, skip, code.len);
    }
    return date ? CELL_DATE : CELL_NUMBER;
}

/* ---- the part ------------------------------------------------------------------------------- */

typedef struct Format {
    int64_t id;
    CellKind kind;
} Format;

typedef struct Reading {
    Arena *arena;
    XlsxXml *xml;
    int depth;
    bool in_formats;
    bool in_styles;
    VEC(Format) formats;
    VEC(int64_t) styles; /* the number of the format of each */
} Reading;

static int64_t number_of(const char *const *attributes)
{
    int64_t id = 0;
    (void)number_parse_int(str_from(xlsx_xml_attribute(attributes, "numFmtId")), 0, INT32_MAX, &id);
    return id;
}

static void add(Reading *reading, const char *name, const char *const *attributes)
{
    if (reading->in_formats && strcmp(name, "numFmt") == 0) {
        Str code = str_from(xlsx_xml_attribute(attributes, "formatCode"));
        vec_push(reading->arena, &reading->formats,
                 ((Format){number_of(attributes), xlsx_format_kind(code)}));
    } else if (reading->in_styles && strcmp(name, "xf") == 0) {
        vec_push(reading->arena, &reading->styles, number_of(attributes));
    }
    if (reading->formats.count > XLSX_FORMATS_MAX || reading->styles.count > XLSX_STYLES_MAX)
        xlsx_xml_fail(
            reading->xml,
            error_with_reason(ERROR(xlsx_xml_arena(reading->xml), ERROR_TOO_LARGE,
                                    "The workbook has more cell formats than any workbook has."),
                              "too_many_styles"));
}

static void start(void *self, const char *name, const char *const *attributes)
{
    Reading *reading = self;
    reading->depth++;
    if (reading->depth == 2) {
        reading->in_formats = strcmp(name, "numFmts") == 0;
        reading->in_styles = strcmp(name, "cellXfs") == 0;
    } else if (reading->depth == 3) {
        add(reading, name, attributes);
    }
}

static void end(void *self, const char *name)
{
    (void)name;
    ((Reading *)self)->depth--;
}

static void no_text(void *self, Str text)
{
    (void)self;
    (void)text;
}

static void begin(void *self, XlsxXml *xml)
{
    ((Reading *)self)->xml = xml;
}

/* A text in the file goes before what Excel means by the number. Formats of one file are few. */
static CellKind kind_of(const Reading *reading, int64_t id)
{
    for (size_t i = 0; i < reading->formats.count; i++)
        if (reading->formats.items[i].id == id)
            return reading->formats.items[i].kind;
    return built_in_kind(id);
}

Error *xlsx_styles_read(Arena *arena, XlsxPackage *package, Str part, XlsxStyles *ret_styles)
{
    Reading reading = {.arena = arena};
    XlsxXmlEvents events = {start, end, no_text, &reading};
    if (part.len > 0)
        TRY(xlsx_xml_read(package, arena, part, events, begin));
    uint8_t *kinds = arena_alloc(arena, reading.styles.count + 1);
    for (size_t i = 0; i < reading.styles.count; i++)
        kinds[i] = i > 0 && reading.styles.items[i] == reading.styles.items[i - 1]
                       ? kinds[i - 1]
                       : (uint8_t)kind_of(&reading, reading.styles.items[i]);
    *ret_styles = (XlsxStyles){kinds, reading.styles.count};
    return NULL;
}

CellKind xlsx_styles_kind(const XlsxStyles *styles, size_t style)
{
    return style < styles->count ? (CellKind)styles->kinds[style] : CELL_NUMBER;
}
