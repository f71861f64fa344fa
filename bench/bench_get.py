"""One prediction over HTTP, 32 connections, against nginx giving back the same bytes."""
import json
import os
import re
import shutil
import socket
import subprocess
import time

import harness
from harness import ANNUAL, Failure, Result, Server

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
            client = harness.Client(port)
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


def random_ids(data, database):
    import sqlite3
    connection = sqlite3.connect("file:%s?mode=ro" % data.place.path(database), uri=True)
    step = max(1, data.rows // IDS)
    rows = connection.execute("SELECT lower(hex(id)) FROM annual_predictions WHERE rowid %% %d = 0" % step)
    ids = ["%s-%s-%s-%s-%s" % (i[:8], i[8:12], i[12:16], i[16:20], i[20:]) for i, in rows]
    connection.close()
    return ids


def run(data, repeat):
    for tool in ("nginx", "wrk"):
        if shutil.which(tool) is None:
            raise Failure("%s is not installed" % tool)
    place = data.place
    seconds = 2 if repeat == 1 else 5
    figures = {name: [] for name in ("nginx", "one", "many", "logged", "health")}
    with Server(place, data.filled(data.rows, "get.db")) as server, \
            Server(place, data.copy("get.db", "get-logged.db"), log_level="info") as logged:
        ids = random_ids(data, "get.db")
        one = "%s/%s" % (ANNUAL, ids[len(ids) // 2])
        headers, body = answer_of(server, one)
        nginx, nginx_port = start_nginx(place, headers, body)
        for _ in range(repeat):
            figures["nginx"].append(wrk(place, "nginx", seconds, nginx_port, one, server.token))
            figures["one"].append(wrk(place, "one", seconds, server.port, one, server.token))
            figures["many"].append(wrk(place, "many", seconds, server.port, one, server.token, ids))
            figures["nginx"].append(wrk(place, "nginx", seconds, nginx_port, one, server.token))
            figures["logged"].append(wrk(place, "logged", seconds, logged.port, one, logged.token, ids))
            figures["health"].append(wrk(place, "health", seconds, server.port, "/healthz", server.token))
        place.end(nginx)
    for name in ("get.db", "get-logged.db"):
        place.remove(name)

    def rate(name):
        return harness.median([f["rate"] for f in figures[name]])

    def note(name):
        return "each: %s; p50 %.2f ms, p99 %.2f ms" % (
            " ".join("%.0f" % f["rate"] for f in figures[name]),
            harness.median([f["p50"] for f in figures[name]]) / 1000,
            harness.median([f["p99"] for f in figures[name]]) / 1000)

    nginx_note = "; nginx " + note("nginx")
    for name, what, limit in (("many", "GET one of %s, at random" % format(len(ids), ","), 0.3),
                              ("one", "GET always the same one", 0.3),
                              ("logged", "GET at random, each request logged to a file", None),
                              ("health", "GET /healthz: the HTTP library alone", None)):
        yield Result("get", what, rate(name), "/s", rate("nginx"), "nginx, %d bytes" % len(body), limit,
                     at_least=True, note=note(name) + (nginx_note if name == "many" else ""))
