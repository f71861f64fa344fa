"""Sessions, API keys and what people change of their own account."""
import threading
import time

import support
from support import API, JOBS, PASSWORD, PREDICTIONS, TIME, UNKNOWN_ID, UUID

ME = API + "/auth/me"
SESSIONS = API + "/auth/sessions"
KEYS = API + "/auth/api-keys"
PROFILE = API + "/users/profile"
OTHER_PASSWORD = "another horse 2"


class Case(support.TestCase):
    def with_token(self, token, email=None):
        return support.Client(self.server, token, email)

    def ended(self, client):
        self.assert_problem(client.get(ME, expect=401), 401, "bad_token")

    def new_key(self, client, scopes=("read",), expect=201, **given):
        body = dict({"name": "nightly", "scopes": list(scopes)}, **given)
        return client.post(KEYS, body, expect=expect)

    def key_client(self, client, scopes=("read",), **given):
        return self.with_token(self.new_key(client, scopes, **given).json["key"], client.email)

    def actions(self, client, **query):
        return [entry["action"] for entry in client.all(API + "/audit", "events", query)]


class Sessions(Case):
    def test_refresh(self):
        client = self.server.new_client()
        answer = client.post(API + "/auth/refresh").json
        self.assertEqual({"success", "access_token", "token_type", "expires_in", "user"}, set(answer))
        self.assertTrue(12 * 3600 - 60 < answer["expires_in"] <= 12 * 3600)
        self.assertNotEqual(client.token, answer["access_token"])
        self.ended(client)
        self.assert_problem(client.post(API + "/auth/refresh", expect=401), 401, "bad_token")
        after = self.with_token(answer["access_token"])
        self.assertEqual(answer["user"], after.get(ME).json["user"])
        self.assertEqual(1, len(after.get(SESSIONS).json["sessions"]))

    def test_two_refreshes_at_once(self):
        for _ in range(4):
            client = self.server.new_client()
            answers = []

            def refresh(token):
                one = self.with_token(token)
                answers.append(one.post(API + "/auth/refresh", expect=(200, 401)))
                one.close()
            threads = [threading.Thread(target=refresh, args=(client.token,)) for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual([200, 401], sorted(answer.status for answer in answers))
            good = next(answer for answer in answers if answer.status == 200)
            self.with_token(good.json["access_token"]).get(ME)

    def test_the_list(self):
        email = self.server.new_user()
        first, second = self.server.sign_in(email), self.server.sign_in(email)
        listed = second.get(SESSIONS).json["sessions"]
        self.assertEqual([True, False], [one["current"] for one in listed])
        for one in listed:
            self.assertEqual({"id", "created_at", "last_used", "expires_at", "address", "current"}, set(one))
            self.assertRegex(one["id"], UUID)
            self.assertRegex(one["created_at"], TIME)
            self.assertRegex(one["expires_at"], TIME)
            self.assertEqual("127.0.0.1", one["address"])
        text = second.get(SESSIONS).text
        self.assertNotIn(first.token, text)
        self.assertNotIn(second.token, text)
        # When it was used is noted a little later, and then stays for minutes.
        deadline = time.monotonic() + support.WAIT
        while second.get(SESSIONS).json["sessions"][0]["last_used"] is None:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        used = second.get(SESSIONS).json["sessions"][0]["last_used"]
        self.assertRegex(used, TIME)
        time.sleep(1)
        self.assertEqual(used, second.get(SESSIONS).json["sessions"][0]["last_used"])
        self.assertIsNone(second.get(SESSIONS).json["sessions"][1]["last_used"])

    def test_ending_one(self):
        email = self.server.new_user()
        first, second = self.server.sign_in(email), self.server.sign_in(email)
        stranger = self.server.new_client("super_admin")
        gone = "%s/%s" % (SESSIONS, second.get(SESSIONS).json["sessions"][1]["id"])
        not_yours = stranger.delete(gone, expect=404)
        not_there = stranger.delete("%s/%s" % (SESSIONS, UNKNOWN_ID), expect=404)
        self.assertEqual(support.essence(not_there.json), support.essence(not_yours.json))
        first.get(ME)
        second.delete(gone)
        self.ended(first)
        second.delete(gone, expect=404)
        second.get(ME)

    def test_ending_all_others(self):
        email = self.server.new_user()
        clients = [self.server.sign_in(email) for _ in range(3)]
        key = self.key_client(clients[0])
        self.assertEqual(2, clients[1].delete(SESSIONS).json["sessions_ended"])
        self.ended(clients[0])
        self.ended(clients[2])
        clients[1].get(ME)
        key.get(ME)
        self.assertEqual(0, clients[1].delete(SESSIONS).json["sessions_ended"])

    def test_the_audit_trail_is_the_users_own(self):
        client = self.server.new_client()
        second = self.server.sign_in(client.email)
        second.post(API + "/auth/logout")
        client.token = client.post(API + "/auth/refresh").json["access_token"]
        self.assertEqual(["session.refreshed", "user.signed_out", "user.signed_in", "user.signed_in"],
                         self.actions(client))
        entries = client.all(API + "/audit", "events")
        self.assertEqual(entries[1]["session"], entries[2]["session"]) # the one that was opened and ended
        # Nobody else reads it; what is done to the account is another trail's.
        admin = self.server.new_client("super_admin")
        self.assertEqual(["user.created"], [entry["action"] for entry in admin.all(
            API + "/audit", "events", {"object_id": client.user["id"]})])


class Passwords(Case):
    CHANGE = API + "/auth/change-password"

    def test_change(self):
        client = self.server.new_client()
        other, key = self.server.sign_in(client.email), self.key_client(client)
        answer = client.post(self.CHANGE, {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}).json
        self.assertEqual((1, 1), (answer["sessions_ended"], answer["api_keys"]))
        self.assertIn("API keys", answer["message"])
        self.ended(other)
        client.get(ME)
        key.get(ME)
        anonymous = self.server.anonymous()
        anonymous.post(API + "/auth/login", {"email": client.email, "password": PASSWORD}, expect=401)
        self.server.sign_in(client.email, OTHER_PASSWORD)

    def test_refusals(self):
        client = self.server.new_client()
        for body, fields in (
                ({}, {"current_password": "missing", "new_password": "missing"}),
                ({"current_password": "wrong horse 1", "new_password": OTHER_PASSWORD},
                 {"current_password": "wrong"}),
                ({"current_password": PASSWORD, "new_password": "short1"}, {"new_password": "weak"}),
                ({"current_password": PASSWORD, "new_password": PASSWORD}, {"new_password": "unchanged"}),
                ({"current_password": PASSWORD, "new_password": OTHER_PASSWORD, "email": "x@example.com"},
                 {"email": "unknown_parameter"})):
            answer = client.post(self.CHANGE, body, expect=422)
            self.assertEqual(fields, answer.field_codes(), body)
        self.server.sign_in(client.email)

    def test_hashes_of_the_described_system(self):
        email = self.server.new_user()
        self.server.database.execute(
            "UPDATE users SET password_hash = '$2b$04$abcdefghijklmnopqrstuu..ECdwB5ftHOtfZdMoWOaxWtbxL1ouK' "
            "WHERE email = '%s'" % email)
        login = API + "/auth/login"
        self.server.anonymous().post(login, {"email": email, "password": PASSWORD + "x"}, expect=401)
        for _ in range(2):
            self.server.sign_in(email)
            self.assertEqual((1,), self.server.database.numbers(
                "SELECT count(*) FROM users WHERE email = '%s' AND password_hash LIKE '$argon2id$%%'" % email))


class Profile(Case):
    def test_names(self):
        client = self.server.new_client()
        before = client.get(PROFILE).json["user"]
        self.assertEqual(client.get(ME).json, client.get(PROFILE).json)
        self.assertEqual(client.get(ME).json, client.get(API + "/users/me").json)
        said = client.put(PROFILE, {"full_name": "Ada Löw", "username": "ada"}).json["user"]
        self.assertEqual(dict(before, full_name="Ada Löw", username="ada"), said)
        said = client.put(PROFILE, {"full_name": ""}).json["user"]
        self.assertEqual(dict(before, username="ada"), said)
        self.assertEqual(said, client.get(ME).json["user"])
        for name in ("role", "email", "is_active", "organization_id"):
            answer = client.put(PROFILE, {name: "super_admin", "username": "eve"}, expect=422)
            self.assertEqual({name: "unknown_parameter"}, answer.field_codes())
        self.assertEqual({"full_name": "too_long", "username": "control_character"}, client.put(
            PROFILE, {"full_name": "x" * 201, "username": "a\nb"}, expect=422).field_codes())
        self.assertEqual(said, client.get(ME).json["user"])

    def test_what_one_came_with(self):
        client = self.server.new_client()
        answer = client.get(ME).json
        self.assertIsNone(answer["organization"])
        session = client.get(SESSIONS).json["sessions"][0]
        self.assertEqual({"id": session["id"], "kind": "session", "scopes": ["read", "write", "admin"],
                          "expires_at": session["expires_at"]}, answer["token"])
        made = self.new_key(client, ("write", "read")).json
        answer = self.with_token(made["key"]).get(ME).json
        self.assertEqual({"id": made["api_key"]["id"], "kind": "api_key", "scopes": ["read", "write"],
                          "expires_at": made["api_key"]["expires_at"]}, answer["token"])


class Keys(Case):
    def test_shown_once(self):
        client = self.server.new_client()
        answer = self.new_key(client, ("read", "write"))
        made = answer.json
        self.assertRegex(made["key"], r"\Aobl_[A-Za-z0-9_-]{43}\Z")
        self.assertEqual({"id", "name", "user_id", "scopes", "created_at", "last_used", "expires_at", "address"},
                         set(made["api_key"]))
        self.assertEqual(("nightly", ["read", "write"], client.user["id"], None), tuple(
            made["api_key"][name] for name in ("name", "scopes", "user_id", "last_used")))
        listed = client.get(KEYS)
        self.assertEqual([made["api_key"]], listed.json["api_keys"])
        for text in (listed.text, self.server.log(), client.get(API + "/audit").text):
            self.assertNotIn(made["key"], text)
        # Not kept for a repeated request either: that makes another.
        twice = [client.post(KEYS, {"name": "x", "scopes": ["read"]}, expect=201,
                             headers={"Idempotency-Key": "once"}).json["key"] for _ in range(2)]
        self.assertNotEqual(twice[0], twice[1])
        admin = self.server.sign_in(self.server.admin)
        self.assertEqual(3, self.actions(admin, user=client.email).count("key.created"))

    def test_scopes(self):
        """A key does what it is for, on a route that reads, one that writes, and one of administration."""
        admin = self.server.new_client("super_admin")
        tried = {"read": ("GET", JOBS, None, 200),
                 "write": ("POST", PREDICTIONS + "/annual", None, 201),
                 "admin": ("POST", "%s/models/%s/activate" % (
                     API, admin.get(API + "/models").json["models"][0]["id"]), None, 200)}
        numbers = iter(range(100, 1000))
        for scopes in (("read",), ("write",), ("admin",), ("read", "write", "admin")):
            key = self.key_client(admin, scopes)
            for scope, (method, path, body, status) in tried.items():
                if scope == "write":
                    body = support.row(next(numbers))
                if scope in scopes:
                    key.request(method, path, body, expect=status)
                    continue
                answer = key.request(method, path, body, expect=403)
                self.assert_problem(answer, 403, "scope_missing", ["lacks the scope %s." % scope])

    def test_a_key_makes_no_key(self):
        admin = self.server.new_client("super_admin")
        key = self.key_client(admin, ("read", "write", "admin"))
        listed = admin.get(KEYS).json["api_keys"]
        for method, path, body in (
                ("GET", KEYS, None), ("POST", KEYS, {"name": "x", "scopes": ["read"]}),
                ("DELETE", "%s/%s" % (KEYS, listed[0]["id"]), None), ("GET", SESSIONS, None),
                ("DELETE", SESSIONS, None), ("POST", API + "/auth/refresh", None),
                ("POST", API + "/auth/logout", None), ("PUT", PROFILE, {"username": "x"}),
                ("POST", API + "/auth/change-password", {"current_password": PASSWORD,
                                                         "new_password": OTHER_PASSWORD})):
            self.assert_problem(key.request(method, path, body, expect=403), 403, "key_not_allowed")
        self.assertEqual([one["id"] for one in listed], [one["id"] for one in admin.get(KEYS).json["api_keys"]])
        key.get(ME)
        admin.get(ME)

    def test_a_demoted_owner(self):
        """At once: with the next request."""
        admin = self.server.new_client("super_admin")
        key = self.key_client(admin, ("read", "write", "admin"))
        activate = "%s/models/%s/activate" % (API, admin.get(API + "/models").json["models"][0]["id"])
        key.post(activate)
        self.server.database.execute("UPDATE users SET role = 'user' WHERE email = '%s'" % admin.email)
        self.assert_problem(key.post(activate, expect=403), 403, "denied", ["The role user"])
        key.get(JOBS)
        self.server.run("user", "disable", admin.email)
        self.assert_problem(key.get(JOBS, expect=403), 403, "not_active")
        self.server.run("user", "enable", admin.email)
        key.get(JOBS)

    def test_the_end_of_a_key(self):
        client = self.server.new_client()
        made = self.new_key(client, name="short-lived").json
        key = self.with_token(made["key"])
        key.get(JOBS)
        self.server.database.execute("UPDATE tokens SET expires_at = created_at WHERE name = 'short-lived'")
        self.ended(key)
        self.assertEqual([], client.get(KEYS).json["api_keys"])
        made = self.new_key(client).json
        path, key = "%s/%s" % (KEYS, made["api_key"]["id"]), self.with_token(made["key"])
        stranger = self.server.new_client("super_admin")
        self.assertEqual(support.essence(stranger.delete("%s/%s" % (KEYS, UNKNOWN_ID), expect=404).json),
                         support.essence(stranger.delete(path, expect=404).json))
        key.get(JOBS)
        client.delete(path)
        self.ended(key)
        client.delete(path, expect=404)

    def test_refusals(self):
        client = self.server.new_client()
        day = "2020-01-01T00:00:00Z"
        for given, fields in (
                ({"name": None}, {"name": "missing"}), ({"name": "  "}, {"name": "missing"}),
                ({"name": "x" * 101}, {"name": "too_long"}), ({"scopes": []}, {"scopes": "missing"}),
                ({"scopes": ["read", "all"]}, {"scopes": "not_allowed"}),
                ({"scopes": ["admin"]}, {"scopes": "not_available"}),
                ({"expires_in_days": 367}, {"expires_in_days": "not_a_whole_number"}),
                ({"expires_in_days": 0}, {"expires_in_days": "not_a_whole_number"}),
                ({"expires_at": day}, {"expires_at": "out_of_range"}),
                ({"expires_at": "soon"}, {"expires_at": "not_a_time"}),
                ({"expires_at": day, "expires_in_days": 1}, {"expires_at": "not_both"}),
                ({"user_id": "x"}, {"user_id": "not_an_id"}), ({"role": "user"}, {"role": "unknown_parameter"})):
            answer = client.post(KEYS, dict({"name": "x", "scopes": ["read"]}, **given), expect=422)
            self.assertEqual(fields, answer.field_codes(), given)
        self.assertEqual([], client.get(KEYS).json["api_keys"])
        for _ in range(50):
            self.new_key(client)
        self.assert_problem(self.new_key(client, expect=409), 409, "too_many_keys", ["50"])

    def test_service_users(self):
        """A pipeline's user has keys and no password; an administrator makes them."""
        admin, client = self.server.new_client("super_admin"), self.server.new_client()
        robot = self.server.new_client()
        self.server.database.execute("UPDATE users SET is_service = TRUE WHERE email = '%s'" % robot.email)
        login = {"email": robot.email, "password": PASSWORD}
        refused = self.server.anonymous().post(API + "/auth/login", login, expect=401)
        wrong = self.server.anonymous().post(API + "/auth/login", dict(login, password="x"), expect=401)
        self.assertEqual(support.essence(wrong.json), support.essence(refused.json))
        made = self.new_key(admin, ("read", "write"), user_id=robot.user["id"]).json
        self.assertEqual(robot.user["id"], made["api_key"]["user_id"])
        key = self.with_token(made["key"])
        self.assertEqual(robot.user["id"], key.get(ME).json["user"]["id"])
        key.create("annual", support.row(1))
        whose = {"user_id": robot.user["id"]}
        self.assertEqual(1, len(admin.get(KEYS, whose).json["api_keys"]))
        self.assertEqual([], admin.get(KEYS).json["api_keys"])
        # Not there and not yours are alike; a person's keys are made by that person.
        refusals = [self.new_key(client, expect=404, user_id=UNKNOWN_ID),
                    self.new_key(client, expect=404, user_id=robot.user["id"]),
                    self.new_key(admin, expect=404, user_id=client.user["id"]),
                    client.get(KEYS, whose, expect=404), client.get(KEYS, {"user_id": UNKNOWN_ID}, expect=404)]
        self.assertEqual(1, len({str(support.essence(answer.json)) for answer in refusals}))
        path = "%s/%s" % (KEYS, made["api_key"]["id"])
        client.delete(path, expect=404)
        admin.delete(path)
        self.ended(key)


class Hours(Case):
    SERVER_OPTIONS = {"arguments": ["--session-hours", "1"], "cards": False}

    def test_how_long_a_session_is_good(self):
        answer = self.server.anonymous().post(API + "/auth/login", {
            "email": self.server.admin, "password": PASSWORD}).json
        self.assertTrue(3500 < answer["expires_in"] <= 3600)


if __name__ == "__main__":
    support.main()
