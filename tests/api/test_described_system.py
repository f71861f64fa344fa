"""What clients of the described system rely on, and the breaks that docs/from-the-described-system.md names.

The aliases and members of "Kept for existing clients" of the contract, the shapes that it took over, and its two
answers in full, member by member. What registration, sessions and profiles keep is in the tests of accounts."""
import uuid

import support
from support import API, JOBS, PREDICTIONS, TIME, UNKNOWN_ID, UUID
from test_routes import parse_routes

ANNUAL = PREDICTIONS + "/annual"
QUARTERLY = PREDICTIONS + "/quarterly"

# --- what a member is -----------------------------------------------------------------------------------

KINDS = {
    "text": lambda value: isinstance(value, str),
    "id": lambda value: isinstance(value, str) and UUID.fullmatch(value),
    "time": lambda value: isinstance(value, str) and TIME.match(value),
    "int": lambda value: type(value) is int,
    "number": lambda value: type(value) in (int, float),
    "bool": lambda value: type(value) is bool,
    "null": lambda value: value is None,
    "object": lambda value: isinstance(value, dict),
}


def faults(wanted, found, place=""):
    """Where `found` is not what `wanted` says: members by name, a kind (with ? it may be null), [one item]."""
    if isinstance(wanted, str):
        good = wanted.endswith("?") and found is None or KINDS[wanted.rstrip("?")](found)
        return [] if good else ["%s is no %s: %r" % (place, wanted, found)]
    if isinstance(wanted, list):
        if not isinstance(found, list) or not found:
            return ["%s has no items: %r" % (place, found)]
        return [fault for i, item in enumerate(found)
                for fault in faults(wanted[0], item, "%s[%d]" % (place, i))]
    if not isinstance(found, dict):
        return ["%s is no object: %r" % (place, found)]
    return [fault for name, inner in wanted.items()
            for fault in ([] if name in found else ["%s.%s is missing" % (place, name)]) or
            faults(inner, found[name], "%s.%s" % (place, name))]


def names(value):
    """Every name of a member, wherever it is."""
    if isinstance(value, list):
        return {name for item in value for name in names(item)}
    if isinstance(value, dict):
        return set(value) | {name for item in value.values() for name in names(item)}
    return set()


# The two answers that the contract gives in full.
JOB = {
    "success": "bool",
    "job": {
        "id": "id", "status": "text", "job_type": "text",
        "file_info": {"original_filename": "text", "file_size": "int", "file_size_mb": "number",
                      "file_sha256": "text"},
        "progress": {"total_rows": "int", "processed_rows": "int", "successful_rows": "int", "failed_rows": "int",
                     "skipped_rows": "int", "unchanged_rows": "int", "total_known": "bool",
                     "progress_percentage": "number", "remaining_rows": "int"},
        "performance": {"processing_time_seconds": "number", "rows_per_second": "number",
                        "estimated_completion_seconds": "null"},
        "timestamps": {"created_at": "time", "started_at": "time", "completed_at": "time", "updated_at": "time"},
        "context": {"user_id": "id", "organization_id": "id", "created_by": "text", "access_level": "text"},
        "warnings": {"count": "int"},
        "errors": {"has_errors": "bool", "error_message": "text?", "error_count": "int",
                   "error_details": {"errors": [{"row": "int", "column": "text", "code": "text", "error": "text",
                                                 "data": "text"}]}},
        "lineage": {"model": "object", "predictions": "int", "companies_created": "int", "options": "object"},
    },
}
DELETED = {
    "success": "bool", "message": "text",
    "deleted_job": {"id": "id", "status": "text", "job_type": "text", "original_filename": "text"},
    "deleted_predictions": {"annual": "int", "quarterly": "int"},
    "kept": [{"reason": "text", "count": "int"}],
    "restored_versions": "int", "deleted_companies": "int", "deletion_id": "id", "restorable_until": "time",
}
PREVIEW = {name: DELETED[name] for name in ("success", "message", "deleted_job", "deleted_predictions", "kept",
                                            "restored_versions", "deleted_companies")}

