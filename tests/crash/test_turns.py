"""Whose turn it is, on PostgreSQL: a small file does not wait behind a large one of somebody else's, and a
worker that sleeps in another process begins at once."""
import datetime
import random
import time

import figures
import harness
import state

LARGE = harness.setting("OBLIGOR_CRASH_LARGE", 300000)
UPLOADS = harness.setting("OBLIGOR_CRASH_UPLOADS", 10)
SEED = harness.setting("OBLIGOR_CRASH_SEED", 1)
AT_MOST = 1.0   # seconds from the answer to the first claim, each time
MOSTLY = 0.3    # half of them


class TurnsTest(harness.unittest.TestCase):
    def setUp(self):
        self.place = harness.Place()
        self.addCleanup(self.place.close)
        self.place.people()

    def all_is_well(self):
        with self.place.session() as session:
            self.assertEqual(state.wrong(session), "")

    def test_ten_rows_do_not_wait_behind_a_large_file(self):
        large = self.place.path("large.csv")
        figures.write_plain(large, LARGE, "L")
        waits = []
        with harness.Server(self.place, "--workers", "0") as server, harness.Worker(self.place) as worker:
            ada, bob = harness.Client(server), harness.Client(server, harness.BOB)
            job = ada.uploaded(large)
            harness.until(lambda: ada.job(job)["progress"]["processed_rows"] > 0, "the large file to begin",
                          pause=0.02)
            for n in range(3):
                little = self.place.path(f"little-{n}.csv")
                figures.write_plain(little, 10, f"T{n}-")
                began = time.monotonic()
                self.assertEqual(bob.over(bob.uploaded(little)), "completed")
                waits.append(time.monotonic() - began)
                about = ada.job(job)
                self.assertEqual(about["status"], "processing", "the large file was over already")
            print("ten rows beside a large file: " + ", ".join(f"{wait:.2f} s" for wait in waits) +
                  f"; {about['progress']['processed_rows']} rows of it were in", flush=True)
            self.assertLess(max(waits), 5)
            status, answer = ada.call("POST", f"/predictions/jobs/{job}/cancel")
            self.assertIn(status, (200, 202), answer)
            self.assertEqual(ada.over(job), "cancelled")
            self.assertEqual([worker.stop(), server.stop()], [0, 0])
        self.all_is_well()

    def started_at(self, client, job):
        at = harness.until(lambda: client.job(job)["timestamps"]["started_at"], "the start of the job",
                           pause=0.01)
        return datetime.datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp()

    def test_a_worker_that_sleeps_begins_at_once(self):
        draw = random.Random(SEED)
        waits = []
        with harness.Server(self.place, "--workers", "0") as server, harness.Worker(self.place) as worker:
            worker.wait_until_it_works()
            client = harness.Client(server)
            for n in range(UPLOADS):
                path = self.place.path(f"little-{n}.csv")
                figures.write_plain(path, 10, f"N{n}-")
                time.sleep(draw.uniform(0.2, 1.2))  # at any moment of a poll
                job = client.uploaded(path)
                answered = time.time()
                waits.append(max(self.started_at(client, job) - answered, 0))
                self.assertEqual(client.over(job), "completed")
            self.assertEqual([worker.stop(), server.stop()], [0, 0])
        waits.sort()
        print("from the answer to the start: " + ", ".join(f"{wait:.3f}" for wait in waits) + " s", flush=True)
        self.assertLess(waits[-1], AT_MOST)
        self.assertLess(waits[len(waits) // 2], MOSTLY, "as long as polling alone would take")
        self.all_is_well()


if __name__ == "__main__":
    harness.main("postgres")
