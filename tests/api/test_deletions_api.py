"""What people see of deletions and may still do about them: the list, one, restoring, purging, letting go on; and
for how long what was deleted is kept."""
import datetime
import time

import support
from support import API, JOBS, PREDICTIONS, TIME, UNKNOWN_ID

ANNUAL = PREDICTIONS + "/annual"
DELETIONS = API + "/deletions"
CASCADE = {"delete_predictions": True}
WAIT = {"Prefer": "wait=30"}


def rows_of(client):
    """Every row as it is told, whatever the order."""
    return sorted(map(repr, client.predictions()))


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


class Deletions(support.TestCase):
    def delete(self, client, job, **query):
        """The id of the deletion, when it is over."""
        said = client.delete("%s/%s" % (JOBS, job), dict(CASCADE, **query), (200, 202), WAIT).json
        client.wait_deletion(said["deletion_id"])
        return said["deletion_id"]

    def made(self, client, count, start=0, **query):
        """A job of so many rows, deleted: its id and the deletion's."""
        job = client.import_rows("annual", support.rows(count, start=start))["id"]
        return job, self.delete(client, job, **query)

    def set_past(self, deletion, *columns):
        past = "1" if self.server.database.embedded else "'epoch'"
        self.server.database.execute("UPDATE deletions SET %s WHERE id = %s" % (
            ", ".join("%s = %s" % (column, past) for column in columns), self.id_text(deletion)))

    def id_text(self, thing):
        return "x'%s'" % thing.replace("-", "") if self.server.database.embedded else "'%s'" % thing

    def count(self, table, deletion, column="deletion_id"):
        return self.server.database.numbers("SELECT count(*) FROM %s WHERE %s = %s" % (
            table, column, self.id_text(deletion)))[0]

    def audited(self, action, thing):
        return self.server.database.numbers(
            "SELECT count(*) FROM audit_events WHERE action = '%s' AND object_id = %s"
            % (action, self.id_text(thing)))[0]


class Looking(Deletions):
    def test_one_tells_all(self):
        analyst = self.server.new_client()
        job, deletion = self.made(analyst, 3, reason="wrong", delete_orphaned_companies=True)
        said = analyst.get("%s/%s" % (DELETIONS, deletion)).json["deletion"]
        for name, value in {
                "id": deletion, "subject": "job", "status": "done", "phase": "removal",
                "state": "done", "progress_percentage": 100, "job_id": job, "object_id": None,
                "kind": "annual", "filter": None, "record_only": False, "include_edited": False,
                "include_inferred": False, "delete_orphaned_companies": True, "reason": "wrong",
                "expected": 3, "deleted_predictions": {"annual": 3, "quarterly": 0}, "kept": [],
                "restored_versions": 0, "restored_names": 0, "kept_names": 0, "deleted_edits": 0,
                "deleted_companies": 3, "empty_companies": 3, "deleted_by": analyst.user["id"],
                "deleted_by_email": analyst.email, "restorable": True, "archived_predictions": 3,
                "restored_predictions": 0, "restored_as_former": 0, "restored_at": None,
                "restored_by": None, "restored_by_email": None, "purged_at": None,
                "purged_by": None, "purged_by_email": None, "purge_reason": None}.items():
            self.assertEqual(value, said[name], name)
        for name in ("created_at", "completed_at", "restorable_until"):
            self.assertRegex(said[name], TIME)
        shown = analyst.job(job, show_deleted=True)
        self.assertEqual(("deleted", deletion, "done"),
                         (shown["status"], shown["deletion"]["id"], shown["deletion"]["status"]))

    def test_the_list(self):
        analyst, other = self.server.new_client(), self.server.new_client()
        self.made(other, 1)
        found = [self.made(analyst, 1, start=10 * i) for i in range(3)]
        record = analyst.import_rows("annual", support.rows(1, start=90))["id"]
        alone = analyst.delete("%s/%s" % (JOBS, record)).json["deletion_id"]
        hand = analyst.create("annual", support.row(95)).json["prediction"]["id"]
        analyst.delete("%s/%s" % (ANNUAL, hand))
        everything = analyst.get(DELETIONS).json
        self.assertEqual(5, everything["pagination"]["total"])
        ids = [one["id"] for one in everything["deletions"]]
        self.assertEqual([alone] + [deletion for _, deletion in reversed(found)], ids[1:])
        self.assertEqual("prediction", everything["deletions"][0]["subject"])
        self.assertEqual(ids, [one["id"] for one in analyst.all(DELETIONS, "deletions", limit=2)])

        analyst.post("%s/%s/restore" % (DELETIONS, found[0][1]), expect=200, headers=WAIT)
        for query, wanted in (
                ({"job_id": found[1][0]}, [found[1][1]]),
                ({"subject": "prediction"}, ids[:1]),
                ({"subject": "job,company"}, ids[1:]),
                ({"state": "restored"}, [found[0][1]]),
                ({"state": "done,restored"}, ids),
                ({"state": "stalled,purged,pending,running,restoring,purging"}, []),
                ({"restorable": True}, ids[:4]),
                ({"restorable": "no"}, ids[4:]),
                ({"created_by": "me"}, ids),
                ({"created_by": other.email}, []),
                ({"job_id": UNKNOWN_ID}, [])):
            for form in ({}, {"limit": 10, "include_total": True}):
                said = analyst.get(DELETIONS, dict(query, **form)).json
                self.assertEqual(wanted, [one["id"] for one in said["deletions"]], query)
                self.assertEqual(len(wanted), said["pagination"]["total"], query)
        for query in ({"state": "gone"}, {"subject": "x"}, {"job_id": "x"}, {"restorable": "x"}):
            analyst.get(DELETIONS, query, 422)


