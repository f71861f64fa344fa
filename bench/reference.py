"""What an import is measured against: the finished rows, put into the same table by the least that the engine
itself can do. Parents of the rows (companies, the job, the model) are there already."""
import json
import os
import time

from harness import Failure

TABLE = "annual_predictions"


class SqliteLoop:
    """sqlite_reference.c: prepared inserts, committing where the import committed."""
    limit = 1.25
    record_what = "the loop in one transaction, for the record"

    def __init__(self, data):
        self.data = data
        self.what = "loop"

    def prepare(self, database):
        """Takes the rows out of a database into which a file was imported."""
        self.source = database

    def run(self, *options):
        """{"seconds", "cpu_seconds"}"""
        data = self.data
        data.migrated("reference")
        data.engine.settle()
        said = json.loads(data.place.run(data.place.reference, data.engine.path(self.source),
                                         data.engine.path("reference"), "annual", *options))
        if not options:
            self.what = "loop, %d transactions" % said["transactions"]
        return said

    def record(self):
        return self.run("--transaction", "all")

    def close(self):
        self.data.engine.remove("reference")


class PostgresCopy:
    """One raw \\copy of the finished rows from a binary file, by psql; for the record two at once, half the rows
    each. Each goes into a copy of a database that lacks the predictions alone."""
    limit = 1.0
    what = "one raw \\copy"
    record_what = "\\copy by two connections, for the record"

    def __init__(self, data):
        self.data = data
        self.engine = data.engine

    def file(self, part):
        return self.data.place.path("finished-%s.bin" % part)

    def prepare(self, database):
        """Takes the rows out of a database into which a file was imported. Once is enough: the next import of
        the file makes the same rows."""
        if self.engine.exists("parents"):
            return
        engine = self.engine
        middle = engine.numbers(database, "SELECT (min(job_row) + max(job_row)) / 2 FROM " + TABLE)[0]
        for part, where in (("all", "true"), ("first", "job_row <= %d" % middle),
                            ("second", "job_row > %d" % middle)):
            engine.psql("\\copy (SELECT * FROM %s WHERE %s ORDER BY job_row) TO '%s' (FORMAT binary)" %
                        (TABLE, where, self.file(part)), database)
        engine.copy(database, "parents")
        engine.psql("TRUNCATE " + TABLE, "parents")
        engine.tidy("parents")
        self.rows = engine.numbers(database, "SELECT count(*) FROM " + TABLE)[0]

    def copy(self, *parts):
        engine = self.engine
        engine.copy("parents", "reference")
        engine.settle()
        cpu, start = engine.cpu()[0], time.perf_counter()
        children = [engine.command("\\copy %s FROM '%s' (FORMAT binary)" % (TABLE, self.file(part)), "reference")
                    for part in parts]
        for child in children:
            engine.wait(child)
        took = time.perf_counter() - start
        time.sleep(0.1)     # until the backends are in the postmaster's account
        used = engine.cpu()[0] - cpu
        if engine.numbers("reference", "SELECT count(*) FROM " + TABLE)[0] != self.rows:
            raise Failure("the reference has not got all rows")
        return {"seconds": took, "cpu_seconds": used}

    def run(self):
        return self.copy("all")

    def record(self):
        return self.copy("first", "second")

    def close(self):
        for name in ("reference", "parents"):
            self.engine.remove(name)
        for part in ("all", "first", "second"):
            if os.path.exists(self.file(part)):
                os.remove(self.file(part))


def of(data):
    return SqliteLoop(data) if data.engine.name == "sqlite" else PostgresCopy(data)
