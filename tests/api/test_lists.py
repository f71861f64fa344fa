"""Lists of predictions and companies against a model in Python: filters, sorts, paging, totals."""
import random

import support
from support import API, JOBS, PREDICTIONS, UNKNOWN_ID

ANNUAL = PREDICTIONS + "/annual"


def newest_first(items):
    return sorted(items, key=lambda item: (padded(item["created_at"]), item["id"]), reverse=True)


def padded(time):
    """Times of one length compare as texts."""
    return time if "." in time else time.replace("Z", ".000000Z")


class Predictions(support.TestCase):
    """About two thousand annual predictions: of three uploads, by hand, edited, deleted."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.analyst = analyst = cls.server.new_client()
        chance = random.Random(20240229)
        cls.jobs = []
        made = {}
        for number in range(3):
            rows = []
            while len(rows) < 620:
                row = support.row(chance.randrange(100000),
                                  company_symbol="C%03d" % chance.randrange(300),
                                  company_name="Company", sector=chance.choice(
                                      ["Energy", "Health", "Real Estate", "Tech"]),
                                  reporting_year=chance.randrange(2015, 2020))
                for name in support.RATIOS["annual"][:4]:
                    if chance.random() < 0.1:
                        row[name] = None
                key = row["company_symbol"], row["reporting_year"], row["reporting_quarter"]
                if key not in made:
                    made[key] = row
                    rows.append(row)
            job = analyst.import_rows("annual", rows)
            assert job["progress"]["successful_rows"] == 620, job
            cls.jobs.append(job["id"])
            for hand in range(30):
                analyst.create("annual", support.row(hand, company_symbol="HAND%d" % number,
                                                     reporting_year=2015 + hand % 5,
                                                     reporting_quarter="Q%d" % (hand // 5 % 4 + 1)),
                               expect=(201, 409))
        cls.former = []
        for item in chance.sample(analyst.predictions(), 40):
            analyst.put("%s/%s" % (ANNUAL, item["id"]), {"return_on_assets": chance.random()})
            cls.former.append(item["id"])
        for item in chance.sample(analyst.predictions(), 40):
            if item["source"] != "edit":
                analyst.delete("%s/%s" % (ANNUAL, item["id"]))
        # The model: every current item by its own address, not by a list.
        results = [item for job in cls.jobs
                   for item in analyst.all("%s/%s/results" % (JOBS, job), "predictions")]
        others = [item for item in analyst.predictions() if item["source"] != "bulk_upload"]
        cls.everything = results + others
        cls.current = newest_first(item for item in cls.everything if item["is_current"])

    def listed(self, query=None, limit=1000):
        return [item["id"] for item in self.analyst.predictions(query=query, limit=limit)]

    def check(self, query, keep, items=None, limit=1000):
        """The whole list, or where it is long the beginning of it; and its total."""
        wanted = [item["id"] for item in (self.current if items is None else items) if keep(item)]
        if len(wanted) > 700:
            found = self.analyst.get(ANNUAL, dict(query, limit=200)).json["predictions"]
            self.assertEqual(wanted[:200], [item["id"] for item in found], query)
        else:
            self.assertEqual(wanted, self.listed(query, limit), query)
        total = self.analyst.get(ANNUAL, dict(query, limit=1, include_total=1)).json["pagination"]
        self.assertEqual(len(wanted), total["total"], query)
        self.assertNotIn("total_is_at_least", total)
        return wanted

    def test_the_model(self):
        self.assertGreater(len(self.current), 1800)
        for source, least in (("bulk_upload", 1700), ("manual", 40), ("edit", 40)):
            found = [item for item in self.current if item["source"] == source]
            self.assertGreaterEqual(len(found), least, source)
        for item in random.Random(1).sample(self.current, 20):
            read = self.analyst.get("%s/%s" % (ANNUAL, item["id"])).json["prediction"]
            read.pop("current_id")
            read.pop("may_change")
            self.assertEqual(item, read)

    def test_newest_first(self):
        self.assertEqual(self.current, self.analyst.predictions())

    def test_by_cursor_in_every_size(self):
        wanted = [item["id"] for item in self.current]
        for limit in (97, 500, 999):
            self.assertEqual(wanted, self.listed(limit=limit))
        few = [item["id"] for item in self.current if item["company_symbol"] == "C007"]
        self.assertEqual(few, self.listed({"company_symbol": "C007"}, 1))

    def test_by_page(self):
        wanted = [item["id"] for item in self.current]
        answer = self.analyst.get(ANNUAL).json
        self.assertEqual(wanted[:50], [item["id"] for item in answer["predictions"]])
        pagination = answer["pagination"]
        self.assertEqual((1, 50, len(wanted), -(-len(wanted) // 50), True),
                         tuple(pagination[name] for name in ("page", "size", "total", "pages",
                                                             "has_more")))
        for page, size in ((2, 1000), (7, 100), (1, 1), (11, 1000), (200, 50)):
            answer = self.analyst.get(ANNUAL, {"page": page, "size": size}).json
            self.assertEqual(wanted[(page - 1) * size:page * size],
                             [item["id"] for item in answer["predictions"]])
            self.assertEqual(len(wanted), answer["pagination"]["total"])
        # From a page the cursor goes on.
        answer = self.analyst.get(ANNUAL, {"page": 3, "size": 100}).json
        rest = self.analyst.get(ANNUAL, {"limit": 1000, "cursor":
                                         answer["pagination"]["next_cursor"]}).json
        self.assertEqual(wanted[300:1300], [item["id"] for item in rest["predictions"]])

    def test_single_filters(self):
        some = self.current[len(self.current) // 2]
        for query, keep in (
                ({"company_symbol": "c01"}, lambda i: "C01" in i["company_symbol"]),
                ({"company_symbol": "AND"}, lambda i: "AND" in i["company_symbol"]),
                ({"company_symbol": "%"}, lambda i: False),
                ({"company_symbol": "C_0"}, lambda i: False),
                ({"company_symbol": "*"}, lambda i: False),
                ({"company_symbol": "\\"}, lambda i: False),
                ({"company_id": some["company_id"]},
                 lambda i: i["company_id"] == some["company_id"]),
                ({"company_id": UNKNOWN_ID}, lambda i: False),
                ({"sector": "Energy"}, lambda i: i["sector"] == "Energy"),
                ({"sector": "Energy, Real Estate"},
                 lambda i: i["sector"] in ("Energy", "Real Estate")),
                ({"sector": "energy"}, None),
                ({"sector": "Sector 1,Nothing"}, lambda i: i["sector"] == "Sector 1"),
                ({"reporting_year": 2016}, lambda i: i["reporting_year"] == "2016"),
                ({"reporting_year": "2016, 2019,2100"},
                 lambda i: i["reporting_year"] in ("2016", "2019")),
                ({"reporting_quarter": "q2"}, lambda i: i["reporting_quarter"] == "Q2"),
                ({"reporting_quarter": "1,Q4"}, lambda i: i["reporting_quarter"] in ("Q1", "Q4")),
                ({"risk_level": "HIGH"}, lambda i: i["risk_level"] == "HIGH"),
                ({"risk_level": "low,Critical"},
                 lambda i: i["risk_level"] in ("LOW", "CRITICAL")),
                ({"source": "manual"}, lambda i: i["source"] == "manual"),
                ({"source": "edit,bulk_upload"},
                 lambda i: i["source"] in ("edit", "bulk_upload")),
                ({"source": "rescore,unknown"}, lambda i: False),
                ({"created_by": "me"}, lambda i: True),
                ({"created_by": self.analyst.email}, lambda i: True),
                ({"created_by": UNKNOWN_ID}, lambda i: False),
                ({"created_by": "nobody@example.com"}, lambda i: False),
                ({"access_level": "personal"}, lambda i: True),
                ({"access_level": "system"}, lambda i: False),
                ({"access_level": "organization"}, lambda i: False),
                ({"probability_min": some["probability"]},
                 lambda i: i["probability"] >= some["probability"]),
                ({"probability_max": some["probability"]},
                 lambda i: i["probability"] <= some["probability"]),
                ({"probability_min": some["probability"], "probability_max": some["probability"]},
                 lambda i: i["probability"] == some["probability"]),
                ({"probability_min": 0.9, "probability_max": 0.1}, lambda i: False),
                ({"created_after": some["created_at"]},
                 lambda i: padded(i["created_at"]) >= padded(some["created_at"])),
                ({"created_before": some["created_at"]},
                 lambda i: padded(i["created_at"]) < padded(some["created_at"])),
                ({"created_after": "2000-01-01", "created_before": "2000-01-02"},
                 lambda i: False),
                ({"company_symbol": "", "sector": "", "risk_level": ""}, lambda i: True)):
            if keep is None: # a sector is what it is, or its case does not matter: one of the two
                found = self.listed(query)
                self.assertIn(len(found), (0, sum(i["sector"] == "Energy" for i in self.current)))
                continue
            self.check(query, keep)

    def test_by_job(self):
        """By lineage: former versions too, unless asked otherwise."""
        for job in self.jobs:
            mine = newest_first(item for item in self.everything if item["job_id"] == job)
            self.check({"job_id": job}, lambda item: True, mine)
            self.check({"job_id": job, "include_superseded": "no"},
                       lambda item: item["is_current"], mine)
            self.check({"job_id": job, "risk_level": "HIGH"},
                       lambda item: item["risk_level"] == "HIGH", mine, limit=13)
        self.assertTrue(any(not item["is_current"] for item in self.everything))
        self.check({"job_id": UNKNOWN_ID}, lambda item: False)

    def test_superseded_of_a_company(self):
        edited = [item for item in self.everything if item["id"] in self.former]
        self.assertTrue(edited)
        for item in edited[:5]:
            mine = newest_first(one for one in self.everything
                                if one["company_id"] == item["company_id"])
            self.check({"company_id": item["company_id"], "include_superseded": "yes"},
                       lambda one: True, mine, limit=2)
        answer = self.analyst.get(ANNUAL, {"include_superseded": "yes"}, 422)
        self.assertIn("include_superseded", answer.field_codes())

    def test_combined_filters(self):
        """Random filters; every one is what the model says."""
        chance = random.Random(7)
        choices = {
            "sector": (["Energy", "Health", "Energy,Tech"],
                       lambda i, v: i["sector"] in v.split(",")),
            "reporting_year": (["2015", "2016,2017"], lambda i, v: i["reporting_year"] in
                               v.split(",")),
            "reporting_quarter": (["Q1", "Q2,Q3"], lambda i, v: i["reporting_quarter"] in
                                  v.split(",")),
            "risk_level": (["LOW", "HIGH,MEDIUM", "CRITICAL"], lambda i, v: i["risk_level"] in
                           v.split(",")),
            "source": (["bulk_upload", "manual", "edit,manual"], lambda i, v: i["source"] in
                       v.split(",")),
            "company_symbol": (["C0", "C1", "HAND", "7"], lambda i, v: v in i["company_symbol"]),
            "probability_min": (["0.02", "0.1"], lambda i, v: i["probability"] >= float(v)),
            "probability_max": (["0.2", "0.05"], lambda i, v: i["probability"] <= float(v)),
            "created_after": ([self.current[700]["created_at"]],
                              lambda i, v: padded(i["created_at"]) >= padded(v)),
            "created_before": ([self.current[300]["created_at"]],
                               lambda i, v: padded(i["created_at"]) < padded(v)),
        }
        for _ in range(80):
            query = {name: chance.choice(choices[name][0])
                     for name in chance.sample(sorted(choices), chance.randrange(2, 5))}
            self.check(query, lambda i: all(choices[name][1](i, value)
                                            for name, value in query.items()),
                       limit=chance.choice([1000, 1000, 150]))

    def by_probability(self, items, descending):
        return sorted(items, key=lambda i: (i["probability"], i["id"]), reverse=descending)

    def test_sorted_by_probability(self):
        for query, keep in (
                ({"reporting_year": 2017, "reporting_quarter": "Q3"},
                 lambda i: i["reporting_year"] == "2017" and i["reporting_quarter"] == "Q3"),
                ({"reporting_year": 2018, "reporting_quarter": "Q1", "risk_level": "HIGH,LOW"},
                 lambda i: i["reporting_year"] == "2018" and i["reporting_quarter"] == "Q1" and
                 i["risk_level"] in ("HIGH", "LOW")),
                ({"reporting_year": 2016, "reporting_quarter": "Q4", "probability_min": 0.03},
                 lambda i: i["reporting_year"] == "2016" and i["reporting_quarter"] == "Q4" and
                 i["probability"] >= 0.03)):
            for order in ("desc", "asc", None):
                sorted_query = dict(query, sort="probability", **({"order": order} if order else
                                                                  {}))
                wanted = self.by_probability(self.current, order != "asc")
                found = self.check(sorted_query, keep, wanted)
                self.assertEqual(found, self.listed(sorted_query, 3))

    def test_wrong_sorts(self):
        for query, field in (({"sort": "probability"}, "sort"), ({"sort": "sector"}, "sort"),
                             ({"sort": "probability", "reporting_year": "2015,2016"}, "sort"),
                             ({"order": "up"}, "order"), ({"order": "asc"}, "order")):
            self.assertEqual([field], list(self.analyst.get(ANNUAL, query, 422).field_codes()),
                             query)

    def test_wrong_filters(self):
        cursor = self.analyst.get(ANNUAL, {"limit": 2}).json["pagination"]["next_cursor"]
        for query, field, code in (
                ({"company_id": "abc"}, "company_id", "not_an_id"),
                ({"job_id": "5"}, "job_id", "not_an_id"),
                ({"company_symbol": "x" * 21}, "company_symbol", "too_long"),
                ({"sector": "a,,b"}, "sector", "empty_value"),
                ({"sector": ",".join("s%d" % i for i in range(51))}, "sector", "too_many_values"),
                ({"reporting_year": "20x4"}, "reporting_year", "not_a_year"),
                ({"reporting_year": 1800}, "reporting_year", "not_a_year"),
                ({"reporting_quarter": "Q5"}, "reporting_quarter", "not_allowed"),
                ({"risk_level": "SEVERE"}, "risk_level", "not_allowed"),
                ({"source": "magic"}, "source", "not_allowed"),
                ({"created_by": "somebody"}, "created_by", "not_a_user"),
                ({"created_after": "yesterday"}, "created_after", "not_a_time"),
                ({"created_before": "2024-02-30"}, "created_before", "not_a_time"),
                ({"created_before": "2024-01-01T10:00:00"}, "created_before", "not_a_time"),
                ({"probability_min": "high"}, "probability_min", "not_a_number"),
                ({"probability_min": "-0.1"}, "probability_min", "not_a_number"),
                ({"probability_max": 1.5}, "probability_max", "not_a_number"),
                ({"probability_max": "nan"}, "probability_max", "not_a_number"),
                ({"access_level": "all"}, "access_level", "not_allowed"),
                ({"include_superseded": "x"}, "include_superseded", "not_a_boolean"),
                ({"limit": 1001}, "limit", "not_a_whole_number"),
                ({"size": 1001}, "size", "not_a_whole_number"),
                ({"limit": 0}, "limit", "not_a_whole_number"),
                ({"page": 12, "size": 1000}, "page", "too_far"),
                ({"cursor": cursor, "sector": "Tech"}, "cursor", "other_list"),
                ({"cursor": cursor, "sort": "probability", "reporting_year": 2015,
                  "reporting_quarter": "Q1"}, "cursor", "other_list"),
                ({"cursor": "!!"}, "cursor", "not_a_cursor")):
            answer = self.analyst.get(ANNUAL, query, 422)
            self.assertEqual({field: code}, answer.field_codes(), query)
        answer = self.analyst.get(PREDICTIONS + "/quarterly", {"cursor": cursor}, 422)
        self.assertEqual({"cursor": "other_list"}, answer.field_codes())
        for path in ("?sector=%ff", "?sector=%zz", "?sector=%00", "?sector=a&sector=b",
                     "?" + "&".join("a%d=1" % i for i in range(101))):
            self.analyst.get(ANNUAL + path, expect=400)
        answer = self.analyst.get(ANNUAL, {"limit": 1, "offset": 5, "colour": "red"}).json
        self.assertEqual(["offset", "colour"], answer["ignored_parameters"])

    def test_cursors_of_strangers(self):
        """A cursor is a place, no key: with another user's nothing of hers is seen."""
        other = self.server.new_client()
        cursor = self.analyst.get(ANNUAL, {"limit": 2}).json["pagination"]["next_cursor"]
        found = other.get(ANNUAL, {"limit": 1000, "cursor": cursor}, (200, 422))
        if found.status == 200:
            self.assertEqual([], found.json["predictions"])

    def test_changed_cursors(self):
        """Any byte of a cursor changed: refused, or another place of the same list; never trouble."""
        chance = random.Random(3)
        cursor = self.analyst.get(ANNUAL, {"limit": 2}).json["pagination"]["next_cursor"]
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_="
        for _ in range(60):
            at = chance.randrange(len(cursor))
            changed = cursor[:at] + chance.choice(alphabet) + cursor[at + chance.randrange(3):]
            self.analyst.get(ANNUAL, {"limit": 5, "cursor": changed}, (200, 422))


