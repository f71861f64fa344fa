"""The two engines as the crash tests see them: a session past the program, the words in which they differ,
and how a database is made, copied and checked.

A query is written once. `{word}` in it is replaced by the engine's word from the table below or by one that
is given with the call; `?` is a value. Rows are tuples. PostgreSQL is spoken to through one psql that stays:
each row comes as a line of JSON, so that numbers, NULL and text are told apart and floats lose no digit;
truth is 0 or 1, as SQLite gives it, an id is its text and bytes are the text that begins with \\x.
"""
import atexit
import json
import os
import re
import sqlite3
import subprocess
import sys
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import postgres  # noqa: E402  (it lies beside this directory, not in it)

ENGINE = os.environ.get("OBLIGOR_CRASH_ENGINE", "sqlite")

WORDS = {
    "sqlite": {
        "nil": "zeroblob(16)", "long_ago": "1", "in_half_a_minute": "(unixepoch() + 30) * 1000000",
        "over_an_hour": "3601000000", "at_micros": "at", "completed_micros": "completed_at",
        "seconds_to_start": "(started_at - created_at) / 1e6",
    },
    "postgres": {
        "nil": "'00000000-0000-0000-0000-000000000000'::uuid", "long_ago": "'1970-01-01 00:00:00+00'",
        "in_half_a_minute": "now() + interval '30 seconds'", "over_an_hour": "interval '3601 seconds'",
        "at_micros": "(extract(epoch FROM at) * 1000000)::bigint",
        "completed_micros": "(extract(epoch FROM completed_at) * 1000000)::bigint",
        "seconds_to_start": "extract(epoch FROM started_at - created_at)",
    },
}


def expand(query, words):
    return re.sub(r"\{(\w+)\}", lambda match: words[match.group(1)], query)


def raw(value):
    """The bytes of an id or a digest, whichever engine it came from."""
    if isinstance(value, bytes):
        return value
    return bytes.fromhex(value[2:]) if value.startswith("\\x") else uuid.UUID(value).bytes


def id_text(value):
    """An id as it stands in an address."""
    return str(uuid.UUID(bytes=raw(value)))


class Found(list):
    """The rows of a query."""

    def fetchall(self):
        return self

    def fetchone(self):
        return self[0] if self else None


class SqliteSession:
    def __init__(self, path, timeout=60):
        self.url = "sqlite:" + path
        self.connection = sqlite3.connect(path, timeout=timeout, isolation_level=None)

    def execute(self, query, values=(), **words):
        return Found(self.connection.execute(expand(query, {**WORDS["sqlite"], **words}), values))

    def troubles(self):
        """What the engine itself finds wrong with its database."""
        found = []
        check = self.execute("PRAGMA integrity_check")
        if check != [("ok",)]:
            found.append(f"the database file: {check[:3]}")
        keys = self.execute("PRAGMA foreign_key_check")
        if keys:
            found.append(f"foreign keys: {keys[:3]}")
        return found

    def close(self):
        self.connection.close()


class SessionLost(Exception):
    """psql has ended: its connection was cut or could not be made."""


def literal(value):
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"'{value.hex()}'"  # an id: PostgreSQL reads it without its dashes
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(int(value)) if isinstance(value, (bool, int)) else repr(value)


def cell(value):
    return int(value) if isinstance(value, bool) else value


def json_row(line):
    """A tuple; two columns of one name stay two."""
    return tuple(cell(value) for _, value in json.loads(line, object_pairs_hook=list))


class PostgresSession:
    END = "--end of what was asked--"

    def __init__(self, url):
        self.url = url
        self.psql = subprocess.Popen(
            [os.path.join(postgres.find_programs(), "psql"), "-X", "-A", "-t", "-q", "-d", url],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env={**os.environ, "PGAPPNAME": "crash test"})
        try:
            self.execute("SET extra_float_digits = 3")
        except SessionLost:
            self.close()
            raise

    def _ask(self, statement):
        try:
            self.psql.stdin.write(f"{statement};\n\\echo '{self.END}' :ERROR :LAST_ERROR_MESSAGE\n")
            self.psql.stdin.flush()
        except BrokenPipeError:
            raise SessionLost from None
        lines = []
        for line in self.psql.stdout:
            if line.startswith(self.END):
                break
            lines.append(line)
        else:
            raise SessionLost
        error, _, message = line[len(self.END):].strip().partition(" ")
        if error == "true":
            raise AssertionError(f"{message}\nin {statement}")
        return lines

    def execute(self, query, values=(), **words):
        query = expand(query, {**WORDS["postgres"], **words})
        values = iter(values)
        query = re.sub(r"\?", lambda _: literal(next(values)), query)
        if not re.match(r"\s*(SELECT|WITH)\b", query):
            return Found(self._ask(query))
        return Found(json_row(line) for line in self._ask(f"SELECT row_to_json(q) FROM ({query}) q"))

    def troubles(self):
        """What the engine itself finds wrong with its indexes. Foreign keys it watches over, and a test
        counts what has no counterpart besides."""
        self.execute("CREATE EXTENSION IF NOT EXISTS amcheck")
        try:
            self.execute("SELECT bt_index_check(i.indexrelid, TRUE) FROM pg_index i "
                         "JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam "
                         "JOIN pg_namespace n ON n.oid = c.relnamespace "
                         "WHERE n.nspname = 'public' AND m.amname = 'btree' AND i.indisvalid")
        except AssertionError as error:
            return [f"an index: {error}"]
        return []

    def close(self):
        self.psql.stdin.close()
        self.psql.stdout.close()
        self.psql.wait()


# --- databases ---------------------------------------------------------------------------------------

CLUSTER_SETTINGS = {
    "synchronous_commit": "on",  # what was answered must be there after an immediate stop
    "deadlock_timeout": "200ms",
}
_cluster = None
_databases = 0


def cluster():
    """The PostgreSQL of this test file, started at the first use."""
    global _cluster
    if _cluster is None:
        _cluster = postgres.Cluster(CLUSTER_SETTINGS)
        atexit.register(_cluster.close)
    return _cluster


def new_database(template=None, name=None):
    """Its name. Whoever still hangs on the template is cut off: processes that were killed a moment ago."""
    global _databases
    _databases += 1
    name = name or f"crash{_databases}"
    if template is not None:
        cut(template)
    cluster().create(name, template)
    return name


def cut(database):
    """Ends every connection to the database and waits until it is gone; gives how many there were."""
    said = cluster().psql("SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity "
                          f"WHERE datname = '{database}' AND backend_type = 'client backend'")
    return int(said)


def why_not():
    """Why the engine that is asked for cannot be tested here; None when it can."""
    if ENGINE not in WORDS:
        return f"there is no engine {ENGINE}"
    if ENGINE == "postgres" and postgres.find_programs() is None:
        return "PostgreSQL is not installed"
    return None
