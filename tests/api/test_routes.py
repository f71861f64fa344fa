"""Every route of src/http/routes.c, and every error that it can give.

TABLE says for each route what it is for whom and which refusals it knows; a route that is not in it, or
is there with another permission or body, fails the test. What follows from permission and body alone
(401, 403, 405, 413, 415, 400, unknown parameters) is tried on every route without being written down."""
import os
import re
import threading
import time

import support
from support import API, JOBS, PREDICTIONS, UNKNOWN_ID, Form

ORGS = API + "/organizations"
USERS = API + "/users"
FORM = "application/x-www-form-urlencoded"


def parse_routes():
    """(method, path) -> (permission, body, limit) as they stand in the source."""
    with open(os.path.join(support.SOURCE, "src", "http", "routes.c"), encoding="utf-8") as file:
        text = file.read()
    prefixes = {"API": API, "PREDICTIONS": PREDICTIONS, "JOBS": JOBS, "ORGS": ORGS, "USERS": USERS}
    text = text[text.index("ROUTES[]"):text.index("ROUTE_COUNT")]
    found = {}
    for method, place, permission, body, limit in re.findall(
            r'\{"(\w+)",\s*([^,]+),\s*PERMIT_(\w+),\s*BODY_(\w+),\s*(\w+),', text):
        path = "".join(prefixes.get(word, word.strip('"')) for word in place.split())
        found[method, path] = (permission.lower(), body.lower(), limit)
    assert len(found) == text.count('{"'), "routes.c does not read as expected"
    return found


class World:
    """One of everything, with what each refusal needs."""

    def __init__(self, server):
        self.server = server
        self.user = server.new_client()
        self.admin = server.new_client("super_admin")
        self.numbers = iter(range(1000, 100000))
        client = self.user
        self.job = client.import_rows("annual", support.rows(2) +
                                      [support.row(9, sector="x" * 101)])["id"]
        items = client.predictions()
        self.prediction = items[0]["id"]
        self.company = items[0]["company_id"]
        self.symbol = items[0]["company_symbol"]
        changed = client.put("%s/annual/%s" % (PREDICTIONS, items[1]["id"]),
                             {"return_on_assets": 1}).json["prediction"]
        self.former, self.changed = items[1]["id"], changed["id"]
        self.gone = client.import_rows("annual", support.rows(1, start=50))["id"]
        self.deletion = client.delete("%s/%s" % (JOBS, self.gone), {"delete_predictions": True}
                                      ).json["deletion_id"]
        self.gone_prediction = self.fresh_prediction()
        client.delete("%s/annual/%s" % (PREDICTIONS, self.gone_prediction))
        self.model = client.get(API + "/models").json["models"][0]["id"]
        made = self.admin.post(ORGS, {"name": "Example"}, expect=201).json
        self.organization, self.join_token = made["organization"]["id"], made["join_token"]
        self.member = self.fresh_member()
        self.fresh_member()
        self.account = self.fresh_user()
        self.session, self.key = self.fresh_session(), self.fresh_key()

    def row(self):
        return support.row(next(self.numbers))

    def fresh_session(self):
        """Another one of the same user."""
        self.server.sign_in(self.user.email)
        listed = self.user.get(API + "/auth/sessions").json["sessions"]
        return next(one["id"] for one in listed if not one["current"])

    def fresh_key(self):
        return self.user.post(API + "/auth/api-keys", {"name": "x", "scopes": ["read"]},
                              expect=201).json["api_key"]["id"]

    def fresh_prediction(self):
        return self.user.create("annual", self.row()).json["prediction"]["id"]

    def fresh_organization(self):
        made = self.admin.post(ORGS, {"name": "Example %d" % next(self.numbers)}, expect=201)
        return made.json["organization"]["id"]

    def fresh_user(self):
        made = self.admin.post(USERS, {"email": "guest%d@example.com" % next(self.numbers)}, expect=201)
        return made.json["user"]["id"]

    def fresh_member(self):
        made = self.admin.post(USERS, {"service": True, "organization_id": self.organization},
                               expect=201)
        return made.json["user"]["id"]

    def deleted_user(self):
        user = self.fresh_user()
        self.admin.delete("%s/%s" % (USERS, user))
        return user

    def fresh_pattern(self):
        pattern = "@h%d.example" % next(self.numbers)
        self.admin.post("%s/%s/whitelist" % (ORGS, self.organization), {"pattern": pattern},
                        expect=201)
        return pattern

    def fresh_company(self):
        """One that no prediction names."""
        made = self.user.create("annual", self.row()).json["prediction"]
        self.user.delete("%s/annual/%s" % (PREDICTIONS, made["id"]))
        return made["company_id"]

    def fresh_job(self):
        return self.user.import_rows("annual", [self.row()])["id"]

    def fresh_deletion(self, client=None):
        """A job that is deleted, and its deletion."""
        client = client or self.user
        job = client.import_rows("annual", [self.row()])["id"]
        said = client.delete("%s/%s" % (JOBS, job), {"delete_predictions": True}, (200, 202)).json
        client.wait_deletion(said["deletion_id"])
        return job, said["deletion_id"]

    def id_for(self, path):
        for prefix, thing in ((API + "/auth/sessions", self.session), (API + "/auth/api-keys", self.key),
                              (JOBS, self.job), (API + "/companies", self.company),
                              (API + "/models", self.model), (API + "/deletions", self.deletion),
                              (ORGS, self.organization), (USERS, self.account),
                              (PREDICTIONS, self.prediction)):
            if path.startswith(prefix):
                return thing
        raise AssertionError(path)

    def fill(self, path, thing=None, member=None):
        if "{id}" in path:
            path = path.replace("{id}", thing or self.id_for(path))
        path = path.replace("{version_id}", self.former).replace("{user_id}", member or self.member)
        return path.replace("{kind}", "annual").replace("{symbol}", self.symbol)


