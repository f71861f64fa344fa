"""Files that leave: exports of lists and of what a job made, in every format; what is exported uploads again."""
import json
import socket

import support
from support import API, COLUMNS, JOBS, PREDICTIONS, RATIOS

SCORES = {"annual": ["probability"],
          "quarterly": ["logistic_probability", "gbm_probability", "ensemble_probability", "probability"]}
BEHIND = ["risk_level", "confidence", "source", "job_id", "job_row", "original_filename", "model",
          "created_by", "created_at"]


def columns(kind):
    return COLUMNS[kind] + ["id"] + SCORES[kind] + BEHIND


def odd_rows(kind):
    """Names that want care, values with all their digits, and what is missing."""
    made = support.rows(30, kind=kind)
    for number, name in enumerate(("=1+1", "+A", "-B", "@C", "'=D", "Estée, \"L\" & <Söhne>", "'quoted'",
                                   "a;b", "日本 株式会社", "-5", "x_x000D_y")):
        made[number]["company_name"] = name
    made[3]["sector"] = ""
    made[4]["market_cap"] = None
    made[5][RATIOS[kind][0]] = None
    made[6][RATIOS[kind][1]] = 1 / 3
    made[7][RATIOS[kind][2]] = 0.1 + 0.2
    made[8][RATIOS[kind][0]] = 1.0000000000000002
    made[9]["market_cap"] = 123456789012345680.0
    made[10]["company_symbol"] = "7203"
    made[11]["company_symbol"] = "TRUE"
    return made


def values(items, kind):
    names = COLUMNS[kind] + SCORES[kind] + ["risk_level", "confidence"]
    return sorted(([item[name] for name in names] for item in items), key=lambda one: one[0])


class Exports(support.TestCase):
    def export(self, client, kind, format, query=None, path=None):
        answer = client.get(path or "%s/%s/export" % (PREDICTIONS, kind), dict(query or {}, format=format))
        self.assertIn("." + format, answer.header("Content-Disposition"))
        return answer

    def rows_of(self, kind, format, body):
        """As dictionaries of what JSON would say."""
        if format == "ndjson":
            found = [json.loads(line) for line in body.decode().splitlines()]
            for item in found:
                self.assertEqual(columns(kind), list(item))
            return found
        if format == "xlsx":
            (rows,) = support.read_xlsx(body).values()
            names, rows = rows[0], rows[1:]
        else:
            read = support.read_csv(body)
            names = list(read[0]) if read else columns(kind)
            rows = [[row[name] for name in names] for row in read]
        self.assertEqual(columns(kind), names)
        return [self.item(dict(zip(names, row)), kind, format) for row in rows]

    def item(self, row, kind, format):
        numbers = ["market_cap", "confidence", "job_row"] + RATIOS[kind] + SCORES[kind]
        for name, value in row.items():
            if format == "csv" and value == "":
                row[name] = None
            elif format == "csv" and name in numbers:
                row[name] = float(value)
            elif format == "csv" and value.lstrip("'")[0:1] in ("=", "+", "-", "@") and value[0] == "'":
                row[name] = value[1:]
        row["reporting_year"] = str(int(float(row["reporting_year"])))
        return row

    def test_round_trip(self):
        """Every format tells all of it, to the last bit; CSV goes into another account as it is."""
        for kind in RATIOS:
            analyst, other = self.server.new_client(), self.server.new_client()
            job = analyst.import_rows(kind, odd_rows(kind), filename="a ü.csv")
            items = analyst.predictions(kind)
            self.assertEqual(30, len(items))
            for format in ("csv", "xlsx", "ndjson"):
                body = self.export(analyst, kind, format).body
                found = self.rows_of(kind, format, body)
                for item, row in zip(items, found):
                    for name in COLUMNS[kind] + ["id"] + SCORES[kind] + BEHIND:
                        wanted = item[name] if name not in ("model", "created_by") else None
                        if name == "model":
                            wanted = "%s@%s" % (item["model"]["name"], item["model"]["version"])
                        elif name == "created_by":
                            wanted = analyst.email
                        self.assertEqual(wanted, row[name], (kind, format, name))
                self.assertEqual([item["id"] for item in items], [row["id"] for row in found])
            body = self.export(analyst, kind, "csv").body
            again = other.import_file(kind, body)
            self.assertEqual(30, again["progress"]["successful_rows"])
            self.assertEqual(values(items, kind), values(other.predictions(kind), kind))
            self.assertNotIn(b"\n=1", body)
            self.assertIn(b",'=1+1,", body)
            unchanged = analyst.import_file(kind, body, {"on_duplicate": "replace"})
            self.assertEqual(30, unchanged["progress"]["unchanged_rows"])
            self.download(analyst, kind, job, items)

    def download(self, analyst, kind, job, items):
        """What a job made, in the order of its file."""
        path = "%s/%s/download" % (JOBS, job["id"])
        by_row = sorted(items, key=lambda item: item["job_row"])
        for format in ("csv", "xlsx", "ndjson"):
            answer = self.export(analyst, kind, format, {"outcome": "successful"}, path)
            found = self.rows_of(kind, format, answer.body)
            self.assertEqual([item["id"] for item in by_row], [row["id"] for row in found])
            self.assertIn("filename*=UTF-8''a%20%C3%BC-results." + format,
                          answer.header("Content-Disposition"))

    def test_filters_are_those_of_the_list(self):
        analyst = self.server.new_client()
        analyst.import_rows("annual", support.rows(60))
        for query in ({"risk_level": "HIGH,CRITICAL"}, {"reporting_year": "2003,2007"}, {"sector": "Sector 1"},
                      {"company_symbol": "S0001"}, {"probability_min": 0.2}, {"source": "manual"},
                      {"reporting_year": 2003, "sort": "probability", "order": "asc"},
                      {"created_by": "me", "reporting_quarter": "Q2"}, {"access_level": "system"}):
            found = self.rows_of("annual", "ndjson", self.export(analyst, "annual", "ndjson", query).body)
            self.assertEqual([item["id"] for item in analyst.predictions("annual", query)],
                             [row["id"] for row in found], query)

    def test_nothing_of_others(self):
        analyst, stranger = self.server.new_client(), self.server.new_client()
        job = analyst.import_rows("annual", support.rows(3))
        self.assertEqual([], self.rows_of("annual", "csv", self.export(stranger, "annual", "csv").body))
        self.assertEqual({"annual": [columns("annual")]},
                         support.read_xlsx(self.export(stranger, "annual", "xlsx").body))
        stranger.get("%s/%s/download" % (JOBS, job["id"]), expect=404)
        analyst.delete("%s/%s" % (JOBS, job["id"]), {"delete_predictions": True})
        self.assertEqual([], self.rows_of("annual", "ndjson", self.export(analyst, "annual", "ndjson").body))

    def test_the_trail_says_so(self):
        analyst = self.server.new_client()
        job = analyst.import_rows("annual", support.rows(3))
        self.export(analyst, "annual", "xlsx", {"risk_level": "LOW"})
        self.export(analyst, "annual", "csv", None, "%s/%s/download" % (JOBS, job["id"]))
        events = analyst.get(API + "/audit", {"limit": 2}).json["events"]
        self.assertEqual(["job.results_exported", "predictions.exported"], [e["action"] for e in events])
        self.assertEqual(3, events[0]["count"])
        self.assertEqual({"kind": "annual", "format": "xlsx"}, events[1]["details"])


