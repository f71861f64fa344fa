"""Uploads that go in: the real files against the golden values, every option, and what a file may look
like."""
import json
import unittest

import support
from support import API, COLUMNS, JOBS, PREDICTIONS, RATIOS


def golden(kind, part=1):
    """By row of a real file: the golden figures, as they stand in the file of golden values."""
    made = {}
    data = support.shared_bytes("reference-model", "golden_%s.csv" % kind)
    for row in support.read_csv(data):
        if row["source_file"] == "%s_predictions_part_%d.xlsx" % (kind, part):
            made[int(row["excel_row"])] = row
    return made


def floats(row, names):
    return {name: float(row[name]) if row[name] != "" else None for name in names}


def first_rows(wanted):
    """By key the number of its first row; and the numbers of the later ones with that first one."""
    first, later = {}, {}
    for number, row in wanted.items():
        key = row["company_symbol"], row["reporting_year"], row["reporting_quarter"]
        if key in first:
            later[number] = first[key]
        else:
            first[key] = number
    return first, later


class RealFiles(support.TestCase):
    """The files of ../shared with the reference cards."""
    SERVER_OPTIONS = {"cards": False}

    @classmethod
    def setUpClass(cls):
        for kind in RATIOS:
            support.shared("reference-model", kind + "_card.json")
        super().setUpClass()
        for kind in RATIOS:
            cls.server.load_card(support.shared("reference-model", kind + "_card.json"))

    def check_results(self, analyst, job, wanted, scores, filename=None):
        """Every result against its golden row; returns the results."""
        kind = job["job_type"]
        filename = filename or "%s_predictions_part_1.csv" % kind
        results = analyst.all("%s/%s/results" % (JOBS, job["id"]), "predictions")
        first, _ = first_rows(wanted)
        self.assertEqual(sorted(first.values()), [item["job_row"] for item in results])
        for item in results:
            row = wanted[item["job_row"]]
            self.assertEqual(floats(row, RATIOS[kind]),
                             {name: item[name] for name in RATIOS[kind]}, row)
            for name, golden_name in scores.items():
                value = None if golden_name is None else float(row[golden_name])
                self.assertEqual(value, item[name], (name, row))
            self.assertEqual(row["risk_level"], item["risk_level"], row)
            self.assertEqual(row["company_symbol"], item["company_symbol"])
            self.assertEqual(row["sector"], item["sector"])
            self.assertEqual(row["reporting_year"], item["reporting_year"])
            self.assertEqual(row["reporting_quarter"], item["reporting_quarter"])
            self.assertEqual(float(row["market_cap"]) if row["market_cap"] else None,
                             item["market_cap"])
            self.assertEqual("bulk_upload", item["source"])
            self.assertEqual("recorded", item["job_link"])
            self.assertEqual(job["id"], item["job_id"])
            self.assertEqual(job["id"], item["root_job_id"])
            self.assertEqual(filename, item["original_filename"])
            self.assertEqual("reference-" + kind, item["model"]["name"])
            self.assertIs(item["is_current"], True)
        return results

    def test_annual(self):
        data = support.shared_bytes("data", "annual_predictions_part_1.csv")
        wanted = golden("annual")
        analyst = self.server.new_client()
        job = analyst.import_file("annual", data, filename="annual_predictions_part_1.csv")
        progress = job["progress"]
        self.assertEqual((2475, 2475, 2466, 9, 0, 0),
                         tuple(progress[name + "_rows"] for name in
                               ("total", "processed", "successful", "failed", "skipped",
                                "unchanged")))
        self.assertEqual(100, progress["progress_percentage"])
        self.assertEqual(0, progress["remaining_rows"])
        results = self.check_results(analyst, job, wanted,
                                     {"probability": "probability", "confidence": "confidence"})
        self.assertEqual(2466, len(results))
        self.assertTrue(any(item[name] is None for item in results for name in RATIOS["annual"]))

        _, later = first_rows(wanted)
        self.assertEqual(9, len(later))
        lines = data.decode().splitlines()
        errors = analyst.all("%s/%s/errors" % (JOBS, job["id"]), "errors")
        self.assertEqual(sorted(later), [error["row"] for error in errors])
        for error in errors:
            self.assertEqual("duplicate_in_file", error["code"])
            self.assertIn("Row %d of this file" % later[error["row"]], error["error"])
            self.assertEqual(lines[error["row"] - 1], error["data"])
        self.assertEqual(errors, job["errors"]["error_details"]["errors"])
        self.assertEqual(2466, job["lineage"]["predictions"])
        companies = {row["company_symbol"] for row in wanted.values()}
        self.assertEqual(len(companies), job["lineage"]["companies_created"])
        listed = analyst.predictions("annual")
        self.assertEqual({item["id"] for item in results}, {item["id"] for item in listed})

    def test_quarterly(self):
        data = support.shared_bytes("data", "quarterly_predictions_part_1.csv")
        analyst = self.server.new_client()
        job = analyst.import_file("quarterly", data, filename="quarterly_predictions_part_1.csv")
        results = self.check_results(analyst, job, golden("quarterly"),
                                     {"logistic_probability": "logistic_probability",
                                      "gbm_probability": None,
                                      "ensemble_probability": "ensemble_probability",
                                      "probability": "logistic_probability",
                                      "confidence": "confidence"})
        self.assertEqual(150, len(results))
        self.assertEqual(0, job["progress"]["failed_rows"])

    def test_workbooks(self):
        """The four Excel files as they are, one part after the other."""
        scores = {"annual": {"probability": "probability", "confidence": "confidence"},
                  "quarterly": {"probability": "logistic_probability", "confidence": "confidence"}}
        for kind, counts in (("annual", [(2466, 9), (2415, 60)]), ("quarterly", [(150, 0), (150, 0)])):
            analyst = self.server.new_client()
            for part, (good, bad) in enumerate(counts, 1):
                name = "%s_predictions_part_%d.xlsx" % (kind, part)
                data = support.shared_bytes("data", name)
                wanted = golden(kind, part)
                job = analyst.import_file(kind, data, filename=name)
                progress = job["progress"]
                self.assertEqual((good, bad), (progress["successful_rows"], progress["failed_rows"]))
                self.assertEqual(100, progress["progress_percentage"])
                results = self.check_results(analyst, job, wanted, scores[kind], name)
                self.assertEqual(good, len(results))
                self.assertEqual(data, analyst.get("%s/%s/file" % (JOBS, job["id"])).body)
                _, later = first_rows(wanted)
                errors = analyst.all("%s/%s/errors" % (JOBS, job["id"]), "errors")
                self.assertEqual(sorted(later), [error["row"] for error in errors])
                for error in errors:
                    self.assertEqual("duplicate_in_file", error["code"])
                    self.assertIn(wanted[error["row"]]["company_symbol"], error["data"])
            if kind == "annual":
                names = {company["name"] for company in analyst.companies()}
                self.assertIn("The Est\u00e9e Lauder Companies Inc.", names)

    def test_edges(self):
        """Exact bin boundaries and their neighbours, the huge and the missing, sent as a file."""
        for kind in RATIOS:
            data = support.shared_bytes("reference-model", "golden_edges_%s.csv" % kind)
            made, wanted = [], []
            for number, row in enumerate(support.read_csv(data)):
                if any(row[name].lower().lstrip("+-") in ("nan", "inf") for name in RATIOS[kind]):
                    continue
                if not any(row[name] for name in RATIOS[kind]):
                    continue
                figures = {name: row[name] for name in RATIOS[kind]}
                made.append(support.row(number, kind, **figures))
                wanted.append(row)
            analyst = self.server.new_client()
            job = analyst.import_rows(kind, made)
            self.assertEqual(len(made), job["progress"]["successful_rows"])
            results = analyst.all("%s/%s/results" % (JOBS, job["id"]), "predictions")
            column = "probability" if kind == "annual" else "logistic_probability"
            for item, row in zip(results, wanted):
                if row.get(column):
                    self.assertEqual(float(row[column]), item["probability"], row)
                self.assertEqual(floats(row, RATIOS[kind]),
                                 {name: item[name] for name in RATIOS[kind]})


