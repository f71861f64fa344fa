"""Jobs: lists in every form of paging, detail, status, errors, warnings, results, the file, cancelling."""
import time

import support
from support import JOBS, TIME, UNKNOWN_ID, UUID

PROGRESS = {"total_rows", "processed_rows", "successful_rows", "failed_rows", "skipped_rows",
            "unchanged_rows", "replaced_rows", "total_known", "progress_percentage", "remaining_rows"}
PERFORMANCE = {"processing_time_seconds", "rows_per_second", "estimated_completion_seconds"}
TIMESTAMPS = {"created_at", "started_at", "completed_at", "updated_at"}
GROUPS = {
    "file_info": {"original_filename", "file_size", "file_size_mb", "file_sha256"},
    "progress": PROGRESS,
    "performance": PERFORMANCE,
    "timestamps": TIMESTAMPS,
    "context": {"user_id", "organization_id", "created_by", "access_level"},
    "warnings": {"count"},
    "errors": {"has_errors", "error_message", "error_count", "error_details"},
    "lineage": {"model", "predictions", "companies_created", "options"},
}


class Detail(support.TestCase):
    def imported(self):
        analyst = self.server.new_client()
        made = support.rows(5) + [support.row(9, return_on_assets="12%"),
                                  support.row(8, return_on_assets=5000)]
        content = support.csv(made)
        sent = analyst.upload("annual", content, filename="figures.csv").json
        analyst.wait_job(sent["job_id"])
        return analyst, sent["job_id"], content

    def test_every_member(self):
        analyst, job_id, content = self.imported()
        job = analyst.job(job_id)
        self.assertLessEqual({"id", "status", "job_type"} | set(GROUPS), set(job))
        for group, members in GROUPS.items():
            self.assertLessEqual(members, set(job[group]), group)
        self.assertEqual((job_id, "completed", "annual"),
                         (job["id"], job["status"], job["job_type"]))
        self.assertEqual({"original_filename": "figures.csv", "file_size": len(content),
                          "file_size_mb": 0, "file_sha256": support.sha256(content)},
                         job["file_info"])
        self.assertEqual({"total_rows": 7, "processed_rows": 7, "successful_rows": 6,
                          "failed_rows": 1, "skipped_rows": 0, "unchanged_rows": 0,
                          "replaced_rows": 0, "total_known": True, "progress_percentage": 100, "remaining_rows": 0},
                         job["progress"])
        performance = job["performance"]
        self.assertGreater(performance["processing_time_seconds"], 0)
        self.assertGreater(performance["rows_per_second"], 0)
        self.assertIsNone(performance["estimated_completion_seconds"])
        times = job["timestamps"]
        for name in TIMESTAMPS:
            self.assertRegex(times[name], TIME)
        self.assertLessEqual(times["created_at"], times["started_at"])
        self.assertLessEqual(times["started_at"], times["completed_at"])
        context = job["context"]
        self.assertEqual((analyst.user["id"], analyst.email, None, "personal"),
                         (context["user_id"], context["created_by_email"],
                          context["organization_id"], context["access_level"]))
        self.assertEqual(1, job["warnings"]["count"])
        self.assertEqual({"has_errors": True, "error_message": None, "error_count": 1,
                          "error_details": None}, job["errors"])
        lineage = job["lineage"]
        self.assertEqual((6, 6), (lineage["predictions"], lineage["companies_created"]))
        self.assertEqual(("test-annual", "1"),
                         (lineage["model"]["name"], lineage["model"]["version"]))
        self.assertRegex(lineage["model"]["id"], UUID)
        self.assertIs(lineage["options"]["dry_run"], False)

    def test_errors_on_demand(self):
        analyst, job_id, content = self.imported()
        for word in ("true", "1", "Yes", "ON"):
            job = analyst.job(job_id, include_errors=word)
            details = job["errors"]["error_details"]
            self.assertIs(details["has_more"], False)
            self.assertEqual([{
                "row": 7, "column": "return_on_assets", "code": "not_a_number",
                "error": details["errors"][0]["error"], "value": "12%",
                "data": content.decode().splitlines()[6]}], details["errors"])
        for word in ("false", "0", "no", "OFF", ""):
            self.assertIsNone(analyst.job(job_id, include_errors=word)["errors"]["error_details"])
        answer = analyst.get("%s/%s" % (JOBS, job_id), {"include_errors": "maybe"}, 422)
        self.assertEqual({"include_errors": "not_a_boolean"}, answer.field_codes())

    def test_status(self):
        analyst, job_id, _ = self.imported()
        job, status = analyst.job(job_id), analyst.get("%s/%s/status/" % (JOBS, job_id)).json["job"]
        self.assertEqual({"id", "status", "job_type", "cancel_requested", "error_message",
                          "settling", "progress", "performance", "timestamps"}, set(status))
        for name in ("id", "status", "job_type", "cancel_requested", "progress", "performance",
                     "timestamps"):
            self.assertEqual(job[name], status[name])

    def test_ignored_parameters(self):
        analyst, job_id, _ = self.imported()
        for path in ("", "/status", "/errors", "/warnings", "/results", "/deletion-preview"):
            answer = analyst.get("%s/%s%s" % (JOBS, job_id, path), {"colour": "red", "a": ""})
            self.assertEqual(["colour", "a"], answer.json["ignored_parameters"], path)
        self.assertNotIn("ignored_parameters", analyst.get("%s/%s" % (JOBS, job_id)).json)

    def test_file(self):
        """Byte for byte, over several chunks of what is stored, under its own name."""
        analyst = self.server.new_client()
        content = support.csv(support.rows(20)) + b" \r\n\n" * 900000
        job = analyst.import_file("annual", content, filename="größe; \\\"1\\\".csv")
        self.assertGreater(len(content), 3 << 20)
        answer = analyst.get("%s/%s/file" % (JOBS, job["id"]))
        self.assertEqual(content, answer.body)
        self.assertEqual("application/octet-stream", answer.type)
        self.assertEqual(str(len(content)), answer.header("Content-Length"))
        disposition = answer.header("Content-Disposition")
        self.assertIn("attachment", disposition)
        self.assertIn("filename*=UTF-8''gr%C3%B6%C3%9Fe%3B%20%221%22.csv", disposition)
        head = analyst.request("HEAD", "%s/%s/file" % (JOBS, job["id"]))
        self.assertEqual((b"", str(len(content))), (head.body, head.header("Content-Length")))
        self.left_nothing()

    def test_results(self):
        """In file order, whatever the page; POST is the described system's way to ask."""
        analyst = self.server.new_client()
        numbers = [7, 3, 9, 1, 8, 2, 6]
        job = analyst.import_rows("annual", [support.row(i) for i in numbers])
        path = "%s/%s/results" % (JOBS, job["id"])
        wanted = ["S%05d" % i for i in numbers]
        for limit in (1, 2, 3, 7, 1000):
            found = analyst.all(path, "predictions", limit=limit)
            self.assertEqual(wanted, [item["company_symbol"] for item in found], limit)
            self.assertEqual(list(range(2, 9)), [item["job_row"] for item in found])
        answer = analyst.post(path).json
        self.assertEqual(analyst.get(path).json, answer)
        self.assertEqual({"page": 1, "size": 50, "total": 7, "pages": 1, "has_more": False,
                          "next_cursor": None}, answer["pagination"])
        second = analyst.get(path, {"page": 2, "size": 3}).json
        self.assertEqual(wanted[3:6], [item["company_symbol"] for item in second["predictions"]])
        self.assertEqual((7, 3), (second["pagination"]["total"], second["pagination"]["pages"]))

    def test_errors_and_warnings_in_pages(self):
        analyst = self.server.new_client()
        made = [support.row(i, return_on_assets="x" if i % 2 else 5000 + i,
                            market_cap="y" if i % 4 == 1 else 1) for i in range(40)]
        job = analyst.import_rows("annual", made)
        for name, rows, word in (
                ("errors", sorted([i + 2 for i in range(1, 40, 2)] + [i + 2 for i in
                                                                      range(1, 40, 4)]), 30),
                ("warnings", [i + 2 for i in range(0, 40, 2)], 20)):
            path = "%s/%s/%s" % (JOBS, job["id"], name)
            for limit in (1, 7, 1000):
                found = analyst.all(path, name, limit=limit)
                self.assertEqual(rows, [entry["row"] for entry in found])
            self.assertEqual(word, analyst.get(path, {"limit": 1, "include_total": "true"})
                             .json["pagination"]["total"])
            self.assertEqual(word, analyst.get(path).json["pagination"]["total"])
            self.assertEqual(job["id"], analyst.get(path).json["job_id"])
        self.assertEqual(20, job["errors"]["error_count"])


