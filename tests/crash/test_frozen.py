"""A worker that stands still beyond its lease on PostgreSQL, inside and outside of a transaction. Its successor
finishes the work, and when the first one wakes it cannot write. A worker that froze inside a transaction holds
locks on the server; whoever comes after it must not wait for it without end."""
import signal
import time

import figures
import harness
import people
import state

ROWS = harness.setting("OBLIGOR_CRASH_ROWS", 30000)
LEASE = 30             # TASK_LEASE_SECONDS
AT_MOST = 2 * LEASE    # until a successor has taken over and finished
# The statements behind those that insert companies and predictions.
LATE_IN_A_BATCH = ("RELEASE SAVEPOINT|bulk_upload_errors|prediction_counts|owners|UPDATE bulk_upload_jobs|"
                   "work_queue")


class FrozenTest(harness.unittest.TestCase):
    def setUp(self):
        self.place = harness.Place()
        self.addCleanup(self.place.close)
        self.place.people()
        self.file = self.place.path("figures.csv")
        figures.write_plain(self.file, ROWS, "F")

    def freeze(self, worker, inside, behind=""):
        """Stops it where it has, or has not, written within a transaction that is open; the last statement
        of that one holds the pattern `behind`."""
        with self.place.session() as session:
            def position():
                return (session.execute("SELECT position FROM work_queue").fetchone() or (1,))[0]
            harness.until(lambda: position() > 0, "the first batch", pause=0.001)
            for _ in range(2000):
                worker.process.send_signal(signal.SIGSTOP)
                time.sleep(0.02)  # what was sent before is worked off
                self.assertTrue(session.execute("SELECT 1 FROM work_queue"), "it was over too soon")
                writing = session.execute(
                    "SELECT query FROM pg_stat_activity WHERE datname = current_database() "
                    "AND backend_xid IS NOT NULL AND pid <> pg_backend_pid() AND query ~ ?", (behind,))
                if bool(writing) == inside:
                    return position()
                worker.process.send_signal(signal.SIGCONT)
                time.sleep(0.003)
        self.fail("the moment did not come")

    def run_frozen(self, inside):
        """The first wakes when its successor is done."""
        with harness.Server(self.place, "--workers", "0") as server, harness.Worker(self.place) as first:
            client = harness.Client(server)
            job = client.uploaded(self.file)
            self.freeze(first, inside)
            frozen = time.monotonic()
            with harness.Worker(self.place) as second:
                if not inside:
                    self.place.change("UPDATE work_queue SET lease_until = {long_ago}")
                try:
                    status = self.watch(client, job, frozen)
                finally:
                    first.process.send_signal(signal.SIGCONT)
                self.assertEqual(status, "completed")
                with self.place.session() as session:
                    before = state.dump(session)
                harness.until(lambda: "task was taken over" in first.tail(1000) or
                              "task failed" in first.tail(1000), "the first to notice")
                self.assertEqual(first.stop(), 0)
                with self.place.session() as session:
                    self.assertEqual(state.differences(state.dump(session), before), "")
                self.assertEqual([second.stop(), server.stop()], [0, 0])
        self.all_is_well()

    def watch(self, client, job, frozen):
        """Waits for the end of the job. Shows what waits for what when it does not come."""
        try:
            status = client.over(job, patience=AT_MOST)
        except AssertionError:
            waiting = self.place.rows(
                "SELECT substr(query, 1, 60), state, wait_event, cardinality(pg_blocking_pids(pid)) "
                "FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL "
                "AND pid <> pg_backend_pid()")
            raise AssertionError(f"{AT_MOST} s behind the freezing the work is not done: {waiting}") from None
        print(f"done {time.monotonic() - frozen:.1f} s behind the freezing", flush=True)
        return status

    def all_is_well(self):
        with self.place.session() as session:
            self.assertEqual(state.wrong(session), "")
        self.assertEqual(self.place.value("SELECT count(*) FROM annual_predictions"), ROWS)

    def test_frozen_outside_of_a_transaction(self):
        self.run_frozen(inside=False)

    def test_woken_while_its_successor_is_at_work(self):
        """The job is not over: the token alone keeps the first from writing."""
        with harness.Server(self.place, "--workers", "0") as server, harness.Worker(self.place) as first:
            client = harness.Client(server)
            job = client.uploaded(self.file)
            position = self.freeze(first, inside=False)
            with harness.Worker(self.place) as second:
                self.place.change("UPDATE work_queue SET lease_until = {long_ago}")
                with self.place.session() as session:
                    harness.until(lambda: session.execute("SELECT 1 FROM work_queue WHERE position > ?",
                                                          (position,)), "the successor's batch", pause=0.001)
                    first.process.send_signal(signal.SIGCONT)
                harness.until(lambda: "task was taken over" in first.tail(1000), "the first to notice")
                self.assertEqual(client.over(job), "completed")
                self.assertEqual([first.stop(), second.stop(), server.stop()], [0, 0, 0])
        self.all_is_well()

    def test_frozen_inside_a_transaction(self):
        self.run_frozen(inside=True)

    def test_a_write_by_hand_that_needs_what_a_frozen_worker_holds(self):
        """It waits for a while at most, is told to come again, and has its turn before long."""
        with harness.Server(self.place, "--workers", "0") as server, harness.Worker(self.place) as first:
            client = harness.Client(server)
            job = client.uploaded(self.file)
            position = self.freeze(first, inside=True, behind=LATE_IN_A_BATCH)
            key = position + 5 - 2  # a row of the batch that is on its way; the header is row 1
            person = people.Person(client, patience=AT_MOST)
            body = people.by_hand(f"F{key // figures.YEARS}", figures.FIRST_YEAR + key % figures.YEARS)
            try:
                began = time.monotonic()
                status, _ = person.until_answered("POST", "/predictions/annual", body, good=(201, 409))
                took = time.monotonic() - began
            finally:
                first.process.send_signal(signal.SIGCONT)
            self.assertEqual(person.wrong, [])
            print(f"a write by hand took {took:.1f} s, {person.put_off} times put off: {status}", flush=True)
            self.assertLess(took, AT_MOST)
            self.assertEqual(client.over(job), "completed")
            self.assertEqual([first.stop(), server.stop()], [0, 0])
        with self.place.session() as session:
            self.assertEqual(state.wrong(session), "")


if __name__ == "__main__":
    harness.main("postgres")