class Try:
    """A request and the refusal that it must meet."""

    def __init__(self, status, error=None, body=None, query=None, headers=None, thing=None,
                 path=None, type=None):
        self.status, self.error, self.body, self.query = status, error, body, query
        self.headers, self.thing, self.path, self.type = headers or {}, thing, path, type


def unknown(body=None):
    return Try(404, "not_found", body=body, thing=lambda world: UNKNOWN_ID)


def unknown_member(body=None):
    return Try(404, "not_found", body=body, path="%s/{id}/users/%s" % (ORGS, UNKNOWN_ID))


def gone():
    return Try(410, "gone", thing=lambda world: world.gone)


def gone_prediction(body=None):
    return Try(410, "gone", body=body, thing=lambda world: world.gone_prediction)


RESTORES = [unknown(), Try(422, "invalid_parameters", query={"dry_run": "x"}),
            Try(422, "invalid_parameters", query={"reason": "x" * 501})]
WRONG_TAG = {"If-Match": '"00000000000000000000000000000000"'}
LISTED = [Try(422, "invalid_parameters", query={"limit": 1001}),
          Try(422, "invalid_parameters", query={"limit": "x"}),
          Try(422, "invalid_parameters", query={"cursor": "x"}),
          Try(422, "invalid_parameters", query={"page": 1, "limit": 1}),
          Try(422, "invalid_parameters", query={"page": 20000})]
CHANGES = [unknown({}), gone_prediction({}), Try(409, "superseded", body={}, thing=lambda world: world.former),
           Try(412, "changed", body={}, headers=WRONG_TAG),
           Try(422, None, body={}, headers={"If-Match": "x"}),
           Try(422, None, body={"return_on_assets": "x"}),
           Try(422, None, body={"reporting_year": 1950}),
           Try(422, None, body=[]), Try(400, "malformed", body=b"{", type="application/json")]
JOB_PART = [unknown(), gone(), Try(422, "invalid_parameters", query={"show_deleted": "x"})]
UPLOADS = [Try(422, "no_file", body=Form.body(None), type=Form.type),
           Try(422, None, body=Form.body(b""), type=Form.type),
           Try(400, None, body=b"x", type=Form.type),
           Try(422, "invalid_parameters", body=Form.body(b"a\nb\n", {"dry_run": "x",
                                                                     "job_type": "annual"}),
               type=Form.type),
           Try(422, None, body=Form.body(b"a\nb\n"), type=Form.type,
               headers={"Idempotency-Key": "a b"}, query={"job_type": "annual"})]

