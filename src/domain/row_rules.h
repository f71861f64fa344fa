/* The rules of one row of input, the same for a spreadsheet row and for a JSON body: what a field may
 * hold, what is missing, what is a failure and what a warning. Pure: no database. */
#ifndef OBLIGOR_DOMAIN_ROW_RULES_H
#define OBLIGOR_DOMAIN_ROW_RULES_H

#include "base/error.h"
#include "base/vec.h"
#include "model/job.h"
#include "model/prediction.h"
#include "model/problem.h"

typedef VEC(Problem) ProblemList;

/* Fields in the order of this enum; ratios follow from FIELD_RATIO on in the order of the kind. */
typedef enum Field {
    FIELD_SYMBOL,
    FIELD_NAME,
    FIELD_MARKET_CAP,
    FIELD_SECTOR,
    FIELD_YEAR,
    FIELD_QUARTER,
    FIELD_RATIO,
    FIELD_MAX = FIELD_RATIO + RATIO_MAX
} Field;

/* "company_symbol", …, and the ratios' names; NULL beyond the kind's last. */
const char *field_name(Kind kind, size_t field);
size_t field_count(Kind kind);

/* What its numbers mean ("percent"), or NULL: as a header may say behind the name, "sga_margin (percent)". */
const char *field_unit(Kind kind, size_t field);

/* Without regard to case, spaces, hyphens and underscores; `name` is in lower case. */
bool row_rules_same_name(Str cell, const char *name);

/* The name of a column that a file of handed-out rows has behind its own (row_file.h); never data. */
bool row_rules_is_ours(Str cell);

/* Which column of the file holds which field; -1: not there. */
typedef struct ColumnMap {
    int column[FIELD_MAX];
    size_t column_count; /* of the header */
    int retry_column;    /* ROW_FILE_JOB; -1: not there */
} ColumnMap;

/* Matches header names without regard to case, spaces, hyphens or underscores, with or without the field's unit
 * in brackets behind them; with another unit there it is no name of the field. Columns that are missing
 * (all of them named) or there twice make ERROR_INVALID for the file; unknown columns add one warning
 * that names them. Our own columns in a file of failed rows (row_file.h) are known, and hold no data. Problems are on
 * row 1. */
Error *row_rules_map(Arena *arena, Kind kind, const Str *cells, size_t count, ColumnMap *ret_map,
                     ProblemList *problems) MUST_CHECK;

/* Cells as the input gives them, in the order of Field; an absent field has ptr NULL. */
typedef struct RawRow {
    Str cells[FIELD_MAX];
    bool wrong
        [FIELD_MAX]; /* a problem that fails the row is known already: the cell is not looked at */
} RawRow;

RawRow row_rules_pick(const ColumnMap *map, const Str *cells, size_t count);

/* How the input writes its numbers. */
typedef struct RowStyle {
    CapUnit unit; /* of a market_cap */
    DecimalMark decimal;
} RowStyle;

/* Checks every field; problems are added for `row` and all of them are found, not just the first.
 * Returns true when no problem of severity error was added. Text in `ret_input` is in `arena` or borrowed
 * from the cells. */
bool row_rules_check(Arena *arena, Kind kind, RowStyle style, int64_t row, const RawRow *raw,
                     PredictionInput *ret_input, ProblemList *problems);

/* "", "NM", "N/A", "NA", "null", "-" in any case. */
bool row_rules_is_missing(Str cell);

#endif
