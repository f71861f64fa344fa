"""The one access condition: what is somebody else's is not there, whatever is asked of it.

Every route with an id is tried with an object of another user, of the system, with an unknown id and
with a malformed one; the answers must be the same 404, but for the request id. What a list, a count, a
total or a filter says must not depend on what others own."""
import json
import os
import re
import time

import support
from support import API, JOBS, PREDICTIONS, UNKNOWN_ID

ANNUAL = PREDICTIONS + "/annual"
QUARTERLY = PREDICTIONS + "/quarterly"

# The routes whose id names something that has an owner: (method, path, body, kind of object).
OWNED = [
    ("GET", API + "/companies/{id}", None, "company"),
    ("GET", API + "/companies/{id}/predictions", None, "company"),
    ("GET", ANNUAL + "/{id}", None, "annual"),
    ("PUT", ANNUAL + "/{id}", {"return_on_assets": 1}, "annual"),
    ("POST", ANNUAL + "/{id}", {"return_on_assets": 1}, "annual"),
    ("DELETE", ANNUAL + "/{id}", None, "annual"),
    ("DELETE", ANNUAL + "/{id}?versions=this", None, "annual"),
    ("GET", ANNUAL + "/{id}?show_deleted=true", None, "gone_annual"),
    ("GET", ANNUAL + "/{id}", None, "gone_annual"),
    ("DELETE", API + "/companies/{id}", None, "company"),
    ("DELETE", API + "/companies/{id}?delete_predictions=true", None, "company"),
    ("DELETE", API + "/companies/{id}?delete_predictions=true&dry_run=true", None, "company"),
    ("GET", ANNUAL + "/{id}/lineage", None, "annual"),
    ("GET", ANNUAL + "/{id}/versions", None, "annual"),
    ("POST", ANNUAL + "/{id}/versions/{version_id}/restore", None, "annual"),
    ("GET", QUARTERLY + "/{id}", None, "quarterly"),
    ("PUT", QUARTERLY + "/{id}", {"sga_margin": 1}, "quarterly"),
    ("POST", QUARTERLY + "/{id}", {"sga_margin": 1}, "quarterly"),
    ("DELETE", QUARTERLY + "/{id}", None, "quarterly"),
    ("GET", QUARTERLY + "/{id}/lineage", None, "quarterly"),
    ("GET", QUARTERLY + "/{id}/versions", None, "quarterly"),
    ("POST", QUARTERLY + "/{id}/versions/{version_id}/restore", None, "quarterly"),
    ("GET", JOBS + "/{id}", None, "job"),
    ("DELETE", JOBS + "/{id}", None, "job"),
    ("DELETE", JOBS + "/{id}?delete_predictions=true", None, "job"),
    ("DELETE", JOBS + "/{id}?delete_predictions=true&dry_run=true", None, "job"),
    ("GET", JOBS + "/{id}/status", None, "job"),
    ("GET", JOBS + "/{id}/events", None, "job"),
    ("POST", JOBS + "/{id}/cancel", None, "job"),
    ("GET", JOBS + "/{id}/errors", None, "job"),
    ("GET", JOBS + "/{id}/warnings", None, "job"),
    ("GET", JOBS + "/{id}/results", None, "job"),
    ("POST", JOBS + "/{id}/results", None, "job"),
    ("GET", JOBS + "/{id}/download", None, "job"),
    ("GET", JOBS + "/{id}/file", None, "job"),
    ("GET", JOBS + "/{id}/deletion-preview", None, "job"),
    ("PATCH", JOBS + "/{id}", {"note": "x"}, "job"),
    ("POST", JOBS + "/{id}/restore", None, "job"),
    ("GET", API + "/deletions/{id}", None, "deletion"),
    ("POST", API + "/deletions/{id}/restore", None, "deletion"),
    ("POST", API + "/deletions/{id}/restore?dry_run=true", None, "deletion"),
    ("DELETE", API + "/auth/sessions/{id}", None, "session"),
    ("DELETE", API + "/auth/api-keys/{id}", None, "api_key"),
]
# Others are told that their role does not do (test_routes); administrators reach what is theirs.
OWNED_BY_ADMINISTRATORS = [
    ("PATCH", JOBS + "/{id}", {"legal_hold": True, "reason": "x"}, "job"),
    ("DELETE", API + "/deletions/{id}?reason=x", None, "deletion"),
    ("POST", API + "/deletions/{id}/retry", None, "deletion"),
]
# Those whose id is an organization or an account: tried by test_organizations.
ACCOUNTS = (API + "/organizations", API + "/users")
# Those whose id names a model: models are everybody's to read.
SHARED_ONES = {API + "/models/{id}", API + "/models/{id}/activate"}

