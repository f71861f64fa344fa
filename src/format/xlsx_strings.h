/* The texts that the cells of a workbook share, by number. However many there are, memory holds the first
 * of them; the others lie in a temporary file that has no name. */
#ifndef OBLIGOR_FORMAT_XLSX_STRINGS_H
#define OBLIGOR_FORMAT_XLSX_STRINGS_H

#include "format/xlsx_package.h"

enum {
    XLSX_STRINGS_BLOCK = 64 * 1024,
    XLSX_STRINGS_MEMORY = 16 << 20, /* bytes in memory unless told otherwise */
    XLSX_STRINGS_PAGE = 4 * 1024,   /* read from the file at once */
    XLSX_STRINGS_CACHE = 1024,      /* pages of the file that are kept */
    XLSX_STRINGS_MAX = 1 << 25
};

typedef struct XlsxStrings XlsxStrings;

/* A text beyond `max_text` bytes is cut behind one byte more, so that whoever gets it sees that it is too
 * long. `memory` is rounded up to blocks; the file is made when they are full. */
XlsxStrings *xlsx_strings_new(Arena *arena, size_t max_text, size_t memory);

Error *xlsx_strings_add(XlsxStrings *strings, Arena *arena, Str text) MUST_CHECK;

/* Adds the texts of a part: runs joined, phonetic ones left out. */
Error *xlsx_strings_read(XlsxStrings *strings, XlsxPackage *package, Arena *arena, Str part)
    MUST_CHECK;

size_t xlsx_strings_max_text(const XlsxStrings *strings);
size_t xlsx_strings_count(const XlsxStrings *strings);

/* `index` is below the count; `room` has max_text + 1 bytes and may be where the text is put, else it lies in
 * memory that lives as long as `strings`. ERROR_UNAVAILABLE when the file cannot be read. */
Error *xlsx_strings_get(XlsxStrings *strings, Arena *arena, size_t index, char *room, Str *ret_text)
    MUST_CHECK;

bool xlsx_strings_spilled(const XlsxStrings *strings);

#endif
