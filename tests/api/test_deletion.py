"""Deleting jobs: the record alone, or with exactly the predictions that they made."""
import json
import threading
import time

import support
from support import API, JOBS, PREDICTIONS, TIME, UNKNOWN_ID

CASCADE = {"delete_predictions": True}
ANNUAL = PREDICTIONS + "/annual"


def texts(items):
    """Items as texts, by id, so that a comparison sees the last byte."""
    return {item["id"]: json.dumps(item) for item in items}


class RecordOnly(support.TestCase):
    def test_predictions_stay_and_say_so(self):
        analyst = self.server.new_client()
        job = analyst.import_rows("annual", support.rows(3), filename="first.csv")
        path = "%s/%s" % (JOBS, job["id"])
        before = analyst.predictions()
        answer = analyst.delete(path, {"reason": "wrong name"})
        said = answer.json
        self.assertEqual({"id": job["id"], "status": "completed", "job_type": "annual",
                          "original_filename": "first.csv"}, said["deleted_job"])
        self.assertEqual({"annual": 0, "quarterly": 0}, said["deleted_predictions"])
        self.assertEqual((3, [], 0, 0), (said["predictions_kept"], said["kept"],
                                         said["restored_versions"], said["deleted_companies"]))
        self.assertIn("3 predictions stay", said["message"])
        after = analyst.predictions()
        self.assertEqual([True] * 3, [item.pop("job_deleted") for item in after])
        self.assertEqual([False] * 3, [item.pop("job_deleted") for item in before])
        self.assertEqual(before, after)
        item = analyst.get("%s/%s" % (ANNUAL, before[0]["id"])).json["prediction"]
        self.assertEqual((True, job["id"], "first.csv", 4, "recorded"),
                         tuple(item[name] for name in ("job_deleted", "job_id",
                                                       "original_filename", "job_row",
                                                       "job_link")))
        lineage = analyst.get("%s/%s/lineage" % (ANNUAL, before[0]["id"])).json["lineage"]
        for word in ("first.csv", "row 4", analyst.email, "record of the upload was deleted"):
            self.assertIn(word, lineage["summary"])
        self.assertEqual(("deleted", job["id"]), (lineage["job"]["status"], lineage["job"]["id"]))
        self.assertRegex(lineage["job"]["deleted_at"], TIME)
        by_job = analyst.predictions(query={"job_id": job["id"]})
        self.assertEqual({item["id"] for item in before}, {item["id"] for item in by_job})

        # The tombstone, for all that a job has.
        for part in ("", "/status", "/errors", "/warnings", "/results", "/file"):
            gone = analyst.get(path + part, expect=410)
            self.assert_problem(gone, 410, "gone", [analyst.email, "Its predictions stay"])
            self.assertEqual((said["deletion_id"], analyst.email, "wrong name"),
                             tuple(gone.json[name] for name in ("deletion_id", "deleted_by",
                                                                "deletion_reason")))
            self.assertRegex(gone.json["deleted_at"], TIME)
            analyst.get(path + part, {"show_deleted": True})
        self.assert_problem(analyst.post(path + "/cancel", expect=410), 410)
        self.assert_problem(analyst.delete(path, expect=410), 410)
        self.assertEqual("deleted", analyst.job(job["id"], show_deleted=True)["status"])
        deletion = analyst.get(API + "/deletions/" + said["deletion_id"]).json["deletion"]
        self.assertEqual(("done", True, job["id"], "wrong name", analyst.email),
                         tuple(deletion[name] for name in ("state", "record_only", "job_id",
                                                           "reason", "deleted_by_email")))

        # The cascade can still be asked for.
        preview = analyst.get(path + "/deletion-preview").json
        self.assertEqual({"annual": 3, "quarterly": 0}, preview["deleted_predictions"])
        gone = analyst.delete(path, CASCADE).json
        self.assertEqual({"annual": 3, "quarterly": 0}, gone["deleted_predictions"])
        self.assertEqual([], analyst.predictions())
        self.assert_problem(analyst.delete(path, CASCADE, 410), 410)

    def test_preview(self):
        analyst = self.server.new_client()
        job = analyst.import_rows("annual", support.rows(3))
        path = "%s/%s" % (JOBS, job["id"])
        before = analyst.predictions(), analyst.jobs()
        for answer in (analyst.delete(path, {"dry_run": "yes"}),
                       analyst.get(path + "/deletion-preview", {"delete_predictions": "no"})):
            said = answer.json
            self.assertIs(said["dry_run"], True)
            self.assertEqual(3, said["predictions_kept"])
            self.assertEqual({"annual": 0, "quarterly": 0}, said["deleted_predictions"])
            self.assertEqual([], said["sample"])
            self.assertIn("record alone", said["message"])
            self.assertEqual(answer.header("ETag"), said["etag"])
        self.assertEqual(before, (analyst.predictions(), analyst.jobs()))
        analyst.delete(path, headers={"If-Match": said["etag"]})


