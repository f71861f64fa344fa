"""The door: who is let in how. The page's cookie and where it counts, header fields that guard browsers, other
sites, proxies and what they say, and how fast anybody may come."""
import subprocess
import threading
import time

import support
from support import API, JOBS, PASSWORD, PREDICTIONS, UNKNOWN_ID

LOGIN = API + "/auth/login"
ME = API + "/auth/me"
LOGOUT = API + "/auth/logout"
GUARDS = {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"}


def own(server):
    return "http://127.0.0.1:%d" % server.port


def sign_in(server, email, origin, headers=(), expect=200, password=PASSWORD):
    return server.anonymous().post(LOGIN, {"email": email, "password": password, "cookie": True}, expect=expect,
                                   headers=dict(headers, **({"Origin": origin} if origin else {})))


def parts(cookie):
    """"a=b; Path=/; Secure" as ("a", "b", {"path": "/", "secure": ""})."""
    first, *rest = [part.strip() for part in cookie.split(";")]
    name, _, value = first.partition("=")
    return name, value, {one.partition("=")[0].lower(): one.partition("=")[2] for one in rest}


class Cookies(support.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.email = cls.server.new_user()
        cls.origin = own(cls.server)

    def cookie(self):
        return sign_in(self.server, self.email, self.origin).header("Set-Cookie").split(";")[0]

    def test_in_and_out(self):
        answer = sign_in(self.server, self.email, self.origin)
        self.assertEqual({"success", "token_type", "expires_in", "user"}, set(answer.json))
        self.assertEqual("cookie", answer.json["token_type"])
        name, token, rules = parts(answer.header("Set-Cookie"))
        self.assertEqual("obligor", name)
        self.assertRegex(token, r"\A[A-Za-z0-9_-]{43}\Z")
        self.assertEqual({"path", "max-age", "httponly", "samesite"}, set(rules))
        self.assertEqual(("/", "Strict"), (rules["path"], rules["samesite"]))
        self.assertAlmostEqual(answer.json["expires_in"], int(rules["max-age"]), delta=2)
        self.assertNotIn(token, answer.text)
        stranger = self.server.anonymous()
        sent = {"Cookie": "theme=dark; obligor=%s; x=y" % token}
        self.assertEqual(self.email, stranger.get(ME, headers=sent).json["user"]["email"])
        answer = stranger.post(LOGOUT, headers=dict(sent, Origin=self.origin))
        name, empty, rules = parts(answer.header("Set-Cookie"))
        self.assertEqual(("obligor", "", "0"), (name, empty, rules["max-age"]))
        self.assert_problem(stranger.get(ME, headers=sent, expect=401), 401, "bad_token")
        self.assertNotIn(token, self.server.log())

    def test_only_who_asks_gets_one(self):
        answer = self.server.anonymous().post(LOGIN, {"email": self.email, "password": PASSWORD, "cookie": False})
        self.assertIsNone(answer.header("Set-Cookie"))
        self.assertIn("access_token", answer.json)
        client = self.server.sign_in(self.email)
        self.assertIsNone(client.post(LOGOUT).header("Set-Cookie"))
        self.assertEqual({"cookie": "not_a_boolean"}, self.server.anonymous().post(
            LOGIN, {"email": self.email, "password": PASSWORD, "cookie": "perhaps"}, expect=422).field_codes())

    def test_origins(self):
        """What changes something needs the own origin, to the byte; what reads does not."""
        cookie = self.cookie()
        stranger = self.server.anonymous()
        port = self.server.port
        for origin in (None, "", "null", "http://127.0.0.1", "https://127.0.0.1:%d" % port, "http://localhost:%d" % port,
                       "http://127.0.0.1:%d/" % port, "http://127.0.0.1:%d.evil.example" % port, "http://evil.example",
                       "http://127.0.0.1:%d@evil.example" % port, "http://evil.example, %s" % self.origin,
                       "*", "HTTP://127.0.0.1:%d" % port):
            headers = {"Cookie": cookie, "Sec-Fetch-Site": "same-origin"}
            if origin is not None:
                headers["Origin"] = origin
            for method, path, body in (("POST", LOGOUT, None), ("POST", PREDICTIONS + "/annual", support.row(1)),
                                       ("PATCH", JOBS + "/" + UNKNOWN_ID, {"note": "x"}),
                                       ("PUT", PREDICTIONS + "/annual/" + UNKNOWN_ID, {"return_on_assets": 1}),
                                       ("DELETE", JOBS + "/" + UNKNOWN_ID, None),
                                       ("POST", JOBS + "/%s/results" % UNKNOWN_ID, None)):
                answer = stranger.request(method, path, body, headers=headers, expect=403)
                self.assert_problem(answer, 403, "origin_mismatch", ["Origin" if not origin else "another site"])
            for path in (ME, JOBS):
                self.assertEqual(200, stranger.get(path, headers=headers).status)
            sign_in(self.server, self.email, origin, expect=403)
        self.assertEqual([], stranger.get(PREDICTIONS + "/annual", {"company_symbol": "S00001"}, headers={
            "Cookie": cookie}).json["predictions"])
        good = {"Cookie": cookie, "Origin": self.origin}
        stranger.post(PREDICTIONS + "/annual", support.row(1), headers=good, expect=201)
        # A token of its own is no cookie: nobody else's page can send it.
        client = self.server.sign_in(self.email)
        client.post(PREDICTIONS + "/annual", support.row(2), headers={"Origin": "http://evil.example"}, expect=201)
        client.post(PREDICTIONS + "/annual", support.row(3), headers={"Cookie": "obligor=x"}, expect=201)

    def test_an_upload_by_cookie(self):
        """Refused before its body, taken with the right origin."""
        cookie = self.cookie()
        stranger = self.server.anonymous()
        content = support.csv(support.rows(2, start=20))
        stranger.upload("annual", content, headers={"Cookie": cookie}, expect=403)
        answer = stranger.upload("annual", content, headers={"Cookie": cookie, "Origin": self.origin})
        client = self.server.sign_in(self.email)
        self.assertEqual("completed", client.wait_job(answer.json["job_id"])["status"])

    def test_what_is_no_cookie(self):
        token = self.cookie().partition("=")[2]
        stranger = self.server.anonymous()
        for cookie in ("obligor=", "obligor", "Obligor=" + token, "__Host-obligor=" + token, "xobligor=" + token,
                       "obligor=x; obligor=" + token, "obligor=%s; obligor=%s" % (token, token), "", ";;;=;",
                       "obligor=%s, b=c" % token, "obligor=\"%s\"" % token, "x" * 5000):
            stranger.get(ME, headers={"Cookie": cookie}, expect=401)
        for cookie in ("obligor=" + token, " obligor = %s ;" % token, "a;obligor=%s" % token):
            stranger.get(ME, headers={"Cookie": cookie})
        # What Authorization says counts.
        stranger.get(ME, headers={"Cookie": "obligor=" + token, "Authorization": "Bearer x"}, expect=401)
        stranger.get(ME, headers={"Cookie": "obligor=" + token, "Authorization": "Basic x"})
        with support.Wire(self.server) as wire:   # in two fields, as a proxy may cut it
            wire.send("GET %s HTTP/1.1\r\nHost: x\r\nCookie: a=b\r\nCookie: obligor=%s\r\n\r\n" % (ME, token))
            self.assertEqual(200, wire.read().status)

    def test_the_host_that_was_asked(self):
        """The own origin is what the request itself was sent to."""
        cookie = self.cookie()
        stranger = self.server.anonymous()
        for host, origin, status in (("obligor.example", "http://obligor.example", 404),
                                     ("obligor.example:80", "http://obligor.example", 404),
                                     ("OBLIGOR.example:8080", "http://obligor.example:8080", 404),
                                     ("obligor.example", "https://obligor.example", 403),
                                     ("obligor.example", "http://obligor.example:8080", 403),
                                     ("evil.example/", "http://evil.example/", 403),
                                     ("a@evil.example", "http://evil.example", 403)):
            stranger.delete(JOBS + "/" + UNKNOWN_ID, headers={"Cookie": cookie, "Host": host, "Origin": origin},
                            expect=status)


class Headers(support.TestCase):
    def answers(self):
        client = self.server.new_client()   # one that has nothing else
        job = client.import_rows("annual", support.rows(1))["id"]
        get = client.get
        yield get("/healthz")
        yield get(ME)
        yield get(PREDICTIONS + "/annual")
        yield get(PREDICTIONS + "/annual/" + client.predictions()[0]["id"])
        yield get(JOBS + "/%s/file" % job)
        yield get(PREDICTIONS + "/annual/template")
        yield get("/setup")
        yield get("/metrics")
        yield get("/nothing", expect=404)
        yield get(JOBS + "/" + UNKNOWN_ID, expect=404)
        yield client.post("/healthz", expect=405)
        yield client.request("OPTIONS", JOBS, expect=204)
        yield self.server.anonymous().get(ME, expect=401)
        yield client.post(API + "/models", {}, expect=403)
        yield client.post(LOGIN, {}, expect=422)
        yield client.post(PREDICTIONS + "/annual", b"{", expect=400, type="application/json")
        yield client.post(LOGIN, b"x" * 20000, expect=413, type="application/json")
        yield client.request("HEAD", JOBS)

    def test_on_every_answer(self):
        for answer in self.answers():
            for name, value in GUARDS.items():
                self.assertEqual([value], answer.headers.get_all(name), "%s %s" % (name, answer.path))
            policy = answer.headers.get_all("Content-Security-Policy")
            self.assertEqual(1, len(policy), answer.path)
            self.assertIn("default-src 'none'", policy[0])
            self.assertIn("frame-ancestors 'none'", policy[0])
            self.assertNotIn("unsafe", policy[0])
            self.assertNotIn("script-src", policy[0])
            self.assertEqual(answer.type == "text/html", "style-src 'sha256-" in policy[0])
            self.assertEqual(1, len(answer.headers.get_all("Cache-Control")), answer.path)
            self.assertIn(answer.header("Cache-Control"), ("no-store", "private, no-cache"))
            self.assertIsNone(answer.header("Strict-Transport-Security"), answer.path)
            for name in answer.headers:
                self.assertFalse(name.lower().startswith("access-control"), name)
                self.assertNotEqual("vary", name.lower())

    def test_busy_and_failing(self):
        """A full queue and a handler in trouble: the same guards."""
        server = support.Server("--threads", "1", "--queue", "1")
        server.expect_log_error("busy")
        try:
            clients = [server.new_client()]
            clients += [server.anonymous() for _ in range(5)]
            answers, lock = [], threading.Lock()

            def ask(client, number):
                client.token = clients[0].token
                answer = client.create("annual", support.row(number), expect=None)
                with lock:
                    answers.append(answer)
            threads = [threading.Thread(target=ask, args=(client, number)) for number, client in enumerate(clients)]
            holder = server.database.hold()
            for thread in threads:
                thread.start()
            time.sleep(0.5)
            holder.close()
            for thread in threads:
                thread.join()
            self.assertIn(503, [answer.status for answer in answers])
            for answer in answers:
                for name, value in GUARDS.items():
                    self.assertEqual(value, answer.header(name))
                self.assertIn("frame-ancestors 'none'", answer.header("Content-Security-Policy"))
        finally:
            server.close()


class Proxied(support.TestCase):
    SERVER_OPTIONS = {"arguments": ["--trusted-proxy", "127.0.0.0/8, 10.0.0.0/8,2001:db8::/32", "--public-url",
                                    "https://obligor.example/", "--cors-origin",
                                    "https://page.example, http://localhost:3000", "--rate-sign-ins", "1/h:6"]}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.email, cls.other = cls.server.admin, cls.server.new_user()

    def seen(self, headers):
        """The address that the log has for a request."""
        answer = self.server.anonymous().get(ME, headers=headers, expect=401)
        name = answer.header("X-Request-ID")
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            for entry in self.server.log_entries():
                if entry.get("request_id") == name:
                    return entry["address"]
            time.sleep(0.02)
        raise AssertionError("not in the log: %s" % name)

    def test_who_the_client_is(self):
        for headers, address in (
                ({}, "127.0.0.1"),
                ({"X-Forwarded-For": "192.0.2.1"}, "192.0.2.1"),
                ({"X-Forwarded-For": "198.51.100.9, 192.0.2.1"}, "192.0.2.1"),
                ({"X-Forwarded-For": "198.51.100.9, 192.0.2.1, 10.1.2.3"}, "192.0.2.1"),
                ({"X-Forwarded-For": "10.1.1.1, 10.1.2.3"}, "10.1.1.1"),
                ({"X-Forwarded-For": "192.0.2.1, unknown"}, "127.0.0.1"),
                ({"X-Forwarded-For": "192.0.2.1, unknown, 10.0.0.1"}, "10.0.0.1"),
                ({"X-Forwarded-For": "192.0.2.1:4711"}, "192.0.2.1"),
                ({"X-Forwarded-For": "2001:DB9::7"}, "2001:db9::7"),
                ({"Forwarded": "for=192.0.2.1;proto=https"}, "192.0.2.1"),
                ({"Forwarded": "for=1.1.1.1, for=\"[2001:db9::1]:80\", for=10.0.0.1"}, "2001:db9::1"),
                ({"Forwarded": "for=_hidden"}, "127.0.0.1"),
                ({"Forwarded": "for=192.0.2.1", "X-Forwarded-For": "192.0.2.1"}, "192.0.2.1"),
                ({"Forwarded": "for=192.0.2.1", "X-Forwarded-For": "192.0.2.2"}, "127.0.0.1"),
                ({"X-Forwarded-For": "192.0.2.1\x0b"}, "127.0.0.1")):
            self.assertEqual(address, self.seen(headers), headers)

    def test_the_audit_trail_has_it(self):
        self.right(self.other, "192.0.2.77")
        person = self.server.sign_in(self.other) # it is an entry of one's own
        found = person.get(API + "/audit", {"action": "user.signed_in", "limit": 10}).json
        self.assertIn("192.0.2.77", [event["address"] for event in found["events"]])

    def test_metrics_are_not_for_who_comes_through(self):
        client = self.server.anonymous()
        client.get("/metrics")
        client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}, expect=401)
        client.get("/metrics", headers={"Forwarded": "for=127.0.0.1"}, expect=401)

    def test_strict_transport_security(self):
        get = self.server.anonymous().get
        for headers, there in (({"X-Forwarded-Proto": "https"}, True), ({"X-Forwarded-Proto": "HTTPS"}, True),
                               ({"X-Forwarded-Proto": "http"}, False), ({}, False),
                               ({"X-Forwarded-Proto": "https, http"}, False),
                               ({"Forwarded": "for=192.0.2.1;proto=https"}, True),
                               ({"Forwarded": "proto=https;for=192.0.2.1, for=10.0.0.1"}, True),
                               ({"Forwarded": "for=192.0.2.1;proto=http"}, False)):
            for path, status in (("/healthz", 200), (ME, 401), ("/setup", 200)):
                answer = get(path, headers=headers, expect=status)
                self.assertEqual("max-age=31536000" if there else None,
                                 answer.header("Strict-Transport-Security"), headers)

    def test_cookie_behind_tls(self):
        for origin, headers in (("https://obligor.example", {}),
                                ("https://other.example:8443", {"X-Forwarded-Proto": "https",
                                                                "Host": "other.example:8443"})):
            answer = sign_in(self.server, self.email, origin, headers)
            name, token, rules = parts(answer.header("Set-Cookie"))
            self.assertEqual("__Host-obligor", name)
            self.assertEqual({"path", "max-age", "httponly", "samesite", "secure"}, set(rules))
            self.assertEqual("/", rules["path"])
            stranger = self.server.anonymous()
            stranger.get(ME, headers={"Cookie": "obligor=" + token}, expect=401)
            sent = {"Cookie": "__Host-obligor=" + token}
            stranger.get(ME, headers=sent)
            # Another site that may read answers with a token is not the own site.
            for wrong in ("https://page.example", "http://obligor.example"):
                stranger.post(LOGOUT, headers=dict(sent, Origin=wrong), expect=403)
            answer = stranger.post(LOGOUT, headers=dict(sent, Origin=origin, **headers))
            self.assertEqual("__Host-obligor", parts(answer.header("Set-Cookie"))[0])

    def test_other_sites(self):
        client = self.server.sign_in(self.other)
        for origin, welcome in (("https://page.example", True), ("http://localhost:3000", True),
                                ("http://page.example", False), ("https://page.example:8443", False),
                                ("https://sub.page.example", False), ("https://obligor.example", False),
                                ("null", False), ("*", False), (None, False)):
            sent = {} if origin is None else {"Origin": origin}
            for answer in (client.get(ME, headers=sent), client.get("/nothing", headers=sent, expect=404),
                           self.server.anonymous().get(ME, headers=sent, expect=401),
                           client.request("OPTIONS", JOBS, headers=dict(sent, **{
                               "Access-Control-Request-Method": "POST"}), expect=204)):
                self.assertEqual("Origin", answer.header("Vary"))
                self.assertEqual(origin if welcome else None, answer.header("Access-Control-Allow-Origin"))
                self.assertIsNone(answer.header("Access-Control-Allow-Credentials"))
                exposed = answer.header("Access-Control-Expose-Headers") or ""
                for name in ("ETag", "Location", "Retry-After", "Content-Disposition", "X-Request-ID"):
                    self.assertEqual(welcome, name in exposed.split(", "))
            self.assertEqual(answer.header("Allow") if welcome else None,
                             answer.header("Access-Control-Allow-Methods"), origin)
            allowed = (answer.header("Access-Control-Allow-Headers") or "").split(", ")
            for name in ("Authorization", "Content-Type", "If-Match", "Idempotency-Key", "Prefer"):
                self.assertEqual(welcome, name in allowed)
        plain = client.request("OPTIONS", JOBS, headers={"Origin": "https://page.example"}, expect=204)
        self.assertIsNone(plain.header("Access-Control-Allow-Methods"))
        self.assertEqual("POST, GET, HEAD, OPTIONS", plain.header("Allow"))

    # -- signing in, slowed down. Six wrong tries of an address are counted, one is forgiven each hour.

    def wrong(self, email, address, expect=401):
        return self.server.anonymous().post(LOGIN, {"email": email, "password": "wrong pass 1"}, expect=expect,
                                            headers={"X-Forwarded-For": address})

    def right(self, email, address, expect=200):
        return self.server.anonymous().post(LOGIN, {"email": email, "password": PASSWORD}, expect=expect,
                                            headers={"X-Forwarded-For": address})

    def slowed(self, answer):
        self.assert_problem(answer, 429, "too_many_tries", ["Try again in "])
        return int(answer.header("Retry-After"))

    def test_a_pair_is_slowed_down(self):
        email = self.email
        self.right(email, "192.0.2.10")     # is known there: what follows is counted for the pair alone
        for _ in range(5):
            self.wrong(email, "192.0.2.10")
        refused = self.wrong(email, "192.0.2.10", 429)
        self.assertIn(self.slowed(refused), range(1, 6))
        # The right password has to wait as well, or the wait would tell which one is right.
        again = self.right(email, "192.0.2.10", 429)
        self.assertEqual(refused.json["error"], again.json["error"])
        # Nobody else does: not the owner elsewhere, not another account from there.
        self.right(email, "192.0.2.11")
        self.right(self.other, "192.0.2.10")

    def test_a_success_forgives(self):
        for _ in range(2):
            for _ in range(4):
                self.wrong(self.email, "192.0.2.12")
            self.right(self.email, "192.0.2.12")
            self.server.anonymous().post(LOGIN, {"email": self.email}, expect=422,
                                         headers={"X-Forwarded-For": "192.0.2.12"})

    def test_unknown_accounts_are_alike(self):
        email = self.email
        for name, address in ((email, "192.0.2.20"), ("nobody@example.com", "192.0.2.21")):
            seen = [self.wrong(name, address, (401, 429)) for _ in range(6)]
            self.assertEqual([401] * 5 + [429], [answer.status for answer in seen])
            essences = [support.essence(answer.json) for answer in seen]
            names = [sorted(answer.headers.keys()) for answer in seen]
            if name == email:
                first = essences, names
        # The seconds may differ by one.
        for made in (essences, first[0]):
            for one in made[-1:]:
                one["detail"] = one["message"] = ""
        self.assertEqual(first, (essences, names))

    def test_an_address_that_tries_many(self):
        """Six wrong ones over all accounts, then none is even looked at; who was known there still gets in."""
        known, unknown = self.email, self.other
        self.right(known, "2001:db9:0:1::5")
        for number in range(6):
            self.wrong("stuffed%d@example.com" % number, "2001:db9:0:1::%x" % (16 + number))
        refused = self.wrong("stuffed@example.com", "2001:db9:0:1::99", 429)
        self.assertGreater(self.slowed(refused), 3000)
        self.slowed(self.right(unknown, "2001:db9:0:1::98", 429))
        self.right(known, "2001:db9:0:1::97")   # one client has all of a /64
        self.right(unknown, "2001:db9:0:2::1")  # elsewhere
        # What is right costs nothing.
        for _ in range(7):
            self.right(unknown, "192.0.2.30")
        self.wrong("stuffed@example.com", "192.0.2.30")

    def test_links_and_tokens(self):
        """Guesses of one-time tokens are counted by address, apart from passwords."""
        def guess(address, expect):
            return self.server.anonymous().post(
                API + "/auth/setup", {"token": "guess", "email": "a@example.com", "password": PASSWORD},
                expect=expect, headers={"X-Forwarded-For": address})
        for _ in range(6):
            guess("192.0.2.40", 401)
        self.assertGreater(self.slowed(guess("192.0.2.40", 429)), 3000)
        guess("192.0.2.41", 401)
        self.wrong("nobody@example.com", "192.0.2.40")


