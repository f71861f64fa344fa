"""kill -9 at random moments of an import and of its cascade deletion.

However often the server dies, the end is that of a run that nobody disturbed: each row is there exactly
once, the same rows are rejected for the same reasons, and nothing is left over. A run is
OBLIGOR_CRASH_KILLS kills (12) of an import of OBLIGOR_CRASH_ROWS rows, and half as many of its
deletion.

A task that died three times at one place is given up on purpose; so after a death without a commit since
the one before, the next one waits for a commit.
"""
import random
import time

import compared
import harness

KILLS = harness.setting("OBLIGOR_CRASH_KILLS", 9)
ROWS = harness.rows_of_a_file(sqlite=40000, postgres=12000)
SEED = harness.setting("OBLIGOR_CRASH_SEED", 1)


class Killer:
    """Starts a server, lets it work a while, kills it, again and again until the work is done."""

    def __init__(self, place, kills, duration, options=()):
        self.place = place
        self.draw = random.Random(f"{SEED} {kills} {duration > 0}")
        self.kills = kills
        self.duration = duration  # of the work, undisturbed
        self.options = options
        self.done = 0             # kills that met the task in the queue
        self.progressed = 0       # of those, kills with a commit since the one before
        self.idle = 0             # deaths in a row without a commit between them

    @staticmethod
    def hold(place):
        """As if a worker had died right behind its claim: the first server does not start at once, unseen."""
        place.change("UPDATE work_queue SET lease_until = {in_half_a_minute}, worker = 'a dead one'")

    def task(self, session):
        """(position, attempts, who holds it, total), or None when there is none."""
        found = session.execute("SELECT position, attempts, worker, lease_until, size FROM work_queue "
                                "ORDER BY accepted_at, id LIMIT 1").fetchall()
        return found[0] if found else None

    def wait_for_claim(self, session, server):
        """True when the server has the task, false when there is none left."""
        def claimed():
            task = self.task(session)
            return "over" if task is None else "claimed" if task[2] == server.worker else None
        return harness.until(claimed, "the claim of the task", pause=0.001) == "claimed"

    def strike(self, share_left):
        """One life of a server. False when the task was done before the kill."""
        with harness.Server(self.place, *self.options) as server:
            harness.free_leases(self.place, server)
            early = self.draw.random() < 0.1
            if early and self.idle == 0:  # perhaps before the claim, perhaps in it
                time.sleep(self.draw.uniform(0, 0.3))
            else:
                with self.place.session() as session:
                    if not self.wait_for_claim(session, server):
                        server.stop()
                        return False
                    if self.idle > 0:
                        self.wait_for_commit(session)
                    left = max(self.kills - self.done, 1)
                    time.sleep(self.draw.uniform(0, 1.5 * self.duration * share_left / left))
                    if self.draw.random() < 0.3:
                        self.wait_for_rows(session)
            server.kill()
        return True

    @staticmethod
    def wait_for_rows(session):
        """Until rows come or go, or half a second: the kill then hits what is done next behind them."""
        def rows():
            return session.execute("SELECT count(*) FROM annual_predictions")
        before, end = rows(), time.monotonic() + 0.5
        while rows() == before and time.monotonic() < end:
            pass

    def wait_for_commit(self, session):
        before = self.task(session)
        harness.until(lambda: (self.task(session) or (-1,))[0] != before[0], "a commit", pause=0.001)

    def run(self, total):
        position = 0
        while self.done < self.kills:
            if not self.strike(1 - position / total):
                return
            with_task = self.place.rows("SELECT position FROM work_queue ORDER BY accepted_at, id LIMIT 1")
            if not with_task:
                return
            self.done += 1
            moved = with_task[0][0] != position
            self.progressed += moved
            self.idle = 0 if moved else self.idle + 1
            position = with_task[0][0]

    def finish(self):
        with harness.Server(self.place, *self.options) as server:
            harness.free_leases(self.place, server)
            harness.until(lambda: not self.place.rows("SELECT 1 FROM work_queue"), "the end of the work",
                          patience=600)
            assert server.stop() == 0


class KillTest(compared.ComparedTest):
    ROWS = ROWS
    SEED = SEED

    def test_the_undisturbed_run_judged_every_kind_of_row(self):
        job = dict(zip(("total", "successful", "failed", "skipped", "unchanged", "warnings"),
                       self.imported["bulk_upload_jobs"][1][9:10] +
                       self.imported["bulk_upload_jobs"][1][11:15] +
                       self.imported["bulk_upload_jobs"][1][16:17]))
        self.assertEqual(job["total"], ROWS)
        for what in ("successful", "failed", "unchanged", "warnings"):
            self.assertGreater(job[what], 0, what)
        codes = {row[5] for row in self.imported["bulk_upload_errors"]}
        self.assertLessEqual({"not_a_number", "required", "too_long", "no_ratio", "too_many_cells",
                              "negative", "duplicate_in_file", "duplicate", "implausible",
                              "company_differs", "unknown_columns", "control_character",
                              "not_a_quarter", "not_a_year"}, codes)

    def killed_import(self, kills, last_row):
        place = harness.Place()
        self.addCleanup(place.close)
        place.copy_from(self.start)
        with harness.Server(place, "--workers", "0") as server:
            job = harness.Client(server).uploaded(self.file)
            Killer.hold(place)
            server.kill()
        killer = Killer(place, kills, self.import_takes)
        killer.run(last_row)
        killer.finish()
        print(f"import: {killer.done} kills, {killer.progressed} of them with a commit since the one "
              f"before", flush=True)
        with self.subTest("the import"):
            self.same(place, self.imported)
        return place, job, killer

    def test_import_and_deletion(self):
        last_row = self.imported["bulk_upload_jobs"][1][18]
        kills = progressed = 0
        while kills < KILLS:  # done before it was killed often enough: once more from the start
            place, job, killer = self.killed_import(KILLS - kills, last_row)
            kills += max(killer.done, 1)
            progressed += killer.progressed
        self.assertGreater(progressed, KILLS // 4, "most kills should meet an import at work")

        with harness.Server(place, "--workers", "0") as server:
            self.delete(harness.Client(server), job)
            Killer.hold(place)
            self.assertEqual(server.stop(), 0)
        kills = 0
        while kills < (KILLS + 1) // 2:  # it is quick: the same one again until it was killed often enough
            again = harness.Place()
            again.copy_from(place)
            killer = Killer(again, (KILLS + 1) // 2 - kills, self.deletion_takes)
            killer.run(last_row)
            killer.finish()
            with self.subTest("the deletion"):
                self.same(again, self.deleted)
            again.close()
            kills += max(killer.done, 1)
            print(f"deletion: {killer.done} kills, {killer.progressed} of them with a commit since the one "
                  f"before", flush=True)


if __name__ == "__main__":
    harness.main()
