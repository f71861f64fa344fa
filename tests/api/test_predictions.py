"""Predictions made, changed and deleted by hand; lineage, versions, entity tags; scoring alone."""
import json
import threading

import support
from support import API, JOBS, PREDICTIONS, RATIOS, UNKNOWN_ID, UUID

ANNUAL = PREDICTIONS + "/annual"
MEMBERS = {
    "id", "kind", "company_id", "company_symbol", "company_name", "sector", "market_cap",
    "reporting_year", "reporting_quarter", "risk_level", "confidence", "probability", "source",
    "job_id", "job_row", "job_link", "job_deleted", "original_filename", "model", "derived_from",
    "root_job_id", "is_current", "access_level", "organization_id", "organization_name",
    "created_by", "created_by_email", "created_at"}


class Create(support.TestCase):
    def test_made_by_hand(self):
        analyst = self.server.new_client()
        for kind in RATIOS:
            made = support.row(1, kind)
            answer = analyst.create(kind, made)
            item = answer.json["prediction"]
            scores = {"annual": set(), "quarterly": {"logistic_probability", "gbm_probability",
                                                     "ensemble_probability"}}[kind]
            self.assertEqual(MEMBERS | set(RATIOS[kind]) | scores | {"current_id", "may_change"},
                             set(item))
            for name in ("company_symbol", "company_name", "market_cap", "sector",
                         "reporting_quarter") + tuple(RATIOS[kind]):
                self.assertEqual(made[name], item[name], name)
            self.assertEqual("2001", item["reporting_year"])
            probability, level = support.score(self.server.cards[kind], made)
            self.assertEqual((probability, level), (item["probability"], item["risk_level"]))
            if kind == "quarterly":
                self.assertEqual((probability, None, probability),
                                 tuple(item[name] for name in ("logistic_probability",
                                                               "gbm_probability",
                                                               "ensemble_probability")))
            self.assertEqual(("manual", None, None, None, False, None, None, None, True),
                             tuple(item[name] for name in
                                   ("source", "job_id", "job_row", "job_link", "job_deleted",
                                    "original_filename", "derived_from", "root_job_id",
                                    "is_current")))
            self.assertEqual(("personal", None, None, analyst.user["id"], analyst.email),
                             tuple(item[name] for name in
                                   ("access_level", "organization_id", "organization_name",
                                    "created_by", "created_by_email")))
            self.assertEqual(("test-" + kind, "1"), (item["model"]["name"],
                                                     item["model"]["version"]))
            self.assertEqual((item["id"], True), (item["current_id"], item["may_change"]))
            self.assertEqual([], answer.json["warnings"])
            self.assertEqual("%s/%s/%s" % (PREDICTIONS, kind, item["id"]),
                             answer.header("Location"))
            read = analyst.get(answer.header("Location"))
            self.assertEqual(item, read.json["prediction"])
            self.assertEqual(answer.header("ETag"), read.header("ETag"))
            listed = analyst.predictions(kind)
            self.assertEqual([{name: item[name] for name in item
                               if name not in ("current_id", "may_change")}], listed)
        self.assertEqual(["S00001"], [company["symbol"] for company in analyst.companies()])

    def test_numbers_and_texts(self):
        """A number may come as a text; null, nothing and the marks of a file are missing."""
        analyst = self.server.new_client()
        made = {"company_symbol": "  abc ", "company_name": " A B C ", "market_cap": "1.5e3",
                "sector": None, "reporting_year": "2024", "reporting_quarter": 3,
                "return_on_assets": "12.25", "net_income_margin": None,
                "ebit_to_interest_expense": "NM", "total_debt_to_ebitda": ""}
        item = analyst.create("annual", made).json["prediction"]
        self.assertEqual(("ABC", "A B C", 1500, None, "2024", "Q3"),
                         tuple(item[name] for name in support.FIELDS[:2] + [
                             "market_cap", "sector", "reporting_year", "reporting_quarter"]))
        self.assertEqual([None, None, None, None, 12.25], [item[name] for name in RATIOS["annual"]])

    def test_annual_without_quarter_is_as_of_q4(self):
        analyst = self.server.new_client()
        made = support.row(1)
        del made["reporting_quarter"]
        item = analyst.create("annual", made).json["prediction"]
        self.assertEqual("Q4", item["reporting_quarter"])
        analyst.create("annual", dict(made, reporting_quarter="q4"), 409)
        answer = analyst.create("quarterly", dict(support.row(1, "quarterly"),
                                                  reporting_quarter=None), 422)
        self.assertEqual({"reporting_quarter": "required"}, answer.field_codes())

    def test_duplicate(self):
        """Refused, naming the one that is there; another period or company is none."""
        analyst, other = self.server.new_client(), self.server.new_client()
        item = analyst.create("annual", support.row(1)).json["prediction"]
        answer = analyst.create("annual", support.row(1, return_on_assets=99), 409)
        self.assert_problem(answer, 409, "duplicate", ["S00001, 2001 Q2"])
        self.assertEqual(item["id"], answer.json["current_id"])
        analyst.create("annual", support.row(1, company_symbol=" s00001"), 409)
        analyst.create("annual", support.row(1, reporting_quarter="Q1"))
        analyst.create("annual", support.row(1, reporting_year=2002))
        analyst.create("quarterly", support.row(1, "quarterly"))
        other.create("annual", support.row(1))
        self.assertEqual(3, len(analyst.predictions()))
        job = analyst.import_rows("annual", [support.row(7)])
        answer = analyst.create("annual", support.row(7), 409)
        held = analyst.all("%s/%s/results" % (JOBS, job["id"]), "predictions")[0]["id"]
        self.assertEqual(held, answer.json["current_id"])

    def test_on_duplicate(self):
        analyst = self.server.new_client()
        analyst.create("annual", support.row(1), 201, {"on_duplicate": "reject"})
        for mode in ("skip", "x", ""):
            answer = analyst.create("annual", support.row(1), 422, {"on_duplicate": mode})
            self.assertEqual({"on_duplicate": "not_allowed"}, answer.field_codes())

    def test_wrong_fields(self):
        """Everything that is wrong is said at once."""
        analyst = self.server.new_client()
        for change, fields in (
                ({"company_symbol": "A" * 21}, {"company_symbol": "too_long"}),
                ({"company_symbol": ""}, {"company_symbol": "required"}),
                ({"company_symbol": None}, {"company_symbol": "required"}),
                ({"company_symbol": "A\nB"}, {"company_symbol": "control_character"}),
                ({"company_name": "n" * 256}, {"company_name": "too_long"}),
                ({"sector": "s" * 101}, {"sector": "too_long"}),
                ({"reporting_year": 1800}, {"reporting_year": "not_a_year"}),
                ({"reporting_year": 2024.5}, {"reporting_year": "not_a_year"}),
                ({"reporting_year": None}, {"reporting_year": "required"}),
                ({"reporting_quarter": "Q5"}, {"reporting_quarter": "not_a_quarter"}),
                ({"reporting_quarter": 0}, {"reporting_quarter": "not_a_quarter"}),
                ({"market_cap": -1}, {"market_cap": "negative"}),
                ({"return_on_assets": "12%"}, {"return_on_assets": "not_a_number"}),
                ({"return_on_assets": "1e400"}, {"return_on_assets": "out_of_range"}),
                ({"return_on_assets": "inf"}, {"return_on_assets": "not_a_number"}),
                ({"return_on_assets": [1]}, {"return_on_assets": "wrong_type"}),
                ({"return_on_assets": True}, {"return_on_assets": "wrong_type"}),
                ({"company_symbol": {}}, {"company_symbol": "wrong_type"}),
                ({"probability": 0.5}, {"probability": "unknown_parameter"}),
                ({"job_id": UNKNOWN_ID}, {"job_id": "unknown_parameter"}),
                ({"owner_id": UNKNOWN_ID, "created_by": "x"},
                 {"owner_id": "unknown_parameter", "created_by": "unknown_parameter"}),
                ({"company_symbol": "", "market_cap": "x", "reporting_year": 1},
                 {"company_symbol": "required", "market_cap": "not_a_number",
                  "reporting_year": "not_a_year"})):
            answer = analyst.create("annual", support.row(1, **change), 422)
            self.assertEqual(fields, answer.field_codes(), change)
        answer = analyst.create("annual", support.row(1, **{name: None for name in
                                                            RATIOS["annual"]}), 422)
        self.assertIn("no ratio", answer.json["detail"])
        answer = analyst.create("annual", {}, 422)
        self.assertLessEqual({"company_symbol", "company_name", "reporting_year"},
                             set(answer.field_codes()))
        self.assertEqual([], analyst.predictions())
        self.assertEqual([], analyst.companies())

    def test_bodies_that_are_no_object(self):
        analyst = self.server.new_client()
        good = json.dumps(support.row(1))
        for body, status in ((b"", 400), (b"{", 400), (b"null", 422), (b"[]", 422), (b"5", 422),
                             (b"\"x\"", 422), (good.encode() + b"x", 400), (b"{'a': 1}", 400),
                             (good.replace("1000001", "NaN").encode(), 400),
                             (good.replace("1000001", "1e400").encode(), (400, 422)),
                             (good.replace("Company", "Comp\xe4ny").encode("latin-1"), 400),
                             (good.replace("Company", "Com\\u0000pany").encode(), (400, 422)),
                             (good.replace("Company", "Com\\ud800pany").encode(), 400),
                             (good.replace("}", ', "sector": "x"}').encode(), (400, 422)),
                             (b"[" * 100000, 400), (b'{"a":' * 50000, 400)):
            answer = analyst.post(ANNUAL, body, None, status, type="application/json")
            self.assertIn(answer.status, (400, 422))
        analyst.post(ANNUAL, good.encode(), None, 415, type="text/plain")
        analyst.post(ANNUAL, good.encode(), None, 201, type="application/json; charset=utf-8")
        answer = analyst.post(ANNUAL, b'{"company_name": "' + b"x" * (1 << 20) + b'"}', None, 413,
                              type="application/json")
        self.assert_problem(answer, 413, words=["1048576"])
        self.assertEqual(1, len(analyst.predictions()))

    def test_parameters(self):
        analyst = self.server.new_client()
        answer = analyst.create("annual", support.row(1), 422, {"dry_run": "true"})
        self.assertEqual({"dry_run": "unknown_parameter"}, answer.field_codes())
        answer = analyst.create("annual", support.row(1), 422, {"access_level": "system"})
        self.assertEqual({"access_level": "not_allowed"}, answer.field_codes())
        analyst.create("annual", support.row(1), 201, {"access_level": "personal"})
        self.assertEqual(1, len(analyst.predictions()))

    def test_implausible_values_warn(self):
        analyst = self.server.new_client()
        answer = analyst.create("annual", support.row(1, return_on_assets=5000)).json
        self.assertEqual([("return_on_assets", "implausible")],
                         [(entry["field"], entry["code"]) for entry in answer["warnings"]])

    def test_idempotency_key(self):
        analyst, headers = self.server.new_client(), {"Idempotency-Key": "one"}
        first = analyst.create("annual", support.row(1), headers=headers)
        again = analyst.create("annual", support.row(1), headers=headers)
        self.assertEqual(first.json, again.json)
        self.assertEqual(first.header("Location"), again.header("Location"))
        answer = analyst.create("annual", support.row(2), 422, headers=headers)
        self.assertEqual({"Idempotency-Key": "used_for_another_request"}, answer.field_codes())
        self.assertEqual(1, len(analyst.predictions()))
        # A refused request keeps no key.
        headers = {"Idempotency-Key": "two"}
        analyst.create("annual", support.row(1), 409, headers=headers)
        analyst.create("annual", support.row(3), 201, headers=headers)

    def test_same_key_at_once(self):
        """However many write the same prediction at the same moment, one of them does."""
        analyst = self.server.new_client()
        clients = [self.server.sign_in(analyst.email) for _ in range(4)]
        for round in range(3):
            answers = []
            threads = [threading.Thread(target=lambda c=c: answers.append(
                c.create("annual", support.row(round), expect=None))) for c in clients]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual([201, 409, 409, 409], sorted(a.status for a in answers))
            made = [a.json["prediction"]["id"] for a in answers if a.status == 201]
            self.assertEqual(made * 3, [a.json["current_id"] for a in answers if a.status == 409])