class Answers(support.TestCase):
    """What the upload answers, and what becomes of it."""

    def test_both_addresses(self):
        analyst = self.server.new_client()
        for number, (path, fields) in enumerate((
                (PREDICTIONS + "/annual/bulk-upload-async", {}),
                (JOBS, {"job_type": "annual"}),
                (JOBS + "/", {"job_type": "ANNUAL"}),
                (JOBS + "?job_type=annual", {}))):
            content = support.csv(support.rows(2, start=10 * number))
            answer = analyst.upload("annual", content, fields, path=path)
            sent = answer.json
            self.assertEqual(sent["job_id"], sent["task_id"])
            self.assertEqual("%s/%s" % (JOBS, sent["job_id"]), answer.header("Location"))
            self.assertEqual("pending", sent["status"])
            self.assertEqual("annual", sent["job_type"])
            self.assertEqual(len(content), sent["file_size"])
            self.assertIs(sent["dry_run"], False)
            self.assertIs(sent["already_imported"], False)
            self.assertIsNone(sent["earlier_job_id"])
            job = analyst.wait_job(sent["job_id"])
            self.assertEqual("completed", job["status"])
            self.assertEqual(2, job["progress"]["successful_rows"])

    def test_body_without_form(self):
        analyst = self.server.new_client()
        answer = analyst.post(PREDICTIONS + "/quarterly/bulk-upload-async",
                              support.csv(support.rows(3, kind="quarterly"), "quarterly"),
                              {"filename": "folder/q.csv"}, 202, type="text/csv; charset=utf-8")
        job = analyst.wait_job(answer.json["job_id"])
        self.assertEqual(3, job["progress"]["successful_rows"])
        info = analyst.job(answer.json["job_id"])["file_info"]
        self.assertEqual("q.csv", info["original_filename"])

    def test_file_info(self):
        analyst = self.server.new_client()
        content = support.csv(support.rows(5))
        job = analyst.import_file("annual", content, filename="fünf \\\"rows\\\".csv")
        self.assertEqual({"original_filename": "fünf \"rows\".csv", "file_size": len(content),
                          "file_size_mb": round(len(content) / 1048576, 2),
                          "file_sha256": support.sha256(content)}, job["file_info"])

    def test_filenames_stay_names(self):
        analyst = self.server.new_client()
        for number, (sent, kept) in enumerate((("C:\\\\data\\\\a.csv", "a.csv"),
                                               ("../../etc/passwd", "passwd"),
                                               ("x" * 400 + ".csv", None))):
            job = analyst.import_rows("annual", support.rows(1, start=number), filename=sent)
            name = job["file_info"]["original_filename"]
            if kept is not None:
                self.assertEqual(kept, name)
            self.assertLessEqual(len(name), 255)
        answer = analyst.upload("annual", support.csv(support.rows(1)), filename="a\tb.csv",
                                expect=400)
        self.assert_problem(answer, 400, "malformed", ["file name", "control character"])

    def test_scored_by_the_active_card(self):
        analyst = self.server.new_client()
        for kind in RATIOS:
            made = support.rows(300, kind=kind)
            for place, one in enumerate(made):
                if place % 7 == 0:
                    one[RATIOS[kind][place % len(RATIOS[kind])]] = None
            job = analyst.import_rows(kind, made)
            results = analyst.all("%s/%s/results" % (JOBS, job["id"]), "predictions")
            levels = set()
            for one, item in zip(made, results):
                probability, level = support.score(self.server.cards[kind], one)
                self.assertEqual((probability, level), (item["probability"], item["risk_level"]))
                self.assertEqual(max(2 * abs(probability - 0.5), 0.5), item["confidence"])
                levels.add(level)
            self.assertEqual({"LOW", "MEDIUM", "HIGH", "CRITICAL"}, levels)


