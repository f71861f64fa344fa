"""Live progress as server-sent events: what a listener sees of an import, how it goes on after a break, who may
listen, and that a stream ends when it has to."""
import json
import socket
import re
import threading
import time

import support
from support import API, JOBS, UNKNOWN_ID


class Stream:
    """A listener, as an EventSource in a browser would be."""

    def __init__(self, server, client, job, headers=(), query=""):
        self.socket = socket.create_connection(("127.0.0.1", server.port), 30)
        lines = ["GET %s/%s/events%s HTTP/1.1" % (JOBS, job, query), "Host: x",
                 "Authorization: Bearer " + client.token, "Accept: text/event-stream"] + list(headers)
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        self.headers = {}
        for line in iter(self.file.readline, b"\r\n"):
            name, value = line.decode().split(":", 1)
            self.headers[name.lower()] = value.strip()
        self.rest = b""
        self.over = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def chunk(self):
        size = int(self.file.readline(), 16)
        data = self.file.read(size)
        self.file.readline()
        self.over = size == 0
        return data

    def block(self, timeout=30):
        """The next block of lines; None when the stream is over."""
        self.socket.settimeout(timeout)
        while b"\n\n" not in self.rest and not self.over:
            self.rest += self.chunk()
        if b"\n\n" not in self.rest:
            return None
        block, self.rest = self.rest.split(b"\n\n", 1)
        return block.decode()

    def event(self):
        """(id, data) of the next event; None at the end."""
        for block in iter(self.block, None):
            fields = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
            if "data" in fields:
                assert fields["event"] == "progress", block
                return int(fields["id"]), json.loads(fields["data"])
        return None

    def events(self):
        return list(iter(self.event, None))


class Events(support.TestCase):
    def test_of_a_job_that_is_over(self):
        analyst = self.server.new_client()
        job = analyst.import_rows("annual", support.rows(3))["id"]
        with Stream(self.server, analyst, job) as stream:
            self.assertEqual((200, "text/event-stream", "no-store", "no"),
                             (stream.status, stream.headers["content-type"], stream.headers["cache-control"],
                              stream.headers["x-accel-buffering"]))
            self.assertEqual("retry: 2000", stream.block())
            (number, said), = stream.events()
        self.assertEqual(analyst.get("%s/%s/status" % (JOBS, job)).json["job"], said)
        self.assertEqual(("completed", 3), (said["status"], said["progress"]["successful_rows"]))
        # An EventSource comes again by itself, and is told that there is no more.
        with Stream(self.server, analyst, job, ["Last-Event-ID: %d" % number]) as again:
            self.assertEqual(204, again.status)
        for other in ("nonsense", "-1", "%d" % (number - 1), "9" * 30, ""):
            with Stream(self.server, analyst, job, ["Last-Event-ID: " + other]) as again:
                self.assertEqual([number], [one for one, _ in again.events()])

    def test_only_its_head(self):
        """Nothing of a body: the next answer on the connection is the next one."""
        analyst = self.server.new_client()
        job = analyst.import_rows("annual", support.rows(1, start=40))["id"]
        for _ in range(3):
            head = analyst.request("HEAD", "%s/%s/events" % (JOBS, job))
            self.assertEqual(("text/event-stream", b""), (head.type, head.body))
        analyst.get(JOBS)

    def test_of_an_import(self):
        """Each event is newer than the one before, and the last one tells the end."""
        analyst = self.server.new_client()
        job = analyst.upload("annual", support.many_rows(60000)).json["job_id"]
        with Stream(self.server, analyst, job) as one, Stream(self.server, analyst, job) as two:
            seen = one.events()
            self.assertEqual(seen[-1], two.events()[-1])
        numbers = [number for number, _ in seen]
        self.assertEqual(sorted(set(numbers)), numbers)
        done = [said["progress"]["processed_rows"] for _, said in seen]
        self.assertEqual(sorted(done), done)
        self.assertEqual(("completed", 60000), (seen[-1][1]["status"], done[-1]))
        self.assertEqual({"completed"}, {said["status"] for _, said in seen[-1:]})

    def test_who_may_listen(self):
        analyst = self.server.new_client()
        job = analyst.import_rows("annual", support.rows(1, start=20))["id"]
        theirs = self.server.new_client().get("%s/%s/events" % (JOBS, job), expect=404)
        nobodys = self.server.new_client().get("%s/%s/events" % (JOBS, UNKNOWN_ID), expect=404)
        self.assertEqual(support.essence(nobodys.json), support.essence(theirs.json))
        self.server.anonymous().get("%s/%s/events" % (JOBS, job), expect=401)
        analyst.delete("%s/%s" % (JOBS, job), {"delete_predictions": True},
                       headers={"Prefer": "wait=30"})
        analyst.get("%s/%s/events" % (JOBS, job), expect=410)
        with Stream(self.server, analyst, job, query="?show_deleted=true") as stream:
            self.assertEqual("deleted", stream.events()[-1][1]["status"])


