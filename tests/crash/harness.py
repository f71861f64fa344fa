"""What the crash tests share: a database to begin with, the program as a server or worker that can be
killed, a client, and the end of a test file. OBLIGOR_CRASH_ENGINE says on which engine (sqlite).

Nothing here waits for a fixed time where it can wait for something to happen. Randomness is seeded, so
the same moments are chosen in every run; when exactly a kill hits is then up to the machine, which is
the point.
"""
import atexit
import contextlib
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import engines

BINARY = os.environ.get("OBLIGOR_BIN", "build/obligor")
ENGINE = engines.ENGINE
SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ADA = "ada@example.com"
BOB = "bob@example.com"
PASSWORD = "a long enough password 1"
PATIENCE = 120.0  # seconds until something that must happen is taken not to


def setting(name, fallback):
    """A number from the environment, for longer runs than the usual one."""
    return int(os.environ.get(name, fallback))


def rows_of_a_file(sqlite, postgres):
    """How long the files of a test are: OBLIGOR_CRASH_ROWS, or what takes a few seconds on the engine."""
    return setting("OBLIGOR_CRASH_ROWS", sqlite if ENGINE == "sqlite" else postgres)


def until(condition, what, patience=PATIENCE, pause=0.005):
    """Waits until the condition gives something true, and gives it."""
    end = time.monotonic() + patience
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"waited {patience:.0f} s in vain for {what}")
        time.sleep(pause)


class Place:
    """A directory of its own and a database, gone afterwards."""
    filled = {}  # by the addresses of the people in them

    def __init__(self, directory=None):
        self.made = directory is None
        self.untouched = True  # nobody has looked at the database yet
        self.directory = directory or tempfile.mkdtemp(prefix="obligor-crash-")
        self.logs = 0
        if ENGINE == "sqlite":
            self.database = os.path.join(self.directory, "obligor.db")
            self.url = "sqlite:" + self.database
        else:
            self.use(engines.new_database())
            self.untouched = True

    def use(self, database):
        """On PostgreSQL: another database in place of its own."""
        self.untouched = False
        self.database = database
        self.url = engines.cluster().url(database)

    def path(self, name):
        return os.path.join(self.directory, name)

    def log_path(self):
        """A new log for each process; those of before stay."""
        self.logs += 1
        return self.path(f"{self.logs}.log")

    def copy_from(self, other):
        """The other one's database as it stands; nobody may have it open."""
        if ENGINE == "postgres":
            self.use(engines.new_database(template=other.database))
            return
        shutil.copyfile(other.database, self.database)
        for name in ("-wal", "-shm"):
            if os.path.exists(other.database + name) and os.path.getsize(other.database + name):
                raise AssertionError("the database to copy was not closed in good order")

    @contextlib.contextmanager
    def session(self):
        """A plain session on the database, past the program."""
        self.untouched = False
        if ENGINE == "sqlite":
            session = engines.SqliteSession(self.database)
        else:
            session = engines.PostgresSession(self.url)
        try:
            yield session
        finally:
            session.close()

    def rows(self, query, *values):
        with self.session() as session:
            return session.execute(query, values).fetchall()

    def value(self, query, *values):
        found = self.rows(query, *values)
        return found[0][0] if found else None

    def change(self, statement, *values):
        with self.session() as session:
            session.execute(statement, values)

    def run(self, *arguments, stdin=None, may_fail=False, timeout=PATIENCE):
        """The program once, to its end. Gives (exit code, what it said, what it complained of)."""
        self.untouched = False
        done = subprocess.run([BINARY, *arguments, "--db", self.url], input=stdin, text=True,
                              capture_output=True, timeout=timeout, check=False)
        if done.returncode != 0 and not may_fail:
            raise AssertionError(f"obligor {' '.join(arguments)} gave {done.returncode}:\n"
                                 f"{done.stdout}{done.stderr}")
        return done.returncode, done.stdout, done.stderr

    def people(self, emails=(ADA, BOB)):
        """Users, two of them unless others are named, and a model to score with. Where nothing else is in the
        database it is a copy of the first one that was made so."""
        if not self.untouched:
            self.fill(emails)
            return
        filled = Place.filled.get(tuple(emails))
        if filled is None:
            filled = Place.filled[tuple(emails)] = Place()
            atexit.register(filled.close)
            filled.fill(emails)
        self.copy_from(filled)

    def fill(self, emails):
        self.run("migrate")
        for email in emails:
            self.run("user", "add", "--email", email, "--verified", "--password-stdin",
                     stdin=PASSWORD + "\n")
        self.run("model", "add", os.path.join(SOURCE, "models", "annual-default.json"), "--activate")

    def close(self):
        if self.made:
            shutil.rmtree(self.directory, ignore_errors=True)


