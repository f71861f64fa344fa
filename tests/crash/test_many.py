"""Many processes on one PostgreSQL: servers that take uploads in, workers that die and are replaced, people
who write by hand what a file says at the same moment. At the end every row is there once, every counter is
true, and each owner's work ended in the order in which it was accepted."""
import contextlib
import itertools
import random
import re
import time

import figures
import harness
import people
import state

ROWS = harness.setting("OBLIGOR_CRASH_ROWS", 4000)
UPLOADS = harness.setting("OBLIGOR_CRASH_UPLOADS", 20)
ROUNDS = harness.setting("OBLIGOR_CRASH_ROUNDS", 1)
SEED = harness.setting("OBLIGOR_CRASH_SEED", 1)
OWNERS = [f"owner{n}@example.com" for n in range(4)]

# Per owner, in the order of the audit trail: what was accepted, and what ended or was taken out of the queue.
# A job that is cancelled before it began, or deleted, never has its turn.
ORDER = """
SELECT e.owner_id, e.seq, e.action, e.object_id FROM audit_events e
WHERE e.action IN ('job.accepted', 'job.completed', 'job.failed', 'job.cancelled')
ORDER BY e.owner_id, e.seq"""


class ManyTest(harness.unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.start = harness.Place()
        cls.addClassCleanup(cls.start.close)
        cls.start.people(OWNERS)

    def setUp(self):
        self.place = harness.Place()
        self.addCleanup(self.place.close)
        self.place.copy_from(self.start)

    def file(self, name, rows, prefix, **how):
        path = self.place.path(name)
        figures.write_plain(path, rows, prefix, **how)
        return path

    def wait_for_the_end(self, patience=harness.PATIENCE):
        with self.place.session() as session:
            harness.until(lambda: session.execute("SELECT 1 FROM work_queue LIMIT 1") == [],
                          "the end of all work", patience, pause=0.02)

    def all_is_well(self):
        with self.place.session() as session:
            self.assertEqual(state.wrong(session), "")
            events = session.execute(ORDER)
        for owner, of_owner in itertools.groupby(events, key=lambda event: event[0]):
            of_owner = list(of_owner)
            ended = [job for _, _, action, job in of_owner if action != "job.accepted"]
            accepted = [job for _, _, action, job in of_owner if action == "job.accepted" and job in ended]
            self.assertEqual(accepted, ended, f"the order of the work of {owner}")

    def servers(self, stack, count=2):
        return [stack.enter_context(harness.Server(self.place, "--workers", "0")) for _ in range(count)]

    def workers(self, stack, count=3):
        return [stack.enter_context(harness.Worker(self.place)) for _ in range(count)]

    def stop(self, processes):
        for process in processes:
            self.assertEqual(process.stop(), 0)
            self.assertNotIn("given up", process.tail(100000))

    # --- workers that die --------------------------------------------------------------------------

    def replace_one(self, stack, workers, draw):
        """Kills one that has work if any has, and lets its leases run out as half a minute would. Whoever
        was killed twice at one place is spared until it has moved on: the third time is given up on purpose."""
        def victims():
            names = {name for name, in self.place.rows(
                "SELECT DISTINCT worker FROM work_queue WHERE lease_until > now() AND attempts < 2")}
            return [n for n, worker in enumerate(workers) if worker.worker in names] or (
                list(range(len(workers))) if self.place.rows("SELECT 1 FROM work_queue LIMIT 1") == [] else [])
        n = draw.choice(harness.until(victims, "a worker at work"))
        workers[n].kill()
        self.place.change("UPDATE work_queue SET lease_until = {long_ago} WHERE worker = ?", workers[n].worker)
        workers[n] = stack.enter_context(harness.Worker(self.place))

    def test_workers_are_killed_and_replaced(self):
        """Twenty uploads of four owners, three workers, one of them killed again and again."""
        draw = random.Random(f"{SEED} kills")
        kills = 0
        with contextlib.ExitStack() as stack:
            one, two = self.servers(stack)
            clients = [[harness.Client(server, owner) for server in (one, two)] for owner in OWNERS]
            jobs = []
            for n in range(UPLOADS):
                path = self.file(f"figures-{n}.csv", ROWS, f"K{n}-")
                jobs.append(clients[n % 4][n // 4 % 2].uploaded(path))
            workers = self.workers(stack)
            while self.place.value("SELECT count(*) FROM work_queue"):
                time.sleep(draw.uniform(0.2, 1.0))
                self.replace_one(stack, workers, draw)
                kills += 1
            self.stop([*workers, one, two])
        print(f"{kills} workers killed", flush=True)
        self.assertGreaterEqual(kills, 3)
        self.assertEqual(self.place.rows(
            "SELECT status, total_rows, successful_rows, failed_rows, unchanged_rows, count(*) AS jobs "
            "FROM bulk_upload_jobs GROUP BY 1, 2, 3, 4, 5"), [("completed", ROWS, ROWS, 0, 0, len(jobs))])
        self.assertEqual(self.place.value("SELECT count(*) FROM annual_predictions WHERE is_current"),
                         ROWS * UPLOADS)
        self.all_is_well()

    # --- the same rows twice -----------------------------------------------------------------------

    def test_the_same_rows_at_the_same_time(self):
        """Through two servers, for one owner: one file makes the predictions, the other finds them there."""
        rows = 5000
        for same_bytes in (True, False):
            with self.subTest(same_bytes=same_bytes), contextlib.ExitStack() as stack:
                prefix = f"S{same_bytes:d}-"
                paths = [self.file(f"{prefix}one.csv", rows, prefix),
                         self.file(f"{prefix}two.csv", rows, prefix, tail="" if same_bytes else ",remark")]
                servers = self.servers(stack)
                workers = self.workers(stack)
                clients = [harness.Client(server, OWNERS[0]) for server in servers]
                jobs = people.at_once([lambda c=c, p=p: c.uploaded(p) for c, p in zip(clients, paths)])
                for client, job in zip(clients, jobs):
                    self.assertEqual(client.over(job), "completed")
                counters = sorted(self.place.rows(
                    "SELECT successful_rows, unchanged_rows, failed_rows, skipped_rows, total_rows "
                    "FROM bulk_upload_jobs WHERE original_filename LIKE ?", f"{prefix}%"))
                self.assertEqual(counters, [(0, rows, 0, 0, rows), (rows, 0, 0, 0, rows)])
                self.assertEqual(self.place.value("SELECT count(*) FROM annual_predictions p JOIN companies c "
                                                  "ON c.owner_id = p.owner_id AND c.id = p.company_id "
                                                  "WHERE c.symbol LIKE ?", f"{prefix}%"), rows)
                self.stop([*workers, *servers])
        self.all_is_well()

    # --- a file and people who write the same --------------------------------------------------------

    def test_writes_by_hand_race_with_a_file(self):
        for n in range(ROUNDS):
            self.race(f"R{n}-", 3000)

    def race(self, prefix, rows):
        path = self.file(f"{prefix}figures.csv", rows, prefix)
        with contextlib.ExitStack() as stack:
            servers = self.servers(stack)
            workers = self.workers(stack, 2)
            client = harness.Client(servers[0], OWNERS[0])
            racers = [Racer(harness.Client(servers[n % 2], OWNERS[0]), prefix, rows,
                            random.Random(f"{SEED} {n}")) for n in range(6)]
            for racer in racers:
                stack.enter_context(racer)
            job = client.uploaded(path)
            self.assertEqual(client.over(job), "completed")
            for racer in racers:
                self.assertEqual(racer.end(), "")
            self.stop([*workers, *servers])
        made = sum(racer.made for racer in racers)
        lost = sum(racer.lost for racer in racers)
        print(f"{made} written by hand before the file, {lost} behind it, "
              f"{sum(racer.put_off for racer in racers)} told to come later", flush=True)
        self.judge_race(job, prefix, rows, made)
        self.all_is_well()

    def judge_race(self, job, prefix, rows, made):
        successful, failed, unchanged, processed, total = self.place.rows(
            "SELECT successful_rows, failed_rows, unchanged_rows, processed_rows, total_rows "
            "FROM bulk_upload_jobs WHERE id = ?", job)[0]
        self.assertEqual((processed, total, successful + failed + unchanged), (rows, rows, rows))
        self.assertEqual((successful, failed), (rows - made, made), "who wrote first has the key")
        holders = self.place.rows(
            "SELECT c.symbol, p.reporting_year, p.job_id IS NULL FROM annual_predictions p JOIN companies c "
            "ON c.owner_id = p.owner_id AND c.id = p.company_id WHERE p.is_current AND c.symbol LIKE ?",
            f"{prefix}%")
        self.assertEqual(len(holders), rows)
        self.assertEqual(len({holder[:2] for holder in holders}), rows)
        by_hand = {holder[:2] for holder in holders if holder[2]}
        self.assertEqual(len(by_hand), made)
        lost = [re.fullmatch(r"There is a prediction of (\S+), (\d+) Q4 already \(made by hand\)\.", message)
                for message, in self.place.rows("SELECT message FROM bulk_upload_errors WHERE job_id = ? "
                                                "AND severity = 0", job)]
        self.assertNotIn(None, lost, "a row that lost tells to whom")
        self.assertEqual({(match[1], int(match[2])) for match in lost}, by_hand)

    # --- everything at once --------------------------------------------------------------------------

    def test_everything_at_once(self):
        """Uploads of four owners through two servers, edits on the same keys, cancels and cascades."""
        rows = ROWS // 4
        with contextlib.ExitStack() as stack:
            servers = self.servers(stack)
            workers = self.workers(stack)
            owners = [Owner(self, servers, n, rows) for n in range(len(OWNERS))]
            editors = [Editor(harness.Client(servers[n % 2], OWNERS[n % 4]), f"E{n % 4}-", rows,
                              random.Random(f"{SEED} edit {n}")) for n in range(4)]
            for person in [*owners, *editors]:
                stack.enter_context(person)
            for owner in owners:
                harness.until(lambda o=owner: o.rounds >= 4 * ROUNDS or o.wrong, "an owner's rounds",
                              pause=0.05)
                self.assertEqual(owner.end(), "")
            for editor in editors:
                self.assertEqual(editor.end(), "")
            self.wait_for_the_end()
            print("made by hand, changed, deleted, refused: " +
                  ", ".join(str(sum(counts)) for counts in zip(*(editor.counts for editor in editors))) +
                  "; jobs: " + ", ".join(f"{count} {status}" for status, count in self.place.rows(
                      "SELECT status, count(*) FROM bulk_upload_jobs GROUP BY 1 ORDER BY 1")), flush=True)
            self.stop([*workers, *servers])
        self.all_is_well()


class Racer(people.Person):
    """Writes keys of a file by hand, in the order of the file and in leaps."""

    def __init__(self, client, prefix, rows, draw):
        super().__init__(client, pause=0.0)
        self.prefix, self.rows, self.draw = prefix, rows, draw
        self.made = self.lost = self.row = 0

    def step(self):
        self.row += self.draw.randrange(1, 60)
        company, year = divmod(self.row % self.rows, figures.YEARS)
        body = people.by_hand(f"{self.prefix}{company}", figures.FIRST_YEAR + year, ratio=77)
        status, answer = self.ask("POST", "/predictions/annual", body, good=(200, 201, 409))
        if status == 409:
            self.lost += 1
            holder = answer.get("current_id")
            if holder is None:
                self.wrong.append(f"a key is taken by nobody: {answer}")
            else:
                self.ask("GET", f"/predictions/annual/{holder}")
        self.made += status in (200, 201)


class Editor(people.Person):
    """Makes, changes and deletes predictions of the keys that the owner's files have."""

    def __init__(self, client, prefix, rows, draw):
        super().__init__(client, pause=0.0)
        self.prefix, self.rows, self.draw = prefix, rows, draw
        self.counts = [0, 0, 0, 0]

    def step(self):
        way = self.draw.randrange(3)
        company, year = divmod(self.draw.randrange(self.rows), figures.YEARS)
        body = people.by_hand(f"{self.prefix}{company}", figures.FIRST_YEAR + year, self.draw.randrange(90))
        if way == 0:
            status, _ = self.ask("POST", "/predictions/annual", body, good=(201, 409))
            self.counts[0 if status == 201 else 3] += status is not None
            return
        status, answer = self.ask("GET", f"/predictions/annual?limit=1&company_symbol={self.prefix}{company}")
        if status != 200 or not answer["predictions"]:
            return
        found = answer["predictions"][0]
        body.update(company_symbol=found["company_symbol"], reporting_year=str(found["reporting_year"]),
                    reporting_quarter=found["reporting_quarter"])
        if way == 1:
            status, _ = self.ask("PUT", f"/predictions/annual/{found['id']}", body, good=(200, 404, 409, 410))
        else:
            status, _ = self.ask("DELETE", f"/predictions/annual/{found['id']}",
                                 good=(200, 204, 404, 409, 410))
        self.counts[way if status in (200, 204) else 3] += status is not None


class Owner(people.Person):
    """Uploads, cancels some, deletes some with their predictions, all of the same keys."""

    def __init__(self, test, servers, n, rows):
        super().__init__(harness.Client(servers[0], OWNERS[n]))
        self.other = harness.Client(servers[1], OWNERS[n])
        self.draw = random.Random(f"{SEED} owner {n}")
        self.paths = [test.file(f"owner-{n}-{k}.csv", rows, f"E{n}-", ratio=str(k // 2 + 1),
                                first=k * rows // 8) for k in range(4)]
        self.rounds = 0
        self.jobs = []

    def upload(self):
        client = self.draw.choice((self.client, self.other))
        path = self.draw.choice(self.paths)
        option = self.draw.choice(({}, {"on_error": "undo"}, {"on_duplicate": "skip"}))
        status, answer = client.upload(path, **option)
        if status == 202:
            self.jobs.append(answer["job_id"])
        elif status != 503:
            self.wrong.append(f"upload: {status} {answer}")

    def step(self):
        self.upload()
        self.upload()
        time.sleep(self.draw.uniform(0, 0.4))
        if self.draw.random() < 0.5 and self.jobs:
            self.ask("POST", f"/predictions/jobs/{self.jobs[-1]}/cancel", good=(200, 202, 409))
        if self.draw.random() < 0.7 and self.jobs:
            job = self.jobs.pop(self.draw.randrange(len(self.jobs)))
            self.ask("DELETE", f"/predictions/jobs/{job}?delete_predictions=true"
                     f"&delete_orphaned_companies={self.draw.choice(('true', 'false'))}",
                     headers={"Prefer": "respond-async"}, good=(200, 202, 409, 410))
        self.rounds += 1


if __name__ == "__main__":
    harness.main("postgres")
