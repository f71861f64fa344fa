/* z = Σ coefficient · rate in feature order, from 0.0, then + intercept; p = 1 / (1 + exp(−z)). The
 * order of every operation is part of the contract: golden tests hold it to the last bit. A loaded
 * card's z is always finite (format/card_json.h), so p is a number from 0 to 1. */
#include "domain/scoring.h"

#include "base/check.h"

#include <math.h>

/* Bins are sorted, so the first one that does not end below x holds it, or none does. */
static double rate_of(const CardFeature *feature, Ratio ratio)
{
    if (!ratio.present)
        return feature->missing;
    CHECK(isfinite(ratio.value));
    for (size_t i = 0; i < feature->bin_count; i++)
        if (ratio.value <= feature->bins[i].up_to)
            return ratio.value > feature->bins[i].above ? feature->bins[i].rate
                                                        : feature->otherwise;
    return feature->otherwise;
}

static RiskLevel level_of(const ScoreCard *card, double probability)
{
    double percent = probability * 100;
    for (size_t i = 0; i + 1 < card->level_count; i++) {
        const CardLevel *level = &card->levels[i];
        if (level->inclusive ? percent >= level->percent : percent > level->percent)
            return level->level;
    }
    return card->levels[card->level_count - 1].level;
}

Score scoring_score(const ScoreCard *card, const Ratio ratios[RATIO_MAX])
{
    double z = 0.0;
    for (size_t i = 0; i < card->feature_count; i++) {
        const CardFeature *feature = &card->features[i];
        z += feature->coefficient * rate_of(feature, ratios[feature->ratio]);
    }
    z += card->intercept;
    double p = 1 / (1 + exp(-z));
    CHECK(p >= 0 && p <= 1);

    size_t last = kind_spec(card->kind)->score_count - 1;
    Score score = {
        .probability = p,
        .risk_level = level_of(card, p),
        .confidence = fmax(2 * fabs(p - 0.5), 0.5),
    };
    score.values[0] = score.values[last] = p;
    score.present[0] = score.present[last] = true;
    return score;
}

size_t scoring_explain(const ScoreCard *card, const Ratio ratios[RATIO_MAX],
                       Contribution ret_contributions[RATIO_MAX])
{
    for (size_t i = 0; i < card->feature_count; i++) {
        const CardFeature *feature = &card->features[i];
        double rate = rate_of(feature, ratios[feature->ratio]);
        Contribution added = {feature->ratio, rate,
                              feature->coefficient * (rate - feature->missing)};
        size_t at = i;
        for (; at > 0 && fabs(ret_contributions[at - 1].contribution) < fabs(added.contribution);
             at--)
            ret_contributions[at] = ret_contributions[at - 1];
        ret_contributions[at] = added;
    }
    return card->feature_count;
}
