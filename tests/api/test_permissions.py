"""Who may do what to whose data, as "Who may" of the design has it: every route, as every role, with what is one's
own, a colleague's, another organization's, another person's and the system's. A route that is missing in TABLE
fails the test, and so does a row for a route that is gone.

Then: what is not there and what is not yours are one answer; a second organization sees nothing of the first by
any route; and the whole way of a stranger who comes, joins, uploads and leaves."""
import io
import re
import zipfile

import support
from support import API, JOBS, PASSWORD, PREDICTIONS, UNKNOWN_ID, Form
from test_organizations import ORGS, USERS, Organization
from test_registration import MAIL, mailed
from test_routes import parse_routes

MARK = "zorilla"  # in all that the first organization says of itself
LETS_IN = "in"    # 2xx, or a refusal of the input or the state: anything but 401, 403 and 404
WRONG = {"headers": {"If-Match": '"00000000000000000000000000000000"'}}
LOOKS_ONLY = ("org_viewer", "org_auditor")

# Method, path, who is let in at the door; then of what kind {id} is, and what it takes to be let at it.
TABLE_TEXT = """
GET    /health                              anyone
GET    /healthz                             anyone
GET    /readyz                              anyone
GET    /metrics                             local
GET    /setup                               anyone
POST   /setup                               anyone
GET    /verify                              anyone
POST   /verify                              anyone
GET    /reset                               anyone
POST   /reset                               anyone
POST   API/auth/setup                       anyone
POST   API/auth/register                    anyone
POST   API/auth/verify                      anyone
POST   API/auth/verify/resend               anyone
POST   API/auth/forgot-password             anyone
POST   API/auth/reset-password              anyone
POST   API/auth/login                       anyone
POST   API/auth/logout                      self
POST   API/auth/refresh                     self
POST   API/auth/change-password             self
GET    API/auth/sessions                    self
DELETE API/auth/sessions                    self
DELETE API/auth/sessions/{id}               self        session      read
GET    API/auth/api-keys                    self
POST   API/auth/api-keys                    self
DELETE API/auth/api-keys/{id}               self        key          read
GET    API/auth/me                          user
GET    USERS/me                             user
GET    USERS/profile                        user
PUT    USERS/profile                        self
POST   API/auth/join                        self
POST   API/auth/leave                       self
GET    ORGS                                 user
POST   ORGS                                 super_admin
GET    ORGS/{id}                            user        organization read
PATCH  ORGS/{id}                            admin       organization read
DELETE ORGS/{id}                            admin       organization read
GET    ORGS/{id}/deletion-preview           admin       organization read
POST   ORGS/{id}/regenerate-token           admin       organization read
GET    ORGS/{id}/whitelist                  admin       organization read
POST   ORGS/{id}/whitelist                  admin       organization read
DELETE ORGS/{id}/whitelist                  admin       organization read
GET    ORGS/{id}/users                      admin       organization read
PATCH  ORGS/{id}/users/{user_id}            admin       member       read
DELETE ORGS/{id}/users/{user_id}            admin       member       read
GET    USERS                                admin
POST   USERS                                admin
GET    USERS/{id}                           admin       account      read
PATCH  USERS/{id}                           admin       account      read
DELETE USERS/{id}                           admin       account      read
POST   USERS/{id}/restore                   super_admin account      read
POST   USERS/{id}/link                      admin       account      read
GET    API/models                           user
POST   API/models                           super_admin
GET    API/models/{id}                      user        model        read
POST   API/models/{id}/activate             super_admin model        read
GET    API/companies                        user
GET    API/companies/search/{symbol}        user        symbol       read
GET    API/companies/{id}                   user        company      read
DELETE API/companies/{id}                   editor      company      change
GET    API/companies/{id}/predictions       user        company      read
GET    ROWS/{kind}                          user
POST   ROWS/{kind}                          editor
GET    ROWS/{kind}/{id}                     user        prediction   read
PUT    ROWS/{kind}/{id}                     editor      prediction   change
POST   ROWS/{kind}/{id}                     editor      prediction   change
DELETE ROWS/{kind}/{id}                     editor      prediction   change
GET    ROWS/{kind}/{id}/lineage             user        prediction   read
GET    ROWS/{kind}/{id}/versions            user        prediction   read
POST   ROWS/{kind}/{id}/versions/{version_id}/restore editor former  change
POST   ROWS/{kind}/score                    user
POST   ROWS/{kind}/purge                    editor
GET    ROWS/{kind}/template                 user
GET    ROWS/{kind}/export                   user
POST   ROWS/{kind}/bulk-upload-async        editor
POST   JOBS                                 editor
GET    JOBS                                 user
GET    JOBS/{id}                            user        job          read
DELETE JOBS/{id}                            editor      job          change
PATCH  JOBS/{id}                            changer     job          change
GET    JOBS/{id}/status                     user        job          read
GET    JOBS/{id}/events                     user        job          read
POST   JOBS/{id}/cancel                     editor      job          change
GET    JOBS/{id}/errors                     user        job          read
GET    JOBS/{id}/warnings                   user        job          read
GET    JOBS/{id}/results                    user        job          read
POST   JOBS/{id}/results                    user        job          read
GET    JOBS/{id}/file                       user        job          read
GET    JOBS/{id}/download                   user        job          read
GET    JOBS/{id}/deletion-preview           user        job          change
POST   JOBS/{id}/restore                    editor      deleted_job  change
GET    API/deletions                        user
GET    API/deletions/{id}                   user        deletion     read
POST   API/deletions/{id}/restore           editor      deletion     change
POST   API/deletions/{id}/retry             admin       deletion     administer
DELETE API/deletions/{id}                   admin       deletion     administer
GET    API/audit                            user
GET    API/audit/head                       user
GET    API/audit/verify                     user
"""
SHORT = {"API": API, "ROWS": PREDICTIONS, "JOBS": JOBS, "ORGS": ORGS, "USERS": USERS}