class Shapes(support.TestCase):
    """What a good file may look like."""

    def good(self, content, rows, kind="annual", options=None):
        analyst = self.server.new_client()
        job = analyst.import_file(kind, content, options)
        self.assertEqual((rows, 0), (job["progress"]["successful_rows"],
                                     job["progress"]["failed_rows"]), job)
        results = analyst.all("%s/%s/results" % (JOBS, job["id"]), "predictions")
        return analyst, job, results

    def test_line_ends_and_byte_order_mark(self):
        made = support.rows(3)
        for content in (support.csv(made, end="\r\n"), support.csv(made, end="\r"),
                        b"\xef\xbb\xbf" + support.csv(made), support.csv(made).rstrip(b"\n")):
            _, _, results = self.good(content, 3)
            self.assertEqual([2, 3, 4], [item["job_row"] for item in results])

    def test_delimiters(self):
        for delimiter, name in ((",", "comma"), (";", "semicolon"), ("\t", "tab")):
            content = support.csv(support.rows(3)).replace(b",", delimiter.encode())
            self.good(content, 3)
            self.good(content, 3, options={"delimiter": name})
            self.good(content, 3, options={"delimiter": delimiter})

    def test_header_names(self):
        """Case, spaces and underscores do not matter, nor does the order; unknown columns warn."""
        columns = list(reversed(support.COLUMNS["annual"]))
        content = support.csv(support.rows(2), columns=columns)
        header, rest = content.split(b"\n", 1)
        names = header.decode().replace("company_symbol", "Company Symbol")
        names = names.replace("reporting_year", "REPORTING-YEAR").replace("market_cap", "marketcap")
        rest = b"".join(line + b",note\n" for line in rest.splitlines())
        analyst, job, _ = self.good(names.encode() + b",Remarks\n" + rest, 2)
        self.assertEqual(1, job["warnings"]["count"])
        warnings = analyst.all("%s/%s/warnings" % (JOBS, job["id"]), "warnings")
        self.assertEqual(["unknown_columns"], [entry["code"] for entry in warnings])
        self.assertIn("Remarks", warnings[0]["error"])

    def test_blank_rows_and_row_numbers(self):
        """Rows are numbered as a spreadsheet shows them, blank ones and quoted line breaks included."""
        made = support.rows(3)
        lines = support.csv(made).decode().splitlines()
        content = "\n".join([lines[0], lines[1], "", "," * 10, lines[2], lines[3]]) + "\n\n"
        _, _, results = self.good(content.encode(), 3)
        self.assertEqual([2, 5, 6], [item["job_row"] for item in results])

    def test_quotes(self):
        made = [support.row(1, company_name='Smith, "Jones" & Co', sector="Oil; Gas")]
        _, _, results = self.good(support.csv(made), 1)
        self.assertEqual('Smith, "Jones" & Co', results[0]["company_name"])
        self.assertEqual("Oil; Gas", results[0]["sector"])

    def test_symbols_and_names(self):
        symbols = ["NA", "TRUE", "7203", "BRK.A", " aapl ", "a" * 20, "Ünï", "N/A", "1e5"]
        made = [support.row(i, company_symbol=s, company_name="Zoë %d" % i)
                for i, s in enumerate(symbols)]
        _, _, results = self.good(support.csv(made), len(symbols))
        self.assertEqual([s.strip().upper() if s.isascii() else results[i]["company_symbol"]
                          for i, s in enumerate(symbols)],
                         [item["company_symbol"] for item in results])
        self.assertEqual("Zoë 3", results[3]["company_name"])

    def test_missing_marks(self):
        """Each mark of a missing ratio is stored as null, never as zero."""
        marks = ["", "NM", "nm", "N/A", "n/a", "NA", "null", "-", "#N/A", "  "]
        made = [support.row(i, return_on_assets=mark, market_cap=mark)
                for i, mark in enumerate(marks)]
        _, _, results = self.good(support.csv(made), len(marks))
        self.assertEqual([None] * len(marks), [item["return_on_assets"] for item in results])
        self.assertEqual([None] * len(marks), [item["market_cap"] for item in results])
        for one, item in zip(made, results):
            self.assertEqual(support.score(self.server.cards["annual"],
                                           dict(one, return_on_assets=None))[0],
                             item["probability"])

    def test_numbers(self):
        """Plain decimals read as the nearest double, negative zero as zero."""
        texts = ["0", "-0.0", "+1.5", ".5", "5.", "1e3", "1E-3", "0.1", "123456789.123456789",
                 "5e-324", "1.7976931348623157e308", "-12.25", "00012"]
        made = [support.row(i, net_income_margin=text) for i, text in enumerate(texts)]
        analyst = self.server.new_client()
        job = analyst.import_rows("annual", made)
        errors = {error["row"]: error for error in job["errors"]["error_details"]["errors"]}
        results = {item["job_row"]: item["net_income_margin"] for item in
                   analyst.all("%s/%s/results" % (JOBS, job["id"]), "predictions")}
        for number, text in enumerate(texts):
            self.assertNotIn(number + 2, errors, text)
            self.assertEqual(float(text), results[number + 2], text)
            self.assertFalse(json.dumps(results[number + 2]).startswith("-0"), text)

    def test_quarters_and_years(self):
        words = [("Q1", "Q1"), ("q2", "Q2"), ("3", "Q3"), ("4.0", "Q4"), (" Q4 ", "Q4")]
        made = [support.row(i, "quarterly", reporting_quarter=sent, reporting_year=year)
                for i, ((sent, _), year) in enumerate(zip(words, (1900, 2200, "2024.0", 2024,
                                                                  " 1999 ")))]
        _, _, results = self.good(support.csv(made, "quarterly"), 5, "quarterly")
        self.assertEqual([kept for _, kept in words],
                         [item["reporting_quarter"] for item in results])
        self.assertEqual(["1900", "2200", "2024", "2024", "1999"],
                         [item["reporting_year"] for item in results])

    def test_annual_without_quarter(self):
        """The column may be left out, or a cell of it empty: that is a prediction as of Q4."""
        columns = [name for name in support.COLUMNS["annual"] if name != "reporting_quarter"]
        _, _, results = self.good(support.csv(support.rows(2), columns=columns), 2)
        self.assertEqual(["Q4", "Q4"], [item["reporting_quarter"] for item in results])
        _, _, results = self.good(support.csv([support.row(1, reporting_quarter="")]), 1)
        self.assertEqual("Q4", results[0]["reporting_quarter"])

    def test_guarded_cells(self):
        """A quote before what a spreadsheet would take for a formula is taken off again."""
        _, _, results = self.good(support.csv([support.row(1, company_name="'=SUM(A1)")]), 1)
        self.assertEqual("=SUM(A1)", results[0]["company_name"])

    def test_implausible_values_warn(self):
        analyst, job, _ = self.good(support.csv([support.row(1, return_on_assets=5000)]), 1)
        warnings = analyst.all("%s/%s/warnings" % (JOBS, job["id"]), "warnings")
        self.assertEqual([(2, "return_on_assets", "implausible", "5000")],
                         [(w["row"], w["column"], w["code"], w["value"]) for w in warnings])

    def test_spaces_around_cells(self):
        made = support.row(1, company_symbol="  ab c ", total_debt_to_ebitda="  1.5  ")
        _, _, results = self.good(support.csv([made]), 1)
        self.assertEqual(("AB C", 1.5), (results[0]["company_symbol"],
                                         results[0]["total_debt_to_ebitda"]))


