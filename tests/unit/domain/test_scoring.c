/* Scoring: what must not come in dies; then bins, sums, levels and contributions one by one, and
 * random cards against the definition written out plainly. Exactness against the reference model
 * is test_scoring_golden's. */
#include "domain/scoring.h"

#include "test.h"

#include <math.h>

static const CardBin BINS[] = {{-INFINITY, -1, 10}, {-1, 2, 20}, {3, 4, 30}};

/* z is the rate of the first ratio: no intercept, coefficient 1. */
static ScoreCard plain_card(Kind kind)
{
    return (ScoreCard){
        .kind = kind,
        .features =
            {{.coefficient = 1, .bins = BINS, .bin_count = 3, .missing = 40, .otherwise = 50}},
        .feature_count = 1,
        .levels = {{RISK_CRITICAL, false, 15},
                   {RISK_HIGH, true, 5},
                   {RISK_MEDIUM, true, 2},
                   {RISK_LOW, false, -INFINITY}},
        .level_count = 4,
    };
}

/* A card whose PD is `p` for every input, as closely as doubles allow. */
static ScoreCard constant_card(double p)
{
    ScoreCard card = plain_card(KIND_ANNUAL);
    card.features[0].coefficient = 0;
    card.intercept = log(p / (1 - p));
    return card;
}

static const Ratio NONE[RATIO_MAX];

static void score_value(double value)
{
    ScoreCard card = plain_card(KIND_ANNUAL);
    Ratio ratios[RATIO_MAX] = {{value, true}};
    scoring_score(&card, ratios);
}

static void score_nan(void)
{
    score_value(NAN);
}

static void score_infinity(void)
{
    score_value(INFINITY);
}

static void score_minus_infinity(void)
{
    score_value(-INFINITY);
}

static void explain_nan(void)
{
    ScoreCard card = plain_card(KIND_ANNUAL);
    Ratio ratios[RATIO_MAX] = {{NAN, true}};
    Contribution contributions[RATIO_MAX];
    scoring_explain(&card, ratios, contributions);
}

static void score_with_a_broken_card(void)
{
    ScoreCard card = plain_card(KIND_ANNUAL);
    card.intercept = NAN;
    scoring_score(&card, NONE);
}

static void what_is_not_finite_dies(void **state)
{
    Arena *arena = *state;
    assert_dies(arena, score_nan, "isfinite(ratio.value)");
    assert_dies(arena, score_infinity, "isfinite(ratio.value)");
    assert_dies(arena, score_minus_infinity, "isfinite(ratio.value)");
    assert_dies(arena, explain_nan, "isfinite(ratio.value)");
    assert_dies(arena, score_with_a_broken_card, "p >= 0 && p <= 1");
}

static void a_missing_ratios_value_is_not_looked_at(void **state)
{
    (void)state;
    ScoreCard card = plain_card(KIND_ANNUAL);
    Ratio ratios[RATIO_MAX] = {{NAN, false}};
    assert_true(scoring_score(&card, ratios).probability == 1 / (1 + exp(-40.0)));
}

static void a_bin_holds_what_is_above_and_up_to(void **state)
{
    static const struct {
        double value;
        double rate;
    } cases[] = {
        {-1.7976931348623157e308, 10},
        {-1.0000000000000002, 10},
        {-1, 10},
        {-0.99999999999999989, 20},
        {-0.0, 20},
        {0, 20},
        {5e-324, 20},
        {2, 20},
        {2.0000000000000004, 50},
        {3, 50},
        {3.0000000000000004, 30},
        {4, 30},
        {4.0000000000000009, 50},
        {1.7976931348623157e308, 50},
    };
    (void)state;
    ScoreCard card = plain_card(KIND_ANNUAL);
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        Ratio ratios[RATIO_MAX] = {{cases[i].value, true}};
        Contribution contributions[RATIO_MAX];
        assert_int_equal(scoring_explain(&card, ratios, contributions), 1);
        assert_true(contributions[0].rate == cases[i].rate);
        Score score = scoring_score(&card, ratios);
        assert_true(score.probability == 1 / (1 + exp(-cases[i].rate)));
    }
}

/* 1e16 + 1 loses the 1, so any other order gives another z. */
static void the_order_of_summation_is_fixed(void **state)
{
    (void)state;
    ScoreCard card = plain_card(KIND_ANNUAL);
    static const double terms[] = {1e16, 1, -1e16, 0.25};
    card.feature_count = ARRAY_COUNT(terms);
    for (size_t i = 0; i < ARRAY_COUNT(terms); i++)
        card.features[i] = (CardFeature){.ratio = 4 - i, .coefficient = terms[i], .missing = 1};
    card.intercept = 0.5;
    assert_true(scoring_score(&card, NONE).probability == 1 / (1 + exp(-0.75)));
    card.features[1].coefficient = 1e16;
    card.features[2].coefficient = 1;
    card.features[3].coefficient = 1;
    card.intercept = -2e16;
    assert_true(scoring_score(&card, NONE).probability == 1 / (1 + exp(-0.0)));
}