def long(path):
    first, _, rest = path.partition("/")
    return SHORT[first] + ("/" + rest if rest else "") if first in SHORT else path


TABLE = {(line.split()[0], long(line.split()[1])): tuple((line.split() + [None, None])[2:5])
         for line in TABLE_TEXT.strip().splitlines()}

# Requests that change nothing where they are let in, or nothing that matters; without a line: no body.
# What has no {id} is only tried at the door: an unknown parameter is refused behind it.
PROBES = {
    ("GET", "/metrics"): {"headers": {"X-Forwarded-For": "203.0.113.5"}},
    ("PATCH", ORGS + "/{id}"): dict(WRONG, body={"name": "x"}),
    ("DELETE", ORGS + "/{id}"): WRONG,
    ("POST", ORGS + "/{id}/whitelist"): {"body": {"pattern": "@h.example"}},
    ("DELETE", ORGS + "/{id}/whitelist"): {"query": {"pattern": "@h.example"}},
    ("PATCH", ORGS + "/{id}/users/{user_id}"): {"body": {"role": "org_viewer"}},
    ("PATCH", USERS + "/{id}"): {"body": {"is_active": True}},
    ("DELETE", API + "/companies/{id}"): WRONG,
    ("PUT", PREDICTIONS + "/{kind}/{id}"): dict(WRONG, body={}),
    ("POST", PREDICTIONS + "/{kind}/{id}"): dict(WRONG, body={}),
    ("DELETE", PREDICTIONS + "/{kind}/{id}"): WRONG,
    ("POST", PREDICTIONS + "/{kind}/{id}/versions/{version_id}/restore"): WRONG,
    ("DELETE", JOBS + "/{id}"): WRONG,
    ("PATCH", JOBS + "/{id}"): {"body": {"note": "Seen."}},
    ("POST", JOBS + "/{id}/restore"): {"query": {"dry_run": True}},
    ("POST", API + "/deletions/{id}/restore"): {"query": {"dry_run": True}},
    ("DELETE", API + "/deletions/{id}"): {"query": {"reason": "Asked for."}},
}

# Routes, of whom, what they are answered, and why the rules above do not say it.
EXCEPTIONS = [
    ([("POST", USERS + "/{id}/link")], lambda who, thing: who.scopes and manages(who, thing), 403,
     "a link sets a password, and keys change none"),
]


class Who:
    """A principal, and what the design says of it. `home`: the organization that lets it act as a member."""

    def __init__(self, name, client, role="user", home=None, **more):
        self.name, self.client, self.role, self.home = name, client, role, home
        self.user = more.get("user", name)
        self.scopes = more.get("scopes")  # of an API key
        self.owners = {"personal of " + self.user, home, *more.get("reads", ())}

    def lacks(self, scope):
        return self.scopes is not None and scope not in self.scopes


class Thing:
    """One of everything that belongs to one owner and was made by one person; some are made anew when they are gone."""

    def __init__(self, owner, maker, **ids):
        self.owner, self.maker, self.ids, self.made = owner, maker, ids, {}

    def id(self, kind):
        if callable(self.ids[kind]):
            if kind not in self.made:
                self.made[kind] = self.ids[kind]()
            return self.made[kind]
        return self.ids[kind]


# --- the design ----------------------------------------------------------------------------------------------------

def at_the_door(rule, who):
    if rule == "anyone":
        return LETS_IN
    if who.name == "stranger":
        return 401
    refused = {
        "local": who.role != "super_admin" or who.lacks("read"),
        "user": who.lacks("read"),
        "changer": who.lacks("write"),
        "editor": who.role in LOOKS_ONLY or who.lacks("write"),
        "self": who.scopes is not None,
        "admin": who.role not in ("org_admin", "super_admin") or who.lacks("admin"),
        "super_admin": who.role != "super_admin" or who.lacks("admin")}[rule]
    return 403 if refused else LETS_IN


