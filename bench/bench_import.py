"""Importing a file, against a bare loop of prepared inserts of the same finished rows."""
import json
import os
import subprocess
import time

import harness
from harness import ANNUAL, EMAIL, Failure, Result, Server


class Watched:
    """The highest memory of a process and its processor time, looked at every 20 ms until it ends."""

    def __init__(self, child):
        self.peak = self.cpu = 0.0
        while child.poll() is None:
            self.peak = max(self.peak, harness.memory(child.pid, "VmHWM") or 0)
            try:
                self.cpu = harness.cpu_seconds(child.pid)
            except (OSError, IndexError):
                pass
            time.sleep(0.02)


def by_command(data, csv, database, *options):
    """(seconds from acceptance to the end, processor seconds of the command, peak MiB, counts)"""
    place = data.place
    harness.settle()
    child = place.start(place.binary, "import", csv, "--type", "annual", "--user", EMAIL, "--spool",
                        place.directory, "--db", "sqlite:" + place.path(database), "--json", *options,
                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    watched = Watched(child)
    said, complaint = child.communicate()
    place.end(child)
    if child.returncode != 0:
        raise Failure("import gave %d: %s" % (child.returncode, complaint[-500:]))
    job = json.loads(said)["job"]
    return data.seconds_of(database, job["id"]), watched.cpu, watched.peak, job


def by_upload(data, csv, database):
    """(seconds from the 202 to the end, seconds of the upload itself, seconds to the first row, peak MiB)

    The end is the time that the job notes: asking often would disturb. For the first row the newest
    prediction is asked for, every 5 ms until there is one."""
    harness.settle()
    with Server(data.place, database) as server:
        client = server.client()
        sent = time.time()
        accepted, job_id = client.upload(csv)
        while not client.get(ANNUAL + "?limit=1")["predictions"]:
            time.sleep(0.005)
        first = time.time()
        job = client.wait_for_job(job_id, 0.1)
        peak = harness.memory(server.pid, "VmHWM")
    ended = harness.epoch(job["timestamps"]["completed_at"])
    return ended - accepted, accepted - sent, first - accepted, peak


def loop(data, source, *options):
    """The reference, into a fresh database that holds what the rows refer to."""
    place = data.place
    place.remove("reference.db")
    data.run("reference.db", "migrate")
    harness.settle()
    said = place.run(place.reference, place.path(source), place.path("reference.db"), "annual", *options)
    return json.loads(said)


def pages(data, database):
    """{table or index: bytes}"""
    import sqlite3
    connection = sqlite3.connect("file:%s?mode=ro" % data.place.path(database), uri=True)
    try:
        return dict(connection.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"))
    except sqlite3.OperationalError: # this SQLite has no dbstat
        return None
    finally:
        connection.close()


def stored(data, database, csv, rows):
    sizes = pages(data, database)
    if sizes is None:
        return
    table = sum(size for name, size in sizes.items() if name.startswith("annual_predictions"))
    chunks = sum(size for name, size in sizes.items() if name.startswith("bulk_upload_files"))
    bare = sum(size for name, size in pages(data, "reference.db").items()
               if name.startswith("annual_predictions"))
    whole = sum(sizes.values())
    yield Result("import", "stored per row, all but the file", (whole - chunks) / rows, "B", bare / rows,
                 "bare table with its indexes", 1.2,
                 note="; ".join("%s %.0f" % (name.replace("annual_predictions", "…"), size / rows)
                                for name, size in sorted(sizes.items(), key=lambda s: -s[1])
                                if size / rows >= 1))
    yield Result("import", "the stored file, per row", chunks / rows, "B", os.path.getsize(csv) / rows,
                 "the CSV", 0.2)


def run(data, repeat):
    rows = data.rows
    csv = data.csv(rows)
    commands, uploads, loops, single = [], [], [], []
    for turn in range(repeat):
        commands.append(by_command(data, csv, data.empty("command.db")))
        loops.append(loop(data, "command.db"))
        uploads.append(by_upload(data, csv, data.empty("upload.db")))
        single.append(loop(data, "command.db", "--transaction", "all"))
        loops.append(loop(data, "command.db"))
    bare = harness.median([one["seconds"] for one in loops])
    bare_cpu = harness.median([one["cpu_seconds"] for one in loops])
    batches = "loop, %d transactions" % loops[0]["transactions"]
    spread = "loops " + " ".join("%.1f" % one["seconds"] for one in loops)
    yield Result("import", "from 202 to completed, over HTTP", harness.median([u[0] for u in uploads]), "s",
                 bare, batches, 1.25,
                 note="%s; uploads %s" % (spread, " ".join("%.1f" % u[0] for u in uploads)))
    yield Result("import", "accepted to completed, obligor import", harness.median([c[0] for c in commands]),
                 "s", bare, batches, 1.25, note=" ".join("%.1f" % c[0] for c in commands))
    yield Result("import", "processor time, obligor import", harness.median([c[1] for c in commands]), "s",
                 bare_cpu, batches, note="with reading, scoring and taking the file in")
    yield Result("import", "one transaction, for the record", harness.median([s["seconds"] for s in single]),
                 "s", bare, batches)
    yield Result("import", "sending and accepting the file", harness.median([u[1] for u in uploads]), "s")
    yield Result("import", "from 202 to the first row", 1000 * harness.median([u[2] for u in uploads]), "ms",
                 limit=50)
    yield Result("import", "peak memory, obligor import", max(c[2] for c in commands), "MiB", limit=100)
    yield Result("import", "peak memory, server", max(u[3] for u in uploads), "MiB", limit=100)
    yield from stored(data, "command.db", csv, rows)
    for name in ("command.db", "upload.db", "reference.db"):
        data.place.remove(name)
    yield from half_duplicates(data, csv, bare, batches)


def half_duplicates(data, csv, bare, batches):
    """Every other row of the file has a key that is held: ten years of the twenty of each company."""
    rows = data.rows
    before = data.csv(rows // 2, "--years", "10")
    data.import_file(data.empty("half.db"), before)
    for mode in ("reject", "skip"):
        database = data.copy("half.db", "twice.db")
        took, _, peak, job = by_command(data, csv, database, "--on-duplicate", mode)
        held = job["failed_rows"] + job["skipped_rows"] + job["unchanged_rows"]
        if abs(held - rows // 2) > rows // 100:
            raise Failure("%d of %d rows were duplicates" % (held, rows))
        yield Result("import", "half duplicates, on_duplicate=" + mode, took, "s", bare, batches, 1.5,
                     note="%d failed, %d skipped, %d unchanged; peak %.0f MiB" %
                     (job["failed_rows"], job["skipped_rows"], job["unchanged_rows"], peak))
    data.place.remove("twice.db")
    data.place.remove("half.db")
