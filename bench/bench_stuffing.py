"""Strangers who try passwords: 200 sign-ins a second for 20 seconds, each from an address of its own, as a
trusted proxy says. What readers notice of it, what the server needs, and whether who belongs there gets in."""
import json
import multiprocessing
import queue
import re
import threading
import time

import harness
from bench_during import compared
from client import Client
from harness import ANNUAL, API, EMAIL, PASSWORD, Failure, Result
from server import Server

BASE = 10_000
RATE, SECONDS_LONG = 200, 20
CONNECTIONS = 80            # of the strangers: as many as wait for an answer at one time
LOGIN = API + "/auth/login"
ACCOUNTS = 500              # that they try, the user's among them
PAUSE = 2.0                 # of a known user between two sign-ins, and of others behind a refusal


def body(email, password):
    return json.dumps({"email": email, "password": password}).encode()


def sign_in(client, email, password, address):
    """(status, Retry-After)"""
    data = body(email, password)
    client.refresh()
    client.socket.sendall(client.head("POST", LOGIN, {
        "X-Forwarded-For": address, "Content-Type": "application/json", "Content-Length": str(len(data))}) + data)
    got = b""
    while b"\r\n\r\n" not in got:
        more = client.socket.recv(1 << 16)
        if not more:
            raise Failure("the server closed the connection")
        got += more
    head, _, rest = got.partition(b"\r\n\r\n")
    size = int(re.search(rb"\r\nContent-Length: (\d+)", head, re.I).group(1))
    while len(rest) < size:
        rest += client.socket.recv(1 << 16)
    client.used = time.monotonic()
    found = re.search(rb"\r\nRetry-After: (\d+)", head)
    return int(head[9:12]), int(found.group(1)) if found else 0


def strangers(port, rate, seconds, result):
    """In a process of their own: {status: how many}, and how far they fell behind."""
    work, statuses, lock = queue.Queue(), {}, threading.Lock()

    def stranger():
        client = Client(port)
        while True:
            number = work.get()
            if number is None:
                break
            account = EMAIL if number % ACCOUNTS == 0 else "stuffed%d@example.com" % (number % ACCOUNTS)
            address = "198.18.%d.%d" % (number // 256 % 256, number % 256)
            status, _ = sign_in(client, account, "wrong-pass-%d" % number, address)
            with lock:
                statuses[status] = statuses.get(status, 0) + 1
        client.close()
    threads = [threading.Thread(target=stranger, daemon=True) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    begin, late = time.monotonic(), 0.0
    for number in range(rate * seconds):
        at = begin + number / rate
        late = max(late, time.monotonic() - at)
        time.sleep(max(0.0, at - time.monotonic()))
        work.put(number)
    waiting = work.qsize()
    for _ in threads:
        work.put(None)
    for thread in threads:
        thread.join()
    result.put((statuses, late, waiting))


class Known(threading.Thread):
    """A user who signed in from here before: each sign-in again and again while it lasts."""

    def __init__(self, port, address):
        super().__init__()
        self.port, self.address = port, address
        self.over = threading.Event()
        self.seconds, self.refused = [], 0

    def run(self):
        client = Client(self.port)
        while not self.over.wait(PAUSE):
            start = time.monotonic()
            status, _ = sign_in(client, EMAIL, PASSWORD, self.address)
            self.seconds.append(time.monotonic() - start)
            self.refused += status != 200
        client.close()


class Newcomer(threading.Thread):
    """The same user at an address that the server has not seen: tries until it is let in."""

    def __init__(self, port, address):
        super().__init__()
        self.port, self.address = port, address
        self.tries, self.seconds = 0, None

    def run(self):
        time.sleep(3) # the queue is full by now
        client = Client(self.port)
        start = time.monotonic()
        while True:
            self.tries += 1
            status, retry_after = sign_in(client, EMAIL, PASSWORD, self.address)
            if status == 200:
                break
            time.sleep(max(retry_after, 0.1))
        self.seconds = time.monotonic() - start
        client.close()


def read(client, ids, until):
    """Seconds of each of the reads, one after the other."""
    times = {"GET one": [], "list page": []}
    number = 0
    while not until():
        times["GET one"].append(client.timed("GET", "%s/%s" % (ANNUAL, ids[number * 31 % len(ids)])))
        times["list page"].append(client.timed("GET", ANNUAL + "?limit=50"))
        number += 1
        time.sleep(0.002)
    return times


def idle(client, ids, seconds):
    until = time.monotonic() + seconds
    return read(client, ids, lambda: time.monotonic() > until)


class Memory(threading.Thread):
    def __init__(self, pid):
        super().__init__()
        self.pid, self.over, self.seen = pid, threading.Event(), []

    def run(self):
        while not self.over.wait(0.1):
            self.seen.append(harness.memory(self.pid, "VmRSS"))


def run(data, repeat):
    seconds = 5 if repeat == 1 else SECONDS_LONG
    database = data.filled(BASE, "stuffing")
    data.engine.tidy(database)
    with Server(data, database, "--trusted-proxy", "127.0.0.1", log_level="error") as server:
        client = server.client()
        ids = [item["id"] for item in client.get(ANNUAL + "?limit=1000")["predictions"]]
        here, there = "203.0.113.5", "203.0.113.77"
        other = Client(server.port)
        for _ in range(3):
            sign_in(other, EMAIL, PASSWORD, here)
        other.close()
        quiet = idle(client, ids, 5)
        memory = Memory(server.pid)
        known, newcomer = Known(server.port, here), Newcomer(server.port, there)
        results = multiprocessing.Queue()
        flood = multiprocessing.Process(target=strangers, args=(server.port, RATE, seconds, results))
        for one in (memory, flood, known, newcomer):
            one.start()
        busy = read(client, ids, lambda: not flood.is_alive() or not results.empty())
        statuses, late, waiting = results.get()
        for event in (memory.over, known.over):
            event.set()
        for one in (flood, known, newcomer, memory):
            one.join()
        for kind, times in idle(client, ids, 5).items():
            quiet[kind] += times
        client.close()
    data.engine.remove(database)
    asked = sum(statuses.values())
    yield Result("stuffing", "sign-ins of strangers", asked / seconds, "/s",
                 note="answers: %s; %.2f s late at most, %d unasked in the end" % (
                     ", ".join("%d × %d" % (many, status) for status, many in sorted(statuses.items())), late, waiting))
    for kind, times in busy.items():
        yield compared("p99 of %s meanwhile" % kind, times, quiet[kind])
    half = len(memory.seen) // 2
    yield Result("stuffing", "memory, highest of the second half", max(memory.seen[half:]), "MiB",
                 max(memory.seen[:half]), "of the first half", 1.1, note="lowest %.1f MiB" % min(memory.seen))
    yield Result("stuffing", "sign-in of who was here before, slowest", max(known.seconds), "s",
                 note="%d sign-ins, %d refused" % (len(known.seconds), known.refused))
    yield Result("stuffing", "… and at a new address, until let in", newcomer.seconds, "s",
                 note="%d tries" % newcomer.tries)
