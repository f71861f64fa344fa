"""One prediction over HTTP, 32 connections, against nginx giving back the same bytes and, on PostgreSQL, against
what the database gives without anything before it; and one posted."""
import json
import os
import re
import shutil
import socket
import subprocess
import time

import harness
from bench_during import Maker
from client import Client
from harness import ANNUAL, Failure, Result
from server import Server

CONNECTIONS, THREADS = 32, 2
IDS = 10_000

# Random ids of a table, or the one target that wrk was given; the figures as JSON in the end.
SCRIPT = """
local targets = {%s}
wrk.headers["Authorization"] = "Bearer %s"
local count = #targets
if count > 0 then
  local seeded = false
  request = function()
    if not seeded then
      math.randomseed(tonumber(tostring({}):sub(8)) or os.time())
      seeded = true
    end
    return wrk.format("GET", "%s/" .. targets[math.random(count)])
  end
end
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format(
    'FIGURES {"requests": %%d, "micros": %%d, "bytes": %%d, "errors": %%d, "p50": %%d, "p99": %%d}\\n',
    summary.requests, summary.duration, summary.bytes,
    e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
"""

NGINX = """
daemon off;
worker_processes %(workers)d;
pid %(directory)s/nginx.pid;
error_log %(directory)s/nginx.log;
events { worker_connections 512; }
http {
  access_log off;
  keepalive_requests 100000000;
  client_body_temp_path %(directory)s/nginx-body;
  proxy_temp_path %(directory)s/nginx-proxy;
  fastcgi_temp_path %(directory)s/nginx-fastcgi;
  uwsgi_temp_path %(directory)s/nginx-uwsgi;
  scgi_temp_path %(directory)s/nginx-scgi;
  server {
    listen 127.0.0.1:%(port)d;
    location / {
      default_type "application/json";
%(headers)s
      return 200 '%(body)s';
    }
  }
}
"""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def answer_of(server, target):
    """The head and the body of one answer."""
    client = server.client()
    client.socket.sendall(client.head("GET", target, {}))
    got = b""
    while b"\r\n\r\n" not in got:
        got += client.socket.recv(1 << 16)
    head, _, body = got.partition(b"\r\n\r\n")
    size = int(re.search(rb"\r\nContent-Length: (\d+)", head, re.I).group(1))
    while len(body) < size:
        body += client.socket.recv(1 << 16)
    client.close()
    if not head.startswith(b"HTTP/1.1 200"):
        raise Failure("GET %s gave %s" % (target, head.split(b"\r\n")[0].decode()))
    headers = [line.partition(": ")[::2] for line in head.decode().split("\r\n")[1:]]
    return headers, body.decode()


def quoted(text):
    if "$" in text:
        raise Failure("nginx would take the $ in the answer for a variable")
    return text.replace("\\", "\\\\").replace("'", "\\'")


def start_nginx(place, headers, body):
    own = ("date", "content-length", "content-type", "connection", "server", "keep-alive")
    lines = ["      add_header %s '%s' always;" % (name, quoted(value)) for name, value in headers
             if name.lower() not in own]
    port = free_port()
    with open(place.path("nginx.conf"), "w", encoding="utf-8") as file:
        file.write(NGINX % {"workers": os.cpu_count(), "directory": place.directory, "port": port,
                            "headers": "\n".join(lines), "body": quoted(body)})
    child = place.start("nginx", "-p", place.directory, "-c", place.path("nginx.conf"),
                        "-e", place.path("nginx.log"), stderr=subprocess.DEVNULL)
    until = time.monotonic() + 10
    while True:
        try:
            client = Client(port)
            break
        except OSError:
            if child.poll() is not None or time.monotonic() > until:
                raise Failure("nginx does not start; see " + place.path("nginx.log")) from None
            time.sleep(0.02)
    status, got = client.send("GET", "/")
    client.close()
    if status != 200 or got.decode() != body:
        raise Failure("nginx gives something else back")
    return child, port