class Companies(support.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.analyst = analyst = cls.server.new_client()
        rows = []
        for number in range(130):
            rows.append(support.row(number, company_symbol="%s%02d" % ("ABCDEFGHIJKLM"[number % 13],
                                                                      number),
                                    company_name="%s %d" % (["Alpha", "beta", "Gämma"][number % 3],
                                                            number),
                                    sector=["Energy", "", "Tech"][number % 3]))
        cls.job = analyst.import_rows("annual", rows)
        analyst.import_rows("quarterly", [support.row(1, "quarterly", company_symbol=row[
            "company_symbol"], company_name=row["company_name"], sector=row["sector"])
            for row in rows[:10]])
        cls.rows = sorted(rows, key=lambda row: row["company_symbol"])

    def symbols(self, query=None, limit=1000):
        return [company["symbol"] for company in self.analyst.companies(query, limit)]

    def test_in_order_of_symbol(self):
        wanted = [row["company_symbol"] for row in self.rows]
        for limit in (1000, 7, 65):
            self.assertEqual(wanted, self.symbols(limit=limit))
        self.assertEqual(wanted, self.symbols({"sort": "symbol"}))
        answer = self.analyst.get(API + "/companies", {"page": 3, "size": 40}).json
        self.assertEqual(wanted[80:120], [company["symbol"] for company in answer["companies"]])
        self.assertEqual((130, 4), (answer["pagination"]["total"], answer["pagination"]["pages"]))

    def test_search(self):
        for search, keep in (
                ("a0", lambda r: "A0" in r["company_symbol"]),
                ("alpha", lambda r: "Alpha" in r["company_name"]),
                ("BETA 1", lambda r: "beta 1" in r["company_name"]),
                ("%", lambda r: False), ("_", lambda r: False),
                ("12", lambda r: "12" in r["company_symbol"] or "12" in r["company_name"])):
            wanted = [row["company_symbol"] for row in self.rows if keep(row)]
            self.assertEqual(wanted, self.symbols({"search": search}), search)
            self.assertEqual(wanted, self.symbols({"search": search}, 5), search)
            total = self.analyst.get(API + "/companies", {"search": search}).json["pagination"]
            self.assertEqual(len(wanted), total["total"], search)
        wanted = [row["company_symbol"] for row in self.rows if row["sector"] == "Tech"]
        self.assertEqual(wanted, self.symbols({"sector": "Tech"}))
        both = self.symbols({"sector": "Tech", "search": "C"})
        self.assertEqual([symbol for symbol in wanted if "C" in symbol], both)

    def test_search_beyond_ascii(self):
        wanted = [row["company_symbol"] for row in self.rows if "Gämma" in row["company_name"]]
        self.assertEqual(wanted, self.symbols({"search": "Gämma"}))

    def test_one(self):
        row = self.rows[5]
        company = self.analyst.get(API + "/companies/search/" +
                                   row["company_symbol"].lower()).json["company"]
        self.assertEqual({"id", "symbol", "name", "sector", "market_cap", "access_level",
                          "organization_id", "organization_name", "job_id", "job_row",
                          "annual_predictions_count", "quarterly_predictions_count", "created_by", "created_by_email",
                          "created_at", "updated_at"}, set(company))
        self.assertEqual((row["company_symbol"], row["company_name"], row["market_cap"],
                          self.job["id"]),
                         (company["symbol"], company["name"], company["market_cap"],
                          company["job_id"]))
        self.assertEqual(company, self.analyst.get("%s/companies/%s" % (API, company["id"]))
                         .json["company"])
        listed = next(c for c in self.analyst.companies() if c["id"] == company["id"])
        self.assertEqual(company, listed)
        for symbol in ("NOPE", "%00", "%ff", "a%2Fb"):
            self.analyst.get(API + "/companies/search/" + symbol, expect=404)

    def test_wrong(self):
        for query, field in (({"sort": "name"}, "sort"), ({"limit": 1001}, "limit"),
                             ({"search": "x" * 256}, "search"), ({"cursor": "x"}, "cursor")):
            answer = self.analyst.get(API + "/companies", query, 422)
            self.assertEqual([field], list(answer.field_codes()))
        cursor = self.analyst.get(API + "/companies", {"limit": 1}).json["pagination"]
        answer = self.analyst.get(API + "/companies", {"cursor": cursor["next_cursor"],
                                                       "search": "a"}, 422)
        self.assertEqual({"cursor": "other_list"}, answer.field_codes())

    def test_history(self):
        """Both kinds, newest period first, former versions on demand."""
        analyst = self.server.new_client()
        periods = [(2003, 1), (2001, 4), (2003, 2), (2002, 1), (2001, 1)]
        for year, quarter in periods:
            for kind in support.RATIOS:
                analyst.create(kind, support.row(1, kind, reporting_year=year, market_cap=year,
                                                 reporting_quarter="Q%d" % quarter))
        company = analyst.companies()[0]
        self.assertEqual((5, 5), (company["annual_predictions_count"],
                                  company["quarterly_predictions_count"]))
        path = "%s/companies/%s/predictions" % (API, company["id"])
        answer = analyst.get(path).json
        self.assertEqual(company["id"], answer["company"]["id"])
        self.assertEqual({"annual": False, "quarterly": False}, answer["has_more"])
        wanted = [(str(year), "Q%d" % quarter) for year, quarter in sorted(periods, reverse=True)]
        for kind in support.RATIOS:
            self.assertEqual(wanted, [(item["reporting_year"], item["reporting_quarter"])
                                      for item in answer[kind + "_predictions"]])
        item = answer["annual_predictions"][0]
        edited = analyst.put("%s/%s" % (ANNUAL, item["id"]), {"return_on_assets": 1}).json
        answer = analyst.get(path).json["annual_predictions"]
        self.assertEqual(5, len(answer))
        answer = analyst.get(path, {"include_superseded": "true"}).json["annual_predictions"]
        self.assertEqual(6, len(answer))
        self.assertLessEqual({item["id"], edited["prediction"]["id"]},
                             {one["id"] for one in answer})
        self.assertEqual(edited["prediction"]["id"], answer[0]["id"])
        self.assertEqual(["x"], analyst.get(path, {"x": 1}).json["ignored_parameters"])
        analyst.get(path, {"include_superseded": "?"}, 422)

    def test_market_cap_is_the_newest(self):
        """Of the newest period, not of what was written last."""
        analyst = self.server.new_client()
        analyst.create("annual", support.row(1, reporting_year=2020, market_cap=20))
        analyst.create("annual", support.row(1, reporting_year=2010, market_cap=10))
        self.assertEqual(20, analyst.companies()[0]["market_cap"])
        analyst.create("annual", support.row(1, reporting_year=2021, market_cap=None))
        self.assertEqual(20, analyst.companies()[0]["market_cap"])


class TwoOwners(support.TestCase):
    """An administrator reads the system's and her own: one list, merged."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = admin = cls.server.new_client("super_admin")
        for number in range(6):
            level = "personal" if number % 2 else "system"
            admin.import_rows("annual", support.rows(40, start=100 * number,
                                                     reporting_year=2020, reporting_quarter="Q1"),
                              {"access_level": level})
            admin.create("annual", support.row(5000 + number), query={"access_level": level})

    def test_merged(self):
        admin = self.admin
        items = admin.predictions()
        self.assertEqual(246, len(items))
        self.assertEqual(newest_first(items), items)
        for limit in (1, 7, 100):
            self.assertEqual(items, admin.predictions(limit=limit) if limit > 1 else items)
        self.assertEqual(246, admin.get(ANNUAL).json["pagination"]["total"])
        for level in ("personal", "system"):
            wanted = [item for item in items if item["access_level"] == level]
            self.assertEqual(123, len(wanted))
            self.assertEqual(wanted, admin.predictions(query={"access_level": level}, limit=50))
            total = admin.get(ANNUAL, {"access_level": level}).json["pagination"]["total"]
            self.assertEqual(123, total)

    def test_pages_and_sorts(self):
        admin, items = self.admin, self.admin.predictions()
        found = [item for page in range(1, 8) for item in
                 admin.get(ANNUAL, {"page": page, "size": 40}).json["predictions"]]
        self.assertEqual(items, found)
        query = {"reporting_year": 2020, "reporting_quarter": "Q1", "sort": "probability"}
        wanted = sorted((item for item in items if item["reporting_quarter"] == "Q1" and
                         item["reporting_year"] == "2020"),
                        key=lambda i: (i["probability"], i["id"]), reverse=True)
        self.assertEqual(wanted, admin.predictions(query=query, limit=9))

    def test_jobs_and_companies(self):
        admin = self.admin
        jobs = admin.jobs(limit=2)
        self.assertEqual(6, len(jobs))
        self.assertEqual(["personal", "system"] * 3,
                         [job["context"]["access_level"] for job in jobs])
        self.assertEqual(6, admin.get(JOBS).json["pagination"]["total"])
        companies = admin.companies(limit=11)
        self.assertEqual(246, len(companies))
        self.assertEqual(sorted(company["symbol"] for company in companies),
                         [company["symbol"] for company in companies])
        self.assertEqual(246, admin.get(API + "/companies").json["pagination"]["total"])


class Beyond(support.TestCase):
    """A list longer than an offset reaches."""

    def test_offset_and_total(self):
        analyst = self.server.new_client()
        job = analyst.import_rows("annual", support.rows(10500))
        self.assertEqual(10500, job["progress"]["successful_rows"])
        total = analyst.get(ANNUAL).json["pagination"]
        self.assertEqual(10500, total["total"])
        answer = analyst.get(ANNUAL, {"page": 11, "size": 1000}).json
        self.assertEqual(500, len(answer["predictions"]))
        for query in ({"page": 12, "size": 1000}, {"page": 202, "size": 50}):
            refused = analyst.get(ANNUAL, query, 422)
            self.assertEqual({"page": "too_far"}, refused.field_codes())
            self.assertIn("cursor", refused.json["detail"])
        # A filter that no counter answers is counted to ten thousand, and says so.
        counted = analyst.get(ANNUAL, {"company_symbol": "S", "limit": 1, "include_total": 1})
        self.assertEqual((10000, True), (counted.json["pagination"]["total"],
                                         counted.json["pagination"]["total_is_at_least"]))
        ids = [item["id"] for item in analyst.predictions()]
        self.assertEqual((10500, 10500), (len(ids), len(set(ids))))


if __name__ == "__main__":
    support.main()
