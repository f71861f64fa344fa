"""Bad input: each has a clear answer, nothing is lost of what was good, and nothing is left behind."""
import gzip
import io
import os
import zipfile

import support
from support import COLUMNS, JOBS, PREDICTIONS, Form, Wire

UPLOAD = PREDICTIONS + "/annual/bulk-upload-async"


class BadUploads(support.TestCase):
    def refused(self, analyst, answer):
        """Of an upload that was refused nothing is there."""
        self.assertEqual([], analyst.jobs({"show_deleted": True}), str(answer))
        self.left_nothing()


class Forms(BadUploads):
    """What is refused before a job is made of it."""

    def refuse(self, body, status, error=None, words=(), fields=None, type=Form.type, path=UPLOAD):
        analyst = self.shared_analyst()
        answer = analyst.post(path, body, None, status, type=type)
        self.assert_problem(answer, status, error, words, fields)
        self.refused(analyst, answer)
        return answer

    def shared_analyst(self):
        if not hasattr(Forms, "analyst"):
            Forms.analyst = self.server.new_client()
        return Forms.analyst

    good = support.csv([support.row(1)])

    def test_no_file(self):
        self.refuse(Form.body(None), 422, "no_file", ['field "file"'])
        self.refuse(Form.body(None, {"dry_run": "true"}), 422, "no_file")
        # A page's form whose file was not chosen.
        self.refuse(Form.body(b"", filename=""), 422, "no_file")

    def test_empty_file(self):
        self.refuse(Form.body(b""), 422, fields={"file": "empty_file"}, words=["empty"])
        self.refuse(b"", 422, "no_file", type="text/csv")

    def test_file_in_another_field(self):
        body = Form.file_begin("a.csv", name="upload") + self.good + b"\r\n" + Form.end()
        self.refuse(body, 422, words=['field "file"'])

    def test_file_without_name(self):
        self.refuse(Form.field("file", self.good.decode()) + Form.end(), 422,
                    words=['"file"', "file name"])

    def test_two_files(self):
        one = Form.file_begin("a.csv") + self.good + b"\r\n"
        self.refuse(one + one + Form.end(), 422, words=["more than one file"])

    def test_malformed_forms(self):
        whole = Form.body(self.good)
        for body in (b"", b"no form at all", whole[:-20], whole[:200], whole[:-len(Form.end())],
                     Form.end(), whole.replace(b"Content-Disposition", b"X-Disposition"),
                     whole.replace(b"form-data; name=\"file\"", b"attachment"),
                     whole.replace(b"\r\n\r\n", b"\r\nX-Long: " + b"x" * 20000 + b"\r\n\r\n", 1)):
            analyst = self.shared_analyst()
            answer = analyst.post(UPLOAD, body, None, (400, 413, 422), type=Form.type)
            self.refused(analyst, answer)

    def test_boundaries(self):
        for type in ("multipart/form-data", "multipart/form-data; boundary=",
                     "multipart/form-data; boundary=" + "x" * 71,
                     "multipart/form-data; boundary=other"):
            analyst = self.shared_analyst()
            answer = analyst.post(UPLOAD, Form.body(self.good), None, (400, 415, 422), type=type)
            self.refused(analyst, answer)

    def test_content_types(self):
        for type in (None, "application/json", "multipart/mixed; boundary=x", "image/png",
                     "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"):
            self.refuse(self.good, 415, "unsupported", ["multipart/form-data", "text/csv"],
                        type=type)

    def test_fields(self):
        self.refuse(Form.field("dry_run", "true") * 2 + Form.body(self.good), 400, "malformed",
                    ["dry_run", "twice"])
        self.refuse(Form.body(self.good, {"note": "x" * 5000}), 422, words=["note", "too long"])
        self.refuse(Form.field("note", "x").replace(b"\r\nx\r\n", b"\r\n\xff\xfe\r\n") +
                    Form.body(self.good), 400, "malformed", ["note", "UTF-8"])
        self.refuse(Form.body(self.good, {"f%d" % i: "x" for i in range(150)}), 413,
                    words=["64"])

    def refuse_options(self, options, fields, query=""):
        self.refuse(Form.body(self.good, options), 422, "invalid_parameters", fields=fields,
                    path=UPLOAD + query)

    def test_unknown_options(self):
        self.refuse_options({"on_dublicate": "skip"}, {"on_dublicate": "unknown_parameter"})
        self.refuse_options({}, {"on_dublicate": "unknown_parameter"}, "?on_dublicate=skip")
        self.refuse_options({"job_type": "annual"}, {"job_type": "unknown_parameter"})
        self.refuse_options({"dry_run": "maybe", "x": "1"},
                            {"dry_run": "not_a_boolean", "x": "unknown_parameter"}, "")

    def test_wrong_options(self):
        for options, code in (
                ({"on_duplicate": "overwrite"}, "not_allowed"),
                ({"on_duplicate": ""}, "not_allowed"),
                ({"on_error": "stop"}, "not_allowed"), ({"on_error": ""}, "not_allowed"),
                ({"max_failed_rows": "-1"}, "not_a_whole_number"),
                ({"max_failed_rows": "1.5"}, "not_a_whole_number"),
                ({"max_failed_rows": ""}, "not_a_whole_number"),
                ({"max_failed_rows": "9" * 30}, "not_a_whole_number"),
                ({"dry_run": ""}, "not_a_boolean"), ({"dry_run": "2"}, "not_a_boolean"),
                ({"update_companies": "j"}, "not_a_boolean"),
                ({"allow_duplicate_file": "?"}, "not_a_boolean"),
                ({"market_cap_unit": "eur"}, "not_allowed"), ({"delimiter": "|"}, "not_allowed"),
                ({"sheet": "x" * 256}, "too_long"),
                ({"encoding": "utf-7"}, "not_allowed"), ({"decimal": "auto"}, "not_allowed"),
                ({"decimal": "comma", "delimiter": "comma"}, "decimal_is_delimiter"),
                ({"access_level": "system"}, "not_allowed"), ({"access_level": "organization"}, "not_allowed")):
            self.refuse_options(options, {next(iter(options)): code})

    def test_option_in_query_and_form(self):
        self.refuse_options({"dry_run": "1"}, {"dry_run": "given_twice"}, "?dry_run=1")

    def test_job_type(self):
        for options, code in (({}, "missing"), ({"job_type": "monthly"}, "not_allowed"),
                              ({"job_type": ""}, "not_allowed")):
            answer = self.refuse(Form.body(self.good, options), 422, path=JOBS)
            self.assertEqual(code, answer.field_codes()["job_type"])

    def test_malformed_kind(self):
        for kind in ("monthly", "Annual", "annual%00", "%61nnual", "..", ""):
            self.refuse(Form.body(self.good), (404, 405),
                        path="%s/%s/bulk-upload-async" % (PREDICTIONS, kind))

    def test_no_active_model(self):
        server = support.Server(cards=False)
        try:
            analyst = server.new_client()
            answer = analyst.upload("annual", self.good, expect=409)
            self.assert_problem(answer, 409, "no_active_model", ["no active annual model"])
            self.assertEqual([], analyst.jobs())
            answer = analyst.create("annual", support.row(1), 409)
            self.assertEqual("no_active_model", answer.json["error"])
            answer = analyst.post(PREDICTIONS + "/annual/score", support.row(1), expect=409)
            self.assertEqual("no_active_model", answer.json["error"])
            self.assertEqual([], analyst.companies())
        finally:
            server.close()


