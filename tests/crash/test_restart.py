"""PostgreSQL is restarted, and every connection to it cut, in the middle of an import, of its deletion and of
requests. The end is that of a run that nobody disturbed. Whoever asks meanwhile is told to come again later,
never that something went wrong, and is served again without anybody's doing.

OBLIGOR_CRASH_STRIKES of each kind (3) meet an import of OBLIGOR_CRASH_ROWS rows (15000), and half as many its
deletion. A task that failed because the database was away waits before it is tried again; the test lets that
time pass in the database instead of sitting through it.
"""
import os
import random
import time

import compared
import engines
import figures
import harness
import people
import state

STRIKES = harness.setting("OBLIGOR_CRASH_STRIKES", 3)
ROWS = harness.setting("OBLIGOR_CRASH_ROWS", 15000)
SEED = harness.setting("OBLIGOR_CRASH_SEED", 1)
WRITES = 60  # by hand, in each half


def let_time_pass(place):
    place.change("UPDATE work_queue SET not_before = {long_ago}, lease_until = CASE WHEN lease_until IS NULL "
                 "THEN NULL ELSE {long_ago}::timestamptz END")


class Disturber:
    """Strikes at seeded moments of the work that is in the queue."""

    def __init__(self, place, server, strike, name):
        self.place, self.server, self.strike = place, server, strike
        self.draw = random.Random(f"{SEED} {name}")
        self.met = 0  # strikes that met a task in the queue
        self.failed = self.before = self.failures()  # tasks that were put off

    def position(self):
        found = self.place.rows("SELECT position FROM work_queue ORDER BY accepted_at, id LIMIT 1")
        return found[0][0] if found else None

    def failures(self):
        with open(self.server.log_path, encoding="utf-8") as log:
            return log.read().count("task failed")

    def wait_for_progress(self):
        """False when the work was done. Whoever is waiting for the database waits no longer."""
        before = self.position()

        def moved():
            now = self.failures()
            if now > self.failed:
                self.failed = now
                let_time_pass(self.place)
            position = self.position()
            return "over" if position is None else "moved" if position != before else None
        return harness.until(moved, "the work to go on", pause=0.01) == "moved"

    def run(self, strikes, duration):
        for n in range(strikes):
            if not self.wait_for_progress():
                return
            if n > 0:  # the first right behind a batch, however fast the work is
                time.sleep(self.draw.uniform(0, 0.8 * duration / strikes))
            self.met += self.position() is not None
            self.strike()
        while self.wait_for_progress():
            pass