# (method, path): (permission, body, [its own refusals])
TABLE = {
    ("GET", "/health"): ("anyone", "none", []),
    ("GET", "/healthz"): ("anyone", "none", []),
    ("GET", "/readyz"): ("anyone", "none", []),
    ("GET", "/metrics"): ("local", "none", []),
    ("GET", "/setup"): ("anyone", "none", []),
    ("POST", "/setup"): ("anyone", "form", []),
    ("POST", API + "/auth/setup"): ("anyone", "json", [
        Try(401, "bad_token", body={"token": "x", "email": "a@example.com", "password": "abc12345"}),
        Try(422, "invalid_parameters", body={})]),
    ("GET", "/verify"): ("anyone", "none", []),
    ("POST", "/verify"): ("anyone", "form", []),
    ("GET", "/reset"): ("anyone", "none", []),
    ("POST", "/reset"): ("anyone", "form", []),
    ("POST", API + "/auth/register"): ("anyone", "json", [
        Try(403, "registration_closed", body={"email": "a@example.com", "password": "abc12345"}),
        Try(422, "invalid_parameters", body={"email": "a@example.com", "password": "abc12345", "role": "user"}),
        Try(422, "invalid_parameters", body={})]),
    ("POST", API + "/auth/verify"): ("anyone", "json", [
        Try(422, "bad_token", body={"token": "x"}), Try(422, "invalid_parameters", body={})]),
    ("POST", API + "/auth/verify/resend"): ("anyone", "json", [
        Try(422, None, body={"email": "x"}), Try(422, "invalid_parameters", body={})]),
    ("POST", API + "/auth/forgot-password"): ("anyone", "json", [
        Try(422, None, body={"email": "x"}), Try(422, "invalid_parameters", body={})]),
    ("POST", API + "/auth/reset-password"): ("anyone", "json", [
        Try(422, "bad_token", body={"token": "x", "password": "abc12345"}),
        Try(422, "invalid_parameters", body={"token": "x"})]),
    ("POST", API + "/auth/login"): ("anyone", "json", [
        Try(401, "wrong_credentials", body={"email": "a@example.com", "password": "x"}),
        Try(422, "invalid_parameters", body={"email": "a@example.com"})]),
    ("POST", API + "/auth/logout"): ("self", "empty", []),
    ("POST", API + "/auth/refresh"): ("self", "empty", []),
    ("POST", API + "/auth/change-password"): ("self", "json", [
        Try(422, "invalid_parameters", body={}),
        Try(422, None, body={"current_password": "x", "new_password": "abc12345"})]),
    ("GET", API + "/auth/sessions"): ("self", "none", []),
    ("DELETE", API + "/auth/sessions"): ("self", "empty", []),
    ("DELETE", API + "/auth/sessions/{id}"): ("self", "empty", [
        unknown(), Try(404, "not_found", thing=lambda world: world.key)]),
    ("GET", API + "/auth/api-keys"): ("self", "none", [
        Try(404, "not_found", query={"user_id": UNKNOWN_ID}),
        Try(422, "invalid_parameters", query={"user_id": "x"})]),
    ("POST", API + "/auth/api-keys"): ("self", "json", [
        Try(422, "invalid_parameters", body={}),
        Try(422, "invalid_parameters", body={"name": "x", "scopes": ["all"]}),
        Try(404, "not_found", body={"name": "x", "scopes": ["read"], "user_id": UNKNOWN_ID})]),
    ("DELETE", API + "/auth/api-keys/{id}"): ("self", "empty", [
        unknown(), Try(404, "not_found", thing=lambda world: world.session)]),
    ("GET", API + "/auth/me"): ("user", "none", []),
    ("GET", API + "/users/me"): ("user", "none", []),
    ("POST", API + "/auth/join"): ("self", "json", [
        Try(404, "bad_join_token", body={"join_token": "x"}),
        Try(422, "invalid_parameters", body={}), Try(422, None, body=[])]),
    ("POST", API + "/auth/leave"): ("self", "empty", [Try(409, "no_member")]),
    ("GET", ORGS): ("user", "none", LISTED + [
        Try(422, "invalid_parameters", query={"show_deleted": "x"})]),
    ("POST", ORGS): ("super_admin", "json", [
        Try(409, "slug_taken", body={"name": "Example"}), Try(422, "invalid_parameters", body={}),
        Try(422, "invalid_parameters", body={"name": "x", "default_role": "x"}),
        Try(422, None, body={"name": "x", "slug": "-"}), Try(422, None, body=[]),
        Try(422, None, body={"name": "x", "default_role": "org_admin"}),
        Try(422, "invalid_parameters", body={"name": "x", "max_users": 0})]),
    ("GET", ORGS + "/{id}"): ("user", "none", [
        unknown(), Try(422, "invalid_parameters", query={"show_deleted": "x"})]),
    ("PATCH", ORGS + "/{id}"): ("admin", "json", [
        unknown({"name": "x"}), Try(412, "changed", body={"name": "x"}, headers=WRONG_TAG),
        Try(422, None, body={"name": "x"}, headers={"If-Match": "x"}),
        Try(422, "invalid_parameters", body={}), Try(422, None, body={"default_role": "user"}),
        Try(409, "too_many_members", body={"max_users": 1})]),
    ("DELETE", ORGS + "/{id}"): ("admin", "empty", [
        unknown(), Try(412, "changed", headers=WRONG_TAG), Try(422, None, headers={"If-Match": "x"}),
        Try(422, "invalid_parameters", query={"dry_run": "x"}),
        Try(422, "invalid_parameters", query={"reason": "x" * 501})]),
    ("GET", ORGS + "/{id}/deletion-preview"): ("admin", "none", [unknown()]),
    ("POST", ORGS + "/{id}/regenerate-token"): ("admin", "empty", [unknown()]),
    ("GET", ORGS + "/{id}/whitelist"): ("admin", "none", [unknown()]),
    ("POST", ORGS + "/{id}/whitelist"): ("admin", "json", [
        unknown({"pattern": "@a.b"}), Try(422, None, body={"pattern": "x"}),
        Try(422, "invalid_parameters", body={})]),
    ("DELETE", ORGS + "/{id}/whitelist"): ("admin", "empty", [
        Try(404, "not_found", query={"pattern": "@a.b"}, thing=lambda world: UNKNOWN_ID),
        Try(404, "not_found", query={"pattern": "@a.b"}), Try(422, "invalid_parameters")]),
    ("GET", ORGS + "/{id}/users"): ("admin", "none", LISTED + [
        unknown(), Try(422, "invalid_parameters", query={"role": "x"}),
        Try(422, "invalid_parameters", query={"is_active": "x"})]),
    ("PATCH", ORGS + "/{id}/users/{user_id}"): ("admin", "json", [
        unknown({"role": "org_member"}), unknown_member({"role": "org_member"}),
        Try(422, None, body={"role": "user"}), Try(422, "invalid_parameters", body={"role": "x"}),
        Try(422, "invalid_parameters", body={})]),
    ("DELETE", ORGS + "/{id}/users/{user_id}"): ("admin", "empty", [unknown(), unknown_member()]),
    ("GET", USERS): ("admin", "none", LISTED + [
        Try(422, "invalid_parameters", query={"role": "x"}),
        Try(422, "invalid_parameters", query={"organization_id": "x"}),
        Try(422, "invalid_parameters", query={"show_deleted": "x"})]),
    ("POST", USERS): ("admin", "json", [
        Try(422, "invalid_parameters", body={}), Try(422, None, body={"email": "x"}),
        Try(422, None, body={"email": "a@b.c", "role": "org_admin"}),
        Try(422, None, body={"email": "a@b.c", "organization_id": UNKNOWN_ID}),
        Try(422, "invalid_parameters", body={"email": "a@b.c", "organization_id": "x"})]),
    ("GET", USERS + "/{id}"): ("admin", "none", [unknown()]),
    ("PATCH", USERS + "/{id}"): ("admin", "json", [
        unknown({"is_active": True}), Try(422, None, body={"role": "org_member"}),
        Try(422, "invalid_parameters", body={}),
        Try(410, "gone", body={"is_active": True}, thing=lambda world: world.deleted_user())]),
    ("DELETE", USERS + "/{id}"): ("admin", "empty", [
        unknown(), Try(410, "gone", thing=lambda world: world.deleted_user())]),
    ("POST", USERS + "/{id}/restore"): ("super_admin", "empty", [
        unknown(), Try(409, "not_deleted")]),
    ("POST", USERS + "/{id}/link"): ("admin", "empty", [
        unknown(), Try(409, "not_a_person", thing=lambda world: world.member)]),
    ("GET", API + "/users/profile"): ("user", "none", []),
    ("PUT", API + "/users/profile"): ("self", "json", [
        Try(422, "invalid_parameters", body={"role": "super_admin"})]),
    ("GET", API + "/models"): ("user", "none", []),
    ("POST", API + "/models"): ("super_admin", "json", [
        Try(422, None, body={}), Try(409, "conflict", body=support.card("annual", intercept=-3)),
        Try(415, None, body={"format": "obligor-scorecard/9"}),
        Try(422, "invalid_parameters", body={}, query={"activate": "x"})]),
    ("GET", API + "/models/{id}"): ("user", "none", [unknown()]),
    ("POST", API + "/models/{id}/activate"): ("super_admin", "empty", [unknown()]),
    ("GET", API + "/companies"): ("user", "none", LISTED + [
        Try(422, "invalid_parameters", query={"sort": "x"})]),
    ("GET", API + "/companies/search/{symbol}"): ("user", "none", [
        Try(404, "not_found", path=API + "/companies/search/NOPE"),
        Try(404, "not_found", path=API + "/companies/search/%FF")]),
    ("GET", API + "/companies/{id}"): ("user", "none", [unknown()]),
    ("DELETE", API + "/companies/{id}"): ("editor", "empty", [
        unknown(), Try(409, "has_predictions"),
        Try(412, "changed", query={"delete_predictions": 1}, headers=WRONG_TAG),
        Try(422, None, headers={"If-Match": "x"}),
        Try(422, "invalid_parameters", query={"dry_run": "x"})]),
    ("GET", API + "/companies/{id}/predictions"): ("user", "none", [
        unknown(), Try(422, "invalid_parameters", query={"include_superseded": "x"})]),
    ("GET", PREDICTIONS + "/{kind}"): ("user", "none", LISTED + [
        Try(422, "invalid_parameters", query={"job_id": "x"}),
        Try(422, "invalid_parameters", query={"sort": "probability"}),
        Try(404, "not_found", path=PREDICTIONS + "/monthly")]),
    ("POST", PREDICTIONS + "/{kind}"): ("editor", "json", [
        Try(409, "duplicate", body=support.row(0)), Try(422, None, body={}),
        Try(422, "invalid_parameters", body={}, query={"on_duplicate": "skip"}),
        Try(422, None, body=support.row(0), headers={"Idempotency-Key": ""}),
        Try(400, "malformed", body=b"{", type="application/json"),
        Try(405, "method_not_allowed", body={}, path=PREDICTIONS + "/annual/template")]),
    ("GET", PREDICTIONS + "/{kind}/{id}"): ("user", "none", [
        unknown(), gone_prediction(), Try(422, "invalid_parameters", query={"show_deleted": "x"})]),
    ("PUT", PREDICTIONS + "/{kind}/{id}"): ("editor", "json", CHANGES),
    ("POST", PREDICTIONS + "/{kind}/{id}"): ("editor", "json", CHANGES),
    ("DELETE", PREDICTIONS + "/{kind}/{id}"): ("editor", "empty", [
        unknown(), gone_prediction(), Try(409, "superseded", thing=lambda world: world.former),
        Try(412, "changed", headers=WRONG_TAG), Try(422, None, headers={"If-Match": "x"}),
        Try(422, "invalid_parameters", query={"versions": "x"}),
        Try(422, "invalid_parameters", query={"reason": "x" * 501})]),
    ("GET", PREDICTIONS + "/{kind}/{id}/lineage"): ("user", "none", [unknown(), gone_prediction()]),
    ("GET", PREDICTIONS + "/{kind}/{id}/versions"): ("user", "none", [unknown(), gone_prediction()]),
    ("POST", PREDICTIONS + "/{kind}/purge"): ("editor", "json", [
        Try(422, None, body={}, query={"force": 1}),
        Try(422, "invalid_parameters", body={"sort": "created_at"}),
        Try(422, "invalid_parameters", body={"risk_level": ["LOW", "SOME"]}),
        Try(422, "invalid_parameters", body={"access_level": "system", "all": "x"}),
        Try(412, "changed", body={"reporting_year": 2001, "force": True}, headers=WRONG_TAG),
        Try(422, None, body={}, headers={"If-Match": "x"}), Try(422, None, body=[]),
        Try(400, "malformed", body={"force": True}, query={"force": 1}),
        Try(400, "malformed", body=b"{", type="application/json")]),
    ("POST", PREDICTIONS + "/{kind}/{id}/versions/{version_id}/restore"): ("editor", "empty", [
        unknown(), Try(404, "not_found", thing=lambda world: world.prediction),
        Try(412, "changed", headers=WRONG_TAG, thing=lambda world: world.former),
        Try(422, None, headers={"If-Match": "x"}),
        Try(422, None, headers={"Idempotency-Key": ""})]),
    ("POST", PREDICTIONS + "/{kind}/score"): ("user", "json", [
        Try(422, None, body={}), Try(422, None, body=5),
        Try(404, "not_found", body={"return_on_assets": 1}, query={"model_id": UNKNOWN_ID}),
        Try(422, "invalid_parameters", body={}, query={"model_id": "x"}),
        Try(400, "malformed", body=b"[", type="application/json")]),
    ("GET", PREDICTIONS + "/{kind}/export"): ("user", "none", [
        Try(422, "invalid_parameters", query={"format": "doc"}),
        Try(422, "invalid_parameters", query={"job_id": "x"}),
        Try(422, "invalid_parameters", query={"sort": "probability"})]),
    ("GET", PREDICTIONS + "/{kind}/template"): ("user", "none", [
        Try(422, "invalid_parameters", query={"format": "doc"})]),
    ("POST", PREDICTIONS + "/{kind}/bulk-upload-async"): ("editor", "upload", UPLOADS),
    ("POST", JOBS): ("editor", "upload", UPLOADS + [
        Try(422, "invalid_parameters", body=Form.body(b"a\nb\n"), type=Form.type)]),
    ("GET", JOBS): ("user", "none", LISTED + [
        Try(422, "invalid_parameters", query={"status": "x"}),
        Try(422, "invalid_parameters", query={"offset": 10001})]),
    ("GET", JOBS + "/{id}"): ("user", "none", JOB_PART + [
        Try(422, "invalid_parameters", query={"include_errors": "x"})]),
    ("DELETE", JOBS + "/{id}"): ("editor", "empty", [
        unknown(), gone(), Try(412, "changed", headers=WRONG_TAG),
        Try(422, None, headers={"If-Match": "x"}),
        Try(422, "invalid_parameters", query={"delete_predictions": "x"}),
        Try(422, "invalid_parameters", query={"include_inferred": "1"})]),
    ("PATCH", JOBS + "/{id}"): ("changer", "json", [
        unknown({"note": "x"}), Try(422, "invalid_parameters", body={}), Try(422, None, body=[]),
        Try(422, "invalid_parameters", body={"legal_hold": True}),
        Try(403, "denied", body={"legal_hold": True, "reason": "x"}),
        Try(400, "malformed", body=b"{", type="application/json")]),
    ("POST", JOBS + "/{id}/restore"): ("editor", "empty", RESTORES + [Try(409, "not_deleted")]),
    ("GET", JOBS + "/{id}/status"): ("user", "none", JOB_PART),
    ("GET", JOBS + "/{id}/events"): ("user", "none", JOB_PART),
    ("POST", JOBS + "/{id}/cancel"): ("editor", "empty", [
        unknown(), gone(), Try(409, "job_completed")]),
    ("GET", JOBS + "/{id}/errors"): ("user", "none", JOB_PART + LISTED),
    ("GET", JOBS + "/{id}/warnings"): ("user", "none", JOB_PART + LISTED),
    ("GET", JOBS + "/{id}/results"): ("user", "none", JOB_PART + LISTED),
    ("POST", JOBS + "/{id}/results"): ("user", "none", JOB_PART + LISTED),
    ("GET", JOBS + "/{id}/download"): ("user", "none", JOB_PART + [
        Try(422, "invalid_parameters", query={"format": "doc"}),
        Try(422, "invalid_parameters", query={"outcome": "x"}),
        Try(422, "invalid_parameters", query={"outcome": "failed", "format": "ndjson"})]),
    ("GET", JOBS + "/{id}/file"): ("user", "none", JOB_PART),
    ("GET", JOBS + "/{id}/deletion-preview"): ("user", "none", [
        unknown(), gone(), Try(422, "invalid_parameters", query={"delete_predictions": "x"})]),
    ("GET", API + "/deletions"): ("user", "none", LISTED + [
        Try(422, "invalid_parameters", query={"state": "x"}),
        Try(422, "invalid_parameters", query={"subject": "x"}),
        Try(422, "invalid_parameters", query={"restorable": "x"}),
        Try(422, "invalid_parameters", query={"job_id": "x"})]),
    ("GET", API + "/deletions/{id}"): ("user", "none", [unknown()]),
    ("DELETE", API + "/deletions/{id}"): ("admin", "empty", [
        Try(404, "not_found", query={"reason": "x"}, thing=lambda world: UNKNOWN_ID),
        Try(422, "invalid_parameters")]),
    ("POST", API + "/deletions/{id}/restore"): ("editor", "empty", RESTORES),
    ("POST", API + "/deletions/{id}/retry"): ("admin", "empty", [unknown()]),
    ("GET", API + "/audit"): ("user", "none", LISTED + [
        Try(422, "invalid_parameters", query={"object_id": "x"}),
        Try(422, "invalid_parameters", query={"format": "xlsx"})]),
    ("GET", API + "/audit/head"): ("user", "none", []),
    ("GET", API + "/audit/verify"): ("user", "none", [
        Try(422, "invalid_parameters", query={"cursor": "x"})]),
}

