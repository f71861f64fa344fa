#!/usr/bin/env python3
"""Writes an annual upload file of N rows: 50,000 companies at most, 20 years each, in the order of the
companies. The same numbers every time.

    make_csv.py ROWS FILE [--years N] [--first-year Y] [--prefix P] [--first-company N] [--seed N]
"""
import argparse
import random

SECTORS = ["Technology", "Energy", "Utilities", "Industrials", "Healthcare", "Real Estate", "Basic Materials",
           "Consumer Cyclical", "Consumer Defensive", "Communication Services", "Financial Services"]
HEADER = ("company_symbol,company_name,market_cap,sector,reporting_year,reporting_quarter,"
          "long_term_debt_to_total_capital,total_debt_to_ebitda,net_income_margin,"
          "ebit_to_interest_expense,return_on_assets\n")


def rows(args, rng):
    for n in range(args.rows):
        company, year = divmod(n, args.years)
        company += args.first_company
        yield (f"{args.prefix}{company:06d},Example Company {company} Inc.,{rng.randrange(10**7, 10**12)},"
               f"{SECTORS[company % len(SECTORS)]},{args.first_year + year},Q4,"
               f"{rng.uniform(0, 90):.3f},{rng.uniform(-2, 12):.3f},{rng.gauss(8, 15):.3f},"
               f"{rng.lognormvariate(1.5, 1.2):.3f},{rng.gauss(5, 6):.3f}\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("rows", type=int)
    parser.add_argument("file")
    parser.add_argument("--years", type=int, default=20)
    parser.add_argument("--first-year", type=int, default=2004)
    parser.add_argument("--prefix", default="C")
    parser.add_argument("--first-company", type=int, default=0)
    parser.add_argument("--seed", type=int, default=20260101, help="another one makes other figures of the same companies")
    args = parser.parse_args()
    rng = random.Random(args.seed)
    with open(args.file, "w") as out:
        out.write(HEADER)
        out.writelines(rows(args, rng))


if __name__ == "__main__":
    main()
