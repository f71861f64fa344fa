"""What the benchmarks stand on: a directory that goes away, processes that are ended, a server on a
database of its own, a client that costs little, and figures."""
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
EMAIL, PASSWORD = "bench@example.com", "bench-passw0rd"
API = "/api/v1"
ANNUAL = API + "/predictions/annual"
JOBS = API + "/predictions/jobs"
PATIENCE = 900.0    # seconds until anything that is waited for counts as failed


class Failure(Exception):
    """The benchmark cannot be run, or Obligor did something wrong."""


# --- figures -------------------------------------------------------------------------------------

@dataclass
class Result:
    bench: str
    what: str
    measured: float
    unit: str
    reference: float = None
    reference_what: str = ""
    limit: float = None         # of the ratio where there is a reference, else of what was measured
    at_least: bool = False      # the limit is a least, not a most
    note: str = ""

    @property
    def ratio(self):
        return self.measured / self.reference if self.reference else None

    @property
    def met(self):
        value = self.measured if self.reference is None else self.ratio
        if self.limit is None or value is None:
            return None
        return value >= self.limit if self.at_least else value <= self.limit

    @property
    def target(self):
        if self.limit is None:
            return ""
        sign = "≥" if self.at_least else "≤"
        return "%s %s" % (sign, show(self.limit, self.unit) if self.reference is None
                          else "%g ×" % self.limit)

    def as_json(self):
        return {**self.__dict__, "ratio": self.ratio, "met": self.met}


def show(value, unit):
    if value is None:
        return ""
    digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2 if abs(value) >= 1 else 3
    return "%s %s" % (format(value, ",.%df" % digits), unit)


def percentile(values, part):
    """The value that `part` of all are at or below."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def median(values):
    return statistics.median(values)


# --- the place and the processes -----------------------------------------------------------------

class Place:
    """A directory for all data, and every process started: both gone at the end, however it comes."""

    def __init__(self, binary, reference, parent=None):
        self.binary = binary
        self.reference = reference
        self.directory = tempfile.mkdtemp(prefix="obligor-bench-", dir=parent)
        self.children = []

    def path(self, name):
        return os.path.join(self.directory, name)

    def start(self, *words, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        child = subprocess.Popen(words, **options)
        self.children.append(child)
        return child

    def run(self, *words, stdin=None):
        """Ends well, or is a failure; gives what it printed."""
        done = subprocess.run(words, input=stdin, capture_output=True, text=True, timeout=PATIENCE)
        if done.returncode != 0:
            raise Failure("%s gave %d: %s" % (" ".join(words), done.returncode,
                                              (done.stderr or done.stdout).strip()[-500:]))
        return done.stdout

    def remove(self, name):
        for end in ("", "-wal", "-shm"):
            if os.path.exists(self.path(name) + end):
                os.remove(self.path(name) + end)

    def end(self, child, patience=60):
        if child.poll() is None:
            child.terminate()
            try:
                child.wait(patience)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        if child in self.children:
            self.children.remove(child)

    def close(self):
        for child in list(self.children):
            self.end(child, 10)
        shutil.rmtree(self.directory, ignore_errors=True)


def settle():
    """What the run before left in the page cache must not be paid for by the next one."""
    os.sync()
    time.sleep(0.2)


def memory(pid, field):
    """VmRSS or VmHWM in MiB; None when the process is over."""
    try:
        with open("/proc/%d/status" % pid, encoding="ascii") as status:
            found = re.search(r"^%s:\s+(\d+) kB" % field, status.read(), re.M)
    except OSError:
        return None
    return int(found.group(1)) / 1024 if found else None


def cpu_seconds(pid):
    with open("/proc/%d/stat" % pid, encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# --- the client ----------------------------------------------------------------------------------

class Client:
    """One connection that is kept. It parses no more of an answer than it must."""

    def __init__(self, port, token=None):
        self.port = port
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.token = token

    def close(self):
        self.socket.close()

    def head(self, method, target, headers):
        lines = ["%s %s HTTP/1.1" % (method, target), "Host: 127.0.0.1"]
        if self.token:
            lines.append("Authorization: Bearer " + self.token)
        lines += ["%s: %s" % header for header in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def read(self):
        """(status, body)"""
        got = self.socket.recv(1 << 18)
        while b"\r\n\r\n" not in got:
            more = self.socket.recv(1 << 18)
            if not more:
                raise Failure("the server closed the connection")
            got += more
        head, _, body = got.partition(b"\r\n\r\n")
        found = re.search(rb"\r\nContent-Length: (\d+)", head, re.I)
        size = int(found.group(1)) if found else 0
        parts = [body]
        have = len(body)
        while have < size:
            more = self.socket.recv(1 << 18)
            if not more:
                raise Failure("the server closed the connection")
            parts.append(more)
            have += len(more)
        return int(head[9:12]), b"".join(parts)

    def send(self, method, target, body=None, headers=None):
        headers = dict(headers or {})
        data = b""
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        if data or method in ("POST", "PUT"):
            headers["Content-Length"] = str(len(data))
        self.socket.sendall(self.head(method, target, headers) + data)
        return self.read()

    def call(self, method, target, body=None, headers=None, status=(200, 201, 202)):
        """The answer as JSON; another status is a failure."""
        got, answer = self.send(method, target, body, headers)
        if got not in status:
            raise Failure("%s %s gave %d: %s" % (method, target, got,
                                                 answer[:300].decode(errors="replace")))
        return json.loads(answer) if answer else None

    def get(self, target):
        return self.call("GET", target)

    def timed(self, method, target, body=None, status=(200, 201)):
        """Seconds from the first byte sent to the last one read."""
        start = time.perf_counter()
        got, answer = self.send(method, target, body)
        took = time.perf_counter() - start
        if got not in status:
            raise Failure("%s %s gave %d: %s" % (method, target, got,
                                                 answer[:300].decode(errors="replace")))
        return took

    def upload(self, path, query="", kind="annual"):
        """(the time of the 202, job id)"""
        mark = "bench-boundary-7d1f"
        begin = ("--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\n"
                 "Content-Type: text/csv\r\n\r\n" % (mark, os.path.basename(path))).encode()
        end = ("\r\n--%s--\r\n" % mark).encode()
        size = len(begin) + os.path.getsize(path) + len(end)
        headers = {"Content-Type": "multipart/form-data; boundary=" + mark, "Content-Length": str(size)}
        target = "%s/predictions/%s/bulk-upload-async%s" % (API, kind, query)
        with open(path, "rb") as file:
            self.socket.sendall(self.head("POST", target, headers) + begin)
            self.socket.sendfile(file)
            self.socket.sendall(end)
        status, answer = self.read()
        at = time.time()
        if status != 202:
            raise Failure("the upload gave %d: %s" % (status, answer[:300].decode()))
        return at, json.loads(answer)["job_id"]

    def job(self, job_id):
        return self.get("%s/%s" % (JOBS, job_id))["job"]

    def wait_for_job(self, job_id, pause=0.02):
        """The job at its end; anything but `completed` is a failure."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            job = self.job(job_id)
            if job["status"] == "completed":
                return job
            if job["status"] not in ("pending", "processing"):
                raise Failure("job %s: %s" % (job_id, json.dumps(job)[:500]))
            time.sleep(pause)
        raise Failure("job %s does not end" % job_id)


