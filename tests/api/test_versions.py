"""Versions of one key: replaced by uploads and by hand, edited, taken back, and given back by a deletion."""
import json
import threading

import support
from support import API, JOBS, PREDICTIONS, UNKNOWN_ID

ANNUAL = PREDICTIONS + "/annual"
REPLACE = {"on_duplicate": "replace"}


def texts(items):
    """Items as texts, by id, so that a comparison sees the last byte."""
    return {item["id"]: json.dumps(item) for item in items}


def path_of(prediction):
    return "%s/%s" % (ANNUAL, prediction)


def versions(client, prediction):
    return client.get(path_of(prediction) + "/versions").json["versions"]


def restore(client, prediction, version, **given):
    return client.post("%s/versions/%s/restore" % (path_of(prediction), version), **given)


class Uploads(support.TestCase):
    def test_rows_replace_and_the_deletion_gives_back(self):
        analyst = self.server.new_client()
        first = analyst.import_rows("annual", support.rows(6), filename="first.csv")
        before = texts(analyst.predictions())
        sent = [support.row(i, return_on_assets=90 + i) for i in range(3)] + support.rows(5, 3)
        second = analyst.import_rows("annual", sent, REPLACE, "second.csv")
        progress = second["progress"]
        self.assertEqual((5, 3, 3, 0, 0), tuple(progress[name + "_rows"] for name in (
            "successful", "replaced", "unchanged", "failed", "skipped")))
        self.assertEqual("replace", second["lineage"]["options"]["on_duplicate"])
        now = analyst.predictions()
        self.assertEqual(8, len(now))
        replaced = [item for item in now if item["return_on_assets"] >= 90]
        self.assertEqual([second["id"]] * 3, [item["job_id"] for item in replaced])
        for item in replaced:
            newer, older = versions(analyst, item["id"])
            self.assertEqual((item["id"], True, False), (newer["id"], newer["is_current"],
                                                         older["is_current"]))
            self.assertEqual((first["id"], newer["company_symbol"]),
                             (older["job_id"], older["company_symbol"]))
            self.assertLess(older["created_at"], newer["created_at"])
            former = analyst.get(path_of(older["id"])).json["prediction"]
            self.assertEqual((False, item["id"]), (former["is_current"], former["current_id"]))
        everything = analyst.predictions(query={"job_id": first["id"]})
        self.assertEqual(6, len(everything)) # of a job, former ones too
        deletion = analyst.delete("%s/%s" % (JOBS, second["id"]), {"delete_predictions": True},
                                  (200, 202)).json["deletion_id"]
        analyst.wait_deletion(deletion)
        self.assertEqual(before, texts(analyst.predictions()))

    def test_the_first_row_of_a_key_counts(self):
        """Sending a file again changes nothing, whatever it says twice."""
        analyst = self.server.new_client()
        sent = support.rows(3) + [support.row(1, return_on_assets=55)]
        analyst.import_rows("annual", sent, REPLACE)
        before = texts(analyst.predictions())
        for _ in range(2):
            job = analyst.import_rows("annual", sent, REPLACE)
            self.assertEqual((0, 0, 3, 1), tuple(job["progress"][name + "_rows"] for name in (
                "successful", "replaced", "unchanged", "failed")))
            error = job["errors"]["error_details"]["errors"][0]
            self.assertEqual((5, "duplicate_in_file"), (error["row"], error["code"]))
            self.assertIn("Row 3 of this file", error["error"])
        self.assertEqual(before, texts(analyst.predictions()))

    def test_names_are_given_back(self):
        analyst = self.server.new_client()
        analyst.import_rows("annual", support.rows(2))
        before = [(item["name"], item["sector"]) for item in analyst.companies()]
        job = analyst.import_rows("annual", [support.row(i, company_name="New %d" % i, sector="Other",
                                                         reporting_year=2019) for i in range(2)],
                                  {"update_companies": True})
        self.assertEqual({("New 0", "Other"), ("New 1", "Other")},
                         {(item["name"], item["sector"]) for item in analyst.companies()})
        deletion = analyst.delete("%s/%s" % (JOBS, job["id"]), {"delete_predictions": True},
                                  (200, 202)).json["deletion_id"]
        analyst.wait_deletion(deletion)
        self.assertEqual(before, [(item["name"], item["sector"]) for item in analyst.companies()])

    def test_uploads_edits_and_reads_at_once(self):
        """Each key has one current version, whoever comes first."""
        analyst = self.server.new_client()
        analyst.import_rows("annual", support.rows(300))
        ids = [item["id"] for item in analyst.predictions()][:40]

        def edit():
            other = support.Client(self.server, analyst.token, analyst.email)
            for number, prediction in enumerate(ids):
                current = other.get(path_of(prediction)).json["prediction"]["current_id"]
                other.put(path_of(current), {"return_on_assets": 1000 + number}, expect=(200, 409))
            other.close()
        editor = threading.Thread(target=edit)
        editor.start()
        jobs = [analyst.import_rows("annual", [support.row(i, return_on_assets=200 + turn)
                                               for i in range(300)], REPLACE) for turn in range(2)]
        editor.join()
        self.assertEqual([300, 300], [job["progress"]["replaced_rows"] for job in jobs])
        items = analyst.predictions()
        self.assertEqual(300, len({item["company_symbol"] for item in items}))
        self.assertEqual(300, len(items))
        for prediction in ids:
            found = versions(analyst, prediction)
            self.assertEqual([True] + [False] * (len(found) - 1),
                             [item["is_current"] for item in found])


