"""Several processes on one database: the command line beside a server, two servers, and a server
that stands still beyond its lease while another takes its work over."""
import signal
import sqlite3
import subprocess
import threading
import time

import engines
import figures
import harness
import state

ROWS = harness.rows_of_a_file(sqlite=40000, postgres=15000)


class Together(harness.unittest.TestCase):
    def setUp(self):
        self.place = harness.Place()
        self.addCleanup(self.place.close)
        self.place.people()
        self.files = []
        for i in range(4):
            file = self.place.path(f"figures-{i}.csv")
            figures.write(file, ROWS if i < 2 else ROWS // 10, i + 1)
            self.files.append(file)

    def all_is_well(self):
        with self.place.session() as session:
            self.assertEqual(state.wrong(session), "")

    def test_the_command_line_beside_a_server(self):
        """Both import at once, for two owners, while somebody works by hand."""
        with harness.Server(self.place) as server:
            client = harness.Client(server)
            slowest = [0.0]
            over = threading.Event()
            writer = threading.Thread(target=self.write_by_hand, args=(client, over, slowest))
            writer.start()
            try:
                job = client.uploaded(self.files[0])
                began = time.monotonic()
                imported = subprocess.run(
                    [harness.BINARY, "import", self.files[1], "--type", "annual", "--user", harness.BOB,
                     "--db", self.place.url], capture_output=True, text=True, timeout=300, check=False)
                took = time.monotonic() - began
                self.assertEqual(imported.returncode, 0, imported.stderr)
                self.assertEqual(client.over(job), "completed")
            finally:
                over.set()
                writer.join()
            print(f"beside each other: {took:.1f} s for the command line, the slowest write by hand "
                  f"{slowest[0]:.2f} s", flush=True)
            self.assertEqual(server.stop(), 0)
            self.assertNotIn(" error ", server.tail(1000), "nobody was turned away")
        self.assertLess(slowest[0], 5, "seconds that a write by hand waits")
        self.all_is_well()

    def write_by_hand(self, client, over, slowest):
        count = 0
        while not over.is_set():
            began = time.monotonic()
            status, answer = client.call("POST", "/predictions/annual", {
                "company_symbol": f"H{count}", "company_name": "By hand", "market_cap": 1, "sector": "Hand",
                "reporting_year": "2024", "reporting_quarter": "Q4", "return_on_assets": 1.5})
            slowest[0] = max(slowest[0], time.monotonic() - began)
            if status != 201:
                slowest[0] = float("inf")
                print("a write by hand:", status, answer, flush=True)
                return
            count += 1
            time.sleep(0.01)

    def test_the_command_line_waits_for_the_owners_earlier_work(self):
        with harness.Server(self.place) as server:
            client = harness.Client(server)
            first = client.uploaded(self.files[0])
            self.place.run("import", self.files[2], "--type", "annual", "--user", harness.ADA, timeout=300)
            self.assertEqual(client.job(first)["status"], "completed")
            self.assertEqual(server.stop(), 0)
        ends = self.place.rows("SELECT original_filename FROM bulk_upload_jobs ORDER BY completed_at")
        self.assertEqual(ends, [("figures-0.csv",), ("figures-2.csv",)])
        self.all_is_well()

    def test_two_servers(self):
        """Uploads come in at both, for two owners; each is imported once, in each owner's order."""
        with harness.Server(self.place) as one, harness.Server(self.place) as two:
            clients = [harness.Client(one), harness.Client(two, harness.BOB),
                       harness.Client(two), harness.Client(one, harness.BOB)]
            jobs = [client.uploaded(file) for client, file in zip(clients, self.files)]
            for client, job in zip(clients, jobs):
                self.assertEqual(client.over(job), "completed")
            status, _ = clients[2].call("DELETE", f"/predictions/jobs/{jobs[0]}?delete_predictions=true",
                                        headers={"Prefer": "respond-async"})
            self.assertIn(status, (200, 202))
            again = clients[0].uploaded(self.files[0])
            self.assertEqual(clients[0].over(again), "completed")
            for server in (one, two):
                self.assertEqual(server.stop(), 0)
        for owner in (harness.ADA, harness.BOB):
            accepted = self.place.rows(
                "SELECT j.original_filename FROM bulk_upload_jobs j JOIN users u ON u.id = j.owner_id "
                "WHERE u.email = ? ORDER BY j.created_at", owner)
            ended = self.place.rows(
                "SELECT j.original_filename FROM bulk_upload_jobs j JOIN users u ON u.id = j.owner_id "
                "WHERE u.email = ? ORDER BY j.completed_at", owner)
            self.assertEqual(accepted, ended)
        self.assertEqual(self.place.value("SELECT failed_rows FROM bulk_upload_jobs WHERE id = ?",
                                          bytes.fromhex(again.replace("-", ""))),
                         self.place.value("SELECT failed_rows FROM bulk_upload_jobs WHERE id = ?",
                                          bytes.fromhex(jobs[0].replace("-", ""))),
                         "an upload behind the deletion finds its keys free")
        self.all_is_well()

    def holds_the_lock(self):
        """Somebody is within a write transaction."""
        if harness.ENGINE == "postgres":
            return self.place.value("SELECT count(*) FROM pg_stat_activity WHERE xact_start IS NOT NULL "
                                    "AND datname = current_database() AND pid <> pg_backend_pid()") > 0
        session = engines.SqliteSession(self.place.database, timeout=0)
        try:
            session.execute("BEGIN IMMEDIATE")
            session.execute("ROLLBACK")
            return False
        except sqlite3.OperationalError:
            return True
        finally:
            session.close()

    def test_a_worker_that_stood_still_cannot_write(self):
        with harness.Server(self.place) as first:
            client = harness.Client(first)
            job = client.uploaded(self.files[0])
            with self.place.session() as session:
                harness.until(lambda: (session.execute("SELECT position FROM work_queue").fetchone() or
                                       (1,))[0] > 0, "the first batch", pause=0.0005)
            first.process.send_signal(signal.SIGSTOP)
            while self.holds_the_lock():  # within a batch: let it end that one
                first.process.send_signal(signal.SIGCONT)
                time.sleep(0.002)
                first.process.send_signal(signal.SIGSTOP)
                time.sleep(0.01)
            position = self.place.value("SELECT position FROM work_queue")
            self.assertIsNotNone(position, "the import was over before it could be stopped")
            with harness.Server(self.place) as second:
                harness.free_leases(self.place, second)
                self.assertEqual(harness.Client(second).over(job), "completed")
                with self.place.session() as session:
                    before = state.dump(session)
                first.process.send_signal(signal.SIGCONT)
                harness.until(lambda: "task was taken over" in first.tail(1000), "the first to notice")
                self.assertEqual(first.stop(), 0)
                with self.place.session() as session:
                    self.assertEqual(state.differences(state.dump(session), before), "")
                self.assertEqual(second.stop(), 0)
        self.all_is_well()


if __name__ == "__main__":
    harness.main()
