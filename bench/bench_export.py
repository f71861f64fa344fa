"""All rows of a database taken out over HTTP, as each kind of file: how fast, in how much memory, and whether all of
them are there."""
import http.client
import os
import re
import time
import zipfile

import harness
from harness import ANNUAL, PATIENCE, Failure, Result
from server import Server

SHEET_ROWS = 1_048_575  # of data on one sheet, behind its header
PIECE = 1 << 20
FLAT = 100  # MiB of memory, whatever the number of rows; caches of the database's sessions are in it


def forget_peak(pid):
    with open("/proc/%d/clear_refs" % pid, "w", encoding="ascii") as refs:
        refs.write("5")


def download(server, target, path):
    """Into a file: (seconds until the first byte, until the last one)"""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    start = time.perf_counter()
    connection.request("GET", target, headers={"Authorization": "Bearer " + server.token})
    answer = connection.getresponse()
    first = time.perf_counter() - start
    with open(path, "wb") as file:
        while piece := answer.read(PIECE):
            file.write(piece)
    connection.close()
    if answer.status != 200:
        raise Failure("%s gave %d" % (target, answer.status))
    return first, time.perf_counter() - start


def count(file, mark):
    """How often something stands in a file; the mark may lie across two pieces."""
    found, rest = 0, b""
    while piece := file.read(PIECE):
        piece = rest + piece
        found += piece.count(mark)
        rest = piece[len(piece) - len(mark) + 1:] if len(mark) > 1 else b""
    return found


def rows_of(path, format):
    """(rows without headers, sheets)"""
    if format != "xlsx":
        with open(path, "rb") as file:
            return count(file, b"\n") - (format == "csv"), 1
    with zipfile.ZipFile(path) as book:
        sheets = [name for name in book.namelist() if re.match(r"xl/worksheets/sheet\d+\.xml$", name)]
        rows = 0
        for name in sheets:
            with book.open(name) as sheet:
                rows += count(sheet, b"<row ") - 1
        return rows, len(sheets)


def run(data, repeat):
    database = data.filled(data.rows, "export")
    data.engine.tidy(database)
    data.engine.settle()
    many, path = format(data.rows, ","), data.place.path("export")
    with Server(data, database, "--spool-quota", "100GiB") as server:
        for kind in ("csv", "xlsx", "ndjson"):
            forget_peak(server.pid)
            before = harness.cpu_seconds(server.pid)
            first, took = download(server, "%s/export?format=%s" % (ANNUAL, kind), path)
            used, peak = harness.cpu_seconds(server.pid) - before, harness.memory(server.pid, "VmHWM")
            rows, sheets = rows_of(path, kind)
            wanted = -(-data.rows // SHEET_ROWS) if kind == "xlsx" else 1
            if (rows, sheets) != (data.rows, wanted):
                raise Failure("%d rows on %d sheets instead of %d on %d" % (rows, sheets, data.rows, wanted))
            yield Result("export", "%s rows as %s" % (many, kind), data.rows / took, "rows/s",
                         note="%.1f s, the first byte after %.1f; %.1f s of the server's processor; %.1f MB%s" % (
                             took, first, used, os.path.getsize(path) / 1e6,
                             ", sheets: %d" % sheets if kind == "xlsx" else ""))
            yield Result("export", "… highest memory of the server", peak, "MiB", limit=FLAT)
            os.remove(path)
    data.engine.remove(database)