# A good request for each route that changes something; the reads need none.
GOOD = {
    ("POST", API + "/auth/login"): lambda w: {"body": {"email": w.user.email,
                                                       "password": support.PASSWORD}},
    ("POST", ORGS): lambda w: {"body": {"name": "Example %d" % next(w.numbers)}, "status": 201},
    ("PATCH", ORGS + "/{id}"): lambda w: {"body": {"name": "Example"}},
    ("DELETE", ORGS + "/{id}"): lambda w: {"thing": w.fresh_organization()},
    ("POST", ORGS + "/{id}/regenerate-token"): lambda w: {},
    ("POST", ORGS + "/{id}/whitelist"): lambda w: {
        "body": {"pattern": "@h%d.example" % next(w.numbers)}, "status": 201},
    ("DELETE", ORGS + "/{id}/whitelist"): lambda w: {"query": {"pattern": w.fresh_pattern()}},
    ("PATCH", ORGS + "/{id}/users/{user_id}"): lambda w: {"body": {"role": "org_viewer"}},
    ("DELETE", ORGS + "/{id}/users/{user_id}"): lambda w: {"member": w.fresh_member()},
    ("POST", USERS): lambda w: {"body": {"email": "new%d@example.com" % next(w.numbers)},
                                "status": 201},
    ("PATCH", USERS + "/{id}"): lambda w: {"body": {"is_active": True}},
    ("DELETE", USERS + "/{id}"): lambda w: {"thing": w.fresh_user()},
    ("POST", USERS + "/{id}/restore"): lambda w: {"thing": w.deleted_user()},
    ("POST", USERS + "/{id}/link"): lambda w: {"status": 201},
    ("POST", API + "/auth/verify/resend"): lambda w: {"body": {"email": "nobody@example.com"}},
    ("POST", API + "/auth/forgot-password"): lambda w: {"body": {"email": "nobody@example.com"}},
    ("DELETE", API + "/auth/sessions"): lambda w: {},
    ("DELETE", API + "/auth/sessions/{id}"): lambda w: {"thing": w.fresh_session()},
    ("POST", API + "/auth/api-keys"): lambda w: {"body": {"name": "x", "scopes": ["read"]}, "status": 201},
    ("DELETE", API + "/auth/api-keys/{id}"): lambda w: {"thing": w.fresh_key()},
    ("PUT", API + "/users/profile"): lambda w: {"body": {"full_name": "x"}},
    ("POST", API + "/models"): lambda w: {"body": support.card("annual"), "status": (200, 201)},
    ("POST", API + "/models/{id}/activate"): lambda w: {},
    ("POST", PREDICTIONS + "/{kind}"): lambda w: {"body": w.row(), "status": 201},
    ("PUT", PREDICTIONS + "/{kind}/{id}"): lambda w: {"body": {}, "thing": w.fresh_prediction()},
    ("POST", PREDICTIONS + "/{kind}/{id}"): lambda w: {"body": {}, "thing": w.fresh_prediction()},
    ("POST", PREDICTIONS + "/{kind}/{id}/versions/{version_id}/restore"): lambda w: {
        "thing": w.former},
    ("DELETE", PREDICTIONS + "/{kind}/{id}"): lambda w: {"thing": w.fresh_prediction()},
    ("DELETE", API + "/companies/{id}"): lambda w: {"thing": w.fresh_company()},
    ("POST", PREDICTIONS + "/{kind}/purge"): lambda w: {"body": {}},
    ("POST", PREDICTIONS + "/{kind}/score"): lambda w: {"body": {"return_on_assets": 1}},
    ("POST", PREDICTIONS + "/{kind}/bulk-upload-async"): lambda w: {
        "body": Form.body(support.csv([w.row()])), "type": Form.type, "status": 202},
    ("POST", JOBS): lambda w: {"body": Form.body(support.csv([w.row()]), {"job_type": "annual"}),
                               "type": Form.type, "status": 202},
    ("DELETE", JOBS + "/{id}"): lambda w: {"thing": w.fresh_job()},
    ("POST", JOBS + "/{id}/results"): lambda w: {},
    ("PATCH", JOBS + "/{id}"): lambda w: {"body": {"note": "x"}, "thing": w.fresh_job()},
    ("POST", JOBS + "/{id}/restore"): lambda w: {"thing": w.fresh_deletion()[0],
                                                 "status": (200, 202)},
    ("POST", API + "/deletions/{id}/restore"): lambda w: {"thing": w.fresh_deletion()[1],
                                                          "status": (200, 202)},
    ("DELETE", API + "/deletions/{id}"): lambda w: {"thing": w.fresh_deletion(w.admin)[1],
                                                    "query": {"reason": "x"},
                                                    "status": (200, 202)},
}
# These end or begin something once, and are tried where that is looked at (test_accounts, test_jobs,
# test_registration, test_sessions).
NOT_TRIED_GOOD = {("POST", "/verify"), ("POST", "/reset"), ("POST", API + "/auth/register"),
                  ("POST", API + "/auth/verify"), ("POST", API + "/auth/reset-password"),
                  ("POST", "/setup"), ("POST", API + "/auth/setup"), ("POST", API + "/auth/logout"),
                  ("POST", API + "/auth/join"), ("POST", API + "/auth/leave"),
                  ("POST", API + "/auth/refresh"), ("POST", API + "/auth/change-password"),
                  ("POST", JOBS + "/{id}/cancel"), ("POST", API + "/deletions/{id}/retry")}


