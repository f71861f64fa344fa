"""The registry of score cards over HTTP."""
import hashlib
import json

import support
from support import API, TIME, UNKNOWN_ID, UUID

MODELS = API + "/models"


class Models(support.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin_client = cls.server.new_client("super_admin")
        cls.user = cls.server.new_client()

    def test_list_and_get(self):
        models = self.user.get(MODELS).json["models"]
        self.assertEqual(models, self.admin_client.get(MODELS).json["models"])
        for model in models:
            self.assertEqual({"id", "kind", "name", "version", "sha256", "active", "illustrative",
                              "created_at"}, set(model))
            self.assertRegex(model["id"], UUID)
            self.assertRegex(model["created_at"], TIME)
            one = self.user.get("%s/%s" % (MODELS, model["id"])).json["model"]
            card = one.pop("card")
            self.assertEqual(model, one)
            self.assertEqual((model["name"], model["version"], model["kind"]),
                             (card["name"], card["version"], card["kind"]))
        active = [model for model in models if model["active"]]
        self.assertEqual({"annual", "quarterly"}, {model["kind"] for model in active})
        self.assertEqual(2, len(active))
        self.user.get("%s/%s" % (MODELS, UNKNOWN_ID), expect=404)
        self.assertEqual(["x"], self.user.get(MODELS, {"x": 1}).json["ignored_parameters"])

    def test_add_and_activate(self):
        admin = self.admin_client
        card = support.card("quarterly", "fresh", version="7")
        body = json.dumps(card).encode()
        answer = admin.post(MODELS, body, expect=201, type="application/json")
        model = answer.json["model"]
        self.assertEqual(("fresh-quarterly", "7", "quarterly", False, False),
                         tuple(model[name] for name in ("name", "version", "kind", "active",
                                                        "illustrative")))
        self.assertEqual(hashlib.sha256(body).hexdigest(), model["sha256"])
        path = answer.header("Location")
        self.assertEqual("%s/%s" % (MODELS, model["id"]), path)
        self.assertEqual(card, admin.get(path).json["model"]["card"])
        # The same again is the same; another card under its name is refused.
        again = admin.post(MODELS, body, expect=(200, 201), type="application/json").json["model"]
        self.assertEqual(model["id"], again["id"])
        card["intercept"] = -3
        answer = admin.post(MODELS, card, expect=409)
        self.assert_problem(answer, 409, "conflict", ["fresh-quarterly", "version 7"])

        before = next(m["id"] for m in admin.get(MODELS).json["models"]
                      if m["kind"] == "quarterly" and m["active"])
        answer = admin.post(path + "/activate").json["model"]
        self.assertEqual((model["id"], True), (answer["id"], answer["active"]))
        active = [m["id"] for m in self.user.get(MODELS).json["models"]
                  if m["kind"] == "quarterly" and m["active"]]
        self.assertEqual([model["id"]], active)
        row = support.row(1, "quarterly")
        item = self.user.create("quarterly", row).json["prediction"]
        self.assertEqual(("7", support.score(support.card("quarterly"), row)[0]),
                         (item["model"]["version"], item["probability"]))
        admin.post("%s/%s/activate" % (MODELS, before))

    def test_add_active(self):
        card = support.card("annual", "at once", version="1")
        model = self.admin_client.post(MODELS, card, {"activate": "yes"}, 201).json["model"]
        self.assertIs(model["active"], True)
        old = next(m["id"] for m in self.user.get(MODELS).json["models"]
                   if m["name"] == "test-annual")
        self.admin_client.post("%s/%s/activate" % (MODELS, old))

    def test_refused_cards(self):
        """A card that is not sound is refused with the place named."""
        def change(**members):
            return dict(support.card("annual", "bad"), **members)

        def feature(**members):
            card = support.card("annual", "bad")
            card["features"][0].update(members)
            return card
        bins = [{"above": None, "up_to": 5, "rate": 1}, {"above": 3, "up_to": None, "rate": 2}]
        for card, status, word in (
                ({}, 422, "missing"), ([], 422, "object"), (change(kind="monthly"), 422, "kind"),
                (change(format="obligor-scorecard/9"), 415, "obligor-scorecard/1"),
                (change(intercept="x"), 422, "intercept"), (change(features=[]), 422, "features"),
                (change(extra=1), 422, "extra"), (change(name=" "), 422, "name"),
                (change(risk_levels=[]), 422, "risk_levels"),
                (feature(field="debt"), 422, "debt"), (feature(bins=bins), 422, "bin 2"),
                (feature(coefficient=1e300), 422, "coefficient")):
            answer = self.admin_client.post(MODELS, card, expect=status)
            self.assertIn(word, answer.json["detail"], card)
        self.admin_client.post(MODELS, b"{", expect=400, type="application/json")
        answer = self.admin_client.post(MODELS, b" " * (5 << 20), expect=413,
                                        type="application/json")
        self.assert_problem(answer, 413)
        answer = self.admin_client.post(MODELS, support.card("annual", "bad"), {"active": 1}, 422)
        self.assertEqual({"active": "unknown_parameter"}, answer.field_codes())
        self.admin_client.post("%s/%s/activate" % (MODELS, UNKNOWN_ID), expect=404)
        self.assertNotIn("bad-annual", [m["name"] for m in self.user.get(MODELS).json["models"]])


if __name__ == "__main__":
    support.main()
