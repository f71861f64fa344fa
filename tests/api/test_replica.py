"""A server beside PostgreSQL that is stopped, restarted and hung, and one with a streaming replica.

Each class has clusters and a server of its own. Times are bounds, not measurements: they are far above what
a quiet machine needs and far below what waiting without an end would give.
"""
import concurrent.futures
import contextlib
import datetime
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

import support

sys.path.insert(0, os.path.join(support.SOURCE, "tests", "support"))
import postgres  # noqa: E402

API = support.API
ANNUAL = support.PREDICTIONS + "/annual"
STALE = {"Prefer": "stale-ok"}
SOON = 20.0  # seconds: what has to come by itself has come by then
AT_ONCE = 3.0  # seconds: nobody was waited for

if postgres.find_programs() is None:
    print("SKIPPED test_replica: PostgreSQL is not installed")
    sys.exit(support.SKIPPED)


def run(url, *arguments, stdin=None):
    """A command of the program; what it wrote to standard error and its exit code."""
    done = subprocess.run([support.BINARY, *arguments, "--db", url, "--json"], input=stdin,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)
    return done.returncode, done.stderr.decode()


def prepare(url, directory):
    """A schema, an administrator, and a card."""
    path = os.path.join(directory, "card.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(support.card("annual"), file)
    for arguments in (("migrate",),
                      ("user", "add", "--email", "a@example.com", "--role", "super_admin",
                       "--verified", "--password-stdin"),
                      ("model", "add", path, "--activate")):
        code, said = run(url, *arguments, stdin=(support.PASSWORD + "\n").encode())
        assert code == 0, "%s: %s" % (arguments, said)


class Server:
    """A running `obligor serve` without workers; support.Client speaks to it."""

    def __init__(self, url, *options):
        self.directory = tempfile.mkdtemp(prefix="obligor-replica-")
        self.clients = []
        self.log_path = os.path.join(self.directory, "log")
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [support.BINARY, "serve", "--db", url, "--listen", "127.0.0.1:0", "--spool",
                 self.directory, "--workers", "0", "--log-format", "json", "--json", *options],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        said = self.process.stdout.readline()
        assert said, "the server did not start:\n%s" % self.log()
        self.port = urllib.parse.urlsplit(json.loads(said)["serving"]["url"]).port

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    connect = support.Server.connect

    def anonymous(self):
        return support.Client(self, None, None)

    def sign_in(self):
        client = self.anonymous()
        answer = client.post(API + "/auth/login",
                             {"email": "a@example.com", "password": support.PASSWORD})
        client.token = answer.json["access_token"]
        return client

    def number(self, name):
        """A value of /metrics."""
        text = self.anonymous().get("/metrics").text
        return float(re.search(r"^%s (\S+)$" % name, text, re.MULTILINE).group(1))

    def stop(self):
        """In good order, within a bounded time."""
        for client in self.clients:
            client.close()
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(60)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.process.stdout.close()

    def close(self):
        try:
            code = self.stop()
            log = self.log()
            assert code == 0, log[-3000:]
            assert not support.SANITIZERS.search(log), log[-5000:]
        finally:
            shutil.rmtree(self.directory, ignore_errors=True)


def processes(cluster):
    """The postmaster and its children."""
    with open(os.path.join(cluster.data, "postmaster.pid"), encoding="ascii") as file:
        found = [int(file.readline())]
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open("/proc/%s/stat" % name, encoding="ascii", errors="replace") as file:
                if int(file.read().rpartition(")")[2].split()[1]) == found[0]:
                    found.append(int(name))
    return found


@contextlib.contextmanager
def hung(cluster):
    """A cluster whose processes are there and do nothing."""
    stopped = processes(cluster)
    try:
        for process in stopped:
            with contextlib.suppress(ProcessLookupError): # it ended by itself meanwhile
                os.kill(process, signal.SIGSTOP)
        yield
    finally:
        for process in stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)