class Restoring(Deletions):
    def lasting(self, client, job):
        """What a job says of itself, but for the times of what was done to it."""
        shown = client.job(job, include_errors=True)
        return [shown[name] for name in ("status", "file_info", "progress", "context", "errors", "lineage")]

    def test_all_comes_back(self):
        analyst = self.server.new_client()
        analyst.import_rows("annual", support.rows(5, start=100))
        job = analyst.import_rows("annual", support.rows(40))["id"]
        before, shown_before = rows_of(analyst), self.lasting(analyst, job)
        deletion = self.delete(analyst, job, delete_orphaned_companies=True)
        self.assertEqual(5, len(analyst.predictions()))

        path = "%s/%s/restore" % (JOBS, job)
        preview = analyst.post(path, query={"dry_run": True}).json
        self.assertEqual((True, 40, 40, 0),
                         tuple(preview[name] for name in ("dry_run", "restored_predictions",
                                                          "restored_as_current",
                                                          "restored_as_former")))
        self.assertIn("Nothing was changed", preview["message"])
        self.assertEqual(deletion, preview["deletion"]["id"])
        self.assertEqual(5, len(analyst.predictions()))

        answer = analyst.post(path, query={"reason": "it was right"}, headers=WAIT)
        said = answer.json
        self.assertEqual((40, 40, 0), (said["restored_predictions"], said["restored_as_current"],
                                       said["restored_as_former"]))
        self.assertEqual("40 predictions are back, as they were.", said["message"])
        self.assertEqual("%s/%s" % (DELETIONS, deletion), answer.header("Location"))
        self.assertEqual(before, rows_of(analyst))
        self.assertEqual(shown_before, self.lasting(analyst, job))
        shown = said["deletion"]
        self.assertEqual(("restored", analyst.email, analyst.user["id"], False, 40),
                         tuple(shown[name] for name in ("status", "restored_by_email",
                                                        "restored_by", "restorable",
                                                        "restored_predictions")))
        self.assertRegex(shown["restored_at"], TIME)
        self.assertEqual(1, self.audited("job.restored", job))

        # Once more: nothing happens, and the answer is the same.
        for again in (path, "%s/%s/restore" % (DELETIONS, deletion)):
            self.assertEqual(said, analyst.post(again).json)
        self.assertEqual(1, self.audited("job.restored", job))
        self.assertEqual(before, rows_of(analyst))

        # Deleted again, its latest deletion is meant.
        self.delete(analyst, job)
        self.assertEqual(said, analyst.post("%s/%s/restore" % (DELETIONS, deletion)).json)
        self.assertEqual(5, len(analyst.predictions()))
        analyst.post(path, headers=WAIT)
        self.assertEqual(before, rows_of(analyst))

    def test_behind_what_was_made_since(self):
        analyst = self.server.new_client()
        job, deletion = self.made(analyst, 4)
        newer = analyst.create("annual", support.row(2, return_on_assets=77)).json["prediction"]
        preview = analyst.post("%s/%s/restore" % (DELETIONS, deletion), query={"dry_run": 1}).json
        self.assertEqual((4, 3, 1), (preview["restored_predictions"], preview["restored_as_current"],
                                     preview["restored_as_former"]))
        said = analyst.post("%s/%s/restore" % (DELETIONS, deletion), headers=WAIT).json
        self.assertEqual((4, 3, 1), (said["restored_predictions"], said["restored_as_current"],
                                     said["restored_as_former"]))
        self.assertEqual(4, len(analyst.predictions()))
        versions = analyst.get("%s/%s/versions" % (ANNUAL, newer["id"])).json["versions"]
        self.assertEqual([(newer["id"], True), (job, False)],
                         [(versions[0]["id"], versions[0]["is_current"]),
                          (versions[1]["job_id"], versions[1]["is_current"])])

    def test_of_a_record(self):
        analyst = self.server.new_client()
        job = analyst.import_rows("annual", support.rows(2))["id"]
        before = rows_of(analyst)
        analyst.delete("%s/%s" % (JOBS, job))
        said = analyst.post("%s/%s/restore" % (JOBS, job)).json
        self.assertEqual("The job's record is back.", said["message"])
        self.assertEqual("completed", analyst.job(job)["status"])
        self.assertEqual(before, rows_of(analyst))

    def test_refusals(self):
        analyst, other = self.server.new_client(), self.server.new_client()
        there = analyst.import_rows("annual", support.rows(1, start=50))["id"]
        self.assert_problem(analyst.post("%s/%s/restore" % (JOBS, there), expect=409), 409,
                            "not_deleted")
        job, deletion = self.made(analyst, 2)
        for path in ("%s/%s/restore" % (JOBS, job), "%s/%s/restore" % (DELETIONS, deletion)):
            other.post(path, expect=404)
            analyst.post(path, query={"dry_run": "x"}, expect=422)
            analyst.post(path, query={"reason": "x" * 501}, expect=422)
            analyst.post(path, query={"window": 1}, expect=422)
        self.set_past(deletion, "restorable_until")
        for query in ({}, {"dry_run": True}):
            gone = analyst.post("%s/%s/restore" % (JOBS, job), query=query, expect=410)
            self.assert_problem(gone, 410, "window_over", ["could be undone until", "administrator"])
        self.assertIs(analyst.get("%s/%s" % (DELETIONS, deletion)).json["deletion"]["restorable"],
                      False)

    def test_after_the_window_an_administrator_still_can(self):
        admin = self.server.new_client("super_admin")
        job, deletion = self.made(admin, 2, start=7000)
        self.set_past(deletion, "restorable_until")
        self.assertEqual(2, admin.post("%s/%s/restore" % (JOBS, job), headers=WAIT).json[
            "restored_predictions"])