def is_admin(who, owner):
    if owner in ("A", "B", "C"):
        return who.role == "org_admin" and who.home == owner
    return who.role == "super_admin" and owner in who.owners


def may_change(who, thing):
    if who.role in LOOKS_ONLY:
        return False
    return (is_admin(who, thing.owner) or thing.owner == "personal of " + who.user or
            thing.owner == who.home and thing.maker == who.user)


def manages(who, thing):
    return who.role == "super_admin" or who.role == "org_admin" and who.home == thing.owner


def exists(who, thing, kind):
    if kind == "model":
        return True
    if kind == "organization":
        return who.role == "super_admin" or who.home == thing.owner
    if kind in ("account", "member"):
        return manages(who, thing)
    if kind == "session":
        return thing.maker == who.user
    if kind == "key":
        return thing.maker == who.user or thing.maker == "service" and manages(who, thing)
    return thing.owner in who.owners


def expected(route, who, thing):
    rule, kind, right = TABLE[route]
    door = at_the_door(rule, who)
    if door != LETS_IN or kind is None:
        return door
    for routes, applies, status, _ in EXCEPTIONS:
        if route in routes and applies(who, thing):
            return status
    if not exists(who, thing, kind):
        return 404
    refused = right == "change" and not may_change(who, thing) or (
        right == "administer" and not is_admin(who, thing.owner))
    return 403 if refused else LETS_IN


# --- the world -----------------------------------------------------------------------------------------------------

