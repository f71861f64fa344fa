"""kill -9 in the middle of a cascade and of its restoration: right behind commits, and moments later.

The job that is deleted displaced more values of an earlier one than come back in one transaction, so it is
settling for a while both ways, and some of its rows were edited by hand. However often the server dies, the
end is that of a run that nobody disturbed, in every column; and between two lives the job's rows are seen all
or not at all. OBLIGOR_CRASH_KILLS (5) is how often each half is killed.
"""
import random
import time

import figures
import harness
import state

KILLS = harness.setting("OBLIGOR_CRASH_KILLS", 5)
SEED = harness.setting("OBLIGOR_CRASH_SEED", 1)
REPLACED, FREE, EDITS = 10050, 150, 12

# All that a deletion and a restoration have to account for; ids are compared, since they must not change.
WHOLE = {
    "annual_predictions": "SELECT * FROM annual_predictions ORDER BY id",
    "companies": "SELECT id, symbol, name, sector, job_id, job_row, created_at, deleted_at IS NULL "
                 "FROM companies ORDER BY id",
    "covering_rows": "SELECT job_id, job_row, prediction_id FROM covering_rows ORDER BY 1, 2, 3",
    "prediction_counts": "SELECT kind, job_id, reporting_year, risk_level, sector, sum(delta) "
                         "FROM prediction_counts GROUP BY kind, job_id, reporting_year, risk_level, sector "
                         "HAVING sum(delta) <> 0 ORDER BY 1, 2, 3, 4, 5",
    "bulk_upload_jobs": "SELECT id, status, status_before, hides_rows, hides_inferred, settling, "
                        "successful_rows, removed_rows, deleted_at IS NULL FROM bulk_upload_jobs ORDER BY id",
    "deletions": "SELECT phase, state, deleted_rows, annual_rows, edits_deleted, edits_kept, "
                 "versions_restored, archived_rows, companies_empty, companies_deleted, restored_rows, "
                 "restored_former, completed_at IS NULL FROM deletions ORDER BY created_at",
    "deletion_chunks": "SELECT part, kind, sum(row_count) FROM deletion_chunks GROUP BY part, kind "
                       "ORDER BY part, kind",
    "work_queue": "SELECT task, position FROM work_queue",
}
PROGRESS = ("SELECT d.phase, d.state, d.settled_row, d.deleted_rows, d.edits_deleted, d.restored_rows, "
            "j.status FROM deletions d JOIN bulk_upload_jobs j ON j.owner_id = d.owner_id AND j.id = d.job_id")
# Keys whose current version is not the newest of those that can be seen.
NOT_NEWEST = """
SELECT id FROM (
  SELECT p.id, p.is_current, row_number() OVER (
    PARTITION BY p.owner_id, p.company_id, p.reporting_year, p.reporting_quarter
    ORDER BY p.created_at DESC, p.id DESC) AS place
  FROM annual_predictions p
  WHERE NOT EXISTS (SELECT 1 FROM bulk_upload_jobs j WHERE j.owner_id = p.owner_id AND j.id = p.job_id
                    AND j.hides_rows AND (p.job_link = 0 OR j.hides_inferred))) seen
WHERE (place = 1) <> is_current"""


def look(place):
    with place.session() as session:
        return {part: session.execute(query).fetchall() for part, query in WHOLE.items()}


