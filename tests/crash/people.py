"""People who work by hand while something else goes on, each in a thread; and what they may be told."""
import itertools
import threading
import time
import uuid

import harness


def by_hand(symbol, year=2024, ratio=1.5, name="By hand", quarter="Q4"):
    """The body of a prediction written by hand."""
    return {"company_symbol": symbol, "company_name": name, "market_cap": 1, "sector": "Hand",
            "reporting_year": str(year), "reporting_quarter": quarter, "return_on_assets": ratio}


class Person(threading.Thread):
    """Does `step` again and again until told to end. Who is told to come again later comes again; every
    other answer that is not among the expected ones is kept in `wrong`."""

    def __init__(self, client, pause=0.01, patience=harness.PATIENCE):
        super().__init__(daemon=True)
        self.client = client
        self.patience = patience  # until an answer that does not come is one that is wrong
        self.pause = pause
        self.over = threading.Event()
        self.wrong = []
        self.answered = 0
        self.put_off = 0  # answers that said: later

    def ask(self, method, path, body=None, headers=None, good=(200,)):
        """Gives (status, answer); status None when it has to be asked again."""
        try:
            status, answer, heads = self.client.ask(method, path, body, headers, self.patience)
        except OSError as error:
            self.wrong.append(f"{method} {path}: no answer: {error!r}")
            return None, None
        if status == 503:
            self.put_off += 1
            if heads.get("Retry-After") is None:
                self.wrong.append(f"{method} {path}: 503 without Retry-After: {answer}")
            return None, answer
        self.answered += 1
        if status not in good:
            self.wrong.append(f"{method} {path}: {status} {answer}")
        return status, answer

    def until_answered(self, method, path, body=None, headers=None, good=(200,)):
        def answered():
            found = self.ask(method, path, body, headers, good)
            return found if found[0] is not None else None
        return harness.until(answered, f"an answer to {method} {path}", self.patience, pause=0.05)

    def step(self):
        raise NotImplementedError

    def last(self):
        """What is left to do when told to end."""

    def run(self):
        try:
            while not self.over.is_set():
                self.step()
                time.sleep(self.pause)
            self.last()
        except Exception as error:  # pylint: disable=broad-except  (the test has to hear of it)
            self.wrong.append(repr(error))

    def end(self):
        """Gives what went wrong, as text; empty when nothing did."""
        self.over.set()
        self.join(harness.PATIENCE)
        assert not self.is_alive(), "a person does not come to an end"
        return "\n".join(self.wrong[:5])

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()


class Clerk(Person):
    """Writes so many predictions, each exactly once however often it has to be sent, and every third is sent
    once more for nothing; reads between."""

    def __init__(self, client, prefix, writes, pause=0.01):
        super().__init__(client, pause)
        self.left = [(f"{prefix}{n}", f"{prefix}-{uuid.uuid4()}") for n in range(writes)]
        self.sent_again = set()
        self.reads = itertools.cycle(("/predictions/annual?limit=5", "/predictions/jobs", "/companies",
                                      "/models", "/auth/me"))

    def write(self):
        symbol, key = self.left[0]
        status, _ = self.ask("POST", "/predictions/annual", by_hand(symbol), {"Idempotency-Key": key},
                             good=(200, 201))
        if status is not None:
            again = len(self.left) % 3 == 0 and key not in self.sent_again
            self.sent_again.add(key)
            if not again:
                self.left.pop(0)

    def step(self):
        if self.left:
            self.write()
        self.ask("GET", next(self.reads))

    def last(self):
        harness.until(lambda: (self.write() if self.left else None, not self.left)[1],
                      "the last write by hand", pause=0.02)


def at_once(calls):
    """What each gives; all begin at the same moment. What one raises is raised behind the last."""
    found, raised = [None] * len(calls), []
    gate = threading.Barrier(len(calls))

    def call(n):
        gate.wait()
        try:
            found[n] = calls[n]()
        except BaseException as error:  # pylint: disable=broad-except  (raised below)
            raised.append(error)
    threads = [threading.Thread(target=call, args=(n,)) for n in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]
    return found
