#!/usr/bin/env python3
"""Writes an annual upload file of N rows: 50,000 companies at most, 20 years each, in the order of the
companies. The same numbers every time.

    make_csv.py ROWS FILE [--first-year Y] [--prefix P]
"""
import argparse
import random

SECTORS = ["Technology", "Energy", "Utilities", "Industrials", "Healthcare", "Real Estate", "Basic Materials",
           "Consumer Cyclical", "Consumer Defensive", "Communication Services", "Financial Services"]
HEADER = ("company_symbol,company_name,market_cap,sector,reporting_year,reporting_quarter,"
          "long_term_debt_to_total_capital,total_debt_to_ebitda,net_income_margin,"
          "ebit_to_interest_expense,return_on_assets\n")


def rows(count, years, first_year, prefix, rng):
    for n in range(count):
        company, year = divmod(n, years)
        yield (f"{prefix}{company:06d},Example Company {company} Inc.,{rng.randrange(10**7, 10**12)},"
               f"{SECTORS[company % len(SECTORS)]},{first_year + year},Q4,"
               f"{rng.uniform(0, 90):.3f},{rng.uniform(-2, 12):.3f},{rng.gauss(8, 15):.3f},"
               f"{rng.lognormvariate(1.5, 1.2):.3f},{rng.gauss(5, 6):.3f}\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("rows", type=int)
    parser.add_argument("file")
    parser.add_argument("--years", type=int, default=20)
    parser.add_argument("--first-year", type=int, default=2004)
    parser.add_argument("--prefix", default="C")
    args = parser.parse_args()
    rng = random.Random(20260101)
    with open(args.file, "w") as out:
        out.write(HEADER)
        out.writelines(rows(args.rows, args.years, args.first_year, args.prefix, rng))


if __name__ == "__main__":
    main()
