"""Retries: failed rows are mended and uploaded, the new job names the one it mends, and both are deleted and brought
back together."""
import csv
import io

import support
from support import API, COLUMNS, JOBS, PREDICTIONS, UNKNOWN_ID
from test_organizations import Organization

DELETIONS = API + "/deletions"
ANNUAL = PREDICTIONS + "/annual"
WAIT = {"Prefer": "wait=30"}
CASCADE = {"delete_predictions": True}
BOTH = {"delete_predictions": True, "include_retries": True}
OURS = ["obligor_job", "obligor_row", "obligor_problems"]


def job_path(job, *rest):
    return "/".join((JOBS, job) + rest)


def failed_rows(client, job):
    """The failed rows of a job as a file that goes in again: the user's columns, then ours, one line a row."""
    rows = {}
    for problem in client.all(job_path(job, "errors"), "errors"):
        cells = next(csv.reader([problem["data"]]))
        said = "%s: %s" % (problem["column"], problem["error"])
        rows.setdefault(problem["row"], (cells, []))[1].append(said)
    return [COLUMNS["annual"] + OURS] + [
        cells + [job, str(number), "; ".join(said)] for number, (cells, said) in sorted(rows.items())]


def file_of(table):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(table)
    return out.getvalue().encode()


def mended(table, column="market_cap", value="5"):
    at = table[0].index(column)
    return [table[0]] + [row[:at] + [value] + row[at + 1:] for row in table[1:]]


def with_bad(count, bad, start=0):
    """Rows of which every `bad`-th has a market_cap that is no number."""
    return [support.row(start + i, market_cap="abc") if i % bad == 0 else support.row(start + i)
            for i in range(count)]


class TestCase(support.TestCase):
    def first_and_retry(self, client, count=10, bad=5, start=0, **options):
        """A job some of whose rows failed, and the one that mends them, found by its column."""
        first = client.import_rows("annual", with_bad(count, bad, start))["id"]
        retry = client.import_file("annual", file_of(mended(failed_rows(client, first))),
                                   options, "mended.csv")
        return first, retry

    def deleted(self, client, job, query, **more):
        said = client.delete(job_path(job), query, (200, 202), WAIT, **more).json
        client.wait_deletion(said["deletion_id"])
        return said

    def exported(self, client):
        """Byte for byte, but for the order of rows."""
        return sorted(client.get(ANNUAL + "/export", {"format": "ndjson"}).body.splitlines())


class Naming(TestCase):
    def test_the_column_names_the_job(self):
        client = self.server.new_client()
        first, retry = self.first_and_retry(client, 2500, 5)
        self.assertEqual(first, retry["lineage"]["retry_of"])
        self.assertEqual((500, 0, 0), (retry["progress"]["successful_rows"],
                                       retry["progress"]["failed_rows"], retry["warnings"]["count"]))
        shown = client.job(first)["lineage"]
        self.assertEqual([{"id": retry["id"], "original_filename": "mended.csv",
                           "status": "completed"}], shown["retries"])
        self.assertEqual((None, False), (shown["retry_of"], shown["more_retries"]))
        self.assertEqual({first: None, retry["id"]: first},
                         {job["id"]: job["lineage"]["retry_of"] for job in client.jobs()})
        self.assertEqual(2500, len(client.predictions()))

    def test_it_is_named_at_upload(self):
        client = self.server.new_client()
        first = client.import_rows("annual", support.rows(2))["id"]
        other = client.import_rows("annual", support.rows(2, start=2))["id"]
        table = [COLUMNS["annual"] + ["Obligor Job", "OBLIGORROW"],
                 [str(support.row(9)[name]) for name in COLUMNS["annual"]] + [other, "2"]]
        by_form = client.import_file("annual", file_of(table), {"retry_of": first})
        self.assertEqual((first, 0), (by_form["lineage"]["retry_of"], by_form["warnings"]["count"]))
        answer = client.upload("annual", support.csv(support.rows(1, start=10)),
                               {"retry_of": first, "job_type": "annual"}, path=JOBS)
        client.wait_job(answer.json["job_id"])
        tried = client.import_rows("annual", support.rows(1, start=11),
                                   {"retry_of": first, "dry_run": "true"})
        retries = [retry["id"] for retry in client.job(first)["lineage"]["retries"]]
        self.assertEqual([by_form["id"], answer.json["job_id"], tried["id"]], retries)

    def test_what_does_not_fit_is_refused(self):
        client, other = self.server.new_client(), self.server.new_client()
        quarterly = client.import_rows("quarterly", support.rows(1, kind="quarterly"))["id"]
        theirs = other.import_rows("annual", support.rows(1))["id"]
        file = support.csv(support.rows(1))
        for named, status, error in ((UNKNOWN_ID, 404, "not_found"), (theirs, 404, "not_found"),
                                     (quarterly, 400, "retry_of_other_kind")):
            answer = client.upload("annual", file, {"retry_of": named}, expect=status)
            self.assertEqual(error, answer.json["error"], str(answer))
        client.upload("annual", file, {"retry_of": "abc"}, expect=422)
        self.assertEqual([quarterly], [job["id"] for job in client.jobs()])

    def test_nonsense_in_the_cell_is_passed_over(self):
        client, other = self.server.new_client(), self.server.new_client()
        quarterly = client.import_rows("quarterly", support.rows(1, kind="quarterly"))["id"]
        theirs = other.import_rows("annual", support.rows(1))["id"]
        for number, cell in enumerate((UNKNOWN_ID, theirs, quarterly, "abc", "", "=1")):
            table = [COLUMNS["annual"] + OURS,
                     [str(support.row(number)[name]) for name in COLUMNS["annual"]] + [cell, "x", ""]]
            job = client.import_file("annual", file_of(table))
            self.assertEqual((None, 1, 0), (job["lineage"]["retry_of"],
                                            job["progress"]["successful_rows"],
                                            job["warnings"]["count"]), cell)

    def test_the_same_request_and_the_same_file(self):
        client = self.server.new_client()
        first = client.import_rows("annual", with_bad(4, 2))["id"]
        file = file_of(mended(failed_rows(client, first)))
        key = {"Idempotency-Key": "mended"}
        one = client.upload("annual", file, {"retry_of": first}, headers=key).json["job_id"]
        client.wait_job(one)
        self.assertEqual(one, client.upload("annual", file, {"retry_of": first},
                                            headers=key).json["job_id"])
        again = client.upload("annual", file, {"retry_of": first}).json
        self.assertEqual((True, one), (again["already_imported"], again["earlier_job_id"]))
        client.wait_job(again["job_id"])


