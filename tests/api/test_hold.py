"""Notes and legal holds: what a hold forbids, who sets it, and what it says."""
import support
from support import API, JOBS, TIME

DELETIONS = API + "/deletions"
CASCADE = {"delete_predictions": True}
WAIT = {"Prefer": "wait=30"}


class Holds(support.TestCase):
    def hold(self, client, job, reason="a lawsuit", expect=200, **more):
        return client.request("PATCH", "%s/%s" % (JOBS, job),
                              dict({"legal_hold": True, "reason": reason}, **more), expect=expect)

    def lift(self, client, job, expect=200):
        return client.request("PATCH", "%s/%s" % (JOBS, job),
                              {"legal_hold": False, "reason": "it is over"}, expect=expect)

    def audited(self, job):
        """How often it was set, lifted, and how often its note was changed."""
        thing = "x'%s'" % job.replace("-", "") if self.server.database.embedded else "'%s'" % job
        return tuple(self.server.database.numbers(
            "SELECT count(*) FROM audit_events WHERE action = 'job.%s' AND object_id = %s"
            % (action, thing))[0] for action in ("hold_set", "hold_lifted", "note_changed"))

    def test_a_note(self):
        analyst = self.server.new_client()
        job = analyst.import_rows("annual", support.rows(1))["id"]
        path = "%s/%s" % (JOBS, job)
        self.assertIsNone(analyst.job(job)["note"])
        said = analyst.request("PATCH", path, {"note": "  of the branch in Graz "}).json["job"]
        self.assertEqual("of the branch in Graz", said["note"])
        self.assertEqual(["of the branch in Graz"], [one["note"] for one in analyst.jobs()])
        for nothing in ("", None):
            analyst.request("PATCH", path, {"note": "x"})
            self.assertIsNone(analyst.request("PATCH", path, {"note": nothing}).json["job"]["note"])
        self.assertEqual((0, 0, 5), self.audited(job))
        analyst.delete(path)
        self.assertEqual("why", analyst.request("PATCH", path, {"note": "why"}).json["job"]["note"])
        self.server.new_client().request("PATCH", path, {"note": "x"}, expect=404)

    def test_wrong_bodies(self):
        admin = self.server.new_client("super_admin")
        job = admin.import_rows("annual", support.rows(1, start=100))["id"]
        path = "%s/%s" % (JOBS, job)
        for body, fields in (({}, {"legal_hold": "missing"}),
                             ({"legal_hold": True}, {"reason": "missing"}),
                             ({"legal_hold": False, "reason": " "}, {"reason": "missing"}),
                             ({"legal_hold": "x", "reason": "y"}, {"legal_hold": "not_a_boolean"}),
                             ({"note": "x" * 2001}, {"note": "too_long"}),
                             ({"legal_hold": True, "reason": "x" * 501}, {"reason": "too_long"}),
                             ({"status": "completed"}, None)):
            answer = admin.request("PATCH", path, body, expect=422)
            if fields is not None:
                self.assertEqual(fields, answer.field_codes(), body)
        admin.request("PATCH", path, {"note": "x"}, {"force": 1}, expect=422)
        self.assertEqual((0, 0, 0), self.audited(job))

    def test_what_it_forbids(self):
        admin = self.server.new_client("super_admin")
        job = admin.import_rows("annual", support.rows(3, start=200))["id"]
        path = "%s/%s" % (JOBS, job)
        said = self.hold(admin, job, note="and a note").json["job"]
        self.assertEqual("and a note", said["note"])
        self.assertEqual(("a lawsuit", admin.user["id"], admin.email),
                         tuple(said["legal_hold"][name] for name in ("reason", "set_by",
                                                                     "set_by_email")))
        self.assertRegex(said["legal_hold"]["set_at"], TIME)
        before = admin.predictions()
        for query in ({}, CASCADE, dict(CASCADE, dry_run=True)):
            refused = admin.delete(path, query, 409)
            self.assert_problem(refused, 409, "legal_hold", [admin.email, "3 predictions"])
            self.assertEqual((3, admin.email, "a lawsuit", job),
                             tuple(refused.json[name] for name in ("held_rows", "held_by",
                                                                   "hold_reason", "job_id")))
            self.assertRegex(refused.json["held_at"], TIME)
        admin.get(path + "/deletion-preview", expect=409)
        self.assertEqual(before, admin.predictions())
        self.assertEqual("completed", admin.job(job)["status"])

        # Set again it has its new reason; lifted it is gone, and lifted again nothing happens.
        self.assertEqual("another", self.hold(admin, job, "another").json["job"]["legal_hold"][
            "reason"])
        for _ in range(2):
            self.assertIsNone(self.lift(admin, job).json["job"]["legal_hold"])
        self.assertEqual((2, 1, 1), self.audited(job))
        admin.delete(path, CASCADE, headers=WAIT)

    def test_the_archive_is_held(self):
        admin = self.server.new_client("super_admin")
        job = admin.import_rows("annual", support.rows(3, start=300))["id"]
        path = "%s/%s" % (JOBS, job)
        deletion = admin.delete(path, CASCADE, headers=WAIT).json["deletion_id"]
        self.hold(admin, job)
        refused = admin.delete("%s/%s" % (DELETIONS, deletion), {"reason": "x"}, 409)
        self.assert_problem(refused, 409, "legal_hold", [admin.email, "3 rows of this archive"])
        self.assertEqual(3, refused.json["held_rows"])
        self.assertEqual("done", admin.get("%s/%s" % (DELETIONS, deletion)).json["deletion"]["status"])

        # It may come back, and then stays.
        admin.post(path + "/restore", headers=WAIT)
        admin.delete(path, CASCADE, 409)
        self.lift(admin, job)
        deletion = admin.delete(path, CASCADE, headers=WAIT).json["deletion_id"]
        admin.delete("%s/%s" % (DELETIONS, deletion), {"reason": "x"}, headers=WAIT)

    def test_rows_of_a_held_job_in_the_archive_of_another_deletion(self):
        admin = self.server.new_client("super_admin")
        job = admin.import_rows("annual", support.rows(2, start=400))["id"]
        item = admin.predictions(query={"job_id": job})[0]
        admin.delete("%s/annual/%s" % (support.PREDICTIONS, item["id"]))
        hand = admin.create("annual", support.row(450)).json["prediction"]["id"]
        admin.delete("%s/annual/%s" % (support.PREDICTIONS, hand))
        by_hand, deletion = [one["id"] for one in admin.all(
            DELETIONS, "deletions", {"subject": "prediction"})][:2]
        self.hold(admin, job)
        refused = admin.delete("%s/%s" % (DELETIONS, deletion), {"reason": "x"}, 409)
        self.assertEqual((1, job), (refused.json["held_rows"], refused.json["job_id"]))
        admin.delete("%s/%s" % (DELETIONS, by_hand), {"reason": "x"}, headers=WAIT)

    def test_who_may(self):
        """Of a personal job nobody but an administrator who reaches it; the uploader does not."""
        analyst = self.server.new_client()
        job = analyst.import_rows("annual", support.rows(1, start=500))["id"]
        self.assert_problem(self.hold(analyst, job, expect=403), 403, "denied", ["administrator"])
        self.assert_problem(self.lift(analyst, job, expect=403), 403, "denied")
        self.hold(analyst, job, expect=403, note="x")
        self.assertIsNone(analyst.job(job)["note"])
        self.hold(self.server.new_client("super_admin"), job, expect=404)
        one, other = self.server.new_client("super_admin"), self.server.new_client("super_admin")
        job = one.import_rows("annual", support.rows(1, start=510))["id"]
        self.hold(other, job)
        self.assertEqual(other.email, one.job(job)["legal_hold"]["set_by_email"])
        self.lift(one, job)


if __name__ == "__main__":
    support.main()
