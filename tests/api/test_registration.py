"""Registering, verifying by a mailed link, forgotten passwords; and that no answer tells who has an account."""
import itertools
import json
import os
import random
import re
import statistics
import subprocess
import time
import urllib.parse

import support
from support import API, PASSWORD

# Beside postgres.py, where support looks too.
import smtp_sink  # pylint: disable=wrong-import-order

AUTH = API + "/auth"
FORM = "application/x-www-form-urlencoded"
SINK = smtp_sink.Sink()
MAIL = ["--smtp-url", SINK.url, "--mail-from", "obligor@example.com"]
NUMBERS = itertools.count(1)


def fresh():
    return "new%d@example.com" % next(NUMBERS)


def token_of(text, page):
    found = re.search(r"^(https?://\S+)/%s\?token=([\w-]{43})\r?$" % page, text, re.MULTILINE)
    assert found, text
    return found.group(2)


def mailed(email, page, count=1):
    message = SINK.wait(email, count)
    return token_of(message.get_content(), page)


class Open(support.TestCase):
    SERVER_OPTIONS = {"arguments": ["--registration", "open", "--rate-sign-ins", "0", *MAIL]}

    def setUp(self):
        self.client = self.server.anonymous()

    def register(self, email, expect=201, **more):
        return self.client.post(AUTH + "/register", {"email": email, "password": PASSWORD, **more},
                                expect=expect)

    def login(self, email, password=PASSWORD, expect=200):
        return self.client.post(AUTH + "/login", {"email": email, "password": password}, expect=expect)

    def form(self, path, expect, **fields):
        answer = self.client.post(path, urllib.parse.urlencode(fields).encode(), expect=expect, type=FORM)
        self.assertEqual("text/html", answer.type)
        self.assertNotIn("<script", answer.text)
        return answer

    def test_a_stranger_gets_in(self):
        email = fresh()
        answer = self.register(email, full_name="Ann Other", username="ann")
        self.assertEqual({"success", "message"}, set(answer.json))
        self.login(email, expect=401)
        token = mailed(email, "verify")
        message = SINK.to(email)[-1]
        self.assertEqual(["Obligor: Confirm your address", email, "auto-generated"],
                         [message[name] for name in ("Subject", "To", "Auto-Submitted")])
        self.assertNotIn("Ann Other", message.get_content())
        self.client.post(AUTH + "/verify", {"token": token})
        self.client.post(AUTH + "/verify", {"token": token}, expect=422)
        user = self.login(email).json["user"]
        self.assertEqual(("user", "Ann Other", "ann", True),
                         tuple(user[name] for name in ("role", "full_name", "username", "is_verified")))
        self.assertNotIn(token, self.server.log())
        self.assertNotIn(email, [entry.get("to") for entry in self.server.log_entries()])

    def test_by_the_pages(self):
        """A program that follows the links of a mail changes nothing."""
        email = fresh()
        self.register(email)
        token = mailed(email, "verify")
        for _ in range(2):
            page = self.client.get("/verify", {"token": token})
            self.assertIn('value="%s"' % token, page.text)
            self.assertIn("frame-ancestors 'none'", page.header("Content-Security-Policy"))
            self.assertEqual("no-referrer", page.header("Referrer-Policy"))
            self.client.request("HEAD", "/verify?token=" + token)
        self.login(email, expect=401)
        self.assertIn("not good any more", self.form("/verify", 422, token=token[:-1] + "_").text)
        self.form("/verify", 422)
        self.form("/verify", 422, token=token, role="super_admin")
        self.form("/verify", 200, token=token)
        self.form("/verify", 422, token=token)
        session = self.server.sign_in(email)

        self.client.post(AUTH + "/forgot-password", {"email": email})
        token = mailed(email, "reset", 2)
        page = self.client.get("/reset", {"token": token})
        self.assertIn('name="password"', page.text)
        session.get(AUTH + "/me")
        weak = self.form("/reset", 422, token=token, password="weak")
        self.assertIn("at least 8 characters", weak.text)
        self.assertIn('value="%s"' % token, weak.text)
        self.assertNotIn("another pass 2", self.form("/reset", 200, token=token, password="another pass 2").text)
        session.get(AUTH + "/me", expect=401)
        self.login(email, expect=401)
        self.login(email, "another pass 2")
        page = self.client.get("/reset", {"token": '"><script>alert(1)</script>'})
        self.assertNotIn("<script", page.text)

    def test_forgotten(self):
        email = self.server.new_user()
        session = self.server.sign_in(email)
        self.client.post(AUTH + "/forgot-password", {"email": email.upper()})
        token = mailed(email, "reset")
        answer = self.client.post(AUTH + "/reset-password", {"token": token, "password": "allletters"}, expect=422)
        self.assertEqual({"password": "weak"}, answer.field_codes())
        self.client.post(AUTH + "/reset-password", {"token": token, "password": "another pass 2"})
        answer = self.client.post(AUTH + "/reset-password", {"token": token, "password": PASSWORD}, expect=422)
        self.assert_problem(answer, 422, "bad_token", fields={"token": "not_good"})
        session.get(AUTH + "/me", expect=401)
        self.login(email, "another pass 2")

    def test_who_registers_twice_is_told_by_mail(self):
        email = self.server.new_user()
        self.register(email.upper(), full_name="Somebody Else")
        message = SINK.wait(email)
        self.assertEqual("Obligor: You have an account already", message["Subject"])
        self.assertNotIn("token=", message.get_content())
        self.assertIsNone(self.login(email).json["user"]["full_name"])

    def test_never_a_role(self):
        for more in ({"role": "super_admin"}, {"organization_id": support.UNKNOWN_ID}, {"is_verified": True}):
            answer = self.register(fresh(), 422, **more)
            self.assertEqual({name: "unknown_parameter" for name in more}, answer.field_codes())
        for body, fields in (({"email": "x", "password": PASSWORD}, {"email": "not_an_address"}),
                             ({"email": "a@example.com", "password": "short"}, {"password": "weak"}),
                             ({"email": "a@example.com"}, {"password": "missing"}),
                             ({"password": PASSWORD}, {"email": "missing"})):
            self.assertEqual(fields, self.client.post(AUTH + "/register", body, expect=422).field_codes())

    def test_answers_are_alike(self):
        """To the byte, headers and all, but for the request's own id and the time of day."""
        known, disabled, unverified = self.server.new_user(), self.server.new_user(), self.server.new_user(
            verified=False)
        self.server.run("user", "disable", disabled)

        def seen(path, email):
            body = {"email": email, "password": PASSWORD} if path == "/register" else {"email": email}
            answer = self.client.post(AUTH + path, body, expect=None)
            headers = [(name, value) for name, value in answer.headers.items() if name not in ("X-Request-ID", "Date")]
            return answer.status, headers, answer.body
        for path in ("/register", "/forgot-password", "/verify/resend"):
            unknown = seen(path, fresh())
            self.assertIn(unknown[0], (200, 201))
            for email in (known, known, disabled, unverified, unverified):
                self.assertEqual(unknown, seen(path, email), (path, email))

    def test_signing_in_tells_nothing(self):
        """Who has just registered an address knows its password, if the address was new."""
        known, unknown = self.server.new_user(), fresh()
        said = []
        for email in (known, unknown):
            self.register(email, password="chosen pass 3")
            answer = self.login(email, "chosen pass 3", 401)
            said.append(support.essence(answer.json))
        self.assertEqual(said[0], said[1])

    def test_times_are_alike(self):
        """Coarsely, and of the quicker ones: what else this machine does makes an answer slower, never quicker."""
        known, unknown = self.server.new_user(), fresh()

        def quick(path, each, **more):
            times = {True: [], False: []}
            order = [True, False] * each
            random.Random(1).shuffle(order)
            for is_known in order:
                email = known if is_known else unknown if path == "/forgot-password" else fresh()
                began = time.monotonic()
                self.client.post(AUTH + path, dict(more, email=email), expect=(200, 201))
                times[is_known].append(time.monotonic() - began)
            return [statistics.quantiles(times[is_known], n=4)[0] for is_known in (True, False)]
        for of_known, of_unknown in (quick("/forgot-password", 60), quick("/register", 5, password=PASSWORD)):
            self.assertTrue(1 / 3 < of_known / of_unknown < 3, (of_known, of_unknown))

    def test_nobody_is_flooded(self):
        email = self.server.new_user()
        for _ in range(6):
            self.client.post(AUTH + "/forgot-password", {"email": email})
        other = self.server.new_user()
        self.client.post(AUTH + "/forgot-password", {"email": other})
        SINK.wait(other)  # what was queued before has been sent
        self.assertEqual(1, len(SINK.to(email)))

    def test_a_link_by_an_administrator(self):
        self.server.run("user", "add", "--email", "guest@example.com", "--no-password")
        made = self.server.run("user", "link", "guest@example.com", "--public-url", "https://obligor.example/")
        self.assertTrue(made["link"]["link"].startswith("https://obligor.example/reset?token="), made)
        token = made["link"]["link"].split("=")[1]
        self.client.post(AUTH + "/reset-password", {"token": token, "password": PASSWORD})
        self.login("guest@example.com")
        self.server.run("user", "link", "--email", "nobody@example.com", status=3)
        self.server.run("user", "link", status=2)