class Deleting(TestCase):
    def test_both_go_and_come_back(self):
        client = self.server.new_client()
        client.import_rows("annual", support.rows(3, start=50))
        first, retry = self.first_and_retry(client, 20, 4)
        last = client.import_rows("annual", support.rows(8), {"retry_of": retry["id"],
                                                              "on_duplicate": "replace"})["id"]
        before = self.exported(client)
        preview = client.get(job_path(first, "deletion-preview"), BOTH)
        self.assertEqual([(last, 0), (retry["id"], 5)],
                         [(r["job_id"], r["predictions"]) for r in preview.json["retries"]])
        said = self.deleted_as_seen(client, first, preview)
        self.assertEqual(preview.json["deleted_predictions"], said["deleted_predictions"])
        self.assertEqual([(last, 0), (retry["id"], 5)],
                         [(r["job_id"], r["predictions"]) for r in said["retries"]])
        self.assertEqual(3, len(client.predictions()))
        for gone in said["retries"]:
            deletion = client.get("%s/%s" % (DELETIONS, gone["deletion_id"])).json["deletion"]
            self.assertEqual((said["deletion_id"], gone["job_id"], "done"),
                             (deletion["with_deletion"], deletion["job_id"], deletion["state"]))
        self.assertIn("stay so: 2;", client.post(job_path(first, "restore"),
                                               query={"dry_run": True}).json["message"])
        back = client.post(job_path(first, "restore"), query={"include_retries": True},
                           headers=WAIT).json
        self.assertEqual([retry["id"], last], [r["job_id"] for r in back["retries"]])
        self.assertEqual(before, self.exported(client))

    def deleted_as_seen(self, client, job, preview):
        headers = dict(WAIT, **{"If-Match": preview.header("ETag")})
        said = client.delete(job_path(job), BOTH, 200, headers).json
        self.assertEqual(preview.json["restored_versions"], said["restored_versions"])
        self.assertEqual(preview.json["empty_companies"], said["empty_companies"])
        return said

    def test_what_lay_beneath_comes_back_once(self):
        """A retry that replaced rows of the job it mends, which had replaced older ones."""
        client = self.server.new_client()
        replace = {"on_duplicate": "replace"}
        ratios = [name for name in COLUMNS["annual"] if name in support.RATIOS["annual"]]
        client.import_rows("annual", support.rows(4))
        older = self.exported(client)
        first = client.import_rows("annual", support.rows(6, **{ratios[0]: 1}), replace)["id"]
        middle = self.exported(client)
        client.import_rows("annual", support.rows(6, **{ratios[0]: 2}), dict(replace, retry_of=first))
        newest = self.exported(client)
        preview = client.get(job_path(first, "deletion-preview"), BOTH)
        retry = preview.json["retries"][0]
        said = self.deleted_as_seen(client, first, preview)
        gone = client.get("%s/%s" % (DELETIONS, said["retries"][0]["deletion_id"])).json["deletion"]
        self.assertEqual((6, 4, 0), (retry["predictions"], gone["restored_versions"],
                                     said["restored_versions"]))
        self.assertEqual(older, self.exported(client))
        self.assertEqual(2, said["empty_companies"])
        alone = client.post(job_path(first, "restore"), headers=WAIT).json
        self.assertIn("Retries that were deleted together with it and stay so: 1;", alone["message"])
        self.assertEqual(middle, self.exported(client))
        client.post(job_path(first, "restore"), query={"include_retries": True}, headers=WAIT)
        self.assertEqual(newest, self.exported(client))

    def test_without_the_option_they_stay(self):
        client = self.server.new_client()
        first, retry = self.first_and_retry(client)
        preview = client.get(job_path(first, "deletion-preview")).json
        self.assertEqual([(retry["id"], "mended.csv", 2)],
                         [(r["job_id"], r["original_filename"], r["predictions"])
                          for r in preview["retries"]])
        said = self.deleted(client, first, CASCADE)
        for told in (preview, said):
            self.assertIn({"reason": "retries", "count": 1}, told["kept"])
        self.assertEqual((8, []), (said["deleted_predictions"]["annual"], said["retries"]))
        self.assertEqual(2, len(client.predictions()))

    def test_the_etag_covers_the_retries(self):
        client = self.server.new_client()
        first, retry = self.first_and_retry(client)
        preview = client.get(job_path(first, "deletion-preview"), BOTH)
        some = client.predictions(query={"job_id": retry["id"]})[0]["id"]
        client.delete("%s/%s" % (ANNUAL, some), expect=(200, 202), headers=WAIT)
        client.delete(job_path(first), BOTH, 412, {"If-Match": preview.header("ETag")})
        self.assertEqual(9, len(client.predictions()))

    def test_records_alone(self):
        client = self.server.new_client()
        first, retry = self.first_and_retry(client)
        said = self.deleted(client, first, {"include_retries": True})
        self.assertEqual([(retry["id"], 0)],
                         [(r["job_id"], r["predictions"]) for r in said["retries"]])
        self.assertEqual(10, len(client.predictions()))
        self.assertEqual([], client.jobs())
        client.post(job_path(first, "restore"), query={"include_retries": True})
        self.assertEqual(2, len(client.jobs()))


