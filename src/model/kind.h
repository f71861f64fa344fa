/* The two kinds of prediction and the one description of each: everything that differs between them
 * is a row of this table, never an `if` elsewhere. */
#ifndef OBLIGOR_MODEL_KIND_H
#define OBLIGOR_MODEL_KIND_H

#include "base/str.h"

typedef enum Kind { KIND_ANNUAL, KIND_QUARTERLY, KIND_COUNT } Kind;

enum { RATIO_MAX = 5, SCORE_MAX = 3 };

typedef enum RatioUnit { UNIT_PERCENT, UNIT_MULTIPLE } RatioUnit;

typedef struct RatioSpec {
    const char *name; /* column name in files, JSON and the database */
    RatioUnit unit;
    double plausible_low; /* outside [low, high]: a warning on the row, never a failure */
    double plausible_high;
} RatioSpec;

/* Scores are stored and answered in this order; the last one is the headline PD. */
typedef struct KindSpec {
    const char *word; /* "annual" */
    RatioSpec ratios[RATIO_MAX];
    size_t ratio_count;
    const char *scores[SCORE_MAX]; /* names in JSON and the database */
    size_t score_count;
    bool needs_quarter; /* false: the quarter may be left out and is then Q4 */
} KindSpec;

const KindSpec *kind_spec(Kind kind);
bool kind_parse(Str word, Kind *ret_kind);

/* The index of a ratio by its name, or -1. */
int kind_ratio_index(Kind kind, Str name);

#endif