class World:
    def __init__(self, server):
        self.server = server
        self.root = server.root = server.sign_in(server.admin)
        self.whos, self.things = [Who("stranger", server.anonymous())], []
        self.model = self.root.get(API + "/models").json["models"][0]["id"]
        self.orgs = {"A": Organization(server, "Zorilla Bank"),
                     "B": Organization(server, "Second", allow_global_data_access=True),
                     "C": Organization(server, "Disabled")}
        self.people = {}
        self.fill_a()
        self.fill_b()
        self.fill_c()
        self.fill_rest()

    def add(self, name, client, role="user", home=None, **more):
        who = Who(name, client, role, home, **more)
        self.whos.append(who)
        self.people.setdefault(who.user, client)
        return who

    def join(self, org, marked=False):
        """A member, with the organization's default role."""
        email = self.server.new_user(MARK if marked else "user")
        client = self.server.sign_in(email)
        if marked:
            client.put(USERS + "/profile", {"username": "%s%d" % (MARK, next(self.server.numbers)),
                                            "full_name": "Ann Zorilla"})
        client.post(API + "/auth/join", {"join_token": self.orgs[org].token})
        return client

    def set_role(self, org, client, role):
        self.root.request("PATCH", "%s/users/%s" % (self.orgs[org].path, client.user["id"]), {"role": role})

    def fill_a(self):
        org = self.orgs["A"]
        self.add("A.admin", org.admin, "org_admin", "A")
        for scopes in (["read"], ["read", "write"], ["read", "write", "admin"]):
            made = org.admin.post(API + "/auth/api-keys", {"name": "%s %s" % (MARK, scopes[-1]), "scopes": scopes},
                                  expect=201).json
            key = support.Client(self.server, made["key"], org.admin.email)
            self.add("key of A.admin for " + scopes[-1], key, "org_admin", "A", user="A.admin", scopes=scopes)
        self.make("A", "A.admin", org.admin)
        self.make("personal of A.admin", "A.admin", org.admin)
        for role in ("org_member", "org_viewer", "org_auditor"):
            client = self.join("A", marked=True)
            self.add("A." + role, client, role, "A")
            self.make("A", "A." + role, client)  # before the role is what it will be
            self.make("personal of A." + role, "A." + role, client)
            self.set_role("A", client, role)
        self.colleague = self.join("A", marked=True)
        self.shared = [self.make("A", "colleague", self.colleague, self.org_ids("A")),
                       self.make("personal of colleague", "colleague", self.colleague,
                                 {"account": self.new_person})]
        self.things.append(Thing("A", "service", key=lambda: self.service_key("A")))
        self.shared.append(self.things[-1])
        former = self.join("A")
        self.add("former member of A", former)
        self.make("A", "former member of A", former)
        former.post(API + "/auth/leave")
        self.make("personal of former member of A", "former member of A", former)
        org.admin.post(org.path + "/whitelist", {"pattern": "@%s.example" % MARK}, expect=201)

    def fill_b(self):
        admin, member = self.orgs["B"].admin, self.join("B")
        self.add("B.admin", admin, "org_admin", "B", reads=["system"])
        self.add("B.member", member, "org_member", "B", reads=["system"])
        self.shared.append(self.make("B", "B.admin", admin, self.org_ids("B")))
        self.make("B", "B.member", member)

    def fill_c(self):
        """Its members act as if they had none, its administrator too."""
        admin, member = self.orgs["C"].admin, self.join("C")
        self.add("admin of disabled C", admin)
        self.add("member of disabled C", member)
        self.shared.append(self.make("C", "admin of disabled C", admin, self.org_ids("C")))
        self.make("C", "member of disabled C", member)
        self.root.request("PATCH", self.orgs["C"].path, {"is_active": False})
        self.make("personal of member of disabled C", "member of disabled C", member)

    def fill_rest(self):
        user = self.server.new_client()
        self.add("user", user)
        self.make("personal of user", "user", user)
        self.add("super_admin", self.root, "super_admin", None, reads=["system"])
        self.shared.append(self.make("system", "super_admin", self.root))

    # -- one of everything

    def org_ids(self, org):
        return {"organization": self.orgs[org].id, "account": lambda: self.service_user(org),
                "member": lambda: self.service_user(org)}

    def service_user(self, org):
        body = {"service": True, "organization_id": self.orgs[org].id, "role": "org_viewer"}
        return self.root.post(USERS, body, expect=201).json["user"]["id"]

    def service_key(self, org):
        body = {"name": "x", "scopes": ["read"], "user_id": self.service_user(org)}
        return self.root.post(API + "/auth/api-keys", body, expect=201).json["api_key"]["id"]

    def new_person(self):
        body = {"email": "guest%d@example.com" % next(self.server.numbers)}
        return self.root.post(USERS, body, expect=201).json["user"]["id"]

    def row(self, marked):
        number = next(self.server.numbers)
        made = support.row(number, reporting_year=2020)
        if marked:
            made.update(company_symbol="ZORILLA%d" % number, company_name="Zorilla %d" % number, sector="Zorilla")
        return made

    def make(self, owner, maker, client, more=()):
        marked = owner == "A" or owner.startswith("personal of A.")
        level = {"access_level": "personal"} if owner.startswith("personal") else {}
        name = (MARK if marked else "rows") + ".csv"
        wrong = dict(self.row(marked), market_cap="-%s" % (MARK if marked else "x"))
        rows = [self.row(marked), self.row(marked), wrong]
        job = client.import_rows("annual", rows, level, name)["id"]
        items = client.get("%s/%s/results" % (JOBS, job)).json["predictions"]
        former, kept = items[0]["id"], items[1]
        client.put("%s/annual/%s" % (PREDICTIONS, former), {"return_on_assets": 1})
        client.request("PATCH", "%s/%s" % (JOBS, job), {"note": "Note of %s." % name})
        gone = client.import_rows("annual", [self.row(marked)], level, name)["id"]
        deletion = client.delete("%s/%s" % (JOBS, gone), {"delete_predictions": True, "reason": "Of %s." % name},
                                 (200, 202)).json["deletion_id"]
        client.wait_deletion(deletion)
        key = client.post(API + "/auth/api-keys", {"name": "x", "scopes": ["read"]}, expect=201)
        session = client.get(API + "/auth/sessions").json["sessions"][0]["id"]
        thing = Thing(owner, maker, job=job, former=former, prediction=kept["id"], company=kept["company_id"],
                      symbol=kept["company_symbol"], deleted_job=gone, deletion=deletion, model=self.model,
                      key=key.json["api_key"]["id"], session=session, **dict(more))
        self.things.append(thing)
        return thing

    # -- what is tried

    def tried(self, who, kind):
        """Its own, and one of each of the others; not the session with which it asks."""
        found = [t for t in self.things if t.maker == who.user or t in self.shared]
        return [t for t in found if kind in t.ids and not (kind == "session" and t.maker == who.user)]

    def fill(self, path, thing, kind):
        value = None if kind is None else thing.id(kind)
        if "{user_id}" in path:
            path = path.replace("{user_id}", value).replace("{id}", thing.ids.get("organization", UNKNOWN_ID))
        return path.replace("{kind}", "annual").replace("{version_id}", str(value)).replace(
            "{id}", str(value)).replace("{symbol}", str(value))


def unknown(kind):
    return Thing("nobody", "nobody", **{kind: "NOPE" if kind == "symbol" else UNKNOWN_ID})


def essence(answer):
    """All of it, but for what is of the request."""
    headers = sorted((name, value) for name, value in answer.headers.items()
                     if name not in ("X-Request-ID", "Date"))
    return answer.status, headers, answer.body.replace(answer.header("X-Request-ID").encode(), b"")


class TestCase(support.TestCase):
    SERVER_OPTIONS = {"arguments": ["--registration", "open", *MAIL]}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not hasattr(cls.server, "world"):
            cls.server.world = World(cls.server)
        cls.world = cls.server.world


