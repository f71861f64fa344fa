#!/usr/bin/env python3
"""Holds the source to the floors of ARCHITECTURE.md.

A file in src/<floor> includes only "<floor>/..." of its own floor and of those beneath it; http and
worker never see each other. Each third-party header has one home. SQL is written only on the store
floor. Header guards are named after the file. What follows the tables only applies them.

    check_includes.py [ROOT]       checks ROOT/src (ROOT: the directory above this file's)
    check_includes.py --self-test  proves that each forbidden thing is refused
"""
import re
import sys
import tempfile
from pathlib import Path

# Each floor and the floors beneath it, lowest first. `main` is src/main.c.
BENEATH = {
    "base": [],
    "model": ["base"],
    "format": ["base", "model"],
    "store": ["base", "model", "format"],
    "domain": ["base", "model", "format", "store"],
    "http": ["base", "model", "format", "store", "domain"],
    "worker": ["base", "model", "format", "store", "domain"],
    "cli": ["base", "model", "format", "store", "domain", "http", "worker"],
    "main": ["base", "model", "format", "store", "domain", "http", "worker", "cli"],
}

# The one place that may include a third-party header: a file, or a floor (with a slash behind it).
HOME_OF = {
    "sodium.h": "base/crypto.c",
    "crypt.h": "base/bcrypt.c",
    "jansson.h": "format/json.c",
    "zlib.h": "format/",
    "zstd.h": "format/zstd.c",
    "zstd_errors.h": "format/zstd.c",
    "zip.h": "format/xlsx_package.c",
    "expat.h": "format/xlsx_xml.c",
    "xlsxwriter.h": "format/",
    "sqlite3.h": "store/db_sqlite*",
    "libpq-fe.h": "store/db_postgres.c",
    "microhttpd.h": "http/server.c",
    "curl/curl.h": "worker/smtp.c",
}

# Everything else in angle brackets is the C library's or the system's.
SYSTEM_HEADERS = set("""
    assert.h complex.h ctype.h errno.h fenv.h float.h inttypes.h iso646.h limits.h locale.h math.h
    setjmp.h signal.h stdalign.h stdarg.h stdatomic.h stdbool.h stddef.h stdint.h stdio.h stdlib.h
    stdnoreturn.h string.h tgmath.h threads.h time.h uchar.h wchar.h wctype.h
    dirent.h endian.h fcntl.h fnmatch.h getopt.h glob.h iconv.h langinfo.h libgen.h malloc.h netdb.h
    poll.h pthread.h pwd.h grp.h sched.h semaphore.h spawn.h strings.h sysexits.h syslog.h termios.h
    ucontext.h unistd.h utime.h byteswap.h execinfo.h
""".split())
SYSTEM_FOLDERS = ("sys/", "arpa/", "netinet/", "linux/")

# SQL inside a string literal; adjacent literals count as one. A lone "DELETE" is an HTTP method.
SQL = re.compile(r"\b(SELECT\s+(\S|$)"
                 r"|INSERT\s+((OR\s+\w+\s+)?INTO\b|$)"
                 r"|UPDATE\s+(\S+(\s+(AS\s+)?\w+)?\s+SET\b|$)"
                 r"|DELETE\s+(FROM\b|$))")
SQL_FLOOR = "store"

TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(include\w*|import)\b[ \t]*(.*)$", re.M)
GUARD = re.compile(r"\s*#[ \t]*ifndef[ \t]+(\w+)\s*\n[ \t]*#[ \t]*define[ \t]+(\w+)[ \t]*\n.*"
                   r"#[ \t]*endif\s*\Z", re.S)


def without_comments(text):
    """Comments become blanks of as many lines; continued lines are joined, keeping the count."""
    text = re.sub(r"(?:[^\n]*\\\n)+[^\n]*\n?",
                  lambda m: m[0].replace("\\\n", "") + "\n" * m[0].count("\\\n"), text)
    return TOKEN.sub(lambda m: "\n" * m[0].count("\n") + " " if m[0].startswith("/") else m[0], text)


def floor_of(path):
    if path == "main.c":
        return "main"
    return path.split("/")[0] if "/" in path else None


