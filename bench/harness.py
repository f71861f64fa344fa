"""What the benchmarks stand on: figures, a directory that goes away, processes that are ended, and what
the system knows of them."""
import os
import re
import shutil
import statistics
import subprocess
import tempfile
from dataclasses import dataclass

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
EMAIL, PASSWORD = "bench@example.com", "bench-passw0rd"
API = "/api/v1"
ANNUAL = API + "/predictions/annual"
JOBS = API + "/predictions/jobs"
PATIENCE = 900.0    # seconds until anything that is waited for counts as failed


class Failure(Exception):
    """The benchmark cannot be run, or Obligor did something wrong."""


# --- figures -------------------------------------------------------------------------------------

@dataclass
class Result:
    bench: str
    what: str
    measured: float
    unit: str
    reference: float = None
    reference_what: str = ""
    limit: float = None         # of the ratio where there is a reference, else of what was measured
    at_least: bool = False      # the limit is a least, not a most
    note: str = ""
    engine: str = ""            # set by the runner

    @property
    def ratio(self):
        return self.measured / self.reference if self.reference else None

    @property
    def met(self):
        value = self.measured if self.reference is None else self.ratio
        if self.limit is None or value is None:
            return None
        return value >= self.limit if self.at_least else value <= self.limit

    @property
    def target(self):
        if self.limit is None:
            return ""
        sign = "≥" if self.at_least else "≤"
        return "%s %s" % (sign, show(self.limit, self.unit) if self.reference is None
                          else "%g ×" % self.limit)

    def as_json(self):
        return {**self.__dict__, "ratio": self.ratio, "met": self.met}


def show(value, unit):
    if value is None:
        return ""
    digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2 if abs(value) >= 1 else 3
    return "%s %s" % (format(value, ",.%df" % digits), unit)


def percentile(values, part):
    """The value that `part` of all are at or below."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def median(values):
    return statistics.median(values)


# --- the place and the processes -----------------------------------------------------------------

class Place:
    """A directory for all data, and every process started: both gone at the end, however it comes."""

    def __init__(self, binary, reference, parent=None):
        self.binary = binary
        self.reference = reference
        self.directory = tempfile.mkdtemp(prefix="obligor-bench-", dir=parent)
        self.children = []
        self.engine = None      # closed with the place: see engines.start()

    def path(self, name):
        return os.path.join(self.directory, name)

    def start(self, *words, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        child = subprocess.Popen(words, **options)
        self.children.append(child)
        return child

    def run(self, *words, stdin=None):
        """Ends well, or is a failure; gives what it printed."""
        done = subprocess.run(words, input=stdin, capture_output=True, text=True, timeout=PATIENCE)
        if done.returncode != 0:
            raise Failure("%s gave %d: %s" % (" ".join(words), done.returncode,
                                              (done.stderr or done.stdout).strip()[-500:]))
        return done.stdout

    def end(self, child, patience=60):
        if child.poll() is None:
            child.terminate()
            try:
                child.wait(patience)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        if child in self.children:
            self.children.remove(child)

    def close(self):
        for child in list(self.children):
            self.end(child, 10)
        if self.engine is not None:
            self.engine.close()
        shutil.rmtree(self.directory, ignore_errors=True)


def memory(pid, field):
    """VmRSS or VmHWM in MiB; None when the process is over."""
    try:
        with open("/proc/%d/status" % pid, encoding="ascii") as status:
            found = re.search(r"^%s:\s+(\d+) kB" % field, status.read(), re.M)
    except OSError:
        return None
    return int(found.group(1)) / 1024 if found else None


def cpu_seconds(pid, with_ended=False):
    """Of a process; `with_ended`: and of those of its children that are over."""
    with open("/proc/%d/stat" % pid, encoding="ascii", errors="replace") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return sum(map(int, fields[11:15 if with_ended else 13])) / os.sysconf("SC_CLK_TCK")


def children_of(pid):
    """The ids of the living ones."""
    with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as children:
        return [int(child) for child in children.read().split()]


def title(pid):
    with open("/proc/%d/cmdline" % pid, encoding="utf-8", errors="replace") as line:
        return line.read().replace("\0", " ").strip()