class Purging(Deletions):
    def test_now(self):
        admin = self.server.new_client("super_admin")
        job, deletion = self.made(admin, 30, start=8000, delete_orphaned_companies=True)
        path = "%s/%s" % (DELETIONS, deletion)
        self.assert_problem(admin.delete(path, expect=422), 422, fields={"reason": "missing"})
        admin.delete(path, {"reason": "  "}, 422)
        self.assertEqual(30, self.count("archived_companies", deletion))
        self.assertEqual(1, self.count("bulk_upload_files", job, "job_id"))
        said = admin.delete(path, {"reason": "they asked us to"}, headers=WAIT)
        self.assertIn("cannot be brought back", said.json["message"])
        self.assertEqual(path, said.header("Location"))
        shown = admin.get(path).json["deletion"]
        self.assertEqual(("purged", 0, 100, False, None, admin.email, "they asked us to"),
                         tuple(shown[name] for name in (
                             "status", "archived_predictions", "progress_percentage", "restorable",
                             "restorable_until", "purged_by_email", "purge_reason")))
        self.assertRegex(shown["purged_at"], TIME)
        for table in ("deletion_chunks", "archived_companies"):
            self.assertEqual(0, self.count(table, deletion), table)
        for table in ("bulk_upload_files", "bulk_upload_errors"):
            self.assertEqual(0, self.count(table, job, "job_id"), table)
        for action in ("deletion.purge_requested", "deletion.purged"):
            self.assertEqual(1, self.audited(action, deletion), action)
        self.assertEqual("deleted", admin.job(job, show_deleted=True)["status"])
        for again in ("%s/%s/restore" % (JOBS, job), path + "/restore"):
            self.assert_problem(admin.post(again, expect=410), 410, "purged")
        self.assertEqual(shown, admin.delete(path, {"reason": "again"}).json["deletion"])
        self.assertEqual([deletion], [one["id"] for one in admin.all(
            DELETIONS, "deletions", {"state": "purged", "job_id": job})])
        self.wait_for_companies(0, "S080%")

    def wait_for_companies(self, wanted, symbols):
        """Companies that nothing names are swept behind the purge."""
        deadline = time.monotonic() + 20
        statement = "SELECT count(*) FROM companies WHERE symbol LIKE '%s'" % symbols
        while self.server.database.numbers(statement)[0] != wanted:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def test_what_others_need_stays(self):
        """Edits that stayed refer to the job: its file is kept; and a company with predictions."""
        admin = self.server.new_client("super_admin")
        job = admin.import_rows("annual", support.rows(3, start=8200))["id"]
        item = admin.predictions(query={"job_id": job})[0]
        admin.put("%s/%s" % (ANNUAL, item["id"]), {"return_on_assets": 3})
        deletion = self.delete(admin, job, delete_orphaned_companies=True)
        self.assertEqual([{"reason": "edited", "count": 1}],
                         admin.get("%s/%s" % (DELETIONS, deletion)).json["deletion"]["kept"])
        admin.delete("%s/%s" % (DELETIONS, deletion), {"reason": "x"}, headers=WAIT)
        self.assertEqual(1, self.count("bulk_upload_files", job, "job_id"))
        self.wait_for_companies(1, "S0820%")

    def test_of_a_restored_deletion(self):
        """Nothing but the archive goes: the job is there."""
        admin = self.server.new_client("super_admin")
        job, deletion = self.made(admin, 3, start=8300)
        admin.post("%s/%s/restore" % (JOBS, job), headers=WAIT)
        before = rows_of(admin)
        said = admin.delete("%s/%s" % (DELETIONS, deletion), {"reason": "x"}, headers=WAIT).json
        self.assertEqual("purged", said["deletion"]["status"])
        self.assertRegex(said["deletion"]["restored_at"], TIME)
        self.assertEqual(before, rows_of(admin))
        self.assertEqual(1, self.count("bulk_upload_files", job, "job_id"))

    def test_who_may(self):
        analyst = self.server.new_client()
        _, deletion = self.made(analyst, 1)
        path = "%s/%s" % (DELETIONS, deletion)
        analyst.delete(path, {"reason": "x"}, 403)
        analyst.post(path + "/retry", expect=403)
        admin = self.server.new_client("super_admin")
        admin.delete(path, {"reason": "x"}, 404)
        admin.post(path + "/retry", expect=404)
        admin.post(path + "/restore", expect=404)