class Others(TestCase):
    def test_all_or_nothing(self):
        """A retry that another member of the organization uploaded is not a member's to delete."""
        self.server.root = self.server.new_client("super_admin")
        org = Organization(self.server, "Retries")
        ann, ben = org.join(), org.join()
        first, retry = self.first_and_retry(ann)
        theirs = ben.import_rows("annual", support.rows(2, start=90), {"retry_of": retry["id"]})["id"]
        for answer in (ann.get(job_path(first, "deletion-preview"), BOTH, expect=409),
                       ann.delete(job_path(first), BOTH, 409)):
            self.assertEqual("not_yours", answer.json["error"])
            self.assertIn(theirs, answer.json["detail"])
        self.assertEqual(12, len(ann.predictions()))
        self.deleted(org.admin, first, BOTH)
        self.assertEqual([], ann.predictions())

    def test_the_audit_trail_says_with_what(self):
        self.server.root = self.server.new_client("super_admin")
        org = Organization(self.server, "Audited retries")
        ann = org.join()
        first, retry = self.first_and_retry(ann)
        said = self.deleted(ann, first, BOTH)
        ann.post(job_path(first, "restore"), query={"include_retries": True}, headers=WAIT)
        for action in ("job.deleted", "job.restored"):
            told = {event["object_id"]: event["details"] for event in
                    org.admin.all(API + "/audit", "events", {"action": action})}
            self.assertEqual(said["deletion_id"], told[retry["id"]]["with_deletion"])
            self.assertNotIn("with_deletion", told[first])

    def test_a_hold_keeps_all(self):
        self.server.root = self.server.new_client("super_admin")
        org = Organization(self.server, "Held retries")
        ann = org.join()
        first, retry = self.first_and_retry(ann)
        org.admin.request("PATCH", job_path(retry["id"]), {"legal_hold": True, "reason": "a case"})
        answer = ann.delete(job_path(first), BOTH, 409)
        self.assertEqual("legal_hold", answer.json["error"])
        self.assertIn("mended.csv", answer.json["detail"])
        self.assertEqual(10, len(ann.predictions()))
        self.deleted(ann, first, CASCADE)
        self.assertEqual(2, len(ann.predictions()))


if __name__ == "__main__":
    support.main()
