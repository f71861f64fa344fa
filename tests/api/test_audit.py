"""The audit trail over HTTP and at the command line: who reads what of it, filters and pages, exports, heads,
and that verifying names what was done to it past the program."""
import csv
import io
import json
import os
import subprocess
import tempfile

import support
from support import API, JOBS, TIME, UUID

AUDIT = API + "/audit"
NIL = "00000000-0000-0000-0000-000000000000"
MEMBERS = {"access_level", "organization_id", "organization_name", "owner_id", "seq", "created_at", "user_id", "actor",
           "via", "address", "session", "request_id", "action", "object_kind", "object_id", "count", "reason",
           "details", "digest", "key_id"}


class Base(support.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.broken = ("audit_chain",)  # past the program, or read without its key

    def id_text(self, id):
        """An id as the database's own statements write it."""
        return "x'%s'" % id.replace("-", "") if self.server.database.embedded else "'%s'" % id

    def execute(self, statement, owner):
        self.server.database.execute(statement % self.id_text(owner))

    def events(self, client, **query):
        return client.all(AUDIT, "events", query, limit=7)

    def obligor(self, *arguments, status=0):
        """The output as lines, without --json."""
        done = subprocess.run([support.BINARY, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=dict(os.environ, OBLIGOR_DB=self.server.database.url), check=False)
        self.assertEqual(status, done.returncode, (arguments, done.stdout, done.stderr))
        return done.stdout.decode()


class Trail(Base):
    def test_what_is_there(self):
        """A day's work, newest first, with all that there is to say of each step."""
        client = self.server.new_client()
        job = client.import_rows("annual", support.rows(3))
        client.get("%s/%s/file" % (JOBS, job["id"]))
        made = client.create("annual", support.row(77)).json["prediction"]
        deleted = client.delete("%s/%s" % (JOBS, job["id"]), {"delete_predictions": True, "reason": "wrong file"},
                                headers={"X-Request-ID": "the-request"}, expect=(200, 202)).json
        client.wait_deletion(deleted["deletion_id"])
        events = self.events(client)
        actions = [event["action"] for event in events]
        self.assertEqual(["job.deleted", "prediction.created", "job.file_downloaded", "job.completed", "job.accepted",
                          "user.signed_in"], actions[-6:])
        self.assertEqual(list(range(len(events), 0, -1)), [event["seq"] for event in events])
        for event in events:
            self.assertEqual(MEMBERS, set(event))
            self.assertEqual(("personal", client.user["id"], client.user["id"], client.email),
                             tuple(event[name] for name in ("access_level", "owner_id", "user_id", "actor")))
            self.assertRegex(event["created_at"], TIME)
            self.assertRegex(event["digest"], r"\A[0-9a-f]{64}\Z")
            self.assertIsNone(event["key_id"])
        deletion = events[-6]
        self.assertEqual(("http", "127.0.0.1", "the-request", "job", job["id"], 3, "wrong file"),
                         tuple(deletion[name] for name in ("via", "address", "request_id", "object_kind", "object_id",
                                                           "count", "reason")))
        self.assertEqual(deleted["deletion_id"], deletion["details"]["deletion_id"])
        self.assertRegex(deletion["session"], r"\A[0-9a-f]{16}\Z")
        self.assertEqual(deletion["session"], events[-1]["session"]) # that the sign-in opened
        self.assertEqual(made["id"], events[-5]["object_id"])
        worked = events[-3]
        self.assertEqual(("worker", None, 3), tuple(worked[name] for name in ("via", "session", "count")))

    def test_who_reads_what(self):
        one, other = self.server.new_client(), self.server.new_client()
        admin = self.server.new_client("super_admin")
        one.create("annual", support.row(1))
        other.create("annual", support.row(2))
        admin.create("annual", support.row(3))
        for client in (one, other):
            self.assertEqual({client.user["id"]}, {event["owner_id"] for event in self.events(client)})
            self.assertEqual([], self.events(client, access_level="system"))
            heads = client.get(AUDIT + "/head").json["heads"]
            self.assertEqual([client.user["id"]], [head["owner_id"] for head in heads])
        owners = {event["owner_id"] for event in self.events(admin)}
        self.assertEqual({NIL, admin.user["id"]}, owners)
        self.assertEqual(["user.signed_in"], [event["action"] for event in self.events(admin, access_level="personal")])
        self.assertIn("user.created", {event["action"] for event in self.events(admin, access_level="system")})
        # Nobody else's, whatever is asked for.
        self.assertEqual([], self.events(one, user=other.email))
        self.assertEqual([], self.events(one, object_id=other.user["id"]))

    def test_filters(self):
        client = self.server.new_client()
        ids = [client.create("annual", support.row(100 + i)).json["prediction"]["id"] for i in range(20)]
        client.import_rows("annual", support.rows(2, start=300))
        events = self.events(client)
        self.assertEqual(23, len(events)) # with the sign-in
        self.assertEqual(20, len(self.events(client, action="prediction.created")))
        self.assertEqual(2, len(self.events(client, object_kind="job")))
        self.assertEqual([ids[4]], [event["object_id"] for event in self.events(client, object_id=ids[4])])
        for user in (client.email, client.email.upper(), client.user["id"], "me"):
            self.assertEqual(events, self.events(client, user=user))
        self.assertEqual([], self.events(client, user="nobody@example.com"))
        tenth = events[10]
        self.assertEqual(events[:11], self.events(client, created_after=tenth["created_at"]))
        self.assertEqual(events[11:], self.events(client, created_before=tenth["created_at"]))
        self.assertEqual(events[5:11], self.events(client, created_after=tenth["created_at"],
                                                   created_before=events[4]["created_at"]))
        page = client.get(AUDIT, {"page": 2, "size": 5}).json
        self.assertEqual((events[5:10], 23, 5), (page["events"], page["pagination"]["total"],
                                                 page["pagination"]["pages"]))
        total = client.get(AUDIT, {"limit": 1, "include_total": True, "object_kind": "job"}).json["pagination"]
        self.assertEqual(2, total["total"])
        # What is written meanwhile moves no page.
        first = client.get(AUDIT, {"limit": 7}).json
        client.create("annual", support.row(500))
        second = client.get(AUDIT, {"limit": 7, "cursor": first["pagination"]["next_cursor"]}).json
        self.assertEqual(events[:14], first["events"] + second["events"])

    def test_refusals(self):
        client = self.server.new_client()
        client.create("annual", support.row(1))
        client.create("annual", support.row(2))
        for query, field in (({"object_id": "x"}, "object_id"), ({"user": "x"}, "user"), ({"limit": 1001}, "limit"),
                             ({"created_after": "x"}, "created_after"), ({"format": "xml"}, "format"),
                             ({"access_level": "x"}, "access_level"), ({"cursor": "x"}, "cursor")):
            answer = client.get(AUDIT, query, expect=422)
            self.assert_problem(answer, 422, "invalid_parameters", fields=answer.field_codes())
            self.assertEqual([field], list(answer.field_codes()))
        cursor = client.get(AUDIT, {"limit": 1}).json["pagination"]["next_cursor"]
        answer = client.get(AUDIT, {"limit": 1, "cursor": cursor, "action": "x"}, expect=422)
        self.assertEqual({"cursor": "other_list"}, answer.field_codes())
        jobs = client.get(JOBS, {"limit": 1}).json["pagination"]["next_cursor"]
        self.assertIsNone(jobs)
        for bad in ("x", cursor):
            answer = client.get(AUDIT + "/verify", {"cursor": bad}, expect=422)
            self.assertEqual({"cursor": "not_a_cursor"}, answer.field_codes())
        self.server.anonymous().get(AUDIT, expect=401)
        self.server.anonymous().get(AUDIT + "/verify", expect=401)

    def test_exports(self):
        client = self.server.new_client()
        client.import_rows("annual", support.rows(1), filename="one.csv")
        made = client.create("annual", support.row(1, company_symbol="OTHER")).json["prediction"]
        client.delete("%s/annual/%s" % (support.PREDICTIONS, made["id"]), {"reason": "=1+1, \"so\""})
        events = self.events(client)
        answer = client.get(AUDIT, {"format": "ndjson"})
        self.assertEqual("application/x-ndjson", answer.type)
        self.assertIn('filename="audit.ndjson"', answer.header("Content-Disposition"))
        self.assertEqual(events, [json.loads(line) for line in answer.text.splitlines()])
        answer = client.get(AUDIT, {"format": "csv", "object_kind": "prediction"})
        self.assertEqual("text/csv", answer.type)
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        self.assertEqual(["prediction.deleted", "prediction.created"], [row["action"] for row in rows])
        self.assertEqual("'=1+1, \"so\"", rows[0]["reason"]) # no formula
        for row, event in zip(rows, [e for e in events if e["object_kind"] == "prediction"]):
            for name in set(row) - {"reason", "details"}:
                self.assertEqual("" if event[name] is None else str(event[name]), row[name], name)
        # Exports are noted with what they held; the later one holds the note of the first.
        noted = self.events(client, action="audit.exported")
        self.assertEqual([(2, {"format": "csv"}), (len(events), {"format": "ndjson"})],
                         [(event["count"], event["details"]) for event in noted])
        empty = client.get(AUDIT, {"format": "csv", "action": "nothing"}).text
        self.assertEqual(1, len(empty.splitlines()))
        self.assertEqual("", client.get(AUDIT, {"format": "ndjson", "action": "nothing"}).text)

    def test_a_long_export(self):
        """Over several batches and two chains, in one order."""
        admin = self.server.new_client("super_admin")
        database = self.server.database
        numbers = ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) " if database.embedded
                   else "")
        source = "n" if database.embedded else "generate_series(1, 2500) i"
        owner = self.id_text(admin.user["id"])
        at = "i * 1000000" if database.embedded else "to_timestamp(i)"
        text = "zeroblob(32)" if database.embedded else "decode('00', 'hex')"
        database.execute("DELETE FROM audit_events WHERE owner_id = %s" % owner) # the sign-in
        database.execute(numbers + "INSERT INTO audit_events (owner_id, seq, at, user_id, via, action, object_kind, "
                         "object_id, digest) SELECT %s, i, %s, %s, 'cli', 'many', 'thing', %s, %s FROM %s"
                         % (owner, at, owner, owner, text, source))
        database.execute("UPDATE audit_heads SET seq = 2500 WHERE owner_id = %s" % owner)
        lines = admin.get(AUDIT, {"format": "ndjson"}).text.splitlines()
        self.assertEqual(list(range(2500, 0, -1)), [json.loads(line)["seq"] for line in lines
                                                    if json.loads(line)["access_level"] == "personal"])
        system = [json.loads(line)["seq"] for line in lines if json.loads(line)["access_level"] == "system"]
        self.assertEqual(list(range(len(system), 0, -1)), system)
        database.execute("DELETE FROM audit_events WHERE owner_id = %s" % owner)
        database.execute("UPDATE audit_heads SET seq = 0 WHERE owner_id = %s" % owner)


