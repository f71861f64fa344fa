/* Writes CSV (RFC 4180) that reads back the same here, and that a spreadsheet takes as data.
 *
 * A cell that a spreadsheet would run as a formula (it begins with = + - @ TAB or CR, and is
 * neither a plain decimal nor the missing mark "-") gets a guard: a ' in front. So that the reader
 * can take it off without doubt, a cell that looks guarded already gets one more. */
#ifndef OBLIGOR_FORMAT_CSV_OUT_H
#define OBLIGOR_FORMAT_CSV_OUT_H

#include "base/str.h"

/* One cell, guarded and, only where it must be, in quotes. The caller writes the delimiters. */
void csv_write_cell(Buf *out, Str cell, char delimiter);

/* A row with CRLF. A single empty cell is written "", since an empty line is no row. */
void csv_write_row(Buf *out, const Str *cells, size_t count, char delimiter);

/* The cell as it was before csv_write_cell guarded it; any other cell as it is. A reader calls it
 * for each cell that it takes as text. */
Str csv_unguard(Str cell);

#endif
