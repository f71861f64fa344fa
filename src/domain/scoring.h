/* Scoring: (score card, ratios) → probability of default. Pure arithmetic with the same bits on
 * every run: binary64 throughout, a fixed order of summation, no contraction (-ffp-contract=off).
 * exp is the C library's; between two libraries, or processors with and without fused
 * multiply-add, it and so the PD may differ by one unit in the last place. */
#ifndef OBLIGOR_DOMAIN_SCORING_H
#define OBLIGOR_DOMAIN_SCORING_H

#include "model/card.h"

/* `ratios` in the order of kind_spec(card->kind). Those present are finite: NaN and infinities are
 * refused where rows are read. A ratio without a feature in the card plays no part.
 *
 * The first score of the kind is the logistic PD and the last one the headline, which for every
 * card that loads today is the logistic PD again; a score between them would come from trees and
 * is absent. */
Score scoring_score(const ScoreCard *card, const Ratio ratios[RATIO_MAX]);

/* What one ratio adds to z, against the reference point: a company of which nothing is known,
 * every ratio missing. `contribution` = coefficient · (rate − the feature's `missing` rate): above
 * 0 it raises the PD, and a missing ratio contributes 0. All of a card's contributions sum to z −
 * z(reference), up to rounding. The reference is a point on the card itself; means of the rates
 * would need weights that a card does not hold, and `otherwise` is no neutral rate but that of
 * values out of range. */
typedef struct Contribution {
    size_t ratio; /* index into kind_spec(card->kind)->ratios */
    double rate;  /* that the ratio took */
    double contribution;
} Contribution;

/* Fills one entry per feature of the card, largest size first, equal ones in the card's order;
 * returns their number. `ratios` as above. */
size_t scoring_explain(const ScoreCard *card, const Ratio ratios[RATIO_MAX],
                       Contribution ret_contributions[RATIO_MAX]);

#endif
