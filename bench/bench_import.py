"""Importing a file, against the least that the engine itself can do to put in the same finished rows."""
import json
import os
import subprocess
import time
from dataclasses import dataclass

import client
import harness
import reference
from harness import ANNUAL, EMAIL, Failure, Result
from server import Server, Worker


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


class Backends:
    """Processor seconds of the database's own processes between two moments; None where it has none."""

    def __init__(self, engine):
        self.engine = engine
        self.before = engine.cpu()

    def used(self):
        if self.before is None:
            return None
        time.sleep(0.1)     # until those that ended are in the account of their parent
        return tuple(after - before for after, before in zip(self.engine.cpu(), self.before))


@dataclass
class Imported:
    seconds: float          # from acceptance to the end
    cpu: float              # of the process that imported
    backends: tuple         # of the database: its backends, its standing processes
    peak: float             # MiB
    sent: float = 0         # seconds until the 202
    first: float = 0        # seconds from the 202 to the first row
    job: dict = None


def by_command(data, csv, database, *options):
    place = data.place
    data.engine.settle()
    backends = Backends(data.engine)
    child = place.start(place.binary, "import", csv, "--type", "annual", "--user", EMAIL, "--spool",
                        place.directory, "--db", data.engine.url(database), "--json", *options,
                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    watched = Watched(child)
    said, complaint = child.communicate()
    place.end(child)
    if child.returncode != 0:
        raise Failure("import gave %d: %s" % (child.returncode, complaint[-500:]))
    job = json.loads(said)["job"]
    return Imported(data.engine.job_seconds(database, job["id"]), watched.cpu, backends.used(), watched.peak,
                    job=job)


def first_row(visitor, accepted):
    """Seconds from the 202 until a list shows a row; it is asked for every 5 ms."""
    while not visitor.get(ANNUAL + "?limit=1")["predictions"]:
        if time.time() - accepted > harness.PATIENCE:
            raise Failure("no row appears")
        time.sleep(0.005)
    return time.time() - accepted


def by_upload(data, csv, database):
    """The end is the time that the job notes: asking often would disturb."""
    data.engine.settle()
    with Server(data, database) as server:
        visitor = server.client()
        backends, cpu = Backends(data.engine), harness.cpu_seconds(server.pid)
        sent = time.time()
        accepted, job_id = visitor.upload(csv)
        first = first_row(visitor, accepted)
        job = visitor.wait_for_job(job_id, 0.1)
        used = Imported(0, harness.cpu_seconds(server.pid) - cpu, backends.used(),
                        harness.memory(server.pid, "VmHWM"), accepted - sent, first, job)
    used.seconds = client.epoch(job["timestamps"]["completed_at"]) - accepted
    return used


def first_by_worker(data, csv, database):
    """Seconds from the 202 to the first row where a worker of its own does the work; it is not waited for the
    others."""
    data.engine.settle()
    with Server(data, database, "--workers", "0") as server, Worker(data, database):
        visitor = server.client()
        accepted, _ = visitor.upload(csv)
        return first_row(visitor, accepted)


def stored(data, database, csv, rows):
    sizes, bare = data.engine.sizes(database), data.engine.sizes("reference")
    if sizes is None:
        return
    chunks = sum(size for name, size in sizes.items() if name.startswith("bulk_upload_files"))
    table = sum(size for name, size in bare.items() if name.startswith("annual_predictions"))
    whole = sum(sizes.values())
    yield Result("import", "stored per row, all but the file", (whole - chunks) / rows, "B", table / rows,
                 "bare table with its indexes", 1.2,
                 note="; ".join("%s %.0f" % (name.replace("annual_predictions", "…"), size / rows)
                                for name, size in sorted(sizes.items(), key=lambda s: -s[1])
                                if size / rows >= 1))
    yield Result("import", "the stored file, per row", chunks / rows, "B", os.path.getsize(csv) / rows,
                 "the CSV", 0.2)


def each(values):
    return " ".join("%.1f" % value for value in values)


def run(data, repeat):
    rows = data.rows
    csv = data.csv(rows)
    bare = reference.of(data)
    commands, uploads, loops, records, apart = [], [], [], [], []
    for _ in range(repeat):
        commands.append(by_command(data, csv, data.empty("command")))
        bare.prepare("command")
        loops.append(bare.run())
        uploads.append(by_upload(data, csv, data.empty("upload")))
        records.append(bare.record())
        loops.append(bare.run())
        apart.append(first_by_worker(data, csv, data.empty("upload")))
    data.engine.remove("upload")

    limit = harness.median([one["seconds"] for one in loops])
    yield from times(bare, limit, commands, uploads, loops, records)
    yield from processor(bare, commands, uploads, loops)
    yield Result("import", "sending and accepting the file", harness.median([u.sent for u in uploads]), "s")
    yield Result("import", "from 202 to the first row", 1000 * harness.median([u.first for u in uploads]), "ms",
                 limit=50, note="each: " + each(1000 * u.first for u in uploads))
    yield Result("import", "… with a separate obligor worker", 1000 * harness.median(apart), "ms", limit=1000,
                 note="each: " + each(1000 * one for one in apart))
    yield Result("import", "peak memory, obligor import", max(c.peak for c in commands), "MiB", limit=100)
    yield Result("import", "peak memory, server", max(u.peak for u in uploads), "MiB", limit=100)
    yield from stored(data, "command", csv, rows)
    data.engine.remove("command")
    bare.close()
    yield from half_duplicates(data, csv, limit, bare.what)


def times(bare, limit, commands, uploads, loops, records):
    yield Result("import", "from 202 to completed, over HTTP", harness.median([u.seconds for u in uploads]), "s",
                 limit, bare.what, bare.limit, note="uploads %s; reference %s" % (
                     each(u.seconds for u in uploads), each(one["seconds"] for one in loops)))
    yield Result("import", "accepted to completed, obligor import", harness.median([c.seconds for c in commands]),
                 "s", limit, bare.what, bare.limit, note="each: " + each(c.seconds for c in commands))
    yield Result("import", bare.record_what, harness.median([one["seconds"] for one in records]), "s", limit,
                 bare.what, note="each: " + each(one["seconds"] for one in records))


def processor(bare, commands, uploads, loops):
    limit = harness.median([one["cpu_seconds"] for one in loops])
    yield Result("import", "processor time, obligor import", harness.median([c.cpu for c in commands]), "s",
                 limit, bare.what, note="with reading, scoring and taking the file in; the server %.1f" %
                 harness.median([u.cpu for u in uploads]))
    if commands[0].backends is None:
        return
    for what, turns in (("obligor import", commands), ("over HTTP", uploads)):
        yield Result("import", "processor time of the backends, " + what,
                     harness.median([one.backends[0] for one in turns]), "s", limit, bare.what,
                     note="and %.1f s of the cluster's standing processes (checkpoints, log, vacuum's launcher)" %
                     harness.median([one.backends[1] for one in turns]))


def half_duplicates(data, csv, limit, what):
    """Every other row of the file has a key that is held: ten years of the twenty of each company."""
    rows = data.rows
    before = data.csv(rows // 2, "--years", "10")
    data.import_file(data.empty("half"), before)
    for mode in ("reject", "skip"):
        twice = by_command(data, csv, data.copy("half", "twice"), "--on-duplicate", mode)
        job = twice.job
        held = job["failed_rows"] + job["skipped_rows"] + job["unchanged_rows"]
        if abs(held - rows // 2) > rows // 100:
            raise Failure("%d of %d rows were duplicates" % (held, rows))
        yield Result("import", "half duplicates, on_duplicate=" + mode, twice.seconds, "s", limit, what, 1.5,
                     note="%d failed, %d skipped, %d unchanged; peak %.0f MiB" %
                     (job["failed_rows"], job["skipped_rows"], job["unchanged_rows"], twice.peak))
    data.engine.remove("twice")
    data.engine.remove("half")