static void the_far_ends_are_0_and_1(void **state)
{
    (void)state;
    ScoreCard card = constant_card(0.5);
    card.intercept = -1e19;
    Score score = scoring_score(&card, NONE);
    assert_true(score.probability == 0 && score.confidence == 1);
    assert_int_equal(score.risk_level, RISK_LOW);
    card.intercept = 1e19;
    score = scoring_score(&card, NONE);
    assert_true(score.probability == 1 && score.confidence == 1);
    assert_int_equal(score.risk_level, RISK_CRITICAL);
}

static void each_kind_fills_its_scores(void **state)
{
    (void)state;
    ScoreCard card = plain_card(KIND_ANNUAL);
    card.intercept = -42;
    Score score = scoring_score(&card, NONE);
    double p = 1 / (1 + exp(2.0));
    assert_true(score.probability == p && score.values[0] == p);
    assert_true(score.present[0] && !score.present[1] && !score.present[2]);

    card.kind = KIND_QUARTERLY;
    card.has_trees = true;
    score = scoring_score(&card, NONE);
    assert_true(score.probability == p && score.values[0] == p && score.values[2] == p);
    assert_true(score.present[0] && !score.present[1] && score.present[2]);
    assert_true(score.values[1] == 0);
}

static void levels_are_taken_from_the_top(void **state)
{
    static const struct {
        double probability;
        RiskLevel level;
    } cases[] = {{0.9, RISK_CRITICAL}, {0.1501, RISK_CRITICAL}, {0.1499, RISK_HIGH},
                 {0.0501, RISK_HIGH},  {0.0499, RISK_MEDIUM},   {0.0201, RISK_MEDIUM},
                 {0.0199, RISK_LOW},   {1e-9, RISK_LOW}};
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        ScoreCard card = constant_card(cases[i].probability);
        assert_int_equal(scoring_score(&card, NONE).risk_level, cases[i].level);
    }
}

/* Thresholds that the PD meets exactly, and the next doubles on both sides. */
static void a_bound_met_exactly(void **state)
{
    (void)state;
    for (int i = 1; i < 100; i++) {
        ScoreCard card = constant_card(i / 100.0);
        double percent = scoring_score(&card, NONE).probability * 100;
        card.level_count = 2;
        card.levels[0] = (CardLevel){RISK_HIGH, false, percent};
        card.levels[1] = (CardLevel){RISK_LOW, false, -INFINITY};
        assert_int_equal(scoring_score(&card, NONE).risk_level, RISK_LOW);
        card.levels[0].inclusive = true;
        assert_int_equal(scoring_score(&card, NONE).risk_level, RISK_HIGH);
        card.levels[0].percent = nextafter(percent, INFINITY);
        assert_int_equal(scoring_score(&card, NONE).risk_level, RISK_LOW);
        card.levels[0] = (CardLevel){RISK_HIGH, false, nextafter(percent, 0)};
        assert_int_equal(scoring_score(&card, NONE).risk_level, RISK_HIGH);
    }
}

static void a_single_level_takes_all(void **state)
{
    (void)state;
    ScoreCard card = constant_card(0.99);
    card.levels[0] = (CardLevel){RISK_MEDIUM, false, -INFINITY};
    card.level_count = 1;
    assert_int_equal(scoring_score(&card, NONE).risk_level, RISK_MEDIUM);
}

static void confidence_is_at_least_a_half(void **state)
{
    (void)state;
    static const double probabilities[] = {0.01, 0.2, 0.26, 0.5, 0.6, 0.74, 0.76, 0.99};
    for (size_t i = 0; i < ARRAY_COUNT(probabilities); i++) {
        ScoreCard card = constant_card(probabilities[i]);
        Score score = scoring_score(&card, NONE);
        double distance = 2 * fabs(score.probability - 0.5);
        assert_true(score.confidence == (distance > 0.5 ? distance : 0.5));
    }
    ScoreCard even = constant_card(0.5);
    assert_true(scoring_score(&even, NONE).confidence == 0.5);
}

