"""No room on the disk, and a database that cannot be written: clear answers, nothing half done, and the work
goes on when there is room again. The disks are small tmpfs mounts, which only root can make. On PostgreSQL the
database lies in a tablespace on the small disk; its log of changes does not, without which no server runs."""
import ctypes
import os
import re
import time

import engines
import figures
import harness
import state

MIB = 1 << 20
LIBC = ctypes.CDLL(None, use_errno=True)


class Disk:
    """A disk of so many bytes."""

    def __init__(self, size):
        self.directory = harness.tempfile.mkdtemp(prefix="obligor-disk-")
        if LIBC.mount(b"tmpfs", self.directory.encode(), b"tmpfs", 0, b"size=%d" % size) != 0:
            why = os.strerror(ctypes.get_errno())
            os.rmdir(self.directory)
            raise harness.unittest.SkipTest(f"no tmpfs can be mounted here ({why}); only root may")

    def path(self, name):
        return os.path.join(self.directory, name)

    def free(self):
        about = os.statvfs(self.directory)
        return about.f_bavail * about.f_frsize

    def used(self):
        about = os.statvfs(self.directory)
        return (about.f_blocks - about.f_bfree) * about.f_frsize

    def fill(self, leave):
        with open(self.path("filler"), "wb") as file:
            file.write(bytes(max(self.free() - leave, 0)))

    def clear(self):
        os.unlink(self.path("filler"))

    def close(self):
        LIBC.umount2(self.directory.encode(), 2)  # lazily: a server that a failed test left may use it
        os.rmdir(self.directory)


def disk(test, size):
    made = Disk(size)
    test.addCleanup(made.close)
    return made


class SpoolTest(harness.unittest.TestCase):
    def test_full_while_spooling(self):
        small = disk(self, MIB)
        place = harness.Place()
        self.addCleanup(place.close)
        place.people()
        large, little = place.path("large.csv"), place.path("little.csv")
        figures.write(large, 40000, 1)
        figures.write(little, 100, 1)
        with harness.Server(place, "--spool", small.directory) as server:
            client = harness.Client(server)
            status, answer = client.upload(large)
            self.assertEqual(status, 503, answer)
            self.assertEqual(answer["detail"], "The server has no room left for the upload. Nothing was "
                             "stored; send it again later.")
            self.assertNotIn(small.directory, str(answer))
            harness.until(lambda: small.used() == 0, "the spool to be empty again")
            self.assertEqual(os.listdir(small.directory), [])
            self.assertEqual(place.value("SELECT count(*) FROM bulk_upload_jobs"), 0)
            self.assertEqual(client.over(client.uploaded(little)), "completed")
            self.assertEqual(server.stop(), 0)
        with place.session() as session:
            self.assertEqual(state.wrong(session), "")