class Cascade(support.TestCase):
    def test_removes_the_job_and_its_rows(self):
        analyst = self.server.new_client()
        kept = analyst.import_rows("annual", support.rows(30, start=100))
        hand = analyst.create("annual", support.row(500)).json["prediction"]["id"]
        job = analyst.import_rows("annual", support.rows(25), filename="wrong.csv")
        quarterly = analyst.import_rows("quarterly", support.rows(4, kind="quarterly"))
        path = "%s/%s" % (JOBS, job["id"])
        results = analyst.all(path + "/results", "predictions")
        rest = texts(item for item in analyst.predictions() if item["job_id"] != job["id"])
        others = texts(other for other in analyst.jobs() if other["id"] != job["id"])

        preview = analyst.delete(path, dict(CASCADE, dry_run=True))
        said = preview.json
        self.assertEqual({"annual": 25, "quarterly": 0}, said["deleted_predictions"])
        self.assertEqual([], said["kept"])
        self.assertEqual((0, 0), (said["restored_versions"], said["predictions_kept"]))
        self.assertEqual(results[:20], said["sample"])
        self.assertEqual(preview.header("ETag"), said["etag"])
        self.assertEqual(said, analyst.get(path + "/deletion-preview").json)
        self.assertEqual(56, len(analyst.predictions()))

        answer = analyst.delete(path, dict(CASCADE, reason="the wrong file"), headers={
            "If-Match": said["etag"], "Prefer": "wait=30"})
        done = answer.json
        self.assertEqual({"id": job["id"], "status": "completed", "job_type": "annual",
                          "original_filename": "wrong.csv"}, done["deleted_job"])
        for name in ("deleted_predictions", "kept", "restored_versions", "deleted_companies"):
            self.assertEqual(said[name], done[name], name)
        self.assertIn("restorable_until", done)
        self.assertIn("25 of its predictions", done["message"])
        self.assertEqual(API + "/deletions/" + done["deletion_id"], answer.header("Location"))

        self.assertEqual(rest, texts(analyst.predictions()))
        self.assertEqual(others, texts(analyst.jobs()))
        self.assertIn(hand, rest)
        self.assertEqual(30, analyst.job(kept["id"])["lineage"]["predictions"])
        self.assertEqual(4, analyst.job(quarterly["id"])["lineage"]["predictions"])
        for item in results[:3]:
            for part in ("", "/lineage", "/versions"):
                analyst.get("%s/%s%s" % (ANNUAL, item["id"], part), expect=(404, 410))
            analyst.delete("%s/%s" % (ANNUAL, item["id"]), expect=(404, 410))
        for part in ("", "/status", "/errors", "/warnings", "/results", "/file"):
            gone = analyst.get(path + part, expect=410)
            self.assertEqual((done["deletion_id"], "the wrong file"),
                             (gone.json["deletion_id"], gone.json["deletion_reason"]))
        self.assert_problem(analyst.get(path + "/deletion-preview", expect=410), 410)
        job = analyst.job(job["id"], show_deleted=True)
        self.assertEqual(("deleted", 0), (job["status"], job["lineage"]["predictions"]))
        self.assertEqual([], analyst.all(path + "/results", "predictions", {"show_deleted": 1}))
        self.assertEqual([], analyst.predictions(query={"job_id": job["id"]}))
        deletion = analyst.get(API + "/deletions/" + done["deletion_id"]).json["deletion"]
        self.assertEqual(("done", False, 25, {"annual": 25, "quarterly": 0}),
                         tuple(deletion[name] for name in ("state", "record_only", "expected",
                                                           "deleted_predictions")))
        self.assertRegex(deletion["completed_at"], TIME)

    def test_totals_and_companies_follow(self):
        analyst = self.server.new_client()
        analyst.import_rows("annual", [support.row(i, company_symbol="BOTH", reporting_year=2000 + i)
                                       for i in range(3)])
        job = analyst.import_rows("annual", [support.row(i, company_symbol="BOTH",
                                                         reporting_year=2010 + i)
                                             for i in range(4)] + [support.row(50)])
        company = analyst.get(API + "/companies/search/both").json["company"]
        self.assertEqual(7, company["annual_predictions_count"])
        self.assertEqual(8, analyst.get(ANNUAL).json["pagination"]["total"])
        answer = analyst.delete("%s/%s" % (JOBS, job["id"]), CASCADE).json
        self.assertEqual(0, answer["deleted_companies"])
        company = analyst.get(API + "/companies/search/both").json["company"]
        self.assertEqual(3, company["annual_predictions_count"])
        self.assertEqual(3, analyst.get(ANNUAL).json["pagination"]["total"])
        for level in ("LOW", "MEDIUM", "HIGH", "CRITICAL"):
            listed = analyst.get(ANNUAL, {"risk_level": level}).json
            self.assertEqual(len(listed["predictions"]), listed["pagination"]["total"])
        # A company is never removed by a deletion that was not asked to.
        empty = analyst.get(API + "/companies/search/S00050").json["company"]
        self.assertEqual(0, empty["annual_predictions_count"])
        history = analyst.get("%s/companies/%s/predictions" % (API, company["id"])).json
        self.assertEqual(3, len(history["annual_predictions"]))

    def test_orphaned_companies(self):
        analyst = self.server.new_client()
        analyst.create("annual", support.row(1, reporting_year=1999))
        job = analyst.import_rows("annual", support.rows(3))
        path = "%s/%s" % (JOBS, job["id"])
        options = dict(CASCADE, delete_orphaned_companies=True)
        before = analyst.get(API + "/companies/search/S00002").json["company"]
        preview = analyst.delete(path, dict(options, dry_run=True)).json
        answer = analyst.delete(path, options, headers={"If-Match": preview["etag"]}).json
        self.assertEqual(2, answer["deleted_companies"])
        self.assertEqual(["S00001"], [company["symbol"] for company in analyst.companies()])
        analyst.get(API + "/companies/search/S00002", expect=404)
        analyst.get("%s/companies/%s" % (API, before["id"]), expect=404)
        # A symbol that comes back is the same company.
        analyst.import_rows("annual", support.rows(3))
        after = analyst.get(API + "/companies/search/S00002").json["company"]
        self.assertEqual(before["id"], after["id"])
        self.assertEqual(3, len(analyst.companies()))

    def test_orphaned_companies_in_the_preview(self):
        """The preview says what the deletion will say."""
        analyst = self.server.new_client()
        job = analyst.import_rows("annual", support.rows(3))
        path, options = "%s/%s" % (JOBS, job["id"]), dict(CASCADE, delete_orphaned_companies=True)
        preview = analyst.delete(path, dict(options, dry_run=True)).json
        done = analyst.delete(path, options).json
        for name in ("deleted_predictions", "kept", "restored_versions", "deleted_companies",
                     "empty_companies"):
            self.assertEqual(done[name], preview[name], name)

    def test_changed_since_the_preview(self):
        """A row that was edited or deleted meanwhile makes the tag of the preview useless."""
        for change in ("edit", "delete"):
            analyst = self.server.new_client()
            job = analyst.import_rows("annual", support.rows(5))
            path = "%s/%s" % (JOBS, job["id"])
            etag = analyst.delete(path, dict(CASCADE, dry_run=True)).header("ETag")
            item = analyst.predictions()[2]
            if change == "edit":
                analyst.put("%s/%s" % (ANNUAL, item["id"]), {"return_on_assets": 9})
            else:
                analyst.delete("%s/%s" % (ANNUAL, item["id"]))
            before = texts(analyst.predictions())
            answer = analyst.delete(path, CASCADE, 412, {"If-Match": etag})
            self.assert_problem(answer, 412, words=["changed since the preview"])
            self.assertEqual(before, texts(analyst.predictions()))
            self.assertEqual("completed", analyst.job(job["id"])["status"])
            again = analyst.delete(path, dict(CASCADE, dry_run=True))
            self.assertNotEqual(etag, again.header("ETag"))
            kept = {"edit": [{"reason": "edited", "count": 1}],
                    "delete": [{"reason": "already_deleted", "count": 1}]}[change]
            rows = {"edit": 5, "delete": 4}[change]
            self.assertEqual((kept, rows), (again.json["kept"],
                                            again.json["deleted_predictions"]["annual"]))
            done = analyst.delete(path, CASCADE, headers={"If-Match": again.header("ETag")}).json
            self.assertEqual((kept, rows), (done["kept"], done["deleted_predictions"]["annual"]))
            left = analyst.predictions()
            self.assertEqual({"edit": 1, "delete": 0}[change], len(left))

    def test_edits_stay(self):
        analyst = self.server.new_client()
        job = analyst.import_rows("annual", support.rows(3))
        item = analyst.predictions()[1]
        edited = analyst.put("%s/%s" % (ANNUAL, item["id"]), {"return_on_assets": 1}).json
        edited = analyst.put("%s/%s" % (ANNUAL, edited["prediction"]["id"]),
                             {"return_on_assets": 2}).json["prediction"]
        done = analyst.delete("%s/%s" % (JOBS, job["id"]), CASCADE).json
        self.assertEqual({"annual": 3, "quarterly": 0}, done["deleted_predictions"])
        self.assertEqual(["edited"], [kept["reason"] for kept in done["kept"]])
        left = analyst.predictions()
        self.assertEqual([edited["id"]], [one["id"] for one in left])
        self.assertEqual(("edit", job["id"], None), (left[0]["source"], left[0]["root_job_id"],
                                                     left[0]["job_id"]))
        lineage = analyst.get("%s/%s/lineage" % (ANNUAL, edited["id"])).json["lineage"]
        self.assertEqual((job["id"], "deleted"), (lineage["root_job"]["id"],
                                                  lineage["root_job"]["status"]))
        versions = analyst.get("%s/%s/versions" % (ANNUAL, edited["id"])).json["versions"]
        self.assertNotIn(item["id"], [one["id"] for one in versions])
        self.assertEqual(2, len(versions))

    def test_failed_and_dry_jobs(self):
        """A job without predictions can be deleted in both ways."""
        for query in ({}, CASCADE):
            analyst = self.server.new_client()
            for made, options, status in (([support.row(1, sector="x" * 101)], {}, "failed"),
                                          (support.rows(2), {"dry_run": 1}, "completed")):
                job = analyst.import_rows("annual", made, options, status=status)
                done = analyst.delete("%s/%s" % (JOBS, job["id"]), query).json
                self.assertEqual(({"annual": 0, "quarterly": 0}, []),
                                 (done["deleted_predictions"], done["kept"]))
            self.assertEqual([], analyst.jobs())

    def test_failed_all_or_nothing_job_accounts_for_itself(self):
        """What was taken back was never the user's to miss."""
        analyst = self.server.new_client()
        made = support.rows(3) + [support.row(9, sector="x" * 101)]
        job = analyst.import_rows("annual", made, {"max_failed_rows": 0}, status="failed")
        preview = analyst.get("%s/%s/deletion-preview" % (JOBS, job["id"])).json
        self.assertEqual(({"annual": 0, "quarterly": 0}, []),
                         (preview["deleted_predictions"], preview["kept"]))

    def test_wrong_requests(self):
        analyst = self.server.new_client()
        job = analyst.import_rows("annual", support.rows(1))
        path = "%s/%s" % (JOBS, job["id"])
        for query, field, code in (
                ({"delete_prediction": "true"}, "delete_prediction", "unknown_parameter"),
                ({"delete_predictions": "maybe"}, "delete_predictions", "not_a_boolean"),
                ({"delete_predictions": ""}, "delete_predictions", "not_a_boolean"),
                ({"include_inferred": "true"}, "delete_predictions", "needed"),
                ({"delete_orphaned_companies": "1"}, "delete_predictions", "needed"),
                ({"reason": "x" * 501}, "reason", "too_long"),
                ({"reason": "a\nb"}, "reason", "control_character")):
            answer = analyst.delete(path, query, 422)
            self.assertEqual({field: code}, answer.field_codes(), query)
        answer = analyst.request("DELETE", path, {"delete_predictions": True}, None, None, 422)
        self.assertIn("no body", answer.json["detail"])
        for tag in ("abc", '"abc', '"a", "b"', "W/\"abc\""):
            analyst.delete(path, CASCADE, 422, {"If-Match": tag})
        analyst.delete(path, CASCADE, 412, {"If-Match": '"0123456789abcdef0123456789abcdef"'})
        analyst.delete("%s?delete_predictions=1&delete_predictions=0" % path, expect=400)
        self.assertEqual(1, len(analyst.predictions()))
        self.assertEqual("completed", analyst.job(job["id"])["status"])
        analyst.request("DELETE", path, {}, CASCADE, {"If-Match": "*"}, 200)

    def test_every_boolean(self):
        for word in ("true", "1", "yes", "on", "TRUE", "On"):
            analyst = self.server.new_client()
            job = analyst.import_rows("annual", support.rows(1))
            path = "%s/%s" % (JOBS, job["id"])
            analyst.delete(path, {"delete_predictions": word, "dry_run": word})
            self.assertEqual(1, len(analyst.predictions()))
            analyst.delete(path, {"delete_predictions": word, "dry_run": "off"})
            self.assertEqual(0, len(analyst.predictions()))

    def test_answered_later(self):
        """Prefer: respond-async: the effect is there, the counts come with the deletion."""
        analyst = self.server.new_client()
        job = analyst.import_rows("annual", support.rows(40))
        answer = analyst.delete("%s/%s" % (JOBS, job["id"]), CASCADE, 202,
                                {"Prefer": "respond-async"})
        self.assertEqual([], analyst.predictions())
        self.assertIsNone(answer.json["deleted_predictions"])
        self.assertIn("no answer shows them any more", answer.json["message"])
        deletion = analyst.wait_deletion(answer.json["deletion_id"])
        self.assertEqual({"annual": 40, "quarterly": 0}, deletion["deleted_predictions"])
        self.assertEqual(deletion, analyst.get(answer.header("Location")).json["deletion"])
        analyst.get(API + "/deletions/" + UNKNOWN_ID, expect=404)

    def test_upload_again_at_once(self):
        """Its keys are free: the new upload is worked behind the deletion."""
        analyst = self.server.new_client()
        content = support.csv(support.rows(2000))
        sent = analyst.upload("annual", content).json
        for _ in range(3):
            progress = analyst.wait_job(sent["job_id"])["progress"]
            self.assertEqual((2000, 0, 0), tuple(progress[name + "_rows"] for name in
                                                 ("successful", "failed", "unchanged")))
            analyst.delete("%s/%s" % (JOBS, sent["job_id"]), CASCADE, 202,
                           {"Prefer": "respond-async"})
            sent = analyst.upload("annual", content).json
            self.assertIs(sent["already_imported"], False)
        analyst.wait_job(sent["job_id"])
        items = analyst.predictions()
        self.assertEqual((2000, {sent["job_id"]}), (len(items), {i["job_id"] for i in items}))


