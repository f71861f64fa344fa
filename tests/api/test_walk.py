"""A random walk through uploads, edits, deletions and crashes, held after each step against a model of a
few lines. The seeds are fixed; each says which step went wrong."""
import random

import support
from support import JOBS, PREDICTIONS

ANNUAL = PREDICTIONS + "/annual"
SYMBOLS = ["W%02d" % i for i in range(8)]
VALUES = [-12.5, -3, 4, 20]


class Model:
    """What one user owns: per key the versions, oldest first; the last one may be current."""

    def __init__(self):
        self.keys = {}      # (symbol, year, quarter) -> [version]
        self.jobs = {}      # id -> "there", "record deleted" or "deleted"
        self.made = {}      # id of a job -> rows it made

    def current(self):
        return {versions[-1]["id"]: dict(versions[-1], key=key)
                for key, versions in self.keys.items() if versions}

    def add(self, key, **version):
        self.keys.setdefault(key, []).append(version)

    def upload(self, rows, skip):
        """What becomes of each row: "good", "failed", "skipped" or "unchanged"."""
        outcomes, taken = [], set()
        for key, value in rows:
            versions = self.keys.get(key)
            if value is None:
                outcomes.append("failed")
            elif key in taken:
                outcomes.append("failed")
            elif versions:
                outcomes.append("unchanged" if versions[-1]["value"] == value
                                else "skipped" if skip else "failed")
            else:
                outcomes.append("good")
                taken.add(key)
        return outcomes

    def remove_job(self, job):
        """Exactly the rows that it made."""
        removed = 0
        for versions in self.keys.values():
            kept = [version for version in versions if version["job"] != job]
            removed += len(versions) - len(kept)
            versions[:] = kept
        return removed