class Workbooks(support.TestCase):
    """Tables in Excel workbooks; the oddities of cells are in the unit tests."""

    def test_sheets(self):
        content = support.xlsx([("Data", support.rows(2)), ("2024 & more", support.rows(3, start=10))])
        for sheet, count in ((None, 2), ("2", 3), ("2024 & MORE", 3), ("Data", 2)):
            analyst = self.server.new_client()
            job = analyst.import_file("annual", content, {"sheet": sheet} if sheet else {})
            self.assertEqual(count, job["progress"]["successful_rows"])
            self.assertEqual(sheet, job["lineage"]["options"]["sheet"])

    def test_same_as_csv(self):
        made = support.rows(40) + [support.row(50, company_name='A "quoted", name', return_on_assets=None),
                                   support.row(51, sector="", market_cap="")]
        seen = []
        for content, name in ((support.csv(made), "a.xlsx"), (support.xlsx([("D", made)]), "a.csv")):
            analyst = self.server.new_client()
            job = analyst.import_file("annual", content, filename=name)
            results = analyst.all("%s/%s/results" % (JOBS, job["id"]), "predictions")
            self.assertEqual(42, len(results))
            seen.append([{key: item[key] for key in COLUMNS["annual"] + ["job_row", "probability"]}
                         for item in results])
        self.assertEqual(*seen)