class Waiting(support.TestCase):
    """Without a worker a job stays as it is, until somebody cancels it."""
    SERVER_OPTIONS = {"workers": 0}

    def waiting_job(self, analyst):
        return analyst.upload("annual", support.csv(support.rows(1))).json["job_id"]

    def test_waits_for_what_comes(self):
        """Nothing is said while nothing happens; what happens is said within seconds."""
        analyst = self.server.new_client()
        job = self.waiting_job(analyst)
        with Stream(self.server, analyst, job) as stream:
            number, said = stream.event()
            self.assertEqual("pending", said["status"])
            with self.assertRaises(TimeoutError):
                stream.block(1.5)
            analyst.post("%s/%s/cancel" % (JOBS, job))
        with Stream(self.server, analyst, job, ["Last-Event-ID: %d" % number]) as stream:
            self.assertEqual(["cancelled"], [said["status"] for _, said in stream.events()])

    def test_so_many_and_no_more(self):
        analyst = self.server.new_client()
        job = self.waiting_job(analyst)
        streams = [Stream(self.server, analyst, job) for _ in range(10)]
        for stream in streams:
            self.assertEqual("pending", stream.event()[1]["status"])
        refused = analyst.get("%s/%s/events" % (JOBS, job), expect=429)
        self.assert_problem(refused, 429, "too_many_streams", ["10 jobs"])
        self.assertTrue(int(refused.header("Retry-After")) > 0)
        analyst.get(JOBS)  # no thread is kept
        self.server.new_client().get(JOBS)
        analyst.post("%s/%s/cancel" % (JOBS, job))
        for stream in streams:
            self.assertEqual("cancelled", stream.event()[1]["status"])
            self.assertIsNone(stream.event())
            stream.close()
        with Stream(self.server, analyst, job) as stream:
            self.assertEqual(200, stream.status)

    def listeners(self):
        text = self.server.anonymous().get("/metrics").text
        return int(re.search(r"^obligor_event_listeners (\d+)$", text, re.M).group(1))

    def test_after_a_while(self):
        """A word every fifteen seconds; who may not listen any more hears no more; who left is noticed."""
        analyst = self.server.new_client()
        out = self.server.sign_in(analyst.email)
        job = self.waiting_job(analyst)
        stays, signed_out, left = (Stream(self.server, one, job) for one in (analyst, out, analyst))
        for stream in (stays, signed_out, left):
            stream.event()
        self.assertEqual(3, self.listeners())
        out.post(API + "/auth/logout")
        left.close()
        self.assertEqual(": ", stays.block())
        while signed_out.block() is not None:
            pass
        deadline = time.monotonic() + 30 # the first word to who left may still have gone out
        while self.listeners() > 1 and time.monotonic() < deadline:
            time.sleep(0.2)
        self.assertEqual(1, self.listeners())
        for stream in (stays, signed_out):
            stream.close()

    def test_a_server_that_stops(self):
        """Listeners do not keep it."""
        server = support.Server(workers=0)
        try:
            analyst = server.new_client()
            with Stream(server, analyst, self.waiting_job(analyst)) as stream:
                self.assertEqual("pending", stream.event()[1]["status"])
                stopping = threading.Thread(target=server.stop)
                stopping.start()
                self.assertIsNone(stream.event())
                stopping.join(20)
                self.assertFalse(stopping.is_alive())
        finally:
            server.close()


if __name__ == "__main__":
    support.main()