def include_fault(path, floor, word, target):
    """What is wrong with one #include, or None."""
    if word != "include":
        return f"#{word} is not used here"
    if match := re.fullmatch(r'"([^"]+)"', target):
        header = match[1]
        other = header.split("/")[0]
        if other not in BENEATH or header.count("/") != 1:
            return f'"{header}" is not named as "<floor>/<name>.h"'
        if other != floor and other not in BENEATH[floor]:
            return f'{floor} may not include "{header}"'
        return None
    if match := re.fullmatch(r"<([^>]+)>", target):
        header = match[1]
        if header in HOME_OF:
            home = HOME_OF[header]
            if path == home or (home.endswith(("/", "*")) and path.startswith(home.rstrip("*"))):
                return None
            return f"<{header}> may be included only in src/{home}"
        if header in SYSTEM_HEADERS or header.startswith(SYSTEM_FOLDERS):
            return None
        return f"<{header}> is neither the system's nor in the table of third-party headers"
    return f"#include {target} cannot be judged"


def sql_faults(floor, text):
    if floor == SQL_FLOOR:
        return
    literals = [m for m in TOKEN.finditer(text) if m[0].startswith('"')]
    joined, start, end = "", 0, None
    for match in literals + [None]:
        if match and joined and not text[end:match.start()].strip():
            joined += match[0][1:-1]
        else:
            if joined and SQL.search(joined.replace("\\n", " ")):
                yield text.count("\n", 0, start) + 1, f"SQL is written only in src/{SQL_FLOOR} and sql/"
            if match:
                joined, start = match[0][1:-1], match.start()
        end = match.end() if match else None


def guard_fault(path, text):
    floor, name = path.split("/", 1)
    wanted = f"OBLIGOR_{floor}_{re.sub(r'[^A-Za-z0-9]', '_', name[:-2])}_H".upper()
    match = GUARD.fullmatch(text)
    if not match or match[1] != wanted or match[2] != wanted:
        return f"the header guard must be {wanted}"
    return None


def faults_of(path, text):
    """Yields (line, sentence) for the file src/<path>."""
    floor = floor_of(path)
    if floor not in BENEATH:
        yield 1, "not on a floor: " + ", ".join(BENEATH)
        return
    text = without_comments(text)
    for match in DIRECTIVE.finditer(text):
        fault = include_fault(path, floor, match[1], match[2].strip())
        if fault:
            yield text.count("\n", 0, match.start()) + 1, fault
    # Included names are no literals of the program.
    yield from sql_faults(floor, DIRECTIVE.sub("", text))
    if path.endswith(".h") and (fault := guard_fault(path, text)):
        yield 1, fault


def check(root):
    """Returns how many files were read, and all faults as lines of text."""
    source = Path(root) / "src"
    files = sorted(p for p in source.rglob("*") if p.suffix in (".c", ".h"))
    faults = []
    for file in files:
        path = file.relative_to(source).as_posix()
        text = file.read_text(encoding="utf-8", errors="replace")
        faults += [f"src/{path}:{line}: {fault}" for line, fault in faults_of(path, text)]
    return len(files), faults


def header(path, body=""):
    floor, name = path[:-2].split("/", 1)
    guard = f"OBLIGOR_{floor}_{name}_H".upper()
    return f"/* An idea. */\n#ifndef {guard}\n#define {guard}\n{body}\n#endif\n"


