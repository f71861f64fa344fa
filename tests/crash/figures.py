"""Files of figures: companies by years, with everything in them that an import has to judge.

Every file is the same for the same arguments. Ratios are short decimals, so that equal ones are equal.
"""
import random

HEADER = ("company_symbol,company_name,market_cap,sector,reporting_year,reporting_quarter,"
          "long_term_debt_to_total_capital,total_debt_to_ebitda,net_income_margin,"
          "ebit_to_interest_expense,return_on_assets")
YEARS = 10
FIRST_YEAR = 2010
SECTORS = ("Energy", "Health Care", "Industrials", "Materials", "Utilities, regulated")


def quoted(cell):
    return '"' + cell.replace('"', '""') + '"' if any(c in cell for c in ',"\n') else cell


def line(cells):
    return ",".join(quoted(str(cell)) for cell in cells)


class Figures:
    """One company's figures of one year, from a seed of their own: the same in every file."""

    def __init__(self, seed, company, year):
        draw = random.Random(f"{seed} {company} {year}")
        self.symbol = f"C{company:06d}"
        self.name = f"Company {company}" + (", Inc." if company % 3 == 0 else "")
        self.sector = SECTORS[company % len(SECTORS)]
        self.year = FIRST_YEAR + year
        self.cap = draw.randrange(1, 10**9) * 1000
        self.ratios = [f"{draw.uniform(0, 90):.2f}", f"{draw.uniform(0, 9):.3f}",
                       f"{draw.uniform(-30, 40):.2f}", f"{draw.uniform(-5, 60):.2f}",
                       f"{draw.uniform(-10, 20):.2f}"]
        if draw.random() < 0.05:
            self.ratios[draw.randrange(5)] = draw.choice(("", "NM", "N/A", "-"))

    def cells(self):
        quarter = "" if self.year % 2 else "Q4"
        return [self.symbol, self.name, self.cap, self.sector, self.year, quarter, *self.ratios]


def spoil(draw, cells):
    """Makes a row that fails, in one of the ways that rows fail."""
    way = draw.randrange(7)
    if way == 0:
        cells[6 + draw.randrange(5)] = "12%"
    elif way == 1:
        cells[4] = draw.choice(("1800", "", "next year"))
    elif way == 2:
        cells[0] = ""
    elif way == 3:
        cells[0] = "X" * 21
    elif way == 4:
        cells[6:11] = [""] * 5
    elif way == 5:
        cells += ["", "one cell too many"]
    else:
        cells[2] = "-1"
        cells[5] = "Q5"
    return cells


def write(path, rows, seed, earlier=False):
    """`rows` rows below the header. With `earlier`: only every twentieth company, each third row with
    other ratios, so that a later file finds rows unchanged and rows taken."""
    draw = random.Random(f"{seed} {earlier}")
    companies = rows // YEARS + 1
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(HEADER + (",remark" if not earlier else "") + "\n")
        written = 0
        while written < rows:
            company, year = divmod(written, YEARS)
            if earlier:
                company *= 20
            figures = Figures(seed, company, year)
            cells = figures.cells()
            if earlier and draw.random() < 0.33:
                cells[6] = "1.25"
            if not earlier:
                if company % 7 == 0 and year > 1:  # known by another name from its third year on
                    cells[1] += " (renamed)"
                chance = draw.random()
                if chance < 0.01:
                    cells = spoil(draw, cells)
                elif chance < 0.02 and written > 0:  # a key that stands above
                    back = draw.randrange(written)
                    cells = Figures(seed, *divmod(back, YEARS)).cells()
                elif chance < 0.03:
                    cells[3] = "Another sector"
                elif chance < 0.035:
                    cells[7] = "9999"  # implausible
                elif chance < 0.037:
                    file.write("\n")  # a blank line has a number and no row
                elif chance < 0.039:
                    cells[1] = "Two\nlines"  # fails; the next row's number is one higher all the same
            file.write(line(cells) + "\n")
            written += 1
    return companies


def write_plain(path, rows, prefix, ratio="1.5", first=0, tail=""):
    """`rows` good rows in a hurry, ten years a company; no two prefixes share a key."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(HEADER + tail + "\n")
        for n in range(first, first + rows):
            company, year = divmod(n, YEARS)
            file.write(f"{prefix}{company},Company {company},1000,Energy,{FIRST_YEAR + year},Q4,"
                       f"{n % 90}.5,2,{ratio},4,5\n")