class Change(support.TestCase):
    def test_a_new_version(self):
        analyst = self.server.new_client()
        job = analyst.import_rows("annual", support.rows(2), filename="f.csv")
        former = analyst.predictions()[0]
        path = "%s/%s" % (ANNUAL, former["id"])
        answer = analyst.put(path, {"return_on_assets": 9, "total_debt_to_ebitda": None,
                                    "market_cap": "5"})
        item = answer.json["prediction"]
        self.assertEqual(former["id"], answer.json["supersedes"])
        self.assertNotEqual(former["id"], item["id"])
        self.assertEqual("%s/%s" % (ANNUAL, item["id"]), answer.header("Location"))
        wanted = dict(former, id=item["id"], return_on_assets=9, total_debt_to_ebitda=None,
                      market_cap=5, source="edit", job_id=None, job_row=None, job_link=None,
                      original_filename=None, derived_from=former["id"], root_job_id=job["id"],
                      created_at=item["created_at"])
        wanted["probability"], wanted["risk_level"] = support.score(self.server.cards["annual"],
                                                                    wanted)
        wanted["confidence"] = max(2 * abs(wanted["probability"] - 0.5), 0.5)
        self.assertEqual(dict(wanted, current_id=item["id"], may_change=True), item)
        self.assertGreater(item["created_at"], former["created_at"])

        # The former one still answers, as what it was.
        now = analyst.get(path).json["prediction"]
        self.assertEqual(dict(former, is_current=False, current_id=item["id"], may_change=True),
                         now)
        for refused in (analyst.put(path, {"return_on_assets": 1}, expect=409),
                        analyst.delete(path, expect=409)):
            self.assert_problem(refused, 409, "superseded", ["former version"])
            self.assertEqual(item["id"], refused.json["current_id"])
        listed = {one["id"] for one in analyst.predictions()}
        self.assertEqual(2, len(listed))
        self.assertIn(item["id"], listed)
        by_job = analyst.predictions(query={"job_id": job["id"]})
        self.assertEqual({former["id"]} | listed - {item["id"]}, {one["id"] for one in by_job})
        current = analyst.predictions(query={"job_id": job["id"], "include_superseded": False})
        self.assertEqual(listed - {item["id"]}, {one["id"] for one in current})

        second = analyst.put("%s/%s" % (ANNUAL, item["id"]), {}).json["prediction"]
        versions = analyst.get(path + "/versions").json["versions"]
        self.assertEqual([second["id"], item["id"], former["id"]], [one["id"] for one in versions])
        self.assertEqual([True, False, False], [one["is_current"] for one in versions])
        for one in versions:
            self.assertEqual(versions, analyst.get("%s/%s/versions" % (ANNUAL, one["id"]))
                             .json["versions"])
        self.assertEqual((item["id"], job["id"]), (second["derived_from"], second["root_job_id"]))
        self.assertEqual(second["id"], analyst.get(path).json["prediction"]["current_id"])

    def test_post_is_the_old_way(self):
        analyst = self.server.new_client()
        item = analyst.create("quarterly", support.row(1, "quarterly")).json["prediction"]
        answer = analyst.post("%s/quarterly/%s" % (PREDICTIONS, item["id"]), {"sga_margin": 3})
        self.assertEqual(3, answer.json["prediction"]["sga_margin"])

    def test_the_key_cannot_change(self):
        analyst = self.server.new_client()
        item = analyst.create("annual", support.row(1)).json["prediction"]
        path = "%s/%s" % (ANNUAL, item["id"])
        for body, field in (({"company_symbol": "OTHER"}, "company_symbol"),
                            ({"reporting_year": 1999}, "reporting_year"),
                            ({"reporting_quarter": "Q1"}, "reporting_quarter")):
            answer = analyst.put(path, body, expect=422)
            self.assertEqual({field: "cannot_change"}, answer.field_codes())
        analyst.put(path, {"company_symbol": "s00001 ", "reporting_year": "2001",
                           "reporting_quarter": "2"})
        self.assertEqual(2, len(analyst.get(path + "/versions").json["versions"]))

    def test_wrong_bodies(self):
        analyst = self.server.new_client()
        item = analyst.create("annual", support.row(1)).json["prediction"]
        path = "%s/%s" % (ANNUAL, item["id"])
        for body, fields in (({"return_on_assets": "x"}, {"return_on_assets": "not_a_number"}),
                             ({"roa": 1}, {"roa": "unknown_parameter"}),
                             ({"market_cap": -4}, {"market_cap": "negative"}),
                             ({"company_name": ""}, {"company_name": "required"})):
            self.assertEqual(fields, analyst.put(path, body, expect=422).field_codes(), body)
        answer = analyst.put(path, {name: None for name in RATIOS["annual"]}, expect=422)
        self.assertIn("no ratio", answer.json["detail"])
        answer = analyst.put(path, {}, {"force": "1"}, 422)
        self.assertEqual({"force": "unknown_parameter"}, answer.field_codes())
        analyst.put(path, [], expect=422)
        self.assertEqual(1, len(analyst.get(path + "/versions").json["versions"]))

    def test_entity_tags(self):
        analyst = self.server.new_client()
        answer = analyst.create("annual", support.row(1))
        path, tag = answer.header("Location"), answer.header("ETag")
        self.assertRegex(tag, r'\A"[^"]+"\Z')
        for match in (tag, "W/" + tag, "*", '"x", ' + tag):
            unchanged = analyst.get(path, expect=304, headers={"If-None-Match": match})
            self.assertEqual((b"", tag), (unchanged.body, unchanged.header("ETag")))
        analyst.get(path, headers={"If-None-Match": '"x"'})
        for wrong in ('"x"', '"%s"' % UNKNOWN_ID):
            answer = analyst.put(path, {"return_on_assets": 1}, expect=412,
                                 headers={"If-Match": wrong})
            self.assert_problem(answer, 412, words=["changed since you read it"])
            analyst.delete(path, expect=412, headers={"If-Match": wrong})
        for malformed in ("x", '"a", "b"', ""):
            analyst.put(path, {"return_on_assets": 1}, expect=422, headers={"If-Match": malformed})
        self.assertEqual(1, len(analyst.get(path + "/versions").json["versions"]))
        answer = analyst.put(path, {"return_on_assets": 1}, headers={"If-Match": tag})
        new, new_tag = answer.header("Location"), answer.header("ETag")
        self.assertNotEqual(tag, new_tag)
        # The former one is another answer now.
        former = analyst.get(path, headers={"If-None-Match": tag})
        self.assertNotEqual(tag, former.header("ETag"))
        analyst.get(path, expect=304, headers={"If-None-Match": former.header("ETag")})
        answer = analyst.put(new, {"return_on_assets": 2}, headers={"If-Match": "*"})
        analyst.delete(answer.header("Location"), headers={"If-Match": answer.header("ETag")})

    def test_a_tag_never_lies(self):
        """Whatever changes in the answer changes the tag: here the job's record is deleted."""
        analyst = self.server.new_client()
        job = analyst.import_rows("annual", [support.row(1)])
        path = "%s/%s" % (ANNUAL, analyst.predictions()[0]["id"])
        before = analyst.get(path)
        analyst.delete("%s/%s" % (JOBS, job["id"]))
        after = analyst.get(path)
        self.assertNotEqual(before.json, after.json)
        self.assertNotEqual(before.header("ETag"), after.header("ETag"))
        fresh = analyst.get(path, headers={"If-None-Match": before.header("ETag")})
        self.assertIs(fresh.json["prediction"]["job_deleted"], True)

    def test_scored_by_the_active_card(self):
        """A new card changes no old prediction; what is edited is scored by it."""
        server = support.Server()
        try:
            analyst = server.new_client()
            item = analyst.create("annual", support.row(1)).json["prediction"]
            old = server.cards["annual"]
            new = server.load_card(support.card("annual", version="2", intercept=-2.5))
            path = "%s/%s" % (ANNUAL, item["id"])
            self.assertEqual(item, analyst.get(path).json["prediction"])
            edited = analyst.put(path, {"sector": "New"}).json["prediction"]
            self.assertEqual(("2", "New"), (edited["model"]["version"], edited["sector"]))
            self.assertEqual(support.score(new, edited), (edited["probability"],
                                                          edited["risk_level"]))
            former = analyst.get(path).json["prediction"]
            self.assertEqual(support.score(old, item)[0], former["probability"])
            job = analyst.import_rows("annual", support.rows(3, start=5))
            self.assertEqual("2", job["lineage"]["model"]["version"])
        finally:
            server.close()

    def test_risk_levels_of_the_card(self):
        """Low and high thresholds: the level follows the card, the probability does not."""
        low = [{"level": "CRITICAL", "above_percent": 0.5}, {"level": "LOW"}]
        high = [{"level": "CRITICAL", "above_percent": 99}, {"level": "HIGH", "from_percent": 98},
                {"level": "LOW"}]
        server = support.Server()
        try:
            analyst = server.new_client()
            for number, (levels, wanted) in enumerate(((low, {"CRITICAL"}), (high, {"LOW"}))):
                made = server.load_card(support.card("annual", version=str(number + 2),
                                                     risk_levels=levels))
                rows = support.rows(30, start=100 * number)
                job = analyst.import_rows("annual", rows)
                items = analyst.all("%s/%s/results" % (JOBS, job["id"]), "predictions")
                self.assertEqual(wanted, {item["risk_level"] for item in items})
                self.assertEqual([support.score(made, row)[0] for row in rows],
                                 [item["probability"] for item in items])
        finally:
            server.close()

    def test_two_changes_at_once(self):
        """One of them is the next version; the other is told that it came late."""
        analyst = self.server.new_client()
        clients = [self.server.sign_in(analyst.email) for _ in range(4)]
        item = analyst.create("annual", support.row(1)).json["prediction"]
        path = "%s/%s" % (ANNUAL, item["id"])
        answers = []
        threads = [threading.Thread(target=lambda c=c, n=n: answers.append(
            c.request("PUT", path, {"return_on_assets": n}, expect=None)))
            for n, c in enumerate(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([200, 409, 409, 409], sorted(answer.status for answer in answers))
        self.assertEqual(2, len(analyst.get(path + "/versions").json["versions"]))
        self.assertEqual(1, len(analyst.predictions()))


class Delete(support.TestCase):
    def test_with_all_versions(self):
        analyst = self.server.new_client()
        job = analyst.import_rows("annual", support.rows(3))
        items = analyst.predictions()
        path = "%s/%s" % (ANNUAL, items[1]["id"])
        current = analyst.put(path, {"return_on_assets": 1}).json["prediction"]["id"]
        answer = analyst.delete("%s/%s" % (ANNUAL, current), {"reason": "double entry"}).json
        self.assertEqual({"id": current, "kind": "annual", "versions": 2},
                         answer["deleted_prediction"])
        for gone in (current, items[1]["id"]):
            for part in ("", "/lineage", "/versions"):
                analyst.get("%s/%s%s" % (ANNUAL, gone, part), expect=410)
            analyst.delete("%s/%s" % (ANNUAL, gone), expect=410)
            analyst.put("%s/%s" % (ANNUAL, gone), {}, expect=410)
        left = analyst.predictions()
        self.assertEqual([items[0], items[2]], left)
        self.assertEqual(2, analyst.get(ANNUAL).json["pagination"]["total"])
        self.assertEqual(2, analyst.job(job["id"])["lineage"]["predictions"])
        self.assertEqual(3, analyst.job(job["id"])["progress"]["successful_rows"])
        company = analyst.get("%s/companies/%s" % (API, items[1]["company_id"])).json["company"]
        self.assertEqual(0, company["annual_predictions_count"])
        # Its key is free again.
        row = {name: items[1][name] for name in support.COLUMNS["annual"]}
        again = analyst.create("annual", row).json["prediction"]
        self.assertEqual(items[1]["company_id"], again["company_id"])
        self.assertEqual(1, len(analyst.get("%s/%s/versions" % (ANNUAL, again["id"]))
                                .json["versions"]))

    def test_wrong_requests(self):
        analyst = self.server.new_client()
        item = analyst.create("annual", support.row(1)).json["prediction"]
        path = "%s/%s" % (ANNUAL, item["id"])
        for query, fields in (({"force": "1"}, {"force": "unknown_parameter"}),
                              ({"reason": "x" * 501}, {"reason": "too_long"})):
            self.assertEqual(fields, analyst.delete(path, query, 422).field_codes())
        analyst.request("DELETE", path, {"reason": "x"}, None, None, 422)
        analyst.delete("%s/quarterly/%s" % (PREDICTIONS, item["id"]), expect=404)
        self.assertEqual([item["id"]], [one["id"] for one in analyst.predictions()])


class Lineage(support.TestCase):
    def lineage(self, analyst, prediction_id):
        return analyst.get("%s/%s/lineage" % (ANNUAL, prediction_id)).json["lineage"]

    def test_by_hand(self):
        analyst = self.server.new_client()
        item = analyst.create("annual", support.row(1)).json["prediction"]
        found = self.lineage(analyst, item["id"])
        self.assertEqual({"summary", "prediction", "job", "root_job", "versions"}, set(found))
        self.assertEqual((None, None), (found["job"], found["root_job"]))
        self.assertEqual("Created by hand by %s." % analyst.email, found["summary"])
        self.assertEqual([item["id"]], [one["id"] for one in found["versions"]])

    def test_by_upload(self):
        analyst = self.server.new_client()
        content = support.csv(support.rows(3))
        job = analyst.import_file("annual", content, filename="december.csv")
        item = analyst.predictions()[0]
        found = self.lineage(analyst, item["id"])
        self.assertEqual("Created via bulk upload of december.csv, row 4, by %s." % analyst.email,
                         found["summary"])
        self.assertEqual(item, found["prediction"])
        self.assertEqual(found["job"], found["root_job"])
        self.assertEqual(
            {"id": job["id"], "status": "completed", "job_type": "annual",
             "original_filename": "december.csv", "file_size": len(content),
             "file_sha256": support.sha256(content), "created_by_email": analyst.email,
             "created_at": job["timestamps"]["created_at"],
             "completed_at": job["timestamps"]["completed_at"], "deleted_at": None,
             "created_by": job["context"]["created_by"]}, found["job"])
        edited = analyst.put("%s/%s" % (ANNUAL, item["id"]), {"return_on_assets": 2}).json
        found = self.lineage(analyst, edited["prediction"]["id"])
        self.assertEqual("Edited by hand by %s." % analyst.email, found["summary"])
        self.assertIsNone(found["job"])
        self.assertEqual(job["id"], found["root_job"]["id"])
        self.assertEqual(2, len(found["versions"]))


class Score(support.TestCase):
    def path(self, kind):
        return "%s/%s/score" % (PREDICTIONS, kind)

    def test_one(self):
        analyst = self.server.new_client()
        for kind in RATIOS:
            ratios = {name: support.row(5, kind)[name] for name in RATIOS[kind]}
            answer = analyst.post(self.path(kind), ratios).json
            result, made = answer["result"], self.server.cards[kind]
            self.assertEqual(support.score(made, ratios), (result["probability"],
                                                           result["risk_level"]))
            self.assertEqual("test-" + kind, answer["model"]["name"])
            self.assertRegex(answer["model"]["id"], UUID)
            self.assertEqual({feature["field"] for feature in made["features"]},
                             {entry["ratio"] for entry in result["contributions"]})
            again = analyst.post(self.path(kind), ratios, {"model_id": answer["model"]["id"]}).json
            self.assertEqual(result, again["result"])
            self.assertEqual([], analyst.predictions(kind))
        self.assertEqual([], analyst.companies())

    def test_many(self):
        analyst = self.server.new_client()
        items = [{name: support.row(i)[name] for name in RATIOS["annual"]} for i in range(1000)]
        answer = analyst.post(self.path("annual"), items).json
        self.assertEqual([support.score(self.server.cards["annual"], item) for item in items],
                         [(result["probability"], result["risk_level"])
                          for result in answer["results"]])
        self.assertEqual([], analyst.post(self.path("annual"), []).json["results"])
        answer = analyst.post(self.path("annual"), items + [items[0]], expect=422)
        self.assertIn("1000", answer.json["detail"])

    def test_wrong(self):
        analyst = self.server.new_client()
        path = self.path("annual")
        answer = analyst.post(path, {"return_on_assets": "12%"}, expect=422)
        self.assertEqual({"return_on_assets": "not_a_number"}, answer.field_codes())
        answer = analyst.post(path, {"roa": 1}, expect=422)
        self.assertIn("roa", answer.field_codes())
        answer = analyst.post(path, [{"return_on_assets": 1}, {"return_on_assets": "x"}],
                              expect=422)
        self.assertEqual({"[1].return_on_assets": "not_a_number"}, answer.field_codes())
        analyst.post(path, [{"return_on_assets": 1}, 5], expect=422)
        analyst.post(path, {}, expect=422)
        analyst.post(path, b"{", expect=400, type="application/json")
        good = {"return_on_assets": 1}
        analyst.post(path, good, {"model_id": UNKNOWN_ID}, 404)
        answer = analyst.post(path, good, {"model_id": "x"}, 422)
        self.assertEqual({"model_id": "not_an_id"}, answer.field_codes())
        models = analyst.get(API + "/models").json["models"]
        other = next(model["id"] for model in models if model["kind"] == "quarterly")
        answer = analyst.post(path, good, {"model_id": other}, 422)
        self.assertIn("other kind", answer.json["detail"])
        answer = analyst.post(path, good, {"store": "no"}, 422)
        self.assertEqual({"store": "unknown_parameter"}, answer.field_codes())


class Template(support.TestCase):
    def test_template(self):
        """The template names each column with its unit, shows a row, and uploads as it is, in each format."""
        analyst = self.server.new_client()
        units = {"market_cap": "US dollars", "reporting_quarter": "Q1 to Q4",
                 "total_debt_to_ebitda": "multiple", "ebit_to_interest_expense": "multiple"}
        for kind in RATIOS:
            named = []
            for name in support.COLUMNS[kind]:
                unit = units.get(name, "percent" if name in RATIOS[kind] else None)
                named.append(name if unit is None else "%s (%s)" % (name, unit))
            for query in (None, {"format": "csv"}):
                answer = analyst.get("%s/%s/template" % (PREDICTIONS, kind), query)
                self.assertEqual("text/csv", answer.type)
                header, example = answer.text.splitlines()
                self.assertEqual(",".join(named), header)
                self.assertIn("EXAMPLE,Example Company (replace this row),1250000000,Industrials,2024,Q4,", example)
                self.assertIn("%s-template.csv" % kind, answer.header("Content-Disposition"))
            job = analyst.import_file(kind, answer.body)
            self.assertEqual((1, 0), (job["progress"]["successful_rows"], job["warnings"]["count"]))
            body = header + "\n" + support.line(support.row(1, kind), support.COLUMNS[kind])
            job = analyst.import_file(kind, body.encode())
            self.assertEqual(1, job["progress"]["successful_rows"])
            workbook = analyst.get("%s/%s/template" % (PREDICTIONS, kind), {"format": "xlsx"})
            rows = support.read_xlsx(workbook.body)[kind]
            self.assertEqual(named, rows[0])
            self.assertEqual(["EXAMPLE", 1250000000.0, 2024.0], [rows[1][0], rows[1][2], rows[1][4]])
            answer = analyst.get("%s/%s/template" % (PREDICTIONS, kind), {"format": "pdf"}, 422)
            self.assertEqual({"format": "not_allowed"}, answer.field_codes())
            analyst.get("%s/%s/template" % (PREDICTIONS, kind), {"format": "ndjson"}, 422)


if __name__ == "__main__":
    support.main()