class UndoTest(harness.unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.draw = random.Random(SEED)
        cls.start = harness.Place()
        cls.addClassCleanup(cls.start.close)
        cls.start.people([harness.ADA])
        first, second = cls.start.path("first.csv"), cls.start.path("second.csv")
        figures.write_plain(first, REPLACED + 50, "U")
        figures.write_plain(second, REPLACED, "U", ratio="2.5")
        with open(second, "a", encoding="utf-8") as file:
            for n in range(FREE):
                file.write(f"NEW{n},New {n},1000,Energy,2020,Q4,1.5,2,2.5,4,5\n")
        for path in (first, second):
            cls.start.run("import", path, "--type", "annual", "--user", harness.ADA,
                          "--on-duplicate", "replace")
        cls.edit_by_hand()
        cls.begin(cls.start, cls.delete)
        cls.undisturbed()

    @classmethod
    def edit_by_hand(cls):
        job = cls.start.value("SELECT id FROM bulk_upload_jobs WHERE original_filename = 'second.csv'")
        cls.job = harness.engines.id_text(job)
        rows = cls.start.rows("SELECT id FROM annual_predictions WHERE job_id = ? ORDER BY job_row DESC", job)
        with harness.Server(cls.start, "--workers", "0") as server:
            client = harness.Client(server)
            for (found,) in rows[:EDITS // 2] + rows[-EDITS // 2:]:
                status, answer = client.call("PUT", f"/predictions/annual/{harness.engines.id_text(found)}",
                                             {"return_on_assets": 7.25})
                assert status == 200, answer
            assert server.stop() == 0
        cls.before = look(cls.start)
        cls.all_rows = len(rows)

    @classmethod
    def delete(cls, client):
        return client.call("DELETE", f"/predictions/jobs/{cls.job}?delete_predictions=true"
                           "&include_edited=true&delete_orphaned_companies=true",
                           headers={"Prefer": "respond-async"})

    @classmethod
    def restore(cls, client):
        return client.call("POST", f"/predictions/jobs/{cls.job}/restore",
                           headers={"Prefer": "respond-async"})

    @staticmethod
    def begin(place, ask):
        """Asked of a server that does not work."""
        with harness.Server(place, "--workers", "0") as server:
            status, answer = ask(harness.Client(server))
            assert status == 202, answer
            assert server.stop() == 0

    @classmethod
    def undisturbed(cls):
        place = harness.Place()
        cls.addClassCleanup(place.close)
        place.copy_from(cls.start)
        cls.work(place)
        cls.deleted = look(place)
        cls.begin(place, cls.restore)
        cls.work(place)
        cls.restored = look(place)

    @staticmethod
    def let_go(place):
        """The leases of the dead have run out before the next server looks: it need not wait to look again."""
        place.change("UPDATE work_queue SET lease_until = {long_ago} WHERE lease_until IS NOT NULL")

    @classmethod
    def work(cls, place):
        """To the end of what is queued."""
        cls.let_go(place)
        with harness.Server(place) as server:
            harness.until(lambda: not place.rows("SELECT 1 FROM work_queue"), "the end of the work")
            assert server.stop() == 0

    def same(self, place, should):
        with place.session() as session:
            self.assertEqual(state.wrong(session), "")
            self.assertEqual(session.execute(NOT_NEWEST).fetchall(), [])
        self.assertEqual(state.differences(look(place), should), "")

    def between_lives(self, place):
        """Whatever the last commit was: all rows of the job or none, and while nothing is on its way back,
        the newest version of each key."""
        with place.session() as session:
            ((status, hides, settling),) = session.execute(
                "SELECT status, hides_rows, settling FROM bulk_upload_jobs "
                "WHERE original_filename = 'second.csv'")
            ((rows,),) = session.execute(
                "SELECT count(*) FROM annual_predictions p WHERE job_id = (SELECT id FROM bulk_upload_jobs "
                "WHERE original_filename = 'second.csv')")
            if not settling:
                self.assertEqual(session.execute(NOT_NEWEST).fetchall(), [])
        if status in ("deleting", "restoring"):
            self.assertTrue(hides)
        else:
            self.assertEqual((hides, rows), (0, self.all_rows if status == "completed" else 0))

    def life(self, place, moment):
        """False when the work was over before the kill."""
        self.let_go(place)
        with harness.Server(place) as server:
            if not moment():
                server.stop()
                return False
            server.kill()
        self.between_lives(place)
        return True

    def killed(self, place, kills):
        """Each life ends behind one of its first commits, at once or a moment later: batches grow within a
        life. Gives how many there were until the work was over."""
        draw, done = self.draw, 0

        def moment():
            with place.session() as session:
                for _ in range(draw.choice((1, 1, 2, 3))):
                    before = session.execute(PROGRESS).fetchall()
                    harness.until(lambda: session.execute(PROGRESS).fetchall() != before
                                  or not session.execute("SELECT 1 FROM work_queue").fetchall(), "a commit",
                                  pause=0.001)
                time.sleep(draw.choice((0, draw.uniform(0, 0.03))))
                return bool(session.execute("SELECT 1 FROM work_queue").fetchall())
        while done < kills and self.life(place, moment):
            done += 1
        if place.rows("SELECT 1 FROM work_queue"):
            self.work(place)
        return done

    def half(self, start, ask, should):
        """The same half again and again until it was killed often enough; gives how often, and the place
        where it is over."""
        done, rounds, place = 0, 0, None
        while done < KILLS and rounds < 4:
            place = harness.Place()
            self.addCleanup(place.close)
            place.copy_from(start)
            if ask is not None:
                self.begin(place, ask)
            done += self.killed(place, KILLS - done)
            self.same(place, should)
            rounds += 1
        return done, place

    def test_the_undisturbed_run(self):
        """The job was settling when it was deleted; its restoration gives back what was there, to the last
        bit."""
        with self.start.session() as session:
            self.assertEqual(session.execute("SELECT settling FROM bulk_upload_jobs WHERE "
                                             "original_filename = 'second.csv'").fetchall(), [(1,)])
        self.assertEqual(self.deleted["deletions"][0][:4],
                         ("removal", "done", REPLACED + FREE + EDITS, REPLACED + FREE + EDITS))
        self.assertEqual(self.deleted["deletions"][0][6], REPLACED)
        self.assertEqual(len(self.deleted["annual_predictions"]), REPLACED + 50)
        for part in ("annual_predictions", "companies", "covering_rows", "prediction_counts",
                     "bulk_upload_jobs"):
            with self.subTest(part):
                self.assertEqual(state.differences({part: self.restored[part]}, {part: self.before[part]}),
                                 "")

    def test_lists_say_that_it_is_settling(self):
        place = harness.Place()
        self.addCleanup(place.close)
        place.copy_from(self.start)
        with harness.Server(place, "--workers", "0") as server:
            _, answer = harness.Client(server).call("GET", "/predictions/annual?limit=1")
            self.assertIs(answer.get("settling"), True)
            self.assertEqual(server.stop(), 0)
        self.work(place)
        with harness.Server(place, "--workers", "0") as server:
            _, answer = harness.Client(server).call("GET", "/predictions/annual?limit=1")
            self.assertIsNone(answer.get("settling"))
            self.assertEqual(server.stop(), 0)

    def test_killed(self):
        kills, place = self.half(self.start, None, self.deleted)
        again, _ = self.half(place, self.restore, self.restored)
        print(f"{kills} kills met the deletion, {again} the restoration", flush=True)
        self.assertGreater(min(kills, again), 0)


if __name__ == "__main__":
    harness.main()
