/* The table of kinds. Its column names also stand in sql/ (expanded from the same names by
 * tools/make_statements.py); a test holds the two together. The plausible ranges are wide on purpose:
 * they are for typing errors and wrong units, not for judging companies. */
#include "model/kind.h"

#include "base/check.h"
#include "model/words.h"

static const KindSpec SPECS[KIND_COUNT] = {
    [KIND_ANNUAL] =
        {
            .word = "annual",
            .ratios =
                {
                    {"long_term_debt_to_total_capital", UNIT_PERCENT, -500, 1000},
                    {"total_debt_to_ebitda", UNIT_MULTIPLE, -1000, 1000},
                    {"net_income_margin", UNIT_PERCENT, -10000, 1000},
                    {"ebit_to_interest_expense", UNIT_MULTIPLE, -100000, 100000},
                    {"return_on_assets", UNIT_PERCENT, -1000, 1000},
                },
            .ratio_count = 5,
            .scores = {"probability"},
            .score_count = 1,
            .needs_quarter = false,
        },
    [KIND_QUARTERLY] =
        {
            .word = "quarterly",
            .ratios =
                {
                    {"total_debt_to_ebitda", UNIT_MULTIPLE, -1000, 1000},
                    {"sga_margin", UNIT_PERCENT, -1000, 10000},
                    {"long_term_debt_to_total_capital", UNIT_PERCENT, -500, 1000},
                    {"return_on_capital", UNIT_PERCENT, -1000, 1000},
                },
            .ratio_count = 4,
            .scores = {"logistic_probability", "gbm_probability", "ensemble_probability"},
            .score_count = 3,
            .needs_quarter = true,
        },
};

const KindSpec *kind_spec(Kind kind)
{
    CHECK(kind < KIND_COUNT);
    return &SPECS[kind];
}

bool kind_parse(Str word, Kind *ret_kind)
{
    for (Kind kind = 0; kind < KIND_COUNT; kind++)
        if (str_is(word, SPECS[kind].word)) {
            *ret_kind = kind;
            return true;
        }
    return false;
}

int kind_ratio_index(Kind kind, Str name)
{
    for (size_t i = 0; i < SPECS[kind].ratio_count; i++)
        if (str_is(name, SPECS[kind].ratios[i].name))
            return (int)i;
    return -1;
}