MALFORMED = ["1", "abc", UNKNOWN_ID[:-1], UNKNOWN_ID + "0", UNKNOWN_ID.replace("-", ""),
             "{%s}" % UNKNOWN_ID, UNKNOWN_ID.replace("0", "g"), "null", "%00", "..", "-1",
             UNKNOWN_ID + "%00", "' OR 1=1 --".replace(" ", "%20"), "%F0%9F%92%A9"]


def fill(path, thing, version=None):
    """Of a prediction, any of its versions: itself."""
    return path.replace("{id}", thing).replace("{version_id}", version or thing)


class World:
    """One of everything, owned by one user."""

    def __init__(self, client, start):
        self.client = client
        rows = support.rows(3, start=start) + [support.row(start, sector="x" * 101)]
        self.job = client.import_rows("annual", rows, filename="secret-%d.csv" % start)["id"]
        client.import_rows("quarterly", support.rows(2, start=start, kind="quarterly"))
        hand = client.create("annual", support.row(start + 50)).json["prediction"]
        self.annual = hand["id"]
        self.company = hand["company_id"]
        self.symbol = hand["company_symbol"]
        self.quarterly = client.predictions("quarterly")[0]["id"]
        self.gone_annual = client.create("annual", support.row(start + 51)
                                         ).json["prediction"]["id"]
        client.delete("%s/%s" % (ANNUAL, self.gone_annual))
        gone = client.import_rows("annual", support.rows(1, start=start + 90))["id"]
        self.gone = gone
        self.deletion = client.delete("%s/%s" % (JOBS, gone), {"delete_predictions": True}).json[
            "deletion_id"]
        client.server.sign_in(client.email)
        self.session = next(one["id"] for one in client.get(API + "/auth/sessions").json["sessions"]
                            if not one["current"])
        self.api_key = client.post(API + "/auth/api-keys", {"name": "x", "scopes": ["read"]},
                                   expect=201).json["api_key"]["id"]

    def snapshot(self):
        """All that its owner can see, as a text."""
        client = self.client
        seen = [client.predictions("annual"), client.predictions("quarterly"), client.companies(),
                client.jobs({"show_deleted": True}), client.job(self.job, include_errors=True),
                client.get("%s/deletions/%s" % (API, self.deletion)).json["deletion"],
                client.get("%s/%s/versions" % (ANNUAL, self.annual)).json["versions"],
                [one["id"] for one in client.get(API + "/auth/sessions").json["sessions"]],
                client.get(API + "/auth/api-keys").json["api_keys"]]
        return json.dumps(seen)


