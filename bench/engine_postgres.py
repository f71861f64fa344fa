"""PostgreSQL for the benchmarks: one private cluster that keeps what it commits, unlike that of the tests, and
a database in it for each name. It is read through psql."""
import os
import re
import subprocess
import sys
import tempfile
import time

import harness
from harness import PATIENCE, SOURCE, Failure
from statements import JOB_OF, JOB_SECONDS, ONE_ROW

sys.path.append(os.path.join(SOURCE, "tests", "support"))
import postgres

POINT_READ = """\\set row random(2, %d)
SELECT p.*, c.symbol, c.name FROM annual_predictions p
JOIN companies c ON c.owner_id = p.owner_id AND c.id = p.company_id
WHERE p.owner_id = '%s' AND p.job_id = '%s' AND p.job_row = :row;
"""


class Postgres:
    name = "postgres"
    SETTINGS = {
        "fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "shared_buffers": "512MB",
        "max_wal_size": "4GB", "checkpoint_timeout": "15min", "max_connections": "100",
    }
    BACKGROUND = ("checkpointer", "background writer", "walwriter", "autovacuum", "logical replication")

    def __init__(self, place, parent=None):
        if postgres.find_programs() is None:
            raise Failure("PostgreSQL is not installed")
        self.place = place
        self.made = set()
        self.cluster = None
        place.engine = self     # from now on a cluster is stopped, however the run ends
        before, tempfile.tempdir = tempfile.tempdir, parent   # the cluster makes its directory there
        try:
            self.cluster = postgres.Cluster(self.SETTINGS)
        except AssertionError as error:
            raise Failure(str(error)) from error
        finally:
            tempfile.tempdir = before
        with open(os.path.join(self.cluster.data, "postmaster.pid"), encoding="ascii") as file:
            self.postmaster = int(file.readline())

    def conditions(self):
        return {"engine": self.name, "postgres": self.psql("SHOW server_version").strip(),
                "settings": {**postgres.SETTINGS, **self.SETTINGS}}

    def psql(self, statement, database="postgres"):
        try:
            return self.cluster.psql(statement, database)
        except AssertionError as error:
            raise Failure(str(error)[:500]) from error

    def command(self, statement, database):
        """psql as a process of its own, for what is timed or runs beside something."""
        return self.place.start(os.path.join(self.cluster.programs, "psql"), "-X", "-q", "-v",
                                "ON_ERROR_STOP=1", "-d", self.url(database), "-c", statement,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def wait(self, child):
        complaint = child.communicate(timeout=PATIENCE)[1]
        self.place.end(child)
        if child.returncode != 0:
            raise Failure("psql: %s" % complaint.strip()[-500:])

    def url(self, database):
        return self.cluster.url(database)

    def exists(self, database):
        return database in self.made

    def create(self, database, template=None):
        # Copied as files: a large template would go through the log row by row.
        self.remove(database)
        self.psql("CREATE DATABASE %s%s" % (database, " TEMPLATE %s STRATEGY file_copy" % template
                                            if template else ""))
        self.made.add(database)

    def copy(self, source, database):
        self.create(database, source)

    def rename(self, source, database):
        self.psql("ALTER DATABASE %s RENAME TO %s" % (source, database))
        self.made.discard(source)
        self.made.add(database)

    def remove(self, database):
        self.psql("DROP DATABASE IF EXISTS %s WITH (FORCE)" % database)
        self.made.discard(database)

    def settle(self, database=None):
        """What was written before is on the disk before anything is timed."""
        self.psql("CHECKPOINT")
        os.sync()
        time.sleep(0.2)

    def tidy(self, database):
        """What autovacuum would have done by itself in a quiet night."""
        self.psql("VACUUM (ANALYZE)", database)

    def cpu(self):
        """(processor seconds of all backends so far, those of the cluster's standing processes). A backend
        that has ended is in its postmaster's account."""
        while True:
            backends = background = 0.0
            try:
                for pid in harness.children_of(self.postmaster):
                    title, used = harness.title(pid), harness.cpu_seconds(pid)
                    if any(word in title for word in self.BACKGROUND):
                        background += used
                    else:
                        backends += used
            except OSError:     # one ended meanwhile
                continue
            return backends + harness.cpu_seconds(self.postmaster, True), background

    def numbers(self, database, statement):
        """One row of numbers, read beside Obligor."""
        row = self.psql(statement, database).strip().split("|")
        return tuple(float(value) if "." in value else int(value) for value in row)

    def job_seconds(self, database, job_id):
        return float(self.numbers(database, JOB_SECONDS % (
            "extract(epoch FROM j.completed_at)", "extract(epoch FROM a.at)", "'%s'" % job_id))[0])

    def ids(self, database, step):
        """Every so many-th prediction, as an address has it."""
        return self.psql("SELECT id FROM annual_predictions WHERE job_row %% %d = 0" % step, database).split()

    def copies(self, database, table, count, shown):
        """So many copies of a table's rows, each with an id of its own; the ids of some of all."""
        names = self.psql("SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND"
                          " table_name = '%s' ORDER BY ordinal_position" % table, database).split()
        self.psql("INSERT INTO %s (%s) SELECT %s FROM %s, generate_series(1, %d)" % (
            table, ", ".join(names), ", ".join("gen_random_uuid()" if name == "id" else name for name in names),
            table, count), database)
        return self.psql("SELECT id FROM %s ORDER BY random() LIMIT %d" % (table, shown), database).split()

    def sizes(self, database):
        """{table or index: bytes}; a table's with what is stored out of line."""
        said = self.psql("SELECT relname, CASE relkind WHEN 'r' THEN pg_table_size(oid) ELSE pg_relation_size(oid)"
                         " END FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i')",
                         database)
        return {name: int(size) for name, size in re.findall(r"^(\w+)\|(\d+)$", said, re.M)}

    def raw_delete(self, database, job_id):
        """Seconds of one bare DELETE of a job's rows, with statistics at hand."""
        self.psql("ANALYZE annual_predictions", database)
        self.settle()
        quoted = "'%s'" % job_id
        start = time.perf_counter()
        self.wait(self.command("DELETE FROM annual_predictions WHERE " + JOB_OF % (quoted, quoted), database))
        return time.perf_counter() - start

    def pgbench(self, database, script, *options):
        """(transactions a second, seconds of one)"""
        path = self.place.path("pgbench.sql")
        with open(path, "w", encoding="ascii") as file:
            file.write(script)
        said = self.place.run(os.path.join(self.cluster.programs, "pgbench"), "-n", "-M", "prepared", "-f", path,
                              *options, self.url(database))
        rate = re.search(r"^tps = ([\d.]+)", said, re.M)
        latency = re.search(r"^latency average = ([\d.]+) ms", said, re.M)
        if not rate or not latency:
            raise Failure("pgbench says: " + said[-300:])
        return float(rate.group(1)), float(latency.group(1)) / 1000

    def point_reads(self, database, rows, clients, seconds):
        """Of single predictions, a second, without anything before the database."""
        owner, job = self.psql("SELECT owner_id, id FROM bulk_upload_jobs", database).strip().split("|")
        return self.pgbench(database, POINT_READ % (rows + 1, owner, job), "-c", str(clients), "-j", "2",
                            "-T", str(seconds))[0]

    def bare_commits(self, database, count):
        """Seconds of a transaction that puts one row into a small table."""
        nil = "'00000000-0000-0000-0000-000000000000'"
        return self.pgbench(database, ONE_ROW % (nil, "gen_random_uuid()", nil) + ";\n", "-t", str(count))[1]

    def close(self):
        if self.cluster is not None:
            self.cluster.close()