class Routes(support.TestCase):
    SERVER_OPTIONS = {"arguments": ["--max-upload", "100000"]}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not hasattr(Routes, "world"):
            Routes.world = World(cls.server)
        cls.world = Routes.world

    def client_for(self, permission, path):
        if path == ORGS + "/{id}": # an administrator's or a member's
            return self.world.admin
        return {"anyone": self.server.anonymous(), "local": self.server.anonymous(),
                "admin": self.world.admin, "super_admin": self.world.admin}.get(permission, self.world.user)

    def paths(self):
        """Path -> its methods."""
        found = {}
        for method, path in TABLE:
            found.setdefault(path, set()).add(method)
        return found

    def test_the_table_is_complete(self):
        routes = parse_routes()
        self.assertEqual(set(routes), set(TABLE))
        for key, (permission, body, _) in routes.items():
            self.assertEqual((permission, body), TABLE[key][:2], key)
        self.assertLessEqual(set(GOOD), set(TABLE))
        self.assertEqual(set(), {key for key in TABLE if key[0] != "GET"} - set(GOOD) -
                         NOT_TRIED_GOOD)

    def test_good_requests(self):
        """Every route answers, with and without a slash at its end, and HEAD like GET."""
        for (method, path), (permission, _, _) in TABLE.items():
            if (method, path) in NOT_TRIED_GOOD:
                continue
            client = self.client_for(permission, path)
            for slash in ("", "/", "//"):
                given = GOOD.get((method, path), lambda world: {})(self.world)
                filled = self.world.fill(path, given.get("thing"), given.get("member")) + slash
                answer = client.request(method, filled, given.get("body"), given.get("query"),
                                        None, given.get("status", 200), given.get("type"))
                if answer.status == 202 and "job_id" in answer.json:
                    client.wait_job(answer.json["job_id"])
                if method != "GET":
                    break
                head = client.request("HEAD", filled)
                self.assertEqual((answer.status, b""), (head.status, head.body), path)
                self.assertEqual(answer.header("Content-Type"), head.header("Content-Type"))
                if "metrics" not in path and "status" not in path:
                    self.assertEqual(answer.header("Content-Length"),
                                     head.header("Content-Length"), path)

    def test_own_refusals(self):
        for (method, path), (permission, _, tries) in TABLE.items():
            client = self.client_for(permission, path)
            for one in tries:
                thing = one.thing(self.world) if one.thing else None
                filled = self.world.fill(one.path or path, thing)
                answer = client.request(method, filled, one.body, one.query, one.headers,
                                        one.status, one.type)
                if one.error is not None:
                    self.assertEqual(one.error, answer.json["error"], str(answer))
        self.left_nothing()

    def test_not_signed_in(self):
        """401 before anything else is looked at: no object, no parameter, no body makes a difference."""
        anonymous = self.server.anonymous()
        for (method, path), (permission, body, _) in TABLE.items():
            if permission in ("anyone", "local"):
                continue
            for thing in (None, UNKNOWN_ID):
                for query in (None, {"limit": "x", "unknown": 1}):
                    for sent, type in ((None, None), (b"{", "application/json"),
                                       (b"x", "image/png")):
                        answer = anonymous.request(method, self.world.fill(path, thing), sent,
                                                   query, None, 401, type)
                        self.assertEqual("unauthenticated", answer.json["error"])
            answer = anonymous.request(method, self.world.fill(path), expect=401,
                                       headers={"Authorization": "Bearer " + "A" * 43})
            self.assertEqual("bad_token", answer.json["error"])

    def test_not_verified_and_not_active(self):
        """403 on every route, from the moment it is so, though the token is good."""
        for column, value, error in (("verified_at", "NULL", "not_verified"),
                                     ("is_active", "FALSE", "not_active")):
            client = self.server.new_client("super_admin")
            client.get(API + "/auth/me")
            self.server.database.execute("UPDATE users SET %s = %s WHERE email = '%s'"
                                         % (column, value, client.email))
            for (method, path), (permission, _, _) in TABLE.items():
                if permission in ("anyone", "local"):
                    continue
                answer = client.request(method, self.world.fill(path), expect=403)
                self.assertEqual(error, answer.json["error"], path)
            self.assertEqual(0, len(self.world.admin.jobs({"created_by": client.email})))

    def test_not_allowed(self):
        """403 for the role, wherever a role is asked for."""
        for (method, path), (permission, _, _) in TABLE.items():
            if permission not in ("admin", "super_admin"):
                continue
            for sent, type in ((None, None), (b"{", "application/json")):
                answer = self.world.user.request(method, self.world.fill(path), sent, None, None,
                                                 403, type)
                self.assert_problem(answer, 403, "denied", ["user"])

    def test_other_methods(self):
        """405 with Allow, which is what OPTIONS says too."""
        client = self.world.user
        for path, methods in self.paths().items():
            allowed = methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
            filled = self.world.fill(path)
            answer = client.request("OPTIONS", filled, expect=204)
            said = set(answer.header("Allow").split(", "))
            literal = path in (PREDICTIONS + "/{kind}/score", JOBS) # also met by a parameter
            self.assertEqual(allowed, said, path)
            for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "TRACE"):
                if method in allowed or literal and method in ("PUT", "DELETE"):
                    continue
                answer = client.request(method, filled, expect=405)
                self.assertEqual(allowed, set(answer.header("Allow").split(", ")), path)
                # Which methods a path has is no secret; what is behind it is.
                self.server.anonymous().request(method, filled, expect=405)

    def test_unknown_paths(self):
        for path in ("/", "/api", API, API + "/nothing", PREDICTIONS, PREDICTIONS + "/monthly",
                     "/api/v2/auth/me", API + "//auth/me", "/API/v1/auth/me", JOBS + "x",
                     API + "/auth/me/x", "/favicon.ico", "/%2e%2e/etc/passwd",
                     "/setup/../metrics", API + "/companies/search/", "/setup%00",
                     API + "/companies/search/a/b"):
            for client in (self.server.anonymous(), self.world.user):
                for method in ("GET", "POST", "DELETE"):
                    answer = client.request(method, path, expect=(404, 405))
                    if answer.status == 405: # /companies/search is an id that is none elsewhere
                        self.fail(str(answer))
                    self.assertEqual("not_found", answer.json["error"])

    def test_malformed_ids(self):
        for (method, path), (permission, _, _) in TABLE.items():
            if "{id}" not in path:
                continue
            client = self.client_for(permission, path)
            for word in ("x", UNKNOWN_ID[:-1], UNKNOWN_ID + "0", "0", "%20", "%00"):
                answer = client.request(method, self.world.fill(path, word), expect=404)
                self.assertEqual("not_found", answer.json["error"])

    def test_malformed_queries(self):
        """400: what cannot be decoded, and what stands there twice."""
        for (method, path), (permission, _, _) in TABLE.items():
            client = self.client_for(permission, path)
            for query in ("?a=%zz", "?a=%", "?a=%00", "?%ff=1", "?a=1&a=2",
                          "?" + "&".join("p%d=" % i for i in range(101))):
                answer = client.request(method, self.world.fill(path) + query, expect=(400, 415))
                if answer.status == 415: # a body was wanted first
                    self.assertEqual("upload", TABLE[method, path][1])
            answer = client.request(method, self.world.fill(path) + "?" + "x" * 9000,
                                    expect=414)
            self.assertEqual("uri_too_long", answer.json["error"])

    def test_unknown_parameters(self):
        """422 on what changes data; on a read they are ignored and named."""
        for (method, path), (permission, body, _) in TABLE.items():
            client = self.client_for(permission, path)
            filled, query = self.world.fill(path), {"colour": "red"}
            if body == "none":
                answer = client.request(method, filled, None, query)
                if answer.type == "application/json":
                    self.assertEqual(["colour"], answer.json["ignored_parameters"], path)
                continue
            given = GOOD.get((method, path), lambda world: {})(self.world)
            type = FORM if body == "form" else given.get("type")
            sent = b"" if body == "form" else given.get("body")
            query.update(given.get("query", {}))
            answer = client.request(method, filled, sent, query, None, 422, type)
            self.assertEqual({"colour": "unknown_parameter"}, answer.field_codes(), path)

    def test_wrong_content_types(self):
        for (method, path), (permission, body, _) in TABLE.items():
            client, filled = self.client_for(permission, path), self.world.fill(path)
            for type in ("image/png", "application/xml", "multipart/mixed; boundary=x", "json"):
                if body in ("none", "empty"):
                    continue
                answer = client.request(method, filled, b"{}", None, None, 415, type)
                self.assertEqual("unsupported", answer.json["error"])

    def test_bodies_that_are_too_large(self):
        limits = {key: limit for key, (_, _, limit) in parse_routes().items()}
        for (method, path), (permission, body, _) in TABLE.items():
            client, filled = self.client_for(permission, path), self.world.fill(path)
            size = {"upload": 100000 + (256 << 10) + 1, "empty": 1025}.get(body, (1 << 20) + 1)
            if limits[method, path] == "LOGIN_MAX":
                size = (16 << 10) + 1
            if path == API + "/models" and body == "json":
                size = (4 << 20) + 1
            type = {"json": "application/json", "form": FORM, "upload": "text/csv"}.get(body)
            with support.Wire(self.server) as wire:
                headers = {"Content-Length": size, "Expect": "100-continue"}
                wire.head(method, filled, dict(headers, **({"Content-Type": type} if type else {})),
                          client.token)
                answer = wire.read(method)
            self.assert_problem(answer, 413, "too_large", ["bytes"])
        self.left_nothing()

    def test_bodies_where_none_belongs(self):
        for (method, path), (permission, body, _) in TABLE.items():
            client, filled = self.client_for(permission, path), self.world.fill(path)
            if body == "none":
                client.request(method, filled, b"anything", type="text/plain")
            if body == "empty":
                answer = client.request(method, filled, {"delete_predictions": True}, None, None,
                                        422)
                self.assertIn("no body", answer.json["detail"])

    def test_malformed_json(self):
        for (method, path), (permission, body, _) in TABLE.items():
            if body != "json":
                continue
            client, filled = self.client_for(permission, path), self.world.fill(path)
            for sent in (b"{", b"\xff", b"{\"a\": 01}", b"{}{}", b"nul", b"[" * 5000,
                         b'{"a": "\x01"}'):
                answer = client.request(method, filled, sent, None, None, 400, "application/json")
                self.assertEqual("malformed", answer.json["error"])

    def test_metrics_beyond_this_machine(self):
        """Through a proxy that says so it takes a super_admin."""
        for name, value in (("X-Forwarded-For", "203.0.113.5"), ("Forwarded", "for=203.0.113.5")):
            for client, status in ((self.server.anonymous(), 401), (self.world.user, 403),
                                   (self.world.admin, 200)):
                client.get("/metrics", expect=status, headers={name: value})
        text = self.server.anonymous().get("/metrics").text
        for word in ("# HELP", "# TYPE", "obligor_"):
            self.assertIn(word, text)
        self.assertNotIn(UNKNOWN_ID, text)
        self.assertNotIn(self.world.user.email, text)

    def test_request_ids(self):
        """A sound one is kept, in the answer, the problem and the log; another is replaced."""
        client = self.server.anonymous()
        answer = client.get(API + "/auth/me", expect=401, headers={"X-Request-ID": "night-job.7_x"})
        self.assertEqual("night-job.7_x", answer.json["instance"])
        deadline = time.monotonic() + 5 # the line is written when the answer is out
        while '"request_id":"night-job.7_x"' not in self.server.log():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        for bad in ("a b", "x" * 65, "<script>", "", "a\"b"):
            answer = client.get("/healthz", headers={"X-Request-ID": bad})
            self.assertRegex(answer.header("X-Request-ID"), support.UUID)

    def test_headers_that_stand_there_twice(self):
        for name, values in (("Authorization", ("Bearer a", "Bearer b")),
                             ("Idempotency-Key", ("a", "b")), ("If-Match", ('"a"', '"b"')),
                             ("Content-Type", ("application/json", "text/csv"))):
            with support.Wire(self.server) as wire:
                wire.send("GET /api/v1/auth/me HTTP/1.1\r\nHost: x\r\n%s: %s\r\n%s: %s\r\n\r\n"
                          % (name, values[0], name, values[1]))
                answer = wire.read()
                self.assert_problem(answer, 400, "malformed", [name, "twice"])


