"""One reader and writer while a large file is imported, while its rows are removed, and while a restore brings them
back, against the same one alone; and memory."""
import random

import harness
from harness import ANNUAL, API, JOBS, Result
from server import Server

BASE = 10_000
KINDS = ["GET one", "list page", "job status", "POST one"]


class Maker:
    """Bodies of predictions made by hand, each of a company of its own."""

    def __init__(self, prefix):
        self.prefix = prefix
        self.made = 0

    def body(self):
        self.made += 1
        return {"company_symbol": "%s%06d" % (self.prefix, self.made),
                "company_name": "Made by Hand %d" % self.made,
                "market_cap": 1000000 + self.made, "sector": "Energy", "reporting_year": 2021,
                "reporting_quarter": "Q4", "long_term_debt_to_total_capital": 30.5,
                "total_debt_to_ebitda": 2.25, "net_income_margin": 7.5,
                "ebit_to_interest_expense": 4.75, "return_on_assets": 5.25}


class Visitor:
    """Asks for one thing after the other and keeps how long each took."""

    def __init__(self, client, ids, job_id):
        self.client = client
        self.ids = ids
        self.job_id = job_id
        self.maker = Maker("M")
        self.dice = random.Random(5)

    def round(self, times):
        client = self.client
        times["GET one"].append(client.timed("GET", "%s/%s" % (ANNUAL, self.dice.choice(self.ids))))
        times["list page"].append(client.timed("GET", ANNUAL + "?limit=50"))
        times["job status"].append(client.timed("GET", "%s/%s/status" % (JOBS, self.job_id)))
        times["POST one"].append(client.timed("POST", ANNUAL, self.maker.body()))

    def rounds(self, count=None, until=None):
        """So many rounds, or as fit until `until()` holds, five at least."""
        times = {kind: [] for kind in KINDS}
        done, over = 0, False
        while not over:
            for _ in range(5):
                self.round(times)
            done += 5
            over = done >= count if until is None else until()
        return times


def until_done(client, visitor, deletion_id):
    """What the visitor meets until a deletion, or a restore, has ended."""
    address = "%s/deletions/%s" % (API, deletion_id)
    return visitor.rounds(until=lambda: client.get(address)["deletion"]["state"] == "done")


def busy_times(data, server, visitor):
    """What the visitor met while something went on: {what: {kind: seconds}}"""
    other, before = server.client(), visitor.job_id
    _, job_id = other.upload(data.csv(data.rows, "--prefix", "D"))
    visitor.job_id = job_id
    met = {"an import": visitor.rounds(until=lambda: other.job(job_id)["status"] == "completed")}
    visitor.job_id = before     # the other one is about to be gone
    answer = other.call("DELETE", "%s/%s?delete_predictions=true" % (JOBS, job_id),
                        headers={"Prefer": "respond-async"})
    met["a deletion"] = until_done(other, visitor, answer["deletion_id"])
    answer = other.call("POST", "%s/%s/restore" % (JOBS, job_id), headers={"Prefer": "respond-async"})
    met["a restore"] = until_done(other, visitor, answer["deletion"]["id"])
    other.close()
    return met


def run(data, repeat):
    rounds = 100 if data.rows < 200_000 else 400
    database = data.filled(BASE, "during")
    data.engine.tidy(database)
    data.engine.settle()
    with Server(data, database) as server:
        yield Result("during", "memory of the idle server, just started", harness.memory(server.pid, "VmRSS"),
                     "MiB", limit=25)
        client = server.client()
        ids = [item["id"] for item in client.get(ANNUAL + "?limit=1000")["predictions"]]
        visitor = Visitor(client, ids, client.get(JOBS)["jobs"][0]["id"])
        idle = visitor.rounds(rounds)
        yield Result("during", "… after %d requests" % (4 * rounds), harness.memory(server.pid, "VmRSS"),
                     "MiB")
        met = busy_times(data, server, visitor)
        data.engine.settle()
        yield Result("during", "… after import, deletion and restore", harness.memory(server.pid, "VmRSS"), "MiB",
                     note="highest %.1f MiB" % harness.memory(server.pid, "VmHWM"))
        for kind, times in visitor.rounds(rounds).items():
            idle[kind] += times
        client.close()
    data.engine.remove(database)
    for what, busy in met.items():
        for kind in KINDS:
            yield compared("p99 of %s during %s" % (kind, what), busy[kind], idle[kind])


def compared(what, busy, idle):
    p50, p99 = [[1000 * harness.percentile(times, part) for times in (busy, idle)] for part in (0.5, 0.99)]
    return Result("during", what, p99[0], "ms", p99[1], "idle, before and after", 3,
                  note="%d requests; p50 %.2f ms against %.2f; highest %.1f ms against %.1f" %
                  (len(busy), p50[0], p50[1], 1000 * max(busy), 1000 * max(idle)))