class Process:
    """One of the program's processes that stay. Its log is kept, and shown when a test fails."""

    def __init__(self, place, command, options, environment=None):
        self.place = place
        self.log_path = place.log_path()
        self.log = open(self.log_path, "ab")
        self.process = subprocess.Popen([BINARY, command, "--db", place.url, *options],
                                        stdout=subprocess.PIPE, stderr=self.log, env=environment, text=True)

    def tail(self, lines=30):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return "".join(log.readlines()[-lines:])

    @property
    def worker(self):
        """The name of its workers in the queue."""
        return f"{os.uname().nodename}:{self.process.pid}"

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self._gone()

    def stop(self):
        """In good order; gives the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self._gone()

    def _gone(self):
        try:
            return self.process.wait(timeout=PATIENCE)
        finally:
            self.process.stdout.close()
            self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if self.process.poll() is None:
            self.process.kill()
        if not self.log.closed:
            self._gone()
        if kind is not None and not issubclass(kind, unittest.SkipTest):
            sys.stderr.write(f"--- the end of the log of {self.process.args[1]}\n" + self.tail())


class Server(Process):
    """`obligor serve` on a free port."""

    def __init__(self, place, *options, environment=None):
        super().__init__(place, "serve", ["--listen", "127.0.0.1:0", "--spool", place.directory, *options],
                         environment)
        self.port = None
        for line in self.process.stdout:
            if " serves at " in line:
                self.port = int(line.strip().rsplit(":", 1)[1])
                break
        if self.port is None:
            self.process.wait()
            raise AssertionError("the server did not start:\n" + self.tail())


class Worker(Process):
    """`obligor worker`."""

    def __init__(self, place, *options):
        super().__init__(place, "worker", options)

    def wait_until_it_works(self):
        until(lambda: "working" in self.tail(100000), "the worker to start")
        return self

    def stop(self):
        """A signal that comes before it listens to signals would end it as any other process."""
        self.wait_until_it_works()
        return super().stop()


class Client:
    """Signs in anew where a server was started anew."""

    def __init__(self, server, email=ADA, token=None):
        self.port = server.port
        self.token = token
        if token is None:
            status, answer = self.call("POST", "/auth/login",
                                       {"email": email, "password": PASSWORD})
            assert status == 200, answer
            self.token = answer["access_token"]

    def call(self, method, path, body=None, headers=None, timeout=PATIENCE):
        """Gives (status, answer)."""
        status, answer, _ = self.ask(method, path, body, headers, timeout)
        return status, answer

    def ask(self, method, path, body=None, headers=None, timeout=PATIENCE):
        """Gives (status, answer, headers)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        sent = dict(headers or {})
        if self.token is not None:
            sent["Authorization"] = "Bearer " + self.token
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            sent["Content-Type"] = "application/json"
        try:
            connection.request(method, "/api/v1" + path, body=body, headers=sent)
            response = connection.getresponse()
            text = response.read()
            return response.status, json.loads(text) if text else None, response.headers
        finally:
            connection.close()

    def upload(self, path, kind="annual", **options):
        """The status and the answer."""
        query = "".join(f"&{name}={value}" for name, value in options.items())
        with open(path, "rb") as file:
            return self.call("POST", f"/predictions/jobs?job_type={kind}"
                             f"&filename={os.path.basename(path)}{query}", file.read(),
                             {"Content-Type": "text/csv"})

    def uploaded(self, path, **options):
        """The id of the job."""
        status, answer = self.upload(path, **options)
        assert status == 202, (status, answer)
        return answer["job_id"]

    def job(self, job):
        status, answer = self.call("GET", f"/predictions/jobs/{job}?show_deleted=true")
        assert status == 200, (status, answer)
        return answer["job"]

    def over(self, job, patience=PATIENCE):
        """Waits until the job is at rest and gives its status."""
        resting = ("completed", "failed", "cancelled", "deleted")
        return until(lambda: (lambda s: s if s in resting else None)(self.job(job)["status"]),
                     "the end of the job", patience, pause=0.02)


def free_leases(place, server):
    """What the passing of half a minute would do: the leases of workers that are dead run out. Done while
    the new server runs, so that the recovery of the database file after a kill stays its own."""
    place.change("UPDATE work_queue SET lease_until = {long_ago} WHERE lease_until IS NOT NULL "
                 "AND worker <> ?", server.worker)


def skip(why):
    """Says aloud why nothing is tested here."""
    print("SKIPPED: " + why)
    sys.exit(77)


def only_on(engine, why):
    """Marks what is another engine's alone; the reason is said aloud."""
    return unittest.skipIf(engine != ENGINE, f"SKIPPED, {engine} alone: {why}")


def main(engine=None):
    """`engine`: the only one that the file is about."""
    if engine not in (None, ENGINE):
        skip(f"this is about {engine} alone")
    if not os.access(BINARY, os.X_OK):
        skip(f"there is no program at {BINARY}; set OBLIGOR_BIN")
    if engines.why_not() is not None:
        skip(engines.why_not())
    unittest.main(verbosity=2)