class Lists(support.TestCase):
    """Twelve jobs of one user, of which some failed and one was deleted."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.analyst = cls.server.new_client()
        cls.ids, cls.statuses, cls.kinds = [], [], []
        for number in range(12):
            kind = "quarterly" if number % 3 == 2 else "annual"
            good = number % 4 != 1
            made = [support.row(number, kind) if good else support.row(number, kind,
                                                                       sector="x" * 101)]
            status = "completed" if good else "failed"
            job = cls.analyst.import_rows(kind, made, status=status)
            cls.ids.append(job["id"])
            cls.statuses.append(status)
            cls.kinds.append(kind)
        cls.deleted = cls.ids[5]
        cls.analyst.delete("%s/%s" % (JOBS, cls.deleted))
        cls.statuses[5] = "deleted"

    def wanted(self, keep=lambda status, kind: True, show_deleted=False):
        found = [(i, s, k) for i, s, k in zip(self.ids, self.statuses, self.kinds)
                 if keep(s, k) and (show_deleted or s != "deleted")]
        return [i for i, _, _ in reversed(found)]

    def listed(self, **query):
        return [job["id"] for job in self.analyst.get(JOBS, query).json["jobs"]]

    def test_items_are_like_the_detail(self):
        job = self.analyst.get(JOBS, {"limit": 1}).json["jobs"][0]
        detail = self.analyst.job(self.wanted()[0])
        for name in ("predictions", "companies_created", "retries", "more_retries"):
            detail["lineage"].pop(name)
            job["lineage"].pop(name, None)
        self.assertIsNone(detail.pop("deletion"))
        self.assertEqual(detail, job)

    def test_newest_first(self):
        self.assertEqual(self.wanted(), self.listed())

    def test_filters(self):
        self.assertEqual(self.wanted(lambda s, k: s == "failed"), self.listed(status="failed"))
        self.assertEqual(self.wanted(), self.listed(status="failed, COMPLETED"))
        for none in ("pending", "queued", "processing", "cancelled", "receiving", "undoing"):
            self.assertEqual([], self.listed(status=none), none)
        self.assertEqual(self.wanted(lambda s, k: k == "quarterly"),
                         self.listed(job_type="quarterly"))
        self.assertEqual(self.wanted(lambda s, k: k == "annual" and s == "failed"),
                         self.listed(job_type="Annual", status="failed"))
        self.assertEqual(self.wanted(show_deleted=True), self.listed(show_deleted="true"))
        self.assertEqual([], self.listed(status="deleted"))
        self.assertEqual(self.wanted(lambda s, k: s == "deleted", True),
                         self.listed(status="deleted", show_deleted="yes"))
        self.assertIn(self.deleted, self.listed(status="deleted", show_deleted="yes"))
        self.assertEqual(self.wanted(), self.listed(status="", job_type="", created_by=""))

    def test_created_by(self):
        analyst = self.analyst
        for word in ("me", "ME", analyst.email, analyst.email.upper(), analyst.user["id"],
                     analyst.user["id"].upper()):
            self.assertEqual(self.wanted(), self.listed(created_by=word), word)
        for word in (UNKNOWN_ID, "nobody@example.com", self.server.admin):
            self.assertEqual([], self.listed(created_by=word), word)
        answer = analyst.get(JOBS, {"created_by": "somebody"}, 422)
        self.assertEqual({"created_by": "not_a_user"}, answer.field_codes())

    def test_by_cursor(self):
        for limit in (1, 2, 5, 11, 12, 1000):
            self.assertEqual(self.wanted(), [job["id"] for job in self.analyst.jobs(limit=limit)])
        found = self.analyst.jobs({"status": "completed", "job_type": "annual"}, limit=2)
        self.assertEqual(self.wanted(lambda s, k: s == "completed" and k == "annual"),
                         [job["id"] for job in found])
        first = self.analyst.get(JOBS, {"limit": 3}).json["pagination"]
        self.assertEqual({"limit", "has_more", "next_cursor"}, set(first))
        # The page may have another size on the way.
        rest = self.listed(limit=1000, cursor=first["next_cursor"])
        self.assertEqual(self.wanted()[3:], rest)
        with_total = self.analyst.get(JOBS, {"limit": 3, "include_total": "1"}).json["pagination"]
        self.assertEqual(11, with_total["total"])

    def test_by_page(self):
        pages = [self.analyst.get(JOBS, {"page": i, "size": 4}).json for i in (1, 2, 3, 4)]
        self.assertEqual(self.wanted(), [job["id"] for page in pages for job in page["jobs"]])
        for number, page in enumerate(pages):
            pagination = page["pagination"]
            self.assertEqual((number + 1, 4, 11, 3, number < 2),
                             tuple(pagination[name] for name in
                                   ("page", "size", "total", "pages", "has_more")))
        usual = self.analyst.get(JOBS).json["pagination"]
        self.assertEqual({"page": 1, "size": 50, "total": 11, "pages": 1, "has_more": False,
                          "next_cursor": None}, usual)

    def test_by_offset(self):
        self.assertEqual(self.wanted()[4:9], self.listed(limit=5, offset=4))
        self.assertEqual(self.wanted()[10:], self.listed(limit=5, offset=10))
        self.assertEqual(self.wanted()[3:], self.listed(offset=3))
        pagination = self.analyst.get(JOBS, {"limit": 5, "offset": 4}).json["pagination"]
        self.assertEqual((5, 4, 11, True), tuple(pagination[name] for name in
                                                 ("limit", "offset", "total", "has_more")))
        self.assertEqual([], self.listed(limit=5, offset=10000))
        # From an offset the cursor goes on.
        rest = self.listed(limit=50, cursor=pagination["next_cursor"])
        self.assertEqual(self.wanted()[9:], rest)

    def test_wrong_paging(self):
        cursor = self.analyst.get(JOBS, {"limit": 2}).json["pagination"]["next_cursor"]
        for query, field, code in (
                ({"limit": 0}, "limit", "not_a_whole_number"),
                ({"limit": 1001}, "limit", "not_a_whole_number"),
                ({"limit": -5}, "limit", "not_a_whole_number"),
                ({"limit": "ten"}, "limit", "not_a_whole_number"),
                ({"limit": "1e2"}, "limit", "not_a_whole_number"),
                ({"size": 1001}, "size", "not_a_whole_number"),
                ({"page": 0}, "page", "not_a_whole_number"),
                ({"page": 10 ** 30}, "page", "not_a_whole_number"),
                ({"page": 10 ** 18, "size": 1000}, "page", "too_far"),
                ({"page": 102, "size": 100}, "page", "too_far"),
                ({"offset": 10001}, "offset", "too_far"),
                ({"offset": -1}, "offset", "not_a_whole_number"),
                ({"cursor": "x"}, "cursor", "not_a_cursor"),
                ({"cursor": cursor[:-4]}, "cursor", "not_a_cursor"),
                ({"cursor": "A" * 5000}, "cursor", "not_a_cursor"),
                ({"cursor": cursor, "status": "failed"}, "cursor", "other_list"),
                ({"cursor": cursor, "page": 2}, "page", "two_forms"),
                ({"limit": 5, "size": 5}, "page", "two_forms"),
                ({"cursor": cursor, "offset": 2}, "offset", "two_forms"),
                ({"status": "done"}, "status", "not_allowed"),
                ({"status": "failed,,pending"}, "status", "empty_value"),
                ({"job_type": "monthly"}, "job_type", "not_allowed"),
                ({"show_deleted": "2"}, "show_deleted", "not_a_boolean"),
                ({"include_total": "2"}, "include_total", "not_a_boolean")):
            answer = self.analyst.get(JOBS, query, 422)
            self.assertEqual({field: code}, answer.field_codes(), query)
        answer = self.analyst.get(JOBS, {"limit": 1001}, 422)
        self.assertIn("from 1 to 1000", answer.json["errors"][0]["message"])
        answer = self.analyst.get(JOBS, {"offset": 10001}, 422)
        self.assertIn("cursor", answer.json["errors"][0]["message"])
        other = self.analyst.get("%s/%s/results" % (JOBS, self.ids[0]), {"cursor": cursor}, 422)
        self.assertEqual({"cursor": "other_list"}, other.field_codes())

    def test_a_cursor_does_not_jump(self):
        """What is uploaded on the way does not move what is still to come."""
        first = self.analyst.get(JOBS, {"limit": 4}).json
        self.analyst.import_rows("annual", [support.row(100)])
        try:
            rest = self.listed(limit=1000, cursor=first["pagination"]["next_cursor"])
            seen = [job["id"] for job in first["jobs"]] + rest
            self.assertEqual(self.wanted(), seen)
        finally:
            newest = self.analyst.get(JOBS, {"limit": 1}).json["jobs"][0]["id"]
            self.analyst.delete("%s/%s" % (JOBS, newest), {"delete_predictions": True})
            self.ids.append(newest)
            self.statuses.append("deleted")
            self.kinds.append("annual")


class Running(support.TestCase):
    """A job while it is at work."""
    ROWS = 200000

    def start(self, options=None):
        analyst = self.server.new_client()
        content = support.many_rows(self.ROWS)
        job_id = analyst.upload("annual", content, options).json["job_id"]
        deadline = time.monotonic() + support.WAIT
        while True:
            job = analyst.job(job_id)
            if job["status"] == "processing" and job["progress"]["processed_rows"] > 0:
                return analyst, job_id, job
            self.assertLess(time.monotonic(), deadline)
            self.assertIn(job["status"], ("pending", "processing"))

    def test_cancel(self):
        analyst, job_id, job = self.start()
        path = "%s/%s" % (JOBS, job_id)
        progress, performance = job["progress"], job["performance"]
        self.assertIs(progress["total_known"], False)
        self.assertEqual(0, progress["total_rows"])
        self.assertIsNone(progress["remaining_rows"])
        self.assertGreater(progress["progress_percentage"], 0)
        self.assertLess(progress["progress_percentage"], 100)
        self.assertGreater(performance["estimated_completion_seconds"], 0)
        self.assertIsNone(job["timestamps"]["completed_at"])

        # While it is processing nothing may be deleted.
        for query in ({}, {"delete_predictions": True}, {"delete_predictions": True,
                                                         "dry_run": True}):
            answer = analyst.delete(path, query, 409)
            self.assert_problem(answer, 409, "job_processing", ["processing", "Cancel it first"])
        answer = analyst.get(path + "/deletion-preview", expect=409)
        self.assertEqual("job_processing", answer.json["error"])

        answer = analyst.post(path + "/cancel").json
        self.assertIs(answer["job"]["cancel_requested"], True)
        analyst.post(path + "/cancel", expect=(200, 409)) # twice is fine, until it has stopped
        analyst.wait_job(job_id, ("cancelled",))
        job = analyst.job(job_id)
        self.assertEqual("Cancelled.", job["errors"]["error_message"])
        kept = job["progress"]["successful_rows"]
        self.assertTrue(0 < kept < self.ROWS, kept)
        results = analyst.all(path + "/results", "predictions")
        self.assertEqual(list(range(2, kept + 2)), [item["job_row"] for item in results])
        self.assertEqual(kept, job["lineage"]["predictions"])
        self.assertEqual(kept, analyst.get(support.PREDICTIONS + "/annual").json
                         ["pagination"]["total"])
        answer = analyst.post(path + "/cancel", expect=409)
        self.assert_problem(answer, 409, "job_cancelled", ["cancelled already"])

        answer = analyst.delete(path, {"delete_predictions": True}, (200, 202)).json
        deletion = analyst.wait_deletion(answer["deletion_id"])
        self.assertEqual({"annual": kept, "quarterly": 0}, deletion["deleted_predictions"])
        self.assertEqual([], analyst.predictions())

    def test_cancel_with_undo(self):
        """With on_error=undo a cancelled job takes back what it had made; its record and file stay."""
        analyst, job_id, _ = self.start({"on_error": "undo"})
        path = "%s/%s" % (JOBS, job_id)
        analyst.post(path + "/cancel")
        analyst.wait_job(job_id, ("cancelled",))
        self.assertEqual([], analyst.predictions())
        self.assertEqual([], analyst.all(path + "/results", "predictions"))
        self.assertEqual(0, analyst.job(job_id)["lineage"]["predictions"])
        self.assertEqual(0, analyst.get(support.PREDICTIONS + "/annual").json
                         ["pagination"]["total"])
        self.assertGreater(len(analyst.get(path + "/file").body), 0)
        again = analyst.import_rows("annual", support.rows(100))
        self.assertEqual(100, again["progress"]["successful_rows"])

    def test_jobs_that_are_over_cannot_be_cancelled(self):
        analyst = self.server.new_client()
        for made, status in ((support.rows(1), "completed"),
                             ([support.row(1, sector="x" * 101)], "failed")):
            job = analyst.import_rows("annual", made, status=status)
            answer = analyst.post("%s/%s/cancel" % (JOBS, job["id"]), expect=409)
            self.assertEqual("job_" + status, answer.json["error"])


class Pending(support.TestCase):
    """Nobody works the queue."""
    SERVER_OPTIONS = {"workers": 0}

    def test_cancel_and_delete(self):
        analyst = self.server.new_client()
        ids = [analyst.upload("annual", support.csv(support.rows(1, start=i))).json["job_id"]
               for i in range(3)]
        job = analyst.job(ids[0])
        self.assertEqual("pending", job["status"])
        self.assertEqual(0, job["progress"]["progress_percentage"])
        self.assertEqual({"processing_time_seconds": None, "rows_per_second": None,
                          "estimated_completion_seconds": None}, job["performance"])
        self.assertIsNone(job["timestamps"]["started_at"])
        for word in ("pending", "queued", "QUEUED,failed"):
            listed = analyst.get(JOBS, {"status": word}).json["jobs"]
            self.assertEqual(list(reversed(ids)), [job["id"] for job in listed])

        answer = analyst.post("%s/%s/cancel" % (JOBS, ids[0])).json
        self.assertEqual(("cancelled", "The job was cancelled."),
                         (answer["job"]["status"], answer["message"]))
        self.assert_problem(analyst.post("%s/%s/cancel" % (JOBS, ids[0]), expect=409), 409,
                            "job_cancelled")
        job = analyst.job(ids[0])
        self.assertEqual("Cancelled before it began.", job["errors"]["error_message"])
        self.assertIsNotNone(job["timestamps"]["completed_at"])

        answer = analyst.delete("%s/%s" % (JOBS, ids[1])).json
        self.assertEqual(("pending", 0), (answer["deleted_job"]["status"],
                                          answer["predictions_kept"]))
        answer = analyst.delete("%s/%s" % (JOBS, ids[2]), {"delete_predictions": True}, 202,
                                {"Prefer": "respond-async"})
        deletion = analyst.get(answer.header("Location")).json["deletion"]
        self.assertEqual(("pending", 0), (deletion["state"], deletion["expected"]))
        self.assertEqual([ids[0]], [job["id"] for job in analyst.jobs()])

        # None of the three ever runs.
        self.server.stop()
        self.server.workers = 1
        self.server.start()
        try:
            analyst.wait_deletion(deletion["id"])
            last = analyst.import_rows("annual", support.rows(1, start=9))
            self.assertEqual([last["id"], ids[0]], [job["id"] for job in analyst.jobs()])
            self.assertEqual(1, len(analyst.predictions()))
            self.assertEqual(0, self.server.database.numbers(
                "SELECT count(*) FROM work_queue")[0])
        finally:
            self.server.stop()
            self.server.workers = 0
            self.server.start()


if __name__ == "__main__":
    support.main()