class Matrix(TestCase):
    def test_every_route_is_in_the_table(self):
        self.assertEqual(set(parse_routes()), set(TABLE))

    def ask(self, route, who, thing, kind):
        method, path = route
        probe = dict(PROBES.get(route, {}))
        if kind is None and method != "GET":
            probe["query"] = {"colour": "red"}
        if route == ("DELETE", ORGS + "/{id}/whitelist") and expected(route, who, thing) == LETS_IN:
            self.world.root.post("%s/%s/whitelist" % (ORGS, thing.id(kind)), {"pattern": "@h.example"},
                                 expect=(200, 201))
        answer = who.client.request(method, self.world.fill(path, thing, kind), expect=None, **probe)
        if method == "DELETE" and answer.status == 200 and kind:
            thing.made.pop(kind, None)
        return answer

    def verdict(self, answer):
        if answer.status in (401, 403, 404):
            return answer.status
        good = answer.status < 300 or answer.method != "GET" and answer.status < 500
        return LETS_IN if good else str(answer)

    def test_every_route_as_everybody(self):
        wrong, asked = [], 0
        for route, (_, kind, _) in TABLE.items():
            for who in self.world.whos:
                missing = None  # what the answer is when there is nothing
                for thing in self.world.tried(who, kind) if kind else [None]:
                    answer, wanted = self.ask(route, who, thing, kind), expected(route, who, thing)
                    asked += 1
                    said = "%s %s as %s, of %s by %s" % (*route, who.name, thing and thing.owner, thing and thing.maker)
                    if self.verdict(answer) != wanted:
                        wrong.append("%s: wanted %s, got %d %s" % (said, wanted, answer.status, answer.body[:200]))
                    if answer.status == 404 and kind:
                        missing = missing or essence(self.ask(route, who, unknown(kind), kind))
                        if missing != essence(answer):
                            wrong.append("%s: %s, but where there is nothing: %s" % (said, essence(answer), missing))
        self.assertGreater(asked, 2000)
        self.assertEqual([], wrong, "%d of %d:\n%s" % (len(wrong), asked, "\n".join(wrong[:60])))


class LegalHolds(TestCase):
    """Set and lifted by the organization's administrator and its auditor, and by a super_admin on the system's."""

    def test_who_sets_them(self):
        wanted = {"A.admin": 200, "A.org_auditor": 200, "A.org_member": 403, "A.org_viewer": 403, "super_admin": 404,
                  "key of A.admin for write": 200, "key of A.admin for read": 403, "B.admin": 404,
                  "former member of A": 404, "user": 404, "stranger": 401}
        path = "%s/%s" % (JOBS, self.world.shared[0].id("job"))
        for who in self.world.whos:
            for held in (True, False) if who.name in wanted else ():
                who.client.request("PATCH", path, {"legal_hold": held, "reason": "Of %s." % MARK},
                                   expect=wanted[who.name])
        for maker, status in (("super_admin", 200), ("user", 403)):
            thing = next(t for t in self.world.things if t.maker == maker)
            for held in (True, False):
                self.world.people[maker].request("PATCH", "%s/%s" % (JOBS, thing.id("job")),
                                                 {"legal_hold": held, "reason": "x"}, expect=status)


