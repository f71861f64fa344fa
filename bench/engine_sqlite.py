"""SQLite for the benchmarks: each database is a file of the directory, with its log beside it."""
import os
import shutil
import sqlite3
import time
import uuid

from statements import JOB_OF, JOB_SECONDS, ONE_ROW


class Sqlite:
    name = "sqlite"

    def __init__(self, place):
        self.place = place

    def conditions(self):
        return {"engine": self.name, "sqlite_of_python": sqlite3.sqlite_version}

    def path(self, database):
        return self.place.path(database + ".db")

    def url(self, database):
        return "sqlite:" + self.path(database)

    def exists(self, database):
        return os.path.exists(self.path(database))

    def create(self, database):
        self.remove(database)

    def copy(self, source, database):
        self.remove(database)
        for end in ("", "-wal"):
            if os.path.exists(self.path(source) + end):
                shutil.copyfile(self.path(source) + end, self.path(database) + end)

    def rename(self, source, database):
        os.rename(self.path(source), self.path(database))
        for end in ("-wal", "-shm"):
            if os.path.exists(self.path(source) + end):
                os.rename(self.path(source) + end, self.path(database) + end)

    def remove(self, database):
        for end in ("", "-wal", "-shm"):
            if os.path.exists(self.path(database) + end):
                os.remove(self.path(database) + end)

    def settle(self, database=None):
        """What the run before left in the page cache must not be paid for by the next one."""
        os.sync()
        time.sleep(0.2)

    def tidy(self, database):
        """What the engine would have done by itself in a quiet night: nothing."""

    def cpu(self):
        """Processor seconds of the database's own processes: it has none."""
        return None

    def connect(self, database, mode="ro"):
        return sqlite3.connect("file:%s?mode=%s" % (self.path(database), mode), uri=True, timeout=30,
                               isolation_level=None)

    def numbers(self, database, statement):
        """One row, read beside Obligor."""
        connection = self.connect(database)
        try:
            return connection.execute(statement).fetchone()
        finally:
            connection.close()

    def job_seconds(self, database, job_id):
        micros = self.numbers(database, JOB_SECONDS % ("j.completed_at", "a.at", "x'%s'" % job_id.replace("-", "")))
        return micros[0] / 1e6

    def ids(self, database, step):
        """Every so many-th prediction, as an address has it."""
        connection = self.connect(database)
        try:
            rows = connection.execute("SELECT lower(hex(id)) FROM annual_predictions WHERE job_row %% %d = 0" % step)
            return ["%s-%s-%s-%s-%s" % (i[:8], i[8:12], i[12:16], i[16:20], i[20:]) for i, in rows]
        finally:
            connection.close()

    def copies(self, database, table, count, shown):
        """So many copies of a table's rows, each with an id of its own; the ids of some of all."""
        connection = self.connect(database, "rw")
        try:
            names = [row[1] for row in connection.execute("PRAGMA table_info(%s)" % table)]
            connection.execute("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
                               " INSERT INTO %s (%s) SELECT %s FROM %s, n" % (
                                   count, table, ", ".join(names), ", ".join(
                                       "randomblob(16)" if name == "id" else name for name in names), table))
            return [str(uuid.UUID(bytes=row[0])) for row in
                    connection.execute("SELECT id FROM %s ORDER BY random() LIMIT %d" % (table, shown))]
        finally:
            connection.close()

    def sizes(self, database):
        """{table or index: bytes}; None where it cannot be told."""
        connection = self.connect(database)
        try:
            return dict(connection.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"))
        except sqlite3.OperationalError:    # this SQLite has no dbstat
            return None
        finally:
            connection.close()

    def raw_delete(self, database, job_id):
        """Seconds of one bare DELETE of a job's rows."""
        connection = self.connect(database, "rw")
        try:
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute("PRAGMA cache_size=-32768")
            connection.execute("PRAGMA synchronous=NORMAL")
            blob = "x'%s'" % job_id.replace("-", "")
            start = time.perf_counter()
            connection.execute("DELETE FROM annual_predictions WHERE " + JOB_OF % (blob, blob))
            return time.perf_counter() - start
        finally:
            connection.close()

    def point_reads(self, database, rows, clients, seconds):
        """Of single predictions, a second, without anything before the database: here it is within Obligor."""
        return None

    def bare_commits(self, database, count):
        """Seconds of a transaction that puts one row into a small table."""
        connection = self.connect(database, "rw")
        try:
            connection.execute("PRAGMA synchronous=NORMAL")
            start = time.perf_counter()
            for _ in range(count):
                connection.execute(ONE_ROW % ("x'%s'" % ("00" * 16), "randomblob(16)", "x'%s'" % ("00" * 16)))
            return (time.perf_counter() - start) / count
        finally:
            connection.close()

    def close(self):
        pass