OWNERSHIP = {"access_level": "text", "organization_id": "id", "organization_name": "text"}
PREDICTION = dict(OWNERSHIP, id="id", company_id="id", company_symbol="text", company_name="text", sector="text",
                  market_cap="number", reporting_year="text", reporting_quarter="text", probability="number",
                  risk_level="text", confidence="number", source="text", job_id="id", job_row="int",
                  job_link="text", original_filename="text", model="object", created_by="id",
                  created_by_email="text", created_at="time")
COMPANY = dict(OWNERSHIP, id="id", symbol="text", name="text", sector="text", market_cap="number",
               created_by="id", created_by_email="text", created_at="time", updated_at="time")


class Described(support.TestCase):
    """A member of an organization with a user name, and an upload of two good rows, one with an edit, and a bad
    one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client = client = cls.server.new_client()
        cls.join(client)
        cls.rows = support.rows(2) + [support.row(3, return_on_assets="12%")]
        cls.sent = client.upload("annual", support.csv(cls.rows), filename="figures.csv")
        cls.job_id = cls.sent.json["job_id"]
        client.wait_job(cls.job_id)
        made = client.get("%s/%s/results" % (JOBS, cls.job_id)).json["predictions"]
        cls.prediction = made[0]["id"]
        cls.company = made[0]["company_id"]
        cls.symbol = made[0]["company_symbol"]
        cls.quarterly = client.create("quarterly", support.row(4, "quarterly")).json["prediction"]["id"]

    @classmethod
    def join(cls, client):
        """Past the program: how one gets in is the matter of other tests."""
        database = cls.server.database
        organization = str(uuid.uuid4())

        def an_id(text):
            return "X'%s'" % text.replace("-", "") if database.embedded else "'%s'" % text

        at = "0" if database.embedded else "'epoch'"
        digest = "X'%s'" % ("00" * 32) if database.embedded else "'\\x%s'" % ("00" * 32)
        for statement in (
                "INSERT INTO owners (id, kind, data_revision) VALUES (%s, 'organization', 0)" % an_id(organization),
                "INSERT INTO audit_heads (owner_id, seq, digest, at) VALUES (%s, 0, %s, %s)"
                % (an_id(organization), digest, at),
                "INSERT INTO organizations (id, slug, name, is_active, join_enabled, default_role, "
                "allow_global_data_access, revision, created_by, created_at, updated_at) VALUES "
                "(%s, 'acme-%s', 'Acme Ratings', TRUE, FALSE, 'org_member', FALSE, 1, %s, %s, %s)"
                % (an_id(organization), organization, an_id(client.user["id"]), at, at),
                "UPDATE users SET organization_id = %s, role = 'org_member', username = 'ada' WHERE id = %s"
                % (an_id(organization), an_id(client.user["id"]))):
            database.execute(statement)
        cls.organization = organization

    def fill(self, path):
        for word, value in (("{kind}", "annual"), ("{version_id}", self.prediction), ("{symbol}", self.symbol),
                            ("{user_id}", UNKNOWN_ID)):
            path = path.replace(word, value)
        for prefix, thing in ((JOBS, self.job_id), (API + "/companies", self.company), (PREDICTIONS, self.prediction)):
            if path.startswith(prefix):
                return path.replace("{id}", thing)
        return path.replace("{id}", UNKNOWN_ID)

    def assert_has(self, wanted, found):
        self.assertEqual([], faults(wanted, found))


class Aliases(Described):
    # Two ways to ask for the same: (method, path, method and path of the contract).
    SAME = [
        ("POST", JOBS + "/{id}/results", "GET", JOBS + "/{id}/results"),
        ("POST", JOBS + "/{id}/results?page=1&size=1", "GET", JOBS + "/{id}/results?page=1&size=1"),
        ("GET", API + "/users/me", "GET", API + "/auth/me"),
        ("GET", "/health", "GET", "/healthz"),
        ("GET", JOBS + "?status=queued", "GET", JOBS + "?status=pending"),
        ("GET", JOBS + "?status=queued,completed", "GET", JOBS + "?status=pending,completed"),
    ]

    def test_the_same_answer(self):
        for method, path, other, contract in self.SAME:
            with self.subTest(method + " " + path):
                found = self.client.request(method, self.fill(path)).json
                wanted = self.client.request(other, self.fill(contract)).json
                for job in found.get("jobs", []) + wanted.get("jobs", []):
                    del job["performance"]     # of the moment
                self.assertEqual(wanted, found)

    def test_results_by_post_with_a_body(self):
        """Which the described system's clients send; there is nothing in it that counts."""
        path = "%s/%s/results" % (JOBS, self.job_id)
        self.assertEqual(self.client.get(path).json, self.client.post(path, {}).json)

    def test_queued_is_a_word_of_the_filter(self):
        answer = self.client.get(JOBS, {"status": "waiting"}, 422)
        self.assertIn("queued", answer.json["errors"][0]["message"])

    def test_put_by_post(self):
        for kind, ratio in (("quarterly", "sga_margin"), ("annual", "return_on_assets")):
            made = self.client.create(kind, support.row(50, kind)).json["prediction"]
            place = "%s/%s" % (PREDICTIONS, kind)
            put = self.client.put("%s/%s" % (place, made["id"]), {ratio: 1.5}).json
            posted = self.client.post("%s/%s" % (place, put["prediction"]["id"]), {ratio: 2.5}).json
            self.assertEqual(set(put), set(posted))
            self.assertEqual(put["prediction"]["id"], posted["supersedes"])
            self.assertEqual((2.5, "edit"), (posted["prediction"][ratio], posted["prediction"]["source"]))

    def test_trailing_slashes(self):
        """On every route; whoever is not signed in is told the same with and without them."""
        stranger = self.server.anonymous()
        for method, path in parse_routes():
            asked = self.fill(path)
            without = stranger.request(method, asked, expect=None)
            for slashes in ("/", "//"):
                answer = stranger.request(method, asked + slashes, expect=None)
                self.assertEqual(without.status, answer.status, "%s %s" % (method, path))
            self.assertNotIn(without.status, (404, 405), "%s %s" % (method, path))

    def test_trailing_slashes_of_lists(self):
        for path in (ANNUAL, QUARTERLY, JOBS, API + "/companies", API + "/deletions"):
            with self.subTest(path):
                page = self.client.get(path, {"limit": 1}).json
                slashed = self.client.get(path + "/", {"limit": 1}).json
                self.assertEqual(page["pagination"], slashed["pagination"])
                if page["pagination"]["has_more"]:   # a cursor of the one goes on in the other
                    cursor = {"limit": 1, "cursor": page["pagination"]["next_cursor"]}
                    self.client.get(path + "/", cursor)

    def test_deleted_jobs_are_shown_on_demand(self):
        kept = self.client.import_rows("annual", [support.row(70)])["id"]
        gone = self.client.import_rows("annual", [support.row(71)])["id"]
        said = self.client.delete("%s/%s" % (JOBS, gone), {"delete_predictions": True}, (200, 202)).json
        self.client.wait_deletion(said["deletion_id"])
        for query, shown in (({}, False), ({"status": "deleted,deleting,restoring"}, False),
                             ({"show_deleted": "true"}, True), ({"show_deleted": "1", "status": "deleted"}, True),
                             ({"show_deleted": "true", "status": "deleting,restoring"}, False)):
            with self.subTest(str(query)):
                found = [job["id"] for job in self.client.jobs(query)]
                self.assertEqual(shown, gone in found)
                self.assertEqual("status" not in query, kept in found)
        answer = self.client.get("%s/%s" % (JOBS, gone), expect=410)
        self.assert_problem(answer, 410, "gone")
        self.assertEqual("deleted", self.client.job(gone, show_deleted=True)["status"])

    def test_booleans(self):
        """In all the ways in which clients write them."""
        for word in ("true", "1", "yes", "on", "TRUE", "Yes", "On"):
            self.assertTrue(self.client.job(self.job_id, include_errors=word)["errors"]["error_details"], word)
        for word in ("false", "0", "no", "off", "FALSE", "No", "Off"):
            self.assertIsNone(self.client.job(self.job_id, include_errors=word)["errors"]["error_details"], word)


