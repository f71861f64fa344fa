"""Files and databases, each made when it is first asked for."""
import json
import os
import sys

import filling
from harness import EMAIL, PASSWORD, SOURCE


class Data:
    def __init__(self, place, engine, rows, list_rows):
        self.place = place
        self.engine = engine
        self.rows = rows
        self.list_rows = list_rows
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
        return self.place.run(self.place.binary, *words, "--db", self.engine.url(database), stdin=stdin)

    def migrated(self, name):
        """A database with the schema alone."""
        self.engine.create(name)
        self.run(name, "migrate")
        return name

    def empty(self, name):
        """A database with a user and the models, and nothing else."""
        if not self.engine.exists("empty"):
            self.migrated("emptying")
            self.run("emptying", "user", "add", "--email", EMAIL, "--role", "user", "--verified",
                     "--password-stdin", stdin=PASSWORD + "\n")
            for kind in ("annual", "quarterly"):
                self.run("emptying", "model", "add",
                         os.path.join(SOURCE, "models", kind + "-default.json"), "--activate")
            self.engine.rename("emptying", "empty")
        return self.copy("empty", name)

    def copy(self, source, name):
        self.engine.copy(source, name)
        return name

    def filled(self, rows, name):
        """A copy of a database into which a file of so many rows was imported."""
        made = "filled_%d" % rows
        if not self.engine.exists(made):
            self.empty("filling")
            self.import_seconds[rows] = self.import_file("filling", self.csv(rows))
            self.engine.rename("filling", made)
        return self.copy(made, name)

    def many(self):
        """The name of the database of the long lists: not a copy, for it may be too large for one."""
        if self.engine.name == "sqlite" or self.list_rows <= self.rows:
            return self.filled(self.list_rows, "many")
        if not self.engine.exists("many"):
            filling.fill(self, "filling", self.list_rows // self.rows)
            self.engine.rename("filling", "many")
        return "many"

    def import_file(self, database, csv, *options):
        """Seconds from the job's acceptance to its end, by the command line."""
        said = self.run(database, "import", csv, "--type", "annual", "--user", EMAIL, "--spool",
                        self.place.directory, "--json", *options)
        return self.engine.job_seconds(database, json.loads(said)["job"]["id"])