def self_test_cases():
    """Yields (path, text, what the fault must say); None where there must be none."""
    # Every floor against every floor.
    for floor in BENEATH:
        path = "main.c" if floor == "main" else f"{floor}/x.c"
        for other in BENEATH:
            allowed = other == floor or other in BENEATH[floor]
            yield (path, f'#include "{other}/y.h"\n',
                   None if allowed else f'{floor} may not include "{other}/y.h"')
    for pair in (("http", "worker"), ("worker", "http")):
        assert pair[1] not in BENEATH[pair[0]]
    # Every third-party header in its home and everywhere else.
    for name, home in HOME_OF.items():
        line = f"#include <{name}>\n"
        yield (home if home.endswith(".c") else f"{home}x.c", line, None)
        for floor in BENEATH:
            path = "main.c" if floor == "main" else f"{floor}/other.c"
            if not (home.endswith("/") and path.startswith(home)):
                yield path, line, f"<{name}> may be included only in src/{home}"
    # The system's headers, and those nobody has heard of.
    for name in ("stdio.h", "pthread.h", "sys/stat.h", "netinet/in.h"):
        yield "base/x.c", f"#include <{name}>\n", None
    for name in ("curl/easy.h", "openssl/evp.h", "zdict.h", "base/arena.h", "postgres.h"):
        yield "base/x.c", f"#include <{name}>\n", "neither the system's"
    # Ways round the table.
    for text in ('#include "arena.h"\n', '#include "../store/db.h"\n', '#include "base/../store/db.h"\n',
                 '#include "sqlite3.h"\n', '#include "base/deep/x.h"\n'):
        yield "base/x.c", text, 'is not named as "<floor>/<name>.h"'
    for text in ('#  include   "store/db.h"\n', '\t#include"store/db.h"\n', '#include \\\n"store/db.h"\n',
                 '/* a */ #include "store/db.h"\n', '#include /* a */ "store/db.h" // b\n',
                 '#if 0\n#include "store/db.h"\n#endif\n', 'char *a = "/*";\n#include "store/db.h"\n'):
        yield "base/x.c", text, 'base may not include "store/db.h"'
    yield ("base/x.c", '#define A \\\n  1 \\\n  2\n/*\n*/\n#include "store/db.h"\n',
           "src/base/x.c:6: base may not include")
    yield "base/x.c", "#include NAME\n", "cannot be judged"
    yield "base/x.c", "#include_next <stdio.h>\n", "#include_next is not used"
    yield "base/x.c", "#import <stdio.h>\n", "#import is not used"
    for text in ('/* #include "store/db.h" */\n', '// #include "store/db.h"\n',
                 '/*\n#include "store/db.h"\n*/\n'):
        yield "base/x.c", text, None
    # SQL.
    for text in ('"SELECT id FROM jobs"', '"SELECT "\n  "1"', '"INSERT INTO jobs VALUES (1)"',
                 '"INSERT OR IGNORE INTO jobs"', '"UPDATE jobs SET a = 1"', '"UPDATE jobs AS j SET a = 1"',
                 '"UPDATE %s SET a = 1"', '"DELETE FROM jobs"', '"DELETE " "FROM jobs"',
                 '"WITH a AS (SELECT\\n 1)"', '"SELECT " COLUMNS " FROM jobs"', '"\\"; DELETE FROM jobs"'):
        for floor in BENEATH:
            path = "main.c" if floor == "main" else f"{floor}/x.c"
            yield (path, f"const char *a = {text};\n",
                   None if floor == SQL_FLOOR else "SQL is written only in")
    for text in ('"DELETE"', '"/jobs", "DELETE", "x"', '"DELETE /api/v1/jobs"', '"Select a file."',
                 '"UPDATED"', '"the row to DELETE"'):
        yield "http/x.c", f"const char *a = {text};\n", None
    yield "http/x.c", "/* SELECT id FROM jobs */ // DELETE FROM jobs\n", None
    yield "http/x.c", 'char a = \'"\'; /* "SELECT 1" */ char b = \'"\';\n', None
    # Guards.
    yield "base/two_words.h", header("base/two_words.h"), None
    yield "http/x.h", header("base/x.h"), "the header guard must be OBLIGOR_HTTP_X_H"
    yield "base/x.h", "#pragma once\n", "the header guard must be OBLIGOR_BASE_X_H"
    yield "base/x.h", header("base/x.h").replace("#define OBLIGOR_BASE_X_H", "#define OBLIGOR_X"), "guard"
    yield "base/x.h", header("base/x.h") + "int outside;\n", "guard"
    yield "base/x.h", "int before;\n" + header("base/x.h"), "guard"
    # Files that are on no floor.
    yield "x.c", "\n", "not on a floor"
    yield "util/x.c", "\n", "not on a floor"


def self_test():
    wrong, count = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for number, (path, text, expected) in enumerate(self_test_cases()):
            root = Path(folder) / str(number)
            file = root / "src" / path
            file.parent.mkdir(parents=True)
            file.write_text(text, encoding="utf-8")
            read, faults = check(root)
            assert read == 1
            good = not faults if expected is None else len(faults) == 1 and expected in faults[0]
            count += 1
            if not good:
                wrong += 1
                print(f"src/{path}: {text!r}\n    expected {expected!r}, found {faults}")
    print(f"include checker: {count} cases, {wrong} wrong")
    return 1 if wrong else 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent
    read, faults = check(root)
    for fault in faults:
        print(fault)
    print(f"include checker: {read} files, {len(faults)} faults")
    return 1 if faults or read == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
