"""What the API tests stand on: a server of their own on a fresh database, its users, and a client that
judges every answer it sees.

    class Something(support.TestCase):
        def test_it(self):
            analyst = self.server.new_client()
            job = analyst.import_rows("annual", support.rows(3))
            analyst.get("/api/v1/predictions/jobs/%s" % job["id"])

A file ends with support.main(); its server is started with the first test and stopped behind the last
one, when its log is read: it must have stopped in good order, without a sanitizer's report and without
an error that no test announced with `expect_log_error`. Then `obligor check` judges what it leaves behind.
"""
import hashlib
import http.client
import io
import itertools
import json
import math
import os
import re
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse
import xml.sax.saxutils
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import postgres  # pylint: disable=wrong-import-position

BINARY = os.environ.get("OBLIGOR_BIN", "")
SOURCE = os.environ.get("OBLIGOR_SOURCE", os.path.join(os.path.dirname(__file__), "..", ".."))
SHARED = os.environ.get("OBLIGOR_SHARED", os.path.join(SOURCE, "..", "shared"))
TEST_DB = os.environ.get("OBLIGOR_TEST_DB", "sqlite")

API = "/api/v1"
PREDICTIONS = API + "/predictions"
JOBS = PREDICTIONS + "/jobs"
PASSWORD = "correct horse 1"
WAIT = 60.0             # seconds until a job that does not end is a failure
SKIPPED = 77

RATIOS = {
    "annual": ["long_term_debt_to_total_capital", "total_debt_to_ebitda", "net_income_margin",
               "ebit_to_interest_expense", "return_on_assets"],
    "quarterly": ["total_debt_to_ebitda", "sga_margin", "long_term_debt_to_total_capital",
                  "return_on_capital"],
}
FIELDS = ["company_symbol", "company_name", "market_cap", "sector", "reporting_year",
          "reporting_quarter"]
COLUMNS = {kind: FIELDS + ratios for kind, ratios in RATIOS.items()}
RESTING = ("completed", "failed", "cancelled")

# A name like an id of ours that no object has.
UNKNOWN_ID = "01900000-0000-7000-8000-000000000000"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z\Z")


# --- the database: the only place that knows the engine ------------------------------------------