class Proof(Base):
    SERVER_OPTIONS = {"workers": 1} # a server of its own: it damages its database

    def verify(self, client):
        answer = client.get(AUDIT + "/verify").json
        self.assertTrue(answer["complete"])
        self.assertIsNone(answer["next_cursor"])
        return answer

    def test_verify_and_heads(self):
        client = self.server.new_client()
        for i in range(4):
            client.create("annual", support.row(i))
        answer = self.verify(client)
        chain = answer["chains"][0]
        self.assertEqual((True, client.user["id"], 5, True, None),
                         (answer["whole"], chain["owner_id"], chain["entries"], chain["whole"], chain["fault"]))
        head = client.get(AUDIT + "/head").json["heads"][0]
        newest = client.get(AUDIT, {"limit": 1}).json["events"][0]
        self.assertEqual((5, newest["digest"], newest["created_at"], False),
                         (head["seq"], head["digest"], head["time"], head["keyed"]))
        # The command line says the same, in lines that it takes back.
        lines = self.obligor("audit", "head")
        self.assertIn("%s\t5\t%s\t%s\n" % (client.user["id"], head["digest"], head["time"]), lines)
        noted = os.path.join(self.server.directory, "heads")
        with open(noted, "w", encoding="ascii") as file:
            file.write(lines)
        self.assertIn("whole\tyes\n", self.obligor("audit", "verify", "--head", noted))
        self.assertIn("audit head", self.server.log()) # the worker notes them too
        self.damage(client, noted)

    def test_steps(self):
        """A request verifies so many entries; the next one goes on where it ended."""
        admin = self.server.new_client("super_admin")
        whole = admin.get(AUDIT + "/verify").json
        self.assertEqual(([NIL, admin.user["id"]], True), ([c["owner_id"] for c in whole["chains"]], whole["complete"]))
        entries = sum(chain["entries"] for chain in whole["chains"])
        query, steps, seen = {"limit": 2}, 0, 0
        while True:
            answer = admin.get(AUDIT + "/verify", query).json
            self.assertTrue(answer["whole"])
            seen += sum(chain["entries"] for chain in answer["chains"])
            steps += 1
            if answer["complete"]:
                break
            query["cursor"] = answer["next_cursor"]
        self.assertEqual((entries, None), (seen, answer["next_cursor"]))
        self.assertEqual(entries // 2 + 1, steps)
        # A cursor of a chain that is not that one any more, and one of somebody else's chain.
        middle = admin.get(AUDIT + "/verify", {"limit": 2}).json["next_cursor"]
        self.server.new_client().get(AUDIT + "/verify", {"cursor": middle}, expect=422)
        admin.get(AUDIT + "/verify", {"limit": 50001}, expect=422)

    def damage(self, client, noted):
        owner = client.user["id"]
        # One byte of one entry.
        self.execute("UPDATE audit_events SET actor = replace(actor, 'example', 'exomple') "
                     "WHERE owner_id = %s AND seq = 2", owner)
        answer = self.verify(client)
        self.assertEqual((False, {"kind": "altered", "seq": 2, "to": 2,
                                  "message": "Entry 2 is not what was written."}),
                         (answer["whole"], answer["chains"][0]["fault"]))
        self.assertEqual("whole\tno", self.obligor("audit", "verify", status=1).splitlines()[2])
        self.assertIn("%s\taltered\t2\t2\tEntry 2 is not what was written.\n" % owner,
                      self.obligor("audit", "verify", status=1))
        report = self.server.run("audit", "verify", status=1)
        self.assertEqual(([{"owner_id": owner, "kind": "altered", "seq": 2, "to": 2,
                            "message": "Entry 2 is not what was written."}], False),
                         (report["faults"], report["audit"]["whole"]))
        self.execute("UPDATE audit_events SET actor = replace(actor, 'exomple', 'example') "
                     "WHERE owner_id = %s AND seq = 2", owner)
        self.assertTrue(self.verify(client)["whole"])
        # The tail is cut off, and the head set back: found by what was noted before.
        self.execute("DELETE FROM audit_events WHERE owner_id = %s AND seq > 2", owner)
        self.assertEqual(("removed", 3, 5), tuple(self.verify(client)["chains"][0]["fault"][name]
                                                  for name in ("kind", "seq", "to")))
        last = "(SELECT %%s FROM audit_events WHERE owner_id = %s AND seq = 2)" % self.id_text(owner)
        self.server.database.execute("UPDATE audit_heads SET seq = 2, digest = %s, at = %s WHERE owner_id = %s"
                                     % (last % "digest", last % "at", self.id_text(owner)))
        self.assertTrue(self.verify(client)["whole"])
        self.obligor("audit", "verify")
        self.assertIn("%s\tcut\t3\t5\tEntries 3 to 5 are missing: the noted head was entry 5.\n" % owner,
                      self.obligor("audit", "verify", "--head", noted, status=1))

    def test_strangers_bytes_are_shown(self):
        """What was written past the program breaks no answer."""
        client = self.server.new_client()
        client.create("annual", support.row(1))
        self.execute("UPDATE audit_events SET details = '{\"a\": ' WHERE owner_id = %s", client.user["id"])
        self.assertEqual('{"a": ', client.get(AUDIT).json["events"][0]["details"])
        self.assertFalse(self.verify(client)["whole"])
        self.execute("UPDATE audit_events SET details = NULL WHERE owner_id = %s", client.user["id"])
        self.assertTrue(self.verify(client)["whole"])


class Keyed(Base):
    """A server whose trail is kept with a key from its first entry on."""

    @classmethod
    def setUpClass(cls):
        file = tempfile.NamedTemporaryFile("w", prefix="obligor-key-")
        cls.addClassCleanup(file.close)
        file.write("0123456789abcdef0123456789abcdef\n")
        file.flush()
        cls.addClassCleanup(os.environ.pop, "OBLIGOR_AUDIT_KEY_FILE")
        os.environ["OBLIGOR_AUDIT_KEY_FILE"] = file.name
        cls.SERVER_OPTIONS = {"workers": 1, "users": True}
        super().setUpClass()
        cls.addClassCleanup(cls.server.close)
        support.TestCase._servers.pop(json.dumps(cls.SERVER_OPTIONS))

    def test_keyed(self):
        client = self.server.new_client()
        client.import_rows("annual", support.rows(2))
        events = self.events(client)
        self.assertEqual(1, len({event["key_id"] for event in events}))
        self.assertRegex(events[0]["key_id"], r"\A[0-9a-f]{16}\Z")
        self.assertTrue(client.get(AUDIT + "/verify").json["whole"])
        self.assertTrue(client.get(AUDIT + "/head").json["heads"][0]["keyed"])
        self.obligor("audit", "verify")
        environment = os.environ.pop("OBLIGOR_AUDIT_KEY_FILE")
        try:
            self.assertIn("unknown_key", self.obligor("audit", "verify", status=1))
            refused = self.server.run("user", "verify", client.email, status=1)
            self.assertIsNone(refused)
            self.obligor("serve", "--listen", "127.0.0.1:0", status=1)
        finally:
            os.environ["OBLIGOR_AUDIT_KEY_FILE"] = environment
        self.execute("UPDATE audit_events SET key_id = NULL WHERE owner_id = %s AND seq = 2", client.user["id"])
        self.assertEqual("altered", client.get(AUDIT + "/verify").json["chains"][0]["fault"]["kind"])


if __name__ == "__main__":
    support.main()
