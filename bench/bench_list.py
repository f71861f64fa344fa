"""Pages of 50 out of few and out of many rows, from the places where a reader may be in the list."""
import random
import time
import urllib.parse

import harness
from harness import ANNUAL, API, JOBS, Failure, Result
from server import Server

FEW = 10_000
PAGE = 50
LEAST, LONGEST = 50, 15.0   # a line that is slow has fewer requests: no more than fit into so many seconds
# What is asked for while something else goes on.
MIX = ["", "&reporting_year=2015", "&sort=probability&reporting_year=2015"]


def queries(client):
    """{name: what stands behind ?limit=50}; the values are those of the database at hand."""
    middle = client.get(ANNUAL + "?page=100&size=50")["predictions"][0]
    text = urllib.parse.quote
    return {
        "unfiltered": "",
        "page=10&size=50": None,
        "company_symbol, one company": "&company_symbol=" + text(middle["company_symbol"]),
        "company_symbol, a part of many": "&company_symbol=C00",
        "company_id": "&company_id=" + middle["company_id"],
        "sector": "&sector=" + text(middle["sector"]),
        "reporting_year": "&reporting_year=2015",
        "reporting_quarter": "&reporting_quarter=Q4",
        "risk_level": "&risk_level=" + middle["risk_level"],
        "job_id": "&job_id=" + middle["job_id"],
        "source": "&source=bulk_upload",
        "source, none there": "&source=manual",
        "created_by": "&created_by=me",
        "created_after": "&created_after=" + text(middle["created_at"]),
        "created_before": "&created_before=" + text(middle["created_at"]),
        "probability_min": "&probability_min=0.05",
        "probability_max": "&probability_max=0.02",
        "access_level": "&access_level=personal",
        "sort=probability": "&sort=probability&reporting_year=2015",
        "sort=probability&order=asc": "&sort=probability&order=asc&reporting_year=2015",
    }


def cursors(client, query, most):
    """The places behind the first, the second … thousand; the beginning too."""
    found = [""]
    place = ""
    while len(found) < most:
        answer = client.get("%s?limit=1000%s%s" % (ANNUAL, query, place))
        if not answer["pagination"]["has_more"]:
            break
        place = "&cursor=" + urllib.parse.quote(answer["pagination"]["next_cursor"])
        found.append(place)
    return found


def targets(client, query, most):
    if query is None:
        return ["%s?page=%d&size=%d" % (ANNUAL, page, PAGE) for page in range(1, 21)]
    return ["%s?limit=%d%s%s" % (ANNUAL, PAGE, query, place) for place in cursors(client, query, most)]


def must_be_sound(data, database, client, rows):
    """However the rows came in, the program must find all of them, and its own account of their jobs be right."""
    total = client.get(ANNUAL + "?limit=1&include_total=true")["pagination"]["total"]
    held = data.engine.numbers(database, "SELECT count(*) FROM annual_predictions WHERE is_current")[0]
    if not total == held == rows:
        raise Failure("the list counts %d rows and the table holds %d instead of %d" % (total, held, rows))
    oldest = client.get(JOBS + "?limit=1000")["jobs"][-1]
    preview = client.get("%s/%s/deletion-preview" % (JOBS, oldest["id"]))
    listed = client.get("%s?limit=%d&job_id=%s" % (ANNUAL, PAGE, oldest["id"]))
    if preview["deleted_predictions"]["annual"] != oldest["progress"]["successful_rows"] or \
            len(listed["predictions"]) != PAGE:
        raise Failure("the oldest job does not know its rows")