def epoch(text):
    """2026-01-31T12:00:00.123456Z as seconds."""
    import datetime
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


# --- the server ----------------------------------------------------------------------------------

class Server:
    def __init__(self, place, database, *options, log_level="warn"):
        self.place = place
        self.log = open(place.path("server.log"), "ab")
        self.child = place.start(place.binary, "serve", "--db", "sqlite:" + place.path(database),
                                 "--listen", "127.0.0.1:0", "--spool", place.directory,
                                 "--log-level", log_level, *options,
                                 stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.child.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        if not found:
            raise Failure("the server did not start: %s; see %s" % (line, place.path("server.log")))
        self.port = int(found.group(1))
        stranger = Client(self.port)
        self.token = stranger.call("POST", API + "/auth/login",
                                   {"email": EMAIL, "password": PASSWORD})["access_token"]
        stranger.close()

    @property
    def pid(self):
        return self.child.pid

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
            raise Failure("the server ended with %d" % self.child.returncode)


# --- the data ------------------------------------------------------------------------------------

class Data:
    """Files and databases, each made when it is first asked for."""

    def __init__(self, place, rows):
        self.place = place
        self.rows = rows
        self.import_seconds = {}

    def csv(self, rows, *options):
        """The path of an upload file of so many rows; `options` as make_csv.py has them."""
        path = self.place.path("rows-%d%s.csv" % (rows, "".join(options).replace("-", "_")))
        if not os.path.exists(path):
            self.place.run(sys.executable, os.path.join(SOURCE, "bench", "make_csv.py"), str(rows),
                           path, *options)
        return path

    def run(self, database, *words, stdin=None):
        """One command of obligor on a database."""
        return self.place.run(self.place.binary, *words, "--db",
                              "sqlite:" + self.place.path(database), stdin=stdin)

    def empty(self, name):
        """A database with a user and the models, and nothing else."""
        if not os.path.exists(self.place.path("empty.db")):
            self.run("empty.db", "user", "add", "--email", EMAIL, "--role", "user", "--verified",
                     "--password-stdin", stdin=PASSWORD + "\n")
            for kind in ("annual", "quarterly"):
                self.run("empty.db", "model", "add",
                         os.path.join(SOURCE, "models", kind + "-default.json"), "--activate")
        return self.copy("empty.db", name)

    def copy(self, source, name):
        self.place.remove(name)
        for end in ("", "-wal"):
            if os.path.exists(self.place.path(source) + end):
                shutil.copyfile(self.place.path(source) + end, self.place.path(name) + end)
        return name

    def filled(self, rows, name):
        """A copy of a database into which a file of so many rows was imported."""
        made = "filled-%d.db" % rows
        if not os.path.exists(self.place.path(made)):
            self.empty("filling.db")
            self.import_seconds[rows] = self.import_file("filling.db", self.csv(rows))
            os.rename(self.place.path("filling.db"), self.place.path(made))
        return self.copy(made, name)

    def import_file(self, database, csv, *options):
        """Seconds from the job's acceptance to its end, by the command line."""
        said = self.run(database, "import", csv, "--type", "annual", "--user", EMAIL, "--spool",
                        self.place.directory, "--json", *options)
        job = json.loads(said.strip().splitlines()[-1] if said.strip().startswith("{\"") else said)
        return self.seconds_of(database, find(job, "id"))

    def seconds_of(self, database, job_id):
        created, started, completed = self.numbers(
            database, "SELECT created_at, started_at, completed_at FROM bulk_upload_jobs "
            "WHERE lower(hex(id)) = '%s'" % job_id.replace("-", ""))
        return (completed - created) / 1e6

    def numbers(self, database, statement):
        """One row, read beside Obligor."""
        connection = sqlite3.connect("file:%s?mode=ro" % self.place.path(database), uri=True, timeout=30)
        try:
            return connection.execute(statement).fetchone()
        finally:
            connection.close()


def find(value, key):
    """The first member of that name, however deep."""
    if isinstance(value, dict):
        if key in value:
            return value[key]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            got = find(item, key)
            if got is not None:
                return got
    return None