class Queued(support.TestCase):
    """Where nobody works, what is accepted stays pending."""
    SERVER_OPTIONS = {"workers": 0}

    def test_queued_is_pending(self):
        client = self.server.new_client()
        sent = client.upload("annual", support.csv(support.rows(1))).json
        for query, wanted in (({"status": "queued"}, [sent["job_id"]]), ({"status": "pending"}, [sent["job_id"]]),
                              ({"status": "queued,completed"}, [sent["job_id"]]), ({"status": "completed"}, [])):
            found = client.get(JOBS, query).json["jobs"]
            self.assertEqual(wanted, [job["id"] for job in found], query)
            self.assertEqual(["pending"] * len(found), [job["status"] for job in found])


class Members(Described):
    def test_the_job_in_full(self):
        answer = self.client.get("%s/%s" % (JOBS, self.job_id), {"include_errors": True}).json
        self.assert_has(JOB, answer)
        context = answer["job"]["context"]
        self.assertEqual(("ada", self.client.email, self.client.user["id"]),
                         (context["created_by"], context["created_by_email"], context["user_id"]))
        self.assertEqual((self.organization, "Acme Ratings", "organization"),
                         (context["organization_id"], context["organization_name"], context["access_level"]))

    def test_the_items_of_a_list_too(self):
        item = next(job for job in self.client.jobs() if job["id"] == self.job_id)
        wanted = dict(JOB["job"], errors=dict(JOB["job"]["errors"], error_details="null"),
                      lineage={"model": "object", "options": "object"})
        self.assert_has(wanted, item)
        self.assertEqual("ada", item["context"]["created_by"])

    def test_the_deletion_in_full(self):
        job = self.client.import_rows("annual", support.rows(2, start=80))["id"]
        made = self.client.get("%s/%s/results" % (JOBS, job)).json["predictions"]
        self.client.put("%s/%s" % (ANNUAL, made[0]["id"]), {"return_on_assets": 9})
        path = "%s/%s" % (JOBS, job)
        preview = self.client.delete(path, {"delete_predictions": True, "dry_run": True})
        self.assert_has(dict(PREVIEW, dry_run="bool", sample=[PREDICTION]), preview.json)
        self.assertIs(True, preview.json["dry_run"])
        self.assertEqual(preview.header("ETag"), self.client.get(path + "/deletion-preview",
                                                                {"delete_predictions": True}).header("ETag"))
        deleted = self.client.delete(path, {"delete_predictions": True},
                                     headers={"Prefer": "wait=30", "If-Match": preview.header("ETag")}).json
        self.assert_has(DELETED, deleted)
        self.assertEqual({name: preview.json[name] for name in ("deleted_predictions", "kept")},
                         {name: deleted[name] for name in ("deleted_predictions", "kept")})
        self.assertEqual(({"annual": 2, "quarterly": 0}, [{"reason": "edited", "count": 1}]),
                         (deleted["deleted_predictions"], deleted["kept"]))

    def test_the_record_alone(self):
        job = self.client.import_rows("annual", support.rows(3, start=90))["id"]
        said = self.client.delete("%s/%s" % (JOBS, job)).json
        wanted = dict(DELETED, predictions_kept="int")
        del wanted["kept"]     # which is there, and empty
        self.assert_has(wanted, said)
        self.assertEqual(({"annual": 0, "quarterly": 0}, [], 0, 0, 3),
                         tuple(said[name] for name in ("deleted_predictions", "kept", "restored_versions",
                                                       "deleted_companies", "predictions_kept")))

    def test_the_answer_to_an_upload(self):
        self.assert_has({"success": "bool", "message": "text", "job_id": "id", "task_id": "id", "status": "text"},
                        self.sent.json)
        self.assertEqual(self.job_id, self.sent.json["task_id"])
        self.assertEqual("%s/%s" % (JOBS, self.job_id), self.sent.header("Location"))

    def test_predictions(self):
        wanted = {"success": "bool", "prediction": PREDICTION}
        found = self.client.get("%s/%s" % (ANNUAL, self.prediction)).json
        self.assert_has(wanted, found)
        self.assertEqual((self.client.email, "Acme Ratings", self.organization),
                         tuple(found["prediction"][name]
                               for name in ("created_by_email", "organization_name", "organization_id")))
        by_hand = dict(PREDICTION, job_id="null", job_row="null", job_link="null", original_filename="null")
        made = self.client.get("%s/%s" % (QUARTERLY, self.quarterly)).json
        self.assert_has({"success": "bool", "prediction": by_hand}, made)
        for path in ("%s?job_id=%s" % (ANNUAL, self.job_id), "%s/%s/results" % (JOBS, self.job_id)):
            self.assert_has({"success": "bool", "predictions": [PREDICTION], "pagination": "object"},
                            self.client.get(path).json)

    def test_periods_are_texts(self):
        for year, quarter, text in ((2024, "Q1", "Q1"), (2024, "q2", "Q2"), ("2024", "3", "Q3"), (2024, None, "Q4")):
            made = self.client.create("annual", support.row(200, reporting_year=year, reporting_quarter=quarter))
            self.assertEqual(("2024", text), (made.json["prediction"]["reporting_year"],
                                              made.json["prediction"]["reporting_quarter"]))

    def test_companies(self):
        for path in ("%s/companies/%s" % (API, self.company), "%s/companies/search/%s" % (API, self.symbol)):
            found = self.client.get(path).json
            self.assert_has({"success": "bool", "company": COMPANY}, found)
            self.assertEqual((self.client.email, "Acme Ratings"),
                             (found["company"]["created_by_email"], found["company"]["organization_name"]))
        self.assert_has({"companies": [COMPANY], "pagination": "object"},
                        self.client.get(API + "/companies").json)

    def test_personal_items_have_no_organization(self):
        made = self.client.create("annual", support.row(300), query={"access_level": "personal"}).json["prediction"]
        self.assertEqual(("personal", None, None, self.client.email),
                         tuple(made[name] for name in ("access_level", "organization_id", "organization_name",
                                                       "created_by_email")))