def by_size(data, requests, places):
    """Few rows and many, asked in turn, so that what else the machine does meets both alike."""
    with Server(data, "few") as few_server, Server(data, "many") as many_server:
        few, many = few_server.client(), many_server.client()
        must_be_sound(data, "few", few, FEW)
        must_be_sound(data, "many", many, data.list_rows)
        few_queries, many_queries = queries(few), queries(many)
        for name in few_queries:
            few_targets = targets(few, few_queries[name], places)
            many_targets = targets(many, many_queries[name], places)
            few_times, many_times = [], []
            dice = random.Random(7)
            until = time.monotonic() + LONGEST
            while len(few_times) < requests and (time.monotonic() < until or len(few_times) < LEAST):
                few_times.append(few.timed("GET", dice.choice(few_targets)))
                many_times.append(many.timed("GET", dice.choice(many_targets)))
            yield name, few_times, many_times


def ask(client, wanted, requests, times, until=None):
    """Appends to `times`: as many requests as said, or as fit until `until()` holds, ten at least."""
    dice = random.Random(11)
    over = False
    while not over:
        for _ in range(10):
            times.append(client.timed("GET", dice.choice(wanted)))
        over = len(times) >= requests if until is None else until()


def meanwhile(data, requests, places):
    """{when: seconds}: the same requests idle, during an import, during the deletion of what it brought, right after,
    and during its restore."""
    times = {"idle": [], "import": [], "deletion": [], "after": [], "restore": []}
    with Server(data, "many") as server:
        client, other = server.client(), server.client()
        wanted = [target for query in MIX for target in targets(client, query, places)]
        ask(client, wanted, requests, times["idle"])

        _, job_id = other.upload(data.csv(data.rows, "--prefix", "D"))
        ask(client, wanted, 0, times["import"], lambda: other.job(job_id)["status"] == "completed")

        # The places of before lie behind the new rows; the pages before them must be met as well.
        wanted += [target for query in MIX for target in targets(client, query, places // 4 + 1)]
        deletion = other.call("DELETE", "%s/%s?delete_predictions=true" % (JOBS, job_id),
                              headers={"Prefer": "respond-async"})["deletion_id"]
        address = "%s/deletions/%s" % (API, deletion)
        for query in MIX:
            if any(item["job_id"] == job_id for item in
                   client.get("%s?limit=%d%s" % (ANNUAL, PAGE, query))["predictions"]):
                raise Failure("a deleted row is shown")
        ask(client, wanted, 0, times["deletion"],
            lambda: other.get(address)["deletion"]["state"] == "done")
        ask(client, wanted, requests, times["after"])
        answer = other.call("POST", "%s/%s/restore" % (JOBS, job_id), headers={"Prefer": "respond-async"})
        address = "%s/deletions/%s" % (API, answer["deletion"]["id"])
        ask(client, wanted, 0, times["restore"],
            lambda: other.get(address)["deletion"]["state"] == "done")
    return times


def run(data, repeat):
    quick = data.rows < 200_000
    requests, places = (150, 20) if quick else (500, 200)
    data.filled(FEW, "few")
    data.many()
    for name in ("few", "many"):
        data.engine.tidy(name)
    data.engine.settle()
    for name, few, many in by_size(data, requests, places):
        p50, p99 = [[1000 * harness.percentile(times, part) for times in (few, many)]
                    for part in (0.5, 0.99)]
        yield Result("list", "p99, %s" % name, p99[1], "ms", p99[0],
                     "10,000 rows", 1.5, note="%d requests; p50 %.2f ms against %.2f (%.2f ×)" %
                     (len(many), p50[1], p50[0], p50[1] / p50[0]))
    data.engine.remove("few")
    times = meanwhile(data, requests * 2, places)
    data.engine.remove("many")
    idle50, idle99 = [1000 * harness.percentile(times["idle"], part) for part in (0.5, 0.99)]
    for when, what in (("import", "during an import"), ("deletion", "during the deletion of the newest"),
                       ("after", "right after the deletion"), ("restore", "during a restore of the newest")):
        p50, p99 = [1000 * harness.percentile(times[when], part) for part in (0.5, 0.99)]
        yield Result("list", "p99 %s" % what, p99, "ms", idle99, "idle", 3,
                     note="%d requests; p50 %.2f ms against %.2f idle (%.2f ×)" %
                     (len(times[when]), p50, idle50, p50 / idle50))