class WrongFiles(BadUploads):
    """What makes the whole file fail: the job says why, and nothing of it was stored."""

    def fail(self, content, code, words, kind="annual", row=None):
        analyst = self.server.new_client() if not hasattr(WrongFiles, "one") else WrongFiles.one
        WrongFiles.one = analyst
        job = analyst.import_file(kind, content, status="failed")
        errors = job["errors"]
        self.assertIs(errors["has_errors"], True)
        details = errors["error_details"]["errors"]
        self.assertEqual([code], [entry["code"] for entry in details], job)
        for word in words:
            self.assertIn(word, errors["error_message"])
            self.assertIn(word, details[0]["error"])
        if row is not None:
            self.assertEqual(row, details[0]["row"])
        self.assertEqual(0, job["progress"]["successful_rows"])
        self.assertIsNotNone(job["timestamps"]["completed_at"])
        self.assertEqual([], analyst.predictions(kind))
        self.assertEqual([], analyst.companies())
        self.assertEqual(content, analyst.get("%s/%s/file" % (JOBS, job["id"])).body)
        self.left_nothing()
        return job

    def test_header_only(self):
        analyst = self.server.new_client()
        for content in (support.csv([]), support.csv([]).rstrip(b"\n"), support.csv([]) + b"\n\n",
                        support.csv(["," * 10])):
            job = analyst.import_file("annual", content, status="failed")
            self.assertIn("no_row_accepted", job["errors"]["error_message"])
            self.assertIn("no rows below its header", job["errors"]["error_message"])
            self.assertEqual(0, job["progress"]["total_rows"])
            self.assertIs(job["progress"]["total_known"], True)

    def test_every_row_rejected(self):
        analyst = self.server.new_client()
        job = analyst.import_rows("annual", [support.row(1, return_on_assets="x")] * 3,
                                  status="failed")
        self.assertIn("no_row_accepted: every row was rejected",
                      job["errors"]["error_message"])
        self.assertEqual(3, job["progress"]["failed_rows"])
        self.assertEqual([], analyst.companies())

    def test_nothing_but_line_ends(self):
        self.fail(b"\n\n\r\n", "empty_file", ["no rows"])
        self.fail(b"\xef\xbb\xbf", "empty_file", ["no rows"])
        self.fail(b" ,  ,\n", "empty_file", ["no rows"])

    def test_missing_columns(self):
        """All that are missing are named, in one sentence."""
        self.fail(b"company_symbol,company_name,market_cap\nA,B,1\n", "missing_columns",
                  ["sector", "reporting_year"] + support.RATIOS["annual"])
        self.fail(support.csv([support.row(1, "quarterly")], columns=[
            name for name in COLUMNS["quarterly"] if name != "reporting_quarter"]),
            "missing_columns", ["reporting_quarter"], "quarterly")
        job = self.fail(b"a\nb\n", "missing_columns", COLUMNS["annual"][:5])
        self.assertNotIn("reporting_quarter", job["errors"]["error_message"])
        # The other kind's file.
        self.fail(support.csv([support.row(1, "quarterly")], "quarterly"), "missing_columns",
                  ["net_income_margin", "ebit_to_interest_expense", "return_on_assets"])

    def test_column_twice(self):
        columns = COLUMNS["annual"] + ["Company Symbol"]
        content = (",".join(columns) + "\n").encode()
        self.fail(content, "column_twice", ["company_symbol", "twice", "1", "12"])

    def test_wrong_kinds_of_file(self):
        for content, words in (
                (b"%PDF-1.4\n%\xe2\xe3\n", ["PDF"]),
                (gzip.compress(gzip.compress(support.csv([support.row(1)]))), ["gzip"]),
                (gzip.compress(b"PK\x03\x04" + b"\0" * 500), ["Excel", "CSV"]),
                (os.urandom(4) + b"\0" * 2000, ["not a text file", "NUL"])):
            self.fail(content, "not_csv", words)

    def test_packed_files(self):
        good = gzip.compress(support.csv([support.row(1)]))
        self.fail(good[:12], "truncated", ["gzip", "cut off"])
        self.fail(b"\x28\xb5\x2f\xfd\x04\x00", "truncated", ["zstd", "cut off"])

    def test_packed_files_that_begin_well(self):
        """What is wrong may be found behind rows that went in: on_error=undo takes them back."""
        analyst = self.server.new_client()
        good = gzip.compress(support.csv([support.row(1)]))
        bomb = support.csv([support.row(1)]) + b"\n" * (20 << 20)
        for content, code, word in (
                (good[:-9], "truncated", "cut off"), (good + b"x", "more_behind", "Behind the end"),
                (good[:-8] + b"\0" * 8, "damaged", "damaged"),
                (gzip.compress(bomb), "unpacks_too_large", "200 times")):
            job = analyst.import_file("annual", content, {"on_error": "undo"}, status="failed")
            errors = job["errors"]["error_details"]["errors"]
            self.assertEqual([code], [error["code"] for error in errors])
            self.assertIn(word, errors[0]["error"])
            self.assertEqual([], analyst.predictions())

    def test_wrong_workbooks(self):
        old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        archive, bomb = io.BytesIO(), io.BytesIO()
        with zipfile.ZipFile(archive, "w") as made:
            made.writestr("table.csv", "a,b")
        with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as made:
            made.writestr("xl/workbook.xml", "0" * (40 << 20))
        self.assertLess(len(bomb.getvalue()), 42000)
        for content, code, words in (
                (b"PK\x03\x04" + b"\0" * 500, "damaged_workbook", ["no whole zip archive", ".xlsx"]),
                (old + b"\0" * 500, "not_xlsx", ["old Office document", ".xlsx"]),
                (old.ljust(1536, b"\0") + "Workbook".encode("utf-16-le"), "not_xlsx", [".xls"]),
                (old.ljust(1536, b"\0") + "EncryptedPackage".encode("utf-16-le"), "encrypted",
                 ["password"]),
                (archive.getvalue(), "not_xlsx", ["zip archive", "unpack"]),
                (bomb.getvalue(), "zip_bomb", ["far more than its size"])):
            if content.startswith(old) and len(content) > 600:
                content = content[:48] + b"\x02" + content[49:]  # where its directory is
            self.fail(content, code, words)
        empty = support.xlsx([("Data", [])])
        self.fail(empty[:-30], "damaged_workbook", ["zip archive"])

    def test_wrong_sheet(self):
        analyst = self.server.new_client()
        content = support.xlsx([("Notes", []), ("Data", [support.row(1)])])
        job = analyst.import_file("annual", content, {"sheet": "Table"}, status="failed")
        details = job["errors"]["error_details"]["errors"]
        self.assertEqual(["unknown_sheet"], [entry["code"] for entry in details])
        self.assertIn('"Notes", "Data"', details[0]["error"])
        job = analyst.import_file("annual", support.csv([support.row(1)]), {"sheet": "1"},
                                  status="failed")
        self.assertIn("no sheets", job["errors"]["error_message"])

    def test_other_encodings(self):
        text = support.csv([support.row(1)]).decode()
        self.fail(text.encode("utf-32"), "not_utf8", ["UTF-32", "UTF-8"])

    def test_bad_header(self):
        header = ",".join(COLUMNS["annual"])
        good = support.csv([support.row(1)])
        self.fail(good.replace(b"sector", b"sect\xf6r"), "not_utf8", ["Row 1", "0xF6", "encoding"])
        self.fail((header + ",x" * 500 + "\n").encode(), "too_many_columns",
                  ["Row 1", "511", "256"])
        self.fail(good.replace(b"sector", b'"sector" x'), "text_after_quote", ["Row 1"])
        self.fail(b'"' + good, "quote_not_closed", ["Row 1", "column 1", "never closed"])