def wrk(place, name, seconds, port, target, token, ids=()):
    script = place.path(name + ".lua")
    with open(script, "w", encoding="ascii") as file:
        file.write(SCRIPT % (",".join('"%s"' % one for one in ids), token, ANNUAL))
    said = place.run("wrk", "-t%d" % THREADS, "-c%d" % CONNECTIONS, "-d%ds" % seconds, "-s", script,
                     "http://127.0.0.1:%d%s" % (port, target))
    found = re.search(r"^FIGURES (.*)$", said, re.M)
    if not found:
        raise Failure("wrk says: " + said[-300:])
    figures = json.loads(found.group(1))
    if figures["errors"]:
        raise Failure("%s: %d errors in %d requests" % (name, figures["errors"], figures["requests"]))
    figures["rate"] = figures["requests"] / (figures["micros"] / 1e6)
    return figures


def post(server, count):
    """Seconds of each of so many predictions made by hand, one after the other."""
    client = server.client()
    maker = Maker("P")
    times = [client.timed("POST", ANNUAL, maker.body()) for _ in range(count)]
    client.close()
    return times


def turn(data, figures, servers, ports, targets, seconds):
    """All that is compared, once, in turn."""
    (server, logged), (one, ids) = servers, targets
    nginx = ("nginx", seconds, ports["nginx"], one, server.token)
    for name, port, target, token, some in (("one", server.port, one, server.token, ()),
                                            ("many", server.port, one, server.token, ids),
                                            ("logged", logged.port, one, logged.token, ids),
                                            ("health", server.port, "/healthz", server.token, ())):
        if name in ("one", "logged"):
            figures["nginx"].append(wrk(data.place, *nginx))
        figures[name].append(wrk(data.place, name, seconds, port, target, token, some))
    figures["bare"].append(data.engine.point_reads("get", data.rows, CONNECTIONS, seconds))


def run(data, repeat):
    for tool in ("nginx", "wrk"):
        if shutil.which(tool) is None:
            raise Failure("%s is not installed" % tool)
    seconds, posts = (2, 200) if repeat == 1 else (5, 1000)
    figures = {name: [] for name in ("nginx", "one", "many", "logged", "health", "bare")}
    with Server(data, data.filled(data.rows, "get")) as server, \
            Server(data, data.copy("filled_%d" % data.rows, "get_logged"), log_level="info") as logged:
        data.engine.tidy("get")
        data.engine.tidy("get_logged")
        ids = data.engine.ids("get", max(1, data.rows // IDS))
        one = "%s/%s" % (ANNUAL, ids[len(ids) // 2])
        headers, body = answer_of(server, one)
        nginx, port = start_nginx(data.place, headers, body)
        for _ in range(repeat):
            turn(data, figures, (server, logged), {"nginx": port}, (one, ids), seconds)
        data.place.end(nginx)
        posted = post(server, posts)
    committed = data.engine.bare_commits("get", posts)
    for name in ("get", "get_logged"):
        data.engine.remove(name)
    yield from results(data, figures, len(ids), len(body))
    yield Result("get", "POST one, one after the other", 1000 * sum(posted) / posts, "ms", 1000 * committed,
                 "bare commit of one row", note="p50 %.2f ms, p99 %.2f ms" % tuple(
                     1000 * harness.percentile(posted, part) for part in (0.5, 0.99)))


def results(data, figures, ids, size):
    def rate(name):
        return harness.median([f["rate"] for f in figures[name]])

    def note(name):
        return "each: %s; p50 %.2f ms, p99 %.2f ms" % (
            " ".join("%.0f" % f["rate"] for f in figures[name]),
            harness.median([f["p50"] for f in figures[name]]) / 1000,
            harness.median([f["p99"] for f in figures[name]]) / 1000)

    nginx_note = "; nginx " + note("nginx")
    limit = 0.3 if data.engine.name == "sqlite" else None   # a constant is no measure of another process
    for name, what, least in (("many", "GET one of %s, at random" % format(ids, ","), limit),
                              ("one", "GET always the same one", limit),
                              ("logged", "GET at random, each request logged to a file", None),
                              ("health", "GET /healthz: the HTTP library alone", None)):
        yield Result("get", what, rate(name), "/s", rate("nginx"), "nginx, %d bytes" % size, least,
                     at_least=True, note=note(name) + (nginx_note if name == "many" else ""))
    if figures["bare"][0] is not None:
        yield Result("get", "GET at random, for the record", rate("many"), "/s",
                     harness.median(figures["bare"]), "pgbench, the same read",
                     note="pgbench each: " + " ".join("%.0f" % one for one in figures["bare"]))