class Options(support.TestCase):
    def counts(self, job):
        return tuple(job["progress"][name + "_rows"]
                     for name in ("successful", "failed", "skipped", "unchanged"))

    def test_on_duplicate(self):
        """Equal ratios are unchanged in every mode; others fail or are skipped."""
        for mode, counts in (({}, (1, 1, 0, 1)), ({"on_duplicate": "reject"}, (1, 1, 0, 1)),
                             ({"on_duplicate": "Skip"}, (1, 0, 1, 1))):
            analyst = self.server.new_client()
            first = analyst.import_rows("annual", support.rows(2), filename="first.csv")
            before = analyst.predictions()
            second = [support.row(0), support.row(1, return_on_assets=99), support.row(2)]
            job = analyst.import_rows("annual", second, mode)
            self.assertEqual(counts, self.counts(job))
            after = {item["id"]: item for item in analyst.predictions()}
            self.assertEqual(3, len(after))
            for item in before:
                self.assertEqual(item, after[item["id"]])
            if counts[1]:
                error = job["errors"]["error_details"]["errors"][0]
                self.assertEqual((3, "duplicate"), (error["row"], error["code"]))
                self.assertIn("first.csv, row 3", error["error"])
                self.assertIn("S00001, 2001 Q2", error["error"])
            self.assertEqual(2, analyst.job(first["id"])["lineage"]["predictions"])

    def test_all_unchanged_is_completed(self):
        analyst = self.server.new_client()
        analyst.import_rows("annual", support.rows(3))
        job = analyst.import_rows("annual", support.rows(3))
        self.assertEqual((0, 0, 0, 3), self.counts(job))
        self.assertFalse(job["errors"]["has_errors"])

    def test_unchanged_looks_at_ratios_alone(self):
        """Also where a blank meets a blank, and never where a blank meets a number."""
        analyst = self.server.new_client()
        analyst.import_rows("annual", [support.row(0, return_on_assets=None), support.row(1)])
        job = analyst.import_rows("annual", [
            support.row(0, return_on_assets=None, market_cap=5, sector="Other"),
            support.row(1, return_on_assets=None)])
        self.assertEqual((0, 1, 0, 1), self.counts(job))

    def test_duplicates_in_file(self):
        """The first good row of a key counts; a failed row before it claims nothing."""
        analyst = self.server.new_client()
        made = [support.row(0, return_on_assets="abc"), support.row(0), support.row(0),
                support.row(0, company_symbol="s00000 ", return_on_assets=1)]
        for mode in ({}, {"on_duplicate": "skip"}, {"dry_run": "yes"}):
            job = self.server.new_client().import_rows("annual", made, mode)
            self.assertEqual((1, 3, 0, 0), self.counts(job), mode)
            errors = job["errors"]["error_details"]["errors"]
            self.assertEqual([(2, "not_a_number"), (4, "duplicate_in_file"),
                              (5, "duplicate_in_file")],
                             [(e["row"], e["code"]) for e in errors], mode)
            self.assertIn("Row 3 of this file", errors[1]["error"])

    def test_dry_run(self):
        analyst = self.server.new_client()
        analyst.import_rows("annual", [support.row(0)])
        before = analyst.predictions(), analyst.companies()
        made = [support.row(0), support.row(0, reporting_year=1999), support.row(1),
                support.row(2, return_on_assets="12%"), support.row(1, return_on_assets=3)]
        for word in ("true", "1", "YES", "on"):
            job = analyst.import_rows("annual", made, {"dry_run": word})
            self.assertEqual((2, 2, 0, 1), self.counts(job))
            self.assertEqual([(5, "not_a_number"), (6, "duplicate_in_file")],
                             [(e["row"], e["code"]) for e in
                              job["errors"]["error_details"]["errors"]])
            self.assertIs(job["lineage"]["options"]["dry_run"], True)
            self.assertEqual(0, job["lineage"]["predictions"])
            self.assertEqual(0, job["lineage"]["companies_created"])
            self.assertEqual([], analyst.all("%s/%s/results" % (JOBS, job["id"]), "predictions"))
            self.assertEqual(before, (analyst.predictions(), analyst.companies()))
        deleted = analyst.delete("%s/%s" % (JOBS, job["id"]), {"delete_predictions": True}).json
        self.assertEqual({"annual": 0, "quarterly": 0}, deleted["deleted_predictions"])
        self.assertEqual([], deleted["kept"])

    def test_max_failed_rows(self):
        bad = [support.row(i, return_on_assets="x") for i in range(3)]
        made = [support.row(10), bad[0], support.row(11), bad[1], support.row(12), bad[2],
                support.row(13)]
        for most, status, kept in ((3, "completed", 4), (2, "failed", 3), (1, "failed", 2),
                                   (0, "failed", 0)):
            analyst = self.server.new_client()
            job = analyst.import_rows("annual", made, {"max_failed_rows": most}, status=status)
            results = analyst.all("%s/%s/results" % (JOBS, job["id"]), "predictions")
            self.assertEqual(kept, len(results), most)
            self.assertEqual(kept, len(analyst.predictions()), most)
            if status == "failed":
                self.assertIn("max_failed_rows=%d" % most, job["errors"]["error_message"])
                self.assertEqual(most + 1, len(job["errors"]["error_details"]["errors"]))
            if most == 0:
                self.assertIn("nothing was kept", job["errors"]["error_message"])
                self.assertEqual(0, job["lineage"]["predictions"])

    def test_on_error_undo(self):
        """A job that does not end well leaves nothing; one that does keeps its failures and its rows."""
        bad = support.row(5, sector="x" * 101)
        for made, options, status in (
                (support.rows(3) + [bad], {"max_failed_rows": 0}, "failed"),
                (support.rows(3) + [bad], {}, "completed"),
                (support.rows(3) + [bad, bad, bad], {"max_failed_rows": 2}, "failed"),
                (support.rows(3) + ['"never closed'], {}, "failed")):
            analyst = self.server.new_client()
            job = analyst.import_rows("annual", made, dict(options, on_error="undo"),
                                      status=status)
            kept = 3 if status == "completed" else 0
            self.assertEqual(kept, len(analyst.predictions()), options)
            self.assertEqual(kept, job["lineage"]["predictions"])
            self.assertTrue(job["errors"]["error_details"]["errors"])
            self.assertEqual("undo", job["lineage"]["options"]["on_error"])
            path = "%s/%s" % (JOBS, job["id"])
            self.assertEqual(support.csv(made), analyst.get(path + "/file").body)
            again = analyst.import_rows("annual", support.rows(3))["progress"]
            self.assertEqual((3 - kept, kept), (again["successful_rows"],
                                                again["unchanged_rows"]))

    def test_all_or_nothing_can_be_sent_again(self):
        """What max_failed_rows=0 took back claims no key, in no batch of it."""
        analyst = self.server.new_client()
        made = support.rows(1500)
        broken = made[:-1] + [dict(made[-1], return_on_assets="x")]
        job = analyst.import_rows("annual", broken, {"max_failed_rows": 0}, status="failed")
        self.assertEqual([], analyst.predictions())
        self.assertEqual(0, job["lineage"]["predictions"])
        again = analyst.import_rows("annual", made, {"max_failed_rows": 0})
        self.assertEqual((1500, 0, 0, 0), self.counts(again))
        self.assertEqual(1500, len(analyst.predictions()))

    def test_companies_that_differ_warn(self):
        analyst = self.server.new_client()
        analyst.import_rows("annual", [support.row(0)])
        changed = [support.row(0, reporting_year=2020 + i, company_name="New", sector="Else")
                   for i in range(3)]
        job = analyst.import_rows("annual", changed)
        warnings = analyst.all("%s/%s/warnings" % (JOBS, job["id"]), "warnings")
        self.assertEqual([(row, "company_differs") for row in (2, 3, 4)],
                         [(w["row"], w["code"]) for w in warnings])
        for word in ("Company 0", "New", "update_companies"):
            self.assertIn(word, warnings[0]["error"])
        company = analyst.get(API + "/companies/search/S00000").json["company"]
        self.assertEqual(("Company 0", "Sector 0"), (company["name"], company["sector"]))
        changed = [dict(one, reporting_year=2030) for one in changed[:1]]
        job = analyst.import_rows("annual", changed, {"update_companies": "true"})
        self.assertEqual(0, job["warnings"]["count"])
        company = analyst.get(API + "/companies/search/S00000").json["company"]
        self.assertEqual(("New", "Else"), (company["name"], company["sector"]))

    def test_market_cap_unit(self):
        analyst = self.server.new_client()
        analyst.import_rows("annual", [support.row(0, market_cap=2.5)],
                            {"market_cap_unit": "millions"})
        self.assertEqual(2500000, analyst.predictions()[0]["market_cap"])
        company = analyst.get(API + "/companies/search/S00000").json["company"]
        self.assertEqual(2500000, company["market_cap"])

    def test_options_are_kept_with_the_job(self):
        analyst = self.server.new_client()
        job = analyst.import_rows("annual", support.rows(1), {
            "on_duplicate": "skip", "max_failed_rows": "7", "update_companies": "1",
            "market_cap_unit": "millions", "delimiter": "comma", "dry_run": "false",
            "on_error": "keep", "encoding": "UTF-8", "allow_duplicate_file": "true"})
        options = job["lineage"]["options"]
        self.assertEqual(("skip", 7, True, "millions", ",", False, "keep"),
                         tuple(options[name] for name in
                               ("on_duplicate", "max_failed_rows", "update_companies",
                                "market_cap_unit", "delimiter", "dry_run", "on_error")))

    def test_access_level(self):
        """What an administrator uploads is the system's, unless kept personal by choice."""
        admin = self.server.new_client("super_admin")
        content = support.csv(support.rows(1, start=70000))
        job = admin.import_file("annual", content)
        self.assertEqual("system", job["context"]["access_level"])
        job = admin.import_file("annual", content, {"access_level": "personal"})
        self.assertEqual("personal", job["context"]["access_level"])
        self.assertEqual(1, job["progress"]["successful_rows"])
        mine = admin.predictions(query={"access_level": "personal"})
        self.assertEqual([job["id"]], [item["job_id"] for item in mine])

    def test_same_file_is_pointed_out(self):
        analyst, other = self.server.new_client(), self.server.new_client()
        content = support.csv(support.rows(2))
        first = analyst.import_file("annual", content)
        answer = analyst.upload("annual", content)
        self.assertIs(answer.json["already_imported"], True)
        self.assertEqual(first["id"], answer.json["earlier_job_id"])
        self.assertIn("earlier_job_id", answer.json["message"])
        analyst.wait_job(answer.json["job_id"])
        self.assertIs(other.upload("annual", content).json["already_imported"], False)
        for job in analyst.jobs():
            analyst.delete("%s/%s" % (JOBS, job["id"]), {"delete_predictions": True})
        self.assertIs(analyst.upload("annual", content).json["already_imported"], False)

    def test_dry_run_is_no_import(self):
        """A file that was only tried out was not imported before."""
        analyst = self.server.new_client()
        content = support.csv(support.rows(2))
        analyst.import_file("annual", content, {"dry_run": True})
        self.assertIs(analyst.upload("annual", content).json["already_imported"], False)