class BrokenInTheMiddle(BadUploads):
    """A file that cannot be read on: the rows before stay, and the job says from where."""

    def test_quote_never_closed(self):
        analyst = self.server.new_client()
        made = support.rows(5)
        content = support.csv(made[:3] + [support.line(made[3], COLUMNS["annual"]).replace(
            "Company 3", '"Company 3')] + made[4:])
        job = analyst.import_file("annual", content, status="failed")
        for word in ("Row 5", "column 2", "never closed"):
            self.assertIn(word, job["errors"]["error_message"])
        self.assertEqual(["quote_not_closed"],
                         [e["code"] for e in job["errors"]["error_details"]["errors"]])
        self.assertEqual([2, 3, 4], sorted(item["job_row"] for item in analyst.predictions()))
        self.assertEqual(3, job["lineage"]["predictions"])

    def test_row_without_end(self):
        analyst = self.server.new_client()
        long = support.line(support.row(9), COLUMNS["annual"]) + "," + "x" * (1 << 20)
        for text, code, words in ((long, "row_too_long", ["Row 4", "1048576"]),
                                  ('"' + long, "quote_not_closed", ["Row 4", "column 1"])):
            content = support.csv(support.rows(2) + [text] + support.rows(1, start=7))
            job = self.server.new_client().import_file("annual", content, status="failed")
            self.assertEqual([code], [e["code"] for e in job["errors"]["error_details"]["errors"]])
            for word in words:
                self.assertIn(word, job["errors"]["error_message"])
            self.assertEqual(2, job["progress"]["successful_rows"])
        self.refused(analyst, None)

    def test_all_or_nothing_takes_them_back(self):
        """max_failed_rows=0 is a promise: nothing of a file that could not be read to its end."""
        analyst = self.server.new_client()
        content = support.csv(support.rows(3) + ['"never'])
        job = analyst.import_file("annual", content, {"max_failed_rows": 0}, status="failed")
        self.assertEqual([], analyst.predictions())
        self.assertEqual(0, job["lineage"]["predictions"])


