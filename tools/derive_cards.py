#!/usr/bin/env python3
"""Derive the illustrative default score cards from published figures.

    tools/derive_cards.py             write models/annual-default.json and quarterly-default.json
    tools/derive_cards.py --check     compare with the files instead; exit 1 if they differ
    tools/derive_cards.py --explain   print the steps, the checks and the worked examples

docs/score-cards.md tells the same story in words, with the doubts about each source.
"""

import argparse
import json
import math
import sys
from pathlib import Path

MODELS = Path(__file__).resolve().parent.parent / "models"

# ---------------------------------------------------------------------------------------------
# 1. Published figures. The names S1 to S9 are those of docs/score-cards.md, "Sources".
# ---------------------------------------------------------------------------------------------

# Grades told apart, best first. "A" stands for A or better: S1 puts AAA, AA and A at or below
# the floor S2, so nothing is left to tell them apart by. "CCC" stands for CCC/C.
GRADES = ("A", "BBB", "BB", "B", "CCC")

# S1: S&P Global Ratings, annual global corporate default study, 27 March 2025, Table 24:
# one-year default rates, global average 1981-2024, percent.
DEFAULT_RATE = {"AAA": 0.00, "AA": 0.02, "A": 0.05, "BBB": 0.14, "BB": 0.56, "B": 2.93,
                "CCC": 26.12}
DEFAULT_RATE_ALL = 1.50

# S2: Basel Framework, CRE32.4: floor of the PD of a corporate exposure, percent.
PD_FLOOR = 0.05

# S3: A. Damodaran, NYU Stern, ratings table, January 2025, non-financial firms: the lowest
# EBIT / interest expense of a grade ("A" is A-, "B" is B-, the lowest notch of each).
COVERAGE_AT_LEAST = {"large firms": {"A": 3.0, "BBB": 2.5, "BB": 2.0, "B": 1.25},
                     "small firms": {"A": 4.5, "BBB": 4.0, "BB": 3.0, "B": 1.5}}

# S4: medians by rating, manufacturing firms, S&P figures as given by A. Damodaran.
RETURN_ON_CAPITAL = {"A": 19.9, "BBB": 14.0, "BB": 11.7, "B": 7.2, "CCC": 0.5}  # percent
OPERATING_MARGIN = {"A": 18.3, "BBB": 15.3, "BB": 15.4, "B": 11.2, "CCC": 13.6}  # percent
DEBT_TO_CAPITAL = {"A": 32.5, "BBB": 41.0, "BB": 55.8, "B": 70.7, "CCC": 80.3}  # long-term, percent
EBITDA_COVERAGE = {"A": 9.6, "BBB": 6.1, "BB": 3.8, "B": 2.0, "CCC": 1.4}
EBIT_COVERAGE = {"A": 6.8, "BBB": 3.9, "BB": 2.3, "B": 1.0, "CCC": 0.2}

# S5: total debt / EBITDA, S&P three-year medians, as given by Wahlen, Baginski and Bradshaw.
DEBT_TO_EBITDA = {"A": 1.7, "BBB": 2.4, "BB": 3.8, "B": 5.6, "CCC": 7.4}

# S6: US interagency guidance on leveraged lending, 2013: marks of total debt / EBITDA.
LEVERAGE_MARKS = (4.0, 6.0)

# S7: Moody's Financial Metrics, North American non-financial firms, December 2013, medians
# (A, Baa, Ba, B, C): EBITA / average assets in percent, and EBITA / interest expense.
EBITA_TO_ASSETS = {"A": 13.8, "BBB": 10.9, "BB": 9.1, "B": 7.1, "CCC": 4.0}
EBITA_COVERAGE = {"A": 9.69, "BBB": 5.86, "BB": 3.49, "B": 1.67, "CCC": 0.60}

# S8: United States federal corporate income tax, 26 U.S.C. 11(b), percent.
TAX_RATE = 21.0

# S9: A. Damodaran, margins by industry (US), January 2025: Machinery, SG&A / sales, percent.
SGA_OF_SALES = 19.25

# ---------------------------------------------------------------------------------------------
# 2. Judgements: not published anywhere, chosen here, and explained in docs/score-cards.md.
# ---------------------------------------------------------------------------------------------

# Points of evidence per ratio; a ratio's weight is its share of the points of its card.
# 4: figures by grade are published for this very ratio.  2: put together from two published
# figures by grade.  1: no published table that falls or rises steadily with the grade.
POINTS = {"long_term_debt_to_total_capital": 4, "total_debt_to_ebitda": 4,
          "ebit_to_interest_expense": 4, "return_on_capital": 4,
          "return_on_assets": 2, "net_income_margin": 1, "sga_margin": 1}