class Session:
    """Somebody else at the database; what is open ends with the block."""

    def __init__(self, cluster):
        self.psql = subprocess.Popen(
            [os.path.join(cluster.programs, "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
             "-d", cluster.url("o")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.psql.communicate()

    def run(self, statement):
        self.psql.stdin.write(statement + "; SELECT 'done';\n")
        self.psql.stdin.flush()
        assert self.psql.stdout.readline() == "done\n", statement


@contextlib.contextmanager
def locked(cluster, table):
    """Keeps every other reader and writer off a table."""
    with Session(cluster) as session:
        session.run("BEGIN; LOCK TABLE " + table)
        yield


class Asked:
    """A request that was sent and whose answer is read later."""

    def __init__(self, client, path, headers=None):
        self.began = time.monotonic()
        self.wire = support.Wire(client.server, timeout=60)
        self.wire.head("GET", path, headers or {}, client.token)

    def read(self):
        answer = self.wire.read()
        self.wire.close()
        return answer, time.monotonic() - self.began


def wait_until(check, why):
    deadline = time.monotonic() + SOON
    while not check():
        assert time.monotonic() < deadline, why
        time.sleep(0.05)


def timed(ask, *arguments, **named):
    began = time.monotonic()
    answer = ask(*arguments, **named)
    return answer, time.monotonic() - began


def at(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def now():
    return datetime.datetime.now(datetime.timezone.utc)


class WithDatabase(unittest.TestCase):
    """A cluster and a server; everything of it is thrown away with the class."""
    SETTINGS = None
    OPTIONS = ()

    @classmethod
    def setUpClass(cls):
        cls.cluster = postgres.Cluster(cls.SETTINGS)
        cls.addClassCleanup(cls.cluster.close)
        cls.url = cls.cluster.create("o")
        with tempfile.TemporaryDirectory() as directory:
            prepare(cls.url, directory)
        cls.server = Server(cls.url, *cls.OPTIONS)
        cls.addClassCleanup(cls.server.close)
        cls.client = cls.server.sign_in()

    def assert_away(self, answer, took, most=AT_ONCE):
        self.assertEqual(503, answer.status, str(answer))
        self.assertTrue(answer.header("Retry-After"), str(answer))
        self.assertLess(took, most, str(answer))

    def assert_alive(self):
        answer, took = timed(self.server.anonymous().get, "/healthz")
        self.assertEqual("healthy", answer.json["status"])
        self.assertLess(took, AT_ONCE)

    def is_ready(self):
        answer, took = timed(self.server.anonymous().get, "/readyz", expect=(200, 503))
        self.assertLess(took, AT_ONCE)
        return answer.status == 200

    def wait_for_away(self):
        wait_until(lambda: not self.is_ready(), "/readyz does not notice")
        wait_until(lambda: self.server.number("obligor_database_away") == 1, "/metrics do not notice")

    def wait_for_recovery(self):
        wait_until(self.is_ready, "/readyz does not come back")
        self.assertEqual(0, self.server.number("obligor_database_away"))
        self.client.get(API + "/auth/me")
        self.client.get(ANNUAL)


class ComingAndGoing(WithDatabase):
    OPTIONS = ("--threads", "2", "--statement-timeout", "2")

    def setUp(self):
        self.wait_for_recovery()

    def test_stopped(self):
        self.cluster.stop()
        try:
            for path in ("/auth/me", "/companies"):
                self.assert_away(*timed(self.client.get, API + path, expect=503))
            self.wait_for_away()
            answer, took = timed(self.client.get, ANNUAL, expect=503)
            self.assert_away(answer, took)
            self.assertEqual("The database is away. Try again in a moment.", answer.json["detail"])
            self.assert_away(*timed(self.client.post, ANNUAL, support.row(1), expect=503))
            self.assert_alive()
        finally:
            self.cluster.start()
        self.wait_for_recovery()
        self.client.post(ANNUAL, support.row(2), expect=201)

    def test_restarted(self):
        self.cluster.restart()
        self.client.get(API + "/auth/me", expect=(200, 503))
        self.wait_for_recovery()
        self.cluster.restart("immediate")
        self.wait_for_recovery()

    def test_hung(self):
        with hung(self.cluster):
            asked = [Asked(self.client, ANNUAL) for _ in range(6)]  # more than there are threads
            self.assert_alive()
            for one in asked:
                self.assert_away(*one.read(), most=SOON)
            self.wait_for_away()
            self.assert_away(*timed(self.client.get, ANNUAL, expect=503))
            self.assert_away(*timed(self.client.post, ANNUAL, support.row(3), expect=503))
            self.assert_alive()
        self.wait_for_recovery()

    def test_a_server_stops_while_its_database_hangs(self):
        server = Server(self.url, "--threads", "2", "--statement-timeout", "1")
        client = server.sign_in()
        with hung(self.cluster):
            asked = [Asked(client, ANNUAL) for _ in range(3)]
            time.sleep(0.2)
            began = time.monotonic()
            self.assertEqual(0, server.stop(), server.log()[-2000:])
            self.assertLess(time.monotonic() - began, SOON)
            for one in asked:
                self.assertEqual(503, one.read()[0].status)
        shutil.rmtree(server.directory)
        self.wait_for_recovery()

    def test_a_statement_that_takes_too_long(self):
        with locked(self.cluster, "companies"):
            answer, took = timed(self.client.get, API + "/companies", expect=503)
            self.assert_away(answer, took, most=SOON)
            self.assertGreater(took, 1.5)
            self.assertEqual("busy", answer.json["error"])
            self.assertTrue(self.is_ready())
        self.client.get(API + "/companies")

    def test_a_schema_that_is_not_known(self):
        self.cluster.psql("UPDATE schema_migrations SET checksum = 'x' || checksum", "o")
        try:
            wait_until(lambda: not self.is_ready(), "/readyz does not notice")
            self.assertEqual(0, self.server.number("obligor_database_away"))
        finally:
            self.cluster.psql("UPDATE schema_migrations SET checksum = substr(checksum, 2)", "o")
        self.wait_for_recovery()


class Judging(WithDatabase):
    """What is decided before a body is asked for is decided so though a worker thread decides it."""
    LENGTH = {"Content-Type": "text/csv", "Expect": "100-continue", "Content-Length": "300"}
    JOBS = support.JOBS + "?job_type=annual&filename=a.csv"

    def test_a_bad_token_is_refused_before_the_body(self):
        for token in (None, "nonsense"):
            with support.Wire(self.server) as wire:
                wire.head("POST", self.JOBS, self.LENGTH, token)
                answer = wire.read("POST")
                self.assertEqual(401, answer.status, str(answer))
                self.assertTrue(wire.is_over())

    def test_a_wrong_type_is_refused_before_the_body(self):
        with support.Wire(self.server) as wire:
            wire.head("POST", self.JOBS, dict(self.LENGTH, **{"Content-Type": "image/png"}),
                      self.client.token)
            self.assertEqual(415, wire.read("POST").status)

    def test_a_good_one_is_asked_for_its_body(self):
        with support.Wire(self.server) as wire:
            content = support.csv(support.rows(1))
            wire.head("POST", self.JOBS, dict(self.LENGTH, **{"Content-Length": len(content)}),
                      self.client.token)
            self.assertEqual(100, wire.read("POST").status)
            wire.send(content)
            self.assertEqual(202, wire.read("POST").status)

    def test_a_body_that_comes_at_once_or_late(self):
        for pause in (0, 0.3):
            with support.Wire(self.server) as wire:
                body = json.dumps(support.row(10 + int(pause * 10))).encode()
                wire.head("POST", ANNUAL, {"Content-Type": "application/json",
                                           "Content-Length": len(body)}, self.client.token)
                time.sleep(pause)
                wire.send(body)
                self.assertEqual(201, wire.read("POST").status)

    def test_requests_follow_each_other_on_one_connection(self):
        with support.Wire(self.server) as wire:
            for path in (API + "/auth/me", ANNUAL, "/healthz", API + "/models"):
                wire.head("GET", path, {}, self.client.token)
            for _ in range(4):
                self.assertEqual(200, wire.read().status)
            wire.head("POST", ANNUAL, {"Content-Type": "application/json", "Content-Length": "2"},
                      "nonsense")
            wire.send("{}")
            self.assertEqual(401, wire.read("POST").status)
            wire.head("GET", "/healthz")
            self.assertEqual(200, wire.read().status)

    def test_a_token_that_was_given_back_is_refused_at_once(self):
        client = self.server.sign_in()
        client.get(API + "/auth/me")
        client.post(API + "/auth/logout")
        client.get(API + "/auth/me", expect=401)


class Waiting(WithDatabase):
    """Somebody else holds what a request needs."""
    SETTINGS = {"deadlock_timeout": "3s"}
    OPTIONS = ("--threads", "1", "--queue", "1", "--statement-timeout", "8")

    def test_a_full_queue_refuses_at_once(self):
        with locked(self.cluster, "companies"):
            running = Asked(self.client, API + "/companies")
            wait_until(lambda: "1" in self.cluster.psql(
                "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"), "nobody waits")
            waiting = Asked(self.client, API + "/companies")
            wait_until(lambda: self.server.number("obligor_http_queue_depth") == 1, "no queue")
            answer, took = timed(self.client.get, API + "/auth/me", expect=503)
            self.assert_away(answer, took)
            self.assertEqual("busy", answer.json["error"])
            self.assert_alive()
        self.assertEqual(200, running.read()[0].status)
        self.assertEqual(200, waiting.read()[0].status)

    def test_a_deadlock_is_tried_again(self):
        """The request waits first and so is the one that the database ends; then it is run once more."""
        made = self.client.post(ANNUAL, support.row(4), expect=201).json["prediction"]["id"]
        retries = self.server.number("obligor_http_retries_total")
        with Session(self.cluster) as session:
            session.run("SET deadlock_timeout = '60s'; BEGIN; UPDATE owners SET data_revision = data_revision")
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                deletion = pool.submit(self.client.delete, "%s/%s" % (ANNUAL, made))
                wait_until(lambda: "1" in self.cluster.psql(
                    "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"), "nobody waits")
                session.run("UPDATE annual_predictions SET is_current = is_current WHERE id = '%s'"
                            % made)
                session.run("COMMIT")
                self.assertEqual(1, deletion.result().json["deleted_prediction"]["versions"])
        self.assertEqual(retries + 1, self.server.number("obligor_http_retries_total"))
        self.client.get("%s/%s" % (ANNUAL, made), expect=410)


class Starting(unittest.TestCase):
    def refused(self, url, *options):
        done = subprocess.run([support.BINARY, "serve", "--db", url, "--listen", "127.0.0.1:0",
                               *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60, check=False)
        self.assertNotEqual(0, done.returncode)
        return done.stderr.decode()

    def test_a_database_that_is_away_is_told(self):
        with tempfile.TemporaryDirectory() as nowhere:
            said = self.refused("postgresql://postgres@/o?host=" + nowhere)
        self.assertIn("The database is away.", said)

    def test_sqlite_has_no_replica(self):
        with postgres.Cluster() as cluster, tempfile.TemporaryDirectory() as directory:
            url = cluster.create("o")
            prepare(url, directory)
            embedded = "sqlite:" + os.path.join(directory, "o.db")
            for db, replica in ((url, embedded), (embedded, url)):
                self.assertIn("A replica is a standby of a PostgreSQL database",
                              self.refused(db, "--db-replica", replica))
            with contextlib.closing(Server(url, "--db-replica", cluster.url("none"))) as server:
                answer = server.sign_in().get(ANNUAL, headers=STALE)
                self.assertIsNone(answer.header("Preference-Applied"))
                self.assertEqual(1, server.number("obligor_replica_away"))


class Replica(WithDatabase):
    """The replica's replay is held where a test wants to see that it is the replica that answers."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = postgres.Cluster({"wal_level": "replica", "synchronous_commit": "on"})
        cls.addClassCleanup(cls.cluster.close)
        cls.url = cls.cluster.create("o")
        with tempfile.TemporaryDirectory() as directory:
            prepare(cls.url, directory)
        cls.replica = postgres.Cluster(copy_of=cls.cluster)
        cls.addClassCleanup(cls.replica.close)
        cls.server = Server(cls.url, "--threads", "2", "--db-replica", cls.replica.url("o"))
        cls.addClassCleanup(cls.server.close)
        cls.client = cls.server.sign_in()
        cls.numbers = iter(range(1, 1000))

    def setUp(self):
        self.wait_for_replica()

    def wait_for_replica(self):
        wait_until(lambda: self.server.number("obligor_replica_away") == 0, "no replica")
        wait_until(self.is_caught_up, "the replica does not catch up")

    def is_caught_up(self):
        position = self.cluster.psql("SELECT pg_current_wal_flush_lsn()").strip()
        return "t" in self.replica.psql("SELECT pg_last_wal_replay_lsn() >= '%s'" % position)

    @contextlib.contextmanager
    def paused(self):
        self.wait_for_replica()
        self.replica.psql("SELECT pg_wal_replay_pause()")
        wait_until(lambda: "paused" == self.replica.psql(
            "SELECT pg_get_wal_replay_pause_state()").strip(), "the replay does not pause")
        try:
            yield
        finally:
            self.replica.psql("SELECT pg_wal_replay_resume()")

    def create(self, **named):
        return self.client.post(ANNUAL, support.row(next(self.numbers)), expect=201,
                                **named).json["prediction"]["id"]

    def ids(self, headers=None):
        answer = self.client.get(ANNUAL, {"limit": 1000}, headers=headers)
        return answer, {item["id"] for item in answer.json["predictions"]}

    def assert_stale(self, answer):
        self.assertEqual("stale-ok", answer.header("Preference-Applied"), str(answer))
        return at(answer.json["as_of"])

    def assert_fresh(self, answer):
        self.assertIsNone(answer.header("Preference-Applied"), str(answer))
        self.assertNotIn("as_of", answer.json)

    def test_who_asks_for_it_is_answered_by_the_replica(self):
        before = now()
        answered = self.server.number("obligor_replica_answers_total")
        answer, _ = self.ids(STALE)
        as_of = self.assert_stale(answer)
        self.assertLess(abs((as_of - before).total_seconds()), 60)
        self.assertLess(answered, self.server.number("obligor_replica_answers_total"))
        self.assert_fresh(self.ids()[0])
        self.assert_fresh(self.ids({"Prefer": "wait=1"})[0])
        self.assert_stale(self.ids({"Prefer": "respond-async, Stale-OK"})[0])

    def test_what_is_new_is_not_there_yet(self):
        old = self.create()
        with self.paused():
            between = now()
            new = self.create()
            answer, ids = self.ids()
            self.assert_fresh(answer)
            self.assertLessEqual({old, new}, ids)
            answer, ids = self.ids(STALE)
            self.assertLessEqual(self.assert_stale(answer), between)
            self.assertIn(old, ids)
            self.assertNotIn(new, ids)
            answer = self.client.get("%s/%s" % (ANNUAL, new), headers=STALE, expect=404)
            self.assertLessEqual(self.assert_stale(answer), between)
            self.assert_fresh(self.client.get("%s/%s" % (ANNUAL, new)))
        wait_until(lambda: new in self.ids(STALE)[1], "the replica does not go on")

    def test_an_answer_without_a_body_says_it_too(self):
        path = "%s/%s" % (ANNUAL, self.create())
        self.wait_for_replica()
        tag = self.client.get(path).header("ETag")
        answer = self.client.get(path, headers=dict(STALE, **{"If-None-Match": tag}), expect=304)
        self.assertEqual("stale-ok", answer.header("Preference-Applied"))
        self.assertRegex(answer.header("As-Of"), support.TIME)

    def test_who_asks_is_never_judged_by_the_replica(self):
        leaving = self.server.sign_in()
        with self.paused():
            leaving.post(API + "/auth/logout")
            leaving.get(ANNUAL, headers=STALE, expect=401)
            coming = self.server.sign_in()
            self.assert_stale(coming.get(ANNUAL, headers=STALE))

    def test_what_changes_something_goes_to_the_database(self):
        with self.paused():
            made = self.client.post(ANNUAL, support.row(next(self.numbers)), expect=201,
                                    headers=STALE)
            self.assert_fresh(made)
            path = "%s/%s" % (ANNUAL, made.json["prediction"]["id"])
            self.assert_fresh(self.client.get(path))
            self.assert_fresh(self.client.put(path, {"market_cap": 7}, headers=STALE))
            job = self.client.upload("annual", support.csv(support.rows(1, 5000)),
                                     headers=STALE).json["job_id"]
            # To open a file is noted in the audit trail.
            answer = self.client.get("%s/%s/file" % (support.JOBS, job), headers=STALE)
            self.assertIsNone(answer.header("Preference-Applied"))

    def test_a_replica_that_goes_and_comes_back(self):
        self.replica.stop()
        try:
            answer, took = timed(self.client.get, ANNUAL, headers=STALE)
            self.assert_fresh(answer)
            self.assertLess(took, AT_ONCE)
            wait_until(lambda: self.server.number("obligor_replica_away") == 1, "not noticed")
            self.assert_fresh(self.client.get(ANNUAL, headers=STALE))
            self.assertTrue(self.is_ready())
        finally:
            self.replica.start()
        self.wait_for_replica()
        self.assert_stale(self.client.get(ANNUAL, headers=STALE))

    def test_a_replica_that_hangs(self):
        with hung(self.replica):
            self.assert_fresh(self.client.get(ANNUAL, headers=STALE))
            wait_until(lambda: self.server.number("obligor_replica_away") == 1, "not noticed")
            answer, took = timed(self.client.get, ANNUAL, headers=STALE)
            self.assert_fresh(answer)
            self.assertLess(took, AT_ONCE)
        self.wait_for_replica()
        self.assert_stale(self.client.get(ANNUAL, headers=STALE))

    def test_a_replica_without_its_database_answers_nobody(self):
        # Nobody could say who asks.
        self.cluster.stop()
        try:
            self.assert_away(*timed(self.client.get, ANNUAL, headers=STALE, expect=503))
        finally:
            self.cluster.start()
        self.wait_for_recovery()
        self.wait_for_replica()
        self.assert_stale(self.client.get(ANNUAL, headers=STALE))


class OtherSchema(WithDatabase):
    """A replica of another database: a standby, but not of this schema."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        other = postgres.Cluster()
        cls.addClassCleanup(other.close)
        other.create("o")
        standby = postgres.Cluster(copy_of=other)
        cls.addClassCleanup(standby.close)
        cls.replicated = Server(cls.url, "--db-replica", standby.url("o"))
        cls.addClassCleanup(cls.replicated.close)

    def test_it_is_not_used(self):
        answer = self.replicated.sign_in().get(ANNUAL, headers=STALE)
        self.assertIsNone(answer.header("Preference-Applied"))
        self.assertEqual(1, self.replicated.number("obligor_replica_away"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