class Walk(support.TestCase):
    STEPS = 25

    def walk(self, seed):
        self.chance = random.Random(seed)
        self.user = self.server.new_client()
        self.model = Model()
        for step in range(self.STEPS):
            action = self.chance.choice([self.upload, self.upload, self.create, self.create,
                                         self.edit, self.edit, self.delete_one, self.purge,
                                         self.delete_record, self.cascade, self.cascade,
                                         self.dry_run, self.crash])
            with self.subTest(seed=seed, step=step, action=action.__name__):
                action()
                self.compare()

    def key(self):
        return (self.chance.choice(SYMBOLS), self.chance.choice([2020, 2021]),
                self.chance.choice([1, 4]))

    def row(self, key, value):
        symbol, year, quarter = key
        return support.row(1, company_symbol=symbol, company_name="Company " + symbol,
                           reporting_year=year, reporting_quarter="Q%d" % quarter,
                           return_on_assets="bad" if value is None else value)

    def some_rows(self):
        return [(self.key(), self.chance.choice(VALUES + [None] if self.chance.random() < 0.3
                                                else VALUES))
                for _ in range(self.chance.randrange(1, 14))]

    def send(self, rows, **options):
        content = support.csv([self.row(key, value) for key, value in rows])
        sent = self.user.upload("annual", content, options).json
        self.user.wait_job(sent["job_id"])
        return self.user.job(sent["job_id"])

    def check_counts(self, job, outcomes):
        for name in ("failed", "skipped", "unchanged"):
            self.assertEqual(outcomes.count(name), job["progress"][name + "_rows"], job["progress"])
        self.assertEqual(outcomes.count("good"), job["progress"]["successful_rows"])

    def upload(self):
        rows, skip = self.some_rows(), self.chance.random() < 0.5
        outcomes = self.model.upload(rows, skip)
        whole = self.chance.random() < 0.2 # all or nothing
        options = {"on_duplicate": "skip" if skip else "reject"}
        job = self.send(rows, **options, **({"max_failed_rows": 0} if whole else {}))
        self.model.jobs[job["id"]] = "there"
        self.model.made[job["id"]] = 0
        if whole and "failed" in outcomes:
            self.assertEqual("failed", job["status"])
            return
        self.check_counts(job, outcomes)
        wanted = "failed" if set(outcomes) == {"failed"} else "completed"
        self.assertEqual(wanted, job["status"])
        results = self.user.all("%s/%s/results" % (JOBS, job["id"]), "predictions")
        good = [(number + 2, key, value) for number, ((key, value), outcome)
                in enumerate(zip(rows, outcomes)) if outcome == "good"]
        self.assertEqual([number for number, _, _ in good], [item["job_row"] for item in results])
        for item, (number, key, value) in zip(results, good):
            self.model.add(key, id=item["id"], job=job["id"], root=job["id"], value=value,
                           source="bulk_upload", row=number)
        self.model.made[job["id"]] = len(good)

    def dry_run(self):
        rows = self.some_rows()
        job = self.send(rows, dry_run="true")
        self.check_counts(job, self.model.upload(rows, False))
        self.model.jobs[job["id"]] = "there"
        self.model.made[job["id"]] = 0

    def create(self):
        key, value = self.key(), self.chance.choice(VALUES)
        held = self.model.keys.get(key)
        answer = self.user.create("annual", self.row(key, value), 409 if held else 201)
        if held:
            self.assertEqual(held[-1]["id"], answer.json["current_id"])
        else:
            self.model.add(key, id=answer.json["prediction"]["id"], job=None, root=None,
                           value=value, source="manual", row=None)

    def some(self):
        current = sorted(self.model.current().items())
        return self.chance.choice(current) if current else (None, None)

    def edit(self):
        found, version = self.some()
        if found is None:
            return
        value = self.chance.choice(VALUES)
        item = self.user.put("%s/%s" % (ANNUAL, found), {"return_on_assets": value}).json
        self.model.add(version["key"], id=item["prediction"]["id"], job=None, value=value,
                       root=version["root"], source="edit", row=None)

    def delete_one(self):
        found, version = self.some()
        if found is None:
            return
        answer = self.user.delete("%s/%s" % (ANNUAL, found)).json
        self.assertEqual(len(self.model.keys[version["key"]]),
                         answer["deleted_prediction"]["versions"])
        self.model.keys[version["key"]] = []

    def purge(self):
        """The keys whose current version is of one year, or was made by one upload."""
        year, job = self.chance.choice([2020, 2021]), self.some_job("there")
        by_job = job is not None and self.chance.random() < 0.5
        keys = [version["key"] for version in self.model.current().values()
                if (version["job"] == job if by_job else version["key"][1] == year)]
        filters = {"job_id": job} if by_job else {"reporting_year": year}
        wanted = sum(len(self.model.keys[key]) for key in keys)
        preview = self.user.post(ANNUAL + "/purge", filters).json
        self.assertEqual((len(keys), wanted), (preview["keys"],
                                               preview["deleted_predictions"]["annual"]))
        later = {"Prefer": "respond-async"} if self.chance.random() < 0.5 else {}
        answer = self.user.post(ANNUAL + "/purge", dict(filters, force=True), None, (200, 202),
                                dict(later, **{"If-Match": preview["etag"]})).json
        if self.chance.random() < 0.3:
            self.server.kill()
            self.server.start()
        deletion = self.user.wait_deletion(answer["deletion_id"])
        self.assertEqual(wanted, deletion["deleted_predictions"]["annual"])
        for key in keys:
            self.model.keys[key] = []

    def some_job(self, *states):
        found = sorted(job for job, state in self.model.jobs.items() if state in states)
        return self.chance.choice(found) if found else None

    def delete_record(self):
        job = self.some_job("there")
        if job is not None:
            answer = self.user.delete("%s/%s" % (JOBS, job)).json
            self.assertEqual(self.left(job), answer["predictions_kept"])
            self.model.jobs[job] = "record deleted"

    def left(self, job):
        return sum(version["job"] == job for versions in self.model.keys.values()
                   for version in versions)

    def cascade(self):
        job = self.some_job("there", "record deleted")
        if job is None:
            return
        path = "%s/%s" % (JOBS, job)
        preview = self.user.get(path + "/deletion-preview").json
        self.assertEqual(self.left(job), preview["deleted_predictions"]["annual"])
        later = {"Prefer": "respond-async"} if self.chance.random() < 0.5 else {"Prefer": "wait=9"}
        answer = self.user.delete(path, {"delete_predictions": 1}, (200, 202),
                                  dict(later, **{"If-Match": preview["etag"]})).json
        self.compare_lists_after(job)
        deletion = self.user.wait_deletion(answer["deletion_id"])
        self.assertEqual(preview["deleted_predictions"], deletion["deleted_predictions"])
        self.assertEqual(preview["kept"], deletion["kept"])
        self.model.jobs[job] = "deleted"

    def compare_lists_after(self, job):
        """The rows are gone with the answer, whether they are removed yet or not."""
        self.model.remove_job(job)
        self.assertEqual(set(self.model.current()),
                         {item["id"] for item in self.user.predictions()})

    def crash(self):
        if self.chance.random() < 0.5:
            self.server.kill()
        else:
            self.server.stop()
        self.server.start()

    def compare(self):
        items = self.user.predictions()
        wanted = self.model.current()
        self.assertEqual(set(wanted), {item["id"] for item in items})
        self.assertEqual(len(wanted), self.user.get(ANNUAL).json["pagination"]["total"])
        for item in items:
            version = wanted[item["id"]]
            self.assertEqual(
                (version["job"], version["root"], version["row"], version["source"],
                 version["value"], version["key"], True,
                 self.model.jobs.get(version["job"]) == "record deleted"),
                (item["job_id"], item["root_job_id"], item["job_row"], item["source"],
                 item["return_on_assets"], (item["company_symbol"], int(item["reporting_year"]),
                                            int(item["reporting_quarter"][1:])),
                 item["is_current"], item["job_deleted"]))
        by_level = [self.user.get(ANNUAL, {"risk_level": level}).json["pagination"]["total"]
                    for level in ("LOW", "MEDIUM", "HIGH", "CRITICAL")]
        self.assertEqual(len(wanted), sum(by_level), by_level)
        jobs = {job["id"]: job for job in self.user.jobs()}
        self.assertEqual({job for job, state in self.model.jobs.items() if state == "there"},
                         set(jobs))
        for job in list(jobs)[:3]:
            self.assertEqual(self.left(job), self.user.job(job)["lineage"]["predictions"])
        for company in self.user.companies():
            count = sum(version["key"][0] == company["symbol"] for version in wanted.values())
            self.assertEqual(count, company["annual_predictions_count"], company["symbol"])
        found, version = self.some()
        if found is not None:
            versions = self.user.get("%s/%s/versions" % (ANNUAL, found)).json["versions"]
            self.assertEqual([one["id"] for one in reversed(self.model.keys[version["key"]])],
                             [one["id"] for one in versions])

    def test_walks(self):
        for seed in (1, 2, 3):
            self.walk(seed)


if __name__ == "__main__":
    support.main()