class DatabaseTest(harness.unittest.TestCase):
    no_room = {"sqlite": "The database has no room left on its disk.",
               "postgres": "The database has no room or no connections left."}[harness.ENGINE]

    def place_on(self, small):
        if harness.ENGINE == "sqlite":
            place = harness.Place(small.directory)
        else:
            place = harness.Place()
            self.addCleanup(place.close)
            self.move_to(small, place)
        place.people()
        return place

    def move_to(self, small, place):
        """Gives the place a database in a tablespace on the small disk."""
        name = "small" + os.path.basename(small.directory).replace("-", "_").lower()
        space, owner = small.path("space"), engines.postgres.as_postgres()
        os.mkdir(space)
        if owner:
            os.chmod(small.directory, 0o755)
            os.chown(space, owner["user"], owner["group"])
        cluster = engines.cluster()
        cluster.psql(f"CREATE TABLESPACE {name} LOCATION '{space}'")
        cluster.psql(f"CREATE DATABASE {name} TABLESPACE {name}")
        self.addCleanup(lambda: (engines.cut(name), cluster.psql(f"DROP DATABASE {name}"),
                                 cluster.psql(f"DROP TABLESPACE {name}")))
        place.use(name)

    def test_full_during_an_import(self):
        small = disk(self, 64 * MIB)
        place = self.place_on(small)
        file = place.path("figures.csv")
        figures.write(file, 40000, 1)
        with harness.Server(place, "--workers", "0") as server:
            job = harness.Client(server).uploaded(file)
            self.assertEqual(server.stop(), 0)
        small.fill(leave=4 * MIB)
        with harness.Server(place) as server:
            with self.subTest("the task is tried again"):
                harness.until(lambda: "task failed" in server.tail(100), "the task to fail")
                time.sleep(3)
                self.assertEqual(place.value("SELECT status FROM bulk_upload_jobs"), "processing")
                self.assertIn("no room", server.tail(100))
            client_sees = self.what_a_client_sees(server, job)
            with self.subTest("a disk that is full for a while fails no job"):
                time.sleep(12)
                self.assertEqual(place.value("SELECT status FROM bulk_upload_jobs"), "processing")
            small.clear()
            with self.subTest("it ends once there is room"):
                self.assertEqual(harness.Client(server).over(job), "completed")
                self.assertEqual(server.stop(), 0)
        with place.session() as session:
            self.assertEqual(state.wrong(session), "")
        self.assertEqual(client_sees, "")

    def what_a_client_sees(self, server, job):
        """Reads go on, and a write that finds no room says so; without a path or the engine's words."""
        token = None
        seen = []
        for _ in range(20):
            try:
                token = harness.Client(server).token
                break
            except AssertionError as error:  # signing in writes
                seen.append(str(error))
        for text in seen:
            if "'status': 503" not in text or re.search("sqlite|postgres|/tmp|SQL", text):
                return "unclear: " + text
        if token is not None:
            client = harness.Client(server, token=token)
            status, answer = client.call("GET", f"/predictions/jobs/{job}")
            if status != 200:
                return f"reading the job gave {status} {answer}"
        return ""

    def test_full_while_an_upload_is_stored(self):
        """The spool has room, the database has not."""
        small = disk(self, 64 * MIB)
        place = self.place_on(small)
        spool = harness.tempfile.mkdtemp(prefix="obligor-spool-")
        self.addCleanup(os.rmdir, spool)
        file = os.path.join(spool, "figures.csv")
        figures.write(file, 40000, 1)
        self.addCleanup(os.unlink, file)
        with harness.Server(place, "--spool", spool) as server:
            client = harness.Client(server)
            small.fill(leave=MIB // 2)
            status, answer = client.upload(file)
            self.assertEqual(status, 503, answer)
            self.assertEqual(answer["detail"], self.no_room)
            small.clear()
            self.assertEqual(client.over(client.uploaded(file)), "completed")
            self.assertEqual(server.stop(), 0)
        # What could not even be removed on the full disk is for the sweeper.
        place.change("UPDATE bulk_upload_jobs SET updated_at = updated_at - {over_an_hour} "
                     "WHERE status = 'receiving'")
        with harness.Server(place) as server:
            harness.until(lambda: place.value("SELECT count(*) FROM bulk_upload_jobs") == 1, "the sweeper")
            self.assertEqual(server.stop(), 0)
        with place.session() as session:
            self.assertEqual(state.wrong(session), "")


@harness.only_on("sqlite", "the database is a file that may be read and not written")
class ReadOnlyTest(harness.unittest.TestCase):
    """The file may be read by whoever runs the program, not written."""

    def setUp(self):
        self.place = harness.Place()
        self.addCleanup(self.place.close)
        self.place.people()
        self.as_ = {}
        if os.geteuid() == 0:  # root may write anything
            self.as_ = {"user": 65534, "group": 65534, "extra_groups": []}
        os.chmod(self.place.database, 0o444)
        os.chmod(self.place.directory, 0o555)
        self.addCleanup(os.chmod, self.place.directory, 0o755)

    def run_reader(self, *arguments):
        done = harness.subprocess.run([self.binary(), *arguments, "--db", self.place.url], text=True,
                                      capture_output=True, timeout=60, check=False, **self.as_)
        self.assertNotRegex(done.stderr, "sqlite [0-9]|PRAGMA|SELECT|Sanitizer")
        return done

    def binary(self):
        """A copy that everybody may run: the build directory may be closed to others."""
        if not hasattr(self, "copy"):
            directory = harness.tempfile.mkdtemp(prefix="obligor-bin-")
            self.addCleanup(harness.shutil.rmtree, directory)
            os.chmod(directory, 0o755)
            self.copy = os.path.join(directory, "obligor")
            harness.shutil.copy(harness.BINARY, self.copy)
            os.chmod(self.copy, 0o755)
        return self.copy

    def test_commands_say_so(self):
        for arguments in (("user", "list"), ("user", "verify", harness.ADA),
                          ("serve", "--listen", "127.0.0.1:0")):
            done = self.run_reader(*arguments)
            with self.subTest(" ".join(arguments)):
                self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
                self.assertRegex(done.stderr, "read-only|cannot be opened|cannot be read or written")


if __name__ == "__main__":
    harness.main()