class Waiting(Deletions):
    """Nobody works: answers come before the work is done."""
    SERVER_OPTIONS = {"workers": 0}

    def test_on_the_way(self):
        server = self.server
        admin = server.new_client("super_admin")
        server.stop()
        server.workers = 1
        server.start()
        job = admin.import_rows("annual", support.rows(3))["id"]
        server.stop()
        server.workers = 0
        server.start()
        path = "%s/%s" % (JOBS, job)
        answer = admin.delete(path, CASCADE, 202, {"Prefer": "respond-async"})
        for name in ("deleted_predictions", "kept", "restored_versions", "deleted_companies"):
            self.assertIsNone(answer.json[name], name)
        self.assertRegex(answer.json["restorable_until"], TIME)
        deletion = answer.json["deletion_id"]
        place = "%s/%s" % (DELETIONS, deletion)
        self.assertEqual(place, answer.header("Location"))
        self.assertEqual(("pending", 0), tuple(admin.get(place).json["deletion"][name] for name in
                                               ("status", "progress_percentage")))
        self.assert_problem(admin.post(path + "/restore", expect=409), 409, "still_deleting")
        self.assert_problem(admin.delete(place, {"reason": "x"}, 409), 409, "deletion_running")
        self.assertEqual(deletion, admin.post(place + "/retry", expect=202, headers={
            "Prefer": "respond-async"}).json["deletion"]["id"])

        # As if it had died three times at one place.
        server.database.execute("DELETE FROM work_queue")
        server.database.execute("UPDATE deletions SET state = 'stalled'")
        self.assertEqual("stalled", admin.get(place).json["deletion"]["status"])
        self.assert_problem(admin.delete(place, {"reason": "x"}, 409), 409, "deletion_stalled")
        said = admin.post(place + "/retry", expect=202, headers={"Prefer": "wait=0"})
        self.assertEqual(("The deletion goes on where it stood.", "pending"),
                         (said.json["message"], said.json["deletion"]["status"]))
        self.assertEqual(1, self.audited("deletion.retried", deletion))
        server.stop()
        server.workers = 1
        server.start()
        admin.wait_deletion(deletion)
        self.assert_problem(admin.post(place + "/retry", expect=409), 409, "not_stalled")
        server.stop()
        server.workers = 0
        server.start()

        # Its restoration, likewise.
        answer = admin.post(path + "/restore", expect=202, headers={"Prefer": "respond-async"})
        self.assertEqual(("restoring", None, None),
                         (answer.json["deletion"]["status"], answer.json["restored_predictions"],
                          answer.json["deletion"]["restored_at"]))
        self.assertEqual(place, answer.header("Location"))
        self.assertEqual("restoring", admin.job(job, show_deleted=True)["status"])
        self.assertEqual(0, admin.job(job, show_deleted=True)["lineage"]["predictions"])
        self.assertEqual([], admin.predictions())
        self.assert_problem(admin.delete(path, CASCADE, 409), 409, "job_restoring")
        server.database.execute("DELETE FROM work_queue")
        server.database.execute("UPDATE deletions SET state = 'stalled'")
        admin.post(place + "/retry", expect=202, headers={"Prefer": "respond-async"})
        server.stop()
        server.workers = 1
        server.start()
        admin.wait_deletion(deletion)
        self.assertEqual(3, len(admin.predictions()))
        self.assertEqual("completed", admin.job(job)["status"])

        # And its purge.
        server.stop()
        server.workers = 0
        server.start()
        answer = admin.delete(place, {"reason": "x"}, 202, {"Prefer": "respond-async"})
        self.assertEqual("purging", answer.json["deletion"]["status"])
        server.database.execute("DELETE FROM work_queue")
        server.database.execute("UPDATE deletions SET state = 'stalled'")
        admin.post(place + "/retry", expect=202, headers={"Prefer": "respond-async"})
        server.stop()
        server.workers = 1
        server.start()
        self.assertEqual("purged", admin.wait_deletion(deletion)["status"])
        self.assertEqual(3, len(admin.predictions()))

    def test_settling_is_said(self):
        """While versions are on their way into their places, lists and totals may still change."""
        admin = self.server.new_client("super_admin")
        for path in (ANNUAL, PREDICTIONS + "/quarterly", API + "/companies"):
            self.assertNotIn("settling", admin.get(path).json)
        self.server.database.execute("UPDATE bulk_upload_jobs SET settling = TRUE")
        for path in (ANNUAL, PREDICTIONS + "/quarterly", API + "/companies"):
            for query in ({}, {"limit": 2}):
                self.assertIs(admin.get(path, query).json["settling"], True)
        self.assertNotIn("settling", self.server.new_client().get(ANNUAL).json)
        for job in admin.jobs():
            self.assertIs(job["settling"], True)
        self.server.database.execute("UPDATE bulk_upload_jobs SET settling = FALSE")
        self.assertNotIn("settling", admin.get(ANNUAL).json)