class SideBySide(support.TestCase):
    """Two uploads of one user accepted at the same time, and work by hand meanwhile."""

    def test_exactly_its_rows(self):
        analyst = self.server.new_client()
        hand = self.server.sign_in(analyst.email)
        second = self.server.sign_in(analyst.email)
        older = analyst.import_rows("annual", support.rows(50, start=9000))
        # They share companies; a hundred rows of B meet keys of A, equal ones and others.
        a = support.csv(support.rows(1500))
        b = support.csv(support.rows(1400, reporting_year=2100) + support.rows(50) +
                        support.rows(50, start=50, net_income_margin=77))
        sent, made = {}, []

        def upload(name, client, content):
            sent[name] = client.upload("annual", content, filename=name + ".csv").json["job_id"]

        def by_hand():
            for number in range(60):
                answer = hand.create("annual", support.row(number * 20, reporting_year=2150))
                made.append(answer.json["prediction"]["id"])

        threads = [threading.Thread(target=upload, args=("a", analyst, a)),
                   threading.Thread(target=upload, args=("b", second, b)),
                   threading.Thread(target=by_hand)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(60, len(made))
        for name in ("a", "b"):
            analyst.wait_job(sent[name])
        jobs = {name: analyst.job(sent[name]) for name in ("a", "b")}
        rows = {name: jobs[name]["progress"] for name in jobs}
        # Which of the two came first is open; the sum is not.
        self.assertEqual(1500 + 1500, sum(rows[name]["processed_rows"] for name in rows))
        self.assertEqual(2900, sum(rows[name]["successful_rows"] for name in rows))
        self.assertEqual(50, sum(rows[name]["unchanged_rows"] for name in rows))
        self.assertEqual(50, sum(rows[name]["failed_rows"] for name in rows))

        for name in ("a", "b"):
            mine = {item["id"] for item in
                    analyst.all("%s/%s/results" % (JOBS, sent[name]), "predictions")}
            everything = analyst.predictions()
            self.assertEqual(mine, {item["id"] for item in everything
                                    if item["job_id"] == sent[name]})
            rest = texts(item for item in everything if item["id"] not in mine)
            others = texts(job for job in analyst.jobs() if job["id"] != sent[name])
            companies = {company["symbol"] for company in analyst.companies()}
            answer = analyst.delete("%s/%s" % (JOBS, sent[name]), CASCADE, (200, 202)).json
            self.assertEqual(rest, texts(analyst.predictions()))
            deletion = analyst.wait_deletion(answer["deletion_id"])
            self.assertEqual({"annual": len(mine), "quarterly": 0},
                             deletion["deleted_predictions"])
            self.assertEqual(rest, texts(analyst.predictions()))
            self.assertEqual(others, texts(analyst.jobs()))
            self.assertEqual(companies, {company["symbol"] for company in analyst.companies()})
        left = {item["id"]: item for item in analyst.predictions()}
        self.assertEqual(110, len(left))
        self.assertLessEqual(set(made), set(left))
        self.assertEqual({None, older["id"]}, {item["job_id"] for item in left.values()})


class BetweenTheTwo(support.TestCase):
    """The rows are hidden, and nobody is there to remove them: the server serves only."""

    def test_hidden_rows(self):
        server = support.Server()
        try:
            self.walk(server)
        finally:
            server.close()

    def walk(self, server):
        analyst = server.new_client()
        kept = analyst.import_rows("annual", support.rows(20, start=1000))
        job = analyst.import_rows("annual", support.rows(600))
        newer = analyst.create("annual", support.row(5000)).json["prediction"]["id"]
        path = "%s/%s" % (JOBS, job["id"])
        results = analyst.all(path + "/results", "predictions")
        rest = texts(item for item in analyst.predictions() if item["job_id"] != job["id"])
        companies = analyst.companies()
        server.stop()
        server.workers = 0
        server.start()

        began = time.monotonic()
        answer = analyst.delete(path, CASCADE, 202, {"Prefer": "wait=1"})
        self.assertLess(time.monotonic() - began, 20)
        deletion_id = answer.json["deletion_id"]
        deletion = analyst.get(answer.header("Location")).json["deletion"]
        self.assertEqual(("pending", 600), (deletion["state"], deletion["expected"]))

        self.assertEqual(rest, texts(analyst.predictions()))
        self.assertEqual(rest, texts(analyst.predictions(limit=7)))
        self.assertEqual(21, analyst.get(ANNUAL).json["pagination"]["total"])
        hidden = results[5]
        symbol = hidden["company_symbol"]
        for query in ({"job_id": job["id"]}, {"company_symbol": symbol},
                      {"company_id": hidden["company_id"]},
                      {"company_id": hidden["company_id"], "include_superseded": True},
                      {"reporting_year": hidden["reporting_year"], "sort": "probability",
                       "reporting_quarter": hidden["reporting_quarter"]}):
            listed = analyst.get(ANNUAL, dict(query, limit=1000, include_total=True)).json
            found = {item["id"] for item in listed["predictions"]}
            self.assertLessEqual(found, set(rest), query)
            if "sort" not in query:
                self.assertEqual((set(), 0), (found, listed["pagination"]["total"]), query)
        for part in ("", "/lineage", "/versions"):
            gone = analyst.get("%s/%s%s" % (ANNUAL, hidden["id"], part), expect=410)
            self.assertEqual(deletion_id, gone.json["deletion_id"])
            self.assertIn("deleted with the upload", gone.json["detail"])
        analyst.put("%s/%s" % (ANNUAL, hidden["id"]), {"return_on_assets": 1}, expect=410)
        analyst.delete("%s/%s" % (ANNUAL, hidden["id"]), expect=410)
        company = analyst.get(API + "/companies/search/" + symbol).json["company"]
        self.assertEqual(0, company["annual_predictions_count"])
        history = analyst.get("%s/companies/%s/predictions" % (API, company["id"]),
                              {"include_superseded": True}).json
        self.assertEqual([], history["annual_predictions"])
        self.assertEqual(len(companies), len(analyst.companies()))

        self.assertEqual([kept["id"]], [one["id"] for one in analyst.jobs()])
        listed = analyst.jobs({"show_deleted": True, "status": "deleting"})
        self.assertEqual([job["id"]], [one["id"] for one in listed])
        self.assertEqual(0, analyst.job(job["id"], show_deleted=True)["lineage"]["predictions"])
        self.assertEqual([], analyst.all(path + "/results", "predictions", {"show_deleted": 1}))
        for query in ({}, CASCADE):
            self.assertIn(analyst.delete(path, query, (409, 410)).status, (409, 410))
        analyst.get(path, expect=410)
        analyst.post(path + "/cancel", expect=410)

        # A writer takes a hidden key.
        row = {name: hidden[name] for name in support.COLUMNS["annual"]}
        taken = analyst.create("annual", dict(row, return_on_assets=42)).json["prediction"]
        self.assertNotEqual(hidden["id"], taken["id"])
        analyst.create("annual", row, 409)
        versions = analyst.get("%s/%s/versions" % (ANNUAL, taken["id"])).json["versions"]
        self.assertEqual([taken["id"]], [one["id"] for one in versions])
        self.assertEqual(1, analyst.get(API + "/companies/search/" + symbol).json["company"]
                         ["annual_predictions_count"])
        self.assertEqual(22, analyst.get(ANNUAL).json["pagination"]["total"])

        # An upload of the same rows waits behind the deletion. Then a crash, and somebody works.
        again = analyst.upload("annual", support.csv(support.rows(600))).json["job_id"]
        server.kill()
        server.workers = 1
        server.start()
        deletion = analyst.wait_deletion(deletion_id)
        self.assertEqual({"annual": 600, "quarterly": 0}, deletion["deleted_predictions"])
        progress = analyst.wait_job(again)["progress"]
        self.assertEqual((599, 1, 0), (progress["successful_rows"], progress["failed_rows"],
                                       progress["unchanged_rows"]))
        after = texts(item for item in analyst.predictions() if item["job_id"] != again)
        self.assertEqual(set(rest) | {taken["id"]}, set(after))
        for key, text in rest.items():
            self.assertEqual(text, after[key])
        self.assertIn(newer, after)
        self.assertEqual(621, analyst.get(ANNUAL).json["pagination"]["total"])


if __name__ == "__main__":
    support.main()