class Isolation(TestCase):
    """What the first organization says of itself, and every id of it, in nothing that others are told."""
    OTHERS = ("B.admin", "B.member", "former member of A", "admin of disabled C", "member of disabled C", "user")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        world, words = cls.world, {MARK, cls.world.orgs["A"].id}
        cls.mine = [t for t in world.things if t.owner == "A"]
        for thing in cls.mine:
            words |= {thing.ids[kind] for kind in ("job", "former", "prediction", "company", "deletion", "deleted_job")
                      if kind in thing.ids}
        for name, client in world.people.items():
            if name.startswith("A."):
                words |= {client.user["id"], client.email}
        cls.words = {word.lower() for word in words}
        cls.others = [who for who in world.whos if who.name in cls.OTHERS]
        assert len(cls.others) == len(cls.OTHERS)

    def found(self, answer):
        body = answer.body
        if body.startswith(b"PK"):  # a workbook
            with zipfile.ZipFile(io.BytesIO(body)) as book:
                body = b"".join(book.read(name) for name in book.namelist())
        said = (body.decode("utf-8", "replace") + str(answer.headers)).lower()
        return sorted(word for word in self.words if word in said)

    def clean(self, who, answer):
        self.assertEqual([], self.found(answer), "%s is told: %s" % (who.name, answer))

    def test_its_own_people_are_told(self):
        """Else the rest would prove nothing."""
        thing, client = self.world.shared[0], self.world.people["A.org_auditor"]
        for path in (JOBS, "%s/%s" % (JOBS, thing.id("job")), PREDICTIONS + "/annual", API + "/companies",
                     API + "/deletions", API + "/audit", "%s/%s/file" % (JOBS, thing.id("job")),
                     "%s/%s/errors" % (JOBS, thing.id("job")), PREDICTIONS + "/annual/export?format=xlsx",
                     "%s/%s/download?format=xlsx" % (JOBS, thing.id("job"))):
            self.assertNotEqual([], self.found(client.get(path)), path)

    ON_ONE = [{"limit": 1000, "include_total": True, "include_errors": True}, {"format": "xlsx"}, {"outcome": "failed"}]
    ON_LISTS = ON_ONE + [{"page": 1, "size": 100}, {"limit": 1000, "show_deleted": True, "include_superseded": True},
                         {"format": "csv"}, {"format": "ndjson"}, {"sort": "probability", "reporting_year": 2020}]

    def test_no_route_tells_others(self):
        for (method, path), (rule, kind, _) in TABLE.items():
            if method != "GET":
                continue
            for who in self.others:
                things = [t for t in self.world.tried(who, kind) if t.owner in who.owners or kind == "organization"
                          ] if kind else [None]
                for thing in things:
                    for query in self.ON_ONE if kind else self.ON_LISTS:
                        filled = self.world.fill(path, thing, kind)
                        self.clean(who, who.client.get(filled, query, expect=None))
                if rule == "local":
                    self.clean(who, who.client.get(path))

    def filters(self, thing):
        """(list, parameter, what there is of it, what is nowhere)."""
        person = self.world.colleague
        for path in (PREDICTIONS + "/annual", PREDICTIONS + "/quarterly", PREDICTIONS + "/annual/export"):
            yield path, "job_id", thing.id("job"), UNKNOWN_ID
            yield path, "company_id", thing.id("company"), UNKNOWN_ID
            yield path, "company_symbol", "ZORILLA", "QUAGGA"
            yield path, "sector", "Zorilla", "Quagga"
            yield path, "created_by", person.user["id"], UNKNOWN_ID
            yield path, "created_by", person.email, "nobody@example.com"
        yield JOBS, "created_by", person.user["id"], UNKNOWN_ID
        yield JOBS, "created_by", person.email, "nobody@example.com"
        yield API + "/companies", "search", "zorilla", "quagga"
        yield API + "/companies", "sector", "Zorilla", "Quagga"
        yield API + "/deletions", "job_id", thing.id("deleted_job"), UNKNOWN_ID
        yield API + "/audit", "object_id", thing.id("job"), UNKNOWN_ID
        yield API + "/audit", "user", person.user["id"], UNKNOWN_ID
        yield API + "/audit", "user", person.email, "nobody@example.com"
        yield USERS, "organization_id", self.world.orgs["A"].id, UNKNOWN_ID
        yield USERS, "email", person.email, "nobody@example.com"
        yield API + "/auth/api-keys", "user_id", person.user["id"], UNKNOWN_ID

    @staticmethod
    def same(asked, there, nowhere):
        """Both answers, without the word that was asked for and the tag of what was asked."""
        return [tuple(re.sub(r'"[0-9a-f]{32}\b', "?", str(part).replace(word, "?")) for part in essence(asked(word)))
                for word in (there, nowhere)]

    def test_no_filter_tells_others(self):
        """Asking for it by name is asking for what is nowhere."""
        for path, name, there, nowhere in self.filters(self.world.shared[0]):
            for who in self.others:
                query = {"limit": 10, "include_total": True}
                one, other = self.same(lambda word: who.client.get(path, dict(query, **{name: word}), expect=None),
                                       there, nowhere)
                self.assertEqual(other, one, (who.name, path, name))

    def test_a_member_under_another_organization(self):
        admin, org = self.world.people["B.admin"], self.world.orgs["B"]
        for method, body in (("PATCH", {"role": "org_viewer"}), ("DELETE", None)):
            path = org.path + "/users/%s"
            one, other = self.same(lambda user: admin.request(method, path % user, body, expect=404),
                                   self.world.colleague.user["id"], UNKNOWN_ID)
            self.assertEqual(other, one)

    def test_the_same_again(self):
        """The file, the row, its key and symbol that the first organization has: nobody notices that it has them."""
        first, number = self.world.colleague, next(self.server.numbers)
        content, row = support.csv([support.row(number)]), support.row(number + 50000)
        key = {"Idempotency-Key": "night-%d" % number}
        job = first.import_file("annual", content, filename=MARK + ".csv")["id"]
        made = first.create("annual", row, headers=key).json["prediction"]
        self.words |= {job, made["id"], made["company_id"]}
        for who in self.others:
            if who.name == "B.member": # its own organization has it by then
                continue
            answer = who.client.upload("annual", content, headers={"Idempotency-Key": "file-%d" % number})
            done = who.client.wait_job(answer.json["job_id"])
            self.assertEqual(1, done["progress"]["successful_rows"])
            self.clean(who, answer)
            self.clean(who, who.client.get("%s/%s" % (JOBS, answer.json["job_id"]), {"include_errors": True}))
            self.clean(who, who.client.create("annual", row, headers=key))
            self.clean(who, who.client.create("annual", row, expect=409))
            again = who.client.upload("annual", content).json
            self.assertEqual(answer.json["job_id"], again["earlier_job_id"])
            who.client.wait_job(again["job_id"])

    def test_naming_what_is_not_theirs(self):
        """In a body it is what it is in a path: not there."""
        thing, org = self.world.shared[0], self.world.orgs["A"]
        names = [(PREDICTIONS + "/annual/purge", "job_id", thing.id("job")),
                 (PREDICTIONS + "/annual/purge", "company_id", thing.id("company")),
                 (API + "/auth/api-keys", "user_id", self.world.colleague.user["id"])]
        for path, name, there in names:
            for who in self.others:
                body = {"name": "x", "scopes": ["read"]} if path.endswith("keys") else {}
                one, other = self.same(lambda word: who.client.post(path, dict(body, **{name: word}), expect=None),
                                       there, UNKNOWN_ID)
                self.assertEqual(other, one, (who.name, path, name))
        admin = self.world.people["B.admin"]
        for body, name, there, nowhere in (
                ({}, "email", self.world.colleague.email, "x" + self.world.colleague.email[1:]),
                ({"service": True}, "organization_id", org.id, UNKNOWN_ID),
                ({"email": "somebody@example.com"}, "organization_id", org.id, UNKNOWN_ID)):
            one, other = self.same(lambda word: admin.post(USERS, dict(body, **{name: word}), expect=None),
                                   there, nowhere)
            self.assertEqual(other, one, name)

    def test_joining_tells_nothing(self):
        """Not by a token that is none, nor by one of an organization that is disabled."""
        user = self.world.people["user"]
        one, other = self.same(lambda token: user.post(API + "/auth/join", {"join_token": token}, expect=404),
                               self.world.orgs["C"].token, "A" * 43)
        self.assertEqual(other, one)


