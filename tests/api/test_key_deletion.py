"""Deleting predictions by their keys: one, one version, what a filter finds, a company; and what is told of it."""
import time

import support
from support import API, JOBS, PREDICTIONS, TIME, UNKNOWN_ID, UUID

ANNUAL = PREDICTIONS + "/annual"
PURGE = ANNUAL + "/purge"
COMPANIES = API + "/companies"


def path_of(item):
    return "%s/%s/%s" % (PREDICTIONS, item["kind"], item["id"])


class KeyDeletion(support.TestCase):
    def restore(self, client, deletion):
        client.post("%s/deletions/%s/restore" % (API, deletion), expect=(200, 202))
        until = time.monotonic() + support.WAIT
        while client.get("%s/deletions/%s" % (API, deletion)).json["deletion"]["state"] != "done":
            self.assertLess(time.monotonic(), until)
            time.sleep(0.01)

    def everything(self, client):
        """All that a client sees of predictions and companies; each with all versions."""
        items = {item["id"]: item for kind in ("annual", "quarterly")
                 for item in client.predictions(kind)}
        return (items, {item["id"]: client.get(path_of(item) + "/versions").json["versions"]
                        for item in items.values()}, client.companies())


class Single(KeyDeletion):
    def test_what_became_of_it(self):
        analyst, other = self.server.new_client(), self.server.new_client()
        analyst.import_rows("annual", support.rows(2))
        first = analyst.predictions()[0]
        second = analyst.put(path_of(first), {"return_on_assets": 1}).json["prediction"]
        before = self.everything(analyst)
        shown = analyst.get(path_of(second)).json["prediction"]
        answer = analyst.delete(path_of(second), {"reason": "double entry"}).json
        self.assertEqual({"id": second["id"], "kind": "annual", "versions": 2},
                         answer["deleted_prediction"])
        self.assertRegex(answer["deletion_id"], UUID)
        self.assertRegex(answer["restorable_until"], TIME)
        for item in (first, second):
            for part in ("", "/versions", "/lineage"):
                gone = analyst.get(path_of(item) + part, expect=410).json
                self.assertEqual(
                    (answer["deletion_id"], analyst.email, "double entry"),
                    tuple(gone[name] for name in ("deletion_id", "deleted_by", "deletion_reason")))
                self.assertRegex(gone["deleted_at"], TIME)
                other.get(path_of(item) + part, expect=404)
            analyst.put(path_of(item), {"return_on_assets": 2}, expect=410)
            analyst.delete(path_of(item), expect=410)
            analyst.request("HEAD", path_of(item), expect=410)
            other.get(path_of(item), {"show_deleted": True}, 404)
            other.delete(path_of(item), expect=404)
        seen = analyst.get(path_of(second), {"show_deleted": True}).json
        self.assertEqual(shown, seen["prediction"])
        self.assertEqual((answer["deletion_id"], analyst.email, "double entry",
                          answer["restorable_until"]),
                         tuple(seen["deleted"][name] for name in (
                             "deletion_id", "deleted_by", "deletion_reason", "restorable_until")))
        self.restore(analyst, answer["deletion_id"])
        self.assertEqual(before, self.everything(analyst))
        self.assertNotIn("deleted", analyst.get(path_of(second), {"show_deleted": True}).json)

    def test_with_an_upload(self):
        """The rows of a job are shown as they were, while they are hidden and when they are archived."""
        analyst = self.server.new_client()
        job = analyst.import_rows("quarterly", support.rows(2, kind="quarterly"))
        items = analyst.predictions("quarterly")
        deletion = analyst.delete("%s/%s" % (JOBS, job["id"]),
                                  {"delete_predictions": True, "reason": "wrong file"},
                                  (200, 202), {"Prefer": "respond-async"}).json["deletion_id"]
        for _ in range(2):
            for item in items:
                gone = analyst.get(path_of(item), expect=410).json
                self.assertEqual((deletion, "wrong file"),
                                 (gone["deletion_id"], gone["deletion_reason"]))
                seen = analyst.get(path_of(item), {"show_deleted": True}).json
                self.assertEqual(deletion, seen["deleted"]["deletion_id"])
                for name in set(item) - {"job_deleted"}:
                    self.assertEqual(item[name], seen["prediction"][name], name)
            analyst.wait_deletion(deletion)

    def test_what_never_was(self):
        analyst = self.server.new_client()
        for query in (None, {"show_deleted": True}):
            analyst.get("%s/%s" % (ANNUAL, UNKNOWN_ID), query, 404)
        item = analyst.create("annual", support.row(1)).json["prediction"]
        read = analyst.get(path_of(item), {"show_deleted": True})
        self.assertEqual(item, read.json["prediction"])
        self.assertTrue(read.header("ETag"))

    def test_one_version(self):
        analyst = self.server.new_client()
        item = analyst.create("annual", support.row(1)).json["prediction"]
        first, before = item, None
        for value in (1, 2):
            item = analyst.put(path_of(item), {"return_on_assets": value}).json["prediction"]
        before = self.everything(analyst)
        former = analyst.get(path_of(item) + "/versions").json["versions"][1]
        self.assertEqual(409, analyst.delete(path_of(former), expect=409).status)
        one = analyst.delete(path_of(former), {"versions": "this"}).json
        self.assertEqual(1, one["deleted_prediction"]["versions"])
        self.assertEqual([item["id"]], [found["id"] for found in analyst.predictions()])
        two = analyst.delete(path_of(item), {"versions": "this"}).json
        self.assertEqual([], analyst.predictions())
        left = analyst.get(path_of(first)).json["prediction"]
        self.assertEqual((False, None), (left["is_current"], left["current_id"]))
        for deletion in (two, one):
            self.restore(analyst, deletion["deletion_id"])
        self.assertEqual(before, self.everything(analyst))

    def test_entity_tags(self):
        analyst = self.server.new_client()
        answer = analyst.create("annual", support.row(1))
        path = answer.header("Location")
        for query in (None, {"versions": "this"}):
            analyst.delete(path, query, 412, {"If-Match": '"x"'})
        analyst.delete(path, {"versions": "this"}, headers={"If-Match": answer.header("ETag")})


