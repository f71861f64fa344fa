/* A score card: the immutable parameters of one model, as they stand in an obligor-scorecard/1 file
 * (format/card_json.h reads it, domain/scoring.h applies it). */
#ifndef OBLIGOR_MODEL_CARD_H
#define OBLIGOR_MODEL_CARD_H

#include "model/kind.h"
#include "model/prediction.h"

enum { CARD_BIN_MAX = 64 };

/* Holds x when above < x <= up_to; -INFINITY and INFINITY stand for null. */
typedef struct CardBin {
    double above;
    double up_to;
    double rate;
} CardBin;

typedef struct CardFeature {
    size_t ratio; /* index into kind_spec(kind)->ratios */
    double coefficient;
    const CardBin *bins; /* sorted, not overlapping */
    size_t bin_count;
    double missing;   /* the rate of a missing ratio */
    double otherwise; /* the rate of a value in no bin */
} CardFeature;

/* First match from the top; `inclusive` is the difference between "from" and "above". */
typedef struct CardLevel {
    RiskLevel level;
    bool inclusive;
    double percent; /* -INFINITY for the last one, which takes the rest */
} CardLevel;

typedef struct ScoreCard {
    Kind kind;
    const char *name;
    const char *version;
    const char *description;
    bool illustrative;
    double intercept;
    CardFeature features[RATIO_MAX];
    size_t feature_count;
    CardLevel levels[RISK_LEVEL_COUNT]; /* from the most severe down; the last one has no bound */
    size_t level_count;
    bool has_trees; /* the file names trees, which are not applied yet: their score is null */
} ScoreCard;

#endif
