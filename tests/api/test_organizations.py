"""Organizations: who may join, what a member sees, and that nothing of it is left for who leaves. Two of them on
one server, a stranger, and an administrator of the server."""
import support
from support import API, JOBS, PREDICTIONS, UNKNOWN_ID

ORGS = API + "/organizations"
USERS = API + "/users"


def name_of(client):
    return client.get(API + "/auth/me").json["user"]


class Organization:
    """An organization with an administrator of its own."""

    def __init__(self, server, name, **settings):
        self.server = server
        self.root = server.root
        made = self.root.post(ORGS, dict(settings, name=name), expect=201)
        self.id, self.token = made.json["organization"]["id"], made.json["join_token"]
        self.path = "%s/%s" % (ORGS, self.id)
        self.admin = self.join("org_admin")

    def join(self, role=None):
        """A new user who has joined, with a role."""
        client = self.server.new_client()
        client.post(API + "/auth/join", {"join_token": self.token})
        client.id = name_of(client)["id"]
        if role:
            self.root.request("PATCH", "%s/users/%s" % (self.path, client.id), {"role": role})
        return client

    def get(self, client=None):
        return (client or self.root).get(self.path)

    def members(self):
        return {user["email"]: user["role"] for user in
                self.root.all(self.path + "/users", "users")}


