"""Deleting a job with its predictions: how long until nothing shows them, until they are gone, and until a restore
has brought them back; and a job that replaced values of another, until those are back."""
import time

import harness
from harness import ANNUAL, API, JOBS, PATIENCE, Failure, Result
from server import Server

SMALL, SMALL_JOBS, WARM_JOBS, REPLACED = 1000, 7, 4, 50_000
OPTIONS = "?delete_predictions=true"


def shows(client, job_id):
    """Whether the newest page holds a row of the job."""
    return any(item["job_id"] == job_id for item in client.get(ANNUAL + "?limit=50")["predictions"])


def preview(client, job_id, rows):
    start = time.perf_counter()
    answer = client.get("%s/%s/deletion-preview" % (JOBS, job_id))
    took = time.perf_counter() - start
    if answer["deleted_predictions"]["annual"] != rows:
        raise Failure("the preview counts %s instead of %d" % (answer["deleted_predictions"], rows))
    return took


def delete(client, job_id):
    """(seconds until the answer, seconds until a list without the rows is in hand, seconds until gone)"""
    if not shows(client, job_id):
        raise Failure("the job's rows are not the newest")
    start = time.perf_counter()
    answer = client.call("DELETE", "%s/%s%s" % (JOBS, job_id, OPTIONS),
                         headers={"Prefer": "respond-async"})
    answered = time.perf_counter() - start
    if shows(client, job_id):
        raise Failure("a deleted row is shown")
    listed = time.perf_counter() - start
    await_end(client, answer["deletion_id"], start)
    return answered, listed, time.perf_counter() - start


def await_end(client, deletion_id, start):
    while client.get("%s/deletions/%s" % (API, deletion_id))["deletion"]["state"] != "done":
        if time.perf_counter() - start > PATIENCE:
            raise Failure("the deletion does not end")
        time.sleep(0.05)


def restore(client, job_id):
    """Seconds until its rows are back."""
    start = time.perf_counter()
    answer = client.call("POST", "%s/%s/restore" % (JOBS, job_id), headers={"Prefer": "respond-async"})
    await_end(client, answer["deletion"]["id"], start)
    took = time.perf_counter() - start
    if not shows(client, job_id):
        raise Failure("a restored row is not shown")
    return took


def one_small(data, client, prefix):
    _, job_id = client.upload(data.csv(SMALL, "--prefix", prefix))
    client.wait_for_job(job_id)
    return (preview(client, job_id, SMALL), *delete(client, job_id))


def turn(data, small, large, imports):
    """The large job first, while its rows are the newest; then the small ones, one after the other. A few small ones
    before it are not counted: the server's threads have their sessions and statements then. The import that it is
    compared with is the one before it: minutes later the machine may be another one."""
    database = data.empty("delete")
    imports.append(data.import_file(database, data.csv(data.rows)))
    data.engine.settle()
    with Server(data, database) as server:
        client = server.client()
        job_id = client.get(JOBS)["jobs"][0]["id"]
        for number in range(WARM_JOBS):
            one_small(data, client, "W%d" % number)
        seen = preview(client, job_id, data.rows), *delete(client, job_id)
        large.append((*seen, restore(client, job_id)))
        for number in range(SMALL_JOBS):
            small.append(one_small(data, client, "S%d" % number))
        client.close()
    left = data.engine.numbers(database, "SELECT count(*) FROM annual_predictions")[0]
    if left != data.rows:
        raise Failure("%d rows are there" % left)


def replaced(data):
    """Of a job that replaced values of another: (how many, seconds of its import, until its DELETE answers, until
    those values are back in the lists, until its rows are gone)."""
    database = data.filled(data.rows, "delete")
    rows = min(REPLACED, data.rows)
    data.engine.settle()
    with Server(data, database) as server:
        client = server.client()
        start = time.perf_counter()
        _, job_id = client.upload(data.csv(rows, "--seed", "2"), "?on_duplicate=replace")
        client.wait_for_job(job_id)
        imported = time.perf_counter() - start
        start = time.perf_counter()
        answer = client.call("DELETE", "%s/%s%s" % (JOBS, job_id, OPTIONS), headers={"Prefer": "respond-async"})
        answered = time.perf_counter() - start
        said = 0
        while client.get(ANNUAL + "?limit=50").get("settling"):
            said += 1
            time.sleep(0.01)
        back = time.perf_counter() - start
        await_end(client, answer["deletion_id"], start)
        gone = time.perf_counter() - start
        told = client.get("%s/deletions/%s" % (API, answer["deletion_id"]))["deletion"]["restored_versions"]
        client.close()
    if told != rows or (rows > 10000 and said == 0):
        raise Failure("%d of %d values are back, `settling` was said %d times" % (told, rows, said))
    return rows, imported, answered, back, gone


def bare(data):
    """Seconds of the engine's own DELETE of the same rows."""
    database = data.filled(data.rows, "delete")
    with Server(data, database) as server:
        job_id = server.client().get(JOBS)["jobs"][0]["id"]
    data.engine.settle()
    return data.engine.raw_delete(database, job_id)


def of_each(turns, place, imports):
    return ", ".join("%.1f of %.1f s (%.2f)" % (turn[place], imported, turn[place] / imported)
                     for turn, imported in zip(turns, imports))


def run(data, repeat):
    small, large, raw, imports = [], [], [], []
    for _ in range(repeat):
        turn(data, small, large, imports)
        raw.append(bare(data))

    def of(turns, place, factor=1000):
        return factor * harness.median([turn[place] for turn in turns])

    many, few = "%s rows" % format(data.rows, ","), "%s rows" % format(SMALL, ",")
    yield Result("delete", "the DELETE answers, %s" % many, of(large, 1), "ms", of(small, 1), few, 2,
                 note="each: " + " ".join("%.1f" % (1000 * turn[1]) for turn in large))
    yield Result("delete", "the same, in itself", of(large, 1), "ms", limit=50)
    yield Result("delete", "… and a list without them is in hand", of(large, 2), "ms", of(small, 2), few, 2)
    yield Result("delete", "preview, %s" % many, of(large, 0), "ms", limit=1000,
                 note="%s: %.1f ms" % (few, of(small, 0)))
    yield Result("delete", "until the rows are gone, %s" % many, of(large, 3, 1), "s",
                 harness.median(imports), "their import", 0.4,
                 note="each: " + of_each(large, 3, imports))
    yield Result("delete", "until a restore has brought them back", of(large, 4, 1), "s",
                 harness.median(imports), "their import", 1.0,
                 note="each: " + of_each(large, 4, imports))
    rows, imported, answered, back, gone = replaced(data)
    yield Result("delete", "%s replaced values are back, none is waited for" % format(rows, ","), back, "s",
                 imported, "their import", note="answer %.1f ms, rows gone after %.1f s" % (1000 * answered, gone))
    data.engine.remove("delete")
    yield Result("delete", "… against a bare DELETE, for the record", of(large, 3, 1), "s", harness.median(raw),
                 "DELETE … WHERE job_id", note="each: " + " ".join("%.1f" % took for took in raw))