class Lists(Described):
    # A query, and what `pagination` says to it beside has_more and next_cursor.
    FORMS = [
        ({}, {"page": 1, "size": 50, "total": 3, "pages": 1}),
        ({"page": 2, "size": 2}, {"page": 2, "size": 2, "total": 3, "pages": 2}),
        ({"page": 5}, {"page": 5, "size": 50, "total": 3, "pages": 1}),
        ({"size": 1000}, {"page": 1, "size": 1000, "total": 3, "pages": 1}),
        ({"limit": 2}, {"limit": 2}),
        ({"limit": 2, "include_total": "true"}, {"limit": 2, "total": 3}),
    ]
    OFFSETS = [
        ({"offset": 1}, {"limit": 50, "offset": 1, "total": 3}),
        ({"limit": 1, "offset": 2}, {"limit": 1, "offset": 2, "total": 3}),
    ]

    def test_forms(self):
        client = self.server.new_client()
        for number in range(3):
            client.import_rows("annual", [support.row(number)])
        for path, key in ((ANNUAL, "predictions"), (JOBS, "jobs"), (API + "/companies", "companies")):
            forms = self.FORMS + (self.OFFSETS if path == JOBS else [])
            everything = [item["id"] for item in client.get(path, {"limit": 1000}).json[key]]
            for query, wanted in forms:
                with self.subTest("%s %s" % (path, query)):
                    found = client.get(path, query).json
                    pagination = found["pagination"]
                    self.assertEqual({"has_more", "next_cursor"}, set(pagination) - set(wanted))
                    self.assertEqual(wanted, {name: pagination[name] for name in wanted})
                    size = wanted.get("size", wanted.get("limit"))
                    first = wanted.get("offset", (wanted.get("page", 1) - 1) * size)
                    self.assertEqual(everything[first:first + size], [item["id"] for item in found[key]])

    def test_jobs_of_somebody(self):
        for who in ("me", self.client.email, self.client.user["id"]):
            self.assertIn(self.job_id, [job["id"] for job in self.client.jobs({"created_by": who})])
        self.assertEqual([], self.client.jobs({"created_by": UNKNOWN_ID}))