class Policy(Deletions):
    """Archives are kept for 30 days and no longer."""
    SERVER_OPTIONS = {"arguments": ["--keep-archives", "30", "--restore-window", "2"]}

    def test_the_housekeeping_purges_what_is_old(self):
        server = self.server
        admin = server.new_client("super_admin")
        old_job, old = self.made(admin, 3)
        _, young = self.made(admin, 3, start=20)
        held_job, held = self.made(admin, 3, start=40)
        _, open_still = self.made(admin, 3, start=60)
        admin.request("PATCH", "%s/%s" % (JOBS, held_job), {"legal_hold": True, "reason": "a case"})
        shown = admin.get("%s/%s" % (DELETIONS, old)).json["deletion"]
        window = moment(shown["restorable_until"]) - moment(shown["created_at"])
        self.assertEqual(datetime.timedelta(days=2), window)
        for deletion in (old, held):
            self.set_past(deletion, "completed_at", "restorable_until")
        self.set_past(open_still, "completed_at")
        server.stop()
        server.start()
        deadline = time.monotonic() + 20
        while admin.get("%s/%s" % (DELETIONS, old)).json["deletion"]["status"] != "purged":
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        shown = admin.get("%s/%s" % (DELETIONS, old)).json["deletion"]
        self.assertEqual((None, "The archive was kept for as long as the retention policy says."),
                         (shown["purged_by"], shown["purge_reason"]))
        self.assertEqual(0, self.count("bulk_upload_files", old_job, "job_id"))
        self.assertEqual(1, self.audited("deletion.purged", old))
        for deletion in (young, held, open_still):
            self.assertEqual("done", admin.get("%s/%s" % (DELETIONS, deletion)).json["deletion"][
                "status"])
            self.assertEqual(0, self.audited("deletion.purge_requested", deletion))


if __name__ == "__main__":
    support.main()