# One row each: what is changed in it, and what is said of it.
ROWS = [
    # (field, cell, code, words)
    ("return_on_assets", "12%", "not_a_number", ["12%", "percent sign"]),
    ("return_on_assets", "1,234.5", "not_a_number", ["1,234.5", "separators"]),
    ("return_on_assets", "abc", "not_a_number", ["abc", "plain decimal"]),
    ("return_on_assets", "1e400", "out_of_range", ["1e400"]),
    ("return_on_assets", "-1e400", "out_of_range", ["-1e400"]),
    ("return_on_assets", "inf", "not_a_number", ["inf"]),
    ("return_on_assets", "-Infinity", "not_a_number", ["-Infinity"]),
    ("return_on_assets", "nan", "not_a_number", ["nan"]),
    ("return_on_assets", "0x10", "not_a_number", ["0x10"]),
    ("return_on_assets", "1.2.3", "not_a_number", ["1.2.3"]),
    ("return_on_assets", "1e", "not_a_number", ["1e"]),
    ("return_on_assets", "$5", "not_a_number", ["$5", "currency"]),
    ("return_on_assets", "1 000", "not_a_number", ["1 000", "spaces"]),
    ("return_on_assets", "--1", "not_a_number", ["--1"]),
    ("return_on_assets", "#DIV/0!", "error_cell", ["is the error #DIV/0!"]),
    ("company_symbol", "#REF!", "error_cell", ["is the error #REF!"]),
    ("company_symbol", "#N/A", "required", ["company_symbol is empty"]),
    ("return_on_assets", "١٢", "not_a_number", ["١٢"]),
    ("return_on_assets", "=1+1", "not_a_number", ["=1+1"]),
    ("total_debt_to_ebitda", "x" * 300, "not_a_number", ["xxx"]),
    ("market_cap", "-1", "negative", ["-1", "negative"]),
    ("market_cap", "12 USD", "not_a_number", ["12 USD"]),
    ("company_symbol", "A" * 21, "too_long", ["A" * 21, "21", "20"]),
    ("company_symbol", "", "required", ["empty"]),
    ("company_symbol", "   ", "required", ["empty"]),
    ("company_symbol", "A\tB", "control_character", ["control character"]),
    ("company_symbol", "A\nB", "control_character", ["line break"]),
    ("company_name", "", "required", ["empty"]),
    ("company_name", "n" * 256, "too_long", ["256", "255"]),
    ("sector", "s" * 101, "too_long", ["101", "100"]),
    ("reporting_year", "1800", "not_a_year", ["1800", "1900", "2200"]),
    ("reporting_year", "2201", "not_a_year", ["2201"]),
    ("reporting_year", "2024.5", "not_a_year", ["2024.5"]),
    ("reporting_year", "FY24", "not_a_year", ["FY24"]),
    ("reporting_year", "", "required", ["1900"]),
    ("reporting_year", "99999999999999999999", "not_a_year", ["9999"]),
    ("reporting_quarter", "Q5", "not_a_quarter", ["Q5", "Q1, Q2, Q3 or Q4"]),
    ("reporting_quarter", "Q0", "not_a_quarter", ["Q0"]),
    ("reporting_quarter", "QQ1", "not_a_quarter", ["QQ1"]),
    ("reporting_quarter", "first", "not_a_quarter", ["first"]),
]