class SomebodyElses(support.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.worlds = {"user": World(cls.server.new_client(), 0),
                      "admin's own": None,
                      "system": World(cls.server.new_client("super_admin"), 1000)}
        admin = cls.server.new_client("super_admin")
        made = admin.create("annual", support.row(2000), query={"access_level": "personal"}).json
        cls.private = made["prediction"]
        cls.stranger = cls.server.new_client()
        World(cls.stranger, 0)

    def try_all(self, client, world, statuses=(404,), routes=tuple(OWNED)):
        """Every route with every object of that world, refused as if it were not there."""
        before = world.snapshot()
        for method, path, body, kind in routes:
            thing = getattr(world, kind)
            wanted = client.request(method, fill(path, UNKNOWN_ID), body, expect=404)
            answer = client.request(method, fill(path, thing), body, expect=statuses)
            self.assertEqual(support.essence(wanted.json), support.essence(answer.json),
                             (method, path))
            self.assertEqual({name for name, _ in wanted.headers.items()},
                             {name for name, _ in answer.headers.items()}, (method, path))
        self.assertEqual(before, world.snapshot())

    def test_another_users(self):
        self.try_all(self.stranger, self.worlds["user"])

    def test_the_systems(self):
        """A personal user sees nothing of the system's."""
        self.try_all(self.stranger, self.worlds["system"])

    def test_an_administrator_and_personal_things(self):
        """A super_admin rules the system's scope, and no user's own."""
        admin = self.server.new_client("super_admin")
        self.try_all(admin, self.worlds["user"], routes=OWNED + OWNED_BY_ADMINISTRATORS)

    def test_between_administrators(self):
        """What an administrator keeps personal is hers alone; what is the system's is theirs all."""
        admin = self.server.new_client("super_admin")
        path = "%s/%s" % (ANNUAL, self.private["id"])
        for method, body in (("GET", None), ("PUT", {"return_on_assets": 1}), ("DELETE", None)):
            admin.request(method, path, body, expect=404)
        world = self.worlds["system"]
        for method, path, _, kind in OWNED:
            if method == "GET" and (kind != "gone_annual" or "show_deleted" in path):
                admin.get(path.replace("{id}", getattr(world, kind)))
        item = admin.get("%s/%s" % (ANNUAL, world.annual)).json["prediction"]
        self.assertEqual(("system", True), (item["access_level"], item["may_change"]))

    def test_deleted_ones(self):
        """410 is for those who could see it; for others it never was there."""
        world = self.worlds["user"]
        world.client.get("%s/%s" % (JOBS, world.gone), expect=410)
        for query in (None, {"show_deleted": True}):
            answer = self.stranger.get("%s/%s" % (JOBS, world.gone), query, 404)
            unknown = self.stranger.get("%s/%s" % (JOBS, UNKNOWN_ID), query, 404)
            self.assertEqual(support.essence(unknown.json), support.essence(answer.json))

    def test_malformed_ids(self):
        """A malformed id is 404 on every route and every verb, before anything else is looked at."""
        for method, path, body, _ in OWNED:
            for word in MALFORMED:
                answer = self.stranger.request(method, fill(path, word, UNKNOWN_ID), body,
                                               expect=(404, 405))
                # "results" and the like are words of other routes: those take other methods.
                if answer.status == 405:
                    self.assertIn(word, ("..",), (method, path))
        for path in SHARED_ONES:
            for word in MALFORMED:
                self.stranger.get(path.replace("{id}", word), expect=404)

    def test_other_kind(self):
        """An id is looked for where the path says, nowhere else."""
        world, client = self.worlds["user"], self.worlds["user"].client
        for path in (QUARTERLY + "/" + world.annual, ANNUAL + "/" + world.quarterly,
                     ANNUAL + "/" + world.job, JOBS + "/" + world.annual,
                     API + "/companies/" + world.job, API + "/deletions/" + world.job,
                     API + "/models/" + world.job):
            client.get(path, expect=404)

    def test_ids_in_any_case(self):
        world = self.worlds["user"]
        item = world.client.get("%s/%s" % (ANNUAL, world.annual.upper())).json["prediction"]
        self.assertEqual(world.annual, item["id"])

    def test_every_owned_route_is_here(self):
        with open(os.path.join(support.SOURCE, "src", "http", "routes.c"), encoding="utf-8") as file:
            text = file.read()
        prefixes = {"API": API, "PREDICTIONS": PREDICTIONS, "JOBS": JOBS,
                    "ORGS": ACCOUNTS[0], "USERS": ACCOUNTS[1]}
        routes = set()
        for method, prefix, pattern in re.findall(
                r'\{"([A-Z]+)",\s*(?:([A-Z]+) ?)?("[^"]*")?,?\s*PERMIT', text):
            path = prefixes.get(prefix, "") + pattern.strip('"')
            if "{id}" in path and path not in SHARED_ONES and not path.startswith(ACCOUNTS):
                routes |= {(method, path.replace("{kind}", kind)) for kind in support.RATIOS}
        self.assertGreater(len(routes), 20)
        tried = {(method, path.split("?")[0])
                 for method, path, _, _ in OWNED + OWNED_BY_ADMINISTRATORS}
        self.assertEqual(routes, tried)


class Lists(support.TestCase):
    """What others own changes nothing in what one sees, not even a number."""

    def views(self, client):
        """Every list, with every count and total, and what filters aim at others' things."""
        seen = {}
        for path in (ANNUAL, QUARTERLY, JOBS, API + "/companies", API + "/deletions"):
            for query in ({}, {"limit": 5, "include_total": 1}, {"limit": 1000},
                          {"page": 1, "size": 3}):
                seen[path + str(query)] = client.get(path, query).json
        for risk in ("LOW", "MEDIUM", "HIGH", "CRITICAL"):
            seen[risk] = client.get(ANNUAL, {"risk_level": risk}).json
        for query in ({"reporting_year": 2001}, {"sector": "Sector 1"},
                      {"source": "bulk_upload"}, {"company_symbol": "S0"},
                      {"sort": "probability", "reporting_year": 2001, "reporting_quarter": "Q2"}):
            seen[str(query)] = client.get(ANNUAL, query).json
        seen["search"] = client.get(API + "/companies", {"search": "company"}).json
        seen["models"] = client.get(API + "/models").json
        return json.dumps(seen)

    def test_nothing_leaks(self):
        mine = self.server.new_client()
        empty = self.server.new_client()
        World(mine, 0)
        before = self.views(mine), self.views(empty)
        other = World(self.server.new_client(), 0)
        admin = World(self.server.new_client("super_admin"), 0)
        self.assertEqual(before, (self.views(mine), self.views(empty)))
        for text in before:
            for secret in (other.client.email, other.client.user["id"], admin.client.email):
                self.assertNotIn(secret, text)

        # Filters that name what is somebody else's find nothing, and say nothing.
        for world in (other, admin):
            for path, query in (
                    (ANNUAL, {"job_id": world.job}), (ANNUAL, {"company_id": world.company}),
                    (ANNUAL, {"company_id": world.company, "include_superseded": 1}),
                    (ANNUAL, {"created_by": world.client.user["id"]}),
                    (ANNUAL, {"created_by": world.client.email}),
                    (ANNUAL, {"access_level": "system"}),
                    (JOBS, {"created_by": world.client.email}),
                    (JOBS, {"created_by": world.client.user["id"], "show_deleted": 1}),
                    (API + "/deletions", {"created_by": world.client.email}),
                    (API + "/deletions", {"job_id": world.gone})):
                unknown = {name: {"job_id": UNKNOWN_ID, "company_id": UNKNOWN_ID,
                                  "created_by": UNKNOWN_ID}.get(name, value)
                           for name, value in query.items()}
                for form in ({}, {"limit": 10, "include_total": 1}):
                    found = mine.get(path, dict(query, **form)).json
                    self.assertEqual(mine.get(path, dict(unknown, **form)).json, found, query)
                    self.assertEqual(0, found["pagination"]["total"], query)
        # An address is no oracle: one that exists and one that does not answer alike.
        answers = [mine.get(JOBS, {"created_by": email}).json
                   for email in (other.client.email, "nobody@example.com")]
        self.assertEqual(answers[0], answers[1])

    def test_the_same_symbols_live_side_by_side(self):
        """The same company and period of two owners are two companies and two predictions."""
        first, second = self.server.new_client(), self.server.new_client()
        for number, client in enumerate((first, second)):
            made = client.create("annual", support.row(1, company_name="Name %d" % number,
                                                       return_on_assets=number)).json
            self.assertEqual("Name %d" % number, made["prediction"]["company_name"])
        for number, client in enumerate((first, second)):
            company = client.get(API + "/companies/search/S00001").json["company"]
            self.assertEqual(("Name %d" % number, 1), (company["name"],
                                                       company["annual_predictions_count"]))
            self.assertEqual([number], [i["return_on_assets"] for i in client.predictions()])
        self.server.new_client().get(API + "/companies/search/S00001", expect=404)

    def test_models_are_read_by_all_and_made_by_administrators(self):
        client = self.server.new_client()
        model = client.get(API + "/models").json["models"][0]
        client.get("%s/models/%s" % (API, model["id"]))
        for method, path, body in (("POST", API + "/models", support.card("annual", "own")),
                                   ("POST", "%s/models/%s/activate" % (API, model["id"]), None)):
            answer = client.request(method, path, body, expect=403)
            self.assert_problem(answer, 403, "denied", ["role user"])
        client.post("%s/models/%s/activate" % (API, UNKNOWN_ID), expect=403)


class SlowBodies(support.TestCase):
    def test_who_asks_is_judged_again(self):
        """A session that ended while the body came in does nothing more; another one's request is done."""
        leaves, stays = self.server.new_client(), self.server.new_client()
        body = json.dumps(support.row(1)).encode()
        with support.Wire(self.server) as first, support.Wire(self.server) as second:
            for wire, client in ((first, leaves), (second, stays)):
                wire.head("POST", ANNUAL, {"Content-Type": "application/json", "Content-Length": len(body)},
                          client.token)
                wire.send(body[:10])
            time.sleep(1) # the header has come in
            leaves.post(API + "/auth/logout")
            time.sleep(1.2)
            first.send(body[10:])
            second.send(body[10:])
            self.assert_problem(first.read("POST"), 401, "bad_token")
            self.assertEqual(201, second.read("POST").status)


if __name__ == "__main__":
    support.main()