class Purge(KeyDeletion):
    def prepared(self):
        analyst = self.server.new_client()
        analyst.import_rows("annual", [support.row(n, reporting_year=2019 + n % 2)
                                       for n in range(8)])
        item = [item for item in analyst.predictions() if item["reporting_year"] == "2019"][0]
        analyst.put(path_of(item), {"return_on_assets": 1})
        return analyst

    def test_preview_then_purge(self):
        analyst = self.prepared()
        before = self.everything(analyst)
        first = analyst.post(PURGE, {"reporting_year": 2019})
        seen = first.json
        self.assertEqual((True, 4, 4, 1, [], 4),
                         tuple(seen[name] for name in ("dry_run", "keys", "current_versions",
                                                       "former_versions", "kept",
                                                       "empty_companies")))
        self.assertEqual({"annual": 5, "quarterly": 0}, seen["deleted_predictions"])
        self.assertEqual([item for item in analyst.predictions()
                          if item["reporting_year"] == "2019"], seen["sample"])
        self.assertEqual(seen["etag"], first.header("ETag"))
        self.assertEqual(before, self.everything(analyst))
        asked = {"reporting_year": 2019, "force": True, "reason": "an old year"}
        analyst.post(PURGE, asked, expect=412, headers={"If-Match": '"x"'})
        answer = analyst.post(PURGE, asked, headers={"If-Match": seen["etag"], "Prefer": "wait=2"},
                              expect=(200, 202))
        deletion = answer.json["deletion_id"]
        self.assertEqual("%s/deletions/%s" % (API, deletion), answer.header("Location"))
        self.assertEqual(([2019], 5), (answer.json["filter"]["reporting_year"],
                                       answer.json["expected"]))
        done = analyst.wait_deletion(deletion)
        self.assertEqual({"annual": 5, "quarterly": 0}, done["deleted_predictions"])
        self.assertEqual(["2020"] * 4, [item["reporting_year"] for item in analyst.predictions()])
        self.restore(analyst, deletion)
        self.assertEqual(before, self.everything(analyst))

    def test_sent_again_it_is_one(self):
        analyst, headers = self.prepared(), {"Idempotency-Key": "an-old-year", "Prefer": "wait=5"}
        asked = {"reporting_year": 2019, "force": True}
        first = analyst.post(PURGE, asked, headers=headers, expect=(200, 202))
        done = analyst.wait_deletion(first.json["deletion_id"])
        self.assertEqual({"annual": 5, "quarterly": 0}, done["deleted_predictions"])
        new = analyst.create("annual", support.row(3, reporting_year=2019)).json["prediction"]
        again = analyst.post(PURGE, asked, headers=headers)
        for name in ("deletion_id", "expected", "filter", "restorable_until"):
            self.assertEqual(first.json[name], again.json[name])
        self.assertEqual({"annual": 5, "quarterly": 0}, again.json["deleted_predictions"])
        self.assertIn(new["id"], [item["id"] for item in analyst.predictions()])
        answer = analyst.post(PURGE, {"reporting_year": 2020, "force": True}, headers=headers, expect=422)
        self.assertEqual({"Idempotency-Key": "used_for_another_request"}, answer.field_codes())
        analyst.post(PURGE, asked, headers={"Idempotency-Key": "another", "Prefer": "wait=5"},
                     expect=(200, 202))

    def test_at_once_and_later(self):
        analyst = self.prepared()
        answer = analyst.post(PURGE, None, {"reporting_year": "2019,2020", "force": 1}, 202,
                              {"Prefer": "respond-async"})
        self.assertIsNone(answer.json["deleted_predictions"])
        self.assertEqual(9, answer.json["expected"])
        later = analyst.create("annual", support.row(3, reporting_year=2021)).json["prediction"]
        analyst.wait_deletion(answer.json["deletion_id"])
        self.assertEqual([later["id"]], [item["id"] for item in analyst.predictions()])

    def test_filters(self):
        """Every one that the list has finds the same here, in the query and in the body."""
        analyst = self.prepared()
        items = analyst.predictions()
        one = items[3]
        for given in ({"company_symbol": one["company_symbol"][1:]},
                      {"company_id": one["company_id"]}, {"sector": one["sector"]},
                      {"reporting_quarter": one["reporting_quarter"]},
                      {"risk_level": one["risk_level"]}, {"source": "edit"},
                      {"source": "edit,bulk_upload"}, {"job_id": one["job_id"]},
                      {"created_by": "me"}, {"created_by": analyst.email},
                      {"created_after": one["created_at"]}, {"created_before": one["created_at"]},
                      {"probability_min": one["probability"]},
                      {"probability_max": one["probability"]}):
            wanted = {item["id"] for item in analyst.predictions("annual", dict(
                given, **({"include_superseded": False} if "job_id" in given else {})))}
            for body, query in ((given, None), (None, given)):
                seen = analyst.post(PURGE, body, query).json
                self.assertEqual(wanted, {item["id"] for item in seen["sample"]}, given)
                self.assertEqual(len(wanted), seen["keys"], given)
        several = analyst.post(PURGE, {"source": ["edit", "bulk_upload"],
                                       "reporting_year": [2019, 2020]}).json
        self.assertEqual(8, several["keys"])

    def test_all_of_them(self):
        analyst = self.prepared()
        refused = analyst.post(PURGE, {"force": True}, expect=422)
        self.assertEqual({"all": "needed"}, refused.field_codes())
        answer = analyst.post(PURGE, {"force": True, "all": True}, expect=(200, 202)).json
        analyst.wait_deletion(answer["deletion_id"])
        self.assertEqual([], analyst.predictions())
        again = analyst.post(PURGE, {"force": True, "all": True}, expect=(200, 202)).json
        self.assertEqual({"annual": 0, "quarterly": 0},
                         analyst.wait_deletion(again["deletion_id"])["deleted_predictions"])

    def test_of_nobody_else(self):
        analyst, other = self.prepared(), self.server.new_client()
        self.assertEqual(0, other.post(PURGE, {"reporting_year": 2019}).json["keys"])
        self.assertEqual({"access_level": "not_allowed"},
                         other.post(PURGE, {"access_level": "organization"}, expect=422)
                         .field_codes())
        answer = other.post(PURGE, {"all": True, "force": True}, expect=(200, 202)).json
        other.wait_deletion(answer["deletion_id"])
        self.assertEqual(8, len(analyst.predictions()))

    def test_legal_hold(self):
        admin = self.server.new_client("super_admin")
        job = admin.import_rows("annual", support.rows(2, start=500))
        items = admin.predictions("annual", {"job_id": job["id"]})
        path = "%s/%s" % (JOBS, job["id"])
        admin.request("PATCH", path, {"legal_hold": True, "reason": "case 7"})
        for refused in (admin.delete(path_of(items[0]), expect=409),
                        admin.delete(path_of(items[0]), {"versions": "this"}, 409),
                        admin.post(PURGE, {"job_id": job["id"], "force": True}, expect=409),
                        admin.delete("%s/%s" % (COMPANIES, items[0]["company_id"]),
                                     {"delete_predictions": True}, 409)):
            self.assertEqual(("legal_hold", admin.email, "case 7"),
                             tuple(refused.json[name] for name in ("error", "held_by",
                                                                   "hold_reason")))
        seen = admin.post(PURGE, {"job_id": job["id"]}).json
        self.assertEqual([{"reason": "legal_hold", "count": 2}], seen["kept"])
        self.assertEqual({"annual": 0, "quarterly": 0}, seen["deleted_predictions"])
        admin.request("PATCH", path, {"legal_hold": False, "reason": "closed"})
        answer = admin.post(PURGE, {"job_id": job["id"], "force": True}, expect=(200, 202)).json
        self.assertEqual(2, admin.wait_deletion(answer["deletion_id"])
                         ["deleted_predictions"]["annual"])


