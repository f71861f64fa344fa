"""What asking for a job's status costs the database, among many jobs; and the whole request beside it."""
import json
import os
import random

import harness
from harness import JOBS, Result
from server import Server

BASE, READS, ASKED = 10_000, 20_000, 2_000
MANY, FEW = 100_000, 5_000  # jobs; the latter where it is to be quick


def run(data, repeat):
    jobs = MANY if data.rows >= 200_000 else FEW
    database = data.filled(BASE, "status")
    ids = data.engine.copies(database, "bulk_upload_jobs", jobs, ASKED)
    data.engine.tidy(database)
    data.engine.settle()
    program = os.path.join(os.path.dirname(data.place.reference), "status_read")
    turns, dice = [], random.Random(3)
    with Server(data, database) as server:
        client = server.client()
        asked = [client.timed("GET", "%s/%s/status" % (JOBS, dice.choice(ids))) for _ in range(READS // 10)]
        for _ in range(repeat):
            said = data.place.run(program, data.engine.url(database), server.token, str(READS),
                                  stdin="\n".join(ids) + "\n")
            turns.append(json.loads(said))
        client.close()
    data.engine.remove(database)
    for what, field in (("p99 of the database for one job", "job"), ("… and for who asks", "both")):
        yield Result("status", what, harness.median([turn[field]["p99"] for turn in turns]) / 1000, "ms", limit=1.0,
                     note="%s reads among %s jobs; p50 %.3f ms, highest %.1f ms" % (
                         format(READS, ","), format(jobs + 1, ","),
                         harness.median([turn[field]["p50"] for turn in turns]) / 1000,
                         max(turn[field]["highest"] for turn in turns) / 1000))
    yield Result("status", "p99 of the whole request, for the record", 1000 * harness.percentile(asked, 0.99), "ms",
                 note="%s requests; p50 %.3f ms" % (format(len(asked), ","), 1000 * harness.median(asked)))