class SqliteDatabase:
    """A file in the server's directory."""
    embedded = True

    def __init__(self, directory):
        self.path = os.path.join(directory, "obligor.db")
        self.url = "sqlite:" + self.path

    def numbers(self, statement):
        """One row of numbers, read beside the server."""
        connection = sqlite3.connect("file:%s?mode=ro" % self.path, uri=True, timeout=30)
        try:
            return connection.execute(statement).fetchone()
        finally:
            connection.close()

    def execute(self, statement):
        """For states that no request and no command leads to."""
        connection = sqlite3.connect(self.path, timeout=30)
        try:
            with connection:
                connection.execute(statement)
        finally:
            connection.close()

    def hold(self):
        """Keeps every other writer out until the connection that is given is closed."""
        connection = sqlite3.connect(self.path, timeout=30, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        return connection

    def end_leases(self):
        """As if the time had passed after which the work of a dead server is taken over."""
        self.execute("UPDATE work_queue SET lease_until = 0 WHERE lease_until IS NOT NULL")

    def remove(self):
        """Gone with the server's directory."""


class PostgresDatabase:
    """A database of its own in the cluster that OBLIGOR_TEST_POSTGRES names (tests/support/postgres.py)."""
    embedded = False
    made = itertools.count(1)

    def __init__(self):
        self.pattern = os.environ["OBLIGOR_TEST_POSTGRES"]
        self.name = "api%d_%d" % (os.getpid(), next(self.made))
        self.url = postgres.database_url(self.pattern, self.name)
        postgres.psql(postgres.database_url(self.pattern, "postgres"), "CREATE DATABASE " + self.name)
        # Only an embedded database is made and brought up to date by whoever opens it.
        done = subprocess.run([BINARY, "migrate"], env=dict(os.environ, OBLIGOR_DB=self.url),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        assert done.returncode == 0, "obligor migrate gave %d: %s" % (done.returncode, done.stdout)

    def numbers(self, statement):
        first = postgres.psql(self.url, statement).splitlines()[0]
        return tuple(None if text == "" else json.loads(text) for text in first.split("|"))

    def execute(self, statement):
        postgres.psql(self.url, statement)

    def hold(self):
        """Keeps every other writer out, and lets readers in, until what is given is closed."""
        return _Holder(self.url, "DO $$ BEGIN EXECUTE (SELECT 'LOCK TABLE ' || string_agg(tablename, ', ') || "
                                 "' IN EXCLUSIVE MODE' FROM pg_tables WHERE schemaname = 'public'); END $$")

    def end_leases(self):
        """As if the time had passed after which the work of a dead server is taken over."""
        self.execute("UPDATE work_queue SET lease_until = 'epoch' WHERE lease_until IS NOT NULL")

    def remove(self):
        """WITH (FORCE): a server that was killed leaves sessions that do not know it yet."""
        postgres.psql(postgres.database_url(self.pattern, "postgres"),
                      "DROP DATABASE IF EXISTS %s WITH (FORCE)" % self.name)


class _Holder:
    """A transaction that is open in another process."""

    def __init__(self, url, statement):
        self.process = postgres.psql_session(url)
        self.process.stdin.write("BEGIN; %s;\n\\echo held\n" % statement)
        self.process.stdin.flush()
        said = self.process.stdout.readline()
        assert said == "held\n", "psql said %r: %s" % (said, statement)

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def need_engine(engine):
    """Skips the test where the engine is not here."""
    if engine == "postgres" and "OBLIGOR_TEST_POSTGRES" not in os.environ:
        raise unittest.SkipTest("no PostgreSQL here (OBLIGOR_TEST_POSTGRES is not set)")


def new_database(directory, engine):
    if engine == "sqlite":
        return SqliteDatabase(directory)
    if engine == "postgres":
        return PostgresDatabase()
    raise AssertionError("OBLIGOR_TEST_DB=%s: sqlite and postgres are known here" % engine)


# --- score cards ---------------------------------------------------------------------------------

USUAL_LEVELS = [{"level": "CRITICAL", "above_percent": 15}, {"level": "HIGH", "from_percent": 5},
                {"level": "MEDIUM", "from_percent": 2}, {"level": "LOW"}]


def _bins(edges, rates):
    above = [None] + edges
    up_to = edges + [None]
    return [{"above": a, "up_to": u, "rate": r} for a, u, r in zip(above, up_to, rates)]


def card(kind, name="test", version="1", intercept=-4.0, risk_levels=None):
    """A card with predictions of every risk level, and many different probabilities."""
    ratios = RATIOS[kind]
    made = {
        "format": "obligor-scorecard/1", "kind": kind, "name": "%s-%s" % (name, kind),
        "version": version, "intercept": intercept,
        "features": [
            {"field": ratios[0], "coefficient": 1.0, "missing": 0.3, "otherwise": 0.1,
             "bins": _bins([-10, 0, 10], [3.0, 1.5, 0.6, 0.0])},
            {"field": ratios[1], "coefficient": 0.5, "missing": 0.25, "otherwise": 0.1,
             "bins": _bins([i / 2 for i in range(20)], [i / 50 for i in range(21)])},
        ],
    }
    if risk_levels is not None:
        made["risk_levels"] = risk_levels
    return made


def score(made, ratios):
    """The probability and the risk level, as scoring.md defines them."""
    z = 0.0
    for feature in made["features"]:
        value = ratios.get(feature["field"])
        rate = feature["missing"] if value is None else feature["otherwise"]
        for entry in feature["bins"] if value is not None else []:
            above = -math.inf if entry["above"] is None else entry["above"]
            up_to = math.inf if entry["up_to"] is None else entry["up_to"]
            if above < value <= up_to:
                rate = entry["rate"]
                break
        z += feature["coefficient"] * rate
    z += made["intercept"]
    probability = 1 / (1 + math.exp(-z))
    for level in made.get("risk_levels", USUAL_LEVELS):
        percent = probability * 100
        if ("above_percent" in level and percent > level["above_percent"] or
                "from_percent" in level and percent >= level["from_percent"] or
                "above_percent" not in level and "from_percent" not in level):
            return probability, level["level"]
    raise AssertionError("a card without a last level")


# --- rows and files ------------------------------------------------------------------------------

def row(number, kind="annual", **given):
    """One good row; different numbers have different companies."""
    made = {"company_symbol": "S%05d" % number, "company_name": "Company %d" % number,
            "market_cap": 1000000 + number, "sector": "Sector %d" % (number % 3),
            "reporting_year": 2000 + number % 20, "reporting_quarter": "Q%d" % (number % 4 + 1)}
    for place, ratio in enumerate(RATIOS[kind]):
        made[ratio] = (number * (place + 3) * 37 % 4001) / 100 - 20
    made.update(given)
    return made


def rows(count, start=0, kind="annual", **given):
    return [row(start + i, kind, **given) for i in range(count)]


def cell(value):
    if value is None:
        return ""
    text = value if isinstance(value, str) else repr(value)
    if any(mark in text for mark in ',"\r\n'):
        return '"%s"' % text.replace('"', '""')
    return text


def line(made, columns):
    return ",".join(cell(made[column]) for column in columns)


def csv(made, kind="annual", columns=None, end="\n"):
    """The bytes of a file with these rows; a row that is a text stands in it as it is."""
    columns = columns or COLUMNS[kind]
    lines = [",".join(columns)]
    lines += [one if isinstance(one, str) else line(one, columns) for one in made]
    return "".join(one + end for one in lines).encode()


def xlsx_cell(value):
    if value is None:
        return "<c/>"
    if isinstance(value, str):
        return '<c t="inlineStr"><is><t>%s</t></is></c>' % xml.sax.saxutils.escape(value)
    return "<c><v>%r</v></c>" % value


def xlsx(sheets, kind="annual"):
    """The bytes of a workbook: for each sheet its name and its rows, as `csv` takes them."""
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    columns = COLUMNS[kind]
    names = "".join('<sheet name=%s sheetId="%d" r:id="r%d"/>'
                    % (xml.sax.saxutils.quoteattr(name), i, i)
                    for i, (name, _) in enumerate(sheets, 1))
    relations = "".join('<Relationship Id="r%d" Type="%s/worksheet" Target="worksheets/sheet%d.xml"/>'
                        % (i, relation, i) for i in range(1, len(sheets) + 1))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        book.writestr("xl/workbook.xml",
                      '<workbook xmlns:r="%s"><sheets>%s</sheets></workbook>' % (relation, names))
        book.writestr("xl/_rels/workbook.xml.rels", "<Relationships>%s</Relationships>" % relations)
        for i, (_, table) in enumerate(sheets, 1):
            cells = [columns] + [[one[column] for column in columns] for one in table]
            book.writestr("xl/worksheets/sheet%d.xml" % i,
                          "<worksheet><sheetData>%s</sheetData></worksheet>" % "".join(
                              "<row>%s</row>" % "".join(map(xlsx_cell, line)) for line in cells))
    return made.getvalue()


def many_rows(count):
    """The bytes of an annual file with so many good rows, all of different companies; made fast."""
    made = row(1, company_symbol="SYMBOL", return_on_assets=4)
    lines = line(made, COLUMNS["annual"]) + "\n"
    return csv([]) + "".join(lines.replace("SYMBOL", "N%07d" % i) for i in range(count)).encode()


def read_csv(data):
    import csv as reader
    return list(reader.DictReader(io.StringIO(data.decode())))


def read_xlsx(data):
    """Sheet name -> its rows, each a list of cells: None, a float, a bool or a text. What is not typed so is an
    error, and so is a formula."""
    import xml.etree.ElementTree as tree
    import zipfile
    main = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.testzip() is None
    sheets = {}
    for number, sheet in enumerate(tree.fromstring(archive.read("xl/workbook.xml")).iter(main + "sheet"), 1):
        rows = []
        for row in tree.fromstring(archive.read("xl/worksheets/sheet%d.xml" % number)).iter(main + "row"):
            assert int(row.get("r")) == len(rows) + 1
            cells = {}
            for one in row:
                letters = one.get("r").rstrip("0123456789")
                column = 0
                for letter in letters:
                    column = column * 26 + ord(letter) - ord("A") + 1
                children = [child.tag for child in one]
                if one.get("t") == "inlineStr":
                    assert children == [main + "is"]
                    cells[column - 1] = re.sub("_x([0-9A-F]{4})_", lambda m: chr(int(m[1], 16)),
                                               one[0][0].text or "")
                else:
                    assert one.get("t") in (None, "b") and children == [main + "v"], children
                    cells[column - 1] = float(one[0].text) if one.get("t") is None else one[0].text == "1"
            width = len(rows[0]) if rows else len(cells)
            rows.append([cells.get(i) for i in range(width)])
        sheets[sheet.get("name")] = rows
    return sheets


def shared(*parts):
    """The path of a file of ../shared, or a skipped test."""
    path = os.path.join(SHARED, *parts)
    if not os.path.exists(path):
        raise unittest.SkipTest("%s is not there (../shared is missing)" % "/".join(parts))
    return path


def shared_bytes(*parts):
    with open(shared(*parts), "rb") as file:
        return file.read()


class Form:
    """A multipart form."""
    boundary = "----------------------------5c9f0b1a7e"
    type = "multipart/form-data; boundary=" + boundary

    @classmethod
    def field(cls, name, value):
        return ("--%s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n"
                % (cls.boundary, name, value)).encode()

    @classmethod
    def file_begin(cls, filename, name="file"):
        return ("--%s\r\nContent-Disposition: form-data; name=\"%s\"; filename=\"%s\"\r\n"
                "Content-Type: text/csv\r\n\r\n" % (cls.boundary, name, filename)).encode()

    @classmethod
    def end(cls):
        return ("--%s--\r\n" % cls.boundary).encode()

    @classmethod
    def body(cls, content, fields=(), filename="rows.csv"):
        parts = [cls.field(name, value) for name, value in dict(fields).items()]
        if content is not None:
            parts += [cls.file_begin(filename), content, b"\r\n"]
        return b"".join(parts) + cls.end()


# --- judging answers -----------------------------------------------------------------------------

# What no client may ever see: statements, tables, places of this machine and of the source, the words
# of the database and of the language.
LEAKS = re.compile(
    r"\bSELECT\s|\bINSERT\s+INTO\b|\bUPDATE\s+\w+\s+SET\b|\bDELETE\s+FROM\b|sqlite|SQLSTATE|libpq|"
    r"UNIQUE constraint|FOREIGN KEY|no such (table|column)|database is locked|disk I/O|"
    r"bulk_upload_(jobs|files|errors)|annual_predictions\b(?!\")|"
    r"\b(errno|strerror|SIGSEGV|assert|Traceback|nullptr|0x7f[0-9a-f]{6,})\b|"
    r"[\w/]+\.[ch]:\d+|/(tmp|var|home|root|usr|etc|proc)/|" + re.escape(os.path.realpath(SOURCE)),
    re.IGNORECASE)

LEAKS_WITHIN = 40000     # of a page of a thousand like items the first ones say enough

PROBLEM_MEMBERS = {"type": str, "title": str, "status": int, "detail": str, "instance": str,
                   "errors": list, "success": bool, "error": str, "message": str}


class Answer:
    def __init__(self, method, path, status, headers, body):
        self.method = method
        self.path = path
        self.status = status
        self.headers = headers
        self.body = body
        self._json = None

    @property
    def text(self):
        return self.body.decode()

    @property
    def json(self):
        if self._json is None:
            self._json = json.loads(self.text)
        return self._json

    def header(self, name):
        return self.headers.get(name)

    @property
    def type(self):
        return (self.header("Content-Type") or "").split(";")[0]

    def __str__(self):
        return "%s %s: %d %s" % (self.method, self.path, self.status, self.body[:2000])

    def field_codes(self):
        return {entry["field"]: entry["code"] for entry in self.json["errors"]}

    # A failed check is a failed test, wherever the answer was asked for.
    def check(self):
        assert self.header("X-Request-ID"), "no X-Request-ID: %s" % self
        assert self.header("X-Content-Type-Options") == "nosniff", str(self)
        if self.type in ("application/json", "application/problem+json", "text/html"):
            text = self.text if self.status >= 400 else self.text[:LEAKS_WITHIN]
            found = LEAKS.search(text)
            assert not found, "the answer says %r: %s" % (found and found.group(0), self)
        assert self.status != 500, str(self)
        if self.status < 400:
            if self.type == "application/json" and self.method != "HEAD":
                assert self.json["success"] is True, str(self)
            return
        if self.status == 401 and self.type != "text/html":
            assert self.header("WWW-Authenticate"), str(self)
        if self.status in (429, 503):
            assert re.match(r"\A\d+\Z", self.header("Retry-After") or ""), str(self)
        if self.status == 405:
            assert self.header("Allow"), str(self)
        if self.method != "HEAD" and self.type != "text/html":
            self.check_problem()

    def check_problem(self):
        assert self.header("Content-Type") == "application/problem+json", str(self)
        problem = self.json
        for name, kind in PROBLEM_MEMBERS.items():
            assert type(problem.get(name)) is kind, "%s is not a %s: %s" % (name, kind, self)
        assert problem["status"] == self.status, str(self)
        assert problem["instance"] == self.header("X-Request-ID"), str(self)
        assert problem["success"] is False, str(self)
        assert problem["message"] == problem["detail"], str(self)
        assert re.match(r"\A[a-z_]+\Z", problem["error"]), str(self)
        assert problem["detail"][-1:] in ".:" and len(problem["detail"]) > 10, str(self)
        for entry in problem["errors"]:
            assert set(entry) == {"field", "code", "message"}, str(self)
            assert all(type(value) is str for value in entry.values()), str(self)
            assert entry["message"] != "", str(self)


def essence(problem):
    """A problem without what differs from request to request: for comparing two refusals."""
    return {key: value for key, value in problem.items() if key != "instance"}


class Wire:
    """A raw connection: bytes out, answers in, one after the other, 100 Continue among them."""

    def __init__(self, server, timeout=20):
        self.socket = server.connect(timeout)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def send(self, *parts):
        for part in parts:
            self.socket.sendall(part if isinstance(part, bytes) else part.encode())

    def head(self, method, path, headers=(), token=None):
        """The head of a request; nothing is added that was not asked for but Host and the token."""
        lines = ["%s %s HTTP/1.1" % (method, path), "Host: test"]
        if token is not None:
            lines.append("Authorization: Bearer " + token)
        lines += ["%s: %s" % (name, value) for name, value in dict(headers).items()]
        self.send("\r\n".join(lines) + "\r\n\r\n")

    def read(self, method="GET", checked=True):
        """One answer; None where the connection ended before one began."""
        first = self.file.readline()
        if not first:
            return None
        status = int(first.split()[1])
        headers = http.client.parse_headers(self.file)
        body = b""
        if method != "HEAD" and status >= 200 and status != 304:
            body = self.file.read(int(headers.get("Content-Length", "0")))
        answer = Answer(method, "(wire)", status, headers, body)
        if checked and status >= 200:
            answer.check()
        return answer

    def leave(self, reset=False):
        """Goes away: with a word of farewell, or as if the cable was cut."""
        time.sleep(0.1) # the end of the stream shall come behind the last bytes, not with them
        if reset:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.close()

    def end(self):
        """Says that nothing more comes, and listens on."""
        time.sleep(0.1)
        self.socket.shutdown(socket.SHUT_WR)

    def is_over(self):
        """Waits for the server to close; False when it says something more."""
        try:
            return self.file.read(1) == b""
        except ConnectionError:
            return True


# --- the server ----------------------------------------------------------------------------------

SANITIZERS = re.compile(r"Sanitizer|runtime error:|CHECK failed|Assertion|SUMMARY:")


class Server:
    """A running `obligor serve`, its directory, and its log over all its starts."""

    def __init__(self, *options, workers=1, cards=True, users=True, largest_file=None,
                 engine=TEST_DB):
        assert BINARY, "OBLIGOR_BIN names no obligor"
        need_engine(engine)
        self.directory = tempfile.mkdtemp(prefix="obligor-api-")
        self.spool = os.path.join(self.directory, "spool")
        os.mkdir(self.spool)
        self.database = new_database(self.directory, engine)
        self.log_path = os.path.join(self.directory, "log")
        self.options = list(options)
        self.workers = workers
        self.largest_file = largest_file
        self.process = None
        self.port = 0
        self.setup_url = None
        self.expected_errors = []
        self.broken = ()  # invariants that a test breaks itself, past the program
        self.clients = []
        self.numbers = itertools.count(1)
        self.cards = {}
        if users:
            self.admin = self.new_user("admin", role="super_admin")
        if cards:
            for kind in RATIOS:
                self.load_card(card(kind))
        self.start()

    # -- the command line

    def run(self, *arguments, stdin=None, status=0):
        environment = dict(os.environ, OBLIGOR_DB=self.database.url, NO_COLOR="1")
        done = subprocess.run([BINARY, *arguments, "--json"], input=stdin, env=environment,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=WAIT,
                              check=False)
        said = done.stderr.decode()
        wanted = status if isinstance(status, tuple) else (status,)
        assert done.returncode in wanted, "%s: %d %s" % (arguments, done.returncode, said)
        assert not SANITIZERS.search(said), said
        return json.loads(done.stdout) if done.stdout.strip() else None

    def new_user(self, name=None, role="user", verified=True):
        """The address of a new user."""
        email = "%s%d@example.com" % (name or "user", next(self.numbers))
        flags = ["--verified"] if verified else []
        self.run("user", "add", "--email", email, "--role", role, "--password-stdin", *flags,
                 stdin=(PASSWORD + "\n").encode())
        return email

    def load_card(self, made):
        """Adds and activates a card, a dictionary or the path of a file; returns it as a dictionary."""
        if isinstance(made, str):
            path = made
            with open(path, encoding="utf-8") as file:
                made = json.load(file)
        else:
            path = os.path.join(self.directory, "card.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(made, file)
        self.run("model", "add", path, "--activate")
        self.cards[made["kind"]] = made
        return made

    # -- life

    def start(self):
        log = open(self.log_path, "ab")
        self.process = subprocess.Popen(
            [BINARY, "serve", "--db", self.database.url, "--listen", "127.0.0.1:0", "--spool",
             self.spool, "--workers", str(self.workers), "--log-format", "json", "--log-level",
             "debug", "--json", *self.options],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
            preexec_fn=self.limit_files if self.largest_file else None,
            restore_signals=not self.largest_file)
        log.close()
        said = self.process.stdout.readline()
        assert said, "the server did not start:\n%s" % self.log()
        serving = json.loads(said)["serving"]
        self.setup_url = serving["setup_url"]
        self.port = urllib.parse.urlsplit(serving["url"]).port

    def limit_files(self):
        """No file may grow beyond this: the nearest to a full disk that needs no privileges."""
        resource.setrlimit(resource.RLIMIT_FSIZE, (self.largest_file, self.largest_file))

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def log_entries(self):
        for text in self.log().splitlines():
            if text.startswith("{"):
                yield json.loads(text)

    def kill(self):
        """As a power failure would: nothing is said goodbye to."""
        for client in self.clients:
            client.close()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()
        self.process = None

    def stop(self):
        """In good order; asserts that it was."""
        if self.process is None:
            return
        for client in self.clients:
            client.close()
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(WAIT)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            self.process.wait()
            raise AssertionError("the server did not stop:\n%s" % self.log()[-3000:])
        finally:
            self.process.stdout.close()
            self.process = None
        last = self.log().rstrip().splitlines()[-1]
        assert status == 0, "the server stopped with %d:\n%s" % (status, self.log()[-5000:])
        assert '"message":"stopped"' in last, "the last line of the log is %s" % last

    def expect_log_error(self, pattern):
        """A test that brings the server into trouble says which line it will log for it."""
        self.expected_errors.append(re.compile(pattern))

    def check_log(self):
        log = self.log()
        found = SANITIZERS.search(log)
        assert not found, "in the log:\n%s" % log[max(0, found.start() - 300):][:4000]
        for entry in self.log_entries():
            text = json.dumps(entry)
            if entry["level"] == "error":
                assert any(pattern.search(text) for pattern in self.expected_errors), text
            assert PASSWORD not in text, "a password is in the log: %s" % text

    def check_left_nothing(self):
        """No half received upload in the database, nothing in the spool, no open file of it."""
        assert self.receiving() == 0, "%d jobs are receiving" % self.receiving()
        assert os.listdir(self.spool) == [], os.listdir(self.spool)
        deadline = time.monotonic() + 40  # libmicrohttpd may see a client's end at the idle time-out alone
        while self.spool_files() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert self.spool_files() == [], self.spool_files()

    def check_invariants(self):
        """What the data model promises holds, files and all."""
        report = self.run("check", "--files", status=(0, 1))
        wrong = [(i["name"], i["violations"], i["first"]) for i in report["invariants"] if i["violations"]]
        wrong = [found for found in wrong if found[0] not in self.broken]
        assert wrong == [], "obligor check: %s" % wrong

    def receiving(self):
        return self.database.numbers(
            "SELECT count(*) FROM bulk_upload_jobs WHERE status = 'receiving'")[0]

    def spool_files(self):
        """Files of the spool that the server has open, named or not."""
        found = []
        for descriptor in os.listdir("/proc/%d/fd" % self.process.pid):
            try:
                target = os.readlink("/proc/%d/fd/%s" % (self.process.pid, descriptor))
            except FileNotFoundError:
                continue
            if target.startswith(self.spool + "/"):
                found.append(target)
        return found

    def close(self):
        try:
            if self.process is not None:
                self.check_left_nothing()
            self.stop()
            self.check_log()
            self.check_invariants()
        finally:
            if self.process is not None:
                self.kill()
            self.database.remove()
            shutil.rmtree(self.directory, ignore_errors=True)

    # -- clients

    def anonymous(self):
        return Client(self, None, None)

    def sign_in(self, email, password=PASSWORD):
        client = Client(self, None, email)
        answer = client.post(API + "/auth/login", {"email": email, "password": password})
        client.token = answer.json["access_token"]
        client.user = answer.json["user"]
        return client

    def new_client(self, role="user"):
        """A new user, signed in."""
        return self.sign_in(self.new_user(role=role))

    def connect(self, timeout=WAIT):
        """A raw socket."""
        return socket.create_connection(("127.0.0.1", self.port), timeout)


class Client:
    """One user's connection. Each request says which status it expects."""

    def __init__(self, server, token, email):
        self.server = server
        self.token = token
        self.email = email
        self.user = None
        self.connection = None
        self.used = 0.0
        server.clients.append(self)

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def send(self, method, path, body, headers):
        if time.monotonic() - self.used > 5: # the server may have closed it for being idle
            self.close()
        self.used = time.monotonic()
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.server.port,
                                                         timeout=WAIT)
        try:
            self.connection.request(method, path, body=body, headers=headers)
            response = self.connection.getresponse()
            data = response.read()
        except (ConnectionError, http.client.HTTPException):
            self.close()
            raise
        if response.will_close:
            self.close()
        return response.status, response.headers, data

    def request(self, method, path, body=None, query=None, headers=None, expect=200, type=None):
        """`body`: bytes as they are, an iterable of bytes chunked, anything else as JSON."""
        if query:
            path += "?" + urllib.parse.urlencode(
                [(key, str(value).lower() if isinstance(value, bool) else value)
                 for key, value in query.items()])
        sent = {}
        if self.token is not None:
            sent["Authorization"] = "Bearer " + self.token
        if body is not None and not isinstance(body, bytes) and not hasattr(body, "__next__"):
            body = json.dumps(body).encode()
            type = type or "application/json"
        if type is not None:
            sent["Content-Type"] = type
        sent.update(headers or {})
        answer = Answer(method, path, *self.send(method, path, body, sent))
        answer.check()
        wanted = expect if isinstance(expect, (tuple, list)) else (expect,)
        assert expect is None or answer.status in wanted, "expected %s: %s" % (expect, answer)
        return answer

    def get(self, path, query=None, expect=200, headers=None):
        return self.request("GET", path, None, query, headers, expect)

    def post(self, path, body=None, query=None, expect=200, headers=None, type=None):
        return self.request("POST", path, body, query, headers, expect, type)

    def put(self, path, body=None, query=None, expect=200, headers=None):
        return self.request("PUT", path, body, query, headers, expect)

    def delete(self, path, query=None, expect=200, headers=None):
        return self.request("DELETE", path, None, query, headers, expect)

    # -- uploads and jobs

    def upload(self, kind, content, options=None, filename="rows.csv", expect=202, headers=None,
               path=None):
        """Sends a file in a form, with options as its fields; returns the answer."""
        path = path or "%s/%s/bulk-upload-async" % (PREDICTIONS, kind)
        return self.request("POST", path, Form.body(content, options or {}, filename), None,
                            headers, expect, Form.type)

    def job(self, job_id, **query):
        return self.get("%s/%s" % (JOBS, job_id), query).json["job"]

    def wait_job(self, job_id, until=RESTING):
        deadline = time.monotonic() + WAIT
        while True:
            job = self.get("%s/%s/status" % (JOBS, job_id), {"show_deleted": True}).json["job"]
            if job["status"] in until:
                return job
            assert time.monotonic() < deadline, "the job does not end: %s" % job
            time.sleep(0.01)

    def import_file(self, kind, content, options=None, filename="rows.csv", status="completed",
                    headers=None):
        """Uploads, waits for the end, and returns the job in detail, with its errors."""
        answer = self.upload(kind, content, options, filename, headers=headers)
        self.wait_job(answer.json["job_id"])
        job = self.job(answer.json["job_id"], include_errors=True)
        assert job["status"] == status, job
        return job

    def import_rows(self, kind, made, options=None, filename="rows.csv", status="completed"):
        return self.import_file(kind, csv(made, kind), options, filename, status)

    def wait_deletion(self, deletion_id, state="done"):
        deadline = time.monotonic() + WAIT
        while True:
            deletion = self.get("%s/deletions/%s" % (API, deletion_id)).json["deletion"]
            if deletion["state"] == state:
                return deletion
            assert time.monotonic() < deadline, "the deletion does not end: %s" % deletion
            time.sleep(0.01)

    # -- predictions

    def create(self, kind, made, expect=201, query=None, headers=None):
        return self.post("%s/%s" % (PREDICTIONS, kind), made, query, expect, headers)

    def pages(self, path, key, query=None, limit=1000):
        """Every page of a list, by cursors to the end."""
        query = dict(query or {}, limit=limit)
        seen = set()
        while True:
            answer = self.get(path, query).json
            yield answer
            pagination = answer["pagination"]
            if not pagination["has_more"]:
                assert pagination["next_cursor"] is None, pagination
                return
            assert pagination["next_cursor"] not in seen, "the cursor goes in a circle"
            seen.add(pagination["next_cursor"])
            query["cursor"] = pagination["next_cursor"]

    def all(self, path, key, query=None, limit=1000):
        """Every item of a list."""
        return [item for page in self.pages(path, key, query, limit) for item in page[key]]

    def predictions(self, kind="annual", query=None, limit=1000):
        return self.all("%s/%s" % (PREDICTIONS, kind), "predictions", query, limit)

    def jobs(self, query=None, limit=1000):
        return self.all(JOBS, "jobs", query, limit)

    def companies(self, query=None, limit=1000):
        return self.all(API + "/companies", "companies", query, limit)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


# --- tests ---------------------------------------------------------------------------------------

class TestCase(unittest.TestCase):
    """Has a server, shared by the whole file unless a class says otherwise in SERVER_OPTIONS."""
    maxDiff = 4000
    longMessage = True
    SERVER_OPTIONS = None
    server = None
    _servers = {}

    @classmethod
    def setUpClass(cls):
        key = json.dumps(cls.SERVER_OPTIONS)
        if key not in TestCase._servers:
            options = dict(cls.SERVER_OPTIONS or {})
            TestCase._servers[key] = Server(*options.pop("arguments", ()), **options)
        cls.server = TestCase._servers[key]

    def left_nothing(self):
        self.server.check_left_nothing()

    def assert_problem(self, answer, status, error=None, words=(), fields=None):
        """An answer that refuses, with what it must say."""
        self.assertIn(answer.status, status if isinstance(status, tuple) else (status,))
        if error is not None:
            self.assertEqual(error, answer.json["error"], str(answer))
        said = " ".join([answer.json["detail"]] + [e["message"] for e in answer.json["errors"]])
        for word in words:
            self.assertIn(word, said, str(answer))
        if fields is not None:
            self.assertEqual(fields, answer.field_codes(), str(answer))


class _Closing(unittest.TestCase):
    """Behind all others: the servers stop in good order and their logs are read."""

    def test_servers_stop_in_good_order(self):
        for server in TestCase._servers.values():
            server.close()
        TestCase._servers.clear()


class _Result(unittest.TextTestResult):
    """Says how long a test took where that is worth knowing."""

    def startTest(self, test):
        self.began = time.monotonic()
        super().startTest(test)

    def addSuccess(self, test):
        took = time.monotonic() - self.began
        unittest.TestResult.addSuccess(self, test)
        self.stream.writeln("ok" if took < 2 else "ok, %.1f s" % took)


def main():
    """Runs the file's tests; exit 77 where every one of them was skipped."""
    loader = unittest.defaultTestLoader
    suite = unittest.TestSuite([loader.loadTestsFromName("__main__"),
                                loader.loadTestsFromTestCase(_Closing)])
    if len(sys.argv) > 1:
        suite = unittest.TestSuite([loader.loadTestsFromNames(sys.argv[1:], sys.modules["__main__"]),
                                    loader.loadTestsFromTestCase(_Closing)])
    result = unittest.TextTestRunner(verbosity=2, resultclass=_Result).run(suite)
    for server in TestCase._servers.values():
        if server.process is not None:
            server.kill()
        server.database.remove()
        shutil.rmtree(server.directory, ignore_errors=True)
    for test, why in result.skipped:
        print("SKIPPED %s: %s" % (test, why))
    if not result.wasSuccessful():
        sys.exit(1)
    if result.skipped and len(result.skipped) >= result.testsRun - 1:
        sys.exit(SKIPPED)
    sys.exit(0)