class Closed(support.TestCase):
    """As it is without any option; and a worker of its own that sends what a server queues."""

    def test_closed(self):
        server = support.Server("--mail", "smtp", *MAIL, workers=0, cards=False)
        worker = None
        try:
            client = server.anonymous()
            for email in (server.admin, fresh()):
                answer = client.post(AUTH + "/register", {"email": email, "password": PASSWORD}, expect=403)
                self.assert_problem(answer, 403, "registration_closed")
            email = server.new_user()
            client.post(AUTH + "/forgot-password", {"email": email})
            worker = subprocess.Popen(
                [support.BINARY, "worker", "--public-url", "https://obligor.example", *MAIL],
                env=dict(os.environ, OBLIGOR_DB=server.database.url), stderr=subprocess.DEVNULL)
            token = mailed(email, "reset")
            self.assertIn("https://obligor.example/reset?token=" + token, SINK.to(email)[-1].get_content())
            client.post(AUTH + "/reset-password", {"token": token, "password": "another pass 2"})
            other = server.new_user()
            client.post(AUTH + "/forgot-password", {"email": other})
            SINK.wait(other)  # it looks by itself
            worker.terminate()
            self.assertEqual(0, worker.wait(support.WAIT))
        finally:
            if worker is not None and worker.poll() is None:
                worker.kill()
            server.close()

    def test_without_mail(self):
        """Nothing is queued; the answers say that, and are alike."""
        client = self.server.anonymous()
        said = {client.post(AUTH + path, {"email": email}).body
                for path in ("/forgot-password", "/verify/resend") for email in (self.server.admin, fresh())}
        self.assertEqual({b'{"success":true,"message":"This server sends no mail. An administrator can make a link '
                          b'for you."}'}, said)
        self.assertEqual((0,), self.server.database.numbers("SELECT count(*) FROM mail_outbox"))