class Busy(support.TestCase):
    """429 or 503 with Retry-After: too many at once, or the database is held by somebody else."""
    SERVER_OPTIONS = {"arguments": ["--threads", "1", "--queue", "2"]}

    def test_queue_is_full(self):
        """Of those who sign in, which has room of its own; of all others: test_door.py."""
        email = self.server.new_user()
        answers = []

        def sign_in(number):
            client = self.server.anonymous()
            answers.append(client.post(API + "/auth/login", {"email": "%d@example.com" % number, "password": "x"},
                                       expect=(401, 429)))
            client.close()
        threads = [threading.Thread(target=sign_in, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(16, len(answers))
        refused = [answer for answer in answers if answer.status == 429]
        self.assertTrue(1 <= len(refused) < 16, len(refused))
        for answer in refused:
            self.assert_problem(answer, 429, "busy", ["Try again"])
        self.server.sign_in(email)

    def test_database_is_held(self):
        """Writes give up after a while and say so; reads go on; afterwards all is well."""
        server = support.Server()
        try:
            server.expect_log_error("busy|claim failed|housekeeping failed|could not be given back")
            client = server.new_client()
            reader = server.sign_in(client.email)
            item = client.create("annual", support.row(1)).json["prediction"]
            path = "%s/annual/%s" % (PREDICTIONS, item["id"])
            writes = [("POST", PREDICTIONS + "/annual", support.row(2)), ("DELETE", path, None),
                      ("PUT", path, {"return_on_assets": 1})]
            answers = []

            def write(method, path, body):
                one = support.Client(server, client.token, client.email)
                answers.append(one.request(method, path, body, expect=None))
                one.close()
            holder = server.database.hold()
            began = time.monotonic()
            threads = [threading.Thread(target=write, args=one) for one in writes]
            try:
                for thread in threads:
                    thread.start()
                while any(thread.is_alive() for thread in threads):
                    self.assertLess(time.monotonic() - began, 25, "a writer waits too long")
                    asked = time.monotonic()
                    self.assertEqual(item, reader.get(path).json["prediction"])
                    reader.get("/readyz")
                    self.assertEqual(1, len(reader.predictions()))
                    self.assertLess(time.monotonic() - asked, 5, "a reader had to wait")
                    time.sleep(0.5)
            finally:
                holder.close()
                for thread in threads:
                    thread.join()
            self.assertEqual(3, len(answers))
            for answer in answers:
                self.assert_problem(answer, 503, "busy", ["Try again"])
            self.assertEqual([item], [{name: one[name] for name in one} | {
                "current_id": item["id"], "may_change": True} for one in client.predictions()])
            client.create("annual", support.row(2))
            job = client.import_rows("annual", support.rows(3, start=10))
            self.assertEqual(3, job["progress"]["successful_rows"])
        finally:
            server.close()


if __name__ == "__main__":
    support.main()