static void contributions_are_sorted_by_size(void **state)
{
    (void)state;
    static const CardBin all[] = {{-INFINITY, INFINITY, 1}};
    static const double coefficients[] = {0.5, -2, 2, 0, -0.75};
    ScoreCard card = plain_card(KIND_ANNUAL);
    card.feature_count = ARRAY_COUNT(coefficients);
    for (size_t i = 0; i < card.feature_count; i++)
        card.features[i] = (CardFeature){.ratio = i,
                                         .coefficient = coefficients[i],
                                         .bins = all,
                                         .bin_count = 1,
                                         .missing = 0.5};
    Ratio ratios[RATIO_MAX] = {{1, true}, {1, true}, {1, true}, {1, true}, {0, false}};
    Contribution got[RATIO_MAX];
    assert_int_equal(scoring_explain(&card, ratios, got), 5);
    static const Contribution expected[] = {
        {1, 1, -1}, {2, 1, 1}, {0, 1, 0.25}, {3, 1, 0}, {4, 0.5, 0}};
    for (size_t i = 0; i < ARRAY_COUNT(expected); i++) {
        assert_int_equal(got[i].ratio, expected[i].ratio);
        assert_true(got[i].rate == expected[i].rate);
        assert_true(got[i].contribution == expected[i].contribution);
    }
}

/* ---- random cards against the definition ---------------------------------------------------- */

static double random_number(uint64_t *seed)
{
    return (double)(int64_t)test_below(seed, 2001) / 100 - 10;
}

static CardFeature random_feature(Arena *arena, uint64_t *seed, size_t ratio)
{
    size_t count = 1 + test_below(seed, 6);
    CardBin *bins = ARENA_ARRAY(arena, CardBin, count);
    double at = test_below(seed, 3) == 0 ? -INFINITY : random_number(seed);
    for (size_t i = 0; i < count; i++) {
        bins[i] = (CardBin){at, (isinf(at) ? -10 : at) + 1 + (double)test_below(seed, 3),
                            random_number(seed)};
        at = bins[i].up_to + (double)test_below(seed, 2);
    }
    if (test_below(seed, 2) == 0)
        bins[count - 1].up_to = INFINITY;
    return (CardFeature){ratio, random_number(seed), bins,
                         count, random_number(seed), random_number(seed)};
}

static double rate_by_definition(const CardFeature *feature, Ratio ratio)
{
    if (!ratio.present)
        return feature->missing;
    for (size_t i = 0; i < feature->bin_count; i++)
        if (feature->bins[i].above < ratio.value && ratio.value <= feature->bins[i].up_to)
            return feature->bins[i].rate;
    return feature->otherwise;
}

static void random_cards_score_by_the_definition(void **state)
{
    uint64_t seed = 1;
    (void)state;
    for (size_t round = 0; round < test_rounds(20000); round++) {
        Arena *arena = arena_new(0);
        ScoreCard card = plain_card(KIND_ANNUAL);
        card.feature_count = 1 + test_below(&seed, RATIO_MAX);
        card.intercept = random_number(&seed);
        Ratio ratios[RATIO_MAX];
        for (size_t i = 0; i < RATIO_MAX; i++) {
            card.features[i] = random_feature(arena, &seed, RATIO_MAX - 1 - i);
            ratios[i] = (Ratio){random_number(&seed), test_below(&seed, 5) != 0};
        }
        double z = 0, neutral = 0, sum = 0;
        for (size_t i = 0; i < card.feature_count; i++) {
            const CardFeature *feature = &card.features[i];
            z += feature->coefficient * rate_by_definition(feature, ratios[feature->ratio]);
            neutral += feature->coefficient * feature->missing;
        }
        Score score = scoring_score(&card, ratios);
        assert_true(score.probability == 1 / (1 + exp(-(z + card.intercept))));

        Contribution contributions[RATIO_MAX];
        size_t count = scoring_explain(&card, ratios, contributions);
        assert_int_equal(count, card.feature_count);
        for (size_t i = 0; i < count; i++) {
            sum += contributions[i].contribution;
            assert_true(ratios[contributions[i].ratio].present ||
                        contributions[i].contribution == 0);
            assert_true(i == 0 || fabs(contributions[i].contribution) <=
                                      fabs(contributions[i - 1].contribution));
        }
        assert_true(fabs(sum - (z - neutral)) < 1e-9);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_not_finite_dies),
        TEST(a_missing_ratios_value_is_not_looked_at),
        TEST(a_bin_holds_what_is_above_and_up_to),
        TEST(the_order_of_summation_is_fixed),
        TEST(the_far_ends_are_0_and_1),
        TEST(each_kind_fills_its_scores),
        TEST(levels_are_taken_from_the_top),
        TEST(a_bound_met_exactly),
        TEST(a_single_level_takes_all),
        TEST(confidence_is_at_least_a_half),
        TEST(contributions_are_sorted_by_size),
        TEST(random_cards_score_by_the_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