class Company(KeyDeletion):
    def test_with_its_predictions(self):
        analyst = self.server.new_client()
        for kind in ("annual", "quarterly"):
            item = analyst.create(kind, support.row(1, kind)).json["prediction"]
            analyst.put(path_of(item), {"total_debt_to_ebitda": 1})
        analyst.create("annual", support.row(2))
        before = self.everything(analyst)
        path = "%s/%s" % (COMPANIES, item["company_id"])
        refused = analyst.delete(path, expect=409).json
        self.assertEqual(("has_predictions", 4), (refused["error"], refused["predictions"]))
        alone = analyst.delete(path, {"dry_run": True}).json
        self.assertEqual(4, alone["predictions_kept"])
        preview = analyst.delete(path, {"dry_run": True, "delete_predictions": True})
        self.assertEqual({"annual": 2, "quarterly": 2}, preview.json["deleted_predictions"])
        self.assertEqual(before, self.everything(analyst))
        answer = analyst.delete(path, {"delete_predictions": True, "reason": "left"}, (200, 202),
                                {"If-Match": preview.header("ETag")}).json
        done = analyst.wait_deletion(answer["deletion_id"])
        self.assertEqual(({"annual": 2, "quarterly": 2}, 1),
                         (done["deleted_predictions"], done["deleted_companies"]))
        analyst.get(path, expect=404)
        self.assertEqual(1, len(analyst.predictions()))
        again = analyst.create("annual", support.row(1, reporting_year=1999)).json["prediction"]
        self.assertEqual(item["company_id"], again["company_id"])
        analyst.delete(path_of(again))
        self.restore(analyst, answer["deletion_id"])
        items, versions, companies = self.everything(analyst)
        for company in companies + before[2]:
            company.pop("updated_at")
        self.assertEqual(before, (items, versions, companies))

    def test_that_nothing_names(self):
        analyst = self.server.new_client()
        item = analyst.create("annual", support.row(1)).json["prediction"]
        analyst.delete(path_of(item))
        path = "%s/%s" % (COMPANIES, item["company_id"])
        before = analyst.get(path).json["company"]
        answer = analyst.delete(path)
        self.assertEqual(1, answer.json["deleted_companies"])
        analyst.get(path, expect=404)
        self.restore(analyst, answer.json["deletion_id"])
        self.assertEqual(before, analyst.get(path).json["company"])
        self.server.new_client().delete(path, expect=404)


if __name__ == "__main__":
    support.main()
