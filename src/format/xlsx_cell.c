/* Small translations, each of one text. A workbook of a million rows goes through them ten million times, so
 * the usual case of each ends early. */
#include "format/xlsx_cell.h"

#include "base/number.h"
#include "base/utf8.h"

#include <math.h>
#include <stdio.h>

enum { ROWS_MAX = 1048576, COLUMNS_MAX = 16384 };

/* ---- text ----------------------------------------------------------------------------------- */

/* "_xHHHH_" at the front. */
static bool take_unit(Str text, uint32_t *ret_unit)
{
    uint8_t bytes[2];
    if (text.len < 7 || text.ptr[0] != '_' || text.ptr[1] != 'x' || text.ptr[6] != '_' ||
        !hex_parse(str_slice(text, 2, 6), bytes, 2))
        return false;
    *ret_unit = (uint32_t)(bytes[0] << 8 | bytes[1]);
    return *ret_unit != 0;
}

/* A character in one unit or, beyond 16 bits, in two; half of one is none. */
static size_t take_character(Str text, uint32_t *ret_code_point)
{
    uint32_t unit, second;
    if (!take_unit(text, &unit) || (unit >= 0xDC00 && unit <= 0xDFFF))
        return 0;
    *ret_code_point = unit;
    if (unit < 0xD800 || unit > 0xDBFF)
        return 7;
    if (!take_unit(str_slice(text, 7, text.len), &second) || second < 0xDC00 || second > 0xDFFF)
        return 0;
    *ret_code_point = 0x10000 + ((unit - 0xD800) << 10) + (second - 0xDC00);
    return 14;
}

Str xlsx_cell_unescape(char *text, size_t size)
{
    if (size < 7 || memmem(text, size, "_x", 2) == NULL)
        return (Str){text, size};
    size_t to = 0;
    for (size_t from = 0; from < size;) {
        uint32_t code_point;
        size_t taken = take_character((Str){text + from, size - from}, &code_point);
        if (taken == 0) {
            text[to++] = text[from++];
            continue;
        }
        from += taken;
        to += utf8_encode(text + to, code_point);
    }
    return (Str){text, to};
}

/* ---- numbers -------------------------------------------------------------------------------- */

/* Sign, digits, at most one point; so few digits that each of them means something. */
static bool is_short_decimal(Str text)
{
    size_t digits = 0, points = 0;
    for (size_t i = text.len > 0 && text.ptr[0] == '-'; i < text.len; i++) {
        if (text.ptr[i] >= '0' && text.ptr[i] <= '9')
            digits++;
        else if (text.ptr[i] == '.')
            points++;
        else
            return false;
    }
    return digits > 0 && digits <= 15 && points <= 1;
}

bool xlsx_cell_number(Str text, char *room, Str *ret_number)
{
    double value;
    *ret_number = text;
    if (is_short_decimal(text))
        return true;
    switch (number_parse(text, &value)) {
    case NUMBER_OK:
        *ret_number = (Str){room, number_format(room, value)};
        return true;
    case NUMBER_TOO_LARGE:
        return true;
    case NUMBER_MALFORMED:
        break;
    }
    return false;
}

/* ---- dates ---------------------------------------------------------------------------------- */

typedef struct Day {
    int year, month, day;
} Day;

/* From days since 1970-01-01; eras of 400 years that begin in March. */
static Day civil(int64_t days)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t in_era = days - era * 146097;
    int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * in_year + 2) / 153;
    Day day = {.day = (int)(in_year - (153 * month + 2) / 5 + 1),
               .month = (int)(month < 10 ? month + 3 : month - 9)};
    day.year = (int)(year + era * 400 + (day.month <= 2));
    return day;
}

static Day day_of(int64_t serial, bool from_1904)
{
    enum {
        DAYS_1904 = -24107,
        DAYS_1900 = -25569
    }; /* 1904-01-01 and 1899-12-30 since 1970-01-01 */
    if (from_1904)
        return civil(serial + DAYS_1904);
    if (serial == 60)
        return (Day){1900, 2, 29};
    return civil(serial + DAYS_1900 + (serial < 60));
}

bool xlsx_cell_date(double days, bool from_1904, char *room, Str *ret_date)
{
    enum { DAY_SECONDS = 86400, LAST_DAY = 2958465 }; /* 9999-12-31, counted from 1900 */
    if (!(days >= 0) || days >= LAST_DAY + 1)
        return false;
    int64_t seconds = (int64_t)floor(days * DAY_SECONDS + 0.5);
    int64_t serial = seconds / DAY_SECONDS;
    int time = (int)(seconds % DAY_SECONDS);
    Day day = day_of(serial, from_1904);
    if (day.year > 9999)
        return false;
    int size = 0;
    bool time_alone = serial == 0 && !from_1904;
    if (!time_alone)
        size = snprintf(room, XLSX_NUMBER_ROOM, "%04d-%02d-%02d", day.year, day.month, day.day);
    if (time != 0 || time_alone)
        size += snprintf(room + size, XLSX_NUMBER_ROOM - (size_t)size, "%s%02d:%02d:%02d",
                         time_alone ? "" : "T", time / 3600, time / 60 % 60, time % 60);
    *ret_date = (Str){room, (size_t)size};
    return true;
}

/* ---- references ----------------------------------------------------------------------------- */

bool xlsx_cell_reference(const char *text, int64_t *ret_row, size_t *ret_column)
{
    size_t column = 0;
    int64_t row = 0;
    for (; *text >= 'A' && *text <= 'Z'; text++) {
        column = column * 26 + (size_t)(*text - 'A') + 1;
        if (column > COLUMNS_MAX)
            return false;
    }
    for (; *text >= '0' && *text <= '9'; text++) {
        row = row * 10 + (*text - '0');
        if (row > ROWS_MAX)
            return false;
    }
    *ret_row = row;
    *ret_column = column;
    return *text == '\0' && column > 0 && row > 0;
}
