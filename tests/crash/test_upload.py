"""kill -9 while an upload comes in: nothing of it is ever seen, and what is left over is swept. And between
the 202 and the first batch: the upload counts."""
import http.client
import os
import socket
import time

import engines
import figures
import harness
import state

ROWS = 20000


class UploadTest(harness.unittest.TestCase):
    def setUp(self):
        self.place = harness.Place()
        self.addCleanup(self.place.close)
        self.place.people()
        self.file = self.place.path("figures.csv")
        figures.write(self.file, ROWS, 1)

    def no_trace(self, why):
        for table in ("bulk_upload_jobs", "bulk_upload_files", "work_queue", "annual_predictions"):
            self.assertEqual(self.place.value(f"SELECT count(*) FROM {table}"), 0, f"{table} {why}")
        self.assertEqual(self.place.rows("SELECT action FROM audit_events WHERE action LIKE 'job%'"), [])

    def spooled(self):
        """Whatever lies in the spool beside what the test itself put there."""
        known = ("figures.csv", "obligor.db", "obligor.db-wal", "obligor.db-shm")
        return [name for name in os.listdir(self.place.directory)
                if name not in known and not name.endswith(".log")]

    def half_an_upload(self, server, client):
        """Sends the head and half of the body, and waits until the server has taken it in."""
        with open(self.file, "rb") as file:
            body = file.read()
        half = socket.create_connection(("127.0.0.1", server.port), timeout=30)
        half.sendall(b"POST /api/v1/predictions/jobs?job_type=annual HTTP/1.1\r\nHost: localhost\r\n"
                     b"Content-Type: text/csv\r\nAuthorization: Bearer " + client.token.encode() +
                     b"\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n" +
                     body[:len(body) // 2])
        time.sleep(0.3)
        return half

    def test_killed_while_the_body_comes_in(self):
        with harness.Server(self.place) as server:
            half = self.half_an_upload(server, harness.Client(server))
            server.kill()
            half.close()
        self.no_trace("after the kill")
        self.assertEqual(self.spooled(), [])
        with harness.Server(self.place) as server:
            status, answer = harness.Client(server).call("GET", "/predictions/jobs")
            self.assertEqual((status, answer["jobs"]), (200, []))
            self.assertEqual(server.stop(), 0)

    def test_a_client_that_goes_away_leaves_nothing(self):
        with harness.Server(self.place) as server:
            client = harness.Client(server)
            self.half_an_upload(server, client).close()
            status, _ = client.call("GET", "/predictions/jobs")
            self.assertEqual(status, 200)
            self.assertEqual(server.stop(), 0)
        self.no_trace("after the client went away")
        self.assertEqual(self.spooled(), [])

    def test_killed_between_two_chunks(self):
        """The file goes into the database chunk by chunk; the test ends the process as soon as it sees one."""
        caught = None
        for attempt in range(20):
            with harness.Server(self.place) as server:
                client = harness.Client(server)
                with self.place.session() as session, open(self.file, "rb") as file:
                    body = b"%d\n" % attempt + file.read() * 8
                    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
                    connection.request("POST", "/api/v1/predictions/jobs?job_type=annual", body,
                                       {"Content-Type": "text/csv",
                                        "Authorization": "Bearer " + client.token})
                    while session.execute("SELECT count(*) FROM bulk_upload_jobs").fetchone() == (0,):
                        pass
                server.kill()
                connection.close()
            caught = self.place.value("SELECT status FROM bulk_upload_jobs")
            if caught == "receiving":
                break
            self.place = self.fresh()
        self.assertEqual(caught, "receiving")
        self.nobody_sees_it_and_it_is_swept()

    def fresh(self):
        place = harness.Place()
        self.addCleanup(place.close)
        place.people()
        return place

    def nobody_sees_it_and_it_is_swept(self):
        self.assertEqual(self.place.value("SELECT count(*) FROM work_queue"), 0)
        job = engines.id_text(self.place.value("SELECT id FROM bulk_upload_jobs"))
        with harness.Server(self.place) as server:
            client = harness.Client(server)
            for status_of in ("", "?show_deleted=true"):
                status, answer = client.call("GET", "/predictions/jobs" + status_of)
                self.assertEqual((status, answer["jobs"]), (200, []))
            for method, path in (("GET", ""), ("GET", "/status"), ("GET", "/file"), ("DELETE", ""),
                                 ("POST", "/cancel")):
                status, _ = client.call(method, f"/predictions/jobs/{job}{path}")
                self.assertEqual(status, 404, method + path)
            self.assertEqual(server.stop(), 0)
        # It is young: it could be an upload that another process takes in right now. An hour later it is not.
        self.assertEqual(self.place.value("SELECT count(*) FROM bulk_upload_jobs"), 1)
        self.place.change("UPDATE bulk_upload_jobs SET updated_at = updated_at - {over_an_hour}")
        with harness.Server(self.place) as server:
            harness.until(lambda: self.place.value("SELECT count(*) FROM bulk_upload_jobs") == 0,
                          "the sweeper")
            self.assertEqual(server.stop(), 0)
        self.assertEqual(self.place.value("SELECT count(*) FROM bulk_upload_files"), 0)

    def test_killed_between_the_answer_and_the_first_batch(self):
        with harness.Server(self.place, "--workers", "0") as server:
            job = harness.Client(server).uploaded(self.file)
            server.kill()
        self.assertEqual(self.place.rows("SELECT status FROM bulk_upload_jobs"), [("pending",)])
        with harness.Server(self.place) as server:
            self.assertEqual(harness.Client(server).over(job), "completed")
            self.assertEqual(server.stop(), 0)
        with self.place.session() as session:
            self.assertEqual(state.wrong(session), "")

    def test_killed_at_the_claim(self):
        """As near to the answer as can be; the claim may be there or not."""
        with harness.Server(self.place) as server:
            job = harness.Client(server).uploaded(self.file)
            server.kill()
        with harness.Server(self.place) as server:
            harness.free_leases(self.place, server)
            self.assertEqual(harness.Client(server).over(job), "completed")
            self.assertEqual(server.stop(), 0)
        with self.place.session() as session:
            self.assertEqual(state.wrong(session), "")


if __name__ == "__main__":
    harness.main()