class Large(support.TestCase):
    """More than one page of an export."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not hasattr(Large, "analyst"):
            Large.analyst = cls.server.new_client()
            Large.job = Large.analyst.import_file("annual", support.many_rows(12000))
        cls.path = PREDICTIONS + "/annual/export"

    def test_every_row_once(self):
        listed = [item["id"] for item in self.analyst.predictions("annual")]
        self.assertEqual(12000, len(listed))
        body = self.analyst.get(self.path, {"format": "ndjson"}).body
        self.assertEqual(listed, [json.loads(line)["id"] for line in body.splitlines()])
        rows = support.read_csv(self.analyst.get("%s/%s/download" % (JOBS, self.job["id"])).body)
        self.assertEqual([str(i) for i in range(2, 12002)], [row["job_row"] for row in rows])
        body = self.analyst.get(self.path, {"format": "ndjson", "company_symbol": "N0000777"}).body
        self.assertEqual(["N0000777"], [json.loads(line)["company_symbol"] for line in body.splitlines()])

    def request(self):
        """A client that asks for an export and does not take it."""
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", self.server.port))
        connection.settimeout(support.WAIT)
        connection.sendall(("GET %s?format=ndjson HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n"
                            % (self.path, self.analyst.token)).encode())
        self.assertTrue(connection.recv(12).startswith(b"HTTP/1.1 200"))
        return connection

    def test_slow_clients_hold_no_worker_and_have_a_few_files(self):
        waiting = [self.request() for _ in range(3)]
        answer = self.analyst.get(self.path, expect=429)
        self.assert_problem(answer, 429, "too_many_exports", ["3 of your exports"])
        self.assertIsNotNone(answer.header("Retry-After"))
        other = self.server.new_client()
        other.get(self.path)
        for _ in range(8):
            other.get(PREDICTIONS + "/annual")
        for connection in waiting:
            connection.close()
        for _ in range(200):
            answer = self.analyst.get(self.path, {"reporting_year": 1990}, expect=(200, 429))
            if answer.status == 200:
                break
        self.assertEqual(200, answer.status)


class Quota(support.TestCase):
    SERVER_OPTIONS = {"arguments": ["--spool-quota", "1MiB"]}

    def test_a_file_beyond_all_room(self):
        analyst = self.server.new_client()
        analyst.import_file("annual", support.many_rows(4000))
        answer = analyst.get(PREDICTIONS + "/annual/export", {"format": "ndjson"}, 413)
        self.assert_problem(answer, 413, "too_large", ["1048576 bytes"])
        for _ in range(4): # what was taken is given back
            analyst.get(PREDICTIONS + "/annual/export", {"format": "xlsx"})
            analyst.get(PREDICTIONS + "/annual/export", {"format": "ndjson", "company_symbol": "N00001"})


if __name__ == "__main__":
    support.main()
