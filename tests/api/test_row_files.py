"""Rows that failed, were skipped, left unchanged or warned about come back as the user's own file, and mended it goes in."""
import csv
import gzip
import io

import support
from support import API, COLUMNS, JOBS

HEADER = ("Company Symbol,company_name,market_cap,sector,reporting_year,reporting_quarter,"
          "long_term_debt_to_total_capital,total_debt_to_ebitda,net_income_margin,ebit_to_interest_expense,"
          "return_on_assets,\"My notes; \"\"old\"\"\"")
OURS = "obligor_job,obligor_row,obligor_problems"
SKIPPED = ("There was a prediction of this company and period already, with other values; it stayed "
           "(on_duplicate=skip).")
UNCHANGED = "There was a prediction of this company and period already, with the same values."
ABC = ("market_cap is \"abc\", which is no plain decimal number. Write a plain decimal such as 12.5, or leave the cell "
       "empty when the value is missing.")
YEAR = "reporting_year is \"20x0\"; write a year from 1900 to 2200."


def path(job):
    return "%s/%s/download" % (JOBS, job["id"])


def quoted(text):
    return "\"%s\"" % text.replace("\"", "\"\"")


class RowFiles(support.TestCase):
    def take(self, client, job, outcome, **query):
        return client.get(path(job), dict(query, outcome=outcome))

    def lines(self, client, job, outcome):
        """Of the CSV, without the id of the job, which every row must have."""
        body = self.take(client, job, outcome).body.decode()
        return body.replace(job["id"], "ID").split("\r\n")

    def literal(self, job):
        return "x'%s'" % job["id"].replace("-", "") if support.TEST_DB == "sqlite" else "'%s'" % job["id"]

    def marks(self, job):
        return self.server.database.numbers("SELECT count(*) FROM job_row_marks WHERE job_id = " + self.literal(job))[0]

    def mend(self, client, body, old, new, count):
        """The file with one thing mended goes in as it is."""
        self.assertIn(old, body)
        job = client.import_file("annual", body.replace(old, new))
        self.assertEqual((count, 0), (job["progress"]["successful_rows"], job["progress"]["failed_rows"]), job)
        return job

    def test_failed_rows_byte_for_byte(self):
        client = self.server.new_client()
        text = "\n".join([
            HEADER,
            "ONE,One,1,Energy,2020,Q4,1,2,3,4,5,fine",
            "TWO,\"Two, \"\"Inc.\"\"\",abc,Energy,20x0,Q4,1,2,3,4,5,\"a\nb\"",
            "",
            "SIX,'=1+1,1e3,Energy,20x0,Q4,01.50,2,99999,4,5,'=HYPERLINK(1)",
            "FEW,Few,abc,Energy,2020,Q4,1,2,3",
            "BIG,Big,1,Inc,Energy,2020,Q4,1,2,3,4,5,x,y,,"])
        job = client.import_file("annual", text.encode(), filename="mine.2020.csv")
        self.assertEqual([1, 4, 1], [job["progress"]["successful_rows"], job["progress"]["failed_rows"],
                                     job["warnings"]["count"] - 1])
        answer = self.take(client, job, "failed")
        self.assertEqual("text/csv; charset=utf-8", answer.header("Content-Type"))
        self.assertIn("mine.2020-failed.csv", answer.header("Content-Disposition"))
        self.assertEqual([
            HEADER + "," + OURS,
            "TWO,\"Two, \"\"Inc.\"\"\",abc,Energy,20x0,Q4,1,2,3,4,5,\"a\nb\",ID,3," + quoted(ABC + " " + YEAR),
            "SIX,'=1+1,1e3,Energy,20x0,Q4,01.50,2,99999,4,5,'=HYPERLINK(1),ID,5," + quoted(YEAR),
            "FEW,Few,abc,Energy,2020,Q4,1,2,3,,,,ID,6," + quoted(ABC),
            "BIG,Big,1,Inc,Energy,2020,Q4,1,2,3,4,5,ID,7,The row has 16 cells and the header 12. Is a delimiter inside "
            "a value without quotes?,x,y", ""], self.lines(client, job, "failed"))
        self.assertEqual(5, len(self.lines(client, job, "failed")) - 1)
        warned = self.lines(client, job, "warned")
        self.assertEqual(3, len(warned), "the header's warning is no row's")
        self.assertIn(",ID,5,net_income_margin is 99999 percent;", warned[1])
        event = client.get(API + "/audit", {"limit": 1}).json["events"][0]
        self.assertEqual(("job.rows_exported", 1, {"kind": "annual", "format": "csv", "outcome": "warned"}),
                         (event["action"], event["count"], event["details"]))
        body = answer.body
        again = client.import_file("annual", body, status="failed")
        self.assertEqual(4, again["progress"]["failed_rows"], "nothing goes in before it is mended")
        twice = self.take(client, again, "failed").body
        self.assertEqual([1, 1, 1], [twice.count(name.encode()) for name in OURS.split(",")])
        body = body.replace(b"abc", b"7").replace(b"20x0", b"2020")
        body = body.replace(b"Big,1,Inc,Energy", b"\"Big, Inc\",1,Energy").replace(b",3,4,5," + job["id"].encode(),
                                                                                 b",3,4,5,," + job["id"].encode())
        mended = client.import_file("annual", body.replace(b",x,y", b",,"))
        self.assertEqual(4, mended["progress"]["successful_rows"], mended)
        self.assertEqual({"One", "Two, \"Inc.\"", "=1+1", "Few", "Big, Inc"},
                         {item["company_name"] for item in client.predictions()})

    def test_whatever_the_file_was(self):
        """Another delimiter, encoding, packing and decimal mark: what is handed out is plain CSV."""
        names = COLUMNS["annual"]
        rows = [["ONE", "Société, \"Générale\"", "12,5", "Energy", "2020", "Q4", "1,5", "-2,25", "3", "x", ""],
                ["TWO", "Two; Inc.", "1.234", "Energy", "2020", "Q4", "1,5", "", "NM", "x", ""]]
        out = io.StringIO()
        csv.writer(out, delimiter=";").writerows([names] + rows)
        for pack in (lambda data: data, gzip.compress):
            client = self.server.new_client()
            job = client.import_file("annual", pack(b"\xff\xfe" + out.getvalue().encode("utf-16-le")),
                                     {"decimal": "comma"}, status="failed")
            lines = self.lines(client, job, "failed")
            self.assertEqual(",".join(names) + "," + OURS, lines[0])
            self.assertTrue(lines[1].startswith(
                "ONE,\"Société, \"\"Générale\"\"\",12.5,Energy,2020,Q4,1.5,-2.25,3,x,,ID,2,\"ebit_to_interest_expense is"),
                lines[1])
            self.assertTrue(lines[2].startswith("TWO,Two; Inc.,'1.234,Energy,2020,Q4,1.5,,NM,x,,ID,3,\"market_cap is"),
                            "a point in it is nobody's number until somebody says so: " + lines[2])
            body = self.take(client, job, "failed").body.replace(b",x,", b",8,")
            again = client.import_file("annual", body)
            self.assertEqual((1, 1), (again["progress"]["successful_rows"], again["progress"]["failed_rows"]))
            self.mend(client, self.take(client, again, "failed").body, b"'1.234", b"1234", 1)
            made = {item["company_symbol"]: item for item in client.predictions()}
            self.assertEqual((12.5, 1234), (made["ONE"]["market_cap"], made["TWO"]["market_cap"]))
            self.assertEqual("Société, \"Générale\"", made["ONE"]["company_name"])

    def test_workbooks(self):
        """What a CSV says comes as a workbook, with numbers as numbers, and goes in again."""
        client = self.server.new_client()
        made = support.rows(3, market_cap="abc")
        made[1]["company_name"] = "=1+1"
        job = client.import_rows("annual", made, status="failed")
        answer = self.take(client, job, "failed", format="xlsx")
        self.assertIn("rows-failed.xlsx", answer.header("Content-Disposition"))
        (sheet,) = support.read_xlsx(answer.body).items()
        name, cells = sheet
        self.assertEqual("failed", name)
        self.assertEqual(COLUMNS["annual"] + OURS.split(","), cells[0])
        for number, (one, row) in enumerate(zip(made, cells[1:])):
            given = dict(zip(cells[0], row))
            self.assertEqual([one["company_name"], "abc", job["id"], number + 2, ABC],
                             [given[name] for name in ("company_name", "market_cap", "obligor_job", "obligor_row",
                                                       "obligor_problems")])
            self.assertEqual(one["return_on_assets"], given["return_on_assets"])
        again = client.import_file("annual", answer.body, filename="rows.xlsx", status="failed")
        self.assertEqual(3, again["progress"]["failed_rows"])
        self.mend(client, self.take(client, again, "failed").body, b",abc,", b",1,", 3)
        self.assertIn("=1+1", [item["company_name"] for item in client.predictions()])

    def test_skipped_and_unchanged(self):
        client = self.server.new_client()
        made = support.rows(8)
        client.import_rows("annual", made)
        ratio = COLUMNS["annual"][-1]
        for number in (1, 2, 3, 6):
            made[number][ratio] = 77
        job = client.import_rows("annual", made, {"on_duplicate": "skip"})
        self.assertEqual((4, 4), (job["progress"]["skipped_rows"], job["progress"]["unchanged_rows"]))
        for outcome, numbers, why in (("skipped", [3, 4, 5, 8], SKIPPED), ("unchanged", [2, 6, 7, 9], UNCHANGED)):
            found = support.read_csv(self.take(client, job, outcome).body)
            self.assertEqual([(str(number), why, job["id"]) for number in numbers],
                             [(row["obligor_row"], row["obligor_problems"], row["obligor_job"]) for row in found])
            self.assertEqual([made[number - 2]["company_symbol"] for number in numbers],
                             [row["company_symbol"] for row in found])
        replaced = client.import_file("annual", self.take(client, job, "skipped").body, {"on_duplicate": "replace"})
        self.assertEqual((4, 4), (replaced["progress"]["successful_rows"], replaced["progress"]["replaced_rows"]))
        tried = client.import_rows("annual", made, {"on_duplicate": "skip", "dry_run": True, "allow_duplicate_file": True})
        self.assertEqual(8, len(support.read_csv(self.take(client, tried, "unchanged").body)))

    def test_of_a_time_before_it_was_noted(self):
        client = self.server.new_client()
        made = support.rows(2)
        client.import_rows("annual", made)
        made[0][COLUMNS["annual"][-1]] = 77
        job = client.import_rows("annual", made, {"on_duplicate": "skip"})
        self.server.database.execute("DELETE FROM job_row_marks WHERE job_id = " + self.literal(job))
        self.server.database.execute(
            "UPDATE bulk_upload_jobs SET rows_marked = FALSE WHERE id = " + self.literal(job))
        for outcome, words in (("skipped", "Which rows were skipped was not noted"),
                               ("unchanged", "Which rows were left unchanged was not noted")):
            self.assert_problem(client.get(path(job), {"outcome": outcome}, expect=409), 409, "rows_not_noted", [words])

    def test_who_and_when(self):
        client, stranger = self.server.new_client(), self.server.new_client()
        job = client.import_rows("annual", support.rows(2, market_cap="abc"), status="failed")
        for outcome in ("failed", "skipped", "unchanged", "warned"):
            answer = stranger.get(path(job), {"outcome": outcome}, expect=404)
            self.assert_problem(answer, 404, "not_found")
            answer = client.get(path(job), {"outcome": outcome, "format": "ndjson"}, expect=422)
            self.assert_problem(answer, 422, "invalid_parameters", ["choose csv or xlsx"])
        empty = self.take(client, job, "skipped").body.decode()
        self.assertEqual(",".join(COLUMNS["annual"]) + "," + OURS + "\r\n", empty)
        bad = client.import_file("annual", b"a,b\n1,2\n", status="failed")
        answer = client.get(path(bad), {"outcome": "failed"}, expect=409)
        self.assert_problem(answer, 409, "file_unreadable", ["Missing: company_symbol"])
        client.delete("%s/%s" % (JOBS, job["id"]))
        client.get(path(job), {"outcome": "failed"}, expect=410)
        shown = self.take(client, job, "failed", show_deleted=True).body
        self.assertEqual(2, len(support.read_csv(shown)))

    def test_purged(self):
        client, root = self.server.new_client(), self.server.new_client("super_admin")
        made = support.rows(3)
        root.import_rows("annual", made[:1])
        made[0][COLUMNS["annual"][-1]] = 77
        made[1]["market_cap"] = "abc"
        job = root.import_rows("annual", made, {"on_duplicate": "skip"})
        self.assertEqual(1, self.marks(job))
        gone = root.delete("%s/%s" % (JOBS, job["id"]), {"delete_predictions": True},
                           headers={"Prefer": "wait=10"}).json
        root.delete("%s/deletions/%s" % (API, gone["deletion_id"]), {"reason": "they asked"},
                    headers={"Prefer": "wait=10"})
        self.assertEqual(0, self.marks(job))
        for address, query in ((path(job), {"outcome": "failed"}), (path(job), {"outcome": "skipped"}),
                               ("%s/%s/file" % (JOBS, job["id"]), {})):
            answer = root.get(address, dict(query, show_deleted=True), expect=410)
            self.assert_problem(answer, 410, "purged", ["purged with the archive"])
        client.get(path(job), {"outcome": "failed", "show_deleted": True}, expect=404)


if __name__ == "__main__":
    support.main()
