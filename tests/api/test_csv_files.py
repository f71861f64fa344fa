"""CSV as people have it: whatever encoding, packing, delimiter and decimal mark a file has, the same rows go in."""
import gzip
import subprocess

import support
from support import COLUMNS, JOBS, RATIOS


def zstd(data):
    return subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout


def values(items):
    """What rows are about, without what differs between two imports of them."""
    names = ["company_symbol", "company_name", "sector", "market_cap", "reporting_year", "reporting_quarter",
             "job_row", "probability", "risk_level"] + RATIOS["annual"]
    return [{name: item[name] for name in names} for item in items]


class Variants(support.TestCase):
    """One table, written in many ways."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        made = support.rows(40, company_name="Estée; \"Société\"\nGénérale €".replace("\n", " "))
        cls.text = support.csv(made).decode()
        cls.semicolon = "".join(";".join('"%s"' % str(one[column]).replace('"', '""')
                                         for column in COLUMNS["annual"]) + "\r\n" for one in made)
        cls.semicolon = ";".join(COLUMNS["annual"]) + "\r\n" + cls.semicolon
        cls.plain = cls.import_values(cls.text.encode())
        assert len(cls.plain) == 40

    @classmethod
    def import_values(cls, content, options=None, filename="rows.csv"):
        analyst = cls.server.new_client()
        job = analyst.import_file("annual", content, options, filename)
        assert job["progress"]["progress_percentage"] == 100, job
        assert job["file_info"]["file_size"] == len(content), job
        body = analyst.get("%s/%s/file" % (JOBS, job["id"])).body
        assert body == content
        cls.options = job["lineage"]["options"]
        return values(analyst.all("%s/%s/results" % (JOBS, job["id"]), "predictions"))

    def test_encodings(self):
        for content, options in (
                (b"\xef\xbb\xbf" + self.text.encode(), None),
                (self.text.encode("utf-16"), None),
                (b"\xfe\xff" + self.text.encode("utf-16-be"), None),
                (self.text.encode("utf-16-le"), {"encoding": "UTF-16LE"}),
                (self.text.encode("cp1252"), {"encoding": "windows-1252"}),
                (self.text.encode("iso-8859-15"), {"encoding": "latin9"})):
            self.assertEqual(self.plain, self.import_values(content, options), options)
        self.assertEqual("iso-8859-15", self.options["encoding"])

    def test_packed(self):
        data = self.text.encode()
        for content in (gzip.compress(data), zstd(data),
                        gzip.compress(data[:999]) + gzip.compress(data[999:]) + bytes(10),
                        zstd(data[:999]) + zstd(data[999:]),
                        gzip.compress(self.text.encode("utf-16"))):
            self.assertEqual(self.plain, self.import_values(content, None, "rows.csv.gz"))

    def test_line_ends_and_empty_cells(self):
        lines = self.text.splitlines()
        ends = ["\n", "\r\n", "\r"]
        mixed = "".join(line + ",," + ends[i % 3] for i, line in enumerate(lines)) + ",,,\r\n\n \n"
        header = ",".join(name.replace("_", " ").title() + " " for name in COLUMNS["annual"])
        mixed = mixed.replace(lines[0], header, 1)
        self.assertEqual(self.plain, self.import_values(mixed.encode()))

    def test_decimal_comma(self):
        content = self.semicolon.replace(".", ",").encode()
        self.assertEqual(self.plain, self.import_values(content, {"decimal": "comma"}))
        self.assertEqual("comma", self.options["decimal"])
        tabbed = content.replace(b'";"', b'"\t"').replace(b";", b"\t", len(COLUMNS["annual"]) - 1)
        self.assertEqual(self.plain, self.import_values(tabbed.replace(b"Est\xc3\xa9e\t", b"Est\xc3\xa9e;"),
                                                        {"decimal": "comma", "delimiter": "tab"}))


class Faults(support.TestCase):
    def errors(self, content, options, status="completed"):
        job = self.server.new_client().import_file("annual", content, options, status=status)
        return job, job["errors"]["error_details"]["errors"]

    def test_separators_fail_the_row(self):
        rows = [support.row(i, return_on_assets="1,5") for i in range(3)]
        rows[1]["return_on_assets"] = "1.234,5"
        content = support.csv([";".join(str(one[c]) for c in COLUMNS["annual"]).replace(".", ",")
                               if i != 1 else ";".join(str(one[c]).replace(".", ",")
                               if c != "return_on_assets" else one[c] for c in COLUMNS["annual"])
                               for i, one in enumerate(rows)])
        content = content.replace(",".join(COLUMNS["annual"]).encode(),
                                  ";".join(COLUMNS["annual"]).encode())
        job, errors = self.errors(content, {"decimal": "comma"})
        self.assertEqual(2, job["progress"]["successful_rows"])
        self.assertEqual([(3, "return_on_assets", "not_a_number")],
                         [(e["row"], e["column"], e["code"]) for e in errors])
        self.assertIn("1.234,5", errors[0]["error"])

    def test_commas_cannot_be_both(self):
        _, errors = self.errors(support.csv(support.rows(3)), {"decimal": "comma"}, "failed")
        self.assertEqual("decimal_is_delimiter", errors[0]["code"])

    def test_wrong_bytes_are_a_fault_of_their_row(self):
        lines = support.csv(support.rows(4)).splitlines(keepends=True)
        lines[2] = lines[2].replace(b"Company", b"Comp\x81ny")
        job, errors = self.errors(gzip.compress(b"".join(lines)), {"encoding": "cp1252"})
        self.assertEqual(3, job["progress"]["successful_rows"])
        self.assertEqual([(3, "not_utf8")], [(e["row"], e["code"]) for e in errors])
        self.assertEqual("Row 3, column 2: there is a character that is none in windows-1252. Save the file as "
                         "UTF-8, or name its true encoding with the option encoding.", errors[0]["error"])

    def test_cut_off_behind_good_rows(self):
        """What came before the end is in; the file's fault is told with the job."""
        made = support.many_rows(30000)
        content = gzip.compress(made)[:-2000]
        job, errors = self.errors(content, None, "failed")
        self.assertEqual(["truncated"], [e["code"] for e in errors])
        self.assertIn("cut off", job["errors"]["error_message"])
        self.assertGreater(job["progress"]["successful_rows"], 10000)


class Limits(support.TestCase):
    SERVER_OPTIONS = {"arguments": ["--max-upload", "300KiB"]}

    def test_limit_holds_before_and_after(self):
        analyst = self.server.new_client()
        content = support.csv(support.rows(4000))
        self.assertGreater(len(content), 300 << 10)
        analyst.upload("annual", content, expect=413)
        job = analyst.import_file("annual", gzip.compress(content), status="failed")
        error = job["errors"]["error_details"]["errors"][0]
        self.assertEqual("unpacks_too_large", error["code"])
        self.assertIn("307200 bytes", error["error"])


if __name__ == "__main__":
    support.main()