class BadRows(BadUploads):
    """A row that fails harms no other row, and is kept with its reasons and its original cells."""

    def test_each(self):
        for kind in support.RATIOS:
            analyst = self.server.new_client()
            cases = [(dict(zip(("field", "cell", "code", "words"), case))) for case in ROWS
                     if case[0] in COLUMNS[kind]]
            made = []
            for number, case in enumerate(cases):
                made.append(support.row(2 * number, kind))
                made.append(support.row(2 * number + 1, kind, **{case["field"]: case["cell"]}))
            content = support.csv(made, kind)
            job = analyst.import_file(kind, content)
            self.assertEqual((len(cases), len(cases)), (job["progress"]["successful_rows"],
                                                        job["progress"]["failed_rows"]))
            errors = analyst.all("%s/%s/errors" % (JOBS, job["id"]), "errors")
            self.assertEqual(len(cases), len(errors))
            number = 1
            for case, error in zip(cases, errors):
                number += 2 if "\n" not in case["cell"] else 2
                self.assertEqual((case["field"], case["code"]), (error["column"], error["code"]),
                                 case)
                for word in [case["field"]] + case["words"]:
                    self.assertIn(word, error["error"], case)
                broken = support.row(2 * cases.index(case) + 1, kind,
                                     **{case["field"]: case["cell"]})
                self.assertEqual(support.line(broken, COLUMNS[kind]), error["data"], case)
                if case["code"] not in ("required", "control_character"):
                    self.assertEqual(case["cell"][:200], error["value"], case)
            good = [item["company_symbol"] for item in
                    analyst.all("%s/%s/results" % (JOBS, job["id"]), "predictions")]
            self.assertEqual(["S%05d" % (2 * i) for i in range(len(cases))], good)

    def test_quarter_is_needed(self):
        analyst = self.server.new_client()
        job = analyst.import_rows("quarterly", [support.row(1, "quarterly", reporting_quarter="")],
                                  status="failed")
        error = job["errors"]["error_details"]["errors"][0]
        self.assertEqual(("reporting_quarter", "required"), (error["column"], error["code"]))

    def test_no_ratio(self):
        analyst = self.server.new_client()
        blank = {name: "NM" for name in support.RATIOS["annual"]}
        job = analyst.import_rows("annual", [support.row(1, **blank)], status="failed")
        error = job["errors"]["error_details"]["errors"][0]
        self.assertEqual((2, None, "no_ratio"), (error["row"], error["column"], error["code"]))
        self.assertIn("at least one", error["error"])

    def test_all_faults_of_a_row(self):
        """Every wrong cell is named; the row counts once and its cells are kept once."""
        analyst = self.server.new_client()
        broken = support.row(1, company_symbol="", market_cap="-5", reporting_year="1800",
                             reporting_quarter="Q5", return_on_assets="12%",
                             net_income_margin="1e400")
        job = analyst.import_rows("annual", [support.row(0), broken])
        self.assertEqual(1, job["progress"]["failed_rows"])
        self.assertEqual(1, job["errors"]["error_count"])
        errors = job["errors"]["error_details"]["errors"]
        self.assertEqual({3}, {error["row"] for error in errors})
        self.assertEqual(
            {("company_symbol", "required"), ("market_cap", "negative"),
             ("reporting_year", "not_a_year"), ("reporting_quarter", "not_a_quarter"),
             ("return_on_assets", "not_a_number"), ("net_income_margin", "out_of_range")},
            {(error["column"], error["code"]) for error in errors})
        self.assertEqual([support.line(broken, COLUMNS["annual"])],
                         [error["data"] for error in errors if error["data"] is not None])

    def test_latin_1(self):
        """The row and the byte are named, and the option that would help."""
        analyst = self.server.new_client()
        lines = support.csv(support.rows(4)).splitlines(keepends=True)
        lines[3] = lines[3].replace(b"Company 2", b"Soci\xe9t\xe9")
        content = b"".join(lines)
        job = analyst.import_file("annual", content)
        self.assertEqual((3, 1), (job["progress"]["successful_rows"],
                                  job["progress"]["failed_rows"]))
        error = job["errors"]["error_details"]["errors"][0]
        self.assertEqual((4, "not_utf8"), (error["row"], error["code"]))
        for word in ("Row 4", "byte %d" % content.index(b"\xe9"), "0xE9", "encoding"):
            self.assertIn(word, error["error"])
        self.assertEqual([2, 3, 5], sorted(item["job_row"] for item in analyst.predictions()))
        self.assertIn("S00002", error["data"])
        self.assertEqual(content, analyst.get("%s/%s/file" % (JOBS, job["id"])).body)

    def test_latin_1_everywhere(self):
        analyst = self.server.new_client()
        made = support.rows(200, company_name="Société")
        content = support.csv(made).decode().encode("latin-1")
        job = analyst.import_file("annual", content, status="failed")
        self.assertEqual(200, job["progress"]["failed_rows"])
        errors = analyst.all("%s/%s/errors" % (JOBS, job["id"]), "errors", limit=7)
        self.assertEqual(list(range(2, 202)), [error["row"] for error in errors])
        self.assertEqual(100, len(job["errors"]["error_details"]["errors"]))
        self.assertIs(job["errors"]["error_details"]["has_more"], True)

    def test_nul_byte(self):
        analyst = self.server.new_client()
        lines = support.csv(support.rows(400)).splitlines(keepends=True)
        lines[399] = lines[399].replace(b"Company", b"Com\0pany")
        content = b"".join(lines)
        job = analyst.import_file("annual", content)
        error = job["errors"]["error_details"]["errors"][0]
        self.assertEqual((400, "nul_byte"), (error["row"], error["code"]))
        for word in ("Row 400", "byte %d" % content.index(b"\0"), "NUL"):
            self.assertIn(word, error["error"])
        self.assertEqual(399, job["progress"]["successful_rows"])
        self.assertEqual(lines[399].decode().rstrip("\n"), error["data"])

    def test_too_many_cells(self):
        analyst = self.server.new_client()
        whole = support.line(support.row(1), COLUMNS["annual"])
        made = [support.row(0), whole + ",x" * 489, support.row(2), whole + ",9", support.row(4),
                whole + ",,, ,"]
        job = analyst.import_rows("annual", made)
        errors = job["errors"]["error_details"]["errors"]
        self.assertEqual([(3, "too_many_columns"), (5, "too_many_cells")],
                         [(error["row"], error["code"]) for error in errors])
        self.assertIn("500 cells; 256", errors[0]["error"])
        self.assertIn("12 cells and the header 11", errors[1]["error"])
        self.assertEqual(made[1], errors[0]["data"])
        self.assertEqual(4, job["progress"]["successful_rows"])

    def test_too_few_cells(self):
        """What is not there is empty: the row is judged by what is missing."""
        analyst = self.server.new_client()
        job = analyst.import_rows("annual", [support.row(0), "ABC,Some Company,5"])
        codes = {(e["column"], e["code"]) for e in job["errors"]["error_details"]["errors"]}
        self.assertEqual({("reporting_year", "required"), (None, "no_ratio")}, codes)

    def test_quotes_in_the_wrong_place(self):
        analyst = self.server.new_client()
        whole = support.line(support.row(1), COLUMNS["annual"])
        bad = whole.replace("Company 1", '"Company" 1')
        job = analyst.import_rows("annual", [support.row(0), bad, support.row(2)])
        error = job["errors"]["error_details"]["errors"][0]
        self.assertEqual((3, "text_after_quote", bad), (error["row"], error["code"],
                                                        error["data"]))
        self.assertIn("Row 3, column 2", error["error"])

    def test_cell_too_long(self):
        analyst = self.server.new_client()
        made = [support.row(0), support.row(1, company_name="x" * 40000), support.row(2)]
        job = analyst.import_rows("annual", made)
        error = job["errors"]["error_details"]["errors"][0]
        self.assertEqual((3, "cell_too_long"), (error["row"], error["code"]))
        for word in ("Row 3, column 2", "40000", "32768"):
            self.assertIn(word, error["error"])
        self.assertEqual(support.line(made[1], COLUMNS["annual"]), error["data"])

    def test_rejected_rows_can_be_sent_again(self):
        """The kept cells of the failed rows below the header are a file: mended, it goes in."""
        analyst = self.server.new_client()
        made = [support.row(i, return_on_assets="12%" if i % 3 == 0 else 4) for i in range(300)]
        job = analyst.import_rows("annual", made)
        errors = analyst.all("%s/%s/errors" % (JOBS, job["id"]), "errors", limit=33)
        self.assertEqual(100, len(errors))
        mended = support.csv([error["data"].replace("12%", "12") for error in errors])
        job = analyst.import_file("annual", mended)
        self.assertEqual((100, 0), (job["progress"]["successful_rows"],
                                    job["progress"]["failed_rows"]))
        self.assertEqual(300, len(analyst.predictions()))


