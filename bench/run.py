#!/usr/bin/env python3
"""The benchmarks: makes its data in a directory of its own, runs what is named (all of it by default),
prints a table and leaves the figures in .build/bench/. What each means is in bench/README.md.

    ./dev bench [NAME…] [--engine sqlite|postgres|both] [--rows N] [--list-rows N] [--quick] [--repeat N]
"""
import argparse
import contextlib
import json
import os
import platform
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import bench_during
import bench_delete
import bench_export
import bench_get
import bench_import
import bench_list
import bench_status
import bench_stuffing
import bench_xlsx
import data
import engines
import harness

BENCHES = {"import": bench_import.run, "delete": bench_delete.run, "list": bench_list.run,
           "get": bench_get.run, "during": bench_during.run,
           "status": bench_status.run, "stuffing": bench_stuffing.run, "xlsx": bench_xlsx.run,
           "export": bench_export.run}
BUILD = os.path.join(harness.SOURCE, "build")
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)


def parse():
    parser = argparse.ArgumentParser(description="The benchmarks of Obligor on SQLite and PostgreSQL.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="of %s" % ", ".join(BENCHES))
    parser.add_argument("--engine", choices=("sqlite", "postgres", "both"), default="sqlite",
                        help="the database (sqlite); both: one after the other")
    parser.add_argument("--rows", type=int, help="rows of the large file (1,000,000; quick: 50,000)")
    parser.add_argument("--list-rows", type=int, help="rows of the long list, on PostgreSQL a multiple of --rows "
                        "(sqlite: --rows; postgres: 10,000,000; quick: 200,000)")
    parser.add_argument("--quick", action="store_true", help="small and short: does it work at all?")
    parser.add_argument("--repeat", type=int, help="turns of what is repeated (3; quick: 1)")
    parser.add_argument("--build", default=BUILD, help="the build directory (build)")
    parser.add_argument("--directory", help="where the temporary directory is made")
    parser.add_argument("--minutes", type=int, help="stop by itself after so long (60; postgres 120, both 180)")
    parser.add_argument("--keep-going", action="store_true", help="a bench that fails does not end the run")
    args = parser.parse_args()
    for name in args.names:
        if name not in BENCHES:
            parser.error("there is no bench %s; there are %s" % (name, ", ".join(BENCHES)))
    args.rows = args.rows or (50_000 if args.quick else 1_000_000)
    if args.rows < 20_000:
        parser.error("at least 20,000 rows: below that the small and the large database are alike")
    if args.list_rows is not None and args.list_rows < args.rows:
        parser.error("the long list has at least --rows rows")
    args.minutes = args.minutes or {"sqlite": 60, "postgres": 120, "both": 180}[args.engine]
    args.repeat = args.repeat or (1 if args.quick else 3)
    args.names = args.names or list(BENCHES)
    return args


def list_rows(args, engine):
    """How long the long list is: on PostgreSQL whole jobs of --rows rows."""
    if engine == "sqlite":
        return args.list_rows or args.rows
    wanted = args.list_rows or (200_000 if args.quick else 10_000_000)
    return max(1, wanted // args.rows) * args.rows


def build(directory):
    """The paths of obligor and of the reference loop, both built in `directory`."""
    made = subprocess.run(["ninja", "-C", directory, "obligor", "bench/sqlite_reference", "bench/xlsx_read",
                           "bench/status_read"],
                          capture_output=True, text=True)
    if made.returncode != 0:
        raise harness.Failure("ninja failed:\n" + made.stdout[-2000:])
    return os.path.join(directory, "obligor"), os.path.join(directory, "bench", "sqlite_reference")


def conditions(args):
    """What the figures depend on and the table does not show."""
    def said(*words):
        try:
            return subprocess.run(words, capture_output=True, text=True, cwd=harness.SOURCE).stdout.strip()
        except OSError:
            return ""
    cpu = ""
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as info:
        for line in info:
            if line.startswith("model name"):
                cpu = line.partition(":")[2].strip()
                break
    return {"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "rows": args.rows,
            "repeat": args.repeat, "cores": os.cpu_count(), "cpu": cpu, "kernel": platform.release(),
            "load_before": os.getloadavg()[0], "commit": said("git", "describe", "--always", "--dirty")}


def print_result(result):
    met = {None: "", True: "met", False: "NOT MET"}[result.met]
    reference = "" if result.reference is None else "%s (%s)" % (
        harness.show(result.reference, result.unit), result.reference_what)
    print("  %-47s %12s  %-38s %7s  %-10s %s" % (
        result.what, harness.show(result.measured, result.unit), reference,
        "" if result.ratio is None else "%.2f ×" % result.ratio, result.target, met))
    if result.note:
        print("      " + result.note)
    sys.stdout.flush()


def run_one(name, on, args, results):
    start = time.monotonic()
    print("\n%s on %s%s" % (name, on.engine.name, ", %s rows" % format(on.list_rows, ",") if name == "list" else ""))
    print("  %-47s %12s  %-38s %7s  %-10s" % ("what", "measured", "reference", "ratio", "target"))
    try:
        for result in BENCHES[name](on, args.repeat):
            result.engine = on.engine.name
            results.append(result)
            print_result(result)
    except harness.Failure as failure:
        print("  FAILED: %s" % failure)
        if not args.keep_going:
            raise
    print("  took %.0f s" % (time.monotonic() - start))


@contextlib.contextmanager
def undisturbed():
    """A signal that arrives within is met behind it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def run_engine(name, args, binaries, conditions_of, results):
    """All benches on one engine, in a place of its own that is gone before the next one begins."""
    with undisturbed():
        place = harness.Place(*binaries, args.directory)
    try:
        engine = engines.start(name, place, args.directory)
        on = data.Data(place, engine, args.rows, list_rows(args, name))
        conditions_of.append({**engine.conditions(), "list_rows": on.list_rows})
        for bench in args.names:
            run_one(bench, on, args, results)
    finally:
        with undisturbed():
            place.close()


def save(args, before, results):
    directory = os.path.join(harness.SOURCE, ".build", "bench")
    os.makedirs(directory, exist_ok=True)
    after = {"load_after": os.getloadavg()[0]}
    path = os.path.join(directory, time.strftime("%Y%m%d-%H%M%S.json", time.gmtime()))
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"conditions": {**before, **after}, "results": [r.as_json() for r in results]}, file,
                  indent=1, ensure_ascii=False)
        file.write("\n")
    print("\nFigures: %s" % os.path.relpath(path, harness.SOURCE))


def stop(number, _):
    for one in STOPPING:    # once is enough: cleaning up is not interrupted
        signal.signal(one, signal.SIG_IGN)
    raise KeyboardInterrupt(signal.Signals(number).name)


def main():
    args = parse()
    for number in STOPPING:
        signal.signal(number, stop)
    signal.alarm(args.minutes * 60)
    before = conditions(args)
    print("%(rows)d rows, %(repeat)d turns; %(cores)d cores, %(cpu)s, load %(load_before).2f" % before)
    before["engines"] = []
    results = []
    try:
        binaries = build(os.path.abspath(args.build))
        for name in ("sqlite", "postgres") if args.engine == "both" else (args.engine,):
            run_engine(name, args, binaries, before["engines"], results)
    except harness.Failure as failure:
        print("bench: %s" % failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt as reason:
        print("\nbench: stopped by %s" % reason, file=sys.stderr)
        return 130
    finally:
        if results:
            save(args, before, results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