class ByHand(support.TestCase):
    def test_in_the_place_of_another(self):
        analyst = self.server.new_client()
        first = analyst.create("annual", support.row(1), query=REPLACE)
        self.assertNotIn("supersedes", first.json)
        first = first.json["prediction"]
        changed = support.row(1, return_on_assets=7, company_name="Another name")
        answer = analyst.create("annual", changed, query=REPLACE)
        second = answer.json["prediction"]
        self.assertEqual(first["id"], answer.json["supersedes"])
        self.assertEqual(("manual", None, True, first["company_name"]), tuple(
            second[name] for name in ("source", "derived_from", "is_current", "company_name")))
        self.assertEqual(path_of(second["id"]), answer.header("Location"))
        self.assertEqual([second["id"], first["id"]],
                         [item["id"] for item in versions(analyst, first["id"])])
        same = analyst.create("annual", support.row(1, return_on_assets=7, market_cap=5), 200, REPLACE)
        self.assertEqual((True, second["id"]), (same.json["unchanged"],
                                                same.json["prediction"]["id"]))
        self.assertNotIn("supersedes", same.json)
        self.assertEqual(same.header("ETag"), analyst.get(path_of(second["id"])).header("ETag"))
        refused = analyst.create("annual", support.row(1), 409)
        self.assertEqual(second["id"], refused.json["current_id"])

    def test_the_same_request_has_the_same_answer(self):
        analyst = self.server.new_client()
        analyst.create("annual", support.row(1))
        for number, status in ((2, 201), (2, 200)):
            sent = support.row(1, return_on_assets=number)
            headers = {"Idempotency-Key": "key-%d" % status}
            answers = [analyst.create("annual", sent, status, REPLACE, headers) for _ in range(2)]
            self.assertEqual(answers[0].json, answers[1].json)

    def test_edits(self):
        analyst = self.server.new_client()
        first = analyst.create("annual", support.row(1)).json["prediction"]["id"]
        answer = analyst.put(path_of(first), {"return_on_assets": 3})
        second = answer.json["prediction"]
        self.assertEqual(first, answer.json["supersedes"])
        self.assertEqual(("edit", first), (second["source"], second["derived_from"]))
        for method in (analyst.put, analyst.delete):
            refused = method(path_of(first), {"return_on_assets": 4} if method == analyst.put else None,
                             expect=409)
            self.assertEqual(("superseded", second["id"]),
                             (refused.json["error"], refused.json["current_id"]))


class TakenBack(support.TestCase):
    def two_versions(self):
        analyst = self.server.new_client()
        job = analyst.import_rows("annual", support.rows(1), filename="figures.csv")
        first = analyst.predictions()[0]
        second = analyst.put(path_of(first["id"]), {"return_on_assets": 3, "sector": "Other"})
        return analyst, job, first, second

    def test_a_former_version_is_a_new_one(self):
        analyst, job, first, edited = self.two_versions()
        second = edited.json["prediction"]["id"]
        for path in (first["id"], second): # any version names the key
            answer = restore(analyst, path, first["id"])
            third = answer.json["prediction"]
            if path == first["id"]:
                self.assertEqual(second, answer.json["supersedes"])
        different = {"id", "created_at", "source", "job_id", "job_row", "job_link", "derived_from",
                     "original_filename", "current_id", "may_change"}
        for name in set(first) - different:
            self.assertEqual(first[name], third[name], name)
        self.assertEqual(("edit", None, first["id"], job["id"]), tuple(
            third[name] for name in ("source", "job_id", "derived_from", "root_job_id")))
        self.assertEqual(4, len(versions(analyst, first["id"])))
        again = restore(analyst, first["id"], third["id"])
        self.assertTrue(again.json["unchanged"])
        self.assertEqual(third["id"], again.json["prediction"]["id"])
        self.assertEqual(4, len(versions(analyst, first["id"])))

    def test_if_match_names_the_current_version(self):
        analyst, _, first, edited = self.two_versions()
        former = analyst.get(path_of(first["id"])).header("ETag")
        for etag in (former, '"x"'):
            self.assert_problem(restore(analyst, first["id"], first["id"], expect=412,
                                        headers={"If-Match": etag}), 412, "changed")
        restore(analyst, first["id"], first["id"], headers={"If-Match": edited.header("ETag")})
        restore(analyst, first["id"], first["id"], expect=412,
                headers={"If-Match": edited.header("ETag")})

    def test_the_same_request_has_the_same_answer(self):
        analyst, _, first, _ = self.two_versions()
        answers = [restore(analyst, first["id"], first["id"], headers={"Idempotency-Key": "one"})
                   for _ in range(2)]
        self.assertEqual(answers[0].json, answers[1].json)
        self.assertEqual(3, len(versions(analyst, first["id"])))

    def test_what_is_refused(self):
        analyst, job, first, edited = self.two_versions()
        second = edited.json["prediction"]["id"]
        other = analyst.create("annual", support.row(5)).json["prediction"]["id"]
        stranger = self.server.new_client()
        for client, prediction, version in ((analyst, first["id"], other), (analyst, other, second),
                                            (analyst, UNKNOWN_ID, second), (stranger, second, first["id"]),
                                            (analyst, second, UNKNOWN_ID), (analyst, second, "x")):
            restore(client, prediction, version, expect=404)
        analyst.post("%s/quarterly/%s/versions/%s/restore" % (PREDICTIONS, second, first["id"]),
                     expect=404)
        answer = analyst.delete("%s/%s" % (JOBS, job["id"]), {"delete_predictions": True}, (200, 202))
        gone = restore(analyst, second, first["id"], expect=410)
        self.assert_problem(gone, 410, "gone")
        analyst.wait_deletion(answer.json["deletion_id"])
        restore(analyst, second, first["id"], expect=(404, 410))
        self.assertEqual([second], [item["id"] for item in versions(analyst, second)])


if __name__ == "__main__":
    support.main()