class RestartTest(compared.ComparedTest):
    ROWS = ROWS
    SEED = SEED

    @staticmethod
    def beside(server, half):
        clerk = people.Clerk(harness.Client(server, harness.BOB), half[0], WRITES)
        with clerk:
            said = clerk.end()
        assert said == "", said

    def half(self, what, place, server, strike, duration, strikes):
        """One half of a disturbed run: the work is in the queue, somebody works by hand beside it."""
        disturber = Disturber(place, server, strike, what)
        clerk = people.Clerk(harness.Client(server, harness.BOB), what[0], WRITES, pause=0.03)
        with clerk:
            disturber.run(strikes, duration)
            with self.subTest(what + ": what whoever works by hand is told"):
                self.assertEqual(clerk.end(), "")
        put_off = disturber.failed - disturber.before
        print(f"{what}: {disturber.met} strikes met it, {put_off} times put off, "
              f"{clerk.put_off} requests told to come later, {clerk.answered} answered", flush=True)
        return disturber.met

    def disturbed(self, strike):
        place = harness.Place()
        self.addCleanup(place.close)
        place.copy_from(self.start)
        with harness.Server(place) as server:
            client = harness.Client(server)
            job = client.uploaded(self.file)
            met = self.half("Import", place, server, lambda: strike(place), self.import_takes, STRIKES)
            self.assertGreater(met, 0, "a strike must meet the import")
            with self.subTest("the import"):
                self.same(place, self.imported)
            self.delete(client, job)
            self.half("Deletion", place, server, lambda: strike(place), 0.3 * self.deletion_takes,
                      (STRIKES + 1) // 2)
            with self.subTest("the deletion"):
                self.same(place, self.deleted)
            with self.subTest("served again"):
                harness.Client(server)
                status, _ = client.call("GET", "/predictions/jobs")
                self.assertEqual(status, 200)
            self.assertEqual(server.stop(), 0)
            log = server.tail(100000)
        self.assertNotIn("Sanitizer", log)

    def test_restarted_as_after_a_power_failure(self):
        self.disturbed(lambda place: engines.cluster().restart("immediate"))

    def test_restarted_in_good_order(self):
        self.disturbed(lambda place: engines.cluster().restart("fast"))

    def test_connections_cut(self):
        self.disturbed(lambda place: engines.cut(place.database))

    def test_away_for_a_while(self):
        """Every kind of request while the database is away, and the first one behind it."""
        place = harness.Place()
        self.addCleanup(place.close)
        place.copy_from(self.start)
        with harness.Server(place) as server:
            client = harness.Client(server)
            person = people.Person(client)
            little = place.path("little.csv")
            figures.write(little, 20, 1)
            asked = (("GET", "/predictions/annual", None), ("GET", "/predictions/jobs", None),
                     ("GET", "/auth/me", None), ("GET", "/companies", None),
                     ("GET", f"/predictions/jobs/{'0' * 8}-0000-7000-8000-{'0' * 12}", None),
                     ("POST", "/predictions/annual", people.by_hand("AWAY")),
                     ("POST", "/auth/login", {"email": harness.ADA, "password": harness.PASSWORD}))
            engines.cluster().stop("immediate")
            try:
                for method, path, body in asked:
                    with self.subTest(f"away: {method} {path}"):
                        status, answer = person.ask(method, path, body)
                        self.assertIsNone(status, answer)
                        self.assertNotRegex(str(answer), "postgres|libpq|/tmp|socket|SQL")
                with self.subTest("away: an upload"):
                    status, answer = client.upload(little)
                    self.assertEqual(status, 503, answer)
                self.assertEqual(person.wrong, [])
            finally:
                engines.cluster().start()
            for method, path, body in asked:
                with self.subTest(f"back: {method} {path}"):
                    status, answer = client.call(method, path, body)
                    self.assertIn(status, (200, 201, 404), answer)
            self.assertEqual(server.stop(), 0)

    def test_connections_cut_while_uploads_come_in(self):
        """Each upload is sent until it is taken, under one key: it is there once."""
        place = harness.Place()
        self.addCleanup(place.close)
        place.copy_from(self.start)
        count = 8
        with harness.Server(place) as server:
            bob = people.Person(harness.Client(server, harness.BOB))
            draw = random.Random(SEED)
            for n in range(count):
                path = place.path(f"small-{n}.csv")
                figures.write_plain(path, 300, f"U{n}-")
                with open(path, "rb") as file:
                    body = file.read()
                self.send_until_taken(place, bob, draw, n, os.path.basename(path), body)
            harness.until(lambda: (let_time_pass(place), place.rows("SELECT 1 FROM work_queue") == [])[1],
                          "the end of the work", pause=1)
            self.assertEqual(bob.wrong, [])
            self.assertEqual(server.stop(), 0)
        print(f"uploads: {bob.put_off} told to come later", flush=True)
        self.assertEqual(place.rows("SELECT original_filename, status, processed_rows FROM bulk_upload_jobs "
                                    "WHERE status <> 'receiving' AND original_filename LIKE 'small%' "
                                    "ORDER BY original_filename"),
                         [(f"small-{n}.csv", "completed", 300) for n in range(count)])
        with place.session() as session:
            self.assertEqual(state.wrong(session), "")

    def send_until_taken(self, place, person, draw, n, name, body):
        cutter = people.Person(person.client, pause=0)
        session = engines.PostgresSession(engines.cluster().url("postgres"))
        self.addCleanup(session.close)

        def cut():
            time.sleep(draw.uniform(0, 0.02))
            session.execute("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                            "WHERE datname = ? AND backend_type = 'client backend'", (place.database,))
        cutter.step = cut
        headers = {"Content-Type": "text/csv", "Idempotency-Key": f"upload-{n}"}
        path = f"/predictions/jobs?job_type=annual&filename={name}"
        with cutter:
            for _ in range(3):  # in the midst of it; then in peace
                if person.ask("POST", path, body, headers, good=(200, 202))[0] is not None:
                    break
            self.assertEqual(cutter.end(), "")
        person.until_answered("POST", path, body, headers, good=(200, 202))


if __name__ == "__main__":
    harness.main("postgres")
