"""One reader and writer while a large file is imported, against the same one alone; and memory."""
import random

import harness
from harness import ANNUAL, JOBS, Result, Server

BASE = 10_000
KINDS = ["GET one", "list page", "job status", "POST one"]


class Visitor:
    """Asks for one thing after the other and keeps how long each took."""

    def __init__(self, client, ids, job_id):
        self.client = client
        self.ids = ids
        self.job_id = job_id
        self.posted = 0
        self.dice = random.Random(5)

    def body(self):
        self.posted += 1
        return {"company_symbol": "M%06d" % self.posted, "company_name": "Made by Hand %d" % self.posted,
                "market_cap": 1000000 + self.posted, "sector": "Energy", "reporting_year": 2021,
                "reporting_quarter": "Q4", "long_term_debt_to_total_capital": 30.5,
                "total_debt_to_ebitda": 2.25, "net_income_margin": 7.5,
                "ebit_to_interest_expense": 4.75, "return_on_assets": 5.25}

    def round(self, times):
        client = self.client
        times["GET one"].append(client.timed("GET", "%s/%s" % (ANNUAL, self.dice.choice(self.ids))))
        times["list page"].append(client.timed("GET", ANNUAL + "?limit=50"))
        times["job status"].append(client.timed("GET", "%s/%s/status" % (JOBS, self.job_id)))
        times["POST one"].append(client.timed("POST", ANNUAL, self.body()))

    def rounds(self, count=None, until=None):
        times = {kind: [] for kind in KINDS}
        done = 0
        while done < count if until is None else not until():
            for _ in range(5):
                self.round(times)
            done += 5
        return times


def run(data, repeat):
    rounds = 100 if data.rows < 200_000 else 400
    with Server(data.place, data.filled(BASE, "during.db")) as server:
        yield Result("during", "memory of the idle server, just started", harness.memory(server.pid, "VmRSS"),
                     "MiB", limit=25)
        client, other = server.client(), server.client()
        ids = [item["id"] for item in client.get(ANNUAL + "?limit=1000")["predictions"]]
        visitor = Visitor(client, ids, client.get(JOBS)["jobs"][0]["id"])
        before = visitor.rounds(rounds)
        yield Result("during", "… after %d requests" % (4 * rounds), harness.memory(server.pid, "VmRSS"),
                     "MiB")
        _, job_id = other.upload(data.csv(data.rows, "--prefix", "D"))
        visitor.job_id = job_id
        busy = visitor.rounds(until=lambda: other.job(job_id)["status"] == "completed")
        harness.settle()
        yield Result("during", "… after the import", harness.memory(server.pid, "VmRSS"), "MiB",
                     note="highest %.1f MiB" % harness.memory(server.pid, "VmHWM"))
        after = visitor.rounds(rounds)
        client.close()
        other.close()
    data.place.remove("during.db")
    for kind in KINDS:
        idle = before[kind] + after[kind]
        p50, p99 = [[1000 * harness.percentile(times, part) for times in (busy[kind], idle)]
                    for part in (0.5, 0.99)]
        yield Result("during", "p99 of %s during an import" % kind, p99[0], "ms", p99[1],
                     "idle, before and after", 3,
                     note="%d requests; p50 %.2f ms against %.2f; highest %.1f ms against %.1f" %
                     (len(busy[kind]), p50[0], p50[1], 1000 * max(busy[kind]), 1000 * max(idle)))