class Fast(support.TestCase):
    """Rates: so low that a test can meet them. Nothing is forgiven within an hour."""
    SERVER_OPTIONS = {"arguments": ["--rate-requests", "1/h:30", "--rate-uploads", "2/h", "--rate-scores", "1/h:3"]}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.server.sign_in(cls.server.admin)

    def too_fast(self, answer, word):
        self.assert_problem(answer, 429, "too_fast", [word, "Try again in "])
        self.assertTrue(0 < int(answer.header("Retry-After")) <= 3600)

    def test_requests(self):
        slow = self.server.new_client()
        for _ in range(30):
            slow.get(ME)
        self.too_fast(slow.get(ME, expect=429), "requests")
        self.too_fast(self.server.sign_in(slow.email).get(JOBS, expect=429), "requests") # the user, not the session
        self.too_fast(slow.post(PREDICTIONS + "/annual", support.row(1), expect=429), "requests")
        self.other.get(ME)
        for _ in range(40): # what watches the server is not counted
            slow.get("/healthz")

    def test_uploads(self):
        client = self.server.new_client()
        for start in (0, 10):
            client.upload("annual", support.csv(support.rows(1, start)))
        # Before the body: no "100 Continue" comes.
        with support.Wire(self.server) as wire:
            wire.head("POST", JOBS + "?job_type=annual&filename=a.csv", {
                "Content-Type": "text/csv", "Content-Length": "1000", "Expect": "100-continue"}, client.token)
            self.too_fast(wire.read("POST"), "uploads")
        client.get(ME)
        self.other.upload("annual", support.csv(support.rows(1)))

    def test_scores(self):
        client = self.server.new_client()
        body = {name: 1 for name in support.RATIOS["annual"]}
        for _ in range(3):
            client.post(PREDICTIONS + "/annual/score", body, expect=(200, 422))
        self.too_fast(client.post(PREDICTIONS + "/annual/score", body, expect=429), "scores")
        client.get(ME)


class Options(support.TestCase):
    def test_what_makes_no_sense_is_refused(self):
        """Before anything is served, with a sentence."""
        for option, value in (("--trusted-proxy", "10.0.0.1/8"), ("--trusted-proxy", "proxy.example"),
                              ("--trusted-proxy", "10.0.0.0/33"), ("--cors-origin", "*"),
                              ("--cors-origin", "https://a.example/"), ("--cors-origin", "a.example"),
                              ("--public-url", "obligor.example"), ("--rate-requests", "fast"),
                              ("--rate-uploads", "10"), ("--rate-scores", "0/s"), ("--rate-sign-ins", "1/d")):
            done = subprocess.run([support.BINARY, "serve", "--db", self.server.database.url, "--listen",
                                   "127.0.0.1:0", "--spool", self.server.spool, option, value],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)
            self.assertEqual(2, done.returncode, (option, value, done.stderr))
            self.assertIn(option.encode(), done.stderr)
            self.assertEqual(b"", done.stdout)


if __name__ == "__main__":
    support.main()
