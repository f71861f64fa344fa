/* The workbook behind table_out.h. */
#ifndef OBLIGOR_FORMAT_XLSX_OUT_H
#define OBLIGOR_FORMAT_XLSX_OUT_H

#include "format/table_out.h"

typedef struct XlsxOut XlsxOut;

/* Begins the first sheet, with its header. Lives in `arena`; `spec` and `sink` as in table_out_open. */
Error *xlsx_out_open(Arena *arena, const TableSpec *spec, ByteSink sink, XlsxOut **ret_xlsx)
    MUST_CHECK;
Error *xlsx_out_row(XlsxOut *xlsx, Arena *arena, const TableCell *cells, size_t count) MUST_CHECK;
Error *xlsx_out_end(XlsxOut *xlsx, Arena *arena) MUST_CHECK;

#endif