class Idempotency(support.TestCase):
    def test_same_request_same_job(self):
        analyst = self.server.new_client()
        content, headers = support.csv(support.rows(2)), {"Idempotency-Key": "morning-load-1"}
        first = analyst.upload("annual", content, {"dry_run": "false"}, headers=headers)
        again = analyst.upload("annual", content, {"dry_run": "false"}, headers=headers)
        analyst.wait_job(first.json["job_id"])
        later = analyst.upload("annual", content, {"dry_run": "false"}, headers=headers)
        for answer in (again, later):
            self.assertEqual(first.json["job_id"], answer.json["job_id"])
            self.assertEqual(first.header("Location"), answer.header("Location"))
            self.assertEqual("true", answer.header("Idempotent-Replayed"))
        self.assertIsNone(first.header("Idempotent-Replayed"))
        self.assertEqual(1, len(analyst.jobs()))
        self.assertEqual(2, len(analyst.predictions()))

    def test_other_request_is_refused(self):
        analyst = self.server.new_client()
        headers = {"Idempotency-Key": "k"}
        content = support.csv(support.rows(2))
        analyst.upload("annual", content, headers=headers)
        for kind, sent, options in (("annual", support.csv(support.rows(3)), {}),
                                    ("annual", content, {"dry_run": "true"}),
                                    ("quarterly", content, {})):
            answer = analyst.upload(kind, sent, options, headers=headers, expect=422)
            self.assertEqual({"Idempotency-Key": "used_for_another_request"},
                             answer.field_codes())
        answer = analyst.create("annual", support.row(9), 422, headers=headers)
        self.assertEqual({"Idempotency-Key": "used_for_another_request"}, answer.field_codes())
        self.assertEqual(1, len(analyst.jobs()))
        self.left_nothing()

    def test_keys_are_each_users_own(self):
        headers = {"Idempotency-Key": "daily"}
        content = support.csv(support.rows(1))
        jobs = {self.server.new_client().upload("annual", content, headers=headers).json["job_id"]
                for _ in range(2)}
        self.assertEqual(2, len(jobs))

    def test_bad_keys(self):
        analyst = self.server.new_client()
        for key in ("", " ", "a b", "ü".encode().decode("latin-1"), "x" * 256):
            answer = analyst.upload("annual", support.csv(support.rows(1)), expect=422,
                                    headers={"Idempotency-Key": key})
            self.assertIn("Idempotency-Key", answer.json["detail"])
        analyst.upload("annual", support.csv(support.rows(1)),
                       headers={"Idempotency-Key": "x" * 255})
        self.assertEqual(1, len(analyst.jobs()))


class Cancelling(support.TestCase):
    SERVER_OPTIONS = {"workers": 0}

    def test_pending_job(self):
        analyst = self.server.new_client()
        sent = analyst.upload("annual", support.csv(support.rows(2))).json
        path = "%s/%s" % (JOBS, sent["job_id"])
        self.assertEqual("pending", analyst.job(sent["job_id"])["status"])
        answer = analyst.post(path + "/cancel").json
        self.assertEqual("cancelled", answer["job"]["status"])
        self.assertIn("cancelled", answer["message"])
        again = analyst.post(path + "/cancel", expect=409)
        self.assertEqual("job_cancelled", again.json["error"])
        job = analyst.job(sent["job_id"])
        self.assertEqual("cancelled", job["status"])
        self.assertIsNotNone(job["timestamps"]["completed_at"])
        self.assertIsNone(job["timestamps"]["started_at"])


if __name__ == "__main__":
    support.main()
