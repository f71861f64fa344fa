"""An import and its cascade deletion that are disturbed, compared with a run that nobody disturbed.

    class SomeTest(compared.ComparedTest):
        ROWS = 10000

`start` is a place where an earlier upload is in the way of `file`; `imported` and `deleted` are what a run without
trouble leaves behind after each half, `import_takes` and `deletion_takes` its seconds.
"""
import time

import figures
import harness
import state


class ComparedTest(harness.unittest.TestCase):
    maxDiff = None
    ROWS = 10000
    SEED = 1

    @classmethod
    def setUpClass(cls):
        cls.start = harness.Place()
        cls.addClassCleanup(cls.start.close)
        cls.start.people()
        earlier = cls.start.path("earlier.csv")
        cls.file = cls.start.path("figures.csv")
        figures.write(earlier, cls.ROWS // 20, cls.SEED, earlier=True)
        figures.write(cls.file, cls.ROWS, cls.SEED)
        cls.start.run("import", earlier, "--type", "annual", "--user", harness.ADA)
        cls.undisturbed()

    @classmethod
    def undisturbed(cls):
        place = harness.Place()
        cls.addClassCleanup(place.close)
        place.copy_from(cls.start)
        with harness.Server(place) as server:
            client = harness.Client(server)
            job = client.uploaded(cls.file)
            began = time.monotonic()
            assert client.over(job) == "completed"
            cls.import_takes = time.monotonic() - began
            cls.beside(server, "Import")
            cls.imported = cls.look(place)
            began = time.monotonic()
            cls.delete(client, job)
            assert client.over(job) == "deleted"
            cls.deletion_takes = time.monotonic() - began
            cls.beside(server, "Deletion")
            cls.deleted = cls.look(place)
            assert server.stop() == 0

    @staticmethod
    def beside(server, half):
        """What else is done in each half, "Import" and "Deletion"."""

    @staticmethod
    def look(place):
        with place.session() as session:
            assert state.wrong(session) == "", state.wrong(session)
            return state.dump(session)

    @staticmethod
    def delete(client, job):
        status, answer = client.call("DELETE", f"/predictions/jobs/{job}?delete_predictions=true"
                                     "&delete_orphaned_companies=true&reason=a+test",
                                     headers={"Prefer": "respond-async"})
        assert status in (200, 202), (status, answer)

    def same(self, place, should):
        with place.session() as session:
            self.assertEqual(state.wrong(session), "")
            self.assertEqual(state.differences(state.dump(session), should), "")
