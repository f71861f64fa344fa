/* What a workbook says of itself: its sheets, where its strings and styles are, how it counts days. */
#ifndef OBLIGOR_FORMAT_XLSX_WORKBOOK_H
#define OBLIGOR_FORMAT_XLSX_WORKBOOK_H

#include "format/xlsx_package.h"

enum { XLSX_SHEETS_MAX = 4096, XLSX_RELATIONS_MAX = 20000, XLSX_SHEET_NAME_MAX = 255 };

typedef struct XlsxSheetEntry {
    Str name; /* cut to XLSX_SHEET_NAME_MAX bytes */
    Str relation;
    bool hidden;
} XlsxSheetEntry;

typedef struct XlsxRelation {
    Str id;
    Str type; /* what stands behind its last "/": "worksheet" */
    Str part; /* name in the archive; empty when it lies outside */
} XlsxRelation;

typedef struct XlsxWorkbook {
    XlsxPackage *package;
    XlsxSheetEntry *sheets; /* in the order of their tabs */
    size_t sheet_count;
    XlsxRelation *relations;
    size_t relation_count;
    bool dates_from_1904;
} XlsxWorkbook;

/* ERROR_UNSUPPORTED (reason "not_xlsx") for a zip archive that is something else; the message says what it
 * is and what to do. */
Error *xlsx_workbook_read(Arena *arena, XlsxPackage *package, XlsxWorkbook *ret_workbook)
    MUST_CHECK;

/* The part of a sheet: by its name (capital and small letters alike where no name is exactly so), else by
 * its number among those that are shown, from 1; `wanted` empty: the first that is shown. ERROR_INVALID with
 * the field "sheet" when there is none; the message names those there are. */
Error *xlsx_workbook_sheet(Arena *arena, const XlsxWorkbook *workbook, Str wanted, Str *ret_part)
    MUST_CHECK;

/* The part of this type, or ptr NULL. */
Str xlsx_workbook_part(const XlsxWorkbook *workbook, const char *type);

#endif