class TooLarge(BadUploads):
    """A limit on bytes; the answer comes before the bytes where it can."""
    LIMIT = 200000
    SERVER_OPTIONS = {"arguments": ["--max-upload", str(LIMIT)]}

    def content(self, size):
        made = support.csv(support.rows(10))
        return made + b"\n" * (size - len(made))

    def test_the_limit_itself(self):
        analyst = self.server.new_client()
        answer = analyst.upload("annual", self.content(self.LIMIT))
        job = analyst.wait_job(answer.json["job_id"])
        self.assertEqual(10, job["progress"]["successful_rows"])
        answer = self.server.new_client().post(UPLOAD, self.content(self.LIMIT), None, 202,
                                               type="text/csv")

    def test_one_byte_more(self):
        analyst = self.server.new_client()
        for type, body in ((Form.type, Form.body(self.content(self.LIMIT + 1))),
                           ("text/csv", self.content(self.LIMIT + 1))):
            answer = analyst.post(UPLOAD, body, None, 413, type=type)
            self.assert_problem(answer, 413, words=[str(self.LIMIT)])
            self.refused(analyst, answer)

    def test_announced(self):
        """Far beyond: refused for its Content-Length, before the body is asked for."""
        analyst = self.server.new_client()
        for length in (self.LIMIT * 10, 2 << 30, 1 << 62, 10 ** 40):
            with Wire(self.server) as wire:
                wire.head("POST", UPLOAD, {"Content-Type": Form.type, "Content-Length": length,
                                           "Expect": "100-continue"}, analyst.token)
                answer = wire.read(checked=length < 1 << 63)
                if length >= 1 << 63: # beyond what any length can be: malformed will do as well
                    self.assertIn(answer.status, (400, 413))
                    continue
                self.assert_problem(answer, 413, words=[str(self.LIMIT)])
                self.assertTrue(wire.is_over())
        self.refused(analyst, None)

    def test_announced_without_expect(self):
        """A client that does not ask first is read a little, or cut off; it is never taken in."""
        analyst = self.server.new_client()
        body = Form.body(self.content(self.LIMIT + 300000))
        answer = analyst.post(UPLOAD, body, None, 413, type=Form.type)
        self.assert_problem(answer, 413, words=[str(self.LIMIT)])
        self.refused(analyst, answer)

    def test_chunked(self):
        """Nothing announced: refused at the byte that is too many."""
        analyst = self.server.new_client()
        with Wire(self.server) as wire:
            wire.head("POST", UPLOAD, {"Content-Type": Form.type, "Transfer-Encoding": "chunked"},
                      analyst.token)
            whole = Form.body(self.content(self.LIMIT + 50000))
            for at in range(0, len(whole), 8192):
                part = whole[at:at + 8192]
                wire.send("%x\r\n" % len(part), part, b"\r\n")
            wire.send("0\r\n\r\n")
            self.assert_problem(wire.read(), 413, words=[str(self.LIMIT)])
        self.refused(analyst, None)

    def test_chunked_without_end(self):
        """A body that never ends is not read for ever."""
        analyst = self.server.new_client()
        with Wire(self.server) as wire:
            wire.head("POST", UPLOAD, {"Content-Type": Form.type, "Transfer-Encoding": "chunked"},
                      analyst.token)
            part = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
            wire.send(Form.file_begin("a.csv").join((b"%x\r\n" % len(Form.file_begin("a.csv")),
                                                     b"\r\n")))
            with self.assertRaises(OSError):
                for _ in range(10000):
                    wire.send(part)
        self.refused(analyst, None)

    def test_two_gibibytes_against_the_usual_limit(self):
        analyst = self.usual().new_client()
        with Wire(self.usual()) as wire:
            wire.head("POST", UPLOAD, {"Content-Type": Form.type, "Content-Length": 2 << 30},
                      analyst.token)
            if self.wait_for_answer(wire):
                self.assert_problem(wire.read(), 413, words=[str(1 << 30)])
        with Wire(self.usual()) as wire:
            wire.head("POST", UPLOAD, {"Content-Type": Form.type, "Content-Length": 2 << 30,
                                       "Expect": "100-continue"}, analyst.token)
            self.assert_problem(wire.read(), 413, words=[str(1 << 30)])
            self.assertTrue(wire.is_over())
        self.assertEqual([], analyst.jobs())
        self.usual().check_left_nothing()

    def wait_for_answer(self, wire):
        """Without Expect the server may want to read on; then there is nothing to see yet."""
        wire.socket.settimeout(1)
        try:
            return wire.file.peek(1) != b""
        except TimeoutError:
            return False

    @classmethod
    def usual(cls):
        """The server with the usual limit, which the other classes use."""
        BadUploads.setUpClass()
        return BadUploads.server


