"""Accounts: signing in and out, who may in, and the first administrator."""
import urllib.parse

import support
from support import API, PASSWORD, TIME, UUID

LOGIN = API + "/auth/login"
USER = {"id", "email", "username", "full_name", "role", "organization_id", "organization_name", "is_active",
        "is_service", "is_verified", "created_at", "deleted_at"}


class SignIn(support.TestCase):
    def login(self, email, password, expect=200):
        return self.server.anonymous().post(LOGIN, {"email": email, "password": password},
                                            expect=expect)

    def test_in_and_out(self):
        email = self.server.new_user()
        answer = self.login(email, PASSWORD).json
        self.assertEqual({"success", "access_token", "token_type", "expires_in", "user"},
                         set(answer))
        self.assertEqual("bearer", answer["token_type"])
        self.assertTrue(3600 < answer["expires_in"] <= 12 * 3600)
        self.assertGreaterEqual(len(answer["access_token"]), 40)
        self.assertEqual(USER, set(answer["user"]))
        self.assertEqual((email, "user", True, True), tuple(answer["user"][name] for name in (
            "email", "role", "is_active", "is_verified")))
        self.assertRegex(answer["user"]["id"], UUID)
        self.assertRegex(answer["user"]["created_at"], TIME)
        client = self.server.anonymous()
        client.token = answer["access_token"]
        for path in (API + "/auth/me", API + "/users/me", API + "/auth/me/"):
            self.assertEqual(answer["user"], client.get(path).json["user"])
        said = client.post(API + "/auth/logout").json
        self.assertEqual("Signed out.", said["message"])
        for path in (API + "/auth/me", support.JOBS):
            refused = client.get(path, expect=401)
            self.assertEqual("bad_token", refused.json["error"])
            self.assertIn('error="invalid_token"', refused.header("WWW-Authenticate"))
        client.post(API + "/auth/logout", expect=401)

    def test_sessions_are_apart(self):
        """Each sign-in has a token of its own; signing out ends that one alone."""
        email = self.server.new_user()
        first, second = self.server.sign_in(email), self.server.sign_in(email)
        self.assertNotEqual(first.token, second.token)
        first.post(API + "/auth/logout")
        first.get(API + "/auth/me", expect=401)
        second.get(API + "/auth/me")

    def test_addresses_in_any_case(self):
        email = self.server.new_user("Mixed.Case")
        for written in (email.lower(), email.upper(), "  %s " % email):
            self.assertEqual(email, self.login(written, PASSWORD).json["user"]["email"])

    def test_wrong_password_is_like_unknown_address(self):
        email = self.server.new_user()
        self.server.run("user", "add", "--email", "empty@example.com", "--no-password",
                        "--verified")
        wrong = self.login(email, PASSWORD + "x", 401)
        self.assert_problem(wrong, 401, "wrong_credentials")
        for unknown, password in (("nobody@example.com", PASSWORD), ("not an address", PASSWORD),
                                  ("empty@example.com", PASSWORD), (email, PASSWORD[:-1]),
                                  (email, PASSWORD.upper()), (email, " " + PASSWORD),
                                  ("x@" + "y" * 240, "z")):
            answer = self.login(unknown, password, 401)
            self.assertEqual(support.essence(wrong.json), support.essence(answer.json))
            self.assertEqual({name for name, _ in wrong.headers.items()},
                             {name for name, _ in answer.headers.items()})

    def test_unverified(self):
        """Like a wrong password: who registered somebody else's address has chosen the password."""
        email = self.server.new_user(verified=False)
        answer = self.login(email, PASSWORD, 401)
        self.assert_problem(answer, 401, "wrong_credentials", ["not confirmed"])
        self.assertEqual(support.essence(answer.json), support.essence(self.login(email, "wrong pass 1", 401).json))
        self.server.run("user", "verify", email)
        self.login(email, PASSWORD)

    def test_disabled(self):
        """At once: with the next request."""
        email = self.server.new_user()
        client = self.server.sign_in(email)
        client.get(API + "/auth/me")
        self.server.run("user", "disable", email)
        self.assertIn(client.get(API + "/auth/me", expect=(401, 403)).status, (401, 403))
        self.assert_problem(self.login(email, PASSWORD, 403), 403, "not_active")
        self.login(email, "wrong pass 1", 401)
        self.server.run("user", "enable", email)
        client.get(API + "/auth/me", expect=401) # its session has ended for good
        self.login(email, PASSWORD)

    def test_a_new_password_ends_sessions(self):
        email = self.server.new_user()
        client = self.server.sign_in(email)
        self.server.run("user", "passwd", email, "--password-stdin", stdin=b"another pass 2\n")
        client.get(API + "/auth/me", expect=401)
        self.login(email, PASSWORD, 401)
        self.login(email, "another pass 2")

    def test_wrong_bodies(self):
        post = self.server.anonymous().post
        for body, status, fields in (
                ({}, 422, {"email": "missing", "password": "missing"}),
                ({"email": "a@example.com"}, 422, {"password": "missing"}),
                ({"email": "", "password": ""}, 422, {"email": "missing", "password": "missing"}),
                ({"email": None, "password": "x"}, 422, {"email": "missing"}),
                ({"email": ["a"], "password": "x"}, 422, {"email": "not_a_text"}),
                ({"email": "a@example.com", "password": 5}, 422, {"password": "not_a_text"}),
                ({"email": "a\nb@example.com", "password": "x"}, 422,
                 {"email": "control_character"}),
                ({"email": "a" * 255, "password": "x"}, 422, {"email": "too_long"}),
                ({"email": "a@example.com", "password": "x" * 1025}, 422,
                 {"password": "too_long"}),
                ({"email": "a@example.com", "password": "x", "role": "super_admin"}, 422,
                 {"role": "unknown_parameter"})):
            answer = post(LOGIN, body, expect=status)
            self.assertEqual(fields, answer.field_codes(), body)
        post(LOGIN, b"{", expect=400, type="application/json")
        post(LOGIN, b"email=a&password=b", expect=415, type="application/x-www-form-urlencoded")
        answer = post(LOGIN, {"email": "a", "password": "x" * 20000}, expect=413)
        self.assert_problem(answer, 413, words=["16384"])
        answer = post(LOGIN, {"email": "a", "password": "b"}, {"next": "/"}, 422)
        self.assertEqual({"next": "unknown_parameter"}, answer.field_codes())

    def test_an_answer_shows_no_password(self):
        for body in ({"email": "a", "password": "hunter2hunter2", "x": 1},
                     {"email": ["hunter2hunter2"], "password": ["hunter2hunter2"]}):
            answer = self.server.anonymous().post(LOGIN, body, expect=422)
            self.assertNotIn("hunter2", answer.text)
        self.assertNotIn("hunter2", self.server.log())

    def test_tokens(self):
        client = self.server.sign_in(self.server.new_user())
        good = client.token
        self.assertNotIn(good, self.server.log())
        for header in ("Bearer " + good[:-1], "Bearer " + good + "A", "Bearer " + good.swapcase(),
                       "Bearer x", "Bearer ", "Basic " + good, good, "", "Bearer " + "x" * 5000,
                       "Bearer \x00".replace("\x00", "%00")):
            answer = self.server.anonymous().get(API + "/auth/me", expect=401,
                                                 headers={"Authorization": header})
            self.assertIn(answer.json["error"], ("unauthenticated", "bad_token"))
        for header in ("bearer " + good, "BEARER  " + good + " "):
            self.server.anonymous().get(API + "/auth/me", headers={"Authorization": header})
        answer = self.server.anonymous().get(API + "/auth/me", expect=401)
        self.assertEqual('Bearer realm="obligor"', answer.header("WWW-Authenticate"))
        # Not in the address, where it would be logged.
        self.server.anonymous().get(API + "/auth/me", {"access_token": good}, 401)

    def test_tokens_survive_a_restart(self):
        server = support.Server(cards=False)
        try:
            client = server.new_client()
            server.stop()
            server.start()
            client.get(API + "/auth/me")
        finally:
            server.close()


