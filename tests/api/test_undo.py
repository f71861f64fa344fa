"""Undo as people see it: what an upload did over another one and work by hand is taken back and brought back, and
what is shown is the same again, byte for byte."""
import json

import support
from support import API, JOBS, PREDICTIONS

ANNUAL = PREDICTIONS + "/annual"
WAIT = {"Prefer": "wait=60"}
ROWS = 400  # of the real file


def figures():
    """Rows of a real file, or such as it has."""
    try:
        made = support.read_csv(support.shared_bytes("data", "annual_predictions_part_1.csv"))[:ROWS]
    except support.unittest.SkipTest as reason:
        print("generated rows: %s" % reason, flush=True)
        return support.rows(ROWS)
    return [dict(one) for one in made]


def key(item):
    return item["company_symbol"], item["reporting_year"], item["reporting_quarter"]


def texts(items):
    """Items as texts, so that a comparison sees the last byte."""
    return {json.dumps(item, sort_keys=True) for item in items}


class Undo(support.TestCase):
    def setUp(self):
        self.analyst = self.server.new_client()

    def export(self):
        """The list as it is sent, page by page."""
        return [json.dumps(page) for page in self.analyst.pages(ANNUAL, "predictions", limit=100)]

    def delete(self, job, **query):
        answer = self.analyst.delete("%s/%s" % (JOBS, job["id"]), dict(query, delete_predictions=True),
                                     headers=WAIT)
        return answer.json

    def restore(self, job):
        return self.analyst.post("%s/%s/restore" % (JOBS, job["id"]), headers=WAIT).json

    def edit(self, items):
        """The new versions."""
        return [self.analyst.put("%s/%s" % (ANNUAL, item["id"]), {"net_income_margin": 12.5}).json["prediction"]
                for item in items]

    def upload(self, rows, name, **options):
        return self.analyst.import_file("annual", support.csv(rows), options, filename=name)

    def layers(self):
        """A; B, which replaces every second row of it and adds keys; edits by hand on both. Gives B, and the
        list as it was before it."""
        rows = figures()
        self.upload(rows, "a.csv")
        self.edit(self.analyst.predictions()[1:20:6])
        before = self.analyst.predictions()
        second = [dict(one, return_on_assets=-7.25, total_debt_to_ebitda=place / 8)
                  for place, one in enumerate(rows[::2])]
        second += [dict(one, company_symbol="N" + one["company_symbol"][:10]) for one in rows[1::8]]
        job = self.upload(second, "b.csv", on_duplicate="replace")
        self.assertGreater(job["progress"]["replaced_rows"], 100)
        of_job = {item["id"] for item in self.analyst.predictions(query={"job_id": job["id"]})}
        shown = self.analyst.predictions()
        self.edits = self.edit([item for item in shown if item["id"] in of_job][5:90:9] +
                               [item for item in shown if item["id"] not in of_job][5:90:20])
        return job, before

    def test_an_upload_over_another(self):
        job, before = self.layers()
        with_job = self.export()
        said = self.delete(job)
        after = self.analyst.predictions()
        edited = {key(item) for item in self.edits}
        self.assertEqual(texts(item for item in before if key(item) not in edited),
                         texts(item for item in after if key(item) not in edited))
        self.assertEqual({item["id"] for item in self.edits},
                         {item["id"] for item in after if key(item) in edited})
        self.assertEqual(len(after), len({key(item) for item in after}))
        self.assertGreater(said["restored_versions"], 100)
        self.restore(job)
        self.assertEqual(with_job, self.export())
        self.assertEqual("completed", self.analyst.job(job["id"])["status"])

    def test_with_the_edits_of_its_rows(self):
        job, before = self.layers()
        with_job = self.export()
        of_others = [item for item in self.edits if item["root_job_id"] != job["id"]]
        self.assertTrue(0 < len(of_others) < len(self.edits))
        self.delete(job, include_edited=True)
        edited = {key(item) for item in of_others}
        after = self.analyst.predictions()
        self.assertEqual(texts(item for item in before if key(item) not in edited),
                         texts(item for item in after if key(item) not in edited))
        self.restore(job)
        self.assertEqual(with_job, self.export())

    def test_a_company_of_one_upload_used_by_another(self):
        analyst = self.analyst
        rows = [support.row(n, reporting_year=2020) for n in range(4)]
        first = self.upload(rows, "a.csv")
        self.upload([dict(rows[0], reporting_year=2021)], "b.csv")
        companies = {one["symbol"]: one["id"] for one in analyst.companies()}
        self.assertEqual(4, len(companies))
        ids = {item["id"] for item in analyst.predictions()}
        said = self.delete(first, delete_orphaned_companies=True)
        self.assertEqual(3, said["deleted_companies"])
        self.assertEqual(["S00000"], [one["symbol"] for one in analyst.companies()])
        again = self.upload([dict(one, return_on_assets=3) for one in rows], "again.csv")
        self.assertEqual(companies, {one["symbol"]: one["id"] for one in analyst.companies()})
        shown = self.export()
        said = self.restore(first)
        self.assertEqual((4, 0, 4), tuple(said[name] for name in ("restored_predictions", "restored_as_current",
                                                                  "restored_as_former")))
        self.assertEqual(companies, {one["symbol"]: one["id"] for one in analyst.companies()})
        self.assertEqual(shown, self.export())
        for item in analyst.predictions(query={"job_id": again["id"]}):
            answer = analyst.get("%s/%s/versions" % (ANNUAL, item["id"])).json
            self.assertEqual(2, len(answer["versions"]))
            ids.discard(answer["versions"][1]["id"])
        self.assertEqual(1, len(ids))  # that of the second upload
        self.delete(again, delete_orphaned_companies=True)
        self.assertEqual(companies, {one["symbol"]: one["id"] for one in analyst.companies()})
        self.assertEqual(5, len(analyst.predictions()))


if __name__ == "__main__":
    support.main()