FIELDS = {"annual": ("long_term_debt_to_total_capital", "total_debt_to_ebitda",
                     "net_income_margin", "ebit_to_interest_expense", "return_on_assets"),
          "quarterly": ("total_debt_to_ebitda", "sga_margin",
                        "long_term_debt_to_total_capital", "return_on_capital")}

# Digits after the point: edges of ratios with published figures, and of those put together here.
DIGITS, DIGITS_DERIVED = 3, 1

# A ratio at or below this counts as negative. Zero itself (no debt) must not.
NEGATIVE = -0.001

RISK_LEVELS = [{"level": "CRITICAL", "above_percent": 15}, {"level": "HIGH", "from_percent": 5},
               {"level": "MEDIUM", "from_percent": 2}, {"level": "LOW"}]

# ---------------------------------------------------------------------------------------------
# 3. From default rates to positions on a scale from 0 (grade A or better) to 1 (CCC/C).
# ---------------------------------------------------------------------------------------------


def log_odds(percent):
    return math.log(percent / (100.0 - percent))


LOWEST = log_odds(max(DEFAULT_RATE["A"], PD_FLOOR))
HIGHEST = log_odds(DEFAULT_RATE["CCC"])


def position(percent):
    """How far the log-odds of a default rate lie from grade A's (0) towards CCC/C's (1)."""
    return (log_odds(max(percent, PD_FLOOR)) - LOWEST) / (HIGHEST - LOWEST)


POSITION = {grade: position(DEFAULT_RATE[grade]) for grade in GRADES}
UNKNOWN = position(DEFAULT_RATE_ALL)  # nothing known of a ratio: the rate of all rated firms

# ---------------------------------------------------------------------------------------------
# 4. From figures by grade to the edges between neighbouring grades.
# ---------------------------------------------------------------------------------------------


def edges_between(medians, marks=()):
    """Midway between the medians of neighbours; a published mark lying between them instead."""
    values = list(medians)
    edges = []
    for left, right in zip(values, values[1:]):
        between = [mark for mark in marks if min(left, right) < mark < max(left, right)]
        edges.append(sum(between) / len(between) if between else (left + right) / 2)
    return edges


def coverage_edges():
    """The lowest coverage of each grade but the last: the mean of large and small firms."""
    large, small = COVERAGE_AT_LEAST.values()
    return [round((large[grade] + small[grade]) / 2, DIGITS) for grade in GRADES[:-1]]


def after_interest_and_tax(earnings, coverage):
    """Net of interest (earnings / coverage) and of tax; a loss saves no tax."""
    before_tax = earnings * (1 - 1 / coverage)
    return before_tax * (1 - TAX_RATE / 100) if before_tax > 0 else before_tax


def return_on_assets(grade):
    return after_interest_and_tax(EBITA_TO_ASSETS[grade], EBITA_COVERAGE[grade])


def net_income_margin(grade):
    # S4's operating income is before depreciation. Sales cancel out of the two coverages, so
    # their quotient is EBIT / EBITDA.
    ebit_margin = OPERATING_MARGIN[grade] * EBIT_COVERAGE[grade] / EBITDA_COVERAGE[grade]
    return after_interest_and_tax(ebit_margin, EBIT_COVERAGE[grade])


def pooled(values):
    """Pool neighbours that rise where they should fall: a list of (indices, mean)."""
    groups = []
    for index, value in enumerate(values):
        groups.append(([index], value))
        while len(groups) > 1 and groups[-1][1] >= groups[-2][1]:
            (left, left_mean), (right, right_mean) = groups[-2:]
            total = left_mean * len(left) + right_mean * len(right)
            groups[-2:] = [(left + right, total / (len(left) + len(right)))]
    return groups