class Setup(support.TestCase):
    """The first administrator, made with the link that an empty database gives."""

    def fresh(self):
        return support.Server(users=False, cards=False)

    def token(self, server):
        self.assertIsNotNone(server.setup_url)
        parts = urllib.parse.urlsplit(server.setup_url)
        self.assertEqual("/setup", parts.path)
        return urllib.parse.parse_qs(parts.query)["token"][0]

    def test_by_the_page(self):
        server = self.fresh()
        try:
            token = self.token(server)
            client = server.anonymous()
            page = client.get("/setup", {"token": token})
            self.assertEqual("text/html", page.type)
            self.assertIn('value="%s"' % token, page.text)
            for name in ("email", "full_name", "password"):
                self.assertIn('name="%s"' % name, page.text)
            for name, value in (("Content-Security-Policy", "default-src"),
                                ("Cache-Control", "no-store")):
                self.assertIn(value, page.header(name) or "", name)
            self.assertNotIn("<script", page.text)

            def send(expect, **fields):
                body = urllib.parse.urlencode(fields).encode()
                return client.post("/setup", body, expect=expect,
                                   type="application/x-www-form-urlencoded")
            bad = send(422, token=token, email="no address", password="short", full_name="<b>&\"")
            self.assertEqual("text/html", bad.type)
            self.assertIn("&#60;b&#62;&#38;&#34;", bad.text)
            self.assertNotIn("<b>", bad.text)
            self.assertNotIn("short", bad.text.replace("shorter", ""))
            self.assertIn("not an e-mail address", bad.text)
            send(401, token=token[:-1] + "x", email="root@example.com", password=PASSWORD)
            send(422, token=token, email="root@example.com")
            send(422, token=token, email="root@example.com", password=PASSWORD, role="user")
            done = send(201, token=token, email="root@example.com", password=PASSWORD,
                        full_name="Ruth Root")
            self.assertNotIn(PASSWORD, done.text)
            admin = server.sign_in("root@example.com")
            self.assertEqual(("super_admin", "Ruth Root", True),
                             tuple(admin.user[name] for name in ("role", "full_name",
                                                                 "is_verified")))
            # Used once.
            send(401, token=token, email="second@example.com", password=PASSWORD)
            client.post(API + "/auth/setup", {"token": token, "email": "second@example.com",
                                              "password": PASSWORD}, expect=401)
            users = server.run("user", "list")["users"]
            self.assertEqual(["root@example.com"], [user["email"] for user in users])
            server.stop()
            server.start()
            self.assertIsNone(server.setup_url)
        finally:
            server.close()

    def test_by_json(self):
        server = self.fresh()
        try:
            old = self.token(server)
            client, path = server.anonymous(), API + "/auth/setup"
            server.stop()
            server.start()
            token = self.token(server)
            self.assertNotEqual(old, token)
            good = {"token": token, "email": "root@example.com", "password": PASSWORD}
            # A later start makes the earlier link useless.
            answer = client.post(path, dict(good, token=old), expect=401)
            self.assert_problem(answer, 401, "bad_token", ["set-up link"])
            for change, fields in (({"token": None}, {"token": "missing"}),
                                   ({"email": ""}, {"email": "missing"}),
                                   ({"email": "x"}, {"email": "not_an_address"}),
                                   ({"password": "allletters"}, {"password": "weak"}),
                                   ({"password": "12345678"}, {"password": "weak"}),
                                   ({"password": "a1"}, {"password": "weak"}),
                                   ({"email": "a1bcdefg@example.com",
                                     "password": "a1bcdefg@example.com"}, {"password": "weak"}),
                                   ({"role": "user"}, {"role": "unknown_parameter"})):
                answer = client.post(path, dict(good, **change), expect=422)
                self.assertEqual(fields, answer.field_codes(), change)
            answer = client.post(path, good, expect=201).json
            self.assertEqual(("root@example.com", "super_admin"), (answer["user"]["email"],
                                                                   answer["user"]["role"]))
            client.post(path, dict(good, email="other@example.com"), expect=401)
            self.assertNotIn(token, server.log())
        finally:
            server.close()

    def test_not_beside_other_users(self):
        """A user made on the command line meanwhile makes the link useless."""
        server = self.fresh()
        try:
            token = self.token(server)
            server.new_user("first", role="super_admin")
            server.anonymous().post(API + "/auth/setup", {
                "token": token, "email": "root@example.com", "password": PASSWORD}, expect=401)
        finally:
            server.close()

    def test_page_without_token(self):
        """The page is public; without the token it leads nowhere."""
        page = self.server.anonymous().get("/setup")
        self.assertEqual("text/html", page.type)
        page = self.server.anonymous().get("/setup", {"token": '"><script>alert(1)</script>'})
        self.assertNotIn("<script", page.text)


if __name__ == "__main__":
    support.main()
