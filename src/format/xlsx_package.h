/* The zip archive that a workbook is, and its parts, each read as a stream. Everything that makes an archive
 * dangerous is refused here: too many entries, names that lead out of it or are there twice, encryption,
 * and parts that inflate beyond measure. */
#ifndef OBLIGOR_FORMAT_XLSX_PACKAGE_H
#define OBLIGOR_FORMAT_XLSX_PACKAGE_H

#include "format/range_source.h"

enum {
    XLSX_ENTRIES_MAX = 10000,
    XLSX_RATIO_MAX = 200,       /* inflated to packed, of one part ... */
    XLSX_RATIO_FREE = 16 << 20, /* ... once it has given so many bytes */
    XLSX_OPENING_MAX = 8 << 20, /* bytes of the file that finding its entries may take */
    XLSX_NAME_MAX = 512         /* bytes of a part's name */
};
#define XLSX_INFLATED_MAX (INT64_C(8) << 30) /* of all parts that are read */

typedef struct XlsxPackage XlsxPackage;
typedef struct XlsxPart XlsxPart;

/* Lives as long as `arena`; the source is borrowed. ERROR_MALFORMED for what is no whole zip archive,
 * ERROR_UNSUPPORTED for an encrypted one, ERROR_TOO_LARGE and ERROR_INVALID for what is refused. */
Error *xlsx_package_open(Arena *arena, RangeSource file, XlsxPackage **ret_package) MUST_CHECK;

/* Names have no "/" in front; capital and small letters are the same. */
bool xlsx_package_has(const XlsxPackage *package, Str name);

/* ERROR_MALFORMED when it is not there. The part lives in the package's arena. */
Error *xlsx_part_open(XlsxPackage *package, Arena *arena, Str name, XlsxPart **ret_part) MUST_CHECK;

/* Puts 1 to `cap` bytes into `bytes`; *ret_size 0 is the end. ERROR_MALFORMED for damage,
 * ERROR_TOO_LARGE for a part that inflates beyond measure. */
Error *xlsx_part_read(XlsxPart *part, Arena *arena, char *bytes, size_t cap, size_t *ret_size)
    MUST_CHECK;

void xlsx_part_close(XlsxPart *part);

const char *xlsx_part_name(const XlsxPart *part);
int64_t xlsx_part_size(const XlsxPart *part); /* inflated, as the archive claims */
int64_t xlsx_part_done(const XlsxPart *part); /* read so far */

/* ERROR_MALFORMED, reason "damaged_workbook": what is wrong, and that saving it again may help. */
Error *xlsx_damaged(Arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)))
MUST_CHECK;

#endif
