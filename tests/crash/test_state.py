"""The judge is judged: a database that is in order is damaged a little, in one way after another, and each time
state.py must see it. A test that finds nothing wrong means something only then."""
import figures
import harness
import state

ROWS = 1000
ONE = "(SELECT id FROM annual_predictions WHERE is_current ORDER BY created_at, id LIMIT 1)"
OWN = "(SELECT owner_id FROM bulk_upload_jobs LIMIT 1)"

# What is done, and what is said of it: a piece of what state.wrong says, or None where the state is a sound one
# and only differs from what it should be.
DAMAGES = (
    (f"DELETE FROM annual_predictions WHERE id = {ONE}", "job_rows: "),
    (f"UPDATE annual_predictions SET job_id = NULL WHERE id = {ONE}", "job_rows: "),
    ("UPDATE bulk_upload_jobs SET successful_rows = successful_rows + 1", "job_counters: "),
    ("UPDATE bulk_upload_jobs SET successful_rows = successful_rows + 1, processed_rows = processed_rows + 1",
     "job_rows: "),
    ("UPDATE bulk_upload_jobs SET unchanged_rows = unchanged_rows + 1, failed_rows = failed_rows - 1",
     "job_errors: "),
    ("UPDATE bulk_upload_jobs SET warning_count = warning_count + 1", "job_warnings: "),
    ("DELETE FROM bulk_upload_errors WHERE job_row = (SELECT min(job_row) FROM bulk_upload_errors "
     "WHERE severity = 0)", "job_errors: "),
    ("UPDATE prediction_counts SET delta = delta + 1 WHERE id = (SELECT id FROM prediction_counts LIMIT 1)",
     "prediction_counts: "),
    (f"UPDATE annual_predictions SET is_current = FALSE WHERE id = {ONE}", "prediction_counts: "),
    (f"UPDATE annual_predictions SET job_row = job_row + 100000 WHERE id = {ONE}", "row_order: "),
    ("UPDATE bulk_upload_jobs SET last_created_at = first_created_at, last_id = first_id", "row_span: "),
    (f"UPDATE companies SET deleted_at = created_at WHERE id = (SELECT company_id FROM annual_predictions "
     f"WHERE id = {ONE})", "company_deleted: "),
    ("UPDATE bulk_upload_jobs SET hides_rows = TRUE", "hidden while nothing is at work"),
    ("DELETE FROM bulk_upload_files", "file_chunks: "),
    (f"UPDATE audit_events SET reason = 'another' WHERE seq = 2 AND owner_id = {OWN}", "does not fit its digest"),
    (f"DELETE FROM audit_events WHERE seq = 1 AND owner_id = {OWN}", "follows 0"),
    (f"UPDATE audit_heads SET seq = seq + 1 WHERE owner_id = {OWN}", "a head does not fit"),
    (f"UPDATE annual_predictions SET probability = probability * 1.0000000000000003 WHERE id = {ONE}", None),
    ("UPDATE companies SET name = name || ' and more' WHERE symbol = 'C000001'", None),
)


class StateTest(harness.unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = harness.Place()
        cls.addClassCleanup(cls.place.close)
        cls.place.people()
        file = cls.place.path("figures.csv")
        figures.write(file, ROWS, 1)
        cls.place.run("import", file, "--type", "annual", "--user", harness.ADA)
        cls.wrong, cls.dump = cls.look(cls.place)

    @staticmethod
    def look(place):
        with place.session() as session:
            return state.wrong(session), state.dump(session)

    def damaged(self, damage):
        place = harness.Place()
        self.addCleanup(place.close)
        place.copy_from(self.place)
        place.change(damage)
        return self.look(place)

    def test_a_sound_state_is_sound(self):
        self.assertEqual(self.wrong, "")
        self.assertEqual(state.differences(self.dump, self.dump), "")

    def test_every_damage_is_seen(self):
        for damage, said in DAMAGES:
            with self.subTest(damage=damage):
                wrong, dump = self.damaged(damage)
                if said is None:
                    self.assertEqual(wrong, "")
                    self.assertNotEqual(state.differences(dump, self.dump), "")
                else:
                    self.assertIn(said, wrong)


if __name__ == "__main__":
    harness.main()
