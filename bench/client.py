"""A client that costs little: one connection that is kept, an answer parsed no further than it must be."""
import json
import os
import re
import socket
import time

from harness import API, JOBS, PATIENCE, Failure
IDLE_MAX = 5.0  # seconds; a server closes a connection that was silent for some time


class Client:
    """One connection that is kept while it is used. It parses no more of an answer than it must."""

    def __init__(self, port, token=None):
        self.port = port
        self.token = token
        self.connect()

    def connect(self):
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.used = time.monotonic()

    def refresh(self):
        """Before a request: a new connection where the old one was left alone for long."""
        if time.monotonic() - self.used > IDLE_MAX:
            self.close()
            self.connect()

    def close(self):
        self.socket.close()

    def head(self, method, target, headers):
        lines = ["%s %s HTTP/1.1" % (method, target), "Host: 127.0.0.1"]
        if self.token:
            lines.append("Authorization: Bearer " + self.token)
        lines += ["%s: %s" % header for header in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def read(self):
        """(status, body)"""
        got = self.socket.recv(1 << 18)
        while b"\r\n\r\n" not in got:
            more = self.socket.recv(1 << 18)
            if not more:
                raise Failure("the server closed the connection")
            got += more
        head, _, body = got.partition(b"\r\n\r\n")
        found = re.search(rb"\r\nContent-Length: (\d+)", head, re.I)
        size = int(found.group(1)) if found else 0
        parts = [body]
        have = len(body)
        while have < size:
            more = self.socket.recv(1 << 18)
            if not more:
                raise Failure("the server closed the connection")
            parts.append(more)
            have += len(more)
        self.used = time.monotonic()
        return int(head[9:12]), b"".join(parts)

    def send(self, method, target, body=None, headers=None):
        headers = dict(headers or {})
        data = b""
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        if data or method in ("POST", "PUT"):
            headers["Content-Length"] = str(len(data))
        self.refresh()
        self.socket.sendall(self.head(method, target, headers) + data)
        return self.read()

    def call(self, method, target, body=None, headers=None, status=(200, 201, 202)):
        """The answer as JSON; another status is a failure."""
        got, answer = self.send(method, target, body, headers)
        if got not in status:
            raise Failure("%s %s gave %d: %s" % (method, target, got,
                                                 answer[:300].decode(errors="replace")))
        return json.loads(answer) if answer else None

    def get(self, target):
        return self.call("GET", target)

    def timed(self, method, target, body=None, status=(200, 201)):
        """Seconds from the first byte sent to the last one read."""
        self.refresh()
        start = time.perf_counter()
        got, answer = self.send(method, target, body)
        took = time.perf_counter() - start
        if got not in status:
            raise Failure("%s %s gave %d: %s" % (method, target, got,
                                                 answer[:300].decode(errors="replace")))
        return took

    def upload(self, path, query="", kind="annual"):
        """(the time of the 202, job id)"""
        mark = "bench-boundary-7d1f"
        begin = ("--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\n"
                 "Content-Type: text/csv\r\n\r\n" % (mark, os.path.basename(path))).encode()
        end = ("\r\n--%s--\r\n" % mark).encode()
        size = len(begin) + os.path.getsize(path) + len(end)
        headers = {"Content-Type": "multipart/form-data; boundary=" + mark, "Content-Length": str(size)}
        target = "%s/predictions/%s/bulk-upload-async%s" % (API, kind, query)
        self.refresh()
        with open(path, "rb") as file:
            self.socket.sendall(self.head("POST", target, headers) + begin)
            self.socket.sendfile(file)
            self.socket.sendall(end)
        status, answer = self.read()
        at = time.time()
        if status != 202:
            raise Failure("the upload gave %d: %s" % (status, answer[:300].decode()))
        return at, json.loads(answer)["job_id"]

    def job(self, job_id):
        return self.get("%s/%s" % (JOBS, job_id))["job"]

    def wait_for_job(self, job_id, pause=0.02):
        """The job at its end; anything but `completed` is a failure."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            job = self.job(job_id)
            if job["status"] == "completed":
                return job
            if job["status"] not in ("pending", "processing"):
                raise Failure("job %s: %s" % (job_id, json.dumps(job)[:500]))
            time.sleep(pause)
        raise Failure("job %s does not end" % job_id)


def epoch(text):
    """2026-01-31T12:00:00.123456Z as seconds."""
    import datetime
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