class Colleagues(TestCase):
    """What one may not do to a colleague's work by hand, one may not do to it by way of one's own either."""

    def setUp(self):
        self.admin, self.one = self.world.people["A.admin"], self.world.colleague
        self.other = self.world.people["A.org_member"]
        self.start = 80000 + 100 * next(self.server.numbers)

    def test_edits_by_others_stay(self):
        rows = [dict(row, reporting_year=2021) for row in support.rows(3, start=self.start)]
        path = "%s/%s" % (JOBS, self.one.import_rows("annual", rows)["id"])
        items = self.one.get(path + "/results").json["predictions"]
        change = lambda who, item: who.put("%s/annual/%s" % (PREDICTIONS, item["id"]), {"return_on_assets": 3}).json[
            "prediction"]
        by_admin, by_one = change(self.admin, items[0]), change(self.one, items[1])
        self.one.delete("%s/annual/%s" % (PREDICTIONS, by_admin["id"]), expect=403)
        query = {"delete_predictions": True, "include_edited": True, "delete_orphaned_companies": True}
        edits = "%s/annual/%%s" % PREDICTIONS

        seen = self.one.delete(path, dict(query, dry_run=True))
        self.assertEqual(4, seen.json["deleted_predictions"]["annual"])
        self.assertEqual([{"reason": "not_yours", "count": 1}], seen.json["kept"])
        self.assertEqual(2, seen.json["deleted_companies"])
        of_admin = self.admin.delete(path, dict(query, dry_run=True))
        self.assertEqual((5, []), (of_admin.json["deleted_predictions"]["annual"], of_admin.json["kept"]))
        self.assertNotEqual(seen.header("ETag"), of_admin.header("ETag"))

        done = self.one.delete(path, query, (200, 202), {"If-Match": seen.header("ETag")}).json
        deletion = self.one.wait_deletion(done["deletion_id"])
        self.assertEqual((4, 1, 2), (deletion["deleted_predictions"]["annual"], deletion["deleted_edits"],
                                     deletion["deleted_companies"]))
        self.assertEqual([{"reason": "not_yours", "count": 1}], deletion["kept"])
        self.assertTrue(self.one.get(edits % by_admin["id"]).json["prediction"]["is_current"])
        self.one.get(edits % by_one["id"], expect=410)
        self.one.get("%s/companies/%s" % (API, items[0]["company_id"]))

        self.one.post(path + "/restore", expect=(200, 202))
        self.one.wait_deletion(done["deletion_id"])
        for item in (by_admin, by_one):
            self.assertTrue(self.one.get(edits % item["id"]).json["prediction"]["is_current"])
        done = self.admin.delete(path, query, (200, 202)).json
        deletion = self.admin.wait_deletion(done["deletion_id"])
        self.assertEqual((5, []), (deletion["deleted_predictions"]["annual"], deletion["kept"]))
        self.one.get(edits % by_admin["id"], expect=410)

    def test_names_by_others_stay(self):
        row = support.row(self.start, reporting_year=2015)
        self.one.create("annual", row)
        named = lambda: self.one.get("%s/companies/search/%s" % (API, row["company_symbol"])).json["company"]["name"]
        for year, (who, changes) in enumerate([(self.other, False), (self.one, True), (self.other, False),
                                               (self.admin, True)]):
            before, name = named(), "Name %d" % year
            job = who.import_rows("annual", [dict(row, company_name=name, reporting_year=2016 + year)],
                                  {"update_companies": "true"})
            self.assertEqual(name if changes else before, named())
            warnings = who.get("%s/%s/warnings" % (JOBS, job["id"])).json["warnings"]
            self.assertEqual([] if changes else ["company_differs"], [one["code"] for one in warnings])
            if not changes:
                self.assertIn("only who made the company or an administrator may change it", str(warnings))

    def test_deletions_say_whose_they_are(self):
        org, person = self.world.orgs["A"], self.world.people["A.org_member"]
        kinds = {}
        for deletion in person.all(API + "/deletions", "deletions"):
            self.assertEqual(deletion["access_level"],
                             person.get("%s/deletions/%s" % (API, deletion["id"])).json["deletion"]["access_level"])
            kinds[deletion["access_level"]] = (deletion["organization_id"], deletion["organization_name"])
        self.assertEqual({"personal": (None, None), "organization": (org.id, "Zorilla Bank")}, kinds)


