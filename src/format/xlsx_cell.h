/* What stands in the XML of a cell, as the text that an import reads. Pure. */
#ifndef OBLIGOR_FORMAT_XLSX_CELL_H
#define OBLIGOR_FORMAT_XLSX_CELL_H

#include "base/str.h"

/* "_x000D_" is how a workbook writes what XML cannot hold; "_x005F_" is "_". In place: the result is never
 * longer. A NUL stays as it is written. */
Str xlsx_cell_unescape(char *text, size_t size);

enum { XLSX_NUMBER_ROOM = 40 };

/* A plain decimal of at most 15 digits as it stands, any other as the shortest one that is the same double:
 * 0.1 for 0.10000000000000001. `room` has XLSX_NUMBER_ROOM bytes and may hold the result. False for what is no
 * number; one beyond a double stays as it stands. */
bool xlsx_cell_number(Str text, char *room, Str *ret_number);

/* A number of days as a date, "2024-12-31", with the time of the day where there is one, "T12:30:00"; below
 * one day the time alone. 60 is the 29th of February of 1900 that Excel believes in. False when there is no
 * such date: below 0 or beyond the year 9999. */
bool xlsx_cell_date(double days, bool from_1904, char *room, Str *ret_date);

/* "BC12": column 55, row 12, both from 1. False when it is no reference or beyond what a sheet holds. */
bool xlsx_cell_reference(const char *text, int64_t *ret_row, size_t *ret_column);

#endif
