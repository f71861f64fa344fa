"""The wire itself: slow and broken requests, pipelining, HEAD, Expect, many clients at once."""
import json
import socket
import threading
import time

import support
from support import API, JOBS, PREDICTIONS, Form, Wire

UPLOAD = PREDICTIONS + "/annual/bulk-upload-async"


class Sockets(support.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client = cls.server.new_client()

    def wire(self):
        return Wire(self.server)

    def alive(self):
        self.server.anonymous().get("/healthz")

    def test_byte_by_byte(self):
        """A request that comes one byte at a time is a request."""
        text = ("GET %s/auth/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n"
                % (API, self.client.token))
        with self.wire() as wire:
            for byte in text.encode():
                wire.send(bytes([byte]))
            self.assertEqual(self.client.user, wire.read().json["user"])

    def test_body_byte_by_byte(self):
        body = json.dumps(support.row(1)).encode()
        with self.wire() as wire:
            wire.head("POST", PREDICTIONS + "/annual", {"Content-Length": len(body),
                                                        "Content-Type": "application/json"},
                      self.server.new_client().token)
            for byte in body:
                wire.send(bytes([byte]))
            answer = wire.read("POST")
            self.assertEqual((201, "S00001"), (answer.status,
                                               answer.json["prediction"]["company_symbol"]))

    def test_half_a_request(self):
        """A client that goes away in the middle of the head, or of the body, is not missed."""
        for text in ("", "G", "GET /healthz", "GET /healthz HTTP/1.1\r\nHost: x\r\n",
                     "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n"
                     "Content-Type: application/json\r\n\r\n{\"email\": "):
            for half in (False, True):
                with self.wire() as wire:
                    wire.send(text)
                    if half:
                        wire.end()
                        answer = wire.read(checked=False)
                        self.assertTrue(answer is None or answer.status >= 400, text)
        self.alive()

    def test_slow_heads_block_nobody(self):
        """A hundred connections that say nothing, and the next one is answered at once."""
        wires = [self.wire() for _ in range(100)]
        try:
            for number, wire in enumerate(wires):
                wire.send("GET /healthz HTTP/1.1\r\nX-Slow: %d\r\n" % number)
            began = time.monotonic()
            self.alive()
            self.client.get(JOBS)
            self.assertLess(time.monotonic() - began, 5)
            for wire in wires[:5]:
                wire.send("Host: x\r\n\r\n")
                self.assertEqual(200, wire.read().status)
        finally:
            for wire in wires:
                wire.close()

    def test_keep_alive_and_pipelining(self):
        """Two requests in one packet have two answers, in order; the connection stays."""
        one = "GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + self.client.token
        with self.wire() as wire:
            for _ in range(3):
                wire.send(one % JOBS + "\r\n\r\n" + one % (API + "/auth/me") + "\r\n\r\n" +
                          one % "/nothing" + "\r\n\r\n")
                self.assertIn("jobs", wire.read().json)
                self.assertEqual(self.client.user, wire.read().json["user"])
                self.assertEqual(404, wire.read().status)

    def test_pipelined_writes(self):
        """A body ends where it says, and the next request begins there."""
        client, parts = self.server.new_client(), []
        for number in range(3):
            body = json.dumps(support.row(number))
            parts.append("POST %s/annual HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"
                         "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                         % (PREDICTIONS, client.token, len(body), body))
        with self.wire() as wire:
            wire.send("".join(parts))
            for number in range(3):
                self.assertEqual("S%05d" % number,
                                 wire.read("POST").json["prediction"]["company_symbol"])
        self.assertEqual(3, len(client.predictions()))

    def test_connection_close(self):
        with self.wire() as wire:
            wire.head("GET", "/healthz", {"Connection": "close"})
            self.assertEqual("close", wire.read().header("Connection").lower())
            self.assertTrue(wire.is_over())
        with self.wire() as wire:
            wire.send("GET /healthz HTTP/1.0\r\n\r\n")
            self.assertEqual(200, wire.read().status)
            self.assertTrue(wire.is_over())

    def test_head(self):
        for path in ("/healthz", JOBS, API + "/auth/me", PREDICTIONS + "/annual/template"):
            with self.wire() as wire:
                wire.head("HEAD", path, token=self.client.token)
                head = wire.read("HEAD")
                wire.head("GET", path, token=self.client.token)
                answer = wire.read()
                self.assertEqual((200, answer.header("Content-Length")),
                                 (head.status, head.header("Content-Length")))
        with self.wire() as wire:
            wire.head("HEAD", JOBS)
            self.assertEqual(401, wire.read("HEAD").status)

    def test_malformed_heads(self):
        """Whatever is sent for a head, the answer is a refusal or an end, never trouble."""
        for text in ("GET\r\n\r\n", "GET /healthz\r\n\r\n", "GET  HTTP/1.1\r\n\r\n",
                     "/ GET HTTP/1.1\r\n\r\n", "GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n",
                     "GET /healthz HTTP/1.1\r\nHost x\r\n\r\n",
                     "GET healthz HTTP/1.1\r\nHost: x\r\n\r\n",
                     "GET \x00 HTTP/1.1\r\nHost: x\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00",
                     "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "G" * 100000,
                     "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                     "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 5x\r\n\r\nabcde",
                     "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
                     "Content-Length: 3\r\n\r\n{}x"):
            with self.wire() as wire:
                try:
                    wire.send(text)
                    wire.end()
                    answer = wire.read(checked=False)
                except (ConnectionError, OSError):
                    continue
                self.assertTrue(answer is None or answer.status >= 400, (text[:60], str(answer)))
        for odd in ("\r\n\r\n", "", "\r\n"): # empty lines before a request are no fault
            with self.wire() as wire:
                wire.send(odd + "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                self.assertEqual(200, wire.read().status)
        self.alive()

    def test_smuggling(self):
        """Two lengths, or a length and chunks: one reading of it, and no second request hidden in it."""
        hidden = "GET %s/auth/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n" % (
            API, self.client.token)
        with self.wire() as wire:
            wire.send("POST %s/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                      "Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
                      % (API, len(hidden) + 5), hidden)
            wire.socket.settimeout(3)
            first = wire.read("POST", checked=False)
            self.assertTrue(first is None or first.status >= 400, str(first))

    def test_huge_heads(self):
        """431 or 400, or the connection is closed: never taken in."""
        for text in ("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Big: %s\r\n\r\n" % ("x" * 100000),
                     "GET /%s HTTP/1.1\r\nHost: x\r\n\r\n" % ("x" * 100000),
                     "GET /healthz HTTP/1.1\r\n%s\r\n" % "".join("H%d: x\r\n" % i
                                                                 for i in range(10000))):
            with self.wire() as wire:
                try:
                    wire.send(text)
                    answer = wire.read(checked=False)
                except ConnectionError:
                    continue
                self.assertTrue(answer is None or answer.status in (400, 413, 414, 431),
                                str(answer))
        with self.wire() as wire: # a long one that is still fine
            wire.head("GET", "/healthz", {"X-Long": "x" * 8000})
            self.assertEqual(200, wire.read().status)
        self.alive()

    def test_expect_continue(self):
        """Honoured for a good upload, which then goes in; for a bad one the refusal comes at once."""
        client = self.server.new_client()
        body = Form.body(support.csv(support.rows(3)))
        with self.wire() as wire:
            wire.head("POST", UPLOAD, {"Content-Type": Form.type, "Content-Length": len(body),
                                       "Expect": "100-continue"}, client.token)
            self.assertEqual(100, wire.read().status)
            wire.send(body)
            answer = wire.read("POST")
            self.assertEqual(202, answer.status)
        client.wait_job(answer.json["job_id"])
        for path, type, token, status in (
                (UPLOAD, Form.type, None, 401), (UPLOAD, Form.type, "x" * 43, 401),
                (UPLOAD, "application/json", client.token, 415),
                (PREDICTIONS + "/monthly/bulk-upload-async", Form.type, client.token, 404),
                (JOBS + "/x", Form.type, client.token, 404),
                (API + "/models", "application/json", client.token, 403),
                (UPLOAD + "?a=%zz", Form.type, client.token, 400)):
            with self.wire() as wire:
                wire.head("POST", path, {"Content-Type": type, "Content-Length": len(body),
                                         "Expect": "100-continue"}, token)
                answer = wire.read("POST")
                self.assertEqual(status, answer.status, path)
                self.assertTrue(wire.is_over(), path)
        self.assertEqual(1, len(client.jobs()))
        self.left_nothing()

    def test_chunked_upload(self):
        client = self.server.new_client()
        body = Form.body(support.csv(support.rows(50)))

        def chunks():
            for at in range(0, len(body), 100):
                yield body[at:at + 100]
        answer = client.request("POST", UPLOAD, chunks(), expect=202, type=Form.type)
        job = client.wait_job(answer.json["job_id"])
        self.assertEqual(50, job["progress"]["successful_rows"])

    def test_less_than_announced(self):
        """A body that ends early was not sent: nothing of it is taken."""
        client = self.server.new_client()
        whole = Form.body(support.csv(support.rows(200)))
        for size in (0, 1, 50, len(whole) // 2, len(whole) - 1):
            for half in (False, True):
                with self.wire() as wire:
                    wire.head("POST", UPLOAD, {"Content-Type": Form.type,
                                               "Content-Length": len(whole)}, client.token)
                    wire.send(whole[:size])
                    if half:
                        wire.end()
                        answer = wire.read("POST", checked=False)
                        self.assertTrue(answer is None or answer.status >= 400)
                    else:
                        wire.leave()
        self.assertEqual([], client.jobs())
        self.left_nothing()

    def test_more_than_announced(self):
        """What comes behind the body is another request, and a bad one."""
        client = self.server.new_client()
        whole = Form.body(support.csv(support.rows(2)))
        with self.wire() as wire:
            wire.head("POST", UPLOAD, {"Content-Type": Form.type, "Content-Length": len(whole)},
                      client.token)
            wire.send(whole, b"and more\r\n\r\n")
            self.assertEqual(202, wire.read("POST").status)
            answer = wire.read(checked=False)
            self.assertTrue(answer is None or answer.status >= 400)
        self.assertEqual(1, len(client.jobs()))

    def test_going_away_in_the_middle_of_an_upload(self):
        """Also with a large file, chunked, and with the connection reset."""
        client = self.server.new_client()
        part = support.csv(support.rows(1000))
        for chunked in (False, True):
            for reset in (False, True):
                wire = self.wire()
                headers = {"Content-Type": Form.type}
                headers.update({"Transfer-Encoding": "chunked"} if chunked else
                               {"Content-Length": 100 << 20})
                wire.head("POST", UPLOAD, headers, client.token)
                for piece in [Form.file_begin("big.csv")] + [part] * 20:
                    if chunked:
                        wire.send("%x\r\n" % len(piece), piece, b"\r\n")
                    else:
                        wire.send(piece)
                wire.leave(reset)
        self.assertEqual([], client.jobs())
        self.left_nothing()

    def test_going_away_with_the_last_bytes(self):
        """The end of the stream is there with the last bytes: noticed all the same, and soon."""
        client = self.server.new_client()
        for _ in range(5):
            with self.wire() as wire:
                wire.head("POST", UPLOAD, {"Content-Type": Form.type,
                                           "Content-Length": 5 << 20}, client.token)
                wire.send(Form.file_begin("a.csv") + b"x" * 200000)
        deadline = time.monotonic() + 30
        while self.server.spool_files():
            self.assertLess(time.monotonic(), deadline, self.server.spool_files())
            time.sleep(0.1)
        self.assertEqual([], client.jobs())

    def test_not_waiting_for_the_answer(self):
        """A client that sends all and goes away: it may go in or not, but never by half."""
        client = self.server.new_client()
        body = Form.body(support.csv(support.rows(20)))
        for _ in range(5):
            wire = self.wire()
            wire.head("POST", UPLOAD, {"Content-Type": Form.type, "Content-Length": len(body)},
                      client.token)
            wire.send(body)
            wire.leave()
        self.alive()
        for job in client.jobs():
            client.wait_job(job["id"])
        jobs = client.jobs()
        self.assertIn(len(client.predictions()), (0, 20))
        self.assertEqual(len(client.predictions()),
                         sum(job["progress"]["successful_rows"] for job in jobs))
        self.left_nothing()

    def test_slow_reader_of_a_file(self):
        """A client that reads slowly, or stops, holds nobody up."""
        client = self.server.new_client()
        content = support.csv(support.rows(5)) + b"\n" * (8 << 20)
        job = client.import_file("annual", content)
        with self.wire() as wire:
            wire.head("GET", "%s/%s/file" % (JOBS, job["id"]), token=client.token)
            self.assertIn(b"200", wire.file.readline())
            began = time.monotonic()
            client.get(JOBS)
            self.assertEqual(content, client.get("%s/%s/file" % (JOBS, job["id"])).body)
            self.assertLess(time.monotonic() - began, 20)
        self.left_nothing()

    def test_many_clients_at_once(self):
        """Fifty, reading and writing together: every answer is whole and right."""
        users = [self.server.new_client() for _ in range(3)]
        for user in users:
            user.import_rows("annual", support.rows(30))
        wanted = {user.email: user.predictions() for user in users}
        problems = []

        def work(number):
            user = users[number % len(users)]
            client = support.Client(self.server, user.token, user.email)
            try:
                for round in range(4):
                    found = client.get(PREDICTIONS + "/annual", {"limit": 1000,
                                                                 "source": "bulk_upload"}).json
                    if found["predictions"] != wanted[user.email]:
                        problems.append("a list differs")
                    made = client.create("annual", support.row(1000 + number * 10 + round)).json
                    read = client.get("%s/annual/%s" % (PREDICTIONS, made["prediction"]["id"]))
                    if read.json["prediction"] != made["prediction"]:
                        problems.append("a prediction differs")
                    client.get(JOBS + "/nothing", expect=404)
            except (AssertionError, OSError) as error:
                problems.append(str(error)[:500])
            finally:
                client.close()
        threads = [threading.Thread(target=work, args=(number,)) for number in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([], problems)
        self.assertEqual(200 + 90, sum(user.get(PREDICTIONS + "/annual").json["pagination"]["total"]
                                       for user in users))

    def test_many_uploads_at_once(self):
        users = [self.server.new_client() for _ in range(2)]
        ids, problems = [], []

        def send(number):
            user = users[number % 2]
            client = support.Client(self.server, user.token, user.email)
            try:
                content = support.csv(support.rows(20, start=100 * number))
                ids.append((user, client.upload("annual", content).json["job_id"]))
            except (AssertionError, OSError) as error:
                problems.append(str(error)[:500])
            finally:
                client.close()
        threads = [threading.Thread(target=send, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([], problems)
        for user, job_id in ids:
            self.assertEqual(20, user.wait_job(job_id)["progress"]["successful_rows"])
        self.assertEqual([200, 200], [len(user.predictions()) for user in users])
        self.left_nothing()

    def test_stopping_finishes_what_is_under_way(self):
        """SIGTERM in the middle of an import: the batch is kept, the rest goes on at the next start."""
        server = support.Server()
        try:
            client = server.new_client()
            job = client.upload("annual", support.many_rows(8000)).json["job_id"]
            while client.job(job)["progress"]["processed_rows"] == 0:
                time.sleep(0.005)
            server.stop()
            server.start()
            done = client.wait_job(job)
            self.assertEqual((8000, 8000), (done["progress"]["processed_rows"],
                                              done["progress"]["successful_rows"]))
            path = "%s/%s/results" % (JOBS, job)
            rows = [item["job_row"] for item in client.all(path, "predictions")]
            self.assertEqual(list(range(2, 8002)), rows)
        finally:
            server.close()


if __name__ == "__main__":
    support.main()
