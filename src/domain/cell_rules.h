/* What a cell means in the field where it stands. In a workbook 12% is 12 in a ratio that is a percentage and a
 * mistake anywhere else, and a formula without its result is no value. An error is none in any file: a workbook
 * says that a cell is one, a CSV file has the word that was shown, #DIV/0!. Pure. */
#ifndef OBLIGOR_DOMAIN_CELL_RULES_H
#define OBLIGOR_DOMAIN_CELL_RULES_H

#include "domain/row_rules.h"
#include "format/table.h"

typedef struct CellRules {
    Arena *arena;
    Kind kind;
    const ColumnMap *map;
    ProblemList *problems; /* what is found is added to it */
} CellRules;

/* Turns the cells of `raw`, picked by the map from `row`, into texts as a CSV file has them. A
 * field that is wrong is marked, so that nothing more is said about it. Returns the row as the import
 * understands it, as one line of CSV: what a rejected row is kept as (table.h, `raw`). */
Str cell_rules_read(const CellRules *rules, const TableRow *row, RawRow *raw);

/* What a spreadsheet shows in a cell whose formula went wrong: #REF! and the like. */
bool cell_rules_is_error(Str text);

/* Watches percentages that look like fractions: 0.12 where 12 is meant. Begins zeroed. */
typedef struct FractionWatch {
    bool fractions[RATIO_MAX]; /* there are values between -1, 0 and 1 ... */
    bool beyond[RATIO_MAX];    /* ... and outside of [-1, 1] */
} FractionWatch;

void fraction_watch_add(FractionWatch *watch, Kind kind, const Ratio *ratios);

/* A warning on row 1 for each ratio whose values all lie in [-1, 1], and not all on -1, 0 and 1. */
void fraction_watch_end(const FractionWatch *watch, Arena *arena, Kind kind, ProblemList *problems);

#endif