class TestCase(support.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not hasattr(cls.server, "root"):
            cls.server.root = cls.server.new_client("super_admin")
        cls.root = cls.server.root

    def organization(self, name=None, **settings):
        return Organization(self.server, name or "%s %d" % (type(self).__name__,
                                                            next(self.server.numbers)), **settings)

    def refused(self, client, method, path, status, error, body=None, **more):
        answer = client.request(method, path, body, expect=status, **more)
        self.assertEqual(error, answer.json["error"], str(answer))
        return answer


class Settings(TestCase):
    def test_making_one(self):
        made = self.root.post(ORGS, {"name": "  Größe & Söhne, Ltd. "}, expect=201)
        shown = made.json["organization"]
        self.assertEqual(["Größe & Söhne, Ltd.", "gr-e-s-hne-ltd", True, True, "org_member", None, 0,
                          False], [shown[key] for key in (
                              "name", "slug", "is_active", "join_enabled", "default_role",
                              "max_users", "user_count", "allow_global_data_access")])
        self.assertEqual(43, len(made.json["join_token"]))
        self.assertEqual("%s/%s" % (ORGS, shown["id"]), made.header("Location"))
        again = self.root.get(made.header("Location"))
        self.assertNotIn("join_token", again.json)
        self.assertEqual(shown, again.json["organization"])
        self.assertEqual(made.header("ETag"), again.header("ETag"))
        self.refused(self.root, "POST", ORGS, 409, "slug_taken", {"name": "gr e s hne ltd"})
        wrong = self.root.post(ORGS, {"name": "&", "default_role": "org_admin", "max_users": 0},
                               expect=422)
        self.assertEqual({"max_users": "not_a_whole_number"}, wrong.field_codes())
        wrong = self.root.post(ORGS, {"name": "&", "default_role": "org_admin"}, expect=422)
        self.assertEqual({"slug": "not_a_slug", "default_role": "not_available"},
                         wrong.field_codes())

    def test_who_sees_which(self):
        first, second = self.organization(), self.organization()
        stranger = self.server.new_client()
        member = first.join("org_viewer")
        for client, seen in ((first.admin, [first.id]), (member, [first.id]),
                             (second.admin, [second.id]), (stranger, [])):
            self.assertEqual(seen, [o["id"] for o in client.all(ORGS, "organizations")])
            self.assertEqual(len(seen), client.get(ORGS).json["pagination"]["total"])
        listed = [o["id"] for o in self.root.all(ORGS, "organizations", limit=1)]
        self.assertEqual([second.id, first.id], listed[:2])
        for client in (stranger, second.admin):
            self.assertEqual(
                support.essence(client.get("%s/%s" % (ORGS, UNKNOWN_ID), expect=404).json),
                support.essence(client.get(first.path, expect=404).json))
        for method, path, body in (("PATCH", "", {"name": "x"}), ("POST", "/regenerate-token", None),
                                   ("GET", "/whitelist", None), ("GET", "/users", None),
                                   ("POST", "/whitelist", {"pattern": "@a.b"}),
                                   ("DELETE", "/whitelist?pattern=@a.b", None),
                                   ("DELETE", "/users/" + first.admin.id, None)):
            wanted = second.admin.request(method, "%s/%s%s" % (ORGS, UNKNOWN_ID, path), body,
                                          expect=404)
            answer = second.admin.request(method, first.path + path, body, expect=404)
            self.assertEqual(support.essence(wanted.json), support.essence(answer.json), path)
            self.assertEqual("denied", member.request(method, first.path + path, body, expect=403)
                             .json["error"])

    def test_changing_one(self):
        org = self.organization()
        before = org.get(org.admin)
        changed = org.admin.request(
            "PATCH", org.path, {"name": "New name", "max_users": 7, "default_role": "org_viewer",
                                "join_enabled": False}, headers={"If-Match": before.header("ETag")})
        shown = changed.json["organization"]
        self.assertEqual(["New name", 7, "org_viewer", False],
                         [shown[key] for key in ("name", "max_users", "default_role",
                                                 "join_enabled")])
        self.refused(org.admin, "PATCH", org.path, 412, "changed", {"name": "x"},
                     headers={"If-Match": before.header("ETag")})
        self.assertEqual(None, org.admin.request("PATCH", org.path, {"max_users": None})
                         .json["organization"]["max_users"])
        for body in ({"slug": "mine"}, {"is_active": False}, {"allow_global_data_access": True}):
            self.refused(org.admin, "PATCH", org.path, 403, "denied", body)
            self.root.request("PATCH", org.path, body)
        shown = org.get().json["organization"]
        self.assertEqual(["mine", False, True], [shown[key] for key in (
            "slug", "is_active", "allow_global_data_access")])
        wrong = self.root.request("PATCH", org.path, {"name": "", "default_role": "user"}, expect=422)
        self.assertEqual({"name": "missing", "default_role": "not_available"}, wrong.field_codes())

    def test_a_limit_below_its_members(self):
        org = self.organization()
        org.join()
        self.refused(org.admin, "PATCH", org.path, 409, "too_many_members", {"max_users": 1})
        org.admin.request("PATCH", org.path, {"max_users": 2})


class Joining(TestCase):
    def test_by_token(self):
        org = self.organization()
        client = self.server.new_client()
        answer = client.post(API + "/auth/join", {"join_token": org.token}).json
        self.assertEqual(("org_member", org.id), (answer["role"], answer["organization"]["id"]))
        self.assertEqual(["org_member", org.id], [name_of(client)[key] for key in
                                                  ("role", "organization_id")])
        self.assertEqual("already_member", client.post(
            API + "/auth/join", {"join_token": org.token}, expect=409).json["error"])
        self.assertEqual("is_super_admin", self.root.post(
            API + "/auth/join", {"join_token": org.token}, expect=409).json["error"])

    def test_tokens_that_let_nobody_in(self):
        """All of them are one answer."""
        org, off, disabled = self.organization(), self.organization(), self.organization()
        self.root.request("PATCH", off.path, {"join_enabled": False})
        self.root.request("PATCH", disabled.path, {"is_active": False})
        fresh = org.admin.post(org.path + "/regenerate-token").json["join_token"]
        client = self.server.new_client()
        said = {str(support.essence(client.post(API + "/auth/join", {"join_token": token},
                                                expect=404).json))
                for token in (org.token, off.token, disabled.token, "A" * 43, "x")}
        self.assertEqual(1, len(said), said)
        self.assertIn("bad_join_token", said.pop())
        client.post(API + "/auth/join", {"join_token": fresh})

    def test_the_list_of_addresses(self):
        org = self.organization()
        path = org.path + "/whitelist"
        guest, other = self.server.new_client(), self.server.new_client()
        self.assertEqual([], org.admin.get(path).json["whitelist"])
        org.admin.post(path, {"pattern": " @Elsewhere.Example "}, expect=201)
        org.admin.post(path, {"pattern": "@elsewhere.example"}, expect=200)
        self.assertEqual("not_whitelisted", guest.post(
            API + "/auth/join", {"join_token": org.token}, expect=403).json["error"])
        org.admin.post(path, {"pattern": guest.email.upper()}, expect=201)
        self.assertEqual([guest.email, "@elsewhere.example"][::-1],
                         [entry["pattern"] for entry in org.admin.get(path).json["whitelist"]])
        guest.post(API + "/auth/join", {"join_token": org.token})
        other.post(API + "/auth/join", {"join_token": org.token}, expect=403)
        org.admin.post(path, {"pattern": "@example.com"}, expect=201)
        other.post(API + "/auth/join", {"join_token": org.token})
        left = org.admin.delete(path, {"pattern": "@example.com"}).json["whitelist"]
        self.assertEqual(2, len(left))
        org.admin.delete(path, {"pattern": "@example.com"}, 404)
        self.assertIn(other.email, org.members())
        for wrong in ("x", "@", "@a@b", "a b@c"):
            self.assertEqual({"pattern": "not_a_pattern"}, org.admin.post(
                path, {"pattern": wrong}, expect=422).field_codes(), wrong)
        self.assertEqual({"pattern": "missing"}, org.admin.delete(path, expect=422).field_codes())

    def test_the_limit(self):
        org = self.organization(max_users=2)
        member = org.join()
        client = self.server.new_client()
        join = lambda status: client.post(API + "/auth/join", {"join_token": org.token},
                                          expect=status)
        self.assertEqual("organization_full", join(409).json["error"])
        member.post(API + "/auth/leave")
        join(200)
        self.assertEqual("organization_full", member.post(
            API + "/auth/join", {"join_token": org.token}, expect=409).json["error"])


class Members(TestCase):
    def test_roles(self):
        org, other = self.organization(), self.organization()
        member, outsider = org.join(), other.join()
        path = "%s/users/%s" % (org.path, member.id)
        for role in ("org_viewer", "org_auditor", "org_admin", "org_member"):
            self.assertEqual(role, org.admin.request("PATCH", path, {"role": role})
                             .json["user"]["role"])
            self.assertEqual(role, name_of(member)["role"])
        for role in ("super_admin", "user"):
            self.assertEqual({"role": "not_available"}, org.admin.request(
                "PATCH", path, {"role": role}, expect=422).field_codes())
        self.refused(org.admin, "PATCH", "%s/users/%s" % (org.path, org.admin.id), 403,
                     "own_account", {"role": "org_member"})
        self.refused(org.admin, "PATCH", "%s/users/%s" % (org.path, outsider.id), 404, "not_found",
                     {"role": "org_member"})
        self.refused(org.admin, "PATCH", "%s/users/%s" % (org.path, UNKNOWN_ID), 404, "not_found",
                     {"role": "org_member"})
        self.refused(self.root, "PATCH", "%s/users/%s" % (org.path, org.admin.id), 409,
                     "last_admin", {"role": "org_member"})
        self.refused(self.root, "PATCH", "%s/users/%s" % (org.path, org.admin.id), 409,
                     "last_admin", {"is_active": False})
        self.refused(self.root, "DELETE", "%s/users/%s" % (org.path, org.admin.id), 409,
                     "last_admin")
        self.refused(org.admin, "POST", API + "/auth/leave", 409, "last_admin")
        org.admin.request("PATCH", path, {"role": "org_admin"})
        org.admin.post(API + "/auth/leave")
        self.assertEqual({member.email: "org_admin"}, org.members())

    def test_disabling_one(self):
        org = self.organization()
        member = org.join()
        path = "%s/users/%s" % (org.path, member.id)
        org.admin.request("PATCH", path, {"is_active": False})
        member.get(API + "/auth/me", expect=401)
        org.admin.request("PATCH", path, {"is_active": True})
        self.assertEqual(org.id, name_of(self.server.sign_in(member.email))["organization_id"])

    def test_the_list(self):
        org = self.organization()
        members = [org.join() for _ in range(3)]
        listed = org.admin.all(org.path + "/users", "users", limit=2)
        wanted = [m.email for m in reversed([org.admin] + members)]
        self.assertEqual(wanted, [user["email"] for user in listed])
        found = org.admin.get(org.path + "/users", {"role": "org_admin,org_viewer"}).json
        self.assertEqual([org.admin.email], [user["email"] for user in found["users"]])
        found = org.admin.get(org.path + "/users", {"email": members[1].email[:8].upper()}).json
        self.assertIn(members[1].email, [user["email"] for user in found["users"]])

    def test_the_trail(self):
        """What happens inside is in the organization's own trail."""
        org = self.organization()
        member = org.join()
        org.admin.request("PATCH", "%s/users/%s" % (org.path, member.id), {"role": "org_auditor"})
        org.admin.post(org.path + "/whitelist", {"pattern": "@a.example"}, expect=201)
        org.admin.request("PATCH", org.path, {"name": "Renamed"})
        member.post(API + "/auth/leave")
        seen = [entry["action"] for entry in org.admin.all(API + "/audit", "events")
                if entry["organization_id"] == org.id]
        self.assertEqual(["member.left", "organization.changed", "organization.address_allowed",
                          "member.changed", "member.joined", "member.changed", "member.joined",
                          "organization.created"], seen)


class Data(TestCase):
    def test_what_members_see_and_lose(self):
        """Two organizations, each with data; who leaves loses it with the next request, others keep it."""
        org, other = self.organization(), self.organization()
        member, colleague = org.join(), org.join("org_viewer")
        job = member.import_rows("annual", support.rows(3, start=100))["id"]
        other.join().import_rows("annual", support.rows(2, start=500))
        made = member.predictions()
        self.assertEqual({"organization"}, {p["access_level"] for p in made})
        prediction, company = made[0]["id"], made[0]["company_id"]
        for client in (member, colleague, org.admin):
            self.assertEqual(made[0]["id"], client.get("%s/annual/%s" % (PREDICTIONS, prediction))
                             .json["prediction"]["id"])
            self.assertEqual(3, len(client.predictions()))
            self.assertEqual([job], [j["id"] for j in client.jobs()])
        session = self.server.sign_in(member.email)
        self.assertEqual(3, len(session.predictions()))
        member.post(API + "/auth/leave")
        for client in (member, session, other.admin):
            for path in ("%s/annual/%s" % (PREDICTIONS, prediction), "%s/%s" % (JOBS, job),
                         "%s/%s/file" % (JOBS, job), "%s/%s/results" % (JOBS, job),
                         "%s/companies/%s" % (API, company)):
                self.assertEqual("not_found", client.get(path, expect=404).json["error"], path)
        for client in (member, session):
            self.assertEqual([[], [], []], [client.predictions(), client.jobs(),
                                            client.companies()])
            self.assertEqual(("user", None), (name_of(client)["role"],
                                              name_of(client)["organization_id"]))
        self.assertEqual(2, len(other.admin.predictions()))
        for client in (colleague, org.admin):
            self.assertEqual(made, client.predictions())
        own = member.create("annual", support.row(900)).json["prediction"]
        self.assertEqual("personal", own["access_level"])
        self.assertEqual(made, org.admin.predictions())

    def test_a_disabled_organization(self):
        """Its members act for themselves meanwhile, and find everything again."""
        org = self.organization()
        member = org.join()
        member.import_rows("annual", support.rows(2, start=1000))
        made = member.predictions()
        self.root.request("PATCH", org.path, {"is_active": False})
        self.assertEqual([], member.predictions())
        self.assertEqual([], member.all(ORGS, "organizations"))
        member.get(org.path, expect=404)
        self.refused(org.admin, "GET", org.path + "/users", 403, "denied")
        self.root.request("PATCH", org.path, {"is_active": True})
        self.assertEqual(made, member.predictions())

    def test_the_systems_data(self):
        org = self.organization()
        self.root.import_rows("annual", support.rows(1, start=2000))
        self.assertEqual([], org.admin.predictions())
        self.root.request("PATCH", org.path, {"allow_global_data_access": True})
        seen = org.admin.predictions()
        self.assertEqual(["system"], [p["access_level"] for p in seen])
        self.assertEqual("denied", org.admin.delete(
            "%s/annual/%s" % (PREDICTIONS, seen[0]["id"]), expect=403).json["error"])


class Deleting(TestCase):
    def test_deleting_and_restoring(self):
        org, other = self.organization(), self.organization()
        member = org.join()
        job = member.import_rows("annual", support.rows(2, start=4000))["id"]
        other.admin.import_rows("annual", support.rows(1, start=4000))
        made = member.predictions()
        preview = org.admin.get(org.path + "/deletion-preview")
        counts = {"users": 2, "jobs": 1, "companies": 2, "predictions": {"annual": 2, "quarterly": 0}}
        self.assertEqual(counts, {key: preview.json[key] for key in counts})
        self.assertEqual(preview.json, dict(org.admin.delete(org.path, {"dry_run": True}).json))
        member.create("annual", support.row(4100))
        self.refused(org.admin, "DELETE", org.path, 412, "changed",
                     headers={"If-Match": preview.header("ETag")})
        etag = self.root.delete(org.path, {"dry_run": True}).header("ETag")
        said = org.admin.delete(org.path, {"reason": "dissolved"}, headers={"If-Match": etag}).json
        self.assertEqual(3, said["predictions"]["annual"])
        for client in (member, org.admin):
            self.assertEqual([[], [], []], [client.predictions(), client.jobs(),
                                            client.all(ORGS, "organizations")])
            client.get("%s/%s" % (JOBS, job), expect=404)
            client.get(org.path, expect=404)
            client.get("%s/deletions/%s" % (API, said["deletion_id"]), expect=404)
            client.post(API + "/auth/join", {"join_token": other.token}, expect=409)
        self.assertEqual(1, len(other.admin.predictions()))
        gone = self.refused(self.root, "GET", org.path, 410, "gone").json
        self.assertEqual((said["deletion_id"], "dissolved"), (gone["deletion_id"],
                                                               gone["deletion_reason"]))
        self.assertIsNotNone(self.root.get(org.path, {"show_deleted": True})
                             .json["organization"]["deleted_at"])
        self.assertNotIn(org.id, [o["id"] for o in self.root.all(ORGS, "organizations")])
        listed = self.root.all(API + "/deletions", "deletions", {"subject": "organization"})
        self.assertIn((said["deletion_id"], org.id), [(d["id"], d["object_id"]) for d in listed])
        path = "%s/deletions/%s" % (API, said["deletion_id"])
        self.root.post(path + "/restore", query={"dry_run": True})
        back = self.root.post(path + "/restore").json
        self.assertEqual(("restored", "The organization is back, with its members and all that is "
                          "its own."), (back["deletion"]["status"], back["message"]))
        self.assertEqual(made, member.predictions()[1:])
        self.assertEqual("restored", self.refused(
            self.root, "DELETE", path + "?reason=x", 409, "restored").json["error"])

    def test_purging(self):
        org, other = self.organization(), self.organization()
        member = org.join()
        member.import_rows("annual", support.rows(3, start=5000))
        other.admin.import_rows("annual", support.rows(3, start=5000))
        own = member.create("annual", support.row(1), query={"access_level": "personal"}).json
        said = org.admin.delete(org.path).json
        path = "%s/deletions/%s" % (API, said["deletion_id"])
        self.refused(org.admin, "DELETE", path + "?reason=x", 403, "denied")
        self.root.delete(path, {"reason": "it is time"}, (200, 202))
        done = self.root.wait_deletion(said["deletion_id"])
        self.assertEqual("purged", done["status"])
        self.assertEqual([own["prediction"]["id"]], [p["id"] for p in member.predictions()])
        self.assertEqual(3, len(other.admin.predictions()))
        self.assertEqual("purged", self.root.post(path + "/restore", expect=410).json["error"])
        self.assertEqual((None, "user"), (name_of(member)["organization_id"],
                                          name_of(member)["role"]))
        member.post(API + "/auth/join", {"join_token": other.token})


class Accounts(TestCase):
    def test_the_list(self):
        org = self.organization()
        member = org.join()
        self.assertEqual({member.email, org.admin.email},
                         {user["email"] for user in org.admin.all(USERS, "users")})
        stranger = self.server.new_client()
        everybody = {user["email"] for user in self.root.all(USERS, "users", limit=2)}
        self.assertLessEqual({member.email, stranger.email, self.root.email}, everybody)
        listed = lambda client, **query: [u["email"] for u in client.all(USERS, "users", query)]
        self.assertEqual([member.email], listed(self.root, organization_id=org.id,
                                                role="org_member"))
        self.assertEqual([], listed(org.admin, organization_id=self.organization().id))
        self.assertEqual([stranger.email], listed(self.root, email=stranger.email))
        self.assertEqual([], listed(self.root, email=stranger.email, is_active=False))
        me = name_of(stranger)["id"]
        for method, path, body in (("GET", "", None), ("PATCH", "", {"is_active": False}),
                                   ("DELETE", "", None), ("POST", "/link", None)):
            for thing in (me, UNKNOWN_ID):
                self.assertEqual("There is no such user.", org.admin.request(
                    method, "%s/%s%s" % (USERS, thing, path), body, expect=404).json["detail"])
        self.assertEqual(member.email, org.admin.get("%s/%s" % (USERS, member.id))
                         .json["user"]["email"])

    def test_inviting_as_the_administrator_of_the_server(self):
        org = self.organization(max_users=2, default_role="org_viewer")
        made = self.root.post(USERS, {"email": "New@Example.com", "full_name": "New",
                                      "organization_id": org.id}, expect=201)
        self.assertEqual(["New@Example.com", "org_viewer", org.id, False],
                         [made.json["user"][key] for key in ("email", "role", "organization_id",
                                                             "is_verified")])
        self.assertRegex(made.json["link"], r"/reset\?token=[\w-]{43}$")
        self.assertEqual("%s/%s" % (USERS, made.json["user"]["id"]), made.header("Location"))
        self.assertEqual("address_taken", self.root.post(USERS, {"email": "new@example.com"},
                                                         expect=409).json["error"])
        self.assertEqual("organization_full", self.root.post(
            USERS, {"email": "b@example.com", "organization_id": org.id}, expect=409).json["error"])
        for body, codes in (({"email": "x"}, {"email": "not_an_address"}),
                            ({}, {"email": "missing"}),
                            ({"email": "c@example.com", "role": "org_admin"},
                             {"role": "not_available"}),
                            ({"email": "c@example.com", "organization_id": UNKNOWN_ID},
                             {"organization_id": "not_found"})):
            self.assertEqual(codes, self.root.post(USERS, body, expect=422).field_codes(), body)
        admin = self.root.post(USERS, {"email": "root2@example.com", "role": "super_admin"},
                               expect=201).json
        self.assertEqual("super_admin", admin["user"]["role"])
        again = self.root.post("%s/%s/link" % (USERS, made.json["user"]["id"]), expect=201).json
        self.assertNotEqual(made.json["link"], again["link"])

    def test_inviting_as_the_administrator_of_an_organization(self):
        """Whether an address is known here does not show."""
        org = self.organization()
        stranger = self.server.new_client()
        said = {str(support.essence(org.admin.post(USERS, {"email": email}, expect=409).json))
                for email in (stranger.email, "nobody-at-all@example.com")}
        self.assertEqual(1, len(said), said)
        self.assertIn("no_mail", said.pop())
        member = org.join()
        self.assertEqual("already_member", org.admin.post(USERS, {"email": member.email}, expect=409)
                         .json["error"])

    def test_service_users(self):
        org = self.organization()
        made = org.admin.post(USERS, {"service": True, "full_name": "Nightly load",
                                      "role": "org_member"}, expect=201).json
        self.assertNotIn("link", made)
        self.assertEqual([True, "org_member", org.id], [made["user"][key] for key in (
            "is_service", "role", "organization_id")])
        self.assertRegex(made["user"]["email"], r"^service-[0-9a-f]{16}@[a-z0-9-]+\.invalid$")
        self.assertEqual({"email": "not_available"}, org.admin.post(
            USERS, {"service": True, "email": "a@b.c"}, expect=422).field_codes())
        self.root.post("%s/%s/link" % (USERS, made["user"]["id"]), expect=409)

    def test_changing(self):
        client = self.server.new_client()
        path = "%s/%s" % (USERS, name_of(client)["id"])
        changed = self.root.request("PATCH", path, {"role": "super_admin", "full_name": "Ada L.",
                                                    "is_verified": True}).json["user"]
        self.assertEqual(["super_admin", "Ada L."], [changed["role"], changed["full_name"]])
        client.get(USERS)
        self.root.request("PATCH", path, {"role": "user", "full_name": None, "is_verified": False})
        self.assertEqual("not_verified", client.get(API + "/auth/me", expect=403).json["error"])
        self.assertEqual({"role": "not_available"}, self.root.request(
            "PATCH", path, {"role": "org_member"}, expect=422).field_codes())
        me = name_of(self.root)["id"]
        for body in ({"role": "user"}, {"is_active": False}):
            self.refused(self.root, "PATCH", "%s/%s" % (USERS, me), 403, "own_account", body)
        self.refused(self.root, "DELETE", "%s/%s" % (USERS, me), 403, "own_account")
        org = self.organization()
        member = org.join()
        self.refused(org.admin, "PATCH", "%s/%s" % (USERS, member.id), 403, "denied",
                     {"is_verified": False})
        self.assertEqual({"role": "not_available"}, self.root.request(
            "PATCH", "%s/%s" % (USERS, member.id), {"role": "super_admin"}, expect=422)
            .field_codes())

    def test_deleting_and_restoring(self):
        org = self.organization(max_users=2)
        member = org.join()
        member.import_rows("annual", support.rows(1, start=3000))
        path = "%s/%s" % (USERS, member.id)
        gone = self.root.delete(path).json
        self.assertIsNotNone(gone["user"]["deleted_at"])
        member.get(API + "/auth/me", expect=401)
        self.server.anonymous().post(API + "/auth/login", {
            "email": member.email, "password": support.PASSWORD}, expect=403)
        self.assertEqual({org.admin.email: "org_admin"}, org.members())
        self.assertEqual(1, len(org.admin.predictions()))
        self.root.request("PATCH", path, {"is_active": True}, expect=410)
        self.root.delete(path, expect=410)
        self.assertEqual("address_taken", self.root.post(USERS, {"email": member.email}, expect=409)
                         .json["error"])
        taken = org.join()
        self.assertEqual("organization_full", self.root.post(path + "/restore", expect=409)
                         .json["error"])
        said = org.admin.delete("%s/%s" % (USERS, taken.id)).json
        self.assertIn("no member of your organization any more", said["message"])
        self.assertEqual("user", name_of(taken)["role"])
        self.root.post(path + "/restore")
        self.assertEqual("org_member", name_of(self.server.sign_in(member.email))["role"])
        self.assertEqual("not_deleted", self.root.post(path + "/restore", expect=409).json["error"])
        self.refused(self.root, "DELETE", "%s/%s" % (USERS, org.admin.id), 409, "last_admin")


if __name__ == "__main__":
    support.main()
