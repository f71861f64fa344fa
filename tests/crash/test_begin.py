"""The beginning on PostgreSQL: schemas made and processes started at the same moment, and a database that is
too new, or empty, for the program."""
import contextlib

import engines
import harness
import people

ROUNDS = harness.setting("OBLIGOR_CRASH_ROUNDS", 3)
REFUSED = 3  # the exit code: the state of things forbids it


class BeginTest(harness.unittest.TestCase):
    def place(self):
        place = harness.Place()
        self.addCleanup(place.close)
        return place

    def test_migrated_by_many_at_once(self):
        versions = set()
        for number in (2, 4) * ROUNDS:
            place = self.place()
            done = people.at_once([lambda p=place: p.run("migrate", may_fail=True)] * number)
            for code, _, complaint in done:
                self.assertEqual((code, complaint), (0, ""), done)
            found = place.rows("SELECT version FROM schema_migrations ORDER BY version")
            self.assertEqual(found, [(n + 1,) for n in range(len(found))])
            versions.add(len(found))
            place.people()
        self.assertEqual(len(versions), 1)

    def test_started_at_once(self):
        place = self.place()
        place.people()
        with contextlib.ExitStack() as stack:
            begun = people.at_once([lambda: harness.Server(place), lambda: harness.Server(place),
                                    lambda: harness.Worker(place).wait_until_it_works(),
                                    lambda: harness.Worker(place).wait_until_it_works()])
            for process in begun:
                stack.enter_context(process)
            for server in begun[:2]:
                status, _ = harness.Client(server).call("GET", "/auth/me")
                self.assertEqual(status, 200)
            for process in begun:
                self.assertEqual(process.stop(), 0)
                self.assertNotRegex(process.tail(1000), " error ")

    commands = (("serve", "--listen", "127.0.0.1:0"), ("worker",), ("user", "list"),
                ("jobs", "list", "--user", harness.ADA))

    def test_an_empty_database_is_refused(self):
        place = self.place()
        for command in self.commands:
            with self.subTest(command=command):
                code, _, complaint = place.run(*command, may_fail=True, timeout=20)
                self.assertEqual(code, REFUSED, complaint)
                self.assertIn("obligor migrate", complaint)
        self.assertEqual(place.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"), [])

    def test_a_newer_schema_is_refused(self):
        place = self.place()
        place.people()
        newest = place.value("SELECT max(version) FROM schema_migrations")
        place.change("INSERT INTO schema_migrations (version, name, checksum, applied_at) "
                     "VALUES (?, 'of_tomorrow', 'unknown', 0)", newest + 1)
        for command in (*self.commands, ("migrate",), ("migrate", "--dry-run")):
            with self.subTest(command=command):
                code, _, complaint = place.run(*command, may_fail=True, timeout=20)
                self.assertEqual(code, REFUSED, complaint)
                self.assertIn(f"The database has schema version {newest + 1}, and this program knows {newest}. "
                              "Use a newer obligor with it.", complaint)
        self.assertEqual(place.value("SELECT max(version) FROM schema_migrations"), newest + 1)

    def test_another_migration_of_the_same_number_is_refused(self):
        place = self.place()
        place.people()
        place.change("UPDATE schema_migrations SET checksum = 'another' WHERE version = 1")
        for command in (*self.commands, ("migrate",)):
            with self.subTest(command=command):
                code, _, complaint = place.run(*command, may_fail=True, timeout=20)
                self.assertEqual(code, REFUSED, complaint)
                self.assertIn("Migration 1 of the database is not the one that this program knows.", complaint)

    def test_a_database_that_is_not_there(self):
        place = self.place()
        place.use("nowhere")
        for command in (*self.commands, ("migrate",)):
            with self.subTest(command=command):
                code, _, complaint = place.run(*command, may_fail=True, timeout=20)
                self.assertEqual(code, 1, complaint)
                self.assertNotIn(engines.cluster().directory, complaint.replace(place.url, ""))
                self.assertEqual(complaint.splitlines()[:4],
                                 ["obligor: There is no such database.", f"  --db: {place.url}",
                                  '  cause: postgres 3D000 in connect: database "nowhere" does not exist',
                                  "  hint: 'createdb' makes it and 'obligor migrate' prepares it."])


if __name__ == "__main__":
    harness.main("postgres")
