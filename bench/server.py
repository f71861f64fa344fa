"""The processes that are measured: a server on a database of its own, and a worker beside it. How fast a user may
be is the machine's matter here: no rate is set."""
import re
import signal
import subprocess
import time

from client import Client
from harness import API, EMAIL, PASSWORD, Failure


NO_RATES = [word for name in ("requests", "uploads", "scores") for word in ("--rate-" + name, "0")]


class Server:
    def __init__(self, data, database, *options, log_level="warn"):
        self.place = data.place
        self.log = open(self.place.path("server.log"), "ab")
        self.child = self.place.start(self.place.binary, "serve", "--db", data.engine.url(database),
                                      "--listen", "127.0.0.1:0", "--spool", self.place.directory,
                                      "--log-level", log_level, *NO_RATES, *options,
                                      stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.child.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        if not found:
            raise Failure("the server did not start: %s%s" % (line, self.complaint()))
        self.port = int(found.group(1))
        stranger = Client(self.port)
        self.token = stranger.call("POST", API + "/auth/login",
                                   {"email": EMAIL, "password": PASSWORD})["access_token"]
        stranger.close()

    @property
    def pid(self):
        return self.child.pid

    def complaint(self):
        with open(self.place.path("server.log"), encoding="utf-8", errors="replace") as log:
            return log.read()[-500:]

    def client(self):
        return Client(self.port, self.token)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.place.end(self.child)
        self.child.stdout.close()
        self.log.close()
        if self.child.returncode not in (0, -signal.SIGTERM):
            raise Failure("the server ended with %d: %s" % (self.child.returncode, self.complaint()))


class Worker:
    """`obligor worker`, ready when this returns."""

    def __init__(self, data, database):
        self.place = data.place
        path = self.place.path("worker.log")
        with open(path, "wb") as log:
            self.child = self.place.start(self.place.binary, "worker", "--db", data.engine.url(database),
                                          "--log-level", "info", stdout=log, stderr=log)
        until = time.monotonic() + 10
        while True:
            with open(path, encoding="utf-8", errors="replace") as log:
                said = log.read()
            if "working" in said:
                break
            if self.child.poll() is not None or time.monotonic() > until:
                raise Failure("the worker did not start: " + said[-500:])
            time.sleep(0.02)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.place.end(self.child)