class Breaks(Described):
    """What is different on purpose."""

    def test_problems_say_it_in_the_old_words_too(self):
        job = "%s/%s" % (JOBS, self.job_id)
        stranger = self.server.anonymous()
        for client, method, path, body, status in (
                (stranger, "GET", JOBS, None, 401),
                (self.client, "POST", API + "/models", {}, 403),
                (self.client, "GET", "%s/%s" % (JOBS, UNKNOWN_ID), None, 404),
                (self.client, "GET", JOBS + "/17", None, 404),
                (self.client, "PUT", job, {}, 405),
                (self.client, "POST", ANNUAL, support.row(0), 409),
                (self.client, "POST", job + "/cancel", None, 409),
                (self.client, "GET", ANNUAL + "?limit=1001", None, 422),
                (self.client, "GET", ANNUAL + "?job_id=17", None, 422)):
            with self.subTest("%s %s" % (method, path)):
                problem = client.request(method, path, body, expect=status).json
                self.assert_has({"type": "text", "title": "text", "status": "int", "detail": "text",
                                 "instance": "text", "success": "bool", "error": "text", "message": "text"}, problem)
                self.assertEqual((False, problem["detail"], status),
                                 (problem["success"], problem["message"], problem["status"]))

    def test_an_upload_is_accepted_not_done(self):
        self.assertEqual((202, "pending"), (self.sent.status, self.sent.json["status"]))

    def test_tokens_say_nothing(self):
        """No dots, no parts: nothing that a client could read or make itself."""
        self.assertRegex(self.client.token, r"\A[A-Za-z0-9_-]{43}\Z")

    def test_the_largest_page(self):
        self.client.get(ANNUAL, {"limit": 1000})
        answer = self.client.get(ANNUAL, {"limit": 1001}, 422)
        self.assert_problem(answer, 422, "invalid_parameters", words=["1000"])

    def test_no_tenants_and_no_celery(self):
        for path in ("%s/%s" % (JOBS, self.job_id), "%s/%s/status" % (JOBS, self.job_id), JOBS, ANNUAL,
                     API + "/companies", API + "/users/me", "%s/%s/lineage" % (ANNUAL, self.prediction)):
            for name in names(self.client.get(path).json):
                self.assertNotRegex(name, "tenant|celery", path)

    def test_times_end_in_z(self):
        def times(value):
            if isinstance(value, list):
                return [time for item in value for time in times(item)]
            if not isinstance(value, dict):
                return []
            return [time for name, item in value.items()
                    for time in ([item] if name.endswith("_at") and item is not None else times(item))]
        found = times(self.client.get(ANNUAL).json) + times(self.client.get(JOBS).json)
        self.assertGreater(len(found), 4)
        for time in found:
            self.assertRegex(time, TIME)


if __name__ == "__main__":
    support.main()