class Domain(support.TestCase):
    """Only some may register; and links go to the log."""
    SERVER_OPTIONS = {"arguments": ["--registration", "domain=bank.example,Other.Example", "--mail", "log",
                                    "--public-url", "https://obligor.example"]}

    def test_domains(self):
        client = self.server.anonymous()
        for email in ("a@example.com", "a@sub.bank.example", "bank.example@example.com", self.server.admin):
            answer = client.post(AUTH + "/register", {"email": email, "password": PASSWORD}, expect=403)
            self.assert_problem(answer, 403, "domain_not_allowed")
        for email in ("a@bank.example", "B@OTHER.example"):
            client.post(AUTH + "/register", {"email": email, "password": PASSWORD}, expect=201)
            until = time.monotonic() + support.WAIT
            links = []
            while not links and time.monotonic() < until:
                links = [entry["link"] for entry in self.server.log_entries() if entry.get("to") == email]
                time.sleep(0.02)
            client.post(AUTH + "/verify", {"token": token_of(links[0], "verify")})
            self.server.sign_in(email)


class Config(support.TestCase):
    def test_the_password_is_masked(self):
        said = json.dumps(self.server.run("config", "--smtp-url", "smtps://ann:s3cret@mail.example"))
        self.assertIn("smtps://ann:***@mail.example", said)
        self.assertNotIn("s3cret", said)


if __name__ == "__main__":
    support.main()