class NoRoom(BadUploads):
    """The disk is full, or the spool is away: nothing is stored, and the next one goes in."""
    SERVER_OPTIONS = {"largest_file": 12 << 20}

    def test_disk_full_while_spooling(self):
        self.server.expect_log_error("no room left for the upload")
        analyst = self.server.new_client()
        content = support.csv(support.rows(3)) + b"\n" * (13 << 20)
        answer = analyst.upload("annual", content, expect=503)
        self.assert_problem(answer, 503, "no_room", ["no room", "Nothing was stored"])
        self.refused(analyst, answer)
        job = analyst.import_rows("annual", support.rows(3))
        self.assertEqual(3, job["progress"]["successful_rows"])

    def test_spool_away(self):
        self.server.expect_log_error("cannot take files|cannot prepare the file")
        analyst = self.server.new_client()
        job = analyst.import_rows("annual", support.rows(1))
        away = self.server.spool + ".away"
        os.rename(self.server.spool, away)
        try:
            answer = analyst.upload("annual", support.csv(support.rows(3)), expect=503)
            self.assert_problem(answer, 503, words=["Nothing was stored"])
            answer = analyst.get("%s/%s/file" % (JOBS, job["id"]), expect=503)
            self.assertNotIn("stored", answer.json["detail"])
        finally:
            os.rename(away, self.server.spool)
        self.assertEqual(1, len(analyst.jobs()))
        self.left_nothing()


if __name__ == "__main__":
    support.main()