class Story(TestCase):
    """What issue 5 wants to be seen, in one piece."""

    def test_a_stranger_comes_and_goes(self):
        first, second = (Organization(self.server, name) for name in ("First story", "Second story"))
        email, client = "story@example.com", self.server.anonymous()
        client.post(API + "/auth/register", {"email": email, "password": PASSWORD}, expect=201)
        client.post(API + "/auth/login", {"email": email, "password": PASSWORD}, expect=401)
        client.post(API + "/auth/verify", {"token": mailed(email, "verify")})
        stranger = self.server.sign_in(email)
        self.assertEqual("user", stranger.user["role"])
        stranger.post(API + "/auth/join", {"join_token": first.token})
        rows = support.rows(3, start=70000, company_name="Story")
        job = stranger.import_rows("annual", rows, filename="story.csv")["id"]
        path = "%s/%s" % (JOBS, job)
        self.assertEqual(3, len(first.admin.predictions(query={"job_id": job})))

        for listed in (second.admin.jobs(), second.admin.predictions(), second.admin.companies(),
                       second.admin.all(API + "/deletions", "deletions")):
            self.assertEqual([], listed)
        self.assertNotIn("story", second.admin.get(API + "/audit").text.lower().replace("second story", ""))
        for part in ("", "/status", "/events", "/results", "/errors", "/warnings", "/file", "/deletion-preview"):
            second.admin.get(path + part, expect=404)

        gone = first.admin.delete(path, {"delete_predictions": True}, (200, 202)).json["deletion_id"]
        first.admin.wait_deletion(gone)
        stranger.get(path, expect=410)
        self.assertEqual([], stranger.predictions())
        second.admin.get(path, expect=404)
        second.admin.get("%s/deletions/%s" % (API, gone), expect=404)
        second.admin.post("%s/deletions/%s/restore" % (API, gone), expect=404)
        first.admin.post(path + "/restore", expect=(200, 202))
        first.admin.wait_job(job)
        first.admin.wait_deletion(gone)
        self.assertEqual(3, len(stranger.predictions()))

        item = stranger.predictions()[0]
        cursor = stranger.get(PREDICTIONS + "/annual", {"limit": 1}).json["pagination"]["next_cursor"]
        made = stranger.post(API + "/auth/api-keys", {"name": "x", "scopes": ["read", "write"]}, expect=201).json
        key, again = support.Client(self.server, made["key"], email), {"Idempotency-Key": "story"}
        self.assertEqual(3, len(key.predictions()))
        before = stranger.create("annual", support.row(70010), headers=again).json["prediction"]
        stranger.post(API + "/auth/leave")
        key.get(path, expect=404)
        self.assertEqual([], key.predictions())
        self.assertEqual([], stranger.get(PREDICTIONS + "/annual", {"limit": 1, "cursor": cursor}).json["predictions"])
        for where in (path, path + "/file", "%s/annual/%s" % (PREDICTIONS, item["id"]),
                      "%s/companies/%s" % (API, item["company_id"]), "%s/deletions/%s" % (API, gone), first.path):
            stranger.get(where, expect=404)
        stranger.put("%s/annual/%s" % (PREDICTIONS, item["id"]), {"return_on_assets": 1}, expect=404)
        stranger.delete(path, {"delete_predictions": True}, 404)
        self.assertEqual(([], [], []), (stranger.jobs(), stranger.predictions(), stranger.companies()))
        after = stranger.create("annual", support.row(70010), headers=again).json["prediction"]
        self.assertEqual(("organization", "personal"), (before["access_level"], after["access_level"]))
        self.assertEqual(3, len(first.admin.predictions(query={"job_id": job})))
        self.assertEqual(email, first.admin.job(job)["context"]["created_by_email"])


if __name__ == "__main__":
    support.main()