def sga_levels():
    """Levels of SG&A margin: (grades, percent of sales), least first.

    Other costs being equal, each point of operating margin less is a point of SG&A more. The
    operating margins of S4 do not fall steadily with the grade, so neighbours are pooled; the
    middle level is set at the published SG&A / sales.
    """
    groups = pooled([OPERATING_MARGIN[grade] for grade in GRADES])
    middle = groups[len(groups) // 2][1]
    return [([GRADES[i] for i in indices], SGA_OF_SALES + middle - mean)
            for indices, mean in groups]


def figures_by_grade(field):
    """The published or derived median of a ratio for each grade (none for coverage and SG&A)."""
    table = {"long_term_debt_to_total_capital": DEBT_TO_CAPITAL,
             "total_debt_to_ebitda": DEBT_TO_EBITDA,
             "return_on_capital": RETURN_ON_CAPITAL,
             "return_on_assets": {grade: return_on_assets(grade) for grade in GRADES},
             "net_income_margin": {grade: net_income_margin(grade) for grade in GRADES}}
    return [table[field][grade] for grade in GRADES]


# ---------------------------------------------------------------------------------------------
# 5. Bins, features, cards.
# ---------------------------------------------------------------------------------------------


def bins_of(edges, rates):
    """Bins over the whole line: rates[i] holds between edges[i - 1] and edges[i]."""
    edges = [None] + list(edges) + [None]
    return [{"above": above, "up_to": up_to, "rate": round(rate, 4)}
            for above, up_to, rate in zip(edges, edges[1:], rates)]


def edges_for(field):
    """Edges between neighbouring grades (levels, for SG&A), best first."""
    if field == "ebit_to_interest_expense":
        return coverage_edges()
    if field == "sga_margin":
        edges = edges_between([sga for _, sga in sga_levels()])
    else:
        marks = LEVERAGE_MARKS if field == "total_debt_to_ebitda" else ()
        edges = edges_between(figures_by_grade(field), marks)
    return [round(edge, DIGITS if POINTS[field] == 4 else DIGITS_DERIVED) for edge in edges]


def bins_for(field):
    edges, rates = edges_for(field), [POSITION[grade] for grade in GRADES]
    if field == "sga_margin":
        # Below zero SG&A tells nothing.
        rates = [sum(POSITION[grade] for grade in grades) / len(grades)
                 for grades, _ in sga_levels()]
        return bins_of([NEGATIVE] + edges, [UNKNOWN] + rates)
    if field in ("total_debt_to_ebitda", "long_term_debt_to_total_capital"):
        # Below zero the EBITDA or the capital is negative: as risky as it gets.
        return bins_of([NEGATIVE] + edges, [POSITION["CCC"]] + rates)
    return bins_of(edges[::-1], rates[::-1])  # the higher, the better


def weight(kind, field):
    return POINTS[field] / sum(POINTS[other] for other in FIELDS[kind])


def card(kind):
    return {
        "format": "obligor-scorecard/1",
        "kind": kind,
        "name": f"obligor-illustrative-{kind}",
        "version": "1",
        "illustrative": True,
        "description": "ILLUSTRATIVE. Derived from published figures by the steps in "
                       "docs/score-cards.md; not calibrated to any portfolio. Bin rates are "
                       "positions on a log-odds scale from 0 (rated A or better) to 1 (CCC/C), "
                       "not default rates.",
        "intercept": round(LOWEST, 4),
        "features": [{"field": field,
                      "coefficient": round(weight(kind, field) * (HIGHEST - LOWEST), 4),
                      "bins": bins_for(field),
                      "missing": round(UNKNOWN, 4),
                      "otherwise": round(POSITION["CCC"], 4)} for field in FIELDS[kind]],
        "risk_levels": RISK_LEVELS,
    }


def text_of(the_card):
    """JSON with one line per bin, so that a card can be read and compared."""
    lines = ["{"]
    for key, value in the_card.items():
        if key not in ("features", "risk_levels"):
            lines.append(f"  {json.dumps(key)}: {json.dumps(value)},")
    lines.append('  "features": [')
    for feature in the_card["features"]:
        lines += ["    {", f'      "field": {json.dumps(feature["field"])},',
                  f'      "coefficient": {json.dumps(feature["coefficient"])},', '      "bins": [',
                  ",\n".join(f"        {json.dumps(a_bin)}" for a_bin in feature["bins"]),
                  "      ],", f'      "missing": {json.dumps(feature["missing"])},',
                  f'      "otherwise": {json.dumps(feature["otherwise"])}',
                  "    }" if feature is the_card["features"][-1] else "    },"]
    lines += ["  ],", '  "risk_levels": [',
              ",\n".join(f"    {json.dumps(level)}" for level in the_card["risk_levels"]),
              "  ]", "}"]
    return "\n".join(lines) + "\n"


# ---------------------------------------------------------------------------------------------
# 6. Scoring, for --explain.
# ---------------------------------------------------------------------------------------------


def rate_of(feature, value):
    if value is None:
        return feature["missing"]
    for a_bin in feature["bins"]:
        if (a_bin["above"] is None or a_bin["above"] < value) and \
           (a_bin["up_to"] is None or value <= a_bin["up_to"]):
            return a_bin["rate"]
    return feature["otherwise"]


def probability(the_card, ratios):
    z = 0.0
    for feature in the_card["features"]:
        z += feature["coefficient"] * rate_of(feature, ratios[feature["field"]])
    return 1.0 / (1.0 + math.exp(-(z + the_card["intercept"])))


def level_of(the_card, p):
    for level in the_card["risk_levels"]:
        if "above_percent" in level and p * 100 > level["above_percent"]:
            return level["level"]
        if "from_percent" in level and p * 100 >= level["from_percent"]:
            return level["level"]
    return the_card["risk_levels"][-1]["level"]


def typical(kind, grade):
    """A company whose every ratio is typical of a grade: its median, or the middle of its range."""
    index = GRADES.index(grade)
    ratios = {}
    for field in FIELDS[kind]:
        if field == "ebit_to_interest_expense":
            edges = [2 * coverage_edges()[0]] + coverage_edges() + [0.0]
            ratios[field] = (edges[index] + edges[index + 1]) / 2
        elif field == "sga_margin":
            ratios[field] = next(sga for grades, sga in sga_levels() if grade in grades)
        else:
            ratios[field] = figures_by_grade(field)[index]
    return ratios


EXAMPLES = {
    "annual": {"long_term_debt_to_total_capital": 58.0, "total_debt_to_ebitda": 6.4,
               "net_income_margin": 1.4, "ebit_to_interest_expense": 1.9,
               "return_on_assets": 2.6},
    "quarterly": {"total_debt_to_ebitda": 6.8, "sga_margin": 23.5,
                  "long_term_debt_to_total_capital": 66.0, "return_on_capital": 5.2},
}


def explain():
    print(f"log-odds: grade A {LOWEST:.4f}, CCC/C {HIGHEST:.4f}, span {HIGHEST - LOWEST:.4f}")
    print("positions:", {grade: round(POSITION[grade], 4) for grade in GRADES},
          "all:", round(UNKNOWN, 4))
    for field in ("long_term_debt_to_total_capital", "total_debt_to_ebitda", "return_on_capital",
                  "return_on_assets", "net_income_margin"):
        print(f"{field}: medians", [round(value, 2) for value in figures_by_grade(field)])
    print("sga_margin: levels", [(grades, round(sga, 2)) for grades, sga in sga_levels()])
    for kind in FIELDS:
        the_card = card(kind)
        print(f"\n{kind}: intercept {the_card['intercept']}")
        for feature in the_card["features"]:
            print(f"  {feature['field']}: weight {weight(kind, feature['field']):.4f}, "
                  f"coefficient {feature['coefficient']}")
            print("    edges", [a_bin["up_to"] for a_bin in feature["bins"][:-1]],
                  "rates", [a_bin["rate"] for a_bin in feature["bins"]])
        for grade in GRADES:
            ratios = typical(kind, grade)
            p = probability(the_card, ratios)
            print(f"  typical {grade}: PD {p * 100:.4f} %  {level_of(the_card, p)}  "
                  f"(published {max(DEFAULT_RATE[grade], PD_FLOOR)} %)")
        if kind == "annual":
            for grade in GRADES:
                ratios = dict(typical(kind, grade), ebit_to_interest_expense=EBIT_COVERAGE[grade])
                p = probability(the_card, ratios)
                print(f"  typical {grade}, but S4's coverage {EBIT_COVERAGE[grade]}: "
                      f"PD {p * 100:.4f} %")
        example = EXAMPLES[kind]
        z = 0.0
        for feature in the_card["features"]:
            value = example[feature["field"]]
            rate = rate_of(feature, value)
            z += feature["coefficient"] * rate
            print(f"  example {feature['field']} {value}: {feature['coefficient']} x {rate} = "
                  f"{feature['coefficient'] * rate:.4f}")
        p = probability(the_card, example)
        print(f"  example sum {z:.4f}, z {z + the_card['intercept']:.4f}, PD {p * 100:.4f} %, "
              f"{level_of(the_card, p)}, confidence {max(2 * abs(p - 0.5), 0.5):.4f}")
        field = FIELDS[kind][-1]
        p = probability(the_card, dict(example, **{field: None}))
        print(f"  example without {field}: PD {p * 100:.4f} %, {level_of(the_card, p)}")
        for name, pick in (("lowest", min), ("highest", max)):
            z = sum(f["coefficient"] * pick(b["rate"] for b in f["bins"])
                    for f in the_card["features"]) + the_card["intercept"]
            print(f"  {name} PD {100 / (1 + math.exp(-z)):.4f} %")


def main():
    parser = argparse.ArgumentParser(description="Derive the illustrative default score cards.")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("--explain", action="store_true", help="print the steps, write nothing")
    options = parser.parse_args()
    if options.explain:
        explain()
        return 0
    differs = False
    for kind in FIELDS:
        path = MODELS / f"{kind}-default.json"
        wanted = text_of(card(kind))
        if not options.check:
            path.write_text(wanted, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != wanted:
            print(f"{path.name} is not what the published figures give; "
                  "run tools/derive_cards.py", file=sys.stderr)
            differs = True
    return 1 if differs else 0


if __name__ == "__main__":
    sys.exit(main())
