"""SIGTERM in the middle of an import and of a deletion: the running batch is committed, the task is handed
back, and the next server goes on at once, not when a lease has run out."""
import time

import figures
import harness
import state

ROWS = harness.rows_of_a_file(sqlite=40000, postgres=20000)
LEASE = 30


class StopTest(harness.unittest.TestCase):
    def setUp(self):
        self.place = harness.Place()
        self.addCleanup(self.place.close)
        self.place.people()
        self.file = self.place.path("figures.csv")
        figures.write(self.file, ROWS, 1)

    def stop_in_the_middle(self, server):
        """Waits for a commit and stops; gives the task's row in the queue, or None when it was too late."""
        with self.place.session() as session:
            def begun():
                found = session.execute("SELECT position FROM work_queue").fetchall()
                return not found or found[0][0] > 0
            harness.until(begun, "the first batch", pause=0.001)
        began = time.monotonic()
        self.assertEqual(server.stop(), 0)
        self.assertLess(time.monotonic() - began, 5, "seconds to stop")
        found = self.place.rows("SELECT lease_until, attempts, position FROM work_queue")
        return found[0] if found else None

    def go_on(self, job, end):
        with harness.Server(self.place) as server:
            began = time.monotonic()
            status = harness.Client(server).over(job)
            self.assertLess(time.monotonic() - began, LEASE / 2, "seconds until the work was done")
            self.assertEqual(server.stop(), 0)
        self.assertEqual(status, end)
        with self.place.session() as session:
            self.assertEqual(state.wrong(session), "")

    def test_import_then_deletion(self):
        with harness.Server(self.place) as server:
            job = harness.Client(server).uploaded(self.file)
            task = self.stop_in_the_middle(server)
        self.assertIsNotNone(task, "the import was over before it could be stopped")
        self.assertEqual(task[:2], (None, 0), "handed back, and no attempt used up")
        self.assertNotIn("ERROR", server.tail(100000))
        self.go_on(job, "completed")
        self.assertEqual(self.place.value("SELECT count(*) FROM annual_predictions"),
                         self.place.value("SELECT successful_rows FROM bulk_upload_jobs"))

        with harness.Server(self.place) as server:
            status, _ = harness.Client(server).call(
                "DELETE", f"/predictions/jobs/{job}?delete_predictions=true",
                headers={"Prefer": "respond-async"})
            self.assertIn(status, (200, 202))
            task = self.stop_in_the_middle(server)
        if task is not None:
            self.assertEqual(task[:2], (None, 0))
        self.go_on(job, "deleted")
        self.assertEqual(self.place.value("SELECT count(*) FROM annual_predictions"), 0)

    def test_twice_in_a_row(self):
        """A deploy loop must not use up the attempts of a task."""
        with harness.Server(self.place, "--workers", "0") as server:
            job = harness.Client(server).uploaded(self.file)
            self.assertEqual(server.stop(), 0)
        for _ in range(6):
            with harness.Server(self.place) as server:
                self.assertEqual(server.stop(), 0)
        self.go_on(job, "completed")


if __name__ == "__main__":
    harness.main()
